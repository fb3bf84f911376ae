/* root_wait.h — steps Sofia's root without its spinning.
 *
 * su_root rounds the time to its next timer down to whole milliseconds, so before every
 * timer it calls epoll_wait(0) for up to 1 ms; at some hundred calls a second that is a
 * third of the worker's CPU. We sleep on the root's own epoll descriptor instead and let
 * timers be up to ROOT_LATE_MS late, which SIP's (500 ms and more) do not feel.
 * Owner: the SIP worker. Source: root_wait.c */
#ifndef CADENCIA_SIP_ROOT_WAIT_H
#define CADENCIA_SIP_ROOT_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct su_root_s;

enum { ROOT_LATE_MS = 5 };

struct root_wait {
  struct su_root_s *root;
  int epoll_fd;    /* the root's; -1: it has none that we can see, then the root sleeps by itself */
  int64_t woke_us; /* when work began last */
  bool busy;       /* more was ready than one round may take */
};

/* Creates the root and finds its descriptor. root is NULL on failure. */
struct root_wait root_wait_create(void *magic);
/* Handles what is ready, a bounded lot of it. Returns how long nothing will be due, in ms. */
long root_wait_work(struct root_wait *w);
/* Sleeps until something is ready, at most limit_ms; idle_ms: what root_wait_work said. */
void root_wait_sleep(struct root_wait *w, long idle_ms, int limit_ms);

#endif
