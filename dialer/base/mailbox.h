/* mailbox.h — a bounded queue of mail between threads, with an eventfd to sleep on.
 *
 * Many producers, one consumer. mailbox_put never blocks: a full box is CAD_EFULL
 * and the caller keeps the mail (control reserves room before it admits a call, so
 * closing mail always fits). Lock: one short mutex around a copy; the media beat
 * uses mailbox_try_put, which gives up instead of waiting. Source: mailbox.c */
#ifndef CADENCIA_MAILBOX_H
#define CADENCIA_MAILBOX_H

#include "dialer/base/histogram.h"
#include "dialer/base/mail.h"

struct mailbox;

/* capacity: mails. NULL when memory or the eventfd cannot be had. */
struct mailbox *mailbox_create(unsigned capacity);
struct mailbox *mailbox_destroy(struct mailbox *box);

int mailbox_put(struct mailbox *box, const struct mail *mail);     /* CAD_OK, CAD_EFULL */
int mailbox_try_put(struct mailbox *box, const struct mail *mail); /* + CAD_EBUSY: somebody holds the lock */
/* Up to max mails, oldest first; returns how many. Clears the eventfd when the box is empty after. */
unsigned mailbox_take(struct mailbox *box, struct mail *out, unsigned max);
/* Readable when mail waits; owned by the box. */
int mailbox_fd(const struct mailbox *box);
unsigned mailbox_high_water(const struct mailbox *box);
/* How many mails waited each time that some were taken. Any thread. */
void mailbox_depths(const struct mailbox *box, struct histogram_view *out);

#endif
