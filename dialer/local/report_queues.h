/* report_queues.h — callers by the queue in which their wait ended, for cadencia report queues. Thread: the command's.
 * Source: report_queues.c */
#ifndef CADENCIA_REPORT_QUEUES_H
#define CADENCIA_REPORT_QUEUES_H

#include "dialer/local/command.h"
#include <campaigns/report.h>

enum report_style { STYLE_TABLE, STYLE_CSV, STYLE_JSON };
/* Of calls that came in the filter's time; other filters are refused: a queue's callers are of no trunk and no agent. Exit status. */
int report_queues(struct command_call *c, struct store *s, const struct call_filter *f, enum report_style style, bool es);

#endif
