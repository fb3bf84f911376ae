/* secret.h — the box's two secrets, in one file of mode 0600 beside the database: the Ed25519 key that signs checkpoints
 * and bundles, and the key of the hash under which a number stays suppressed after its person was erased. Thread: the
 * store's. Source: secret.c */
#ifndef RECORDS_SECRET_H
#define RECORDS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SECRET_SIGN_BYTES = 64, SECRET_PUBLIC_BYTES = 32, SECRET_KEY_BYTES = 32, SECRET_HASH_BYTES = 16, SIGNATURE_BYTES = 64 };
struct secret {
  unsigned char sign[SECRET_SIGN_BYTES], public[SECRET_PUBLIC_BYTES], suppress[SECRET_KEY_BYTES];
  bool made; /* now: there was no file */
};

/* "state/cadencia.db" has its keys in "state/cadencia.key". */
void secret_path(const char *db_path, char *out, size_t room);
/* Reads the file, makes it when it is not there; path NULL: new keys that live as long as the struct. CAD_EIO,
 * CAD_EFORMAT; the one readable line goes to err (may be NULL). */
int secret_open(const char *path, struct secret *out, FILE *err);
/* The file's text; room for SECRET_TEXT_BYTES. */
enum { SECRET_TEXT_BYTES = 512 };
void secret_text(const struct secret *s, char out[SECRET_TEXT_BYTES]);
int secret_parse(const char *text, struct secret *out);
/* The same seed, the same keys; no file. */
int secret_from_seed(const unsigned char seed[SECRET_KEY_BYTES], struct secret *out);
void secret_forget(struct secret *s);

/* The keyed hash (BLAKE2b) under which a number is still known as suppressed when it itself is erased. Without the key
 * file it can neither be computed nor reversed. */
void secret_suppress_hash(const struct secret *s, uint64_t number, unsigned char out[SECRET_HASH_BYTES]);

#endif
