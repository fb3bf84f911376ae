/* The short way for plain numbers says what libphonenumber says. CADENCIA_PLAIN_NUMBERS=1000000 throws as many. */
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 20221201;
static uint32_t random_below(uint32_t n) { /* SplitMix64 */
  uint64_t z = (seed += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z ^ (z >> 31)) >> 33) % n;
}

static const struct {
  const char *country, *code;
  size_t length;
} SHIPPED[] = {{"US", "1", 10},  {"CA", "1", 10}, {"PR", "1", 10}, {"MX", "52", 10}, {"ES", "34", 9},  {"CO", "57", 10},
               {"AR", "54", 10}, {"CL", "56", 9}, {"PE", "51", 9}, {"BR", "55", 11}, {"GB", "44", 10}, {"AU", "61", 9}};

/* Mostly of the right length, now and then one off, with the calling code or a trunk zero before it. */
static size_t invent(size_t country, char out[20], bool *plus) {
  size_t n = 0, length = SHIPPED[country].length + (random_below(16) == 0 ? random_below(4) : 1) - 1;
  uint32_t dress = random_below(8);
  *plus = dress < 3;
  if (dress < 4) n = (size_t)sprintf(out, "%s", SHIPPED[country].code);
  if (dress == 7) out[n++] = (char)('0' + random_below(2));
  for (size_t i = 0; i < length && n < 18; i++) out[n++] = (char)('0' + random_below(10));
  out[n] = 0;
  return n;
}

START_TEST(a_plain_number_is_what_the_library_makes_of_it) {
  const char *wanted = getenv("CADENCIA_PLAIN_NUMBERS");
  long goal = wanted ? atol(wanted) : 60000, plain = 0;
  size_t by_country[12] = {0};
  while (plain < goal) {
    char digits[20];
    bool plus;
    size_t country = random_below(12);
    const struct phone_home *home = phone_home_find(SHIPPED[country].country);
    uint64_t here = 0, there = 0;
    invent(country, digits, &plus);
    if (plus && random_below(3) == 0) home = random_below(2) ? NULL : phone_home_find(SHIPPED[random_below(12)].country);
    if (!phone_plain(digits, plus, home, &here)) continue;
    int said = phone_by_library(digits, plus, home, &there);
    ck_assert_msg(said == CAD_OK && here == there, "%s%s in %s: %llu here, %llu by the library (%d)", plus ? "+" : "", digits,
                  SHIPPED[country].country, (unsigned long long)here, (unsigned long long)there, said);
    plain++;
    by_country[country]++;
  }
  for (size_t i = 0; i < 12; i++) ck_assert_uint_gt(by_country[i], 0); /* each of them has plain numbers */
}
END_TEST

int main(void) {
  Suite *s = suite_create("plain");
  TCase *t = tcase_create("plain");
  tcase_set_timeout(t, 1200);
  tcase_add_test(t, a_plain_number_is_what_the_library_makes_of_it);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_set_fork_status(r, CK_NOFORK);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed == 0 ? 0 : 1;
}
