#include "dsp/spectrum.h"
#include "dsp/fft.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = FFT_SIZE / 2 + 1, FIRST_BIN = 6, LAST_BIN = 118, CLUSTER = 3, CLOSE = 5 };
#define HZ_PER_BIN (8000.0f / FFT_SIZE)

static const uint8_t BAND_EDGE[SPECTRUM_BANDS + 1] = {6, 12, 18, 26, 36, 50, 68, 90, 118};

static float decibel(float power) { return 10.0f * log10f(power + 1e-10f); }

void spectrum_init(struct spectrum *s) {
  memset(s, 0, sizeof *s);
  s->view.db = -100.0f;
  s->pitch_from_db = -60.0f;
  fft_prepare();
}

static void window_push(struct spectrum *s, const int16_t *samples, bool lost) {
  memmove(s->window, s->window + HOP_SAMPLES, (WINDOW_SAMPLES - HOP_SAMPLES) * sizeof s->window[0]);
  float *to = s->window + WINDOW_SAMPLES - HOP_SAMPLES;
  int peak = 0;
  float energy = 0.0f;
  for (int i = 0; i < HOP_SAMPLES; i++) {
    const int x = lost ? 0 : samples[i];
    const int a = abs(x);
    if (a > peak) peak = a;
    const float v = lost ? 0.0f : (float)x * (1.0f / 32768.0f);
    if (!lost) s->dc += (v - s->dc) * 0.0025f;
    to[i] = v - (lost ? 0.0f : s->dc);
    energy += to[i] * to[i];
  }
  s->view.fresh_db = decibel(energy / (float)HOP_SAMPLES);
  s->view.lost = lost;
  s->view.dead = lost || peak <= 8; /* 8: the smallest step of A-law */
}

/* Frequency of the peak at bin k from its neighbours: for a Hann window the ratio of two
 * magnitudes gives the offset exactly. */
static float peak_hz(const float *p, int k) {
  const float m = sqrtf(p[k]), l = sqrtf(p[k - 1]), r = sqrtf(p[k + 1]);
  float d;
  if (r >= l) {
    const float a = r / (m + 1e-12f);
    d = (2.0f * a - 1.0f) / (a + 1.0f);
  } else {
    const float a = l / (m + 1e-12f);
    d = -(2.0f * a - 1.0f) / (a + 1.0f);
  }
  if (d > 0.6f) d = 0.6f;
  if (d < -0.6f) d = -0.6f;
  return ((float)k + d) * HZ_PER_BIN;
}

static int strongest(const float *p, int skip_from, int skip_to) {
  int best = -1;
  for (int k = FIRST_BIN; k <= LAST_BIN; k++) {
    if (k >= skip_from && k <= skip_to) continue;
    if (p[k] < p[k - 1] || p[k] < p[k + 1]) continue;
    if (best < 0 || p[k] > p[best]) best = k;
  }
  return best;
}

static float span(const float *p, int from, int to) {
  float sum = 0.0f;
  if (from < 1) from = 1;
  if (to > BINS - 1) to = BINS - 1;
  for (int k = from; k <= to; k++) sum += p[k];
  return sum;
}

/* Two lines that one window cannot part beat, and the higher peak leaps to and fro: their centre stands still. */
static float centre_hz(const float *p, int from, int to) {
  float weight = 0.0f, moment = 0.0f;
  if (from < 1) from = 1;
  if (to > BINS - 1) to = BINS - 1;
  for (int k = from; k <= to; k++) {
    weight += p[k];
    moment += p[k] * (float)k;
  }
  return weight > 0.0f ? moment / weight * HZ_PER_BIN : 0.0f;
}

static void find_lines(struct view *v, const float *p, float total) {
  v->purity = v->lo_share = 0.0f;
  v->lo_hz = v->hi_hz = 0.0f;
  const int a = strongest(p, 1, 0);
  if (a < 0) return;
  const float share_a = span(p, a - CLUSTER, a + CLUSTER) / total;
  const float hz_a = peak_hz(p, a);
  const int b = strongest(p, a - 2, a + 2);
  float share_b = 0.0f;
  if (b >= 0) {
    const int from = b > a && b - CLUSTER <= a + CLUSTER ? a + CLUSTER + 1 : b - CLUSTER;
    const int to = b < a && b + CLUSTER >= a - CLUSTER ? a - CLUSTER - 1 : b + CLUSTER;
    share_b = span(p, from, to) / total;
  }
  v->purity = fminf(share_a + share_b, 1.0f);
  v->lo_hz = hz_a;
  v->lo_share = share_a;
  const bool close = b >= 0 && abs(b - a) <= CLOSE;
  if (share_b <= 0.04f || close) {
    if (v->purity > 0.9f) v->lo_hz = centre_hz(p, (close && b < a ? b : a) - CLOSE, (close && b > a ? b : a) + CLOSE);
    if (close) v->lo_share = v->purity;
  } else {
    const float hz_b = peak_hz(p, b);
    v->lo_hz = fminf(hz_a, hz_b);
    v->hi_hz = fmaxf(hz_a, hz_b);
    if (hz_b < hz_a) v->lo_share = share_b;
  }
}

static void find_bands(struct view *v, const float *p, float total, float scale) {
  for (int b = 0; b < SPECTRUM_BANDS; b++) v->band_db[b] = decibel(span(p, BAND_EDGE[b], BAND_EDGE[b + 1] - 1) * scale);
  float weight = 0.0f, low = 0.0f, moment = 0.0f;
  for (int k = 9; k <= 23; k++) {
    low += p[k];
    weight += p[k] * (float)k;
  }
  v->low_share = low / total;
  v->low_hz = low > 0.0f ? weight / low * HZ_PER_BIN : 0.0f;
  v->v21_share = span(p, 48, 64) / total;
  for (int k = FIRST_BIN; k <= LAST_BIN; k++) moment += p[k] * (float)k;
  v->centroid_hz = moment / total * HZ_PER_BIN;
  /* Flatness over groups of four bins: one logarithm a group. */
  float logs = 0.0f, sum = 0.0f;
  enum { GROUPS = 24 };
  for (int g = 0; g < GROUPS; g++) {
    const float e = span(p, 10 + 4 * g, 13 + 4 * g) + 1e-12f;
    logs += log2f(e);
    sum += e;
  }
  v->flatness_db = 3.0103f * (logs / (float)GROUPS - log2f(sum / (float)GROUPS));
}

/* Normalised autocorrelation of the window at 4 kHz, lags of 70 to 400 Hz. */
static void find_pitch(struct spectrum *s) {
  enum { N = WINDOW_SAMPLES / 2, LAG_MIN = 10, LAG_MAX = 57, SPAN = N - LAG_MAX };
  float x[N], r[LAG_MAX + 2];
  for (int i = 0; i < N; i++) x[i] = s->window[2 * i] + s->window[2 * i + 1];
  float e0 = 1e-9f;
  for (int i = 0; i < SPAN; i++) e0 += x[i] * x[i];
  float e1 = 1e-9f;
  for (int i = 0; i < SPAN; i++) e1 += x[i + LAG_MIN] * x[i + LAG_MIN];
  int best = 0;
  float best_r = 0.0f;
  for (int lag = LAG_MIN; lag <= LAG_MAX; lag++) {
    float sum = 0.0f;
    for (int i = 0; i < SPAN; i++) sum += x[i] * x[i + lag];
    r[lag] = sum / sqrtf(e0 * e1);
    if (r[lag] > best_r * 1.08f) { /* the shortest of equal periods */
      best_r = r[lag];
      best = lag;
    }
    if (lag < LAG_MAX) e1 = fmaxf(e1 + x[lag + SPAN] * x[lag + SPAN] - x[lag] * x[lag], 1e-9f);
  }
  float d = 0.0f;
  if (best > LAG_MIN && best < LAG_MAX) {
    const float den = r[best - 1] - 2.0f * r[best] + r[best + 1];
    if (den < -1e-6f) d = 0.5f * (r[best - 1] - r[best + 1]) / den;
  }
  s->view.voicing = best_r;
  s->view.pitch_hz = best ? 4000.0f / ((float)best + d) : 0.0f;
}

const struct view *spectrum_step(struct spectrum *s, const int16_t *samples, bool lost) {
  window_push(s, samples, lost);
  float p[BINS];
  fft_power(s->window, p);
  const float scale = 2.0f / (float)(FFT_SIZE * 96); /* 96: energy of the window */
  const float total = span(p, FIRST_BIN, LAST_BIN) + 1e-9f;
  s->view.db = decibel(total * scale);
  find_lines(&s->view, p, total);
  find_bands(&s->view, p, total, scale);
  if (s->hops++ % 2) {
    if (s->view.db > s->pitch_from_db)
      find_pitch(s);
    else
      s->view.voicing = 0.0f;
  }
  return &s->view;
}
