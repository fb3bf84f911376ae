/* verify.h — the state of one verification: it walks the chains of one file after another (archives, then the file that is
 * written) and carries the last links over. Thread: the caller's. Source: verify.c, verify_rows.c, verify_marks.c, verify_guards.c */
#ifndef RECORDS_VERIFY_H
#define RECORDS_VERIFY_H

#include "checkpoint.h"
#include <campaigns/evidence.h>

/* Ids of rows whose number an erasure took out. */
struct erased {
  uint64_t *ids; /* sorted */
  size_t count, room;
  int64_t before_ms[CHAIN_KINDS]; /* rows of that kind older than this have none by retention; 0: no such rule ran */
};
/* What the checkpoints of the file signed, in order. */
struct mark {
  uint64_t number, rows[STREAM_COUNT];
  unsigned char link[STREAM_COUNT][LINK_SHORT_BYTES];
};
struct marks {
  struct mark *rows;
  size_t count, room, next[STREAM_COUNT]; /* next: the first that a stream has not come to yet */
};
struct archive_part;
struct verifier {
  struct db db;
  struct db *file;                 /* whose rows are at hand: db, or one with an archive beside it */
  const struct archive_part *part; /* NULL: the live file */
  sqlite3_stmt *rows[CHAIN_KINDS];
  struct content content;
  unsigned char id[CHAIN_ID_BYTES];
  uint16_t box;
  struct chain_head heads[STREAM_COUNT];
  bool broken[STREAM_COUNT];   /* its first fault was named: nothing after it can be judged */
  uint64_t links[CHAIN_KINDS]; /* of the file at hand */
  uint64_t launched, launched_xor, called, called_xor;
  struct erased erased;
  struct marks marks;
  struct checkpoint outside;
  bool has_outside, outside_compared[STREAM_COUNT];
  struct verify_report *report;
  struct {
    const char *fmt;
    int kind;
  } said[VERIFY_FINDINGS_MAX]; /* what each finding says: the same words, of the same kind of row, are alike */
};

void verify_find(struct verifier *v, int stream, int kind, uint64_t number, uint64_t row, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* verify_rows.c */
int verify_file(struct verifier *v); /* file and part say which */
int erased_load(struct verifier *v);
/* verify_marks.c: after each link, and at the end */
int marks_open(struct verifier *v);
void marks_see(struct verifier *v, int stream);
void marks_end(struct verifier *v);
/* verify_guards.c: changes that nobody signed, and the triggers that note changes. */
void guards_judge(struct verifier *v);

#endif
