/* flight.h — the flight recorder: what control was told, what changed by it, what it ordered; for `cadencia replay`.
 *
 * Ids and codes alone: no numbers, no names, no keys that a caller pressed. The newest FLIGHT_ENTRIES are kept. The control thread
 * writes into memory and waits for nobody; the daemon's main thread carries them to a file a few times a second, and once
 * more when a deadly signal comes. A SIGKILL costs what was not carried yet. Entries of earlier lives stay until they are
 * overwritten. Source: flight.c */
#ifndef CADENCIA_FLIGHT_H
#define CADENCIA_FLIGHT_H

#include "dialer/base/outbox.h"
#include <stdio.h>

enum { FLIGHT_ENTRIES = 1 << 17, FLIGHT_RING = 1 << 13 }; /* in the file; between two savings */
enum flight_what {
  FLIGHT_START = 1, /* the daemon began; calls of before are gone */
  FLIGHT_IN,        /* a mail came: a step begins */
  FLIGHT_TIME,      /* a deadline came: a step begins */
  FLIGHT_CALL,      /* a call changed its state */
  FLIGHT_AGENT,     /* an agent did */
  FLIGHT_OUT,       /* an order; flight_entry.from: enum spoke */
  FLIGHT_MORE,      /* id: so many further changes, not kept one by one */
  FLIGHT_WHAT_COUNT
};
enum flight_about {
  ABOUT_NOTHING = 0,
  ABOUT_CALL,
  ABOUT_SEAT,
  ABOUT_SESSION,
  ABOUT_OFFER,
  ABOUT_TRUNK,
  ABOUT_WORKER,
  ABOUT_ATTEMPT,
  ABOUT_AGENT,
  ABOUT_CAMPAIGN,
  ABOUT_QUEUE,
  ABOUT_CASE,
  ABOUT_COUNT
};
struct flight_entry {
  uint64_t order; /* counts up, over restarts too; 0: no entry */
  struct wall at;
  uint64_t id;
  uint16_t kind;                   /* enum mail_kind of FLIGHT_IN and FLIGHT_OUT */
  uint8_t what, about;             /* enum flight_what, enum flight_about */
  uint8_t from, to, event, detail; /* of changes: states and event; detail: the mail's second code */
  uint32_t slot, gen;
  uint16_t code, lag_ms; /* the mail's code: SIP status, verdict, refusal, ...; how old it was when it was read */
  uint32_t check;
};

struct flight;
/* path NULL: in memory alone. NULL: no memory. */
struct flight *flight_open(const char *path, struct wall now);
struct flight *flight_close(struct flight *f); /* carries what is left */

/* After a step: what came in (NULL: a deadline) and what it led to. The control thread. NULL f: nothing. */
void flight_step(struct flight *f, struct now now, const struct mail *in, const struct outbox *out);
/* Carries what is new to the file. Any thread but control, one at a time. */
void flight_save(struct flight *f);
/* A deadly signal carries what is new, then does what it would have done. One recorder a process. */
void flight_save_at_death(struct flight *f);

/* The whole entries of a file, oldest first; the caller frees. CAD_ENOENT, CAD_EFORMAT, CAD_ENOMEM with a line on err; count. */
int flight_read(const char *path, struct flight_entry **out, FILE *err);

#endif
