/* world_inside.h — what world.c (time, invariants) and world_spokes.c (behaviour) share. */
#ifndef SIM_WORLD_INSIDE_H
#define SIM_WORLD_INSIDE_H

#include "dialer/control/control.h"
#include "dialer/sim/world.h"
#include <campaigns/store.h>
#include <stdbool.h>

enum { WORLD_TEXT = 160, WAIT_BINS = 4096 };

enum callee { CALLEE_PERSON = 0, CALLEE_MACHINE, CALLEE_BUSY, CALLEE_FAIL, CALLEE_NO_ANSWER, CALLEE_SEAT };

/* What happens next to a leg or a session. */
enum happening {
  HAPPENS_MAIL = 0, /* mail reaches control */
  HAPPENS_RING,
  HAPPENS_ANSWER,
  HAPPENS_FINAL,    /* busy or failed */
  HAPPENS_GONE,     /* our CANCEL or BYE is confirmed */
  HAPPENS_HANG_UP,  /* the far side hangs up */
  HAPPENS_GREETING, /* media reports the end of the greeting */
  HAPPENS_VERDICT,
  HAPPENS_DEADLINE,
  HAPPENS_PLAYED,
  HAPPENS_AGENT_ENDS, /* the agent presses '*' */
  HAPPENS_DISPOSE,    /* the agent presses a digit */
  HAPPENS_CREDIT,     /* a rested session is announced again */
  HAPPENS_STORE,      /* the store works on a mail */
  HAPPENS_WORKER_DIES,
  HAPPENS_WORKER_UP,
  HAPPENS_CLOCK_STEP,
  HAPPENS_PRESSURE, /* slot: 1 begins, 0 ends */
  HAPPENS_WHIM,
  HAPPENS_ACCEPT /* an agent accepts a previewed contact */
};

struct happen {
  int64_t at_ms;
  uint64_t order; /* first come, first served */
  uint8_t what;
  uint32_t slot, gen; /* leg or session, as `what` says */
  uint8_t role;
  struct mail mail; /* HAPPENS_MAIL, HAPPENS_STORE */
};

struct vleg {
  uint32_t gen;
  bool alive, answered, cancelled, gone; /* gone: hung up while no worker was there */
  int64_t rang_ms;                       /* when the floor could first know that it rings, 0: not yet */
  uint8_t callee;
  uint64_t call_id, opened, case_id; /* opened: the attempt that the store permitted on this slot */
};
struct vsession {
  uint32_t gen;
  bool used, bridged, expired;
  struct leg owner;
  struct session peer;
  int64_t greeting_end_ms;
};

struct world {
  struct world_params p;
  struct world_result *r;
  struct control *control;
  struct store *store;
  struct outbox out;
  uint64_t random, order;
  int64_t now_ms, wall_ms, store_ms;
  int64_t said_ms[3]; /* when the last mail of SIP, media, store reaches control */
  struct happen *heap;
  unsigned heap_count, heap_max;
  uint32_t calls_max, sessions;
  struct vleg *calls, *seats;
  struct vsession *media;
  uint64_t campaign_id, next_phone;
  struct mail_store_campaign campaign; /* as announced */
  uint64_t *agent_ids;
  uint32_t wait_bins[WAIT_BINS];
  bool worker_up, stopping;
  char *broken;
};

void world_break(struct world *w, const char *text);
void world_step(struct world *w, const struct mail *in); /* control, and what it orders */
void world_schedule(struct world *w, int64_t delay_ms, struct happen h);
void world_post(struct world *w, int64_t delay_ms, const struct mail *m); /* to control, with delay and duplicate faults */
uint32_t world_random(struct world *w, uint32_t below);
bool world_chance(struct world *w, uint32_t bp);
/* Exponential with this mean, within [least, 10 x mean]. */
int64_t world_duration(struct world *w, int64_t mean_ms, int64_t least_ms);
struct now world_now(const struct world *w);

/* world_spokes.c */
void spoke_sip(struct world *w, const struct mail *m);
void spoke_media(struct world *w, const struct mail *m);
void spoke_store(struct world *w, const struct mail *m); /* at its time */
void spoke_happens(struct world *w, const struct happen *h);

/* world_faults.c: what is ordered, stepped and pressed from outside */
void faults_begin(struct world *w);
void faults_happen(struct world *w, const struct happen *h);

#endif
