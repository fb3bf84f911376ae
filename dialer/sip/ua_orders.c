#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/sip/sip_worker.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <string.h>

enum { HOST_MAX = 72, URI_MAX = 256, STUCK_MS = 1500 };

static void refuse(struct ua *ua, struct leg id, uint16_t status, enum cause cause) {
  struct post_item item = {.kind = SIP_ENDED, .at = clock_mono(), .u.event = {.leg = id, .status = status, .cause = (uint8_t)cause}};
  post_send(ua->post, &item);
}

static const char *advertised(const struct ua *ua, char out[HOST_MAX]) {
  bool six = ua->spec.family == 6;
  snprintf(out, HOST_MAX, "%s%s%s", six ? "[" : "", ua->spec.advertise, six ? "]" : "");
  return out;
}

struct offer_local ua_local(const struct ua *ua, const struct leg_entry *leg) {
  return (struct offer_local){.addr = ua->spec.advertise,
                              .family = ua->spec.family,
                              .port = leg->media_port,
                              .codecs = {leg->codecs[0], leg->codecs[1]},
                              .codec_count = leg->codec_count,
                              .session_id = leg->sdp_id,
                              .version = leg->sdp_version};
}

void ua_trunk(struct ua *ua, const struct mail_sip_trunk *mail) {
  struct wide_trunk setup;
  memset(&setup, 0, sizeof setup);
  setup.trunk = mail->trunk;
  memcpy(setup.codecs, mail->codecs, sizeof setup.codecs);
  setup.codec_count = mail->codec_count;
  memcpy(setup.proxy, mail->proxy, sizeof mail->proxy);
  if (setup.trunk < TRUNKS_MAX) ua_trunk_setup(ua, &setup);
}

/* Whom to call: fills the request URI and the leg's codecs. CAD_OK, or the refusal is sent. */
static int aim_call(struct ua *ua, const struct mail_sip_invite *m, struct leg_entry *leg, char uri[URI_MAX]) {
  struct trunk *t = trunk_find(&ua->trunks, m->trunk);
  if (!t || !t->usable || m->to == 0) return CAD_EREFUSED;
  if (!trunk_admits(t)) return CAD_EFULL;
  char route[TRUNK_TARGET_MAX + 16];
  ua_trunk_route(t, route, sizeof route);
  snprintf(uri, URI_MAX, "sip:+%llu@%s", (unsigned long long)m->to, route[0] ? ua_trunk_domain(t) : t->target);
  leg->trunk = m->trunk;
  memcpy(leg->codecs, t->codecs, sizeof leg->codecs);
  leg->codec_count = t->codec_count;
  return CAD_OK;
}

/* A phone that registered is called where it is. */
static struct binding *phone_of(struct ua *ua, const struct mail_sip_invite *m) {
  struct account *a = m->leg.role == LEG_SEAT && strncmp(m->uri, "phone:", 6) == 0 ? registrar_find(&ua->registrar, m->uri + 6) : NULL;
  return a ? registrar_best(a, clock_wall()) : NULL;
}

static int aim_seat(struct ua *ua, const struct mail_sip_invite *m, struct leg_entry *leg, char uri[URI_MAX]) {
  char user[MAIL_URI_MAX], target[MAIL_URI_MAX];
  const struct binding *phone = phone_of(ua, m);
  if (phone)
    snprintf(uri, URI_MAX, "%s", phone->b.contact);
  else if (trunk_target(&ua->trunks, m->uri, user, sizeof user, target, sizeof target) == CAD_OK)
    snprintf(uri, URI_MAX, "sip:%s%s%s", user, user[0] ? "@" : "", target);
  else
    return CAD_EREFUSED;
  leg->codecs[0] = CODEC_PCMU;
  leg->codecs[1] = CODEC_PCMA;
  leg->codec_count = 2;
  leg->heard = true; /* a seat has no breaker */
  return CAD_OK;
}

static void identity(const struct ua *ua, const struct mail_sip_invite *m, char from[URI_MAX], char call_id[URI_MAX]) {
  char host[HOST_MAX];
  advertised(ua, host);
  const struct trunk *t = m->leg.role == LEG_CALL ? trunk_find((struct trunk_table *)&ua->trunks, m->trunk) : NULL;
  if (t && t->setup.domain[0]) snprintf(host, HOST_MAX, "%s", t->setup.domain);
  if (m->from)
    snprintf(from, URI_MAX, "<sip:+%llu@%s>", (unsigned long long)m->from, host);
  else
    snprintf(from, URI_MAX, "\"Cadencia\" <sip:cadencia@%s>", host);
  if (m->leg.role == LEG_CALL && m->call_id)
    snprintf(call_id, URI_MAX, m->hop ? "%llu-%u@%s" : "%llu%.0u@%s", (unsigned long long)m->call_id, m->hop, ua->spec.advertise);
  else /* a seat is rung many times under one id */
    snprintf(call_id, URI_MAX, "%llu-%x.%x.%llx@%s", (unsigned long long)m->call_id, m->leg.slot, m->leg.gen,
             (unsigned long long)clock_mono_us(), ua->spec.advertise);
}

/* What the phones of the market take as "answer by yourself". */
static void auto_answer(const struct ua *ua, char out[512]) {
  char host[HOST_MAX];
  advertised(ua, host);
  snprintf(out, 512,
           "Call-Info: <sip:%s>;answer-after=0\r\n"
           "Alert-Info: <http://%s>;info=alert-autoanswer;delay=0\r\n"
           "Answer-Mode: Auto\r\n"
           "P-Auto-Answer: normal\r\n",
           host, host);
}

static void send_invite(struct ua *ua, const struct mail_sip_invite *m, struct leg_entry *leg, const char *uri) {
  char to[URI_MAX + 2], from[URI_MAX], call_id[URI_MAX], headers[512] = "", sdp[OFFER_TEXT_MAX];
  identity(ua, m, from, call_id);
  snprintf(to, sizeof to, "<%s>", uri);
  char *semicolon = strchr(to, ';'); /* To names the person, not the way there */
  if (semicolon && m->leg.role == LEG_CALL) memcpy(semicolon, ">", 2);
  if (m->leg.role == LEG_SEAT && m->auto_answer) auto_answer(ua, headers);
  snprintf(leg->uri, sizeof leg->uri, "%.*s", (int)sizeof leg->uri - 1, uri);
  leg->media_port = m->media_port;
  leg->sdp_id = ua->sdp_seed++;
  leg->sdp_version = 1;
  struct offer_local local = ua_local(ua, leg);
  int bytes = offer_write(&local, sdp, sizeof sdp);
  char route[TRUNK_TARGET_MAX + 16] = "";
  if (leg->id.role == LEG_CALL) ua_trunk_route(trunk_find(&ua->trunks, leg->trunk), route, sizeof route);
  const struct binding *phone = phone_of(ua, m);
  char proxy[WIDE_URI] = "";
  if (phone) ua_phone_way(ua, phone, proxy);
  const char *path = phone && phone->b.path[0] ? phone->b.path : NULL;
  leg->nh = bytes > 0 ? nua_handle(ua->nua, leg_ticket(leg), NUTAG_URL(uri), SIPTAG_TO_STR(to), SIPTAG_FROM_STR(from),
                                   TAG_IF(route[0], NUTAG_INITIAL_ROUTE_STR(route)), TAG_IF(path, NUTAG_INITIAL_ROUTE_STR(path)), TAG_END())
                      : NULL;
  if (!leg->nh) {
    leg->final = leg->heard = true; /* nothing went out */
    leg->last = (struct mail_sip_event){.status = SIP_STATUS_REFUSED, .cause = CAUSE_LOCAL};
    ua_leg_over(ua, leg);
    return;
  }
  ua->count.handles++;
  ua->count.invited++;
  if (leg->id.role == LEG_CALL) {
    struct trunk *t = trunk_find(&ua->trunks, leg->trunk);
    trunk_sent(&ua->trunks, t, clock_mono());
    if (!trunk_admits(t)) ua->owes_trunks = true;
  }
  nua_invite(leg->nh, TAG_IF(proxy[0], NUTAG_PROXY(proxy)), SIPTAG_CALL_ID_STR(call_id), TAG_IF(headers[0], SIPTAG_HEADER_STR(headers)),
             SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
}

void ua_invite(struct ua *ua, const struct mail_sip_invite *m) {
  char uri[URI_MAX];
  if (leg_find(ua->legs, m->leg)) return; /* told twice: the first order stands */
  struct leg_entry *leg = ua->closing || m->media_port == 0 ? NULL : leg_add(ua->legs, m->leg);
  int rc = !leg ? CAD_EREFUSED : m->leg.role == LEG_CALL ? aim_call(ua, m, leg, uri) : aim_seat(ua, m, leg, uri);
  if (rc == CAD_OK) {
    send_invite(ua, m, leg, uri);
    return;
  }
  ua->count.refused++;
  if (leg) leg_remove(ua->legs, leg);
  if (rc == CAD_EFULL)
    refuse(ua, m->leg, 503, CAUSE_CONGESTION);
  else
    refuse(ua, m->leg, SIP_STATUS_REFUSED, CAUSE_LOCAL);
}

void ua_leg_end(struct ua *ua, struct leg_entry *leg, bool bye) {
  if (bye || leg->resuming) leg->bye_wanted = true;
  if (leg->end_asked.ms == 0) leg->end_asked = clock_mono();
  if (leg->resuming) return; /* when it is through, it is ended */
  if (leg->state == LEG_ANSWERED) {
    if (leg->bye_sent || leg->far_ended) return;
    if (leg->bare) {
      ua_bare_bye(ua, leg);
      return;
    }
    leg->bye_sent = true;
    nua_bye(leg->nh, TAG_END());
  } else if (leg->incoming) {
    ua_offer_end(ua, leg);
  } else {
    if (leg->cancelled || leg->final) return;
    leg->cancelled = true;
    nua_cancel(leg->nh, TAG_END());
  }
}

void ua_end(struct ua *ua, struct leg id, bool bye) {
  struct leg_entry *leg = leg_find(ua->legs, id);
  if (leg)
    ua_leg_end(ua, leg, bye);
  else
    refuse(ua, id, 481, CAUSE_NORMAL);
}

void ua_close(struct ua *ua) {
  uint32_t cursor = 0;
  ua->closing = true;
  for (struct leg_entry *leg; (leg = leg_each(ua->legs, &cursor)) != NULL;) ua_leg_end(ua, leg, true);
}

void ua_sweep(struct ua *ua, struct mono now) {
  /* A peer that rang and then ignores our CANCEL keeps nua waiting for as long as timer C
   * runs; the standard lets us go after 64*T1 (RFC 3261 §9.1). */
  int64_t patience_ms = (int64_t)ua->spec.t1x64_ms + STUCK_MS;
  uint32_t cursor = 0;
  for (struct leg_entry *leg; (leg = leg_each(ua->legs, &cursor)) != NULL;) {
    if (leg->resuming) ua_resume_again(ua, leg, now);
    if (leg->cancels) {
      ua_orphan_again(ua, leg);
      continue;
    }
    if (leg->end_asked.ms == 0 || mono_since(now, leg->end_asked) < patience_ms) continue;
    ua->count.forced++;
    ua_leg_over(ua, leg);
  }
}
