#include "dsp/leave.h"
#include <string.h>

enum {
  AFTER_BEEP_HOPS = 30,     /* a triple beep pauses for less */
  QUIET_HOPS = 200,         /* no beep comes any more */
  BEEP_FORGOTTEN_HOPS = 40, /* so much speech after a beep: it was not the one before the recording */
  VOICE_HOPS = 40,          /* somebody speaks into the message */
  CALM_HOPS = 60
};

void leave_init(struct leave *l) { memset(l, 0, sizeof *l); }

void leave_beep(struct leave *l, uint32_t end_hop) {
  l->beeped = true;
  l->beep_hop = end_hop;
  l->since_beep = 0;
}

static enum leave_change begin(struct leave *l) {
  l->begun = true;
  l->after_beep = l->beeped;
  l->voice = l->calm = 0;
  return LEAVE_BEGIN;
}

static enum leave_change listen(struct leave *l, bool voice) {
  l->calm = (uint16_t)(voice ? 0 : l->calm + (l->calm < CALM_HOPS));
  if (voice) l->voice++;
  if (l->calm >= CALM_HOPS) l->voice = 0;
  if (l->voice < VOICE_HOPS) return LEAVE_NONE;
  l->begun = l->beeped = false;
  return LEAVE_STOP;
}

enum leave_change leave_step(struct leave *l, const struct talk *t, bool voice, bool sounding, uint32_t now) {
  if (l->beeped && voice && !l->begun && ++l->since_beep > BEEP_FORGOTTEN_HOPS) l->beeped = false;
  if (!l->on) return LEAVE_NONE;
  const bool beep_over = l->beeped && !sounding && now >= l->beep_hop + AFTER_BEEP_HOPS;
  if (l->begun) {
    if (beep_over && !l->after_beep) return begin(l);
    return listen(l, voice);
  }
  if (beep_over) return begin(l);
  return !l->beeped && !sounding && t->started && t->quiet_hops >= QUIET_HOPS ? begin(l) : LEAVE_NONE;
}
