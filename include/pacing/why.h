/* why.h — what a pacer saw, expected and decided: the record that is stored and shown.
 *
 * Plain numbers of fixed size, no pointers, so that it may be copied, mailed and kept as it is.
 * Shares are basis points (_bp: 10000 = all); expectations and amounts of calls are thousandths
 * of a call (_milli). What a mode does not use stays 0: only PACER_PREDICTIVE forecasts. Thread: any. */
#ifndef PACING_WHY_H
#define PACING_WHY_H

#include <stdint.h>

/* What kept the pacer from ordering one call more. */
enum pacer_bound {
  PACER_BOUND_NONE = 0, /* nothing: never seen together with launch < contacts */
  PACER_BOUND_AGENTS,   /* no agent is free for it (progressive and ratio), or none is logged in */
  PACER_BOUND_RISK,     /* its person would too likely meet nobody: risk_bp > allowed_bp */
  PACER_BOUND_BUDGET,   /* the account is (nearly) spent: dialed progressively, and no agent is free */
  PACER_BOUND_LINES,    /* trunk channels, call slots, ports: lines_free */
  PACER_BOUND_RATE,     /* calls per second: rate_free */
  PACER_BOUND_LIST,     /* no contact at hand: contacts */
  PACER_BOUND_HOURS,    /* may not dial at all now */
  PACER_BOUND_INBOUND,  /* the free agents are kept for inbound callers: reserved */
  /* What its owner says of the whole box (pacer_view.held): nothing at all is dialed. */
  PACER_BOUND_TRUNK, /* no trunk is up */
  PACER_BOUND_DISK,  /* attempts cannot be written */
  PACER_BOUND_CLOCK, /* the time is in doubt */
  PACER_BOUND_LOAD,  /* a part of the box does not keep up */
  PACER_BOUND_COUNT
};
/* "none", "agents", "risk", ...; never NULL. */
const char *pacer_bound_name(enum pacer_bound b);

/* How far ahead people_milli and freeing_milli look. */
enum { PACER_WHY_AHEAD_MS = 10000 };

struct pacer_why {
  /* The floor as the pacer saw it. */
  uint32_t ready;           /* agents who could take a call at once, the reserved ones included */
  uint32_t reserved;        /* of these, kept for inbound callers */
  uint32_t talking, wrapup; /* agents */
  uint32_t paused;          /* agents logged in who take no calls */
  uint32_t ringing;         /* calls launched and not answered: dialing ones and ringing ones */
  uint32_t dialing;         /* of these, the ones that do not ring yet */
  uint32_t waiting;         /* calls answered, without an agent: in screening or waiting */
  uint32_t screening;       /* of these, the ones whose party is not known yet */
  uint32_t inbound_waiting; /* inbound callers waiting */
  /* What it expected. */
  uint32_t answer_bp;     /* chance that the next launch reaches a person */
  uint32_t people_milli;  /* people who will have answered within PACER_WHY_AHEAD_MS, of the calls that ring or are screened */
  uint32_t freeing_milli; /* busy agents who will be ready within PACER_WHY_AHEAD_MS */
  uint32_t risk_bp;       /* chance that the person of the call that was considered last would meet nobody */
  uint32_t allowed_bp;    /* what that was held against: the price of risk now */
  uint32_t target_bp100;  /* share of the answers to come that may be lost, in hundredths of a basis point */
  /* The account, of the legal window that binds (the one with the least credit). */
  uint64_t abandoned, live; /* legal counts: abandoned calls, live answers */
  uint64_t early;           /* callers who hung up while waiting: spent from the credit, not in the legal rate */
  int64_t credit_milli;     /* calls that may be abandoned now within the limit; < 0: overspent */
  int64_t debt_milli;       /* may be owed beyond that, since the rest of the day will earn it */
  int64_t pending_milli;    /* expected losses among calls in flight and people waiting: not to be spent again */
  uint16_t limit_bp;        /* of that window */
  uint8_t window;           /* its index, in the order in which the windows were set */
  uint8_t window_kind;      /* its kind: the owner's name for it */
  /* The world's limits, as they were told. */
  uint32_t lines_free, rate_free, contacts;
  uint8_t mode;  /* enum pacer_mode of the campaign */
  uint8_t dials; /* enum pacer_mode it dialed by: PACER_PROGRESSIVE in a predictive campaign is the fail-safe */
  uint8_t bound; /* enum pacer_bound */
};

/* One second of a pacer's life: what was ordered in it, what was launched, and why. */
struct pacer_second {
  int64_t at_ms;        /* its begin, on the pacer's monotonic clock */
  uint32_t decisions;   /* how often the pacer was asked */
  uint32_t ordered;     /* calls it ordered */
  uint32_t launched;    /* calls that were launched (PACER_CALL_LAUNCHED), by its order or an agent's */
  uint32_t given_up;    /* ringing calls it gave up */
  uint32_t connected;   /* people who met their agent */
  uint32_t abandoned;   /* people who met nobody */
  uint32_t early;       /* people who hung up while waiting */
  struct pacer_why why; /* of the last decision in it that ordered a call, else of the last one */
};

#endif
