#include "dialer/sip/crash.h"
#include "dialer/sip/guard.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int exit_status;
static unsigned worker_gen;

void crash_arm(int status, unsigned worker) {
  exit_status = status;
  worker_gen = worker;
}

void __assert_fail(const char *assertion, const char *file, unsigned int line, const char *function);

__attribute__((noreturn)) void __assert_fail(const char *assertion, const char *file, unsigned int line, const char *function) {
  char text[400];
  int n = snprintf(text, sizeof text, "sip worker %u: assertion failed: %.120s at %.100s:%u in %.80s\n", worker_gen, assertion, file, line,
                   function ? function : "?");
  if (!exit_status)
    n = snprintf(text, sizeof text, "%.100s:%u: %.80s: assertion failed: %.120s\n", file, line, function ? function : "?", assertion);
  if (n > 0 && write(STDERR_FILENO, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1) < 0) abort();
  if (!exit_status) abort();
  guard_crashed();
  _exit(exit_status);
}
