/* spectrum.h — one look at the last 32 ms of a call, every 10 ms: levels, bands, peaks.
 *
 * The only place that sees samples; everything above works on struct view. A
 * 256-point transform with a Hann window moves on by 80 samples. Owner: the engine. */
#ifndef DSP_SPECTRUM_H
#define DSP_SPECTRUM_H

#include <stdbool.h>
#include <stdint.h>

enum { HOP_SAMPLES = 80, HOP_MS = 10, WINDOW_SAMPLES = 256, SPECTRUM_BANDS = 8 };

struct view {
  float db;       /* 200-3700 Hz, dB below a full-scale square wave */
  float fresh_db; /* the newest 10 ms alone, all frequencies */
  float band_db[SPECTRUM_BANDS];
  float purity;       /* share of the energy in the one or two strongest lines */
  float lo_hz, hi_hz; /* those lines by frequency; hi_hz 0: one line only */
  float lo_share;
  float low_share;   /* share in 280-720 Hz, where call-progress tones live */
  float low_hz;      /* centroid there */
  float v21_share;   /* share in 1500-2000 Hz */
  float flatness_db; /* geometric over arithmetic mean of 300-3400 Hz */
  float centroid_hz;
  float pitch_hz, voicing; /* updated every second hop; voicing 0..1 */
  bool dead;               /* the newest 10 ms are digital silence or were lost */
  bool lost;
};

struct spectrum {
  float window[WINDOW_SAMPLES]; /* oldest first, DC removed */
  float dc;
  float pitch_from_db; /* weaker windows are not asked for a pitch */
  uint32_t hops;
  struct view view;
};

void spectrum_init(struct spectrum *s);
/* One hop of HOP_SAMPLES; lost: they never arrived (samples are not read). */
const struct view *spectrum_step(struct spectrum *s, const int16_t *samples, bool lost);

#endif
