/* resolve.h — names of trunks into addresses, on a thread of its own: the worker never waits for DNS.
 *
 * SRV is asked first when no port is given (RFC 3263 §4.2), then addresses, by the system's resolver (so that
 * /etc/hosts counts). Questions and answers travel by value through pipes. Owner: the SIP worker. Source: resolve.c */
#ifndef CADENCIA_SIP_RESOLVE_H
#define CADENCIA_SIP_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

enum { RESOLVE_ADDRESSES_MAX = 6, RESOLVE_NAME_MAX = 128 };
struct resolve_ask {
  uint16_t id;       /* given back */
  uint8_t family;    /* 4, 6 */
  uint16_t port;     /* 0: ask SRV, else 5060 or 5061 */
  char transport[8]; /* "udp", "tcp", "tls" */
  char name[RESOLVE_NAME_MAX];
};
struct resolve_answer {
  uint16_t id, count; /* count 0: not found */
  struct {
    char address[64];
    uint16_t port;
  } items[RESOLVE_ADDRESSES_MAX]; /* best first */
};

/* Starts the thread at the first question. CAD_OK, CAD_EFULL, CAD_ENOMEM. */
int resolve_ask(const struct resolve_ask *ask);
/* Readable when an answer is there; -1 before the first question. */
int resolve_fd(void);
bool resolve_take(struct resolve_answer *out);

#endif
