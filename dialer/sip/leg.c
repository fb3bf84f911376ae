#include "dialer/sip/leg.h"
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(uintptr_t) >= 8, "a ticket needs 64 bits");

enum { CHUNK_LEGS = 256 };

struct leg_table {
  struct leg_entry **chunks; /* grown one by one, never moved */
  uint32_t legs_max, made, count;
  struct leg_entry *free;
  struct leg_entry **buckets;
  uint32_t bucket_mask;
};

struct leg_table *leg_table_create(uint32_t legs_max) {
  struct leg_table *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  uint32_t buckets = 64;
  while (buckets < legs_max) buckets *= 2;
  t->legs_max = legs_max;
  t->bucket_mask = buckets - 1;
  t->buckets = calloc(buckets, sizeof(struct leg_entry *));
  t->chunks = calloc((legs_max + CHUNK_LEGS - 1) / CHUNK_LEGS, sizeof(struct leg_entry *));
  return t->buckets && t->chunks ? t : leg_table_destroy(t);
}

static void caller_free(struct leg_entry *leg) {
  if (leg->caller) free(leg->caller->sdp);
  free(leg->caller);
  leg->caller = NULL;
}

struct leg_table *leg_table_destroy(struct leg_table *t) {
  if (!t) return NULL;
  uint32_t cursor = 0;
  for (struct leg_entry *leg; t->chunks && (leg = leg_each(t, &cursor)) != NULL;) {
    free(leg->dialog);
    caller_free(leg);
  }
  for (uint32_t at = 0; t->chunks && at < t->made; at += CHUNK_LEGS) free(t->chunks[at / CHUNK_LEGS]);
  free(t->chunks);
  free(t->buckets);
  free(t);
  return NULL;
}

static struct leg_entry *entry(const struct leg_table *t, uint32_t index) { return &t->chunks[index / CHUNK_LEGS][index % CHUNK_LEGS]; }

static struct leg_entry **bucket(struct leg_table *t, struct leg id) {
  uint64_t h = ((uint64_t)id.gen << 32 | id.slot) * 0x9e3779b97f4a7c15ULL + id.role;
  return &t->buckets[(uint32_t)(h >> 32) & t->bucket_mask];
}

static struct leg_entry *take_free(struct leg_table *t) {
  if (t->free) {
    struct leg_entry *leg = t->free;
    t->free = leg->next;
    return leg;
  }
  if (t->made >= t->legs_max) return NULL;
  if (t->made % CHUNK_LEGS == 0 && !t->chunks[t->made / CHUNK_LEGS]) {
    t->chunks[t->made / CHUNK_LEGS] = calloc(CHUNK_LEGS, sizeof(struct leg_entry));
    if (!t->chunks[t->made / CHUNK_LEGS]) return NULL;
  }
  struct leg_entry *leg = entry(t, t->made);
  leg->index = t->made++;
  return leg;
}

struct leg_entry *leg_add(struct leg_table *t, struct leg id) {
  struct leg_entry *leg = take_free(t);
  if (!leg) return NULL;
  uint32_t index = leg->index, gen = leg->gen + 1;
  memset(leg, 0, sizeof *leg);
  leg->index = index;
  leg->gen = gen ? gen : 1;
  leg->id = id;
  leg->state = LEG_CALLING;
  struct leg_entry **head = bucket(t, id);
  leg->next = *head;
  *head = leg;
  t->count++;
  return leg;
}

void leg_rename(struct leg_table *t, struct leg_entry *leg, struct leg id) {
  struct leg_entry **at = bucket(t, leg->id), **head = bucket(t, id);
  while (*at && *at != leg) at = &(*at)->next;
  if (*at) *at = leg->next;
  leg->id = id;
  leg->next = *head;
  *head = leg;
}

void leg_remove(struct leg_table *t, struct leg_entry *leg) {
  struct leg_entry **at = bucket(t, leg->id);
  while (*at && *at != leg) at = &(*at)->next;
  if (!*at) return;
  *at = leg->next;
  free(leg->dialog);
  leg->dialog = NULL;
  caller_free(leg);
  leg->state = LEG_FREE;
  leg->next = t->free;
  t->free = leg;
  t->count--;
}

struct leg_entry *leg_find(struct leg_table *t, struct leg id) {
  struct leg_entry *leg = *bucket(t, id);
  while (leg && !leg_eq(leg->id, id)) leg = leg->next;
  return leg;
}

uint32_t leg_count(const struct leg_table *t) { return t->count; }

struct leg_entry *leg_each(struct leg_table *t, uint32_t *cursor) {
  while (*cursor < t->made) {
    struct leg_entry *leg = entry(t, (*cursor)++);
    if (leg->state != LEG_FREE) return leg;
  }
  return NULL;
}

void *leg_ticket(const struct leg_entry *leg) {
  return (void *)((uintptr_t)leg->gen << 32 | (leg->index + 1U)); /* never NULL: strangers' calls have NULL */
}

struct leg_entry *leg_of_ticket(struct leg_table *t, const void *ticket) {
  uint32_t index = (uint32_t)(uintptr_t)ticket, gen = (uint32_t)((uintptr_t)ticket >> 32);
  if (index == 0 || index > t->made) return NULL;
  struct leg_entry *leg = entry(t, index - 1);
  return leg->state != LEG_FREE && leg->gen == gen ? leg : NULL;
}
