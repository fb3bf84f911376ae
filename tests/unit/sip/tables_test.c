/* The worker's small tables: its description, its legs, its trunks, its way out. */
#include "dialer/base/child.h"
#include "dialer/sip/leg.h"
#include "dialer/sip/post.h"
#include "dialer/sip/spec.h"
#include "dialer/sip/trunk.h"
#include <cadencia/err.h>
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the description ---------------------------------------------------------------- */

START_TEST(a_description_is_read) {
  struct spec s;
  char err[160];
  ck_assert_int_eq(spec_parse("bind=127.0.0.1:5060;transport=udp;advertise=;loopback=1;gen=3;worker=2;t1x64=8000", &s, err), CAD_OK);
  ck_assert_str_eq(s.bind_host, "127.0.0.1");
  ck_assert_str_eq(s.advertise, "127.0.0.1");
  ck_assert_uint_eq(s.bind_port, 5060);
  ck_assert_uint_eq(s.gen, 3);
  ck_assert_uint_eq(s.worker, 2);
  ck_assert_uint_eq(s.t1x64_ms, 8000);
  ck_assert(s.loopback);
  ck_assert_int_eq(spec_parse("bind=[::1]:5062", &s, err), CAD_OK);
  ck_assert_str_eq(s.bind_host, "::1");
  ck_assert_uint_eq(s.family, 6);
  ck_assert_int_eq(spec_parse("bind=0.0.0.0:5060;advertise=203.0.113.5", &s, err), CAD_OK);
  ck_assert_str_eq(s.advertise, "203.0.113.5");
}
END_TEST

START_TEST(a_wrong_description_is_refused_with_a_word) {
  static const char *const T[] = {"",
                                  "bind=",
                                  "bind=localhost:5060",
                                  "bind=127.0.0.1",
                                  "bind=127.0.0.1:0",
                                  "bind=127.0.0.1:70000",
                                  "bind=::1:5060",
                                  "bind=127.0.0.1:5060;transport=sctp",
                                  "bind=127.0.0.1:5060;x=1",
                                  "bind=127.0.0.1:5060;gen=0",
                                  "bind=127.0.0.1:5060;loopback=2",
                                  "bind=127.0.0.1:5060;advertise=example.com",
                                  "bind=0.0.0.0:5060",
                                  "bind=127.0.0.1:5060;advertise=::1",
                                  "bind=192.0.2.1:5060;loopback=1",
                                  "bind=127.0.0.1:5060;t1x64=-1",
                                  "bind=127.0.0.1:5060;legs=99999999999999"};
  for (size_t i = 0; i < sizeof T / sizeof T[0]; i++) {
    struct spec s;
    char err[160] = "";
    ck_assert_msg(spec_parse(T[i], &s, err) == CAD_EINVAL, "\"%s\" passed", T[i]);
    ck_assert(err[0] != 0);
  }
}
END_TEST

START_TEST(loopback_hosts_are_known) {
  ck_assert(spec_is_loopback("127.0.0.1") && spec_is_loopback("127.255.3.4") && spec_is_loopback("[::1]") && spec_is_loopback("::1"));
  ck_assert(!spec_is_loopback("128.0.0.1") && !spec_is_loopback("::2") && !spec_is_loopback("localhost.example.com") &&
            !spec_is_loopback(""));
  ck_assert(!spec_is_loopback("0.0.0.0") && !spec_is_loopback("127.0.0.1.example.com") && !spec_is_loopback("0177.0.0.1"));
}
END_TEST

/* --- legs ----------------------------------------------------------------------------- */

static struct leg name(uint32_t slot, uint32_t gen) { return (struct leg){.role = LEG_CALL, .slot = slot, .gen = gen}; }

START_TEST(legs_are_found_by_name_and_by_ticket) {
  struct leg_table *t = leg_table_create(1000);
  for (uint32_t i = 0; i < 1000; i++) ck_assert_ptr_nonnull(leg_add(t, name(i, i * 7 + 1)));
  ck_assert_ptr_null(leg_add(t, name(5000, 1))); /* full */
  for (uint32_t i = 0; i < 1000; i++) {
    struct leg_entry *leg = leg_find(t, name(i, i * 7 + 1));
    ck_assert_ptr_nonnull(leg);
    ck_assert_ptr_eq(leg_of_ticket(t, leg_ticket(leg)), leg);
    ck_assert_ptr_null(leg_find(t, name(i, i * 7 + 2)));
    ck_assert_ptr_null(leg_find(t, (struct leg){.role = LEG_SEAT, .slot = i, .gen = i * 7 + 1}));
  }
  leg_table_destroy(t);
}
END_TEST

START_TEST(a_ticket_of_a_leg_that_ended_finds_nothing) {
  struct leg_table *t = leg_table_create(4);
  struct leg_entry *leg = leg_add(t, name(1, 1));
  const void *old = leg_ticket(leg);
  leg_remove(t, leg);
  ck_assert_ptr_null(leg_of_ticket(t, old));
  struct leg_entry *again = leg_add(t, name(2, 1));
  ck_assert_ptr_eq(again, leg); /* the same place, another generation */
  ck_assert_ptr_null(leg_of_ticket(t, old));
  ck_assert_ptr_eq(leg_of_ticket(t, leg_ticket(again)), again);
  ck_assert_ptr_null(leg_of_ticket(t, NULL));
  ck_assert_ptr_null(leg_of_ticket(t, (const void *)(uintptr_t)0xffffffffffffffffULL));
  leg_table_destroy(t);
}
END_TEST

START_TEST(a_walk_sees_every_living_leg_even_while_they_end) {
  struct leg_table *t = leg_table_create(600);
  for (uint32_t i = 0; i < 600; i++) leg_add(t, name(i, 1));
  uint32_t cursor = 0, seen = 0;
  for (struct leg_entry *leg; (leg = leg_each(t, &cursor)) != NULL; seen++) leg_remove(t, leg);
  ck_assert_uint_eq(seen, 600);
  ck_assert_uint_eq(leg_count(t), 0);
  leg_table_destroy(t);
}
END_TEST

/* --- trunks --------------------------------------------------------------------------- */

static int define(struct trunk_table *t, const char *proxy) {
  struct mail_sip_trunk m = {.trunk = 3, .codecs = {CODEC_PCMA}, .codec_count = 1};
  snprintf(m.proxy, sizeof m.proxy, "%s", proxy);
  return trunk_define(t, &m);
}

START_TEST(a_trunk_is_a_numeric_sip_uri) {
  struct trunk_table t = {.breaker = 10};
  ck_assert_ptr_null(trunk_find(&t, 3));
  ck_assert_int_eq(define(&t, "sip:192.0.2.1:5070;transport=udp"), CAD_OK);
  ck_assert_str_eq(trunk_find(&t, 3)->target, "192.0.2.1:5070;transport=udp");
  ck_assert_uint_eq(trunk_find(&t, 3)->codec_count, 1);
  ck_assert_int_eq(define(&t, "sip:192.0.2.1"), CAD_OK);
  ck_assert_str_eq(trunk_find(&t, 3)->target, "192.0.2.1:5060");
  ck_assert_int_eq(define(&t, "sip:[2001:db8::1]:5070"), CAD_OK);
  ck_assert_str_eq(trunk_find(&t, 3)->target, "[2001:db8::1]:5070");
  static const char *const BAD[] = {
      "",     "carrier.example.com",     "sip:carrier.example.com>", "http://192.0.2.1/",     "tel:+12025550100",
      "sip:", "sip:192.0.2.1>;x=<sip:1", "sip:192.0.2.1 evil",       "sip:192.0.2.1?Route=x", "sips:192.0.2.1"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    ck_assert_msg(define(&t, BAD[i]) < 0, "\"%s\" passed", BAD[i]);
    ck_assert(!trunk_find(&t, 3)->usable);
  }
  t.family = 6;
  ck_assert_int_eq(define(&t, "sip:192.0.2.1"), CAD_EREFUSED);
  t.family = 4;
  t.loopback = true;
  ck_assert_int_eq(define(&t, "sip:192.0.2.1"), CAD_EREFUSED);
  ck_assert_int_eq(define(&t, "sip:localhost:5070"), CAD_OK);
}
END_TEST

START_TEST(the_breaker_wants_many_and_silence) {
  struct trunk_table table = {.breaker = 10, .breaker_ms = 2000};
  define(&table, "sip:192.0.2.1");
  struct trunk *t = trunk_find(&table, 3);
  struct mono now = {100000};
  for (int i = 0; i < 50; i++) trunk_sent(&table, t, mono_add(now, i * 39));
  ck_assert(trunk_admits(t)); /* many, but not yet silent for long */
  trunk_alive(&table, t, mono_add(now, 2000));
  trunk_sent(&table, t, mono_add(now, 3000));
  ck_assert(trunk_admits(t)); /* it spoke a second ago */
  trunk_sent(&table, t, mono_add(now, 4000));
  ck_assert(!trunk_admits(t));
  trunk_alive(&table, t, mono_add(now, 4001));
  ck_assert(trunk_admits(t)); /* it lives */
  for (int i = 0; i < 60; i++) trunk_sent(&table, t, mono_add(now, 4002));
  ck_assert(!trunk_admits(t)); /* far too many, whatever it says */
  for (int i = 0; i < 200; i++) trunk_settled(&table, t);
  ck_assert(trunk_admits(t));
  ck_assert_uint_eq(t->waiting, 0);
}
END_TEST

/* --- the way out ------------------------------------------------------------------------ */

START_TEST(mail_waits_in_order_while_the_pipe_is_full) {
  int pair[2];
  struct post p;
  struct mail m;
  uint32_t sent = 0, got = 0;
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  ck_assert_int_eq(post_init(&p, pair[1], 9, 100), CAD_OK);
  while (!post_pressed(&p)) {
    struct post_item item = {.kind = SIP_ENDED, .u.event = {.leg = name(sent++, 1), .cause = CAUSE_BUSY}};
    post_send(&p, &item);
  }
  for (;;) {
    int rc = mail_recv_fd(pair[0], &m);
    if (rc == CAD_EMPTY) {
      if (p.count == 0) break;
      post_flush(&p);
      continue;
    }
    ck_assert_int_eq(rc, CAD_OK);
    ck_assert_uint_eq(m.u.sip_event.leg.slot, got++);
    ck_assert_uint_eq(m.worker, 9);
  }
  ck_assert_uint_eq(got, sent);
  close(pair[0]);
  struct post_item item = {.kind = SIP_PONG};
  post_send(&p, &item);
  post_flush(&p);
  ck_assert(p.gone); /* nobody reads any more: thrown away, no signal, no wait */
  post_free(&p);
  close(pair[1]);
}
END_TEST

int main(void) {
  Suite *s = suite_create("sip tables");
  TCase *c = tcase_create("tables");
  tcase_add_test(c, a_description_is_read);
  tcase_add_test(c, a_wrong_description_is_refused_with_a_word);
  tcase_add_test(c, loopback_hosts_are_known);
  tcase_add_test(c, legs_are_found_by_name_and_by_ticket);
  tcase_add_test(c, a_ticket_of_a_leg_that_ended_finds_nothing);
  tcase_add_test(c, a_walk_sees_every_living_leg_even_while_they_end);
  tcase_add_test(c, a_trunk_is_a_numeric_sip_uri);
  tcase_add_test(c, the_breaker_wants_many_and_silence);
  tcase_add_test(c, mail_waits_in_order_while_the_pipe_is_full);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
