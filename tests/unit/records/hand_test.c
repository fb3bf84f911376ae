/* Contacts that agents call by hand: leased whatever their turn, judged as all others. */
#include "fixture.h"

static const int64_t HOUR_MS = 3600000;
static const uint64_t ANA = 12125550101, STRANGER = 12125550177;
static struct store *s;
static uint64_t campaign;

static void setup(void) {
  s = store_at(NULL);
  campaign = with_campaign(s, "one");
  with_contacts(s, "one", ANA, 3);
}
static void teardown(void) { s = store_close(s); }

static int by_hand(uint64_t phone, const struct contact_row *row, struct now now, struct hand_lease *out) {
  const struct hand_want want = {.campaign = "one", .agent_id = 77, .phone = phone, .row = row};
  return store_hand_lease(s, &want, now, out);
}

START_TEST(a_contact_is_leased_whatever_its_turn_and_the_gate_opens_it) {
  struct lease l;
  struct hand_lease h;
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 1, at_ms(0), NULL), REFUSAL_NONE);
  ck_assert_int_eq(by_hand(l.phone, NULL, at_ms(0), &h), CAD_EBUSY); /* he is being called */
  ck_assert_int_eq(close_attempt(s, 1, OUTCOME_NO_ANSWER, at_ms(20000)), CAD_OK);
  ck_assert_int_eq(by_hand(l.phone, NULL, at_ms(60000), &h), CAD_OK); /* his turn comes in an hour */
  ck_assert_int_eq(h.reason, REFUSAL_NONE);
  ck_assert_uint_eq(h.lease.agent_id, 77);
  ck_assert_str_eq(h.lease.name, "Ana");
  ck_assert_int_eq(open_attempt(s, &h.lease, 2, at_ms(61000), NULL), REFUSAL_NONE);
  ck_assert_int_eq(open_attempt(s, &h.lease, 3, at_ms(62000), NULL), REFUSAL_LEASE_GONE); /* once */
}
END_TEST

START_TEST(a_skipped_contact_waits_and_the_decision_says_why) {
  struct lease l, again;
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  struct mail_store_skip k = {
      .campaign_id = campaign, .case_id = l.case_id, .agent_id = 77, .reason = SKIP_SPOKEN, .again_ms = 600000, .at = at_ms(0).wall};
  ck_assert_int_eq(store_skip(s, &k), CAD_OK);
  ck_assert_int_eq(open_attempt(s, &l, 1, at_ms(10), NULL), REFUSAL_LEASE_GONE);
  for (int i = 0; i < 2; i++) { /* the two others come before it, and it comes after its time */
    ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(1000), &again, NULL), 1);
    ck_assert_uint_ne(again.case_id, l.case_id);
    ck_assert_int_eq(open_attempt(s, &again, 2 + (uint64_t)i, at_ms(1000), NULL), REFUSAL_NONE);
  }
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(599000), &again, NULL), 0);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(601000), &again, NULL), 1);
  ck_assert_uint_eq(again.case_id, l.case_id);
  ck_assert_uint_eq(again.tries, 0);
  ck_assert_int_eq(open_attempt(s, &again, 9, at_ms(601000), NULL), REFUSAL_NONE);
  ck_assert_int_eq(store_skip(s, &k), CAD_ENOENT); /* it is being called */
  k.case_id = 12345;
  ck_assert_int_eq(store_skip(s, &k), CAD_ENOENT);
}
END_TEST

START_TEST(a_contact_that_is_looked_at_stays_leased) {
  struct lease l, other[3];
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  for (int64_t ms = 20000; ms <= 200000; ms += 20000) {
    store_lease_keep(s, &l, at_ms(ms).mono);
    const int n = lease_some(s, campaign, 3, at_ms(ms + 1), other, NULL);
    for (int i = 0; i < n; i++) ck_assert_uint_ne(other[i].case_id, l.case_id);
  }
  ck_assert_int_eq(open_attempt(s, &l, 1, at_ms(230000), NULL), REFUSAL_NONE);
}
END_TEST

START_TEST(of_the_pacers_lease_and_the_agents_one_is_opened) {
  struct lease l[3];
  struct hand_lease h;
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(0), l, NULL), 3);
  ck_assert_int_eq(by_hand(l[1].phone, NULL, at_ms(0), &h), CAD_OK);
  ck_assert_int_eq(open_attempt(s, &h.lease, 1, at_ms(10), NULL), REFUSAL_NONE);
  ck_assert_int_eq(open_attempt(s, &l[1], 2, at_ms(20), NULL), REFUSAL_LEASE_GONE);
  ck_assert_int_eq(open_attempt(s, &l[2], 3, at_ms(30), NULL), REFUSAL_NONE);
}
END_TEST

START_TEST(what_the_gate_will_say_is_said_at_once_with_rule_and_time) {
  struct hand_lease h;
  struct lease l;
  ck_assert_int_eq(by_hand(ANA, NULL, at_ms(12 * HOUR_MS), &h), CAD_OK); /* midnight in New York */
  ck_assert_int_eq(h.reason, REFUSAL_HOURS);
  ck_assert_int_gt(h.next.ms, at_ms(12 * HOUR_MS).wall.ms);
  ck_assert_uint_eq(h.lease.case_id, 0);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(24 * HOUR_MS), &l, NULL), 1); /* nothing was kept for the agent */
  ck_assert_int_eq(store_dnc_add(s, ANA + 1, "global", "test", at_ms(0).wall), CAD_OK);
  const int r = by_hand(ANA + 1, NULL, at_ms(0), &h); /* finished by the list, or refused by it: never leased */
  ck_assert(r == CAD_EEXIST || (r == CAD_OK && h.reason == REFUSAL_DNC));
}
END_TEST

START_TEST(a_contact_that_is_finished_stays_so) {
  struct lease l;
  struct hand_lease h;
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 1, at_ms(0), NULL), REFUSAL_NONE);
  ck_assert_int_eq(close_attempt(s, 1, OUTCOME_CONNECTED, at_ms(20000)), CAD_OK);
  ck_assert_int_eq(by_hand(l.phone, NULL, at_ms(60000), &h), CAD_EEXIST);
}
END_TEST

START_TEST(a_stranger_becomes_a_contact_only_when_that_is_asked_and_may_be) {
  struct store_counts counts;
  struct hand_lease h;
  const struct contact_row row = {.phone = STRANGER}, nowhere = {.phone = 999000000001};
  ck_assert_int_eq(by_hand(STRANGER, NULL, at_ms(0), &h), CAD_ENOENT);
  ck_assert_int_eq(by_hand(STRANGER, &row, at_ms(12 * HOUR_MS), &h), CAD_OK); /* midnight: he would be dialed tomorrow, unasked */
  ck_assert_int_eq(h.reason, REFUSAL_HOURS);
  ck_assert_int_eq(by_hand(STRANGER, NULL, at_ms(0), &h), CAD_ENOENT);
  ck_assert_int_eq(by_hand(nowhere.phone, &nowhere, at_ms(0), &h), CAD_EREFUSED);
  ck_assert_int_eq(h.result, CONTACT_ZONE_UNKNOWN);
  ck_assert_int_eq(by_hand(STRANGER, &row, at_ms(0), &h), CAD_OK);
  ck_assert_int_eq(h.added, 1);
  ck_assert_int_eq(open_attempt(s, &h.lease, 5, at_ms(1000), NULL), REFUSAL_NONE);
  const struct contact_row second = {.phone = STRANGER + 1};
  ck_assert_int_eq(by_hand(STRANGER + 1, &second, at_ms(2000), &h), CAD_OK);
  ck_assert_int_eq(store_counts(s, "one", &counts), CAD_OK);
  ck_assert_uint_eq(counts.contacts, 5);
}
END_TEST

static int count_list(void *arg, const struct list_row *r) {
  *(unsigned *)arg += strcmp(r->file, "(dialed by hand)") == 0 ? 1 + 100 * (unsigned)r->contacts : 0;
  return CAD_OK;
}

START_TEST(those_of_one_day_are_one_list) {
  struct hand_lease h;
  unsigned seen = 0;
  for (uint64_t i = 0; i < 4; i++) {
    const struct contact_row row = {.phone = STRANGER + i};
    ck_assert_int_eq(by_hand(row.phone, &row, at_ms((int64_t)i * 1000), &h), CAD_OK);
  }
  ck_assert_int_eq(store_list_each(s, "one", count_list, &seen), CAD_OK);
  ck_assert_uint_eq(seen, 401);
}
END_TEST

START_TEST(another_number_of_the_person_becomes_the_one_at_hand) {
  struct hand_lease h;
  uint64_t job, visible = 0;
  uint8_t result = 99;
  const struct contact_row row = {.phone = 12125550120, .others = {12125550121, 13105550122}};
  ck_assert_int_eq(store_import_begin(s, "one", "more.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_int_eq(store_import_rows(s, job, &row, 1, &result), CAD_OK);
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_OK);
  ck_assert_int_eq(by_hand(13105550122, NULL, at_ms(4 * HOUR_MS), &h), CAD_OK);
  ck_assert_int_eq(h.reason, REFUSAL_NONE);
  ck_assert_uint_eq(h.lease.phone, 13105550122);
  ck_assert_int_eq(open_attempt(s, &h.lease, 9, at_ms(4 * HOUR_MS + 100), NULL), REFUSAL_NONE);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("by hand");
  TCase *t = tcase_create("hand");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_contact_is_leased_whatever_its_turn_and_the_gate_opens_it);
  tcase_add_test(t, of_the_pacers_lease_and_the_agents_one_is_opened);
  tcase_add_test(t, a_skipped_contact_waits_and_the_decision_says_why);
  tcase_add_test(t, a_contact_that_is_looked_at_stays_leased);
  tcase_add_test(t, what_the_gate_will_say_is_said_at_once_with_rule_and_time);
  tcase_add_test(t, a_contact_that_is_finished_stays_so);
  tcase_add_test(t, a_stranger_becomes_a_contact_only_when_that_is_asked_and_may_be);
  tcase_add_test(t, those_of_one_day_are_one_list);
  tcase_add_test(t, another_number_of_the_person_becomes_the_one_at_hand);
  suite_add_tcase(suite, t);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
