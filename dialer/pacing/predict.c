/* The predictive rule: launch the next contact while the chance that nobody is free for that
 * very person, weighed over the moments at which they would answer, is at most the price. */
#include "pacer_state.h"
#include <math.h>

static const double price_least = 0.004, price_most = 0.5;
static const double price_step = 0.15;      /* how hard one answer moves the price */
static const double lead_s = 5.0;           /* a busy agent counts only if free this long before the answer */
static const double unknown_end_answers = 150.0;
static const double start_memory_s = 600.0, answers_per_agent_s = 0.005;
static const double careful_end_s = 3.0 * 3600.0, careful_price = 0.10;
static const double give_up_within_s = 2.5;
static const double safe_share = 0.42;      /* of what the rest of the day will earn, as debt */

/* What the rest of the day looks like from here. */
struct plan {
  double credit;  /* calls that may be abandoned now */
  double answers; /* still to come */
  double earn;    /* credit that each brings */
  bool end_known;
};

static struct plan plan_make(const struct pacer *p, const struct pacer_view *view) {
  struct plan plan = {.credit = (double)budget_credit_milli(&p->budget) / 1000.0, .earn = (double)budget_earn_micro(&p->budget) / 1e6};
  plan.credit -= 1.5 * sqrt(p->wrong);
  plan.end_known = view->end_in_ms > 0;
  const double staffed = p->sight.ready + p->sight.talking + p->sight.wrapup;
  const double rate = (p->est.offers + answers_per_agent_s * staffed * start_memory_s) / (p->est.offers_s + start_memory_s);
  plan.answers = plan.end_known ? rate * (double)view->end_in_ms / 1000.0 : unknown_end_answers;
  return plan;
}

/* With a known end the day may run a debt that its remaining answers will surely pay; else only the first answers may. */
static double plan_debt(const struct pacer *p, const struct plan *plan) {
  if (plan->end_known) return safe_share * plan->earn * plan->answers;
  return (double)p->budget.live_milli * plan->earn < 1000.0 ? 1.0 : 0.0;
}

bool predict_may_overdial(const struct pacer *p, const struct pacer_view *view) {
  const struct plan plan = plan_make(p, view);
  double pending = p->sight.waiting + p->sight.screening_people - p->sight.ready;
  if (pending < 0) pending = 0;
  return plan.credit + plan_debt(p, &plan) - pending >= 1.0;
}

static double plan_target(const struct plan *plan) {
  if (plan->answers < 1.0) return plan->earn;
  const double target = (plan->credit + plan->earn * plan->answers) / plan->answers;
  const double least = 0.1 * plan->earn, most = 3.0 * plan->earn;
  return target < least ? least : target > most ? most : target;
}

static double price_now(const struct pacer *p, const struct pacer_view *view) {
  const struct plan plan = plan_make(p, view);
  double price = p->price;
  if (plan.end_known && (double)view->end_in_ms / 1000.0 < careful_end_s && price > careful_price * plan.credit)
    price = careful_price * plan.credit;
  return price < price_least ? price_least : price;
}

void predict_learn(struct pacer *p, bool lost) {
  const double step = price_step * (lost ? p->target - 1.0 : p->target);
  p->price *= 1.0 + step;
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

static void add_busy(struct forecast_point *point, const struct pacer *p, const struct freeing *f, double s) {
  for (unsigned w = 0; w < EST_WRAPS; w++)
    if (p->sight.wrap[w]) forecast_add_many(point, 1.0 - freeing_wrap(f, w, s), p->sight.wrap[w]);
  for (unsigned c = 0; c < EST_CLASSES; c++)
    for (unsigned t = 0; t < EST_TALKS; t++)
      if (p->sight.talk[c][t]) {
        const double hazard = p->est.talk_end[c][t] / p->est.talk_risk[c][t];
        forecast_add_many(point, 1.0 - freeing_talk(f, hazard, s), p->sight.talk[c][t]);
      }
}

static void add_callers(struct forecast_point *point, const struct pacer *p, double s) {
  for (unsigned g = 0; g < PACER_SEGMENTS; g++) {
    if (!(p->sight.segments_seen >> g & 1)) continue;
    for (unsigned a = 0; a < EST_AGES; a++)
      if (p->sight.ringing[g][a]) forecast_add_many(point, est_curve_within(&p->curve[g], a + 0.5, s), p->sight.ringing[g][a]);
  }
}

static void look_ahead(struct pacer *p, const struct pacer_view *view, uint32_t ready) {
  struct freeing freeing;
  freeing_make(p, &freeing);
  const unsigned ringing = p->sight.dialing, busy = busy_agents(p);
  const unsigned items = ringing + p->sight.screening + p->sight.waiting + view->inbound_waiting + 16;
  for (unsigned i = 0; i < FORECAST_POINTS; i++) {
    struct forecast_point *point = &p->ahead[i];
    const double s = forecast_at_s[i];
    const bool frees = s > lead_s - 1.5;
    forecast_begin(point, (int)ready, frees ? (int)busy : 0, (int)(items + (frees ? busy : 0)));
    if (frees) add_busy(point, p, &freeing, s + 1.5 - lead_s);
    forecast_add_many(point, 1.0, p->sight.waiting + view->inbound_waiting);
    if (p->sight.screening) forecast_add_many(point, p->sight.screening_people / p->sight.screening, p->sight.screening);
    add_callers(point, p, s);
    forecast_add_arrivals(point, p->est.inbound_per_s * s);
  }
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
  for (unsigned i = 0; i < FORECAST_POINTS; i++)
    forecast_add(&p->ahead[i], est_curve_within(curve, 0, forecast_at_s[i]));
}

static unsigned next_segment(const struct pacer_view *view, uint32_t n) {
  if (!view->segments || n >= view->segment_count) return 0;
  return view->segments[n] >= PACER_SEGMENTS ? PACER_SEGMENTS - 1 : view->segments[n];
}

static void give_up(struct pacer *p, uint32_t ready, struct pacer_orders *out) {
  if (ready > 0) return;
  struct freeing freeing;
  freeing_make(p, &freeing);
  double none = 1.0;
  for (unsigned w = 0; w < EST_WRAPS; w++)
    for (unsigned n = 0; n < p->sight.wrap[w]; n++) none *= 1.0 - freeing_wrap(&freeing, w, give_up_within_s);
  for (unsigned c = 0; c < EST_CLASSES; c++)
    for (unsigned t = 0; t < EST_TALKS; t++)
      for (unsigned n = 0; n < p->sight.talk[c][t]; n++)
        none *= 1.0 - freeing_talk(&freeing, p->est.talk_end[c][t] / p->est.talk_risk[c][t], give_up_within_s);
  if (none <= 0.5) return;
  for (uint32_t i = 0; i < p->open_count && out->give_up_count < PACER_GIVE_UP_MAX; i++) {
    struct pacer_call *call = &p->calls[p->open[i]];
    if (call->state != PC_RINGING || call->given_up || p->now_ms - call->ringing_ms < (int64_t)p->params.min_ring_ms) continue;
    call->given_up = true;
    out->give_up[out->give_up_count++] = p->open[i];
  }
}

uint32_t predict_launches(struct pacer *p, const struct pacer_view *view, uint32_t ready, uint32_t room, struct pacer_orders *out) {
  const struct plan plan = plan_make(p, view);
  p->target = plan_target(&plan);
  const double price = price_now(p, view);
  uint64_t made = p->sight.segments_seen;
  for (unsigned g = 0; g < PACER_SEGMENTS; g++)
    if (made >> g & 1) est_curve(&p->est, g, &p->curve[g]);
  give_up(p, ready, out);
  look_ahead(p, view, ready);
  uint32_t launches = 0;
  for (;;) {
    const unsigned g = next_segment(view, launches);
    if (!(made >> g & 1)) est_curve(&p->est, g, &p->curve[g]), made |= UINT64_C(1) << g;
    const double risk = risk_of(p, &p->curve[g]);
    out->why.risk_bp = (uint32_t)(risk * 10000.0);
    out->why.answer_bp = (uint32_t)(p->curve[g].hit[EST_AGES] * 10000.0);
    if (risk > price || launches >= room) break;
    launch_one(p, &p->curve[g]);
    launches++;
  }
  out->why.allowed_bp = (uint32_t)(price * 10000.0);
  return launches;
}
