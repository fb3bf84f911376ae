#include "dialer/base/schema.h"
#include <cadencia/err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void schema_error(struct schema *sc, const config_setting_t *at, const char *fmt, ...) {
  sc->errors++;
  if (!sc->err) return;
  const char *file = at && config_setting_source_file(at) ? config_setting_source_file(at) : sc->path;
  fprintf(sc->err, "%s:%u: ", file, at && config_setting_source_line(at) ? (unsigned)config_setting_source_line(at) : 1u);
  va_list ap;
  va_start(ap, fmt);
  vfprintf(sc->err, fmt, ap);
  va_end(ap);
  fputc('\n', sc->err);
}

bool schema_whole(const config_setting_t *setting, int64_t *out) {
  int type = config_setting_type(setting);
  if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) return false;
  *out = config_setting_get_int64(setting);
  return true;
}

bool schema_phone(const char *text, uint64_t *out) {
  if (text[0] != '+' || text[1] < '1' || text[1] > '9') return false;
  uint64_t v = 0;
  size_t n = 0;
  for (const char *p = text + 1; *p; p++, n++) {
    if (*p < '0' || *p > '9' || n >= 15) return false;
    v = v * 10 + (uint64_t)(*p - '0');
  }
  if (n < 7) return false;
  *out = v;
  return true;
}

/* Edit distance of short words, for "did you mean". */
static unsigned word_distance(const char *a, const char *b) {
  enum { LONGEST = 31 };
  size_t n = strlen(a), m = strlen(b);
  if (n > LONGEST || m > LONGEST) return 99;
  unsigned row[LONGEST + 1];
  for (size_t j = 0; j <= m; j++) row[j] = (unsigned)j;
  for (size_t i = 1; i <= n; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= m; j++) {
      unsigned best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
    }
  }
  return row[m];
}

static void report_unknown(struct schema *sc, const config_setting_t *setting, const struct schema_key *keys) {
  const char *name = config_setting_name(setting);
  const struct schema_key *near = NULL;
  unsigned best = 4;
  for (const struct schema_key *k = keys; k->name; k++) {
    unsigned d = word_distance(name, k->name);
    if (d < best) {
      best = d;
      near = k;
    }
  }
  if (near) {
    schema_error(sc, setting, "unknown key \"%.60s\"; did you mean \"%s\"?", name, near->name);
    return;
  }
  char known[400];
  size_t used = 0;
  known[0] = 0;
  for (const struct schema_key *k = keys; k->name; k++) {
    int n = snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", k->name);
    if (n < 0 || (size_t)n >= sizeof known - used) break;
    used += (size_t)n;
  }
  schema_error(sc, setting, "unknown key \"%.60s\"; remove it, the keys here are: %s", name, known);
}

static void read_text(struct schema *sc, config_setting_t *s, const struct schema_key *k, char *place) {
  const char *text = config_setting_get_string(s);
  if (!text) {
    schema_error(sc, s, "%s must be a text in quotes; write %s = %s", k->name, k->name, k->fix);
    return;
  }
  size_t n = strlen(text);
  if (n >= k->size || (int64_t)n < k->min || (k->max && (int64_t)n > k->max)) {
    schema_error(sc, s, "%s has %zu characters, allowed are %lld to %lld; write %s = %s", k->name, n, (long long)k->min,
                 k->max ? (long long)k->max : (long long)k->size - 1, k->name, k->fix);
    return;
  }
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
      schema_error(sc, s, "%s holds a control character; write %s = %s", k->name, k->name, k->fix);
      return;
    }
  memcpy(place, text, n + 1);
}

static void read_whole(struct schema *sc, config_setting_t *s, const struct schema_key *k, void *place) {
  int64_t v;
  if (!schema_whole(s, &v)) {
    schema_error(sc, s, "%s must be a whole number without quotes; write %s = %s", k->name, k->name, k->fix);
    return;
  }
  if (v < k->min || v > k->max) {
    schema_error(sc, s, "%s = %lld is out of range %lld to %lld; write %s = %s", k->name, (long long)v, (long long)k->min,
                 (long long)k->max, k->name, k->fix);
    return;
  }
  switch (k->size) {
  case 1: *(uint8_t *)place = (uint8_t)v; break;
  case 2: *(uint16_t *)place = (uint16_t)v; break;
  case 4: *(uint32_t *)place = (uint32_t)v; break;
  default: *(uint64_t *)place = (uint64_t)v; break;
  }
}

static void read_key(struct schema *sc, config_setting_t *s, const struct schema_key *k, void *base) {
  unsigned before = sc->errors;
  void *place = (char *)base + k->offset;
  switch (k->kind) {
  case SCHEMA_TEXT: read_text(sc, s, k, place); break;
  case SCHEMA_WHOLE: read_whole(sc, s, k, place); break;
  case SCHEMA_FLAG:
    if (config_setting_type(s) == CONFIG_TYPE_BOOL)
      *(uint8_t *)place = config_setting_get_bool(s) ? 1 : 0;
    else
      schema_error(sc, s, "%s must be true or false without quotes; write %s = true or %s = false", k->name, k->name, k->name);
    break;
  case SCHEMA_OWN: break;
  }
  if (k->own && sc->errors == before) k->own(sc, s, base);
}

void schema_read(struct schema *sc, config_setting_t *group, const struct schema_key *keys, void *base) {
  if (!config_setting_is_group(group)) {
    schema_error(sc, group, "a group { ... } is wanted here; write { key = value; ... }");
    return;
  }
  int n = config_setting_length(group);
  for (int i = 0; i < n; i++) {
    config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
    const struct schema_key *k = keys;
    while (k->name && strcmp(k->name, config_setting_name(s)) != 0) k++;
    if (k->name)
      read_key(sc, s, k, base);
    else
      report_unknown(sc, s, keys);
  }
  for (const struct schema_key *k = keys; k->name; k++)
    if (k->required && !config_setting_get_member(group, k->name))
      schema_error(sc, group, "key \"%s\" is missing; write %s = %s", k->name, k->name, k->fix);
}

int schema_parse_file(struct schema *sc, FILE *in, config_t *out) {
  config_init(out);
  char *text = malloc(SCHEMA_FILE_MAX + 1);
  if (!text) return CAD_ENOMEM;
  size_t n = fread(text, 1, SCHEMA_FILE_MAX, in);
  int err = CAD_OK;
  text[n] = 0;
  if (ferror(in)) {
    err = CAD_EIO;
    schema_error(sc, NULL, "the file cannot be read; check that it is a file and its permissions");
  } else if (n == SCHEMA_FILE_MAX) {
    err = CAD_EFORMAT;
    schema_error(sc, NULL, "the file is longer than 1 MiB; this is no configuration file");
  } else if (memchr(text, 0, n)) {
    err = CAD_EFORMAT;
    schema_error(sc, NULL, "the file is binary; write it as text");
  } else if (config_read_string(out, text) != CONFIG_TRUE) {
    err = CAD_EFORMAT;
    sc->errors++;
    if (sc->err)
      fprintf(sc->err, "%s:%d: %s; check quotes, brackets and the ';' at the end of this line or the one before\n",
              config_error_file(out) ? config_error_file(out) : sc->path, config_error_line(out), config_error_text(out));
  }
  free(text);
  return err;
}
