/* dump.h — rows of the other tables as they leave: for bundles, dossiers and the audit log. Each dump has a name, columns
 * and a filter; a table that this database does not have gives CAD_ENOSUP. Thread: the caller's. Source: records/dump.c */
#ifndef CAMPAIGNS_DUMP_H
#define CAMPAIGNS_DUMP_H

#include <campaigns/report.h>

struct dump_cell {
  const char *name;
  char kind; /* i number, d id, t text, w time, p phone, n nothing */
  int64_t number;
  const char *text;
  bool first, last;
};
typedef int dump_cell_fn(void *arg, const struct dump_cell *cell);
/* Uses the filter's campaign, from, to, phone. */
int store_dump(struct store *s, const char *name, const struct call_filter *f, dump_cell_fn *fn, void *arg);
/* The columns of a dump, for a header; fn NULL: only whether its tables are there. */
int store_dump_columns(struct store *s, const char *name, dump_cell_fn *fn, void *arg);

#endif
