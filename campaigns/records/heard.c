/* Fingerprints of announcements, labels, and the estimate of detection's mistakes. */
#include "store_internal.h"
#include <campaigns/heard.h>
#include <math.h>
#include <string.h>

static uint64_t mix(uint64_t v) { /* a number leaves only a hash: enough to tell two apart */
  v = (v ^ v >> 31) * 0x7fb5d329728ea185u;
  v = (v ^ v >> 27) * 0x81dadef4bc2dd44du;
  return (v ^ v >> 33) >> 2;
}

#define PRINT_COLUMNS "SELECT id, trunk, bits, number1, number2, calls, first, last, what FROM fingerprint"

static void read_print(sqlite3_stmt *q, struct print_row *r, uint64_t *number) {
  *r = (struct print_row){
      .id = col_u64(q, 0), .calls = (uint32_t)col_u64(q, 5), .usable = col_u64(q, 4) != 0, .first = col_wall(q, 6), .last = col_wall(q, 7)};
  r->what = col_u64(q, 8) == VERDICT_SCREENING ? VERDICT_SCREENING : VERDICT_MACHINE;
  col_text(q, 1, r->trunk, sizeof r->trunk);
  if (sqlite3_column_bytes(q, 2) == (int)sizeof r->print) memcpy(&r->print, sqlite3_column_blob(q, 2), sizeof r->print);
  if (number) *number = col_u64(q, 3);
}

int store_print_each(struct store *s, const char *trunk, int (*row)(void *arg, const struct print_row *r), void *arg) {
  sqlite3_stmt *q = db_query(&s->db, Q_PRINT_ALL, PRINT_COLUMNS " WHERE (?1 IS NULL OR trunk=?1) ORDER BY trunk, last DESC", "t", trunk);
  struct print_row p;
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    read_print(q, &p, NULL);
    if ((r = row(arg, &p)) < 0) break;
  }
  db_done(q);
  return r;
}

int store_print_forget(struct store *s, uint64_t id) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = db_run(&s->db, Q_PRINT_DROP, "DELETE FROM fingerprint WHERE ?1=0 OR id=?1", "u", id);
  const int gone = err < 0 ? err : db_changes(&s->db);
  err = store_leave(s, own, err);
  return err < 0 ? err : gone;
}

/* The nearest fingerprint of that trunk, if it is near enough. 1 found, 0 not. */
static int find_print(struct store *s, const char *trunk, const struct fingerprint *print, struct print_row *out, uint64_t *number) {
  sqlite3_stmt *q = db_query(&s->db, Q_PRINT_FIND, PRINT_COLUMNS " WHERE trunk=?", "t", trunk);
  struct print_row p;
  uint32_t best = PRINT_SAME_BP + 1;
  uint64_t first;
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    read_print(q, &p, &first);
    const uint32_t far = print_compare(&p.print, print);
    if (far >= best) continue;
    best = far;
    *out = p;
    *number = first;
  }
  db_done(q);
  return r < 0 ? r : best <= PRINT_SAME_BP;
}

static int put_print(struct store *s, struct print_row *row, uint64_t number, uint64_t second) {
  row->id = store_id(s, row->first);
  int err = db_run(&s->db, Q_PRINT_PUT, "INSERT INTO fingerprint VALUES(?,?,?,?,?,?,?,?,?)", "utbuuuiid", row->id, row->trunk, &row->print,
                   (int)sizeof row->print, number, second, (uint64_t)row->calls, row->first.ms, row->last.ms, (int)row->what);
  if (err < 0) return err;
  /* Full: what was heard at one number only goes first, then what was not heard for longest. */
  return db_run(&s->db, Q_PRINT_TRIM,
                "DELETE FROM fingerprint WHERE trunk=?1 AND id<>?3 AND id NOT IN (SELECT id FROM fingerprint WHERE trunk=?1"
                " ORDER BY id=?3 DESC, number2<>0 DESC, last DESC LIMIT ?2)",
                "tiu", row->trunk, (int64_t)PRINTS_A_TRUNK, row->id);
}

static int add_print(struct store *s, const char *trunk, uint64_t number, const struct fingerprint *print, enum verdict what,
                     struct wall at, struct print_row *row, bool *fresh) {
  uint64_t first = 0;
  struct print_row found;
  const int r = find_print(s, trunk, print, &found, &first);
  if (r < 0) return r;
  if (r == 0) {
    *row = (struct print_row){.print = *print, .calls = 1, .first = at, .last = at, .what = what == VERDICT_NONE ? VERDICT_MACHINE : what};
    snprintf(row->trunk, sizeof row->trunk, "%s", trunk);
    return put_print(s, row, number, 0);
  }
  *row = found;
  row->calls++;
  row->last = at;
  const bool second = !found.usable && first != number, other = what != VERDICT_NONE && what != found.what;
  if (other) row->what = what;
  row->usable = found.usable || second;
  *fresh = row->usable && (second || other);
  return db_run(&s->db, Q_PRINT_SEEN,
                "UPDATE fingerprint SET calls=calls+1, last=?, number2=CASE WHEN ? THEN ? ELSE number2 END, what=? WHERE id=?", "idudu",
                at.ms, (int)second, number, (int)row->what, row->id);
}

int store_print_add(struct store *s, uint64_t attempt_id, const struct fingerprint *print, enum verdict what, struct wall at,
                    struct print_row *row, bool *fresh) {
  if (what != VERDICT_NONE && what != VERDICT_MACHINE && what != VERDICT_SCREENING) return CAD_EINVAL;
  char trunk[MAIL_NAME_MAX] = "";
  uint64_t phone = 0;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  sqlite3_stmt *q = db_query(&s->db, Q_PRINT_CALL, "SELECT trunk, phone FROM attempt WHERE id=?", "u", attempt_id);
  int r = db_step(&s->db, q);
  if (r > 0) {
    col_text(q, 0, trunk, sizeof trunk);
    phone = col_u64(q, 1);
  }
  db_done(q);
  *fresh = false;
  err = r > 0 ? add_print(s, trunk, mix(phone), print, what, at, row, fresh) : r < 0 ? r : CAD_ENOENT;
  return store_leave(s, own, err);
}

int store_print_learn(struct store *s, const char *trunk, const struct fingerprint *print, enum verdict what, struct wall at) {
  if (what != VERDICT_MACHINE && what != VERDICT_SCREENING) return CAD_EINVAL;
  struct print_row row;
  uint64_t number = 0;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = find_print(s, trunk, print, &row, &number);
  if (err > 0) {
    err = db_run(&s->db, Q_PRINT_VOUCH,
                 "UPDATE fingerprint SET number2=CASE number2 WHEN 0 THEN -1 ELSE number2 END, what=?, last=? WHERE id=?", "diu", (int)what,
                 at.ms, row.id);
  } else if (err == 0) {
    row = (struct print_row){.print = *print, .calls = 0, .first = at, .last = at, .what = what};
    snprintf(row.trunk, sizeof row.trunk, "%s", trunk);
    err = put_print(s, &row, UINT64_MAX, UINT64_MAX); /* no number had it yet */
  }
  return store_leave(s, own, err);
}

int store_label_put(struct store *s, uint64_t attempt_id, enum verdict truth, const char *source, struct wall at) {
  if (truth <= VERDICT_NONE || truth >= VERDICT_COUNT) return CAD_EINVAL;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  sqlite3_stmt *q = db_query(&s->db, Q_LABEL_CALL, "SELECT campaign, coalesce(verdict,0) FROM attempt WHERE id=?", "u", attempt_id);
  int r = db_step(&s->db, q);
  const uint64_t campaign = r > 0 ? col_u64(q, 0) : 0, verdict = r > 0 ? col_u64(q, 1) : 0;
  db_done(q);
  if (r <= 0)
    err = r < 0 ? r : CAD_ENOENT;
  else if (verdict == VERDICT_NONE)
    err = CAD_EINVAL;
  else
    err = db_run(&s->db, Q_LABEL_PUT, "INSERT OR REPLACE INTO label VALUES(?,?,?,?,?,?)", "uuddti", attempt_id, campaign, (int)verdict,
                 (int)truth, source, at.ms);
  return store_leave(s, own, err);
}

int store_label_has(struct store *s, uint64_t attempt_id) {
  sqlite3_stmt *q = db_query(&s->db, Q_LABEL_HAS, "SELECT 1 FROM label WHERE attempt=?", "u", attempt_id);
  const int r = db_step(&s->db, q);
  db_done(q);
  return r < 0 ? r : r > 0;
}

static uint32_t bp(double share) { return (uint32_t)lrint(fmin(fmax(share, 0.0), 1.0) * 10000.0); }

static void wilson(uint64_t k, uint64_t n, uint32_t *low, uint32_t *high) {
  *low = 0;
  *high = 10000;
  if (n == 0) return;
  const double z = 1.96, m = (double)n, p = (double)k / m, d = 1 + z * z / m, c = p + z * z / (2 * m);
  const double h = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m));
  *low = bp((c - h) / d);
  *high = bp((c + h) / d);
}

static int read_labels(struct store *s, uint64_t campaign, struct wall now, struct detector_estimate *e) {
  sqlite3_stmt *q = db_query(&s->db, Q_ESTIMATE,
                             "SELECT verdict, count(*), sum(truth=CASE verdict WHEN ?3 THEN ?4 ELSE ?3 END) FROM label"
                             " WHERE at>=?2 AND verdict IN (?3,?4) AND (?1=0 OR campaign=?1) GROUP BY verdict",
                             "uidd", campaign, now.ms - (int64_t)ESTIMATE_DAYS * DAY_MS, (int)VERDICT_MACHINE, (int)VERDICT_PERSON);
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    if (col_u64(q, 0) == VERDICT_MACHINE)
      e->machines_labelled = col_u64(q, 1), e->machines_wrong = col_u64(q, 2);
    else
      e->people_labelled = col_u64(q, 1), e->people_wrong = col_u64(q, 2);
  }
  db_done(q);
  return r;
}

/* The tallies are kept with each close: nothing is counted here. */
static int read_tally(struct store *s, uint64_t campaign, struct detector_estimate *e) {
  sqlite3_stmt *q = db_query(&s->db, Q_ESTIMATE_TALLY,
                             "SELECT sum(CASE WHEN outcome IN (?2,?3) THEN attempts END), sum(live) FROM tally WHERE ?1=0 OR campaign=?1",
                             "udd", campaign, (int)OUTCOME_MACHINE, (int)OUTCOME_MESSAGE_LEFT);
  const int r = db_step(&s->db, q);
  if (r > 0) e->machines = col_u64(q, 0), e->people = col_u64(q, 1);
  db_done(q);
  return r;
}

/* An agent's "machine" (A, AA, LM) is as good as a label; what a person said outright counts more. */
static int read_dispositions(struct store *s, uint64_t campaign, struct wall now, struct detector_estimate *e) {
  sqlite3_stmt *q = db_query(&s->db, Q_ESTIMATE_AGENTS,
                             "SELECT count(*), sum(d.code IN ('A','AA','LM')) FROM disposition d JOIN attempt a ON a.id=d.attempt"
                             " WHERE d.at>=?2 AND a.verdict=?3 AND (?1=0 OR a.campaign=?1) AND NOT EXISTS(SELECT 1 FROM disposition x"
                             " WHERE x.attempt=d.attempt AND x.id>d.id) AND NOT EXISTS(SELECT 1 FROM label l WHERE l.attempt=d.attempt)",
                             "uid", campaign, now.ms - (int64_t)ESTIMATE_DAYS * DAY_MS, (int)VERDICT_PERSON);
  const int r = db_step(&s->db, q);
  if (r > 0) {
    e->people_labelled += col_u64(q, 0);
    e->people_wrong += col_u64(q, 1);
  }
  db_done(q);
  return r;
}

int store_detector_estimate(struct store *s, uint64_t campaign, struct wall now, bool agents, struct detector_estimate *out) {
  struct detector_estimate e = {0};
  int r = read_labels(s, campaign, now, &e);
  if (r >= 0) r = read_tally(s, campaign, &e);
  if (r >= 0 && agents) r = read_dispositions(s, campaign, now, &e);
  if (r < 0) return r;
  if (e.machines_labelled) e.share_bp = bp((double)e.machines_wrong / (double)e.machines_labelled);
  wilson(e.machines_wrong, e.machines_labelled, &e.low_bp, &e.high_bp);
  if (e.machines_labelled >= LABELS_LEAST) {
    const double lost = (double)e.machines * (double)e.machines_wrong / (double)e.machines_labelled;
    if (lost > 0.0) e.lost_bp = bp(lost / (lost + (double)e.people));
  }
  *out = e;
  return CAD_OK;
}
