/* Promised calls: in the callee's time, moved into what is permitted when they are set; the gate asks again when they fire. */
#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

enum { YEAR_MS_DAYS = 366 };

struct promise {
  uint64_t seller, campaign, case_id, phone;
  struct case_row row;
};

static int attempt_of(struct store *s, uint64_t attempt, struct promise *p) {
  sqlite3_stmt *q = db_query(&s->db, Q_CALLBACK_CASE, "SELECT seller, campaign, case_id, phone FROM attempt WHERE id=?", "u", attempt);
  int r = db_step(&s->db, q);
  if (r > 0) *p = (struct promise){.seller = col_u64(q, 0), .campaign = col_u64(q, 1), .case_id = col_u64(q, 2), .phone = col_u64(q, 3)};
  db_done(q);
  if (r <= 0) return r < 0 ? r : CAD_ENOENT;
  r = case_get(s, p->case_id, p->campaign, &p->row);
  return r < 0 ? r : r == 0 ? CAD_ENOENT : CAD_OK;
}

/* The instant of a local time, by the offset that holds then. */
static struct wall local_instant(struct store *s, uint16_t zone, int64_t day, int minutes) {
  int64_t local = day * DAY_MS + (int64_t)minutes * 60000;
  struct wall at = {local};
  for (int i = 0; i < 3; i++) at.ms = local - (int64_t)zones_offset_s(s->zones, zone, at) * 1000;
  return at;
}

/* Of several zones the one where the time comes last: it is not earlier than promised anywhere. */
static int place_in_time(struct store *s, const struct law_place *place, struct callback *c) {
  uint16_t zone = ZONE_NONE;
  struct wall last = WALL_NONE;
  for (int i = 0; i < place->zone_count; i++) {
    struct wall at = c->local_day ? local_instant(s, place->zones[i], c->local_day, c->local_minutes) : c->wanted;
    if (zone != ZONE_NONE && at.ms <= last.ms) continue;
    zone = place->zones[i];
    last = at;
  }
  if (zone == ZONE_NONE) return CAD_EREFUSED;
  c->wanted = last;
  snprintf(c->zone, sizeof c->zone, "%s", zones_name(s->zones, zone));
  return CAD_OK;
}

static int permit(struct store *s, struct campaign_mem *campaign, uint32_t set, struct callback *c) {
  const struct rule *rule = NULL;
  c->due = opening_next(&campaign->def.gate, &s->sets[set].place, &s->law, c->wanted);
  c->moved_why[0] = '\0';
  if (c->due.ms == 0) return CAD_EREFUSED;
  if (c->due.ms != c->wanted.ms) {
    enum refusal why = set_blocked_by(s, campaign, set, c->wanted, &rule);
    snprintf(c->moved_why, sizeof c->moved_why, "%s", rule ? rule->id : refusal_name(why));
  }
  return CAD_OK;
}

int store_callback_put(struct store *s, struct callback *c) {
  struct promise p;
  struct wall now = store_now(s);
  if (s->reader) return CAD_EREFUSED;
  int err = attempt_of(s, c->attempt_id, &p), no = CAD_OK;
  struct campaign_mem *campaign = err >= 0 ? store_campaign(s, p.campaign) : NULL;
  const struct bucket *b = err >= 0 ? bucket_at(s, p.row.bucket) : NULL;
  if (err < 0) return err;
  if (!campaign || !b) return CAD_ENOENT;
  if (dnc_listed(s, p.row.phone, p.seller, p.campaign, &no)) return no < 0 ? no : CAD_EREFUSED;
  if ((err = place_in_time(s, &s->sets[b->set].place, c)) < 0) return err;
  if (c->wanted.ms < now.ms - 60000 || c->wanted.ms > now.ms + (int64_t)YEAR_MS_DAYS * DAY_MS) return CAD_EINVAL;
  if ((err = permit(s, campaign, b->set, c)) < 0) return err;
  c->case_id = p.case_id;
  c->phone = p.row.phone;
  bool own;
  if ((err = store_enter(s, &own)) < 0) return err;
  err = db_run(&s->db, Q_CALLBACK_PUT, "INSERT OR REPLACE INTO callback VALUES(?,?,?,?,?,?,?,?,?,?,?)", "uuuuudiitti", c->attempt_id,
               p.seller, p.campaign, p.case_id, c->agent_id, (int)c->mine, c->wanted.ms, c->due.ms, c->zone,
               c->moved_why[0] ? c->moved_why : NULL, now.ms);
  /* The call may go on still: then its close reads the promise. */
  if (err >= 0 && p.row.last_attempt == c->attempt_id && p.row.status != CASE_DIALING &&
      !lease_set_find(&s->leases, p.row.case_id, p.row.campaign)) {
    p.row.owner = c->mine ? c->agent_id : 0;
    err = case_wait(s, &p.row, c->mine ? CLASS_MINE : CLASS_CALLBACK, c->due);
  }
  return store_leave(s, own, err);
}

int callback_due(struct store *s, uint64_t attempt, struct wall *due, uint64_t *owner) {
  sqlite3_stmt *q = db_query(&s->db, Q_CALLBACK_GET, "SELECT due, mine, agent FROM callback WHERE attempt=?", "u", attempt);
  int r = db_step(&s->db, q);
  if (r > 0) *due = col_wall(q, 0), *owner = col_u64(q, 1) ? col_u64(q, 2) : 0;
  db_done(q);
  return r < 0 ? r : r == 0 ? CAD_ENOENT : CAD_OK;
}

/* Those whose contact still waits for this attempt's promise. */
int store_callback_each(struct store *s, const char *campaign, const char *agent, int (*row)(void *arg, const struct callback *c),
                        void *arg) {
  sqlite3_stmt *q = db_query(
      &s->db, Q_CALLBACK_ALL,
      "SELECT b.attempt, b.agent, b.case_id, c.phone, b.mine, b.wanted, c.next_at, b.zone, b.moved_why, m.name, p.name FROM callback b"
      " JOIN case_state c ON c.case_id=b.case_id AND c.campaign=b.campaign AND c.last_attempt=b.attempt AND c.status=0"
      " JOIN campaign m ON m.id=b.campaign JOIN work_case w ON w.id=b.case_id JOIN person p ON p.id=w.person"
      " LEFT JOIN agent a ON a.id=b.agent WHERE (?1 IS NULL OR m.name=?1) AND (?2 IS NULL OR a.name=?2) ORDER BY c.next_at",
      "tt", campaign, agent);
  int r, said = CAD_OK;
  while (said >= 0 && (r = db_step(&s->db, q)) > 0) {
    struct callback c = {.attempt_id = col_u64(q, 0),
                         .agent_id = col_u64(q, 1),
                         .case_id = col_u64(q, 2),
                         .phone = col_u64(q, 3),
                         .mine = col_u64(q, 4) != 0,
                         .wanted = col_wall(q, 5),
                         .due = col_wall(q, 6)};
    col_text(q, 7, c.zone, sizeof c.zone);
    col_text(q, 8, c.moved_why, sizeof c.moved_why);
    col_text(q, 9, c.campaign, sizeof c.campaign);
    col_text(q, 10, c.name, sizeof c.name);
    said = row(arg, &c);
  }
  db_done(q);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}

/* ---- what agents write down ---- */

int store_wrapup_put(struct store *s, uint64_t attempt, uint64_t agent, const char *fields) {
  struct promise p;
  if (s->reader) return CAD_EREFUSED;
  int err = attempt_of(s, attempt, &p);
  bool own;
  if (err < 0 || (err = store_enter(s, &own)) < 0) return err;
  err = db_run(&s->db, Q_WRAPUP_PUT, "INSERT OR REPLACE INTO wrapup VALUES(?,?,?,?,?)", "uuuti", attempt, p.seller, agent, fields,
               store_now(s).ms);
  return store_leave(s, own, err);
}

int store_wrapup_get(struct store *s, uint64_t attempt, char **fields) {
  sqlite3_stmt *q = db_query(&s->db, Q_WRAPUP_GET, "SELECT fields FROM wrapup WHERE attempt=?", "u", attempt);
  int r = db_step(&s->db, q);
  if (r > 0 && !(*fields = strdup((const char *)sqlite3_column_text(q, 0)))) r = CAD_ENOMEM;
  db_done(q);
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}
