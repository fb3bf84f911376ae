#include "tzif.h"
#include <cadencia/err.h>
#include <campaigns/law.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ZONES_MAX = 1024, NAME_MAX_BYTES = 64, FILE_MAX_BYTES = 64 * 1024, DIR_MAX_BYTES = 256 };

struct zone {
  char name[NAME_MAX_BYTES];
  struct tzif tzif;
};
struct zones {
  char dir[DIR_MAX_BYTES];
  struct zone *all;
  uint16_t count;
};

struct zones *zones_create(const char *dir) {
  struct stat st;
  if (strlen(dir) >= DIR_MAX_BYTES || stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) return NULL;
  struct zones *z = calloc(1, sizeof *z);
  if (!z) return NULL;
  z->all = calloc(ZONES_MAX, sizeof *z->all);
  if (!z->all) return zones_destroy(z);
  strcpy(z->dir, dir);
  return z;
}

struct zones *zones_destroy(struct zones *z) {
  if (!z) return NULL;
  for (uint16_t i = 0; i < z->count; i++) tzif_clear(&z->all[i].tzif);
  free(z->all);
  free(z);
  return NULL;
}

/* Letters, digits, _ - + and single slashes: nothing that leaves the directory. */
static bool name_good(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length >= NAME_MAX_BYTES || name[0] == '/' || name[length - 1] == '/') return false;
  for (size_t i = 0; i < length; i++) {
    char c = name[i];
    bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
    if (!word && !(c == '/' && name[i - 1] != '/')) return false;
  }
  return true;
}

static int load(const struct zones *z, const char *name, struct tzif *out) {
  char path[DIR_MAX_BYTES + NAME_MAX_BYTES + 2];
  snprintf(path, sizeof path, "%s/%s", z->dir, name);
  struct stat st;
  if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES) return CAD_ENOENT;
  FILE *f = fopen(path, "rb");
  if (!f) return CAD_ENOENT;
  uint8_t *data = malloc(FILE_MAX_BYTES);
  size_t bytes = data ? fread(data, 1, FILE_MAX_BYTES, f) : 0;
  fclose(f);
  int err = data ? tzif_parse(data, bytes, out) : CAD_ENOMEM;
  free(data);
  return err;
}

uint16_t zones_find(struct zones *z, const char *name) {
  for (uint16_t i = 0; i < z->count; i++)
    if (strcmp(z->all[i].name, name) == 0) return i;
  if (z->count == ZONES_MAX || !name_good(name)) return ZONE_NONE;
  struct zone *zone = &z->all[z->count];
  if (load(z, name, &zone->tzif) < 0) return ZONE_NONE;
  strcpy(zone->name, name);
  return z->count++;
}

static int64_t seconds(struct wall at) { return at.ms >= 0 ? at.ms / 1000 : -((-at.ms + 999) / 1000); }

int32_t zones_offset_s(const struct zones *z, uint16_t zone, struct wall at) {
  return zone < z->count ? tzif_offset_s(&z->all[zone].tzif, seconds(at)) : 0;
}

struct wall zones_change(const struct zones *z, uint16_t zone, struct wall at) {
  int64_t s = zone < z->count ? tzif_change_s(&z->all[zone].tzif, seconds(at)) : INT64_MAX;
  return s > INT64_MAX / 1000 ? WALL_NONE : (struct wall){s * 1000};
}

bool zones_alike(const struct zones *z, uint16_t a, uint16_t b, struct wall at) {
  const struct wall end = wall_add(at, INT64_C(10) * 366 * 86400000);
  for (struct wall t = at; a != b && t.ms < end.ms;) {
    if (zones_offset_s(z, a, t) != zones_offset_s(z, b, t)) return false;
    struct wall x = zones_change(z, a, t), y = zones_change(z, b, t);
    if (x.ms == 0 && y.ms == 0) return true;
    t = y.ms == 0 || (x.ms != 0 && x.ms < y.ms) ? x : y;
  }
  return true;
}

const char *zones_name(const struct zones *z, uint16_t zone) { return zone < z->count ? z->all[zone].name : ""; }
