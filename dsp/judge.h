/* judge.h — person or machine: the policy, its presets and its reasons.
 *
 * Waits for speech. Then, whenever the model has spoken: the law's two limits first, then
 * the far side's silence, then its talk. In doubt it is a person. Owner: the engine. */
#ifndef DSP_JUDGE_H
#define DSP_JUDGE_H

#include "dsp/talk.h"
#include <dsp/screen.h>

struct judge {
  float machine;          /* the model's last word, 0 to 1; -1: none yet */
  uint8_t machine_ticks;  /* in a row above the threshold */
};
struct ruling {
  enum verdict verdict; /* VERDICT_NONE: listen on */
  enum verdict_reason reason;
  uint16_t score_bp;
};

void judge_init(struct judge *j);
/* The model has spoken (machine >= 0), or this hop has no word of it (machine < 0). */
struct ruling judge_step(struct judge *j, const struct screen_params *params, const struct talk *t, uint32_t answered_hop, float machine,
                         uint32_t now);
/* After a person was released: does what follows sound like a machine? */
bool judge_monologue(const struct judge *j, const struct talk *t, uint32_t now);

#endif
