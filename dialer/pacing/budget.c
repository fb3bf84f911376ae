#include "budget.h"
#include <cadencia/err.h>
#include <string.h>

enum { UNIT_BP = 10000, MILLI = 1000 };
/* A thousand agents make 1e7 calls in thirty days; with this bound every product stays within 63 bits. */
static const uint64_t account_max = UINT64_C(1000000000);

static const int64_t account_ms = INT64_C(1000000000000000); /* of the clock: no window begins further away */

static uint64_t bounded(uint64_t calls) { return calls > account_max ? account_max : calls; }

void budget_init(struct budget *b, uint32_t limit_bp, uint32_t fp_bp) {
  *b = (struct budget){.count = 1};
  b->windows[0].limit_bp = (uint16_t)(limit_bp > UNIT_BP ? UNIT_BP : limit_bp);
  b->windows[0].fp_bp = (uint16_t)(fp_bp > UNIT_BP ? UNIT_BP : fp_bp);
  b->windows[0].begins_ms = INT64_MIN;
}

static bool same_window(const struct pacer_window *a, const struct pacer_window *b) { return a->kind == b->kind && a->began == b->began; }

int budget_set(struct budget *b, const struct pacer_window *windows, unsigned count) {
  struct budget next = {.count = count};
  if (count == 0 || count > PACER_WINDOWS_MAX) return CAD_EINVAL;
  for (unsigned i = 0; i < count; i++) {
    struct pacer_window *w = &next.windows[i];
    *w = windows[i];
    if (w->limit_bp > UNIT_BP || w->fp_bp > UNIT_BP || w->begins_ms < -account_ms || w->begins_ms > account_ms) return CAD_EINVAL;
    if (w->ends_ms != 0 && (w->ends_ms <= w->begins_ms || w->ends_ms > account_ms)) return CAD_EINVAL;
    const struct pacer_window *have = NULL;
    for (unsigned j = 0; j < b->count && !have; j++)
      if (b->windows[j].begins_ms != INT64_MIN && same_window(&b->windows[j], w)) have = &b->windows[j];
    if (have) w->served = have->served, w->abandoned = have->abandoned, w->early = have->early, w->machines = have->machines;
    w->served = bounded(w->served), w->abandoned = bounded(w->abandoned);
    w->early = bounded(w->early), w->machines = bounded(w->machines);
  }
  *b = next;
  return CAD_OK;
}

static uint64_t *field(struct pacer_window *w, enum budget_kind kind) {
  switch (kind) {
  case BUDGET_SERVED: return &w->served;
  case BUDGET_ABANDONED: return &w->abandoned;
  case BUDGET_EARLY: return &w->early;
  case BUDGET_MACHINE: return &w->machines;
  default: return NULL;
  }
}

void budget_book(struct budget *b, int64_t launched_ms, enum budget_kind kind) {
  for (unsigned i = 0; i < b->count; i++) {
    uint64_t *calls = field(&b->windows[i], kind);
    if (calls && launched_ms >= b->windows[i].begins_ms && *calls < account_max) ++*calls;
  }
}

void budget_unbook(struct budget *b, int64_t launched_ms, enum budget_kind kind) {
  for (unsigned i = 0; i < b->count; i++) {
    uint64_t *calls = field(&b->windows[i], kind);
    if (calls && launched_ms >= b->windows[i].begins_ms && *calls > 0) --*calls;
  }
}

void budget_turn(struct budget *b, int64_t now_ms) {
  for (unsigned i = 0; i < b->count; i++) {
    struct pacer_window *w = &b->windows[i];
    if (w->ends_ms == 0 || now_ms < w->ends_ms) continue;
    w->began += w->ends_ms - w->begins_ms;
    w->begins_ms = w->ends_ms, w->ends_ms = 0;
    w->served = w->abandoned = w->early = w->machines = 0;
  }
}

uint64_t budget_live(const struct pacer_window *w) { return w->served + w->abandoned + (w->count_machines ? w->machines : 0); }

/* limit * L - A(1-f) - f * L with spent calls as A, in units of 1e-4 calls. */
static int64_t balance(const struct pacer_window *w, uint64_t early) {
  const int64_t live = (int64_t)(budget_live(w) + early), spent = (int64_t)(w->abandoned + early);
  return ((int64_t)w->limit_bp - w->fp_bp) * live - (UNIT_BP - (int64_t)w->fp_bp) * spent;
}

static int64_t window_credit_milli(const struct pacer_window *w) {
  const int64_t cost = UNIT_BP - (int64_t)w->limit_bp; /* an abandoned call is also one more live answer */
  const int64_t have = balance(w, w->early) * MILLI;
  if (cost <= 0) return (int64_t)account_max * MILLI;
  return have >= 0 ? have / cost : -((-have + cost - 1) / cost);
}

int64_t budget_credit_milli(const struct budget *b, unsigned *which) {
  int64_t least = window_credit_milli(&b->windows[0]);
  if (which) *which = 0;
  for (unsigned i = 1; i < b->count; i++) {
    const int64_t credit = window_credit_milli(&b->windows[i]);
    if (credit >= least) continue;
    least = credit;
    if (which) *which = i;
  }
  return least;
}

int64_t budget_earn_micro(const struct budget *b) {
  int64_t least = INT64_C(1000000);
  for (unsigned i = 0; i < b->count; i++) {
    const struct pacer_window *w = &b->windows[i];
    const int64_t cost = UNIT_BP - (int64_t)w->limit_bp;
    const int64_t earn = cost <= 0 ? least : w->limit_bp <= w->fp_bp ? 0 : (w->limit_bp - w->fp_bp) * INT64_C(1000000) / cost;
    if (earn < least) least = earn;
  }
  return least;
}

bool budget_kept(const struct budget *b) {
  for (unsigned i = 0; i < b->count; i++)
    if (balance(&b->windows[i], 0) < 0) return false;
  return true;
}

uint32_t budget_rate_bp(const struct pacer_window *w) {
  const uint64_t live = budget_live(w), f = w->fp_bp;
  if (live == 0) return 0;
  return (uint32_t)((w->abandoned * (UNIT_BP - f) + f * live + live - 1) / live);
}
