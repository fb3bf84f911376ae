/* Thousands of calls against SIPp: every one answered and ended, nothing left, and what it cost. */
#include "tests/unit/sip/harness.h"

enum { CALLS = 2000, CALLS_PER_S = 200, LIVE_MAX = 400 };

static pid_t start_sipp(uint16_t port) {
  char text[8];
  snprintf(text, sizeof text, "%u", port);
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) dup2(null, i);
    execlp("sipp", "sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", text, "-nostdin", NULL);
    _exit(127);
  }
  return pid;
}

/* SIPp answers OPTIONS of its default scenario with nothing: knock until its port is taken. */
static void await_sipp(uint16_t port) {
  for (int i = 0; i < 200; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int taken = bind(fd, (struct sockaddr *)&a, sizeof a) < 0;
    close(fd);
    if (taken) return;
    usleep(20000);
  }
  ck_abort_msg("sipp did not start; it comes with the Debian package sip-tester");
}

static double cpu_s(pid_t pid) {
  char path[64], text[512] = "";
  unsigned long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *f = fopen(path, "r");
  if (!f) return 0;
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = 0;
  const char *after = strrchr(text, ')');
  if (after) sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

struct tally {
  unsigned sent, answered, ended, normal;
  uint8_t ends[CALLS];
};

static void take_mail(struct rig *r, struct tally *t, int timeout_ms) {
  struct mail m;
  while (rig_mail(r, timeout_ms, &m)) {
    timeout_ms = 0;
    if (m.kind == SIP_ANSWERED) {
      t->answered++;
      rig_end(r, SIP_BYE, m.u.sip_event.leg.slot);
    } else if (m.kind == SIP_ENDED) {
      ck_assert_uint_lt(m.u.sip_event.leg.slot, CALLS);
      ck_assert_uint_eq(t->ends[m.u.sip_event.leg.slot]++, 0); /* exactly one end */
      t->ended++;
      t->normal += m.u.sip_event.cause == CAUSE_NORMAL && m.u.sip_event.status == 200;
    }
  }
}

START_TEST(two_thousand_calls_leave_nothing_behind) {
  static struct rig r;
  static struct tally t;
  char proxy[MAIL_URI_MAX], text[8192];
  uint16_t port = rig_free_port();
  pid_t sipp = start_sipp(port);
  await_sipp(port);
  rig_start(&r, "");
  snprintf(proxy, sizeof proxy, "sip:127.0.0.1:%u", port);
  rig_trunk(&r, 0, proxy);
  int64_t begin = clock_mono_us();
  double cpu = cpu_s(r.pid);
  while (t.ended < CALLS) {
    int64_t due = (clock_mono_us() - begin) * CALLS_PER_S / 1000000;
    ck_assert_int_lt((int)due, CALLS * 4); /* it is stuck */
    while (t.sent < CALLS && t.sent < due && t.sent - t.ended < LIVE_MAX) rig_invite(&r, t.sent++);
    take_mail(&r, &t, 5);
  }
  cpu = cpu_s(r.pid) - cpu;
  printf("sip worker: %.0f us of CPU a call (answered and ended), %.0f calls/s\n", cpu * 1e6 / CALLS,
         CALLS * 1e6 / (double)(clock_mono_us() - begin));
  ck_assert_uint_eq(t.answered, CALLS);
  ck_assert_uint_eq(t.normal, CALLS);
  struct mail stop = mail_make(SIP_SHUTDOWN, clock_mono());
  rig_send(&r, &stop);
  ck_assert_int_eq(rig_wait(&r, text), SIP_EXIT_OK);
  ck_assert_msg(strstr(text, "legs=0 handles=0 invited=2000 answered=2000 ended=2000 refused=0 forced=0") != NULL, "%s", text);
  kill(sipp, SIGKILL);
  waitpid(sipp, NULL, 0);
  peer_close(&r.peer);
}
END_TEST

int main(void) {
  Suite *s = suite_create("sip load");
  TCase *c = tcase_create("load");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, two_thousand_calls_leave_nothing_behind);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
