#include "dialer/sip/offer.h"
#include "dialer/sip/offer_read.h"
#include <cadencia/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct text {
  char *at;
  size_t size, used;
  bool full;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *t, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(t->at + t->used, t->size - t->used, fmt, args);
  va_end(args);
  if (n < 0 || (size_t)n >= t->size - t->used) {
    t->full = true;
    t->used = 0; /* whatever follows is thrown away with the rest */
  } else {
    t->used += (size_t)n;
  }
}

static int text_end(const struct text *t) { return t->full ? CAD_EFULL : (int)t->used; }

static const char *codec_word(uint8_t codec) { return codec == CODEC_PCMA ? "PCMA" : "PCMU"; }

static const char *dir_word(enum media_dir dir) {
  static const char *const WORDS[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
  return WORDS[dir];
}

static void write_head(struct text *t, const struct offer_local *l) {
  const char *family = l->family == 6 ? "IP6" : "IP4";
  text_add(t, "v=0\r\no=- %llu %u IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", (unsigned long long)l->session_id, l->version, family,
           l->addr, family, l->addr);
}

static void write_audio(struct text *t, uint16_t port, const uint8_t *codecs, unsigned count, unsigned event_pt, unsigned ptime_ms,
                        enum media_dir dir) {
  text_add(t, "m=audio %u RTP/AVP", port);
  for (unsigned i = 0; i < count; i++) text_add(t, " %u", codecs[i]);
  if (event_pt) text_add(t, " %u", event_pt);
  text_add(t, "\r\n");
  for (unsigned i = 0; i < count; i++) text_add(t, "a=rtpmap:%u %s/8000\r\n", codecs[i], codec_word(codecs[i]));
  if (event_pt) text_add(t, "a=rtpmap:%u telephone-event/8000\r\na=fmtp:%u 0-16\r\n", event_pt, event_pt);
  text_add(t, "a=ptime:%u\r\na=%s\r\n", ptime_ms, dir_word(dir));
}

int offer_write(const struct offer_local *l, char *out, size_t size) {
  struct text t = {out, size, 0, false};
  write_head(&t, l);
  write_audio(&t, l->port, l->codecs, l->codec_count, OFFER_EVENT_PT, 20, MEDIA_SENDRECV);
  return text_end(&t);
}

static bool ours(const struct offer_local *l, uint8_t codec) {
  for (unsigned i = 0; i < l->codec_count; i++)
    if (l->codecs[i] == codec) return true;
  return false;
}

/* A unicast address of our family; 0.0.0.0 passes (the old way to hold). */
static bool addr_usable(const struct offer_local *l, const struct offer_addr *a) {
  if (a->family != l->family) return false;
  if (a->family == 6) return a->bytes[0] != 0xff;
  return a->bytes[0] < 224 && (a->bytes[0] != 0 || (!a->bytes[1] && !a->bytes[2] && !a->bytes[3]));
}

static bool addr_is_zero(const struct offer_addr *a) {
  uint8_t any = 0;
  for (unsigned i = 0; i < 16; i++) any |= a->bytes[i];
  return any == 0;
}

/* Nobody is listening at 0.0.0.0, whatever the attribute says. */
static enum media_dir read_dir(const struct offer_stream *m) {
  if (!addr_is_zero(&m->addr)) return (enum media_dir)m->dir;
  return m->dir == MEDIA_SENDRECV || m->dir == MEDIA_SENDONLY ? MEDIA_SENDONLY : MEDIA_INACTIVE;
}

static bool pick_codec(const struct offer_local *l, const struct offer_stream *m, struct media_desc *d) {
  bool found = false;
  for (unsigned i = 0; i < m->format_count; i++) {
    const struct offer_format *f = &m->formats[i];
    bool codec = f->kind == FORMAT_PCMU || f->kind == FORMAT_PCMA;
    if (codec && !found && ours(l, f->pt)) {
      d->codec = f->pt;
      found = true;
    }
    if (f->kind == FORMAT_EVENT && d->event_pt == 0) d->event_pt = f->pt;
  }
  return found;
}

static bool take_stream(const struct offer_local *l, const struct offer_stream *m, struct media_desc *out) {
  struct media_desc d = {.family = m->addr.family, .port = m->port, .ptime_ms = m->ptime_ms, .dir = (uint8_t)read_dir(m)};
  if (strcasecmp(m->type, "audio") != 0 || strcasecmp(m->proto, "RTP/AVP") != 0 || m->port == 0) return false;
  if (!addr_usable(l, &m->addr) || !pick_codec(l, m, &d)) return false;
  memcpy(d.addr, m->addr.bytes, sizeof d.addr);
  *out = d;
  return true;
}

/* Reads the text and finds the stream that we take: its index, or an error. */
static int choose(const struct offer_local *l, const char *sdp, size_t bytes, struct offer_session *session, struct media_desc *out) {
  if (bytes == 0 || bytes > OFFER_PARSE_MAX || memchr(sdp, 0, bytes)) return CAD_EFORMAT;
  int rc = offer_read(sdp, bytes, session);
  if (rc != CAD_OK) return rc;
  for (unsigned i = 0; i < session->stream_count; i++)
    if (take_stream(l, &session->streams[i], out)) return (int)i;
  return CAD_ENOSUP;
}

int offer_parse(const struct offer_local *l, const char *sdp, size_t bytes, struct media_desc *out) {
  struct offer_session session;
  int rc = choose(l, sdp, bytes, &session, out);
  return rc < 0 ? rc : CAD_OK;
}

static void write_refused(struct text *t, const struct offer_stream *m) {
  text_add(t, "m=%s 0 %s %s\r\n", m->type, m->proto, m->first_format);
}

static enum media_dir mirrored(enum media_dir far) {
  if (far == MEDIA_SENDONLY) return MEDIA_RECVONLY;
  if (far == MEDIA_RECVONLY) return MEDIA_SENDONLY;
  return far;
}

int offer_answer(const struct offer_local *l, const char *sdp, size_t bytes, struct media_desc *far, char *out, size_t size) {
  struct text t = {out, size, 0, false};
  struct offer_session session;
  struct media_desc d;
  int chosen = choose(l, sdp, bytes, &session, &d);
  if (chosen < 0) return chosen;
  write_head(&t, l);
  for (unsigned i = 0; i < session.stream_count; i++) {
    if ((int)i == chosen)
      write_audio(&t, l->port, &d.codec, 1, d.event_pt, d.ptime_ms, mirrored((enum media_dir)d.dir));
    else
      write_refused(&t, &session.streams[i]);
  }
  int rc = text_end(&t);
  if (rc >= 0) *far = d;
  return rc;
}

bool offer_is_loopback(const struct media_desc *d) {
  if (d->family == 4) return d->addr[0] == 127;
  static const uint8_t LOOPBACK6[16] = {[15] = 1};
  return d->family == 6 && memcmp(d->addr, LOOPBACK6, 16) == 0;
}

/* FNV-1a: the tag is only a key of this one INVITE. */
static uint64_t tag_hash(const char *tag) {
  uint64_t h = 14695981039346656037ULL;
  for (; tag && *tag; tag++) h = (h ^ (uint8_t)*tag) * 1099511628211ULL;
  return h ? h : 1;
}

void early_keep(struct early_media *early, const char *tag, const struct media_desc *desc) {
  uint64_t h = tag_hash(tag);
  unsigned at = early->next;
  for (unsigned i = 0; i < EARLY_MAX; i++)
    if (early->items[i].tag == h) at = i;
  if (at == early->next && early->items[at].tag != h) early->next = (early->next + 1) % EARLY_MAX;
  early->items[at].tag = h;
  early->items[at].desc = *desc;
}

const struct media_desc *early_find(const struct early_media *early, const char *tag) {
  uint64_t h = tag_hash(tag);
  for (unsigned i = 0; i < EARLY_MAX; i++)
    if (early->items[i].tag == h) return &early->items[i].desc;
  return NULL;
}
