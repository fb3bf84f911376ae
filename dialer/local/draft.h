/* draft.h — a template while it is read. Owner: template_read. Source: template.c template_groups.c */
#ifndef CADENCIA_LOCAL_DRAFT_H
#define CADENCIA_LOCAL_DRAFT_H

#include "dialer/base/schema.h"
#include "dialer/local/template.h"

#define PLACE(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)
#define LAST_KEY                                                                                                                           \
  { NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL }

enum { ATTEMPTS_MOST = 3 }; /* a day to one number */

struct draft {
  struct campaign_def d;
  char mode[16];
  char digit[2];
  bool has_hours, has_ring, has_limit, has_retry, has_dispositions;
  config_setting_t *hours_at;
};

/* Groups and lists of a template, each for its key; base is a struct draft. */
void draft_hours(struct schema *sc, config_setting_t *s, void *base);
void draft_retry(struct schema *sc, config_setting_t *s, void *base);
void draft_prompts(struct schema *sc, config_setting_t *s, void *base);
void draft_dispositions(struct schema *sc, config_setting_t *s, void *base);
void draft_default_disposition(struct schema *sc, config_setting_t *s, void *base);
void draft_abandonment_windows(struct schema *sc, config_setting_t *s, void *base);
void draft_occupancy(struct schema *sc, config_setting_t *s, void *base);
void draft_by_hand(struct schema *sc, config_setting_t *s, void *base);
void draft_inbound(struct schema *sc, config_setting_t *s, void *base);
void draft_skills(struct schema *sc, config_setting_t *s, void *base);
void draft_limit_zone(struct schema *sc, config_setting_t *s, void *base);
void draft_limit_false_positives(struct schema *sc, config_setting_t *s, void *base);
void draft_machine_action(struct schema *sc, config_setting_t *s, void *base);
void draft_screening_action(struct schema *sc, config_setting_t *s, void *base);
void draft_samples(struct schema *sc, config_setting_t *s, void *base);
void draft_attempts(struct schema *sc, config_setting_t *s, void *base);
/* What the law asks (template_law.c). */
void draft_countries(struct schema *sc, config_setting_t *s, void *base);
void draft_sector(struct schema *sc, config_setting_t *s, void *base);
void draft_technology(struct schema *sc, config_setting_t *s, void *base);
void draft_basis(struct schema *sc, config_setting_t *s, void *base);

#endif
