#include <campaigns/law.h>
#include <check.h>
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "campaigns/law/tzif.h"

static const char *const SOME[] = {"America/New_York",
                                   "America/Chicago",
                                   "America/Denver",
                                   "America/Phoenix",
                                   "America/Los_Angeles",
                                   "America/Anchorage",
                                   "America/Adak",
                                   "Pacific/Honolulu",
                                   "America/Indiana/Indianapolis",
                                   "America/Indiana/Tell_City",
                                   "America/Kentucky/Louisville",
                                   "America/Puerto_Rico",
                                   "America/St_Johns",
                                   "America/Tijuana",
                                   "America/Mexico_City",
                                   "America/Ciudad_Juarez",
                                   "America/Ojinaga",
                                   "America/Bogota",
                                   "America/Santiago",
                                   "America/Asuncion",
                                   "America/Sao_Paulo",
                                   "America/Argentina/Buenos_Aires",
                                   "Europe/Madrid",
                                   "Atlantic/Canary",
                                   "Europe/London",
                                   "Europe/Dublin",
                                   "Africa/Casablanca",
                                   "Asia/Kolkata",
                                   "Asia/Tehran",
                                   "Asia/Gaza",
                                   "Australia/Lord_Howe",
                                   "Australia/Sydney",
                                   "Pacific/Apia",
                                   "Pacific/Chatham",
                                   "Pacific/Kiritimati",
                                   "Africa/Monrovia",
                                   "Antarctica/Troll",
                                   "UTC"};
enum { SOME_COUNT = sizeof SOME / sizeof SOME[0] };

static uint64_t random_state = 12345;
static uint64_t rnd(void) {
  random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
  return random_state;
}

static int32_t libc_offset(time_t at) {
  struct tm tm;
  ck_assert_ptr_nonnull(localtime_r(&at, &tm));
  return (int32_t)tm.tm_gmtoff;
}

START_TEST(offsets_agree_with_the_c_library_from_1900_to_2100) {
  struct zones *z = zones_create("/usr/share/zoneinfo");
  ck_assert_ptr_nonnull(z);
  for (int i = 0; i < SOME_COUNT; i++) {
    uint16_t zone = zones_find(z, SOME[i]);
    ck_assert_uint_ne(zone, ZONE_NONE);
    ck_assert_str_eq(zones_name(z, zone), SOME[i]);
    setenv("TZ", SOME[i], 1);
    tzset();
    for (int k = 0; k < 3000; k++) {
      int64_t at = -2208988800 + (int64_t)(rnd() % 6311433600u);
      ck_assert_msg(zones_offset_s(z, zone, (struct wall){at * 1000}) == libc_offset(at), "%s at %lld", SOME[i], (long long)at);
    }
    /* and to the second around every change from 1970 to 2080 */
    for (struct wall at = {0}; (at = zones_change(z, zone, at)).ms != 0 && at.ms < 3471292800000;)
      for (int64_t s = -1; s <= 1; s++)
        ck_assert_msg(zones_offset_s(z, zone, wall_add(at, s * 1000)) == libc_offset(at.ms / 1000 + s), "%s at %lld%+lld", SOME[i],
                      (long long)(at.ms / 1000), (long long)s);
  }
  zones_destroy(z);
}
END_TEST

START_TEST(nothing_outside_the_directory_and_no_broken_name_is_a_zone) {
  struct zones *z = zones_create("/usr/share/zoneinfo");
  static const char *const BAD[] = {"",
                                    "../../../etc/passwd",
                                    "/etc/localtime",
                                    "America",
                                    "America/",
                                    "America//New_York",
                                    "tzdata.zi",
                                    "Nowhere/City",
                                    "America/New York",
                                    "posix/../America/New_York"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) ck_assert_msg(zones_find(z, BAD[i]) == ZONE_NONE, "%s", BAD[i]);
  ck_assert_ptr_null(zones_create("/nonexistent"));
  ck_assert_ptr_null(zones_create("/etc/passwd"));
  ck_assert_uint_eq(zones_find(z, "Europe/Madrid"), zones_find(z, "Europe/Madrid"));
  zones_destroy(z);
}
END_TEST

START_TEST(cut_or_spoiled_files_are_refused_and_never_read_past_their_end) {
  uint8_t data[8192];
  FILE *f = fopen("/usr/share/zoneinfo/America/New_York", "rb");
  ck_assert_ptr_nonnull(f);
  size_t bytes = fread(data, 1, sizeof data, f);
  fclose(f);
  struct tzif t;
  ck_assert_int_eq(tzif_parse(data, bytes, &t), CAD_OK);
  tzif_clear(&t);
  for (size_t n = 0; n < bytes; n++) { /* exact allocation: the sanitizer sees a read past the end */
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, data, n);
    ck_assert_int_lt(tzif_parse(copy, n, &t), 0);
    free(copy);
  }
  int accepted = 0;
  for (int k = 0; k < 20000; k++) {
    uint8_t *copy = malloc(bytes);
    memcpy(copy, data, bytes);
    for (int i = 0; i < 4; i++) copy[rnd() % bytes] = (uint8_t)rnd();
    if (tzif_parse(copy, bytes, &t) >= 0) {
      tzif_offset_s(&t, (int64_t)rnd()), tzif_change_s(&t, (int64_t)(rnd() % 4000000000u));
      tzif_clear(&t);
      accepted++;
    }
    free(copy);
  }
  ck_assert_int_lt(accepted, 20000);
}
END_TEST

START_TEST(posix_rules_of_every_form_are_read_and_nonsense_is_not) {
  struct tz_rule r;
  static const char *const GOOD[] = {"UTC0",
                                     "EST5EDT,M3.2.0,M11.1.0",
                                     "<+0330>-3:30",
                                     "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
                                     "IST-1GMT0,M10.5.0,M3.5.0/1",
                                     "AAA3BBB,J60/0,J300",
                                     "AAA3BBB,20/0,J340/20"};
  static const char *const BAD[] = {"E5",
                                    "EST",
                                    "EST5EDT",
                                    "EST5EDT,M3.2.0",
                                    "EST5EDT,M13.2.0,M11.1.0",
                                    "EST5EDT,M3.6.0,M11.1.0",
                                    "EST5EDT,M3.2.7,M11.1.0",
                                    "<abc5",
                                    "EST5EDT,J0,J10",
                                    "EST99",
                                    "EST5EDT,M3.2.0,M11.1.0x",
                                    "EST5EDT,M3.2.0/168,M11.1.0"};
  for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
    ck_assert_msg(tz_rule_parse(GOOD[i], strlen(GOOD[i]), &r) == CAD_OK, "%s", GOOD[i]);
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) ck_assert_msg(tz_rule_parse(BAD[i], strlen(BAD[i]), &r) < 0, "%s", BAD[i]);
  /* Summer all the year, as RFC 8536 §3.3.1 writes it: glibc slips at New Year there, we must not. */
  static const char always[] = "EST5EDT4,0/0,J365/25";
  ck_assert_int_eq(tz_rule_parse(always, strlen(always), &r), CAD_OK);
  for (int64_t at = 0; at < 4102444800; at += 1799) ck_assert_int_eq(tz_rule_offset_s(&r, at), -4 * 3600);
  /* Against the C library, which reads the same texts from TZ. */
  for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
    ck_assert_int_eq(tz_rule_parse(GOOD[i], strlen(GOOD[i]), &r), CAD_OK);
    setenv("TZ", GOOD[i], 1);
    tzset();
    for (int k = 0; k < 2000; k++) {
      int64_t at = (int64_t)(rnd() % 4102444800u);
      ck_assert_msg(tz_rule_offset_s(&r, at) == libc_offset(at), "%s at %lld", GOOD[i], (long long)at);
    }
  }
}
END_TEST

START_TEST(days_and_years_of_the_calendar_agree_with_the_c_library) {
  setenv("TZ", "UTC0", 1);
  tzset();
  for (int64_t day = -60000; day < 60000; day += 7) {
    time_t at = day * 86400;
    struct tm tm;
    gmtime_r(&at, &tm);
    ck_assert_int_eq(civil_year(day), tm.tm_year + 1900);
    ck_assert_int_eq(civil_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday), day);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("zones");
  TCase *t = tcase_create("zones");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, offsets_agree_with_the_c_library_from_1900_to_2100);
  tcase_add_test(t, nothing_outside_the_directory_and_no_broken_name_is_a_zone);
  tcase_add_test(t, cut_or_spoiled_files_are_refused_and_never_read_past_their_end);
  tcase_add_test(t, posix_rules_of_every_form_are_read_and_nonsense_is_not);
  tcase_add_test(t, days_and_years_of_the_calendar_agree_with_the_c_library);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
