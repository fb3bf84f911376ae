#include "dialer/base/mail.h"
#include <cadencia/err.h>
#include <stddef.h>
#include <string.h>

#define KIND(k, member) [k] = {#k, offsetof(struct mail, u) + sizeof(((struct mail *)0)->u.member)}
#define BARE(k) [k] = {#k, offsetof(struct mail, u)}
#define WIDE_KIND(k) [k] = {#k, 0} /* its size is known to wide.c */

static const struct {
  const char *name;
  size_t bytes;
} KINDS[MAIL_KIND_COUNT] = {
    KIND(SIP_TRUNK, sip_trunk),
    KIND(SIP_INVITE, sip_invite),
    KIND(SIP_CANCEL, sip_leg),
    KIND(SIP_BYE, sip_leg),
    BARE(SIP_PING),
    BARE(SIP_SHUTDOWN),
    KIND(SIP_UP, sip_up),
    BARE(SIP_PONG),
    KIND(SIP_PROGRESS, sip_event),
    KIND(SIP_ANSWERED, sip_event),
    KIND(SIP_MEDIA, sip_event),
    KIND(SIP_ENDED, sip_event),
    KIND(SIP_TRUNK_STATE, sip_trunk_state),
    KIND(SIP_LOST, sip_up),
    KIND(MEDIA_REMOTE, media_remote),
    KIND(MEDIA_SCREEN, media_screen),
    KIND(MEDIA_BRIDGE, media_bridge),
    KIND(MEDIA_UNBRIDGE, media_session),
    KIND(MEDIA_PLAY, media_play),
    KIND(MEDIA_STOP, media_session),
    KIND(MEDIA_RELEASE, media_session),
    KIND(MEDIA_CREDIT, media_credit),
    KIND(MEDIA_GREETING_END, media_event),
    KIND(MEDIA_VERDICT, media_event),
    KIND(MEDIA_BRIDGED, media_event),
    KIND(MEDIA_DEADLINE, media_event),
    KIND(MEDIA_PLAYED, media_event),
    KIND(MEDIA_DIGIT, media_event),
    KIND(MEDIA_DEAD, media_event),
    KIND(MEDIA_STATS, media_stats),
    KIND(MEDIA_PRINT, media_print),
    KIND(MEDIA_LATE, media_event),
    KIND(MEDIA_KNOW, media_know),
    KIND(MEDIA_LEAVE, media_play),
    KIND(MEDIA_MESSAGE, media_event),
    KIND(MEDIA_PICKED_UP, media_event),
    KIND(STORE_PRINT, store_print),
    KIND(STORE_KNOWN, media_know),
    KIND(STORE_LEASE_WANT, store_want),
    KIND(STORE_LEASE_DROP, store_lease),
    KIND(STORE_OPEN, store_open),
    KIND(STORE_CLOSE, store_close),
    KIND(STORE_DISPOSE, store_dispose),
    KIND(STORE_OPT_OUT, store_opt_out),
    KIND(STORE_AGENT_LOG, store_agent_log),
    KIND(STORE_WINDOWS_WANT, store_want),
    KIND(STORE_PACED, store_paced),
    KIND(STORE_LEASE_KEEP, store_lease),
    KIND(STORE_SKIP, store_skip),
    KIND(STORE_CLOCK, order_clock),
    KIND(STORE_CAMPAIGN, store_campaign),
    KIND(STORE_AGENT, store_agent),
    KIND(STORE_LEASED, store_lease),
    KIND(STORE_LEASE_END, store_lease_end),
    KIND(STORE_OPENED, store_opened),
    KIND(STORE_REFUSED, store_opened),
    KIND(STORE_CLOSED, store_opened),
    KIND(STORE_DNC_ADDED, store_opt_out),
    KIND(STORE_WINDOWS, store_windows),
    KIND(STORE_TROUBLE, store_trouble),
    KIND(ORDER_AGENT, order_agent),
    KIND(ORDER_DISPOSE, order_agent),
    KIND(ORDER_DRAIN, order),
    KIND(ORDER_TRUNK, order_trunk),
    KIND(ORDER_PREVIEW, order_agent),
    KIND(ORDER_SKIP, order_agent),
    KIND(ORDER_CLOCK, order_clock),
    KIND(ORDER_DIAL, order_dial),
    KIND(ORDER_HEARD, order),
    KIND(ORDER_REPLY, order_reply),
    WIDE_KIND(SIP_DIALOG),
    WIDE_KIND(SIP_RESUME),
    WIDE_KIND(SIP_ORPHAN),
    WIDE_KIND(SIP_CRASHED),
    KIND(SIP_RESUMED, sip_event),
    WIDE_KIND(SIP_TRUNK_SETUP),
    WIDE_KIND(SIP_ACCOUNT),
    WIDE_KIND(SIP_BINDING),
    WIDE_KIND(SIP_KEY),
    KIND(SIP_PHONE, sip_phone),
    KIND(SIP_INCOMING, sip_incoming),
    KIND(SIP_ACCEPT, sip_accept),
    KIND(SIP_REJECT, sip_reject),
    KIND(STORE_PHONE, store_phone),
    KIND(STORE_QUEUE, store_queue),
    KIND(STORE_DID, store_did),
    KIND(STORE_ARRIVE, store_arrive),
    KIND(STORE_ARRIVED, store_arrived),
};

struct mail mail_make(enum mail_kind kind, struct mono at) {
  struct mail m;
  memset(&m, 0, sizeof m);
  m.version = MAIL_WIRE_VERSION;
  m.kind = (uint16_t)kind;
  m.at = at;
  return m;
}

unsigned mail_size(enum mail_kind kind) { return (unsigned)kind < MAIL_KIND_COUNT ? (unsigned)KINDS[kind].bytes : 0; }
const char *mail_kind_name(enum mail_kind kind) {
  return (unsigned)kind < MAIL_KIND_COUNT && KINDS[kind].name ? KINDS[kind].name : "MAIL_?";
}

static bool terminated(const char *text, size_t size) { return memchr(text, 0, size) != NULL; }

static bool leg_valid(struct leg leg) { return leg.role >= LEG_CALL && leg.role <= LEG_ORPHAN && leg.gen != 0; }

bool media_desc_valid(const struct media_desc *d) {
  if (d->family == 0) return true;
  return (d->family == 4 || d->family == 6) && (d->codec == CODEC_PCMU || d->codec == CODEC_PCMA) &&
         (d->event_pt == 0 || (d->event_pt >= 96 && d->event_pt <= 127)) && d->ptime_ms >= 10 && d->ptime_ms <= 60 &&
         d->dir <= MEDIA_INACTIVE;
}

int mail_valid(const struct mail *m, unsigned bytes) {
  if (bytes < offsetof(struct mail, u)) return CAD_EFORMAT;
  if (m->version != MAIL_WIRE_VERSION) return CAD_EVERSION;
  unsigned size = mail_size((enum mail_kind)m->kind);
  if (size == 0 || bytes != size) return CAD_EFORMAT;
  bool good = true;
  switch ((enum mail_kind)m->kind) {
  case SIP_PROGRESS:
  case SIP_ANSWERED:
  case SIP_MEDIA:
  case SIP_RESUMED:
  case SIP_ENDED: {
    const struct mail_sip_event *e = &m->u.sip_event;
    good = (leg_valid(e->leg) || (m->kind == SIP_ENDED && e->leg.role == LEG_OFFER && e->leg.gen != 0)) && e->status <= 999 &&
           e->cause < CAUSE_COUNT && e->by <= 1 && e->sdp_new <= 1 && e->q850 <= 127 && e->hints <= HINT_ALL && media_desc_valid(&e->desc);
    break;
  }
  case SIP_TRUNK: good = terminated(m->u.sip_trunk.proxy, MAIL_URI_MAX) && m->u.sip_trunk.codec_count <= 2; break;
  case SIP_INVITE: good = leg_valid(m->u.sip_invite.leg) && terminated(m->u.sip_invite.uri, MAIL_URI_MAX); break;
  case SIP_CANCEL:
  case SIP_BYE: good = leg_valid(m->u.sip_leg.leg); break;
  case SIP_UP:
  case SIP_PONG:
  case SIP_PING:
  case SIP_SHUTDOWN: break;
  case SIP_TRUNK_STATE: good = m->u.sip_trunk_state.up <= 1 && m->u.sip_trunk_state.state < TRUNK_STATE_COUNT; break;
  case SIP_INCOMING:
    good = m->u.sip_incoming.leg.role == LEG_OFFER && m->u.sip_incoming.leg.gen != 0 && media_desc_valid(&m->u.sip_incoming.desc);
    break;
  case SIP_ACCEPT: good = m->u.sip_accept.offer.role == LEG_OFFER && leg_valid(m->u.sip_accept.leg); break;
  case SIP_REJECT: good = m->u.sip_reject.offer.role == LEG_OFFER && m->u.sip_reject.status >= 300 && m->u.sip_reject.status <= 699; break;
  default: good = false; /* nothing else crosses a process border */
  }
  return good ? CAD_OK : CAD_EFORMAT;
}
