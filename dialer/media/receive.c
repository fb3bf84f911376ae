#include "dialer/media/thread.h"
#include <cadencia/err.h>
#include <errno.h>

static bool is_audio(const struct rtp_packet *p) { return p->payload_type == CODEC_PCMU || p->payload_type == CODEC_PCMA; }
static bool is_event(const struct rtp_session *s, const struct rtp_packet *p) {
  return s->desc.event_pt != 0 && p->payload_type == s->desc.event_pt;
}

static void hear_event(struct media_thread *th, struct rtp_session *s, const struct rtp_packet *p) {
  struct rtp_event event;
  if (rtp_event_parse(p, &event) != CAD_OK) {
    tally_add(&th->tally.malformed, 1);
    return;
  }
  bool is_new = stream_event_is_new(&s->in, p);
  char digit = rtp_event_digit(event.code);
  if (is_new && digit) event_digit(th, s, digit);
  if (s->peer) bridge_forward(th, s, p, true);
}

static void hear_audio(struct media_thread *th, struct rtp_session *s, const struct rtp_packet *p) {
  if (p->payload_bytes == 0 || p->payload_bytes > RTP_AUDIO_BYTES_MAX) {
    tally_add(&th->tally.malformed, 1);
    return;
  }
  if (s->peer) bridge_forward(th, s, p, false);
  if (!s->peer || s->tap) wait_hear(th, s, p);
}

static void hear(struct media_thread *th, struct rtp_session *s, const struct net_addr *from, size_t bytes) {
  struct rtp_packet p;
  if (bytes > RTP_PACKET_BYTES_MAX || rtp_parse(th->rx, bytes, &p) != CAD_OK) {
    tally_add(&th->tally.malformed, 1);
    return;
  }
  bool audio = is_audio(&p), event = !audio && is_event(s, &p);
  enum latch_answer answer = latch_check(&s->latch, from, &p, audio || event, th->now_us);
  if (answer == LATCH_STRANGER) {
    s->strangers++;
    tally_add(&th->tally.strangers, 1);
    return;
  }
  if (answer == LATCH_FIXED) session_connect(s);
  if (s->rx_budget == 0) return; /* nobody talks that fast */
  s->rx_budget--;
  s->refused = 0;
  tally_add(&th->tally.rx_packets, 1);
  enum stream_order order = stream_heard(&s->in, &p, th->now_us, s->polled);
  if (order == STREAM_REPEAT) return;
  if (audio)
    hear_audio(th, s, &p);
  else if (event)
    hear_event(th, s, &p);
  else if (s->peer)
    stream_swallow(&s->peer->out, &p);
}

/* Whose address is asked for costs more than the answer is worth where the kernel lets nobody else in. */
static ssize_t read_packet(struct media_thread *th, const struct rtp_session *s, struct net_addr *from) {
  if (s->sole) {
    *from = s->latch.far;
    return recv(s->fd, th->rx, sizeof th->rx, MSG_DONTWAIT);
  }
  struct sockaddr_storage sa;
  socklen_t length = sizeof sa;
  ssize_t n = recvfrom(s->fd, th->rx, sizeof th->rx, MSG_DONTWAIT, (struct sockaddr *)&sa, &length);
  if (n >= 0) *from = net_addr_of(&sa);
  return n;
}

void receive(struct media_thread *th, struct rtp_session *s, int packets_max) {
  for (int i = 0; i < packets_max; i++) {
    struct net_addr from;
    ssize_t n = read_packet(th, s, &from);
    if (n >= 0)
      hear(th, s, &from, (size_t)n);
    else if (errno == ECONNREFUSED)
      send_refused(th, s);
    else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      s->sole = s->connected; /* whatever came before it was connected has been read */
      return;
    }
  }
}
