#include "dialer/store_worker.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include <cadencia/err.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { INBOX = 4096, GROUP_ITEMS = 64, GROUP_US = 10000, LINGER_US = 7000, LEASES_A_MAIL = 256 };
enum { BACKOFF_FIRST_MS = 50, BACKOFF_MOST_MS = 2000, STOP_TRIES_MS = 5000 };

/* Mail that waits to be worked off; the order of the classes is the order of work. */
enum class { CLASS_CLOSE, CLASS_OPEN, CLASS_LEASE, CLASS_BULK, CLASSES };
struct ring {
  struct mail *items;
  unsigned head, count;
};

struct job {
  int (*fn)(struct store *s, void *arg);
  void *arg;
  bool in_transaction, done;
  int result;
  struct job *next;
};

struct store_worker {
  struct store *store;
  struct mailbox *inbox, *control;
  struct store_resolver resolver;
  pthread_t thread;
  int wake;
  /* The thread's own. */
  struct ring rings[CLASSES];
  struct mail group[GROUP_ITEMS];
  unsigned group_count;
  struct mail *replies; /* made by the group that is not yet committed are behind `ready` */
  unsigned reply_count, reply_room, reply_ready;
  int64_t backoff_ms;
  struct mono retry_at;
  bool one_by_one; /* after a failure: so that one bad item does not hold up the rest */
  /* Shared. */
  pthread_mutex_t lock;
  pthread_cond_t job_done;
  struct job *jobs, **jobs_end;
  bool stopping;
  atomic_int_fast64_t commit_max_us;
  atomic_uint_fast64_t items, groups, failures;
};

/* ---- rings ---- */

static bool ring_push(struct ring *r, const struct mail *m) {
  if (r->count == INBOX) return false;
  memcpy(&r->items[(r->head + r->count++) % INBOX], m, mail_size((enum mail_kind)m->kind));
  return true;
}

static void ring_push_front(struct ring *r, const struct mail *m) {
  r->head = (r->head + INBOX - 1) % INBOX;
  r->count++;
  memcpy(&r->items[r->head], m, mail_size((enum mail_kind)m->kind));
}

static void ring_pop(struct ring *r, struct mail *out) {
  const struct mail *m = &r->items[r->head];
  memcpy(out, m, mail_size((enum mail_kind)m->kind));
  r->head = (r->head + 1) % INBOX;
  r->count--;
}

static enum class class_of(const struct mail *m) {
  switch (m->kind) {
  case STORE_CLOSE:
  case STORE_DISPOSE:
  case STORE_OPT_OUT: return CLASS_CLOSE;
  case STORE_OPEN: return CLASS_OPEN;
  case STORE_LEASE_WANT:
  case STORE_LEASE_DROP: return CLASS_LEASE;
  default: return CLASS_BULK;
  }
}

static unsigned waiting(const struct store_worker *w) {
  unsigned n = 0;
  for (int i = 0; i < CLASSES; i++) n += w->rings[i].count;
  return n;
}

/* Inbox into rings, while any class has room for whatever may come; the rest waits in the inbox. */
static void sort_inbox(struct store_worker *w) {
  struct mail some[16];
  for (;;) {
    for (int i = 0; i < CLASSES; i++)
      if (w->rings[i].count + 16 + GROUP_ITEMS > INBOX) return; /* a failed group must find its place again */
    unsigned n = mailbox_take(w->inbox, some, 16);
    for (unsigned i = 0; i < n; i++) ring_push(&w->rings[class_of(&some[i])], &some[i]);
    if (n < 16) return;
  }
}

/* ---- replies ---- */

static struct mail *reply_make(struct store_worker *w, enum mail_kind kind) {
  if (w->reply_count == w->reply_room) {
    unsigned room = w->reply_room ? w->reply_room * 2 : 1024;
    struct mail *bigger = realloc(w->replies, room * sizeof *bigger);
    if (!bigger) abort(); /* nothing may be lost, and nothing can be kept */
    w->replies = bigger;
    w->reply_room = room;
  }
  struct mail *m = &w->replies[w->reply_count++];
  *m = mail_make(kind, clock_mono());
  return m;
}

/* Sends what is committed; false when control's mailbox is full and some must wait. */
static bool send_replies(struct store_worker *w) {
  unsigned sent = 0;
  while (sent < w->reply_ready && mailbox_put(w->control, &w->replies[sent]) == CAD_OK) sent++;
  if (sent) memmove(w->replies, w->replies + sent, (w->reply_count - sent) * sizeof *w->replies);
  w->reply_count -= sent;
  w->reply_ready -= sent;
  return w->reply_ready == 0;
}

static void refuse_open(struct store_worker *w, const struct mail_store_open *req) {
  struct mail_store_opened *r = &reply_make(w, STORE_REFUSED)->u.store_opened;
  *r = (struct mail_store_opened){req->slot, req->gen, req->attempt_id, REFUSAL_STORE, wall_add(clock_wall(), BACKOFF_MOST_MS)};
}

/* ---- one item ---- */

static void do_open(struct store_worker *w, const struct mail_store_open *req) {
  struct mail_store_opened reply;
  bool opened = false;
  if (store_attempt_open(w->store, req, clock_now(), &reply, &opened) < 0)
    refuse_open(w, req);
  else
    reply_make(w, opened ? STORE_OPENED : STORE_REFUSED)->u.store_opened = reply;
}

static bool open_waits(const struct store_worker *w, uint64_t attempt_id) {
  const struct ring *r = &w->rings[CLASS_OPEN];
  for (unsigned i = 0; i < r->count; i++) {
    const struct mail *m = &r->items[(r->head + i) % INBOX];
    if (m->kind == STORE_OPEN && m->u.store_open.attempt_id == attempt_id) return true;
  }
  return false;
}

static void do_close(struct store_worker *w, const struct mail *m) {
  const struct mail_store_close *rec = &m->u.store_close;
  int err = store_attempt_close(w->store, rec);
  if (err == CAD_ENOENT && open_waits(w, rec->attempt_id)) { /* it overtook its own opening: behind it */
    ring_push(&w->rings[CLASS_OPEN], m);
    return;
  }
  if (err < 0) log_warn("store", "close of attempt %llu: %s", (unsigned long long)rec->attempt_id, err_name(err));
  struct mail_store_opened *r = &reply_make(w, STORE_CLOSED)->u.store_opened;
  *r = (struct mail_store_opened){rec->slot, rec->gen, rec->attempt_id, REFUSAL_NONE, WALL_NONE};
}

static void dnc_added(struct store_worker *w, uint64_t phone, const struct mail_store_opt_out *o) {
  struct mail_store_opt_out *r = &reply_make(w, STORE_DNC_ADDED)->u.store_opt_out;
  if (o) *r = *o;
  r->phone = phone;
}

static void do_dispose(struct store_worker *w, const struct mail_store_dispose *d) {
  int err = store_dispose(w->store, d);
  if (err < 0) log_warn("store", "disposition of attempt %llu: %s", (unsigned long long)d->attempt_id, err_name(err));
  if (store_opted_out(w->store)) dnc_added(w, store_opted_out(w->store), NULL);
}

static void do_lease(struct store_worker *w, const struct mail_store_want *asked) {
  struct lease leases[LEASES_A_MAIL];
  struct mail_store_want want = *asked;
  struct mail_store_lease_end end = {.campaign_id = want.campaign_id};
  struct now now = clock_now();
  if (want.count > LEASES_A_MAIL) want.count = LEASES_A_MAIL;
  int n = store_lease(w->store, &want, now, leases, &end);
  if (n < 0) { /* a campaign that is not known, or a disk that cannot be read: ask again, but not at once */
    end = (struct mail_store_lease_end){.campaign_id = want.campaign_id, .next = wall_add(now.wall, BACKOFF_MOST_MS)};
    n = 0;
  }
  for (int i = 0; i < n; i++) reply_make(w, STORE_LEASED)->u.store_lease = leases[i];
  reply_make(w, STORE_LEASE_END)->u.store_lease_end = end;
}

static void do_item(struct store_worker *w, const struct mail *m) {
  switch (m->kind) {
  case STORE_CLOSE: do_close(w, m); break;
  case STORE_DISPOSE: do_dispose(w, &m->u.store_dispose); break;
  case STORE_OPT_OUT:
    store_opt_out(w->store, &m->u.store_opt_out);
    dnc_added(w, m->u.store_opt_out.phone, &m->u.store_opt_out);
    break;
  case STORE_OPEN: do_open(w, &m->u.store_open); break;
  case STORE_LEASE_WANT: do_lease(w, &m->u.store_want); break;
  case STORE_LEASE_DROP: store_lease_drop(w->store, &m->u.store_lease); break;
  case STORE_AGENT_LOG: store_agent_log(w->store, &m->u.store_agent_log); break;
  default: log_warn("store", "mail %s is not for the store", mail_kind_name((enum mail_kind)m->kind)); break;
  }
}

/* ---- groups ---- */

static void group_failed(struct store_worker *w, int err) {
  atomic_fetch_add(&w->failures, 1);
  w->reply_count = w->reply_ready; /* nothing of it happened */
  w->backoff_ms = w->backoff_ms == 0 ? BACKOFF_FIRST_MS : w->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : w->backoff_ms * 2;
  w->retry_at = mono_add(clock_mono(), w->backoff_ms);
  log_error("store", "%u items could not be made durable (%s); again in %lld ms", w->group_count, err_name(err), (long long)w->backoff_ms);
  bool alone = w->group_count == 1; /* it goes behind the others: the fault may be its own */
  for (unsigned i = w->group_count; i > 0; i--) {
    const struct mail *m = &w->group[i - 1];
    if (m->kind == STORE_OPEN) refuse_open(w, &m->u.store_open);
    else if (alone) ring_push(&w->rings[class_of(m)], m);
    else ring_push_front(&w->rings[class_of(m)], m);
  }
  w->one_by_one = true;
  w->group_count = 0;
  w->reply_ready = w->reply_count;
}

static bool next_item(struct store_worker *w, struct mail *out) {
  for (int i = 0; i < CLASSES; i++)
    if (w->rings[i].count) {
      ring_pop(&w->rings[i], out);
      return true;
    }
  return false;
}

/* Waits for mail, jobs or the time; false when the time is over. */
static bool wait_us(struct store_worker *w, int64_t us) {
  struct pollfd fds[] = {{mailbox_fd(w->inbox), POLLIN, 0}, {w->wake, POLLIN, 0}};
  struct timespec ts = {us / 1000000, us % 1000000 * 1000};
  int n = ppoll(fds, 2, us < 0 ? NULL : &ts, NULL);
  if (n > 0 && fds[1].revents) {
    uint64_t count;
    if (read(w->wake, &count, sizeof count) < 0) return true; /* only who reads it resets it */
  }
  return n > 0;
}

static void commit_group(struct store_worker *w) {
  int64_t from = clock_mono_us();
  int err = store_commit(w->store);
  int64_t took = clock_mono_us() - from;
  if (took > atomic_load(&w->commit_max_us)) atomic_store(&w->commit_max_us, took);
  if (err < 0) {
    group_failed(w, err);
    return;
  }
  atomic_fetch_add(&w->groups, 1);
  atomic_fetch_add(&w->items, w->group_count);
  w->backoff_ms = 0;
  w->one_by_one = false;
  w->group_count = 0;
  w->reply_ready = w->reply_count;
}

static void run_group(struct store_worker *w) {
  int64_t from = clock_mono_us();
  unsigned limit = w->one_by_one ? 1 : GROUP_ITEMS;
  int err = store_begin(w->store);
  while (err >= 0 && w->group_count < limit && clock_mono_us() - from < GROUP_US) {
    struct mail *m = &w->group[w->group_count];
    if (next_item(w, m)) {
      w->group_count++;
      do_item(w, m);
      continue;
    }
    int64_t left = LINGER_US - (clock_mono_us() - from); /* what comes within a few ms shares one fsync */
    if (left <= 0 || !wait_us(w, left)) break;
    sort_inbox(w);
  }
  if (err < 0)
    group_failed(w, err);
  else
    commit_group(w);
}

/* The disk does not take anything now: new calls are refused at once, the rest waits for its next try. */
static void refuse_while_failing(struct store_worker *w) {
  struct mail m;
  while (w->rings[CLASS_OPEN].count) {
    ring_pop(&w->rings[CLASS_OPEN], &m);
    if (m.kind == STORE_OPEN) refuse_open(w, &m.u.store_open);
    else ring_push(&w->rings[CLASS_CLOSE], &m);
  }
  while (w->rings[CLASS_LEASE].count) {
    ring_pop(&w->rings[CLASS_LEASE], &m);
    if (m.kind == STORE_LEASE_DROP) {
      store_lease_drop(w->store, &m.u.store_lease);
      continue;
    }
    reply_make(w, STORE_LEASE_END)->u.store_lease_end =
        (struct mail_store_lease_end){.campaign_id = m.u.store_want.campaign_id, .next = wall_add(clock_wall(), BACKOFF_MOST_MS)};
  }
  w->reply_ready = w->reply_count;
}

/* ---- jobs ---- */

static int run_one(struct store_worker *w, struct job *job) {
  if (!job->in_transaction) return job->fn(w->store, job->arg);
  int err = store_begin(w->store);
  if (err < 0) return err;
  int result = job->fn(w->store, job->arg);
  if (result < 0) {
    store_rollback(w->store);
    return result;
  }
  err = store_commit(w->store);
  return err < 0 ? err : result;
}

/* One job, so that calls come in between. Returns whether there was one. */
static bool run_job(struct store_worker *w) {
  pthread_mutex_lock(&w->lock);
  struct job *job = w->jobs;
  if (job && !(w->jobs = job->next)) w->jobs_end = &w->jobs;
  pthread_mutex_unlock(&w->lock);
  if (!job) return false;
  int result = run_one(w, job);
  w->reply_ready = w->reply_count;
  send_replies(w); /* who announced may count on the mail being there */
  pthread_mutex_lock(&w->lock);
  job->result = result;
  job->done = true;
  pthread_cond_broadcast(&w->job_done);
  pthread_mutex_unlock(&w->lock);
  return true;
}

static void wake(struct store_worker *w) {
  uint64_t one = 1;
  if (write(w->wake, &one, sizeof one) < 0) log_warn("store", "the store thread could not be woken");
}

int store_worker_run(struct store_worker *w, int (*fn)(struct store *s, void *arg), void *arg, bool in_transaction) {
  struct job job = {.fn = fn, .arg = arg, .in_transaction = in_transaction};
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

static int announce_campaign(void *arg, const struct campaign_def *def) {
  struct store_worker *w = arg;
  struct campaign_def d = *def;
  if (w->resolver.campaign && w->resolver.campaign(w->resolver.arg, &d) < 0) {
    log_warn("store", "campaign %s is held: its trunk \"%s\" or prompt \"%s\" is not known here", d.terms.name, d.trunk, d.prompt);
    d.state = CAMPAIGN_STOPPED;
  }
  struct mail_store_campaign *c = &reply_make(w, STORE_CAMPAIGN)->u.store_campaign;
  c->terms = d.terms;
  c->state = d.state;
  return CAD_OK;
}

static int announce_agent(void *arg, const struct agent_def *def) {
  struct store_worker *w = arg;
  struct agent_def d = *def;
  if (w->resolver.agent && w->resolver.agent(w->resolver.arg, &d) < 0)
    log_warn("store", "agent %s is left out: no listener can reach %s", d.a.name, d.a.uri);
  else
    reply_make(w, STORE_AGENT)->u.store_agent = d.a;
  return CAD_OK;
}

static int announce_job(struct store *s, void *arg) {
  const struct announcement *a = arg;
  struct campaign_def c;
  struct agent_def g;
  int err = CAD_OK;
  if (!a->campaign && !a->agent) {
    err = store_campaign_list(s, announce_campaign, a->w);
    return err < 0 ? err : store_agent_list(s, announce_agent, a->w);
  }
  if (a->campaign && (err = store_campaign_get(s, a->campaign, &c)) >= 0) announce_campaign(a->w, &c);
  if (err >= 0 && a->agent && (err = store_agent_get(s, a->agent, &g)) >= 0) announce_agent(a->w, &g);
  return err;
}

static int dnc_job(struct store *s, void *arg) {
  const struct announcement *a = arg;
  (void)s;
  dnc_added(a->w, a->phone, NULL);
  return CAD_OK;
}

int store_worker_announce(struct store_worker *w, const char *campaign, const char *agent) {
  return store_worker_run(w, announce_job, &(struct announcement){.w = w, .campaign = campaign, .agent = agent}, false);
}
int store_worker_announce_dnc(struct store_worker *w, uint64_t phone) {
  return store_worker_run(w, dnc_job, &(struct announcement){.w = w, .phone = phone}, false);
}

/* ---- the thread ---- */

static bool failing(const struct store_worker *w) { return w->backoff_ms > 0 && clock_mono().ms < w->retry_at.ms; }

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
    bool sent = send_replies(w), busy = run_job(w);
    sort_inbox(w);
    if (!sent && waiting(w) + GROUP_ITEMS > INBOX / 2) { /* control is far behind: rest, but keep its replies */
      wait_us(w, 1000);
    } else if (failing(w)) {
      refuse_while_failing(w);
      if (waiting(w) || !sent || !busy) wait_us(w, 10000);
    } else if (waiting(w)) {
      run_group(w);
    } else if (!busy) {
      if (told_to_stop(w)) {
        if (sent) break;
        if (give_up.ms == 0) give_up = mono_add(clock_mono(), STOP_TRIES_MS);
        if (clock_mono().ms > give_up.ms) break;
      }
      wait_us(w, sent && !told_to_stop(w) ? -1 : 1000);
    }
    if (waiting(w) && w->backoff_ms > 0 && told_to_stop(w)) { /* a disk that takes nothing must not hold the stop for ever */
      if (give_up.ms == 0) give_up = mono_add(clock_mono(), STOP_TRIES_MS);
      if (clock_mono().ms > give_up.ms) break;
    }
  }
  if (waiting(w)) log_error("store", "%u items were not made durable: their attempts will be found open", waiting(w));
  if (w->reply_count) log_warn("store", "%u replies were not taken", w->reply_count);
  w->store = store_close(w->store);
  return NULL;
}

static struct store_worker *worker_free(struct store_worker *w) {
  mailbox_destroy(w->inbox);
  for (int i = 0; i < CLASSES; i++) free(w->rings[i].items);
  free(w->replies);
  if (w->wake >= 0) close(w->wake);
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->job_done);
  free(w);
  return NULL;
}

struct store_worker *store_worker_start(struct store *store, struct mailbox *control, const struct store_resolver *resolver) {
  struct store_worker *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->store = store;
  w->control = control;
  if (resolver) w->resolver = *resolver;
  w->jobs_end = &w->jobs;
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->job_done, NULL);
  w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  w->inbox = mailbox_create(INBOX);
  bool good = w->wake >= 0 && w->inbox;
  for (int i = 0; i < CLASSES; i++) good &= (w->rings[i].items = calloc(INBOX, sizeof(struct mail))) != NULL;
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

struct mailbox *store_worker_inbox(struct store_worker *w) { return w->inbox; }
int64_t store_worker_commit_max_us(struct store_worker *w) { return atomic_exchange(&w->commit_max_us, 0); }
struct store_worker_counts store_worker_count(const struct store_worker *w) {
  return (struct store_worker_counts){atomic_load(&w->items), atomic_load(&w->groups), atomic_load(&w->failures)};
}
