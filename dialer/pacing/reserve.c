/* The inbound reserve: keep so many agents idle that callers are served in time (a threshold on idle agents is optimal
 * when all calls are alike: Bhulai and Koole 2003). Callers take from the reserve at rate l, agents who become free
 * refill it at rate m before they get outbound calls; it is empty with chance 1 / (1 + m/l + ... + (m/l)^c), and whoever
 * finds it empty waits longer than t with chance exp(-m t). */
#include "pacer_state.h"

uint32_t reserve_inbound(const struct pacer *p) {
  const struct pacer_sight *s = &p->sight;
  const double arrivals = p->est.inbound_per_s, cycle_s = p->est.talk_s + p->est.wrap_s;
  const double staffed = s->ready + s->talking + s->wrapup;
  if (p->params.inbound_bp == 0 || arrivals <= 1e-9 || staffed < 1) return 0;
  double busy = s->talking + s->wrapup;
  if (busy < 0.5 * staffed) busy = 0.5 * staffed; /* an idle floor is about to be busy */
  const double refill = busy / cycle_s, late = forecast_exp_minus(refill * p->params.inbound_within_ms / 1000.0);
  const double allowed = 1.0 - p->params.inbound_bp / 10000.0;
  double sum = 1.0, term = 1.0;
  for (uint32_t c = 0; c < s->ready; c++) {
    if (late <= allowed * sum) return c;
    term *= refill / arrivals;
    sum += term;
  }
  return s->ready;
}
