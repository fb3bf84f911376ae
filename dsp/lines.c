#include "dsp/lines.h"
#include <math.h>
#include <string.h>

enum { MISS_HOPS_MAX = 2, GAP_HOPS_MAX = 8, SEAM_HOPS_MAX = 5, YOUNG_HOPS = 4 };
#define PURITY_MIN 0.90f
#define STILL_PURITY 0.96f
#define STILL_HZ 2.0f
#define STILL_SHARE 0.006f
#define LEVEL_MIN_DB (-52.0f)
#define STEP_MAX_HZ 11.0f

void lines_init(struct lines *l) { memset(l, 0, sizeof *l); }

/* A line seems to wander while it enters the window: a young run keeps its start. */
static void start(struct lines *l, const struct view *v, uint32_t now) {
  const bool young = l->sounding && l->hops && l->hops < YOUNG_HOPS;
  const struct line_run run = {.start_hop = young ? l->run.start_hop : now, .end_hop = now + 1, .db = v->db, .max_db = v->db};
  *l = (struct lines){.sounding = true, .run = run, .before_db = {l->before_db[0], l->before_db[1]}};
}

/* Levels against time: a generator's stays or falls straight, a voice bends. Time counts in inner hops. */
static void add_level(struct lines *l, float db) {
  const float t = (float)l->inner;
  l->sum_t_db += t * db;
  l->sum_inner_db += db;
  l->sum_inner_db2 += db * db;
  const float n = t + 1.0f, mean_t = 0.5f * t, mean = l->sum_inner_db / n;
  const float var_t = (n * n - 1.0f) / 12.0f, var = l->sum_inner_db2 / n - mean * mean, both = l->sum_t_db / n - mean_t * mean;
  const float rest = var_t > 0.0f ? var - both * both / var_t : 0.0f;
  l->run.wobble_db = rest > 0.0f ? sqrtf(rest) : 0.0f;
}

/* The first and the last 20 ms are smeared by the window: a line seems to move there. */
static void add_inner(struct lines *l, float hz, float db) {
  if (l->hops >= 4) {
    add_level(l, l->tail_db[1] - l->level0_db);
    const float inner = l->tail_lo[1] - l->run.lo_hz0;
    l->inner++;
    l->sum_inner += inner;
    l->sum_inner2 += inner * inner;
    const float n = (float)l->inner, mean = l->sum_inner / n, var = l->sum_inner2 / n - mean * mean;
    l->run.spread_hz = var > 0.0f ? sqrtf(var) : 0.0f;
  } else {
    l->run.lo_hz0 = hz;
    l->level0_db = db;
  }
  l->tail_lo[1] = l->tail_lo[0];
  l->tail_lo[0] = hz;
  l->tail_db[1] = l->tail_db[0];
  l->tail_db[0] = db;
}

static void add(struct lines *l, const struct view *v, uint32_t now) {
  add_inner(l, v->lo_hz, v->db);
  l->hops++;
  l->sum_lo += v->lo_hz;
  l->sum_db += v->db;
  const float power = powf(10.0f, 0.1f * v->db);
  l->sum_purity += power * v->purity;
  l->sum_power += power;
  if (v->hi_hz > 0.0f) {
    l->sum_hi += v->hi_hz;
    l->hi_hops++;
  }
  l->last_lo = v->lo_hz;
  l->last_hi = v->hi_hz;
  l->last_db = v->db;
  if (v->db > l->run.max_db) l->run.max_db = v->db;
  l->run.end_hop = now + 1;
  l->run.lo_hz = l->sum_lo / (float)l->hops;
  l->run.hi_hz = 2 * l->hi_hops > l->hops ? l->sum_hi / (float)l->hi_hops : 0.0f;
  l->run.db = l->sum_db / (float)l->hops;
  l->run.purity = l->sum_purity / l->sum_power;
  l->missed = 0;
  l->gap = false;
}

static bool pure(const struct lines *l, const struct view *v) {
  const float level = l->sounding ? LEVEL_MIN_DB - 8.0f : LEVEL_MIN_DB; /* a beep may fade */
  return !v->dead && v->db > level && v->purity >= PURITY_MIN;
}

/* Near the run's own mean: at its edges and at the seams of concealed packets a line seems to move. */
static bool same(const struct lines *l, const struct view *v) {
  const float lo = l->hops >= 3 ? l->run.lo_hz : l->last_lo;
  if (fabsf(v->lo_hz - lo) > STEP_MAX_HZ + 0.005f * lo) return false;
  if (v->hi_hz > 0.0f && l->last_hi > 0.0f && fabsf(v->hi_hz - l->last_hi) > 2.0f * STEP_MAX_HZ) return false;
  return v->db > l->run.db - 20.0f;
}

static uint8_t patience(const struct lines *l, const struct view *v) {
  if (l->gap) return GAP_HOPS_MAX;
  if (l->hops >= 6 && v->db > l->run.db - 12.0f && fabsf(v->lo_hz - l->run.lo_hz) < 60.0f) return SEAM_HOPS_MAX;
  return MISS_HOPS_MAX;
}

enum lines_change lines_step(struct lines *l, const struct view *v, uint32_t now) {
  const float two_ago = l->before_db[1];
  l->before_db[1] = l->before_db[0];
  l->before_db[0] = v->db;
  l->run.fall_db = two_ago - v->db;
  l->run.drop_db = l->last_db - v->fresh_db;
  if (pure(l, v) && l->sounding && same(l, v)) {
    add(l, v, now);
    return LINES_NONE;
  }
  enum lines_change change = LINES_NONE;
  const bool young = l->sounding && l->hops < YOUNG_HOPS && now - l->run.start_hop < YOUNG_HOPS && pure(l, v);
  if (l->sounding && !young) {
    l->missed++;
    if (v->dead) l->gap = true;
    if (l->missed <= patience(l, v)) return LINES_NONE;
    l->sounding = false;
    change = LINES_ENDED;
  }
  if (change == LINES_NONE && pure(l, v)) {
    start(l, v, now);
    add(l, v, now);
  }
  return change;
}

bool lines_still(const struct lines *l) {
  return l->run.purity >= STILL_PURITY && l->run.spread_hz <= STILL_HZ + STILL_SHARE * l->run.lo_hz;
}
