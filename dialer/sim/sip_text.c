#include "dialer/sim/sip_text.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool span_is(struct span s, const char *word) { return strlen(word) == s.n && memcmp(s.p, word, s.n) == 0; }

bool span_copy(struct span s, char *out, size_t size) {
  size_t n = s.n < size - 1 ? s.n : size - 1;
  if (n > 0) memcpy(out, s.p, n);
  out[n] = 0;
  return n == s.n;
}

static struct span span_trim(const char *p, size_t n) {
  while (n > 0 && (*p == ' ' || *p == '\t')) p++, n--;
  while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r')) n--;
  return (struct span){p, n};
}

struct span span_param(struct span s, const char *name) {
  size_t want = strlen(name);
  const char *end = s.p + s.n;
  bool angle = false, quote = false;
  for (const char *p = s.p; p < end; p++) {
    if (*p == '"') quote = !quote;
    if (!quote && *p == '<') angle = true;
    if (!quote && *p == '>') angle = false;
    if (*p != ';' || angle || quote || (size_t)(end - p - 1) < want || strncasecmp(p + 1, name, want) != 0) continue;
    const char *q = p + 1 + want;
    if (q == end || *q == ';' || *q == ' ') return (struct span){q, 0};
    if (*q != '=') continue;
    const char *value = ++q;
    while (q < end && *q != ';' && *q != ' ' && *q != ',') q++;
    return (struct span){value, (size_t)(q - value)};
  }
  return (struct span){NULL, 0};
}

struct span span_uri(struct span s) {
  const char *open = s.n > 0 ? memchr(s.p, '<', s.n) : NULL;
  if (open != NULL) {
    const char *first = open + 1;
    const char *close = memchr(first, '>', (size_t)(s.p + s.n - first));
    return close == NULL ? (struct span){first, 0} : (struct span){first, (size_t)(close - first)};
  }
  size_t n = 0;
  while (n < s.n && s.p[n] != ';' && s.p[n] != ' ') n++;
  return (struct span){s.p, n};
}

struct span span_user(struct span uri) {
  const char *at = uri.n > 0 ? memchr(uri.p, '@', uri.n) : NULL;
  const char *colon = uri.n > 0 ? memchr(uri.p, ':', uri.n) : NULL;
  if (at == NULL || colon == NULL || colon > at) return (struct span){uri.p, 0};
  struct span user = {colon + 1, (size_t)(at - colon - 1)};
  const char *mark = user.n > 0 ? memchr(user.p, ';', user.n) : NULL;
  if (mark != NULL) user.n = (size_t)(mark - user.p);
  return user;
}

uint64_t span_digits(struct span s) {
  uint64_t value = 0;
  int digits = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') continue;
    if (++digits > 18) return 0;
    value = value * 10 + (uint64_t)(s.p[i] - '0');
  }
  return value;
}

static int number(struct span s, uint32_t most, uint32_t *out) {
  uint64_t v = 0;
  if (s.n == 0 || s.n > 10) return CAD_EFORMAT;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return CAD_EFORMAT;
    v = v * 10 + (uint64_t)(s.p[i] - '0');
  }
  if (v > most) return CAD_EFORMAT;
  *out = (uint32_t)v;
  return CAD_OK;
}

static int first_line(struct span line, struct sip_text *m) {
  const char *space = memchr(line.p, ' ', line.n);
  if (space == NULL || space == line.p) return CAD_EFORMAT;
  struct span word = {line.p, (size_t)(space - line.p)}, rest = {space + 1, line.n - word.n - 1};
  if (span_is(word, "SIP/2.0")) {
    uint32_t status;
    if (rest.n < 3 || number((struct span){rest.p, 3}, 699, &status) < 0 || status < 100) return CAD_EFORMAT;
    m->status = (int)status;
    return CAD_OK;
  }
  const char *version = rest.n > 0 ? memchr(rest.p, ' ', rest.n) : NULL;
  if (version == NULL || version == rest.p || word.n > 16) return CAD_EFORMAT;
  if (!span_is((struct span){version + 1, (size_t)(rest.p + rest.n - version - 1)}, "SIP/2.0")) return CAD_EFORMAT;
  m->method = word;
  m->uri = (struct span){rest.p, (size_t)(version - rest.p)};
  return CAD_OK;
}

static bool name_is(struct span name, const char *full, const char *brief) {
  return (name.n == strlen(full) && strncasecmp(name.p, full, name.n) == 0) ||
         (brief != NULL && name.n == 1 && strncasecmp(name.p, brief, 1) == 0);
}

static int header(struct span name, struct span value, struct sip_text *m, uint32_t *length) {
  if (name_is(name, "Via", "v")) {
    if (m->via_count == SIP_VIAS_MAX) return CAD_EFORMAT;
    m->vias[m->via_count++] = value;
  } else if (name_is(name, "Record-Route", NULL)) {
    if (m->route_count == SIP_ROUTES_MAX) return CAD_EFORMAT;
    m->routes[m->route_count++] = value;
  } else if (name_is(name, "From", "f")) {
    m->from = value;
  } else if (name_is(name, "To", "t")) {
    m->to = value;
  } else if (name_is(name, "Call-ID", "i")) {
    m->call_id = value;
  } else if (name_is(name, "Contact", "m")) {
    m->contact = value;
  } else if (name_is(name, "Content-Length", "l")) {
    return number(value, 65535, length);
  } else if (name_is(name, "CSeq", NULL)) {
    const char *space = value.n > 0 ? memchr(value.p, ' ', value.n) : NULL;
    if (space == NULL || number((struct span){value.p, (size_t)(space - value.p)}, UINT32_MAX, &m->cseq) < 0) return CAD_EFORMAT;
    m->cseq_method = span_trim(space, (size_t)(value.p + value.n - space));
  }
  return CAD_OK;
}

int sip_text_parse(const char *data, size_t n, struct sip_text *out) {
  struct sip_text m = {0};
  uint32_t length = UINT32_MAX;
  const char *p = data, *end = data + n;
  bool first = true;
  while (true) {
    const char *eol = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    if (eol == NULL) return CAD_EFORMAT; /* no end of the headers */
    size_t len = (size_t)(eol - p);
    if (len > 0 && p[len - 1] == '\r') len--;
    if (len == 0 && !first) {
      p = eol + 1;
      break;
    }
    if (memchr(p, 0, len) != NULL) return CAD_EFORMAT;
    struct span line = {p, len};
    p = eol + 1;
    if (first) {
      if (len == 0 || first_line(line, &m) < 0) return CAD_EFORMAT;
      first = false;
      continue;
    }
    const char *colon = memchr(line.p, ':', line.n);
    if (colon == NULL) return CAD_EFORMAT; /* folded lines are not spoken by our peers */
    struct span name = span_trim(line.p, (size_t)(colon - line.p));
    if (header(name, span_trim(colon + 1, (size_t)(line.p + line.n - colon - 1)), &m, &length) < 0) return CAD_EFORMAT;
  }
  m.body = (struct span){p, (size_t)(end - p)};
  if (length != UINT32_MAX && length > m.body.n) return CAD_EFORMAT;
  if (length != UINT32_MAX) m.body.n = length;
  if (m.from.n == 0 || m.to.n == 0 || m.call_id.n == 0 || m.cseq_method.n == 0 || m.via_count == 0) return CAD_EFORMAT;
  if (m.status > 0) m.method = m.cseq_method;
  *out = m;
  return CAD_OK;
}

void sip_out_start(struct sip_out *o) {
  o->n = 0;
  o->over = false;
}

void sip_out_add(struct sip_out *o, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(o->text + o->n, sizeof o->text - o->n, fmt, ap);
  va_end(ap);
  if (n < 0 || (size_t)n >= sizeof o->text - o->n) {
    o->over = true;
    return;
  }
  o->n += (size_t)n;
}

void sip_out_body(struct sip_out *o, const char *sdp) {
  if (sdp[0] != 0) sip_out_add(o, "Content-Type: application/sdp\r\n");
  sip_out_add(o, "Content-Length: %zu\r\n\r\n%s", strlen(sdp), sdp);
}

void sip_out_vias(struct sip_out *o, const struct sip_text *request, const struct sockaddr_in *source) {
  char host[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &source->sin_addr, host, sizeof host);
  for (unsigned i = 0; i < request->via_count; i++) {
    struct span via = request->vias[i];
    struct span rport = span_param(via, "rport");
    if (i > 0 || rport.p == NULL || rport.n > 0) {
      sip_out_add(o, "Via: %.*s\r\n", (int)via.n, via.p);
      continue;
    }
    size_t head = (size_t)(rport.p - via.p);
    sip_out_add(o, "Via: %.*s=%u;received=%s%.*s\r\n", (int)head, via.p, ntohs(source->sin_port), host, (int)(via.n - head), via.p + head);
  }
}

const char *sip_phrase(int status) {
  static const struct {
    int status;
    const char *phrase;
  } phrases[] = {{100, "Trying"},
                 {180, "Ringing"},
                 {183, "Session Progress"},
                 {200, "OK"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {408, "Request Timeout"},
                 {410, "Gone"},
                 {480, "Temporarily Unavailable"},
                 {481, "Call/Transaction Does Not Exist"},
                 {484, "Address Incomplete"},
                 {486, "Busy Here"},
                 {487, "Request Terminated"},
                 {488, "Not Acceptable Here"},
                 {500, "Server Internal Error"},
                 {501, "Not Implemented"},
                 {502, "Bad Gateway"},
                 {503, "Service Unavailable"},
                 {504, "Server Time-out"},
                 {600, "Busy Everywhere"},
                 {603, "Decline"},
                 {604, "Does Not Exist Anywhere"},
                 {607, "Unwanted"},
                 {608, "Rejected"}};
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
    if (phrases[i].status == status) return phrases[i].phrase;
  return status < 300 ? "OK" : status < 400 ? "Redirected" : "Failed";
}
