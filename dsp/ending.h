/* ending.h — how speech dies away: the last words before the silence, and the silence itself.
 *
 * Somebody who waits for an answer lets the voice rise or stop short; a recording that pauses in a list goes on
 * evenly. Keeps the last 3.2 s of level, voice and pitch and what the silence sounds like. Owner: the engine. */
#ifndef DSP_ENDING_H
#define DSP_ENDING_H

#include "dsp/spectrum.h"

enum { ENDING_HOPS = 320, ENDING_BEATS = 8 };

struct ending {
  float db[ENDING_HOPS];      /* newest at (count - 1) % ENDING_HOPS */
  float octaves[ENDING_HOPS]; /* pitch over 55 Hz; 0: no voice */
  uint32_t count;
  uint32_t quiet_count; /* count at the first hop of the silence that runs now or was last */
  uint32_t beat[ENDING_BEATS];
  uint32_t beats; /* peaks of loudness: syllables */
  float swing_db;
  uint32_t swing_count;
  bool rising;
  /* the silence now or last, from 80 ms after its begin */
  float room_db, room_db2, room_flat, room_centroid, room_flux, room_before[SPECTRUM_BANDS];
  uint16_t room_hops, room_dead;
};

enum ending_trait {
  ENDING_FALL_30 = 0, /* dB under the speech's mean, 30 ms after the silence began */
  ENDING_FALL_80,
  ENDING_FALL_150,
  ENDING_LEVEL_100, /* dB over the speech's mean in the last 100 ms of speech */
  ENDING_LEVEL_300,
  ENDING_TILT,        /* dB: last 100 ms over the 200 ms before */
  ENDING_PITCH_100,   /* octaves over the mean of the speech: last voiced 100 ms */
  ENDING_PITCH_TURN,  /* last voiced 100 ms over the 150 ms of voice before */
  ENDING_PITCH_SPAN,  /* highest less lowest of the last 400 ms of voice */
  ENDING_VOICED,      /* share of the last 300 ms */
  ENDING_UNVOICED_MS, /* from the last voice to the silence */
  ENDING_VOICE_MS,    /* length of the last voiced stretch */
  ENDING_BEAT_LAST,   /* ms between the last two syllables */
  ENDING_BEAT_MEAN,
  ENDING_BEAT_DEVIATION,
  ENDING_BEAT_TAIL, /* ms from the last syllable's peak to the silence */
  ENDING_ROOM,      /* dB of the silence under the speech's mean */
  ENDING_ROOM_DEVIATION,
  ENDING_ROOM_FLATNESS,
  ENDING_ROOM_CENTROID,
  ENDING_ROOM_FLUX,
  ENDING_ROOM_DEAD,
  ENDING_TRAITS
};

void ending_init(struct ending *e);
/* Once a hop while talk is established; quiet_hops as in talk. */
void ending_step(struct ending *e, const struct view *v, uint32_t quiet_hops, bool fresh_pitch);
/* mean_db, mean_octaves: of the speech so far. */
void ending_fill(const struct ending *e, uint32_t quiet_hops, float mean_db, float mean_octaves, float x[ENDING_TRAITS]);

#endif
