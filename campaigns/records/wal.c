/* wal.c — the write-ahead log goes into the database beside the store thread: a connection and a thread of their own copy its
 * pages, so that no call waits for that. SQLite begins the log anew once all of it is copied and nobody reads it; while the last pages
 * are copied, bulk work rests for a moment, since otherwise there would always be newer ones. */
#include "store_internal.h"
#include "dialer/base/clock.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
  BEGIN_PAGES = 8000, /* of 4 kB: a log of this length is copied; a page that is written again and again is copied once */
  CALM_PAGES = 600,   /* so few newer ones: worth a rest of bulk work */
  LONG_PAGES = 16000, /* the log outgrows its copying: bulk work rests until a pass is over */
  HARD_PAGES = 25000, /* the thread does not come round: the store thread helps, as SQLite would by itself */
  HARD_STEP = 1000,
  PASSES = 12,
  PAUSE_MS = 200 /* after a round that a reader or new pages kept from its end */
};

struct wal_keeper {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  sqlite3 *handle;      /* the thread's */
  bool wanted, over;    /* under the lock */
  atomic_int frames;    /* in the log after the last commit */
  atomic_bool calm;     /* bulk work should rest */
  atomic_uint restarts; /* times that the log began anew */
  int helped;           /* store thread: frames when it helped last */
};

static void rest_ms(struct wal_keeper *k, int ms) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += (long)ms * 1000000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&k->lock);
  while (!k->over && pthread_cond_timedwait(&k->wake, &k->lock, &until) == 0) continue;
  pthread_mutex_unlock(&k->lock);
}

/* Passes over the log until nothing newer is there; whether it came to that. */
static bool copy_log(struct wal_keeper *k) {
  const unsigned before = atomic_load(&k->restarts);
  bool whole = false;
  for (int i = 0; i < PASSES && !whole; i++) {
    int frames = 0, copied = 0;
    if (sqlite3_wal_checkpoint_v2(k->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied) != SQLITE_OK) break;
    if (copied < frames) break; /* somebody reads what is older: no pass gets further */
    const int now = atomic_load(&k->frames);
    whole = now <= copied || atomic_load(&k->restarts) != before;
    atomic_store(&k->calm, !whole && (now - copied < CALM_PAGES || now > LONG_PAGES));
  }
  atomic_store(&k->calm, false);
  return whole;
}

static void *keeper_main(void *arg) {
  struct wal_keeper *k = arg;
  for (;;) {
    pthread_mutex_lock(&k->lock);
    while (!k->wanted && !k->over) pthread_cond_wait(&k->wake, &k->lock);
    const bool over = k->over;
    pthread_mutex_unlock(&k->lock);
    if (over) return NULL;
    if (!copy_log(k)) rest_ms(k, PAUSE_MS);
    pthread_mutex_lock(&k->lock);
    k->wanted = false;
    pthread_mutex_unlock(&k->lock);
  }
}

/* After each commit of the store thread. */
static int on_commit(void *arg, sqlite3 *handle, const char *name, int frames) {
  struct wal_keeper *k = arg;
  if (frames < atomic_load(&k->frames)) {
    atomic_fetch_add(&k->restarts, 1);
    k->helped = 0;
  }
  atomic_store(&k->frames, frames);
  if (frames >= BEGIN_PAGES && pthread_mutex_trylock(&k->lock) == 0) {
    k->wanted = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
  }
  if (frames >= HARD_PAGES && frames - k->helped >= HARD_STEP) {
    k->helped = frames;
    (void)sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  }
  return SQLITE_OK;
}

static struct wal_keeper *keeper_free(struct wal_keeper *k) {
  sqlite3_close(k->handle);
  pthread_cond_destroy(&k->wake);
  pthread_mutex_destroy(&k->lock);
  free(k);
  return NULL;
}

int store_wal_apart(struct store *s) {
  if (s->keeper) return CAD_OK;
  if (s->reader || !s->db_path[0]) return CAD_EREFUSED;
  struct wal_keeper *k = calloc(1, sizeof *k);
  if (!k) return CAD_ENOMEM;
  pthread_mutex_init(&k->lock, NULL);
  pthread_cond_init(&k->wake, NULL);
  int code = sqlite3_open_v2(s->db_path, &k->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(k->handle, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;", NULL, NULL, NULL);
  if (code != SQLITE_OK || pthread_create(&k->thread, NULL, keeper_main, k) != 0) {
    keeper_free(k);
    return CAD_EIO;
  }
  s->keeper = k;
  sqlite3_wal_hook(s->db.handle, on_commit, k);
  return CAD_OK;
}

bool store_wal_calm(const struct store *s) { return s->keeper && atomic_load(&s->keeper->calm); }

void wal_close(struct store *s) {
  struct wal_keeper *k = s->keeper;
  if (!k) return;
  sqlite3_wal_hook(s->db.handle, NULL, NULL);
  pthread_mutex_lock(&k->lock);
  k->over = true;
  pthread_cond_signal(&k->wake);
  pthread_mutex_unlock(&k->lock);
  pthread_join(k->thread, NULL);
  s->keeper = keeper_free(k);
}
