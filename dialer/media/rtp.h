/* rtp.h — RTP packets and telephone events, read from hostile bytes and written.
 *
 * Pure. RFC 3550 §5.1, RFC 4733 §2.3. Source: rtp.c */
#ifndef CADENCIA_MEDIA_RTP_H
#define CADENCIA_MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTP_HEADER_BYTES = 12, RTP_FRAME_SAMPLES = 160, RTP_FRAME_US = 20000, RTP_AUDIO_BYTES_MAX = 640, RTP_PACKET_BYTES_MAX = 1500 };

struct rtp_packet {
  uint8_t payload_type;
  bool marker;
  uint16_t seq;
  uint32_t ts, ssrc;
  const uint8_t *payload; /* inside the bytes that were parsed */
  uint16_t payload_bytes;
};

struct rtp_event {
  uint8_t code;
  bool end;
  uint16_t duration_samples;
};

/* CAD_OK or CAD_EFORMAT (out untouched). CSRCs, extension and padding are stepped over. */
int rtp_parse(const uint8_t *data, size_t bytes, struct rtp_packet *out);
/* 12 bytes from payload_type, marker, seq, ts and ssrc of p. */
void rtp_header_write(uint8_t out[RTP_HEADER_BYTES], const struct rtp_packet *p);
/* CAD_OK or CAD_EFORMAT. */
int rtp_event_parse(const struct rtp_packet *p, struct rtp_event *out);
/* '0'..'9', '*', '#', 'A'..'D'; 0 for an event that is no digit. */
char rtp_event_digit(uint8_t code);

static inline uint16_t rtp_get16(const uint8_t *b) { return (uint16_t)(b[0] << 8 | b[1]); }
static inline uint32_t rtp_get32(const uint8_t *b) { return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]; }
static inline void rtp_put16(uint8_t *b, uint16_t v) {
  b[0] = (uint8_t)(v >> 8);
  b[1] = (uint8_t)v;
}
static inline void rtp_put32(uint8_t *b, uint32_t v) {
  rtp_put16(b, (uint16_t)(v >> 16));
  rtp_put16(b + 2, (uint16_t)v);
}

#endif
