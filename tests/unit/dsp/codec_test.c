#include <dsp/codec.h>
#include <check.h>
#include <math.h>
#include <spandsp.h>
#include <stdlib.h>

enum { PCMU = 0, PCMA = 8 };

START_TEST(every_code_decodes_as_the_reference_says) {
  for (int i = 0; i < 256; i++) {
    uint8_t code = (uint8_t)i;
    int16_t u, a;
    codec_decode(PCMU, &code, 1, &u);
    codec_decode(PCMA, &code, 1, &a);
    ck_assert_int_eq(u, ulaw_to_linear(code));
    ck_assert_int_eq(a, alaw_to_linear(code));
  }
}
END_TEST

START_TEST(every_sample_encodes_as_the_reference_says) {
  for (int v = -32768; v <= 32767; v++) {
    int16_t sample = (int16_t)v;
    uint8_t u, a;
    codec_encode(PCMU, &sample, 1, &u);
    codec_encode(PCMA, &sample, 1, &a);
    ck_assert_msg(u == linear_to_ulaw(v), "mu-law of %d: %02x, not %02x", v, u, linear_to_ulaw(v));
    ck_assert_msg(a == linear_to_alaw(v), "A-law of %d: %02x, not %02x", v, a, linear_to_alaw(v));
  }
}
END_TEST

/* The least error that any code of the other law would make. */
static int least_error(int (*linear)(int code), int value) {
  int least = 65536;
  for (int code = 0; code < 256; code++) {
    int error = abs(linear(code) - value);
    if (error < least) least = error;
  }
  return least;
}
static int ulaw_value(int code) { return ulaw_to_linear((uint8_t)code); }
static int alaw_value(int code) { return alaw_to_linear((uint8_t)code); }

START_TEST(every_code_changes_law_to_about_the_nearest_value_on_the_same_side) {
  for (int i = 0; i < 256; i++) {
    uint8_t code = (uint8_t)i, out;
    codec_transcode(PCMU, PCMA, &code, 1, &out);
    ck_assert_int_le(abs(alaw_value(out) - ulaw_value(i)), least_error(alaw_value, ulaw_value(i)) * 13 / 10);
    ck_assert(ulaw_value(i) == 0 || (ulaw_value(i) > 0) == (alaw_value(out) > 0));
    codec_transcode(PCMA, PCMU, &code, 1, &out);
    ck_assert_int_le(abs(ulaw_value(out) - alaw_value(i)), least_error(ulaw_value, alaw_value(i)) * 13 / 10);
    codec_transcode(PCMA, PCMA, &code, 1, &out);
    ck_assert_uint_eq(out, code);
  }
}
END_TEST

/* Level of a 1013 Hz tone after a change of law, relative to before. */
static double gain(int from, int to, double level) {
  double before = 0, after = 0;
  for (int i = 0; i < 8000; i++) {
    double wave = sin(2 * M_PI * 1013 * i / 8000);
    int16_t pcm = (int16_t)lrint(level * wave), heard;
    uint8_t code, other;
    codec_encode(from, &pcm, 1, &code);
    codec_decode(from, &code, 1, &heard);
    before += heard * wave;
    codec_transcode(from, to, &code, 1, &other);
    codec_decode(to, &other, 1, &heard);
    after += heard * wave;
  }
  return after / before;
}

START_TEST(a_change_of_law_keeps_the_level_within_little_more_than_one_percent) {
  for (double level = 1000; level < 31000; level *= 1.1) {
    ck_assert_double_eq_tol(gain(PCMU, PCMA, level), 1.0, 0.012);
    ck_assert_double_eq_tol(gain(PCMA, PCMU, level), 1.0, 0.012);
  }
}
END_TEST

START_TEST(a_changed_law_is_at_most_one_step_away_from_the_original) {
  for (int i = 0; i < 256; i++) {
    uint8_t code = (uint8_t)i, other;
    int16_t before, after;
    codec_decode(PCMU, &code, 1, &before);
    codec_transcode(PCMU, PCMA, &code, 1, &other);
    codec_decode(PCMA, &other, 1, &after);
    int size = abs(before);
    int step = size < 512 ? 16 : size / 8;
    ck_assert_msg(abs(before - after) <= step, "%d became %d", before, after);
  }
}
END_TEST

START_TEST(a_block_is_the_same_as_its_samples_one_by_one) {
  int16_t pcm[160], back[160];
  uint8_t block[160], one;
  for (int i = 0; i < 160; i++) pcm[i] = (int16_t)((i * 7919) % 65536 - 32768);
  codec_encode(PCMA, pcm, 160, block);
  for (int i = 0; i < 160; i++) {
    codec_encode(PCMA, &pcm[i], 1, &one);
    ck_assert_uint_eq(one, block[i]);
  }
  codec_decode(PCMA, block, 160, back);
  for (int i = 0; i < 160; i++) ck_assert_int_le(abs(back[i] - pcm[i]), 8 + abs(pcm[i]) / 16);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("codec");
  TCase *tc = tcase_create("codec");
  tcase_add_test(tc, every_code_decodes_as_the_reference_says);
  tcase_add_test(tc, every_sample_encodes_as_the_reference_says);
  tcase_add_test(tc, every_code_changes_law_to_about_the_nearest_value_on_the_same_side);
  tcase_add_test(tc, a_change_of_law_keeps_the_level_within_little_more_than_one_percent);
  tcase_add_test(tc, a_changed_law_is_at_most_one_step_away_from_the_original);
  tcase_add_test(tc, a_block_is_the_same_as_its_samples_one_by_one);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
