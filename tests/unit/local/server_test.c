/* The commands through a daemon's socket: a real store thread, and a floor that this test plays. */
#include "dialer/base/clock.h"
#include "dialer/local/local.h"
#include "dialer/base/wire.h"
#include "harness.h"
#include <cadencia/err.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SALES SOURCE_DIR "/etc/campaigns/sales.conf"

static struct config config;
static struct mailbox *control;
static struct store_worker *store;
static struct local_server *server;
static pthread_t floor_thread;
static atomic_bool floor_ends, floor_mute;
static atomic_int heard_campaigns, heard_agents, heard_dnc, heard_orders;

static void floor_take(const struct mail *m) {
  if (m->kind == STORE_CAMPAIGN) heard_campaigns++;
  if (m->kind == STORE_AGENT) heard_agents++;
  if (m->kind == STORE_DNC_ADDED) heard_dnc++;
  if (m->kind != ORDER_AGENT && m->kind != ORDER_DISPOSE && m->kind != ORDER_HEARD) return;
  heard_orders += m->kind != ORDER_HEARD;
  if (floor_mute) return;
  struct mail reply = mail_make(ORDER_REPLY, clock_mono());
  reply.u.order_reply.ticket = m->u.order_agent.ticket;
  reply.u.order_reply.err = m->kind == ORDER_DISPOSE ? CAD_EREFUSED : CAD_OK;
  snprintf(reply.u.order_reply.text, sizeof reply.u.order_reply.text, "%s",
           m->kind == ORDER_DISPOSE ? "no call to dispose" : "the floor heard you");
  local_server_reply(server, &reply);
}

static void *floor_main(void *arg) {
  (void)arg;
  while (!floor_ends) {
    struct pollfd p = {.fd = mailbox_fd(control), .events = POLLIN};
    struct mail m;
    (void)poll(&p, 1, 20);
    while (mailbox_take(control, &m, 1) == 1) floor_take(&m);
  }
  return NULL;
}

static void live(void *arg, struct live *out) {
  (void)arg;
  memset(out, 0, sizeof *out);
  out->campaign_count = 1;
  snprintf(out->campaigns[0].name, sizeof out->campaigns[0].name, "spring");
  out->campaigns[0].ringing = 7;
  out->calls_limit = 2000;
}

static void setup(void) {
  home_make();
  ck_assert_int_eq(mkdir(scratch_path("state"), 0700), 0);
  ck_assert_int_eq(config_load(conf_path, &config, stderr), CAD_OK);
  struct store_options opt = {.path = scratch_path("state/cadencia.db"), .share_dir = config.share_dir};
  struct store *s = NULL;
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  control = mailbox_create(256);
  store = store_worker_start(s, control, NULL);
  ck_assert_ptr_nonnull(store);
  struct local_hooks hooks = {NULL, live};
  server = local_server_start(&config, store, control, &hooks);
  ck_assert_ptr_nonnull(server);
  floor_ends = floor_mute = false;
  ck_assert_int_eq(pthread_create(&floor_thread, NULL, floor_main, NULL), 0);
}

static void teardown(void) {
  server = local_server_stop(server);
  floor_ends = true;
  pthread_join(floor_thread, NULL);
  store = store_worker_stop(store);
  control = mailbox_destroy(control);
  home_remove();
}

/* Of this news the floor hears a moment after the command has answered; on a loaded machine a long one. */
static void wait_heard(atomic_int *count) {
  for (int i = 0; i < 1000 && *count == 0; i++) usleep(10000);
  ck_assert_int_ge(*count, 1);
}

START_TEST(what_commands_change_the_floor_hears) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  ck_assert_int_ge(heard_campaigns, 1); /* by the time that the command has answered */
  load_registry();
  EXPECT(0, "campaign", "start", "spring");
  ck_assert_ptr_null(strstr(said_out, "no daemon"));
  EXPECT(0, "agent", "add", "anna", "--seat", "sip:anna@127.0.0.1:6001", "--nailed", "--campaign", "spring");
  ck_assert_int_ge(heard_agents, 1);
  EXPECT(0, "dnc", "add", "+12025550123");
  wait_heard(&heard_dnc);
}
END_TEST

START_TEST(orders_bring_back_the_reply_of_the_floor) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  EXPECT(0, "agent", "add", "anna", "--seat", "sip:anna@127.0.0.1:6001", "--nailed", "--campaign", "spring");
  EXPECT(0, "agent", "ready", "anna");
  SAYS(said_out, "the floor heard you");
  EXPECT(1, "dispose", "anna", "SALE");
  SAYS(said_err, "no call to dispose");
  EXPECT(0, "agent", "list", "--json");
  SAYS(said_out, "\"wanted\": \"ready\"");
}
END_TEST

START_TEST(a_floor_that_is_silent_is_not_waited_for_for_ever) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  EXPECT(0, "agent", "add", "anna", "--seat", "sip:anna@127.0.0.1:6001", "--nailed", "--campaign", "spring");
  floor_mute = true;
  EXPECT(1, "agent", "ready", "anna");
  SAYS(said_err, "has not answered");
}
END_TEST

START_TEST(an_import_goes_through_the_daemon_with_its_reject_file) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  char *text = malloc(1 << 20);
  size_t n = (size_t)sprintf(text, "phone,name\n");
  for (int i = 0; i < 9000; i++) n += (size_t)sprintf(text + n, "202555%04d,N%d\n", i, i);
  n += (size_t)sprintf(text + n, "1234,short\n");
  write_file("l.csv", text, n);
  free(text);
  EXPECT(0, "import", "--campaign", "spring", scratch_path("l.csv"), "--json");
  SAYS(said_out, "\"accepted\": 9000");
  char *rejects = read_text("l.csv.rejected.csv");
  SAYS(rejects, "9002,\"too short");
  free(rejects);
  EXPECT(0, "campaign", "list", "--json");
  SAYS(said_out, "\"contacts\": 9000,");
}
END_TEST

START_TEST(status_shows_the_floor) {
  EXPECT(0, "status");
  SAYS(said_out, "spring");
  EXPECT(0, "status", "--json");
  SAYS(said_out, "\"ringing\": 7");
  SAYS(said_out, "\"daemon\": true");
}
END_TEST

START_TEST(export_reads_beside_the_daemon) {
  EXPECT(0, "export", "calls", "--format", "csv");
  ck_assert_str_eq(
      said_out,
      "attempt_id,campaign,contact_id,phone,direction,trunk,started_at,ringing_at,answered_at,greeting_end_at,bridged_at,ended_at,"
      "sip_code,cause,outcome,verdict,verdict_reason,agent,talk_ms,wrapup_ms,disposition,abandoned,ended_by,"
      "seller,caller_id,q850,agent_ended_at,early_hangup,live,category,party,label\n");
}
END_TEST

START_TEST(the_socket_belongs_to_its_owner_alone) {
  struct stat st;
  ck_assert_int_eq(stat(scratch_path("state/cadencia.sock"), &st), 0);
  ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

static int dial(void) {
  struct sockaddr_un address;
  int dir = wire_address(config.state_dir, &address);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  close(dir);
  return fd;
}

START_TEST(requests_that_make_no_sense_are_answered_and_hurt_nobody) {
  static const char *const BAD[] = {"hello\n",
                                    "[]\n",
                                    "{}\n",
                                    "{\"argv\":[]}\n",
                                    "{\"argv\":[1]}\n",
                                    "{\"argv\":[\"fly\"]}\n",
                                    "{\"argv\":\"status\"}\n",
                                    "{\"argv\":[\"export\",\"calls\"]}\n",
                                    "{\"argv\":[\"import\",\"--campaign\",\"x\",\"/etc/passwd\"]}\n",
                                    "{\"argv\":[\"campaign\",\"create\",\"x\",\"--from\",\"/etc/passwd\"]}\n"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    int fd = dial();
    char answer[4096];
    ck_assert_int_eq(write(fd, BAD[i], strlen(BAD[i])), (ssize_t)strlen(BAD[i]));
    size_t have = 0;
    answer[0] = 0;
    while (!strstr(answer, "\"exit\":")) {
      ssize_t n = read(fd, answer + have, sizeof answer - 1 - have);
      ck_assert_msg(n > 0, "no exit status for %s: %s", BAD[i], answer);
      have += (size_t)n;
      answer[have] = 0;
    }
    ck_assert_msg(!strstr(answer, "\"exit\":0"), "%s gave %s", BAD[i], answer);
    close(fd);
  }
  int fd = dial(); /* a line that never ends */
  static char big[70000];
  memset(big, 'x', sizeof big);
  (void)send(fd, big, sizeof big, MSG_NOSIGNAL);
  close(fd);
  EXPECT(0, "status");
}
END_TEST

START_TEST(more_connections_than_there_is_room_for_are_told_so) {
  int fds[LOCAL_CONNECTIONS_MAX];
  for (int i = 0; i < LOCAL_CONNECTIONS_MAX; i++) {
    fds[i] = dial();
    char answer[256];
    ck_assert_int_eq(write(fds[i], "{}\n", 3), 3); /* an answer shows that the connection has its thread */
    ck_assert_int_gt(read(fds[i], answer, sizeof answer), 0);
  }
  EXPECT(1, "status");
  SAYS(said_err, "try again");
  for (int i = 0; i < LOCAL_CONNECTIONS_MAX; i++) close(fds[i]);
  int status = 1;
  for (int i = 0; i < 50 && status; i++) {
    usleep(20000);
    status = cadencia("status", NULL);
  }
  ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_caller_who_leaves_in_the_middle_leaves_nothing_behind) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  char *text = malloc(4 << 20);
  size_t n = (size_t)sprintf(text, "phone\n");
  for (int i = 0; i < 200000; i++) n += (size_t)sprintf(text + n, "%d\n", 2022000000 + i % 7000000);
  write_file("big.csv", text, n);
  free(text);
  FILE *list = fopen(scratch_path("big.csv"), "r"), *rejects = fopen(scratch_path("r.csv"), "w");
  int fds[2] = {fileno(list), fileno(rejects)}, fd = dial();
  ck_assert_int_eq(wire_write(fd, json_pack("{s:[s,s,s,s]}", "argv", "import", "--campaign", "spring", "big.csv"), fds, 2), CAD_OK);
  char first[64];
  ck_assert_int_gt(read(fd, first, sizeof first), 0); /* progress has begun */
  close(fd);
  fclose(list);
  fclose(rejects);
  usleep(300000);
  EXPECT(0, "campaign", "list", "--json");
  SAYS(said_out, "\"contacts\": 0,");
}
END_TEST

START_TEST(the_server_ends_while_callers_wait) {
  int fd = dial();
  char answer[256];
  ck_assert_int_eq(write(fd, "{}\n", 3), 3);
  ck_assert_int_gt(read(fd, answer, sizeof answer), 0);
  struct local_hooks hooks = {NULL, live};
  struct local_server *old = server;
  struct mono began = clock_mono();
  server = local_server_stop(server);
  ck_assert_int_lt(mono_since(clock_mono(), began), 2000);
  ck_assert_int_ne(access(scratch_path("state/cadencia.sock"), F_OK), 0);
  struct mail late = mail_make(ORDER_REPLY, clock_mono()); /* control may still speak to the old one */
  late.u.order_reply.ticket = 1;
  local_server_reply(old, &late);
  close(fd);
  server = local_server_start(&config, store, control, &hooks);
  ck_assert_ptr_nonnull(server);
  EXPECT(0, "status");
}
END_TEST

int main(void) {
  Suite *s = suite_create("server");
  TCase *t = tcase_create("through the socket");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, what_commands_change_the_floor_hears);
  tcase_add_test(t, orders_bring_back_the_reply_of_the_floor);
  tcase_add_test(t, a_floor_that_is_silent_is_not_waited_for_for_ever);
  tcase_add_test(t, an_import_goes_through_the_daemon_with_its_reject_file);
  tcase_add_test(t, status_shows_the_floor);
  tcase_add_test(t, export_reads_beside_the_daemon);
  tcase_add_test(t, the_socket_belongs_to_its_owner_alone);
  tcase_add_test(t, requests_that_make_no_sense_are_answered_and_hurt_nobody);
  tcase_add_test(t, more_connections_than_there_is_room_for_are_told_so);
  tcase_add_test(t, a_caller_who_leaves_in_the_middle_leaves_nothing_behind);
  tcase_add_test(t, the_server_ends_while_callers_wait);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
