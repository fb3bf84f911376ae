#include "dsp/print_taker.h"
#include <math.h>
#include <string.h>

enum { ONES_MIN_PCT = 30 };
#define LOUD_DB 24.0f
#define SMOOTHING 0.35f
#define RANGE_DB 32.0f /* what lies further under the loudest so far is noise of the line */

void print_begin(struct print_taker *t) {
  memset(t, 0, sizeof *t);
  t->peak_db = -100.0f;
}

bool print_step(struct print_taker *t, const struct view *v) {
  if (t->hops >= PRINT_HOPS) return false;
  t->peak_db = fmaxf(t->peak_db, v->db);
  float *then = t->before[t->hops % PRINT_STEP_HOPS];
  unsigned bits = 0;
  float gain[SPECTRUM_BANDS];
  for (int b = 0; b < SPECTRUM_BANDS; b++) {
    const float level = fmaxf(v->band_db[b], t->peak_db - RANGE_DB);
    t->smooth[b] = t->hops ? t->smooth[b] + SMOOTHING * (level - t->smooth[b]) : level;
    gain[b] = t->smooth[b] - then[b];
    then[b] = t->smooth[b];
  }
  float all = 0.0f;
  for (int b = 0; b < SPECTRUM_BANDS; b++) all += gain[b];
  for (int b = 0; b + 1 < SPECTRUM_BANDS; b++) bits |= (unsigned)(gain[b] > gain[b + 1]) << b;
  bits |= (unsigned)(all > 0.0f) << (SPECTRUM_BANDS - 1);
  t->loud[t->hops] = v->db > t->peak_db - LOUD_DB;
  t->bits[t->hops++] = (uint8_t)bits;
  return t->hops == PRINT_HOPS;
}

bool print_take(const struct print_taker *t, struct fingerprint *out) {
  if (t->hops < PRINT_HOPS) return false;
  struct fingerprint p = {0};
  int loud = 0, ones = 0;
  for (int i = 0; i < PRINT_FRAMES; i++) {
    const int hop = PRINT_SLACK_HOPS / 2 + i * PRINT_STEP_HOPS;
    p.bits[i] = t->bits[hop];
    loud += t->loud[hop];
    if (t->loud[hop]) ones += (int)print_ones(p.bits[i]);
    p.loud[i / 8] = (uint8_t)(p.loud[i / 8] | t->loud[hop] << i % 8);
  }
  if (loud < PRINT_LOUD_MIN) return false; /* too little was said to know it again */
  const int share = ones * 100 / (loud * 8);
  if (share < ONES_MIN_PCT || share > 100 - ONES_MIN_PCT) return false; /* a steady sound is like any other */
  *out = p;
  return true;
}

static bool same(const struct print_taker *t, const struct fingerprint *p, int offset) {
  uint32_t wrong = 0, all = 0;
  for (int i = 0; i < PRINT_FRAMES; i++) {
    if (!print_loud(p, i)) continue;
    wrong += print_ones((uint8_t)(t->bits[offset + i * PRINT_STEP_HOPS] ^ p->bits[i]));
    all += 8;
  }
  return all && wrong * 10000u <= PRINT_SAME_BP * all;
}

int print_known(const struct print_taker *t, const struct print_set *set) {
  if (t->hops < PRINT_HOPS) return -1;
  for (uint32_t i = 0; i < set->count && i < PRINT_SET_MAX; i++)
    for (int offset = 0; offset < PRINT_SLACK_HOPS; offset++)
      if (same(t, &set->print[i], offset)) return (int)i;
  return -1;
}
