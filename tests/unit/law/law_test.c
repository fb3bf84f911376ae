#include <cadencia/err.h>
#include <campaigns/law.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct zones *z;
static struct hours us;
static void setup(void) {
  z = zones_create("/usr/share/zoneinfo");
  ck_assert_ptr_nonnull(z);
  ck_assert_int_eq(hours_default("US", &us), CAD_OK);
}
static void teardown(void) { z = zones_destroy(z); }

static struct wall utc(int y, int mo, int d, int h, int mi) {
  struct tm tm = {.tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d, .tm_hour = h, .tm_min = mi};
  return (struct wall){(int64_t)timegm(&tm) * 1000};
}
static bool allow(struct wall at, const char *name) {
  uint16_t zone = zones_find(z, name);
  return hours_allow(&us, z, &zone, 1, at);
}
static struct wall next(struct wall at, const char *name) {
  uint16_t zone = zones_find(z, name);
  return hours_next(&us, z, &zone, 1, at);
}

START_TEST(hours_begin_at_eight_and_end_before_nine_in_the_evening) {
  ck_assert(!allow(wall_add(utc(2026, 1, 14, 13, 0), -1), "America/New_York"));
  ck_assert(allow(utc(2026, 1, 14, 13, 0), "America/New_York"));
  ck_assert(allow(wall_add(utc(2026, 1, 15, 2, 0), -1), "America/New_York"));
  ck_assert(!allow(utc(2026, 1, 15, 2, 0), "America/New_York"));
  ck_assert_int_eq(next(utc(2026, 1, 15, 2, 0), "America/New_York").ms, utc(2026, 1, 15, 13, 0).ms);
}
END_TEST

START_TEST(zone_edges_in_indiana_arizona_and_the_aleutians) {
  /* Tell City keeps Chicago's time, Indianapolis New York's. */
  ck_assert(allow(utc(2026, 7, 1, 12, 30), "America/Indiana/Indianapolis"));
  ck_assert(!allow(utc(2026, 7, 1, 12, 30), "America/Indiana/Tell_City"));
  /* In summer Phoenix is an hour behind Denver, in winter they agree. */
  ck_assert(allow(utc(2026, 7, 1, 14, 30), "America/Denver"));
  ck_assert(!allow(utc(2026, 7, 1, 14, 30), "America/Phoenix"));
  ck_assert(allow(utc(2026, 1, 14, 15, 30), "America/Denver"));
  ck_assert(allow(utc(2026, 1, 14, 15, 30), "America/Phoenix"));
  /* Adak: 08:00 is 18:00 UTC in winter, an hour after Anchorage. */
  ck_assert(!allow(utc(2026, 1, 14, 17, 59), "America/Adak"));
  ck_assert(allow(utc(2026, 1, 14, 18, 0), "America/Adak"));
  ck_assert(allow(utc(2026, 1, 14, 17, 0), "America/Anchorage"));
  /* Kentucky is cut in two; the Canaries are an hour behind Madrid. */
  ck_assert(allow(utc(2026, 1, 14, 13, 30), "America/Kentucky/Louisville"));
  ck_assert(allow(utc(2026, 1, 14, 7, 30), "Europe/Madrid"));
  ck_assert(!allow(utc(2026, 1, 14, 7, 30), "Atlantic/Canary"));
}
END_TEST

START_TEST(hours_follow_the_clock_on_the_days_it_changes) {
  ck_assert(!allow(utc(2026, 3, 7, 12, 30), "America/New_York")); /* 07:30 EST */
  ck_assert(allow(utc(2026, 3, 8, 12, 30), "America/New_York"));  /* 08:30 EDT, the first summer day */
  ck_assert_int_eq(next(utc(2026, 3, 8, 3, 0), "America/New_York").ms, utc(2026, 3, 8, 12, 0).ms);
  ck_assert_int_eq(next(utc(2026, 11, 1, 3, 0), "America/New_York").ms, utc(2026, 11, 1, 13, 0).ms);
  /* An opening in the hour that does not exist (02:30 on 8 March) begins when the clock has jumped. */
  struct hours night = {.open = {150}, .close = {300}};
  uint16_t ny = zones_find(z, "America/New_York");
  ck_assert_int_eq(hours_next(&night, z, &ny, 1, utc(2026, 3, 8, 5, 0)).ms, utc(2026, 3, 8, 7, 0).ms);
  /* In the doubled hour both passages count, with the gap between them. */
  struct hours twice = {.open = {70}, .close = {80}};
  ck_assert_int_eq(hours_next(&twice, z, &ny, 1, utc(2026, 11, 1, 4, 0)).ms, utc(2026, 11, 1, 5, 10).ms);
  ck_assert_int_eq(hours_next(&twice, z, &ny, 1, utc(2026, 11, 1, 5, 20)).ms, utc(2026, 11, 1, 6, 10).ms);
}
END_TEST

START_TEST(every_zone_of_a_number_must_allow) {
  uint16_t both[] = {zones_find(z, "America/Adak"), zones_find(z, "America/New_York")};
  ck_assert(!hours_allow(&us, z, both, 2, utc(2026, 1, 14, 17, 59)));
  ck_assert(hours_allow(&us, z, both, 2, utc(2026, 1, 14, 18, 0)));
  ck_assert(!hours_allow(&us, z, both, 2, utc(2026, 1, 15, 2, 0)));
  ck_assert_int_eq(hours_next(&us, z, both, 2, utc(2026, 1, 15, 2, 0)).ms, utc(2026, 1, 15, 18, 0).ms);
  ck_assert(!hours_allow(&us, z, both, 0, utc(2026, 1, 14, 18, 0)));
  both[1] = ZONE_NONE;
  ck_assert(!hours_allow(&us, z, both, 2, utc(2026, 1, 14, 18, 0)));
  ck_assert_int_eq(hours_next(&us, z, both, 2, utc(2026, 1, 14, 18, 0)).ms, 0);
}
END_TEST

START_TEST(hours_that_never_meet_have_no_next_time) {
  struct hours noon = {.open = {0, 720}, .close = {0, 780}}; /* Mondays 12:00-13:00 */
  uint16_t apart[] = {zones_find(z, "Europe/Madrid"), zones_find(z, "America/New_York")};
  ck_assert_int_eq(hours_next(&noon, z, apart, 2, utc(2026, 1, 14, 0, 0)).ms, 0);
  ck_assert_int_eq(hours_next(&noon, z, apart, 1, utc(2026, 1, 14, 0, 0)).ms, utc(2026, 1, 19, 11, 0).ms);
  ck_assert(hours_valid(&noon));
  struct hours wrong = {.open = {100}, .close = {50}}, never = {.open = {5}, .close = {5}};
  ck_assert(!hours_valid(&wrong));
  ck_assert(!hours_valid(&never));
  wrong = (struct hours){.open = {0}, .close = {1441}};
  ck_assert(!hours_valid(&wrong));
  ck_assert_int_eq(hours_default("ZZ", &wrong), CAD_ENOENT);
}
END_TEST

/* ---- abandonment ---- */

static enum abandon_class classify(int64_t greeting_end, int64_t bridged, int64_t ended, enum ended_by by) {
  struct abandon_facts f = {.verdict = VERDICT_PERSON, .answered = {10000}, .max_wait_ms = 2000, .ended_by = by};
  f.greeting_end.ms = greeting_end, f.bridged.ms = bridged, f.ended.ms = ended;
  return abandon_classify(&f);
}

START_TEST(two_seconds_from_the_end_of_the_greeting_or_from_the_answer) {
  ck_assert_int_eq(classify(11500, 13500, 60000, ENDED_BY_AGENT), ABANDON_SERVED);
  ck_assert_int_eq(classify(11500, 13501, 60000, ENDED_BY_AGENT), ABANDON_ABANDONED); /* bridged, but late */
  ck_assert_int_eq(classify(0, 12000, 60000, ENDED_BY_CALLEE), ABANDON_SERVED);
  ck_assert_int_eq(classify(0, 12001, 60000, ENDED_BY_CALLEE), ABANDON_ABANDONED);
  ck_assert_int_eq(classify(9000, 12000, 60000, ENDED_BY_CALLEE),
                   ABANDON_SERVED); /* a greeting that ended before the answer starts no clock */
  ck_assert_int_eq(classify(9000, 12001, 60000, ENDED_BY_CALLEE), ABANDON_ABANDONED);
}
END_TEST

START_TEST(whoever_hangs_up_before_the_wait_is_over_is_an_early_hangup) {
  ck_assert_int_eq(classify(11500, 0, 13499, ENDED_BY_CALLEE), ABANDON_EARLY_HANGUP);
  ck_assert_int_eq(classify(11500, 0, 13500, ENDED_BY_CALLEE), ABANDON_ABANDONED);
  ck_assert_int_eq(classify(0, 0, 10300, ENDED_BY_CALLEE), ABANDON_EARLY_HANGUP);
  ck_assert_int_eq(classify(11500, 0, 12000, ENDED_BY_SYSTEM), ABANDON_ABANDONED);
  ck_assert_int_eq(classify(11500, 0, 12000, ENDED_BY_NETWORK), ABANDON_ABANDONED);
  struct abandon_facts f = {
      .verdict = VERDICT_PERSON, .answered = {10000}, .ended = {11000}, .max_wait_ms = 2000, .ended_by = ENDED_BY_CALLEE};
  f.message_played = true;
  ck_assert_int_eq(abandon_classify(&f), ABANDON_ABANDONED);
}
END_TEST

START_TEST(machines_and_calls_that_nobody_answered_are_not_live) {
  for (int v = VERDICT_MACHINE; v < VERDICT_COUNT; v++) {
    struct abandon_facts f = {.verdict = (enum verdict)v, .answered = {10000}, .ended = {30000}, .max_wait_ms = 2000};
    ck_assert_int_eq(abandon_classify(&f), ABANDON_NOT_LIVE);
  }
  struct abandon_facts f = {.verdict = VERDICT_PERSON, .ended = {30000}, .max_wait_ms = 2000};
  ck_assert_int_eq(abandon_classify(&f), ABANDON_NOT_LIVE);
  f.answered.ms = 10000, f.verdict = VERDICT_NONE; /* undecided is a person */
  ck_assert_int_eq(abandon_classify(&f), ABANDON_ABANDONED);
}
END_TEST

START_TEST(three_percent_is_exact_in_integers) {
  ck_assert(abandon_within(3, 100, 300));
  ck_assert(!abandon_within(4, 133, 300)); /* 3.0075 % */
  ck_assert(abandon_within(0, 0, 300));
  ck_assert(!abandon_within(1, 1, 9999));
  ck_assert(abandon_within(1, 1, 10000));
  /* 12 drops of 1,000 calls pass, of the 200 that were answered they do not. */
  ck_assert(abandon_within(12, 1000, 300));
  ck_assert(!abandon_within(12, 200, 300));
  /* counts that would overflow a product of 64 bits */
  ck_assert(abandon_within(3 * (UINT64_MAX / 100), 100 * (UINT64_MAX / 100), 300));
  ck_assert(!abandon_within(3 * (UINT64_MAX / 100) + 1, 100 * (UINT64_MAX / 100), 300));
}
END_TEST

START_TEST(periods_of_thirty_days_tumble_from_the_start_of_the_campaign) {
  const int64_t day = 86400000;
  struct wall start = utc(2026, 1, 1, 9, 0);
  ck_assert_int_eq(abandon_period(start, start).ms, start.ms);
  ck_assert_int_eq(abandon_period(start, wall_add(start, 30 * day - 1)).ms, start.ms);
  ck_assert_int_eq(abandon_period(start, wall_add(start, 30 * day)).ms, start.ms + 30 * day);
  ck_assert_int_eq(abandon_period(start, wall_add(start, 95 * day)).ms, start.ms + 90 * day);
  /* Days 1-30: 2 of 100; days 31-35: 4 of 100. The lifetime passes, the second period does not. */
  ck_assert(abandon_within(2, 100, 300));
  ck_assert(!abandon_within(4, 100, 300));
  ck_assert(abandon_within(6, 200, 300));
}
END_TEST

/* ---- retry, numbers ---- */

START_TEST(retries_follow_the_table_and_unwanted_is_never_recycled) {
  struct retry_table t = {.rules = {{OUTCOME_BUSY, 300000, 3}, {OUTCOME_UNWANTED, 1, 100}}, .count = 2};
  ck_assert_int_eq(retry_next(&t, OUTCOME_BUSY, 1, (struct wall){1000}).ms, 301000);
  ck_assert_int_eq(retry_next(&t, OUTCOME_BUSY, 2, (struct wall){1000}).ms, 301000);
  ck_assert_int_eq(retry_next(&t, OUTCOME_BUSY, 3, (struct wall){1000}).ms, 0);
  ck_assert_int_eq(retry_next(&t, OUTCOME_UNWANTED, 1, (struct wall){1000}).ms, 0);
  ck_assert_int_eq(retry_next(&t, OUTCOME_CONNECTED, 1, (struct wall){1000}).ms, 0);
  ck_assert_int_eq(retry_next(&t, OUTCOME_INTERRUPTED, 1, (struct wall){1000}).ms, 86401000);
  ck_assert_int_eq(retry_next(&t, OUTCOME_INTERRUPTED, 3, (struct wall){1000}).ms, 0);
}
END_TEST

START_TEST(the_longest_prefix_gives_the_zones) {
  struct numbering *n = numbering_create();
  int line = 0;
  ck_assert_int_eq(numbering_add(n, "# head\n1,A/A&B/B\r\n1202,A/A\n\n1202555,C/C\n34,M/M", &line), CAD_OK);
  ck_assert_str_eq(numbering_find(n, 12025550101), "C/C");
  ck_assert_str_eq(numbering_find(n, 12024440101), "A/A");
  ck_assert_str_eq(numbering_find(n, 18005550101), "A/A&B/B");
  ck_assert_str_eq(numbering_find(n, 34911234567), "M/M");
  ck_assert_ptr_null(numbering_find(n, 4420));
  ck_assert_ptr_null(numbering_find(n, 0));
  ck_assert_ptr_null(numbering_find(n, UINT64_MAX));
  ck_assert_int_eq(numbering_add(n, "1202,D/D\n", &line), CAD_OK);
  ck_assert_str_eq(numbering_find(n, 12024440101), "A/A&D/D");
  ck_assert_int_eq(numbering_add(n, "44,L/L\nx,L/L\n", &line), CAD_EFORMAT);
  ck_assert_int_eq(line, 2);
  static const char *const BAD[] = {"1", "1,", ",A/A", "1234567890123,A/A", "+1,A/A", "1;A/A"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) ck_assert_msg(numbering_add(n, BAD[i], &line) == CAD_EFORMAT, "%s", BAD[i]);
  numbering_destroy(n);
}
END_TEST

static struct numbering *shipped(void) {
  static char text[1 << 20];
  static const char *const FILES[] = {SOURCE_DIR "/etc/numbering/prefix_zones.csv", SOURCE_DIR "/etc/numbering/more_zones.csv"};
  struct numbering *n = numbering_create();
  for (int i = 0; i < 2; i++) {
    FILE *f = fopen(FILES[i], "rb");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    int line = 0;
    ck_assert_msg(numbering_add(n, text, &line) == CAD_OK, "%s:%d", FILES[i], line);
  }
  return n;
}

START_TEST(the_shipped_table_places_fiction_numbers_and_zone_edges) {
  struct numbering *n = shipped();
  ck_assert_str_eq(numbering_find(n, 12025550142), "America/New_York");
  ck_assert_str_eq(numbering_find(n, 13125550142), "America/Chicago");
  ck_assert_ptr_nonnull(strstr(numbering_find(n, 19075550142), "America/Adak&America/Anchorage"));
  ck_assert_ptr_nonnull(strstr(numbering_find(n, 19285550142), "America/Phoenix"));
  ck_assert_ptr_nonnull(strstr(numbering_find(n, 19285550142), "America/Denver"));      /* the Navajo Nation */
  ck_assert_str_eq(numbering_find(n, 12705550142), "America/Chicago&America/New_York"); /* Kentucky, exchange not listed */
  ck_assert_str_eq(numbering_find(n, 34910000000), "Europe/Madrid");
  ck_assert_str_eq(numbering_find(n, 34600000000), "Europe/Madrid&Atlantic/Canary");
  ck_assert_str_eq(numbering_find(n, 34928000000), "Atlantic/Canary");
  ck_assert_ptr_nonnull(strstr(numbering_find(n, 442079460123), "Europe/London"));
  ck_assert_ptr_nonnull(strstr(numbering_find(n, 447700900123), "Europe/London"));
  ck_assert_ptr_null(numbering_find(n, 999123456));
  numbering_destroy(n);
}
END_TEST

START_TEST(every_zone_of_the_shipped_table_exists_here_and_fits_a_set) {
  static const char *const FILES[] = {SOURCE_DIR "/etc/numbering/prefix_zones.csv", SOURCE_DIR "/etc/numbering/more_zones.csv"};
  char line[4096];
  for (int i = 0; i < 2; i++) {
    FILE *f = fopen(FILES[i], "r");
    while (fgets(line, sizeof line, f)) {
      int zones = 0;
      char *rest = NULL;
      if (line[0] == '#') continue;
      line[strcspn(line, "\n")] = '\0';
      for (char *name = strtok_r(strchr(line, ',') + 1, "&", &rest); name; name = strtok_r(NULL, "&", &rest), zones++)
        ck_assert_msg(zones_find(z, name) != ZONE_NONE, "%s", name);
      ck_assert_int_le(zones, LAW_ZONES_MAX);
    }
    fclose(f);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("law");
  TCase *t = tcase_create("law");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, hours_begin_at_eight_and_end_before_nine_in_the_evening);
  tcase_add_test(t, zone_edges_in_indiana_arizona_and_the_aleutians);
  tcase_add_test(t, hours_follow_the_clock_on_the_days_it_changes);
  tcase_add_test(t, every_zone_of_a_number_must_allow);
  tcase_add_test(t, hours_that_never_meet_have_no_next_time);
  tcase_add_test(t, two_seconds_from_the_end_of_the_greeting_or_from_the_answer);
  tcase_add_test(t, whoever_hangs_up_before_the_wait_is_over_is_an_early_hangup);
  tcase_add_test(t, machines_and_calls_that_nobody_answered_are_not_live);
  tcase_add_test(t, three_percent_is_exact_in_integers);
  tcase_add_test(t, periods_of_thirty_days_tumble_from_the_start_of_the_campaign);
  tcase_add_test(t, retries_follow_the_table_and_unwanted_is_never_recycled);
  tcase_add_test(t, the_longest_prefix_gives_the_zones);
  tcase_add_test(t, the_shipped_table_places_fiction_numbers_and_zone_edges);
  tcase_add_test(t, every_zone_of_the_shipped_table_exists_here_and_fits_a_set);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
