/* What SIP workers and media say, in any order, at any time, about any leg: whatever mail_valid lets through, the floor's
 * invariants hold after every step. The store is a good one: it answers every question once. */
#include "dialer/control/control.h"
#include "tests/fuzz/fuzz.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 6, AGENTS = 3, CAMPAIGN = 77, PENDING_MAX = 64, STEPS_MAX = 2000 };

struct world {
  struct control *k;
  struct outbox out;
  struct now now;
  struct mail answers[PENDING_MAX]; /* of the store, not yet given */
  unsigned answer_count;
  struct leg legs[8]; /* that the floor named last */
  struct session sessions[8];
  unsigned leg_next, session_next;
  uint64_t next_phone;
};

struct bytes {
  const uint8_t *at;
  size_t left;
};
static uint64_t take(struct bytes *b, unsigned n) {
  uint64_t v = 0;
  for (; n > 0 && b->left > 0; n--, b->left--) v = v << 8 | *b->at++;
  return v;
}

static void later(struct world *w, const struct mail *m) {
  if (w->answer_count < PENDING_MAX) w->answers[w->answer_count++] = *m;
}

/* The store's answer, and the names that strangers may use. */
static void see(struct world *w, const struct mail *m) {
  struct mail a;
  switch ((enum mail_kind)m->kind) {
  case SIP_INVITE: w->legs[w->leg_next++ % 8] = m->u.sip_invite.leg; break;
  case MEDIA_SCREEN: w->sessions[w->session_next++ % 8] = m->u.media_screen.session; break;
  case MEDIA_RELEASE:
    a = mail_make(MEDIA_CREDIT, w->now.mono);
    a.u.media_credit.session = (struct session){m->u.media_session.session.slot, m->u.media_session.session.gen + 1};
    a.u.media_credit.port = (uint16_t)(20000 + 2 * (m->u.media_session.session.slot % 20000));
    later(w, &a);
    break;
  case STORE_OPEN:
    a = mail_make(STORE_OPENED, w->now.mono);
    a.u.store_opened =
        (struct mail_store_opened){m->u.store_open.slot, m->u.store_open.gen, m->u.store_open.attempt_id, REFUSAL_NONE, WALL_NONE};
    later(w, &a);
    break;
  case STORE_CLOSE:
    a = mail_make(STORE_CLOSED, w->now.mono);
    a.u.store_opened =
        (struct mail_store_opened){m->u.store_close.slot, m->u.store_close.gen, m->u.store_close.attempt_id, REFUSAL_NONE, WALL_NONE};
    later(w, &a);
    break;
  case STORE_LEASE_WANT:
    for (int i = 0; i < 2; i++) {
      a = mail_make(STORE_LEASED, w->now.mono);
      a.u.store_lease =
          (struct lease){.campaign_id = CAMPAIGN, .case_id = ++w->next_phone, .phone_id = w->next_phone, .phone = w->next_phone};
      a.u.store_lease.expires = wall_add(w->now.wall, 60000);
      later(w, &a);
    }
    a = mail_make(STORE_LEASE_END, w->now.mono);
    a.u.store_lease_end.campaign_id = CAMPAIGN;
    a.u.store_lease_end.given = 2;
    later(w, &a);
    break;
  default: break;
  }
}

static void step(struct world *w, const struct mail *m) {
  w->out.count = 0;
  control_step(w->k, w->now, m, &w->out);
  for (unsigned i = 0; i < w->out.count; i++) see(w, &w->out.items[i].mail);
  if (control_check(w->k)) __builtin_trap();
}

static void setup(struct world *w, uint8_t mode) {
  memset(w, 0, sizeof *w);
  w->now = (struct now){{1000000}, {1763562600000}};
  w->next_phone = 12025550000;
  struct control_options o = {.calls_max = CALLS, .agents_max = AGENTS, .trunk_count = 1, .started = w->now.wall};
  o.trunks[0] = (struct control_trunk){.channels = CALLS, .calls_per_s = 20};
  w->k = control_create(&o);
  w->out.capacity = control_outbox_capacity(w->k);
  w->out.items = calloc(w->out.capacity, sizeof *w->out.items);
  struct mail m = mail_make(SIP_UP, w->now.mono);
  step(w, &m);
  for (uint32_t i = 0; i < CALLS + AGENTS; i++) {
    m = mail_make(MEDIA_CREDIT, w->now.mono);
    m.u.media_credit.session = (struct session){i, 1};
    m.u.media_credit.port = (uint16_t)(20000 + 2 * i);
    step(w, &m);
  }
  m = mail_make(STORE_CAMPAIGN, w->now.mono);
  struct campaign_terms *t = &m.u.store_campaign.terms;
  *t = (struct campaign_terms){.id = CAMPAIGN,
                               .mode = mode % PACING_COUNT,
                               .screening = mode >> 7,
                               .ratio_x100 = 200,
                               .limit_bp = 300,
                               .ring_ms = 22000,
                               .max_wait_ms = 2000,
                               .wrapup_ms = 3000,
                               .caller_id = 12025550100,
                               .prompt_safe_harbour = 1,
                               .optout_digit = '9'};
  memcpy(t->default_disposition, "N", 2);
  m.u.store_campaign.state = CAMPAIGN_RUNNING;
  step(w, &m);
  for (uint32_t i = 0; i < AGENTS; i++) {
    m = mail_make(STORE_AGENT, w->now.mono);
    m.u.store_agent.agent_id = 100 + i;
    m.u.store_agent.campaign_id = CAMPAIGN;
    m.u.store_agent.name[0] = (char)('a' + i);
    memcpy(m.u.store_agent.uri, "sip:a@127.0.0.1", 16);
    m.u.store_agent.nailed = 1;
    m.u.store_agent.state = AGENT_READY;
    step(w, &m);
  }
}

static void child_speaks(struct world *w, struct bytes *b) {
  static const enum mail_kind KINDS[] = {SIP_PROGRESS,    SIP_ANSWERED, SIP_MEDIA,    SIP_ENDED, SIP_RESUMED,
                                         SIP_TRUNK_STATE, SIP_UP,       SIP_INCOMING, SIP_PONG};
  struct mail m = mail_make(KINDS[take(b, 1) % (sizeof KINDS / sizeof KINDS[0])], w->now.mono);
  uint8_t *body = (uint8_t *)&m.u;
  unsigned size = mail_size((enum mail_kind)m.kind) - (unsigned)offsetof(struct mail, u), wild = (unsigned)take(b, 1);
  if (wild < 64) { /* any bytes */
    for (unsigned i = 0; i < size; i++) body[i] = (uint8_t)take(b, 1);
  } else if (m.kind == SIP_TRUNK_STATE) {
    m.u.sip_trunk_state.up = wild & 1;
  } else if (m.kind != SIP_INCOMING && m.kind != SIP_UP) { /* about a leg that there is */
    m.u.sip_event.leg = w->legs[wild % 8];
    m.u.sip_event.status = (uint16_t)(take(b, 2) % 1000);
    m.u.sip_event.cause = (uint8_t)(take(b, 1) % CAUSE_COUNT);
    m.u.sip_event.by = wild & 1;
    m.u.sip_event.desc.family = wild & 2 ? 4 : 0;
  }
  if (m.kind == SIP_MEDIA || m.kind == SIP_ANSWERED || m.kind == SIP_PROGRESS)
    if (m.u.sip_event.desc.family == 4 && wild >= 64) m.u.sip_event.desc.ptime_ms = 20;
  if (mail_valid(&m, mail_size((enum mail_kind)m.kind)) == CAD_OK) step(w, &m);
}

static void media_speaks(struct world *w, struct bytes *b) {
  static const enum mail_kind KINDS[] = {MEDIA_VERDICT, MEDIA_DEADLINE, MEDIA_BRIDGED, MEDIA_DIGIT, MEDIA_DEAD, MEDIA_PLAYED};
  struct mail m = mail_make(KINDS[take(b, 1) % (sizeof KINDS / sizeof KINDS[0])], w->now.mono);
  unsigned which = (unsigned)take(b, 1);
  m.u.media_event.session = w->sessions[which % 8];
  m.u.media_event.owner = w->legs[which / 8 % 8];
  m.u.media_event.verdict = (uint8_t)(take(b, 1) % VERDICT_COUNT);
  m.u.media_event.digit = "0123456789*#"[which % 12];
  if (m.u.media_event.owner.gen != 0) step(w, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bytes b = {data, size};
  static struct world w;
  setup(&w, (uint8_t)take(&b, 1));
  for (int n = 0; b.left > 0 && n < STEPS_MAX; n++) {
    unsigned op = (unsigned)take(&b, 1);
    if (op < 100) {
      child_speaks(&w, &b);
    } else if (op < 150) {
      media_speaks(&w, &b);
    } else if (op < 200 && w.answer_count > 0) {
      struct mail m = w.answers[0];
      memmove(w.answers, w.answers + 1, --w.answer_count * sizeof w.answers[0]);
      step(&w, &m);
    } else {
      uint64_t ms = op < 240 ? take(&b, 1) * 10 : take(&b, 2);
      w.now.mono.ms += (int64_t)ms;
      w.now.wall.ms += (int64_t)ms;
      step(&w, NULL);
    }
  }
  control_destroy(w.k);
  free(w.out.items);
  return 0;
}
