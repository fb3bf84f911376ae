#include "estimator.h"
#include <math.h>
#include <string.h>

/* How fast the past is forgotten, in people (shape, talk) or seconds. */
static const double keep_shape = 1.0 - 1.0 / 1500.0;
static const double keep_talk = 1.0 - 1.0 / 1500.0;
static const double mean_memory = 60.0, mean_prior = 3.0;
static const double keep_back = 1.0 - 1.0 / 40.0;
static const double slow_answers = 120.0, fast_answers = 14.0, level_pull = 10.0, segment_answers = 400.0;
static const double inbound_memory_s = 900.0, offers_memory_s = 1800.0;
static const double cold_sigma = 1.5, cold_people = 5.0, known_people = 120.0; /* what is not known of a list that was hardly called */
static const double doubt_sigma = 1.2; /* the two memories must disagree by this before the fast one is heard */

/* Before anything is learned: a fifth of the calls answered by a person, most of them 5 to 15 s after launch. */
static const double prior_person[EST_AGES] = {0.0005, 0.001, 0.003, 0.007, 0.012, 0.017, 0.020, 0.021, 0.021, 0.020, 0.019, 0.018, 0.016,
                                              0.015,  0.013, 0.012, 0.010, 0.009, 0.008, 0.007, 0.006, 0.005, 0.005, 0.004, 0.004};
static const double prior_tail = 0.003;
static const double prior_risk_s = 15.0;
static const double prior_talk_s = 120.0, prior_wrap_s = 15.0, prior_wraps = 0.3;
static const double prior_talks = 0.3;

static double talk_start_ms(unsigned bin) {
  double at = 0, width = 2000;
  for (unsigned i = 0; i < bin; i++) at += width, width *= 1.13;
  return at;
}

unsigned est_age_bin(int64_t age_ms) {
  if (age_ms <= 0) return 0;
  return age_ms >= (int64_t)(EST_AGES - 1) * 1000 ? EST_AGES - 1 : (unsigned)(age_ms / 1000);
}

unsigned est_talk_bin(const struct estimator *e, int64_t elapsed_ms) {
  unsigned low = 0, high = EST_TALKS; /* start of low <= elapsed < start of high */
  while (high - low > 1) {
    const unsigned middle = (low + high) / 2;
    if (elapsed_ms >= e->talk_start[middle])
      low = middle;
    else
      high = middle;
  }
  return low;
}

static unsigned wrap_bin(int64_t ms) { return ms <= 0 ? 0 : ms >= (EST_WRAPS - 1) * 1000 ? EST_WRAPS - 1 : (unsigned)(ms / 1000); }
static unsigned screen_bin(int64_t ms) { return ms <= 0 ? 0 : ms >= (EST_SCREENS - 1) * 250 ? EST_SCREENS - 1 : (unsigned)(ms / 250); }
static unsigned pass_bin(unsigned age) { return age / 2 >= EST_PASSES ? EST_PASSES - 1 : age / 2; }
static unsigned segment_of(unsigned segment) { return segment >= PACER_SEGMENTS ? PACER_SEGMENTS - 1 : segment; }

static double prior_hazard(unsigned age) { return prior_person[age] > 0 ? prior_person[age] : prior_tail; }
static double prior_other(unsigned age) { return age == 2 || age == 3 ? 0.06 : 0.015; }

/* Forgetting leads back to the prior, not to nothing: a bin that is hardly seen any more must not live on one event. */
static void fade(double *value, double keep, double prior) { *value = *value * keep + (1.0 - keep) * prior; }

void est_init(struct estimator *e, bool screening) {
  memset(e, 0, sizeof *e);
  for (unsigned i = 0; i < EST_AGES; i++) {
    e->person[i] = prior_hazard(i) * prior_risk_s;
    e->other[i] = prior_other(i) * prior_risk_s;
    e->at_risk[i] = e->scaled[i] = prior_risk_s;
  }
  for (unsigned i = 0; i < PACER_SEGMENTS; i++) e->seg_mult[i] = 1.0;
  e->slow = e->fast = (struct est_level){4.0, 4.0};
  e->level = 1.0;
  e->reached = 9.0, e->unreached = 1.0;
  for (unsigned i = 0; i < EST_PASSES; i++) {
    e->answered[i] = 4.0;
    e->passed[i] = screening ? 2.5 : 4.0;
  }
  for (unsigned i = 0; i < EST_SCREENS; i++) e->screen_person[i] = e->screen_other[i] = 0.2;
  for (unsigned i = 0; i < EST_TALKS; i++) {
    e->talk_start[i] = (int64_t)talk_start_ms(i);
    for (unsigned c = 0; c < EST_CLASSES; c++) e->talk_end[c][i] = prior_talks, e->talk_risk[c][i] = prior_talks * prior_talk_s;
  }
  for (unsigned i = 0; i < EST_WRAPS; i++) e->wrap_end[i] = prior_wraps, e->wrap_risk[i] = prior_wraps * prior_wrap_s;
  e->back = 8.0, e->left = 0.4;
  e->talk_s = prior_talk_s, e->wrap_s = prior_wrap_s;
}

static void level_update(struct estimator *e) {
  /* The pull to 1 leaves lasting changes to the hazards themselves, so that the two cannot drift apart. */
  const double slow = (e->slow.seen + level_pull) / (e->slow.expected + level_pull), fast = e->fast.seen / e->fast.expected;
  const double mean = slow * e->fast.expected;
  const double sigma = sqrt(mean + 1.0);
  const double apart = fabs(e->fast.seen - mean) / sigma;
  double trust = (apart - doubt_sigma) / doubt_sigma;
  trust = trust < 0 ? 0 : trust > 1 ? 1 : trust;
  e->level = slow + trust * (fast - slow);
  if (e->level < 0.02) e->level = 0.02;
  if (e->level > 20.0) e->level = 20.0;
}

static void level_pass(struct est_level *l, double expected, double memory) {
  const double keep = 1.0 - expected / memory;
  l->seen *= keep;
  l->expected = l->expected * keep + expected;
}

void est_ringing_time(struct estimator *e, unsigned age, unsigned segment, double seconds) {
  if (!(seconds > 0)) return;
  if (seconds > 2.0) seconds = 2.0; /* a stalled owner must not count a minute as one bin */
  segment = segment_of(segment);
  const double hazard = e->person[age] / e->scaled[age];
  const double mult = e->seg_mult[segment];
  double expected = hazard * mult * seconds; /* at level 1 */
  if (expected > 1.0) expected = 1.0;
  e->at_risk[age] += seconds;
  e->scaled[age] += seconds * mult * e->level;
  const double keep = 1.0 - expected * e->level / segment_answers;
  e->seg_seen[segment] *= keep;
  e->seg_expected[segment] = e->seg_expected[segment] * keep + hazard * e->level * seconds;
  level_pass(&e->slow, expected, slow_answers);
  level_pass(&e->fast, expected, fast_answers);
}

void est_person(struct estimator *e, unsigned age, unsigned segment) {
  segment = segment_of(segment);
  for (unsigned i = 0; i < EST_AGES; i++) {
    fade(&e->person[i], keep_shape, prior_hazard(i) * prior_risk_s);
    fade(&e->scaled[i], keep_shape, prior_risk_s);
    fade(&e->other[i], keep_shape, prior_other(i) * prior_risk_s);
    fade(&e->at_risk[i], keep_shape, prior_risk_s);
  }
  e->person[age] += 1.0;
  e->seg_seen[segment] += 1.0;
  e->people += 1.0;
  e->slow.seen += 1.0;
  e->fast.seen += 1.0;
  for (unsigned s = 0; s < PACER_SEGMENTS; s++) e->seg_mult[s] = (e->seg_seen[s] + 6.0) / (e->seg_expected[s] + 6.0);
}

void est_dialed(struct estimator *e, bool reached) {
  if (e->reached + e->unreached > 400.0) e->reached *= 0.5, e->unreached *= 0.5;
  if (reached)
    e->reached += 1.0;
  else
    e->unreached += 1.0;
}

void est_not_person(struct estimator *e, unsigned age) { e->other[age] += 1.0; }

void est_screened(struct estimator *e, unsigned age, int64_t took_ms, bool person) {
  const unsigned p = pass_bin(age), s = screen_bin(took_ms);
  if (e->answered[p] > 400.0) e->answered[p] *= 0.5, e->passed[p] *= 0.5;
  e->answered[p] += 1.0;
  if (person)
    e->passed[p] += 1.0, e->screen_person[s] += 1.0;
  else
    e->screen_other[s] += 1.0;
}

void est_met(struct estimator *e, unsigned age) {
  const unsigned p = pass_bin(age);
  if (e->met[p] > 400.0) e->met[p] *= 0.5, e->met_machine[p] *= 0.5;
  e->met[p] += 1.0;
}

void est_met_machine(struct estimator *e, unsigned age) {
  const unsigned p = pass_bin(age);
  if (e->met_machine[p] + 1.0 <= e->met[p]) e->met_machine[p] += 1.0;
}

void est_talk_time(struct estimator *e, bool inbound, int64_t elapsed_ms, double seconds) {
  if (seconds > 0) e->talk_risk[inbound][est_talk_bin(e, elapsed_ms)] += seconds > 2.0 ? 2.0 : seconds;
}

/* The first ones count for more than the prior. */
static void mean_pass(double *mean, double *seen, double value) {
  if (*seen + mean_prior < mean_memory) *seen += 1.0;
  *mean += (value - *mean) / (*seen + mean_prior);
}

void est_talk_end(struct estimator *e, bool inbound, int64_t elapsed_ms) {
  for (unsigned i = 0; i < EST_TALKS; i++) {
    fade(&e->talk_end[inbound][i], keep_talk, prior_talks);
    fade(&e->talk_risk[inbound][i], keep_talk, prior_talks * prior_talk_s);
  }
  e->talk_end[inbound][est_talk_bin(e, elapsed_ms)] += 1.0;
  if (!inbound) mean_pass(&e->talk_s, &e->talks, (double)elapsed_ms / 1000.0);
}

void est_wrap_time(struct estimator *e, int64_t elapsed_ms, double seconds) {
  if (seconds > 0) e->wrap_risk[wrap_bin(elapsed_ms)] += seconds > 2.0 ? 2.0 : seconds;
}

void est_wrap_end(struct estimator *e, int64_t elapsed_ms, bool ready) {
  for (unsigned i = 0; i < EST_WRAPS; i++) {
    fade(&e->wrap_end[i], keep_talk, prior_wraps);
    fade(&e->wrap_risk[i], keep_talk, prior_wraps * prior_wrap_s);
  }
  e->wrap_end[wrap_bin(elapsed_ms)] += 1.0;
  mean_pass(&e->wrap_s, &e->wraps, (double)elapsed_ms / 1000.0);
  e->back *= keep_back, e->left *= keep_back;
  if (ready)
    e->back += 1.0;
  else
    e->left += 1.0;
}

void est_second(struct estimator *e, double seconds) {
  if (!(seconds > 0)) return;
  if (seconds > 60.0) seconds = 60.0;
  e->inbound_per_s *= 1.0 - seconds / inbound_memory_s;
  const double keep = 1.0 - seconds / offers_memory_s;
  e->offers *= keep;
  e->offers_s = e->offers_s * keep + seconds;
  level_update(e);
}

void est_inbound(struct estimator *e) { e->inbound_per_s += 1.0 / inbound_memory_s; }
void est_offer(struct estimator *e) { e->offers += 1.0; }
double est_back(const struct estimator *e) { return e->back / (e->back + e->left); }

double est_machine_share(const struct estimator *e, unsigned age, double z) {
  const unsigned p = pass_bin(age);
  const double n = e->met[p] + 2.0;
  const double m = (e->met_machine[p] + 0.1) / n;
  const double low = m - z * sqrt(m * (1.0 - m) / n);
  return low > 0 ? low : 0;
}

double est_pass(const struct estimator *e, unsigned age, int64_t screened_ms) {
  const unsigned p = pass_bin(age), s = screen_bin(screened_ms);
  double person = 0, other = 0, person_all = 0, other_all = 0;
  for (unsigned i = 0; i < EST_SCREENS; i++) {
    person_all += e->screen_person[i], other_all += e->screen_other[i];
    if (i >= s) person += e->screen_person[i], other += e->screen_other[i];
  }
  const double share = e->passed[p] / e->answered[p];
  const double yes = share * person / person_all, no = (1.0 - share) * other / other_all;
  return yes + no > 0 ? yes / (yes + no) : share;
}

double est_talk_hazard(const struct estimator *e, bool inbound, int64_t elapsed_ms) {
  const unsigned bin = est_talk_bin(e, elapsed_ms);
  return e->talk_end[inbound][bin] / e->talk_risk[inbound][bin];
}

double est_doubt(const struct estimator *e) {
  if (e->people >= known_people) return 1.0;
  return 1.0 + cold_sigma * (1.0 / sqrt(cold_people + e->people) - 1.0 / sqrt(cold_people + known_people));
}

void est_curve(const struct estimator *e, unsigned segment, double factor, struct est_curve *out) {
  const double mult = e->seg_mult[segment_of(segment)] * e->level * factor;
  double left = 1.0, hit = 0.0;
  for (unsigned i = 0; i < EST_AGES; i++) {
    double person = e->person[i] / e->scaled[i] * mult;
    double other = e->other[i] / e->at_risk[i];
    /* Nobody stays in the bins of dialing for their whole second: what is lost there is a share, not a hazard. */
    if (i < EST_DIAL_AGES) other = i == 0 ? e->unreached / (e->reached + e->unreached) : 0.0;
    if (person > 0.6) person = 0.6;
    if (person + other > 1.0) other = 1.0 - person;
    out->left[i] = left, out->hit[i] = hit;
    hit += left * person;
    left *= 1.0 - person - other;
  }
  out->left[EST_AGES] = left, out->hit[EST_AGES] = hit;
}

double est_answer(const struct estimator *e, double *evidence) {
  struct est_curve c;
  est_curve(e, 0, 1.0, &c);
  const double chance = c.hit[EST_AGES] / e->seg_mult[0]; /* of the mean segment */
  /* What was seen so far is counted in people expected; the slow memory of the level is that count. */
  *evidence = chance > 1e-6 ? (e->slow.expected + level_pull) / chance : 1e6;
  return chance;
}

double est_progressive_per_s(const struct estimator *e) {
  struct est_curve c;
  double dialing_s = 2.0; /* and the second until the next decision, and screening */
  est_curve(e, 0, 1.0, &c);
  const double hit = c.hit[EST_AGES] / e->seg_mult[0]; /* of the mean segment */
  for (unsigned i = 0; i < EST_AGES; i++) dialing_s += c.left[i];
  return hit > 1e-6 ? 1.0 / (dialing_s / hit + e->talk_s + e->wrap_s) : 0.0;
}

static double hit_at(const struct est_curve *c, double s) {
  if (s <= 0) return 0;
  if (s >= EST_AGES) return c->hit[EST_AGES];
  const unsigned i = (unsigned)s;
  return c->hit[i] + (c->hit[i + 1] - c->hit[i]) * (s - i);
}

double est_curve_within(const struct est_curve *c, double from_s, double for_s) {
  if (for_s <= 0) return 0;
  const unsigned i = from_s <= 0 ? 0 : from_s >= EST_AGES - 1 ? EST_AGES - 1 : (unsigned)from_s;
  const double left = c->left[i] + (c->left[i + 1] - c->left[i]) * (from_s > i ? (from_s - i > 1 ? 1 : from_s - i) : 0);
  if (left < 1e-6) return 0;
  const double p = (hit_at(c, from_s + for_s) - hit_at(c, from_s)) / left;
  return p < 0 ? 0 : p > 1 ? 1 : p;
}

void est_wrap_curve(const struct estimator *e, double out[EST_WRAPS + 1]) {
  double left = 1.0;
  for (unsigned i = 0; i < EST_WRAPS; i++) {
    double h = e->wrap_end[i] / e->wrap_risk[i];
    if (h > 0.9) h = 0.9;
    out[i] = 1.0 - left;
    left *= 1.0 - h;
  }
  out[EST_WRAPS] = 1.0 - left;
}
