/* latch.h — whose packets a session believes: safe symmetric RTP.
 *
 * The far side is the address that its SDP named. The first packet from there settles
 * it. Behind a translator the packets come from elsewhere: within 5 s of the answer
 * four packets in order, of one source and of a payload type that we offered, move
 * the session, from another port of the same host, or from another host only where
 * the SDP named a private address. Nothing is ever sent to an unproven source. Two
 * hosts that compete are both strangers. On loopback the port alone tells the
 * peers apart, so it must be exact. Pure. Source: latch.c; sip-wide: RFC 4961 */
#ifndef CADENCIA_MEDIA_LATCH_H
#define CADENCIA_MEDIA_LATCH_H

#include "dialer/base/mail.h"
#include "dialer/media/rtp.h"
#include <netinet/in.h>
#include <sys/socket.h>

struct net_addr {
  uint8_t family; /* 4, 6; 0: nobody */
  uint16_t port;
  uint8_t addr[16];
};

struct latch {
  struct net_addr far; /* where we send */
  bool fixed;          /* far has proven itself */
  bool moved;          /* far is not what the SDP said */
  bool ambiguous;      /* more than one foreign host wanted in */
  struct net_addr sdp;
  int64_t window_until_us; /* 0: only the SDP's own address */
  struct net_addr candidate;
  uint32_t candidate_ssrc;
  uint16_t candidate_seq;
  uint8_t candidate_count;
};

enum latch_answer { LATCH_STRANGER = 0, LATCH_KNOWN, LATCH_FIXED /* known from this packet on: connect now */ };

/* An SDP says where the far side is. A repeated one keeps what was proven. Returns true if it is somewhere new. */
bool latch_aim(struct latch *l, const struct media_desc *desc);
/* The SDP named nobody that we may talk to: everybody is a stranger until the next one. */
void latch_shut(struct latch *l);
void latch_open_window(struct latch *l, int64_t until_us);
/* offered: the payload type is one that we offered. */
enum latch_answer latch_check(struct latch *l, const struct net_addr *from, const struct rtp_packet *p, bool offered, int64_t now_us);
/* The window is over and nobody proved anything: only the SDP's address remains. */
bool latch_expired(const struct latch *l, int64_t now_us);

bool net_addr_eq(const struct net_addr *a, const struct net_addr *b);
bool net_addr_same_host(const struct net_addr *a, const struct net_addr *b);
bool net_addr_loopback(const struct net_addr *a);
bool net_addr_private(const struct net_addr *a);
/* False for no port, the unspecified address, broadcast and multicast. */
bool net_addr_usable(const struct net_addr *a);
struct net_addr net_addr_of_desc(const struct media_desc *desc);
struct net_addr net_addr_of(const struct sockaddr_storage *sa);
/* Numeric text. CAD_OK or CAD_EINVAL. */
int net_addr_parse(const char *text, uint16_t port, struct net_addr *out);
socklen_t net_addr_sockaddr(const struct net_addr *a, struct sockaddr_storage *out);

#endif
