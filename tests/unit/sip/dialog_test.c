/* A worker dies; the next one takes its dialogs up or ends them, and the peer sees one dialog all the time. */
#include "dialer/sip/orphan.h"
#include "tests/unit/sip/harness.h"

static struct rig rig;
static struct peer_msg invite, msg, again;
static char sdp[512], value[512], other[512];

static void setup(void) { rig_start(&rig, "t1x64=2000"); }
static void teardown(void) { rig_stop(&rig); }

/* kill -9, then a new worker on the same port with the same control. */
static void die_and_come_back(void) {
  int status;
  char proxy[MAIL_URI_MAX];
  kill(rig.pid, SIGKILL);
  ck_assert_int_eq(waitpid(rig.pid, &status, 0), rig.pid);
  close(rig.fd);
  close(rig.err_fd);
  rig_spawn(&rig, "t1x64=2000");
  rig_expect(&rig, SIP_UP);
  snprintf(proxy, sizeof proxy, "sip:127.0.0.1:%u;transport=udp", rig.peer.port);
  rig_trunk(&rig, 0, proxy);
  rig_expect(&rig, SIP_TRUNK_STATE);
}

static void give_back(enum mail_kind kind, struct wide_dialog dialog) {
  struct wide w;
  wide_make(&w, kind, clock_mono())->u.dialog = dialog;
  ck_assert_int_eq(wide_send_fd(rig.fd, &w), CAD_OK);
}

static unsigned cseq_of(const struct peer_msg *m) { return (unsigned)strtoul(peer_header(m, "CSeq", value), NULL, 10); }

/* The ACK may have been lost with the worker: it is said again, before anything else. */
static void acknowledged_again(const struct peer_msg *before) {
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  ck_assert_str_eq(peer_header(before, "Call-ID", value), peer_header(&msg, "Call-ID", other));
  ck_assert_uint_eq(cseq_of(before), cseq_of(&msg));
  ck_assert_ptr_nonnull(strstr(peer_header(&msg, "To", other), ";tag=far"));
}

/* Same Call-ID and tags, a higher CSeq. */
static void same_dialog(const struct peer_msg *before, const struct peer_msg *now) {
  ck_assert_str_eq(peer_header(before, "Call-ID", value), peer_header(now, "Call-ID", other));
  ck_assert_str_eq(strstr(peer_header(before, "From", value), ";tag="), strstr(peer_header(now, "From", other), ";tag="));
  ck_assert_ptr_nonnull(strstr(peer_header(now, "To", other), ";tag=far"));
  ck_assert_msg(cseq_of(now) > cseq_of(before), "CSeq went from %u to %u", cseq_of(before), cseq_of(now));
}

static void talk_and_die(void) {
  invite = rig_answered(&rig, 1);
  ck_assert_uint_eq(rig.dialogs, 1);
  ck_assert_uint_eq(rig.dialog.state, DIALOG_CONFIRMED);
  die_and_come_back();
  give_back(SIP_RESUME, rig.dialog);
  acknowledged_again(&invite);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &again));
  same_dialog(&invite, &again);
}

static void taken_up(void) {
  talk_and_die();
  peer_reply(&rig.peer, &again, "200 OK", "", "", peer_sdp(30000, "", sdp));
  struct mail m = rig_expect(&rig, SIP_RESUMED);
  ck_assert(leg_eq(m.u.sip_event.leg, rig_leg(1)));
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
}

START_TEST(a_talk_is_taken_up_and_the_far_side_still_ends_it) {
  taken_up();
  peer_request(&rig.peer, &invite, "far", "BYE", 1, "", NULL);
  ck_assert(peer_wait(&rig.peer, "SIP/2.0 200", WAIT_MS, &msg));
  struct mail m = rig_ended(&rig, 1, 200, CAUSE_NORMAL);
  ck_assert_uint_eq(m.u.sip_event.by, 1);
}
END_TEST

START_TEST(a_talk_is_taken_up_and_we_still_end_it) {
  taken_up();
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  same_dialog(&again, &msg);
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
}
END_TEST

START_TEST(it_is_told_of_again_so_that_the_next_death_is_survived_too) {
  taken_up();
  ck_assert_uint_eq(rig.dialogs, 3); /* as it was, the number of the request that is about to go, as it is now */
  for (unsigned deaths = 1; deaths < 3; deaths++) {
    invite = again;
    die_and_come_back();
    give_back(SIP_RESUME, rig.dialog);
    acknowledged_again(&invite);
    ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &again));
    same_dialog(&invite, &again);
    peer_reply(&rig.peer, &again, "200 OK", "", "", peer_sdp(30000, "", sdp));
    rig_expect(&rig, SIP_RESUMED);
    ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  }
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  same_dialog(&again, &msg);
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
}
END_TEST

START_TEST(a_far_side_that_hung_up_meanwhile_says_so) {
  talk_and_die();
  peer_reply(&rig.peer, &again, "481 Call Does Not Exist", "", "", NULL);
  struct mail m = rig_ended(&rig, 1, 200, CAUSE_NORMAL);
  ck_assert_uint_eq(m.u.sip_event.by, 1);
}
END_TEST

START_TEST(a_far_side_that_takes_no_reinvite_is_kept_and_ended_by_a_bye_of_its_own) {
  talk_and_die();
  peer_reply(&rig.peer, &again, "488 Not Acceptable Here", "", "", NULL);
  rig_expect(&rig, SIP_RESUMED);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  rig_end(&rig, SIP_BYE, 1);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  same_dialog(&again, &msg);
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
}
END_TEST

START_TEST(a_crossing_reinvite_is_tried_again) {
  talk_and_die();
  peer_reply(&rig.peer, &again, "491 Request Pending", "", "", NULL);
  invite = again;
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS + 2000, &again));
  same_dialog(&invite, &again);
  peer_reply(&rig.peer, &again, "200 OK", "", "", peer_sdp(30000, "", sdp));
  rig_expect(&rig, SIP_RESUMED);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  rig_hang_up(&rig, 1);
}
END_TEST

START_TEST(an_orphan_gets_its_bye) {
  invite = rig_answered(&rig, 1);
  die_and_come_back();
  struct wide_dialog d = rig.dialog;
  d.leg = (struct leg){LEG_ORPHAN, 5, 1};
  give_back(SIP_ORPHAN, d);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  same_dialog(&invite, &msg);
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  struct mail m = rig_expect(&rig, SIP_ENDED);
  ck_assert(leg_eq(m.u.sip_event.leg, d.leg));
}
END_TEST

START_TEST(an_orphan_behind_a_proxy_goes_its_way) {
  rig_invite(&rig, 1);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
  char route[200];
  snprintf(route, sizeof route, "Record-Route: <sip:127.0.0.1:%u;lr>, <sip:127.0.0.1:9;lr>\r\n", rig.peer.port);
  snprintf(sdp, sizeof sdp, "Record-Route: <sip:127.0.0.1:9;lr>\r\nRecord-Route: <sip:127.0.0.1:%u;lr>\r\n", rig.peer.port);
  char body[512];
  peer_reply(&rig.peer, &invite, "200 OK", "far", sdp, peer_sdp(30000, "", body));
  rig_expect(&rig, SIP_ANSWERED);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  die_and_come_back();
  struct wide_dialog d = rig.dialog;
  d.leg = (struct leg){LEG_ORPHAN, 5, 1};
  give_back(SIP_ORPHAN, d);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  snprintf(other, sizeof other, "<sip:127.0.0.1:%u;lr>", rig.peer.port);
  ck_assert_ptr_nonnull(strstr(peer_header(&msg, "Route", value), other));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_expect(&rig, SIP_ENDED);
}
END_TEST

START_TEST(a_phone_that_rings_for_nobody_is_cancelled) {
  rig_invite(&rig, 1);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
  peer_reply(&rig.peer, &invite, "180 Ringing", "far", "", NULL);
  rig_expect(&rig, SIP_PROGRESS);
  ck_assert_uint_eq(rig.dialog.state, DIALOG_EARLY);
  die_and_come_back();
  struct wide_dialog d = rig.dialog;
  d.leg = (struct leg){LEG_ORPHAN, 5, 1};
  give_back(SIP_ORPHAN, d);
  ck_assert(peer_wait(&rig.peer, "CANCEL ", WAIT_MS, &msg));
  char *of_invite = strstr(peer_header(&invite, "Via", value), ";branch="),
       *of_cancel = strstr(peer_header(&msg, "Via", other), ";branch=");
  ck_assert(of_invite && of_cancel);
  ck_assert_uint_eq(strcspn(of_invite + 1, ";"), strcspn(of_cancel + 1, ";"));
  ck_assert_int_eq(strncmp(of_invite, of_cancel, strcspn(of_invite + 1, ";") + 1), 0);
  ck_assert_uint_eq(cseq_of(&msg), cseq_of(&invite));
  ck_assert_ptr_null(strstr(peer_header(&msg, "To", value), ";tag="));
  rig_expect(&rig, SIP_ENDED);
}
END_TEST

START_TEST(a_resume_that_waits_can_be_hung_up) {
  talk_and_die();
  rig_end(&rig, SIP_BYE, 1);
  peer_reply(&rig.peer, &again, "200 OK", "", "", peer_sdp(30000, "", sdp));
  rig_expect(&rig, SIP_RESUMED);
  ck_assert(peer_wait(&rig.peer, "BYE ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
  rig_ended(&rig, 1, 200, CAUSE_NORMAL);
}
END_TEST

START_TEST(a_dialog_with_a_line_break_is_bad_mail) {
  struct wide w;
  wide_make(&w, SIP_RESUME, clock_mono());
  w.u.dialog = (struct wide_dialog){
      .leg = {LEG_CALL, 1, 1}, .state = DIALOG_CONFIRMED, .codec_count = 1, .call_id = "a", .local = "b", .remote = "c"};
  ck_assert_int_eq(wide_valid(&w, wide_size(SIP_RESUME)), CAD_OK);
  snprintf(w.u.dialog.target, sizeof w.u.dialog.target, "sip:a\r\nX: y");
  ck_assert_int_eq(wide_valid(&w, wide_size(SIP_RESUME)), CAD_EFORMAT);
  memset(w.u.dialog.target, 'a', sizeof w.u.dialog.target);
  ck_assert_int_eq(wide_valid(&w, wide_size(SIP_RESUME)), CAD_EFORMAT);
  ck_assert_int_eq(wide_valid(&w, wide_size(SIP_RESUME) - 1), CAD_EFORMAT);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sip dialog");
  TCase *life = tcase_create("life");
  tcase_set_timeout(life, 30);
  tcase_add_checked_fixture(life, setup, teardown);
  tcase_add_test(life, a_talk_is_taken_up_and_the_far_side_still_ends_it);
  tcase_add_test(life, a_talk_is_taken_up_and_we_still_end_it);
  tcase_add_test(life, it_is_told_of_again_so_that_the_next_death_is_survived_too);
  tcase_add_test(life, a_far_side_that_hung_up_meanwhile_says_so);
  tcase_add_test(life, a_far_side_that_takes_no_reinvite_is_kept_and_ended_by_a_bye_of_its_own);
  tcase_add_test(life, a_crossing_reinvite_is_tried_again);
  tcase_add_test(life, an_orphan_gets_its_bye);
  tcase_add_test(life, an_orphan_behind_a_proxy_goes_its_way);
  tcase_add_test(life, a_phone_that_rings_for_nobody_is_cancelled);
  tcase_add_test(life, a_resume_that_waits_can_be_hung_up);
  tcase_add_test(life, a_dialog_with_a_line_break_is_bad_mail);
  suite_add_tcase(suite, life);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
