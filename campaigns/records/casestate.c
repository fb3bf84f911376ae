#include "store_internal.h"
#include <string.h>

int case_get(struct store *s, uint64_t case_id, uint64_t campaign, struct case_row *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_CASE_GET,
                             "SELECT phone_id, phone, bucket, status, tries, tries_by, last_attempt, numbers, rank,"
                             " owner FROM case_state"
                             " WHERE case_id=? AND campaign=?",
                             "uu", case_id, campaign);
  int r = db_step(&s->db, q);
  if (r > 0) {
    *out = (struct case_row){.case_id = case_id,
                             .campaign = campaign,
                             .phone_id = col_u64(q, 0),
                             .phone = col_u64(q, 1),
                             .bucket = (uint32_t)col_u64(q, 2),
                             .status = (uint8_t)col_u64(q, 3),
                             .tries = (uint32_t)col_u64(q, 4),
                             .last_attempt = col_u64(q, 6),
                             .numbers = (uint8_t)col_u64(q, 7),
                             .rank = (uint8_t)col_u64(q, 8),
                             .owner = col_u64(q, 9)};
    int bytes = sqlite3_column_bytes(q, 5);
    const void *counts = sqlite3_column_blob(q, 5);
    if (counts && bytes > 0) memcpy(out->tries_by, counts, bytes < OUTCOME_COUNT ? (size_t)bytes : OUTCOME_COUNT);
  }
  db_done(q);
  return r;
}

static struct campaign_mem *campaign_of(struct store *s, const struct case_row *c) { return store_campaign(s, c->campaign); }

int case_dialing(struct store *s, const struct case_row *c, uint64_t attempt) {
  struct list_mem *l = list_of_bucket(s, c->bucket);
  if (l && l->dialed_ms == 0) l->dialed_ms = store_now(s).ms;
  return db_run(&s->db, Q_CASE_DIALING, "UPDATE case_state SET status=1, last_attempt=? WHERE case_id=? AND campaign=?", "uuu", attempt,
                c->case_id, c->campaign);
}

int case_wait(struct store *s, const struct case_row *c, enum case_class class, struct wall next) {
  uint32_t bucket = c->bucket;
  int err = bucket_sibling(s, c->bucket, class, &bucket);
  if (err < 0) return err;
  if (c->status == CASE_DONE && campaign_of(s, c)) campaign_of(s, c)->open++;
  struct list_mem *l = c->status == CASE_DONE ? list_of_bucket(s, c->bucket) : NULL;
  if (l && l->done) l->done--;
  bucket_touch(s, bucket, next);
  return db_run(
      &s->db, Q_CASE_WAIT,
      "UPDATE case_state SET status=0, done_reason=NULL, bucket=?, next_at=?, tries=?, tries_by=?, owner=? WHERE case_id=? AND campaign=?",
      "iiibuuu", (int64_t)bucket, next.ms, (int64_t)c->tries, c->tries_by, (int)sizeof c->tries_by, class == CLASS_MINE ? c->owner : 0,
      c->case_id, c->campaign);
}

int case_finish(struct store *s, const struct case_row *c, int reason) {
  struct campaign_mem *campaign = campaign_of(s, c);
  if (c->status != CASE_DONE && campaign && campaign->open > 0) campaign->open--;
  struct list_mem *l = c->status != CASE_DONE ? list_of_bucket(s, c->bucket) : NULL;
  if (l) l->done++;
  return db_run(&s->db, Q_CASE_FINISH,
                "UPDATE case_state SET status=2, done_reason=?, next_at=0, tries=?, tries_by=? WHERE case_id=? AND campaign=?", "dibuu",
                reason, (int64_t)c->tries, c->tries_by, (int)sizeof c->tries_by, c->case_id, c->campaign);
}
