#include "dialer/sip/post.h"
#include <assert.h>
#include <cadencia/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 16 };

int post_init(struct post *p, int fd, uint32_t worker, uint32_t legs_max) {
  uint32_t capacity = POST_OWED + 3 * legs_max + 256;
  struct post_item *ring = calloc(capacity, sizeof *ring); /* pages are touched only when control lags */
  if (!ring) return CAD_ENOMEM;
  *p = (struct post){.fd = fd, .worker = worker, .ring = ring, .capacity = capacity};
  return CAD_OK;
}

void post_free(struct post *p) {
  free(p->ring);
  p->ring = NULL;
}

static void write_mail(const struct post *p, const struct post_item *item, struct mail *m) {
  memset(m, 0, mail_size((enum mail_kind)item->kind)); /* only this part travels */
  m->version = MAIL_WIRE_VERSION;
  m->kind = item->kind;
  m->worker = p->worker;
  m->at = item->at;
  switch ((enum mail_kind)item->kind) {
  case SIP_UP: m->u.sip_up = item->u.up; break;
  case SIP_TRUNK_STATE: m->u.sip_trunk_state = item->u.trunk; break;
  case SIP_INCOMING: m->u.sip_incoming = item->u.incoming; break;
  case SIP_PONG: break;
  default: m->u.sip_event = item->u.event; break;
  }
}

void post_send(struct post *p, const struct post_item *item) {
  if (p->gone) {
    p->dropped++;
    return;
  }
  assert(p->count < p->capacity);
  p->ring[(p->head + p->count) % p->capacity] = *item;
  if (++p->count > p->high_water) p->high_water = p->count;
}

/* Up to BATCH of the waiting mails; how many went, or CAD_EFULL, CAD_EIO. */
static int send_batch(struct post *p) {
  struct mail mails[BATCH];
  struct iovec parts[BATCH];
  struct mmsghdr heads[BATCH];
  unsigned n = p->count < BATCH ? p->count : BATCH;
  memset(heads, 0, n * sizeof heads[0]);
  for (unsigned i = 0; i < n; i++) {
    const struct post_item *item = &p->ring[(p->head + i) % p->capacity];
    write_mail(p, item, &mails[i]);
    parts[i] = (struct iovec){&mails[i], mail_size((enum mail_kind)item->kind)};
    heads[i].msg_hdr.msg_iov = &parts[i];
    heads[i].msg_hdr.msg_iovlen = 1;
  }
  int sent = sendmmsg(p->fd, heads, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == EINTR ? CAD_EFULL : CAD_EIO;
}

void post_flush(struct post *p) {
  while (p->count > 0) {
    int rc = send_batch(p);
    if (rc == CAD_EFULL) return;
    if (rc < 0) {
      p->gone = true;
      p->dropped += p->count;
      p->count = 0;
      return;
    }
    p->sent += (unsigned)rc;
    p->head = (p->head + (unsigned)rc) % p->capacity;
    p->count -= (unsigned)rc;
  }
  p->head = 0; /* stay in the pages that are warm */
}
