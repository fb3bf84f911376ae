/* Opt-outs of people whose data was erased: a keyed hash of the number stays. The key is a secret of this box; without it the
 * hashes say nothing, although phone numbers are few enough to try them all. */
#include "store_internal.h"
#include <campaigns/person.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HASH_BYTES = 32 };

static void hash_of(const struct store *s, uint64_t phone, unsigned char out[HASH_BYTES]) {
  crypto_generichash(out, HASH_BYTES, (const unsigned char *)&phone, sizeof phone, s->suppression_key, sizeof s->suppression_key);
}

static int read_key(const char *path, unsigned char *key, size_t n) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? CAD_ENOENT : CAD_EIO;
  ssize_t got = read(fd, key, n);
  close(fd);
  return got == (ssize_t)n ? CAD_OK : CAD_EFORMAT;
}

static int write_key(const char *path, const unsigned char *key, size_t n) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return CAD_EIO;
  bool good = write(fd, key, n) == (ssize_t)n && fsync(fd) == 0;
  good &= close(fd) == 0;
  if (!good) (void)unlink(path);
  return good ? CAD_OK : CAD_EIO;
}

int suppression_load(struct store *s, const char *state_dir, const unsigned char *seed, FILE *err) {
  char path[600];
  if (sodium_init() < 0) return CAD_EIO;
  sqlite3_stmt *q = db_query(&s->db, Q_HASHED_COUNT, "SELECT count(*) FROM dnc_hashed", "");
  int r = db_step(&s->db, q);
  s->hashed_count = r > 0 ? col_u64(q, 0) : 0;
  db_done(q);
  if (r < 0) return r;
  if (!state_dir[0]) {
    if (seed)
      crypto_generichash(s->suppression_key, sizeof s->suppression_key, seed, 32, (const unsigned char *)"suppression", 11);
    else
      randombytes_buf(s->suppression_key, sizeof s->suppression_key);
    return CAD_OK;
  }
  snprintf(path, sizeof path, "%s/suppression.key", state_dir);
  r = read_key(path, s->suppression_key, sizeof s->suppression_key);
  if (r == CAD_ENOENT && s->hashed_count == 0) { /* the first start */
    randombytes_buf(s->suppression_key, sizeof s->suppression_key);
    r = write_key(path, s->suppression_key, sizeof s->suppression_key);
  }
  if (r < 0 && err)
    fprintf(
        err,
        "%s: the key of erased opt-outs cannot be read (%s); put it back from a backup: without it people who opted out would be called\n",
        path, err_name(r));
  return r;
}

int person_suppressed(const char *db_path, uint64_t phone, char out[SUPPRESSED_BYTES]) {
  struct store *s = calloc(1, sizeof *s);
  unsigned char hash[HASH_BYTES];
  char path[600];
  const char *slash = strrchr(db_path, '/');
  if (!s) return CAD_ENOMEM;
  snprintf(path, sizeof path, "%.*s/suppression.key", slash ? (int)(slash - db_path) : 1, slash ? db_path : ".");
  int r = sodium_init() < 0 ? CAD_EIO : read_key(path, s->suppression_key, sizeof s->suppression_key);
  if (r >= 0) {
    hash_of(s, phone, hash);
    (void)sodium_bin2hex(out, SUPPRESSED_BYTES, hash, sizeof hash);
  }
  sodium_memzero(s, sizeof *s);
  free(s);
  return r < 0 ? CAD_EIO : CAD_OK;
}

bool suppression_has(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign, int *err) {
  unsigned char hash[HASH_BYTES];
  bool found = false;
  int r;
  if (s->hashed_count == 0) return false;
  hash_of(s, phone, hash);
  sqlite3_stmt *q = db_query(&s->db, Q_HASHED_HAS,
                             "SELECT 1 FROM dnc_hashed WHERE hash=? AND (seller=0 OR seller=?) AND (campaign=0 OR campaign=?) LIMIT 1",
                             "buu", hash, (int)sizeof hash, seller, campaign);
  if ((r = db_step(&s->db, q)) != 0) found = true; /* a failed look-up blocks */
  db_done(q);
  if (r < 0) *err = r;
  return found;
}

int store_dnc_erase(struct store *s, uint64_t phone) {
  unsigned char hash[HASH_BYTES];
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  hash_of(s, phone, hash);
  err = db_run(&s->db, Q_HASHED_PUT, "INSERT OR IGNORE INTO dnc_hashed SELECT ?1, seller, campaign, source, added FROM dnc WHERE number=?2",
               "bu", hash, (int)sizeof hash, phone);
  int moved = err < 0 ? 0 : db_changes(&s->db);
  if (err >= 0) err = db_run(&s->db, Q_DNC_ERASE, "DELETE FROM dnc WHERE number=?", "u", phone);
  if (err >= 0) s->hashed_count += (uint64_t)moved; /* too high after an undone group is only slower */
  return store_leave(s, own, err);                  /* memory keeps the number until the next start: it blocks as the hash does */
}

struct list_hash {
  crypto_generichash_state state;
};

struct list_hash *list_hash_create(void) {
  struct list_hash *h = calloc(1, sizeof *h);
  if (h && crypto_generichash_init(&h->state, NULL, 0, HASH_BYTES) == 0) return h;
  free(h);
  return NULL;
}

void list_hash_add(struct list_hash *h, const void *bytes, size_t n) { (void)crypto_generichash_update(&h->state, bytes, n); }

void list_hash_finish(struct list_hash *h, char out[72]) {
  unsigned char hash[HASH_BYTES];
  (void)crypto_generichash_final(&h->state, hash, sizeof hash);
  (void)sodium_bin2hex(out, 72, hash, sizeof hash);
  free(h);
}
