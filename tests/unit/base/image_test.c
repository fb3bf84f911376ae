/* What a start mapped goes, what the program is stays. */
#include "dialer/base/image.h"
#include <check.h>
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* kB of the C library's code that are mapped into us; *from and *to: where it lies. */
static long code_rss(uintptr_t *from, uintptr_t *to) {
  Dl_info who;
  char line[512];
  long kb = -1;
  uintptr_t a = 0, b = 0, at = (uintptr_t)dlsym(RTLD_DEFAULT, "qsort");
  ck_assert(dladdr((void *)at, &who) != 0);
  FILE *in = fopen("/proc/self/smaps", "r");
  ck_assert_ptr_nonnull(in);
  while (kb < 0 && fgets(line, sizeof line, in)) {
    unsigned long x, y;
    if (sscanf(line, "%lx-%lx ", &x, &y) == 2) a = x, b = y;
    if (at >= a && at < b) sscanf(line, "Rss: %ld", &kb);
  }
  fclose(in);
  *from = a;
  *to = b;
  return kb;
}

static void read_all(uintptr_t from, uintptr_t to) {
  volatile unsigned char sum = 0;
  for (const volatile unsigned char *p = (const unsigned char *)from; p < (const unsigned char *)to; p += 4096)
    sum = (unsigned char)(sum + *p);
}

static const char *const RELOCATED[] = {"one", "two", "three"};
static int written = 7;

START_TEST(code_that_nobody_needs_is_unmapped_and_comes_back_when_it_is_called) {
  uintptr_t from, to;
  struct mono next = MONO_NONE;
  written = 8;
  code_rss(&from, &to);
  read_all(from, to);
  long before = code_rss(&from, &to);
  ck_assert_int_eq(before, (long)((to - from) >> 10));
  ck_assert_int_gt(image_rest(&next, (struct mono){1000}), 0);
  long after = code_rss(&from, &to);
  ck_assert_msg(after < before, "%ld kB before, %ld kB after", before, after);
  ck_assert_int_eq(written, 8); /* what is ours stays ours */
  ck_assert_str_eq(RELOCATED[written - 6], "three");
  ck_assert_double_eq_tol(strtod("2.5", NULL) + sqrt((double)written * 2), 6.5, 1e-9);
}
END_TEST

START_TEST(it_is_done_when_its_time_has_come_and_not_before) {
  struct mono next = {5000};
  ck_assert_int_eq(image_rest(&next, (struct mono){4999}), 0);
  ck_assert_int_eq((int)next.ms, 5000);
  ck_assert_int_gt(image_rest(&next, (struct mono){5000}), 0);
  ck_assert_int_eq((int)next.ms, 5000 + IMAGE_EVERY_MS);
  ck_assert_int_eq(image_rest(&next, (struct mono){5001}), 0);
}
END_TEST

START_TEST(a_program_goes_on_through_a_thousand_of_them) {
  struct mono next = MONO_NONE;
  char text[64];
  for (int i = 0; i < 1000; i++) {
    next = MONO_NONE;
    image_rest(&next, (struct mono){1000 + i});
    snprintf(text, sizeof text, "%d %.1f", i, i / 2.0);
    ck_assert_int_eq(atoi(text), i);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("image");
  TCase *t = tcase_create("image");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, code_that_nobody_needs_is_unmapped_and_comes_back_when_it_is_called);
  tcase_add_test(t, it_is_done_when_its_time_has_come_and_not_before);
  tcase_add_test(t, a_program_goes_on_through_a_thousand_of_them);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int bad = srunner_ntests_failed(r);
  srunner_free(r);
  return bad ? 1 : 0;
}
