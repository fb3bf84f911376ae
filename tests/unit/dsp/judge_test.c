/* The policy alone: what it does with the models' opinions, whatever they are. */
#include "dsp/judge.h"
#include "dsp/traits.h"
#include <check.h>
#include <string.h>

enum { ONSET = 60, SPOKEN = 80 };

static const enum screen_preset PRESETS[] = {SCREEN_QUICK, SCREEN_BALANCED, SCREEN_LEAVE_MESSAGE};

/* Speaks from ONSET for SPOKEN hops and is silent after; returns the hop of the verdict. later: the opinion once the silence has lasted
 * half a second. */
static uint32_t rule_on_two(enum screen_preset preset, uint32_t law_hold_ms, float machine, float silence, float later,
                            struct ruling *out) {
  struct screen_params params = screen_defaults(preset);
  params.hold_ms = law_hold_ms;
  struct talk talk;
  struct judge judge;
  talk_init(&talk);
  judge_init(&judge);
  for (uint32_t hop = 0; hop < 1000; hop++) {
    const bool speaks = hop >= ONSET && hop < ONSET + SPOKEN;
    talk_step(&talk, speaks, speaks, false, false, hop);
    const struct opinion opinion = {talk.started && (hop + 1) % TRAITS_TICK_HOPS == 0, machine,
                                    (hop - ONSET - SPOKEN) * HOP_MS < 500 || speaks ? silence : later};
    *out = judge_step(&judge, &params, &talk, 0, &opinion, hop);
    if (out->verdict != VERDICT_NONE) return hop;
  }
  return UINT32_MAX;
}

static uint32_t rule_on(enum screen_preset preset, uint32_t law_hold_ms, float machine, float silence, struct ruling *out) {
  return rule_on_two(preset, law_hold_ms, machine, silence, silence, out);
}

START_TEST(a_sure_person_is_released_within_half_a_second_of_silence) {
  struct ruling r;
  const uint32_t hop = rule_on(PRESETS[_i], 2000, 0.02f, 0.01f, &r);
  ck_assert_int_eq(r.verdict, VERDICT_PERSON);
  ck_assert_int_eq(r.reason, REASON_SHORT_GREETING);
  ck_assert_uint_le((hop - ONSET - SPOKEN) * HOP_MS, 500);
}
END_TEST

START_TEST(whoever_is_in_doubt_waits_and_is_a_person_then) {
  struct ruling r;
  const uint32_t hop = rule_on(PRESETS[_i], 2000, 0.5f, 1.0f, &r);
  ck_assert_int_eq(r.verdict, VERDICT_PERSON);
  const uint32_t waited_ms = (hop - ONSET - SPOKEN) * HOP_MS;
  ck_assert_uint_ge(waited_ms, 900);
  ck_assert_uint_lt(waited_ms, 2000);
}
END_TEST

START_TEST(who_says_a_word_or_two_and_waits_is_a_person_whatever_the_model_says) {
  struct ruling r;
  rule_on(PRESETS[_i], 2000, 0.9f, 1.0f, &r);
  ck_assert_int_eq(r.verdict, VERDICT_PERSON);
  ck_assert_int_eq(r.reason, REASON_UNDECIDED);
}
END_TEST

START_TEST(the_delay_of_the_first_word_never_makes_a_machine) {
  struct ruling r;
  for (float machine = 0.0f; machine < 0.45f; machine += 0.1f)
    for (float silence = 0.0f; silence <= 1.0f; silence += 0.1f) {
      rule_on(PRESETS[_i], 2000, machine, silence, &r);
      ck_assert_msg(r.verdict == VERDICT_PERSON, "%g and %g: %s", (double)machine, (double)silence, verdict_name(r.verdict));
    }
}
END_TEST

START_TEST(a_shorter_patience_of_the_law_is_kept) {
  struct ruling r;
  for (uint32_t hold_ms = 400; hold_ms <= 2000; hold_ms += 100) {
    const uint32_t hop = rule_on(PRESETS[_i], hold_ms, 0.5f, 1.0f, &r);
    ck_assert_msg((hop - ONSET - SPOKEN + 1) * HOP_MS <= hold_ms, "%u ms: after %u", hold_ms, (hop - ONSET - SPOKEN) * HOP_MS);
  }
}
END_TEST

START_TEST(longer_silence_never_asks_for_more_certainty_but_after_a_look) {
  const struct judge_preset *p = judge_preset(PRESETS[_i]);
  int turns = 0; /* where limits begin to fall */
  for (int k = 1; k < JUDGE_STEPS; k++) {
    turns += p->person_below[k] < p->person_below[k - 1] && (k == 1 || p->person_below[k - 1] >= p->person_below[k - 2]);
    ck_assert_uint_gt(p->quiet_ms[k], p->quiet_ms[k - 1]);
  }
  ck_assert_int_eq(turns, PRESETS[_i] == SCREEN_QUICK ? 0 : PRESETS[_i] == SCREEN_BALANCED ? 2 : 1);
  ck_assert_uint_lt(p->hold_ms, 2000);
}
END_TEST

START_TEST(who_is_not_sure_at_the_one_look_waits_until_a_greeting_would_have_gone_on) {
  struct ruling r;
  const uint32_t sure = rule_on(SCREEN_LEAVE_MESSAGE, 2000, 0.5f, 0.1f, &r);
  ck_assert_int_eq(r.verdict, VERDICT_PERSON);
  ck_assert_uint_le((sure - ONSET - SPOKEN) * HOP_MS, 440);
  for (float silence = 0.30f; silence < 0.90f; silence += 0.01f) {
    const uint32_t hop = rule_on(SCREEN_LEAVE_MESSAGE, 2000, 0.45f, silence, &r);
    ck_assert_int_eq(r.verdict, VERDICT_PERSON);
    ck_assert_uint_ge((hop - ONSET - SPOKEN) * HOP_MS, 1200);
  }
}
END_TEST

START_TEST(balanced_looks_at_a_third_of_a_second_and_at_two_thirds_and_lets_nobody_else_go_before_1250_ms) {
  struct ruling r;
  const uint32_t sure = rule_on(SCREEN_BALANCED, 2000, 0.5f, 0.2f, &r);
  ck_assert_int_eq(r.verdict, VERDICT_PERSON);
  ck_assert_uint_le((sure - ONSET - SPOKEN) * HOP_MS, 360);
  const uint32_t less_sure = rule_on_two(SCREEN_BALANCED, 2000, 0.5f, 0.40f, 0.20f, &r);
  ck_assert_int_eq(r.verdict, VERDICT_PERSON);
  ck_assert_uint_ge((less_sure - ONSET - SPOKEN) * HOP_MS, 600);
  ck_assert_uint_le((less_sure - ONSET - SPOKEN) * HOP_MS, 800);
  for (float silence = 0.40f; silence < 0.95f; silence += 0.05f) {
    const uint32_t hop = rule_on(SCREEN_BALANCED, 2000, 0.5f, silence, &r);
    ck_assert_int_eq(r.verdict, VERDICT_PERSON);
    ck_assert_uint_ge((hop - ONSET - SPOKEN) * HOP_MS, 1250);
  }
}
END_TEST

START_TEST(one_high_opinion_alone_is_not_enough) {
  const struct screen_params params = screen_defaults(PRESETS[_i]);
  struct talk talk;
  struct judge judge;
  talk_init(&talk);
  judge_init(&judge);
  struct ruling r = {VERDICT_NONE, REASON_NONE, 0};
  for (uint32_t hop = 0; hop < 300; hop++) {
    talk_step(&talk, true, true, false, false, hop);
    const bool asked = talk.started && (hop + 1) % TRAITS_TICK_HOPS == 0;
    const bool high = (hop + 1) / TRAITS_TICK_HOPS % 2 == 0;
    const struct opinion opinion = {asked, high ? 1.0f : 0.5f, 1.0f};
    r = judge_step(&judge, &params, &talk, 0, &opinion, hop);
    ck_assert_int_eq(r.verdict, VERDICT_NONE);
  }
  for (uint32_t hop = 300; hop < 320 && r.verdict == VERDICT_NONE; hop++) {
    talk_step(&talk, true, true, false, false, hop);
    const struct opinion opinion = {(hop + 1) % TRAITS_TICK_HOPS == 0, 1.0f, 1.0f};
    r = judge_step(&judge, &params, &talk, 0, &opinion, hop);
  }
  ck_assert_int_eq(r.verdict, VERDICT_MACHINE);
  ck_assert_int_eq(r.reason, REASON_LONG_GREETING);
}
END_TEST

/* A person was released; the far side then speaks again, after pause_hops, and the model says so much of it. */
static bool flagged(uint32_t pause_hops, uint32_t from_hop, float machine) {
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  struct talk talk;
  struct judge judge;
  talk_init(&talk);
  judge_init(&judge);
  bool late = false;
  for (uint32_t hop = 0; hop < from_hop + 300; hop++) {
    const bool speaks = (hop + pause_hops < from_hop && hop % 100 < 60) || hop >= from_hop;
    talk_step(&talk, speaks, speaks, false, false, hop);
    const struct opinion opinion = {talk.started && (hop + 1) % TRAITS_TICK_HOPS == 0, hop >= from_hop ? machine : 0.1f, 1.0f};
    judge_step(&judge, &params, &talk, 0, &opinion, hop);
    late |= hop >= from_hop && hop < from_hop + 100 && judge_late(&judge, &talk, hop);
  }
  return late;
}

START_TEST(a_greeting_that_goes_on_after_its_pause_is_flagged_late) {
  ck_assert(flagged(60, 140, 0.93f));
  ck_assert(flagged(120, 250, 0.93f));
}
END_TEST

START_TEST(an_answer_in_a_conversation_is_not_flagged) {
  ck_assert(!flagged(60, 140, 0.6f));
  ck_assert_msg(!flagged(300, 400, 0.93f), "somebody else spoke meanwhile");
  ck_assert_msg(!flagged(60, 1200, 0.93f), "long after the greeting");
}
END_TEST

int main(void) {
  Suite *s = suite_create("judge");
  TCase *c = tcase_create("policy");
  tcase_add_loop_test(c, a_sure_person_is_released_within_half_a_second_of_silence, 0, 3);
  tcase_add_loop_test(c, whoever_is_in_doubt_waits_and_is_a_person_then, 0, 3);
  tcase_add_loop_test(c, who_says_a_word_or_two_and_waits_is_a_person_whatever_the_model_says, 0, 3);
  tcase_add_loop_test(c, the_delay_of_the_first_word_never_makes_a_machine, 0, 3);
  tcase_add_loop_test(c, a_shorter_patience_of_the_law_is_kept, 0, 3);
  tcase_add_loop_test(c, longer_silence_never_asks_for_more_certainty_but_after_a_look, 0, 3);
  tcase_add_test(c, who_is_not_sure_at_the_one_look_waits_until_a_greeting_would_have_gone_on);
  tcase_add_test(c, balanced_looks_at_a_third_of_a_second_and_at_two_thirds_and_lets_nobody_else_go_before_1250_ms);
  tcase_add_loop_test(c, one_high_opinion_alone_is_not_enough, 0, 3);
  tcase_add_test(c, a_greeting_that_goes_on_after_its_pause_is_flagged_late);
  tcase_add_test(c, an_answer_in_a_conversation_is_not_flagged);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
