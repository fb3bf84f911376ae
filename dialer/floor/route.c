/* Which trunk a call goes over: failover by priority, shares by weight, and what each trunk is worth. */
#include "dialer/floor/floor.h"

enum { HOPS_MAX = 2 };

static bool member(const struct floor *f, uint16_t trunk, unsigned t) {
  return t == trunk || (f->trunks[t].group != 0 && f->trunks[t].group == f->trunks[trunk].group);
}

static bool usable(const struct floor *f, unsigned t) { return f->trunks[t].up && f->worker_up[f->trunks[t].listener]; }

static bool has_room(const struct trunk *t) { return t->used < t->channels && t->tokens_x1000 >= 1000; }

static void fill(const struct floor *f, struct trunk *t) {
  int64_t most = (int64_t)t->calls_per_s * 100; /* a burst of a tenth of a second */
  if (most < 1000) most = 1000;
  int64_t passed = t->filled.ms ? mono_since(f->now.mono, t->filled) : 1000;
  t->filled = f->now.mono;
  t->tokens_x1000 += passed * (int64_t)t->calls_per_s;
  if (t->tokens_x1000 > most) t->tokens_x1000 = most;
}

void route_fill(struct floor *f, uint16_t trunk) {
  for (unsigned t = 0; t < f->trunk_count; t++)
    if (member(f, trunk, t)) fill(f, &f->trunks[t]);
}

uint32_t route_lines(const struct floor *f, uint16_t trunk) {
  uint32_t n = 0;
  for (unsigned t = 0; t < f->trunk_count; t++)
    if (member(f, trunk, t) && usable(f, t) && f->trunks[t].used < f->trunks[t].channels) n += f->trunks[t].channels - f->trunks[t].used;
  return n;
}

uint32_t route_rate(const struct floor *f, uint16_t trunk) {
  uint32_t n = 0;
  for (unsigned t = 0; t < f->trunk_count; t++)
    if (member(f, trunk, t) && usable(f, t) && f->trunks[t].tokens_x1000 > 0) n += (uint32_t)(f->trunks[t].tokens_x1000 / 1000);
  return n;
}

bool route_up(const struct floor *f, uint16_t trunk) {
  for (unsigned t = 0; t < f->trunk_count; t++)
    if (member(f, trunk, t) && usable(f, t)) return true;
  return false;
}

int route_pick(struct floor *f, uint16_t trunk, uint16_t tried) {
  int best = -1;
  int64_t total = 0;
  uint32_t priority = UINT32_MAX;
  for (unsigned t = 0; t < f->trunk_count; t++)
    if (member(f, trunk, t) && usable(f, t) && has_room(&f->trunks[t]) && !(tried >> t & 1) && f->trunks[t].priority < priority)
      priority = f->trunks[t].priority;
  for (unsigned t = 0; t < f->trunk_count; t++) {
    struct trunk *k = &f->trunks[t];
    if (!member(f, trunk, t) || !usable(f, t) || !has_room(k) || (tried >> t & 1) || k->priority != priority) continue;
    k->turn += k->weight;
    total += k->weight;
    if (best < 0 || k->turn > f->trunks[best].turn) best = (int)t;
  }
  if (best >= 0) f->trunks[best].turn -= total;
  return best;
}

/* The network between us and the trunk failed, not the callee: nothing rang, nobody was called. */
static bool trunk_failed(const struct mail_sip_event *e) {
  return e->cause == CAUSE_CONGESTION || e->cause == CAUSE_TIMEOUT || e->cause == CAUSE_SERVER || e->cause == CAUSE_AUTH ||
         e->cause == CAUSE_LOCAL;
}

/* Another listener speaks from its own address and ports: the call takes one of those, and its own goes back. */
static bool take_ports_of(struct floor *f, struct call *c, unsigned trunk) {
  uint16_t listener = f->trunks[trunk].listener;
  if (!f->credits_by_listener || listener == f->trunks[c->trunk].listener) return true;
  struct session session;
  uint16_t port;
  if (floor_credit_take_at(f, listener, &session, &port) < 0) return false;
  if (c->session.gen != 0) order_session(f, MEDIA_RELEASE, c->session);
  c->session = session;
  c->port = port;
  return true;
}

bool route_again(struct floor *f, struct call *c, const struct mail_sip_event *ended) {
  if (c->state != CALL_DIALING || c->ringing.ms || c->answered.ms || c->hops >= HOPS_MAX || f->draining || !trunk_failed(ended))
    return false;
  uint16_t tried = (uint16_t)(c->tried | 1u << c->trunk);
  route_fill(f, c->trunk);
  int next = route_pick(f, c->trunk, tried);
  for (uint16_t without = tried; next >= 0 && !take_ports_of(f, c, (unsigned)next);) {
    without |= (uint16_t)(1u << next);
    next = route_pick(f, c->trunk, without);
  }
  if (next < 0) return false;
  f->trunks[c->trunk].attempts++;
  f->trunks[c->trunk].by_cause[ended->cause < CAUSE_COUNT ? ended->cause : 0]++;
  f->trunks[c->trunk].used--;
  c->tried = tried;
  c->hops++;
  c->trunk = (uint16_t)next;
  f->trunks[next].used++;
  f->trunks[next].tokens_x1000 -= 1000;
  order_invite_call(f, c);
  return true;
}

void route_count(struct floor *f, const struct call *c) {
  struct trunk *t = &f->trunks[c->trunk];
  t->attempts++;
  t->answered += c->answered.ms != 0;
  /* NER counts what reached the far end, whoever refused there (ITU-T E.425). */
  t->reached += c->answered.ms != 0 || c->ringing.ms != 0 || c->cause == CAUSE_BUSY || c->cause == CAUSE_REJECTED ||
                c->cause == CAUSE_NO_ANSWER || c->cause == CAUSE_UNWANTED;
  if (c->ringing.ms) {
    t->rang++;
    t->pdd_ms += (uint64_t)mono_since(c->ringing, c->launched);
  }
  t->by_cause[c->cause < CAUSE_COUNT ? c->cause : 0]++;
}
