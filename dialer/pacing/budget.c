#include "budget.h"

enum { UNIT_BP = 10000, MILLI = 1000 };
/* A campaign of 30 days on a thousand agents makes about 1e9 milli-calls; this bound keeps every product within 63 bits. */
static const int64_t account_max_milli = INT64_C(1000000000000);

static int64_t bounded(int64_t milli) { return milli < 0 ? 0 : milli > account_max_milli ? account_max_milli : milli; }

void budget_init(struct budget *b, uint32_t limit_bp, uint32_t fp_bp) {
  *b = (struct budget){.limit_bp = limit_bp > UNIT_BP ? UNIT_BP : limit_bp, .fp_bp = fp_bp > UNIT_BP ? UNIT_BP : fp_bp};
}

void budget_set(struct budget *b, uint64_t abandoned, uint64_t live) {
  const uint64_t most = (uint64_t)(account_max_milli / MILLI);
  live = live > most ? most : live;
  abandoned = abandoned > live ? live : abandoned;
  b->abandoned_milli = (int64_t)abandoned * MILLI;
  b->live_milli = (int64_t)live * MILLI;
}

void budget_connected(struct budget *b) { b->live_milli = bounded(b->live_milli + MILLI); }

void budget_not_live(struct budget *b) {
  b->live_milli = bounded(b->live_milli - MILLI);
  if (b->live_milli < b->abandoned_milli) b->live_milli = b->abandoned_milli;
}

void budget_abandoned(struct budget *b, uint32_t person_milli) {
  const int64_t part = person_milli > MILLI ? MILLI : (int64_t)person_milli;
  b->abandoned_milli = bounded(b->abandoned_milli + part);
  b->live_milli = bounded(b->live_milli + part);
}

/* What is earned less what is spent, in units of 1e-4 milli-calls. */
static int64_t balance(const struct budget *b) {
  return (b->limit_bp - b->fp_bp) * b->live_milli - (UNIT_BP - b->fp_bp) * b->abandoned_milli;
}

int64_t budget_credit_milli(const struct budget *b) {
  const int64_t cost = UNIT_BP - b->limit_bp; /* an abandoned call is also one more live answer */
  const int64_t have = balance(b);
  if (cost <= 0) return account_max_milli;
  return have >= 0 ? have / cost : -((-have + cost - 1) / cost);
}

int64_t budget_earn_micro(const struct budget *b) {
  const int64_t cost = UNIT_BP - b->limit_bp;
  if (cost <= 0) return INT64_C(1000000);
  return b->limit_bp <= b->fp_bp ? 0 : (b->limit_bp - b->fp_bp) * INT64_C(1000000) / cost;
}

bool budget_kept(const struct budget *b) { return balance(b) >= 0; }
