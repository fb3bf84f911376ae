/* Users of the console, their sessions, and what an agent's desk shows. */
#include <campaigns/users.h>
#include "store_internal.h"
#include <string.h>

static const char *const ROLES[ROLE_COUNT] = {"agent", "supervisor"};

const char *user_role_name(enum user_role role) { return (unsigned)role < ROLE_COUNT ? ROLES[role] : "unknown"; }

int user_role_parse(const char *word) {
  for (int i = 0; i < ROLE_COUNT; i++)
    if (strcmp(word, ROLES[i]) == 0) return i;
  return CAD_EINVAL;
}

#define USER_COLUMNS "SELECT u.id, u.name, u.role, u.agent, u.hash, u.locked_until FROM user u"

static void read_user(sqlite3_stmt *q, struct user_def *out) {
  *out = (struct user_def){.id = col_u64(q, 0), .role = (uint8_t)col_u64(q, 2), .locked_until = col_wall(q, 5)};
  col_text(q, 1, out->name, sizeof out->name);
  col_text(q, 3, out->agent, sizeof out->agent);
  col_text(q, 4, out->hash, sizeof out->hash);
}

static int read_one(struct store *s, sqlite3_stmt *q, struct user_def *out) {
  int r = db_step(&s->db, q);
  if (r > 0) read_user(q, out);
  db_done(q);
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

int store_user_get(struct store *s, const char *name, struct user_def *out) {
  return read_one(s, db_query(&s->db, Q_USER_GET, USER_COLUMNS " WHERE u.name=?", "t", name), out);
}

int store_user_list(struct store *s, int (*row)(void *arg, const struct user_def *d), void *arg) {
  sqlite3_stmt *q = db_query(&s->db, Q_USER_ALL, USER_COLUMNS " ORDER BY u.name", "");
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    struct user_def d;
    read_user(q, &d);
    if ((r = row(arg, &d)) < 0) break;
  }
  db_done(q);
  return r;
}

static int end_sessions(struct store *s, uint64_t user) {
  return db_run(&s->db, Q_SESSIONS_OF, "DELETE FROM session WHERE user=?", "u", user);
}

static int check_user(struct store *s, const struct user_def *def) {
  struct agent_def agent;
  struct user_def same;
  if (s->reader) return CAD_EREFUSED;
  if (!def->name[0] || !def->hash[0] || def->role >= ROLE_COUNT || (def->role == ROLE_AGENT) != (def->agent[0] != 0)) return CAD_EINVAL;
  if (def->agent[0]) {
    int err = store_agent_get(s, def->agent, &agent);
    if (err < 0) return err;
  }
  int err = store_user_get(s, def->name, &same);
  if (err == CAD_ENOENT) return CAD_OK;
  return err < 0 ? err : same.id == def->id ? CAD_OK : CAD_EEXIST;
}

int store_user_put(struct store *s, struct user_def *def) {
  int err = check_user(s, def);
  bool own, made = def->id == 0;
  if (err < 0 || (err = store_enter(s, &own)) < 0) return err;
  uint64_t id = made ? store_id(s, WALL_NONE) : def->id;
  if (made)
    err = db_run(&s->db, Q_USER_PUT, "INSERT INTO user VALUES(?,?,?,?,?,?,0,NULL)", "utdtti", id, def->name, (int)def->role, def->agent,
                 def->hash, store_now(s).ms);
  else
    err = db_run(&s->db, Q_USER_EDIT, "UPDATE user SET role=?, agent=?, hash=?, failures=0, locked_until=NULL WHERE id=?", "dttu",
                 (int)def->role, def->agent, def->hash, id);
  if (err >= 0 && !made && db_changes(&s->db) == 0) err = CAD_ENOENT;
  if (err >= 0 && !made) err = end_sessions(s, id);
  err = store_leave(s, own, err);
  if (err >= 0) def->id = id;
  return err < 0 ? err : CAD_OK;
}

int store_user_remove(struct store *s, const char *name) {
  struct user_def d;
  bool own;
  if (s->reader) return CAD_EREFUSED;
  int err = store_user_get(s, name, &d);
  if (err < 0 || (err = store_enter(s, &own)) < 0) return err;
  err = end_sessions(s, d.id);
  if (err >= 0) err = db_run(&s->db, Q_USER_GONE, "DELETE FROM user WHERE id=?", "u", d.id);
  return store_leave(s, own, err);
}

int store_user_tried(struct store *s, const char *name, bool good, struct wall now) {
  if (s->reader) return CAD_EREFUSED;
  if (good) return db_run(&s->db, Q_USER_GOOD, "UPDATE user SET failures=0, locked_until=NULL WHERE name=? AND failures>0", "t", name);
  return db_run(
      &s->db, Q_USER_BAD,
      "UPDATE user SET failures=(failures+1)%?2, locked_until=CASE WHEN failures+1>=?2 THEN ?3 ELSE locked_until END WHERE name=?1", "tdi",
      name, (int)USER_FAILURES_MAX, now.ms + USER_LOCK_MS);
}

/* ---- sessions ---- */

int store_session_put(struct store *s, const unsigned char key[SESSION_KEY_BYTES], uint64_t user, struct wall now, struct wall until) {
  if (s->reader) return CAD_EREFUSED;
  int err = db_run(&s->db, Q_SESSION_OLD, "DELETE FROM session WHERE until<?", "i", now.ms);
  if (err < 0) return err;
  return db_run(&s->db, Q_SESSION_PUT, "INSERT INTO session VALUES(?,?,?,?)", "buii", (const void *)key, (int)SESSION_KEY_BYTES, user,
                now.ms, until.ms);
}

int store_session_get(struct store *s, const unsigned char key[SESSION_KEY_BYTES], struct wall now, struct user_def *out) {
  return read_one(s,
                  db_query(&s->db, Q_SESSION_GET, USER_COLUMNS " JOIN session e ON e.user=u.id WHERE e.key=? AND e.until>?", "bi",
                           (const void *)key, (int)SESSION_KEY_BYTES, now.ms),
                  out);
}

int store_session_end(struct store *s, const unsigned char key[SESSION_KEY_BYTES]) {
  if (s->reader) return CAD_EREFUSED;
  return db_run(&s->db, Q_SESSION_GONE, "DELETE FROM session WHERE key=?", "b", (const void *)key, (int)SESSION_KEY_BYTES);
}

/* ---- the desk ---- */

int store_note_put(struct store *s, uint64_t agent, uint64_t attempt, const char *text, struct wall now) {
  if (s->reader) return CAD_EREFUSED;
  if (strlen(text) > USER_NOTE_MAX) return CAD_EINVAL;
  if (!text[0]) return db_run(&s->db, Q_NOTE_GONE, "DELETE FROM desk_note WHERE agent=?", "u", agent);
  return db_run(&s->db, Q_NOTE_PUT, "INSERT OR REPLACE INTO desk_note VALUES(?,?,?,?)", "uuti", agent, attempt, text, now.ms);
}

int store_note_get(struct store *s, uint64_t agent, uint64_t attempt, char out[USER_NOTE_MAX + 1]) {
  sqlite3_stmt *q = db_query(&s->db, Q_NOTE_GET, "SELECT text FROM desk_note WHERE agent=? AND attempt=?", "uu", agent, attempt);
  int r = db_step(&s->db, q);
  if (r > 0) col_text(q, 0, out, USER_NOTE_MAX + 1);
  db_done(q);
  if (r == 0) out[0] = 0;
  return r < 0 ? r : CAD_OK;
}

int store_contact_card(struct store *s, uint64_t case_id, struct contact_card *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_CARD,
                             "SELECT p.name, p.language, p.zone, w.external_id, w.extra FROM work_case w JOIN person p ON p.id=w.person"
                             " WHERE w.id=?",
                             "u", case_id);
  int r = db_step(&s->db, q);
  if (r > 0) {
    *out = (struct contact_card){.case_id = case_id};
    col_text(q, 0, out->name, sizeof out->name);
    col_text(q, 1, out->language, sizeof out->language);
    col_text(q, 2, out->zone, sizeof out->zone);
    col_text(q, 3, out->external_id, sizeof out->external_id);
    if (sqlite3_column_bytes(q, 4) < (int)sizeof out->extra) col_text(q, 4, out->extra, sizeof out->extra);
  }
  db_done(q);
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

int store_agent_day(struct store *s, uint64_t agent, struct wall since, struct agent_day *out) {
  struct agent_day day = {0};
  sqlite3_stmt *q =
      db_query(&s->db, Q_AGENT_DAY,
               "SELECT state, sum(ended-began), count(DISTINCT attempt) FROM agent_log WHERE agent=? AND began>=? GROUP BY state", "ui",
               agent, since.ms);
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    uint64_t state = col_u64(q, 0);
    if (state >= AGENT_STATE_COUNT) continue;
    day.ms[state] = col_u64(q, 1);
    if (state == AGENT_TALKING) day.calls = col_u64(q, 2);
  }
  db_done(q);
  if (r == 0) *out = day;
  return r;
}
