/* time.h — two clocks that the compiler keeps apart.
 *
 * struct mono: CLOCK_MONOTONIC in milliseconds; for durations and deadlines.
 * struct wall: UTC in milliseconds since 1970; for records and for the law.
 * Pure rooms receive both as arguments and never read a clock; dialer/base/clock
 * is the only reader. An unset stamp is MONO_NONE / WALL_NONE (0). Thread: any. */
#ifndef CADENCIA_TIME_H
#define CADENCIA_TIME_H

#include <stdint.h>

struct mono {
  int64_t ms;
};
struct wall {
  int64_t ms;
};
/* One reading of both clocks, taken together at an edge. */
struct now {
  struct mono mono;
  struct wall wall;
};

#define MONO_NONE ((struct mono){0})
#define WALL_NONE ((struct wall){0})

static inline int64_t mono_since(struct mono later, struct mono earlier) { return later.ms - earlier.ms; }
static inline struct mono mono_add(struct mono t, int64_t ms) { return (struct mono){t.ms + ms}; }
static inline struct wall wall_add(struct wall t, int64_t ms) { return (struct wall){t.ms + ms}; }

/* The wall time of monotonic instant t, as seen from reading n. MONO_NONE gives WALL_NONE. */
static inline struct wall wall_of(struct now n, struct mono t) {
  return t.ms == 0 ? WALL_NONE : (struct wall){n.wall.ms - (n.mono.ms - t.ms)};
}

#endif
