/* dnc_memory.h — every entry of the table of our own do-not-call lists, in memory: eight bytes each, open addressing. Exact; what a
 * group added is taken out again when the group is undone. Owner: struct store. Source: dnc_memory.c */
#ifndef RECORDS_DNC_MEMORY_H
#define RECORDS_DNC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNC_SCOPES_MAX = 1 << 13 };
struct dnc_scope {
  uint64_t seller, campaign; /* 0: all */
};
struct dnc_memory {
  uint64_t *slots; /* number << 13 | 1 + scope; 0: free */
  size_t room, count;
  struct dnc_scope scopes[DNC_SCOPES_MAX - 1];
  unsigned scope_count;
  uint64_t *added; /* since the group began */
  size_t added_count, added_room;
};
int dnc_memory_open(struct dnc_memory *m);
void dnc_memory_close(struct dnc_memory *m);
/* CAD_OK (also when it is there), CAD_EFULL, CAD_ENOMEM. */
int dnc_memory_add(struct dnc_memory *m, uint64_t number, uint64_t seller, uint64_t campaign);
void dnc_memory_remove(struct dnc_memory *m, uint64_t number, uint64_t seller, uint64_t campaign);
/* Is there an entry of everybody, of this seller, or of this campaign? */
bool dnc_memory_has(const struct dnc_memory *m, uint64_t number, uint64_t seller, uint64_t campaign);
void dnc_memory_begin(struct dnc_memory *m);
void dnc_memory_undo(struct dnc_memory *m);

#endif
