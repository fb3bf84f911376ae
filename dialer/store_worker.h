/* store_worker.h — the store thread: owns the SQLite write handle, commits in groups.
 *
 * Mail of kinds STORE_* comes in by worker->inbox; replies go to `control`. Order of
 * work: close, open, lease, bulk; a group is at most 64 items or 10 ms, then one fsync,
 * then the replies. Jobs are function calls run on the thread between groups (bulk work
 * must stay below 20 ms a job). Source: store_worker.c */
#ifndef CADENCIA_STORE_WORKER_H
#define CADENCIA_STORE_WORKER_H

#include "dialer/base/mailbox.h"
#include <campaigns/store.h>

struct store_worker;
struct store_worker *store_worker_start(struct store *store, struct mailbox *control);
/* Finishes what is queued, closes the store, joins. */
struct store_worker *store_worker_stop(struct store_worker *w);
struct mailbox *store_worker_inbox(struct store_worker *w);
/* Run fn on the store thread inside its own transaction (in_transaction) and wait for it. Returns what fn returned. Not from control. */
int store_worker_run(struct store_worker *w, int (*fn)(struct store *s, void *arg), void *arg, bool in_transaction);
/* Microseconds of the slowest commit since last asked. */
int64_t store_worker_commit_max_us(struct store_worker *w);

#endif
