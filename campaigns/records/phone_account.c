/* Phones of agents that register: the hashes that prove them, never the password. */
#include "store_internal.h"
#include <string.h>

const char SCHEMA_PHONES[] =
    "CREATE TABLE phone_account(agent INTEGER PRIMARY KEY REFERENCES agent, user TEXT NOT NULL UNIQUE, realm TEXT NOT NULL,"
    " ha1_md5 TEXT NOT NULL, ha1_sha256 TEXT NOT NULL, created INTEGER NOT NULL) STRICT;";

int store_phone_put(struct store *s, const char *realm, const struct mail_store_phone *phone) {
  if (s->reader) return CAD_EREFUSED;
  struct mail_store_phone same;
  int err = store_phone_named(s, phone->user, &same);
  if (err >= 0 && same.agent_id != phone->agent_id) return CAD_EEXIST;
  if (err < 0 && err != CAD_ENOENT) return err;
  return db_run(&s->db, Q_SEAT_PHONE_PUT, "INSERT OR REPLACE INTO phone_account VALUES(?,?,?,?,?,?)", "utttti", phone->agent_id,
                phone->user, realm, phone->ha1_md5, phone->ha1_sha256, store_now(s).ms);
}

static int read_one(struct store *s, sqlite3_stmt *q, struct mail_store_phone *out) {
  int r = db_step(&s->db, q);
  if (r > 0) {
    memset(out, 0, sizeof *out);
    out->agent_id = col_u64(q, 0);
    col_text(q, 1, out->user, sizeof out->user);
    col_text(q, 2, out->ha1_md5, sizeof out->ha1_md5);
    col_text(q, 3, out->ha1_sha256, sizeof out->ha1_sha256);
  }
  db_done(q);
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

#define COLUMNS "SELECT agent, user, ha1_md5, ha1_sha256 FROM phone_account WHERE "

int store_phone_get(struct store *s, uint64_t agent_id, struct mail_store_phone *out) {
  return read_one(s, db_query(&s->db, Q_SEAT_PHONE_GET, COLUMNS "agent=?", "u", agent_id), out);
}

int store_phone_named(struct store *s, const char *user, struct mail_store_phone *out) {
  return read_one(s, db_query(&s->db, Q_SEAT_PHONE_NAMED, COLUMNS "user=?", "t", user), out);
}
