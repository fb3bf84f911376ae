/* orphan.h — what a worker that died still owes to its INVITEs.
 *
 * A phone that rings is stopped: a CANCEL belongs to its INVITE by the branch, which the stack would not let us choose, so this
 * one datagram is written by hand, with the ACK that the 487 will want. An answer may never have got its ACK (it was lost, and who
 * would have said it again is dead); whoever answered says it for 32 s and then hangs up, so the ACK is said once more. To one
 * who has it, it is nothing new. UDP and numeric addresses only.
 * Thread: the SIP worker's. Source: orphan.c. RFC 3261 §9.1, §13.2.2.4, §17.1.1.3 */
#ifndef CADENCIA_SIP_ORPHAN_H
#define CADENCIA_SIP_ORPHAN_H

#include "dialer/base/wide.h"
#include "dialer/sip/spec.h"
#include <stddef.h>

/* CAD_OK; CAD_ENOSUP: another transport, a name instead of an address, nothing known of the branch; CAD_ENET. */
int orphan_cancel(const struct spec *spec, const struct wide_dialog *dialog);

/* The ACK of a dialog whose far side answered us. Returns as orphan_cancel. */
int orphan_ack(const struct spec *spec, const struct wide_dialog *dialog);

/* The text of the request; method: "CANCEL" or "ACK". Bytes, or CAD_EFULL. */
int orphan_write(const struct spec *spec, const struct wide_dialog *dialog, const char *method, char *out, size_t size);

#endif
