/* What the service manager hears, on a socket of our own. */
#include "dialer/base/notify.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listener(char name[64]) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int n = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "cadencia-notify-%d", (int)getpid());
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)), 0);
  snprintf(name, 64, "@cadencia-notify-%d", (int)getpid());
  return fd;
}

static const char *heard(int fd) {
  static char text[128];
  ssize_t n = recv(fd, text, sizeof text - 1, 0);
  text[n > 0 ? n : 0] = 0;
  return text;
}

START_TEST(the_watchdog_is_fed_only_while_the_floor_moves) {
  char name[64];
  int fd = listener(name);
  setenv("NOTIFY_SOCKET", name, 1);
  setenv("WATCHDOG_USEC", "4000000", 1);
  struct notify n;
  notify_open(&n, (struct mono){1000});
  ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
  notify_say(&n, "READY=1");
  ck_assert_str_eq(heard(fd), "READY=1");
  uint32_t sequence = 0;
  int fed = 0;
  for (int64_t ms = 1000; ms < 21000; ms += 250) {
    notify_watch(&n, ++sequence, (struct mono){ms});
    fed += strcmp(heard(fd), "WATCHDOG=1") == 0;
  }
  ck_assert_int_eq(fed, 9); /* every 2 s, half of what is asked */
  for (int64_t ms = 21000; ms < 60000; ms += 250) notify_watch(&n, sequence, (struct mono){ms});
  for (fed = 0; heard(fd)[0]; fed++) {
  }
  ck_assert_int_le(fed, NOTIFY_STUCK_MS / 2000 + 1); /* then no more: it stands still */
  ck_assert_int_ge(fed, 1);
  notify_close(&n);
  close(fd);
}
END_TEST

START_TEST(without_a_service_manager_nothing_is_said) {
  struct notify n;
  unsetenv("NOTIFY_SOCKET");
  setenv("WATCHDOG_USEC", "4000000", 1);
  setenv("WATCHDOG_PID", "1", 1); /* meant for somebody else */
  notify_open(&n, (struct mono){0});
  ck_assert_int_eq(n.fd, -1);
  ck_assert_int_eq(n.every_ms, 0);
  notify_say(&n, "READY=1");
  notify_watch(&n, 1, (struct mono){100000});
  setenv("NOTIFY_SOCKET", "relative/path", 1);
  notify_open(&n, (struct mono){0});
  ck_assert_int_eq(n.fd, -1);
  notify_close(&n);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("service manager");
  TCase *c = tcase_create("notify");
  tcase_add_test(c, the_watchdog_is_fed_only_while_the_floor_moves);
  tcase_add_test(c, without_a_service_manager_nothing_is_said);
  suite_add_tcase(suite, c);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? 1 : 0;
}
