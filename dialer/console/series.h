/* series.h — the last fifteen minutes of the floor, one point a second, kept here so
 * that a reload of the page keeps its picture. Each value is the highest of its
 * second. Fixed memory. Owner: the console's only thread. Source: series.c */
#ifndef CADENCIA_CONSOLE_SERIES_H
#define CADENCIA_CONSOLE_SERIES_H

#include <cadencia/time.h>

enum { SERIES_POINTS = 900 };

struct point {
  int64_t second; /* since 1970 */
  uint32_t calls, talking, waiting, ready;
};
struct series {
  struct point points[SERIES_POINTS];
  unsigned first, count;
};

/* A wall clock that stepped back starts a new series: a chart cannot run backwards. */
void series_add(struct series *series, struct wall at, struct point value);
/* i = 0 is the oldest; i < count. */
const struct point *series_at(const struct series *series, unsigned i);
const struct point *series_last(const struct series *series); /* NULL: empty */

#endif
