#include "dialer/sip/spec.h"
#include "dialer/sip/guard.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void bare_host(const char *host, char out[64]) {
  size_t n = strlen(host);
  if (n >= 2 && host[0] == '[' && host[n - 1] == ']')
    snprintf(out, 64, "%.*s", (int)(n - 2), host + 1);
  else
    snprintf(out, 64, "%s", host);
}

uint8_t spec_family(const char *host) {
  char bare[64];
  uint8_t bytes[16];
  bare_host(host, bare);
  if (inet_pton(AF_INET, bare, bytes) == 1) return 4;
  return inet_pton(AF_INET6, bare, bytes) == 1 ? 6 : 0;
}

bool spec_is_loopback(const char *host) {
  char bare[64];
  struct in_addr v4;
  struct in6_addr v6;
  bare_host(host, bare);
  if (inet_pton(AF_INET, bare, &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool number(const char *text, uint32_t least, uint32_t most, uint32_t *out) {
  char *end;
  if (*text < '0' || *text > '9') return false;
  errno = 0;
  unsigned long v = strtoul(text, &end, 10);
  if (errno || *end || v < least || v > most) return false;
  *out = (uint32_t)v;
  return true;
}

static bool read_bind(struct spec *s, const char *value) {
  const char *colon = strrchr(value, ':');
  uint32_t port;
  if (!colon || (size_t)(colon - value) >= sizeof s->bind_host || !number(colon + 1, 1, 65535, &port)) return false;
  char host[64];
  snprintf(host, sizeof host, "%.*s", (int)(colon - value), value);
  if (strchr(host, ':') && host[0] != '[') return false; /* IPv6 needs its brackets */
  bare_host(host, s->bind_host);
  s->bind_port = (uint16_t)port;
  s->family = spec_family(s->bind_host);
  return s->family != 0;
}

static bool read_flag(bool *out, const char *value) {
  uint32_t v;
  if (!number(value, 0, 1, &v)) return false;
  *out = v == 1;
  return true;
}

static bool read_advertise(struct spec *s, const char *value) {
  if (strlen(value) >= sizeof s->advertise || (value[0] && spec_family(value) == 0)) return false;
  bare_host(value, s->advertise);
  return true;
}

static bool read_transport(struct spec *s, const char *value) {
  if (strcmp(value, "udp") != 0 && strcmp(value, "tcp") != 0 && strcmp(value, "tls") != 0) return false;
  snprintf(s->transport, sizeof s->transport, "%s", value);
  return true;
}

/* "192.0.2.1+2001:db8::1": sources that killed workers before. */
static bool read_block(const char *value) {
  char copy[512];
  if (strlen(value) >= sizeof copy) return false;
  memcpy(copy, value, strlen(value) + 1);
  char *rest = copy, *part;
  while ((part = strsep(&rest, "+")) != NULL)
    if (*part && guard_block(part) < 0) return false;
  return true;
}

static bool read_key(struct spec *s, const char *key, const char *value) {
  if (strcmp(key, "bind") == 0) return read_bind(s, value);
  if (strcmp(key, "transport") == 0) return read_transport(s, value);
  if (strcmp(key, "tls_dir") == 0) return (size_t)snprintf(s->tls_dir, sizeof s->tls_dir, "%s", value) < sizeof s->tls_dir;
  if (strcmp(key, "advertise") == 0) return read_advertise(s, value);
  if (strcmp(key, "loopback") == 0) return read_flag(&s->loopback, value);
  if (strcmp(key, "gen") == 0) return number(value, 1, UINT32_MAX, &s->gen);
  if (strcmp(key, "worker") == 0) return number(value, 0, UINT16_MAX, &s->worker);
  if (strcmp(key, "t1x64") == 0) return number(value, 500, 32000, &s->t1x64_ms);
  if (strcmp(key, "legs") == 0) return number(value, 1, 65536, &s->legs_max);
  if (strcmp(key, "breaker") == 0) return number(value, 1, 65536, &s->breaker);
  if (strcmp(key, "breaker_ms") == 0) return number(value, 0, 60000, &s->breaker_ms);
  if (strcmp(key, "block") == 0) return read_block(value);
  return false;
}

static int check(struct spec *s, char err[160]) {
  if (s->family == 0) {
    snprintf(err, 160, "bind is missing: give a numeric address and a port, bind=127.0.0.1:5060");
    return CAD_EINVAL;
  }
  bool any = strcmp(s->bind_host, "0.0.0.0") == 0 || strcmp(s->bind_host, "::") == 0;
  if (!s->advertise[0] && any) {
    snprintf(err, 160, "bind=%.60s says no address to others: give advertise=", s->bind_host);
    return CAD_EINVAL;
  }
  if (!s->advertise[0]) memcpy(s->advertise, s->bind_host, sizeof s->advertise);
  if (spec_family(s->advertise) != s->family) {
    snprintf(err, 160, "advertise=%.45s is of another family than bind=%.45s", s->advertise, s->bind_host);
    return CAD_EINVAL;
  }
  if (s->loopback && !spec_is_loopback(s->bind_host)) {
    snprintf(err, 160, "loopback=1 wants a loopback address to bind, not %s", s->bind_host);
    return CAD_EINVAL;
  }
  return CAD_OK;
}

int spec_parse(const char *text, struct spec *out, char err[160]) {
  struct spec s = {.transport = "udp", .gen = 1, .t1x64_ms = 16000, .legs_max = 8192, .breaker = 200, .breaker_ms = 2000};
  char copy[1024];
  if (strlen(text) >= sizeof copy) {
    snprintf(err, 160, "the listener's description is too long");
    return CAD_EINVAL;
  }
  memcpy(copy, text, strlen(text) + 1);
  char *rest = copy, *part;
  while ((part = strsep(&rest, ";")) != NULL) {
    if (!*part) continue;
    char *equals = strchr(part, '=');
    if (equals) *equals = 0;
    if (!equals || !read_key(&s, part, equals + 1)) {
      snprintf(err, 160, "the listener's description has a wrong part: %.40s%s%.50s", part, equals ? "=" : "", equals ? equals + 1 : "");
      return CAD_EINVAL;
    }
  }
  int rc = check(&s, err);
  if (rc == CAD_OK) *out = s;
  return rc;
}

int spec_probe_port(const struct spec *s) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } a;
  memset(&a, 0, sizeof a);
  socklen_t len = s->family == 4 ? sizeof a.v4 : sizeof a.v6;
  if (s->family == 4) {
    a.v4.sin_family = AF_INET;
    a.v4.sin_port = htons(s->bind_port);
    inet_pton(AF_INET, s->bind_host, &a.v4.sin_addr);
  } else {
    a.v6.sin6_family = AF_INET6;
    a.v6.sin6_port = htons(s->bind_port);
    inet_pton(AF_INET6, s->bind_host, &a.v6.sin6_addr);
  }
  bool udp = strcmp(s->transport, "udp") == 0;
  int one = 1, fd = socket(a.any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) return CAD_ENET;
  if (!udp) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* connections of the last worker may linger */
  int rc = bind(fd, &a.any, len) == 0 ? CAD_OK : errno == EADDRINUSE ? CAD_EBUSY : CAD_ENET;
  int saved = errno;
  close(fd);
  errno = saved;
  return rc;
}
