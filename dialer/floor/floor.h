/* floor.h — the floor: calls, agents with their seats, campaigns with their pacers.
 *
 * Pure: every function takes its time from f->now, set by control at each step, and
 * writes orders into f->out. Calls and agents live in fixed arenas and are named by
 * slot and generation. Owner: the control thread. Sources: floor.c call.c call_fsm.c
 * agent.c pool.c outcome.c orders.c */
#ifndef FLOOR_FLOOR_H
#define FLOOR_FLOOR_H

#include "dialer/base/outbox.h"
#include "dialer/floor/timers.h"
#include <cadencia/err.h>
#include <cadencia/ids.h>
#include <pacing/pacer.h>
#include <stddef.h>

enum {
  FLOOR_CAMPAIGNS_MAX = 16,
  FLOOR_LEASES_MAX = 512,
  FLOOR_TRUNKS_MAX = 16,
  FLOOR_LISTENERS_MAX = 4,
  FLOOR_QUEUES_MAX = 32,
  FLOOR_DIDS_MAX = 512
};
#define NOBODY UINT32_MAX /* no call, no agent */

enum call_state {
  CALL_FREE = 0,
  CALL_OPENING,    /* the store is asked for permission */
  CALL_DIALING,    /* INVITE sent, nothing rings yet */
  CALL_RINGING,    /* 18x seen */
  CALL_CANCELLING, /* CANCEL sent, waiting for the end (or for an answer that crossed it) */
  CALL_OFFERED,    /* somebody calls us; the store is asked who it is and keeps it */
  CALL_ACCEPTING,  /* our 200 is on its way */
  CALL_GREETING,   /* a caller hears the announcement of his queue */
  CALL_QUEUED,     /* a caller waits for an agent and hears music */
  CALL_SCREENING,  /* answered; who is it? */
  CALL_WAITING,    /* a person; waits for an agent */
  CALL_CONNECTING, /* agent named, bridge ordered */
  CALL_TALKING,
  CALL_LEAVING, /* a machine: our recorded message waits for its beep, or plays */
  CALL_MESSAGE, /* the safe-harbour message plays */
  CALL_ENDING,  /* BYE sent */
  CALL_CLOSING, /* leg is over; the store makes the outcome durable */
  CALL_STATE_COUNT
};
const char *call_state_name(enum call_state s);

enum call_event {
  EV_OPENED = 0, /* the store: attempt is durable */
  EV_REFUSED,    /* the store: the gate said no */
  EV_RINGING,    /* 18x */
  EV_ANSWERED,   /* 2xx */
  EV_OVER,       /* SIP_ENDED: refused, failed or hung up */
  EV_PERSON,     /* verdict */
  EV_NOT_PERSON, /* verdict: machine, fax, tone, dead air */
  EV_AGENT,      /* the pool named an agent */
  EV_BRIDGED,
  EV_DEADLINE,    /* media: the wait is over, the message has begun */
  EV_PLAYED,      /* the message ended */
  EV_OPT_OUT,     /* the opt-out key */
  EV_SEAT_LOST,   /* the agent's phone is gone */
  EV_HANG_UP,     /* the agent or an order ends the call */
  EV_DEAD,        /* RTP dead */
  EV_GIVE_UP,     /* the pacer gives a ringing call up */
  EV_PATIENCE,    /* the state's own deadline */
  EV_STOP,        /* the box ends now: hang up in order */
  EV_WORKER_LOST, /* the dialog is gone with its SIP worker */
  EV_CLOSED,      /* the store: outcome is durable */
  EV_TURN_AWAY,   /* the queue cannot serve this caller: he is told so */
  EV_CALLER_BACK, /* a caller lost his agent's phone: first in his queue again */
  EV_LEAVE,       /* verdict: a machine, and a message is to be left */
  EV_ANYWAY,      /* verdict: a machine, and an agent takes it */
  CALL_EVENT_COUNT
};
const char *call_event_name(enum call_event e);

struct call {
  uint8_t state; /* enum call_state */
  uint8_t outcome, cause, verdict, reason, ended_by;
  uint8_t late_reason;                        /* why media says machine after it said person; 0: it does not */
  uint8_t inbound;                            /* he calls us */
  uint8_t closed, queue_end, queue_hops, say; /* closed: he came outside the hours; say: what he hears next in the queue */
  uint16_t queue;
  uint64_t did;                   /* the number of ours that he called */
  uint32_t queued_ms;             /* in queues before this one */
  struct leg offer;               /* the SIP worker's name of his call, until it is accepted */
  struct mono queued;             /* since when he waits in this queue */
  struct mono said;               /* when he was last told his place */
  uint8_t message_refused;        /* enum refusal: why no recorded message may be left at a machine */
  uint8_t hints;                  /* enum sip_hint bits of the answer */
  uint8_t leaving, message_after; /* enum leaving; after a beep or silence (enum verdict_reason) */
  uint8_t message_begun, gave_up, leg_over, connected_before, bridge_asked, opted_out, abandoned;
  uint32_t gen;
  uint16_t campaign, trunk, tried; /* tried: trunks that refused it, a bit each */
  uint8_t hops;
  uint32_t agent;     /* slot, NOBODY */
  uint64_t served_by; /* id of the agent who talked to him last, 0: none */
  uint32_t dedicated; /* preview: the agent it is dialed for, NOBODY */
  uint32_t next;      /* free list or wait queue, NOBODY: last */
  uint64_t attempt_id;
  struct lease lease;
  struct session session;
  uint16_t port, sip_code, q850;
  uint32_t talk_ms, message_ms;
  struct mono message_at;
  struct mono since, launched, ringing, answered, greeting_end, bridged, agent_end, ended;
};

enum seat_state { SEAT_DOWN = 0, SEAT_DIALING, SEAT_UP, SEAT_ENDING };

struct agent {
  bool used;
  uint8_t state;  /* enum agent_state */
  uint8_t wanted; /* LOGGED_OUT, PAUSED, READY: where to go after the call in hand */
  uint8_t seat;   /* enum seat_state */
  uint8_t nailed, disposed;
  uint8_t phone_up;                /* its phone registers: it did, and answers */
  uint8_t seat_orphan, seat_moved; /* orphan: its SIP worker died under it, the next one takes it up; moved: another phone is to be rung */
  uint16_t listener, campaign;
  uint16_t seat_listener; /* where its leg is; the listener may change meanwhile */
  uint32_t seat_gen;      /* generation of its leg; a new one for each INVITE */
  uint32_t seat_failures;
  uint64_t serves[MAIL_ALSO_MAX + 1]; /* ids of the campaigns whose callers he may get */
  uint8_t serves_count, resting;      /* resting: ready, and left alone until the ceiling of occupancy is kept */
  uint32_t skills;
  int64_t busy_ms, idle_ms; /* of late, for that ceiling */
  struct mono seat_up_since;
  uint32_t call;                      /* slot, NOBODY */
  uint64_t id, last_attempt, case_id; /* case_id: of the call at hand and of the last */
  char name[MAIL_NAME_MAX], uri[MAIL_URI_MAX];
  struct lease hand;                /* whom he calls by hand when his phone is up; case_id 0: nobody */
  struct lease shown;               /* preview: the contact on his screen, leased to him; case_id 0: none */
  struct mono shown_at, shown_kept; /* since when; when the store was last told that he looks at it */
  struct session session;
  uint16_t port;
  char pause[8], next_pause[8]; /* why he is paused, or will be after the call in hand; "": not said */
  uint32_t calls;
  struct mono since, wrapup_from;
};

struct campaign {
  bool used;
  uint8_t state; /* enum campaign_state */
  struct campaign_terms terms;
  struct pacer *pacer;
  struct lease leases[FLOOR_LEASES_MAX];
  uint32_t lease_head, lease_count;
  bool lease_asked, pace_now;
  struct mono paced;      /* when the pacer was asked last */
  struct mono lease_next; /* do not ask before */
  uint32_t open;          /* contacts not finished, as the store last said */
  bool list_known;        /* it has said so */
  bool hours_closed;      /* contacts wait, and it is nobody's hour, as the store last said */
  struct wall closes;     /* when the hours end today, as the store last said; WALL_NONE: unknown */
  uint32_t by_state[CALL_STATE_COUNT];
  uint32_t in_flight, inbound;            /* inbound: of those, callers */
  uint32_t wait_head, wait_tail, waiting; /* calls waiting for an agent, oldest first */
  struct mono windows_next;               /* do not ask for the next windows before */
  int64_t account_offset_ms;              /* wall less monotonic time, when the windows of the limit were set */
  uint8_t bound;
  uint64_t late_machines; /* given to an agent as persons */
  uint64_t attempts, answered, connected, abandoned, early_hangup, machines, no_answer, busy, failed, refused, live_answers;
  uint64_t talk_ms, wrapup_ms, ready_ms;
};

/* Callers and the queue where they wait. The counts are of this life of the daemon. */
struct queue {
  bool used;
  struct queue_terms terms;
  uint32_t head, tail, waiting;
  uint64_t offered, served, in_time, left, timed_out, full, closed, overflowed, refused;
  uint64_t served_wait_ms, left_wait_ms;
  int64_t handle_ms; /* mean of talk and wrap-up, for the announced wait; 0: none yet */
};
struct did {
  uint64_t number, queue_id;
};

struct trunk {
  uint16_t listener, group;
  bool up;       /* as its worker says */
  uint8_t state; /* enum trunk_state */
  uint16_t status;
  uint32_t priority, weight;
  int64_t turn; /* of weights: who has waited longest for his share */
  uint64_t attempts, answered, reached, rang, pdd_ms, by_cause[CAUSE_COUNT];
  uint32_t channels, calls_per_s, used;
  int64_t tokens_x1000; /* launches allowed now, times 1000 */
  struct mono filled;
};

struct credit {
  struct session session;
  uint16_t port, listener;
};

struct floor {
  struct now now;
  struct outbox *out;
  uint32_t calls_max, agents_max;
  struct call *calls;
  struct agent *agents;
  struct campaign *campaigns;
  uint32_t call_free, calls_used, opening;
  uint32_t agents_used;
  struct credit *credits;
  uint32_t credit_count, credit_max;
  uint32_t credits_at[FLOOR_LISTENERS_MAX]; /* of each listener's ports */
  bool credits_by_listener;                 /* more than one listener has its own */
  struct timers *timers;
  struct queue *queues;
  struct did dids[FLOOR_DIDS_MAX];
  unsigned did_count;
  uint32_t arriving;      /* callers that the store is asked about */
  uint64_t strange_calls; /* to numbers that lead nowhere */
  struct trunk trunks[FLOOR_TRUNKS_MAX];
  unsigned trunk_count;
  bool worker_up[FLOOR_LISTENERS_MAX];
  struct id_maker ids;
  bool draining, pressure;
  bool clock_doubt;              /* the wall clock stepped or is not synchronised: nothing is launched */
  struct mono store_rests_until; /* nothing could be made durable: nothing is launched before; MONO_NONE: all is well */
  bool stopping;                 /* not even the calls in flight are waited for */
  uint64_t late_mail, ignored_events, refused_orders, sip_restarts;
  uint64_t agent_moves; /* changes of agents' states, all together */
};

/* ---- floor.c ---- */
int floor_init(struct floor *f, uint32_t calls_max, uint32_t agents_max, uint16_t box);
void floor_free(struct floor *f);
/* Owners of deadlines. */
static inline bool floor_store_rests(const struct floor *f) { return f->now.mono.ms < f->store_rests_until.ms; }
static inline uint32_t timer_of_call(const struct floor *f, uint32_t call) {
  (void)f;
  return call;
}
static inline uint32_t timer_of_wrapup(const struct floor *f, uint32_t agent) { return f->calls_max + 2 * agent; }
static inline uint32_t timer_of_seat(const struct floor *f, uint32_t agent) { return f->calls_max + 2 * agent + 1; }
static inline uint32_t timer_of_campaign(const struct floor *f, uint32_t campaign) { return f->calls_max + 2 * f->agents_max + campaign; }
/* A bound session; CAD_EFULL: none. */
int floor_credit_take(struct floor *f, struct session *session, uint16_t *port);
/* One of this listener's ports: its SDP names this listener's address. */
bool floor_credit_has(const struct floor *f, uint16_t listener);
int floor_credit_take_at(struct floor *f, uint16_t listener, struct session *session, uint16_t *port);
void floor_credit_add(struct floor *f, const struct mail_media_credit *credit);
/* Tell the campaign's pacer; agent or call may be NOBODY. */
void floor_tell_pacer(struct floor *f, uint32_t campaign, enum pacer_event_kind kind, uint32_t call, uint32_t agent, uint16_t segment);
/* The call is closed, and the record says what it was. */
void floor_tell_closed(struct floor *f, uint32_t campaign, uint32_t call, enum pacer_class closed);
/* NULL, or the first broken invariant. */
const char *floor_check(const struct floor *f);

/* ---- call.c: arena, wait queue ---- */
struct call *call_new(struct floor *f, uint32_t campaign, const struct lease *lease);               /* NULL: full */
void call_moved(struct floor *f, const struct call *c, unsigned from, unsigned to, unsigned event); /* for the flight recorder */
void call_free(struct floor *f, struct call *c);
struct call *call_find(struct floor *f, uint32_t slot, uint32_t gen); /* NULL: ended; counted */
static inline uint32_t call_slot(const struct floor *f, const struct call *c) { return (uint32_t)(c - f->calls); }
static inline struct leg call_leg(const struct floor *f, const struct call *c) { return (struct leg){LEG_CALL, call_slot(f, c), c->gen}; }
void waitq_push(struct floor *f, struct call *c, bool front);
void waitq_remove(struct floor *f, struct call *c);
struct call *waitq_head(struct floor *f, uint32_t campaign);

/* ---- call_fsm.c ---- */
void call_event(struct floor *f, struct call *c, enum call_event e);
/* A new SIP worker has taken its dialog up: hang-ups go over the wire again. */
void call_resumed(struct floor *f, struct call *c);
/* Prints the table as "state event -> state" lines for docs and tests; returns the number of rows. */
int call_fsm_row(int row, enum call_state *from, enum call_event *event, enum call_state *to);

/* Takes leave of the agent who is named for it, if any (call_fsm.c). */
void call_part(struct floor *f, struct call *c);

/* ---- inbound.c: callers and their queues ---- */
uint32_t inbound_queue(const struct floor *f, uint64_t id); /* index; NOBODY: unknown */
void inbound_queue_set(struct floor *f, const struct queue_terms *terms);
void inbound_did_set(struct floor *f, const struct mail_store_did *did);
/* Somebody calls: everything is reserved and the store asked, or the call is refused. */
void inbound_arrive(struct floor *f, const struct mail *m);
void inbound_arrived(struct floor *f, const struct mail_store_arrived *a);
void inbound_gone(struct floor *f, const struct mail_sip_event *ended); /* the caller gave up before we took the call */
/* Callers first: each idle agent who may serve one gets the one who is due. */
void inbound_match(struct floor *f);
/* Actions of the table. */
void inbound_accept(struct floor *f, struct call *c);
void inbound_greet(struct floor *f, struct call *c);
void inbound_enter(struct floor *f, struct call *c);
void inbound_played(struct floor *f, struct call *c);
void inbound_patience(struct floor *f, struct call *c);
void inbound_farewell(struct floor *f, struct call *c);
void inbound_served(struct floor *f, struct call *c);
void inbound_back(struct floor *f, struct call *c);
/* At the close: outcome, queue, wait. */
void inbound_classify(struct floor *f, struct call *c, struct mail_store_close *rec);
uint32_t inbound_longest_ms(const struct floor *f, const struct queue *q);
uint32_t inbound_waiting(const struct floor *f, uint32_t campaign);
uint32_t inbound_staff(const struct floor *f, const struct queue *q, bool idle); /* agents at work who may serve it; idle: now */
/* ---- machine.c: what is done with a machine ---- */
/* How far the message at a machine is. PICKED_UP: somebody spoke into it. */
enum leaving { LEAVING_NOT = 0, LEAVING_WAITS, LEAVING_PLAYS, LEAVING_DONE, LEAVING_PICKED_UP };
/* What the verdict just heard means for this call: EV_PERSON, EV_NOT_PERSON, EV_LEAVE, EV_ANYWAY. */
enum call_event machine_event(struct floor *f, const struct call *c);
void machine_leave(struct floor *f, struct call *c);
void machine_to_agent(struct floor *f, struct call *c);
void machine_goes_on(struct floor *f, struct call *c);
void machine_message_begins(struct floor *f, struct call *c, struct mono at, enum verdict_reason after);
void machine_picked_up(struct floor *f, struct call *c, struct mono at);
/* The message ended; true: it was played to its end. */
bool machine_played(struct floor *f, struct call *c, struct mono at);
void machine_over(struct call *c); /* at the close: how much of it was played */

/* ---- outcome.c: pure ---- */
enum outcome outcome_of_cause(enum cause cause, bool gave_up);
enum outcome outcome_of_verdict(enum verdict v);
/* Fills outcome, abandoned and early_hangup of the record from the call's stamps. */
void outcome_classify(const struct floor *f, const struct call *c, struct mail_store_close *rec);

/* ---- agent.c: agents and their seats ---- */
struct agent *agent_by_id(struct floor *f, uint64_t id);
struct agent *agent_add(struct floor *f, const struct mail_store_agent *def); /* or changes; NULL: full */
struct agent *agent_of_leg(struct floor *f, struct leg leg);                  /* NULL: late; counted */
static inline uint32_t agent_slot(const struct floor *f, const struct agent *a) { return (uint32_t)(a - f->agents); }
static inline struct leg agent_leg(const struct floor *f, const struct agent *a) {
  return (struct leg){LEG_SEAT, agent_slot(f, a), a->seat_gen};
}
/* Wanted: LOGGED_OUT, PAUSED, READY. At once when no call is in hand, else after it. */
int agent_want(struct floor *f, struct agent *a, enum agent_state wanted);
/* Why he pauses; before agent_want. Another reason in the midst of a pause begins another one. */
void agent_pause_for(struct floor *f, struct agent *a, const char code[8]);
void agent_unshow(struct floor *f, struct agent *a); /* preview: the contact on his screen goes back to the list */
void agent_reserve(struct floor *f, struct agent *a, struct call *c);
void agent_unreserve(struct floor *f, struct agent *a); /* the call went another way: ready again */
void agent_talk(struct floor *f, struct agent *a);
void agent_call_over(struct floor *f, struct agent *a); /* to wrap-up */
int agent_dispose(struct floor *f, struct agent *a, const char *code);
void agent_wrapup_over(struct floor *f, struct agent *a);
void agent_digit(struct floor *f, struct agent *a, char digit);
void seat_answered(struct floor *f, struct agent *a, const struct media_desc *desc);
void seat_media(struct floor *f, struct agent *a, const struct media_desc *desc);
void seat_over(struct floor *f, struct agent *a); /* its leg ended */
void seat_hang_up(struct floor *f, struct agent *a);
void seat_check(struct floor *f, struct agent *a); /* ring, drop or leave it, as its agent needs */
void seat_worker_lost(struct floor *f, uint16_t listener);
void seat_phone(struct floor *f, struct agent *a, bool up, uint16_t listener); /* a phone that registers came or went */
bool seat_registers(const struct agent *a);
void seat_worker_up(struct floor *f, uint16_t listener);
void seat_resumed(struct floor *f, struct agent *a); /* a new SIP worker has taken its dialog up */
bool agent_available(const struct agent *a);

/* ---- pool.c: who gets whom ---- */
/* The agent of this campaign who is idle longest; NULL: nobody. */
struct agent *pool_pick(struct floor *f, uint32_t campaign);
/* One who has these skills beside those that the campaign asks for. */
struct agent *pool_pick_skilled(struct floor *f, uint32_t campaign, uint32_t skills);
uint32_t pool_available(const struct floor *f, uint32_t campaign);
/* Give waiting calls to idle agents until one side runs out. */
void pool_match(struct floor *f, uint32_t campaign);

/* ---- share.c: agents who serve several campaigns, one at a time; rest ---- */
bool share_serves(const struct floor *f, const struct agent *a, uint32_t campaign);
/* The campaign that such an agent is to serve next: of those with work the highest priority, of equals the one with fewest agents. */
uint32_t share_choose(const struct floor *f, const struct agent *a);
/* He goes over to it now; not in the middle of a call. */
void share_move(struct floor *f, struct agent *a, uint32_t campaign);
/* An agent became available: callers of any campaign that he serves. */
void share_match(struct floor *f, struct agent *a);
/* Idle agents of a campaign without work go where there is some. */
void share_balance(struct floor *f, uint32_t campaign);
/* After a call: does the ceiling of occupancy ask for a rest? Arms it. */
void share_rest(struct floor *f, struct agent *a);
void share_rest_over(struct floor *f, struct agent *a);

/* ---- route.c: which trunk ---- */
/* Those that stand in for the campaign's trunk and could take a call now: lines and calls a second together. */
void route_fill(struct floor *f, uint16_t trunk); /* tokens of the group */
uint32_t route_lines(const struct floor *f, uint16_t trunk);
uint32_t route_rate(const struct floor *f, uint16_t trunk);
bool route_up(const struct floor *f, uint16_t trunk);
/* The next one by priority and weight, beside those of the bits in tried; -1: none. */
int route_pick(struct floor *f, uint16_t trunk, uint16_t tried);
/* Its trunk failed before anything rang: the same attempt goes over the next one. false: there is none. */
bool route_again(struct floor *f, struct call *c, const struct mail_sip_event *ended);
void route_count(struct floor *f, const struct call *c); /* at its close */

/* ---- orders.c: mail that the floor writes ---- */
void order_open(struct floor *f, const struct call *c);
void order_invite_call(struct floor *f, const struct call *c);
void order_invite_seat(struct floor *f, const struct agent *a);
void order_leg(struct floor *f, enum mail_kind kind, uint16_t listener, struct leg leg);
void order_remote(struct floor *f, struct session s, struct leg owner, const struct media_desc *desc, bool early);
void order_screen(struct floor *f, const struct call *c);
void order_bridge(struct floor *f, const struct call *c, const struct agent *a);
void order_session(struct floor *f, enum mail_kind kind, struct session s);
void order_play(struct floor *f, struct session s, uint16_t prompt);
void order_music(struct floor *f, struct session s, uint16_t prompt);
void order_arrive(struct floor *f, const struct call *c);
void order_accept(struct floor *f, const struct call *c);
void order_reject(struct floor *f, uint16_t listener, struct leg offer, uint16_t status, uint16_t retry_after_s);
void order_leave(struct floor *f, struct session s, uint16_t prompt);
void order_close(struct floor *f, struct call *c);
void order_print(struct floor *f, const struct call *c, const struct fingerprint *print);
void order_know(struct floor *f, const struct mail_media_know *known);
void order_opt_out(struct floor *f, const struct call *c);
void order_agent_log(struct floor *f, const struct agent *a, enum agent_state ended);
void order_dispose(struct floor *f, const struct agent *a, const char *code, uint32_t wrapup_ms);
void order_lease_drop(struct floor *f, const struct lease *lease);

#endif
