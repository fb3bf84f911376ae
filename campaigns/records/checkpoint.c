#include "checkpoint.h"
#include "dialer/base/clock.h"
#include "store_internal.h"
#include <sodium.h>
#include <string.h>

static const char FIRST_LINE[] = "cadencia checkpoint 1\n";

static size_t put_hex(char *out, size_t n, const char *word, const unsigned char *bytes, size_t count) {
  char hex[2 * SIGNATURE_BYTES + 1];
  sodium_bin2hex(hex, sizeof hex, bytes, count);
  return n + (size_t)snprintf(out + n, CHECKPOINT_TEXT_BYTES - n, "%s %s\n", word, hex);
}

void checkpoint_text(const struct checkpoint *c, const struct secret *sign, char out[CHECKPOINT_TEXT_BYTES]) {
  unsigned char signature[SIGNATURE_BYTES];
  char at[25];
  clock_iso8601(c->at, at);
  size_t n =
      (size_t)snprintf(out, CHECKPOINT_TEXT_BYTES, "%sbox %u\nnumber %llu\nat %s\n", FIRST_LINE, c->box, (unsigned long long)c->number, at);
  n = put_hex(out, n, "chain", c->chain, CHAIN_ID_BYTES);
  for (int i = 0; i < STREAM_COUNT; i++) {
    char word[48];
    snprintf(word, sizeof word, "%s %llu", chain_stream_name(i), (unsigned long long)c->heads[i].rows);
    n = put_hex(out, n, word, c->heads[i].link, LINK_BYTES);
  }
  n = put_hex(out, n, "before", c->before, LINK_BYTES);
  n = put_hex(out, n, "key", sign->public, SECRET_PUBLIC_BYTES);
  crypto_sign_detached(signature, NULL, (const unsigned char *)out, n, sign->sign);
  put_hex(out, n, "signature", signature, SIGNATURE_BYTES);
}

/* "word " at *p, then its value up to the end of the line; moves on. NULL: something else stands there. */
static const char *value_of(const char **p, const char *word, size_t *length) {
  size_t n = strlen(word);
  if (strncmp(*p, word, n) != 0 || (*p)[n] != ' ') return NULL;
  const char *value = *p + n + 1;
  *length = strcspn(value, "\n");
  if (value[*length] != '\n') return NULL;
  *p = value + *length + 1;
  return value;
}

static int take_number(const char **p, const char *word, uint64_t *out) {
  size_t n;
  const char *v = value_of(p, word, &n);
  if (!v || n == 0 || n > 19 || strspn(v, "0123456789") != n) return CAD_EFORMAT;
  *out = 0;
  for (size_t i = 0; i < n; i++) *out = *out * 10 + (uint64_t)(v[i] - '0');
  return CAD_OK;
}

static int take_hex(const char **p, const char *word, unsigned char *out, size_t bytes) {
  size_t n, got = 0;
  const char *v = value_of(p, word, &n);
  if (!v || n != 2 * bytes || sodium_hex2bin(out, bytes, v, n, NULL, &got, NULL) != 0 || got != bytes) return CAD_EFORMAT;
  return CAD_OK;
}

static int take_head(const char **p, int stream, struct chain_head *out) {
  size_t n, got = 0;
  const char *v = value_of(p, chain_stream_name(stream), &n);
  size_t digits = v ? strspn(v, "0123456789") : 0;
  if (!v || digits == 0 || digits > 19 || v[digits] != ' ' || n != digits + 1 + 2 * LINK_BYTES) return CAD_EFORMAT;
  out->rows = 0;
  for (size_t i = 0; i < digits; i++) out->rows = out->rows * 10 + (uint64_t)(v[i] - '0');
  return sodium_hex2bin(out->link, LINK_BYTES, v + digits + 1, 2 * LINK_BYTES, NULL, &got, NULL) == 0 && got == LINK_BYTES ? CAD_OK
                                                                                                                           : CAD_EFORMAT;
}

int checkpoint_parse(const char *text, struct checkpoint *out) {
  struct checkpoint c = {0};
  unsigned char signature[SIGNATURE_BYTES];
  uint64_t box = 0;
  size_t n;
  if (sodium_init() < 0) return CAD_EIO;
  if (strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) != 0) return CAD_EFORMAT;
  const char *p = text + strlen(FIRST_LINE);
  if (take_number(&p, "box", &box) < 0 || take_number(&p, "number", &c.number) < 0) return CAD_EFORMAT;
  const char *at = value_of(&p, "at", &n);
  if (at) c.at = clock_parse(at, n);
  if (!at || take_hex(&p, "chain", c.chain, sizeof c.chain) < 0) return CAD_EFORMAT;
  for (int i = 0; i < STREAM_COUNT; i++)
    if (take_head(&p, i, &c.heads[i]) < 0) return CAD_EFORMAT;
  if (take_hex(&p, "before", c.before, sizeof c.before) < 0 || take_hex(&p, "key", c.key, sizeof c.key) < 0) return CAD_EFORMAT;
  size_t signed_bytes = (size_t)(p - text);
  if (take_hex(&p, "signature", signature, sizeof signature) < 0) return CAD_EFORMAT;
  if (crypto_sign_verify_detached(signature, (const unsigned char *)text, signed_bytes, c.key) != 0) return CAD_EREFUSED;
  c.box = (uint16_t)box;
  *out = c;
  return CAD_OK;
}

void checkpoint_hash(const char *text, unsigned char out[LINK_BYTES]) {
  crypto_generichash(out, LINK_BYTES, (const unsigned char *)text, strlen(text), NULL, 0);
}

int checkpoint_write(struct store *s) {
  struct chain *c = &s->chain;
  struct checkpoint p = {.box = c->box, .number = 1, .at = store_now(s)};
  char text[CHECKPOINT_TEXT_BYTES];
  int r = chain_flush(s);
  if (r < 0) return r;
  memcpy(p.chain, c->id, sizeof p.chain);
  memcpy(p.heads, c->heads, sizeof p.heads);
  sqlite3_stmt *q = db_query(&s->db, Q_CHECKPOINT_LAST, "SELECT number, text FROM checkpoint ORDER BY number DESC LIMIT 1", "");
  r = db_step(&s->db, q);
  if (r > 0) {
    p.number = col_u64(q, 0) + 1;
    checkpoint_hash((const char *)sqlite3_column_text(q, 1), p.before);
  }
  db_done(q);
  if (r < 0) return r;
  checkpoint_text(&p, &c->secret, text);
  r = db_run(&s->db, Q_CHECKPOINT_PUT, "INSERT INTO checkpoint VALUES(?,?,?)", "uit", p.number, p.at.ms, text);
  if (r >= 0) c->unsigned_rows = 0;
  return r;
}
