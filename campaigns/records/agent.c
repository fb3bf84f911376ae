#include "store_internal.h"
#include <string.h>

#define AGENT_COLUMNS                                                                                                                      \
  "SELECT a.id, a.name, a.uri, a.listener, a.nailed, a.state, a.campaign, c.name FROM agent a JOIN campaign c ON c.id=a.campaign"

static void read_agent(sqlite3_stmt *q, struct agent_def *out) {
  *out = (struct agent_def){0};
  out->a.agent_id = col_u64(q, 0);
  col_text(q, 1, out->a.name, sizeof out->a.name);
  col_text(q, 2, out->a.uri, sizeof out->a.uri);
  out->a.listener = (uint16_t)col_u64(q, 3);
  out->a.nailed = (uint8_t)col_u64(q, 4);
  out->a.state = (uint8_t)col_u64(q, 5);
  out->a.campaign_id = col_u64(q, 6);
  col_text(q, 7, out->campaign, sizeof out->campaign);
}

int store_agent_get(struct store *s, const char *name, struct agent_def *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_AGENT_GET, AGENT_COLUMNS " WHERE a.name=?", "t", name);
  int r = db_step(&s->db, q);
  if (r > 0) read_agent(q, out);
  db_done(q);
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

int store_agent_list(struct store *s, int (*row)(void *arg, const struct agent_def *d), void *arg) {
  sqlite3_stmt *q = db_query(&s->db, Q_AGENT_ALL, AGENT_COLUMNS " ORDER BY a.id", "");
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    struct agent_def d;
    read_agent(q, &d);
    if ((r = row(arg, &d)) < 0) break;
  }
  db_done(q);
  return r;
}

int store_agent_put(struct store *s, struct agent_def *def) {
  const struct campaign_mem *c = store_campaign_named(s, def->campaign);
  struct agent_def same;
  if (s->reader) return CAD_EREFUSED;
  if (!c) return CAD_ENOENT;
  if (!def->a.name[0] || !def->a.uri[0] || strnlen(def->a.name, sizeof def->a.name) == sizeof def->a.name ||
      strnlen(def->a.uri, sizeof def->a.uri) == sizeof def->a.uri || def->a.nailed > 1 || def->a.state > AGENT_READY)
    return CAD_EINVAL;
  int err = store_agent_get(s, def->a.name, &same);
  if (err < 0 && err != CAD_ENOENT) return err;
  if (err >= 0 && same.a.agent_id != def->a.agent_id) return CAD_EEXIST;
  bool own, made = def->a.agent_id == 0;
  if ((err = store_enter(s, &own)) < 0) return err;
  uint64_t id = made ? store_id(s, WALL_NONE) : def->a.agent_id;
  if (made)
    err = db_run(&s->db, Q_AGENT_PUT,
                 "INSERT INTO agent(id,seller,name,campaign,uri,listener,nailed,state,created) VALUES(?,?,?,?,?,?,?,?,?)", "uututdddi", id,
                 c->seller, def->a.name, c->def.terms.id, def->a.uri, (int)def->a.listener, (int)def->a.nailed, (int)def->a.state,
                 store_now(s).ms);
  else
    err = db_run(&s->db, Q_AGENT_EDIT, "UPDATE agent SET seller=?, name=?, campaign=?, uri=?, listener=?, nailed=?, state=? WHERE id=?",
                 "ututdddu", c->seller, def->a.name, c->def.terms.id, def->a.uri, (int)def->a.listener, (int)def->a.nailed,
                 (int)def->a.state, id);
  if (err >= 0 && !made && db_changes(&s->db) == 0) err = CAD_ENOENT;
  err = store_leave(s, own, err);
  if (err < 0) return err;
  def->a.agent_id = id;
  def->a.campaign_id = c->def.terms.id;
  return CAD_OK;
}

int store_agent_state(struct store *s, const char *name, enum agent_state wanted) {
  if (s->reader) return CAD_EREFUSED;
  if (wanted < 0 || wanted > AGENT_READY) return CAD_EINVAL;
  int err = db_run(&s->db, Q_AGENT_STATE, "UPDATE agent SET state=? WHERE name=?", "dt", (int)wanted, name);
  if (err < 0) return err;
  return db_changes(&s->db) ? CAD_OK : CAD_ENOENT;
}

int store_agent_log(struct store *s, const struct mail_store_agent_log *a) {
  if (s->reader) return CAD_EREFUSED;
  const struct campaign_mem *c = store_campaign(s, a->campaign_id);
  return db_run(&s->db, Q_AGENT_LOG, "INSERT INTO agent_log VALUES(?,?,?,?,?,?,?,?)", "uuuuudii", store_id(s, a->to), c ? c->seller : 0,
                a->agent_id, a->campaign_id, a->attempt_id, (int)a->state, a->from.ms, a->to.ms);
}
