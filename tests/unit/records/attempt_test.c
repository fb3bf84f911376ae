#include "fixture.h"
#include <campaigns/report.h>
#include "campaigns/records/store_internal.h" /* to fill the disk */

static struct store *s;
static uint64_t campaign;

static void setup(void) {
  s = store_at(NULL);
  campaign = with_campaign(s, "one");
}
static void teardown(void) { s = store_close(s); }

START_TEST(a_contact_is_leased_opened_closed_and_logged) {
  struct lease l[4];
  struct mail_store_lease_end end;
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 4, at_ms(0), l, &end), 1);
  ck_assert_uint_eq(l[0].phone, 12025550101);
  ck_assert_str_eq(l[0].name, "Ana");
  ck_assert_uint_eq(end.open, 1);
  ck_assert_int_eq(open_attempt(s, &l[0], 71, at_ms(10), NULL), REFUSAL_NONE);
  ck_assert_int_eq(close_attempt(s, 71, OUTCOME_CONNECTED, at_ms(20000)), CAD_OK);
  struct store_counts n;
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.attempts, 1);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_CONNECTED], 1);
  ck_assert_uint_eq(n.live, 1);
  ck_assert_uint_eq(n.contacts_done, 1);
  ck_assert_uint_eq(n.open_attempts, 0);
}
END_TEST

START_TEST(no_contact_is_leased_twice_and_a_dropped_or_expired_lease_returns) {
  struct lease a[8], b[8];
  with_contacts(s, "one", 12025550101, 5);
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(0), a, NULL), 3);
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(0), b, NULL), 2);
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 2; k++) ck_assert_uint_ne(a[i].case_id, b[k].case_id);
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(1), b + 2, NULL), 0);
  store_lease_drop(s, &a[1]);
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(2), b + 2, NULL), 1);
  ck_assert_uint_eq(b[2].case_id, a[1].case_id);
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(59000), b, NULL), 0);
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(60001), b, NULL), 4); /* all but the one that was leased again 2 ms later */
}
END_TEST

START_TEST(an_expired_lease_opens_nothing) {
  struct lease l;
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 71, at_ms(60000), NULL), REFUSAL_LEASE_GONE);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(60001), &l, NULL), 1);
}
END_TEST

START_TEST(opening_twice_gives_the_same_answer_and_one_attempt) {
  struct lease l;
  struct store_counts n;
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 71, at_ms(1), NULL), REFUSAL_NONE);
  ck_assert_int_eq(open_attempt(s, &l, 71, at_ms(2), NULL), REFUSAL_NONE);
  ck_assert_int_eq(open_attempt(s, &l, 72, at_ms(3), NULL), REFUSAL_LEASE_GONE); /* another attempt on the same lease is none */
  ck_assert_int_eq(store_counts(s, NULL, &n), CAD_OK);
  ck_assert_uint_eq(n.attempts, 1);
  ck_assert_int_eq(close_attempt(s, 71, OUTCOME_BUSY, at_ms(1000)), CAD_OK);
  ck_assert_int_eq(close_attempt(s, 71, OUTCOME_CONNECTED, at_ms(2000)), CAD_OK);
  ck_assert_int_eq(store_counts(s, NULL, &n), CAD_OK);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_BUSY], 1);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_CONNECTED], 0);
  ck_assert_int_eq(close_attempt(s, 99, OUTCOME_BUSY, at_ms(0)), CAD_ENOENT);
}
END_TEST

START_TEST(busy_comes_back_after_its_delay_before_fresh_contacts_and_ends_after_three_tries) {
  struct lease l[2];
  struct mail_store_lease_end end;
  with_contacts(s, "one", 12025550101, 2);
  struct campaign_def d;
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  d.gate.attempts_max = 100;
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  int64_t t = 0;
  for (uint64_t i = 0; i < 3; i++, t += 400000) {
    ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(t), l, &end), 1);
    ck_assert_uint_eq(l[0].phone, 12025550101);
    ck_assert_uint_eq(l[0].tries, i);
    ck_assert_int_eq(open_attempt(s, l, 100 + i, at_ms(t), NULL), REFUSAL_NONE);
    ck_assert_int_eq(close_attempt(s, 100 + i, OUTCOME_BUSY, at_ms(t + 1000)), CAD_OK);
  }
  ck_assert_int_eq(lease_some(s, campaign, 2, at_ms(t), l, &end), 1);
  ck_assert_uint_eq(l[0].phone, 12025550102);
  ck_assert_uint_eq(end.open, 1);
}
END_TEST

START_TEST(the_fourth_call_of_a_day_is_refused_until_the_first_leaves_the_window) {
  struct lease l;
  struct wall next;
  with_contacts(s, "one", 12025550101, 1);
  struct campaign_def d;
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  d.retry.rules[0] = (struct retry_rule){OUTCOME_BUSY, 60000, 50};
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  for (int i = 0; i < 3; i++) {
    struct now now = at_ms(i * 100000);
    ck_assert_int_eq(lease_some(s, campaign, 1, now, &l, NULL), 1);
    ck_assert_int_eq(open_attempt(s, &l, 100 + (uint64_t)i, now, NULL), REFUSAL_NONE);
    ck_assert_int_eq(close_attempt(s, 100 + (uint64_t)i, OUTCOME_BUSY, now), CAD_OK);
  }
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(400000), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 104, at_ms(400000), &next), REFUSAL_ATTEMPT_CAP);
  ck_assert_int_eq(next.ms, NOON_MS + 86400000);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(500000), &l, NULL), 0);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(86400000), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 105, at_ms(86400000), NULL), REFUSAL_NONE);
}
END_TEST

START_TEST(an_opt_out_in_flight_wins_against_lease_and_retry) {
  struct lease l[3];
  with_contacts(s, "one", 12025550101, 3);
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(0), l, NULL), 3);
  ck_assert_int_eq(open_attempt(s, &l[0], 71, at_ms(1), NULL), REFUSAL_NONE);
  struct mail_store_opt_out o = {.phone = l[0].phone, .campaign_id = campaign, .attempt_id = 71, .at = at_ms(2).wall};
  ck_assert_int_eq(store_opt_out(s, &o), CAD_OK);
  o.phone = l[1].phone;
  ck_assert_int_eq(store_opt_out(s, &o), CAD_OK);
  ck_assert_int_eq(close_attempt(s, 71, OUTCOME_BUSY, at_ms(3)), CAD_OK); /* busy would come back */
  ck_assert_int_ne(open_attempt(s, &l[1], 72, at_ms(4), NULL), REFUSAL_NONE);
  store_lease_drop(s, &l[2]);
  struct mail_store_lease_end end;
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(40000000 / 2), l, &end), 1);
  ck_assert_uint_eq(l[0].phone, 12025550103);
  ck_assert_uint_eq(end.open, 1);
  ck_assert_int_eq(store_dnc_has(s, 12025550101, campaign), 1);
  ck_assert_int_eq(store_dnc_has(s, 12025550103, campaign), 0);
}
END_TEST

START_TEST(a_number_listed_between_lease_and_opening_by_hand_is_refused) {
  struct lease l;
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  ck_assert_int_eq(store_dnc_add(s, 12025550101, "global", "test", at_ms(0).wall), CAD_OK);
  ck_assert_int_ne(open_attempt(s, &l, 71, at_ms(1), NULL), REFUSAL_NONE);
}
END_TEST

START_TEST(nobody_is_rung_by_two_campaigns_at_once) {
  struct lease a, b;
  struct wall next;
  uint64_t other = with_campaign(s, "two");
  with_contacts(s, "one", 12025550101, 1);
  with_contacts(s, "two", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &a, NULL), 1);
  ck_assert_int_eq(lease_some(s, other, 1, at_ms(0), &b, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &a, 71, at_ms(100), NULL), REFUSAL_NONE);
  ck_assert_int_eq(open_attempt(s, &b, 72, at_ms(200), &next), REFUSAL_ON_THE_LINE);
  ck_assert_int_eq(next.ms, at_ms(60200).wall.ms);
  ck_assert_int_eq(lease_some(s, other, 1, at_ms(60100), &b, NULL), 0);
  ck_assert_int_eq(lease_some(s, other, 1, at_ms(60200), &b, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &b, 73, at_ms(60300), NULL), REFUSAL_ON_THE_LINE); /* a long talk */
  ck_assert_int_eq(close_attempt(s, 71, OUTCOME_CONNECTED, at_ms(70000)), CAD_OK);
  ck_assert_int_eq(lease_some(s, other, 1, at_ms(121000), &b, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &b, 74, at_ms(121100), NULL), REFUSAL_NONE);
}
END_TEST

START_TEST(dispositions_amend_by_rows_and_move_the_contact) {
  struct lease l[3];
  static const char *const CODES[] = {"CALLBK", "A", "DNC"};
  with_contacts(s, "one", 12025550101, 3);
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(0), l, NULL), 3);
  for (uint64_t i = 0; i < 3; i++) {
    ck_assert_int_eq(open_attempt(s, &l[i], 71 + i, at_ms(1), NULL), REFUSAL_NONE);
    ck_assert_int_eq(close_attempt(s, 71 + i, OUTCOME_CONNECTED, at_ms(1000)), CAD_OK);
    struct mail_store_dispose d = {.attempt_id = 71 + i, .agent_id = 5, .wrapup_ms = 4000, .at = at_ms(2000).wall};
    memcpy(d.code, CODES[i], strlen(CODES[i]));
    ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
    ck_assert_int_eq(store_dispose(s, &d), CAD_OK); /* the same again changes nothing */
  }
  ck_assert_int_eq(store_dnc_has(s, 12025550103, campaign), 1);
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(2000 + 7200000), l, NULL), 1);
  ck_assert_uint_eq(l[0].phone, 12025550102); /* a machine, by its rule */
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(2000 + 86400000), l, NULL), 2);
  ck_assert_uint_eq(l[0].phone, 12025550101); /* the callback goes first; the other lease has expired */
}
END_TEST

START_TEST(a_disposition_given_during_the_call_takes_effect_at_its_close) {
  struct lease l;
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 71, at_ms(1), NULL), REFUSAL_NONE);
  struct mail_store_dispose d = {.attempt_id = 71, .agent_id = 5, .code = "CALLBK", .at = at_ms(2000).wall};
  ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
  struct mail_store_close rec = {.attempt_id = 71, .agent_id = 5, .outcome = OUTCOME_CONNECTED, .ended = at_ms(9000).wall};
  ck_assert_int_eq(store_attempt_close(s, &rec), CAD_OK);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(2000 + 86400000), &l, NULL), 1);
}
END_TEST

START_TEST(a_disk_that_fills_up_in_mid_group_undoes_the_whole_group) {
  static struct lease l[400];
  struct store_counts n;
  struct mail_store_lease_end end;
  with_contacts(s, "one", 12025550000, 400);
  ck_assert_int_eq(lease_some(s, campaign, 400, at_ms(0), l, NULL), 400);
  ck_assert_int_eq(sqlite3_exec(s->db.handle, "PRAGMA max_page_count=1", NULL, NULL, NULL), SQLITE_OK); /* no more than it has */
  ck_assert_int_eq(store_begin(s), CAD_OK);
  int failed = 0;
  for (uint64_t i = 0; i < 400; i++) {
    struct mail_store_open req = {.attempt_id = 100 + i, .lease = l[i], .started = at_ms(1).wall};
    struct mail_store_opened reply;
    bool opened;
    failed += store_attempt_open(s, &req, at_ms(1), &reply, &opened) < 0;
  }
  ck_assert_int_gt(failed, 0);
  ck_assert_int_lt(store_commit(s), 0);
  ck_assert_int_eq(sqlite3_exec(s->db.handle, "PRAGMA max_page_count=1000000", NULL, NULL, NULL), SQLITE_OK);
  ck_assert_int_eq(store_counts(s, NULL, &n), CAD_OK);
  ck_assert_uint_eq(n.attempts, 0);
  ck_assert_uint_eq(n.contacts_waiting, 400);
  for (int i = 0; i < 400; i++) store_lease_drop(s, &l[i]);
  ck_assert_int_eq(lease_some(s, campaign, 400, at_ms(2), l, &end), 400);
  ck_assert_uint_eq(end.open, 400);
  for (uint64_t i = 0; i < 400; i++) ck_assert_int_eq(open_attempt(s, &l[i], 100 + i, at_ms(3), NULL), REFUSAL_NONE);
}
END_TEST

static int keep_line(void *arg, const struct abandon_line *l) {
  struct abandon_line *lines = arg;
  static const char *const RULES[] = {"US_TSR", "CA_CRTC", "UK_OFCOM_2015", "UK_OFCOM_AMD"};
  int i = 0;
  while (strcmp(l->rule, RULES[i]) != 0) i++;
  lines[i] = *l;
  return CAD_OK;
}

START_TEST(the_worksheet_says_what_may_still_be_abandoned_and_how_bad_the_true_rate_may_be) {
  struct lease l[40];
  with_contacts(s, "one", 12125550100u, 40);
  ck_assert_int_eq(lease_some(s, campaign, 40, at_ms(0), l, NULL), 40);
  for (uint64_t i = 0; i < 40; i++) {
    ck_assert_int_eq(open_attempt(s, &l[i], 100 + i, at_ms(0), NULL), REFUSAL_NONE);
    ck_assert_int_eq(close_attempt(s, 100 + i, i < 2 ? OUTCOME_ABANDONED : OUTCOME_CONNECTED, at_ms(20000)), CAD_OK);
  }
  struct abandon_line lines[4];
  struct call_filter all = {0};
  ck_assert_int_eq(report_abandonment(s, &all, keep_line, lines), CAD_OK);
  ck_assert_int_eq(lines[0].live, 40);
  ck_assert_int_eq(lines[0].abandoned, 2);
  ck_assert_int_eq(lines[0].within, false);
  ck_assert_int_eq(lines[0].credit_milli, -824); /* (0.03 * 40 - 2) / 0.97: each further abandoned call is an answer too */
  ck_assert_int_eq(lines[0].up_to_bp, 1650);     /* Wilson, 2 of 40 */
  ck_assert_int_eq(lines[1].limit_bp, 500);
  ck_assert_int_eq(lines[1].credit_milli, 0); /* 2 of 40 are 5 % exactly */
  ck_assert_int_eq(lines[1].within, true);
  ck_assert_str_eq(lines[3].estimate, "none");
  ck_assert_int_eq(lines[3].num * 40, lines[3].den * 2);
  struct campaign_def def; /* what the campaign declares holds in the sheet as in the pacer's account: 2/40 * 0.99 + 0.01 */
  ck_assert_int_eq(store_campaign_get(s, "one", &def), CAD_OK);
  def.terms.fp_bp = 100;
  ck_assert_int_eq(store_campaign_put(s, &def), CAD_OK);
  ck_assert_int_eq(report_abandonment(s, &all, keep_line, lines), CAD_OK);
  ck_assert_str_eq(lines[3].estimate, "declared");
  ck_assert_int_eq(lines[3].num * 10000, lines[3].den * 595);
  def.terms.screening = 0; /* nobody is taken for a machine */
  ck_assert_int_eq(store_campaign_put(s, &def), CAD_OK);
  ck_assert_int_eq(report_abandonment(s, &all, keep_line, lines), CAD_OK);
  ck_assert_str_eq(lines[3].estimate, "none");
  ck_assert_str_eq(lines[0].estimate, "");
}
END_TEST

START_TEST(a_stopped_campaign_leases_nothing_and_refuses_what_is_out) {
  struct lease l[2];
  with_contacts(s, "one", 12025550101, 2);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), l, NULL), 1);
  ck_assert_int_eq(store_campaign_state(s, "one", CAMPAIGN_PAUSED), CAD_OK);
  ck_assert_int_eq(open_attempt(s, l, 71, at_ms(1), NULL), REFUSAL_CAMPAIGN);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(2), l, NULL), 0);
  ck_assert_int_eq(store_campaign_state(s, "one", CAMPAIGN_RUNNING), CAD_OK);
  ck_assert_int_eq(lease_some(s, campaign, 2, at_ms(3), l, NULL) >= 1, 1);
  store_clock_trusted(s, false);
  ck_assert_int_eq(open_attempt(s, l, 72, at_ms(4), NULL), REFUSAL_CLOCK);
}
END_TEST

START_TEST(a_group_that_is_rolled_back_leaves_nothing_and_may_be_tried_again) {
  struct lease l;
  struct store_counts n;
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  ck_assert_int_eq(store_begin(s), CAD_OK);
  ck_assert_int_eq(open_attempt(s, &l, 71, at_ms(1), NULL), REFUSAL_NONE);
  store_rollback(s);
  ck_assert_int_eq(store_counts(s, NULL, &n), CAD_OK);
  ck_assert_uint_eq(n.attempts, 0);
  struct mail_store_lease_end end;
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(2), &l, &end), 1);
  ck_assert_uint_eq(end.open, 1);
  ck_assert_int_eq(open_attempt(s, &l, 71, at_ms(3), NULL), REFUSAL_NONE);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("attempt");
  TCase *t = tcase_create("attempt");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_contact_is_leased_opened_closed_and_logged);
  tcase_add_test(t, no_contact_is_leased_twice_and_a_dropped_or_expired_lease_returns);
  tcase_add_test(t, an_expired_lease_opens_nothing);
  tcase_add_test(t, opening_twice_gives_the_same_answer_and_one_attempt);
  tcase_add_test(t, busy_comes_back_after_its_delay_before_fresh_contacts_and_ends_after_three_tries);
  tcase_add_test(t, the_fourth_call_of_a_day_is_refused_until_the_first_leaves_the_window);
  tcase_add_test(t, an_opt_out_in_flight_wins_against_lease_and_retry);
  tcase_add_test(t, a_number_listed_between_lease_and_opening_by_hand_is_refused);
  tcase_add_test(t, nobody_is_rung_by_two_campaigns_at_once);
  tcase_add_test(t, dispositions_amend_by_rows_and_move_the_contact);
  tcase_add_test(t, a_disposition_given_during_the_call_takes_effect_at_its_close);
  tcase_add_test(t, a_disk_that_fills_up_in_mid_group_undoes_the_whole_group);
  tcase_add_test(t, the_worksheet_says_what_may_still_be_abandoned_and_how_bad_the_true_rate_may_be);
  tcase_add_test(t, a_stopped_campaign_leases_nothing_and_refuses_what_is_out);
  tcase_add_test(t, a_group_that_is_rolled_back_leaves_nothing_and_may_be_tried_again);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
