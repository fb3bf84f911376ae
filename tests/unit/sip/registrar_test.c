/* The registrar's memory: nonces without state, sources that guess, several contacts. */
#include "dialer/sip/registrar.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct registrar r;
static const struct wall NOW = {1763562600000};

static void setup(void) {
  memset(&r, 0, sizeof r);
  for (unsigned i = 0; i < sizeof r.key.bytes; i++) r.key.bytes[i] = (uint8_t)(i * 7);
}
static void teardown(void) { registrar_free(&r); }

static struct account *phone(uint64_t agent, const char *user) {
  struct wide_account a = {.agent_id = agent};
  snprintf(a.user, sizeof a.user, "%s", user);
  ck_assert_int_eq(registrar_account(&r, &a), CAD_OK);
  return registrar_find(&r, user);
}

START_TEST(a_nonce_is_good_for_its_time_its_source_and_its_algorithm) {
  char nonce[64], again[64];
  registrar_nonce(&r, DIGEST_SHA256, 5, NOW, nonce);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 5, NOW, nonce), NONCE_GOOD);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 5, wall_add(NOW, REGISTRAR_NONCE_S * 1000), nonce), NONCE_GOOD);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 5, wall_add(NOW, (REGISTRAR_NONCE_S + 1) * 1000), nonce), NONCE_STALE);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 5, wall_add(NOW, -5000), nonce), NONCE_STALE);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 6, NOW, nonce), NONCE_FOREIGN);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_MD5, 5, NOW, nonce), NONCE_FOREIGN);
  memcpy(again, nonce, sizeof again);
  again[20] = again[20] == 'a' ? 'b' : 'a';
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 5, NOW, again), NONCE_FOREIGN);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 5, NOW, ""), NONCE_FOREIGN);
  ck_assert_int_eq(registrar_nonce_check(&r, DIGEST_SHA256, 5, NOW, "zzzzzzzz0000000000000000000000000000000000000000"), NONCE_FOREIGN);
  struct registrar next = r; /* the next worker has the same key */
  ck_assert_int_eq(registrar_nonce_check(&next, DIGEST_SHA256, 5, NOW, nonce), NONCE_GOOD);
  next.key.bytes[0] ^= 1;
  ck_assert_int_eq(registrar_nonce_check(&next, DIGEST_SHA256, 5, NOW, nonce), NONCE_FOREIGN);
}
END_TEST

START_TEST(a_source_that_guesses_is_locked_out_and_let_in_again) {
  struct mono now = {1000000};
  for (int i = 1; i < REGISTRAR_GUESSES; i++) ck_assert(!registrar_failed(&r, 9, now));
  registrar_passed(&r, 9); /* once right: it begins anew */
  for (int i = 1; i < REGISTRAR_GUESSES; i++) ck_assert(!registrar_failed(&r, 9, now));
  ck_assert(registrar_admits(&r, 9, now));
  ck_assert(registrar_failed(&r, 9, now));
  ck_assert(!registrar_admits(&r, 9, now));
  ck_assert(registrar_admits(&r, 10, now));
  ck_assert(!registrar_admits(&r, 9, mono_add(now, REGISTRAR_LOCK_MS - 1)));
  ck_assert(registrar_admits(&r, 9, mono_add(now, REGISTRAR_LOCK_MS + 1)));
}
END_TEST

START_TEST(wrong_passwords_long_apart_lock_nobody_out) {
  for (int i = 0; i < 5 * REGISTRAR_GUESSES; i++) ck_assert(!registrar_failed(&r, 9, (struct mono){1000000 + (int64_t)i * 61000}));
}
END_TEST

START_TEST(a_flood_of_one_source_is_cut_and_spares_the_others) {
  struct mono now = {1000000};
  int admitted = 0;
  for (int i = 0; i < 1000; i++) admitted += registrar_admits(&r, 77, now);
  ck_assert_int_eq(admitted, 2 * REGISTRAR_RATE);
  ck_assert(registrar_admits(&r, 78, now));
  for (int i = 0; i < 1000; i++) admitted += registrar_admits(&r, 77, mono_add(now, 1000));
  ck_assert_int_eq(admitted, 3 * REGISTRAR_RATE);
}
END_TEST

START_TEST(a_hundred_thousand_sources_take_no_more_room_than_one) {
  struct mono now = {1000000};
  for (uint64_t s = 1; s < 100000; s++) ck_assert(registrar_admits(&r, s * 0x9e3779b97f4a7c15ULL, mono_add(now, (int64_t)s)));
}
END_TEST

START_TEST(of_several_contacts_the_one_that_answers_is_called) {
  struct account *a = phone(1, "ana");
  for (unsigned i = 0; i < REGISTRAR_CONTACTS; i++) {
    char contact[64];
    snprintf(contact, sizeof contact, "sip:ana@192.0.2.%u", i);
    struct binding *b = registrar_place(a, contact);
    ck_assert_ptr_nonnull(b);
    b->used = true;
    snprintf(b->b.contact, sizeof b->b.contact, "%s", contact);
    b->b.expires = wall_add(NOW, 60000 + (int64_t)i);
  }
  ck_assert_ptr_null(registrar_place(a, "sip:ana@192.0.2.99"));
  ck_assert_ptr_eq(registrar_place(a, "sip:ana@192.0.2.2"), &a->bindings[2]);
  ck_assert_ptr_eq(registrar_best(a, NOW), &a->bindings[REGISTRAR_CONTACTS - 1]);
  a->bindings[1].b.answers = 1;
  ck_assert_ptr_eq(registrar_best(a, NOW), &a->bindings[1]);
  ck_assert_ptr_null(registrar_best(a, wall_add(NOW, 120000)));
}
END_TEST

START_TEST(an_agent_has_one_phone_and_a_phone_one_agent) {
  phone(1, "ana");
  phone(2, "eva");
  phone(1, "anna"); /* renamed */
  ck_assert_ptr_null(registrar_find(&r, "ana"));
  ck_assert_ptr_nonnull(registrar_find(&r, "anna"));
  ck_assert_uint_eq(r.count, 2);
  struct wide_account gone = {.agent_id = 1, .gone = 1};
  ck_assert_int_eq(registrar_account(&r, &gone), CAD_OK);
  ck_assert_ptr_null(registrar_find(&r, "anna"));
  ck_assert_ptr_nonnull(registrar_find(&r, "eva"));
}
END_TEST

START_TEST(the_hashes_are_those_of_the_standard) { /* RFC 7616 §3.9.1 */
  char ha1[DIGEST_HEX], out[DIGEST_HEX];
  struct digest_request q = {ha1,        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "GET", "/dir/index.html",
                             "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"};
  digest_ha1(DIGEST_MD5, "Mufasa", "http-auth@example.org", "Circle of Life", ha1);
  digest_response(DIGEST_MD5, &q, out);
  ck_assert_str_eq(out, "8ca523f5e9506fed4657c9700eebdbec");
  digest_ha1(DIGEST_SHA256, "Mufasa", "http-auth@example.org", "Circle of Life", ha1);
  digest_response(DIGEST_SHA256, &q, out);
  ck_assert_str_eq(out, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("registrar");
  TCase *t = tcase_create("memory");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_nonce_is_good_for_its_time_its_source_and_its_algorithm);
  tcase_add_test(t, a_source_that_guesses_is_locked_out_and_let_in_again);
  tcase_add_test(t, wrong_passwords_long_apart_lock_nobody_out);
  tcase_add_test(t, a_flood_of_one_source_is_cut_and_spares_the_others);
  tcase_add_test(t, a_hundred_thousand_sources_take_no_more_room_than_one);
  tcase_add_test(t, of_several_contacts_the_one_that_answers_is_called);
  tcase_add_test(t, an_agent_has_one_phone_and_a_phone_one_agent);
  tcase_add_test(t, the_hashes_are_those_of_the_standard);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
