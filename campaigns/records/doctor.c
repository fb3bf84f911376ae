#include <campaigns/doctor.h>
#include "months.h"
#include "dialer/base/clock.h"
#include "secret.h"
#include <cadencia/err.h>
#include <cadencia/names.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t ask(struct db *db, const char *sql, char *text, size_t room) {
  sqlite3_stmt *q = NULL;
  int64_t value = -1;
  if (text) text[0] = '\0';
  if (sqlite3_prepare_v2(db->handle, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
    value = sqlite3_column_int64(q, 0);
    if (text) col_text(q, 0, text, room);
  }
  sqlite3_finalize(q);
  return value;
}

static void see_file(struct db *db, const char *db_path, struct doctor_line *l) {
  char wal[600], word[200];
  struct stat st, side;
  *l = (struct doctor_line){.what = "database", .advice = "restore the last backup; keep this file"};
  snprintf(wal, sizeof wal, "%s-wal", db_path);
  int64_t schema = ask(db, "PRAGMA user_version", NULL, 0);
  (void)ask(db, "PRAGMA quick_check(1)", word, sizeof word);
  long long mb = stat(db_path, &st) == 0 ? (long long)st.st_size / 1000000 : 0,
            wal_mb = stat(wal, &side) == 0 ? (long long)side.st_size / 1000000 : 0;
  l->state = strcmp(word, "ok") != 0 ? 2 : wal_mb > 2000 ? 1 : 0;
  if (l->state == 1) l->advice = "a reader holds the journal: end long exports";
  snprintf(l->found, sizeof l->found, "%.100s; schema %lld, %lld MB, journal %lld MB", word, (long long)schema, mb, wal_mb);
}

static void see_keys(const char *db_path, struct doctor_line *l) {
  char key[512];
  struct stat st;
  *l = (struct doctor_line){.what = "keys", .advice = "put the file back from a backup: checkpoints and erased opt-outs hang on it"};
  secret_path(db_path, key, sizeof key);
  bool there = stat(key, &st) == 0;
  l->state = !there ? 2 : (st.st_mode & 077) != 0 ? 1 : 0;
  if (l->state == 1) l->advice = "chmod 600 it: others can read it";
  snprintf(l->found, sizeof l->found, "%.150s %s", key, there ? "is there" : "is missing");
}

static void see_registry(struct db *db, struct doctor_line *l) {
  *l = (struct doctor_line){.what = "registry", .advice = "load the newest do-not-call file: most laws want it within 28 to 31 days"};
  /* Of the file in force of each registry the oldest: one that is fresh does not excuse another. */
  char name[64];
  int64_t as_of = ask(db, "SELECT min(as_of) FROM dnc_list WHERE registry<>0 AND current=1", NULL, 0);
  int64_t days = (clock_wall().ms - as_of) / 86400000,
          count = ask(db, "SELECT count(*) FROM dnc_list WHERE registry<>0 AND current=1", NULL, 0);
  (void)ask(db, "SELECT name FROM dnc_list WHERE registry<>0 AND current=1 ORDER BY as_of LIMIT 1", name, sizeof name);
  l->state = count <= 0 ? 0 : days > 31 ? 2 : days > 25 ? 1 : 0;
  if (count <= 0)
    snprintf(l->found, sizeof l->found, "no registry is loaded");
  else
    snprintf(l->found, sizeof l->found, "%lld in force, the oldest (%.60s) is %lld days old", (long long)count, name, (long long)days);
}

/* Every archive is there; nothing waits that was begun. */
static void see_archives(struct db *db, struct doctor_line *l) {
  struct archive_part *parts = NULL;
  int n = archives_load(db, &parts), missing = 0, moving = 0;
  int64_t waiting = ask(db, "SELECT count(*) FROM archive_work", NULL, 0);
  const char *month = "";
  *l = (struct doctor_line){.what = "archives", .advice = "put the file back from a backup: its calls are in no report"};
  for (int i = 0; i < n; i++) {
    moving += parts[i].upto[STREAM_CALL] < parts[i].last[STREAM_CALL] || parts[i].upto[STREAM_DECISION] < parts[i].last[STREAM_DECISION];
    if (access(parts[i].path, R_OK) == 0) continue;
    missing++;
    month = parts[i].month;
  }
  l->state = missing ? 2 : waiting > 0 || moving ? 1 : 0;
  if (l->state == 1)
    l->advice = waiting > 0 ? "stop and start the box: an erasure has not reached them" : "run cadencia archive again: it was cut off";
  if (n <= 0)
    snprintf(l->found, sizeof l->found, "none");
  else
    snprintf(l->found, sizeof l->found, "%d, %d missing%s%s, %d half moved, %lld erasures waiting", n, missing, missing ? ", such as " : "",
             month, moving, (long long)(waiting > 0 ? waiting : 0));
  free(parts);
}

/* Calls of the last day by calling number: whom networks block. */
static void see_numbers(struct db *db, struct doctor_line *l) {
  static const char SQL[] =
      "SELECT count(*)||' of '||max(n) FROM (SELECT caller_id, sum(outcome=?) AS b, count(*) AS n FROM attempt WHERE id>?"
      " GROUP BY caller_id, trunk) WHERE b>=3 AND b*100>=n";
  sqlite3_stmt *q = NULL;
  *l = (struct doctor_line){.what = "calling numbers", .advice = "cadencia report numbers names them: let them rest, ask the carrier why"};
  const int64_t since = (clock_wall().ms - 86400000 - 1704067200000) << 22;
  int64_t blocked = 0;
  if (sqlite3_prepare_v2(db->handle, SQL, -1, &q, NULL) == SQLITE_OK) {
    sqlite3_bind_int(q, 1, OUTCOME_BLOCKED);
    sqlite3_bind_int64(q, 2, since);
    if (sqlite3_step(q) == SQLITE_ROW) blocked = sqlite3_column_int64(q, 0);
  }
  sqlite3_finalize(q);
  l->state = blocked > 0;
  if (blocked)
    snprintf(l->found, sizeof l->found, "%lld calling numbers were blocked by networks in the last day", (long long)blocked);
  else
    snprintf(l->found, sizeof l->found, "none was blocked by networks in the last day");
}

static void see_strangers(struct db *db, struct doctor_line *l) {
  *l = (struct doctor_line){.what = "audit", .advice = "find out who edits the file by hand"};
  int64_t n = ask(db, "SELECT count(*) FROM audit WHERE door='not cadencia'", NULL, 0);
  l->state = n > 0;
  snprintf(l->found, sizeof l->found, "%lld changes by other hands than Cadencia's", (long long)(n > 0 ? n : 0));
}

int doctor_database(const char *db_path, int (*fn)(void *arg, const struct doctor_line *l), void *arg) {
  struct db db;
  struct doctor_line l;
  int r = db_open(&db, db_path, true, false, NULL);
  if (r < 0) return r;
  see_file(&db, db_path, &l);
  r = fn(arg, &l);
  see_keys(db_path, &l);
  if (r >= 0) r = fn(arg, &l);
  see_registry(&db, &l);
  if (r >= 0) r = fn(arg, &l);
  see_archives(&db, &l);
  if (r >= 0) r = fn(arg, &l);
  see_numbers(&db, &l);
  if (r >= 0) r = fn(arg, &l);
  see_strangers(&db, &l);
  if (r >= 0) r = fn(arg, &l);
  db_close(&db);
  return r;
}
