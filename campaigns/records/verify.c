#include "verify.h"
#include "months.h"
#include <cadencia/err.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool alike_enough(struct verifier *v, int kind, const char *fmt) {
  int alike = 0;
  for (int i = 0; i < v->report->count; i++) alike += v->said[i].fmt == fmt && v->said[i].kind == kind;
  return alike >= VERIFY_ALIKE_MAX;
}

/* stream -1: a checkpoint or a file; -2: only the kind is known, its stream goes on. */
void verify_find(struct verifier *v, int stream, int kind, uint64_t number, uint64_t row, const char *fmt, ...) {
  const struct chain_kind_row *k = chain_kind_row(kind);
  struct verify_report *r = v->report;
  if (stream >= 0) v->broken[stream] = true;
  if (r->count == VERIFY_FINDINGS_MAX || alike_enough(v, kind, fmt)) {
    r->unlisted++;
    return;
  }
  v->said[r->count].fmt = fmt;
  v->said[r->count].kind = kind;
  struct verify_finding *f = &r->findings[r->count++];
  *f = (struct verify_finding){.number = number, .row = row};
  if (stream >= 0) snprintf(f->stream, sizeof f->stream, "%s", chain_stream_name(stream));
  if (stream == -2 && k) snprintf(f->stream, sizeof f->stream, "%s", chain_stream_name((int)k->stream));
  if (k) snprintf(f->kind, sizeof f->kind, "%s", k->word);
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(f->what, sizeof f->what, fmt, ap);
  va_end(ap);
}

static int load_id(struct verifier *v, FILE *err) {
  sqlite3_stmt *q = NULL;
  size_t n = 0;
  int r = CAD_EFORMAT;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT a.value, b.value FROM meta a, meta b WHERE a.key='chain' AND b.key='chain_box'", -1, &q,
                         NULL) == SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW) {
    const char *hex = (const char *)sqlite3_column_text(q, 0);
    if (hex && sodium_hex2bin(v->id, sizeof v->id, hex, strlen(hex), NULL, &n, NULL) == 0 && n == sizeof v->id) r = CAD_OK;
    v->box = (uint16_t)sqlite3_column_int(q, 1);
  }
  sqlite3_finalize(q);
  if (r < 0 && err)
    fputs("the database has no chain: it is of an older version (any command that writes brings it up), or its table meta was altered\n",
          err);
  for (int i = 0; i < STREAM_COUNT; i++) chain_genesis(v->id, v->box, i, v->heads[i].link);
  return r;
}

static void show_key(struct verifier *v) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT lower(hex(public)) FROM evidence_key ORDER BY since DESC LIMIT 1", -1, &q, NULL) ==
          SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW)
    col_text(q, 0, v->report->key, sizeof v->report->key);
  sqlite3_finalize(q);
}

static int take_outside(struct verifier *v, const char *text, FILE *err) {
  if (!text) return CAD_OK;
  int r = checkpoint_parse(text, &v->outside);
  if (r < 0) {
    if (err)
      fputs(r == CAD_EREFUSED ? "the outside checkpoint is not signed by the key that it names: it was altered\n"
                              : "that is no checkpoint\n",
            err);
    return r;
  }
  v->has_outside = v->report->against = true;
  v->report->against_at = v->outside.at;
  return CAD_OK;
}

/* Of this chain, by a key that this box has used? */
static void judge_outside(struct verifier *v) {
  sqlite3_stmt *q = NULL;
  bool known = false;
  if (!v->has_outside) return;
  if (memcmp(v->outside.chain, v->id, sizeof v->id) != 0 || v->outside.box != v->box) {
    verify_find(v, -1, 0, v->outside.number, 0,
                "the outside checkpoint is of another chain: this is another database, or it was begun anew");
    v->has_outside = false;
    return;
  }
  if (sqlite3_prepare_v2(v->db.handle, "SELECT 1 FROM evidence_key WHERE public=?", -1, &q, NULL) == SQLITE_OK) {
    sqlite3_bind_blob(q, 1, v->outside.key, SECRET_PUBLIC_BYTES, SQLITE_STATIC);
    known = sqlite3_step(q) == SQLITE_ROW;
  }
  sqlite3_finalize(q);
  if (!known)
    verify_find(v, -1, 0, v->outside.number, 0,
                "the outside checkpoint is signed by a key that this box does not know: signed anew by others");
}

/* A launch that was allowed became a call that was closed, or is going on. */
static void judge_launches(struct verifier *v) {
  sqlite3_stmt *q = NULL;
  if (v->broken[STREAM_CALL] || v->broken[STREAM_DECISION]) return;
  if (sqlite3_prepare_v2(v->db.handle, "SELECT id FROM attempt WHERE ended IS NULL", -1, &q, NULL) == SQLITE_OK)
    while (sqlite3_step(q) == SQLITE_ROW) v->called++, v->called_xor ^= col_u64(q, 0);
  sqlite3_finalize(q);
  if (v->called == v->launched && v->called_xor == v->launched_xor) return;
  q = NULL;
  if (sqlite3_prepare_v2(
          v->db.handle,
          "SELECT d.id FROM decision d WHERE d.kind=0 AND d.allowed=1 AND NOT EXISTS(SELECT 1 FROM attempt a WHERE a.id=d.id) LIMIT 1", -1,
          &q, NULL) == SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW)
    verify_find(v, -2, CHAIN_CALL, 0, col_u64(q, 0), "the call is missing: its launch was allowed, and it was never closed");
  sqlite3_finalize(q);
}

/* One archive; links that it should hold and that are nowhere else are missed when the next file begins. */
static int verify_archive(struct verifier *v, const struct archive_part *p) {
  struct db conn;
  const int said = v->report->count;
  int r = archive_open(&v->db, p, &conn);
  if (r < 0) {
    verify_find(v, -1, 0, 0, 0, "the archive %s %s: calls %llu to %llu and decisions %llu to %llu are in it", p->month,
                r == CAD_ENOENT ? "is missing" : "cannot be read", (unsigned long long)p->first[STREAM_CALL],
                (unsigned long long)p->last[STREAM_CALL], (unsigned long long)p->first[STREAM_DECISION],
                (unsigned long long)p->last[STREAM_DECISION]);
    for (int i = 0; i < STREAM_AUDIT; i++) v->broken[i] = v->broken[i] || p->upto[i] >= p->first[i];
    return CAD_OK;
  }
  v->file = &conn;
  v->part = p;
  r = verify_file(v);
  if (r == CAD_EFORMAT) {
    verify_find(v, -1, 0, 0, 0, "the archive %s is no archive any more: its tables were altered", p->month);
    for (int i = 0; i < STREAM_AUDIT; i++) v->broken[i] = true;
    r = CAD_OK;
  }
  for (int i = said; i < v->report->count; i++) snprintf(v->report->findings[i].file, sizeof v->report->findings[i].file, "%s", p->month);
  db_close(&conn);
  return r;
}

/* The archives in the order of time, then the live file: each goes on where the one before ended. */
static int verify_files(struct verifier *v) {
  struct archive_part *parts = NULL;
  int n = archives_load(&v->db, &parts), r = n < 0 ? n : CAD_OK;
  for (int i = 0; r >= 0 && i < n; i++) r = verify_archive(v, &parts[i]);
  free(parts);
  v->file = &v->db;
  v->part = NULL;
  return r < 0 ? r : verify_file(v);
}

int evidence_verify(const char *db_path, const char *outside, struct verify_report *out, FILE *err) {
  struct verifier *v = calloc(1, sizeof *v);
  if (!v) return CAD_ENOMEM;
  if (sodium_init() < 0) {
    free(v);
    return CAD_EIO;
  }
  *out = (struct verify_report){0};
  v->report = out;
  int r = take_outside(v, outside, err);
  if (r >= 0) r = db_open(&v->db, db_path, true, false, err);
  if (r >= 0) r = db_exec(&v->db, "BEGIN"); /* one instant, whatever is written meanwhile */
  if (r >= 0) r = load_id(v, err);
  if (r >= 0) r = erased_load(v);
  if (r >= 0) {
    judge_outside(v);
    show_key(v);
    r = marks_open(v);
  }
  if (r >= 0) r = verify_files(v);
  if (r >= 0) {
    marks_end(v);
    judge_launches(v);
    guards_judge(v);
  }
  if (v->db.handle) db_close(&v->db);
  free(v->content.bytes);
  free(v->erased.ids);
  free(v->marks.rows);
  free(v);
  return r;
}
