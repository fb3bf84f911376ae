/* print_taker.h — takes the fingerprint of a call while it goes on. Owner: the engine. */
#ifndef DSP_PRINT_TAKER_H
#define DSP_PRINT_TAKER_H

#include "dsp/spectrum.h"
#include <dsp/fingerprint.h>

enum { PRINT_HOPS = PRINT_FRAMES * PRINT_STEP_HOPS + PRINT_SLACK_HOPS };

struct print_taker {
  float smooth[SPECTRUM_BANDS], before[PRINT_STEP_HOPS][SPECTRUM_BANDS];
  float peak_db;
  uint16_t hops; /* taken so far */
  uint8_t bits[PRINT_HOPS], loud[PRINT_HOPS];
};

void print_begin(struct print_taker *t);
/* One hop since the first speech. True when this was the last one that is needed. */
bool print_step(struct print_taker *t, const struct view *v);
/* False while there is not enough of the call. */
bool print_take(const struct print_taker *t, struct fingerprint *out);
/* Which of these it is; -1: none. */
int print_known(const struct print_taker *t, const struct print_set *set);

#endif
