#include "dialer/base/config.h"
#include "dialer/base/schema.h"
#include "dialer/base/share.h"
#include <cadencia/err.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PLACE(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)

void config_defaults(struct config *out) {
  memset(out, 0, sizeof *out);
  snprintf(out->state_dir, sizeof out->state_dir, "/var/lib/cadencia");
  share_find(out->share_dir, sizeof out->share_dir);
  snprintf(out->realm, sizeof out->realm, "cadencia");
  snprintf(out->phone_digest, sizeof out->phone_digest, "MD5");
  out->limit_calls = 2000;
  out->limit_agents = 500;
  out->limit_contacts = 10000000;
  out->drain_s = 300;
  out->checkpoint_rows = 1000;
}

/* ---- addresses ---- */

static bool host_numeric(const char *host, int *family) {
  unsigned char raw[16];
  *family = inet_pton(AF_INET, host, raw) == 1 ? AF_INET : inet_pton(AF_INET6, host, raw) == 1 ? AF_INET6 : 0;
  return *family != 0;
}

/* "127.0.0.1:5060" or "[::1]:5060". */
static bool host_port(const char *text, char *host, size_t host_size, uint16_t *port) {
  const char *colon = strrchr(text, ':');
  if (!colon || colon == text) return false;
  const char *from = text;
  size_t n = (size_t)(colon - text);
  bool bracketed = text[0] == '[';
  if (bracketed) {
    if (colon[-1] != ']' || n < 3) return false;
    from++;
    n -= 2;
  }
  char copy[64];
  int family;
  if (n >= sizeof copy || n >= host_size) return false;
  memcpy(copy, from, n);
  copy[n] = 0;
  if (!host_numeric(copy, &family) || (family == AF_INET6) != bracketed) return false;
  size_t digits = strspn(colon + 1, "0123456789");
  if (digits == 0 || digits > 5 || colon[1 + digits]) return false;
  long v = strtol(colon + 1, NULL, 10);
  if (v < 1 || v > 65535) return false;
  memcpy(host, copy, n + 1);
  *port = (uint16_t)v;
  return true;
}

/* ---- listeners ---- */

static void own_bind(struct schema *sc, config_setting_t *s, void *base) {
  struct config_listener *l = base;
  const char *text = config_setting_get_string(s);
  if (!text || !host_port(text, l->bind_host, sizeof l->bind_host, &l->bind_port))
    schema_error(sc, s, "bind must be a numeric address and a port; write bind = \"192.0.2.10:5060\" or \"[2001:db8::10]:5060\"");
}

static void own_transport(struct schema *sc, config_setting_t *s, void *base) {
  const struct config_listener *l = base;
  if (strcmp(l->transport, "udp") != 0 && strcmp(l->transport, "tcp") != 0 && strcmp(l->transport, "tls") != 0)
    schema_error(sc, s, "transport \"%s\" is unknown; write transport = \"udp\", \"tcp\" or \"tls\"", l->transport);
}

static void own_advertise(struct schema *sc, config_setting_t *s, void *base) {
  const struct config_listener *l = base;
  int family;
  if (l->advertise[0] && !host_numeric(l->advertise, &family))
    schema_error(sc, s,
                 "advertise must be a numeric address without a port; write advertise = \"\" for the bind address or \"192.0.2.10\"");
}

static void own_media_ports(struct schema *sc, config_setting_t *s, void *base) {
  struct config_listener *l = base;
  int64_t low = 0, high = 0;
  if ((!config_setting_is_array(s) && !config_setting_is_list(s)) || config_setting_length(s) != 2 ||
      !schema_whole(config_setting_get_elem(s, 0), &low) || !schema_whole(config_setting_get_elem(s, 1), &high)) {
    schema_error(sc, s, "media_ports must be the first and the last port; write media_ports = [20000, 29999]");
    return;
  }
  if (low < 1024 || high > 65535 || high - low < 3) {
    schema_error(sc, s,
                 "media_ports %lld to %lld must lie within 1024 to 65535 and hold 4 ports or more; write media_ports = [20000, 29999]",
                 (long long)low, (long long)high);
    return;
  }
  l->media_port_min = (uint16_t)low;
  l->media_port_max = (uint16_t)high;
}

static void own_tls_dir(struct schema *sc, config_setting_t *s, void *base) {
  const struct config_listener *l = base;
  if (l->tls_dir[0] != '/' || strpbrk(l->tls_dir, ";="))
    schema_error(sc, s, "tls_dir must begin with '/'; write the whole path, as tls_dir = \"/etc/cadencia/tls\"");
}

static const struct schema_key LISTENER_KEYS[] = {
    {"name", SCHEMA_TEXT, true, PLACE(config_listener, name), 1, 0, "\"main\"", NULL},
    {"bind", SCHEMA_OWN, true, 0, 0, 0, 0, "\"192.0.2.10:5060\"", own_bind},
    {"transport", SCHEMA_TEXT, false, PLACE(config_listener, transport), 1, 0, "\"udp\"", own_transport},
    {"tls_dir", SCHEMA_TEXT, false, PLACE(config_listener, tls_dir), 1, 0, "\"/etc/cadencia/tls\"", own_tls_dir},
    {"advertise", SCHEMA_TEXT, false, PLACE(config_listener, advertise), 0, 0, "\"192.0.2.10\"", own_advertise},
    {"media_ports", SCHEMA_OWN, false, 0, 0, 0, 0, "[20000, 29999]", own_media_ports},
    {NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL}};

static bool same_host_or_any(const char *a, const char *b) {
  return strcmp(a, b) == 0 || strcmp(a, "0.0.0.0") == 0 || strcmp(b, "0.0.0.0") == 0 || strcmp(a, "::") == 0 || strcmp(b, "::") == 0;
}

static void listener_cross_check(struct schema *sc, config_setting_t *at, const struct config *c, unsigned i) {
  const struct config_listener *l = &c->listeners[i];
  if (l->bind_port >= l->media_port_min && l->bind_port <= l->media_port_max)
    schema_error(sc, at, "listener \"%s\" binds port %u inside its own media_ports; move one of them", l->name, l->bind_port);
  if (l->advertise[0] == 0 && (strcmp(l->bind_host, "0.0.0.0") == 0 || strcmp(l->bind_host, "::") == 0))
    schema_error(
        sc, at,
        "listener \"%s\" binds every address, so the one told to others is unknown; bind one address or write advertise = \"192.0.2.10\"",
        l->name);
  if (strcmp(l->transport, "tls") == 0 && l->tls_dir[0] == 0)
    schema_error(sc, at,
                 "listener \"%s\" speaks TLS and has no certificate; write tls_dir = \"/etc/cadencia/tls\" with agent.pem and cafile.pem",
                 l->name);
  for (unsigned j = 0; j < i; j++) {
    const struct config_listener *o = &c->listeners[j];
    if (strcmp(l->name, o->name) == 0) schema_error(sc, at, "listener name \"%s\" is used twice; give each its own name", l->name);
    if (!same_host_or_any(l->bind_host, o->bind_host)) continue;
    if (l->bind_port == o->bind_port)
      schema_error(sc, at, "listeners \"%s\" and \"%s\" bind the same port %u; change one", o->name, l->name, l->bind_port);
    if (l->media_port_min <= o->media_port_max && o->media_port_min <= l->media_port_max)
      schema_error(sc, at, "media_ports of listeners \"%s\" and \"%s\" overlap; move one range", o->name, l->name);
  }
}

static void own_listeners(struct schema *sc, config_setting_t *s, void *base) {
  struct config *c = base;
  int n = config_setting_is_list(s) ? config_setting_length(s) : -1;
  if (n < 1 || n > CONFIG_LISTENERS_MAX) {
    schema_error(sc, s,
                 "listeners must be a list of 1 to %d groups; write listeners = ( { name = \"main\"; bind = \"192.0.2.10:5060\"; } );",
                 CONFIG_LISTENERS_MAX);
    return;
  }
  for (int i = 0; i < n; i++) {
    struct config_listener *l = &c->listeners[i];
    *l = (struct config_listener){.transport = "udp", .media_port_min = 20000, .media_port_max = 29999};
    unsigned before = sc->errors;
    config_setting_t *group = config_setting_get_elem(s, (unsigned)i);
    schema_read(sc, group, LISTENER_KEYS, l);
    if (sc->errors == before) listener_cross_check(sc, group, c, (unsigned)i);
  }
  c->listener_count = (unsigned)n;
}

/* ---- trunks ---- */

/* What a trunk says before names are resolved. */
struct trunk_text {
  struct config_trunk t;
  char listener[MAIL_NAME_MAX];
};

/* "sip.carrier.example" or "sip.carrier.example:5060". */
static bool host_name(const char *text, size_t bytes) {
  char copy[128];
  if (bytes == 0 || bytes >= sizeof copy) return false;
  memcpy(copy, text, bytes);
  copy[bytes] = 0;
  char *colon = strchr(copy, ':');
  if (colon) {
    char *end;
    long port = strtol(colon + 1, &end, 10);
    if (*end || end == colon + 1 || port < 1 || port > 65535) return false;
    *colon = 0;
  }
  size_t n = strlen(copy);
  bool letters = strpbrk(copy, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
  return n > 0 && n < 64 && letters && copy[0] != '.' && copy[0] != '-' &&
         strspn(copy, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == n;
}

static void own_registers(struct schema *sc, config_setting_t *s, void *base) {
  const struct trunk_text *t = base;
  if (t->t.registers && !t->t.user[0])
    schema_error(sc, s, "register = true needs an account; write user = \"...\"; password = \"...\" above it");
}

static void own_proxy(struct schema *sc, config_setting_t *s, void *base) {
  const struct trunk_text *t = base;
  const char *p = t->t.proxy;
  const char *fix = "write proxy = \"sip:192.0.2.20:5060;transport=udp\"";
  if (strncmp(p, "sips:", 5) == 0) {
    schema_error(sc, s, "proxy uses sips:; write proxy = \"sip:192.0.2.20:5061;transport=tls\" and a listener with transport = \"tls\"");
    return;
  }
  if (strncmp(p, "sip:", 4) != 0 || strchr(p, '@') || strpbrk(p, " <>\"?")) {
    schema_error(sc, s, "proxy \"%s\" is no plain SIP URI of a host; %s", p, fix);
    return;
  }
  char host_text[MAIL_URI_MAX + 8], host[64];
  size_t n = strcspn(p + 4, ";");
  const char *params = p + 4 + n;
  bool has_port = p[4] == '[' ? strstr(p + 4, "]:") != NULL : memchr(p + 4, ':', n) != NULL;
  snprintf(host_text, sizeof host_text, "%.*s%s", (int)n, p + 4, has_port ? "" : ":5060");
  uint16_t port;
  if (!host_port(host_text, host, sizeof host, &port) && !host_name(p + 4, n)) {
    schema_error(sc, s, "proxy must name an address, or a name of letters, digits, '-' and '.', and maybe a port; %s", fix);
    return;
  }
  if (params[0] && strcasecmp(params, ";transport=udp") != 0 && strcasecmp(params, ";transport=tcp") != 0 &&
      strcasecmp(params, ";transport=tls") != 0)
    schema_error(sc, s, "proxy parameter \"%s\" is not supported; %s", params, fix);
}

static void own_caller_id(struct schema *sc, config_setting_t *s, void *base) {
  struct trunk_text *t = base;
  const char *text = config_setting_get_string(s);
  if (!text || !schema_phone(text, &t->t.caller_id))
    schema_error(sc, s, "caller_id must be an international number in quotes; write caller_id = \"+12025550100\"");
}

static void own_codecs(struct schema *sc, config_setting_t *s, void *base) {
  struct config_trunk *t = &((struct trunk_text *)base)->t;
  const char *fix = "write codecs = [\"PCMU\", \"PCMA\"] in the order you prefer";
  int n = config_setting_is_aggregate(s) ? config_setting_length(s) : 0;
  if (n < 1 || n > 2) {
    schema_error(sc, s, "codecs must be a list of one or two; %s", fix);
    return;
  }
  for (int i = 0; i < n; i++) {
    const char *word = config_setting_get_string_elem(s, i);
    int pt = word && strcmp(word, "PCMU") == 0 ? CODEC_PCMU : word && strcmp(word, "PCMA") == 0 ? CODEC_PCMA : -1;
    if (pt < 0 || (i == 1 && pt == t->codecs[0])) {
      schema_error(sc, s, "codec %d is %s; %s", i + 1, pt < 0 ? "neither PCMU nor PCMA" : "named twice", fix);
      return;
    }
    t->codecs[i] = (uint8_t)pt;
  }
  t->codec_count = (uint8_t)n;
}

static void own_sources(struct schema *sc, config_setting_t *s, void *base) {
  struct config_trunk *t = &((struct trunk_text *)base)->t;
  const char *fix = "write sources = [\"192.0.2.0/24\", \"198.51.100.7\"]";
  const int n = config_setting_is_aggregate(s) ? config_setting_length(s) : -1;
  if (n < 0 || n > NETBLOCKS_MAX) {
    schema_error(sc, s, "sources must be a list of at most %d addresses or blocks of them; %s", NETBLOCKS_MAX, fix);
    return;
  }
  for (int i = 0; i < n; i++) {
    const char *text = config_setting_get_string_elem(s, i);
    const int rc = text ? netblock_parse(text, &t->sources[i]) : CAD_EFORMAT;
    if (rc < 0) {
      schema_error(
          sc, s, "source %d, \"%s\", is %s; %s", i + 1, text ? text : "",
          rc == CAD_EINVAL ? "wider than a carrier is (/8, /16 of IPv6)" : "neither an address nor a block that begins where it says", fix);
      return;
    }
  }
  t->source_count = (uint8_t)n;
}

static void own_tones(struct schema *sc, config_setting_t *s, void *base) {
  const char *c = ((struct trunk_text *)base)->t.tones;
  if (c[0] && (strlen(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z'))
    schema_error(sc, s, "tones must be two capital letters of a country that has a file in tones/; write tones = \"ES\"");
}

static const struct schema_key TRUNK_KEYS[] = {
    {"name", SCHEMA_TEXT, true, PLACE(trunk_text, t.name), 1, 0, "\"carrier\"", NULL},
    {"listener", SCHEMA_TEXT, true, PLACE(trunk_text, listener), 1, 0, "\"main\"", NULL},
    {"proxy", SCHEMA_TEXT, true, PLACE(trunk_text, t.proxy), 5, 0, "\"sip:192.0.2.20:5060;transport=udp\"", own_proxy},
    {"caller_id", SCHEMA_OWN, true, 0, 0, 0, 0, "\"+12025550100\"", own_caller_id},
    {"channels", SCHEMA_WHOLE, false, PLACE(trunk_text, t.channels), 1, 65535, "30", NULL},
    {"calls_per_s", SCHEMA_WHOLE, false, PLACE(trunk_text, t.calls_per_s), 1, 10000, "5", NULL},
    {"codecs", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"PCMU\", \"PCMA\"]", own_codecs},
    {"tones", SCHEMA_TEXT, false, PLACE(trunk_text, t.tones), 0, 2, "\"ES\"", own_tones},
    {"sources", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"192.0.2.0/24\"]", own_sources},
    {"user", SCHEMA_TEXT, false, PLACE(trunk_text, t.user), 1, 0, "\"acme\"", NULL},
    {"password", SCHEMA_TEXT, false, PLACE(trunk_text, t.password), 1, 0, "\"...\"", NULL},
    {"register", SCHEMA_FLAG, false, PLACE(trunk_text, t.registers), 0, 0, "true", own_registers},
    {"expires_s", SCHEMA_WHOLE, false, PLACE(trunk_text, t.expires_s), 30, 86400, "300", NULL},
    {"options_s", SCHEMA_WHOLE, false, PLACE(trunk_text, t.options_s), 0, 3600, "20", NULL},
    {"domain", SCHEMA_TEXT, false, PLACE(trunk_text, t.domain), 1, 0, "\"voice.example.net\"", NULL},
    {"tls_name", SCHEMA_TEXT, false, PLACE(trunk_text, t.tls_name), 1, 0, "\"sip.example.net\"", NULL},
    {"group", SCHEMA_TEXT, false, PLACE(trunk_text, t.group), 1, 0, "\"carriers\"", NULL},
    {"priority", SCHEMA_WHOLE, false, PLACE(trunk_text, t.priority), 1, 100, "1", NULL},
    {"weight", SCHEMA_WHOLE, false, PLACE(trunk_text, t.weight), 1, 1000, "100", NULL},
    {NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL}};

static void own_trunks(struct schema *sc, config_setting_t *s, void *base) {
  struct config *c = base;
  int n = config_setting_is_list(s) ? config_setting_length(s) : -1;
  if (n < 0 || n > CONFIG_TRUNKS_MAX) {
    schema_error(sc, s, "trunks must be a list of up to %d groups; write trunks = ( { name = \"carrier\"; ... } );", CONFIG_TRUNKS_MAX);
    return;
  }
  for (int i = 0; i < n; i++) {
    struct trunk_text t = {.t = {.expires_s = 300,
                                 .options_s = 20,
                                 .priority = 1,
                                 .weight = 100,
                                 .channels = 30,
                                 .calls_per_s = 5,
                                 .codecs = {CODEC_PCMU, CODEC_PCMA},
                                 .codec_count = 2}};
    unsigned before = sc->errors;
    config_setting_t *group = config_setting_get_elem(s, (unsigned)i);
    schema_read(sc, group, TRUNK_KEYS, &t);
    c->trunks[i] = t.t;
    c->trunks[i].listener = UINT16_MAX;
    for (int j = 0; sc->errors == before && j < i; j++)
      if (strcmp(c->trunks[j].name, t.t.name) == 0)
        schema_error(sc, group, "trunk name \"%s\" is used twice; give each its own name", t.t.name);
    /* Listeners may stand below trunks in the file: look them up there, by what the file says. */
    snprintf(((char(*)[MAIL_NAME_MAX])sc->arg)[i], MAIL_NAME_MAX, "%s", t.listener);
  }
  c->trunk_count = (unsigned)n;
}

/* A listener speaks one transport; its trunks speak the same. */
static void same_transport(struct schema *sc, config_setting_t *at, const struct config_trunk *t, const struct config_listener *l) {
  const char *said = strcasestr(t->proxy, ";transport=");
  if (t->proxy[0] && strcasecmp(said ? said + 11 : "udp", l->transport) != 0)
    schema_error(sc, at, "trunk \"%s\" says transport=%.8s, but its listener \"%s\" speaks %s; write proxy = \"sip:...;transport=%s\"",
                 t->name, said ? said + 11 : "udp", l->name, l->transport, l->transport);
}

static void resolve_listeners(struct schema *sc, config_setting_t *root, struct config *c, char names[][MAIL_NAME_MAX]) {
  config_setting_t *list = config_setting_get_member(root, "trunks");
  for (unsigned i = 0; i < c->trunk_count; i++) {
    struct config_trunk *t = &c->trunks[i];
    for (unsigned j = 0; j < c->listener_count; j++)
      if (strcmp(names[i], c->listeners[j].name) == 0) t->listener = (uint16_t)j;
    if (t->listener != UINT16_MAX) same_transport(sc, config_setting_get_elem(list, i), t, &c->listeners[t->listener]);
    if (t->listener != UINT16_MAX || !names[i][0] || c->listener_count == 0) continue;
    config_setting_t *group = config_setting_get_elem(list, i);
    config_setting_t *at = config_setting_get_member(group, "listener");
    schema_error(sc, at ? at : group, "trunk \"%s\" names listener \"%s\", which is not there; write listener = \"%s\"", t->name, names[i],
                 c->listeners[0].name);
  }
}

/* ---- the rest ---- */

static void own_console_bind(struct schema *sc, config_setting_t *s, void *base) {
  struct config *c = base;
  const char *text = config_setting_get_string(s);
  if (!text || !host_port(text, c->console_host, sizeof c->console_host, &c->console_port))
    schema_error(sc, s, "bind must be a numeric address and a port; write bind = \"127.0.0.1:8080\"");
}
static const struct schema_key CONSOLE_KEYS[] = {{"bind", SCHEMA_OWN, true, 0, 0, 0, 0, "\"127.0.0.1:8080\"", own_console_bind},
                                                 {NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL}};
static void own_console(struct schema *sc, config_setting_t *s, void *base) { schema_read(sc, s, CONSOLE_KEYS, base); }

static const struct schema_key LIMIT_KEYS[] = {
    {"calls", SCHEMA_WHOLE, false, PLACE(config, limit_calls), 1, 50000, "2000", NULL},
    {"agents", SCHEMA_WHOLE, false, PLACE(config, limit_agents), 1, 10000, "500", NULL},
    {"contacts", SCHEMA_WHOLE, false, PLACE(config, limit_contacts), 1, 1000000000, "10000000", NULL},
    {NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL}};
static void own_limits(struct schema *sc, config_setting_t *s, void *base) { schema_read(sc, s, LIMIT_KEYS, base); }

static void own_realm(struct schema *sc, config_setting_t *s, void *base) {
  const struct config *c = base;
  if (strpbrk(c->realm, "\"\\:")) schema_error(sc, s, "realm must hold no quotes, colons or backslashes; write realm = \"cadencia\"");
}

static void own_phone_digest(struct schema *sc, config_setting_t *s, void *base) {
  const struct config *c = base;
  if (strcmp(c->phone_digest, "MD5") != 0 && strcmp(c->phone_digest, "SHA-256") != 0 && strcmp(c->phone_digest, "both") != 0)
    schema_error(sc, s, "phone_digest is \"MD5\", \"SHA-256\" or \"both\"; write phone_digest = \"both\"");
}

static void own_state_dir(struct schema *sc, config_setting_t *s, void *base) {
  (void)base;
  if (config_setting_get_string(s)[0] != '/')
    schema_error(sc, s, "%s must begin with '/': the daemon does not run in your folder; write the whole path", config_setting_name(s));
}

static const struct schema_key ROOT_KEYS[] = {
    {"state_dir", SCHEMA_TEXT, false, PLACE(config, state_dir), 1, 0, "\"/var/lib/cadencia\"", own_state_dir},
    {"share_dir", SCHEMA_TEXT, false, PLACE(config, share_dir), 1, 0, "\"/usr/share/cadencia\"", own_state_dir},
    {"prompt_dir", SCHEMA_TEXT, false, PLACE(config, prompt_dir), 1, 0, "\"/var/lib/cadencia/prompts\"", own_state_dir},
    {"log_file", SCHEMA_TEXT, false, PLACE(config, log_file), 1, 0, "\"/var/log/cadencia.log\"", own_state_dir},
    {"realm", SCHEMA_TEXT, false, PLACE(config, realm), 1, 0, "\"cadencia\"", own_realm},
    {"phone_digest", SCHEMA_TEXT, false, PLACE(config, phone_digest), 1, 0, "\"both\"", own_phone_digest},
    {"box", SCHEMA_WHOLE, false, PLACE(config, box), 0, 1023, "0", NULL},
    {"require_clock_sync", SCHEMA_FLAG, false, PLACE(config, require_clock_sync), 0, 0, "true", NULL},
    {"checkpoint_dir", SCHEMA_TEXT, false, PLACE(config, checkpoint_dir), 1, 0, "\"/mnt/notary\"", own_state_dir},
    {"checkpoint_url", SCHEMA_TEXT, false, PLACE(config, checkpoint_url), 8, 0, "\"https://notary.example/checkpoints\"", NULL},
    {"checkpoint_rows", SCHEMA_WHOLE, false, PLACE(config, checkpoint_rows), 10, 1000000, "1000", NULL},
    {"drain_s", SCHEMA_WHOLE, false, PLACE(config, drain_s), 0, 7200, "300", NULL},
    {"listeners", SCHEMA_OWN, true, 0, 0, 0, 0, "( { name = \"main\"; bind = \"192.0.2.10:5060\"; } );", own_listeners},
    {"trunks", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_trunks},
    {"console", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_console},
    {"limits", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_limits},
    {NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL}};

static void check_console_port(struct schema *sc, config_setting_t *root, const struct config *c) {
  /* The console is TCP and media is UDP, so only a wildcard-free look at its own group is needed: refuse the open world. */
  config_setting_t *at = config_setting_get_member(root, "console");
  if (!at || !c->console_host[0]) return;
  if (strncmp(c->console_host, "127.", 4) != 0 && strcmp(c->console_host, "::1") != 0)
    schema_error(sc, at, "the page has no log-in yet, so it is served on loopback only; write bind = \"127.0.0.1:8080\"");
}

int config_load(const char *path, struct config *out, FILE *err) {
  struct config c;
  char names[CONFIG_TRUNKS_MAX][MAIL_NAME_MAX];
  memset(names, 0, sizeof names);
  struct schema sc = {.path = path, .err = err, .arg = names};
  FILE *in = fopen(path, "re");
  if (!in) {
    int missing = errno == ENOENT || errno == ENOTDIR;
    if (err) fprintf(err, "%s: %s; %s\n", path, strerror(errno), missing ? "name the file with -c FILE" : "check its permissions");
    return missing ? CAD_ENOENT : CAD_EIO;
  }
  config_defaults(&c);
  if (strlen(path) < sizeof c.path) snprintf(c.path, sizeof c.path, "%s", path);
  config_t file;
  int r = schema_parse_file(&sc, in, &file);
  fclose(in);
  if (r == CAD_OK) {
    config_setting_t *root = config_root_setting(&file);
    schema_read(&sc, root, ROOT_KEYS, &c);
    resolve_listeners(&sc, root, &c, names);
    check_console_port(&sc, root, &c);
  }
  config_destroy(&file);
  if (sc.errors) return r == CAD_EIO ? CAD_EIO : CAD_EFORMAT;
  if (r < 0) return r;
  *out = c;
  return CAD_OK;
}
