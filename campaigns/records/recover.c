#include "store_internal.h"
#include <string.h>

/* The last instant of which the file knows that the box was alive. */
static struct wall last_stamp(struct store *s) {
  sqlite3_stmt *q = db_query(&s->db, Q_LAST_STAMP, "SELECT max(at) FROM (SELECT at FROM decision ORDER BY id DESC LIMIT 64)", "");
  struct wall at = WALL_NONE;
  if (db_step(&s->db, q) > 0) at = col_wall(q, 0);
  db_done(q);
  return at;
}

struct left_open {
  uint64_t id, campaign, case_id;
  struct wall started;
};

static int next_open(struct store *s, struct left_open *out) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_OPEN_ATTEMPTS, "SELECT id, campaign, case_id, started FROM attempt WHERE ended IS NULL ORDER BY id LIMIT 1", "");
  int r = db_step(&s->db, q);
  if (r > 0) *out = (struct left_open){col_u64(q, 0), col_u64(q, 1), col_u64(q, 2), col_wall(q, 3)};
  db_done(q);
  return r;
}

static int interrupt(struct store *s, const struct left_open *a, struct wall alive) {
  struct mail_store_close rec = {.attempt_id = a->id, .outcome = OUTCOME_INTERRUPTED, .cause = CAUSE_LOCAL, .ended_by = ENDED_BY_SYSTEM};
  rec.ended = alive.ms > a->started.ms ? alive : a->started;
  return store_attempt_close(s, &rec);
}

/* Deleted in steps: a list that was half loaded when the box died may be long. */
static int drop_staged_lists(struct store *s) {
  for (;;) {
    uint64_t list = 0;
    sqlite3_stmt *q = db_query(&s->db, Q_LIST_STAGED, "SELECT id FROM list WHERE state IN (0, 3) LIMIT 1", "");
    int r = db_step(&s->db, q);
    if (r > 0) list = col_u64(q, 0);
    db_done(q);
    if (r <= 0) return r;
    db_slow(&s->db, "an import that was cut off is taken away");
    do r = store_import_abort(s, list);
    while (r > 0);
    db_slow(&s->db, NULL);
    if (r < 0) return r;
  }
}

int store_recover(struct store *s) {
  struct wall alive = last_stamp(s);
  struct left_open a;
  int r;
  if ((r = next_open(s, &a)) > 0) {
    if ((r = store_begin(s)) < 0) return r;
    while ((r = next_open(s, &a)) > 0)
      if ((r = interrupt(s, &a, alive)) < 0) break;
    if (r < 0) {
      store_rollback(s);
      return r;
    }
    r = store_commit(s);
  }
  return r < 0 ? r : drop_staged_lists(s);
}
