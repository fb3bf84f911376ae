/* outbox.h — events on their way to control.
 *
 * Events are put into a local ring and handed on without waiting: a busy or full
 * mailbox means later, not never. Owner: one media thread. Source: outbox.c */
#ifndef CADENCIA_MEDIA_OUTBOX_H
#define CADENCIA_MEDIA_OUTBOX_H

#include "dialer/base/mailbox.h"
#include <stddef.h>

struct outbox {
  struct mailbox *to;
  struct mail *ring;
  unsigned capacity, head, count;
  uint64_t overflow; /* events that found even the ring full */
};

int outbox_open(struct outbox *o, struct mailbox *to, unsigned capacity);
void outbox_close(struct outbox *o);
void outbox_put(struct outbox *o, const struct mail *mail);
/* Room left: events that a stranger can provoke are dropped before the ring is full. */
static inline bool outbox_roomy(const struct outbox *o) { return o->count < o->capacity / 2; }
/* True when nothing is left. */
bool outbox_flush(struct outbox *o);

#endif
