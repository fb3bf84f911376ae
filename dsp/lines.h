/* lines.h — runs of stable spectral lines: what every tone detector asks first.
 *
 * A run is a stretch in which one or two lines hold nearly all the energy and their
 * frequencies stand still. Owner: the engine. */
#ifndef DSP_LINES_H
#define DSP_LINES_H

#include "dsp/spectrum.h"

struct line_run {
  uint32_t start_hop, end_hop; /* end: first hop after it */
  float lo_hz, hi_hz;          /* means; hi_hz 0: one line */
  float lo_hz0;                /* early value: deviations are summed from it */
  float db;                    /* mean level */
  float purity;                /* mean, loud hops count for more: a fading tone sinks into the noise */
  float max_db;
  float fall_db;   /* level now under that of two hops ago */
  float drop_db;   /* level of the newest 10 ms under that of the last hop in the run */
  float spread_hz; /* deviation of the lower line, edges left out */
  float wobble_db; /* how far the level is from a straight line in time, edges left out */
};
struct lines {
  struct line_run run; /* the one that sounds now, or the last */
  float sum_lo, sum_hi, sum_db, sum_purity, sum_power;
  float last_db, level0_db;
  float sum_inner, sum_inner2; /* of the hops but the first two and the last two */
  float sum_t_db, sum_inner_db, sum_inner_db2;
  float tail_lo[2], tail_db[2];
  uint32_t inner;
  float last_lo, last_hi;
  float before_db[2];
  uint32_t hops, hi_hops;
  uint8_t missed; /* hops since the last good one */
  bool gap;       /* a packet may have been lost since */
  bool sounding;
};

enum lines_change { LINES_NONE = 0, LINES_ENDED };

void lines_init(struct lines *l);
/* LINES_ENDED: run holds a finished run. now: number of this hop. */
enum lines_change lines_step(struct lines *l, const struct view *v, uint32_t now);

/* The line has stood as still as only a generator's does. */
bool lines_still(const struct lines *l);

#endif
