#include "dialer/sip/offer_read.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <string.h>
#include <strings.h>

/* What is left of a line. */
struct cursor {
  const char *at, *end;
};

static bool token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-+./_*", c) != NULL);
}

static void skip_spaces(struct cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t')) c->at++;
}

/* The next word of token characters, which must end at a space, at `stop` or at the end of the line. */
static bool word(struct cursor *c, char stop, char out[OFFER_WORD_MAX]) {
  size_t n = 0;
  skip_spaces(c);
  while (c->at < c->end && token_char(*c->at) && *c->at != stop) {
    if (n + 1 >= OFFER_WORD_MAX) return false;
    out[n++] = *c->at++;
  }
  out[n] = 0;
  return n > 0 && (c->at == c->end || *c->at == ' ' || *c->at == '\t' || *c->at == stop);
}

static bool take(struct cursor *c, char wanted) {
  if (c->at >= c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool number(struct cursor *c, uint32_t most, uint32_t *out) {
  uint32_t v = 0;
  unsigned digits = 0;
  skip_spaces(c);
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, digits++) {
    v = v * 10 + (uint32_t)(*c->at - '0');
    if (v > most) return false;
  }
  *out = v;
  return digits > 0;
}

static bool starts(struct cursor *c, const char *prefix) {
  size_t n = strlen(prefix);
  if ((size_t)(c->end - c->at) < n || strncasecmp(c->at, prefix, n) != 0) return false;
  c->at += n;
  return true;
}

/* c=IN IP4 192.0.2.1[/ttl]; what cannot be read leaves family 0. */
static struct offer_addr read_connection(struct cursor c) {
  struct offer_addr a = {0};
  char net[OFFER_WORD_MAX], type[OFFER_WORD_MAX], host[64];
  if (!word(&c, 0, net) || strcasecmp(net, "IN") != 0 || !word(&c, 0, type)) return a;
  skip_spaces(&c);
  size_t n = 0;
  while (c.at < c.end && *c.at != ' ' && *c.at != '\t' && *c.at != '/' && n + 1 < sizeof host) host[n++] = *c.at++;
  host[n] = 0;
  if (strcasecmp(type, "IP4") == 0 && inet_pton(AF_INET, host, a.bytes) == 1)
    a.family = 4;
  else if (strcasecmp(type, "IP6") == 0 && inet_pton(AF_INET6, host, a.bytes) == 1)
    a.family = 6;
  return a;
}

/* m=audio 30000[/2] RTP/AVP 0 8 101 */
static bool read_stream(struct cursor c, const struct offer_session *session, struct offer_stream *m) {
  uint32_t v;
  *m = (struct offer_stream){.addr = session->addr, .dir = session->dir, .ptime_ms = 20};
  if (!word(&c, 0, m->type) || !number(&c, 65535, &v)) return false;
  m->port = (uint16_t)v;
  if (take(&c, '/') && !number(&c, 65535, &v)) return false;
  if (!word(&c, 0, m->proto) || !word(&c, 0, m->first_format)) return false;
  c.at -= strlen(m->first_format); /* read it again as a number */
  while (m->format_count < OFFER_FORMATS_MAX && number(&c, 127, &v)) {
    uint8_t kind = v == CODEC_PCMU ? FORMAT_PCMU : v == CODEC_PCMA ? FORMAT_PCMA : FORMAT_OTHER;
    m->formats[m->format_count++] = (struct offer_format){(uint8_t)v, kind};
  }
  return true;
}

/* rtpmap:101 telephone-event/8000 */
static void read_rtpmap(struct cursor c, struct offer_stream *m) {
  char name[OFFER_WORD_MAX];
  uint32_t pt, rate = 0;
  uint8_t kind = FORMAT_OTHER;
  if (!number(&c, 127, &pt)) return;
  if (word(&c, '/', name) && take(&c, '/') && number(&c, 1000000, &rate) && rate == 8000) {
    if (strcasecmp(name, "PCMU") == 0 && pt == CODEC_PCMU) kind = FORMAT_PCMU;
    if (strcasecmp(name, "PCMA") == 0 && pt == CODEC_PCMA) kind = FORMAT_PCMA;
    if (strcasecmp(name, "telephone-event") == 0 && pt >= 96) kind = FORMAT_EVENT;
  }
  for (unsigned i = 0; i < m->format_count; i++)
    if (m->formats[i].pt == pt) m->formats[i].kind = kind;
}

static void read_attribute(struct cursor c, struct offer_session *session, struct offer_stream *m) {
  static const char *const DIRS[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
  uint32_t ms;
  if (m && starts(&c, "rtpmap:"))
    read_rtpmap(c, m);
  else if (m && starts(&c, "ptime:")) {
    if (number(&c, 1000, &ms) && ms >= 10 && ms <= 60 && ms % 10 == 0) m->ptime_ms = (uint8_t)ms;
  } else {
    for (uint8_t i = 0; i < 4; i++)
      if ((size_t)(c.end - c.at) == strlen(DIRS[i]) && strncasecmp(c.at, DIRS[i], strlen(DIRS[i])) == 0) *(m ? &m->dir : &session->dir) = i;
  }
}

static int read_line(char kind, struct cursor c, struct offer_session *session) {
  struct offer_stream *m = session->stream_count ? &session->streams[session->stream_count - 1] : NULL;
  switch (kind) {
  case 'm':
    if (session->stream_count == OFFER_MEDIA_MAX) return CAD_ENOSUP;
    return read_stream(c, session, &session->streams[session->stream_count++]) ? CAD_OK : CAD_EFORMAT;
  case 'c':
    if (!m)
      session->addr = read_connection(c);
    else if (!m->own_addr) {
      m->own_addr = true;
      m->addr = read_connection(c);
    }
    return CAD_OK;
  case 'a': read_attribute(c, session, m); return CAD_OK;
  default: return CAD_OK;
  }
}

int offer_read(const char *sdp, size_t bytes, struct offer_session *out) {
  const char *at = sdp, *end = sdp + bytes;
  out->addr = (struct offer_addr){0};
  out->dir = MEDIA_SENDRECV;
  out->stream_count = 0;
  if (bytes < 5 || memcmp(sdp, "v=0", 3) != 0 || (sdp[3] != '\r' && sdp[3] != '\n')) return CAD_EFORMAT;
  while (at < end) {
    const char *eol = memchr(at, '\n', (size_t)(end - at));
    const char *stop = eol ? eol : end;
    const char *next = eol ? eol + 1 : end;
    if (stop > at && stop[-1] == '\r') stop--;
    while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t')) stop--;
    if (stop > at) {
      if (stop - at < 2 || at[0] < 'a' || at[0] > 'z' || at[1] != '=') return CAD_EFORMAT;
      int rc = read_line(at[0], (struct cursor){at + 2, stop}, out);
      if (rc != CAD_OK) return rc;
    }
    at = next;
  }
  return CAD_OK;
}
