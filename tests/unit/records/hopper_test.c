/* Who is called next: priority, segments, mix of lists, further numbers, promised calls. */
#include "fixture.h"

static const int64_t HOUR_MS = 3600000;
static struct store *s;
static uint64_t campaign;

static void setup(void) {
  s = store_at(NULL);
  struct campaign_def d = campaign_like("one");
  d.retry.next_number_ms = HOUR_MS;
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  campaign = d.terms.id;
}
static void teardown(void) { s = store_close(s); }

static uint64_t load(const struct contact_row *rows, int n) {
  uint64_t job, visible = 0;
  uint8_t results[256];
  ck_assert_int_eq(store_import_begin(s, "one", "list.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_int_eq(store_import_rows(s, job, rows, n, results), CAD_OK);
  for (int i = 0; i < n; i++) ck_assert_uint_eq(results[i], CONTACT_ADDED);
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_OK);
  return job;
}
static uint64_t load_many(uint64_t first, int n) {
  struct contact_row rows[200] = {{0}};
  for (int i = 0; i < n; i++) rows[i].phone = first + (uint64_t)i;
  return load(rows, n);
}
/* The one contact that is leased at that time, 0: none. */
static uint64_t next_phone(struct now now, struct lease *out) { return lease_some(s, campaign, 1, now, out, NULL) == 1 ? out->phone : 0; }
static void call(struct lease *l, uint64_t id, enum outcome outcome, struct now now) {
  ck_assert_int_eq(open_attempt(s, l, id, now, NULL), REFUSAL_NONE);
  ck_assert_int_eq(close_attempt(s, id, outcome, now), CAD_OK);
}

START_TEST(fresh_contacts_come_in_the_order_of_the_file_and_the_higher_segment_first) {
  struct contact_row rows[] = {{.phone = 12125550103, .order = 1},
                               {.phone = 13125550101, .order = 2},
                               {.phone = 12125550102, .order = 3},
                               {.phone = 12125550109, .order = 4, .segment = 9}};
  struct lease l[4];
  load(rows, 4);
  ck_assert_int_eq(lease_some(s, campaign, 4, at_ms(0), l, NULL), 4);
  ck_assert_uint_eq(l[0].phone, 12125550109);
  ck_assert_uint_eq(l[1].phone, 12125550103);
}
END_TEST

START_TEST(a_list_of_higher_priority_is_called_first) {
  struct lease l[2];
  load_many(12125550100, 5);
  uint64_t second = load_many(12125550200, 1);
  ck_assert_int_eq(store_list_tune(s, second, 80, 1), CAD_OK);
  ck_assert_int_eq(lease_some(s, campaign, 2, at_ms(0), l, NULL), 2);
  ck_assert_uint_eq(l[0].phone, 12125550200);
  ck_assert_uint_eq(l[1].phone, 12125550100);
  ck_assert_int_eq(store_list_tune(s, second, 0, 1), CAD_EINVAL);
  ck_assert_int_eq(store_list_tune(s, 12345, 50, 1), CAD_ENOENT);
}
END_TEST

START_TEST(lists_of_one_priority_share_the_leases) {
  struct lease l[80];
  load_many(12125550100, 100);
  uint64_t second = load_many(12125550300, 100);
  ck_assert_int_eq(store_list_tune(s, second, 50, 3), CAD_OK);
  int of_second = 0, n = lease_some(s, campaign, 80, at_ms(0), l, NULL);
  ck_assert_int_eq(n, 80);
  for (int i = 0; i < n; i++) of_second += l[i].phone >= 12125550300;
  ck_assert_int_ge(of_second, 50); /* three of four, in parts of ten */
  ck_assert_int_le(of_second, 70);
}
END_TEST

START_TEST(further_numbers_are_tried_in_their_order_and_dead_ones_never_again) {
  struct contact_row row = {.phone = 12125550100, .others = {12125550101, 12125550102}};
  struct lease l;
  load(&row, 1);
  ck_assert_uint_eq(next_phone(at_ms(0), &l), 12125550100);
  call(&l, 1, OUTCOME_NO_ANSWER, at_ms(1000));
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS / 2), &l), 0);
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS + 2000), &l), 12125550101); /* an hour later the next */
  call(&l, 2, OUTCOME_INVALID_NUMBER, at_ms(HOUR_MS + 3000));
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS + 4000), &l), 12125550102); /* nobody was rung: at once */
  call(&l, 3, OUTCOME_NO_ANSWER, at_ms(HOUR_MS + 5000));
  ck_assert_uint_eq(next_phone(at_ms(2 * HOUR_MS), &l), 0); /* all had their turn: the rule's hour */
  ck_assert_uint_eq(next_phone(at_ms(2 * HOUR_MS + 6000), &l), 12125550100);
  call(&l, 4, OUTCOME_NO_ANSWER, at_ms(2 * HOUR_MS + 7000));
  ck_assert_uint_eq(next_phone(at_ms(3 * HOUR_MS + 8000), &l), 12125550102); /* not the dead one */
  call(&l, 5, OUTCOME_NO_ANSWER, at_ms(3 * HOUR_MS + 9000));
  struct store_counts n;
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.contacts_waiting, 0); /* two tries each are over */
}
END_TEST

START_TEST(a_further_number_on_a_list_or_of_somebody_else_is_passed_over) {
  struct contact_row rows[] = {{.phone = 12125550100, .others = {12125550101, 12125550200, 12125550103}},
                               {.phone = 12125550200, .order = 9}};
  struct lease l;
  load(rows, 2);
  ck_assert_int_eq(store_dnc_add(s, 12125550101, NULL, "letter", at_ms(0).wall), CAD_OK);
  ck_assert_uint_eq(next_phone(at_ms(0), &l), 12125550100);
  call(&l, 1, OUTCOME_NO_ANSWER, at_ms(1000));
  ck_assert_uint_eq(next_phone(at_ms(2000), &l), 12125550200);
  call(&l, 2, OUTCOME_CONNECTED, at_ms(3000));
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS + 2000), &l), 12125550103);
}
END_TEST

START_TEST(people_who_were_reached_are_not_tried_at_another_number) {
  struct contact_row row = {.phone = 12125550100, .others = {12125550101}};
  struct lease l;
  load(&row, 1);
  ck_assert_uint_eq(next_phone(at_ms(0), &l), 12125550100);
  call(&l, 1, OUTCOME_CONNECTED, at_ms(1000));
  ck_assert_uint_eq(next_phone(at_ms(7 * HOUR_MS), &l), 0);
}
END_TEST

struct stands {
  struct list_row rows[4];
  int n;
};
static int take_stand(void *arg, const struct list_row *r) {
  struct stands *x = arg;
  x->rows[x->n++] = *r;
  return CAD_OK;
}

START_TEST(a_list_knows_how_far_it_came) {
  struct lease l[3];
  struct stands x = {.n = 0};
  load_many(12125550100, 4);
  ck_assert_int_eq(lease_some(s, campaign, 3, at_ms(0), l, NULL), 3);
  call(&l[0], 1, OUTCOME_BUSY, at_ms(1000));
  call(&l[1], 2, OUTCOME_CONNECTED, at_ms(1000));
  call(&l[2], 3, OUTCOME_NO_ANSWER, at_ms(1000));
  ck_assert_uint_eq(next_phone(at_ms(310000), &l[0]), 12125550100);
  call(&l[0], 4, OUTCOME_BUSY, at_ms(311000));
  ck_assert_int_eq(store_list_each(s, "one", take_stand, &x), CAD_OK);
  ck_assert_int_eq(x.n, 1);
  ck_assert_uint_eq(x.rows[0].contacts, 4);
  ck_assert_uint_eq(x.rows[0].tried, 3);
  ck_assert_uint_eq(x.rows[0].reached, 1);
  ck_assert_uint_eq(x.rows[0].done, 1);
  ck_assert_uint_eq(x.rows[0].attempts, 4);
  ck_assert_int_ne(x.rows[0].dialed.ms, 0);
}
END_TEST

START_TEST(no_answer_may_wait_for_another_part_of_the_day) {
  struct campaign_def d;
  struct lease l;
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  d.retry.other_part = 1u << OUTCOME_NO_ANSWER;
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  load_many(12125550100, 1);
  ck_assert_uint_eq(next_phone(at_ms(0), &l), 12125550100); /* noon in New York: the afternoon has begun */
  call(&l, 1, OUTCOME_NO_ANSWER, at_ms(1000));
  ck_assert_uint_eq(next_phone(at_ms(2 * HOUR_MS), &l), 0); /* the rule's hour is over, the afternoon is not */
  ck_assert_uint_eq(next_phone(at_ms(5 * HOUR_MS - 1000), &l), 0);
  ck_assert_uint_eq(next_phone(at_ms(5 * HOUR_MS), &l), 12125550100); /* 17:00 */
}
END_TEST

/* ---- promised calls ---- */

static void talk(uint64_t id, const char *code, uint64_t agent, struct now now) {
  struct lease l;
  ck_assert_uint_ne(next_phone(now, &l), 0);
  ck_assert_int_eq(open_attempt(s, &l, id, now, NULL), REFUSAL_NONE);
  struct mail_store_close rec = {
      .attempt_id = id, .agent_id = agent, .outcome = OUTCOME_CONNECTED, .answered = now.wall, .ended = now.wall};
  ck_assert_int_eq(store_attempt_close(s, &rec), CAD_OK);
  struct mail_store_dispose d = {.attempt_id = id, .agent_id = agent, .at = now.wall};
  snprintf(d.code, sizeof d.code, "%s", code);
  ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
}

START_TEST(a_promised_call_is_read_in_the_callees_time_and_moved_into_the_hours) {
  load_many(12135550100, 1); /* Los Angeles: 9 o'clock there */
  struct now now = at_ms(0);
  talk(1, "CALLBK", 7, now);
  struct callback c = {.attempt_id = 1, .agent_id = 7, .local_day = 20769, .local_minutes = 15 * 60}; /* 2026-11-12 15:00 */
  store_set_clock(s, now.wall);
  ck_assert_int_eq(store_callback_put(s, &c), CAD_OK);
  ck_assert_str_eq(c.zone, "America/Los_Angeles");
  ck_assert_int_eq(c.due.ms, NOON_MS + 30 * HOUR_MS);
  ck_assert_str_eq(c.moved_why, "");
  struct lease l;
  ck_assert_uint_eq(next_phone(at_ms(30 * HOUR_MS - 1), &l), 0);
  ck_assert_uint_eq(next_phone(at_ms(30 * HOUR_MS), &l), 12135550100);
  store_lease_drop(s, &l);
  c = (struct callback){.attempt_id = 1, .agent_id = 7, .local_day = 20769, .local_minutes = 6 * 60 + 30}; /* before eight */
  ck_assert_int_eq(store_callback_put(s, &c), CAD_OK);
  ck_assert_int_eq(c.due.ms, NOON_MS + 23 * HOUR_MS);
  ck_assert_int_gt((int)strlen(c.moved_why), 0);
  c = (struct callback){.attempt_id = 1, .wanted = at_ms(-HOUR_MS).wall};
  ck_assert_int_eq(store_callback_put(s, &c), CAD_EINVAL);
  c = (struct callback){.attempt_id = 99, .wanted = at_ms(HOUR_MS).wall};
  ck_assert_int_eq(store_callback_put(s, &c), CAD_ENOENT);
  ck_assert_int_eq(store_dnc_add(s, 12135550100, NULL, "letter", now.wall), CAD_OK);
  c = (struct callback){.attempt_id = 1, .wanted = at_ms(HOUR_MS).wall};
  ck_assert_int_eq(store_callback_put(s, &c), CAD_EREFUSED);
}
END_TEST

START_TEST(a_call_that_one_agent_promised_waits_for_them_and_then_for_anybody) {
  struct agent_def a = {.a = {.listener = 0, .nailed = 1, .state = AGENT_LOGGED_OUT}};
  struct lease l;
  snprintf(a.a.name, sizeof a.a.name, "anna");
  snprintf(a.a.uri, sizeof a.a.uri, "sip:anna@127.0.0.1:5060");
  snprintf(a.campaign, sizeof a.campaign, "one");
  ck_assert_int_eq(store_agent_put(s, &a), CAD_OK);
  load_many(12125550100, 1);
  talk(1, "CALLBK", a.a.agent_id, at_ms(0));
  struct callback c = {.attempt_id = 1, .agent_id = a.a.agent_id, .mine = true, .wanted = at_ms(HOUR_MS).wall};
  ck_assert_int_eq(store_callback_put(s, &c), CAD_OK);
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS), &l), 0);
  ck_assert_int_eq(store_agent_state(s, "anna", AGENT_READY), CAD_OK);
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS + 2000), &l), 12125550100);
  ck_assert_uint_eq(l.agent_id, a.a.agent_id);
  store_lease_drop(s, &l);
  ck_assert_int_eq(store_agent_state(s, "anna", AGENT_LOGGED_OUT), CAD_OK);
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS + 4000), &l), 0);
  ck_assert_uint_eq(next_phone(at_ms(HOUR_MS + HOUR_MS / 2), &l), 12125550100);
  ck_assert_uint_eq(l.agent_id, 0);
}
END_TEST

/* ---- codes ---- */

START_TEST(a_campaign_has_codes_of_its_own_and_viciDials_letters_find_them) {
  struct disposition_def d = {.code = "VENTA",
                              .alias = "SALE",
                              .name = "venta cerrada",
                              .category = CATEGORY_CONVERSION,
                              .effect = EFFECT_FINISHES,
                              .agents = true};
  struct disposition_def got;
  ck_assert_int_eq(store_disposition_put(s, "one", &d), CAD_OK);
  ck_assert_int_eq(store_disposition_get(s, "one", "VENTA", &got), CAD_OK);
  ck_assert_str_eq(got.name, "venta cerrada");
  ck_assert_int_eq(store_disposition_get(s, NULL, "VENTA", &got), CAD_ENOENT);
  ck_assert_int_eq(store_disposition_get(s, "one", "SALE", &got), CAD_OK);
  ck_assert_str_eq(got.code, "SALE"); /* the field's own stands beside it */
  d = (struct disposition_def){
      .code = "RE", .alias = "XYZ", .name = "busy again", .category = CATEGORY_NO_CONTACT, .effect = EFFECT_RETRIES, .as = OUTCOME_BUSY};
  ck_assert_int_eq(store_disposition_put(s, NULL, &d), CAD_OK);
  ck_assert_int_eq(store_disposition_get(s, "one", "XYZ", &got), CAD_OK);
  ck_assert_str_eq(got.code, "RE");
  load_many(12125550100, 1);
  talk(1, "RE", 7, at_ms(0));
  struct lease l;
  ck_assert_uint_eq(next_phone(at_ms(299000), &l), 0);
  ck_assert_uint_eq(next_phone(at_ms(300000), &l), 12125550100); /* the rule of busy */
  d.as = 0;
  ck_assert_int_eq(store_disposition_put(s, NULL, &d), CAD_EINVAL);
  strcpy(d.code, "no");
  d.as = OUTCOME_BUSY;
  ck_assert_int_eq(store_disposition_put(s, NULL, &d), CAD_EINVAL);
}
END_TEST

START_TEST(a_call_leaves_with_viciDials_letters) {
  struct disposition_def d = {
      .code = "VENTA", .alias = "SALE", .name = "venta", .category = CATEGORY_CONVERSION, .effect = EFFECT_FINISHES};
  char out[8];
  ck_assert_int_eq(store_disposition_put(s, "one", &d), CAD_OK);
  static const struct {
    const char *campaign, *code;
    enum outcome outcome;
    const char *letters;
  } V[] = {{"one", "VENTA", OUTCOME_CONNECTED, "SALE"}, {"two", "VENTA", OUTCOME_CONNECTED, "VENTA"},
           {"one", "NI", OUTCOME_CONNECTED, "NI"},      {"one", "", OUTCOME_BUSY, "AB"},
           {"one", "", OUTCOME_NO_ANSWER, "NA"},        {"one", "", OUTCOME_ABANDONED, "DROP"},
           {"one", "", OUTCOME_MACHINE, "AA"},          {"one", "", OUTCOME_EARLY_HANGUP, "PDROP"},
           {"one", "", OUTCOME_CONNECTED, ""}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    ck_assert_int_eq(store_disposition_letters(s, V[i].campaign, V[i].code, V[i].outcome, out), CAD_OK);
    ck_assert_msg(strcmp(out, V[i].letters) == 0, "%s %s: %s", V[i].campaign, V[i].code, out);
  }
}
END_TEST

START_TEST(an_opt_out_reaches_as_far_as_its_code_says) {
  struct disposition_def d = {
      .code = "NOCAMP", .name = "not for this", .category = CATEGORY_OPT_OUT, .effect = EFFECT_OPTS_OUT, .scope = OPT_OUT_CAMPAIGN};
  uint64_t two = with_campaign(s, "two");
  ck_assert_int_eq(store_disposition_put(s, NULL, &d), CAD_OK);
  load_many(12125550100, 1);
  talk(1, "NOCAMP", 7, at_ms(0));
  ck_assert_int_eq(store_dnc_has(s, 12125550100, campaign), 1);
  ck_assert_int_eq(store_dnc_has(s, 12125550100, two), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("hopper");
  TCase *t = tcase_create("hopper");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, fresh_contacts_come_in_the_order_of_the_file_and_the_higher_segment_first);
  tcase_add_test(t, a_list_of_higher_priority_is_called_first);
  tcase_add_test(t, lists_of_one_priority_share_the_leases);
  tcase_add_test(t, further_numbers_are_tried_in_their_order_and_dead_ones_never_again);
  tcase_add_test(t, a_further_number_on_a_list_or_of_somebody_else_is_passed_over);
  tcase_add_test(t, people_who_were_reached_are_not_tried_at_another_number);
  tcase_add_test(t, a_list_knows_how_far_it_came);
  tcase_add_test(t, no_answer_may_wait_for_another_part_of_the_day);
  tcase_add_test(t, a_promised_call_is_read_in_the_callees_time_and_moved_into_the_hours);
  tcase_add_test(t, a_call_that_one_agent_promised_waits_for_them_and_then_for_anybody);
  tcase_add_test(t, a_campaign_has_codes_of_its_own_and_viciDials_letters_find_them);
  tcase_add_test(t, a_call_leaves_with_viciDials_letters);
  tcase_add_test(t, an_opt_out_reaches_as_far_as_its_code_says);
  suite_add_tcase(suite, t);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed == 0 ? 0 : 1;
}
