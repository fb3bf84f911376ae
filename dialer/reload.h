/* reload.h — what a new cadencia.conf changes in a running daemon. Pure but for the log. Source: reload.c */
#ifndef CADENCIA_RELOAD_H
#define CADENCIA_RELOAD_H

#include "dialer/base/config.h"
#include <stdbool.h>
#include <stddef.h>

/* Takes over from `next` what may change while calls go on: drain_s and, of trunks that keep name and listener, proxy,
 * caller_id, codecs (next call), channels and calls_per_s (at once). Everything else keeps its old value; restart
 * (size bytes) lists those keys, "" when there are none. Returns how many keys changed. */
int reload_merge(struct config *running, const struct config *next, char *restart, size_t size);

#endif
