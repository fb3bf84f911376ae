/* One step: dispatch a mail, fire due deadlines, let the pacers decide. */
#include "dialer/control/inside.h"
#include <stdlib.h>

enum { PACE_LEAST_MS = 10 };

struct control *control_create(const struct control_options *opt) {
  if (opt->trunk_count > CONTROL_TRUNKS_MAX || opt->calls_max == 0 || opt->agents_max == 0) return NULL;
  struct control *k = calloc(1, sizeof *k);
  if (!k) return NULL;
  k->options = *opt;
  if (floor_init(&k->floor, opt->calls_max, opt->agents_max, opt->box) < 0) {
    free(k);
    return NULL;
  }
  k->floor.ids.last = opt->last_id;
  k->floor.trunk_count = opt->trunk_count;
  for (unsigned i = 0; i < opt->trunk_count; i++) {
    const struct control_trunk *t = &opt->trunks[i];
    k->floor.trunks[i] = (struct trunk){.listener = t->listener,
                                        .channels = t->channels,
                                        .calls_per_s = t->calls_per_s,
                                        .group = t->group,
                                        .priority = t->priority ? t->priority : 1,
                                        .weight = t->weight ? t->weight : 1,
                                        .up = true};
  }
  return k;
}

struct control *control_destroy(struct control *k) {
  if (!k) return NULL;
  floor_free(&k->floor);
  free(k);
  return NULL;
}

/* The worst step is a lost SIP worker: each call gives its session back, is closed, frees its agent, who is logged
 * and disposed; beside it a step may launch as many calls as leases are at hand and drop as many. */
unsigned control_outbox_capacity(const struct control *k) {
  return 6 * k->floor.calls_max + 10 * k->floor.agents_max + 2 * FLOOR_CAMPAIGNS_MAX * FLOOR_LEASES_MAX + 64;
}

static void deliver(struct control *k, const struct mail *m) {
  switch ((enum mail_kind)m->kind) {
  case SIP_UP:
  case SIP_PROGRESS:
  case SIP_ANSWERED:
  case SIP_MEDIA:
  case SIP_ENDED:
  case SIP_RESUMED:
  case SIP_TRUNK_STATE:
  case SIP_PHONE:
  case SIP_INCOMING:
  case SIP_LOST: from_sip(k, m); break;
  case MEDIA_CREDIT:
  case MEDIA_GREETING_END:
  case MEDIA_VERDICT:
  case MEDIA_BRIDGED:
  case MEDIA_DEADLINE:
  case MEDIA_PLAYED:
  case MEDIA_DIGIT:
  case MEDIA_PRINT:
  case MEDIA_LATE:
  case MEDIA_MESSAGE:
  case MEDIA_PICKED_UP:
  case MEDIA_DEAD: from_media(k, m); break;
  case STORE_CAMPAIGN:
  case STORE_AGENT:
  case STORE_LEASED:
  case STORE_LEASE_END:
  case STORE_OPENED:
  case STORE_REFUSED:
  case STORE_CLOSED:
  case STORE_DNC_ADDED:
  case STORE_KNOWN:
  case STORE_QUEUE:
  case STORE_DID:
  case STORE_ARRIVED:
  case STORE_WINDOWS:
  case STORE_TROUBLE: from_store(k, m); break;
  case ORDER_AGENT:
  case ORDER_DISPOSE:
  case ORDER_DRAIN:
  case ORDER_TRUNK:
  case ORDER_PREVIEW:
  case ORDER_SKIP:
  case ORDER_DIAL:
  case ORDER_HEARD:
  case ORDER_CLOCK: from_console(k, m); break;
  default: break; /* pongs, trunk states and statistics change nothing on the floor */
  }
}

static void fire(struct control *k, uint32_t owner) {
  struct floor *f = &k->floor;
  uint32_t agents_from = f->calls_max, campaigns_from = f->calls_max + 2 * f->agents_max;
  if (owner < agents_from) {
    call_event(f, &f->calls[owner], EV_PATIENCE);
  } else if (owner < campaigns_from) {
    struct agent *a = &f->agents[(owner - agents_from) / 2];
    if ((owner - agents_from) % 2 == 0)
      agent_wrapup_over(f, a);
    else
      seat_check(f, a);
  } else {
    f->campaigns[owner - campaigns_from].pace_now = true;
  }
}

/* Events of one moment are decided on together: a busy floor asks its pacer a hundred times a second, not at every mail. */
static void pace_soon(struct control *k, uint32_t campaign) {
  struct floor *f = &k->floor;
  struct mono due = mono_add(f->campaigns[campaign].paced, PACE_LEAST_MS);
  if (due.ms <= f->now.mono.ms || f->campaigns[campaign].paced.ms == 0) {
    launch_pace(k, campaign);
    return;
  }
  uint32_t owner = timer_of_campaign(f, campaign);
  struct mono armed = timers_when(f->timers, owner);
  if (armed.ms == 0 || armed.ms > due.ms) timers_set(f->timers, owner, due);
}

void control_step(struct control *k, struct now now, const struct mail *in, struct outbox *out) {
  struct floor *f = &k->floor;
  f->now = now;
  f->out = out;
  out->move_count = 0;
  if (in) deliver(k, in);
  uint32_t owner;
  while (timers_pop(f->timers, now.mono, &owner)) fire(k, owner);
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++)
    if (f->campaigns[i].used && f->campaigns[i].pace_now) pace_soon(k, i);
}

struct mono control_deadline(const struct control *k) {
  return timers_next(k->floor.timers);
}

uint64_t control_agent_moves(const struct control *k) { return k->floor.agent_moves; }

bool control_drained(const struct control *k) {
  const struct floor *f = &k->floor;
  if (!f->draining || f->calls_used) return false;
  for (uint32_t i = 0; i < f->agents_used; i++)
    if (f->agents[i].state == AGENT_WRAPUP) return false; /* his disposition is still to come */
  return true;
}

int control_agent(const struct control *k, uint64_t agent_id) {
  for (uint32_t i = 0; i < k->floor.agents_used; i++)
    if (k->floor.agents[i].used && k->floor.agents[i].id == agent_id) return k->floor.agents[i].state;
  return CAD_ENOENT;
}

void control_pressure(struct control *k, bool full) { k->floor.pressure = full; }

bool control_keeps_leg(const struct control *k, struct leg leg) {
  const struct floor *f = &k->floor;
  if (leg.role == LEG_CALL && leg.slot < f->calls_max) {
    const struct call *c = &f->calls[leg.slot];
    return c->gen == leg.gen && c->state >= CALL_GREETING && c->state <= CALL_MESSAGE;
  }
  if (leg.role == LEG_SEAT && leg.slot < f->agents_used) {
    const struct agent *a = &f->agents[leg.slot];
    return a->seat_gen == leg.gen && a->seat == SEAT_UP;
  }
  return false;
}

const char *control_check(const struct control *k) { return floor_check(&k->floor); }
