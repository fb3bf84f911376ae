/* clipping.h — how much of somebody's speech is cut off at the top.
 *
 * A voice over an overdriven line sounds evenly loud and unbroken, as recordings do: what the model says of it counts for less.
 * A hop is flat when three samples in a row of one sign stand at the highest level that was heard lately. Source: clipping.c */
#ifndef DSP_CLIPPING_H
#define DSP_CLIPPING_H

#include <stdbool.h>
#include <stdint.h>

struct clipping {
  float top;                /* the highest level lately */
  uint16_t hops, flat_hops; /* of speech */
};

void clipping_init(struct clipping *c);
/* One hop of 80 samples; active: somebody speaks. */
void clipping_step(struct clipping *c, const int16_t *samples, int n, bool active);
/* Share of the speech that is flat, 0 to 1; 0 while too little was heard. */
float clipping_share(const struct clipping *c);

#endif
