/* image.h — the pages of the program and of its libraries that nobody needs now.
 *
 * What a start runs once (relocation, tables, whole libraries) stays mapped for ever, and so does its surrounding: the system maps 16 pages
 * for one that is asked for. image_rest drops our mapping of every page that was read from a file and never written; what is still used is
 * mapped again at the next touch from the page cache, without the disk: some 50 faults of a microsecond or two.
 * Thread: any, one caller. Source: image.c, madvise(2) MADV_DONTNEED, dl_iterate_phdr(3) */
#ifndef CADENCIA_IMAGE_H
#define CADENCIA_IMAGE_H

#include <cadencia/time.h>

enum { IMAGE_EVERY_MS = 10000 };

/* Does it when *next is past, which then lies IMAGE_EVERY_MS ahead. Begin with the time of the start: then the first is a period later.
 * Returns the kB of address space gone over, 0 when it was not time or a debugger has its breakpoints in these pages. */
long image_rest(struct mono *next, struct mono now);

#endif
