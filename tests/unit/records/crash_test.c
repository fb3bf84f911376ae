#include "fixture.h"
#include "tests/support/scratch.h"
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

static char path[256];

static void setup(void) { strcpy(path, scratch_path("cadencia.db")); }
static void teardown(void) { scratch_remove(); }

/* One number from the file, by a connection that knows nothing of our code. */
static int64_t ask(const char *sql) {
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  int64_t value = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  sqlite3_close(db);
  return value;
}

/* What holds after every start: nothing transient, every count a fold over rows. */
static void sound(void) {
  ck_assert_int_eq(ask("SELECT count(*) FROM attempt WHERE ended IS NULL"), 0);
  ck_assert_int_eq(ask("SELECT count(*) FROM case_state WHERE status=1"), 0);
  ck_assert_int_eq(ask("SELECT count(*) FROM attempt a WHERE NOT EXISTS(SELECT 1 FROM interaction i WHERE i.id=a.interaction)"), 0);
  ck_assert_int_eq(
      ask("SELECT count(*) FROM decision d WHERE allowed=1 AND kind=0 AND NOT EXISTS(SELECT 1 FROM attempt a WHERE a.id=d.id)"), 0);
  ck_assert_int_eq(
      ask("SELECT count(*) FROM attempt a WHERE NOT EXISTS(SELECT 1 FROM decision d WHERE a.id=d.id AND allowed=1 AND kind=0)"), 0);
  ck_assert_int_eq(ask("SELECT count(*) FROM list WHERE state=0"), 0);
  ck_assert_int_eq(ask("SELECT total(attempts) FROM tally"), ask("SELECT count(*) FROM attempt"));
  ck_assert_int_eq(ask("SELECT total(live) FROM tally"), ask("SELECT total(live) FROM attempt"));
  ck_assert_int_eq(
      ask("SELECT total(open) FROM standing"),
      ask("SELECT count(*) FROM case_state c JOIN bucket b ON b.id=c.bucket JOIN list l ON l.id=b.list WHERE l.state=1 AND c.status<>2"));
  ck_assert_int_eq(ask("SELECT count(*) FROM case_state c JOIN attempt a ON a.case_id=c.case_id GROUP BY c.case_id HAVING count(*)<>c.tries"
                       " UNION ALL SELECT 0"),
                   0);
  ck_assert_int_eq(ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'"), 0);
}

START_TEST(killed_in_a_transaction_open_attempts_are_interrupted_and_count_as_made) {
  pid_t child = fork();
  if (child == 0) {
    struct lease l[20];
    struct store *s = store_at(path);
    uint64_t c = with_campaign(s, "one");
    with_contacts(s, "one", 12025550100, 20);
    if (lease_some(s, c, 20, at_ms(0), l, NULL) != 20) _exit(1);
    for (uint64_t i = 0; i < 10; i++) open_attempt(s, &l[i], 100 + i, at_ms(1000), NULL);
    for (uint64_t i = 0; i < 3; i++) close_attempt(s, 100 + i, OUTCOME_CONNECTED, at_ms(9000));
    store_begin(s);
    for (uint64_t i = 10; i < 15; i++) open_attempt(s, &l[i], 100 + i, at_ms(9000), NULL);
    close_attempt(s, 103, OUTCOME_CONNECTED, at_ms(9000));
    raise(SIGKILL);
  }
  int status;
  waitpid(child, &status, 0);
  ck_assert(WIFSIGNALED(status));
  struct store *s = store_at(path);
  struct store_counts n;
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.attempts, 10);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_CONNECTED], 3);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_INTERRUPTED], 7);
  ck_assert_uint_eq(n.open_attempts, 0);
  ck_assert_uint_eq(n.contacts_done, 3);
  struct campaign_def d;
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  struct lease l[20];
  struct mail_store_lease_end end;
  /* The ten that were never called, or whose opening was not durable, are due; the interrupted wait for the next day. */
  ck_assert_int_eq(lease_some(s, d.terms.id, 20, at_ms(20000), l, &end), 10);
  for (int i = 0; i < 10; i++) ck_assert_uint_ge(l[i].phone, 12025550110);
  ck_assert_int_eq(end.next.ms, NOON_MS + 1000 + 86400000);
  ck_assert_uint_eq(end.open, 17);
  ck_assert_int_eq(lease_some(s, d.terms.id, 20, at_ms(1000 + 86400000), l, NULL), 17);
  /* The same opening again is no permission any more, and a late close changes nothing. */
  ck_assert_int_eq(open_attempt(s, &(struct lease){.campaign_id = d.terms.id, .case_id = 77}, 105, at_ms(30000), NULL), REFUSAL_LEASE_GONE);
  ck_assert_int_eq(close_attempt(s, 105, OUTCOME_CONNECTED, at_ms(31000)), CAD_OK);
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_INTERRUPTED], 7);
  store_close(s);
  sound();
}
END_TEST

/* Opens and closes in groups and reports every commit, until it is shot. */
static void work(int report, uint64_t first_id) {
  struct store *s = store_at(path);
  struct campaign_def d;
  struct lease l[8];
  if (store_campaign_get(s, "one", &d) < 0) _exit(1);
  uint64_t id = first_id, open[8];
  for (int64_t t = 0;; t += 1000) {
    int n = lease_some(s, d.terms.id, 8, at_ms(t), l, NULL);
    if (n <= 0) _exit(2);
    if (store_begin(s) < 0) _exit(3);
    for (int i = 0; i < n; i++) open_attempt(s, &l[i], open[i] = id++, at_ms(t), NULL);
    if (store_commit(s) < 0) _exit(4);
    if (write(report, open, sizeof *open * (size_t)n) < 0) _exit(5);
    if (store_begin(s) < 0) _exit(6);
    for (int i = 0; i < n; i += 2) close_attempt(s, open[i], i % 4 ? OUTCOME_BUSY : OUTCOME_CONNECTED, at_ms(t + 500));
    if (store_commit(s) < 0) _exit(7);
  }
}

START_TEST(shot_at_any_moment_no_committed_attempt_is_missing_and_nothing_stays_open) {
  struct store *s = store_at(path);
  with_campaign(s, "one");
  with_contacts(s, "one", 12025000000, 4000);
  store_close(s);
  int64_t reported = 0;
  for (uint64_t round = 1; round <= 8; round++) {
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) work(fds[1], round * 1000000);
    close(fds[1]);
    uint64_t ids[64];
    ssize_t bytes = read(fds[0], ids, sizeof ids[0]); /* it works */
    ck_assert_int_gt(bytes, 0);
    usleep((useconds_t)(3000 + round * 7919 % 20000));
    kill(child, SIGKILL);
    reported += 1;
    while ((bytes = read(fds[0], ids, sizeof ids)) > 0) reported += bytes / (ssize_t)sizeof ids[0];
    close(fds[0]);
    waitpid(child, NULL, 0);
    s = store_at(path);
    store_close(s);
    sound();
    ck_assert_int_ge(ask("SELECT count(*) FROM attempt"), reported);
    reported = ask("SELECT count(*) FROM attempt"); /* one group may be durable that was not reported any more */
  }
  ck_assert_int_gt(ask("SELECT count(*) FROM attempt WHERE outcome=17"), 0); /* interrupted */
}
END_TEST

START_TEST(a_list_that_was_half_loaded_is_gone_and_its_numbers_may_be_loaded_again) {
  pid_t child = fork();
  if (child == 0) {
    struct store *s = store_at(path);
    with_campaign(s, "one");
    with_contacts(s, "one", 12025550100, 5);
    uint64_t job;
    store_import_begin(s, "one", "half.csv", at_ms(0).wall, &job);
    for (uint64_t i = 0; i < 3000; i++) {
      struct contact_row row = {.phone = 13125000000 + i};
      uint8_t result;
      if (i % 500 == 0) store_begin(s);
      store_import_rows(s, job, &row, 1, &result);
      if (i % 500 == 499) store_commit(s);
    }
    raise(SIGKILL);
  }
  waitpid(child, NULL, 0);
  ck_assert_int_eq(ask("SELECT count(*) FROM case_state"), 3005);
  struct store *s = store_at(path);
  ck_assert_int_eq(ask("SELECT count(*) FROM case_state"), 5);
  ck_assert_int_eq(ask("SELECT count(*) FROM person"), 5);
  ck_assert_int_eq(ask("SELECT count(*) FROM phone"), 5);
  ck_assert_int_eq(ask("SELECT count(*) FROM work_case"), 5);
  with_contacts(s, "one", 13125000000, 3);
  store_close(s);
  sound();
}
END_TEST

START_TEST(a_newer_file_is_refused_and_left_as_it_is) {
  store_close(store_at(path));
  sqlite3 *db = NULL;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(sqlite3_exec(db, "UPDATE meta SET value='99' WHERE key='oldest_schema'; PRAGMA user_version=99", NULL, NULL, NULL),
                   SQLITE_OK);
  sqlite3_close(db);
  struct store_options opt = {.path = path, .share_dir = SOURCE_DIR "/etc"};
  struct store *s = NULL;
  char text[256] = "";
  FILE *err = fmemopen(text, sizeof text, "w");
  ck_assert_int_eq(store_open(&opt, &s, err), CAD_EVERSION);
  fclose(err);
  ck_assert_ptr_nonnull(strstr(text, "schema 99"));
  ck_assert_ptr_null(s);
  ck_assert_int_eq(ask("PRAGMA user_version"), 99);
}
END_TEST

START_TEST(a_file_that_is_no_database_gives_one_readable_line) {
  FILE *f = fopen(path, "w");
  for (int i = 0; i < 5000; i++) fputs("not a database ", f);
  fclose(f);
  struct store_options opt = {.path = path, .share_dir = SOURCE_DIR "/etc"};
  struct store *s = NULL;
  char text[256] = "";
  FILE *err = fmemopen(text, sizeof text, "w");
  ck_assert_int_lt(store_open(&opt, &s, err), 0);
  fclose(err);
  ck_assert_ptr_nonnull(strstr(text, "not a database"));
  ck_assert_uint_eq(strcspn(text, "\n") + 1, strlen(text));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("crash");
  TCase *t = tcase_create("crash");
  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, killed_in_a_transaction_open_attempts_are_interrupted_and_count_as_made);
  tcase_add_test(t, shot_at_any_moment_no_committed_attempt_is_missing_and_nothing_stays_open);
  tcase_add_test(t, a_list_that_was_half_loaded_is_gone_and_its_numbers_may_be_loaded_again);
  tcase_add_test(t, a_newer_file_is_refused_and_left_as_it_is);
  tcase_add_test(t, a_file_that_is_no_database_gives_one_readable_line);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
