#include <campaigns/law.h>

enum { PERIOD_DAYS = 30 };

static bool machine(enum verdict v) { return v != VERDICT_NONE && v != VERDICT_PERSON; }

enum abandon_class abandon_classify(const struct abandon_facts *f) {
  if (f->answered.ms == 0 || machine(f->verdict)) return ABANDON_NOT_LIVE;
  /* Early media may end a greeting before the answer; nobody waits for us before it. */
  struct wall from = f->greeting_end.ms > f->answered.ms ? f->greeting_end : f->answered;
  if (f->bridged.ms != 0) return f->bridged.ms - from.ms <= f->max_wait_ms ? ABANDON_SERVED : ABANDON_ABANDONED;
  bool waited_out = f->message_played || f->ended.ms == 0 || f->ended.ms - from.ms >= f->max_wait_ms;
  return f->ended_by == ENDED_BY_CALLEE && !waited_out ? ABANDON_EARLY_HANGUP : ABANDON_ABANDONED;
}

/* a * b as high and low halves: rates are compared exactly, whatever the counts. */
struct wide {
  uint64_t high, low;
};
static struct wide multiply(uint64_t a, uint32_t b) {
  uint64_t low = (a & 0xffffffff) * b, high = (a >> 32) * b + (low >> 32);
  return (struct wide){high >> 32, high << 32 | (low & 0xffffffff)};
}

bool abandon_within(uint64_t num, uint64_t den, uint32_t limit_bp) {
  struct wide left = multiply(num, 10000), right = multiply(den, limit_bp);
  return den == 0 || left.high < right.high || (left.high == right.high && left.low <= right.low);
}

struct wall abandon_period(struct wall campaign_started, struct wall at) {
  const int64_t period_ms = (int64_t)PERIOD_DAYS * 86400000;
  if (at.ms < campaign_started.ms) return campaign_started;
  return wall_add(campaign_started, (at.ms - campaign_started.ms) / period_ms * period_ms);
}
