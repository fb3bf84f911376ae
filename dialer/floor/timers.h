/* timers.h — one deadline for each of a fixed set of owners, earliest first.
 *
 * A binary heap over owner numbers 0..owners-1: set, clear and pop are O(log n), nothing
 * is allocated after create. Pure. Owner: the floor. Source: timers.c */
#ifndef FLOOR_TIMERS_H
#define FLOOR_TIMERS_H

#include <cadencia/time.h>
#include <stdbool.h>

struct timers;
struct timers *timers_create(uint32_t owners);
struct timers *timers_destroy(struct timers *t);
void timers_set(struct timers *t, uint32_t owner, struct mono when); /* moves an armed one */
void timers_clear(struct timers *t, uint32_t owner);
bool timers_armed(const struct timers *t, uint32_t owner);
struct mono timers_when(const struct timers *t, uint32_t owner); /* MONO_NONE: not armed */
/* MONO_NONE when none is armed. */
struct mono timers_next(const struct timers *t);
/* Takes the earliest owner whose deadline is <= now; false: none. Ties by owner number. */
bool timers_pop(struct timers *t, struct mono now, uint32_t *owner);

#endif
