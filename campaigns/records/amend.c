#include "store_internal.h"
#include <string.h>

struct disposed {
  uint64_t seller, campaign, case_id, phone;
};

static int get_attempt(struct store *s, uint64_t id, struct disposed *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_DISPOSED, "SELECT seller, campaign, case_id, phone FROM attempt WHERE id=?", "u", id);
  int r = db_step(&s->db, q);
  if (r > 0) *out = (struct disposed){col_u64(q, 0), col_u64(q, 1), col_u64(q, 2), col_u64(q, 3)};
  db_done(q);
  return r;
}

/* An opt-out is the person's: the contact ends even when its number at hand is another one by now. */
static int opt_out(struct store *s, const struct disposed *a, const struct disposition_def *code, struct wall at) {
  if (a->phone == 0) return CAD_OK; /* a caller who withheld his number */
  uint64_t seller = code->scope == OPT_OUT_GLOBAL ? 0 : a->seller, campaign = code->scope == OPT_OUT_CAMPAIGN ? a->campaign : 0;
  int err = dnc_insert(s, a->phone, seller, campaign, "agent", at);
  if (err >= 0) err = dnc_finish_cases(s, a->phone, seller, campaign);
  struct case_row c;
  int r = err < 0 ? err : case_get(s, a->case_id, a->campaign, &c);
  if (r <= 0 || c.phone == a->phone || c.status != CASE_WAITING) return r < 0 ? r : CAD_OK;
  return case_finish(s, &c, DONE_DNC);
}

static int call_back(struct store *s, struct case_row *c, const struct mail_store_dispose *d) {
  struct wall due = wall_add(d->at, DAY_MS);
  int r = callback_due(s, d->attempt_id, &due, &c->owner);
  return r < 0 && r != CAD_ENOENT ? r : case_wait(s, c, r >= 0 && c->owner ? CLASS_MINE : CLASS_CALLBACK, due);
}

static int apply(struct store *s, const struct disposed *a, const struct mail_store_dispose *d, const struct disposition_def *code) {
  if (code->effect == EFFECT_LABELS) return CAD_OK;
  if (code->effect == EFFECT_OPTS_OUT) return opt_out(s, a, code, d->at);
  struct case_row c;
  struct campaign_mem *campaign = store_campaign(s, a->campaign);
  int r = case_get(s, a->case_id, a->campaign, &c), no = CAD_OK;
  /* Only the last attempt's agent may move the contact, and not while it is being called. */
  if (r <= 0 || !campaign || c.last_attempt != d->attempt_id || c.status == CASE_DIALING) return r < 0 ? r : CAD_OK;
  if (lease_set_find(&s->leases, c.case_id, c.campaign)) return CAD_OK;
  if (code->effect == EFFECT_FINISHES) return case_finish(s, &c, DONE_DISPOSITION);
  if (dnc_listed(s, a->phone, a->seller, a->campaign, &no)) return no;
  if (code->effect == EFFECT_CALLS_BACK) return call_back(s, &c, d);
  if (c.tries_by[code->as] < UINT8_MAX) c.tries_by[code->as]++;
  struct wall next = retry_next(&campaign->def.retry, (enum outcome)code->as, c.tries_by[code->as], d->at);
  return next.ms == 0 ? case_finish(s, &c, DONE_DISPOSITION) : case_wait(s, &c, CLASS_RETRY, next);
}

int store_dispose(struct store *s, const struct mail_store_dispose *d) {
  struct disposed a;
  char code[sizeof d->code + 1] = "";
  memcpy(code, d->code, sizeof d->code);
  s->opted_out = 0;
  if (!code[0]) return CAD_EINVAL;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = get_attempt(s, d->attempt_id, &a);
  if (err > 0) {
    uint64_t id = store_id(s, d->at);
    content_clear(&s->chain.content);
    err = db_run_into(&s->db, &s->chain.content, Q_DISPOSE,
                      "INSERT OR IGNORE INTO disposition(id,seller,attempt,agent,code,wrapup_ms,at) VALUES(?,?,?,?,?,?,?)", "uuuutii", id,
                      a.seller, d->attempt_id, d->agent_id, code, (int64_t)d->wrapup_ms, d->at.ms);
    bool new = err >= 0 && db_changes(&s->db) > 0;
    if (new) err = chain_put(s, CHAIN_DISPOSITION, id, NULL);
    struct disposition_def known;
    int found = err < 0 ? err : disposition_find(s, a.campaign, code, &known);
    if (found < 0) err = found;
    if (found > 0 && new) err = apply(s, &a, d, &known);
    if (err >= 0 && found > 0 && known.effect == EFFECT_OPTS_OUT) s->opted_out = a.phone;
  } else if (err == 0) {
    err = CAD_ENOENT;
  }
  return store_leave(s, own, err);
}

int store_opt_out(struct store *s, const struct mail_store_opt_out *o) {
  const struct campaign_mem *c = store_campaign(s, o->campaign_id);
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = dnc_insert(s, o->phone, c ? c->seller : 0, 0, "callee", o->at);
  if (err >= 0) err = dnc_finish_cases(s, o->phone, c ? c->seller : 0, 0);
  return store_leave(s, own, err);
}

int amend_after_close(struct store *s, uint64_t attempt_id) {
  struct mail_store_dispose d = {.attempt_id = attempt_id};
  struct disposed a;
  char code[sizeof d.code + 1];
  sqlite3_stmt *q =
      db_query(&s->db, Q_LAST_CODE, "SELECT code, at FROM disposition WHERE attempt=? ORDER BY id DESC LIMIT 1", "u", attempt_id);
  int r = db_step(&s->db, q);
  if (r > 0) {
    col_text(q, 0, code, sizeof code);
    d.at = col_wall(q, 1);
  }
  db_done(q);
  if (r <= 0 || (r = get_attempt(s, attempt_id, &a)) <= 0) return r;
  struct disposition_def known;
  r = disposition_find(s, a.campaign, code, &known);
  return r > 0 ? apply(s, &a, &d, &known) : r;
}

uint64_t store_opted_out(const struct store *s) { return s->opted_out; }
