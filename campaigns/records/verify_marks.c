#include "verify.h"
#include <cadencia/err.h>
#include <sodium.h>
#include <stdlib.h>
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

/* ---- all checkpoints, each checked by itself and after the one before ---- */

static int keep(struct verifier *v, const struct checkpoint *c) {
  struct marks *m = &v->marks;
  if (m->count == m->room) {
    size_t room = m->room ? m->room * 2 : 1024;
    struct mark *bigger = realloc(m->rows, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    m->rows = bigger;
    m->room = room;
  }
  struct mark *k = &m->rows[m->count];
  k->number = c->number;
  for (int i = 0; i < STREAM_COUNT; i++) {
    k->rows[i] = c->heads[i].rows;
    memcpy(k->link[i], c->heads[i].link, LINK_SHORT_BYTES);
    if (m->count && k->rows[i] < m->rows[m->count - 1].rows[i]) {
      verify_find(v, -1, 0, c->number, 0, "checkpoint %llu goes back", (unsigned long long)c->number);
      return CAD_OK; /* it says nothing that could be compared */
    }
  }
  m->count++;
  v->report->checkpoints++;
  v->report->last_checkpoint = c->at;
  v->report->last_number = c->number;
  return CAD_OK;
}

struct follow {
  uint64_t number;
  unsigned char hash[LINK_BYTES];
};

static int take_mark(struct verifier *v, struct follow *f, uint64_t number, const char *text) {
  struct checkpoint c;
  int r = checkpoint_parse(text, &c), kept = CAD_OK;
  if (number != f->number + 1) verify_find(v, -1, 0, f->number + 1, 0, "checkpoint %llu is missing", (unsigned long long)f->number + 1);
  if (r < 0 || c.number != number || memcmp(c.chain, v->id, sizeof v->id) != 0 || c.box != v->box)
    verify_find(v, -1, 0, number, 0, "checkpoint %llu %s", (unsigned long long)number,
                r == CAD_EREFUSED ? "is not signed by the key it names" : "was altered");
  else if (!key_known(v, c.key))
    verify_find(v, -1, 0, number, 0, "checkpoint %llu is signed by a key that this box does not know", (unsigned long long)number);
  else if (number == f->number + 1 && memcmp(c.before, f->hash, LINK_BYTES) != 0)
    verify_find(v, -1, 0, number, 0, "checkpoint %llu does not follow the one before it", (unsigned long long)number);
  else
    kept = keep(v, &c);
  f->number = number;
  checkpoint_hash(text, f->hash);
  return kept;
}

/* ---- comparing: each stream is walked by itself, file after file, and has its own place among the checkpoints ---- */

static void compare(struct verifier *v, int stream, uint64_t number, const unsigned char *link, size_t bytes, bool outside) {
  const struct chain_head *h = &v->heads[stream];
  if (v->broken[stream] || memcmp(h->link, link, bytes) == 0) return;
  verify_find(v, stream, 0, h->rows, 0,
              outside ? "link %llu is not the one that the outside checkpoint %llu signed: rows up to it were written anew"
                      : "link %llu is not the one that checkpoint %llu signed: rows up to it were written anew",
              (unsigned long long)h->rows, (unsigned long long)number);
}

void marks_see(struct verifier *v, int stream) {
  struct marks *m = &v->marks;
  const uint64_t at = v->heads[stream].rows;
  if (v->has_outside && !v->outside_compared[stream] && at == v->outside.heads[stream].rows) {
    v->outside_compared[stream] = true;
    compare(v, stream, v->outside.number, v->outside.heads[stream].link, LINK_BYTES, true);
  }
  for (; m->next[stream] < m->count && m->rows[m->next[stream]].rows[stream] <= at; m->next[stream]++)
    if (m->rows[m->next[stream]].rows[stream] == at)
      compare(v, stream, m->rows[m->next[stream]].number, m->rows[m->next[stream]].link[stream], LINK_SHORT_BYTES, false);
}

int marks_open(struct verifier *v) {
  struct follow f = {0};
  sqlite3_stmt *q = NULL;
  int r = CAD_OK, code = SQLITE_DONE;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT number, text FROM checkpoint ORDER BY number", -1, &q, NULL) != SQLITE_OK)
    return CAD_EFORMAT;
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(q, 1);
    r = take_mark(v, &f, col_u64(q, 0), text ? text : "");
  }
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  sqlite3_finalize(q);
  for (int i = 0; r >= 0 && i < STREAM_COUNT; i++) marks_see(v, i); /* those that were made before a log's first row */
  return r;
}

static void mark_missing(struct verifier *v, int stream) {
  const struct marks *m = &v->marks;
  if (v->broken[stream] || m->next[stream] >= m->count) return;
  const struct mark *k = &m->rows[m->next[stream]];
  verify_find(v, stream, 0, v->heads[stream].rows + 1, 0, "links %llu to %llu are missing: checkpoint %llu signed them",
              (unsigned long long)v->heads[stream].rows + 1, (unsigned long long)k->rows[stream], (unsigned long long)k->number);
}

void marks_end(struct verifier *v) {
  const struct marks *m = &v->marks;
  uint64_t signed_rows = 0, all = 0;
  for (int i = 0; i < STREAM_COUNT; i++) {
    const bool whole = !v->broken[i];
    mark_missing(v, i);
    all += v->heads[i].rows;
    if (m->count) signed_rows += m->rows[m->count - 1].rows[i];
    if (v->has_outside && !v->outside_compared[i] && v->outside.heads[i].rows > v->heads[i].rows && whole)
      verify_find(v, i, 0, v->heads[i].rows + 1, 0, "the tail was cut: the outside checkpoint %llu signed %llu rows, %llu are here",
                  (unsigned long long)v->outside.number, (unsigned long long)v->outside.heads[i].rows,
                  (unsigned long long)v->heads[i].rows);
  }
  v->report->unsigned_rows = all > signed_rows ? all - signed_rows : 0;
}
