/* telemarketing.h — the call log as 16 CFR 310.5(a)(2) asks for it: one row a call, one column for each of its items.
 * Thread: the command's. Errors: enum cad_err. Source: dialer/local/telemarketing.c */
#ifndef LOCAL_TELEMARKETING_H
#define LOCAL_TELEMARKETING_H

#include "dialer/local/report_rows.h"
#include <campaigns/report.h>

/* Heading and rows, in order of attempt id. What a campaign's definition does not say stays empty. */
int put_telemarketing(struct rows_out *o, struct store *s, const struct call_filter *f);

#endif
