#include "dialer/media/stream.h"
#include <string.h>

enum { SEQ_JUMP = 3000, SEQ_LATE_MAX = 100, TS_JUMP = 24000, OWN_GAP_US = 60000 };

static uint32_t samples_of(int64_t us) { return (uint32_t)(us * 8 / 1000); }

static uint32_t expected(const struct stream_in *in) { return in->cycles + in->max_seq - in->base_seq + 1; }

uint32_t stream_lost(const struct stream_in *in) {
  uint32_t now = in->started && expected(in) > in->received ? expected(in) - in->received : 0;
  return in->lost_before + now;
}

uint32_t stream_jitter_us(const struct stream_in *in) { return (uint32_t)((uint64_t)in->jitter_x16 * 1000 / 8 / 16); }

static void start(struct stream_in *in, const struct rtp_packet *p) {
  in->lost_before = stream_lost(in);
  in->started = true;
  in->ssrc = p->ssrc;
  in->base_seq = in->max_seq = p->seq;
  in->cycles = 0;
  in->received = 1;
  in->transit = 0;
  in->expected_reported = in->received_reported = 0;
  in->event_known = false;
}

static void measure_jitter(struct stream_in *in, const struct rtp_packet *p, int64_t now_us) {
  uint32_t transit = samples_of(now_us) - p->ts;
  int32_t d = (int32_t)(transit - in->transit);
  if (in->transit != 0 && d > -TS_JUMP && d < TS_JUMP)
    in->jitter_x16 += (uint32_t)((d < 0 ? -d : d) - (int32_t)((in->jitter_x16 + 8) >> 4));
  in->transit = transit;
}

enum stream_order stream_heard(struct stream_in *in, const struct rtp_packet *p, int64_t now_us, bool timed) {
  in->packets++;
  in->last_us = now_us;
  int16_t step = (int16_t)(p->seq - in->max_seq);
  if (!in->started || p->ssrc != in->ssrc || step > SEQ_JUMP || step < -SEQ_JUMP) {
    start(in, p);
    return STREAM_NEWEST;
  }
  if (step == 0) return STREAM_REPEAT;
  in->received++;
  if (step < 0) {
    in->late++;
    return STREAM_LATE;
  }
  if (p->seq < in->max_seq) in->cycles += 65536;
  in->max_seq = p->seq;
  if (timed) measure_jitter(in, p, now_us);
  return STREAM_NEWEST;
}

bool stream_event_is_new(struct stream_in *in, const struct rtp_packet *p) {
  if (in->event_known && (int32_t)(p->ts - in->event_ts) <= 0) return false;
  in->event_known = true;
  in->event_ts = p->ts;
  return true;
}

void stream_open(struct stream_out *out, uint32_t ssrc, uint16_t seq, uint32_t ts) {
  memset(out, 0, sizeof *out);
  out->ssrc = ssrc;
  out->next_seq = seq;
  out->next_ts = ts;
}

/* Where the next talk spurt begins: never before what was sent, and as much later as time has passed. */
static uint32_t spurt_ts(const struct stream_out *out, int64_t now_us) {
  if (!out->started) return out->next_ts;
  uint32_t gap = samples_of(now_us - out->last_us);
  return gap > RTP_FRAME_SAMPLES ? out->next_ts + gap - RTP_FRAME_SAMPLES : out->next_ts;
}

static void sent(struct stream_out *out, uint32_t bytes, int64_t now_us) {
  out->started = true;
  out->last_us = now_us;
  out->packets++;
  out->octets += bytes;
}

void stream_own(struct stream_out *out, uint32_t samples, int64_t now_us, struct rtp_packet *head) {
  bool spurt = !out->started || out->mapped || now_us - out->last_us > OWN_GAP_US;
  head->marker = spurt;
  head->ts = spurt ? spurt_ts(out, now_us) : out->next_ts;
  head->seq = out->next_seq++;
  head->ssrc = out->ssrc;
  out->next_ts = head->ts + samples;
  out->mapped = false;
  sent(out, samples, now_us);
}

static bool follows(const struct stream_out *out, const struct rtp_packet *from) {
  if (!out->mapped || from->ssrc != out->from_ssrc) return false;
  int16_t step = (int16_t)(from->seq - out->from_seq);
  int32_t ts_step = (int32_t)(from->ts - out->from_ts);
  return step > -SEQ_LATE_MAX && step < SEQ_JUMP && ts_step > -TS_JUMP && ts_step < 20 * TS_JUMP;
}

void stream_forward(struct stream_out *out, const struct rtp_packet *from, uint32_t samples, int64_t now_us, struct rtp_packet *head) {
  head->marker = from->marker;
  if (!follows(out, from)) {
    out->mapped = true;
    out->from_ssrc = from->ssrc;
    out->from_seq = from->seq;
    out->from_ts = from->ts;
    out->seq_offset = (uint16_t)(out->next_seq - from->seq);
    out->ts_offset = spurt_ts(out, now_us) - from->ts;
    head->marker = true;
  }
  head->ssrc = out->ssrc;
  head->seq = (uint16_t)(from->seq + out->seq_offset);
  head->ts = from->ts + out->ts_offset;
  if ((int16_t)(head->seq - out->next_seq) >= 0) {
    out->next_seq = (uint16_t)(head->seq + 1);
    out->from_seq = from->seq;
    out->from_ts = from->ts;
  }
  if ((int32_t)(head->ts + samples - out->next_ts) > 0) out->next_ts = head->ts + samples;
  sent(out, samples, now_us);
}

void stream_swallow(struct stream_out *out, const struct rtp_packet *from) {
  if (!follows(out, from) || (int16_t)(from->seq - out->from_seq) <= 0) return;
  out->from_seq = from->seq;
  out->seq_offset--;
}
