/* The call log as it leaves: exact header, UTC times, no formula in any cell, JSON lines with the same columns. */
#include "dialer/base/clock.h"
#include "dialer/local/local.h"
#include "harness.h"
#include <cadencia/err.h>
#include <cadencia/ids.h>
#include <jansson.h>

static const char HEADER[] =
    "attempt_id,campaign,contact_id,phone,direction,trunk,started_at,ringing_at,answered_at,greeting_end_at,bridged_at,ended_at,"
    "sip_code,cause,outcome,verdict,verdict_reason,agent,talk_ms,wrapup_ms,disposition,abandoned,ended_by,"
    "seller,caller_id,q850,agent_ended_at,early_hangup,live,category,party,label\n";
static const struct wall NOON = {1795276800000}; /* 2026-11-21T16:00:00Z */

static uint64_t attempts[8], campaign_id;

/* A campaign whose names are hostile, three contacts, one call each. */
static void records(struct store *s) {
  struct campaign_def d = {.state = CAMPAIGN_RUNNING};
  snprintf(d.terms.name, sizeof d.terms.name, "=spring,\"x\"");
  snprintf(d.trunk, sizeof d.trunk, "@carrier");
  snprintf(d.seller, sizeof d.seller, "S");
  snprintf(d.country, sizeof d.country, "US");
  snprintf(d.purpose, sizeof d.purpose, "survey");
  d.terms.mode = PACING_PROGRESSIVE;
  d.terms.ring_ms = 20000;
  d.terms.max_wait_ms = 2000;
  d.terms.limit_bp = 300;
  d.terms.caller_id = 12025550100;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  ck_assert_int_ge(store_campaign_put(s, &d), 0);
  campaign_id = d.terms.id;
  struct agent_def a = {.a = {.nailed = 1}};
  snprintf(a.a.name, sizeof a.a.name, "-anna");
  snprintf(a.a.uri, sizeof a.a.uri, "sip:a@127.0.0.1");
  snprintf(a.campaign, sizeof a.campaign, "%s", d.terms.name);
  ck_assert_int_ge(store_agent_put(s, &a), 0);
  struct contact_row rows[3] = {{.phone = 12025550101}, {.phone = 12025550102}, {.phone = 12025550103}};
  uint8_t result[3];
  uint64_t job, visible;
  ck_assert_int_ge(store_import_begin(s, d.terms.name, "x", NOON, &job), 0);
  ck_assert_int_ge(store_import_rows(s, job, rows, 3, result), 0);
  ck_assert_int_ge(store_import_finish(s, job, &visible), 0);
  struct mail_store_want want = {d.terms.id, 3};
  struct mail_store_lease_end end;
  struct lease lease[3];
  struct now now = {{1000}, NOON};
  ck_assert_int_eq(store_lease(s, &want, now, lease, &end), 3);
  struct id_maker ids = {0, store_last_id(s)};
  for (int i = 0; i < 3; i++) {
    attempts[i] = id_next(&ids, NOON);
    struct mail_store_open o = {.attempt_id = attempts[i], .lease = lease[i], .caller_id = 12025550100, .started = NOON};
    struct mail_store_opened reply;
    bool opened = false;
    ck_assert_int_ge(store_attempt_open(s, &o, now, &reply, &opened), 0);
    ck_assert_msg(opened, "refused: %s", refusal_name((enum refusal)reply.reason));
    struct mail_store_close c = {.attempt_id = attempts[i],
                                 .campaign_id = d.terms.id,
                                 .case_id = lease[i].case_id,
                                 .phone_id = lease[i].phone_id,
                                 .phone = lease[i].phone,
                                 .ringing = wall_add(NOON, 1500),
                                 .ended = wall_add(NOON, 30250),
                                 .sip_code = 486,
                                 .cause = CAUSE_BUSY,
                                 .outcome = OUTCOME_BUSY,
                                 .ended_by = ENDED_BY_CALLEE};
    if (i == 0) {
      c.agent_id = a.a.agent_id;
      c.answered = wall_add(NOON, 5000);
      c.greeting_end = wall_add(NOON, 6001);
      c.bridged = wall_add(NOON, 6100);
      c.sip_code = 200;
      c.cause = CAUSE_NORMAL;
      c.outcome = OUTCOME_CONNECTED;
      c.verdict = VERDICT_PERSON;
      c.reason = REASON_SHORT_GREETING;
      c.talk_ms = 24150;
    }
    ck_assert_int_ge(store_attempt_close(s, &c), 0);
  }
  struct mail_store_dispose dispose = {
      .attempt_id = attempts[0], .agent_id = a.a.agent_id, .code = "+SALE", .wrapup_ms = 5000, .at = wall_add(NOON, 36000)};
  ck_assert_int_ge(store_dispose(s, &dispose), 0);
}

static void setup(void) {
  home_make();
  ck_assert_int_eq(mkdir(scratch_path("state"), 0700), 0);
  struct store_options opt = {.path = scratch_path("state/cadencia.db"), .share_dir = SOURCE_DIR "/etc", .fast = true};
  struct store *s = NULL;
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  records(s);
  store_close(s);
}
static void teardown(void) { home_remove(); }

START_TEST(the_csv_has_the_promised_header_and_a_row_an_attempt) {
  EXPECT(0, "export", "calls", "--format", "csv");
  ck_assert_msg(strncmp(said_out, HEADER, strlen(HEADER)) == 0, "%s", said_out);
  char wanted[512];
  char at[25];
  clock_iso8601(NOON, at);
  ck_assert_int_eq(strcmp(at + 19, ".000Z"), 0);
  snprintf(wanted, sizeof wanted, "\n%llu,\"'=spring,\"\"x\"\"\",", (unsigned long long)attempts[0]);
  SAYS(said_out, wanted);
  snprintf(wanted, sizeof wanted, ",12025550101,outbound,\"'@carrier\",%s,", at);
  SAYS(said_out, wanted);
  SAYS(said_out, ",200,normal,connected,person,short_greeting,\"'-anna\",24150,5000,\"'+SALE\",0,callee,S,12025550100,0,,0,1,,,\n");
  SAYS(said_out, ",486,busy,busy,,,,0,0,,0,callee,S,12025550100,0,,0,0,,,\n");
  int lines = 0;
  for (const char *p = said_out; *p; p++) lines += *p == '\n';
  ck_assert_int_eq(lines, 4);
}
END_TEST

START_TEST(no_cell_of_the_csv_begins_as_a_formula) {
  EXPECT(0, "export", "calls", "--format", "csv");
  bool begin = true, quoted = false;
  for (const char *p = said_out; *p; p++) {
    if (begin && *p == '"') {
      quoted = true;
      begin = false;
      ck_assert_msg(!strchr("=+-@\t\r", p[1]), "cell %.20s", p);
      continue;
    }
    if (begin) ck_assert_msg(!strchr("=+-@\t\r", *p), "cell %.20s", p);
    if (*p == '"') quoted = !quoted;
    begin = !quoted && (*p == ',' || *p == '\n');
  }
}
END_TEST

START_TEST(json_lines_carry_the_same_columns_in_the_same_order) {
  EXPECT(0, "export", "calls", "--format", "jsonl");
  char *save = NULL;
  int rows = 0;
  for (char *line = strtok_r(said_out, "\n", &save); line; line = strtok_r(NULL, "\n", &save), rows++) {
    json_t *j = json_loads(line, 0, NULL);
    ck_assert_ptr_nonnull(j);
    char columns[sizeof HEADER] = "";
    const char *key;
    json_t *value;
    json_object_foreach(j, key, value) {
      if (columns[0]) strcat(columns, ",");
      strcat(columns, key);
    }
    strcat(columns, "\n");
    ck_assert_str_eq(columns, HEADER);
    ck_assert(json_is_string(json_object_get(j, "attempt_id")));
    ck_assert(json_is_false(json_object_get(j, "abandoned")));
    json_decref(j);
  }
  ck_assert_int_eq(rows, 3);
}
END_TEST

START_TEST(the_campaign_chooses_and_must_exist) {
  EXPECT(0, "export", "calls", "--campaign", "=spring,\"x\"", "--format", "jsonl");
  ck_assert_ptr_nonnull(strchr(said_out, '\n'));
  EXPECT(1, "export", "calls", "--campaign", "winter");
  SAYS(said_err, "there is no campaign");
}
END_TEST

START_TEST(status_and_show_count_what_was_done) {
  EXPECT(0, "status");
  SAYS(said_out, "3 attempts kept");
  EXPECT(0, "campaign", "show", "=spring,\"x\"", "--json");
  SAYS(said_out, "\"connected\": 1");
  SAYS(said_out, "\"busy\": 2");
}
END_TEST

int main(void) {
  Suite *s = suite_create("export");
  TCase *t = tcase_create("the call log");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, the_csv_has_the_promised_header_and_a_row_an_attempt);
  tcase_add_test(t, no_cell_of_the_csv_begins_as_a_formula);
  tcase_add_test(t, json_lines_carry_the_same_columns_in_the_same_order);
  tcase_add_test(t, the_campaign_chooses_and_must_exist);
  tcase_add_test(t, status_and_show_count_what_was_done);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
