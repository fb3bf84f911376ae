/* The picture of the schema in docs/data.md: printed from the schema itself, by making an empty database. */
#include "store_internal.h"
#include <campaigns/evidence.h>
#include <string.h>

/* What a column points at, by its name: ids are named after the table that they are of. */
static const char *target(const char *table, const char *column) {
  static const char *const OF[][2] = {
      {"seller", "seller"},  {"campaign", "campaign"}, {"agent", "agent"},       {"list", "list"},           {"person", "person"},
      {"phone_id", "phone"}, {"bucket", "bucket"},     {"zone_set", "zone_set"}, {"case_id", "work_case"},   {"interaction", "interaction"},
      {"user", "user"},      {"attempt", "attempt"},   {"erasure", "erasure"},   {"last_attempt", "attempt"}};
  for (size_t i = 0; i < sizeof OF / sizeof OF[0]; i++)
    if (strcmp(OF[i][0], column) == 0 && strcmp(OF[i][1], table) != 0) return OF[i][1];
  return NULL;
}

static void print_columns(struct db *db, const char *table, FILE *out) {
  sqlite3_stmt *q = NULL;
  int at = fprintf(out, "%s(", table);
  if (sqlite3_prepare_v2(db->handle, "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid", -1, &q, NULL) != SQLITE_OK) return;
  sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
  for (bool first = true; sqlite3_step(q) == SQLITE_ROW; first = false) {
    char cell[128];
    const char *name = (const char *)sqlite3_column_text(q, 0), *type = (const char *)sqlite3_column_text(q, 1);
    const char *to = strcmp(type, "INTEGER") == 0 && strcmp(table, "archived") != 0 ? target(table, name) : NULL;
    int n = snprintf(cell, sizeof cell, "%s%s%s%s%s", sqlite3_column_int(q, 2) ? "*" : "", name,
                     strcmp(type, "INTEGER") == 0 ? ""
                     : strcmp(type, "TEXT") == 0  ? " text"
                                                  : " blob",
                     to ? " -> " : "", to ? to : "");
    if (!first) at += fprintf(out, ",");
    if (at + n > 116)
      at = fprintf(out, "\n    ") - 1;
    else if (!first)
      at += fprintf(out, " ");
    at += fprintf(out, "%s", cell);
  }
  fputs(")\n", out);
  sqlite3_finalize(q);
}

static void print_indexes(struct db *db, const char *table, FILE *out) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(db->handle, "SELECT sql FROM sqlite_schema WHERE type='index' AND tbl_name=?1 AND sql IS NOT NULL ORDER BY name",
                         -1, &q, NULL) != SQLITE_OK)
    return;
  sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
  while (sqlite3_step(q) == SQLITE_ROW) {
    const char *sql = (const char *)sqlite3_column_text(q, 0), *on = strstr(sql, " ON ");
    const char *columns = on ? strchr(on, '(') : NULL;
    if (columns) fprintf(out, "    by %s%s\n", strstr(sql, "UNIQUE INDEX") ? "one " : "", columns);
  }
  sqlite3_finalize(q);
}

int evidence_print_schema(FILE *out) {
  struct db db;
  sqlite3_stmt *q = NULL;
  int r = db_open(&db, NULL, false, true, NULL);
  if (r < 0) return r;
  r = schema_migrate(&db, NULL);
  if (r >= 0 && sqlite3_prepare_v2(db.handle, "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite%' ORDER BY name",
                                   -1, &q, NULL) != SQLITE_OK)
    r = CAD_EIO;
  while (r >= 0 && sqlite3_step(q) == SQLITE_ROW) {
    char table[64];
    col_text(q, 0, table, sizeof table);
    print_columns(&db, table, out);
    print_indexes(&db, table, out);
  }
  sqlite3_finalize(q);
  db_close(&db);
  return r;
}
