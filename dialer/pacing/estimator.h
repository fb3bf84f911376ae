/* estimator.h — what the floor teaches on line: when calls are answered, how long people talk.
 *
 * Everything is a hazard: events seen / time at risk, with a prior and slow forgetting.
 * Time at risk is counted while it passes, so a ringing call is evidence before it ends.
 * All arithmetic is + - * / and sqrt on doubles: the same build gives the same run. Thread: the owner's. */
#ifndef PACING_ESTIMATOR_H
#define PACING_ESTIMATOR_H

#include <pacing/pacer.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  EST_AGES = 64,     /* 1 s bins of a call's age; the last is open */
  EST_DIAL_AGES = 2, /* of these, the first bins: not yet ringing; left by chance `reached`, however quickly */
  EST_TALKS = 40,    /* growing bins of elapsed talk */
  EST_WRAPS = 96,    /* 1 s bins of elapsed wrap-up; the last is open */
  EST_SCREENS = 24,  /* 0.25 s bins of time in screening; the last is open */
  EST_PASSES = 16,   /* 2 s bins of the age at answer */
  EST_CLASSES = 2,   /* outbound, inbound talk */
};

/* Two memories of how far the answer rate is from the learned shape. */
struct est_level {
  double seen, expected;
};
struct estimator {
  double person[EST_AGES], other[EST_AGES], at_risk[EST_AGES], scaled[EST_AGES];
  double seg_seen[PACER_SEGMENTS], seg_expected[PACER_SEGMENTS], seg_mult[PACER_SEGMENTS];
  double reached, unreached; /* calls that came to ring, and those that failed or were busy before */
  struct est_level slow, fast;
  double level;
  double people;                                   /* seen so far, never forgotten */
  double answered[EST_PASSES], passed[EST_PASSES]; /* by age at answer */
  double screen_person[EST_SCREENS], screen_other[EST_SCREENS];
  double met[EST_PASSES], met_machine[EST_PASSES]; /* connected, and of these machines, by age at answer */
  int64_t talk_start[EST_TALKS];                   /* ms at which the bin begins */
  double talk_end[EST_CLASSES][EST_TALKS], talk_risk[EST_CLASSES][EST_TALKS];
  double wrap_end[EST_WRAPS], wrap_risk[EST_WRAPS];
  double back, left;       /* after wrap-up: ready again, or gone */
  double talk_s, wrap_s;   /* mean talk and wrap-up of outbound calls */
  double talks, wraps;     /* seen, up to the memory of the means */
  double inbound_per_s;    /* arrivals, slow average */
  double offers, offers_s; /* people offered, over these seconds, both forgetting */
};

void est_init(struct estimator *e, bool screening);
unsigned est_age_bin(int64_t age_ms);
unsigned est_talk_bin(const struct estimator *e, int64_t elapsed_ms);

/* Time that passed for one ringing call of that age and segment. */
void est_ringing_time(struct estimator *e, unsigned age, unsigned segment, double seconds);
/* A ringing call was answered and is a person (known at the verdict; age at the answer). */
void est_person(struct estimator *e, unsigned age, unsigned segment);
/* A ringing call ended otherwise, or was answered by something else. */
void est_not_person(struct estimator *e, unsigned age);
/* Dialing is over: it rings (or has been at it for long); or it failed before. Once a call. */
void est_dialed(struct estimator *e, bool reached);
/* The verdict on a call answered at that age, after took_ms of screening. */
void est_screened(struct estimator *e, unsigned age, int64_t took_ms, bool person);
void est_met(struct estimator *e, unsigned age);
void est_met_machine(struct estimator *e, unsigned age);
void est_talk_time(struct estimator *e, bool inbound, int64_t elapsed_ms, double seconds);
void est_talk_end(struct estimator *e, bool inbound, int64_t elapsed_ms);
void est_wrap_time(struct estimator *e, int64_t elapsed_ms, double seconds);
void est_wrap_end(struct estimator *e, int64_t elapsed_ms, bool ready);
void est_second(struct estimator *e, double seconds);
void est_inbound(struct estimator *e);
void est_offer(struct estimator *e);
/* Chance that a launch reaches a person, and on how many launches' worth of evidence that stands. */
double est_answer(const struct estimator *e, double *evidence);
/* People that one agent reaches a second when every launch has a ready agent. */
double est_progressive_per_s(const struct estimator *e);
/* Share of agents who are ready again after wrap-up (others go on break, log out, take inbound). */
double est_back(const struct estimator *e);

/* Share of machines among connected parties whose call was answered at that age: estimate less z deviations, never < 0. */
double est_machine_share(const struct estimator *e, unsigned age, double z);
/* Chance that a call answered at that age and screened for that long is a person. */
double est_pass(const struct estimator *e, unsigned age, int64_t screened_ms);
double est_talk_hazard(const struct estimator *e, bool inbound, int64_t elapsed_ms);

/* Incidence of "a person answers" by age, for one segment: chance within [a, b) for a call still ringing at a. */
struct est_curve {
  double left[EST_AGES + 1]; /* still ringing */
  double hit[EST_AGES + 1];  /* person so far */
};
void est_curve(const struct estimator *e, unsigned segment, double factor, struct est_curve *out);
/* How much likelier than estimated people may be to answer while few have been seen: a factor >= 1 for the careful. */
double est_doubt(const struct estimator *e);
double est_curve_within(const struct est_curve *c, double from_s, double for_s);
/* Chance that wrap-up ends by each whole second: out[k] = P(ended after k s | just begun). */
void est_wrap_curve(const struct estimator *e, double out[EST_WRAPS + 1]);

#endif
