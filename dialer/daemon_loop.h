/* daemon_loop.h — the control thread: feeds control, carries its outbox to the spokes,
 * watches the children. Owner: daemon.c. Sources: daemon_loop.c children.c */
#ifndef CADENCIA_DAEMON_LOOP_H
#define CADENCIA_DAEMON_LOOP_H

#include "dialer/base/child.h"
#include "dialer/base/config.h"
#include "dialer/base/live.h"
#include "dialer/base/mailbox.h"
#include "dialer/control/control.h"
#include "dialer/flight.h"
#include <pthread.h>

/* Mail that a spoke could not take yet, oldest first. */
struct backlog {
  struct mail *ring;
  unsigned capacity, head, count;
};
int backlog_init(struct backlog *b, unsigned capacity);
void backlog_free(struct backlog *b);
int backlog_push(struct backlog *b, const struct mail *mail); /* CAD_EFULL */

/* A child that is kept alive: restarted with back-off, killed when it does not answer pings. */
struct supervised {
  struct child child;
  char *argv[6];
  char spec[1024], spec2[8], name[32];
  char blocked[512]; /* sources it must not hear, joined by '+' */
  int buffer_bytes;
  bool pings;    /* speaks mail; the console does not */
  bool had_port; /* it ran once */
  bool given_up; /* exit status 3: its port is taken, restarting will not help */
  uint32_t gen, failures;
  struct mono first, started, restart_at, ping_at, pong_at;
};
/* CAD_OK or the error of the start; arms a later try by itself. */
int supervised_start(struct supervised *s, struct mono now);
/* Call every 100 ms. Returns true when the child was found dead (its descriptor is closed by then). */
bool supervised_check(struct supervised *s, struct mono now);

struct loop_options {
  const struct config *config;
  struct mailbox *inbox, *media, *store;              /* not owned */
  void (*reply)(void *arg, const struct mail *reply); /* ORDER_REPLY; must not block */
  void *reply_arg;
  void (*health)(void *arg, struct live_health *out); /* fills in what the loop does not know; must not block. NULL: nobody */
  void *health_arg;
  struct flight *flight;     /* not owned; NULL: nothing is recorded */
  uint64_t last_id;          /* highest id in the records */
  const char *phones_path;   /* where registered phones are kept; NULL: in memory alone */
  const char *handover_path; /* where living dialogs are kept (handover.h); NULL: in memory alone */
};
struct loop;
int loop_start(const struct loop_options *opt, struct loop **out);
/* Ends the thread at once; children are ended in order (SIP_SHUTDOWN, then killed). */
struct loop *loop_stop(struct loop *l);
/* New trunk settings (same names, same listeners): workers and control hear of them. Any thread. */
void loop_reload(struct loop *l, const struct config *config);
/* The newest picture, by value. Any thread. */
void loop_live(struct loop *l, struct live *out);
/* All SIP workers have said SIP_UP. */
bool loop_ready(struct loop *l);
bool loop_drained(struct loop *l);
/* A listener whose port is taken, or NULL. */
const char *loop_failed(struct loop *l);

#endif
