/* Which errors of the network are believed: those that quote what went there. */
#include "dialer/sip/quote.h"
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sockaddr_in peer(const char *address, int port) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  ck_assert_int_eq(inet_pton(AF_INET, address, &in.sin_addr), 1);
  return in;
}
#define TO(p) ((const struct sockaddr *)&(p))

static size_t invite(char text[512], const char *branch) {
  return (size_t)snprintf(text, 512,
                          "INVITE sip:+12025550100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=%s\r\n"
                          "Max-Forwards: 70\r\n",
                          branch);
}

START_TEST(what_went_there_is_known_and_nothing_else) {
  char text[512], other[512];
  struct sockaddr_in there = peer("192.0.2.1", 5060), port = peer("192.0.2.1", 5061), host = peer("192.0.2.2", 5060);
  size_t n = invite(text, "z9hG4bKaaa"), m;
  ck_assert(!quote_known(TO(there), text, n));
  quote_sent(TO(there), text, n);
  ck_assert(quote_known(TO(there), text, n));
  ck_assert(!quote_known(TO(port), text, n) && !quote_known(TO(host), text, n));
  m = invite(other, "z9hG4bKaab");
  ck_assert(!quote_known(TO(there), other, m));
  m = invite(other, "z9hG4bKaa"); /* a part of it is not enough */
  ck_assert(!quote_known(TO(there), other, m));
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(5060), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  ck_assert(!quote_known(TO(six), text, n));
  quote_sent(TO(six), text, n);
  ck_assert(quote_known(TO(six), text, n));
}
END_TEST

START_TEST(a_quote_must_reach_the_end_of_the_branch) {
  char text[512];
  struct sockaddr_in there = peer("192.0.2.1", 5060);
  size_t n = invite(text, "z9hG4bKwhole"), whole = (size_t)(strstr(text, "whole") + 5 - text);
  quote_sent(TO(there), text, n);
  for (size_t i = 0; i <= whole; i++) {
    char *exact = malloc(i ? i : 1); /* a sanitizer sees whoever reads further */
    memcpy(exact, text, i);
    ck_assert_msg(!quote_known(TO(there), exact, i), "%zu bytes", i);
    free(exact);
  }
  ck_assert(quote_known(TO(there), text, whole + 1));
}
END_TEST

START_TEST(what_has_no_branch_is_never_believed) {
  static const char *const TEXTS[] = {
      "", "\r\n\r\n", ";branch=", ";branch=\r\n", ";branch=;", "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n"};
  struct sockaddr_in there = peer("192.0.2.1", 5060);
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
    quote_sent(TO(there), TEXTS[i], strlen(TEXTS[i]));
    ck_assert(!quote_known(TO(there), TEXTS[i], strlen(TEXTS[i])));
  }
  char text[512];
  size_t n = invite(text, "z9hG4bKnobody");
  quote_sent(&nobody, text, n);
  ck_assert(!quote_known(&nobody, text, n));
}
END_TEST

START_TEST(the_last_thousands_are_remembered) {
  char text[512];
  struct sockaddr_in there = peer("192.0.2.1", 5060);
  int known = 0;
  for (int i = 0; i < 2000; i++) {
    char branch[40];
    snprintf(branch, sizeof branch, "z9hG4bK-%d-%x", i, (unsigned)i * 2654435761u);
    quote_sent(TO(there), text, invite(text, branch));
  }
  for (int i = 0; i < 2000; i++) {
    char branch[40];
    snprintf(branch, sizeof branch, "z9hG4bK-%d-%x", i, (unsigned)i * 2654435761u);
    known += quote_known(TO(there), text, invite(text, branch));
  }
  ck_assert_int_gt(known, 1500); /* a place is for one; a quarter of 8192 in use */
}
END_TEST

int main(void) {
  Suite *s = suite_create("quote");
  TCase *t = tcase_create("quote");
  tcase_add_test(t, what_went_there_is_known_and_nothing_else);
  tcase_add_test(t, a_quote_must_reach_the_end_of_the_branch);
  tcase_add_test(t, what_has_no_branch_is_never_believed);
  tcase_add_test(t, the_last_thousands_are_remembered);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
