/* stream.h — the state of one RTP stream: what comes in (loss, jitter), what goes out
 * (one continuous sequence whatever it is fed from).
 *
 * Pure; times are microseconds of CLOCK_MONOTONIC. RFC 3550 §6.4.1, A.1, A.3, A.8.
 * Owner: the session. Source: stream.c */
#ifndef CADENCIA_MEDIA_STREAM_H
#define CADENCIA_MEDIA_STREAM_H

#include "dialer/media/rtp.h"

struct stream_in {
  bool started;
  uint32_t ssrc;
  uint16_t max_seq, base_seq;
  uint32_t cycles;   /* sequence wraps, in units of 65536 */
  uint32_t received; /* of this ssrc */
  uint32_t packets, late;
  uint32_t lost_before; /* by sources that ended */
  uint32_t transit;
  uint32_t jitter_x16; /* samples times 16 */
  int64_t last_us;     /* last packet of any kind */
  uint32_t expected_reported, received_reported;
  bool event_known; /* a telephone event was heard from this ssrc */
  uint32_t event_ts;
};

enum stream_order { STREAM_NEWEST, STREAM_LATE, STREAM_REPEAT };

/* Accounts for a packet. timed: it was read when it came, so its jitter is worth measuring. */
enum stream_order stream_heard(struct stream_in *in, const struct rtp_packet *p, int64_t now_us, bool timed);
uint32_t stream_lost(const struct stream_in *in);
uint32_t stream_jitter_us(const struct stream_in *in);
/* True once for each telephone event: its packets share one timestamp. */
bool stream_event_is_new(struct stream_in *in, const struct rtp_packet *p);

struct stream_out {
  bool started, mapped;
  uint32_t ssrc, packets, octets;
  uint16_t next_seq;
  uint32_t next_ts;
  int64_t last_us;
  uint32_t from_ssrc; /* the forwarded source that the offsets belong to */
  uint16_t seq_offset, from_seq;
  uint32_t ts_offset, from_ts;
};

/* ssrc, first sequence number and timestamp should be random. */
void stream_open(struct stream_out *out, uint32_t ssrc, uint16_t seq, uint32_t ts);
/* Header fields for a frame of our own; payload_type and payload are the caller's. */
void stream_own(struct stream_out *out, uint32_t samples, int64_t now_us, struct rtp_packet *head);
/* Header fields for a forwarded packet: order, gaps and timing of the source are kept, a new source or a jump
 * continues ours. samples: 0 for a telephone event. */
void stream_forward(struct stream_out *out, const struct rtp_packet *from, uint32_t samples, int64_t now_us, struct rtp_packet *head);
/* A packet of the forwarded source that is not sent: no gap must show. */
void stream_swallow(struct stream_out *out, const struct rtp_packet *from);

#endif
