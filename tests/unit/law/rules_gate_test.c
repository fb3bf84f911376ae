/* The gate with rules against an independent, naive re-evaluation: the C library's calendar, every rule looked at in the
 * plainest way, nothing of the room's own code but its data. CADENCIA_GATE_CASES sets how many (default 20000). */
#include <cadencia/err.h>
#include <campaigns/gate.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ZONES = 12, RULES = 40, EVENTS = 12, HOUR_MS = 3600000, DAY_MS = 86400000 };
static const char *const NAMES[ZONES] = {"America/New_York",
                                         "America/Indiana/Tell_City",
                                         "America/Phoenix",
                                         "America/Adak",
                                         "Europe/Madrid",
                                         "Atlantic/Canary",
                                         "America/Kentucky/Monticello",
                                         "Pacific/Honolulu",
                                         "America/St_Johns",
                                         "Australia/Lord_Howe",
                                         "America/Tijuana",
                                         "America/Bogota"};
static const char *const REGIONS[] = {"US", "US-FL", "US-NY", "US-AL", "ES", "ES-MD", "CO", "GB", "CA-ON", "CA"};
static const char *const WHERE[] = {"*", "US", "US-FL", "US-AL", "ES", "EU", "CO", "CA"};
enum { REGION_COUNT = sizeof REGIONS / sizeof REGIONS[0], WHERE_COUNT = sizeof WHERE / sizeof WHERE[0] };

static struct zones *z;
static uint16_t zone_index[ZONES];
static uint64_t state = 88172645463325252u;
static uint64_t rnd(uint64_t below) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state % below;
}

/* ---- the world of one case ---- */

struct holiday {
  int64_t day;
  const char *region;
  int ban;
};
struct world {
  struct rule rules[RULES];
  int rule_count, regions[3], region_count, zones[3], zone_count;
  struct holiday days[8];
  int day_count;
  struct gate_event events[EVENTS];
  struct gate_consent consents[3];
  struct gate_registry registries[2];
  struct gate_terms terms;
  struct gate_facts facts;
  const char *where[RULES];
};

static struct calendar *calendar_of(const struct world *w) {
  char text[1200] = "covers,US,2026-01-01,2026-12-31\ncovers,ES,2026-01-01,2026-12-31\ncovers,CO,2026-01-01,2026-12-31\ncovers,CA,2026-01-"
                    "01,2026-06-30\n";
  int line;
  for (int i = 0; i < w->day_count; i++) {
    char date[16];
    time_t at = (time_t)w->days[i].day * 86400;
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s,%s,%s,x\n", date, w->days[i].region, w->days[i].ban ? "ban" : "holiday");
  }
  struct calendar *c = calendar_create();
  ck_assert_int_eq(calendar_add(c, text, &line), CAD_OK);
  calendar_ready(c);
  return c;
}

/* ---- naive ---- */

static int current_zone = -1;
static struct tm local(int zone, int64_t ms) {
  time_t at = ms / 1000;
  struct tm tm;
  if (zone != current_zone) {
    setenv("TZ", NAMES[current_zone = zone], 1);
    tzset();
  }
  localtime_r(&at, &tm);
  return tm;
}
static int64_t day_number(const struct tm *tm) { /* Fliegel and Van Flandern, from the civil date */
  int64_t y = tm->tm_year + 1900, m = tm->tm_mon + 1, d = tm->tm_mday, a = (14 - m) / 12;
  y = y + 4800 - a, m = m + 12 * a - 3;
  return d + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 32045 - 2440588;
}

static bool covers(const char *wide, const char *narrow) {
  static const char *const MEMBERS[] = {"ES"};
  if (strcmp(wide, "*") == 0 || strcmp(wide, narrow) == 0) return true;
  if (strcmp(wide, "EU") == 0) return strncmp(narrow, MEMBERS[0], 2) == 0;
  return strncmp(wide, narrow, 2) == 0 && (strlen(wide) == 2 || strlen(narrow) == 2);
}
/* What the law keeps of candidates: a part of a country stands for the country. */
static bool candidate(const struct world *w, int i) {
  const char *me = REGIONS[w->regions[i]];
  for (int k = 0; k < w->region_count; k++)
    if (strlen(me) == 2 && strlen(REGIONS[w->regions[k]]) > 2 && strncmp(me, REGIONS[w->regions[k]], 2) == 0) return false;
  return true;
}
static bool applies(const struct world *w, int r) {
  const struct rule *rule = &w->rules[r];
  if (!rule->on || !(rule->purposes & w->terms.purpose)) return false;
  if (rule->sectors && w->terms.sectors && !(rule->sectors & w->terms.sectors)) return false;
  for (int i = 0; i < w->region_count; i++)
    if (candidate(w, i) && covers(w->where[r], REGIONS[w->regions[i]])) return true;
  return false;
}
static bool in_force(const struct world *w, const struct rule *rule) {
  for (int i = 0; i < w->zone_count; i++) {
    struct tm tm = local(w->zones[i], w->facts.now.ms);
    int64_t day = day_number(&tm);
    if (day >= rule->from && day < rule->until) return true;
  }
  return false;
}
static bool covered(const char *region, int64_t day) {
  const int64_t begin = 20454; /* 2026-01-01 */
  if (strncmp(region, "GB", 2) == 0) return false;
  return day >= begin && day < begin + (strncmp(region, "CA", 2) == 0 ? 181 : 365);
}
/* 0 plain, 1 holiday, 2 not known */
static int holiday(const struct world *w, int r, int64_t day) {
  int found = 0;
  for (int i = 0; i < w->region_count; i++) {
    const char *region = REGIONS[w->regions[i]];
    if (!candidate(w, i) || !covers(w->where[r], region)) continue;
    if (!covered(region, day)) return 2;
    for (int k = 0; k < w->day_count; k++)
      if (!w->days[k].ban && w->days[k].day == day && covers(w->days[k].region, region)) found = 1;
  }
  return found;
}
static bool banned(const struct world *w, int64_t day) {
  for (int i = 0; i < w->region_count; i++)
    for (int k = 0; k < w->day_count; k++)
      if (candidate(w, i) && w->days[k].ban && w->days[k].day == day && covers(w->days[k].region, REGIONS[w->regions[i]])) return true;
  return false;
}
static bool hours_open(const struct world *w, int r, int zone) {
  const struct rule *rule = &w->rules[r];
  struct tm tm = local(zone, w->facts.now.ms);
  int64_t day = day_number(&tm);
  int wday = tm.tm_wday, minute = tm.tm_hour * 60 + tm.tm_min;
  if (day < rule->from || day >= rule->until) return true;
  if (rule->kind == RULE_BAN) return !banned(w, day);
  int h = rule->u.hours.holidays == HOLIDAYS_AS_DAY ? 0 : holiday(w, r, day);
  if (h == 2 || (h == 1 && rule->u.hours.holidays == HOLIDAYS_OFF)) return false;
  if (h == 1) wday = 0;
  for (int i = 0; i < RULE_WINDOWS; i++)
    if (minute >= rule->u.hours.open[wday][i] && minute < rule->u.hours.close[wday][i]) return true;
  return false;
}
static bool still_counts(const struct world *w, const struct rule_cap *c, const struct gate_event *e) {
  int64_t from = (c->counts & COUNTS_ATTEMPTS) || e->ended.ms == 0 ? e->at.ms : e->ended.ms;
  if (w->facts.now.ms < from + (int64_t)c->hours * HOUR_MS) return true;
  for (int i = 0; c->days && i < w->zone_count; i++) {
    struct tm then = local(w->zones[i], from), now = local(w->zones[i], w->facts.now.ms);
    if (day_number(&now) < day_number(&then) + c->days) return true;
  }
  return false;
}
static int naive_count(const struct world *w, const struct rule *rule) {
  const struct rule_cap *c = &rule->u.cap;
  int n = 0;
  for (int i = 0; i < w->facts.event_count; i++) {
    const struct gate_event *e = &w->events[i];
    if (!(e->what & c->counts) || (!c->whole_box && e->seller != w->facts.seller)) continue;
    if (e->purpose && !(e->purpose & rule->purposes)) continue;
    if (c->per == PER_NUMBER && e->phone != w->facts.phone) continue;
    if (c->per == PER_DEBT && e->debt && w->facts.debt && e->debt != w->facts.debt) continue;
    if (c->per == PER_SUBJECT && e->purpose && e->purpose != w->terms.purpose) continue;
    n += still_counts(w, c, e);
  }
  return n;
}
static bool naive_consent(const struct world *w, unsigned bases, unsigned technology, int months) {
  for (int i = 0; i < w->facts.consent_count; i++) {
    const struct gate_consent *c = &w->consents[i];
    bool basis = (c->bases & bases) || ((c->bases & BASIS_WRITTEN) && (bases & BASIS_CONSENT));
    int64_t now = w->facts.now.ms;
    if (!basis || !(c->technologies & technology) || !(c->purposes & w->terms.purpose) || c->granted.ms > now) continue;
    if ((c->expires.ms && c->expires.ms <= now) || (c->revoked.ms && c->revoked.ms <= now)) continue;
    if (months) {
      time_t at = c->granted.ms / 1000;
      struct tm tm;
      gmtime_r(&at, &tm);
      int want = (tm.tm_mon + months) % 12;
      tm.tm_mon += months;
      struct tm copy = tm;
      time_t end = timegm(&copy);
      if (copy.tm_mon != want) { /* the 31st of a shorter month: its last day */
        copy.tm_mday = 0;
        end = timegm(&copy);
      }
      if (now >= (int64_t)end * 1000 + c->granted.ms % 1000) continue;
    }
    return true;
  }
  return false;
}
static bool prefixed(uint64_t number, const uint64_t *prefixes, int n) {
  char a[24], b[24];
  snprintf(a, sizeof a, "%llu", (unsigned long long)number);
  for (int i = 0; i < n; i++) {
    snprintf(b, sizeof b, "%llu", (unsigned long long)prefixes[i]);
    if (strncmp(a, b, strlen(b)) == 0) return true;
  }
  return false;
}

/* Does this one rule say no? */
static bool refuses(const struct world *w, int r) {
  const struct rule *rule = &w->rules[r];
  if (!applies(w, r)) return false;
  if (rule->kind == RULE_HOURS || rule->kind == RULE_BAN) {
    for (int i = 0; i < w->zone_count; i++)
      if (!hours_open(w, r, w->zones[i])) return true;
    return false;
  }
  if (!in_force(w, rule)) return false;
  switch (rule->kind) {
  case RULE_DNC: return w->facts.dnc;
  case RULE_CAP: return !(rule->u.cap.unless_guaranteed && w->terms.guaranteed) && naive_count(w, rule) >= rule->u.cap.calls;
  case RULE_CALLER_ID:
    return (rule->u.caller.needed && !w->terms.caller_id) ||
           prefixed(w->terms.caller_id, rule->u.caller.forbid, rule->u.caller.forbid_count) ||
           (rule->u.caller.require_count && !prefixed(w->terms.caller_id, rule->u.caller.require, rule->u.caller.require_count));
  case RULE_CONSENT: {
    unsigned bases = rule->u.consent.bases;
    if (w->terms.bases & bases & (BASIS_CONTRACT | BASIS_INTEREST | BASIS_LEGAL | BASIS_INQUIRY)) return false;
    return (rule->u.consent.technologies & TECH_AGENT) && !naive_consent(w, bases, TECH_AGENT, rule->u.consent.renew_months);
  }
  case RULE_REGISTRY:
    for (int i = 0; i < rule->u.registry.count; i++) {
      const struct gate_registry *g = NULL;
      for (int k = 0; k < w->facts.registry_count; k++)
        if (strcmp(w->registries[k].name, rule->u.registry.names[i]) == 0) g = &w->registries[k];
      if (!g || w->facts.now.ms - g->as_of.ms > (int64_t)rule->u.registry.max_age_days * DAY_MS) return true;
      if (g->listed && !(rule->u.registry.unless && naive_consent(w, rule->u.registry.unless, TECH_AGENT, 0))) return true;
    }
    return false;
  default: return false;
  }
}

/* ---- random worlds ---- */

static void random_hours(struct rule_hours *h) {
  for (int d = 0; d < 7; d++) {
    h->open[d][0] = (uint16_t)(rnd(3) ? 0 : rnd(720)), h->close[d][0] = (uint16_t)(rnd(8) ? 720 + rnd(721) : h->open[d][0]);
    if (rnd(4) == 0 && h->close[d][0] < 1380) h->open[d][1] = (uint16_t)(h->close[d][0] + 30), h->close[d][1] = 1440;
  }
  h->holidays = (uint8_t)rnd(3);
}

static void random_rule(struct world *w, int r) {
  static const uint8_t KINDS[] = {RULE_HOURS, RULE_HOURS,    RULE_CAP,     RULE_CAP,       RULE_BAN,
                                  RULE_DNC,   RULE_REGISTRY, RULE_CONSENT, RULE_CALLER_ID, RULE_NOTE};
  struct rule *rule = &w->rules[r];
  *rule = (struct rule){
      .kind = KINDS[rnd(sizeof KINDS)], .purposes = (uint8_t)(1 + rnd(15)), .on = rnd(10) != 0, .from = INT64_MIN, .until = INT64_MAX};
  snprintf(rule->id, sizeof rule->id, "R-%d", r);
  w->where[r] = WHERE[rnd(WHERE_COUNT)];
  rule->region = region_parse(w->where[r]);
  int64_t today = w->facts.now.ms / DAY_MS;
  if (rnd(4) == 0) rule->from = today - 1 + (int64_t)rnd(3);
  if (rnd(4) == 0) rule->until = today + 2 - (int64_t)rnd(3);
  if (rnd(5) == 0) rule->sectors = (uint8_t)(1u << rnd(5));
  switch (rule->kind) {
  case RULE_HOURS: random_hours(&rule->u.hours); break;
  case RULE_CAP:
    rule->u.cap = (struct rule_cap){.calls = (uint16_t)(1 + rnd(6)),
                                    .hours = (uint16_t)(rnd(3) ? 1 + rnd(240) : 0),
                                    .per = (uint8_t)rnd(4),
                                    .counts = (uint8_t)(1 + rnd(31)),
                                    .whole_box = (uint8_t)rnd(2),
                                    .unless_guaranteed = rnd(4) == 0};
    if (rule->u.cap.hours == 0 || rnd(2)) rule->u.cap.days = (uint16_t)(1 + rnd(9));
    break;
  case RULE_REGISTRY:
    rule->u.registry = (struct rule_registry){.names = {"ONE", "TWO"}, .count = 1 + (int)rnd(2), .max_age_days = (uint16_t)(20 + rnd(20))};
    rule->u.registry.unless = rnd(2) ? BASIS_CONSENT : 0;
    break;
  case RULE_CONSENT:
    rule->u.consent = (struct rule_consent){(uint8_t)(1 + rnd(7)), (uint8_t)(1 + rnd(63)), (uint16_t)(rnd(2) ? 1 + rnd(30) : 0)};
    break;
  case RULE_CALLER_ID:
    rule->u.caller = (struct rule_caller){
        .needed = (uint8_t)rnd(2), .forbid = {346, 347}, .forbid_count = (int)rnd(3), .require = {34400, 1}, .require_count = (int)rnd(3)};
    break;
  default: break;
  }
}

static void random_past(struct world *w) {
  struct gate_facts *f = &w->facts;
  f->event_count = (int)rnd(EVENTS + 1);
  for (int i = 0; i < f->event_count; i++) {
    int64_t at = f->now.ms - (int64_t)rnd((uint64_t)12 * DAY_MS);
    w->events[i] = (struct gate_event){.at = {at},
                                       .ended = {rnd(10) ? at + (int64_t)rnd(HOUR_MS) : 0},
                                       .phone = 12025550100 + rnd(2),
                                       .debt = rnd(3),
                                       .seller = 1 + rnd(2),
                                       .purpose = (uint8_t)(rnd(5) ? 1u << rnd(4) : 0),
                                       .what = (uint8_t)(1 + rnd(31))};
  }
  f->consent_count = (int)rnd(4);
  for (int i = 0; i < f->consent_count; i++) {
    int64_t granted = f->now.ms - (int64_t)rnd((uint64_t)900 * DAY_MS) + DAY_MS;
    w->consents[i] = (struct gate_consent){(uint8_t)(1u << rnd(6)), (uint8_t)(1 + rnd(7)), (uint8_t)(1 + rnd(15)), {granted}, {0}, {0}};
    if (rnd(3) == 0) w->consents[i].expires.ms = granted + (int64_t)rnd((uint64_t)900 * DAY_MS);
    if (rnd(3) == 0) w->consents[i].revoked.ms = granted + (int64_t)rnd((uint64_t)900 * DAY_MS);
  }
  f->registry_count = (int)rnd(3);
  for (int i = 0; i < f->registry_count; i++) {
    w->registries[i] = (struct gate_registry){.as_of = {f->now.ms - (int64_t)rnd((uint64_t)45 * DAY_MS)}, .listed = rnd(3) == 0};
    strcpy(w->registries[i].name, i ? "TWO" : "ONE");
  }
}

static void random_world(struct world *w) {
  static const int64_t AROUND[] = {1772953200000 /* 8 March: US clocks */, 1774746000000 /* 29 March: Spain */,
                                   1793509200000 /* 1 November */, 1792890000000 /* 25 October */, 1767225600000 /* new year */};
  memset(w, 0, sizeof *w);
  struct gate_facts *f = &w->facts;
  f->now.ms = rnd(2) ? AROUND[rnd(5)] + (int64_t)rnd(4 * DAY_MS) - 2 * DAY_MS : 1767225600000 + (int64_t)rnd((uint64_t)365 * DAY_MS);
  if (rnd(4) == 0) f->now.ms = f->now.ms / HOUR_MS * HOUR_MS - (int64_t)rnd(2); /* borders of hours */
  w->region_count = 1 + (int)rnd(3), w->zone_count = 1 + (int)rnd(3);
  for (int i = 0; i < w->region_count; i++)
    w->regions[i] = (int)rnd(REGION_COUNT), place_add_region(&f->place, region_parse(REGIONS[w->regions[i]]));
  for (int i = 0; i < w->zone_count; i++) w->zones[i] = (int)rnd(ZONES), f->place.zones[f->place.zone_count++] = zone_index[w->zones[i]];
  w->day_count = (int)rnd(8);
  for (int i = 0; i < w->day_count; i++)
    w->days[i] = (struct holiday){f->now.ms / DAY_MS - 1 + (int64_t)rnd(4), REGIONS[rnd(REGION_COUNT)], rnd(3) == 0};
  w->terms =
      (struct gate_terms){.attempts_max = 100, .attempts_window_ms = DAY_MS, .purpose = (uint8_t)(1u << rnd(4)), .guaranteed = rnd(3) == 0};
  for (int d = 0; d < 7; d++) w->terms.hours.close[d] = 1440;
  if (rnd(3) == 0) w->terms.sectors = (uint8_t)(1u << rnd(5));
  if (rnd(3) == 0) w->terms.bases = (uint8_t)rnd(64);
  static const uint64_t SHOWN[] = {0, 34612345678, 34400123456, 12025550100};
  w->terms.caller_id = SHOWN[rnd(4)];
  f->number_good = f->clock_trusted = f->campaign_running = f->lease_valid = true;
  f->dnc = rnd(12) == 0;
  f->on_the_line = rnd(12) == 0;
  f->phone = 12025550100, f->debt = rnd(3), f->seller = 1;
  w->rule_count = (int)rnd(7);
  for (int r = 0; r < w->rule_count; r++) random_rule(w, r);
  random_past(w);
  f->events = w->events, f->consents = w->consents, f->registries = w->registries;
}

/* ---- the tests ---- */

static void setup(void) {
  z = zones_create("/usr/share/zoneinfo");
  for (int i = 0; i < ZONES; i++) ck_assert_uint_ne(zone_index[i] = zones_find(z, NAMES[i]), ZONE_NONE);
}
static void teardown(void) { z = zones_destroy(z); }

static int cases(void) {
  const char *given = getenv("CADENCIA_GATE_CASES");
  int n = given ? atoi(given) : 20000;
  return n > 0 ? n : 20000;
}

START_TEST(random_contacts_times_and_histories_get_the_naive_verdict) {
  int allowed = 0, refused = 0, total = cases(), by_kind[RULE_KIND_COUNT] = {0};
  static struct world w;
  for (int k = 0; k < total; k++) {
    random_world(&w);
    struct calendar *calendar = calendar_of(&w);
    struct ruleset rules = {.rules = w.rules, .count = w.rule_count};
    struct law law = {z, &rules, calendar};
    struct gate_verdict v = gate_decide(&w.terms, &w.facts, &law);
    bool naive = w.facts.dnc || w.facts.on_the_line;
    for (int r = 0; r < w.rule_count; r++)
      if (refuses(&w, r)) naive = true, by_kind[w.rules[r].kind]++;
    ck_assert_msg((v.reason != REFUSAL_NONE) == naive, "case %d: the gate says %s by %s, the naive walk %s", k, refusal_name(v.reason),
                  v.rule ? v.rule->id : "-", naive ? "no" : "yes");
    if (v.rule) ck_assert_msg(refuses(&w, (int)(v.rule - w.rules)), "case %d: %s does not refuse", k, v.rule->id);
    naive ? refused++ : allowed++;
    if (v.next.ms) { /* what is promised is later, and then the rules of time say yes */
      ck_assert_int_ge(v.next.ms, w.facts.now.ms);
      w.facts.now = v.next;
      for (int r = 0; r < w.rule_count; r++) {
        bool timed = w.rules[r].kind == RULE_HOURS || w.rules[r].kind == RULE_BAN;
        if (timed) ck_assert_msg(!refuses(&w, r), "case %d: promised %lld, %s refuses", k, (long long)v.next.ms, w.rules[r].id);
      }
    }
    calendar_destroy(calendar);
  }
  ck_assert_int_gt(allowed, total / 20);
  ck_assert_int_gt(refused, total / 20);
  static const uint8_t MUST[] = {RULE_HOURS, RULE_BAN, RULE_CAP, RULE_REGISTRY, RULE_CONSENT, RULE_CALLER_ID, RULE_DNC};
  for (size_t i = 0; i < sizeof MUST; i++)
    ck_assert_msg(by_kind[MUST[i]] > total / 1000, "%s refused only %d times", rule_kind_name(MUST[i]), by_kind[MUST[i]]);
}
END_TEST

START_TEST(the_next_time_is_the_first_minute_at_which_hours_and_holidays_allow) {
  static struct world w;
  int found = 0;
  for (int k = 0; k < 150; k++) {
    random_world(&w);
    int kept = 0;
    for (int r = 0; r < w.rule_count; r++)
      if (w.rules[r].kind == RULE_HOURS || w.rules[r].kind == RULE_BAN) w.rules[kept] = w.rules[r], w.where[kept] = w.where[r], kept++;
    w.rule_count = kept;
    struct calendar *calendar = calendar_of(&w);
    struct ruleset rules = {.rules = w.rules, .count = w.rule_count};
    struct law law = {z, &rules, calendar};
    w.facts.now.ms = w.facts.now.ms / 60000 * 60000;
    struct wall next = opening_next(&w.terms, &w.facts.place, &law, w.facts.now);
    int64_t end = w.facts.now.ms + (int64_t)6 * DAY_MS;
    for (; w.facts.now.ms < end; w.facts.now.ms += 60000) {
      bool open = true;
      for (int r = 0; open && r < w.rule_count; r++) open = !refuses(&w, r);
      if (open) break;
    }
    if (w.facts.now.ms < end)
      ck_assert_msg(next.ms == w.facts.now.ms, "case %d: %lld, naive %lld", k, (long long)next.ms, (long long)w.facts.now.ms), found++;
    else
      ck_assert_msg(next.ms == 0 || next.ms >= end, "case %d: %lld is too early", k, (long long)next.ms);
    calendar_destroy(calendar);
  }
  ck_assert_int_gt(found, 60);
}
END_TEST

START_TEST(unknown_data_blocks) {
  struct rule hours = {.id = "H", .kind = RULE_HOURS, .purposes = PURPOSE_ALL, .on = 1, .from = INT64_MIN, .until = INT64_MAX};
  hours.region = region_parse("US-FL");
  hours.u.hours.holidays = HOLIDAYS_OFF;
  for (int d = 0; d < 7; d++) hours.u.hours.close[d][0] = 1440;
  struct ruleset rules = {.rules = &hours, .count = 1};
  struct calendar *calendar = calendar_create();
  struct law law = {z, &rules, calendar};
  struct gate_terms t = {.attempts_max = 3, .attempts_window_ms = DAY_MS, .purpose = PURPOSE_SURVEY};
  for (int d = 0; d < 7; d++) t.hours.close[d] = 1440;
  struct gate_facts f = {.now = {1794416400000}, .number_good = true, .clock_trusted = true, .campaign_running = true, .lease_valid = true};
  f.place.zones[f.place.zone_count++] = zone_index[0];
  ck_assert_int_eq(gate_decide(&t, &f, &law).reason, REFUSAL_COUNTRY); /* nobody knows where */
  place_add_region(&f.place, region_parse("US"));
  ck_assert_int_eq(gate_decide(&t, &f, &law).reason, REFUSAL_HOLIDAY); /* perhaps Florida, and no calendar */
  place_add_region(&f.place, region_parse("US-NY"));
  ck_assert_int_eq(gate_decide(&t, &f, &law).reason, REFUSAL_NONE); /* New York is not Florida */
  t.countries[t.country_count++] = region_parse("CA");
  ck_assert_int_eq(gate_decide(&t, &f, &law).reason, REFUSAL_COUNTRY);
  t.country_count = 0;
  f.place.zone_count = 0;
  ck_assert_int_eq(gate_decide(&t, &f, &law).reason, REFUSAL_ZONE_UNKNOWN);
  calendar_destroy(calendar);
}
END_TEST

START_TEST(regions_are_read_written_and_cover_one_another) {
  static const char *const GOOD[] = {"US", "US-FL", "GB-ENG", "MX-CMX", "*"};
  for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
    char text[REGION_TEXT_MAX];
    ck_assert_uint_ne(region_parse(GOOD[i]), 0);
    region_text(region_parse(GOOD[i]), text);
    ck_assert_str_eq(text, GOOD[i]);
  }
  static const char *const BAD[] = {"", "U", "us", "USA", "US-", "US-fl", "US-ABCD", "1S", "US_FL"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) ck_assert_msg(region_parse(BAD[i]) == 0, "%s", BAD[i]);
  ck_assert(region_covers(region_parse("EU"), region_parse("ES-MD")));
  ck_assert(!region_covers(region_parse("EU"), region_parse("GB")));
  ck_assert(!region_covers(region_parse("US-FL"), region_parse("US-NY")));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("rules gate");
  TCase *t = tcase_create("rules gate");
  tcase_set_timeout(t, 3600);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, random_contacts_times_and_histories_get_the_naive_verdict);
  tcase_add_test(t, the_next_time_is_the_first_minute_at_which_hours_and_holidays_allow);
  tcase_add_test(t, unknown_data_blocks);
  tcase_add_test(t, regions_are_read_written_and_cover_one_another);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
