#include "dsp/traits.h"
#include <math.h>
#include <string.h>

enum { PHRASE_GAP_HOPS = 16 };
#define TURN_DB 5.0f
#define VOICED_MIN 0.6f

void traits_init(struct traits *t) {
  memset(t, 0, sizeof *t);
  t->db_peak = -100.0f;
  t->swing_db = -100.0f;
  ending_init(&t->ending);
}

/* A syllable: the level rises by TURN_DB from its last low and then falls by as much. */
static void count_syllables(struct traits *t, float db) {
  if (t->rising) {
    if (db > t->swing_db) t->swing_db = db;
    if (db < t->swing_db - TURN_DB) {
      t->rising = false;
      t->swing_db = db;
    }
  } else {
    if (db < t->swing_db) t->swing_db = db;
    if (db > t->swing_db + TURN_DB) {
      t->rising = true;
      t->swing_db = db;
      t->syllables++;
      t->last.syllables++;
    }
  }
}

static void add_pitch(struct traits *t, float hz) {
  const float octaves = log2f(hz / 55.0f);
  if (!t->pitched) t->pitch_last = t->pitch_low = t->pitch_high = octaves;
  t->pitched++;
  t->pitch += octaves;
  t->pitch2 += octaves * octaves;
  t->pitch_last += 0.3f * (octaves - t->pitch_last);
  t->pitch_low = fminf(t->pitch_low, t->pitch_last);
  t->pitch_high = fmaxf(t->pitch_high, t->pitch_last);
}

static void add_bands(struct traits *t, const struct view *v) {
  float flux = 0.0f;
  for (int b = 0; b < SPECTRUM_BANDS; b++) {
    const float rel = fmaxf(v->band_db[b] - v->db, -45.0f);
    t->band[b] += rel;
    t->band2[b] += rel * rel;
    flux += fabsf(rel - t->before[b]);
    t->before[b] = rel;
  }
  if (t->have_before) t->flux += flux / (float)SPECTRUM_BANDS;
  t->have_before = true;
}

static void follow_phrase(struct traits *t, const struct view *v, bool fresh_pitch, uint32_t now) {
  struct phrase *p = &t->last;
  if (!t->phrases || now - p->end_hop > PHRASE_GAP_HOPS) {
    if (t->phrases == 1) t->first = *p;
    t->before_hops = t->phrases ? p->end_hop - p->start_hop : 0;
    *p = (struct phrase){.start_hop = now};
    t->phrases++;
  }
  p->end_hop = now + 1;
  p->hops++;
  p->db += v->db;
  p->centroid += v->centroid_hz * 0.001f;
  if (fresh_pitch && v->voicing > VOICED_MIN && v->pitch_hz > 60.0f) {
    p->pitched++;
    p->pitch += log2f(v->pitch_hz / 55.0f);
  }
}

void traits_step(struct traits *t, const struct view *v, const struct talk *talk, bool active, bool fresh_pitch, uint32_t now) {
  ending_step(&t->ending, v, talk->quiet_hops, fresh_pitch);
  if (v->dead) return;
  count_syllables(t, v->db);
  if (!active) {
    t->have_before = false;
    return;
  }
  if (!t->hops) t->db_last = t->db_fast = v->db;
  follow_phrase(t, v, fresh_pitch, now);
  t->hops++;
  t->db += v->db;
  t->db2 += v->db * v->db;
  t->db_last += 0.12f * (v->db - t->db_last);
  t->db_fast += 0.35f * (v->db - t->db_fast);
  t->db_peak = fmaxf(t->db_peak, v->db);
  if (t->hops == 30) t->db_first = t->db / 30.0f;
  t->voicing += v->voicing;
  if (v->voicing > VOICED_MIN) {
    t->voiced++;
    if (fresh_pitch && v->pitch_hz > 60.0f) add_pitch(t, v->pitch_hz);
  }
  t->flat += v->flatness_db;
  t->flat2 += v->flatness_db * v->flatness_db;
  const float khz = v->centroid_hz * 0.001f;
  t->centroid += khz;
  t->centroid2 += khz * khz;
  t->purity += v->purity;
  add_bands(t, v);
}

static float deviation(float sum, float sum2, float n) {
  const float mean = sum / n, var = sum2 / n - mean * mean;
  return var > 0.0f ? sqrtf(var) : 0.0f;
}

static void fill_rhythm(const struct talk *talk, uint32_t now, float *x) {
  const float ms = (float)HOP_MS;
  const float span = (float)talk_span_hops(talk, now);
  x[TRAIT_SINCE_ONSET] = (float)(now + 1 - talk->onset_hop) * ms;
  x[TRAIT_SPAN] = span * ms;
  x[TRAIT_QUIET] = (float)talk->quiet_hops * ms;
  x[TRAIT_RUN] = (float)talk->run_hops * ms;
  x[TRAIT_SPEECH] = (float)talk->speech_hops * ms;
  x[TRAIT_SPEECH_RATIO] = span > 0.0f ? (float)talk->speech_hops / span : 0.0f;
  x[TRAIT_RUNS] = (float)talk->runs;
  x[TRAIT_PAUSES] = (float)talk->pauses;
  x[TRAIT_LONGEST_RUN] = (float)talk->longest_run_hops * ms;
  x[TRAIT_LONGEST_PAUSE] = (float)talk->longest_pause_hops * ms;
  x[TRAIT_LAST_PAUSE] = (float)talk->last_pause_hops * ms;
  x[TRAIT_FIRST_RUN] = (float)talk->first_run_hops * ms;
  x[TRAIT_MEAN_PAUSE] = talk->pauses ? (float)talk->pause_hops * ms / (float)talk->pauses : 0.0f;
  x[TRAIT_FIRST_PHRASE] = talk->greeting_ended ? (float)(talk->greeting_end_hop - talk->onset_hop) * ms : 0.0f;
  x[TRAIT_SINCE_GREETING] = talk->greeting_ended ? (float)(now + 1 - talk->greeting_end_hop) * ms : 0.0f;
}

static void fill_phrases(const struct traits *t, float *x) {
  const struct phrase *p = &t->last;
  x[TRAIT_PHRASES] = (float)t->phrases;
  x[TRAIT_PHRASE] = (float)((p->end_hop - p->start_hop) * HOP_MS);
  x[TRAIT_PHRASE_BEFORE] = (float)(t->before_hops * HOP_MS);
  x[TRAIT_PHRASE_SYLLABLES] = (float)p->syllables;
  if (t->phrases < 2 || !p->hops || !t->first.hops) return;
  const float n = (float)p->hops, m = (float)t->first.hops;
  x[TRAIT_PHRASE_LEVEL] = p->db / n - t->first.db / m;
  x[TRAIT_PHRASE_CENTROID] = p->centroid / n - t->first.centroid / m;
  if (p->pitched && t->first.pitched) x[TRAIT_PHRASE_PITCH] = p->pitch / (float)p->pitched - t->first.pitch / (float)t->first.pitched;
}

void traits_fill(const struct traits *t, const struct talk *talk, uint32_t now, float x[TRAIT_COUNT]) {
  memset(x, 0, TRAIT_COUNT * sizeof *x);
  fill_rhythm(talk, now, x);
  fill_phrases(t, x);
  const float n = t->hops ? (float)t->hops : 1.0f;
  const float mean_db = t->db / n;
  x[TRAIT_LEVEL_DEVIATION] = deviation(t->db, t->db2, n);
  x[TRAIT_LEVEL_LAST] = t->db_last - mean_db;
  x[TRAIT_LEVEL_PEAK] = t->hops ? t->db_peak - mean_db : 0.0f;
  x[TRAIT_LEVEL_FIRST] = t->hops >= 30 ? t->db_first - mean_db : 0.0f;
  x[TRAIT_VOICED_RATIO] = (float)t->voiced / n;
  x[TRAIT_VOICING] = t->voicing / n;
  if (t->pitched) {
    const float p = (float)t->pitched;
    x[TRAIT_PITCH] = t->pitch / p;
    x[TRAIT_PITCH_DEVIATION] = deviation(t->pitch, t->pitch2, p);
    x[TRAIT_PITCH_LAST] = t->pitch_last - t->pitch / p;
    x[TRAIT_PITCH_RANGE] = t->pitch_high - t->pitch_low;
  }
  x[TRAIT_FLATNESS] = t->flat / n;
  x[TRAIT_FLATNESS_DEVIATION] = deviation(t->flat, t->flat2, n);
  x[TRAIT_CENTROID] = t->centroid / n;
  x[TRAIT_CENTROID_DEVIATION] = deviation(t->centroid, t->centroid2, n);
  x[TRAIT_PURITY] = t->purity / n;
  x[TRAIT_FLUX] = t->flux / n;
  x[TRAIT_SYLLABLES] = (float)t->syllables;
  x[TRAIT_SYLLABLE_RATE] = (float)t->syllables * 100.0f / n;
  x[TRAIT_CALM] = (float)(talk->calm_hops * HOP_MS);
  x[TRAIT_CALM_LONGEST] = (float)(talk->calm_longest_hops * HOP_MS);
  x[TRAIT_LEVEL_SLOPE] = t->db_fast - t->db_last;
  ending_fill(&t->ending, talk->quiet_hops, mean_db, x[TRAIT_PITCH], x + TRAIT_ENDING);
  for (int b = 0; b < SPECTRUM_BANDS; b++) {
    x[TRAIT_BAND_MEAN + b] = t->band[b] / n;
    x[TRAIT_BAND_DEVIATION + b] = deviation(t->band[b], t->band2[b], n);
  }
}
