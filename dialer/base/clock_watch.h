/* clock_watch.h — may the wall clock be believed? A clock that stepped is in doubt until it has run evenly for a while; one that
 * nothing keeps in step with the world is unknown, where the box demands that (require_clock_sync).
 * clock_watch_look is pure; clock_synchronised asks the kernel. Owner: the control loop. Source: clock_watch.c */
#ifndef CADENCIA_CLOCK_WATCH_H
#define CADENCIA_CLOCK_WATCH_H

#include <cadencia/time.h>
#include <stdbool.h>

enum { CLOCK_STEP_MS = 500, CLOCK_EVEN_MS = 5000 };

struct clock_watch {
  bool started, trusted;
  int64_t offset_ms;  /* wall minus monotonic, at the last look */
  struct mono doubt;  /* when it stepped last, MONO_NONE: never */
  int64_t stepped_ms; /* by how much */
};
struct clock_news {
  bool trusted, stepped; /* stepped: since the last look */
};
/* Look at least once a second. kept: clock_synchronised(), or true where nobody demands it. Returns whether there is news to
 * tell: the first look that doubts, every step, every change of trust. */
bool clock_watch_look(struct clock_watch *c, struct now now, bool kept, struct clock_news *out);

/* The kernel's opinion (adjtimex): a daemon keeps this clock in step. False when it does not know. */
bool clock_synchronised(void);

#endif
