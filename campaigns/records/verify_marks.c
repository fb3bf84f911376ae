#include "verify.h"
#include <cadencia/err.h>
#include <sodium.h>
#include <string.h>

static bool key_known(struct verifier *v, const unsigned char key[SECRET_PUBLIC_BYTES]) {
  sqlite3_stmt *q = NULL;
  bool known = false;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT 1 FROM evidence_key WHERE public=?", -1, &q, NULL) == SQLITE_OK) {
    sqlite3_bind_blob(q, 1, key, SECRET_PUBLIC_BYTES, SQLITE_STATIC);
    known = sqlite3_step(q) == SQLITE_ROW;
  }
  sqlite3_finalize(q);
  return known;
}

/* Compares what the mark says of this stream, when the walk is there. */
static void compare(struct verifier *v, const struct checkpoint *c, bool *done, int stream, bool outside) {
  const struct chain_head *h = &v->heads[stream];
  if (done[stream] || v->broken[stream] || h->rows < c->heads[stream].rows) return;
  done[stream] = true;
  if (h->rows == c->heads[stream].rows && memcmp(h->link, c->heads[stream].link, LINK_BYTES) == 0) return;
  verify_find(v, stream, 0, c->heads[stream].rows, 0,
              outside ? "link %llu is not the one that the outside checkpoint %llu signed: rows up to it were written anew"
                      : "link %llu is not the one that checkpoint %llu signed: rows up to it were written anew",
              (unsigned long long)c->heads[stream].rows, (unsigned long long)c->number);
}

/* The next checkpoint of the file, itself checked. */
static void next_mark(struct verifier *v) {
  v->has_mark = false;
  while (!v->has_mark && v->marks && sqlite3_step(v->marks) == SQLITE_ROW) {
    uint64_t number = col_u64(v->marks, 0);
    const char *text = (const char *)sqlite3_column_text(v->marks, 1);
    int r = checkpoint_parse(text ? text : "", &v->mark);
    if (number != v->mark_number + 1)
      verify_find(v, -1, 0, v->mark_number + 1, 0, "checkpoint %llu is missing", (unsigned long long)v->mark_number + 1);
    if (r < 0 || v->mark.number != number || memcmp(v->mark.chain, v->id, sizeof v->id) != 0 || v->mark.box != v->box)
      verify_find(v, -1, 0, number, 0, "checkpoint %llu %s", (unsigned long long)number,
                  r == CAD_EREFUSED ? "is not signed by the key it names" : "was altered");
    else if (!key_known(v, v->mark.key))
      verify_find(v, -1, 0, number, 0, "checkpoint %llu is signed by a key that this box does not know", (unsigned long long)number);
    else if (number == v->mark_number + 1 && memcmp(v->mark.before, v->mark_before, LINK_BYTES) != 0)
      verify_find(v, -1, 0, number, 0, "checkpoint %llu does not follow the one before it", (unsigned long long)number);
    else
      v->has_mark = true;
    v->mark_number = number;
    checkpoint_hash(text ? text : "", v->mark_before);
    if (!v->has_mark) continue;
    v->report->checkpoints++;
    v->report->last_checkpoint = v->mark.at;
    v->report->last_number = number;
    memset(v->compared, 0, sizeof v->compared);
    for (int i = 0; i < STREAM_COUNT; i++) compare(v, &v->mark, v->compared, i, false);
  }
}

static bool all_compared(const struct verifier *v) {
  for (int i = 0; i < STREAM_COUNT; i++)
    if (!v->compared[i] && !v->broken[i]) return false;
  return true;
}

int marks_open(struct verifier *v) {
  if (sqlite3_prepare_v2(v->db.handle, "SELECT number, text FROM checkpoint ORDER BY number", -1, &v->marks, NULL) != SQLITE_OK)
    return CAD_EFORMAT;
  do next_mark(v);
  while (v->has_mark && all_compared(v));
  for (int i = 0; i < STREAM_COUNT && v->has_outside; i++) compare(v, &v->outside, v->outside_compared, i, true);
  return CAD_OK;
}

void marks_see(struct verifier *v, int stream) {
  if (v->has_outside && v->heads[stream].rows == v->outside.heads[stream].rows) compare(v, &v->outside, v->outside_compared, stream, true);
  if (!v->has_mark || v->heads[stream].rows < v->mark.heads[stream].rows) return;
  compare(v, &v->mark, v->compared, stream, false);
  while (v->has_mark && all_compared(v)) {
    uint64_t after[STREAM_COUNT];
    for (int i = 0; i < STREAM_COUNT; i++) after[i] = v->mark.heads[i].rows;
    next_mark(v);
    for (int i = 0; i < STREAM_COUNT && v->has_mark; i++)
      if (v->mark.heads[i].rows < after[i])
        verify_find(v, -1, 0, v->mark.number, 0, "checkpoint %llu goes back", (unsigned long long)v->mark.number);
  }
}

void marks_end(struct verifier *v) {
  uint64_t signed_rows = 0, all = 0;
  while (v->has_mark) { /* whatever it still waits for is not there */
    for (int i = 0; i < STREAM_COUNT; i++)
      if (!v->compared[i] && !v->broken[i] && v->mark.heads[i].rows > v->heads[i].rows)
        verify_find(v, i, 0, v->heads[i].rows + 1, 0, "links %llu to %llu are missing: checkpoint %llu signed them",
                    (unsigned long long)v->heads[i].rows + 1, (unsigned long long)v->mark.heads[i].rows,
                    (unsigned long long)v->mark.number);
    for (int i = 0; i < STREAM_COUNT; i++) v->broken[i] = v->broken[i] || !v->compared[i];
    next_mark(v);
  }
  for (int i = 0; i < STREAM_COUNT; i++) {
    all += v->heads[i].rows;
    signed_rows += v->mark.heads[i].rows;
    if (v->has_outside && !v->outside_compared[i] && v->outside.heads[i].rows > v->heads[i].rows && !v->broken[i])
      verify_find(v, i, 0, v->heads[i].rows + 1, 0, "the tail was cut: the outside checkpoint %llu signed %llu rows, %llu are here",
                  (unsigned long long)v->outside.number, (unsigned long long)v->outside.heads[i].rows,
                  (unsigned long long)v->heads[i].rows);
  }
  v->report->unsigned_rows = all > signed_rows ? all - signed_rows : 0;
  sqlite3_finalize(v->marks);
  v->marks = NULL;
}
