/* mail.h — everything that one thread or process of Cadencia says to another.
 *
 * A mail is a small tagged struct without pointers, copied by value through a
 * mailbox (threads) or a SOCK_SEQPACKET pair (children). Children may be hostile
 * after a bad datagram: mail_valid() range-checks what arrives from them. Edges
 * stamp `at` when they see the event. A mail names its subject by slot and
 * generation; mail for a subject that ended finds nothing and is counted.
 *
 * Subjects: LEG is a SIP dialog and belongs to a call (role LEG_CALL; slot and
 * generation of the call) or to an agent's seat (role LEG_SEAT; slot and generation
 * of the agent). SESSION is an RTP socket; media makes and keeps the ids.
 * Thread: any. Source: mail.c */
#ifndef CADENCIA_MAIL_H
#define CADENCIA_MAIL_H

#include <cadencia/names.h>
#include <cadencia/time.h>
#include <dsp/fingerprint.h>
#include <pacing/why.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAIL_ALSO_MAX = 7 };
enum { MAIL_WIRE_VERSION = 1, MAIL_URI_MAX = 112, MAIL_NAME_MAX = 40, MAIL_TEXT_MAX = 120 };

enum leg_role { LEG_NONE = 0, LEG_CALL = 1, LEG_SEAT = 2, LEG_ORPHAN = 3, LEG_OFFER = 4 }; /* orphan: nobody's any more, only to be ended */
struct leg {
  uint8_t role; /* enum leg_role */
  uint32_t slot, gen;
};
struct session {
  uint32_t slot, gen; /* gen 0: no session */
};

enum media_dir { MEDIA_SENDRECV = 0, MEDIA_SENDONLY, MEDIA_RECVONLY, MEDIA_INACTIVE }; /* as the far side states it */
enum { CODEC_PCMU = 0, CODEC_PCMA = 8 };                                               /* RTP payload types */

/* What an SDP said, parsed and range-checked; SDP itself never leaves dialer/sip. */
struct media_desc {
  uint8_t family;   /* 4 or 6; 0: no media described */
  uint8_t addr[16]; /* network order, the first 4 bytes for family 4 */
  uint16_t port;
  uint8_t codec;    /* CODEC_PCMU or CODEC_PCMA: the first of ours in the answer */
  uint8_t event_pt; /* telephone-event payload type, 0: none */
  uint8_t ptime_ms; /* 10..60, 20 by default */
  uint8_t dir;      /* enum media_dir */
};

enum mail_kind {
  MAIL_NONE = 0,

  /* control -> sip worker */
  SIP_TRUNK,  /* define or replace a trunk                u.sip_trunk  */
  SIP_INVITE, /*                                          u.sip_invite */
  SIP_CANCEL, /* give up a ringing leg                    u.sip_leg    */
  SIP_BYE,    /* end an answered leg                      u.sip_leg    */
  SIP_PING,
  SIP_SHUTDOWN, /* end all legs, then exit */

  /* sip worker -> control */
  SIP_UP, /* worker ready                             u.sip_up */
  SIP_PONG,
  SIP_PROGRESS,    /* 1xx; desc.family != 0: early media       u.sip_event */
  SIP_ANSWERED,    /* 2xx, ACK sent                            u.sip_event */
  SIP_MEDIA,       /* far side re-INVITEd: new desc, hold      u.sip_event */
  SIP_ENDED,       /* the leg is over; always the last         u.sip_event */
  SIP_TRUNK_STATE, /* a trunk became usable or not           u.sip_trunk_state */
  SIP_LOST,        /* made by the supervisor: worker died      u.sip_up */

  /* control -> media */
  MEDIA_REMOTE,   /* where a session's far side is            u.media_remote */
  MEDIA_SCREEN,   /* listen; arms the legal deadline too      u.media_screen */
  MEDIA_BRIDGE,   /* join two sessions                        u.media_bridge */
  MEDIA_UNBRIDGE, /* take them apart; both stay               u.media_session */
  MEDIA_PLAY,     /* prompt to a session, instead of a bridge u.media_play */
  MEDIA_STOP,     /* stop the prompt                          u.media_session */
  MEDIA_RELEASE,  /* session back to its owner                u.media_session */
  MEDIA_KNOW,     /* a fingerprint that is a machine          u.media_know */
  MEDIA_LEAVE,    /* leave this message at the machine, when it may begin: u.media_play */

  /* media -> control */
  MEDIA_CREDIT,       /* a bound session that control may use     u.media_credit */
  MEDIA_GREETING_END, /* stamp of the end of greeting is `at`  u.media_event */
  MEDIA_VERDICT,      /*                                          u.media_event */
  MEDIA_BRIDGED,      /* both sessions joined at `at`             u.media_event (session: customer) */
  MEDIA_DEADLINE,     /* wait is over: the fall-back prompt has begun; later MEDIA_BRIDGE is ignored */
  MEDIA_PLAYED,       /* a prompt ended                           u.media_event */
  MEDIA_DIGIT,        /* RFC 4733 or in band                      u.media_event.digit */
  MEDIA_DEAD,         /* no RTP as the law of patience says       u.media_event */
  MEDIA_STATS,        /* answer to MEDIA_RELEASE                  u.media_stats */
  MEDIA_PRINT,        /* fingerprint of a proven machine          u.media_print */
  MEDIA_LATE,         /* a person, it was said, and yet a machine u.media_event.reason */
  MEDIA_MESSAGE,      /* the message of MEDIA_LEAVE began, or began anew at `at`: u.media_event.reason says after what */
  MEDIA_PICKED_UP,    /* somebody spoke into it: it stopped, a new MEDIA_VERDICT comes   u.media_event */

  /* control -> store */
  STORE_LEASE_WANT,   /* u.store_want */
  STORE_LEASE_DROP,   /* u.store_lease: give a lease back */
  STORE_OPEN,         /* u.store_open */
  STORE_CLOSE,        /* u.store_close */
  STORE_DISPOSE,      /* u.store_dispose */
  STORE_OPT_OUT,      /* u.store_opt_out */
  STORE_PRINT,        /* u.store_print: a machine's fingerprint */
  STORE_AGENT_LOG,    /* u.store_agent_log: an agent changed state */
  STORE_PACED,        /* u.store_paced: a second of a campaign's pacer, while it runs */
  STORE_CLOCK,        /* u.order_clock: may the wall clock be believed */
  STORE_WINDOWS_WANT, /* u.store_want: a window of the abandonment limit is over; what holds now? */

  /* store -> control */
  STORE_CAMPAIGN,  /* u.store_campaign: terms and wanted state; at start and on change */
  STORE_AGENT,     /* u.store_agent: likewise */
  STORE_LEASED,    /* u.store_lease, one mail a lease */
  STORE_LEASE_END, /* u.store_lease_end: that was all; when to ask again */
  STORE_OPENED,    /* u.store_opened: the only permission to send an INVITE */
  STORE_REFUSED,   /* u.store_opened with reason */
  STORE_CLOSED,    /* u.store_opened: outcome is durable */
  STORE_KNOWN,     /* u.media_know: a fingerprint that may be used */
  STORE_DNC_ADDED, /* u.store_opt_out: drop leases of this number now */
  STORE_WINDOWS,   /* u.store_windows: the windows that hold now */

  /* local socket, console, signals -> control; one ORDER_REPLY each */
  ORDER_AGENT,   /* u.order_agent */
  ORDER_DISPOSE, /* u.order_agent with code */
  ORDER_DRAIN,   /* u.order: refuse new calls, finish the rest */
  ORDER_TRUNK,   /* u.order_trunk: new limits after a reload; no reply */
  ORDER_PREVIEW, /* u.order_agent: the agent has the contact dialed that he is shown, or the next one */
  ORDER_CLOCK,   /* u.order_clock: the wall clock stepped, or is not (or again) to be believed; no reply */
  ORDER_DIAL,    /* u.order_dial: an agent calls this contact by hand; the lease is his */
  /* control -> whoever ordered */
  ORDER_REPLY, /* u.order_reply */

  /* dialogs that outlive their SIP worker (wide.h) */
  SIP_DIALOG,  /* worker -> loop: keep this                u.dialog of struct wide */
  SIP_RESUME,  /* loop -> worker: go on with it            u.dialog of struct wide */
  SIP_ORPHAN,  /* loop -> worker: end it                   u.dialog of struct wide */
  SIP_CRASHED, /* a dying worker: whom it heard last       u.source of struct wide */
  SIP_RESUMED, /* worker -> control: it goes on            u.sip_event */

  /* trunks with accounts, phones that register (wide.h), calls from outside */
  SIP_TRUNK_SETUP, /* loop -> worker                      u.trunk of struct wide */
  SIP_ACCOUNT,     /* loop -> worker: may register        u.account of struct wide */
  SIP_BINDING,     /* both ways: where a phone is         u.binding of struct wide */
  SIP_KEY,         /* loop -> worker: nonces stay good    u.key of struct wide */
  SIP_PHONE,       /* loop -> control: a phone came or went u.sip_phone */
  SIP_INCOMING,    /* worker -> control: a trunk calls us  u.sip_incoming */
  SIP_ACCEPT,      /* control -> worker: answer it         u.sip_accept */
  SIP_REJECT,      /* control -> worker: refuse it         u.sip_reject */
  STORE_PHONE,     /* store -> loop: a phone may register  u.store_phone */

  /* callers: queues and the numbers that lead to them, control <-> store */
  STORE_QUEUE,   /* store -> control                     u.store_queue */
  STORE_DID,     /* store -> control: a number of ours   u.store_did */
  STORE_ARRIVE,  /* control -> store: somebody calls us  u.store_arrive */
  STORE_ARRIVED, /* store -> control: it is in the records, and who it is; err < 0: it is not   u.store_arrived */

  /* preview: contacts that agents are shown */
  STORE_LEASE_KEEP, /* control -> store: he still looks at it   u.store_lease */
  STORE_SKIP,       /* control -> store: he does not call it now u.store_skip */
  ORDER_SKIP,       /* an agent -> control: likewise, for that reason   u.order_agent */

  ORDER_HEARD, /* local socket -> control: has the floor heard all that was announced before?   u.order, one ORDER_REPLY */

  STORE_TROUBLE, /* store -> control: nothing could be made durable, or can again   u.store_trouble */

  MAIL_KIND_COUNT /* recordings keep kinds: new ones go before this line */
};

struct mail_sip_trunk {
  uint16_t trunk;           /* index in cadencia.conf, 0.. */
  char proxy[MAIL_URI_MAX]; /* SIP URI, numeric host */
  uint8_t codecs[2];        /* RTP payload types in order of preference */
  uint8_t codec_count;
};
struct mail_sip_invite {
  struct leg leg;
  uint16_t trunk;         /* LEG_CALL: which trunk */
  uint64_t call_id;       /* attempt id: "<call_id>@..." is the Call-ID */
  uint64_t to, from;      /* E.164 digits as integers, without '+' */
  char uri[MAIL_URI_MAX]; /* LEG_SEAT: the phone */
  uint16_t media_port;    /* our RTP port for the offer */
  uint8_t auto_answer;    /* LEG_SEAT: add auto-answer headers */
  uint8_t hop;            /* LEG_CALL: how many trunks refused this attempt before */
  uint64_t agent_id;      /* LEG_SEAT with an empty uri: where this agent's phone registered */
};
struct mail_sip_leg {
  struct leg leg;
};
struct mail_sip_up {
  uint16_t worker; /* listener index */
  uint32_t gen;    /* counts restarts */
};
struct mail_sip_event {
  struct leg leg;
  uint16_t status;        /* SIP status; >= 900 local */
  uint8_t cause;          /* SIP_ENDED: enum cause */
  uint8_t by;             /* SIP_ENDED after an answer: 0 network or us, 1 the far side */
  uint8_t sdp_new;        /* desc is new since the last event */
  uint16_t q850;          /* from Reason, 0: none */
  uint32_t retry_after_s; /* 503 */
  uint8_t hints;          /* enum sip_hint bits: of this reply and those before it */
  struct media_desc desc;
};
struct mail_sip_trunk_state {
  uint16_t trunk;
  uint8_t up;
  uint8_t state;   /* enum trunk_state */
  uint16_t status; /* the SIP status that speaks of it, 0: none */
};
struct mail_sip_phone {
  uint64_t agent_id;
  uint16_t listener; /* where it registered */
  uint8_t up;        /* registered, and it answers */
};
struct mail_sip_incoming {
  struct leg leg;    /* LEG_OFFER: the worker's own name of it, until it is accepted */
  uint64_t to, from; /* digits; 0: withheld or no number */
  uint16_t trunk;
  struct media_desc desc; /* what the caller offers */
};
struct mail_sip_accept {
  struct leg offer, leg; /* its name from now on: a call */
  uint16_t media_port;
};
struct mail_sip_reject {
  struct leg offer;
  uint16_t status;
  uint16_t retry_after_s; /* 503: when the caller's side may try again; 0: not said */
};

struct mail_media_remote {
  struct session session;
  struct leg owner; /* echoed in every media mail about this session */
  struct media_desc desc;
  uint8_t early;        /* before the answer: listen only to tones */
  uint16_t trunk;       /* of a call: whose tones to expect */
  struct mono answered; /* of a call: when the edge saw the answer; 0: now */
};
struct mail_media_screen {
  struct session session;
  uint8_t screening;    /* 0: only time the end of greeting and arm the deadline */
  uint16_t max_wait_ms; /* from end of greeting to the fall-back prompt; 2000 */
  uint16_t prompt;      /* fall-back (safe-harbour) prompt, 0: none */
  uint16_t trunk;       /* for per-carrier fingerprints */
  uint16_t sample_bp;   /* keep the first 8 s of so many calls in ten thousand, */
  uint16_t sample_days; /* for so long; 0: keep none */
  uint8_t hints;        /* enum sip_hint bits */
  uint64_t attempt_id;
};
struct mail_media_bridge {
  struct session customer, agent;
  uint8_t tone; /* 1: the agent hears a short tone first */
};
struct mail_media_session {
  struct session session;
};
struct mail_media_play {
  struct session session;
  uint16_t prompt;
  uint8_t loop;
};
struct mail_media_credit {
  struct session session;
  uint16_t port;
  uint16_t listener; /* whose address and ports it has */
};
struct mail_media_event {
  struct session session;
  struct leg owner;
  uint8_t verdict, reason; /* MEDIA_VERDICT */
  char digit;              /* MEDIA_DIGIT: 0-9 A-D * # */
  uint16_t prompt;
  struct mono greeting_end; /* MEDIA_VERDICT, MEDIA_DEADLINE: MONO_NONE if not yet known */
};
struct mail_media_stats {
  struct session session;
  struct leg owner;
  uint32_t rx_packets, tx_packets, lost, late, strangers;
  uint32_t jitter_us;
};

/* A legal window of the abandonment limit, and what was closed in it so far (enum abandon_window, enum abandon_form). */
enum { MAIL_WINDOWS_MAX = 4 };
struct campaign_window {
  uint8_t kind, form;
  uint16_t limit_bp;
  struct wall begins, ends;
  uint64_t served, abandoned, early, machines; /* machines: served, as it seemed; the agent said otherwise */
};
struct mail_media_print {
  struct session session;
  struct leg owner;
  struct fingerprint print;
};
struct mail_media_know {
  uint16_t trunk;
  uint8_t screening; /* bool: of a call-screening robot */
  struct fingerprint print;
};
struct mail_store_print {
  uint64_t attempt_id;
  struct fingerprint print;
  struct wall at;
};

/* What the floor needs of a campaign; names and texts stay in the store. */
struct campaign_terms {
  uint64_t id;
  char name[MAIL_NAME_MAX];
  uint8_t mode;         /* enum pacing_mode */
  uint8_t screening;    /* 0, 1 */
  uint16_t ratio_x100;  /* PACING_RATIO: calls per ready agent, times 100 */
  uint16_t trunk;       /* index in cadencia.conf */
  uint16_t limit_bp;    /* abandonment limit, 300 = 3 % */
  uint32_t ring_ms;     /* >= 15000 from 180/183 */
  uint32_t max_wait_ms; /* 2000 */
  uint32_t wrapup_ms;
  uint32_t drain_ms;
  uint64_t caller_id;
  uint16_t prompt_safe_harbour; /* 0: none: predictive modes are refused */
  uint8_t optout_digit;         /* '9' */
  char dispositions[10][8];     /* by keypad digit; "" unused */
  char default_disposition[8];
  uint8_t priority;           /* of campaigns that share agents the higher has them first; 0 to 9 */
  uint32_t skills;            /* an agent must have them all; bits as the store gives them */
  uint16_t occupancy_bp;      /* talk and wrap-up of an agent's time, at most; 0: no ceiling */
  uint16_t inbound_bp;        /* of inbound callers to be answered ... */
  uint32_t inbound_within_ms; /* ... within this time: agents are kept free for them; 0: none */
  uint32_t give_up_ms;        /* ringing for so long, a call may be given up for a likelier one; 0: the legal least; >= ring_ms: never */
  uint32_t preview_ms;        /* preview: a contact that is shown for so long is dialed by itself; 0: the agent alone says so */
  uint32_t skip_again_ms;     /* preview: a contact that was skipped is not due before */
  uint16_t fp_bp;             /* reasoned estimate of people whom screening takes for machines; counts as abandoned */
  uint8_t window_count;
  struct campaign_window windows[MAIL_WINDOWS_MAX]; /* all hold; their accounts are of the moment when this was sent */
  uint16_t sample_bp, sample_days;                  /* share of answered calls whose first 8 s are kept, and for how long; 0: none */
  uint8_t machine_action, screening_action;         /* enum machine_action */
  uint16_t prompt_message;                          /* what is left at a machine, 0: nothing */
};
struct lease {
  uint64_t campaign_id, case_id, phone_id;
  uint64_t phone;    /* E.164 as integer */
  uint16_t tries;    /* attempts to this case so far */
  uint16_t segment;  /* score class for pacing, 0.. */
  uint64_t agent_id; /* who promised this call back, 0: anyone may take it */
  struct wall expires;
  char name[MAIL_NAME_MAX]; /* for the agent's screen */
};
struct mail_store_want {
  uint64_t campaign_id;
  uint16_t count;
};
struct mail_store_lease_end {
  uint64_t campaign_id;
  uint16_t given;
  struct wall next;   /* when a contact may be due; WALL_NONE: none left */
  uint32_t open;      /* contacts not finished, waiting ones included */
  struct wall closes; /* when the hours end for the last zone that is open now; WALL_NONE: none is */
  uint8_t closed;     /* contacts wait, and it is nobody's hour */
};
struct mail_store_open {
  uint32_t slot, gen; /* the call */
  uint64_t attempt_id;
  struct lease lease;
  uint16_t trunk;
  uint8_t elsewhere; /* the trunk is another of its group than the campaign's own */
  uint64_t caller_id;
  struct wall started;
};
/* A queue of callers. Prompts are indices of media, 0: none. */
enum { QUEUE_PLACES = 10, QUEUE_WAITS = 6 };
struct queue_terms {
  uint64_t id, campaign_id; /* whose agents serve it, whose dispositions they use */
  char name[MAIL_NAME_MAX];
  uint8_t gone;          /* deleted: no new callers */
  uint8_t priority;      /* of queues with the same agents the higher is served first; 0 to 9 */
  uint32_t skills;       /* beside those of the campaign */
  uint32_t timeout_ms;   /* who waits longer is sent on or told; 0: never */
  uint32_t places;       /* callers who may wait at once */
  uint32_t say_every_ms; /* place and wait are told again; 0: at the beginning alone */
  uint8_t say_place, say_wait;
  uint32_t service_ms;  /* an answer within this counts as in time */
  uint64_t overflow_id; /* where callers go whom it cannot serve; 0: they hear the message */
  uint16_t hello, music, sorry, closed;
  uint16_t place[QUEUE_PLACES]; /* "you are first", .. ninth, further back */
  uint16_t wait[QUEUE_WAITS];   /* under a minute, 2, 3, 5, 10 minutes, more */
};
struct mail_store_did {
  uint64_t number, queue_id;
  uint8_t gone;
};
struct mail_store_arrive {
  uint32_t slot, gen;
  uint64_t attempt_id, queue_id, from, did;
  uint16_t trunk;
  struct wall at;
};
struct mail_store_arrived {
  uint32_t slot, gen;
  uint64_t attempt_id, queue_id;
  int32_t err;          /* < 0: it could not be made durable */
  uint8_t closed;       /* outside the queue's hours */
  struct lease contact; /* case_id 0: nobody whom we know */
};
struct mail_store_trouble {
  int32_t err;      /* of the last try; CAD_OK: it is over */
  uint32_t rest_ms; /* until the next try: nothing is opened before */
};
struct mail_store_opened {
  uint32_t slot, gen;
  uint64_t attempt_id;
  uint8_t reason;   /* enum refusal */
  struct wall next; /* STORE_REFUSED: earliest next time, WALL_NONE: never */
  uint8_t message;  /* STORE_OPENED: enum refusal: may a recorded message be left, should a machine answer? */
};
struct mail_store_close {
  uint32_t slot, gen;
  uint64_t attempt_id, campaign_id, case_id, phone_id, phone, agent_id;
  struct wall ringing, answered, greeting_end, bridged, agent_end, ended;
  uint16_t sip_code, q850;
  uint16_t trunk;    /* that took the call last */
  uint8_t elsewhere; /* it may be another than the row names */
  uint8_t cause, outcome, verdict, reason, ended_by, abandoned, early_hangup;
  uint8_t late_reason;   /* why a person was taken for a machine later, 0: never */
  uint8_t message;       /* of our own recorded message at a machine: 0 nothing was played, 1 a part, 2 all of it */
  uint8_t message_after; /* enum verdict_reason: after a beep or after silence */
  uint32_t message_ms;
  uint32_t talk_ms;
  uint64_t queue_id;  /* of a caller: where he waited last; 0: we called */
  uint8_t queue_end;  /* enum queue_end */
  uint32_t queued_ms; /* how long he waited, all queues together */
};
struct mail_store_skip {
  uint64_t campaign_id, case_id, agent_id;
  uint8_t reason;    /* enum skip_reason */
  uint32_t again_ms; /* not due before that time is over */
  struct wall at;
};
struct mail_store_dispose {
  uint64_t attempt_id, agent_id;
  char code[8];
  uint32_t wrapup_ms;
  struct wall at;
};
struct mail_store_opt_out {
  uint64_t phone, campaign_id, attempt_id;
  struct wall at;
};
struct mail_store_agent_log {
  uint64_t agent_id, campaign_id, attempt_id;
  uint8_t state;  /* enum agent_state, the state that ended */
  char reason[8]; /* AGENT_PAUSED: the code that the agent gave; "" none */
  struct wall from, to;
};
/* What the pacer of a running campaign saw and decided in the second that began at `at` (second.at_ms is monotonic). */
struct mail_store_paced {
  uint64_t campaign_id;
  struct wall at;
  struct pacer_second second;
};
struct mail_store_campaign {
  struct campaign_terms terms;
  uint8_t state; /* enum campaign_state */
};
struct mail_store_windows {
  uint64_t campaign_id;
  uint8_t window_count;
  struct campaign_window windows[MAIL_WINDOWS_MAX];
};
struct mail_store_agent {
  uint64_t agent_id, campaign_id;
  char name[MAIL_NAME_MAX];
  char uri[MAIL_URI_MAX];
  uint16_t listener;
  uint8_t nailed; /* 1: the seat is rung at log-in and stays up */
  uint8_t state;  /* wanted: LOGGED_OUT, PAUSED or READY */
  uint32_t skills;
  uint8_t also_count; /* campaigns that the agent serves beside campaign_id */
  uint64_t also[MAIL_ALSO_MAX];
};
struct mail_store_phone {
  uint64_t agent_id;
  uint8_t gone;
  char user[MAIL_NAME_MAX];
  char ha1_md5[33], ha1_sha256[65];
};
struct mail_order {
  uint64_t ticket;
  uint8_t now; /* ORDER_DRAIN: do not wait for the calls in flight, end them */
};
struct mail_order_clock {
  uint8_t trusted; /* 0: nothing is launched, the gate refuses */
  uint8_t stepped; /* 1: it jumped: leases go back and are judged afresh */
};
struct mail_order_trunk {
  uint16_t trunk;
  uint32_t channels, calls_per_s;
};
struct mail_order_agent {
  uint64_t ticket;
  uint64_t agent_id;
  uint8_t state; /* wanted: LOGGED_OUT, PAUSED or READY */
  char code[8];
  uint64_t case_id; /* ORDER_PREVIEW, ORDER_SKIP: the contact that he means, 0: whichever he is shown */
  uint8_t reason;   /* ORDER_SKIP: enum skip_reason */
};
struct mail_order_dial {
  uint64_t ticket;
  uint64_t agent_id;
  struct lease lease;
};
struct mail_order_reply {
  uint64_t ticket;
  uint64_t attempt_id; /* ORDER_DISPOSE: the call that was disposed of */
  int32_t err;         /* enum cad_err */
  char text[MAIL_TEXT_MAX];
};

struct mail {
  uint16_t version; /* MAIL_WIRE_VERSION */
  uint16_t kind;    /* enum mail_kind */
  uint32_t worker;  /* sip: generation of the worker that sent it */
  struct mono at;   /* when the edge saw it */
  union {
    struct mail_sip_trunk sip_trunk;
    struct mail_sip_invite sip_invite;
    struct mail_sip_leg sip_leg;
    struct mail_sip_up sip_up;
    struct mail_sip_event sip_event;
    struct mail_sip_trunk_state sip_trunk_state;
    struct mail_sip_phone sip_phone;
    struct mail_sip_incoming sip_incoming;
    struct mail_sip_accept sip_accept;
    struct mail_sip_reject sip_reject;
    struct mail_media_remote media_remote;
    struct mail_media_screen media_screen;
    struct mail_media_bridge media_bridge;
    struct mail_media_session media_session;
    struct mail_media_play media_play;
    struct mail_media_credit media_credit;
    struct mail_media_event media_event;
    struct mail_media_stats media_stats;
    struct mail_media_print media_print;
    struct mail_media_know media_know;
    struct mail_store_print store_print;
    struct mail_store_want store_want;
    struct lease store_lease;
    struct mail_store_lease_end store_lease_end;
    struct mail_store_trouble store_trouble;
    struct mail_store_open store_open;
    struct mail_store_opened store_opened;
    struct mail_store_close store_close;
    struct mail_store_dispose store_dispose;
    struct mail_store_skip store_skip;
    struct mail_store_opt_out store_opt_out;
    struct mail_store_agent_log store_agent_log;
    struct mail_store_paced store_paced;
    struct mail_store_campaign store_campaign;
    struct mail_store_windows store_windows;
    struct mail_store_agent store_agent;
    struct mail_store_phone store_phone;
    struct queue_terms store_queue;
    struct mail_store_did store_did;
    struct mail_store_arrive store_arrive;
    struct mail_store_arrived store_arrived;
    struct mail_order order;
    struct mail_order_trunk order_trunk;
    struct mail_order_clock order_clock;
    struct mail_order_agent order_agent;
    struct mail_order_dial order_dial;
    struct mail_order_reply order_reply;
  } u;
};

/* A zeroed mail of that kind, with version and stamp. */
struct mail mail_make(enum mail_kind kind, struct mono at);

/* Bytes of a mail of this kind on the wire (header and its own member of u): short
 * kinds travel short. 0 for an unknown kind. */
unsigned mail_size(enum mail_kind kind);

/* Check a mail that came from a child: version, kind, length, enumerations, text
 * termination. bytes: what recv() returned. CAD_OK, CAD_EVERSION or CAD_EFORMAT. */
int mail_valid(const struct mail *mail, unsigned bytes);

/* Family, codec, payload types, ptime and direction are in range; family 0 is valid: no media. */
bool media_desc_valid(const struct media_desc *desc);

/* "SIP_INVITE", ...; never NULL. */
const char *mail_kind_name(enum mail_kind kind);

static inline bool leg_eq(struct leg a, struct leg b) { return a.role == b.role && a.slot == b.slot && a.gen == b.gen; }
static inline bool session_eq(struct session a, struct session b) { return a.slot == b.slot && a.gen == b.gen; }

#endif
