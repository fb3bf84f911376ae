/* courier.h — a thread of its own that carries signed checkpoints out of the box: the folder may lie on a slow or absent
 * machine, and no commit waits for it. Owner: daemon.c. Source: courier.c */
#ifndef CADENCIA_COURIER_H
#define CADENCIA_COURIER_H

#include "dialer/base/config.h"

struct courier;
/* NULL: no thread could be had (logged); checkpoints then stay in the database until the next command or start. */
struct courier *courier_start(const struct config *config);
/* Carries what is left, then joins. After the store is closed. Takes NULL. */
struct courier *courier_stop(struct courier *c);

#endif
