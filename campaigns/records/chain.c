#include "chain.h"
#include "store_internal.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CALL_COLUMNS                                                                                                                       \
  "id,seller,campaign,interaction,case_id,phone_id,trunk,caller_id,zone_set,started,ringing,answered,greeting_end,bridged,agent_end,"      \
  "ended,sip_code,q850,cause,outcome,verdict,verdict_reason,ended_by,abandoned,early_hangup,live,agent,talk_ms"
static const struct chain_kind_row KINDS[CHAIN_KINDS] = {
    [CHAIN_CALL] = {STREAM_CALL, "call", "attempt", CALL_COLUMNS, true, "ended IS NOT NULL"},
    [CHAIN_DISPOSITION] = {STREAM_CALL, "disposition", "disposition", "id,seller,attempt,agent,code,wrapup_ms,at", false, NULL},
    [CHAIN_DECISION] = {STREAM_DECISION, "decision", "decision",
                        "id,seller,campaign,case_id,at,allowed,rule,rule_version,reason,next_at,inputs,kind", true, NULL},
    [CHAIN_VERDICT] = {STREAM_DECISION, "verdict", "verdict",
                       "id,seller,campaign,case_id,at,allowed,rule,rule_version,reason,next_at,inputs,kind", true, NULL},
    [CHAIN_ERASED] = {STREAM_AUDIT, "erasure", "erasure", "id,at,actor,uid,basis,before,calls,decisions,verdicts,audits,subject", false,
                      "subject IS NOT NULL"},
    [CHAIN_AUDIT] = {STREAM_AUDIT, "audit", "audit", "id,at,actor,uid,door,verb,object,object_id,detail", true, NULL},
    [CHAIN_ERASURE] = {STREAM_AUDIT, "erasure", "erasure", "id,at,actor,uid,basis,before,calls,decisions,audits", false, "subject IS NULL"},
};

const struct chain_kind_row *chain_kind_row(int kind) { return kind > 0 && kind < CHAIN_KINDS ? &KINDS[kind] : NULL; }
const char *chain_stream_name(int stream) {
  static const char *const NAMES[STREAM_COUNT] = {"call", "decision", "audit"};
  return stream >= 0 && stream < STREAM_COUNT ? NAMES[stream] : "?";
}

static void put_u64(unsigned char *at, uint64_t v) {
  for (int i = 0; i < 8; i++) at[i] = (unsigned char)(v >> (8 * i));
}

void chain_genesis(const unsigned char id[CHAIN_ID_BYTES], uint16_t box, int stream, unsigned char out[LINK_BYTES]) {
  unsigned char bytes[16 + CHAIN_ID_BYTES + 3] = "cadencia chain 1";
  memcpy(bytes + 16, id, CHAIN_ID_BYTES);
  bytes[16 + CHAIN_ID_BYTES] = (unsigned char)(box & 0xff);
  bytes[17 + CHAIN_ID_BYTES] = (unsigned char)(box >> 8);
  bytes[18 + CHAIN_ID_BYTES] = (unsigned char)stream;
  crypto_generichash(out, LINK_BYTES, bytes, sizeof bytes, NULL, 0);
}

void chain_commitment(uint64_t number, const unsigned char salt[SALT_BYTES], unsigned char out[COMMIT_BYTES]) {
  unsigned char bytes[8];
  put_u64(bytes, number);
  crypto_generichash(out, COMMIT_BYTES, bytes, sizeof bytes, salt, SALT_BYTES);
}

void chain_link(const unsigned char before[LINK_BYTES], uint64_t rows, int kind, uint64_t row, const unsigned char commit[COMMIT_BYTES],
                const struct content *content, unsigned char out[LINK_BYTES]) {
  unsigned char head[LINK_BYTES + 8 + 1 + 8 + COMMIT_BYTES];
  crypto_generichash_state state;
  memcpy(head, before, LINK_BYTES);
  put_u64(head + LINK_BYTES, rows);
  head[LINK_BYTES + 8] = (unsigned char)kind;
  put_u64(head + LINK_BYTES + 9, row);
  memcpy(head + LINK_BYTES + 17, commit, COMMIT_BYTES);
  crypto_generichash_init(&state, NULL, 0, LINK_BYTES);
  crypto_generichash_update(&state, head, sizeof head);
  crypto_generichash_update(&state, content->bytes, content->n);
  crypto_generichash_final(&state, out, LINK_BYTES);
}

void chain_salt(struct chain *c, unsigned char out[SALT_BYTES]) {
  if (c->pool_left < SALT_BYTES) {
    randombytes_buf(c->pool, sizeof c->pool);
    c->pool_left = sizeof c->pool;
  }
  c->pool_left -= SALT_BYTES;
  memcpy(out, c->pool + c->pool_left, SALT_BYTES);
}

static unsigned char *pending_entry(struct chain_pending *p) {
  if (p->n + ENTRY_BYTES > p->room) {
    size_t room = p->room ? p->room * 2 : 64 * ENTRY_BYTES;
    unsigned char *bigger = realloc(p->bytes, room);
    if (!bigger) return NULL;
    p->bytes = bigger;
    p->room = room;
  }
  p->n += ENTRY_BYTES;
  return p->bytes + p->n - ENTRY_BYTES;
}

int chain_put(struct store *s, enum chain_kind kind, uint64_t row, const unsigned char *commit) {
  static const unsigned char NO_NUMBER[COMMIT_BYTES];
  struct chain *c = &s->chain;
  struct chain_head *h = &c->heads[KINDS[kind].stream];
  if (!c->ready) return CAD_OK;
  unsigned char *entry = c->content.failed ? NULL : pending_entry(&c->pending[KINDS[kind].stream]);
  if (!entry) {
    db_spoil(&s->db, SQLITE_NOMEM); /* a row without its link must not be committed */
    return CAD_ENOMEM;
  }
  if (!commit) commit = NO_NUMBER;
  chain_link(h->link, ++h->rows, kind, row, commit, &c->content, h->link);
  entry[0] = (unsigned char)kind;
  put_u64(entry + 1, row);
  memcpy(entry + 9, commit, COMMIT_BYTES);
  memcpy(entry + 9 + COMMIT_BYTES, h->link, LINK_SHORT_BYTES);
  c->unsigned_rows++;
  return CAD_OK;
}

int chain_put_row(struct store *s, enum chain_kind kind, uint64_t row) {
  const struct chain_kind_row *k = &KINDS[kind];
  unsigned char commit[COMMIT_BYTES] = {0};
  char sql[640];
  if (!s->chain.ready) return CAD_OK;
  snprintf(sql, sizeof sql, "SELECT %s%s FROM %s WHERE id=?", k->columns, k->phone ? ",phone,salt" : "", k->table);
  sqlite3_stmt *q = db_query(&s->db, (enum db_slot)(Q_CHAIN_ROW + kind), sql, "u", row);
  int r = db_step(&s->db, q);
  if (r > 0) {
    int columns = sqlite3_column_count(q) - (k->phone ? 2 : 0);
    content_clear(&s->chain.content);
    for (int i = 0; i < columns; i++) content_column(&s->chain.content, q, i);
    if (k->phone && sqlite3_column_bytes(q, columns + 1) == SALT_BYTES)
      chain_commitment(col_u64(q, columns), sqlite3_column_blob(q, columns + 1), commit);
    r = chain_put(s, kind, row, commit);
  } else if (r == 0) {
    r = CAD_ENOENT;
  }
  db_done(q);
  return r;
}

void chain_begin(struct chain *c) {
  memcpy(c->heads_at_begin, c->heads, sizeof c->heads);
  c->unsigned_at_begin = c->unsigned_rows;
}

void chain_forget(struct chain *c) {
  memcpy(c->heads, c->heads_at_begin, sizeof c->heads);
  c->unsigned_rows = c->unsigned_at_begin;
  for (int i = 0; i < STREAM_COUNT; i++) c->pending[i].n = 0;
}

int chain_flush(struct store *s) {
  struct chain *c = &s->chain;
  for (int i = 0; i < STREAM_COUNT; i++) {
    struct chain_pending *p = &c->pending[i];
    if (p->n == 0) continue;
    uint64_t count = p->n / ENTRY_BYTES;
    int err = db_run(&s->db, Q_CHAIN_PUT, "INSERT INTO chain(stream,first,count,at,head,entries) VALUES(?,?,?,?,?,?)", "duuibb", i,
                     c->heads[i].rows - count + 1, count, store_now(s).ms, c->heads[i].link, (int)LINK_BYTES, p->bytes, (int)p->n);
    p->n = 0;
    if (err < 0) return err;
  }
  return CAD_OK;
}

int chain_write(struct store *s) {
  int err = chain_flush(s);
  if (err < 0 || !s->chain.ready || s->chain.unsigned_rows < s->chain.checkpoint_rows) return err;
  return checkpoint_write(s);
}

/* ---- opening ---- */

static int load_heads(struct store *s) {
  struct chain *c = &s->chain;
  int r = CAD_OK;
  for (int i = 0; i < STREAM_COUNT && r >= 0; i++) {
    struct chain_head *h = &c->heads[i];
    *h = (struct chain_head){0};
    chain_genesis(c->id, c->box, i, h->link);
    sqlite3_stmt *q =
        db_query(&s->db, Q_CHAIN_LAST, "SELECT first+count-1, head FROM chain WHERE stream=? ORDER BY first DESC LIMIT 1", "d", i);
    if ((r = db_step(&s->db, q)) > 0 && sqlite3_column_bytes(q, 1) == LINK_BYTES) {
      h->rows = col_u64(q, 0);
      memcpy(h->link, sqlite3_column_blob(q, 1), LINK_BYTES);
    }
    db_done(q);
  }
  return r;
}

/* Rows that were written before there was a chain are its first. */
static int adopt(struct store *s) {
  for (int kind = 1; kind < CHAIN_KINDS; kind++) {
    const struct chain_kind_row *k = &KINDS[kind];
    char sql[256];
    sqlite3_stmt *q = NULL;
    snprintf(sql, sizeof sql, "UPDATE %s SET salt=randomblob(16) WHERE phone<>0 AND salt IS NULL", k->table);
    if (k->phone && db_exec(&s->db, sql) < 0) return CAD_EIO;
    snprintf(sql, sizeof sql, "SELECT id FROM %s WHERE %s ORDER BY id", k->table, k->when ? k->when : "1");
    if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
    int code, r = CAD_OK;
    while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) r = chain_put_row(s, (enum chain_kind)kind, col_u64(q, 0));
    sqlite3_finalize(q);
    if (r < 0) return r;
  }
  return CAD_OK;
}

static int first_time(struct store *s) {
  struct chain *c = &s->chain;
  char hex[2 * CHAIN_ID_BYTES + 1];
  randombytes_buf(c->id, sizeof c->id);
  sodium_bin2hex(hex, sizeof hex, c->id, sizeof c->id);
  for (int i = 0; i < STREAM_COUNT; i++) {
    c->heads[i].rows = 0;
    chain_genesis(c->id, c->box, i, c->heads[i].link);
  }
  int err = db_run(&s->db, Q_CHAIN_META, "INSERT INTO meta VALUES('chain',?1),('chain_box',?2)", "td", hex, (int)c->box);
  return err < 0 ? err : adopt(s);
}

/* 1 when the file has a chain already. */
static int load_id(struct store *s) {
  struct chain *c = &s->chain;
  sqlite3_stmt *q = db_query(&s->db, Q_CHAIN_ID,
                             "SELECT a.value, CAST(b.value AS INTEGER) FROM meta a, meta b WHERE a.key='chain' AND b.key='chain_box'", "");
  int r = db_step(&s->db, q);
  size_t n = 0;
  if (r > 0) {
    const char *hex = (const char *)sqlite3_column_text(q, 0);
    if (!hex || sodium_hex2bin(c->id, sizeof c->id, hex, strlen(hex), NULL, &n, NULL) != 0 || n != sizeof c->id) r = CAD_EFORMAT;
    c->box = (uint16_t)sqlite3_column_int(q, 1);
  }
  db_done(q);
  return r;
}

static int know_key(struct store *s) {
  return db_run(&s->db, Q_CHAIN_KEY, "INSERT OR IGNORE INTO evidence_key VALUES(?,?)", "bi", s->chain.secret.public,
                (int)SECRET_PUBLIC_BYTES, store_now(s).ms);
}

int chain_open(struct store *s, const char *path, const unsigned char *seed, FILE *err) {
  struct chain *c = &s->chain;
  char key[512];
  if (path) secret_path(path, key, sizeof key);
  int r = seed ? secret_from_seed(seed, &c->secret) : secret_open(path ? key : NULL, &c->secret, err);
  if (r < 0) return r;
  c->box = s->ids.box;
  if (c->checkpoint_rows == 0) c->checkpoint_rows = 1000;
  bool own;
  if ((r = load_id(s)) < 0) return r;
  bool known = r > 0;
  if (known && (r = load_heads(s)) < 0) return r;
  c->ready = true;
  if ((r = store_enter(s, &own)) < 0) return r;
  r = known ? audit_strangers(s) : first_time(s);
  if (r >= 0) r = know_key(s);
  return store_leave(s, own, r);
}

void chain_close(struct store *s) {
  struct chain *c = &s->chain;
  if (c->ready && c->unsigned_rows > 0 && !s->db.in_tx && store_begin(s) >= 0) {
    if (checkpoint_write(s) >= 0)
      (void)store_commit(s);
    else
      store_rollback(s);
  }
  for (int i = 0; i < STREAM_COUNT; i++) free(c->pending[i].bytes);
  free(c->content.bytes);
  secret_forget(&c->secret);
  *c = (struct chain){0};
}
