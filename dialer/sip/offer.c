#include "dialer/sip/offer.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/su_alloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
  text_add(t, "v=0\r\no=- %llu %u IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", (unsigned long long)l->session_id, l->version, family, l->addr,
           family, l->addr);
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
static bool read_addr(const struct offer_local *l, const sdp_connection_t *c, struct media_desc *d) {
  if (!c || c->c_nettype != sdp_net_in || !c->c_address) return false;
  if (l->family == 4) {
    if (c->c_addrtype != sdp_addr_ip4 || inet_pton(AF_INET, c->c_address, d->addr) != 1) return false;
    if (d->addr[0] >= 224 || (d->addr[0] == 0 && (d->addr[1] || d->addr[2] || d->addr[3]))) return false;
  } else {
    if (c->c_addrtype != sdp_addr_ip6 || inet_pton(AF_INET6, c->c_address, d->addr) != 1 || d->addr[0] == 0xff) return false;
  }
  d->family = l->family;
  return true;
}

static bool addr_is_zero(const struct media_desc *d) {
  uint8_t any = 0;
  for (unsigned i = 0; i < (d->family == 6 ? 16U : 4U); i++) any |= d->addr[i];
  return any == 0;
}

static enum media_dir read_dir(const sdp_media_t *m, bool zero_addr) {
  bool sends = (m->m_mode & sdp_sendonly) != 0, receives = (m->m_mode & sdp_recvonly) != 0 && !zero_addr;
  if (sends) return receives ? MEDIA_SENDRECV : MEDIA_SENDONLY;
  return receives ? MEDIA_RECVONLY : MEDIA_INACTIVE;
}

static uint8_t read_ptime(const sdp_media_t *m) {
  const sdp_attribute_t *a = sdp_attribute_find(m->m_attributes, "ptime");
  long ms = a && a->a_value ? strtol(a->a_value, NULL, 10) : 20;
  return ms >= 10 && ms <= 60 && ms % 10 == 0 ? (uint8_t)ms : 20;
}

static bool read_codecs(const struct offer_local *l, const sdp_media_t *m, struct media_desc *d) {
  bool found = false;
  unsigned seen = 0;
  for (const sdp_rtpmap_t *r = m->m_rtpmaps; r && seen < 128; r = r->rm_next, seen++) {
    const char *name = r->rm_encoding ? r->rm_encoding : "";
    if (r->rm_rate != 8000) continue;
    bool is_ours = (r->rm_pt == CODEC_PCMU && strcasecmp(name, "PCMU") == 0) || (r->rm_pt == CODEC_PCMA && strcasecmp(name, "PCMA") == 0);
    if (is_ours && !found && ours(l, (uint8_t)r->rm_pt)) {
      d->codec = (uint8_t)r->rm_pt;
      found = true;
    }
    if (strcasecmp(name, "telephone-event") == 0 && d->event_pt == 0 && r->rm_pt >= 96) d->event_pt = (uint8_t)r->rm_pt;
  }
  return found;
}

static bool read_media(const struct offer_local *l, sdp_media_t *m, struct media_desc *out) {
  struct media_desc d = {0};
  if (m->m_type != sdp_media_audio || m->m_proto != sdp_proto_rtp || m->m_rejected || m->m_port == 0 || m->m_port > 65535) return false;
  if (!read_addr(l, sdp_media_connections(m), &d) || !read_codecs(l, m, &d)) return false;
  d.port = (uint16_t)m->m_port;
  d.ptime_ms = read_ptime(m);
  d.dir = (uint8_t)read_dir(m, addr_is_zero(&d));
  *out = d;
  return true;
}

struct parsed {
  su_home_t home[1];
  sdp_parser_t *parser;
  sdp_session_t *session;
};

/* Afterwards the caller always calls parsed_end. */
static int parsed_begin(struct parsed *p, const char *sdp, size_t bytes) {
  *p = (struct parsed){.home = {SU_HOME_INIT(p->home)}};
  su_home_init(p->home);
  if (bytes == 0 || bytes > OFFER_PARSE_MAX || memchr(sdp, 0, bytes)) return CAD_EFORMAT;
  p->parser = sdp_parse(p->home, sdp, (issize_t)bytes, 0);
  p->session = p->parser ? sdp_session(p->parser) : NULL;
  return p->session ? CAD_OK : CAD_EFORMAT;
}

static void parsed_end(struct parsed *p) {
  if (p->parser) sdp_parser_free(p->parser);
  su_home_deinit(p->home);
}

/* Which of the session's streams we take; NULL: none. */
static sdp_media_t *choose(const struct offer_local *l, sdp_session_t *session, struct media_desc *out) {
  unsigned seen = 0;
  for (sdp_media_t *m = session->sdp_media; m && seen < OFFER_MEDIA_MAX; m = m->m_next, seen++)
    if (read_media(l, m, out)) return m;
  return NULL;
}

int offer_parse(const struct offer_local *l, const char *sdp, size_t bytes, struct media_desc *out) {
  struct parsed p;
  int err = parsed_begin(&p, sdp, bytes);
  if (err == CAD_OK && !choose(l, p.session, out)) err = CAD_ENOSUP;
  parsed_end(&p);
  return err;
}

static void write_refused(struct text *t, const sdp_media_t *m) {
  const char *format = m->m_format && m->m_format->l_text ? m->m_format->l_text : NULL;
  text_add(t, "m=%s 0 %s ", m->m_type_name ? m->m_type_name : "audio", m->m_proto_name ? m->m_proto_name : "RTP/AVP");
  if (format) text_add(t, "%s\r\n", format);
  else text_add(t, "%u\r\n", m->m_rtpmaps ? m->m_rtpmaps->rm_pt : 0U);
}

static enum media_dir mirrored(enum media_dir far) {
  if (far == MEDIA_SENDONLY) return MEDIA_RECVONLY;
  if (far == MEDIA_RECVONLY) return MEDIA_SENDONLY;
  return far;
}

int offer_answer(const struct offer_local *l, const char *sdp, size_t bytes, struct media_desc *far, char *out, size_t size) {
  struct parsed p;
  struct text t = {out, size, 0, false};
  struct media_desc d;
  int err = parsed_begin(&p, sdp, bytes);
  sdp_media_t *chosen = err == CAD_OK ? choose(l, p.session, &d) : NULL;
  if (err == CAD_OK && !chosen) err = CAD_ENOSUP;
  if (err == CAD_OK) {
    write_head(&t, l);
    for (const sdp_media_t *m = p.session->sdp_media; m; m = m->m_next) {
      if (m == chosen) write_audio(&t, l->port, &d.codec, 1, d.event_pt, d.ptime_ms, mirrored((enum media_dir)d.dir));
      else write_refused(&t, m);
    }
    err = text_end(&t);
  }
  if (err >= 0) *far = d;
  parsed_end(&p);
  return err;
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
