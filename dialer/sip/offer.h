/* offer.h — our SDP out, the far side's SDP in as struct media_desc.
 *
 * SDP never leaves this room. What the far side sends is hostile input: bounded in
 * length, read by a parser of our own (offer_read.h), then range-checked; names instead
 * of addresses, multicast, other families and codecs we did not offer are refused.
 * Sources: RFC 8866 (SDP), RFC 3264 (offer/answer), RFC 4733. Thread: the SIP
 * worker's. Source file: offer.c */
#ifndef CADENCIA_SIP_OFFER_H
#define CADENCIA_SIP_OFFER_H

#include "dialer/base/mail.h"
#include <stddef.h>

enum { OFFER_TEXT_MAX = 1024, OFFER_PARSE_MAX = 8192, OFFER_EVENT_PT = 101 };

/* What we say of ourselves. */
struct offer_local {
  const char *addr; /* numeric, as advertised */
  uint8_t family;   /* 4 or 6 */
  uint16_t port;
  uint8_t codecs[2], codec_count; /* RTP payload types by preference */
  uint64_t session_id;
  uint32_t version; /* grows with every new description of one leg */
};

/* Writes our offer; returns its length, or CAD_EFULL. */
int offer_write(const struct offer_local *local, char *out, size_t size);

/* Reads an answer (or an early one) to our offer. bytes need not be terminated.
 * CAD_OK; CAD_EFORMAT: not SDP; CAD_ENOSUP: nothing in it that we can use. */
int offer_parse(const struct offer_local *local, const char *sdp, size_t bytes, struct media_desc *out);

/* Reads the far side's offer and writes our answer to it: one audio stream, the rest
 * refused with port 0. Returns the answer's length; CAD_EFORMAT, CAD_ENOSUP, CAD_EFULL. */
int offer_answer(const struct offer_local *local, const char *sdp, size_t bytes, struct media_desc *far, char *out, size_t size);

/* 127.0.0.0/8 or ::1. */
bool offer_is_loopback(const struct media_desc *desc);

/* The early descriptions of one INVITE, by To tag (forking gives several). */
enum { EARLY_MAX = 4 };
struct early_media {
  struct {
    uint64_t tag; /* hash of the tag, 0: free */
    struct media_desc desc;
  } items[EARLY_MAX];
  unsigned next; /* overwritten first when all are used */
};
void early_keep(struct early_media *early, const char *tag, const struct media_desc *desc);
/* NULL: this tag described nothing. */
const struct media_desc *early_find(const struct early_media *early, const char *tag);

#endif
