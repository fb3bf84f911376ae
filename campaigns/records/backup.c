#include "backup_stream.h"
#include "db.h"
#include <cadencia/err.h>
#include <campaigns/backup.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DATABASE[] = "cadencia.db";
enum { NAME_MOST = 200 };

/* A file in the stream: length of its name, name, length, bytes. */
static int put_file(struct sealed *s, const char *path, const char *name, struct backup_counts *n) {
  unsigned char head[10];
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r = CAD_OK;
  if (fd < 0 || fstat(fd, &st) != 0) {
    const bool gone = fd < 0 && errno == ENOENT;
    if (fd >= 0) close(fd);
    return gone ? CAD_ENOENT : CAD_EIO;
  }
  size_t length = strlen(name);
  head[0] = (unsigned char)length, head[1] = (unsigned char)(length >> 8);
  for (int i = 0; i < 8; i++) head[2 + i] = (unsigned char)((uint64_t)st.st_size >> (8 * i));
  r = sealed_write(s, head, sizeof head);
  if (r >= 0) r = sealed_write(s, name, length);
  char *bytes = malloc(CHUNK_BYTES);
  off_t left = st.st_size;
  while (r >= 0 && left > 0) { /* as long as it was: a log may grow meanwhile */
    ssize_t got = bytes ? read(fd, bytes, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES) : -1;
    if (got <= 0)
      r = CAD_EIO;
    else
      r = sealed_write(s, bytes, (size_t)got);
    left -= got;
  }
  free(bytes);
  close(fd);
  n->files++;
  n->bytes += (uint64_t)st.st_size;
  return r;
}

/* As of one instant, while others write. */
static int copy_database(const char *from, const char *to, FILE *err) {
  struct db source;
  sqlite3 *copy = NULL;
  int r = db_open(&source, from, true, false, err);
  if (r < 0) return r;
  (void)unlink(to);
  int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  if (fd < 0 || sqlite3_open(to, &copy) != SQLITE_OK) r = CAD_EIO;
  sqlite3_backup *b = r < 0 ? NULL : sqlite3_backup_init(copy, "main", source.handle, "main");
  if (r >= 0 && (!b || sqlite3_backup_step(b, -1) != SQLITE_DONE)) r = CAD_EIO;
  if (b && sqlite3_backup_finish(b) != SQLITE_OK) r = CAD_EIO;
  sqlite3_close(copy);
  db_close(&source);
  if (r < 0 && err) fprintf(err, "the database could not be copied to %s: %s\n", to, strerror(errno));
  return r;
}

static bool belongs(const char *name) {
  static const char *const NOT[] = {"cadencia.lock", "cadencia.sock", "cadencia.db-wal", "cadencia.db-shm", "cadencia.db", "evidence.lock"};
  for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++)
    if (strcmp(name, NOT[i]) == 0) return false;
  return name[0] != '.' && strlen(name) <= NAME_MOST && strstr(name, ".backup") == NULL;
}

/* Folders of the state that belong to the records: lists, archives, the site's own rules, voices. One level deep. */
static const char *const FOLDERS[] = {"archive", "dnc", "rules", "calendars", "samples", "recordings"};
enum { FOLDER_COUNT = sizeof FOLDERS / sizeof FOLDERS[0] };

static bool folder_known(const char *name, size_t n) {
  for (size_t i = 0; i < FOLDER_COUNT; i++)
    if (strlen(FOLDERS[i]) == n && memcmp(FOLDERS[i], name, n) == 0) return true;
  return false;
}

/* The files of one folder; under: "" or "dnc". A file that is gone meanwhile (a sample has its days) is left out. */
static int put_folder(struct sealed *s, const char *state_dir, const char *under, const struct stat *mine, struct backup_counts *n) {
  char folder[600];
  snprintf(folder, sizeof folder, "%s%s%s", state_dir, under[0] ? "/" : "", under);
  DIR *d = opendir(folder);
  int r = d || under[0] ? CAD_OK : CAD_EIO;
  for (struct dirent *e; d && r >= 0 && (e = readdir(d)) != NULL;) {
    char path[900], name[NAME_MOST + 32];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    if (!belongs(e->d_name) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) continue;
    if (mine && st.st_ino == mine->st_ino && st.st_dev == mine->st_dev) continue; /* not itself */
    if (strcmp(under, "archive") == 0 && strstr(e->d_name, ".db") != e->d_name + strlen(e->d_name) - 3) continue;
    if (snprintf(name, sizeof name, "%s%s%s", under, under[0] ? "/" : "", e->d_name) > NAME_MOST) continue;
    r = put_file(s, path, name, n);
    if (r == CAD_ENOENT) r = CAD_OK;
  }
  if (d) closedir(d);
  return r;
}

static int put_others(struct sealed *s, const char *state_dir, const char *out, struct backup_counts *n) {
  struct stat mine;
  bool known = stat(out, &mine) == 0;
  int r = put_folder(s, state_dir, "", known ? &mine : NULL, n);
  for (size_t i = 0; r >= 0 && i < FOLDER_COUNT; i++) r = put_folder(s, state_dir, FOLDERS[i], known ? &mine : NULL, n);
  return r;
}

int backup_make(const char *state_dir, const char *out, const char *password, struct backup_counts *n, FILE *err) {
  char from[600], copy[600], beside[600];
  *n = (struct backup_counts){0};
  if (snprintf(from, sizeof from, "%s/%s", state_dir, DATABASE) >= 600 || snprintf(copy, sizeof copy, "%s/.backup.db", state_dir) >= 600 ||
      snprintf(beside, sizeof beside, "%s.part", out) >= 600)
    return CAD_EINVAL;
  struct sealed *s = calloc(1, sizeof *s);
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  FILE *f = fd >= 0 ? fdopen(fd, "we") : NULL;
  int r = s && f ? copy_database(from, copy, err) : CAD_EIO;
  if (!f && err) fprintf(err, "%s cannot be written: %s\n", beside, strerror(errno));
  if (r >= 0) r = sealed_create(s, f, password);
  if (r >= 0) r = put_others(s, state_dir, beside, n); /* keys first: a restore puts the database last */
  if (r >= 0) r = put_file(s, copy, DATABASE, n);
  if (r >= 0) r = sealed_finish(s);
  if (f && (fflush(f) != 0 || fsync(fileno(f)) != 0) && r >= 0) r = CAD_EIO;
  if (f && fclose(f) != 0 && r >= 0) r = CAD_EIO;
  if (r >= 0 && rename(beside, out) != 0) r = CAD_EIO;
  if (r < 0) (void)unlink(beside);
  (void)unlink(copy);
  if (s) sodium_memzero(s, sizeof *s);
  free(s);
  return r;
}

/* ---- back again ---- */

/* ".restore.NAME" beside the name, in its folder, which is made. */
static int beside_of(int folder, const char *name, char out[NAME_MOST + 16]) {
  const char *slash = strchr(name, '/');
  snprintf(out, NAME_MOST + 16, "%.*s.restore.%.200s", slash ? (int)(slash - name) + 1 : 0, name, slash ? slash + 1 : name);
  char under[32] = "";
  if (slash) memcpy(under, name, (size_t)(slash - name) < sizeof under ? (size_t)(slash - name) : sizeof under - 1);
  return slash && mkdirat(folder, under, 0700) != 0 && errno != EEXIST ? CAD_EIO : CAD_OK;
}

static int take_file(struct sealed *s, int folder, const char *name, uint64_t length, char *bytes) {
  char beside[NAME_MOST + 16];
  int made = beside_of(folder, name, beside),
      fd = made < 0 ? -1 : openat(folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  int r = fd < 0 ? CAD_EIO : CAD_OK;
  while (r >= 0 && length > 0) {
    size_t k = length < CHUNK_BYTES ? (size_t)length : CHUNK_BYTES;
    if ((r = sealed_read(s, bytes, k)) >= 0 && write(fd, bytes, k) != (ssize_t)k) r = CAD_EIO;
    length -= k;
  }
  if (fd >= 0 && (fsync(fd) != 0 || close(fd) != 0) && r >= 0) r = CAD_EIO;
  return r == CAD_EMPTY ? CAD_EREFUSED : r;
}

static int take_head(struct sealed *s, char name[NAME_MOST + 1], uint64_t *length) {
  unsigned char head[10];
  int r = sealed_read(s, head, sizeof head);
  if (r < 0) return r;
  size_t n = (size_t)(head[0] | head[1] << 8);
  *length = 0;
  for (int i = 7; i >= 0; i--) *length = *length << 8 | head[2 + i];
  if (n == 0 || n > NAME_MOST) return CAD_EFORMAT;
  if ((r = sealed_read(s, name, n)) < 0) return CAD_EREFUSED;
  name[n] = '\0';
  const char *slash = strchr(name, '/'), *base = slash ? slash + 1 : name;
  if (slash && !folder_known(name, (size_t)(slash - name))) return CAD_EFORMAT;
  return strchr(base, '/') || base[0] == '.' || !base[0] || strlen(name) != n ? CAD_EFORMAT : CAD_OK;
}

/* Every byte is there and true before the first name appears; the database's is the last. */
static int rename_all(int folder, char (*names)[NAME_MOST + 1], size_t count) {
  for (size_t i = 0; i < count; i++) {
    char beside[NAME_MOST + 16];
    if (beside_of(folder, names[i], beside) < 0 || renameat(folder, beside, folder, names[i]) != 0) return CAD_EIO;
  }
  return fsync(folder) == 0 ? CAD_OK : CAD_EIO;
}

static int take_all(struct sealed *s, int folder, struct backup_counts *n) {
  enum { FILES_MOST = 1 << 20 };
  size_t room = 256;
  char(*names)[NAME_MOST + 1] = calloc(room, sizeof *names);
  char *bytes = malloc(CHUNK_BYTES);
  size_t count = 0;
  int r = names && bytes ? CAD_OK : CAD_ENOMEM;
  while (r >= 0) {
    uint64_t length;
    if (count == FILES_MOST) r = CAD_EFULL;
    if (r >= 0 && count + 1 >= room) {
      char(*bigger)[NAME_MOST + 1] = realloc(names, 2 * room * sizeof *names);
      if (!bigger) {
        r = CAD_ENOMEM;
        break;
      }
      memset(bigger + room, 0, room * sizeof *names);
      names = bigger;
      room *= 2;
    }
    if (r >= 0) r = take_head(s, names[count], &length);
    if (r >= 0) r = take_file(s, folder, names[count], length, bytes);
    if (r >= 0) count++, n->files++, n->bytes += length;
  }
  bool whole = r == CAD_EMPTY && count > 0 && strcmp(names[count - 1], DATABASE) == 0;
  if (r == CAD_EMPTY) r = whole ? rename_all(folder, names, count) : CAD_EFORMAT;
  for (size_t i = 0; r < 0 && names && i <= count && i < room; i++) {
    char beside[NAME_MOST + 16];
    if (names[i][0] && beside_of(folder, names[i], beside) >= 0) (void)unlinkat(folder, beside, 0);
  }
  free(names);
  free(bytes);
  return r;
}

int backup_restore(const char *file, const char *state_dir, const char *password, struct backup_counts *n, FILE *err) {
  *n = (struct backup_counts){0};
  if (mkdir(state_dir, 0700) != 0 && errno != EEXIST) return CAD_EIO;
  int folder = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return CAD_EIO;
  if (faccessat(folder, DATABASE, F_OK, 0) == 0) {
    close(folder);
    if (err) fprintf(err, "%s/%s is there already: move it away first, nothing is overwritten\n", state_dir, DATABASE);
    return CAD_EEXIST;
  }
  struct sealed *s = calloc(1, sizeof *s);
  FILE *f = fopen(file, "re");
  int r = s && f ? sealed_open(s, f, password) : CAD_EIO;
  if (r >= 0) r = take_all(s, folder, n);
  if (err && r == CAD_EREFUSED) fprintf(err, "%s: the password is wrong, or the file was altered or cut\n", file);
  if (err && r == CAD_EFORMAT) fprintf(err, "%s is no backup of Cadencia\n", file);
  if (err && r == CAD_EIO) fprintf(err, "%s or %s: %s\n", file, state_dir, strerror(errno));
  if (f) fclose(f);
  if (s) sodium_memzero(s, sizeof *s);
  free(s);
  close(folder);
  return r;
}
