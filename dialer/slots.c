#include "dialer/slots.h"
#include "dialer/base/log.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t bytes_of(const struct slots *s) { return s->head_bytes + s->count * s->record_bytes; }

static size_t place_of(const struct slots *s, uint32_t i) { return s->head_bytes + i * s->record_bytes; }

static int file_open(const char *path, size_t bytes) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  int err = ftruncate(fd, (off_t)bytes) < 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes);
  if (err == 0) return fd;
  log_warn("daemon", "%s cannot be reserved (%s): what it keeps would not outlive the daemon", path, strerror(err));
  unlink(path);
  close(fd);
  return -1;
}

int slots_open(struct slots *s, const char *what, const char *path, size_t head_bytes, size_t record_bytes, uint32_t count) {
  *s = (struct slots){.fd = -1, .what = what, .head_bytes = head_bytes, .record_bytes = record_bytes, .count = count};
  if (path) s->fd = file_open(path, bytes_of(s));
  if (s->fd < 0) s->memory = calloc(1, bytes_of(s));
  return s->fd >= 0 || s->memory ? CAD_OK : CAD_ENOMEM;
}

void slots_close(struct slots *s) {
  if (s->fd >= 0) close(s->fd);
  free(s->memory);
  *s = (struct slots){.fd = -1};
}

static bool get(const struct slots *s, size_t at, void *out, size_t bytes) {
  if (s->memory)
    memcpy(out, s->memory + at, bytes);
  else if (pread(s->fd, out, bytes, (off_t)at) != (ssize_t)bytes)
    return false;
  return true;
}

static void put(struct slots *s, size_t at, const void *from, size_t bytes) {
  if (s->memory) {
    memcpy(s->memory + at, from, bytes);
    return;
  }
  if (pwrite(s->fd, from, bytes, (off_t)at) == (ssize_t)bytes || s->said) return;
  s->said = true;
  log_warn("daemon", "%s cannot be kept: %s; calls go on", s->what, strerror(errno));
}

void slots_head(const struct slots *s, void *out) {
  if (!get(s, 0, out, s->head_bytes)) memset(out, 0, s->head_bytes);
}

void slots_head_put(struct slots *s, const void *head) { put(s, 0, head, s->head_bytes); }

bool slots_get(const struct slots *s, uint32_t i, void *out) { return get(s, place_of(s, i), out, s->record_bytes); }

void slots_put(struct slots *s, uint32_t i, const void *record, size_t bytes) { put(s, place_of(s, i), record, bytes); }

bool slots_get_many(const struct slots *s, uint32_t first, uint32_t n, void *out) {
  return get(s, place_of(s, first), out, n * s->record_bytes);
}

void slots_put_many(struct slots *s, uint32_t first, uint32_t n, const void *records) {
  put(s, place_of(s, first), records, n * s->record_bytes);
}
