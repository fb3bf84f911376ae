#include "dialer/console/api.h"
#include "dialer/console/server.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <string.h>

enum { SESSION_S = 12 * 3600 };

static enum MHD_Result complain(struct exchange *x, unsigned status, const char *text) {
  return api_say(x, status, json_pack("{s:s}", "error", text), NULL);
}

/* The answer of a command as that of the request. */
static enum MHD_Result pass_on(struct exchange *x) {
  if (x->status < 0) return complain(x, MHD_HTTP_SERVICE_UNAVAILABLE, "the dialer does not answer; try again");
  if (x->status > 0 && !x->out) return complain(x, MHD_HTTP_BAD_REQUEST, "the dialer does not understand this");
  return api_say(x, x->status == 0 ? MHD_HTTP_OK : MHD_HTTP_CONFLICT, x->out ? json_incref(x->out) : json_object(), NULL);
}

static enum MHD_Result command(struct exchange *x, const char *const *words) { return exchange_ask(x, words, NULL) ? pass_on(x) : MHD_YES; }

/* ---- signing in ---- */

static void cookie_text(const struct exchange *x, const char *token, char out[160]) {
  const char *proto = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "X-Forwarded-Proto");
  bool tls = proto && strcmp(proto, "https") == 0;
  snprintf(out, 160, "session=%s; Path=/; Max-Age=%d; SameSite=Strict; HttpOnly%s", token, token[0] ? SESSION_S : 0, tls ? "; Secure" : "");
}

static enum MHD_Result signed_in(struct exchange *x, unsigned refused) {
  struct who who;
  char cookie[160];
  if (x->status == 1) return api_say(x, refused, x->out ? json_incref(x->out) : json_object(), NULL);
  if (x->status != 0) return pass_on(x);
  const char *token = json_string_value(json_object_get(x->out, "token"));
  if (!token_shaped(token) || !who_read(x->out, &who)) return complain(x, MHD_HTTP_BAD_GATEWAY, "the dialer gave no session");
  cookie_text(x, token, cookie);
  return api_say(
      x, MHD_HTTP_OK,
      json_pack("{s:s, s:s, s:s}", "user", who.user, "role", who.role == ROLE_OF_AGENT ? "agent" : "supervisor", "agent", who.agent),
      cookie);
}

static enum MHD_Result sign_in(struct exchange *x, const char *name) {
  (void)name;
  const char *user = exchange_text(x, "name"), *password = exchange_text(x, "password");
  if (!user || !user[0] || user[0] == '-' || !password) return complain(x, MHD_HTTP_BAD_REQUEST, "name and password, please");
  return exchange_ask(x, (const char *[]){"session", "open", user, NULL}, password) ? signed_in(x, MHD_HTTP_UNAUTHORIZED) : MHD_YES;
}

static enum MHD_Result set_up(struct exchange *x, const char *name) {
  (void)name;
  const char *user = exchange_text(x, "name"), *password = exchange_text(x, "password"), *code = exchange_text(x, "code");
  if (!user || !user[0] || user[0] == '-' || !password || !token_shaped(code))
    return complain(x, MHD_HTTP_BAD_REQUEST, "name, password and the code of the link, please");
  return exchange_ask(x, (const char *[]){"session", "setup", user, code, NULL}, password) ? signed_in(x, MHD_HTTP_CONFLICT) : MHD_YES;
}

static enum MHD_Result sign_out(struct exchange *x, const char *name) {
  (void)name;
  char cookie[160];
  if (!x->token[0]) return api_say(x, MHD_HTTP_OK, json_object(), NULL);
  if (!exchange_ask(x, (const char *[]){"session", "close", x->token, NULL}, NULL)) return MHD_YES;
  gate_forget(&x->server->gate, x->token);
  cookie_text(x, "", cookie);
  return api_say(x, MHD_HTTP_OK, json_object(), cookie);
}

static enum MHD_Result me(struct exchange *x, const char *name) {
  (void)name;
  static const char *const roles[] = {"", "agent", "supervisor"};
  return api_say(x, MHD_HTTP_OK, json_pack("{s:s, s:s, s:s}", "user", x->who.user, "role", roles[x->who.role], "agent", x->who.agent),
                 NULL);
}

/* ---- an agent's desk: the agent is that of the session, never of the request ---- */

static enum MHD_Result desk(struct exchange *x, const char *name) {
  (void)name;
  return command(x, (const char *[]){"desk", "show", x->who.agent, NULL});
}

static enum MHD_Result desk_state(struct exchange *x, const char *name) {
  static const char *const states[] = {"login", "ready", "pause", "logout", "accept"};
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
    if (strcmp(name, "pause") == 0 && exchange_text(x, "reason") && exchange_text(x, "reason")[0]) {
      const char *reason = exchange_text(x, "reason");
      if (reason[0] == '-') return complain(x, MHD_HTTP_BAD_REQUEST, "a reason of the list, please");
      return command(x, (const char *[]){"agent", "pause", x->who.agent, reason, NULL});
    } else if (strcmp(name, states[i]) == 0)
      return command(x, (const char *[]){"agent", states[i], x->who.agent, NULL});
  return complain(x, MHD_HTTP_NOT_FOUND, "no such state");
}

/* {"amount": "120.50", "remark": "…"} as --fields takes it. A comma in a value never begins another field: a space follows it. */
static bool fields_line(struct exchange *x, char *out, size_t room) {
  static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  const char *key, *value;
  json_t *cell;
  size_t n = 0;
  json_object_foreach(json_object_get(x->body, "fields"), key, cell) {
    if (!(value = json_string_value(cell)) || n + strlen(key) + 2 * strlen(value) + 3 > room) return false;
    if (!key[0] || strspn(key, LETTERS) != strlen(key)) return false;
    if (!value[0]) continue;
    n += (size_t)sprintf(out + n, "%s%s=", n ? "," : "", key);
    for (; *value; value++) {
      out[n++] = *value;
      if (*value == ',' && value[1 + strspn(value + 1, LETTERS)] == '=') out[n++] = ' ';
    }
    out[n] = 0;
  }
  out[n] = 0;
  return true;
}

static enum MHD_Result desk_dispose(struct exchange *x, const char *name) {
  (void)name;
  const char *code = exchange_text(x, "code");
  if (!code || !code[0] || code[0] == '-') return complain(x, MHD_HTTP_BAD_REQUEST, "a code, please");
  const char *when = exchange_text(x, "callback");
  bool mine = json_is_true(json_object_get(x->body, "mine"));
  if (when && when[0] == '-') return complain(x, MHD_HTTP_BAD_REQUEST, "a time, please");
  char fields[4096];
  const char *argv[10] = {"dispose", x->who.agent, code};
  int n = 3;
  if (!fields_line(x, fields, sizeof fields)) return complain(x, MHD_HTTP_BAD_REQUEST, "fields by name, each with its text, please");
  if (fields[0]) argv[n++] = "--fields", argv[n++] = fields;
  if (when && when[0]) argv[n++] = "--callback", argv[n++] = when;
  if (when && when[0] && mine) argv[n++] = "--mine";
  return command(x, argv);
}

/* A number that the agent calls by hand; never taken for an option. */
static enum MHD_Result desk_dial(struct exchange *x, const char *name) {
  (void)name;
  const char *number = exchange_text(x, "number"), *lang = exchange_text(x, "lang");
  if (!number || !number[0] || number[0] == '-' || strspn(number, "+0123456789 ()./-") != strlen(number))
    return complain(x, MHD_HTTP_BAD_REQUEST, "a number, please, as +12025550142");
  return command(x, (const char *[]){"agent", "dial", x->who.agent, number, "--lang", lang && strcmp(lang, "es") == 0 ? "es" : "en", NULL});
}

/* The contact that the page shows: dialed or skipped only if it is still the one. */
static enum MHD_Result desk_preview(struct exchange *x, const char *name) {
  const char *contact = exchange_text(x, "contact"), *reason = exchange_text(x, "reason");
  if (!contact || !contact[0] || strspn(contact, "0123456789") != strlen(contact))
    return complain(x, MHD_HTTP_BAD_REQUEST, "the contact's id, please");
  if (strcmp(name, "dial") == 0) return command(x, (const char *[]){"agent", "accept", x->who.agent, contact, NULL});
  if (strcmp(name, "skip") != 0) return complain(x, MHD_HTTP_NOT_FOUND, "dial or skip");
  if (!reason || !reason[0] || reason[0] == '-') return complain(x, MHD_HTTP_BAD_REQUEST, "a reason, please");
  return command(x, (const char *[]){"agent", "skip", x->who.agent, reason, contact, NULL});
}

static enum MHD_Result desk_note(struct exchange *x, const char *name) {
  (void)name;
  const char *attempt = exchange_text(x, "attempt"), *text = exchange_text(x, "text");
  if (!attempt || !text || strspn(attempt, "0123456789") != strlen(attempt))
    return complain(x, MHD_HTTP_BAD_REQUEST, "attempt and text, please");
  return command(x, (const char *[]){"desk", "note", "--", x->who.agent, attempt, text, NULL});
}

/* ---- a supervisor ---- */

static enum MHD_Result named(struct exchange *x, const char *verb, const char *sub) {
  const char *name = exchange_text(x, "name");
  if (!name || !name[0] || name[0] == '-') return complain(x, MHD_HTTP_BAD_REQUEST, "a name, please");
  return command(x, (const char *[]){verb, sub, name, NULL});
}

static enum MHD_Result lead_agent(struct exchange *x, const char *name) {
  if (strcmp(name, "pause") == 0) return named(x, "agent", "pause");
  if (strcmp(name, "logout") == 0) return named(x, "agent", "logout");
  return complain(x, MHD_HTTP_NOT_FOUND, "pause or logout");
}

static enum MHD_Result lead_campaign(struct exchange *x, const char *name) {
  if (strcmp(name, "start") == 0) return named(x, "campaign", "start");
  if (strcmp(name, "pause") == 0) return named(x, "campaign", "pause");
  if (strcmp(name, "stop") == 0) return named(x, "campaign", "stop");
  return complain(x, MHD_HTTP_NOT_FOUND, "start, pause or stop");
}

/* What agents' pauses are called in a campaign. */
static enum MHD_Result lead_pauses(struct exchange *x, const char *name) {
  if (name[0] == '-') return complain(x, MHD_HTTP_BAD_REQUEST, "a campaign, please");
  return command(x, (const char *[]){"pause", "list", "--campaign", name, NULL});
}

/* Why a number or a campaign is not dialed, by every rule; number and names are never taken for options. */
static enum MHD_Result lead_why(struct exchange *x, const char *name) {
  const char *campaign = exchange_text(x, "campaign"), *number = exchange_text(x, "number"), *lang = exchange_text(x, "lang");
  const char *spoken = lang && strcmp(lang, "es") == 0 ? "es" : "en";
  if (campaign && campaign[0] == '-') return complain(x, MHD_HTTP_BAD_REQUEST, "a campaign, please");
  if (strcmp(name, "campaign") == 0) {
    if (!campaign || !campaign[0]) return complain(x, MHD_HTTP_BAD_REQUEST, "a campaign, please");
    return command(x, (const char *[]){"why", "campaign", campaign, "--lang", spoken, NULL});
  }
  if (strcmp(name, "contact") != 0) return complain(x, MHD_HTTP_NOT_FOUND, "contact or campaign");
  if (!number || !number[0] || number[0] == '-' || strspn(number, "+0123456789 ()./-") != strlen(number))
    return complain(x, MHD_HTTP_BAD_REQUEST, "a number, please, as +12025550142");
  if (!campaign || !campaign[0]) return command(x, (const char *[]){"why", "contact", number, "--lang", spoken, NULL});
  return command(x, (const char *[]){"why", "contact", number, "--campaign", campaign, "--lang", spoken, NULL});
}

static const struct api_call CALLS[] = {
    {"/api/sign-in", "POST", ACCESS_ALL, sign_in},
    {"/api/set-up", "POST", ACCESS_ALL, set_up},
    {"/api/sign-out", "POST", ACCESS_ALL, sign_out},
    {"/api/me", "GET", ACCESS_FLOOR, me},
    {"/api/desk", "GET", ACCESS_DESK, desk},
    {"/api/desk/dispose", "POST", ACCESS_DESK, desk_dispose},
    {"/api/desk/dial", "POST", ACCESS_DESK, desk_dial},
    {"/api/desk/preview/", "POST", ACCESS_DESK, desk_preview},
    {"/api/desk/note", "POST", ACCESS_DESK, desk_note},
    {"/api/desk/state/", "POST", ACCESS_DESK, desk_state},
    {"/api/agent/", "POST", ACCESS_LEAD, lead_agent},
    {"/api/campaign/", "POST", ACCESS_LEAD, lead_campaign},
    {"/api/pauses/", "GET", ACCESS_LEAD, lead_pauses},
    {"/api/why/", "POST", ACCESS_LEAD, lead_why},
};

const struct api_call *api_find(const char *url, const char **name) {
  for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++) {
    size_t n = strlen(CALLS[i].path);
    *name = "";
    if (strcmp(url, CALLS[i].path) == 0 && CALLS[i].path[n - 1] != '/') return &CALLS[i];
    if (CALLS[i].path[n - 1] != '/' || strncmp(url, CALLS[i].path, n) != 0 || !url[n] || strchr(url + n, '/')) continue;
    *name = url + n;
    return &CALLS[i];
  }
  return NULL;
}
