/* Which trunk a call takes: order, shares, lines, calls per second, and those that are out of use. */
#include "dialer/floor/floor.h"
#include <check.h>
#include <stdlib.h>

enum { CALLS = 4000 };
static struct floor *f;

static void setup(void) {
  f = calloc(1, sizeof *f);
  f->trunk_count = 3;
  f->now.mono = (struct mono){1000};
  f->worker_up[0] = f->worker_up[1] = true;
  for (unsigned t = 0; t < f->trunk_count; t++)
    f->trunks[t] = (struct trunk){.up = true, .group = 1, .priority = 1, .weight = 1, .channels = 100, .calls_per_s = 1000};
  route_fill(f, 0);
}
static void teardown(void) { free(f); }

/* Calls that end at once, with all the time in the world between them. */
static void share(unsigned taken[3]) {
  for (int i = 0; i < CALLS; i++) {
    f->now.mono.ms += 1000;
    route_fill(f, 0);
    int t = route_pick(f, 0, 0);
    ck_assert_int_ge(t, 0);
    taken[t]++;
    f->trunks[t].tokens_x1000 -= 1000;
  }
}

START_TEST(trunks_of_one_priority_share_by_weight_and_evenly_all_along) {
  unsigned taken[3] = {0};
  f->trunks[0].weight = 5, f->trunks[1].weight = 2, f->trunks[2].weight = 1;
  share(taken);
  ck_assert_uint_eq(taken[0], CALLS * 5 / 8);
  ck_assert_uint_eq(taken[1], CALLS * 2 / 8);
  ck_assert_uint_eq(taken[2], CALLS * 1 / 8);
  unsigned eight[3] = {0};
  for (int i = 0; i < 8; i++) eight[route_pick(f, 0, 0)]++; /* any eight on end are shared so */
  ck_assert_uint_eq(eight[0], 5);
  ck_assert_uint_eq(eight[1], 2);
}
END_TEST

START_TEST(the_next_priority_takes_over_when_the_first_is_down_or_full_and_gives_back) {
  f->trunks[1].priority = 2, f->trunks[2].priority = 3;
  ck_assert_int_eq(route_pick(f, 0, 0), 0);
  f->trunks[0].used = f->trunks[0].channels;
  ck_assert_int_eq(route_pick(f, 0, 0), 1);
  f->trunks[0].used--;
  ck_assert_int_eq(route_pick(f, 0, 0), 0);
  f->trunks[0].up = false;
  ck_assert_int_eq(route_pick(f, 0, 0), 1);
  f->trunks[1].listener = 1, f->worker_up[1] = false; /* whose worker is down is as good as silent */
  ck_assert_int_eq(route_pick(f, 0, 0), 2);
  ck_assert_uint_eq(route_lines(f, 0), 100);
  f->trunks[2].up = false;
  ck_assert_int_eq(route_pick(f, 0, 0), -1);
  ck_assert(!route_up(f, 0));
  f->trunks[0].up = true;
  ck_assert_int_eq(route_pick(f, 0, 0), 0);
}
END_TEST

START_TEST(what_refused_a_call_is_not_asked_again_for_it) {
  f->trunks[1].priority = 2, f->trunks[2].priority = 2;
  ck_assert_int_eq(route_pick(f, 0, 1), 1);
  ck_assert_int_eq(route_pick(f, 0, 1 | 2), 2);
  ck_assert_int_eq(route_pick(f, 0, 1 | 2 | 4), -1);
}
END_TEST

START_TEST(trunks_of_other_groups_and_of_none_are_left_alone) {
  f->trunks[1].group = 2, f->trunks[2].group = 0;
  unsigned taken[3] = {0};
  share(taken);
  ck_assert_uint_eq(taken[0], CALLS);
  ck_assert_int_eq(route_pick(f, 2, 0), 2);
  f->trunks[2].up = false;
  ck_assert_int_eq(route_pick(f, 2, 0), -1);
}
END_TEST

START_TEST(no_second_has_more_calls_than_the_trunk_takes) {
  f->trunk_count = 1;
  f->trunks[0].calls_per_s = 20;
  f->trunks[0].tokens_x1000 = 0;
  int launched[10] = {0};
  for (int ms = 0; ms < 10000; ms += 7) {
    f->now.mono.ms += 7;
    route_fill(f, 0);
    for (int i = 0; i < 5 && route_pick(f, 0, 0) == 0; i++) {
      f->trunks[0].tokens_x1000 -= 1000;
      launched[ms / 1000]++;
    }
  }
  for (int s = 0; s < 10; s++) ck_assert_msg(launched[s] >= 18 && launched[s] <= 21, "second %d: %d", s, launched[s]);
  f->now.mono.ms += 3600000; /* after an idle hour there is a burst of a tenth of a second, not an hour's worth */
  route_fill(f, 0);
  ck_assert_uint_eq(route_rate(f, 0), 2);
}
END_TEST

int main(void) {
  Suite *s = suite_create("route");
  TCase *t = tcase_create("route");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, trunks_of_one_priority_share_by_weight_and_evenly_all_along);
  tcase_add_test(t, the_next_priority_takes_over_when_the_first_is_down_or_full_and_gives_back);
  tcase_add_test(t, what_refused_a_call_is_not_asked_again_for_it);
  tcase_add_test(t, trunks_of_other_groups_and_of_none_are_left_alone);
  tcase_add_test(t, no_second_has_more_calls_than_the_trunk_takes);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
