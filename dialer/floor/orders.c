/* Mail that the floor writes; nothing here decides. */
#include "dialer/floor/floor.h"
#include <string.h>

enum { LOG_LEAST_MS = 50 };

static struct mail *add(struct floor *f, enum spoke spoke, uint16_t listener, enum mail_kind kind) {
  return outbox_add(f->out, spoke, listener, kind, f->now.mono);
}

void order_open(struct floor *f, const struct call *c) {
  struct mail_store_open *o = &add(f, SPOKE_STORE, 0, STORE_OPEN)->u.store_open;
  o->slot = call_slot(f, c);
  o->gen = c->gen;
  o->attempt_id = c->attempt_id;
  o->lease = c->lease;
  o->trunk = c->trunk;
  o->elsewhere = c->trunk != f->campaigns[c->campaign].terms.trunk;
  o->caller_id = f->campaigns[c->campaign].terms.caller_id;
  o->started = f->now.wall;
}

void order_invite_call(struct floor *f, const struct call *c) {
  struct mail_sip_invite *i = &add(f, SPOKE_SIP, f->trunks[c->trunk].listener, SIP_INVITE)->u.sip_invite;
  i->leg = call_leg(f, c);
  i->trunk = c->trunk;
  i->call_id = c->attempt_id;
  i->to = c->lease.phone;
  i->from = f->campaigns[c->campaign].terms.caller_id;
  i->media_port = c->port;
  i->hop = c->hops;
}

void order_invite_seat(struct floor *f, const struct agent *a) {
  struct mail_sip_invite *i = &add(f, SPOKE_SIP, a->listener, SIP_INVITE)->u.sip_invite;
  i->leg = agent_leg(f, a);
  i->call_id = id_next(&f->ids, f->now.wall);
  i->from = f->campaigns[a->campaign].terms.caller_id;
  memcpy(i->uri, a->uri, sizeof i->uri);
  i->media_port = a->port;
  i->auto_answer = 1;
}

void order_leg(struct floor *f, enum mail_kind kind, uint16_t listener, struct leg leg) {
  add(f, SPOKE_SIP, listener, kind)->u.sip_leg.leg = leg;
}

void order_remote(struct floor *f, struct session s, struct leg owner, const struct media_desc *desc, bool early) {
  struct mail_media_remote *r = &add(f, SPOKE_MEDIA, 0, MEDIA_REMOTE)->u.media_remote;
  r->session = s;
  r->owner = owner;
  r->desc = *desc;
  r->early = early;
  if (owner.role != LEG_CALL || owner.slot >= f->calls_max) return;
  r->trunk = f->calls[owner.slot].trunk;
  if (!early) r->answered = f->calls[owner.slot].answered;
}

void order_screen(struct floor *f, const struct call *c) {
  const struct campaign_terms *t = &f->campaigns[c->campaign].terms;
  struct mail_media_screen *s = &add(f, SPOKE_MEDIA, 0, MEDIA_SCREEN)->u.media_screen;
  s->session = c->session;
  s->screening = t->screening;
  s->max_wait_ms = (uint16_t)t->max_wait_ms;
  s->prompt = t->prompt_safe_harbour;
  s->trunk = c->trunk;
  s->sample_bp = t->sample_bp;
  s->sample_days = t->sample_days;
  s->hints = c->hints;
  s->attempt_id = c->attempt_id;
}

void order_leave(struct floor *f, struct session s, uint16_t prompt) {
  struct mail_media_play *p = &add(f, SPOKE_MEDIA, 0, MEDIA_LEAVE)->u.media_play;
  p->session = s;
  p->prompt = prompt;
}

void order_bridge(struct floor *f, const struct call *c, const struct agent *a) {
  struct mail_media_bridge *b = &add(f, SPOKE_MEDIA, 0, MEDIA_BRIDGE)->u.media_bridge;
  b->customer = c->session;
  b->agent = a->session;
  b->tone = 1;
}

void order_session(struct floor *f, enum mail_kind kind, struct session s) {
  if (s.gen) add(f, SPOKE_MEDIA, 0, kind)->u.media_session.session = s;
}

void order_play(struct floor *f, struct session s, uint16_t prompt) {
  struct mail_media_play *p = &add(f, SPOKE_MEDIA, 0, MEDIA_PLAY)->u.media_play;
  p->session = s;
  p->prompt = prompt;
}

void order_music(struct floor *f, struct session s, uint16_t prompt) {
  struct mail_media_play *p = &add(f, SPOKE_MEDIA, 0, MEDIA_PLAY)->u.media_play;
  p->session = s;
  p->prompt = prompt;
  p->loop = 1;
}

void order_arrive(struct floor *f, const struct call *c) {
  struct mail_store_arrive *a = &add(f, SPOKE_STORE, 0, STORE_ARRIVE)->u.store_arrive;
  a->slot = call_slot(f, c);
  a->gen = c->gen;
  a->attempt_id = c->attempt_id;
  a->queue_id = f->queues[c->queue].terms.id;
  a->from = c->lease.phone;
  a->did = c->did;
  a->trunk = c->trunk;
  a->at = f->now.wall;
}

void order_accept(struct floor *f, const struct call *c) {
  struct mail_sip_accept *a = &add(f, SPOKE_SIP, f->trunks[c->trunk].listener, SIP_ACCEPT)->u.sip_accept;
  a->offer = c->offer;
  a->leg = call_leg(f, c);
  a->media_port = c->port;
}

void order_reject(struct floor *f, uint16_t listener, struct leg offer, uint16_t status, uint16_t retry_after_s) {
  struct mail_sip_reject *r = &add(f, SPOKE_SIP, listener, SIP_REJECT)->u.sip_reject;
  r->offer = offer;
  r->status = status;
  r->retry_after_s = retry_after_s;
}

void order_close(struct floor *f, struct call *c) {
  struct mail_store_close rec = {0};
  rec.slot = call_slot(f, c);
  rec.gen = c->gen;
  rec.attempt_id = c->attempt_id;
  rec.campaign_id = f->campaigns[c->campaign].terms.id;
  rec.case_id = c->lease.case_id;
  rec.phone_id = c->lease.phone_id;
  rec.phone = c->lease.phone;
  rec.agent_id = c->served_by;
  rec.ringing = wall_of(f->now, c->ringing);
  rec.answered = wall_of(f->now, c->answered);
  rec.greeting_end = wall_of(f->now, c->greeting_end);
  rec.bridged = wall_of(f->now, c->bridged);
  rec.agent_end = wall_of(f->now, c->agent_end);
  rec.ended = wall_of(f->now, c->ended);
  rec.sip_code = c->sip_code;
  rec.q850 = c->q850;
  rec.trunk = c->trunk;
  rec.elsewhere = !c->inbound && (c->hops > 0 || c->trunk != f->campaigns[c->campaign].terms.trunk);
  rec.cause = c->cause;
  rec.verdict = c->verdict;
  rec.reason = c->reason;
  rec.late_reason = c->late_reason;
  rec.ended_by = c->ended_by;
  rec.talk_ms = c->talk_ms;
  machine_over(c);
  rec.message = c->leaving == LEAVING_DONE ? 2 : c->message_ms != 0 ? 1 : 0;
  rec.message_after = c->message_after;
  rec.message_ms = c->message_ms;
  if (c->inbound)
    inbound_classify(f, c, &rec);
  else
    outcome_classify(f, c, &rec);
  c->outcome = rec.outcome;
  c->abandoned = rec.abandoned;
  add(f, SPOKE_STORE, 0, STORE_CLOSE)->u.store_close = rec;
}

void order_print(struct floor *f, const struct call *c, const struct fingerprint *print) {
  struct mail_store_print *p = &add(f, SPOKE_STORE, 0, STORE_PRINT)->u.store_print;
  p->attempt_id = c->attempt_id;
  p->print = *print;
  p->at = f->now.wall;
}

void order_know(struct floor *f, const struct mail_media_know *known) { add(f, SPOKE_MEDIA, 0, MEDIA_KNOW)->u.media_know = *known; }

void order_opt_out(struct floor *f, const struct call *c) {
  struct mail_store_opt_out *o = &add(f, SPOKE_STORE, 0, STORE_OPT_OUT)->u.store_opt_out;
  o->phone = c->lease.phone;
  o->campaign_id = f->campaigns[c->campaign].terms.id;
  o->attempt_id = c->attempt_id;
  o->at = f->now.wall;
}

void order_agent_log(struct floor *f, const struct agent *a, enum agent_state ended) {
  /* The moment between naming and bridging, and a wrap-up that was over at once, tell nobody anything. */
  if ((ended == AGENT_RESERVED || ended == AGENT_WRAPUP) && mono_since(f->now.mono, a->since) < LOG_LEAST_MS) return;
  struct mail_store_agent_log *l = &add(f, SPOKE_STORE, 0, STORE_AGENT_LOG)->u.store_agent_log;
  l->agent_id = a->id;
  l->campaign_id = f->campaigns[a->campaign].terms.id;
  l->attempt_id = ended == AGENT_TALKING || ended == AGENT_WRAPUP ? a->last_attempt : 0;
  l->state = (uint8_t)ended;
  if (ended == AGENT_PAUSED) memcpy(l->reason, a->pause, sizeof l->reason);
  l->from = wall_of(f->now, a->since);
  l->to = f->now.wall;
}

void order_dispose(struct floor *f, const struct agent *a, const char *code, uint32_t wrapup_ms) {
  struct mail_store_dispose *d = &add(f, SPOKE_STORE, 0, STORE_DISPOSE)->u.store_dispose;
  d->attempt_id = a->last_attempt;
  d->agent_id = a->id;
  strncpy(d->code, code, sizeof d->code - 1);
  d->wrapup_ms = wrapup_ms;
  d->at = f->now.wall;
}

void order_lease_drop(struct floor *f, const struct lease *lease) { add(f, SPOKE_STORE, 0, STORE_LEASE_DROP)->u.store_lease = *lease; }
