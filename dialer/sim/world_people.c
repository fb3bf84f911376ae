/* Agents who log in, take breaks and go home, inbound callers who share them, and the day's accounts by what really was.
 * The floor has no inbound queue of its own here: a caller takes an agent as a pause does. */
#include "dialer/sim/world_inside.h"
#include <cadencia/err.h>
#include <math.h>
#include <string.h>

enum { WAVE_SPREAD_S = 120, LOOK_MS = 1000, STREAM_SHIFT = 4, STREAM_BREAKS = 5, STREAM_WAVES = 6, STREAM_CALLERS = 3, MINUTE_MS = 60000 };

static void shift_at(struct world *w, uint32_t agent, int64_t delay_ms, enum shift what) {
  world_schedule(w, delay_ms, (struct happen){.what = HAPPENS_SHIFT, .slot = agent, .gen = (uint32_t)what});
}

void people_order(struct world *w, uint32_t agent, enum mail_kind kind, enum agent_state state) {
  struct mail m = mail_make(kind, (struct mono){w->now_ms});
  m.u.order_agent.ticket = 1;
  m.u.order_agent.agent_id = w->agents[agent].id;
  m.u.order_agent.state = (uint8_t)state;
  world_step(w, &m);
}

static enum agent_state state_of(const struct world *w, uint32_t agent) {
  int s = control_agent(w->control, w->agents[agent].id);
  return s < 0 ? AGENT_LOGGED_OUT : (enum agent_state)s;
}

/* ---- the plan of each agent's day ---- */

static double uniform(const struct world *w, uint32_t stream, uint64_t i, uint32_t k) { return scenario_uniform(w->p.seed, stream, i, k); }

static void plan_add(struct vagent *a, double at_s, double for_s) {
  if (a->breaks == BREAKS_MAX) return;
  unsigned i = a->breaks++;
  for (; i > 0 && a->plan[i - 1].at_ms > (int64_t)(at_s * 1000); i--) a->plan[i] = a->plan[i - 1];
  a->plan[i].at_ms = (int64_t)(at_s * 1000);
  a->plan[i].for_ms = (int64_t)(for_s * 1000);
}

static void plan_breaks(struct world *w, uint32_t agent, double from_s) {
  const struct scenario *d = &w->p.day;
  struct spread rest = {.mean = d->break_s, .cv = 0.5};
  double at = from_s;
  for (uint32_t k = 0; d->breaks_per_hour > 0 && k < 40; k++) {
    at += -log(uniform(w, STREAM_BREAKS, agent, k)) / d->breaks_per_hour * 3600;
    if (at > d->hours * 3600) break;
    double for_s = spread_at(&rest, uniform(w, STREAM_BREAKS, agent, 100 + k), 1);
    plan_add(&w->agents[agent], at, for_s);
    at += for_s;
  }
  for (uint32_t k = 0; k < d->wave_count; k++)
    if (uniform(w, STREAM_WAVES, agent, k) < d->waves[k].share)
      plan_add(&w->agents[agent], d->waves[k].at_s + WAVE_SPREAD_S * uniform(w, STREAM_WAVES, agent, 20 + k),
               d->waves[k].for_s * (0.95 + 0.1 * uniform(w, STREAM_WAVES, agent, 40 + k)));
}

/* When this agent's shift begins and ends, in seconds of the day; false: never comes. */
static bool plan_shift(struct world *w, uint32_t agent, double *from_s, double *to_s) {
  const struct scenario *d = &w->p.day;
  *from_s = uniform(w, STREAM_SHIFT, agent, 0) * d->login_spread_s;
  *to_s = d->hours * 3600 + 1;
  if (d->staff.count == 0) return true;
  double me = (agent + 0.5) / d->agents;
  bool on = false, off = false;
  for (unsigned i = 0; i < d->staff.count && !off; i++) {
    bool wanted = me <= d->staff.value[i];
    if (wanted && !on) {
      *from_s = d->staff.at_s[i] + uniform(w, STREAM_SHIFT, agent, i) * d->login_spread_s;
      on = true;
    } else if (!wanted && on) {
      *to_s = d->staff.at_s[i] + uniform(w, STREAM_SHIFT, agent, 20 + i) * d->login_spread_s;
      off = true;
    }
  }
  return on;
}

static void next_caller(struct world *w) {
  const struct scenario *d = &w->p.day;
  double most = 1, at = world_day_s(w);
  for (unsigned i = 0; i < d->inbound_by_time.count; i++)
    if (d->inbound_by_time.value[i] > most) most = d->inbound_by_time.value[i];
  do {
    uint64_t n = w->callers_made++;
    at += -log(uniform(w, STREAM_CALLERS, n, 10)) / (d->inbound_per_hour * most) * 3600;
  } while (uniform(w, STREAM_CALLERS, w->callers_made, 11) > steps_at(&d->inbound_by_time, at, 1) / most);
  if (at < d->hours * 3600) world_schedule(w, (int64_t)(at * 1000) - (w->now_ms - w->begin_ms), (struct happen){.what = HAPPENS_CALLER});
}

void people_begin(struct world *w) {
  for (uint32_t i = 0; i < w->p.day.agents; i++) {
    double from, to;
    if (!plan_shift(w, i, &from, &to)) continue;
    plan_breaks(w, i, from);
    shift_at(w, i, (int64_t)(from * 1000), SHIFT_BEGINS);
    if (to < w->p.day.hours * 3600) shift_at(w, i, (int64_t)(to * 1000), SHIFT_ENDS);
    for (unsigned k = 0; k < w->agents[i].breaks; k++)
      if (w->agents[i].plan[k].at_ms > (int64_t)(from * 1000)) shift_at(w, i, w->agents[i].plan[k].at_ms, SHIFT_BREAK);
  }
  if (w->p.day.inbound_per_hour > 0) next_caller(w);
}

/* ---- accounts ---- */

static struct world_minute *minute_at(struct world *w, int64_t at_ms) {
  int64_t i = (at_ms - w->begin_ms) / MINUTE_MS;
  return w->p.minutes && i >= 0 && i < (int64_t)w->p.minute_room ? &w->p.minutes[i] : NULL;
}

/* A span of an agent's time, cut at the shift's end and shared out to its minutes. */
static void account_span(struct world *w, uint32_t agent, enum agent_state state, int64_t from, int64_t to) {
  const struct vagent *a = &w->agents[agent];
  if (from < w->begin_ms) from = w->begin_ms;
  if (to > w->end_ms) to = w->end_ms;
  if (from >= to || state == AGENT_LOGGED_OUT) return;
  uint64_t span = (uint64_t)(to - from);
  bool pause = state == AGENT_PAUSED, busy = state == AGENT_TALKING || state == AGENT_WRAPUP;
  if (pause && a->with_caller)
    w->r->talk_ms += span;
  else if (pause)
    w->r->break_ms += span;
  else if (!busy)
    w->r->ready_ms += span;
  else if (!a->with_person)
    w->r->wasted_ms += span;
  else if (state == AGENT_TALKING)
    w->r->talk_ms += span;
  else
    w->r->wrapup_ms += span;
  if (pause && !a->with_caller) return;
  while (from < to) {
    int64_t next = from + MINUTE_MS - (from - w->begin_ms) % MINUTE_MS;
    if (next > to) next = to;
    struct world_minute *m = minute_at(w, from);
    if (m) *(pause || (busy && a->with_person) ? &m->busy_ms : busy ? &m->wasted_ms : &m->idle_ms) += (uint32_t)(next - from);
    from = next;
  }
}

static uint32_t agent_named(const struct world *w, uint64_t id) {
  uint32_t i = 0;
  while (i < w->p.day.agents && w->agents[i].id != id) i++;
  return i;
}

void people_log(struct world *w, const struct mail_store_agent_log *l) {
  uint32_t i = agent_named(w, l->agent_id);
  if (i == w->p.day.agents || w->stopping) return;
  struct vagent *a = &w->agents[i];
  account_span(w, i, (enum agent_state)l->state, w->now_ms - (l->to.ms - l->from.ms), w->now_ms);
  if (l->state == AGENT_READY) w->r->idle_gaps++;
  a->since_ms = w->now_ms;
  if (a->break_due || a->leaving) shift_at(w, i, 0, SHIFT_LOOK);
}

void people_end(struct world *w) {
  for (uint32_t i = 0; i < w->p.day.agents; i++)
    account_span(w, i, state_of(w, i), w->agents[i].since_ms ? w->agents[i].since_ms : w->begin_ms, w->end_ms);
}

void people_closed(struct world *w, const struct mail_store_close *c) {
  const struct fortune *f = &w->calls[c->slot].fortune;
  bool live = c->outcome == OUTCOME_CONNECTED || c->outcome == OUTCOME_ABANDONED;
  w->day_live += live;
  w->day_abandoned += c->outcome == OUTCOME_ABANDONED;
  w->day_early += c->outcome == OUTCOME_EARLY_HANGUP && !f->hasty; /* as the account: who waited for nobody is no loss */
  bool served = f->fate == FATE_PERSON && c->outcome == OUTCOME_CONNECTED;
  bool lost = f->fate == FATE_PERSON && !f->hasty && (c->outcome == OUTCOME_ABANDONED || c->outcome == OUTCOME_EARLY_HANGUP);
  w->r->served_people += served;
  w->r->lost_people += lost;
  struct world_minute *m = minute_at(w, w->now_ms);
  if (!m) return;
  m->people = (uint16_t)(m->people + served);
  m->lost = (uint16_t)(m->lost + lost);
  double limit = w->p.day.limit_pct / 100, all = (double)(w->day_live + w->day_early), gone = (double)(w->day_abandoned + w->day_early);
  double mistaken = w->p.day.screening ? w->p.day.mistaken_pct / 100 : 0;
  m->credit_milli = (int32_t)(((limit - mistaken) * all - gone * (1 - mistaken)) / (1 - limit) * 1000);
}

/* ---- breaks and going home ---- */

static void look(struct world *w, uint32_t i) {
  struct vagent *a = &w->agents[i];
  enum agent_state s = state_of(w, i);
  if (a->with_caller) return;
  if (a->leaving) {
    if (s == AGENT_LOGGED_OUT) a->here = a->leaving = a->break_due = false;
  } else if (a->break_due && s == AGENT_PAUSED) {
    a->break_due = false;
    shift_at(w, i, a->break_ms, SHIFT_BACK);
    return;
  }
  if (a->leaving || a->break_due) shift_at(w, i, LOOK_MS, SHIFT_LOOK);
}

static void back_to_work(struct world *w, uint32_t i) {
  if (w->agents[i].leaving)
    people_order(w, i, ORDER_AGENT, AGENT_LOGGED_OUT);
  else
    people_order(w, i, ORDER_AGENT, w->agents[i].break_due ? AGENT_PAUSED : AGENT_READY);
  if (w->agents[i].leaving || w->agents[i].break_due) shift_at(w, i, 0, SHIFT_LOOK);
}

/* ---- inbound callers ---- */

static bool serve_caller(struct world *w, uint32_t i, const struct vcaller *c) {
  const struct scenario *d = &w->p.day;
  struct vagent *a = &w->agents[i];
  if (state_of(w, i) != AGENT_PAUSED) people_order(w, i, ORDER_AGENT, AGENT_PAUSED);
  if (state_of(w, i) != AGENT_PAUSED) return false;
  struct spread talk = {.mean = d->inbound_talk_s, .cv = 0.9};
  a->with_caller = true;
  w->r->inbound_served++;
  w->r->inbound_wait_ms += (uint64_t)(w->now_ms - c->since_ms);
  double s = spread_at(&talk, uniform(w, STREAM_CALLERS, c->number, 1), 1);
  s = (s < 2 ? 2 : s) + spread_at(&d->wrap, uniform(w, STREAM_CALLERS, c->number, 2), 1);
  shift_at(w, i, (int64_t)(s * 1000), SHIFT_CALLER_DONE);
  return true;
}

static void caller_arrives(struct world *w) {
  struct vcaller c = {w->callers_made, w->now_ms,
                      w->now_ms + (int64_t)(-log(uniform(w, STREAM_CALLERS, w->callers_made, 12)) * w->p.day.inbound_patience_s * 1000)};
  uint32_t best = w->p.day.agents;
  w->r->inbound++;
  for (uint32_t i = 0; i < w->p.day.agents; i++)
    if (state_of(w, i) == AGENT_READY && (best == w->p.day.agents || w->agents[i].since_ms < w->agents[best].since_ms)) best = i;
  if (best < w->p.day.agents && serve_caller(w, best, &c)) {
    next_caller(w);
    return;
  }
  if (w->callers_waiting < CALLERS_WAITING_MAX) {
    w->callers[w->callers_waiting++] = c;
    world_schedule(w, c.until_ms - w->now_ms, (struct happen){.what = HAPPENS_CALLER_GIVES_UP});
  } else {
    w->r->inbound_lost++;
  }
  next_caller(w);
}

static void callers_give_up(struct world *w) {
  unsigned kept = 0;
  for (unsigned i = 0; i < w->callers_waiting; i++)
    if (w->callers[i].until_ms > w->now_ms)
      w->callers[kept++] = w->callers[i];
    else
      w->r->inbound_lost++;
  w->callers_waiting = kept;
}

static bool serve_waiting(struct world *w, uint32_t i) {
  if (w->callers_waiting == 0) return false;
  struct vcaller c = w->callers[0];
  if (!serve_caller(w, i, &c)) return false;
  memmove(w->callers, w->callers + 1, --w->callers_waiting * sizeof *w->callers);
  return true;
}

void people_wrapped(struct world *w, uint32_t i) {
  struct vagent *a = &w->agents[i];
  if (w->callers_waiting == 0 || a->leaving || a->break_due || state_of(w, i) != AGENT_WRAPUP) return;
  people_order(w, i, ORDER_AGENT, AGENT_PAUSED); /* takes effect with the key that ends the wrap-up */
  world_schedule(w, 2, (struct happen){.what = HAPPENS_SHIFT, .slot = i, .gen = SHIFT_CALLER_DONE});
}

static void caller_done(struct world *w, uint32_t i) {
  struct vagent *a = &w->agents[i];
  enum agent_state s = state_of(w, i);
  if (s == AGENT_WRAPUP) { /* the key is still on its way */
    shift_at(w, i, 2, SHIFT_CALLER_DONE);
    return;
  }
  if (s == AGENT_PAUSED && a->with_caller) {
    account_span(w, i, AGENT_PAUSED, a->since_ms, w->now_ms);
    a->since_ms = w->now_ms;
  }
  a->with_caller = false;
  if (s != AGENT_PAUSED) return;
  if (!a->leaving && !a->break_due && serve_waiting(w, i)) return;
  back_to_work(w, i);
}

void people_happen(struct world *w, const struct happen *h) {
  struct vagent *a = &w->agents[h->slot];
  if (w->stopping) return;
  if (h->what == HAPPENS_CALLER) {
    caller_arrives(w);
    return;
  }
  if (h->what == HAPPENS_CALLER_GIVES_UP) {
    callers_give_up(w);
    return;
  }
  switch ((enum shift)h->gen) {
  case SHIFT_BEGINS:
    a->here = true;
    a->since_ms = w->now_ms;
    people_order(w, h->slot, ORDER_AGENT, AGENT_READY);
    break;
  case SHIFT_ENDS:
    a->leaving = true;
    if (!a->with_caller) people_order(w, h->slot, ORDER_AGENT, AGENT_LOGGED_OUT);
    look(w, h->slot);
    break;
  case SHIFT_BREAK:
    if (!a->here || a->leaving) break;
    a->break_due = true;
    a->break_ms = a->plan[a->next_break < a->breaks ? a->next_break++ : a->breaks - 1].for_ms;
    if (!a->with_caller) people_order(w, h->slot, ORDER_AGENT, AGENT_PAUSED);
    look(w, h->slot);
    break;
  case SHIFT_LOOK: look(w, h->slot); break;
  case SHIFT_BACK:
    if (a->here && !a->leaving) people_order(w, h->slot, ORDER_AGENT, AGENT_READY);
    break;
  case SHIFT_CALLER_DONE: caller_done(w, h->slot); break;
  }
}
