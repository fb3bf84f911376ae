#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

int list_append(struct store *s, const struct list_mem *l) {
  if (s->list_count == s->list_room) {
    uint32_t room = s->list_room ? s->list_room * 2 : 32;
    struct list_mem *bigger = realloc(s->lists, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    s->lists = bigger;
    s->list_room = room;
  }
  s->lists[s->list_count++] = *l;
  return CAD_OK;
}

/* Lists that came last are asked for most. */
struct list_mem *list_find(struct store *s, uint64_t id) {
  for (uint32_t i = s->list_count; id && i > 0; i--)
    if (s->lists[i - 1].id == id) return &s->lists[i - 1];
  return NULL;
}

struct list_mem *list_of_bucket(struct store *s, uint32_t bucket) {
  const struct bucket *b = bucket_at(s, bucket);
  struct list_mem *l = b ? list_find(s, b->list) : NULL;
  if (l) l->dirty = true;
  return l;
}

static uint64_t old_turn(const struct list_mem *old, uint32_t count, uint64_t id) {
  for (uint32_t i = 0; i < count; i++)
    if (old[i].id == id) return old[i].turn;
  return 0;
}

int lists_load(struct store *s) {
  struct list_mem *old = s->lists;
  uint32_t old_count = s->list_count;
  s->lists = NULL;
  s->list_count = s->list_room = 0;
  sqlite3_stmt *q = db_query(
      &s->db, Q_LIST_ALL,
      "SELECT id, campaign, state, priority, share, dialed, added, attempts, tried, reached, done FROM list WHERE state<>2 ORDER BY id",
      "");
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    const struct campaign_mem *c = store_campaign(s, col_u64(q, 1));
    struct list_mem l = {.id = col_u64(q, 0),
                         .state = (uint8_t)col_u64(q, 2),
                         .priority = (uint8_t)col_u64(q, 3),
                         .share = (uint8_t)col_u64(q, 4),
                         .dialed_ms = sqlite3_column_int64(q, 5),
                         .added = col_u64(q, 6),
                         .attempts = col_u64(q, 7),
                         .tried = col_u64(q, 8),
                         .reached = col_u64(q, 9),
                         .done = col_u64(q, 10)};
    if (!c) {
      r = CAD_EFORMAT;
      break;
    }
    l.campaign = (uint32_t)(c - s->campaigns);
    l.turn = old_turn(old, old_count, l.id);
    if ((r = list_append(s, &l)) < 0) break;
  }
  db_done(q);
  free(old);
  return r;
}

int lists_write(struct store *s) {
  for (uint32_t i = 0; i < s->list_count; i++) {
    struct list_mem *l = &s->lists[i];
    if (!l->dirty) continue;
    l->dirty = false;
    struct wall dialed = {l->dialed_ms};
    int err = db_run(&s->db, Q_LIST_WRITE, "UPDATE list SET dialed=?, attempts=?, tried=?, reached=?, done=? WHERE id=?", "wuuuuu", dialed,
                     l->attempts, l->tried, l->reached, l->done, l->id);
    if (err < 0) return err;
  }
  return CAD_OK;
}

void lists_forget(struct store *s) { lists_load(s); }

/* ---- what people see and tune ---- */

int store_list_each(struct store *s, const char *campaign, int (*row)(void *arg, const struct list_row *r), void *arg) {
  if (campaign && !store_campaign_named(s, campaign)) return CAD_ENOENT;
  sqlite3_stmt *q = db_query(&s->db, Q_LIST_SHOW,
                             "SELECT l.id, c.name, l.file, l.created, l.dialed, l.priority, l.share, l.added, l.tried, l.reached, l.done,"
                             " l.attempts FROM list l JOIN campaign c ON c.id=l.campaign WHERE l.state=1 AND (?1 IS NULL OR c.name=?1)"
                             " ORDER BY l.id",
                             "t", campaign);
  int r, said = CAD_OK;
  while (said >= 0 && (r = db_step(&s->db, q)) > 0) {
    struct list_row l = {.id = col_u64(q, 0),
                         .created = col_wall(q, 3),
                         .dialed = col_wall(q, 4),
                         .priority = (uint8_t)col_u64(q, 5),
                         .share = (uint8_t)col_u64(q, 6),
                         .contacts = col_u64(q, 7),
                         .tried = col_u64(q, 8),
                         .reached = col_u64(q, 9),
                         .done = col_u64(q, 10),
                         .attempts = col_u64(q, 11)};
    col_text(q, 1, l.campaign, sizeof l.campaign);
    col_text(q, 2, l.file, sizeof l.file);
    said = row(arg, &l);
  }
  db_done(q);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}

int store_list_tune(struct store *s, uint64_t id, uint8_t priority, uint8_t share) {
  struct list_mem *l = list_find(s, id);
  if (s->reader) return CAD_EREFUSED;
  if (!l || l->state != LIST_VISIBLE) return CAD_ENOENT;
  if (priority < 1 || priority > 100 || share < 1 || share > 100) return CAD_EINVAL;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  l->priority = priority;
  l->share = share;
  l->turn = 0;
  err = db_run(&s->db, Q_LIST_TUNE, "UPDATE list SET priority=?, share=? WHERE id=?", "ddu", (int)priority, (int)share, id);
  return store_leave(s, own, err);
}

/* ---- kept mappings ---- */

int store_mapping_put(struct store *s, const char *name, const char *def) {
  if (s->reader) return CAD_EREFUSED;
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  err = db_run(&s->db, Q_MAPPING_PUT, "INSERT OR REPLACE INTO import_mapping VALUES(?,?,?)", "tti", name, def, store_now(s).ms);
  return store_leave(s, own, err);
}

int store_mapping_get(struct store *s, const char *name, char **def) {
  sqlite3_stmt *q = db_query(&s->db, Q_MAPPING_GET, "SELECT def FROM import_mapping WHERE name=?", "t", name);
  int r = db_step(&s->db, q);
  if (r > 0) {
    *def = strdup((const char *)sqlite3_column_text(q, 0));
    r = *def ? 1 : CAD_ENOMEM;
  }
  db_done(q);
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

int store_mapping_each(struct store *s, int (*row)(void *arg, const char *name, const char *def), void *arg) {
  sqlite3_stmt *q = db_query(&s->db, Q_MAPPING_ALL, "SELECT name, def FROM import_mapping ORDER BY name", "");
  int r, said = CAD_OK;
  while (said >= 0 && (r = db_step(&s->db, q)) > 0)
    said = row(arg, (const char *)sqlite3_column_text(q, 0), (const char *)sqlite3_column_text(q, 1));
  db_done(q);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}

int store_mapping_drop(struct store *s, const char *name) {
  bool own;
  int err = s->reader ? CAD_EREFUSED : store_enter(s, &own);
  if (err < 0) return err;
  err = db_run(&s->db, Q_MAPPING_DROP, "DELETE FROM import_mapping WHERE name=?", "t", name);
  if (err >= 0 && db_changes(&s->db) == 0) err = CAD_ENOENT;
  return store_leave(s, own, err);
}
