#include <campaigns/doctor.h>
#include "db.h"
#include "dialer/base/clock.h"
#include "secret.h"
#include <cadencia/err.h>
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
  int64_t as_of = ask(db, "SELECT max(as_of) FROM dnc_list WHERE registry<>0", NULL, 0);
  int64_t days = (clock_wall().ms - as_of) / 86400000;
  l->state = as_of <= 0 ? 0 : days > 31 ? 2 : days > 25 ? 1 : 0;
  if (as_of <= 0)
    snprintf(l->found, sizeof l->found, "no registry is loaded");
  else
    snprintf(l->found, sizeof l->found, "the newest file is %lld days old", (long long)days);
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
  see_strangers(&db, &l);
  if (r >= 0) r = fn(arg, &l);
  db_close(&db);
  return r;
}
