/* The control thread. It waits in epoll for mail, children and the next deadline; a
 * mail is stepped, the outbox is carried out, and nothing here blocks. */
#include "dialer/daemon_loop.h"
#include "dialer/base/alert.h"
#include "dialer/base/clock.h"
#include "dialer/base/clock_watch.h"
#include "dialer/base/log.h"
#include "dialer/base/wide.h"
#include "dialer/blame.h"
#include "dialer/daemon_setup.h"
#include "dialer/handover.h"
#include "dialer/phones.h"
#include <sys/random.h>
#include <assert.h>
#include <cadencia/err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  LIVE_EVERY_MS = 250,
  LIVE_SOONEST_MS = 50, /* an agent's screen should not come after the voice */
  CHECK_EVERY_MS = 100,
  BATCH = 64,
  SIP_BUFFER = 4 << 20,
  STAMP_OLDEST_MS = 60000,
  SETTLE_MS = 1000,
  GIVE_TRIES = 50,
  CRASH_LOOP = 5,
  SYNC_EVERY_MS = 10000,
  WAKE_EVERY_US = 3000 /* mail that comes sooner after the last wake shares the next: a wake costs more than a mail */
};

struct loop {
  struct loop_options opt;
  struct control *control;
  struct outbox out;
  struct supervised sip[CONFIG_LISTENERS_MAX], console;
  bool sip_watched[CONFIG_LISTENERS_MAX], sip_up[CONFIG_LISTENERS_MAX], has_console;
  struct backlog sip_backlog[CONFIG_LISTENERS_MAX], media_backlog, store_backlog;
  struct handover *handover;
  struct phones *phones;
  struct wide_key key; /* of the nonces that phones are asked with */
  struct blame blame;
  struct live_alert alerts[LIVE_ALERTS_MAX];
  uint32_t alert_count;
  int epoll;
  pthread_t thread;
  pthread_mutex_t lock; /* guards live, stop, ready, drained, failed */
  struct live live;
  bool stop, ready, drained, reload;
  struct config_trunk fresh[CONFIG_TRUNKS_MAX];  /* guarded by lock until taken */
  struct config_trunk trunks[CONFIG_TRUNKS_MAX]; /* what the workers were told */
  const char *failed;
  uint32_t sequence, lag_max_us;
  struct histogram turns;
  struct mono live_at, check_at;
  struct clock_watch clock;
  struct mono sync_at;
  bool kept, warned;    /* the wall clock is kept in step; that it is not was said */
  uint64_t agent_moves; /* as of the last picture */
  bool trouble_told;    /* that the disk takes nothing */
};

/* ---- carrying mail out ---- */

static void send_sip(struct loop *l, unsigned w, const struct mail *m) {
  if (l->sip[w].child.fd < 0) return; /* control was told that the worker is lost */
  if (l->sip_backlog[w].count == 0 && mail_send_fd(l->sip[w].child.fd, m) != CAD_EFULL) return;
  if (backlog_push(&l->sip_backlog[w], m) < 0 && l->sip[w].child.pid > 0)
    kill(l->sip[w].child.pid, SIGKILL); /* it stopped reading long ago; the check buries it and tells control */
}

/* Few and small against the pipe: one that finds it full is told again at the worker's next start. */
static void send_wide(struct loop *l, unsigned w, const struct wide *m) {
  for (int tries = 0; l->sip[w].child.fd >= 0 && wide_send_fd(l->sip[w].child.fd, m) == CAD_EFULL && tries < GIVE_TRIES; tries++)
    usleep(1000);
}

static void send_box(struct mailbox *box, struct backlog *backlog, const struct mail *m) {
  if (backlog->count == 0 && mailbox_put(box, m) == CAD_OK) return;
  const bool endless = m->kind == STORE_AGENT_LOG || m->kind == STORE_PACED || m->kind == STORE_SKIP || m->kind == STORE_LEASE_KEEP;
  if (endless && backlog->count > backlog->capacity / 2) return; /* people may change state without end, calls may not */
  int err = backlog_push(backlog, m);
  assert(err == CAD_OK); /* sized for every call's whole life */
  (void)err;
}

/* An empty one begins again in its first pages. */
static void backlog_pop(struct backlog *b) { b->head = --b->count == 0 ? 0 : (b->head + 1) % b->capacity; }

static void retry_box(struct mailbox *box, struct backlog *b) {
  while (b->count && mailbox_put(box, &b->ring[b->head]) == CAD_OK) backlog_pop(b);
}

static void retry_backlogs(struct loop *l) {
  bool full = false;
  for (unsigned w = 0; w < l->opt.config->listener_count; w++) {
    struct backlog *b = &l->sip_backlog[w];
    while (b->count && l->sip[w].child.fd >= 0 && mail_send_fd(l->sip[w].child.fd, &b->ring[b->head]) != CAD_EFULL) backlog_pop(b);
    full |= b->count > 0;
  }
  retry_box(l->opt.media, &l->media_backlog);
  retry_box(l->opt.store, &l->store_backlog);
  control_pressure(l->control, full || l->media_backlog.count || l->store_backlog.count);
}

static void step(struct loop *l, const struct mail *in) {
  struct now now = clock_now();
  l->out.count = 0;
  control_step(l->control, now, in, &l->out);
  flight_step(l->opt.flight, now, in, &l->out);
  for (unsigned i = 0; i < l->out.count; i++) {
    struct out_mail *o = &l->out.items[i];
    switch ((enum spoke)o->spoke) {
    case SPOKE_SIP:
      if (o->listener < l->opt.config->listener_count) send_sip(l, o->listener, &o->mail);
      break;
    case SPOKE_MEDIA: send_box(l->opt.media, &l->media_backlog, &o->mail); break;
    case SPOKE_STORE: send_box(l->opt.store, &l->store_backlog, &o->mail); break;
    default:
      if (l->opt.reply) l->opt.reply(l->opt.reply_arg, &o->mail);
      break;
    }
  }
}

/* ---- SIP workers ---- */

static void worker_watch(struct loop *l, unsigned w) {
  struct epoll_event e = {.events = EPOLLIN, .data.u32 = w + 1};
  l->sip_watched[w] = epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->sip[w].child.fd, &e) == 0;
}

static void worker_trunks(struct loop *l, unsigned w) {
  for (unsigned t = 0; t < l->opt.config->trunk_count; t++) {
    const struct config_trunk *trunk = &l->trunks[t];
    if (trunk->listener != w) continue;
    struct wide m;
    setup_trunk(trunk, (uint16_t)t, wide_make(&m, SIP_TRUNK_SETUP, clock_mono()));
    send_wide(l, w, &m);
  }
}

struct giving {
  struct loop *loop;
  unsigned worker;
  uint32_t resumed;
};

static bool leg_wanted(void *arg, struct leg leg) { return control_keeps_leg(((struct giving *)arg)->loop->control, leg); }

static void give_back(void *arg, enum mail_kind kind, const struct wide_dialog *dialog) {
  struct giving *g = arg;
  struct wide w;
  wide_make(&w, kind, clock_mono())->u.dialog = *dialog;
  send_wide(g->loop, g->worker, &w);
  g->resumed += kind == SIP_RESUME;
}

/* ---- phones ---- */

static void give_wide(void *arg, const struct wide *w) {
  struct giving *g = arg;
  send_wide(g->loop, g->worker, w);
}

/* The floor hears whether the phone of this agent can be rung, and where. */
static void phone_told(struct loop *l, uint64_t agent_id) {
  int where = phones_where(l->phones, agent_id, clock_wall());
  struct mail m = mail_make(SIP_PHONE, clock_mono());
  m.u.sip_phone.agent_id = agent_id;
  m.u.sip_phone.up = where >= 0;
  m.u.sip_phone.listener = (uint16_t)(where >= 0 ? where : 0);
  step(l, &m);
}

static void on_store_phone(struct loop *l, const struct mail *m) {
  struct wide_account account;
  if (!phones_account(l->phones, &m->u.store_phone, &account)) return;
  for (unsigned w = 0; w < l->opt.config->listener_count; w++) {
    struct giving giving = {l, w, 0};
    if (l->sip_up[w]) phones_return(l->phones, (uint16_t)w, account.agent_id, clock_wall(), give_wide, &giving);
  }
  phone_told(l, account.agent_id);
}

static void phones_to_worker(struct loop *l, unsigned w) {
  struct giving giving = {l, w, 0};
  struct wide key;
  wide_make(&key, SIP_KEY, clock_mono())->u.key = l->key;
  send_wide(l, w, &key);
  phones_return(l->phones, (uint16_t)w, 0, clock_wall(), give_wide, &giving);
}

static void worker_came_up(struct loop *l, unsigned w) {
  struct giving giving = {l, w, 0};
  struct handover_calls calls = {&giving, leg_wanted, give_back};
  l->sip_up[w] = true;
  worker_trunks(l, w);
  phones_to_worker(l, w);
  uint32_t orphans = handover_return(l->handover, (uint16_t)w, &calls);
  log_info("daemon", "SIP worker %s is up", l->opt.config->listeners[w].name);
  if (orphans || giving.resumed)
    log_info("daemon", "SIP worker %s takes %u dialogs up and ends %u", l->opt.config->listeners[w].name, giving.resumed, orphans);
}

static void on_crash(struct loop *l, unsigned w, const struct wide_source *source) {
  char name[64];
  const char *worker = l->opt.config->listeners[w].name;
  bool carrier = blame_is_carrier(l->trunks, l->opt.config->trunk_count, source);
  bool blocked = blame_death(&l->blame, source, carrier, clock_mono());
  blame_name(source, name);
  enum alert_kind kind = blocked ? ALERT_SOURCE_BLOCKED : carrier ? ALERT_WORKER_CARRIER : ALERT_WORKER_DIED;
  alert_raise(l->alerts, &l->alert_count, clock_wall(), kind, worker, name);
  char words[LIVE_ALERT_TEXT];
  log_error("daemon", "%s", alert_words(&l->alerts[0], false, words));
}

static void on_wide(struct loop *l, unsigned w, const struct wide *m) {
  if (m->kind == SIP_BINDING) {
    phones_bound(l->phones, (uint16_t)w, &m->u.binding);
    phone_told(l, m->u.binding.agent_id);
  }
  if (m->kind == SIP_CRASHED) on_crash(l, w, &m->u.source);
  if (m->kind == SIP_DIALOG) handover_keep(l->handover, (uint16_t)w, &m->u.dialog);
}

static void on_mail(struct loop *l, unsigned w, struct mail *m) {
  struct mono now = clock_mono();
  bool from_worker = (m->kind >= SIP_UP && m->kind <= SIP_TRUNK_STATE) || m->kind == SIP_RESUMED || m->kind == SIP_INCOMING;
  if (!from_worker) return;
  if (m->kind == SIP_INCOMING &&
      (m->u.sip_incoming.trunk >= l->opt.config->trunk_count || l->trunks[m->u.sip_incoming.trunk].listener != w))
    return;
  l->sip[w].pong_at = now;
  if (m->kind == SIP_PONG) return;
  if (m->at.ms > now.ms || m->at.ms < now.ms - STAMP_OLDEST_MS) m->at = now; /* no stamp of a child bends a record */
  if (m->kind == SIP_UP) {
    m->u.sip_up.worker = (uint16_t)w;
    worker_came_up(l, w);
  }
  if (m->kind == SIP_ENDED) {
    handover_forget(l->handover, m->u.sip_event.leg);
    if (m->u.sip_event.leg.role == LEG_ORPHAN) return; /* nobody waits for it */
  }
  step(l, m);
}

/* Returns false when nothing more can come from this descriptor. */
static bool worker_read_one(struct loop *l, unsigned w, bool *empty) {
  union any_mail m;
  int err = any_recv_fd(l->sip[w].child.fd, &m);
  *empty = err == CAD_EMPTY;
  if (err == CAD_EIO) return false;
  if (err < 0 || m.mail.worker != l->sip[w].gen) return true; /* not a worker's mail, or a dead one's */
  if (wide_kind(m.wide.kind))
    on_wide(l, w, &m.wide);
  else
    on_mail(l, w, &m.mail);
  return true;
}

static void worker_read(struct loop *l, unsigned w) {
  bool empty = false;
  for (int i = 0; i < BATCH && !empty && l->sip[w].child.fd >= 0; i++) {
    if (worker_read_one(l, w, &empty)) continue;
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->sip[w].child.fd, NULL); /* closed: the check finds the body */
    l->sip_watched[w] = false;
    return;
  }
}

/* A worker that died may have said much that nobody has read yet: it counts. */
static void last_words(struct loop *l, unsigned w) {
  bool empty = false;
  if (l->sip_watched[w] && child_dead(&l->sip[w].child))
    while (!empty && l->sip[w].child.fd >= 0 && worker_read_one(l, w, &empty)) {
    }
}

static void worker_lost(struct loop *l, unsigned w) {
  if (l->sip[w].failures >= CRASH_LOOP)
    alert_raise(l->alerts, &l->alert_count, clock_wall(), ALERT_WORKER_LOOPS, l->opt.config->listeners[w].name, "");
  l->sip_watched[w] = false;
  l->sip_backlog[w].count = l->sip_backlog[w].head = 0;
  l->sip_up[w] = false;
  struct mail m = mail_make(SIP_LOST, clock_mono());
  m.u.sip_up.worker = (uint16_t)w;
  step(l, &m);
  if (l->sip[w].given_up) {
    pthread_mutex_lock(&l->lock);
    l->failed = l->opt.config->listeners[w].name;
    pthread_mutex_unlock(&l->lock);
  }
}

static void children_check(struct loop *l, struct mono now) {
  if (mono_since(now, l->check_at) < CHECK_EVERY_MS) return;
  l->check_at = now;
  bool ready = true;
  for (unsigned w = 0; w < l->opt.config->listener_count; w++) {
    last_words(l, w);
    blame_list(&l->blame, now, l->sip[w].blocked, sizeof l->sip[w].blocked);
    if (supervised_check(&l->sip[w], now)) worker_lost(l, w);
    if (l->sip[w].child.fd >= 0 && !l->sip_watched[w]) worker_watch(l, w);
    ready &= l->sip_up[w];
  }
  if (l->has_console) supervised_check(&l->console, now);
  pthread_mutex_lock(&l->lock);
  l->ready = ready;
  pthread_mutex_unlock(&l->lock);
}

static void take_reload(struct loop *l) {
  for (unsigned t = 0; t < l->opt.config->trunk_count; t++) {
    struct mail m = mail_make(ORDER_TRUNK, clock_mono());
    m.u.order_trunk.trunk = (uint16_t)t;
    m.u.order_trunk.channels = l->trunks[t].channels;
    m.u.order_trunk.calls_per_s = l->trunks[t].calls_per_s;
    step(l, &m);
  }
  for (unsigned w = 0; w < l->opt.config->listener_count; w++)
    if (l->sip_up[w]) worker_trunks(l, w);
}

/* ---- the wall clock ---- */

/* By it the law's hours are judged: a step stops launches until it runs evenly, and leases are judged afresh. */
static void clock_check(struct loop *l, struct now now) {
  if (l->sync_at.ms == 0 || mono_since(now.mono, l->sync_at) >= SYNC_EVERY_MS) {
    l->sync_at = now.mono;
    l->kept = clock_synchronised();
    if (!l->kept && !l->warned)
      log_warn("daemon", "nothing keeps this machine's clock in step (run chrony or systemd-timesyncd)%s",
               l->opt.config->require_clock_sync ? ": no call is launched until it does" : "; calling hours are judged by it all the same");
    l->warned = !l->kept;
  }
  struct clock_news news;
  if (!clock_watch_look(&l->clock, now, l->kept || !l->opt.config->require_clock_sync, &news)) return;
  if (news.stepped)
    log_error("daemon", "the wall clock stepped by %lld ms: no call is launched until it has run evenly for %d s",
              (long long)l->clock.stepped_ms, CLOCK_EVEN_MS / 1000);
  else if (news.trusted)
    log_info("daemon", "the wall clock is believed again");
  struct mail m = mail_make(ORDER_CLOCK, now.mono);
  m.u.order_clock.trusted = news.trusted;
  m.u.order_clock.stepped = news.stepped;
  step(l, &m);
}

/* ---- the picture ---- */

static void publish(struct loop *l, struct now now) {
  int64_t age_ms = mono_since(now.mono, l->live_at);
  uint64_t moves = control_agent_moves(l->control);
  if (age_ms < LIVE_EVERY_MS && (moves == l->agent_moves || age_ms < LIVE_SOONEST_MS)) return;
  l->agent_moves = moves;
  l->live_at = now.mono;
  pthread_mutex_lock(&l->lock);
  control_live(l->control, now, &l->live);
  l->live.sequence = ++l->sequence;
  l->live.loop_lag_max_us = l->lag_max_us;
  histogram_read(&l->turns, &l->live.health.turns);
  if (l->opt.health) l->opt.health(l->opt.health_arg, &l->live.health);
  for (uint32_t t = 0; t < l->live.trunk_count; t++) memcpy(l->live.trunks[t].name, l->trunks[t].name, sizeof l->live.trunks[t].name);
  l->live.alert_count = l->alert_count;
  memcpy(l->live.alerts, l->alerts, sizeof l->live.alerts);
  l->drained = control_drained(l->control);
  pthread_mutex_unlock(&l->lock);
  l->lag_max_us = 0;
  if (l->has_console && l->console.child.fd >= 0) /* a slow console gets the next one */
    (void)!send(l->console.child.fd, &l->live, live_bytes(&l->live), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_mail(struct loop *l, const struct mail *m) {
  char words[LIVE_ALERT_TEXT];
  if (m->kind == STORE_TROUBLE && alert_store(l->alerts, &l->alert_count, &l->trouble_told, l->opt.config->state_dir, &m->u.store_trouble))
    log_warn("daemon", "%s", alert_words(&l->alerts[0], false, words));
  if (m->kind == STORE_PHONE)
    on_store_phone(l, m); /* hashes stay away from the floor */
  else
    step(l, m);
}

/* ---- the thread ---- */

static int wait_ms(struct loop *l) {
  struct mono now = clock_mono(), due = control_deadline(l->control);
  int64_t ms = due.ms ? due.ms - now.ms : CHECK_EVERY_MS;
  if (control_agent_moves(l->control) != l->agent_moves && ms > LIVE_SOONEST_MS) ms = LIVE_SOONEST_MS;
  if (ms < 0) ms = 0;
  return ms < CHECK_EVERY_MS ? (int)ms : CHECK_EVERY_MS;
}

static void rest_until(int64_t us) {
  const int64_t left = us - clock_mono_us();
  const struct timespec ts = {.tv_nsec = left * 1000};
  if (left > 0 && left <= WAKE_EVERY_US) nanosleep(&ts, NULL);
}

static void *loop_thread(void *arg) {
  struct loop *l = arg;
  struct mail batch[BATCH];
  bool woken = false;
  int64_t began_us = 0;
  for (;;) {
    pthread_mutex_lock(&l->lock);
    bool stop = l->stop, reload = l->reload;
    if (reload) memcpy(l->trunks, l->fresh, sizeof l->trunks);
    l->reload = false;
    pthread_mutex_unlock(&l->lock);
    if (stop) break;
    if (reload) take_reload(l);
    struct epoll_event events[16];
    if (woken) rest_until(began_us + WAKE_EVERY_US);
    int n = epoll_wait(l->epoll, events, 16, wait_ms(l));
    began_us = clock_mono_us();
    for (int i = 0; i < n; i++)
      if (events[i].data.u32 > 0 && events[i].data.u32 <= CONFIG_LISTENERS_MAX) worker_read(l, events[i].data.u32 - 1);
    unsigned taken = mailbox_take(l->opt.inbox, batch, BATCH);
    for (unsigned i = 0; i < taken; i++) take_mail(l, &batch[i]);
    struct now now = clock_now();
    struct mono due = control_deadline(l->control);
    clock_check(l, now);
    if (due.ms && due.ms <= now.mono.ms) step(l, NULL);
    retry_backlogs(l);
    children_check(l, now.mono);
    publish(l, now);
    int64_t lag = clock_mono_us() - began_us;
    if (lag > l->lag_max_us) l->lag_max_us = (uint32_t)lag;
    histogram_count(&l->turns, HISTOGRAM_US, lag);
    woken = n > 0 && taken < BATCH;
  }
  return NULL;
}

static int loop_build(struct loop *l) {
  const struct config *c = l->opt.config;
  struct control_options o = {.calls_max = c->limit_calls,
                              .agents_max = c->limit_agents,
                              .box = c->box,
                              .drain_ms = c->drain_s * 1000,
                              .last_id = l->opt.last_id,
                              .trunk_count = c->trunk_count,
                              .started = clock_wall()};
  for (unsigned t = 0; t < c->trunk_count; t++)
    o.trunks[t] = (struct control_trunk){.listener = c->trunks[t].listener,
                                         .channels = c->trunks[t].channels,
                                         .calls_per_s = c->trunks[t].calls_per_s,
                                         .group = setup_trunk_group(c, t),
                                         .priority = c->trunks[t].priority,
                                         .weight = c->trunks[t].weight};
  l->control = control_create(&o);
  if (!l->control) return CAD_ENOMEM;
  l->out.capacity = control_outbox_capacity(l->control);
  l->out.items = calloc(l->out.capacity, sizeof *l->out.items);
  l->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (!l->out.items || l->epoll < 0) return CAD_ENOMEM;
  if (backlog_init(&l->media_backlog, l->out.capacity) < 0 || backlog_init(&l->store_backlog, l->out.capacity) < 0) return CAD_ENOMEM;
  for (unsigned w = 0; w < c->listener_count; w++)
    if (backlog_init(&l->sip_backlog[w], l->out.capacity) < 0) return CAD_ENOMEM;
  l->handover = handover_open(l->opt.handover_path, c->limit_calls, c->limit_agents);
  if (!l->handover) return CAD_ENOMEM;
  l->phones = phones_open(l->opt.phones_path, c->limit_agents);
  if (!l->phones || getrandom(l->key.bytes, sizeof l->key.bytes, 0) != (ssize_t)sizeof l->key.bytes) return CAD_ENOMEM;
  snprintf(l->key.realm, sizeof l->key.realm, "%s", c->realm);
  l->key.offers = strcmp(c->phone_digest, "both") == 0 ? 3 : strcmp(c->phone_digest, "SHA-256") == 0 ? 2 : 1;
  struct epoll_event e = {.events = EPOLLIN, .data.u32 = 0};
  return epoll_ctl(l->epoll, EPOLL_CTL_ADD, mailbox_fd(l->opt.inbox), &e) == 0 ? CAD_OK : CAD_EIO;
}

int loop_start(const struct loop_options *opt, struct loop **out) {
  struct loop *l = calloc(1, sizeof *l);
  if (!l) return CAD_ENOMEM;
  l->opt = *opt;
  l->epoll = -1;
  memcpy(l->trunks, opt->config->trunks, sizeof l->trunks);
  pthread_mutex_init(&l->lock, NULL);
  int err = loop_build(l);
  for (unsigned w = 0; err >= 0 && w < opt->config->listener_count; w++) {
    setup_sip(&l->sip[w], opt->config, w);
    err = supervised_start(&l->sip[w], clock_mono());
    if (err >= 0) worker_watch(l, w);
  }
  if (err >= 0) {
    l->has_console = setup_console(&l->console, opt->config);
    if (l->has_console) supervised_start(&l->console, clock_mono());
    if (pthread_create(&l->thread, NULL, loop_thread, l) != 0) err = CAD_ENOMEM;
  }
  if (err < 0) {
    for (unsigned w = 0; w < opt->config->listener_count; w++) child_kill(&l->sip[w].child);
    child_kill(&l->console.child);
    free(l->out.items);
    control_destroy(l->control);
    handover_close(l->handover);
    phones_close(l->phones);
    free(l);
    return err;
  }
  *out = l;
  return CAD_OK;
}

static void workers_end(struct loop *l) {
  struct mono began = clock_mono();
  for (unsigned w = 0; w < l->opt.config->listener_count; w++) {
    struct mail m = mail_make(SIP_SHUTDOWN, began);
    if (l->sip[w].child.fd >= 0) (void)mail_send_fd(l->sip[w].child.fd, &m);
  }
  if (l->console.child.fd >= 0) close(l->console.child.fd); /* that is how it learns that it may go */
  l->console.child.fd = -1;
  for (bool alive = true; alive && mono_since(clock_mono(), began) < 3000;) {
    int ended;
    alive = l->console.child.pid > 0 && !child_ended(&l->console.child, &ended);
    for (unsigned w = 0; w < l->opt.config->listener_count; w++) {
      int status;
      union any_mail m;
      while (l->sip[w].child.fd >= 0 && any_recv_fd(l->sip[w].child.fd, &m) >= 0) /* let it end its legs */
        if (!wide_kind(m.wide.kind) && m.mail.kind == SIP_ENDED) handover_forget(l->handover, m.mail.u.sip_event.leg);
      alive |= !child_ended(&l->sip[w].child, &status);
    }
    if (alive) usleep(10000);
  }
  for (unsigned w = 0; w < l->opt.config->listener_count; w++) child_kill(&l->sip[w].child);
  child_kill(&l->console.child);
}

/* Calls that were still there when their workers went get their rows while the store listens. */
static void settle(struct loop *l) {
  struct mail batch[BATCH], m = mail_make(ORDER_DRAIN, clock_mono());
  m.u.order.now = 1;
  step(l, &m);
  for (unsigned w = 0; w < l->opt.config->listener_count; w++) worker_lost(l, w);
  for (struct mono began = clock_mono(); !control_drained(l->control) && mono_since(clock_mono(), began) < SETTLE_MS; usleep(2000)) {
    retry_backlogs(l);
    unsigned taken = mailbox_take(l->opt.inbox, batch, BATCH);
    for (unsigned i = 0; i < taken; i++) take_mail(l, &batch[i]);
  }
  retry_backlogs(l);
}

struct loop *loop_stop(struct loop *l) {
  if (!l) return NULL;
  pthread_mutex_lock(&l->lock);
  l->stop = true;
  pthread_mutex_unlock(&l->lock);
  pthread_join(l->thread, NULL);
  workers_end(l);
  settle(l);
  for (unsigned w = 0; w < l->opt.config->listener_count; w++) backlog_free(&l->sip_backlog[w]);
  backlog_free(&l->media_backlog);
  backlog_free(&l->store_backlog);
  control_destroy(l->control);
  handover_close(l->handover);
  phones_close(l->phones);
  free(l->out.items);
  close(l->epoll);
  pthread_mutex_destroy(&l->lock);
  free(l);
  return NULL;
}

void loop_reload(struct loop *l, const struct config *config) {
  pthread_mutex_lock(&l->lock);
  memcpy(l->fresh, config->trunks, sizeof l->fresh);
  l->reload = true;
  pthread_mutex_unlock(&l->lock);
}

void loop_live(struct loop *l, struct live *out) {
  pthread_mutex_lock(&l->lock);
  *out = l->live;
  pthread_mutex_unlock(&l->lock);
}

static bool locked_flag(struct loop *l, const bool *flag) {
  pthread_mutex_lock(&l->lock);
  bool value = *flag;
  pthread_mutex_unlock(&l->lock);
  return value;
}

bool loop_ready(struct loop *l) { return locked_flag(l, &l->ready); }
bool loop_drained(struct loop *l) { return locked_flag(l, &l->drained); }

const char *loop_failed(struct loop *l) {
  pthread_mutex_lock(&l->lock);
  const char *name = l->failed;
  pthread_mutex_unlock(&l->lock);
  return name;
}
