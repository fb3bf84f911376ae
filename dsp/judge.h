/* judge.h — person or machine: the policy, its presets and its reasons.
 *
 * Waits for speech. Then, whenever the model has spoken: the far side's talk first, then
 * the law's two limits, then its silence. In doubt it is a person. Owner: the engine. */
#ifndef DSP_JUDGE_H
#define DSP_JUDGE_H

#include "dsp/talk.h"
#include <dsp/screen.h>

enum { JUDGE_STEPS = 11 };

/* What the model says at one hop; asked: false when it was not. The delay of the first word may hasten or put off the
 * release of a person; it never makes anybody a machine. */
struct opinion {
  bool asked;
  float machine; /* by what was heard alone */
  float silence; /* and by the delay of the first word */
};

/* In silence a person is released when opinion.silence is below a limit that depends on its length:
 * person_below at quiet_ms, straight between. */
struct judge_preset {
  float machine_above;   /* while it talks */
  uint32_t hold_ms;      /* the wait after the greeting; the law's may be shorter */
  float machine_at_hold; /* when that is up */
  float machine_at_cap;  /* when the time since the first speech is up */
  uint32_t quiet_ms[JUDGE_STEPS];
  float person_below[JUDGE_STEPS];
};
const struct judge_preset *judge_preset(enum screen_preset preset);

/* Log-odds that a hint of signalling adds; a short greeting outweighs the stronger one. */
#define JUDGE_FORWARDED 0.6f
#define JUDGE_UNREACHED 1.2f

struct judge {
  float machine;         /* the model's last word, 0 to 1; -1: none yet */
  uint8_t machine_ticks; /* in a row above the limit */
  uint8_t late_ticks;    /* in a row above what flags a released call */
};
struct ruling {
  enum verdict verdict; /* VERDICT_NONE: listen on */
  enum verdict_reason reason;
  uint16_t score_bp;
};

void judge_init(struct judge *j);
struct ruling judge_step(struct judge *j, const struct screen_params *params, const struct talk *t, uint32_t answered_hop,
                         const struct opinion *opinion, uint32_t now);
/* After a person was released: does it go on as a machine does? Asked after judge_step of the same hop. */
bool judge_late(const struct judge *j, const struct talk *t, uint32_t now);

#endif
