/* exchange.h — one request on its way: its body, who asks, and what the daemon said. It may be laid aside (suspended) while
 * the daemon is asked, and is then answered from the start again. Owner: the console's only thread. Source: exchange.c */
#ifndef CADENCIA_CONSOLE_EXCHANGE_H
#define CADENCIA_CONSOLE_EXCHANGE_H

#include "dialer/console/gate.h"
#include <microhttpd.h>
#include <stddef.h>

enum { EXCHANGE_BODY_MAX = 8192 };
struct server;
struct exchange {
  struct server *server;
  struct MHD_Connection *connection;
  char token[GATE_TOKEN_TEXT]; /* of the cookie, "" without */
  struct who who;
  bool who_asked, open_asked, open;
  bool asked, answered; /* the command of this request */
  int status;           /* of the command: exit status, -1 the daemon could not be asked */
  json_t *out;
  json_t *body; /* the request's JSON object, NULL without */
  bool too_long;
  size_t text_bytes;
  char text[EXCHANGE_BODY_MAX];
};
enum access { ACCESS_ALL, ACCESS_FLOOR, ACCESS_DESK, ACCESS_LEAD };
enum passage { PASS_YES, PASS_LATER, PASS_SIGN_IN, PASS_NO };

struct exchange *exchange_create(struct server *server, struct MHD_Connection *connection);
void exchange_free(struct exchange *x);
void exchange_take(struct exchange *x, const char *data, size_t size); /* some of the body */
/* May who asks have this? PASS_LATER: the daemon is being asked, answer MHD_YES and wait to be called again. */
enum passage exchange_pass(struct exchange *x, enum access access);
/* The command, once: true when its answer is in status and out; false: it is being asked (or cannot be: status -1 and true). */
bool exchange_ask(struct exchange *x, const char *const *words, const char *secret);
/* A text of the body, NULL without. */
const char *exchange_text(const struct exchange *x, const char *key);

#endif
