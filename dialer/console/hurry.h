/* hurry.h — how long a browser may take to say what it wants.
 *
 * The library ends connections that are idle; one that sends a byte now and then is never
 * idle and would hold its place for ever. So: a request's head within HURRY_HEAD_MS,
 * its body at HURRY_BYTES_PER_S or faster. An answer may take as long as it likes.
 * Thread: the console's. Source: hurry.c */
#ifndef CADENCIA_CONSOLE_HURRY_H
#define CADENCIA_CONSOLE_HURRY_H

#include <cadencia/time.h>
#include <stdbool.h>
#include <stddef.h>

enum { HURRY_PLACES = 128, HURRY_HEAD_MS = 15000, HURRY_BODY_MS = 15000, HURRY_BYTES_PER_S = 1000 };

enum hurry_phase { HURRY_FREE = 0, HURRY_HEAD, HURRY_BODY, HURRY_ANSWER };

struct hurry_place {
  enum hurry_phase phase;
  int fd;
  struct mono since;
  size_t bytes; /* of the body */
};

struct hurry {
  struct hurry_place places[HURRY_PLACES];
};

/* A place for a new connection; NULL: none is free, this one is not watched. */
struct hurry_place *hurry_enter(struct hurry *hurry, int fd, struct mono now);
void hurry_leave(struct hurry_place *place);
/* The phases of one request; place may be NULL. */
void hurry_head(struct hurry_place *place, struct mono now);
void hurry_body(struct hurry_place *place, size_t bytes, struct mono now);
void hurry_answer(struct hurry_place *place);
/* Has this one taken too long? */
bool hurry_late(const struct hurry_place *place, struct mono now);
/* Shuts the connections that have; the library buries them. Returns how many. */
unsigned hurry_check(struct hurry *hurry, struct mono now);

#endif
