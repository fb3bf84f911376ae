/* checkpoint.h — the signed text that names the last link of every stream. It leaves the box, so that a tail which is cut
 * off or written anew is seen by comparing. The text is lines "word value"; the signature is Ed25519 over all lines before
 * its own. Thread: any. Source: checkpoint.c */
#ifndef RECORDS_CHECKPOINT_H
#define RECORDS_CHECKPOINT_H

#include "chain.h"
#include <cadencia/time.h>

enum { CHECKPOINT_TEXT_BYTES = 1024 };
struct checkpoint {
  uint16_t box;
  uint64_t number;
  struct wall at;
  unsigned char chain[CHAIN_ID_BYTES], key[SECRET_PUBLIC_BYTES], before[LINK_BYTES]; /* before: hash of the text of the one before */
  struct chain_head heads[STREAM_COUNT];
};
void checkpoint_text(const struct checkpoint *c, const struct secret *sign, char out[CHECKPOINT_TEXT_BYTES]);
/* CAD_OK; CAD_EFORMAT: not such a text; CAD_EREFUSED: its signature is not that of the key it names. */
int checkpoint_parse(const char *text, struct checkpoint *out);
void checkpoint_hash(const char *text, unsigned char out[LINK_BYTES]);

#endif
