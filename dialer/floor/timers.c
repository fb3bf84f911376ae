#include "dialer/floor/timers.h"
#include <stdlib.h>

#define NOWHERE UINT32_MAX

struct timers {
  uint32_t owners, count;
  int64_t *when;   /* by owner */
  uint32_t *heap;  /* owners, earliest first */
  uint32_t *place; /* by owner: index in heap, NOWHERE when not armed */
};

struct timers *timers_create(uint32_t owners) {
  struct timers *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->owners = owners;
  t->when = calloc(owners, sizeof *t->when);
  t->heap = calloc(owners, sizeof *t->heap);
  t->place = calloc(owners, sizeof *t->place);
  if (!t->when || !t->heap || !t->place) return timers_destroy(t);
  for (uint32_t i = 0; i < owners; i++) t->place[i] = NOWHERE;
  return t;
}

struct timers *timers_destroy(struct timers *t) {
  if (!t) return NULL;
  free(t->when);
  free(t->heap);
  free(t->place);
  free(t);
  return NULL;
}

static bool before(const struct timers *t, uint32_t a, uint32_t b) { return t->when[a] != t->when[b] ? t->when[a] < t->when[b] : a < b; }

static void put(struct timers *t, uint32_t index, uint32_t owner) {
  t->heap[index] = owner;
  t->place[owner] = index;
}

static void sift_up(struct timers *t, uint32_t index) {
  uint32_t owner = t->heap[index];
  while (index > 0 && before(t, owner, t->heap[(index - 1) / 2])) {
    put(t, index, t->heap[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  put(t, index, owner);
}

static void sift_down(struct timers *t, uint32_t index) {
  uint32_t owner = t->heap[index];
  for (;;) {
    uint32_t child = 2 * index + 1;
    if (child >= t->count) break;
    if (child + 1 < t->count && before(t, t->heap[child + 1], t->heap[child])) child++;
    if (!before(t, t->heap[child], owner)) break;
    put(t, index, t->heap[child]);
    index = child;
  }
  put(t, index, owner);
}

void timers_set(struct timers *t, uint32_t owner, struct mono when) {
  t->when[owner] = when.ms;
  if (t->place[owner] == NOWHERE) put(t, t->count++, owner);
  sift_up(t, t->place[owner]);
  sift_down(t, t->place[owner]);
}

void timers_clear(struct timers *t, uint32_t owner) {
  uint32_t index = t->place[owner];
  if (index == NOWHERE) return;
  t->place[owner] = NOWHERE;
  uint32_t last = t->heap[--t->count];
  if (last == owner) return;
  put(t, index, last);
  sift_up(t, index);
  sift_down(t, t->place[last]);
}

bool timers_armed(const struct timers *t, uint32_t owner) { return t->place[owner] != NOWHERE; }

struct mono timers_when(const struct timers *t, uint32_t owner) {
  return t->place[owner] != NOWHERE ? (struct mono){t->when[owner]} : MONO_NONE;
}

struct mono timers_next(const struct timers *t) {
  return t->count ? (struct mono){t->when[t->heap[0]]} : MONO_NONE;
}

bool timers_pop(struct timers *t, struct mono now, uint32_t *owner) {
  if (t->count == 0 || t->when[t->heap[0]] > now.ms) return false;
  *owner = t->heap[0];
  timers_clear(t, *owner);
  return true;
}
