/* The windows of the abandonment limit against the C library's calendar. */
#include <campaigns/law.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const ZONES[] = {"UTC",           "America/New_York", "America/Santiago", "America/Asuncion", "Europe/Madrid",
                                    "Europe/London", "Asia/Kolkata",     "America/St_Johns", "Asia/Beirut",      "Pacific/Apia"};

static struct tm local(int64_t ms) {
  const time_t t = (time_t)(ms / 1000);
  struct tm out;
  localtime_r(&t, &out);
  return out;
}

START_TEST(days_and_months_are_those_of_the_local_calendar_and_follow_without_a_gap) {
  struct zones *z = zones_create("/usr/share/zoneinfo");
  uint64_t dice = 88172645463325252u;
  setenv("TZ", ZONES[_i], 1);
  tzset();
  const uint16_t zone = zones_find(z, ZONES[_i]);
  ck_assert_uint_ne(zone, ZONE_NONE);
  for (int n = 0; n < 4000; n++) {
    dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
    const struct wall at = {INT64_C(1600000000000) + (int64_t)(dice % 400000000) * 1000 + 1};
    const enum abandon_window kind = n % 2 ? WINDOW_DAY : WINDOW_MONTH;
    struct wall begins, ends, next_begins, next_ends;
    abandon_window_at(kind, z, zone, WALL_NONE, at, &begins, &ends);
    ck_assert_int_le(begins.ms, at.ms);
    ck_assert_int_gt(ends.ms, at.ms);
    const struct tm here = local(at.ms), first = local(begins.ms), before = local(begins.ms - 1000), last = local(ends.ms - 1000),
                    after = local(ends.ms);
    if (kind == WINDOW_DAY) {
      ck_assert_int_eq(first.tm_yday, here.tm_yday);
      ck_assert_int_ne(before.tm_yday, here.tm_yday);
      ck_assert_int_eq(last.tm_yday, here.tm_yday);
      ck_assert_int_ne(after.tm_yday, here.tm_yday);
    } else {
      ck_assert_int_eq(first.tm_mon, here.tm_mon);
      ck_assert_int_eq(first.tm_mday, 1);
      ck_assert_int_ne(before.tm_mon, here.tm_mon);
      ck_assert_int_eq(last.tm_mon, here.tm_mon);
      ck_assert_int_ne(after.tm_mon, here.tm_mon);
    }
    abandon_window_at(kind, z, zone, WALL_NONE, ends, &next_begins, &next_ends);
    ck_assert_int_eq(next_begins.ms, ends.ms);
  }
  zones_destroy(z);
}
END_TEST

START_TEST(thirty_days_run_from_the_campaigns_start) {
  const int64_t day = 86400000;
  struct wall begins, ends, started = {1700000000000};
  abandon_window_at(WINDOW_CAMPAIGN, NULL, ZONE_NONE, started, wall_add(started, 30 * day - 1), &begins, &ends);
  ck_assert_int_eq(begins.ms, started.ms);
  ck_assert_int_eq(ends.ms, started.ms + 30 * day);
  abandon_window_at(WINDOW_CAMPAIGN, NULL, ZONE_NONE, started, wall_add(started, 30 * day), &begins, &ends);
  ck_assert_int_eq(begins.ms, started.ms + 30 * day);
}
END_TEST

START_TEST(every_country_has_its_day_and_some_their_own_window_beside) {
  struct abandon_rules r;
  abandon_rules_default("ES", true, 300, &r);
  ck_assert_int_eq(r.count, 1);
  ck_assert_int_eq(r.rules[0].window, WINDOW_DAY);
  abandon_rules_default("US", true, 300, &r);
  ck_assert_int_eq(r.count, 2);
  ck_assert_int_eq(r.rules[1].window, WINDOW_CAMPAIGN);
  abandon_rules_default("CA", true, 200, &r);
  ck_assert_int_eq(r.rules[1].window, WINDOW_MONTH);
  ck_assert_int_eq(r.rules[1].limit_bp, 200);
  abandon_rules_default("GB", true, 300, &r);
  ck_assert_int_eq(r.rules[0].form, FORM_PLAIN);
  abandon_rules_default("GB", false, 300, &r);
  ck_assert_int_eq(r.rules[0].form, FORM_MACHINES);
  ck_assert_str_eq(abandon_zone_default("GB"), "Europe/London");
  ck_assert_str_eq(abandon_zone_default("XX"), "UTC");
  for (int w = 0; w < WINDOW_COUNT; w++) ck_assert_int_eq(abandon_window_parse(abandon_window_name((enum abandon_window)w)), w);
  ck_assert_int_lt(abandon_window_parse("year"), 0);
  ck_assert(abandon_disposed_machine("A"));
  ck_assert(!abandon_disposed_machine("ATTY"));
  ck_assert(!abandon_disposed_machine("SALE"));
}
END_TEST

int main(void) {
  Suite *s = suite_create("windows");
  TCase *t = tcase_create("windows");
  tcase_add_loop_test(t, days_and_months_are_those_of_the_local_calendar_and_follow_without_a_gap, 0, (int)(sizeof ZONES / sizeof *ZONES));
  tcase_add_test(t, thirty_days_run_from_the_campaigns_start);
  tcase_add_test(t, every_country_has_its_day_and_some_their_own_window_beside);
  tcase_set_timeout(t, 60);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
