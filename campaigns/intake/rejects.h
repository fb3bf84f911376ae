/* rejects.h — the file of rejected rows: line, reason, how to mend it, then the cells as they came; it
 * opens in a spreadsheet and, mended, is imported again as it is. Owner: import.c. Source: rejects.c */
#ifndef INTAKE_REJECTS_H
#define INTAKE_REJECTS_H

#include <campaigns/intake.h>

/* Cells of one row, kept until the store has spoken: NUL after each. */
struct raw_rows {
  char *bytes;
  size_t used, room;
};
/* Where the row begins, < 0: CAD_ENOMEM. */
int64_t raw_keep(struct raw_rows *r, const struct csv_record *record);
void rejects_header(FILE *out, const struct mapping *m, char separator, bool accents);
void rejects_put(FILE *out, const struct mapping *m, char separator, const char *cells, int count, uint64_t line, const char *reason,
                 enum import_reason why);

#endif
