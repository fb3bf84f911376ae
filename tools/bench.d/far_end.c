/* far_end — the other side of a bench: a SIP carrier and agents' phones for thousands of calls.
 *
 *   far_end SIP_PORT MEDIA_PORT HOLD_MS    answers every INVITE at once; users that begin with '+' are customers, who
 *                                          hang up after HOLD_MS (-1: never); both sides send RTP with a time stamp in it
 *   far_end floor PORT N MEDIA_PORT        no SIP: forwards between N sockets, pair by pair: the raw cost of the sockets
 *
 * Commands on standard input, one a line, each answered with one line of JSON: "talk" starts RTP, "quiet" stops it,
 * "stats" prints and resets, "end" ends. All RTP of the SIP mode goes through one socket, so that its own cost stays small.
 * It looks at its sockets once a millisecond and is never woken by a packet: waking another process is work that the
 * kernel books on the sender, and a far end behind a network would cost the box none. The kernel stamps what arrives. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 16384, BUCKETS = 32768, PAYLOAD = 160, PACKET = 172, BINS = 20000, BIN_US = 10 };
static const uint32_t MAGIC = 0xcade2c1a;

struct call {
  bool used, up, customer, bye_sent;
  char id[96], from[160], to[160], tag[16], contact[160];
  struct sockaddr_in peer;
  uint16_t port; /* the box's media port */
  int64_t up_ms, bye_ms;
  uint16_t seq;
  uint32_t stamp;
  int next; /* in the bucket of its Call-ID */
};

static struct call *calls;
static int bucket[BUCKETS], by_port[65536];
static int sip_fd, media_fd, sip_port, media_port, hold_ms, used_max;
static bool talking;
static uint64_t invites, answered, byes_in, byes_out, rtp_out, rtp_in, stamped;
static uint32_t latency[BINS + 1];

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Stamps of the kernel on arrival are of this clock. */
static int64_t stamp_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void next_millisecond(void) {
  const struct timespec moment = {.tv_nsec = 1000000};
  nanosleep(&moment, NULL);
}

static int udp_open(int port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 16 << 20, yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0) {
    fprintf(stderr, "far_end: port %d: %s\n", port, strerror(errno));
    exit(3);
  }
  return fd;
}

/* ---- SIP, as little as a dialog needs ---- */

static bool header(const char *text, const char *name, char *out, size_t size) {
  size_t length = strlen(name);
  for (const char *line = strstr(text, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':') continue;
    const char *value = line + 3 + length;
    while (*value == ' ') value++;
    size_t n = strcspn(value, "\r\n");
    if (n >= size) n = size - 1;
    memcpy(out, value, n);
    out[n] = 0;
    return true;
  }
  out[0] = 0;
  return false;
}

static unsigned hash(const char *text) {
  unsigned h = 2166136261u;
  while (*text) h = (h ^ (unsigned char)*text++) * 16777619u;
  return h % BUCKETS;
}

static struct call *find(const char *id) {
  for (int i = bucket[hash(id)]; i; i = calls[i].next)
    if (strcmp(calls[i].id, id) == 0) return &calls[i];
  return NULL;
}

static void forget(struct call *c) {
  int slot = (int)(c - calls), *at = &bucket[hash(c->id)];
  while (*at && *at != slot) at = &calls[*at].next;
  if (*at) *at = c->next;
  if (by_port[c->port] == slot) by_port[c->port] = 0;
  memset(c, 0, sizeof *c);
}

static void reply(const char *text, const struct sockaddr_in *to_whom, const char *tag, bool sdp) {
  char via[256], from[160], to[160], id[96], cseq[64], out[2048], body[256] = "";
  header(text, "Via", via, sizeof via);
  header(text, "From", from, sizeof from);
  header(text, "To", to, sizeof to);
  header(text, "Call-ID", id, sizeof id);
  header(text, "CSeq", cseq, sizeof cseq);
  if (sdp)
    snprintf(body, sizeof body,
             "v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\na=ptime:20\r\n",
             media_port);
  int n = snprintf(out, sizeof out,
                   "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <sip:far@127.0.0.1:%d>\r\n%s"
                   "Content-Length: %zu\r\n\r\n%s",
                   via, from, to, strstr(to, ";tag=") ? "" : ";tag=", strstr(to, ";tag=") ? "" : tag, id, cseq, sip_port,
                   sdp ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
  sendto(sip_fd, out, (size_t)n, 0, (const struct sockaddr *)to_whom, sizeof *to_whom);
}

static void on_invite(const char *text, const struct sockaddr_in *peer) {
  char id[96];
  header(text, "Call-ID", id, sizeof id);
  struct call *c = find(id);
  if (!c) {
    int slot = 1;
    while (slot < CALLS && calls[slot].used) slot++;
    if (slot == CALLS) return;
    if (slot > used_max) used_max = slot;
    c = &calls[slot];
    memset(c, 0, sizeof *c);
    c->used = true;
    snprintf(c->id, sizeof c->id, "%s", id);
    snprintf(c->tag, sizeof c->tag, "f%d", slot);
    header(text, "From", c->from, sizeof c->from);
    header(text, "To", c->to, sizeof c->to);
    char contact[200];
    header(text, "Contact", contact, sizeof contact);
    const char *uri = strchr(contact, '<');
    snprintf(c->contact, sizeof c->contact, "%.*s", uri ? (int)strcspn(uri + 1, ">") : 0, uri ? uri + 1 : "");
    c->customer = strncmp(text, "INVITE sip:+", 12) == 0;
    c->peer = *peer;
    const char *audio = strstr(text, "m=audio ");
    c->port = audio ? (uint16_t)atoi(audio + 8) : 0;
    c->seq = (uint16_t)slot;
    c->next = bucket[hash(id)];
    bucket[hash(id)] = slot;
    by_port[c->port] = slot;
    invites++;
  }
  reply(text, peer, c->tag, true);
}

static void send_bye(struct call *c, int64_t ms) {
  char out[1024];
  int n =
      snprintf(out, sizeof out,
               "BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%sx%lld\r\nMax-Forwards: 70\r\nFrom: %s;tag=%s\r\nTo: %s\r\n"
               "Call-ID: %s\r\nCSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n",
               c->contact, sip_port, c->tag, (long long)c->up_ms, c->to, c->tag, c->from, c->id);
  sendto(sip_fd, out, (size_t)n, 0, (struct sockaddr *)&c->peer, sizeof c->peer);
  if (!c->bye_sent) byes_out++;
  c->bye_sent = true;
  c->bye_ms = ms;
}

static void on_sip(char *text, const struct sockaddr_in *peer) {
  if (strncmp(text, "INVITE ", 7) == 0) {
    on_invite(text, peer);
    return;
  }
  char id[96];
  header(text, "Call-ID", id, sizeof id);
  struct call *c = find(id);
  if (strncmp(text, "ACK ", 4) == 0) {
    if (!c || c->up) return;
    c->up = true;
    c->up_ms = now_us() / 1000;
    answered++;
    if (c->customer && hold_ms == 0) send_bye(c, c->up_ms);
  } else if (strncmp(text, "BYE ", 4) == 0) {
    reply(text, peer, "x", false);
    byes_in++;
    if (c) forget(c);
  } else if (strncmp(text, "SIP/2.0 200", 11) == 0) {
    if (c && c->bye_sent) forget(c);
  } else if (strncmp(text, "CANCEL ", 7) == 0 || strncmp(text, "OPTIONS ", 8) == 0) {
    reply(text, peer, "x", false);
  }
}

/* ---- RTP ---- */

static void rtp_send(struct call *c, int64_t us) {
  uint8_t p[PACKET];
  memset(p + 12, 0xff, PAYLOAD);
  p[0] = 0x80;
  p[1] = 0;
  c->seq++;
  c->stamp += PAYLOAD;
  uint32_t stamp = htonl(c->stamp), ssrc = htonl((uint32_t)(c - calls) + 1000);
  p[2] = (uint8_t)(c->seq >> 8);
  p[3] = (uint8_t)c->seq;
  memcpy(p + 4, &stamp, 4);
  memcpy(p + 8, &ssrc, 4);
  memcpy(p + 20, &MAGIC, 4);
  memcpy(p + 24, &us, 8);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(c->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (sendto(media_fd, p, PACKET, 0, (struct sockaddr *)&to, sizeof to) == PACKET) rtp_out++;
}

static int64_t arrived_us(struct msghdr *m) {
  struct timespec t;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      memcpy(&t, CMSG_DATA(c), sizeof t);
      return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    }
  return stamp_us();
}

static void rtp_receive(void) {
  uint8_t p[2048];
  char control[64];
  for (;;) {
    struct iovec into = {p, sizeof p};
    struct msghdr m = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(media_fd, &m, 0);
    if (n <= 0) return;
    rtp_in++;
    uint32_t magic;
    int64_t us;
    if (n != PACKET) continue;
    memcpy(&magic, p + 20, 4);
    if (magic != MAGIC) continue;
    memcpy(&us, p + 24, 8);
    stamped++;
    int64_t bin = (arrived_us(&m) - us) / BIN_US;
    latency[bin < 0 ? 0 : bin < BINS ? bin : BINS]++;
  }
}

static int64_t quantile_us(double q) {
  uint64_t seen = 0;
  for (int i = 0; i <= BINS; i++)
    if ((seen += latency[i]) > q * (double)stamped) return (int64_t)i * BIN_US;
  return 0;
}

static void print_stats(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  double cpu = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
  int up = 0;
  for (int i = 1; i <= used_max; i++) up += calls[i].used && calls[i].up;
  printf("{\"invites\": %llu, \"answered\": %llu, \"up\": %d, \"byes_in\": %llu, \"byes_out\": %llu, \"rtp_out\": %llu, \"rtp_in\": %llu, "
         "\"stamped\": %llu, \"p50_us\": %lld, \"p99_us\": %lld, \"cpu_s\": %.3f}\n",
         (unsigned long long)invites, (unsigned long long)answered, up, (unsigned long long)byes_in, (unsigned long long)byes_out,
         (unsigned long long)rtp_out, (unsigned long long)rtp_in, (unsigned long long)stamped, (long long)quantile_us(0.5),
         (long long)quantile_us(0.99), cpu);
  fflush(stdout);
  rtp_out = rtp_in = stamped = 0;
  memset(latency, 0, sizeof latency);
}

static bool commanded(void) {
  struct pollfd p = {0, POLLIN, 0};
  return poll(&p, 1, 0) > 0;
}

static bool command(void) {
  char line[64];
  if (!fgets(line, sizeof line, stdin) || strncmp(line, "end", 3) == 0) return false;
  if (strncmp(line, "talk", 4) == 0) talking = true;
  if (strncmp(line, "quiet", 5) == 0) talking = false;
  print_stats();
  return true;
}

/* Each call speaks once in 20 ms; the calls are spread over the 20 milliseconds. */
static void tick(int64_t us, int64_t *last_ms) {
  int64_t ms = us / 1000;
  if (ms == *last_ms) return;
  int64_t from = *last_ms == 0 || ms - *last_ms > 20 ? ms : *last_ms + 1;
  *last_ms = ms;
  for (int i = 1; i <= used_max; i++) {
    struct call *c = &calls[i];
    if (!c->used || !c->up) continue;
    for (int64_t t = from; t <= ms; t++)
      if (talking && t % 20 == i % 20) rtp_send(c, stamp_us());
    if (c->customer && hold_ms >= 0 && !c->bye_sent && ms - c->up_ms >= hold_ms) send_bye(c, ms);
    if (c->bye_sent && ms - c->bye_ms > 500) send_bye(c, ms);
  }
}

static int run_far_end(void) {
  static char text[65536];
  calls = calloc(CALLS, sizeof *calls);
  sip_fd = udp_open(sip_port);
  media_fd = udp_open(media_port);
  int64_t last_ms = 0;
  for (;;) {
    next_millisecond();
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    ssize_t n;
    while ((n = recvfrom(sip_fd, text, sizeof text - 1, 0, (struct sockaddr *)&peer, &size)) > 0) {
      text[n] = 0;
      on_sip(text, &peer);
      size = sizeof peer;
    }
    rtp_receive();
    if (commanded() && !command()) return 0;
    tick(now_us(), &last_ms);
  }
}

/* ---- the floor: what the sockets alone cost ---- */

static int run_floor(int port, int n) {
  int epoll = epoll_create1(0), *fds = calloc((size_t)n, sizeof *fds);
  for (int i = 0; i < n; i++) {
    fds[i] = udp_open(port + 2 * i);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)media_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connect(fds[i], (struct sockaddr *)&to, sizeof to);
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &e);
  }
  struct epoll_event in = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &in);
  for (;;) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, 100);
    for (int k = 0; k < count; k++) {
      uint32_t i = events[k].data.u32;
      uint8_t p[2048];
      if (i == UINT32_MAX) {
        if (!command()) return 0;
        continue;
      }
      ssize_t bytes = recv(fds[i], p, sizeof p, 0);
      if (bytes > 0 && send(fds[i ^ 1], p, (size_t)bytes, 0) > 0) rtp_out++, rtp_in++;
    }
  }
}

/* Calls without SIP, for the floor: `talk` is sent to N ports from one on. */
static int run_source(int port, int n) {
  calls = calloc(CALLS, sizeof *calls);
  media_fd = udp_open(media_port);
  for (int i = 0; i < n; i++) calls[i + 1] = (struct call){.used = true, .up = true, .port = (uint16_t)(port + 2 * i)};
  used_max = n;
  hold_ms = -1;
  int64_t last_ms = 0;
  for (;;) {
    next_millisecond();
    rtp_receive();
    if (commanded() && !command()) return 0;
    tick(now_us(), &last_ms);
  }
}

int main(int argc, char **argv) {
  if (argc == 5 && (strcmp(argv[1], "floor") == 0 || strcmp(argv[1], "source") == 0)) {
    media_port = atoi(argv[4]);
    calls = calloc(CALLS, sizeof *calls);
    return strcmp(argv[1], "floor") == 0 ? run_floor(atoi(argv[2]), atoi(argv[3])) : run_source(atoi(argv[2]), atoi(argv[3]));
  }
  if (argc != 4) {
    fprintf(stderr, "usage: far_end SIP_PORT MEDIA_PORT HOLD_MS | far_end floor|source PORT N MEDIA_PORT\n");
    return 2;
  }
  sip_port = atoi(argv[1]);
  media_port = atoi(argv[2]);
  hold_ms = atoi(argv[3]);
  return run_far_end();
}
