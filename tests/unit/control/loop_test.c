/* The control thread with a child that plays the SIP worker: this program itself, started again. */
#include "dialer/base/clock.h"
#include "dialer/daemon_loop.h"
#include <cadencia/err.h>
#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAMPAIGN = 7 };

/* ---- the child: phones answer, callees ring with a stamp from the future ---- */

static void child_say(enum mail_kind kind, uint32_t gen, struct leg leg, uint16_t status, int64_t at_ms) {
  struct mail m = mail_make(kind, (struct mono){at_ms});
  m.worker = gen;
  if (kind == SIP_UP) {
    m.u.sip_up.gen = gen;
  } else if (kind != SIP_PONG) {
    m.u.sip_event.leg = leg;
    m.u.sip_event.status = status;
    if (kind == SIP_ANSWERED)
      m.u.sip_event.desc = (struct media_desc){.family = 4, .addr = {127, 0, 0, 1}, .port = 4000, .codec = CODEC_PCMU, .ptime_ms = 20};
  }
  (void)mail_send_fd(CHILD_FD, &m);
}

static int child_main(const char *spec) {
  uint32_t gen = (uint32_t)strtoul(strstr(spec, "gen=") + 4, NULL, 10);
  int64_t now = clock_mono().ms;
  child_say(SIP_UP, gen, (struct leg){0}, 0, now);
  for (;;) {
    struct pollfd p = {CHILD_FD, POLLIN, 0};
    struct mail m;
    poll(&p, 1, -1);
    int err = mail_recv_fd(CHILD_FD, &m);
    now = clock_mono().ms;
    if (err == CAD_EIO || (err >= 0 && m.kind == SIP_SHUTDOWN)) return 0;
    if (err >= 0 && m.kind == SIP_PING) child_say(SIP_PONG, gen, (struct leg){0}, 0, now);
    if (err < 0 || m.kind != SIP_INVITE) continue;
    bool seat = m.u.sip_invite.leg.role == LEG_SEAT;
    child_say(seat ? SIP_ANSWERED : SIP_PROGRESS, gen, m.u.sip_invite.leg, seat ? 200 : 180, seat ? now : now + 3600000);
  }
}

/* ---- the bench ---- */

static struct config cfg;
static struct mailbox *inbox, *media, *store;
static struct loop *loop;

static void begin(void) {
  config_defaults(&cfg);
  cfg.listener_count = 1;
  memcpy(cfg.listeners[0].name, "main", 5);
  memcpy(cfg.listeners[0].bind_host, "127.0.0.1", 10);
  memcpy(cfg.listeners[0].transport, "udp", 4);
  cfg.trunk_count = 1;
  cfg.trunks[0].listener = 0;
  cfg.trunks[0].channels = 4;
  cfg.trunks[0].calls_per_s = 50;
  cfg.console_host[0] = 0;
  cfg.limit_calls = 8;
  cfg.limit_agents = 2;
  inbox = mailbox_create(512);
  media = mailbox_create(512);
  store = mailbox_create(512);
  struct loop_options o = {.config = &cfg, .inbox = inbox, .media = media, .store = store};
  ck_assert_int_eq(loop_start(&o, &loop), CAD_OK);
  for (int i = 0; i < 200 && !loop_ready(loop); i++) usleep(20000);
  ck_assert(loop_ready(loop));
}
static void end(void) {
  loop = loop_stop(loop);
  mailbox_destroy(inbox);
  mailbox_destroy(media);
  mailbox_destroy(store);
}
static void post(const struct mail *m) { ck_assert_int_eq(mailbox_put(inbox, m), CAD_OK); }

/* The next mail of this kind that the floor sends there. */
static struct mail wait_mail(struct mailbox *box, enum mail_kind kind) {
  struct mail m;
  for (int i = 0; i < 500; i++) {
    while (mailbox_take(box, &m, 1))
      if (m.kind == kind) return m;
    usleep(10000);
  }
  ck_abort_msg("%s did not come", mail_kind_name(kind));
  return m;
}

static void people(void) {
  struct mail c = mail_make(STORE_CAMPAIGN, clock_mono());
  struct campaign_terms *t = &c.u.store_campaign.terms;
  t->id = CAMPAIGN;
  t->mode = PACING_PROGRESSIVE;
  t->screening = 1;
  t->limit_bp = 300;
  t->ring_ms = 22000;
  t->max_wait_ms = 2000;
  c.u.store_campaign.state = CAMPAIGN_RUNNING;
  post(&c);
  for (uint32_t i = 0; i < 6; i++) {
    struct mail m = mail_make(MEDIA_CREDIT, clock_mono());
    m.u.media_credit.session = (struct session){i, 1};
    m.u.media_credit.port = (uint16_t)(20000 + 2 * i);
    post(&m);
  }
  struct mail a = mail_make(STORE_AGENT, clock_mono());
  a.u.store_agent.agent_id = 100;
  a.u.store_agent.campaign_id = CAMPAIGN;
  a.u.store_agent.nailed = 1;
  a.u.store_agent.state = AGENT_READY;
  memcpy(a.u.store_agent.uri, "sip:a@127.0.0.1", 16);
  post(&a);
}

static unsigned descriptors(void) {
  unsigned n = 0;
  DIR *d = opendir("/proc/self/fd");
  while (readdir(d)) n++;
  closedir(d);
  return n;
}

/* Our only child, whichever thread started it. */
static pid_t child_pid(void) {
  pid_t pid = 0;
  DIR *tasks = opendir("/proc/self/task");
  for (struct dirent *e; pid == 0 && (e = readdir(tasks)) != NULL;) {
    char path[96], text[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%.20s/children", e->d_name);
    FILE *f = fopen(path, "r");
    if (!f) continue;
    if (fgets(text, sizeof text, f)) pid = (pid_t)strtol(text, NULL, 10);
    fclose(f);
  }
  closedir(tasks);
  return pid;
}

START_TEST(workers_that_are_killed_come_back_and_leave_no_descriptor_behind) {
  unsigned before = descriptors();
  for (uint32_t i = 0; i < 6; i++) {
    struct live live;
    pid_t pid = child_pid();
    ck_assert_int_gt(pid, 0);
    kill(pid, SIGKILL);
    for (int t = 0; t < 1000; t++) {
      loop_live(loop, &live);
      if (live.sip_restarts > i && loop_ready(loop)) break;
      usleep(10000);
    }
    ck_assert_uint_eq(live.sip_restarts, i + 1);
    ck_assert(loop_ready(loop));
  }
  ck_assert_uint_eq(descriptors(), before);
}
END_TEST

START_TEST(a_stop_in_mid_call_writes_its_row_and_no_stamp_comes_from_the_future) {
  people();
  struct mail lease = mail_make(STORE_LEASED, clock_mono());
  lease.u.store_lease = (struct lease){.campaign_id = CAMPAIGN, .case_id = 1, .phone_id = 1, .phone = 12025550100};
  lease.u.store_lease.expires = wall_add(clock_wall(), 60000);
  wait_mail(store, STORE_LEASE_WANT);
  post(&lease);
  struct mail done = mail_make(STORE_LEASE_END, clock_mono());
  done.u.store_lease_end.campaign_id = CAMPAIGN;
  done.u.store_lease_end.given = 1;
  post(&done);
  struct mail open = wait_mail(store, STORE_OPEN);
  struct mail opened = mail_make(STORE_OPENED, clock_mono());
  opened.u.store_opened.slot = open.u.store_open.slot;
  opened.u.store_opened.gen = open.u.store_open.gen;
  opened.u.store_opened.attempt_id = open.u.store_open.attempt_id;
  post(&opened);
  struct live live;
  for (int t = 0; t < 300; t++) {
    loop_live(loop, &live);
    if (live.campaign_count && live.campaigns[0].ringing == 1) break;
    usleep(20000);
  }
  ck_assert_uint_eq(live.campaigns[0].ringing, 1);
  loop = loop_stop(loop);
  struct mail closed = wait_mail(store, STORE_CLOSE);
  ck_assert_uint_eq(closed.u.store_close.attempt_id, open.u.store_open.attempt_id);
  ck_assert_int_le(closed.u.store_close.ringing.ms, clock_wall().ms);
  ck_assert_int_ne(closed.u.store_close.outcome, OUTCOME_NONE);
}
END_TEST

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "sip-worker") == 0) return child_main(argv[2]);
  Suite *s = suite_create("loop");
  TCase *t = tcase_create("loop");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, begin, end);
  tcase_add_test(t, workers_that_are_killed_come_back_and_leave_no_descriptor_behind);
  tcase_add_test(t, a_stop_in_mid_call_writes_its_row_and_no_stamp_comes_from_the_future);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
