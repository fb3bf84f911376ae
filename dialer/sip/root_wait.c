#include "dialer/sip/root_wait.h"
#include "dialer/sip/ua_nua.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FDS_MAX = 256, IDLE_STEPS = 3 };

static bool is_epoll(int fd) {
  char path[32], target[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(path, target, sizeof target - 1);
  if (n < 0) return false;
  target[n] = 0;
  return strcmp(target, "anon_inode:[eventpoll]") == 0;
}

struct root_wait root_wait_create(void *magic) {
  bool before[FDS_MAX];
  struct root_wait w = {.epoll_fd = -1};
  for (int fd = 0; fd < FDS_MAX; fd++) before[fd] = is_epoll(fd);
  w.root = su_root_create((struct ua *)magic);
  for (int fd = 0; w.root && fd < FDS_MAX; fd++)
    if (!before[fd] && is_epoll(fd)) w.epoll_fd = fd;
  return w;
}

void root_wait_step(struct root_wait *w, int limit_ms) {
  if (w->epoll_fd < 0) {
    su_root_step(w->root, limit_ms);
    return;
  }
  /* 0 may mean messages within the stack, which need another step at once, or a timer
   * within the millisecond: a few steps tell them apart. */
  long left_ms = su_root_step(w->root, 0);
  if (left_ms <= 0 && ++w->idle < IDLE_STEPS) return;
  struct pollfd ready = {.fd = w->epoll_fd, .events = POLLIN};
  int sleep_ms = left_ms < ROOT_LATE_MS ? ROOT_LATE_MS : left_ms > limit_ms ? limit_ms : (int)left_ms;
  poll(&ready, 1, sleep_ms);
  w->idle = 0;
}
