/* Agents who serve several campaigns, and agents who need a rest.
 *
 * Each campaign has its own pacer and its own budget; an agent belongs to one of them at a time, so that no two pacers
 * count on the same agent. He changes over when he becomes ready, never with a call in hand, and idle only when nobody
 * rings for him. A caller without an agent of his own campaign gets any free one who serves it. */
#include "dialer/floor/floor.h"

enum { REST_LEAST_MS = 1000, REST_MOST_MS = 120000, MEMORY_MS = 1800000 };

bool share_serves(const struct floor *f, const struct agent *a, uint32_t campaign) {
  const struct campaign *p = &f->campaigns[campaign];
  if (!p->used || (p->terms.skills & ~a->skills) != 0) return false;
  for (unsigned i = 0; i < a->serves_count; i++)
    if (a->serves[i] == p->terms.id) return true;
  return false;
}

static bool has_work(const struct campaign *p) {
  return p->state == CAMPAIGN_RUNNING && (p->lease_count > 0 || p->in_flight > 0 || p->wait_head != NOBODY);
}

static uint32_t staffed(const struct floor *f, uint32_t campaign, const struct agent *but) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->agents_used; i++)
    n += &f->agents[i] != but && f->agents[i].campaign == campaign && f->agents[i].state > AGENT_PAUSED;
  return n;
}

uint32_t share_choose(const struct floor *f, const struct agent *a) {
  uint32_t best = NOBODY, best_staff = 0;
  if (a->serves_count < 2) return a->campaign;
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) {
    const struct campaign *p = &f->campaigns[i];
    if (!share_serves(f, a, i) || !has_work(p)) continue;
    const uint32_t staff = staffed(f, i, a);
    const int above = best == NOBODY ? 1 : (int)p->terms.priority - (int)f->campaigns[best].terms.priority;
    if (above < 0 || (above == 0 && (staff > best_staff || (staff == best_staff && i != a->campaign)))) continue;
    best = i, best_staff = staff;
  }
  return best == NOBODY ? a->campaign : best;
}

void share_move(struct floor *f, struct agent *a, uint32_t campaign) {
  const uint32_t slot = agent_slot(f, a);
  if (campaign == a->campaign || a->call != NOBODY) return;
  agent_unshow(f, a);
  struct campaign *p = &f->campaigns[a->campaign];
  if (a->state == AGENT_READY) p->ready_ms += (uint64_t)mono_since(f->now.mono, a->since);
  if (a->state == AGENT_READY && mono_since(f->now.mono, a->since) > 0) order_agent_log(f, a, AGENT_READY);
  floor_tell_pacer(f, a->campaign, PACER_AGENT_LOGOUT, NOBODY, slot, 0);
  p->pace_now = true;
  a->idle_ms += a->state == AGENT_READY ? mono_since(f->now.mono, a->since) : 0;
  a->campaign = (uint16_t)campaign;
  a->since = f->now.mono;
  floor_tell_pacer(f, campaign, PACER_AGENT_LOGIN, NOBODY, slot, 0);
  if (agent_available(a)) floor_tell_pacer(f, campaign, PACER_AGENT_READY, NOBODY, slot, 0);
  f->campaigns[campaign].pace_now = true;
}

void share_match(struct floor *f, struct agent *a) {
  inbound_match(f);
  pool_match(f, a->campaign);
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX && a->serves_count > 1 && agent_available(a); i++)
    if (f->campaigns[i].used && f->campaigns[i].wait_head != NOBODY && share_serves(f, a, i)) pool_match(f, i);
}

void share_balance(struct floor *f, uint32_t campaign) {
  const struct campaign *p = &f->campaigns[campaign];
  if (p->in_flight > 0 || p->lease_count > 0 || p->wait_head != NOBODY) return;
  for (uint32_t i = 0; i < f->agents_used; i++) {
    struct agent *a = &f->agents[i];
    if (a->campaign == campaign && a->serves_count > 1 && agent_available(a) && a->shown.case_id == 0) share_move(f, a, share_choose(f, a));
  }
}

void share_rest(struct floor *f, struct agent *a) {
  const int64_t ceiling = f->campaigns[a->campaign].terms.occupancy_bp;
  if (a->busy_ms > MEMORY_MS) a->busy_ms /= 2, a->idle_ms /= 2;
  if (ceiling == 0 || ceiling >= 10000) return;
  int64_t rest = a->busy_ms * (10000 - ceiling) / ceiling - a->idle_ms;
  if (rest < REST_LEAST_MS) return;
  if (rest > REST_MOST_MS) rest = REST_MOST_MS;
  a->resting = 1;
  timers_set(f->timers, timer_of_wrapup(f, agent_slot(f, a)), mono_add(f->now.mono, rest));
}

void share_rest_over(struct floor *f, struct agent *a) {
  timers_clear(f->timers, timer_of_wrapup(f, agent_slot(f, a)));
  a->resting = 0;
  if (!agent_available(a)) return;
  floor_tell_pacer(f, a->campaign, PACER_AGENT_READY, NOBODY, agent_slot(f, a), 0);
  f->campaigns[a->campaign].pace_now = true;
  share_match(f, a);
}
