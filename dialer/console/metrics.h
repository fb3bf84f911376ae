/* metrics.h — the newest picture as Prometheus reads it (text format 0.0.4). Names are documented in docs/console.md and
 * stay. Owner: the console's only thread. Source: metrics.c */
#ifndef CADENCIA_CONSOLE_METRICS_H
#define CADENCIA_CONSOLE_METRICS_H

#include "dialer/console/picture.h"

/* A new string of the caller's; NULL: no memory. Without a picture only cadencia_up, 0. */
char *metrics_text(const struct picture *picture, struct mono now);

#endif
