/* What the writing store does about archives: takes them into account, lets the live rows go, heeds erasures in them. */
#include "months.h"
#include "dialer/base/clock.h"
#include "store_internal.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP_US = 8000, AGENT_ROWS = 200 };

static int64_t ask(struct store *s, const char *sql) {
  sqlite3_stmt *q = NULL;
  int64_t v = 0;
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) v = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  return v;
}

static int put(struct store *s, const struct archive_draft *d) {
  const char *name = strrchr(d->path, '/');
  if ((uint64_t)ask(s, "SELECT coalesce(max(call_last),0) FROM archive") + 1 != d->first[0] ||
      (uint64_t)ask(s, "SELECT coalesce(max(decision_last),0) FROM archive") + 1 != d->first[1])
    return CAD_EINVAL;
  if ((uint64_t)ask(s, "SELECT count(*) FROM erasure") != d->erasures) return CAD_EBUSY;
  if (d->ends.ms > facts_horizon(s, store_now(s)).ms || d->ends.ms > store_now(s).ms - (int64_t)ARCHIVE_DAYS_LEAST * DAY_MS)
    return CAD_EREFUSED;
  return db_run(&s->db, Q_ARCHIVE_PUT, "INSERT INTO archive VALUES(?,?,?,?,?,?,?,?,?,?,?)", "ttiuuuuuuuu", d->month,
                name ? name + 1 : d->path, store_now(s).ms, d->first[0], d->last[0], d->first[1], d->last[1], d->agent_last, d->last_id,
                d->rows[0], d->rows[1]);
}

int store_archive_register(struct store *s, const struct archive_draft *d) {
  bool own;
  int err = store_enter(s, &own);
  return err < 0 ? err : store_leave(s, own, put(s, d));
}

/* ---- the live rows go ---- */

static uint64_t get_u64(const unsigned char *at) {
  uint64_t v = 0;
  for (int i = 7; i >= 0; i--) v = v << 8 | at[i];
  return v;
}

static int drop_entries(struct store *s, const unsigned char *e, int bytes) {
  int err = CAD_OK;
  for (; err >= 0 && bytes >= ENTRY_BYTES; bytes -= ENTRY_BYTES, e += ENTRY_BYTES) {
    const struct chain_kind_row *k = chain_kind_row(e[0]);
    const uint64_t id = get_u64(e + 1);
    char sql[96];
    if (!k) continue;
    if (e[0] == CHAIN_CALL)
      err = db_run(&s->db, Q_ARCHIVE_DROP, "DELETE FROM interaction WHERE id=(SELECT interaction FROM attempt WHERE id=?)", "u", id);
    snprintf(sql, sizeof sql, "DELETE FROM %s WHERE id=?", k->table);
    if (err >= 0) err = db_run(&s->db, (enum db_slot)(Q_ARCHIVE_DROP + e[0]), sql, "u", id);
  }
  return err;
}

/* One block of links of a log; 1 when there was one that an archive holds. */
static int drop_block(struct store *s, int stream) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_ARCHIVE_BLOCK,
               "SELECT c.id, c.first+c.count-1, c.entries FROM chain c, archived g WHERE g.id=1 AND c.stream=?1 AND c.first="
               "CASE ?1 WHEN 0 THEN g.call ELSE g.decision END+1 AND c.first<=(SELECT max(CASE ?1 WHEN 0 THEN call_last ELSE decision_last"
               " END) FROM archive)",
               "d", stream);
  uint64_t block = 0, last = 0;
  int r = db_step(&s->db, q), err = r < 0 ? r : CAD_OK;
  if (r > 0) {
    block = col_u64(q, 0);
    last = col_u64(q, 1);
    err = drop_entries(s, sqlite3_column_blob(q, 2), sqlite3_column_bytes(q, 2));
  }
  db_done(q);
  if (r <= 0 || err < 0) return err;
  err = db_run(&s->db, Q_ARCHIVE_LINKS, "DELETE FROM chain WHERE id=?", "u", block);
  if (err < 0) return err;
  err = stream == STREAM_CALL ? db_run(&s->db, Q_ARCHIVE_CALLS, "UPDATE archived SET call=?", "u", last)
                              : db_run(&s->db, Q_ARCHIVE_DECISIONS, "UPDATE archived SET decision=?", "u", last);
  return err < 0 ? err : 1;
}

static int drop_agents(struct store *s) {
  const uint64_t upto = (uint64_t)ask(s, "SELECT coalesce(max(agent_last),0) FROM archive"),
                 gone = (uint64_t)ask(s, "SELECT agent FROM archived");
  if (upto <= gone) return 0;
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT max(id) FROM (SELECT id FROM agent_log WHERE id>%llu AND id<=%llu ORDER BY id LIMIT %d)",
           (unsigned long long)gone, (unsigned long long)upto, AGENT_ROWS);
  uint64_t last = (uint64_t)ask(s, sql);
  int err = CAD_OK;
  if (last) err = db_run(&s->db, Q_ARCHIVE_AGENT_ROWS, "DELETE FROM agent_log WHERE id>? AND id<=?", "uu", gone, last);
  if (err >= 0) err = db_run(&s->db, Q_ARCHIVE_AGENTS, "UPDATE archived SET agent=?", "u", last ? last : upto);
  return err < 0 ? err : 1;
}

int store_archive_step(struct store *s, int most) {
  bool own;
  int err = store_enter(s, &own), more = 0, blocks = 0;
  const int64_t from = clock_mono_us();
  for (int stream = 0; err >= 0 && !more && stream < STREAM_AUDIT; stream++) do
      more = err = drop_block(s, stream);
    while (err > 0 && ++blocks < most && clock_mono_us() - from < STEP_US);
  if (err >= 0 && more == 0) more = err = drop_agents(s);
  err = store_leave(s, own, err < 0 ? err : CAD_OK);
  return err < 0 ? err : more;
}

/* ---- erasures reach the archives ---- */

int store_archive_waiting(struct store *s) { return (int)ask(s, "SELECT count(*) FROM archive_work"); }

int store_archive_settled(struct store *s) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  return store_leave(s, own, db_run(&s->db, Q_ARCHIVE_SETTLED, "DELETE FROM archive_work", ""));
}

/* "12 15 18": those rows; rows before an instant. */
static int empty_ids(struct db *arc, const char *table, const char *ids) {
  char sql[96];
  sqlite3_stmt *q = NULL;
  int code = SQLITE_DONE;
  snprintf(sql, sizeof sql, "UPDATE %s SET phone=0, salt=NULL WHERE id=? AND phone<>0", table);
  if (sqlite3_prepare_v2(arc->handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
  for (char *end; ids && *ids && code == SQLITE_DONE; ids = end + strspn(end, " ")) {
    uint64_t id = strtoull(ids, &end, 10);
    if (end == ids) break;
    sqlite3_bind_int64(q, 1, (int64_t)id);
    code = sqlite3_step(q);
    sqlite3_reset(q);
  }
  sqlite3_finalize(q);
  return code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

static int heed(struct db *arc, sqlite3_stmt *erasure) {
  static const char *const TABLES[] = {"attempt", "decision", "verdict"};
  int r = CAD_OK;
  for (int i = 0; r >= 0 && i < 3; i++) {
    char sql[128];
    const char *list = (const char *)sqlite3_column_text(erasure, 1 + i);
    const int64_t before = sqlite3_column_int64(erasure, 0);
    r = empty_ids(arc, TABLES[i], list);
    if (r < 0 || before == 0 || !list || list[0] != '*') continue;
    snprintf(sql, sizeof sql, "UPDATE %s SET phone=0, salt=NULL WHERE id<%lld AND phone<>0", TABLES[i],
             (long long)((before - 1704067200000) << 22));
    r = db_exec(arc, sql);
  }
  return r;
}

static int settle_one(struct db *live, const struct archive_part *p) {
  struct db arc = {0};
  sqlite3_stmt *q = NULL;
  int code = SQLITE_DONE;
  if (sqlite3_open_v2(p->path, &arc.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    db_close(&arc);
    return CAD_EIO;
  }
  sqlite3_busy_timeout(arc.handle, 10000); /* somebody may be reading it */
  int r = db_exec(&arc, "PRAGMA secure_delete=ON; PRAGMA synchronous=FULL; BEGIN IMMEDIATE");
  if (r >= 0 && sqlite3_prepare_v2(live->handle,
                                   "SELECT e.before, e.calls, e.decisions, e.verdicts FROM archive_work w JOIN erasure e ON e.id=w.erasure",
                                   -1, &q, NULL) != SQLITE_OK)
    r = CAD_EIO;
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) r = heed(&arc, q);
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  if (r >= 0) r = db_exec(&arc, "COMMIT");
  sqlite3_finalize(q);
  db_close(&arc);
  return r;
}

/* Files that hold voices are named by their call: "CALL.wav", "CALL.30.wav". */
static void drop_files(const char *db_path, const char *folder, const uint64_t *calls, size_t count) {
  char path[600];
  const char *slash = strrchr(db_path, '/');
  snprintf(path, sizeof path, "%.*s/%s", slash ? (int)(slash - db_path) : 1, slash ? db_path : ".", folder);
  DIR *d = opendir(path);
  for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
    char *end;
    const uint64_t call = strtoull(e->d_name, &end, 10);
    if (end == e->d_name || *end != '.') continue;
    for (size_t i = 0; i < count; i++)
      if (calls[i] == call) (void)unlinkat(dirfd(d), e->d_name, 0);
  }
  if (d) closedir(d);
}

static int settle_files(struct db *live, const char *db_path) {
  sqlite3_stmt *q = NULL;
  uint64_t *calls = NULL;
  size_t n = 0;
  int code = SQLITE_DONE;
  if (sqlite3_prepare_v2(live->handle,
                         "SELECT j.value FROM archive_work w JOIN erasure e ON e.id=w.erasure, json_each(CASE e.calls WHEN '*' THEN '[]'"
                         " ELSE '['||replace(e.calls,' ',',')||']' END) j",
                         -1, &q, NULL) != SQLITE_OK)
    return CAD_EIO;
  while ((code = sqlite3_step(q)) == SQLITE_ROW) {
    uint64_t *bigger = realloc(calls, (n + 1) * sizeof *calls);
    if (!bigger) break;
    calls = bigger;
    calls[n++] = col_u64(q, 0);
  }
  sqlite3_finalize(q);
  drop_files(db_path, "samples", calls, n);
  drop_files(db_path, "recordings", calls, n);
  free(calls);
  return code == SQLITE_DONE ? CAD_OK : CAD_ENOMEM;
}

int archive_settle(const char *db_path, FILE *err) {
  struct db live;
  struct archive_part *parts = NULL;
  int r = db_open(&live, db_path, true, false, err);
  if (r < 0) return r;
  int n = archives_load(&live, &parts);
  r = n < 0 ? n : CAD_OK;
  if (r >= 0) r = settle_files(&live, db_path);
  for (int i = 0; r >= 0 && i < n; i++) {
    r = settle_one(&live, &parts[i]);
    if (r < 0 && err) fprintf(err, "%s cannot be changed: what was erased waits there; the next start tries again\n", parts[i].path);
  }
  free(parts);
  db_close(&live);
  return r < 0 ? r : n;
}
