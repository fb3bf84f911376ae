#include "dialer/local/wrapup_fields.h"
#include <campaigns/rules.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 32, VALUE_MAX_BYTES = 200 };
struct pair {
  char name[NAME_MAX_BYTES + 1], value[VALUE_MAX_BYTES + 1];
};

/* The next NAME=VALUE; 1 there is one, 0 the end, -1 it is none. A value may hold commas: a new pair begins where ",NAME=" does. */
static int next_pair(const char **rest, struct pair *p) {
  const char *at = *rest;
  size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  if (*at == 0) return 0;
  if (n == 0 || n > NAME_MAX_BYTES || at[n] != '=') return -1;
  memcpy(p->name, at, n);
  p->name[n] = 0;
  const char *value = at + n + 1, *end = value;
  for (; *end; end++) {
    size_t name = *end == ',' ? strspn(end + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") : 0;
    if (name > 0 && end[1 + name] == '=') break;
  }
  size_t length = (size_t)(end - value);
  if (length > VALUE_MAX_BYTES) return -1;
  memcpy(p->value, value, length);
  p->value[length] = 0;
  *rest = end + (*end == ',');
  return 1;
}

/* The kind of that name in the description, "" when it is not there; *needed: it must be given. */
static void kind_of(const char *description, const char *name, char kind[16], bool *needed) {
  struct pair p;
  kind[0] = 0;
  *needed = false;
  for (const char *rest = description; next_pair(&rest, &p) > 0;) {
    if (strcmp(p.name, name) != 0) continue;
    size_t n = strlen(p.value);
    *needed = n > 0 && p.value[n - 1] == '!';
    snprintf(kind, 16, "%.*s", (int)(n - *needed), p.value);
  }
}

bool fields_described(const char *description, char why[WRAPUP_WHY_MAX]) {
  char names[512] = ",", mark[NAME_MAX_BYTES + 3], kind[16];
  struct pair p;
  int r;
  bool needed;
  for (const char *rest = description; (r = next_pair(&rest, &p)) != 0;) {
    if (r < 0)
      return snprintf(why, WRAPUP_WHY_MAX, "\"%.60s\" must be NAME=text, NAME=number or NAME=date, with ! behind what must be there", rest),
             false;
    snprintf(mark, sizeof mark, ",%s,", p.name);
    kind_of(description, p.name, kind, &needed);
    if (strstr(names, mark)) return snprintf(why, WRAPUP_WHY_MAX, "the field %s stands there twice", p.name), false;
    if (strcmp(kind, "text") != 0 && strcmp(kind, "number") != 0 && strcmp(kind, "date") != 0)
      return snprintf(why, WRAPUP_WHY_MAX, "the field %s must be text, number or date", p.name), false;
    snprintf(names + strlen(names), sizeof names - strlen(names), "%s,", p.name);
  }
  return true;
}

/* "1.234,56" is not guessed at: digits, one point or one comma before the decimals. */
static bool number_good(char *text) {
  size_t digits = 0, points = 0;
  for (char *p = text + (*text == '-'); *p; p++) {
    if (*p == ',') *p = '.';
    if (*p == '.')
      points++;
    else if (*p >= '0' && *p <= '9')
      digits++;
    else
      return false;
  }
  return digits > 0 && points <= 1;
}

json_t *fields_given(const char *description, const char *given, char why[WRAPUP_WHY_MAX]) {
  json_t *out = json_object();
  struct pair p;
  char kind[16];
  bool needed, good = true;
  int r = 0;
  int64_t day;
  for (const char *rest = given ? given : ""; good && (r = next_pair(&rest, &p)) != 0;) {
    if (r < 0) return json_decref(out), snprintf(why, WRAPUP_WHY_MAX, "\"%.60s\" must be NAME=VALUE", rest), NULL;
    kind_of(description, p.name, kind, &needed);
    if (description[0] && !kind[0])
      good = snprintf(why, WRAPUP_WHY_MAX, "the code has no field %s; its fields: %.100s", p.name, description) < 0;
    else if (strcmp(kind, "number") == 0 && !number_good(p.value))
      good = snprintf(why, WRAPUP_WHY_MAX, "%s=%.40s must be a number, as 120.50", p.name, p.value) < 0;
    else if (strcmp(kind, "date") == 0 && !calendar_date(p.value, &day))
      good = snprintf(why, WRAPUP_WHY_MAX, "%s=%.40s must be a date, as 2026-12-01", p.name, p.value) < 0;
    if (good) json_object_set_new(out, p.name, json_string(p.value));
  }
  for (const char *rest = description; good && next_pair(&rest, &p) > 0;) {
    kind_of(description, p.name, kind, &needed);
    const char *value = json_string_value(json_object_get(out, p.name));
    if (needed && (!value || !value[0]))
      good = snprintf(why, WRAPUP_WHY_MAX, "the code wants %s (%s): --fields \"%s=...\"", p.name, kind, p.name) < 0;
  }
  if (good) return out;
  json_decref(out);
  return NULL;
}
