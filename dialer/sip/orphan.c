#include "dialer/sip/orphan.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DATAGRAM_MAX = 2048, HOST_MAX = 64 };

/* The remote address without its tag: the INVITE had none. */
static void without_tag(const char *address, char out[WIDE_URI]) {
  const char *tag = strstr(address, ">;tag=");
  snprintf(out, WIDE_URI, "%.*s", tag ? (int)(tag - address + 1) : WIDE_URI - 1, address);
}

int orphan_write(const struct spec *s, const struct wide_dialog *d, const char *method, char *out, size_t size) {
  bool six = s->family == 6, ack = strcmp(method, "ACK") == 0;
  char to[WIDE_URI];
  without_tag(d->remote, to);
  int n = snprintf(out, size,
                   "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s%s%s:%u;rport;branch=%s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\n"
                   "Call-ID: %s\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
                   method, d->uri, six ? "[" : "", s->advertise, six ? "]" : "", s->bind_port, d->branch, d->local, ack ? d->remote : to,
                   d->call_id, d->cseq, method);
  return n > 0 && (size_t)n < size ? n : CAD_EFULL;
}

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static bool set_address(union address *a, const char *host, uint16_t port, socklen_t *len) {
  memset(a, 0, sizeof *a);
  if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons(port);
    *len = sizeof a->v4;
    return true;
  }
  if (inet_pton(AF_INET6, host, &a->v6.sin6_addr) != 1) return false;
  a->v6.sin6_family = AF_INET6;
  a->v6.sin6_port = htons(port);
  *len = sizeof a->v6;
  return true;
}

/* Where the INVITE went: host and port of its request URI. */
static bool uri_address(const char *uri, union address *out, socklen_t *len) {
  char host[HOST_MAX];
  if (strncasecmp(uri, "sip:", 4) != 0 || strcasestr(uri, "transport=t")) return false;
  const char *at = strchr(uri, '@');
  at = at ? at + 1 : uri + 4;
  const char *from = at, *end;
  if (*at == '[') {
    from++;
    end = strchr(at, ']');
    if (!end) return false;
  } else
    end = at + strcspn(at, ":;");
  if (end == from || (size_t)(end - from) >= sizeof host) return false;
  snprintf(host, sizeof host, "%.*s", (int)(end - from), from);
  const char *colon = *end == ']' ? end + 1 : end;
  long port = *colon == ':' ? strtol(colon + 1, NULL, 10) : 5060;
  return port > 0 && port < 65536 && set_address(out, host, (uint16_t)port, len);
}

int orphan_cancel(const struct spec *s, const struct wide_dialog *d) {
  union address to, from;
  socklen_t to_len, from_len;
  char text[DATAGRAM_MAX];
  if (!d->branch[0] || !uri_address(d->uri, &to, &to_len) || !set_address(&from, s->bind_host, 0, &from_len)) return CAD_ENOSUP;
  if (s->loopback && !spec_is_loopback(s->bind_host)) return CAD_ENOSUP;
  int fd = socket(to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return CAD_ENET;
  int rc = bind(fd, &from.any, from_len) == 0 ? CAD_OK : CAD_ENET;
  static const char *const METHODS[] = {"CANCEL", "ACK"};
  for (unsigned i = 0; rc == CAD_OK && i < 2; i++) {
    int n = orphan_write(s, d, METHODS[i], text, sizeof text);
    if (n < 0 || sendto(fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL, &to.any, to_len) != n) rc = CAD_ENET;
  }
  close(fd);
  return rc;
}
