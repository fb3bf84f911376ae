#include "dialer/media/media.h"
#include "dialer/base/clock.h"
#include "dialer/media/thread.h"
#include <cadencia/err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { FILES_A_SESSION = 3, FILES_SPARE = 256 };
enum { INBOX_MAILS = 2048, OUTBOX_SPARE = 1024, EVENTS_MAX = 64, BEAT_US = 20000, CATCH_UP_FRAMES_MAX = 5, RETRY_MS = 2, BEAT_NICE = -10 };

/* One thread today. Sessions, detectors and events hang on struct media_thread alone, so more threads are more of those. */
struct media {
  struct media_thread thread;
  struct prompt_store prompts;
  struct mailbox *inbox;
  char *prompt_dir;
  int wake_fd;
  atomic_bool stopping;
  bool started;
  pthread_t id;
};

static void beat(struct media_thread *th) {
  uint64_t due = 0;
  if (read(th->timer_fd, &due, sizeof due) != (ssize_t)sizeof due || due == 0) return;
  int64_t lag = th->now_us - (th->first_beat_us + (int64_t)th->beat * BEAT_US);
  uint32_t lag_us = lag < 0 ? 0 : lag > UINT32_MAX ? UINT32_MAX : (uint32_t)lag;
  if (lag_us > atomic_load_explicit(&th->tally.beat_lag_max_us, memory_order_relaxed))
    atomic_store_explicit(&th->tally.beat_lag_max_us, lag_us, memory_order_relaxed);
  histogram_count(&th->tally.beat_lags, HISTOGRAM_US, lag_us);
  th->beat += due;
  tally_add(&th->tally.beats, 1);
  tally_add(&th->tally.beats_missed, due - 1);
  unsigned frames = due > CATCH_UP_FRAMES_MAX ? CATCH_UP_FRAMES_MAX : (unsigned)due;
  for (unsigned i = 0; i < th->arena.used_count; i++) beat_session(th, &th->arena.sessions[th->arena.used[i]], frames);
}

static void inbox_read(struct media *m) {
  unsigned n = mailbox_take(m->inbox, m->thread.inbox, THREAD_INBOX_BATCH);
  for (unsigned i = 0; i < n; i++) orders_take(&m->thread, &m->thread.inbox[i]);
}

static void dispatch(struct media *m, uint64_t tag) {
  struct media_thread *th = &m->thread;
  if (tag == THREAD_TAG_TIMER)
    beat(th);
  else if (tag == THREAD_TAG_INBOX)
    inbox_read(m);
  else if (tag >= THREAD_TAG_SESSION && tag - THREAD_TAG_SESSION < th->arena.bound) {
    struct rtp_session *s = &th->arena.sessions[tag - THREAD_TAG_SESSION];
    if (s->polled) receive(th, s, s->sole || !s->connected ? 1 : 2); /* more of it wakes us again; once: is its queue empty? */
  }
}

static void *run(void *arg) {
  struct media *m = arg;
  struct media_thread *th = &m->thread;
  struct epoll_event events[EVENTS_MAX];
  bool all_told = false;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  setpriority(PRIO_PROCESS, 0, BEAT_NICE); /* this thread only; without the privilege it runs like the others */
  while (!atomic_load_explicit(&m->stopping, memory_order_acquire)) {
    int n = epoll_wait(th->epoll_fd, events, EVENTS_MAX, all_told ? -1 : RETRY_MS);
    th->now_us = clock_mono_us();
    for (int i = 0; i < n; i++) dispatch(m, events[i].data.u64);
    beat_credits(th);
    tally_add(&th->tally.lost_events, th->outbox.overflow);
    th->outbox.overflow = 0;
    all_told = outbox_flush(&th->outbox);
  }
  return NULL;
}

/* A socket a session, as many that rest, and one more where it reports. */
/* Each session may hold a socket for RTP, one for RTCP and one that rests; what else the process opens must find room too. */
static unsigned sessions_within_limit(unsigned wanted, char err[160]) {
  struct rlimit limit;
  const rlim_t files = (rlim_t)wanted * FILES_A_SESSION + FILES_SPARE;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= files) return wanted;
  limit.rlim_cur = limit.rlim_max < files ? limit.rlim_max : files;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= files) return wanted;
  const unsigned room = limit.rlim_cur > FILES_SPARE ? (unsigned)((limit.rlim_cur - FILES_SPARE) / FILES_A_SESSION) : 0;
  snprintf(err, 160, "only %llu files may be open: room for %u legs at a time, not %u; raise the limit (ulimit -n, LimitNOFILE) to %llu",
           (unsigned long long)limit.rlim_cur, room, wanted, (unsigned long long)files);
  return room;
}

static int watch(int epoll_fd, int fd, uint64_t tag) {
  struct epoll_event ev = {.events = EPOLLIN, .data.u64 = tag};
  return fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0 ? CAD_OK : CAD_ENET;
}

static int open_clock(struct media_thread *th) {
  th->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  th->first_beat_us = clock_mono_us() + BEAT_US;
  struct itimerspec beats = {.it_interval.tv_nsec = BEAT_US * 1000,
                             .it_value = {th->first_beat_us / 1000000, th->first_beat_us % 1000000 * 1000}};
  return th->timer_fd >= 0 && timerfd_settime(th->timer_fd, TFD_TIMER_ABSTIME, &beats, NULL) == 0 ? CAD_OK : CAD_ENET;
}

static int open_descriptors(struct media *m) {
  struct media_thread *th = &m->thread;
  m->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  th->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (th->epoll_fd < 0 || open_clock(th) != CAD_OK) return CAD_ENET;
  if (watch(th->epoll_fd, th->timer_fd, THREAD_TAG_TIMER) != CAD_OK) return CAD_ENET;
  if (watch(th->epoll_fd, mailbox_fd(m->inbox), THREAD_TAG_INBOX) != CAD_OK) return CAD_ENET;
  return watch(th->epoll_fd, m->wake_fd, THREAD_TAG_WAKE);
}

static int open_all(struct media *m, const struct media_options *opt, struct mailbox *control) {
  struct media_thread *th = &m->thread;
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) return CAD_EIO;
  int err = arena_open(&th->arena, opt->bind_host, opt->port_min, opt->port_max, opt->sessions_max * (1 + opt->more_count), seed);
  for (unsigned i = 0; i < opt->more_count && err == CAD_OK; i++)
    err = arena_add_range(&th->arena, opt->more[i].bind_host, opt->more[i].port_min, opt->more[i].port_max);
  if (err == CAD_OK) err = tap_pool_open(&th->taps, opt->sessions_max);
  if (err == CAD_OK) err = outbox_open(&th->outbox, control, opt->sessions_max * 8 + OUTBOX_SPARE);
  if (err != CAD_OK) return err;
  m->inbox = mailbox_create(INBOX_MAILS);
  if ((err = sampler_open(&th->sampler, opt->sample_dir)) != CAD_OK) return err;
  if (opt->plans && opt->plan_count) {
    th->plans = calloc(opt->plan_count, sizeof *th->plans);
    if (!th->plans) return CAD_ENOMEM;
    memcpy(th->plans, opt->plans, opt->plan_count * sizeof *th->plans);
    th->plan_count = opt->plan_count;
  }
  m->prompt_dir = strdup(opt->prompt_dir ? opt->prompt_dir : ".");
  if (!m->inbox || !m->prompt_dir) return CAD_ENOMEM;
  th->credits = opt->credits < opt->sessions_max ? opt->credits : opt->sessions_max;
  err = open_descriptors(m);
  if (err != CAD_OK) return err;
  /* The first socket is tried here, so that a wrong address or a full range is said at start. */
  th->now_us = clock_mono_us();
  for (unsigned i = 0; i < th->arena.range_count; i++) {
    struct rtp_session *first;
    err = arena_credit_at(&th->arena, i, th->now_us, &first);
    if (err != CAD_OK) return err;
    arena_use(&th->arena, first);
    arena_rest(&th->arena, first, th->now_us);
  }
  return CAD_OK;
}

int media_start(const struct media_options *opt, struct mailbox *control, struct media **out, char err[160]) {
  err[0] = 0;
  struct media *m = calloc(1, sizeof *m);
  if (!m) return CAD_ENOMEM;
  m->wake_fd = m->thread.epoll_fd = m->thread.timer_fd = -1;
  m->thread.prompts = &m->prompts;
  prompt_store_open(&m->prompts);
  struct media_options o = *opt;
  o.sessions_max = sessions_within_limit(opt->sessions_max * (1 + opt->more_count), err) / (1 + opt->more_count);
  const bool no_files = err[0] && o.sessions_max == 0;
  int code = no_files ? CAD_EFULL : open_all(m, &o, control);
  if (code == CAD_OK && pthread_create(&m->id, NULL, run, m) != 0) code = CAD_ENOMEM;
  if (code != CAD_OK) {
    if (!no_files)
      snprintf(err, 160, "media on %s, ports %u-%u, %u sessions: %s", opt->bind_host ? opt->bind_host : "(none)", opt->port_min,
               opt->port_max, opt->sessions_max, err_name(code));
    media_stop(m);
    return code;
  }
  m->started = true;
  pthread_setname_np(m->id, "media");
  *out = m;
  return CAD_OK;
}

struct media *media_stop(struct media *m) {
  if (!m) return NULL;
  if (m->started) {
    uint64_t one = 1;
    atomic_store_explicit(&m->stopping, true, memory_order_release);
    if (write(m->wake_fd, &one, sizeof one) < 0 && errno != EAGAIN) return m;
    pthread_join(m->id, NULL);
  }
  struct media_thread *th = &m->thread;
  for (unsigned i = 0; i < th->arena.used_count; i++) wait_end(th, &th->arena.sessions[th->arena.used[i]]);
  arena_close(&th->arena);
  tap_pool_close(&th->taps);
  outbox_close(&th->outbox);
  if (th->timer_fd >= 0) close(th->timer_fd);
  if (th->epoll_fd >= 0) close(th->epoll_fd);
  if (m->wake_fd >= 0) close(m->wake_fd);
  mailbox_destroy(m->inbox);
  prompt_store_close(&m->prompts);
  free(m->prompt_dir);
  free(th->plans);
  sampler_close(&th->sampler);
  free(m);
  return NULL;
}

struct mailbox *media_inbox(struct media *m) {
  return m->inbox;
}

int media_prompt(struct media *m, const char *file) { return prompt_load(&m->prompts, m->prompt_dir, file); }

void media_counters(struct media *m, struct media_counters *out) {
  struct media_tally *t = &m->thread.tally;
#define READ(field) .field = atomic_load_explicit(&t->field, memory_order_relaxed)
  *out = (struct media_counters){READ(rx_packets),  READ(tx_packets),      READ(forwarded),     READ(strangers),
                                 READ(malformed),   READ(beats),           READ(beats_missed),  READ(late_mail),
                                 READ(lost_events), READ(beat_lag_max_us), READ(sessions_open), READ(credits)};
#undef READ
}

void media_beat_lags(const struct media *m, struct histogram_view *out) { histogram_read(&m->thread.tally.beat_lags, out); }
