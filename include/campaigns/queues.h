/* queues.h — queues of callers, the numbers of ours that lead to them, and the calls that came.
 *
 * A queue belongs to a campaign: its agents serve it, its dispositions end its calls, its people are looked for first when
 * somebody calls. Every call has its row before it is accepted: an attempt whose zone_set is 0 (nobody was called), a
 * decision "caller", an arrival. Thread: that of struct store. Source: records/queue.c, records/arrival.c */
#ifndef CAMPAIGNS_QUEUES_H
#define CAMPAIGNS_QUEUES_H

#include <campaigns/store.h>

struct queue_def {
  struct queue_terms terms; /* terms.id 0: new; prompts are resolved by the caller */
  char campaign[MAIL_NAME_MAX], overflow[MAIL_NAME_MAX];
  char skills[120]; /* "es,vip": words that an agent must have beside the campaign's */
  char hello[64], music[64], sorry[64], closed[64];
  char language[4]; /* of the told place and wait: "en", "es" */
  char zone[40];    /* of the hours */
  bool has_hours;   /* false: always open */
  struct hours hours;
};
/* terms.id 0: makes it and sets the id; else replaces it. CAD_EEXIST (name), CAD_ENOENT (campaign or overflow queue),
 * CAD_EINVAL (out of bounds, overflow into itself), CAD_EFULL (as many as the floor takes). */
int store_queue_put(struct store *s, struct queue_def *def);
int store_queue_get(struct store *s, const char *name, struct queue_def *out); /* CAD_ENOENT */
/* In order of name. row() < 0 stops and is returned. */
int store_queue_each(struct store *s, int (*row)(void *arg, const struct queue_def *d), void *arg);
/* CAD_EBUSY: a number or another queue still leads there; *id gets the queue's. */
int store_queue_delete(struct store *s, const char *name, uint64_t *id);

struct did_row {
  uint64_t number, queue_id;
  char queue[MAIL_NAME_MAX];
  struct wall added;
};
/* Leads the number to this queue; a number that leads elsewhere is moved. CAD_ENOENT, CAD_EINVAL (3 to 15 digits), CAD_EFULL. */
int store_did_put(struct store *s, uint64_t number, const char *queue);
int store_did_remove(struct store *s, uint64_t number); /* CAD_ENOENT */
int store_did_each(struct store *s, int (*row)(void *arg, const struct did_row *d), void *arg);

/* Somebody calls: the rows, and who it is. Idempotent by attempt id. trunk: its name. */
int store_arrive(struct store *s, const struct mail_store_arrive *req, const char *trunk, struct now now, struct mail_store_arrived *out);

/* What became of callers, by queue. */
struct queue_sums {
  char queue[MAIL_NAME_MAX];
  uint64_t offered, served, in_time, ended[QUEUE_END_COUNT];
  uint64_t served_wait_ms, left_wait_ms, longest_ms;
};
/* Of calls that came in [from, to); WALL_NONE: no bound. In order of name, queues that are gone last. */
int store_queue_sums(struct store *s, struct wall from, struct wall to, int (*row)(void *arg, const struct queue_sums *q), void *arg);

#endif
