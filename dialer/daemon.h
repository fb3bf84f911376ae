/* daemon.h — builds the parts, wires the mailboxes, runs them, stops in mirror order.
 *
 * daemon_run blocks on the calling (main) thread until the floor is drained or stopped;
 * hooks are called on that thread. Source: daemon.c */
#ifndef CADENCIA_DAEMON_H
#define CADENCIA_DAEMON_H

#include "dialer/base/config.h"
#include "dialer/base/live.h"

struct daemon;
struct store_worker;
struct daemon_hooks {
  void *arg;
  /* The parts run and the SIP workers are up. < 0 ends the daemon with that error. */
  int (*ready)(void *arg, struct daemon *d);
  /* Four times a second. Returns true to end: launches stop, calls in flight are given drain_s, then everything closes. */
  bool (*live)(void *arg, struct daemon *d, const struct live *live);
  /* After the floor stopped, before the store closes: the last look at the records. */
  void (*closing)(void *arg, struct daemon *d);
};

/* hooks may be NULL. SIGINT and SIGTERM drain, a second one skips ahead; SIGHUP reloads. Returns CAD_OK or the
 * error that prevented the start (already logged in one readable line). */
int daemon_run(const struct config *cfg, const struct daemon_hooks *hooks);

struct store_worker *daemon_store(struct daemon *d);
/* Deliver an order (ORDER_*, STORE_CAMPAIGN, STORE_AGENT) to control; any thread. CAD_OK, CAD_EFULL. */
int daemon_post(struct daemon *d, const struct mail *mail);

#endif
