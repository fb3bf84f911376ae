/* wrapup_fields.h — what an agent writes down with a code: its description "amount=number!,due=date,remark=text" and what is given,
 * "amount=120.50,due=2026-12-01". Source: wrapup_fields.c */
#ifndef CADENCIA_LOCAL_WRAPUP_FIELDS_H
#define CADENCIA_LOCAL_WRAPUP_FIELDS_H

#include <jansson.h>
#include <stdbool.h>

enum { WRAPUP_WHY_MAX = 160 };
/* Names of letters, digits and '_', kinds text, number, date, each name once; else why. */
bool fields_described(const char *description, char why[WRAPUP_WHY_MAX]);
/* Everything that must be there is, nothing else, each of its kind; NULL and why, or a new object. given NULL: nothing. A description
 * of "" takes any names as text. */
json_t *fields_given(const char *description, const char *given, char why[WRAPUP_WHY_MAX]);

#endif
