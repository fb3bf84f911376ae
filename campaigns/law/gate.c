#include <campaigns/law.h>

static struct wall later(struct wall a, struct wall b) { return a.ms > b.ms ? a : b; }

/* When hours allow at or after `from`. */
static struct wall when_open(const struct gate_terms *t, const struct gate_facts *f, const struct zones *z, struct wall from) {
  return hours_next(&t->hours, z, f->zones, f->zone_count, from);
}

/* The first reason that stands wins; the order is fixed, so that the same facts always tell the same story. */
struct gate_verdict gate_decide(const struct gate_terms *terms, const struct gate_facts *f, const struct zones *z) {
  struct gate_verdict no = {REFUSAL_NONE, WALL_NONE};
  bool zone_known = f->zone_count > 0 && f->zone_count <= LAW_ZONES_MAX;
  for (int i = 0; zone_known && i < f->zone_count; i++) zone_known = f->zones[i] != ZONE_NONE;
  bool capped = f->attempts >= terms->attempts_max;
  if (!f->number_good)
    no.reason = REFUSAL_NUMBER;
  else if (!f->campaign_running)
    no.reason = REFUSAL_CAMPAIGN;
  else if (!f->lease_valid)
    no.reason = REFUSAL_LEASE_GONE;
  else if (!f->clock_trusted)
    no.reason = REFUSAL_CLOCK;
  else if (f->dnc)
    no.reason = REFUSAL_DNC;
  else if (capped)
    no.reason = REFUSAL_ATTEMPT_CAP;
  else if (!zone_known)
    no.reason = REFUSAL_ZONE_UNKNOWN;
  else if (!hours_allow(&terms->hours, z, f->zones, f->zone_count, f->now))
    no.reason = REFUSAL_HOURS;

  if (no.reason == REFUSAL_HOURS) no.next = when_open(terms, f, z, f->now);
  /* A cap of zero never ends. Otherwise one attempt leaves the window when the oldest does; if more
   * than the cap were made, the next decision says so again. */
  if (no.reason == REFUSAL_ATTEMPT_CAP && terms->attempts_max > 0 && f->oldest_attempt.ms != 0 && zone_known)
    no.next = when_open(terms, f, z, later(f->now, wall_add(f->oldest_attempt, terms->attempts_window_ms)));
  return no;
}
