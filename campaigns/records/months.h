/* months.h — months of the logs in files of their own, state/archive/2026-05.db: how records/ reads them beside the live
 * tables. An archive holds a stretch of the call and of the decision log whole: its links, and the rows that they stand for,
 * each with the number of its link. Only an erasure ever changes it. Thread: the caller's. Source: archive.c */
#ifndef RECORDS_ARCHIVE_H
#define RECORDS_ARCHIVE_H

#include "chain.h"
#include <campaigns/months.h>

struct archive_part {
  char path[600], month[ARCHIVE_MONTH_BYTES];
  uint64_t first[STREAM_COUNT], last[STREAM_COUNT]; /* links in the file; the audit log has none */
  uint64_t upto[STREAM_COUNT], agent_upto;          /* how far rows are read from it: what is not gone from the live tables is read there */
};
/* In order of time, malloc'ed; how many. A database without archives has 0. */
int archives_load(struct db *live, struct archive_part **out);
/* A connection to the live file (main) with the archive beside it (arc). write: the archive may be changed, main may not.
 * CAD_ENOENT: the file is not there. */
int archive_open(struct db *live, const struct archive_part *p, struct db *out);
/* "@attempt" in the text becomes the table of that name as this part has it; p NULL: as the live file has it. malloc'ed. */
char *archive_sql(struct db *conn, const struct archive_part *p, const char *sql);
/* The folder of archives beside the database. */
void archive_folder(const char *db_path, char *out, size_t room);

/* One statement over all archives and the live file, as of one instant of the live file: run() gets each prepared statement
 * in turn, oldest part first, and steps it; < 0 stops and is returned. p NULL: the live part, conn is then `live`. */
typedef int archive_run_fn(void *arg, struct db *conn, const struct archive_part *p, sqlite3_stmt *q);
int archives_each(struct db *live, const char *sql, archive_run_fn *run, void *arg);

#endif
