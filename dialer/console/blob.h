/* blob.h — bytes that several viewers send at their own speed: counted, never changed
 * once made. Owner: the console's only thread. */
#ifndef CADENCIA_CONSOLE_BLOB_H
#define CADENCIA_CONSOLE_BLOB_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct blob {
  unsigned users;
  size_t bytes, body_at, body_bytes; /* body: the part without the event-stream frame */
  char data[];
};

/* "head" + "body" + "tail" as one blob with one user; NULL: no memory. */
static inline struct blob *blob_create(const char *head, const char *body, size_t body_bytes, const char *tail) {
  size_t before = strlen(head), after = strlen(tail);
  struct blob *b = malloc(sizeof *b + before + body_bytes + after);
  if (!b) return NULL;
  *b = (struct blob){.users = 1, .bytes = before + body_bytes + after, .body_at = before, .body_bytes = body_bytes};
  memcpy(b->data, head, before);
  memcpy(b->data + before, body, body_bytes);
  memcpy(b->data + before + body_bytes, tail, after);
  return b;
}
static inline struct blob *blob_share(struct blob *b) {
  if (b) b->users++;
  return b;
}
static inline struct blob *blob_release(struct blob *b) {
  if (b && --b->users == 0) free(b);
  return NULL;
}

#endif
