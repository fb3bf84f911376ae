#include <dsp/tone_plan.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SLACK_MS = 35, SLACK_PERCENT = 12 };
#define SLACK_HZ 18.0f

/* Lines of unequal level pull the middle of a pair towards the louder one. */
static bool sounds_like(const struct plan_tone *t, float hz) {
  const float second = t->hz2 ? (float)t->hz2 : (float)t->hz1;
  const float middle = 0.5f * ((float)t->hz1 + second), half = 0.4f * fabsf(second - (float)t->hz1);
  return fabsf(hz - middle) <= half + SLACK_HZ;
}

static bool about(int heard_ms, int planned_ms) { return abs(heard_ms - planned_ms) <= SLACK_MS + planned_ms * SLACK_PERCENT / 100; }

static bool step_fits(const struct plan_step *heard, const struct plan_step *planned, bool open_off) {
  if (!about(heard->on_ms, planned->on_ms)) return false;
  return open_off ? heard->off_ms <= planned->off_ms + SLACK_MS + planned->off_ms * SLACK_PERCENT / 100
                  : about(heard->off_ms, planned->off_ms);
}

static bool rhythm_fits(const struct plan_tone *t, const struct plan_heard *h, int first) {
  for (int i = 0; i < h->pairs; i++)
    if (!step_fits(&h->pair[i], &t->step[(first + i) % t->steps], h->open_off && i == h->pairs - 1)) return false;
  return true;
}

uint32_t tone_plan_match(const struct tone_plan *plan, const struct plan_heard *heard) {
  uint32_t found = 0;
  if (!plan || heard->pairs == 0) return 0;
  for (int i = 0; i < plan->count; i++) {
    const struct plan_tone *t = &plan->tones[i];
    if (!sounds_like(t, heard->hz)) continue;
    for (int first = 0; first < t->steps; first++)
      if (rhythm_fits(t, heard, first)) found |= 1u << t->tone;
  }
  return found;
}
