#include "campaign_json.h"
#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

/* What the gate asks of the campaign, from what the campaign says of itself. */
static void gate_fill(struct campaign_def *d) {
  struct gate_terms *g = &d->gate;
  g->purpose = (uint8_t)law_word_bit(law_purposes, d->purpose);
  g->guaranteed = d->terms.mode == PACING_PREVIEW || d->terms.mode == PACING_MANUAL;
  g->caller_id = d->terms.caller_id;
  if (g->country_count == 0 && region_parse(d->country)) g->countries[g->country_count++] = region_parse(d->country);
}

static int read_def(sqlite3_stmt *q, struct campaign_mem *out) {
  struct campaign_def *d = &out->def;
  const char *json = (const char *)sqlite3_column_text(q, 8);
  if (!json || campaign_from_json(json, d) < 0) return CAD_EFORMAT;
  d->terms.id = col_u64(q, 0);
  out->seller = col_u64(q, 1);
  col_text(q, 2, d->terms.name, sizeof d->terms.name);
  d->state = (uint8_t)col_u64(q, 3);
  out->started = col_wall(q, 4);
  col_text(q, 5, d->country, sizeof d->country);
  col_text(q, 6, d->purpose, sizeof d->purpose);
  col_text(q, 7, d->trunk, sizeof d->trunk);
  col_text(q, 9, d->seller, sizeof d->seller);
  gate_fill(d);
  return CAD_OK;
}

static int memory_append(struct store *s, const struct campaign_mem *c) {
  if (s->campaign_count == CAMPAIGNS_MAX) return CAD_EFULL;
  if (!s->campaigns && !(s->campaigns = calloc(CAMPAIGNS_MAX, sizeof *s->campaigns))) return CAD_ENOMEM;
  s->campaigns[s->campaign_count++] = *c;
  return CAD_OK;
}

/* Order of id, so that indexes stay: campaigns are never deleted. Counters and buckets survive a second load. */
int campaigns_load(struct store *s) {
  s->law_generation++;
  sqlite3_stmt *q = db_query(&s->db, Q_CAMPAIGN_ALL,
                             "SELECT c.id, c.seller, c.name, c.state, c.started, c.country, c.purpose, c.trunk, c.def, s.name"
                             " FROM campaign c JOIN seller s ON s.id=c.seller ORDER BY c.id",
                             "");
  uint32_t n = 0;
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    struct campaign_mem c = {0};
    if ((r = read_def(q, &c)) < 0) break;
    if (n == s->campaign_count) {
      if ((r = memory_append(s, &c)) < 0) break;
    } else {
      struct campaign_mem *old = &s->campaigns[n];
      old->def = c.def;
      old->seller = c.seller;
      old->started = c.started;
    }
    n++;
  }
  db_done(q);
  if (r < 0) return r;
  for (; s->campaign_count > n; s->campaign_count--) free(s->campaigns[s->campaign_count - 1].buckets);
  return CAD_OK;
}

/* ---- out ---- */

void campaign_fill(struct store *s, const struct campaign_mem *c, struct campaign_def *out) {
  *out = c->def;
  budget_fill(s, c, out);
  if (skills_bits(s, out->skills, false, &out->terms.skills) < 0) out->terms.skills = UINT32_MAX; /* nobody has it yet */
}

static int refresh(struct store *s) { return s->reader ? campaigns_load(s) : CAD_OK; }

int store_campaign_get(struct store *s, const char *name, struct campaign_def *out) {
  int err = refresh(s);
  if (err < 0) return err;
  const struct campaign_mem *c = store_campaign_named(s, name);
  if (!c) return CAD_ENOENT;
  campaign_fill(s, c, out);
  return CAD_OK;
}

int store_campaign_list(struct store *s, int (*row)(void *arg, const struct campaign_def *d), void *arg) {
  int err = refresh(s);
  for (uint32_t i = 0; err >= 0 && i < s->campaign_count; i++) {
    struct campaign_def d;
    campaign_fill(s, &s->campaigns[i], &d);
    err = row(arg, &d);
  }
  return err;
}

/* ---- in ---- */

static int seller_id(struct store *s, const char *name, uint64_t *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_SELLER_GET, "SELECT id FROM seller WHERE name=?", "t", name);
  int r = db_step(&s->db, q);
  if (r > 0) *out = col_u64(q, 0);
  db_done(q);
  if (r != 0) return r;
  *out = store_id(s, WALL_NONE);
  return db_run(&s->db, Q_SELLER_PUT, "INSERT INTO seller VALUES(?,?,?)", "uti", *out, name, store_now(s).ms);
}

static int campaign_write(struct store *s, struct campaign_mem *c, bool made) {
  const struct campaign_def *d = &c->def;
  char *json = campaign_to_json(d);
  if (!json) return CAD_ENOMEM;
  int err = seller_id(s, d->seller, &c->seller);
  if (err >= 0 && made)
    err = db_run(&s->db, Q_CAMPAIGN_PUT, "INSERT INTO campaign VALUES(?,?,?,?,?,?,1,?,?,?,?)", "uutdiwtttt", d->terms.id, c->seller,
                 d->terms.name, (int)d->state, store_now(s).ms, c->started, d->country, d->purpose, d->trunk, json);
  else if (err >= 0)
    err = db_run(
        &s->db, Q_CAMPAIGN_EDIT,
        "UPDATE campaign SET seller=?, name=?, state=?, started=?, version=version+1, country=?, purpose=?, trunk=?, def=? WHERE id=?",
        "utdwttttu", c->seller, d->terms.name, (int)d->state, c->started, d->country, d->purpose, d->trunk, json, d->terms.id);
  free(json);
  return err;
}

int store_campaign_put(struct store *s, struct campaign_def *def) {
  struct campaign_mem fresh = {.def = *def}, *old = def->terms.id ? store_campaign(s, def->terms.id) : NULL;
  struct campaign_def *d = &fresh.def;
  if (s->reader) return CAD_EREFUSED;
  if (!d->seller[0]) strcpy(d->seller, "default");
  if (campaign_check(d) < 0) return CAD_EINVAL;
  gate_fill(d);
  const struct campaign_mem *same = store_campaign_named(s, d->terms.name);
  if (same && same != old) return CAD_EEXIST;
  if (d->terms.id && !old) return CAD_ENOENT;
  if (old && strcmp(old->def.seller, d->seller) != 0) return CAD_EREFUSED; /* its rows carry the seller */
  if (!old && s->campaign_count == CAMPAIGNS_MAX) return CAD_EFULL;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  fresh.started = old ? old->started : WALL_NONE;
  if (d->state == CAMPAIGN_RUNNING && fresh.started.ms == 0) fresh.started = store_now(s);
  if (!old) d->terms.id = store_id(s, WALL_NONE);
  s->memory_stale = true;
  s->law_generation++;
  err = campaign_write(s, &fresh, !old);
  if (err >= 0 && old) {
    old->def = *d;
    old->started = fresh.started;
  } else if (err >= 0) {
    err = memory_append(s, &fresh);
  }
  err = store_leave(s, own, err);
  if (err >= 0) *def = *d;
  return err;
}

int store_campaign_state(struct store *s, const char *name, enum campaign_state state) {
  struct campaign_mem *c = store_campaign_named(s, name);
  if (!c) return CAD_ENOENT;
  if (state < 0 || state >= CAMPAIGN_STATE_COUNT) return CAD_EINVAL;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  s->memory_stale = true;
  c->def.state = (uint8_t)state;
  if (state == CAMPAIGN_RUNNING && c->started.ms == 0) c->started = store_now(s);
  err =
      db_run(&s->db, Q_CAMPAIGN_STATE, "UPDATE campaign SET state=?, started=? WHERE id=?", "dwu", (int)state, c->started, c->def.terms.id);
  return store_leave(s, own, err);
}
