/* The invented spokes: a carrier with callees, agents' phones, media, and the store's delays. */
#include "dialer/sim/world_inside.h"
#include <cadencia/err.h>
#include <string.h>

enum { GROUP_MAILS = 64 };

static struct vleg *leg_of(struct world *w, struct leg leg) {
  if (leg.role == LEG_CALL) return leg.slot < w->calls_max ? &w->calls[leg.slot] : NULL;
  return leg.slot < w->p.day.agents ? &w->seats[leg.slot] : NULL;
}

static struct happen leg_happen(enum happening what, struct leg leg) {
  return (struct happen){.what = (uint8_t)what, .role = leg.role, .slot = leg.slot, .gen = leg.gen};
}

static struct mail leg_mail(const struct world *w, enum mail_kind kind, struct leg leg, uint16_t status, enum cause cause, uint8_t by) {
  struct mail m = mail_make(kind, (struct mono){w->now_ms});
  m.u.sip_event.leg = leg;
  m.u.sip_event.status = status;
  m.u.sip_event.cause = (uint8_t)cause;
  m.u.sip_event.by = by;
  m.u.sip_event.desc.family = kind == SIP_ANSWERED ? 4 : 0;
  m.u.sip_event.sdp_new = kind == SIP_ANSWERED;
  return m;
}

static void leg_end(struct world *w, struct leg leg, uint16_t status, enum cause cause, uint8_t by) {
  struct vleg *v = leg_of(w, leg);
  if (v) v->alive = false;
  struct mail m = leg_mail(w, SIP_ENDED, leg, status, cause, by);
  world_post(w, 1, &m);
}

static void sip_invite(struct world *w, const struct mail_sip_invite *i) {
  struct vleg *v = leg_of(w, i->leg);
  if (!v) {
    world_break(w, "an INVITE for a leg that cannot be");
    return;
  }
  if (i->leg.role == LEG_CALL) {
    if (v->opened != i->call_id) world_break(w, "an INVITE without its committed attempt");
    if (v->alive) world_break(w, "two INVITEs on one call");
    if (w->clock_bad) world_break(w, "an INVITE by a clock that is in doubt");
    w->r->invites++;
    memory_invited(w, i->call_id);
  }
  v->gen = i->leg.gen;
  v->alive = true;
  v->answered = v->cancelled = v->served = v->gone = false;
  v->rang_ms = 0;
  v->call_id = i->call_id;
  if (i->leg.role == LEG_SEAT) {
    world_schedule(w, 100 + world_random(w, 200), leg_happen(HAPPENS_ANSWER, i->leg));
    return;
  }
  struct fortune *f = &v->fortune;
  fortune_draw(&w->p.day, w->p.seed, i->to - WORLD_FIRST_PHONE, v->tries, world_day_s(w), f);
  if (f->fate == FATE_BUSY || f->fate == FATE_FAIL) {
    world_schedule(w, f->answer_ms, leg_happen(HAPPENS_FINAL, i->leg));
    return;
  }
  world_schedule(w, f->delay_ms, leg_happen(HAPPENS_RING, i->leg));
  if (f->fate != FATE_NO_ANSWER) world_schedule(w, f->answer_ms, leg_happen(HAPPENS_ANSWER, i->leg));
  if (!world_chance(w, w->p.hangup_bp)) return;
  world_schedule(w, world_random(w, 30000), leg_happen(HAPPENS_FINAL, i->leg));
  world_schedule(w, f->answer_ms + world_random(w, 12000), leg_happen(HAPPENS_HANG_UP, i->leg));
}

void spoke_sip(struct world *w, const struct mail *m) {
  if (!w->worker_up) return; /* said to a dead worker */
  if (m->kind == SIP_INVITE) {
    sip_invite(w, &m->u.sip_invite);
    return;
  }
  struct leg leg = m->u.sip_leg.leg;
  struct vleg *v = leg_of(w, leg);
  if (!v || v->gen != leg.gen || !v->alive) {
    struct mail end = leg_mail(w, SIP_ENDED, leg, 481, CAUSE_NORMAL, 0);
    world_post(w, 1, &end);
    return;
  }
  if (m->kind == SIP_CANCEL && v->rang_ms && w->now_ms - v->rang_ms < 15000) world_break(w, "a call given up that rang for less than 15 s");
  v->cancelled = true;
  world_schedule(w, 20 + world_random(w, 60), leg_happen(HAPPENS_GONE, leg));
}

/* ---- media ---- */

static struct vsession *session_of(struct world *w, struct session s) {
  if (s.slot >= w->sessions || w->media[s.slot].gen != s.gen) return NULL;
  return &w->media[s.slot];
}

static void media_say(struct world *w, enum mail_kind kind, uint32_t slot, int64_t at_ms, enum verdict v, enum verdict_reason r,
                      char digit) {
  struct vsession *s = &w->media[slot];
  struct mail m = mail_make(kind, (struct mono){at_ms});
  m.u.media_event.session = (struct session){slot, s->gen};
  m.u.media_event.owner = s->owner;
  m.u.media_event.verdict = (uint8_t)v;
  m.u.media_event.reason = (uint8_t)r;
  m.u.media_event.digit = digit;
  m.u.media_event.greeting_end = (struct mono){s->greeting_end_ms <= w->now_ms ? s->greeting_end_ms : 0};
  world_post(w, 1, &m);
}

static struct happen session_happen(enum happening what, const struct world *w, uint32_t slot) {
  return (struct happen){.what = (uint8_t)what, .slot = slot, .gen = w->media[slot].gen};
}

static void media_screen(struct world *w, const struct mail_media_screen *m) {
  struct vsession *s = session_of(w, m->session);
  if (!s) return;
  const struct vleg *v = leg_of(w, s->owner);
  if (!v) return;
  const struct fortune *f = &v->fortune;
  bool machine = f->fate == FATE_MACHINE;
  /* A machine speaks on; where it passes for a person, the pause that misled is the end of a greeting. */
  int64_t greeting = !machine ? f->greeting_ms : !f->passed ? f->verdict_ms + 5000 : f->verdict_ms > 400 ? f->verdict_ms - 400 : 1;
  s->greeting_end_ms = w->now_ms + greeting;
  world_schedule(w, greeting + 400, session_happen(HAPPENS_GREETING, w, m->session.slot));
  world_schedule(w, greeting + m->max_wait_ms, session_happen(HAPPENS_DEADLINE, w, m->session.slot));
  if (f->patience_ms) world_schedule(w, greeting + f->patience_ms, leg_happen(HAPPENS_IMPATIENT, s->owner));
  if (!m->screening) return;
  struct happen h = session_happen(HAPPENS_VERDICT, w, m->session.slot);
  h.role = !f->passed;
  world_schedule(w, f->verdict_ms, h);
}

static void talk_begin(struct world *w, const struct mail_media_bridge *b) {
  struct vsession *c = session_of(w, b->customer), *a = session_of(w, b->agent);
  if (!c || !a || c->expired) return;
  if (world_chance(w, w->p.cross_bp)) { /* the message began while the order was on its way */
    world_schedule(w, 0, session_happen(HAPPENS_DEADLINE, w, b->customer.slot));
    return;
  }
  if (c->bridged || a->bridged) world_break(w, "a bridge over a bridge");
  c->bridged = a->bridged = true;
  c->peer = b->agent;
  a->peer = b->customer;
  int64_t wait = w->now_ms - c->greeting_end_ms;
  w->wait_bins[wait < 0 ? 0 : wait < WAIT_BINS ? wait : WAIT_BINS - 1]++;
  media_say(w, MEDIA_BRIDGED, b->customer.slot, w->now_ms, 0, 0, 0);
  struct vleg *v = leg_of(w, c->owner);
  if (!v || a->owner.role != LEG_SEAT || a->owner.slot >= w->p.day.agents) return;
  v->served = true;
  struct vagent *agent = &w->agents[a->owner.slot];
  agent->with_person = v->fortune.fate == FATE_PERSON;
  agent->wrap_ms = v->fortune.wrap_ms;
  int64_t talk = v->fortune.talk_ms;
  if (world_chance(w, 5000))
    world_schedule(w, talk, leg_happen(HAPPENS_HANG_UP, c->owner));
  else
    world_schedule(w, talk, session_happen(HAPPENS_AGENT_ENDS, w, b->agent.slot));
  if (world_chance(w, w->p.vanish_bp)) world_schedule(w, talk / 2, leg_happen(HAPPENS_HANG_UP, a->owner));
}

static void media_part(struct world *w, uint32_t slot) {
  struct vsession *s = &w->media[slot], *peer = session_of(w, s->peer);
  if (!s->bridged) return;
  s->bridged = false;
  if (peer) peer->bridged = false;
  uint32_t seat = s->owner.role == LEG_SEAT ? slot : s->peer.slot;
  if (w->p.sloppy && world_chance(w, 3000)) return; /* no key: the campaign's wrap-up time ends it */
  world_schedule(w, w->agents[w->media[seat].owner.slot].wrap_ms, session_happen(HAPPENS_DISPOSE, w, seat));
}

void spoke_media(struct world *w, const struct mail *m) {
  switch ((enum mail_kind)m->kind) {
  case MEDIA_REMOTE: {
    struct vsession *s = session_of(w, m->u.media_remote.session);
    if (!s) break;
    s->used = true;
    s->owner = m->u.media_remote.owner;
    break;
  }
  case MEDIA_SCREEN: media_screen(w, &m->u.media_screen); break;
  case MEDIA_BRIDGE: talk_begin(w, &m->u.media_bridge); break;
  case MEDIA_UNBRIDGE: {
    struct vsession *s = session_of(w, m->u.media_session.session);
    if (s) media_part(w, m->u.media_session.session.slot);
    break;
  }
  case MEDIA_PLAY: world_schedule(w, 6000, session_happen(HAPPENS_PLAYED, w, m->u.media_play.session.slot)); break;
  case MEDIA_RELEASE: {
    struct vsession *s = session_of(w, m->u.media_session.session);
    if (!s) {
      world_break(w, "a session given back twice");
      break;
    }
    media_part(w, m->u.media_session.session.slot);
    *s = (struct vsession){.gen = s->gen + 1};
    world_schedule(w, 3000, session_happen(HAPPENS_CREDIT, w, m->u.media_session.session.slot));
    break;
  }
  default: break;
  }
}

/* ---- the store: the real one, behind a delay ---- */

static void store_open_attempt(struct world *w, const struct mail_store_open *o) {
  struct mail reply = mail_make(STORE_OPENED, (struct mono){w->now_ms});
  bool opened = false;
  int err = store_attempt_open(w->store, o, world_now(w), &reply.u.store_opened, &opened);
  if (disk_there(w) && w->p.disk.dead()) return; /* nobody is left to hear of it */
  if (err < 0) {
    reply.u.store_opened = (struct mail_store_opened){o->slot, o->gen, o->attempt_id, REFUSAL_STORE, WALL_NONE, 0};
    store_lease_drop(w->store, &o->lease);
    w->r->disk_refusals++;
    w->failing_until_ms = w->now_ms + 2000; /* as the store thread does: leases are put off meanwhile */
    opened = false;
  }
  if (!opened) reply.kind = STORE_REFUSED;
  if (opened) {
    w->r->opens++;
    memory_opened(w, o);
    for (uint32_t i = 0; i < w->calls_max; i++)
      if (w->calls[i].case_id == o->lease.case_id) world_break(w, "one contact in two attempts");
    w->calls[o->slot].opened = o->attempt_id;
    w->calls[o->slot].case_id = o->lease.case_id;
    w->calls[o->slot].tries = o->lease.tries;
  } else {
    w->r->refused++;
  }
  world_post(w, 1, &reply);
}

static void store_give_leases(struct world *w, const struct mail_store_want *want) {
  static struct lease leases[512];
  struct mail end = mail_make(STORE_LEASE_END, (struct mono){w->now_ms});
  bool failing = w->now_ms < w->failing_until_ms;
  int n = failing ? CAD_EFULL : store_lease(w->store, want, world_now(w), leases, &end.u.store_lease_end);
  if (disk_there(w) && w->p.disk.dead()) return;
  if (n < 0) {
    end.u.store_lease_end = (struct mail_store_lease_end){.campaign_id = want->campaign_id, .next = wall_add(world_now(w).wall, 2000)};
    n = 0;
  }
  for (int i = 0; i < n; i++) {
    struct mail m = mail_make(STORE_LEASED, (struct mono){w->now_ms});
    m.u.store_lease = leases[i];
    m.u.store_lease.segment = scenario_class(&w->p.day, w->p.seed, leases[i].phone - WORLD_FIRST_PHONE);
    world_post(w, 1, &m);
  }
  world_post(w, 1, &end);
}

/* As the store thread does, many mails are one transaction; over a disk that may die each is its own. */
static void group_begin(struct world *w) {
  if (!disk_there(w) && w->grouped == 0 && store_begin(w->store) == CAD_OK) w->grouped = 1;
}
void group_end(struct world *w, bool now) {
  if (w->grouped == 0 || (!now && w->grouped++ < GROUP_MAILS)) return;
  w->grouped = 0;
  if (store_commit(w->store) < 0) world_break(w, "a group of mails that the store refuses");
}

static void store_works(struct world *w, const struct mail *m);
void spoke_store(struct world *w, const struct mail *m) {
  group_begin(w);
  store_works(w, m);
  group_end(w, false);
}

static void store_works(struct world *w, const struct mail *m) {
  store_set_clock(w->store, world_now(w).wall);
  switch ((enum mail_kind)m->kind) {
  case STORE_LEASE_WANT: store_give_leases(w, &m->u.store_want); break;
  case STORE_LEASE_DROP: store_lease_drop(w->store, &m->u.store_lease); break;
  case STORE_LEASE_KEEP: store_lease_keep(w->store, &m->u.store_lease, (struct mono){w->now_ms}); break;
  case STORE_SKIP: (void)store_skip(w->store, &m->u.store_skip); break;
  case STORE_OPEN:
    if (world_chance(w, w->p.refuse_bp)) { /* a store that cannot write */
      struct mail reply = mail_make(STORE_REFUSED, (struct mono){w->now_ms});
      reply.u.store_opened =
          (struct mail_store_opened){m->u.store_open.slot, m->u.store_open.gen, m->u.store_open.attempt_id, REFUSAL_STORE, WALL_NONE, 0};
      store_lease_drop(w->store, &m->u.store_open.lease);
      w->r->refused++;
      world_post(w, 1, &reply);
    } else {
      store_open_attempt(w, &m->u.store_open);
    }
    break;
  case STORE_CLOSE: {
    const struct mail_store_close *c = &m->u.store_close;
    if (store_attempt_close(w->store, c) < 0) {
      if (!disk_there(w))
        world_break(w, "a close that the store refuses");
      else if (!w->p.disk.dead()) /* kept, and tried again */
        world_schedule_mail(w, 50 + world_random(w, 200), HAPPENS_STORE, m);
      break;
    }
    memory_closed(w, c);
    w->calls[c->slot].case_id = 0;
    w->r->outcomes[c->outcome < OUTCOME_COUNT ? c->outcome : 0]++;
    people_closed(w, c);
    uint8_t fate = w->calls[c->slot].fortune.fate;
    if (c->answered.ms) {
      w->r->answered++;
      w->r->people += fate == FATE_PERSON;
      w->r->machines += fate == FATE_MACHINE;
      w->r->taken_for_machine += fate == FATE_PERSON && c->outcome == OUTCOME_MACHINE;
      w->r->machines_to_agents += fate == FATE_MACHINE && c->outcome == OUTCOME_CONNECTED;
    }
    struct mail closed = mail_make(STORE_CLOSED, (struct mono){w->now_ms});
    closed.u.store_opened = (struct mail_store_opened){c->slot, c->gen, c->attempt_id, 0, WALL_NONE, 0};
    world_post(w, 1, &closed);
    break;
  }
  case STORE_DISPOSE: store_dispose(w->store, &m->u.store_dispose); break;
  case STORE_OPT_OUT: store_opt_out(w->store, &m->u.store_opt_out); break;
  case STORE_WINDOWS_WANT: {
    struct mail windows = mail_make(STORE_WINDOWS, (struct mono){w->now_ms});
    if (store_campaign_windows(w->store, m->u.store_want.campaign_id, &windows.u.store_windows) >= 0) world_post(w, 1, &windows);
    break;
  }
  case STORE_AGENT_LOG: store_agent_log(w->store, &m->u.store_agent_log); break;
  case STORE_PACED:
    (void)store_paced_add(w->store, &m->u.store_paced);
    if (store_paced_due(w->store)) (void)store_paced_flush(w->store, false);
    break;
  case STORE_CLOCK: store_clock_trusted(w->store, m->u.order_clock.trusted); break;
  default: break;
  }
}

/* ---- what happens by itself ---- */

static void leg_happens(struct world *w, const struct happen *h, struct leg leg, struct vleg *v) {
  if (!v || v->gen != h->gen) return;
  if (!v->alive) return;
  if (!w->worker_up) { /* nobody is there to tell: the next worker hears of it when it asks */
    if ((h->what == HAPPENS_HANG_UP || (h->what == HAPPENS_IMPATIENT && !v->served)) && v->answered) v->gone = true;
    return;
  }
  struct mail m;
  switch ((enum happening)h->what) {
  case HAPPENS_RING:
    v->rang_ms = w->now_ms;
    m = leg_mail(w, SIP_PROGRESS, leg, 180, 0, 0);
    world_post(w, 1, &m);
    break;
  case HAPPENS_ANSWER: /* may cross our CANCEL */
    v->answered = true;
    m = leg_mail(w, SIP_ANSWERED, leg, 200, 0, 0);
    world_post(w, 1, &m);
    break;
  case HAPPENS_FINAL:
    if (!v->answered)
      leg_end(w, leg, v->fortune.fate == FATE_BUSY ? 486 : 503, v->fortune.fate == FATE_BUSY ? CAUSE_BUSY : CAUSE_CONGESTION, 0);
    break;
  case HAPPENS_GONE: leg_end(w, leg, v->answered ? 200 : 487, v->answered ? CAUSE_NORMAL : CAUSE_CANCELLED, 0); break;
  case HAPPENS_IMPATIENT:
    if (v->served) break;
    if (v->answered && !v->cancelled) leg_end(w, leg, 200, CAUSE_NORMAL, 1);
    break;
  case HAPPENS_HANG_UP:
    if (v->answered && !v->cancelled) leg_end(w, leg, 200, CAUSE_NORMAL, 1);
    break;
  default: break;
  }
}

static void session_happens(struct world *w, const struct happen *h, struct vsession *s) {
  if (s->gen != h->gen || (!s->used && h->what != HAPPENS_CREDIT)) return;
  switch ((enum happening)h->what) {
  case HAPPENS_GREETING:
    if (!s->expired) media_say(w, MEDIA_GREETING_END, h->slot, s->greeting_end_ms, 0, 0, 0);
    break;
  case HAPPENS_VERDICT:
    if (!s->expired && !s->bridged)
      media_say(w, MEDIA_VERDICT, h->slot, w->now_ms, h->role ? VERDICT_MACHINE : VERDICT_PERSON,
                h->role ? REASON_LONG_GREETING : REASON_SHORT_GREETING, 0);
    break;
  case HAPPENS_DEADLINE:
    if (s->bridged || s->expired || s->greeting_end_ms == 0) break;
    s->expired = true;
    media_say(w, MEDIA_DEADLINE, h->slot, w->now_ms, 0, 0, 0);
    world_schedule(w, 6000, session_happen(HAPPENS_PLAYED, w, h->slot));
    if (world_chance(w, 500)) media_say(w, MEDIA_DIGIT, h->slot, w->now_ms + 2000, 0, 0, '9');
    break;
  case HAPPENS_PLAYED: media_say(w, MEDIA_PLAYED, h->slot, w->now_ms, 0, 0, 0); break;
  case HAPPENS_AGENT_ENDS:
    if (s->bridged) media_say(w, MEDIA_DIGIT, h->slot, w->now_ms, 0, 0, '*');
    break;
  case HAPPENS_DISPOSE:
    if (s->bridged || s->owner.role != LEG_SEAT) break;
    people_wrapped(w, s->owner.slot);
    media_say(w, MEDIA_DIGIT, h->slot, w->now_ms, 0, 0, (char)('1' + world_random(w, 3)));
    break;
  case HAPPENS_CREDIT: {
    struct mail m = mail_make(MEDIA_CREDIT, (struct mono){w->now_ms});
    m.u.media_credit.session = (struct session){h->slot, s->gen};
    m.u.media_credit.port = (uint16_t)(20000 + 2 * (h->slot % 20000));
    world_post(w, 0, &m);
    break;
  }
  default: break;
  }
}

/* As the loop does with the dialogs that it kept: wanted ones go on, the others get their BYE. */
static void take_up(struct world *w, uint8_t role, struct vleg *legs, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    struct leg leg = {role, i, legs[i].gen};
    if (!legs[i].alive) continue;
    bool wanted = control_keeps_leg(w->control, leg) && !legs[i].cancelled;
    legs[i].alive = wanted && !legs[i].gone;
    struct mail m = legs[i].alive ? leg_mail(w, SIP_RESUMED, leg, 200, 0, 0) : leg_mail(w, SIP_ENDED, leg, 200, CAUSE_NORMAL, 1);
    if (wanted) world_post(w, 2 + world_random(w, 40), &m);
  }
}

static void worker_happens(struct world *w, const struct happen *h) {
  struct mail m = mail_make(h->what == HAPPENS_WORKER_DIES ? SIP_LOST : SIP_UP, (struct mono){w->now_ms});
  if (h->what == HAPPENS_WORKER_DIES) {
    if (!w->worker_up) return;
    w->r->worker_deaths++;
    for (uint32_t i = 0; i < w->calls_max; i++) w->calls[i].alive &= w->calls[i].answered;
    for (uint32_t i = 0; i < w->p.day.agents; i++) w->seats[i].alive &= w->seats[i].answered;
    /* The loop reads the last words of the dead before it tells control, and starts the next only then. */
    world_post(w, 0, &m);
    w->worker_up = false;
    world_schedule(w, w->said_ms[0] - w->now_ms + 300 + world_random(w, 600), (struct happen){.what = HAPPENS_WORKER_UP});
    return;
  }
  w->worker_up = true;
  take_up(w, LEG_CALL, w->calls, w->calls_max);
  take_up(w, LEG_SEAT, w->seats, w->p.day.agents);
  world_post(w, 0, &m);
}

void spoke_happens(struct world *w, const struct happen *h) {
  switch ((enum happening)h->what) {
  case HAPPENS_WORKER_DIES:
  case HAPPENS_WORKER_UP: worker_happens(w, h); break;
  case HAPPENS_DISK_DIES:
  case HAPPENS_DISK_FULL: disk_happen(w, h); break;
  case HAPPENS_SHIFT:
  case HAPPENS_CALLER:
  case HAPPENS_CALLER_GIVES_UP: people_happen(w, h); break;
  case HAPPENS_CLOCK_STEP:
  case HAPPENS_CLOCK_STEADY:
  case HAPPENS_PRESSURE:
  case HAPPENS_WHIM:
  case HAPPENS_ACCEPT: faults_happen(w, h); break;
  case HAPPENS_RING:
  case HAPPENS_ANSWER:
  case HAPPENS_FINAL:
  case HAPPENS_GONE:
  case HAPPENS_IMPATIENT:
  case HAPPENS_HANG_UP: {
    struct leg leg = {h->role, h->slot, h->gen};
    leg_happens(w, h, leg, leg_of(w, leg));
    break;
  }
  default: session_happens(w, h, &w->media[h->slot]); break;
  }
}
