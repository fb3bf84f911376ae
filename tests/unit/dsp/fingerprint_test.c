/* Fingerprints of announcements: the same recording is known again over another line, others are not. */
#include "sounds.h"
#include <check.h>
#include <dsp/fingerprint.h>

enum { RECORDINGS = 40 };
static struct sound sound;
static int16_t line[SOUND_MAX];

static void record(uint32_t recording, double dbm0, int wait_ms, double noise_dbm0, int law) {
  dice_seed(recording);
  const double pitch = dice_between(90, 250);
  sound_clear(&sound);
  add_silence(&sound, wait_ms);
  dice_seed(recording * 7 + 1);
  add_speech(&sound, 1500, pitch, dbm0);
  add_silence(&sound, 180);
  add_speech(&sound, 2600, pitch, dbm0);
  add_noise(&sound, 0, sound.n, noise_dbm0);
  sound_line(&sound, law, 0.0, line);
}

static bool print_of(struct fingerprint *out, const struct print_set *set, enum verdict_reason *reason) {
  static _Alignas(16) unsigned char memory[16384];
  struct screen_params params = screen_defaults(SCREEN_BALANCED);
  params.prints = set;
  struct screen *s = screen_init(memory, &params, true);
  struct screen_event e[SCREEN_EVENTS_MAX];
  *reason = REASON_NONE;
  for (int at = 0; at + 160 <= sound.n; at += 160)
    for (int n = screen_feed(s, line + at, 160, e), i = 0; i < n; i++)
      if (e[i].kind == SCREEN_DECISION || e[i].kind == SCREEN_LATE_MACHINE) *reason = e[i].reason;
  const bool got = screen_print(s, out);
  screen_release(s);
  return got;
}

START_TEST(the_same_recording_is_known_again_over_another_line_and_another_is_not) {
  static struct fingerprint first[RECORDINGS], again[RECORDINGS];
  enum verdict_reason reason;
  for (uint32_t r = 0; r < RECORDINGS; r++) {
    record(r + 1, -12, 400, -60, 0);
    ck_assert(print_of(&first[r], NULL, &reason));
    record(r + 1, -20, 713, -58, 8);
    ck_assert(print_of(&again[r], NULL, &reason));
  }
  int known = 0, wrong = 0;
  for (int a = 0; a < RECORDINGS; a++)
    for (int b = 0; b < RECORDINGS; b++) {
      const bool alike = print_compare(&first[a], &again[b]) <= PRINT_SAME_BP;
      known += alike && a == b;
      wrong += alike && a != b;
    }
  ck_assert_int_ge(known, RECORDINGS * 9 / 10);
  ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(a_known_announcement_is_a_machine_and_says_so) {
  static struct print_set set;
  enum verdict_reason reason;
  struct fingerprint ignored;
  record(5, -12, 400, -60, 0);
  ck_assert(print_of(&set.print[0], NULL, &reason));
  ck_assert_int_ne(reason, REASON_FINGERPRINT);
  set.count = 1;
  record(5, -17, 911, -60, 8);
  print_of(&ignored, &set, &reason);
  ck_assert_int_eq(reason, REASON_FINGERPRINT);
  record(6, -17, 911, -60, 8);
  print_of(&ignored, &set, &reason);
  ck_assert_int_ne(reason, REASON_FINGERPRINT);
}
END_TEST

START_TEST(a_known_screening_robot_is_told_apart_from_machines) {
  static struct print_set set;
  enum verdict_reason reason;
  struct fingerprint ignored;
  for (int i = 0; i < 2; i++) {
    record(20 + (uint32_t)i, -12, 400, -60, 0);
    ck_assert(print_of(&set.print[i], NULL, &reason));
  }
  set.count = 2;
  set.screening[1] = true;
  record(20, -18, 700, -58, 8);
  print_of(&ignored, &set, &reason);
  ck_assert_int_eq(reason, REASON_FINGERPRINT);
  record(21, -18, 700, -58, 8);
  print_of(&ignored, &set, &reason);
  ck_assert_int_eq(reason, REASON_SCREENING_PHRASE);
}
END_TEST

START_TEST(a_short_hello_has_no_fingerprint) {
  struct fingerprint print;
  enum verdict_reason reason;
  dice_seed(4);
  sound_clear(&sound);
  add_silence(&sound, 300);
  add_speech(&sound, 500, 180, -12);
  add_silence(&sound, 4000);
  add_noise(&sound, 0, sound.n, -60);
  sound_line(&sound, 0, 0.0, line);
  ck_assert(!print_of(&print, NULL, &reason));
}
END_TEST

/* Who waits for answers is a person, and a beep in that call (a key, a microwave oven) proves nothing about the words before. */
START_TEST(who_waits_for_an_answer_has_no_fingerprint) {
  struct fingerprint print;
  enum verdict_reason reason;
  dice_seed(9);
  sound_clear(&sound);
  add_silence(&sound, 300);
  add_speech(&sound, 2900, 140, -12);
  add_silence(&sound, 1600);
  add_speech(&sound, 700, 140, -12);
  add_tone(&sound, 300, 1000, 0, -14);
  add_silence(&sound, 500);
  add_noise(&sound, 0, sound.n, -60);
  sound_line(&sound, 0, 0.0, line);
  ck_assert(!print_of(&print, NULL, &reason));
}
END_TEST

START_TEST(a_steady_sound_has_no_fingerprint) {
  struct fingerprint print;
  enum verdict_reason reason;
  dice_seed(11);
  sound_clear(&sound);
  add_silence(&sound, 300);
  add_speech(&sound, 400, 180, -12);
  add_tone(&sound, 3000, 210, 330, -14);
  add_noise(&sound, 0, sound.n, -70);
  sound_line(&sound, 0, 0.0, line);
  ck_assert(!print_of(&print, NULL, &reason));
}
END_TEST

int main(void) {
  Suite *s = suite_create("fingerprints");
  TCase *c = tcase_create("fingerprints");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, the_same_recording_is_known_again_over_another_line_and_another_is_not);
  tcase_add_test(c, a_known_announcement_is_a_machine_and_says_so);
  tcase_add_test(c, a_known_screening_robot_is_told_apart_from_machines);
  tcase_add_test(c, a_short_hello_has_no_fingerprint);
  tcase_add_test(c, who_waits_for_an_answer_has_no_fingerprint);
  tcase_add_test(c, a_steady_sound_has_no_fingerprint);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
