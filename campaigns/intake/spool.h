/* spool.h — rows of a run, understood, until the store has spoken: in memory while they are few, else in a file without a name.
 * Owner: import.c. Source: spool.c */
#ifndef INTAKE_SPOOL_H
#define INTAKE_SPOOL_H

#include <campaigns/intake.h>

enum { SPOOL_ROWS = 1 << 19 };
struct spooled {
  uint64_t line;
  int why;                       /* enum import_reason; -1: good so far, row holds it */
  char reason[PHONE_REASON_MAX]; /* when why >= 0 */
  struct contact_row row;
  bool consent_undated; /* it says yes, but not since when */
  int cells;            /* of the row as it came */
  const char *raw;      /* its cells, NUL after each; NULL: not kept. After spool_get: valid until the next call */
  size_t raw_bytes;
};
struct spool;
int spool_create(struct spool **out);
struct spool *spool_destroy(struct spool *s);
/* CAD_OK, CAD_EFULL (SPOOL_ROWS), CAD_ENOMEM, CAD_EIO (no room on the disk of temporary files). */
int spool_put(struct spool *s, const struct spooled *row);
int spool_get(struct spool *s, uint32_t index, struct spooled *out);
uint32_t spool_count(const struct spool *s);
/* The good rows in the order of their numbers: their indexes into out, room for spool_count. How many. */
uint32_t spool_by_number(const struct spool *s, uint32_t *out);
void spool_clear(struct spool *s);

#endif
