/* chain.h — the logs that prove themselves. Three streams (calls, decisions, audit) of links: each is the BLAKE2b hash of
 * the link before it, its number, its kind, the row's id, the commitment to the row's phone number and the row's other
 * columns. The links of one commit lie in one row of the table `chain`; a checkpoint signs the last links of all streams.
 * Personal data is never hashed into a link: a number goes in as BLAKE2b(salt, number), its salt beside it in the row, so
 * that both can be erased and the chain still holds. docs/data.md has the exact bytes. Owner: struct store.
 * Source: chain.c, checkpoint.c, content.c */
#ifndef RECORDS_CHAIN_H
#define RECORDS_CHAIN_H

#include "db.h"
#include "secret.h"

enum chain_stream { STREAM_CALL = 0, STREAM_DECISION, STREAM_AUDIT, STREAM_COUNT };
/* What a link stands for. A kind's columns never change; a row that gets more becomes a new kind. */
enum chain_kind {
  CHAIN_CALL = 1,
  CHAIN_DISPOSITION = 2,
  CHAIN_DECISION = 3,
  CHAIN_AUDIT = 4,
  CHAIN_ERASURE = 5,
  CHAIN_VERDICT = 6,
  CHAIN_ERASED = 7,
  CHAIN_KINDS /* db.h has a statement for each, 16 at most */
};
enum {
  LINK_BYTES = 32,
  LINK_SHORT_BYTES = 16, /* of each link in a block; the block's last link is kept whole */
  COMMIT_BYTES = 16,
  SALT_BYTES = 16,
  CHAIN_ID_BYTES = 16,
  ENTRY_BYTES = 1 + 8 + COMMIT_BYTES + LINK_SHORT_BYTES
};
struct chain_kind_row {
  enum chain_stream stream;
  const char *word, *table, *columns; /* columns as hashed, in order */
  bool phone;                         /* the table has phone and salt */
  const char *when;                   /* rows of the table that must be in the chain; NULL: all */
};
const struct chain_kind_row *chain_kind_row(int kind); /* NULL: no such kind */
const char *chain_stream_name(int stream);

/* The bytes of a row's columns, each with its type and length, so that no two rows give the same bytes. */
struct content {
  unsigned char *bytes;
  size_t n, room;
  bool failed;
};
void content_null(struct content *c);
void content_int(struct content *c, int64_t v);
void content_bytes(struct content *c, char type, const void *bytes, size_t n); /* type 't' or 'b' */
void content_column(struct content *c, sqlite3_stmt *q, int column);
static inline void content_clear(struct content *c) { c->n = 0; }

struct chain_head {
  uint64_t rows; /* links so far */
  unsigned char link[LINK_BYTES];
};
struct chain_pending {
  unsigned char *bytes;
  size_t n, room;
};
struct chain {
  bool ready;
  struct secret secret;
  unsigned char id[CHAIN_ID_BYTES];
  uint16_t box;
  struct chain_head heads[STREAM_COUNT], heads_at_begin[STREAM_COUNT];
  struct chain_pending pending[STREAM_COUNT];
  struct content content; /* of the row that is being written */
  uint64_t unsigned_rows, unsigned_at_begin, checkpoint_rows;
  unsigned char pool[4096]; /* random bytes for salts, fetched in one go */
  size_t pool_left;
};

/* The link before the first row of a stream. */
void chain_genesis(const unsigned char id[CHAIN_ID_BYTES], uint16_t box, int stream, unsigned char out[LINK_BYTES]);
void chain_commitment(uint64_t number, const unsigned char salt[SALT_BYTES], unsigned char out[COMMIT_BYTES]);
/* The next link; rows is the number of the row, the first is 1. */
void chain_link(const unsigned char before[LINK_BYTES], uint64_t rows, int kind, uint64_t row, const unsigned char commit[COMMIT_BYTES],
                const struct content *content, unsigned char out[LINK_BYTES]);

struct store;
int chain_open(struct store *s, const char *path, const unsigned char *seed,
               FILE *err); /* keys, heads; takes rows in that were there before the chain */
void chain_close(struct store *s);
void chain_begin(struct chain *c);
void chain_forget(struct chain *c);
void chain_salt(struct chain *c, unsigned char out[SALT_BYTES]);
/* Adds the row whose columns are in chain.content. commit NULL: no number in it. */
int chain_put(struct store *s, enum chain_kind kind, uint64_t row, const unsigned char *commit);
/* Adds a row as it stands in its table, with its number and salt. */
int chain_put_row(struct store *s, enum chain_kind kind, uint64_t row);
/* Within the transaction, before its commit: the links of the group, and a checkpoint when enough rows came. */
int chain_write(struct store *s);
int chain_flush(struct store *s); /* the links alone */
int checkpoint_write(struct store *s);

#endif
