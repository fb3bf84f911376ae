/* phone: numbers as people and spreadsheets write them become E.164, or a reason that can be read. */
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <check.h>
#include <string.h>

struct vector {
  const char *country, *text;
  uint64_t number;    /* 0: refused */
  const char *reason; /* part of it */
};
static const struct vector VECTORS[] = {
    {"US", "2025550123", 12025550123, NULL},
    {"US", "(202) 555-0123", 12025550123, NULL},
    {"US", "202.555.0123", 12025550123, NULL},
    {"US", "1-202-555-0123", 12025550123, NULL},
    {"US", "+1 202 555 0123", 12025550123, NULL},
    {"US", "0034612345678", 34612345678, NULL},
    {"US", "011 34 612 34 56 78", 34612345678, NULL},
    {"US", "2025550123.0", 12025550123, NULL},
    {"US", "=\"2025550123\"", 12025550123, NULL},
    {"US", "'2025550123", 12025550123, NULL},
    {"US", "tel:+12025550123", 12025550123, NULL},
    {"US", "202\302\240555\342\200\2210123", 12025550123, NULL}, /* no-break space and hyphen */
    {"US", "\342\200\252+1 202 555 0123\342\200\254", 12025550123, NULL},
    {"US", "5550123", 0, "too short: 7 digits, a number of US has 10"},
    {"US", "20255501234", 0, "too long"},
    {"US", "1025550123", 0, "not possible"},
    {"US", "2021550123", 0, "not possible"},
    {"US", "9115550123", 0, "not possible"},
    {"US", "2,02555E+09", 0, "scientific notation"},
    {"US", "2.02555e9", 0, "scientific notation"},
    {"US", "+2.02555E+09", 0, "scientific notation"},
    {"US", "2025550123 x12", 0, "extension"},
    {"US", "2025550123 ext. 12", 0, "extension"},
    {"US", "1-800-FLOWERS", 0, "letters"},
    {"US", "n/a", 0, "letters"},
    {"US", "--", 0, "no digits"},
    {"US", "+", 0, "no digits"},
    {"US", "2025550123;2025550124", 0, "one number a cell"},
    {"US", "2025550123 / 2025550124", 0, "two phone numbers"},
    {"US", "+1+2025550123", 0, "'+' in the middle"},
    {"US", "+999 123456789", 0, "no country has calling code"},
    {"US", "+1", 0, "not a phone number"},
    {"US", "00000000000000000000000000000000", 0, "more digits"},
    {"ES", "612345678", 34612345678, NULL},
    {"ES", "612 34 56 78", 34612345678, NULL},
    {"ES", "+34 912 345 678", 34912345678, NULL},
    {"ES", "34612345678", 34612345678, NULL}, /* the spreadsheet dropped the '+' */
    {"ES", "0034 612345678", 34612345678, NULL},
    {"ES", "6,12E+08", 0, "scientific"},
    {"ES", "61234567", 0, "too short"},
    {"ES", "512345678", 0, "not possible"},
    {"MX", "5512345678", 525512345678, NULL},
    {"MX", "+52 1 55 1234 5678", 525512345678, NULL},
    {"MX", "5215512345678", 525512345678, NULL},
    {"MX", "044 55 1234 5678", 525512345678, NULL},
    {"MX", "01 55 1234 5678", 525512345678, NULL},
    {"MX", "1234567", 0, "too short"},
    {"GB", "020 7946 0123", 442079460123, NULL},
    {"GB", "+44 (0)20 7946 0123", 442079460123, NULL},
    {"GB", "(020) 7946 0123", 442079460123, NULL},
    {"GB", "2079460123", 442079460123, NULL}, /* the spreadsheet dropped the zero */
    {"AR", "+54 9 11 1234 5678", 5491112345678, NULL},
    {"AR", "011 1234 5678", 541112345678, NULL},
    {"CL", "9 1234 5678", 56912345678, NULL},
    {"CO", "3001234567", 573001234567, NULL},
    {"PE", "912345678", 51912345678, NULL},
    {"BR", "(11) 91234-5678", 5511912345678, NULL},
    {"BR", "011 91234-5678", 5511912345678, NULL},
    {"AU", "0412 345 678", 61412345678, NULL},
    {"AU", "0011 1 202 555 0123", 12025550123, NULL},
    {"FR", "06 12 34 56 78", 33612345678, NULL},
    {"IT", "06 1234 5678", 390612345678, NULL}, /* the zero belongs to it */
    {"DE", "030 123456", 4930123456, NULL},
    {NULL, "+12025550123", 12025550123, NULL},
    {NULL, "2025550123", 0, "--country"},
};

START_TEST(numbers_as_written_become_numbers_that_can_be_dialed) {
  for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
    const struct vector *v = &VECTORS[i];
    char reason[PHONE_REASON_MAX] = "";
    uint64_t out = 7;
    int r = phone_parse(v->text, v->country ? phone_home_find(v->country) : NULL, &out, reason);
    if (v->number) {
      ck_assert_msg(r == CAD_OK && out == v->number, "%s \"%s\": %d %llu %s", v->country, v->text, r, (unsigned long long)out, reason);
    } else {
      ck_assert_msg(r == CAD_EFORMAT && strstr(reason, v->reason), "%s \"%s\": %d \"%s\" instead of \"%s\"", v->country, v->text, r, reason,
                    v->reason);
      ck_assert_uint_eq(out, 7);
    }
  }
}
END_TEST

START_TEST(what_was_made_is_read_again_as_the_same_number) {
  for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
    if (!VECTORS[i].number) continue;
    char text[32], reason[PHONE_REASON_MAX];
    uint64_t out = 0;
    snprintf(text, sizeof text, "+%llu", (unsigned long long)VECTORS[i].number);
    ck_assert_msg(phone_parse(text, NULL, &out, reason) == CAD_OK && out == VECTORS[i].number, "%s: %s", text, reason);
  }
}
END_TEST

START_TEST(no_text_makes_more_than_fifteen_digits) {
  unsigned seed = 99;
  static const char SET[] = "0123456789+ ()-.eE,x\302\240";
  for (int round = 0; round < 200000; round++) {
    char text[24], reason[PHONE_REASON_MAX];
    size_t n = (size_t)(seed % (sizeof text - 1));
    for (size_t i = 0; i < n; i++) {
      seed = seed * 1103515245 + 12345;
      text[i] = SET[(seed >> 16) % (sizeof SET - 1)];
    }
    text[n] = 0;
    seed = seed * 1103515245 + 12345;
    uint64_t out = 0;
    if (phone_parse(text, phone_home_find(round % 2 ? "US" : "DE"), &out, reason) == CAD_OK)
      ck_assert_msg(out >= 100000 && out < 1000000000000000u, "%s", text);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("phone");
  TCase *t = tcase_create("numbers");
  tcase_add_test(t, numbers_as_written_become_numbers_that_can_be_dialed);
  tcase_add_test(t, what_was_made_is_read_again_as_the_same_number);
  tcase_add_test(t, no_text_makes_more_than_fifteen_digits);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
