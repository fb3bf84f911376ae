#include "months.h"
#include "store_internal.h"
#include <campaigns/compliance.h>
#include <campaigns/person.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int person_subject(const char *db_path, uint64_t phone, char out[SUBJECT_BYTES]) {
  char key[512];
  struct secret secret;
  unsigned char hash[SECRET_HASH_BYTES];
  secret_path(db_path, key, sizeof key);
  FILE *there = fopen(key, "re"); /* never made here: it would be another box's */
  if (!there) return CAD_EIO;
  fclose(there);
  int r = secret_open(key, &secret, NULL);
  if (r < 0) return r;
  secret_suppress_hash(&secret, phone, hash);
  secret_forget(&secret);
  sodium_bin2hex(out, SUBJECT_BYTES, hash, sizeof hash);
  return CAD_OK;
}

/* By the index that begins with the seller. */
#define OF_NUMBER "seller IN (SELECT id FROM seller) AND number=?1"

/* ---- what there is ---- */

/* Ids, the list ends with 0. */
struct idlist {
  uint64_t *ids;
  size_t n, room;
};

static int ids_add(struct idlist *l, uint64_t id) {
  if (l->n + 1 >= l->room) {
    size_t room = l->room ? l->room * 2 : 64;
    uint64_t *bigger = realloc(l->ids, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    l->ids = bigger;
    l->room = room;
  }
  l->ids[l->n++] = id;
  l->ids[l->n] = 0;
  return CAD_OK;
}

struct asking {
  uint64_t phone;
  struct idlist list;
};

static int ids_part(void *arg, struct db *conn, const struct archive_part *p, sqlite3_stmt *q) {
  struct asking *a = arg;
  int code, r = CAD_OK;
  (void)conn, (void)p;
  sqlite3_bind_int64(q, 1, (int64_t)a->phone);
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) r = ids_add(&a->list, col_u64(q, 0));
  return r < 0 ? r : code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

/* Of the live file, or of the archives as well. */
static int ids_ask(struct store *s, const char *sql, bool archives, uint64_t phone, uint64_t **out, unsigned *count) {
  struct asking a = {.phone = phone, .list = {calloc(2, sizeof(uint64_t)), 0, 2}};
  sqlite3_stmt *q = NULL;
  int r = a.list.ids ? CAD_OK : CAD_ENOMEM;
  if (r >= 0 && archives) {
    r = archives_each(&s->db, sql, ids_part, &a);
  } else if (r >= 0) {
    r = sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) == SQLITE_OK ? ids_part(&a, &s->db, NULL, q) : CAD_EFORMAT;
    sqlite3_finalize(q);
  }
  *out = a.list.ids;
  if (count) *count = (unsigned)a.list.n;
  return r;
}

static int ids_of(struct store *s, const char *sql, uint64_t phone, uint64_t **out, unsigned *count) {
  return ids_ask(s, sql, false, phone, out, count);
}

static int by_id(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* Both lists as one, each id once; `into` grows. */
static int ids_join(uint64_t **into, const uint64_t *more) {
  struct idlist l = {.ids = *into};
  while (l.ids && l.ids[l.n]) l.n++;
  l.room = l.n + 1;
  int r = CAD_OK;
  for (size_t i = 0; more && more[i] && r >= 0; i++) r = ids_add(&l, more[i]);
  *into = l.ids;
  if (r < 0 || l.n == 0) return r;
  qsort(l.ids, l.n, sizeof *l.ids, by_id);
  size_t kept = 1;
  for (size_t i = 1; i < l.n; i++)
    if (l.ids[i] != l.ids[kept - 1]) l.ids[kept++] = l.ids[i];
  l.ids[kept] = 0;
  return CAD_OK;
}

int person_find(struct store *reader, uint64_t phone, struct person_rows *out) {
  uint64_t *contacts = NULL;
  *out = (struct person_rows){0};
  int r = ids_ask(reader, "SELECT id FROM @attempt WHERE phone=?", true, phone, &out->calls, &out->call_count);
  if (r >= 0)
    r = ids_ask(reader, "SELECT id FROM @decision WHERE allowed=0 AND phone=?", true, phone, &out->decisions, &out->decision_count);
  if (r >= 0) r = ids_join(&out->decisions, out->calls); /* launches that were allowed bear the id of their call */
  out->decision_count += out->call_count;
  if (r >= 0) r = ids_ask(reader, "SELECT id FROM @verdict WHERE phone=?", true, phone, &out->verdicts, NULL);
  if (r >= 0) r = ids_of(reader, "SELECT id FROM audit WHERE phone=?", phone, &out->audits, NULL);
  if (r >= 0) r = ids_of(reader, "SELECT case_id FROM case_state WHERE phone=?", phone, &contacts, &out->contacts);
  free(contacts);
  return r;
}

int person_numbers(struct store *reader, uint64_t phone, uint64_t *out, int most) {
  uint64_t *numbers = NULL;
  int n = 0;
  int r = ids_of(reader,
                 "SELECT number FROM phone WHERE number>0 AND person IN (SELECT person FROM phone WHERE " OF_NUMBER ") ORDER BY number<>?1",
                 phone, &numbers, NULL);
  for (; r >= 0 && numbers && numbers[n] && n < most; n++) out[n] = numbers[n];
  free(numbers);
  return r < 0 ? r : n;
}

void person_rows_free(struct person_rows *r) {
  free(r->calls);
  free(r->decisions);
  free(r->verdicts);
  free(r->audits);
  *r = (struct person_rows){0};
}

/* ---- erasure ---- */

static char *list_text(const uint64_t *ids) {
  size_t n = 0, room = 1;
  while (ids && ids[n]) n++;
  char *text = malloc(room + n * 21);
  if (!text) return NULL;
  text[0] = '\0';
  for (size_t i = 0, at = 0; i < n; i++) at += (size_t)sprintf(text + at, "%s%llu", i ? " " : "", (unsigned long long)ids[i]);
  return text;
}

/* A retention took all rows of a log before its instant: the list is "*". */
const uint64_t ERASED_EVERY[1];
static char *mark_text(const uint64_t *ids) { return ids == ERASED_EVERY ? strdup("*") : list_text(ids); }

int erasure_mark(struct store *s, struct wall before, const char *subject, const char *basis, const struct person_rows *rows) {
  const struct store_actor *who = &s->actor;
  char *texts[4] = {mark_text(rows->calls), mark_text(rows->decisions), mark_text(rows->verdicts), mark_text(rows->audits)};
  uint64_t id = store_id(s, WALL_NONE);
  content_clear(&s->chain.content);
  int err = CAD_ENOMEM;
  if (texts[0] && texts[1] && texts[2] && texts[3])
    err = db_run_into(
        &s->db, &s->chain.content, Q_ERASURE_PUT,
        "INSERT INTO erasure(id,at,actor,uid,basis,before,calls,decisions,verdicts,audits,subject) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
        "uititwttttt", id, store_now(s).ms, who->name[0] ? who->name : "cadencia", (int64_t)who->uid, basis, before, texts[0], texts[1],
        texts[2], texts[3], subject);
  for (int i = 0; i < 4; i++) free(texts[i]);
  if (err >= 0) err = db_run(&s->db, Q_ARCHIVE_WORK, "INSERT INTO archive_work VALUES(?)", "u", id);
  return err < 0 ? err : chain_put(s, CHAIN_ERASED, id, NULL);
}

static int empty_rows(struct store *s, const char *table, const uint64_t *ids) {
  char sql[96];
  sqlite3_stmt *q = NULL;
  int code = SQLITE_DONE;
  snprintf(sql, sizeof sql, "UPDATE %s SET phone=0, salt=NULL WHERE id=?", table);
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
  for (size_t i = 0; ids && ids[i] && code == SQLITE_DONE; i++) {
    sqlite3_bind_int64(q, 1, (int64_t)ids[i]);
    code = sqlite3_step(q);
    sqlite3_reset(q);
  }
  sqlite3_finalize(q);
  return code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

/* Statements that know the number or the row; a table that this schema does not have is no error. */
int erasure_run(struct store *s, const char *sql, uint64_t about) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_OK;
  sqlite3_bind_int64(q, 1, (int64_t)about);
  int code = sqlite3_step(q);
  sqlite3_finalize(q);
  return code == SQLITE_DONE || code == SQLITE_ROW ? CAD_OK : CAD_EIO;
}

/* Contacts leave their list as finished, so that counts stay true; no lease of theirs is left. */
static int finish_contacts(struct store *s, uint64_t phone) {
  enum { MOST = 256 };
  uint64_t cases[MOST], campaigns[MOST];
  sqlite3_stmt *q = NULL;
  int n = 0, r = CAD_OK;
  if (sqlite3_prepare_v2(s->db.handle, "SELECT case_id, campaign FROM case_state WHERE phone=? AND status<>2", -1, &q, NULL) != SQLITE_OK)
    return CAD_EIO;
  sqlite3_bind_int64(q, 1, (int64_t)phone);
  while (n < MOST && sqlite3_step(q) == SQLITE_ROW) cases[n] = col_u64(q, 0), campaigns[n++] = col_u64(q, 1);
  sqlite3_finalize(q);
  for (int i = 0; i < n && r >= 0; i++) {
    struct case_row c;
    struct lease lease = {.case_id = cases[i], .campaign_id = campaigns[i]};
    store_lease_drop(s, &lease);
    if ((r = case_get(s, cases[i], campaigns[i], &c)) > 0) r = case_finish(s, &c, DONE_NUMBER);
  }
  return r < 0 ? r : CAD_OK;
}

/* Then their rows go, as far as they say who it was. */
static int drop_contacts(struct store *s, uint64_t phone) {
  static const char *const STEPS[] = {
      "UPDATE fingerprint SET number1=-1 WHERE number1=?1", /* words that a machine said; whose, nobody knows any more */
      "UPDATE fingerprint SET number2=-1 WHERE number2=?1",
      "DELETE FROM callback WHERE case_id IN (SELECT case_id FROM case_state WHERE phone=?1)",
      "UPDATE person SET name='' WHERE id IN (SELECT person FROM phone WHERE " OF_NUMBER ")",
      "UPDATE work_case SET external_id=NULL, extra=NULL WHERE id IN (SELECT case_id FROM case_state WHERE phone=?1 UNION"
      " SELECT case_id FROM case_number WHERE number=?1)",
      "DELETE FROM case_number WHERE number=?1",
      "DELETE FROM consent WHERE phone=?1",
      "UPDATE case_state SET phone=-case_id WHERE phone=?1", /* a number of nobody; finished, so never dialed */
      "UPDATE phone SET number=-id WHERE " OF_NUMBER,
  };
  int err = finish_contacts(s, phone);
  for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0] && err >= 0; i++) err = erasure_run(s, STEPS[i], phone);
  return err;
}

static int going_on(struct store *s, uint64_t phone) {
  sqlite3_stmt *q = NULL;
  int r = 0;
  if (sqlite3_prepare_v2(s->db.handle, "SELECT 1 FROM attempt WHERE phone=? AND ended IS NULL LIMIT 1", -1, &q, NULL) != SQLITE_OK)
    return CAD_EIO;
  sqlite3_bind_int64(q, 1, (int64_t)phone);
  r = sqlite3_step(q) == SQLITE_ROW;
  sqlite3_finalize(q);
  return r;
}

/* What agents wrote down and what detection learned of these calls, also of calls that archives hold. */
static int drop_notes(struct store *s, const uint64_t *calls) {
  static const char *const STEPS[] = {"DELETE FROM wrapup WHERE attempt=?1", "DELETE FROM desk_note WHERE attempt=?1",
                                      "DELETE FROM label WHERE attempt=?1", "DELETE FROM late WHERE attempt=?1",
                                      "DELETE FROM message WHERE attempt=?1"};
  int err = CAD_OK;
  for (size_t i = 0; calls && calls[i] && err >= 0; i++)
    for (size_t k = 0; k < sizeof STEPS / sizeof STEPS[0] && err >= 0; k++) err = erasure_run(s, STEPS[k], calls[i]);
  return err;
}

/* What is known of the number now, and what the steps before decided and noted about it in this very transaction. */
static int find_again(struct store *s, uint64_t phone, const struct person_rows *found, struct person_rows *all) {
  int err = audit_write(s);
  if (err >= 0) err = ids_of(s, "SELECT id FROM attempt WHERE phone=?", phone, &all->calls, NULL);
  if (err >= 0) err = ids_of(s, "SELECT id FROM audit WHERE phone=?", phone, &all->audits, NULL);
  if (err >= 0)
    err =
        ids_of(s, "SELECT id FROM verdict WHERE phone=? AND id>(SELECT max(id)-4194304*600000 FROM verdict)", phone, &all->verdicts, NULL);
  if (err >= 0)
    err = ids_of(s, "SELECT id FROM decision WHERE phone=? AND id>(SELECT max(id)-4194304*600000 FROM decision)", phone, &all->decisions,
                 NULL);
  if (err >= 0) err = ids_join(&all->calls, found->calls);
  if (err >= 0) err = ids_join(&all->audits, found->audits);
  if (err >= 0) err = ids_join(&all->verdicts, found->verdicts);
  if (err >= 0) err = ids_join(&all->decisions, found->decisions);
  return err;
}

static int erase(struct store *s, uint64_t phone, const char *subject, const char *basis, const struct person_rows *rows) {
  int err = going_on(s, phone);
  if (err != 0) return err < 0 ? err : CAD_EBUSY;
  if ((err = store_hold(s)) != 0) return err < 0 ? err : CAD_EREFUSED;
  err = drop_contacts(s, phone);
  if (err >= 0) err = store_dnc_erase(s, phone); /* the opt-out outlives the number, as a keyed hash */
  struct person_rows all = {0};
  if (err >= 0) err = find_again(s, phone, rows, &all);
  if (err >= 0) err = drop_notes(s, all.calls);
  if (err >= 0) err = erasure_mark(s, WALL_NONE, subject, basis, &all);
  if (err >= 0) err = empty_rows(s, "attempt", all.calls);
  if (err >= 0) err = empty_rows(s, "decision", all.decisions);
  if (err >= 0) err = empty_rows(s, "verdict", all.verdicts);
  if (err >= 0) err = empty_rows(s, "audit", all.audits);
  person_rows_free(&all);
  return err;
}

int store_person_erase(struct store *s, uint64_t phone, const char *subject, const char *basis, const struct person_rows *rows) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  s->memory_stale = true;
  return store_leave(s, own, erase(s, phone, subject, basis, rows));
}

/* ---- who asked ---- */

/* A number that was erased, or that nobody knows, does not come in by the door of the audit log. */
static bool number_known(struct store *s, uint64_t phone) {
  static const char SQL[] = "SELECT 1 FROM attempt WHERE phone=?1 UNION ALL SELECT 1 FROM case_state WHERE phone=?1 UNION ALL SELECT 1 FROM"
                            " dnc WHERE number=?1 LIMIT 1";
  sqlite3_stmt *q = NULL;
  bool known = false;
  if (phone && sqlite3_prepare_v2(s->db.handle, SQL, -1, &q, NULL) == SQLITE_OK) {
    sqlite3_bind_int64(q, 1, (int64_t)phone);
    known = sqlite3_step(q) == SQLITE_ROW;
  }
  sqlite3_finalize(q);
  return known;
}

int store_export_note(struct store *s, const char *kind, uint64_t phone, const char *detail) {
  char verb[40];
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  snprintf(verb, sizeof verb, "export.%.30s", kind);
  return store_leave(s, own, audit_note(s, verb, "", 0, number_known(s, phone) ? phone : 0, detail));
}
