/* What is done with a machine, or with a call-screening robot: hang up, leave a message, or give it to an agent. */
#include "dialer/floor/floor.h"

enum { PLAY_MOST_MS = 310000 };

static enum machine_action action_for(const struct campaign_terms *t, enum verdict v) {
  if (v == VERDICT_MACHINE) return (enum machine_action)t->machine_action;
  if (v == VERDICT_SCREENING) return (enum machine_action)t->screening_action;
  return MACHINE_HANG_UP;
}

enum call_event machine_event(struct floor *f, const struct call *c) {
  const struct campaign_terms *t = &f->campaigns[c->campaign].terms;
  if (c->verdict == VERDICT_PERSON) return EV_PERSON;
  if (c->state != CALL_SCREENING) return EV_NOT_PERSON;
  switch (action_for(t, (enum verdict)c->verdict)) {
  case MACHINE_MESSAGE: return t->prompt_message != 0 && c->message_refused == REFUSAL_NONE ? EV_LEAVE : EV_NOT_PERSON;
  case MACHINE_AGENT: return pool_pick(f, c->campaign) ? EV_ANYWAY : EV_NOT_PERSON; /* nobody waits in a queue for a machine */
  default: return EV_NOT_PERSON;
  }
}

void machine_leave(struct floor *f, struct call *c) {
  c->leaving = LEAVING_WAITS;
  order_leave(f, c->session, f->campaigns[c->campaign].terms.prompt_message);
}

void machine_to_agent(struct floor *f, struct call *c) {
  floor_tell_pacer(f, c->campaign, PACER_CALL_PERSON, call_slot(f, c), c->agent, c->lease.segment);
  waitq_push(f, c, true);
  pool_match(f, c->campaign);
}

/* Who spoke into the message was the machine itself: it waits for its beep once more. */
void machine_goes_on(struct floor *f, struct call *c) {
  (void)f;
  if (c->leaving == LEAVING_PICKED_UP) c->leaving = LEAVING_WAITS;
}

static void count_played(struct call *c, struct mono until) {
  if (c->leaving == LEAVING_PLAYS && until.ms > c->message_at.ms) c->message_ms = (uint32_t)(until.ms - c->message_at.ms);
}

void machine_message_begins(struct floor *f, struct call *c, struct mono at, enum verdict_reason after) {
  if (c->state != CALL_LEAVING) return;
  c->leaving = LEAVING_PLAYS;
  c->message_at = at;
  c->message_ms = 0;
  c->message_after = (uint8_t)after;
  timers_set(f->timers, timer_of_call(f, call_slot(f, c)), mono_add(f->now.mono, PLAY_MOST_MS));
}

void machine_picked_up(struct floor *f, struct call *c, struct mono at) {
  if (c->state != CALL_LEAVING || c->leaving != LEAVING_PLAYS) return;
  count_played(c, f->now.mono);
  c->leaving = LEAVING_PICKED_UP;
  c->verdict = VERDICT_NONE;
  c->reason = REASON_NONE;
  c->greeting_end = at; /* until his own words end */
}

bool machine_played(struct floor *f, struct call *c, struct mono at) {
  (void)f;
  if (c->state != CALL_LEAVING || c->leaving != LEAVING_PLAYS) return false;
  count_played(c, at);
  c->leaving = LEAVING_DONE;
  return true;
}

void machine_over(struct call *c) { count_played(c, c->ended); }
