/* Fingerprints that prove themselves at two numbers, labels, and what they say of detection's mistakes. */
#include "fixture.h"
#include <campaigns/heard.h>

static struct store *s;
static uint64_t campaign;
static struct lease leases[100];

static void setup(void) {
  s = store_at(NULL);
  campaign = with_campaign(s, "one");
  with_contacts(s, "one", 12025550101, 99);
  ck_assert_int_eq(lease_some(s, campaign, 99, at_ms(0), leases, NULL), 99);
}
static void teardown(void) { s = store_close(s); }

static struct fingerprint print_of(uint32_t seed) {
  struct fingerprint p;
  for (unsigned i = 0; i < sizeof p.bits; i++) p.bits[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 23);
  memset(p.loud, 0xff, sizeof p.loud);
  return p;
}

static void call(int i, enum verdict v, const char *code) {
  const uint64_t id = 1000 + (uint64_t)i;
  ck_assert_int_eq(open_attempt(s, &leases[i], id, at_ms(10), NULL), REFUSAL_NONE);
  struct mail_store_close rec = {.attempt_id = id,
                                 .campaign_id = campaign,
                                 .answered = at_ms(1000).wall,
                                 .ended = at_ms(5000).wall,
                                 .verdict = (uint8_t)v,
                                 .outcome = v == VERDICT_PERSON ? OUTCOME_CONNECTED : OUTCOME_MACHINE};
  ck_assert_int_eq(store_attempt_close(s, &rec), CAD_OK);
  struct mail_store_dispose d = {.attempt_id = id, .agent_id = 7, .at = at_ms(6000).wall};
  if (code) snprintf(d.code, sizeof d.code, "%s", code);
  if (code) ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
}

static int count_usable(void *arg, const struct print_row *r) {
  int *counts = arg;
  counts[0]++;
  counts[1] += r->usable;
  return 0;
}

START_TEST(a_fingerprint_is_used_after_two_numbers_had_it_not_before) {
  struct print_row row;
  bool fresh;
  int counts[2] = {0, 0};
  struct fingerprint a = print_of(1), b = print_of(2);
  for (int i = 0; i < 4; i++) call(i, VERDICT_MACHINE, NULL);
  ck_assert_int_eq(store_print_add(s, 1000, &a, VERDICT_NONE, at_ms(1).wall, &row, &fresh), CAD_OK);
  ck_assert(!fresh && !row.usable);
  ck_assert_int_eq(store_print_add(s, 1000, &a, VERDICT_NONE, at_ms(2).wall, &row, &fresh), CAD_OK); /* the same number again */
  ck_assert(!fresh && !row.usable);
  ck_assert_int_eq(store_print_add(s, 1001, &b, VERDICT_NONE, at_ms(3).wall, &row, &fresh), CAD_OK); /* something else */
  ck_assert(!fresh && !row.usable);
  a.bits[3] ^= 0x11;
  ck_assert_int_eq(store_print_add(s, 1002, &a, VERDICT_NONE, at_ms(4).wall, &row, &fresh), CAD_OK);
  ck_assert(fresh && row.usable);
  ck_assert_uint_eq(row.calls, 3);
  ck_assert_int_eq(store_print_add(s, 1003, &a, VERDICT_NONE, at_ms(5).wall, &row, &fresh), CAD_OK);
  ck_assert(!fresh && row.usable);
  ck_assert_int_eq(store_print_each(s, NULL, count_usable, counts), CAD_OK);
  ck_assert_int_eq(counts[0], 2);
  ck_assert_int_eq(counts[1], 1);
  ck_assert_int_eq(store_print_add(s, 9999, &a, VERDICT_NONE, at_ms(5).wall, &row, &fresh), CAD_ENOENT);
  ck_assert_int_eq(store_print_forget(s, row.id), 1);
  ck_assert_int_eq(store_print_forget(s, 0), 1);
}
END_TEST

static int remember(void *arg, const struct print_row *r) {
  *(struct print_row *)arg = *r;
  return 0;
}

START_TEST(what_a_person_says_of_an_announcement_counts_more_than_a_beep) {
  struct print_row row, seen;
  bool fresh;
  struct fingerprint a = print_of(31), b = print_of(32);
  for (int i = 0; i < 4; i++) call(i, VERDICT_MACHINE, NULL);
  /* Labelled at two numbers: a robot from then on; a beep after that does not change it. */
  ck_assert_int_eq(store_print_add(s, 1000, &a, VERDICT_SCREENING, at_ms(1).wall, &row, &fresh), CAD_OK);
  ck_assert(!fresh && row.what == VERDICT_SCREENING);
  ck_assert_int_eq(store_print_add(s, 1001, &a, VERDICT_SCREENING, at_ms(2).wall, &row, &fresh), CAD_OK);
  ck_assert(fresh && row.usable && row.what == VERDICT_SCREENING);
  ck_assert_int_eq(store_print_add(s, 1002, &a, VERDICT_NONE, at_ms(3).wall, &row, &fresh), CAD_OK);
  ck_assert(!fresh && row.what == VERDICT_SCREENING);
  /* And changed by who knows better: the ears are told anew. */
  ck_assert_int_eq(store_print_add(s, 1003, &a, VERDICT_MACHINE, at_ms(4).wall, &row, &fresh), CAD_OK);
  ck_assert(fresh && row.what == VERDICT_MACHINE);
  ck_assert_int_eq(store_print_add(s, 1003, &a, VERDICT_PERSON, at_ms(4).wall, &row, &fresh), CAD_EINVAL);
  /* A recording that somebody vouches for is used at once, on its trunk alone. */
  ck_assert_int_eq(store_print_learn(s, "other", &b, VERDICT_SCREENING, at_ms(5).wall), CAD_OK);
  ck_assert_int_eq(store_print_each(s, "other", remember, &seen), CAD_OK);
  ck_assert(seen.usable && seen.calls == 0 && seen.what == VERDICT_SCREENING);
  ck_assert_int_eq(store_print_learn(s, "other", &b, VERDICT_MACHINE, at_ms(6).wall), CAD_OK);
  ck_assert_int_eq(store_print_each(s, "other", remember, &seen), CAD_OK);
  ck_assert(seen.usable && seen.what == VERDICT_MACHINE);
  int counts[2] = {0, 0};
  ck_assert_int_eq(store_print_each(s, "other", count_usable, counts), CAD_OK);
  ck_assert_int_eq(counts[0], 1);
  ck_assert_int_eq(store_print_learn(s, "other", &b, VERDICT_FAX, at_ms(6).wall), CAD_EINVAL);
}
END_TEST

START_TEST(fingerprints_of_a_trunk_are_bounded_and_those_in_use_stay) {
  struct print_row row, used;
  bool fresh;
  int counts[2] = {0, 0};
  call(0, VERDICT_MACHINE, NULL);
  call(1, VERDICT_MACHINE, NULL);
  struct fingerprint a = print_of(77);
  ck_assert_int_eq(store_print_add(s, 1000, &a, VERDICT_NONE, at_ms(1).wall, &row, &fresh), CAD_OK);
  ck_assert_int_eq(store_print_add(s, 1001, &a, VERDICT_NONE, at_ms(2).wall, &used, &fresh), CAD_OK);
  ck_assert(fresh);
  for (uint32_t i = 0; i < PRINTS_A_TRUNK + 40; i++) {
    struct fingerprint p = print_of(1000 + i);
    ck_assert_int_eq(store_print_add(s, 1000, &p, VERDICT_NONE, at_ms(10 + (int)i).wall, &row, &fresh), CAD_OK);
  }
  ck_assert_int_eq(store_print_each(s, NULL, count_usable, counts), CAD_OK);
  ck_assert_int_eq(counts[0], PRINTS_A_TRUNK);
  ck_assert_int_eq(counts[1], 1);
}
END_TEST

START_TEST(labels_say_how_many_people_were_lost_with_wilson_s_interval) {
  struct detector_estimate e;
  for (int i = 0; i < 40; i++) call(i, VERDICT_MACHINE, NULL);
  for (int i = 40; i < 99; i++) call(i, VERDICT_PERSON, i < 44 ? "A" : i < 90 ? "SALE" : NULL);
  ck_assert_int_eq(store_label_put(s, 4, VERDICT_PERSON, "test", at_ms(1).wall), CAD_ENOENT);
  ck_assert_int_eq(store_label_put(s, 1000, VERDICT_NONE, "test", at_ms(1).wall), CAD_EINVAL);
  for (int i = 0; i < 29; i++)
    ck_assert_int_eq(store_label_put(s, 1000 + (uint64_t)i, i < 3 ? VERDICT_PERSON : VERDICT_MACHINE, "test", at_ms(1).wall), CAD_OK);
  ck_assert_int_eq(store_detector_estimate(s, campaign, at_ms(7000).wall, true, &e), CAD_OK);
  ck_assert_uint_eq(e.lost_bp, 0); /* too few labels to spend anybody's budget */
  ck_assert_int_eq(store_label_put(s, 1029, VERDICT_MACHINE, "test", at_ms(1).wall), CAD_OK);
  ck_assert_int_eq(store_detector_estimate(s, campaign, at_ms(7000).wall, true, &e), CAD_OK);
  ck_assert_uint_eq(e.machines, 40);
  ck_assert_uint_eq(e.machines_labelled, 30);
  ck_assert_uint_eq(e.machines_wrong, 3);
  ck_assert_uint_eq(e.share_bp, 1000);
  ck_assert_uint_eq(e.low_bp, 346); /* Wilson, 3 of 30 */
  ck_assert_uint_eq(e.high_bp, 2562);
  ck_assert_uint_eq(e.people, 59);
  ck_assert_uint_eq(e.people_labelled, 50); /* agents' dispositions */
  ck_assert_uint_eq(e.people_wrong, 4);
  ck_assert_uint_eq(e.lost_bp, 635); /* 4 lost beside 59 */
  ck_assert_int_eq(store_detector_estimate(s, 999, at_ms(7000).wall, true, &e), CAD_OK);
  ck_assert_uint_eq(e.machines, 0);
  ck_assert_uint_eq(e.high_bp, 10000);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("heard");
  TCase *t = tcase_create("heard");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, a_fingerprint_is_used_after_two_numbers_had_it_not_before);
  tcase_add_test(t, what_a_person_says_of_an_announcement_counts_more_than_a_beep);
  tcase_add_test(t, fingerprints_of_a_trunk_are_bounded_and_those_in_use_stay);
  tcase_add_test(t, labels_say_how_many_people_were_lost_with_wilson_s_interval);
  suite_add_tcase(suite, t);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
