/* Do-not-call lists: exact in memory and in files, undone with what failed, at once in force; erased numbers still block. */
#include "campaigns/records/dnc_memory.h"
#include "campaigns/records/number_set.h"
#include "fixture.h"
#include "tests/support/scratch.h"
#include <campaigns/compliance.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

static char dir[64], file[128];
static struct store *s;

static void setup(void) {
  strcpy(dir, scratch_dir());
  snprintf(file, sizeof file, "%s/cadencia.db", dir);
  s = store_at(file);
}
static void teardown(void) {
  s = store_close(s);
  scratch_remove();
}

static uint64_t state = 88172645463325252u;
static uint64_t rnd(uint64_t below) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state % below;
}
static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

START_TEST(a_set_of_numbers_has_what_was_put_in_and_nothing_else) {
  enum { N = 20000 };
  static uint64_t numbers[N], copy[N];
  char path[96];
  snprintf(path, sizeof path, "%s/x.set", dir);
  for (int shape = 0; shape < 4; shape++) {
    for (int i = 0; i < N; i++)
      numbers[i] = shape == 0   ? 12000000000 + rnd(30000)
                   : shape == 1 ? rnd(1000000000000000)
                   : shape == 2 ? 34600000000 + (uint64_t)i
                                : 12025550123;
    memcpy(copy, numbers, sizeof copy);
    qsort(copy, N, sizeof copy[0], compare);
    uint64_t different = 0;
    for (int i = 0; i < N; i++) different += i == 0 || copy[i] != copy[i - 1];
    struct number_set *set = NULL;
    ck_assert_int_eq(number_set_write(numbers, N, path), (int64_t)different);
    ck_assert_int_eq(number_set_open(path, &set), CAD_OK);
    ck_assert_uint_eq(number_set_count(set), different);
    for (int i = 0; i < N; i++) {
      uint64_t near = copy[i] + 1 - rnd(3);
      ck_assert(number_set_has(set, copy[i]));
      ck_assert_int_eq(number_set_has(set, near), bsearch(&near, copy, N, sizeof near, compare) != NULL);
    }
    number_set_close(set);
  }
  struct number_set *set = NULL;
  ck_assert_int_eq(number_set_write(NULL, 0, path), 0);
  ck_assert_int_eq(number_set_open(path, &set), CAD_OK);
  ck_assert(!number_set_has(set, 12025550123));
  number_set_close(set);
}
END_TEST

START_TEST(a_file_that_was_changed_is_no_set) {
  uint64_t numbers[] = {12025550123, 12025550124, 34600123456};
  char path[96];
  struct number_set *set = NULL;
  snprintf(path, sizeof path, "%s/x.set", dir);
  ck_assert_int_eq(number_set_write(numbers, 3, path), 3);
  struct stat st;
  ck_assert_int_eq(stat(path, &st), 0);
  for (long at = 0; at < (long)st.st_size - 6; at++) { /* the low halves may be anything */
    FILE *f = fopen(path, "r+b");
    ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
    int was = getc(f);
    ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
    putc(was ^ 0x81, f);
    fclose(f);
    if (number_set_open(path, &set) == CAD_OK) { /* another number: within bounds all the same */
      (void)number_set_has(set, 12025550123);
      set = number_set_close(set);
    }
    f = fopen(path, "r+b");
    ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
    putc(was, f);
    fclose(f);
  }
  ck_assert_int_eq(truncate(path, st.st_size - 1), 0);
  ck_assert_int_eq(number_set_open(path, &set), CAD_EFORMAT);
}
END_TEST

START_TEST(entries_in_memory_follow_their_transaction) {
  struct dnc_memory m;
  ck_assert_int_eq(dnc_memory_open(&m), CAD_OK);
  static bool listed[5000];
  for (int step = 0; step < 60000; step++) {
    uint64_t n = rnd(5000);
    dnc_memory_begin(&m);
    ck_assert_int_eq(dnc_memory_add(&m, 12025000000 + n, 1 + n % 3, 0), CAD_OK);
    if (rnd(3))
      listed[n] = true;
    else
      dnc_memory_undo(&m);
    uint64_t q = rnd(5000);
    ck_assert_int_eq(dnc_memory_has(&m, 12025000000 + q, 1 + q % 3, 7), listed[q]);
    ck_assert(!dnc_memory_has(&m, 12025000000 + q, 9, 7)); /* another seller */
  }
  dnc_memory_close(&m);
}
END_TEST

static void load(const char *name, bool registry, const uint64_t *numbers, size_t n, int64_t as_of_ms) {
  char folder[512], path[600];
  uint64_t copy[16];
  struct dnc_list l = {.registry = registry, .scope = "seller:acme", .file = "test", .as_of = {as_of_ms}};
  snprintf(l.name, sizeof l.name, "%s", name);
  memcpy(copy, numbers, n * sizeof *numbers);
  ck_assert_int_eq(store_dnc_list_folder(s, folder), CAD_OK);
  snprintf(path, sizeof path, "%s/load.set", folder);
  ck_assert_int_eq(store_dnc_list_write(copy, n, path), (int64_t)n);
  ck_assert_int_eq(store_dnc_list_adopt(s, &l, path), CAD_OK);
}

START_TEST(a_number_that_is_added_is_in_force_for_a_lease_in_flight) {
  uint64_t campaign = with_campaign(s, "one"), number = 12025550100;
  struct lease l[3];
  with_contacts(s, "one", number, 3);
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(0), l, NULL), 3);
  load("OLD", false, &l[0].phone, 1, NOON_MS);
  ck_assert_int_eq(open_attempt(s, &l[0], 1, at_ms(10), NULL), REFUSAL_DNC);
  ck_assert_int_eq(store_dnc_add(s, l[1].phone, NULL, "letter", at_ms(20).wall), CAD_OK);
  ck_assert_int_ne(open_attempt(s, &l[1], 2, at_ms(30), NULL), REFUSAL_NONE);
  ck_assert_int_eq(open_attempt(s, &l[2], 3, at_ms(40), NULL), REFUSAL_NONE);
  ck_assert_int_eq(close_attempt(s, 3, OUTCOME_UNWANTED, at_ms(50)), CAD_OK); /* 607 */
  ck_assert_uint_eq(store_opted_out(s), l[2].phone);
  ck_assert_int_eq(store_dnc_has(s, l[2].phone, campaign), 1);
}
END_TEST

START_TEST(lists_and_erased_numbers_outlive_a_restart) {
  uint64_t campaign = with_campaign(s, "one"), old = 12025550150, listed = 12025550160;
  struct gate_registry r[GATE_REGISTRIES_MAX];
  load("OLD", false, &old, 1, NOON_MS);
  load("US-DNC", true, &listed, 1, NOON_MS - 86400000);
  load("US-DNC", true, &old, 1, NOON_MS); /* replaces the first */
  ck_assert_int_eq(store_registries(s, listed, r), 1);
  ck_assert(!r[0].listed);
  ck_assert_int_eq(store_dnc_add(s, 12025550170, "seller:acme", "letter", at_ms(0).wall), CAD_OK);
  ck_assert_int_eq(store_dnc_erase(s, 12025550170), CAD_OK);
  store_close(s);
  s = store_at(file);
  ck_assert_int_eq(store_dnc_has(s, old, campaign), 1);
  ck_assert_int_eq(store_dnc_has(s, 12025550170, campaign), 1); /* by its hash alone */
  ck_assert_int_eq(store_dnc_has(s, 12025550171, campaign), 0);
  ck_assert_int_eq(store_registries(s, old, r), 1);
  ck_assert(r[0].listed && r[0].as_of.ms == NOON_MS);
  char key[128];
  struct stat st;
  snprintf(key, sizeof key, "%s/suppression.key", dir);
  ck_assert_int_eq(stat(key, &st), 0);
  ck_assert_uint_eq(st.st_mode & 0777, 0600);
  s = store_close(s);
  ck_assert_int_eq(unlink(key), 0); /* without the key erased opt-outs would be called: no start */
  struct store_options opt = {.path = file, .share_dir = SOURCE_DIR "/etc", .box = 3};
  ck_assert_int_lt(store_open(&opt, &s, NULL), 0);
  s = NULL;
}
END_TEST

START_TEST(a_look_up_among_millions_takes_well_under_two_microseconds) {
  enum { N = 2000000, ASKED = 400000 };
  uint64_t *numbers = malloc(N * sizeof *numbers), hits = 0;
  char path[96];
  struct number_set *set = NULL;
  snprintf(path, sizeof path, "%s/big.set", dir);
  for (int i = 0; i < N; i++) numbers[i] = 12000000000 + rnd(8000000000);
  ck_assert_int_gt(number_set_write(numbers, N, path), N / 2);
  ck_assert_int_eq(number_set_open(path, &set), CAD_OK);
  struct timespec from, to;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
  for (int i = 0; i < ASKED; i++) hits += number_set_has(set, i % 2 ? numbers[rnd(N)] : 12000000000 + rnd(8000000000));
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
  double us = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1000 / ASKED;
  ck_assert_uint_ge(hits, ASKED / 2);
  ck_assert_msg(us < 6.0, "%.2f us", us); /* three times the target: sanitizers and busy machines */
  number_set_close(set);
  free(numbers);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("dnc");
  TCase *t = tcase_create("dnc");
  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_set_of_numbers_has_what_was_put_in_and_nothing_else);
  tcase_add_test(t, a_file_that_was_changed_is_no_set);
  tcase_add_test(t, entries_in_memory_follow_their_transaction);
  tcase_add_test(t, a_number_that_is_added_is_in_force_for_a_lease_in_flight);
  tcase_add_test(t, lists_and_erased_numbers_outlive_a_restart);
  tcase_add_test(t, a_look_up_among_millions_takes_well_under_two_microseconds);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
