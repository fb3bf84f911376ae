/* referee_adapter.c — the engine behind the four functions of a floor simulator (referee.h, found by
 * CADENCIA_REFEREE_DIR). In this library the engine's own names begin with engine_ (see CMakeLists.txt). */
#include <pacing/pacer.h>
#undef pacer_create
#undef pacer_event
#undef pacer_decide
#undef pacer_destroy
#include "referee.h"
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))
EXPORT void *pacer_create(const ref_cfg *cfg);
EXPORT void pacer_event(void *handle, const ref_event *e);
EXPORT int pacer_decide(void *handle, const ref_obs *obs, int *cancel_ids, int *n_cancel);
EXPORT void pacer_destroy(void *handle);

struct adapter {
  struct pacer *engine;
  double cps, tokens, at;
};

/* Not a number, or out of any sense: 0, which the engine refuses where it matters. */
static uint32_t ms_of(double s) { return s > 0 && s < 1e6 ? (uint32_t)(s * 1000.0 + 0.5) : 0; }
static uint32_t bp_of(double share) { return share > 0 && share <= 1 ? (uint32_t)(share * 10000.0 + 0.5) : 0; }

void *pacer_create(const ref_cfg *cfg) {
  struct adapter *a = calloc(1, sizeof *a);
  if (!a) return NULL;
  const uint32_t min_ring_ms = ms_of(cfg->min_ring) < 15000 ? 15000 : ms_of(cfg->min_ring);
  const uint32_t max_ring_ms = ms_of(cfg->ring_timeout);
  a->engine = engine_create(&(struct pacer_params){.mode = PACER_PREDICTIVE,
                                                   .limit_bp = bp_of(cfg->cap),
                                                   .detector_fp_bp = bp_of(cfg->fp_est),
                                                   .min_ring_ms = min_ring_ms + 1, /* stamps are cut to whole ms */
                                                   .max_ring_ms = max_ring_ms <= min_ring_ms ? min_ring_ms + 1 : max_ring_ms,
                                                   .max_wait_ms = ms_of(cfg->max_wait),
                                                   .max_agents = (uint32_t)cfg->agents,
                                                   .max_calls = (uint32_t)cfg->trunks + 64,
                                                   .screening = true,
                                                   .discount_machines = true});
  a->cps = cfg->cps > 0 ? cfg->cps : 0;
  if (!a->engine) {
    free(a);
    return NULL;
  }
  return a;
}

static int kind_of(int type) {
  switch (type) {
  case EV_LAUNCH: return PACER_CALL_LAUNCHED;
  case EV_RING: return PACER_CALL_RINGING;
  case EV_ANSWER: return PACER_CALL_ANSWERED;
  case EV_OFFER: return PACER_CALL_PERSON;
  case EV_CONNECT: return PACER_CALL_CONNECTED;
  case EV_ABANDON: return PACER_CALL_ABANDONED;
  case EV_MACHINE:
  case EV_NOANSWER:
  case EV_BUSY:
  case EV_SIT:
  case EV_CANCELLED: return PACER_CALL_ENDED;
  case EV_AG_LOGIN: return PACER_AGENT_LOGIN;
  case EV_AG_IDLE: return PACER_AGENT_READY;
  case EV_AG_TALK: return PACER_AGENT_TALKING;
  case EV_AG_WRAP: return PACER_AGENT_WRAPUP;
  case EV_AG_BREAK: return PACER_AGENT_PAUSED;
  case EV_AG_LOGOUT: return PACER_AGENT_LOGOUT;
  case EV_IN_ARRIVE: return PACER_INBOUND;
  default: return -1;
  }
}

void pacer_event(void *handle, const ref_event *e) {
  struct adapter *a = handle;
  const int kind = kind_of(e->type);
  if (kind < 0) return;
  struct engine_event out = {.kind = (enum pacer_event_kind)kind,
                             .at_ms = (int64_t)(e->t * 1000.0),
                             .call = (uint32_t)e->call,
                             .agent = (uint32_t)e->agent,
                             .segment = (uint16_t)e->seg,
                             .inbound = e->kind == 2};
  engine_event(a->engine, &out);
  /* An abandoned or finished call frees its id at once there. */
  if (e->type == EV_ABANDON) out.kind = PACER_CALL_ENDED, engine_event(a->engine, &out);
  if (e->type == EV_CONNECT) out.kind = PACER_CALL_ENDED, engine_event(a->engine, &out);
  if (e->type == EV_AG_WRAP && e->kind == 1) out.kind = PACER_AGENT_MACHINE, engine_event(a->engine, &out);
}

int pacer_decide(void *handle, const ref_obs *obs, int *cancel_ids, int *n_cancel) {
  struct adapter *a = handle;
  a->tokens += (obs->t - a->at) * a->cps, a->at = obs->t;
  const double most = a->cps > 1 ? a->cps : 1;
  if (a->tokens > most) a->tokens = most;
  struct pacer_orders orders;
  engine_decide(a->engine,
                &(struct pacer_view){.now_ms = (int64_t)(obs->t * 1000.0),
                                     .lines_free = obs->chan_free > 0 ? (uint32_t)obs->chan_free : 0,
                                     .rate_free = (uint32_t)a->tokens,
                                     .contacts = (uint32_t)obs->n_next,
                                     .hours_open = true,
                                     .end_in_ms = (int64_t)((obs->t_end - obs->t) * 1000.0) + 1,
                                     .inbound_waiting = (uint32_t)obs->in_queue,
                                     .segments = obs->next_seg,
                                     .segment_count = (uint32_t)obs->n_next},
                &orders);
  for (uint32_t i = 0; i < orders.give_up_count; i++) cancel_ids[i] = (int)orders.give_up[i];
  *n_cancel = (int)orders.give_up_count;
  a->tokens -= orders.launch;
  return (int)orders.launch;
}

void pacer_destroy(void *handle) {
  struct adapter *a = handle;
  if (!a) return;
  engine_destroy(a->engine);
  free(a);
}
