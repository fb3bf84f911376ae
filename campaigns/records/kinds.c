#include "chain.h"
#include <campaigns/evidence.h>

void evidence_print_kinds(FILE *out) {
  fputs("| kind | log | table | columns that are hashed, in order | number |\n| --- | --- | --- | --- | --- |\n", out);
  for (int kind = 1; kind < CHAIN_KINDS; kind++) {
    const struct chain_kind_row *k = chain_kind_row(kind);
    if (k)
      fprintf(out, "| %d `%s` | %s | `%s`%s%s | `%s` | %s |\n", kind, k->word, chain_stream_name((int)k->stream), k->table,
              k->when ? " where " : "", k->when ? k->when : "", k->columns, k->phone ? "as a commitment" : "none");
  }
}
