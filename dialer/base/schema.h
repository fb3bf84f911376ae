/* schema.h — a libconfig group read through a table of keys, for every file that people write.
 *
 * Each key has a kind, a range and a place in a struct. Unknown keys, wrong types,
 * values out of range and missing keys are reported as "FILE:LINE: what; the fix",
 * all of them. The caller looks at schema.errors at the end. Thread: any, one struct
 * schema each. Source: schema.c */
#ifndef CADENCIA_SCHEMA_H
#define CADENCIA_SCHEMA_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct schema {
  const char *path; /* named in messages */
  FILE *err;        /* NULL: count only */
  unsigned errors;
  void *arg; /* for the functions of SCHEMA_OWN keys */
};

enum schema_kind {
  SCHEMA_TEXT,  /* string into char[size]; min, max: length in bytes */
  SCHEMA_WHOLE, /* integer into an unsigned of size 1, 2, 4 or 8; min, max: value */
  SCHEMA_FLAG,  /* true or false into uint8_t */
  SCHEMA_OWN    /* own() reads it */
};
struct schema_key {
  const char *name;
  enum schema_kind kind;
  bool required;
  size_t offset, size;
  int64_t min, max;
  const char *fix; /* an example of a good value, as it is written in the file */
  /* SCHEMA_OWN: reads the setting into base; others: an extra check after the value is in place (may be NULL). */
  void (*own)(struct schema *sc, config_setting_t *setting, void *base);
};

/* keys ends with a NULL name. Reads every key of the group into base. */
void schema_read(struct schema *sc, config_setting_t *group, const struct schema_key *keys, void *base);
/* One error at that setting's line; at NULL: line 1. The text is "what; the fix". */
void schema_error(struct schema *sc, const config_setting_t *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Reads a whole file; parse errors are reported as the others are. CAD_OK, CAD_ENOENT, CAD_EFORMAT, CAD_EIO. The caller
 * always calls config_destroy. Bounded at SCHEMA_FILE_MAX bytes. */
enum { SCHEMA_FILE_MAX = 1 << 20 };
int schema_parse_file(struct schema *sc, FILE *in, config_t *out);

/* An integer setting of either width; false when it is no integer. */
bool schema_whole(const config_setting_t *setting, int64_t *out);
/* "+12025550100" into its digits; false unless '+' and 7 to 15 digits, the first not 0. */
bool schema_phone(const char *text, uint64_t *out);

#endif
