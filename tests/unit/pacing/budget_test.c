#include "dialer/pacing/budget.h"
#include <check.h>
#include <stdlib.h>

static struct pacer_window window(uint16_t limit_bp, uint64_t served, uint64_t abandoned) {
  return (struct pacer_window){.limit_bp = limit_bp, .served = served, .abandoned = abandoned};
}

static struct budget with(struct pacer_window w) {
  struct budget b;
  budget_init(&b, 300, 0);
  ck_assert_int_eq(budget_set(&b, &w, 1), 0);
  return b;
}

START_TEST(three_of_a_hundred_keeps_three_percent_and_four_of_133_does_not) {
  struct budget b = with(window(300, 97, 3));
  ck_assert(budget_kept(&b));
  ck_assert_int_eq(budget_credit_milli(&b, NULL), 0);
  b = with(window(300, 129, 4));
  ck_assert(!budget_kept(&b)); /* 3.0075 %: nothing is rounded away */
  ck_assert_int_lt(budget_credit_milli(&b, NULL), 0);
  b = with(window(300, 130, 4));
  ck_assert(budget_kept(&b));
}
END_TEST

START_TEST(credit_says_exactly_how_many_calls_more_may_be_abandoned) {
  for (uint64_t live = 0; live < 3000; live += 7) {
    struct pacer_window w = window(300, live, 0);
    w.fp_bp = 50;
    struct budget b = with(w);
    const int64_t n = budget_credit_milli(&b, NULL) / 1000;
    for (int64_t i = 0; i < n; i++) budget_book(&b, 0, BUDGET_ABANDONED);
    ck_assert(budget_kept(&b));
    budget_book(&b, 0, BUDGET_ABANDONED);
    ck_assert(!budget_kept(&b));
  }
}
END_TEST

START_TEST(the_estimate_of_people_lost_to_the_detector_spends_the_same_limit) {
  struct pacer_window w = window(300, 1000, 0);
  struct budget b = with(w);
  ck_assert_int_eq(budget_credit_milli(&b, NULL), 30927); /* 30 / 0.97 */
  w.fp_bp = 100;
  b = with(w);
  ck_assert_int_eq(budget_credit_milli(&b, NULL), 20618); /* 20 / 0.97 */
  ck_assert_uint_eq(budget_rate_bp(&b.windows[0]), 100);
  w.fp_bp = 400;
  b = with(w);
  ck_assert_int_lt(budget_credit_milli(&b, NULL), 0);
  ck_assert_int_eq(budget_earn_micro(&b), 0);
  ck_assert(!budget_kept(&b));
}
END_TEST

/* 29 abandoned; agents met 9 people and 7 machines: 29 x 9/16 = 16.3125 of 25.3125 are abandoned, 64.44 %. */
START_TEST(ofcoms_form_without_screening_discounts_machines_by_the_share_of_the_served) {
  struct pacer_window w = window(300, 9, 29);
  w.machines = 7, w.count_machines = true;
  struct budget b = with(w);
  ck_assert_uint_eq(budget_rate_bp(&b.windows[0]), 6445); /* rounded up */
  for (uint16_t limit = 6440; limit <= 6450; limit++) {
    b.windows[0].limit_bp = limit;
    const bool kept = INT64_C(163125) * 10000 <= (int64_t)limit * 253125;
    ck_assert_int_eq(budget_kept(&b), kept);
  }
  w.count_machines = false; /* the plain form knows people only */
  b = with(w);
  ck_assert_uint_eq(budget_live(&b.windows[0]), 38);
}
END_TEST

/* Days 1 to 30: 2 of 100; day 31 to 35: 4 of 100. The first period passes, the second does not, though 6 of 200 would. */
START_TEST(periods_tumble_and_are_judged_one_by_one) {
  enum { DAY = 86400000 };
  struct pacer_window w = {.limit_bp = 300, .begins_ms = 0, .ends_ms = INT64_C(30) * DAY, .began = 5};
  struct budget b = with(w);
  for (int i = 0; i < 98; i++) budget_book(&b, INT64_C(29) * DAY, BUDGET_SERVED);
  for (int i = 0; i < 2; i++) budget_book(&b, INT64_C(29) * DAY, BUDGET_ABANDONED);
  budget_turn(&b, INT64_C(30) * DAY - 1);
  ck_assert(budget_kept(&b));
  ck_assert_uint_eq(budget_live(&b.windows[0]), 100);
  budget_turn(&b, INT64_C(30) * DAY);
  ck_assert_uint_eq(budget_live(&b.windows[0]), 0);
  ck_assert_int_eq(b.windows[0].began, 5 + INT64_C(30) * DAY);
  budget_book(&b, INT64_C(30) * DAY - 1, BUDGET_ABANDONED); /* launched before midnight: not of this period */
  ck_assert_uint_eq(b.windows[0].abandoned, 0);
  for (int i = 0; i < 96; i++) budget_book(&b, INT64_C(31) * DAY, BUDGET_SERVED);
  for (int i = 0; i < 4; i++) budget_book(&b, INT64_C(34) * DAY, BUDGET_ABANDONED);
  ck_assert(!budget_kept(&b));
  /* The end of the new period becomes known: the account stays. */
  struct pacer_window known = {
      .limit_bp = 300, .begins_ms = INT64_C(30) * DAY, .ends_ms = INT64_C(60) * DAY, .began = 5 + INT64_C(30) * DAY};
  ck_assert_int_eq(budget_set(&b, &known, 1), 0);
  ck_assert_uint_eq(budget_live(&b.windows[0]), 100);
  known.began++; /* another period: its own account */
  known.served = 7;
  ck_assert_int_eq(budget_set(&b, &known, 1), 0);
  ck_assert_uint_eq(budget_live(&b.windows[0]), 7);
}
END_TEST

START_TEST(of_several_windows_the_tightest_binds) {
  struct pacer_window w[3] = {window(300, 2000, 20), window(300, 100, 3), window(500, 5000, 0)};
  for (int i = 0; i < 3; i++) w[i].kind = (uint8_t)i;
  struct budget b;
  unsigned which;
  budget_init(&b, 300, 0);
  ck_assert_int_eq(budget_set(&b, w, 3), 0);
  ck_assert_int_eq(budget_credit_milli(&b, &which), 92); /* 0.09 / 0.97 */
  ck_assert_uint_eq(which, 1);
  budget_book(&b, 0, BUDGET_ABANDONED);
  ck_assert(!budget_kept(&b)); /* one of three is broken: the limit is broken */
  ck_assert_int_lt(budget_set(&b, w, PACER_WINDOWS_MAX + 1), 0);
  ck_assert_int_lt(budget_set(&b, w, 0), 0);
}
END_TEST

START_TEST(whoever_hangs_up_while_waiting_spends_the_account_but_not_the_legal_rate) {
  struct budget b = with(window(300, 97, 3));
  budget_book(&b, 0, BUDGET_EARLY);
  ck_assert(budget_kept(&b));
  ck_assert_uint_eq(budget_live(&b.windows[0]), 100);
  ck_assert_int_lt(budget_credit_milli(&b, NULL), -900);
  budget_unbook(&b, 0, BUDGET_EARLY);
  ck_assert_int_eq(budget_credit_milli(&b, NULL), 0);
  budget_unbook(&b, 0, BUDGET_EARLY); /* never below nothing */
  ck_assert_uint_eq(b.windows[0].early, 0);
}
END_TEST

START_TEST(absurd_accounts_are_bounded_and_do_not_overflow) {
  struct pacer_window w = window(1, UINT64_MAX, UINT64_MAX);
  w.early = w.machines = UINT64_MAX, w.count_machines = true, w.fp_bp = 10000;
  struct budget b = with(w);
  for (int i = 0; i < 10; i++) budget_book(&b, 0, BUDGET_ABANDONED), budget_book(&b, 0, BUDGET_SERVED);
  ck_assert_int_lt(budget_credit_milli(&b, NULL), 0);
  budget_init(&b, UINT32_MAX, UINT32_MAX);
  ck_assert_uint_eq(b.windows[0].limit_bp, 10000);
  ck_assert_int_gt(budget_credit_milli(&b, NULL), 0);
  struct pacer_window bad[] = {{.limit_bp = 10001}, {.fp_bp = 10001}, {.begins_ms = INT64_MIN}, {.begins_ms = 10, .ends_ms = 9}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) ck_assert_int_lt(budget_set(&b, &bad[i], 1), 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("budget");
  TCase *t = tcase_create("account");
  tcase_add_test(t, three_of_a_hundred_keeps_three_percent_and_four_of_133_does_not);
  tcase_add_test(t, credit_says_exactly_how_many_calls_more_may_be_abandoned);
  tcase_add_test(t, the_estimate_of_people_lost_to_the_detector_spends_the_same_limit);
  tcase_add_test(t, ofcoms_form_without_screening_discounts_machines_by_the_share_of_the_served);
  tcase_add_test(t, periods_tumble_and_are_judged_one_by_one);
  tcase_add_test(t, of_several_windows_the_tightest_binds);
  tcase_add_test(t, whoever_hangs_up_while_waiting_spends_the_account_but_not_the_legal_rate);
  tcase_add_test(t, absurd_accounts_are_bounded_and_do_not_overflow);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
