/* quote.h — errors of the network (ICMP) quote the datagram that they are about. Anybody can invent one: the system checks no more than
 * addresses and ports, which are no secret, and the library ends what it has under way with that peer. So an error is believed only when
 * it quotes the branch of a message that went there lately: who is not on the way does not know it (RFC 5927 §4, RFC 3261 §8.1.1.7).
 * Routers that quote 8 bytes only (RFC 792) are not heard: then timers tell. Owner: the SIP worker. Source: quote.c */
#ifndef CADENCIA_SIP_QUOTE_H
#define CADENCIA_SIP_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* n bytes of a message go to this address. */
void quote_sent(const struct sockaddr *to, const void *message, size_t n);
/* Is this the beginning of a message that went to this address, as far as its first branch? */
bool quote_known(const struct sockaddr *to, const void *beginning, size_t n);

#endif
