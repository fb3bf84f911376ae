#include "verify.h"
#include "months.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char NO_COMMIT[COMMIT_BYTES];

static uint64_t get_u64(const unsigned char *at) {
  uint64_t v = 0;
  for (int i = 7; i >= 0; i--) v = v << 8 | at[i];
  return v;
}

/* ---- erased ---- */

static int erased_add(struct erased *e, uint64_t id) {
  if (e->count == e->room) {
    size_t room = e->room ? e->room * 2 : 256;
    uint64_t *bigger = realloc(e->ids, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    e->ids = bigger;
    e->room = room;
  }
  e->ids[e->count++] = id;
  return CAD_OK;
}

static int by_id(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* "12 15 18" */
static int erased_list(struct erased *e, const char *text) {
  for (const char *p = text; p && *p;) {
    char *end;
    uint64_t id = strtoull(p, &end, 10);
    if (end == p) return CAD_OK;
    if (erased_add(e, id) < 0) return CAD_ENOMEM;
    p = end + strspn(end, " ");
  }
  return CAD_OK;
}

int erased_load(struct verifier *v) {
  static const int KIND_OF[] = {0, CHAIN_CALL, CHAIN_DECISION, CHAIN_AUDIT, CHAIN_VERDICT};
  sqlite3_stmt *q = NULL;
  int r = CAD_OK, code;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT before, calls, decisions, audits, verdicts FROM erasure", -1, &q, NULL) != SQLITE_OK)
    return CAD_EFORMAT;
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    bool none = true; /* of the first version: it names no kinds, and means all */
    for (int i = 1; i <= 4; i++) none = none && !sqlite3_column_bytes(q, i);
    for (int i = 1; i <= 4 && r >= 0; i++) {
      const char *list = (const char *)sqlite3_column_text(q, i);
      int64_t *before = &v->erased.before_ms[KIND_OF[i]];
      if ((none || (list && list[0] == '*')) && sqlite3_column_int64(q, 0) > *before) *before = sqlite3_column_int64(q, 0);
      r = erased_list(&v->erased, list);
    }
  }
  sqlite3_finalize(q);
  if (v->erased.count) qsort(v->erased.ids, v->erased.count, sizeof *v->erased.ids, by_id);
  return r;
}

/* An id tells when it was made (ids.h). */
static int64_t made_ms(uint64_t id) { return (int64_t)(id >> 22) + 1704067200000; }

static bool was_erased(const struct verifier *v, int kind, uint64_t row) {
  return made_ms(row) < v->erased.before_ms[kind] ||
         (v->erased.count && bsearch(&row, v->erased.ids, v->erased.count, sizeof row, by_id) != NULL);
}

/* ---- one link ---- */

/* The number and its salt against the commitment; NULL: they hold. */
static const char *judge_number(struct verifier *v, sqlite3_stmt *q, int column, int kind, uint64_t row, const unsigned char *commit) {
  unsigned char again[COMMIT_BYTES];
  uint64_t number = col_u64(q, column);
  bool salted = sqlite3_column_bytes(q, column + 1) == SALT_BYTES;
  bool promised = memcmp(commit, NO_COMMIT, COMMIT_BYTES) != 0;
  if (!promised) return number != 0 ? "a number was put into it" : NULL;
  if (salted) {
    chain_commitment(number, sqlite3_column_blob(q, column + 1), again);
    if (memcmp(again, commit, COMMIT_BYTES) == 0) return NULL;
    return "its number was altered";
  }
  if (number != 0) return "the salt of its number is gone";
  if (!was_erased(v, kind, row)) return "its number was taken out without an erasure";
  v->report->erased++;
  return NULL;
}

/* The numbers of launches that were allowed and of calls that were closed must be the same; counted and folded. */
static void fold(struct verifier *v, int kind, uint64_t row, sqlite3_stmt *q) {
  if (kind == CHAIN_CALL) v->called++, v->called_xor ^= row;
  if (kind == CHAIN_DECISION && sqlite3_column_int64(q, 5) == 1 && sqlite3_column_int64(q, 11) == 0) v->launched++, v->launched_xor ^= row;
}

/* A call's interaction says the same as the call, once more: reports take the direction from it. */
#define INTERACTION                                                                                                                        \
  ",(SELECT i.seller IS a.seller AND i.campaign IS a.campaign AND i.case_id IS a.case_id AND i.channel='voice' AND "                       \
  "i.inbound=(a.zone_set=0)"                                                                                                               \
  " AND i.began IS a.started AND i.ended IS a.ended AND i.outcome IS a.outcome AND coalesce(i.agent,0)=coalesce(a.agent,0) FROM "          \
  "%s.interaction i WHERE"                                                                                                                 \
  " i.id=a.interaction)"

static const char *judge_interaction(sqlite3_stmt *q, int column) {
  if (sqlite3_column_type(q, column) == SQLITE_NULL) return "its interaction is missing";
  return sqlite3_column_int(q, column) ? NULL : "its interaction was altered";
}

static const char *judge_row(struct verifier *v, int kind, uint64_t row, const unsigned char *commit) {
  const struct chain_kind_row *k = chain_kind_row(kind);
  sqlite3_stmt *q = v->rows[kind];
  const char *fault = NULL;
  sqlite3_bind_int64(q, 1, (int64_t)row);
  content_clear(&v->content);
  if (sqlite3_step(q) == SQLITE_ROW) {
    int columns = sqlite3_column_count(q) - (k->phone ? 2 : 0) - (kind == CHAIN_CALL);
    for (int i = 0; i < columns; i++) content_column(&v->content, q, i);
    if (k->phone) fault = judge_number(v, q, columns, kind, row, commit);
    if (!fault && kind == CHAIN_CALL) fault = judge_interaction(q, columns + 2);
    fold(v, kind, row, q);
  } else {
    fault = "the row is missing";
  }
  sqlite3_reset(q);
  return fault;
}

static void judge_entry(struct verifier *v, int stream, const unsigned char *entry) {
  struct chain_head *h = &v->heads[stream];
  int kind = entry[0];
  uint64_t row = get_u64(entry + 1);
  const struct chain_kind_row *k = chain_kind_row(kind);
  if (!k || k->stream != (enum chain_stream)stream || !v->rows[kind]) {
    verify_find(v, stream, 0, h->rows + 1, row, "the chain names a row of an unknown kind: the link was altered");
    return;
  }
  const char *fault = judge_row(v, kind, row, entry + 9);
  if (!fault) {
    chain_link(h->link, h->rows + 1, kind, row, entry + 9, &v->content, h->link);
    h->rows++;
    if (memcmp(h->link, entry + 9 + COMMIT_BYTES, LINK_SHORT_BYTES) != 0) fault = "the row or its place was altered";
    if (fault) h->rows--;
  }
  if (fault) {
    verify_find(v, stream, kind, h->rows + 1, row, "%s", fault);
    return;
  }
  v->links[kind]++;
  v->report->rows[stream]++;
  marks_see(v, stream);
}

static void judge_block(struct verifier *v, sqlite3_stmt *q) {
  int stream = sqlite3_column_int(q, 0), bytes = sqlite3_column_bytes(q, 4);
  uint64_t first = col_u64(q, 1), count = col_u64(q, 2);
  const unsigned char *entries = sqlite3_column_blob(q, 4);
  if (stream < 0 || stream >= STREAM_COUNT) {
    verify_find(v, -1, 0, first, 0, "the table chain has a stream %d that does not exist", stream);
    return;
  }
  struct chain_head *h = &v->heads[stream];
  if (v->broken[stream]) return;
  if (first != h->rows + 1) {
    verify_find(v, stream, 0, h->rows + 1, 0, "links %llu to %llu are missing from the table chain or out of order",
                (unsigned long long)h->rows + 1, (unsigned long long)first - 1);
    return;
  }
  if (bytes <= 0 || bytes % ENTRY_BYTES != 0 || (uint64_t)bytes / ENTRY_BYTES != count) {
    verify_find(v, stream, 0, first, 0, "the links from %llu on were altered in the table chain", (unsigned long long)first);
    return;
  }
  for (uint64_t i = 0; i < count && !v->broken[stream]; i++) judge_entry(v, stream, entries + i * ENTRY_BYTES);
  if (!v->broken[stream] && (sqlite3_column_bytes(q, 3) != LINK_BYTES || memcmp(sqlite3_column_blob(q, 3), h->link, LINK_BYTES) != 0))
    verify_find(v, stream, 0, h->rows, 0, "the last link of links %llu to %llu was altered", (unsigned long long)first,
                (unsigned long long)h->rows);
}

/* ---- rows that nobody wrote ---- */

static const char *schema(const struct verifier *v) { return v->part ? "arc" : "main"; }

/* Which rows of a kind's table must be in the links of the file at hand. */
static void bounds(const struct verifier *v, const struct chain_kind_row *k, bool when, char out[96]) {
  int n = snprintf(out, 96, "%s", when && k->when ? k->when : "1");
  if (v->part && v->part->upto[k->stream] < v->part->last[k->stream]) /* the others are still in the live file */
    snprintf(out + n, (size_t)(96 - n), " AND link<=%llu", (unsigned long long)v->part->upto[k->stream]);
}

static uint64_t one_number(struct verifier *v, const char *sql) {
  sqlite3_stmt *q = NULL;
  uint64_t n = 0;
  if (sqlite3_prepare_v2(v->file->handle, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) n = col_u64(q, 0);
  sqlite3_finalize(q);
  return n;
}

/* Ids of a kind that the chain of this file names, sorted. */
static uint64_t *named_rows(struct verifier *v, int kind, size_t *count) {
  size_t room = v->links[kind] + 1;
  uint64_t *ids = malloc(room * sizeof *ids);
  sqlite3_stmt *q = NULL;
  *count = 0;
  const int stream = (int)chain_kind_row(kind)->stream;
  char sql[96];
  snprintf(sql, sizeof sql, "SELECT entries FROM %s.chain WHERE stream=? AND first<=?", schema(v));
  if (!ids || sqlite3_prepare_v2(v->file->handle, sql, -1, &q, NULL) != SQLITE_OK) {
    free(ids);
    return NULL;
  }
  sqlite3_bind_int(q, 1, stream);
  sqlite3_bind_int64(q, 2, v->part ? (int64_t)v->part->upto[stream] : INT64_MAX);
  while (sqlite3_step(q) == SQLITE_ROW) {
    const unsigned char *e = sqlite3_column_blob(q, 0);
    for (int left = sqlite3_column_bytes(q, 0); left >= ENTRY_BYTES; left -= ENTRY_BYTES, e += ENTRY_BYTES)
      if (e[0] == kind && *count < room) ids[(*count)++] = get_u64(e + 1);
  }
  sqlite3_finalize(q);
  qsort(ids, *count, sizeof *ids, by_id);
  return ids;
}

static void name_strangers(struct verifier *v, int kind) {
  const struct chain_kind_row *k = chain_kind_row(kind);
  size_t count;
  uint64_t *ids = named_rows(v, kind, &count);
  char sql[256], where[96];
  sqlite3_stmt *q = NULL;
  bounds(v, k, true, where);
  snprintf(sql, sizeof sql, "SELECT id FROM %s.%s WHERE %s ORDER BY id", schema(v), k->table, where);
  if (ids && sqlite3_prepare_v2(v->file->handle, sql, -1, &q, NULL) == SQLITE_OK)
    while (sqlite3_step(q) == SQLITE_ROW) {
      uint64_t id = col_u64(q, 0);
      if (!bsearch(&id, ids, count, sizeof id, by_id))
        verify_find(v, -2, kind, 0, id, "the row was inserted by other hands: no link stands for it");
    }
  sqlite3_finalize(q);
  free(ids);
}

/* Each call has one, and its number is the call's. */
static void count_interactions(struct verifier *v) {
  char sql[256], where[96];
  bounds(v, chain_kind_row(CHAIN_CALL), false, where);
  snprintf(sql, sizeof sql, "SELECT count(*) FROM %s.interaction WHERE %s", schema(v), where);
  if (one_number(v, sql) == v->links[CHAIN_CALL]) return;
  snprintf(sql, sizeof sql,
           "SELECT i.id FROM %s.interaction i WHERE NOT EXISTS(SELECT 1 FROM %s.attempt a WHERE a.id=i.id AND a.ended>0) LIMIT 1",
           schema(v), schema(v));
  verify_find(v, -2, CHAIN_CALL, 0, one_number(v, sql), "its interaction was inserted by other hands: no closed call stands for it");
}

static void count_rows(struct verifier *v) {
  for (int kind = 1; kind < CHAIN_KINDS; kind++) {
    const struct chain_kind_row *k = chain_kind_row(kind);
    char sql[256], where[96];
    if (!v->rows[kind] || v->broken[k->stream]) continue;
    bounds(v, k, kind != CHAIN_CALL, where);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s.%s WHERE %s", schema(v), k->table, where);
    uint64_t have = one_number(v, sql);
    if (kind == CHAIN_CALL && !v->part) have -= one_number(v, "SELECT count(*) FROM attempt WHERE ended IS NULL");
    if (have != v->links[kind]) name_strangers(v, kind);
  }
  if (!v->broken[STREAM_CALL]) count_interactions(v);
}

static int prepare(struct verifier *v) {
  for (int kind = 1; kind < CHAIN_KINDS; kind++) {
    const struct chain_kind_row *k = chain_kind_row(kind);
    char sql[1024], beside[400] = "";
    v->rows[kind] = NULL;
    v->links[kind] = 0;
    if (!k || (v->part && k->stream == STREAM_AUDIT)) continue;
    if (kind == CHAIN_CALL) snprintf(beside, sizeof beside, INTERACTION, schema(v));
    snprintf(sql, sizeof sql, "SELECT %s%s%s FROM %s.%s a WHERE id=?", k->columns, k->phone ? ",phone,salt" : "", beside, schema(v),
             k->table);
    if (sqlite3_prepare_v3(v->file->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &v->rows[kind], NULL) != SQLITE_OK) return CAD_EFORMAT;
  }
  return CAD_OK;
}

int verify_file(struct verifier *v) {
  sqlite3_stmt *q = NULL;
  char sql[160];
  int r = prepare(v), code = SQLITE_DONE;
  snprintf(sql, sizeof sql, "SELECT stream, first, count, head, entries FROM %s.chain%s ORDER BY id", schema(v),
           v->part ? " WHERE first<=CASE stream WHEN 0 THEN ?1 ELSE ?2 END" : "");
  if (r >= 0 && sqlite3_prepare_v2(v->file->handle, sql, -1, &q, NULL) != SQLITE_OK) r = CAD_EFORMAT;
  if (r >= 0 && v->part) {
    sqlite3_bind_int64(q, 1, (int64_t)v->part->upto[STREAM_CALL]);
    sqlite3_bind_int64(q, 2, (int64_t)v->part->upto[STREAM_DECISION]);
  }
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) judge_block(v, q);
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  sqlite3_finalize(q);
  if (r >= 0) count_rows(v);
  for (int kind = 1; kind < CHAIN_KINDS; kind++) sqlite3_finalize(v->rows[kind]);
  v->report->files++;
  return r;
}
