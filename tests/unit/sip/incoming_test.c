/* Callers: a trunk's INVITE is offered to control, which takes it or does not. */
#include "harness.h"

static struct rig rig;
static struct peer_msg msg;
static char sdp[512];

static void up(void) { rig_start(&rig, ""); }
static void down(void) { rig_stop(&rig); }

static void send_from(struct peer *peer, const char *method, const char *branch, const char *to_tag, const char *more, const char *body) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(rig.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  char text[2048];
  snprintf(text, sizeof text,
           "%s sip:+12025550000@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
           "From: <sip:+12025550142@127.0.0.1>;tag=caller\r\nTo: <sip:+12025550000@127.0.0.1>%s%s\r\nCall-ID: call-%s@x\r\nCSeq: %d %s\r\n"
           "Contact: <sip:caller@127.0.0.1:%u>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
           method, rig.port, peer->port, branch, to_tag[0] ? ";tag=" : "", to_tag, branch, strcmp(method, "BYE") == 0 ? 2 : 1, method,
           peer->port, more, body[0] ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
  peer_send(peer, &to, text);
}

static struct mail offered(const char *branch, const char *more, const char *body) {
  send_from(&rig.peer, "INVITE", branch, "", more, body);
  struct mail m = rig_expect(&rig, SIP_INCOMING);
  ck_assert_uint_eq(m.u.sip_incoming.trunk, 0);
  ck_assert_uint_eq(m.u.sip_incoming.to, 12025550000);
  return m;
}

static void accept_offer(const struct mail *offer, uint32_t slot, uint16_t port) {
  struct mail m = mail_make(SIP_ACCEPT, clock_mono());
  m.u.sip_accept = (struct mail_sip_accept){offer->u.sip_incoming.leg, rig_leg(slot), port};
  rig_send(&rig, &m);
}

/* The 200 came; its To tag goes into out. */
static void answered_with(char out[64]) {
  char to[512];
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  const char *tag = strstr(peer_header(&msg, "To", to), ";tag=");
  ck_assert_ptr_nonnull(tag);
  snprintf(out, 64, "%.63s", tag + 5);
}

START_TEST(a_caller_is_offered_taken_and_hangs_up) {
  char tag[64];
  struct mail m = offered("a", "", peer_sdp(30000, "", sdp));
  ck_assert_uint_eq(m.u.sip_incoming.from, 12025550142);
  ck_assert_uint_eq(m.u.sip_incoming.desc.port, 30000);
  accept_offer(&m, 5, 20000);
  answered_with(tag);
  ck_assert_ptr_nonnull(strstr(peer_body(&msg), "m=audio 20000 RTP/AVP 0"));
  send_from(&rig.peer, "ACK", "a", tag, "", "");
  m = rig_expect(&rig, SIP_ANSWERED);
  ck_assert(leg_eq(m.u.sip_event.leg, rig_leg(5)));
  ck_assert_uint_eq(m.u.sip_event.desc.port, 30000);
  ck_assert_uint_eq(rig.dialog.incoming, 1);
  ck_assert_ptr_nonnull(strstr(rig.dialog.remote, "tag=caller"));
  send_from(&rig.peer, "BYE", "a", tag, "", "");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  ck_assert_uint_eq(rig_ended(&rig, 5, 200, CAUSE_NORMAL).u.sip_event.by, 1);
}
END_TEST

START_TEST(we_hang_up_on_a_caller) {
  char tag[64];
  struct mail m = offered("b", "P-Asserted-Identity: <sip:+34910000001@carrier>\r\n", peer_sdp(30000, "", sdp));
  ck_assert_uint_eq(m.u.sip_incoming.from, 34910000001);
  accept_offer(&m, 6, 20002);
  answered_with(tag);
  send_from(&rig.peer, "ACK", "b", tag, "", "");
  rig_expect(&rig, SIP_ANSWERED);
  rig_end(&rig, SIP_BYE, 6);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  ck_assert_uint_eq(rig_ended(&rig, 6, 200, CAUSE_NORMAL).u.sip_event.by, 0);
}
END_TEST

START_TEST(an_offer_without_media_gets_ours_and_its_answer_comes_with_the_ack) {
  char tag[64];
  struct mail m = offered("c", "", "");
  ck_assert_uint_eq(m.u.sip_incoming.desc.family, 0);
  accept_offer(&m, 7, 20004);
  answered_with(tag);
  ck_assert_ptr_nonnull(strstr(peer_body(&msg), "m=audio 20004 RTP/AVP 0 8"));
  send_from(&rig.peer, "ACK", "c", tag, "", peer_sdp(30002, "", sdp));
  m = rig_expect(&rig, SIP_ANSWERED);
  ck_assert_uint_eq(m.u.sip_event.desc.port, 30002);
  send_from(&rig.peer, "BYE", "c", tag, "", "");
  rig_ended(&rig, 7, 200, CAUSE_NORMAL);
}
END_TEST

START_TEST(a_call_that_is_not_taken_is_refused_in_words) {
  char later[512];
  struct mail m = offered("d", "", peer_sdp(30000, "", sdp));
  rig_reject(&rig, m.u.sip_incoming.leg, 503, 5);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 503", WAIT_MS, &msg));
  ck_assert_str_eq(peer_header(&msg, "Retry-After", later), "5");
  send_from(&rig.peer, "ACK", "d", "x", "", "");
  m = offered("e", "", peer_sdp(30000, "", sdp));
  rig_reject(&rig, m.u.sip_incoming.leg, 404, 0);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 404", WAIT_MS, &msg));
  rig_silent(&rig, 50);
}
END_TEST

START_TEST(who_gives_up_before_we_take_him_is_gone) {
  struct mail m = offered("f", "", peer_sdp(30000, "", sdp));
  send_from(&rig.peer, "CANCEL", "f", "", "", "");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 487", WAIT_MS, &msg));
  struct mail ended = rig_expect(&rig, SIP_ENDED);
  ck_assert(leg_eq(ended.u.sip_event.leg, m.u.sip_incoming.leg));
  accept_offer(&m, 8, 20006); /* the order crossed it */
  ck_assert_uint_eq(rig_ended(&rig, 8, 487, CAUSE_CANCELLED).u.sip_event.by, 1);
}
END_TEST

START_TEST(media_that_we_cannot_use_and_numbers_that_are_none) {
  send_from(&rig.peer, "INVITE", "g", "", "",
            "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 488", WAIT_MS, &msg));
  struct peer other;
  ck_assert(peer_open(&other));
  send_from(&other, "INVITE", "h", "", "", peer_sdp(30000, "", sdp)); /* not the trunk's port */
  ck_assert(peer_wait(&other, "SIP/2.0 403", WAIT_MS, &msg));
  peer_close(&other);
  rig_silent(&rig, 50);
}
END_TEST

/* Carriers call from more machines than they are called at. */
START_TEST(a_trunk_names_whence_its_callers_may_come_besides) {
  struct wide w;
  struct wide_trunk *t = &wide_make(&w, SIP_TRUNK_SETUP, clock_mono())->u.trunk;
  t->trunk = 1;
  snprintf(t->proxy, sizeof t->proxy, "sip:127.0.0.9:5060");
  struct peer other;
  ck_assert(peer_open(&other));
  for (int named = 0; named < 2; named++) {
    t->source_count = (uint8_t)named;
    ck_assert_int_eq(netblock_parse("127.0.0.0/24", &t->sources[0]), CAD_OK);
    ck_assert_int_eq(wide_send_fd(rig.fd, &w), CAD_OK);
    struct mail m;
    while (rig_mail(&rig, 100, &m)) ck_assert_int_eq(m.kind, SIP_TRUNK_STATE);
    send_from(&other, "INVITE", named ? "s1" : "s0", "", "", peer_sdp(30000, "", sdp));
    if (!named) {
      ck_assert(peer_wait(&other, "SIP/2.0 403", WAIT_MS, &msg));
      send_from(&other, "ACK", "s0", "x", "", "");
      continue;
    }
    m = rig_expect(&rig, SIP_INCOMING);
    ck_assert_uint_eq(m.u.sip_incoming.trunk, 1);
    rig_reject(&rig, m.u.sip_incoming.leg, 404, 0);
    ck_assert(peer_wait(&other, "SIP/2.0 404", WAIT_MS, &msg));
  }
  peer_close(&other);
}
END_TEST

START_TEST(more_offers_than_may_wait_are_refused_and_all_end) {
  enum { MANY = 300 };
  char branch[16];
  unsigned refused = 0, ended = 0;
  static struct leg legs[MANY];
  unsigned got = 0;
  struct mail m;
  for (unsigned i = 0; i < MANY; i++) {
    snprintf(branch, sizeof branch, "m%u", i);
    send_from(&rig.peer, "INVITE", branch, "", "", peer_sdp(30000, "", sdp));
    if (i % 20 != 19) continue;
    while (rig_mail(&rig, 20, &m))
      if (m.kind == SIP_INCOMING) legs[got++] = m.u.sip_incoming.leg;
    refused += peer_count(&rig.peer, "SIP/2.0 503", 4);
  }
  while (rig_mail(&rig, 100, &m))
    if (m.kind == SIP_INCOMING) legs[got++] = m.u.sip_incoming.leg;
  ck_assert_uint_eq(got, 256);
  refused += peer_count(&rig.peer, "SIP/2.0 503", 100);
  ck_assert_uint_ge(refused, 1);
  for (unsigned i = 0; i < got; i++) rig_reject(&rig, legs[i], 404, 0);
  while (rig_mail(&rig, 50, &m)) ended++;
  ck_assert_uint_eq(ended, 0);
  m = offered("n", "", peer_sdp(30000, "", sdp)); /* there is room again */
  rig_reject(&rig, m.u.sip_incoming.leg, 404, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("incoming");
  TCase *c = tcase_create("incoming");
  tcase_set_timeout(c, 60);
  tcase_add_checked_fixture(c, up, down);
  tcase_add_test(c, a_caller_is_offered_taken_and_hangs_up);
  tcase_add_test(c, we_hang_up_on_a_caller);
  tcase_add_test(c, an_offer_without_media_gets_ours_and_its_answer_comes_with_the_ack);
  tcase_add_test(c, a_call_that_is_not_taken_is_refused_in_words);
  tcase_add_test(c, who_gives_up_before_we_take_him_is_gone);
  tcase_add_test(c, media_that_we_cannot_use_and_numbers_that_are_none);
  tcase_add_test(c, a_trunk_names_whence_its_callers_may_come_besides);
  tcase_add_test(c, more_offers_than_may_wait_are_refused_and_all_end);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
