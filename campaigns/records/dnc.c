#include "store_internal.h"
#include <string.h>

/* By the file: for readers, which hold no memory of it. */
static bool listed_in_file(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign, int *err) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_DNC_HAS, "SELECT 1 FROM dnc WHERE number=? AND (seller=0 OR seller=?) AND (campaign=0 OR campaign=?) LIMIT 1",
               "uuu", phone, seller, campaign);
  int r = db_step(&s->db, q);
  db_done(q);
  if (r < 0) *err = r;
  return r != 0; /* a failed look-up blocks */
}

bool dnc_listed(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign, int *err) {
  if (s->reader) return listed_in_file(s, phone, seller, campaign, err);
  return dnc_memory_has(&s->dnc, phone, seller, campaign) || dnc_lists_have(s, phone, seller, campaign) ||
         suppression_has(s, phone, seller, campaign, err);
}

int dnc_load(struct store *s) {
  int r = dnc_memory_open(&s->dnc);
  if (r < 0) return r;
  sqlite3_stmt *q = db_query(&s->db, Q_DNC_LOAD, "SELECT number, seller, campaign FROM dnc", "");
  while ((r = db_step(&s->db, q)) > 0) {
    r = dnc_memory_add(&s->dnc, col_u64(q, 0), col_u64(q, 1), col_u64(q, 2));
    s->dnc.added_count = 0; /* nothing to undo */
    if (r < 0) break;
  }
  db_done(q);
  return r;
}

int dnc_insert(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign, const char *source, struct wall at) {
  int err = dnc_memory_add(&s->dnc, phone, seller, campaign);
  if (err < 0) return err;
  return db_run(&s->db, Q_DNC_PUT, "INSERT OR IGNORE INTO dnc VALUES(?,?,?,?,?)", "uuuti", phone, seller, campaign, source,
                at.ms ? at.ms : store_now(s).ms);
}

int dnc_finish_cases(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign) {
  enum { CASES_MAX = 256 };
  uint64_t cases[CASES_MAX], campaigns[CASES_MAX];
  int n = 0, r;
  sqlite3_stmt *q =
      db_query(&s->db, Q_CASES_OF_PHONE,
               "SELECT case_id, campaign FROM case_state WHERE phone=?1 AND status<>2 AND (?2=0 OR seller=?2) AND (?3=0 OR campaign=?3)",
               "uuu", phone, seller, campaign);
  while ((r = db_step(&s->db, q)) > 0 && n < CASES_MAX) cases[n] = col_u64(q, 0), campaigns[n++] = col_u64(q, 1);
  db_done(q);
  for (int i = 0; i < n && r >= 0; i++) {
    struct case_row c;
    if ((r = case_get(s, cases[i], campaigns[i], &c)) <= 0) continue;
    struct lease_entry *lease = lease_set_find(&s->leases, c.case_id, c.campaign);
    if (lease) {
      if (bucket_at(s, lease->bucket)) bucket_at(s, lease->bucket)->leased--;
      lease_set_remove(&s->leases, lease);
    }
    r = case_finish(s, &c, DONE_DNC);
    struct decision d = {.seller = seller,
                         .campaign = c.campaign,
                         .case_id = c.case_id,
                         .phone = phone,
                         .at = store_now(s),
                         .kind = DECISION_BLOCK,
                         .reason = REFUSAL_DNC,
                         .rule = "gate.dnc",
                         .inputs = "{\"dnc\":1}"};
    if (r >= 0) r = decision_put(s, &d, NULL);
  }
  return r < 0 ? r : CAD_OK;
}

int dnc_scope_parse(struct store *s, const char *scope, uint64_t *seller, uint64_t *campaign) {
  *seller = *campaign = 0;
  if (!scope || !*scope || strcmp(scope, "global") == 0) return CAD_OK;
  if (strncmp(scope, "campaign:", 9) == 0) {
    const struct campaign_mem *c = store_campaign_named(s, scope + 9);
    if (!c) return CAD_ENOENT;
    *seller = c->seller;
    *campaign = c->def.terms.id;
    return CAD_OK;
  }
  if (strncmp(scope, "seller:", 7) != 0) return CAD_EINVAL;
  for (uint32_t i = 0; i < s->campaign_count; i++)
    if (strcmp(s->campaigns[i].def.seller, scope + 7) == 0) {
      *seller = s->campaigns[i].seller;
      return CAD_OK;
    }
  return CAD_ENOENT;
}

int store_dnc_add(struct store *s, uint64_t phone, const char *scope, const char *source, struct wall at) {
  uint64_t seller, campaign;
  int err = dnc_scope_parse(s, scope, &seller, &campaign);
  if (err < 0) return err;
  bool own;
  if ((err = store_enter(s, &own)) < 0) return err;
  err = dnc_insert(s, phone, seller, campaign, source ? source : "", at);
  if (err >= 0) err = dnc_finish_cases(s, phone, seller, campaign);
  return store_leave(s, own, err);
}

int store_dnc_has(struct store *s, uint64_t phone, uint64_t campaign_id) {
  const struct campaign_mem *c = store_campaign(s, campaign_id);
  int err = CAD_OK;
  bool listed = dnc_listed(s, phone, c ? c->seller : 0, c ? campaign_id : 0, &err);
  return err < 0 ? err : listed;
}

int store_dnc_each(struct store *s, int (*row)(void *arg, const struct dnc_row *r), void *arg) {
  sqlite3_stmt *q = db_query(
      &s->db, Q_DNC_ALL,
      "SELECT number, CASE WHEN d.campaign<>0 THEN 'campaign:'||ifnull(c.name,'?') WHEN d.seller<>0 THEN 'seller:'||ifnull(s.name,'?')"
      " ELSE 'global' END, source, added FROM dnc d LEFT JOIN campaign c ON c.id=d.campaign LEFT JOIN seller s ON s.id=d.seller"
      " ORDER BY number, d.seller, d.campaign",
      "");
  int r, said = CAD_OK;
  while (said >= 0 && (r = db_step(&s->db, q)) > 0) {
    struct dnc_row d = {.phone = col_u64(q, 0), .added = col_wall(q, 3)};
    col_text(q, 1, d.scope, sizeof d.scope);
    col_text(q, 2, d.source, sizeof d.source);
    said = row(arg, &d);
  }
  db_done(q);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}
