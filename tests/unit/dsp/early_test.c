/* What is heard before the answer: a greeting that goes on across it is a recording; ringing, and words that
 * end with the answer, are not. */
#include "sounds.h"
#include <check.h>

static struct sound sound;
static int16_t line[SOUND_MAX];

/* The call is answered at that sample. */
static enum verdict_reason reason_when_answered_at(int at, enum verdict *verdict) {
  static _Alignas(16) unsigned char memory[16384];
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  struct screen *s = screen_init(memory, &params, false);
  struct screen_event e[SCREEN_EVENTS_MAX];
  enum verdict_reason reason = REASON_NONE;
  *verdict = VERDICT_NONE;
  add_noise(&sound, 0, sound.n, -62);
  sound_line(&sound, 0, 0.0, line);
  for (int i = 0; i + 160 <= sound.n; i += 160) {
    if (i >= at) screen_answered(s);
    for (int n = screen_feed(s, line + i, 160, e), k = 0; k < n; k++)
      if (e[k].kind == SCREEN_DECISION) *verdict = e[k].verdict, reason = e[k].reason;
  }
  screen_release(s);
  return reason;
}

START_TEST(a_greeting_that_goes_on_across_the_answer_is_a_machine) {
  enum verdict v;
  int right = 0;
  for (uint32_t seed = 1; seed <= 20; seed++) {
    dice_seed(seed);
    sound_clear(&sound);
    add_silence(&sound, 500);
    add_speech(&sound, 2200, dice_between(90, 240), -14);
    const int answer = sound.n;
    add_speech(&sound, 3000, dice_between(90, 240), -14);
    right += reason_when_answered_at(answer, &v) == REASON_EARLY_GREETING && v == VERDICT_MACHINE;
  }
  ck_assert_int_ge(right, 18);
}
END_TEST

START_TEST(words_in_place_of_ringing_end_with_the_answer_and_the_hello_is_a_person_s) {
  enum verdict v;
  for (uint32_t seed = 1; seed <= 20; seed++) {
    dice_seed(seed);
    sound_clear(&sound);
    add_silence(&sound, 300);
    add_speech(&sound, 2500, dice_between(90, 240), -14);
    const int answer = sound.n;
    add_silence(&sound, (int)dice_between(500, 1500));
    add_speech(&sound, 600, dice_between(90, 240), -14);
    add_silence(&sound, 3000);
    ck_assert_int_ne(reason_when_answered_at(answer, &v), REASON_EARLY_GREETING);
  }
}
END_TEST

START_TEST(ringing_up_to_the_answer_is_no_greeting) {
  enum verdict v;
  dice_seed(9);
  sound_clear(&sound);
  add_silence(&sound, 200);
  add_tone(&sound, 2000, 440, 480, -16);
  const int answer = sound.n;
  add_silence(&sound, 150);
  add_speech(&sound, 700, 180, -14);
  add_silence(&sound, 3000);
  ck_assert_int_ne(reason_when_answered_at(answer, &v), REASON_EARLY_GREETING);
}
END_TEST

int main(void) {
  Suite *s = suite_create("early media");
  TCase *c = tcase_create("early");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_greeting_that_goes_on_across_the_answer_is_a_machine);
  tcase_add_test(c, words_in_place_of_ringing_end_with_the_answer_and_the_hello_is_a_person_s);
  tcase_add_test(c, ringing_up_to_the_answer_is_no_greeting);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
