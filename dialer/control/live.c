/* The picture of the floor that pages and commands are drawn from. */
#include "dialer/control/inside.h"
#include <string.h>

static void campaign_live(const struct floor *f, const struct campaign *p, struct live_campaign *out) {
  *out = (struct live_campaign){.id = p->terms.id,
                                .state = p->state,
                                .mode = p->terms.mode,
                                .dialing = p->by_state[CALL_OPENING] + p->by_state[CALL_DIALING],
                                .ringing = p->by_state[CALL_RINGING] + p->by_state[CALL_CANCELLING],
                                .screening = p->by_state[CALL_SCREENING],
                                .waiting = p->by_state[CALL_WAITING] + p->by_state[CALL_CONNECTING],
                                .talking = p->by_state[CALL_TALKING],
                                .message = p->by_state[CALL_MESSAGE] + p->by_state[CALL_LEAVING],
                                .attempts = p->attempts,
                                .answered = p->answered,
                                .connected = p->connected,
                                .abandoned = p->abandoned,
                                .early_hangup = p->early_hangup,
                                .machines = p->machines,
                                .no_answer = p->no_answer,
                                .busy = p->busy,
                                .failed = p->failed,
                                .refused = p->refused,
                                .live_answers = p->live_answers,
                                .late_machines = p->late_machines,
                                .leases = p->lease_count,
                                .open = p->open,
                                .bound = p->bound,
                                .limit_bp = p->terms.limit_bp,
                                .talk_ms = p->talk_ms,
                                .wrapup_ms = p->wrapup_ms,
                                .ready_ms = p->ready_ms};
  memcpy(out->name, p->terms.name, sizeof out->name);
  for (uint32_t i = 0; i < f->agents_used; i++) { /* what is still going on counts too */
    const struct agent *a = &f->agents[i];
    if (&f->campaigns[a->campaign] != p) continue;
    uint64_t ms = (uint64_t)mono_since(f->now.mono, a->since);
    if (a->state == AGENT_TALKING) out->talk_ms += ms;
    if (a->state == AGENT_WRAPUP) out->wrapup_ms += ms;
    if (a->state == AGENT_READY || a->state == AGENT_RESERVED) out->ready_ms += ms;
  }
}

static void queues_live(const struct floor *f, const uint16_t place[FLOOR_CAMPAIGNS_MAX], struct live *out) {
  out->strange_calls = f->strange_calls;
  for (uint32_t i = 0; i < FLOOR_QUEUES_MAX && out->queue_count < LIVE_QUEUES_MAX; i++) {
    const struct queue *q = &f->queues[i];
    if (!q->used || (q->terms.gone && q->waiting == 0)) continue;
    struct live_queue *l = &out->queues[out->queue_count++];
    *l = (struct live_queue){.campaign = 0xffff,
                             .waiting = q->waiting,
                             .longest_ms = inbound_longest_ms(f, q),
                             .staff = inbound_staff(f, q, false),
                             .idle = inbound_staff(f, q, true),
                             .service_ms = q->terms.service_ms,
                             .offered = q->offered,
                             .served = q->served,
                             .in_time = q->in_time,
                             .left = q->left,
                             .timed_out = q->timed_out,
                             .full = q->full,
                             .closed = q->closed,
                             .overflowed = q->overflowed,
                             .refused = q->refused,
                             .served_wait_ms = q->served_wait_ms,
                             .left_wait_ms = q->left_wait_ms};
    memcpy(l->name, q->terms.name, sizeof l->name);
    for (uint32_t c = 0; c < FLOOR_CAMPAIGNS_MAX; c++)
      if (f->campaigns[c].used && f->campaigns[c].terms.id == q->terms.campaign_id) l->campaign = place[c];
    for (uint32_t c = 0; c < f->calls_max; c++) {
      const struct call *call = &f->calls[c];
      if (call->state == CALL_FREE || !call->inbound || call->queue != i) continue;
      l->greeting += call->state == CALL_GREETING;
      l->talking += call->state == CALL_TALKING || call->state == CALL_CONNECTING;
    }
  }
}

void control_live(const struct control *k, struct now now, struct live *out) {
  const struct floor *f = &k->floor;
  memset(out, 0, sizeof *out);
  out->version = LIVE_VERSION;
  out->at = now.wall;
  out->started = k->options.started;
  out->draining = f->draining;
  out->calls = f->calls_used;
  out->calls_limit = f->calls_max;
  out->credits = f->credit_count;
  out->late_mail = f->late_mail;
  out->ignored_events = f->ignored_events;
  out->refused_orders = f->refused_orders;
  out->sip_restarts = (uint32_t)f->sip_restarts;
  for (unsigned i = 0; i < f->trunk_count && i < LIVE_TRUNKS_MAX; i++) {
    const struct trunk *t = &f->trunks[i];
    struct live_trunk *l = &out->trunks[out->trunk_count++];
    *l = (struct live_trunk){.state = t->state,
                             .status = t->status,
                             .used = t->used,
                             .channels = t->channels,
                             .attempts = t->attempts,
                             .answered = t->answered,
                             .reached = t->reached,
                             .rang = t->rang,
                             .pdd_ms = t->pdd_ms};
    memcpy(l->by_cause, t->by_cause, sizeof l->by_cause);
  }
  uint16_t place[FLOOR_CAMPAIGNS_MAX];
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) {
    place[i] = 0xffff;
    if (!f->campaigns[i].used || out->campaign_count == LIVE_CAMPAIGNS_MAX) continue;
    place[i] = out->campaign_count;
    campaign_live(f, &f->campaigns[i], &out->campaigns[out->campaign_count]);
    out->campaigns[out->campaign_count++].second = k->seconds[i];
  }
  queues_live(f, place, out);
  for (uint32_t i = 0; i < f->agents_used && out->agent_count < LIVE_AGENTS_MAX; i++) {
    const struct agent *a = &f->agents[i];
    struct live_agent *l = &out->agents[out->agent_count++];
    l->id = a->id;
    memcpy(l->name, a->name, sizeof l->name);
    l->state = a->state;
    l->seat_up = a->seat == SEAT_UP;
    l->campaign = place[a->campaign];
    l->calls = a->calls;
    l->late_machine = a->call != NOBODY ? f->calls[a->call].late_reason : 0;
    l->phone = a->call != NOBODY ? f->calls[a->call].lease.phone : 0;
    if (a->call != NOBODY || a->state == AGENT_WRAPUP) {
      l->attempt = a->call != NOBODY ? f->calls[a->call].attempt_id : a->last_attempt;
      l->case_id = a->case_id;
    }
    memcpy(l->pause, a->pause, sizeof l->pause);
    if (a->resting) l->rests_until = wall_of(now, timers_when(f->timers, timer_of_wrapup(f, i)));
    if (a->shown.case_id) {
      const uint32_t wait_ms = f->campaigns[a->campaign].terms.preview_ms;
      l->shown_case = a->shown.case_id;
      l->shown_phone = a->shown.phone;
      l->shown_tries = a->shown.tries;
      l->shown_at = wall_of(now, a->shown_at);
      if (wait_ms) l->dials_at = wall_add(l->shown_at, wait_ms);
    }
    l->since = wall_of(now, a->since);
  }
}
