#include "dialer/base/clock.h"
#include <stdbool.h>
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

static bool take_digits(const char **p, const char *end, int digits, int least, int most, int *out) {
  *out = 0;
  for (int i = 0; i < digits; i++, (*p)++) {
    if (*p >= end || **p < '0' || **p > '9') return false;
    *out = *out * 10 + (**p - '0');
  }
  return *out >= least && *out <= most;
}
static bool take_char(const char **p, const char *end, char c) {
  if (*p >= end || **p != c) return false;
  (*p)++;
  return true;
}

struct wall clock_parse(const char *text, size_t n) {
  const char *p = text, *end = text + n;
  struct tm tm = {0};
  int year, month, ms = 0;
  if (!take_digits(&p, end, 4, 1970, 9999, &year) || !take_char(&p, end, '-') || !take_digits(&p, end, 2, 1, 12, &month) ||
      !take_char(&p, end, '-') || !take_digits(&p, end, 2, 1, 31, &tm.tm_mday))
    return WALL_NONE;
  if (take_char(&p, end, 'T')) {
    if (!take_digits(&p, end, 2, 0, 23, &tm.tm_hour) || !take_char(&p, end, ':') || !take_digits(&p, end, 2, 0, 59, &tm.tm_min))
      return WALL_NONE;
    if (take_char(&p, end, ':')) {
      if (!take_digits(&p, end, 2, 0, 59, &tm.tm_sec)) return WALL_NONE;
      if (take_char(&p, end, '.') && !take_digits(&p, end, 3, 0, 999, &ms)) return WALL_NONE;
    }
  }
  take_char(&p, end, 'Z');
  if (p != end) return WALL_NONE;
  tm.tm_year = year - 1900;
  tm.tm_mon = month - 1;
  int day = tm.tm_mday;
  time_t s = timegm(&tm);
  if (tm.tm_mday != day) return WALL_NONE; /* the 31st of a shorter month */
  return (struct wall){(int64_t)s * 1000 + ms};
}
