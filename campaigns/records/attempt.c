#include "store_internal.h"
#include <string.h>

/* Everything that one opening looks at; gathered fresh, then judged, then written. */
struct opening {
  const struct mail_store_open *req;
  struct campaign_mem *c;
  struct case_row row;
  bool row_known;
  struct lease_entry *lease;
  uint32_t set;
  struct gate_facts facts;
  struct gate_verdict verdict, message; /* message: may a recorded one be left, should a machine answer? */
  bool asks_message;
  unsigned char salt[SALT_BYTES];
};

static int gather(struct store *s, struct opening *o, struct now now) {
  const struct mail_store_open *req = o->req;
  struct gate_facts *f = &o->facts;
  int r = CAD_OK;
  *f = (struct gate_facts){.now = now.wall, .clock_trusted = s->clock_trusted, .dnc = true};
  f->campaign_running = o->c && o->c->def.state == CAMPAIGN_RUNNING;
  if (o->c && (r = case_get(s, req->lease.case_id, req->lease.campaign_id, &o->row)) < 0) return r;
  o->row_known = r > 0;
  uint64_t phone = o->row_known ? o->row.phone : req->lease.phone;
  f->number_good = phone >= 1000000 && phone <= 999999999999999; /* E.164: up to 15 digits; shorter than 7 is no subscriber */
  f->lease_valid =
      o->row_known && o->lease && o->lease->expires.ms > now.mono.ms && o->row.status == CASE_WAITING && req->lease.phone == phone;
  const struct bucket *b = o->row_known ? bucket_at(s, o->row.bucket) : NULL;
  if (!b) return CAD_OK;
  o->set = b->set;
  f->phone = phone;
  facts_place(s, phone, b->set, &f->place);
  return f->lease_valid ? facts_gather(s, o->c, o->row.case_id, o->row.phone_id, f) : CAD_OK;
}

/* What the rule that refused looked at, in its own words: they hold nothing that JSON must escape but quotes, which become apostrophes. */
static void what_it_saw(const struct store *s, const struct opening *o, const struct gate_terms *terms, char *out, size_t room) {
  struct gate_finding findings[FINDINGS_MAX];
  struct gate_verdict unused;
  out[0] = '\0';
  if (o->verdict.reason == REFUSAL_NONE || !o->verdict.rule) return;
  int n = gate_explain(terms, &o->facts, &s->law, findings, &unused);
  for (int i = 0; i < n; i++)
    if (findings[i].rule == o->verdict.rule && findings[i].reason == o->verdict.reason) {
      snprintf(out, room, ",\"saw\":\"%.100s\"", findings[i].inputs);
      for (char *p = out + 8; *p && p[1]; p++)
        if (*p == '"' || *p == '\\') *p = '\'';
      return;
    }
}

static int write_decision(struct store *s, struct opening *o, const struct gate_terms *terms) {
  const struct gate_facts *f = &o->facts;
  char inputs[500], message[RULE_ID_MAX + 48] = "", saw[120];
  what_it_saw(s, o, terms, saw, sizeof saw);
  if (o->asks_message)
    snprintf(message, sizeof message, ",\"message\":\"%s%s%s\"",
             o->message.reason == REFUSAL_NONE ? "allowed" : refusal_name(o->message.reason), o->message.rule ? " " : "",
             o->message.rule ? o->message.rule->id : "");
  snprintf(inputs, sizeof inputs,
           "{\"running\":%d,\"lease\":%d,\"clock\":%d,\"dnc\":%d,\"attempts\":%u,\"max\":%u,\"window_ms\":%lld,\"oldest\":%lld,\"zone_"
           "set\":%u%s%s}",
           f->campaign_running, f->lease_valid, f->clock_trusted, f->dnc, f->attempts, o->c ? o->c->def.gate.attempts_max : 0,
           o->c ? (long long)o->c->def.gate.attempts_window_ms : 0, (long long)f->oldest_attempt.ms, o->row_known ? o->set + 1 : 0, message,
           saw);
  bool allowed = o->verdict.reason == REFUSAL_NONE;
  char rule[32];
  if (o->verdict.rule)
    snprintf(rule, sizeof rule, "%s", o->verdict.rule->id);
  else
    snprintf(rule, sizeof rule, "gate.%s", allowed ? "all" : refusal_name(o->verdict.reason));
  struct decision d = {.id = o->req->attempt_id,
                       .seller = o->c ? o->c->seller : 0,
                       .campaign = o->req->lease.campaign_id,
                       .case_id = o->req->lease.case_id,
                       .phone = o->row_known ? o->row.phone : o->req->lease.phone,
                       .at = f->now,
                       .next = o->verdict.next,
                       .reason = o->verdict.reason,
                       .rule = rule,
                       .rule_version = o->verdict.rule ? o->verdict.rule->version : 0,
                       .inputs = inputs};
  return decision_put(s, &d, o->salt);
}

static int write_attempt(struct store *s, const struct opening *o) {
  const struct mail_store_open *req = o->req;
  struct wall started = req->started.ms ? req->started : o->facts.now;
  int err = db_run(&s->db, Q_ATTEMPT_PUT,
                   "INSERT INTO attempt(id,seller,campaign,interaction,case_id,phone_id,phone,trunk,caller_id,zone_set,started,salt) "
                   "VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
                   "uuuuuuUtuiiS", req->attempt_id, o->c->seller, o->row.campaign, req->attempt_id, o->row.case_id, o->row.phone_id,
                   o->row.phone, o->c->def.trunk, req->caller_id, (int64_t)o->set + 1, started.ms, o->salt);
  return err < 0 ? err : case_dialing(s, &o->row, req->attempt_id);
}

/* A refused contact must not come back at once and spin: it waits for its time, or is finished. */
static int put_back(struct store *s, const struct opening *o) {
  struct wall next = o->verdict.next.ms ? o->verdict.next : wall_add(o->facts.now, DAY_MS);
  const struct bucket *b = bucket_at(s, o->row.bucket);
  switch (o->verdict.reason) {
  case REFUSAL_DNC: return case_finish(s, &o->row, DONE_DNC);
  case REFUSAL_NUMBER: return o->row_known && o->row.status == CASE_WAITING ? case_finish(s, &o->row, DONE_NUMBER) : CAD_OK;
  case REFUSAL_ATTEMPT_CAP:
  case REFUSAL_HOURS:
  case REFUSAL_COUNTRY:
  case REFUSAL_CALLER_ID:
  case REFUSAL_REGISTRY:
  case REFUSAL_REGISTRY_STALE:
  case REFUSAL_CONSENT:
  case REFUSAL_COOL_DOWN:
  case REFUSAL_HOLIDAY:
  case REFUSAL_BAN:
  case REFUSAL_ON_THE_LINE:
  case REFUSAL_ZONE_UNKNOWN: return case_wait(s, &o->row, b ? (enum case_class)b->class : CLASS_FRESH, next);
  default: return CAD_OK; /* lease, campaign, clock: nothing is wrong with the contact */
  }
}

static void consume_lease(struct store *s, struct lease_entry *lease) {
  struct bucket *b = bucket_at(s, lease->bucket);
  if (b && b->leased) b->leased--;
  if (b) b->earliest_ms = 0;
  lease_set_remove(&s->leases, lease);
}

/* The same request again: the same answer, nothing is written. But an attempt that is over (closed, or found open
 * after a crash) is no permission any more. 1 when there was a decision. */
static int replay(struct store *s, uint64_t attempt_id, struct gate_verdict *out) {
  sqlite3_stmt *q = db_query(
      &s->db, Q_DECISION_GET,
      "SELECT d.reason, d.next_at, a.ended IS NOT NULL FROM decision d LEFT JOIN attempt a ON a.id=d.id WHERE d.id=?", "u", attempt_id);
  int r = db_step(&s->db, q);
  if (r > 0) *out = (struct gate_verdict){(enum refusal)col_u64(q, 0), col_wall(q, 1), NULL};
  if (r > 0 && col_u64(q, 2)) *out = (struct gate_verdict){REFUSAL_LEASE_GONE, WALL_NONE, NULL};
  db_done(q);
  return r;
}

static int judge_and_write(struct store *s, struct opening *o, struct now now) {
  int err = gather(s, o, now);
  if (err < 0) return err;
  struct gate_terms terms = {.attempts_max = 0};
  if (o->c) terms = o->c->def.gate;
  if (o->req->lease.agent_id) terms.guaranteed = 1; /* it is kept for this agent, who waits for it */
  terms.caller_id = o->req->caller_id ? o->req->caller_id : terms.caller_id;
  o->verdict = gate_decide(&terms, &o->facts, &s->law);
  o->asks_message = o->c && o->c->def.terms.screening && o->verdict.reason == REFUSAL_NONE &&
                    (o->c->def.terms.machine_action == MACHINE_MESSAGE || o->c->def.terms.screening_action == MACHINE_MESSAGE);
  if (o->asks_message) { /* a recorded voice is another thing than an agent's: the same gate, asked as for one */
    terms.technology = TECH_PRERECORDED | TECH_MESSAGE_DROP;
    terms.guaranteed = 0;
    o->message = gate_decide(&terms, &o->facts, &s->law);
  }
  if ((err = write_decision(s, o, &terms)) < 0) return err;
  bool opened = o->verdict.reason == REFUSAL_NONE;
  err = opened ? write_attempt(s, o) : put_back(s, o);
  if (o->lease) consume_lease(s, o->lease);
  o->lease = NULL;
  return err;
}

int store_attempt_open(struct store *s, const struct mail_store_open *req, struct now now, struct mail_store_opened *reply, bool *opened) {
  struct opening o = {.req = req, .c = store_campaign(s, req->lease.campaign_id)};
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  o.lease = lease_set_find(&s->leases, req->lease.case_id, req->lease.campaign_id);
  int known = o.lease ? 0 : replay(s, req->attempt_id, &o.verdict);
  if (known > 0) o.message.reason = REFUSAL_STORE; /* what was said of it is not looked up: no message */
  err = known < 0 ? known : known > 0 ? CAD_OK : judge_and_write(s, &o, now);
  err = store_leave(s, own, err);
  if (err < 0) return err;
  *reply = (struct mail_store_opened){
      req->slot, req->gen, req->attempt_id, (uint8_t)o.verdict.reason, o.verdict.next, (uint8_t)o.message.reason};
  *opened = o.verdict.reason == REFUSAL_NONE;
  return CAD_OK;
}
