#include "store_internal.h"
#include "verify.h"
#include <cadencia/err.h>
#include <string.h>

/* Tables that people edit are no log, but triggers note each change of them for the audit log, and a commit of ours signs the
 * notes. So a note without a signature is a change by other hands, and a trigger that is not ours lets changes pass unseen. */

static void judge_notes(struct verifier *v) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT verb, object, object_id FROM audit_new ORDER BY id", -1, &q, NULL) == SQLITE_OK)
    while (sqlite3_step(q) == SQLITE_ROW)
      verify_find(v, -2, CHAIN_AUDIT, 0, col_u64(q, 2), "%.40s %.60s: a change by other hands than Cadencia's, signed by nobody",
                  (const char *)sqlite3_column_text(q, 0), (const char *)sqlite3_column_text(q, 1));
  sqlite3_finalize(q);
  q = NULL;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT count(*) FROM audit WHERE door='not cadencia'", -1, &q, NULL) == SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW)
    v->report->other_hands = col_u64(q, 0);
  sqlite3_finalize(q);
}

#define TRIGGERS "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type='trigger' ORDER BY name"

/* As this very schema has it in the other database. */
static bool has_trigger(struct db *db, const char *name, const char *sql) {
  sqlite3_stmt *q = NULL;
  bool same = false;
  if (sqlite3_prepare_v2(db->handle, "SELECT sql FROM sqlite_schema WHERE type='trigger' AND name=?", -1, &q, NULL) == SQLITE_OK) {
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    const char *there = sqlite3_step(q) == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    same = there && sql && strcmp(there, sql) == 0;
  }
  sqlite3_finalize(q);
  return same;
}

static void compare(struct verifier *v, struct db *from, struct db *with, const char *what) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(from->handle, TRIGGERS, -1, &q, NULL) != SQLITE_OK) return;
  while (sqlite3_step(q) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(q, 0);
    if (!has_trigger(with, name, (const char *)sqlite3_column_text(q, 2)))
      verify_find(v, -1, 0, 0, 0, "the trigger %.60s of the table %.40s %s", name, (const char *)sqlite3_column_text(q, 1), what);
  }
  sqlite3_finalize(q);
}

static void judge_triggers(struct verifier *v) {
  struct db ours;
  sqlite3_stmt *q = NULL;
  int number = 0;
  if (sqlite3_prepare_v2(v->db.handle, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
    number = sqlite3_column_int(q, 0);
  sqlite3_finalize(q);
  if (number > schema_newest() || db_open(&ours, NULL, false, true, NULL) < 0) return; /* a newer program's: it knows them */
  if (schema_migrate_to(&ours, number, NULL) >= 0) {
    compare(v, &ours, &v->db, "is not as it was made: changes there may have left no note");
    compare(v, &v->db, &ours, "was made by other hands");
  }
  db_close(&ours);
}

void guards_judge(struct verifier *v) {
  judge_notes(v);
  judge_triggers(v);
}
