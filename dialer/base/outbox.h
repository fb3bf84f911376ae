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
/* What changed on the floor in this step: for the flight recorder. */
enum { OUTBOX_MOVES_MAX = 64 };
struct out_move {
  uint8_t agent;           /* 1: an agent's state (enum agent_state), 0: a call's (enum call_state) */
  uint8_t from, to, event; /* event: of a call, enum call_event; OUTBOX_NO_EVENT: none */
  uint32_t slot, gen;
  uint64_t id; /* attempt or agent */
};
enum { OUTBOX_NO_EVENT = 0xff };
struct outbox {
  struct out_mail *items;
  unsigned count, capacity;
  unsigned move_count; /* may be more than are kept */
  struct out_move moves[OUTBOX_MOVES_MAX];
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

static inline void outbox_move(struct outbox *out, struct out_move move) {
  if (!out) return;
  if (out->move_count < OUTBOX_MOVES_MAX) out->moves[out->move_count] = move;
  out->move_count++;
}

#endif
