/* traits.h — what the model of person and machine is told about a call so far.
 *
 * Rhythm, melody and colour of the speech since its onset, all relative to the speech
 * itself: no absolute level, no noise before the speech, no delay of the first word.
 * The trainer reads the very same numbers (tools/train). Owner: the engine. */
#ifndef DSP_TRAITS_H
#define DSP_TRAITS_H

#include "dsp/ending.h"
#include "dsp/talk.h"

enum { TRAITS_TICK_HOPS = 4 }; /* the model is asked this often, counted from the first sample */
enum trait {
  TRAIT_SINCE_ONSET = 0, /* ms, as all times here */
  TRAIT_SPAN,
  TRAIT_QUIET,
  TRAIT_RUN,
  TRAIT_SPEECH,
  TRAIT_SPEECH_RATIO,
  TRAIT_RUNS,
  TRAIT_PAUSES,
  TRAIT_LONGEST_RUN,
  TRAIT_LONGEST_PAUSE,
  TRAIT_LAST_PAUSE,
  TRAIT_FIRST_RUN,
  TRAIT_MEAN_PAUSE,
  TRAIT_FIRST_PHRASE, /* span before the first silence of 400 ms; 0: none yet */
  TRAIT_SINCE_GREETING,
  TRAIT_LEVEL_DEVIATION, /* dB */
  TRAIT_LEVEL_LAST,
  TRAIT_LEVEL_PEAK,
  TRAIT_LEVEL_FIRST,
  TRAIT_VOICED_RATIO,
  TRAIT_VOICING,
  TRAIT_PITCH,           /* octaves over 55 Hz */
  TRAIT_PITCH_DEVIATION, /* octaves */
  TRAIT_PITCH_LAST,
  TRAIT_PITCH_RANGE,
  TRAIT_FLATNESS,
  TRAIT_FLATNESS_DEVIATION,
  TRAIT_CENTROID,
  TRAIT_CENTROID_DEVIATION,
  TRAIT_PURITY,
  TRAIT_FLUX,
  TRAIT_SYLLABLES,
  TRAIT_SYLLABLE_RATE,
  TRAIT_BAND_MEAN,
  TRAIT_BAND_DEVIATION = TRAIT_BAND_MEAN + SPECTRUM_BANDS,
  TRAIT_CALM = TRAIT_BAND_DEVIATION + SPECTRUM_BANDS, /* ms since the last strong sound */
  TRAIT_CALM_LONGEST,
  TRAIT_LEVEL_SLOPE, /* dB: last 60 ms of speech over the 150 ms before */
  TRAIT_PHRASE,      /* span of the phrase now or last; phrases lie between pauses of 160 ms */
  TRAIT_PHRASE_BEFORE,
  TRAIT_PHRASES,
  TRAIT_PHRASE_LEVEL, /* against the first phrase: dB */
  TRAIT_PHRASE_PITCH, /* octaves */
  TRAIT_PHRASE_CENTROID,
  TRAIT_PHRASE_SYLLABLES,
  TRAIT_ENDING,
  TRAIT_COUNT = TRAIT_ENDING + ENDING_TRAITS
};

/* Sums over one phrase. */
struct phrase {
  uint32_t start_hop, end_hop, hops, pitched;
  float db, pitch, centroid;
  uint16_t syllables;
};
struct traits {
  struct ending ending;
  struct phrase first, last; /* the phrase now or last is last */
  uint32_t before_hops;
  uint16_t phrases;
  uint32_t hops, voiced, pitched;
  float db, db2, db_last, db_peak, db_first, db_fast;
  float voicing;
  float pitch, pitch2, pitch_last, pitch_low, pitch_high;
  float flat, flat2, centroid, centroid2, purity, flux;
  float band[SPECTRUM_BANDS], band2[SPECTRUM_BANDS], before[SPECTRUM_BANDS];
  float swing_db; /* extreme of the level since the last turn */
  uint16_t syllables;
  bool rising, have_before;
};

void traits_init(struct traits *t);
/* Once a hop while talk is established. fresh_pitch: the pitch in v belongs to this hop. */
void traits_step(struct traits *t, const struct view *v, const struct talk *talk, bool active, bool fresh_pitch, uint32_t now);
void traits_fill(const struct traits *t, const struct talk *talk, uint32_t now, float out[TRAIT_COUNT]);

#endif
