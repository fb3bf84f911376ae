/* row_consent.h — what the columns of a row say of the person's consent. Source: row_consent.c */
#ifndef INTAKE_ROW_CONSENT_H
#define INTAKE_ROW_CONSENT_H

#include <campaigns/intake.h>

enum consent_said {
  CONSENT_NONE = 0, /* nothing */
  CONSENT_NO,
  CONSENT_UNDATED, /* yes, but since when is not said: nothing for the ledger */
  CONSENT_DATED
};
/* CONSENT_DATED fills *out. home: how the country writes dates where a number could be day or month; may be NULL. */
enum consent_said consent_of_row(const struct mapping *m, const struct csv_record *r, const struct phone_home *home, struct wall now,
                                 struct contact_consent *out);
/* "2026-05-02", "02/05/2026", "2.5.2026", "20260502", each with a time behind it or not, anywhere in the text. month_first: 05/02/2026
 * is the second of May. WALL_NONE: no date. */
struct wall consent_date(const char *text, bool month_first);

#endif
