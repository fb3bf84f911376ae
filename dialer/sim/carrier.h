/* carrier.h — the simulated carrier and the simulated agents' phones: one child process.
 *
 * `cadencia sim-carrier` answers SIP and RTP on two UDP ports of loopback: calls to numbers at
 * one, agents' phones at the other. It keeps the truth: what each callee really was and when
 * each end really heard the other. The truth goes to the parent by descriptor 3 as datagrams
 * (struct sim_truth), or as text lines to standard output when descriptor 3 is no socket.
 * Source: carrier.c */
#ifndef CADENCIA_SIM_CARRIER_H
#define CADENCIA_SIM_CARRIER_H

#include "dialer/sim/callees.h"
#include "dialer/sim/scenario.h"
#include <netinet/in.h>

enum truth_kind { TRUTH_READY = 1, TRUTH_CALL, TRUTH_FAILED };
enum truth_end { TRUTH_END_NONE = 0, TRUTH_END_CALLEE, TRUTH_END_DIALER, TRUTH_END_CANCELLED, TRUTH_END_TIMEOUT };
struct sim_truth {
  uint32_t kind;                 /* enum truth_kind */
  uint16_t sip_port, phone_port; /* TRUTH_READY */
  uint64_t attempt, phone;       /* attempt: the leading number of the Call-ID */
  uint8_t behaviour, end;        /* enum behaviour, enum truth_end */
  uint8_t codec;
  uint16_t sip_code; /* final response */
  uint32_t agent;    /* number of the phone heard, counted from 1; 0: none */
  /* milliseconds of CLOCK_MONOTONIC, 0: it did not happen */
  int64_t invited_ms, answered_ms, greeting_end_ms, ended_ms;
  int64_t callee_heard_ms; /* the callee began to hear the agent */
  int64_t agent_heard_ms;  /* the agent began to hear the callee */
  int64_t message_ms;      /* the callee began to hear something that is no agent */
  uint64_t rtp_sent, rtp_received;
};

/* argv: "sim-carrier" [--callees FILE] [--share DIR] [--seed N] [--port P] [--phones-port P] [--calls N]
 * [--talk-ms LOW-HIGH|MEAN] [--wrapup-ms LOW-HIGH] [--loss-bp N] [--quiet]. Runs until descriptor 3 closes or SIGTERM. */
int sim_carrier_main(int argc, char **argv);

/* ---- for the files of this room: everything that the child owns ---- */
struct line;
struct world {
  int sip_fd, phone_fd, epoll_fd, out_fd;
  uint16_t sip_port, phone_port, rtp_next;
  char host[INET_ADDRSTRLEN];
  struct callees *callees;
  struct sound_bank *bank;
  int greetings[64], greeting_count; /* our own, for callees without a wav */
  int machines[64], machine_count;
  int sayings[32], saying_count;
  struct line *lines;
  uint32_t line_max, line_used, free_head; /* +1 */
  uint32_t *heads;
  uint32_t head_count;
  uint64_t seed, tags, invites;
  uint32_t generation;
  struct spread talk;
  int64_t wrapup_low_ms, wrapup_high_ms;
  struct line *phones[TAG_COUNT]; /* by tag, up ones only */
  struct sim_truth *pending;      /* truth that waits for room in the pipe */
  size_t pending_count, pending_room;
  bool text, stop;
};
void world_tell(struct world *w, const struct sim_truth *t);

#endif
