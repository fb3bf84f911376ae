#include "store_internal.h"
#include <string.h>

/* Counts by campaign and outcome, and the contacts that are not finished, so that no page and no start scans the
 * log or the contacts. They are folds over the rows of `attempt` and `case_state`, kept in the same transaction;
 * a test compares them. */

void tally_add(struct campaign_mem *c, enum outcome outcome, bool abandoned, bool live) {
  struct tally *t = &c->tally[outcome];
  t->attempts++;
  t->abandoned += abandoned;
  t->live += live;
  c->tallied = true;
}

int tally_write(struct store *s) {
  for (uint32_t i = 0; i < s->campaign_count; i++) {
    struct campaign_mem *c = &s->campaigns[i];
    if (c->open != c->open_written) {
      int err = db_run(&s->db, Q_STANDING, "INSERT INTO standing VALUES(?1,?2) ON CONFLICT DO UPDATE SET open=?2", "uu", c->def.terms.id,
                       c->open);
      if (err < 0) return err;
    }
    for (int outcome = 0; c->tallied && outcome < OUTCOME_COUNT; outcome++) {
      const struct tally *t = &c->tally[outcome];
      if (t->attempts == 0) continue;
      int err = db_run(
          &s->db, Q_TALLY,
          "INSERT INTO tally VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET attempts=attempts+?3, abandoned=abandoned+?4, live=live+?5",
          "udiii", c->def.terms.id, outcome, (int64_t)t->attempts, (int64_t)t->abandoned, (int64_t)t->live);
      if (err < 0) return err;
    }
  }
  tally_forget(s);
  return CAD_OK;
}

void tally_forget(struct store *s) {
  for (uint32_t i = 0; i < s->campaign_count; i++) {
    if (s->campaigns[i].tallied) memset(s->campaigns[i].tally, 0, sizeof s->campaigns[i].tally);
    s->campaigns[i].tallied = false;
  }
}

static int count_attempts(struct store *s, const char *campaign, struct store_counts *n) {
  sqlite3_stmt *q = db_query(&s->db, Q_COUNT_ATTEMPTS,
                             "SELECT t.outcome, t.attempts, t.abandoned, t.live FROM tally t JOIN campaign c ON c.id=t.campaign"
                             " WHERE ?1 IS NULL OR c.name=?1",
                             "t", campaign);
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    if (col_u64(q, 0) >= OUTCOME_COUNT) continue;
    n->by_outcome[col_u64(q, 0)] += col_u64(q, 1);
    n->attempts += col_u64(q, 1);
    n->abandoned += col_u64(q, 2);
    n->live += col_u64(q, 3);
  }
  db_done(q);
  if (r < 0) return r;
  q = db_query(&s->db, Q_COUNT_OPEN,
               "SELECT count(*) FROM attempt a WHERE a.ended IS NULL AND a.zone_set>0 AND (?1 IS NULL OR a.campaign=(SELECT id FROM "
               "campaign WHERE name=?1))",
               "t", campaign);
  if ((r = db_step(&s->db, q)) > 0) n->open_attempts = col_u64(q, 0);
  n->attempts += n->open_attempts;
  db_done(q);
  return r;
}

static int count_contacts(struct store *s, const char *campaign, struct store_counts *n) {
  sqlite3_stmt *q = db_query(
      &s->db, Q_COUNT_LISTS,
      "SELECT coalesce(sum(l.added),0) FROM list l JOIN campaign c ON c.id=l.campaign WHERE l.state=1 AND (?1 IS NULL OR c.name=?1)", "t",
      campaign);
  int r = db_step(&s->db, q);
  if (r > 0) n->contacts = col_u64(q, 0);
  db_done(q);
  if (r < 0) return r;
  q = db_query(&s->db, Q_COUNT_WAITING,
               "SELECT coalesce(sum(w.open),0) FROM standing w JOIN campaign c ON c.id=w.campaign WHERE ?1 IS NULL OR c.name=?1", "t",
               campaign);
  r = db_step(&s->db, q);
  uint64_t open = r > 0 ? col_u64(q, 0) : 0;
  db_done(q);
  n->contacts_waiting = open > n->open_attempts ? open - n->open_attempts : 0;
  n->contacts_done = n->contacts > open ? n->contacts - open : 0;
  return r;
}

int store_counts(struct store *s, const char *campaign, struct store_counts *out) {
  struct store_counts n = {0};
  if (campaign && s->reader == false && !store_campaign_named(s, campaign)) return CAD_ENOENT;
  int r = count_attempts(s, campaign, &n);
  if (r >= 0) r = count_contacts(s, campaign, &n);
  if (r < 0) return r;
  *out = n;
  return CAD_OK;
}
