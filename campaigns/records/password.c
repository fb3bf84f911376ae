/* Passwords and session tokens: everything that libsodium does for the console's sign-in. No store is touched. */
#include <cadencia/err.h>
#include <campaigns/users.h>
#include <sodium.h>
#include <string.h>

int password_hash(const char *password, char out[USER_HASH_MAX]) {
  _Static_assert((int)USER_HASH_MAX >= (int)crypto_pwhash_STRBYTES, "room for the text of libsodium");
  if (strlen(password) < PASSWORD_MIN || strlen(password) > PASSWORD_MAX) return CAD_EINVAL;
  if (sodium_init() < 0 ||
      crypto_pwhash_str(out, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
    return CAD_ENOMEM;
  return CAD_OK;
}

bool password_good(const char *hash, const char *password) {
  static const char NOBODY[USER_HASH_MAX] =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9yIG5vYm9keSwgb25seSBmb3IgdGhlIHRpbWUgb2Y";
  char text[USER_HASH_MAX] = "";
  memcpy(text, hash ? hash : NOBODY, hash ? strnlen(hash, USER_HASH_MAX - 1) : sizeof NOBODY);
  return sodium_init() >= 0 && crypto_pwhash_str_verify(text, password, strlen(password)) == 0 && hash;
}

int token_make(char token[TOKEN_TEXT_MAX]) {
  unsigned char raw[TOKEN_BYTES];
  if (sodium_init() < 0) return CAD_EIO;
  randombytes_buf(raw, sizeof raw);
  sodium_bin2hex(token, TOKEN_TEXT_MAX, raw, sizeof raw);
  return CAD_OK;
}

int token_key(const char *token, unsigned char key[SESSION_KEY_BYTES]) {
  unsigned char raw[TOKEN_BYTES];
  size_t n = 0;
  if (sodium_init() < 0 || sodium_hex2bin(raw, sizeof raw, token, strlen(token), NULL, &n, NULL) != 0 || n != sizeof raw)
    return CAD_EFORMAT;
  crypto_generichash(key, SESSION_KEY_BYTES, raw, sizeof raw, NULL, 0);
  return CAD_OK;
}

bool token_same(const char *a, const char *b) {
  unsigned char first[SESSION_KEY_BYTES], second[SESSION_KEY_BYTES];
  return token_key(a, first) == CAD_OK && token_key(b, second) == CAD_OK && sodium_memcmp(first, second, sizeof first) == 0;
}
