#include "number_set.h"
#include <cadencia/err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file: header, groups (ascending), low halves. Native byte order: it never leaves the box. */
static const char MAGIC[8] = "CADNSET1";
enum { LOW_BITS = 16, INSERTION_MOST = 24 };
struct header {
  char magic[8];
  uint64_t count, groups;
};
struct group {
  uint64_t high; /* number >> 16 */
  uint64_t from; /* index of its first low half; it ends where the next begins */
};
struct number_set {
  void *map;
  size_t bytes;
  const struct group *groups;
  const uint16_t *lows;
  uint64_t count, group_count;
};

/* ---- writing ---- */

static void insertion(uint64_t *a, size_t n) {
  for (size_t i = 1; i < n; i++) {
    uint64_t v = a[i];
    size_t k = i;
    for (; k > 0 && a[k - 1] > v; k--) a[k] = a[k - 1];
    a[k] = v;
  }
}

static void sift(uint64_t *a, size_t root, size_t n) {
  for (size_t child; (child = root * 2 + 1) < n; root = child) {
    if (child + 1 < n && a[child + 1] > a[child]) child++;
    if (a[root] >= a[child]) return;
    uint64_t swap = a[root];
    a[root] = a[child];
    a[child] = swap;
  }
}

static void heap_sort(uint64_t *a, size_t n) {
  for (size_t i = n / 2; i > 0; i--) sift(a, i - 1, n);
  for (size_t end = n; end > 1; end--) {
    uint64_t swap = a[0];
    a[0] = a[end - 1];
    a[end - 1] = swap;
    sift(a, 0, end - 1);
  }
}

/* In place: a list of tens of millions must not need its memory twice. Bad luck ends in a heap sort. */
static void sort(uint64_t *a, size_t n, int depth) {
  while (n > INSERTION_MOST) {
    if (depth-- == 0) {
      heap_sort(a, n);
      return;
    }
    uint64_t x = a[0], y = a[n / 2], z = a[n - 1], pivot = x < y ? (y < z ? y : x < z ? z : x) : (x < z ? x : y < z ? z : y);
    size_t i = 0, k = n - 1;
    for (;;) {
      while (a[i] < pivot) i++;
      while (a[k] > pivot) k--;
      if (i >= k) break;
      uint64_t swap = a[i];
      a[i++] = a[k];
      a[k--] = swap;
    }
    size_t left = k + 1;
    if (left < n - left) {
      sort(a, left, depth);
      a += left, n -= left;
    } else {
      sort(a + left, n - left, depth);
      n = left;
    }
  }
  insertion(a, n);
}

static size_t unique(uint64_t *a, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (kept == 0 || a[kept - 1] != a[i]) a[kept++] = a[i];
  return kept;
}

static int write_body(FILE *f, const uint64_t *a, size_t n) {
  struct header h = {.count = n};
  memcpy(h.magic, MAGIC, sizeof h.magic);
  for (size_t i = 0; i < n; i++) h.groups += i == 0 || a[i] >> LOW_BITS != a[i - 1] >> LOW_BITS;
  bool good = fwrite(&h, sizeof h, 1, f) == 1;
  for (size_t i = 0; i < n && good; i++) {
    if (i > 0 && a[i] >> LOW_BITS == a[i - 1] >> LOW_BITS) continue;
    struct group g = {a[i] >> LOW_BITS, i};
    good = fwrite(&g, sizeof g, 1, f) == 1;
  }
  for (size_t i = 0; i < n && good; i++) {
    uint16_t low = (uint16_t)a[i];
    good = fwrite(&low, sizeof low, 1, f) == 1;
  }
  return good ? CAD_OK : CAD_EIO;
}

int64_t number_set_write(uint64_t *numbers, size_t n, const char *path) {
  char temporary[512];
  if (n > NUMBER_SET_MAX || (size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary) return CAD_EINVAL;
  bool sorted = true;
  for (size_t i = 1; i < n && sorted; i++) sorted = numbers[i - 1] <= numbers[i];
  if (!sorted) sort(numbers, n, 64);
  n = unique(numbers, n);
  FILE *f = fopen(temporary, "wb");
  if (!f) return CAD_EIO;
  int err = write_body(f, numbers, n);
  if (fflush(f) != 0 || fsync(fileno(f)) != 0) err = CAD_EIO;
  if (fclose(f) != 0) err = CAD_EIO;
  if (err == CAD_OK && rename(temporary, path) != 0) err = CAD_EIO;
  if (err < 0) (void)unlink(temporary);
  return err < 0 ? err : (int64_t)n;
}

/* ---- reading ---- */

static int check(struct number_set *s) {
  const struct header *h = s->map;
  if (s->bytes < sizeof *h || memcmp(h->magic, MAGIC, sizeof h->magic) != 0) return CAD_EFORMAT;
  if (h->count > NUMBER_SET_MAX || h->groups > h->count || (h->count > 0) != (h->groups > 0)) return CAD_EFORMAT;
  if (s->bytes != sizeof *h + h->groups * sizeof(struct group) + h->count * sizeof(uint16_t)) return CAD_EFORMAT;
  s->count = h->count, s->group_count = h->groups;
  s->groups = (const struct group *)(h + 1);
  s->lows = (const uint16_t *)(s->groups + s->group_count);
  for (uint64_t i = 0; i < s->group_count; i++) {
    const struct group *g = &s->groups[i];
    if (g->from >= s->count || (i == 0 ? g->from != 0 : g->from <= g[-1].from || g->high <= g[-1].high)) return CAD_EFORMAT;
  }
  return CAD_OK;
}

int number_set_open(const char *path, struct number_set **out) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CAD_ENOENT;
  struct number_set *s = fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof(struct header) ? calloc(1, sizeof *s) : NULL;
  if (!s) {
    close(fd);
    return CAD_EFORMAT;
  }
  s->bytes = (size_t)st.st_size;
  s->map = mmap(NULL, s->bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  close(fd);
  if (s->map == MAP_FAILED) s->map = NULL;
  int err = s->map ? check(s) : CAD_ENOMEM;
  if (err < 0)
    number_set_close(s);
  else
    *out = s;
  return err;
}

struct number_set *number_set_close(struct number_set *s) {
  if (s && s->map) munmap(s->map, s->bytes);
  free(s);
  return NULL;
}

bool number_set_has(const struct number_set *s, uint64_t number) {
  uint64_t high = number >> LOW_BITS, low = 0, end = s->group_count;
  while (low < end) { /* the last group not above */
    uint64_t mid = low + (end - low) / 2;
    if (s->groups[mid].high <= high)
      low = mid + 1;
    else
      end = mid;
  }
  if (low == 0 || s->groups[low - 1].high != high) return false;
  uint64_t from = s->groups[low - 1].from, to = low < s->group_count ? s->groups[low].from : s->count;
  uint16_t want = (uint16_t)number;
  while (from < to) {
    uint64_t mid = from + (to - from) / 2;
    if (s->lows[mid] == want) return true;
    if (s->lows[mid] < want)
      from = mid + 1;
    else
      to = mid;
  }
  return false;
}

uint64_t number_set_count(const struct number_set *s) { return s->count; }

int number_set_each(const struct number_set *s, int (*row)(void *arg, uint64_t number), void *arg) {
  int r = CAD_OK;
  for (uint64_t g = 0; g < s->group_count && r >= 0; g++) {
    uint64_t to = g + 1 < s->group_count ? s->groups[g + 1].from : s->count;
    for (uint64_t i = s->groups[g].from; i < to && r >= 0; i++) r = row(arg, s->groups[g].high << LOW_BITS | s->lows[i]);
  }
  return r;
}
