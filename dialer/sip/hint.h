/* hint.h — what a reply to our INVITE says about who answers: forwarded, and why; an automaton.
 *
 * Pure: texts of headers in, bits out; the texts come from the far side and may be anything. Sources: RFC 5806 (Diversion),
 * RFC 7044 (History-Info), RFC 4458 (cause in the URI), RFC 3326 (Reason), RFC 3840 (automata), RFC 3261 section 21.1.3 (181).
 * Source file: hint.c */
#ifndef CADENCIA_SIP_HINT_H
#define CADENCIA_SIP_HINT_H

#include <cadencia/names.h>
#include <stdint.h>

uint8_t hint_of_status(uint16_t status);
/* name and value of a header; 0: it says nothing of the kind. */
uint8_t hint_of_header(const char *name, const char *value);
/* A Reason header of protocol SIP under a 1xx or 2xx. */
uint8_t hint_of_reason(unsigned long cause);

#endif
