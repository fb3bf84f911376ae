#include "dialer/console/series.h"
#include <assert.h>
#include <stddef.h>

static uint32_t higher(uint32_t a, uint32_t b) { return a > b ? a : b; }

const struct point *series_at(const struct series *series, unsigned i) {
  assert(i < series->count);
  return &series->points[(series->first + i) % SERIES_POINTS];
}

const struct point *series_last(const struct series *series) { return series->count ? series_at(series, series->count - 1) : NULL; }

void series_add(struct series *series, struct wall at, struct point value) {
  value.second = at.ms / 1000;
  const struct point *last = series_last(series);
  if (last && value.second < last->second) series->first = series->count = 0;
  if (last && value.second == last->second) {
    struct point *p = &series->points[(series->first + series->count - 1) % SERIES_POINTS];
    p->calls = higher(p->calls, value.calls);
    p->talking = higher(p->talking, value.talking);
    p->waiting = higher(p->waiting, value.waiting);
    p->ready = higher(p->ready, value.ready);
    return;
  }
  if (series->count == SERIES_POINTS) {
    series->first = (series->first + 1) % SERIES_POINTS;
    series->count--;
  }
  series->points[(series->first + series->count++) % SERIES_POINTS] = value;
}
