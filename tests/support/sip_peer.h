/* sip_peer.h — a SIP peer that does exactly what a test tells it, over raw UDP.
 *
 * It knows no transactions and no dialogs: the test waits for a message, looks at
 * it, and sends what it likes, right or wrong. Thread: the test's. Source: sip_peer.c */
#ifndef CADENCIA_TESTS_SIP_PEER_H
#define CADENCIA_TESTS_SIP_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { PEER_TEXT_MAX = 8192 };

struct peer {
  int fd;
  uint16_t port;
  const char *contact; /* NULL: "sip:peer@127.0.0.1:port" */
};
struct peer_msg {
  char text[PEER_TEXT_MAX];
  struct sockaddr_in from;
};

bool peer_open(struct peer *peer); /* 127.0.0.1, a port of the kernel's choice */
void peer_close(struct peer *peer);

/* The next message that begins with `start` ("INVITE ", "SIP/2.0 200"); others are thrown away. False: time is up. */
bool peer_wait(struct peer *peer, const char *start, int timeout_ms, struct peer_msg *out);
/* How many messages that begin with `start` come within this time. */
unsigned peer_count(struct peer *peer, const char *start, int timeout_ms);

/* Value of the first header of that name ("Call-ID"); "" when there is none. Returns out. */
const char *peer_header(const struct peer_msg *msg, const char *name, char out[512]);
/* Every Via line of the message, as it stands. */
const char *peer_vias(const struct peer_msg *msg, char out[1024]);
const char *peer_body(const struct peer_msg *msg);

/* Answer a request: status line "486 Busy Here", To tag, more header lines (each with \r\n) or "", SDP or NULL. */
void peer_reply(struct peer *peer, const struct peer_msg *request, const char *status, const char *tag, const char *headers,
                const char *sdp);
/* A request within the dialog that `invite` opened and we answered with `tag`. */
void peer_request(struct peer *peer, const struct peer_msg *invite, const char *tag, const char *method, unsigned cseq, const char *headers,
                  const char *sdp);
void peer_send(struct peer *peer, const struct sockaddr_in *to, const char *text);

/* A plain audio SDP: PCMU and telephone-event at 127.0.0.1:port, with one more line such as "a=sendonly\r\n" or "". */
const char *peer_sdp(uint16_t port, const char *line, char out[512]);

#endif
