#include "tests/support/scratch.h"
#include <dsp/wav.h>
#include <cadencia/err.h>
#include <check.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[256];

static void name_file(void) { strcpy(path, scratch_path("sound.wav")); }
static void remove_file(void) { scratch_remove(); }

/* One second or more of two sines, the second channel (if any) full of something else. */
static void write_tones(int rate, int channels, int format, double seconds, double hz1, double hz2) {
  SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
  SNDFILE *file = sf_open(path, SFM_WRITE, &info);
  ck_assert_ptr_nonnull(file);
  int n = (int)(rate * seconds);
  float *pcm = calloc((size_t)(n * channels), sizeof *pcm);
  for (int i = 0; i < n; i++) {
    pcm[i * channels] = (float)(0.25 * sin(2 * M_PI * hz1 * i / rate) + 0.25 * sin(2 * M_PI * hz2 * i / rate));
    if (channels > 1) pcm[i * channels + 1] = 0.9f;
  }
  ck_assert_int_eq(sf_writef_float(file, pcm, n), n);
  sf_close(file);
  free(pcm);
}

/* Amplitude of one frequency, away from the edges. */
static double amplitude(const int16_t *pcm, size_t n, double hz) {
  double re = 0, im = 0;
  size_t from = n / 8, to = n - n / 8;
  for (size_t i = from; i < to; i++) {
    re += pcm[i] * cos(2 * M_PI * hz * (double)i / 8000);
    im += pcm[i] * sin(2 * M_PI * hz * (double)i / 8000);
  }
  return 2 * sqrt(re * re + im * im) / (double)(to - from) / 32768;
}

START_TEST(what_was_written_is_read_back_to_the_last_bit) {
  int16_t pcm[1000], *back = NULL;
  size_t n = 0;
  for (int i = 0; i < 1000; i++) pcm[i] = (int16_t)(i * 65 - 32500);
  ck_assert_int_eq(wav_write(path, pcm, 1000), CAD_OK);
  ck_assert_int_eq(wav_read(path, 1000, &back, &n), CAD_OK);
  ck_assert_uint_eq(n, 1000);
  ck_assert_mem_eq(pcm, back, sizeof pcm);
  free(back);
}
END_TEST

START_TEST(other_rates_keep_the_voice_band_and_lose_what_would_fold) {
  static const int rates[] = {16000, 48000, 44100, 11025, 22050, 32000, 96000};
  int rate = rates[_i];
  double above = rate > 11025 ? 5200 : 1500; /* above 4 kHz: must go, not come back at 2800 Hz */
  int16_t *pcm = NULL;
  size_t n = 0;
  write_tones(rate, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1.0, 1000, above);
  ck_assert_int_eq(wav_read(path, 100000, &pcm, &n), CAD_OK);
  ck_assert_uint_eq(n, 8000);
  ck_assert_double_eq_tol(amplitude(pcm, n, 1000), 0.25, 0.0025);
  if (rate > 11025)
    ck_assert_double_lt(amplitude(pcm, n, 2800), 0.001);
  else
    ck_assert_double_eq_tol(amplitude(pcm, n, 1500), 0.25, 0.0025);
  free(pcm);
}
END_TEST

START_TEST(a_rate_below_ours_is_raised_without_a_mirror_image) {
  int16_t *pcm = NULL;
  size_t n = 0;
  write_tones(4000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1.0, 800, 1200);
  ck_assert_int_eq(wav_read(path, 100000, &pcm, &n), CAD_OK);
  ck_assert_uint_eq(n, 8000);
  ck_assert_double_eq_tol(amplitude(pcm, n, 800), 0.25, 0.0025);
  ck_assert_double_lt(amplitude(pcm, n, 3200), 0.001);
  free(pcm);
}
END_TEST

START_TEST(stereo_gives_its_first_channel_and_flac_is_read_too) {
  int16_t *pcm = NULL;
  size_t n = 0;
  write_tones(16000, 2, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 0.5, 600, 900);
  ck_assert_int_eq(wav_read(path, 100000, &pcm, &n), CAD_OK);
  ck_assert_uint_eq(n, 4000);
  ck_assert_double_eq_tol(amplitude(pcm, n, 600), 0.25, 0.003);
  ck_assert_double_lt(amplitude(pcm, n, 0), 0.01);
  free(pcm);
}
END_TEST

START_TEST(a_file_that_is_too_long_missing_or_no_sound_is_refused) {
  int16_t *pcm = NULL, few[100] = {0};
  size_t n = 7;
  ck_assert_int_eq(wav_write(path, few, 100), CAD_OK);
  ck_assert_int_eq(wav_read(path, 99, &pcm, &n), CAD_EFULL);
  FILE *f = fopen(path, "wb");
  fputs("this is a letter and not a recording, however long it may go on", f);
  fclose(f);
  ck_assert_int_eq(wav_read(path, 1000, &pcm, &n), CAD_EFORMAT);
  unlink(path);
  ck_assert_int_eq(wav_read(path, 1000, &pcm, &n), CAD_ENOENT);
  ck_assert_ptr_null(pcm);
  ck_assert_uint_eq(n, 7);
}
END_TEST

START_TEST(a_header_that_claims_more_than_there_is_gives_what_there_is) {
  int16_t few[100], *pcm = NULL;
  size_t n = 0;
  for (int i = 0; i < 100; i++) few[i] = (int16_t)i;
  ck_assert_int_eq(wav_write(path, few, 100), CAD_OK);
  ck_assert_int_eq(truncate(path, 44 + 100), 0); /* 50 samples are left */
  int err = wav_read(path, 1000, &pcm, &n);
  ck_assert(err == CAD_EFORMAT || (err == CAD_OK && n <= 50));
  free(pcm);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wav");
  TCase *tc = tcase_create("wav");
  tcase_add_checked_fixture(tc, name_file, remove_file);
  tcase_add_test(tc, what_was_written_is_read_back_to_the_last_bit);
  tcase_add_loop_test(tc, other_rates_keep_the_voice_band_and_lose_what_would_fold, 0, 7);
  tcase_add_test(tc, a_rate_below_ours_is_raised_without_a_mirror_image);
  tcase_add_test(tc, stereo_gives_its_first_channel_and_flac_is_read_too);
  tcase_add_test(tc, a_file_that_is_too_long_missing_or_no_sound_is_refused);
  tcase_add_test(tc, a_header_that_claims_more_than_there_is_gives_what_there_is);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
