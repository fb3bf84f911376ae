/* Why a campaign does not dial: each contact is counted once, under what really keeps it. */
#include "fixture.h"
#include <campaigns/compliance.h>

static struct store *s;
static uint64_t campaign;
static struct why_campaign why;

static void setup(void) {
  struct campaign_def d = campaign_like("one");
  d.gate.countries[d.gate.country_count++] = region_parse("US");
  s = store_at(NULL);
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  campaign = d.terms.id;
}
static void teardown(void) { s = store_close(s); }

static const struct why_reason *reason(const char *word) {
  for (int i = 0; i < why.reason_count; i++)
    if (strcmp(why.reasons[i].word, word) == 0) return &why.reasons[i];
  return NULL;
}
static void ask(int64_t since_noon_ms) {
  ck_assert_int_eq(store_why_campaign(s, "one", at_ms(since_noon_ms).wall, &why), CAD_OK);
  for (int i = 0; i < why.reason_count; i++) ck_assert_uint_gt(why.reasons[i].contacts, 0);
}

START_TEST(whom_a_rule_refused_is_told_by_that_rule_and_not_by_the_turn) {
  struct lease l[8];
  int refused = 0;
  with_contacts(s, "one", 12025550101, 3);
  with_contacts(s, "one", 34600000105, 1);
  ask(0);
  ck_assert_uint_eq(why.contacts, 4);
  ck_assert_uint_eq(why.dialable, 3);
  ck_assert_ptr_nonnull(reason("gate.country"));
  int n = lease_some(s, campaign, 8, at_ms(0), l, NULL);
  for (int i = 0; i < n; i++) {
    enum refusal r = open_attempt(s, &l[i], 100 + (uint64_t)i, at_ms(0), NULL);
    refused += r == REFUSAL_COUNTRY;
    if (r == REFUSAL_NONE) ck_assert_int_eq(close_attempt(s, 100 + (uint64_t)i, OUTCOME_BUSY, at_ms(5000)), CAD_OK);
  }
  ck_assert_int_eq(refused, 1); /* it waits for tomorrow now, as the busy ones wait for their turn */
  ask(6000);
  ck_assert_uint_eq(why.contacts, 4);
  ck_assert_uint_eq(why.dialable, 0);
  ck_assert_ptr_nonnull(reason("gate.country"));
  ck_assert_uint_eq(reason("gate.country")->contacts, 1);
  ck_assert_int_eq(reason("gate.country")->refusal, REFUSAL_COUNTRY);
  ck_assert_uint_eq(reason("retry_later")->contacts, 3);
  ck_assert_uint_eq(why.by_hour[0], 3);
  ask(400000); /* the turn of the busy ones */
  ck_assert_uint_eq(why.dialable, 3);
  ck_assert_ptr_null(reason("retry_later"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("why");
  TCase *t = tcase_create("campaign");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, whom_a_rule_refused_is_told_by_that_rule_and_not_by_the_turn);
  suite_add_tcase(suite, t);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
