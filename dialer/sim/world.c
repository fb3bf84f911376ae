/* Virtual time: a heap of happenings, the real control between them, invariants at every turn. */
#include "dialer/sim/world_inside.h"
#include <cadencia/err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_EVERY = 64, CHECK_EVERY_QUIET = 4096, ROWS = 250, START_MINUTE = 570, DAY_MINUTES = 1440, DRAIN_MS = 300000 };
static const int64_t START_WALL_MS = 1763562600000; /* Wednesday 2025-11-19 14:30 UTC, 9:30 in New York */

void world_defaults(struct world_params *p) {
  *p = (struct world_params){.seed = 1, .mode = PACING_PREDICTIVE, .ratio_x100 = 200};
  struct scenario *d = &p->day;
  scenario_defaults(d);
  snprintf(d->name, sizeof d->name, "a plain floor");
  d->hours = 1;
  d->agents = 20;
  d->answer_pct = 24.5;
  d->machine_pct = 14; /* 30 % of all answers */
  d->busy_pct = 10.5;
  d->fail_pct = 4;
  d->classes = 1;
  d->class_share[0] = d->class_factor[0] = 1;
  d->talk = (struct spread){.mean = 60, .cv = 1};
  d->wrap = (struct spread){.mean = 10, .cv = 0.5};
  d->mistaken_pct = 0.5;
  d->missed_pct = 10;
  d->early_hangup_pct = 0;
  d->login_spread_s = d->breaks_per_hour = 0;
  d->hours_end = 0;
  /* The people that a rehearsal invents (cast.c), and its campaign. */
  d->delay = (struct spread){.mean = 0.27, .count = 2, .quantile = {0.04, 0.5}};
  d->delay_least_s = 0;
  d->ring = (struct spread){.mean = 7.7, .count = 2, .quantile = {2.7, 12.7}};
  d->machine_ring = (struct spread){.mean = 9.2, .count = 2, .quantile = {3.7, 14.7}};
  d->machine_verdict = (struct spread){.mean = 4.6, .count = 2, .quantile = {3, 6.2}};
  d->machine_talk_s = 3;
  d->machine_wrap_s = 1;
  d->ring_limit_s = 20;
  d->hasty_pct = 3.6;
  d->greeting = (struct spread){.mean = 1.95, .count = 2, .quantile = {0.5, 3.4}}; /* from the answer: most say nothing at first */
  d->verdict_least_s = 0.2, d->verdict_most_s = 1.3;                               /* as our own detector takes with spoken greetings */
}

void world_break(struct world *w, const char *text) {
  if (w->broken[0] == 0) snprintf(w->broken, WORLD_TEXT, "at %lld ms: %.128s", (long long)w->now_ms, text);
}

struct now world_now(const struct world *w) {
  return (struct now){{w->now_ms}, {w->wall_ms + w->now_ms}};
}

/* splitmix64: the same on every machine. */
static uint64_t random_next(struct world *w) {
  uint64_t z = (w->random += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
uint32_t world_random(struct world *w, uint32_t below) { return below ? (uint32_t)((random_next(w) >> 33) % below) : 0; }
bool world_chance(struct world *w, uint32_t bp) { return bp && world_random(w, 10000) < bp; }
double world_day_s(const struct world *w) { return (double)(w->now_ms - w->begin_ms) / 1000.0; }

/* ---- the heap ---- */

static bool sooner(const struct happen *a, const struct happen *b) {
  return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void push(struct world *w, const struct happen *h) {
  if (w->heap_count == w->heap_max) {
    world_break(w, "more happenings than the world can hold");
    return;
  }
  unsigned i = w->heap_count++;
  while (i > 0 && sooner(h, &w->heap[(i - 1) / 2])) {
    w->heap[i] = w->heap[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  w->heap[i] = *h;
}

static struct happen pop(struct world *w) {
  struct happen top = w->heap[0], last = w->heap[--w->heap_count];
  unsigned i = 0;
  for (;;) {
    unsigned child = 2 * i + 1;
    if (child >= w->heap_count) break;
    if (child + 1 < w->heap_count && sooner(&w->heap[child + 1], &w->heap[child])) child++;
    if (!sooner(&w->heap[child], &last)) break;
    w->heap[i] = w->heap[child];
    i = child;
  }
  w->heap[i] = last;
  return top;
}

void world_schedule(struct world *w, int64_t delay_ms, struct happen h) {
  h.at_ms = w->now_ms + (delay_ms > 0 ? delay_ms : 0);
  h.order = w->order++;
  push(w, &h);
}

void world_schedule_mail(struct world *w, int64_t delay_ms, enum happening what, const struct mail *m) {
  if (w->letters_free_count == 0 || w->heap_count == w->heap_max) {
    world_break(w, "more mail under way than the world can hold");
    return;
  }
  struct happen h = {.what = (uint8_t)what, .letter = w->letters_free[--w->letters_free_count]};
  memcpy(&w->letters[h.letter], m, mail_size((enum mail_kind)m->kind));
  world_schedule(w, delay_ms, h);
}

static bool may_repeat(const struct mail *m) {
  return m->kind != MEDIA_CREDIT && m->kind != STORE_LEASED && m->kind != STORE_LEASE_END && m->kind != SIP_LOST && m->kind != SIP_UP;
}

void world_post(struct world *w, int64_t delay_ms, const struct mail *m) {
  bool ordered = !may_repeat(m);
  if (!ordered && world_chance(w, w->p.delay_bp)) delay_ms += world_random(w, 1500);
  /* Each edge speaks in order, however slowly. */
  int64_t *last = m->kind < MEDIA_REMOTE ? &w->said_ms[0] : m->kind < STORE_LEASE_WANT ? &w->said_ms[1] : &w->said_ms[2];
  int64_t at = w->now_ms + delay_ms > *last ? w->now_ms + delay_ms : *last;
  if (m->kind != MEDIA_CREDIT) *last = at;
  world_schedule_mail(w, at - w->now_ms, HAPPENS_MAIL, m);
  if (!ordered && world_chance(w, w->p.duplicate_bp)) world_schedule_mail(w, delay_ms + world_random(w, 3000), HAPPENS_MAIL, m);
}

/* What was on its way to and from the box, and what its calls would have done. People, clocks and disks go on. */
void world_forget_under_way(struct world *w) {
  struct happen *all = w->heap;
  unsigned n = w->heap_count;
  w->heap = calloc(w->heap_max, sizeof *w->heap);
  if (!w->heap) abort();
  w->heap_count = 0;
  for (unsigned i = 0; i < n; i++) {
    if (all[i].what == HAPPENS_MAIL || all[i].what == HAPPENS_STORE)
      w->letters_free[w->letters_free_count++] = all[i].letter;
    else if (all[i].what >= HAPPENS_WORKER_DIES && all[i].what != HAPPENS_WORKER_UP)
      push(w, &all[i]);
  }
  free(all);
}

/* ---- one turn ---- */

static void hash_add(struct world *w, uint64_t x) {
  for (int i = 0; i < 8; i++, x >>= 8) w->r->hash = (w->r->hash ^ (x & 0xff)) * 0x100000001b3u;
}

/* First in, first out, a few milliseconds of disk later. */
static void carry_store(struct world *w, const struct mail *m) {
  if (m->kind == STORE_AGENT_LOG) people_log(w, &m->u.store_agent_log);
  if (m->kind == STORE_PACED) w->r->decisions += m->u.store_paced.second.decisions, w->r->given_up += m->u.store_paced.second.given_up;
  int64_t at = w->now_ms + 3 + world_random(w, 12) + (world_chance(w, w->p.delay_bp) ? world_random(w, 2000) : 0);
  if (world_chance(w, w->p.stall_bp)) at += 2000;
  if (at < w->store_ms) at = w->store_ms;
  w->store_ms = at;
  world_schedule_mail(w, at - w->now_ms, HAPPENS_STORE, m);
}

static void carry(struct world *w, const struct out_mail *o) {
  hash_add(w, o->mail.kind);
  hash_add(w, (uint64_t)w->now_ms);
  switch ((enum spoke)o->spoke) {
  case SPOKE_SIP: spoke_sip(w, &o->mail); break;
  case SPOKE_MEDIA: spoke_media(w, &o->mail); break;
  case SPOKE_STORE: carry_store(w, &o->mail); break;
  default: break;
  }
}

static bool quiet(const struct world_params *p) {
  return !p->delay_bp && !p->duplicate_bp && !p->refuse_bp && !p->vanish_bp && !p->worker_deaths && !p->stall_bp && !p->hangup_bp &&
         !p->whim_ms && !p->pressure_ms && !p->clock_steps && !p->disk_deaths;
}

void world_step(struct world *w, const struct mail *in) {
  w->out.count = 0;
  control_step(w->control, world_now(w), in, &w->out);
  for (unsigned i = 0; i < w->out.count; i++) carry(w, &w->out.items[i]);
  if (w->r->steps++ % (quiet(&w->p) ? CHECK_EVERY_QUIET : CHECK_EVERY) == 0) {
    const char *broken = control_check(w->control);
    if (broken) world_break(w, broken);
  }
}

/* More than a pacer's plan looks ahead: half an hour of a cold list. */
static uint32_t stock(const struct world *w) { return w->p.day.agents * 60 + 1500; }

static int load_contacts(struct world *w, uint32_t count) {
  static struct contact_row rows[ROWS];
  uint8_t result[ROWS];
  uint64_t job, visible, all = w->p.day.contacts;
  if (all && w->next_phone + count > all) count = (uint32_t)(all - w->next_phone);
  if (count == 0) return CAD_OK;
  group_end(w, true);
  store_begin(w->store);
  int err = store_import_begin(w->store, "world", "invented", (struct wall){w->wall_ms}, &job);
  for (uint32_t done = 0; err >= 0 && done < count; done += ROWS) {
    memset(rows, 0, sizeof rows);
    int n = all && count - done < ROWS ? (int)(count - done) : ROWS;
    for (int i = 0; i < n; i++) {
      rows[i].phone = WORLD_FIRST_PHONE + w->next_phone++;
      snprintf(rows[i].zone, sizeof rows[i].zone, "America/New_York");
    }
    err = store_import_rows(w->store, job, rows, n, result);
  }
  if (err >= 0) err = store_import_finish(w->store, job, &visible);
  int committed = store_commit(w->store);
  return err < 0 ? err : committed;
}

static void to_control(struct world *w, enum mail_kind kind, const void *body, size_t size) {
  struct mail m = mail_make(kind, (struct mono){w->now_ms});
  memcpy(&m.u, body, size);
  world_step(w, &m);
}

static void campaign_terms(const struct world *w, struct campaign_def *def) {
  const struct scenario *d = &w->p.day;
  struct campaign_terms *t = &def->terms;
  snprintf(t->name, sizeof t->name, "world");
  t->mode = (uint8_t)w->p.mode;
  t->screening = d->screening;
  t->ratio_x100 = (uint16_t)w->p.ratio_x100;
  t->limit_bp = (uint16_t)(d->limit_pct * 100 + 0.5);
  t->fp_bp = (uint16_t)(d->screening ? d->mistaken_pct * 100 + 0.5 : 0); /* the campaign's reasoned estimate is right */
  t->ring_ms = (uint32_t)(d->ring_limit_s * 1000);
  t->give_up_ms = (uint32_t)(d->give_up_s * 1000);
  t->max_wait_ms = 2000;
  t->wrapup_ms = w->p.sloppy ? (uint32_t)(d->wrap.mean * 3000) : 600000;
  t->caller_id = 12025550100;
  t->optout_digit = '9';
  snprintf(t->dispositions[1], 8, "SALE");
  snprintf(t->dispositions[2], 8, "NI");
  snprintf(t->dispositions[3], 8, "CALLBK");
  snprintf(t->default_disposition, 8, "N");
}

static int people_the_world(struct world *w) {
  struct campaign_def def = {0};
  const struct world_params *p = &w->p;
  campaign_terms(w, &def);
  snprintf(def.seller, sizeof def.seller, "invented");
  snprintf(def.trunk, sizeof def.trunk, "world");
  snprintf(def.country, sizeof def.country, "US");
  snprintf(def.purpose, sizeof def.purpose, "survey");
  double close = START_MINUTE + p->day.hours * 60;
  bool open = !p->day.hours_end || p->clock_steps; /* a clock that steps would close them in the midst of the shift */
  for (int d = 0; d < 7; d++) def.gate.hours.close[d] = open || close > DAY_MINUTES ? DAY_MINUTES : (uint16_t)(close + 0.999);
  def.gate.attempts_max = 3;
  def.gate.attempts_window_ms = 86400000;
  def.state = CAMPAIGN_RUNNING;
  int err = store_campaign_put(w->store, &def);
  if (err < 0) return err;
  w->campaign_id = def.terms.id;
  if ((err = load_contacts(w, stock(w))) < 0) return err;
  def.terms.prompt_safe_harbour = 1;
  w->campaign = (struct mail_store_campaign){def.terms, CAMPAIGN_RUNNING};
  for (uint32_t i = 0; i < p->day.agents; i++) {
    struct agent_def a = {0};
    snprintf(a.a.name, sizeof a.a.name, "agent%u", i + 1);
    snprintf(a.a.uri, sizeof a.a.uri, "sip:agent%u@127.0.0.1:5080", i + 1);
    snprintf(a.campaign, sizeof a.campaign, "world");
    a.a.nailed = !p->on_demand || i % 4 != 3;
    a.a.state = AGENT_LOGGED_OUT;
    if ((err = store_agent_put(w->store, &a)) < 0) return err;
    a.a.campaign_id = w->campaign_id;
    w->agents[i].id = a.a.agent_id;
    w->agents[i].def = a.a;
  }
  world_announce(w);
  people_begin(w);
  return CAD_OK;
}

void world_announce(struct world *w) {
  to_control(w, STORE_CAMPAIGN, &w->campaign, sizeof w->campaign);
  for (uint32_t i = 0; i < w->p.day.agents; i++) to_control(w, STORE_AGENT, &w->agents[i].def, sizeof w->agents[i].def);
}

/* The other dialer's rule sees the floor as the pacer does. */
static void judge(void *arg, uint64_t campaign_id, const struct pacer_view *view, struct pacer_orders *orders) {
  struct world *w = arg;
  (void)campaign_id;
  uint32_t inbound = w->callers_waiting;
  for (uint32_t i = 0; i < w->p.day.agents; i++) inbound += w->agents[i].with_caller;
  rival_decide(&w->rival, view, w->day_abandoned + w->day_early, w->day_live + w->day_early, inbound, orders);
}

static int world_memory(struct world *w) {
  uint32_t agents = w->p.day.agents;
  w->heap_max = w->sessions * 24 + 16384;
  w->heap = calloc(w->heap_max, sizeof *w->heap);
  w->letters = calloc(w->heap_max, sizeof *w->letters);
  w->letters_free = calloc(w->heap_max, sizeof *w->letters_free);
  w->calls = calloc(w->calls_max, sizeof *w->calls);
  w->seats = calloc(agents, sizeof *w->seats);
  w->media = calloc(w->sessions, sizeof *w->media);
  w->agents = calloc(agents, sizeof *w->agents);
  if (!w->heap || !w->letters || !w->letters_free || !w->calls || !w->seats || !w->media || !w->agents) return CAD_ENOMEM;
  for (uint32_t i = 0; i < w->heap_max; i++) w->letters_free[w->letters_free_count++] = w->heap_max - 1 - i;
  return CAD_OK;
}

int world_make_control(struct world *w) {
  const struct scenario *d = &w->p.day;
  uint32_t rate = d->calls_per_s ? d->calls_per_s : d->agents <= 40 ? 10 : d->agents / 4;
  struct control_options o = {.calls_max = w->calls_max,
                              .agents_max = d->agents,
                              .trunk_count = 1,
                              .seed = w->p.seed,
                              .last_id = w->store ? store_last_id(w->store) : 0,
                              .started = {w->wall_ms}};
  o.trunks[0] = (struct control_trunk){.channels = d->lines ? d->lines : 6 * d->agents + 10, .calls_per_s = rate};
  if (w->p.rival.kind != RIVAL_NONE) {
    rival_begin(&w->rival, &w->p.rival, w->now_ms);
    o.judge = judge;
    o.judge_arg = w;
  }
  w->control = control_create(&o);
  return w->control ? CAD_OK : CAD_ENOMEM;
}

int world_open_store(struct world *w) {
  static const unsigned char KEYS[32] = "a simulated box has its own keys";
  struct store_options so = {
      .share_dir = w->p.share_dir, .path = disk_there(w) ? "world.db" : NULL, .fast = !disk_there(w), .key_seed = KEYS};
  int err = store_open(&so, &w->store, stderr);
  if (err >= 0) store_set_clock(w->store, world_now(w).wall);
  return err;
}

static int world_build(struct world *w) {
  const struct scenario *d = &w->p.day;
  w->calls_max = d->agents * 12 + 64;
  if (d->lines > w->calls_max) w->calls_max = d->lines;
  w->sessions = w->calls_max + d->agents;
  if (world_memory(w) < 0 || world_make_control(w) < 0) return CAD_ENOMEM;
  w->out.capacity = control_outbox_capacity(w->control);
  w->out.items = calloc(w->out.capacity, sizeof *w->out.items);
  return w->out.items ? world_open_store(w) : CAD_ENOMEM;
}

static void world_free(struct world *w) {
  control_destroy(w->control);
  store_close(w->store);
  free(w->out.items);
  free(w->heap);
  free(w->letters);
  free(w->letters_free);
  free(w->calls);
  free(w->seats);
  free(w->media);
  free(w->agents);
  free(w->memory);
}

static void start_clockwork(struct world *w) {
  world_schedule(w, 0, (struct happen){.what = HAPPENS_WORKER_UP});
  for (uint32_t i = 0; i < w->sessions; i++) {
    w->media[i].gen = 1;
    world_schedule(w, 1, (struct happen){.what = HAPPENS_CREDIT, .slot = i, .gen = 1});
  }
  for (uint32_t i = 0; i < w->p.worker_deaths; i++)
    world_schedule(w, 30000 + (int64_t)(random_next(w) % (uint64_t)(w->end_ms - w->begin_ms > 60000 ? w->end_ms - w->begin_ms - 30000 : 1)),
                   (struct happen){.what = HAPPENS_WORKER_DIES});
  faults_begin(w);
  disk_begin(w);
}

static void begin_drain(struct world *w, bool now) {
  struct mail m = mail_make(ORDER_DRAIN, (struct mono){w->now_ms});
  m.u.order.now = now;
  w->stopping = true;
  world_step(w, &m);
}

/* Names the states that the last calls are stuck in. */
static void world_stuck(struct world *w) {
  struct live *live = calloc(1, sizeof *live);
  if (!live) return;
  control_live(w->control, world_now(w), live);
  const struct live_campaign *c = &live->campaigns[0];
  char text[WORLD_TEXT - 32];
  snprintf(text, sizeof text, "calls that never end: %u dialing, %u ringing, %u screening, %u waiting, %u talking, %u message, %u in all",
           c->dialing, c->ringing, c->screening, c->waiting, c->talking, c->message, live->calls);
  world_break(w, text);
  free(live);
}

static void refill(struct world *w) {
  struct live *live = calloc(1, sizeof *live);
  if (!live) return;
  control_live(w->control, world_now(w), live);
  if (live->campaigns[0].open < stock(w) && !disk_there(w)) (void)load_contacts(w, stock(w) - live->campaigns[0].open + 1500);
  free(live);
}

static void happen_now(struct world *w, struct happen h) {
  if (h.what != HAPPENS_MAIL && h.what != HAPPENS_STORE) {
    spoke_happens(w, &h);
    return;
  }
  struct mail m;
  memcpy(&m, &w->letters[h.letter], sizeof m);
  w->letters_free[w->letters_free_count++] = h.letter;
  if (h.what == HAPPENS_MAIL)
    world_step(w, &m);
  else
    spoke_store(w, &m);
  if (disk_there(w) && w->p.disk.dead()) disk_restart(w);
}

/* The shift is over: the box drains, and after the time that a daemon would give it ends in order. */
static void close_shift(struct world *w) {
  if (!w->stopping && w->now_ms >= w->end_ms) {
    people_end(w);
    begin_drain(w, false);
  }
  if (w->stopping && !w->stopping_now && w->now_ms >= w->end_ms + DRAIN_MS) {
    w->stopping_now = true;
    begin_drain(w, true);
  }
}

/* From one happening or deadline to the next, until everything has ended. */
static void live_on(struct world *w, void (*progress)(void *, int64_t), void *arg) {
  int64_t look = w->now_ms + 5000, minute = w->now_ms, patience = w->end_ms + 2 * DRAIN_MS;
  while (w->broken[0] == 0) {
    struct mono due = control_deadline(w->control);
    int64_t next = w->heap_count ? w->heap[0].at_ms : INT64_MAX;
    if (due.ms && due.ms < next) next = due.ms;
    if (next == INT64_MAX || (w->stopping && control_drained(w->control))) break;
    if (!w->stopping && next > w->end_ms) next = w->end_ms;
    if (next > w->now_ms) w->now_ms = next;
    if (w->now_ms > patience) {
      world_stuck(w);
      break;
    }
    close_shift(w);
    if (w->now_ms >= look && !w->stopping) {
      refill(w);
      look = w->now_ms + 5000;
    }
    if (progress && w->now_ms >= minute) {
      progress(arg, w->now_ms - w->begin_ms);
      minute += 60000;
    }
    if (w->heap_count && w->heap[0].at_ms <= w->now_ms)
      happen_now(w, pop(w));
    else
      world_step(w, NULL);
  }
}

static uint32_t quantile(const struct world *w, uint32_t per_mille) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < WAIT_BINS; i++) total += w->wait_bins[i];
  for (int i = 0; i < WAIT_BINS; i++)
    if (total && (seen += w->wait_bins[i]) * 1000 >= total * per_mille) return (uint32_t)i;
  return 0;
}

static void account(struct world *w) {
  group_end(w, true);
  struct live *live = calloc(1, sizeof *live);
  struct store_counts counts;
  if (!live || store_counts(w->store, NULL, &counts) < 0) {
    world_break(w, "the records cannot be counted");
    free(live);
    return;
  }
  control_live(w->control, world_now(w), live);
  const struct live_campaign *c = &live->campaigns[0];
  struct world_result *r = w->r;
  r->attempts = c->attempts;
  r->connected = c->connected;
  r->abandoned = c->abandoned;
  r->early_hangup = c->early_hangup;
  r->log_rows = counts.attempts;
  r->open_attempts = counts.open_attempts;
  r->wait_p50_ms = quantile(w, 500);
  r->wait_p95_ms = quantile(w, 950);
  memory_check(w);
  if (counts.attempts < r->opens || (r->disk_deaths == 0 && counts.attempts != r->opens))
    world_break(w, "attempts in the records are not those that were permitted");
  if (counts.open_attempts) world_break(w, "an attempt without an end in the records");
  if (r->disk_deaths == 0 && c->attempts != r->opens) world_break(w, "the floor's attempts are not those of the records");
  if (live->calls) world_break(w, "a call that outlived the drain");
  for (uint32_t i = 0; i < w->sessions; i++)
    if (w->media[i].used && w->media[i].owner.role == LEG_CALL) world_break(w, "a session that outlived its call");
  for (uint32_t i = 0; i < w->calls_max; i++)
    if (w->calls[i].alive && !w->calls[i].cancelled) world_break(w, "a leg that outlived its call");
  uint64_t sum = 0;
  for (int i = 1; i < OUTCOME_COUNT; i++) {
    sum += counts.by_outcome[i];
    if (r->disk_deaths == 0 && counts.by_outcome[i] != r->outcomes[i]) world_break(w, "outcomes in the records are not those of the floor");
  }
  if (sum != counts.attempts) world_break(w, "outcomes do not add up to the attempts");
  const char *broken = control_check(w->control);
  if (broken) world_break(w, broken);
  free(live);
}

int world_run(const struct world_params *p, struct world_result *out, char *broken, void (*progress)(void *arg, int64_t virtual_ms),
              void *arg) {
  struct world *w = calloc(1, sizeof *w);
  if (!w) return CAD_ENOMEM;
  memset(out, 0, sizeof *out);
  out->hash = 0xcbf29ce484222325u;
  broken[0] = 0;
  w->p = *p;
  w->r = out;
  w->broken = broken;
  w->random = p->seed * 0x9e3779b97f4a7c15u + 1;
  w->now_ms = 1000000;
  w->wall_ms = START_WALL_MS - w->now_ms;
  w->begin_ms = w->now_ms;
  w->end_ms = w->now_ms + (int64_t)(p->day.hours * 3600000);
  int err = world_build(w);
  if (err >= 0) {
    start_clockwork(w);
    err = people_the_world(w);
  }
  if (err >= 0) {
    live_on(w, progress, arg);
    account(w);
    if (broken[0]) err = CAD_EREFUSED;
  }
  world_free(w);
  free(w);
  return err;
}

uint32_t world_utilisation_bp(const struct world_result *r) {
  uint64_t busy = r->talk_ms + r->wrapup_ms, all = busy + r->ready_ms + r->wasted_ms;
  return all ? (uint32_t)(busy * 10000 / all) : 0;
}

double world_abandonment_pct(const struct world_result *r, const struct scenario *s) {
  double people = (double)(r->lost_people + r->served_people), mistaken = s->screening ? s->mistaken_pct : 0;
  return people > 0 ? (double)r->lost_people / people * (100 - mistaken) + mistaken : 0;
}
