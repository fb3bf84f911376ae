#include "dialer/sip/sip_worker.h"
#include "dialer/base/child.h"
#include "dialer/base/clock.h"
#include "dialer/base/confine.h"
#include "dialer/base/image.h"
#include "dialer/base/log.h"
#include "dialer/sip/crash.h"
#include "dialer/sip/guard.h"
#include "dialer/sip/root_wait.h"
#include "dialer/sip/ua_nua.h"
#include <malloc.h>
#include <cadencia/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  READ_BATCH = 64,
  STEP_MS = 500,
  SWEEP_MS = 1000,
  TICK_MS = 100,
  TRIM_MS = 3000,
  TRIM_BYTES = 512 << 10,
  TRIM_QUIET = 30, /* calls within TRIM_MS */
  TRIM_LATEST_MS = 15000,
  CLOSE_MS = 1800,
  CLOSE_STEP_MS = 20,
  LAST_WORDS_MS = 200,
  STOP_MS = 300
};

struct worker {
  struct ua ua;
  struct post post;
  struct root_wait root;
  int wait_index;  /* of descriptor 3 in the root */
  int wait_events; /* what we listen for on it now */
  bool closing;
  struct mono close_by;
  struct mono trimmed;
  uint64_t calls_before; /* when the heap was looked at last */
  size_t free_bytes;     /* in the heap after it was trimmed last, or less since */
};

static void begin_close(struct worker *w, const char *why) {
  if (w->closing) return;
  const struct ua_counters *c = &w->ua.count;
  ua_trunks_close(&w->ua);
  ua_phones_close(&w->ua);
  log_info("sip", "worker %u stops (%s): legs=%u handles=%u invited=%llu answered=%llu ended=%llu refused=%llu forced=%llu strangers=%llu",
           w->ua.spec.gen, why, leg_count(w->ua.legs), c->handles, (unsigned long long)c->invited, (unsigned long long)c->answered,
           (unsigned long long)c->ended, (unsigned long long)c->refused, (unsigned long long)c->forced, (unsigned long long)c->strangers);
  w->closing = true;
  w->close_by = mono_add(clock_mono(), CLOSE_MS);
  ua_close(&w->ua);
}

static void pong(struct worker *w) {
  struct post_item item = {.kind = SIP_PONG, .at = clock_mono()};
  post_send(&w->post, &item);
}

static void on_mail(struct worker *w, const union any_mail *any) {
  const struct mail *m = &any->mail;
  switch ((enum mail_kind)m->kind) {
  case SIP_ACCOUNT: ua_account(&w->ua, &any->wide.u.account); break;
  case SIP_BINDING: ua_binding(&w->ua, &any->wide.u.binding); break;
  case SIP_KEY: w->ua.registrar.key = any->wide.u.key; break;
  case SIP_TRUNK_SETUP: ua_trunk_setup(&w->ua, &any->wide.u.trunk); break;
  case SIP_TRUNK: ua_trunk(&w->ua, &m->u.sip_trunk); break;
  case SIP_INVITE: ua_invite(&w->ua, &m->u.sip_invite); break;
  case SIP_ACCEPT: ua_accept(&w->ua, &m->u.sip_accept); break;
  case SIP_REJECT: ua_reject(&w->ua, &m->u.sip_reject); break;
  case SIP_CANCEL: ua_end(&w->ua, m->u.sip_leg.leg, false); break;
  case SIP_BYE: ua_end(&w->ua, m->u.sip_leg.leg, true); break;
  case SIP_RESUME: ua_resume(&w->ua, &any->wide.u.dialog); break;
  case SIP_ORPHAN: ua_orphan(&w->ua, &any->wide.u.dialog); break;
  case SIP_PING: pong(w); break;
  case SIP_SHUTDOWN: begin_close(w, "asked to"); break;
  default: break; /* not for us */
  }
}

/* Listen for what makes sense now: no new work while control does not take the old. */
static void adjust_wait(struct worker *w) {
  int events = 0;
  if (w->post.gone) { /* else its hang-up would wake us for ever */
    if (w->wait_index >= 0) su_root_deregister(w->root.root, w->wait_index);
    w->wait_index = -1;
    return;
  }
  if (!post_pressed(&w->post)) events |= SU_WAIT_IN;
  if (w->post.count > 0) events |= SU_WAIT_OUT;
  if (events == w->wait_events) return;
  w->wait_events = events;
  su_root_eventmask(w->root.root, w->wait_index, CHILD_FD, events);
}

static int on_pipe(struct ua *ua, su_wait_t *wait, su_wakeup_arg_t *arg) {
  struct worker *w = (struct worker *)arg;
  union any_mail any;
  (void)ua, (void)wait;
  post_flush(&w->post);
  for (int i = 0; i < READ_BATCH && !post_pressed(&w->post) && !w->post.gone; i++) {
    int rc = any_recv_fd(CHILD_FD, &any);
    if (rc == CAD_EMPTY) break;
    if (rc == CAD_OK)
      on_mail(w, &any);
    else if (rc == CAD_EIO)
      w->post.gone = true;
    else
      log_warn("sip", "control sent mail that is not valid (%s)", err_name(rc));
  }
  return 0;
}

static int watch_pipe(struct worker *w) {
  su_wait_t wait[1] = {SU_WAIT_INIT};
  if (su_wait_create(wait, CHILD_FD, SU_WAIT_IN) < 0) return CAD_EIO;
  w->wait_index = su_root_register(w->root.root, wait, on_pipe, (su_wakeup_arg_t *)w, 0);
  w->wait_events = SU_WAIT_IN;
  return w->wait_index < 0 ? CAD_EIO : CAD_OK;
}

/* Sofia keeps some 20 kB a call for 16 s and 7 kB after: what a burst of calls leaves behind goes back to the system, soon when no others
 * come, for they would want it again. */
static void give_back(struct worker *w, struct mono now) {
  uint64_t calls = w->ua.count.invited + w->ua.count.offers;
  bool quiet = calls - w->calls_before < TRIM_QUIET;
  size_t free_bytes = mallinfo2().fordblks;
  w->calls_before = calls;
  if (free_bytes < w->free_bytes) w->free_bytes = free_bytes; /* some of it is used again */
  if (free_bytes < w->free_bytes + TRIM_BYTES || (!quiet && mono_since(now, w->trimmed) < TRIM_LATEST_MS)) return;
  malloc_trim(0);
  w->trimmed = now;
  w->free_bytes = mallinfo2().fordblks;
}

static void run(struct worker *w) {
  struct mono sweep = mono_add(clock_mono(), SWEEP_MS), trim = clock_mono(), tick = MONO_NONE;
  struct mono rest = mono_add(trim, IMAGE_EVERY_MS);
  while (!w->closing || (leg_count(w->ua.legs) > 0 && mono_since(w->close_by, clock_mono()) > 0)) {
    long idle_ms = root_wait_work(&w->root);
    ua_settle(&w->ua);
    post_flush(&w->post); /* all that this round said, in one go */
    adjust_wait(w);
    if (w->post.gone) begin_close(w, "control is gone");
    struct mono now = clock_mono();
    if (mono_since(now, tick) >= 0) {
      tick = mono_add(now, TICK_MS);
      ua_trunks_tick(&w->ua, now);
      ua_phones_tick(&w->ua, now);
      if (idle_ms > TICK_MS) idle_ms = TICK_MS;
    }
    if (mono_since(now, sweep) >= 0) {
      sweep = mono_add(now, SWEEP_MS);
      ua_sweep(&w->ua, now);
      post_flush(&w->post);
    }
    if (mono_since(now, trim) >= TRIM_MS) {
      trim = now;
      give_back(w, now);
      image_rest(&rest, now);
    }
    root_wait_sleep(&w->root, idle_ms, w->closing ? CLOSE_STEP_MS : STEP_MS);
  }
}

/* Peers that stayed silent to the end: control still hears of each leg. */
static void give_up_rest(struct worker *w) {
  uint32_t cursor = 0;
  for (struct leg_entry *leg; (leg = leg_each(w->ua.legs, &cursor)) != NULL;) ua_leg_over(&w->ua, leg);
  struct mono until = mono_add(clock_mono(), LAST_WORDS_MS);
  for (post_flush(&w->post); w->post.count > 0 && mono_since(until, clock_mono()) > 0; post_flush(&w->post)) usleep(5000);
}

static int start(struct worker *w, const struct spec *spec) {
  if (post_init(&w->post, CHILD_FD, spec->gen, spec->legs_max) < 0) return SIP_EXIT_FAILED;
  su_init();
  w->root = root_wait_create(&w->ua);
  if (!w->root.root) return SIP_EXIT_FAILED;
  su_root_threading(w->root.root, 0);
  int rc = ua_start(&w->ua, spec, &w->post, w->root.root);
  if (rc == CAD_OK) rc = watch_pipe(w);
  if (rc < 0) {
    log_error("sip", "cannot listen on %s port %u (%s)", spec->bind_host, spec->bind_port, err_name(rc));
    return SIP_EXIT_FAILED;
  }
  struct post_item up = {.kind = SIP_UP, .at = clock_mono(), .u.up = {.worker = (uint16_t)spec->worker, .gen = spec->gen}};
  post_send(&w->post, &up);
  post_flush(&w->post);
  log_info("sip", "worker %u listens on %s port %u/%s%s", spec->gen, spec->bind_host, spec->bind_port, spec->transport,
           spec->loopback ? ", loopback only" : "");
  return SIP_EXIT_OK;
}

static void stop(struct worker *w) {
  bool clean = leg_count(w->ua.legs) == 0;
  give_up_rest(w);
  if (clean) ua_stop(&w->ua, STOP_MS);
  if (!clean || w->ua.nua) return; /* the stack still waits for peers: the end of the process frees it */
  su_root_destroy(w->root.root);
  su_deinit();
  post_free(&w->post);
}

/* Settings of Sofia's that come by the environment and are not ours. */
static void clean_environment(void) {
  static const char *const NAMES[] = {"SU_PORT", "TPORT_LOG", "TPORT_DUMP", "TPORT_DEBUG", "NUA_DEBUG", "NTA_DEBUG", "SOFIA_DEBUG"};
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) unsetenv(NAMES[i]);
}

int sip_worker_main(int argc, char **argv) {
  static struct worker w; /* reachable to the end, whatever is still open then */
  struct spec spec;
  char err[160] = "";
  child_harden();
  if (argc < 2 || spec_parse(argv[argc - 1], &spec, err) < 0) {
    log_error("sip", "%s", argc < 2 ? "the listener's description is missing" : err);
    return SIP_EXIT_USAGE;
  }
  clean_environment();
  if (confine(CONFINE_SIP) == CAD_EIO) log_warn("sip", "the system refuses the list of system calls; this worker is not confined");
  crash_arm(SIP_EXIT_ASSERT, spec.gen);
  guard_arm(CHILD_FD, spec.gen);
  int rc = spec_probe_port(&spec);
  if (rc == CAD_EBUSY) {
    log_error("sip", "port %u/%s on %s is taken by another program; free it or choose another port", spec.bind_port, spec.transport,
              spec.bind_host);
    return SIP_EXIT_PORT_TAKEN;
  }
  if (rc < 0) {
    log_error("sip", "cannot bind %s port %u/%s: %s", spec.bind_host, spec.bind_port, spec.transport, strerror(errno));
    return SIP_EXIT_FAILED;
  }
  memset(&w, 0, sizeof w);
  rc = start(&w, &spec);
  if (rc != SIP_EXIT_OK) return rc;
  run(&w);
  stop(&w);
  return SIP_EXIT_OK;
}
