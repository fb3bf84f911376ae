#include "dsp/beep.h"
#include <math.h>
#include <string.h>

enum {
  BEEP_HOPS_MIN = 9,
  LOW_HOPS_MIN = 10,
  SHORT_HOPS = 12,
  LONG_HOPS = 16, /* long enough to be sure of a beep that noise covers */
  BEEP_HOPS_MAX = 200,
  FALL_HOPS = 4, /* a generator stops at once: a voice fades, and its line has wandered off before */
  ENDED_HOPS_MAX = 10,
  GAP_HOPS = 3, /* less may be a lost packet */
  LOST_HOPS = 8,
  SEAM_HOPS = 8,
  CARRIED_HOPS_MIN = 5
};
#define BEEP_HZ_MIN 390.0f
#define BEEP_HZ_MAX 2600.0f
#define FALL_DB 9.0f
#define DEATH_DB 5.0f
#define SURE_DROP_DB 12.0f
#define LOW_HZ 600.0f /* below, vowels come close to a pure line */
#define IMPURE_LOW_MAX 0.009f
#define IMPURE_MAX 0.013f
#define NOISE_SHARE_MAX 0.04f
#define WOBBLE_DB 1.0f /* more than this must be very pure */
#define WILD_DB 2.5f
#define DEAD_STILL_DB 0.25f /* no voice */
#define DEAD_STILL_HZ 0.6f
#define NOISY_WOBBLE_DB 0.6f
#define NOISY_SPREAD_HZ 1.5f
#define IMPURE_WOBBLY_MAX 0.006f
#define KEYPAD_SHARE 0.013f

void beep_init(struct beep *b) { memset(b, 0, sizeof *b); }

/* A keypad digit is two lines of the 4 by 4 grid; no beep that we know sits on it. */
static bool keypad(const struct line_run *r) {
  static const float low[] = {697, 770, 852, 941}, high[] = {1209, 1336, 1477, 1633};
  bool l = false, h = false;
  for (int i = 0; i < 4; i++) {
    l |= fabsf(r->lo_hz - low[i]) < KEYPAD_SHARE * low[i];
    h |= fabsf(r->hi_hz - high[i]) < KEYPAD_SHARE * high[i];
  }
  return l && h;
}

static float noise_share(const struct line_run *r, float floor_db) {
  return fminf(powf(10.0f, 0.1f * (floor_db + 2.0f - r->db)), NOISE_SHARE_MAX);
}

/* As pure as a generator, but for the noise that the line has anyway; a voice that fades is neither straight nor still. */
static bool pure(const struct line_run *r, uint32_t hops, float floor_db) {
  const float impure = 1.0f - r->purity;
  if (r->wobble_db <= DEAD_STILL_DB && r->spread_hz <= DEAD_STILL_HZ) return impure <= IMPURE_MAX + noise_share(r, floor_db);
  if (r->lo_hz < LOW_HZ && r->wobble_db > WILD_DB) return false;
  if (r->lo_hz < LOW_HZ && (r->wobble_db > WOBBLE_DB || hops < SHORT_HOPS)) return impure <= IMPURE_WOBBLY_MAX;
  const bool steady = hops >= LONG_HOPS && r->wobble_db <= NOISY_WOBBLE_DB && r->spread_hz <= NOISY_SPREAD_HZ;
  const float noise = steady ? noise_share(r, floor_db) : 0.0f;
  return impure <= (r->lo_hz < LOW_HZ ? IMPURE_LOW_MAX : IMPURE_MAX) + noise;
}

/* A run that begins where one of the same frequency was torn off is the same beep. */
static void follow_run(struct beep *b, const struct line_run *r) {
  if (r->start_hop != b->run_start_hop) {
    const bool torn =
        !b->fired && b->run_end_hop && r->start_hop - b->run_end_hop <= SEAM_HOPS && fabsf(r->lo_hz - b->run_hz) < 0.01f * b->run_hz;
    b->carried_hops = (uint16_t)(torn ? b->carried_hops + (b->run_end_hop - b->run_start_hop) : 0);
    b->fired = false;
    b->run_start_hop = r->start_hop;
  }
  b->run_end_hop = r->end_hop;
  b->run_hz = r->lo_hz;
}

/* A beep may die away into the noise of the line: no fall, but a still line whose level fell straight. */
static bool died_away(const struct line_run *r, uint32_t hops, float last_db) {
  return hops >= LONG_HOPS && r->wobble_db <= NOISY_WOBBLE_DB && r->spread_hz <= NOISY_SPREAD_HZ && r->max_db - last_db > DEATH_DB;
}

static bool ended(const struct beep *b, const struct line_run *r, const struct view *v, uint32_t now) {
  if (v->dead) return b->dead_hops >= (v->lost ? LOST_HOPS : GAP_HOPS);
  const uint32_t since = now + 1 - r->end_hop; /* 0: the window still shows the line, only the newest 10 ms may tell */
  if (since == 0) return r->drop_db >= SURE_DROP_DB;
  if (since > FALL_HOPS && !b->dead_before) return false;
  return r->drop_db >= FALL_DB || r->fall_db >= FALL_DB || v->db <= r->max_db - 2.0f * FALL_DB;
}

bool beep_step(struct beep *b, const struct view *v, const struct lines *l, bool spoken, float floor_db, uint32_t now) {
  const struct line_run *r = &l->run;
  follow_run(b, r);
  const uint32_t own = r->end_hop - r->start_hop, hops = own < CARRIED_HOPS_MIN ? own : own + b->carried_hops;
  b->dead_before = b->dead_hops > 0;
  b->dead_hops = (uint16_t)(v->dead ? b->dead_hops + (b->dead_hops < 1000) : 0);
  if (b->fired || hops < (r->lo_hz < LOW_HZ ? LOW_HOPS_MIN : BEEP_HOPS_MIN) || hops > BEEP_HOPS_MAX) return false;
  if (!spoken || now + 1 - r->end_hop > ENDED_HOPS_MAX || r->lo_hz < BEEP_HZ_MIN || r->lo_hz > BEEP_HZ_MAX || keypad(r)) return false;
  if (r->max_db < floor_db + 10.0f || !pure(r, hops, floor_db) || !lines_still(l)) return false;
  const bool died = now + 1 - r->end_hop >= FALL_HOPS && died_away(r, hops, l->last_db);
  if (!died && !ended(b, r, v, now)) return false;
  b->fired = true;
  b->end_hop = r->end_hop;
  b->hz = (uint16_t)(r->lo_hz + 0.5f);
  return true;
}
