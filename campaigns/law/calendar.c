#include "tzif.h"
#include <cadencia/err.h>
#include <campaigns/rules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 200000, COVERS_MAX = 512, LINE_MAX_BYTES = 400 };

struct cover {
  uint64_t region;
  int64_t from, to; /* both in it */
};
struct calendar {
  struct calendar_entry *entries; /* by day once ready */
  int count, room, cover_count;
  struct cover covers[COVERS_MAX];
};

struct calendar *calendar_create(void) {
  return calloc(1, sizeof(struct calendar));
}

struct calendar *calendar_destroy(struct calendar *c) {
  if (c) free(c->entries);
  free(c);
  return NULL;
}

bool calendar_date(const char *text, int64_t *day) {
  static const int DAYS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (strlen(text) != 10 || text[4] != '-' || text[7] != '-') return false;
  for (int i = 0; i < 10; i++)
    if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9')) return false;
  int year = atoi(text), month = atoi(text + 5), d = atoi(text + 8);
  if (year < 1970 || year > 2200 || month < 1 || month > 12 || d < 1 || d > DAYS[month - 1]) return false;
  int64_t found = civil_days(year, month, d);
  if (month == 2 && d == 29 && found == civil_days(year, 3, 1)) return false;
  *day = found;
  return true;
}

void calendar_date_text(int64_t day, char out[16]) {
  int64_t year = civil_year(day);
  int month = 12;
  while (month > 1 && civil_days(year, month, 1) > day) month--;
  snprintf(out, 16, "%04d-%02d-%02d", (int)(year % 10000), month % 100, (int)((day - civil_days(year, month, 1) + 1) % 100));
}

static int put(struct calendar *c, const struct calendar_entry *e) {
  if (c->count == ENTRIES_MAX) return CAD_EFULL;
  if (c->count == c->room) {
    int room = c->room ? c->room * 2 : 256;
    struct calendar_entry *bigger = realloc(c->entries, (size_t)room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    c->entries = bigger;
    c->room = room;
  }
  c->entries[c->count++] = *e;
  return CAD_OK;
}

static int add_line(struct calendar *c, char *line) {
  char *field[4], *rest = line;
  int n = 0;
  for (; n < 4 && rest; n++) {
    field[n] = rest;
    rest = n < 3 ? strchr(rest, ',') : NULL;
    if (rest) *rest++ = '\0';
  }
  if (n < 3) return CAD_EFORMAT;
  uint64_t region = region_parse(field[1]);
  if (region == 0) return CAD_EFORMAT;
  if (strcmp(field[0], "covers") == 0) {
    struct cover v = {.region = region};
    if (n != 4 || !calendar_date(field[2], &v.from) || !calendar_date(field[3], &v.to) || v.from > v.to) return CAD_EFORMAT;
    if (c->cover_count == COVERS_MAX) return CAD_EFULL;
    c->covers[c->cover_count++] = v;
    return CAD_OK;
  }
  struct calendar_entry e = {.region = region};
  if (!calendar_date(field[0], &e.day)) return CAD_EFORMAT;
  e.kind = strcmp(field[2], "holiday") == 0 ? DAY_HOLIDAY : strcmp(field[2], "ban") == 0 ? DAY_BAN : 0;
  if (e.kind == 0) return CAD_EFORMAT;
  if (n == 4) {
    size_t used = strnlen(field[3], sizeof e.name - 1);
    while (used > 0 && field[3][used] && ((unsigned char)field[3][used] & 0xc0) == 0x80) used--; /* whole characters */
    memcpy(e.name, field[3], used);
  }
  return put(c, &e);
}

int calendar_add(struct calendar *c, const char *text, int *line) {
  for (*line = 1; *text; (*line)++) {
    char copy[LINE_MAX_BYTES];
    size_t length = strcspn(text, "\n"), used = length;
    if (used >= sizeof copy) return CAD_EFORMAT;
    memcpy(copy, text, used);
    if (used > 0 && copy[used - 1] == '\r') used--;
    copy[used] = '\0';
    int err = used == 0 || copy[0] == '#' ? CAD_OK : add_line(c, copy);
    if (err < 0) return err;
    text += length + (text[length] == '\n');
  }
  return CAD_OK;
}

static int by_day(const void *a, const void *b) {
  const struct calendar_entry *x = a, *y = b;
  if (x->day != y->day) return x->day < y->day ? -1 : 1;
  if (x->region != y->region) return x->region < y->region ? -1 : 1;
  return x->kind - y->kind;
}

void calendar_ready(struct calendar *c) {
  if (c->count) qsort(c->entries, (size_t)c->count, sizeof *c->entries, by_day);
}

unsigned calendar_day(const struct calendar *c, uint64_t region, int64_t day, const char **name) {
  unsigned kinds = 0;
  int low = 0, high = c ? c->count : 0;
  while (low < high) {
    int mid = low + (high - low) / 2;
    if (c->entries[mid].day < day)
      low = mid + 1;
    else
      high = mid;
  }
  for (int i = low; c && i < c->count && c->entries[i].day == day; i++) {
    if (!region_covers(c->entries[i].region, region)) continue;
    if (kinds == 0 && name) *name = c->entries[i].name;
    kinds |= c->entries[i].kind;
  }
  return kinds;
}

bool calendar_covers(const struct calendar *c, uint64_t region, int64_t day) {
  for (int i = 0; c && i < c->cover_count; i++)
    if (c->covers[i].region == region_country(region) && day >= c->covers[i].from && day <= c->covers[i].to) return true;
  return false;
}

int calendar_count(const struct calendar *c) { return c->count; }
const struct calendar_entry *calendar_entry(const struct calendar *c, int i) { return &c->entries[i]; }
