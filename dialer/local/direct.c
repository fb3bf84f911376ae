#include "dialer/local/direct.h"
#include "dialer/local/local.h"
#include <cadencia/err.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int direct_run(void *self, int (*fn)(struct store *, void *), void *arg, bool tx) {
  struct direct *d = self;
  if (!tx) return fn(d->store, arg);
  int r = store_begin(d->store);
  if (r < 0) return r;
  int said = fn(d->store, arg);
  if (said < 0) {
    store_rollback(d->store);
    return said;
  }
  r = store_commit(d->store);
  return r < 0 ? r : said;
}

/* No floor: nobody to tell. Commands look at backend->daemon first. */
static int no_announce(void *self, const char *campaign, const char *agent) {
  (void)self, (void)campaign, (void)agent;
  return CAD_ENOENT;
}
static int no_announce_queues(void *self, uint64_t gone_queue, uint64_t gone_did) {
  (void)self, (void)gone_queue, (void)gone_did;
  return CAD_ENOENT;
}
static int no_order(void *self, struct mail *order, struct mail_order_reply *reply) {
  (void)self, (void)order, (void)reply;
  return CAD_ENOENT;
}
static int no_post(void *self, const struct mail *mail) {
  (void)self, (void)mail;
  return CAD_ENOENT;
}
static void no_live(void *self, struct live *out) {
  (void)self;
  memset(out, 0, sizeof *out);
}

static void opening_lasts(void *arg, const char *text) { fprintf(arg, "cadencia: %s\n", text); }

int direct_open(const struct config *config, struct direct *d, struct command_backend *backend, FILE *err) {
  char path[CONFIG_PATH_MAX + 16];
  *d = (struct direct){NULL, -1, NULL};
  if (mkdir(config->state_dir, 0700) != 0 && errno != EEXIST) {
    fprintf(err, "cadencia: the state folder %s cannot be made: %s; make it or name another in state_dir\n", config->state_dir,
            strerror(errno));
    return CAD_EIO;
  }
  int r = local_lock(config->state_dir, &d->lock_fd);
  if (r == CAD_EBUSY) return r;
  if (r < 0) {
    fprintf(err, "cadencia: %s/cadencia.lock cannot be written: %s; run as the user who owns the folder\n", config->state_dir,
            strerror(errno));
    return r;
  }
  snprintf(path, sizeof path, "%s/cadencia.db", config->state_dir);
  struct store_options opt = {.path = path,
                              .share_dir = config->share_dir,
                              .box = config->box,
                              .contacts_max = config->limit_contacts,
                              .checkpoint_rows = config->checkpoint_rows,
                              .slow = opening_lasts,
                              .slow_arg = err};
  d->config = config;
  r = store_open(&opt, &d->store, err);
  if (r < 0) {
    fprintf(err, "cadencia: the database %s cannot be opened (%s)\n", path, err_name(r));
    direct_close(d);
    return r;
  }
  struct store_actor who;
  local_actor(getuid(), "command", &who);
  store_set_actor(d->store, &who);
  *backend = (struct command_backend){d, config, false, direct_run, no_announce, no_announce_queues, no_order, no_post, no_live};
  return CAD_OK;
}

void direct_close(struct direct *d) {
  if (d->store) {
    d->store = store_close(d->store);
    if (d->config) local_drop(d->config);
  }
  if (d->lock_fd >= 0) close(d->lock_fd);
  d->lock_fd = -1;
}
