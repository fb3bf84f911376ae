/* ids.h — 64-bit ids, made by us before anything is written.
 *
 * Layout: 41 bits of milliseconds since 2024-01-01 UTC | 10 bits of box | 12 bits
 * of sequence; the top bit stays 0, so an id is a positive SQLite integer. In JSON
 * and SIP they are decimal strings. A maker is owned by one thread. Source: ids.c */
#ifndef CADENCIA_IDS_H
#define CADENCIA_IDS_H

#include <cadencia/time.h>
#include <stdint.h>

struct id_maker {
  uint16_t box; /* 0..1023 */
  uint64_t last;
};

/* Never returns the same id twice nor a smaller one, even if the clock steps back
 * or more than 4,096 are asked for in one millisecond (it runs ahead then). */
uint64_t id_next(struct id_maker *maker, struct wall now);

#endif
