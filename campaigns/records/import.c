#include "store_internal.h"
#include <string.h>

static struct import_job *job_find(struct store *s, uint64_t list) {
  for (int i = 0; i < JOBS_MAX; i++)
    if (s->jobs[i].list == list) return &s->jobs[i];
  return NULL;
}

int store_import_begin(struct store *s, const char *campaign, const char *file, struct wall at, uint64_t *job) {
  const struct campaign_mem *c = store_campaign_named(s, campaign);
  struct import_job *slot = job_find(s, 0);
  if (s->reader) return CAD_EREFUSED;
  if (!c) return CAD_ENOENT;
  if (!slot) return CAD_EFULL;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  uint64_t list = store_id(s, at);
  *slot = (struct import_job){.list = list, .campaign = (uint32_t)(c - s->campaigns)};
  err = db_run(&s->db, Q_LIST_PUT, "INSERT INTO list VALUES(?,?,?,?,0,?,NULL,0,0,0,0)", "uuuti", list, c->seller, c->def.terms.id,
               file ? file : "", at.ms ? at.ms : store_now(s).ms);
  err = store_leave(s, own, err);
  if (err >= 0) *job = list;
  return err;
}

/* Every zone where the number may be, and the zone that the file names: all of them must allow. */
static int row_set(struct store *s, const struct contact_row *row, uint32_t *set) {
  char zones[1400];
  const char *by_number = numbering_find(s->numbering, row->phone);
  if (!by_number && !row->zone[0]) return CAD_ENOENT;
  if (strchr(row->zone, '&')) return CAD_EINVAL;
  int n = snprintf(zones, sizeof zones, "%s%s%s", by_number ? by_number : "", by_number && row->zone[0] ? "&" : "", row->zone);
  if (n < 0 || n >= (int)sizeof zones) return CAD_EINVAL;
  return set_find(s, zones, set);
}

static int in_campaign(struct store *s, uint64_t phone, uint64_t campaign) {
  sqlite3_stmt *q = db_query(&s->db, Q_CASE_OF_PHONE, "SELECT 1 FROM case_state WHERE phone=? AND campaign=?", "uu", phone, campaign);
  int r = db_step(&s->db, q);
  db_done(q);
  return r;
}

/* The seller's phone row and its person, made when the number is new to the seller. */
static int phone_and_person(struct store *s, const struct campaign_mem *c, uint64_t list, const struct contact_row *row, uint64_t *phone_id,
                            uint64_t *person) {
  sqlite3_stmt *q = db_query(&s->db, Q_PHONE_GET, "SELECT id, person FROM phone WHERE seller=? AND number=?", "uu", c->seller, row->phone);
  int r = db_step(&s->db, q);
  if (r > 0) *phone_id = col_u64(q, 0), *person = col_u64(q, 1);
  db_done(q);
  if (r != 0) return r;
  struct wall now = store_now(s);
  *person = store_id(s, now);
  *phone_id = store_id(s, now);
  r = db_run(&s->db, Q_PERSON_PUT, "INSERT INTO person VALUES(?,?,?,?,NULL,?,?)", "uuutti", *person, c->seller, list, row->name,
             row->zone[0] ? row->zone : NULL, now.ms);
  return r < 0
             ? r
             : db_run(&s->db, Q_PHONE_PUT, "INSERT INTO phone VALUES(?,?,?,?,?)", "uuuuu", *phone_id, c->seller, *person, list, row->phone);
}

static int add_row(struct store *s, struct import_job *job, const struct contact_row *row, uint8_t *result) {
  const struct campaign_mem *c = &s->campaigns[job->campaign];
  uint32_t set = 0, bucket = 0;
  uint64_t phone_id = 0, person = 0;
  int err = CAD_OK, r = in_campaign(s, row->phone, c->def.terms.id);
  if (r < 0) return r;
  *result = CONTACT_ADDED;
  if (r > 0)
    *result = CONTACT_DUPLICATE;
  else if (dnc_listed(s, row->phone, c->seller, c->def.terms.id, &err))
    *result = CONTACT_DNC;
  else if (s->contacts_max && s->contacts >= s->contacts_max)
    *result = CONTACT_FULL;
  else if (row_set(s, row, &set) < 0)
    *result = CONTACT_ZONE_UNKNOWN;
  if (err < 0 || *result != CONTACT_ADDED) return err;
  if ((err = bucket_find(s, job->campaign, job->list, set, CLASS_FRESH, &bucket)) < 0) return err;
  if ((err = phone_and_person(s, c, job->list, row, &phone_id, &person)) < 0) return err;
  uint64_t case_id = store_id(s, WALL_NONE);
  err = db_run(&s->db, Q_WORK_PUT, "INSERT INTO work_case VALUES(?,?,?,?,?,?,?)", "uuuutti", case_id, c->seller, person, job->list,
               row->external_id[0] ? row->external_id : NULL, row->extra[0] ? row->extra : NULL, store_now(s).ms);
  if (err < 0) return err;
  /* Due at once, in the order of the file: next_at is the same for the whole list, then the case id counts. */
  return db_run(&s->db, Q_STATE_PUT, "INSERT INTO case_state VALUES(?,?,?,?,?,?,0,?,0,NULL,NULL,NULL)", "uuuuuii", case_id, c->def.terms.id,
                c->seller, phone_id, row->phone, (int64_t)bucket, (int64_t)1);
}

int store_import_rows(struct store *s, uint64_t list, const struct contact_row *rows, int n, uint8_t *result) {
  struct import_job *job = list ? job_find(s, list) : NULL;
  if (!job) return CAD_ENOENT;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  for (int i = 0; i < n && err >= 0; i++) {
    if ((err = add_row(s, job, &rows[i], &result[i])) < 0) break;
    job->added += result[i] == CONTACT_ADDED;
    s->contacts += result[i] == CONTACT_ADDED;
    job->duplicates += result[i] == CONTACT_DUPLICATE;
    job->dnc += result[i] == CONTACT_DNC;
    job->zone_unknown += result[i] == CONTACT_ZONE_UNKNOWN;
  }
  return store_leave(s, own, err);
}

static int list_state(struct store *s, const struct import_job *job, enum list_state state) {
  return db_run(&s->db, Q_LIST_STATE, "UPDATE list SET state=?, finished=?, added=?, duplicates=?, dnc=?, zone_unknown=? WHERE id=?",
                "diuuuuu", (int)state, store_now(s).ms, job->added, job->duplicates, job->dnc, job->zone_unknown, job->list);
}

int store_import_finish(struct store *s, uint64_t list, uint64_t *visible) {
  struct import_job *job = list ? job_find(s, list) : NULL;
  if (!job) return CAD_ENOENT;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  s->memory_stale = true;
  err = list_state(s, job, LIST_VISIBLE);
  struct import_job done = *job;
  if (err >= 0) {
    struct campaign_mem *c = &s->campaigns[job->campaign];
    for (uint32_t i = 0; i < c->bucket_count; i++) {
      struct bucket *b = &s->buckets[c->buckets[i] - 1];
      if (b->list == list) b->visible = 1, b->earliest_ms = 0;
    }
    c->open += job->added;
    *job = (struct import_job){0};
  }
  err = store_leave(s, own, err);
  if (err >= 0 && visible) *visible = done.added;
  return err;
}

/* The phones that a list brought and that no contact of another list uses meanwhile. */
#define LIST_PHONES(column)                                                                                                                \
  "SELECT " column " FROM phone p WHERE p.id>?1 AND p.list=?1 AND NOT EXISTS(SELECT 1 FROM case_state c WHERE c.phone=p.number) LIMIT ?2"

/* Ids of a list are greater than the list's own, so no index by list is kept; the first rows of each
 * table are taken away until none is left. */
static int drop_some(struct store *s, uint64_t list) {
  static const struct {
    enum db_slot slot;
    const char *sql;
  } STEPS[] = {
      {Q_LIST_DROP_STATES, "DELETE FROM case_state WHERE (case_id, campaign) IN (SELECT w.id, l.campaign FROM work_case w JOIN list l ON"
                           " l.id=?1 WHERE w.id>?1 AND w.list=?1 LIMIT ?2)"},
      {Q_LIST_DROP_CASES, "DELETE FROM work_case WHERE id IN (SELECT id FROM work_case WHERE id>?1 AND list=?1 LIMIT ?2)"},
      {Q_LIST_DROP_PEOPLE, "DELETE FROM person WHERE id IN (" LIST_PHONES("p.person") ")"},
      {Q_LIST_DROP_PHONES, "DELETE FROM phone WHERE id IN (" LIST_PHONES("p.id") ")"},
  };
  enum { STEP = 2000 };
  int dropped = 0;
  for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
    int err = db_run(&s->db, STEPS[i].slot, STEPS[i].sql, "ui", list, (int64_t)STEP);
    if (err < 0) return err;
    dropped += db_changes(&s->db);
  }
  return dropped;
}

static bool list_staged(struct store *s, uint64_t list) {
  sqlite3_stmt *q = db_query(&s->db, Q_LIST_GET, "SELECT state FROM list WHERE id=?", "u", list);
  bool staged = db_step(&s->db, q) > 0 && col_u64(q, 0) == LIST_STAGED;
  db_done(q);
  return staged;
}

int store_import_abort(struct store *s, uint64_t list) {
  struct import_job *job = list ? job_find(s, list) : NULL;
  struct import_job lost = {.list = list};
  int dropped;
  if (s->reader) return CAD_EREFUSED;
  if (!list_staged(s, list)) return CAD_ENOENT;
  do {
    bool own;
    int err = store_enter(s, &own);
    if (err < 0) return err;
    dropped = drop_some(s, list);
    if ((err = store_leave(s, own, dropped < 0 ? dropped : CAD_OK)) < 0) return err;
  } while (dropped > 0);
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  if (job) s->contacts -= job->added < s->contacts ? job->added : s->contacts;
  err = list_state(s, job ? job : &lost, LIST_ABORTED);
  if (err >= 0 && job) *job = (struct import_job){0};
  return store_leave(s, own, err);
}
