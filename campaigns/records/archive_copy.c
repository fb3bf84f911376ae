/* Copies a month of the logs into a file of its own. Reads only: rows of the logs never change, but for erasures, and whoever
 * registers the copy makes sure that none came meanwhile. */
#include "months.h"
#include "store_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t ask(struct db *db, const char *sql, uint64_t one, uint64_t two, int64_t fallback) {
  sqlite3_stmt *q = NULL;
  int64_t v = fallback;
  if (sqlite3_prepare_v2(db->handle, sql, -1, &q, NULL) == SQLITE_OK) {
    const int n = sqlite3_bind_parameter_count(q);
    if (n > 0) sqlite3_bind_int64(q, 1, (int64_t)one);
    if (n > 1) sqlite3_bind_int64(q, 2, (int64_t)two);
    if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL) v = sqlite3_column_int64(q, 0);
  }
  sqlite3_finalize(q);
  return v;
}

/* "2026-05" and the instant at which that month is over, UTC. */
static struct wall month_of(struct wall at, char month[ARCHIVE_MONTH_BYTES]) {
  time_t t = (time_t)(at.ms / 1000);
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(month, ARCHIVE_MONTH_BYTES, "%Y-%m", &tm);
  tm = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + 1, .tm_mday = 1};
  return (struct wall){(int64_t)timegm(&tm) * 1000};
}

/* The stretch of a log from `first` on that was written before the month ended. The log's last links always stay: the chain
 * goes on from them. */
static uint64_t last_link(struct db *live, int stream, uint64_t first, struct wall ends) {
  sqlite3_stmt *q = NULL;
  uint64_t last = first - 1, newest = (uint64_t)ask(live, "SELECT max(first) FROM chain WHERE stream=?", (uint64_t)stream, 0, 0);
  if (sqlite3_prepare_v2(live->handle, "SELECT first, count, at FROM chain WHERE stream=? AND first>=? ORDER BY first", -1, &q, NULL) !=
      SQLITE_OK)
    return last;
  sqlite3_bind_int(q, 1, stream);
  sqlite3_bind_int64(q, 2, (int64_t)first);
  while (sqlite3_step(q) == SQLITE_ROW && col_u64(q, 0) < newest && sqlite3_column_int64(q, 2) < ends.ms)
    last = col_u64(q, 0) + col_u64(q, 1) - 1;
  sqlite3_finalize(q);
  return last;
}

int archive_next(const char *db_path, struct wall before, struct archive_draft *out, FILE *err) {
  struct db live;
  struct archive_draft d = {.first = {1, 1}};
  int64_t oldest = INT64_MAX;
  int r = db_open(&live, db_path, true, false, err);
  if (r < 0) return r;
  for (int i = 0; i < STREAM_AUDIT; i++) {
    d.first[i] = (uint64_t)ask(&live, i ? "SELECT max(decision_last) FROM archive" : "SELECT max(call_last) FROM archive", 0, 0, 0) + 1;
    int64_t at = ask(&live, "SELECT at FROM chain WHERE stream=? AND first>=? ORDER BY first LIMIT 1", (uint64_t)i, d.first[i], INT64_MAX);
    if (at < oldest) oldest = at;
  }
  d.erasures = (uint64_t)ask(&live, "SELECT count(*) FROM erasure", 0, 0, 0);
  r = oldest == INT64_MAX ? CAD_EMPTY : CAD_OK;
  if (r >= 0) d.ends = month_of((struct wall){oldest}, d.month);
  if (r >= 0 && d.ends.ms > before.ms) r = CAD_EMPTY;
  for (int i = 0; r >= 0 && i < STREAM_AUDIT; i++) d.last[i] = last_link(&live, i, d.first[i], d.ends);
  if (r >= 0 && d.last[0] < d.first[0] && d.last[1] < d.first[1]) r = CAD_EMPTY; /* its links are the logs' last ones */
  if (r >= 0)
    d.agent_last = (uint64_t)ask(&live, "SELECT max(id) FROM agent_log WHERE id<?", (uint64_t)(d.ends.ms - 1704067200000) << 22, 0, 0);
  db_close(&live);
  char folder[560];
  archive_folder(db_path, folder, sizeof folder);
  snprintf(d.path, sizeof d.path, "%s/%s.db", folder, d.month);
  snprintf(d.part, sizeof d.part, "%s/%s.part", folder, d.month);
  if (r >= 0) *out = d;
  return r;
}

/* ---- the copy ---- */

/* Moves the rows of one table: by id out of the live file, into the archive with the number of their link. */
struct carrier {
  sqlite3_stmt *take, *put;
  int columns;
};
struct copying {
  struct db live, part;
  struct carrier of_kind[CHAIN_KINDS], interaction, agents;
  struct archive_draft *d;
};

static int carrier_make(struct copying *c, const char *table, const char *where, struct carrier *out) {
  char *names = NULL, *types = NULL, *marks = NULL, sql[8192];
  size_t n[3];
  sqlite3_stmt *q = NULL;
  FILE *f[3] = {open_memstream(&names, &n[0]), open_memstream(&types, &n[1]), open_memstream(&marks, &n[2])};
  int r = f[0] && f[1] && f[2] ? CAD_OK : CAD_ENOMEM;
  if (r >= 0 && sqlite3_prepare_v2(c->live.handle, "SELECT name, type FROM pragma_table_info(?1)", -1, &q, NULL) != SQLITE_OK) r = CAD_EIO;
  if (r >= 0) sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
  for (; r >= 0 && sqlite3_step(q) == SQLITE_ROW; out->columns++) {
    const char *name = (const char *)sqlite3_column_text(q, 0);
    fprintf(f[0], "%s%s", out->columns ? "," : "", name);
    fprintf(f[1], "%s %s%s,", name, (const char *)sqlite3_column_text(q, 1), strcmp(name, "id") == 0 ? " PRIMARY KEY" : "");
    fputs("?,", f[2]);
  }
  sqlite3_finalize(q);
  for (int i = 0; i < 3; i++)
    if (f[i]) fclose(f[i]);
  if (r >= 0) {
    snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s(%slink INTEGER NOT NULL) STRICT", table, types);
    r = db_exec(&c->part, sql);
  }
  snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE %s", names ? names : "", table, where);
  if (r >= 0 && sqlite3_prepare_v2(c->live.handle, sql, -1, &out->take, NULL) != SQLITE_OK) r = CAD_EIO;
  snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO %s(%s,link) VALUES(%s?)", table, names ? names : "", marks ? marks : "");
  if (r >= 0 && sqlite3_prepare_v2(c->part.handle, sql, -1, &out->put, NULL) != SQLITE_OK) r = CAD_EIO;
  free(names), free(types), free(marks);
  return r;
}

static int carry_row(struct carrier *k, uint64_t link) {
  for (int i = 0; i < k->columns; i++) sqlite3_bind_value(k->put, i + 1, sqlite3_column_value(k->take, i));
  sqlite3_bind_int64(k->put, k->columns + 1, (int64_t)link);
  int code = sqlite3_step(k->put);
  sqlite3_reset(k->put);
  return code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

/* 1 carried, 0 no such row. */
static int carry(struct carrier *k, uint64_t id, uint64_t link) {
  sqlite3_bind_int64(k->take, 1, (int64_t)id);
  int code = sqlite3_step(k->take), r = code == SQLITE_ROW ? carry_row(k, link) : code == SQLITE_DONE ? CAD_OK : CAD_EIO;
  sqlite3_reset(k->take);
  return r < 0 ? r : code == SQLITE_ROW;
}

static uint64_t get_u64(const unsigned char *at) {
  uint64_t v = 0;
  for (int i = 7; i >= 0; i--) v = v << 8 | at[i];
  return v;
}

static int carry_entries(struct copying *c, int stream, uint64_t first, const unsigned char *e, int bytes) {
  int r = bytes % ENTRY_BYTES ? CAD_EFORMAT : CAD_OK;
  for (uint64_t link = first; r >= 0 && bytes > 0; bytes -= ENTRY_BYTES, e += ENTRY_BYTES, link++) {
    const struct chain_kind_row *k = chain_kind_row(e[0]);
    const uint64_t id = get_u64(e + 1);
    if (!k || k->stream != (enum chain_stream)stream) return CAD_EFORMAT;
    r = carry(&c->of_kind[e[0]], id, link);
    if (r == 0) return CAD_EFORMAT; /* a row is missing: verify names it, and it must stay seen */
    if (r > 0 && e[0] == CHAIN_CALL) r = carry(&c->interaction, id, link);
    if (id > c->d->last_id) c->d->last_id = id;
    c->d->rows[stream]++;
  }
  return r < 0 ? r : CAD_OK;
}

static int carry_stream(struct copying *c, int stream) {
  sqlite3_stmt *q = NULL, *put = NULL;
  int r = CAD_OK, code = SQLITE_DONE;
  if (sqlite3_prepare_v2(c->live.handle,
                         "SELECT id, stream, first, count, at, head, entries FROM chain WHERE stream=? AND first BETWEEN ? AND ?"
                         " ORDER BY first",
                         -1, &q, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(c->part.handle, "INSERT INTO chain VALUES(?,?,?,?,?,?,?)", -1, &put, NULL) != SQLITE_OK)
    r = CAD_EIO;
  if (r >= 0) {
    sqlite3_bind_int(q, 1, stream);
    sqlite3_bind_int64(q, 2, (int64_t)c->d->first[stream]);
    sqlite3_bind_int64(q, 3, (int64_t)c->d->last[stream]);
  }
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    for (int i = 0; i < 7; i++) sqlite3_bind_value(put, i + 1, sqlite3_column_value(q, i));
    if (sqlite3_step(put) != SQLITE_DONE) r = CAD_EIO;
    sqlite3_reset(put);
    if (r >= 0) r = carry_entries(c, stream, col_u64(q, 2), sqlite3_column_blob(q, 6), sqlite3_column_bytes(q, 6));
  }
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  sqlite3_finalize(q);
  sqlite3_finalize(put);
  return r;
}

static int carry_agents(struct copying *c) {
  int code = SQLITE_DONE, r = CAD_OK;
  sqlite3_bind_int64(c->agents.take, 1, ask(&c->live, "SELECT agent FROM archived", 0, 0, 0));
  sqlite3_bind_int64(c->agents.take, 2, (int64_t)c->d->agent_last);
  while (r >= 0 && (code = sqlite3_step(c->agents.take)) == SQLITE_ROW) r = carry_row(&c->agents, 0);
  return r < 0 ? r : code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

static int carry_all(struct copying *c) {
  static const char BEGIN[] = "BEGIN; CREATE TABLE chain(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, first INTEGER NOT NULL,"
                              " count INTEGER NOT NULL, at INTEGER NOT NULL, head BLOB NOT NULL, entries BLOB NOT NULL,"
                              " UNIQUE(stream, first)) STRICT; CREATE TABLE about(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
                              "INSERT INTO about VALUES('what','an archive of Cadencia: docs/data.md says how it is made')";
  static const char INDEXES[] = "CREATE INDEX attempt_phone ON attempt(phone); CREATE INDEX decision_phone ON decision(phone);"
                                "CREATE INDEX verdict_phone ON verdict(phone); CREATE INDEX disposition_attempt ON disposition(attempt);"
                                "COMMIT";
  int r = db_exec(&c->part, BEGIN);
  for (int kind = 1; r >= 0 && kind < CHAIN_KINDS; kind++) {
    const struct chain_kind_row *k = chain_kind_row(kind);
    if (k && k->stream != STREAM_AUDIT) r = carrier_make(c, k->table, "id=?", &c->of_kind[kind]);
  }
  if (r >= 0) r = carrier_make(c, "interaction", "id=(SELECT interaction FROM attempt WHERE id=?)", &c->interaction);
  if (r >= 0) r = carrier_make(c, "agent_log", "id>? AND id<=?", &c->agents);
  for (int i = 0; r >= 0 && i < STREAM_AUDIT; i++) r = carry_stream(c, i);
  if (r >= 0) r = carry_agents(c);
  return r >= 0 ? db_exec(&c->part, INDEXES) : r;
}

static void carrier_free(struct carrier *k) {
  sqlite3_finalize(k->take);
  sqlite3_finalize(k->put);
}

static int flush_and_name(const struct archive_draft *d, const char *folder) {
  int fd = open(d->part, O_RDONLY | O_CLOEXEC), dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool good = fd >= 0 && dir >= 0 && fsync(fd) == 0 && rename(d->part, d->path) == 0 && fsync(dir) == 0;
  if (fd >= 0) close(fd);
  if (dir >= 0) close(dir);
  return good ? CAD_OK : CAD_EIO;
}

int archive_copy(const char *db_path, struct archive_draft *d, FILE *err) {
  struct copying *c = calloc(1, sizeof *c);
  char folder[560];
  if (!c) return CAD_ENOMEM;
  archive_folder(db_path, folder, sizeof folder);
  c->d = d;
  int r = mkdir(folder, 0700) == 0 || errno == EEXIST ? CAD_OK : CAD_EIO;
  if (unlink(d->part) != 0 && errno != ENOENT) r = CAD_EIO;
  if (r >= 0) r = db_open(&c->live, db_path, true, false, err);
  if (r >= 0) r = db_open(&c->part, d->part, false, true, err);
  if (r >= 0) r = db_exec(&c->part, "PRAGMA journal_mode=OFF");
  if (r >= 0) r = carry_all(c);
  for (int kind = 0; kind < CHAIN_KINDS; kind++) carrier_free(&c->of_kind[kind]);
  carrier_free(&c->interaction);
  carrier_free(&c->agents);
  if (c->part.handle) db_close(&c->part);
  if (c->live.handle) db_close(&c->live);
  free(c);
  if (r >= 0) r = flush_and_name(d, folder);
  if (r < 0) (void)unlink(d->part);
  if (r == CAD_EIO && err) fprintf(err, "%s cannot be written: %s\n", d->part, strerror(errno));
  if (r == CAD_EFORMAT && err)
    fprintf(err, "a row of %s is missing or altered: cadencia verify names it; nothing was archived\n", d->month);
  return r;
}
