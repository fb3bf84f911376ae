/* world.h — an invented world in virtual time around the real control, floor, pacing,
 * law and records: carriers, callees, phones and media are drawn from a seed.
 *
 * The same build and parameters give the same run: world_hash() is over everything
 * that control ordered. Faults delay, duplicate and refuse, stall the store, step the
 * wall clock, kill the SIP worker. The store is the real one, in memory. One thread.
 * Sources: world.c world_spokes.c world_faults.c */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <cadencia/names.h>
#include <stdint.h>

struct world_params {
  uint64_t seed;
  uint32_t agents;
  uint32_t answer_bp;  /* calls that are answered, by people or machines */
  uint32_t machine_bp; /* machines among the answers */
  uint32_t busy_bp, fail_bp;
  uint32_t ring_mean_ms, talk_mean_ms, wrapup_ms;
  uint32_t detected_bp; /* machines that screening finds */
  uint32_t mistaken_bp; /* people that it takes for machines */
  uint32_t lines;       /* trunk channels, 0: plenty */
  uint32_t calls_per_s; /* 0: plenty */
  uint32_t limit_bp;
  enum pacing_mode mode;
  uint32_t ratio_x100;
  int64_t duration_ms;
  /* faults, each a chance in basis points per event or per second */
  uint32_t delay_bp, duplicate_bp, refuse_bp, vanish_bp; /* vanish: a phone disappears in mid-call */
  uint32_t worker_deaths;                                /* in the whole run */
  uint32_t stall_bp;                                     /* the store stands still for 2 s */
  uint32_t cross_bp;                                     /* media's deadline crosses the order to bridge */
  uint32_t hangup_bp;                                    /* the callee ends the call at any moment, ringing ones too */
  uint32_t whim_ms;                                      /* that often somebody orders an agent or the campaign about; 0: never */
  uint32_t pressure_ms;                                  /* that often a mailbox is full for a while; 0: never */
  uint32_t clock_steps;                                  /* the wall clock jumps an hour back or forth, in the whole run */
  const char *share_dir;
};
struct world_result {
  uint64_t attempts, answered, people, machines, connected, abandoned, early_hangup, taken_for_machine, machines_to_agents;
  uint64_t refused, steps, invites, worker_deaths, opens;
  uint64_t outcomes[OUTCOME_COUNT];
  uint64_t log_rows, open_attempts;
  uint64_t talk_ms, wrapup_ms, ready_ms;
  uint32_t wait_p50_ms, wait_p95_ms; /* from end of greeting to the bridge */
  uint64_t hash;
};

void world_defaults(struct world_params *p);
/* Runs to the end and drains. CAD_OK, CAD_ENOMEM, or CAD_EREFUSED when an invariant broke: broken
 * (>= 160 bytes) gets its text. progress (may be NULL) is called every virtual minute. */
int world_run(const struct world_params *p, struct world_result *out, char *broken, void (*progress)(void *arg, int64_t virtual_ms),
              void *arg);

#endif
