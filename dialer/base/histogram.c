#include "dialer/base/histogram.h"

const uint32_t HISTOGRAM_US[HISTOGRAM_BOUNDS] = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 500000, 2000000};
const uint32_t HISTOGRAM_MAILS[HISTOGRAM_BOUNDS] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};

/* One writer: a load and a store are enough, and cheaper than an atomic addition. */
static void add(_Atomic uint64_t *to, uint64_t n) {
  atomic_store_explicit(to, atomic_load_explicit(to, memory_order_relaxed) + n, memory_order_relaxed);
}

void histogram_count(struct histogram *h, const uint32_t bounds[HISTOGRAM_BOUNDS], int64_t value) {
  unsigned i = 0;
  while (i < HISTOGRAM_BOUNDS && value > (int64_t)bounds[i]) i++;
  add(&h->counts[i], 1);
  add(&h->sum, value > 0 ? (uint64_t)value : 0);
}

void histogram_read(const struct histogram *h, struct histogram_view *out) {
  for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) out->counts[i] = atomic_load_explicit(&h->counts[i], memory_order_relaxed);
  out->sum = atomic_load_explicit(&h->sum, memory_order_relaxed);
}
