/* A recorded message is another thing than an agent's call: the same gate is asked for it, with its own consent, and the decision says what
 * it said. */
#include "campaigns/records/store_internal.h"
#include "fixture.h"
#include "tests/support/scratch.h"
#include <campaigns/compliance.h>
#include <campaigns/rules.h>
#include <sys/stat.h>

static const char RULES[] =
    "pack = { id = \"own\"; title = \"Our own\"; jurisdiction = \"US\"; version = 20261101; };\n"
    "rules = ( { id = \"OWN-RECORDED\"; kind = \"consent\"; technology = [\"prerecorded\"]; basis = [\"consent\"];\n"
    "  from = \"2020-01-01\"; level = \"P\"; on = true; citation = \"policy\"; text = \"\"; } );\n";
static struct store *s;
static uint64_t campaign;

static void setup(void) {
  scratch_write("own.conf", RULES);
  struct store_options opt = {.share_dir = SOURCE_DIR "/etc", .box = 3, .fast = true, .rules_dir = scratch_dir()};
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  store_set_clock(s, at_ms(0).wall);
  struct campaign_def d = campaign_like("one");
  d.terms.machine_action = MACHINE_MESSAGE;
  strcpy(d.message, "message.wav");
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  campaign = d.terms.id;
}
static void teardown(void) {
  s = store_close(s);
  scratch_remove();
}

static void agrees(uint64_t phone, uint8_t technologies) {
  struct consent_row c = {
      .phone = phone, .bases = BASIS_CONSENT, .technologies = technologies, .granted = wall_add(at_ms(0).wall, -86400000)};
  strcpy(c.source, "form");
  strcpy(c.seller, "acme");
  ck_assert_int_eq(store_consent_add(s, &c), CAD_OK);
}

/* The call is opened whatever is said of the message; *inputs: what the decision kept. */
static enum refusal message_of(uint64_t phone, uint64_t attempt, char inputs[400]) {
  struct lease l;
  struct mail_store_opened reply = {0};
  bool opened = false;
  with_contacts(s, "one", phone, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  struct mail_store_open req = {.slot = 1, .gen = 1, .attempt_id = attempt, .lease = l, .caller_id = 12025550100, .started = at_ms(1).wall};
  ck_assert_int_eq(store_attempt_open(s, &req, at_ms(1), &reply, &opened), CAD_OK);
  ck_assert(opened);
  sqlite3_stmt *q = NULL;
  ck_assert_int_eq(sqlite3_prepare_v2(s->db.handle, "SELECT inputs FROM decision WHERE id=?", -1, &q, NULL), SQLITE_OK);
  sqlite3_bind_int64(q, 1, (int64_t)attempt);
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  snprintf(inputs, 400, "%s", (const char *)sqlite3_column_text(q, 0));
  sqlite3_finalize(q);
  return (enum refusal)reply.message;
}

START_TEST(who_agreed_to_recorded_voices_may_get_it_and_nobody_else) {
  char inputs[400];
  agrees(12025550101, 0); /* to everything */
  agrees(12025550102, TECH_PRERECORDED | TECH_MESSAGE_DROP);
  agrees(12025550103, TECH_AGENT);
  ck_assert_int_eq(message_of(12025550101, 71, inputs), REFUSAL_NONE);
  ck_assert_ptr_nonnull(strstr(inputs, "\"message\":\"allowed\""));
  ck_assert_int_eq(message_of(12025550102, 72, inputs), REFUSAL_NONE);
  ck_assert_int_eq(message_of(12025550103, 73, inputs), REFUSAL_CONSENT);
  ck_assert_ptr_nonnull(strstr(inputs, "\"message\":\"consent OWN-RECORDED\""));
  ck_assert_int_eq(message_of(12025550104, 74, inputs), REFUSAL_CONSENT);
}
END_TEST

START_TEST(asked_twice_it_is_no_permission) {
  struct lease l;
  struct mail_store_opened reply = {0};
  bool opened = false;
  agrees(12025550101, 0);
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  struct mail_store_open req = {.slot = 1, .gen = 1, .attempt_id = 71, .lease = l, .started = at_ms(1).wall};
  ck_assert_int_eq(store_attempt_open(s, &req, at_ms(1), &reply, &opened), CAD_OK);
  ck_assert_int_eq(reply.message, REFUSAL_NONE);
  ck_assert_int_eq(store_attempt_open(s, &req, at_ms(2), &reply, &opened), CAD_OK);
  ck_assert_int_ne(reply.message, REFUSAL_NONE);
}
END_TEST

START_TEST(what_was_played_is_kept_beside_the_call) {
  char inputs[400];
  agrees(12025550101, 0);
  message_of(12025550101, 71, inputs);
  struct mail_store_close rec = {.attempt_id = 71, .outcome = OUTCOME_MESSAGE_LEFT, .verdict = VERDICT_MACHINE, .ended = at_ms(40000).wall};
  rec.answered = at_ms(5000).wall;
  rec.message = 2;
  rec.message_ms = 15400;
  rec.message_after = REASON_BEEP;
  ck_assert_int_eq(store_attempt_close(s, &rec), CAD_OK);
  sqlite3_stmt *q = NULL;
  ck_assert_int_eq(sqlite3_prepare_v2(s->db.handle, "SELECT ms, whole, after FROM message WHERE attempt=71", -1, &q, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  ck_assert_int_eq(sqlite3_column_int(q, 0), 15400);
  ck_assert_int_eq(sqlite3_column_int(q, 1), 1);
  ck_assert_int_eq(sqlite3_column_int(q, 2), REASON_BEEP);
  sqlite3_finalize(q);
  struct store_counts n;
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.by_outcome[OUTCOME_MESSAGE_LEFT], 1);
  ck_assert_uint_eq(n.live, 0);
}
END_TEST

START_TEST(a_campaign_that_leaves_messages_has_one_and_is_read_back_as_written) {
  struct campaign_def d = campaign_like("two"), back;
  d.terms.machine_action = MACHINE_MESSAGE;
  d.terms.screening_action = MACHINE_AGENT;
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_EINVAL);
  strcpy(d.message, "message.wav");
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  ck_assert_int_eq(store_campaign_get(s, "two", &back), CAD_OK);
  ck_assert_int_eq(back.terms.machine_action, MACHINE_MESSAGE);
  ck_assert_int_eq(back.terms.screening_action, MACHINE_AGENT);
  ck_assert_str_eq(back.message, "message.wav");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("message");
  TCase *t = tcase_create("message");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, who_agreed_to_recorded_voices_may_get_it_and_nobody_else);
  tcase_add_test(t, asked_twice_it_is_no_permission);
  tcase_add_test(t, what_was_played_is_kept_beside_the_call);
  tcase_add_test(t, a_campaign_that_leaves_messages_has_one_and_is_read_back_as_written);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
