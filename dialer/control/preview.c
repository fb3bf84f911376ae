/* Preview: an idle agent is shown the next contact, and has it dialed, skips it with a reason, or lets the campaign's time dial
 * it. Meanwhile the contact is leased to him alone; the gate judges the attempt as any other. */
#include "dialer/control/inside.h"

enum { KEEP_EVERY_MS = 20000, LOOK_AGAIN_MS = 1000 };

void preview_drop_all(struct floor *f, uint64_t phone) {
  for (uint32_t i = 0; i < f->agents_used; i++)
    if (phone == 0 || f->agents[i].shown.phone == phone) agent_unshow(f, &f->agents[i]);
}

void preview_forget(struct floor *f, uint64_t case_id) {
  for (uint32_t i = 0; i < f->agents_used; i++) {
    struct agent *a = &f->agents[i];
    if (a->shown.case_id != case_id) continue;
    a->shown = (struct lease){0};
    f->agent_moves++;
  }
}

/* Whose phone would be rung for the call is shown contacts too, if it can be rung. */
static bool may_look(const struct agent *a) {
  if (!a->used || a->state != AGENT_READY || a->call != NOBODY || a->resting || a->hand.case_id != 0) return false;
  return agent_available(a) || (!a->nailed && (!seat_registers(a) || a->phone_up));
}

/* The store forgets a lease after a while; what somebody looks at stays his. */
static void keep(struct floor *f, struct agent *a) {
  const int64_t ms = mono_since(f->now.mono, a->shown_kept);
  if (ms < KEEP_EVERY_MS) return;
  a->shown.expires = wall_add(a->shown.expires, ms);
  a->shown_kept = f->now.mono;
  outbox_add(f->out, SPOKE_STORE, 0, STORE_LEASE_KEEP, f->now.mono)->u.store_lease = a->shown;
}

static void show(struct floor *f, uint32_t campaign, struct agent *a) {
  struct agent *owner;
  if (!launch_lease_take(f, campaign, a, &a->shown, &owner)) return;
  a->shown_at = a->shown_kept = f->now.mono;
  f->agent_moves++;
}

static int dial(struct control *k, struct agent *a) {
  const struct lease lease = a->shown;
  a->shown = (struct lease){0};
  k->floor.agent_moves++;
  const int err = launch_by_hand(k, a, &lease);
  return err == CAD_EBUSY ? CAD_OK : err; /* his phone is rung first */
}

int64_t preview_pace(struct control *k, uint32_t campaign) {
  struct floor *f = &k->floor;
  struct campaign *p = &f->campaigns[campaign];
  const bool open = p->terms.mode == PACING_PREVIEW && p->state == CAMPAIGN_RUNNING && !f->draining && !f->clock_doubt;
  int64_t again = LOOK_AGAIN_MS;
  for (uint32_t i = 0; i < f->agents_used; i++) {
    struct agent *a = &f->agents[i];
    if (a->campaign != campaign) continue;
    if (!open || !may_look(a)) {
      agent_unshow(f, a);
      continue;
    }
    if (a->shown.case_id == 0) show(f, campaign, a);
    if (a->shown.case_id == 0) continue;
    keep(f, a);
    const int64_t left = (int64_t)p->terms.preview_ms - mono_since(f->now.mono, a->shown_at);
    if (p->terms.preview_ms && left <= 0 && by_hand_may(k, p) >= 0)
      dial(k, a);
    else if (p->terms.preview_ms && left > 0 && left < again)
      again = left;
  }
  return again;
}

int preview_accept(struct control *k, struct agent *a, uint64_t case_id) {
  struct floor *f = &k->floor;
  const uint32_t campaign = a->campaign;
  if (a->shown.case_id == 0 && case_id == 0 && agent_available(a)) show(f, campaign, a);
  if (case_id != 0 && a->shown.case_id != case_id) return CAD_EBUSY;
  if (a->shown.case_id == 0) return agent_available(a) ? CAD_EMPTY : CAD_EREFUSED;
  const int may = by_hand_may(k, &f->campaigns[campaign]);
  if (may >= 0) return dial(k, a);
  if (f->campaigns[campaign].terms.mode != PACING_PREVIEW) agent_unshow(f, a); /* nobody would look at it */
  return may;
}

int preview_skip(struct control *k, struct agent *a, uint64_t case_id, enum skip_reason reason) {
  struct floor *f = &k->floor;
  struct campaign *p = &f->campaigns[a->campaign];
  if (a->shown.case_id == 0) return CAD_EMPTY;
  if (case_id != 0 && a->shown.case_id != case_id) return CAD_EBUSY;
  outbox_add(f->out, SPOKE_STORE, 0, STORE_SKIP, f->now.mono)->u.store_skip = (struct mail_store_skip){.campaign_id = a->shown.campaign_id,
                                                                                                       .case_id = a->shown.case_id,
                                                                                                       .agent_id = a->id,
                                                                                                       .reason = (uint8_t)reason,
                                                                                                       .again_ms = p->terms.skip_again_ms,
                                                                                                       .at = f->now.wall};
  a->shown = (struct lease){0};
  f->agent_moves++;
  p->pace_now = true;
  return CAD_OK;
}
