#include "tests/support/sip_peer.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool peer_open(struct peer *p) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  p->contact = NULL;
  p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&a, sizeof a) < 0 || getsockname(p->fd, (struct sockaddr *)&a, &len) < 0) return false;
  p->port = ntohs(a.sin_port);
  return true;
}

void peer_close(struct peer *p) {
  if (p->fd >= 0) close(p->fd);
  p->fd = -1;
}

static bool receive(struct peer *p, int64_t until, struct peer_msg *m) {
  struct pollfd fds = {.fd = p->fd, .events = POLLIN};
  int64_t left = until - now_ms();
  if (poll(&fds, 1, left > 0 ? (int)left : 0) <= 0) return false;
  socklen_t len = sizeof m->from;
  ssize_t n = recvfrom(p->fd, m->text, sizeof m->text - 1, 0, (struct sockaddr *)&m->from, &len);
  if (n < 0) n = 0; /* an ICMP error of an earlier packet */
  m->text[n] = 0;
  return true;
}

bool peer_wait(struct peer *p, const char *start, int timeout_ms, struct peer_msg *out) {
  int64_t until = now_ms() + timeout_ms;
  while (receive(p, until, out))
    if (strncmp(out->text, start, strlen(start)) == 0) return true;
  return false;
}

unsigned peer_count(struct peer *p, const char *start, int timeout_ms) {
  struct peer_msg m;
  unsigned n = 0;
  int64_t until = now_ms() + timeout_ms;
  while (receive(p, until, &m)) n += strncmp(m.text, start, strlen(start)) == 0;
  return n;
}

const char *peer_header(const struct peer_msg *m, const char *name, char out[512]) {
  size_t n = strlen(name);
  out[0] = 0;
  for (const char *line = strstr(m->text, "\r\n"); line && strncmp(line, "\r\n\r\n", 4) != 0; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':') continue;
    const char *value = line + 3 + n;
    while (*value == ' ') value++;
    const char *end = strstr(value, "\r\n");
    snprintf(out, 512, "%.*s", end ? (int)(end - value) : (int)strlen(value), value);
    break;
  }
  return out;
}

const char *peer_vias(const struct peer_msg *m, char out[1024]) {
  size_t used = 0;
  out[0] = 0;
  for (const char *line = strstr(m->text, "\r\n"); line && strncmp(line, "\r\n\r\n", 4) != 0; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, "Via:", 4) != 0) continue;
    const char *end = strstr(line + 2, "\r\n");
    if (!end) break;
    int n = snprintf(out + used, 1024 - used, "%.*s\r\n", (int)(end - line - 2), line + 2);
    if (n > 0 && used + (size_t)n < 1024) used += (size_t)n;
  }
  return out;
}

const char *peer_body(const struct peer_msg *m) {
  const char *at = strstr(m->text, "\r\n\r\n");
  return at ? at + 4 : "";
}

void peer_send(struct peer *p, const struct sockaddr_in *to, const char *text) {
  if (sendto(p->fd, text, strlen(text), 0, (const struct sockaddr *)to, sizeof *to) < 0) perror("peer");
}

void peer_reply(struct peer *p, const struct peer_msg *request, const char *status, const char *tag, const char *headers, const char *sdp) {
  char text[PEER_TEXT_MAX], from[512], to[512], call_id[512], cseq[512], vias[1024], own[64];
  peer_header(request, "To", to);
  snprintf(own, sizeof own, "sip:peer@127.0.0.1:%u", p->port);
  bool tagged = strstr(to, ";tag=") != NULL || !tag || !tag[0];
  snprintf(text, sizeof text,
           "SIP/2.0 %s\r\n%sFrom: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <%s>\r\n%s%sContent-Length: "
           "%zu\r\n\r\n%s",
           status, peer_vias(request, vias), peer_header(request, "From", from), to, tagged ? "" : ";tag=", tagged ? "" : tag,
           peer_header(request, "Call-ID", call_id), peer_header(request, "CSeq", cseq), p->contact ? p->contact : own, headers,
           sdp ? "Content-Type: application/sdp\r\n" : "", sdp ? strlen(sdp) : 0, sdp ? sdp : "");
  peer_send(p, &request->from, text);
}

void peer_request(struct peer *p, const struct peer_msg *invite, const char *tag, const char *method, unsigned cseq, const char *headers,
                  const char *sdp) {
  static unsigned branch;
  char text[PEER_TEXT_MAX], from[512], to[512], call_id[512], contact[512], target[512];
  peer_header(invite, "Contact", contact);
  const char *begin = strchr(contact, '<'), *end = strchr(contact, '>');
  snprintf(target, sizeof target, "%.*s", begin && end ? (int)(end - begin - 1) : 0, begin ? begin + 1 : "");
  snprintf(text, sizeof text,
           "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-peer-%d-%u\r\nMax-Forwards: 70\r\nFrom: %s;tag=%s\r\nTo: %s\r\n"
           "Call-ID: %s\r\nCSeq: %u %s\r\nContact: <sip:peer@127.0.0.1:%u>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
           method, target, p->port, (int)getpid(), branch++, peer_header(invite, "To", to), tag, peer_header(invite, "From", from),
           peer_header(invite, "Call-ID", call_id), cseq, method, p->port, headers, sdp ? "Content-Type: application/sdp\r\n" : "",
           sdp ? strlen(sdp) : 0, sdp ? sdp : "");
  peer_send(p, &invite->from, text);
}

const char *peer_sdp(uint16_t port, const char *line, char out[512]) {
  snprintf(out, 512,
           "v=0\r\no=peer 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP 0 101\r\n"
           "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n%s",
           port, line);
  return out;
}
