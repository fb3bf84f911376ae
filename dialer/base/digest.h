/* digest.h — HTTP digest as SIP uses it: HA1, the response, both sides of it. Pure.
 *
 * All outputs are lower-case hex. Thread: any. Source: digest/digest.c, which is linked by who talks SIP (OpenSSL comes with it) and
 * loaded as libexec/cadencia/cadencia-digest.so by who needs one HA1 a year. RFC 7616, RFC 8760, RFC 3261 §22 */
#ifndef CADENCIA_DIGEST_H
#define CADENCIA_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum digest_algorithm { DIGEST_MD5 = 0, DIGEST_SHA256 };
enum { DIGEST_HEX = 65 };

const char *digest_algorithm_name(enum digest_algorithm a);                /* "MD5", "SHA-256" */
bool digest_algorithm_named(const char *name, enum digest_algorithm *out); /* whatever the case; false: not ours */

/* Hash of "user:realm:password". */
typedef void digest_ha1_fn(enum digest_algorithm a, const char *user, const char *realm, const char *password, char out[DIGEST_HEX]);
digest_ha1_fn digest_ha1;
#define DIGEST_MODULE "cadencia-digest.so"
#define DIGEST_SYMBOL "digest_ha1"
struct digest_request {
  const char *ha1, *nonce, *method, *uri;
  const char *nc, *cnonce; /* NULL: without qop (RFC 2069); else qop=auth */
};
void digest_response(enum digest_algorithm a, const struct digest_request *request, char out[DIGEST_HEX]);
/* HMAC-SHA-256 of text, hex. */
void digest_mac(const unsigned char *key, size_t key_bytes, const char *text, char out[DIGEST_HEX]);
/* Compares in the same time wherever they differ. */
bool digest_same(const char *a, const char *b);

#endif
