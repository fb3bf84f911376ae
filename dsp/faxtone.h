/* faxtone.h — fax and modem signals: CNG (1100 Hz), CED and ANSam (2100 Hz), V.21 preamble.
 *
 * A voicemail beep may be 1100 Hz: after speech CNG needs two bursts three seconds apart.
 * ITU-T T.30 §5, V.8, V.21 channel 2. Owner: the engine. */
#ifndef DSP_FAXTONE_H
#define DSP_FAXTONE_H

#include "dsp/lines.h"
#include <dsp/screen.h>

struct faxtone {
  uint32_t cng_end_hop; /* of the burst before; 0: none */
  uint32_t tone_hop;
  uint16_t v21_hops; /* leaky */
  uint16_t ced_hops; /* leaky: phase reversals break runs */
  uint16_t hz;
  uint8_t reported;
};

void faxtone_init(struct faxtone *f);
enum screen_tone faxtone_step(struct faxtone *f, const struct view *v, const struct lines *l, enum lines_change change, bool spoken,
                              uint32_t now);

#endif
