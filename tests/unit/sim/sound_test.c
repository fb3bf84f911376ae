/* Greeting ends, levels and tags of the simulated people. */
#include "dialer/sim/sound.h"
#include <check.h>
#include <dsp/codec.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 8 * 4000 };
static int16_t buffer[LENGTH];

static void say(int from_ms, int to_ms) { tone_add(buffer + from_ms * 8, (to_ms - from_ms) * 8, 0, 440, -18); }
static int end_ms(void) { return (int)(sound_speech_end(buffer, LENGTH) / 8); }
static void clean(void) { memset(buffer, 0, sizeof buffer); }

START_TEST(a_greeting_ends_where_the_first_long_silence_begins) {
  say(200, 700);
  say(1200, 1900); /* 500 ms of silence between */
  ck_assert_int_eq(end_ms(), 700);
}
END_TEST

START_TEST(a_pause_under_400_ms_does_not_end_a_greeting) {
  say(200, 700);
  say(1050, 1900);
  ck_assert_int_eq(end_ms(), 1900);
}
END_TEST

START_TEST(a_click_is_not_speech_and_noise_under_it_is_silence) {
  uint32_t state = 7;
  noise_add(buffer, LENGTH, &state, -55);
  say(100, 120);
  say(1000, 1600);
  ck_assert_int_eq(end_ms(), 1600);
}
END_TEST

START_TEST(silence_has_no_greeting) {
  ck_assert_uint_eq(sound_speech_end(buffer, LENGTH), 0);
  ck_assert(sound_active_level(buffer, LENGTH) < -99);
}
END_TEST

START_TEST(levels_come_out_as_asked) {
  tone_add(buffer, LENGTH, 0, 1000, -20);
  ck_assert_double_eq_tol(sound_level(buffer, LENGTH), -20, 0.05);
  clean();
  uint32_t state = 3;
  noise_add(buffer, LENGTH, &state, -50);
  ck_assert_double_eq_tol(sound_level(buffer, LENGTH), -50, 0.5);
}
END_TEST

START_TEST(a_room_has_its_level_and_more_low_than_high) {
  struct room room = {.dice = 5};
  room_add(buffer, LENGTH, &room, -40);
  ck_assert_double_eq_tol(sound_level(buffer, LENGTH), -40, 1.5);
  double rise = 0, all = 0; /* of white noise the difference of neighbours has twice the energy */
  for (int i = 1; i < LENGTH; i++) {
    double d = buffer[i] - buffer[i - 1];
    rise += d * d;
    all += (double)buffer[i] * buffer[i];
  }
  ck_assert_double_lt(rise, 0.5 * all);
}
END_TEST

START_TEST(every_tag_is_known_again_through_both_codecs_and_noise) {
  int16_t x[TAG_FRAMES * SOUND_FRAME];
  uint8_t g711[TAG_FRAMES * SOUND_FRAME];
  uint32_t state = 9;
  for (int tag = 0; tag < TAG_COUNT; tag++) {
    memset(x, 0, sizeof x);
    tag_add(x, TAG_FRAMES * SOUND_FRAME, (uint64_t)tag * 1111, tag, -24);
    noise_add(x, TAG_FRAMES * SOUND_FRAME, &state, -45);
    for (int codec = 0; codec <= 8; codec += 8) {
      codec_encode(codec, x, TAG_FRAMES * SOUND_FRAME, g711);
      codec_decode(codec, g711, TAG_FRAMES * SOUND_FRAME, x);
    }
    ck_assert_int_eq(tag_find(x), tag);
    ck_assert(tag_there(x, TAG_FRAMES * SOUND_FRAME, tag) && tag_there(x, SOUND_FRAME, tag));
    ck_assert(tag_likely(x));
  }
}
END_TEST

START_TEST(dtmf_tones_noise_and_fax_are_no_tags) {
  static const double low[] = {697, 770, 852, 941}, high[] = {1209, 1336, 1477, 1633};
  for (int i = 0; i < 16; i++) {
    clean();
    tone_add(buffer, LENGTH, 0, low[i / 4], -13);
    tone_add(buffer, LENGTH, 0, high[i % 4], -13);
    ck_assert_int_eq(tag_find(buffer), -1);
  }
  clean();
  ced_add(buffer, LENGTH, 4000, -13);
  ck_assert_int_eq(tag_find(buffer), -1);
  clean();
  uint32_t state = 5;
  noise_add(buffer, LENGTH, &state, -20);
  for (int at = 0; at + TAG_FRAMES * SOUND_FRAME < LENGTH; at += 100) ck_assert_int_eq(tag_find(buffer + at), -1);
}
END_TEST

START_TEST(tones_go_on_without_a_step_from_frame_to_frame) {
  static int16_t whole[LENGTH];
  memset(whole, 0, sizeof whole);
  busy_add(whole, LENGTH, 0, -16);
  sit_add(whole, LENGTH, 0, -16);
  for (uint64_t at = 0; at < LENGTH; at += SOUND_FRAME) {
    busy_add(buffer + at, SOUND_FRAME, at, -16);
    sit_add(buffer + at, SOUND_FRAME, at, -16);
  }
  for (int i = 0; i < LENGTH; i++) ck_assert_int_le(abs(whole[i] - buffer[i]), 2);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sound");
  TCase *c = tcase_create("sound");
  tcase_add_checked_fixture(c, clean, NULL);
  tcase_add_test(c, a_greeting_ends_where_the_first_long_silence_begins);
  tcase_add_test(c, a_pause_under_400_ms_does_not_end_a_greeting);
  tcase_add_test(c, a_click_is_not_speech_and_noise_under_it_is_silence);
  tcase_add_test(c, silence_has_no_greeting);
  tcase_add_test(c, levels_come_out_as_asked);
  tcase_add_test(c, a_room_has_its_level_and_more_low_than_high);
  tcase_add_test(c, every_tag_is_known_again_through_both_codecs_and_noise);
  tcase_add_test(c, dtmf_tones_noise_and_fax_are_no_tags);
  tcase_add_test(c, tones_go_on_without_a_step_from_frame_to_frame);
  suite_add_tcase(suite, c);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
