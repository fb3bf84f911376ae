/* What signalling said of whoever answers sways the verdict within bounds; an automaton that says so is one. */
#include "sounds.h"
#include <check.h>

enum { BLOCK = 160 };
static struct sound sound;
static int16_t line[SOUND_MAX];

static struct screen_event decision(unsigned hints) {
  static _Alignas(16) unsigned char memory[16384];
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  struct screen *s = screen_init(memory, &params, true);
  struct screen_event e[SCREEN_EVENTS_MAX], found = {.verdict = VERDICT_NONE};
  screen_hint(s, hints);
  for (int at = 0; at + BLOCK <= sound.n && found.verdict == VERDICT_NONE; at += BLOCK)
    for (int n = screen_feed(s, line + at, BLOCK, e), i = 0; i < n; i++)
      if (e[i].kind == SCREEN_DECISION) found = e[i];
  screen_release(s);
  return found;
}

static void hello(uint32_t seed) {
  dice_seed(seed);
  sound_clear(&sound);
  add_silence(&sound, 400);
  add_speech(&sound, 550, 190.0, -20.0);
  add_silence(&sound, 5000);
  add_noise(&sound, 0, sound.n, -62.0);
  sound_line(&sound, 0, 0.0, line);
}

START_TEST(a_short_hello_is_a_person_though_the_call_was_forwarded) {
  int people = 0;
  for (uint32_t seed = 1; seed <= 40; seed++) {
    hello(seed);
    people += decision(HINT_FORWARDED | HINT_UNREACHED).verdict == VERDICT_PERSON;
  }
  ck_assert_int_eq(people, 40);
}
END_TEST

/* Whatever is heard: with a hint nobody is a person sooner, and a machine stays one. */
START_TEST(a_hint_only_ever_speaks_for_a_machine_and_keeps_the_limits) {
  int swayed = 0;
  for (uint32_t seed = 1; seed <= 24; seed++) {
    dice_seed(seed);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(100, 900));
    while (sound.n < RATE * 9) {
      add_speech(&sound, (int)dice_between(300, 1800), dice_between(90, 220), -20.0);
      add_silence(&sound, (int)dice_between(120, 900));
    }
    add_silence(&sound, 4000);
    add_noise(&sound, 0, sound.n, -62.0);
    sound_line(&sound, 0, 0.0, line);
    const struct screen_event plain = decision(0), hinted = decision(HINT_FORWARDED | HINT_UNREACHED);
    ck_assert_int_ne(hinted.verdict, VERDICT_NONE);
    ck_assert_uint_le(hinted.at, (uint64_t)RATE * 8); /* 6 s after the first word at the latest */
    if (plain.verdict == VERDICT_MACHINE) ck_assert_int_eq(hinted.verdict, VERDICT_MACHINE);
    if (plain.verdict == VERDICT_PERSON && hinted.verdict == VERDICT_PERSON) ck_assert_uint_ge(hinted.at, plain.at);
    swayed += hinted.reason == REASON_FORWARDED;
    ck_assert_int_ne(plain.reason, REASON_FORWARDED);
  }
  ck_assert_int_gt(swayed, 0);
}
END_TEST

START_TEST(an_automaton_is_a_machine_at_its_first_sound) {
  hello(5);
  const struct screen_event e = decision(HINT_AUTOMATON);
  ck_assert_int_eq(e.verdict, VERDICT_MACHINE);
  ck_assert_int_eq(e.reason, REASON_AUTOMATON);
  ck_assert_uint_ge(e.at, 400 * 8);
  ck_assert_uint_le(e.at, 700 * 8);
  ck_assert_int_eq(decision(0).verdict, VERDICT_PERSON);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("hint");
  TCase *c = tcase_create("hint");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_short_hello_is_a_person_though_the_call_was_forwarded);
  tcase_add_test(c, a_hint_only_ever_speaks_for_a_machine_and_keeps_the_limits);
  tcase_add_test(c, an_automaton_is_a_machine_at_its_first_sound);
  suite_add_tcase(suite, c);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
