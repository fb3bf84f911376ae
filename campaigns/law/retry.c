#include <campaigns/law.h>
#include <stddef.h>

static const struct retry_rule INTERRUPTED = {OUTCOME_INTERRUPTED, 86400000, 3};

static const struct retry_rule *rule_for(const struct retry_table *t, enum outcome outcome) {
  for (int i = 0; i < t->count && i < RETRY_RULES_MAX; i++)
    if (t->rules[i].outcome == outcome) return &t->rules[i];
  return outcome == OUTCOME_INTERRUPTED ? &INTERRUPTED : NULL;
}

struct wall retry_next(const struct retry_table *t, enum outcome outcome, uint32_t tries_so_far, struct wall ended) {
  const struct retry_rule *rule = outcome == OUTCOME_UNWANTED ? NULL : rule_for(t, outcome);
  if (!rule || tries_so_far >= rule->max_tries) return WALL_NONE;
  return wall_add(ended, rule->delay_ms);
}

enum { HOUR_MS = 3600000, DAY_OF_MS = 24 * HOUR_MS, NOON_MS = 12 * HOUR_MS, EVENING_MS = 17 * HOUR_MS };

static int part_of(int64_t in_day) { return in_day < NOON_MS ? 0 : in_day < EVENING_MS ? 1 : 2; }

static int64_t in_local_day(const struct zones *z, uint16_t zone, struct wall at) {
  int64_t local = at.ms + (int64_t)zones_offset_s(z, zone, at) * 1000, in_day = local % DAY_OF_MS;
  return in_day < 0 ? in_day + DAY_OF_MS : in_day;
}

struct wall retry_part(const struct zones *z, uint16_t zone, struct wall ended, struct wall next) {
  static const int64_t ENDS[] = {NOON_MS, EVENING_MS, DAY_OF_MS};
  if (next.ms == 0 || zone == ZONE_NONE) return next;
  int64_t in_day = in_local_day(z, zone, next);
  int part = part_of(in_day);
  return part == part_of(in_local_day(z, zone, ended)) ? wall_add(next, ENDS[part] - in_day) : next;
}

bool retry_next_number(enum outcome outcome, bool *dead) {
  *dead = outcome == OUTCOME_INVALID_NUMBER || outcome == OUTCOME_FAX;
  return *dead || outcome == OUTCOME_NO_ANSWER || outcome == OUTCOME_MACHINE || outcome == OUTCOME_SCREENING ||
         outcome == OUTCOME_MESSAGE_LEFT || outcome == OUTCOME_DEAD_AIR || outcome == OUTCOME_REJECTED;
}

uint16_t retry_score_class(uint32_t tries, uint8_t rank) {
  const uint32_t tried = tries < 3 ? tries : 3, ranked = rank / 3u < 3 ? rank / 3u : 3;
  return (uint16_t)(ranked * 4 + tried);
}
