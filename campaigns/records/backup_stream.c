#include "backup_stream.h"
#include <cadencia/err.h>
#include <string.h>

static const char MAGIC[16] = "cadencia-backup1";

static int make_key(const unsigned char salt[crypto_pwhash_SALTBYTES], const char *password,
                    unsigned char key[crypto_secretstream_xchacha20poly1305_KEYBYTES]) {
  return crypto_pwhash(key, crypto_secretstream_xchacha20poly1305_KEYBYTES, password, strlen(password), salt,
                       crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE, crypto_pwhash_ALG_ARGON2ID13) == 0
             ? CAD_OK
             : CAD_ENOMEM;
}

int sealed_create(struct sealed *s, FILE *file, const char *password) {
  unsigned char salt[crypto_pwhash_SALTBYTES], key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
  unsigned char head[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
  s->file = file;
  s->n = s->at = 0;
  s->last = false;
  if (sodium_init() < 0) return CAD_EIO;
  randombytes_buf(salt, sizeof salt);
  int r = make_key(salt, password, key);
  if (r < 0) return r;
  crypto_secretstream_xchacha20poly1305_init_push(&s->state, head, key);
  sodium_memzero(key, sizeof key);
  bool good =
      fwrite(MAGIC, sizeof MAGIC, 1, file) == 1 && fwrite(salt, sizeof salt, 1, file) == 1 && fwrite(head, sizeof head, 1, file) == 1;
  return good ? CAD_OK : CAD_EIO;
}

static int push(struct sealed *s, unsigned char tag) {
  unsigned long long n = 0;
  crypto_secretstream_xchacha20poly1305_push(&s->state, s->cipher, &n, s->plain, s->n, NULL, 0, tag);
  s->n = 0;
  return fwrite(s->cipher, 1, (size_t)n, s->file) == n ? CAD_OK : CAD_EIO;
}

int sealed_write(struct sealed *s, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  while (n > 0) {
    if (s->n == CHUNK_BYTES) {
      int r = push(s, 0);
      if (r < 0) return r;
    }
    size_t k = CHUNK_BYTES - s->n < n ? CHUNK_BYTES - s->n : n;
    memcpy(s->plain + s->n, p, k);
    s->n += k;
    p += k;
    n -= k;
  }
  return CAD_OK;
}

int sealed_finish(struct sealed *s) { return push(s, crypto_secretstream_xchacha20poly1305_TAG_FINAL); }

int sealed_open(struct sealed *s, FILE *file, const char *password) {
  unsigned char salt[crypto_pwhash_SALTBYTES], key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
  unsigned char head[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
  char magic[sizeof MAGIC];
  s->file = file;
  s->n = s->at = 0;
  s->last = false;
  if (sodium_init() < 0) return CAD_EIO;
  if (fread(magic, sizeof magic, 1, file) != 1 || memcmp(magic, MAGIC, sizeof magic) != 0) return CAD_EFORMAT;
  if (fread(salt, sizeof salt, 1, file) != 1 || fread(head, sizeof head, 1, file) != 1) return CAD_EFORMAT;
  int r = make_key(salt, password, key);
  if (r >= 0 && crypto_secretstream_xchacha20poly1305_init_pull(&s->state, head, key) != 0) r = CAD_EREFUSED;
  sodium_memzero(key, sizeof key);
  return r;
}

static int pull(struct sealed *s) {
  unsigned long long n = 0;
  unsigned char tag = 0;
  size_t got = fread(s->cipher, 1, sizeof s->cipher, s->file);
  if (got == 0 || crypto_secretstream_xchacha20poly1305_pull(&s->state, s->plain, &n, &tag, s->cipher, got, NULL, 0) != 0)
    return CAD_EREFUSED;
  s->n = (size_t)n;
  s->at = 0;
  s->last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  return CAD_OK;
}

int sealed_read(struct sealed *s, void *bytes, size_t n) {
  unsigned char *p = bytes;
  bool begun = false;
  while (n > 0) {
    if (s->at == s->n) {
      if (s->last) return begun ? CAD_EREFUSED : CAD_EMPTY;
      int r = pull(s);
      if (r < 0) return r;
      continue;
    }
    size_t k = s->n - s->at < n ? s->n - s->at : n;
    memcpy(p, s->plain + s->at, k);
    s->at += k;
    p += k;
    n -= k;
    begun = true;
  }
  return CAD_OK;
}
