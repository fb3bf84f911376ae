#include "dialer/base/wire.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void wire_init(struct wire *w, int fd) {
  w->fd = fd;
  w->have = w->used = 0;
  w->fd_count = 0;
}

void wire_close_fds(struct wire *w) {
  for (int i = 0; i < w->fd_count; i++) close(w->fds[i]);
  w->fd_count = 0;
}

static void take_fds(struct wire *w, struct msghdr *m) {
  for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < n; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
      if (w->fd_count < WIRE_FDS_MAX)
        w->fds[w->fd_count++] = fd;
      else
        close(fd);
    }
  }
}

/* More bytes into the buffer: > 0, 0 closed, < 0. */
static int receive(struct wire *w) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(4 * sizeof(int))];
  } control;
  struct iovec v = {w->buffer + w->have, sizeof w->buffer - w->have};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t n;
  do n = recvmsg(w->fd, &m, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? CAD_ETIMEOUT : errno == ECONNRESET ? 0 : CAD_EIO;
  take_fds(w, &m);
  w->have += (size_t)n;
  return n > 0;
}

int wire_read(struct wire *w, json_t **out) {
  memmove(w->buffer, w->buffer + w->used, w->have - w->used);
  w->have -= w->used;
  w->used = 0;
  char *end;
  while (!(end = memchr(w->buffer, '\n', w->have))) {
    if (w->have == sizeof w->buffer) return CAD_EFORMAT;
    int r = receive(w);
    if (r <= 0) return r;
  }
  w->used = (size_t)(end - w->buffer) + 1;
  json_t *j = json_loadb(w->buffer, w->used - 1, JSON_REJECT_DUPLICATES, NULL);
  if (!json_is_object(j)) {
    json_decref(j);
    return CAD_EFORMAT;
  }
  *out = j;
  return 1;
}

static int send_all(int fd, const char *text, size_t n, const int *fds, int fd_count) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  while (n > 0) {
    struct iovec v = {(void *)(uintptr_t)text, n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (fd_count > 0) {
      m.msg_control = control.bytes;
      m.msg_controllen = CMSG_SPACE((size_t)fd_count * sizeof(int));
      struct cmsghdr *h = CMSG_FIRSTHDR(&m);
      h->cmsg_level = SOL_SOCKET;
      h->cmsg_type = SCM_RIGHTS;
      h->cmsg_len = CMSG_LEN((size_t)fd_count * sizeof(int));
      memcpy(CMSG_DATA(h), fds, (size_t)fd_count * sizeof(int));
    }
    ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return CAD_EIO;
    fd_count = 0;
    text += sent;
    n -= (size_t)sent;
  }
  return CAD_OK;
}

int wire_write(int fd, json_t *object, const int *fds, int fd_count) {
  char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  json_decref(object);
  if (!text) return CAD_ENOMEM;
  size_t n = strlen(text);
  text[n] = '\n'; /* the terminator's place: the length is what counts */
  int r = n + 1 > WIRE_LINE_MAX ? CAD_EFORMAT : send_all(fd, text, n + 1, fds, fd_count);
  free(text);
  return r;
}

int wire_address(const char *state_dir, struct sockaddr_un *out) {
  int dir = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return CAD_ENOENT;
  memset(out, 0, sizeof *out);
  out->sun_family = AF_UNIX;
  snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/cadencia.sock", dir);
  return dir;
}
