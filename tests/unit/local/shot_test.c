/* SIGKILL at random moments of what works on the whole of the records: afterwards it is done or not done, never half, every row is
 * there once, and the chain holds. CADENCIA_SHOTS: how many of each, CADENCIA_SEED: other moments. */
#include "harness.h"
#include <cadencia/err.h>
#include <cadencia/ids.h>
#include <campaigns/store.h>
#include <signal.h>
#include <sys/wait.h>

enum { PEOPLE = 300, STEPS = 26, BATCH = 12 };
static const int64_t BEGAN_MS = 1735740000000; /* 2025-01-01T14:00Z: months ago whenever this runs */
static const uint64_t ANA = 12025550100;       /* and the 299 after her */
static uint64_t seed = 88172645463325252ull;

static unsigned below(unsigned n) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (unsigned)(seed % n);
}

static void records(struct store *s) {
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .country = "US", .purpose = "survey", .trunk = "carrier", .seller = "acme"};
  snprintf(d.terms.name, sizeof d.terms.name, "spring");
  d.terms.mode = PACING_PREDICTIVE;
  d.terms.limit_bp = 300;
  d.terms.ring_ms = 25000;
  d.terms.max_wait_ms = 2000;
  d.terms.caller_id = 12025550199;
  for (int k = 0; k < 7; k++) d.gate.hours.close[k] = 1440;
  d.gate.attempts_max = 8;
  d.gate.attempts_window_ms = 86400000;
  d.retry = (struct retry_table){.rules = {{OUTCOME_BUSY, 300000, 30}}, .count = 1};
  ck_assert_int_ge(store_campaign_put(s, &d), 0);
  uint64_t job, seen;
  ck_assert_int_ge(store_import_begin(s, "spring", "list.csv", (struct wall){BEGAN_MS}, &job), 0);
  for (uint64_t k = 0; k < PEOPLE; k++) {
    struct contact_row row = {.phone = ANA + k, .name = "Ana"};
    uint8_t result;
    ck_assert_int_ge(store_import_rows(s, job, &row, 1, &result), 0);
  }
  ck_assert_int_ge(store_import_finish(s, job, &seen), 0);
  struct id_maker ids = {0, 0}; /* ids tell when they were made */
  for (int step = 0; step < STEPS; step++) {
    struct now now = {{1000000 + step * 5000000ll}, {BEGAN_MS + step * 330000000ll}};
    struct lease l[BATCH];
    struct mail_store_want want = {d.terms.id, BATCH};
    struct mail_store_lease_end end;
    store_set_clock(s, now.wall);
    int n = store_lease(s, &want, now, l, &end);
    for (int i = 0; i < n; i++) {
      struct mail_store_open o = {.attempt_id = id_next(&ids, now.wall), .lease = l[i], .caller_id = 12025550199, .started = now.wall};
      struct mail_store_opened reply;
      bool opened = false;
      ck_assert_int_ge(store_attempt_open(s, &o, now, &reply, &opened), 0);
      struct mail_store_close c = {
          .attempt_id = o.attempt_id, .ended = wall_add(now.wall, 20000), .sip_code = 486, .outcome = OUTCOME_BUSY};
      if (opened) ck_assert_int_ge(store_attempt_close(s, &c), 0);
    }
  }
}

static int shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *fmt, ...) {
  char command[1500];
  va_list ap;
  ck_assert_ptr_nonnull(strstr(home_dir, "/cadencia-test-"));
  int n = snprintf(command, sizeof command, "cd %s && ", home_dir);
  va_start(ap, fmt);
  vsnprintf(command + n, sizeof command - (size_t)n, fmt, ap);
  va_end(ap);
  return system(command);
}

static void setup(void) {
  home_make();
  ck_assert_int_eq(mkdir(scratch_path("state"), 0700), 0);
  struct store_options opt = {.path = scratch_path("state/cadencia.db"), .share_dir = SOURCE_DIR "/etc", .fast = true, .rules_dir = ""};
  struct store *s = NULL;
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  records(s);
  store_close(s);
  write_text("pw", "a long password\n");
  const char *own = getenv("CADENCIA_SEED");
  if (own) seed ^= strtoull(own, NULL, 10) * 0x9e3779b97f4a7c15ull;
}
static void teardown(void) { home_remove(); }

/* Every call of the log, in no order. */
static void save_calls(const char *name) {
  EXPECT(0, "export", "calls", "--format", "jsonl");
  write_text("calls", said_out);
  ck_assert_int_eq(shell("sort calls > %s", name), 0);
}

struct work {
  const char *name;
  void (*prepare)(void); /* NULL: nothing */
  void (*run)(void);
  void (*judge)(void); /* after the next start; NULL: again() does */
  void (*again)(void); /* what was cut off is done on the next try */
};

static void run_export(void) { cadencia("export", "tsr", "--out", scratch_path("k.zip"), NULL); }
static void whole_bundle(void) {
  ck_assert_int_eq(
      shell("if test -e k.zip; then rm -rf k; mkdir k; cd k; python3 -m zipfile -e ../k.zip . && sha256sum --quiet -c SHA256SUMS"
            " && openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null; fi"),
      0);
}
static void export_again(void) {
  EXPECT(0, "export", "tsr", "--out", scratch_path("k.zip"));
  whole_bundle();
  ck_assert_int_eq(shell("test -e k.zip && ! test -e k.zip.part && rm k.zip"), 0);
}

static void run_archive(void) { cadencia("archive", "--days", "150", "--yes", NULL); }
static void same_calls(void) {
  save_calls("now");
  ck_assert_int_eq(shell("cmp before now"), 0);
}
static void archive_again(void) {
  EXPECT(0, "archive", "--days", "150", "--yes");
  EXPECT(0, "archive");
  ck_assert_msg(!strstr(said_out, "moving") && !strstr(said_out, "MISSING"), "%s", said_out);
  same_calls();
}

/* The third contact, whose calls lie in an archive by then. */
static const char VICTIM[] = "12025550102";
static void run_erase(void) { cadencia("person", "erase", "--number", "+12025550102", "--basis", "x", "--yes", NULL); }
static bool in_no_file(void) {
  return shell("for f in state/cadencia.db state/archive/*.db; do python3 -c \"import sqlite3,sys;"
               "sys.exit(any('%s' in line for line in sqlite3.connect('$f').iterdump()))\" || exit 1; done",
               VICTIM) == 0;
}
static void everywhere_or_nowhere(void) {
  save_calls("now");
  ck_assert_int_eq(shell("sed 's/\"phone\":\"+%s\"/\"phone\":null/' before | sort > without", VICTIM), 0);
  const bool gone = shell("cmp -s without now") == 0;
  if (!gone) ck_assert_int_eq(shell("cmp before now"), 0);
  ck_assert_int_eq(in_no_file(), gone);
}
static void erase_again(void) {
  EXPECT(0, "person", "erase", "--number", "+12025550102", "--basis", "x", "--yes");
  ck_assert(in_no_file());
}

static void run_retention(void) { cadencia("retention", "calls", "--days", "150", "--yes", NULL); }
static void same_but_for_numbers(void) { /* it goes step by step, and each is whole */
  save_calls("now");
  ck_assert_int_eq(shell("sed 's/\"phone\":[^,]*,//' before | sort > a; sed 's/\"phone\":[^,]*,//' now | sort | cmp a"), 0);
}
static void retention_again(void) {
  EXPECT(0, "retention", "calls", "--days", "150", "--yes");
  EXPECT(0, "verify");
  EXPECT(0, "export", "calls", "--until", "2025-05-01", "--format", "jsonl");
  ck_assert_ptr_null(strstr(said_out, "\"phone\":\"+"));
}

static void run_backup(void) { cadencia("backup", scratch_path("k.backup"), "--password-file", scratch_path("pw"), NULL); }
static void whole_backup(void) {
  if (shell("test -e k.backup") != 0) return;
  ck_assert_int_eq(shell("mv state kept"), 0);
  EXPECT(0, "restore", scratch_path("k.backup"), "--password-file", scratch_path("pw"));
  EXPECT(0, "verify");
  same_calls();
  ck_assert_int_eq(shell("rm -rf state k.backup && mv kept state"), 0);
}
static void backup_again(void) {
  EXPECT(0, "backup", scratch_path("k.backup"), "--password-file", scratch_path("pw"));
  whole_backup();
}

/* The state folder is empty when it begins: what is restored is there whole, or the next try brings it. */
static void run_restore(void) { cadencia("restore", scratch_path("base.backup"), "--password-file", scratch_path("pw"), NULL); }
static void before_restore(void) { ck_assert_int_eq(shell("rm -rf state"), 0); }
static void restore_again(void) {
  if (shell("test -e state/cadencia.db") != 0) EXPECT(0, "restore", scratch_path("base.backup"), "--password-file", scratch_path("pw"));
  EXPECT(0, "verify");
  same_calls();
}

static int64_t us_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* In a process of its own, shot after so long (< 0: never). Tells whether it died of it. */
static bool shoot(void (*run)(void), int64_t after_us) {
  int status = 0;
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    run();
    _exit(0);
  }
  if (after_us >= 0) {
    usleep((useconds_t)after_us);
    kill(child, SIGKILL);
  }
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status);
}

static int shots(void) {
  const char *own = getenv("CADENCIA_SHOTS");
  return own ? atoi(own) : 5;
}

/* The moments are spread over how long it takes when nobody shoots. */
static void shoot_at(const struct work *w) {
  int died = 0;
  EXPECT(0, "verify");
  save_calls("before");
  ck_assert_int_eq(shell("test $(wc -l < before) -gt 200 && cp -a state base"), 0);
  if (w->prepare) w->prepare();
  const int64_t began = us_now();
  shoot(w->run, -1);
  const int64_t takes = us_now() - began;
  for (int i = 0; i < shots(); i++) {
    ck_assert_int_eq(shell("rm -rf state k.zip k.backup && cp -a base state"), 0);
    if (w->prepare) w->prepare();
    died += shoot(w->run, below((unsigned)takes + 1));
    if (w->judge) {
      EXPECT(0, "campaign", "list"); /* the next start mends what was begun */
      EXPECT(0, "verify");
      w->judge();
    }
    w->again();
    EXPECT(0, "verify");
  }
  printf("%s: takes %lld ms, %d of %d shots hit\n", w->name, (long long)takes / 1000, died, shots());
}

START_TEST(a_bundle_is_whole_or_not_there) { shoot_at(&(struct work){"export", NULL, run_export, whole_bundle, export_again}); }
END_TEST

START_TEST(archiving_loses_and_doubles_nothing) { shoot_at(&(struct work){"archive", NULL, run_archive, same_calls, archive_again}); }
END_TEST

START_TEST(a_person_is_erased_everywhere_or_nowhere) {
  EXPECT(0, "archive", "--days", "150", "--yes");
  shoot_at(&(struct work){"erasure", NULL, run_erase, everywhere_or_nowhere, erase_again});
}
END_TEST

START_TEST(retention_takes_numbers_and_nothing_else) {
  EXPECT(0, "archive", "--days", "350", "--yes");
  shoot_at(&(struct work){"retention", NULL, run_retention, same_but_for_numbers, retention_again});
}
END_TEST

START_TEST(a_backup_is_whole_or_not_there) {
  EXPECT(0, "archive", "--days", "150", "--yes");
  shoot_at(&(struct work){"backup", NULL, run_backup, whole_backup, backup_again});
}
END_TEST

START_TEST(a_restore_that_was_cut_off_is_done_by_the_next) {
  EXPECT(0, "archive", "--days", "150", "--yes");
  EXPECT(0, "backup", scratch_path("base.backup"), "--password-file", scratch_path("pw"));
  shoot_at(&(struct work){"restore", before_restore, run_restore, NULL, restore_again});
}
END_TEST

int main(void) {
  Suite *s = suite_create("shot");
  TCase *t = tcase_create("at random moments");
  tcase_set_timeout(t, getenv("CADENCIA_SHOTS") ? 3600 : 900);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_bundle_is_whole_or_not_there);
  tcase_add_test(t, archiving_loses_and_doubles_nothing);
  tcase_add_test(t, a_person_is_erased_everywhere_or_nowhere);
  tcase_add_test(t, retention_takes_numbers_and_nothing_else);
  tcase_add_test(t, a_backup_is_whole_or_not_there);
  tcase_add_test(t, a_restore_that_was_cut_off_is_done_by_the_next);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
