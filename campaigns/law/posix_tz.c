#include "tzif.h"
#include <cadencia/err.h>

/* Years counted from March keep the leap day at the end; era = 400 years. */
int64_t civil_days(int64_t year, int month, int day) {
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int64_t civil_year(int64_t days) {
  int64_t year = 1970 + days * 400 / 146097; /* right, or one off */
  while (civil_days(year + 1, 1, 1) <= days) year++;
  while (civil_days(year, 1, 1) > days) year--;
  return year;
}

static bool leap(int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

struct text {
  const char *at, *end;
};

static bool next_is(struct text *t, char c) {
  if (t->at == t->end || *t->at != c) return false;
  t->at++;
  return true;
}

static int number(struct text *t, int max, int *out) {
  int value = 0, digits = 0;
  while (t->at < t->end && *t->at >= '0' && *t->at <= '9' && digits < 4) value = value * 10 + (*t->at++ - '0'), digits++;
  if (digits == 0 || value > max) return CAD_EFORMAT;
  *out = value;
  return CAD_OK;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static int clock_time(struct text *t, int max_hours, int32_t *out) {
  int sign = next_is(t, '-') ? -1 : 1, h = 0, m = 0, s = 0;
  if (sign == 1) next_is(t, '+');
  if (number(t, max_hours, &h) < 0) return CAD_EFORMAT;
  if (next_is(t, ':') && number(t, 59, &m) < 0) return CAD_EFORMAT;
  if (next_is(t, ':') && number(t, 59, &s) < 0) return CAD_EFORMAT;
  *out = sign * (h * 3600 + m * 60 + s);
  return CAD_OK;
}

static int zone_word(struct text *t) {
  const char *from = t->at;
  if (next_is(t, '<')) {
    while (t->at < t->end && *t->at != '>') t->at++;
    return next_is(t, '>') ? CAD_OK : CAD_EFORMAT;
  }
  while (t->at < t->end && ((*t->at >= 'A' && *t->at <= 'Z') || (*t->at >= 'a' && *t->at <= 'z'))) t->at++;
  return t->at - from >= 3 ? CAD_OK : CAD_EFORMAT;
}

static int date(struct text *t, struct tz_date *d) {
  d->second = 7200;
  if (next_is(t, 'M')) {
    d->kind = 'M';
    if (number(t, 12, &d->month) < 0 || !next_is(t, '.') || number(t, 5, &d->week) < 0 || !next_is(t, '.') || number(t, 6, &d->day) < 0)
      return CAD_EFORMAT;
    if (d->month < 1 || d->week < 1) return CAD_EFORMAT;
  } else {
    d->kind = next_is(t, 'J') ? 'J' : 'N';
    if (number(t, 365, &d->day) < 0 || (d->kind == 'J' && d->day < 1)) return CAD_EFORMAT;
  }
  return next_is(t, '/') ? clock_time(t, 167, &d->second) : CAD_OK;
}

int tz_rule_parse(const char *text, size_t length, struct tz_rule *out) {
  struct tz_rule r = {0};
  struct text t = {text, text + length};
  if (length > 0) {
    int32_t west = 0;
    r.present = true;
    if (zone_word(&t) < 0 || clock_time(&t, 24, &west) < 0) return CAD_EFORMAT;
    r.std_s = -west;
    r.has_dst = t.at < t.end;
    if (r.has_dst) {
      if (zone_word(&t) < 0) return CAD_EFORMAT;
      r.dst_s = r.std_s + 3600;
      if (t.at < t.end && *t.at != ',') {
        if (clock_time(&t, 24, &west) < 0) return CAD_EFORMAT;
        r.dst_s = -west;
      }
      if (!next_is(&t, ',') || date(&t, &r.start) < 0 || !next_is(&t, ',') || date(&t, &r.end) < 0) return CAD_EFORMAT;
    }
    if (t.at != t.end) return CAD_EFORMAT;
  }
  *out = r;
  return CAD_OK;
}

/* Local seconds since 1970 of the rule's date in that year. */
static int64_t date_local_s(const struct tz_date *d, int64_t year) {
  int64_t day;
  if (d->kind == 'M') {
    int64_t first = civil_days(year, d->month, 1);
    int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    day = first + (d->day - weekday + 7) % 7 + 7 * (d->week - 1);
    int64_t after = d->month == 12 ? civil_days(year + 1, 1, 1) : civil_days(year, d->month + 1, 1);
    if (day >= after) day -= 7; /* week 5 means the last one */
  } else if (d->kind == 'J') {
    day = civil_days(year, 1, 1) + d->day - 1 + (leap(year) && d->day >= 60);
  } else {
    day = civil_days(year, 1, 1) + d->day;
  }
  return day * 86400 + d->second;
}

/* The changes of the years around, in order of time: an instant is ruled by the last one not after it. */
struct change {
  int64_t at_s;
  int32_t offset_s;
};
enum { CHANGES = 8 };

static void changes_around(const struct tz_rule *r, int64_t utc_s, struct change out[CHANGES]) {
  enum { DAYS_MAX = 1 << 30 }; /* three million years: more is not a date */
  int64_t days = utc_s / 86400;
  days = days > DAYS_MAX ? DAYS_MAX : days < -DAYS_MAX ? -DAYS_MAX : days;
  int64_t year = civil_year(days) - 1;
  for (int i = 0; i < CHANGES / 2; i++, year++) {
    out[2 * i] = (struct change){date_local_s(&r->start, year) - r->std_s, r->dst_s};
    out[2 * i + 1] = (struct change){date_local_s(&r->end, year) - r->dst_s, r->std_s};
  }
  for (int i = 1; i < CHANGES; i++) /* southern summers end before they start */
    for (int k = i; k > 0 && out[k].at_s < out[k - 1].at_s; k--) {
      struct change swap = out[k];
      out[k] = out[k - 1];
      out[k - 1] = swap;
    }
}

int32_t tz_rule_offset_s(const struct tz_rule *r, int64_t utc_s) {
  if (!r->has_dst) return r->std_s;
  struct change c[CHANGES];
  changes_around(r, utc_s, c);
  int32_t offset = r->std_s;
  for (int i = 0; i < CHANGES && c[i].at_s <= utc_s; i++) offset = c[i].offset_s;
  return offset;
}

int64_t tz_rule_change_s(const struct tz_rule *r, int64_t utc_s) {
  if (!r->has_dst) return INT64_MAX;
  struct change c[CHANGES];
  changes_around(r, utc_s, c);
  for (int i = 0; i < CHANGES; i++)
    if (c[i].at_s > utc_s) return c[i].at_s;
  return INT64_MAX;
}
