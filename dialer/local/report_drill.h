/* report_drill.h — the rows behind a figure, as CSV or JSON lines, numbers masked. group NULL: of all lines of the report.
 * Thread: the caller's. Errors: enum cad_err. Source: report_drill.c */
#ifndef CADENCIA_REPORT_DRILL_H
#define CADENCIA_REPORT_DRILL_H

#include <campaigns/report.h>

int report_drill(struct store *s, const char *kind, const struct kpi *figure, const char *group, const struct call_filter *f, bool csv,
                 FILE *out);

#endif
