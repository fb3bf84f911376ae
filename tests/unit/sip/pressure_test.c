/* What must hold when control is slow and when the network is hostile. */
#include "tests/unit/sip/harness.h"

static struct rig rig;
static struct peer_msg invite, msg;
static char sdp[512];

START_TEST(no_end_is_lost_while_control_does_not_read) {
  enum { LEGS = 6000 };
  static uint8_t ends[LEGS];
  struct mail m;
  uint32_t sent = 0, ended = 0;
  rig_start(&rig, "");
  while (ended < LEGS) {
    while (sent < LEGS) { /* as many as the pipe takes, without looking at the answers */
      struct mail order = mail_make(SIP_INVITE, clock_mono());
      order.u.sip_invite.leg = (struct leg){.role = LEG_CALL, .slot = sent, .gen = 1};
      order.u.sip_invite.trunk = 9; /* not known: refused at once */
      order.u.sip_invite.to = 12025550123ULL;
      order.u.sip_invite.media_port = 20000;
      int rc = mail_send_fd(rig.fd, &order);
      if (rc == CAD_EFULL) break;
      ck_assert_int_eq(rc, CAD_OK);
      sent++;
    }
    usleep(30000); /* the worker fills the pipe and its backlog, and stops reading */
    while (rig_mail(&rig, 200, &m)) {
      ck_assert_uint_eq(m.kind, SIP_ENDED);
      ck_assert_uint_eq(ends[m.u.sip_event.leg.slot]++, 0);
      ended++;
      if (ended == sent) break;
    }
  }
  struct mail ping = mail_make(SIP_PING, clock_mono());
  rig_send(&rig, &ping);
  rig_expect(&rig, SIP_PONG);
  rig_stop(&rig);
}
END_TEST

START_TEST(a_flood_of_progress_is_told_later_and_the_end_comes_last) {
  enum { FLOOD = 4000 };
  struct mail m;
  unsigned progress = 0, last_port = 0;
  rig_start(&rig, "t1x64=4000");
  rig_invite(&rig, 1);
  ck_assert(peer_wait(&rig.peer, "INVITE ", WAIT_MS, &invite));
  for (unsigned i = 0; i < FLOOD; i++) {
    peer_reply(&rig.peer, &invite, "183 Session Progress", "far", "", peer_sdp((uint16_t)(30000 + i), "", sdp));
    if (i % 100 == 99) usleep(20000); /* within the socket's buffer */
  }
  usleep(200000);
  while (rig_mail(&rig, 300, &m)) {
    ck_assert_uint_eq(m.kind, SIP_PROGRESS);
    last_port = m.u.sip_event.desc.port;
    progress++;
  }
  ck_assert_uint_eq(last_port, 30000 + FLOOD - 1); /* what is true now was told in the end */
  ck_assert_uint_lt(progress, FLOOD);              /* and the backlog was bounded */
  peer_reply(&rig.peer, &invite, "486 Busy Here", "far", "", NULL);
  rig_ended(&rig, 1, 486, CAUSE_BUSY);
  ck_assert(peer_wait(&rig.peer, "ACK ", WAIT_MS, &msg));
  rig_stop(&rig);
}
END_TEST

/* Damages a text at a few places; the same seed gives the same damage. */
static size_t damage(char *text, size_t n, unsigned *rng) {
  unsigned times = 1 + *rng % 5;
  for (unsigned k = 0; k < times && n > 1; k++) {
    *rng = *rng * 1103515245U + 12345U;
    size_t at = (*rng >> 8) % n;
    switch (*rng >> 29) {
    case 0: text[at] = (char)(*rng >> 16); break;
    case 1: memmove(text + at, text + at + 1, --n - at); break;
    case 2: text[at] = ";:<>@\r\n,=\"/ 0\\%("[*rng >> 20 & 15]; break;
    case 3: n = at + 1; break;
    default: text[at] ^= (char)(1 << (*rng >> 24 & 7)); break;
    }
  }
  return n;
}

static void stranger_options(struct rig *r, const struct sockaddr_in *to) {
  char text[600];
  snprintf(text, sizeof text,
           "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKlast\r\nMax-Forwards: 70\r\nFrom: "
           "<sip:x@127.0.0.1>;tag=o\r\n"
           "To: <sip:127.0.0.1>\r\nCall-ID: last@x\r\nCSeq: 9 OPTIONS\r\nContent-Length: 0\r\n\r\n",
           r->peer.port);
  for (int i = 0; i < 20; i++) {
    peer_send(&r->peer, to, text);
    while (peer_wait(&r->peer, "SIP/2.0 200", 1000, &msg))
      if (strstr(msg.text, "Call-ID: last@x")) return;
  }
  ck_abort_msg("the worker does not answer any more");
}

START_TEST(damaged_messages_from_strangers_do_no_harm) {
  enum { ROUNDS = 20000 };
  static const char *const METHODS[] = {"INVITE",   "OPTIONS",   "BYE",   "CANCEL", "ACK",  "UPDATE",
                                        "REGISTER", "SUBSCRIBE", "REFER", "NOTIFY", "PRACK"};
  char text[PEER_TEXT_MAX];
  unsigned rng = 20260101;
  rig_start(&rig, "");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(rig.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (unsigned i = 0; i < ROUNDS; i++) {
    const char *method = METHODS[i % (sizeof METHODS / sizeof METHODS[0])];
    int n = snprintf(text, sizeof text,
                     "%s sip:900@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%u;rport\r\nMax-Forwards: 70\r\n"
                     "From: \"x\" <sip:x@127.0.0.1>;tag=s%u\r\nTo: <sip:900@127.0.0.1>\r\nCall-ID: g-%u@x\r\nCSeq: 1 %s\r\n"
                     "Contact: <sip:x@127.0.0.1:%u>\r\nSession-Expires: 90\r\nRequire: timer\r\nReason: Q.850;cause=16\r\n"
                     "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                     method, rig.peer.port, i, i, i, method, rig.peer.port, strlen(peer_sdp(4000, "", sdp)), sdp);
    size_t bytes = damage(text, (size_t)n, &rng);
    sendto(rig.peer.fd, text, bytes, 0, (struct sockaddr *)&to, sizeof to);
    if (i % 50 == 49) peer_count(&rig.peer, "x", 4); /* keep its buffer and ours from overflowing */
  }
  stranger_options(&rig, &to); /* answered when all before it was read */
  struct mail ping = mail_make(SIP_PING, clock_mono());
  rig_send(&rig, &ping);
  rig_expect(&rig, SIP_PONG);
  rig_answered(&rig, 1);
  rig_hang_up(&rig, 1);
  rig_stop(&rig);
}
END_TEST

START_TEST(damaged_replies_to_our_calls_do_no_harm) {
  enum { ROUNDS = 300, REPLIES = 20 };
  static const char *const STATUSES[] = {"100 Trying", "180 Ringing", "183 Session Progress", "200 OK", "302 Moved",
                                         "486 Busy",   "503 Busy"};
  char vias[1024], from[512], dst[512], call_id[512], cseq[512], text[PEER_TEXT_MAX];
  unsigned rng = 777;
  uint32_t ended = 0;
  struct mail m;
  rig.no_leak_check = true;
  rig_start(&rig, "t1x64=1000;breaker=1000");
  for (uint32_t slot = 1; slot <= ROUNDS; slot++) {
    rig_invite(&rig, slot);
    if (!peer_wait(&rig.peer, "INVITE ", 200, &invite)) continue;
    for (unsigned i = 0; i < REPLIES; i++) {
      int n = snprintf(
          text, sizeof text,
          "SIP/2.0 %s\r\n%sFrom: %s\r\nTo: %s;tag=t%u\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <sip:p@127.0.0.1:%u>\r\nRetry-After: 5\r\n"
          "Reason: Q.850;cause=17;text=\"x\"\r\nRequire: 100rel\r\nRSeq: %u\r\nContent-Type: application/sdp\r\n"
          "Content-Length: %zu\r\n\r\n%s",
          STATUSES[(rng >> 12) % 7], peer_vias(&invite, vias), peer_header(&invite, "From", from), peer_header(&invite, "To", dst),
          rng >> 20 & 3, peer_header(&invite, "Call-ID", call_id), peer_header(&invite, "CSeq", cseq), rig.peer.port, i + 1,
          strlen(peer_sdp(4000, "", sdp)), sdp);
      size_t bytes = damage(text, (size_t)n, &rng);
      sendto(rig.peer.fd, text, bytes, 0, (struct sockaddr *)&invite.from, sizeof invite.from);
    }
    rig_end(&rig, SIP_BYE, slot);
    while (rig_mail(&rig, 0, &m)) ended += m.kind == SIP_ENDED && m.u.sip_event.status != 481;
  }
  for (int64_t until = clock_mono().ms + 15000; ended < ROUNDS && clock_mono().ms < until;) {
    if (peer_wait(&rig.peer, "BYE ", 5, &msg)) peer_reply(&rig.peer, &msg, "200 OK", "", "", NULL);
    while (rig_mail(&rig, 0, &m)) ended += m.kind == SIP_ENDED && m.u.sip_event.status != 481;
  }
  ck_assert_uint_eq(ended, ROUNDS);
  rig_stop(&rig);
}
END_TEST

int main(void) {
  Suite *s = suite_create("sip pressure");
  TCase *c = tcase_create("pressure");
  tcase_set_timeout(c, 100);
  tcase_add_test(c, no_end_is_lost_while_control_does_not_read);
  tcase_add_test(c, a_flood_of_progress_is_told_later_and_the_end_comes_last);
  tcase_add_test(c, damaged_messages_from_strangers_do_no_harm);
  tcase_add_test(c, damaged_replies_to_our_calls_do_no_harm);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
