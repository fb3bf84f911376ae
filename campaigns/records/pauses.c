#include "store_internal.h"
#include <campaigns/pauses.h>
#include <string.h>

enum { OWN_MOST = 64 };
static const struct pause_reason FIELD[] = {{"BREAK", "break"},  {"LUNCH", "lunch"},     {"TRAIN", "training"},
                                            {"MEET", "meeting"}, {"ADMIN", "paperwork"}, {"TECH", "technical trouble"}};

static int campaign_id(struct store *s, const char *campaign, uint64_t *out) {
  const struct campaign_mem *c = campaign ? store_campaign_named(s, campaign) : NULL;
  *out = c ? c->def.terms.id : 0;
  return c || !campaign ? CAD_OK : CAD_ENOENT;
}

int store_pause_put(struct store *s, const char *campaign, const struct pause_reason *p) {
  uint64_t id;
  size_t n = strnlen(p->code, sizeof p->code);
  if (s->reader) return CAD_EREFUSED;
  int err = campaign_id(s, campaign, &id);
  if (err < 0) return err;
  if (n == 0 || n >= sizeof p->code || strspn(p->code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != n || !p->name[0] ||
      !memchr(p->name, 0, sizeof p->name))
    return CAD_EINVAL;
  return db_run(&s->db, Q_PAUSE_PUT, "INSERT INTO pause_code VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET name=?3", "utt", id, p->code,
                p->name);
}

int store_pause_remove(struct store *s, const char *campaign, const char *code) {
  uint64_t id;
  if (s->reader) return CAD_EREFUSED;
  int err = campaign_id(s, campaign, &id);
  if (err >= 0) err = db_run(&s->db, Q_PAUSE_GONE, "DELETE FROM pause_code WHERE campaign=? AND code=?", "ut", id, code);
  return err < 0 ? err : db_changes(&s->db) ? CAD_OK : CAD_ENOENT;
}

int store_pause_each(struct store *s, const char *campaign, int (*row)(void *arg, const struct pause_reason *p, bool own), void *arg) {
  struct pause_reason own[OWN_MOST];
  uint64_t id;
  int r = campaign_id(s, campaign, &id), said = CAD_OK, n = 0;
  if (r < 0) return r;
  sqlite3_stmt *q = db_query(&s->db, Q_PAUSE_ALL,
                             "SELECT code, name FROM pause_code WHERE campaign=CASE WHEN EXISTS(SELECT 1 FROM pause_code WHERE campaign=?1)"
                             " THEN ?1 ELSE 0 END ORDER BY code",
                             "u", id);
  while (n < OWN_MOST && (r = db_step(&s->db, q)) > 0) {
    col_text(q, 0, own[n].code, sizeof own[n].code);
    col_text(q, 1, own[n].name, sizeof own[n].name);
    n++;
  }
  db_done(q);
  for (int i = 0; i < n && said >= 0; i++) said = row(arg, &own[i], true);
  for (size_t i = 0; n == 0 && r >= 0 && said >= 0 && i < sizeof FIELD / sizeof FIELD[0]; i++) said = row(arg, &FIELD[i], false);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}

struct known {
  const char *code;
  bool found;
};
static int match(void *arg, const struct pause_reason *p, bool own) {
  struct known *k = arg;
  (void)own;
  k->found |= strcmp(p->code, k->code) == 0;
  return CAD_OK;
}

int store_pause_known(struct store *s, const char *campaign, const char *code) {
  struct known k = {code, false};
  int r = store_pause_each(s, campaign, match, &k);
  return r < 0 ? r : k.found ? CAD_OK : CAD_ENOENT;
}
