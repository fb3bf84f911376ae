#include <campaigns/law.h>
#include <string.h>

enum { DAY_MS = 86400000, PERIOD_DAYS = 30, CANADA_BP = 500 };

static const char *const NAMES[WINDOW_COUNT] = {"day", "campaign_30_days", "calendar_month"};

const char *abandon_window_name(enum abandon_window w) { return (unsigned)w < WINDOW_COUNT ? NAMES[w] : "unknown"; }

int abandon_window_parse(const char *word) {
  for (int i = 0; i < WINDOW_COUNT; i++)
    if (strcmp(NAMES[i], word) == 0) return i;
  return -1;
}

void abandon_rules_default(const char *country, bool screening, uint16_t limit_bp, struct abandon_rules *out) {
  *out = (struct abandon_rules){.count = 1};
  out->rules[0] = (struct abandon_rule){WINDOW_DAY, FORM_PLAIN, limit_bp};
  if (strcmp(country, "US") == 0) out->rules[out->count++] = (struct abandon_rule){WINDOW_CAMPAIGN, FORM_PLAIN, limit_bp};
  if (strcmp(country, "CA") == 0)
    out->rules[out->count++] = (struct abandon_rule){WINDOW_MONTH, FORM_PLAIN, limit_bp < CANADA_BP ? limit_bp : CANADA_BP};
  /* Without screening machines reach agents and wait for them: their share is known from those that were met. */
  if (strcmp(country, "GB") == 0 && !screening) out->rules[0].form = FORM_MACHINES;
}

const char *abandon_zone_default(const char *country) {
  static const char *const ZONES[][2] = {{"US", "America/New_York"}, {"CA", "America/Toronto"},   {"GB", "Europe/London"},
                                         {"IE", "Europe/Dublin"},    {"ES", "Europe/Madrid"},     {"MX", "America/Mexico_City"},
                                         {"CO", "America/Bogota"},   {"PE", "America/Lima"},      {"CL", "America/Santiago"},
                                         {"FR", "Europe/Paris"},     {"DE", "Europe/Berlin"},     {"AR", "America/Argentina/Buenos_Aires"},
                                         {"IT", "Europe/Rome"},      {"BR", "America/Sao_Paulo"}, {"PT", "Europe/Lisbon"}};
  for (size_t i = 0; i < sizeof ZONES / sizeof ZONES[0]; i++)
    if (strcmp(ZONES[i][0], country) == 0) return ZONES[i][1];
  return "UTC";
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Days since 1970-01-01 of the first day of a month, months counted from January of year 0. After the proleptic Gregorian
 * calendar, with years that begin in March so that the leap day comes last. */
static int64_t month_begins(int64_t months) {
  const int64_t shifted = months - 2, year = floor_div(shifted, 12), month = shifted - year * 12;
  const int64_t leap = floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400);
  return year * 365 + leap + (153 * month + 2) / 5 - 719468;
}

static int64_t month_of(int64_t day) {
  int64_t months = 1970 * 12 + floor_div(day * 400, 12175); /* within a month of the truth */
  while (month_begins(months) > day) months--;
  while (month_begins(months + 1) <= day) months++;
  return months;
}

/* The first instant of a local day. Where clocks jump over midnight the day begins after the jump. */
static struct wall local_midnight(const struct zones *z, uint16_t zone, int64_t day) {
  int64_t at = day * DAY_MS;
  if (zone == ZONE_NONE) return (struct wall){at};
  for (int i = 0; i < 3; i++) at = day * DAY_MS - (int64_t)zones_offset_s(z, zone, (struct wall){at}) * 1000;
  const int64_t local = at + (int64_t)zones_offset_s(z, zone, (struct wall){at}) * 1000;
  if (local < day * DAY_MS) { /* not reached by this offset: the jump is ahead */
    const struct wall jump = zones_change(z, zone, (struct wall){at - 1});
    if (jump.ms != 0 && jump.ms - at < DAY_MS / 4) at = jump.ms;
  }
  return (struct wall){at};
}

static int64_t local_day(const struct zones *z, uint16_t zone, struct wall at) {
  const int64_t offset = zone == ZONE_NONE ? 0 : (int64_t)zones_offset_s(z, zone, at) * 1000;
  return floor_div(at.ms + offset, DAY_MS);
}

void abandon_window_at(enum abandon_window window, const struct zones *z, uint16_t zone, struct wall started, struct wall at,
                       struct wall *begins, struct wall *ends) {
  if (window == WINDOW_CAMPAIGN) {
    *begins = started.ms == 0 ? at : abandon_period(started, at);
    *ends = wall_add(*begins, (int64_t)PERIOD_DAYS * DAY_MS);
    return;
  }
  int64_t first = local_day(z, zone, at), next = first + 1;
  if (window == WINDOW_MONTH) {
    const int64_t month = month_of(first);
    first = month_begins(month), next = month_begins(month + 1);
  }
  *begins = local_midnight(z, zone, first);
  *ends = local_midnight(z, zone, next);
  /* Clocks set back over midnight: the hour that comes twice belongs to the day that began first. */
  if (begins->ms > at.ms) *begins = at;
  if (ends->ms <= at.ms) *ends = wall_add(at, 1000);
}

bool abandon_disposed_machine(const char *code) {
  static const char *const CODES[] = {"A", "AA", "AM", "AL", "LM"};
  for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
    if (strncmp(CODES[i], code, 8) == 0) return true;
  return false;
}
