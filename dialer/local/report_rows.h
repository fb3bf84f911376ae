/* report_rows.h — call rows as CSV or JSON lines, the same columns in both, made without a library because a year of calls
 * goes through here. Columns are stable: new ones are appended. docs/data.md lists them. Thread: the caller's.
 * Source: report_rows.c */
#ifndef CADENCIA_REPORT_ROWS_H
#define CADENCIA_REPORT_ROWS_H

#include <campaigns/report.h>

enum { ROWS_BUFFER = 1 << 16, ROWS_SPARE = 4096 }; /* no row is longer than the spare */
struct rows_out {
  int (*sink)(void *arg, const void *bytes, size_t n);
  void *arg;
  bool csv, masked; /* masked: the last four digits of numbers are hidden */
  uint64_t rows;
  int err;
  bool within; /* a line is begun */
  int64_t day; /* whose date is in `date` */
  char date[12];
  size_t n;
  char bytes[ROWS_BUFFER];
};
void rows_begin(struct rows_out *o, FILE *out, bool csv, bool masked);
void rows_begin_sink(struct rows_out *o, int (*sink)(void *arg, const void *bytes, size_t n), void *arg, bool csv, bool masked);
/* The same without its head: for other rows than calls. */
void rows_begin_stream(struct rows_out *o, FILE *out, bool csv, bool masked);
void rows_head(struct rows_out *o); /* of calls */
int rows_put(struct rows_out *o, const struct call_row *r);
int rows_put_agent(struct rows_out *o, const struct agent_row *r); /* the columns of cadencia export agents */
int rows_put_contact(struct rows_out *o, const struct contact_line *r);
int rows_end(struct rows_out *o);

/* For other rows: pieces of a line. */
void out_text(struct rows_out *o, const char *text);
void out_cell(struct rows_out *o, const char *key, const char *text, bool last); /* a text column */
void out_number(struct rows_out *o, const char *key, int64_t v, bool last);
void out_id(struct rows_out *o, const char *key, uint64_t v, bool last); /* 0: empty */
void out_time(struct rows_out *o, const char *key, struct wall t, bool last);
void out_phone(struct rows_out *o, const char *key, uint64_t v, bool last); /* 0: empty */
void out_flag(struct rows_out *o, const char *key, bool v, bool last);
int out_line(struct rows_out *o); /* after the last piece */

#endif
