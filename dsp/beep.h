/* beep.h — the voicemail beep: one or two pure lines after speech, reported just after they end.
 *
 * It needs speech before it, so that no network tone is ever taken for it. Of a
 * triple beep each is reported. Owner: the engine. */
#ifndef DSP_BEEP_H
#define DSP_BEEP_H

#include "dsp/lines.h"

struct beep {
  uint32_t end_hop; /* of the beep last seen */
  uint16_t hz;
  uint16_t dead_hops;
  bool dead_before;
  uint32_t run_start_hop, run_end_hop; /* of the run that sounded last */
  float run_hz;
  uint16_t carried_hops; /* of the part before a seam of lost or concealed packets */
  bool fired;            /* this run was reported already */
};

void beep_init(struct beep *b);
/* True when a beep has just ended. spoken: there was speech before it. floor_db: of the line. */
bool beep_step(struct beep *b, const struct view *v, const struct lines *l, bool spoken, float floor_db, uint32_t now);

#endif
