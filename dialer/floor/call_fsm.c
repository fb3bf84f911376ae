/* The life of a call as a table: (state, event) -> (state, action that only writes orders).
 *
 * One function changes state, stamps the time and arms the new state's patience. Pairs
 * that are not listed are counted and ignored. docs/call-states.md is printed from it. */
#include "dialer/floor/floor.h"
#include <stddef.h>

/* Of callers the pacer knows their arrival and their agents. */
static void pacer(struct floor *f, struct call *c, enum pacer_event_kind kind) {
  if (c->inbound) return;
  floor_tell_pacer(f, c->campaign, kind, call_slot(f, c), c->agent, c->lease.segment);
}

void call_part(struct floor *f, struct call *c) {
  if (c->dedicated != NOBODY) {
    struct agent *kept = &f->agents[c->dedicated];
    c->dedicated = NOBODY;
    if (kept->call == call_slot(f, c)) agent_unreserve(f, kept);
  }
  if (c->agent == NOBODY) return;
  struct agent *a = &f->agents[c->agent];
  if (a->call != call_slot(f, c)) return;
  order_session(f, MEDIA_UNBRIDGE, a->session); /* a bridge that was ordered may be there before media says so */
  if (a->state == AGENT_TALKING) {
    c->agent_end = f->now.mono;
    c->talk_ms += (uint32_t)mono_since(f->now.mono, a->since);
    agent_call_over(f, a);
  } else {
    c->agent = NOBODY;
    agent_unreserve(f, a);
  }
}

static void tally(struct floor *f, const struct call *c) {
  struct campaign *p = &f->campaigns[c->campaign];
  p->attempts++;
  if (c->answered.ms) p->answered++;
  p->abandoned += c->abandoned; /* as the records count, whatever else went wrong */
  p->live_answers += c->abandoned || c->outcome == OUTCOME_CONNECTED;
  switch ((enum outcome)c->outcome) {
  case OUTCOME_CONNECTED: p->connected++; break;
  case OUTCOME_ABANDONED: break;
  case OUTCOME_EARLY_HANGUP: p->early_hangup++; break;
  case OUTCOME_MACHINE:
  case OUTCOME_SCREENING:
  case OUTCOME_MESSAGE_LEFT:
  case OUTCOME_FAX:
  case OUTCOME_DEAD_AIR: p->machines++; break;
  case OUTCOME_NO_ANSWER: p->no_answer++; break;
  case OUTCOME_BUSY: p->busy++; break;
  default: p->failed++; break;
  }
}

/* The leg is over (or never was): everything goes back, the store gets the outcome. */
static void close_call(struct floor *f, struct call *c, enum cause cause, enum ended_by by) {
  if (c->ended.ms == 0) c->ended = f->now.mono;
  if (c->cause == CAUSE_NONE) c->cause = (uint8_t)cause;
  if (c->ended_by == ENDED_BY_NONE) c->ended_by = (uint8_t)by;
  waitq_remove(f, c);
  call_part(f, c);
  order_session(f, MEDIA_RELEASE, c->session);
  c->session = (struct session){0, 0};
  f->trunks[c->trunk].used--;
  f->campaigns[c->campaign].pace_now = true; /* a line is free */
  order_close(f, c);
  if (c->inbound) return;
  tally(f, c);
  route_count(f, c);
  /* Whoever hangs up in the middle of his own greeting waited for nobody: that is no fault of the pace. */
  bool waited = c->verdict != VERDICT_NONE || c->greeting_end.ms != 0;
  if (c->outcome == OUTCOME_EARLY_HANGUP && waited) pacer(f, c, PACER_CALL_EARLY_HANGUP);
  if (c->abandoned && !c->message_begun) pacer(f, c, PACER_CALL_ABANDONED);
  enum pacer_class closed = PACER_CLASS_NOT_LIVE; /* the account holds what the record holds */
  if (c->abandoned)
    closed = PACER_CLASS_ABANDONED;
  else if (c->outcome == OUTCOME_CONNECTED)
    closed = PACER_CLASS_SERVED;
  else if (c->outcome == OUTCOME_EARLY_HANGUP && waited)
    closed = PACER_CLASS_EARLY;
  floor_tell_closed(f, c->campaign, call_slot(f, c), closed);
}

static void bye(struct floor *f, struct call *c, enum cause cause, enum ended_by by) {
  if (c->ended.ms == 0) c->ended = f->now.mono;
  if (c->cause == CAUSE_NONE) c->cause = (uint8_t)cause;
  if (c->ended_by == ENDED_BY_NONE) c->ended_by = (uint8_t)by;
  waitq_remove(f, c);
  call_part(f, c);
  if (c->leg_over) /* its dialog died with its worker: nobody would confirm a BYE */
    call_event(f, c, EV_OVER);
  else
    order_leg(f, SIP_BYE, f->trunks[c->trunk].listener, call_leg(f, c));
}

static void cancel(struct floor *f, struct call *c) { order_leg(f, SIP_CANCEL, f->trunks[c->trunk].listener, call_leg(f, c)); }

static void act_invite(struct floor *f, struct call *c) { order_invite_call(f, c); }
/* Nothing was sent from it yet. */
static void give_back_credit(struct floor *f, const struct call *c) {
  const struct mail_media_credit credit = {c->session, c->port, f->credits_by_listener ? f->trunks[c->trunk].listener : 0};
  floor_credit_add(f, &credit);
}
static void act_refused(struct floor *f, struct call *c) {
  f->trunks[c->trunk].used--;
  give_back_credit(f, c);
  f->campaigns[c->campaign].refused++;
  f->campaigns[c->campaign].pace_now = true;
  call_part(f, c);
  pacer(f, c, PACER_CALL_ENDED);
  call_free(f, c);
}
static void act_not_dialed(struct floor *f, struct call *c) { close_call(f, c, CAUSE_CANCELLED, ENDED_BY_SYSTEM); }
static void act_ringing(struct floor *f, struct call *c) { pacer(f, c, PACER_CALL_RINGING); }
static void act_cancel(struct floor *f, struct call *c) { cancel(f, c); }
static void act_give_up(struct floor *f, struct call *c) {
  c->gave_up = 1;
  cancel(f, c);
}
static void act_over(struct floor *f, struct call *c) { close_call(f, c, CAUSE_NORMAL, ENDED_BY_NETWORK); }
static void act_lost(struct floor *f, struct call *c) {
  c->leg_over = 1;
  close_call(f, c, CAUSE_WORKER_LOST, ENDED_BY_SYSTEM);
}
/* The far side never confirmed our BYE or CANCEL; the SIP worker frees its leg by its own timers. */
static void act_forced(struct floor *f, struct call *c) { close_call(f, c, CAUSE_TIMEOUT, ENDED_BY_SYSTEM); }

static void act_answered(struct floor *f, struct call *c) {
  pacer(f, c, PACER_CALL_ANSWERED);
  if (f->stopping || c->cause == CAUSE_MEDIA) { /* nobody can serve him */
    call_event(f, c, EV_STOP);
    return;
  }
  order_screen(f, c);
  if (outcome_of_verdict(c->verdict) != OUTCOME_NONE) { /* a tone was heard, then the answer crossed our CANCEL */
    call_event(f, c, EV_NOT_PERSON);
  } else if (!f->campaigns[c->campaign].terms.screening || c->dedicated != NOBODY) {
    c->verdict = VERDICT_PERSON;
    c->reason = REASON_SCREENING_OFF;
    call_event(f, c, EV_PERSON);
  }
}
static void act_not_person(struct floor *f, struct call *c) { bye(f, c, CAUSE_NORMAL, ENDED_BY_SYSTEM); }
static void act_tone(struct floor *f, struct call *c) {
  if (c->verdict == VERDICT_BUSY_TONE) c->cause = CAUSE_IN_BAND_BUSY;
  if (c->verdict == VERDICT_SIT) c->cause = CAUSE_IN_BAND_SIT;
  cancel(f, c);
}
static void act_wait(struct floor *f, struct call *c) {
  if (c->verdict == VERDICT_NONE) { /* media never said: a person */
    c->verdict = VERDICT_PERSON;
    c->reason = REASON_UNDECIDED;
  }
  pacer(f, c, PACER_CALL_PERSON);
  if (c->dedicated != NOBODY) {
    const struct agent *kept = &f->agents[c->dedicated];
    if (kept->call == call_slot(f, c) && kept->seat == SEAT_UP) {
      c->agent = c->dedicated;
      c->dedicated = NOBODY;
      call_event(f, c, EV_AGENT);
      return;
    }
    call_part(f, c); /* his phone is gone: the caller waits for anybody */
  }
  waitq_push(f, c, false);
  pool_match(f, c->campaign);
}
/* The store cannot keep it: nothing was promised to the caller. */
static void act_offer_refused(struct floor *f, struct call *c) {
  if (!c->leg_over) order_reject(f, f->trunks[c->trunk].listener, c->offer, 503, 5);
  f->queues[c->queue].refused++;
  f->trunks[c->trunk].used--;
  give_back_credit(f, c);
  call_free(f, c);
}
/* He hung up, or the box ends, while the store wrote: it is closed as it was opened. */
static void act_offer_dropped(struct floor *f, struct call *c) {
  if (!c->leg_over) order_reject(f, f->trunks[c->trunk].listener, c->offer, 503, 30);
  c->queue_end = c->leg_over ? QUEUE_END_LEFT : QUEUE_END_BROKEN;
  close_call(f, c, CAUSE_CANCELLED, c->leg_over ? ENDED_BY_CALLEE : ENDED_BY_SYSTEM);
}
static void act_greet(struct floor *f, struct call *c) {
  if (f->stopping || c->cause == CAUSE_MEDIA)
    call_event(f, c, EV_STOP);
  else
    inbound_greet(f, c);
}

static void act_connect(struct floor *f, struct call *c) {
  c->bridge_asked = 1;
  order_bridge(f, c, &f->agents[c->agent]);
}
static void act_talk(struct floor *f, struct call *c) {
  agent_talk(f, &f->agents[c->agent]);
  c->served_by = f->agents[c->agent].id;
  if (c->inbound) inbound_served(f, c);
  pacer(f, c, PACER_CALL_CONNECTED);
  c->connected_before = 1;
}
/* Media began the message by its own clock. */
static void act_message(struct floor *f, struct call *c) {
  waitq_remove(f, c);
  call_part(f, c);
  c->message_begun = 1;
  if (c->verdict == VERDICT_NONE) {
    c->verdict = VERDICT_PERSON;
    c->reason = REASON_UNDECIDED;
  }
  pacer(f, c, PACER_CALL_ABANDONED);
  if (f->campaigns[c->campaign].terms.prompt_safe_harbour == 0) call_event(f, c, EV_PLAYED);
}
/* No word from media, or a caller who lost his agent and found no other: we start it. */
static void act_late_message(struct floor *f, struct call *c) {
  uint16_t prompt = f->campaigns[c->campaign].terms.prompt_safe_harbour;
  waitq_remove(f, c);
  call_part(f, c);
  if (c->inbound) {
    inbound_farewell(f, c);
    return;
  }
  if (outcome_of_verdict((enum verdict)c->verdict) != OUTCOME_NONE) { /* a machine that lost its agent: nobody is there to hear it */
    call_event(f, c, EV_PLAYED);
    return;
  }
  if (prompt) order_play(f, c->session, prompt);
  if (c->connected_before) {
    if (!prompt) call_event(f, c, EV_PLAYED);
    return;
  }
  act_message(f, c);
}
static void act_requeue(struct floor *f, struct call *c) {
  call_part(f, c);
  c->agent = NOBODY;
  if (c->connected_before) pacer(f, c, PACER_CALL_PERSON); /* he waits again */
  waitq_push(f, c, true);
  pool_match(f, c->campaign);
}
static void act_agent_hangs_up(struct floor *f, struct call *c) { bye(f, c, CAUSE_NORMAL, ENDED_BY_AGENT); }
static void act_hang_up(struct floor *f, struct call *c) { bye(f, c, CAUSE_NORMAL, ENDED_BY_SYSTEM); }
static void act_dead(struct floor *f, struct call *c) { bye(f, c, CAUSE_RTP_DEAD, ENDED_BY_SYSTEM); }
static void act_late_opt_out(struct floor *f, struct call *c) {
  if (c->opted_out) return;
  c->opted_out = 1;
  order_opt_out(f, c);
}
static void act_opt_out(struct floor *f, struct call *c) {
  act_late_opt_out(f, c);
  bye(f, c, CAUSE_NORMAL, ENDED_BY_CALLEE);
}
static void act_orphan(struct floor *f, struct call *c) {
  (void)f;
  c->leg_over = 1; /* audio goes on in media; the next worker takes the dialog up (call_resumed) */
}
void call_resumed(struct floor *f, struct call *c) {
  (void)f;
  if (c->state >= CALL_GREETING && c->state <= CALL_MESSAGE) c->leg_over = 0;
}
static void act_free(struct floor *f, struct call *c) { call_free(f, c); }

struct row {
  uint8_t from, event, to;
  void (*action)(struct floor *f, struct call *c);
};

static const struct row TABLE[] = {
    {CALL_OPENING, EV_OPENED, CALL_DIALING, act_invite},
    {CALL_OPENING, EV_REFUSED, CALL_OPENING, act_refused},
    {CALL_OPENING, EV_GIVE_UP, CALL_CLOSING, act_not_dialed},

    {CALL_DIALING, EV_RINGING, CALL_RINGING, act_ringing},
    {CALL_DIALING, EV_ANSWERED, CALL_SCREENING, act_answered},
    {CALL_DIALING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_DIALING, EV_HANG_UP, CALL_CANCELLING, act_cancel},
    {CALL_DIALING, EV_PATIENCE, CALL_CANCELLING, act_cancel},
    {CALL_DIALING, EV_STOP, CALL_CANCELLING, act_cancel},
    {CALL_DIALING, EV_WORKER_LOST, CALL_CLOSING, act_lost},

    {CALL_RINGING, EV_ANSWERED, CALL_SCREENING, act_answered},
    {CALL_RINGING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_RINGING, EV_NOT_PERSON, CALL_CANCELLING, act_tone},
    {CALL_RINGING, EV_GIVE_UP, CALL_CANCELLING, act_give_up},
    {CALL_RINGING, EV_HANG_UP, CALL_CANCELLING, act_cancel},
    {CALL_RINGING, EV_PATIENCE, CALL_CANCELLING, act_give_up},
    {CALL_RINGING, EV_STOP, CALL_CANCELLING, act_cancel},
    {CALL_RINGING, EV_WORKER_LOST, CALL_CLOSING, act_lost},

    {CALL_CANCELLING, EV_ANSWERED, CALL_SCREENING, act_answered}, /* crossed: he picked up, serve him */
    {CALL_CANCELLING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_CANCELLING, EV_PATIENCE, CALL_CLOSING, act_forced},
    {CALL_CANCELLING, EV_WORKER_LOST, CALL_CLOSING, act_lost},

    {CALL_OFFERED, EV_OPENED, CALL_ACCEPTING, inbound_accept},
    {CALL_OFFERED, EV_REFUSED, CALL_OFFERED, act_offer_refused},
    {CALL_OFFERED, EV_GIVE_UP, CALL_CLOSING, act_offer_dropped},
    {CALL_OFFERED, EV_WORKER_LOST, CALL_OFFERED, act_orphan},

    {CALL_ACCEPTING, EV_ANSWERED, CALL_GREETING, act_greet},
    {CALL_ACCEPTING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_ACCEPTING, EV_PATIENCE, CALL_ENDING, act_hang_up},
    {CALL_ACCEPTING, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_ACCEPTING, EV_WORKER_LOST, CALL_CLOSING, act_lost},

    {CALL_GREETING, EV_PLAYED, CALL_QUEUED, inbound_enter},
    {CALL_GREETING, EV_PATIENCE, CALL_QUEUED, inbound_enter},
    {CALL_GREETING, EV_TURN_AWAY, CALL_MESSAGE, inbound_farewell},
    {CALL_GREETING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_GREETING, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_GREETING, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_GREETING, EV_WORKER_LOST, CALL_GREETING, act_orphan},

    {CALL_QUEUED, EV_AGENT, CALL_CONNECTING, act_connect},
    {CALL_QUEUED, EV_PLAYED, CALL_QUEUED, inbound_played},
    {CALL_QUEUED, EV_PATIENCE, CALL_QUEUED, inbound_patience},
    {CALL_QUEUED, EV_TURN_AWAY, CALL_MESSAGE, inbound_farewell},
    {CALL_QUEUED, EV_OVER, CALL_CLOSING, act_over},
    {CALL_QUEUED, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_QUEUED, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_QUEUED, EV_WORKER_LOST, CALL_QUEUED, act_orphan},

    {CALL_SCREENING, EV_PERSON, CALL_WAITING, act_wait},
    {CALL_SCREENING, EV_NOT_PERSON, CALL_ENDING, act_not_person},
    {CALL_SCREENING, EV_LEAVE, CALL_LEAVING, machine_leave},
    {CALL_SCREENING, EV_ANYWAY, CALL_WAITING, machine_to_agent},
    {CALL_SCREENING, EV_DEADLINE, CALL_MESSAGE, act_message},
    {CALL_SCREENING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_SCREENING, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_SCREENING, EV_HANG_UP, CALL_ENDING, act_hang_up},
    {CALL_SCREENING, EV_PATIENCE, CALL_WAITING, act_wait},
    {CALL_SCREENING, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_SCREENING, EV_WORKER_LOST, CALL_SCREENING, act_orphan},

    {CALL_WAITING, EV_AGENT, CALL_CONNECTING, act_connect},
    {CALL_WAITING, EV_DEADLINE, CALL_MESSAGE, act_message},
    {CALL_WAITING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_WAITING, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_WAITING, EV_PATIENCE, CALL_MESSAGE, act_late_message},
    {CALL_WAITING, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_WAITING, EV_WORKER_LOST, CALL_WAITING, act_orphan},

    {CALL_CONNECTING, EV_BRIDGED, CALL_TALKING, act_talk},
    {CALL_CONNECTING, EV_DEADLINE, CALL_MESSAGE, act_message},
    {CALL_CONNECTING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_CONNECTING, EV_SEAT_LOST, CALL_WAITING, act_requeue},
    {CALL_CONNECTING, EV_CALLER_BACK, CALL_QUEUED, inbound_back},
    {CALL_CONNECTING, EV_HANG_UP, CALL_ENDING, act_agent_hangs_up},
    {CALL_CONNECTING, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_CONNECTING, EV_PATIENCE, CALL_MESSAGE, act_late_message},
    {CALL_CONNECTING, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_CONNECTING, EV_WORKER_LOST, CALL_CONNECTING, act_orphan},

    {CALL_TALKING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_TALKING, EV_HANG_UP, CALL_ENDING, act_agent_hangs_up},
    {CALL_TALKING, EV_SEAT_LOST, CALL_WAITING, act_requeue},
    {CALL_TALKING, EV_CALLER_BACK, CALL_QUEUED, inbound_back},
    {CALL_TALKING, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_TALKING, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_TALKING, EV_WORKER_LOST, CALL_TALKING, act_orphan},

    {CALL_LEAVING, EV_PLAYED, CALL_ENDING, act_hang_up},
    {CALL_LEAVING, EV_PERSON, CALL_WAITING, act_wait}, /* somebody picked up */
    {CALL_LEAVING, EV_NOT_PERSON, CALL_LEAVING, machine_goes_on},
    {CALL_LEAVING, EV_DEADLINE, CALL_MESSAGE, act_message},
    {CALL_LEAVING, EV_OPT_OUT, CALL_ENDING, act_opt_out},
    {CALL_LEAVING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_LEAVING, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_LEAVING, EV_HANG_UP, CALL_ENDING, act_hang_up},
    {CALL_LEAVING, EV_PATIENCE, CALL_ENDING, act_hang_up},
    {CALL_LEAVING, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_LEAVING, EV_WORKER_LOST, CALL_LEAVING, act_orphan},

    {CALL_MESSAGE, EV_PLAYED, CALL_ENDING, act_hang_up},
    {CALL_MESSAGE, EV_OPT_OUT, CALL_ENDING, act_opt_out},
    {CALL_MESSAGE, EV_OVER, CALL_CLOSING, act_over},
    {CALL_MESSAGE, EV_DEAD, CALL_ENDING, act_dead},
    {CALL_MESSAGE, EV_PATIENCE, CALL_ENDING, act_hang_up},
    {CALL_MESSAGE, EV_STOP, CALL_ENDING, act_hang_up},
    {CALL_MESSAGE, EV_WORKER_LOST, CALL_MESSAGE, act_orphan},

    {CALL_ENDING, EV_OVER, CALL_CLOSING, act_over},
    {CALL_ENDING, EV_OPT_OUT, CALL_ENDING, act_late_opt_out},
    {CALL_ENDING, EV_PATIENCE, CALL_CLOSING, act_forced},
    {CALL_ENDING, EV_WORKER_LOST, CALL_CLOSING, act_lost},

    {CALL_CLOSING, EV_CLOSED, CALL_CLOSING, act_free},
};

int call_fsm_row(int row, enum call_state *from, enum call_event *event, enum call_state *to) {
  int rows = (int)(sizeof TABLE / sizeof TABLE[0]);
  if (row >= 0 && row < rows) {
    *from = (enum call_state)TABLE[row].from;
    *event = (enum call_event)TABLE[row].event;
    *to = (enum call_state)TABLE[row].to;
    if (TABLE[row].action == act_free || TABLE[row].action == act_refused || TABLE[row].action == act_offer_refused) *to = CALL_FREE;
  }
  return rows;
}

/* How long a state may last before EV_PATIENCE; 0: as long as it takes. */
static int64_t patience_ms(const struct floor *f, const struct call *c) {
  const struct campaign_terms *t = &f->campaigns[c->campaign].terms;
  switch ((enum call_state)c->state) {
  case CALL_DIALING: return 45000; /* the SIP worker's own 408 comes first */
  case CALL_RINGING: return t->ring_ms;
  case CALL_CANCELLING:
  case CALL_ENDING: return 40000;
  case CALL_ACCEPTING: return 40000; /* the SIP worker waits as long for the ACK */
  case CALL_GREETING: return 310000; /* the longest prompt */
  case CALL_SCREENING: return 15000;
  case CALL_WAITING: return c->bridge_asked ? t->max_wait_ms : 15000 + (int64_t)t->max_wait_ms; /* a bridge ends media's own deadline */
  case CALL_CONNECTING: return 3000;
  case CALL_LEAVING: return 60000; /* for the beep; the message has its own time */
  case CALL_MESSAGE: return 60000;
  default: return 0;
  }
}

void call_event(struct floor *f, struct call *c, enum call_event e) {
  const struct row *row = NULL;
  for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0] && !row; i++)
    if (TABLE[i].from == c->state && TABLE[i].event == e) row = &TABLE[i];
  if (!row) {
    f->ignored_events++;
    return;
  }
  if (row->to != c->state) {
    struct campaign *p = &f->campaigns[c->campaign];
    p->by_state[c->state]--;
    p->by_state[row->to]++;
    call_moved(f, c, c->state, row->to, e);
    c->state = row->to;
    c->since = f->now.mono;
    int64_t patience = patience_ms(f, c);
    uint32_t timer = timer_of_call(f, call_slot(f, c));
    if (patience)
      timers_set(f->timers, timer, mono_add(f->now.mono, patience));
    else
      timers_clear(f->timers, timer);
  }
  row->action(f, c);
}
