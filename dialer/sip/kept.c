#include "dialer/sip/kept.h"
#include <stdlib.h>
#include <string.h>

#define FIELD(name)                                                                                                                        \
  { offsetof(struct wide_dialog, name), sizeof(((struct wide_dialog *)0)->name) }
static const struct {
  size_t at, size;
} TEXTS[] = {FIELD(call_id), FIELD(local), FIELD(remote), FIELD(target), FIELD(route), FIELD(uri), FIELD(branch)};
enum { TEXT_COUNT = sizeof TEXTS / sizeof TEXTS[0] };

struct kept_dialog *kept_make(const struct wide_dialog *d) {
  size_t bytes = 0, lengths[TEXT_COUNT];
  for (int i = 0; i < TEXT_COUNT; i++) {
    lengths[i] = strnlen((const char *)d + TEXTS[i].at, TEXTS[i].size - 1);
    bytes += lengths[i] + 1;
  }
  struct kept_dialog *k = malloc(sizeof *k + bytes);
  if (!k) return NULL;
  k->cseq = d->cseq;
  k->sdp_version = d->sdp_version;
  memcpy(k->fixed, d, sizeof k->fixed);
  char *to = k->texts;
  for (int i = 0; i < TEXT_COUNT; i++) {
    memcpy(to, (const char *)d + TEXTS[i].at, lengths[i]);
    to += lengths[i];
    *to++ = 0;
  }
  return k;
}

void kept_read(const struct kept_dialog *k, struct wide_dialog *out) {
  memset(out, 0, sizeof *out);
  memcpy(out, k->fixed, sizeof k->fixed);
  out->cseq = k->cseq;
  out->sdp_version = k->sdp_version;
  const char *from = k->texts;
  for (int i = 0; i < TEXT_COUNT; i++) {
    size_t length = strlen(from);
    memcpy((char *)out + TEXTS[i].at, from, length);
    from += length + 1;
  }
}
