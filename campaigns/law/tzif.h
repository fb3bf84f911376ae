/* tzif.h — one time zone as RFC 8536 writes it: transitions, then a POSIX rule for all time after.
 * Owner: struct zones; read-only once loaded. Source: tzif.c, posix_tz.c */
#ifndef LAW_TZIF_H
#define LAW_TZIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mm.w.d, Jn or n of a POSIX TZ string, and the local second of that day. */
struct tz_date {
  char kind; /* 'M', 'J' (1..365, no 29 February) or 'N' (0..365) */
  int month, week, day;
  int32_t second;
};
struct tz_rule {
  bool present, has_dst;
  int32_t std_s, dst_s; /* seconds east of UTC */
  struct tz_date start, end;
};
/* 0, or < 0 when the text is not a TZ string. "" is good and absent. */
int tz_rule_parse(const char *text, size_t length, struct tz_rule *out);
int32_t tz_rule_offset_s(const struct tz_rule *r, int64_t utc_s);
/* First change after utc_s, INT64_MAX when there is none. */
int64_t tz_rule_change_s(const struct tz_rule *r, int64_t utc_s);

struct tzif {
  int64_t *times;     /* ascending */
  int32_t *offsets_s; /* from times[i] on */
  int count;
  int32_t first_offset_s; /* before times[0] */
  struct tz_rule rule;
};
/* CAD_OK, CAD_EFORMAT, CAD_ENOMEM. On success tzif_clear frees. */
int tzif_parse(const uint8_t *data, size_t bytes, struct tzif *out);
void tzif_clear(struct tzif *t);
int32_t tzif_offset_s(const struct tzif *t, int64_t utc_s);
int64_t tzif_change_s(const struct tzif *t, int64_t utc_s);

/* Days since 1970-01-01 of a civil date, and the year of such a day. Proleptic Gregorian. */
int64_t civil_days(int64_t year, int month, int day);
int64_t civil_year(int64_t days);

#endif
