/* cadencia agent, cadencia dispose: what agents are and what they want. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/phone_ha1.h"
#include "dialer/local/table.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <campaigns/pauses.h>
#include <stdlib.h>
#include <string.h>

struct agent_job {
  const char *name;
  struct agent_def def;
  enum agent_state wanted;
  const char *reason; /* of a pause; NULL: not said */
};

static int job_get(struct store *s, void *arg) {
  struct agent_job *j = arg;
  return store_agent_get(s, j->name, &j->def);
}
static int job_put(struct store *s, void *arg) {
  struct agent_job *j = arg;
  return store_agent_put(s, &j->def);
}
static int job_state(struct store *s, void *arg) {
  struct agent_job *j = arg;
  return store_agent_state(s, j->name, j->wanted);
}

struct phone_job {
  struct agent_job *agent;
  const char *realm;
  struct mail_store_phone phone;
};
/* Agent and phone together, or neither. */
static int job_put_phone(struct store *s, void *arg) {
  struct phone_job *j = arg;
  int err = store_agent_put(s, &j->agent->def);
  if (err < 0) return err;
  j->phone.agent_id = j->agent->def.a.agent_id;
  err = store_phone_put(s, j->realm, &j->phone);
  return err == CAD_EEXIST ? CAD_EBUSY : err;
}

static int do_job(struct command_call *c, int (*fn)(struct store *, void *), void *arg, bool tx) {
  return c->backend->run(c->backend->self, fn, arg, tx);
}

/* ---- add ---- */

/* sip:user@address[:port][;params] with a numeric address: nothing is looked up while calls run. "localhost" is
 * written out. */
static bool seat_good(const char *text, char out[MAIL_URI_MAX]) {
  const char *at = strchr(text, '@');
  const char *host = at ? at + 1 : text + 4;
  if (strncmp(text, "sip:", 4) != 0 || strlen(text) >= MAIL_URI_MAX - 8 || strpbrk(text, " <>\"?\t\r\n,")) return false;
  if (at && (at == text + 4 || strchr(at + 1, '@'))) return false;
  for (const char *p = text; *p; p++)
    if ((unsigned char)*p < 0x21 || (unsigned char)*p > 0x7e) return false;
  bool six = host[0] == '[';
  size_t n = six ? strcspn(host + 1, "]") : strcspn(host, ":;");
  const char *rest = six ? host + 1 + n + (host[1 + n] == ']') : host + n;
  char address[64];
  if (n == 0 || n >= sizeof address || (six && host[1 + n] != ']')) return false;
  memcpy(address, host + six, n);
  address[n] = 0;
  if (!six && strcmp(address, "localhost") == 0) snprintf(address, sizeof address, "127.0.0.1");
  unsigned char raw[16];
  if (inet_pton(six ? AF_INET6 : AF_INET, address, raw) != 1) return false;
  if (*rest == ':') {
    size_t digits = strspn(rest + 1, "0123456789");
    long port = strtol(rest + 1, NULL, 10);
    if (digits == 0 || digits > 5 || port < 1 || port > 65535 || (rest[1 + digits] && rest[1 + digits] != ';')) return false;
  } else if (*rest && *rest != ';') {
    return false;
  }
  return snprintf(out, MAIL_URI_MAX, "%.*s%s%s%s%s", (int)(host - text), text, six ? "[" : "", address, six ? "]" : "", rest) <
         MAIL_URI_MAX;
}

static bool name_good(const char *name) {
  size_t n = strlen(name);
  return n > 0 && n < MAIL_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") == n &&
         name[0] != '-' && name[0] != '.';
}

/* "spring,survey": the first is home. */
static bool campaigns_of(const char *text, struct agent_def *def) {
  unsigned n = 0;
  for (const char *p = text;; p++) {
    const size_t length = strcspn(p, ",");
    if (length == 0 || length >= MAIL_NAME_MAX || n > MAIL_ALSO_MAX) return false;
    snprintf(n == 0 ? def->campaign : def->also[n - 1], MAIL_NAME_MAX, "%.*s", (int)length, p);
    n++;
    p += length;
    if (*p == 0) break;
  }
  def->a.also_count = (uint8_t)(n - 1);
  return true;
}

static bool skills_good(const char *text, struct agent_def *def) {
  if (!*text || strlen(text) >= sizeof def->skills || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_,") != strlen(text)) return false;
  snprintf(def->skills, sizeof def->skills, "%s", text);
  return true;
}

int cmd_agent_add(struct command_call *c) {
  struct agent_job j = {.name = c->args->words[0]};
  bool nailed = call_option(c, OPT_NAILED) != NULL, on_demand = call_option(c, OPT_ON_DEMAND) != NULL;
  const char *listener = call_option(c, OPT_LISTENER);
  const struct config *config = c->backend->config;
  if (nailed == on_demand) {
    fprintf(c->err,
            "cadencia agent add: one of --nailed (the line stays open) and --on-demand (the phone rings for each call) is wanted\n");
    return EXIT_USAGE;
  }
  if (!name_good(j.name))
    return call_refuse(c, "the name \"%.40s\" must be up to %d letters, digits, '.', '_', '@' or '-'", j.name, MAIL_NAME_MAX - 1);
  const char *phone = call_option(c, OPT_PHONE), *seat = call_option(c, OPT_SEAT);
  struct phone_job p = {.agent = &j, .realm = config->realm};
  if ((phone != NULL) == (seat != NULL)) {
    fprintf(c->err,
            "cadencia agent add: one of --seat SIP-URI (a phone at a fixed address) and --phone USER (one that registers) is wanted\n");
    return EXIT_USAGE;
  }
  if (phone && (!name_good(phone) || !c->secret || !c->secret[0]))
    return call_refuse(c, "the phone \"%.40s\" needs a name of letters, digits, '.', '_', '@' or '-' and a password, by --password -",
                       phone);
  if (phone) {
    snprintf(j.def.a.uri, sizeof j.def.a.uri, "phone:%s", phone);
    snprintf(p.phone.user, sizeof p.phone.user, "%s", phone);
    char md5[DIGEST_HEX];
    const char *why;
    if (phone_ha1(phone, config->realm, c->secret, md5, p.phone.ha1_sha256, &why) < 0) return call_refuse(c, "%s", why);
    memcpy(p.phone.ha1_md5, md5, sizeof p.phone.ha1_md5);
  }
  if (!phone && !seat_good(seat, j.def.a.uri))
    return call_refuse(c, "the seat \"%.100s\" must be a SIP URI with a numeric address, as sip:anna@192.0.2.30:5060", seat);
  unsigned l = 0;
  while (listener && l < config->listener_count && strcmp(config->listeners[l].name, listener) != 0) l++;
  if (listener && l == config->listener_count) return call_refuse(c, "there is no listener \"%.40s\" in %s", listener, config->path);
  j.def.a.listener = (uint16_t)l;
  j.def.a.nailed = nailed;
  j.def.a.state = AGENT_LOGGED_OUT;
  snprintf(j.def.a.name, sizeof j.def.a.name, "%s", j.name);
  if (!campaigns_of(call_option(c, OPT_CAMPAIGN), &j.def))
    return call_refuse(c, "--campaign takes one to %d names, separated by commas: the first is the agent's own", MAIL_ALSO_MAX + 1);
  if (call_option(c, OPT_SKILL) && !skills_good(call_option(c, OPT_SKILL), &j.def))
    return call_refuse(c, "--skill takes words of small letters, digits, '-' or '_', separated by commas, as es,vip");
  int r = phone ? do_job(c, job_put_phone, &p, true) : do_job(c, job_put, &j, true);
  if (r == CAD_EBUSY) return call_refuse(c, "the phone \"%s\" is another agent's; choose another name", phone);
  if (r == CAD_EEXIST) return call_refuse(c, "agent \"%s\" is there already; choose another name", j.name);
  if (r == CAD_ENOENT)
    return call_refuse(c, "there is no campaign \"%.40s\"; make it with cadencia campaign create", call_option(c, OPT_CAMPAIGN));
  if (r < 0) return call_refuse_store(c, r, "agent");
  if (c->backend->daemon && (r = c->backend->announce(c->backend->self, NULL, j.name)) < 0)
    return call_refuse(c, "kept in the database, but the daemon did not take it (%s); look at its log", err_name(r));
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:o, s:s}", "agent", json_text(j.name), "id", json_id(j.def.a.agent_id), "wanted", "logged_out"));
  else
    fprintf(c->out, "agent %s made, logged out. Next: cadencia agent login %s\n", j.name, j.name);
  return EXIT_GOOD;
}

/* ---- orders ---- */

static int find_agent(struct command_call *c, struct agent_job *j) {
  int r = do_job(c, job_get, j, false);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no agent \"%.40s\"; cadencia agent list shows them", j->name);
  return r < 0 ? call_refuse_store(c, r, "agent") : EXIT_GOOD;
}

/* Sends it; text gets the reply. */
static int send_order(struct command_call *c, struct mail *m, char text[MAIL_TEXT_MAX], uint64_t *attempt) {
  struct mail_order_reply reply = {0};
  int r = c->backend->order(c->backend->self, m, &reply);
  if (r == CAD_ETIMEOUT) return call_refuse(c, "the floor has not answered within 5 s; look at the daemon's log");
  if (r < 0) return call_refuse(c, "the floor takes no orders now (%s); try again", err_name(r));
  reply.text[sizeof reply.text - 1] = 0;
  if (reply.err < 0) return call_refuse(c, "%s", reply.text[0] ? reply.text : err_name(reply.err));
  *attempt = reply.attempt_id;
  memcpy(text, reply.text, MAIL_TEXT_MAX);
  return EXIT_GOOD;
}

static int order(struct command_call *c, struct mail *m, const struct agent_job *j) {
  uint64_t attempt;
  char text[MAIL_TEXT_MAX];
  int status = send_order(c, m, text, &attempt);
  if (status != EXIT_GOOD) return status;
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:o}", "agent", json_text(j->name), "reply", json_text(text)));
  else
    fprintf(c->out, "%s\n", text);
  return EXIT_GOOD;
}

static int job_reason(struct store *s, void *arg) {
  const struct agent_job *j = arg;
  return store_pause_known(s, j->def.campaign, j->reason);
}

static int want(struct command_call *c, enum agent_state wanted, const char *needs_login) {
  struct agent_job j = {.name = c->args->words[0], .wanted = wanted};
  int status = find_agent(c, &j);
  if (status != EXIT_GOOD) return status;
  if (needs_login && j.def.a.state == AGENT_LOGGED_OUT) return call_refuse(c, "%s is logged out; %s", j.name, needs_login);
  j.reason = wanted == AGENT_PAUSED && c->args->word_count > 1 ? c->args->words[1] : NULL;
  int r = j.reason ? do_job(c, job_reason, &j, false) : CAD_OK;
  if (r == CAD_ENOENT)
    return call_refuse(c, "\"%.20s\" is no reason here; cadencia pause list --campaign %s shows them", j.reason, j.def.campaign);
  if (r >= 0) r = do_job(c, job_state, &j, true);
  if (r < 0) return call_refuse_store(c, r, "agent");
  if (c->backend->daemon) {
    struct mail m = mail_make(ORDER_AGENT, clock_mono());
    if (j.reason) snprintf(m.u.order_agent.code, sizeof m.u.order_agent.code, "%s", j.reason);
    m.u.order_agent.agent_id = j.def.a.agent_id;
    m.u.order_agent.state = (uint8_t)wanted;
    return order(c, &m, &j);
  }
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:s, s:b}", "agent", json_text(j.name), "wanted", agent_state_name(wanted), "daemon", 0));
  else
    fprintf(c->out, "agent %s will be %s when cadencia serve starts; no daemon runs here\n", j.name, agent_state_name(wanted));
  return EXIT_GOOD;
}

int cmd_agent_login(struct command_call *c) { return want(c, AGENT_PAUSED, NULL); }
int cmd_agent_ready(struct command_call *c) { return want(c, AGENT_READY, NULL); }
int cmd_agent_pause(struct command_call *c) { return want(c, AGENT_PAUSED, "there is nothing to pause"); }
int cmd_agent_logout(struct command_call *c) { return want(c, AGENT_LOGGED_OUT, NULL); }

/* contact: the id of the one that the agent sees, NULL: whichever it is. */
static int preview_order(struct command_call *c, struct mail *m, const char *contact) {
  struct agent_job j = {.name = c->args->words[0]};
  char *end = NULL;
  if (contact) m->u.order_agent.case_id = strtoull(contact, &end, 10);
  if (contact && (*end || m->u.order_agent.case_id == 0)) return call_refuse(c, "\"%.24s\" is no contact's id", contact);
  int status = find_agent(c, &j);
  if (status != EXIT_GOOD) return status;
  if (!c->backend->daemon) return call_refuse(c, "no daemon runs here; start it with cadencia serve");
  m->u.order_agent.agent_id = j.def.a.agent_id;
  return order(c, m, &j);
}

int cmd_agent_accept(struct command_call *c) {
  struct mail m = mail_make(ORDER_PREVIEW, clock_mono());
  return preview_order(c, &m, c->args->word_count > 1 ? c->args->words[1] : NULL);
}

int cmd_agent_skip(struct command_call *c) {
  struct mail m = mail_make(ORDER_SKIP, clock_mono());
  const int reason = skip_reason_parse(c->args->words[1]);
  if (reason < 0)
    return call_refuse(c, "\"%.20s\" is no reason to skip a contact; write not_now, spoken, data, language or other", c->args->words[1]);
  m.u.order_agent.reason = (uint8_t)reason;
  return preview_order(c, &m, c->args->word_count > 2 ? c->args->words[2] : NULL);
}

int cmd_dispose(struct command_call *c) {
  struct agent_job j = {.name = c->args->words[0]};
  const char *code = c->args->words[1];
  struct mail m = mail_make(ORDER_DISPOSE, clock_mono());
  if (strlen(code) >= sizeof m.u.order_agent.code || strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != strlen(code) ||
      code[0] == '-')
    return call_refuse(c, "the code \"%.20s\" must be up to 7 capital letters, digits, '-' or '_', as SALE or NI", code);
  if (!dispose_options_good(c)) return EXIT_REFUSED;
  int status = find_agent(c, &j);
  if (status != EXIT_GOOD) return status;
  if (!c->backend->daemon) return call_refuse(c, "no daemon runs here, so no agent has a call to dispose");
  m.u.order_agent.agent_id = j.def.a.agent_id;
  snprintf(m.u.order_agent.code, sizeof m.u.order_agent.code, "%s", code);
  uint64_t attempt = 0;
  char text[MAIL_TEXT_MAX] = "";
  json_t *promised = NULL;
  status = send_order(c, &m, text, &attempt);
  if (status == EXIT_GOOD && !call_json(c)) fprintf(c->out, "%s\n", text);
  if (status == EXIT_GOOD && attempt) status = dispose_more(c, attempt, j.def.a.agent_id, &promised);
  if (status != EXIT_GOOD || !call_json(c)) {
    json_decref(promised);
    return status;
  }
  call_put_json(
      c, json_pack("{s:o, s:o, s:o}", "agent", json_text(j.name), "reply", json_text(text), "callback", promised ? promised : json_null()));
  return EXIT_GOOD;
}

/* ---- list ---- */

struct list_job {
  struct agent_def *items;
  int count, room;
};

static int take_def(void *arg, const struct agent_def *d) {
  struct list_job *l = arg;
  if (l->count == l->room) {
    int room = l->room ? l->room * 2 : 64;
    void *more = room > 16384 ? NULL : realloc(l->items, (size_t)room * sizeof *l->items);
    if (!more) return CAD_EFULL;
    l->items = more;
    l->room = room;
  }
  l->items[l->count++] = *d;
  return CAD_OK;
}
static int job_list(struct store *s, void *arg) { return store_agent_list(s, take_def, arg); }

static const struct live_agent *live_find(const struct live *live, uint64_t id) {
  for (unsigned i = 0; live && i < live->agent_count && i < LIVE_AGENTS_MAX; i++)
    if (live->agents[i].id == id) return &live->agents[i];
  return NULL;
}

static void list_json(struct command_call *c, const struct list_job *l, const struct live *live) {
  json_t *array = json_array();
  for (int i = 0; i < l->count; i++) {
    const struct agent_def *d = &l->items[i];
    const struct live_agent *now = live_find(live, d->a.agent_id);
    json_array_append_new(array,
                          json_pack("{s:o, s:o, s:o, s:o, s:b, s:s, s:o, s:o, s:o, s:o}", "name", json_text(d->a.name), "id",
                                    json_id(d->a.agent_id), "campaign", json_text(d->campaign), "seat", json_text(d->a.uri), "nailed",
                                    d->a.nailed, "wanted", agent_state_name((enum agent_state)d->a.state), "state",
                                    now ? json_string(agent_state_name((enum agent_state)now->state)) : json_null(), "seat_up",
                                    now ? json_boolean(now->seat_up) : json_null(), "since", now ? json_time(now->since) : json_null(),
                                    "rests_until", now ? json_time(now->rests_until) : json_null()));
  }
  call_put_json(c, json_pack("{s:o}", "agents", array));
}

static void list_table(struct command_call *c, const struct list_job *l, const struct live *live) {
  static const char *const HEADS[] = {"NAME", "CAMPAIGN", "WANTED", "NOW", "SEAT", "PHONE", ">CALLS", NULL};
  struct table *t = table_create(HEADS);
  for (int i = 0; i < l->count; i++) {
    const struct agent_def *d = &l->items[i];
    const struct live_agent *now = live_find(live, d->a.agent_id);
    table_put(t, "%s", d->a.name);
    table_put(t, "%s", d->campaign);
    table_put(t, "%s", agent_state_name((enum agent_state)d->a.state));
    table_put(t, "%s%s", now ? agent_state_name((enum agent_state)now->state) : "-", now && now->rests_until.ms ? ", rests" : "");
    table_put(t, "%s%s", d->a.nailed ? "nailed" : "on demand", now ? now->seat_up ? ", up" : ", down" : "");
    table_put(t, "%s", d->a.uri);
    table_put(t, "%u", now ? now->calls : 0);
  }
  table_print(t, c->out, "no agents yet; make one with cadencia agent add NAME --seat SIP-URI --nailed --campaign C");
  table_destroy(t);
}

int cmd_agent_list(struct command_call *c) {
  struct list_job l = {NULL, 0, 0};
  int r = do_job(c, job_list, &l, false);
  struct live *live = r >= 0 && c->backend->daemon ? calloc(1, sizeof *live) : NULL;
  if (live) c->backend->live(c->backend->self, live);
  if (r < 0)
    call_refuse_store(c, r, "agents");
  else if (call_json(c))
    list_json(c, &l, live);
  else
    list_table(c, &l, live);
  free(live);
  free(l.items);
  return r < 0 ? EXIT_REFUSED : EXIT_GOOD;
}
