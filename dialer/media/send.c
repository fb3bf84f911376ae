#include "dialer/media/thread.h"
#include <errno.h>
#include <string.h>

enum { REFUSED_MAX = 25, REFUSED_US = 1000000 };

void send_refused(struct media_thread *th, struct rtp_session *s) {
  if (s->refused++ == 0) s->refused_since_us = th->now_us;
  if (s->refused >= REFUSED_MAX && th->now_us - s->refused_since_us >= REFUSED_US) event_dead(th, s);
}

void send_packet(struct media_thread *th, struct rtp_session *s, const uint8_t *data, size_t bytes) {
  ssize_t n;
  if (s->connected) {
    n = send(s->fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
  } else {
    struct sockaddr_storage sa;
    socklen_t length = net_addr_sockaddr(&s->latch.far, &sa);
    n = sendto(s->fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&sa, length);
  }
  if (n >= 0)
    tally_add(&th->tally.tx_packets, 1);
  else if (errno == ECONNREFUSED)
    send_refused(th, s);
}

void send_frame(struct media_thread *th, struct rtp_session *s, const uint8_t *audio) {
  struct rtp_packet head = {.payload_type = s->desc.codec};
  stream_own(&s->out, RTP_FRAME_SAMPLES, th->now_us, &head);
  rtp_header_write(th->tx, &head);
  memcpy(th->tx + RTP_HEADER_BYTES, audio, RTP_FRAME_SAMPLES);
  send_packet(th, s, th->tx, RTP_HEADER_BYTES + RTP_FRAME_SAMPLES);
}

void send_silence(struct media_thread *th, struct rtp_session *s) {
  uint8_t frame[RTP_FRAME_SAMPLES];
  memset(frame, s->desc.codec == CODEC_PCMA ? 0xd5 : 0xff, sizeof frame);
  send_frame(th, s, frame);
}

static void played(struct media_thread *th, struct rtp_session *s, unsigned prompt) {
  struct mail m = event_about(th, MEDIA_PLAYED, s);
  m.u.media_event.prompt = (uint16_t)prompt;
  outbox_put(&th->outbox, &m);
}

void play_start(struct media_thread *th, struct rtp_session *s, unsigned prompt, bool loop) {
  s->prompt = prompt_find(th->prompts, prompt);
  s->prompt_index = (uint16_t)prompt;
  s->prompt_at = 0;
  s->prompt_loop = loop;
  if (!s->prompt) played(th, s, prompt);
}

void play_stop(struct rtp_session *s) { s->prompt = NULL; }

void play_beat(struct media_thread *th, struct rtp_session *s, unsigned frames) {
  for (; frames > 0 && s->prompt; frames--) {
    if (s->prompt_at >= s->prompt->samples) {
      s->prompt_at = 0;
      if (!s->prompt_loop) {
        play_stop(s);
        played(th, s, s->prompt_index);
        return;
      }
    }
    if (session_may_send(s)) send_frame(th, s, s->prompt->law[prompt_law(s->desc.codec)] + s->prompt_at);
    s->prompt_at += RTP_FRAME_SAMPLES;
  }
}
