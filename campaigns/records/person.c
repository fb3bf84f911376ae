#include "store_internal.h"
#include <campaigns/compliance.h>
#include <campaigns/person.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_ROWS = 2000 };

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

/* ---- what there is ---- */

static int ids_of(struct store *s, const char *sql, uint64_t phone, uint64_t **out, unsigned *count) {
  sqlite3_stmt *q = NULL;
  uint64_t *ids = NULL;
  size_t n = 0, room = 0;
  int code, r = CAD_OK;
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EFORMAT;
  sqlite3_bind_int64(q, 1, (int64_t)phone);
  do {
    code = sqlite3_step(q);
    if (n == room) {
      room = room ? room * 2 : 64;
      uint64_t *bigger = realloc(ids, room * sizeof *bigger);
      if (!bigger) {
        r = CAD_ENOMEM;
        break;
      }
      ids = bigger;
    }
    ids[n++] = code == SQLITE_ROW ? col_u64(q, 0) : 0;
  } while (code == SQLITE_ROW);
  sqlite3_finalize(q);
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  *out = ids;
  if (count) *count = n ? (unsigned)n - 1 : 0;
  return r;
}

int person_find(struct store *reader, uint64_t phone, struct person_rows *out) {
  uint64_t *contacts = NULL;
  *out = (struct person_rows){0};
  int r = ids_of(reader, "SELECT id FROM attempt WHERE phone=?", phone, &out->calls, &out->call_count);
  if (r >= 0) r = ids_of(reader, "SELECT id FROM decision WHERE phone=?", phone, &out->decisions, &out->decision_count);
  if (r >= 0) r = ids_of(reader, "SELECT id FROM verdict WHERE phone=?", phone, &out->verdicts, NULL);
  if (r >= 0) r = ids_of(reader, "SELECT id FROM audit WHERE phone=?", phone, &out->audits, NULL);
  if (r >= 0) r = ids_of(reader, "SELECT case_id FROM case_state WHERE phone=?", phone, &contacts, &out->contacts);
  free(contacts);
  return r;
}

int person_numbers(struct store *reader, uint64_t phone, uint64_t *out, int most) {
  uint64_t *numbers = NULL;
  int n = 0;
  int r =
      ids_of(reader, "SELECT number FROM phone WHERE number>0 AND person IN (SELECT person FROM phone WHERE number=?1) ORDER BY number<>?1",
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

static int put_mark(struct store *s, struct wall before, const char *subject, const char *basis, const struct person_rows *rows) {
  const struct store_actor *who = &s->actor;
  char *texts[4] = {list_text(rows->calls), list_text(rows->decisions), list_text(rows->verdicts), list_text(rows->audits)};
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

/* Statements that know the number; a table that this schema does not have is no error. */
static int run_for(struct store *s, const char *sql, uint64_t phone) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_OK;
  sqlite3_bind_int64(q, 1, (int64_t)phone);
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
      "DELETE FROM wrapup WHERE attempt IN (SELECT id FROM attempt WHERE phone=?1)",
      "DELETE FROM desk_note WHERE attempt IN (SELECT id FROM attempt WHERE phone=?1)",
      "DELETE FROM callback WHERE case_id IN (SELECT case_id FROM case_state WHERE phone=?1)",
      "UPDATE person SET name='' WHERE id IN (SELECT person FROM phone WHERE number=?1)",
      "UPDATE work_case SET external_id=NULL, extra=NULL WHERE person IN (SELECT person FROM phone WHERE number=?1)",
      "DELETE FROM case_number WHERE number=?1",
      "DELETE FROM consent WHERE phone=?1",
      "UPDATE case_state SET phone=-case_id WHERE phone=?1", /* a number of nobody; finished, so never dialed */
      "UPDATE phone SET number=-id WHERE number=?1",
  };
  int err = finish_contacts(s, phone);
  for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0] && err >= 0; i++) err = run_for(s, STEPS[i], phone);
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

static int erase(struct store *s, uint64_t phone, const char *subject, const char *basis, const struct person_rows *rows) {
  int err = going_on(s, phone);
  if (err != 0) return err < 0 ? err : CAD_EBUSY;
  if ((err = store_hold(s)) != 0) return err < 0 ? err : CAD_EREFUSED;
  err = drop_contacts(s, phone);
  if (err >= 0) err = store_dnc_erase(s, phone); /* the opt-out outlives the number, as a keyed hash */
  /* What the steps above decided and noted about the number in this very transaction belongs to it as well. */
  struct person_rows all = {0};
  if (err >= 0) err = audit_write(s);
  uint64_t *more[4] = {0};
  if (err >= 0) err = ids_of(s, "SELECT id FROM attempt WHERE phone=?", phone, &more[0], NULL);
  if (err >= 0) err = ids_of(s, "SELECT id FROM audit WHERE phone=?", phone, &more[3], NULL);
  if (err >= 0)
    err = ids_of(s, "SELECT id FROM verdict WHERE phone=? AND id>(SELECT max(id)-4194304*600000 FROM verdict)", phone, &more[2], NULL);
  for (size_t i = 0; rows->verdicts && rows->verdicts[i] && err >= 0; i++) { /* both: old ones that were found, new ones of just now */
    size_t n = 0;
    while (more[2][n] && more[2][n] != rows->verdicts[i]) n++;
    if (more[2][n]) continue;
    uint64_t *bigger = realloc(more[2], (n + 2) * sizeof *bigger);
    if (!bigger) {
      err = CAD_ENOMEM;
      break;
    }
    more[2] = bigger;
    more[2][n] = rows->verdicts[i];
    more[2][n + 1] = 0;
  }
  all = (struct person_rows){.calls = more[0], .decisions = rows->decisions, .verdicts = more[2], .audits = more[3]};
  if (err >= 0) err = put_mark(s, WALL_NONE, subject, basis, &all);
  if (err >= 0) err = empty_rows(s, "attempt", all.calls);
  if (err >= 0) err = empty_rows(s, "decision", all.decisions);
  if (err >= 0) err = empty_rows(s, "verdict", all.verdicts);
  if (err >= 0) err = empty_rows(s, "audit", all.audits);
  free(more[0]);
  free(more[2]);
  free(more[3]);
  return err;
}

int store_person_erase(struct store *s, uint64_t phone, const char *subject, const char *basis, const struct person_rows *rows) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  s->memory_stale = true;
  return store_leave(s, own, erase(s, phone, subject, basis, rows));
}

/* ---- retention ---- */

int store_hold(struct store *s) {
  sqlite3_stmt *q = db_query(&s->db, Q_HOLD_GET, "SELECT value='on' FROM meta WHERE key='legal_hold'", "");
  int r = db_step(&s->db, q), on = r > 0 ? (int)col_u64(q, 0) : 0;
  db_done(q);
  return r < 0 ? r : on;
}

int store_hold_set(struct store *s, bool on) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = db_run(&s->db, Q_HOLD_PUT, "INSERT OR REPLACE INTO meta VALUES('legal_hold',?)", "t", on ? "on" : "off");
  if (err >= 0) err = audit_note(s, on ? "hold.on" : "hold.off", "", 0, 0, "{}");
  return store_leave(s, own, err);
}

static int step_table(struct store *s, const char *table, struct wall before) {
  char sql[200];
  sqlite3_stmt *q = NULL;
  /* An id tells when it was made (ids.h), and ids are the order of the table: the oldest that still have a number. */
  snprintf(sql, sizeof sql,
           "UPDATE %s SET phone=0, salt=NULL WHERE id IN (SELECT id FROM %s WHERE id<?1 AND phone<>0 ORDER BY id LIMIT ?2)", table, table);
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
  sqlite3_bind_int64(q, 1, (before.ms - 1704067200000) << 22);
  sqlite3_bind_int(q, 2, STEP_ROWS);
  int code = sqlite3_step(q);
  sqlite3_finalize(q);
  return code == SQLITE_DONE ? db_changes(&s->db) : CAD_EIO;
}

int store_retention_step(struct store *s, struct wall before, const char *basis, bool mark) {
  static const char *const TABLES[] = {"attempt", "decision", "verdict", "audit"};
  static const struct person_rows NONE;
  bool own;
  int err = store_enter(s, &own), went = 0;
  if (err < 0) return err;
  if ((err = store_hold(s)) != 0) err = err < 0 ? err : CAD_EREFUSED;
  if (err >= 0 && mark) err = put_mark(s, before, "", basis, &NONE);
  for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0] && err >= 0; i++)
    if ((err = step_table(s, TABLES[i], before)) > 0) went += err;
  err = store_leave(s, own, err < 0 ? err : CAD_OK);
  return err < 0 ? err : went;
}
