/* number_set.h — an immutable set of phone numbers, tens of millions in two or three bytes each, mapped from a file.
 *
 * Numbers are grouped by their upper bits; a directory of groups is searched, then the 16 low bits within one group.
 * Exact. Thread: look-ups any; the rest the owner's. Source: number_set.c */
#ifndef RECORDS_NUMBER_SET_H
#define RECORDS_NUMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number_set;
enum { NUMBER_SET_MAX = 200000000 };
/* Sorts the numbers in place, drops what is twice and writes the file at path (replaced whole or not at all), made durable.
 * How many are in it, or CAD_EIO, CAD_EINVAL (too many). */
int64_t number_set_write(uint64_t *numbers, size_t n, const char *path);
/* Maps a file and checks every bound in it. CAD_OK, CAD_ENOENT, CAD_EFORMAT, CAD_ENOMEM. */
int number_set_open(const char *path, struct number_set **out);
struct number_set *number_set_close(struct number_set *s);
bool number_set_has(const struct number_set *s, uint64_t number);
uint64_t number_set_count(const struct number_set *s);
/* Calls row for each number in order until it returns < 0. */
int number_set_each(const struct number_set *s, int (*row)(void *arg, uint64_t number), void *arg);

#endif
