#include "dialer/console/link.h"
#include "dialer/base/wire.h"
#include <cadencia/err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { CARRIERS = 2, ANSWER_S = 10, OUT_MAX = 1 << 20 };

struct request {
  struct request *next;
  json_t *message;
  link_done *done;
  void *arg;
  int status;
  json_t *out;
};
struct line {
  struct request *first, **end;
};
struct link {
  pthread_mutex_t lock;
  pthread_cond_t work;
  struct line todo, over; /* under the lock, as is what follows */
  unsigned waiting;
  bool stopping;
  int wake_fd;
  char state_dir[256];
  pthread_t carriers[CARRIERS];
  unsigned carrier_count;
};

static void line_put(struct line *l, struct request *r) {
  r->next = NULL;
  *l->end = r;
  l->end = &r->next;
}

static struct request *line_take(struct line *l) {
  struct request *r = l->first;
  if (r && !(l->first = r->next)) l->end = &l->first;
  return r;
}

/* ---- a carrier's side ---- */

static int connect_daemon(const char *state_dir) {
  struct sockaddr_un address;
  int dir = wire_address(state_dir, &address);
  if (dir < 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct timeval patience = {.tv_sec = ANSWER_S};
  if (fd >= 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    fd = -1;
  }
  close(dir);
  return fd;
}

/* Collects the text of the answer until its exit status; -1: the daemon went away or says too much. */
static int read_answer(struct wire *w, char **text, size_t *size) {
  for (;;) {
    json_t *j = NULL;
    if (wire_read(w, &j) <= 0) return -1;
    wire_close_fds(w);
    const char *out = json_string_value(json_object_get(j, "out"));
    const json_t *end = json_object_get(j, "exit");
    int status = json_is_integer(end) ? (int)json_integer_value(end) : -1;
    size_t n = out ? strlen(out) : 0;
    if (n > 0) {
      char *more = *size + n < OUT_MAX ? realloc(*text, *size + n + 1) : NULL;
      if (more) memcpy(more + *size, out, n + 1);
      if (more) *text = more, *size += n;
      if (!more) status = -2;
    }
    json_decref(j);
    if (status != -1) return status < 0 ? -1 : status;
  }
}

static void carry(const char *state_dir, struct wire *w, struct request *r) {
  char *text = NULL;
  size_t size = 0;
  int fd = connect_daemon(state_dir);
  r->status = -1;
  if (fd < 0) return;
  wire_init(w, fd);
  if (wire_write(fd, json_incref(r->message), NULL, 0) == CAD_OK) r->status = read_answer(w, &text, &size);
  if (text && r->status >= 0) r->out = json_loadb(text, size, JSON_DECODE_ANY, NULL);
  free(text);
  close(fd);
}

static void *carrier_main(void *arg) {
  struct link *link = arg;
  struct wire *w = malloc(sizeof *w);
  pthread_mutex_lock(&link->lock);
  while (w && !link->stopping) {
    struct request *r = line_take(&link->todo);
    if (!r) {
      pthread_cond_wait(&link->work, &link->lock);
      continue;
    }
    pthread_mutex_unlock(&link->lock);
    carry(link->state_dir, w, r);
    pthread_mutex_lock(&link->lock);
    line_put(&link->over, r);
    (void)eventfd_write(link->wake_fd, 1);
  }
  pthread_mutex_unlock(&link->lock);
  free(w);
  return NULL;
}

/* ---- the server's side ---- */

struct link *link_create(const char *state_dir) {
  struct link *link = calloc(1, sizeof *link);
  if (!link) return NULL;
  pthread_mutex_init(&link->lock, NULL);
  pthread_cond_init(&link->work, NULL);
  link->todo.end = &link->todo.first;
  link->over.end = &link->over.first;
  snprintf(link->state_dir, sizeof link->state_dir, "%s", state_dir);
  link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  while (link->wake_fd >= 0 && link->carrier_count < CARRIERS &&
         pthread_create(&link->carriers[link->carrier_count], NULL, carrier_main, link) == 0)
    link->carrier_count++;
  return link->carrier_count > 0 ? link : link_destroy(link);
}

static json_t *message_of(const char *const *words, const char *secret) {
  json_t *argv = json_array();
  bool said = false;
  for (int i = 0; words[i]; i++) {
    if (!said && strcmp(words[i], "--") == 0) said = json_array_append_new(argv, json_string("--json")) == 0;
    if (i == LINK_WORDS_MAX || json_array_append_new(argv, json_string(words[i])) < 0) {
      json_decref(argv);
      return NULL;
    }
  }
  if (!said) json_array_append_new(argv, json_string("--json"));
  json_t *message = json_pack("{s:o}", "argv", argv);
  if (message && secret && json_object_set_new(message, "secret", json_string(secret)) < 0) {
    json_decref(message);
    return NULL;
  }
  return message;
}

int link_ask(struct link *link, const char *const *words, const char *secret, link_done *done, void *arg) {
  struct request *r = calloc(1, sizeof *r);
  if (!r || !(r->message = message_of(words, secret))) {
    free(r);
    return CAD_EINVAL;
  }
  r->done = done;
  r->arg = arg;
  pthread_mutex_lock(&link->lock);
  bool room = link->waiting < LINK_WAITING_MAX && !link->stopping;
  if (room) {
    link->waiting++;
    line_put(&link->todo, r);
    pthread_cond_signal(&link->work);
  }
  pthread_mutex_unlock(&link->lock);
  if (room) return CAD_OK;
  json_decref(r->message);
  free(r);
  return CAD_EFULL;
}

int link_fd(const struct link *link) { return link->wake_fd; }

static void finish(struct request *r) {
  r->done(r->arg, r->status, r->out);
  json_decref(r->message);
  json_decref(r->out);
  free(r);
}

void link_collect(struct link *link) {
  eventfd_t count;
  (void)eventfd_read(link->wake_fd, &count);
  for (;;) {
    pthread_mutex_lock(&link->lock);
    struct request *r = line_take(&link->over);
    if (r) link->waiting--;
    pthread_mutex_unlock(&link->lock);
    if (!r) return;
    finish(r);
  }
}

struct link *link_destroy(struct link *link) {
  if (!link) return NULL;
  pthread_mutex_lock(&link->lock);
  link->stopping = true;
  pthread_cond_broadcast(&link->work);
  pthread_mutex_unlock(&link->lock);
  for (unsigned i = 0; i < link->carrier_count; i++) pthread_join(link->carriers[i], NULL);
  link_collect(link);
  for (struct request *r; (r = line_take(&link->todo));) {
    r->status = -1;
    finish(r);
  }
  if (link->wake_fd >= 0) close(link->wake_fd);
  pthread_cond_destroy(&link->work);
  pthread_mutex_destroy(&link->lock);
  free(link);
  return NULL;
}
