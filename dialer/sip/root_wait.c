#include "dialer/sip/root_wait.h"
#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include <poll.h>
#include <time.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FDS_MAX = 256, STEPS = 4, STEPS_MAX = 16, REST_US = 3000 };

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

static bool ready_within(const struct root_wait *w, int ms) {
  struct pollfd ready = {.fd = w->epoll_fd, .events = POLLIN};
  return poll(&ready, 1, ms) > 0;
}

long root_wait_work(struct root_wait *w) {
  w->woke_us = clock_mono_us();
  if (w->epoll_fd < 0) return ROOT_LATE_MS;
  /* 0 may mean messages within the stack, which need another step at once, or a timer
   * within the millisecond: a few steps tell them apart. */
  long idle_ms = 0;
  int doubts = 0;
  w->busy = true;
  for (int i = 0; i < STEPS_MAX; i++) {
    idle_ms = su_root_step(w->root, 0);
    if (idle_ms <= 0 && ++doubts < STEPS) continue;
    if (!ready_within(w, 0)) {
      w->busy = false;
      break;
    }
    doubts = 0;
  }
  return idle_ms;
}

/* What comes soon after the last wake shares the next one: a wake costs as much as a message. */
static int rest(const struct root_wait *w) {
  const int64_t left = w->woke_us + REST_US - clock_mono_us();
  if (w->busy || left <= 0 || left > REST_US) return 0;
  const struct timespec ts = {.tv_nsec = left * 1000};
  nanosleep(&ts, NULL);
  return (int)(left / 1000);
}

void root_wait_sleep(struct root_wait *w, long idle_ms, int limit_ms) {
  if (w->epoll_fd < 0) {
    su_root_step(w->root, limit_ms);
    return;
  }
  int ms = idle_ms < ROOT_LATE_MS ? ROOT_LATE_MS : idle_ms > limit_ms ? limit_ms : (int)idle_ms;
  (void)ready_within(w, ms - rest(w));
}
