/* Trunks with accounts against a peer that is scripted message by message: passwords, registration, health, names. */
#include "dialer/base/digest.h"
#include "tests/unit/sip/harness.h"

static struct rig rig;
static struct peer_msg invite, msg;
static char sdp[512], value[512];

static void setup(void) { rig_start(&rig, "t1x64=1000"); }
static void teardown(void) { rig_stop(&rig); }

static struct wide_trunk account(const char *host, bool registers, uint32_t options_s) {
  struct wide_trunk t;
  memset(&t, 0, sizeof t);
  t.trunk = 0;
  t.registers = registers;
  t.options_s = options_s;
  t.expires_s = 60;
  snprintf(t.proxy, sizeof t.proxy, "sip:%s:%u;transport=udp", host, rig.peer.port);
  snprintf(t.user, sizeof t.user, "acme");
  snprintf(t.password, sizeof t.password, "se:cret \"x\"");
  return t;
}

static void define(struct wide_trunk t) {
  struct wide w;
  wide_make(&w, SIP_TRUNK_SETUP, clock_mono())->u.trunk = t;
  ck_assert_int_eq(wide_send_fd(rig.fd, &w), CAD_OK);
}

static void wait_state(enum trunk_state state) {
  struct mail m;
  do {
    ck_assert_msg(rig_mail(&rig, WAIT_MS + 4000, &m), "the trunk never became %s", trunk_state_name(state));
  } while (m.kind != SIP_TRUNK_STATE || m.u.sip_trunk_state.state != state);
  ck_assert_uint_eq(m.u.sip_trunk_state.up, state == TRUNK_UP);
}

/* A parameter of the credentials, without quotes. */
static const char *credential(const struct peer_msg *m, const char *header, const char *name, char out[256]) {
  char line[512];
  peer_header(m, header, line);
  snprintf(out, 256, "%s=", name);
  const char *at = strstr(line, out);
  while (at && at > line && at[-1] != ' ' && at[-1] != ',') at = strstr(at + 1, out);
  ck_assert_msg(at, "no %s in %s", name, line);
  at += strlen(out);
  bool quoted = *at == '"';
  size_t n = quoted ? strcspn(at + 1, "\"") : strcspn(at, ", ");
  snprintf(out, 256, "%.*s", (int)n, at + quoted);
  return out;
}

static void proves(const struct peer_msg *m, const char *header, const char *method, const char *algorithm, const char *nonce) {
  char ha1[DIGEST_HEX], want[DIGEST_HEX], a[256], uri[256], nc[256], cnonce[256], got[256], n[256];
  enum digest_algorithm kind;
  ck_assert_str_eq(credential(m, header, "algorithm", a), algorithm);
  ck_assert_str_eq(credential(m, header, "nonce", n), nonce);
  ck_assert(digest_algorithm_named(a, &kind));
  digest_ha1(kind, "acme", "far away", "se:cret \"x\"", ha1);
  struct digest_request r = {
      ha1, nonce, method, credential(m, header, "uri", uri), credential(m, header, "nc", nc), credential(m, header, "cnonce", cnonce)};
  digest_response(kind, &r, want);
  ck_assert_msg(strcmp(credential(m, header, "response", got), want) == 0, "%s\n%s %s %s %s %s", m->text, r.uri, r.nc, r.cnonce, r.nonce,
                ha1);
}

#define MD5_OF(nonce) "Proxy-Authenticate: Digest realm=\"far away\", nonce=\"" nonce "\", algorithm=MD5, qop=\"auth\", opaque=\"o\"\r\n"
#define SHA_OF(nonce) "Proxy-Authenticate: Digest realm=\"far away\", nonce=\"" nonce "\", algorithm=SHA-256, qop=\"auth\"\r\n"

static void challenged(const char *challenge) {
  define(account("127.0.0.1", false, 0));
  rig_invite(&rig, 1);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
  ck_assert_str_eq(peer_header(&invite, "Proxy-Authorization", value), "");
  peer_reply(&rig.peer, &invite, "407 Proxy Authentication Required", "far", challenge, NULL);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
}

static void answered_and_ended(void) {
  peer_reply(&rig.peer, &invite, "200 OK", "far", "", peer_sdp(30000, "", sdp));
  rig_expect(&rig, SIP_ANSWERED);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  rig_hang_up(&rig, 1);
}

START_TEST(a_challenge_with_md5_is_answered) {
  challenged(MD5_OF("n1"));
  proves(&invite, "Proxy-Authorization", "INVITE", "MD5", "n1");
  answered_and_ended();
}
END_TEST
START_TEST(a_challenge_with_sha_256_is_answered) {
  challenged(SHA_OF("n1"));
  proves(&invite, "Proxy-Authorization", "INVITE", "SHA-256", "n1");
  answered_and_ended();
}
END_TEST
START_TEST(of_both_the_stronger_is_taken) {
  challenged(SHA_OF("n1") MD5_OF("n2"));
  proves(&invite, "Proxy-Authorization", "INVITE", "SHA-256", "n1");
  answered_and_ended();
}
END_TEST
START_TEST(of_both_in_the_other_order_one_is_answered_rightly) {
  challenged(MD5_OF("n2") SHA_OF("n1"));
  proves(&invite, "Proxy-Authorization", "INVITE", "SHA-256", "n1");
  answered_and_ended();
}
END_TEST
START_TEST(a_stale_nonce_is_replaced) {
  challenged(MD5_OF("n1"));
  peer_reply(&rig.peer, &invite, "407 Proxy Authentication Required", "far",
             "Proxy-Authenticate: Digest realm=\"far away\", nonce=\"n2\", algorithm=MD5, qop=\"auth\", stale=true\r\n", NULL);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
  proves(&invite, "Proxy-Authorization", "INVITE", "MD5", "n2");
  answered_and_ended();
}
END_TEST
START_TEST(a_wrong_password_ends_the_call_as_auth_after_one_try) {
  challenged(MD5_OF("n1"));
  peer_reply(&rig.peer, &invite, "407 Proxy Authentication Required", "far", MD5_OF("n9"), NULL);
  struct mail m = rig_expect(&rig, SIP_ENDED);
  ck_assert_str_eq(cause_name((enum cause)m.u.sip_event.cause), "auth");
  ck_assert_uint_eq(peer_count(&rig.peer, "INVITE ", 300), 0);
}
END_TEST

START_TEST(a_trunk_registers_and_is_up_then) {
  define(account("127.0.0.1", true, 0));
  wait_state(TRUNK_REGISTERING);
  ck_assert(peer_wait(&rig.peer, "REGISTER ", WAIT_MS, &msg));
  ck_assert_ptr_nonnull(strstr(peer_header(&msg, "To", value), "sip:acme@127.0.0.1"));
  peer_reply(&rig.peer, &msg, "401 Unauthorized", "far",
             "WWW-Authenticate: Digest realm=\"far away\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\r\n", NULL);
  ck_assert(peer_wait(&rig.peer, "REGISTER ", WAIT_MS, &msg));
  proves(&msg, "Authorization", "REGISTER", "SHA-256", "n1");
  snprintf(sdp, sizeof sdp, "Contact: %s;expires=60\r\n", peer_header(&msg, "Contact", value));
  peer_reply(&rig.peer, &msg, "200 OK", "far", sdp, NULL);
  wait_state(TRUNK_UP);
}
END_TEST

START_TEST(a_wrong_password_is_told_as_such_and_not_repeated_at_once) {
  define(account("127.0.0.1", true, 0));
  ck_assert(peer_wait(&rig.peer, "REGISTER ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "401 Unauthorized", "far", "WWW-Authenticate: Digest realm=\"far away\", nonce=\"n1\"\r\n", NULL);
  ck_assert(peer_wait(&rig.peer, "REGISTER ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "401 Unauthorized", "far", "WWW-Authenticate: Digest realm=\"far away\", nonce=\"n2\"\r\n", NULL);
  wait_state(TRUNK_REFUSED);
  ck_assert_uint_eq(peer_count(&rig.peer, "REGISTER ", 2500), 0);
  rig_invite(&rig, 1); /* no call is tried on it */
  rig_ended(&rig, 1, 503, CAUSE_CONGESTION);
}
END_TEST

START_TEST(a_registrar_that_is_silent_is_asked_again) {
  define(account("127.0.0.1", true, 0));
  wait_state(TRUNK_UNREGISTERED);
  while (peer_wait(&rig.peer, "REGISTER ", 100, &msg)) continue;
  ck_assert(peer_wait(&rig.peer, "REGISTER ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "far", "Expires: 60\r\n", NULL);
}
END_TEST

START_TEST(options_find_a_dead_trunk_and_its_recovery) {
  struct mail m;
  define(account("127.0.0.1", false, 1));
  ck_assert(peer_wait(&rig.peer, "OPTIONS ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "404 Not Found", "far", "", NULL); /* any word is a sign of life */
  while (rig_mail(&rig, 300, &m)) ck_assert_uint_eq(m.u.sip_trunk_state.state, TRUNK_UP);
  wait_state(TRUNK_SILENT);
  rig_invite(&rig, 1);
  rig_ended(&rig, 1, 503, CAUSE_CONGESTION);
  while (peer_wait(&rig.peer, "OPTIONS ", 100, &msg)) continue;
  ck_assert(peer_wait(&rig.peer, "OPTIONS ", WAIT_MS, &msg));
  peer_reply(&rig.peer, &msg, "200 OK", "far", "", NULL);
  wait_state(TRUNK_UP);
}
END_TEST

START_TEST(a_name_is_looked_up_and_stays_in_the_request) {
  struct wide_trunk t = account("LOCALHOST", false, 0);
  define(t);
  wait_state(TRUNK_UP);
  rig_invite(&rig, 1);
  ck_assert(peer_wait(&rig.peer, "INVITE sip:+12025550123@LOCALHOST", WAIT_MS, &invite));
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "Route", value), "<sip:127.0.0.1:"));
  answered_and_ended();
}
END_TEST

START_TEST(a_domain_of_its_own_is_said_in_from_and_request) {
  struct wide_trunk t = account("127.0.0.1", false, 0);
  snprintf(t.domain, sizeof t.domain, "voice.example.net");
  define(t);
  rig_invite(&rig, 1);
  ck_assert(peer_wait(&rig.peer, "INVITE sip:+12025550123@voice.example.net", WAIT_MS, &invite));
  ck_assert_ptr_nonnull(strstr(peer_header(&invite, "From", value), "<sip:+12025550100@voice.example.net>"));
  answered_and_ended();
}
END_TEST

START_TEST(a_name_that_is_not_there_is_told) {
  define(account("nobody.invalid", false, 0));
  wait_state(TRUNK_NAME_UNKNOWN);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sip trunk");
  TCase *life = tcase_create("life");
  tcase_set_timeout(life, 40);
  tcase_add_checked_fixture(life, setup, teardown);
  tcase_add_test(life, a_challenge_with_md5_is_answered);
  tcase_add_test(life, a_challenge_with_sha_256_is_answered);
  tcase_add_test(life, of_both_the_stronger_is_taken);
  tcase_add_test(life, of_both_in_the_other_order_one_is_answered_rightly);
  tcase_add_test(life, a_stale_nonce_is_replaced);
  tcase_add_test(life, a_wrong_password_ends_the_call_as_auth_after_one_try);
  tcase_add_test(life, a_trunk_registers_and_is_up_then);
  tcase_add_test(life, a_wrong_password_is_told_as_such_and_not_repeated_at_once);
  tcase_add_test(life, a_registrar_that_is_silent_is_asked_again);
  tcase_add_test(life, options_find_a_dead_trunk_and_its_recovery);
  tcase_add_test(life, a_name_is_looked_up_and_stays_in_the_request);
  tcase_add_test(life, a_domain_of_its_own_is_said_in_from_and_request);
  tcase_add_test(life, a_name_that_is_not_there_is_told);
  suite_add_tcase(suite, life);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
