/* From a final answer to the word in the call log. */
#include "dialer/sip/cause.h"
#include <check.h>
#include <stdlib.h>

static enum cause plain(unsigned status) {
  struct cause_facts f = {.status = (uint16_t)status, .phrase = "", .provisional = true};
  return cause_of_reply(&f);
}

static enum cause with_q850(unsigned status, unsigned q850) {
  struct cause_facts f = {.status = (uint16_t)status, .q850 = (uint16_t)q850, .provisional = true};
  return cause_of_reply(&f);
}

START_TEST(plain_statuses_have_their_words) {
  static const struct {
    unsigned status;
    enum cause cause;
  } T[] = {{486, CAUSE_BUSY},
           {600, CAUSE_BUSY},
           {404, CAUSE_INVALID_NUMBER},
           {410, CAUSE_INVALID_NUMBER},
           {484, CAUSE_INVALID_NUMBER},
           {485, CAUSE_INVALID_NUMBER},
           {604, CAUSE_INVALID_NUMBER},
           {480, CAUSE_NO_ANSWER},
           {408, CAUSE_TIMEOUT},
           {503, CAUSE_CONGESTION},
           {500, CAUSE_SERVER},
           {502, CAUSE_SERVER},
           {504, CAUSE_SERVER},
           {513, CAUSE_SERVER},
           {401, CAUSE_AUTH},
           {403, CAUSE_AUTH},
           {407, CAUSE_AUTH},
           {488, CAUSE_MEDIA},
           {415, CAUSE_MEDIA},
           {606, CAUSE_MEDIA},
           {603, CAUSE_REJECTED},
           {607, CAUSE_UNWANTED},
           {608, CAUSE_BLOCKED},
           {300, CAUSE_REDIRECTED},
           {302, CAUSE_REDIRECTED},
           {380, CAUSE_REDIRECTED},
           {400, CAUSE_CLIENT},
           {481, CAUSE_CLIENT},
           {487, CAUSE_CLIENT},
           {491, CAUSE_CLIENT},
           {499, CAUSE_CLIENT},
           {699, CAUSE_CLIENT},
           {900, CAUSE_LOCAL},
           {999, CAUSE_LOCAL},
           {0, CAUSE_LOCAL},
           {799, CAUSE_CLIENT}};
  for (size_t i = 0; i < sizeof T / sizeof T[0]; i++)
    ck_assert_msg(plain(T[i].status) == T[i].cause, "%u is %s, not %s", T[i].status, cause_name(plain(T[i].status)),
                  cause_name(T[i].cause));
}
END_TEST

START_TEST(a_reason_makes_a_vague_status_precise) {
  static const unsigned NETWORK[] = {34, 38, 41, 42, 44, 47};
  for (size_t i = 0; i < sizeof NETWORK / sizeof NETWORK[0]; i++) {
    ck_assert_int_eq(with_q850(480, NETWORK[i]), CAUSE_CONGESTION);
    ck_assert_int_eq(with_q850(500, NETWORK[i]), CAUSE_CONGESTION);
    ck_assert_int_eq(with_q850(503, NETWORK[i]), CAUSE_CONGESTION);
  }
  ck_assert_int_eq(with_q850(480, 19), CAUSE_NO_ANSWER);
  ck_assert_int_eq(with_q850(480, 20), CAUSE_NO_ANSWER);
  ck_assert_int_eq(with_q850(480, 16), CAUSE_NO_ANSWER);
  ck_assert_int_eq(with_q850(480, 17), CAUSE_BUSY);
  ck_assert_int_eq(with_q850(480, 1), CAUSE_INVALID_NUMBER);
  ck_assert_int_eq(with_q850(500, 1), CAUSE_INVALID_NUMBER);
  ck_assert_int_eq(with_q850(503, 127), CAUSE_CONGESTION);
  ck_assert_int_eq(with_q850(500, 127), CAUSE_SERVER);
}
END_TEST

START_TEST(a_precise_status_is_not_overruled_by_a_reason) {
  for (unsigned q = 0; q <= 127; q++) {
    ck_assert_int_eq(with_q850(486, q), CAUSE_BUSY);
    ck_assert_int_eq(with_q850(404, q), CAUSE_INVALID_NUMBER);
    ck_assert_int_eq(with_q850(607, q), CAUSE_UNWANTED);
    ck_assert_int_eq(with_q850(608, q), CAUSE_BLOCKED);
    ck_assert_int_eq(with_q850(603, q), CAUSE_REJECTED);
    ck_assert_int_eq(with_q850(302, q), CAUSE_REDIRECTED);
  }
}
END_TEST

START_TEST(a_603_plus_is_known_by_phrase_or_reason) {
  struct cause_facts f = {.status = 603, .phrase = "Decline"};
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_REJECTED);
  f.phrase = "Network Blocked";
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_BLOCKED);
  f.phrase = "network blocked (see Reason)";
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_BLOCKED);
  f.phrase = "Decline";
  f.reason_text = "\"v=analytics1;url=https://example.com;tel=+12025550199\"";
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_BLOCKED);
  f.reason_text = "\"url=https://example.com;V=Analytics1\"";
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_BLOCKED);
  f.reason_text = "\"call rejected\"";
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_REJECTED);
  f.phrase = NULL;
  f.reason_text = NULL;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_REJECTED);
  ck_assert(!cause_is_603_plus("Decline", "xv=analyticsx")); /* not at the start of a word */
  ck_assert(!cause_is_603_plus("", ""));
}
END_TEST

START_TEST(silence_is_a_timeout_and_silence_after_ringing_is_no_answer) {
  struct cause_facts f = {.status = 408};
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_TIMEOUT);
  f.provisional = true;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_TIMEOUT);
  f.q850 = 18;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_NO_ANSWER);
  f.q850 = 0;
  f.ringing = true;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_NO_ANSWER);
}
END_TEST

START_TEST(our_cancel_is_told_apart_from_what_crossed_it) {
  struct cause_facts f = {.status = 487, .cancelled = true, .provisional = true, .ringing = true};
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_CANCELLED);
  f.status = 408;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_CANCELLED);
  f.provisional = f.ringing = false;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_TIMEOUT); /* it never spoke at all */
  f.status = 486;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_BUSY);
  f.status = 607;
  ck_assert_int_eq(cause_of_reply(&f), CAUSE_UNWANTED);
}
END_TEST

START_TEST(every_status_and_reason_gives_a_failure) {
  for (unsigned status = 0; status < 1100; status++)
    for (unsigned q = 0; q < 300; q += 3)
      for (int bits = 0; bits < 8; bits++) {
        struct cause_facts f = {
            .status = (uint16_t)status, .q850 = (uint16_t)q, .provisional = bits & 1, .ringing = bits & 2, .cancelled = bits & 4};
        enum cause c = cause_of_reply(&f);
        if (c <= CAUSE_NORMAL || c >= CAUSE_COUNT) ck_abort_msg("status %u, Q.850 %u", status, q);
      }
}
END_TEST

int main(void) {
  Suite *s = suite_create("sip cause");
  TCase *c = tcase_create("cause");
  tcase_add_test(c, plain_statuses_have_their_words);
  tcase_add_test(c, a_reason_makes_a_vague_status_precise);
  tcase_add_test(c, a_precise_status_is_not_overruled_by_a_reason);
  tcase_add_test(c, a_603_plus_is_known_by_phrase_or_reason);
  tcase_add_test(c, silence_is_a_timeout_and_silence_after_ringing_is_no_answer);
  tcase_add_test(c, our_cancel_is_told_apart_from_what_crossed_it);
  tcase_add_test(c, every_status_and_reason_gives_a_failure);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
