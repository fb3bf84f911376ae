#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

/* ---- zone sets ---- */

static int compare_names(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* "B&A&B" to "A&B": one text for one set. */
static int canonical(const char *zones, char *out, size_t room) {
  char copy[sizeof(((struct zone_set *)0)->text) * 2];
  const char *names[LAW_ZONES_MAX * 2];
  int n = 0;
  if (strlen(zones) >= sizeof copy) return CAD_EINVAL;
  strcpy(copy, zones);
  char *rest = NULL;
  for (char *name = strtok_r(copy, "&", &rest); name; name = strtok_r(NULL, "&", &rest)) {
    if (n == LAW_ZONES_MAX * 2) return CAD_EINVAL;
    names[n++] = name;
  }
  qsort(names, (size_t)n, sizeof names[0], compare_names);
  size_t used = 0;
  out[0] = '\0';
  for (int i = 0, kept = 0; i < n; i++) {
    if (i > 0 && strcmp(names[i], names[i - 1]) == 0) continue;
    size_t length = strlen(names[i]);
    if (++kept > LAW_ZONES_MAX || used + length + 2 > room) return CAD_EINVAL;
    if (used) out[used++] = '&';
    memcpy(out + used, names[i], length + 1);
    used += length;
  }
  return used ? CAD_OK : CAD_EINVAL;
}

static int set_append(struct store *s, const char *text) {
  if (s->set_count == SETS_MAX) return CAD_EFULL;
  if (s->set_count == s->set_room) {
    uint32_t room = s->set_room ? s->set_room * 2 : 64;
    struct zone_set *bigger = realloc(s->sets, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    s->sets = bigger;
    s->set_room = room;
  }
  struct zone_set *set = &s->sets[s->set_count];
  *set = (struct zone_set){0};
  snprintf(set->text, sizeof set->text, "%s", text);
  char copy[sizeof set->text], *rest = NULL;
  memcpy(copy, set->text, sizeof copy);
  struct law_place *p = &set->place;
  for (char *name = strtok_r(copy, "&", &rest); name; name = strtok_r(NULL, "&", &rest)) {
    if (name[0] == '@') {
      place_add_region(p, region_parse(name + 1));
      continue;
    }
    uint16_t zone = zones_find(s->zones, name);
    if (zone == ZONE_NONE || p->zone_count == LAW_ZONES_MAX) { /* one unknown zone makes the set unknown */
      p->zone_count = 0;
      break;
    }
    p->zones[p->zone_count++] = zone;
  }
  s->set_count++;
  return CAD_OK;
}

int set_find(struct store *s, const char *zones, uint32_t *out) {
  char text[sizeof s->sets->text];
  if (canonical(zones, text, sizeof text) < 0) return CAD_EINVAL;
  for (uint32_t i = 0; i < s->set_count; i++)
    if (strcmp(s->sets[i].text, text) == 0) {
      *out = i;
      return s->sets[i].place.zone_count ? CAD_OK : CAD_EINVAL;
    }
  int err = set_append(s, text);
  if (err < 0) return err;
  if (s->sets[s->set_count - 1].place.zone_count == 0) { /* never stored: it would only block */
    s->set_count--;
    return CAD_EINVAL;
  }
  s->memory_stale = true;
  *out = s->set_count - 1;
  return db_run(&s->db, Q_SET_PUT, "INSERT INTO zone_set VALUES(?,?)", "it", (int64_t)s->set_count, s->sets[*out].text);
}

/* ---- buckets ---- */

struct bucket *bucket_at(struct store *s, uint64_t id) {
  return id >= 1 && id <= s->bucket_count ? &s->buckets[id - 1] : NULL;
}

static int bucket_room(struct store *s) {
  if (s->bucket_count == BUCKETS_MAX) return CAD_EFULL;
  if (s->bucket_count < s->bucket_room) return CAD_OK;
  uint32_t room = s->bucket_room ? s->bucket_room * 2 : 64;
  struct bucket *bigger = realloc(s->buckets, room * sizeof *bigger);
  if (!bigger) return CAD_ENOMEM;
  s->buckets = bigger;
  s->bucket_room = room;
  return CAD_OK;
}

static int bucket_append(struct store *s, const struct bucket *b) {
  int err = bucket_room(s);
  if (err < 0) return err;
  struct campaign_mem *c = &s->campaigns[b->campaign];
  if (c->bucket_count == c->bucket_room) {
    uint32_t room = c->bucket_room ? c->bucket_room * 2 : 16;
    uint32_t *bigger = realloc(c->buckets, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    c->buckets = bigger;
    c->bucket_room = room;
  }
  s->buckets[s->bucket_count++] = *b;
  c->buckets[c->bucket_count++] = s->bucket_count;
  return CAD_OK;
}

/* Tells every class of this list and set of one another. */
static void link_siblings(struct store *s, uint32_t id) {
  struct bucket *b = &s->buckets[id - 1];
  const struct campaign_mem *c = &s->campaigns[b->campaign];
  for (uint32_t i = 0; i < c->bucket_count; i++) {
    struct bucket *other = &s->buckets[c->buckets[i] - 1];
    if (other->list != b->list || other->set != b->set || other->segment != b->segment) continue;
    other->sibling[b->class] = id;
    b->sibling[other->class] = c->buckets[i];
  }
}

static int bucket_make(struct store *s, struct bucket b) {
  const struct campaign_mem *c = &s->campaigns[b.campaign];
  int err = bucket_append(s, &b);
  if (err < 0) return err;
  link_siblings(s, s->bucket_count);
  s->memory_stale = true;
  return db_run(&s->db, Q_BUCKET_PUT, "INSERT INTO bucket VALUES(?,?,?,?,?,?,?)", "iuuuidd", (int64_t)s->bucket_count, c->seller,
                c->def.terms.id, b.list, (int64_t)b.set + 1, (int)b.class, (int)b.segment);
}

int bucket_find(struct store *s, uint32_t campaign, uint64_t list, uint32_t set, uint8_t segment, enum case_class class, uint32_t *out) {
  const struct campaign_mem *c = &s->campaigns[campaign];
  for (uint32_t i = c->bucket_count; i > 0; i--) { /* the list that is being filled is the youngest */
    const struct bucket *b = &s->buckets[c->buckets[i - 1] - 1];
    if (b->list != list || b->set != set || b->segment != segment || b->class != class) continue;
    *out = c->buckets[i - 1];
    return CAD_OK;
  }
  const struct list_mem *l = list_find(s, list);
  struct bucket b = {.list = list,
                     .campaign = campaign,
                     .set = set,
                     .segment = segment,
                     .class = (uint8_t) class,
                     .visible = l && l->state == LIST_VISIBLE};
  int err = bucket_make(s, b);
  *out = s->bucket_count;
  return err;
}

int bucket_for_set(struct store *s, uint32_t bucket, uint32_t set, uint32_t *out) {
  const struct bucket *b = bucket_at(s, bucket);
  return b ? bucket_find(s, b->campaign, b->list, set, b->segment, (enum case_class)b->class, out) : CAD_EINVAL;
}

/* Ids stay taken until the next start: places in the table are what contacts name. */
void buckets_drop(struct store *s, uint64_t list) {
  for (uint32_t i = 0; i < s->campaign_count; i++) {
    struct campaign_mem *c = &s->campaigns[i];
    uint32_t kept = 0;
    for (uint32_t k = 0; k < c->bucket_count; k++)
      if (s->buckets[c->buckets[k] - 1].list != list) c->buckets[kept++] = c->buckets[k];
    c->bucket_count = kept;
  }
  for (uint32_t i = 0; i < s->bucket_count; i++)
    if (s->buckets[i].list == list) s->buckets[i] = (struct bucket){.earliest_ms = NEVER_MS};
}

int bucket_sibling(struct store *s, uint32_t bucket, enum case_class class, uint32_t *out) {
  struct bucket *b = bucket_at(s, bucket);
  if (!b) return CAD_EINVAL;
  if (b->sibling[class] == 0) {
    struct bucket made = {
        .list = b->list, .campaign = b->campaign, .set = b->set, .segment = b->segment, .class = (uint8_t) class, .visible = b->visible};
    int err = bucket_make(s, made);
    if (err < 0) return err;
    *out = s->bucket_count;
    return CAD_OK;
  }
  *out = b->sibling[class];
  return CAD_OK;
}

void bucket_touch(struct store *s, uint32_t bucket, struct wall next) {
  struct bucket *b = bucket_at(s, bucket);
  if (b && next.ms < b->earliest_ms) b->earliest_ms = next.ms;
}

/* ---- at start ---- */

static int sets_load(struct store *s) {
  sqlite3_stmt *q = db_query(&s->db, Q_SET_ALL, "SELECT zones FROM zone_set ORDER BY id", "");
  int r;
  placing_forget(s);
  s->set_count = 0;
  while ((r = db_step(&s->db, q)) > 0) {
    char text[sizeof s->sets->text];
    col_text(q, 0, text, sizeof text);
    if ((r = set_append(s, text)) < 0) break;
  }
  db_done(q);
  return r;
}

static int compare_kin(const void *a, const void *b, void *arg) {
  const struct bucket *all = arg, *x = &all[*(const uint32_t *)a - 1], *y = &all[*(const uint32_t *)b - 1];
  if (x->list != y->list) return x->list < y->list ? -1 : 1;
  if (x->set != y->set) return x->set < y->set ? -1 : 1;
  return (x->segment > y->segment) - (x->segment < y->segment);
}

/* All siblings at once: sorted by list and set they stand side by side. */
static int link_all(struct store *s) {
  uint32_t *ids = calloc(s->bucket_count + 1, sizeof *ids);
  if (!ids) return CAD_ENOMEM;
  for (uint32_t i = 0; i < s->bucket_count; i++) ids[i] = i + 1;
  qsort_r(ids, s->bucket_count, sizeof *ids, compare_kin, s->buckets);
  for (uint32_t from = 0, to; from < s->bucket_count; from = to) {
    for (to = from + 1; to < s->bucket_count && compare_kin(&ids[from], &ids[to], s->buckets) == 0;) to++;
    for (uint32_t i = from; i < to && s->buckets[ids[from] - 1].list; i++)
      for (uint32_t k = from; k < to; k++) s->buckets[ids[i] - 1].sibling[s->buckets[ids[k] - 1].class] = ids[k];
  }
  free(ids);
  return CAD_OK;
}

static int counts_load(struct store *s) {
  sqlite3_stmt *q = db_query(&s->db, Q_STANDING_ALL, "SELECT campaign, open FROM standing", "");
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    struct campaign_mem *c = store_campaign(s, col_u64(q, 0));
    if (c) c->open = c->open_written = col_u64(q, 1);
  }
  db_done(q);
  q = db_query(&s->db, Q_CONTACTS, "SELECT coalesce(sum(added),0) FROM list WHERE state=1", "");
  if (r >= 0 && (r = db_step(&s->db, q)) > 0) s->contacts = col_u64(q, 0);
  db_done(q);
  return r;
}

int buckets_load(struct store *s) {
  for (uint32_t i = 0; i < s->campaign_count; i++) s->campaigns[i].bucket_count = 0;
  s->bucket_count = 0;
  bool first = s->buckets == NULL;
  int r = sets_load(s);
  if (r < 0) return r;
  sqlite3_stmt *q =
      db_query(&s->db, Q_BUCKET_ALL,
               "SELECT b.id, b.campaign, b.list, b.zone_set, b.class, l.state, b.segment FROM bucket b JOIN list l ON l.id=b.list"
               " ORDER BY b.id",
               "");
  while ((r = db_step(&s->db, q)) > 0) {
    const struct campaign_mem *c = store_campaign(s, col_u64(q, 1));
    while (s->bucket_count + 1 < col_u64(q, 0) && (r = bucket_room(s)) == CAD_OK) /* lists that were taken back left gaps */
      s->buckets[s->bucket_count++] = (struct bucket){.earliest_ms = NEVER_MS};
    if (!c || col_u64(q, 0) != s->bucket_count + 1 || col_u64(q, 3) < 1 || col_u64(q, 3) > s->set_count || col_u64(q, 4) >= CLASS_COUNT) {
      r = CAD_EFORMAT;
      break;
    }
    struct bucket b = {.list = col_u64(q, 2),
                       .campaign = (uint32_t)(c - s->campaigns),
                       .set = (uint32_t)col_u64(q, 3) - 1,
                       .class = (uint8_t)col_u64(q, 4),
                       .segment = (uint8_t)col_u64(q, 6),
                       .visible = col_u64(q, 5) == LIST_VISIBLE};
    if ((r = bucket_append(s, &b)) < 0) break;
  }
  db_done(q);
  if (r < 0 || (r = link_all(s)) < 0) return r;
  /* Leases outlive a rolled-back group: count them again. */
  for (uint32_t i = 0; s->leases.table && s->leases.count && i < s->leases.slots; i++)
    if (s->leases.table[i].case_id && bucket_at(s, s->leases.table[i].bucket)) bucket_at(s, s->leases.table[i].bucket)->leased++;
  return first ? counts_load(s) : CAD_OK;
}

void buckets_free(struct store *s) {
  free(s->lists);
  free(s->sets);
  free(s->buckets);
}
