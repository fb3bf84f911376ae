/* store_group.h — the work of the store thread: mail is sorted by class, worked off in groups, made durable by
 * one commit, and only then answered. What cannot be made durable is refused (openings) or kept (the rest).
 * Owner: the store thread. Source: store_group.c */
#ifndef CADENCIA_STORE_GROUP_H
#define CADENCIA_STORE_GROUP_H

#include "dialer/base/mailbox.h"
#include <campaigns/heard.h>
#include <campaigns/store.h>
#include "dialer/base/live.h"
#include <stdatomic.h>

enum { GROUP_INBOX = 4096, GROUP_ITEMS = 64 };

/* The order of the classes is the order of work. */
enum class { CLASS_CLOSE, CLASS_OPEN, CLASS_LEASE, CLASS_BULK, CLASSES };
struct ring {
  struct mail *items; /* GROUP_INBOX */
  unsigned head, count;
};
struct store_group {
  struct store *store;
  struct mailbox *inbox, *control;
  int wake; /* eventfd */
  struct ring rings[CLASSES];
  struct mail group[GROUP_ITEMS];
  unsigned group_count;
  struct mail *replies; /* the first `reply_ready` may be sent; the rest is not yet committed */
  unsigned reply_count, reply_room, reply_ready;
  int64_t backoff_ms;
  int failed_with; /* the last commit that failed */
  struct mono retry_at;
  void (*know)(void *arg, const struct print_row *row); /* a fingerprint may be used from now on; may be NULL */
  void *know_arg;
  const char *(*trunk_name)(void *arg, uint16_t trunk); /* NULL: trunks have no names */
  void *trunk_arg;
  unsigned one_by_one;                /* so many groups of one item after a failure: one bad item must not hold up the rest */
  struct histogram waits[LIVE_WAITS]; /* from the posting of a mail to the disk */
  atomic_int_fast64_t commit_max_us;
  struct histogram commits;
  atomic_uint_fast64_t items, groups, failures;
};

/* Memory for the rings; group_close also after a failure. */
int group_open(struct store_group *g);
void group_close(struct store_group *g);

/* Inbox into rings, as far as there is room. */
void group_sort(struct store_group *g);
unsigned group_waiting(const struct store_group *g);
/* Works off one group and commits it. at_once: other work waits, so do not wait for more mail to share the commit. */
void group_run(struct store_group *g, bool at_once);
/* The last commit failed and its time to try again has not come. */
bool group_failing(const struct store_group *g);
/* While failing: openings are refused, leases put off. */
void group_refuse(struct store_group *g);
/* Waits for mail, a wake-up or the time (< 0: no limit); false when the time is over. */
bool group_wait_us(struct store_group *g, int64_t us);

/* A new reply, to be filled at once. */
struct mail *group_reply(struct store_group *g, enum mail_kind kind);
/* STORE_DNC_ADDED; o may be NULL. */
void group_dnc_added(struct store_group *g, uint64_t phone, const struct mail_store_opt_out *o);
/* Sends what is committed; false when control's mailbox is full and some must wait. */
bool group_send(struct store_group *g);

#endif
