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

/* The INVITE is refused with this status; the worker acknowledges and names the cause. */
static struct mail refused(const char *status, const char *headers, unsigned code, enum cause cause) {
  ring(1);
  peer_reply(&rig.peer, &invite, status, "far", headers, NULL);
  struct mail m = rig_ended(&rig, 1, code, cause);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  rig_silent(&rig, 20);
  return m;
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
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  m = rig_ended(&rig, 1, 200, CAUSE_NORMAL);
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

START_TEST(busy_486) { refused("486 Busy Here", "", 486, CAUSE_BUSY); }
END_TEST
START_TEST(no_such_number_404) { refused("404 Not Found", "", 404, CAUSE_INVALID_NUMBER); }
END_TEST
START_TEST(forbidden_403) { refused("403 Forbidden", "", 403, CAUSE_AUTH); }
END_TEST
START_TEST(temporarily_unavailable_480) { refused("480 Temporarily Unavailable", "", 480, CAUSE_NO_ANSWER); }
END_TEST
START_TEST(no_circuit_480_with_q850_34) {
  struct mail m = refused("480 Temporarily Unavailable", "Reason: Q.850;cause=34\r\n", 480, CAUSE_CONGESTION);
  ck_assert_uint_eq(m.u.sip_event.q850, 34);
}
END_TEST
START_TEST(rejected_603) { refused("603 Decline", "", 603, CAUSE_REJECTED); }
END_TEST
START_TEST(blocked_by_analytics_603_plus) {
  refused("603 Network Blocked", "Reason: Q.850;cause=21;text=\"v=analytics1;url=https://example.com;tel=+12025550199\";location=LN\r\n",
          603, CAUSE_BLOCKED);
}
END_TEST
START_TEST(unwanted_607) { refused("607 Unwanted", "", 607, CAUSE_UNWANTED); }
END_TEST
START_TEST(blocked_608) { refused("608 Rejected", "", 608, CAUSE_BLOCKED); }
END_TEST
START_TEST(not_acceptable_488) { refused("488 Not Acceptable Here", "", 488, CAUSE_MEDIA); }
END_TEST
START_TEST(request_pending_491) { refused("491 Request Pending", "", 491, CAUSE_CLIENT); }
END_TEST
START_TEST(server_error_500) { refused("500 Server Internal Error", "", 500, CAUSE_SERVER); }
END_TEST

START_TEST(congestion_503_keeps_retry_after_and_is_not_tried_again) {
  struct mail m = refused("503 Service Unavailable", "Retry-After: 1\r\n", 503, CAUSE_CONGESTION);
  ck_assert_uint_eq(m.u.sip_event.retry_after_s, 1);
  ck_assert_uint_eq(peer_count(&rig.peer, "INVITE ", 1500), 0);
}
END_TEST

START_TEST(a_challenge_without_a_password_ends_the_call) {
  ring(1);
  peer_reply(&rig.peer, &invite, "407 Proxy Authentication Required", "far",
             "Proxy-Authenticate: Digest realm=\"x\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n", NULL);
  rig_ended(&rig, 1, 407, CAUSE_AUTH);
  rig_silent(&rig, 50);
}
END_TEST

START_TEST(a_redirection_is_never_followed) {
  struct peer other;
  char headers[100];
  ck_assert(peer_open(&other));
  ring(1);
  snprintf(headers, sizeof headers, "Contact: <sip:premium@127.0.0.1:%u>\r\n", other.port);
  peer_reply(&rig.peer, &invite, "302 Moved Temporarily", "far", headers, NULL);
  rig_ended(&rig, 1, 302, CAUSE_REDIRECTED);
  ck_assert_uint_eq(peer_count(&other, "INVITE ", 300), 0);
  ck_assert_uint_eq(peer_count(&rig.peer, "INVITE ", 10), 0);
  peer_close(&other);
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

static void answered_with_unusable(const char *body, enum cause cause) {
  ring(1);
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", body);
  ck_assert_uint_eq(rig_expect(&rig, SIP_ANSWERED).u.sip_event.desc.family, 0);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, cause);
}

START_TEST(an_answer_without_any_sdp_is_ended_and_still_counted_as_answered) { answered_with_unusable(NULL, CAUSE_MEDIA); }
END_TEST
START_TEST(an_answer_with_garbage_for_sdp_is_ended) { answered_with_unusable("v=0\r\nthis is not\r\nm=audio x y z\r\n", CAUSE_MEDIA); }
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
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
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
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
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

/* --- how it starts and how it ends --------------------------------------------------- */

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
  answered_with_unusable("v=0\r\no=x 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
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

static TCase *legs(void) {
  TCase *c = tcase_create("legs");
  tcase_set_timeout(c, 100);
  tcase_add_checked_fixture(c, setup, teardown);
  CASE(an_offer_names_number_codecs_port_and_attempt);
  CASE(a_call_rings_is_answered_and_we_hang_up);
  CASE(the_far_side_hangs_up_and_its_reason_is_kept);
  CASE(busy_486);
  CASE(no_such_number_404);
  CASE(forbidden_403);
  CASE(temporarily_unavailable_480);
  CASE(no_circuit_480_with_q850_34);
  CASE(rejected_603);
  CASE(blocked_by_analytics_603_plus);
  CASE(unwanted_607);
  CASE(blocked_608);
  CASE(not_acceptable_488);
  CASE(request_pending_491);
  CASE(server_error_500);
  CASE(congestion_503_keeps_retry_after_and_is_not_tried_again);
  CASE(a_challenge_without_a_password_ends_the_call);
  CASE(a_redirection_is_never_followed);
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
  return c;
}

static TCase *life(void) {
  TCase *c = tcase_create("life");
  tcase_set_timeout(c, 100);
  CASE(the_breaker_refuses_when_nothing_answers_and_closes_again);
  CASE(a_shutdown_ends_every_leg_and_exits);
  CASE(a_shutdown_with_dead_peers_takes_two_seconds_and_tells_of_every_leg);
  CASE(when_control_dies_its_calls_are_ended);
  CASE(a_port_where_nobody_listens_is_congestion_at_once);
  CASE(an_ipv6_listener_calls_an_ipv6_trunk);
  CASE(a_contact_on_another_network_does_not_hold_a_loopback_worker);
  CASE(a_contact_that_is_an_unknown_name_ends);
  CASE(an_answer_that_cannot_be_read_is_no_answer);
  CASE(the_advertised_address_is_what_others_see);
  CASE(a_taken_port_is_named);
  CASE(a_wrong_description_is_a_usage_error);
  CASE(on_loopback_only_no_other_peer_is_called);
  return c;
}

int main(void) {
  Suite *s = suite_create("sip worker");
  suite_add_tcase(s, legs());
  suite_add_tcase(s, life());
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
