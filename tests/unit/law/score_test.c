#include <campaigns/law.h>
#include <check.h>
#include <stdlib.h>

START_TEST(attempts_and_rank_give_sixteen_classes) {
  bool seen[16] = {false};
  for (uint32_t tries = 0; tries < 10; tries++)
    for (uint8_t rank = 0; rank < 20; rank++) {
      const uint16_t c = retry_score_class(tries, rank);
      ck_assert_uint_lt(c, 16);
      seen[c] = true;
      ck_assert_uint_eq(c, retry_score_class(tries < 3 ? tries : 3, rank));
    }
  for (int i = 0; i < 16; i++) ck_assert(seen[i]);
  ck_assert_uint_ne(retry_score_class(0, 0), retry_score_class(1, 0));
  ck_assert_uint_ne(retry_score_class(0, 0), retry_score_class(0, 9));
}
END_TEST

int main(void) {
  Suite *s = suite_create("score");
  TCase *t = tcase_create("classes");
  tcase_add_test(t, attempts_and_rank_give_sixteen_classes);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
