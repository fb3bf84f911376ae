#include <campaigns/gate.h>

enum { DAY_MS = 86400000, HOUR_MS = 3600000, EVENTS_MOST = 1024 };

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

static int64_t local_day(const struct zones *z, uint16_t zone, struct wall at) {
  return floor_div(at.ms + (int64_t)zones_offset_s(z, zone, at) * 1000, DAY_MS);
}

/* The first instant not before `at` whose local date in that zone is `day` or later. */
static struct wall day_begins(const struct zones *z, uint16_t zone, int64_t day, struct wall at) {
  for (;;) {
    int64_t offset_ms = (int64_t)zones_offset_s(z, zone, at) * 1000;
    struct wall midnight = {day * DAY_MS - offset_ms}, change = zones_change(z, zone, at);
    if (midnight.ms < at.ms) midnight = at;
    if (change.ms == 0 || midnight.ms < change.ms) return midnight;
    at = change;
  }
}

/* What an event is measured by: an attempt by its beginning, everything that was heard or said by its end. */
static struct wall moment(const struct rule_cap *c, const struct gate_event *e) {
  return (c->counts & COUNTS_ATTEMPTS) || e->ended.ms == 0 ? e->at : e->ended;
}

/* When the event has left the window of the rule. Days are local: all candidate zones must agree. */
static struct wall leaves(const struct rule_cap *c, const struct gate_event *e, const struct law_place *p, const struct zones *z) {
  struct wall from = moment(c, e), out = wall_add(from, (int64_t)c->hours * HOUR_MS);
  for (int i = 0; c->days && i < p->zone_count; i++) {
    struct wall day = day_begins(z, p->zones[i], local_day(z, p->zones[i], from) + c->days, from);
    if (day.ms > out.ms) out = day;
  }
  if (c->days && p->zone_count == 0) out = wall_add(from, ((int64_t)c->days + 2) * DAY_MS);
  return out;
}

static bool concerns(const struct rule *r, const struct gate_terms *t, const struct gate_facts *f, const struct gate_event *e) {
  const struct rule_cap *c = &r->u.cap;
  if (!(e->what & c->counts) || (!c->whole_box && e->seller != f->seller)) return false;
  if (e->purpose && !(e->purpose & r->purposes)) return false;
  switch ((enum rule_per)c->per) {
  case PER_NUMBER: return e->phone == f->phone;
  case PER_PERSON: return true;
  case PER_DEBT: return e->debt == 0 || f->debt == 0 || e->debt == f->debt;
  case PER_SUBJECT: return e->purpose == 0 || t->purpose == 0 || e->purpose == t->purpose;
  }
  return true;
}

int cap_count(const struct rule *r, const struct gate_terms *t, const struct gate_facts *f, const struct zones *z, struct wall *frees) {
  const struct rule_cap *c = &r->u.cap;
  struct wall out[EVENTS_MOST];
  int n = 0;
  *frees = WALL_NONE;
  for (int i = 0; i < f->event_count && n < EVENTS_MOST; i++) {
    if (!concerns(r, t, f, &f->events[i])) continue;
    struct wall when = leaves(c, &f->events[i], &f->place, z);
    if (when.ms <= f->now.ms) continue;
    int k = n++;
    for (; k > 0 && out[k - 1].ms > when.ms; k--) out[k] = out[k - 1];
    out[k] = when;
  }
  if (n >= c->calls && c->calls > 0) *frees = out[n - c->calls];
  return n;
}
