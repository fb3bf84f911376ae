#include "fixture.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/store_worker.h"
#include "tests/support/scratch.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char path[256];
static struct mailbox *control;
static struct store_worker *w;
static uint64_t campaign;

/* The worker reads the real clock: so that hours do not depend on when the test runs, they are open always. */
static struct campaign_def always_open(const char *name) {
  struct campaign_def d = campaign_like(name);
  for (int i = 0; i < 7; i++) d.gate.hours.open[i] = 0, d.gate.hours.close[i] = 1440;
  d.gate.attempts_max = 1000;
  return d;
}

static void start(unsigned control_room, int contacts) {
  strcpy(path, scratch_path("cadencia.db"));
  log_set_level(LOG_ERROR_);
  struct store *s = store_at(path);
  store_set_clock(s, WALL_NONE);
  struct campaign_def d = always_open("one");
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  campaign = d.terms.id;
  if (contacts) with_contacts(s, "one", 12025550000, contacts);
  control = mailbox_create(control_room);
  w = store_worker_start(s, control, NULL);
  ck_assert_ptr_nonnull(w);
}

static void finish(void) {
  w = store_worker_stop(w);
  control = mailbox_destroy(control);
  scratch_remove();
}

static void put(struct mail m) { ck_assert_int_eq(mailbox_put(store_worker_inbox(w), &m), CAD_OK); }

static struct mail take(void) {
  struct mail m;
  struct pollfd p = {mailbox_fd(control), POLLIN, 0};
  while (mailbox_take(control, &m, 1) == 0) ck_assert_int_eq(poll(&p, 1, 20000), 1);
  return m;
}

static void want(uint16_t count) {
  struct mail m = mail_make(STORE_LEASE_WANT, clock_mono());
  m.u.store_want = (struct mail_store_want){campaign, count};
  put(m);
}

static void put_open(const struct lease *l, uint64_t id) {
  struct mail m = mail_make(STORE_OPEN, clock_mono());
  m.u.store_open = (struct mail_store_open){.slot = (uint32_t)id, .gen = 1, .attempt_id = id, .lease = *l, .started = clock_wall()};
  put(m);
}

static void put_close(uint64_t id, enum outcome outcome) {
  struct mail m = mail_make(STORE_CLOSE, clock_mono());
  m.u.store_close = (struct mail_store_close){.slot = (uint32_t)id, .attempt_id = id, .outcome = (uint8_t)outcome, .ended = clock_wall()};
  put(m);
}

static int take_leases(struct lease *out, int room) {
  for (int n = 0;;) {
    struct mail m = take();
    if (m.kind == STORE_LEASE_END) {
      ck_assert_int_eq(m.u.store_lease_end.given, n);
      return n;
    }
    ck_assert_int_eq(m.kind, STORE_LEASED);
    ck_assert_int_lt(n, room);
    out[n++] = m.u.store_lease;
  }
}

static int counts_job(struct store *s, void *arg) { return store_counts(s, NULL, arg); }

START_TEST(sixty_four_openings_share_few_commits_and_each_gets_its_answer) {
  struct lease l[64];
  start(1024, 64);
  want(64);
  ck_assert_int_eq(take_leases(l, 64), 64);
  struct store_worker_counts before = store_worker_count(w);
  for (uint64_t i = 0; i < 64; i++) put_open(&l[i], 1000 + i);
  for (uint64_t i = 0; i < 64; i++) {
    struct mail m = take();
    ck_assert_int_eq(m.kind, STORE_OPENED);
    ck_assert_uint_eq(m.u.store_opened.attempt_id, 1000 + i);
  }
  struct store_worker_counts after = store_worker_count(w);
  ck_assert_uint_eq(after.items - before.items, 64);
  ck_assert_uint_le(after.groups - before.groups, 8);
  ck_assert_int_gt(store_worker_commit_max_us(w), 0);
  finish();
}
END_TEST

START_TEST(a_close_that_overtakes_its_opening_is_not_lost) {
  struct lease l;
  start(64, 1);
  want(1);
  ck_assert_int_eq(take_leases(&l, 1), 1);
  put_open(&l, 5); /* both wait when the group begins: closes come first */
  put_close(5, OUTCOME_CANCELLED);
  ck_assert_int_eq(take().kind, STORE_OPENED);
  ck_assert_int_eq(take().kind, STORE_CLOSED);
  struct store_counts n;
  ck_assert_int_eq(store_worker_run(w, counts_job, &n, false), CAD_OK);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_CANCELLED], 1);
  finish();
}
END_TEST

START_TEST(replies_wait_when_control_is_full_and_none_is_lost) {
  struct lease l[64];
  start(4, 64);
  want(64);
  for (int n = 0; n < 64; n++) {
    struct mail m = take();
    ck_assert_int_eq(m.kind, STORE_LEASED);
    l[n] = m.u.store_lease;
    if (n % 8 == 0) usleep(2000);
  }
  ck_assert_int_eq(take().kind, STORE_LEASE_END);
  for (uint64_t i = 0; i < 64; i++) put_open(&l[i], 1 + i), put_close(1 + i, OUTCOME_BUSY);
  int opened = 0, closed = 0;
  while (opened + closed < 128) {
    struct mail m = take();
    opened += m.kind == STORE_OPENED;
    closed += m.kind == STORE_CLOSED;
    ck_assert(m.kind == STORE_OPENED || m.kind == STORE_CLOSED);
  }
  ck_assert_int_eq(opened, 64);
  finish();
}
END_TEST

/* A file that may not grow is a full disk. */
static void disk_limit(rlim_t bytes) {
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* From now on: the journal is as long as it gets. */
static void disk_full(void) {
  struct stat st;
  char wal[272];
  snprintf(wal, sizeof wal, "%s-wal", path);
  ck_assert_int_eq(stat(wal, &st), 0);
  signal(SIGXFSZ, SIG_IGN);
  disk_limit((rlim_t)st.st_size);
}

START_TEST(a_full_disk_refuses_openings_keeps_closes_and_heals) {
  struct lease l[3];
  start(256, 3);
  want(3);
  ck_assert_int_eq(take_leases(l, 3), 3);
  put_open(&l[0], 1);
  ck_assert_int_eq(take().kind, STORE_OPENED);
  disk_full();
  put_close(1, OUTCOME_NO_ANSWER);
  usleep(100000);
  put_open(&l[1], 2);
  struct mail m;
  unsigned told = 0;
  while ((m = take()).kind == STORE_TROUBLE) told += m.u.store_trouble.err < 0 && m.u.store_trouble.rest_ms > 0;
  ck_assert_uint_gt(told, 0);
  ck_assert_int_eq(m.kind, STORE_REFUSED);
  ck_assert_int_eq(m.u.store_opened.reason, REFUSAL_STORE);
  ck_assert_uint_eq(m.u.store_opened.attempt_id, 2);
  ck_assert_uint_gt(store_worker_count(w).failures, 0);
  disk_limit(RLIM_INFINITY);
  while ((m = take()).kind == STORE_TROUBLE && m.u.store_trouble.err < 0) {
  }
  ck_assert_int_eq(m.kind, STORE_CLOSED);
  const struct mail over = take(); /* said with what made it so */
  ck_assert_int_eq(over.kind, STORE_TROUBLE);
  ck_assert_int_eq(over.u.store_trouble.err, CAD_OK);
  ck_assert_uint_eq(m.u.store_opened.attempt_id, 1);
  put_open(&l[2], 3);
  ck_assert_int_eq(take().kind, STORE_OPENED);
  struct store_counts n;
  ck_assert_int_eq(store_worker_run(w, counts_job, &n, false), CAD_OK);
  ck_assert_uint_eq(n.attempts, 2);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_NO_ANSWER], 1);
  finish();
}
END_TEST

START_TEST(a_full_disk_says_so_before_it_says_that_nobody_is_to_be_called) {
  struct lease l[3];
  start(256, 3);
  disk_full();
  want(3);
  struct mail m;
  int64_t rest_ms = 0;
  while ((m = take()).kind == STORE_TROUBLE) {
    ck_assert_int_lt(m.u.store_trouble.err, 0);
    rest_ms = m.u.store_trouble.rest_ms;
  }
  ck_assert_int_eq(m.kind, STORE_LEASE_END);
  ck_assert_uint_eq(m.u.store_lease_end.given, 0);
  ck_assert_int_gt(rest_ms, 0);
  disk_limit(RLIM_INFINITY);
  usleep((useconds_t)(rest_ms + 50) * 1000);
  want(3);
  ck_assert_int_eq(take_leases(l, 3), 3);
  m = take();
  ck_assert_int_eq(m.kind, STORE_TROUBLE);
  ck_assert_int_eq(m.u.store_trouble.err, CAD_OK);
  finish();
}
END_TEST

START_TEST(work_that_writes_nothing_does_not_say_that_the_disk_is_well) {
  start(256, 3);
  disk_full();
  int64_t longest = 0;
  for (int i = 0; i < 40 && longest < 1000; i++) { /* as a floor does that has agents and no calls */
    struct mail paced = mail_make(STORE_PACED, clock_mono());
    paced.u.store_paced.campaign_id = campaign;
    paced.u.store_paced.at = clock_wall();
    put(paced);
    want(3);
    usleep(100000);
    struct mail m;
    while (mailbox_take(control, &m, 1) == 1) {
      ck_assert_int_ne(m.kind, STORE_LEASED);
      if (m.kind != STORE_TROUBLE) continue;
      ck_assert_int_lt(m.u.store_trouble.err, 0);
      if (m.u.store_trouble.rest_ms > longest) longest = m.u.store_trouble.rest_ms;
    }
  }
  ck_assert_int_ge(longest, 1000);
  disk_limit(RLIM_INFINITY);
  finish();
}
END_TEST

static int add_campaign(struct store *s, void *arg) {
  struct campaign_def d = always_open("two");
  int err = store_campaign_put(s, &d);
  return err < 0 ? err : *(int *)arg;
}
static int find_campaign(struct store *s, void *arg) { return store_campaign_get(s, "two", arg); }

START_TEST(a_job_is_one_transaction_and_its_failure_leaves_nothing) {
  struct campaign_def d;
  int result = CAD_EREFUSED;
  start(64, 0);
  ck_assert_int_eq(store_worker_run(w, add_campaign, &result, true), CAD_EREFUSED);
  ck_assert_int_eq(store_worker_run(w, find_campaign, &d, false), CAD_ENOENT);
  result = 7;
  ck_assert_int_eq(store_worker_run(w, add_campaign, &result, true), 7);
  ck_assert_int_eq(store_worker_run(w, find_campaign, &d, false), CAD_OK);
  finish();
}
END_TEST

START_TEST(announcements_reach_control_before_the_call_returns) {
  struct mail m;
  start(64, 0);
  ck_assert_int_eq(store_worker_announce(w, NULL, NULL), CAD_OK);
  ck_assert_uint_eq(mailbox_take(control, &m, 1), 1);
  ck_assert_int_eq(m.kind, STORE_CAMPAIGN);
  ck_assert_str_eq(m.u.store_campaign.terms.name, "one");
  ck_assert_int_eq(m.u.store_campaign.state, CAMPAIGN_RUNNING);
  ck_assert_int_eq(store_worker_announce(w, "none", NULL), CAD_ENOENT);
  ck_assert_int_eq(store_worker_announce_dnc(w, 12025550101), CAD_OK);
  ck_assert_uint_eq(mailbox_take(control, &m, 1), 1);
  ck_assert_int_eq(m.kind, STORE_DNC_ADDED);
  ck_assert_uint_eq(m.u.store_opt_out.phone, 12025550101);
  finish();
}
END_TEST

START_TEST(stopping_makes_durable_what_was_queued) {
  struct lease l[32];
  start(512, 32);
  want(32);
  ck_assert_int_eq(take_leases(l, 32), 32);
  for (uint64_t i = 0; i < 32; i++) put_open(&l[i], 1 + i);
  for (uint64_t i = 0; i < 32; i++) ck_assert_int_eq(take().kind, STORE_OPENED);
  for (uint64_t i = 0; i < 32; i++) put_close(1 + i, OUTCOME_BUSY);
  w = store_worker_stop(w);
  struct store *s = store_at(path);
  struct store_counts n;
  ck_assert_int_eq(store_counts(s, NULL, &n), CAD_OK);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_BUSY], 32);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_INTERRUPTED], 0);
  store_close(s);
  finish();
}
END_TEST

/* Rows in chunks, as an import brings them, until it is told to stop. */
struct bulk {
  uint64_t job, rows;
  atomic_bool enough, over;
  bool begun;
};
static int bulk_step(struct store *s, void *arg) {
  static struct contact_row rows[256];
  uint8_t results[256];
  struct bulk *b = arg;
  if (!b->begun) {
    int r = store_import_begin(s, "one", "bulk.csv", WALL_NONE, &b->job);
    b->begun = r >= 0;
    return r;
  }
  for (int i = 0; i < 256; i++) {
    rows[i] = (struct contact_row){.phone = 12020000000 + (b->rows + (uint64_t)i) * 7919 % 9000000};
    snprintf(rows[i].extra, sizeof rows[i].extra, "{\"remark\":\"%0400d\"}", i);
  }
  int done = store_import_some(s, b->job, rows, 256, results);
  if (done > 0) b->rows += (uint64_t)done;
  return done;
}
static void *bulk_main(void *arg) {
  struct bulk *b = arg;
  while (!atomic_load(&b->enough) && store_worker_run(w, bulk_step, b, false) >= 0) continue;
  atomic_store(&b->over, true);
  return NULL;
}
static off_t size_of(const char *name) {
  struct stat st;
  return stat(name, &st) == 0 ? st.st_size : 0;
}

START_TEST(calls_go_on_beside_bulk_work_and_its_log_goes_into_the_database_meanwhile) {
  struct bulk b = {0};
  struct lease l[32];
  pthread_t thread;
  start(512, 32);
  want(32);
  ck_assert_int_eq(take_leases(l, 32), 32);
  const off_t before = size_of(path);
  ck_assert_int_eq(pthread_create(&thread, NULL, bulk_main, &b), 0);
  for (uint64_t i = 0; i < 32; i++) {
    put_open(&l[i], 1 + i);
    ck_assert_int_eq(take().kind, STORE_OPENED);
  }
  /* Commits themselves copy nothing: the file grows by the other thread, while rows come in. */
  for (int i = 0; i < 6000 && size_of(path) < before + (2 << 20); i++) usleep(10000);
  ck_assert_int_ge(size_of(path), before + (2 << 20));
  ck_assert(!atomic_load(&b.over));
  atomic_store(&b.enough, true);
  pthread_join(thread, NULL);
  struct histogram_view waits[LIVE_WAITS];
  uint64_t opened = 0;
  store_worker_waits(w, waits);
  for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) opened += waits[LIVE_WAIT_OPEN].counts[i];
  ck_assert_uint_eq(opened, 32);
  finish();
}
END_TEST

int main(void) {
  Suite *suite = suite_create("store worker");
  TCase *t = tcase_create("store worker");
  tcase_set_timeout(t, 120);
  tcase_add_test(t, sixty_four_openings_share_few_commits_and_each_gets_its_answer);
  tcase_add_test(t, a_close_that_overtakes_its_opening_is_not_lost);
  tcase_add_test(t, replies_wait_when_control_is_full_and_none_is_lost);
  tcase_add_test(t, a_full_disk_refuses_openings_keeps_closes_and_heals);
  tcase_add_test(t, work_that_writes_nothing_does_not_say_that_the_disk_is_well);
  tcase_add_test(t, a_full_disk_says_so_before_it_says_that_nobody_is_to_be_called);
  tcase_add_test(t, a_job_is_one_transaction_and_its_failure_leaves_nothing);
  tcase_add_test(t, announcements_reach_control_before_the_call_returns);
  tcase_add_test(t, stopping_makes_durable_what_was_queued);
  tcase_add_test(t, calls_go_on_beside_bulk_work_and_its_log_goes_into_the_database_meanwhile);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
