/* session.h — one RTP socket and what it is used for; the arena that holds them.
 *
 * A session is *free* (no socket yet, or rested), *credit* (bound and announced), *in
 * use* (control spoke of it) or *resting* (released; its port lies fallow so that
 * packets of the old call die out). Its generation grows when it is released, so late
 * mail finds nothing. Sockets stay bound from first use to the end; the ports are even
 * and chosen at random. Owner: one media thread. Source: session.c */
#ifndef CADENCIA_MEDIA_SESSION_H
#define CADENCIA_MEDIA_SESSION_H

#include "dialer/base/mail.h"
#include "dialer/media/latch.h"
#include "dialer/media/stream.h"

struct prompt;
struct tap;

enum session_state { SESSION_FREE = 0, SESSION_CREDIT, SESSION_USED, SESSION_RESTING };

/* The legal wait: armed by MEDIA_SCREEN, over by a bridge, a verdict or the fall-back prompt. */
struct session_wait {
  bool asked;     /* MEDIA_SCREEN came */
  bool screening; /* verdicts are wanted */
  bool over;      /* bridged, not a person, or past the deadline */
  bool deadline_passed;
  bool verdict_sent;
  bool print_sent;
  bool late_sent;          /* a person, it was said, and yet it beeps or talks on */
  int64_t listen_until_us; /* after the bridge; 0: not at all */
  uint16_t max_wait_ms, prompt, trunk;
  int64_t speech_us;       /* first speech after the answer, 0: none */
  int64_t greeting_end_us; /* 0: not yet */
  int64_t decided_us;      /* a person was recognised before the greeting had an end */
  int64_t quiet_us;        /* start of the silence at that verdict, 0: he was speaking */
  uint16_t message;        /* to be left at this machine; 0: none */
};

enum { SESSION_LINE_BYTES = 64 }; /* of the processor's cache */
/* What every packet asks for stands first, in four lines of the cache: of who is heard the first, second and fourth, of who is sent to
 * the first, third and fourth. */
struct rtp_session {
  _Alignas(SESSION_LINE_BYTES) int fd;
  bool connected, polled;   /* socket connected; registered in epoll */
  bool sole;                /* connected, and nothing is left in its queue from before: the kernel lets no stranger in */
  bool early;               /* listen only */
  bool customer;            /* which side of the bridge */
  uint16_t rx_budget;       /* packets that may still come in this beat and the next ones */
  uint32_t refused;         /* sends in a row that the far host refused */
  struct rtp_session *peer; /* bridged with */
  struct tap *tap;
  struct media_desc desc; /* family 0: no far side yet */
  uint16_t tone_left;     /* samples of the agent's tone still to be heard */
  uint16_t prompt_index;
  struct stream_in in;
  struct stream_out out;
  const struct prompt *prompt; /* being played */
  int64_t answered_us;
  struct latch latch;

  uint32_t slot, gen;
  enum session_state state;
  int rtcp_fd; /* -1: none */
  uint16_t port;
  uint8_t range;    /* which listener's */
  uint32_t used_at; /* its place in arena.used */
  int64_t rest_until_us;

  struct leg owner;
  const struct print_set *prints; /* announcements known on its trunk */
  const struct tone_plan *plan;   /* of its trunk; NULL: tones by family */
  bool dead_sent, rtcp_tried;
  int64_t resumed_us; /* the far side took its hold back: patience with its silence begins anew */
  uint32_t strangers;
  int64_t refused_since_us;
  int64_t bridged_us;
  bool prompt_loop;
  uint32_t prompt_at; /* samples */
  struct session_wait wait;

  uint32_t rtcp_packets_sent; /* out.packets at the last report */
  uint8_t far_fraction_lost;  /* as the far side reports */
  uint32_t far_lost, far_jitter;
};

enum { ARENA_RANGES_MAX = 4 };
/* Where sockets of one listener are bound. */
struct arena_range {
  struct net_addr bind;
  uint16_t port_min, port_max;
  unsigned credit_count, bound;
  int64_t refused_until_us; /* no port was to be had: none is asked for before */
};

struct arena {
  void *memory; /* in which sessions begin where a line of the cache does */
  struct rtp_session *sessions;
  struct arena_range ranges[ARENA_RANGES_MAX];
  unsigned range_count;
  unsigned max, bound;  /* slots below `bound` have a socket */
  unsigned active_max;  /* announced and in use together; the other slots are for those that rest */
  uint8_t *owned_ports; /* a bit for each port, so that nobody aims us at ourselves */
  uint32_t *used;       /* slots in use, in no order */
  unsigned used_count;
  uint32_t *queue; /* ring: resting, then rested, oldest first */
  unsigned queue_head, queue_count;
  unsigned credit_count;
  uint64_t random;
};

/* max: sessions announced and in use at one time; as many again may rest. CAD_OK, CAD_EINVAL, CAD_ENOMEM. */
int arena_open(struct arena *a, const char *bind_host, uint16_t port_min, uint16_t port_max, unsigned max, uint64_t seed);
void arena_close(struct arena *a);
/* A further listener's address and ports. CAD_OK, CAD_EINVAL, CAD_EFULL. */
int arena_add_range(struct arena *a, const char *bind_host, uint16_t port_min, uint16_t port_max);
/* A bound session for control: a rested one, or a new socket. CAD_EFULL when there is none now, CAD_EBUSY when
 * other programs hold its ports (asked again 0.2 s later), CAD_ENET. */
int arena_credit(struct arena *a, int64_t now_us, struct rtp_session **out);
/* The same of another listener's range. */
int arena_credit_at(struct arena *a, unsigned range, int64_t now_us, struct rtp_session **out);
/* NULL if it is not ours, ended or never announced. */
struct rtp_session *arena_find(struct arena *a, struct session id);
/* First mail about it. */
void arena_use(struct arena *a, struct rtp_session *s);
void arena_rest(struct arena *a, struct rtp_session *s, int64_t until_us);
bool arena_owns_port(const struct arena *a, const struct net_addr *to);
uint64_t arena_random(struct arena *a);

static inline struct session session_id(const struct rtp_session *s) { return (struct session){s->slot, s->gen}; }
static inline bool session_may_send(const struct rtp_session *s) {
  return !s->early && net_addr_usable(&s->latch.far) && (s->desc.dir == MEDIA_SENDRECV || s->desc.dir == MEDIA_RECVONLY);
}

void session_drain(struct rtp_session *s);
void session_connect(struct rtp_session *s);
void session_disconnect(struct rtp_session *s);

#endif
