/* Calls from outside: a trunk's caller is offered to control under a name of ours, accepted with our SDP, or refused.
 *
 * Only who sends from the address of a trunk is heard (over UDP from its port as well), or from one of its `sources`; everybody else,
 * registered phones included, is refused at once and nobody is told. How many offers may wait is bounded; more are refused with 503. */
#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <sofia-sip/msg_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OFFERS_MAX = 256, DIGITS_LEAST = 3, DIGITS_MOST = 15, RETRY_S = 5 };

/* Carriers call from more machines than they are called at: the trunk's list of them, any port. */
static struct trunk *trunk_of_block(struct ua *ua, const char *host, uint16_t *index) {
  uint8_t address[16];
  if (netblock_address(host, address) < 0) return NULL;
  for (uint16_t i = 0; i < TRUNKS_MAX; i++) {
    struct trunk *t = &ua->trunks.items[i];
    for (unsigned k = 0; t->known && k < t->setup.source_count && k < NETBLOCKS_MAX; k++)
      if (netblock_holds(&t->setup.sources[k], address)) {
        *index = i;
        return t;
      }
  }
  return NULL;
}

static struct trunk *trunk_of_sender(struct ua *ua, uint16_t *index) {
  char host[64], target[TRUNK_TARGET_MAX];
  msg_t *msg = nua_current_request(ua->nua);
  su_sockaddr_t *su = msg ? msg_addr(msg) : NULL;
  if (!su || (su->su_family != AF_INET && su->su_family != AF_INET6)) return NULL;
  bool six = su->su_family == AF_INET6, udp = strcmp(ua->spec.transport, "udp") == 0;
  const void *bytes = six ? (const void *)&su->su_sin6.sin6_addr : (const void *)&su->su_sin.sin_addr;
  if (!inet_ntop(su->su_family, bytes, host, sizeof host)) return NULL;
  int n = udp ? snprintf(target, sizeof target, six ? "[%s]:%u;" : "%s:%u;", host, ntohs(su->su_port))
              : snprintf(target, sizeof target, six ? "[%s]:" : "%s:", host);
  for (uint16_t i = 0; i < TRUNKS_MAX; i++) {
    struct trunk *t = &ua->trunks.items[i];
    if (!t->known || !t->usable || strncmp(t->target, target, (size_t)n) != 0) continue;
    trunk_alive(&ua->trunks, t, clock_mono());
    *index = i;
    return t;
  }
  return trunk_of_block(ua, host, index);
}

/* "+34910000001" and "34910000001" are the same; 0: no number. */
static uint64_t number_of(const url_t *url) {
  const char *user = url && url->url_user ? url->url_user : "";
  if (*user == '+') user++;
  size_t n = strspn(user, "0123456789");
  if (n < DIGITS_LEAST || n > DIGITS_MOST || (user[n] != 0 && user[n] != ';')) return 0;
  return strtoull(user, NULL, 10);
}

/* "Anna" <sip:+34910000001@carrier>, or tel:+34910000001; the stack does not read this header. */
static uint64_t asserted_in(const char *text) {
  static const char *const SCHEMES[] = {"sip:", "sips:", "tel:"};
  for (size_t i = 0; text && i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
    const char *at = strcasestr(text, SCHEMES[i]);
    if (!at) continue;
    at += strlen(SCHEMES[i]);
    if (*at == '+') at++;
    size_t n = strspn(at, "0123456789");
    if (n >= DIGITS_LEAST && n <= DIGITS_MOST && strchr("@;>, ", at[n])) return strtoull(at, NULL, 10);
  }
  return 0;
}

/* Who calls: as the trunk asserts it (RFC 3325), else as the caller says it. */
static uint64_t caller_of(const sip_t *sip) {
  unsigned seen = 0;
  for (const sip_unknown_t *h = sip->sip_unknown; h && seen < 32; h = h->un_next, seen++) {
    if (!h->un_name || strcasecmp(h->un_name, "P-Asserted-Identity") != 0) continue;
    uint64_t number = asserted_in(h->un_value);
    if (number) return number;
  }
  return sip->sip_from ? number_of(sip->sip_from->a_url) : 0;
}

static void refuse(nua_handle_t *nh, int status, unsigned retry_after_s) {
  char later[16];
  snprintf(later, sizeof later, "%u", retry_after_s);
  const char *phrase = status == 404   ? sip_404_Not_found
                       : status == 480 ? sip_480_Temporarily_unavailable
                       : status == 488 ? sip_488_Not_acceptable
                       : status == 503 ? sip_503_Service_unavailable
                                       : sip_403_Forbidden;
  nua_respond(nh, status, phrase, TAG_IF(retry_after_s, SIPTAG_RETRY_AFTER_STR(later)), TAG_END());
}

/* What is needed later: the offer until it is answered, the route for whoever takes the dialog up. */
static int keep(struct ua *ua, struct leg_entry *leg, const sip_t *sip, struct media_desc *desc) {
  const sip_payload_t *body = sip->sip_payload;
  struct leg_caller *kept = calloc(1, sizeof *kept);
  leg->caller = kept;
  if (!kept) return CAD_ENOMEM;
  if (!ua_dialog_route(sip, kept->route, sizeof kept->route)) kept->route[0] = 0;
  if (sip->sip_contact && url_e(leg->uri, sizeof leg->uri, sip->sip_contact->m_url) >= (isize_t)sizeof leg->uri) return CAD_EFORMAT;
  if (!body || !body->pl_data || body->pl_len == 0) return CAD_OK; /* the answer will come with the ACK */
  struct offer_local local = ua_local(ua, leg);
  int rc = offer_parse(&local, body->pl_data, body->pl_len, desc);
  if (rc == CAD_OK && ua->spec.loopback && !offer_is_loopback(desc)) rc = CAD_EREFUSED;
  if (rc < 0) return rc;
  kept->sdp = malloc(body->pl_len);
  if (!kept->sdp) return CAD_ENOMEM;
  memcpy(kept->sdp, body->pl_data, body->pl_len);
  kept->bytes = body->pl_len;
  return CAD_OK;
}

bool ua_offer(struct ua *ua, const struct ua_event *e) {
  uint16_t index = 0;
  struct trunk *t = e->sip && e->sip->sip_request ? trunk_of_sender(ua, &index) : NULL;
  if (!t || e->status >= 200) return false;
  if (++ua->offer_gen == 0) ua->offer_gen = 1;
  struct leg_entry *leg = NULL;
  if (!ua->closing && ua->offers < OFFERS_MAX && !post_pressed(ua->post))
    leg = leg_add(ua->legs, (struct leg){LEG_OFFER, index, ua->offer_gen});
  if (!leg) {
    ua->count.offers_refused++;
    refuse(e->nh, 503, RETRY_S);
    return true;
  }
  struct post_item item = {.kind = SIP_INCOMING, .at = clock_mono()};
  leg->incoming = leg->heard = true;
  leg->trunk = index;
  memcpy(leg->codecs, t->codecs, sizeof leg->codecs);
  leg->codec_count = t->codec_count;
  if (keep(ua, leg, e->sip, &item.u.incoming.desc) < 0) {
    leg_remove(ua->legs, leg);
    refuse(e->nh, 488, 0);
    return true;
  }
  leg->desc = item.u.incoming.desc;
  leg->nh = e->nh;
  nua_handle_bind(leg->nh, leg_ticket(leg));
  ua->count.handles++;
  ua->count.offers++;
  ua->offers++;
  item.u.incoming.leg = leg->id;
  item.u.incoming.trunk = index;
  item.u.incoming.to = number_of(e->sip->sip_request->rq_url);
  if (!item.u.incoming.to && e->sip->sip_to) item.u.incoming.to = number_of(e->sip->sip_to->a_url); /* the request names our account */
  item.u.incoming.from = caller_of(e->sip);
  post_send(ua->post, &item);
  return true;
}

/* It is no offer any more: taken, refused or given up. */
void ua_offer_over(struct ua *ua, struct leg_entry *leg) {
  if (!leg->incoming || leg->id.role != LEG_OFFER) return;
  ua->offers--;
}

void ua_accept(struct ua *ua, const struct mail_sip_accept *m) {
  char sdp[OFFER_TEXT_MAX];
  struct media_desc desc;
  struct leg_entry *leg = leg_find(ua->legs, m->offer);
  if (!leg || !leg->caller || m->media_port == 0 || leg_find(ua->legs, m->leg)) { /* the caller gave up meanwhile */
    struct post_item gone = {
        .kind = SIP_ENDED, .at = clock_mono(), .u.event = {.leg = m->leg, .status = 487, .cause = CAUSE_CANCELLED, .by = 1}};
    post_send(ua->post, &gone);
    return;
  }
  ua_offer_over(ua, leg);
  leg_rename(ua->legs, leg, m->leg);
  leg->media_port = m->media_port;
  leg->sdp_id = ua->sdp_seed++;
  leg->sdp_version = 1;
  struct offer_local local = ua_local(ua, leg);
  int rc = leg->caller->sdp ? offer_answer(&local, leg->caller->sdp, leg->caller->bytes, &desc, sdp, sizeof sdp)
                            : offer_write(&local, sdp, sizeof sdp);
  if (rc <= 0) {
    leg->refusal = CAUSE_MEDIA;
    leg->final = true;
    refuse(leg->nh, 488, 0);
    return;
  }
  free(leg->caller->sdp);
  leg->caller->sdp = NULL;
  leg->state = LEG_RINGING;
  leg->accepted = true;
  nua_respond(leg->nh, SIP_200_OK, SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
}

void ua_reject(struct ua *ua, const struct mail_sip_reject *m) {
  struct leg_entry *leg = leg_find(ua->legs, m->offer);
  if (!leg || !leg->nh) return;
  nua_handle_t *nh = leg->nh;
  ua_offer_over(ua, leg);
  nua_handle_bind(nh, NULL); /* the stack's last event about it destroys it */
  ua->count.handles--;
  leg_remove(ua->legs, leg);
  refuse(nh, m->status, m->retry_after_s);
}

/* Our 200 is acknowledged: he is there. */
void ua_offer_acked(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  struct media_desc desc = leg->desc;
  const sip_payload_t *body = e->sip ? e->sip->sip_payload : NULL;
  struct offer_local local = ua_local(ua, leg);
  if (desc.family == 0 && body && body->pl_data && offer_parse(&local, body->pl_data, body->pl_len, &desc) < 0) desc.family = 0;
  if (ua->spec.loopback && desc.family && !offer_is_loopback(&desc)) desc.family = 0;
  leg->desc = desc;
  leg->state = LEG_ANSWERED;
  ua->count.answered++;
  ua_dialog_note(ua, leg, e->sip, DIALOG_CONFIRMED);
  struct post_item item = {
      .kind = SIP_ANSWERED, .at = clock_mono(), .u.event = {.leg = leg->id, .status = 200, .sdp_new = desc.family != 0, .desc = desc}};
  post_send(ua->post, &item);
  if (leg->bye_wanted || desc.family == 0) ua_leg_end(ua, leg, true);
}

/* Ends a caller's leg that was not yet acknowledged. */
void ua_offer_end(struct ua *ua, struct leg_entry *leg) {
  (void)ua;
  if (leg->bye_sent || leg->final) return;
  leg->bye_sent = true;
  if (leg->accepted)
    nua_bye(leg->nh, TAG_END());
  else
    refuse(leg->nh, 480, RETRY_S);
}
