/* What media says: greetings, verdicts, bridges, digits, silence. */
#include "dialer/control/inside.h"

static void call_verdict(struct floor *f, struct call *c, const struct mail_media_event *e) {
  if (c->verdict != VERDICT_NONE || e->verdict == VERDICT_NONE || e->verdict >= VERDICT_COUNT) return;
  c->verdict = e->verdict;
  c->reason = e->reason < REASON_COUNT ? e->reason : (uint8_t)REASON_NONE;
  if (c->verdict == VERDICT_PERSON && c->leaving == LEAVING_PICKED_UP) {
    c->reason = REASON_PICKED_UP;
    c->greeting_end = e->greeting_end; /* the end of the words that stopped the message, not of the machine's */
  }
  if (c->greeting_end.ms == 0) c->greeting_end = e->greeting_end;
  call_event(f, c, machine_event(f, c));
}

/* He was handed to an agent as a person: the agent is told, the log and the figures keep it. */
static void call_late(struct floor *f, struct call *c, uint8_t reason) {
  if (c->late_reason != REASON_NONE || c->verdict != VERDICT_PERSON || reason == REASON_NONE || reason >= REASON_COUNT) return;
  c->late_reason = reason;
  f->campaigns[c->campaign].late_machines++;
}

static void call_mail(struct floor *f, const struct mail *m) {
  const struct mail_media_event *e = &m->u.media_event;
  struct call *c = call_find(f, e->owner.slot, e->owner.gen);
  if (!c || !session_eq(c->session, e->session)) return;
  switch ((enum mail_kind)m->kind) {
  case MEDIA_GREETING_END:
    if (c->bridged.ms == 0) c->greeting_end = m->at; /* surer than what came with the verdict */
    break;
  case MEDIA_VERDICT: call_verdict(f, c, e); break;
  case MEDIA_BRIDGED:
    if (c->state == CALL_CONNECTING && c->bridged.ms == 0) {
      c->bridged = m->at;
      /* Judged a person while he spoke: his greeting was not over before the agent came. */
      if (c->greeting_end.ms == 0 && c->reason != REASON_SCREENING_OFF) c->greeting_end = m->at;
    }
    call_event(f, c, EV_BRIDGED);
    break;
  case MEDIA_DEADLINE:
    if (c->greeting_end.ms == 0) c->greeting_end = e->greeting_end;
    call_event(f, c, EV_DEADLINE);
    break;
  case MEDIA_PLAYED:
    machine_played(f, c, m->at);
    call_event(f, c, EV_PLAYED);
    break;
  case MEDIA_MESSAGE: machine_message_begins(f, c, m->at, (enum verdict_reason)e->reason); break;
  case MEDIA_PICKED_UP: machine_picked_up(f, c, m->at); break;
  case MEDIA_DIGIT:
    if (!c->inbound && (c->state == CALL_MESSAGE || c->state == CALL_LEAVING || c->message_begun) &&
        e->digit == (char)f->campaigns[c->campaign].terms.optout_digit)
      call_event(f, c, EV_OPT_OUT); /* also when the message has just ended */
    break;
  case MEDIA_LATE: call_late(f, c, e->reason); break;
  case MEDIA_DEAD:
    if (c->leaving != LEAVING_PLAYS) call_event(f, c, EV_DEAD); /* a machine that records may send nothing */
    break;
  default: break;
  }
}

/* The store knows whether the same was heard at another number. */
static void print_mail(struct floor *f, const struct mail_media_print *p) {
  const struct call *c = p->owner.role == LEG_CALL ? call_find(f, p->owner.slot, p->owner.gen) : NULL;
  if (c && session_eq(c->session, p->session)) order_print(f, c, &p->print);
}

static void seat_mail(struct floor *f, const struct mail *m) {
  const struct mail_media_event *e = &m->u.media_event;
  struct agent *a = agent_of_leg(f, e->owner);
  if (!a || !session_eq(a->session, e->session)) return;
  if (m->kind == MEDIA_DIGIT)
    agent_digit(f, a, e->digit);
  else if (m->kind == MEDIA_DEAD && a->seat == SEAT_UP) { /* the phone vanished: its customer goes to the next agent */
    struct leg leg = agent_leg(f, a);
    uint16_t listener = a->seat_listener;
    seat_over(f, a);
    order_leg(f, SIP_BYE, listener, leg);
  }
}

void from_media(struct control *k, const struct mail *m) {
  struct floor *f = &k->floor;
  if (m->kind == MEDIA_CREDIT) {
    floor_credit_add(f, &m->u.media_credit);
    return;
  }
  if (m->kind == MEDIA_PRINT) {
    print_mail(f, &m->u.media_print);
    return;
  }
  if (m->u.media_event.owner.role == LEG_CALL)
    call_mail(f, m);
  else if (m->u.media_event.owner.role == LEG_SEAT)
    seat_mail(f, m);
}
