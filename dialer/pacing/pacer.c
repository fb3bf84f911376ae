#include "pacer_state.h"
#include <cadencia/err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_RING_MS = 15000, AGENTS_MAX = 4096, CALLS_MAX = 65535, RING_AT_LEAST_MS = 2000, AHEAD_MAX_MS = 600000, RATIO_MAX_X100 = 2000 };
static const double first_price = 0.10;
static const double discount_sigma = 1.0; /* of the measured machine share */

const char *pacer_bound_name(enum pacer_bound b) {
  static const char *const names[PACER_BOUND_COUNT] = {"none",  "agents",  "risk",  "budget", "lines", "rate", "list",
                                                       "hours", "inbound", "trunk", "disk",   "clock", "load"};
  return (unsigned)b < PACER_BOUND_COUNT ? names[b] : "unknown";
}

static bool params_good(const struct pacer_params *q) {
  if ((unsigned)q->mode > PACER_MANUAL) return false;
  if (q->max_agents == 0 || q->max_agents > AGENTS_MAX || q->max_calls == 0 || q->max_calls > CALLS_MAX) return false;
  if (q->min_ring_ms < MIN_RING_MS || q->max_ring_ms < q->min_ring_ms) return false;
  if (q->limit_bp > 10000 || q->detector_fp_bp > 10000 || q->inbound_bp > 10000) return false;
  if (q->mode == PACER_PREDICTIVE && q->limit_bp == 0) return false;
  return q->mode != PACER_RATIO || (q->ratio_x100 >= 100 && q->ratio_x100 <= RATIO_MAX_X100);
}

struct pacer *pacer_create(const struct pacer_params *params) {
  if (!params || !params_good(params)) return NULL;
  struct pacer *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->params = *params;
  p->calls = calloc(params->max_calls, sizeof *p->calls);
  p->agents = calloc(params->max_agents, sizeof *p->agents);
  p->open = calloc(params->max_calls, sizeof *p->open);
  if (!p->calls || !p->agents || !p->open) return pacer_destroy(p);
  est_init(&p->est, params->screening);
  budget_init(&p->budget, params->limit_bp, params->detector_fp_bp);
  p->price = first_price;
  p->lost_seen = p->lost_foreseen = 4.0;
  p->target = (double)budget_earn_micro(&p->budget) / 1e6;
  return p;
}

struct pacer *pacer_destroy(struct pacer *p) {
  if (!p) return NULL;
  free(p->calls);
  free(p->agents);
  free(p->open);
  free(p);
  return NULL;
}

int pacer_set(struct pacer *p, const struct pacer_params *params) {
  struct pacer_params next = *params;
  next.max_agents = p->params.max_agents, next.max_calls = p->params.max_calls;
  if (!params_good(&next)) return CAD_EINVAL;
  p->params = next;
  struct pacer_window *only = &p->budget.windows[0];
  if (only->begins_ms == INT64_MIN) only->limit_bp = (uint16_t)next.limit_bp, only->fp_bp = (uint16_t)next.detector_fp_bp;
  return CAD_OK;
}

void pacer_set_account(struct pacer *p, uint64_t abandoned, uint64_t live) {
  struct pacer_window w = {.limit_bp = (uint16_t)p->params.limit_bp, .fp_bp = (uint16_t)p->params.detector_fp_bp};
  w.abandoned = abandoned > live ? live : abandoned;
  w.served = live - w.abandoned;
  budget_init(&p->budget, 0, 0);
  if (budget_set(&p->budget, &w, 1) < 0) return;
  p->budget.windows[0].begins_ms = INT64_MIN;
}

int pacer_set_windows(struct pacer *p, const struct pacer_window *windows, unsigned count) {
  return budget_set(&p->budget, windows, count);
}

unsigned pacer_windows(const struct pacer *p, struct pacer_window out[PACER_WINDOWS_MAX]) {
  memcpy(out, p->budget.windows, p->budget.count * sizeof *out);
  return p->budget.count;
}

uint32_t pacer_wilson_bp(uint64_t num, uint64_t den) {
  if (den == 0 || num >= den) return 10000;
  const double n = (double)den, p = (double)num / n, z = 1.959963984540054;
  const double high = (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n);
  return (uint32_t)(high * 10000.0 + 0.5);
}

uint64_t pacer_ignored(const struct pacer *p) { return p->ignored; }

/* Age on the scale of the learned hazards: from 18x if there was one, else from launch. */
static int64_t call_age_ms(const struct pacer_call *c, int64_t now_ms) {
  return c->state == PC_DIALING || c->ringing_ms == 0 ? now_ms - c->launched_ms : now_ms - c->ringing_ms + RING_AT_LEAST_MS;
}

static void dialed(struct pacer *p, struct pacer_call *c, bool reached) {
  if (c->reached) return;
  c->reached = true;
  est_dialed(&p->est, reached);
}

/* Time at risk up to to_ms, each part of it in the bin of the age it was spent at: a decision may come late, and a call may
 * end between two of them. Booked in the wrong bin, a busy tone after half a second would look like certain failure. */
static void book_ringing(struct pacer *p, struct pacer_call *c, int64_t to_ms) {
  if (!c->reached && c->state == PC_DIALING && to_ms - c->launched_ms >= EST_DIAL_AGES * 1000) dialed(p, c, true);
  while (c->counted_ms < to_ms) {
    const int64_t age_ms = call_age_ms(c, c->counted_ms);
    const unsigned bin = est_age_bin(age_ms);
    int64_t until = bin == EST_AGES - 1 ? to_ms : c->counted_ms + (int64_t)(bin + 1) * 1000 - age_ms;
    if (until > to_ms) until = to_ms;
    est_ringing_time(&p->est, bin, c->segment, (double)(until - c->counted_ms) / 1000.0);
    c->counted_ms = until;
  }
}

static void open_add(struct pacer *p, uint32_t id) {
  p->calls[id].slot = p->open_count;
  p->open[p->open_count++] = id;
}

static void open_remove(struct pacer *p, uint32_t id) {
  const uint32_t slot = p->calls[id].slot, moved = p->open[--p->open_count];
  p->open[slot] = moved;
  p->calls[moved].slot = slot;
}

static bool is_open(const struct pacer_call *c) { return c->state >= PC_DIALING && c->state <= PC_WAITING; }

/* What a call counts as; a later word replaces an earlier one. */
static void book(struct pacer *p, struct pacer_call *c, enum budget_kind kind) {
  if (c->booked == kind) return;
  budget_unbook(&p->budget, c->launched_ms, (enum budget_kind)c->booked);
  budget_book(&p->budget, c->launched_ms, kind);
  c->booked = (uint8_t)kind;
}

/* A live answer that met nobody. */
static void count_lost(struct pacer *p, struct pacer_call *c, enum budget_kind kind) {
  if (p->params.discount_machines) {
    const double share = est_machine_share(&p->est, c->answer_age, discount_sigma);
    p->discount += share;
    p->doubt += share * (1.0 - share);
  }
  book(p, c, kind);
  predict_learn(p, true);
}

static void count_connected(struct pacer *p, struct pacer_call *c) {
  if (c->booked == BUDGET_SERVED) return;
  book(p, c, BUDGET_SERVED);
  predict_learn(p, false);
}

static void become_person(struct pacer *p, struct pacer_call *c, int64_t at_ms) {
  est_screened(&p->est, c->answer_age, at_ms - c->answered_ms, true);
  est_person(&p->est, c->answer_age, c->segment);
  est_offer(&p->est);
  c->state = PC_WAITING;
}

static void call_connected(struct pacer *p, const struct pacer_event *e) {
  struct pacer_call *c = &p->calls[e->call];
  if (c->state == PC_SCREENING) become_person(p, c, e->at_ms);
  open_remove(p, e->call);
  c->state = PC_CONNECTED;
  count_connected(p, c);
  if (e->agent >= p->params.max_agents) return;
  struct pacer_agent *a = &p->agents[e->agent];
  a->met = true, a->met_age = c->answer_age, a->met_launched_ms = c->launched_ms, a->met_call = e->call;
  est_met(&p->est, c->answer_age);
}

static void call_lost(struct pacer *p, uint32_t id, int64_t at_ms, enum budget_kind kind) {
  struct pacer_call *c = &p->calls[id];
  if (c->state == PC_SCREENING) become_person(p, c, at_ms);
  open_remove(p, id);
  c->state = PC_DONE;
  count_lost(p, c, kind);
}

static void call_ended(struct pacer *p, const struct pacer_event *e) {
  static const uint8_t kinds[] = {[PACER_CLASS_NOT_LIVE] = BUDGET_NOTHING,
                                  [PACER_CLASS_SERVED] = BUDGET_SERVED,
                                  [PACER_CLASS_ABANDONED] = BUDGET_ABANDONED,
                                  [PACER_CLASS_EARLY] = BUDGET_EARLY};
  const uint32_t id = e->call;
  const int64_t at_ms = e->at_ms;
  struct pacer_call *c = &p->calls[id];
  if (e->closed > PACER_CLASS_UNSAID && e->closed < sizeof kinds && c->booked != BUDGET_MACHINE)
    book(p, c, (enum budget_kind)kinds[e->closed]);
  if (c->state == PC_DIALING || c->state == PC_RINGING) {
    book_ringing(p, c, at_ms);
    if (!c->reached)
      dialed(p, c, false);
    else if (!c->given_up)
      est_not_person(&p->est, est_age_bin(call_age_ms(c, at_ms)));
  } else if (c->state == PC_SCREENING) {
    est_screened(&p->est, c->answer_age, at_ms - c->answered_ms, false);
    est_not_person(&p->est, c->answer_age);
  }
  if (is_open(c)) open_remove(p, id);
  c->state = PC_FREE;
}

/* True when the event fits the call's state; else nothing changed. */
static bool call_event(struct pacer *p, const struct pacer_event *e) {
  if (e->call >= p->params.max_calls) return false;
  struct pacer_call *c = &p->calls[e->call];
  if (e->kind == PACER_CALL_LAUNCHED) {
    if (c->state != PC_FREE || e->at_ms < c->last_ms) return false;
    const uint8_t segment = (uint8_t)(e->segment >= PACER_SEGMENTS ? PACER_SEGMENTS - 1 : e->segment);
    *c = (struct pacer_call){.launched_ms = e->at_ms, .counted_ms = e->at_ms, .last_ms = e->at_ms, .state = PC_DIALING, .segment = segment};
    if (p->next_taken < p->next_count) c->spend = (float)p->next_spend[p->next_taken++];
    open_add(p, e->call);
    return true;
  }
  if (c->state == PC_FREE || e->at_ms < c->last_ms) return false;
  const bool answered = c->state == PC_SCREENING || c->state == PC_WAITING;
  switch (e->kind) {
  case PACER_CALL_RINGING:
    if (c->state != PC_DIALING) return false;
    book_ringing(p, c, e->at_ms);
    dialed(p, c, true);
    c->state = PC_RINGING, c->ringing_ms = e->at_ms;
    break;
  case PACER_CALL_ANSWERED:
    if (c->state != PC_DIALING && c->state != PC_RINGING) return false;
    book_ringing(p, c, e->at_ms);
    dialed(p, c, true);
    c->answer_age = (uint8_t)est_age_bin(call_age_ms(c, e->at_ms));
    c->state = PC_SCREENING, c->answered_ms = e->at_ms;
    break;
  case PACER_CALL_PERSON:
    if (c->state == PC_CONNECTED) { /* its agent was lost: it waits for the next */
      c->state = PC_WAITING;
      open_add(p, e->call);
    } else if (c->state == PC_SCREENING)
      become_person(p, c, e->at_ms);
    else
      return false;
    break;
  case PACER_CALL_CONNECTED:
    if (!answered) return false;
    call_connected(p, e);
    break;
  case PACER_CALL_ABANDONED:
  case PACER_CALL_EARLY_HANGUP:
    if (!answered) return false;
    call_lost(p, e->call, e->at_ms, e->kind == PACER_CALL_ABANDONED ? BUDGET_ABANDONED : BUDGET_EARLY);
    break;
  case PACER_CALL_ENDED: call_ended(p, e); break;
  default: return false;
  }
  c->last_ms = e->at_ms;
  return true;
}

static void agent_leave_state(struct pacer *p, struct pacer_agent *a, int64_t at_ms, bool ready) {
  if (a->state == PA_TALKING) est_talk_end(&p->est, a->inbound, at_ms - a->since_ms);
  if (a->state == PA_WRAPUP) est_wrap_end(&p->est, at_ms - a->since_ms, ready);
}

static bool agent_event(struct pacer *p, const struct pacer_event *e) {
  static const uint8_t next[PACER_EVENT_COUNT] = {
      [PACER_AGENT_LOGIN] = PA_PAUSED,  [PACER_AGENT_READY] = PA_READY,   [PACER_AGENT_TALKING] = PA_TALKING,
      [PACER_AGENT_WRAPUP] = PA_WRAPUP, [PACER_AGENT_PAUSED] = PA_PAUSED, [PACER_AGENT_LOGOUT] = PA_OUT};
  if (e->agent >= p->params.max_agents) return false;
  struct pacer_agent *a = &p->agents[e->agent];
  if (e->at_ms < a->since_ms) return false;
  if (e->kind == PACER_AGENT_MACHINE) {
    if (!a->met) return false;
    a->met = false;
    est_met_machine(&p->est, a->met_age);
    struct pacer_call *c = &p->calls[a->met_call];
    if (c->state == PC_CONNECTED && c->launched_ms == a->met_launched_ms) {
      book(p, c, BUDGET_MACHINE);
      return true;
    }
    budget_unbook(&p->budget, a->met_launched_ms, BUDGET_SERVED);
    budget_book(&p->budget, a->met_launched_ms, BUDGET_MACHINE);
    return true;
  }
  const uint8_t to = next[e->kind];
  if (e->kind == PACER_AGENT_LOGIN ? a->state != PA_OUT : a->state == PA_OUT || a->state == to) return false;
  if (e->agent >= p->agents_seen) p->agents_seen = e->agent + 1;
  if (e->kind == PACER_AGENT_LOGIN && p->now_ms > a->counted_ms) a->counted_ms = p->now_ms;
  agent_leave_state(p, a, e->at_ms, to == PA_READY || to == PA_TALKING);
  if (to == PA_TALKING) a->inbound = e->inbound;
  if (to != PA_TALKING && to != PA_WRAPUP) a->met = false;
  a->state = to;
  a->since_ms = a->counted_ms = e->at_ms;
  return true;
}

void pacer_event(struct pacer *p, const struct pacer_event *e) {
  if (!p->started && !p->heard && e->at_ms >= 0) p->heard = true, p->heard_ms = e->at_ms; /* until it is asked, that is the time */
  bool good = e->at_ms >= 0 && e->at_ms - (p->started ? p->now_ms : p->heard_ms) <= AHEAD_MAX_MS;
  if (!good) {
  } else if ((unsigned)e->kind <= PACER_CALL_ENDED)
    good = call_event(p, e);
  else if (e->kind == PACER_INBOUND)
    est_inbound(&p->est);
  else if ((unsigned)e->kind < PACER_EVENT_COUNT)
    good = agent_event(p, e);
  else
    good = false;
  if (!good) {
    p->ignored++;
    return;
  }
  trace_event(p, e->kind);
}

static void observe_calls(struct pacer *p) {
  struct pacer_sight *s = &p->sight;
  for (uint32_t i = 0; i < p->open_count; i++) {
    struct pacer_call *c = &p->calls[p->open[i]];
    if (c->state != PC_WAITING && !c->given_up) s->spending += c->spend;
    if (c->state == PC_WAITING) {
      s->waiting++;
    } else if (c->state == PC_SCREENING) {
      s->screening++;
      s->screening_people += est_pass(&p->est, c->answer_age, p->now_ms - c->answered_ms);
    } else {
      const unsigned age = est_age_bin(call_age_ms(c, p->now_ms));
      book_ringing(p, c, p->now_ms);
      s->dialing++;
      if (c->given_up) continue;
      s->ringing[c->segment][age]++;
      s->segments_seen |= UINT64_C(1) << c->segment;
    }
  }
}

static void observe_agents(struct pacer *p) {
  struct pacer_sight *s = &p->sight;
  for (uint32_t i = 0; i < p->agents_seen; i++) {
    struct pacer_agent *a = &p->agents[i];
    const int64_t elapsed_ms = p->now_ms > a->since_ms ? p->now_ms - a->since_ms : 0;
    const double passed_s = (double)(p->now_ms - a->counted_ms) / 1000.0;
    switch (a->state) {
    case PA_READY: s->ready++; break;
    case PA_PAUSED: s->paused++; break;
    case PA_TALKING:
      s->talking++;
      s->talk[a->inbound][est_talk_bin(&p->est, elapsed_ms)]++;
      est_talk_time(&p->est, a->inbound, elapsed_ms, passed_s);
      break;
    case PA_WRAPUP:
      s->wrapup++;
      s->wrap[elapsed_ms / 1000 >= EST_WRAPS ? EST_WRAPS - 1 : (unsigned)(elapsed_ms / 1000)]++;
      est_wrap_time(&p->est, elapsed_ms, passed_s);
      break;
    default: break;
    }
    if (p->now_ms > a->counted_ms) a->counted_ms = p->now_ms;
  }
}

void pacer_observe(struct pacer *p) {
  memset(&p->sight, 0, sizeof p->sight);
  observe_calls(p);
  observe_agents(p);
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t above(uint32_t a, uint32_t b) { return a > b ? a - b : 0; }

/* Lowers the order to what the world permits, and says what bound it. */
static void apply_limits(const struct pacer_view *view, struct pacer_orders *out, uint32_t want) {
  out->launch = want;
  if (view->contacts < out->launch) out->launch = view->contacts, out->why.bound = PACER_BOUND_LIST;
  if (view->lines_free < out->launch) out->launch = view->lines_free, out->why.bound = PACER_BOUND_LINES;
  if (view->rate_free < out->launch) out->launch = view->rate_free, out->why.bound = PACER_BOUND_RATE;
}

static void clock_advance(struct pacer *p, int64_t now_ms) {
  if (!p->started) {
    p->started = true;
    p->now_ms = p->start_ms = now_ms > 0 ? now_ms : 0;
    return;
  }
  if (now_ms < p->now_ms) {
    p->ignored++; /* a clock that steps back changes nothing */
    return;
  }
  est_second(&p->est, (double)(now_ms - p->now_ms) / 1000.0);
  p->now_ms = now_ms;
}

static uint32_t decide_launches(struct pacer *p, const struct pacer_view *view, uint32_t ready, struct pacer_orders *out) {
  const uint32_t in_flight = p->open_count;
  const uint32_t progressive = above(ready, in_flight + view->inbound_waiting);
  out->why.bound = p->sight.ready > ready && progressive == 0 ? PACER_BOUND_INBOUND : PACER_BOUND_AGENTS;
  if (p->params.mode == PACER_PREVIEW || p->params.mode == PACER_MANUAL) return 0;
  if (p->params.mode == PACER_PROGRESSIVE) return progressive;
  if (!plan_may_overdial(p)) {
    out->why.dials = PACER_PROGRESSIVE;
    if (progressive == 0 && ready > 0) out->why.bound = PACER_BOUND_BUDGET;
    return progressive;
  }
  if (p->params.mode == PACER_RATIO)
    return above((uint32_t)((uint64_t)ready * p->params.ratio_x100 / 100), in_flight + view->inbound_waiting);
  const uint32_t room = least(least(view->lines_free, view->rate_free), view->contacts);
  const uint32_t n = predict_launches(p, view, ready, room, out);
  if (out->why.risk_bp > out->why.allowed_bp && ready > 0)
    out->why.bound = PACER_BOUND_RISK;
  else if (n == room) /* more would have been launched: whoever asks knows when to ask again */
    out->why.bound = room == view->rate_free ? PACER_BOUND_RATE : room == view->lines_free ? PACER_BOUND_LINES : PACER_BOUND_LIST;
  return n;
}

static void explain(const struct pacer *p, const struct pacer_view *view, uint32_t reserved, struct pacer_why *why) {
  const struct pacer_sight *s = &p->sight;
  *why = (struct pacer_why){.ready = s->ready,
                            .reserved = least(s->ready, reserved),
                            .talking = s->talking,
                            .wrapup = s->wrapup,
                            .paused = s->paused,
                            .ringing = s->dialing,
                            .waiting = s->waiting + s->screening,
                            .screening = s->screening,
                            .inbound_waiting = view->inbound_waiting,
                            .lines_free = view->lines_free,
                            .rate_free = view->rate_free,
                            .contacts = view->contacts,
                            .mode = (uint8_t)p->params.mode,
                            .dials = (uint8_t)p->params.mode};
  for (uint32_t i = 0; i < p->open_count; i++) why->dialing += p->calls[p->open[i]].state == PC_DIALING;
  plan_explain(p, why);
}

void pacer_decide(struct pacer *p, const struct pacer_view *view, struct pacer_orders *out) {
  memset(out, 0, sizeof *out);
  p->next_count = p->next_taken = 0;
  clock_advance(p, view->now_ms);
  budget_turn(&p->budget, p->now_ms);
  trace_turn(p, p->now_ms);
  pacer_observe(p);
  const struct pacer_sight *s = &p->sight;
  const uint32_t needed = reserve_inbound(p), reserved = needed > view->agents_reserved_inbound ? needed : view->agents_reserved_inbound;
  const uint32_t ready = above(s->ready, reserved);
  plan_make(p, view);
  explain(p, view, reserved, &out->why);
  if (!view->hours_open)
    out->why.bound = PACER_BOUND_HOURS;
  else
    apply_limits(view, out, decide_launches(p, view, ready, out));
  if (view->held > PACER_BOUND_NONE && view->held < PACER_BOUND_COUNT) {
    out->launch = 0;
    out->why.bound = view->held;
  }
  trace_decision(p, out);
}
