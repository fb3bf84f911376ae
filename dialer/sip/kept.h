/* kept.h — a dialog as a leg keeps it for its whole life: the texts as long as they are, a fifth of struct wide_dialog.
 * Owner: the SIP worker. Source: kept.c */
#ifndef CADENCIA_SIP_KEPT_H
#define CADENCIA_SIP_KEPT_H

#include "dialer/base/wide.h"

struct kept_dialog {
  uint32_t cseq, sdp_version; /* these two move on */
  unsigned char fixed[offsetof(struct wide_dialog, call_id)];
  char texts[]; /* each with its end, in the order of struct wide_dialog */
};

/* malloc'ed; NULL: no memory. */
struct kept_dialog *kept_make(const struct wide_dialog *dialog);
void kept_read(const struct kept_dialog *kept, struct wide_dialog *out);

#endif
