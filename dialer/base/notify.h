/* notify.h — what the service manager is told: ready, alive, reloading, stopping.
 *
 * The protocol of sd_notify(3): one datagram to the socket in NOTIFY_SOCKET. Without that variable nothing is sent.
 * Children do not inherit it. Thread: the daemon's main thread. Source: notify.c */
#ifndef CADENCIA_NOTIFY_H
#define CADENCIA_NOTIFY_H

#include <cadencia/time.h>
#include <stdint.h>

struct notify {
  int fd;            /* -1: nobody listens */
  int64_t every_ms;  /* half of WATCHDOG_USEC; 0: no watchdog */
  struct mono said;  /* WATCHDOG=1 went out */
  struct mono alive; /* when the floor was last seen to move */
  uint32_t sequence; /* of its picture then */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment. Never fails. */
void notify_open(struct notify *n, struct mono now);
void notify_close(struct notify *n);
/* "READY=1", "STOPPING=1", lines separated by '\n'. */
void notify_say(struct notify *n, const char *text);
/* Called often with the sequence of the floor's picture: says WATCHDOG=1 in time, but only while that number moves. A floor that stands
 * still for NOTIFY_STUCK_MS is no longer vouched for, and the service manager starts the daemon again. */
enum { NOTIFY_STUCK_MS = 10000 };
void notify_watch(struct notify *n, uint32_t sequence, struct mono now);

#endif
