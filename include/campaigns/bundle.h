/* bundle.h — a zip that proves itself to a stranger: its files, their SHA-256 sums, an Ed25519 signature over the sums, the
 * public key, the newest checkpoint of the chain and how to check all of it with sha256sum and openssl.
 *
 * Written as a stream beside its name and renamed when it is whole: constant memory, all or nothing.
 * Thread: the caller's. Source: campaigns/records/bundle.c */
#ifndef CAMPAIGNS_BUNDLE_H
#define CAMPAIGNS_BUNDLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bundle;
/* db_path: whose keys sign. CAD_EIO, CAD_EFORMAT with a readable line in err. */
int bundle_create(const char *path, const char *db_path, struct bundle **out, FILE *err);
int bundle_open_file(struct bundle *b, const char *name); /* ends the one before */
int bundle_write(void *bundle, const void *bytes, size_t n);
/* what: one sentence about this bundle. Signs, closes, renames. Destroys b. */
int bundle_finish(struct bundle *b, const char *what, FILE *err);
struct bundle *bundle_drop(struct bundle *b); /* nothing is left of it */
/* The text of one file of a bundle, NUL at its end; CAD_ENOENT, CAD_EFULL (longer). */
int bundle_read(const char *path, const char *name, char *out, size_t room);

#endif
