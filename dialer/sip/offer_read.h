/* offer_read.h — a reader of SDP for one purpose: what audio does the far side want?
 *
 * Our own, because the SDP parser of Debian's Sofia-SIP never returns from some
 * malformed media lines ("m=audio 4000 RT:/AVP 0") and takes all memory on the way.
 * This one allocates nothing, looks at every byte once and keeps at most
 * OFFER_MEDIA_MAX streams of OFFER_FORMATS_MAX formats. Only offer.c reads it.
 * Source: offer_read.c. RFC 8866. */
#ifndef CADENCIA_SIP_OFFER_READ_H
#define CADENCIA_SIP_OFFER_READ_H

#include "dialer/base/mail.h"
#include <stddef.h>

enum { OFFER_MEDIA_MAX = 8, OFFER_FORMATS_MAX = 32, OFFER_WORD_MAX = 24 };

enum offer_format_kind { FORMAT_OTHER = 0, FORMAT_PCMU, FORMAT_PCMA, FORMAT_EVENT };
struct offer_format {
  uint8_t pt;
  uint8_t kind; /* enum offer_format_kind, by its rtpmap or by its static number */
};
struct offer_addr {
  uint8_t family; /* 4, 6; 0: none said or not one that we can read */
  uint8_t bytes[16];
};
struct offer_stream {
  char type[OFFER_WORD_MAX], proto[OFFER_WORD_MAX], first_format[OFFER_WORD_MAX]; /* tokens: safe to write back */
  uint16_t port;
  bool own_addr; /* the stream has a c= line of its own */
  struct offer_addr addr;
  uint8_t dir; /* enum media_dir */
  uint8_t ptime_ms;
  unsigned format_count;
  struct offer_format formats[OFFER_FORMATS_MAX];
};
struct offer_session {
  struct offer_addr addr;
  uint8_t dir;
  unsigned stream_count;
  struct offer_stream streams[OFFER_MEDIA_MAX];
};

/* CAD_OK, CAD_EFORMAT (not SDP), CAD_ENOSUP (too many streams). */
int offer_read(const char *sdp, size_t bytes, struct offer_session *out);

#endif
