/* rtcp.h — RTCP reports, written and read from hostile bytes.
 *
 * Pure. RFC 3550 §6.4. Source: rtcp.c */
#ifndef CADENCIA_MEDIA_RTCP_H
#define CADENCIA_MEDIA_RTCP_H

#include <stddef.h>
#include <stdint.h>

enum { RTCP_BYTES_MAX = 96 };

/* What we say. packets 0: a receiver report; far_ssrc_known 0: no report block. */
struct rtcp_report {
  uint32_t ssrc, packets, octets, ts;
  uint64_t ntp;
  uint8_t far_ssrc_known, fraction_lost;
  uint32_t far_ssrc, lost, highest_seq, jitter;
};
/* What the far side says of our stream. */
struct rtcp_block {
  uint8_t fraction_lost;
  uint32_t lost, jitter;
};

/* A compound of SR or RR and SDES; returns bytes. */
size_t rtcp_write(uint8_t out[RTCP_BYTES_MAX], const struct rtcp_report *r);
/* The last report block about ssrc. CAD_OK, CAD_EMPTY (well-formed, nothing about us), CAD_EFORMAT. */
int rtcp_parse(const uint8_t *data, size_t bytes, uint32_t ssrc, struct rtcp_block *out);

#endif
