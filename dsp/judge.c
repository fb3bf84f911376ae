#include "dsp/judge.h"

enum { MACHINE_TICKS = 2, MONOLOGUE_MS = 5000, STEPS = 4 };

/* In silence a person is released when the model is below a limit that grows with the silence. */
struct patience {
  uint32_t quiet_ms;
  float machine_below;
};
struct preset {
  float machine_above;    /* while it talks */
  float machine_at_limit; /* when the law's time is up */
  struct patience steps[STEPS];
};
static const struct preset PRESETS[3] = {
    [SCREEN_QUICK] = {0.985f, 0.80f, {{160, 0.35f}, {300, 0.45f}, {500, 0.60f}, {900, 0.80f}}},
    [SCREEN_BALANCED] = {0.98f, 0.70f, {{160, 0.20f}, {500, 0.30f}, {900, 0.45f}, {1400, 0.50f}}},
    [SCREEN_LEAVE_MESSAGE] = {0.97f, 0.50f, {{300, 0.05f}, {700, 0.10f}, {1200, 0.20f}, {1700, 0.40f}}},
};

/* Three hops of slack, so that a verdict lies within the limit and not at it. */
static bool over(uint32_t from_hop, uint32_t limit_ms, uint32_t now) { return (now + 3 - from_hop) * HOP_MS >= limit_ms; }

void judge_init(struct judge *j) { *j = (struct judge){.machine = -1.0f}; }

static struct ruling rule(const struct judge *j, enum verdict verdict, enum verdict_reason reason) {
  const float p = j->machine < 0.0f ? 0.5f : j->machine;
  return (struct ruling){verdict, reason, (uint16_t)(p * 10000.0f + 0.5f)};
}

struct ruling judge_step(struct judge *j, const struct screen_params *params, const struct talk *t, uint32_t answered_hop, float machine,
                         uint32_t now) {
  const struct ruling wait = {VERDICT_NONE, REASON_NONE, 0};
  if (!t->started) {
    if (!t->candidate_hops && over(answered_hop, params->dead_air_ms, now)) return (struct ruling){VERDICT_DEAD_AIR, REASON_NO_SOUND, 0};
    return wait;
  }
  const struct preset *p = &PRESETS[params->preset];
  if (machine >= 0.0f) {
    j->machine = machine;
    j->machine_ticks = (uint8_t)(machine > p->machine_above ? j->machine_ticks + (j->machine_ticks < 100) : 0);
    if (j->machine_ticks >= MACHINE_TICKS) return rule(j, VERDICT_MACHINE, t->quiet_hops ? REASON_CADENCE : REASON_LONG_GREETING);
  }
  if ((t->greeting_ended && over(t->greeting_end_hop, params->hold_ms, now)) || over(t->onset_hop, params->speech_cap_ms, now)) {
    if (j->machine > p->machine_at_limit) return rule(j, VERDICT_MACHINE, REASON_CADENCE);
    return rule(j, VERDICT_PERSON, REASON_UNDECIDED);
  }
  if (machine < 0.0f) return wait;
  for (int i = STEPS - 1; i >= 0; i--)
    if (t->quiet_hops * HOP_MS >= p->steps[i].quiet_ms)
      return machine < p->steps[i].machine_below ? rule(j, VERDICT_PERSON, REASON_SHORT_GREETING) : wait;
  return wait;
}

bool judge_monologue(const struct judge *j, const struct talk *t, uint32_t now) {
  return j->machine_ticks >= MACHINE_TICKS && t->speech_hops * HOP_MS >= MONOLOGUE_MS / 2 && talk_span_hops(t, now) * HOP_MS >= MONOLOGUE_MS;
}
