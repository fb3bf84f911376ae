#include "months.h"
#include "store_internal.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void archive_folder(const char *db_path, char *out, size_t room) {
  const char *slash = strrchr(db_path, '/');
  snprintf(out, room, "%.*s/archive", slash ? (int)(slash - db_path) : 1, slash ? db_path : ".");
}

int archive_lock(const char *db_path, int *fd) {
  char path[600];
  const char *slash = strrchr(db_path, '/');
  snprintf(path, sizeof path, "%.*s/evidence.lock", slash ? (int)(slash - db_path) : 1, slash ? db_path : ".");
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (*fd < 0) return CAD_EIO;
  if (flock(*fd, LOCK_EX | LOCK_NB) == 0) return CAD_OK;
  close(*fd);
  *fd = -1;
  return CAD_EBUSY;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void read_part(sqlite3_stmt *q, const char *folder, struct archive_part *p) {
  *p = (struct archive_part){.first = {col_u64(q, 2), col_u64(q, 4)}, .last = {col_u64(q, 3), col_u64(q, 5)}};
  col_text(q, 0, p->month, sizeof p->month);
  snprintf(p->path, sizeof p->path, "%.500s/%.64s", folder, (const char *)sqlite3_column_text(q, 1));
  p->upto[STREAM_CALL] = least(p->last[STREAM_CALL], col_u64(q, 7));
  p->upto[STREAM_DECISION] = least(p->last[STREAM_DECISION], col_u64(q, 8));
  p->agent_upto = least(col_u64(q, 6), col_u64(q, 9));
}

int archives_load(struct db *live, struct archive_part **out) {
  static const char SQL[] = "SELECT a.month, a.file, a.call_first, a.call_last, a.decision_first, a.decision_last, a.agent_last, g.call,"
                            " g.decision, g.agent FROM archive a, archived g WHERE g.id=1 ORDER BY a.month";
  const char *path = sqlite3_db_filename(live->handle, "main");
  char folder[600];
  sqlite3_stmt *q = NULL;
  int n = 0, room = 0, code;
  *out = NULL;
  if (!path || !path[0] || sqlite3_prepare_v2(live->handle, SQL, -1, &q, NULL) != SQLITE_OK) return 0; /* in memory; an older schema */
  archive_folder(path, folder, sizeof folder);
  while ((code = sqlite3_step(q)) == SQLITE_ROW) {
    if (n == room) {
      room = room ? room * 2 : 16;
      struct archive_part *bigger = realloc(*out, (size_t)room * sizeof **out);
      if (!bigger) {
        code = SQLITE_NOMEM;
        break;
      }
      *out = bigger;
    }
    read_part(q, folder, &(*out)[n++]);
  }
  sqlite3_finalize(q);
  if (code == SQLITE_DONE) return n;
  free(*out);
  *out = NULL;
  return CAD_EIO;
}

int archive_open(struct db *live, const struct archive_part *p, struct db *out) {
  if (access(p->path, F_OK) != 0) return CAD_ENOENT;
  int r = db_open(out, sqlite3_db_filename(live->handle, "main"), true, false, NULL);
  if (r < 0) return r;
  char *sql = sqlite3_mprintf("ATTACH %Q AS arc", p->path);
  r = sql ? db_exec(out, sql) : CAD_ENOMEM;
  sqlite3_free(sql);
  if (r >= 0) r = db_exec(out, "PRAGMA arc.cache_size=-65536");
  if (r < 0) db_close(out);
  return r;
}

/* ---- one text for all parts ---- */

static const struct {
  const char *table;
  int stream; /* whose links bound what is read; STREAM_COUNT: agent rows, bounded by id */
} TABLES[] = {{"attempt", STREAM_CALL},      {"interaction", STREAM_CALL}, {"disposition", STREAM_CALL},
              {"decision", STREAM_DECISION}, {"verdict", STREAM_DECISION}, {"agent_log", STREAM_COUNT}};

/* The columns of the live table; those that an older archive does not have are null. *same: it has all of them. */
static void put_columns(struct db *conn, const char *table, FILE *out, bool *same) {
  sqlite3_stmt *q = NULL;
  *same = true;
  if (sqlite3_prepare_v2(conn->handle,
                         "SELECT m.name, a.name IS NULL FROM pragma_table_info(?1,'main') m LEFT JOIN pragma_table_info(?1,'arc') a"
                         " ON a.name=m.name ORDER BY m.cid",
                         -1, &q, NULL) != SQLITE_OK)
    return;
  sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
  for (int i = 0; sqlite3_step(q) == SQLITE_ROW; i++) {
    const bool lacks = sqlite3_column_int(q, 1) != 0;
    fprintf(out, "%s%s%s", i ? "," : "", lacks ? "NULL AS " : "", (const char *)sqlite3_column_text(q, 0));
    if (lacks) *same = false;
  }
  sqlite3_finalize(q);
}

static void put_source(struct db *conn, const struct archive_part *p, size_t which, FILE *out) {
  const char *table = TABLES[which].table;
  const int stream = TABLES[which].stream;
  const bool agents = stream == STREAM_COUNT, whole = !agents && p->upto[stream] >= p->last[stream];
  char *columns = NULL;
  size_t n = 0;
  bool same = false;
  FILE *text = open_memstream(&columns, &n);
  if (text) {
    put_columns(conn, table, text, &same);
    fclose(text);
  }
  if (whole && same)
    fprintf(out, "arc.%s", table);
  else if (whole)
    fprintf(out, "(SELECT %s FROM arc.%s)", columns, table);
  else
    fprintf(out, "(SELECT %s FROM arc.%s WHERE %s<=%llu)", columns, table, agents ? "id" : "link",
            (unsigned long long)(agents ? p->agent_upto : p->upto[stream]));
  free(columns);
}

char *archive_sql(struct db *conn, const struct archive_part *p, const char *sql) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  if (!out) return NULL;
  while (*sql) {
    size_t plain = strcspn(sql, "@"), which = 0;
    fwrite(sql, 1, plain, out);
    sql += plain;
    if (!*sql) break;
    size_t word = strspn(++sql, "abcdefghijklmnopqrstuvwxyz_");
    while (which < sizeof TABLES / sizeof TABLES[0] &&
           (strlen(TABLES[which].table) != word || strncmp(TABLES[which].table, sql, word) != 0))
      which++;
    if (which == sizeof TABLES / sizeof TABLES[0])
      fprintf(out, "main.%.*s", (int)word, sql);
    else if (p)
      put_source(conn, p, which, out);
    else
      fprintf(out, "main.%s", TABLES[which].table);
    sql += word;
  }
  if (fclose(out) == 0) return text;
  free(text);
  return NULL;
}

static int run_one(struct db *conn, const struct archive_part *p, const char *sql, archive_run_fn *run, void *arg) {
  sqlite3_stmt *q = NULL;
  char *text = archive_sql(conn, p, sql);
  if (!text) return CAD_ENOMEM;
  int r = sqlite3_prepare_v2(conn->handle, text, -1, &q, NULL) == SQLITE_OK ? run(arg, conn, p, q) : CAD_ENOSUP;
  sqlite3_finalize(q);
  free(text);
  return r;
}

int archives_each(struct db *live, const char *sql, archive_run_fn *run, void *arg) {
  struct archive_part *parts = NULL;
  const bool own = sqlite3_get_autocommit(live->handle) && sqlite3_db_readonly(live->handle, "main") == 1;
  int r = own ? db_exec(live, "BEGIN") : CAD_OK, n = r < 0 ? r : archives_load(live, &parts);
  if (n < 0) r = n;
  for (int i = 0; r >= 0 && i < n; i++) {
    struct db conn;
    r = archive_open(live, &parts[i], &conn);
    if (r < 0) break;
    r = run_one(&conn, &parts[i], sql, run, arg);
    db_close(&conn);
  }
  if (r >= 0) r = run_one(live, NULL, sql, run, arg);
  if (own) (void)sqlite3_exec(live->handle, "COMMIT", NULL, NULL, NULL);
  free(parts);
  return r;
}

/* ---- what there is ---- */

int store_archive_each(struct store *reader, int (*fn)(void *arg, const struct archive_row *r), void *arg) {
  sqlite3_stmt *q = NULL;
  struct archive_part *parts = NULL;
  int n = archives_load(&reader->db, &parts), r = n < 0 ? n : CAD_OK;
  if (r >= 0 && n > 0 &&
      sqlite3_prepare_v2(reader->db.handle, "SELECT file, created, calls, decisions FROM archive ORDER BY month", -1, &q, NULL) !=
          SQLITE_OK)
    r = CAD_EIO;
  for (int i = 0; r >= 0 && i < n && sqlite3_step(q) == SQLITE_ROW; i++) {
    struct stat st;
    const struct archive_part *p = &parts[i];
    struct archive_row row = {.created = col_wall(q, 1), .calls = col_u64(q, 2), .decisions = col_u64(q, 3)};
    memcpy(row.month, p->month, sizeof row.month);
    col_text(q, 0, row.file, sizeof row.file);
    row.bytes = stat(p->path, &st) == 0 ? (uint64_t)st.st_size : 0;
    for (int k = 0; k < STREAM_AUDIT; k++) row.moving = row.moving || p->upto[k] < p->last[k];
    r = fn(arg, &row);
  }
  sqlite3_finalize(q);
  free(parts);
  return r < 0 ? r : CAD_OK;
}
