#include "dsp/judge.h"

enum {
  MACHINE_TICKS = 2,
  LATE_TICKS = 5,
  LATE_WITHIN_MS = 8000,
  LATE_PAUSE_HOPS_MAX = 150,
  MONOLOGUE_MS = 4500,
  LONG_MONOLOGUE_MS = 6000,
  CALM_MS = 1400,
  FEW_WORDS_MS = 1200,
  REPEAT_QUIET_MS = 400
};
#define CALM_MACHINE 0.8f /* somebody spoke near by and has stopped; what goes on is the room behind them */
#define MONOLOGUE_MACHINE 0.8f
#define LATE_MACHINE 0.85f
#define MONOLOGUE_RATIO 0.7f

/* Limits need not grow with the silence: the model knows how long it is, and in a pause its word for a machine falls as it does for
 * a person. leave-message looks once, at 0.4 s: who is not sure then waits until a greeting would have gone on. balanced looks twice, at
 * 0.32 s and about 0.64 s: behind many people no room is heard, and the first look is unsure of them. */
static const struct judge_preset PRESETS[3] = {
    [SCREEN_QUICK] = {0.985f,
                      1000,
                      0.85f,
                      0.60f,
                      {160, 320, 400, 440, 480, 640, 800, 1000, 1200, 1400, 1600},
                      {0.15f, 0.38f, 0.415f, 0.4325f, 0.45f, 0.50f, 0.55f, 0.70f, 1.0f, 1.0f, 1.0f}},
    [SCREEN_BALANCED] = {0.985f,
                         1800,
                         0.72f,
                         0.64f,
                         {160, 320, 380, 580, 640, 800, 840, 1000, 1200, 1400, 1600},
                         {0.04f, 0.34f, 0.02f, 0.02f, 0.30f, 0.15f, 0.03f, 0.03f, 0.03f, 0.03f, 0.03f}},
    [SCREEN_LEAVE_MESSAGE] = {0.975f,
                              1900,
                              0.50f,
                              0.50f,
                              {160, 320, 400, 440, 480, 640, 800, 1000, 1200, 1400, 1600},
                              {0.06f, 0.16f, 0.28f, 0.02f, 0.02f, 0.02f, 0.03f, 0.03f, 0.03f, 0.03f, 0.95f}},
};

const struct judge_preset *judge_preset(enum screen_preset preset) { return &PRESETS[preset]; }

/* Three hops of slack, so that a verdict lies within the limit and not at it. */
static bool over(uint32_t from_hop, uint32_t limit_ms, uint32_t now) { return (now + 3 - from_hop) * HOP_MS >= limit_ms; }

void judge_init(struct judge *j) { *j = (struct judge){.machine = -1.0f}; }

static struct ruling rule(const struct judge *j, enum verdict verdict, enum verdict_reason reason) {
  const float p = j->machine < 0.0f ? 0.5f : j->machine;
  return (struct ruling){verdict, reason, (uint16_t)(p * 10000.0f + 0.5f)};
}

static float person_below(const struct judge_preset *p, uint32_t quiet_ms) {
  if (quiet_ms < p->quiet_ms[0]) return -1.0f;
  for (int i = 1; i < JUDGE_STEPS; i++)
    if (quiet_ms < p->quiet_ms[i]) {
      const float part = (float)(quiet_ms - p->quiet_ms[i - 1]) / (float)(p->quiet_ms[i] - p->quiet_ms[i - 1]);
      return p->person_below[i - 1] + part * (p->person_below[i] - p->person_below[i - 1]);
    }
  return p->person_below[JUDGE_STEPS - 1];
}

/* "Hello? ... Hello?": a recording has more to say by now. */
static bool few_words(const struct talk *t) { return t->quiet_hops * HOP_MS >= REPEAT_QUIET_MS && t->speech_hops * HOP_MS < FEW_WORDS_MS; }

struct ruling judge_step(struct judge *j, const struct screen_params *params, const struct talk *t, uint32_t answered_hop,
                         const struct opinion *opinion, uint32_t now) {
  const struct ruling wait = {VERDICT_NONE, REASON_NONE, 0};
  if (!t->started) {
    if (!t->candidate_hops && over(answered_hop, params->dead_air_ms, now)) return (struct ruling){VERDICT_DEAD_AIR, REASON_NO_SOUND, 0};
    return wait;
  }
  const struct judge_preset *p = &PRESETS[params->preset];
  if (opinion->asked) {
    j->machine = opinion->machine;
    j->machine_ticks = (uint8_t)(j->machine > p->machine_above ? j->machine_ticks + (j->machine_ticks < 100) : 0);
    j->late_ticks = (uint8_t)(j->machine > LATE_MACHINE ? j->late_ticks + (j->late_ticks < 100) : 0);
    if (j->machine_ticks >= MACHINE_TICKS) return rule(j, VERDICT_MACHINE, t->quiet_hops ? REASON_CADENCE : REASON_LONG_GREETING);
  }
  const uint32_t hold_ms = p->hold_ms < params->hold_ms ? p->hold_ms : params->hold_ms;
  const bool held = t->greeting_ended && over(t->greeting_end_hop, hold_ms, now);
  if (held || over(t->onset_hop, params->speech_cap_ms, now)) {
    if (!(held && few_words(t)) && j->machine > (held ? p->machine_at_hold : p->machine_at_cap))
      return rule(j, VERDICT_MACHINE, REASON_CADENCE);
    return rule(j, VERDICT_PERSON, REASON_UNDECIDED);
  }
  if (!opinion->asked) return wait;
  const bool calm = opinion->machine < CALM_MACHINE && t->calm_hops * HOP_MS >= CALM_MS;
  if (calm || opinion->silence < person_below(p, t->quiet_hops * HOP_MS)) return rule(j, VERDICT_PERSON, REASON_SHORT_GREETING);
  return wait;
}

bool judge_late(const struct judge *j, const struct talk *t, uint32_t now) {
  /* The model knows greetings; what is said later, or after somebody else's turn, belongs to a conversation. */
  const bool greeting = t->longest_pause_hops < LATE_PAUSE_HOPS_MAX && !over(t->onset_hop, LATE_WITHIN_MS, now);
  if (greeting && (j->late_ticks >= LATE_TICKS || j->machine_ticks >= MACHINE_TICKS)) return true;
  if (t->quiet_hops) return false;
  const uint32_t span_ms = talk_span_hops(t, now) * HOP_MS;
  if ((float)(t->speech_hops * HOP_MS) < MONOLOGUE_RATIO * (float)span_ms) return false;
  return span_ms >= LONG_MONOLOGUE_MS || (span_ms >= MONOLOGUE_MS && j->machine > MONOLOGUE_MACHINE);
}
