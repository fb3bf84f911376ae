/* Why a contact or a campaign is not dialed: the gate's own walk, told. */
#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 100, HOUR_MS = 3600000 };

const struct law *store_law(const struct store *s) { return &s->law; }
struct zones *store_zones(struct store *s) {
  return s->zones;
}

/* ---- one contact ---- */

/* The case with this id or this number; of several the youngest. */
static int find_case(struct store *s, uint64_t key, uint64_t campaign, uint64_t *case_id, uint64_t *in_campaign) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_WHY_CASE,
               "SELECT case_id, campaign FROM case_state WHERE (case_id=?1 OR phone=?1) AND (?2=0 OR campaign=?2)"
               " UNION SELECT c.case_id, c.campaign FROM case_number n JOIN case_state c ON c.case_id=n.case_id WHERE n.number=?1"
               " AND (?2=0 OR c.campaign=?2) ORDER BY 1 DESC LIMIT 1",
               "uu", key, campaign);
  int r = db_step(&s->db, q);
  if (r > 0) *case_id = col_u64(q, 0), *in_campaign = col_u64(q, 1);
  db_done(q);
  return r;
}

static int case_facts(struct store *s, struct why_contact *w, const struct case_row *c, uint32_t *set) {
  const struct bucket *b = bucket_at(s, c->bucket);
  sqlite3_stmt *q = db_query(&s->db, Q_WHY_DUE, "SELECT next_at, coalesce(done_reason,0) FROM case_state WHERE case_id=? AND campaign=?",
                             "uu", c->case_id, c->campaign);
  int r = db_step(&s->db, q);
  if (r > 0) w->due = c->status == 2 || col_u64(q, 0) < DAY_MS ? WALL_NONE : col_wall(q, 0), w->done_reason = (int)col_u64(q, 1);
  db_done(q);
  w->phone = c->phone;
  w->case_id = c->case_id;
  w->status = c->status;
  w->known = true;
  w->leased = lease_set_find(&s->leases, c->case_id, c->campaign) != NULL;
  *set = b ? b->set : UINT32_MAX;
  return r < 0 ? r : CAD_OK;
}

/* Asked about another number of the contact than the one at hand: that one is judged. */
static int other_number(struct store *s, uint64_t key, struct why_contact *w, struct case_row *c, uint32_t *set) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_WHY_NUMBER, "SELECT phone_id, zone_set FROM case_number WHERE case_id=? AND number=?", "uu", c->case_id, key);
  int r = key == c->phone || key == c->case_id ? 0 : db_step(&s->db, q);
  if (r > 0) {
    w->phone = key;
    c->phone_id = col_u64(q, 0);
    *set = (uint32_t)col_u64(q, 1) - 1;
  }
  db_done(q);
  return r;
}

int store_why_contact(struct store *s, uint64_t key, const char *campaign, struct wall at, struct why_contact *out) {
  struct campaign_mem *c = campaign ? store_campaign_named(s, campaign) : NULL;
  uint64_t case_id = 0, in = c ? c->def.terms.id : 0;
  uint32_t set = UINT32_MAX;
  struct case_row row = {.case_id = 0};
  if (campaign && !c) return CAD_ENOENT;
  memset(out, 0, sizeof *out);
  int r = find_case(s, key, in, &case_id, &in);
  if (r > 0) r = case_get(s, case_id, in, &row);
  if (r < 0) return r;
  if (r > 0 && (r = case_facts(s, out, &row, &set)) < 0) return r;
  if (out->known && (r = other_number(s, key, out, &row, &set)) < 0) return r;
  if (!out->known) out->phone = key;
  if (!c) c = store_campaign(s, in);
  if (!c) return CAD_ENOENT;
  out->def = c->def;
  out->at = at.ms ? at : store_now(s);
  struct gate_facts f = {.now = out->at, .clock_trusted = s->clock_trusted, .lease_valid = true, .phone = out->phone};
  f.number_good = out->phone >= 1000000 && out->phone <= 999999999999999;
  f.campaign_running = true; /* its state is told beside; what the law says is asked here */
  facts_place(s, out->phone, set, &out->place);
  if (!out->known) facts_zones(s, out->phone, &out->place); /* as an import would place it */
  f.place = out->place;
  if ((r = facts_gather(s, c, row.case_id, row.phone_id, &f)) < 0) return r;
  if (at.ms) f.on_the_line = false; /* says nothing of another time */
  out->count = gate_explain(&c->def.gate, &f, &s->law, out->findings, &out->verdict);
  return CAD_OK;
}

/* ---- one campaign ---- */

static struct why_reason *reason_of(struct why_campaign *w, const char *word, enum refusal refusal) {
  for (int i = 0; i < w->reason_count; i++)
    if (strcmp(w->reasons[i].word, word) == 0) return &w->reasons[i];
  if (w->reason_count == WHY_REASONS_MAX) return &w->reasons[WHY_REASONS_MAX - 1];
  struct why_reason *r = &w->reasons[w->reason_count++];
  *r = (struct why_reason){.refusal = refusal};
  snprintf(r->word, sizeof r->word, "%s", word);
  return r;
}

static void count_reason(struct why_campaign *w, const char *word, enum refusal refusal, uint64_t n, struct wall next) {
  struct why_reason *r = n ? reason_of(w, word, refusal) : NULL;
  if (!r) return;
  r->contacts += n;
  if (next.ms && (r->next.ms == 0 || next.ms < r->next.ms)) r->next = next;
}

static void drop_empty(struct why_campaign *w) {
  int kept = 0;
  for (int i = 0; i < w->reason_count; i++)
    if (w->reasons[i].contacts > 0) w->reasons[kept++] = w->reasons[i];
  w->reason_count = kept;
}

/* What waits in one bucket, by when its turn comes. Any connection to the file can count. */
struct why_bucket {
  uint32_t id;
  uint64_t due[WHY_HOURS + 2]; /* now, within the first hour .. the 24th, later */
  struct wall first_later;
};
struct why_work {
  uint64_t campaign;
  struct wall at;
  struct why_bucket *buckets;
  uint32_t bucket_count;
  uint64_t done[256], calling; /* done: finished contacts by reason */
};

static int count_due(struct store *s, const struct why_work *w, struct why_bucket *b) {
  sqlite3_stmt *q = db_query(&s->db, Q_WHY_NOW, "SELECT count(*) FROM case_state WHERE bucket=? AND status=0 AND next_at<=?", "ii",
                             (int64_t)b->id, w->at.ms);
  int r = db_step(&s->db, q);
  if (r > 0) b->due[0] = col_u64(q, 0);
  db_done(q);
  if (r < 0) return r;
  q = db_query(&s->db, Q_WHY_BUCKET,
               "SELECT CASE WHEN next_at>?2+?3*3600000 THEN ?3+1 ELSE (next_at-?2+3599999)/3600000 END, count(*), min(next_at)"
               " FROM case_state WHERE bucket=?1 AND status=0 AND next_at>?2 GROUP BY 1",
               "iii", (int64_t)b->id, w->at.ms, (int64_t)WHY_HOURS);
  while ((r = db_step(&s->db, q)) > 0) {
    uint64_t slot = col_u64(q, 0);
    if (slot < 1 || slot > WHY_HOURS + 1) continue;
    b->due[slot] += col_u64(q, 1);
    if (b->first_later.ms == 0 || col_wall(q, 2).ms < b->first_later.ms) b->first_later = col_wall(q, 2);
  }
  db_done(q);
  return r;
}

static int count_finished(struct store *s, struct why_work *w) {
  sqlite3_stmt *q = db_query(&s->db, Q_WHY_DONE,
                             "SELECT coalesce(done_reason,0), count(*) FROM case_state WHERE campaign=? AND status=2 GROUP BY done_reason",
                             "u", w->campaign);
  int r;
  while ((r = db_step(&s->db, q)) > 0) w->done[col_u64(q, 0) < 255 ? col_u64(q, 0) : 255] += col_u64(q, 1);
  db_done(q);
  if (r < 0) return r;
  q = db_query(&s->db, Q_WHY_CALLING, "SELECT count(*) FROM attempt WHERE ended IS NULL AND campaign=?", "u", w->campaign);
  if ((r = db_step(&s->db, q)) > 0) w->calling = col_u64(q, 0);
  db_done(q);
  return r;
}

struct why_work *store_why_free(struct why_work *w) {
  if (w) free(w->buckets);
  free(w);
  return NULL;
}

int store_why_begin(struct store *s, const char *campaign, struct wall at, struct why_work **out) {
  const struct campaign_mem *c = store_campaign_named(s, campaign);
  struct why_work *w = c ? calloc(1, sizeof *w) : NULL;
  if (!w) return c ? CAD_ENOMEM : CAD_ENOENT;
  w->campaign = c->def.terms.id;
  w->at = at.ms ? at : store_now(s);
  w->buckets = calloc(c->bucket_count + 1, sizeof *w->buckets);
  for (uint32_t i = 0; w->buckets && i < c->bucket_count; i++) {
    const struct bucket *b = bucket_at(s, c->buckets[i]);
    if (b && b->visible) w->buckets[w->bucket_count++].id = c->buckets[i];
  }
  if (!w->buckets) {
    store_why_free(w);
    return CAD_ENOMEM;
  }
  *out = w;
  return CAD_OK;
}

int store_why_count(struct store *reader, struct why_work *w) {
  int r = CAD_OK;
  for (uint32_t i = 0; i < w->bucket_count && r >= 0; i++) r = count_due(reader, w, &w->buckets[i]);
  return r < 0 ? r : count_finished(reader, w);
}

/* Says of one bucket what keeps its contacts. */
static void tell_bucket(struct store *s, struct campaign_mem *c, const struct bucket *b, const struct why_bucket *n,
                        struct why_campaign *w) {
  const struct rule *by = NULL;
  bool open = set_opens(s, c, b->set, w->at);
  uint64_t later = 0, so_far = n->due[0];
  for (int h = 1; h <= WHY_HOURS + 1; h++) later += n->due[h];
  if (open) {
    w->dialable += n->due[0];
  } else if (n->due[0]) {
    enum refusal refusal = set_blocked_by(s, c, b->set, w->at, &by);
    char word[RULE_ID_MAX];
    snprintf(word, sizeof word, "%s%s", by ? by->id : "gate.", by ? "" : refusal_name(refusal));
    count_reason(w, word, refusal, n->due[0], set_opens_next(s, c, b->set, w->at, w->at));
  }
  bool promised = b->class == CLASS_CALLBACK || b->class == CLASS_MINE;
  count_reason(w, promised ? "callback_later" : "retry_later", REFUSAL_NONE, later, n->first_later);
  for (int h = 0; h < WHY_HOURS; h++) {
    so_far += n->due[h + 1];
    if (so_far == 0) continue;
    if (opening_allows(&c->def.gate, &s->sets[b->set].place, &s->law, wall_add(w->at, (int64_t)(h + 1) * HOUR_MS))) w->by_hour[h] += so_far;
  }
}

static void tell_finished(const struct why_work *work, struct why_campaign *w) {
  count_reason(w, "being_called", REFUSAL_NONE, work->calling, WALL_NONE);
  for (int reason = 0; reason < 256; reason++) {
    char word[RULE_ID_MAX];
    snprintf(word, sizeof word, "finished: %s",
             reason == DONE_DNC           ? "do_not_call"
             : reason == DONE_NUMBER      ? "bad_number"
             : reason == DONE_DISPOSITION ? "disposition"
             : reason < OUTCOME_COUNT     ? outcome_name((enum outcome)reason)
                                          : "other");
    count_reason(w, word, REFUSAL_NONE, work->done[reason], WALL_NONE);
  }
}

/* Hours and turns are known for all; the rest of the gate is asked for the first of each bucket that is open. Those whose turn comes later
 * are asked too: whom a rule refused was put off, and the rule is the reason, not the turn. */
static int ask_some(struct store *s, struct campaign_mem *c, const struct bucket *b, uint32_t id, bool later, struct why_campaign *w) {
  uint64_t cases[SAMPLE];
  int n = 0, r;
  if (!set_opens(s, c, b->set, w->at)) return CAD_OK;
  struct why_reason *put_off =
      reason_of(w, b->class == CLASS_CALLBACK || b->class == CLASS_MINE ? "callback_later" : "retry_later", REFUSAL_NONE);
  sqlite3_stmt *q = db_query(
      &s->db, Q_WHY_SOME,
      "SELECT case_id FROM case_state WHERE bucket=?1 AND status=0 AND next_at BETWEEN ?2 AND ?3 ORDER BY next_at LIMIT ?4", "iiii",
      (int64_t)id, later ? w->at.ms + 1 : INT64_MIN, later ? INT64_MAX : w->at.ms, (int64_t)(SAMPLE - (int64_t)w->sampled));
  while ((r = db_step(&s->db, q)) > 0 && n < SAMPLE) cases[n++] = col_u64(q, 0);
  db_done(q);
  for (int i = 0; i < n && r >= 0 && w->sampled < SAMPLE; i++) {
    struct case_row row;
    if ((r = case_get(s, cases[i], c->def.terms.id, &row)) <= 0) continue;
    struct gate_facts f = {
        .now = w->at, .clock_trusted = true, .campaign_running = true, .lease_valid = true, .number_good = true, .phone = row.phone};
    facts_place(s, row.phone, b->set, &f.place);
    if ((r = facts_gather(s, c, row.case_id, row.phone_id, &f)) < 0) break;
    struct gate_verdict v = gate_decide(&c->def.gate, &f, &s->law);
    w->sampled++;
    if (v.reason == REFUSAL_NONE) continue;
    char word[RULE_ID_MAX];
    snprintf(word, sizeof word, "%s%s", v.rule ? v.rule->id : "gate.", v.rule ? "" : refusal_name(v.reason));
    w->sample_refused++;
    if (!later)
      w->dialable -= w->dialable > 0;
    else if (put_off && put_off->contacts > 0)
      put_off->contacts--;
    count_reason(w, word, v.reason, 1, v.next);
  }
  return r < 0 ? r : CAD_OK;
}

int store_why_end(struct store *s, const struct why_work *work, struct why_campaign *out) {
  struct campaign_mem *c = store_campaign(s, work->campaign);
  int r = CAD_OK;
  if (!c) return CAD_ENOENT;
  memset(out, 0, sizeof *out);
  out->def = c->def;
  out->at = work->at;
  for (uint32_t i = 0; i < work->bucket_count; i++) {
    const struct bucket *b = bucket_at(s, work->buckets[i].id);
    if (b && b->visible && &s->campaigns[b->campaign] == c) tell_bucket(s, c, b, &work->buckets[i], out);
  }
  tell_finished(work, out);
  for (int i = 0; i < out->reason_count; i++) out->contacts += out->reasons[i].contacts;
  out->contacts += out->dialable;
  /* What the sample found blocked is taken off where it was counted; told in proportion it would be a guess. */
  for (uint32_t i = 0; i < 2 * work->bucket_count && r >= 0 && out->sampled < SAMPLE; i++) {
    uint32_t id = work->buckets[i % work->bucket_count].id;
    const struct bucket *b = bucket_at(s, id);
    if (b && b->visible) r = ask_some(s, c, b, id, i >= work->bucket_count, out);
  }
  drop_empty(out);
  return r < 0 ? r : CAD_OK;
}

int store_why_campaign(struct store *s, const char *campaign, struct wall at, struct why_campaign *out) {
  struct why_work *w = NULL;
  int r = store_why_begin(s, campaign, at, &w);
  if (r >= 0) r = store_why_count(s, w);
  if (r >= 0) r = store_why_end(s, w, out);
  store_why_free(w);
  return r;
}

/* ---- what a campaign must have ---- */

int store_campaign_needs(struct store *s, const struct campaign_def *def, uint64_t trunk_caller_id, bool message_there,
                         struct gate_need *out, int max) {
  struct gate_registry registries[GATE_REGISTRIES_MAX];
  struct gate_terms terms = def->gate;
  if (terms.caller_id == 0) terms.caller_id = trunk_caller_id;
  struct campaign_claims claims = {.ring_ms = def->terms.ring_ms,
                                   .max_wait_ms = def->terms.max_wait_ms,
                                   .limit_bp = def->terms.limit_bp,
                                   .dials_ahead = def->terms.mode == PACING_PREDICTIVE || def->terms.mode == PACING_RATIO,
                                   .has_message = message_there,
                                   .has_optout_key = def->terms.optout_digit != 0,
                                   .registries = registries,
                                   .now = store_now(s)};
  claims.registry_count = store_registries(s, 0, registries);
  return gate_needs(&terms, &claims, &s->law, out, max);
}
