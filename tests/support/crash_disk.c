#include "crash_disk.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 8, NAME = 64, SECTOR = 512, SHM_REGIONS = 16 };

struct pending { /* a write or a truncation that no sync has covered */
  int64_t at;
  uint32_t size;
  bool truncate;
  uint8_t *bytes;
};
struct disk_file {
  char name[NAME];
  bool exists;
  uint8_t *now, *durable;
  int64_t now_size, durable_size, now_room, durable_room;
  struct pending *pending;
  unsigned pending_count, pending_room;
  void *shm[SHM_REGIONS];
};
struct handle {
  sqlite3_file base;
  struct disk_file *file;
};

static struct disk_file files[FILES];
static uint32_t armed;
static bool dead, full;
static struct crash_disk_counts counts;

static void grow(uint8_t **bytes, int64_t *room, int64_t size) {
  if (size <= *room) return;
  int64_t more = *room ? *room : 65536;
  while (more < size) more *= 2;
  *bytes = realloc(*bytes, (size_t)more);
  if (!*bytes) abort();
  memset(*bytes + *room, 0, (size_t)(more - *room));
  *room = more;
}

static void put(uint8_t **bytes, int64_t *size, int64_t *room, const struct pending *p) {
  if (p->truncate) {
    if (p->at < *size) memset(*bytes + p->at, 0, (size_t)(*size - p->at));
    *size = p->at;
    return;
  }
  grow(bytes, room, p->at + p->size);
  memcpy(*bytes + p->at, p->bytes, p->size);
  if (p->at + p->size > *size) *size = p->at + p->size;
}

static void forget_pending(struct disk_file *f) {
  for (unsigned i = 0; i < f->pending_count; i++) free(f->pending[i].bytes);
  f->pending_count = 0;
}

static void remember(struct disk_file *f, struct pending p) {
  if (f->pending_count == f->pending_room) {
    f->pending_room = f->pending_room ? f->pending_room * 2 : 64;
    f->pending = realloc(f->pending, f->pending_room * sizeof *f->pending);
    if (!f->pending) abort();
  }
  f->pending[f->pending_count++] = p;
}

static bool dies(void) {
  if (armed && --armed == 0) dead = true;
  return dead;
}

/* ---- SQLite's face of a file ---- */

static int file_close(sqlite3_file *h) {
  (void)h;
  return SQLITE_OK;
}
static int file_read(sqlite3_file *h, void *out, int size, sqlite3_int64 at) {
  const struct disk_file *f = ((struct handle *)h)->file;
  if (dead) return SQLITE_IOERR_READ;
  int64_t have = f->now_size > at ? f->now_size - at : 0;
  if (have > size) have = size;
  if (have > 0) memcpy(out, f->now + at, (size_t)have);
  if (have == size) return SQLITE_OK;
  memset((char *)out + have, 0, (size_t)(size - have));
  return SQLITE_IOERR_SHORT_READ;
}
static int file_write(sqlite3_file *h, const void *bytes, int size, sqlite3_int64 at) {
  struct disk_file *f = ((struct handle *)h)->file;
  if (dead) return SQLITE_IOERR_WRITE;
  if (full && at + size > f->now_size) {
    counts.full++;
    return SQLITE_FULL;
  }
  counts.writes++;
  struct pending p = {.at = at, .size = (uint32_t)size, .bytes = malloc((size_t)size)};
  if (!p.bytes) abort();
  memcpy(p.bytes, bytes, (size_t)size);
  put(&f->now, &f->now_size, &f->now_room, &p);
  remember(f, p);
  return dies() ? SQLITE_IOERR_WRITE : SQLITE_OK;
}
static int file_truncate(sqlite3_file *h, sqlite3_int64 size) {
  struct disk_file *f = ((struct handle *)h)->file;
  if (dead) return SQLITE_IOERR_TRUNCATE;
  struct pending p = {.at = size, .truncate = true};
  put(&f->now, &f->now_size, &f->now_room, &p);
  remember(f, p);
  return SQLITE_OK;
}
static int file_sync(sqlite3_file *h, int flags) {
  struct disk_file *f = ((struct handle *)h)->file;
  (void)flags;
  if (dead || dies()) return SQLITE_IOERR_FSYNC; /* it died before the sync was done */
  counts.syncs++;
  for (unsigned i = 0; i < f->pending_count; i++) put(&f->durable, &f->durable_size, &f->durable_room, &f->pending[i]);
  forget_pending(f);
  return SQLITE_OK;
}
static int file_size(sqlite3_file *h, sqlite3_int64 *out) {
  *out = ((struct handle *)h)->file->now_size;
  return dead ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}
static int file_lock(sqlite3_file *h, int level) {
  (void)h, (void)level;
  return SQLITE_OK;
}
static int file_reserved(sqlite3_file *h, int *out) {
  (void)h;
  *out = 0;
  return SQLITE_OK;
}
static int file_control(sqlite3_file *h, int op, void *arg) {
  (void)h, (void)op, (void)arg;
  return SQLITE_NOTFOUND;
}
static int file_sector(sqlite3_file *h) {
  (void)h;
  return SECTOR;
}
static int file_traits(sqlite3_file *h) {
  (void)h;
  return 0; /* promises nothing */
}
static int file_shm_map(sqlite3_file *h, int region, int size, int extend, void volatile **out) {
  struct disk_file *f = ((struct handle *)h)->file;
  *out = NULL;
  if (region >= SHM_REGIONS) return SQLITE_IOERR_SHMMAP;
  if (!f->shm[region] && extend) f->shm[region] = calloc(1, (size_t)size);
  *out = f->shm[region];
  return SQLITE_OK;
}
static int file_shm_lock(sqlite3_file *h, int offset, int n, int flags) {
  (void)h, (void)offset, (void)n, (void)flags;
  return SQLITE_OK;
}
static void file_shm_barrier(sqlite3_file *h) { (void)h; }
static void shm_free(struct disk_file *f) {
  for (int i = 0; i < SHM_REGIONS; i++) {
    free(f->shm[i]);
    f->shm[i] = NULL;
  }
}
static int file_shm_unmap(sqlite3_file *h, int delete) {
  (void)delete;
  shm_free(((struct handle *)h)->file);
  return SQLITE_OK;
}

static const sqlite3_io_methods METHODS = {2,           file_close,   file_read,     file_write,       file_truncate,  file_sync,
                                           file_size,   file_lock,    file_lock,     file_reserved,    file_control,   file_sector,
                                           file_traits, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, NULL,
                                           NULL};

/* ---- SQLite's face of a folder: making and removing names is durable at once ---- */

static struct disk_file *file_named(const char *name) {
  const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
  struct disk_file *unused = NULL;
  for (int i = 0; i < FILES; i++) {
    if (files[i].name[0] && strcmp(files[i].name, base) == 0) return &files[i];
    if (!files[i].name[0] && !unused) unused = &files[i];
  }
  if (unused && strlen(base) < NAME) strcpy(unused->name, base);
  return unused;
}

static void empty(struct disk_file *f) {
  forget_pending(f);
  shm_free(f);
  free(f->pending);
  free(f->now);
  free(f->durable);
  char name[NAME];
  memcpy(name, f->name, NAME);
  memset(f, 0, sizeof *f);
  memcpy(f->name, name, NAME);
}

static int disk_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *h, int flags, int *out_flags) {
  (void)v;
  static unsigned temporary;
  char made[NAME];
  if (!name) {
    sqlite3_snprintf(NAME, made, "temporary-%u", ++temporary % 3);
    name = made;
  }
  h->pMethods = NULL;
  struct disk_file *f = file_named(name);
  if (!f || dead || (!f->exists && !(flags & SQLITE_OPEN_CREATE))) return SQLITE_CANTOPEN;
  f->exists = true;
  ((struct handle *)h)->file = f;
  h->pMethods = &METHODS;
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}
static int disk_delete(sqlite3_vfs *v, const char *name, int sync) {
  (void)v, (void)sync;
  struct disk_file *f = file_named(name);
  if (dead) return SQLITE_IOERR_DELETE;
  if (f) empty(f);
  return SQLITE_OK;
}
static int disk_access(sqlite3_vfs *v, const char *name, int flags, int *out) {
  (void)v, (void)flags;
  const struct disk_file *f = file_named(name);
  *out = f && f->exists;
  return SQLITE_OK;
}
static int disk_path(sqlite3_vfs *v, const char *name, int size, char *out) {
  (void)v;
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}
static int disk_random(sqlite3_vfs *v, int size, char *out) {
  (void)v;
  for (int i = 0; i < size; i++) out[i] = (char)(i * 37 + 11); /* the same in every run */
  return size;
}
static int disk_sleep(sqlite3_vfs *v, int us) {
  (void)v;
  return us;
}
static int disk_time(sqlite3_vfs *v, double *out) {
  (void)v;
  *out = 2461000.5;
  return SQLITE_OK;
}

void crash_disk_register(void) {
  static sqlite3_vfs vfs = {.iVersion = 1,
                            .szOsFile = sizeof(struct handle),
                            .mxPathname = NAME,
                            .zName = "crash",
                            .xOpen = disk_open,
                            .xDelete = disk_delete,
                            .xAccess = disk_access,
                            .xFullPathname = disk_path,
                            .xRandomness = disk_random,
                            .xSleep = disk_sleep,
                            .xCurrentTime = disk_time};
  if (!sqlite3_vfs_find("crash")) sqlite3_vfs_register(&vfs, 1);
}

void crash_disk_format(void) {
  for (int i = 0; i < FILES; i++) {
    empty(&files[i]);
    files[i].name[0] = 0;
  }
  armed = 0;
  dead = full = false;
  counts = (struct crash_disk_counts){0};
}

void crash_disk_arm(uint32_t operations) { armed = operations; }
bool crash_disk_dead(void) { return dead; }
void crash_disk_full(bool is) { full = is; }
struct crash_disk_counts crash_disk_count(void) {
  return counts;
}

static uint64_t next(uint64_t *seed) {
  uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* Each write that was not synced is lost, kept, or torn: some of its sectors reach the disk, others do not. */
static void survive(struct disk_file *f, uint64_t *seed) {
  uint64_t mood = next(seed) % 4; /* all lost, all kept, or each as it comes */
  for (unsigned i = 0; i < f->pending_count; i++) {
    const struct pending *p = &f->pending[i];
    uint64_t fate = mood == 0 ? 0 : mood == 1 ? 1 : next(seed) % 3;
    if (fate == 1 || p->truncate) {
      if (fate != 0) put(&f->durable, &f->durable_size, &f->durable_room, p);
      counts.kept += fate != 0;
      continue;
    }
    if (fate == 0) {
      counts.lost++;
      continue;
    }
    counts.torn++;
    for (uint32_t at = 0; at < p->size; at += SECTOR) {
      if (next(seed) % 2) continue;
      struct pending part = {.at = p->at + at, .size = p->size - at < SECTOR ? p->size - at : SECTOR, .bytes = p->bytes + at};
      put(&f->durable, &f->durable_size, &f->durable_room, &part);
    }
  }
  forget_pending(f);
}

void crash_disk_revive(uint64_t seed) {
  for (int i = 0; i < FILES; i++) {
    struct disk_file *f = &files[i];
    survive(f, &seed);
    shm_free(f);
    grow(&f->now, &f->now_room, f->durable_size);
    if (f->now_size > f->durable_size) memset(f->now + f->durable_size, 0, (size_t)(f->now_size - f->durable_size));
    if (f->durable_size) memcpy(f->now, f->durable, (size_t)f->durable_size);
    f->now_size = f->durable_size;
  }
  armed = 0;
  dead = full = false;
}
