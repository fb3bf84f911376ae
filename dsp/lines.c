#include "dsp/lines.h"
#include <math.h>
#include <string.h>

enum { MISS_HOPS_MAX = 2, GAP_HOPS_MAX = 6 };
#define PURITY_MIN 0.90f
#define LEVEL_MIN_DB (-52.0f)
#define STEP_MAX_HZ 7.0f

void lines_init(struct lines *l) { memset(l, 0, sizeof *l); }

static void start(struct lines *l, const struct view *v, uint32_t now) {
  memset(l, 0, sizeof *l);
  l->sounding = true;
  l->run = (struct line_run){.start_hop = now, .end_hop = now + 1, .db = v->db, .first_db = v->db, .max_db = v->db};
}

static void add(struct lines *l, const struct view *v, uint32_t now) {
  if (l->hops) {
    const float step = fabsf(v->lo_hz - l->last_lo);
    if (step > l->run.drift_hz) l->run.drift_hz = step;
  }
  l->hops++;
  l->sum_lo += v->lo_hz;
  l->sum_db += v->db;
  if (v->hi_hz > 0.0f) {
    l->sum_hi += v->hi_hz;
    l->hi_hops++;
  }
  l->last_lo = v->lo_hz;
  l->last_hi = v->hi_hz;
  l->run.last_db = v->db;
  if (v->db > l->run.max_db) l->run.max_db = v->db;
  l->run.end_hop = now + 1;
  l->run.lo_hz = l->sum_lo / (float)l->hops;
  l->run.hi_hz = 2 * l->hi_hops > l->hops ? l->sum_hi / (float)l->hi_hops : 0.0f;
  l->run.db = l->sum_db / (float)l->hops;
  l->missed = 0;
}

static bool pure(const struct view *v) { return !v->dead && v->db > LEVEL_MIN_DB && v->purity >= PURITY_MIN; }

static bool same(const struct lines *l, const struct view *v) {
  if (fabsf(v->lo_hz - l->last_lo) > STEP_MAX_HZ) return false;
  if (v->hi_hz > 0.0f && l->last_hi > 0.0f && fabsf(v->hi_hz - l->last_hi) > 2.0f * STEP_MAX_HZ) return false;
  return v->db > l->run.max_db - 20.0f;
}

enum lines_change lines_step(struct lines *l, const struct view *v, uint32_t now) {
  if (pure(v) && l->sounding && same(l, v)) {
    add(l, v, now);
    return LINES_NONE;
  }
  enum lines_change change = LINES_NONE;
  if (l->sounding) {
    l->missed++;
    if (l->missed <= (v->dead ? GAP_HOPS_MAX : MISS_HOPS_MAX)) return LINES_NONE;
    l->sounding = false;
    change = LINES_ENDED;
  }
  if (change == LINES_NONE && pure(v)) {
    start(l, v, now);
    add(l, v, now);
  }
  return change;
}
