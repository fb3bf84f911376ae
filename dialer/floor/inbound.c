/* Callers: from the number of ours that they dialed into a queue, and from there to an agent, before anybody is dialed.
 *
 * A caller hears the queue's announcement, then its music, and between the two how many are before him and how long that
 * may take. Who waits too long, or finds the queue full or closed, is sent on to its overflow queue or hears its message.
 * Nothing is accepted before the call has its slot, its channel, its port and its row in the records. */
#include "dialer/floor/floor.h"
#include <string.h>

enum {
  ARRIVING_MAX = 256, /* callers that the store is asked about at once */
  HOPS_MAX = 4,       /* from queue to queue */
  RETRY_SOON_S = 5,
  RETRY_LATER_S = 30,
  HANDLE_GUESS_MS = 180000, /* talk and wrap-up, as long as nobody was served */
  LOOK_MS = 60000           /* a caller's deadline is at most that far away */
};
enum { SAY_NOTHING = 0, SAY_PLACE, SAY_WAIT };

/* ---- what the records say ---- */

uint32_t inbound_queue(const struct floor *f, uint64_t id) {
  for (uint32_t i = 0; id && i < FLOOR_QUEUES_MAX; i++)
    if (f->queues[i].used && f->queues[i].terms.id == id) return i;
  return NOBODY;
}

static bool queue_idle(const struct floor *f, uint32_t queue) {
  for (uint32_t i = 0; i < f->calls_max; i++)
    if (f->calls[i].state != CALL_FREE && f->calls[i].inbound && f->calls[i].queue == queue) return false;
  return true;
}

void inbound_queue_set(struct floor *f, const struct queue_terms *terms) {
  uint32_t i = inbound_queue(f, terms->id);
  for (uint32_t j = 0; i == NOBODY && !terms->gone && j < FLOOR_QUEUES_MAX; j++)
    if (!f->queues[j].used || (f->queues[j].terms.gone && queue_idle(f, j))) i = j;
  if (i == NOBODY) {
    f->refused_orders += !terms->gone;
    return;
  }
  struct queue *q = &f->queues[i];
  if (terms->gone) { /* who waits there is served by the terms he came under */
    q->terms.gone = 1;
    return;
  }
  if (!q->used || q->terms.id != terms->id) *q = (struct queue){.head = NOBODY, .tail = NOBODY};
  q->used = true;
  q->terms = *terms;
}

void inbound_did_set(struct floor *f, const struct mail_store_did *did) {
  unsigned i = 0;
  while (i < f->did_count && f->dids[i].number != did->number) i++;
  if (did->gone) {
    if (i < f->did_count) f->dids[i] = f->dids[--f->did_count];
    return;
  }
  if (i == FLOOR_DIDS_MAX) {
    f->refused_orders++;
    return;
  }
  f->dids[i] = (struct did){did->number, did->queue_id};
  if (i == f->did_count) f->did_count++;
}

static uint32_t campaign_of(const struct floor *f, const struct queue *q) {
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++)
    if (f->campaigns[i].used && f->campaigns[i].terms.id == q->terms.campaign_id) return i;
  return NOBODY;
}

/* Where this number leads; NOBODY: nowhere. */
static uint32_t queue_of_did(const struct floor *f, uint64_t number) {
  for (unsigned i = 0; i < f->did_count; i++)
    if (f->dids[i].number == number) {
      uint32_t queue = inbound_queue(f, f->dids[i].queue_id);
      return queue != NOBODY && !f->queues[queue].terms.gone ? queue : NOBODY;
    }
  return NOBODY;
}

/* ---- arrival ---- */

static struct call *reserve(struct floor *f, const struct mail_sip_incoming *in, uint32_t queue, uint32_t campaign) {
  const struct lease caller = {.campaign_id = f->campaigns[campaign].terms.id, .phone = in->from};
  struct call *c = call_new(f, campaign, &caller);
  struct campaign *p = &f->campaigns[campaign];
  p->by_state[CALL_OPENING]--;
  p->by_state[CALL_OFFERED]++;
  p->inbound++;
  call_moved(f, c, c->state, CALL_OFFERED, OUTBOX_NO_EVENT);
  c->state = CALL_OFFERED;
  c->inbound = 1;
  c->queue = (uint16_t)queue;
  c->trunk = in->trunk;
  c->did = in->to;
  c->offer = in->leg;
  floor_credit_take_at(f, f->trunks[c->trunk].listener, &c->session, &c->port);
  f->trunks[in->trunk].used++;
  f->arriving++;
  return c;
}

void inbound_arrive(struct floor *f, const struct mail *m) {
  const struct mail_sip_incoming *in = &m->u.sip_incoming;
  if (in->trunk >= f->trunk_count) return;
  struct trunk *t = &f->trunks[in->trunk];
  uint32_t queue = queue_of_did(f, in->to);
  if (queue == NOBODY) {
    f->strange_calls++;
    order_reject(f, t->listener, in->leg, 404, 0);
    return;
  }
  struct queue *q = &f->queues[queue];
  uint32_t campaign = campaign_of(f, q);
  if (campaign == NOBODY) { /* its campaign has left the floor: nobody could serve it */
    q->refused++;
    order_reject(f, t->listener, in->leg, 480, RETRY_LATER_S);
    return;
  }
  bool room =
      f->call_free != NOBODY && floor_credit_has(f, t->listener) && t->used < t->channels && f->arriving < ARRIVING_MAX && !f->pressure;
  if (!room || f->draining) {
    q->refused++;
    order_reject(f, t->listener, in->leg, 503, f->draining ? RETRY_LATER_S : RETRY_SOON_S);
    return;
  }
  order_arrive(f, reserve(f, in, queue, campaign));
}

void inbound_arrived(struct floor *f, const struct mail_store_arrived *a) {
  struct call *c = call_find(f, a->slot, a->gen);
  if (!c || c->state != CALL_OFFERED || c->attempt_id != a->attempt_id) return;
  f->arriving--;
  if (a->err < 0) {
    call_event(f, c, EV_REFUSED);
    return;
  }
  uint64_t phone = c->lease.phone;
  if (a->contact.case_id) c->lease = a->contact;
  if (!c->lease.phone) c->lease.phone = phone;
  c->closed = a->closed;
  f->queues[c->queue].offered++;
  floor_tell_pacer(f, c->campaign, PACER_INBOUND, call_slot(f, c), NOBODY, 0);
  call_event(f, c, c->leg_over || f->draining ? EV_GIVE_UP : EV_OPENED);
}

void inbound_gone(struct floor *f, const struct mail_sip_event *ended) {
  for (uint32_t i = 0; i < f->calls_max; i++)
    if (f->calls[i].state == CALL_OFFERED && leg_eq(f->calls[i].offer, ended->leg)) f->calls[i].leg_over = 1;
}

void inbound_accept(struct floor *f, struct call *c) { order_accept(f, c); }

/* ---- waiting ---- */

void inbound_greet(struct floor *f, struct call *c) {
  const struct queue_terms *t = &f->queues[c->queue].terms;
  if (c->closed) {
    c->queue_end = QUEUE_END_CLOSED;
    call_event(f, c, EV_TURN_AWAY);
  } else if (t->hello) {
    order_play(f, c->session, t->hello);
  } else {
    call_event(f, c, EV_PLAYED);
  }
}

static uint32_t place_of(const struct floor *f, const struct queue *q, const struct call *c) {
  uint32_t place = 1;
  for (uint32_t slot = q->head; slot != NOBODY && &f->calls[slot] != c; slot = f->calls[slot].next) place++;
  return place;
}

uint32_t inbound_staff(const struct floor *f, const struct queue *q, bool idle) {
  uint32_t campaign = campaign_of(f, q), n = 0;
  for (uint32_t i = 0; campaign != NOBODY && i < f->agents_used; i++) {
    const struct agent *a = &f->agents[i];
    if (!a->used || a->state < AGENT_READY || (q->terms.skills & ~a->skills)) continue;
    if (a->campaign != campaign && !share_serves(f, a, campaign)) continue;
    n += !idle || agent_available(a);
  }
  return n;
}

static uint16_t place_prompt(const struct floor *f, const struct queue *q, const struct call *c) {
  uint32_t place = place_of(f, q, c);
  return q->terms.say_place ? q->terms.place[place < QUEUE_PLACES ? place - 1 : QUEUE_PLACES - 1] : 0;
}

static uint16_t wait_prompt(const struct floor *f, const struct queue *q, const struct call *c) {
  static const int64_t MINUTES[QUEUE_WAITS - 1] = {1, 2, 3, 5, 10};
  uint32_t staff = inbound_staff(f, q, false);
  int64_t each = q->handle_ms ? q->handle_ms : HANDLE_GUESS_MS, wait = each * place_of(f, q, c) / (staff ? staff : 1);
  unsigned i = 0;
  while (i < QUEUE_WAITS - 1 && wait >= MINUTES[i] * 60000) i++;
  return q->terms.say_wait && staff ? q->terms.wait[i] : 0; /* with nobody at work there is no honest answer */
}

/* The next thing that a waiting caller hears: his place, the wait, then music until it is told again. */
void inbound_played(struct floor *f, struct call *c) {
  const struct queue *q = &f->queues[c->queue];
  uint16_t prompt = 0;
  while (c->say != SAY_NOTHING && !prompt) {
    prompt = c->say == SAY_PLACE ? place_prompt(f, q, c) : wait_prompt(f, q, c);
    c->say = c->say == SAY_PLACE ? SAY_WAIT : SAY_NOTHING;
  }
  if (prompt)
    order_play(f, c->session, prompt);
  else if (q->terms.music)
    order_music(f, c->session, q->terms.music);
}

static void tell(struct floor *f, struct call *c) {
  c->said = f->now.mono;
  c->say = SAY_PLACE;
  inbound_played(f, c);
}

static void arm(struct floor *f, struct call *c) {
  const struct queue_terms *t = &f->queues[c->queue].terms;
  int64_t waited = mono_since(f->now.mono, c->queued), said = mono_since(f->now.mono, c->said), next = LOOK_MS;
  if (t->say_every_ms && t->say_every_ms - said < next) next = t->say_every_ms - said;
  if (t->timeout_ms && t->timeout_ms - waited < next) next = t->timeout_ms - waited;
  timers_set(f->timers, timer_of_call(f, call_slot(f, c)), mono_add(f->now.mono, next > 0 ? next : 0));
}

/* Into another queue, whose agents may be of another campaign. */
static void move_to(struct floor *f, struct call *c, uint32_t queue) {
  uint32_t campaign = campaign_of(f, &f->queues[queue]);
  struct campaign *from = &f->campaigns[c->campaign], *to = &f->campaigns[campaign];
  from->by_state[c->state]--, from->in_flight--, from->inbound--;
  to->by_state[c->state]++, to->in_flight++, to->inbound++;
  c->campaign = (uint16_t)campaign;
  c->queue = (uint16_t)queue;
  c->queue_hops++;
  f->queues[queue].offered++;
  floor_tell_pacer(f, campaign, PACER_INBOUND, call_slot(f, c), NOBODY, 0);
}

static bool has_place(const struct floor *f, uint32_t queue) {
  const struct queue *q = &f->queues[queue];
  return !q->terms.gone && (q->terms.places == 0 || q->waiting < q->terms.places) && campaign_of(f, q) != NOBODY;
}

/* The queue cannot serve him: its overflow, if there is one with room, else the message. He is in no queue now. */
static void send_on(struct floor *f, struct call *c, enum queue_end why) {
  struct queue *q = &f->queues[c->queue];
  uint32_t next = inbound_queue(f, q->terms.overflow_id);
  if (why == QUEUE_END_TIMEOUT) q->timed_out++;
  if (why == QUEUE_END_FULL) q->full++;
  if (next != NOBODY && next != c->queue && c->queue_hops < HOPS_MAX && has_place(f, next)) {
    q->overflowed++;
    move_to(f, c, next);
    inbound_enter(f, c);
    return;
  }
  c->queue_end = (uint8_t)why;
  call_event(f, c, EV_TURN_AWAY);
}

void inbound_enter(struct floor *f, struct call *c) {
  c->queued = c->said = f->now.mono;
  if (!has_place(f, c->queue) && inbound_staff(f, &f->queues[c->queue], true) == 0) {
    send_on(f, c, QUEUE_END_FULL);
    return;
  }
  waitq_push(f, c, false);
  arm(f, c);
  inbound_match(f);
  if (c->state != CALL_QUEUED || c->agent != NOBODY) return;
  tell(f, c);
}

void inbound_patience(struct floor *f, struct call *c) {
  const struct queue_terms *t = &f->queues[c->queue].terms;
  int64_t waited = mono_since(f->now.mono, c->queued);
  if (t->timeout_ms && waited >= t->timeout_ms) {
    waitq_remove(f, c);
    send_on(f, c, QUEUE_END_TIMEOUT);
    return;
  }
  if (t->say_every_ms && mono_since(f->now.mono, c->said) >= t->say_every_ms) tell(f, c);
  arm(f, c);
}

void inbound_farewell(struct floor *f, struct call *c) {
  const struct queue_terms *t = &f->queues[c->queue].terms;
  uint16_t prompt = c->queue_end == QUEUE_END_CLOSED && t->closed ? t->closed : t->sorry;
  waitq_remove(f, c);
  if (c->queue_end == QUEUE_END_CLOSED) f->queues[c->queue].closed++;
  if (c->queue_end == QUEUE_END_NONE) c->queue_end = QUEUE_END_BROKEN;
  if (prompt)
    order_play(f, c->session, prompt);
  else
    call_event(f, c, EV_PLAYED);
}

/* ---- service ---- */

uint32_t inbound_longest_ms(const struct floor *f, const struct queue *q) {
  return q->head == NOBODY ? 0 : (uint32_t)mono_since(f->now.mono, f->calls[q->head].queued);
}

uint32_t inbound_waiting(const struct floor *f, uint32_t campaign) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < FLOOR_QUEUES_MAX; i++)
    if (f->queues[i].waiting && campaign_of(f, &f->queues[i]) == campaign) n += f->queues[i].waiting;
  return n;
}

/* Of the queues that have not been looked at: the most urgent one where somebody waits. */
static uint32_t most_urgent(const struct floor *f, const bool seen[FLOOR_QUEUES_MAX]) {
  uint32_t best = NOBODY;
  for (uint32_t i = 0; i < FLOOR_QUEUES_MAX; i++) {
    const struct queue *q = &f->queues[i];
    if (seen[i] || q->head == NOBODY) continue;
    const struct queue *b = best == NOBODY ? NULL : &f->queues[best];
    if (!b || q->terms.priority > b->terms.priority ||
        (q->terms.priority == b->terms.priority && f->calls[q->head].queued.ms < f->calls[b->head].queued.ms))
      best = i;
  }
  return best;
}

void inbound_match(struct floor *f) {
  bool seen[FLOOR_QUEUES_MAX] = {false};
  uint32_t queue;
  while ((queue = most_urgent(f, seen)) != NOBODY) {
    struct queue *q = &f->queues[queue];
    uint32_t campaign = campaign_of(f, q);
    struct agent *a = campaign == NOBODY ? NULL : pool_pick_skilled(f, campaign, q->terms.skills);
    if (!a) {
      seen[queue] = true;
      continue;
    }
    struct call *c = &f->calls[q->head];
    waitq_remove(f, c);
    share_move(f, a, campaign);
    c->agent = agent_slot(f, a);
    agent_reserve(f, a, c);
    call_event(f, c, EV_AGENT);
  }
}

void inbound_served(struct floor *f, struct call *c) {
  struct queue *q = &f->queues[c->queue];
  if (!c->connected_before) {
    q->served++;
    q->in_time += c->queued_ms <= q->terms.service_ms;
    q->served_wait_ms += c->queued_ms;
  }
  c->queue_end = QUEUE_END_SERVED;
  c->connected_before = 1;
}

/* His agent's phone is gone: he is the next in his queue. */
void inbound_back(struct floor *f, struct call *c) {
  call_part(f, c);
  c->agent = NOBODY;
  c->queued = c->said = f->now.mono;
  waitq_push(f, c, true);
  arm(f, c);
  inbound_match(f);
  if (c->state != CALL_QUEUED || c->agent != NOBODY) return;
  c->say = SAY_NOTHING;
  inbound_played(f, c);
}

void inbound_classify(struct floor *f, struct call *c, struct mail_store_close *rec) {
  struct queue *q = &f->queues[c->queue];
  if (c->served_by) {
    int64_t handled = c->talk_ms + (int64_t)f->campaigns[c->campaign].terms.wrapup_ms / 2;
    q->handle_ms = q->handle_ms ? (q->handle_ms * 7 + handled) / 8 : handled;
    rec->outcome = OUTCOME_CONNECTED;
  } else {
    if (c->queue_end == QUEUE_END_NONE) c->queue_end = c->ended_by == ENDED_BY_CALLEE ? QUEUE_END_LEFT : QUEUE_END_BROKEN;
    rec->outcome = c->queue_end == QUEUE_END_LEFT     ? OUTCOME_EARLY_HANGUP
                   : c->queue_end == QUEUE_END_BROKEN ? (c->cause == CAUSE_WORKER_LOST ? OUTCOME_INTERRUPTED : OUTCOME_FAILED)
                                                      : OUTCOME_NO_ANSWER;
  }
  if (c->queue_end == QUEUE_END_LEFT) {
    q->left++;
    q->left_wait_ms += c->queued_ms;
  }
  rec->queue_id = q->terms.id;
  rec->queue_end = c->queue_end;
  rec->queued_ms = c->queued_ms;
}
