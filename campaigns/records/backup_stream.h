/* backup_stream.h — an encrypted stream of bytes in a file: chunks, each with its authentication, the last one marked, so
 * that a cut or altered file is refused. Source: backup_stream.c */
#ifndef RECORDS_BACKUP_STREAM_H
#define RECORDS_BACKUP_STREAM_H

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { CHUNK_BYTES = 65536 };
struct sealed {
  FILE *file;
  crypto_secretstream_xchacha20poly1305_state state;
  unsigned char plain[CHUNK_BYTES], cipher[CHUNK_BYTES + crypto_secretstream_xchacha20poly1305_ABYTES];
  size_t n, at;
  bool last;
};
int sealed_create(struct sealed *s, FILE *file, const char *password);
int sealed_write(struct sealed *s, const void *bytes, size_t n);
int sealed_finish(struct sealed *s);
/* CAD_EFORMAT: not ours. CAD_EREFUSED: wrong password, altered or cut. */
int sealed_open(struct sealed *s, FILE *file, const char *password);
int sealed_read(struct sealed *s, void *bytes, size_t n); /* n bytes, or CAD_EREFUSED; CAD_EMPTY: the end, at a border */

#endif
