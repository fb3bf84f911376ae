/* guard.h — between the network and the stack: who was heard last, and who is not heard at all.
 *
 * The stack has no hook before its parser, so we define recvmsg, sendmsg, accept, SSL_connect and more ourselves, as with
 * __assert_fail (crash.h): the library's calls come here and go on to the system. The address of what it parses is
 * known when it fails, and a source that was found to kill workers is dropped before a byte of it is looked at.
 * Inactive until guard_arm: in every other process the calls only pass through. Owner: the SIP worker. Source: guard.c */
#ifndef CADENCIA_SIP_GUARD_H
#define CADENCIA_SIP_GUARD_H

#include "dialer/base/wide.h"
#include <sys/socket.h>

enum { GUARD_BLOCKED_MAX = 16 };

/* From now on a failed assertion or a deadly signal sends SIP_CRASHED to fd, with the last source heard. */
void guard_arm(int fd, unsigned worker);
/* Numeric address, as text. CAD_OK, CAD_EINVAL, CAD_EFULL. */
int guard_block(const char *address);
bool guard_blocked(const struct sockaddr *address);
/* Whom this socket is connected to; false: nobody. */
bool guard_peer(int fd, struct wide_source *out);
void guard_heard(const struct sockaddr *address);
/* Writes the last mail of a dying process; safe in a signal handler. */
void guard_crashed(void);
uint64_t guard_dropped(void);
/* Connections to this target ("192.0.2.1:5061;transport=tls") must show a certificate of this name. Bounded; the oldest goes. */
void guard_tls_expect(const char *target, const char *name);
/* Did the last connection to it fail for its certificate? */
bool guard_tls_failed(const char *target);

#endif
