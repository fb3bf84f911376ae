/* scenario.h — an invented working day: who answers, how long people talk, when agents come and go.
 *
 * Durations are drawn log-normal from a mean and a coefficient of variation, or, when a campaign's log is replayed, from
 * quantiles of what happened. Times are seconds since the shift began. Read from libconfig files (etc/scenarios/); every
 * wrong key is printed as "FILE:LINE: what; the fix". Thread: any. Source: scenario.c scenario_file.c */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { STEPS_MAX = 32, CLASSES_MAX = 16, WAVES_MAX = 8, QUANTILES = 64, SCENARIO_AGENTS_MAX = 500 };

/* A value that changes at given times; before the first of them it is `first`. */
struct steps {
  unsigned count;
  double at_s[STEPS_MAX], value[STEPS_MAX];
};
struct wave {
  double at_s, share, for_s; /* that share of the agents leaves within two minutes */
};
/* Seconds: of log-normal shape, or by quantiles when there are some (two: any value between them is as likely). */
struct spread {
  double mean, cv;
  unsigned count; /* of quantiles, 0: log-normal */
  double quantile[QUANTILES];
};

struct scenario {
  char name[64];
  double hours, limit_pct;
  uint32_t agents;
  /* callees: a person answers with this chance; the not-human rest is shared out by the next three, what remains rings out */
  double answer_pct;
  double machine_pct, busy_pct, fail_pct;
  struct steps answer_by_hour, answer_by_time, talk_by_time; /* factors */
  unsigned classes;                                          /* score classes of the list, which the engine sees */
  double class_share[CLASSES_MAX], class_factor[CLASSES_MAX];
  uint32_t contacts; /* of the list; 0: it never ends */
  uint32_t block;    /* so many contacts in a row are of one class */
  struct spread delay, ring, talk, wrap, greeting;
  double delay_least_s, ring_limit_s, give_up_s, machine_fast_pct; /* give_up_s: 0, as soon as the law permits */
  struct spread machine_ring, machine_verdict, verdict;            /* from a campaign's log, used when they have quantiles */
  double short_talk_pct, short_talk_s;
  /* screening */
  uint8_t screening;
  double verdict_least_s, verdict_most_s, mistaken_pct, missed_pct;
  double early_hangup_pct, hasty_pct, machine_talk_s, machine_wrap_s; /* hasty: gone in the midst of their own greeting */
  /* the box */
  uint32_t lines, calls_per_s; /* 0: 6 lines an agent and 10; a quarter of a call a second and agent, at least 10 */
  /* agents */
  double login_spread_s, breaks_per_hour, break_s;
  struct steps staff; /* share of the agents on shift */
  uint8_t hours_end;  /* the permitted hours end with the shift, so the pacer is told when; else the shift is ended by hand */
  unsigned wave_count;
  struct wave waves[WAVES_MAX];
  /* inbound callers, served by the same agents first */
  double inbound_per_hour, inbound_talk_s, inbound_patience_s;
  struct steps inbound_by_time;
};

void scenario_defaults(struct scenario *s);
/* CAD_OK, CAD_ENOENT, CAD_EIO, CAD_EFORMAT (err has every reason). *s holds the defaults where the file is silent. */
int scenario_load(const char *path, struct scenario *s, FILE *err);
/* Every key with its default. */
void scenario_help(FILE *out);
/* Ranges and sums that no single key can show: NULL, or what is wrong with it and the fix. */
const char *scenario_fault(const struct scenario *s);

double steps_at(const struct steps *s, double at_s, double first);
/* Milliseconds as seconds: "A-B", any value between as likely, or "M", a log-normal mean with a coefficient of variation of 1.
 * Up to an hour. CAD_OK, CAD_EINVAL. */
int spread_parse_ms(const char *text, struct spread *out);
/* How long the rehearsal's people talk: the same for whoever asks about that number. */
int64_t talk_of_number_ms(const struct spread *talk, uint64_t seed, uint64_t phone);
/* A quantile of the spread, u in (0,1), times factor. */
double spread_at(const struct spread *s, double u, double factor);

/* ---- one contact, the same for every policy that meets it ---- */
enum fate { FATE_NO_ANSWER = 0, FATE_PERSON, FATE_MACHINE, FATE_BUSY, FATE_FAIL };
struct fortune {
  uint8_t fate, class;
  bool hasty;                            /* a person who is gone before anybody could serve him: patience_ms < 0 */
  bool passed;                           /* screening lets it through to an agent */
  int64_t delay_ms, answer_ms;           /* to the first ringing, to the answer or the refusal, from the INVITE */
  int64_t greeting_ms, verdict_ms;       /* from the answer to the greeting's end; from the answer to the verdict */
  int64_t patience_ms, talk_ms, wrap_ms; /* hangs up so long after the greeting's end (or before it) unless served, 0: stays */
};
/* at_s: seconds since the shift began; redial: how often that contact was called before. */
void fortune_draw(const struct scenario *s, uint64_t seed, uint64_t contact, uint32_t redial, double at_s, struct fortune *out);
uint8_t scenario_class(const struct scenario *s, uint64_t seed, uint64_t contact);
/* A uniform number in (0,1) that depends on nothing but its arguments. */
double scenario_uniform(uint64_t seed, uint32_t stream, uint64_t i, uint32_t k);

#endif
