#include <cadencia/ids.h>

enum { SEQUENCE_BITS = 12, BOX_BITS = 10 };
static const int64_t EPOCH_2024_MS = 1704067200000;

uint64_t id_next(struct id_maker *maker, struct wall now) {
  int64_t ms = now.ms - EPOCH_2024_MS;
  if (ms < 0) ms = 0;
  uint64_t box = (uint64_t)(maker->box & 0x3ff) << SEQUENCE_BITS;
  uint64_t id = ((uint64_t)ms << (BOX_BITS + SEQUENCE_BITS)) | box;
  if (id <= maker->last) {
    uint64_t sequence = maker->last & 0xfff;
    if (sequence < 0xfff)
      id = maker->last + 1;
    else /* 4,096 in one millisecond: borrow the next one */
      id = (((maker->last >> (BOX_BITS + SEQUENCE_BITS)) + 1) << (BOX_BITS + SEQUENCE_BITS)) | box;
  }
  maker->last = id;
  return id;
}
