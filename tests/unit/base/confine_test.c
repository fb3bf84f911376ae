/* What a confined child may do, and what it may not: each asked in a child of its own. */
#include "dialer/base/child.h"
#include "dialer/base/confine.h"
#include <cadencia/err.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_HERE = 77 };

/* Exit status of `act` in a confined child; 128 + signal if it was ended by one. */
static int in_child(enum confine_role role, int (*act)(void)) {
  pid_t pid = fork();
  if (pid == 0) {
    child_harden();
    int rc = confine(role);
    if (rc == CAD_ENOSUP) _exit(NOT_HERE);
    _exit(rc < 0 ? 99 : act());
  }
  int status = 0;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#define EXPECT(role, act, status)                                                                                                          \
  do {                                                                                                                                     \
    int got = in_child(role, act);                                                                                                         \
    if (got == NOT_HERE) return; /* sanitizers, or a kernel without */                                                                     \
    ck_assert_msg(got == (status), "%s: %d, not %d", #act, got, (int)status);                                                              \
  } while (0)

static void *nothing(void *arg) { return arg; }

static int its_work(void) {
  pthread_t id;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), six = socket(AF_INET6, SOCK_STREAM, 0);
  if (fd < 0 || (six < 0 && errno != EAFNOSUPPORT)) return 1;
  if (pthread_create(&id, NULL, nothing, NULL) != 0 || pthread_join(id, NULL) != 0) return 2;
  struct addrinfo *found = NULL;
  if (getaddrinfo("localhost", NULL, NULL, &found) != 0) return 3;
  freeaddrinfo(found);
  int file = open("/etc/hosts", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 4;
  void *memory = malloc(8 << 20);
  if (!memory) return 5;
  free(memory);
  return 0;
}

static int write_a_file(void) {
  int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  return fd >= 0 ? 1 : errno == EPERM ? 0 : 2;
}
static int make_a_process(void) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  return pid > 0 ? 1 : errno == EPERM ? 0 : 2;
}
static int raw_socket(void) {
  if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM) return 1;
  return socket(AF_INET, SOCK_RAW, 17) >= 0 || errno != EPERM;
}
static int run_written_memory(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) return 3;
  return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 ? 1 : errno == EPERM ? 0 : 2;
}
static int kill_another(void) { return kill(getppid(), 0) == 0 ? 1 : errno == EPERM ? 0 : 2; }
static int another_program(void) {
  execl("/bin/true", "true", (char *)NULL);
  return 1;
}
static int trace_the_parent(void) {
  ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
  return 1;
}

START_TEST(a_confined_child_does_its_work) {
  EXPECT(CONFINE_SIP, its_work, 0);
  EXPECT(CONFINE_CONSOLE, its_work, 0);
}
END_TEST

START_TEST(a_confined_child_is_refused_what_is_not_its_work) {
  EXPECT(CONFINE_SIP, write_a_file, 0);
  static int (*const ACTS[])(void) = {make_a_process, raw_socket, run_written_memory, kill_another};
  for (size_t i = 0; i < sizeof ACTS / sizeof ACTS[0]; i++) {
    EXPECT(CONFINE_SIP, ACTS[i], 0);
    EXPECT(CONFINE_CONSOLE, ACTS[i], 0);
  }
}
END_TEST

START_TEST(what_only_an_attacker_asks_for_ends_the_process) {
  EXPECT(CONFINE_SIP, another_program, 128 + SIGSYS);
  EXPECT(CONFINE_CONSOLE, another_program, 128 + SIGSYS);
  EXPECT(CONFINE_SIP, trace_the_parent, 128 + SIGSYS);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("confinement of children");
  TCase *c = tcase_create("confine");
  tcase_add_test(c, a_confined_child_does_its_work);
  tcase_add_test(c, a_confined_child_is_refused_what_is_not_its_work);
  tcase_add_test(c, what_only_an_attacker_asks_for_ends_the_process);
  suite_add_tcase(suite, c);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? 1 : 0;
}
