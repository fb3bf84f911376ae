/* campaign_json.h — a campaign's definition as the JSON text that the database keeps: names, not numbers, so
 * that rows survive changes of our enumerations. Columns of their own (id, name, state, seller, country,
 * purpose, trunk) are not in it. Thread: any. Source: campaign_json.c */
#ifndef RECORDS_CAMPAIGN_JSON_H
#define RECORDS_CAMPAIGN_JSON_H

#include <campaigns/store.h>

/* Malloc'ed text, NULL without memory. */
char *campaign_to_json(const struct campaign_def *def);
/* Fills what the text holds; CAD_EFORMAT when a value is missing, of the wrong type or unknown. */
int campaign_from_json(const char *text, struct campaign_def *def);
/* CAD_OK or CAD_EINVAL: every number within its bounds, hours and retry table sound. */
int campaign_check(const struct campaign_def *def);

#endif
