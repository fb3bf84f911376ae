/* A message at a machine: it begins after the beep or a long silence, and stops when somebody speaks. */
#include "sounds.h"
#include <check.h>

enum { BLOCK = 160 };
static struct sound sound;
static int16_t line[SOUND_MAX];

/* Listens as the daemon does: screen_leave as soon as a machine was decided on. ms of the first events; -1: none. */
struct told {
  int begins, begin_ms, again_ms, stop_ms, verdicts;
  enum verdict verdict;
  enum verdict_reason why;
};
static struct told listen_and_leave(double loss) {
  static _Alignas(16) unsigned char memory[16384];
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  struct screen *s = screen_init(memory, &params, true);
  struct screen_event e[SCREEN_EVENTS_MAX];
  struct told t = {0, -1, -1, -1, 0, VERDICT_NONE, REASON_NONE};
  sound_line(&sound, 0, loss, line);
  for (int at = 0; at + BLOCK <= sound.n; at += BLOCK) {
    const int n = screen_feed(s, line + at, BLOCK, e);
    for (int i = 0; i < n; i++) {
      const int ms = (int)(e[i].at / 8);
      if (e[i].kind == SCREEN_DECISION) {
        t.verdicts++;
        t.verdict = e[i].verdict;
        screen_leave(s);
      }
      if (e[i].kind == SCREEN_MESSAGE_STOP) t.stop_ms = ms;
      if (e[i].kind != SCREEN_MESSAGE_BEGIN) continue;
      if (t.begins++ == 0) {
        t.begin_ms = ms;
        t.why = e[i].reason;
      } else {
        t.again_ms = ms;
      }
    }
  }
  screen_release(s);
  return t;
}

static int ms_now(void) { return sound.n / 8; }
static void greeting(uint32_t seed) {
  dice_seed(seed);
  sound_clear(&sound);
  add_silence(&sound, 400);
  for (int i = 0; i < 4; i++) {
    add_speech(&sound, 1300, 120.0, -20.0);
    add_silence(&sound, 180);
  }
  add_silence(&sound, 400);
}
static void line_noise(void) { add_noise(&sound, 0, sound.n, -62.0); }

START_TEST(the_message_begins_soon_after_the_beep) {
  greeting((uint32_t)_i + 1);
  add_tone(&sound, 300, 1000, 0, -14);
  const int beep_end = ms_now();
  add_silence(&sound, 5000);
  line_noise();
  const struct told t = listen_and_leave(0.0);
  ck_assert_int_eq(t.verdict, VERDICT_MACHINE);
  ck_assert_int_eq(t.begins, 1);
  ck_assert_int_eq(t.why, REASON_BEEP);
  ck_assert_int_ge(t.begin_ms, beep_end + 250);
  ck_assert_int_le(t.begin_ms, beep_end + 450);
  ck_assert_int_eq(t.stop_ms, -1);
}
END_TEST

START_TEST(it_waits_for_the_last_beep_of_three) {
  greeting(7);
  for (int i = 0; i < 3; i++) {
    add_tone(&sound, 150, 1400, 0, -14);
    if (i < 2) add_silence(&sound, 150);
  }
  const int beep_end = ms_now();
  add_silence(&sound, 4000);
  line_noise();
  const struct told t = listen_and_leave(0.0);
  ck_assert_int_eq(t.begins, 1);
  ck_assert_int_ge(t.begin_ms, beep_end + 250);
  ck_assert_int_le(t.begin_ms, beep_end + 500);
}
END_TEST

START_TEST(without_a_beep_it_begins_after_two_seconds_of_silence) {
  greeting(9);
  const int end = ms_now() - 580;
  add_silence(&sound, 6000);
  line_noise();
  const struct told t = listen_and_leave(0.0);
  ck_assert_int_eq(t.verdict, VERDICT_MACHINE);
  ck_assert_int_eq(t.begins, 1);
  ck_assert_int_eq(t.why, REASON_NO_SOUND);
  ck_assert_int_ge(t.begin_ms, end + 1800);
  ck_assert_int_le(t.begin_ms, end + 2500);
}
END_TEST

START_TEST(a_beep_that_comes_after_all_lets_it_begin_anew_once) {
  greeting(11);
  add_silence(&sound, 3000);
  add_tone(&sound, 400, 850, 0, -14);
  const int beep_end = ms_now();
  add_silence(&sound, 3000);
  add_tone(&sound, 200, 850, 0, -14); /* the mailbox is nearly full */
  add_silence(&sound, 2000);
  line_noise();
  const struct told t = listen_and_leave(0.0);
  ck_assert_int_eq(t.begins, 2);
  ck_assert_int_ge(t.again_ms, beep_end + 250);
  ck_assert_int_le(t.again_ms, beep_end + 450);
}
END_TEST

START_TEST(somebody_who_picks_up_stops_it_and_is_judged_anew) {
  greeting((uint32_t)_i + 21);
  add_tone(&sound, 300, 1000, 0, -14);
  add_silence(&sound, 3500);
  const int hello = ms_now();
  add_speech(&sound, 650, 190.0, -20.0);
  add_silence(&sound, 3000);
  line_noise();
  const struct told t = listen_and_leave(0.0);
  ck_assert_int_eq(t.begins, 1);
  ck_assert_int_ge(t.stop_ms, hello + 300);
  ck_assert_int_le(t.stop_ms, hello + 900);
  ck_assert_int_eq(t.verdicts, 2);
  ck_assert_int_eq(t.verdict, VERDICT_PERSON);
}
END_TEST

START_TEST(clicks_and_lost_packets_do_not_stop_it) {
  greeting(31);
  add_tone(&sound, 300, 1000, 0, -14);
  add_silence(&sound, 1000);
  for (int i = 0; i < 6; i++) {
    add_speech(&sound, 60, 150.0, -18.0);
    add_silence(&sound, 900);
  }
  line_noise();
  const struct told t = listen_and_leave(0.02);
  ck_assert_int_eq(t.stop_ms, -1);
  ck_assert_int_eq(t.begins, 1);
}
END_TEST

START_TEST(a_person_never_gets_a_message) {
  dice_seed(41);
  sound_clear(&sound);
  add_silence(&sound, 300);
  add_speech(&sound, 600, 190.0, -20.0);
  add_silence(&sound, 8000);
  line_noise();
  const struct told t = listen_and_leave(0.0);
  ck_assert_int_eq(t.verdict, VERDICT_PERSON);
  ck_assert_int_eq(t.begins, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("leave");
  TCase *c = tcase_create("leave");
  tcase_add_loop_test(c, the_message_begins_soon_after_the_beep, 0, 8);
  tcase_add_test(c, it_waits_for_the_last_beep_of_three);
  tcase_add_test(c, without_a_beep_it_begins_after_two_seconds_of_silence);
  tcase_add_test(c, a_beep_that_comes_after_all_lets_it_begin_anew_once);
  tcase_add_loop_test(c, somebody_who_picks_up_stops_it_and_is_judged_anew, 0, 8);
  tcase_add_test(c, clicks_and_lost_packets_do_not_stop_it);
  tcase_add_test(c, a_person_never_gets_a_message);
  suite_add_tcase(suite, c);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
