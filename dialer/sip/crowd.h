/* crowd.h — how many connections one source, and all together, may hold open.
 *
 * The library takes every connection and keeps it for half an hour. Many phones may stand behind one address, so
 * the bound of a source is generous; the bound of all leaves descriptors for ourselves. Connections that have
 * closed are found when a bound is met, by asking the system: no hook on close is needed.
 * Owner: the SIP worker. Source: crowd.c */
#ifndef CADENCIA_SIP_CROWD_H
#define CADENCIA_SIP_CROWD_H

#include "dialer/base/wide.h"
#include <stdbool.h>

enum { CROWD_PER_SOURCE = 256, CROWD_MAX = 2048 };

struct crowd {
  unsigned count;
  struct crowd_member {
    int fd;
    struct wide_source from;
  } members[CROWD_MAX];
};

/* A new connection: may it stay? */
bool crowd_enter(struct crowd *crowd, int fd, const struct wide_source *from);

#endif
