/* An assertion that fails, ours or the library's, leaves one line and an exit status. */
#include "dialer/sip/crash.h"
#include <assert.h>
#include <check.h>
#include <signal.h>
#include <sofia-sip/su_wait.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(void (*break_it)(void), int arm, char text[512]) {
  int pipe_fd[2], status = 0;
  ck_assert_int_eq(pipe(pipe_fd), 0);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(pipe_fd[1], STDERR_FILENO);
    if (arm) crash_arm(arm, 12);
    break_it();
    _exit(0);
  }
  close(pipe_fd[1]);
  ssize_t n = read(pipe_fd[0], text, 511);
  text[n > 0 ? n : 0] = 0;
  close(pipe_fd[0]);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  return status;
}

static void fail_here(void) {
  volatile int two = 2;
  assert(two == 3);
}

static void fail_in_library(void) { su_msg_send(NULL); }

START_TEST(an_assertion_of_ours_ends_an_armed_worker) {
  char text[512];
  int status = run(fail_here, 70, text);
  ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 70);
  ck_assert_ptr_nonnull(strstr(text, "sip worker 12: assertion failed: two == 3 at "));
}
END_TEST

START_TEST(an_assertion_of_the_stack_does_too) {
  char text[512];
  int status = run(fail_in_library, 70, text);
  ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 70);
  ck_assert_ptr_nonnull(strstr(text, "sip worker 12: assertion failed: "));
  ck_assert_ptr_nonnull(strstr(text, "su_"));
}
END_TEST

START_TEST(elsewhere_an_assertion_aborts_as_usual) {
  char text[512];
  int status = run(fail_here, 0, text);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  ck_assert_ptr_nonnull(strstr(text, "two == 3"));
}
END_TEST

int main(void) {
  Suite *s = suite_create("sip crash");
  TCase *c = tcase_create("crash");
  tcase_add_test(c, an_assertion_of_ours_ends_an_armed_worker);
  tcase_add_test(c, an_assertion_of_the_stack_does_too);
  tcase_add_test(c, elsewhere_an_assertion_aborts_as_usual);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
