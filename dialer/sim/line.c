#include "dialer/base/clock.h"
#include "dialer/sim/line.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { T1_MS = 500, T2_MS = 4000, GIVE_UP_MS = 32000, LINGER_MS = 5000 };

static uint32_t hash_of(struct span id) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < id.n; i++) h = (h ^ (uint8_t)id.p[i]) * 16777619u;
  return h;
}

static struct line *line_find(struct world *w, struct span id, bool phone) {
  for (uint32_t i = w->heads[hash_of(id) % w->head_count]; i != 0; i = w->lines[i - 1].next) {
    struct line *l = &w->lines[i - 1];
    if (l->phone == phone && span_is(id, l->call_id)) return l;
  }
  return NULL;
}

static struct line *line_take(struct world *w, struct span id) {
  uint32_t i = w->free_head;
  if (i != 0)
    w->free_head = w->lines[i - 1].next;
  else if (w->line_used < w->line_max)
    i = ++w->line_used;
  else
    return NULL;
  struct line *l = &w->lines[i - 1];
  memset(l, 0, sizeof *l);
  l->world = w;
  l->index = i - 1;
  l->generation = ++w->generation;
  l->rtp.fd = -1;
  l->partner = l->customer = -1;
  span_copy(id, l->call_id, sizeof l->call_id);
  uint32_t *head = &w->heads[hash_of(id) % w->head_count];
  l->next = *head;
  *head = i;
  return l;
}

static void line_release(struct line *l) {
  struct world *w = l->world;
  line_rtp_close(l);
  uint32_t *p = &w->heads[hash_of((struct span){l->call_id, strlen(l->call_id)}) % w->head_count];
  while (*p != 0 && *p != l->index + 1) p = &w->lines[*p - 1].next;
  if (*p != 0) *p = l->next;
  l->state = LINE_FREE;
  l->next = w->free_head;
  w->free_head = l->index + 1;
}

static void send_text(struct world *w, bool phone, const char *text, size_t n, const struct sockaddr_in *to) {
  (void)!sendto(phone ? w->phone_fd : w->sip_fd, text, n, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof *to);
}

/* A response that belongs to no INVITE of ours, or to another request of a dialog. */
static void reply(struct world *w, bool phone, const struct sip_text *m, const struct sockaddr_in *source, int status, const char *to_tag,
                  const char *sdp) {
  struct sip_out o;
  sip_out_start(&o);
  sip_out_add(&o, "SIP/2.0 %d %s\r\n", status, sip_phrase(status));
  sip_out_vias(&o, m, source);
  bool tagged = span_param(m->to, "tag").p != NULL;
  sip_out_add(&o, "From: %.*s\r\nTo: %.*s%s%s\r\n", (int)m->from.n, m->from.p, (int)m->to.n, m->to.p,
              tagged ? "" : ";tag=", tagged ? "" : to_tag);
  sip_out_add(&o, "Call-ID: %.*s\r\nCSeq: %u %.*s\r\n", (int)m->call_id.n, m->call_id.p, m->cseq, (int)m->cseq_method.n, m->cseq_method.p);
  sip_out_add(&o, "Contact: <sip:far@%s:%u>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n", w->host,
              phone ? w->phone_port : w->sip_port);
  sip_out_body(&o, sdp);
  if (!o.over) send_text(w, phone, o.text, o.n, source);
}

static void write_sdp(struct line *l, char *out, size_t size) {
  const char *direction = l->offer.send ? (l->offer.receive ? "sendrecv" : "recvonly") : l->offer.receive ? "sendonly" : "inactive";
  sdp_text_write(out, size, l->world->host, l->rtp.port, l->rtp.codec, l->rtp.event_pt, l->sdp_version, direction);
}

static void remember(struct line *l, const struct sip_out *o) {
  if (o->over || o->n > sizeof l->last) return;
  memcpy(l->last, o->text, o->n);
  l->last_n = o->n;
  send_text(l->world, l->phone, l->last, l->last_n, &l->peer);
}

void line_respond(struct line *l, int status) {
  struct sip_out o;
  char sdp[512] = "";
  bool audio = (status == 183 || status / 100 == 2) && l->rtp.fd >= 0;
  if (audio) write_sdp(l, sdp, sizeof sdp);
  sip_out_start(&o);
  sip_out_add(&o, "SIP/2.0 %d %s\r\n%s", status, sip_phrase(status), l->vias);
  if (status < 300) sip_out_add(&o, "%s", l->routes);
  sip_out_add(&o, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u INVITE\r\n", l->from, l->to, l->call_id, l->invite_cseq);
  sip_out_add(&o, "Contact: <sip:%s@%s:%u>\r\n", l->phone ? "phone" : "line", l->world->host,
              l->phone ? l->world->phone_port : l->world->sip_port);
  sip_out_body(&o, sdp);
  remember(l, &o);
  if (status < 200) return;
  int64_t now = clock_mono().ms;
  l->final_code = (uint16_t)status;
  l->state = status < 300 ? LINE_UP : LINE_REFUSED;
  l->acked = false;
  l->resend_ms = T1_MS;
  l->resend_at = now + T1_MS;
  l->give_up_at = now + GIVE_UP_MS;
  if (status < 300 && l->answered_at == 0) l->answered_at = now;
}

static void line_over(struct line *l, enum truth_end by) {
  if (l->state == LINE_OVER || l->state == LINE_FREE) return;
  int64_t now = clock_mono().ms;
  l->state = LINE_OVER;
  l->ended_at = now;
  l->resend_at = 0;
  l->give_up_at = now + LINGER_MS;
  if (l->phone)
    phone_ended(l);
  else
    callee_ended(l, now, by);
  line_rtp_close(l);
}

void line_hang_up(struct line *l) {
  if (l->state != LINE_UP) return;
  struct sip_out o;
  int64_t now = clock_mono().ms;
  sip_out_start(&o);
  sip_out_add(&o, "BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%u;branch=z9hG4bK%x.%x.%u;rport\r\nMax-Forwards: 70\r\n", l->target,
              l->world->host, l->phone ? l->world->phone_port : l->world->sip_port, l->index, l->generation, ++l->own_cseq);
  const char *p = l->routes;
  while (strncmp(p, "Record-", 7) == 0) { /* the route set of a UAS is in the order received */
    const char *end = strstr(p, "\r\n");
    sip_out_add(&o, "%.*s\r\n", (int)(end - p - 7), p + 7);
    p = end + 2;
  }
  sip_out_add(&o, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u BYE\r\nContent-Length: 0\r\n\r\n", l->to, l->from, l->call_id,
              l->own_cseq);
  remember(l, &o);
  l->state = LINE_BYE;
  l->ended_at = now;
  l->resend_ms = T1_MS;
  l->resend_at = now + T1_MS;
  l->give_up_at = now + GIVE_UP_MS / 4;
  if (l->phone)
    phone_ended(l);
  else
    callee_ended(l, now, TRUTH_END_CALLEE);
  line_rtp_close(l);
}

void line_timers(struct line *l, int64_t now) {
  if (l->state == LINE_FREE) return;
  bool waits = l->state == LINE_BYE || ((l->state == LINE_UP || l->state == LINE_REFUSED) && !l->acked);
  if (waits && now >= l->resend_at) {
    send_text(l->world, l->phone, l->last, l->last_n, &l->peer);
    l->resend_ms = l->resend_ms * 2 > T2_MS ? T2_MS : l->resend_ms * 2;
    l->resend_at = now + l->resend_ms;
  }
  if (l->give_up_at == 0 || now < l->give_up_at) return;
  if (l->state == LINE_OVER) {
    line_release(l);
  } else if (l->state == LINE_BYE) {
    l->state = LINE_OVER;
    l->give_up_at = now + 1;
  } else if (waits) {
    line_over(l, TRUTH_END_TIMEOUT); /* never acknowledged */
  }
}

/* The parts of an INVITE that later messages repeat. False when they are longer than a peer of ours makes them. */
static bool keep_dialog(struct line *l, const struct sip_text *m, const struct sockaddr_in *source) {
  struct sip_out o;
  sip_out_start(&o);
  sip_out_vias(&o, m, source);
  if (o.over || o.n >= sizeof l->vias) return false;
  memcpy(l->vias, o.text, o.n + 1);
  sip_out_start(&o);
  for (unsigned i = 0; i < m->route_count; i++) sip_out_add(&o, "Record-Route: %.*s\r\n", (int)m->routes[i].n, m->routes[i].p);
  if (m->route_count == 0) o.text[0] = 0;
  if (o.over || o.n >= sizeof l->routes) return false;
  memcpy(l->routes, o.text, o.n + 1);
  char to[256];
  if (!span_copy(m->to, to, sizeof to) || !span_copy(m->from, l->from, sizeof l->from)) return false;
  if (!span_copy(span_uri(m->contact.n > 0 ? m->contact : m->from), l->target, sizeof l->target)) return false;
  snprintf(l->to, sizeof l->to, "%s;tag=f%x-%x", to, l->index, l->generation);
  span_copy(span_param(m->vias[0], "branch"), l->branch, sizeof l->branch);
  l->invite_cseq = m->cseq;
  l->peer = *source;
  return true;
}

static bool accept_offer(struct line *l, const struct sip_text *m) {
  struct sdp_text sdp;
  if (m->body.n == 0 || sdp_text_parse(m->body, &sdp) < 0 || (!sdp.pcmu && !sdp.pcma)) return false;
  l->offer = sdp;
  l->rtp.event_pt = sdp.event_pt;
  l->rtp.codec = sdp.first;
  line_rtp_remote(l, &sdp);
  return true;
}

static void invited(struct world *w, bool phone, const struct sip_text *m, const struct sockaddr_in *source) {
  if (m->call_id.n >= sizeof w->lines[0].call_id || span_param(m->to, "tag").p != NULL) {
    reply(w, phone, m, source, 481, "none", "");
    return;
  }
  struct line *l = line_take(w, m->call_id);
  if (l == NULL) {
    reply(w, phone, m, source, 503, "full", "");
    return;
  }
  l->phone = phone;
  l->state = LINE_INVITED;
  l->invited_at = clock_mono().ms;
  l->dice = w->seed ^ (++w->invites * 0x9e3779b97f4a7c15u);
  if (!keep_dialog(l, m, source)) {
    reply(w, phone, m, source, 500, "long", "");
    line_release(l);
    return;
  }
  l->called = span_digits(span_user(m->uri));
  for (size_t i = 0; i < m->call_id.n && m->call_id.p[i] >= '0' && m->call_id.p[i] <= '9' && i < 19; i++)
    l->attempt = l->attempt * 10 + (uint64_t)(m->call_id.p[i] - '0');
  if (!accept_offer(l, m) || line_rtp_open(l) < 0) {
    l->as.behaviour = CALLEE_FAIL;
    line_respond(l, l->rtp.remote_known ? 500 : 488);
    return;
  }
  if (phone)
    phone_invited(l, l->invited_at);
  else
    callee_invited(l, l->invited_at);
}

/* An INVITE or UPDATE within the dialog: hold, new address. */
static void renegotiate(struct line *l, const struct sip_text *m, const struct sockaddr_in *source) {
  char sdp[512] = "";
  uint8_t codec = l->rtp.codec;
  if (m->body.n > 0) {
    if (!accept_offer(l, m)) {
      reply(l->world, l->phone, m, source, 488, "", "");
      return;
    }
    if (codec == 0 ? l->offer.pcmu : l->offer.pcma) l->rtp.codec = codec;
  }
  l->sdp_version++;
  if (m->body.n > 0 || span_is(m->method, "INVITE")) write_sdp(l, sdp, sizeof sdp);
  reply(l->world, l->phone, m, source, 200, "", sdp);
}

static void in_dialog(struct line *l, const struct sip_text *m, const struct sockaddr_in *source) {
  struct world *w = l->world;
  if (span_is(m->method, "INVITE")) {
    char branch[96];
    span_copy(span_param(m->vias[0], "branch"), branch, sizeof branch);
    if (m->cseq == l->invite_cseq && strcmp(branch, l->branch) == 0) {
      if (l->last_n > 0 && l->state != LINE_BYE) send_text(w, l->phone, l->last, l->last_n, source);
    } else if (l->state == LINE_UP && span_param(m->to, "tag").p != NULL) {
      renegotiate(l, m, source);
    } else {
      reply(w, l->phone, m, source, 482, "loop", "");
    }
  } else if (span_is(m->method, "ACK")) {
    l->acked = true;
    if (l->state == LINE_REFUSED) line_over(l, l->final_code == 487 ? TRUTH_END_CANCELLED : TRUTH_END_CALLEE);
  } else if (span_is(m->method, "CANCEL")) {
    reply(w, l->phone, m, source, l->state == LINE_OVER ? 481 : 200, strstr(l->to, ";tag=") == NULL ? "x" : strstr(l->to, ";tag=") + 5, "");
    if (l->state == LINE_INVITED) line_respond(l, 487);
  } else if (span_is(m->method, "BYE")) {
    reply(w, l->phone, m, source, l->state == LINE_OVER || l->state == LINE_REFUSED ? 481 : 200, "", "");
    if (l->state == LINE_UP || l->state == LINE_INVITED) line_over(l, TRUTH_END_DIALER);
  } else if (span_is(m->method, "UPDATE") && l->state == LINE_UP) {
    renegotiate(l, m, source);
  } else {
    bool known = span_is(m->method, "OPTIONS") || span_is(m->method, "INFO") || span_is(m->method, "UPDATE");
    reply(w, l->phone, m, source, known ? 200 : 501, "", "");
  }
}

void line_datagram(struct world *w, bool phone, const char *data, size_t n, const struct sockaddr_in *source) {
  struct sip_text m;
  if (n < 20 || sip_text_parse(data, n, &m) < 0) return; /* keep-alives and garbage */
  struct line *l = line_find(w, m.call_id, phone);
  if (m.status > 0) {
    if (l != NULL && l->state == LINE_BYE && m.status >= 200 && span_is(m.cseq_method, "BYE")) {
      l->state = LINE_OVER;
      l->give_up_at = clock_mono().ms + LINGER_MS;
    }
    return;
  }
  if (l != NULL)
    in_dialog(l, &m, source);
  else if (span_is(m.method, "INVITE"))
    invited(w, phone, &m, source);
  else if (span_is(m.method, "OPTIONS") || span_is(m.method, "REGISTER"))
    reply(w, phone, &m, source, 200, "far", "");
  else if (!span_is(m.method, "ACK"))
    reply(w, phone, &m, source, 481, "none", "");
}
