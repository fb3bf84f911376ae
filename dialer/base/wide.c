#include "dialer/base/wide.h"
#include "dialer/base/child.h"
#include <cadencia/err.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define WIDE(member) (unsigned)(offsetof(struct wide, u) + sizeof(((struct wide *)0)->u.member))

unsigned wide_size(enum mail_kind kind) {
  switch (kind) {
  case SIP_DIALOG:
  case SIP_RESUME:
  case SIP_ORPHAN: return WIDE(dialog);
  case SIP_TRUNK_SETUP: return WIDE(trunk);
  case SIP_ACCOUNT: return WIDE(account);
  case SIP_BINDING: return WIDE(binding);
  case SIP_KEY: return WIDE(key);
  case SIP_CRASHED: return WIDE(source);
  default: return 0;
  }
}

bool wide_kind(unsigned kind) { return kind < MAIL_KIND_COUNT && wide_size((enum mail_kind)kind) > 0; }

struct wide *wide_make(struct wide *out, enum mail_kind kind, struct mono at) {
  memset(out, 0, sizeof *out);
  out->version = MAIL_WIRE_VERSION;
  out->kind = (uint16_t)kind;
  out->at = at;
  return out;
}

/* Ends within its field and may stand in a SIP message: no control characters, so nobody can slip a line in. */
static bool text_valid(const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (text[i] == 0) return true;
    if ((unsigned char)text[i] < ' ' || text[i] == 127) return false;
  }
  return false;
}
#define TEXT(field) text_valid(field, sizeof field)

bool wide_dialog_valid(const struct wide_dialog *d) {
  return d->leg.gen != 0 && d->leg.role >= LEG_CALL && d->leg.role <= LEG_ORPHAN && d->state >= DIALOG_EARLY &&
         d->state <= DIALOG_CONFIRMED && d->incoming <= 1 && d->codec_count >= 1 && d->codec_count <= 2 && media_desc_valid(&d->desc) &&
         TEXT(d->call_id) && TEXT(d->local) && TEXT(d->remote) && TEXT(d->target) && TEXT(d->route) && TEXT(d->uri) && TEXT(d->branch) &&
         d->call_id[0] && d->local[0] && d->remote[0];
}

static bool trunk_valid(const struct wide_trunk *t) {
  return t->registers <= 1 && t->codec_count <= 2 && TEXT(t->proxy) && TEXT(t->user) && TEXT(t->password) && TEXT(t->domain) &&
         TEXT(t->tls_name);
}
static bool account_valid(const struct wide_account *a) {
  return a->agent_id != 0 && a->gone <= 1 && TEXT(a->user) && a->user[0] && TEXT(a->ha1_md5) && TEXT(a->ha1_sha256);
}
static bool binding_valid(const struct wide_binding *b) {
  return b->agent_id != 0 && b->answers <= 1 && TEXT(b->user) && TEXT(b->contact) && TEXT(b->path) && TEXT(b->received) &&
         TEXT(b->call_id) && TEXT(b->agent);
}

int wide_valid(const struct wide *w, unsigned bytes) {
  if (bytes < offsetof(struct wide, u)) return CAD_EFORMAT;
  if (w->version != MAIL_WIRE_VERSION) return CAD_EVERSION;
  unsigned size = wide_kind(w->kind) ? wide_size((enum mail_kind)w->kind) : 0;
  if (size == 0 || bytes != size) return CAD_EFORMAT;
  bool good = true;
  switch ((enum mail_kind)w->kind) {
  case SIP_DIALOG:
  case SIP_RESUME:
  case SIP_ORPHAN: good = wide_dialog_valid(&w->u.dialog); break;
  case SIP_TRUNK_SETUP: good = trunk_valid(&w->u.trunk); break;
  case SIP_ACCOUNT: good = account_valid(&w->u.account); break;
  case SIP_BINDING: good = binding_valid(&w->u.binding); break;
  case SIP_KEY: good = TEXT(w->u.key.realm) && w->u.key.offers >= 1 && w->u.key.offers <= 3; break;
  case SIP_CRASHED: good = w->u.source.family == 4 || w->u.source.family == 6; break;
  default: break;
  }
  return good ? CAD_OK : CAD_EFORMAT;
}

int wide_send_fd(int fd, const struct wide *w) {
  unsigned size = wide_size((enum mail_kind)w->kind);
  ssize_t n = send(fd, w, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n == (ssize_t)size) return CAD_OK;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? CAD_EFULL : CAD_EIO;
}

int any_recv_fd(int fd, union any_mail *out) {
  ssize_t n = recv(fd, out, sizeof *out, MSG_DONTWAIT | MSG_TRUNC);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? CAD_EMPTY : CAD_EIO;
  if (n == 0) return CAD_EIO;
  if ((size_t)n > sizeof *out || (size_t)n < offsetof(struct wide, u)) return CAD_EFORMAT;
  return wide_kind(out->wide.kind) ? wide_valid(&out->wide, (unsigned)n) : mail_valid(&out->mail, (unsigned)n);
}
