/* Preview: contacts that agents look at and those that they skip. */
#include "store_internal.h"

void store_lease_keep(struct store *s, const struct lease *lease, struct mono now) {
  struct lease_entry *e = lease_set_find(&s->leases, lease->case_id, lease->campaign_id);
  if (e) e->expires = mono_add(now, LEASE_MS);
}

static int note(struct store *s, const struct campaign_mem *c, const struct case_row *row, const struct mail_store_skip *k) {
  char inputs[128];
  snprintf(inputs, sizeof inputs, "{\"agent\":%llu,\"skipped\":\"%s\",\"tries\":%u}", (unsigned long long)k->agent_id,
           skip_reason_name((enum skip_reason)k->reason), row->tries);
  struct decision d = {.seller = c->seller,
                       .campaign = row->campaign,
                       .case_id = row->case_id,
                       .phone = row->phone,
                       .at = k->at,
                       .next = wall_add(k->at, k->again_ms),
                       .kind = DECISION_LEASE,
                       .rule = "lease.skipped",
                       .inputs = inputs};
  return decision_put(s, &d, NULL);
}

int store_skip(struct store *s, const struct mail_store_skip *k) {
  const struct campaign_mem *c = store_campaign(s, k->campaign_id);
  struct case_row row;
  bool own;
  if (!c || k->reason >= SKIP_REASON_COUNT) return CAD_ENOENT;
  int r = case_get(s, k->case_id, k->campaign_id, &row);
  const struct bucket *b = r > 0 ? bucket_at(s, row.bucket) : NULL;
  if (r < 0) return r;
  if (!b || row.status != CASE_WAITING) return CAD_ENOENT;
  const enum case_class class = (enum case_class)b->class;
  store_lease_drop(s, &(struct lease){.campaign_id = k->campaign_id, .case_id = k->case_id});
  if ((r = store_enter(s, &own)) < 0) return r;
  if ((r = note(s, c, &row, k)) >= 0) r = case_wait(s, &row, class, wall_add(k->at, k->again_ms));
  return store_leave(s, own, r);
}
