/* When a place is open: its local days, cut into windows by the campaign's hours and by every rule that bears on it, walked from
 * one change of the clock to the next. */
#include <campaigns/gate.h>
#include <string.h>

enum { DAY_MS = 86400000, MINUTE_MS = 60000, SEARCH_DAYS = 40, WINDOWS_MAX = 8, CONSTRAINTS_MAX = 96 };

struct window {
  int from, to; /* minutes after local midnight, to is out */
};
struct day {
  struct window w[WINDOWS_MAX];
  int count;
};
/* The hours and bans that bear on one campaign and place, found once for a walk. */
struct opening {
  const struct gate_terms *terms;
  const struct law_place *place;
  const struct law *law;
  const struct rule *rules[CONSTRAINTS_MAX];
  int count;
  bool too_many; /* more rules than we look at: closed */
};

static bool sector_bears(const struct rule *r, const struct gate_terms *t) {
  return r->sectors == 0 || t->sectors == 0 || (r->sectors & t->sectors) != 0;
}

bool rule_applies(const struct rule *r, const struct gate_terms *t, const struct law_place *p) {
  unsigned technology = t->technology ? t->technology : (unsigned)TECH_AGENT;
  if (!r->on || (t->purpose && !(r->purposes & t->purpose)) || !sector_bears(r, t)) return false;
  if (r->technologies && !(r->technologies & technology)) return false;
  if (p->region_count == 0) return true; /* anywhere: every rule */
  for (int i = 0; i < p->region_count; i++)
    if (region_covers(r->region, p->regions[i])) return true;
  return false;
}

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

static int64_t local_ms(const struct zones *z, uint16_t zone, struct wall at) {
  return at.ms + (int64_t)zones_offset_s(z, zone, at) * 1000;
}

static bool in_force_on(const struct rule *r, int64_t day) { return day >= r->from && day < r->until; }

bool rule_in_force(const struct rule *r, const struct law_place *p, const struct zones *z, struct wall at) {
  if (p->zone_count == 0) return in_force_on(r, floor_div(at.ms, DAY_MS));
  for (int i = 0; i < p->zone_count; i++)
    if (in_force_on(r, floor_div(local_ms(z, p->zones[i], at), DAY_MS))) return true;
  return false;
}

static void collect(struct opening *o, const struct gate_terms *t, const struct law_place *p, const struct law *law) {
  *o = (struct opening){.terms = t, .place = p, .law = law};
  for (int i = 0; law->rules && i < law->rules->count; i++) {
    const struct rule *r = &law->rules->rules[i];
    if ((r->kind != RULE_HOURS && r->kind != RULE_BAN) || !rule_applies(r, t, p)) continue;
    if (o->count == CONSTRAINTS_MAX)
      o->too_many = true;
    else
      o->rules[o->count++] = r;
  }
}

static void cut(struct day *d, const struct window *with, int n) {
  struct day out = {.count = 0};
  for (int i = 0; i < d->count; i++)
    for (int k = 0; k < n && out.count < WINDOWS_MAX; k++) {
      int from = d->w[i].from > with[k].from ? d->w[i].from : with[k].from, to = d->w[i].to < with[k].to ? d->w[i].to : with[k].to;
      if (from < to) out.w[out.count++] = (struct window){from, to};
    }
  *d = out;
}

static int weekday(int64_t day) { return (int)(((day + 4) % 7 + 7) % 7); }

/* The weekday by whose hours the rule treats that day; < 0: closed. */
static int treated_as(const struct opening *o, const struct rule *r, int64_t day) {
  const struct rule_hours *h = &r->u.hours;
  if (h->holidays == HOLIDAYS_AS_DAY) return weekday(day);
  const struct law_place *p = o->place;
  if (p->region_count == 0) return -1;
  bool holiday = false;
  for (int i = 0; i < p->region_count; i++) {
    if (!region_covers(r->region, p->regions[i])) continue;
    if (!calendar_covers(o->law->calendar, p->regions[i], day)) return -1; /* not known to be a working day */
    holiday |= (calendar_day(o->law->calendar, p->regions[i], day, NULL) & DAY_HOLIDAY) != 0;
  }
  return !holiday ? weekday(day) : h->holidays == HOLIDAYS_OFF ? -1 : 0;
}

static bool banned(const struct opening *o, int64_t day) {
  for (int i = 0; i < o->place->region_count; i++)
    if (calendar_day(o->law->calendar, o->place->regions[i], day, NULL) & DAY_BAN) return true;
  return false;
}

static void cut_by_rule(const struct opening *o, const struct rule *r, int64_t day, struct day *d) {
  struct window w[RULE_WINDOWS];
  int n = 0;
  if (!in_force_on(r, day)) return;
  if (r->kind == RULE_BAN) {
    if (banned(o, day)) d->count = 0;
    return;
  }
  int as = treated_as(o, r, day);
  for (int i = 0; as >= 0 && i < RULE_WINDOWS; i++)
    if (r->u.hours.open[as][i] < r->u.hours.close[as][i]) w[n++] = (struct window){r->u.hours.open[as][i], r->u.hours.close[as][i]};
  cut(d, w, n);
}

static void day_of(const struct opening *o, int64_t day, struct day *d) {
  int as = weekday(day);
  *d = (struct day){.w = {{o->terms->hours.open[as], o->terms->hours.close[as]}}};
  d->count = d->w[0].from < d->w[0].to && !o->too_many;
  for (int i = 0; i < o->count && d->count; i++) cut_by_rule(o, o->rules[i], day, d);
}

/* Earliest local instant >= local while the offset stays; local + SEARCH_DAYS days: none. */
static int64_t local_next(const struct opening *o, int64_t local) {
  int64_t day = floor_div(local, DAY_MS);
  for (int i = 0; i <= SEARCH_DAYS; i++, day++) {
    struct day d;
    int64_t best = INT64_MAX;
    day_of(o, day, &d);
    for (int k = 0; k < d.count; k++) {
      int64_t open = day * DAY_MS + (int64_t)d.w[k].from * MINUTE_MS, close = day * DAY_MS + (int64_t)d.w[k].to * MINUTE_MS;
      int64_t from = local > open ? local : open;
      if (from < close && from < best) best = from;
    }
    if (best != INT64_MAX) return best;
  }
  return local + (int64_t)SEARCH_DAYS * DAY_MS;
}

static struct wall zone_next(const struct opening *o, uint16_t zone, struct wall at, struct wall until) {
  while (at.ms < until.ms) {
    int64_t offset_ms = (int64_t)zones_offset_s(o->law->zones, zone, at) * 1000;
    struct wall next = {local_next(o, at.ms + offset_ms) - offset_ms}, change = zones_change(o->law->zones, zone, at);
    if (change.ms == 0 || next.ms < change.ms) return next;
    at = change;
  }
  return until;
}

static bool zones_known(const struct law_place *p) {
  for (int i = 0; i < p->zone_count; i++)
    if (p->zones[i] == ZONE_NONE) return false;
  return p->zone_count > 0 && p->zone_count <= LAW_ZONES_MAX;
}

static bool allows(const struct opening *o, struct wall at) {
  for (int i = 0; i < o->place->zone_count; i++) {
    struct day d;
    int64_t local = local_ms(o->law->zones, o->place->zones[i], at), day = floor_div(local, DAY_MS), in_day = local - day * DAY_MS;
    bool open = false;
    day_of(o, day, &d);
    for (int k = 0; k < d.count; k++) open |= in_day >= (int64_t)d.w[k].from * MINUTE_MS && in_day < (int64_t)d.w[k].to * MINUTE_MS;
    if (!open) return false;
  }
  return true;
}

bool opening_allows(const struct gate_terms *terms, const struct law_place *place, const struct law *law, struct wall at) {
  struct opening o;
  if (!zones_known(place)) return false;
  collect(&o, terms, place, law);
  return allows(&o, at);
}

static struct wall walk_next(const struct opening *o, struct wall at) {
  const struct law_place *place = o->place;
  struct wall until = wall_add(at, (int64_t)SEARCH_DAYS * DAY_MS);
  for (int i = 0, agreed = 0; agreed < place->zone_count; i = (i + 1) % place->zone_count) { /* until a whole round moves nothing */
    struct wall next = zone_next(o, place->zones[i], at, until);
    if (next.ms >= until.ms) return WALL_NONE;
    agreed = next.ms == at.ms ? agreed + 1 : 1;
    at = next;
  }
  return at;
}

struct wall opening_next(const struct gate_terms *terms, const struct law_place *place, const struct law *law, struct wall at) {
  struct opening o;
  if (!zones_known(place)) return WALL_NONE;
  collect(&o, terms, place, law);
  return walk_next(&o, at);
}

/* Instants at which a zone may close: the ends of windows, midnights and changes of the clock. Earliest after `at`. */
static struct wall zone_border(const struct opening *o, uint16_t zone, struct wall at) {
  int64_t offset_ms = (int64_t)zones_offset_s(o->law->zones, zone, at) * 1000, local = at.ms + offset_ms;
  int64_t day = floor_div(local, DAY_MS), border = (day + 1) * DAY_MS;
  struct day d;
  day_of(o, day, &d);
  for (int k = 0; k < d.count; k++) {
    int64_t close = day * DAY_MS + (int64_t)d.w[k].to * MINUTE_MS;
    if (close > local && close < border) border = close;
  }
  struct wall change = zones_change(o->law->zones, zone, at), found = {border - offset_ms};
  return change.ms != 0 && change.ms < found.ms ? change : found;
}

struct wall opening_until(const struct gate_terms *terms, const struct law_place *place, const struct law *law, struct wall at) {
  struct opening o;
  struct wall end = wall_add(at, (int64_t)2 * DAY_MS), t = at;
  if (!zones_known(place)) return at;
  collect(&o, terms, place, law);
  while (t.ms < end.ms && allows(&o, t)) {
    struct wall nearest = end;
    for (int i = 0; i < place->zone_count; i++) {
      struct wall border = zone_border(&o, place->zones[i], t);
      if (border.ms < nearest.ms) nearest = border;
    }
    t = nearest;
  }
  return t;
}

/* One rule, the campaign open all day. */
static void collect_one(struct opening *o, struct gate_terms *all_day, const struct rule *r, const struct gate_terms *terms,
                        const struct law_place *place, const struct law *law) {
  *all_day = *terms;
  for (int d = 0; d < 7; d++) all_day->hours.open[d] = 0, all_day->hours.close[d] = 24 * 60;
  *o = (struct opening){.terms = all_day, .place = place, .law = law, .rules = {r}, .count = 1};
}

bool opening_rule_allows(const struct rule *r, const struct gate_terms *terms, const struct law_place *place, const struct law *law,
                         struct wall at, enum day_kind *kind) {
  struct gate_terms all_day;
  struct opening o;
  if (!zones_known(place)) return false;
  collect_one(&o, &all_day, r, terms, place, law);
  if (kind) *kind = r->kind == RULE_BAN ? DAY_BAN : DAY_PLAIN;
  for (int i = 0; kind && r->kind == RULE_HOURS && i < place->zone_count; i++) {
    int64_t day = floor_div(local_ms(law->zones, place->zones[i], at), DAY_MS);
    if (in_force_on(r, day) && treated_as(&o, r, day) != weekday(day)) *kind = DAY_HOLIDAY;
  }
  return allows(&o, at);
}

struct wall opening_rule_next(const struct rule *r, const struct gate_terms *terms, const struct law_place *place, const struct law *law,
                              struct wall at) {
  struct gate_terms all_day;
  struct opening o;
  if (!zones_known(place)) return WALL_NONE;
  collect_one(&o, &all_day, r, terms, place, law);
  return walk_next(&o, at);
}
