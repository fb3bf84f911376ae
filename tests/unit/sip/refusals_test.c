/* Every final response becomes an end with its cause; none is followed and none is tried again. */
#include "tests/unit/sip/harness.h"

static struct rig rig;
static struct peer_msg invite, msg;

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

#define CASE(t) tcase_add_test(c, t)

int main(void) {
  Suite *s = suite_create("sip refusals");
  TCase *c = tcase_create("all");
  tcase_set_timeout(c, 100);
  tcase_add_checked_fixture(c, setup, teardown);
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
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
