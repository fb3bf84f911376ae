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

/* A socket of our own for datagrams to the host of this URI; < 0: CAD_ENOSUP, CAD_ENET. */
static int way_to(const struct spec *s, const char *uri, union address *to, socklen_t *to_len) {
  union address from;
  socklen_t from_len;
  if (!uri_address(uri, to, to_len) || !set_address(&from, s->bind_host, 0, &from_len)) return CAD_ENOSUP;
  if (s->loopback && !spec_is_loopback(s->bind_host)) return CAD_ENOSUP;
  int fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, &from.any, from_len) == 0) return fd < 0 ? CAD_ENET : fd;
  close(fd);
  return CAD_ENET;
}

static int send_text(int fd, const char *text, int n, const union address *to, socklen_t to_len) {
  return n > 0 && sendto(fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL, &to->any, to_len) == n ? CAD_OK : CAD_ENET;
}

int orphan_cancel(const struct spec *s, const struct wide_dialog *d) {
  union address to;
  socklen_t to_len;
  char text[DATAGRAM_MAX];
  int fd = d->branch[0] ? way_to(s, d->uri, &to, &to_len) : CAD_ENOSUP;
  if (fd < 0) return fd;
  static const char *const METHODS[] = {"CANCEL", "ACK"};
  int rc = CAD_OK;
  for (unsigned i = 0; rc == CAD_OK && i < 2; i++) rc = send_text(fd, text, orphan_write(s, d, METHODS[i], text, sizeof text), &to, to_len);
  close(fd);
  return rc;
}

/* The first of the route set, or the far side's Contact. */
static void next_hop(const struct wide_dialog *d, char out[WIDE_URI]) {
  const char *from = d->route[0] == '<' ? d->route + 1 : NULL, *end = from ? strchr(from, '>') : NULL;
  if (end && (size_t)(end - from) < WIDE_URI)
    snprintf(out, WIDE_URI, "%.*s", (int)(end - from), from);
  else
    snprintf(out, WIDE_URI, "%s", d->target);
}

int orphan_ack(const struct spec *s, const struct wide_dialog *d) {
  union address to;
  socklen_t to_len;
  char text[DATAGRAM_MAX], hop[WIDE_URI];
  bool six = s->family == 6;
  if (d->incoming || strcmp(s->transport, "udp") != 0) return CAD_ENOSUP;
  next_hop(d, hop);
  int fd = way_to(s, hop, &to, &to_len);
  if (fd < 0) return fd;
  int n = snprintf(text, sizeof text,
                   "ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s%s%s:%u;rport;branch=z9hG4bKack%x%x\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\n"
                   "Call-ID: %s\r\nCSeq: %u ACK\r\n%s%s%sContent-Length: 0\r\n\r\n",
                   d->target, six ? "[" : "", s->advertise, six ? "]" : "", s->bind_port, (unsigned)d->leg.gen, d->cseq, d->local,
                   d->remote, d->call_id, d->cseq, d->route[0] ? "Route: " : "", d->route, d->route[0] ? "\r\n" : "");
  int rc = (size_t)n < sizeof text ? send_text(fd, text, n, &to, to_len) : CAD_EFULL;
  close(fd);
  return rc;
}
