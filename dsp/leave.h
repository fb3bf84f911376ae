/* leave.h — when to leave a message at a machine, and when to fall silent again.
 *
 * It begins a moment after the last beep, or after a long silence where none comes; a beep that comes after all lets it
 * begin anew, once. Somebody who speaks into it ends it. Owner: the engine. */
#ifndef DSP_LEAVE_H
#define DSP_LEAVE_H

#include "dsp/talk.h"

enum leave_change { LEAVE_NONE = 0, LEAVE_BEGIN, LEAVE_STOP };
struct leave {
  bool on, begun, after_beep; /* after_beep: the message that plays began after one */
  bool beeped;
  uint32_t beep_hop;   /* end of the last beep */
  uint16_t since_beep; /* hops of speech since */
  uint16_t voice;      /* of somebody over the message; fades */
  uint16_t calm;       /* hops without any */
};

void leave_init(struct leave *l);
/* A beep ended, whether a message waits for it or not. */
void leave_beep(struct leave *l, uint32_t end_hop);
/* Once a hop. voice: strong sound that is no tone; sounding: something goes on that may be the next beep. */
enum leave_change leave_step(struct leave *l, const struct talk *t, bool voice, bool sounding, uint32_t now);

#endif
