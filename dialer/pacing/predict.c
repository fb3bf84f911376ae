/* The predictive rule: launch the next contact while the chance that nobody is free for that
 * very person, weighed over the moments at which they would answer, is at most the price. */
#include "pacer_state.h"
#include <math.h>

static const double price_least = 0.004, price_most = 1.0; /* as odds */
static const double price_step = 1.5;                      /* how hard one expected answer moves the price */
static const double start_lines = 1.5, start_lines_a_person = 2.0;
static const double calibration_memory = 40.0;
/* A busy agent counts only if free so long before the answer: a risk is better spent on lines in parallel than on saving
 * that time. Beside short talks the time is not short. */
static const double lead_most_s = 5.0, lead_share = 0.05;

/* The forecast against what came: lost callers seen over lost callers foreseen, forgetting slowly. */
void predict_learn(struct pacer *p, bool lost) {
  if (!lost) return;
  const double keep = 1.0 - 1.0 / calibration_memory;
  p->lost_seen = p->lost_seen * keep + 1.0;
  p->lost_foreseen *= keep;
  if (p->lost_foreseen < 0.25) p->lost_foreseen = 0.25; /* many losses and no forecast: another mode was at work */
}

/* Every launch moves the price by what it is expected to spend, so that the mean risk of those who answer meets the
 * target long before the abandoned calls, which are few, could tell. */
static void price_learn(struct pacer *p, double answer, double risk) {
  const double truth = p->lost_seen / p->lost_foreseen;
  p->lost_foreseen += answer * risk;
  if (p->next_count < NEXT_MAX) p->next_spend[p->next_count++] = answer * risk * truth;
  p->price *= 1.0 + price_step * answer * (p->target - truth * risk);
  if (p->price < price_least) p->price = price_least;
  if (p->price > price_most) p->price = price_most;
}

/* Chances that a busy agent is ready again within s seconds. */
struct freeing {
  double wrap[EST_WRAPS + 1]; /* wrap-up over by k whole seconds */
  double sum[EST_WRAPS + 1];  /* running sum: talk ends at any of the k seconds, then wraps up */
  double back;
};

static void freeing_make(const struct pacer *p, struct freeing *f) {
  est_wrap_curve(&p->est, f->wrap);
  f->back = est_back(&p->est);
  f->sum[0] = 0;
  for (unsigned k = 0; k < EST_WRAPS; k++) f->sum[k + 1] = f->sum[k] + 0.5 * (f->wrap[k] + f->wrap[k + 1]);
}

static double lerp(const double *v, unsigned last, double at) {
  if (at <= 0) return v[0];
  if (at >= last) return v[last];
  const unsigned i = (unsigned)at;
  return v[i] + (v[i + 1] - v[i]) * (at - i);
}

static double freeing_wrap(const struct freeing *f, unsigned elapsed, double s) {
  if (s <= 0) return 0;
  const double done = f->wrap[elapsed], left = 1.0 - done;
  if (left < 1e-6) return f->back;
  return f->back * (lerp(f->wrap, EST_WRAPS, elapsed + s) - done) / left;
}

static double freeing_talk(const struct freeing *f, double hazard, double s) {
  if (s <= 0) return 0;
  const double within = hazard * lerp(f->sum, EST_WRAPS, s) * (1.0 - 0.5 * hazard * s);
  return f->back * (within < 0 ? 0 : within > 1 ? 1 : within);
}

static unsigned busy_agents(const struct pacer *p) { return p->sight.talking + p->sight.wrapup; }

/* The bins that hold somebody: few of them do, and every moment ahead asks. */
struct busy {
  struct {
    double hazard; /* talk */
    unsigned elapsed, count;
    bool talks;
  } bins[EST_WRAPS + EST_CLASSES * EST_TALKS];
  unsigned count;
};

static void busy_make(const struct pacer *p, struct busy *out) {
  out->count = 0;
  for (unsigned w = 0; w < EST_WRAPS && p->sight.wrapup; w++)
    if (p->sight.wrap[w])
      out->bins[out->count].elapsed = w, out->bins[out->count].talks = false, out->bins[out->count++].count = p->sight.wrap[w];
  for (unsigned c = 0; c < EST_CLASSES && p->sight.talking; c++)
    for (unsigned t = 0; t < EST_TALKS; t++)
      if (p->sight.talk[c][t]) {
        out->bins[out->count].hazard = p->est.talk_end[c][t] / p->est.talk_risk[c][t];
        out->bins[out->count].talks = true, out->bins[out->count++].count = p->sight.talk[c][t];
      }
}

static double busy_freed(const struct busy *b, unsigned i, const struct freeing *f, double s) {
  return b->bins[i].talks ? freeing_talk(f, b->bins[i].hazard, s) : freeing_wrap(f, b->bins[i].elapsed, s);
}

static void add_busy(struct forecast_point *point, const struct busy *b, const struct freeing *f, double s) {
  for (unsigned i = 0; i < b->count; i++) forecast_add_many(point, 1.0 - busy_freed(b, i, f, s), b->bins[i].count);
}

static void serving_make(const struct pacer *p, const struct freeing *f, struct serving *out) {
  double still[AHEAD_S + 1], left = 1.0, ended[AHEAD_S];
  for (unsigned k = 0; k < AHEAD_S; k++) {
    const double hazard = est_talk_hazard(&p->est, false, (int64_t)k * 1000 + 500);
    ended[k] = left * (hazard > 1.0 ? 1.0 : hazard);
    left -= ended[k];
  }
  for (unsigned t = 0; t <= AHEAD_S; t++) {
    double free = 0;
    for (unsigned k = 0; k < t; k++) free += ended[k] * 0.5 * (f->wrap[t - k - 1] + f->wrap[t - k]);
    still[t] = 1.0 - f->back * free;
  }
  for (unsigned i = 0; i < FORECAST_POINTS; i++)
    for (unsigned k = 0; k < AHEAD_S; k++) out->at[i][k] = lerp(still, AHEAD_S, forecast_at_s[i] - k - 0.5);
}

/* Chances that a call which has rung for a seconds will hold an agent at each of the moments ahead. */
static void holding(const struct est_curve *c, unsigned a, const struct serving *v, double out[FORECAST_POINTS]) {
  double answers[AHEAD_S];
  const double left = 0.5 * (c->left[a] + c->left[a + 1]);
  for (unsigned k = 0; k < AHEAD_S; k++) {
    const unsigned from = a + k < EST_AGES ? a + k : EST_AGES, to = from + 2 < EST_AGES ? from + 2 : EST_AGES;
    answers[k] = left > 1e-6 ? 0.5 * (c->hit[to] - c->hit[from]) / left : 0; /* from the middle of the bin */
  }
  for (unsigned i = 0; i < FORECAST_POINTS; i++) {
    double sum = 0;
    const unsigned whole = (unsigned)forecast_at_s[i];
    for (unsigned k = 0; k < whole; k++) sum += answers[k] * v->at[i][k];
    if (whole < AHEAD_S) sum += answers[whole] * (forecast_at_s[i] - whole);
    out[i] = sum < 0 ? 0 : sum > 1 ? 1 : sum;
  }
}

static void add_callers(struct pacer *p, const struct serving *v) {
  double chance[FORECAST_POINTS];
  for (unsigned g = 0; g < PACER_SEGMENTS; g++) {
    if (!(p->sight.segments_seen >> g & 1)) continue;
    for (unsigned a = 0; a < EST_AGES; a++) {
      if (!p->sight.ringing[g][a]) continue;
      holding(&p->curve[g], a, v, chance);
      for (unsigned i = 0; i < FORECAST_POINTS; i++) forecast_add_many(&p->ahead[i], chance[i], p->sight.ringing[g][a]);
    }
  }
}

static void look_ahead(struct pacer *p, const struct pacer_view *view, uint32_t ready, const struct freeing *freeing,
                       const struct busy *held) {
  const double cycle_s = p->est.talk_s + p->est.wrap_s, lead_s = cycle_s * lead_share < lead_most_s ? cycle_s * lead_share : lead_most_s;
  const unsigned ringing = p->sight.dialing, busy = busy_agents(p);
  const unsigned items = ringing + p->sight.screening + p->sight.waiting + view->inbound_waiting + 16;
  for (unsigned i = 0; i < FORECAST_POINTS; i++) {
    struct forecast_point *point = &p->ahead[i];
    const double s = forecast_at_s[i];
    const bool frees = s > lead_s - 1.5;
    forecast_begin(point, (int)ready, frees ? (int)busy : 0, (int)(items + (frees ? busy : 0)));
    if (frees) add_busy(point, held, freeing, s + 1.5 - lead_s);
    forecast_add_many(point, 1.0, p->sight.waiting + view->inbound_waiting);
    if (p->sight.screening) forecast_add_many(point, p->sight.screening_people / p->sight.screening, p->sight.screening);
    forecast_add_arrivals(point, p->est.inbound_per_s * s);
  }
  serving_make(p, freeing, &p->serving);
  add_callers(p, &p->serving);
}

/* Chance that a person reached by a call of that segment, launched now, would meet nobody. */
static double risk_of(const struct pacer *p, const struct est_curve *curve) {
  double weight = 0, risk = 0;
  for (unsigned i = 0; i < FORECAST_POINTS; i++) {
    const double w = est_curve_within(curve, 0, forecast_edge_s[i + 1]) - est_curve_within(curve, 0, forecast_edge_s[i]);
    weight += w;
    risk += w * forecast_nobody(&p->ahead[i]);
  }
  return weight > 1e-9 ? risk / weight : 1.0;
}

static void launch_one(struct pacer *p, const struct est_curve *curve) {
  double chance[FORECAST_POINTS];
  holding(curve, 0, &p->serving, chance);
  for (unsigned i = 0; i < FORECAST_POINTS; i++) forecast_add(&p->ahead[i], chance[i]);
}

/* People of the calls that ring now, and busy agents free again, within s seconds. */
static void explain(const struct pacer *p, const struct freeing *f, const struct busy *held, struct pacer_why *why) {
  const double s = PACER_WHY_AHEAD_MS / 1000.0;
  double people = p->sight.screening_people, freeing = 0;
  for (unsigned g = 0; g < PACER_SEGMENTS; g++)
    for (unsigned a = 0; (p->sight.segments_seen >> g & 1) && a < EST_AGES; a++)
      if (p->sight.ringing[g][a]) people += p->sight.ringing[g][a] * est_curve_within(&p->curve[g], a + 0.5, s);
  for (unsigned i = 0; i < held->count; i++) freeing += held->bins[i].count * busy_freed(held, i, f, s);
  why->people_milli = (uint32_t)(people * 1000.0);
  why->freeing_milli = (uint32_t)(freeing * 1000.0);
  why->target_bp100 = (uint32_t)(p->target * 1e6);
}

static unsigned next_segment(const struct pacer_view *view, uint32_t n) {
  if (!view->segments || n >= view->segment_count) return 0;
  return view->segments[n] >= PACER_SEGMENTS ? PACER_SEGMENTS - 1 : view->segments[n];
}

/* When risk holds launches back, a phone that has rung for the legal time stands in the way of a fresh call that is
 * likelier to be answered, or of people whom nobody would serve. */
static void give_up(struct pacer *p, struct pacer_orders *out) {
  for (uint32_t i = 0; i < p->open_count && out->give_up_count < PACER_GIVE_UP_MAX; i++) {
    struct pacer_call *call = &p->calls[p->open[i]];
    if (call->state != PC_RINGING || call->given_up || p->now_ms - call->ringing_ms < (int64_t)p->params.min_ring_ms) continue;
    call->given_up = true;
    out->give_up[out->give_up_count++] = p->open[i];
  }
}

/* Of a list that was hardly called nobody knows when its phones are answered: lines beyond the ready agents come with
 * the people who were seen. */
static uint32_t slow_start(const struct pacer *p, uint32_t ready, uint32_t room) {
  const double most = start_lines * ready + start_lines_a_person * p->est.people - (double)p->open_count;
  return most <= 0 ? 0 : most < room ? (uint32_t)most : room;
}

uint32_t predict_launches(struct pacer *p, const struct pacer_view *view, uint32_t ready, uint32_t room, struct pacer_orders *out) {
  p->target = plan_spend(p);
  double price = p->plan.earn > 0 ? p->price * p->target / p->plan.earn : 0;
  price = price < price_least ? price_least : price > price_most ? price_most : price;
  price /= 1.0 + price; /* odds to chance */
  const double doubt = est_doubt(&p->est);
  uint64_t made = p->sight.segments_seen;
  for (unsigned g = 0; g < PACER_SEGMENTS; g++)
    if (made >> g & 1) est_curve(&p->est, g, doubt, &p->curve[g]);
  struct freeing freeing;
  struct busy held;
  freeing_make(p, &freeing);
  busy_make(p, &held);
  look_ahead(p, view, ready, &freeing, &held);
  explain(p, &freeing, &held, &out->why);
  uint32_t launches = 0;
  room = slow_start(p, ready, room);
  for (;;) {
    const unsigned g = next_segment(view, launches);
    if (!(made >> g & 1)) est_curve(&p->est, g, doubt, &p->curve[g]), made |= UINT64_C(1) << g;
    const double risk = risk_of(p, &p->curve[g]);
    out->why.risk_bp = (uint32_t)(risk * 10000.0);
    out->why.answer_bp = (uint32_t)(p->curve[g].hit[EST_AGES] / doubt * 10000.0);
    if (risk > price) give_up(p, out);
    if (risk > price || launches >= room) break;
    launch_one(p, &p->curve[g]);
    price_learn(p, p->curve[g].hit[EST_AGES], risk);
    launches++;
  }
  out->why.allowed_bp = (uint32_t)(price * 10000.0);
  return launches;
}
