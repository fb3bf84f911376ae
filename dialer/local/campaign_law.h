/* campaign_law.h — where, for whom and by what right a campaign calls, as people read it. Source: campaign_law.c */
#ifndef CADENCIA_LOCAL_CAMPAIGN_LAW_H
#define CADENCIA_LOCAL_CAMPAIGN_LAW_H

#include <campaigns/gate.h>
#include <jansson.h>
#include <stdio.h>

/* Adds countries, sector, technology and basis to the object. */
void campaign_law_json(json_t *out, const struct gate_terms *g);
/* One line. */
void campaign_law_print(FILE *out, const struct gate_terms *g);

#endif
