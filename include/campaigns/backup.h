/* backup.h — the whole state of a box in one encrypted file, taken while it dials, and back again.
 *
 * The database as of one instant, the keys and what else lies in the state folder; encrypted by libsodium's secretstream
 * (XChaCha20-Poly1305) under a key that argon2id makes of a password. Whole or not at all: written beside, then renamed.
 * Thread: the caller's. Source: campaigns/records/backup.c backup_stream.c */
#ifndef CAMPAIGNS_BACKUP_H
#define CAMPAIGNS_BACKUP_H

#include <stdint.h>
#include <stdio.h>

struct backup_counts {
  uint64_t files, bytes;
};
/* err gets the one readable line on failure. */
int backup_make(const char *state_dir, const char *out, const char *password, struct backup_counts *n, FILE *err);
/* Into a folder that has no database yet; the database comes last. CAD_EREFUSED: wrong password, or the file was altered;
 * CAD_EEXIST: a database is there. */
int backup_restore(const char *file, const char *state_dir, const char *password, struct backup_counts *n, FILE *err);

#endif
