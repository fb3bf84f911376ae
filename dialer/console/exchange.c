#include "dialer/console/exchange.h"
#include "dialer/base/clock.h"
#include "dialer/console/server.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

struct exchange *exchange_create(struct server *server, struct MHD_Connection *connection) {
  struct exchange *x = calloc(1, sizeof *x);
  if (!x) return NULL;
  x->server = server;
  x->connection = connection;
  const char *token = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "session");
  if (token_shaped(token)) memcpy(x->token, token, sizeof x->token);
  return x;
}

void exchange_free(struct exchange *x) {
  if (!x) return;
  json_decref(x->out);
  json_decref(x->body);
  explicit_bzero(x->text, sizeof x->text); /* passwords pass through here */
  free(x);
}

void exchange_take(struct exchange *x, const char *data, size_t size) {
  if (size > sizeof x->text - x->text_bytes) {
    x->too_long = true;
    return;
  }
  memcpy(x->text + x->text_bytes, data, size);
  x->text_bytes += size;
}

const char *exchange_text(const struct exchange *x, const char *key) { return json_string_value(json_object_get(x->body, key)); }

/* ---- asking the daemon ---- */

static bool ask(struct exchange *x, const char *const *words, const char *secret, link_done *done) {
  if (!x->server->link || link_ask(x->server->link, words, secret, done, x) < 0) return false;
  MHD_suspend_connection(x->connection);
  return true;
}

static void said_who(void *arg, int status, const json_t *out) {
  struct exchange *x = arg;
  if (status == 0 && who_read(out, &x->who)) gate_remember(&x->server->gate, x->token, &x->who, clock_mono());
  MHD_resume_connection(x->connection);
}

static void said_users(void *arg, int status, const json_t *out) {
  struct exchange *x = arg;
  struct gate *gate = &x->server->gate;
  if (status == 0 && json_is_array(out)) {
    gate->open = json_array_size(out) == 0;
    gate->open_at = clock_mono();
  }
  x->open = status == 0 && gate->open;
  MHD_resume_connection(x->connection);
}

static void said(void *arg, int status, const json_t *out) {
  struct exchange *x = arg;
  x->status = status;
  x->out = json_incref((json_t *)(uintptr_t)out);
  x->answered = true;
  MHD_resume_connection(x->connection);
}

bool exchange_ask(struct exchange *x, const char *const *words, const char *secret) {
  if (x->asked) return x->answered;
  x->asked = true;
  if (ask(x, words, secret, said)) return false;
  x->answered = true;
  x->status = -1;
  return true;
}

/* ---- who asks ---- */

/* false: the daemon is being asked. */
static bool know_who(struct exchange *x) {
  if (!x->token[0] || x->who.role != ROLE_NOBODY || x->who_asked) return true;
  x->who_asked = true;
  if (gate_recall(&x->server->gate, x->token, clock_mono(), &x->who)) return true;
  return !ask(x, (const char *[]){"session", "check", x->token, NULL}, NULL, said_who);
}

static bool know_open(struct exchange *x) {
  const struct gate *gate = &x->server->gate;
  if (x->open_asked) return true;
  x->open_asked = true;
  x->open = !x->server->link; /* no daemon behind: nothing but the picture, and nobody to sign in */
  if (x->open) return true;
  if (gate->open_at.ms && mono_since(clock_mono(), gate->open_at) < GATE_OPEN_FRESH_MS) {
    x->open = gate->open;
    return true;
  }
  return !ask(x, (const char *[]){"user", "list", NULL}, NULL, said_users);
}

enum passage exchange_pass(struct exchange *x, enum access access) {
  if (access == ACCESS_ALL) return PASS_YES;
  if (!know_who(x)) return PASS_LATER;
  if (access == ACCESS_FLOOR && x->who.role == ROLE_NOBODY) {
    if (!know_open(x)) return PASS_LATER;
    return x->open ? PASS_YES : PASS_SIGN_IN;
  }
  if (x->who.role == ROLE_NOBODY) return PASS_SIGN_IN;
  if (access == ACCESS_DESK) return x->who.role == ROLE_OF_AGENT ? PASS_YES : PASS_NO;
  return x->who.role == ROLE_OF_SUPERVISOR ? PASS_YES : PASS_NO;
}
