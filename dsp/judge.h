/* judge.h — person or machine: the policy, its presets and its reasons.
 *
 * Waits for speech. Then, whenever the model has spoken: the far side's talk first, then
 * the law's two limits, then its silence. In doubt it is a person. Owner: the engine. */
#ifndef DSP_JUDGE_H
#define DSP_JUDGE_H

#include "dsp/talk.h"
#include <dsp/screen.h>

enum { JUDGE_STEPS = 7 };
extern const uint32_t JUDGE_QUIET_MS[JUDGE_STEPS];

/* In silence a person is released when the model is below a limit that grows with the silence:
 * person_below at JUDGE_QUIET_MS, straight between. */
struct judge_preset {
  float machine_above;   /* while it talks */
  float machine_at_hold; /* when the wait after the greeting is up */
  float machine_at_cap;  /* when the time since the first speech is up */
  float person_below[JUDGE_STEPS];
};
const struct judge_preset *judge_preset(enum screen_preset preset);

struct judge {
  float machine;         /* the model's last word, 0 to 1; -1: none yet */
  uint8_t machine_ticks; /* in a row above the limit */
};
struct ruling {
  enum verdict verdict; /* VERDICT_NONE: listen on */
  enum verdict_reason reason;
  uint16_t score_bp;
};

void judge_init(struct judge *j);
/* machine: what the model says at this hop; < 0 when it was not asked. */
struct ruling judge_step(struct judge *j, const struct screen_params *params, const struct talk *t, uint32_t answered_hop, float machine,
                         uint32_t now);
/* After a person was released: does it talk on as a machine does? */
bool judge_monologue(const struct judge *j, const struct talk *t, uint32_t now);

#endif
