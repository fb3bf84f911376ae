/* forecast.h — the chance that more people want an agent than agents are free, at a few moments ahead.
 *
 * Each moment holds independent yes/no items: callers who will want an agent by then
 * (people ringing, being screened, waiting; inbound), and agents who will still be busy.
 * Nobody is free for the next caller when their sum reaches the number of agents counted.
 * Exact (Poisson-binomial) for few items, else a normal with its skew. Thread: the owner's. */
#ifndef PACING_FORECAST_H
#define PACING_FORECAST_H

#include <stdbool.h>

enum { FORECAST_POINTS = 10, FORECAST_EXACT = 64 };
extern const double forecast_at_s[FORECAST_POINTS];       /* moments, seconds from now */
extern const double forecast_edge_s[FORECAST_POINTS + 1]; /* the intervals that they stand for */

struct forecast_point {
  double safe[FORECAST_EXACT]; /* chance of exactly k items, k < agents */
  double mean, variance, skew; /* cumulants of the sum */
  int agents;                  /* counted: ready ones and busy ones that are items */
  bool exact;
};

/* agents: ready now. items: how many will be added at most (decides exact or not). */
void forecast_begin(struct forecast_point *p, int ready, int busy_items, int items);
void forecast_add(struct forecast_point *p, double chance);
void forecast_add_many(struct forecast_point *p, double chance, unsigned count);
/* Arrivals by chance, mean expected. */
void forecast_add_arrivals(struct forecast_point *p, double mean);
/* Chance that nobody is free for one caller more. */
double forecast_nobody(const struct forecast_point *p);

/* exp(-x) for x >= 0 from products only, so that every build agrees. */
double forecast_exp_minus(double x);

#endif
