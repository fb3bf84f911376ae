/* What the SIP workers say. */
#include "dialer/control/inside.h"

static bool may_change_media(const struct call *c) {
  return c->state == CALL_GREETING || c->state == CALL_QUEUED || c->state == CALL_SCREENING || c->state == CALL_WAITING ||
         c->state == CALL_CONNECTING || c->state == CALL_TALKING || c->state == CALL_LEAVING || c->state == CALL_MESSAGE;
}

static void call_progress(struct floor *f, struct call *c, const struct mail *m) {
  const struct mail_sip_event *e = &m->u.sip_event;
  if (c->answered.ms || c->leg_over) return; /* a fork that still rings */
  c->sip_code = e->status;
  if (e->desc.family && e->sdp_new && (c->state == CALL_DIALING || c->state == CALL_RINGING))
    order_remote(f, c->session, call_leg(f, c), &e->desc, true);
  if (e->status > 100 && c->ringing.ms == 0) {
    c->ringing = m->at;
    call_event(f, c, EV_RINGING);
  }
}

static void call_answered(struct floor *f, struct call *c, const struct mail *m) {
  const struct mail_sip_event *e = &m->u.sip_event;
  if (c->answered.ms) return;
  c->answered = m->at;
  c->hints |= e->hints;
  c->sip_code = e->status;
  if (e->desc.family == 0) { /* an answer without media cannot be served */
    c->cause = CAUSE_MEDIA;
  } else {
    order_remote(f, c->session, call_leg(f, c), &e->desc, false);
  }
  call_event(f, c, EV_ANSWERED);
}

static void call_over(struct floor *f, struct call *c, const struct mail *m) {
  const struct mail_sip_event *e = &m->u.sip_event;
  if (route_again(f, c, e)) return;
  c->leg_over = 1;
  if (c->ended.ms == 0) c->ended = m->at;
  if (c->answered.ms == 0 && e->status >= 300) c->sip_code = e->status;
  c->q850 = e->q850;
  if (c->cause == CAUSE_NONE) c->cause = e->cause;
  if (c->ended_by == ENDED_BY_NONE) {
    if (c->answered.ms)
      c->ended_by = e->by ? ENDED_BY_CALLEE : ENDED_BY_NETWORK;
    else
      c->ended_by = c->inbound                                                                           ? ENDED_BY_CALLEE
                    : e->cause == CAUSE_CANCELLED                                                        ? ENDED_BY_SYSTEM
                    : e->cause == CAUSE_BUSY || e->cause == CAUSE_REJECTED || e->cause == CAUSE_UNWANTED ? ENDED_BY_CALLEE
                                                                                                         : ENDED_BY_NETWORK;
  }
  call_event(f, c, EV_OVER);
}

/* An answer for a call that we gave up: its leg must not live on, whichever worker has it. */
static void hang_up_stray(struct floor *f, struct leg leg) {
  for (uint16_t l = 0; l < FLOOR_LISTENERS_MAX; l++)
    if (f->worker_up[l]) order_leg(f, SIP_BYE, l, leg);
}

static void call_mail(struct floor *f, const struct mail *m) {
  const struct mail_sip_event *e = &m->u.sip_event;
  struct call *c = call_find(f, e->leg.slot, e->leg.gen);
  if (m->kind == SIP_ANSWERED && (!c || c->state == CALL_CLOSING)) hang_up_stray(f, e->leg);
  if (m->kind == SIP_RESUMED && (!c || c->state == CALL_CLOSING)) hang_up_stray(f, e->leg);
  if (!c || c->state == CALL_CLOSING) return;
  switch ((enum mail_kind)m->kind) {
  case SIP_PROGRESS: call_progress(f, c, m); break;
  case SIP_ANSWERED: call_answered(f, c, m); break;
  case SIP_RESUMED: call_resumed(f, c); break;
  case SIP_MEDIA:
    if (may_change_media(c) && e->desc.family) order_remote(f, c->session, e->leg, &e->desc, false);
    break;
  default: call_over(f, c, m); break;
  }
}

static void seat_mail(struct floor *f, const struct mail *m) {
  const struct mail_sip_event *e = &m->u.sip_event;
  struct agent *a = agent_of_leg(f, e->leg);
  if (!a && m->kind == SIP_RESUMED) hang_up_stray(f, e->leg);
  if (!a) return;
  switch ((enum mail_kind)m->kind) {
  case SIP_ANSWERED:
    if (a->seat == SEAT_UP) break;
    if (e->desc.family)
      seat_answered(f, a, &e->desc);
    else
      seat_hang_up(f, a);
    break;
  case SIP_MEDIA:
    if (e->desc.family) seat_media(f, a, &e->desc);
    break;
  case SIP_RESUMED: seat_resumed(f, a); break;
  case SIP_ENDED: seat_over(f, a); break;
  default: break;
  }
}

static void worker_lost(struct floor *f, uint16_t listener) {
  f->worker_up[listener] = false;
  f->sip_restarts++;
  for (uint32_t i = 0; i < f->calls_max; i++) {
    struct call *c = &f->calls[i];
    if (c->state != CALL_FREE && c->state != CALL_OPENING && c->state != CALL_CLOSING && f->trunks[c->trunk].listener == listener)
      call_event(f, c, EV_WORKER_LOST);
  }
  seat_worker_lost(f, listener);
}

void from_sip(struct control *k, const struct mail *m) {
  struct floor *f = &k->floor;
  uint16_t listener = m->u.sip_up.worker;
  switch ((enum mail_kind)m->kind) {
  case SIP_UP:
    if (listener >= FLOOR_LISTENERS_MAX) return;
    f->worker_up[listener] = true;
    seat_worker_up(f, listener);
    for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) f->campaigns[i].pace_now = true;
    break;
  case SIP_PHONE: {
    struct agent *a = agent_by_id(f, m->u.sip_phone.agent_id);
    if (a && m->u.sip_phone.listener < FLOOR_LISTENERS_MAX) seat_phone(f, a, m->u.sip_phone.up, m->u.sip_phone.listener);
    break;
  }
  case SIP_TRUNK_STATE: {
    const struct mail_sip_trunk_state *s = &m->u.sip_trunk_state;
    if (s->trunk >= f->trunk_count) return;
    f->trunks[s->trunk].up = s->up;
    f->trunks[s->trunk].state = s->state;
    f->trunks[s->trunk].status = s->status;
    for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) f->campaigns[i].pace_now = true;
    break;
  }
  case SIP_LOST:
    if (listener < FLOOR_LISTENERS_MAX) worker_lost(f, listener);
    break;
  case SIP_INCOMING: inbound_arrive(f, m); break;
  default:
    if (m->u.sip_event.leg.role == LEG_OFFER)
      inbound_gone(f, &m->u.sip_event);
    else if (m->u.sip_event.leg.role == LEG_CALL)
      call_mail(f, m);
    else
      seat_mail(f, m);
    break;
  }
}
