#include "dialer/sip/root_wait.h"
#include "dialer/sip/ua_nua.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FDS_MAX = 256, STEPS = 4 };

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

long root_wait_work(struct root_wait *w) {
  if (w->epoll_fd < 0) return ROOT_LATE_MS;
  /* 0 may mean messages within the stack, which need another step at once, or a timer
   * within the millisecond: a few steps tell them apart. */
  long idle_ms = 0;
  for (int i = 0; i < STEPS && idle_ms <= 0; i++) idle_ms = su_root_step(w->root, 0);
  return idle_ms;
}

void root_wait_sleep(struct root_wait *w, long idle_ms, int limit_ms) {
  if (w->epoll_fd < 0) {
    su_root_step(w->root, limit_ms);
    return;
  }
  struct pollfd ready = {.fd = w->epoll_fd, .events = POLLIN};
  poll(&ready, 1, idle_ms < ROOT_LATE_MS ? ROOT_LATE_MS : idle_ms > limit_ms ? limit_ms : (int)idle_ms);
}
