/* Fields of a wrap-up: what a code asks for, and what an agent gives. */
#include "dialer/local/wrapup_fields.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static char why[WRAPUP_WHY_MAX];

START_TEST(a_description_names_fields_and_their_kinds) {
  ck_assert(fields_described("importe=number!,fecha=date!,nota=text", why));
  ck_assert(fields_described("", why));
  static const char *const BAD[] = {"importe", "importe=", "importe=money",  "a=text,a=date",
                                    "=text",   "a b=text", "a=text,,b=text", "a=text!!"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    why[0] = 0;
    ck_assert_msg(!fields_described(BAD[i], why), "%s", BAD[i]);
    ck_assert_uint_gt(strlen(why), 0);
  }
}
END_TEST

START_TEST(what_is_given_must_be_asked_for_and_of_its_kind) {
  static const struct {
    const char *given, *json; /* NULL: refused */
  } V[] = {{"importe=120.50,fecha=2026-12-01", "{\"fecha\":\"2026-12-01\",\"importe\":\"120.50\"}"},
           {"importe=120,50,fecha=2026-12-01", "{\"fecha\":\"2026-12-01\",\"importe\":\"120.50\"}"}, /* a comma before the decimals */
           {"fecha=2026-12-01,importe=-3,nota=llama, dice, el lunes",
            "{\"fecha\":\"2026-12-01\",\"importe\":\"-3\",\"nota\":\"llama, dice, el lunes\"}"},
           {"importe=120.50", NULL},
           {"importe=,fecha=2026-12-01", NULL},
           {"importe=1.234,56,fecha=2026-12-01", NULL},
           {"importe=mucho,fecha=2026-12-01", NULL},
           {"importe=1,fecha=01/12/2026", NULL},
           {"importe=1,fecha=2026-02-30", NULL},
           {"importe=1,fecha=2026-12-01,otro=x", NULL},
           {"importe", NULL},
           {NULL, NULL}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    why[0] = 0;
    json_t *j = fields_given("importe=number!,fecha=date!,nota=text", V[i].given, why);
    char *text = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (V[i].json)
      ck_assert_msg(text && strcmp(text, V[i].json) == 0, "%s: %s %s", V[i].given, text ? text : "refused:", why);
    else
      ck_assert_msg(!text && why[0], "%s was taken", V[i].given ? V[i].given : "nothing");
    free(text);
    json_decref(j);
  }
}
END_TEST

START_TEST(a_code_without_fields_takes_any_as_text) {
  json_t *j = fields_given("", "color=azul", why);
  ck_assert_str_eq(json_string_value(json_object_get(j, "color")), "azul");
  json_decref(j);
  j = fields_given("", NULL, why);
  ck_assert_uint_eq(json_object_size(j), 0);
  json_decref(j);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fields");
  TCase *t = tcase_create("fields");
  tcase_add_test(t, a_description_names_fields_and_their_kinds);
  tcase_add_test(t, what_is_given_must_be_asked_for_and_of_its_kind);
  tcase_add_test(t, a_code_without_fields_takes_any_as_text);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
