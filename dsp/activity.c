#include "dsp/activity.h"
#include <math.h>
#include <string.h>

enum { MIN_WINDOW_HOPS = 70, GAP_HOPS_MAX = 6, SETTLE_HOPS = 3, WARM_HOPS = 3 };
#define THRESHOLD_OVER_FLOOR_DB 9.0f
#define THRESHOLD_LOWEST_DB (-72.0f)
#define RANGE_UNDER_SPEECH_DB 23.0f
#define STRONG_UNDER_SPEECH_DB 14.0f
#define FLOOR_AT_START_MAX_DB (-48.0f)

void activity_init(struct activity *a) {
  memset(a, 0, sizeof *a);
  a->floor_db = -70.0f;
  a->speech_db = a->smooth_db = a->min_now = a->min_before = -100.0f;
}

static void follow_floor(struct activity *a, float db) {
  if (!a->primed) {
    /* A call may begin in mid-word: the first level is no floor. */
    a->primed = true;
    a->floor_db = a->min_before = a->min_now = fminf(db, FLOOR_AT_START_MAX_DB);
    a->smooth_db = db;
  }
  a->smooth_db += 0.5f * (db - a->smooth_db);
  if (a->smooth_db < a->min_now) a->min_now = a->smooth_db;
  if (++a->min_hops >= MIN_WINDOW_HOPS) {
    a->min_hops = 0;
    a->min_before = a->min_now;
    a->min_now = a->smooth_db;
  }
  const float lowest = fminf(a->min_now, a->min_before);
  /* Down at once, up by 25 dB a second at most. */
  a->floor_db = lowest < a->floor_db ? lowest : fminf(lowest, a->floor_db + 0.25f);
}

static bool gap(struct activity *a, const struct view *v) {
  if (!v->dead) {
    if (a->dead_hops && a->dead_hops <= GAP_HOPS_MAX) a->settle_hops = SETTLE_HOPS;
    a->dead_hops = 0;
  } else if (a->dead_hops < UINT16_MAX) {
    a->dead_hops++;
  }
  return a->dead_hops && a->dead_hops <= GAP_HOPS_MAX;
}

bool activity_step(struct activity *a, const struct view *v, bool tonal) {
  if (a->warm_hops < WARM_HOPS) { /* the window is not full yet */
    a->warm_hops++;
    return false;
  }
  const bool in_gap = gap(a, v);
  if (in_gap && a->active && !tonal) return true; /* may be a lost packet: hold */
  if (a->settle_hops)
    a->settle_hops--;
  else if (!in_gap && !tonal)
    follow_floor(a, fmaxf(v->db, -90.0f));
  float threshold = fmaxf(a->floor_db + THRESHOLD_OVER_FLOOR_DB, THRESHOLD_LOWEST_DB);
  threshold = fmaxf(threshold, a->speech_db - RANGE_UNDER_SPEECH_DB);
  a->strong = !tonal && !v->dead && v->db > threshold && v->db > a->speech_db - STRONG_UNDER_SPEECH_DB;
  const bool loud = !tonal && !v->dead && v->db > threshold;
  a->history = (uint8_t)(a->history << 1 | (loud ? 1 : 0));
  const unsigned last = a->history & 7u;
  a->active = (last & 1u) + (last >> 1 & 1u) + (last >> 2) >= 2u;
  if (a->active && v->db > a->speech_db)
    a->speech_db += 0.2f * (v->db - a->speech_db) + (a->speech_db < -90.0f ? 0.8f * (v->db - a->speech_db) : 0.0f);
  else if (a->active && a->speech_db > -90.0f)
    a->speech_db -= 0.03f;
  return a->active;
}
