/* progress.h — busy, reorder, ringback, dial tone and special information tones, for any country.
 *
 * Families are told by rhythm: a steady sound between 280 and 720 Hz, how long it
 * lasts and how long it is quiet after. A tone plan gives a rhythm it knows its own
 * country's word. ITU-T E.180, Q.35. Owner: the engine. */
#ifndef DSP_PROGRESS_H
#define DSP_PROGRESS_H

#include "dsp/lines.h"
#include <dsp/screen.h>
#include <dsp/tone_plan.h>

enum { PROGRESS_BURSTS = 3, SIT_PARTS = 3 };
struct burst {
  uint32_t start_hop, end_hop;
  float hz, db;
};
struct progress {
  const struct tone_plan *plan;         /* NULL: families only */
  struct burst bursts[PROGRESS_BURSTS]; /* finished, oldest first */
  uint8_t count;
  bool on;
  bool disturbed; /* something else sounded since the last burst */
  uint8_t missed;
  bool gap; /* a packet may have been lost since the last good hop */
  uint32_t start_hop, end_hop, hops;
  float sum_hz, sum_hz2, sum_db, sum_purity, max_db;
  struct line_run sit[SIT_PARTS];
  uint8_t sit_parts;
  uint16_t reported; /* bit per enum screen_tone */
  uint16_t hz;       /* of the tone last returned */
  uint32_t tone_hop; /* where that tone began */
};

/* plan may be NULL. */
void progress_init(struct progress *p, const struct tone_plan *plan);
/* One hop; l already stepped. Returns a tone when one becomes known, else SCREEN_TONE_NONE. */
enum screen_tone progress_step(struct progress *p, const struct view *v, const struct lines *l, enum lines_change change, uint32_t now);
/* A steady low sound, as pure as a tone, has lasted this many hops (0: none sounds). */
uint32_t progress_steady_hops(const struct progress *p);

#endif
