#include "dialer/sip/auth.h"
#include "dialer/base/digest.h"
#include <cadencia/err.h>
#include <openssl/rand.h>
#define SOFIA_EXTEND_AUTH_CLIENT 1
#include <sofia-sip/auth_client.h>
#include <sofia-sip/auth_client_plugin.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NONCE_MAX = 512, OPAQUE_MAX = 256, REALM_MAX = 128, SECRET_MAX = 96, SECRET_HEX = 2 * SECRET_MAX };

struct client {
  auth_client_t base[1]; /* first: the library's part */
  enum digest_algorithm algorithm;
  char nonce[NONCE_MAX], opaque[OPAQUE_MAX], cnonce[33];
  bool qop, challenged;
  unsigned nc;
};

/* A parameter without its quotes; false: too long. Missing: "". */
static bool param(const msg_auth_t *ch, const char *name, char *out, size_t size) {
  const char *text = msg_header_find_param(ch->au_common, name);
  out[0] = 0;
  if (!text) return true;
  size_t n = strlen(text);
  if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
    text++;
    n -= 2;
  }
  if (n >= size) return false;
  memcpy(out, text, n);
  out[n] = 0;
  return true;
}

static void fresh_cnonce(struct client *c) {
  unsigned char raw[16];
  if (RAND_bytes(raw, sizeof raw) != 1) memset(raw, 7, sizeof raw); /* only our own protection is weaker then */
  for (unsigned i = 0; i < sizeof raw; i++) snprintf(c->cnonce + 2 * i, 3, "%02x", raw[i]);
}

/* The library asks each challenge in turn: > 0 we can answer it (2: it is new), 0 or less: not. */
static int on_challenge(auth_client_t *ca, const msg_auth_t *ch) {
  struct client *c = (struct client *)ca;
  char algorithm[32], nonce[NONCE_MAX], qop[64];
  enum digest_algorithm a = DIGEST_MD5;
  if (!param(ch, "algorithm=", algorithm, sizeof algorithm) || !param(ch, "nonce=", nonce, sizeof nonce) ||
      !param(ch, "qop=", qop, sizeof qop))
    return 1; /* not ours to answer; another one may be there */
  if (algorithm[0] && !digest_algorithm_named(algorithm, &a)) return 1;
  bool same_nonce = c->challenged && strcmp(nonce, c->nonce) == 0;
  if (same_nonce && c->algorithm == DIGEST_SHA256 && a == DIGEST_MD5) return 1; /* the stronger one was there first */
  if (c->challenged && !same_nonce && c->algorithm == DIGEST_SHA256 && a == DIGEST_MD5 && c->nc == 0)
    return 1; /* both offered, a nonce each */
  char stale[8];
  bool fresh = !same_nonce || a != c->algorithm, first = !c->challenged;
  if (!param(ch, "stale=", stale, sizeof stale)) stale[0] = 0;
  if (!param(ch, "opaque=", c->opaque, sizeof c->opaque)) return 1;
  snprintf(c->nonce, sizeof c->nonce, "%s", nonce);
  c->algorithm = a;
  c->qop = strstr(qop, "auth") != NULL;
  c->challenged = true;
  if (!fresh) return 1;
  c->nc = 0;
  fresh_cnonce(c);
  return first || strcasecmp(stale, "true") == 0 ? 2 : 0; /* asked again for no such reason: they were wrong */
}

/* User and password travel through the library as hex: it would cut them at a colon. */
static bool unhex(const char *text, char *out, size_t size) {
  size_t n = strlen(text);
  if (n % 2 || n / 2 >= size) return false;
  for (size_t i = 0; i < n / 2; i++) {
    unsigned byte;
    if (sscanf(text + 2 * i, "%2x", &byte) != 1) return false;
    out[i] = (char)byte;
  }
  out[n / 2] = 0;
  return true;
}

static void to_hex(const char *text, char out[SECRET_HEX]) {
  out[0] = 0;
  for (size_t i = 0; text[i] && 2 * i + 2 < SECRET_HEX; i++) snprintf(out + 2 * i, 3, "%02x", (unsigned char)text[i]);
}

static int on_authorize(auth_client_t *ca, su_home_t *home, const char *method, const url_t *url, const msg_payload_t *body,
                        msg_header_t **out) {
  struct client *c = (struct client *)ca;
  char user[SECRET_MAX], password[SECRET_MAX], realm[REALM_MAX], ha1[DIGEST_HEX], response[DIGEST_HEX], nc[16],
      opaque[OPAQUE_MAX + 16] = "", qop[96] = "";
  (void)body;
  if (!ca->ca_user || !ca->ca_pass || !ca->ca_realm || !c->challenged) return -1;
  if (!unhex(ca->ca_user, user, sizeof user) || !unhex(ca->ca_pass, password, sizeof password)) return -1;
  const char *from = ca->ca_realm;
  size_t n = strlen(from);
  bool quoted = n >= 2 && from[0] == '"';
  snprintf(realm, sizeof realm, "%.*s", (int)(quoted ? n - 2 : n), from + quoted);
  char *uri = url_as_string(home, url);
  if (!uri) return -1;
  snprintf(nc, sizeof nc, "%08x", ++c->nc);
  digest_ha1(c->algorithm, user, realm, password, ha1);
  struct digest_request r = {ha1, c->nonce, method, uri, c->qop ? nc : NULL, c->qop ? c->cnonce : NULL};
  digest_response(c->algorithm, &r, response);
  if (c->qop) snprintf(qop, sizeof qop, ", qop=auth, nc=%s, cnonce=\"%s\"", nc, c->cnonce);
  if (c->opaque[0]) snprintf(opaque, sizeof opaque, ", opaque=\"%s\"", c->opaque);
  *out = msg_header_format(home, ca->ca_credential_class,
                           "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", algorithm=%s, response=\"%s\"%s%s", user, realm,
                           c->nonce, uri, digest_algorithm_name(c->algorithm), response, qop, opaque);
  su_free(home, uri);
  return *out ? 0 : -1;
}

static int on_info(auth_client_t *ca, const msg_auth_info_t *info) {
  (void)ca, (void)info;
  return 0;
}

static int on_clear(auth_client_t *ca) {
  su_free(ca->ca_home, ca->ca_user);
  su_free(ca->ca_home, ca->ca_pass);
  ca->ca_user = ca->ca_pass = NULL;
  return 0;
}

/* The name is in lower case on purpose: registering "Digest" would replace the library's Basic. */
static const auth_client_plugin_t PLUGIN = {
    sizeof PLUGIN, sizeof(struct client), "digest", on_challenge, on_authorize, on_info, on_clear, NULL, NULL};

void auth_register(void) {
  static bool done;
  if (!done) auc_register_plugin(&PLUGIN);
  done = true;
}

static const msg_auth_t *digest_of(const sip_t *sip) {
  const msg_auth_t *both[2] = {sip ? sip->sip_www_authenticate : NULL, sip ? sip->sip_proxy_authenticate : NULL};
  for (unsigned i = 0; i < 2; i++)
    for (const msg_auth_t *a = both[i]; a; a = a->au_next)
      if (a->au_scheme && strcasecmp(a->au_scheme, "Digest") == 0) return a;
  return NULL;
}

int auth_answer(const sip_t *sip, const char *user, const char *password, char *out, unsigned size) {
  const msg_auth_t *ch = digest_of(sip);
  char realm[REALM_MAX], hex_user[SECRET_HEX], hex_password[SECRET_HEX];
  if (!ch || !user[0] || !param(ch, "realm=", realm, sizeof realm)) return CAD_EMPTY;
  to_hex(user, hex_user);
  to_hex(password, hex_password);
  int n = snprintf(out, size, "Digest:\"%s\":%s:%s", realm, hex_user, hex_password);
  return n > 0 && (unsigned)n < size ? CAD_OK : CAD_EFULL;
}

int auth_is_stale(const sip_t *sip) {
  const msg_auth_t *ch = digest_of(sip);
  char stale[16];
  return ch && param(ch, "stale=", stale, sizeof stale) && strcasecmp(stale, "true") == 0;
}
