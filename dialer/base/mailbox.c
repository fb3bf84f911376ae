#include "dialer/base/mailbox.h"
#include <cadencia/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
  pthread_mutex_t lock;
  struct mail *ring;
  unsigned capacity, head, count, high_water;
  int fd;
  struct histogram depths;
  bool signalled; /* the eventfd is set, or about to be: no need to write it again */
};

struct mailbox *mailbox_create(unsigned capacity) {
  struct mailbox *box = calloc(1, sizeof *box);
  if (!box) return NULL;
  box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  box->ring = calloc(capacity, sizeof *box->ring);
  box->capacity = capacity;
  pthread_mutexattr_t brief; /* held for a copy at most: turning a little is cheaper than sleeping */
  pthread_mutexattr_init(&brief);
  pthread_mutexattr_settype(&brief, PTHREAD_MUTEX_ADAPTIVE_NP);
  pthread_mutex_init(&box->lock, &brief);
  pthread_mutexattr_destroy(&brief);
  if (box->fd < 0 || !box->ring) return mailbox_destroy(box);
  return box;
}

struct mailbox *mailbox_destroy(struct mailbox *box) {
  if (!box) return NULL;
  if (box->fd >= 0) close(box->fd);
  pthread_mutex_destroy(&box->lock);
  free(box->ring);
  free(box);
  return NULL;
}

/* *wake: whoever waits must be woken, after the lock is left: woken under it, he would only wait for it. */
static int put_locked(struct mailbox *box, const struct mail *mail, bool *wake) {
  *wake = false;
  if (box->count == box->capacity) return CAD_EFULL;
  struct mail *slot = &box->ring[(box->head + box->count) % box->capacity];
  memcpy(slot, mail, mail_size((enum mail_kind)mail->kind));
  if (++box->count > box->high_water) box->high_water = box->count;
  *wake = !box->signalled;
  box->signalled = true;
  return CAD_OK;
}

static void wake_up(const struct mailbox *box) {
  uint64_t one = 1;
  ssize_t n = write(box->fd, &one, sizeof one); /* fails only if 2^64 wakes are unread */
  (void)n;
}

int mailbox_put(struct mailbox *box, const struct mail *mail) {
  bool wake;
  pthread_mutex_lock(&box->lock);
  int err = put_locked(box, mail, &wake);
  pthread_mutex_unlock(&box->lock);
  if (wake) wake_up(box);
  return err;
}

int mailbox_try_put(struct mailbox *box, const struct mail *mail) {
  if (pthread_mutex_trylock(&box->lock) != 0) return CAD_EBUSY;
  bool wake;
  int err = put_locked(box, mail, &wake);
  pthread_mutex_unlock(&box->lock);
  if (wake) wake_up(box);
  return err;
}

unsigned mailbox_take(struct mailbox *box, struct mail *out, unsigned max) {
  pthread_mutex_lock(&box->lock);
  unsigned n = box->count < max ? box->count : max;
  if (n) histogram_count(&box->depths, HISTOGRAM_MAILS, box->count);
  for (unsigned i = 0; i < n; i++) {
    const struct mail *slot = &box->ring[box->head];
    memcpy(&out[i], slot, mail_size((enum mail_kind)slot->kind));
    box->head = (box->head + 1) % box->capacity;
  }
  box->count -= n;
  if (box->count == 0) box->head = 0; /* a quiet box stays in its first pages */
  if (box->count == 0 && box->signalled) {
    uint64_t drained;
    if (read(box->fd, &drained, sizeof drained) > 0) box->signalled = false;
  }
  pthread_mutex_unlock(&box->lock);
  return n;
}

int mailbox_fd(const struct mailbox *box) { return box->fd; }

unsigned mailbox_high_water(const struct mailbox *box) { return box->high_water; }

void mailbox_depths(const struct mailbox *box, struct histogram_view *out) { histogram_read(&box->depths, out); }
