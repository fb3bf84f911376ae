#include "dialer/media/rtp.h"
#include <cadencia/err.h>

enum { VERSION_2 = 2, RTCP_LOW = 72, RTCP_HIGH = 76, EVENT_BYTES = 4, EVENT_DIGITS = 16 };

int rtp_parse(const uint8_t *data, size_t bytes, struct rtp_packet *out) {
  if (bytes < RTP_HEADER_BYTES || bytes > UINT16_MAX || data[0] >> 6 != VERSION_2) return CAD_EFORMAT;
  uint8_t type = data[1] & 0x7f;
  if (type >= RTCP_LOW && type <= RTCP_HIGH) return CAD_EFORMAT; /* RTCP that went astray, RFC 5761 §4 */
  size_t head = RTP_HEADER_BYTES + (size_t)(data[0] & 0x0f) * 4;
  if (data[0] & 0x10) {
    if (head + 4 > bytes) return CAD_EFORMAT;
    head += 4 + (size_t)rtp_get16(data + head + 2) * 4;
  }
  if (head > bytes) return CAD_EFORMAT;
  size_t tail = 0;
  if (data[0] & 0x20) {
    tail = data[bytes - 1];
    if (tail == 0 || head + tail > bytes) return CAD_EFORMAT;
  }
  *out = (struct rtp_packet){
      .payload_type = type,
      .marker = data[1] >> 7,
      .seq = rtp_get16(data + 2),
      .ts = rtp_get32(data + 4),
      .ssrc = rtp_get32(data + 8),
      .payload = data + head,
      .payload_bytes = (uint16_t)(bytes - head - tail),
  };
  return CAD_OK;
}

void rtp_header_write(uint8_t out[RTP_HEADER_BYTES], const struct rtp_packet *p) {
  out[0] = VERSION_2 << 6;
  out[1] = (uint8_t)((p->marker ? 0x80 : 0) | (p->payload_type & 0x7f));
  rtp_put16(out + 2, p->seq);
  rtp_put32(out + 4, p->ts);
  rtp_put32(out + 8, p->ssrc);
}

int rtp_event_parse(const struct rtp_packet *p, struct rtp_event *out) {
  if (p->payload_bytes < EVENT_BYTES) return CAD_EFORMAT;
  *out = (struct rtp_event){.code = p->payload[0], .end = p->payload[1] >> 7, .duration_samples = rtp_get16(p->payload + 2)};
  return CAD_OK;
}

char rtp_event_digit(uint8_t code) { return code < EVENT_DIGITS ? "0123456789*#ABCD"[code] : 0; }
