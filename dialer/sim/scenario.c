/* A day's chances, and the fortune of each contact, drawn by number and not in turn: every policy meets the same people. */
#include "dialer/sim/scenario.h"
#include <cadencia/err.h>
#include <math.h>
#include <string.h>

enum { REDIAL_STREAM = 1000, STREAM_TALK = 9 };

void scenario_defaults(struct scenario *s) {
  *s = (struct scenario){.name = "a day",
                         .hours = 8,
                         .limit_pct = 3,
                         .agents = 10,
                         .answer_pct = 25,
                         .machine_pct = 35,
                         .busy_pct = 8,
                         .fail_pct = 7,
                         .classes = 4,
                         .class_share = {0.25, 0.25, 0.25, 0.25},
                         .class_factor = {0.4, 0.8, 1.2, 1.6},
                         .block = 1,
                         .delay = {.mean = 1.2, .cv = 0.6},
                         .ring = {.mean = 8.5, .cv = 0.55},
                         .talk = {.mean = 120, .cv = 1.0},
                         .wrap = {.mean = 15, .cv = 0.5},
                         .greeting = {.mean = 1.0, .cv = 0.35},
                         .delay_least_s = 1.0,
                         .ring_limit_s = 24,
                         .machine_fast_pct = 35,
                         .short_talk_s = 20,
                         .screening = 1,
                         .verdict_least_s = 0.2,
                         .verdict_most_s = 0.7,
                         .mistaken_pct = 0.5,
                         .missed_pct = 5,
                         .early_hangup_pct = 15,
                         .machine_talk_s = 7,
                         .machine_wrap_s = 2,
                         .hours_end = 1,
                         .login_spread_s = 300,
                         .breaks_per_hour = 0.35,
                         .break_s = 300,
                         .inbound_talk_s = 150,
                         .inbound_patience_s = 60};
}

double steps_at(const struct steps *s, double at_s, double first) {
  double value = first;
  for (unsigned i = 0; i < s->count && s->at_s[i] <= at_s; i++) value = s->value[i];
  return value;
}

static uint64_t mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double scenario_uniform(uint64_t seed, uint32_t stream, uint64_t i, uint32_t k) {
  uint64_t h = mix(mix(mix(seed) + stream) ^ (i * 0xd1342543de82ef95u));
  h = mix(h + k);
  return ((double)(h >> 11) + 0.5) / 9007199254740992.0;
}

/* The normal quantile by halving erfc: exact enough, and the same wherever the C library is. */
static double normal_quantile(double u) {
  double low = -6, high = 6;
  for (int i = 0; i < 40; i++) {
    double mid = (low + high) / 2;
    if (0.5 * erfc(-mid / 1.4142135623730951) < u)
      low = mid;
    else
      high = mid;
  }
  return (low + high) / 2;
}

/* The quantiles in a table, since every contact needs several. */
static double normal_at(double u) {
  enum { CELLS = 2048 };
  static double table[CELLS + 1];
  static bool made;
  if (!made) {
    for (int i = 0; i <= CELLS; i++) table[i] = normal_quantile(i == 0 ? 1e-5 : i == CELLS ? 1 - 1e-5 : (double)i / CELLS);
    made = true;
  }
  double x = u * CELLS;
  int i = (int)x;
  if (i < 8 || i >= CELLS - 8) return normal_quantile(u);
  return table[i] + (table[i + 1] - table[i]) * (x - i);
}

double spread_at(const struct spread *s, double u, double factor) {
  if (s->count > 1) {
    double x = u * (s->count - 1);
    unsigned i = (unsigned)x;
    if (i >= s->count - 1) return s->quantile[s->count - 1] * factor;
    return (s->quantile[i] + (s->quantile[i + 1] - s->quantile[i]) * (x - i)) * factor;
  }
  if (s->mean <= 0) return 0;
  if (s->cv <= 0) return s->mean * factor;
  double variance = log(1 + s->cv * s->cv);
  return exp(log(s->mean * factor) - variance / 2 + sqrt(variance) * normal_at(u));
}

int spread_parse_ms(const char *text, struct spread *out) {
  long low, high;
  int used = 0;
  if (sscanf(text, "%ld-%ld%n", &low, &high, &used) == 2 && text[used] == 0 && low >= 0 && high >= low && high <= 3600000) {
    *out = (struct spread){.mean = (double)(low + high) / 2000, .count = 2, .quantile = {(double)low / 1000, (double)high / 1000}};
    return CAD_OK;
  }
  used = 0;
  if (sscanf(text, "%ld%n", &low, &used) != 1 || text[used] != 0 || low < 1 || low > 3600000) return CAD_EINVAL;
  *out = (struct spread){.mean = (double)low / 1000, .cv = 1};
  return CAD_OK;
}

int64_t talk_of_number_ms(const struct spread *talk, uint64_t seed, uint64_t phone) {
  int64_t ms = (int64_t)(spread_at(talk, scenario_uniform(seed, STREAM_TALK, phone, 0), 1) * 1000 + 0.5);
  return ms < 1000 && talk->count == 0 ? 1000 : ms;
}

uint8_t scenario_class(const struct scenario *s, uint64_t seed, uint64_t contact) {
  double u = scenario_uniform(seed, 1, s->block > 1 ? contact / s->block : contact, 0), sum = 0, all = 0;
  for (unsigned c = 0; c < s->classes; c++) all += s->class_share[c];
  for (unsigned c = 0; c + 1 < s->classes; c++)
    if (u * all < (sum += s->class_share[c])) return (uint8_t)c;
  return (uint8_t)(s->classes - 1);
}

static int64_t ms(double s) { return (int64_t)(s * 1000 + 0.5); }

struct die {
  uint64_t seed, contact;
  uint32_t stream;
};
static double roll(const struct die *d, uint32_t k) { return scenario_uniform(d->seed, d->stream, d->contact, k); }

static void draw_person(const struct scenario *s, const struct die *d, double delay, double at_s, struct fortune *f) {
  double ring = spread_at(&s->ring, roll(d, 2), 1);
  for (uint32_t k = 0; ring > s->ring_limit_s - 0.2 && k < 6; k++) ring = spread_at(&s->ring, roll(d, 20 + k), 1);
  if (ring > s->ring_limit_s - 0.2) ring = s->ring_limit_s / 2;
  if (ring < 0.4) ring = 0.4;
  f->fate = FATE_PERSON;
  f->answer_ms = ms(delay + ring);
  f->greeting_ms = ms(spread_at(&s->greeting, roll(d, 3), 1));
  double after = s->verdict_least_s + (s->verdict_most_s - s->verdict_least_s) * roll(d, 4);
  if (s->verdict.count) after = spread_at(&s->verdict, roll(d, 4), 1);
  f->verdict_ms = s->screening ? f->greeting_ms + ms(after) : 100;
  f->passed = !s->screening || roll(d, 5) * 100 >= s->mistaken_pct;
  if (roll(d, 6) * 100 < s->early_hangup_pct) f->patience_ms = ms(0.6 + 1.4 * roll(d, 7));
  f->hasty = s->hasty_pct > 0 && roll(d, 17) * 100 < s->hasty_pct;
  if (f->hasty) f->patience_ms = -f->greeting_ms / 2;
  double factor = steps_at(&s->talk_by_time, at_s, 1);
  struct spread brief = {.mean = s->short_talk_s, .cv = 0.6};
  f->talk_ms = ms(spread_at(roll(d, 8) * 100 < s->short_talk_pct ? &brief : &s->talk, roll(d, 9), factor));
  if (f->talk_ms < 1500) f->talk_ms = 1500;
  f->wrap_ms = ms(spread_at(&s->wrap, roll(d, 10), 1));
}

static void draw_machine(const struct scenario *s, const struct die *d, double delay, struct fortune *f) {
  double u = roll(d, 12), ring = roll(d, 11) * 100 < s->machine_fast_pct ? 0.8 + 3 * u : 17 + 2.8 * normal_at(u);
  if (s->machine_ring.count) ring = spread_at(&s->machine_ring, u, 1);
  if (ring < 0.5) ring = 0.5;
  if (ring > s->ring_limit_s - 0.2) return; /* rings out first */
  struct spread talk = {.mean = s->machine_talk_s, .cv = 0.4}, wrap = {.mean = s->machine_wrap_s, .cv = 0.4};
  f->fate = FATE_MACHINE;
  f->answer_ms = ms(delay + ring);
  double heard = s->machine_verdict.count ? spread_at(&s->machine_verdict, roll(d, 13), 1) : 1.8 + 1.8 * roll(d, 13);
  f->verdict_ms = s->screening ? ms(heard) : 100;
  f->passed = !s->screening || roll(d, 14) * 100 < s->missed_pct;
  f->greeting_ms = f->verdict_ms; /* it speaks on; the screening that lets it through takes a pause for the end */
  f->talk_ms = ms(spread_at(&talk, roll(d, 15), 1));
  f->wrap_ms = ms(spread_at(&wrap, roll(d, 16), 1));
}

void fortune_draw(const struct scenario *s, uint64_t seed, uint64_t contact, uint32_t redial, double at_s, struct fortune *out) {
  struct die d = {seed, contact, 2 + redial * REDIAL_STREAM};
  *out = (struct fortune){.class = scenario_class(s, seed, contact)};
  double p =
      s->answer_pct / 100 * s->class_factor[out->class] * steps_at(&s->answer_by_hour, at_s, 1) * steps_at(&s->answer_by_time, at_s, 1);
  if (p > 0.9) p = 0.9;
  double delay = s->delay_least_s + spread_at(&s->delay, roll(&d, 0), 1), u = roll(&d, 1);
  out->delay_ms = out->answer_ms = ms(delay);
  if (u < p) {
    draw_person(s, &d, delay, at_s, out);
    return;
  }
  double rest = (u - p) / (1 - p) * 100;
  if (rest < s->machine_pct) {
    draw_machine(s, &d, delay, out);
  } else if ((rest -= s->machine_pct) < s->busy_pct) {
    out->fate = FATE_BUSY;
    out->answer_ms = ms(delay + 0.5);
  } else if (rest - s->busy_pct < s->fail_pct) {
    out->fate = FATE_FAIL;
    out->answer_ms = ms(delay + 0.3);
  }
}

const char *scenario_fault(const struct scenario *s) {
  if (s->machine_pct + s->busy_pct + s->fail_pct > 100)
    return "machine_pct, busy_pct and fail_pct are shares of the calls no person answers and exceed 100 together; lower one";
  if (s->ring_limit_s < 15) return "ring_limit_s must be at least 15: nobody is given up sooner; write ring_limit_s = 24.0";
  if (s->verdict_most_s < s->verdict_least_s) return "verdict_most_s is below verdict_least_s; exchange them";
  double shares = 0;
  for (unsigned c = 0; c < s->classes; c++) shares += s->class_share[c];
  if (shares <= 0) return "all class_share are 0; write class_share = [ 0.5, 0.5 ]";
  if (s->lines > 0 && s->lines < s->agents / 4 + 1)
    return "lines are fewer than a quarter of the agents; write lines = 110, or leave it out";
  return NULL;
}
