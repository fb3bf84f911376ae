/* rehearse.h — the parts of `cadencia rehearse`. Owner: the main thread.
 * Source: rehearse.c, rehearse_stage.c, rehearse_show.c */
#ifndef CADENCIA_REHEARSE_H
#define CADENCIA_REHEARSE_H

#include "dialer/base/child.h"
#include "dialer/base/config.h"
#include "dialer/base/live.h"
#include "dialer/sim/tally.h"

#define REHEARSE_CAMPAIGN "rehearsal"

struct rehearse_options {
  const char *contacts, *callees, *json, *details, *state, *campaign;
  unsigned agents, count, seconds; /* seconds 0: until every contact is finished */
  uint64_t seed;
  uint16_t port;
  const char *talk_ms, *wrapup_ms;
  int answer_bp, machines_bp; /* of invented people; -1: as usual */
  bool once, spanish, verbose;
};
struct rehearsal {
  struct rehearse_options opt;
  char dir[CONFIG_PATH_MAX]; /* state */
  bool dir_is_ours;
  char contacts[1024], callees[1024], template[1024];
  struct config cfg;
  struct child carrier;
  uint16_t carrier_port, phones_port;
  struct tally *tally;
  uint64_t imported, rejected, callable;
  struct wall rules_time; /* what the rules' clock says at the start */
  int64_t shift_ms;
  struct live last;
  struct mono started, ended, quiet_since, shown, looked;
  uint64_t progress_mark;
  bool finished, timed_out, stuck, carrier_lost;
};

/* "A-B" in milliseconds, up to an hour. CAD_OK, CAD_EINVAL. */
int rehearse_range(const char *text, int64_t *low_ms, int64_t *high_ms);

/* ---- rehearse_stage.c: everything that must stand before the daemon runs; each prints what is wrong ---- */
int stage_folder(struct rehearsal *r);
int stage_cast(struct rehearsal *r);    /* contacts and callees files */
int stage_carrier(struct rehearsal *r); /* starts the child and learns its ports */
int stage_config(struct rehearsal *r);
int stage_records(struct rehearsal *r); /* campaign, contacts, agents, the rules' clock */
void stage_remove(const struct rehearsal *r);

/* ---- rehearse_show.c ---- */
void show_start(const struct rehearsal *r);
void show_progress(struct rehearsal *r, struct now now);
void show_end(struct rehearsal *r);
/* s: the records, not a reader's. Nothing when nobody is left. */
void show_left(const struct rehearsal *r, struct store *s);
/* How cadencia simulate runs the same floor. */
void show_in_virtual_time(const struct rehearsal *r);

#endif
