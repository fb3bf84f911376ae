#include "tzif.h"
#include <campaigns/gate.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000, HOUR_MS = 3600000, LINE_AGAIN_MS = 60000 };
/* What a campaign may claim for a whole list; consent is given by each person. */
enum { CLAIMS = BASIS_CONTRACT | BASIS_INTEREST | BASIS_LEGAL | BASIS_INQUIRY };

/* One walk over everything that may say no. Deciding stops at the first no; explaining goes on to the end. */
struct walk {
  const struct gate_terms *t;
  const struct gate_facts *f;
  const struct law *law;
  struct gate_finding *out; /* NULL: decide */
  int count;
  struct gate_verdict first;
};

static struct wall later(struct wall a, struct wall b) { return a.ms > b.ms ? a : b; }

static bool say(struct walk *w, const char *id, const struct rule *rule, enum refusal reason, struct wall next, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* Returns whether the walk is over. */
static bool say(struct walk *w, const char *id, const struct rule *rule, enum refusal reason, struct wall next, const char *fmt, ...) {
  if (reason != REFUSAL_NONE && w->first.reason == REFUSAL_NONE) w->first = (struct gate_verdict){reason, WALL_NONE, rule};
  if (!w->out) return reason != REFUSAL_NONE;
  if (w->count == FINDINGS_MAX) return false;
  struct gate_finding *g = &w->out[w->count++];
  *g = (struct gate_finding){.rule = rule, .reason = reason, .next = next};
  snprintf(g->id, sizeof g->id, "%s", id);
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(g->inputs, sizeof g->inputs, fmt, ap);
  va_end(ap);
  return false;
}

static bool zones_known(const struct law_place *p) {
  for (int i = 0; i < p->zone_count && i < LAW_ZONES_MAX; i++)
    if (p->zones[i] == ZONE_NONE) return false;
  return p->zone_count > 0 && p->zone_count <= LAW_ZONES_MAX;
}

static bool bears(const struct walk *w, const struct rule *r, enum rule_kind kind) {
  return r->kind == kind && rule_applies(r, w->t, &w->f->place) && rule_in_force(r, &w->f->place, w->law->zones, w->f->now);
}

/* ---- the box and the campaign ---- */

static bool judge_call(struct walk *w) {
  const struct gate_facts *f = w->f;
  return say(w, "gate.number", NULL, f->number_good ? REFUSAL_NONE : REFUSAL_NUMBER, WALL_NONE, "E.164, 7 to 15 digits") ||
         say(w, "gate.campaign", NULL, f->campaign_running ? REFUSAL_NONE : REFUSAL_CAMPAIGN, WALL_NONE, "the campaign must run") ||
         say(w, "gate.lease_gone", NULL, f->lease_valid ? REFUSAL_NONE : REFUSAL_LEASE_GONE, WALL_NONE,
             "the contact waits and is reserved for this call") ||
         say(w, "gate.clock", NULL, f->clock_trusted ? REFUSAL_NONE : REFUSAL_CLOCK, WALL_NONE, "the clock can be trusted");
}

static bool judge_dnc(struct walk *w) {
  enum refusal reason = w->f->dnc ? REFUSAL_DNC : REFUSAL_NONE;
  const char *inputs = w->f->dnc ? "on the seller's, the campaign's or the global list" : "on none of our lists";
  bool any = false;
  for (int i = 0; w->law->rules && i < w->law->rules->count; i++) {
    const struct rule *r = &w->law->rules->rules[i];
    if (!bears(w, r, RULE_DNC)) continue;
    any = true;
    if (say(w, r->id, r, reason, WALL_NONE, "%s", inputs)) return true;
  }
  return !any && say(w, "gate.dnc", NULL, reason, WALL_NONE, "%s", inputs);
}

static bool declared(const struct gate_terms *t, uint64_t country) {
  for (int i = 0; i < t->country_count; i++)
    if (t->countries[i] == country) return true;
  return t->country_count == 0;
}

static bool judge_country(struct walk *w) {
  const struct law_place *p = &w->f->place;
  char text[REGION_TEXT_MAX] = "";
  if (!w->law->rules) return false; /* nothing depends on it */
  if (p->region_count == 0) return say(w, "gate.country", NULL, REFUSAL_COUNTRY, WALL_NONE, "in which country the number is, is not known");
  for (int i = 0; i < p->region_count; i++) {
    region_text(p->regions[i], text);
    if (!declared(w->t, region_country(p->regions[i])))
      return say(w, "gate.country", NULL, REFUSAL_COUNTRY, WALL_NONE, "the number may be in %s, which the campaign does not declare", text);
  }
  return say(w, "gate.country", NULL, REFUSAL_NONE, WALL_NONE, "%s%s", text, p->region_count > 1 ? " and others" : "");
}

/* ---- caller id ---- */

static bool begins(uint64_t number, uint64_t prefix) {
  while (number > prefix) number /= 10;
  return number == prefix && prefix != 0;
}

static bool judge_caller(struct walk *w, const struct rule *r) {
  const struct rule_caller *c = &r->u.caller;
  uint64_t shown = w->t->caller_id;
  bool bad = c->needed && shown == 0, fits = c->require_count == 0;
  for (int i = 0; i < c->forbid_count; i++) bad |= begins(shown, c->forbid[i]);
  for (int i = 0; i < c->require_count; i++) fits |= begins(shown, c->require[i]);
  return say(w, r->id, r, bad || !fits ? REFUSAL_CALLER_ID : REFUSAL_NONE, WALL_NONE, "shown: %s%.0llu", shown ? "+" : "no number",
             (unsigned long long)shown);
}

/* ---- consent and registries ---- */

static struct wall add_months(struct wall t, int months) {
  int64_t day = t.ms / DAY_MS, year = civil_year(day);
  int month = 12;
  while (month > 1 && civil_days(year, month, 1) > day) month--;
  int64_t of_month = day - civil_days(year, month, 1);
  int64_t m = year * 12 + month - 1 + months, begin = civil_days(m / 12, (int)(m % 12) + 1, 1),
          after = civil_days((m + 1) / 12, (int)((m + 1) % 12) + 1, 1);
  if (begin + of_month >= after) of_month = after - begin - 1;
  return (struct wall){(begin + of_month) * DAY_MS + t.ms % DAY_MS};
}

/* Does one of the person's consents carry this, now? */
static bool consented(const struct walk *w, unsigned bases, unsigned technology, int renew_months) {
  for (int i = 0; i < w->f->consent_count; i++) {
    const struct gate_consent *c = &w->f->consents[i];
    unsigned has = c->bases | (c->bases & BASIS_WRITTEN ? (unsigned)BASIS_CONSENT : 0);
    if (!(has & bases) || !(c->technologies & technology) || !(c->purposes & w->t->purpose)) continue;
    if (c->granted.ms == 0 || c->granted.ms > w->f->now.ms) continue;
    if ((c->expires.ms && w->f->now.ms >= c->expires.ms) || (c->revoked.ms && w->f->now.ms >= c->revoked.ms)) continue;
    if (renew_months && w->f->now.ms >= add_months(c->granted, renew_months).ms) continue;
    return true;
  }
  return false;
}

static bool judge_consent(struct walk *w, const struct rule *r) {
  const struct rule_consent *c = &r->u.consent;
  unsigned used = w->t->technology ? w->t->technology : (unsigned)TECH_AGENT;
  bool good = true, claimed = (w->t->bases & c->bases & CLAIMS) != 0;
  for (unsigned bit = TECH_AGENT; bit <= TECH_MESSAGE_DROP; bit <<= 1)
    if (used & c->technologies & bit) good &= claimed || consented(w, c->bases, bit, c->renew_months);
  return say(w, r->id, r, good ? REFUSAL_NONE : REFUSAL_CONSENT, WALL_NONE, "%s",
             claimed ? "claimed by the campaign for its whole list"
             : good  ? "in the consent ledger"
                     : "nothing valid in the consent ledger, nothing claimed by the campaign");
}

static bool judge_registry(struct walk *w, const struct rule *r) {
  const struct rule_registry *g = &r->u.registry;
  for (int i = 0; i < g->count; i++) {
    const struct gate_registry *found = NULL;
    for (int k = 0; k < w->f->registry_count; k++)
      if (strcmp(w->f->registries[k].name, g->names[i]) == 0) found = &w->f->registries[k];
    int64_t age_ms = found ? w->f->now.ms - found->as_of.ms : 0;
    bool stale = !found || age_ms > (int64_t)g->max_age_days * DAY_MS || age_ms < -DAY_MS;
    if (!found) {
      if (say(w, r->id, r, REFUSAL_REGISTRY_STALE, WALL_NONE, "%s is not loaded", g->names[i])) return true;
      continue;
    }
    bool listed = found->listed && !(g->unless && consented(w, g->unless, TECH_AGENT, 0));
    enum refusal reason = stale ? REFUSAL_REGISTRY_STALE : listed ? REFUSAL_REGISTRY : REFUSAL_NONE;
    if (say(w, r->id, r, reason, WALL_NONE, "%s, %lld of %u days old: %s", g->names[i], (long long)(age_ms / DAY_MS), g->max_age_days,
            !found->listed ? "not on it"
            : listed       ? "on it"
                           : "on it, but with consent"))
      return true;
  }
  return false;
}

/* ---- how often ---- */

/* How that call ends decides what may follow it: until then nobody rings the person again, by whatever number or campaign. */
static bool judge_line(struct walk *w) {
  bool busy = w->f->on_the_line;
  return say(w, "gate.on_the_line", NULL, busy ? REFUSAL_ON_THE_LINE : REFUSAL_NONE, busy ? wall_add(w->f->now, LINE_AGAIN_MS) : WALL_NONE,
             "%s call with this person is going on", busy ? "a" : "no");
}

static bool judge_own_cap(struct walk *w) {
  bool capped = w->f->attempts >= w->t->attempts_max;
  struct wall next =
      capped && w->t->attempts_max > 0 && w->f->oldest_attempt.ms ? wall_add(w->f->oldest_attempt, w->t->attempts_window_ms) : WALL_NONE;
  return say(w, "gate.attempt_cap", NULL, capped ? REFUSAL_ATTEMPT_CAP : REFUSAL_NONE, next, "%u of %u calls to this number in %lld h",
             w->f->attempts, w->t->attempts_max, (long long)(w->t->attempts_window_ms / HOUR_MS));
}

static bool judge_cap(struct walk *w, const struct rule *r) {
  const struct rule_cap *c = &r->u.cap;
  static const char *const PER[] = {"to this number", "to this person", "about this debt", "on this subject"};
  struct wall frees = WALL_NONE;
  if (c->unless_guaranteed && w->t->guaranteed) return say(w, r->id, r, REFUSAL_NONE, WALL_NONE, "an agent waits for this call");
  int n = cap_count(r, w->t, w->f, w->law->zones, &frees);
  bool full = n >= c->calls || w->f->events_cut;
  bool cooling = c->calls == 1 && !(c->counts & COUNTS_ATTEMPTS);
  return say(w, r->id, r,
             !full     ? REFUSAL_NONE
             : cooling ? REFUSAL_COOL_DOWN
                       : REFUSAL_ATTEMPT_CAP,
             frees, "%d of %u %s %s in %u %s", n, c->calls,
             c->counts & COUNTS_ATTEMPTS        ? "calls"
             : c->counts & COUNTS_CONVERSATIONS ? "conversations"
                                                : "such calls",
             PER[c->per % 4], c->days ? c->days : c->hours, c->days ? "days" : "h");
}

/* ---- when ---- */

static bool judge_hours(struct walk *w) {
  const struct law_place *p = &w->f->place;
  struct wall at = w->f->now;
  if (say(w, "gate.zone_unknown", NULL, zones_known(p) ? REFUSAL_NONE : REFUSAL_ZONE_UNKNOWN, WALL_NONE, "%d possible time zone%s",
          p->zone_count, p->zone_count == 1 ? "" : "s"))
    return true;
  if (!zones_known(p)) return false;
  bool own = hours_allow(&w->t->hours, w->law->zones, p->zones, p->zone_count, at);
  if (say(w, "gate.hours", NULL, own ? REFUSAL_NONE : REFUSAL_HOURS,
          own ? WALL_NONE : hours_next(&w->t->hours, w->law->zones, p->zones, p->zone_count, at), "the campaign's own hours"))
    return true;
  for (int i = 0; w->law->rules && i < w->law->rules->count; i++) {
    const struct rule *r = &w->law->rules->rules[i];
    enum day_kind kind;
    if ((r->kind != RULE_HOURS && r->kind != RULE_BAN) || !rule_applies(r, w->t, p)) continue;
    bool open = opening_rule_allows(r, w->t, p, w->law, at, &kind);
    if (open && !rule_in_force(r, p, w->law->zones, at)) continue;
    enum refusal reason = open ? REFUSAL_NONE : kind == DAY_BAN ? REFUSAL_BAN : kind == DAY_HOLIDAY ? REFUSAL_HOLIDAY : REFUSAL_HOURS;
    if (say(w, r->id, r, reason, open || !w->out ? WALL_NONE : opening_rule_next(r, w->t, p, w->law, at), "%s",
            kind == DAY_BAN       ? "days that a calendar bans"
            : kind == DAY_HOLIDAY ? "a holiday, or no calendar says that it is none"
                                  : "hours in every possible zone"))
      return true;
  }
  return false;
}

/* ---- the walk ---- */

static bool judge_rules(struct walk *w, enum rule_kind kind, bool (*judge)(struct walk *, const struct rule *)) {
  for (int i = 0; w->law->rules && i < w->law->rules->count; i++) {
    const struct rule *r = &w->law->rules->rules[i];
    if (bears(w, r, kind) && judge(w, r)) return true;
  }
  return false;
}

static void walk(struct walk *w) {
  (void)(judge_call(w) || judge_dnc(w) || judge_country(w) || judge_rules(w, RULE_CALLER_ID, judge_caller) ||
         judge_rules(w, RULE_REGISTRY, judge_registry) || judge_rules(w, RULE_CONSENT, judge_consent) || judge_line(w) ||
         judge_own_cap(w) || judge_rules(w, RULE_CAP, judge_cap) || judge_hours(w));
}

static bool passes_with_time(enum refusal r) {
  return r == REFUSAL_ATTEMPT_CAP || r == REFUSAL_COOL_DOWN || r == REFUSAL_HOURS || r == REFUSAL_HOLIDAY || r == REFUSAL_BAN ||
         r == REFUSAL_ON_THE_LINE;
}

/* All caps freed, then the first opening. */
static struct wall next_time(const struct walk *w) {
  struct wall at = w->f->now;
  if (!passes_with_time(w->first.reason) || !zones_known(&w->f->place) || w->f->events_cut) return WALL_NONE;
  if (w->f->on_the_line) at = wall_add(at, LINE_AGAIN_MS);
  if (w->f->attempts >= w->t->attempts_max) {
    if (w->t->attempts_max == 0 || w->f->oldest_attempt.ms == 0) return WALL_NONE; /* a cap of zero never ends */
    at = later(at, wall_add(w->f->oldest_attempt, w->t->attempts_window_ms));
  }
  for (int i = 0; w->law->rules && i < w->law->rules->count; i++) {
    const struct rule *r = &w->law->rules->rules[i];
    struct wall frees = WALL_NONE;
    if (!bears(w, r, RULE_CAP) || (r->u.cap.unless_guaranteed && w->t->guaranteed)) continue;
    if (cap_count(r, w->t, w->f, w->law->zones, &frees) < r->u.cap.calls) continue;
    if (frees.ms == 0) return WALL_NONE;
    at = later(at, frees);
  }
  return opening_next(w->t, &w->f->place, w->law, at);
}

struct gate_verdict gate_decide(const struct gate_terms *terms, const struct gate_facts *facts, const struct law *law) {
  struct walk w = {.t = terms, .f = facts, .law = law};
  walk(&w);
  w.first.next = next_time(&w);
  return w.first;
}

int gate_explain(const struct gate_terms *terms, const struct gate_facts *facts, const struct law *law,
                 struct gate_finding out[FINDINGS_MAX], struct gate_verdict *verdict) {
  struct walk w = {.t = terms, .f = facts, .law = law, .out = out};
  walk(&w);
  w.first.next = next_time(&w);
  *verdict = w.first;
  return w.count;
}
