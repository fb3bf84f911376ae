/* What a child is started with. The child is this program with a verb. */
#include "dialer/base/child.h"
#include <cadencia/err.h>
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VERB "says-its-heap"

static void said_by_child(char text[256]) {
  char *argv[] = {"cadencia", VERB, NULL};
  struct child child;
  int status = -1;
  ck_assert_int_eq(child_start(argv, 4096, &child), CAD_OK);
  struct pollfd p = {.fd = child.fd, .events = POLLIN};
  ck_assert_int_eq(poll(&p, 1, 60000), 1);
  ssize_t n = recv(child.fd, text, 255, 0);
  text[n > 0 ? n : 0] = 0;
  for (int i = 0; i < 6000 && !child_ended(&child, &status); i++) usleep(10000);
  ck_assert_int_eq(status, 0);
}

START_TEST(a_child_keeps_no_stores_of_freed_memory) {
  char text[256];
  unsetenv("GLIBC_TUNABLES");
  said_by_child(text);
  ck_assert_str_eq(text, "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0");
  ck_assert_ptr_null(getenv("GLIBC_TUNABLES"));
}
END_TEST

START_TEST(tunables_of_the_administrator_hold_for_a_child_too) {
  char text[256];
  setenv("GLIBC_TUNABLES", "glibc.malloc.perturb=7", 1);
  said_by_child(text);
  ck_assert_str_eq(text, "glibc.malloc.perturb=7");
}
END_TEST

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], VERB) == 0) {
    const char *text = getenv("GLIBC_TUNABLES");
    if (!text) text = "nothing";
    return send(CHILD_FD, text, strlen(text), 0) == (ssize_t)strlen(text) ? 0 : 1;
  }
  Suite *suite = suite_create("child");
  TCase *tc = tcase_create("child");
  tcase_add_test(tc, a_child_keeps_no_stores_of_freed_memory);
  tcase_add_test(tc, tunables_of_the_administrator_hold_for_a_child_too);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
