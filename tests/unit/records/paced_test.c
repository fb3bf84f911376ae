/* Every second of the pacers can be asked for, and the file does not grow without end. */
#include "fixture.h"
#include "tests/support/scratch.h"
#include <sqlite3.h>

static char path[256];
static void setup(void) { strcpy(path, scratch_path("cadencia.db")); }
static void teardown(void) { scratch_remove(); }

static struct mail_store_paced second_at(uint64_t campaign, int64_t ms) {
  uint32_t n = (uint32_t)(ms / 1000 % 100000);
  struct mail_store_paced r = {.campaign_id = campaign, .at = {ms}};
  r.second.decisions = 1 + n % 90;
  r.second.launched = r.second.ordered = n % 7;
  r.second.why.ready = n % 300;
  r.second.why.talking = 300 - n % 300;
  r.second.why.credit_milli = (int64_t)(n % 5000) - 2500;
  r.second.why.live = n * 3;
  r.second.why.abandoned = n / 40;
  r.second.why.risk_bp = n * 37 % 10001;
  r.second.why.bound = (uint8_t)(n % PACER_BOUND_COUNT);
  r.second.why.mode = 3;
  return r;
}

struct seen {
  unsigned count;
  int64_t last_ms;
  uint64_t campaign;
};
static int check(void *arg, const struct mail_store_paced *r) {
  struct seen *seen = arg;
  struct mail_store_paced want = second_at(seen->campaign, r->at.ms);
  ck_assert_int_gt(r->at.ms, seen->last_ms);
  ck_assert_int_eq(memcmp(&r->second, &want.second, sizeof want.second), 0);
  seen->last_ms = r->at.ms;
  seen->count++;
  return CAD_OK;
}
static unsigned count(struct store *s, uint64_t campaign, int64_t from, int64_t to) {
  struct seen seen = {.campaign = campaign};
  ck_assert_int_eq(store_paced_each(s, campaign, at_ms(from).wall, at_ms(to).wall, check, &seen), CAD_OK);
  return seen.count;
}

static void add(struct store *s, uint64_t campaign, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t += 1000) {
    struct mail_store_paced r = second_at(campaign, NOON_MS + t);
    store_set_clock(s, at_ms(t).wall);
    ck_assert_int_eq(store_paced_add(s, &r), CAD_OK);
    if (store_paced_due(s)) ck_assert_int_eq(store_paced_flush(s, false), CAD_OK);
  }
}

START_TEST(every_second_is_told_again_as_it_was) {
  struct store *s = store_at(path);
  add(s, 7, 0, 600000);
  add(s, 8, 600000, 700000);
  ck_assert_uint_eq(count(s, 7, 0, 600000), 600);
  ck_assert_uint_eq(count(s, 7, 61000, 64000), 3);
  ck_assert_uint_eq(count(s, 7, 599000, 900000), 1); /* the running minute, not yet written */
  ck_assert_uint_eq(count(s, 8, 0, 900000), 100);
  ck_assert_uint_eq(count(s, 9, 0, 900000), 0);
  store_close(s);
}
END_TEST

START_TEST(a_close_writes_the_running_minute_and_the_next_life_goes_on_in_it) {
  struct store *s = store_at(path);
  add(s, 7, 0, 90000);
  store_close(s);
  s = store_at(path);
  ck_assert_uint_eq(count(s, 7, 0, 120000), 90);
  add(s, 7, 100000, 130000);
  store_close(s);
  s = store_at(path);
  ck_assert_uint_eq(count(s, 7, 0, 200000), 120);
  store_close(s);
}
END_TEST

START_TEST(a_clock_that_goes_back_tells_no_second_twice) {
  struct store *s = store_at(path);
  add(s, 7, 0, 30000);
  add(s, 7, 10000, 40000);
  ck_assert_uint_eq(count(s, 7, 0, 60000), 40);
  store_close(s);
}
END_TEST

START_TEST(days_that_are_over_leave_the_file_and_a_quiet_second_costs_few_bytes) {
  struct store *s = store_at(path);
  struct mail_store_paced r = second_at(7, NOON_MS);
  for (int64_t day = 0; day < PACED_DAYS + 3; day++)
    for (int64_t minute = 0; minute < 30; minute++) {
      int64_t from = day * 86400000 + minute * 60000;
      for (int64_t t = from; t < from + 60000; t += 1000) {
        r.at = at_ms(t).wall;
        ck_assert_int_eq(store_paced_add(s, &r), CAD_OK);
      }
      store_set_clock(s, at_ms(from + 60000).wall);
      ck_assert_int_eq(store_paced_flush(s, false), CAD_OK);
    }
  store_close(s);
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*), max(length(seconds)) FROM paced", -1, &q, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  ck_assert_int_le(sqlite3_column_int(q, 0), (PACED_DAYS + 1) * 30);
  ck_assert_int_ge(sqlite3_column_int(q, 0), PACED_DAYS * 30);
  ck_assert_int_lt(sqlite3_column_int(q, 1), 60 * 8);
  sqlite3_finalize(q);
  sqlite3_close(db);
}
END_TEST

int main(void) {
  Suite *s = suite_create("paced");
  TCase *t = tcase_create("seconds");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, every_second_is_told_again_as_it_was);
  tcase_add_test(t, a_close_writes_the_running_minute_and_the_next_life_goes_on_in_it);
  tcase_add_test(t, a_clock_that_goes_back_tells_no_second_twice);
  tcase_add_test(t, days_that_are_over_leave_the_file_and_a_quiet_second_costs_few_bytes);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
