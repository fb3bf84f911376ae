#include "dialer/store_worker.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/store_group.h"
#include <cadencia/err.h>
#include <campaigns/queues.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STOP_TRIES_MS = 5000, PACED_RETRY_MS = 1000 };

struct job {
  int (*fn)(struct store *s, void *arg);
  void *arg;
  const struct store_actor *who; /* NULL: the box */
  bool in_transaction, done;
  int result;
  struct job *next;
};

struct store_worker {
  struct store_group group; /* the thread's own */
  struct store_resolver resolver;
  struct mono paced_at; /* when minutes of the pacers were written last */
  pthread_t thread;
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t job_done;
  struct job *jobs, **jobs_end;
  bool stopping;
};

/* ---- jobs ---- */

static int run_whole(struct store_worker *w, struct job *job) {
  if (!job->in_transaction) return job->fn(w->group.store, job->arg);
  int err = store_begin(w->group.store);
  if (err < 0) return err;
  int result = job->fn(w->group.store, job->arg);
  if (result < 0) {
    store_rollback(w->group.store);
    return result;
  }
  err = store_commit(w->group.store);
  return err < 0 ? err : result;
}

static int run_one(struct store_worker *w, struct job *job) {
  store_set_actor(w->group.store, job->who);
  int result = run_whole(w, job);
  store_set_actor(w->group.store, NULL);
  return result;
}

/* One job, so that calls come in between. Returns whether there was one. */
static bool run_job(struct store_worker *w) {
  pthread_mutex_lock(&w->lock);
  struct job *job = w->jobs;
  if (job && !(w->jobs = job->next)) w->jobs_end = &w->jobs;
  pthread_mutex_unlock(&w->lock);
  if (!job) return false;
  int result = run_one(w, job);
  w->group.reply_ready = w->group.reply_count;
  group_send(&w->group); /* who announced may count on the mail being there */
  pthread_mutex_lock(&w->lock);
  job->result = result;
  job->done = true;
  pthread_cond_broadcast(&w->job_done);
  pthread_mutex_unlock(&w->lock);
  return true;
}

static void wake(struct store_worker *w) {
  uint64_t one = 1;
  if (write(w->group.wake, &one, sizeof one) < 0) log_warn("store", "the store thread could not be woken");
}

int store_worker_run(struct store_worker *w, int (*fn)(struct store *s, void *arg), void *arg, bool in_transaction) {
  return store_worker_run_as(w, NULL, fn, arg, in_transaction);
}

int store_worker_run_as(struct store_worker *w, const struct store_actor *who, int (*fn)(struct store *s, void *arg), void *arg,
                        bool in_transaction) {
  struct job job = {.fn = fn, .arg = arg, .who = who, .in_transaction = in_transaction};
  pthread_mutex_lock(&w->lock);
  if (w->stopping) {
    pthread_mutex_unlock(&w->lock);
    return CAD_EREFUSED;
  }
  *w->jobs_end = &job;
  w->jobs_end = &job.next;
  wake(w);
  while (!job.done) pthread_cond_wait(&w->job_done, &w->lock);
  pthread_mutex_unlock(&w->lock);
  return job.result;
}

/* ---- what control hears of edits ---- */

struct announcement {
  struct store_worker *w;
  const char *campaign, *agent;
  uint64_t phone;
};

static void know_print(void *arg, const struct print_row *row) {
  struct store_worker *w = arg;
  const int trunk = w->resolver.trunk ? w->resolver.trunk(w->resolver.arg, row->trunk) : CAD_ENOENT;
  if (trunk < 0) return; /* a trunk that is gone */
  struct mail_media_know *k = &group_reply(&w->group, STORE_KNOWN)->u.media_know;
  k->trunk = (uint16_t)trunk;
  k->screening = row->what == VERDICT_SCREENING;
  k->print = row->print;
}

static int announce_print(void *arg, const struct print_row *row) {
  if (row->usable) know_print(arg, row);
  return CAD_OK;
}

static int announce_campaign(void *arg, const struct campaign_def *def) {
  struct store_worker *w = arg;
  struct campaign_def d = *def;
  if (w->resolver.campaign && w->resolver.campaign(w->resolver.arg, &d) < 0) {
    log_warn("store", "campaign %s is held: its trunk \"%s\" or prompt \"%s\" is not known here", d.terms.name, d.trunk, d.prompt);
    d.state = CAMPAIGN_STOPPED;
  }
  struct mail_store_campaign *c = &group_reply(&w->group, STORE_CAMPAIGN)->u.store_campaign;
  c->terms = d.terms;
  struct detector_estimate e;
  /* What labelled calls measured is better than what the campaign reasoned. */
  if (store_detector_estimate(w->group.store, d.terms.id, clock_wall(), false, &e) >= 0 && e.machines_labelled >= LABELS_LEAST)
    c->terms.fp_bp = (uint16_t)e.lost_bp;
  c->state = d.state;
  return CAD_OK;
}

static int announce_agent(void *arg, const struct agent_def *def) {
  struct store_worker *w = arg;
  struct agent_def d = *def;
  if (w->resolver.agent && w->resolver.agent(w->resolver.arg, &d) < 0)
    log_warn("store", "agent %s is left out: no listener can reach %s", d.a.name, d.a.uri);
  else
    group_reply(&w->group, STORE_AGENT)->u.store_agent = d.a;
  struct mail_store_phone phone;
  if (strncmp(d.a.uri, "phone:", 6) == 0 && store_phone_get(w->group.store, d.a.agent_id, &phone) >= 0)
    group_reply(&w->group, STORE_PHONE)->u.store_phone = phone;
  return CAD_OK;
}

static int announce_queue(void *arg, const struct queue_def *def) {
  struct store_worker *w = arg;
  struct queue_def d = *def;
  if (w->resolver.queue) w->resolver.queue(w->resolver.arg, &d);
  group_reply(&w->group, STORE_QUEUE)->u.store_queue = d.terms;
  return CAD_OK;
}

static int announce_did(void *arg, const struct did_row *d) {
  struct store_worker *w = arg;
  group_reply(&w->group, STORE_DID)->u.store_did = (struct mail_store_did){.number = d->number, .queue_id = d->queue_id};
  return CAD_OK;
}

struct queues_told {
  struct store_worker *w;
  uint64_t gone_queue, gone_did;
};
static int queues_job(struct store *s, void *arg) {
  const struct queues_told *q = arg;
  if (q->gone_did) group_reply(&q->w->group, STORE_DID)->u.store_did = (struct mail_store_did){.number = q->gone_did, .gone = 1};
  if (q->gone_queue) group_reply(&q->w->group, STORE_QUEUE)->u.store_queue = (struct queue_terms){.id = q->gone_queue, .gone = 1};
  int err = store_queue_each(s, announce_queue, q->w);
  return err < 0 ? err : store_did_each(s, announce_did, q->w);
}

static int announce_job(struct store *s, void *arg) {
  const struct announcement *a = arg;
  struct campaign_def c;
  struct agent_def g;
  int err = CAD_OK;
  if (!a->campaign && !a->agent) {
    err = store_campaign_list(s, announce_campaign, a->w);
    if (err >= 0) err = store_print_each(s, NULL, announce_print, a->w);
    if (err >= 0) err = store_agent_list(s, announce_agent, a->w);
    return err < 0 ? err : queues_job(s, &(struct queues_told){.w = a->w});
  }
  if (a->campaign && (err = store_campaign_get(s, a->campaign, &c)) >= 0) announce_campaign(a->w, &c);
  if (err >= 0 && a->agent && (err = store_agent_get(s, a->agent, &g)) >= 0) announce_agent(a->w, &g);
  return err;
}

static int dnc_job(struct store *s, void *arg) {
  const struct announcement *a = arg;
  (void)s;
  group_dnc_added(&a->w->group, a->phone, NULL);
  return CAD_OK;
}

int store_worker_announce(struct store_worker *w, const char *campaign, const char *agent) {
  return store_worker_run(w, announce_job, &(struct announcement){.w = w, .campaign = campaign, .agent = agent}, false);
}
int store_worker_announce_queues(struct store_worker *w, uint64_t gone_queue, uint64_t gone_did) {
  return store_worker_run(w, queues_job, &(struct queues_told){w, gone_queue, gone_did}, false);
}
int store_worker_announce_dnc(struct store_worker *w, uint64_t phone) {
  return store_worker_run(w, dnc_job, &(struct announcement){.w = w, .phone = phone}, false);
}

/* ---- the thread ---- */

static bool told_to_stop(struct store_worker *w) {
  pthread_mutex_lock(&w->lock);
  bool stop = w->stopping && w->jobs == NULL;
  pthread_mutex_unlock(&w->lock);
  return stop;
}

static void *thread_main(void *arg) {
  struct store_worker *w = arg;
  struct mono give_up = MONO_NONE;
  for (;;) {
    bool sent = group_send(&w->group), busy = !store_wal_calm(w->group.store) && run_job(w);
    group_sort(&w->group);
    if (!sent && group_waiting(&w->group) + GROUP_ITEMS > GROUP_INBOX / 2) { /* control is far behind: rest, but keep its replies */
      group_wait_us(&w->group, 1000);
    } else if (group_failing(&w->group)) {
      group_refuse(&w->group);
      if (group_waiting(&w->group) || !sent || !busy) group_wait_us(&w->group, 10000);
    } else if (group_waiting(&w->group)) {
      group_run(&w->group, busy);
    } else if (!busy && store_paced_due(w->group.store) && mono_since(clock_mono(), w->paced_at) >= PACED_RETRY_MS) {
      w->paced_at = clock_mono(); /* a disk that takes nothing is not tried at every turn */
      (void)store_paced_flush(w->group.store, false);
    } else if (!busy) {
      if (told_to_stop(w)) {
        group_sort(&w->group); /* what was posted before the stop */
        if (group_waiting(&w->group)) continue;
        if (sent) break;
        if (give_up.ms == 0) give_up = mono_add(clock_mono(), STOP_TRIES_MS);
        if (clock_mono().ms > give_up.ms) break;
      }
      group_wait_us(&w->group, sent && !store_wal_calm(w->group.store) && !told_to_stop(w) ? -1 : 1000);
    }
    if (group_waiting(&w->group) && w->group.backoff_ms > 0 &&
        told_to_stop(w)) { /* a disk that takes nothing must not hold the stop for ever */
      if (give_up.ms == 0) give_up = mono_add(clock_mono(), STOP_TRIES_MS);
      if (clock_mono().ms > give_up.ms) break;
    }
  }
  if (group_waiting(&w->group))
    log_error("store", "%u items were not made durable: their attempts will be found open", group_waiting(&w->group));
  if (w->group.reply_count) log_warn("store", "%u replies were not taken", w->group.reply_count);
  w->group.store = store_close(w->group.store);
  return NULL;
}

static struct store_worker *worker_free(struct store_worker *w) {
  mailbox_destroy(w->group.inbox);
  group_close(&w->group);
  if (w->group.wake >= 0) close(w->group.wake);
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->job_done);
  free(w);
  return NULL;
}

struct store_worker *store_worker_start(struct store *store, struct mailbox *control, const struct store_resolver *resolver) {
  struct store_worker *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->group.store = store;
  w->group.control = control;
  if (resolver) w->resolver = *resolver;
  w->group.know = know_print;
  w->group.know_arg = w;
  w->group.trunk_name = w->resolver.trunk_name;
  w->group.trunk_arg = w->resolver.arg;
  w->jobs_end = &w->jobs;
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->job_done, NULL);
  w->group.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  w->group.inbox = mailbox_create(GROUP_INBOX);
  int apart = store_wal_apart(store);
  if (apart < 0 && apart != CAD_EREFUSED) log_warn("store", "no thread for the write-ahead log (%s): commits copy it", err_name(apart));
  bool good = w->group.wake >= 0 && w->group.inbox && group_open(&w->group) >= 0;
  if (!good || pthread_create(&w->thread, NULL, thread_main, w) != 0) return worker_free(w);
  return w;
}

struct store_worker *store_worker_stop(struct store_worker *w) {
  if (!w) return NULL;
  pthread_mutex_lock(&w->lock);
  w->stopping = true;
  pthread_mutex_unlock(&w->lock);
  wake(w);
  pthread_join(w->thread, NULL);
  return worker_free(w);
}

struct mailbox *store_worker_inbox(struct store_worker *w) {
  return w->group.inbox;
}
int64_t store_worker_commit_max_us(struct store_worker *w) { return atomic_exchange(&w->group.commit_max_us, 0); }
struct store_worker_counts store_worker_count(const struct store_worker *w) {
  return (struct store_worker_counts){atomic_load(&w->group.items), atomic_load(&w->group.groups), atomic_load(&w->group.failures)};
}
void store_worker_commits(const struct store_worker *w, struct histogram_view *out) { histogram_read(&w->group.commits, out); }
void store_worker_waits(const struct store_worker *w, struct histogram_view out[LIVE_WAITS]) {
  for (int k = 0; k < LIVE_WAITS; k++) histogram_read(&w->group.waits[k], &out[k]);
}
