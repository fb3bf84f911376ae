#include "dialer/pacing/budget.h"
#include <check.h>
#include <stdlib.h>

START_TEST(three_of_a_hundred_keeps_three_percent_and_four_of_133_does_not) {
  struct budget b;
  budget_init(&b, 300, 0);
  budget_set(&b, 3, 100);
  ck_assert(budget_kept(&b));
  ck_assert_int_eq(budget_credit_milli(&b), 0);
  budget_set(&b, 4, 133);
  ck_assert(!budget_kept(&b));
  ck_assert_int_lt(budget_credit_milli(&b), 0);
  budget_set(&b, 4, 134);
  ck_assert(budget_kept(&b));
}
END_TEST

START_TEST(credit_says_exactly_how_many_calls_more_may_be_abandoned) {
  for (uint64_t live = 0; live < 3000; live += 7) {
    struct budget b;
    budget_init(&b, 300, 50);
    budget_set(&b, 0, live);
    const int64_t n = budget_credit_milli(&b) / 1000;
    for (int64_t i = 0; i < n; i++) budget_abandoned(&b, 1000);
    ck_assert(budget_kept(&b));
    budget_abandoned(&b, 1000);
    ck_assert(!budget_kept(&b));
  }
}
END_TEST

START_TEST(the_estimate_of_people_lost_to_the_detector_spends_the_same_limit) {
  struct budget plain, with_fp;
  budget_init(&plain, 300, 0);
  budget_init(&with_fp, 300, 100);
  budget_set(&plain, 0, 1000);
  budget_set(&with_fp, 0, 1000);
  ck_assert_int_eq(budget_credit_milli(&plain), 30927);   /* 30 / 0.97 */
  ck_assert_int_eq(budget_credit_milli(&with_fp), 20618); /* 20 / 0.97 */
  budget_init(&with_fp, 300, 400);
  budget_set(&with_fp, 0, 1000);
  ck_assert_int_lt(budget_credit_milli(&with_fp), 0);
  ck_assert_int_eq(budget_earn_micro(&with_fp), 0);
}
END_TEST

START_TEST(a_machine_was_no_live_answer) {
  struct budget b;
  budget_init(&b, 300, 0);
  budget_connected(&b);
  budget_not_live(&b);
  ck_assert_int_eq(b.live_milli, 0);
  budget_not_live(&b);
  ck_assert_int_eq(b.live_milli, 0);
}
END_TEST

START_TEST(an_abandoned_call_that_is_surely_half_machine_costs_half) {
  struct budget b;
  budget_init(&b, 300, 0);
  budget_set(&b, 0, 100);
  budget_abandoned(&b, 500);
  ck_assert_int_eq(b.abandoned_milli, 500);
  budget_abandoned(&b, 5000); /* never more than a whole call */
  ck_assert_int_eq(b.abandoned_milli, 1500);
}
END_TEST

START_TEST(absurd_accounts_are_bounded_and_do_not_overflow) {
  struct budget b;
  budget_init(&b, UINT32_MAX, UINT32_MAX);
  budget_set(&b, UINT64_MAX, UINT64_MAX);
  for (int i = 0; i < 10; i++) budget_abandoned(&b, 1000), budget_connected(&b);
  (void)budget_credit_milli(&b);
  budget_init(&b, 1, 10000);
  budget_set(&b, UINT64_MAX, UINT64_MAX);
  ck_assert_int_le(budget_credit_milli(&b), 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("budget");
  TCase *t = tcase_create("account");
  tcase_add_test(t, three_of_a_hundred_keeps_three_percent_and_four_of_133_does_not);
  tcase_add_test(t, credit_says_exactly_how_many_calls_more_may_be_abandoned);
  tcase_add_test(t, the_estimate_of_people_lost_to_the_detector_spends_the_same_limit);
  tcase_add_test(t, a_machine_was_no_live_answer);
  tcase_add_test(t, an_abandoned_call_that_is_surely_half_machine_costs_half);
  tcase_add_test(t, absurd_accounts_are_bounded_and_do_not_overflow);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
