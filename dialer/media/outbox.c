#include "dialer/media/outbox.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

int outbox_open(struct outbox *o, struct mailbox *to, unsigned capacity) {
  memset(o, 0, sizeof *o);
  o->ring = calloc(capacity, sizeof *o->ring);
  if (!o->ring) return CAD_ENOMEM;
  o->to = to;
  o->capacity = capacity;
  return CAD_OK;
}

void outbox_close(struct outbox *o) {
  free(o->ring);
  memset(o, 0, sizeof *o);
}

void outbox_put(struct outbox *o, const struct mail *mail) {
  if (o->count == o->capacity) {
    o->overflow++;
    return;
  }
  o->ring[(o->head + o->count++) % o->capacity] = *mail;
}

bool outbox_flush(struct outbox *o) {
  while (o->count > 0) {
    if (mailbox_try_put(o->to, &o->ring[o->head]) != CAD_OK) return false;
    o->head = (o->head + 1) % o->capacity;
    o->count--;
  }
  o->head = 0; /* stay in the pages that are warm */
  return true;
}
