#include "store_internal.h"
#include <stdlib.h>

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
