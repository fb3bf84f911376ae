#include "dialer/media/session.h"
#include <cadencia/err.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT_TRIES = 64, DRAIN_PACKETS_MAX = 512, RECEIVE_BUFFER_BYTES = 64 * 1024 };

/* splitmix64: ports, sequence numbers and ssrcs must not be guessable from outside, seeded by the caller from the kernel. */
uint64_t arena_random(struct arena *a) {
  uint64_t z = a->random += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int arena_open(struct arena *a, const char *bind_host, uint16_t port_min, uint16_t port_max, unsigned max, uint64_t seed) {
  memset(a, 0, sizeof *a);
  if (!bind_host || max == 0 || max > 32768 || port_min < 1024 || port_max <= port_min || net_addr_parse(bind_host, 0, &a->bind) != CAD_OK)
    return CAD_EINVAL;
  a->active_max = max;
  a->max = max = max * 2;
  a->port_min = port_min;
  a->port_max = port_max;
  a->random = seed;
  a->sessions = calloc(max, sizeof *a->sessions);
  a->used = calloc(max, sizeof *a->used);
  a->queue = calloc(max, sizeof *a->queue);
  a->owned_ports = calloc(1, 65536 / 8);
  if (a->sessions && a->used && a->queue && a->owned_ports) return CAD_OK;
  arena_close(a);
  return CAD_ENOMEM;
}

void arena_close(struct arena *a) {
  for (unsigned i = 0; a->sessions && i < a->bound; i++) {
    if (a->sessions[i].fd >= 0) close(a->sessions[i].fd);
    if (a->sessions[i].rtcp_fd >= 0) close(a->sessions[i].rtcp_fd);
  }
  free(a->sessions);
  free(a->used);
  free(a->queue);
  free(a->owned_ports);
  memset(a, 0, sizeof *a);
}

static int bind_at(const struct arena *a, uint16_t port) {
  int fd = socket(a->bind.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return CAD_ENET;
  int on = 1, bytes = RECEIVE_BUFFER_BYTES;
  if (a->bind.family == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  struct net_addr at = a->bind;
  at.port = port;
  struct sockaddr_storage sa;
  socklen_t length = net_addr_sockaddr(&at, &sa);
  if (bind(fd, (struct sockaddr *)&sa, length) == 0) return fd;
  int err = errno == EADDRINUSE ? CAD_EBUSY : CAD_ENET;
  close(fd);
  return err;
}

/* A socket on a random even port; after some misses the whole range is walked from there. */
static int bind_random(struct arena *a, uint16_t *port) {
  unsigned first = (a->port_min + 1u) / 2, count = (a->port_max + 1u) / 2 - first;
  if (count == 0 || a->bound >= count) return CAD_ENET; /* every port is ours already */
  unsigned pick = 0;
  for (unsigned i = 0; i < PORT_TRIES + count; i++) {
    pick = i < PORT_TRIES ? (unsigned)(arena_random(a) % count) : (pick + 1) % count;
    uint16_t p = (uint16_t)((first + pick) * 2);
    if (a->owned_ports[p / 8] & (1u << (p % 8))) continue;
    int fd = bind_at(a, p);
    if (fd == CAD_EBUSY) continue;
    if (fd >= 0) {
      *port = p;
      a->owned_ports[p / 8] |= (uint8_t)(1u << (p % 8));
    }
    return fd;
  }
  return CAD_ENET;
}

static int bind_new(struct arena *a, struct rtp_session **out) {
  if (a->bound == a->max) return CAD_EFULL;
  struct rtp_session *s = &a->sessions[a->bound];
  int fd = bind_random(a, &s->port);
  if (fd < 0) return fd;
  s->fd = fd;
  s->rtcp_fd = -1;
  s->slot = a->bound++;
  s->gen = 1;
  *out = s;
  return CAD_OK;
}

int arena_credit(struct arena *a, int64_t now_us, struct rtp_session **out) {
  struct rtp_session *s = NULL;
  if (a->credit_count + a->used_count >= a->active_max) return CAD_EFULL;
  if (a->queue_count > 0 && a->sessions[a->queue[a->queue_head]].rest_until_us <= now_us) {
    s = &a->sessions[a->queue[a->queue_head]];
    a->queue_head = (a->queue_head + 1) % a->max;
    a->queue_count--;
    session_drain(s);
  } else {
    int err = bind_new(a, &s);
    if (err != CAD_OK) return err;
  }
  s->state = SESSION_CREDIT;
  a->credit_count++;
  *out = s;
  return CAD_OK;
}

struct rtp_session *arena_find(struct arena *a, struct session id) {
  if (id.slot >= a->bound) return NULL;
  struct rtp_session *s = &a->sessions[id.slot];
  return s->gen == id.gen && (s->state == SESSION_CREDIT || s->state == SESSION_USED) ? s : NULL;
}

void arena_use(struct arena *a, struct rtp_session *s) {
  if (s->state != SESSION_CREDIT) return;
  a->credit_count--;
  s->state = SESSION_USED;
  s->used_at = a->used_count;
  a->used[a->used_count++] = s->slot;
}

static void forget(struct rtp_session *s) {
  struct rtp_session kept = {.slot = s->slot, .gen = s->gen + 1, .fd = s->fd, .rtcp_fd = -1, .port = s->port};
  if (kept.gen == 0) kept.gen = 1;
  *s = kept;
}

void arena_rest(struct arena *a, struct rtp_session *s, int64_t until_us) {
  assert(s->state == SESSION_USED && !s->peer && !s->tap && !s->polled);
  uint32_t last = a->used[--a->used_count];
  a->used[s->used_at] = last;
  a->sessions[last].used_at = s->used_at;
  session_disconnect(s);
  if (s->rtcp_fd >= 0) close(s->rtcp_fd);
  forget(s);
  s->state = SESSION_RESTING;
  s->rest_until_us = until_us;
  a->queue[(a->queue_head + a->queue_count++) % a->max] = s->slot;
}

bool arena_owns_port(const struct arena *a, const struct net_addr *to) {
  static const uint8_t any[16];
  bool ours = net_addr_same_host(to, &a->bind) || (memcmp(a->bind.addr, any, 16) == 0 && net_addr_loopback(to));
  return ours && (a->owned_ports[to->port / 8] & (1u << (to->port % 8)));
}

void session_drain(struct rtp_session *s) {
  uint8_t waste[16];
  for (int i = 0; i < DRAIN_PACKETS_MAX; i++) {
    if (recv(s->fd, waste, sizeof waste, MSG_DONTWAIT | MSG_TRUNC) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  }
}

void session_connect(struct rtp_session *s) {
  struct sockaddr_storage sa;
  socklen_t length = net_addr_sockaddr(&s->latch.far, &sa);
  s->connected = connect(s->fd, (struct sockaddr *)&sa, length) == 0;
}

void session_disconnect(struct rtp_session *s) {
  if (!s->connected) return;
  struct sockaddr sa = {.sa_family = AF_UNSPEC};
  (void)connect(s->fd, &sa, sizeof sa);
  s->connected = false;
}
