#include "dialer/base/clock.h"
#include <stdio.h>
#include <time.h>

static int64_t wall_shift_ms;

static int64_t read_us(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct mono clock_mono(void) {
  return (struct mono){read_us(CLOCK_MONOTONIC) / 1000};
}
struct wall clock_wall(void) {
  return (struct wall){read_us(CLOCK_REALTIME) / 1000 + wall_shift_ms};
}
struct now clock_now(void) {
  return (struct now){clock_mono(), clock_wall()};
}
int64_t clock_mono_us(void) { return read_us(CLOCK_MONOTONIC); }
void clock_set_wall_shift(int64_t ms) { wall_shift_ms = ms; }

void clock_iso8601(struct wall t, char out[25]) {
  out[0] = 0;
  if (t.ms == 0) return;
  time_t s = (time_t)(t.ms / 1000);
  struct tm tm;
  gmtime_r(&s, &tm);
  char text[64];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
           tm.tm_sec, (int)(t.ms % 1000));
  snprintf(out, 25, "%.24s", text);
}
