/* histogram.h — how often something took how long, or how much waited; for /metrics.
 *
 * One thread counts, anybody reads: each counter is whole, the sum of them may lag behind by one. Source: histogram.c */
#ifndef CADENCIA_HISTOGRAM_H
#define CADENCIA_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 13 };
struct histogram {
  _Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1], sum; /* the last: above every bound */
};
/* The same by value: it travels. */
struct histogram_view {
  uint64_t counts[HISTOGRAM_BOUNDS + 1], sum;
};
/* A value belongs to the first bound that is not below it. */
extern const uint32_t HISTOGRAM_US[HISTOGRAM_BOUNDS];    /* 50 µs to 2 s */
extern const uint32_t HISTOGRAM_MAILS[HISTOGRAM_BOUNDS]; /* 1 to 4,096 */

/* bounds: one of the two above. Negative values count as 0. */
void histogram_count(struct histogram *h, const uint32_t bounds[HISTOGRAM_BOUNDS], int64_t value);
void histogram_read(const struct histogram *h, struct histogram_view *out);

#endif
