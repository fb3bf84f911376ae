/* How much of a voice is cut off at the top is heard, and nothing else is taken for it. */
#include "dsp/clipping.h"
#include "sounds.h"
#include <check.h>

static struct sound sound;
static int16_t line[SOUND_MAX];

/* over_db: how far the peaks are cut; 0: not at all. */
static float share_of_a_voice(uint32_t seed, double over_db, double level_dbm0) {
  struct clipping c;
  clipping_init(&c);
  dice_seed(seed);
  sound_clear(&sound);
  add_speech(&sound, 3000, dice_between(90, 240), level_dbm0);
  sound_line(&sound, seed % 2 ? 0 : 8, 0.0, line);
  int peak = 1;
  for (int i = 0; i < sound.n; i++)
    if (abs(line[i]) > peak) peak = abs(line[i]);
  const int limit = (int)(peak * pow(10.0, -over_db / 20.0));
  for (int i = 0; i < sound.n; i++) line[i] = (int16_t)(line[i] > limit ? limit : line[i] < -limit ? -limit : line[i]);
  for (int i = 0; i + 80 <= sound.n; i += 80) clipping_step(&c, line + i, 80, true);
  return clipping_share(&c);
}

START_TEST(a_voice_that_is_cut_off_is_told_from_a_whole_one_at_any_level) {
  for (uint32_t seed = 1; seed <= 30; seed++) {
    const double level = dice_between(-38, -14);
    const float whole = share_of_a_voice(seed, 0.0, level), cut = share_of_a_voice(seed, 12.0, level);
    ck_assert_msg(whole < 0.2f, "seed %u: whole, %.3f", seed, (double)whole);
    ck_assert_msg(cut > 0.3f, "seed %u: cut, %.3f", seed, (double)cut);
  }
}
END_TEST

START_TEST(a_few_words_or_silence_tell_nothing) {
  struct clipping c;
  int16_t x[80];
  clipping_init(&c);
  for (int i = 0; i < 80; i++) x[i] = 30000;
  for (int i = 0; i < 10; i++) clipping_step(&c, x, 80, true);
  ck_assert(clipping_share(&c) <= 0.0f);
  for (int i = 0; i < 1000; i++) clipping_step(&c, x, 80, false);
  ck_assert(clipping_share(&c) <= 0.0f);
  for (int i = 0; i < 100; i++) clipping_step(&c, x, 80, true);
  ck_assert(clipping_share(&c) >= 0.99f);
}
END_TEST

int main(void) {
  Suite *s = suite_create("clipping");
  TCase *c = tcase_create("clipping");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_voice_that_is_cut_off_is_told_from_a_whole_one_at_any_level);
  tcase_add_test(c, a_few_words_or_silence_tell_nothing);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
