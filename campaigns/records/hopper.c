#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000, IDLE_MS = 5000, MINE_MOST = 256, MIX_PARTS = 8 };

/* What one lease call knows. */
struct search {
  struct store *s;
  struct campaign_mem *c;
  struct now now;
};

/* All contacts of a zone set are blocked and freed together: one decision for all of them, when the verdict changes. */
static void note_verdict(struct search *x, uint32_t set, bool open) {
  struct campaign_mem *c = x->c;
  uint8_t verdict = open ? 1 : 2;
  if (set >= c->set_verdict_room) {
    uint8_t *bigger = realloc(c->set_verdicts, x->s->set_count + 64);
    if (!bigger) return;
    memset(bigger + c->set_verdict_room, 0, x->s->set_count + 64 - c->set_verdict_room);
    c->set_verdicts = bigger;
    c->set_verdict_room = x->s->set_count + 64;
  }
  if (c->set_verdicts[set] == verdict) return;
  char inputs[64], rule[32];
  const struct rule *by = NULL;
  enum refusal reason = open ? REFUSAL_NONE : set_blocked_by(x->s, c, set, x->now.wall, &by);
  snprintf(inputs, sizeof inputs, "{\"zone_set\":%u,\"open\":%d}", set + 1, open);
  snprintf(rule, sizeof rule, "%s%s", by ? by->id : "gate.", by ? "" : refusal_name(open ? REFUSAL_HOURS : reason));
  struct decision d = {.seller = c->seller,
                       .campaign = c->def.terms.id,
                       .at = x->now.wall,
                       .kind = DECISION_BLOCK,
                       .reason = reason,
                       .rule = rule,
                       .rule_version = by ? by->version : 0,
                       .inputs = inputs};
  if (!open) d.next = set_opens_next(x->s, c, set, x->now.wall, x->now.wall);
  if (decision_put(x->s, &d, NULL) >= 0) c->set_verdicts[set] = verdict;
}

static int note_lease(struct search *x, uint32_t bucket, const struct lease *l, int64_t due_ms) {
  const struct bucket *b = &x->s->buckets[bucket - 1];
  char inputs[128];
  snprintf(inputs, sizeof inputs, "{\"due\":%lld,\"class\":%u,\"zone_set\":%u,\"tries\":%u}", (long long)due_ms, b->class, b->set + 1,
           l->tries);
  struct decision d = {.seller = x->c->seller,
                       .campaign = l->campaign_id,
                       .case_id = l->case_id,
                       .phone = l->phone,
                       .at = x->now.wall,
                       .kind = DECISION_LEASE,
                       .rule = "lease.due",
                       .inputs = inputs};
  return decision_put(x->s, &d, NULL);
}

static bool set_open(struct search *x, uint32_t set) {
  bool open = set_opens(x->s, x->c, set, x->now.wall);
  note_verdict(x, set, open);
  return open;
}

static void expire(struct store *s, struct mono now) {
  struct lease_entry e;
  while (lease_set_expired(&s->leases, now, &e)) {
    struct bucket *b = bucket_at(s, e.bucket);
    if (!b) continue;
    if (b->leased) b->leased--;
    b->earliest_ms = 0;
  }
}

/* What is called sooner: promised calls, the list of the higher priority, contacts of the higher segment, calls again before
 * fresh ones. One number, the greater the sooner. */
static uint32_t rank_of(const struct bucket *b, const struct list_mem *l) {
  bool promised = b->class == CLASS_CALLBACK || b->class == CLASS_MINE;
  return (uint32_t)promised << 20 | (uint32_t)(l ? l->priority : 0) << 12 | (uint32_t)b->segment << 4 | (uint32_t)(b->class != CLASS_FRESH);
}

/* Among buckets of one rank: the list whose turn it is, then whose head is due first, then what was used longest ago. */
static bool sooner(const struct bucket *a, const struct list_mem *la, const struct bucket *b, const struct list_mem *lb) {
  if (la != lb && la && lb && la->turn != lb->turn) return la->turn < lb->turn;
  return a->earliest_ms != b->earliest_ms ? a->earliest_ms < b->earliest_ms : a->last_used < b->last_used;
}

/* The next bucket to lease from, 0: none; *mixed: another list of the same rank waits beside it. */
static uint32_t best_bucket(struct search *x, bool *mixed) {
  uint32_t best = 0, best_rank = 0;
  const struct list_mem *best_list = NULL;
  *mixed = false;
  for (uint32_t i = 0; i < x->c->bucket_count; i++) {
    uint32_t id = x->c->buckets[i];
    const struct bucket *b = &x->s->buckets[id - 1];
    if (!b->visible || b->earliest_ms > x->now.wall.ms) continue;
    const struct list_mem *l = best_list && best_list->id == b->list ? best_list : list_find(x->s, b->list);
    uint32_t rank = rank_of(b, l);
    if (best && rank < best_rank) continue;
    bool other = best && rank == best_rank && l != best_list;
    bool wins = !best || rank > best_rank || sooner(b, l, &x->s->buckets[best - 1], best_list);
    if ((!wins && (!other || *mixed)) || !set_open(x, b->set)) continue;
    *mixed = other || (*mixed && rank == best_rank);
    if (wins) best = id, best_rank = rank, best_list = l;
  }
  return best;
}

/* Leases move the turn of a list on by their number, the slower the greater its share. A list that comes anew does not
 * have its past to make up for. */
static void take_turn(struct search *x, uint64_t list, int given) {
  enum { WHOLE = 10000 };
  struct list_mem *l = list_find(x->s, list);
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < x->s->list_count; i++) {
    const struct list_mem *o = &x->s->lists[i];
    if (o != l && o->turn && l && o->campaign == l->campaign && o->turn < least) least = o->turn;
  }
  if (!l) return;
  if (l->turn == 0 && least != UINT64_MAX) l->turn = least;
  l->turn += (uint64_t)given * WHOLE / (l->share ? l->share : 1) + 1;
}

static int fill_lease(struct search *x, uint64_t case_id, struct lease *out) {
  sqlite3_stmt *q = db_query(&x->s->db, Q_DUE_DETAIL,
                             "SELECT c.phone_id, c.phone, c.tries, p.name, c.owner FROM case_state c JOIN work_case w ON w.id=c.case_id"
                             " JOIN person p ON p.id=w.person WHERE c.case_id=? AND c.campaign=?",
                             "uu", case_id, x->c->def.terms.id);
  int r = db_step(&x->s->db, q);
  if (r > 0) {
    *out = (struct lease){.campaign_id = x->c->def.terms.id,
                          .case_id = case_id,
                          .phone_id = col_u64(q, 0),
                          .phone = col_u64(q, 1),
                          .tries = (uint16_t)col_u64(q, 2),
                          .agent_id = col_u64(q, 4),
                          .expires = wall_add(x->now.wall, LEASE_MS)};
    col_text(q, 3, out->name, sizeof out->name);
  }
  db_done(q);
  return r;
}

/* A call back that one agent promised is theirs while they take calls; nobody else gets it before its patience is over. */
static bool owner_takes(struct search *x, struct lease *l, int64_t due_ms) {
  enum { PATIENCE_MS = 30 * 60000 };
  if (l->agent_id == 0) return true;
  sqlite3_stmt *q =
      db_query(&x->s->db, Q_AGENT_WANTS,
               "SELECT state FROM agent a WHERE id=?1 AND (campaign=?2 OR EXISTS(SELECT 1 FROM agent_campaign o WHERE o.agent=a.id AND"
               " o.campaign=?2))",
               "uu", l->agent_id, x->c->def.terms.id);
  int r = db_step(&x->s->db, q);
  bool takes = r > 0 && col_u64(q, 0) == AGENT_READY;
  db_done(q);
  if (takes) return true;
  l->agent_id = 0;
  return x->now.wall.ms >= due_ms + PATIENCE_MS;
}

/* Takes what is due in one bucket and learns when it has something next. Returns how many, < 0 on error. */
static int take(struct search *x, uint32_t id, int room, struct lease *out) {
  struct store *s = x->s;
  struct bucket *b = &s->buckets[id - 1];
  int given = 0, r;
  int64_t limit = (int64_t)room + b->leased + 1 + (b->class == CLASS_MINE ? MINE_MOST : 0), seen = 0;
  b->skipped = false;
  b->earliest_ms = NEVER_MS;
  b->last_used = ++s->uses;
  sqlite3_stmt *q =
      db_query(&s->db, Q_DUE, "SELECT case_id, next_at FROM case_state WHERE bucket=? AND status=0 ORDER BY next_at, case_id LIMIT ?", "ii",
               (int64_t)id, limit);
  while ((r = db_step(&s->db, q)) > 0) {
    seen++;
    uint64_t case_id = col_u64(q, 0);
    int64_t next_ms = sqlite3_column_int64(q, 1);
    if (lease_set_find(&s->leases, case_id, x->c->def.terms.id)) continue;
    if (next_ms > x->now.wall.ms || given == room) {
      b->earliest_ms = next_ms;
      break;
    }
    if ((r = fill_lease(x, case_id, &out[given])) < 0) break;
    if (r == 0) continue; /* a case without its person: never leased */
    if (b->class == CLASS_MINE && !owner_takes(x, &out[given], next_ms)) {
      b->skipped = true;
      continue;
    }
    out[given].segment = retry_score_class(out[given].tries, b->segment);
    struct lease_entry e = {case_id, x->c->def.terms.id, id, mono_add(x->now.mono, LEASE_MS)};
    if (lease_set_add(&s->leases, &e) < 0) {
      b->earliest_ms = next_ms;
      break;
    }
    b->leased++;
    if ((r = note_lease(x, id, &out[given], next_ms)) < 0) break;
    given++;
  }
  db_done(q);
  if (r < 0 || b->skipped || (seen == limit && b->earliest_ms == NEVER_MS))
    b->earliest_ms = x->now.wall.ms + AGAIN_MS; /* there may be more */
  return r < 0 ? r : given;
}

/* When something may be due, and when launching ends today: bucket by bucket, by the hours of its zone set. */
static void look_ahead(struct search *x, struct wall *next, struct wall *closes, bool *closed) {
  bool waiting = false;
  for (uint32_t i = 0; i < x->c->bucket_count; i++) {
    const struct bucket *b = &x->s->buckets[x->c->buckets[i] - 1];
    if (!b->visible || (b->earliest_ms == NEVER_MS && b->leased == 0)) continue;
    struct wall until = set_closes(x->s, x->c, b->set, x->now.wall);
    if (until.ms > x->now.wall.ms && until.ms > closes->ms) *closes = until;
    if (b->earliest_ms == NEVER_MS) continue;
    waiting = true;
    struct wall due = {b->earliest_ms > x->now.wall.ms ? b->earliest_ms : x->now.wall.ms};
    if (next->ms != 0 && due.ms >= next->ms) continue; /* not before what is known already */
    struct wall at = set_opens_next(x->s, x->c, b->set, x->now.wall, due);
    if (at.ms != 0 && (next->ms == 0 || at.ms < next->ms)) *next = at;
  }
  *closed = waiting && closes->ms == 0;
}

int store_lease(struct store *s, const struct mail_store_want *want, struct now now, struct lease *out, struct mail_store_lease_end *end) {
  struct search x = {s, store_campaign(s, want->campaign_id), now};
  int given = 0, r = 0;
  *end = (struct mail_store_lease_end){.campaign_id = want->campaign_id};
  expire(s, now.mono);
  if (!x.c) return CAD_ENOENT;
  end->open = (uint32_t)(x.c->open > UINT32_MAX ? UINT32_MAX : x.c->open);
  if (x.c->def.state != CAMPAIGN_RUNNING || !s->clock_trusted) {
    end->next = wall_add(now.wall, LEASE_MS);
    return 0;
  }
  bool own; /* the decisions of a lease call are one transaction */
  if ((r = store_enter(s, &own)) < 0) return r;
  uint32_t bucket;
  bool mixed;
  while (given < want->count && s->leases.count < LEASES_MAX && (bucket = best_bucket(&x, &mixed)) != 0) {
    int room = want->count - given, part = (want->count + MIX_PARTS - 1) / MIX_PARTS;
    uint64_t list = s->buckets[bucket - 1].list;
    r = take(&x, bucket, mixed && part < room ? part : room, out + given);
    if (r < 0) break;
    take_turn(&x, list, r);
    given += r;
  }
  end->given = (uint16_t)given;
  bool closed;
  look_ahead(&x, &end->next, &end->closes, &closed);
  end->closed = closed;
  if (end->next.ms == 0 && end->open > 0) end->next = wall_add(now.wall, IDLE_MS); /* being called, or blocked for days */
  r = store_leave(s, own, given > 0 ? CAD_OK : r);
  return r < 0 ? r : given;
}

void store_lease_drop(struct store *s, const struct lease *lease) {
  struct lease_entry *e = lease_set_find(&s->leases, lease->case_id, lease->campaign_id);
  if (!e) return;
  struct bucket *b = bucket_at(s, e->bucket);
  if (b) {
    if (b->leased) b->leased--;
    b->earliest_ms = 0;
  }
  lease_set_remove(&s->leases, e);
}

enum { STEP_MS = 15 * 60000, STEPS = 7 * 96 };

static struct wall step_at(struct wall at, int step) { return step == 0 ? at : (struct wall){(at.ms / STEP_MS + step) * STEP_MS}; }

/* Adds n to every step from which on the set stays open for so long. */
static void count_openings(struct store *s, struct campaign_mem *c, uint32_t set, uint64_t n, struct wall at, int64_t for_ms,
                           uint64_t *out) {
  const struct law_place *p = &s->sets[set].place;
  struct wall end = step_at(at, STEPS), from = opening_next(&c->def.gate, p, &s->law, at);
  for (int step = 0; from.ms != 0 && from.ms < end.ms;) {
    struct wall until = opening_until(&c->def.gate, p, &s->law, from), more = until;
    while (until.ms < end.ms && (more = opening_until(&c->def.gate, p, &s->law, until)).ms > until.ms) until = more;
    for (; step < STEPS && step_at(at, step).ms + for_ms < until.ms; step++)
      if (step_at(at, step).ms >= from.ms) out[step] += n;
    from = opening_next(&c->def.gate, p, &s->law, until.ms > from.ms ? until : wall_add(from, STEP_MS));
    while (step < STEPS && step_at(at, step).ms < from.ms) step++;
  }
}

struct wall store_best_time(struct store *s, const char *campaign, struct wall at, int64_t for_ms, uint64_t *callable) {
  struct campaign_mem *c = store_campaign_named(s, campaign);
  uint64_t *waiting = calloc(s->set_count + 1, sizeof *waiting), best = 0;
  struct wall found = WALL_NONE;
  sqlite3_stmt *q = db_query(&s->db, Q_BUCKET_COUNTS, "SELECT bucket, count(*) FROM case_state WHERE status=0 GROUP BY bucket", "");
  while (c && waiting && db_step(&s->db, q) > 0) {
    const struct bucket *b = bucket_at(s, col_u64(q, 0));
    if (b && b->visible && &s->campaigns[b->campaign] == c) waiting[b->set] += col_u64(q, 1);
  }
  db_done(q);
  uint64_t *callable_at = c && waiting ? calloc(STEPS, sizeof *callable_at) : NULL;
  for (uint32_t i = 0; callable_at && i < s->set_count; i++)
    if (waiting[i]) count_openings(s, c, i, waiting[i], at, for_ms, callable_at);
  for (int step = 0; callable_at && step < STEPS; step++)
    if (callable_at[step] > best) best = callable_at[step], found = step_at(at, step);
  free(callable_at);
  free(waiting);
  if (callable) *callable = best;
  return found;
}
