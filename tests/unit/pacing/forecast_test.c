#include "dialer/pacing/forecast.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

/* The chance that at least n of the items happen, by trying every combination. */
static double by_enumeration(const double *p, unsigned count, int n) {
  double sum = 0;
  for (unsigned mask = 0; mask < 1u << count; mask++) {
    double chance = 1;
    int hits = 0;
    for (unsigned i = 0; i < count; i++) {
      const unsigned hit = mask >> i & 1;
      chance *= hit ? p[i] : 1 - p[i];
      hits += (int)hit;
    }
    if (hits >= n) sum += chance;
  }
  return sum;
}

START_TEST(few_items_are_counted_exactly) {
  const double p[9] = {0.1, 0.9, 0.5, 0.25, 0.33, 0.01, 0.99, 0.6, 0.45};
  for (int ready = 0; ready < 8; ready++) {
    struct forecast_point f;
    forecast_begin(&f, ready, 1, 9);
    for (unsigned i = 0; i < 9; i++) forecast_add(&f, p[i]);
    ck_assert_double_eq_tol(forecast_nobody(&f), by_enumeration(p, 9, ready + 1), 1e-12);
  }
}
END_TEST

START_TEST(with_no_agent_counted_nobody_is_free) {
  struct forecast_point f;
  forecast_begin(&f, 0, 0, 4);
  ck_assert_double_eq(forecast_nobody(&f), 1.0);
  forecast_begin(&f, 0, 0, 400);
  ck_assert_double_eq(forecast_nobody(&f), 1.0);
}
END_TEST

START_TEST(many_items_are_approximated_to_half_a_point) {
  for (int ready = 2; ready < 30; ready++) {
    struct forecast_point exact, about;
    forecast_begin(&exact, ready, 0, 64);
    forecast_begin(&about, ready, 0, 65);
    ck_assert(exact.exact && !about.exact);
    for (unsigned i = 0; i < 64; i++) {
      forecast_add(&exact, 0.02 + 0.004 * i);
      forecast_add(&about, 0.02 + 0.004 * i);
    }
    ck_assert_double_eq_tol(forecast_nobody(&exact), forecast_nobody(&about), 0.005);
  }
}
END_TEST

START_TEST(adding_a_caller_never_lowers_the_risk) {
  struct forecast_point few, many;
  forecast_begin(&few, 3, 0, 20);
  forecast_begin(&many, 30, 0, 200);
  double last_few = 0, last_many = 0;
  for (int i = 0; i < 200; i++) {
    if (i < 20) {
      forecast_add(&few, 0.2);
      ck_assert_double_ge(forecast_nobody(&few), last_few);
      last_few = forecast_nobody(&few);
    }
    forecast_add(&many, 0.2);
    ck_assert_double_ge(forecast_nobody(&many) + 1e-9, last_many);
    last_many = forecast_nobody(&many);
  }
  ck_assert_double_gt(last_many, 0.9);
}
END_TEST

START_TEST(arrivals_behave_like_a_poisson_stream) {
  struct forecast_point f;
  forecast_begin(&f, 1, 0, 20);
  forecast_add_arrivals(&f, 0.5);
  ck_assert_double_eq_tol(forecast_nobody(&f), 1 - exp(-0.5), 0.06);
}
END_TEST

START_TEST(the_exponential_agrees_with_the_library) {
  for (double x = 0; x < 50; x += 0.37) ck_assert_double_eq_tol(forecast_exp_minus(x), exp(-x), 1e-8);
  ck_assert_double_eq(forecast_exp_minus(1e9), 0.0);
  ck_assert_double_eq(forecast_exp_minus(-1.0), 1.0);
}
END_TEST

START_TEST(nonsense_chances_are_harmless) {
  struct forecast_point f;
  forecast_begin(&f, 2, 0, 10);
  forecast_add(&f, (double)NAN);
  forecast_add(&f, -3);
  forecast_add(&f, 7);
  forecast_add_arrivals(&f, (double)NAN);
  ck_assert(isfinite(forecast_nobody(&f)));
  ck_assert_double_eq(forecast_nobody(&f), 0.0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("forecast");
  TCase *t = tcase_create("risk");
  tcase_add_test(t, few_items_are_counted_exactly);
  tcase_add_test(t, with_no_agent_counted_nobody_is_free);
  tcase_add_test(t, many_items_are_approximated_to_half_a_point);
  tcase_add_test(t, adding_a_caller_never_lowers_the_risk);
  tcase_add_test(t, arrivals_behave_like_a_poisson_stream);
  tcase_add_test(t, the_exponential_agrees_with_the_library);
  tcase_add_test(t, nonsense_chances_are_harmless);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
