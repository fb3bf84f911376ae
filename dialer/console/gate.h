/* gate.h — who asks: sessions as the daemon knows them, remembered for a moment.
 *
 * While nobody may sign in yet (a rehearsal, a box before its set-up) the live floor is open to this machine, read-only.
 * Owner: the console's only thread. Source: gate.c */
#ifndef CADENCIA_CONSOLE_GATE_H
#define CADENCIA_CONSOLE_GATE_H

#include <cadencia/time.h>
#include <jansson.h>
#include <stdbool.h>

enum { GATE_TOKEN_TEXT = 65, GATE_NAME_MAX = 40, GATE_REMEMBERED = 256, GATE_FRESH_MS = 10000, GATE_OPEN_FRESH_MS = 2000 };
enum role { ROLE_NOBODY = 0, ROLE_OF_AGENT, ROLE_OF_SUPERVISOR };
struct who {
  enum role role;
  char user[GATE_NAME_MAX], agent[GATE_NAME_MAX]; /* agent: whose desk; "" without */
};
struct gate {
  struct remembered {
    char token[GATE_TOKEN_TEXT];
    struct who who;
    struct mono at;
  } sessions[GATE_REMEMBERED];
  unsigned next;
  bool open; /* as of open_at */
  struct mono open_at;
};

/* What the daemon said of a session: {"user","role","agent"}. false: nothing that we know. */
bool who_read(const json_t *said, struct who *out);
bool token_shaped(const char *token); /* 64 hex digits */
void gate_remember(struct gate *gate, const char *token, const struct who *who, struct mono now);
void gate_forget(struct gate *gate, const char *token);
bool gate_recall(const struct gate *gate, const char *token, struct mono now, struct who *out);

#endif
