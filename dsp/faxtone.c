#include "dsp/faxtone.h"
#include <math.h>
#include <string.h>

enum { CNG_HOPS_MIN = 40, CNG_HOPS_MAX = 62, CED_HOPS_MIN = 40, V21_HOPS_MIN = 40 };
#define V21_SHARE_MIN 0.88f

void faxtone_init(struct faxtone *f) { memset(f, 0, sizeof *f); }

static enum screen_tone report(struct faxtone *f, enum screen_tone tone, int bit, float hz, uint32_t start_hop) {
  if (f->reported >> bit & 1) return SCREEN_TONE_NONE;
  f->reported = (uint8_t)(f->reported | 1 << bit);
  f->hz = (uint16_t)(hz + 0.5f);
  f->tone_hop = start_hop;
  return tone;
}

static bool cng_line(const struct line_run *r) { return r->hi_hz <= 0.0f && fabsf(r->lo_hz - 1100.0f) < 40.0f; }

static enum screen_tone cng_step(struct faxtone *f, const struct lines *l, enum lines_change change, bool spoken) {
  const struct line_run *r = &l->run;
  const uint32_t hops = r->end_hop - r->start_hop;
  if (!cng_line(r) || hops < CNG_HOPS_MIN) return SCREEN_TONE_NONE;
  if (change == LINES_ENDED) {
    if (hops > CNG_HOPS_MAX) return SCREEN_TONE_NONE;
    const uint32_t pause = r->start_hop - f->cng_end_hop;
    const bool second = f->cng_end_hop && pause > 250 && pause < 360;
    f->cng_end_hop = r->end_hop;
    if (second) return report(f, SCREEN_TONE_FAX_CNG, 0, r->lo_hz, r->start_hop);
  }
  if (!l->sounding || spoken) return SCREEN_TONE_NONE;
  return report(f, SCREEN_TONE_FAX_CNG, 0, r->lo_hz, r->start_hop);
}

static uint16_t leak(uint16_t count, bool yes, bool dead) {
  if (yes) return (uint16_t)(count + (count < 1000));
  if (dead) return count;
  return (uint16_t)(count > 3 ? count - 3 : 0);
}

enum screen_tone faxtone_step(struct faxtone *f, const struct view *v, const struct lines *l, enum lines_change change, bool spoken,
                              uint32_t now) {
  const bool loud = !v->dead && v->db > -52.0f;
  const bool ced = loud && v->purity > 0.9f && v->lo_share > 0.85f && fabsf(v->lo_hz - 2100.0f) < 25.0f;
  f->ced_hops = leak(f->ced_hops, ced, v->dead);
  const bool v21 = loud && v->v21_share > V21_SHARE_MIN;
  f->v21_hops = leak(f->v21_hops, v21, v->dead);
  if (f->ced_hops >= CED_HOPS_MIN) return report(f, SCREEN_TONE_FAX_CED, 1, 2100.0f, now + 1 - f->ced_hops);
  if (f->v21_hops >= V21_HOPS_MIN && !(l->sounding && l->run.end_hop - l->run.start_hop > 12))
    return report(f, SCREEN_TONE_FAX_V21, 2, 1750.0f, now + 1 - f->v21_hops);
  return cng_step(f, l, change, spoken);
}
