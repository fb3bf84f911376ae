/* slots.h — a file of records of one size, reserved at the start, that outlives the daemon.
 *
 * What is written is in the system's page cache at once, so it is there for the next start even after a kill -9 of everything; nothing of
 * it stays in our own memory. Without a path, or when the disk has no room, the records live in memory alone. Owner: one thread. Source:
 * slots.c */
#ifndef CADENCIA_SLOTS_H
#define CADENCIA_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slots {
  int fd;          /* -1: memory */
  uint8_t *memory; /* NULL: file */
  size_t head_bytes, record_bytes;
  uint32_t count;
  const char *what; /* is kept, for the log */
  bool said;        /* that the disk fails */
};

/* A new file holds zeros. CAD_OK, CAD_ENOMEM. */
/* what: "dialogs", for the log; stays the caller's. */
int slots_open(struct slots *s, const char *what, const char *path, size_t head_bytes, size_t record_bytes, uint32_t count);
void slots_close(struct slots *s);
/* What stands before the records. */
void slots_head(const struct slots *s, void *out);
void slots_head_put(struct slots *s, const void *head);
/* false: the disk does not give it back. */
bool slots_get(const struct slots *s, uint32_t i, void *out);
bool slots_get_many(const struct slots *s, uint32_t first, uint32_t n, void *out);
void slots_put_many(struct slots *s, uint32_t first, uint32_t n, const void *records);
/* The record's first `bytes`. */
void slots_put(struct slots *s, uint32_t i, const void *record, size_t bytes);

#endif
