#include "dialer/console/server.h"
#include "dialer/base/clock.h"
#include "dialer/console/api.h"
#include "dialer/console/metrics.h"
#include <cadencia/err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char JSON[] = "application/json; charset=utf-8", TEXT[] = "text/plain; charset=utf-8", HTML[] = "text/html; charset=utf-8",
                  SCRIPT[] = "text/javascript; charset=utf-8", STYLE[] = "text/css; charset=utf-8", SVG[] = "image/svg+xml",
                  EVENTS[] = "text/event-stream", METRICS[] = "text/plain; version=0.0.4; charset=utf-8";

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

static enum MHD_Result in_language(struct server *server, struct MHD_Connection *connection, enum page page, bool script) {
  bool chosen;
  enum language lang = language_of(connection, &chosen);
  const char *text = script ? server->pages.words[lang] : server->pages.html[page][lang];
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

static enum MHD_Result answer_words(struct server *server, struct MHD_Connection *connection) {
  return in_language(server, connection, PAGE_FLOOR, true);
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

static enum MHD_Result answer_metrics(struct server *server, struct MHD_Connection *connection) {
  char *text = metrics_text(&server->picture, clock_mono());
  if (!text) return MHD_NO;
  return send_and_free(connection, MHD_HTTP_OK, METRICS, MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result answer_events(struct server *server, struct MHD_Connection *connection) {
  /* With nobody watching no frame was made: the first viewer sees the picture of now. */
  struct blob *event = picture_event(&server->picture);
  if (event && event != server->viewers.newest) viewers_publish(&server->viewers, event);
  struct MHD_Response *response = viewers_admit(&server->viewers, connection, NULL, clock_mono());
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

/* A desk hears only of its own agent. */
static enum MHD_Result answer_desk_events(struct exchange *x) {
  struct server *server = x->server;
  struct MHD_Response *response = viewers_admit(&server->viewers, x->connection, x->who.agent, clock_mono());
  if (!response) return say(x->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many viewers\n");
  MHD_set_connection_option(x->connection, MHD_CONNECTION_OPTION_TIMEOUT, 3u * VIEWERS_BEAT_MS / 1000u);
  enum MHD_Result rc = send_and_free(x->connection, MHD_HTTP_OK, EVENTS, response);
  if (server->picture.have) viewers_desks(&server->viewers, &server->picture.live);
  return rc;
}

enum MHD_Result api_say(struct exchange *x, unsigned status, json_t *value, const char *cookie) {
  char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
  json_decref(value);
  struct MHD_Response *response = text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL;
  if (response && cookie) MHD_add_response_header(response, "Set-Cookie", cookie);
  return send_and_free(x->connection, status, JSON, response);
}

static const struct route {
  const char *path;
  enum access access;
  enum page page;
  enum MHD_Result (*answer)(struct server *, struct MHD_Connection *);
  const char *embedded, *chart, *type;
} ROUTES[] = {
    {"/", ACCESS_FLOOR, PAGE_FLOOR, NULL, NULL, NULL, NULL},
    {"/desk", ACCESS_DESK, PAGE_DESK, NULL, NULL, NULL, NULL},
    {"/sign-in", ACCESS_ALL, PAGE_SIGN_IN, NULL, NULL, NULL, NULL},
    {"/desk/events", ACCESS_DESK, PAGE_NONE, NULL, NULL, NULL, NULL},
    {"/words.js", ACCESS_ALL, PAGE_NONE, answer_words, NULL, NULL, NULL},
    {"/events", ACCESS_FLOOR, PAGE_NONE, answer_events, NULL, NULL, NULL},
    {"/api/live", ACCESS_FLOOR, PAGE_NONE, answer_live, NULL, NULL, NULL},
    {"/api/series", ACCESS_FLOOR, PAGE_NONE, answer_series, NULL, NULL, NULL},
    {"/health", ACCESS_ALL, PAGE_NONE, answer_health, NULL, NULL, NULL},
    {"/metrics", ACCESS_ALL, PAGE_NONE, answer_metrics, NULL, NULL, NULL},
    {"/console.css", ACCESS_ALL, PAGE_NONE, NULL, "console.css", NULL, STYLE},
    {"/console.js", ACCESS_ALL, PAGE_NONE, NULL, "console.js", NULL, SCRIPT},
    {"/lead.js", ACCESS_ALL, PAGE_NONE, NULL, "lead.js", NULL, SCRIPT},
    {"/ask.js", ACCESS_ALL, PAGE_NONE, NULL, "ask.js", NULL, SCRIPT},
    {"/desk.css", ACCESS_ALL, PAGE_NONE, NULL, "desk.css", NULL, STYLE},
    {"/desk.js", ACCESS_ALL, PAGE_NONE, NULL, "desk.js", NULL, SCRIPT},
    {"/sign-in.js", ACCESS_ALL, PAGE_NONE, NULL, "sign-in.js", NULL, SCRIPT},
    {"/chart.js", ACCESS_ALL, PAGE_NONE, NULL, "chart.js", NULL, SCRIPT},
    {"/favicon.svg", ACCESS_ALL, PAGE_NONE, NULL, "favicon.svg", NULL, SVG},
    {"/dygraph.min.js", ACCESS_ALL, PAGE_NONE, NULL, NULL, "dygraph.min.js", SCRIPT},
    {"/dygraph.min.css", ACCESS_ALL, PAGE_NONE, NULL, NULL, "dygraph.min.css", STYLE},
};

static const struct route *route_find(const char *url) {
  for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0]; i++)
    if (strcmp(url, ROUTES[i].path) == 0) return &ROUTES[i];
  return NULL;
}

/* Who may not come in is led to the door if a page was asked for, and told so if not. */
static enum MHD_Result turn_away(struct exchange *x, enum passage passage, bool page) {
  if (!page)
    return api_say(x, passage == PASS_SIGN_IN ? MHD_HTTP_UNAUTHORIZED : MHD_HTTP_FORBIDDEN,
                   json_pack("{s:s}", "error", passage == PASS_SIGN_IN ? "sign in first" : "not with your role"), NULL);
  struct MHD_Response *response = constant_text("");
  if (response)
    MHD_add_response_header(response, "Location", passage == PASS_SIGN_IN ? "/sign-in" : x->who.role == ROLE_OF_AGENT ? "/desk" : "/");
  return send_and_free(x->connection, MHD_HTTP_SEE_OTHER, TEXT, response);
}

static enum MHD_Result answer_route(struct exchange *x, const struct route *r) {
  if (r->page != PAGE_NONE) return in_language(x->server, x->connection, r->page, false);
  if (r->answer) return r->answer(x->server, x->connection);
  if (r->embedded) return answer_embedded(x->connection, r->embedded, r->type);
  if (r->chart) return answer_chart(x->server, x->connection, r->chart, r->type);
  return answer_desk_events(x);
}

static enum MHD_Result wrong_method(struct MHD_Connection *connection, const char *allow) {
  struct MHD_Response *response = constant_text("this path takes another method\n");
  if (response) MHD_add_response_header(response, "Allow", allow);
  return send_and_free(connection, MHD_HTTP_METHOD_NOT_ALLOWED, TEXT, response);
}

/* A form of another site cannot send this header, and its cookies stay at home (SameSite). */
static bool from_our_page(struct MHD_Connection *connection) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Cadencia") != NULL;
}

static enum MHD_Result answer_call(struct exchange *x, const struct api_call *call, const char *name) {
  bool post = strcmp(call->method, "POST") == 0;
  if (post && !from_our_page(x->connection)) return say(x->connection, MHD_HTTP_FORBIDDEN, "the header X-Cadencia is missing\n");
  if (x->too_long) return say(x->connection, MHD_HTTP_CONTENT_TOO_LARGE, "too long\n");
  if (post && x->text_bytes && !x->body && !(x->body = json_loadb(x->text, x->text_bytes, 0, NULL)))
    return say(x->connection, MHD_HTTP_BAD_REQUEST, "a JSON object, please\n");
  enum passage passage = exchange_pass(x, call->access);
  if (passage == PASS_LATER) return MHD_YES;
  return passage == PASS_YES ? call->answer(x, name) : turn_away(x, passage, false);
}

static enum MHD_Result answer(struct exchange *x, const char *url, const char *method) {
  struct MHD_Connection *connection = x->connection;
  bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
  const char *name;
  struct host_seen host = {0};
  MHD_get_connection_values(connection, MHD_HEADER_KIND, see_host, &host);
  if (host.count != 1) return say(connection, MHD_HTTP_BAD_REQUEST, "one Host header, please\n");
  if (!host.allowed) return say(connection, MHD_HTTP_MISDIRECTED_REQUEST, "this console answers to its loopback names only\n");
  const struct api_call *call = api_find(url, &name);
  if (call) return strcmp(call->method, method) == 0 ? answer_call(x, call, name) : wrong_method(connection, call->method);
  if (!get) return wrong_method(connection, "GET, HEAD");
  const struct route *r = route_find(url);
  if (!r) return say(connection, MHD_HTTP_NOT_FOUND, "not found\n");
  enum passage passage = exchange_pass(x, r->access);
  if (passage == PASS_LATER) return MHD_YES;
  return passage == PASS_YES ? answer_route(x, r) : turn_away(x, passage, r->page != PAGE_NONE);
}

enum MHD_Result routes_answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **state) {
  (void)version;
  struct exchange *x = *state;
  bool first = !x;
  if (first && !(x = *state = exchange_create(cls, connection))) return MHD_NO;
  if (first && strcmp(method, MHD_HTTP_METHOD_POST) == 0) return MHD_YES; /* its body comes next */
  if (*upload_size) {
    exchange_take(x, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }
  return answer(x, url, method);
}

void routes_over(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code) {
  (void)cls, (void)connection, (void)code;
  exchange_free(*state);
  *state = NULL;
}
