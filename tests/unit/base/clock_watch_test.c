#include "dialer/base/clock_watch.h"
#include <check.h>

static struct clock_watch w;
static struct now now;
static struct clock_news news;

static void setup(void) {
  w = (struct clock_watch){0};
  now = (struct now){{1000}, {1763562600000}};
  ck_assert(!clock_watch_look(&w, now, true, &news));
}
static bool after(int64_t mono_ms, int64_t wall_ms, bool kept) {
  now.mono.ms += mono_ms;
  now.wall.ms += wall_ms;
  return clock_watch_look(&w, now, kept, &news);
}

START_TEST(a_clock_that_runs_evenly_or_is_slewed_is_no_news) {
  for (int i = 0; i < 1000; i++) ck_assert(!after(100, 100 + i % 2, true));
  ck_assert(w.trusted);
}
END_TEST

START_TEST(a_step_either_way_is_told_and_doubted_until_it_ran_evenly) {
  for (int way = -1; way <= 1; way += 2) {
    ck_assert(after(100, 100 + way * 3600000, true));
    ck_assert(news.stepped && !news.trusted);
    ck_assert_int_eq(w.stepped_ms, way * 3600000);
    for (int i = 0; i < 49; i++) ck_assert(!after(100, 100, true));
    ck_assert(after(100, 100, true));
    ck_assert(news.trusted && !news.stepped);
  }
}
END_TEST

START_TEST(a_second_step_within_the_doubt_starts_it_again) {
  ck_assert(after(100, 5100, true));
  for (int i = 0; i < 30; i++) after(100, 100, true);
  ck_assert(after(100, -4900, true));
  ck_assert(news.stepped);
  for (int i = 0; i < 49; i++) ck_assert(!after(100, 100, true));
  ck_assert(after(100, 100, true));
}
END_TEST

START_TEST(a_sleep_of_the_machine_is_a_step) {
  ck_assert(after(100, 600000, true)); /* the monotonic clock stood still meanwhile */
  ck_assert(!news.trusted);
}
END_TEST

START_TEST(a_clock_that_nothing_keeps_is_doubted_from_the_first_look_where_that_is_demanded) {
  struct clock_watch fresh = {0};
  ck_assert(clock_watch_look(&fresh, now, false, &news));
  ck_assert(!news.trusted && !news.stepped);
  now.mono.ms += 100, now.wall.ms += 100;
  ck_assert(!clock_watch_look(&fresh, now, false, &news));
  now.mono.ms += 100, now.wall.ms += 100;
  ck_assert(clock_watch_look(&fresh, now, true, &news));
  ck_assert(news.trusted);
}
END_TEST

int main(void) {
  Suite *s = suite_create("clock watch");
  TCase *t = tcase_create("looks");
  tcase_add_checked_fixture(t, setup, NULL);
  tcase_add_test(t, a_clock_that_runs_evenly_or_is_slewed_is_no_news);
  tcase_add_test(t, a_step_either_way_is_told_and_doubted_until_it_ran_evenly);
  tcase_add_test(t, a_second_step_within_the_doubt_starts_it_again);
  tcase_add_test(t, a_sleep_of_the_machine_is_a_step);
  tcase_add_test(t, a_clock_that_nothing_keeps_is_doubted_from_the_first_look_where_that_is_demanded);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
