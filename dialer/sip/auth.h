/* auth.h — digest for our own requests: MD5 and SHA-256, whichever the far side offers, the stronger when both.
 *
 * The library's own client fails a call as soon as SHA-256 is offered at all. Thread: the SIP worker's.
 * Source: auth.c. RFC 8760, RFC 7616 */
#ifndef CADENCIA_SIP_AUTH_H
#define CADENCIA_SIP_AUTH_H

struct sip_s;
/* Once, before the first stack is created. */
void auth_register(void);

/* NUTAG_AUTH text for the challenge in this reply. CAD_OK; CAD_EMPTY: no digest challenge in it; CAD_EFULL. */
int auth_answer(const struct sip_s *sip, const char *user, const char *password, char *out, unsigned size);
/* Does the challenge say that only the nonce was old? */
int auth_is_stale(const struct sip_s *sip);

#endif
