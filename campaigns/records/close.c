#include "store_internal.h"

/* The row that is being closed, as it was opened. */
struct closing {
  uint64_t seller, campaign, case_id, phone;
  struct wall started;
  bool closed, inbound;
  unsigned char commit[COMMIT_BYTES]; /* to the number */
};

static int get_attempt(struct store *s, uint64_t id, struct closing *out) {
  sqlite3_stmt *q = db_query(
      &s->db, Q_ATTEMPT_GET,
      "SELECT id, seller, campaign, interaction, case_id, phone_id, trunk, caller_id, zone_set, started, ended IS NOT NULL, phone, salt"
      " FROM attempt WHERE id=?",
      "u", id);
  int r = db_step(&s->db, q);
  if (r > 0) {
    *out = (struct closing){.seller = col_u64(q, 1),
                            .campaign = col_u64(q, 2),
                            .case_id = col_u64(q, 4),
                            .phone = col_u64(q, 11),
                            .started = col_wall(q, 9),
                            .closed = col_u64(q, 10) != 0,
                            .inbound = col_u64(q, 8) == 0}; /* nobody was called: no zones were asked for */
    if (sqlite3_column_bytes(q, 12) == SALT_BYTES) chain_commitment(col_u64(q, 11), sqlite3_column_blob(q, 12), out->commit);
    content_clear(&s->chain.content); /* what the opening wrote is the first part of the row's link */
    for (int i = 0; i < 10; i++) content_column(&s->chain.content, q, i);
  }
  db_done(q);
  return r;
}

/* The attempt is completed; what it was for the person, an interaction, is written now that it is known. */
static int write_close(struct store *s, const struct closing *a, const struct mail_store_close *r, enum outcome outcome,
                       struct wall ended) {
  int live = !a->inbound && (r->abandoned || outcome == OUTCOME_CONNECTED); /* callers are no part of the limit on abandoned calls */
  int err = db_run_into(
      &s->db, &s->chain.content, Q_ATTEMPT_CLOSE,
      "UPDATE attempt SET ringing=?, answered=?, greeting_end=?, bridged=?, agent_end=?, ended=?, sip_code=?, q850=?, cause=?, outcome=?,"
      " verdict=?, verdict_reason=?, ended_by=?, abandoned=?, early_hangup=?, live=?, agent=?, talk_ms=? WHERE id=?",
      "wwwwwidddddddddduiU", r->ringing, r->answered, r->greeting_end, r->bridged, r->agent_end, ended.ms, (int)r->sip_code, (int)r->q850,
      (int)r->cause, (int)outcome, (int)r->verdict, (int)r->reason, (int)r->ended_by, (int)r->abandoned, (int)r->early_hangup, live,
      r->agent_id, (int64_t)r->talk_ms, r->attempt_id);
  if (err >= 0) err = chain_put(s, CHAIN_CALL, r->attempt_id, a->commit);
  if (err >= 0 && r->late_reason) /* a remark of the detector beside the call, not part of its record */
    err = db_run(&s->db, Q_LATE_PUT, "INSERT OR REPLACE INTO late VALUES(?,?)", "ud", r->attempt_id, (int)r->late_reason);
  if (err >= 0 && r->message) /* likewise: how much of our message the machine has */
    err = db_run(&s->db, Q_MESSAGE_PUT, "INSERT OR REPLACE INTO message VALUES(?,?,?,?)", "uidd", r->attempt_id, (int64_t)r->message_ms,
                 (int)(r->message == 2), (int)r->message_after);
  if (err < 0) return err;
  return db_run(&s->db, Q_INTERACTION_PUT, "INSERT INTO interaction VALUES(?,?,?,?,'voice',?,?,?,?,?)", "uuuudiidu", r->attempt_id,
                a->seller, a->campaign, a->case_id, (int)a->inbound, a->started.ms, ended.ms, (int)outcome, r->agent_id);
}

/* 607: the person's phone said "never again" for them (RFC 8197). */
static int heed_unwanted(struct store *s, const struct closing *a, struct wall ended) {
  int err = dnc_insert(s, a->phone, a->seller, 0, "607", ended);
  s->opted_out = a->phone;
  return err < 0 ? err : dnc_finish_cases(s, a->phone, a->seller, 0);
}

/* When the contact is due again: its next number soon, or by the rule of the outcome once every number had its turn.
 * WALL_NONE: finished. */
static int next_try(struct store *s, struct case_row *c, enum outcome outcome, struct wall ended, struct wall *next) {
  const struct campaign_mem *campaign = store_campaign(s, c->campaign);
  const struct retry_table *table = &campaign->def.retry;
  struct next_number number = {1, true};
  bool dead = false;
  if (c->numbers > 1 && retry_next_number(outcome, &dead)) {
    int err = case_next_number(s, c, dead, &number);
    if (err < 0) return err;
    if (number.alive && !number.again) {
      *next = wall_add(ended, dead ? 0 : table->next_number_ms);
      return CAD_OK;
    }
  }
  enum outcome by = dead && number.alive && c->numbers > 1 ? OUTCOME_NO_ANSWER : outcome;
  uint32_t each = number.alive > 1 ? (uint32_t)number.alive : 1, tries = c->tries_by[by];
  *next = number.alive ? retry_next(table, by, (tries + each - 1) / each, ended) : WALL_NONE;
  const struct bucket *b = bucket_at(s, c->bucket);
  if (next->ms && b && (table->other_part & (1u << by)) && s->sets[b->set].place.zone_count)
    *next = retry_part(s->zones, s->sets[b->set].place.zones[0], ended, *next);
  return CAD_OK;
}

static void count_try(struct store *s, const struct case_row *c, enum outcome outcome) {
  struct list_mem *l = list_of_bucket(s, c->bucket);
  if (!l) return;
  l->attempts++;
  l->tried += c->tries == 1;
  l->reached += outcome == OUTCOME_CONNECTED && c->tries_by[outcome] == 1;
}

/* The next try. A case that was finished meanwhile (opt-out in flight) stays finished. */
static int move_case(struct store *s, const struct closing *a, uint64_t attempt_id, enum outcome outcome, struct wall ended) {
  struct case_row c;
  struct wall next;
  int r = case_get(s, a->case_id, a->campaign, &c);
  if (r <= 0 || !store_campaign(s, a->campaign) || c.last_attempt != attempt_id) return r < 0 ? r : CAD_OK;
  c.tries++;
  if (c.tries_by[outcome] < UINT8_MAX) c.tries_by[outcome]++;
  count_try(s, &c, outcome);
  if (c.status != CASE_DIALING)
    return db_run(&s->db, Q_CASE_TRIES, "UPDATE case_state SET tries=?, tries_by=? WHERE case_id=? AND campaign=?", "ibuu",
                  (int64_t)c.tries, c.tries_by, (int)sizeof c.tries_by, c.case_id, c.campaign);
  r = next_try(s, &c, outcome, ended, &next);
  if (r < 0) return r;
  return next.ms == 0 ? case_finish(s, &c, (int)outcome) : case_wait(s, &c, CLASS_RETRY, next);
}

static struct wall latest(const struct mail_store_close *r, struct wall started) {
  const struct wall stamps[] = {r->ended, r->agent_end, r->bridged, r->greeting_end, r->answered, r->ringing};
  for (unsigned i = 0; i < sizeof stamps / sizeof stamps[0]; i++)
    if (stamps[i].ms != 0) return stamps[i];
  return started;
}

int store_attempt_close(struct store *s, const struct mail_store_close *rec) {
  struct closing a;
  bool own;
  s->opted_out = 0;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  int r = get_attempt(s, rec->attempt_id, &a);
  /* A close is never lost for a wrong word: what cannot be is written as failed. */
  enum outcome outcome = rec->outcome > OUTCOME_NONE && rec->outcome < OUTCOME_COUNT ? (enum outcome)rec->outcome : OUTCOME_FAILED;
  if (r > 0 && !a.closed) {
    struct wall ended = latest(rec, a.started);
    err = write_close(s, &a, rec, outcome, ended);
    struct campaign_mem *c = store_campaign(s, a.campaign);
    if (c && !a.inbound) tally_add(c, outcome, rec->abandoned, rec->abandoned || outcome == OUTCOME_CONNECTED);
    if (err >= 0) err = a.inbound ? arrival_close(s, rec, a.case_id) : move_case(s, &a, rec->attempt_id, outcome, ended);
    if (err >= 0 && outcome == OUTCOME_UNWANTED) err = heed_unwanted(s, &a, ended);
    if (err >= 0 && rec->agent_id != 0) err = amend_after_close(s, rec->attempt_id);
  } else {
    err = r < 0 ? r : r == 0 ? CAD_ENOENT : CAD_OK;
  }
  return store_leave(s, own, err);
}

int store_attempt_trunk(struct store *s, uint64_t attempt_id, const char *trunk) {
  return db_run(&s->db, Q_ATTEMPT_TRUNK, "UPDATE attempt SET trunk=? WHERE id=? AND ended IS NULL", "tu", trunk, attempt_id);
}
