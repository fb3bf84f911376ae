/* The figures of a rehearsal: truth joined with the log. */
#include "dialer/sim/tally.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct tally *t;
static struct tally_sums s;
static uint64_t rows;
static void begin(void) {
  t = tally_create();
  rows = 0;
}
static void end(void) { t = tally_destroy(t); }

struct tale {
  enum behaviour was;
  int greeting_end, callee_heard, agent_heard, message; /* ms after the answer, 0: not */
  enum truth_end by;
  enum outcome outcome;
  bool answered, abandoned;
};
static int stays_ms; /* from the agent's first sound to the end */

static void tell(uint64_t attempt, const struct tale *x) {
  struct sim_truth truth = {
      .kind = TRUTH_CALL, .attempt = attempt, .behaviour = (uint8_t)x->was, .end = (uint8_t)x->by, .invited_ms = 1000};
#define AT(v) ((v) == 0 ? 0 : 5000 + (v))
  if (x->answered) truth.answered_ms = 5000;
  truth.greeting_end_ms = AT(x->greeting_end);
  truth.callee_heard_ms = AT(x->callee_heard);
  truth.agent_heard_ms = AT(x->agent_heard);
  truth.message_ms = AT(x->message);
  truth.ended_ms = AT(x->callee_heard + stays_ms);
  ck_assert_int_eq(tally_truth(t, &truth), CAD_OK);
}

static void count(const struct tale *tales, unsigned n) {
  for (unsigned i = 0; i < n; i++) tell(100 + n - i, &tales[i]); /* truth comes in another order than rows */
  tally_begin(t, n, NULL);
  for (unsigned i = 0; i < n; i++) {
    struct log_row r = {.attempt_id = 100 + n - i, .outcome = (uint8_t)tales[i].outcome, .abandoned = tales[i].abandoned};
    if (tales[i].answered) r.answered.ms = 1700000000000;
    tally_row(t, &r);
  }
  ck_assert_int_eq(tally_end(t, "x", NULL, &s), CAD_OK);
}

START_TEST(each_kind_of_person_is_counted_once_and_the_identities_hold) {
  static const struct tale tales[] = {{CALLEE_PERSON, 800, 1500, 1540, 0, TRUTH_END_DIALER, OUTCOME_CONNECTED, true, false},
                                      {CALLEE_PERSON, 800, 0, 0, 2810, TRUTH_END_DIALER, OUTCOME_ABANDONED, true, true},
                                      {CALLEE_PERSON, 800, 0, 0, 0, TRUTH_END_DIALER, OUTCOME_MACHINE, true, false},
                                      {CALLEE_PERSON, 800, 0, 0, 0, TRUTH_END_DIALER, OUTCOME_DEAD_AIR, true, false},
                                      {CALLEE_EARLY_HANGUP, 0, 0, 0, 0, TRUTH_END_CALLEE, OUTCOME_EARLY_HANGUP, true, false},
                                      {CALLEE_PERSON, 800, 0, 0, 0, TRUTH_END_CALLEE, OUTCOME_EARLY_HANGUP, true, false},
                                      {CALLEE_MACHINE, 0, 0, 0, 0, TRUTH_END_DIALER, OUTCOME_MACHINE, true, false},
                                      {CALLEE_MACHINE, 0, 1900, 0, 0, TRUTH_END_DIALER, OUTCOME_CONNECTED, true, false},
                                      {CALLEE_FAX, 0, 0, 0, 0, TRUTH_END_DIALER, OUTCOME_FAX, true, false},
                                      {CALLEE_BUSY, 0, 0, 0, 0, TRUTH_END_CALLEE, OUTCOME_BUSY, false, false},
                                      {CALLEE_NO_ANSWER, 0, 0, 0, 0, TRUTH_END_CANCELLED, OUTCOME_NO_ANSWER, false, false},
                                      {CALLEE_PERSON, 0, 0, 0, 0, TRUTH_END_CANCELLED, OUTCOME_CANCELLED, false, false},
                                      {CALLEE_REJECT, 0, 0, 0, 0, TRUTH_END_CALLEE, OUTCOME_REJECTED, false, false}};
  count(tales, sizeof tales / sizeof *tales);
  ck_assert_ptr_null(tally_wrong(&s));
  ck_assert_uint_eq(s.answered, 9);
  ck_assert_uint_eq(s.people, 6);
  ck_assert_uint_eq(s.connected, 1);
  ck_assert_uint_eq(s.abandoned, 1);
  ck_assert_uint_eq(s.taken_for_machine, 2);
  ck_assert_uint_eq(s.early_hangup, 2);
  ck_assert_uint_eq(s.machines, 2);
  ck_assert_uint_eq(s.machines_to_agents, 1);
  ck_assert_uint_eq(s.other, 1);
  ck_assert_uint_eq(s.no_answer, 2);
  ck_assert_uint_eq(s.busy, 1);
  ck_assert_uint_eq(s.failed, 1);
  ck_assert_uint_eq(s.abandonment_num, 1);
  ck_assert_uint_eq(s.abandonment_den, 3);
  ck_assert_uint_eq(s.connect_p50_ms, 740);
}
END_TEST

START_TEST(a_log_that_claims_a_connection_that_nobody_heard_is_not_believed) {
  static const struct tale tales[] = {{CALLEE_PERSON, 800, 0, 0, 0, TRUTH_END_DIALER, OUTCOME_CONNECTED, true, false}};
  count(tales, 1);
  ck_assert_uint_eq(s.connected, 0);
  ck_assert_uint_eq(s.abandoned, 1);
  ck_assert_uint_eq(s.one_way, 1);
  ck_assert_ptr_null(tally_wrong(&s));
}
END_TEST

START_TEST(who_hangs_up_as_the_agent_comes_was_not_heard_but_is_no_fault_of_the_line) {
  static const struct tale tales[] = {{CALLEE_PERSON, 800, 1500, 0, 0, TRUTH_END_CALLEE, OUTCOME_CONNECTED, true, false},
                                      {CALLEE_PERSON, 800, 1500, 0, 0, TRUTH_END_DIALER, OUTCOME_CONNECTED, true, false}};
  stays_ms = _i;
  count(tales, 2);
  ck_assert_uint_eq(s.connected, 2);
  ck_assert_uint_eq(s.one_way, _i < 400 ? 1 : 2);
}
END_TEST

START_TEST(an_answered_call_that_the_carrier_never_saw_is_other_and_told) {
  tally_begin(t, 1, NULL);
  struct log_row r = {.attempt_id = 5, .outcome = OUTCOME_CONNECTED, .answered = {1}};
  tally_row(t, &r);
  ck_assert_int_eq(tally_end(t, "x", NULL, &s), CAD_OK);
  ck_assert_uint_eq(s.other, 1);
  ck_assert_uint_eq(s.without_truth, 1);
}
END_TEST

START_TEST(a_missing_log_row_is_seen) {
  tally_begin(t, 2, NULL);
  struct log_row r = {.attempt_id = 5, .outcome = OUTCOME_BUSY};
  tally_row(t, &r);
  ck_assert_int_eq(tally_end(t, "x", NULL, &s), CAD_OK);
  ck_assert_ptr_nonnull(tally_wrong(&s));
}
END_TEST

START_TEST(the_median_and_the_95th_part_of_a_hundred_connections_are_the_50th_and_95th) {
  static struct tale tales[100];
  for (int i = 0; i < 100; i++)
    tales[i] = (struct tale){CALLEE_PERSON, 500, 500 + (i * 37 % 100 + 1) * 10, 400, 0, TRUTH_END_DIALER, OUTCOME_CONNECTED, true, false};
  count(tales, 100);
  ck_assert_uint_eq(s.connect_p50_ms, 500);
  ck_assert_uint_eq(s.connect_p95_ms, 950);
}
END_TEST

START_TEST(the_json_has_the_agreed_keys) {
  s = (struct tally_sums){
      .attempts = 3, .log_rows = 3, .answered = 1, .busy = 2, .people = 1, .connected = 1, .connect_count = 1, .connect_p50_ms = 600};
  char text[2000];
  const char *path = scratch_path("tally.json");
  ck_assert_int_eq(tally_write_json(&s, path), CAD_OK);
  FILE *f = fopen(path, "r");
  ck_assert_ptr_nonnull(f);
  text[fread(text, 1, sizeof text - 1, f)] = 0;
  fclose(f);
  static const char *const keys[] = {"attempts",           "answered",    "no_answer",  "busy",         "failed",       "people",
                                     "machines",           "other",       "connected",  "abandoned",    "early_hangup", "taken_for_machine",
                                     "machines_to_agents", "abandonment", "connect_ms", "occupancy_bp", "log_rows"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    char quoted[40];
    snprintf(quoted, sizeof quoted, "\"%s\": ", keys[i]);
    ck_assert_msg(strstr(text, quoted) != NULL, "%s is missing", keys[i]);
  }
  ck_assert_ptr_nonnull(strstr(text, "\"p50\": 600"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tally");
  TCase *c = tcase_create("tally");
  tcase_add_checked_fixture(c, begin, end);
  tcase_add_test(c, each_kind_of_person_is_counted_once_and_the_identities_hold);
  tcase_add_test(c, a_log_that_claims_a_connection_that_nobody_heard_is_not_believed);
  tcase_add_loop_test(c, who_hangs_up_as_the_agent_comes_was_not_heard_but_is_no_fault_of_the_line, 399, 401);
  tcase_add_test(c, an_answered_call_that_the_carrier_never_saw_is_other_and_told);
  tcase_add_test(c, a_missing_log_row_is_seen);
  tcase_add_test(c, the_median_and_the_95th_part_of_a_hundred_connections_are_the_50th_and_95th);
  tcase_add_test(c, the_json_has_the_agreed_keys);
  suite_add_tcase(suite, c);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
