/* Callers: a call that comes has its rows before it is accepted, and the person is looked for.
 *
 * While somebody we know is on the line, nobody dials him: his contact waits. Whoever was served waits on by what the agent
 * says of the call; for the others it is as if they had not called, but for the row. */
#include "store_internal.h"
#include <campaigns/queues.h>
#include <string.h>

enum { ON_THE_LINE_MS = 1800000 };

struct caller {
  uint64_t case_id, phone_id, campaign; /* case_id 0: nobody knows him */
  struct wall next;
  char name[MAIL_NAME_MAX];
};

static int one(struct store *s, sqlite3_stmt *q, struct caller *out) {
  int r = db_step(&s->db, q);
  if (r > 0) {
    *out = (struct caller){.case_id = col_u64(q, 0), .phone_id = col_u64(q, 1), .campaign = col_u64(q, 2), .next = col_wall(q, 3)};
    col_text(q, 4, out->name, sizeof out->name);
  }
  db_done(q);
  return r;
}

#define WHO "SELECT c.case_id, c.phone_id, c.campaign, c.next_at, p.name FROM "
#define PERSON " JOIN work_case w ON w.id=c.case_id JOIN person p ON p.id=w.person"

/* The number at hand of a contact, then any number of one; in the queue's own campaign before the seller's others. */
static int find_caller(struct store *s, const struct campaign_mem *c, uint64_t phone, struct caller *out) {
  uint64_t own = c->def.terms.id;
  if (phone == 0) return 0;
  int r = one(s,
              db_query(&s->db, Q_CALLER_AT_HAND,
                       WHO "case_state c" PERSON " WHERE c.phone=?1 AND c.seller=?2 ORDER BY c.campaign<>?3, c.last_attempt DESC LIMIT 1",
                       "uuu", phone, c->seller, own),
              out);
  if (r != 0) return r;
  return one(s,
             db_query(&s->db, Q_CALLER_OTHER,
                      WHO "case_number n JOIN case_state c ON c.case_id=n.case_id" PERSON
                          " WHERE n.number=?1 AND c.seller=?2 ORDER BY c.campaign<>?3, c.last_attempt DESC LIMIT 1",
                      "uuu", phone, c->seller, own),
             out);
}

/* Trunks say numbers as their country writes them; a leading zero of it is no part of the number. */
static uint64_t international(const struct campaign_mem *c, uint64_t phone) {
  static const struct {
    const char country[4];
    uint64_t prefix, least, most;
  } PLANS[] = {{"US", 10000000000, 2000000000, 9999999999},  {"CA", 10000000000, 2000000000, 9999999999},
               {"ES", 34000000000, 600000000, 999999999},    {"MX", 520000000000, 1000000000, 9999999999},
               {"GB", 440000000000, 1000000000, 9999999999}, {"FR", 33000000000, 100000000, 999999999},
               {"CO", 570000000000, 3000000000, 6999999999}, {"PE", 51000000000, 900000000, 999999999}};
  for (size_t i = 0; i < sizeof PLANS / sizeof PLANS[0]; i++)
    if (strcmp(PLANS[i].country, c->def.country) == 0 && phone >= PLANS[i].least && phone <= PLANS[i].most) return PLANS[i].prefix + phone;
  return phone;
}

static int hold_contact(struct store *s, const struct mail_store_arrive *req, const struct caller *who, struct wall now) {
  struct case_row row;
  int r = case_get(s, who->case_id, who->campaign, &row);
  if (r <= 0 || row.status != CASE_WAITING || !store_campaign(s, who->campaign)) return r < 0 ? r : CAD_OK;
  struct lease_entry *lease = lease_set_find(&s->leases, who->case_id, who->campaign);
  struct bucket *b = bucket_at(s, row.bucket);
  if (lease) {
    if (b && b->leased) b->leased--;
    lease_set_remove(&s->leases, lease);
  }
  r = case_wait(s, &row, b ? (enum case_class)b->class : CLASS_RETRY, wall_add(now, ON_THE_LINE_MS));
  if (r >= 0)
    r = db_run(&s->db, Q_CALLER_HOLD, "UPDATE case_state SET last_attempt=? WHERE case_id=? AND campaign=?", "uuu", req->attempt_id,
               who->case_id, who->campaign);
  return r;
}

static int write_rows(struct store *s, const struct mail_store_arrive *req, const struct campaign_mem *c, const struct caller *who,
                      const char *trunk, uint64_t phone, struct wall now, bool closed) {
  unsigned char salt[SALT_BYTES];
  char inputs[160];
  snprintf(inputs, sizeof inputs, "{\"did\":%llu,\"queue\":%llu,\"closed\":%d,\"known\":%d}", (unsigned long long)req->did,
           (unsigned long long)req->queue_id, closed, who->case_id != 0);
  struct decision d = {.id = req->attempt_id,
                       .seller = c->seller,
                       .campaign = c->def.terms.id,
                       .case_id = who->case_id,
                       .phone = phone,
                       .at = now,
                       .reason = REFUSAL_NONE,
                       .rule = "caller",
                       .rule_version = 1,
                       .inputs = inputs};
  struct wall at = req->at.ms ? req->at : now;
  int err = decision_put(s, &d, salt);
  if (err >= 0)
    err = db_run(&s->db, Q_ATTEMPT_PUT,
                 "INSERT INTO attempt(id,seller,campaign,interaction,case_id,phone_id,phone,trunk,caller_id,zone_set,started,salt) "
                 "VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
                 "uuuuuuUtuiiS", req->attempt_id, c->seller, c->def.terms.id, req->attempt_id, who->case_id, who->phone_id, phone, trunk,
                 req->did, (int64_t)0, at.ms, phone ? salt : NULL);
  if (err >= 0)
    err = db_run(&s->db, Q_ARRIVAL_PUT, "INSERT INTO arrival(attempt,seller,queue,did,at,case_campaign,case_next) VALUES(?,?,?,?,?,?,?)",
                 "uuuuiuw", req->attempt_id, c->seller, req->queue_id, req->did, at.ms, who->campaign, who->next);
  return err;
}

static int known_already(struct store *s, uint64_t attempt) {
  sqlite3_stmt *q = db_query(&s->db, Q_ARRIVAL_HAS, "SELECT 1 FROM arrival WHERE attempt=?", "u", attempt);
  int r = db_step(&s->db, q);
  db_done(q);
  return r;
}

int store_arrive(struct store *s, const struct mail_store_arrive *req, const char *trunk, struct now now, struct mail_store_arrived *out) {
  struct queue_def queue;
  struct caller who = {0};
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  int r = queue_by_id(s, req->queue_id, &queue);
  const struct campaign_mem *c = r > 0 ? store_campaign(s, queue.terms.campaign_id) : NULL;
  err = r < 0 ? r : c ? CAD_OK : CAD_ENOENT;
  uint64_t phone = c ? international(c, req->from) : req->from;
  if (err >= 0 && (r = find_caller(s, c, phone, &who)) < 0) err = r;
  bool closed = false;
  if (err >= 0 && queue.has_hours) {
    uint16_t zone = zones_find(s->zones, queue.zone);
    closed = zone == ZONE_NONE || !hours_allow(&queue.hours, s->zones, &zone, 1, now.wall);
  }
  int again = err < 0 ? err : known_already(s, req->attempt_id);
  if (again < 0) err = again;
  if (again == 0) err = write_rows(s, req, c, &who, trunk, phone, now.wall, closed);
  if (again == 0 && err >= 0 && who.case_id) err = hold_contact(s, req, &who, now.wall);
  err = store_leave(s, own, err);
  if (err < 0) return err;
  *out = (struct mail_store_arrived){
      .slot = req->slot,
      .gen = req->gen,
      .attempt_id = req->attempt_id,
      .queue_id = req->queue_id,
      .closed = closed,
      .contact = {.campaign_id = queue.terms.campaign_id, .case_id = who.case_id, .phone_id = who.phone_id, .phone = phone}};
  memcpy(out->contact.name, who.name, sizeof out->contact.name);
  return CAD_OK;
}

/* Whoever was not served is due again when he was before. */
static int release_contact(struct store *s, uint64_t attempt, uint64_t case_id, uint64_t campaign, struct wall next) {
  struct case_row row;
  int r = case_get(s, case_id, campaign, &row);
  if (r <= 0 || row.status != CASE_WAITING || row.last_attempt != attempt || !store_campaign(s, campaign)) return r < 0 ? r : CAD_OK;
  const struct bucket *b = bucket_at(s, row.bucket);
  return case_wait(s, &row, b ? (enum case_class)b->class : CLASS_RETRY, next);
}

int arrival_close(struct store *s, const struct mail_store_close *rec, uint64_t case_id) {
  uint64_t campaign = 0;
  struct wall next = WALL_NONE;
  sqlite3_stmt *q =
      db_query(&s->db, Q_ARRIVAL_GET, "SELECT coalesce(case_campaign,0), case_next FROM arrival WHERE attempt=?", "u", rec->attempt_id);
  int r = db_step(&s->db, q);
  if (r > 0) campaign = col_u64(q, 0), next = col_wall(q, 1);
  db_done(q);
  if (r <= 0) return r;
  int end = rec->queue_end > QUEUE_END_NONE && rec->queue_end < QUEUE_END_COUNT ? rec->queue_end : QUEUE_END_BROKEN;
  r = db_run(&s->db, Q_ARRIVAL_CLOSE,
             "UPDATE arrival SET queue=CASE WHEN ?1=0 THEN queue ELSE ?1 END, ended=?2, wait_ms=?3 WHERE attempt=?4", "udiu", rec->queue_id,
             end, (int64_t)rec->queued_ms, rec->attempt_id);
  if (r >= 0 && case_id && end != QUEUE_END_SERVED) r = release_contact(s, rec->attempt_id, case_id, campaign, next);
  return r;
}

int store_queue_sums(struct store *s, struct wall from, struct wall to, int (*row)(void *arg, const struct queue_sums *q), void *arg) {
  sqlite3_stmt *q = NULL;
  int said = CAD_OK, code = SQLITE_DONE;
  static const char SQL[] =
      "SELECT coalesce(q.name,'(deleted)'), count(*), sum(a.ended=1), sum(a.ended=1 AND a.wait_ms<=coalesce(json_extract(q.def,"
      "'$.service_ms'),20000)), sum(a.ended=2), sum(a.ended=3), sum(a.ended=4), sum(a.ended=5), sum(a.ended=6),"
      " coalesce(sum(CASE WHEN a.ended=1 THEN a.wait_ms END),0), coalesce(sum(CASE WHEN a.ended=2 THEN a.wait_ms END),0),"
      " coalesce(max(a.wait_ms),0) FROM arrival a LEFT JOIN queue q ON q.id=a.queue WHERE a.ended IS NOT NULL AND (?1 IS NULL OR a.at>=?1)"
      " AND (?2 IS NULL OR a.at<?2) GROUP BY a.queue ORDER BY q.name IS NULL, q.name";
  if (sqlite3_prepare_v2(s->db.handle, SQL, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
  if (from.ms) sqlite3_bind_int64(q, 1, from.ms);
  if (to.ms) sqlite3_bind_int64(q, 2, to.ms);
  while (said >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    struct queue_sums n = {.offered = col_u64(q, 1), .served = col_u64(q, 2), .in_time = col_u64(q, 3)};
    col_text(q, 0, n.queue, sizeof n.queue);
    n.ended[QUEUE_END_SERVED] = n.served;
    for (int i = QUEUE_END_LEFT; i < QUEUE_END_COUNT; i++) n.ended[i] = col_u64(q, 2 + i);
    n.served_wait_ms = col_u64(q, 9);
    n.left_wait_ms = col_u64(q, 10);
    n.longest_ms = col_u64(q, 11);
    said = row(arg, &n);
  }
  if (said >= 0 && code != SQLITE_DONE) said = CAD_EIO;
  sqlite3_finalize(q);
  return said;
}
