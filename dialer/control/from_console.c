/* What people order: agents' states, dispositions, drain. Each order gets one reply. */
#include "dialer/control/inside.h"
#include <stdio.h>

static void reply_of(struct floor *f, uint64_t ticket, int err, const char *text, uint64_t attempt) {
  struct mail *m = outbox_add(f->out, SPOKE_ORDER, 0, ORDER_REPLY, f->now.mono);
  m->u.order_reply.ticket = ticket;
  m->u.order_reply.err = err;
  m->u.order_reply.attempt_id = attempt;
  snprintf(m->u.order_reply.text, sizeof m->u.order_reply.text, "%s", text);
}

static void reply(struct floor *f, uint64_t ticket, int err, const char *text) { reply_of(f, ticket, err, text, 0); }

static void order_dial(struct control *k, const struct mail_order_dial *o) {
  struct floor *f = &k->floor;
  struct agent *a = agent_by_id(f, o->agent_id);
  const int err = a ? launch_by_hand(k, a, &o->lease) : CAD_ENOENT;
  if (!a) order_lease_drop(f, &o->lease);
  const char *text = err == CAD_OK       ? "dialing"
                     : err == CAD_EBUSY  ? "the agent's phone rings first, then the contact's"
                     : err == CAD_EFULL  ? "no line is free"
                     : err == CAD_ENOENT ? "the floor does not know this agent"
                                         : "the agent cannot call now: logged out, with a call in hand, or the campaign is not dialing";
  if (err < 0 && err != CAD_EBUSY) f->refused_orders++;
  reply(f, o->ticket, err == CAD_EBUSY ? CAD_OK : err, text);
}

static const char ANOTHER[] = "another contact is shown to this agent by now";

static void order_agent(struct control *k, const struct mail *m) {
  struct floor *f = &k->floor;
  const struct mail_order_agent *o = &m->u.order_agent;
  struct agent *a = agent_by_id(f, o->agent_id);
  if (!a) {
    reply(f, o->ticket, CAD_ENOENT, "the floor does not know this agent");
    return;
  }
  char text[MAIL_TEXT_MAX];
  int err = CAD_OK;
  uint64_t attempt = m->kind == ORDER_DISPOSE ? a->last_attempt : 0;
  switch ((enum mail_kind)m->kind) {
  case ORDER_AGENT:
    if (o->state == AGENT_PAUSED) agent_pause_for(f, a, o->code);
    err = agent_want(f, a, (enum agent_state)o->state);
    snprintf(text, sizeof text, "%s is %s%s", a->name, agent_state_name((enum agent_state)a->state),
             err < 0                 ? " (the box is draining)"
             : a->state != a->wanted ? "; the order takes effect after this call"
                                     : "");
    break;
  case ORDER_DISPOSE:
    err = agent_dispose(f, a, o->code);
    snprintf(text, sizeof text, "%s", err < 0 ? "no call to dispose: the agent is neither talking nor in wrap-up" : "disposed");
    break;
  case ORDER_SKIP:
    err = o->reason < SKIP_REASON_COUNT ? preview_skip(k, a, o->case_id, (enum skip_reason)o->reason) : CAD_EINVAL;
    snprintf(text, sizeof text, "%s", err >= 0 ? "skipped" : err == CAD_EBUSY ? ANOTHER : "no contact is shown to this agent");
    break;
  default:
    err = preview_accept(k, a, o->case_id);
    snprintf(text, sizeof text, "%s",
             err == CAD_OK      ? "dialing"
             : err == CAD_EMPTY ? "no contact is due"
             : err == CAD_EFULL ? "no line is free"
             : err == CAD_EBUSY ? ANOTHER
                                : "the agent cannot take a call now");
    break;
  }
  if (err < 0) f->refused_orders++;
  reply_of(f, o->ticket, err, text, attempt);
}

/* Not even the calls in flight are waited for: each gets its hang-up and its row, each talk its disposition. */
static void stop_now(struct floor *f) {
  f->stopping = true;
  for (uint32_t i = 0; i < f->calls_max; i++)
    if (f->calls[i].state > CALL_OPENING && f->calls[i].state < CALL_ENDING) call_event(f, &f->calls[i], EV_STOP);
  for (uint32_t i = 0; i < f->agents_used; i++) agent_wrapup_over(f, &f->agents[i]);
}

static void drop_leases(struct floor *f) {
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) {
    struct campaign *p = &f->campaigns[i];
    for (; p->lease_count; p->lease_count--) {
      order_lease_drop(f, &p->leases[p->lease_head]);
      p->lease_head = (p->lease_head + 1) % FLOOR_LEASES_MAX;
    }
    p->lease_next = MONO_NONE;
    p->pace_now = p->used;
  }
  preview_drop_all(f, 0);
}

/* What was leased by a clock that jumped, or that cannot be believed, goes back to the list and is judged afresh. */
static void clock_order(struct floor *f, const struct mail_order_clock *o) {
  f->clock_doubt = !o->trusted;
  if (o->stepped || !o->trusted) drop_leases(f);
  outbox_add(f->out, SPOKE_STORE, 0, STORE_CLOCK, f->now.mono)->u.order_clock = *o;
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) f->campaigns[i].pace_now = f->campaigns[i].used;
}

void from_console(struct control *k, const struct mail *m) {
  struct floor *f = &k->floor;
  if (m->kind == ORDER_CLOCK) {
    clock_order(f, &m->u.order_clock);
    return;
  }
  if (m->kind == ORDER_TRUNK) {
    const struct mail_order_trunk *o = &m->u.order_trunk;
    if (o->trunk < f->trunk_count) {
      f->trunks[o->trunk].channels = o->channels;
      f->trunks[o->trunk].calls_per_s = o->calls_per_s;
    }
    return;
  }
  if (m->kind == ORDER_HEARD) { /* mail comes in order: what was posted before it has been read */
    reply(f, m->u.order.ticket, CAD_OK, "heard");
    return;
  }
  if (m->kind == ORDER_DIAL) {
    order_dial(k, &m->u.order_dial);
    return;
  }
  if (m->kind != ORDER_DRAIN) {
    order_agent(k, m);
    return;
  }
  f->draining = true;
  drop_leases(f);
  if (m->u.order.now) stop_now(f);
  reply(f, m->u.order.ticket, CAD_OK, "draining: no new calls");
}
