/* world.h — an invented world in virtual time around the real control, floor, pacing,
 * law and records: carriers, callees, phones, agents and media are drawn from a seed.
 *
 * The same build and parameters give the same run: the hash is over everything that
 * control ordered. Faults delay, duplicate and refuse, stall the store, crash it over a
 * disk that forgets, step the wall clock, kill the SIP worker. One thread.
 * Sources: world.c world_spokes.c world_people.c world_faults.c world_disk.c */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "dialer/sim/rivals.h"
#include "dialer/sim/scenario.h"
#include <cadencia/names.h>
#include <stdint.h>

/* One minute of the shift. */
struct world_minute {
  uint32_t busy_ms, wasted_ms, idle_ms; /* of agents: with people; with machines; ready */
  uint16_t people, lost, agents;        /* answers by people that were served, that were not; most agents at work */
  int32_t credit_milli;                 /* at its end: calls that may be abandoned */
};

/* The disk under the records, made by who runs the world (tests): NULL functions, an in-memory database that never fails. */
struct world_disk {
  void (*arm)(uint32_t operations); /* it dies at the n-th write from now */
  bool (*dead)(void);
  void (*revive)(uint64_t seed); /* with what survived */
  void (*full)(bool full);
};

struct world_params {
  uint64_t seed;
  struct scenario day;
  enum pacing_mode mode;
  uint32_t ratio_x100;
  struct rival rival; /* another dialer's rule in the pacer's place; RIVAL_NONE: our own */
  bool on_demand;     /* every fourth phone is rung for each call; else all are nailed up */
  bool sloppy;        /* three in ten agents press no disposition: the campaign's wrap-up time ends it */
  /* faults, each a chance in basis points per event or per second */
  uint32_t delay_bp, duplicate_bp, refuse_bp, vanish_bp; /* vanish: a phone disappears in mid-call */
  uint32_t worker_deaths;                                /* in the whole run */
  uint32_t stall_bp;                                     /* the store stands still for 2 s */
  uint32_t cross_bp;                                     /* media's deadline crosses the order to bridge */
  uint32_t hangup_bp;                                    /* the callee ends the call at any moment, ringing ones too */
  uint32_t whim_ms;                                      /* that often somebody orders an agent or the campaign about; 0: never */
  uint32_t pressure_ms;                                  /* that often a mailbox is full for a while; 0: never */
  uint32_t clock_steps;                                  /* the wall clock jumps an hour back or forth, in the whole run */
  struct world_disk disk;
  uint32_t disk_deaths; /* in the whole run, each in the midst of a write: everything dies with it and starts again */
  uint32_t disk_fills;  /* in the whole run, each for some seconds */
  const char *share_dir;
  struct world_minute *minutes; /* NULL, or minute_room entries that are filled in */
  unsigned minute_room;
};
struct world_result {
  uint64_t attempts, answered, people, machines, connected, abandoned, early_hangup, taken_for_machine, machines_to_agents;
  uint64_t refused, steps, decisions, invites, worker_deaths, opens, given_up;
  uint64_t lost_people, served_people; /* by truth: people who met nobody (early hang-ups included), people who met an agent */
  uint64_t inbound, inbound_served, inbound_lost, inbound_wait_ms;
  uint64_t outcomes[OUTCOME_COUNT];
  uint64_t log_rows, open_attempts;
  uint64_t talk_ms, wrapup_ms, ready_ms, wasted_ms, break_ms; /* wasted: with machines */
  uint64_t idle_gaps;                                         /* how often an agent became ready */
  uint32_t wait_p50_ms, wait_p95_ms;                          /* from end of greeting to the bridge */
  uint64_t disk_deaths, disk_refusals, recovered;             /* recovered: attempts found open after a death */
  uint64_t hash;
};

/* A floor of 20 for an hour without breaks: what `cadencia simulate` runs when it is told nothing. */
void world_defaults(struct world_params *p);
/* Runs to the end and drains. CAD_OK, CAD_ENOMEM, or CAD_EREFUSED when an invariant broke: broken
 * (>= 160 bytes) gets its text. progress (may be NULL) is called every virtual minute. */
int world_run(const struct world_params *p, struct world_result *out, char *broken, void (*progress)(void *arg, int64_t virtual_ms),
              void *arg);

/* Talk and wrap-up with people over staffed time, breaks excluded; basis points. */
uint32_t world_utilisation_bp(const struct world_result *r);
/* People lost over people answered, plus the estimate of people taken for machines: what a regulator would reckon; basis points. */
double world_abandonment_pct(const struct world_result *r, const struct scenario *s);

#endif
