/* crash_disk.h — a disk in memory under SQLite that forgets: what was written and not synced is lost, kept or torn, sector by
 * sector, when it crashes; it can be full for a while. Registered as SQLite's default VFS, so that the records run on it
 * unchanged. One disk, one thread. Source: crash_disk.c */
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Once, before any database is opened. */
void crash_disk_register(void);
/* All files gone, alive, not full. */
void crash_disk_format(void);
/* It dies at the n-th write or sync from now; 0: never. */
void crash_disk_arm(uint32_t operations);
bool crash_disk_dead(void);
/* It works again with what survived, drawn from the seed. Every connection must be closed before. */
void crash_disk_revive(uint64_t seed);
/* Full: whatever makes a file longer fails. */
void crash_disk_full(bool full);
struct crash_disk_counts {
  uint64_t writes, syncs, lost, kept, torn, full; /* lost, kept, torn: writes that were not synced when it died */
};
struct crash_disk_counts crash_disk_count(void);

#endif
