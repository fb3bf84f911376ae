/* pack.h — a rule while it is read. Owner: pack_read. Source: pack.c pack_kinds.c */
#ifndef PACKS_PACK_H
#define PACKS_PACK_H

#include "dialer/base/schema.h"
#include <campaigns/packs.h>

#define PLACE(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)
#define LAST_KEY                                                                                                                           \
  { NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL }

enum { VECTORS_MAX = 4096 };

struct rule_draft {
  struct rule rule;
  char kind[16], region[REGION_TEXT_MAX], from[12], until[12];
  uint8_t on, bases;
  char holidays[12], per[12], scope[8];
  struct rule_hours hours;
  struct rule_cap cap;
  struct rule_registry registry;
  struct rule_consent consent;
  struct rule_caller caller;
  bool has_hours;
  int64_t value; /* -1: not said */
};
/* Lists and groups of a rule; base is a struct rule_draft. */
void draft_purposes(struct schema *sc, config_setting_t *s, void *base);
void draft_technologies(struct schema *sc, config_setting_t *s, void *base);
void draft_sectors(struct schema *sc, config_setting_t *s, void *base);
void draft_bases(struct schema *sc, config_setting_t *s, void *base);
void draft_lists(struct schema *sc, config_setting_t *s, void *base);
void draft_windows(struct schema *sc, config_setting_t *s, void *base);
void draft_forbid(struct schema *sc, config_setting_t *s, void *base);
void draft_require(struct schema *sc, config_setting_t *s, void *base);
void draft_counts(struct schema *sc, config_setting_t *s, void *base);
/* What the kind needs is there and nothing contradicts it; fills rule.u. */
void draft_finish(struct schema *sc, config_setting_t *at, struct rule_draft *d);

#endif
