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
