/* A scenario file says what is wrong with it and where; a contact's fortune is its own whoever calls it. */
#include "dialer/sim/rivals.h"
#include "dialer/sim/scenario.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <check.h>
#include <math.h>
#include <pacing/pacer.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char messages[4096];

static int load(const char *text, struct scenario *s) {
  memset(messages, 0, sizeof messages);
  FILE *err = fmemopen(messages, sizeof messages - 1, "w");
  int r = scenario_load(scratch_write("scenario.conf", text), s, err);
  fclose(err);
  return r;
}

START_TEST(talk_is_a_range_or_a_mean_and_the_same_for_everybody_who_asks) {
  struct spread s;
  ck_assert_int_eq(spread_parse_ms("30000-30000", &s), CAD_OK);
  ck_assert_int_eq(talk_of_number_ms(&s, 7, 12025550100), 30000);
  ck_assert_int_eq(spread_parse_ms("20000-40000", &s), CAD_OK);
  int64_t sum = 0, long_ones = 0;
  for (uint64_t i = 0; i < 2000; i++) {
    int64_t ms = talk_of_number_ms(&s, 7, 12025550100 + i);
    ck_assert_int_ge(ms, 20000);
    ck_assert_int_le(ms, 40000);
    ck_assert_int_eq(ms, talk_of_number_ms(&s, 7, 12025550100 + i));
    sum += ms;
  }
  ck_assert_int_ge(sum / 2000, 29500);
  ck_assert_int_le(sum / 2000, 30500);
  ck_assert_int_eq(spread_parse_ms("30000", &s), CAD_OK);
  sum = 0;
  for (uint64_t i = 0; i < 8000; i++) {
    int64_t ms = talk_of_number_ms(&s, 7, 12025550100 + i);
    sum += ms;
    long_ones += ms > 60000;
  }
  ck_assert_int_ge(sum / 8000, 28500); /* the mean of a log-normal with a coefficient of variation of 1 */
  ck_assert_int_le(sum / 8000, 31500);
  ck_assert_int_ge(long_ones, 8000 / 13); /* P(> 2 means) = 0.105 */
  ck_assert_int_le(long_ones, 8000 / 8);
  static const char *const WRONG[] = {"", "-1", "0", "5-", "-", "9-3", "30000x", "1-2-3", "4000000", "nan"};
  for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) ck_assert_msg(spread_parse_ms(WRONG[i], &s) < 0, "%s", WRONG[i]);
}
END_TEST

START_TEST(a_file_that_is_silent_has_the_defaults_and_says_only_what_differs) {
  struct scenario s;
  ck_assert_int_eq(load("agents = 7;\nanswer_pct = 40;\nstaff = ( (\"0:00\", 0.5), (\"2:30\", 1.0) );\n"
                        "break_waves = ( (\"1:00\", 0.4, 900) );\nclass_share = [ 1.0, 3.0 ];\nclass_factor = [ 0.5, 1.5 ];\n",
                        &s),
                   CAD_OK);
  ck_assert_uint_eq(s.agents, 7);
  ck_assert_double_eq(s.answer_pct, 40);
  ck_assert_double_eq(s.talk.mean, 120);
  ck_assert_double_eq(steps_at(&s.staff, 8999, 9), 0.5);
  ck_assert_double_eq(steps_at(&s.staff, 9000, 9), 1.0);
  ck_assert_uint_eq(s.wave_count, 1);
  ck_assert_double_eq(s.waves[0].for_s, 900);
  ck_assert_uint_eq(s.classes, 2);
}
END_TEST

START_TEST(every_error_names_its_line_and_the_fix) {
  static const struct {
    const char *text, *line, *says;
  } BAD[] = {{"agents = 3;\nanswer_pct = 120.0;\n", ":2:", "out of range 0 to 90"},
             {"answer_pct = \"many\";\n", ":1:", "write answer_pct = 25.0"},
             {"\n\nanswr_pct = 20;\n", ":3:", "did you mean \"answer_pct\"?"},
             {"staff = ( (\"2:00\", 0.4), (\"1:00\", 1.0) );\n", ":1:", "the times must rise"},
             {"talk_by_time = ( (\"2:xx\", 0.4) );\n", ":1:", "write (\"2:30\", 0.5)"},
             {"break_waves = ( (\"2:00\", 1.4, 900) );\n", ":1:", "share of agents"},
             {"class_share = [ 1.0, 2.0 ];\n", ":1:", "go together"},
             {"ring_limit_s = 10;\n", ":1:", "out of range 15"},
             {"machine_pct = 80;\nbusy_pct = 30;\n", ":1:", "exceed 100 together"},
             {"agents = 0;\n", ":1:", "out of range 1"},
             {"agents = 3\nhours = ;\n", ":2:", "check quotes"}};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    struct scenario s;
    ck_assert_int_eq(load(BAD[i].text, &s), CAD_EFORMAT);
    ck_assert_msg(strstr(messages, BAD[i].line) && strstr(messages, BAD[i].says), "%s gave: %s", BAD[i].text, messages);
  }
  struct scenario s;
  ck_assert_int_eq(scenario_load("/nowhere/at/all.conf", &s, NULL), CAD_ENOENT);
}
END_TEST

START_TEST(the_scenarios_that_come_with_it_are_good) {
  static const char *const NAMES[] = {"steady-3", "cold-5",   "shock-10", "mixtalk-10", "breaks-20",
                                      "blend-20", "shock-50", "lines-50", "staff-100",  "noscreen-10"};
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
    char path[300];
    struct scenario s;
    snprintf(path, sizeof path, SOURCE_DIR "/etc/scenarios/%s.conf", NAMES[i]);
    ck_assert_msg(scenario_load(path, &s, stderr) == CAD_OK, "%s", path);
    ck_assert_double_eq(s.hours, 8);
  }
}
END_TEST

START_TEST(what_contacts_do_agrees_with_the_file) {
  struct scenario s;
  scenario_defaults(&s);
  enum { N = 40000 };
  unsigned people = 0, machines = 0, busy = 0, mistaken = 0;
  double talk = 0, ring = 0, wrap = 0;
  for (uint64_t i = 0; i < N; i++) {
    struct fortune f;
    fortune_draw(&s, 5, i, 0, 0, &f);
    people += f.fate == FATE_PERSON;
    machines += f.fate == FATE_MACHINE;
    busy += f.fate == FATE_BUSY;
    if (f.fate != FATE_PERSON) continue;
    mistaken += !f.passed;
    talk += (double)f.talk_ms;
    wrap += (double)f.wrap_ms;
    ring += (double)(f.answer_ms - f.delay_ms);
    ck_assert_int_lt(f.answer_ms - f.delay_ms, 24000);
  }
  ck_assert_double_eq_tol((double)people / N, 0.25, 0.01);
  ck_assert_double_eq_tol((double)busy / N, 0.75 * 0.08, 0.005);
  ck_assert_uint_gt(machines, N / 10);
  ck_assert_double_eq_tol(talk / people, 120000, 4000);
  ck_assert_double_eq_tol(wrap / people, 15000, 300);
  ck_assert_double_eq_tol(ring / people, 8300, 300);
  ck_assert_uint_gt(mistaken, 10);
  ck_assert_uint_lt(mistaken, 120);
}
END_TEST

START_TEST(a_contact_has_its_own_fortune_and_a_second_call_another) {
  struct scenario s;
  scenario_defaults(&s);
  unsigned differ = 0;
  for (uint64_t i = 0; i < 200; i++) {
    struct fortune a, b, again;
    fortune_draw(&s, 9, i, 0, 0, &a);
    fortune_draw(&s, 9, i, 0, 0, &again);
    fortune_draw(&s, 9, i, 1, 0, &b);
    ck_assert_int_eq(memcmp(&a, &again, sizeof a), 0);
    ck_assert_uint_eq(a.class, scenario_class(&s, 9, i));
    ck_assert_uint_eq(a.class, b.class);
    differ += a.fate != b.fate || a.answer_ms != b.answer_ms;
  }
  ck_assert_uint_gt(differ, 150);
}
END_TEST

START_TEST(quantiles_are_followed) {
  struct spread s = {.count = 3, .quantile = {1, 2, 10}};
  ck_assert_double_eq(spread_at(&s, 0.5, 1), 2);
  ck_assert_double_eq(spread_at(&s, 0.75, 1), 6);
  ck_assert_double_eq(spread_at(&s, 0.25, 2), 3);
}
END_TEST

static uint32_t ask(struct rival_state *s, int64_t at_ms, uint32_t ready, uint32_t talking, uint32_t ringing, uint64_t drops,
                    uint64_t answers) {
  struct pacer_view view = {.now_ms = at_ms, .lines_free = 1000, .rate_free = 1000, .contacts = 1000};
  struct pacer_orders o = {.why = {.ready = ready, .talking = talking, .ringing = ringing}};
  rival_decide(s, &view, drops, answers, 0, &o);
  return o.launch;
}

START_TEST(calls_per_second_delay_the_rules_of_others_but_take_no_calls_from_them) {
  struct rival r;
  struct rival_state s;
  uint32_t placed = 0;
  ck_assert(rival_parse("vicidial:ratio,level=2", &r));
  rival_begin(&s, &r, 1000);
  for (int64_t t = 1000; t < 3400; t += 100) { /* one call each 100 ms; 2 x 10 agents wanted */
    struct pacer_view view = {.now_ms = t, .lines_free = 1000, .rate_free = 1, .contacts = 1000};
    struct pacer_orders o = {.why = {.ready = 10, .ringing = placed}};
    rival_decide(&s, &view, 0, 0, 0, &o);
    ck_assert_uint_le(o.launch, 1);
    placed += o.launch;
    if (placed < 20) ck_assert_int_eq(o.why.bound, PACER_BOUND_RATE); /* so that control asks again at once */
  }
  ck_assert_uint_eq(placed, 20);
}
END_TEST

START_TEST(the_rules_of_others_do_what_they_say) {
  struct rival r;
  struct rival_state s;
  ck_assert(rival_parse("fixed:2.5", &r));
  rival_begin(&s, &r, 1000);
  ck_assert_uint_eq(ask(&s, 1000, 2, 9, 1, 0, 0), 4);
  ck_assert(rival_parse("vicidial:ratio,level=3", &r));
  rival_begin(&s, &r, 1000);
  ck_assert_uint_eq(ask(&s, 1000, 1, 3, 2, 0, 0), 7); /* 3 x 4 agents, less 2 ringing and 3 talking */
  ck_assert_uint_eq(ask(&s, 2000, 1, 3, 2, 0, 0), 0); /* places every 2.5 s */
  ck_assert(rival_parse("vicidial:hard_limit,max=4", &r));
  rival_begin(&s, &r, 1000);
  for (int64_t t = 1000; t < 400000; t += 1000) ask(&s, t, 5, 5, 0, 0, 1000);
  ck_assert_double_eq(s.level, 4); /* agents idle: up to the most */
  for (int64_t t = 400000; t < 480000; t += 1000) ask(&s, t, 5, 5, 0, 100, 1000);
  ck_assert_double_eq(s.level, 1); /* 10 % dropped: back to one line an agent */
  ck_assert(!rival_parse("vicidial:hard_limit,max=x", &r));
  ck_assert(!rival_parse("vicidial:other", &r));
  ck_assert(!rival_parse("fixed:0", &r));
}
END_TEST

int main(void) {
  Suite *s = suite_create("scenario");
  TCase *t = tcase_create("files, fortunes and other rules");
  tcase_add_test(t, talk_is_a_range_or_a_mean_and_the_same_for_everybody_who_asks);
  tcase_add_test(t, a_file_that_is_silent_has_the_defaults_and_says_only_what_differs);
  tcase_add_test(t, every_error_names_its_line_and_the_fix);
  tcase_add_test(t, the_scenarios_that_come_with_it_are_good);
  tcase_add_test(t, what_contacts_do_agrees_with_the_file);
  tcase_add_test(t, a_contact_has_its_own_fortune_and_a_second_call_another);
  tcase_add_test(t, quantiles_are_followed);
  tcase_add_test(t, calls_per_second_delay_the_rules_of_others_but_take_no_calls_from_them);
  tcase_add_test(t, the_rules_of_others_do_what_they_say);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
