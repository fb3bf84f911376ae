/* names.h — the words of the field that more than one room uses, and their texts.
 *
 * The texts are what the call log, the command line and the page print; they are
 * stable. x_name() never returns NULL; x_parse() returns < 0 for an unknown word.
 * Thread: any. Source: names.c */
#ifndef CADENCIA_NAMES_H
#define CADENCIA_NAMES_H

/* How an attempt ended: the call log's column "outcome". */
enum outcome {
  OUTCOME_NONE = 0,
  OUTCOME_CONNECTED,    /* a person, and an agent was bridged in */
  OUTCOME_ABANDONED,    /* a person, and no agent within the legal wait */
  OUTCOME_EARLY_HANGUP, /* the person hung up before the wait was over */
  OUTCOME_MACHINE,      /* answering machine */
  OUTCOME_SCREENING,    /* call-screening robot */
  OUTCOME_FAX,
  OUTCOME_DEAD_AIR,
  OUTCOME_NO_ANSWER,
  OUTCOME_BUSY,
  OUTCOME_REJECTED,       /* 603 by the callee */
  OUTCOME_UNWANTED,       /* 607: the person says so */
  OUTCOME_BLOCKED,        /* 608 or 603+: analytics on the way */
  OUTCOME_INVALID_NUMBER, /* 404, 410, 484, 604, SIT vacant */
  OUTCOME_CONGESTION,     /* 503, 480 with Q.850 34/38/41/42, SIT no circuit, trunk full */
  OUTCOME_CANCELLED,      /* we gave up for a reason of ours before an answer */
  OUTCOME_FAILED,         /* everything else that went wrong in signalling */
  OUTCOME_INTERRUPTED,    /* the box died or restarted in mid-attempt */
  OUTCOME_MESSAGE_LEFT,   /* an answering machine, and our recorded message was played to it to its end */
  OUTCOME_COUNT
};
const char *outcome_name(enum outcome o);
int outcome_parse(const char *word);

/* What screening said. */
enum verdict {
  VERDICT_NONE = 0, /* not (yet) decided, or screening was off */
  VERDICT_PERSON,
  VERDICT_MACHINE,
  VERDICT_SCREENING,
  VERDICT_FAX,
  VERDICT_DEAD_AIR,
  VERDICT_BUSY_TONE, /* busy or reorder heard in band */
  VERDICT_SIT,       /* special information tone */
  VERDICT_COUNT
};
const char *verdict_name(enum verdict v);

/* The witness that decided: the call log's column "verdict_reason". */
enum verdict_reason {
  REASON_NONE = 0,
  REASON_SHORT_GREETING, /* spoke briefly, then waited */
  REASON_UNDECIDED,      /* time is up; a person when in doubt */
  REASON_LONG_GREETING,  /* spoke on without yielding */
  REASON_CADENCE,        /* the learned model of speech and pauses */
  REASON_BEEP,
  REASON_FAX_TONE,
  REASON_BUSY_TONE,
  REASON_SIT_TONE,
  REASON_NO_SOUND,       /* silence to the end of patience */
  REASON_EARLY_GREETING, /* the greeting began before the answer */
  REASON_SCREENING_OFF,  /* the campaign does not screen */
  REASON_SCREENING_PHRASE,
  REASON_FINGERPRINT,
  REASON_SIT_VACANT, /* the classes of SIT: an announcement follows that says more */
  REASON_SIT_INTERCEPT,
  REASON_SIT_NO_CIRCUIT,
  REASON_PICKED_UP, /* a person who spoke into the message that we were leaving */
  REASON_FORWARDED, /* the network says that the call was forwarded, and what is heard agrees */
  REASON_AUTOMATON, /* the far side says that it is one (RFC 3840) */
  REASON_COUNT
};
const char *verdict_reason_name(enum verdict_reason r);

/* What signalling says of whoever answers; bits. None of them alone decides but HINT_AUTOMATON. */
enum sip_hint {
  HINT_FORWARDED = 1, /* 181, Diversion, History-Info: somebody else answers than was called */
  HINT_UNREACHED = 2, /* and that because the one called did not answer, was busy or could not be reached: a mailbox, as a rule */
  HINT_AUTOMATON = 4  /* the far side says in its Contact that it is an automaton (RFC 3840) */
};
enum { HINT_ALL = 7 };

/* What a campaign does with a machine, or with a call-screening robot. */
enum machine_action { MACHINE_HANG_UP = 0, MACHINE_MESSAGE, MACHINE_AGENT, MACHINE_ACTION_COUNT };
const char *machine_action_name(enum machine_action a);
int machine_action_parse(const char *word);

/* Why an agent does not call the contact that he is shown. */
enum skip_reason { SKIP_NOT_NOW = 0, SKIP_SPOKEN, SKIP_DATA, SKIP_LANGUAGE, SKIP_OTHER, SKIP_REASON_COUNT };
const char *skip_reason_name(enum skip_reason r);
int skip_reason_parse(const char *word);

/* Why a leg ended: the call log's column "cause". */
enum cause {
  CAUSE_NONE = 0,
  CAUSE_NORMAL,         /* BYE */
  CAUSE_BUSY,           /* 486, 600 */
  CAUSE_NO_ANSWER,      /* 480 without a reason, 408 after ringing */
  CAUSE_REJECTED,       /* 603 */
  CAUSE_UNWANTED,       /* 607 */
  CAUSE_BLOCKED,        /* 608, 603+ */
  CAUSE_INVALID_NUMBER, /* 404, 410, 484, 485, 604 */
  CAUSE_CONGESTION,     /* 503, 500 and 480 with network reasons */
  CAUSE_TIMEOUT,        /* no reply at all */
  CAUSE_REDIRECTED,     /* 3xx: never followed */
  CAUSE_AUTH,           /* 401, 403, 407 */
  CAUSE_MEDIA,          /* 488, 415, 606, an SDP we cannot use */
  CAUSE_SERVER,         /* other 5xx */
  CAUSE_CLIENT,         /* other 4xx, 6xx */
  CAUSE_CANCELLED,      /* 487 after our CANCEL: the ring time was over, or we gave up */
  CAUSE_RTP_DEAD,       /* no audio from anybody for 15 s */
  CAUSE_WORKER_LOST,    /* the SIP worker died */
  CAUSE_LOCAL,          /* refused on this box (no port, no channel, shutdown) */
  CAUSE_IN_BAND_BUSY,   /* a busy tone under 183 or after answer */
  CAUSE_IN_BAND_SIT,
  CAUSE_COUNT
};
const char *cause_name(enum cause c);

/* Who ended the call: the call log's column "ended_by". */
enum ended_by { ENDED_BY_NONE = 0, ENDED_BY_CALLEE, ENDED_BY_AGENT, ENDED_BY_SYSTEM, ENDED_BY_NETWORK, ENDED_BY_COUNT };
const char *ended_by_name(enum ended_by e);

enum pacing_mode { PACING_PREVIEW = 0, PACING_PROGRESSIVE, PACING_RATIO, PACING_PREDICTIVE, PACING_MANUAL, PACING_COUNT };
const char *pacing_mode_name(enum pacing_mode m);
int pacing_mode_parse(const char *word);

enum agent_state {
  AGENT_LOGGED_OUT = 0,
  AGENT_PAUSED,
  AGENT_READY,    /* wants calls; takes one as soon as the seat is up */
  AGENT_RESERVED, /* named for a call, not yet bridged */
  AGENT_TALKING,
  AGENT_WRAPUP,
  AGENT_STATE_COUNT
};
const char *agent_state_name(enum agent_state s);
int agent_state_parse(const char *word);

enum campaign_state { CAMPAIGN_STOPPED = 0, CAMPAIGN_RUNNING, CAMPAIGN_PAUSED, CAMPAIGN_STATE_COUNT };
const char *campaign_state_name(enum campaign_state s);
int campaign_state_parse(const char *word);

/* Why the gate said no (attempt_open, lease). The text names the rule. */
enum refusal {
  REFUSAL_NONE = 0,
  REFUSAL_DNC,            /* on a do-not-call list */
  REFUSAL_ATTEMPT_CAP,    /* attempts to this number in the window are used up */
  REFUSAL_HOURS,          /* outside permitted hours in at least one candidate zone */
  REFUSAL_ZONE_UNKNOWN,   /* the number's zone is not known: blocked */
  REFUSAL_LEASE_GONE,     /* the lease expired or its contact was taken or removed */
  REFUSAL_CAMPAIGN,       /* the campaign is not running */
  REFUSAL_CLOCK,          /* the clock cannot be trusted */
  REFUSAL_STORE,          /* the store cannot make it durable (disk full, error) */
  REFUSAL_NUMBER,         /* not a number that can be dialed */
  REFUSAL_COUNTRY,        /* may be in a country that the campaign does not declare, or nobody knows where */
  REFUSAL_CALLER_ID,      /* the calling number may not be shown for this call */
  REFUSAL_REGISTRY,       /* on a public exclusion registry */
  REFUSAL_REGISTRY_STALE, /* such a registry is not loaded, or too old */
  REFUSAL_CONSENT,        /* no valid consent or other basis for this kind of call */
  REFUSAL_COOL_DOWN,      /* too soon after a conversation, an abandoned call or a machine */
  REFUSAL_HOLIDAY,        /* a holiday in at least one place where the number may be */
  REFUSAL_BAN,            /* a declared ban on that day */
  REFUSAL_ON_THE_LINE,    /* a call with this person is going on */
  REFUSAL_COUNT
};
const char *refusal_name(enum refusal r);

/* How a caller's time in a queue ended: the column "ended" of the queue's calls. */
enum queue_end {
  QUEUE_END_NONE = 0,
  QUEUE_END_SERVED,  /* an agent took the call */
  QUEUE_END_LEFT,    /* the caller hung up */
  QUEUE_END_TIMEOUT, /* waited as long as the queue lets him, and was told so */
  QUEUE_END_FULL,    /* every place was taken */
  QUEUE_END_CLOSED,  /* outside the queue's hours */
  QUEUE_END_BROKEN,  /* the box, the network or a stop ended it */
  QUEUE_END_COUNT
};
const char *queue_end_name(enum queue_end e);

/* What a SIP worker knows of a trunk; up is the only state in which calls go out. */
enum trunk_state {
  TRUNK_STARTING = 0,
  TRUNK_UP,
  TRUNK_UNUSABLE,     /* its proxy is no address that this listener may call */
  TRUNK_NAME_UNKNOWN, /* its name is not found */
  TRUNK_REGISTERING,
  TRUNK_REFUSED,      /* user or password are not accepted */
  TRUNK_UNREGISTERED, /* the registrar said no, or nothing */
  TRUNK_SILENT,       /* INVITEs or OPTIONS get no answer */
  TRUNK_CERTIFICATE,  /* its certificate is not good, or names somebody else */
  TRUNK_STATE_COUNT
};
const char *trunk_state_name(enum trunk_state s);

#endif
