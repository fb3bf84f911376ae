#include "store_internal.h"
#include <string.h>

struct note {
  uint64_t object_id, phone;
  const char *verb, *object, *detail;
};

static int put(struct store *s, const struct note *n, const struct store_actor *who) {
  unsigned char salt[SALT_BYTES], commit[COMMIT_BYTES];
  uint64_t id = store_id(s, WALL_NONE);
  if (n->phone) {
    chain_salt(&s->chain, salt);
    chain_commitment(n->phone, salt, commit);
  }
  content_clear(&s->chain.content);
  int err = db_run_into(&s->db, &s->chain.content, Q_AUDIT_PUT,
                        "INSERT INTO audit(id,at,actor,uid,door,verb,object,object_id,detail,phone,salt) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                        "uititttutUS", id, store_now(s).ms, who->name[0] ? who->name : "cadencia", (int64_t)who->uid,
                        who->door[0] ? who->door : "box", n->verb, n->object, n->object_id, n->detail, n->phone, n->phone ? salt : NULL);
  return err < 0 ? err : chain_put(s, CHAIN_AUDIT, id, n->phone ? commit : NULL);
}

static int take_all(struct store *s, const struct store_actor *who) {
  sqlite3_stmt *q = db_query(&s->db, Q_AUDIT_NEW, "SELECT verb, object, object_id, phone, detail FROM audit_new ORDER BY id", "");
  int r, taken = 0;
  while ((r = db_step(&s->db, q)) > 0) {
    struct note n = {.object_id = col_u64(q, 2),
                     .phone = col_u64(q, 3),
                     .verb = (const char *)sqlite3_column_text(q, 0),
                     .object = (const char *)sqlite3_column_text(q, 1),
                     .detail = (const char *)sqlite3_column_text(q, 4)};
    if ((r = put(s, &n, who)) < 0) break;
    taken++;
  }
  db_done(q);
  if (r < 0 || taken == 0) return r;
  return db_run(&s->db, Q_AUDIT_TAKEN, "DELETE FROM audit_new", "");
}

int audit_write(struct store *s) { return take_all(s, &s->actor); }

int audit_strangers(struct store *s) {
  static const struct store_actor STRANGER = {.name = "unknown", .door = "not cadencia"};
  return take_all(s, &STRANGER);
}

int audit_note(struct store *s, const char *verb, const char *object, uint64_t object_id, uint64_t phone, const char *detail) {
  struct note n = {object_id, phone, verb, object, detail};
  return put(s, &n, &s->actor);
}
