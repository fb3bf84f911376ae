/* tone_plan.h — the call-progress tones of one country, as the tone detector wants them.
 *
 * A plan is data: somebody else reads it from a file. Without a plan tones are told by family (fast
 * or slow, long or short), with one a rhythm that the plan describes gets the plan's word. A rhythm
 * is steps of on and off in ms that repeat; a tone without steps sounds on and on. Frequencies
 * 200..3700 Hz, hz2 0: one line. ITU-T E.180. Owner: the caller; it must outlive its users. Pure. */
#ifndef DSP_TONE_PLAN_H
#define DSP_TONE_PLAN_H

#include <stdint.h>

enum { PLAN_TONES_MAX = 16, PLAN_STEPS_MAX = 4, PLAN_MS_MAX = 20000 };

struct plan_step {
  uint16_t on_ms, off_ms;
};
struct plan_tone {
  uint8_t tone; /* enum screen_tone: busy, reorder, ringback or dial */
  uint8_t steps;
  uint16_t hz1, hz2;
  struct plan_step step[PLAN_STEPS_MAX];
};
struct tone_plan {
  char country[3]; /* ISO 3166-1 alpha-2, "" none */
  uint8_t count;
  struct plan_tone tones[PLAN_TONES_MAX];
};

/* What was heard of a rhythm: n pairs of on and off, oldest first; the last off may be open (open_off:
 * it lasts at least so long). */
enum { PLAN_PAIRS_MAX = 4 };
struct plan_heard {
  float hz; /* the middle of its lines */
  struct plan_step pair[PLAN_PAIRS_MAX];
  uint8_t pairs;
  uint8_t open_off;
};
/* A bit for each enum screen_tone of which the rhythm can be a part. 0: none, or no plan. */
uint32_t tone_plan_match(const struct tone_plan *plan, const struct plan_heard *heard);

#endif
