/* viewers.h — who is looking: the open event streams.
 *
 * A stream sleeps (suspended) while there is nothing new, so idle viewers cost
 * nothing. A viewer that is still sending an old frame when newer ones arrive gets
 * only the newest: memory is bounded by viewers x one frame. A beat every ten
 * seconds finds the dead. Owner: the console's only thread. Source: viewers.c */
#ifndef CADENCIA_CONSOLE_VIEWERS_H
#define CADENCIA_CONSOLE_VIEWERS_H

#include "dialer/base/live.h"
#include "dialer/console/blob.h"
#include <cadencia/time.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

enum { VIEWERS_MAX = 64, VIEWERS_BEAT_MS = 10000, VIEWERS_LIFE_MS = 600000 };

struct viewer;
struct viewers {
  struct viewer *first;
  unsigned count, desks; /* desks: those that follow one agent */
  struct blob *newest, *hello, *beat;
  uint64_t version; /* of newest */
  struct mono beat_at;
  bool closing;
};

int viewers_init(struct viewers *viewers, struct mono now);
/* A stream for this connection: of the whole floor, or with an agent's name of that desk alone. It ends after VIEWERS_LIFE_MS and
 * the browser asks again, so that a session that has ended does not look on. NULL: full or no memory. */
struct MHD_Response *viewers_admit(struct viewers *viewers, struct MHD_Connection *connection, const char *agent, struct mono now);
/* Tells each desk what has changed of its agent: {"state","since","at","attempt","seat_up"}. */
void viewers_desks(struct viewers *viewers, const struct live *live);
void viewers_publish(struct viewers *viewers, struct blob *event); /* takes a share of it */
/* Sends the beat when it is due; answers how long until the next one. */
int64_t viewers_tick(struct viewers *viewers, struct mono now);
/* Ends every stream; run the daemon once more before it is stopped. */
void viewers_close(struct viewers *viewers);
void viewers_clear(struct viewers *viewers);

#endif
