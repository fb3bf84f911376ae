#include "chain.h"
#include <stdlib.h>
#include <string.h>

static unsigned char *room_for(struct content *c, size_t more) {
  if (c->n + more > c->room) {
    size_t room = (c->n + more) * 2 + 256;
    unsigned char *bigger = realloc(c->bytes, room);
    if (!bigger) {
      c->failed = true;
      return NULL;
    }
    c->bytes = bigger;
    c->room = room;
  }
  unsigned char *at = c->bytes + c->n;
  c->n += more;
  return at;
}

void content_null(struct content *c) {
  unsigned char *at = room_for(c, 1);
  if (at) *at = 'n';
}

/* 'i', how many bytes, the bytes from the lowest: small numbers are short, and a hash eats fewer blocks. */
void content_int(struct content *c, int64_t v) {
  unsigned char *at = room_for(c, 10);
  if (!at) return;
  uint64_t rest = (uint64_t)v;
  unsigned char n = 0;
  for (; rest; rest >>= 8) at[2 + n++] = (unsigned char)rest;
  at[0] = 'i';
  at[1] = n;
  c->n -= 8u - n;
}

void content_bytes(struct content *c, char type, const void *bytes, size_t n) {
  unsigned char *at = room_for(c, 5 + n);
  if (!at) return;
  at[0] = (unsigned char)type;
  for (int i = 0; i < 4; i++) at[1 + i] = (unsigned char)(n >> (8 * i));
  if (n) memcpy(at + 5, bytes, n);
}

void content_column(struct content *c, sqlite3_stmt *q, int column) {
  switch (sqlite3_column_type(q, column)) {
  case SQLITE_NULL: content_null(c); break;
  case SQLITE_INTEGER: content_int(c, sqlite3_column_int64(q, column)); break;
  case SQLITE_TEXT: {
    const void *text = sqlite3_column_text(q, column);
    content_bytes(c, 't', text, (size_t)sqlite3_column_bytes(q, column));
    break;
  }
  default: { /* blobs; a real number is in no column of ours and is told apart from all of them */
    bool real = sqlite3_column_type(q, column) == SQLITE_FLOAT;
    const void *blob = sqlite3_column_blob(q, column);
    content_bytes(c, real ? 'r' : 'b', blob, (size_t)sqlite3_column_bytes(q, column));
  }
  }
}
