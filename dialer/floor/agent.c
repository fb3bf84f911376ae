/* Agents: what they do. Their phones (seats) are in seat.c. */
#include "dialer/floor/floor.h"
#include <campaigns/law.h>
#include <string.h>

bool agent_available(const struct agent *a) {
  return a->used && a->state == AGENT_READY && a->seat == SEAT_UP && !a->seat_orphan && a->call == NOBODY && !a->resting;
}

struct agent *agent_by_id(struct floor *f, uint64_t id) {
  for (uint32_t i = 0; i < f->agents_used; i++)
    if (f->agents[i].used && f->agents[i].id == id) return &f->agents[i];
  return NULL;
}

static void tell(struct floor *f, const struct agent *a, enum pacer_event_kind kind) {
  struct campaign *p = &f->campaigns[a->campaign];
  struct pacer_event e = {.kind = kind, .at_ms = f->now.mono.ms, .call = NOBODY, .agent = agent_slot(f, a)};
  e.inbound = a->call != NOBODY && f->calls[a->call].inbound;
  if (p->pacer) pacer_event(p->pacer, &e);
}

/* The pacer knows only agents who could take a call: logged in, phone up. */
static void tell_state(struct floor *f, const struct agent *a) {
  switch ((enum agent_state)a->state) {
  case AGENT_LOGGED_OUT: tell(f, a, PACER_AGENT_LOGOUT); break;
  case AGENT_PAUSED: tell(f, a, PACER_AGENT_PAUSED); break;
  case AGENT_READY: tell(f, a, a->seat == SEAT_UP && !a->resting ? PACER_AGENT_READY : PACER_AGENT_PAUSED); break;
  case AGENT_RESERVED:
  case AGENT_TALKING: tell(f, a, PACER_AGENT_TALKING); break;
  case AGENT_WRAPUP: tell(f, a, PACER_AGENT_WRAPUP); break;
  default: break;
  }
}

void agent_unshow(struct floor *f, struct agent *a) {
  if (a->shown.case_id == 0) return;
  order_lease_drop(f, &a->shown);
  a->shown = (struct lease){0};
  f->agent_moves++;
}

static void enter(struct floor *f, struct agent *a, enum agent_state state) {
  enum agent_state was = (enum agent_state)a->state;
  if (state != AGENT_READY) agent_unshow(f, a);
  if (was != state) {
    int64_t ms = mono_since(f->now.mono, a->since);
    struct campaign *p = &f->campaigns[a->campaign];
    *(was == AGENT_TALKING || was == AGENT_WRAPUP ? &a->busy_ms : &a->idle_ms) += was == AGENT_LOGGED_OUT || was == AGENT_PAUSED ? 0 : ms;
    if (was == AGENT_TALKING) p->talk_ms += (uint64_t)ms;
    if (was == AGENT_WRAPUP) p->wrapup_ms += (uint64_t)ms;
    if (was == AGENT_READY || was == AGENT_RESERVED) p->ready_ms += (uint64_t)ms;
    if (was != AGENT_LOGGED_OUT) order_agent_log(f, a, was);
    if (was == AGENT_LOGGED_OUT) tell(f, a, PACER_AGENT_LOGIN);
    memset(a->pause, 0, sizeof a->pause);
    if (state == AGENT_PAUSED) memcpy(a->pause, a->next_pause, sizeof a->pause);
    outbox_move(f->out, (struct out_move){.agent = 1,
                                          .from = (uint8_t)was,
                                          .to = (uint8_t)state,
                                          .event = OUTBOX_NO_EVENT,
                                          .slot = (uint32_t)(a - f->agents),
                                          .gen = 1,
                                          .id = a->id});
    a->state = (uint8_t)state;
    a->since = f->now.mono;
    a->resting = 0;
    if (state == AGENT_READY) {
      share_move(f, a, share_choose(f, a));
      share_rest(f, a);
    }
    f->agent_moves++;
  }
  tell_state(f, a);
  f->campaigns[a->campaign].pace_now = true;
}

struct agent *agent_add(struct floor *f, const struct mail_store_agent *def) {
  struct agent *a = agent_by_id(f, def->agent_id);
  bool first = false;
  uint32_t campaign = 0;
  while (campaign < FLOOR_CAMPAIGNS_MAX && !(f->campaigns[campaign].used && f->campaigns[campaign].terms.id == def->campaign_id))
    campaign++;
  if (campaign == FLOOR_CAMPAIGNS_MAX || def->listener >= FLOOR_LISTENERS_MAX) return NULL;
  if (!a) {
    if (f->agents_used == f->agents_max) return NULL;
    a = &f->agents[f->agents_used++];
    memset(a, 0, sizeof *a);
    a->used = true;
    a->id = def->agent_id;
    a->call = NOBODY;
    a->campaign = (uint16_t)campaign;
    a->since = f->now.mono;
    first = true;
  }
  if (a->state == AGENT_LOGGED_OUT) a->campaign = (uint16_t)campaign; /* a change while at work waits for the next log-in */
  bool registers = strncmp(def->uri, "phone:", 6) == 0;               /* its listener is where it registered */
  uint16_t listener = registers && !first ? a->listener : def->listener;
  if (!first && (a->listener != listener || strncmp(a->uri, def->uri, sizeof a->uri) != 0)) a->seat_moved = 1;
  a->skills = def->skills;
  a->serves_count = 0;
  a->serves[a->serves_count++] = def->campaign_id;
  for (unsigned i = 0; i < def->also_count && i < MAIL_ALSO_MAX; i++) a->serves[a->serves_count++] = def->also[i];
  a->listener = listener;
  a->nailed = def->nailed;
  memcpy(a->name, def->name, sizeof a->name);
  memcpy(a->uri, def->uri, sizeof a->uri);
  if (first || a->wanted != def->state) /* reading the same again ends nobody's wrap-up */
    agent_want(f, a, (enum agent_state)def->state);
  else
    seat_check(f, a);
  return a;
}

struct agent *agent_of_leg(struct floor *f, struct leg leg) {
  if (leg.role == LEG_SEAT && leg.slot < f->agents_used && f->agents[leg.slot].seat_gen == leg.gen && f->agents[leg.slot].seat != SEAT_DOWN)
    return &f->agents[leg.slot];
  f->late_mail++;
  return NULL;
}

static bool in_call(const struct agent *a) { return a->state == AGENT_RESERVED || a->state == AGENT_TALKING || a->state == AGENT_WRAPUP; }

void agent_pause_for(struct floor *f, struct agent *a, const char code[8]) {
  memset(a->next_pause, 0, sizeof a->next_pause);
  strncpy(a->next_pause, code, sizeof a->next_pause - 1);
  if (a->state != AGENT_PAUSED || strcmp(a->pause, a->next_pause) == 0) return;
  order_agent_log(f, a, AGENT_PAUSED);
  memcpy(a->pause, a->next_pause, sizeof a->pause);
  a->since = f->now.mono;
  f->agent_moves++;
}

int agent_want(struct floor *f, struct agent *a, enum agent_state wanted) {
  if (wanted != AGENT_LOGGED_OUT && wanted != AGENT_PAUSED && wanted != AGENT_READY) return CAD_EINVAL;
  if (f->draining && wanted == AGENT_READY) return CAD_EREFUSED;
  a->wanted = (uint8_t)wanted;
  if (a->state == AGENT_WRAPUP && wanted == AGENT_READY) {
    agent_wrapup_over(f, a);
  } else if (!in_call(a)) {
    enter(f, a, wanted);
    if (wanted == AGENT_READY) a->seat_failures = 0;
  }
  seat_check(f, a);
  if (agent_available(a)) share_match(f, a);
  return CAD_OK;
}

void agent_reserve(struct floor *f, struct agent *a, struct call *c) {
  a->call = call_slot(f, c);
  a->case_id = c->lease.case_id;
  enter(f, a, AGENT_RESERVED);
}

void agent_unreserve(struct floor *f, struct agent *a) {
  a->call = NOBODY;
  enter(f, a, (enum agent_state)a->wanted);
  seat_check(f, a);
  if (agent_available(a)) share_match(f, a);
}

void agent_talk(struct floor *f, struct agent *a) {
  a->calls++;
  a->disposed = 0;
  a->last_attempt = f->calls[a->call].attempt_id;
  enter(f, a, AGENT_TALKING);
}

void agent_call_over(struct floor *f, struct agent *a) {
  a->call = NOBODY;
  enter(f, a, AGENT_WRAPUP);
  a->wrapup_from = f->now.mono;
  uint32_t wrapup_ms = f->campaigns[a->campaign].terms.wrapup_ms;
  timers_set(f->timers, timer_of_wrapup(f, agent_slot(f, a)), mono_add(f->now.mono, a->disposed ? 0 : wrapup_ms));
}

int agent_dispose(struct floor *f, struct agent *a, const char *code) {
  if (a->last_attempt == 0 || (a->state != AGENT_WRAPUP && a->state != AGENT_TALKING)) return CAD_EREFUSED;
  bool wrapup = a->state == AGENT_WRAPUP;
  order_dispose(f, a, code, wrapup ? (uint32_t)mono_since(f->now.mono, a->wrapup_from) : 0);
  if (abandon_disposed_machine(code)) tell(f, a, PACER_AGENT_MACHINE);
  a->disposed = 1;
  if (wrapup) agent_wrapup_over(f, a);
  return CAD_OK;
}

void agent_wrapup_over(struct floor *f, struct agent *a) {
  if (a->resting) share_rest_over(f, a);
  if (a->state != AGENT_WRAPUP) return;
  timers_clear(f->timers, timer_of_wrapup(f, agent_slot(f, a)));
  if (!a->disposed)
    order_dispose(f, a, f->campaigns[a->campaign].terms.default_disposition, (uint32_t)mono_since(f->now.mono, a->wrapup_from));
  enter(f, a, (enum agent_state)a->wanted);
  seat_check(f, a);
  if (agent_available(a)) share_match(f, a);
}

/* '*' while talking ends the customer's leg; in wrap-up a digit is a disposition. */
void agent_digit(struct floor *f, struct agent *a, char digit) {
  if (a->state == AGENT_TALKING && digit == '*') {
    call_event(f, &f->calls[a->call], EV_HANG_UP);
  } else if (a->state == AGENT_WRAPUP && digit >= '0' && digit <= '9') {
    const char *code = f->campaigns[a->campaign].terms.dispositions[digit - '0'];
    if (code[0]) agent_dispose(f, a, code);
  }
}
