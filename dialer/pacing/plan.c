/* What may be spent: the account, what the rest of the day will earn, and how evenly and carefully it is used. */
#include "pacer_state.h"
#include <math.h>

static const double unknown_end_answers = 150.0;
static const double start_memory_s = 600.0, answers_per_agent_s = 0.005;
static const double careful_least = 3.0, careful_scale = 2.5; /* with fewer calls left to lose than this, care begins */
static const double even_answers = 250.0;
static const double progressive_loss = 0.003; /* share of people lost even when every call has its agent: breaks, log-outs */
static const double safe_share = 0.5;
static const double list_doubt = 1.0;                            /* deviations below the estimated answer chance */
static const double discount_doubt = 2.5, discount_share = 0.85; /* sigma; of the machine share measured on the served */
static const double spare_calls = 0.25;                          /* never spent: an account that ends the day at zero was lucky */

/* People that the contacts left will bring: the answer chance less its doubt, for what is owed must come true. */
static double people_left(const struct pacer *p, uint32_t contacts) {
  double evidence;
  const double chance = est_answer(&p->est, &evidence);
  const double sure = chance - list_doubt * sqrt(chance * (1.0 - chance) / evidence);
  return sure > 0 ? sure * contacts : 0;
}

void plan_make(struct pacer *p, const struct pacer_view *view) {
  struct plan plan = {.earn = (double)budget_earn_micro(&p->budget) / 1e6};
  plan.credit = (double)budget_credit_milli(&p->budget, &plan.window) / 1000.0;
  /* Surely machines among the abandoned; people hang up sooner than machines do, so the share of the served flatters. */
  const double machines = discount_share * p->discount - discount_doubt * sqrt(p->doubt);
  if (machines > 0) plan.credit += machines;
  const double listed = view->list_known ? people_left(p, view->contacts_left) : -1.0; /* < 0: no end in sight */
  if (view->end_in_ms <= 0) { /* unknown: the first answers may owe one call, nothing later */
    plan.answers = unknown_end_answers;
    plan.debt = (double)budget_live(&p->budget.windows[plan.window]) * plan.earn < 1.0 ? 1.0 : 0.0;
    if (listed >= 0 && listed < plan.answers) plan.answers = listed;
    p->plan = plan;
    return;
  }
  const double end_s = (double)view->end_in_ms / 1000.0;
  const double staffed = p->sight.ready + p->sight.talking + p->sight.wrapup;
  const double rate = (p->est.offers + answers_per_agent_s * staffed * start_memory_s) / (p->est.offers_s + start_memory_s);
  plan.answers = rate * end_s;
  double safely = staffed * est_progressive_per_s(&p->est) * end_s;
  if (listed >= 0 && listed < plan.answers) plan.answers = listed;
  if (listed >= 0 && listed < safely) safely = listed;
  const double net = plan.earn - progressive_loss;
  plan.debt = net > 0 ? safe_share * net * safely : 0;
  p->plan = plan;
}

/* Expected losses that are not booked yet: of the calls in flight, and of people who wait without a ready agent. */
static double plan_pending(const struct pacer *p) {
  const double pending = p->sight.waiting + p->sight.screening_people - p->sight.ready;
  return p->sight.spending + (pending > 0 ? pending : 0);
}

static double plan_available(const struct pacer *p) { return p->plan.credit + p->plan.debt - plan_pending(p); }

bool plan_may_overdial(const struct pacer *p) { return plan_available(p) >= 1.0 + spare_calls; }

/* A surplus or a debt is worked off over the next answers, not over the whole day: the spending stays even. */
static double plan_target(const struct plan *plan) {
  double over = plan->answers / 8.0;
  if (over < even_answers) over = even_answers;
  if (over > plan->answers) over = plan->answers;
  if (over < 1.0) return plan->earn;
  const double target = plan->earn + plan->credit / over;
  const double least = 0.1 * plan->earn, most = 1.5 * plan->earn;
  return target < least ? least : target > most ? most : target;
}

/* The share of the answers to come that may be lost: as planned, and less when few calls may still be: a pacer that
 * runs into the wall must dial progressively, which costs far more than a little care before it. */
double plan_spend(const struct pacer *p) {
  const struct plan *plan = &p->plan;
  const double available = plan_available(p);
  const double careful = careful_least + careful_scale * sqrt(plan->earn * plan->answers);
  const double left = available - spare_calls - 0.5; /* the last one is spent with the greatest care */
  const double care = left >= careful ? 1.0 : left <= 0 ? 0.0 : left / careful;
  return plan_target(plan) * care;
}

static int64_t milli(double calls) {
  return calls > 1e9 ? INT64_C(1000000000000) : calls < -1e9 ? INT64_C(-1000000000000) : (int64_t)(calls * 1000.0);
}

void plan_explain(const struct pacer *p, struct pacer_why *why) {
  const struct pacer_window *w = &p->budget.windows[p->plan.window];
  why->abandoned = w->abandoned, why->live = budget_live(w), why->early = w->early;
  why->credit_milli = milli(p->plan.credit);
  why->debt_milli = milli(p->plan.debt);
  why->pending_milli = milli(plan_pending(p));
  why->limit_bp = w->limit_bp;
  why->window = (uint8_t)p->plan.window;
  why->window_kind = w->kind;
}
