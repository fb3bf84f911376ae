/* The trace: one record for each second in which the pacer was asked. */
#include "pacer_state.h"

enum { SECOND_MS = 1000 };

void trace_turn(struct pacer *p, int64_t at_ms) {
  const int64_t begin_ms = at_ms - at_ms % SECOND_MS;
  if (p->second.decisions > 0 && begin_ms <= p->second.at_ms) return;
  if (p->second.decisions > 0) {
    p->done = p->second, p->has_done = true;
    p->second = (struct pacer_second){0};
  }
  p->second.at_ms = begin_ms;
}

void trace_event(struct pacer *p, enum pacer_event_kind kind) {
  struct pacer_second *s = &p->second;
  switch (kind) {
  case PACER_CALL_LAUNCHED: s->launched++; break;
  case PACER_CALL_CONNECTED: s->connected++; break;
  case PACER_CALL_ABANDONED: s->abandoned++; break;
  case PACER_CALL_EARLY_HANGUP: s->early++; break;
  default: break;
  }
}

void trace_decision(struct pacer *p, const struct pacer_orders *orders) {
  struct pacer_second *s = &p->second;
  s->decisions++;
  s->ordered += orders->launch;
  s->given_up += orders->give_up_count;
  if (orders->launch > 0 || s->ordered == 0) s->why = orders->why;
}

bool pacer_trace(struct pacer *p, struct pacer_second *out) {
  if (!p->has_done) return false;
  p->has_done = false;
  *out = p->done;
  return true;
}
