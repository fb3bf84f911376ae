/* The floor as a whole: memory, credits, the pacers' ears, the invariants. */
#include "dialer/floor/floor.h"
#include <stdlib.h>
#include <string.h>

int floor_init(struct floor *f, uint32_t calls_max, uint32_t agents_max, uint16_t box) {
  memset(f, 0, sizeof *f);
  f->calls_max = calls_max;
  f->agents_max = agents_max;
  f->credit_max = (calls_max + agents_max) * FLOOR_LISTENERS_MAX;
  f->ids.box = box;
  f->calls = calloc(calls_max, sizeof *f->calls);
  f->agents = calloc(agents_max, sizeof *f->agents);
  f->campaigns = calloc(FLOOR_CAMPAIGNS_MAX, sizeof *f->campaigns);
  f->queues = calloc(FLOOR_QUEUES_MAX, sizeof *f->queues);
  f->credits = calloc(f->credit_max, sizeof *f->credits);
  f->timers = timers_create(calls_max + 2 * agents_max + FLOOR_CAMPAIGNS_MAX);
  if (!f->calls || !f->agents || !f->campaigns || !f->queues || !f->credits || !f->timers) {
    floor_free(f);
    return CAD_ENOMEM;
  }
  for (uint32_t i = 0; i < calls_max; i++) f->calls[i].next = i + 1 < calls_max ? i + 1 : NOBODY;
  f->call_free = calls_max ? 0 : NOBODY;
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) f->campaigns[i].wait_head = f->campaigns[i].wait_tail = NOBODY;
  for (uint32_t i = 0; i < FLOOR_QUEUES_MAX; i++) f->queues[i].head = f->queues[i].tail = NOBODY;
  return CAD_OK;
}

void floor_free(struct floor *f) {
  if (f->campaigns)
    for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) pacer_destroy(f->campaigns[i].pacer);
  free(f->calls);
  free(f->agents);
  free(f->campaigns);
  free(f->queues);
  free(f->credits);
  timers_destroy(f->timers);
  memset(f, 0, sizeof *f);
}

static void take_credit(struct floor *f, uint32_t at, struct session *session, uint16_t *port) {
  const struct credit c = f->credits[at];
  f->credits[at] = f->credits[--f->credit_count];
  f->credits_at[c.listener]--;
  *session = c.session;
  *port = c.port;
}

/* The oldest first would be fairer to ports at rest; media rests them before it announces, so the last is as good. */
int floor_credit_take(struct floor *f, struct session *session, uint16_t *port) {
  if (f->credit_count == 0) return CAD_EFULL;
  take_credit(f, f->credit_count - 1, session, port);
  return CAD_OK;
}

bool floor_credit_has(const struct floor *f, uint16_t listener) {
  return f->credits_by_listener ? listener < FLOOR_LISTENERS_MAX && f->credits_at[listener] > 0 : f->credit_count > 0;
}

int floor_credit_take_at(struct floor *f, uint16_t listener, struct session *session, uint16_t *port) {
  if (!f->credits_by_listener) return floor_credit_take(f, session, port);
  if (!floor_credit_has(f, listener)) return CAD_EFULL;
  for (uint32_t i = f->credit_count; i-- > 0;) {
    if (f->credits[i].listener != listener) continue;
    take_credit(f, i, session, port);
    return CAD_OK;
  }
  return CAD_EFULL;
}

void floor_credit_add(struct floor *f, const struct mail_media_credit *credit) {
  if (f->credit_count == f->credit_max || credit->listener >= FLOOR_LISTENERS_MAX) return;
  f->credits[f->credit_count++] = (struct credit){credit->session, credit->port, credit->listener};
  f->credits_at[credit->listener]++;
  if (credit->listener > 0) f->credits_by_listener = true;
}

void floor_tell_pacer(struct floor *f, uint32_t campaign, enum pacer_event_kind kind, uint32_t call, uint32_t agent, uint16_t segment) {
  struct campaign *p = &f->campaigns[campaign];
  if (!p->pacer) return;
  struct pacer_event e = {.kind = kind, .at_ms = f->now.mono.ms, .call = call, .agent = agent, .segment = segment};
  pacer_event(p->pacer, &e);
}

void floor_tell_closed(struct floor *f, uint32_t campaign, uint32_t call, enum pacer_class closed) {
  const struct campaign *p = &f->campaigns[campaign];
  struct pacer_event e = {.kind = PACER_CALL_ENDED, .at_ms = f->now.mono.ms, .call = call, .closed = (uint8_t)closed};
  if (p->pacer) pacer_event(p->pacer, &e);
}

static const char *check_calls(const struct floor *f) {
  uint32_t used = 0, by_campaign[FLOOR_CAMPAIGNS_MAX] = {0};
  for (uint32_t i = 0; i < f->calls_max; i++) {
    const struct call *c = &f->calls[i];
    if (c->state == CALL_FREE) continue;
    used++;
    by_campaign[c->campaign]++;
    bool with_agent = c->state == CALL_CONNECTING || c->state == CALL_TALKING;
    if (with_agent && (c->agent == NOBODY || f->agents[c->agent].call != i)) return "a call in talk whose agent does not know it";
    if (c->state == CALL_FREE && timers_armed(f->timers, i)) return "a deadline of no call";
    if (c->state == CALL_CLOSING && c->session.gen != 0) return "a closed call that keeps its session";
  }
  if (used != f->calls_used) return "calls in use do not add up";
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) {
    const struct campaign *p = &f->campaigns[i];
    uint32_t sum = 0;
    for (int s = 0; s < CALL_STATE_COUNT; s++) sum += p->by_state[s];
    if (sum != p->in_flight || by_campaign[i] != p->in_flight) return "a campaign's calls do not add up";
  }
  return NULL;
}

/* Whoever is queued waits in his queue, and nobody else does. */
static const char *check_queues(const struct floor *f) {
  uint32_t queued = 0, waiting = 0;
  for (uint32_t i = 0; i < f->calls_max; i++) queued += f->calls[i].state == CALL_QUEUED;
  for (uint32_t i = 0; i < FLOOR_QUEUES_MAX; i++) {
    const struct queue *q = &f->queues[i];
    uint32_t n = 0;
    for (uint32_t slot = q->head; slot != NOBODY && n <= f->calls_max; slot = f->calls[slot].next, n++) {
      if (f->calls[slot].state != CALL_QUEUED || f->calls[slot].queue != i) return "a queue holds a call that does not wait there";
      if (!timers_armed(f->timers, slot)) return "a caller waits without a deadline";
    }
    if (n != q->waiting) return "a queue's callers do not add up";
    waiting += n;
  }
  return waiting == queued ? NULL : "a caller waits in no queue";
}

const char *floor_check(const struct floor *f) {
  const char *broken = check_calls(f);
  if (!broken) broken = check_queues(f);
  if (broken) return broken;
  for (uint32_t i = 0; i < f->agents_used; i++) {
    const struct agent *a = &f->agents[i];
    bool busy = a->state == AGENT_RESERVED || a->state == AGENT_TALKING;
    if (busy != (a->call != NOBODY)) return "an agent's state and call disagree";
    if (a->call != NOBODY && f->calls[a->call].state == CALL_FREE) return "an agent holds a call that ended";
    if (a->call != NOBODY)
      for (uint32_t j = i + 1; j < f->agents_used; j++)
        if (f->agents[j].call == a->call) return "two agents on one call";
  }
  for (unsigned t = 0; t < f->trunk_count; t++) {
    uint32_t used = 0;
    for (uint32_t i = 0; i < f->calls_max; i++)
      used += f->calls[i].state != CALL_FREE && f->calls[i].state != CALL_CLOSING && f->calls[i].trunk == t;
    if (used != f->trunks[t].used) return "a trunk's channels do not add up";
  }
  return NULL;
}
