#include "dialer/sip/quote.h"
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

enum { REMEMBERED = 8192, LOOKED_AT = 1024 }; /* 500 calls a second: the last five seconds of messages */
static uint64_t sent[REMEMBERED];

static uint64_t mix(uint64_t h, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 1099511628211u;
  return h;
}

/* 0: there is no whole branch in these bytes, or nobody whom it went to. */
static uint64_t mark_of(const struct sockaddr *to, const void *message, size_t n) {
  static const char WORD[] = ";branch=";
  const char *text = message, *from = memmem(text, n < LOOKED_AT ? n : LOOKED_AT, WORD, sizeof WORD - 1);
  uint64_t h = 14695981039346656037u;
  if (!from) return 0;
  from += sizeof WORD - 1;
  size_t left = n - (size_t)(from - text), bytes = 0;
  while (bytes < left && !memchr(";,\r\n \t", from[bytes], 6)) bytes++;
  if (bytes == 0 || bytes == left) return 0;
  if (to->sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, to, sizeof in);
    h = mix(mix(h, &in.sin_addr, sizeof in.sin_addr), &in.sin_port, sizeof in.sin_port);
  } else if (to->sa_family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, to, sizeof in);
    h = mix(mix(h, &in.sin6_addr, sizeof in.sin6_addr), &in.sin6_port, sizeof in.sin6_port);
  } else {
    return 0;
  }
  h = mix(h, from, bytes);
  return h ? h : 1;
}

void quote_sent(const struct sockaddr *to, const void *message, size_t n) {
  const uint64_t h = mark_of(to, message, n);
  if (h) sent[h % REMEMBERED] = h;
}

bool quote_known(const struct sockaddr *to, const void *beginning, size_t n) {
  const uint64_t h = mark_of(to, beginning, n);
  return h && sent[h % REMEMBERED] == h;
}
