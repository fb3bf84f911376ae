#include "dsp/judge.h"

/* One hop of slack, so that a verdict lies within the limit and not at it. */
static bool over(uint32_t from_hop, uint32_t limit_ms, uint32_t now) { return (now + 3 - from_hop) * HOP_MS >= limit_ms; }

struct patience {
  uint32_t talk_ms;  /* up to this much talk ... */
  uint32_t quiet_ms; /* ... this much silence means that it is our turn */
};
static const struct patience PATIENCE[3][4] = {
    [SCREEN_QUICK] = {{900, 200}, {1800, 280}, {3000, 400}, {UINT32_MAX, 700}},
    [SCREEN_BALANCED] = {{1100, 280}, {2200, 380}, {3200, 600}, {4600, 900}},
    [SCREEN_LEAVE_MESSAGE] = {{1100, 900}, {2200, 1100}, {3200, 1200}, {4600, 1600}},
};
enum { LONG_TALK_MS = 4700 };

struct ruling judge(const struct screen_params *params, const struct talk *t, uint32_t answered_hop, uint32_t now) {
  const struct ruling wait = {VERDICT_NONE, REASON_NONE, 0};
  const struct ruling person = {VERDICT_PERSON, REASON_SHORT_GREETING, 0};
  const struct ruling undecided = {VERDICT_PERSON, REASON_UNDECIDED, 0};
  const struct ruling machine = {VERDICT_MACHINE, REASON_LONG_GREETING, 0};
  if (!t->started) {
    if (!t->candidate_hops && over(answered_hop, params->dead_air_ms, now)) return (struct ruling){VERDICT_DEAD_AIR, REASON_NO_SOUND, 0};
    return wait;
  }
  const uint32_t talk_ms = talk_span_hops(t, now) * HOP_MS, quiet_ms = t->quiet_hops * HOP_MS;
  const bool greeting_late = t->greeting_ended && over(t->greeting_end_hop, params->hold_ms, now);
  const bool speech_late = over(t->onset_hop, params->speech_cap_ms, now);
  if (talk_ms >= LONG_TALK_MS) return machine;
  if (greeting_late || speech_late) return undecided;
  for (int i = 0; i < 4; i++) {
    const struct patience *p = &PATIENCE[params->preset][i];
    if (talk_ms > p->talk_ms) continue;
    return quiet_ms >= p->quiet_ms ? person : wait;
  }
  return wait;
}

bool judge_monologue(const struct talk *t, uint32_t now) { return t->speech_hops * HOP_MS >= 5000 && talk_span_hops(t, now) * HOP_MS >= 6000; }
