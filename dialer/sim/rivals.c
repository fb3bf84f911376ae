/* Fixed ratios and the level rules; own code after published descriptions. */
#include "dialer/sim/rivals.h"
#include <math.h>
#include <pacing/pacer.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_EVERY_MS = 2500, ADAPT_EVERY_MS = 15000, DROPS_EVERY_MS = 60000, SAMPLE_EVERY_MS = 1000, SAMPLES = 15, DAY_FROM_HOUR = 9 };
static const double latest_hhmm = 2100;

static bool parse_level(const char *text, char after, double *out) {
  char *end;
  double v = strtod(text, &end);
  if (end == text || *end != after || !(v >= 0.5 && v <= 30)) return false;
  *out = v;
  return true;
}

static bool parse_vicidial(const char *text, struct rival *out) {
  static const char *const modes[] = {"ratio", "hard_limit", "tapered", "average"};
  char copy[96];
  if (strlen(text) >= sizeof copy) return false;
  strcpy(copy, text);
  char *save = NULL, *word = strtok_r(copy, ",", &save);
  int mode = 0;
  while (mode < 4 && (!word || strcmp(word, modes[mode]) != 0)) mode++;
  if (mode == 4) return false;
  *out =
      (struct rival){.kind = (enum rival_kind)(RIVAL_VICIDIAL_RATIO + mode), .level = mode == 0 ? 2 : 1, .level_most = 3, .dropped_pct = 3};
  while ((word = strtok_r(NULL, ",", &save)) != NULL) {
    double v = 0;
    char *eq = strchr(word, '='), *end = NULL;
    if (eq) {
      *eq = 0;
      v = strtod(eq + 1, &end);
      if (end == eq + 1 || *end || !(v >= -50 && v <= 100)) return false;
    }
    if (eq && strcmp(word, "level") == 0 && v >= 0.5)
      out->level = v;
    else if (eq && strcmp(word, "max") == 0 && v >= 1)
      out->level_most = v;
    else if (eq && strcmp(word, "pct") == 0 && v > 0)
      out->dropped_pct = v;
    else if (eq && strcmp(word, "target") == 0)
      out->target = v;
    else if (eq && strcmp(word, "intensity") == 0)
      out->intensity = v;
    else if (!eq && strcmp(word, "available") == 0)
      out->available_only = true;
    else
      return false;
  }
  return true;
}

bool rival_parse(const char *text, struct rival *out) {
  double level;
  if (strncmp(text, "vicidial:", 9) == 0) return parse_vicidial(text + 9, out);
  if (strncmp(text, "fixed:", 6) != 0 || !parse_level(text + 6, 0, &level)) return false;
  *out = (struct rival){.kind = RIVAL_FIXED, .level = level, .level_most = level};
  return true;
}

const char *rival_name(const struct rival *r) {
  static const char *const names[] = {
      "ours", "fixed ratio", "ViciDial RATIO", "ViciDial HARD_LIMIT", "ViciDial TAPERED", "ViciDial AVERAGE"};
  return names[r->kind];
}

void rival_begin(struct rival_state *s, const struct rival *r, int64_t now_ms) {
  *s = (struct rival_state){.rival = *r, .begin_ms = now_ms, .level = r->level, .drop_ms = now_ms - DROPS_EVERY_MS};
}

static void sample(struct rival_state *s, int64_t now_ms, const struct pacer_why *why) {
  if (now_ms < s->sample_ms) return;
  s->sample_ms = now_ms + SAMPLE_EVERY_MS;
  unsigned at = s->samples++ % SAMPLES;
  s->ready[at] = why->ready;
  s->waiting[at] = why->waiting > why->screening ? why->waiting - why->screening : 0;
  s->agents[at] = why->ready + why->talking + why->wrapup + why->paused;
}

static void count_drops(struct rival_state *s, int64_t now_ms, double drops, double answers) {
  if (now_ms - s->drop_ms < DROPS_EVERY_MS) return;
  s->drop_ms = now_ms;
  s->drop_pct = answers > 0 ? 100 * drops / answers : 0;
  s->day_calls = (double)s->calls;
  s->minute_calls = s->day_calls - s->calls_before;
  s->minute_drop_pct = s->minute_calls > 0 ? 100 * (drops - s->drops_before) / s->minute_calls : 0;
  s->calls_before = s->day_calls;
  s->drops_before = drops;
}

/* Hours and minutes are subtracted as one number, as that rule does it. */
static double taper(const struct rival_state *s, int64_t now_ms) {
  int64_t minutes = (now_ms - s->begin_ms) / 60000;
  double left = latest_hhmm - (double)((DAY_FROM_HOUR + minutes / 60) * 100 + minutes % 60);
  return left < 0 ? 0 : left > 1000 ? 1 : left / 1000;
}

static void adapt(struct rival_state *s, int64_t now_ms) {
  if (s->rival.kind == RIVAL_VICIDIAL_RATIO || s->rival.kind == RIVAL_FIXED || now_ms - s->adapt_ms < ADAPT_EVERY_MS || s->samples == 0)
    return;
  s->adapt_ms = now_ms;
  unsigned n = s->samples < SAMPLES ? s->samples : SAMPLES;
  double ready = 0, waiting = 0, agents = 0, i = s->rival.intensity / 100;
  for (unsigned k = 0; k < n; k++) ready += s->ready[k], waiting += s->waiting[k], agents += s->agents[k];
  double difference = (ready - waiting) / n + s->rival.target, share = agents > 0 ? difference * n / agents : 0;
  double level = s->level * (1 + (share < 0 ? share * fabs(i - 1) : share * (i + 1)));
  if (level > s->rival.level_most) level = s->rival.level_most;
  if (level < 1) level = 1;
  if (s->minute_calls > 20 && s->minute_drop_pct > 50) level /= 2;
  if (s->day_calls > 50 && s->drop_pct > s->rival.dropped_pct)
    level = s->rival.kind == RIVAL_VICIDIAL_HARD_LIMIT ? 1 : s->rival.kind == RIVAL_VICIDIAL_AVERAGE ? level / 2 : level * taper(s, now_ms);
  s->level = level < 1 ? 1 : level;
}

static uint32_t above_zero(double calls) { return calls > 0 ? (uint32_t)calls : 0; }

/* What is wanted now goes out as fast as calls per second permit, until the next round. */
static void place(struct rival_state *s, int64_t now_ms, const struct pacer_why *why, uint32_t flying, uint32_t inbound) {
  s->next_ms = now_ms + PLACE_EVERY_MS;
  double agents = s->rival.available_only ? why->ready : why->ready + why->talking;
  double goal = nearbyint(s->level * agents + (s->rival.available_only ? why->talking : 0));
  double existing = flying + why->talking + (why->ready > 0 ? 0 : inbound); /* callers count while outbound agents do not wait */
  s->owed = above_zero(goal - existing);
}

void rival_decide(struct rival_state *s, const struct pacer_view *view, uint64_t drops, uint64_t answers, uint32_t inbound,
                  struct pacer_orders *orders) {
  const struct pacer_why *why = &orders->why;
  uint32_t flying = why->ringing + why->waiting;
  orders->give_up_count = 0;
  if (s->rival.kind == RIVAL_FIXED) {
    s->owed = above_zero(floor(s->rival.level * why->ready + 1e-9) - flying);
  } else {
    sample(s, view->now_ms, why);
    count_drops(s, view->now_ms, (double)drops, (double)answers);
    adapt(s, view->now_ms);
    if (view->now_ms >= s->next_ms) place(s, view->now_ms, why, flying, inbound);
  }
  uint32_t most = view->lines_free < view->contacts ? view->lines_free : view->contacts, want = s->owed < most ? s->owed : most;
  orders->launch = want < view->rate_free ? want : view->rate_free;
  orders->why.bound = orders->launch < want ? PACER_BOUND_RATE : PACER_BOUND_AGENTS; /* asked again as soon as the rate permits */
  s->owed -= orders->launch;
  s->calls += orders->launch;
}
