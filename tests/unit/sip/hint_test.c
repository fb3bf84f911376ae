/* What a reply says about who answers: forwarded, and why; an automaton. */
#include "dialer/sip/hint.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { BOTH = HINT_FORWARDED | HINT_UNREACHED };

START_TEST(a_forwarded_call_says_so_and_why) {
  ck_assert_uint_eq(hint_of_status(181), HINT_FORWARDED);
  ck_assert_uint_eq(hint_of_status(180) | hint_of_status(183) | hint_of_status(200), 0);
  ck_assert_uint_eq(hint_of_header("Diversion", "<sip:+12025550100@example.net>;reason=no-answer;counter=1"), BOTH);
  ck_assert_uint_eq(hint_of_header("diversion", "\"Ana\" <sip:a@b>;privacy=off;reason=\"user-busy\""), BOTH);
  ck_assert_uint_eq(hint_of_header("Diversion", "<sip:a@b>;reason=unconditional"), HINT_FORWARDED);
  ck_assert_uint_eq(hint_of_header("Diversion", "<sip:a@b>;reason=no-answering-today"), HINT_FORWARDED);
  ck_assert_uint_eq(hint_of_header("History-Info", "<sip:a@b>;index=1, <sip:vm@b;target=sip:a%40b;cause=408>;index=1.1"), BOTH);
  ck_assert_uint_eq(hint_of_header("History-Info", "<sip:a@b?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%22>;index=1,<sip:v@b>;index=1.1"),
                    BOTH);
  ck_assert_uint_eq(hint_of_header("History-Info", "<sip:a@b;cause=302>;index=1.1"), HINT_FORWARDED);
  ck_assert_uint_eq(hint_of_reason(480), BOTH);
  ck_assert_uint_eq(hint_of_reason(302), HINT_FORWARDED);
}
END_TEST

START_TEST(an_ordinary_answer_hints_at_nothing) {
  ck_assert_uint_eq(hint_of_header("History-Info", "<sip:+12025550100@example.net>;index=1"), 0);
  ck_assert_uint_eq(hint_of_header("Server", "reason=no-answer;cause=408"), 0);
  ck_assert_uint_eq(hint_of_header("Diversion", NULL), 0);
  ck_assert_uint_eq(hint_of_header(NULL, "x"), 0);
  ck_assert_uint_eq(hint_of_reason(200) | hint_of_reason(16), 0);
}
END_TEST

START_TEST(whatever_the_far_side_writes_is_read_to_its_bound) {
  char *text = malloc(70000);
  static const char *const parts[] = {"reason=", ";cause=", "cause%3D", "408", "no-answer", "\"", ";", "999999999999999999999", "=", ","};
  unsigned dice = 7;
  for (int round = 0; round < 2000; round++) {
    size_t n = 0;
    while (n < (size_t)(round % 50) * 40) {
      dice = dice * 1664525u + 1013904223u;
      const char *part = parts[(dice >> 16) % 10];
      memcpy(text + n, part, strlen(part));
      n += strlen(part);
    }
    text[n] = 0;
    ck_assert_uint_eq(hint_of_header("Diversion", text) & ~(unsigned)HINT_ALL, 0);
    ck_assert_uint_eq(hint_of_header("History-Info", text) & ~(unsigned)HINT_ALL, 0);
  }
  memset(text, 'x', 69999);
  memcpy(text + 60000, ";cause=408", 11);
  ck_assert_uint_eq(hint_of_header("History-Info", text), 0);
  free(text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("hint");
  TCase *c = tcase_create("hint");
  tcase_add_test(c, a_forwarded_call_says_so_and_why);
  tcase_add_test(c, an_ordinary_answer_hints_at_nothing);
  tcase_add_test(c, whatever_the_far_side_writes_is_read_to_its_bound);
  suite_add_tcase(suite, c);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
