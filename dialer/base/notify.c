#include "dialer/base/notify.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@')) return -1;
  memcpy(to.sun_path, path, length);
  if (path[0] == '@') to.sun_path[0] = 0; /* the abstract name space */
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0) return fd;
  close(fd);
  return -1;
}

void notify_open(struct notify *n, struct mono now) {
  const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
  *n = (struct notify){.fd = path ? connect_to(path) : -1, .said = now, .alive = now};
  if (usec && (!pid || strtol(pid, NULL, 10) == (long)getpid())) n->every_ms = strtoll(usec, NULL, 10) / 2000;
  if (n->every_ms < 0) n->every_ms = 0;
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *n) {
  if (n->fd >= 0) close(n->fd);
  n->fd = -1;
}

void notify_say(struct notify *n, const char *text) {
  if (n->fd >= 0) (void)!send(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void notify_watch(struct notify *n, uint32_t sequence, struct mono now) {
  if (sequence != n->sequence) {
    n->sequence = sequence;
    n->alive = now;
  }
  if (n->every_ms == 0 || mono_since(now, n->said) < n->every_ms || mono_since(now, n->alive) > NOTIFY_STUCK_MS) return;
  n->said = now;
  notify_say(n, "WATCHDOG=1");
}
