/* console_feeder HOST PORT [AGENTS]: the console child over an invented floor, for page
 * tests and for looking. Ends with its parent or on SIGTERM. */
#include "dialer/base/child.h"
#include "dialer/base/clock.h"
#include "dialer/console/console.h"
#include "tests/support/live_feed.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS_BEFORE = 1200, STEP_MS = 250 };

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "console-worker") == 0) return console_worker_main(argc - 1, argv + 1);
  if (argc < 3) {
    fprintf(stderr, "usage: console_feeder HOST PORT [AGENTS]\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  unsigned agents = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 16;
  if (agents > LIVE_AGENTS_MAX) agents = LIVE_AGENTS_MAX;
  char *child_argv[] = {argv[0], "console-worker", argv[1], argv[2], NULL};
  struct child child;
  if (child_start(child_argv, 1 << 20, &child) < 0) return 1;
  static struct live live;
  struct wall begun = clock_wall();
  for (unsigned step = 0;; step++) {
    /* The first steps are the past, so that the chart has a history at once. */
    int64_t shift = (int64_t)step * STEP_MS - (int64_t)STEPS_BEFORE * STEP_MS;
    live_feed(&live, step, agents, shift < 0 ? wall_add(begun, shift) : clock_wall());
    while (send(child.fd, &live, live_bytes(&live), MSG_NOSIGNAL) < 0) {
      int status = 0;
      if (child_ended(&child, &status)) return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
      usleep(2000);
    }
    if (shift >= 0) usleep(STEP_MS * 1000);
  }
}
