#include "secret.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void secret_path(const char *db_path, char *out, size_t room) {
  size_t n = strlen(db_path);
  if (n > 3 && strcmp(db_path + n - 3, ".db") == 0) n -= 3;
  snprintf(out, room, "%.*s.key", (int)n, db_path);
}

void secret_text(const struct secret *s, char out[SECRET_TEXT_BYTES]) {
  char sign[2 * SECRET_SIGN_BYTES + 1], suppress[2 * SECRET_KEY_BYTES + 1];
  sodium_bin2hex(sign, sizeof sign, s->sign, sizeof s->sign);
  sodium_bin2hex(suppress, sizeof suppress, s->suppress, sizeof s->suppress);
  snprintf(out, SECRET_TEXT_BYTES,
           "# Cadencia: the secret keys of this box. Keep it; \"cadencia backup\" holds a copy, encrypted.\nsign %s\nsuppress %s\n", sign,
           suppress);
  sodium_memzero(sign, sizeof sign);
  sodium_memzero(suppress, sizeof suppress);
}

static int find_hex(const char *text, const char *word, unsigned char *out, size_t bytes) {
  const char *at = strstr(text, word);
  size_t got = 0;
  const char *end = NULL;
  if (!at || (at != text && at[-1] != '\n')) return CAD_EFORMAT;
  at += strlen(word);
  if (sodium_hex2bin(out, bytes, at, strcspn(at, "\n"), NULL, &got, &end) != 0 || got != bytes) return CAD_EFORMAT;
  return *end == '\n' || *end == '\0' ? CAD_OK : CAD_EFORMAT;
}

int secret_parse(const char *text, struct secret *out) {
  struct secret s = {0};
  if (sodium_init() < 0) return CAD_EIO;
  int r = find_hex(text, "sign ", s.sign, sizeof s.sign);
  if (r >= 0) r = find_hex(text, "suppress ", s.suppress, sizeof s.suppress);
  if (r < 0) return r;
  crypto_sign_ed25519_sk_to_pk(s.public, s.sign);
  *out = s;
  sodium_memzero(&s, sizeof s);
  return CAD_OK;
}

static void make(struct secret *out) {
  *out = (struct secret){.made = true};
  crypto_sign_keypair(out->public, out->sign);
  randombytes_buf(out->suppress, sizeof out->suppress);
}

/* Whole or not at all: written beside, flushed, then renamed. */
static int write_file(const char *path, const struct secret *s) {
  char text[SECRET_TEXT_BYTES], beside[512];
  if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) return CAD_EINVAL;
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return CAD_EIO;
  secret_text(s, text);
  size_t n = strlen(text);
  bool good = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
  sodium_memzero(text, sizeof text);
  good = close(fd) == 0 && good;
  return good && rename(beside, path) == 0 ? CAD_OK : CAD_EIO;
}

int secret_open(const char *path, struct secret *out, FILE *err) {
  if (sodium_init() < 0) return CAD_EIO;
  if (!path) {
    make(out);
    return CAD_OK;
  }
  FILE *f = fopen(path, "re");
  if (!f && errno == ENOENT) {
    make(out);
    int r = write_file(path, out);
    if (r < 0 && err) fprintf(err, "%s: the box's keys cannot be written: %s\n", path, strerror(errno));
    return r;
  }
  char text[SECRET_TEXT_BYTES * 2];
  size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
  text[n] = '\0';
  int r = f ? secret_parse(text, out) : CAD_EIO;
  if (f) fclose(f);
  sodium_memzero(text, sizeof text);
  if (r < 0 && err)
    fprintf(err, "%s: the box's keys cannot be read (%s); take the file from a backup\n", path, f ? "not ours" : strerror(errno));
  return r;
}

int secret_from_seed(const unsigned char seed[SECRET_KEY_BYTES], struct secret *out) {
  if (sodium_init() < 0) return CAD_EIO;
  *out = (struct secret){0};
  crypto_sign_seed_keypair(out->public, out->sign, seed);
  crypto_generichash(out->suppress, sizeof out->suppress, seed, SECRET_KEY_BYTES, NULL, 0);
  return CAD_OK;
}

void secret_forget(struct secret *s) { sodium_memzero(s, sizeof *s); }

void secret_suppress_hash(const struct secret *s, uint64_t number, unsigned char out[SECRET_HASH_BYTES]) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(number >> (8 * i));
  crypto_generichash(out, SECRET_HASH_BYTES, bytes, sizeof bytes, s->suppress, sizeof s->suppress);
}
