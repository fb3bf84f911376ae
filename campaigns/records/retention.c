/* Retention: rows of the logs that are older stay without their numbers, people whose contacts are all finished without names; and the
 * legal hold that stops it. A run goes through each table once, from its oldest row, some milliseconds at a time: how far it is
 * stands with the caller, and a run that was cut off is done by the next. */
#include "dialer/base/clock.h"
#include "store_internal.h"
#include <campaigns/person.h>
#include <string.h>

enum { STEP_US = 8000, CHUNK_SEEN = 4000, CHUNK_ROWS = 200, CHUNK_PEOPLE = 50 };
static const int64_t IDS_BEGAN_MS = 1704067200000; /* ids.h */

int store_hold(struct store *s) {
  sqlite3_stmt *q = db_query(&s->db, Q_HOLD_GET, "SELECT value='on' FROM meta WHERE key='legal_hold'", "");
  int r = db_step(&s->db, q), on = r > 0 ? (int)col_u64(q, 0) : 0;
  db_done(q);
  return r < 0 ? r : on;
}

int store_hold_set(struct store *s, bool on) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = db_run(&s->db, Q_HOLD_PUT, "INSERT OR REPLACE INTO meta VALUES('legal_hold',?)", "t", on ? "on" : "off");
  if (err >= 0) err = audit_note(s, on ? "hold.on" : "hold.off", "", 0, 0, "{}");
  return store_leave(s, own, err);
}

const char *retention_kind_name(enum retention_kind k) {
  static const char *const NAMES[RETAIN_COUNT] = {"all", "calls", "decisions", "audit", "contacts"};
  return (unsigned)k < RETAIN_COUNT ? NAMES[k] : "?";
}
int retention_kind_parse(const char *word) {
  for (int i = 0; i < RETAIN_COUNT; i++)
    if (strcmp(retention_kind_name((enum retention_kind)i), word) == 0) return i;
  return CAD_EINVAL;
}

/* The next stretch: where it ends, and whether any row of it has a number. 0: none is left. */
static int stretch(struct store *s, const char *table, uint64_t after, uint64_t end, uint64_t *upto, bool *any) {
  char sql[160];
  sqlite3_stmt *q = NULL;
  int seen = 0, rows = 0, code = SQLITE_DONE;
  snprintf(sql, sizeof sql, "SELECT id, phone<>0 FROM %s WHERE id>? AND id<? ORDER BY id", table);
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
  sqlite3_bind_int64(q, 1, (int64_t)after);
  sqlite3_bind_int64(q, 2, (int64_t)end);
  while (seen < CHUNK_SEEN && rows < CHUNK_ROWS && (code = sqlite3_step(q)) == SQLITE_ROW) {
    *upto = col_u64(q, 0);
    rows += sqlite3_column_int(q, 1);
    seen++;
  }
  sqlite3_finalize(q);
  *any = rows > 0;
  return code == SQLITE_ROW || code == SQLITE_DONE ? seen : CAD_EIO;
}

/* How many rows it saw, 0: the table is done. */
static int step_log(struct store *s, const char *table, struct retention *r, uint64_t *after) {
  char sql[160];
  sqlite3_stmt *q = NULL;
  uint64_t upto = *after;
  bool any = false;
  int seen = stretch(s, table, *after, (uint64_t)(r->before.ms - IDS_BEGAN_MS) << 22, &upto, &any), code = SQLITE_DONE;
  if (seen > 0 && any) {
    snprintf(sql, sizeof sql, "UPDATE %s SET phone=0, salt=NULL WHERE id>? AND id<=? AND phone<>0", table);
    if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
    sqlite3_bind_int64(q, 1, (int64_t)*after);
    sqlite3_bind_int64(q, 2, (int64_t)upto);
    code = sqlite3_step(q);
    if (code == SQLITE_DONE) r->went += (uint64_t)db_changes(&s->db);
    sqlite3_finalize(q);
  }
  if (code != SQLITE_DONE) return CAD_EIO;
  *after = upto;
  return seen;
}

static int forget_person(struct store *s, uint64_t person) {
  static const char *const STEPS[] = {
      "DELETE FROM case_number WHERE case_id IN (SELECT id FROM work_case WHERE person=?1)",
      "UPDATE case_state SET phone=-case_id WHERE case_id IN (SELECT id FROM work_case WHERE person=?1)",
      "UPDATE work_case SET external_id=NULL, extra=NULL WHERE person=?1",
      "UPDATE phone SET number=-id WHERE person=?1 AND number>0",
      "UPDATE person SET name='', language=NULL, zone=NULL WHERE id=?1",
  };
  int err = CAD_OK;
  for (size_t k = 0; k < sizeof STEPS / sizeof STEPS[0] && err >= 0; k++) err = erasure_run(s, STEPS[k], person);
  return err;
}

/* People whose contacts are all finished and old: names, fields and numbers go, counts stay. */
static int step_contacts(struct store *s, struct retention *r, uint64_t *after) {
  static const char FIND[] =
      "SELECT p.id, p.created<?1 AND (p.name<>'' OR EXISTS(SELECT 1 FROM phone h WHERE h.person=p.id AND h.number>0)) AND NOT EXISTS("
      "SELECT 1 FROM work_case w JOIN case_state c ON c.case_id=w.id WHERE w.person=p.id AND (c.status<>2 OR c.last_attempt>=?2))"
      " FROM person p WHERE p.id>?3 ORDER BY p.id LIMIT ?4";
  uint64_t people[CHUNK_PEOPLE], upto = *after;
  sqlite3_stmt *q = NULL;
  int n = 0, seen = 0, code, err = CAD_OK;
  if (sqlite3_prepare_v2(s->db.handle, FIND, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
  sqlite3_bind_int64(q, 1, r->before.ms);
  sqlite3_bind_int64(q, 2, (r->before.ms - IDS_BEGAN_MS) << 22);
  sqlite3_bind_int64(q, 3, (int64_t)*after);
  sqlite3_bind_int(q, 4, CHUNK_PEOPLE);
  while ((code = sqlite3_step(q)) == SQLITE_ROW && seen < CHUNK_PEOPLE) {
    upto = col_u64(q, 0);
    if (sqlite3_column_int(q, 1)) people[n++] = upto;
    seen++;
  }
  sqlite3_finalize(q);
  if (code != SQLITE_DONE && code != SQLITE_ROW) return CAD_EIO;
  for (int i = 0; i < n && err >= 0; i++) err = forget_person(s, people[i]);
  if (err < 0) return err;
  r->went += (uint64_t)n;
  *after = upto;
  return seen;
}

static int put_mark(struct store *s, const struct retention *r) {
  static uint64_t *const ALL = (uint64_t *)(uintptr_t)ERASED_EVERY;
  const bool all = r->kind == RETAIN_ALL;
  const struct person_rows rows = {.calls = all || r->kind == RETAIN_CALLS ? ALL : NULL,
                                   .decisions = all || r->kind == RETAIN_DECISIONS ? ALL : NULL,
                                   .verdicts = all || r->kind == RETAIN_DECISIONS ? ALL : NULL,
                                   .audits = all || r->kind == RETAIN_AUDIT ? ALL : NULL};
  return erasure_mark(s, r->before, "", r->basis, &rows);
}

/* The first table that is not done; 1: there is more. */
static int go_on(struct store *s, struct retention *r) {
  static const struct {
    const char *table;
    enum retention_kind kind;
  } TABLES[RETENTION_TABLES] = {{"attempt", RETAIN_CALLS},
                                {"decision", RETAIN_DECISIONS},
                                {"verdict", RETAIN_DECISIONS},
                                {"audit", RETAIN_AUDIT},
                                {NULL, RETAIN_CONTACTS}};
  for (; r->table < RETENTION_TABLES; r->table++, r->after = 0) {
    if (r->kind != RETAIN_ALL && r->kind != TABLES[r->table].kind) continue;
    const char *table = TABLES[r->table].table;
    int seen = table ? step_log(s, table, r, &r->after) : step_contacts(s, r, &r->after);
    if (seen != 0) return seen < 0 ? seen : 1;
  }
  return 0;
}

int store_retention_step(struct store *s, struct retention *r) {
  bool own;
  struct retention next = *r;
  const int64_t from = clock_mono_us();
  int err = store_enter(s, &own), more = 0, done = 0;
  if (err < 0) return err;
  if ((err = store_hold(s)) != 0) err = err < 0 ? err : CAD_EREFUSED;
  if (err >= 0 && !next.marked) err = put_mark(s, &next);
  next.marked = true;
  while (err >= 0 && (more = err = go_on(s, &next)) > 0 && (next.most ? ++done < next.most : clock_mono_us() - from < STEP_US)) continue;
  err = store_leave(s, own, err < 0 ? err : CAD_OK);
  if (err < 0) return err;
  *r = next; /* only what was written */
  return more;
}
