/* pacer_state.h — the inside of a pacer, shared by its own sources. Thread: the owner's. */
#ifndef PACING_PACER_STATE_H
#define PACING_PACER_STATE_H

#include "budget.h"
#include "estimator.h"
#include "forecast.h"
#include <pacing/pacer.h>

enum { NEXT_MAX = 512 };
enum pacer_call_state { PC_FREE = 0, PC_DIALING, PC_RINGING, PC_SCREENING, PC_WAITING, PC_CONNECTED, PC_DONE };
enum pacer_agent_state { PA_OUT = 0, PA_PAUSED, PA_READY, PA_TALKING, PA_WRAPUP };

struct pacer_call {
  int64_t launched_ms, ringing_ms, answered_ms, last_ms, counted_ms;
  float spend;   /* expected loss when it was launched */
  uint32_t slot; /* place in the list of open calls */
  uint8_t state, segment;
  uint8_t answer_age; /* bin */
  bool reached;       /* it rang, was answered, or outlived the bins of dialing */
  uint8_t booked;     /* enum budget_kind: as what the account counts it */
  bool given_up;
};
struct pacer_agent {
  int64_t since_ms, counted_ms;
  int64_t met_launched_ms; /* launch of the last party's call */
  uint32_t met_call;       /* its id, if it has not ended yet */
  uint8_t state, met_age;  /* age bin at which the last party answered */
  bool inbound, met;       /* met: the last party is known and not yet called a machine */
};

/* Counts of what is in flight, rebuilt by pacer_observe() in one pass. */
struct pacer_sight {
  uint32_t ready, talking, wrapup, paused;
  uint32_t dialing, screening, waiting;
  uint16_t ringing[PACER_SEGMENTS][EST_AGES];
  uint16_t talk[EST_CLASSES][EST_TALKS];
  uint16_t wrap[EST_WRAPS];
  double screening_people; /* expected */
  double spending;         /* losses expected of the calls in flight */
  uint64_t segments_seen;  /* bit per segment with ringing calls */
};

/* Chances that an agent who took a call is still with it at the moments ahead, by the second in which it was answered:
 * whoever answers soon and talks briefly is gone again when the next one answers. */
enum { AHEAD_S = 26 };
struct serving {
  double at[FORECAST_POINTS][AHEAD_S];
};

struct plan {
  double credit; /* calls that may be abandoned now, in the window that binds */
  unsigned window;
  double answers; /* still to come */
  double earn;    /* credit that each brings */
  double debt;    /* what the answers to come will pay even if the rest of the day is dialed progressively */
};

struct pacer {
  struct pacer_params params;
  struct budget budget;
  struct estimator est;
  struct pacer_call *calls;
  struct pacer_agent *agents;
  uint32_t *open; /* ids of calls that ring, are screened or wait */
  uint32_t open_count;
  uint32_t agents_seen; /* one more than the highest agent that ever logged in */
  int64_t now_ms, start_ms;
  bool started, heard;
  int64_t heard_ms; /* the first event's time */
  uint64_t ignored;
  double target; /* share of the answers to come that may be lost */
  double price;  /* odds of meeting nobody that a launch may run, at the even spending */
  double lost_seen, lost_foreseen;
  double discount, doubt;      /* abandoned calls thought to be machines, and the variance of that */
  double next_spend[NEXT_MAX]; /* expected loss of the calls just ordered, oldest first */
  uint32_t next_count, next_taken;
  struct plan plan;
  struct pacer_sight sight;
  struct pacer_second second, done; /* the trace: the second that runs, and the last whole one */
  bool has_done;
  struct est_curve curve[PACER_SEGMENTS];
  struct forecast_point ahead[FORECAST_POINTS];
  struct serving serving;
};

/* Counts passing time and what is in flight, as of p->now_ms. */
void pacer_observe(struct pacer *p);
/* The predictive rule: how many of at most room calls; fills give-ups and the reasons. */
uint32_t predict_launches(struct pacer *p, const struct pacer_view *view, uint32_t ready, uint32_t room, struct pacer_orders *out);
/* The price follows the budget: once per live answer. */
void predict_learn(struct pacer *p, bool lost);
/* What the rest of the day looks like, as of p->sight: into p->plan. */
void plan_make(struct pacer *p, const struct pacer_view *view);
/* May the pacer dial beyond the ready agents now? The account governs, in every mode. */
bool plan_may_overdial(const struct pacer *p);
/* The share of the answers to come that may be lost. */
double plan_spend(const struct pacer *p);
void plan_explain(const struct pacer *p, struct pacer_why *why);

/* Ready agents to keep for inbound callers. */
uint32_t reserve_inbound(const struct pacer *p);

/* The trace (trace.c): the second that a decision lies in becomes the running one; events count in it. */
void trace_turn(struct pacer *p, int64_t at_ms);
void trace_event(struct pacer *p, enum pacer_event_kind kind);
void trace_decision(struct pacer *p, const struct pacer_orders *orders);

#endif
