/* Leases in, launches out: what the pacer wants, what trunks, ports and the list allow. */
#include "dialer/control/inside.h"
#include <campaigns/law.h>
#include <string.h>

enum {
  PACE_EVERY_MS = 1000,  /* a decision at least that often */
  PACE_SOON_MS = 20,     /* again when calls per second held it back */
  LEASE_RETRY_MS = 2000, /* ask an empty list again */
  OPENING_MAX = 256,     /* attempts waiting for the store at once */
  HORIZON_MS = 1800000,  /* what may be owed must be earned within this time */
  CLOCK_MOVED_MS = 1000,
  WINDOWS_AGAIN_MS = 5000,
  LEASE_ASK = 128 /* most leases in one request */
};

uint32_t campaign_find(const struct floor *f, uint64_t id) {
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++)
    if (f->campaigns[i].used && f->campaigns[i].terms.id == id) return i;
  return NOBODY;
}

enum { RING_LEAST_MS = 15000 };

/* Never before the legal ring time, whatever the campaign says; as late as its own time-out: never. */
static uint32_t give_up_ms(const struct campaign_terms *t) {
  const uint32_t ms = t->give_up_ms > RING_LEAST_MS ? t->give_up_ms : RING_LEAST_MS;
  return ms < t->ring_ms ? ms : t->ring_ms;
}

static struct pacer_params params_of(const struct floor *f, const struct campaign_terms *t) {
  return (struct pacer_params){.mode = (enum pacer_mode)t->mode,
                               .ratio_x100 = t->ratio_x100,
                               .limit_bp = t->limit_bp,
                               .min_ring_ms = give_up_ms(t),
                               .max_ring_ms = t->ring_ms,
                               .max_wait_ms = t->max_wait_ms,
                               .max_agents = f->agents_max,
                               .max_calls = f->calls_max,
                               .screening = t->screening,
                               .detector_fp_bp = t->fp_bp,
                               .inbound_bp = t->inbound_bp,
                               .inbound_within_ms = t->inbound_within_ms};
}

/* The windows on the monotonic clock. The pacer keeps the account of a window that it knows already. */
static void set_windows(const struct floor *f, struct campaign *p) {
  struct pacer_window out[PACER_WINDOWS_MAX];
  unsigned n = p->terms.window_count < PACER_WINDOWS_MAX ? p->terms.window_count : PACER_WINDOWS_MAX;
  p->account_offset_ms = f->now.wall.ms - f->now.mono.ms;
  for (unsigned i = 0; i < n; i++) {
    const struct campaign_window *w = &p->terms.windows[i];
    out[i] = (struct pacer_window){.kind = w->kind,
                                   .count_machines = w->form == FORM_MACHINES,
                                   .limit_bp = w->limit_bp,
                                   .fp_bp = p->terms.screening ? p->terms.fp_bp : 0,
                                   .began = w->begins.ms,
                                   .begins_ms = w->begins.ms - p->account_offset_ms,
                                   .ends_ms = w->ends.ms - p->account_offset_ms,
                                   .served = w->served,
                                   .abandoned = w->abandoned,
                                   .early = w->early,
                                   .machines = w->machines};
  }
  if (p->pacer && n > 0 && pacer_set_windows(p->pacer, out, n) < 0) p->state = CAMPAIGN_STOPPED;
}

static void drop_leases(struct floor *f, struct campaign *p) {
  for (; p->lease_count; p->lease_count--) {
    order_lease_drop(f, &p->leases[p->lease_head]);
    p->lease_head = (p->lease_head + 1) % FLOOR_LEASES_MAX;
  }
}

/* A free place for a campaign that is to run, or that of one that stopped and has neither calls nor agents; NOBODY: none. */
static uint32_t campaign_place(struct floor *f, bool may_replace) {
  bool peopled[FLOOR_CAMPAIGNS_MAX] = {false};
  for (uint32_t i = 0; i < f->agents_used; i++) peopled[f->agents[i].campaign] = true;
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++)
    if (!f->campaigns[i].used) return i;
  for (uint32_t i = 0; may_replace && i < FLOOR_CAMPAIGNS_MAX; i++) {
    struct campaign *p = &f->campaigns[i];
    if (p->state != CAMPAIGN_STOPPED || p->in_flight || peopled[i]) continue;
    drop_leases(f, p);
    timers_clear(f->timers, timer_of_campaign(f, i));
    pacer_destroy(p->pacer);
    memset(p, 0, sizeof *p);
    p->wait_head = p->wait_tail = NOBODY;
    return i;
  }
  return NOBODY;
}

/* A late campaign must hear of agents who are there already. */
static void introduce_agents(struct floor *f, uint32_t campaign) {
  for (uint32_t i = 0; i < f->agents_used; i++) {
    const struct agent *a = &f->agents[i];
    if (a->campaign != campaign || a->state == AGENT_LOGGED_OUT) continue;
    floor_tell_pacer(f, campaign, PACER_AGENT_LOGIN, NOBODY, i, 0);
    floor_tell_pacer(f, campaign, agent_available(a) ? PACER_AGENT_READY : PACER_AGENT_PAUSED, NOBODY, i, 0);
  }
}

void launch_campaign_set(struct control *k, const struct mail_store_campaign *def) {
  struct floor *f = &k->floor;
  if (def->terms.trunk >= f->trunk_count || def->state >= CAMPAIGN_STATE_COUNT || def->terms.mode >= PACING_COUNT) {
    f->refused_orders++;
    return;
  }
  uint32_t i = campaign_find(f, def->terms.id);
  if (i == NOBODY) {
    i = campaign_place(f, def->state != CAMPAIGN_STOPPED);
    if (i == NOBODY) {
      f->refused_orders++;
      return;
    }
  }
  struct campaign *p = &f->campaigns[i];
  bool first = !p->used;
  p->used = true;
  p->terms = def->terms;
  p->hours_closed = false; /* until the store says so of these terms */
  struct pacer_params params = params_of(f, &p->terms);
  if (!p->pacer) {
    p->pacer = pacer_create(&params);
    p->account_offset_ms = 0;
    memset(&k->seconds[i], 0, sizeof k->seconds[i]);
    if (p->pacer && !first) introduce_agents(f, i);
  } else {
    pacer_set(p->pacer, &params);
  }
  set_windows(f, p);
  p->state = p->pacer ? def->state : (uint8_t)CAMPAIGN_STOPPED;
  if (p->state == CAMPAIGN_STOPPED) drop_leases(f, p);
  p->lease_next = MONO_NONE;
  p->pace_now = true;
}

void launch_windows_set(struct control *k, const struct mail_store_windows *w) {
  uint32_t i = campaign_find(&k->floor, w->campaign_id);
  if (i == NOBODY || w->window_count > MAIL_WINDOWS_MAX) return;
  struct campaign *p = &k->floor.campaigns[i];
  p->terms.window_count = w->window_count;
  memcpy(p->terms.windows, w->windows, sizeof p->terms.windows);
  set_windows(&k->floor, p);
}

/* A window that is over needs its next end from the store; a wall clock that was set moves them all. */
static void watch_windows(struct floor *f, struct campaign *p) {
  int64_t moved = f->now.wall.ms - f->now.mono.ms - p->account_offset_ms;
  if (moved > CLOCK_MOVED_MS || moved < -CLOCK_MOVED_MS) set_windows(f, p);
  bool over = false;
  for (unsigned i = 0; i < p->terms.window_count; i++) over |= p->terms.windows[i].ends.ms <= f->now.wall.ms;
  if (!over || p->windows_next.ms > f->now.mono.ms) return;
  p->windows_next = mono_add(f->now.mono, WINDOWS_AGAIN_MS);
  outbox_add(f->out, SPOKE_STORE, 0, STORE_WINDOWS_WANT, f->now.mono)->u.store_want.campaign_id = p->terms.id;
}

/* May this agent take a call of the campaign now? */
static bool may_take(const struct floor *f, const struct agent *a, uint32_t campaign) {
  return a && agent_available(a) && (a->campaign == campaign || share_serves(f, a, campaign));
}

/* Leases that somebody can have now; those that wait for their agent are not counted. */
static uint32_t usable_leases(struct floor *f, uint32_t campaign) {
  const struct campaign *p = &f->campaigns[campaign];
  uint32_t n = 0;
  for (uint32_t i = 0; i < p->lease_count; i++) {
    uint64_t owner = p->leases[(p->lease_head + i) % FLOOR_LEASES_MAX].agent_id;
    n += owner == 0 || may_take(f, agent_by_id(f, owner), campaign);
  }
  return n;
}

void launch_want_leases(struct control *k, uint32_t campaign) {
  struct floor *f = &k->floor;
  struct campaign *p = &f->campaigns[campaign];
  if (p->lease_asked || p->state != CAMPAIGN_RUNNING || p->terms.mode == PACING_MANUAL || f->draining || f->pressure || f->clock_doubt ||
      floor_store_rests(f))
    return;
  if (p->lease_next.ms > f->now.mono.ms) return;
  uint32_t agents = pool_available(f, campaign), wanted = 16 + 4 * agents;
  if (p->terms.mode == PACING_RATIO) wanted += agents * p->terms.ratio_x100 / 100;
  if (wanted > FLOOR_LEASES_MAX) wanted = FLOOR_LEASES_MAX;
  if (p->lease_count == FLOOR_LEASES_MAX || usable_leases(f, campaign) * 2 >= wanted) return;
  uint32_t count = wanted - usable_leases(f, campaign), room = FLOOR_LEASES_MAX - p->lease_count;
  if (count > room) count = room;
  p->lease_asked = true;
  struct mail *m = outbox_add(f->out, SPOKE_STORE, 0, STORE_LEASE_WANT, f->now.mono);
  m->u.store_want.campaign_id = p->terms.id;
  m->u.store_want.count = (uint16_t)(count < LEASE_ASK ? count : LEASE_ASK);
}

static void lease_remove(struct campaign *p, uint32_t at) {
  for (; at > 0; at--) p->leases[(p->lease_head + at) % FLOOR_LEASES_MAX] = p->leases[(p->lease_head + at - 1) % FLOOR_LEASES_MAX];
  p->lease_head = (p->lease_head + 1) % FLOOR_LEASES_MAX;
  p->lease_count--;
}

void launch_lease_forget(struct campaign *p, uint64_t case_id) {
  for (uint32_t i = 0; i < p->lease_count; i++)
    if (p->leases[(p->lease_head + i) % FLOOR_LEASES_MAX].case_id == case_id) lease_remove(p, i--);
}

/* The next lease that has not expired; false: none at hand. A call back that an agent promised is his: it comes before all
 * others when he is free, and waits for him when he is not. asks: who wants to dial himself (preview), NULL: the pacer does. */
bool launch_lease_take(struct floor *f, uint32_t campaign, struct agent *asks, struct lease *out, struct agent **owner) {
  struct campaign *p = &f->campaigns[campaign];
  uint32_t best = NOBODY;
  *owner = NULL;
  for (uint32_t i = 0; i < p->lease_count; i++) {
    const struct lease *l = &p->leases[(p->lease_head + i) % FLOOR_LEASES_MAX];
    if (l->expires.ms != 0 && l->expires.ms <= f->now.wall.ms) {
      order_lease_drop(f, l);
      lease_remove(p, i--);
      if (best != NOBODY) best--;
      continue;
    }
    if (l->agent_id == 0) {
      if (best == NOBODY) best = i;
      continue;
    }
    struct agent *a = agent_by_id(f, l->agent_id);
    if (asks ? a != asks : !may_take(f, a, campaign)) continue;
    best = i;
    *owner = a;
    break;
  }
  if (best == NOBODY) return false;
  *out = p->leases[(p->lease_head + best) % FLOOR_LEASES_MAX];
  lease_remove(p, best);
  return true;
}

int launch_way(struct floor *f, const struct campaign *p) {
  if (f->credit_count == 0 || f->call_free == NOBODY) return -1;
  int way = route_pick(f, p->terms.trunk, 0);
  return way >= 0 && floor_credit_has(f, f->trunks[way].listener) ? way : -1;
}

struct call *launch_lease(struct control *k, uint32_t campaign, int way, const struct lease *lease, struct agent *kept) {
  struct floor *f = &k->floor;
  struct trunk *t = &f->trunks[way];
  struct call *c = call_new(f, campaign, lease);
  c->trunk = (uint16_t)way;
  floor_credit_take_at(f, f->trunks[way].listener, &c->session, &c->port);
  t->used++;
  t->tokens_x1000 -= 1000;
  f->opening++;
  order_open(f, c);
  floor_tell_pacer(f, campaign, PACER_CALL_LAUNCHED, call_slot(f, c), NOBODY, lease->segment);
  if (kept) {
    share_move(f, kept, campaign);
    c->dedicated = agent_slot(f, kept);
    agent_reserve(f, kept, c);
  }
  return c;
}

struct call *launch_one(struct control *k, uint32_t campaign, struct agent *asks) {
  struct lease lease;
  struct agent *owner;
  const int way = launch_way(&k->floor, &k->floor.campaigns[campaign]);
  if (way < 0 || !launch_lease_take(&k->floor, campaign, asks, &lease, &owner)) return NULL;
  return launch_lease(k, campaign, way, &lease, asks ? asks : owner);
}

/* Until the hours close. Never more than the horizon: a campaign may be stopped by hand, and what it owes then was never repaid. */
static int64_t end_in_ms(const struct floor *f, const struct campaign *p) {
  int64_t hours = p->closes.ms > f->now.wall.ms ? p->closes.ms - f->now.wall.ms : 0;
  return hours < HORIZON_MS ? hours : HORIZON_MS;
}

struct pacer_view launch_view(const struct control *k, const struct campaign *p) {
  const struct floor *f = &k->floor;
  uint32_t lines = route_lines(f, p->terms.trunk);
  uint32_t free_calls = f->calls_max - f->calls_used;
  uint32_t seats = 0; /* phones that are still to be rung keep a port each */
  for (uint32_t i = 0; i < f->agents_used; i++) seats += f->agents[i].state != AGENT_LOGGED_OUT && f->agents[i].seat == SEAT_DOWN;
  uint32_t ports = f->credit_count > seats ? f->credit_count - seats : 0;
  if (lines > free_calls) lines = free_calls;
  if (lines > ports) lines = ports;
  if (lines > OPENING_MAX - f->opening) lines = OPENING_MAX - f->opening;
  return (struct pacer_view){.now_ms = f->now.mono.ms,
                             .lines_free = lines,
                             .rate_free = route_rate(f, p->terms.trunk),
                             .contacts = p->lease_count,
                             .end_in_ms = end_in_ms(f, p),
                             .list_known = p->list_known,
                             .inbound_waiting = inbound_waiting(f, (uint32_t)(p - f->campaigns)),
                             .contacts_left = p->open > p->in_flight - p->inbound ? p->open - (p->in_flight - p->inbound) : 0,
                             .hours_open = true}; /* the store leases only what may be called now */
}

/* What keeps the box from dialing at all; PACER_BOUND_NONE: nothing does. */
static enum pacer_bound held_by(struct floor *f, const struct campaign *p) {
  if (f->clock_doubt) return PACER_BOUND_CLOCK;
  if (floor_store_rests(f)) return PACER_BOUND_DISK;
  if (!route_up(f, p->terms.trunk)) return PACER_BOUND_TRUNK;
  return f->pressure ? PACER_BOUND_LOAD : PACER_BOUND_NONE;
}

void launch_pace(struct control *k, uint32_t campaign) {
  struct floor *f = &k->floor;
  struct campaign *p = &f->campaigns[campaign];
  p->pace_now = false;
  p->paced = f->now.mono;
  if (!p->pacer) return;
  int64_t again = PACE_EVERY_MS;
  enum pacer_bound held = held_by(f, p);
  const bool may = held == PACER_BOUND_NONE && p->state == CAMPAIGN_RUNNING && !f->draining;
  route_fill(f, p->terms.trunk);
  watch_windows(f, p);
  struct pacer_view view = launch_view(k, p);
  if (may && p->lease_count == 0 && p->hours_closed) held = PACER_BOUND_HOURS;
  view.held = (uint8_t)held;
  if (!may) view.contacts = 0;
  uint8_t classes[FLOOR_LEASES_MAX];
  for (uint32_t i = 0; i < p->lease_count; i++) {
    uint16_t class = p->leases[(p->lease_head + i) % FLOOR_LEASES_MAX].segment;
    classes[i] = (uint8_t)(class < PACER_SEGMENTS ? class : PACER_SEGMENTS - 1);
  }
  view.segments = classes;
  view.segment_count = p->lease_count;
  struct pacer_orders orders;
  pacer_decide(p->pacer, &view, &orders);
  if (k->options.judge) k->options.judge(k->options.judge_arg, p->terms.id, &view, &orders);
  p->bound = (uint8_t)orders.why.bound;
  struct pacer_second second;
  if (pacer_trace(p->pacer, &second) && p->state == CAMPAIGN_RUNNING) {
    struct mail_store_paced *paced = &outbox_add(f->out, SPOKE_STORE, 0, STORE_PACED, f->now.mono)->u.store_paced;
    paced->campaign_id = p->terms.id;
    paced->at = wall_of(f->now, (struct mono){second.at_ms});
    paced->second = second;
    k->seconds[campaign] = second;
  }
  for (uint32_t i = 0; i < orders.give_up_count && i < PACER_GIVE_UP_MAX; i++) {
    uint32_t slot = orders.give_up[i];
    if (slot < f->calls_max && f->calls[slot].state == CALL_RINGING && f->calls[slot].campaign == campaign)
      call_event(f, &f->calls[slot], EV_GIVE_UP);
  }
  uint32_t launched = 0;
  while (may && launched < orders.launch && launched < view.lines_free && launched < view.rate_free && launch_one(k, campaign, NULL))
    launched++;
  if (may && orders.why.bound == PACER_BOUND_RATE) again = PACE_SOON_MS;
  if (may) launch_want_leases(k, campaign);
  const int64_t look = preview_pace(k, campaign);
  if (look < again) again = look;
  share_balance(f, campaign);
  for (uint32_t i = 0; i < f->agents_used; i++) { /* on-demand phones ring when there is work, and are let go when there is none */
    struct agent *a = &f->agents[i];
    if (a->hand.campaign_id == p->terms.id) by_hand_held(k, a);
    if (a->campaign == campaign && !a->nailed && a->state == AGENT_READY) seat_check(f, a);
  }
  timers_set(f->timers, timer_of_campaign(f, campaign), mono_add(f->now.mono, again));
}

void launch_drop_number(struct control *k, uint64_t phone) {
  struct floor *f = &k->floor;
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) {
    struct campaign *p = &f->campaigns[i];
    uint32_t kept = 0;
    for (uint32_t j = 0; j < p->lease_count; j++) {
      struct lease *l = &p->leases[(p->lease_head + j) % FLOOR_LEASES_MAX];
      if (l->phone == phone)
        order_lease_drop(f, l);
      else
        p->leases[(p->lease_head + kept++) % FLOOR_LEASES_MAX] = *l;
    }
    p->lease_count = kept;
  }
  preview_drop_all(f, phone);
}
