/* verify.h — the state of one verification: it walks the chains of one file after another (archives, then the file that is
 * written) and carries the last links over. Thread: the caller's. Source: verify.c, verify_rows.c, verify_marks.c */
#ifndef RECORDS_VERIFY_H
#define RECORDS_VERIFY_H

#include "checkpoint.h"
#include <campaigns/evidence.h>

/* Ids of rows whose number an erasure took out. */
struct erased {
  uint64_t *ids; /* sorted */
  size_t count, room;
  int64_t before_ms; /* rows older than this have none by retention; 0: no such rule ran */
};
struct verifier {
  struct db db;
  sqlite3_stmt *rows[CHAIN_KINDS];
  struct content content;
  unsigned char id[CHAIN_ID_BYTES];
  uint16_t box;
  struct chain_head heads[STREAM_COUNT];
  bool broken[STREAM_COUNT];   /* its first fault was named: nothing after it can be judged */
  uint64_t links[CHAIN_KINDS]; /* of the file at hand */
  uint64_t launched, launched_xor, called, called_xor;
  struct erased erased;
  sqlite3_stmt *marks; /* checkpoints in order */
  struct checkpoint mark, outside;
  bool has_mark, has_outside, compared[STREAM_COUNT], outside_compared[STREAM_COUNT];
  unsigned char mark_before[LINK_BYTES];
  uint64_t mark_number;
  struct verify_report *report;
};

void verify_find(struct verifier *v, int stream, int kind, uint64_t number, uint64_t row, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* verify_rows.c */
int verify_file(struct verifier *v);
int erased_load(struct verifier *v);
/* verify_marks.c: after each link, and at the end */
int marks_open(struct verifier *v);
void marks_see(struct verifier *v, int stream);
void marks_end(struct verifier *v);

#endif
