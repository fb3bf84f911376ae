/* direct.h — commands without a daemon: the database, opened under the lock of its state directory.
 * Owner: the command's process. Source: direct.c */
#ifndef CADENCIA_DIRECT_H
#define CADENCIA_DIRECT_H

#include "dialer/local/command.h"

struct direct {
  struct store *store;
  int lock_fd;
  const struct config *config;
};
/* Fills backend. CAD_OK; CAD_EBUSY: another command or a daemon holds the lock; else err has a readable line. */
int direct_open(const struct config *config, struct direct *d, struct command_backend *backend, FILE *err);
void direct_close(struct direct *d);

#endif
