/* Phones that register, and whether they answer. What may register is in registrar.h; here is what SIP says of it. */
#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include <cadencia/err.h>
#include <arpa/inet.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ASK_EVERY_MS = 25000, ASK_AGAIN_MS = 2000, UNANSWERED_MOST = 2, HEADERS_MAX = 900 };

struct origin {
  uint64_t name;            /* of the address, for limits and nonces */
  char received[WIDE_NAME]; /* "192.0.2.9:5060;transport=udp" */
};

static void origin_of(struct ua *ua, msg_t *msg, struct origin *out) {
  char host[64] = "";
  su_sockaddr_t *su = msg ? msg_addr(msg) : NULL;
  memset(out, 0, sizeof *out);
  if (!su || (su->su_family != AF_INET && su->su_family != AF_INET6)) return;
  const void *bytes = su->su_family == AF_INET ? (const void *)&su->su_sin.sin_addr : (const void *)&su->su_sin6.sin6_addr;
  size_t n = su->su_family == AF_INET ? 4 : 16;
  uint64_t h = 1469598103934665603ULL;
  for (size_t i = 0; i < n; i++) h = (h ^ ((const unsigned char *)bytes)[i]) * 1099511628211ULL;
  out->name = h ? h : 1;
  bool six = su->su_family == AF_INET6;
  if (inet_ntop(su->su_family, bytes, host, sizeof host))
    snprintf(out->received, sizeof out->received, six ? "[%.39s]:%u;transport=%.4s" : "%.39s:%u;transport=%.4s", host, ntohs(su->su_port),
             ua->spec.transport);
}

static void tell(struct ua *ua, const struct wide_binding *b) {
  struct wide w;
  wide_make(&w, SIP_BINDING, clock_mono())->u.binding = *b;
  w.worker = ua->spec.gen;
  if (!ua->post->gone && wide_send_fd(ua->post->fd, &w) == CAD_EFULL) ua->count.dialogs_untold++;
}

static void forget(struct ua *ua, struct binding *b) {
  struct wide_binding last = b->b;
  if (b->asking) {
    nua_handle_bind(b->asking, NULL);
    nua_handle_destroy(b->asking);
    ua->count.handles--;
  }
  memset(b, 0, sizeof *b);
  last.expires = WALL_NONE;
  last.answers = 0;
  tell(ua, &last);
}

/* --- proving ------------------------------------------------------------------------------ */

static bool param(const msg_auth_t *a, const char *name, char *out, size_t size) {
  const char *text = msg_header_find_param(a->au_common, name);
  size_t n = text ? strlen(text) : 0;
  bool quoted = n >= 2 && text[0] == '"' && text[n - 1] == '"';
  out[0] = 0;
  if (quoted) {
    text++;
    n -= 2;
  }
  if (!text || n >= size || memchr(text, '\\', n)) return false;
  memcpy(out, text, n);
  out[n] = 0;
  return true;
}

enum proof { PROOF_NONE = 0, PROOF_STALE, PROOF_WRONG, PROOF_GOOD };

static enum proof prove(struct ua *ua, const sip_t *sip, const struct origin *from, struct account **out) {
  char realm[WIDE_NAME], user[WIDE_NAME], nonce[128], uri[512], response[80], algorithm[16], nc[16], cnonce[128], qop[16], want[DIGEST_HEX];
  for (const msg_auth_t *a = sip->sip_authorization; a; a = a->au_next) {
    enum digest_algorithm alg = DIGEST_MD5;
    if (!a->au_scheme || strcasecmp(a->au_scheme, "Digest") != 0 || !param(a, "realm=", realm, sizeof realm) ||
        strcmp(realm, ua->registrar.key.realm) != 0)
      continue;
    if (!param(a, "username=", user, sizeof user) || !param(a, "nonce=", nonce, sizeof nonce) || !param(a, "uri=", uri, sizeof uri) ||
        !param(a, "response=", response, sizeof response))
      return PROOF_WRONG;
    if (param(a, "algorithm=", algorithm, sizeof algorithm) && !digest_algorithm_named(algorithm, &alg)) continue;
    if (!(ua->registrar.key.offers >> alg & 1)) continue;
    bool with_qop = param(a, "qop=", qop, sizeof qop) && param(a, "nc=", nc, sizeof nc) && param(a, "cnonce=", cnonce, sizeof cnonce);
    if (with_qop && strcasecmp(qop, "auth") != 0) return PROOF_WRONG;
    enum nonce_verdict fresh = registrar_nonce_check(&ua->registrar, alg, from->name, clock_wall(), nonce);
    if (fresh == NONCE_FOREIGN) continue; /* of another life, or another address: it may ask again */
    struct account *account = registrar_find(&ua->registrar, user);
    const char *ha1 = account ? alg == DIGEST_SHA256 ? account->a.ha1_sha256 : account->a.ha1_md5 : "-";
    struct digest_request r = {ha1, nonce, "REGISTER", uri, with_qop ? nc : NULL, with_qop ? cnonce : NULL};
    digest_response(alg, &r, want);
    for (char *c = response; *c; c++) *c = (char)(*c >= 'A' && *c <= 'F' ? *c + 32 : *c);
    if (!account || !digest_same(want, response)) return PROOF_WRONG;
    if (fresh == NONCE_STALE) return PROOF_STALE;
    const char *to = sip->sip_to ? sip->sip_to->a_url->url_user : NULL;
    if (!to || strcmp(to, account->a.user) != 0) return PROOF_WRONG; /* nobody registers for another */
    *out = account;
    return PROOF_GOOD;
  }
  return PROOF_NONE;
}

/* The stronger first. Many phones give up as soon as they see SHA-256, so it is a person's choice to offer it. */
static void challenge(struct ua *ua, nua_handle_t *nh, msg_t *msg, const struct origin *from, bool stale) {
  char nonce[64], lines[HEADERS_MAX] = "";
  size_t used = 0;
  for (int a = DIGEST_SHA256; a >= DIGEST_MD5; a--) {
    if (!(ua->registrar.key.offers >> a & 1)) continue;
    registrar_nonce(&ua->registrar, (enum digest_algorithm)a, from->name, clock_wall(), nonce);
    used += (size_t)snprintf(lines + used, sizeof lines - used,
                             "WWW-Authenticate: Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s\r\n",
                             ua->registrar.key.realm, nonce, digest_algorithm_name((enum digest_algorithm)a), stale ? ", stale=true" : "");
  }
  nua_respond(nh, SIP_401_UNAUTHORIZED, NUTAG_WITH(msg), SIPTAG_HEADER_STR(lines), TAG_END());
}

/* --- binding ------------------------------------------------------------------------------ */

static bool plain_text(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 127 || *text == '<' || *text == '>' || *text == '"') return false;
  return true;
}

static long expires_of(const sip_t *sip, const sip_contact_t *m) {
  long s = sip->sip_expires ? (long)sip->sip_expires->ex_delta : REGISTRAR_EXPIRES_S;
  if (m->m_expires) s = strtol(m->m_expires, NULL, 10);
  return s < 0 ? REGISTRAR_EXPIRES_S : s > REGISTRAR_EXPIRES_MOST_S ? REGISTRAR_EXPIRES_MOST_S : s;
}

static bool path_text(const sip_t *sip, char out[WIDE_ROUTE]) {
  size_t used = 0;
  out[0] = 0;
  for (const sip_path_t *p = sip->sip_path; p; p = p->r_next) {
    char url[WIDE_URI];
    isize_t n = url_e(url, sizeof url, p->r_url);
    if (n < 0 || (size_t)n >= sizeof url || !plain_text(url)) return false;
    int m = snprintf(out + used, WIDE_ROUTE - used, "%s<%s>", used ? ", " : "", url);
    if (m < 0 || (size_t)m >= WIDE_ROUTE - used) return false;
    used += (size_t)m;
  }
  return true;
}

/* One contact. SIP status: 200 kept, 400 odd, 403 too many. */
static int bind_contact(struct ua *ua, struct account *a, const sip_t *sip, const sip_contact_t *m, const struct origin *from) {
  struct wide_binding b;
  memset(&b, 0, sizeof b);
  isize_t n = url_e(b.contact, sizeof b.contact, m->m_url);
  if (n < 0 || (size_t)n >= sizeof b.contact || !plain_text(b.contact) || m->m_url->url_type != url_sip || !path_text(sip, b.path))
    return 400;
  struct binding *place = registrar_place(a, b.contact);
  long expires = expires_of(sip, m);
  if (expires == 0) {
    if (place && place->used) forget(ua, place);
    return 200;
  }
  if (!place) return 403;
  uint32_t cseq = sip->sip_cseq->cs_seq;
  snprintf(b.call_id, sizeof b.call_id, "%s", sip->sip_call_id->i_id);
  if (place->used && strcmp(place->b.call_id, b.call_id) == 0 && cseq <= place->b.cseq) return 200; /* an old one that was late */
  b.agent_id = a->a.agent_id;
  b.cseq = cseq;
  b.expires = wall_add(clock_wall(), (int64_t)expires * 1000);
  b.answers = place->used ? place->b.answers : 0;
  snprintf(b.user, sizeof b.user, "%s", a->a.user);
  snprintf(b.received, sizeof b.received, "%s", from->received);
  snprintf(b.agent, sizeof b.agent, "%.60s",
           sip->sip_user_agent && plain_text(sip->sip_user_agent->g_string) ? sip->sip_user_agent->g_string : "");
  bool moved = !place->used || strcmp(place->b.received, b.received) != 0;
  place->used = true;
  place->b = b;
  if (moved) {
    place->unanswered = 0;
    place->ask_at = clock_mono(); /* does it answer? */
  }
  tell(ua, &place->b);
  return 200;
}

static void list_contacts(const struct account *a, struct wall now, char *out, size_t size) {
  size_t used = 0;
  out[0] = 0;
  for (unsigned i = 0; i < REGISTRAR_CONTACTS; i++) {
    const struct binding *b = &a->bindings[i];
    if (!b->used) continue;
    int n = snprintf(out + used, size - used, "%s<%s>;expires=%lld", used ? ", " : "", b->b.contact,
                     (long long)(b->b.expires.ms - now.ms + 500) / 1000);
    if (n < 0 || (size_t)n >= size - used) return;
    used += (size_t)n;
  }
}

static void do_bindings(struct ua *ua, nua_handle_t *nh, msg_t *msg, const sip_t *sip, struct account *a, const struct origin *from) {
  char contacts[REGISTRAR_CONTACTS * (WIDE_URI + 32)], path[WIDE_ROUTE];
  unsigned seen = 0;
  int status = 200;
  for (const sip_contact_t *m = sip->sip_contact; m && status == 200 && seen < REGISTRAR_CONTACTS + 1; m = m->m_next, seen++) {
    long expires = expires_of(sip, m);
    if (m->m_url->url_type == url_any) { /* all of them, to be taken away only: RFC 3261 §10.2.2 */
      for (unsigned i = 0; i < REGISTRAR_CONTACTS && expires == 0; i++)
        if (a->bindings[i].used) forget(ua, &a->bindings[i]);
      if (expires != 0) status = 400;
      continue;
    }
    if (expires > 0 && expires < REGISTRAR_EXPIRES_LEAST_S)
      status = 423;
    else
      status = bind_contact(ua, a, sip, m, from);
  }
  list_contacts(a, clock_wall(), contacts, sizeof contacts);
  bool with_path = sip->sip_path && path_text(sip, path) && path[0];
  if (status == 423)
    nua_respond(nh, SIP_423_INTERVAL_TOO_BRIEF, NUTAG_WITH(msg), SIPTAG_MIN_EXPIRES_STR("60"), TAG_END());
  else if (status != 200)
    nua_respond(nh, status, status == 403 ? "Too Many Contacts" : "Odd Contact", NUTAG_WITH(msg), TAG_END());
  else
    nua_respond(nh, SIP_200_OK, NUTAG_WITH(msg), TAG_IF(contacts[0], SIPTAG_CONTACT_STR(contacts)),
                TAG_IF(with_path, SIPTAG_PATH_STR(path)), TAG_END());
}

void ua_register_event(struct ua *ua, const struct ua_event *e) {
  msg_t *msg = nua_current_request(ua->nua);
  struct origin from;
  struct account *account = NULL;
  struct mono now = clock_mono();
  origin_of(ua, msg, &from);
  bool usable = e->sip && e->sip->sip_cseq && e->sip->sip_call_id && ua->registrar.key.realm[0] && ua->registrar.count > 0;
  if (!usable) {
    ua->count.strangers++;
    nua_respond(e->nh, SIP_403_FORBIDDEN, NUTAG_WITH(msg), TAG_END());
  } else if (!registrar_admits(&ua->registrar, from.name, now)) {
    ua->count.strangers++;
    nua_respond(e->nh, SIP_403_FORBIDDEN, NUTAG_WITH(msg), SIPTAG_RETRY_AFTER_STR("60"), TAG_END());
  } else {
    switch (prove(ua, e->sip, &from, &account)) {
    case PROOF_GOOD:
      registrar_passed(&ua->registrar, from.name);
      do_bindings(ua, e->nh, msg, e->sip, account, &from);
      break;
    case PROOF_WRONG:
      ua->count.strangers++;
      if (registrar_failed(&ua->registrar, from.name, now))
        log_warn("sip", "%.60s guesses passwords of phones: it is not heard for %d minutes", from.received, REGISTRAR_LOCK_MS / 60000);
      nua_respond(e->nh, 403, "Wrong User Or Password", NUTAG_WITH(msg), TAG_END());
      break;
    case PROOF_STALE: challenge(ua, e->nh, msg, &from, true); break;
    default: challenge(ua, e->nh, msg, &from, false); break;
    }
  }
  nua_handle_destroy(e->nh);
}

/* --- orders of the loop -------------------------------------------------------------------- */

void ua_account(struct ua *ua, const struct wide_account *a) {
  struct account *old = NULL;
  for (unsigned i = 0; i < ua->registrar.count; i++)
    if (ua->registrar.accounts[i]->a.agent_id == a->agent_id) old = ua->registrar.accounts[i];
  bool renamed = old && strcmp(old->a.user, a->user) != 0;
  for (unsigned i = 0; old && (a->gone || renamed) && i < REGISTRAR_CONTACTS; i++)
    if (old->bindings[i].used) forget(ua, &old->bindings[i]);
  if (registrar_account(&ua->registrar, a) < 0) log_warn("sip", "phone %.40s: no room for its account", a->user);
}

/* Of the last worker: the phone need not register again for its agent to work. */
void ua_binding(struct ua *ua, const struct wide_binding *b) {
  struct account *a = registrar_find(&ua->registrar, b->user);
  struct binding *place = a && a->a.agent_id == b->agent_id ? registrar_place(a, b->contact) : NULL;
  if (!place || place->used || b->expires.ms <= clock_wall().ms) return;
  place->used = true;
  place->b = *b;
  place->ask_at = mono_add(clock_mono(), ASK_AGAIN_MS);
}

/* --- does it answer? ------------------------------------------------------------------------ */

void ua_phone_way(const struct ua *ua, const struct binding *b, char proxy[WIDE_URI]) {
  (void)ua;
  snprintf(proxy, WIDE_URI, b->b.path[0] || !b->b.received[0] ? "" : "sip:%s", b->b.received);
}

static void ask(struct ua *ua, struct account *a, unsigned account, unsigned place) {
  struct binding *b = &a->bindings[place];
  char proxy[WIDE_URI], from[WIDE_URI];
  ua_phone_way(ua, b, proxy);
  snprintf(from, sizeof from, "<sip:cadencia@%s%s%s>", ua->spec.family == 6 ? "[" : "", ua->spec.advertise,
           ua->spec.family == 6 ? "]" : "");
  void *ticket = (void *)((uintptr_t)UA_TICKET_PHONE << 32 | (uintptr_t)(account * REGISTRAR_CONTACTS + place + 1));
  b->ask_at = MONO_NONE;
  b->asking = nua_handle(ua->nua, ticket, NUTAG_URL(b->b.contact), SIPTAG_TO_STR(b->b.contact), SIPTAG_FROM_STR(from),
                         TAG_IF(b->b.path[0], NUTAG_INITIAL_ROUTE_STR(b->b.path)), TAG_END());
  if (!b->asking) return;
  ua->count.handles++;
  nua_options(b->asking, TAG_IF(proxy[0], NUTAG_PROXY(proxy)), TAG_END());
}

void ua_phones_tick(struct ua *ua, struct mono now) {
  struct wall wall = clock_wall();
  for (unsigned i = 0; i < ua->registrar.count; i++)
    for (unsigned p = 0; p < REGISTRAR_CONTACTS; p++) {
      struct binding *b = &ua->registrar.accounts[i]->bindings[p];
      if (!b->used) continue;
      if (b->b.expires.ms <= wall.ms)
        forget(ua, b);
      else if (!b->asking && b->ask_at.ms && b->ask_at.ms <= now.ms && !ua->closing)
        ask(ua, ua->registrar.accounts[i], i, p);
    }
}

bool ua_phone_event(struct ua *ua, const void *ticket, const struct ua_event *e) {
  if ((uintptr_t)ticket >> 32 != UA_TICKET_PHONE) return false;
  if (e->kind != nua_r_options || e->status < 200) return true;
  for (unsigned i = 0; i < ua->registrar.count; i++) /* accounts move when one is removed: found by its handle */
    for (unsigned p = 0; p < REGISTRAR_CONTACTS; p++) {
      struct binding *b = &ua->registrar.accounts[i]->bindings[p];
      if (!b->used || b->asking != e->nh) continue;
      bool answered = e->sip && e->status != 408 && e->status != 503, before = b->b.answers;
      b->unanswered = answered ? 0 : b->unanswered + 1;
      if (answered || b->unanswered >= UNANSWERED_MOST) b->b.answers = answered;
      b->ask_at = mono_add(clock_mono(), answered ? ASK_EVERY_MS : ASK_AGAIN_MS);
      nua_handle_bind(b->asking, NULL);
      nua_handle_destroy(b->asking);
      b->asking = NULL;
      ua->count.handles--;
      if (before != b->b.answers) tell(ua, &b->b);
      return true;
    }
  return true;
}

void ua_phones_close(struct ua *ua) {
  for (unsigned i = 0; i < ua->registrar.count; i++)
    for (unsigned p = 0; p < REGISTRAR_CONTACTS; p++) {
      struct binding *b = &ua->registrar.accounts[i]->bindings[p];
      if (!b->asking) continue;
      nua_handle_bind(b->asking, NULL);
      nua_handle_destroy(b->asking);
      b->asking = NULL;
      ua->count.handles--;
    }
}
