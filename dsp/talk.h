/* talk.h — the rhythm of what is said: onset, runs, pauses, the end of the greeting.
 *
 * Everything is in hops of 10 ms, stamped back to where it happened. Owner: the engine. */
#ifndef DSP_TALK_H
#define DSP_TALK_H

#include "dsp/activity.h"

enum { GREETING_SILENCE_HOPS = 40 };

struct talk {
  bool started; /* speech has been established */
  bool greeting_ended;
  uint32_t onset_hop;
  uint32_t greeting_end_hop;
  uint32_t quiet_start_hop;   /* of the silence now, when quiet_hops > 0 */
  uint32_t quiet_hops;        /* 0 while speaking */
  uint32_t calm_hops;         /* since the last strong sound: a room may go on behind */
  uint32_t calm_longest_hops; /* of those that a strong sound ended */
  uint32_t run_hops;          /* length of the run now or last */
  uint32_t speech_hops;       /* active in all */
  uint32_t first_run_hops;
  uint32_t longest_run_hops;
  uint32_t longest_pause_hops, last_pause_hops, pause_hops; /* of pauses that ended */
  uint16_t runs, pauses;                                    /* pauses of 200 ms and more that ended */
  uint32_t candidate_hop;                                   /* where speech may have begun */
  uint16_t candidate_hops, candidate_quiet;
  uint8_t resume; /* the last hops of a long silence, newest in bit 0: active or not */
};

enum talk_change { TALK_NONE = 0, TALK_STARTED = 1, TALK_GREETING_ENDED = 2 };

void talk_init(struct talk *t);
/* wait: a tone may be building up; do not call it speech yet. tonal: it is one. */
enum talk_change talk_step(struct talk *t, bool active, bool strong, bool wait, bool tonal, uint32_t now);
/* From the first sound to the last, pauses included. */
uint32_t talk_span_hops(const struct talk *t, uint32_t now);

#endif
