/* Contacts whom an agent calls by hand: leased to him at once, whatever their turn. Nothing else differs: the gate judges the
 * attempt as any other, and what it will say is asked here already, so that the agent hears why not before anything rings. */
#include "store_internal.h"
#include <string.h>

enum { BY_HAND_DAYS = 1 };
static const char BY_HAND[] = "(dialed by hand)";

static int one_case(struct store *s, sqlite3_stmt *q, uint64_t *case_id) {
  int r = db_step(&s->db, q);
  if (r > 0) *case_id = col_u64(q, 0);
  db_done(q);
  return r;
}

/* By its id, by the number at hand, or by any number of the contact. 1 found, 0 nobody. */
static int find_case(struct store *s, uint64_t campaign, const struct hand_want *want, uint64_t *case_id) {
  if (want->phone == 0) {
    *case_id = want->case_id;
    return 1;
  }
  int r = one_case(
      s,
      db_query(&s->db, Q_HAND_AT_HAND, "SELECT case_id FROM case_state WHERE phone=? AND campaign=? LIMIT 1", "uu", want->phone, campaign),
      case_id);
  if (r != 0) return r;
  return one_case(s,
                  db_query(&s->db, Q_HAND_OTHER,
                           "SELECT c.case_id FROM case_number n JOIN case_state c ON c.case_id=n.case_id AND c.campaign=?2"
                           " WHERE n.number=?1 ORDER BY c.case_id DESC LIMIT 1",
                           "uu", want->phone, campaign),
                  case_id);
}

/* What the gate will say at the open. */
static int judge(struct store *s, const struct campaign_mem *c, const struct case_row *row, uint32_t set, struct now now,
                 struct hand_lease *out) {
  struct gate_terms terms = c->def.gate;
  struct gate_facts f = {.now = now.wall, .clock_trusted = s->clock_trusted, .lease_valid = true, .phone = row->phone};
  terms.guaranteed = 1;
  f.number_good = row->phone >= 1000000 && row->phone <= 999999999999999;
  f.campaign_running = c->def.state == CAMPAIGN_RUNNING;
  facts_place(s, row->phone, set, &f.place);
  int r = facts_gather(s, c, row->case_id, row->phone_id, &f);
  if (r < 0) return r;
  const struct gate_verdict v = gate_decide(&terms, &f, &s->law);
  if (v.reason == REFUSAL_NONE || v.reason == REFUSAL_CALLER_ID) return CAD_OK; /* the trunk's own number is not known here */
  out->reason = (uint8_t)v.reason;
  out->next = v.next;
  out->zone = f.place.zone_count > 0 ? f.place.zones[0] : ZONE_NONE;
  snprintf(out->rule, sizeof out->rule, "%s", v.rule ? v.rule->id : "");
  return CAD_OK;
}

static int note(struct store *s, const struct campaign_mem *c, const struct hand_want *want, const struct lease *l, struct now now) {
  char inputs[96];
  snprintf(inputs, sizeof inputs, "{\"agent\":%llu,\"tries\":%u}", (unsigned long long)want->agent_id, l->tries);
  struct decision d = {.seller = c->seller,
                       .campaign = l->campaign_id,
                       .case_id = l->case_id,
                       .phone = l->phone,
                       .at = now.wall,
                       .kind = DECISION_LEASE,
                       .rule = "lease.by_hand",
                       .inputs = inputs};
  return decision_put(s, &d, NULL);
}

/* The pacer may hold a lease of this contact: whoever opens first has it, the other finds it gone. */
static int reserve(struct store *s, const struct case_row *row, struct now now) {
  struct lease_entry *held = lease_set_find(&s->leases, row->case_id, row->campaign);
  if (held) {
    held->expires = mono_add(now.mono, LEASE_MS);
    return CAD_OK;
  }
  const struct lease_entry e = {row->case_id, row->campaign, row->bucket, mono_add(now.mono, LEASE_MS)};
  int err = lease_set_add(&s->leases, &e);
  if (err >= 0) bucket_at(s, row->bucket)->leased++;
  return err;
}

/* The contacts that agents brought by hand are lists of their own, one a day. */
static int list_of_today(struct store *s, const struct campaign_mem *c, struct wall now, uint64_t *list) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_HAND_LIST, "SELECT id FROM list WHERE campaign=? AND file=? AND state=1 AND created>? ORDER BY id DESC LIMIT 1",
               "uti", c->def.terms.id, BY_HAND, now.ms - BY_HAND_DAYS * DAY_MS);
  int r = one_case(s, q, list);
  if (r != 0) return r < 0 ? r : CAD_OK;
  r = store_import_begin(s, c->def.terms.name, BY_HAND, now, list);
  return r < 0 ? r : store_import_finish(s, *list, NULL);
}

/* Nobody becomes a contact who must not be called now: he would be dialed later without anybody asking. 1 added, 0 not. */
static int bring(struct store *s, const struct campaign_mem *c, const struct hand_want *want, struct now now, uint64_t *case_id,
                 struct hand_lease *out) {
  const struct case_row stranger = {.phone = want->row->phone};
  const uint64_t campaign = c->def.terms.id;
  uint64_t list = 0;
  uint32_t set = 0;
  int err = place_row(s, want->row, want->row->phone, &set);
  out->result = CONTACT_ZONE_UNKNOWN;
  if (err < 0) return err == CAD_ENOENT || err == CAD_EINVAL ? CAD_EREFUSED : err;
  if ((err = judge(s, c, &stranger, set, now, out)) < 0 || out->reason != REFUSAL_NONE) return err;
  if ((err = list_of_today(s, c, now.wall, &list)) < 0) return err;
  if ((err = import_add_one(s, store_campaign(s, campaign), list, want->row, &out->result)) < 0) return err;
  if (out->result != CONTACT_ADDED) return CAD_EREFUSED;
  out->added = 1;
  return find_case(s, campaign, want, case_id);
}

static int fill(struct store *s, const struct hand_want *want, const struct case_row *row, struct now now, struct lease *out) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_HAND_ADDED, "SELECT p.name FROM work_case w JOIN person p ON p.id=w.person WHERE w.id=?", "u", row->case_id);
  const struct bucket *b = bucket_at(s, row->bucket);
  int r = db_step(&s->db, q);
  *out = (struct lease){.campaign_id = row->campaign,
                        .case_id = row->case_id,
                        .phone_id = row->phone_id,
                        .phone = row->phone,
                        .tries = (uint16_t)row->tries,
                        .segment = retry_score_class((uint16_t)row->tries, b->segment),
                        .agent_id = want->agent_id,
                        .expires = wall_add(now.wall, LEASE_MS)};
  if (r > 0) col_text(q, 0, out->name, sizeof out->name);
  db_done(q);
  return r < 0 ? r : r == 0 ? CAD_ENOENT : CAD_OK;
}

static int lease_by_hand(struct store *s, const struct hand_want *want, struct now now, struct hand_lease *out) {
  const struct campaign_mem *c = store_campaign_named(s, want->campaign);
  struct case_row row;
  uint64_t case_id = 0;
  if (!c) return CAD_ENOENT;
  int r = find_case(s, c->def.terms.id, want, &case_id);
  if (r == 0 && want->row) {
    r = bring(s, c, want, now, &case_id, out);
    c = store_campaign_named(s, want->campaign);
  }
  if (out->reason != REFUSAL_NONE) return CAD_OK;
  if (r > 0) r = case_get(s, case_id, c->def.terms.id, &row);
  if (r <= 0) return r < 0 ? r : CAD_ENOENT;
  if (row.status == CASE_DIALING) return CAD_EBUSY;
  if (row.status == CASE_DONE) return CAD_EEXIST;
  if (want->phone && (r = case_turn_to(s, &row, want->phone)) < 0) return r;
  const struct bucket *b = bucket_at(s, row.bucket);
  if (!b) return CAD_ENOENT;
  if ((r = judge(s, c, &row, b->set, now, out)) < 0 || out->reason != REFUSAL_NONE) return r;
  if ((r = fill(s, want, &row, now, &out->lease)) < 0 || (r = reserve(s, &row, now)) < 0) return r;
  return note(s, c, want, &out->lease, now);
}

int store_hand_lease(struct store *s, const struct hand_want *want, struct now now, struct hand_lease *out) {
  bool own;
  *out = (struct hand_lease){.reason = REFUSAL_NONE};
  if (s->reader) return CAD_EREFUSED;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = lease_by_hand(s, want, now, out);
  const int left = store_leave(s, own, err < 0 && err != CAD_EREFUSED ? err : CAD_OK);
  return left < 0 ? left : err;
}
