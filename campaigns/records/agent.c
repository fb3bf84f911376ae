#include "store_internal.h"
#include <string.h>

#define AGENT_COLUMNS                                                                                                                      \
  "SELECT a.id, a.name, a.uri, a.listener, a.nailed, a.state, a.campaign, c.name, a.skills FROM agent a JOIN campaign c ON "               \
  "c.id=a.campaign"

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
  out->a.skills = (uint32_t)col_u64(q, 8);
}

static int read_also(struct store *s, struct agent_def *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_AGENT_ALSO,
                             "SELECT c.id, c.name FROM agent_campaign x JOIN campaign c ON c.id=x.campaign WHERE x.agent=? ORDER BY c.id",
                             "u", out->a.agent_id);
  int r;
  while ((r = db_step(&s->db, q)) > 0 && out->a.also_count < MAIL_ALSO_MAX) {
    col_text(q, 1, out->also[out->a.also_count], sizeof out->also[0]);
    out->a.also[out->a.also_count++] = col_u64(q, 0);
  }
  db_done(q);
  return r < 0 ? r : skills_words(s, out->a.skills, out->skills, sizeof out->skills);
}

static int write_also(struct store *s, struct agent_def *def) {
  int err = db_run(&s->db, Q_AGENT_ALSO_DROP, "DELETE FROM agent_campaign WHERE agent=?", "u", def->a.agent_id);
  for (unsigned i = 0; err >= 0 && i < def->a.also_count; i++) {
    const struct campaign_mem *c = store_campaign_named(s, def->also[i]);
    if (!c) return CAD_ENOENT;
    def->a.also[i] = c->def.terms.id;
    err = db_run(&s->db, Q_AGENT_ALSO_PUT, "INSERT OR IGNORE INTO agent_campaign VALUES(?,?)", "uu", def->a.agent_id, def->a.also[i]);
  }
  if (err >= 0) err = skills_bits(s, def->skills, true, &def->a.skills);
  if (err >= 0) err = db_run(&s->db, Q_AGENT_SKILLS, "UPDATE agent SET skills=? WHERE id=?", "iu", (int64_t)def->a.skills, def->a.agent_id);
  return err;
}

int store_agent_get(struct store *s, const char *name, struct agent_def *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_AGENT_GET, AGENT_COLUMNS " WHERE a.name=?", "t", name);
  int r = db_step(&s->db, q);
  if (r > 0) read_agent(q, out);
  db_done(q);
  if (r > 0 && (r = read_also(s, out)) >= 0) r = 1;
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

int store_agent_list(struct store *s, int (*row)(void *arg, const struct agent_def *d), void *arg) {
  sqlite3_stmt *q = db_query(&s->db, Q_AGENT_ALL, AGENT_COLUMNS " ORDER BY a.id", "");
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    struct agent_def d;
    read_agent(q, &d);
    if ((r = read_also(s, &d)) < 0 || (r = row(arg, &d)) < 0) break;
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
      strnlen(def->a.uri, sizeof def->a.uri) == sizeof def->a.uri || def->a.nailed > 1 || def->a.state > AGENT_READY ||
      def->a.also_count > MAIL_ALSO_MAX || strnlen(def->skills, sizeof def->skills) == sizeof def->skills)
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
  def->a.agent_id = id;
  if (err >= 0) err = write_also(s, def);
  err = store_leave(s, own, err);
  if (err < 0) {
    if (made) def->a.agent_id = 0;
    return err;
  }
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
  char reason[sizeof a->reason + 1] = "";
  memcpy(reason, a->reason, sizeof a->reason);
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  uint64_t id = store_id(s, a->to);
  err = db_run(&s->db, Q_AGENT_LOG, "INSERT INTO agent_log VALUES(?,?,?,?,?,?,?,?)", "uuuuudii", id, c ? c->seller : 0, a->agent_id,
               a->campaign_id, a->attempt_id, (int)a->state, a->from.ms, a->to.ms);
  if (err >= 0 && reason[0]) err = db_run(&s->db, Q_PAUSE_LOG, "INSERT INTO pause_log VALUES(?,?)", "ut", id, reason);
  return store_leave(s, own, err);
}
