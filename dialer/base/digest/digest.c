#include "dialer/base/digest.h"
#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <strings.h>

static const char *const NAMES[] = {"MD5", "SHA-256"};

const char *digest_algorithm_name(enum digest_algorithm a) { return NAMES[a == DIGEST_SHA256]; }

bool digest_algorithm_named(const char *name, enum digest_algorithm *out) {
  for (int i = 0; i < 2; i++)
    if (strcasecmp(name, NAMES[i]) == 0) {
      *out = (enum digest_algorithm)i;
      return true;
    }
  return false;
}

static void hex(const unsigned char *bytes, unsigned n, char out[DIGEST_HEX]) {
  static const char DIGITS[] = "0123456789abcdef";
  for (unsigned i = 0; i < n; i++) {
    out[2 * i] = DIGITS[bytes[i] >> 4];
    out[2 * i + 1] = DIGITS[bytes[i] & 15];
  }
  out[2 * n] = 0;
}

/* Hash of the parts, joined by ':'; NULL ends. */
static void joined(enum digest_algorithm a, const char *const *parts, char out[DIGEST_HEX]) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  assert(ctx);
  int good = EVP_DigestInit_ex(ctx, a == DIGEST_SHA256 ? EVP_sha256() : EVP_md5(), NULL);
  for (unsigned i = 0; parts[i]; i++) {
    if (i > 0) good &= EVP_DigestUpdate(ctx, ":", 1);
    good &= EVP_DigestUpdate(ctx, parts[i], strlen(parts[i]));
  }
  good &= EVP_DigestFinal_ex(ctx, sum, &n);
  EVP_MD_CTX_free(ctx);
  assert(good == 1 && n <= 32);
  hex(sum, n, out);
}

void digest_ha1(enum digest_algorithm a, const char *user, const char *realm, const char *password, char out[DIGEST_HEX]) {
  joined(a, (const char *const[]){user, realm, password, NULL}, out);
}

void digest_response(enum digest_algorithm a, const struct digest_request *r, char out[DIGEST_HEX]) {
  char ha2[DIGEST_HEX];
  joined(a, (const char *const[]){r->method, r->uri, NULL}, ha2);
  if (r->cnonce && r->nc)
    joined(a, (const char *const[]){r->ha1, r->nonce, r->nc, r->cnonce, "auth", ha2, NULL}, out);
  else
    joined(a, (const char *const[]){r->ha1, r->nonce, ha2, NULL}, out);
}

void digest_mac(const unsigned char *key, size_t key_bytes, const char *text, char out[DIGEST_HEX]) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  const unsigned char *done = HMAC(EVP_sha256(), key, (int)key_bytes, (const unsigned char *)text, strlen(text), sum, &n);
  assert(done && n == 32);
  (void)done;
  hex(sum, n, out);
}

bool digest_same(const char *a, const char *b) {
  size_t n = strlen(a);
  return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}
