/* Who gets whom: the longest idle agent takes the caller who waits longest. */
#include "dialer/floor/floor.h"

static bool can(const struct agent *a, uint32_t skills) { return agent_available(a) && (skills & ~a->skills) == 0; }

struct agent *pool_pick(struct floor *f, uint32_t campaign) {
  return pool_pick_skilled(f, campaign, 0);
}

struct agent *pool_pick_skilled(struct floor *f, uint32_t campaign, uint32_t skills) {
  struct agent *best = NULL;
  for (uint32_t i = 0; i < f->agents_used; i++) {
    struct agent *a = &f->agents[i];
    if (a->campaign == campaign && can(a, skills) && (!best || a->since.ms < best->since.ms)) best = a;
  }
  if (best) return best;
  for (uint32_t i = 0; i < f->agents_used; i++) { /* nobody of its own: whoever else may serve its callers */
    struct agent *a = &f->agents[i];
    if (a->serves_count > 1 && can(a, skills) && share_serves(f, a, campaign) && (!best || a->since.ms < best->since.ms)) best = a;
  }
  return best;
}

uint32_t pool_available(const struct floor *f, uint32_t campaign) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->agents_used; i++) n += f->agents[i].campaign == campaign && agent_available(&f->agents[i]);
  return n;
}

void pool_match(struct floor *f, uint32_t campaign) {
  struct call *c;
  struct agent *a;
  while ((c = waitq_head(f, campaign)) != NULL && (a = pool_pick(f, campaign)) != NULL) {
    waitq_remove(f, c);
    share_move(f, a, campaign);
    c->agent = agent_slot(f, a);
    agent_reserve(f, a, c);
    call_event(f, c, EV_AGENT);
  }
}
