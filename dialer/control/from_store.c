/* What the store says: terms, leases, permissions, durable outcomes. */
#include "dialer/control/inside.h"

static void leased(struct control *k, const struct lease *lease) {
  struct floor *f = &k->floor;
  uint32_t i = campaign_find(f, lease->campaign_id);
  struct campaign *p = i == NOBODY ? NULL : &f->campaigns[i];
  if (!p || p->state == CAMPAIGN_STOPPED || f->draining || p->lease_count == FLOOR_LEASES_MAX) {
    order_lease_drop(f, lease);
    return;
  }
  p->leases[(p->lease_head + p->lease_count++) % FLOOR_LEASES_MAX] = *lease; /* STORE_LEASE_END wakes the pacer */
}

static void lease_end(struct floor *f, const struct mail_store_lease_end *end) {
  uint32_t i = campaign_find(f, end->campaign_id);
  if (i == NOBODY) return;
  struct campaign *p = &f->campaigns[i];
  p->lease_asked = false;
  if (floor_store_rests(f)) { /* it was not asked: what it says of the list means nothing */
    p->lease_next = f->store_rests_until;
    p->pace_now = true;
    return;
  }
  p->open = end->open;
  p->hours_closed = end->closed;
  p->list_known = true;
  if (end->closes.ms) p->closes = end->closes;
  if (end->given == 0) { /* nothing due: ask again soon, or when the store says a contact falls due */
    int64_t wait = end->next.ms > f->now.wall.ms ? end->next.ms - f->now.wall.ms : 2000;
    if (wait > 2000) wait = 2000; /* new contacts may be loaded meanwhile */
    p->lease_next = mono_add(f->now.mono, wait);
  }
  p->pace_now = true;
}

static void opened(struct floor *f, const struct mail *m) {
  const struct mail_store_opened *o = &m->u.store_opened;
  struct call *c = call_find(f, o->slot, o->gen);
  if (!c || c->state != CALL_OPENING) return;
  f->opening--;
  if (m->kind == STORE_REFUSED) {
    call_event(f, c, EV_REFUSED);
    return;
  }
  c->message_refused = o->message;
  /* The box may have changed its mind while the disk wrote. */
  const struct campaign *p = &f->campaigns[c->campaign];
  bool dial = p->state == CAMPAIGN_RUNNING && !f->draining && !f->clock_doubt && f->worker_up[f->trunks[c->trunk].listener];
  call_event(f, c, dial ? EV_OPENED : EV_GIVE_UP);
}

static void trouble(struct floor *f, const struct mail_store_trouble *t) {
  f->store_rests_until = t->err < 0 ? mono_add(f->now.mono, t->rest_ms) : MONO_NONE;
  if (t->err < 0) return;
  for (uint32_t i = 0; i < FLOOR_CAMPAIGNS_MAX; i++) { /* it is over: every list is asked at once */
    f->campaigns[i].lease_next = MONO_NONE;
    f->campaigns[i].pace_now = f->campaigns[i].used;
  }
}

void from_store(struct control *k, const struct mail *m) {
  struct floor *f = &k->floor;
  switch ((enum mail_kind)m->kind) {
  case STORE_CAMPAIGN: launch_campaign_set(k, &m->u.store_campaign); break;
  case STORE_AGENT: agent_add(f, &m->u.store_agent); break;
  case STORE_LEASED: leased(k, &m->u.store_lease); break;
  case STORE_LEASE_END: lease_end(f, &m->u.store_lease_end); break;
  case STORE_OPENED:
  case STORE_REFUSED: opened(f, m); break;
  case STORE_CLOSED: {
    struct call *c = call_find(f, m->u.store_opened.slot, m->u.store_opened.gen);
    if (c) call_event(f, c, EV_CLOSED);
    break;
  }
  case STORE_QUEUE: inbound_queue_set(f, &m->u.store_queue); break;
  case STORE_DID: inbound_did_set(f, &m->u.store_did); break;
  case STORE_ARRIVED:
    if (m->u.store_arrived.err >= 0 && m->u.store_arrived.contact.case_id) /* who is on the line is not called */
      launch_drop_number(k, m->u.store_arrived.contact.phone);
    inbound_arrived(f, &m->u.store_arrived);
    break;
  case STORE_WINDOWS: launch_windows_set(k, &m->u.store_windows); break;
  case STORE_TROUBLE: trouble(f, &m->u.store_trouble); break;
  case STORE_KNOWN: order_know(f, &m->u.media_know); break;
  case STORE_DNC_ADDED: launch_drop_number(k, m->u.store_opt_out.phone); break;
  default: break;
  }
}
