#include "checkpoint.h"
#include <cadencia/err.h>
#include <campaigns/evidence.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int evidence_checkpoint(const char *db_path, char out[EVIDENCE_TEXT_BYTES], FILE *err) {
  struct db db;
  sqlite3_stmt *q = NULL;
  int r = db_open(&db, db_path, true, false, err);
  if (r < 0) return r;
  r = CAD_ENOENT;
  if (sqlite3_prepare_v2(db.handle, "SELECT text FROM checkpoint ORDER BY number DESC LIMIT 1", -1, &q, NULL) == SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW) {
    col_text(q, 0, out, EVIDENCE_TEXT_BYTES);
    r = CAD_OK;
  }
  sqlite3_finalize(q);
  db_close(&db);
  return r;
}

int evidence_next(const char *db_path, uint64_t after, uint64_t *number, char out[]) {
  static const char NEWEST[] = "SELECT number, text FROM checkpoint ORDER BY number DESC LIMIT 1",
                    NEXT[] = "SELECT number, text FROM checkpoint WHERE number>? ORDER BY number LIMIT 1";
  struct db db;
  sqlite3_stmt *q = NULL;
  int r = db_open(&db, db_path, true, false, NULL);
  if (r < 0) return r;
  r = CAD_ENOENT;
  if (sqlite3_prepare_v2(db.handle, after ? NEXT : NEWEST, -1, &q, NULL) == SQLITE_OK) {
    if (after) sqlite3_bind_int64(q, 1, (int64_t)after);
    if (sqlite3_step(q) == SQLITE_ROW) {
      *number = col_u64(q, 0);
      col_text(q, 1, out, EVIDENCE_TEXT_BYTES);
      r = CAD_OK;
    }
  }
  sqlite3_finalize(q);
  db_close(&db);
  return r;
}

/* Files are "checkpoint-BOX-CHAIN8-NUMBER.txt", so that several boxes may share a folder. */
static uint64_t newest_there(int folder, const char *prefix) {
  uint64_t newest = 0;
  int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
  for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
    size_t n = strlen(prefix), length = strlen(e->d_name);
    if (strncmp(e->d_name, prefix, n) != 0 || length < n + 5 || strcmp(e->d_name + length - 4, ".txt") != 0) continue;
    uint64_t number = strtoull(e->d_name + n, NULL, 10);
    if (number > newest) newest = number;
  }
  if (d) closedir(d);
  return newest;
}

static int write_one(int folder, const char *name, const char *text) {
  char beside[128];
  if (snprintf(beside, sizeof beside, ".%s", name) >= (int)sizeof beside) return CAD_EINVAL;
  int fd = openat(folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return CAD_EIO;
  size_t n = strlen(text);
  bool good = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
  good = close(fd) == 0 && good;
  return good && renameat(folder, beside, folder, name) == 0 ? CAD_OK : CAD_EIO;
}

int evidence_drop(const char *db_path, const char *folder, FILE *err) {
  struct db db;
  sqlite3_stmt *q = NULL;
  int written = 0, r = db_open(&db, db_path, true, false, err);
  if (r < 0) return r;
  if (mkdir(folder, 0755) != 0 && errno != EEXIST) r = CAD_EIO;
  int fd = r < 0 ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char prefix[40] = "";
  if (fd < 0) r = CAD_EIO;
  if (r >= 0 &&
      sqlite3_prepare_v2(db.handle, "SELECT a.value, b.value FROM meta a, meta b WHERE a.key='chain' AND b.key='chain_box'", -1, &q,
                         NULL) == SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW)
    snprintf(prefix, sizeof prefix, "checkpoint-%d-%.8s-", sqlite3_column_int(q, 1), (const char *)sqlite3_column_text(q, 0));
  sqlite3_finalize(q);
  q = NULL;
  if (r >= 0 && prefix[0] &&
      sqlite3_prepare_v2(db.handle, "SELECT number, text FROM checkpoint WHERE number>? ORDER BY number", -1, &q, NULL) == SQLITE_OK) {
    sqlite3_bind_int64(q, 1, (int64_t)newest_there(fd, prefix));
    while (r >= 0 && sqlite3_step(q) == SQLITE_ROW) {
      char name[64];
      snprintf(name, sizeof name, "%s%08llu.txt", prefix, (unsigned long long)col_u64(q, 0));
      r = write_one(fd, name, (const char *)sqlite3_column_text(q, 1));
      written += r >= 0;
    }
  }
  sqlite3_finalize(q);
  if (r < 0 && err) fprintf(err, "%s: checkpoints cannot be written there: %s\n", folder, strerror(errno));
  if (fd >= 0) close(fd);
  db_close(&db);
  return r < 0 ? r : written;
}
