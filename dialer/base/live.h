/* live.h — what the floor looks like now: the one picture that the page, `status`
 * and the rehearsal's progress line are drawn from.
 *
 * Control fills it at most four times a second; the daemon hands it by value to the
 * local socket's thread and, through a SOCK_SEQPACKET pair, to the console. Fixed size, no pointers. */
#ifndef CADENCIA_LIVE_H
#define CADENCIA_LIVE_H

#include "dialer/base/histogram.h"
#include "dialer/base/mail.h"
#include <stddef.h>

enum {
  LIVE_AGENTS_MAX = 512,
  LIVE_CAMPAIGNS_MAX = 16,
  LIVE_ALERTS_MAX = 6,
  LIVE_TRUNKS_MAX = 16,
  LIVE_ALERT_TEXT = 256, /* in words */
  LIVE_QUEUES_MAX = 32,
  LIVE_VERSION = 10
};

struct live_agent {
  uint64_t id;
  char name[MAIL_NAME_MAX];
  uint8_t state; /* enum agent_state */
  uint8_t seat_up;
  uint16_t campaign; /* index into campaigns, 0xffff: none shown */
  uint32_t calls;
  uint64_t phone;                   /* on the line now, 0: nobody; masked by whoever shows it */
  uint64_t attempt, case_id;        /* the call at hand, its wrap-up included; 0: none */
  uint8_t late_machine;             /* who is on the line beeped or talks on like a machine: enum verdict_reason */
  char pause[8];                    /* why he is paused, "": not said */
  uint64_t shown_case, shown_phone; /* preview: the contact on his screen, not yet dialed; 0: none */
  uint16_t shown_tries;
  struct wall rests_until;        /* above the ceiling of occupancy he is left alone until then, WALL_NONE: he is not */
  struct wall shown_at, dials_at; /* dials_at: when it is dialed by itself, WALL_NONE: never */
  struct wall since;
};
struct live_campaign {
  uint64_t id;
  char name[MAIL_NAME_MAX];
  uint8_t state, mode;
  uint32_t dialing, ringing, screening, waiting, talking, message; /* calls by state now */
  uint64_t attempts, answered, connected, abandoned, early_hangup, machines, no_answer, busy, failed, refused;
  uint64_t live_answers;                 /* people: the legal denominator */
  uint64_t late_machines;                /* told to be people, and yet they beeped or talked on */
  uint32_t leases, open;                 /* prefetched; contacts not finished */
  uint8_t bound;                         /* enum pacer_bound: what held the pacer back last */
  uint32_t limit_bp;                     /* abandonment limit in basis points of live_answers, 0: none set */
  uint64_t talk_ms, wrapup_ms, ready_ms; /* sums over agents, for occupancy */
  struct pacer_second second;            /* the pacer's last whole second; decisions 0: none yet */
};
struct live_trunk {
  char name[MAIL_NAME_MAX];
  uint8_t state;   /* enum trunk_state */
  uint16_t status; /* the SIP status that speaks of it, 0: none */
  uint32_t used, channels;
  uint64_t attempts, answered, reached, rang, pdd_ms, by_cause[CAUSE_COUNT]; /* since the start */
};
/* Callers of a queue; counts since the start. */
struct live_queue {
  char name[MAIL_NAME_MAX];
  uint16_t campaign; /* index into campaigns, 0xffff: none shown */
  uint32_t waiting, greeting, talking, longest_ms, staff, idle;
  uint32_t service_ms; /* an answer within this is in time */
  uint64_t offered, served, in_time, left, timed_out, full, closed, overflowed, refused;
  uint64_t served_wait_ms, left_wait_ms;
};
/* Something that a person should look at; the newest first. */
struct live_alert {
  struct wall at;
  uint32_t times;
  uint8_t kind; /* enum alert_kind */
  char who[64], what[64];
};
/* How the box itself does, since it started. Times in microseconds. */
enum live_box { LIVE_BOX_CONTROL = 0, LIVE_BOX_MEDIA, LIVE_BOX_STORE, LIVE_BOXES };
enum live_wait { LIVE_WAIT_OPEN = 0, LIVE_WAIT_CLOSE, LIVE_WAIT_LEASE, LIVE_WAITS };
struct live_health {
  struct histogram_view turns;             /* of the control loop, without its sleep */
  struct histogram_view beat_lags;         /* how late each 20 ms beat of media began */
  struct histogram_view commits;           /* of the store thread; each is an fsync */
  struct histogram_view waits[LIVE_WAITS]; /* of work for calls at the store, from its posting to the disk */
  struct histogram_view boxes[LIVE_BOXES]; /* mails that waited when some were taken */
};
struct live {
  uint32_t version, sequence;
  struct wall at, started;
  uint8_t draining;
  uint16_t agent_count, campaign_count; /* filled entries */
  uint32_t calls, calls_limit, credits;
  uint64_t late_mail, ignored_events, refused_orders;
  uint32_t loop_lag_max_us, sip_restarts;
  struct live_health health;
  uint32_t trunk_count;
  struct live_trunk trunks[LIVE_TRUNKS_MAX];
  uint32_t alert_count;
  struct live_alert alerts[LIVE_ALERTS_MAX];
  uint32_t queue_count;
  uint64_t strange_calls; /* callers of numbers that lead nowhere */
  struct live_queue queues[LIVE_QUEUES_MAX];
  struct live_campaign campaigns[LIVE_CAMPAIGNS_MAX];
  struct live_agent agents[LIVE_AGENTS_MAX]; /* keep last: only agent_count travel */
};

/* What travels: the picture without its unused agents. */
static inline size_t live_bytes(const struct live *live) {
  return offsetof(struct live, agents) + live->agent_count * sizeof live->agents[0];
}

#endif
