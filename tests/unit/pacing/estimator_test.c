#include "dialer/pacing/estimator.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

/* Calls of one segment: each rings a second at a time; a share of them is answered by a person at that age. */
static void ring_calls(struct estimator *e, unsigned segment, int calls, int answered_of_100, unsigned age_of_answer) {
  for (int i = 0; i < calls; i++) {
    const bool person = (i * 37) % 100 < answered_of_100;
    for (unsigned age = 0; age < 24; age++) {
      est_ringing_time(e, age, segment, 1.0);
      if (person && age == age_of_answer) {
        est_person(e, age, segment);
        break;
      }
      if (age == 23) est_not_person(e, age);
    }
    est_second(e, 1.0);
  }
}

static double chance(const struct estimator *e, unsigned segment) {
  struct est_curve c;
  est_curve(e, segment, 1.0, &c);
  return c.hit[EST_AGES];
}

START_TEST(the_answer_probability_is_learned_from_what_happens) {
  struct estimator e;
  est_init(&e, true);
  ring_calls(&e, 0, 4000, 40, 8);
  ck_assert_double_eq_tol(chance(&e, 0), 0.40, 0.06);
  est_init(&e, true);
  ring_calls(&e, 0, 4000, 5, 8);
  ck_assert_double_eq_tol(chance(&e, 0), 0.05, 0.03);
}
END_TEST

START_TEST(the_age_of_answers_is_learned) {
  struct estimator e;
  struct est_curve c;
  est_init(&e, true);
  ring_calls(&e, 0, 3000, 30, 12);
  est_curve(&e, 0, 1.0, &c);
  ck_assert_double_lt(est_curve_within(&c, 0, 11), 0.06);
  ck_assert_double_gt(est_curve_within(&c, 0, 14), 0.22);
  ck_assert_double_gt(est_curve_within(&c, 11.5, 2), 0.2);
  ck_assert_double_lt(est_curve_within(&c, 14, 4), 0.1);
}
END_TEST

START_TEST(segments_are_told_apart) {
  struct estimator e;
  est_init(&e, true);
  for (int i = 0; i < 60; i++) {
    ring_calls(&e, 1, 100, 10, 8);
    ring_calls(&e, 2, 100, 40, 8);
  }
  ck_assert_double_eq_tol(chance(&e, 1), 0.10, 0.05);
  ck_assert_double_eq_tol(chance(&e, 2), 0.40, 0.08);
}
END_TEST

START_TEST(a_sudden_change_of_the_answer_rate_is_followed_within_forty_answers) {
  struct estimator e;
  est_init(&e, true);
  ring_calls(&e, 0, 3000, 10, 8);
  ring_calls(&e, 0, 130, 30, 8);
  ck_assert_double_gt(chance(&e, 0), 0.2);
}
END_TEST

START_TEST(time_at_risk_counts_before_a_call_ends) {
  struct estimator e;
  est_init(&e, true);
  const double before = chance(&e, 0);
  for (int call = 0; call < 200; call++)
    for (unsigned age = 0; age < 12; age++) est_ringing_time(&e, age, 0, 1.0);
  est_second(&e, 1.0);
  ck_assert_double_lt(chance(&e, 0), 0.6 * before); /* nobody answered yet, and none of them has ended */
}
END_TEST

/* Of 100 calls 30 are answered, at 3 to 22 s alike; the rest ring out. Calls are given up at `until`: then nothing more is said of them. */
static void ring_until(struct estimator *e, int calls, unsigned until) {
  for (int i = 0; i < calls; i++) {
    const unsigned answer = (i * 37) % 100 < 30 ? 3 + (unsigned)(i * 7) % 20 : 99;
    unsigned age = 0;
    for (; age < until && age <= answer; age++) {
      est_ringing_time(e, age, 0, 1.0);
      if (age == answer) est_person(e, age, 0);
    }
    if (age == 24) est_not_person(e, 23); /* rang out */
    est_second(e, 1.0);
  }
}

START_TEST(calls_that_are_given_up_early_do_not_bend_what_is_known_of_the_first_seconds) {
  struct estimator whole, cut;
  struct est_curve a, b;
  est_init(&whole, true), est_init(&cut, true);
  ring_until(&whole, 6000, 24), ring_until(&cut, 6000, 15);
  est_curve(&whole, 0, 1.0, &a), est_curve(&cut, 0, 1.0, &b);
  ck_assert_double_eq_tol(est_curve_within(&a, 0, 15), 0.30 * 12 / 20, 0.025);
  ck_assert_double_eq_tol(est_curve_within(&b, 0, 15), 0.30 * 12 / 20, 0.025);
  ck_assert_double_eq_tol(est_curve_within(&b, 0, 15), est_curve_within(&a, 0, 15), 0.015);
}
END_TEST

START_TEST(one_late_answer_where_few_calls_get_moves_little) {
  struct estimator e;
  est_init(&e, true);
  ring_calls(&e, 0, 20000, 10, 8); /* long enough that a prior which fades to nothing would be gone */
  for (unsigned i = 0; i < 5000; i++) est_person(&e, 8, 0), est_ringing_time(&e, 8, 0, 10.0);
  struct est_curve c;
  est_ringing_time(&e, 40, 0, 0.05);
  est_person(&e, 40, 0);
  est_second(&e, 1.0);
  est_curve(&e, 0, 1.0, &c);
  ck_assert_double_lt(est_curve_within(&c, 40, 1), 0.35);
}
END_TEST

START_TEST(talk_and_wrap_up_hazards_follow_the_floor) {
  struct estimator e;
  est_init(&e, true);
  for (int i = 0; i < 3000; i++) {
    for (int s = 0; s < 30; s++) est_talk_time(&e, false, s * 1000, 1.0);
    est_talk_end(&e, false, 30000);
    for (int s = 0; s < 10; s++) est_wrap_time(&e, s * 1000, 1.0);
    est_wrap_end(&e, 10000, i % 10 != 0);
  }
  ck_assert_double_lt(est_talk_hazard(&e, false, 5000), 0.002);
  ck_assert_double_gt(est_talk_hazard(&e, false, 30000), 0.05);
  double wrap[EST_WRAPS + 1];
  est_wrap_curve(&e, wrap);
  ck_assert_double_lt(wrap[9], 0.1);
  ck_assert_double_gt(wrap[11], 0.8);
  ck_assert_double_eq_tol(est_back(&e), 0.9, 0.05);
  ck_assert_double_eq_tol(e.talk_s, 30, 1);
}
END_TEST

START_TEST(a_call_long_in_screening_is_likelier_a_machine) {
  struct estimator e;
  est_init(&e, true);
  for (int i = 0; i < 200; i++) {
    est_screened(&e, 8, 1400, true);
    est_screened(&e, 8, 2800, false);
  }
  ck_assert_double_eq_tol(est_pass(&e, 8, 500), 0.5, 0.1);
  ck_assert_double_lt(est_pass(&e, 8, 2000), 0.1);
}
END_TEST

START_TEST(the_machine_share_is_believed_only_with_evidence) {
  struct estimator e;
  est_init(&e, true);
  ck_assert_double_lt(est_machine_share(&e, 8, 1.0), 0.06);
  est_met(&e, 8), est_met_machine(&e, 8);
  ck_assert_double_lt(est_machine_share(&e, 8, 1.0), 0.2);
  for (int i = 0; i < 200; i++) {
    est_met(&e, 8);
    if (i % 2) est_met_machine(&e, 8);
  }
  ck_assert_double_eq_tol(est_machine_share(&e, 8, 1.0), 0.46, 0.05);
}
END_TEST

START_TEST(absurd_numbers_leave_every_estimate_finite) {
  struct estimator e;
  est_init(&e, false);
  for (int i = 0; i < 5000; i++) {
    est_ringing_time(&e, (unsigned)(i % EST_AGES), (unsigned)i, i % 7 == 0 ? (double)NAN : i % 5 == 0 ? 1e300 : -1.0);
    est_person(&e, (unsigned)(i % EST_AGES), 65535);
    est_screened(&e, 63, INT64_MAX, i % 2);
    est_talk_time(&e, true, INT64_MAX, (double)INFINITY);
    est_talk_end(&e, true, -5);
    est_wrap_end(&e, INT64_MAX, false);
    est_second(&e, i % 3 ? 1e18 : (double)NAN);
  }
  for (unsigned s = 0; s < PACER_SEGMENTS; s++) {
    struct est_curve c;
    est_curve(&e, s, 1.0, &c);
    for (unsigned i = 0; i <= EST_AGES; i++) ck_assert(isfinite(c.hit[i]) && c.hit[i] >= 0 && c.hit[i] <= 1);
  }
  ck_assert(isfinite(est_talk_hazard(&e, true, 0)) && isfinite(est_progressive_per_s(&e)) && isfinite(est_back(&e)));
}
END_TEST

int main(void) {
  Suite *s = suite_create("estimator");
  TCase *t = tcase_create("learning");
  tcase_add_test(t, the_answer_probability_is_learned_from_what_happens);
  tcase_add_test(t, the_age_of_answers_is_learned);
  tcase_add_test(t, segments_are_told_apart);
  tcase_add_test(t, a_sudden_change_of_the_answer_rate_is_followed_within_forty_answers);
  tcase_add_test(t, time_at_risk_counts_before_a_call_ends);
  tcase_add_test(t, calls_that_are_given_up_early_do_not_bend_what_is_known_of_the_first_seconds);
  tcase_add_test(t, one_late_answer_where_few_calls_get_moves_little);
  tcase_add_test(t, talk_and_wrap_up_hazards_follow_the_floor);
  tcase_add_test(t, a_call_long_in_screening_is_likelier_a_machine);
  tcase_add_test(t, the_machine_share_is_believed_only_with_evidence);
  tcase_add_test(t, absurd_numbers_leave_every_estimate_finite);
  tcase_set_timeout(t, 300);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
