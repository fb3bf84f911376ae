/* template_queue.h — a queue of callers as a file: etc/queues/NAME.conf, which `cadencia queue create` reads.
 * Thread: any. Source: template_queue.c */
#ifndef CADENCIA_TEMPLATE_QUEUE_H
#define CADENCIA_TEMPLATE_QUEUE_H

#include <campaigns/queues.h>
#include <stdio.h>

/* Everything but the queue's name. Errors go to err as "FILE:LINE: what; the fix", all of them.
 * CAD_OK, CAD_EFORMAT, CAD_EIO; out untouched on failure. */
int template_queue_read(FILE *in, const char *path, struct queue_def *out, FILE *err);

#endif
