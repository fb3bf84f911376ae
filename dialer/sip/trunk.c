#include "dialer/sip/trunk.h"
#include "dialer/sip/spec.h"
#include <cadencia/err.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#include <stdio.h>
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

int trunk_define(struct trunk_table *table, const struct mail_sip_trunk *mail) {
  if (mail->trunk >= TRUNKS_MAX) return CAD_EINVAL;
  struct trunk *t = &table->items[mail->trunk];
  t->known = true;
  t->codec_count = 0;
  for (unsigned i = 0; i < mail->codec_count && i < 2; i++)
    if (mail->codecs[i] == CODEC_PCMU || mail->codecs[i] == CODEC_PCMA) t->codecs[t->codec_count++] = mail->codecs[i];
  if (t->codec_count == 0) {
    t->codecs[0] = CODEC_PCMU;
    t->codecs[1] = CODEC_PCMA;
    t->codec_count = 2;
  }
  int rc = trunk_target(table, mail->proxy, NULL, 0, t->target, sizeof t->target);
  t->usable = rc == CAD_OK;
  return rc;
}

struct trunk *trunk_find(struct trunk_table *table, uint16_t index) {
  return index < TRUNKS_MAX && table->items[index].known ? &table->items[index] : NULL;
}

bool trunk_admits(const struct trunk *t) { return !t->open; }

void trunk_sent(struct trunk_table *table, struct trunk *t, struct mono now) {
  if (t->waiting++ == 0) t->quiet_since = now;
  bool silent = mono_since(now, t->quiet_since) >= table->breaker_ms;
  if ((t->waiting >= table->breaker && silent) || t->waiting / TRUNK_HARD_TIMES >= table->breaker) t->open = true;
}

void trunk_alive(struct trunk_table *table, struct trunk *t, struct mono now) {
  t->quiet_since = now;
  if (t->waiting / TRUNK_HARD_TIMES < table->breaker / 2 + 1) t->open = false;
}

void trunk_settled(struct trunk_table *table, struct trunk *t) {
  if (t->waiting > 0) t->waiting--;
  if (t->waiting <= table->breaker / 2) t->open = false;
}
