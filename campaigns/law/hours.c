#include <cadencia/err.h>
#include <campaigns/law.h>
#include <string.h>

enum { DAY_MS = 86400000, MINUTE_MS = 60000, SEARCH_DAYS = 8 };

int hours_default(const char *country, struct hours *out) {
  if (strcmp(country, "US") != 0) return CAD_ENOENT;
  for (int day = 0; day < 7; day++) out->open[day] = 8 * 60, out->close[day] = 21 * 60;
  return CAD_OK;
}

bool hours_valid(const struct hours *h) {
  bool ever = false;
  for (int day = 0; day < 7; day++) {
    if (h->close[day] > 24 * 60 || h->open[day] > h->close[day]) return false;
    ever |= h->open[day] < h->close[day];
  }
  return ever;
}

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

static int weekday(int64_t days) { return (int)(((days + 4) % 7 + 7) % 7); }

static bool zone_allows(const struct hours *h, const struct zones *z, uint16_t zone, struct wall at) {
  if (zone == ZONE_NONE) return false;
  int64_t local = at.ms + (int64_t)zones_offset_s(z, zone, at) * 1000;
  int64_t days = floor_div(local, DAY_MS), in_day = local - days * DAY_MS;
  int day = weekday(days);
  return in_day >= (int64_t)h->open[day] * MINUTE_MS && in_day < (int64_t)h->close[day] * MINUTE_MS;
}

bool hours_allow(const struct hours *h, const struct zones *z, const uint16_t *zones, int n, struct wall at) {
  for (int i = 0; i < n; i++)
    if (!zone_allows(h, z, zones[i], at)) return false;
  return n > 0;
}

/* Earliest local instant >= local within the hours while the offset stays as it is; local + 8 days if none. */
static int64_t local_next(const struct hours *h, int64_t local) {
  int64_t days = floor_div(local, DAY_MS);
  for (int i = 0; i <= SEARCH_DAYS; i++, days++) {
    int day = weekday(days);
    int64_t open = days * DAY_MS + (int64_t)h->open[day] * MINUTE_MS, close = days * DAY_MS + (int64_t)h->close[day] * MINUTE_MS;
    int64_t from = local > open ? local : open;
    if (from < close) return from;
  }
  return local + (int64_t)SEARCH_DAYS * DAY_MS;
}

/* Earliest instant >= at for one zone, walked from offset change to offset change: exact on days
 * with a missing or a doubled hour. `until` or later: none. */
static struct wall zone_next(const struct hours *h, const struct zones *z, uint16_t zone, struct wall at, struct wall until) {
  while (at.ms < until.ms) {
    int64_t offset_ms = (int64_t)zones_offset_s(z, zone, at) * 1000;
    struct wall next = {local_next(h, at.ms + offset_ms) - offset_ms}, change = zones_change(z, zone, at);
    if (change.ms == 0 || next.ms < change.ms) return next;
    at = change;
  }
  return until;
}

struct wall hours_next(const struct hours *h, const struct zones *z, const uint16_t *zones, int n, struct wall at) {
  struct wall until = wall_add(at, (int64_t)SEARCH_DAYS * DAY_MS);
  if (n == 0) return WALL_NONE;
  for (int i = 0, agreed = 0; agreed < n; i = (i + 1) % n) { /* until a whole round moves nothing */
    if (zones[i] == ZONE_NONE) return WALL_NONE;
    struct wall next = zone_next(h, z, zones[i], at, until);
    if (next.ms >= until.ms) return WALL_NONE;
    agreed = next.ms == at.ms ? agreed + 1 : 1;
    at = next;
  }
  return at;
}

static int64_t zone_left_ms(const struct hours *h, const struct zones *z, uint16_t zone, struct wall at) {
  int64_t local = at.ms + (int64_t)zones_offset_s(z, zone, at) * 1000;
  int64_t days = floor_div(local, DAY_MS), left = (int64_t)h->close[weekday(days)] * MINUTE_MS - (local - days * DAY_MS);
  bool till_midnight = h->close[weekday(days)] == 24 * 60;
  for (int next = 1; next <= 2 && till_midnight && h->open[weekday(days + next)] == 0; next++) { /* open through the night */
    left += (int64_t)h->close[weekday(days + next)] * MINUTE_MS;
    till_midnight = h->close[weekday(days + next)] == 24 * 60;
  }
  return left;
}

struct wall hours_until(const struct hours *h, const struct zones *z, const uint16_t *zones, int n, struct wall at) {
  if (!hours_allow(h, z, zones, n, at)) return at;
  int64_t left = INT64_MAX;
  for (int i = 0; i < n; i++) {
    int64_t in_zone = zone_left_ms(h, z, zones[i], at);
    if (in_zone < left) left = in_zone;
  }
  return wall_add(at, left);
}
