/* cause.h — why a leg ended: from what SIP said to the words of the field.
 *
 * Pure: no Sofia types, no clock. The phrase and the Reason text come from the far
 * side and may be anything. Sources: RFC 3261 §21, RFC 3326 (Reason), RFC 3398
 * (Q.850), RFC 8197 (607), RFC 8688 (608), ATIS-1000099 (603+). Source file: cause.c */
#ifndef CADENCIA_SIP_CAUSE_H
#define CADENCIA_SIP_CAUSE_H

#include <cadencia/names.h>
#include <stdbool.h>
#include <stdint.h>

/* What is known when an INVITE got its final answer (or none). */
struct cause_facts {
  uint16_t status;         /* SIP status, >= 900: made by our own stack, 0: none */
  const char *phrase;      /* reason phrase, NULL: none */
  const char *reason_text; /* text parameter of the Reason header, NULL: none */
  uint16_t q850;           /* from a Reason header of protocol Q.850, 0: none */
  bool provisional;        /* any 1xx came, 100 included */
  bool ringing;            /* a 18x came */
  bool cancelled;          /* we sent CANCEL, or wanted to */
};

/* The cause of an INVITE that failed; never CAUSE_NONE nor CAUSE_NORMAL. */
enum cause cause_of_reply(const struct cause_facts *facts);

/* Does a 603 say that analytics on the way blocked the call (603+)? */
bool cause_is_603_plus(const char *phrase, const char *reason_text);

#endif
