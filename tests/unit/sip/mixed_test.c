/* Calls of every kind at once: the number's last digits say what its phone does. */
#include "tests/unit/sip/harness.h"

enum { CALLS = 2000, CALLS_PER_S = 200, KINDS = 12 };
enum kind { ANSWER, BUSY, GONE, FULL, EARLY_BUSY, SILENT, RING_ON, CROSSING, BY_FAR_SIDE, TWO_ANSWERS, SLOW_100, DECLINED };

/* --- the phones, a process of their own ------------------------------------------------- */

static void tagged(struct peer *p, const struct peer_msg *m, const char *status, const char *sdp) {
  peer_reply(p, m, status, "far", "", sdp);
}

static void on_invite(struct peer *p, const struct peer_msg *m, const char *sdp) {
  char to[512];
  const char *plus = strchr(peer_header(m, "To", to), '+');
  switch ((enum kind)(plus ? strtoull(plus + 1, NULL, 10) % 100 : 0)) {
  case BUSY: tagged(p, m, "486 Busy Here", NULL); break;
  case GONE: tagged(p, m, "404 Not Found", NULL); break;
  case FULL: peer_reply(p, m, "503 Service Unavailable", "far", "Retry-After: 7\r\n", NULL); break;
  case EARLY_BUSY:
    tagged(p, m, "183 Session Progress", sdp);
    tagged(p, m, "486 Busy Here", NULL);
    break;
  case SILENT: break;
  case RING_ON:
  case CROSSING: tagged(p, m, "180 Ringing", NULL); break;
  case BY_FAR_SIDE:
    tagged(p, m, "200 OK", sdp);
    peer_request(p, m, "far", "BYE", 1, "", NULL);
    break;
  case TWO_ANSWERS:
    peer_reply(p, m, "200 OK", "one", "", sdp);
    peer_reply(p, m, "200 OK", "two", "", sdp);
    break;
  case SLOW_100:
    peer_reply(p, m, "100 Trying", "", "", NULL);
    tagged(p, m, "180 Ringing", NULL);
    tagged(p, m, "200 OK", sdp);
    break;
  case DECLINED: tagged(p, m, "603 Decline", NULL); break;
  default:
    tagged(p, m, "180 Ringing", NULL);
    tagged(p, m, "200 OK", sdp);
    break;
  }
}

/* A CANCEL is of the INVITE's transaction: its reply to the INVITE can be made from it. */
static void on_cancel(struct peer *p, const struct peer_msg *m, const char *sdp) {
  struct peer_msg invite = *m;
  char to[512];
  char *method = strstr(invite.text, " CANCEL\r\n");
  bool crossing = strtoull(strchr(peer_header(m, "To", to), '+') + 1, NULL, 10) % 100 == CROSSING;
  if (method) memcpy(method, " INVITE\r\n", 9);
  if (crossing) tagged(p, &invite, "200 OK", sdp); /* it was lifted just now */
  tagged(p, m, "200 OK", NULL);
  if (!crossing) tagged(p, &invite, "487 Request Terminated", NULL);
}

static void phones(struct peer *p) {
  struct peer_msg m;
  char text[512];
  const char *sdp = peer_sdp(30000, "", text);
  for (;;) {
    if (!peer_wait(p, "", 1000, &m)) continue;
    if (strncmp(m.text, "INVITE ", 7) == 0)
      on_invite(p, &m, sdp);
    else if (strncmp(m.text, "CANCEL ", 7) == 0)
      on_cancel(p, &m, sdp);
    else if (strncmp(m.text, "BYE ", 4) == 0)
      peer_reply(p, &m, "200 OK", "", "", NULL);
  }
}

/* --- control ---------------------------------------------------------------------------------- */

static struct {
  uint8_t answered[CALLS], ended[CALLS], cause[CALLS];
  uint32_t sent, done;
} t;

static void call(struct rig *r, uint32_t slot) {
  struct mail m = mail_make(SIP_INVITE, clock_mono());
  m.u.sip_invite.leg = rig_leg(slot);
  m.u.sip_invite.call_id = 880000000000ULL + slot;
  m.u.sip_invite.to = 1202555010000ULL + slot % KINDS;
  m.u.sip_invite.from = 12025550100ULL;
  m.u.sip_invite.media_port = 20000;
  rig_send(r, &m);
}

static void listen_to(struct rig *r, int timeout_ms) {
  struct mail m;
  for (; rig_mail(r, timeout_ms, &m); timeout_ms = 0) {
    uint32_t slot = m.u.sip_event.leg.slot;
    if (m.kind == SIP_TRUNK_STATE) continue;
    ck_assert_uint_lt(slot, CALLS);
    ck_assert_uint_eq(t.ended[slot], 0); /* its end is its last mail */
    enum kind kind = (enum kind)(slot % KINDS);
    if (m.kind == SIP_PROGRESS && (kind == RING_ON || kind == CROSSING)) rig_end(r, SIP_CANCEL, slot);
    if (m.kind == SIP_ANSWERED) {
      ck_assert_uint_eq(t.answered[slot]++, 0);
      if (kind != BY_FAR_SIDE) rig_end(r, SIP_BYE, slot);
    }
    if (m.kind == SIP_ENDED) {
      t.ended[slot] = 1;
      t.cause[slot] = m.u.sip_event.cause;
      t.done++;
    }
  }
}

START_TEST(every_call_ends_once_with_its_own_cause) {
  static const enum cause WANT[KINDS] = {CAUSE_NORMAL, CAUSE_BUSY,    CAUSE_INVALID_NUMBER, CAUSE_CONGESTION,
                                         CAUSE_BUSY,   CAUSE_TIMEOUT, CAUSE_CANCELLED,      CAUSE_NORMAL,
                                         CAUSE_NORMAL, CAUSE_NORMAL,  CAUSE_NORMAL,         CAUSE_REJECTED};
  static struct rig r;
  char text[8192];
  rig_start(&r, "t1x64=4000;breaker=1000");
  pid_t pid = fork();
  if (pid == 0) {
    phones(&r.peer);
    _exit(0);
  }
  struct mono begin = clock_mono();
  while (t.done < CALLS) {
    int64_t due = mono_since(clock_mono(), begin) * CALLS_PER_S / 1000;
    ck_assert_int_lt((int)due, CALLS * 4); /* it is stuck */
    while (t.sent < CALLS && t.sent < due) call(&r, t.sent++);
    listen_to(&r, 5);
  }
  for (uint32_t i = 0; i < CALLS; i++) {
    enum kind kind = (enum kind)(i % KINDS);
    bool lifts = kind == ANSWER || kind == CROSSING || kind == BY_FAR_SIDE || kind == TWO_ANSWERS || kind == SLOW_100;
    ck_assert_msg(t.cause[i] == WANT[kind], "call %u ended as %s, not %s", i, cause_name((enum cause)t.cause[i]), cause_name(WANT[kind]));
    ck_assert_uint_eq(t.answered[i], lifts);
  }
  struct mail stop = mail_make(SIP_SHUTDOWN, clock_mono());
  rig_send(&r, &stop);
  ck_assert_int_eq(rig_wait(&r, text), SIP_EXIT_OK);
  ck_assert_msg(strstr(text, "legs=0 handles=0 invited=2000") != NULL, "%s", text);
  ck_assert_msg(strstr(text, "ended=2000 refused=0 forced=0") != NULL, "%s", text);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("sip mixed");
  TCase *c = tcase_create("mixed");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, every_call_ends_once_with_its_own_cause);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
