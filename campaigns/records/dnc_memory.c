#include "dnc_memory.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

enum { SCOPE_BITS = 13, ROOM_FIRST = 1 << 12 };

int dnc_memory_open(struct dnc_memory *m) {
  memset(m, 0, sizeof *m);
  m->room = ROOM_FIRST;
  m->slots = calloc(m->room, sizeof *m->slots);
  return m->slots ? CAD_OK : CAD_ENOMEM;
}

void dnc_memory_close(struct dnc_memory *m) {
  free(m->slots);
  free(m->added);
  memset(m, 0, sizeof *m);
}

/* By the number alone: all its entries stand in one run. */
static size_t home(const struct dnc_memory *m, uint64_t number) { return (size_t)((number * 0x9e3779b97f4a7c15u) >> 20) & (m->room - 1); }

static void put(struct dnc_memory *m, uint64_t entry) {
  size_t i = home(m, entry >> SCOPE_BITS);
  while (m->slots[i]) i = (i + 1) & (m->room - 1);
  m->slots[i] = entry;
}

static int grow(struct dnc_memory *m) {
  if (m->count * 10 < m->room * 7) return CAD_OK;
  struct dnc_memory bigger = *m;
  bigger.room = m->room * 2;
  bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
  if (!bigger.slots) return CAD_ENOMEM;
  for (size_t i = 0; i < m->room; i++)
    if (m->slots[i]) put(&bigger, m->slots[i]);
  free(m->slots);
  m->slots = bigger.slots;
  m->room = bigger.room;
  return CAD_OK;
}

static int scope_of(struct dnc_memory *m, uint64_t seller, uint64_t campaign, bool make) {
  for (unsigned i = 0; i < m->scope_count; i++)
    if (m->scopes[i].seller == seller && m->scopes[i].campaign == campaign) return (int)i;
  if (!make) return CAD_ENOENT;
  if (m->scope_count == DNC_SCOPES_MAX - 1) return CAD_EFULL;
  m->scopes[m->scope_count] = (struct dnc_scope){seller, campaign};
  return (int)m->scope_count++;
}

static size_t find(const struct dnc_memory *m, uint64_t entry) {
  size_t i = home(m, entry >> SCOPE_BITS);
  while (m->slots[i] && m->slots[i] != entry) i = (i + 1) & (m->room - 1);
  return i;
}

static int remember(struct dnc_memory *m, uint64_t entry) {
  if (m->added_count == m->added_room) {
    size_t room = m->added_room ? m->added_room * 2 : 64;
    uint64_t *bigger = realloc(m->added, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    m->added = bigger;
    m->added_room = room;
  }
  m->added[m->added_count++] = entry;
  return CAD_OK;
}

int dnc_memory_add(struct dnc_memory *m, uint64_t number, uint64_t seller, uint64_t campaign) {
  int scope = scope_of(m, seller, campaign, true), err = grow(m);
  if (scope < 0 || err < 0 || number >> (64 - SCOPE_BITS)) return scope < 0 ? scope : err < 0 ? err : CAD_EINVAL;
  uint64_t entry = number << SCOPE_BITS | (uint64_t)(scope + 1);
  size_t i = find(m, entry);
  if (m->slots[i]) return CAD_OK;
  if ((err = remember(m, entry)) < 0) return err;
  m->slots[i] = entry;
  m->count++;
  return CAD_OK;
}

static void take_out(struct dnc_memory *m, uint64_t entry) {
  size_t hole = find(m, entry), mask = m->room - 1;
  if (!m->slots[hole]) return;
  m->slots[hole] = 0;
  m->count--;
  for (size_t i = (hole + 1) & mask; m->slots[i]; i = (i + 1) & mask) { /* whoever was pushed past the hole moves back */
    size_t want = home(m, m->slots[i] >> SCOPE_BITS);
    if (((i - want) & mask) < ((i - hole) & mask)) continue;
    m->slots[hole] = m->slots[i];
    m->slots[i] = 0;
    hole = i;
  }
}

void dnc_memory_remove(struct dnc_memory *m, uint64_t number, uint64_t seller, uint64_t campaign) {
  int scope = scope_of(m, seller, campaign, false);
  if (scope >= 0) take_out(m, number << SCOPE_BITS | (uint64_t)(scope + 1));
}

bool dnc_memory_has(const struct dnc_memory *m, uint64_t number, uint64_t seller, uint64_t campaign) {
  for (size_t i = home(m, number); m->slots[i]; i = (i + 1) & (m->room - 1)) {
    if (m->slots[i] >> SCOPE_BITS != number) continue;
    const struct dnc_scope *s = &m->scopes[(m->slots[i] & (DNC_SCOPES_MAX - 1)) - 1];
    if ((s->seller == 0 || s->seller == seller) && (s->campaign == 0 || s->campaign == campaign)) return true;
  }
  return false;
}

void dnc_memory_begin(struct dnc_memory *m) { m->added_count = 0; }

void dnc_memory_undo(struct dnc_memory *m) {
  while (m->added_count) take_out(m, m->added[--m->added_count]);
}
