#include "dialer/base/clock.h"
#include "dialer/media/rtcp.h"
#include "dialer/media/thread.h"
#include <cadencia/err.h>
#include <unistd.h>

enum { REPORT_BEATS = 250, READ_MAX = 4 };
static const uint64_t NTP_EPOCH_S = 2208988800u;

/* Opened at the first report, so that short calls never pay for it. The odd port may be somebody else's: then no reports. */
static void rtcp_open(struct media_thread *th, struct rtp_session *s) {
  if (s->rtcp_tried) return;
  s->rtcp_tried = true;
  int fd = socket(th->arena.ranges[s->range].bind.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  struct net_addr at = th->arena.ranges[s->range].bind;
  at.port = (uint16_t)(s->port + 1);
  struct sockaddr_storage sa;
  socklen_t length = net_addr_sockaddr(&at, &sa);
  if (bind(fd, (struct sockaddr *)&sa, length) == 0)
    s->rtcp_fd = fd;
  else
    close(fd);
}

static void rtcp_read(struct media_thread *th, struct rtp_session *s) {
  for (int i = 0; i < READ_MAX; i++) {
    struct sockaddr_storage sa;
    socklen_t length = sizeof sa;
    ssize_t n = recvfrom(s->rtcp_fd, th->rx, sizeof th->rx, MSG_DONTWAIT, (struct sockaddr *)&sa, &length);
    if (n < 0) return;
    struct net_addr from = net_addr_of(&sa);
    struct rtcp_block block;
    if (!net_addr_same_host(&from, &s->latch.far) || rtcp_parse(th->rx, (size_t)n, s->out.ssrc, &block) != CAD_OK) continue;
    s->far_fraction_lost = block.fraction_lost;
    s->far_lost = block.lost;
    s->far_jitter = block.jitter;
  }
}

static uint8_t fraction_lost(struct stream_in *in) {
  uint32_t expected = in->cycles + in->max_seq - in->base_seq + 1;
  uint32_t wanted = expected - in->expected_reported, got = in->received - in->received_reported;
  in->expected_reported = expected;
  in->received_reported = in->received;
  if (wanted == 0 || got >= wanted) return 0;
  return (uint8_t)((wanted - got) * 255 / wanted);
}

void rtcp_beat(struct media_thread *th, struct rtp_session *s) {
  if ((th->beat + s->slot) % REPORT_BEATS != 0 || s->early || s->answered_us == 0 || !net_addr_usable(&s->latch.far)) return;
  if (s->latch.far.port % 2 != 0) return; /* RTCP is the odd one of a pair: the next port is somebody else's */
  rtcp_open(th, s);
  if (s->rtcp_fd < 0) return;
  rtcp_read(th, s);
  struct rtcp_report r = {.ssrc = s->out.ssrc, .ts = s->out.next_ts, .octets = s->out.octets};
  r.packets = s->out.packets != s->rtcp_packets_sent ? s->out.packets : 0;
  s->rtcp_packets_sent = s->out.packets;
  uint64_t wall_ms = (uint64_t)clock_wall().ms;
  r.ntp = (wall_ms / 1000 + NTP_EPOCH_S) << 32 | (wall_ms % 1000) * 4294967u;
  if (s->in.started) {
    r.far_ssrc_known = 1;
    r.far_ssrc = s->in.ssrc;
    r.fraction_lost = fraction_lost(&s->in);
    r.lost = stream_lost(&s->in);
    r.highest_seq = s->in.cycles + s->in.max_seq;
    r.jitter = s->in.jitter_x16 >> 4;
  }
  uint8_t out[RTCP_BYTES_MAX];
  size_t bytes = rtcp_write(out, &r);
  struct net_addr to = s->latch.far;
  to.port = (uint16_t)(to.port + 1);
  struct sockaddr_storage sa;
  socklen_t length = net_addr_sockaddr(&to, &sa);
  sendto(s->rtcp_fd, out, bytes, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&sa, length);
}
