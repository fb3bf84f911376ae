/* Dialogs that outlive their worker: told to the loop while they live, taken up again or ended by the next worker.
 *
 * Taking up is a re-INVITE within the old dialog, with the tags, target, route and CSeq that were kept: it gives the
 * stack a living dialog again and asks the far side whether it is still there. Where the far side takes no
 * re-INVITE, the leg stays bare: its audio goes on, and it is ended by a BYE of its own. */
#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/sip/orphan.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CSEQ_STEP = 16, CANCEL_TIMES = 3 };

/* false: longer than its field; nothing of it is used then. */
static bool put(char *out, size_t size, const char *text) {
  int n = snprintf(out, size, "%s", text ? text : "");
  return n >= 0 && (size_t)n < size;
}

static bool put_address(char *out, size_t size, const sip_addr_t *a) {
  if (!a || !a->a_tag || !a->a_url[0].url_host) return false;
  char url[WIDE_URI];
  isize_t n = url_e(url, sizeof url, a->a_url);
  if (n < 0 || (size_t)n >= sizeof url) return false;
  int m = snprintf(out, size, "<%s>;tag=%s", url, a->a_tag);
  return m >= 0 && (size_t)m < size;
}

static bool put_url(char *out, size_t size, const url_t *url) {
  isize_t n = url ? url_e(out, (isize_t)size, url) : -1;
  return n >= 0 && (size_t)n < size;
}

/* Record-Route of an answer names our way from the far end; of a request, from our end. */
static bool put_route(char *out, size_t size, const sip_record_route_t *rr, bool reverse) {
  const sip_record_route_t *list[16];
  unsigned n = 0;
  size_t used = 0;
  out[0] = 0;
  for (; rr && n < 16; rr = rr->r_next) list[n++] = rr;
  if (rr) return false;
  for (unsigned i = 0; i < n; i++) {
    char url[WIDE_URI];
    if (!put_url(url, sizeof url, list[reverse ? n - 1 - i : i]->r_url)) return false;
    int m = snprintf(out + used, size - used, "%s<%s>", used ? ", " : "", url);
    if (m < 0 || (size_t)m >= size - used) return false;
    used += (size_t)m;
  }
  return true;
}

bool ua_dialog_route(const sip_t *sip, char *out, size_t size) { return put_route(out, size, sip->sip_record_route, false); }

/* The ACK of a caller names no route; his INVITE did. */
static bool route_of(const struct leg_entry *leg, const sip_t *sip, bool incoming, struct wide_dialog *d) {
  if (leg->caller) return put(d->route, sizeof d->route, leg->caller->route);
  return put_route(d->route, sizeof d->route, sip->sip_record_route, !incoming);
}

static bool describe(const struct leg_entry *leg, const sip_t *sip, enum dialog_state state, bool incoming, struct wide_dialog *d) {
  d->leg = leg->id;
  d->state = (uint8_t)state;
  d->incoming = incoming;
  d->trunk = leg->trunk;
  d->media_port = leg->media_port;
  memcpy(d->codecs, leg->codecs, sizeof d->codecs);
  d->codec_count = leg->codec_count;
  d->sdp_id = leg->sdp_id;
  d->sdp_version = leg->sdp_version;
  d->desc = leg->desc;
  if (!sip->sip_call_id || !sip->sip_from || !sip->sip_to || !sip->sip_cseq) return false;
  d->cseq = incoming ? 1 : sip->sip_cseq->cs_seq;
  const sip_addr_t *local = incoming ? sip->sip_to : sip->sip_from, *remote = incoming ? sip->sip_from : sip->sip_to;
  bool good = put(d->call_id, sizeof d->call_id, sip->sip_call_id->i_id) && put_address(d->local, sizeof d->local, local) &&
              put_address(d->remote, sizeof d->remote, remote) && route_of(leg, sip, incoming, d) && put(d->uri, sizeof d->uri, leg->uri) &&
              put(d->branch, sizeof d->branch, sip->sip_via ? sip->sip_via->v_branch : "");
  if (good && !d->route[0] && leg->dialog) { /* a later answer need not repeat it */
    struct wide_dialog old;
    kept_read(leg->dialog, &old);
    put(d->route, sizeof d->route, old.route);
  }
  if (good && sip->sip_contact) return put_url(d->target, sizeof d->target, sip->sip_contact->m_url);
  return good && put(d->target, sizeof d->target, leg->uri);
}

static void tell(struct ua *ua, struct wide *w) {
  w->worker = ua->spec.gen;
  if (ua->post->gone) return;
  if (wide_send_fd(ua->post->fd, w) == CAD_EFULL) ua->count.dialogs_untold++;
}

void ua_dialog_note(struct ua *ua, struct leg_entry *leg, const sip_t *sip, enum dialog_state state) {
  struct wide w;
  if (!sip || ua->closing || (state == DIALOG_EARLY && leg->noted >= DIALOG_EARLY)) return;
  wide_make(&w, SIP_DIALOG, clock_mono());
  if (!describe(leg, sip, state, leg->incoming, &w.u.dialog)) return; /* odd or too long: this one would not outlive us */
  leg->noted = (uint8_t)state;
  if (!wide_dialog_valid(&w.u.dialog)) return;
  struct kept_dialog *kept = state == DIALOG_CONFIRMED ? kept_make(&w.u.dialog) : NULL;
  if (kept) {
    free(leg->dialog);
    leg->dialog = kept;
  }
  tell(ua, &w);
}

/* The number of our newest request in it, so that no worker after us uses it again. */
static void tell_number(struct ua *ua, struct leg_entry *leg, uint32_t cseq) {
  struct wide w;
  leg->dialog->cseq = cseq;
  leg->dialog->sdp_version = leg->sdp_version;
  wide_make(&w, SIP_DIALOG, clock_mono());
  kept_read(leg->dialog, &w.u.dialog);
  tell(ua, &w);
}

void ua_dialog_refreshed(struct ua *ua, struct leg_entry *leg, const sip_t *sip) {
  if (!leg->dialog || !sip || !sip->sip_cseq || sip->sip_cseq->cs_seq <= leg->dialog->cseq) return;
  tell_number(ua, leg, sip->sip_cseq->cs_seq);
}

/* --- taking up ------------------------------------------------------------------------- */

static nua_handle_t *handle_of(struct ua *ua, struct leg_entry *leg, const struct wide_dialog *d) {
  nua_handle_t *nh = nua_handle(ua->nua, leg_ticket(leg), NUTAG_URL(d->target), SIPTAG_FROM_STR(d->local), SIPTAG_TO_STR(d->remote),
                                SIPTAG_CALL_ID_STR(d->call_id), TAG_END());
  if (nh) ua->count.handles++;
  return nh;
}

static void drop_handle(struct ua *ua, struct leg_entry *leg) {
  if (!leg->nh) return;
  nua_handle_bind(leg->nh, NULL);
  nua_handle_destroy(leg->nh);
  leg->nh = NULL;
  ua->count.handles--;
}

/* Loop's memory and what a SIP message carries: nothing goes out but to an address that we may call. */
static bool may_call(struct ua *ua, const struct wide_dialog *d) {
  char target[WIDE_URI], first[WIDE_URI];
  if (!ua->spec.loopback) return true;
  if (d->route[0]) {
    const char *end = strchr(d->route, '>');
    if (!end || (size_t)(end - d->route) >= sizeof first) return false;
    snprintf(first, sizeof first, "%.*s", (int)(end - d->route - 1), d->route + 1);
  } else
    snprintf(first, sizeof first, "%s", d->target);
  return trunk_target(&ua->trunks, first, NULL, 0, target, sizeof target) == CAD_OK;
}

static void resume_invite(struct ua *ua, struct leg_entry *leg) {
  struct wide_dialog d;
  char sdp[OFFER_TEXT_MAX], cseq[32];
  kept_read(leg->dialog, &d);
  orphan_ack(&ua->spec, &d); /* first, so that whoever waits for it takes our INVITE */
  leg->sdp_version++;
  tell_number(ua, leg, d.cseq + CSEQ_STEP);
  kept_read(leg->dialog, &d);
  snprintf(cseq, sizeof cseq, "%u INVITE", d.cseq);
  struct offer_local local = ua_local(ua, leg);
  leg->nh = offer_write(&local, sdp, sizeof sdp) > 0 ? handle_of(ua, leg, &d) : NULL;
  if (!leg->nh) {
    ua_leg_over(ua, leg);
    return;
  }
  nua_invite(leg->nh, SIPTAG_CSEQ_STR(cseq), TAG_IF(d.route[0], SIPTAG_ROUTE_STR(d.route)), TAG_IF(d.route[0], NUTAG_AUTOACK(0)),
             SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
}

static struct leg_entry *take_up(struct ua *ua, const struct wide_dialog *d) {
  struct leg_entry *leg = ua->closing || leg_find(ua->legs, d->leg) ? NULL : leg_add(ua->legs, d->leg);
  if (!leg) return NULL;
  leg->dialog = kept_make(d);
  if (!leg->dialog) {
    leg_remove(ua->legs, leg);
    return NULL;
  }
  leg->heard = true; /* no trunk waits for it */
  leg->noted = d->state;
  leg->incoming = d->incoming;
  leg->trunk = d->trunk < TRUNKS_MAX ? d->trunk : 0;
  leg->media_port = d->media_port;
  memcpy(leg->codecs, d->codecs, sizeof leg->codecs);
  leg->codec_count = d->codec_count;
  leg->sdp_id = d->sdp_id;
  leg->sdp_version = d->sdp_version;
  leg->desc = d->desc;
  return leg;
}

void ua_resume(struct ua *ua, const struct wide_dialog *d) {
  struct leg_entry *leg = take_up(ua, d);
  if (!leg) return;
  leg->state = LEG_ANSWERED;
  leg->resuming = true;
  if (!may_call(ua, d)) {
    leg->refusal = CAUSE_LOCAL;
    ua_leg_over(ua, leg);
    return;
  }
  ua->count.resumed++;
  resume_invite(ua, leg);
}

static void resumed(struct ua *ua, struct leg_entry *leg) {
  struct post_item item = {.kind = SIP_RESUMED, .at = clock_mono(), .u.event = {.leg = leg->id, .status = 200, .desc = leg->desc}};
  leg->resuming = false;
  post_send(ua->post, &item);
}

/* The far side knows nothing of this dialog any more, or nobody is there. */
static bool far_side_gone(int status) {
  return status == 481 || status == 404 || status == 410 || status == 604 || status == 408 || status == 503;
}

bool ua_resume_reply(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  if (!leg->resuming) return false;
  if (e->status < 200) return true;
  if (e->status < 300) {
    struct wide_dialog d;
    kept_read(leg->dialog, &d);
    if (d.route[0]) nua_ack(leg->nh, TAG_IF(!e->sip || !e->sip->sip_record_route, SIPTAG_ROUTE_STR(d.route)), TAG_END());
    if (e->sip) ua_dialog_note(ua, leg, e->sip, DIALOG_CONFIRMED);
    resumed(ua, leg);
    if (leg->bye_wanted) ua_leg_end(ua, leg, true);
    return false; /* its SDP is read as that of any answer within the dialog */
  }
  drop_handle(ua, leg);
  if (far_side_gone(e->status)) {
    leg->far_ended = true;
    ua_leg_over(ua, leg);
  } else if (e->status == 491) { /* both at once: again when the other is through */
    leg->again = mono_add(clock_mono(), 2100);
  } else {
    leg->bare = true;
    resumed(ua, leg);
    if (leg->bye_wanted) ua_leg_end(ua, leg, true);
  }
  return true;
}

void ua_resume_again(struct ua *ua, struct leg_entry *leg, struct mono now) {
  if (leg->again.ms == 0 || leg->again.ms > now.ms) return;
  leg->again = MONO_NONE;
  if (leg->bye_wanted) {
    leg->bare = true;
    leg->resuming = false;
    ua_bare_bye(ua, leg);
  } else
    resume_invite(ua, leg);
}

/* --- ending ---------------------------------------------------------------------------- */

void ua_bare_bye(struct ua *ua, struct leg_entry *leg) {
  struct wide_dialog d;
  char cseq[32];
  leg->dialog->cseq += CSEQ_STEP;
  kept_read(leg->dialog, &d);
  snprintf(cseq, sizeof cseq, "%u BYE", d.cseq);
  leg->bye_sent = true;
  leg->end_asked = clock_mono();
  leg->nh = handle_of(ua, leg, &d);
  if (!leg->nh) {
    ua_leg_over(ua, leg);
    return;
  }
  nua_method(leg->nh, NUTAG_METHOD("BYE"), SIPTAG_CSEQ_STR(cseq), TAG_IF(d.route[0], SIPTAG_ROUTE_STR(d.route)), TAG_END());
}

bool ua_dialog_dropped(struct ua *ua, struct leg_entry *leg) {
  if (leg->state != LEG_ANSWERED || !leg->dialog || leg->bare || leg->bye_sent || leg->far_ended || ua->closing) return false;
  if (leg->refusal != CAUSE_NONE || leg->resuming) return false;
  drop_handle(ua, leg);
  leg->refusal = CAUSE_TIMEOUT;
  leg->bare = true;
  ua_bare_bye(ua, leg);
  return true;
}

void ua_bare_reply(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  if (e->status >= 200 && leg->bye_sent) ua_leg_over(ua, leg);
}

void ua_orphan(struct ua *ua, const struct wide_dialog *d) {
  struct leg_entry *leg = take_up(ua, d);
  if (!leg) return;
  leg->state = LEG_ANSWERED;
  leg->bare = true;
  leg->bye_wanted = true;
  ua->count.orphans++;
  if (!may_call(ua, d)) {
    ua_leg_over(ua, leg);
  } else if (d->state == DIALOG_EARLY && !d->incoming && orphan_cancel(&ua->spec, d) == CAD_OK) {
    leg->end_asked = clock_mono();
    leg->cancels = 1;
  } else {
    ua_bare_bye(ua, leg);
  }
}

void ua_orphan_again(struct ua *ua, struct leg_entry *leg) {
  if (leg->cancels == 0) return;
  if (leg->cancels++ < CANCEL_TIMES) {
    struct wide_dialog d;
    kept_read(leg->dialog, &d);
    orphan_cancel(&ua->spec, &d);
  } else
    ua_leg_over(ua, leg); /* an answer that comes now is acknowledged and ended by the stack */
}
