#include "dsp/beep.h"
#include <math.h>
#include <string.h>

enum { BEEP_HOPS_MIN = 8, BEEP_HOPS_MAX = 200, ENDED_HOPS_MAX = 10, GAP_HOPS = 5 /* less may be a lost packet */ };
#define BEEP_HZ_MIN 390.0f
#define BEEP_HZ_MAX 2600.0f
#define FALL_DB 9.0f
#define LOW_HZ 600.0f /* below, vowels come close to a pure line */
#define PURITY_LOW_MIN 0.991f
#define PURITY_MIN 0.987f

void beep_init(struct beep *b) { memset(b, 0, sizeof *b); }

/* A keypad digit is two lines of the 4 by 4 grid; no beep that we know sits on it. */
static bool keypad(const struct line_run *r) {
  static const float low[] = {697, 770, 852, 941}, high[] = {1209, 1336, 1477, 1633};
  bool l = false, h = false;
  for (int i = 0; i < 4; i++) {
    l |= fabsf(r->lo_hz - low[i]) < 0.02f * low[i];
    h |= fabsf(r->hi_hz - high[i]) < 0.02f * high[i];
  }
  return l && h;
}

bool beep_step(struct beep *b, const struct view *v, const struct lines *l, bool spoken, float floor_db, uint32_t now) {
  const struct line_run *r = &l->run;
  const uint32_t hops = r->end_hop - r->start_hop;
  b->dead_hops = (uint16_t)(v->dead ? b->dead_hops + (b->dead_hops < 1000) : 0);
  if (!hops || (l->sounding && hops < BEEP_HOPS_MIN)) b->fired = false;
  if (b->fired || hops < BEEP_HOPS_MIN || hops > BEEP_HOPS_MAX || now - r->end_hop > ENDED_HOPS_MAX) return false;
  if (!spoken || r->lo_hz < BEEP_HZ_MIN || r->lo_hz > BEEP_HZ_MAX || keypad(r)) return false;
  if (r->max_db < floor_db + 10.0f || r->purity < (r->lo_hz < LOW_HZ ? PURITY_LOW_MIN : PURITY_MIN)) return false;
  if (!lines_still(l)) return false;
  if (v->dead ? b->dead_hops < GAP_HOPS : r->fall_db < FALL_DB && v->db > r->max_db - 2.0f * FALL_DB) return false;
  b->fired = true;
  b->end_hop = r->end_hop;
  b->hz = (uint16_t)(r->lo_hz + 0.5f);
  return true;
}
