/* judge.h — person or machine: the policy, its states and its reasons.
 *
 * Waits for speech; then every hop asks, in this order: the law's two limits, the far
 * side's silence, its talk. In doubt it is a person. Pure. Owner: the engine. */
#ifndef DSP_JUDGE_H
#define DSP_JUDGE_H

#include "dsp/talk.h"
#include <dsp/screen.h>

struct ruling {
  enum verdict verdict; /* VERDICT_NONE: listen on */
  enum verdict_reason reason;
  uint16_t score_bp;
};

struct ruling judge(const struct screen_params *params, const struct talk *t, uint32_t answered_hop, uint32_t now);
/* After a person was released: does what follows sound like a machine? */
bool judge_monologue(const struct talk *t, uint32_t now);

#endif
