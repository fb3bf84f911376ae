/* First seconds of calls on disk: written whole, bounded, taken away in time; nothing that is not ours is touched. */
#include "dialer/media/sampler.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <check.h>
#include <dsp/wav.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

static char dir[64];
static struct sampler sampler;

static void setup(void) { strcpy(dir, scratch_dir()); }
static void teardown(void) { scratch_remove(); }

static bool there(const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return access(path, R_OK) == 0;
}
static void make_file(const char *name, int64_t age_s) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "w");
  fclose(f);
  struct utimbuf at = {time(NULL) - age_s, time(NULL) - age_s};
  utime(path, &at);
}

START_TEST(a_sample_is_written_whole_and_ends_after_eight_seconds) {
  static int16_t audio[4000];
  for (int i = 0; i < 4000; i++) audio[i] = (int16_t)(i * 3);
  ck_assert_int_eq(sampler_open(&sampler, dir), CAD_OK);
  struct sample *s = sampler_take(&sampler, 88123, 30);
  ck_assert_ptr_nonnull(s);
  sample_hear(s, audio, 4000);
  sample_hear(s, NULL, 160);
  for (int i = 0; i < 40; i++) sample_hear(s, audio, 4000);
  ck_assert_uint_eq(s->count, SAMPLE_SAMPLES);
  ck_assert_ptr_null(sampler_put(&sampler, s, true));
  struct sample *other = sampler_take(&sampler, 88124, 30);
  sample_hear(other, audio, 4000);
  sampler_put(&sampler, other, false); /* no verdict: nothing to be right about */
  sampler_close(&sampler);
  ck_assert(there("88123.30.wav") && !there("88124.30.wav"));
  char path[128];
  snprintf(path, sizeof path, "%s/88123.30.wav", dir);
  int16_t *read = NULL;
  size_t count = 0;
  ck_assert_int_eq(wav_read(path, SAMPLE_SAMPLES, &read, &count), CAD_OK);
  ck_assert_uint_eq(count, SAMPLE_SAMPLES);
  ck_assert_int_eq(memcmp(read, audio, sizeof audio), 0);
  ck_assert_int_eq(read[4100], 0);
  free(read);
}
END_TEST

START_TEST(without_a_folder_or_a_free_buffer_nothing_is_taken) {
  ck_assert_int_eq(sampler_open(&sampler, NULL), CAD_OK);
  ck_assert_ptr_null(sampler_take(&sampler, 1, 30));
  sampler_close(&sampler);
  ck_assert_int_eq(sampler_open(&sampler, dir), CAD_OK);
  for (int i = 0; i < SAMPLER_BUFFERS; i++) ck_assert_ptr_nonnull(sampler_take(&sampler, (uint64_t)i + 1, 30));
  ck_assert_ptr_null(sampler_take(&sampler, 99, 30));
  sampler_close(&sampler);
}
END_TEST

START_TEST(what_is_older_than_its_days_goes_and_strangers_stay) {
  make_file("1.30.wav", 29 * 86400);
  make_file("2.30.wav", 31 * 86400);
  make_file("3.1.wav", 2 * 86400);
  make_file("notes.txt", 900 * 86400);
  make_file("4.30.wav.bak", 900 * 86400);
  ck_assert_int_eq(sampler_prune(dir, time(NULL)), 2);
  ck_assert(there("1.30.wav") && !there("2.30.wav") && !there("3.1.wav") && there("notes.txt") && there("4.30.wav.bak"));
}
END_TEST

START_TEST(beyond_the_bound_the_oldest_go) {
  for (int i = 0; i < SAMPLER_FILES_MAX + 5; i++) {
    char name[32];
    snprintf(name, sizeof name, "%d.30.wav", i + 1);
    make_file(name, 100000 - i);
  }
  ck_assert_int_eq(sampler_prune(dir, time(NULL)), 5);
  ck_assert(!there("1.30.wav") && !there("5.30.wav") && there("6.30.wav"));
}
END_TEST

int main(void) {
  Suite *s = suite_create("samples");
  TCase *c = tcase_create("samples");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_sample_is_written_whole_and_ends_after_eight_seconds);
  tcase_add_test(c, without_a_folder_or_a_free_buffer_nothing_is_taken);
  tcase_add_test(c, what_is_older_than_its_days_goes_and_strangers_stay);
  tcase_add_test(c, beyond_the_bound_the_oldest_go);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
