#include "dialer/base/log.h"
#include "dialer/base/clock.h"
#include <cadencia/err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, RING_LINES = 1024 };

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};
static struct {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t thread;
  char ring[RING_LINES][LINE_MAX_BYTES];
  unsigned head, count;
  uint64_t dropped;
  bool running, stop;
  int fd;
  enum log_level least;
} L = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .fd = 2, .least = LOG_INFO_};

static void write_line(const char *line) {
  static bool torn; /* a full disk took a part of the line before */
  size_t n = strlen(line);
  if (torn && write(L.fd, "\n", 1) != 1) return; /* nowhere to say so */
  const ssize_t written = write(L.fd, line, n);
  torn = written > 0 && (size_t)written < n;
}

static void *writer(void *arg) {
  (void)arg;
  pthread_mutex_lock(&L.lock);
  while (!L.stop || L.count) {
    if (L.count == 0) {
      pthread_cond_wait(&L.wake, &L.lock);
      continue;
    }
    char line[LINE_MAX_BYTES];
    memcpy(line, L.ring[L.head], sizeof line);
    L.head = (L.head + 1) % RING_LINES;
    L.count--;
    uint64_t dropped = L.dropped;
    L.dropped = 0;
    pthread_mutex_unlock(&L.lock);
    write_line(line);
    if (dropped) {
      char text[80];
      snprintf(text, sizeof text, "log: %llu lines dropped, the log file is too slow\n", (unsigned long long)dropped);
      write_line(text);
    }
    pthread_mutex_lock(&L.lock);
  }
  pthread_mutex_unlock(&L.lock);
  return NULL;
}

int log_start(const char *path, enum log_level least) {
  L.least = least;
  if (path && path[0]) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) return CAD_EIO;
    L.fd = fd;
  }
  L.stop = false;
  sigset_t all, before; /* signals belong to the main thread */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  L.running = pthread_create(&L.thread, NULL, writer, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return L.running ? CAD_OK : CAD_EIO;
}

void log_stop(void) {
  if (!L.running) return;
  pthread_mutex_lock(&L.lock);
  L.stop = true;
  pthread_cond_signal(&L.wake);
  pthread_mutex_unlock(&L.lock);
  pthread_join(L.thread, NULL);
  L.running = false;
}

void log_set_level(enum log_level least) { L.least = least; }

void log_line(enum log_level level, const char *room, const char *fmt, ...) {
  if (level < L.least) return;
  char line[LINE_MAX_BYTES], stamp[25];
  clock_iso8601(clock_wall(), stamp);
  int n = snprintf(line, sizeof line - 1, "%s %-5s %-8s ", stamp, LEVELS[level], room);
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(line + n, sizeof line - 1 - (size_t)n, fmt, ap);
  va_end(ap);
  for (char *p = line; *p; p++)
    if ((unsigned char)*p < ' ') *p = ' '; /* one event, one line, whatever a peer sent */
  strcat(line, "\n");
  pthread_mutex_lock(&L.lock);
  if (!L.running) {
    write_line(line);
  } else if (L.count == RING_LINES) {
    L.dropped++;
  } else {
    memcpy(L.ring[(L.head + L.count++) % RING_LINES], line, sizeof line);
    pthread_cond_signal(&L.wake);
  }
  pthread_mutex_unlock(&L.lock);
}

const char *log_phone(uint64_t phone, char out[24]) {
  snprintf(out, 24, "+%llu", (unsigned long long)phone);
  size_t n = strlen(out);
  for (size_t i = n > 5 ? n - 4 : 1; i < n; i++) out[i] = '*';
  return out;
}
