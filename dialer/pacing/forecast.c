#include "forecast.h"
#include <math.h>
#include <string.h>

const double forecast_at_s[FORECAST_POINTS] = {2, 4, 6, 8, 10, 12, 14, 16.5, 20, 26};
const double forecast_edge_s[FORECAST_POINTS + 1] = {0, 3, 5, 7, 9, 11, 13, 15, 18, 22, 60};

double forecast_exp_minus(double x) {
  if (!(x > 0)) return 1.0;
  if (x > 60.0) return 0.0;
  const double y = x / 256.0;
  double r = 1.0 - y * (1.0 - y / 2.0 * (1.0 - y / 3.0 * (1.0 - y / 4.0)));
  for (int i = 0; i < 8; i++) r *= r;
  return r;
}

/* Upper tail of the standard normal, Abramowitz and Stegun 26.2.17 (error below 1e-7). */
static double normal_density(double z) { return 0.39894228040143268 * forecast_exp_minus(z * z / 2.0); }
static double normal_tail(double z) {
  const double a = z < 0 ? -z : z, t = 1.0 / (1.0 + 0.2316419 * a);
  const double poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const double tail = normal_density(a) * poly;
  return z < 0 ? 1.0 - tail : tail;
}

void forecast_begin(struct forecast_point *p, int ready, int busy_items, int items) {
  p->mean = p->variance = p->skew = 0;
  p->agents = ready + busy_items;
  p->exact = items <= FORECAST_EXACT && p->agents < FORECAST_EXACT;
  if (!p->exact || p->agents <= 0) return;
  memset(p->safe, 0, sizeof p->safe[0] * (unsigned)p->agents);
  p->safe[0] = 1.0;
}

void forecast_add(struct forecast_point *p, double chance) {
  if (!(chance > 0)) return;
  if (chance > 1.0) chance = 1.0;
  const double no = 1.0 - chance;
  p->mean += chance;
  p->variance += chance * no;
  p->skew += chance * no * (no - chance);
  if (!p->exact) return;
  for (int k = p->agents - 1; k > 0; k--) p->safe[k] = p->safe[k] * no + p->safe[k - 1] * chance;
  if (p->agents > 0) p->safe[0] *= no;
}

void forecast_add_many(struct forecast_point *p, double chance, unsigned count) {
  if (p->exact) {
    for (unsigned i = 0; i < count; i++) forecast_add(p, chance);
    return;
  }
  if (!(chance > 0)) return;
  if (chance > 1.0) chance = 1.0;
  const double no = 1.0 - chance;
  p->mean += count * chance;
  p->variance += count * chance * no;
  p->skew += count * chance * no * (no - chance);
}

void forecast_add_arrivals(struct forecast_point *p, double mean) {
  if (!(mean > 0)) return;
  if (mean > 1e6) mean = 1e6;
  if (p->exact) { /* a few unlikely items behave like a Poisson stream */
    const unsigned pieces = mean > 4.0 ? 16 : 1 + (unsigned)(mean * 4.0);
    forecast_add_many(p, mean / pieces, pieces);
    return;
  }
  p->mean += mean, p->variance += mean, p->skew += mean;
}

double forecast_nobody(const struct forecast_point *p) {
  if (p->agents <= 0) return 1.0;
  double risk;
  if (p->exact) {
    double safe = 0;
    for (int k = 0; k < p->agents; k++) safe += p->safe[k];
    risk = 1.0 - safe;
  } else if (p->variance < 1e-9) {
    risk = p->mean >= p->agents - 0.5 ? 1.0 : 0.0;
  } else {
    const double sigma = sqrt(p->variance), z = (p->agents - 0.5 - p->mean) / sigma;
    const double gamma = p->skew / (p->variance * sigma);
    risk = normal_tail(z);
    if (z > -4.0 && z < 4.0) risk += gamma / 6.0 * (z * z - 1.0) * normal_density(z);
  }
  return risk < 0 ? 0 : risk > 1 ? 1 : risk;
}
