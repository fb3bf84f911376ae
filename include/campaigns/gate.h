/* gate.h — may this number be called now? Facts and time in; verdict, reason, rule and earliest next time out. Pure.
 * The same walk over the rules decides (gate_decide) and explains (gate_explain).
 * Thread: any. Source: law/gate.c law/opening.c law/caps.c */
#ifndef CAMPAIGNS_GATE_H
#define CAMPAIGNS_GATE_H

#include <campaigns/rules.h>

/* What the law is made of; zones must be there, the others may be NULL: then only the campaign's own terms hold. */
struct law {
  const struct zones *zones;
  const struct ruleset *rules;
  const struct calendar *calendar;
};

enum { TERMS_COUNTRIES_MAX = 8 };
/* What the campaign says of itself. */
struct gate_terms {
  struct hours hours;
  uint32_t attempts_max;      /* per number, over all campaigns of the seller */
  int64_t attempts_window_ms; /* rolling */
  uint8_t purpose;            /* one purpose_bit; 0: not said, every purpose's rules hold */
  uint8_t technology;         /* technology bits; 0: an agent */
  uint8_t sectors;            /* 0: not said, every sector's rules hold */
  uint8_t bases;              /* basis bits that the campaign claims for its whole list */
  uint8_t guaranteed;         /* an agent waits for each call (preview) */
  uint64_t countries[TERMS_COUNTRIES_MAX];
  int country_count; /* 0: not said, any */
  uint64_t caller_id;
};

/* One call of the past, to or from this person. */
struct gate_event {
  struct wall at, ended;        /* ended WALL_NONE: still going on */
  uint64_t phone, debt, seller; /* debt 0: not known */
  uint8_t purpose;              /* 0: not known */
  uint8_t what;                 /* rule_counts bits */
};
struct gate_consent {
  uint8_t bases, technologies, purposes;
  struct wall granted, expires, revoked; /* WALL_NONE: never */
};
struct gate_registry {
  char name[RULE_LIST_NAME_MAX];
  struct wall as_of; /* the day the list was true */
  bool listed;
};
enum { GATE_REGISTRIES_MAX = 16 };
struct gate_facts {
  struct wall now;
  bool number_good; /* a number that can be dialed, E.164 */
  bool clock_trusted;
  bool campaign_running;
  bool lease_valid;
  bool dnc;         /* seller, campaign or global list */
  bool on_the_line; /* a call of this box to or from the person is not over */
  struct law_place place;
  uint64_t phone, debt, seller; /* debt 0: not known */
  uint32_t attempts;            /* to this number in the campaign's window, this one not counted */
  struct wall oldest_attempt;   /* the oldest of those, WALL_NONE without */
  const struct gate_event *events;
  int event_count;
  bool events_cut; /* there were more than could be gathered: a cap that they could fill blocks */
  const struct gate_consent *consents;
  int consent_count;
  const struct gate_registry *registries; /* those that are loaded */
  int registry_count;
};
struct gate_verdict {
  enum refusal reason;     /* REFUSAL_NONE: may be called */
  struct wall next;        /* earliest next time as far as rules can tell; WALL_NONE: not foreseeable */
  const struct rule *rule; /* the rule that said so; NULL: the campaign's own terms or the box */
};
/* First reason in this order: number, campaign, lease, clock, dnc, country, caller id, registry, consent, on the line, cap,
 * zone unknown, hours. */
struct gate_verdict gate_decide(const struct gate_terms *terms, const struct gate_facts *facts, const struct law *law);

/* Every rule that was asked, in the order of the gate. */
struct gate_finding {
  char id[RULE_ID_MAX]; /* of the rule, or "gate.word" */
  const struct rule *rule;
  enum refusal reason; /* REFUSAL_NONE: fulfilled */
  struct wall next;    /* when this one alone would say yes; WALL_NONE: not foreseeable, or now */
  char inputs[160];    /* "2 of 3 calls in 24 h" */
};
enum { FINDINGS_MAX = 128 };
int gate_explain(const struct gate_terms *terms, const struct gate_facts *facts, const struct law *law,
                 struct gate_finding out[FINDINGS_MAX], struct gate_verdict *verdict);

/* ---- hours of a place by the campaign's terms and all rules (law/opening.c) ---- */
bool opening_allows(const struct gate_terms *terms, const struct law_place *place, const struct law *law, struct wall at);
/* Earliest instant >= at; WALL_NONE: none within 40 days. */
struct wall opening_next(const struct gate_terms *terms, const struct law_place *place, const struct law *law, struct wall at);
/* When what is open now closes; `at` itself when it is closed. At most two days ahead. */
struct wall opening_until(const struct gate_terms *terms, const struct law_place *place, const struct law *law, struct wall at);
/* By this one rule alone; *kind (may be NULL) gets the day_kind that closes it, DAY_PLAIN when its hours do. */
bool opening_rule_allows(const struct rule *r, const struct gate_terms *terms, const struct law_place *place, const struct law *law,
                         struct wall at, enum day_kind *kind);
struct wall opening_rule_next(const struct rule *r, const struct gate_terms *terms, const struct law_place *place, const struct law *law,
                              struct wall at);
/* Does the rule bear on this campaign and place on any date? */
bool rule_applies(const struct rule *r, const struct gate_terms *terms, const struct law_place *place);
/* Is it in force at that instant, by the local date of any candidate zone (UTC without zones)? */
bool rule_in_force(const struct rule *r, const struct law_place *place, const struct zones *z, struct wall at);

/* ---- caps (law/caps.c) ---- */
/* Events that count and still stand at `now`; *frees: when so many have left the window that a call is permitted again. */
int cap_count(const struct rule *r, const struct gate_terms *terms, const struct gate_facts *f, const struct zones *z, struct wall *frees);

/* ---- what a campaign must have before it starts (law/needs.c) ---- */
struct gate_need {
  const struct rule *rule;
  char what[160], fix[200];
};
struct campaign_claims {
  uint32_t ring_ms, max_wait_ms, limit_bp;
  bool dials_ahead, has_message, has_optout_key;
  const struct gate_registry *registries;
  int registry_count;
  struct wall now;
};
/* Everything that is missing for the countries of the terms; returns how many (at most max). */
int gate_needs(const struct gate_terms *terms, const struct campaign_claims *claims, const struct law *law, struct gate_need *out, int max);

#endif
