/* activity.h — is somebody making sound now? Adaptive to the level of line and speaker.
 *
 * The floor is the minimum of the smoothed level over the last 0.7 to 1.4 s; speech lies
 * above the floor and not too far below the speaker's own level. Lost or muted packets
 * inside speech do not end it. Owner: the engine. */
#ifndef DSP_ACTIVITY_H
#define DSP_ACTIVITY_H

#include "dsp/spectrum.h"

struct activity {
  float floor_db, speech_db, smooth_db;
  float min_now, min_before;
  uint16_t min_hops;
  uint16_t dead_hops;   /* run of dead hops that ends now */
  uint16_t settle_hops; /* window still holds a gap */
  uint8_t warm_hops;
  uint8_t history; /* raw decisions, newest in bit 0 */
  bool primed;
  bool active;
  bool strong; /* near the speaker's own level: not somebody behind them */
};

void activity_init(struct activity *a);
/* True while active. tonal: a network tone is sounding, which is never speech. */
bool activity_step(struct activity *a, const struct view *v, bool tonal);

#endif
