#include "dsp/ending.h"
#include <math.h>
#include <string.h>

enum { ROOM_AFTER_HOPS = 8, LOOK_HOPS = 80 };
#define VOICED_MIN 0.6f
#define PITCH_MIN_HZ 60.0f
#define BEAT_DB 4.0f

void ending_init(struct ending *e) {
  memset(e, 0, sizeof *e);
  e->swing_db = -100.0f;
}

static void follow_beat(struct ending *e, float db) {
  if (e->rising ? db > e->swing_db : db < e->swing_db) {
    e->swing_db = db;
    e->swing_count = e->count;
  } else if (e->rising && db < e->swing_db - BEAT_DB) {
    e->beat[e->beats++ % ENDING_BEATS] = e->swing_count;
    e->rising = false;
    e->swing_db = db;
  } else if (!e->rising && db > e->swing_db + BEAT_DB) {
    e->rising = true;
    e->swing_db = db;
    e->swing_count = e->count;
  }
}

static void hear_room(struct ending *e, const struct view *v) {
  e->room_hops++;
  if (v->dead) {
    e->room_dead++;
    return;
  }
  const float db = fmaxf(v->db, -90.0f);
  e->room_db += db;
  e->room_db2 += db * db;
  e->room_flat += v->flatness_db;
  e->room_centroid += v->centroid_hz * 0.001f;
  const bool have_before = e->room_hops - e->room_dead > 1;
  for (int b = 0; b < SPECTRUM_BANDS; b++) {
    const float rel = fmaxf(v->band_db[b] - v->db, -45.0f);
    if (have_before) e->room_flux += fabsf(rel - e->room_before[b]) / SPECTRUM_BANDS;
    e->room_before[b] = rel;
  }
}

void ending_step(struct ending *e, const struct view *v, uint32_t quiet_hops, bool fresh_pitch) {
  const uint32_t at = e->count % ENDING_HOPS;
  e->db[at] = fmaxf(v->db, -90.0f);
  const bool voiced = !v->dead && v->voicing > VOICED_MIN && v->pitch_hz > PITCH_MIN_HZ && !quiet_hops;
  e->octaves[at] = !voiced ? 0.0f : fresh_pitch || !e->count ? log2f(v->pitch_hz / 55.0f) : e->octaves[(e->count - 1) % ENDING_HOPS];
  if (quiet_hops == 1) {
    e->quiet_count = e->count;
    e->room_db = e->room_db2 = e->room_flat = e->room_centroid = e->room_flux = 0.0f;
    e->room_hops = e->room_dead = 0;
  }
  if (quiet_hops < 4) follow_beat(e, e->db[at]);
  if (quiet_hops > ROOM_AFTER_HOPS && e->room_hops < 1000) hear_room(e, v);
  e->count++;
}

static float db_at(const struct ending *e, uint32_t count) { return e->db[count % ENDING_HOPS]; }

/* Mean level of the n hops before end. */
static float level(const struct ending *e, uint32_t end, uint32_t n) {
  if (n > end) n = end;
  float sum = 0.0f;
  for (uint32_t i = 1; i <= n; i++) sum += db_at(e, end - i);
  return n ? sum / (float)n : 0.0f;
}

static void fill_pitch(const struct ending *e, uint32_t end, uint32_t reach, float mean_octaves, float *x) {
  float sum[2] = {0.0f, 0.0f}, low = 100.0f, high = 0.0f;
  int n[2] = {0, 0}, voiced_300 = 0, all = 0;
  uint32_t last = 0, stretch = 0;
  bool whole = true;
  for (uint32_t i = 1; i <= reach; i++) {
    const float o = e->octaves[(end - i) % ENDING_HOPS];
    if (o <= 0.0f) {
      if (last) whole = false;
      continue;
    }
    if (!last) last = i;
    if (whole) stretch++;
    if (i <= 30) voiced_300++;
    const int part = all < 10 ? 0 : 1;
    if (all < 25) {
      sum[part] += o;
      n[part]++;
    }
    if (all < 40) {
      low = fminf(low, o);
      high = fmaxf(high, o);
    }
    all++;
  }
  x[ENDING_PITCH_100] = n[0] ? sum[0] / (float)n[0] - mean_octaves : 0.0f;
  x[ENDING_PITCH_TURN] = n[1] ? sum[0] / (float)n[0] - sum[1] / (float)n[1] : 0.0f;
  x[ENDING_PITCH_SPAN] = all ? high - low : 0.0f;
  x[ENDING_VOICED] = (float)voiced_300 / (float)(reach < 30 ? reach ? reach : 1 : 30);
  x[ENDING_UNVOICED_MS] = (float)((last ? last - 1 : reach) * HOP_MS);
  x[ENDING_VOICE_MS] = (float)(stretch * HOP_MS);
}

static void fill_beat(const struct ending *e, uint32_t end, float *x) {
  const uint32_t n = e->beats < ENDING_BEATS ? e->beats : ENDING_BEATS;
  x[ENDING_BEAT_TAIL] = n ? (float)(end - e->beat[(e->beats - 1) % ENDING_BEATS]) * HOP_MS : 0.0f;
  if (n < 2) return;
  float sum = 0.0f, sum2 = 0.0f;
  for (uint32_t i = 1; i < n; i++) {
    const float ms = (float)(e->beat[(e->beats - i) % ENDING_BEATS] - e->beat[(e->beats - i - 1) % ENDING_BEATS]) * HOP_MS;
    if (i == 1) x[ENDING_BEAT_LAST] = ms;
    sum += ms;
    sum2 += ms * ms;
  }
  const float mean = sum / (float)(n - 1), var = sum2 / (float)(n - 1) - mean * mean;
  x[ENDING_BEAT_MEAN] = mean;
  x[ENDING_BEAT_DEVIATION] = var > 0.0f ? sqrtf(var) : 0.0f;
}

void ending_fill(const struct ending *e, uint32_t quiet_hops, float mean_db, float mean_octaves, float x[ENDING_TRAITS]) {
  memset(x, 0, ENDING_TRAITS * sizeof *x);
  if (!e->count) return;
  /* In a long silence the past has left the ring: what was seen of it at its end stays with the caller. */
  const uint32_t end = quiet_hops ? e->quiet_count : e->count;
  const uint32_t oldest = e->count > ENDING_HOPS ? e->count - ENDING_HOPS : 0;
  const uint32_t reach = end > oldest ? (end - oldest < LOOK_HOPS ? end - oldest : LOOK_HOPS) : 0;
  if (quiet_hops > 3) x[ENDING_FALL_30] = db_at(e, end + 3) - mean_db;
  if (quiet_hops > 8) x[ENDING_FALL_80] = db_at(e, end + 8) - mean_db;
  if (quiet_hops > 15) x[ENDING_FALL_150] = db_at(e, end + 15) - mean_db;
  x[ENDING_LEVEL_100] = level(e, end, 10) - mean_db;
  x[ENDING_LEVEL_300] = level(e, end, 30) - mean_db;
  x[ENDING_TILT] = level(e, end, 10) - (end > 10 ? level(e, end - 10, 20) : 0.0f);
  fill_pitch(e, end, reach, mean_octaves, x);
  fill_beat(e, end, x);
  const int n = e->room_hops - e->room_dead;
  if (e->room_hops) x[ENDING_ROOM_DEAD] = (float)e->room_dead / (float)e->room_hops;
  if (n <= 0 || !quiet_hops) return;
  const float m = e->room_db / (float)n, var = e->room_db2 / (float)n - m * m;
  x[ENDING_ROOM] = m - mean_db;
  x[ENDING_ROOM_DEVIATION] = var > 0.0f ? sqrtf(var) : 0.0f;
  x[ENDING_ROOM_FLATNESS] = e->room_flat / (float)n;
  x[ENDING_ROOM_CENTROID] = e->room_centroid / (float)n;
  if (n > 1) x[ENDING_ROOM_FLUX] = e->room_flux / (float)(n - 1);
}
