#include "dialer/sip/trunk.h"
#include "dialer/sip/spec.h"
#include <cadencia/err.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Only what may stand in a request line; the far side gets nothing odd from us. */
static bool plain(const char *text) {
  for (; text && *text; text++)
    if (*text <= ' ' || *text == '<' || *text == '>' || *text == '"' || (unsigned char)*text >= 127) return false;
  return true;
}

static int target_of(const struct trunk_table *table, const url_t *url, char *user_out, unsigned user_size, char *out, unsigned size) {
  if (!url || (url->url_type != url_sip && url->url_type != url_any) || !url->url_host) return CAD_EINVAL;
  if (url->url_headers || url->url_fragment || !plain(url->url_user) || !plain(url->url_params)) return CAD_EINVAL;
  const char *host = strcasecmp(url->url_host, "localhost") == 0 ? "127.0.0.1" : url->url_host;
  uint8_t family = spec_family(host);
  if (family == 0) return CAD_EINVAL;
  if ((table->family && family != table->family) || (table->loopback && !spec_is_loopback(host))) return CAD_EREFUSED;
  const char *port = url->url_port && url->url_port[0] ? url->url_port : "5060";
  int n = snprintf(out, size, "%s:%s%s%s", host, port, url->url_params ? ";" : "", url->url_params ? url->url_params : "");
  if (n < 0 || (unsigned)n >= size) return CAD_EFULL;
  if (user_out) {
    n = snprintf(user_out, user_size, "%s", url->url_user ? url->url_user : "");
    if (n < 0 || (unsigned)n >= user_size) return CAD_EFULL;
  }
  return CAD_OK;
}

int trunk_target(const struct trunk_table *table, const char *uri, char *user_out, unsigned user_size, char *out, unsigned size) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  su_home_init(home);
  int rc = plain(uri) ? target_of(table, url_make(home, uri), user_out, user_size, out, size) : CAD_EINVAL;
  su_home_deinit(home);
  return rc;
}

/* Host, port and transport of the proxy's URI, a name allowed. */
static int read_proxy(struct trunk *t, const char *uri) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  int rc = CAD_EINVAL;
  su_home_init(home);
  url_t *url = plain(uri) ? url_make(home, uri) : NULL;
  char transport[8] = "udp";
  if (url && url->url_type == url_sip && url->url_host && !url->url_user && strlen(url->url_host) < sizeof t->host) {
    if (url->url_params && url_has_param(url, "transport")) url_param(url->url_params, "transport", transport, sizeof transport);
    snprintf(t->host, sizeof t->host, "%s", strcmp(url->url_host, "localhost") == 0 ? "127.0.0.1" : url->url_host);
    snprintf(t->transport, sizeof t->transport, "%s", transport);
    t->port = (uint16_t)(url->url_port && url->url_port[0] ? strtoul(url->url_port, NULL, 10) : 0);
    t->named = spec_family(t->host) == 0;
    rc = CAD_OK;
  }
  su_home_deinit(home);
  return rc;
}

int trunk_found(struct trunk_table *table, struct trunk *t, const char *address, uint16_t port) {
  uint8_t family = spec_family(address);
  if ((table->family && family != table->family) || (table->loopback && !spec_is_loopback(address))) return CAD_EREFUSED;
  bool six = family == 6;
  int n = snprintf(t->target, sizeof t->target, "%s%s%s:%u;transport=%s", six ? "[" : "", address, six ? "]" : "", port, t->transport);
  if (n < 0 || (unsigned)n >= sizeof t->target) return CAD_EFULL;
  t->usable = true;
  t->unknown = false;
  return CAD_OK;
}

int trunk_setup(struct trunk_table *table, const struct wide_trunk *setup) {
  if (setup->trunk >= TRUNKS_MAX) return CAD_EINVAL;
  struct trunk *t = &table->items[setup->trunk];
  t->setup = *setup;
  t->known = true;
  t->registered = t->refused = t->unregistered = t->tried_password = t->certificate = t->unknown = false;
  t->unanswered = 0;
  t->codec_count = 0;
  for (unsigned i = 0; i < setup->codec_count && i < 2; i++)
    if (setup->codecs[i] == CODEC_PCMU || setup->codecs[i] == CODEC_PCMA) t->codecs[t->codec_count++] = setup->codecs[i];
  if (t->codec_count == 0) {
    t->codecs[0] = CODEC_PCMU;
    t->codecs[1] = CODEC_PCMA;
    t->codec_count = 2;
  }
  t->usable = false;
  int rc = read_proxy(t, setup->proxy);
  if (rc == CAD_OK && !t->named) rc = trunk_target(table, setup->proxy, NULL, 0, t->target, sizeof t->target);
  t->usable = rc == CAD_OK && !t->named;
  return rc;
}

int trunk_define(struct trunk_table *table, const struct mail_sip_trunk *mail) {
  struct wide_trunk setup;
  memset(&setup, 0, sizeof setup);
  setup.trunk = mail->trunk;
  memcpy(setup.codecs, mail->codecs, sizeof setup.codecs);
  setup.codec_count = mail->codec_count;
  memcpy(setup.proxy, mail->proxy, sizeof mail->proxy);
  return trunk_setup(table, &setup);
}

enum trunk_state trunk_state(const struct trunk *t) {
  if (t->certificate) return TRUNK_CERTIFICATE;
  if (t->unknown) return TRUNK_NAME_UNKNOWN;
  if (t->named && !t->usable) return TRUNK_STARTING;
  if (!t->usable) return TRUNK_UNUSABLE;
  if (t->refused) return TRUNK_REFUSED;
  if (t->setup.registers && t->unregistered) return TRUNK_UNREGISTERED;
  if (t->setup.registers && !t->registered) return TRUNK_REGISTERING;
  /* Who was not asked for health may ignore OPTIONS and carry calls all the same. */
  bool ill = t->setup.options_s > 0 && t->unanswered >= TRUNK_SILENT_ASKS;
  return t->open || ill ? TRUNK_SILENT : TRUNK_UP;
}

struct trunk *trunk_find(struct trunk_table *table, uint16_t index) {
  return index < TRUNKS_MAX && table->items[index].known ? &table->items[index] : NULL;
}

bool trunk_admits(const struct trunk *t) { return trunk_state(t) == TRUNK_UP; }

void trunk_sent(struct trunk_table *table, struct trunk *t, struct mono now) {
  if (t->waiting++ == 0) t->quiet_since = now;
  bool silent = mono_since(now, t->quiet_since) >= table->breaker_ms;
  if ((t->waiting >= table->breaker && silent) || t->waiting / TRUNK_HARD_TIMES >= table->breaker) t->open = true;
}

void trunk_alive(struct trunk_table *table, struct trunk *t, struct mono now) {
  t->quiet_since = now;
  t->unanswered = 0; /* it answers calls: that is health enough */
  if (t->waiting / TRUNK_HARD_TIMES < table->breaker / 2 + 1) t->open = false;
}

void trunk_settled(struct trunk_table *table, struct trunk *t) {
  if (t->waiting > 0) t->waiting--;
  if (t->waiting <= table->breaker / 2) t->open = false;
}

void trunk_probed(struct trunk_table *table, struct trunk *t, struct mono now) {
  (void)table;
  t->quiet_since = now;
  t->open = false;
}
