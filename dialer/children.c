/* Supervision of children: start, ping, bury, start again. */
#include "dialer/base/log.h"
#include "dialer/daemon_loop.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum {
  RESTART_FIRST_MS = 50,
  RESTART_MOST_MS = 10000,
  STABLE_MS = 30000,
  PING_EVERY_MS = 1000,
  SILENT_MS = 5000,
  PORT_RETRY_MS = 500,
  PORT_PATIENCE_MS = 3000
};

int supervised_start(struct supervised *s, struct mono now) {
  if (s->gen++ == 0) s->first = now;
  if (s->pings) { /* the generation is part of the worker's spec */
    char *at = strstr(s->spec, "gen=");
    if (at) snprintf(at, sizeof s->spec - (size_t)(at - s->spec), "gen=%u%s%s", s->gen, s->blocked[0] ? ";block=" : "", s->blocked);
  }
  int err = child_start(s->argv, s->buffer_bytes, &s->child);
  s->started = s->pong_at = s->ping_at = now;
  if (err < 0) {
    s->failures++;
    s->restart_at = mono_add(now, RESTART_MOST_MS);
    log_error("daemon", "%s could not be started: %s", s->name, err_name(err));
  }
  return err;
}

static void ping(struct supervised *s, struct mono now) {
  if (mono_since(now, s->ping_at) < PING_EVERY_MS) return;
  s->ping_at = now;
  struct mail m = mail_make(SIP_PING, now);
  (void)mail_send_fd(s->child.fd, &m); /* a full pipe shows as silence */
  if (mono_since(now, s->pong_at) > SILENT_MS) {
    log_error("daemon", "%s has not answered for %d ms; it is killed and started again", s->name, SILENT_MS);
    child_kill(&s->child);
  }
}

bool supervised_check(struct supervised *s, struct mono now) {
  if (s->given_up) return false;
  if (s->child.pid == 0) {
    if (s->restart_at.ms <= now.ms) supervised_start(s, now);
    return false;
  }
  int status = 0;
  if (s->pings) ping(s, now);
  if (s->child.pid != 0 && !child_ended(&s->child, &status)) return false;
  if (!s->had_port && WIFEXITED(status) && WEXITSTATUS(status) == 3) { /* it has said which port; a box that was killed may hold it still */
    s->given_up = mono_since(now, s->first) > PORT_PATIENCE_MS;
    s->restart_at = mono_add(now, PORT_RETRY_MS);
    return true;
  }
  s->had_port = true; /* who had it gets it again */
  if (mono_since(now, s->started) > STABLE_MS) s->failures = 0;
  int64_t wait = s->failures ? (int64_t)RESTART_FIRST_MS << (s->failures < 8 ? s->failures : 8) : 0;
  s->failures++;
  s->restart_at = mono_add(now, wait < RESTART_MOST_MS ? wait : RESTART_MOST_MS);
  log_warn("daemon", "%s ended (%s %d); it starts again in %lld ms", s->name, WIFSIGNALED(status) ? "signal" : "status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), (long long)wait);
  return true;
}

int backlog_init(struct backlog *b, unsigned capacity) {
  *b = (struct backlog){.ring = calloc(capacity, sizeof *b->ring), .capacity = capacity};
  return b->ring ? CAD_OK : CAD_ENOMEM;
}

void backlog_free(struct backlog *b) {
  free(b->ring);
  *b = (struct backlog){0};
}

int backlog_push(struct backlog *b, const struct mail *mail) {
  if (b->count == b->capacity) return CAD_EFULL;
  b->ring[(b->head + b->count++) % b->capacity] = *mail;
  return CAD_OK;
}
