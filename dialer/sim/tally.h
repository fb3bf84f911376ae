/* tally.h — what a rehearsal came to: the carrier's truth joined with our own call log.
 *
 * Truth says what each callee was, when its greeting ended and when both ends heard each
 * other; the log says what we did. Joined by attempt id. One classification, one place, so that
 *   attempts = answered + no_answer + busy + failed = log_rows,
 *   answered = people + machines + other,
 *   people = connected + abandoned + early_hangup + taken_for_machine
 * hold by construction of what is counted, and are checked where they could differ.
 * Owner: the rehearsal's main thread. Source: tally.c */
#ifndef CADENCIA_SIM_TALLY_H
#define CADENCIA_SIM_TALLY_H

#include "dialer/base/live.h"
#include "dialer/sim/carrier.h"
#include <campaigns/store.h>
#include <stdio.h>

struct tally_sums {
  uint64_t attempts; /* attempt rows of the records */
  uint64_t log_rows; /* rows that the export walks */
  uint64_t answered, no_answer, busy, failed;
  uint64_t people, machines, other;
  uint64_t connected, abandoned, early_hangup, taken_for_machine;
  uint64_t machines_to_agents;
  uint64_t abandonment_num, abandonment_den; /* our own figures: abandoned and live answers of the log */
  uint32_t connect_p50_ms, connect_p95_ms;   /* greeting's end to two-way audio; 0 without a connection */
  uint64_t connect_count;
  uint32_t occupancy_bp;
  uint64_t carrier_calls; /* calls that the carrier saw */
  uint64_t without_truth; /* answered rows that the carrier reported nothing of */
  uint64_t one_way;       /* bridged by the log, but one end never heard the other */
};
struct tally;
struct tally *tally_create(void);
struct tally *tally_destroy(struct tally *t);
int tally_truth(struct tally *t, const struct sim_truth *truth); /* CAD_OK, CAD_ENOMEM */
/* Walks the log. live: the last picture, for occupancy; may be NULL. details: one line an answered call; may be NULL. */
int tally_count(struct tally *t, struct store *s, const char *campaign, const struct live *live, FILE *details, struct tally_sums *out);
/* The same in steps, for whoever has the rows: begin, each row, end. */
void tally_begin(struct tally *t, uint64_t attempts, FILE *details);
void tally_row(struct tally *t, const struct log_row *row);
int tally_end(struct tally *t, const char *campaign, const struct live *live, struct tally_sums *out);
/* NULL when all identities hold, else the text of the first that does not. */
const char *tally_wrong(const struct tally_sums *s);
int tally_write_json(const struct tally_sums *s, const char *path); /* CAD_OK, CAD_EIO */
void tally_print(const struct tally_sums *s, FILE *out, bool spanish);

#endif
