/* Calls that agents order: a contact of their own choice. */
#include "dialer/control/inside.h"

/* May an agent order a call of this campaign now? */
int by_hand_may(struct control *k, struct campaign *p) {
  struct floor *f = &k->floor;
  if (p->state != CAMPAIGN_RUNNING || f->draining || f->pressure || f->clock_doubt || floor_store_rests(f) || !route_up(f, p->terms.trunk))
    return CAD_EREFUSED;
  route_fill(f, p->terms.trunk);
  const struct pacer_view view = launch_view(k, p);
  return view.lines_free == 0 || view.rate_free == 0 ? CAD_EFULL : CAD_OK;
}

/* Also a paused agent may call by hand: he is left alone by all others meanwhile, and paused again afterwards. */
static bool may_dial(const struct agent *a) { return (a->state == AGENT_READY || a->state == AGENT_PAUSED) && a->call == NOBODY; }

int launch_by_hand(struct control *k, struct agent *a, const struct lease *lease) {
  struct floor *f = &k->floor;
  const uint32_t campaign = campaign_find(f, lease->campaign_id);
  struct campaign *p = campaign == NOBODY ? NULL : &f->campaigns[campaign];
  int may = p && may_dial(a) && share_serves(f, a, campaign) ? by_hand_may(k, p) : CAD_EREFUSED;
  if (may >= 0 && (a->seat != SEAT_UP || a->seat_orphan)) { /* his phone first: an on-demand one rings only when there is work */
    if (a->hand.case_id != 0 && a->hand.case_id != lease->case_id) order_lease_drop(f, &a->hand);
    preview_forget(f, lease->case_id);
    launch_lease_forget(p, lease->case_id);
    a->hand = *lease;
    seat_check(f, a);
    return CAD_EBUSY;
  }
  const int way = may >= 0 ? launch_way(f, p) : -1;
  if (may >= 0 && way < 0) may = CAD_EFULL;
  if (may < 0) {
    order_lease_drop(f, lease);
    return may;
  }
  preview_forget(f, lease->case_id);
  launch_lease_forget(p, lease->case_id);
  launch_lease(k, campaign, way, lease, a);
  return CAD_OK;
}

/* A call by hand that waited for its agent's phone: it is made when the phone is up, and forgotten with its lease. */
void by_hand_held(struct control *k, struct agent *a) {
  struct floor *f = &k->floor;
  const struct lease lease = a->hand;
  if (lease.case_id == 0) return;
  if (lease.expires.ms <= f->now.wall.ms || !may_dial(a)) {
    a->hand = (struct lease){0};
    order_lease_drop(f, &lease);
    seat_check(f, a);
  } else if (a->seat == SEAT_UP && !a->seat_orphan) {
    a->hand = (struct lease){0};
    launch_by_hand(k, a, &lease);
    seat_check(f, a);
  }
}
