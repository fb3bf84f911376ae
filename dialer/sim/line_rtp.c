#include "dialer/sim/line.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <dsp/codec.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RTP_PORT_LOW = 40000, RTP_PORT_HIGH = 61000, DIGIT_FRAMES = 8, DIGIT_GAP_FRAMES = 4, FRAMES_A_READ = 64 };

int line_rtp_open(struct line *l) {
  struct world *w = l->world;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return CAD_ENET;
  struct sockaddr_in here = {.sin_family = AF_INET};
  inet_pton(AF_INET, w->host, &here.sin_addr);
  bool bound = false;
  for (int tries = 0; tries < (RTP_PORT_HIGH - RTP_PORT_LOW) / 2 && !bound; tries++) {
    if (w->rtp_next < RTP_PORT_LOW || w->rtp_next >= RTP_PORT_HIGH) w->rtp_next = RTP_PORT_LOW;
    l->rtp.port = w->rtp_next;
    w->rtp_next = (uint16_t)(w->rtp_next + 2);
    here.sin_port = htons(l->rtp.port);
    bound = bind(fd, (struct sockaddr *)&here, sizeof here) == 0;
  }
  struct epoll_event e = {.events = EPOLLIN, .data.u64 = l->index};
  if (!bound || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0) {
    close(fd);
    return CAD_ENET;
  }
  l->rtp.fd = fd;
  l->rtp.ssrc = (uint32_t)dice_next(&l->dice);
  l->rtp.sequence = (uint16_t)dice_next(&l->dice);
  l->rtp.timestamp = (uint32_t)dice_next(&l->dice);
  l->noise = (uint32_t)dice_next(&l->dice) | 1u;
  l->room = (struct room){.dice = l->noise};
  return CAD_OK;
}

void line_rtp_close(struct line *l) {
  if (l->rtp.fd >= 0) close(l->rtp.fd);
  l->rtp.fd = -1;
  l->rtp.held_count = 0;
}

void line_rtp_remote(struct line *l, const struct sdp_text *sdp) {
  l->rtp.remote = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(sdp->port), .sin_addr = sdp->host};
  l->rtp.remote_known = sdp->port != 0;
  l->rtp.send = sdp->receive && sdp->port != 0;
}

int ear_tag(const struct ear *e, int expect, int64_t *since) {
  if (e->count < TAG_FRAMES) return -1;
  int16_t window[TAG_FRAMES * SOUND_FRAME];
  for (unsigned i = 0; i < TAG_FRAMES; i++)
    memcpy(window + i * SOUND_FRAME, e->frames[(e->head + EAR_FRAMES - TAG_FRAMES + i) % EAR_FRAMES], SOUND_FRAME * sizeof *window);
  int tag = expect >= 0 ? expect : tag_find(window);
  if (tag < 0 || !tag_there(window, TAG_FRAMES * SOUND_FRAME, tag)) return -1;
  for (unsigned back = 1; back <= e->count; back++) {
    unsigned i = (e->head + EAR_FRAMES - back) % EAR_FRAMES;
    if (!tag_there(e->frames[i], SOUND_FRAME, tag)) break;
    *since = e->at[i];
  }
  return tag;
}

static void ear_feed(struct line *l, const int16_t *samples, int n, int64_t now) {
  struct ear *e = &l->ear;
  for (int i = 0; i < n; i++) {
    e->partial[e->partial_count++] = samples[i];
    if (e->partial_count < SOUND_FRAME) continue;
    memcpy(e->frames[e->head], e->partial, sizeof e->partial);
    e->at[e->head] = now;
    e->head = (e->head + 1) % EAR_FRAMES;
    if (e->count < EAR_FRAMES) e->count++;
    e->partial_count = 0;
    if (l->phone)
      phone_hears(l, e->partial, now);
    else
      callee_hears(l, e->partial, now);
    if (l->rtp.fd < 0) return; /* it hung up on what it heard */
  }
}

void line_rtp_receive(struct line *l, int64_t now) {
  for (int i = 0; i < FRAMES_A_READ && l->rtp.fd >= 0; i++) {
    uint8_t p[2048];
    struct sockaddr_in source;
    socklen_t size = sizeof source;
    ssize_t n = recvfrom(l->rtp.fd, p, sizeof p, MSG_DONTWAIT, (struct sockaddr *)&source, &size);
    if (n < 0 && errno == ECONNREFUSED) continue;
    if (n < 0) return;
    if (source.sin_addr.s_addr != l->rtp.remote.sin_addr.s_addr || source.sin_port != l->rtp.remote.sin_port) {
      l->rtp.strangers++;
      continue;
    }
    if (n < 12 || (p[0] & 0xc0) != 0x80) continue;
    size_t head = 12 + 4u * (p[0] & 15u), end = (size_t)n;
    if ((p[0] & 0x10) != 0) head += head + 4 <= end ? 4u + 4u * (size_t)(p[head + 2] << 8 | p[head + 3]) : end;
    if ((p[0] & 0x20) != 0) end = p[end - 1] < end ? end - p[end - 1] : 0;
    int pt = p[1] & 0x7f;
    if (head >= end || end - head > 960 || (pt != 0 && pt != 8)) continue;
    l->rtp.received++;
    int16_t linear[960];
    codec_decode(pt, p + head, (int)(end - head), linear);
    ear_feed(l, linear, (int)(end - head), now);
  }
}

static void send_packet(struct line *l, const uint8_t *bytes, size_t n) {
  l->rtp.sent++;
  (void)!sendto(l->rtp.fd, bytes, n, MSG_DONTWAIT, (struct sockaddr *)&l->rtp.remote, sizeof l->rtp.remote);
}

static void header(struct line *l, uint8_t *p, int pt, bool marker, uint32_t timestamp) {
  uint32_t ts = htonl(timestamp), ssrc = htonl(l->rtp.ssrc);
  uint16_t seq = htons(l->rtp.sequence++);
  p[0] = 0x80;
  p[1] = (uint8_t)(pt | (marker ? 0x80 : 0));
  memcpy(p + 2, &seq, 2);
  memcpy(p + 4, &ts, 4);
  memcpy(p + 8, &ssrc, 4);
}

/* RFC 4733: 160 ms of one event, its last packet three times, then a gap. True while a digit is being dialed. */
static bool send_digit(struct line *l) {
  struct line_rtp *r = &l->rtp;
  if (r->digits[0] == 0) return false;
  static const char keys[] = "0123456789*#ABCD";
  const char *key = strchr(keys, r->digits[0]);
  if (r->digit_frame == 0) r->digit_timestamp = r->timestamp;
  if (r->digit_frame < DIGIT_FRAMES && r->event_pt >= 0 && key != NULL) {
    bool last = r->digit_frame == DIGIT_FRAMES - 1;
    uint16_t duration = htons((uint16_t)((r->digit_frame + 1) * SOUND_FRAME));
    for (int copy = 0; copy < (last ? 3 : 1); copy++) {
      uint8_t p[16];
      header(l, p, r->event_pt, r->digit_frame == 0, r->digit_timestamp);
      p[12] = (uint8_t)(key - keys);
      p[13] = (uint8_t)(10 | (last ? 0x80 : 0));
      memcpy(p + 14, &duration, 2);
      send_packet(l, p, sizeof p);
    }
  }
  r->timestamp += SOUND_FRAME;
  if (++r->digit_frame < DIGIT_FRAMES + DIGIT_GAP_FRAMES) return true;
  r->digit_frame = 0;
  memmove(r->digits, r->digits + 1, sizeof r->digits - 1);
  return true;
}

void line_rtp_dial(struct line *l, char digit) {
  size_t n = strlen(l->rtp.digits);
  if (n + 1 < sizeof l->rtp.digits) l->rtp.digits[n] = digit, l->rtp.digits[n + 1] = 0;
}

void line_rtp_flush(struct line *l, int64_t now) {
  while (l->rtp.held_count > 0 && l->rtp.held[0].due <= now) {
    send_packet(l, l->rtp.held[0].bytes, l->rtp.held[0].n);
    memmove(&l->rtp.held[0], &l->rtp.held[1], --l->rtp.held_count * sizeof l->rtp.held[0]);
  }
}

void line_rtp_send(struct line *l, const int16_t *frame, int64_t now) {
  struct line_rtp *r = &l->rtp;
  if (r->fd < 0 || !r->remote_known) return;
  if (send_digit(l)) return;
  uint8_t p[12 + SOUND_FRAME];
  header(l, p, r->codec, r->sent == 0, r->timestamp);
  r->timestamp += SOUND_FRAME;
  if (!r->send) return;
  codec_encode(r->codec, frame, SOUND_FRAME, p + 12);
  if (l->as.loss_bp == 0) {
    send_packet(l, p, sizeof p);
    return;
  }
  if (dice_range(&l->dice, 0, 9999) < l->as.loss_bp) return;
  if (r->held_count == LINE_HELD_MAX) line_rtp_flush(l, INT64_MAX);
  int64_t due = now + dice_range(&l->dice, 0, 3) * 5;
  if (r->held_count > 0 && r->held[r->held_count - 1].due > due) due = r->held[r->held_count - 1].due; /* late, not out of order */
  r->held[r->held_count].due = due;
  memcpy(r->held[r->held_count].bytes, p, sizeof p);
  r->held[r->held_count++].n = sizeof p;
}
