#include "dialer/media/thread.h"
#include <dsp/codec.h>
#include <string.h>
#include <sys/epoll.h>

enum { TONE_GAP_US = 30000 };

/* Bridged sessions are read when a packet comes; all others are read on the beat, which costs a fraction of a wake-up each. */
static void poll_on(struct media_thread *th, struct rtp_session *s) {
  struct epoll_event ev = {.events = EPOLLIN, .data.u64 = (uint64_t)s->slot + THREAD_TAG_SESSION};
  s->polled = epoll_ctl(th->epoll_fd, EPOLL_CTL_ADD, s->fd, &ev) == 0;
}

static void poll_off(struct media_thread *th, struct rtp_session *s) {
  if (!s->polled) return;
  epoll_ctl(th->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
  s->polled = false;
}

static void join_side(struct media_thread *th, struct rtp_session *s, struct rtp_session *peer, bool customer) {
  wait_bridged(th, s);
  play_stop(s);
  s->peer = peer;
  s->customer = customer;
  s->bridged_us = th->now_us;
  poll_on(th, s);
}

void bridge_join(struct media_thread *th, struct rtp_session *customer, struct rtp_session *agent, bool tone) {
  bridge_part(th, customer);
  bridge_part(th, agent);
  join_side(th, customer, agent, true);
  join_side(th, agent, customer, false);
  agent->tone_left = tone ? PROMPT_TONE_SAMPLES : 0;
  event_simple(th, MEDIA_BRIDGED, customer);
}

void bridge_part(struct media_thread *th, struct rtp_session *s) {
  struct rtp_session *sides[2] = {s, s->peer};
  if (!s->peer) return;
  for (int i = 0; i < 2; i++) {
    poll_off(th, sides[i]);
    sides[i]->peer = NULL;
    sides[i]->tone_left = 0;
  }
}

static void mix_tone(struct media_thread *th, struct rtp_session *to, int16_t *pcm, int n) {
  const int16_t *tone = th->prompts->tone + PROMPT_TONE_SAMPLES - to->tone_left;
  if (n > to->tone_left) n = to->tone_left;
  for (int i = 0; i < n; i++) {
    int sum = pcm[i] + tone[i];
    pcm[i] = (int16_t)(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
  }
  to->tone_left = (uint16_t)(to->tone_left - n);
}

static void forward_audio(struct media_thread *th, struct rtp_session *to, const struct rtp_packet *p, uint8_t *out) {
  int n = p->payload_bytes;
  if (to->tone_left == 0) {
    codec_transcode(p->payload_type, to->desc.codec, p->payload, n, out);
    return;
  }
  int16_t pcm[RTP_AUDIO_BYTES_MAX];
  codec_decode(p->payload_type, p->payload, n, pcm);
  mix_tone(th, to, pcm, n);
  codec_encode(to->desc.codec, pcm, n, out);
}

void bridge_forward(struct media_thread *th, struct rtp_session *s, const struct rtp_packet *p, bool event) {
  struct rtp_session *to = s->peer;
  if (to->prompt || !session_may_send(to)) return;
  if (event && (to->desc.event_pt == 0 || p->payload_bytes > RTP_AUDIO_BYTES_MAX)) {
    stream_swallow(&to->out, p);
    return;
  }
  struct rtp_packet head = {.payload_type = event ? to->desc.event_pt : to->desc.codec};
  stream_forward(&to->out, p, event ? 0 : p->payload_bytes, th->now_us, &head);
  rtp_header_write(th->tx, &head);
  if (event)
    memcpy(th->tx + RTP_HEADER_BYTES, p->payload, p->payload_bytes);
  else
    forward_audio(th, to, p, th->tx + RTP_HEADER_BYTES);
  send_packet(th, to, th->tx, RTP_HEADER_BYTES + (size_t)p->payload_bytes);
  tally_add(&th->tally.forwarded, 1);
}

void bridge_beat(struct media_thread *th, struct rtp_session *s) {
  if (s->tone_left == 0 || !session_may_send(s) || th->now_us - s->out.last_us < TONE_GAP_US) return;
  int16_t pcm[RTP_FRAME_SAMPLES] = {0};
  uint8_t frame[RTP_FRAME_SAMPLES];
  mix_tone(th, s, pcm, RTP_FRAME_SAMPLES);
  codec_encode(s->desc.codec, pcm, RTP_FRAME_SAMPLES, frame);
  send_frame(th, s, frame);
}
