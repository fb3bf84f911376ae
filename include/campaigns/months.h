/* months.h — months of the logs moved into files of their own, beside a running daemon.
 *
 * Reports, exports, dossiers and verification read archives like the live tables. Making one: copy (reads only), register
 * (one transaction), then the live rows go in small steps; a crash at any moment loses nothing and counts nothing twice.
 * Thread: copy and settle the caller's own, the rest the store's. Errors: enum cad_err. Source: campaigns/records/archive_*.c */
#ifndef CAMPAIGNS_ARCHIVE_H
#define CAMPAIGNS_ARCHIVE_H

#include <campaigns/store.h>

enum { ARCHIVE_MONTH_BYTES = 8, ARCHIVE_DAYS_LEAST = 120 }; /* laws look back that far */
struct archive_draft {
  char month[ARCHIVE_MONTH_BYTES]; /* "2026-05" */
  struct wall ends;
  char part[600], path[600];
  uint64_t first[2], last[2], agent_last, last_id, rows[2], erasures; /* 0 call, 1 decision */
};
/* The oldest month that is whole, has rows that are not archived and ended before `before`. CAD_EMPTY: none is left. */
int archive_next(const char *db_path, struct wall before, struct archive_draft *out, FILE *err);
/* Writes its file beside the last name. CAD_EFORMAT: a row is not what its link says; run verify. */
int archive_copy(const char *db_path, struct archive_draft *d, FILE *err);
/* The archive counts from this commit on. CAD_EBUSY: somebody was erased since the copy began, copy again; CAD_EREFUSED: the
 * law's rules look back further. */
int store_archive_register(struct store *s, const struct archive_draft *d);
/* Takes live rows away that archives hold: so many blocks of links at most (each some hundred rows), one at least, in some ms; 1: there
 * are more. Meanwhile a reader sees every row once; rows of one millisecond may change places. */
enum { ARCHIVE_STEP_BLOCKS = 16 };
int store_archive_step(struct store *s, int most);

struct archive_row {
  char month[ARCHIVE_MONTH_BYTES], file[64];
  struct wall created;
  uint64_t calls, decisions, bytes; /* bytes 0: the file is missing */
  bool moving;                      /* some of its rows are still in the live tables too */
};
int store_archive_each(struct store *reader, int (*fn)(void *arg, const struct archive_row *r), void *arg);

/* Erasures that archives have not heeded yet are done in their files; how many were. */
int archive_settle(const char *db_path, FILE *err);
int store_archive_settled(struct store *s);
/* How many wait; a start of the box settles them. */
int store_archive_waiting(struct store *s);

/* One at a time: archiving, erasing, retention and backup each hold this lock on the state folder. CAD_EBUSY: another does. */
int archive_lock(const char *db_path, int *fd);

#endif
