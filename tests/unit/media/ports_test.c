/* RTP ports that other programs hold: none of ours is lost for it, and looking for one never takes the beat's time. */
#include "dialer/media/media.h"
#include "dialer/media/session.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <check.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS = 400, LEFT = 3, SECOND_US = 1000000 };

static struct arena arena;
static int foreign[PORTS], held;
static uint16_t low;

static int hold(uint16_t port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
  if (bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0) return fd;
  close(fd);
  return -1;
}

/* Not where the other tests have their ports. Every even port of low ... low + 2 * PORTS - 2, but for the last LEFT. */
static void hold_most(void) {
  for (low = 14000; low < 19000; low = (uint16_t)(low + 2 * PORTS)) {
    for (held = 0; held < PORTS; held++) {
      if ((foreign[held] = hold((uint16_t)(low + 2 * held))) < 0) break;
    }
    if (held == PORTS) break;
    while (held > 0) close(foreign[--held]);
  }
  ck_assert_int_eq(held, PORTS);
  for (int i = 0; i < LEFT; i++) close(foreign[--held]);
}
static void teardown(void) {
  arena_close(&arena);
  while (held > 0) close(foreign[--held]);
}

/* How many of `looks` calls, each after the rest, brought a port. */
static int found(int looks, int64_t *now_us) {
  struct rtp_session *s;
  int n = 0;
  for (int i = 0; i < looks; i++, *now_us += SECOND_US) n += arena_credit(&arena, *now_us, &s) == CAD_OK;
  return n;
}

START_TEST(the_first_port_is_found_wherever_it_is_and_the_others_in_time) {
  hold_most();
  ck_assert_int_eq(arena_open(&arena, "127.0.0.1", low, (uint16_t)(low + 2 * PORTS - 1), 100, 7), CAD_OK);
  int64_t now_us = 0;
  ck_assert_int_eq(found(1, &now_us), 1);
  ck_assert_int_eq(found(300, &now_us), LEFT - 1);
}
END_TEST

START_TEST(a_full_range_is_not_asked_again_at_once) {
  hold_most();
  ck_assert_int_eq(arena_open(&arena, "127.0.0.1", low, (uint16_t)(low + 2 * PORTS - 1), 100, 7), CAD_OK);
  int64_t now_us = 0;
  found(300, &now_us);
  struct rtp_session *s;
  ck_assert_int_eq(arena_credit(&arena, now_us, &s), CAD_EBUSY);
  while (held > 0) close(foreign[--held]);
  for (int beat = 1; beat < 10; beat++) ck_assert_int_eq(arena_credit(&arena, now_us + beat * 20000, &s), CAD_EBUSY);
  ck_assert_int_eq(arena_credit(&arena, now_us + 200000, &s), CAD_OK);
}
END_TEST

START_TEST(ports_of_one_listener_do_not_count_against_another) {
  hold_most();
  while (held > 0) close(foreign[--held]);
  ck_assert_int_eq(arena_open(&arena, "127.0.0.1", low, (uint16_t)(low + 9), 20, 7), CAD_OK);
  ck_assert_int_eq(arena_add_range(&arena, "127.0.0.1", (uint16_t)(low + 10), (uint16_t)(low + 15)), CAD_OK);
  int64_t now_us = 0;
  ck_assert_int_eq(found(6, &now_us), 5);
  struct rtp_session *s;
  for (int i = 0; i < 3; i++) ck_assert_int_eq(arena_credit_at(&arena, 1, now_us, &s), CAD_OK);
  ck_assert_int_eq(arena_credit_at(&arena, 1, now_us, &s), CAD_EBUSY);
}
END_TEST

START_TEST(a_low_limit_of_open_files_leaves_some_for_everybody_else) {
  const struct rlimit low_limit = {500, 500};
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low_limit), 0);
  struct mailbox *control = mailbox_create(4096);
  struct media_options opt = {.bind_host = "127.0.0.1", .port_min = 21000, .port_max = 28999, .sessions_max = 1000, .credits = 1000};
  struct media *m = NULL;
  char err[160];
  ck_assert_int_eq(media_start(&opt, control, &m, err), CAD_OK);
  ck_assert_msg(strstr(err, "only 500 files") && strstr(err, "room for 81 legs"), "%s", err);
  struct media_counters counters = {0};
  for (int i = 0; i < 500 && counters.credits < 81; i++) {
    usleep(10000);
    media_counters(m, &counters);
  }
  usleep(100000); /* some beats more, in which nothing is taken */
  media_counters(m, &counters);
  ck_assert_uint_eq(counters.credits, 81);
  int files[200];
  for (int i = 0; i < 200; i++) ck_assert_int_ge(files[i] = dup(0), 0);
  for (int i = 0; i < 200; i++) close(files[i]);
  media_stop(m);
  mailbox_destroy(control);
}
END_TEST

START_TEST(without_files_there_is_no_media_and_the_reason_is_told) {
  const struct rlimit low_limit = {200, 200};
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low_limit), 0);
  struct mailbox *control = mailbox_create(16);
  struct media_options opt = {.bind_host = "127.0.0.1", .port_min = 21000, .port_max = 28999, .sessions_max = 1000, .credits = 1000};
  struct media *m = NULL;
  char err[160];
  ck_assert_int_eq(media_start(&opt, control, &m, err), CAD_EFULL);
  ck_assert_msg(strstr(err, "LimitNOFILE) to 3256"), "%s", err);
  mailbox_destroy(control);
}
END_TEST

int main(void) {
  Suite *s = suite_create("ports");
  TCase *c = tcase_create("ports");
  tcase_add_checked_fixture(c, NULL, teardown);
  tcase_add_test(c, the_first_port_is_found_wherever_it_is_and_the_others_in_time);
  tcase_add_test(c, a_full_range_is_not_asked_again_at_once);
  tcase_add_test(c, ports_of_one_listener_do_not_count_against_another);
  tcase_add_test(c, a_low_limit_of_open_files_leaves_some_for_everybody_else);
  tcase_add_test(c, without_files_there_is_no_media_and_the_reason_is_told);
  tcase_set_timeout(c, 60);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
