/* handover.h — what the next SIP worker needs of the last one: the dialogs that live, by leg.
 *
 * The records lie in a file of fixed size (slots.h), so that they also outlive the daemon: after a kill -9 of everything the next
 * start finds the dialogs that nobody ended and ends them. Its blocks are reserved at the start, so a full disk cannot hurt later;
 * without a file (no disk) the records live in memory alone.
 * Owner: the control thread. Source: handover.c */
#ifndef CADENCIA_HANDOVER_H
#define CADENCIA_HANDOVER_H

#include "dialer/base/wide.h"

struct handover;
/* path NULL: memory only. Dialogs found in the file become orphans. NULL: no memory. */
struct handover *handover_open(const char *path, uint32_t calls_max, uint32_t agents_max);
struct handover *handover_close(struct handover *h);

/* Keeps (or replaces) the dialog of this leg. Out-of-range legs are not kept. */
void handover_keep(struct handover *h, uint16_t listener, const struct wide_dialog *dialog);
/* The leg is over: call, seat or orphan. */
void handover_forget(struct handover *h, struct leg leg);

/* A worker is back: every kept dialog of its listener that `wanted` does not want becomes an orphan; then `each` gets
 * all orphans of this listener (SIP_ORPHAN), and after them all that are wanted (SIP_RESUME). Returns how many orphans. */
struct handover_calls {
  void *arg;
  bool (*wanted)(void *arg, struct leg leg);
  void (*each)(void *arg, enum mail_kind kind, const struct wide_dialog *dialog);
};
uint32_t handover_return(struct handover *h, uint16_t listener, const struct handover_calls *calls);
uint32_t handover_orphans(const struct handover *h);

#endif
