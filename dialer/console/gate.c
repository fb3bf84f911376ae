#include "dialer/console/gate.h"
#include <stdio.h>
#include <string.h>

bool who_read(const json_t *said, struct who *out) {
  const char *user = json_string_value(json_object_get(said, "user")), *role = json_string_value(json_object_get(said, "role")),
             *agent = json_string_value(json_object_get(said, "agent"));
  if (!user || !role || !agent) return false;
  *out = (struct who){.role = strcmp(role, "supervisor") == 0 ? ROLE_OF_SUPERVISOR
                              : strcmp(role, "agent") == 0    ? ROLE_OF_AGENT
                                                              : ROLE_NOBODY};
  snprintf(out->user, sizeof out->user, "%s", user);
  snprintf(out->agent, sizeof out->agent, "%s", agent);
  return out->role != ROLE_NOBODY;
}

bool token_shaped(const char *token) {
  return token && strlen(token) == GATE_TOKEN_TEXT - 1 && strspn(token, "0123456789abcdef") == GATE_TOKEN_TEXT - 1;
}

void gate_remember(struct gate *gate, const char *token, const struct who *who, struct mono now) {
  gate_forget(gate, token);
  struct remembered *r = &gate->sessions[gate->next++ % GATE_REMEMBERED];
  snprintf(r->token, sizeof r->token, "%s", token);
  r->who = *who;
  r->at = now;
}

void gate_forget(struct gate *gate, const char *token) {
  for (unsigned i = 0; i < GATE_REMEMBERED; i++)
    if (strcmp(gate->sessions[i].token, token) == 0) gate->sessions[i] = (struct remembered){0};
}

bool gate_recall(const struct gate *gate, const char *token, struct mono now, struct who *out) {
  for (unsigned i = 0; i < GATE_REMEMBERED; i++) {
    const struct remembered *r = &gate->sessions[i];
    if (strcmp(r->token, token) != 0 || mono_since(now, r->at) > GATE_FRESH_MS) continue;
    *out = r->who;
    return true;
  }
  return false;
}
