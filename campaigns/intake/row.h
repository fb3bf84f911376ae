/* row.h — one row of a file becomes a contact or a reason. Owner: import.c. Source: row.c */
#ifndef INTAKE_ROW_H
#define INTAKE_ROW_H

#include "spool.h"

/* Numbers seen in this file; past its bound the store still finds duplicates. */
struct seen {
  uint64_t *slots; /* 0: free */
  size_t size, count;
};
/* A status by which a row is not taken: our code or its alias. */
struct status_word {
  char code[8];
  bool opted_out; /* else it was finished */
};
enum { STATUS_WORDS_MAX = 512 };
struct row_reader {
  const struct import_options *opt;
  const struct phone_home *home; /* of the campaign or the command; may be NULL */
  const struct places *places;   /* may be NULL */
  struct mapping map;
  struct seen seen;
  uint64_t extra_dropped, numbers_left_out;
  struct status_word statuses[STATUS_WORDS_MAX];
  int status_count;
};
/* Fills out->row, or why and reason. line, order and raw are the caller's. */
void row_read(struct row_reader *r, const struct csv_record *record, struct spooled *out);

#endif
