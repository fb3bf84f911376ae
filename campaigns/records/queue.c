/* Queues of callers and the numbers that lead to them; a queue's terms are kept as JSON. */
#include "store_internal.h"
#include <campaigns/queues.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUES_MAX = 32, DIDS_MAX = 512 }; /* what a floor takes */
static const uint64_t NUMBER_LEAST = 100, NUMBER_MOST = 999999999999999;

static char *to_json(const struct queue_def *d) {
  const struct queue_terms *t = &d->terms;
  json_t *hours = d->has_hours ? json_array() : json_null();
  for (int i = 0; d->has_hours && i < 7; i++)
    json_array_append_new(hours, json_pack("[ii]", (int)d->hours.open[i], (int)d->hours.close[i]));
  json_t *j = json_pack("{s:i,s:I,s:I,s:I,s:b,s:b,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "priority", (int)t->priority, "timeout_ms",
                        (json_int_t)t->timeout_ms, "places", (json_int_t)t->places, "say_every_ms", (json_int_t)t->say_every_ms,
                        "say_place", (int)t->say_place, "say_wait", (int)t->say_wait, "service_ms", (json_int_t)t->service_ms, "overflow",
                        d->overflow, "skills", d->skills, "hello", d->hello, "music", d->music, "sorry", d->sorry, "closed", d->closed,
                        "language", d->language, "zone", d->zone, "hours", hours);
  char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
  json_decref(j);
  return text;
}

static void text_in(const json_t *j, const char *key, char *out, size_t room) {
  const char *v = json_string_value(json_object_get(j, key));
  snprintf(out, room, "%s", v ? v : "");
}
static uint32_t number_in(const json_t *j, const char *key) {
  json_int_t v = json_integer_value(json_object_get(j, key));
  return v < 0 || v > UINT32_MAX ? 0 : (uint32_t)v;
}
#define TEXT_IN(field) text_in(j, #field, d->field, sizeof d->field)

static int from_json(const char *text, struct queue_def *d) {
  json_t *j = json_loads(text ? text : "", 0, NULL);
  if (!j) return CAD_EFORMAT;
  struct queue_terms *t = &d->terms;
  t->priority = (uint8_t)number_in(j, "priority");
  t->timeout_ms = number_in(j, "timeout_ms");
  t->places = number_in(j, "places");
  t->say_every_ms = number_in(j, "say_every_ms");
  t->service_ms = number_in(j, "service_ms");
  t->say_place = json_is_true(json_object_get(j, "say_place"));
  t->say_wait = json_is_true(json_object_get(j, "say_wait"));
  TEXT_IN(overflow), TEXT_IN(skills), TEXT_IN(hello), TEXT_IN(music), TEXT_IN(sorry), TEXT_IN(closed), TEXT_IN(language), TEXT_IN(zone);
  const json_t *hours = json_object_get(j, "hours");
  d->has_hours = json_is_array(hours);
  for (size_t i = 0; d->has_hours && i < 7; i++) {
    d->hours.open[i] = (uint16_t)json_integer_value(json_array_get(json_array_get(hours, i), 0));
    d->hours.close[i] = (uint16_t)json_integer_value(json_array_get(json_array_get(hours, i), 1));
  }
  json_decref(j);
  return CAD_OK;
}

#define QUEUE_COLUMNS                                                                                                                      \
  "SELECT q.id, q.name, q.campaign, c.name, q.def, coalesce((SELECT o.id FROM queue o WHERE o.name=json_extract(q.def,'$.overflow')),0)"   \
  " FROM queue q JOIN campaign c ON c.id=q.campaign"

static int read_row(struct store *s, sqlite3_stmt *q, struct queue_def *d) {
  *d = (struct queue_def){.terms = {.id = col_u64(q, 0), .campaign_id = col_u64(q, 2), .overflow_id = col_u64(q, 5)}};
  col_text(q, 1, d->terms.name, sizeof d->terms.name);
  col_text(q, 3, d->campaign, sizeof d->campaign);
  int r = from_json((const char *)sqlite3_column_text(q, 4), d);
  if (r >= 0 && d->skills[0] && skills_bits(s, d->skills, false, &d->terms.skills) < 0) d->terms.skills = UINT32_MAX; /* nobody has it */
  return r;
}

int queue_by_id(struct store *s, uint64_t id, struct queue_def *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_QUEUE_ID, QUEUE_COLUMNS " WHERE q.id=?", "u", id);
  int r = db_step(&s->db, q);
  if (r > 0 && (r = read_row(s, q, out)) >= 0) r = 1;
  db_done(q);
  return r;
}

int store_queue_get(struct store *s, const char *name, struct queue_def *out) {
  sqlite3_stmt *q = db_query(&s->db, Q_QUEUE_GET, QUEUE_COLUMNS " WHERE q.name=?", "t", name);
  int r = db_step(&s->db, q);
  if (r > 0 && (r = read_row(s, q, out)) >= 0) r = 1;
  db_done(q);
  return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

int store_queue_each(struct store *s, int (*row)(void *arg, const struct queue_def *d), void *arg) {
  int r, said = CAD_OK, n = 0;
  struct queue_def *all = calloc(QUEUES_MAX, sizeof *all); /* read before told: whoever is told may ask again */
  if (!all) return CAD_ENOMEM;
  sqlite3_stmt *q = db_query(&s->db, Q_QUEUE_ALL, QUEUE_COLUMNS " ORDER BY q.name", "");
  while (n < QUEUES_MAX && (r = db_step(&s->db, q)) > 0) n += read_row(s, q, &all[n]) >= 0;
  db_done(q);
  for (int i = 0; i < n && said >= 0; i++) said = row(arg, &all[i]);
  free(all);
  return said;
}

static int count_of(struct store *s, enum db_slot slot, const char *sql, uint64_t *out) {
  sqlite3_stmt *q = db_query(&s->db, slot, sql, "");
  int r = db_step(&s->db, q);
  if (r > 0) *out = col_u64(q, 0);
  db_done(q);
  return r < 0 ? r : CAD_OK;
}

static bool file_good(const char *name) { return !strchr(name, '/'); }

static bool good(const struct queue_def *d) {
  const struct queue_terms *t = &d->terms;
  return t->name[0] && memchr(t->name, 0, sizeof t->name) && t->priority <= 9 && t->timeout_ms <= 7200000 && t->places <= 10000 &&
         t->say_every_ms <= 3600000 && t->service_ms >= 1000 && t->service_ms <= 3600000 && file_good(d->hello) && file_good(d->music) &&
         file_good(d->sorry) && file_good(d->closed) && (!d->has_hours || (hours_valid(&d->hours) && d->zone[0]));
}

static int check(struct store *s, const struct queue_def *def) {
  struct queue_def same, next;
  uint64_t count = 0;
  if (!good(def)) return CAD_EINVAL;
  if (def->has_hours && zones_find(s->zones, def->zone) == ZONE_NONE) return CAD_EINVAL;
  int r = store_queue_get(s, def->terms.name, &same);
  if (r < 0 && r != CAD_ENOENT) return r;
  if (r >= 0 && same.terms.id != def->terms.id) return CAD_EEXIST;
  if (def->overflow[0] && strcmp(def->overflow, def->terms.name) == 0) return CAD_EINVAL;
  if (def->overflow[0] && (r = store_queue_get(s, def->overflow, &next)) < 0) return r;
  if ((r = count_of(s, Q_QUEUE_COUNT, "SELECT count(*) FROM queue", &count)) < 0) return r;
  return def->terms.id == 0 && count >= QUEUES_MAX ? CAD_EFULL : CAD_OK;
}

int store_queue_put(struct store *s, struct queue_def *def) {
  if (s->reader) return CAD_EREFUSED;
  const struct campaign_mem *c = store_campaign_named(s, def->campaign);
  if (!c) return CAD_ENOENT;
  int err = check(s, def);
  if (err < 0) return err;
  bool own;
  if ((err = store_enter(s, &own)) < 0) return err;
  uint64_t id = def->terms.id ? def->terms.id : store_id(s, WALL_NONE);
  if (def->skills[0]) err = skills_bits(s, def->skills, true, &def->terms.skills);
  char *text = err >= 0 ? to_json(def) : NULL;
  if (err >= 0 && !text) err = CAD_EINVAL;
  if (err >= 0 && def->terms.id)
    err = db_run(&s->db, Q_QUEUE_EDIT, "UPDATE queue SET seller=?, name=?, campaign=?, def=? WHERE id=?", "ututu", c->seller,
                 def->terms.name, c->def.terms.id, text, id);
  else if (err >= 0)
    err = db_run(&s->db, Q_QUEUE_PUT, "INSERT INTO queue VALUES(?,?,?,?,?,?)", "uututi", id, c->seller, def->terms.name, c->def.terms.id,
                 text, store_now(s).ms);
  if (err >= 0 && db_changes(&s->db) == 0) err = CAD_ENOENT;
  free(text);
  err = store_leave(s, own, err);
  if (err >= 0) def->terms.id = id;
  return err;
}

int store_queue_delete(struct store *s, const char *name, uint64_t *id) {
  struct queue_def d;
  uint64_t leads = 0;
  if (s->reader) return CAD_EREFUSED;
  int r = store_queue_get(s, name, &d);
  if (r < 0) return r;
  sqlite3_stmt *q = db_query(&s->db, Q_QUEUE_LEADS,
                             "SELECT (SELECT count(*) FROM did WHERE queue=?1)+(SELECT count(*) FROM queue WHERE"
                             " json_extract(def,'$.overflow')=?2)",
                             "ut", d.terms.id, name);
  if ((r = db_step(&s->db, q)) > 0) leads = col_u64(q, 0);
  db_done(q);
  if (r < 0 || leads) return r < 0 ? r : CAD_EBUSY;
  *id = d.terms.id;
  return db_run(&s->db, Q_QUEUE_GONE, "DELETE FROM queue WHERE id=?", "u", d.terms.id);
}

/* ---- numbers ---- */

int store_did_put(struct store *s, uint64_t number, const char *queue) {
  struct queue_def d;
  uint64_t count = 0;
  if (s->reader) return CAD_EREFUSED;
  if (number < NUMBER_LEAST || number > NUMBER_MOST) return CAD_EINVAL;
  int r = store_queue_get(s, queue, &d);
  if (r >= 0) r = count_of(s, Q_DID_COUNT, "SELECT count(*) FROM did", &count);
  if (r < 0) return r;
  if (count >= DIDS_MAX) return CAD_EFULL;
  return db_run(&s->db, Q_DID_PUT, "INSERT INTO did VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET queue=?2", "uui", number, d.terms.id,
                store_now(s).ms);
}

int store_did_remove(struct store *s, uint64_t number) {
  if (s->reader) return CAD_EREFUSED;
  int r = db_run(&s->db, Q_DID_GONE, "DELETE FROM did WHERE number=?", "u", number);
  return r < 0 ? r : db_changes(&s->db) ? CAD_OK : CAD_ENOENT;
}

int store_did_each(struct store *s, int (*row)(void *arg, const struct did_row *d), void *arg) {
  int r, said = CAD_OK;
  sqlite3_stmt *q = db_query(&s->db, Q_DID_ALL,
                             "SELECT d.number, d.queue, q.name, d.added FROM did d JOIN queue q ON q.id=d.queue ORDER BY d.number", "");
  while (said >= 0 && (r = db_step(&s->db, q)) > 0) {
    struct did_row d = {.number = col_u64(q, 0), .queue_id = col_u64(q, 1), .added = col_wall(q, 3)};
    col_text(q, 2, d.queue, sizeof d.queue);
    said = row(arg, &d);
  }
  db_done(q);
  return said;
}
