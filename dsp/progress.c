#include "dsp/progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  MISS_HOPS_MAX = 2,
  GAP_HOPS_MAX = 7,
  BURST_HOPS_MIN = 12,
  PERIOD_HOPS_MIN = 30,
  PERIOD_HOPS_MAX = 165,
  BUSY_PERIOD_HOPS = 60, /* slower is busy, faster is reorder */
  PERIOD_SLACK_HOPS = 6,
  UNEQUAL_HOPS = 11,
  THIRD_BURST_HOPS = 6,
  RING_HOPS_MIN = 60,
  RING_QUIET_HOPS = 135,
  DIAL_HOPS_MIN = 235,
  SIT_PART_HOPS_MIN = 10,
  SIT_PART_HOPS_MAX = 52,
  SIT_LAST_HOPS = 16,
  SIT_GAP_HOPS_MAX = 12
};
#define LOW_SHARE_MIN 0.86f
#define LEVEL_MIN_DB (-54.0f)
#define PURITY_MIN 0.93f
#define SAME_HZ 16.0f
#define SPREAD_MAX_HZ 12.0f
#define QUIET_BELOW_DB 11.0f

void progress_init(struct progress *p, const struct tone_plan *plan) {
  memset(p, 0, sizeof *p);
  p->plan = plan;
}

static float mean_hz(const struct progress *p) { return p->hops ? p->sum_hz / (float)p->hops : 0.0f; }
static float spread_hz(const struct progress *p) {
  const float m = mean_hz(p), var = p->sum_hz2 / (float)p->hops - m * m;
  return var > 0.0f ? sqrtf(var) : 0.0f;
}
static bool steady(const struct progress *p) { return p->hops >= 4 && spread_hz(p) <= SPREAD_MAX_HZ; }

uint32_t progress_steady_hops(const struct progress *p) {
  return p->on && steady(p) && p->sum_purity > PURITY_MIN * (float)p->hops ? p->hops : 0;
}

static enum screen_tone report(struct progress *p, enum screen_tone tone, float hz, uint32_t start_hop) {
  if ((unsigned)p->reported >> tone & 1u) return SCREEN_TONE_NONE;
  p->reported = (uint16_t)(p->reported | 1u << tone);
  p->hz = (uint16_t)(hz + 0.5f);
  p->tone_hop = start_hop;
  return tone;
}

static bool low_sound(const struct progress *p, const struct view *v) {
  if (v->dead || v->db < LEVEL_MIN_DB || v->low_share < LOW_SHARE_MIN) return false;
  if (p->on && p->hops >= 3 && (fabsf(v->low_hz - mean_hz(p)) > 2.0f * SAME_HZ || v->db < p->max_db - QUIET_BELOW_DB)) return false;
  return true;
}

static void burst_end(struct progress *p) {
  p->on = false;
  if (p->hops < BURST_HOPS_MIN || !steady(p)) {
    p->disturbed = true;
    return;
  }
  const struct burst b = {.start_hop = p->start_hop, .end_hop = p->end_hop, .hz = mean_hz(p), .db = p->sum_db / (float)p->hops};
  if (p->disturbed) p->count = 0;
  p->disturbed = false;
  if (p->count == PROGRESS_BURSTS) {
    memmove(p->bursts, p->bursts + 1, sizeof p->bursts - sizeof p->bursts[0]);
    p->count--;
  }
  p->bursts[p->count++] = b;
}

static bool alike(const struct burst *a, float hz, float db) { return fabsf(a->hz - hz) <= SAME_HZ && fabsf(a->db - db) <= 5.0f; }

/* Which tones of the plan the finished bursts can be; the one that sounds now only ends the last pause. */
static uint32_t planned(const struct progress *p, int *pairs) {
  const struct burst *last = &p->bursts[p->count - 1];
  struct plan_heard h = {.hz = last->hz};
  for (int i = 0; i < p->count; i++) {
    const struct burst *b = &p->bursts[i];
    if (!alike(b, last->hz, last->db)) return 0;
    const uint32_t next = i + 1 < p->count ? p->bursts[i + 1].start_hop : p->start_hop;
    h.pair[h.pairs++] = (struct plan_step){(uint16_t)((b->end_hop - b->start_hop) * HOP_MS), (uint16_t)((next - b->end_hop) * HOP_MS)};
  }
  *pairs = h.pairs;
  return tone_plan_match(p->plan, &h);
}

/* SCREEN_TONE_COUNT: the plan knows more than one tone that begins like this; wait. */
static enum screen_tone by_plan(struct progress *p) {
  int pairs = 0;
  const uint32_t found = p->plan ? planned(p, &pairs) : 0;
  if (!found) return SCREEN_TONE_NONE;
  const bool one = (found & (found - 1)) == 0;
  if (pairs < 2 || (!one && pairs < PROGRESS_BURSTS)) return SCREEN_TONE_COUNT;
  int tone = 0;
  while (!(found >> tone & 1u)) tone++;
  return (enum screen_tone)tone;
}

/* Two equal periods, start to start, of one frequency: the third burst need only have begun. */
static enum screen_tone busy_or_reorder(struct progress *p) {
  if (p->disturbed || p->count < 2 || p->hops < THIRD_BURST_HOPS || !steady(p)) return SCREEN_TONE_NONE;
  const struct burst *a = &p->bursts[p->count - 2], *b = &p->bursts[p->count - 1];
  const enum screen_tone plan = fabsf(b->hz - mean_hz(p)) <= SAME_HZ ? by_plan(p) : SCREEN_TONE_NONE;
  if (plan != SCREEN_TONE_NONE) return plan == SCREEN_TONE_COUNT ? SCREEN_TONE_NONE : report(p, plan, b->hz, a->start_hop);
  const int first = (int)(b->start_hop - a->start_hop), second = (int)(p->start_hop - b->start_hop);
  const int off1 = (int)(b->start_hop - a->end_hop), off2 = (int)(p->start_hop - b->end_hop);
  if (abs(first - second) > PERIOD_SLACK_HOPS || first < PERIOD_HOPS_MIN || first > PERIOD_HOPS_MAX) return SCREEN_TONE_NONE;
  if (off1 < 10 || off2 < 10 || off1 > 85 || off2 > 85) return SCREEN_TONE_NONE;
  if (fabsf(a->hz - b->hz) > SAME_HZ || fabsf(b->hz - mean_hz(p)) > SAME_HZ || fabsf(a->db - b->db) > 5.0f) return SCREEN_TONE_NONE;
  const int on1 = (int)(a->end_hop - a->start_hop), on2 = (int)(b->end_hop - b->start_hop);
  const bool limping = abs(on1 - on2) > UNEQUAL_HOPS; /* 0.4 and 0.225 s in turn: reorder in some countries */
  return report(p, first >= BUSY_PERIOD_HOPS && !limping ? SCREEN_TONE_BUSY : SCREEN_TONE_REORDER, b->hz, a->start_hop);
}

static enum screen_tone ringback(struct progress *p, uint32_t now) {
  if (p->on || p->disturbed || !p->count) return SCREEN_TONE_NONE;
  const struct burst *b = &p->bursts[p->count - 1];
  const int on = (int)(b->end_hop - b->start_hop), quiet = (int)(now - b->end_hop);
  if (quiet < RING_QUIET_HOPS || b->hz < 330.0f || b->hz > 560.0f) return SCREEN_TONE_NONE;
  if (on >= RING_HOPS_MIN) return report(p, SCREEN_TONE_RINGBACK, b->hz, b->start_hop);
  if (p->count < 2 || on < 30) return SCREEN_TONE_NONE;
  const struct burst *a = b - 1;
  const int gap = (int)(b->start_hop - a->end_hop), on1 = (int)(a->end_hop - a->start_hop);
  if (gap < 12 || gap > 32 || on1 < 30 || fabsf(a->hz - b->hz) > SAME_HZ) return SCREEN_TONE_NONE;
  return report(p, SCREEN_TONE_RINGBACK, b->hz, a->start_hop);
}

static enum screen_tone low_step(struct progress *p, const struct view *v, uint32_t now) {
  if (low_sound(p, v)) {
    if (!p->on) {
      p->on = true;
      p->start_hop = now;
      p->hops = 0;
      p->sum_hz = p->sum_hz2 = p->sum_db = p->sum_purity = 0.0f;
      p->max_db = v->db;
    }
    p->missed = 0;
    p->gap = false;
    p->end_hop = now + 1;
    p->hops++;
    p->sum_hz += v->low_hz;
    p->sum_hz2 += v->low_hz * v->low_hz;
    p->sum_db += v->db;
    p->sum_purity += v->purity;
    if (v->db > p->max_db) p->max_db = v->db;
    if (p->hops >= DIAL_HOPS_MIN && steady(p) && mean_hz(p) < 520.0f) return report(p, SCREEN_TONE_DIAL, mean_hz(p), p->start_hop);
    return busy_or_reorder(p);
  }
  if (p->on) {
    if (v->dead) p->gap = true;
    if (++p->missed > (p->gap ? GAP_HOPS_MAX : MISS_HOPS_MAX)) burst_end(p);
    return SCREEN_TONE_NONE;
  }
  if (p->count) {
    const struct burst *b = &p->bursts[p->count - 1];
    if (now - b->end_hop > 4 && v->db > b->db - QUIET_BELOW_DB) p->disturbed = true;
  }
  return ringback(p, now);
}

static int sit_part(const struct line_run *r) {
  if (r->lo_hz > 885.0f && r->lo_hz < 1015.0f) return 0;
  if (r->lo_hz > 1330.0f && r->lo_hz < 1470.0f) return 1;
  if (r->lo_hz > 1720.0f && r->lo_hz < 1860.0f) return 2;
  return -1;
}

/* The first tone low or high, the first two short or long (276 or 380 ms) name the class. */
static enum screen_tone sit_class(const struct line_run *a, const struct line_run *b) {
  const bool low1 = a->lo_hz < 935.0f, middle1 = a->lo_hz >= 935.0f && a->lo_hz < 967.0f;
  const bool low2 = b->lo_hz < 1399.0f;
  const bool short1 = b->start_hop - a->start_hop < 33;
  if (middle1 && a->lo_hz > 940.0f && a->lo_hz < 962.0f && b->lo_hz > 1385.0f && b->lo_hz < 1415.0f) return SCREEN_TONE_SIT;
  if (low1 && low2 && short1) return SCREEN_TONE_SIT_INTERCEPT;
  if (!low1 && low2) return SCREEN_TONE_SIT_VACANT;
  return SCREEN_TONE_SIT_NO_CIRCUIT;
}

static enum screen_tone sit_step(struct progress *p, const struct lines *l, enum lines_change change) {
  const struct line_run *r = &l->run;
  if (change == LINES_ENDED) {
    const uint32_t hops = r->end_hop - r->start_hop;
    if (hops < 5) return SCREEN_TONE_NONE;
    const int part = hops >= SIT_PART_HOPS_MIN && hops <= SIT_PART_HOPS_MAX ? sit_part(r) : -1;
    const bool follows = part > 0 && p->sit_parts == part && r->start_hop - p->sit[part - 1].end_hop <= SIT_GAP_HOPS_MAX;
    if (part == 0 || follows) {
      p->sit[part] = *r;
      p->sit_parts = (uint8_t)(part + 1);
    } else {
      p->sit_parts = 0;
    }
    return SCREEN_TONE_NONE;
  }
  if (!l->sounding || p->sit_parts != 2 || r->end_hop - r->start_hop < SIT_LAST_HOPS || sit_part(r) != 2) return SCREEN_TONE_NONE;
  if (r->start_hop - p->sit[1].end_hop > SIT_GAP_HOPS_MAX) return SCREEN_TONE_NONE;
  return report(p, sit_class(&p->sit[0], &p->sit[1]), p->sit[0].lo_hz, p->sit[0].start_hop);
}

enum screen_tone progress_step(struct progress *p, const struct view *v, const struct lines *l, enum lines_change change, uint32_t now) {
  const enum screen_tone sit = sit_step(p, l, change);
  const enum screen_tone low = low_step(p, v, now);
  return sit != SCREEN_TONE_NONE ? sit : low;
}
