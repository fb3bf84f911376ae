/* The worker in a process of its own, against a peer that we script message by message. */
#include "tests/unit/sip/harness.h"

static struct rig rig;
static struct peer_msg invite, msg;
static char sdp[512], value[512];

static void setup(void) { rig_start(&rig, "t1x64=2000"); }
static void teardown(void) { rig_stop(&rig); }

static void ring(uint32_t slot) {
  rig_invite(&rig, slot);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
}

START_TEST(an_offer_names_number_codecs_port_and_attempt) {
  ring(1);
  char line[64];
  snprintf(line, sizeof line, "INVITE sip:+12025550123@127.0.0.1:%u", rig.peer.port);
  ck_assert_int_eq(strncmp(invite.text, line, strlen(line)), 0);
  ck_assert_str_eq(peer_header(&invite, "Call-ID", value), "770000000001@127.0.0.1");
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "From", value), "<sip:+12025550100@127.0.0.1>;tag="));
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "To", value), "<sip:+12025550123@127.0.0.1"));
  const char *body = peer_body(&invite);
  ck_assert_ptr_nonnull(strstr(body, "m=audio 20000 RTP/AVP 0 8 101\r\n"));
  ck_assert_ptr_nonnull(strstr(body, "a=rtpmap:101 telephone-event/8000\r\n"));
  ck_assert_ptr_nonnull(strstr(body, "a=ptime:20\r\n"));
  ck_assert_ptr_nonnull(strstr(body, "c=IN IP4 127.0.0.1\r\n"));
  peer_reply(&rig.peer, &invite, "486 Busy Here", "far", "", NULL);
  rig_ended(&rig, 1, 486, CAUSE_BUSY);
}
END_TEST

START_TEST(a_call_rings_is_answered_and_we_hang_up) {
  ring(1);
  peer_reply(&rig.peer, &invite, "100 Trying", "", "", NULL);
  peer_reply(&rig.peer, &invite, "180 Ringing", "far", "", NULL);
  struct mail m = rig_expect(&rig, SIP_PROGRESS);
  ck_assert_uint_eq(m.u.sip_event.status, 180);
  ck_assert_uint_eq(m.u.sip_event.desc.family, 0);
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp));
  m = rig_expect(&rig, SIP_ANSWERED);
  ck_assert_uint_eq(m.u.sip_event.status, 200);
  ck_assert_uint_eq(m.u.sip_event.sdp_new, 1);
  ck_assert_uint_eq(m.u.sip_event.desc.family, 4);
  ck_assert_uint_eq(m.u.sip_event.desc.port, 30000);
  ck_assert_uint_eq(m.u.sip_event.desc.codec, CODEC_PCMU);
  ck_assert_uint_eq(m.u.sip_event.desc.event_pt, 101);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  m = rig_hang_up(&rig, 1);
  ck_assert_uint_eq(m.u.sip_event.by, 0);
  rig_silent(&rig, 50);
}
END_TEST

START_TEST(the_far_side_hangs_up_and_its_reason_is_kept) {
  invite = rig_answered(&rig, 1);
  peer_request(&rig.peer, &invite, "far", "BYE", 1, "Reason: Q.850;cause=16;text=\"Normal\"\r\n", NULL);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  struct mail m = rig_ended(&rig, 1, 200, CAUSE_NORMAL);
  ck_assert_uint_eq(m.u.sip_event.by, 1);
  ck_assert_uint_eq(m.u.sip_event.q850, 16);
}
END_TEST

START_TEST(early_media_under_183_then_busy) {
  ring(1);
  peer_reply(&rig.peer, &invite, "183 Session Progress", "far", "", peer_sdp(31000, "", sdp));
  struct mail m = rig_expect(&rig, SIP_PROGRESS);
  ck_assert_uint_eq(m.u.sip_event.status, 183);
  ck_assert_uint_eq(m.u.sip_event.desc.port, 31000);
  peer_reply(&rig.peer, &invite, "183 Session Progress", "far", "", sdp); /* said again: no news */
  peer_reply(&rig.peer, &invite, "486 Busy Here", "far", "", NULL);
  rig_ended(&rig, 1, 486, CAUSE_BUSY);
}
END_TEST

START_TEST(an_answer_without_sdp_uses_the_early_one_of_its_own_tag) {
  ring(1);
  peer_reply(&rig.peer, &invite, "183 Session Progress", "one", "", peer_sdp(31000, "", sdp));
  rig_expect(&rig, SIP_PROGRESS);
  peer_reply(&rig.peer, &invite, "183 Session Progress", "two", "", peer_sdp(32000, "", sdp));
  ck_assert_uint_eq(rig_expect(&rig, SIP_PROGRESS).u.sip_event.desc.port, 32000);
  peer_reply(&rig.peer, &invite, "200 OK", "one", "", NULL);
  ck_assert_uint_eq(rig_expect(&rig, SIP_ANSWERED).u.sip_event.desc.port, 31000);
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  ck_assert_ptr_nonnull(strstr(peer_header(&msg, "To", value), "tag=one"));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
}
END_TEST

START_TEST(an_answer_without_any_sdp_is_ended_and_still_counted_as_answered) { rig_answered_unusably(&rig, NULL, CAUSE_MEDIA); }
END_TEST
START_TEST(an_answer_with_garbage_for_sdp_is_ended) { rig_answered_unusably(&rig, "v=0\r\nthis is not\r\nm=audio x y z\r\n", CAUSE_MEDIA); }
END_TEST

START_TEST(a_ringing_call_is_cancelled) {
  ring(1);
  peer_reply(&rig.peer, &invite, "180 Ringing", "far", "", NULL);
  rig_expect(&rig, SIP_PROGRESS);
  rig_end(&rig, SIP_CANCEL, 1);
  ck_assert(peer_wait(&rig.peer, "CANCEL ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "far", "", NULL);
  peer_reply(&rig.peer, &invite, "487 Request Terminated", "far", "", NULL);
  rig_ended(&rig, 1, 487, CAUSE_CANCELLED);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
}
END_TEST

START_TEST(a_cancel_before_any_reply_waits_for_one) {
  ring(1);
  rig_end(&rig, SIP_BYE, 1); /* a BYE for a leg that is not answered acts as CANCEL */
  ck_assert_uint_eq(peer_count(&rig.peer, "CANCEL ", 200), 0);
  peer_reply(&rig.peer, &invite, "100 Trying", "", "", NULL);
  ck_assert(peer_wait(&rig.peer, "CANCEL ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "far", "", NULL);
  peer_reply(&rig.peer, &invite, "487 Request Terminated", "far", "", NULL);
  rig_ended(&rig, 1, 487, CAUSE_CANCELLED);
}
END_TEST

START_TEST(an_answer_that_crosses_our_cancel_is_reported_and_then_ended) {
  ring(1);
  peer_reply(&rig.peer, &invite, "180 Ringing", "far", "", NULL);
  rig_expect(&rig, SIP_PROGRESS);
  rig_end(&rig, SIP_CANCEL, 1);
  ck_assert(peer_wait(&rig.peer, "CANCEL ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp)); /* was on its way */
  peer_reply(&rig.peer, &msg, "200 OK", "far", "", NULL);
  rig_expect(&rig, SIP_ANSWERED);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  rig_hang_up(&rig, 1);
}
END_TEST

START_TEST(of_two_answers_the_second_is_acknowledged_and_ended) {
  ring(1);
  peer_reply(&rig.peer, &invite, "200 OK", "one", "", peer_sdp(30000, "", sdp));
  ck_assert_uint_eq(rig_expect(&rig, SIP_ANSWERED).u.sip_event.desc.port, 30000);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &invite, "200 OK", "two", "", peer_sdp(30002, "", sdp));
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  ck_assert_ptr_nonnull(strstr(peer_header(&msg, "To", value), "tag=two"));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_silent(&rig, 100); /* the first call lives on */
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  ck_assert_ptr_nonnull(strstr(peer_header(&msg, "To", value), "tag=one"));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
}
END_TEST

static void end_by_far_side(unsigned cseq) {
  peer_request(&rig.peer, &invite, "far", "BYE", cseq, "", NULL);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  ck_assert_uint_eq(rig_ended(&rig, 1, 200, CAUSE_NORMAL).u.sip_event.by, 1);
}

START_TEST(the_far_side_holds_and_resumes) {
  invite = rig_answered(&rig, 1);
  peer_request(&rig.peer, &invite, "far", "INVITE", 1, "", peer_sdp(30000, "a=sendonly\r\n", sdp));
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  ck_assert_ptr_nonnull(strstr(peer_body(&msg), "a=recvonly\r\n"));
  ck_assert_ptr_nonnull(strstr(peer_body(&msg), "m=audio 20000 RTP/AVP 0 101\r\n"));
  peer_request(&rig.peer, &invite, "far", "ACK", 1, "", NULL);
  ck_assert_uint_eq(rig_expect(&rig, SIP_MEDIA).u.sip_event.desc.dir, MEDIA_SENDONLY);
  peer_request(&rig.peer, &invite, "far", "INVITE", 2, "", peer_sdp(30010, "", sdp));
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  peer_request(&rig.peer, &invite, "far", "ACK", 2, "", NULL);
  struct mail m = rig_expect(&rig, SIP_MEDIA);
  ck_assert_uint_eq(m.u.sip_event.desc.dir, MEDIA_SENDRECV);
  ck_assert_uint_eq(m.u.sip_event.desc.port, 30010);
  end_by_far_side(3);
}
END_TEST

START_TEST(an_offerless_reinvite_gets_our_offer_and_its_ack_the_answer) {
  invite = rig_answered(&rig, 1);
  peer_request(&rig.peer, &invite, "far", "INVITE", 1, "", NULL);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  ck_assert_ptr_nonnull(strstr(peer_body(&msg), "m=audio 20000 RTP/AVP 0 8 101\r\n"));
  peer_request(&rig.peer, &invite, "far", "ACK", 1, "", peer_sdp(30020, "", sdp));
  ck_assert_uint_eq(rig_expect(&rig, SIP_MEDIA).u.sip_event.desc.port, 30020);
  end_by_far_side(2);
}
END_TEST

START_TEST(a_reinvite_that_we_cannot_use_is_refused_and_the_call_goes_on) {
  invite = rig_answered(&rig, 1);
  peer_request(
      &rig.peer, &invite, "far", "INVITE", 1, "",
      "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 488", WAIT_MS, &msg));
  peer_request(&rig.peer, &invite, "far", "ACK", 1, "", NULL);
  rig_silent(&rig, 50);
  end_by_far_side(2);
}
END_TEST

START_TEST(an_update_may_hold_and_options_are_answered) {
  invite = rig_answered(&rig, 1);
  peer_request(&rig.peer, &invite, "far", "UPDATE", 1, "", peer_sdp(30000, "a=inactive\r\n", sdp));
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  ck_assert_ptr_nonnull(strstr(peer_body(&msg), "a=inactive\r\n"));
  ck_assert_uint_eq(rig_expect(&rig, SIP_MEDIA).u.sip_event.desc.dir, MEDIA_INACTIVE);
  peer_request(&rig.peer, &invite, "far", "OPTIONS", 2, "", NULL);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  end_by_far_side(3);
}
END_TEST

START_TEST(a_reliable_provisional_is_acknowledged) {
  ring(1);
  for (int i = 0; i < 3; i++) { /* the peer says it again: the network is slow */
    peer_reply(&rig.peer, &invite, "183 Session Progress", "far", "Require: 100rel\r\nRSeq: 41\r\n", peer_sdp(31000, "", sdp));
    usleep(20000);
  }
  ck_assert_uint_eq(rig_expect(&rig, SIP_PROGRESS).u.sip_event.desc.port, 31000);
  ck_assert(peer_wait(&rig.peer, "PRACK ", WAIT_MS, &msg));
  ck_assert_int_eq(strncmp(peer_header(&msg, "RAck", value), "41 ", 3), 0);
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  peer_reply(&rig.peer, &invite, "180 Ringing", "far", "Require: 100rel\r\nRSeq: 42\r\n", NULL);
  ck_assert(peer_wait(&rig.peer, "PRACK ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  ck_assert_uint_eq(rig_expect(&rig, SIP_PROGRESS).u.sip_event.status, 180);
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", NULL);
  ck_assert_uint_eq(rig_expect(&rig, SIP_ANSWERED).u.sip_event.desc.port, 31000);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  rig_hang_up(&rig, 1);
}
END_TEST

START_TEST(repeated_replies_are_one_event) {
  char line[64];
  ring(1);
  for (int i = 0; i < 3; i++) peer_reply(&rig.peer, &invite, "180 Ringing", "far", "", NULL);
  rig_expect(&rig, SIP_PROGRESS);
  for (int i = 0; i < 3; i++) peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp));
  rig_expect(&rig, SIP_ANSWERED);
  for (int i = 0; i < 3; i++) ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg)); /* each 200 is acknowledged */
  snprintf(line, sizeof line, "Session-Expires: 1800;refresher=uac\r\n");
  for (unsigned i = 1; i <= 2; i++) peer_request(&rig.peer, &invite, "far", "BYE", i, line, NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
  rig_silent(&rig, 50);
}
END_TEST

START_TEST(a_silent_peer_times_out) {
  ring(1);
  rig_ended(&rig, 1, 408, CAUSE_TIMEOUT);
}
END_TEST

START_TEST(a_peer_that_rang_and_ignores_our_cancel_is_given_up) {
  ring(1);
  peer_reply(&rig.peer, &invite, "180 Ringing", "far", "", NULL);
  rig_expect(&rig, SIP_PROGRESS);
  rig_end(&rig, SIP_CANCEL, 1);
  struct mail m = {0};
  ck_assert(rig_mail(&rig, 9000, &m));
  ck_assert_uint_eq(m.kind, SIP_ENDED);
  ck_assert_uint_eq(m.u.sip_event.cause, CAUSE_CANCELLED);
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp)); /* far too late: nobody may be left in a call */
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
}
END_TEST

START_TEST(a_bye_that_nobody_answers_still_ends) {
  invite = rig_answered(&rig, 1);
  rig_end(&rig, SIP_BYE, 1);
  struct mail m = {0};
  ck_assert(rig_mail(&rig, 60000, &m));
  ck_assert_uint_eq(m.kind, SIP_ENDED);
  ck_assert_uint_eq(m.u.sip_event.cause, CAUSE_NORMAL);
}
END_TEST

START_TEST(an_unknown_leg_is_told_to_be_over) {
  rig_end(&rig, SIP_BYE, 99);
  rig_ended(&rig, 99, 481, CAUSE_NORMAL);
  rig_end(&rig, SIP_CANCEL, 98);
  rig_ended(&rig, 98, 481, CAUSE_NORMAL);
}
END_TEST

START_TEST(a_ping_is_answered) {
  struct mail m = mail_make(SIP_PING, clock_mono());
  rig_send(&rig, &m);
  rig_expect(&rig, SIP_PONG);
}
END_TEST

START_TEST(an_unknown_trunk_and_a_trunk_without_a_number_are_refused_here) {
  struct mail m = mail_make(SIP_INVITE, clock_mono());
  m.u.sip_invite.leg = rig_leg(5);
  m.u.sip_invite.trunk = 9;
  m.u.sip_invite.to = 1;
  m.u.sip_invite.media_port = 20000;
  rig_send(&rig, &m);
  rig_ended(&rig, 5, SIP_STATUS_REFUSED, CAUSE_LOCAL);
  rig_trunk(&rig, 9, "sip:carrier.example.com");
  ck_assert_uint_eq(rig_expect(&rig, SIP_TRUNK_STATE).u.sip_trunk_state.up, 0);
  rig_send(&rig, &m);
  rig_ended(&rig, 5, SIP_STATUS_REFUSED, CAUSE_LOCAL);
}
END_TEST

START_TEST(a_seat_is_rung_with_auto_answer_headers) {
  struct mail m = mail_make(SIP_INVITE, clock_mono());
  m.u.sip_invite.leg = (struct leg){.role = LEG_SEAT, .slot = 3, .gen = 4};
  m.u.sip_invite.call_id = 42;
  m.u.sip_invite.media_port = 20002;
  m.u.sip_invite.auto_answer = 1;
  snprintf(m.u.sip_invite.uri, MAIL_URI_MAX, "sip:alice@localhost:%u", rig.peer.port);
  rig_send(&rig, &m);
  ck_assert(peer_wait(&rig.peer, "INVITE sip:alice@127.0.0.1", WAIT_MS, &invite));
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "Call-Info", value), "answer-after=0"));
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "Alert-Info", value), "info=alert-autoanswer"));
  ck_assert_str_eq(peer_header(&invite, "Answer-Mode", value), "Auto");
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp));
  struct mail a = rig_expect(&rig, SIP_ANSWERED);
  ck_assert_uint_eq(a.u.sip_event.leg.role, LEG_SEAT);
  ck_assert_uint_eq(a.u.sip_event.leg.slot, 3);
  peer_request(&rig.peer, &invite, "far", "BYE", 1, "", NULL);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  ck_assert_uint_eq(rig_expect(&rig, SIP_ENDED).u.sip_event.by, 1);
}
END_TEST

static void stranger(const char *method, const char *body_headers) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(rig.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  char text[1024];
  snprintf(
      text, sizeof text,
      "%s sip:900@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKs%s\r\nMax-Forwards: 70\r\n"
      "From: <sip:x@127.0.0.1>;tag=s\r\nTo: <sip:900@127.0.0.1>\r\nCall-ID: s-%s@x\r\nCSeq: 1 %s\r\nContact: <sip:x@127.0.0.1:%u>\r\n%s"
      "Content-Length: 0\r\n\r\n",
      method, rig.port, rig.peer.port, method, method, method, rig.peer.port, body_headers);
  peer_send(&rig.peer, &to, text);
}

START_TEST(strangers_dial_nothing_and_register_nowhere) {
  struct peer trunk = rig.peer;
  ck_assert(peer_open(&rig.peer)); /* from another port than the trunk's */
  stranger("INVITE", "");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 403", WAIT_MS, &msg));
  peer_request(&rig.peer, &msg, "s", "ACK", 1, "", NULL);
  peer_close(&rig.peer);
  rig.peer = trunk;
  stranger("REGISTER", "");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 ", WAIT_MS, &msg));
  ck_assert_int_eq(msg.text[8], '4' + (msg.text[8] == '5'));
  stranger("OPTIONS", "");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  stranger("BYE", "");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 481", WAIT_MS, &msg));
  stranger("MESSAGE", "");
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 405", WAIT_MS, &msg));
  rig_silent(&rig, 50);
}
END_TEST

#define CASE(t) tcase_add_test(c, t)

int main(void) {
  Suite *s = suite_create("sip worker");
  TCase *c = tcase_create("all");
  tcase_set_timeout(c, 100);
  tcase_add_checked_fixture(c, setup, teardown);
  CASE(an_offer_names_number_codecs_port_and_attempt);
  CASE(a_call_rings_is_answered_and_we_hang_up);
  CASE(the_far_side_hangs_up_and_its_reason_is_kept);
  CASE(early_media_under_183_then_busy);
  CASE(an_answer_without_sdp_uses_the_early_one_of_its_own_tag);
  CASE(an_answer_without_any_sdp_is_ended_and_still_counted_as_answered);
  CASE(an_answer_with_garbage_for_sdp_is_ended);
  CASE(a_ringing_call_is_cancelled);
  CASE(a_cancel_before_any_reply_waits_for_one);
  CASE(an_answer_that_crosses_our_cancel_is_reported_and_then_ended);
  CASE(of_two_answers_the_second_is_acknowledged_and_ended);
  CASE(the_far_side_holds_and_resumes);
  CASE(an_offerless_reinvite_gets_our_offer_and_its_ack_the_answer);
  CASE(a_reinvite_that_we_cannot_use_is_refused_and_the_call_goes_on);
  CASE(an_update_may_hold_and_options_are_answered);
  CASE(a_reliable_provisional_is_acknowledged);
  CASE(repeated_replies_are_one_event);
  CASE(a_silent_peer_times_out);
  CASE(a_peer_that_rang_and_ignores_our_cancel_is_given_up);
  CASE(a_bye_that_nobody_answers_still_ends);
  CASE(an_unknown_leg_is_told_to_be_over);
  CASE(a_ping_is_answered);
  CASE(an_unknown_trunk_and_a_trunk_without_a_number_are_refused_here);
  CASE(a_seat_is_rung_with_auto_answer_headers);
  CASE(strangers_dial_nothing_and_register_nowhere);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
