/* How a worker starts, whom it may reach, and how it ends. */
#include "tests/unit/sip/harness.h"

static struct rig rig;
static struct peer_msg invite, msg;
static char sdp[512], value[512];

static void ring(uint32_t slot) {
  rig_invite(&rig, slot);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
}

START_TEST(the_breaker_refuses_when_nothing_answers_and_closes_again) {
  rig_start(&rig, "t1x64=2000;breaker=4;breaker_ms=0");
  for (uint32_t i = 1; i <= 4; i++) rig_invite(&rig, i);
  ck_assert_uint_eq(rig_expect(&rig, SIP_TRUNK_STATE).u.sip_trunk_state.up, 0);
  rig_invite(&rig, 5);
  rig_ended(&rig, 5, 503, CAUSE_CONGESTION);
  unsigned ended = 0;
  for (bool up = false; ended < 4 || !up;) { /* it closes when half of them are gone */
    struct mail m = {0};
    ck_assert(rig_mail(&rig, WAIT_MS, &m));
    if (m.kind == SIP_TRUNK_STATE)
      up = m.u.sip_trunk_state.up;
    else {
      ck_assert_uint_eq(m.kind, SIP_ENDED);
      ck_assert_uint_eq(m.u.sip_event.cause, CAUSE_TIMEOUT);
      ended++;
    }
  }
  peer_count(&rig.peer, "INVITE ", 10);
  ring(6);
  peer_reply(&rig.peer, &invite, "486 Busy Here", "far", "", NULL);
  rig_ended(&rig, 6, 486, CAUSE_BUSY);
  rig_stop(&rig);
}
END_TEST

START_TEST(a_shutdown_ends_every_leg_and_exits) {
  char text[8192];
  rig_start(&rig, "t1x64=2000");
  struct peer_msg talking = rig_answered(&rig, 1);
  ring(2);
  peer_reply(&rig.peer, &invite, "180 Ringing", "far", "", NULL);
  rig_expect(&rig, SIP_PROGRESS);
  struct mail m = mail_make(SIP_SHUTDOWN, clock_mono());
  rig_send(&rig, &m);
  bool bye = false, cancel = false;
  while (!bye || !cancel) {
    ck_assert(peer_wait(&rig.peer, "", WAIT_MS, &msg));
    if (strncmp(msg.text, "BYE ", 4) != 0 && strncmp(msg.text, "CANCEL ", 7) != 0) continue;
    peer_reply(&rig.peer, &msg, "200 OK", "far", "", NULL);
    if (msg.text[0] == 'B')
      bye = true;
    else {
      peer_reply(&rig.peer, &invite, "487 Request Terminated", "far", "", NULL);
      cancel = true;
    }
  }
  rig_expect(&rig, SIP_ENDED);
  rig_expect(&rig, SIP_ENDED);
  ck_assert_int_eq(rig_wait(&rig, text), SIP_EXIT_OK);
  peer_close(&rig.peer);
  (void)talking;
}
END_TEST

START_TEST(a_shutdown_with_dead_peers_takes_two_seconds_and_tells_of_every_leg) {
  char text[8192];
  rig_start(&rig, "t1x64=16000");
  rig_answered(&rig, 1);
  ring(2);
  int64_t begin = clock_mono_us();
  struct mail m = mail_make(SIP_SHUTDOWN, clock_mono());
  rig_send(&rig, &m);
  rig_expect(&rig, SIP_ENDED);
  rig_expect(&rig, SIP_ENDED);
  ck_assert_int_eq(rig_wait(&rig, text), SIP_EXIT_OK);
  ck_assert_int_lt((int)((clock_mono_us() - begin) / 1000), 3000);
  peer_close(&rig.peer);
}
END_TEST

START_TEST(when_control_dies_its_calls_are_ended) {
  char text[8192];
  rig_start(&rig, "t1x64=2000");
  rig_answered(&rig, 1);
  close(rig.fd);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  ck_assert_int_eq(rig_wait(&rig, text), SIP_EXIT_OK);
  peer_close(&rig.peer);
}
END_TEST

START_TEST(the_advertised_address_is_what_others_see) {
  rig_start(&rig, "advertise=127.0.0.2;t1x64=2000");
  ring(1);
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "Contact", value), "<sip:127.0.0.2:"));
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "From", value), "<sip:+12025550100@127.0.0.2>"));
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "Via", value), "127.0.0.2:"));
  ck_assert_ptr_null(strstr(invite.text, "maddr"));
  ck_assert_ptr_nonnull(strstr(peer_body(&invite), "c=IN IP4 127.0.0.2\r\n"));
  ck_assert_uint_eq(ntohl(invite.from.sin_addr.s_addr), INADDR_LOOPBACK);
  peer_reply(&rig.peer, &invite, "486 Busy Here", "far", "", NULL);
  rig_ended(&rig, 1, 486, CAUSE_BUSY);
  rig_stop(&rig);
}
END_TEST

START_TEST(a_taken_port_is_named) {
  char text[8192], want[64];
  struct peer holder;
  memset(&rig, 0, sizeof rig);
  ck_assert(peer_open(&holder));
  rig.port = holder.port;
  rig_spawn(&rig, "");
  ck_assert_int_eq(rig_wait(&rig, text), SIP_EXIT_PORT_TAKEN);
  snprintf(want, sizeof want, "port %u/udp on 127.0.0.1 is taken", holder.port);
  ck_assert_ptr_nonnull(strstr(text, want));
  ck_assert_ptr_eq(strchr(text, '\n') + 1, text + strlen(text)); /* one line */
  peer_close(&holder);
}
END_TEST

START_TEST(a_wrong_description_is_a_usage_error) {
  char text[8192];
  memset(&rig, 0, sizeof rig);
  rig.port = rig_free_port();
  rig_spawn(&rig, "bindd=1");
  ck_assert_int_eq(rig_wait(&rig, text), SIP_EXIT_USAGE);
  ck_assert_ptr_nonnull(strstr(text, "bindd=1"));
}
END_TEST

START_TEST(on_loopback_only_no_other_peer_is_called) {
  rig_start(&rig, "loopback=1;t1x64=2000");
  rig_trunk(&rig, 1, "sip:192.0.2.10:5060");
  ck_assert_uint_eq(rig_expect(&rig, SIP_TRUNK_STATE).u.sip_trunk_state.up, 0);
  struct mail m = mail_make(SIP_INVITE, clock_mono());
  m.u.sip_invite.leg = rig_leg(1);
  m.u.sip_invite.trunk = 1;
  m.u.sip_invite.to = 12025550123ULL;
  m.u.sip_invite.media_port = 20000;
  rig_send(&rig, &m);
  rig_ended(&rig, 1, SIP_STATUS_REFUSED, CAUSE_LOCAL);
  m.u.sip_invite.leg.role = LEG_SEAT;
  snprintf(m.u.sip_invite.uri, MAIL_URI_MAX, "sip:bob@192.0.2.11");
  rig_send(&rig, &m);
  ck_assert_uint_eq(rig_expect(&rig, SIP_ENDED).u.sip_event.cause, CAUSE_LOCAL);
  rig_answered_unusably(&rig, "v=0\r\no=x 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
                        CAUSE_LOCAL);
  rig_stop(&rig);
}
END_TEST

START_TEST(a_port_where_nobody_listens_is_congestion_at_once) {
  char proxy[MAIL_URI_MAX];
  rig_start(&rig, "");
  snprintf(proxy, sizeof proxy, "sip:127.0.0.1:%u", rig_free_port());
  rig_trunk(&rig, 0, proxy);
  rig_invite(&rig, 1);
  rig_ended(&rig, 1, 503, CAUSE_CONGESTION);
  rig_stop(&rig);
}
END_TEST

START_TEST(an_ipv6_listener_calls_an_ipv6_trunk) {
  struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  socklen_t len = sizeof a;
  char text[8192], proxy[MAIL_URI_MAX];
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0) return; /* a kernel without IPv6 */
  memset(&rig, 0, sizeof rig);
  ck_assert(peer_open(&rig.peer));
  rig.port = rig_free_port();
  snprintf(text, sizeof text, "bind=[::1]:%u;loopback=1;t1x64=1000", rig.port);
  rig_spawn(&rig, text);
  rig_expect(&rig, SIP_UP);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
  snprintf(proxy, sizeof proxy, "sip:[::1]:%u", ntohs(a.sin6_port));
  rig_trunk(&rig, 0, proxy);
  rig_invite(&rig, 1);
  ssize_t n = recv(fd, text, sizeof text - 1, 0);
  ck_assert_int_gt((int)n, 0);
  text[n] = 0;
  ck_assert_int_eq(strncmp(text, "INVITE sip:+12025550123@[::1]:", 30), 0);
  ck_assert_ptr_nonnull(strstr(text, "<sip:+12025550100@[::1]>"));
  ck_assert_ptr_nonnull(strstr(text, "Contact: <sip:[::1]:"));
  ck_assert_ptr_nonnull(strstr(text, "c=IN IP6 ::1\r\n"));
  rig_ended(&rig, 1, 408, CAUSE_TIMEOUT);
  close(fd);
  rig_stop(&rig);
}
END_TEST

/* Where our ACK and BYE should go is not a place that we may or can reach. */
static void ends_though_unreachable(const char *spec, const char *contact) {
  struct mail m = {0};
  rig_start(&rig, spec);
  rig.peer.contact = contact;
  ring(1);
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp));
  rig_expect(&rig, SIP_ANSWERED);
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(rig_mail(&rig, 9000, &m));
  ck_assert_uint_eq(m.kind, SIP_ENDED);
  rig_stop(&rig);
}

START_TEST(a_contact_on_another_network_does_not_hold_a_loopback_worker) {
  ends_though_unreachable("loopback=1;t1x64=1000", "sip:peer@192.0.2.7:5060");
}
END_TEST
START_TEST(a_contact_that_is_an_unknown_name_ends) { ends_though_unreachable("t1x64=1000", "sip:peer@nowhere.invalid"); }
END_TEST
START_TEST(an_answer_that_cannot_be_read_is_no_answer) {
  rig_start(&rig, "t1x64=1000");
  rig.peer.contact = "sip:@:::;;@@";
  ring(1);
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp));
  rig_ended(&rig, 1, 408, CAUSE_TIMEOUT);
  rig_stop(&rig);
}
END_TEST

#define CASE(t) tcase_add_test(c, t)

int main(void) {
  Suite *s = suite_create("sip worker's life");
  TCase *c = tcase_create("all");
  tcase_set_timeout(c, 100);
  CASE(the_breaker_refuses_when_nothing_answers_and_closes_again);
  CASE(a_shutdown_ends_every_leg_and_exits);
  CASE(a_shutdown_with_dead_peers_takes_two_seconds_and_tells_of_every_leg);
  CASE(when_control_dies_its_calls_are_ended);
  CASE(the_advertised_address_is_what_others_see);
  CASE(a_taken_port_is_named);
  CASE(a_wrong_description_is_a_usage_error);
  CASE(on_loopback_only_no_other_peer_is_called);
  CASE(a_port_where_nobody_listens_is_congestion_at_once);
  CASE(an_ipv6_listener_calls_an_ipv6_trunk);
  CASE(a_contact_on_another_network_does_not_hold_a_loopback_worker);
  CASE(a_contact_that_is_an_unknown_name_ends);
  CASE(an_answer_that_cannot_be_read_is_no_answer);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
