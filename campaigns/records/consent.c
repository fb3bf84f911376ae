/* The consent ledger: what somebody agreed to, as it was put to them, and when they took it back. */
#include "store_internal.h"
#include <string.h>

static int seller_named(struct store *s, const char *name, uint64_t *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_SELLER_GET, "SELECT id FROM seller WHERE name=?", "t", name);
  int r = db_step(&s->db, q);
  if (r > 0) *out = col_u64(q, 0);
  db_done(q);
  return r < 0 ? r : r > 0 ? CAD_OK : CAD_ENOENT;
}

int store_consent_add(struct store *s, struct consent_row *c) {
  uint64_t seller = 0;
  struct wall now = store_now(s);
  if (s->reader) return CAD_EREFUSED;
  if (c->bases == 0 || c->phone == 0 || !c->source[0] || c->granted.ms <= 0 || c->granted.ms > now.ms + 1000) return CAD_EINVAL;
  if (c->expires.ms && c->expires.ms <= c->granted.ms) return CAD_EINVAL;
  if (c->technologies == 0) c->technologies = TECH_ALL;
  if (c->purposes == 0) c->purposes = PURPOSE_ALL;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = seller_named(s, c->seller, &seller);
  c->id = store_id(s, WALL_NONE);
  c->added = now;
  if (err >= 0)
    err = db_run(&s->db, Q_CONSENT_PUT, "INSERT INTO consent VALUES(?,?,?,?,?,?,?,?,?,?,?,NULL,?,?)", "uuudddttiwwiu", c->id, seller,
                 c->phone, (int)c->bases, (int)c->technologies, (int)c->purposes, c->source, c->text, c->granted.ms, c->expires, c->revoked,
                 c->added.ms, c->import);
  return store_leave(s, own, err);
}

int consent_import(struct store *s, uint64_t seller, uint64_t phone, uint64_t list, const struct contact_consent *c) {
  return db_run(&s->db, Q_CONSENT_PUT, "INSERT INTO consent VALUES(?,?,?,?,?,?,?,?,?,?,?,NULL,?,?)", "uuudddttiwwiu",
                store_id(s, WALL_NONE), seller, phone, (int)c->bases, (int)TECH_ALL, (int)PURPOSE_ALL, c->source, c->text, c->granted.ms,
                c->expires, WALL_NONE, store_now(s).ms, list);
}

/* What an import brought holds once its list is visible, and no more when it was taken back. */
static bool stands(struct store *s, uint64_t list) {
  const struct list_mem *l = list ? list_find(s, list) : NULL;
  return list == 0 || (l && l->state == LIST_VISIBLE);
}

int store_consent_revoke(struct store *s, uint64_t phone, const char *seller, const char *by, struct wall at) {
  uint64_t id = 0;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  if (seller && *seller) err = seller_named(s, seller, &id);
  if (err >= 0)
    err = db_run(&s->db, Q_CONSENT_REVOKE,
                 "UPDATE consent SET revoked=?1, revoked_by=?2 WHERE phone=?3 AND (?4=0 OR seller=?4) AND revoked IS NULL", "ituu",
                 at.ms ? at.ms : store_now(s).ms, by ? by : "", phone, id);
  int n = err < 0 ? 0 : db_changes(&s->db);
  err = store_leave(s, own, err);
  return err < 0 ? err : n;
}

int store_consent_each(struct store *s, uint64_t phone, int (*row)(void *arg, const struct consent_row *r), void *arg) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_CONSENT_ALL,
               "SELECT c.id, c.phone, s.name, c.bases, c.technologies, c.purposes, c.source, c.text, c.granted, c.expires, c.revoked,"
               " c.revoked_by, c.added, c.list, l.state FROM consent c LEFT JOIN seller s ON s.id=c.seller LEFT JOIN list l ON l.id=c.list "
               "WHERE ?1=0 OR c.phone=?1 ORDER BY c.id",
               "u", phone);
  int r, said = CAD_OK;
  while (said >= 0 && (r = db_step(&s->db, q)) > 0) {
    struct consent_row c = {
        .id = col_u64(q, 0), .phone = col_u64(q, 1), .bases = (uint8_t)col_u64(q, 3), .technologies = (uint8_t)col_u64(q, 4)};
    c.purposes = (uint8_t)col_u64(q, 5);
    col_text(q, 2, c.seller, sizeof c.seller);
    col_text(q, 6, c.source, sizeof c.source);
    col_text(q, 7, c.text, sizeof c.text);
    c.granted = col_wall(q, 8), c.expires = col_wall(q, 9), c.revoked = col_wall(q, 10), c.added = col_wall(q, 12);
    c.import = col_u64(q, 13);
    c.standing = c.import == 0 || col_u64(q, 14) == LIST_VISIBLE;
    col_text(q, 11, c.revoked_by, sizeof c.revoked_by);
    said = row(arg, &c);
  }
  db_done(q);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}

int consents_gather(struct store *s, uint64_t phone, uint64_t seller, struct gate_facts *f) {
  sqlite3_stmt *q = db_query(&s->db, Q_CONSENT_OF,
                             "SELECT bases, technologies, purposes, granted, expires, revoked, list FROM consent WHERE phone=? AND seller=?"
                             " ORDER BY id DESC",
                             "uu", phone, seller);
  int r = 0;
  f->consents = s->fact_room->consents;
  f->consent_count = 0;
  while (f->consent_count < FACT_CONSENTS_MAX && (r = db_step(&s->db, q)) > 0)
    if (stands(s, col_u64(q, 6)))
      s->fact_room->consents[f->consent_count++] = (struct gate_consent){
          (uint8_t)col_u64(q, 0), (uint8_t)col_u64(q, 1), (uint8_t)col_u64(q, 2), col_wall(q, 3), col_wall(q, 4), col_wall(q, 5)};
  db_done(q);
  return r;
}
