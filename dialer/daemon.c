/* The daemon: builds the parts, wires the mailboxes, waits for signals, stops in mirror order. */
#include "dialer/daemon.h"
#include "dialer/base/clock.h"
#include "dialer/base/image.h"
#include "dialer/base/log.h"
#include "dialer/base/notify.h"
#include "dialer/base/tone_file.h"
#include "dialer/courier.h"
#include "dialer/daemon_loop.h"
#include "dialer/local/local.h"
#include "dialer/local/setup_link.h"
#include "dialer/media/media.h"
#include "dialer/reload.h"
#include "dialer/store_worker.h"
#include <cadencia/err.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TICK_MS = 250, START_MS = 10000, END_MS = 3000, LOCK_TRIES = 60, BOX_SPARE = 4096 };

struct daemon {
  struct config config;
  pthread_mutex_t config_lock; /* guards what a reload may change */
  struct mailbox *control;
  struct store_worker *store;
  struct media *media;
  struct loop *loop;
  struct courier *courier;
  struct flight *flight;
  struct local_server *_Atomic local; /* the control thread replies through it */
  struct notify notify;
  int lock_fd;
};

struct store_worker *daemon_store(struct daemon *d) {
  return d->store;
}
int daemon_post(struct daemon *d, const struct mail *mail) { return mailbox_put(d->control, mail); }

/* ---- names of the database become indices of this box ---- */

static int resolve_trunk(struct daemon *d, struct campaign_def *def) {
  unsigned t = 0;
  while (t < d->config.trunk_count && strcmp(d->config.trunks[t].name, def->trunk) != 0) t++;
  if (t == d->config.trunk_count) {
    log_error("daemon", "campaign %s: trunk '%s' is not in %s; the campaign stays stopped", def->terms.name, def->trunk, d->config.path);
    return CAD_ENOENT;
  }
  def->terms.trunk = (uint16_t)t;
  if (def->terms.caller_id == 0) def->terms.caller_id = d->config.trunks[t].caller_id;
  return CAD_OK;
}

static int resolve_prompt(struct daemon *d, const struct campaign_def *def, const char *file, uint16_t *out) {
  *out = 0;
  if (!file[0]) return CAD_OK;
  int prompt = media_prompt(d->media, file);
  if (prompt < 0) {
    log_error("daemon", "campaign %s: prompt %s: %s; the campaign stays stopped", def->terms.name, file, err_name(prompt));
    return prompt;
  }
  *out = (uint16_t)prompt;
  return CAD_OK;
}

static int resolve_campaign(void *arg, struct campaign_def *def) {
  struct daemon *d = arg;
  pthread_mutex_lock(&d->config_lock);
  int found = resolve_trunk(d, def);
  pthread_mutex_unlock(&d->config_lock);
  if (found < 0) return found;
  int err = resolve_prompt(d, def, def->prompt, &def->terms.prompt_safe_harbour);
  return err < 0 ? err : resolve_prompt(d, def, def->message, &def->terms.prompt_message);
}

static int resolve_agent(void *arg, struct agent_def *def) {
  struct daemon *d = arg;
  return def->a.listener < d->config.listener_count ? CAD_OK : CAD_EINVAL;
}

static int resolve_trunk_name(void *arg, const char *name) {
  const struct config *c = &((struct daemon *)arg)->config;
  for (unsigned t = 0; t < c->trunk_count; t++)
    if (strcmp(c->trunks[t].name, name) == 0) return (int)t;
  return CAD_ENOENT;
}

static const char *resolve_trunk_index(void *arg, uint16_t trunk) {
  const struct config *c = &((struct daemon *)arg)->config;
  return trunk < c->trunk_count ? c->trunks[trunk].name : "";
}

/* A caller waits in silence rather than not at all: a prompt that is missing is said in the log. */
static uint16_t queue_prompt(struct daemon *d, const struct queue_def *def, const char *file) {
  int prompt = file[0] ? media_prompt(d->media, file) : 0;
  if (prompt < 0) log_error("daemon", "queue %s: prompt %s: %s; it is not played", def->terms.name, file, err_name(prompt));
  return (uint16_t)(prompt < 0 ? 0 : prompt);
}

static void resolve_queue(void *arg, struct queue_def *def) {
  struct daemon *d = arg;
  struct queue_terms *t = &def->terms;
  char file[48];
  t->hello = queue_prompt(d, def, def->hello);
  t->music = queue_prompt(d, def, def->music);
  t->sorry = queue_prompt(d, def, def->sorry);
  t->closed = queue_prompt(d, def, def->closed);
  for (int i = 0; i < QUEUE_PLACES && t->say_place; i++) {
    snprintf(file, sizeof file, "queue_place_%d_%.3s.wav", i + 1, def->language);
    t->place[i] = queue_prompt(d, def, file);
  }
  for (int i = 0; i < QUEUE_WAITS && t->say_wait; i++) {
    snprintf(file, sizeof file, "queue_wait_%d_%.3s.wav", i + 1, def->language);
    t->wait[i] = queue_prompt(d, def, file);
  }
}

/* ---- parts ---- */

static void local_reply(void *arg, const struct mail *reply) {
  struct daemon *d = arg;
  struct local_server *local = d->local;
  if (local) local_server_reply(local, reply);
}

/* How the other threads do: the loop shows it with its own. */
static void tell_health(void *arg, struct live_health *out) {
  const struct daemon *d = arg;
  media_beat_lags(d->media, &out->beat_lags);
  store_worker_commits(d->store, &out->commits);
  store_worker_waits(d->store, out->waits);
  mailbox_depths(d->control, &out->boxes[LIVE_BOX_CONTROL]);
  mailbox_depths(media_inbox(d->media), &out->boxes[LIVE_BOX_MEDIA]);
  mailbox_depths(store_worker_inbox(d->store), &out->boxes[LIVE_BOX_STORE]);
}

static void local_live(void *arg, struct live *out) { loop_live(((struct daemon *)arg)->loop, out); }

/* A trunk without a plan, or with one that cannot be read, knows tones by family. */
static void read_tone_plans(const struct config *c, struct tone_plan plans[CONFIG_TRUNKS_MAX]) {
  memset(plans, 0, CONFIG_TRUNKS_MAX * sizeof *plans);
  for (unsigned i = 0; i < c->trunk_count; i++) {
    const char *country = c->trunks[i].tones;
    if (country[0] && tone_file_country(c->share_dir, country, &plans[i], NULL) < 0)
      log_error("daemon", "trunk %s: no tones of %s in %s/tones; tones are told by family", c->trunks[i].name, country, c->share_dir);
  }
}

static int start_media(struct daemon *d) {
  const struct config *c = &d->config;
  char why[160];
  char prompts[CONFIG_PATH_MAX + 16];
  snprintf(prompts, sizeof prompts, "%s%s", c->prompt_dir[0] ? c->prompt_dir : c->share_dir, c->prompt_dir[0] ? "" : "/prompts");
  char samples[CONFIG_PATH_MAX + 16];
  snprintf(samples, sizeof samples, "%s/samples", c->state_dir);
  struct tone_plan plans[CONFIG_TRUNKS_MAX];
  read_tone_plans(c, plans);
  unsigned sessions = c->limit_calls + c->limit_agents;
  struct media_range more[CONFIG_LISTENERS_MAX];
  for (unsigned i = 1; i < c->listener_count; i++)
    more[i - 1] = (struct media_range){c->listeners[i].bind_host, c->listeners[i].media_port_min, c->listeners[i].media_port_max};
  struct media_options o = {.more = more,
                            .more_count = c->listener_count - 1,
                            .bind_host = c->listeners[0].bind_host,
                            .port_min = c->listeners[0].media_port_min,
                            .port_max = c->listeners[0].media_port_max,
                            .sessions_max = sessions,
                            .credits = sessions,
                            .prompt_dir = prompts,
                            .plans = plans,
                            .plan_count = c->trunk_count,
                            .sample_dir = samples};
  int err = media_start(&o, d->control, &d->media, why);
  if (err < 0)
    log_error("daemon", "media: %s", why);
  else if (why[0])
    log_warn("daemon", "media: %s", why);
  return err;
}

/* A long migration is no hang: people read so, and the service manager gives it time. */
static void opening_lasts(void *arg, const char *text) {
  struct daemon *d = arg;
  char note[256];
  log_info("daemon", "%s", text);
  snprintf(note, sizeof note, "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=%s", text);
  notify_say(&d->notify, note);
}

static int start_parts(struct daemon *d) {
  const struct config *c = &d->config;
  mkdir(c->state_dir, 0750);
  int err = local_lock(c->state_dir, &d->lock_fd);
  for (int tries = 0; err == CAD_EBUSY && tries < LOCK_TRIES; tries++) { /* a command may hold it for a moment */
    usleep(50000);
    err = local_lock(c->state_dir, &d->lock_fd);
  }
  if (err < 0) {
    log_error("daemon",
              err == CAD_EBUSY ? "another Cadencia already runs on %s" : "cannot use state_dir %s: create it and let this user write to it",
              c->state_dir);
    return err;
  }
  d->control = mailbox_create(c->limit_calls * 16 + c->limit_agents * 8 + BOX_SPARE);
  if (!d->control) return CAD_ENOMEM;
  char path[CONFIG_PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/cadencia.db", c->state_dir);
  struct store_options so = {.path = path,
                             .share_dir = c->share_dir,
                             .box = c->box,
                             .contacts_max = c->limit_contacts,
                             .checkpoint_rows = c->checkpoint_rows,
                             .slow = opening_lasts,
                             .slow_arg = d};
  struct store *store = NULL;
  if ((err = store_open(&so, &store, stderr)) < 0) return err;
  uint64_t last_id = store_last_id(store);
  if ((err = start_media(d)) < 0) {
    store_close(store);
    return err;
  }
  char dialogs[CONFIG_PATH_MAX + 16];
  snprintf(dialogs, sizeof dialogs, "%s/dialogs", c->state_dir);
  char phones[CONFIG_PATH_MAX + 16];
  snprintf(phones, sizeof phones, "%s/phones", c->state_dir);
  char flight[CONFIG_PATH_MAX + 16];
  snprintf(flight, sizeof flight, "%s/flight", c->state_dir);
  d->flight = flight_open(flight, clock_wall());
  flight_save_at_death(d->flight);
  struct store_resolver resolver = {d, resolve_campaign, resolve_agent, resolve_trunk_name, resolve_trunk_index, resolve_queue};
  d->store = store_worker_start(store, d->control, &resolver);
  if (!d->store) {
    store_close(store);
    return CAD_ENOMEM;
  }
  struct loop_options lo = {.config = c,
                            .inbox = d->control,
                            .media = media_inbox(d->media),
                            .store = store_worker_inbox(d->store),
                            .reply = local_reply,
                            .reply_arg = d,
                            .flight = d->flight,
                            .health = tell_health,
                            .health_arg = d,
                            .last_id = last_id,
                            .phones_path = phones,
                            .handover_path = dialogs};
  if ((err = loop_start(&lo, &d->loop)) < 0) return err;
  if ((err = store_worker_announce(d->store, NULL, NULL)) < 0) return err;
  d->courier = courier_start(c);
  struct local_hooks hooks = {d, local_live};
  d->local = local_server_start(c, d->store, d->control, &hooks);
  if (!d->local) log_error("daemon", "the local socket in %s could not be opened; commands will not reach this daemon", c->state_dir);
  return d->local ? CAD_OK : CAD_EIO;
}

static void stop_parts(struct daemon *d) {
  d->local = local_server_stop(d->local);
  d->loop = loop_stop(d->loop);
  d->media = media_stop(d->media);
  d->store = store_worker_stop(d->store);
  d->courier = courier_stop(d->courier);
  d->flight = flight_close(d->flight);
  d->control = mailbox_destroy(d->control);
  if (d->lock_fd >= 0) close(d->lock_fd);
}

/* ---- waiting ---- */

static int wait_ready(struct daemon *d) {
  struct mono began = clock_mono();
  while (!loop_ready(d->loop)) {
    if (loop_failed(d->loop)) return CAD_EBUSY; /* the worker has said which port */
    if (mono_since(clock_mono(), began) > START_MS) {
      log_error("daemon", "a SIP worker did not come up within %d s", START_MS / 1000);
      return CAD_ETIMEOUT;
    }
    usleep(20000);
  }
  return CAD_OK;
}

/* No new calls; those in flight finish, or are hung up now. */
static void drain(struct daemon *d, bool now) {
  struct mail m = mail_make(ORDER_DRAIN, clock_mono());
  m.u.order.now = now;
  while (mailbox_put(d->control, &m) == CAD_EFULL) usleep(1000);
}

/* SIGHUP: all of the new file is accepted, or nothing of it. */
static void reload(struct daemon *d) {
  static struct config next;
  char restart[256] = "";
  int changed = 0;
  if (d->config.path[0]) {
    if (config_load(d->config.path, &next, stderr) < 0) {
      log_error("daemon", "reload: %s was not accepted, the running configuration stays", d->config.path);
      return;
    }
    pthread_mutex_lock(&d->config_lock); /* the store thread resolves names by it */
    changed = reload_merge(&d->config, &next, restart, sizeof restart);
    pthread_mutex_unlock(&d->config_lock);
    loop_reload(d->loop, &d->config);
  }
  store_worker_announce(d->store, NULL, NULL);
  log_info("daemon", "reload: %d settings changed, campaigns and agents read again%s%s", changed,
           restart[0] ? "; these wait for a restart: " : "", restart);
}

static void run(struct daemon *d, const struct daemon_hooks *hooks, int signals) {
  struct live *live = malloc(sizeof *live);
  struct mono deadline = MONO_NONE;
  bool draining = false, ending = false;
  struct mono rest = mono_add(clock_mono(), IMAGE_EVERY_MS);
  while (live) {
    struct pollfd p = {.fd = signals, .events = POLLIN};
    bool end = false, skip = false;
    if (poll(&p, 1, TICK_MS) > 0) {
      struct signalfd_siginfo info;
      if (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
          notify_say(&d->notify, "STATUS=reads its configuration again");
          reload(d);
          notify_say(&d->notify, "STATUS=");
        } else {
          end = !draining;
          skip = draining;
        }
      }
    }
    flight_save(d->flight);
    image_rest(&rest, clock_mono());
    loop_live(d->loop, live);
    notify_watch(&d->notify, live->sequence, clock_mono());
    if (hooks && hooks->live && hooks->live(hooks->arg, d, live)) end = !draining || end;
    if (end && !draining) {
      log_info("daemon", "draining: no new calls, %u in flight, at most %u s; a second signal skips ahead", live->calls, d->config.drain_s);
      draining = true;
      notify_say(&d->notify, "STOPPING=1\nSTATUS=drains: no new calls");
      drain(d, false);
      deadline = mono_add(clock_mono(), (int64_t)d->config.drain_s * 1000);
    }
    if (draining && loop_drained(d->loop)) break;
    if (!skip && !(draining && clock_mono().ms >= deadline.ms)) continue;
    if (ending) break;
    ending = true; /* hang up in order: every call gets its BYE and its row */
    drain(d, true);
    deadline = mono_add(clock_mono(), END_MS);
  }
  free(live);
}

/* Nobody can sign in yet: a link, good once, makes the first supervisor. */
static void offer_setup(struct daemon *d) {
  const struct config *c = &d->config;
  char code[SETUP_CODE_MAX];
  if (c->loopback_only || !c->console_host[0] || !setup_link_offer(d->store, c->state_dir, code)) return;
  bool six = strchr(c->console_host, ':') != NULL;
  log_info("daemon", "nobody may sign in yet; make the first supervisor at http://%s%s%s:%u/sign-in#%s", six ? "[" : "", c->console_host,
           six ? "]" : "", c->console_port, code);
}

int daemon_run(const struct config *cfg, const struct daemon_hooks *hooks) {
  mallopt(M_MMAP_THRESHOLD, 128 * 1024); /* arenas sized for the worst case cost only the pages they use */
  struct daemon *d = calloc(1, sizeof *d);
  if (!d) return CAD_ENOMEM;
  d->config = *cfg;
  d->lock_fd = -1;
  notify_open(&d->notify, clock_mono());
  pthread_mutex_init(&d->config_lock, NULL);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, &before); /* before any thread */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is a full disk, not an end */
  int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  int err = signals < 0 ? CAD_EIO : start_parts(d);
  if (err >= 0) err = wait_ready(d);
  if (err >= 0 && hooks && hooks->ready) err = hooks->ready(hooks->arg, d);
  if (err >= 0) {
    log_info("daemon", "ready: %u trunks, console %s:%u, state in %s", cfg->trunk_count, cfg->console_host[0] ? cfg->console_host : "off",
             cfg->console_port, cfg->state_dir);
    notify_say(&d->notify, "READY=1");
    offer_setup(d);
    run(d, hooks, signals);
    if (hooks && hooks->closing) hooks->closing(hooks->arg, d);
  }
  stop_parts(d);
  notify_close(&d->notify);
  if (signals >= 0) close(signals);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  free(d);
  return err;
}
