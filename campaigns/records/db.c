#include "db.h"
#include "chain.h"
#include "dialer/base/clock.h"
#include <cadencia/err.h>
#include <stdarg.h>
#include <string.h>

static int translate(struct db *db, int code) {
  db->last_code = code;
  switch (code & 0xff) {
  case SQLITE_OK: return CAD_OK;
  case SQLITE_NOMEM: return CAD_ENOMEM;
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return CAD_EBUSY;
  case SQLITE_FULL: return CAD_EFULL;
  case SQLITE_CONSTRAINT: return CAD_EEXIST;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB: return CAD_EFORMAT;
  default: return CAD_EIO;
  }
}

static int spoil(struct db *db, int code) {
  if (db->in_tx) db->spoiled = true;
  return translate(db, code);
}

int db_open(struct db *db, const char *path, bool reader, bool fast, FILE *err) {
  *db = (struct db){.fast = fast};
  int flags = reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  int code = sqlite3_open_v2(path ? path : ":memory:", &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK) goto fail;
  sqlite3_extended_result_codes(db->handle, 1);
  sqlite3_busy_timeout(db->handle, 2000);
  code = sqlite3_exec(db->handle, "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;", NULL, NULL, NULL);
  if (code == SQLITE_OK && !reader)
    code = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=8000;", NULL, NULL, NULL);
  if (code == SQLITE_OK && !reader)
    code = sqlite3_exec(db->handle, fast ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=FULL", NULL, NULL, NULL);
  if (code == SQLITE_OK) return CAD_OK;
fail:
  if (err) fprintf(err, "%s: %s\n", path ? path : "in memory", db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
  db_close(db);
  return translate(db, code);
}

void db_close(struct db *db) {
  for (int i = 0; i < Q_COUNT; i++) sqlite3_finalize(db->cache[i]);
  sqlite3_close(db->handle);
  memset(db, 0, sizeof *db);
}

enum { SLOW_STEPS = 100000, SLOW_MS = 2000 };

static int while_slow(void *arg) {
  struct db_slow *slow = arg;
  char text[160];
  const int64_t now = clock_mono().ms;
  if (now - slow->said_ms < SLOW_MS) return 0;
  slow->said_ms = now;
  snprintf(text, sizeof text, "%s: %lld s so far", slow->text, (long long)((now - slow->from_ms) / 1000));
  slow->say(slow->arg, text);
  return 0;
}

void db_slow(struct db *db, const char *text) {
  struct db_slow *slow = &db->slow;
  if (!slow->say) return;
  if (text) {
    snprintf(slow->text, sizeof slow->text, "%s", text);
    slow->from_ms = slow->said_ms = clock_mono().ms;
  }
  sqlite3_progress_handler(db->handle, text ? SLOW_STEPS : 0, text ? while_slow : NULL, slow);
}

int db_exec(struct db *db, const char *sql) {
  int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? CAD_OK : spoil(db, code);
}

/* Outside of transactions only. */
static int be_lax(struct db *db, bool lax) {
  if (db->fast || db->lax == lax) return CAD_OK;
  int err = db_exec(db, lax ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
  if (err >= 0) db->lax = lax;
  return err;
}

static int begin(struct db *db, bool lax) {
  int err = be_lax(db, lax);
  if (err >= 0) err = db_run(db, Q_BEGIN, "BEGIN IMMEDIATE", "");
  if (err < 0) return err;
  db->in_tx = true;
  db->spoiled = false;
  return CAD_OK;
}

int db_begin(struct db *db) { return begin(db, false); }
int db_begin_lax(struct db *db) { return begin(db, true); }

int db_commit(struct db *db) {
  if (db->spoiled) {
    int code = db->last_code;
    db_rollback(db);
    return translate(db, code);
  }
  int err = db_run(db, Q_COMMIT, "COMMIT", "");
  if (err < 0) {
    db_rollback(db);
    return err;
  }
  db->in_tx = false;
  (void)be_lax(db, false); /* what stands alone waits for the disk; the next usual begin tries again */
  return CAD_OK;
}

void db_rollback(struct db *db) {
  int code = db->last_code; /* a full disk may have rolled back already: then this fails, and all is well */
  db->in_tx = db->spoiled = false;
  if (!sqlite3_get_autocommit(db->handle)) db_run(db, Q_ROLLBACK, "ROLLBACK", "");
  (void)be_lax(db, false);
  db->last_code = code;
}

static sqlite3_stmt *prepare(struct db *db, enum db_slot slot, const char *sql) {
  if (db->cache[slot]) return db->cache[slot];
  int code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->cache[slot], NULL);
  if (code != SQLITE_OK) spoil(db, code);
  return db->cache[slot];
}

/* Binds one value; what is not personal goes into the content of the row's link as well. */
static int bind_one(sqlite3_stmt *q, int i, char type, va_list *args, struct content *into) {
  switch (type) {
  case 'i':
  case 'u':
  case 'U': { /* both are 64 bits of the same shape */
    int64_t v = va_arg(*args, int64_t);
    if (into && type != 'U') content_int(into, v);
    return sqlite3_bind_int64(q, i, v);
  }
  case 'd': {
    int v = va_arg(*args, int);
    if (into) content_int(into, v);
    return sqlite3_bind_int(q, i, v);
  }
  case 't': {
    const char *text = va_arg(*args, const char *);
    if (into && text) content_bytes(into, 't', text, strlen(text));
    if (into && !text) content_null(into);
    return sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
  }
  case 'w': {
    struct wall w = va_arg(*args, struct wall);
    if (into && w.ms) content_int(into, w.ms);
    if (into && !w.ms) content_null(into);
    return w.ms == 0 ? sqlite3_bind_null(q, i) : sqlite3_bind_int64(q, i, w.ms);
  }
  case 'b': {
    const void *data = va_arg(*args, const void *);
    int n = va_arg(*args, int);
    if (into) content_bytes(into, 'b', data, (size_t)n);
    return sqlite3_bind_blob(q, i, data, n, SQLITE_STATIC);
  }
  case 'S': {
    const void *salt = va_arg(*args, const void *);
    return salt ? sqlite3_bind_blob(q, i, salt, SALT_BYTES, SQLITE_STATIC) : sqlite3_bind_null(q, i);
  }
  default: return SQLITE_MISUSE;
  }
}

/* A transaction that failed once may be gone already (a full disk rolls it back by itself): whatever came
 * after it would stand alone, so nothing comes after it but its end. */
static bool barred(const struct db *db, enum db_slot slot) { return db->in_tx && db->spoiled && slot != Q_COMMIT && slot != Q_ROLLBACK; }

static sqlite3_stmt *query(struct db *db, struct content *into, enum db_slot slot, const char *sql, const char *types, va_list *args) {
  if (barred(db, slot)) return NULL;
  sqlite3_stmt *q = prepare(db, slot, sql);
  if (!q) return NULL;
  for (int i = 0; types[i]; i++) {
    int code = bind_one(q, i + 1, types[i], args, into);
    if (code == SQLITE_OK) continue;
    spoil(db, code);
    return NULL;
  }
  return q;
}

sqlite3_stmt *db_query(struct db *db, enum db_slot slot, const char *sql, const char *types, ...) {
  va_list args;
  va_start(args, types);
  sqlite3_stmt *q = query(db, NULL, slot, sql, types, &args);
  va_end(args);
  return q;
}

int db_step(struct db *db, sqlite3_stmt *q) {
  if (!q) return CAD_EIO;
  int code = sqlite3_step(q);
  if (code == SQLITE_ROW) return 1;
  return code == SQLITE_DONE ? 0 : spoil(db, code);
}

void db_done(sqlite3_stmt *q) {
  if (q) sqlite3_reset(q);
}

int db_run(struct db *db, enum db_slot slot, const char *sql, const char *types, ...) {
  va_list args;
  va_start(args, types);
  sqlite3_stmt *q = query(db, NULL, slot, sql, types, &args);
  va_end(args);
  int err = db_step(db, q);
  db_done(q);
  return err;
}

int db_run_into(struct db *db, struct content *content, enum db_slot slot, const char *sql, const char *types, ...) {
  va_list args;
  va_start(args, types);
  sqlite3_stmt *q = query(db, content, slot, sql, types, &args);
  va_end(args);
  int err = db_step(db, q);
  db_done(q);
  return err;
}

void db_spoil(struct db *db, int code) { (void)spoil(db, code); }

int db_changes(const struct db *db) { return sqlite3_changes(db->handle); }
int64_t db_changes_in_all(const struct db *db) { return sqlite3_total_changes64(db->handle); }

uint64_t col_u64(sqlite3_stmt *q, int i) { return (uint64_t)sqlite3_column_int64(q, i); }
struct wall col_wall(sqlite3_stmt *q, int i) {
  return (struct wall){sqlite3_column_int64(q, i)};
}
void col_text(sqlite3_stmt *q, int i, char *out, size_t room) {
  const char *text = (const char *)sqlite3_column_text(q, i);
  snprintf(out, room, "%s", text ? text : "");
}
