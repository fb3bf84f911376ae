#include "lease_set.h"
#include <cadencia/err.h>
#include <stdlib.h>

enum { SLOTS_FIRST = 512, SWEEP_MS = 500 };

int lease_set_open(struct lease_set *set) {
  *set = (struct lease_set){0};
  set->slots = SLOTS_FIRST;
  set->table = calloc(set->slots, sizeof *set->table);
  return set->table ? CAD_OK : CAD_ENOMEM;
}

void lease_set_close(struct lease_set *set) {
  free(set->table);
  *set = (struct lease_set){0};
}

static uint32_t home(const struct lease_set *set, uint64_t case_id, uint64_t campaign) {
  return (uint32_t)(((case_id ^ (campaign << 7)) * 0x9e3779b97f4a7c15u) >> 40) & (set->slots - 1);
}

static uint32_t after(const struct lease_set *set, uint32_t i) { return (i + 1) & (set->slots - 1); }

static void place(struct lease_set *set, const struct lease_entry *entry) {
  uint32_t i = home(set, entry->case_id, entry->campaign);
  while (set->table[i].case_id != 0) i = after(set, i);
  set->table[i] = *entry;
}

static int grow(struct lease_set *set) {
  struct lease_set wide = {.slots = set->slots * 2};
  wide.table = calloc(wide.slots, sizeof *wide.table);
  if (!wide.table) return CAD_ENOMEM;
  for (uint32_t i = 0; i < set->slots; i++)
    if (set->table[i].case_id != 0) place(&wide, &set->table[i]);
  free(set->table);
  set->table = wide.table;
  set->slots = wide.slots;
  return CAD_OK;
}

struct lease_entry *lease_set_find(struct lease_set *set, uint64_t case_id, uint64_t campaign) {
  for (uint32_t i = home(set, case_id, campaign); set->table[i].case_id != 0; i = after(set, i))
    if (set->table[i].case_id == case_id && set->table[i].campaign == campaign) return &set->table[i];
  return NULL;
}

int lease_set_add(struct lease_set *set, const struct lease_entry *entry) {
  if (set->count == LEASES_MAX) return CAD_EFULL;
  if (2 * (set->count + 1) > set->slots) {
    int err = grow(set);
    if (err < 0) return err;
  }
  place(set, entry);
  set->count++;
  return CAD_OK;
}

void lease_set_remove(struct lease_set *set, struct lease_entry *entry) {
  uint32_t hole = (uint32_t)(entry - set->table);
  set->table[hole].case_id = 0;
  set->count--;
  /* Close the gap: whoever was pushed past the hole moves back into it. */
  const uint32_t mask = set->slots - 1;
  for (uint32_t i = after(set, hole); set->table[i].case_id != 0; i = after(set, i)) {
    uint32_t want = home(set, set->table[i].case_id, set->table[i].campaign);
    if (((i - want) & mask) < ((i - hole) & mask)) continue;
    set->table[hole] = set->table[i];
    set->table[i].case_id = 0;
    hole = i;
  }
}

bool lease_set_expired(struct lease_set *set, struct mono now, struct lease_entry *out) {
  if (set->count == 0 || mono_since(now, set->swept) < SWEEP_MS) return false;
  for (uint32_t i = 0; i < set->slots; i++) {
    if (set->table[i].case_id == 0 || set->table[i].expires.ms > now.ms) continue;
    *out = set->table[i];
    lease_set_remove(set, &set->table[i]);
    return true;
  }
  set->swept = now;
  return false;
}
