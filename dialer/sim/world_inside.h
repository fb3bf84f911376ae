/* world_inside.h — what world.c (time, invariants), world_spokes.c (behaviour), world_people.c (agents, inbound callers,
 * accounts) and world_faults.c share. */
#ifndef SIM_WORLD_INSIDE_H
#define SIM_WORLD_INSIDE_H

#include "dialer/control/control.h"
#include "dialer/sim/world.h"
#include <campaigns/store.h>
#include <stdbool.h>

enum { WORLD_TEXT = 160, WAIT_BINS = 4096, BREAKS_MAX = 64, CALLERS_WAITING_MAX = 256 };
static const uint64_t WORLD_FIRST_PHONE = 12020000000u;

/* What happens next to a leg or a session. */
enum happening {
  HAPPENS_MAIL = 0, /* mail reaches control */
  HAPPENS_RING,
  HAPPENS_ANSWER,
  HAPPENS_FINAL,     /* busy or failed */
  HAPPENS_GONE,      /* our CANCEL or BYE is confirmed */
  HAPPENS_HANG_UP,   /* the far side hangs up */
  HAPPENS_IMPATIENT, /* the far side hangs up, since nobody came */
  HAPPENS_GREETING,  /* media reports the end of the greeting */
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
  HAPPENS_CLOCK_STEADY,
  HAPPENS_PRESSURE, /* slot: 1 begins, 0 ends */
  HAPPENS_WHIM,
  HAPPENS_ACCEPT, /* an agent accepts a previewed contact */
  HAPPENS_SHIFT,  /* slot: agent, gen: enum shift */
  HAPPENS_DISK_DIES,
  HAPPENS_DISK_FULL, /* slot: 1 begins, 0 ends */
  HAPPENS_CALLER,    /* an inbound caller arrives */
  HAPPENS_CALLER_GIVES_UP
};
enum shift { SHIFT_BEGINS = 0, SHIFT_ENDS, SHIFT_BREAK, SHIFT_LOOK, SHIFT_BACK, SHIFT_CALLER_DONE };

struct happen {
  int64_t at_ms;
  uint64_t order; /* first come, first served */
  uint8_t what;
  uint32_t slot, gen; /* leg or session, as `what` says */
  uint8_t role;
  uint32_t letter; /* HAPPENS_MAIL, HAPPENS_STORE: where the mail is kept */
};

struct vleg {
  uint32_t gen;
  bool alive, answered, cancelled, served;
  bool gone;       /* hung up while no worker was there */
  int64_t rang_ms; /* when the floor could first know that it rings, 0: not yet */
  struct fortune fortune;
  uint64_t call_id, opened, case_id; /* opened: the attempt that the store permitted on this slot */
  uint32_t tries;
};
struct vsession {
  uint32_t gen;
  bool used, bridged, expired;
  struct leg owner;
  struct session peer;
  int64_t greeting_end_ms;
};
struct vagent {
  uint64_t id;
  struct mail_store_agent def;
  bool here, leaving, break_due, with_caller; /* with_caller: an inbound one, as a pause */
  bool with_person;                           /* the last call was with one */
  int64_t since_ms, wrap_ms, break_ms;
  unsigned next_break, breaks;
  struct {
    int64_t at_ms, for_ms;
  } plan[BREAKS_MAX];
};
struct vcaller {
  uint64_t number;
  int64_t since_ms, until_ms;
};

/* What the world remembers of each attempt, to hold it against the records after a death of the box. */
struct memory {
  uint64_t attempt, phone;
  bool invited;
  uint8_t outcome; /* that the records acknowledged, OUTCOME_NONE: not closed yet */
};

struct world {
  struct world_params p;
  struct world_result *r;
  struct control *control;
  struct store *store;
  unsigned grouped; /* mails in the transaction that is open, 0: none */
  struct outbox out;
  uint64_t random, order;
  int64_t now_ms, wall_ms, store_ms, begin_ms, end_ms;
  int64_t said_ms[3]; /* when the last mail of SIP, media, store reaches control */
  struct happen *heap;
  unsigned heap_count, heap_max;
  struct mail *letters;
  uint32_t *letters_free, letters_free_count;
  uint32_t calls_max, sessions;
  struct vleg *calls, *seats;
  struct vsession *media;
  struct vagent *agents;
  struct vcaller callers[CALLERS_WAITING_MAX];
  unsigned callers_waiting;
  uint64_t callers_made;
  uint64_t campaign_id, next_phone;
  struct mail_store_campaign campaign; /* as announced */
  struct rival_state rival;
  uint64_t day_live, day_abandoned, day_early; /* as the floor closed them */
  uint32_t wait_bins[WAIT_BINS];
  bool worker_up, stopping, stopping_now, clock_bad;
  uint32_t stepped;
  int64_t failing_until_ms; /* the store could not write */
  struct memory *memory;
  uint32_t memory_count, memory_room;
  int64_t bad_from_ms; /* clock_bad: control knows since then */
  char *broken;
};

void world_break(struct world *w, const char *text);
void world_step(struct world *w, const struct mail *in); /* control, and what it orders */
void world_schedule(struct world *w, int64_t delay_ms, struct happen h);
/* With a mail of its own. */
void world_schedule_mail(struct world *w, int64_t delay_ms, enum happening what, const struct mail *m);
void world_post(struct world *w, int64_t delay_ms, const struct mail *m); /* to control, with delay and duplicate faults */
uint32_t world_random(struct world *w, uint32_t below);
bool world_chance(struct world *w, uint32_t bp);
struct now world_now(const struct world *w);
double world_day_s(const struct world *w); /* since the shift began */

/* world_spokes.c */
void spoke_sip(struct world *w, const struct mail *m);
void spoke_media(struct world *w, const struct mail *m);
void spoke_store(struct world *w, const struct mail *m); /* at its time */
/* Ends the transaction when it is long enough, or now. */
void group_end(struct world *w, bool now);
void spoke_happens(struct world *w, const struct happen *h);

/* world_people.c */
void people_begin(struct world *w);
void people_happen(struct world *w, const struct happen *h);
void people_log(struct world *w, const struct mail_store_agent_log *l); /* as control orders it */
/* The day is over: what still goes on is accounted up to now. */
void people_end(struct world *w);
/* An agent is about to end his wrap-up: an inbound caller who waits has him first. */
void people_wrapped(struct world *w, uint32_t agent);
void people_closed(struct world *w, const struct mail_store_close *c);
void people_order(struct world *w, uint32_t agent, enum mail_kind kind, enum agent_state state);

/* world_disk.c: the records over a disk that forgets */
bool disk_there(const struct world *w);
void disk_begin(struct world *w);
void disk_happen(struct world *w, const struct happen *h);
/* The disk has died: so does everything else, and starts again from what it kept. */
void disk_restart(struct world *w);
void memory_opened(struct world *w, const struct mail_store_open *o);
void memory_invited(struct world *w, uint64_t attempt);
void memory_closed(struct world *w, const struct mail_store_close *c);
/* Every attempt that was permitted is in the records once, with the outcome that was acknowledged. */
void memory_check(struct world *w);

/* world.c, for a new life of the box */
int world_open_store(struct world *w);
int world_make_control(struct world *w);
void world_announce(struct world *w);
void world_forget_under_way(struct world *w);

/* world_faults.c */
void faults_begin(struct world *w);
void faults_happen(struct world *w, const struct happen *h);

#endif
