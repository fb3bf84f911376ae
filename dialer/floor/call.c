/* The arena of calls and the queue of those that wait for an agent. */
#include "dialer/floor/floor.h"
#include <string.h>

static const char *const STATES[CALL_STATE_COUNT] = {"free",      "opening",  "dialing", "ringing",   "cancelling", "offered",
                                                     "accepting", "greeting", "queued",  "screening", "waiting",    "connecting",
                                                     "talking",   "leaving",  "message", "ending",    "closing"};
static const char *const EVENTS[CALL_EVENT_COUNT] = {"opened",      "refused", "ringing",   "answered",    "over",     "person",
                                                     "not_person",  "agent",   "bridged",   "deadline",    "played",   "opt_out",
                                                     "seat_lost",   "hang_up", "dead",      "give_up",     "patience", "stop",
                                                     "worker_lost", "closed",  "turn_away", "caller_back", "leave",    "anyway"};

const char *call_state_name(enum call_state s) { return (unsigned)s < CALL_STATE_COUNT ? STATES[s] : "?"; }
const char *call_event_name(enum call_event e) { return (unsigned)e < CALL_EVENT_COUNT ? EVENTS[e] : "?"; }

/* event: enum call_event, or OUTBOX_NO_EVENT. */
void call_moved(struct floor *f, const struct call *c, unsigned from, unsigned to, unsigned event) {
  outbox_move(
      f->out,
      (struct out_move){
          .from = (uint8_t)from, .to = (uint8_t)to, .event = (uint8_t)event, .slot = call_slot(f, c), .gen = c->gen, .id = c->attempt_id});
}

struct call *call_new(struct floor *f, uint32_t campaign, const struct lease *lease) {
  if (f->call_free == NOBODY) return NULL;
  struct call *c = &f->calls[f->call_free];
  f->call_free = c->next;
  uint32_t gen = c->gen + 1;
  memset(c, 0, sizeof *c);
  c->gen = gen ? gen : 1;
  c->state = CALL_OPENING;
  c->campaign = (uint16_t)campaign;
  c->trunk = f->campaigns[campaign].terms.trunk;
  c->agent = c->dedicated = c->next = NOBODY;
  c->lease = *lease;
  c->since = c->launched = f->now.mono;
  c->attempt_id = id_next(&f->ids, f->now.wall);
  f->campaigns[campaign].by_state[CALL_OPENING]++;
  f->campaigns[campaign].in_flight++;
  f->calls_used++;
  call_moved(f, c, CALL_FREE, CALL_OPENING, OUTBOX_NO_EVENT);
  return c;
}

void call_free(struct floor *f, struct call *c) {
  timers_clear(f->timers, timer_of_call(f, call_slot(f, c)));
  struct campaign *p = &f->campaigns[c->campaign];
  p->by_state[c->state]--;
  p->in_flight--;
  p->inbound -= c->inbound;
  call_moved(f, c, c->state, CALL_FREE, OUTBOX_NO_EVENT);
  c->state = CALL_FREE;
  c->next = f->call_free;
  f->call_free = call_slot(f, c);
  f->calls_used--;
}

struct call *call_find(struct floor *f, uint32_t slot, uint32_t gen) {
  if (slot < f->calls_max && f->calls[slot].state != CALL_FREE && f->calls[slot].gen == gen) return &f->calls[slot];
  f->late_mail++;
  return NULL;
}

/* A caller waits in his queue, a callee in his campaign. */
struct line {
  uint32_t *head, *tail, *count;
};
static struct line line_of(struct floor *f, const struct call *c) {
  if (c->inbound) {
    struct queue *q = &f->queues[c->queue];
    return (struct line){&q->head, &q->tail, &q->waiting};
  }
  struct campaign *p = &f->campaigns[c->campaign];
  return (struct line){&p->wait_head, &p->wait_tail, &p->waiting};
}

void waitq_push(struct floor *f, struct call *c, bool front) {
  struct line l = line_of(f, c);
  uint32_t slot = call_slot(f, c);
  c->next = NOBODY;
  ++*l.count;
  if (*l.head == NOBODY) {
    *l.head = *l.tail = slot;
  } else if (front) {
    c->next = *l.head;
    *l.head = slot;
  } else {
    f->calls[*l.tail].next = slot;
    *l.tail = slot;
  }
}

void waitq_remove(struct floor *f, struct call *c) {
  struct line l = line_of(f, c);
  uint32_t slot = call_slot(f, c), before = NOBODY;
  for (uint32_t i = *l.head; i != NOBODY; before = i, i = f->calls[i].next) {
    if (i != slot) continue;
    if (before == NOBODY)
      *l.head = c->next;
    else
      f->calls[before].next = c->next;
    if (*l.tail == slot) *l.tail = before;
    c->next = NOBODY;
    --*l.count;
    if (c->inbound) c->queued_ms += (uint32_t)mono_since(f->now.mono, c->queued);
    return;
  }
}

struct call *waitq_head(struct floor *f, uint32_t campaign) {
  uint32_t slot = f->campaigns[campaign].wait_head;
  return slot == NOBODY ? NULL : &f->calls[slot];
}
