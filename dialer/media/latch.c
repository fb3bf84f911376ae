#include "dialer/media/latch.h"
#include <cadencia/err.h>
#include <arpa/inet.h>
#include <string.h>

enum { PROOF_PACKETS = 4, PROOF_SEQ_STEP_MAX = 10 };

static size_t host_bytes(const struct net_addr *a) { return a->family == 4 ? 4 : 16; }

bool net_addr_same_host(const struct net_addr *a, const struct net_addr *b) {
  return a->family == b->family && a->family != 0 && memcmp(a->addr, b->addr, host_bytes(a)) == 0;
}

bool net_addr_eq(const struct net_addr *a, const struct net_addr *b) { return a->port == b->port && net_addr_same_host(a, b); }

bool net_addr_loopback(const struct net_addr *a) {
  static const uint8_t one[16] = {[15] = 1};
  return a->family == 4 ? a->addr[0] == 127 : a->family == 6 && memcmp(a->addr, one, 16) == 0;
}

bool net_addr_private(const struct net_addr *a) {
  const uint8_t *b = a->addr;
  if (a->family == 6) return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
  return a->family == 4 && (b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
                            (b[0] == 100 && (b[1] & 0xc0) == 64) || (b[0] == 169 && b[1] == 254));
}

bool net_addr_usable(const struct net_addr *a) {
  static const uint8_t nowhere[16];
  if (a->port == 0 || (a->family != 4 && a->family != 6)) return false;
  if (memcmp(a->addr, nowhere, host_bytes(a)) == 0) return false;
  return a->family == 4 ? a->addr[0] != 0 && a->addr[0] < 224 : a->addr[0] != 0xff;
}

struct net_addr net_addr_of_desc(const struct media_desc *desc) {
  struct net_addr a = {.family = desc->family, .port = desc->port};
  memcpy(a.addr, desc->addr, sizeof a.addr);
  return a;
}

struct net_addr net_addr_of(const struct sockaddr_storage *sa) {
  struct net_addr a = {0};
  if (sa->ss_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
    a.family = 4;
    a.port = ntohs(in->sin_port);
    memcpy(a.addr, &in->sin_addr, 4);
  } else if (sa->ss_family == AF_INET6) {
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)sa;
    a.family = 6;
    a.port = ntohs(in->sin6_port);
    memcpy(a.addr, &in->sin6_addr, 16);
  }
  return a;
}

int net_addr_parse(const char *text, uint16_t port, struct net_addr *out) {
  struct net_addr a = {.port = port};
  if (inet_pton(AF_INET, text, a.addr) == 1)
    a.family = 4;
  else if (inet_pton(AF_INET6, text, a.addr) == 1)
    a.family = 6;
  if (a.family == 0) return CAD_EINVAL;
  *out = a;
  return CAD_OK;
}

socklen_t net_addr_sockaddr(const struct net_addr *a, struct sockaddr_storage *out) {
  memset(out, 0, sizeof *out);
  if (a->family == 4) {
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    in->sin_family = AF_INET;
    in->sin_port = htons(a->port);
    memcpy(&in->sin_addr, a->addr, 4);
    return sizeof *in;
  }
  struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;
  in->sin6_family = AF_INET6;
  in->sin6_port = htons(a->port);
  memcpy(&in->sin6_addr, a->addr, 16);
  return sizeof *in;
}

bool latch_aim(struct latch *l, const struct media_desc *desc) {
  struct net_addr sdp = net_addr_of_desc(desc);
  if (net_addr_eq(&sdp, &l->sdp)) return false;
  memset(l, 0, sizeof *l);
  l->sdp = l->far = sdp;
  return true;
}

void latch_shut(struct latch *l) { memset(l, 0, sizeof *l); }

void latch_open_window(struct latch *l, int64_t until_us) {
  if (!l->fixed) l->window_until_us = until_us;
}

bool latch_expired(const struct latch *l, int64_t now_us) { return !l->fixed && l->window_until_us != 0 && now_us >= l->window_until_us; }

/* Another port of the host in the SDP, or another host where the SDP can only have been written behind a translator. */
static bool may_prove(struct latch *l, const struct net_addr *from) {
  if (net_addr_loopback(from) || net_addr_loopback(&l->sdp)) return false;
  if (net_addr_same_host(from, &l->sdp)) return true;
  if (!net_addr_private(&l->sdp)) return false;
  bool rival = l->candidate.family != 0 && !net_addr_same_host(&l->candidate, from);
  if (rival && !net_addr_same_host(&l->candidate, &l->sdp)) l->ambiguous = true;
  return !l->ambiguous && !rival;
}

static enum latch_answer prove(struct latch *l, const struct net_addr *from, const struct rtp_packet *p) {
  uint16_t step = (uint16_t)(p->seq - l->candidate_seq);
  bool goes_on = net_addr_eq(from, &l->candidate) && p->ssrc == l->candidate_ssrc && step > 0 && step <= PROOF_SEQ_STEP_MAX;
  l->candidate_count = goes_on ? (uint8_t)(l->candidate_count + 1) : 1;
  l->candidate = *from;
  l->candidate_ssrc = p->ssrc;
  l->candidate_seq = p->seq;
  if (l->candidate_count < PROOF_PACKETS) return LATCH_STRANGER;
  l->far = *from;
  l->fixed = l->moved = true;
  return LATCH_FIXED;
}

enum latch_answer latch_check(struct latch *l, const struct net_addr *from, const struct rtp_packet *p, bool offered, int64_t now_us) {
  if (l->fixed) return net_addr_eq(from, &l->far) ? LATCH_KNOWN : LATCH_STRANGER;
  if (net_addr_eq(from, &l->sdp)) {
    l->fixed = true;
    return LATCH_FIXED;
  }
  if (!offered || l->window_until_us == 0 || now_us >= l->window_until_us || !may_prove(l, from)) return LATCH_STRANGER;
  return prove(l, from, p);
}
