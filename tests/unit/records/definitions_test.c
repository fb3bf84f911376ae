#include "fixture.h"
#include "tests/support/scratch.h"

static struct store *s;
static char path[256];

static void setup(void) {
  strcpy(path, scratch_path("cadencia.db"));
  s = store_at(path);
}
static void teardown(void) {
  s = store_close(s);
  scratch_remove();
}

START_TEST(a_campaign_comes_back_from_the_file_as_it_was_put) {
  struct campaign_def d = campaign_like("Cobros \xc3\xb1 \"1\""), back;
  d.terms.dispositions[0][0] = 'X';
  strcpy(d.prompt, "safe-harbour.wav");
  d.terms.sample_bp = 100, d.terms.sample_days = 30;
  strcpy(d.sample_basis, "consent, clause 7");
  d.gate.hours.close[0] = d.gate.hours.open[0];
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  ck_assert_uint_ne(d.terms.id, 0);
  s = store_close(s);
  s = store_at(path);
  ck_assert_int_eq(store_campaign_get(s, d.terms.name, &back), CAD_OK);
  ck_assert_mem_eq(&back.gate.hours, &d.gate.hours, sizeof d.gate.hours);
  ck_assert_uint_eq(back.terms.sample_bp, 100);
  ck_assert_uint_eq(back.terms.sample_days, 30);
  ck_assert_str_eq(back.sample_basis, d.sample_basis);
  ck_assert_int_eq(back.retry.count, d.retry.count);
  for (int i = 0; i < d.retry.count; i++) {
    ck_assert_int_eq(back.retry.rules[i].outcome, d.retry.rules[i].outcome);
    ck_assert_int_eq(back.retry.rules[i].delay_ms, d.retry.rules[i].delay_ms);
    ck_assert_uint_eq(back.retry.rules[i].max_tries, d.retry.rules[i].max_tries);
  }
  ck_assert_uint_eq(back.terms.id, d.terms.id);
  ck_assert_uint_eq(back.terms.mode, d.terms.mode);
  ck_assert_uint_eq(back.terms.ring_ms, d.terms.ring_ms);
  ck_assert_uint_eq(back.terms.max_wait_ms, d.terms.max_wait_ms);
  ck_assert_uint_eq(back.terms.caller_id, d.terms.caller_id);
  ck_assert_uint_eq(back.terms.optout_digit, '9');
  ck_assert_str_eq(back.terms.dispositions[0], "X");
  ck_assert_str_eq(back.terms.dispositions[1], "SALE");
  ck_assert_str_eq(back.terms.default_disposition, "NI");
  ck_assert_str_eq(back.prompt, d.prompt);
  ck_assert_str_eq(back.seller, "acme");
  ck_assert_str_eq(back.trunk, "carrier");
  ck_assert_str_eq(back.country, "US");
  ck_assert_int_eq(back.state, CAMPAIGN_RUNNING);
}
END_TEST

START_TEST(definitions_out_of_bounds_are_refused) {
  struct campaign_def good = campaign_like("x"), d;
#define REFUSED(change)                                                                                                                    \
  d = good;                                                                                                                                \
  change;                                                                                                                                  \
  ck_assert_msg(store_campaign_put(s, &d) == CAD_EINVAL, "%s", #change)
  REFUSED(d.terms.name[0] = '\0');
  REFUSED(memset(d.terms.name, 'a', sizeof d.terms.name));
  REFUSED(d.terms.name[0] = '\n');
  REFUSED(d.terms.ring_ms = 14999);
  REFUSED(d.terms.max_wait_ms = 2001);
  REFUSED(d.terms.max_wait_ms = 0);
  REFUSED(d.terms.sample_days = 30); /* and no legal basis */
  REFUSED(d.terms.mode = PACING_COUNT);
  REFUSED(d.terms.limit_bp = 10001);
  REFUSED(d.gate.attempts_max = 0);
  REFUSED(d.gate.attempts_window_ms = 0);
  REFUSED(d.gate.hours.open[3] = 1441);
  REFUSED(memset(&d.gate.hours, 0, sizeof d.gate.hours));
  REFUSED(d.retry.rules[0].outcome = OUTCOME_COUNT);
  REFUSED(d.retry.rules[0].delay_ms = -1);
  REFUSED(d.retry.count = RETRY_RULES_MAX + 1);
  REFUSED(d.country[0] = '\0');
  ck_assert_int_eq(store_campaign_put(s, &good), CAD_OK);
  d = campaign_like("x");
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_EEXIST);
  good.terms.wrapup_ms = 7000;
  ck_assert_int_eq(store_campaign_put(s, &good), CAD_OK);
  ck_assert_int_eq(store_campaign_get(s, "x", &d), CAD_OK);
  ck_assert_uint_eq(d.terms.wrapup_ms, 7000);
  ck_assert_int_eq(store_campaign_get(s, "y", &d), CAD_ENOENT);
  ck_assert_int_eq(store_campaign_state(s, "y", CAMPAIGN_RUNNING), CAD_ENOENT);
}
END_TEST

START_TEST(agents_belong_to_campaigns_and_keep_their_wanted_state) {
  struct agent_def a = {.a = {.name = "ana", .uri = "sip:ana@127.0.0.1:5080", .nailed = 1}, .campaign = "one"}, back;
  ck_assert_int_eq(store_agent_put(s, &a), CAD_ENOENT);
  uint64_t id = with_campaign(s, "one");
  ck_assert_int_eq(store_agent_put(s, &a), CAD_OK);
  ck_assert_uint_eq(a.a.campaign_id, id);
  struct agent_def again = a;
  again.a.agent_id = 0;
  ck_assert_int_eq(store_agent_put(s, &again), CAD_EEXIST);
  ck_assert_int_eq(store_agent_state(s, "ana", AGENT_READY), CAD_OK);
  ck_assert_int_eq(store_agent_state(s, "ana", AGENT_TALKING), CAD_EINVAL);
  ck_assert_int_eq(store_agent_state(s, "eva", AGENT_READY), CAD_ENOENT);
  s = store_close(s);
  s = store_at(path);
  ck_assert_int_eq(store_agent_get(s, "ana", &back), CAD_OK);
  ck_assert_int_eq(back.a.state, AGENT_READY);
  ck_assert_str_eq(back.campaign, "one");
  ck_assert_str_eq(back.a.uri, a.a.uri);
  ck_assert_uint_eq(back.a.nailed, 1);
  strcpy(back.a.uri, "sip:ana@10.0.0.1");
  ck_assert_int_eq(store_agent_put(s, &back), CAD_OK);
  ck_assert_int_eq(store_agent_get(s, "ana", &a), CAD_OK);
  ck_assert_str_eq(a.a.uri, "sip:ana@10.0.0.1");
}
END_TEST

START_TEST(the_budget_is_the_fold_over_the_period_of_the_campaign) {
  struct lease l[8];
  struct campaign_def d;
  uint64_t c = with_campaign(s, "one");
  with_contacts(s, "one", 12025550100, 8);
  ck_assert_int_eq(lease_some(s, c, 8, at_ms(0), l, NULL), 8);
  for (uint64_t i = 0; i < 8; i++) {
    ck_assert_int_eq(open_attempt(s, &l[i], 1 + i, at_ms(100), NULL), REFUSAL_NONE);
    enum outcome o = i == 0 ? OUTCOME_ABANDONED : i < 4 ? OUTCOME_CONNECTED : i == 4 ? OUTCOME_EARLY_HANGUP : OUTCOME_MACHINE;
    ck_assert_int_eq(close_attempt(s, 1 + i, o, at_ms(9000)), CAD_OK);
  }
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  ck_assert_uint_eq(d.terms.window_count, 2); /* in the US: a day, and thirty days */
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(d.terms.windows[i].abandoned, 1);
    ck_assert_uint_eq(d.terms.windows[i].served, 3);
    ck_assert_uint_eq(d.terms.windows[i].early, 1);
    ck_assert_int_le(d.terms.windows[i].begins.ms, at_ms(0).wall.ms);
    ck_assert_int_gt(d.terms.windows[i].ends.ms, at_ms(9000).wall.ms);
  }
  /* The agent of one says that it was a machine, then takes it back. */
  struct mail_store_dispose say = {.attempt_id = 2, .agent_id = 1, .code = "A", .at = at_ms(10000).wall};
  ck_assert_int_eq(store_dispose(s, &say), CAD_OK);
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  ck_assert_uint_eq(d.terms.windows[0].served, 2);
  ck_assert_uint_eq(d.terms.windows[0].machines, 1);
  say = (struct mail_store_dispose){.attempt_id = 2, .agent_id = 1, .code = "SALE", .at = at_ms(20000).wall};
  ck_assert_int_eq(store_dispose(s, &say), CAD_OK);
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  ck_assert_uint_eq(d.terms.windows[0].served, 3);
  ck_assert_uint_eq(d.terms.windows[0].machines, 0);
  store_set_clock(s, at_ms(86400000).wall); /* the next day begins empty, the thirty days go on */
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  ck_assert_uint_eq(d.terms.windows[0].served + d.terms.windows[0].abandoned, 0);
  ck_assert_uint_eq(d.terms.windows[1].served + d.terms.windows[1].abandoned, 4);
  store_set_clock(s, at_ms((int64_t)31 * 86400000).wall); /* the next period begins empty */
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  ck_assert_uint_eq(d.terms.windows[1].served + d.terms.windows[1].abandoned, 0);
}
END_TEST

struct rows {
  int count;
  struct log_row row[8];
};
static int keep(void *arg, const struct log_row *r) {
  struct rows *rows = arg;
  rows->row[rows->count++] = *r;
  return rows->count == 8 ? CAD_EFULL : CAD_OK;
}

START_TEST(the_call_log_has_every_column_and_a_reader_sees_the_same) {
  struct lease l[2];
  uint64_t c = with_campaign(s, "one");
  struct agent_def a = {.a = {.name = "ana", .uri = "sip:ana@127.0.0.1"}, .campaign = "one"};
  ck_assert_int_eq(store_agent_put(s, &a), CAD_OK);
  with_contacts(s, "one", 12025550100, 2);
  ck_assert_int_eq(lease_some(s, c, 2, at_ms(0), l, NULL), 2);
  ck_assert_int_eq(open_attempt(s, &l[0], 11, at_ms(100), NULL), REFUSAL_NONE);
  ck_assert_int_eq(open_attempt(s, &l[1], 12, at_ms(200), NULL), REFUSAL_NONE);
  struct mail_store_close rec = {.attempt_id = 11,
                                 .agent_id = a.a.agent_id,
                                 .ringing = at_ms(1000).wall,
                                 .answered = at_ms(2000).wall,
                                 .greeting_end = at_ms(2900).wall,
                                 .bridged = at_ms(3100).wall,
                                 .ended = at_ms(9000).wall,
                                 .sip_code = 200,
                                 .cause = CAUSE_NORMAL,
                                 .outcome = OUTCOME_CONNECTED,
                                 .verdict = VERDICT_PERSON,
                                 .reason = REASON_SHORT_GREETING,
                                 .ended_by = ENDED_BY_CALLEE,
                                 .talk_ms = 5900};
  ck_assert_int_eq(store_attempt_close(s, &rec), CAD_OK);
  struct mail_store_dispose d = {.attempt_id = 11, .agent_id = a.a.agent_id, .code = "N", .wrapup_ms = 100, .at = at_ms(9100).wall};
  ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
  d = (struct mail_store_dispose){.attempt_id = 11, .agent_id = a.a.agent_id, .code = "SALE", .wrapup_ms = 4100, .at = at_ms(13100).wall};
  ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
  struct store *reader = NULL;
  ck_assert_int_eq(store_open_reader(path, &reader, stderr), CAD_OK);
  for (int i = 0; i < 2; i++) {
    struct rows rows = {0};
    struct log_filter f = {.campaign = "one"};
    ck_assert_int_eq(store_log_each(i ? reader : s, &f, keep, &rows), CAD_OK);
    ck_assert_int_eq(rows.count, 2);
    const struct log_row *r = &rows.row[0];
    ck_assert_uint_eq(r->attempt_id, 11);
    ck_assert_uint_eq(r->contact_id, l[0].case_id);
    ck_assert_uint_eq(r->phone, 12025550100);
    ck_assert_str_eq(r->campaign, "one");
    ck_assert_str_eq(r->trunk, "carrier");
    ck_assert_str_eq(r->agent, "ana");
    ck_assert_str_eq(r->disposition, "SALE"); /* the last one */
    ck_assert_uint_eq(r->wrapup_ms, 4100);
    ck_assert_int_eq(r->started.ms, NOON_MS + 100);
    ck_assert_int_eq(r->greeting_end.ms, NOON_MS + 2900);
    ck_assert_int_eq(r->bridged.ms, NOON_MS + 3100);
    ck_assert_int_eq(r->ended.ms, NOON_MS + 9000);
    ck_assert_uint_eq(r->outcome, OUTCOME_CONNECTED);
    ck_assert_uint_eq(r->verdict, VERDICT_PERSON);
    ck_assert_uint_eq(r->reason, REASON_SHORT_GREETING);
    ck_assert_uint_eq(r->ended_by, ENDED_BY_CALLEE);
    ck_assert_uint_eq(r->talk_ms, 5900);
    ck_assert(!r->open && !r->inbound);
    ck_assert(rows.row[1].open);
    f = (struct log_filter){.from = at_ms(150).wall, .to = at_ms(250).wall};
    rows.count = 0;
    ck_assert_int_eq(store_log_each(i ? reader : s, &f, keep, &rows), CAD_OK);
    ck_assert_int_eq(rows.count, 1);
    ck_assert_uint_eq(rows.row[0].attempt_id, 12);
    f = (struct log_filter){.campaign = "none"};
    rows.count = 0;
    ck_assert_int_eq(store_log_each(i ? reader : s, &f, keep, &rows), CAD_OK);
    ck_assert_int_eq(rows.count, 0);
  }
  struct store_counts n;
  ck_assert_int_eq(store_counts(reader, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.attempts, 2);
  ck_assert_uint_eq(n.open_attempts, 1);
  struct campaign_def def;
  ck_assert_int_eq(store_campaign_get(reader, "one", &def), CAD_OK);
  ck_assert_int_eq(store_begin(reader), CAD_EREFUSED);
  store_close(reader);
}
END_TEST

START_TEST(without_zone_rules_or_numbering_data_the_store_does_not_open) {
  struct store *none = NULL;
  struct store_options opt = {.share_dir = "/nonexistent", .fast = true};
  char text[512] = "";
  FILE *err = fmemopen(text, sizeof text, "w");
  ck_assert_int_lt(store_open(&opt, &none, err), 0);
  opt = (struct store_options){.share_dir = SOURCE_DIR "/etc", .zone_dir = "/nonexistent", .fast = true};
  ck_assert_int_lt(store_open(&opt, &none, err), 0);
  fclose(err);
  ck_assert_ptr_nonnull(strstr(text, "prefix_zones.csv"));
  ck_assert_ptr_nonnull(strstr(text, "tzdata"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("definitions");
  TCase *t = tcase_create("definitions");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_campaign_comes_back_from_the_file_as_it_was_put);
  tcase_add_test(t, definitions_out_of_bounds_are_refused);
  tcase_add_test(t, agents_belong_to_campaigns_and_keep_their_wanted_state);
  tcase_add_test(t, the_budget_is_the_fold_over_the_period_of_the_campaign);
  tcase_add_test(t, the_call_log_has_every_column_and_a_reader_sees_the_same);
  tcase_add_test(t, without_zone_rules_or_numbering_data_the_store_does_not_open);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
