#include "dsp/talk.h"
#include <string.h>

enum { ONSET_HOPS = 8, ONSET_QUIET_HOPS_MAX = 6, PAUSE_HOPS_MIN = 20, RUN_BREAK_HOPS = 6, LONG_QUIET_HOPS = 12, RESUME_HOPS = 5 };

void talk_init(struct talk *t) { memset(t, 0, sizeof *t); }

static enum talk_change begin(struct talk *t, uint32_t now) {
  t->started = true;
  t->onset_hop = t->candidate_hop;
  t->speech_hops = t->candidate_hops;
  t->run_hops = t->first_run_hops = t->longest_run_hops = now + 1 - t->onset_hop;
  t->runs = 1;
  return TALK_STARTED;
}

static enum talk_change look_for_onset(struct talk *t, bool active, bool wait, bool tonal, uint32_t now) {
  if (tonal) {
    t->candidate_hops = 0;
    return TALK_NONE;
  }
  if (!active) {
    if (!t->candidate_hops) return TALK_NONE;
    if (++t->candidate_quiet == 1 && t->candidate_hops >= ONSET_HOPS && !wait) return begin(t, now); /* a pure vowel that was no tone */
    if (t->candidate_quiet > ONSET_QUIET_HOPS_MAX) t->candidate_hops = 0;
    return TALK_NONE;
  }
  t->candidate_quiet = 0;
  if (!t->candidate_hops) t->candidate_hop = now;
  t->candidate_hops++;
  if (wait || t->candidate_hops < ONSET_HOPS) return TALK_NONE;
  return begin(t, now);
}

static void speak(struct talk *t) {
  t->speech_hops++;
  if (t->quiet_hops) {
    if (t->quiet_hops >= PAUSE_HOPS_MIN) {
      t->pauses++;
      t->pause_hops += t->quiet_hops;
      t->last_pause_hops = t->quiet_hops;
    }
    if (t->quiet_hops > t->longest_pause_hops) t->longest_pause_hops = t->quiet_hops;
    if (t->quiet_hops >= RUN_BREAK_HOPS) {
      t->runs++;
      t->run_hops = 0;
    } else {
      t->run_hops += t->quiet_hops;
    }
  }
  t->quiet_hops = 0;
  t->run_hops++;
  if (t->run_hops > t->longest_run_hops) t->longest_run_hops = t->run_hops;
  if (t->runs == 1) t->first_run_hops = t->run_hops;
}

/* In a long silence a click or a distant voice does not make the speaker speak again. */
static bool resumes(struct talk *t, bool active) {
  if (t->quiet_hops < LONG_QUIET_HOPS) {
    t->resume = 0;
    return active;
  }
  t->resume = (uint8_t)(t->resume << 1 | (active ? 1 : 0));
  int n = 0;
  for (unsigned bits = t->resume; bits; bits >>= 1) n += (int)(bits & 1u);
  return active && n >= RESUME_HOPS;
}

enum talk_change talk_step(struct talk *t, bool active, bool strong, bool wait, bool tonal, uint32_t now) {
  if (!t->started) return look_for_onset(t, active, wait, tonal, now);
  if (strong && t->calm_hops > t->calm_longest_hops) t->calm_longest_hops = t->calm_hops;
  t->calm_hops = strong ? 0 : t->calm_hops + 1;
  if (resumes(t, active)) {
    speak(t);
    return TALK_NONE;
  }
  if (!t->quiet_hops++) t->quiet_start_hop = now;
  if (!t->greeting_ended && t->quiet_hops >= GREETING_SILENCE_HOPS) {
    t->greeting_ended = true;
    t->greeting_end_hop = t->quiet_start_hop;
    return TALK_GREETING_ENDED;
  }
  return TALK_NONE;
}

uint32_t talk_span_hops(const struct talk *t, uint32_t now) {
  if (!t->started) return 0;
  return (t->quiet_hops ? t->quiet_start_hop : now + 1) - t->onset_hop;
}
