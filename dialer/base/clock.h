/* clock.h — the only reader of clocks. Thread: any. Source: clock.c */
#ifndef CADENCIA_CLOCK_H
#define CADENCIA_CLOCK_H

#include <cadencia/time.h>
#include <stddef.h>

struct mono clock_mono(void);
struct wall clock_wall(void);
struct now clock_now(void);
/* Microseconds of CLOCK_MONOTONIC, for measuring lag. */
int64_t clock_mono_us(void);
/* Shift added to every wall reading of this process; rehearsal sets the rules' clock
 * to a permitted hour with it. Call before threads start. */
void clock_set_wall_shift(int64_t ms);
/* "2026-11-21T20:34:05.123Z"; out has room for 25 bytes. WALL_NONE gives "". */
void clock_iso8601(struct wall t, char out[25]);
/* The other way: "2026-11-21", "2026-11-21T20:34", with seconds, with milliseconds; UTC, "Z" or nothing behind. n: its
 * length. WALL_NONE: no such instant. */
struct wall clock_parse(const char *text, size_t n);

#endif
