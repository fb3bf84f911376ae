#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/sip/cause.h"
#include "dialer/sip/hint.h"
#include "dialer/sip/sip_worker.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void report(struct ua *ua, const struct leg_entry *leg, enum mail_kind kind, uint16_t status, bool sdp_new) {
  struct post_item item = {.kind = (uint16_t)kind,
                           .at = clock_mono(),
                           .u.event = {.leg = leg->id, .status = status, .sdp_new = sdp_new, .hints = leg->hints, .desc = leg->desc}};
  post_send(ua->post, &item);
}

/* Progress and new media can be told again from the leg: they wait there while the pipe is full. */
static void report_or_owe(struct ua *ua, struct leg_entry *leg, enum mail_kind kind, uint16_t status) {
  if (post_owed(ua->post)) {
    leg->owes |= kind == SIP_MEDIA ? LEG_OWES_MEDIA : LEG_OWES_PROGRESS;
    ua->owes_legs = true;
  } else {
    report(ua, leg, kind, status, true);
  }
}

static void settle_trunks(struct ua *ua) {
  for (uint16_t i = 0; i < TRUNKS_MAX; i++) {
    struct trunk *t = &ua->trunks.items[i];
    enum trunk_state state = trunk_state(t);
    if (!t->known || (t->reported && t->reported_state == state && t->reported_status == t->status)) continue;
    struct post_item item = {.kind = SIP_TRUNK_STATE,
                             .at = clock_mono(),
                             .u.trunk = {.trunk = i, .up = state == TRUNK_UP, .state = (uint8_t)state, .status = t->status}};
    post_send(ua->post, &item);
    t->reported = true;
    t->reported_state = (uint8_t)state;
    t->reported_status = t->status;
  }
}

static void settle_legs(struct ua *ua) {
  uint32_t cursor = 0;
  struct leg_entry *leg;
  while (!post_pressed(ua->post) && (leg = leg_each(ua->legs, &cursor)) != NULL) {
    if (leg->owes && leg->state < LEG_ANSWERED)
      report(ua, leg, SIP_PROGRESS, leg->said_status, true);
    else if (leg->owes & LEG_OWES_MEDIA)
      report(ua, leg, SIP_MEDIA, 200, true);
    leg->owes = 0;
  }
  ua->owes_legs = post_pressed(ua->post); /* those after the cursor still wait */
}

void ua_settle(struct ua *ua) {
  if (post_pressed(ua->post)) return;
  if (ua->owes_trunks) {
    ua->owes_trunks = false;
    settle_trunks(ua);
  }
  if (ua->owes_legs) settle_legs(ua);
}

/* --- what a reply says ---------------------------------------------------------- */

static const char *to_tag(const sip_t *sip) { return sip && sip->sip_to && sip->sip_to->a_tag ? sip->sip_to->a_tag : ""; }

static bool has_sdp(const sip_t *sip) {
  if (!sip || !sip->sip_payload || !sip->sip_payload->pl_data || sip->sip_payload->pl_len == 0) return false;
  return !sip->sip_content_type || !sip->sip_content_type->c_type || strcasecmp(sip->sip_content_type->c_type, "application/sdp") == 0;
}

/* The far side's description, if it says one that we can use. CAD_EMPTY: none said. */
static int read_desc(const struct ua *ua, const struct leg_entry *leg, const sip_t *sip, struct media_desc *out) {
  if (!has_sdp(sip)) return CAD_EMPTY;
  struct offer_local local = ua_local(ua, leg);
  int rc = offer_parse(&local, sip->sip_payload->pl_data, sip->sip_payload->pl_len, out);
  if (rc == CAD_OK && ua->spec.loopback && !offer_is_loopback(out)) return CAD_EREFUSED;
  return rc;
}

static bool same_desc(const struct media_desc *a, const struct media_desc *b) {
  return a->family == b->family && memcmp(a->addr, b->addr, sizeof a->addr) == 0 && a->port == b->port && a->codec == b->codec &&
         a->event_pt == b->event_pt && a->ptime_ms == b->ptime_ms && a->dir == b->dir;
}

static void read_reason(const sip_t *sip, uint16_t *q850, const char **text) {
  *q850 = 0;
  *text = NULL;
  unsigned seen = 0;
  for (const sip_reason_t *r = sip ? sip->sip_reason : NULL; r && seen < 8; r = r->re_next, seen++) {
    if (r->re_text && !*text) *text = r->re_text;
    if (!r->re_protocol || strcasecmp(r->re_protocol, "Q.850") != 0 || !r->re_cause || *q850) continue;
    unsigned long v = strtoul(r->re_cause, NULL, 10);
    if (v >= 1 && v <= 127) *q850 = (uint16_t)v;
    if (r->re_text) *text = r->re_text;
  }
}

/* Only what was asked of ourselves counts: requests of the far side may say anything about others. */
static uint8_t read_hints(const sip_t *sip, uint16_t status) {
  uint8_t hints = hint_of_status(status);
  unsigned seen = 0;
  if (!sip) return hints;
  for (const sip_unknown_t *u = sip->sip_unknown; u && seen < 64; u = u->un_next, seen++) hints |= hint_of_header(u->un_name, u->un_value);
  for (const sip_reason_t *r = sip->sip_reason; r && seen < 72; r = r->re_next, seen++)
    if (r->re_protocol && r->re_cause && strcasecmp(r->re_protocol, "SIP") == 0) hints |= hint_of_reason(strtoul(r->re_cause, NULL, 10));
  const char *automata = sip->sip_contact ? msg_params_find(sip->sip_contact->m_params, "automata") : NULL;
  if (automata && strcasecmp(automata, "\"FALSE\"") != 0 && strcasecmp(automata, "FALSE") != 0) hints |= HINT_AUTOMATON;
  return hints;
}

/* sip: what the far side sent, NULL: nothing, the stack speaks. */
static void heard(struct ua *ua, struct leg_entry *leg, const sip_t *sip) {
  if (leg->id.role != LEG_CALL || (!sip && leg->heard)) return;
  struct trunk *t = trunk_find(&ua->trunks, leg->trunk);
  bool was_open = t->open;
  if (!leg->heard) trunk_settled(&ua->trunks, t);
  if (sip) trunk_alive(&ua->trunks, t, clock_mono());
  leg->heard = true;
  if (was_open != t->open) ua->owes_trunks = true;
}

/* --- the INVITE's replies --------------------------------------------------------- */

static void refuse_media(struct ua *ua, struct leg_entry *leg, int rc) {
  if (leg->refusal == CAUSE_NONE) leg->refusal = rc == CAD_EREFUSED ? CAUSE_LOCAL : CAUSE_MEDIA;
  ua_leg_end(ua, leg, true);
}

static void on_provisional(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  struct media_desc desc;
  if (!e->sip || e->status <= 100 || leg->state == LEG_ANSWERED) return;
  leg->hints |= read_hints(e->sip, (uint16_t)e->status);
  int rc = read_desc(ua, leg, e->sip, &desc);
  bool fresh = false;
  if (rc == CAD_OK) {
    early_keep(&leg->early, to_tag(e->sip), &desc);
    fresh = !same_desc(&leg->desc, &desc);
    leg->desc = desc;
  } else if (rc == CAD_EREFUSED) {
    refuse_media(ua, leg, rc);
    return;
  } /* an early SDP that we cannot use is no reason to hang up: the answer decides */
  bool news = fresh || leg->state != LEG_RINGING || leg->said_status != e->status;
  leg->state = LEG_RINGING;
  leg->said_status = (uint16_t)e->status;
  ua_dialog_note(ua, leg, e->sip, DIALOG_EARLY);
  if (news) report_or_owe(ua, leg, SIP_PROGRESS, leg->said_status);
}

static void on_answer(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  struct media_desc desc;
  int rc = read_desc(ua, leg, e->sip, &desc);
  leg->hints |= read_hints(e->sip, (uint16_t)e->status);
  if (rc == CAD_EMPTY) { /* its SDP came under 183 */
    const struct media_desc *early = early_find(&leg->early, to_tag(e->sip));
    if (early) desc = *early, rc = CAD_OK;
  }
  leg->state = LEG_ANSWERED;
  leg->owes = 0;
  leg->desc = rc == CAD_OK ? desc : (struct media_desc){0};
  ua->count.answered++;
  ua_dialog_note(ua, leg, e->sip, DIALOG_CONFIRMED);
  report(ua, leg, SIP_ANSWERED, (uint16_t)e->status, rc == CAD_OK);
  if (rc != CAD_OK)
    refuse_media(ua, leg, rc);
  else if (leg->bye_wanted)
    ua_leg_end(ua, leg, true);
}

static void on_failure(struct leg_entry *leg, const struct ua_event *e) {
  const char *text;
  uint16_t q850;
  read_reason(e->sip, &q850, &text);
  struct cause_facts facts = {.status = (uint16_t)e->status,
                              .phrase = e->phrase,
                              .reason_text = text,
                              .q850 = q850,
                              .provisional = leg->heard && leg->id.role == LEG_CALL,
                              .ringing = leg->state == LEG_RINGING,
                              .cancelled = leg->cancelled};
  uint32_t retry = e->sip && e->sip->sip_retry_after ? (uint32_t)e->sip->sip_retry_after->af_delta : 0;
  leg->final = true;
  leg->last = (struct mail_sip_event){.status = (uint16_t)(e->status <= 999 ? e->status : 999),
                                      .cause = (uint8_t)cause_of_reply(&facts),
                                      .q850 = q850,
                                      .retry_after_s = retry};
}

/* A later reply: to a refresh of the session that nua sent by itself. */
static void on_refreshed(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  struct media_desc desc;
  if (e->status < 200) return;
  ua_dialog_refreshed(ua, leg, e->sip);
  if (e->status >= 300) return; /* nua ends the call where the standard says so */
  int rc = read_desc(ua, leg, e->sip, &desc);
  if (rc != CAD_OK || same_desc(&leg->desc, &desc)) return;
  leg->desc = desc;
  report_or_owe(ua, leg, SIP_MEDIA, 200);
}

static void on_invite_reply(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  if (ua_resume_reply(ua, leg, e)) return;
  if (leg->state == LEG_ANSWERED) {
    on_refreshed(ua, leg, e);
    return;
  }
  if (leg->final) return;
  if (e->status < 200) {
    if (e->sip) heard(ua, leg, e->sip);
    on_provisional(ua, leg, e);
  } else if (e->status < 300) {
    heard(ua, leg, e->sip);
    on_answer(ua, leg, e);
  } else {
    if ((e->status == 401 || e->status == 407) && ua_trunk_password(ua, leg, e)) {
      heard(ua, leg, e->sip);
      return;
    }
    on_failure(leg, e);
    heard(ua, leg, e->sip);
    /* A challenge leaves the handle waiting for a password that we do not have. */
    if (e->status == 401 || e->status == 407) ua_leg_over(ua, leg);
  }
}

/* --- the far side's requests within the dialog ------------------------------------- */

static void on_reoffer(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  char sdp[OFFER_TEXT_MAX];
  struct media_desc desc;
  if (e->status >= 200) return; /* nua has answered it itself (glare) */
  leg->sdp_version++;
  struct offer_local local = ua_local(ua, leg);
  bool offered = has_sdp(e->sip);
  if (!offered && e->kind == nua_i_update) { /* only refreshes the session */
    nua_respond(leg->nh, SIP_200_OK, NUTAG_WITH_THIS(ua->nua), TAG_END());
    return;
  }
  int rc = offered ? offer_answer(&local, e->sip->sip_payload->pl_data, e->sip->sip_payload->pl_len, &desc, sdp, sizeof sdp)
                   : offer_write(&local, sdp, sizeof sdp); /* its answer comes in the ACK */
  if (rc > 0 && offered && ua->spec.loopback && !offer_is_loopback(&desc)) rc = CAD_EREFUSED;
  if (rc <= 0) {
    nua_respond(leg->nh, SIP_488_NOT_ACCEPTABLE, NUTAG_WITH_THIS(ua->nua), TAG_END());
    return;
  }
  nua_respond(leg->nh, SIP_200_OK, NUTAG_WITH_THIS(ua->nua), SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp),
              TAG_END());
  if (!offered || same_desc(&leg->desc, &desc)) return;
  leg->desc = desc;
  if (leg->state == LEG_ANSWERED)
    report_or_owe(ua, leg, SIP_MEDIA, 200);
  else {
    early_keep(&leg->early, e->sip->sip_from && e->sip->sip_from->a_tag ? e->sip->sip_from->a_tag : "", &desc);
    report_or_owe(ua, leg, SIP_PROGRESS, leg->said_status ? leg->said_status : 183);
  }
}

static void on_ack(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  struct media_desc desc;
  int rc = read_desc(ua, leg, e->sip, &desc);
  if (rc == CAD_EMPTY) return;
  if (rc != CAD_OK)
    refuse_media(ua, leg, rc);
  else if (!same_desc(&leg->desc, &desc)) {
    leg->desc = desc;
    report_or_owe(ua, leg, SIP_MEDIA, 200);
  }
}

static void on_far_bye(struct leg_entry *leg, const struct ua_event *e) {
  const char *text;
  if (leg->bye_sent || leg->far_ended) return; /* both hung up at once: ours was first */
  leg->far_ended = true;
  read_reason(e->sip, &leg->last.q850, &text);
}

/* --- the end ------------------------------------------------------------------------ */

static struct mail_sip_event last_words(const struct leg_entry *leg) {
  struct mail_sip_event last = leg->last;
  last.leg = leg->id;
  last.desc = (struct media_desc){0};
  if (leg->refusal != CAUSE_NONE) {
    last.cause = leg->refusal;
    if (leg->state == LEG_ANSWERED) last.status = 200;
  } else if (leg->state == LEG_ANSWERED) {
    last.status = 200;
    last.by = leg->far_ended;
    last.cause = leg->far_ended || leg->bye_sent ? CAUSE_NORMAL : CAUSE_TIMEOUT; /* else: a refresh failed and nua hung up */
  } else if (leg->incoming) {                                                    /* he gave up, or never acknowledged */
    last.status = 487;
    last.by = 1;
    last.cause = leg->accepted && !leg->bye_sent ? CAUSE_TIMEOUT : CAUSE_CANCELLED;
  } else if (!leg->final) { /* ended without a word: given up, or ended within the stack */
    last.status = leg->cancelled ? 487 : SIP_STATUS_REFUSED;
    last.cause = leg->cancelled ? CAUSE_CANCELLED : CAUSE_LOCAL;
  }
  return last;
}

void ua_leg_over(struct ua *ua, struct leg_entry *leg) {
  struct post_item item = {.kind = SIP_ENDED, .at = clock_mono(), .u.event = last_words(leg)};
  heard(ua, leg, NULL);
  ua_offer_over(ua, leg);
  if (leg->nh) {
    nua_handle_bind(leg->nh, NULL);
    nua_handle_destroy(leg->nh);
    leg->nh = NULL;
    ua->count.handles--;
  }
  leg_remove(ua->legs, leg);
  ua->count.ended++;
  post_send(ua->post, &item);
}

void ua_leg_event(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  int state = nua_callstate_init;
  switch (e->kind) {
  case nua_r_invite: on_invite_reply(ua, leg, e); break;
  case nua_i_invite:
  case nua_i_update:
    if (!leg->incoming || leg->state == LEG_ANSWERED)
      on_reoffer(ua, leg, e);
    else if (e->status < 200)
      nua_respond(leg->nh, SIP_491_REQUEST_PENDING, NUTAG_WITH_THIS(ua->nua), TAG_END());
    break;
  case nua_i_ack:
    if (leg->accepted && leg->state != LEG_ANSWERED)
      ua_offer_acked(ua, leg, e);
    else
      on_ack(ua, leg, e);
    break;
  case nua_r_update: on_refreshed(ua, leg, e); break;
  case nua_i_bye: on_far_bye(leg, e); break;
  case nua_i_state:
    tl_gets(e->tags, NUTAG_CALLSTATE_REF(state), TAG_END());
    if (state == nua_callstate_terminated && !leg->bare && !ua_dialog_dropped(ua, leg)) ua_leg_over(ua, leg);
    break;
  case nua_r_method: ua_bare_reply(ua, leg, e); break;
  default: break;
  }
}
