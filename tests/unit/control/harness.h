/* harness.h — a floor on the table: mail in by hand, mail out in a list, time by hand.
 *
 * One campaign, one trunk, up to four agents with nailed-up phones that are up. After
 * every step the floor's own invariants are asked. */
#ifndef CONTROL_HARNESS_H
#define CONTROL_HARNESS_H

#include "dialer/control/inside.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { SENT_MAX = 8192, CALLS = 8, AGENTS = 4, CAMPAIGN = 77, FIRST_PORT = 20000 };

struct story {
  struct control *k;
  struct outbox out;
  struct now now;
  struct out_mail sent[SENT_MAX];
  unsigned count;
  uint64_t next_phone;
};
static struct story st;

/* What a test needs to know of a call that is under way. */
struct party {
  struct leg leg;
  struct session session;
  uint64_t attempt, phone;
};

static inline struct floor *the_floor(void) { return &st.k->floor; }
static inline struct call *call_of(const struct party *p) { return &st.k->floor.calls[p->leg.slot]; }
static inline struct agent *agent_at(uint32_t slot) { return &st.k->floor.agents[slot]; }
static inline enum call_state state_of(const struct party *p) { return (enum call_state)call_of(p)->state; }

static inline void step(const struct mail *m) {
  st.out.count = 0;
  control_step(st.k, st.now, m, &st.out);
  ck_assert_uint_lt(st.count + st.out.count, SENT_MAX);
  memcpy(&st.sent[st.count], st.out.items, st.out.count * sizeof st.out.items[0]);
  st.count += st.out.count;
  const char *broken = control_check(st.k);
  ck_assert_msg(broken == NULL, "%s", broken);
}

/* Time passes, deadline by deadline. */
static inline void pass(int64_t ms) {
  int64_t end = st.now.mono.ms + ms;
  for (;;) {
    struct mono due = control_deadline(st.k);
    int64_t to = due.ms && due.ms < end ? due.ms : end;
    if (to < st.now.mono.ms) to = st.now.mono.ms;
    st.now.wall.ms += to - st.now.mono.ms;
    st.now.mono.ms = to;
    if (due.ms == 0 || due.ms > end) return;
    step(NULL);
  }
}

static inline struct mail make(enum mail_kind kind) { return mail_make(kind, st.now.mono); }
static inline void forget(void) { st.count = 0; }
static inline unsigned said(enum mail_kind kind) {
  unsigned n = 0;
  for (unsigned i = 0; i < st.count; i++) n += st.sent[i].mail.kind == kind;
  return n;
}
static inline unsigned place_of(enum mail_kind kind) { /* the last one's place in the order of mails */
  for (unsigned i = st.count; i > 0; i--)
    if (st.sent[i - 1].mail.kind == kind) return i;
  return 0;
}
static inline const struct mail *last(enum mail_kind kind) {
  unsigned at = place_of(kind);
  ck_assert_msg(at > 0, "%s was not said", mail_kind_name(kind));
  return &st.sent[at - 1].mail;
}

/* ---- the spokes speak ---- */

static inline void say_worker(enum mail_kind kind) {
  struct mail m = make(kind);
  step(&m);
}
static inline void say_sip(enum mail_kind kind, struct leg leg, uint16_t status, enum cause cause, uint8_t by) {
  struct mail m = make(kind);
  m.u.sip_event.leg = leg;
  m.u.sip_event.status = status;
  m.u.sip_event.cause = (uint8_t)cause;
  m.u.sip_event.by = by;
  if (kind == SIP_ANSWERED) m.u.sip_event.desc.family = 4;
  step(&m);
}
static inline void say_media(enum mail_kind kind, struct session s, struct leg owner, enum verdict v, char digit) {
  struct mail m = make(kind);
  m.u.media_event.session = s;
  m.u.media_event.owner = owner;
  m.u.media_event.verdict = (uint8_t)v;
  m.u.media_event.reason = v ? REASON_SHORT_GREETING : REASON_NONE;
  m.u.media_event.digit = digit;
  if (v || kind == MEDIA_DEADLINE) m.u.media_event.greeting_end = mono_add(st.now.mono, kind == MEDIA_DEADLINE ? -2000 : -400);
  step(&m);
}
static inline void order(enum mail_kind kind, uint32_t agent, enum agent_state state, const char *code) {
  struct mail m = make(kind);
  m.u.order_agent.ticket = 1;
  m.u.order_agent.agent_id = 100 + agent;
  m.u.order_agent.state = (uint8_t)state;
  if (code) strncpy(m.u.order_agent.code, code, sizeof m.u.order_agent.code - 1);
  step(&m);
}
static inline void drain(uint8_t now) {
  struct mail m = make(ORDER_DRAIN);
  m.u.order.ticket = 2;
  m.u.order.now = now;
  step(&m);
}
static inline struct mail campaign_mail(uint64_t id, enum pacing_mode mode, enum campaign_state state) {
  struct mail m = make(STORE_CAMPAIGN);
  struct campaign_terms *t = &m.u.store_campaign.terms;
  t->id = id;
  t->mode = (uint8_t)mode;
  t->screening = 1;
  t->ratio_x100 = 200;
  t->limit_bp = 300;
  t->ring_ms = 22000;
  t->max_wait_ms = 2000;
  t->wrapup_ms = 10000;
  t->caller_id = 12025550100;
  t->prompt_safe_harbour = 1;
  t->optout_digit = '9';
  memcpy(t->dispositions[1], "SALE", 5);
  memcpy(t->default_disposition, "N", 2);
  m.u.store_campaign.state = (uint8_t)state;
  return m;
}
static inline struct mail agent_mail(uint32_t agent, uint64_t campaign, bool nailed, enum agent_state state) {
  struct mail m = make(STORE_AGENT);
  struct mail_store_agent *a = &m.u.store_agent;
  a->agent_id = 100 + agent;
  a->campaign_id = campaign;
  a->name[0] = (char)('a' + agent);
  memcpy(a->uri, "sip:a@127.0.0.1", 16);
  a->nailed = nailed;
  a->state = (uint8_t)state;
  return m;
}
static inline void lease_for(uint64_t campaign, uint64_t phone) {
  struct mail m = make(STORE_LEASED);
  m.u.store_lease = (struct lease){.campaign_id = campaign, .case_id = phone, .phone_id = phone, .phone = phone};
  m.u.store_lease.expires = wall_add(st.now.wall, 60000);
  step(&m);
  struct mail end = make(STORE_LEASE_END);
  end.u.store_lease_end.campaign_id = campaign;
  end.u.store_lease_end.given = 1;
  step(&end);
}
static inline void credits(unsigned from, unsigned to) {
  for (unsigned i = from; i < to; i++) {
    struct mail m = make(MEDIA_CREDIT);
    m.u.media_credit.session = (struct session){i, 1};
    m.u.media_credit.port = (uint16_t)(FIRST_PORT + 2 * i);
    step(&m);
  }
}
static inline struct leg seat_leg(uint32_t agent) { return agent_leg(the_floor(), agent_at(agent)); }
static inline void seat_up(uint32_t agent) { say_sip(SIP_ANSWERED, seat_leg(agent), 200, CAUSE_NONE, 0); }

/* ---- one call, stage by stage ---- */

static inline struct party asked(void) { /* the store is asked for permission */
  uint64_t phone = st.next_phone++;
  unsigned before = said(STORE_OPEN);
  lease_for(CAMPAIGN, phone);
  for (int i = 0; i < 40 && said(STORE_OPEN) == before; i++) pass(50);
  const struct mail_store_open *o = &last(STORE_OPEN)->u.store_open;
  ck_assert_uint_eq(said(STORE_OPEN), before + 1);
  ck_assert_uint_eq(o->lease.phone, phone);
  struct party p = {.leg = {LEG_CALL, o->slot, o->gen}, .attempt = o->attempt_id, .phone = phone};
  p.session = call_of(&p)->session;
  return p;
}
static inline void reply(enum mail_kind kind, const struct party *p, enum refusal reason) {
  struct mail m = make(kind);
  m.u.store_opened = (struct mail_store_opened){p->leg.slot, p->leg.gen, p->attempt, (uint8_t)reason, WALL_NONE, 0};
  step(&m);
}
static inline struct party dialed(void) {
  struct party p = asked();
  pass(5);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  const struct mail_sip_invite *i = &last(SIP_INVITE)->u.sip_invite;
  ck_assert(leg_eq(i->leg, p.leg));
  ck_assert_uint_eq(i->call_id, p.attempt);
  ck_assert_uint_eq(i->to, p.phone);
  ck_assert_uint_eq(i->media_port, FIRST_PORT + 2 * p.session.slot);
  return p;
}
static inline struct party ringing(void) {
  struct party p = dialed();
  pass(500);
  say_sip(SIP_PROGRESS, p.leg, 180, CAUSE_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_RINGING);
  return p;
}
static inline struct party answered(void) {
  struct party p = ringing();
  pass(4000);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  return p;
}
static inline struct party person(void) {
  struct party p = answered();
  pass(1200);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  return p;
}
static inline struct party talking(void) {
  struct party p = person();
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  pass(20);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_TALKING);
  return p;
}
/* The leg is over: the outcome goes to the store, which confirms it; nothing of the call is left. */
static inline struct mail_store_close closed(const struct party *p) {
  const struct mail_store_close rec = last(STORE_CLOSE)->u.store_close;
  ck_assert_uint_eq(rec.attempt_id, p->attempt);
  ck_assert_int_eq(state_of(p), CALL_CLOSING);
  unsigned released = 0;
  for (unsigned i = 0; i < st.count; i++)
    released += st.sent[i].mail.kind == MEDIA_RELEASE && session_eq(st.sent[i].mail.u.media_session.session, p->session);
  ck_assert_msg(released == 1, "session given back %u times", released);
  reply(STORE_CLOSED, p, REFUSAL_NONE);
  ck_assert_int_eq(state_of(p), CALL_FREE);
  return rec;
}
static inline struct mail_store_close over(const struct party *p, uint16_t status, enum cause cause, uint8_t by) {
  say_sip(SIP_ENDED, p->leg, status, cause, by);
  return closed(p);
}
static inline struct mail_store_close byed(const struct party *p) { /* our BYE is confirmed */
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, p->leg));
  return over(p, 200, CAUSE_NORMAL, 0);
}

static inline void floor_open(enum pacing_mode mode, unsigned agents, uint32_t channels, uint32_t calls_per_s) {
  memset(&st, 0, sizeof st);
  st.now = (struct now){{1000000}, {1763562600000}};
  st.next_phone = 12025550000;
  struct control_options o = {.calls_max = CALLS, .agents_max = AGENTS, .trunk_count = 2, .started = st.now.wall};
  o.trunks[0] = (struct control_trunk){.channels = channels, .calls_per_s = calls_per_s};
  o.trunks[1] = (struct control_trunk){.listener = 1, .channels = channels, .calls_per_s = calls_per_s};
  st.k = control_create(&o);
  st.out.capacity = control_outbox_capacity(st.k);
  st.out.items = calloc(st.out.capacity, sizeof *st.out.items);
  say_worker(SIP_UP);
  credits(0, CALLS + AGENTS);
  struct mail c = campaign_mail(CAMPAIGN, mode, CAMPAIGN_RUNNING);
  step(&c);
  for (uint32_t i = 0; i < agents; i++) {
    struct mail a = agent_mail(i, CAMPAIGN, true, AGENT_READY);
    step(&a);
    seat_up(i);
    ck_assert(agent_available(agent_at(i)));
  }
  pass(1500);
  forget();
}
static inline void floor_close(void) {
  control_destroy(st.k);
  free(st.out.items);
}
/* Nothing is in use that belongs to a call. */
static inline void all_is_back(void) {
  ck_assert_uint_eq(the_floor()->calls_used, 0);
  ck_assert_uint_eq(the_floor()->opening, 0);
  for (unsigned t = 0; t < the_floor()->trunk_count; t++) ck_assert_uint_eq(the_floor()->trunks[t].used, 0);
}

static inline int run_suite(Suite *s) {
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}

#endif
