/* What a trunk needs beside its calls: its address, its registration, a question after its health, its password. */
#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/sip/auth.h"
#include "dialer/sip/guard.h"
#include "dialer/sip/resolve.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  URI_MAX = 320,
  AUTH_MAX = 512,
  RESOLVE_EVERY_MS = 60000,
  RESOLVE_SOON_MS = 5000,
  REGISTER_FIRST_MS = 2000,
  REGISTER_MOST_MS = 120000,
  PROBE_MS = 2000, /* a silent trunk is asked that often whether it is back */
  TICKET_REGISTER = 1,
  TICKET_OPTIONS = 2
};

/* Tickets of trunks: a generation that no leg has. */
static void *ticket_of(const struct ua *ua, const struct trunk *t, unsigned kind) {
  return (void *)((uintptr_t)UA_TICKET_TRUNK << 32 | kind << 16 | (uintptr_t)(t - ua->trunks.items));
}

const char *ua_trunk_domain(const struct trunk *t) { return t->setup.domain[0] ? t->setup.domain : t->host; }

/* Route that leads a request for a domain to the address that was found; "" where the request URI is that address. */
void ua_trunk_route(const struct trunk *t, char *out, size_t size) {
  bool needed = t->named || t->setup.domain[0];
  snprintf(out, size, needed ? "<sip:%s;lr>" : "", t->target);
}

static void target_known(struct ua *ua, struct trunk *t) {
  ua->owes_trunks = true;
  const char *name = t->setup.tls_name[0] ? t->setup.tls_name : t->host;
  if (strcmp(t->transport, "tls") == 0) guard_tls_expect(t->target, name);
  if (t->setup.registers && !t->reg) t->register_at = clock_mono();
  if (t->setup.options_s) t->options_at = clock_mono();
}

static void drop(struct ua *ua, nua_handle_t **nh) {
  if (!*nh) return;
  nua_handle_bind(*nh, NULL);
  nua_handle_destroy(*nh);
  *nh = NULL;
  ua->count.handles--;
}

static bool same_setup(const struct wide_trunk *a, const struct wide_trunk *b) {
  return a->trunk == b->trunk && a->registers == b->registers && a->codec_count == b->codec_count &&
         memcmp(a->codecs, b->codecs, sizeof a->codecs) == 0 && a->expires_s == b->expires_s && a->options_s == b->options_s &&
         strcmp(a->proxy, b->proxy) == 0 && strcmp(a->user, b->user) == 0 && strcmp(a->password, b->password) == 0 &&
         a->source_count == b->source_count && memcmp(a->sources, b->sources, sizeof a->sources) == 0 &&
         strcmp(a->domain, b->domain) == 0 && strcmp(a->tls_name, b->tls_name) == 0;
}

void ua_trunk_setup(struct ua *ua, const struct wide_trunk *setup) {
  struct trunk *t = trunk_find(&ua->trunks, setup->trunk);
  if (t && same_setup(&t->setup, setup)) {
    ua->owes_trunks = true;
    return;
  }
  if (t) {
    drop(ua, &t->reg);
    drop(ua, &t->opt);
  }
  int rc = trunk_setup(&ua->trunks, setup);
  t = trunk_find(&ua->trunks, setup->trunk);
  if (rc < 0 || !t) {
    log_warn("sip", "trunk %u is not usable (%s): its proxy must be a SIP URI%s", setup->trunk, err_name(rc),
             ua->spec.loopback ? " with an address of loopback" : " with an address of its listener's family, or a name");
  } else if (t->named) {
    t->resolve_at = clock_mono();
  } else {
    target_known(ua, t);
  }
  ua->owes_trunks = true; /* its state is told by ua_settle */
}

/* --- names ----------------------------------------------------------------------------- */

static int on_resolved(struct ua *ua, su_wait_t *wait, su_wakeup_arg_t *arg) {
  struct resolve_answer a;
  (void)wait, (void)arg;
  while (resolve_take(&a)) {
    struct trunk *t = trunk_find(&ua->trunks, a.id);
    char before[TRUNK_TARGET_MAX];
    if (!t || !t->named) continue;
    memcpy(before, t->target, sizeof before);
    t->asked = false;
    t->resolve_at = mono_add(clock_mono(), a.count ? RESOLVE_EVERY_MS : RESOLVE_SOON_MS);
    if (a.count == 0 && !t->usable) t->unknown = true; /* an address that was good once stays good while DNS is down */
    int rc = CAD_EMPTY;
    for (unsigned i = 0; i < a.count && rc != CAD_OK; i++) rc = trunk_found(&ua->trunks, t, a.items[i].address, a.items[i].port);
    if (rc == CAD_OK && strcmp(before, t->target) != 0) {
      drop(ua, &t->reg);
      t->registered = false;
      target_known(ua, t);
    }
    ua->owes_trunks = true;
  }
  return 0;
}

static void resolve_due(struct ua *ua, struct trunk *t, struct mono now) {
  if (!t->named || t->asked || t->resolve_at.ms == 0 || t->resolve_at.ms > now.ms) return;
  struct resolve_ask ask = {.id = (uint16_t)(t - ua->trunks.items), .family = ua->spec.family, .port = t->port};
  snprintf(ask.transport, sizeof ask.transport, "%s", t->transport);
  snprintf(ask.name, sizeof ask.name, "%s", t->host);
  if (resolve_ask(&ask) < 0) return;
  t->asked = true;
  if (ua->resolver_watched) return;
  su_wait_t wait[1] = {SU_WAIT_INIT};
  if (su_wait_create(wait, resolve_fd(), SU_WAIT_IN) == 0 && su_root_register(ua->root, wait, on_resolved, NULL, 0) >= 0)
    ua->resolver_watched = true;
}

/* --- registration and health ------------------------------------------------------------- */

static nua_handle_t *handle_to(struct ua *ua, struct trunk *t, unsigned kind) {
  char uri[URI_MAX], who[URI_MAX], route[TRUNK_TARGET_MAX + 16];
  ua_trunk_route(t, route, sizeof route);
  snprintf(uri, sizeof uri, "sip:%s%s%s", route[0] ? ua_trunk_domain(t) : t->target, "", "");
  snprintf(who, sizeof who, "<sip:%s%s%s>", t->setup.user[0] ? t->setup.user : "cadencia", "@", ua_trunk_domain(t));
  nua_handle_t *nh = nua_handle(ua->nua, ticket_of(ua, t, kind), NUTAG_URL(uri), SIPTAG_TO_STR(kind == TICKET_REGISTER ? who : NULL),
                                SIPTAG_FROM_STR(who), TAG_IF(route[0], NUTAG_INITIAL_ROUTE_STR(route)), TAG_END());
  if (nh) ua->count.handles++;
  return nh;
}

static void register_due(struct ua *ua, struct trunk *t, struct mono now) {
  char expires[16];
  if (!t->setup.registers || !t->usable || t->reg || t->register_at.ms == 0 || t->register_at.ms > now.ms) return;
  snprintf(expires, sizeof expires, "%u", t->setup.expires_s ? t->setup.expires_s : 300);
  t->reg = handle_to(ua, t, TICKET_REGISTER);
  t->register_at = MONO_NONE;
  t->tried_password = false;
  if (t->reg) nua_register(t->reg, SIPTAG_EXPIRES_STR(expires), TAG_END());
}

static void options_due(struct ua *ua, struct trunk *t, struct mono now) {
  bool probe = t->open;
  if ((!t->setup.options_s && !probe) || !t->usable || t->opt) return;
  if (t->options_at.ms == 0 && probe) t->options_at = mono_add(now, PROBE_MS);
  if (t->options_at.ms == 0 || t->options_at.ms > now.ms) return;
  t->opt = handle_to(ua, t, TICKET_OPTIONS);
  t->options_at = MONO_NONE;
  if (t->opt) nua_options(t->opt, TAG_END());
}

void ua_trunks_tick(struct ua *ua, struct mono now) {
  for (unsigned i = 0; i < TRUNKS_MAX; i++) {
    struct trunk *t = &ua->trunks.items[i];
    if (!t->known || ua->closing) continue;
    resolve_due(ua, t, now);
    register_due(ua, t, now);
    options_due(ua, t, now);
  }
}

static void register_failed(struct ua *ua, struct trunk *t, int status, bool refused) {
  int64_t wait = (int64_t)REGISTER_FIRST_MS << (t->register_failures < 6 ? t->register_failures : 6);
  if (refused && wait < REGISTER_MOST_MS / 4) wait = REGISTER_MOST_MS / 4; /* a wrong password, often repeated, locks accounts */
  t->register_failures++;
  t->registered = false;
  t->refused = refused;
  t->unregistered = !refused;
  t->certificate = guard_tls_failed(t->target);
  t->status = (uint16_t)(status < 1000 ? status : 999);
  t->register_at = mono_add(clock_mono(), wait < REGISTER_MOST_MS ? wait : REGISTER_MOST_MS);
  drop(ua, &t->reg);
}

static void on_register(struct ua *ua, struct trunk *t, const struct ua_event *e) {
  char auth[AUTH_MAX];
  if (e->status < 200) return;
  if (e->status < 300) {
    t->registered = true;
    t->refused = t->unregistered = t->certificate = t->tried_password = false;
    t->register_failures = 0;
    t->status = (uint16_t)e->status;
  } else if ((e->status == 401 || e->status == 407) && (!t->tried_password || auth_is_stale(e->sip)) &&
             auth_answer(e->sip, t->setup.user, t->setup.password, auth, sizeof auth) == CAD_OK) {
    t->tried_password = true;
    nua_authenticate(e->nh, NUTAG_AUTH(auth), TAG_END());
    return;
  } else {
    bool refused = e->status == 401 || e->status == 403 || e->status == 407 || (e->status >= 900 && t->tried_password);
    register_failed(ua, t, e->status, refused);
  }
  ua->owes_trunks = true;
}

static void on_options(struct ua *ua, struct trunk *t, const struct ua_event *e) {
  if (e->status < 200) return;
  bool answered = e->sip && e->status != 408 && e->status != 503;
  struct mono now = clock_mono();
  t->certificate = !answered && guard_tls_failed(t->target);
  if (answered) {
    t->unanswered = 0;
    t->tells_health = true;
    trunk_probed(&ua->trunks, t, now);
  } else {
    if (t->tells_health) t->unanswered++; /* who never answered OPTIONS may be well; calls without an answer will show it */
    t->status = (uint16_t)(e->status < 1000 ? e->status : 999);
  }
  int64_t next = t->setup.options_s && answered ? (int64_t)t->setup.options_s * 1000 : PROBE_MS;
  t->options_at = answered && !t->setup.options_s ? MONO_NONE : mono_add(now, next);
  drop(ua, &t->opt);
  ua->owes_trunks = true;
}

bool ua_trunk_event(struct ua *ua, const void *ticket, const struct ua_event *e) {
  if ((uintptr_t)ticket >> 32 != UA_TICKET_TRUNK) return false;
  unsigned kind = (unsigned)((uintptr_t)ticket >> 16 & 0xffff), index = (unsigned)((uintptr_t)ticket & 0xffff);
  struct trunk *t = index < TRUNKS_MAX ? &ua->trunks.items[index] : NULL;
  if (!t || (kind == TICKET_REGISTER ? t->reg : t->opt) != e->nh) return true;
  if (e->kind == nua_r_register && kind == TICKET_REGISTER) on_register(ua, t, e);
  if (e->kind == nua_r_options && kind == TICKET_OPTIONS) on_options(ua, t, e);
  return true;
}

void ua_trunks_close(struct ua *ua) {
  for (unsigned i = 0; i < TRUNKS_MAX; i++) {
    struct trunk *t = &ua->trunks.items[i];
    drop(ua, &t->opt);
    if (t->reg && t->registered) nua_unregister(t->reg, TAG_END());
    if (t->reg) {
      nua_handle_bind(t->reg, NULL);
      ua->count.handles--;
      nua_handle_destroy(t->reg);
      t->reg = NULL;
    }
  }
}

/* The challenge of an INVITE: answered once; a stale nonce is the library's to repeat. */
bool ua_trunk_password(struct ua *ua, struct leg_entry *leg, const struct ua_event *e) {
  char auth[AUTH_MAX];
  struct trunk *t = leg->id.role == LEG_CALL ? trunk_find(&ua->trunks, leg->trunk) : NULL;
  if (!t || (leg->tried_password && !auth_is_stale(e->sip)) || leg->cancelled || leg->bye_wanted) return false;
  if (auth_answer(e->sip, t->setup.user, t->setup.password, auth, sizeof auth) != CAD_OK) return false;
  leg->tried_password = true;
  nua_authenticate(leg->nh, NUTAG_AUTH(auth), TAG_END());
  return true;
}
