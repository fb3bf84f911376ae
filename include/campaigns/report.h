/* report.h — the rows of the call log as reports and exports read them, and every figure that is made of them.
 *
 * A figure (kpi) is a sum of measures over a sum of measures; a measure is a whole number that each row gives. There is no
 * other place where a figure is computed: page, report and export ask here, and docs/kpi.md is printed from here. All is
 * whole numbers; a share is shown with two decimals, half up. Reads a store by a read-only connection.
 * Thread: the caller's. Source: campaigns/records/calls.c kpi.c report.c */
#ifndef CAMPAIGNS_REPORT_H
#define CAMPAIGNS_REPORT_H

#include <campaigns/store.h>

/* ---- rows ---- */
struct call_row {
  uint64_t attempt_id, contact_id, phone, caller_id, campaign_id, agent_id; /* phone 0: erased */
  const char *campaign, *seller, *trunk, *agent;                            /* valid until the next row; "" for none */
  /* What the disposition's code means: its category (store.h), and whom the agent had: nobody, person, right_party (a person,
   * the one who was meant) or conversion (the right party, and it was what the campaign is for); "" without a known code. */
  const char *category, *party;
  char disposition[9];
  bool inbound, open, abandoned, early_hangup, live;
  struct wall started, ringing, answered, greeting_end, bridged, agent_end, ended;
  uint16_t sip_code, q850;
  uint8_t cause, outcome, verdict, reason, ended_by;
  uint8_t label; /* enum verdict: what a person said it really was; 0: nobody did */
  uint32_t talk_ms, wrapup_ms;
};
struct call_filter {
  const char *campaign, *agent, *trunk; /* NULL: all */
  uint64_t phone;                       /* 0: all */
  struct wall from, to;                 /* by start; WALL_NONE: unbounded */
  char suppressed[72];                  /* person.h: the hash under which its opt-out outlives an erasure; "": not asked */
  char subject[40];                     /* person.h: the number's keyed hash; "": not asked */
};
typedef int call_row_fn(void *arg, const struct call_row *r);
/* In order of attempt id, archives first, as of one instant. fn() < 0 stops and is returned. */
int store_calls_each(struct store *s, const struct call_filter *f, call_row_fn *fn, void *arg);

struct agent_row {
  uint64_t id, agent_id, attempt_id;
  const char *agent, *campaign;
  uint8_t state;
  char reason[8]; /* of a pause, "": not said */
  struct wall from, to;
};
int store_agent_rows_each(struct store *s, const struct call_filter *f, int (*fn)(void *arg, const struct agent_row *r), void *arg);

/* ---- measures ---- */
enum measure {
  M_DIALS,
  M_ANSWERED,
  M_HUMAN,
  M_CONNECTED,
  M_RPC,
  M_CONVERSIONS,
  M_LIVE,
  M_ABANDONED,
  M_EARLY,
  M_MACHINE,
  M_SCREENING,
  M_FAX,
  M_DEAD_AIR,
  M_NO_ANSWER,
  M_BUSY,
  M_REJECTED,
  M_UNWANTED,
  M_BLOCKED,
  M_INVALID,
  M_CONGESTION,
  M_CANCELLED,
  M_FAILED,
  M_INTERRUPTED,
  M_MESSAGE,
  M_NETWORK_GOOD,
  M_AGENT_MACHINES,
  M_MACHINES_LABELLED,
  M_PEOPLE_LOST,
  M_TALK_MS,
  M_WRAP_MS,
  M_RANG,
  M_PDD_MS,
  M_ANSWERED_MS,
  M_WAIT_MS,
  M_OFFERED,
  M_IN_ANSWERED,
  M_IN_ANSWERED_FAST,
  M_IN_ABANDONED,
  M_IN_ABANDONED_FAST,
  M_IN_ABANDONED_SLOW,
  M_IN_ABANDONED_LONG,
  M_IN_OFFERED_LONG,
  M_IN_WAIT_ANSWERED_MS,
  M_IN_WAIT_ABANDONED_MS,
  M_IN_WAIT_MS,
  M_IN_LONGEST_MS, /* the one that is not added up: the greatest counts */
  M_READY_MS,
  M_RESERVED_MS,
  M_TALKING_MS,
  M_WRAPPING_MS,
  M_PAUSED_MS,
  M_LEADS,
  M_TRIED,
  M_REACHED,
  M_FINISHED,
  M_LIST_ATTEMPTS,
  MEASURE_COUNT
};
struct measure_row {
  const char *word, *meaning; /* meaning: in terms of the exported columns */
};
const struct measure_row *measure_row(enum measure m);
enum { WAIT_FAST_MS = 20000, WAIT_SHORT_MS = 5000 }; /* service level T, inbound abandonment S */
/* A contact of a visible list. */
struct contact_line {
  uint64_t contact_id, list_id, phone; /* phone 0: erased */
  const char *campaign, *list;         /* valid until the next row */
  int64_t tries;
  bool done, reached; /* reached: a call of it was human */
};
/* What one row adds to each measure. */
void measure_call(const struct call_row *r, int64_t m[MEASURE_COUNT]);
void measure_agent(const struct agent_row *r, int64_t m[MEASURE_COUNT]);
void measure_contact(const struct contact_line *r, int64_t m[MEASURE_COUNT]);

/* ---- figures ---- */
enum kpi_unit { KPI_COUNT, KPI_SHARE, KPI_MS, KPI_PER_HOUR, KPI_RATIO };
enum { KPI_TERMS = 5 };
struct kpi {
  const char *id, *en, *es; /* headings */
  enum kpi_unit unit;
  int8_t num[KPI_TERMS], den[KPI_TERMS]; /* measures that are summed; ended by -1 */
};
const struct kpi *kpi_table(size_t *count);
const struct kpi *kpi_find(const char *id);
struct kpi_value {
  int64_t num, den; /* den 1 for a count */
};
struct kpi_value kpi_value(const struct kpi *k, const int64_t m[MEASURE_COUNT]);
/* "12", "34.56", "1250", "-" when the denominator is 0. */
enum { KPI_TEXT_BYTES = 32 };
void kpi_text(const struct kpi *k, struct kpi_value v, char out[KPI_TEXT_BYTES]);
/* Does this call count in the figure's numerator? */
bool kpi_counts(const struct kpi *k, const int64_t m[MEASURE_COUNT]);
/* Of which rows its numerator is made. */
enum kpi_source { KPI_OF_CALLS, KPI_OF_AGENTS, KPI_OF_CONTACTS };
enum kpi_source kpi_source(const struct kpi *k);
/* The page docs/kpi.md, as far as it is printed: both tables. */
void kpi_print(FILE *out);

/* ---- reports ---- */
struct report_kind {
  const char *name, *en, *es;      /* outbound … */
  const char *group_en, *group_es; /* heading of the key */
  const char *kpis;                /* ids with blanks between */
  const char *intervals;           /* those of them that are shown with their 95 % interval; NULL: none */
  const char *text;                /* for whom, one sentence */
};
const struct report_kind *report_kinds(size_t *count);
struct report_line {
  char key[96];
  int64_t m[MEASURE_COUNT];
};
struct report {
  const struct report_kind *kind;
  struct report_line *lines; /* in order of key; the last is the total, key "" */
  size_t count, room;
};
int report_make(struct store *s, const char *kind, const struct call_filter *f, struct report *out);
void report_free(struct report *r);
/* The key under which a report counts this call; false: the report does not look at it. */
bool report_key(const char *kind, const struct call_row *r, char key[96]);
bool report_agent_key(const char *kind, const struct agent_row *r, char key[96]);
void report_contact_key(const struct contact_line *r, char key[96]);
/* The filter's campaign alone counts: a list knows no period. */
int report_contacts_each(struct store *s, const struct call_filter *f, int (*fn)(void *arg, const struct contact_line *r), void *arg);
/* 95 % Wilson score interval in hundredths of a percent, both ends. n 0: 0 to 10000. Source: Wilson 1927. */
void wilson_bp(int64_t k, int64_t n, int64_t *low, int64_t *high);

/* ---- the worksheet of abandonment: one line a campaign, rule and window ---- */
struct abandon_line {
  const char *rule; /* US_TSR, UK_OFCOM_2015, UK_OFCOM_AMD, CA_CRTC */
  char campaign[MAIL_NAME_MAX];
  struct wall from, to;
  int64_t live, abandoned, agent_machines; /* agent_machines: machines among the calls that agents had */
  int64_t machines;                        /* calls that screening took for machines */
  int64_t sample, sample_people;           /* of the campaign's in the period: labelled machines, and those that were people */
  const char *estimate;                    /* UK_OFCOM_AMD: whence the share of such people: sample, declared, none; else "" */
  int64_t num, den;                        /* of the rule's formula, exact */
  uint32_t limit_bp;
  int64_t up_to_bp;     /* upper end of the 95 % Wilson interval of the rate; only to be looked at */
  int64_t credit_milli; /* calls more that might be abandoned in the window within the limit, in thousandths; < 0: too many */
  bool within;
};
int report_abandonment(struct store *s, const struct call_filter *f, int (*fn)(void *arg, const struct abandon_line *l), void *arg);

#endif
