#include "dialer/base/heap.h"
#include <malloc.h>

/* Calls come and go in waves. Giving the heap's top back to the system after each costs more page faults than it frees. */
void heap_keep(void) {
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
  mallopt(M_TOP_PAD, 256 << 10);
  mallopt(M_ARENA_MAX, 1); /* no thread of ours takes memory so often that it would wait, and what one frees another can use */
}
