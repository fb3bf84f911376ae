#include "dialer/courier.h"
#include "dialer/base/log.h"
#include "dialer/local/local.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { EVERY_S = 10 };
struct courier {
  const struct config *config;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  bool stopping;
};

static void *courier_main(void *arg) {
  struct courier *c = arg;
  bool last = false;
  while (!last) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += EVERY_S;
    pthread_mutex_lock(&c->lock);
    if (!c->stopping) pthread_cond_timedwait(&c->wake, &c->lock, &until);
    last = c->stopping;
    pthread_mutex_unlock(&c->lock);
    local_drop(c->config);
    (void)local_post(c->config);
  }
  return NULL;
}

struct courier *courier_start(const struct config *config) {
  struct courier *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->config = config;
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->wake, NULL);
  if (pthread_create(&c->thread, NULL, courier_main, c) == 0) return c;
  log_warn("evidence", "no thread for checkpoints: they leave the box at the next command");
  free(c);
  return NULL;
}

struct courier *courier_stop(struct courier *c) {
  if (!c) return NULL;
  pthread_mutex_lock(&c->lock);
  c->stopping = true;
  pthread_cond_signal(&c->wake);
  pthread_mutex_unlock(&c->lock);
  pthread_join(c->thread, NULL);
  pthread_mutex_destroy(&c->lock);
  pthread_cond_destroy(&c->wake);
  free(c);
  return NULL;
}
