#include "dialer/media/session.h"
#include <cadencia/err.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT_TRIES = 64, REFUSED_REST_US = 200000, DRAIN_PACKETS_MAX = 512, RECEIVE_BUFFER_BYTES = 64 * 1024 };

/* splitmix64: ports, sequence numbers and ssrcs must not be guessable from outside, seeded by the caller from the kernel. */
uint64_t arena_random(struct arena *a) {
  uint64_t z = a->random += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int arena_add_range(struct arena *a, const char *bind_host, uint16_t port_min, uint16_t port_max) {
  if (a->range_count == ARENA_RANGES_MAX) return CAD_EFULL;
  struct arena_range *r = &a->ranges[a->range_count];
  if (!bind_host || port_min < 1024 || port_max <= port_min || net_addr_parse(bind_host, 0, &r->bind) != CAD_OK) return CAD_EINVAL;
  r->port_min = port_min;
  r->port_max = port_max;
  a->range_count++;
  return CAD_OK;
}

int arena_open(struct arena *a, const char *bind_host, uint16_t port_min, uint16_t port_max, unsigned max, uint64_t seed) {
  memset(a, 0, sizeof *a);
  if (max == 0 || max > 32768) return CAD_EINVAL;
  int err = arena_add_range(a, bind_host, port_min, port_max);
  if (err != CAD_OK) return err;
  a->active_max = max;
  a->max = max = max * 2;
  a->random = seed;
  a->memory = calloc(1, max * sizeof *a->sessions + SESSION_LINE_BYTES); /* of the kernel, which gives pages when they are touched */
  a->sessions = a->memory ? (void *)((char *)a->memory + (SESSION_LINE_BYTES - (uintptr_t)a->memory % SESSION_LINE_BYTES)) : NULL;
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
  free(a->memory);
  free(a->used);
  free(a->queue);
  free(a->owned_ports);
  memset(a, 0, sizeof *a);
}

static int open_socket(const struct arena_range *r) {
  int fd = socket(r->bind.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return CAD_ENET;
  int on = 1, bytes = RECEIVE_BUFFER_BYTES;
  if (r->bind.family == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  return fd;
}

static int bind_at(int fd, const struct arena_range *r, uint16_t port) {
  struct net_addr at = r->bind;
  at.port = port;
  struct sockaddr_storage sa;
  socklen_t length = net_addr_sockaddr(&at, &sa);
  if (bind(fd, (struct sockaddr *)&sa, length) == 0) return CAD_OK;
  return errno == EADDRINUSE ? CAD_EBUSY : CAD_ENET;
}

/* A socket on a random even port. Other programs may hold most of the range: the first time all of it is walked, later only some ports are
 * tried, for the beat waits for nobody. */
static int bind_random(struct arena *a, const struct arena_range *r, uint16_t *port) {
  unsigned first = (r->port_min + 1u) / 2, count = (r->port_max + 1u) / 2 - first;
  if (r->bound >= count) return CAD_EBUSY; /* every port is ours already */
  unsigned tries = r->bound == 0 ? PORT_TRIES + count : PORT_TRIES, pick = 0;
  int fd = open_socket(r), err = fd < 0 ? fd : CAD_EBUSY;
  for (unsigned i = 0; i < tries && err == CAD_EBUSY; i++) {
    pick = i < PORT_TRIES ? (unsigned)(arena_random(a) % count) : (pick + 1) % count;
    *port = (uint16_t)((first + pick) * 2);
    if (!(a->owned_ports[*port / 8] & (1u << (*port % 8)))) err = bind_at(fd, r, *port);
  }
  if (err == CAD_OK) {
    a->owned_ports[*port / 8] |= (uint8_t)(1u << (*port % 8));
    return fd;
  }
  if (fd >= 0) close(fd);
  return err;
}

static int bind_new(struct arena *a, unsigned range, int64_t now_us, struct rtp_session **out) {
  struct arena_range *r = &a->ranges[range];
  if (a->bound == a->max) return CAD_EFULL;
  if (now_us < r->refused_until_us) return CAD_EBUSY;
  struct rtp_session *s = &a->sessions[a->bound];
  int fd = bind_random(a, r, &s->port);
  if (fd < 0) {
    r->refused_until_us = now_us + REFUSED_REST_US;
    return fd;
  }
  r->bound++;
  s->fd = fd;
  s->rtcp_fd = -1;
  s->range = (uint8_t)range;
  s->slot = a->bound++;
  s->gen = 1;
  *out = s;
  return CAD_OK;
}

int arena_credit(struct arena *a, int64_t now_us, struct rtp_session **out) { return arena_credit_at(a, 0, now_us, out); }

/* The oldest of this range that has rested. With one range it is the head of the ring, or nobody. */
static struct rtp_session *rested(struct arena *a, unsigned range, int64_t now_us) {
  for (unsigned i = 0; i < a->queue_count; i++) {
    struct rtp_session *s = &a->sessions[a->queue[(a->queue_head + i) % a->max]];
    if (s->rest_until_us > now_us) return NULL;
    if (s->range != range) continue;
    for (; i > 0; i--) a->queue[(a->queue_head + i) % a->max] = a->queue[(a->queue_head + i - 1) % a->max];
    a->queue_head = (a->queue_head + 1) % a->max;
    a->queue_count--;
    return s;
  }
  return NULL;
}

int arena_credit_at(struct arena *a, unsigned range, int64_t now_us, struct rtp_session **out) {
  if (range >= a->range_count) return CAD_EINVAL;
  if (a->credit_count + a->used_count >= a->active_max) return CAD_EFULL;
  struct rtp_session *s = rested(a, range, now_us);
  int err = s ? CAD_OK : bind_new(a, range, now_us, &s);
  if (err != CAD_OK) return err;
  session_drain(s);
  a->ranges[range].credit_count++;
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
  a->ranges[s->range].credit_count--;
  s->state = SESSION_USED;
  s->used_at = a->used_count;
  a->used[a->used_count++] = s->slot;
}

static void forget(struct rtp_session *s) {
  struct rtp_session kept = {.slot = s->slot, .gen = s->gen + 1, .fd = s->fd, .rtcp_fd = -1, .port = s->port, .range = s->range};
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
  bool ours = false;
  for (unsigned i = 0; i < a->range_count; i++) {
    const struct net_addr *bind = &a->ranges[i].bind;
    ours = ours || net_addr_same_host(to, bind) || (memcmp(bind->addr, any, 16) == 0 && net_addr_loopback(to));
  }
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
  s->sole = false;
}

void session_disconnect(struct rtp_session *s) {
  if (!s->connected) return;
  struct sockaddr sa = {.sa_family = AF_UNSPEC};
  (void)connect(s->fd, &sa, sizeof sa);
  s->connected = s->sole = false;
}
