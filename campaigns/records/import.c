#include "store_internal.h"
#include "dialer/base/clock.h"
#include <string.h>

/* What bulk work may take of the store thread at once, and how often it looks. */
enum { BULK_US = 6000, LOOK_ROWS = 16 };

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
  int64_t created_ms = at.ms ? at.ms : store_now(s).ms;
  struct list_mem l = {.id = list, .campaign = slot->campaign, .state = LIST_STAGED, .priority = LIST_PRIORITY, .share = 1};
  s->memory_stale = true;
  err = db_run(&s->db, Q_LIST_PUT,
               "INSERT INTO list(id, seller, campaign, file, state, created, added, duplicates, dnc, zone_unknown)"
               " VALUES(?,?,?,?,0,?,0,0,0,0)",
               "uuuti", list, c->seller, c->def.terms.id, file ? file : "", created_ms);
  if (err >= 0)
    err = db_run(&s->db, Q_IMPORT_PUT, "INSERT INTO import_log VALUES(?,?,?,?,0,?,NULL,0,0,0,'{}')", "uuuti", list, c->seller,
                 c->def.terms.id, file ? file : "", created_ms);
  if (err >= 0) err = list_append(s, &l);
  err = store_leave(s, own, err);
  if (err >= 0) *job = list;
  return err;
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

/* The seller called it already, for whatever campaign. */
static int known_to_seller(struct store *s, uint64_t phone, uint64_t seller) {
  sqlite3_stmt *q = db_query(&s->db, Q_PHONE_ANY, "SELECT 1 FROM phone WHERE seller=? AND number=?", "uu", seller, phone);
  int r = db_step(&s->db, q);
  db_done(q);
  return r;
}

/* What the store says of a row, without writing. The zone set of a good one goes to *set. */
static int judge_row(struct store *s, const struct import_job *job, const struct contact_row *row, uint8_t *result, uint32_t *set) {
  const struct campaign_mem *c = &s->campaigns[job->campaign];
  int err = CAD_OK, r = in_campaign(s, row->phone, c->def.terms.id);
  if (r < 0) return r;
  *result = CONTACT_ADDED;
  if (r > 0)
    *result = CONTACT_DUPLICATE;
  else if (job->refuse_known && (r = known_to_seller(s, row->phone, c->seller)) != 0)
    *result = CONTACT_KNOWN;
  else if (dnc_listed(s, row->phone, c->seller, c->def.terms.id, &err))
    *result = CONTACT_DNC;
  else if (s->contacts_max && s->contacts >= s->contacts_max)
    *result = CONTACT_FULL;
  else if (row->zone[0] && zones_find(s->zones, row->zone) == ZONE_NONE)
    *result = CONTACT_ZONE_WRONG;
  else if (place_row(s, row, row->phone, set) < 0)
    *result = CONTACT_ZONE_UNKNOWN;
  return r < 0 ? r : err;
}

static int put_number(struct store *s, uint64_t case_id, int rank, uint64_t phone_id, uint64_t number, uint32_t set) {
  return db_run(&s->db, Q_NUMBER_PUT, "INSERT INTO case_number VALUES(?,?,?,?,?,0)", "uduui", case_id, rank, phone_id, number,
                (int64_t)set + 1);
}

/* Phone row of a further number, made when the seller does not know it. */
static int further_phone(struct store *s, const struct campaign_mem *c, uint64_t list, uint64_t number, uint64_t person, uint64_t *id) {
  sqlite3_stmt *q = db_query(&s->db, Q_PHONE_GET, "SELECT id, person FROM phone WHERE seller=? AND number=?", "uu", c->seller, number);
  int r = db_step(&s->db, q);
  if (r > 0) *id = col_u64(q, 0);
  db_done(q);
  if (r != 0) return r;
  *id = store_id(s, WALL_NONE);
  return db_run(&s->db, Q_PHONE_PUT, "INSERT INTO phone VALUES(?,?,?,?,?)", "uuuuu", *id, c->seller, person, list, number);
}

/* The numbers after the first, in the order of trial; those that must not or cannot be called are left out. Returns how many
 * the case has in all. */
static int put_numbers(struct store *s, struct import_job *job, const struct contact_row *row, uint64_t case_id, uint64_t phone_id,
                       uint64_t person, uint32_t first_set) {
  const struct campaign_mem *c = &s->campaigns[job->campaign];
  int count = 1, err = CAD_OK;
  for (int i = 0; i < CONTACT_NUMBERS_MAX - 1 && row->others[i] && err >= 0; i++) {
    uint64_t number = row->others[i], id = 0;
    uint32_t set = 0;
    bool again = number == row->phone;
    for (int k = 0; k < i; k++) again |= row->others[k] == number;
    if (again) continue;
    if (dnc_listed(s, number, c->seller, c->def.terms.id, &err) || place_row(s, row, number, &set) < 0) {
      job->left_out++;
      continue;
    }
    if (count == 1) err = put_number(s, case_id, 0, phone_id, row->phone, first_set);
    if (err >= 0) err = further_phone(s, c, job->list, number, person, &id);
    if (err >= 0) err = put_number(s, case_id, count, id, number, set);
    count++;
  }
  return err < 0 ? err : count;
}

/* For each number that the case got. */
static int put_consents(struct store *s, struct import_job *job, const struct contact_row *row) {
  const struct campaign_mem *c = &s->campaigns[job->campaign];
  int err = consent_import(s, c->seller, row->phone, job->list, &row->consent);
  job->consents++;
  for (int i = 0; i < CONTACT_NUMBERS_MAX - 1 && row->others[i] && err >= 0; i++, job->consents++)
    err = consent_import(s, c->seller, row->others[i], job->list, &row->consent);
  return err;
}

static int add_row(struct store *s, struct import_job *job, const struct contact_row *row, uint8_t *result) {
  const struct campaign_mem *c = &s->campaigns[job->campaign];
  uint32_t set = 0, bucket = 0;
  uint64_t phone_id = 0, person = 0;
  int err = judge_row(s, job, row, result, &set);
  if (err < 0 || *result != CONTACT_ADDED) return err;
  uint8_t segment = row->segment < CONTACT_SEGMENTS ? row->segment : CONTACT_SEGMENTS - 1;
  if ((err = bucket_find(s, job->campaign, job->list, set, segment, CLASS_FRESH, &bucket)) < 0) return err;
  if ((err = phone_and_person(s, c, job->list, row, &phone_id, &person)) < 0) return err;
  uint64_t case_id = store_id(s, WALL_NONE);
  err = db_run(&s->db, Q_WORK_PUT, "INSERT INTO work_case VALUES(?,?,?,?,?,?,?)", "uuuutti", case_id, c->seller, person, job->list,
               row->external_id[0] ? row->external_id : NULL, row->extra[0] ? row->extra : NULL, store_now(s).ms);
  int numbers = err < 0 ? err : row->others[0] ? put_numbers(s, job, row, case_id, phone_id, person, set) : 1;
  if (numbers < 0) return numbers;
  if (row->consent.bases && (err = put_consents(s, job, row)) < 0) return err;
  /* Due at once, in the order of the file: next_at lies in the first hours of 1970, then the case id counts. */
  return db_run(&s->db, Q_STATE_PUT,
                "INSERT INTO case_state(case_id, campaign, seller, phone_id, phone, bucket, status, next_at, tries, numbers)"
                " VALUES(?,?,?,?,?,?,0,?,0,?)",
                "uuuuuiid", case_id, c->def.terms.id, c->seller, phone_id, row->phone, (int64_t)bucket,
                row->order ? (int64_t)row->order : 1, numbers);
}

static void count_row(struct store *s, struct import_job *job, uint8_t result) {
  job->added += result == CONTACT_ADDED;
  s->contacts += result == CONTACT_ADDED;
  job->duplicates += result == CONTACT_DUPLICATE || result == CONTACT_KNOWN;
  job->dnc += result == CONTACT_DNC;
  job->zone_unknown += result == CONTACT_ZONE_UNKNOWN || result == CONTACT_ZONE_WRONG;
}

int store_import_rows(struct store *s, uint64_t list, const struct contact_row *rows, int n, uint8_t *result) {
  struct import_job *job = list ? job_find(s, list) : NULL;
  if (!job) return CAD_ENOENT;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  for (int i = 0; i < n && err >= 0; i++) {
    if ((err = add_row(s, job, &rows[i], &result[i])) < 0) break;
    count_row(s, job, result[i]);
  }
  return store_leave(s, own, err);
}

/* One more contact of a list that is visible already. */
int import_add_one(struct store *s, const struct campaign_mem *c, uint64_t list, const struct contact_row *row, uint8_t *result) {
  struct import_job job = {.list = list, .campaign = (uint32_t)(c - s->campaigns)};
  int err = add_row(s, &job, row, result);
  if (err < 0 || *result != CONTACT_ADDED) return err;
  count_row(s, &job, *result);
  s->memory_stale = true;
  s->campaigns[job.campaign].open++;
  struct list_mem *l = list_find(s, list);
  if (l) l->added++;
  err = db_run(&s->db, Q_LIST_ONE_MORE, "UPDATE list SET added=added+1 WHERE id=?", "u", list);
  if (err >= 0) err = db_run(&s->db, Q_IMPORT_ONE_MORE, "UPDATE import_log SET rows=rows+1, added=added+1 WHERE id=?", "u", list);
  return err;
}

int store_import_some(struct store *s, uint64_t list, const struct contact_row *rows, int n, uint8_t *result) {
  struct import_job *job = list ? job_find(s, list) : NULL;
  const int64_t from = clock_mono_us();
  bool own;
  int done = 0, err = job ? store_enter_bulk(s, &own) : CAD_ENOENT;
  if (err < 0) return err;
  while (done < n && err >= 0 && (done % LOOK_ROWS || done == 0 || clock_mono_us() - from < BULK_US)) {
    if ((err = add_row(s, job, &rows[done], &result[done])) < 0) break;
    count_row(s, job, result[done++]);
  }
  err = store_leave(s, own, err);
  return err < 0 ? err : done;
}

int store_import_check(struct store *s, const char *campaign, bool refuse_known, const struct contact_row *rows, int n, uint8_t *result) {
  const struct campaign_mem *c = store_campaign_named(s, campaign);
  if (s->reader || !c) return c ? CAD_EREFUSED : CAD_ENOENT;
  struct import_job job = {.campaign = (uint32_t)(c - s->campaigns), .refuse_known = refuse_known};
  uint32_t set;
  int err = CAD_OK;
  for (int i = 0; i < n && err >= 0; i++) err = judge_row(s, &job, &rows[i], &result[i], &set);
  return err;
}

int store_import_refuse_known(struct store *s, uint64_t list) {
  struct import_job *job = list ? job_find(s, list) : NULL;
  if (!job) return CAD_ENOENT;
  job->refuse_known = true;
  return CAD_OK;
}

uint64_t store_import_left_out(struct store *s, uint64_t list) {
  const struct import_job *job = list ? job_find(s, list) : NULL;
  return job ? job->left_out : 0;
}

uint64_t store_import_consents(struct store *s, uint64_t list) {
  const struct import_job *job = list ? job_find(s, list) : NULL;
  return job ? job->consents : 0;
}

int store_import_note(struct store *s, uint64_t list, uint64_t rows, uint64_t rejected, const char *reasons) {
  return db_run(&s->db, Q_IMPORT_END, "UPDATE import_log SET rows=?, rejected=?, reasons=? WHERE id=?", "uutu", rows, rejected, reasons,
                list);
}

static int log_state(struct store *s, uint64_t list, enum import_state state, uint64_t added) {
  return db_run(&s->db, Q_IMPORT_STATE, "UPDATE import_log SET state=?, ended=?, added=? WHERE id=?", "diuu", (int)state, store_now(s).ms,
                added, list);
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
  if (err >= 0) err = log_state(s, list, IMPORT_VISIBLE, job->added);
  struct import_job done = *job;
  struct list_mem *l = list_find(s, list);
  if (err >= 0 && l) {
    l->state = LIST_VISIBLE;
    l->added = job->added;
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

/* ---- away again ---- */

static int state_of(struct store *s, uint64_t list) {
  const struct list_mem *l = list_find(s, list);
  return l ? (int)l->state : -1;
}

/* One step of taking rows away, in a group of its own when the caller has none. */
static int drop_step(struct store *s, uint64_t list, enum import_state becomes) {
  const int64_t from = clock_mono_us();
  bool own;
  int err = store_enter_bulk(s, &own), more;
  if (err < 0) return err;
  do more = list_drop_some(s, list);
  while (more > 0 && clock_mono_us() - from < BULK_US);
  if (more == 0) more = log_state(s, list, becomes, 0);
  err = store_leave(s, own, more);
  return err < 0 ? err : more;
}

int store_import_abort(struct store *s, uint64_t list) {
  struct import_job *job = list ? job_find(s, list) : NULL;
  if (s->reader) return CAD_EREFUSED;
  int state = state_of(s, list);
  if (state != LIST_STAGED && state != LIST_UNDOING) return CAD_ENOENT;
  int more = drop_step(s, list, state == LIST_STAGED ? IMPORT_ABORTED : IMPORT_UNDONE);
  if (more != 0) return more;
  if (job) {
    s->contacts -= job->added < s->contacts ? job->added : s->contacts;
    *job = (struct import_job){0};
  }
  return CAD_OK;
}

/* The leases of a list are nobody's any more. */
static void drop_leases(struct store *s, uint64_t list) {
  for (uint32_t i = 0; i < s->leases.slots; i++) { /* removal closes gaps: the same place is looked at again */
    const struct bucket *b = s->leases.table[i].case_id ? bucket_at(s, s->leases.table[i].bucket) : NULL;
    if (!b || b->list != list) continue;
    lease_set_remove(&s->leases, &s->leases.table[i]);
    i = UINT32_MAX;
  }
}

static int hide(struct store *s, struct list_mem *l) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  s->memory_stale = true;
  err = db_run(&s->db, Q_LIST_STATE, "UPDATE list SET state=?, finished=?, added=?, duplicates=?, dnc=?, zone_unknown=? WHERE id=?",
               "diuuuuu", (int)LIST_UNDOING, store_now(s).ms, l->added, (uint64_t)0, (uint64_t)0, (uint64_t)0, l->id);
  struct campaign_mem *c = &s->campaigns[l->campaign];
  uint64_t open = l->added > l->done ? l->added - l->done : 0;
  if (err >= 0) {
    l->state = LIST_UNDOING;
    c->open -= open < c->open ? open : c->open;
    s->contacts -= l->added < s->contacts ? l->added : s->contacts;
    for (uint32_t i = 0; i < s->bucket_count; i++)
      if (s->buckets[i].list == l->id) s->buckets[i].visible = 0;
    drop_leases(s, l->id);
  }
  return store_leave(s, own, err);
}

int store_import_undo(struct store *s, uint64_t list) {
  struct list_mem *l = list_find(s, list);
  if (s->reader) return CAD_EREFUSED;
  if (!l || (l->state != LIST_VISIBLE && l->state != LIST_UNDOING)) return CAD_ENOENT;
  if (l->dialed_ms) return CAD_EREFUSED;
  if (l->state == LIST_UNDOING) return drop_step(s, list, IMPORT_UNDONE);
  int err = hide(s, l);
  return err < 0 ? err : 1;
}

int store_import_each(struct store *s, int (*row)(void *arg, const struct import_row *r), void *arg) {
  sqlite3_stmt *q = db_query(&s->db, Q_IMPORT_ALL,
                             "SELECT i.id, c.name, i.file, i.state, i.created, i.ended, i.rows, i.added, i.rejected, i.reasons,"
                             " l.dialed FROM import_log i JOIN campaign c ON c.id=i.campaign LEFT JOIN list l ON l.id=i.id ORDER BY i.id",
                             "");
  int r, said = CAD_OK;
  while (said >= 0 && (r = db_step(&s->db, q)) > 0) {
    struct import_row i = {.id = col_u64(q, 0),
                           .state = (uint8_t)col_u64(q, 3),
                           .created = col_wall(q, 4),
                           .ended = col_wall(q, 5),
                           .rows = col_u64(q, 6),
                           .added = col_u64(q, 7),
                           .rejected = col_u64(q, 8),
                           .dialed = col_wall(q, 10)};
    col_text(q, 1, i.campaign, sizeof i.campaign);
    col_text(q, 2, i.file, sizeof i.file);
    col_text(q, 9, i.reasons, sizeof i.reasons);
    said = row(arg, &i);
  }
  db_done(q);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}
