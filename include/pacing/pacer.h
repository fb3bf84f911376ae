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
enum pacer_mode { PACER_PREVIEW = 0, PACER_PROGRESSIVE, PACER_RATIO, PACER_PREDICTIVE, PACER_MANUAL };

struct pacer_params {
  enum pacer_mode mode;
  uint32_t ratio_x100;            /* PACER_RATIO: lines per ready agent x 100 */
  uint32_t limit_bp;              /* abandonment limit in basis points: 300 = 3 % */
  uint32_t min_ring_ms;           /* a ringing call is never given up before, >= 15000 */
  uint32_t max_ring_ms;           /* the campaign's ring time */
  uint32_t max_wait_ms;           /* 2000: from end of greeting to abandonment */
  uint32_t max_agents, max_calls; /* bounds of the state */
  bool screening;
  uint32_t detector_fp_bp;    /* without pacer_set_windows: estimate of people whom screening takes for machines, spends the same budget */
  uint32_t inbound_bp;        /* share of inbound callers to be answered within inbound_within_ms: ready agents are kept for */
  uint32_t inbound_within_ms; /* them, by threshold, as many as that needs. 0: none but those of the view */
  bool discount_machines;     /* the campaign's rule permits A*(1-m): abandoned calls less the measured share of machines */
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
/* PACER_CALL_ENDED: how the call was classified at its close, when that is known better than from the events so far. */
enum pacer_class { PACER_CLASS_UNSAID = 0, PACER_CLASS_NOT_LIVE, PACER_CLASS_SERVED, PACER_CLASS_ABANDONED, PACER_CLASS_EARLY };
struct pacer_event {
  enum pacer_event_kind kind;
  int64_t at_ms;
  uint32_t call;    /* 0 .. max_calls-1 */
  uint32_t agent;   /* 0 .. max_agents-1 */
  uint16_t segment; /* score class of the contact: 0 .. PACER_SEGMENTS-1, above is folded into the last */
  bool inbound;     /* PACER_AGENT_TALKING: with an inbound caller */
  uint8_t closed;   /* PACER_CALL_ENDED: enum pacer_class; the account then holds what it says */
};
enum { PACER_SEGMENTS = 16 };

/* One legal window of the abandonment limit and its account so far. Several may hold at once: the one with the least
 * credit binds. The pacer knows no calendar: whoever knows says when a window began and when it ends. */
enum { PACER_WINDOWS_MAX = 4 };
struct pacer_window {
  uint8_t kind;               /* the owner's name for it */
  bool count_machines;        /* live answers are all parties whom an agent met, machines too: the same as discounting
                                 abandoned calls by the machine share of the served (Ofcom's form without screening) */
  uint16_t limit_bp;          /* 300 = 3 % */
  uint16_t fp_bp;             /* reasoned estimate of people whom screening takes for machines: they count as abandoned */
  int64_t begins_ms;          /* on the pacer's clock; calls launched before are not counted. May be < 0 */
  int64_t ends_ms;            /* then it begins anew with nothing; 0: unknown */
  int64_t began;              /* its begin on the owner's own clock (UTC, say): the same kind and begin are the same window, and
                                 the next one began at began + ends_ms - begins_ms */
  uint64_t served, abandoned; /* closed calls: people who met an agent in time; people who did not */
  uint64_t early;             /* people who hung up while waiting: spent, but not in the legal rate */
  uint64_t machines;          /* parties that their agent found to be machines */
};

/* The world around the pacer at the moment of a decision. */
struct pacer_view {
  int64_t now_ms;
  uint32_t lines_free;              /* trunk channels and call slots that may be used now */
  uint32_t rate_free;               /* launches that calls-per-second still permits now */
  uint32_t contacts;                /* leases at hand */
  uint32_t agents_reserved_inbound; /* ready agents to leave for inbound */
  bool hours_open;
  /* The rest may stay 0: unknown. */
  uint8_t held;             /* enum pacer_bound: nothing may be launched, and that is why; with contacts 0 */
  int64_t end_in_ms;        /* until launching ends today (hours, shift); a sharper budget plan */
  bool list_known;          /* contacts_left is true */
  uint32_t contacts_left;   /* contacts that may still be launched, those at hand included: a short list ends before the hours do */
  uint32_t inbound_waiting; /* inbound callers waiting now */
  const uint8_t *segments;  /* score classes of the next contacts, in launch order */
  uint32_t segment_count;
};

enum { PACER_GIVE_UP_MAX = 32 };
struct pacer_orders {
  uint32_t launch; /* start that many now: the next contacts, in the order of the view's segments */
  uint32_t give_up_count;
  uint32_t give_up[PACER_GIVE_UP_MAX]; /* ringing calls to cancel (all past min_ring_ms) */
  struct pacer_why why;
};

/* NULL: params out of range (never divides by zero, never accepts limit 0 with predictive) or no memory. */
struct pacer *pacer_create(const struct pacer_params *params);
struct pacer *pacer_destroy(struct pacer *pacer);
/* New terms while running; bounds of the state stay. */
int pacer_set(struct pacer *pacer, const struct pacer_params *params);
/* The account of a campaign with one window without end: abandoned and live answers so far. */
void pacer_set_account(struct pacer *pacer, uint64_t abandoned, uint64_t live);
/* The legal windows, with what was closed in them so far (at start: from the records; survives a restart). Replaces the
 * window of params.limit_bp. A window that is there already (same kind and `began`) keeps the pacer's own
 * account and takes the new terms and end. CAD_OK, CAD_EINVAL. */
int pacer_set_windows(struct pacer *pacer, const struct pacer_window *windows, unsigned count);
/* The accounts now; returns how many were written. */
unsigned pacer_windows(const struct pacer *pacer, struct pacer_window out[PACER_WINDOWS_MAX]);
/* The upper end of the 95 % interval (Wilson) for num of den, in basis points: how bad the true rate may be. Only to be
 * shown; the account governs. 10000 without answers. */
uint32_t pacer_wilson_bp(uint64_t num, uint64_t den);
void pacer_event(struct pacer *pacer, const struct pacer_event *event);
void pacer_decide(struct pacer *pacer, const struct pacer_view *view, struct pacer_orders *out);
uint64_t pacer_ignored(const struct pacer *pacer);
/* The trace: the last whole second that was not taken yet. False: none. Ask after each decision; a second that
 * nobody takes is replaced by the next. Seconds without a decision have no record. */
bool pacer_trace(struct pacer *pacer, struct pacer_second *out);

#endif
