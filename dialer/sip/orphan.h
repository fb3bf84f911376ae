/* orphan.h — stops a phone that rings for a worker that died.
 *
 * A CANCEL belongs to its INVITE by the branch, which the stack would not let us choose, so this one datagram is
 * written by hand, with the ACK that the 487 will want. UDP and numeric addresses only.
 * Thread: the SIP worker's. Source: orphan.c. RFC 3261 §9.1, §17.1.1.3 */
#ifndef CADENCIA_SIP_ORPHAN_H
#define CADENCIA_SIP_ORPHAN_H

#include "dialer/base/wide.h"
#include "dialer/sip/spec.h"
#include <stddef.h>

/* CAD_OK; CAD_ENOSUP: another transport, a name instead of an address, nothing known of the branch; CAD_ENET. */
int orphan_cancel(const struct spec *spec, const struct wide_dialog *dialog);

/* The text of the request; method: "CANCEL" or "ACK". Bytes, or CAD_EFULL. */
int orphan_write(const struct spec *spec, const struct wide_dialog *dialog, const char *method, char *out, size_t size);

#endif
