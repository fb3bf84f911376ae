#include "dialer/sip/ua_nua.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/sip/auth.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <string.h>

static void stranger_event(struct ua *ua, const struct ua_event *e) {
  int state = nua_callstate_init;
  switch (e->kind) {
  case nua_i_invite: /* a trunk's caller is offered to control; anybody else's call dials and rings nothing */
    if (ua_offer(ua, e)) break;
    ua->count.strangers++;
    if (e->status < 200) nua_respond(e->nh, SIP_403_FORBIDDEN, TAG_END());
    break;
  case nua_i_state:
    tl_gets(e->tags, NUTAG_CALLSTATE_REF(state), TAG_END());
    if (state == nua_callstate_terminated) nua_handle_destroy(e->nh);
    break;
  case nua_i_register: ua_register_event(ua, e); break;
  case nua_i_options:
  case nua_i_info:
  case nua_i_method:
  case nua_i_message:
  case nua_i_subscribe:
  case nua_i_subscription:
  case nua_i_notify:
  case nua_i_refer:
  case nua_i_publish:
    ua->count.strangers++;
    if (e->nh) nua_handle_destroy(e->nh);
    break;
  default: break;
  }
}

static void on_event(nua_event_t kind, int status, const char *phrase, nua_t *nua, struct ua *ua, nua_handle_t *nh, void *ticket,
                     const sip_t *sip, tagi_t tags[]) {
  (void)nua;
  struct ua_event e = {kind, status, phrase, nh, sip, tags};
  if (kind == nua_r_shutdown) {
    if (status >= 200) ua->shut = true;
    return;
  }
  if (!ticket) {
    stranger_event(ua, &e);
    return;
  }
  if (ua_trunk_event(ua, ticket, &e) || ua_phone_event(ua, ticket, &e)) return;
  struct leg_entry *leg = leg_of_ticket(ua->legs, ticket);
  if (leg && leg->nh == nh)
    ua_leg_event(ua, leg, &e);
  else
    ua->count.stale_events++;
}

static void quiet(void *stream, const char *fmt, va_list args) { (void)stream, (void)fmt, (void)args; }

/* NTATAG_PASS_100 is missing on purpose: with it this version of the stack leaks every 100 (3 kB a call). */
static nua_t *create(struct ua *ua) {
  const struct spec *s = &ua->spec;
  const char *open = s->family == 6 ? "[" : "", *close = s->family == 6 ? "]" : "";
  bool same = strcmp(s->bind_host, s->advertise) == 0;
  char url[256]; /* maddr is where to bind; the host is what Contact and Via say */
  snprintf(url, sizeof url, "sip%s:%s%s%s:%u;transport=%s%s%s%s%s", strcmp(s->transport, "tls") == 0 ? "s" : "", open, s->advertise, close,
           s->bind_port, s->transport, same ? "" : ";maddr=", same ? "" : open, same ? "" : s->bind_host, same ? "" : close);
  return nua_create(ua->root, on_event, ua, NUTAG_URL(url), SIPTAG_USER_AGENT_STR("Cadencia/" CADENCIA_VERSION), NUTAG_MEDIA_ENABLE(0),
                    NUTAG_AUTOALERT(0), NUTAG_AUTOANSWER(0), NUTAG_AUTO302(0), NUTAG_AUTO305(0),
                    NUTAG_MAX_RETRY_AFTER(0), /* trying again is the law's business */
                    NUTAG_SESSION_TIMER(0), NUTAG_MIN_SE(90), NUTAG_UPDATE_REFRESH(1), NUTAG_ENABLEMESSAGE(0),
                    SIPTAG_ALLOW_STR("INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, REGISTER"), NUTAG_APPL_METHOD("UPDATE"),
                    NUTAG_APPL_METHOD("REGISTER"), NUTAG_OUTBOUND("no-options-keepalive no-validate"), NTATAG_UDP_MTU(65535),
                    NTATAG_USE_NAPTR(0), NTATAG_USE_SRV(0), NTATAG_SIP_T1X64(s->t1x64_ms), NTATAG_MAX_PROCEEDING(2000),
                    TPTAG_UDP_RMEM(4 << 20), TPTAG_UDP_WMEM(4 << 20), TAG_IF(s->tls_dir[0], NUTAG_CERTIFICATE_DIR(s->tls_dir)),
                    TPTAG_TLS_VERIFY_POLICY(TPTLS_VERIFY_NONE), TAG_END());
}

int ua_start(struct ua *ua, const struct spec *spec, struct post *post, su_root_t *root) {
  memset(ua, 0, sizeof *ua);
  ua->spec = *spec;
  ua->post = post;
  ua->root = root;
  ua->trunks.breaker = spec->breaker;
  ua->trunks.breaker_ms = spec->breaker_ms;
  ua->trunks.loopback = spec->loopback;
  ua->trunks.family = spec->family;
  ua->sdp_seed = (uint64_t)clock_wall().ms << 8;
  ua->legs = leg_table_create(spec->legs_max);
  if (!ua->legs) return CAD_ENOMEM;
  auth_register();
  su_log_redirect(NULL, quiet, NULL); /* its complaints name no call of ours; what matters comes as events */
  ua->nua = create(ua);
  if (!ua->nua) {
    ua->legs = leg_table_destroy(ua->legs);
    return CAD_ENET;
  }
  return CAD_OK;
}

void ua_stop(struct ua *ua, int wait_ms) {
  struct mono until = mono_add(clock_mono(), wait_ms);
  nua_shutdown(ua->nua);
  while (!ua->shut && mono_since(until, clock_mono()) > 0) su_root_step(ua->root, 10);
  if (ua->shut) { /* else the stack still holds something: the end of the process frees it */
    nua_destroy(ua->nua);
    ua->nua = NULL;
  }
  ua->legs = leg_table_destroy(ua->legs);
  registrar_free(&ua->registrar);
}
