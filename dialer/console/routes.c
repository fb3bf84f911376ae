#include "dialer/console/server.h"
#include "dialer/base/clock.h"
#include <cadencia/err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char JSON[] = "application/json; charset=utf-8", TEXT[] = "text/plain; charset=utf-8", HTML[] = "text/html; charset=utf-8",
                  SCRIPT[] = "text/javascript; charset=utf-8", STYLE[] = "text/css; charset=utf-8", SVG[] = "image/svg+xml",
                  EVENTS[] = "text/event-stream";

/* On every answer: nothing inline, nothing from elsewhere, nothing kept, nobody frames us. */
static const char *const HEADERS[][2] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

static enum MHD_Result send_and_free(struct MHD_Connection *connection, unsigned status, const char *type, struct MHD_Response *response) {
  if (!response) return MHD_NO;
  for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++) MHD_add_response_header(response, HEADERS[i][0], HEADERS[i][1]);
  MHD_add_response_header(response, "Content-Type", type);
  enum MHD_Result rc = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return rc;
}

static struct MHD_Response *constant(const void *data, size_t size) {
  return MHD_create_response_from_buffer(size, (void *)(uintptr_t)data, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *constant_text(const char *text) { return constant(text, strlen(text)); }

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text) {
  return send_and_free(connection, status, TEXT, constant_text(text));
}

bool routes_host_allowed(const char *host) {
  static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    size_t n = strlen(names[i]);
    if (strncasecmp(host, names[i], n) != 0) continue;
    if (host[n] == 0) return true;
    size_t digits = host[n] == ':' ? strspn(host + n + 1, "0123456789") : 0;
    if (digits >= 1 && digits <= 5 && host[n + 1 + digits] == 0) return true;
  }
  return false;
}

struct host_seen {
  unsigned count;
  bool allowed;
};
static enum MHD_Result see_host(void *cls, enum MHD_ValueKind kind, const char *key, const char *value) {
  (void)kind;
  struct host_seen *seen = cls;
  if (strcasecmp(key, MHD_HTTP_HEADER_HOST) != 0) return MHD_YES;
  seen->count++;
  seen->allowed = value && routes_host_allowed(value);
  return MHD_YES;
}

/* ?lang=, then the cookie that an earlier ?lang= left, then what the browser prefers. */
static enum language language_of(struct MHD_Connection *connection, bool *chosen) {
  const char *asked = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "lang");
  int lang = asked ? language_parse(asked, strlen(asked)) : CAD_ENOENT;
  *chosen = lang >= 0;
  if (lang >= 0) return (enum language)lang;
  const char *kept = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "lang");
  lang = kept ? language_parse(kept, strlen(kept)) : CAD_ENOENT;
  if (lang >= 0) return (enum language)lang;
  return language_accept(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_LANGUAGE));
}

static enum MHD_Result in_language(struct server *server, struct MHD_Connection *connection, bool script) {
  bool chosen;
  enum language lang = language_of(connection, &chosen);
  const char *text = script ? server->pages.words[lang] : server->pages.html[lang];
  struct MHD_Response *response = constant_text(text);
  if (response) {
    MHD_add_response_header(response, "Content-Language", language_code(lang));
    MHD_add_response_header(response, "Vary", "Accept-Language, Cookie");
  }
  if (response && chosen && !script) {
    char cookie[80];
    snprintf(cookie, sizeof cookie, "lang=%s; Path=/; Max-Age=31536000; SameSite=Strict; HttpOnly", language_code(lang));
    MHD_add_response_header(response, "Set-Cookie", cookie);
  }
  return send_and_free(connection, MHD_HTTP_OK, script ? SCRIPT : HTML, response);
}

static enum MHD_Result answer_page(struct server *server, struct MHD_Connection *connection) {
  return in_language(server, connection, false);
}
static enum MHD_Result answer_words(struct server *server, struct MHD_Connection *connection) {
  return in_language(server, connection, true);
}

static enum MHD_Result answer_live(struct server *server, struct MHD_Connection *connection) {
  struct blob *event = picture_event(&server->picture);
  if (!event) return send_and_free(connection, MHD_HTTP_SERVICE_UNAVAILABLE, JSON, constant_text("{\"error\":\"no picture yet\"}\n"));
  return send_and_free(connection, MHD_HTTP_OK, JSON,
                       MHD_create_response_from_buffer(event->body_bytes, event->data + event->body_at, MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result answer_series(struct server *server, struct MHD_Connection *connection) {
  char *json = picture_series_json(&server->picture);
  if (!json) return MHD_NO;
  return send_and_free(connection, MHD_HTTP_OK, JSON, MHD_create_response_from_buffer(strlen(json), json, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result answer_health(struct server *server, struct MHD_Connection *connection) {
  const struct picture *p = &server->picture;
  int64_t age_ms = p->have ? mono_since(clock_mono(), p->received) : -1;
  const char *status = !p->have ? "waiting" : age_ms > CONSOLE_STALE_MS ? "stale" : "ok";
  char text[200];
  int n = snprintf(text, sizeof text, "{\"status\":\"%s\",\"picture_age_ms\":%lld,\"pictures\":%llu,\"dropped\":%llu,\"viewers\":%u}\n",
                   status, (long long)age_ms, (unsigned long long)p->taken, (unsigned long long)p->dropped, server->viewers.count);
  unsigned code = strcmp(status, "ok") == 0 ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
  return send_and_free(connection, code, JSON, MHD_create_response_from_buffer((size_t)n, text, MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result answer_events(struct server *server, struct MHD_Connection *connection) {
  /* With nobody watching no frame was made: the first viewer sees the picture of now. */
  struct blob *event = picture_event(&server->picture);
  if (event && event != server->viewers.newest) viewers_publish(&server->viewers, event);
  struct MHD_Response *response = viewers_admit(&server->viewers, connection);
  if (!response) {
    response = constant_text("too many viewers\n");
    if (response) MHD_add_response_header(response, "Retry-After", "10");
    return send_and_free(connection, MHD_HTTP_SERVICE_UNAVAILABLE, TEXT, response);
  }
  MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 3u * VIEWERS_BEAT_MS / 1000u);
  return send_and_free(connection, MHD_HTTP_OK, EVENTS, response);
}

static enum MHD_Result answer_embedded(struct MHD_Connection *connection, const char *name, const char *type) {
  const struct embedded_file *file = embedded_find(name);
  if (!file) return say(connection, MHD_HTTP_NOT_FOUND, "not found\n");
  return send_and_free(connection, MHD_HTTP_OK, type, constant(file->data, file->size));
}

static enum MHD_Result answer_chart(struct server *server, struct MHD_Connection *connection, const char *name, const char *type) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", server->charts_dir, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
    if (fd >= 0) close(fd);
    return say(connection, MHD_HTTP_NOT_FOUND, "the chart library is not installed (Debian package libjs-dygraphs)\n");
  }
  struct MHD_Response *response = MHD_create_response_from_fd((size_t)st.st_size, fd);
  if (!response) close(fd);
  return send_and_free(connection, MHD_HTTP_OK, type, response);
}

static const struct route {
  const char *path;
  enum MHD_Result (*answer)(struct server *, struct MHD_Connection *);
  const char *embedded, *chart, *type;
} ROUTES[] = {
    {"/", answer_page, NULL, NULL, NULL},
    {"/words.js", answer_words, NULL, NULL, NULL},
    {"/events", answer_events, NULL, NULL, NULL},
    {"/api/live", answer_live, NULL, NULL, NULL},
    {"/api/series", answer_series, NULL, NULL, NULL},
    {"/health", answer_health, NULL, NULL, NULL},
    {"/console.css", NULL, "console.css", NULL, STYLE},
    {"/console.js", NULL, "console.js", NULL, SCRIPT},
    {"/chart.js", NULL, "chart.js", NULL, SCRIPT},
    {"/favicon.svg", NULL, "favicon.svg", NULL, SVG},
    {"/dygraph.min.js", NULL, NULL, "dygraph.min.js", SCRIPT},
    {"/dygraph.min.css", NULL, NULL, "dygraph.min.css", STYLE},
};

enum MHD_Result routes_answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **state) {
  (void)version, (void)upload, (void)upload_size, (void)state;
  struct server *server = cls;
  if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
    struct MHD_Response *response = constant_text("read-only: GET and HEAD\n");
    if (response) MHD_add_response_header(response, "Allow", "GET, HEAD");
    return send_and_free(connection, MHD_HTTP_METHOD_NOT_ALLOWED, TEXT, response);
  }
  struct host_seen host = {0};
  MHD_get_connection_values(connection, MHD_HEADER_KIND, see_host, &host);
  if (host.count != 1) return say(connection, MHD_HTTP_BAD_REQUEST, "one Host header, please\n");
  if (!host.allowed) return say(connection, MHD_HTTP_MISDIRECTED_REQUEST, "this console answers to its loopback names only\n");

  for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++) {
    const struct route *r = &ROUTES[i];
    if (strcmp(url, r->path) != 0) continue;
    if (r->answer) return r->answer(server, connection);
    return r->embedded ? answer_embedded(connection, r->embedded, r->type) : answer_chart(server, connection, r->chart, r->type);
  }
  return say(connection, MHD_HTTP_NOT_FOUND, "not found\n");
}
