#include "dialer/media/rtcp.h"
#include "dialer/media/rtp.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <string.h>

enum { RTCP_SR = 200, RTCP_RR, RTCP_SDES, RTCP_LAST = 206, SENDER_BYTES = 20, BLOCK_BYTES = 24, HEAD_BYTES = 8 };

static void head_write(uint8_t *out, uint8_t type, unsigned count, size_t bytes) {
  out[0] = (uint8_t)(0x80 | count);
  out[1] = type;
  rtp_put16(out + 2, (uint16_t)(bytes / 4 - 1));
}

static size_t block_write(uint8_t *out, const struct rtcp_report *r) {
  rtp_put32(out, r->far_ssrc);
  rtp_put32(out + 4, (uint32_t)r->fraction_lost << 24 | (r->lost > 0x7fffff ? 0x7fffff : r->lost));
  rtp_put32(out + 8, r->highest_seq);
  rtp_put32(out + 12, r->jitter);
  rtp_put32(out + 16, 0); /* we keep no sender report, so no round trip */
  rtp_put32(out + 20, 0);
  return BLOCK_BYTES;
}

static size_t sdes_write(uint8_t *out, uint32_t ssrc) {
  char name[16];
  size_t length = (size_t)snprintf(name, sizeof name, "%08x", (unsigned)ssrc);
  memset(out, 0, HEAD_BYTES + 12);
  rtp_put32(out + 4, ssrc);
  out[8] = 1; /* CNAME */
  out[9] = (uint8_t)length;
  memcpy(out + 10, name, length);
  size_t bytes = (10 + length + 1 + 3) / 4 * 4;
  head_write(out, RTCP_SDES, 1, bytes);
  return bytes;
}

size_t rtcp_write(uint8_t out[RTCP_BYTES_MAX], const struct rtcp_report *r) {
  size_t n = HEAD_BYTES;
  rtp_put32(out + 4, r->ssrc);
  if (r->packets > 0) {
    rtp_put32(out + n, (uint32_t)(r->ntp >> 32));
    rtp_put32(out + n + 4, (uint32_t)r->ntp);
    rtp_put32(out + n + 8, r->ts);
    rtp_put32(out + n + 12, r->packets);
    rtp_put32(out + n + 16, r->octets);
    n += SENDER_BYTES;
  }
  if (r->far_ssrc_known) n += block_write(out + n, r);
  head_write(out, r->packets > 0 ? RTCP_SR : RTCP_RR, r->far_ssrc_known ? 1 : 0, n);
  return n + sdes_write(out + n, r->ssrc);
}

static int blocks_parse(const uint8_t *data, size_t bytes, unsigned count, uint32_t ssrc, struct rtcp_block *out) {
  int found = CAD_EMPTY;
  for (; count > 0 && bytes >= BLOCK_BYTES; count--, data += BLOCK_BYTES, bytes -= BLOCK_BYTES) {
    if (rtp_get32(data) != ssrc) continue;
    *out = (struct rtcp_block){.fraction_lost = data[4], .lost = rtp_get32(data + 4) & 0xffffff, .jitter = rtp_get32(data + 12)};
    found = CAD_OK;
  }
  return found;
}

int rtcp_parse(const uint8_t *data, size_t bytes, uint32_t ssrc, struct rtcp_block *out) {
  int found = CAD_EMPTY;
  if (bytes < HEAD_BYTES) return CAD_EFORMAT;
  while (bytes >= 4) {
    size_t part = ((size_t)rtp_get16(data + 2) + 1) * 4;
    if (data[0] >> 6 != 2 || data[1] < RTCP_SR || data[1] > RTCP_LAST || part > bytes) return CAD_EFORMAT;
    size_t skip = data[1] == RTCP_SR ? HEAD_BYTES + SENDER_BYTES : HEAD_BYTES;
    if (data[1] <= RTCP_RR && part >= skip && blocks_parse(data + skip, part - skip, data[0] & 0x1f, ssrc, out) == CAD_OK) found = CAD_OK;
    data += part;
    bytes -= part;
  }
  return found;
}
