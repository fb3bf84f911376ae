/* lease_set.h — the leases that are out: in memory only, they expire and are gone after a restart.
 * Open addressing by case id. Owner: struct store. Source: lease_set.c */
#ifndef RECORDS_LEASE_SET_H
#define RECORDS_LEASE_SET_H

#include <cadencia/time.h>
#include <stdbool.h>
#include <stdint.h>

enum { LEASES_MAX = 1 << 14 };
struct lease_entry {
  uint64_t case_id, campaign; /* case_id 0: free */
  uint32_t bucket;
  struct mono expires;
};
struct lease_set {
  struct lease_entry *table;
  uint32_t count, slots; /* slots: a power of two, grown as leases go out */
  struct mono swept;
};
int lease_set_open(struct lease_set *set);
void lease_set_close(struct lease_set *set);
struct lease_entry *lease_set_find(struct lease_set *set, uint64_t case_id, uint64_t campaign);
/* CAD_OK, CAD_EFULL, CAD_ENOMEM. Entries found before have moved. */
int lease_set_add(struct lease_set *set, const struct lease_entry *entry);
void lease_set_remove(struct lease_set *set, struct lease_entry *entry);
/* Takes one lease that is out of time; false when there is none. */
bool lease_set_expired(struct lease_set *set, struct mono now, struct lease_entry *out);

#endif
