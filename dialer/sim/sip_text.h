/* sip_text.h — SIP messages as plain text: just enough of RFC 3261 for a simulated far end.
 *
 * Shares nothing with dialer/sip, so that our stack is not its own judge. Every input
 * is hostile: all views point into the given datagram and are bounded by it. Pure.
 * Source: sip_text.c */
#ifndef CADENCIA_SIM_SIP_TEXT_H
#define CADENCIA_SIM_SIP_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
  const char *p;
  size_t n;
};
enum { SIP_VIAS_MAX = 8, SIP_ROUTES_MAX = 8 };
struct sip_text {
  struct span method;             /* of a request; of a response the method in CSeq */
  int status;                     /* 0: a request */
  struct span uri;                /* request URI */
  struct span vias[SIP_VIAS_MAX]; /* header values, top first */
  unsigned via_count;
  struct span routes[SIP_ROUTES_MAX]; /* Record-Route values in order */
  unsigned route_count;
  struct span from, to, call_id, contact, cseq_method;
  uint32_t cseq;
  struct span body;
};

/* CAD_OK or CAD_EFORMAT. A missing From, To, Call-ID, CSeq or Via is an error. */
int sip_text_parse(const char *data, size_t n, struct sip_text *out);

bool span_is(struct span s, const char *word); /* exact */
/* Copies at most size-1 bytes and terminates; false when it did not fit. */
bool span_copy(struct span s, char *out, size_t size);
/* Value of parameter `name` in a header value outside <...> and quotes; empty span without. */
struct span span_param(struct span s, const char *name);
/* What is between < and >, else up to the first ';' or space. */
struct span span_uri(struct span s);
/* The user part of a SIP URI; empty without. */
struct span span_user(struct span uri);
/* All decimal digits of s as a number (at most 18 digits), '+' and punctuation skipped; 0 without or too long. */
uint64_t span_digits(struct span s);

/* A message being written; over: it did not fit and must not be sent. */
struct sip_out {
  char text[4096];
  size_t n;
  bool over;
};
void sip_out_start(struct sip_out *o);
void sip_out_add(struct sip_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Content-Type, Content-Length, empty line and body ("" : none). */
void sip_out_body(struct sip_out *o, const char *sdp);
/* The Via headers of a request for its response; fills received and rport of the top one (RFC 3581 §4). */
void sip_out_vias(struct sip_out *o, const struct sip_text *request, const struct sockaddr_in *source);

const char *sip_phrase(int status);

/* ---- SDP (RFC 4566), the part that a phone of ours understands ---- */
struct sdp_text {
  struct in_addr host;
  uint16_t port; /* 0: no audio line, or refused */
  bool pcmu, pcma;
  uint8_t first;      /* 0 or 8: which of them the offer prefers */
  int event_pt;       /* telephone-event/8000; -1 without */
  bool send, receive; /* what the far side does */
};
/* CAD_OK or CAD_EFORMAT (no IPv4 audio line). */
int sdp_text_parse(struct span body, struct sdp_text *out);
/* Our answer or offer: one codec, telephone-event when event_pt >= 0. direction: "sendrecv", ... */
void sdp_text_write(char *out, size_t size, const char *host, uint16_t port, int codec, int event_pt, unsigned version,
                    const char *direction);

#endif
