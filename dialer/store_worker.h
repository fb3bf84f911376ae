/* store_worker.h — the store thread: owns the SQLite write handle, commits in groups.
 *
 * Mail of kinds STORE_* comes in by worker->inbox; replies go to `control`. Order of
 * work: close, open, lease, bulk; a group is at most 64 items or 10 ms, then one fsync,
 * then the replies. A group that cannot be made durable: its openings are answered
 * STORE_REFUSED (REFUSAL_STORE), everything else is kept and tried again, later and
 * later up to 2 s. Replies that find control's mailbox full wait; none is lost. Jobs are
 * function calls run on the thread between groups (bulk work must stay below 20 ms a
 * job). Source: store_worker.c */
#ifndef CADENCIA_STORE_WORKER_H
#define CADENCIA_STORE_WORKER_H

#include "dialer/base/mailbox.h"
#include "dialer/base/live.h"
#include <campaigns/queues.h>
#include <campaigns/store.h>

struct store_worker;
/* Names of the definition become indices of this box: terms.trunk from def->trunk (cadencia.conf),
 * terms.prompt_safe_harbour from def->prompt (media), an agent's listener. Called on the store thread
 * before STORE_CAMPAIGN or STORE_AGENT is sent. < 0: unknown; the campaign is then announced as stopped
 * (the agent is not announced) and a line is logged. Either function may be NULL. */
struct store_resolver {
  void *arg;
  int (*campaign)(void *arg, struct campaign_def *def);
  int (*agent)(void *arg, struct agent_def *def);
  int (*trunk)(void *arg, const char *name); /* its index; for fingerprints */
  const char *(*trunk_name)(void *arg, uint16_t trunk);
  void (*queue)(void *arg, struct queue_def *def); /* its prompts; those that are missing are left out */
};
/* Announces nothing by itself: call store_worker_announce once the floor listens, and after every edit.
 * Takes the store over: it is closed by store_worker_stop. NULL (the store is not closed) without memory or thread. */
struct store_worker *store_worker_start(struct store *store, struct mailbox *control, const struct store_resolver *resolver);
/* STORE_CAMPAIGN (and then STORE_AGENT) mail for everything, or for the one that is named (both NULL: all). Any
 * thread but control; waits until the mail is posted. CAD_OK, CAD_ENOENT. */
int store_worker_announce(struct store_worker *w, const char *campaign, const char *agent);
/* STORE_QUEUE and STORE_DID for all of them; what is gone is named (0: nothing). */
int store_worker_announce_queues(struct store_worker *w, uint64_t gone_queue, uint64_t gone_did);
/* Finishes what is queued, closes the store, joins. */
struct store_worker *store_worker_stop(struct store_worker *w);
struct mailbox *store_worker_inbox(struct store_worker *w);
/* Run fn on the store thread inside its own transaction (in_transaction) and wait for it. Returns what fn returned. Not from control. */
int store_worker_run(struct store_worker *w, int (*fn)(struct store *s, void *arg), void *arg, bool in_transaction);
/* The same in somebody's name: the audit log has it. */
int store_worker_run_as(struct store_worker *w, const struct store_actor *who, int (*fn)(struct store *s, void *arg), void *arg,
                        bool in_transaction);
/* After numbers were added to a do-not-call list: control hears STORE_DNC_ADDED, its leases of that number go. */
int store_worker_announce_dnc(struct store_worker *w, uint64_t phone);
/* Microseconds of the slowest commit since last asked. */
int64_t store_worker_commit_max_us(struct store_worker *w);
void store_worker_commits(const struct store_worker *w, struct histogram_view *out); /* microseconds; any thread */
struct store_worker_counts {
  uint64_t items, groups, failures; /* mails worked off, commits that were made, commits that failed */
};
/* How long work of the call path waited, from its posting to the disk; microseconds. */
void store_worker_waits(const struct store_worker *w, struct histogram_view out[LIVE_WAITS]);
struct store_worker_counts store_worker_count(const struct store_worker *w);

#endif
