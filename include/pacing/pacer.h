/* pacer.h — how many calls to launch now, and why: one pacer a campaign.
 *
 * Pure and deterministic: no clock, no random source, no allocation after create,
 * bounded state. Tell it every event as it happens (pacer_event), ask it for orders
 * (pacer_decide) at least once a second and whenever an agent becomes idle.
 * Times are milliseconds of one monotonic clock. Unknown, duplicated or late events
 * change nothing but pacer_ignored(). Rates are integers. Thread: the owner's. */
#ifndef PACING_PACER_H
#define PACING_PACER_H

#include <pacing/why.h>
#include <stdbool.h>
#include <stdint.h>

struct pacer;

/* Values equal enum pacing_mode in <cadencia/names.h>. */
enum pacer_mode { PACER_PREVIEW = 0, PACER_PROGRESSIVE, PACER_RATIO, PACER_PREDICTIVE };

struct pacer_params {
  enum pacer_mode mode;
  uint32_t ratio_x100;            /* PACER_RATIO: lines per ready agent x 100 */
  uint32_t limit_bp;              /* abandonment limit in basis points: 300 = 3 % */
  uint32_t min_ring_ms;           /* a ringing call is never given up before, >= 15000 */
  uint32_t max_ring_ms;           /* the campaign's ring time */
  uint32_t max_wait_ms;           /* 2000: from end of greeting to abandonment */
  uint32_t max_agents, max_calls; /* bounds of the state */
  bool screening;
  uint32_t detector_fp_bp; /* reasoned estimate of people whom screening takes for machines: spends the same budget */
  bool discount_machines;  /* the campaign's rule permits A*(1-m): abandoned calls less the measured share of machines */
};

enum pacer_event_kind {
  PACER_CALL_LAUNCHED = 0, /* call, segment */
  PACER_CALL_RINGING,      /* 180/183 */
  PACER_CALL_ANSWERED,     /* 200 */
  PACER_CALL_PERSON,       /* screening let it pass; wants an agent from now */
  PACER_CALL_CONNECTED,    /* bridged with agent */
  PACER_CALL_ABANDONED,    /* counted as abandoned; the call may live on with the message */
  PACER_CALL_EARLY_HANGUP, /* hung up while waiting: spends the budget, not in the legal rate */
  PACER_CALL_ENDED,        /* over, however; after it the call id is free */
  PACER_AGENT_LOGIN,       /* agent; before it nothing about that agent counts; paused until ready */
  PACER_AGENT_READY,
  PACER_AGENT_TALKING,
  PACER_AGENT_WRAPUP,
  PACER_AGENT_PAUSED,
  PACER_AGENT_LOGOUT,
  PACER_INBOUND,       /* an inbound call joined the queue */
  PACER_AGENT_MACHINE, /* agent: the party of the last connected call was a machine (disposition) */
  PACER_EVENT_COUNT
};
struct pacer_event {
  enum pacer_event_kind kind;
  int64_t at_ms;
  uint32_t call;    /* 0 .. max_calls-1 */
  uint32_t agent;   /* 0 .. max_agents-1 */
  uint16_t segment; /* score class of the contact: 0 .. PACER_SEGMENTS-1, above is folded into the last */
  bool inbound;     /* PACER_AGENT_TALKING: with an inbound caller */
};
enum { PACER_SEGMENTS = 16 };

/* The world around the pacer at the moment of a decision. */
struct pacer_view {
  int64_t now_ms;
  uint32_t lines_free;              /* trunk channels and call slots that may be used now */
  uint32_t rate_free;               /* launches that calls-per-second still permits now */
  uint32_t contacts;                /* leases at hand */
  uint32_t agents_reserved_inbound; /* ready agents to leave for inbound */
  bool hours_open;
  /* The rest may stay 0: unknown. */
  int64_t end_in_ms;        /* until launching ends today (hours, shift); a sharper budget plan */
  bool list_known;          /* contacts_left is true */
  uint32_t contacts_left;   /* contacts that may still be launched, those at hand included: a short list ends before the hours do */
  uint32_t inbound_waiting; /* inbound callers waiting now */
  const uint8_t *segments;  /* score classes of the next contacts, in launch order */
  uint32_t segment_count;
};

enum { PACER_GIVE_UP_MAX = 32 };
struct pacer_orders {
  uint32_t launch; /* start that many now */
  uint32_t give_up_count;
  uint32_t give_up[PACER_GIVE_UP_MAX]; /* ringing calls to cancel (all past min_ring_ms) */
  struct pacer_why why;
};

/* NULL: params out of range (never divides by zero, never accepts limit 0 with predictive) or no memory. */
struct pacer *pacer_create(const struct pacer_params *params);
struct pacer *pacer_destroy(struct pacer *pacer);
/* New terms while running; bounds of the state stay. */
int pacer_set(struct pacer *pacer, const struct pacer_params *params);
/* The budget's account from the store at start: abandoned and live answers of the legal window. */
void pacer_set_account(struct pacer *pacer, uint64_t abandoned, uint64_t live);
void pacer_event(struct pacer *pacer, const struct pacer_event *event);
void pacer_decide(struct pacer *pacer, const struct pacer_view *view, struct pacer_orders *out);
uint64_t pacer_ignored(const struct pacer *pacer);
/* The trace: the last whole second that was not taken yet. False: none. Ask after each decision; a second that
 * nobody takes is replaced by the next. Seconds without a decision have no record. */
bool pacer_trace(struct pacer *pacer, struct pacer_second *out);

#endif
