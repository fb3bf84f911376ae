#include "dialer/sip/post.h"
#include "dialer/base/child.h"
#include <assert.h>
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

int post_init(struct post *p, int fd, uint32_t worker, uint32_t legs_max) {
  uint32_t capacity = POST_OWED + 2 * legs_max + 256;
  struct post_item *ring = calloc(capacity, sizeof *ring); /* pages are touched only when control lags */
  if (!ring) return CAD_ENOMEM;
  *p = (struct post){.fd = fd, .worker = worker, .ring = ring, .capacity = capacity};
  return CAD_OK;
}

void post_free(struct post *p) {
  free(p->ring);
  p->ring = NULL;
}

static int send_now(struct post *p, const struct post_item *item) {
  struct mail m;
  memset(&m, 0, mail_size((enum mail_kind)item->kind)); /* only this part travels */
  m.version = MAIL_WIRE_VERSION;
  m.kind = item->kind;
  m.worker = p->worker;
  m.at = item->at;
  switch ((enum mail_kind)item->kind) {
  case SIP_UP: m.u.sip_up = item->u.up; break;
  case SIP_TRUNK_STATE: m.u.sip_trunk_state = item->u.trunk; break;
  case SIP_PONG: m.u.sip_up = item->u.up; break;
  default: m.u.sip_event = item->u.event; break;
  }
  int rc = mail_send_fd(p->fd, &m);
  if (rc == CAD_OK) p->sent++;
  return rc;
}

void post_send(struct post *p, const struct post_item *item) {
  int rc = p->gone ? CAD_EIO : p->count > 0 ? CAD_EFULL : send_now(p, item);
  if (rc == CAD_OK) return;
  if (rc != CAD_EFULL) {
    p->gone = true;
    p->dropped++;
    return;
  }
  assert(p->count < p->capacity);
  p->ring[(p->head + p->count) % p->capacity] = *item;
  if (++p->count > p->high_water) p->high_water = p->count;
}

void post_flush(struct post *p) {
  while (p->count > 0) {
    int rc = p->gone ? CAD_EIO : send_now(p, &p->ring[p->head]);
    if (rc == CAD_EFULL) return;
    if (rc != CAD_OK) {
      p->gone = true;
      p->dropped += p->count;
      p->count = 0;
      return;
    }
    p->head = (p->head + 1) % p->capacity;
    p->count--;
  }
}
