/* outbox.h — what one step of control wants delivered, spoke by spoke. Owner: the control
 * loop; the loop empties it before the next step. Header only. */
#ifndef CADENCIA_OUTBOX_H
#define CADENCIA_OUTBOX_H

#include "dialer/base/mail.h"
#include <assert.h>

/* Where a mail of control goes. */
enum spoke { SPOKE_SIP = 0, SPOKE_MEDIA, SPOKE_STORE, SPOKE_ORDER, SPOKE_COUNT };
struct out_mail {
  uint8_t spoke;
  uint16_t listener; /* SPOKE_SIP: which worker */
  struct mail mail;
};
struct outbox {
  struct out_mail *items;
  unsigned count, capacity;
};

/* The next entry, its mail made; capacity is sized for the worst step, so running out is our own mistake. */
static inline struct mail *outbox_add(struct outbox *out, enum spoke spoke, uint16_t listener, enum mail_kind kind, struct mono at) {
  assert(out->count < out->capacity);
  struct out_mail *m = &out->items[out->count++];
  m->spoke = (uint8_t)spoke;
  m->listener = listener;
  m->mail = mail_make(kind, at);
  return &m->mail;
}

#endif
