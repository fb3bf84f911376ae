#include "store_internal.h"

/* Ids of a list's cases are greater than the list's own, so no index by list is kept: the table is walked once from there,
 * and the walk is remembered from call to call. */
enum { STEP = 32 };

/* The list of another contact that has this number, 0: none. */
static int used_by(struct store *s, uint64_t number, uint64_t seller, uint64_t *list) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_PHONE_USED,
               "SELECT w.list FROM case_state c JOIN work_case w ON w.id=c.case_id WHERE c.phone=?1 AND c.seller=?2"
               " UNION ALL SELECT w.list FROM case_number n JOIN work_case w ON w.id=n.case_id WHERE n.number=?1 AND w.seller=?2"
               " LIMIT 1",
               "uu", number, seller);
  int r = db_step(&s->db, q);
  *list = r > 0 ? col_u64(q, 0) : 0;
  db_done(q);
  return r < 0 ? r : CAD_OK;
}

static int drop_person(struct store *s, uint64_t person) {
  sqlite3_stmt *q = db_query(&s->db, Q_PERSON_HAS, "SELECT 1 FROM phone WHERE person=? LIMIT 1", "u", person);
  int r = db_step(&s->db, q);
  db_done(q);
  return r != 0 ? r : db_run(&s->db, Q_DROP_PERSON, "DELETE FROM person WHERE id=?", "u", person);
}

struct brought {
  uint64_t id, seller, person, number;
};

/* A phone that another list uses meanwhile becomes that list's, and its person with it. */
static int drop_phone(struct store *s, uint64_t id) {
  uint64_t seller = 0, person = 0, number = 0, list = 0, other;
  sqlite3_stmt *q = db_query(&s->db, Q_DROP_PHONES, "SELECT seller, person, number, list FROM phone WHERE id=?", "u", id);
  int err = db_step(&s->db, q);
  if (err > 0) seller = col_u64(q, 0), person = col_u64(q, 1), number = col_u64(q, 2), list = col_u64(q, 3);
  db_done(q);
  if (err <= 0 || list != s->drop.list) return err; /* it came with another list */
  if ((err = used_by(s, number, seller, &other)) < 0) return err;
  if (other) {
    err = db_run(&s->db, Q_PHONE_MOVE, "UPDATE phone SET list=? WHERE id=?", "uu", other, id);
    return err < 0 ? err : db_run(&s->db, Q_PERSON_MOVE, "UPDATE person SET list=? WHERE id=? AND list=?", "uuu", other, person, list);
  }
  err = db_run(&s->db, Q_DROP_PHONE, "DELETE FROM phone WHERE id=?", "u", id);
  return err < 0 ? err : drop_person(s, person);
}

/* The case, then the phones that came with it. */
static int drop_case(struct store *s, uint64_t case_id, uint64_t campaign) {
  uint64_t phones[CONTACT_NUMBERS_MAX + 1];
  int n = 0, r;
  sqlite3_stmt *q = db_query(&s->db, Q_DROP_PHONES_OF,
                             "SELECT phone_id FROM case_state WHERE case_id=?1 AND campaign=?2 UNION SELECT phone_id FROM case_number"
                             " WHERE case_id=?1",
                             "uu", case_id, campaign);
  while (n < CONTACT_NUMBERS_MAX + 1 && (r = db_step(&s->db, q)) > 0) phones[n++] = col_u64(q, 0);
  db_done(q);
  int err = db_run(&s->db, Q_DROP_STATE, "DELETE FROM case_state WHERE case_id=? AND campaign=?", "uu", case_id, campaign);
  if (err >= 0) err = db_run(&s->db, Q_DROP_NUMBERS, "DELETE FROM case_number WHERE case_id=?", "u", case_id);
  if (err >= 0) err = db_run(&s->db, Q_DROP_CASE, "DELETE FROM work_case WHERE id=?", "u", case_id);
  for (int i = 0; i < n && err >= 0; i++) err = drop_phone(s, phones[i]);
  return err;
}

/* Up to STEP cases; how many. */
static int drop_cases(struct store *s, uint64_t campaign) {
  uint64_t ids[STEP];
  struct drop_job *j = &s->drop;
  int n = 0, r = 0;
  sqlite3_stmt *q = db_query(&s->db, Q_DROP_CASES, "SELECT id FROM work_case WHERE id>? AND list=? ORDER BY id LIMIT ?", "uui",
                             j->last_case, j->list, (int64_t)STEP);
  while (n < STEP && (r = db_step(&s->db, q)) > 0) ids[n++] = col_u64(q, 0);
  db_done(q);
  if (r < 0) return r;
  for (int i = 0; i < n; i++) {
    int err = drop_case(s, ids[i], campaign);
    if (err < 0) return err;
    j->last_case = ids[i];
  }
  return n;
}

int list_drop_some(struct store *s, uint64_t list) {
  const struct list_mem *l = list_find(s, list);
  if (!l) return CAD_ENOENT;
  if (s->drop.list != list) s->drop = (struct drop_job){list, list};
  int n = drop_cases(s, s->campaigns[l->campaign].def.terms.id);
  if (n != 0) return n < 0 ? n : 1;
  s->memory_stale = true;
  int err = db_run(&s->db, Q_BUCKET_GONE, "DELETE FROM bucket WHERE list=?", "u", list);
  if (err >= 0) err = db_run(&s->db, Q_LIST_GONE, "DELETE FROM list WHERE id=?", "u", list);
  if (err < 0) return err;
  buckets_drop(s, list);
  uint32_t at = (uint32_t)(l - s->lists);
  for (; at + 1 < s->list_count; at++) s->lists[at] = s->lists[at + 1];
  s->list_count--;
  s->drop = (struct drop_job){0};
  return 0;
}
