/* import: joined to a real store; all of a file or nothing. */
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store *store;
static int runs, fail_at, progress_calls, stop_at;

static int run(void *self, int (*fn)(struct store *, void *), void *arg, bool tx) {
  (void)self;
  if (++runs == fail_at) return CAD_EIO; /* the disk */
  if (!tx) return fn(store, arg);
  ck_assert_int_ge(store_begin(store), 0);
  int r = fn(store, arg);
  if (r < 0)
    store_rollback(store);
  else
    ck_assert_int_ge(store_commit(store), 0);
  return r;
}
static int progress(void *self, const struct import_progress *p) {
  (void)self;
  ck_assert(p->accepted + p->rejected <= p->rows);
  return ++progress_calls == stop_at ? CAD_EREFUSED : CAD_OK;
}

static void setup(void) {
  struct store_options opt = {.share_dir = SOURCE_DIR "/etc", .fast = true, .contacts_max = 30000};
  ck_assert_int_eq(store_open(&opt, &store, stderr), CAD_OK);
  struct campaign_def d = {.state = CAMPAIGN_STOPPED};
  snprintf(d.terms.name, sizeof d.terms.name, "spring");
  snprintf(d.trunk, sizeof d.trunk, "t");
  snprintf(d.seller, sizeof d.seller, "S");
  snprintf(d.country, sizeof d.country, "US");
  snprintf(d.purpose, sizeof d.purpose, "survey");
  d.terms.mode = PACING_PROGRESSIVE;
  d.terms.ring_ms = 20000;
  d.terms.max_wait_ms = 2000;
  d.terms.limit_bp = 300;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  ck_assert_int_ge(store_campaign_put(store, &d), 0);
  runs = fail_at = progress_calls = stop_at = 0;
}
static void teardown(void) { store = store_close(store); }

static uint64_t contacts(void) {
  struct store_counts n;
  ck_assert_int_ge(store_counts(store, "spring", &n), 0);
  return n.contacts;
}

/* rows good numbers; then `tail` as it is. */
static int import(int rows, const char *tail, bool preview, struct import_result *out, char why[INTAKE_ERROR_MAX]) {
  char path[] = "/tmp/cadencia-import-XXXXXX";
  int fd = mkstemp(path);
  FILE *f = fdopen(fd, "w+");
  unlink(path);
  fputs("phone,name\n", f);
  for (int i = 0; i < rows; i++) fprintf(f, "202%07d,N%d\n", 2000000 + i, i);
  fputs(tail, f);
  fflush(f);
  lseek(fd, 0, SEEK_SET);
  struct import_options opt = {.fd = fd, .file = "x.csv", .campaign = "spring", .at = {1795276800000}, .preview = preview};
  struct import_sink sink = {NULL, run, progress};
  int r = import_run(&opt, &sink, out, why);
  fclose(f);
  return r;
}

START_TEST(a_whole_file_becomes_visible_with_one_flip) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_msg(import(5000, "123,short\n2022000000,again\n", false, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.rows, 5002);
  ck_assert_uint_eq(r.accepted, 5000);
  ck_assert_uint_eq(r.visible, 5000);
  ck_assert_uint_eq(r.reasons[IMPORT_PHONE_WRONG], 1);
  ck_assert_uint_eq(r.reasons[IMPORT_DUPLICATE_FILE], 1);
  ck_assert_uint_eq(contacts(), 5000);
  ck_assert_msg(import(10, "", false, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.reasons[IMPORT_DUPLICATE], 10);
  ck_assert_uint_eq(contacts(), 5000);
}
END_TEST

START_TEST(whatever_fails_in_the_middle_leaves_nothing_visible) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  for (int at = 1; at < 25; at++) {
    runs = 0;
    fail_at = at;
    int got = import(5000, "", false, &r, why);
    if (got == CAD_OK) {
      ck_assert_int_gt(at, 20); /* every step of the job has failed once before */
      break;
    }
    ck_assert_int_gt((int)strlen(why), 0);
    ck_assert_uint_eq(contacts(), 0);
  }
  ck_assert_uint_eq(contacts(), 5000);
}
END_TEST

START_TEST(a_caller_who_stops_leaves_nothing_visible) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  stop_at = 2;
  ck_assert_int_eq(import(9000, "", false, &r, why), CAD_EREFUSED);
  ck_assert_ptr_nonnull(strstr(why, "nothing of the file was kept"));
  ck_assert_uint_eq(contacts(), 0);
}
END_TEST

START_TEST(a_file_with_a_fault_at_its_end_leaves_nothing_visible) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_int_eq(import(9000, "2023333333,\"open\n", false, &r, why), CAD_EFORMAT);
  ck_assert_ptr_nonnull(strstr(why, "line 9002"));
  ck_assert_uint_eq(contacts(), 0);
}
END_TEST

START_TEST(a_preview_counts_and_writes_nothing) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_int_eq(import(1000, "x,y\n", true, &r, why), CAD_OK);
  ck_assert_uint_eq(r.accepted, 1000);
  ck_assert_uint_eq(r.rejected, 1);
  ck_assert_uint_eq(contacts(), 0);
}
END_TEST

START_TEST(the_limit_of_contacts_is_a_reason_not_a_crash) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_int_eq(import(30010, "", false, &r, why), CAD_OK);
  ck_assert_uint_eq(r.accepted, 30000);
  ck_assert_uint_eq(r.reasons[IMPORT_FULL], 10);
}
END_TEST

int main(void) {
  Suite *s = suite_create("import");
  TCase *t = tcase_create("jobs");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, a_whole_file_becomes_visible_with_one_flip);
  tcase_add_test(t, whatever_fails_in_the_middle_leaves_nothing_visible);
  tcase_add_test(t, a_caller_who_stops_leaves_nothing_visible);
  tcase_add_test(t, a_file_with_a_fault_at_its_end_leaves_nothing_visible);
  tcase_add_test(t, a_preview_counts_and_writes_nothing);
  tcase_add_test(t, the_limit_of_contacts_is_a_reason_not_a_crash);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
