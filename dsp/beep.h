/* beep.h — the voicemail beep: one or two pure lines after speech, reported just after they end.
 *
 * It needs speech before it, so that no network tone is ever taken for it. A short beep waits a
 * moment for its sisters. Owner: the engine. */
#ifndef DSP_BEEP_H
#define DSP_BEEP_H

#include "dsp/lines.h"

struct beep {
  uint32_t end_hop;    /* of the beep last seen */
  uint16_t hz;
  bool fired;          /* this run was reported already */
};

void beep_init(struct beep *b);
/* True when a beep has just ended. floor_db: of the line. dtmf_hop: when a digit was last heard (0: never). */
bool beep_step(struct beep *b, const struct view *v, const struct lines *l, bool spoken, float floor_db, uint32_t now);

#endif
