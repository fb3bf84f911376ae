#include "dialer/console/pages.h"
#include <cadencia/err.h>
#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct embedded_file *embedded_find(const char *name) {
  for (unsigned i = 0; i < embedded_file_count; i++)
    if (strcmp(embedded_files[i].name, name) == 0) return &embedded_files[i];
  return NULL;
}

static const char *const CODES[LANG_COUNT] = {"en", "es"};

const char *language_code(enum language lang) { return CODES[lang]; }

int language_parse(const char *tag, size_t length) {
  if (length < 2 || (length > 2 && tag[2] != '-' && tag[2] != '_')) return CAD_EINVAL;
  for (int i = 0; i < LANG_COUNT; i++)
    if (tolower((unsigned char)tag[0]) == CODES[i][0] && tolower((unsigned char)tag[1]) == CODES[i][1]) return i;
  return CAD_EINVAL;
}

/* ";q=0.8" in thousandths; without it 1000. */
static int quality(const char *entry, size_t length) {
  for (size_t i = 0; i + 2 < length; i++) {
    if ((entry[i] != 'q' && entry[i] != 'Q') || entry[i + 1] != '=') continue;
    int value = entry[i + 2] == '1' ? 1000 : 0, place = 100;
    if (i + 3 >= length || entry[i + 3] != '.') return value;
    for (size_t k = i + 4; k < length && isdigit((unsigned char)entry[k]) && place; k++, place /= 10) value += (entry[k] - '0') * place;
    return value > 1000 ? 1000 : value;
  }
  return 1000;
}

enum language language_accept(const char *header) {
  int best = 0;
  enum language choice = LANG_EN;
  while (header && *header) {
    header += strspn(header, " \t,");
    size_t length = strcspn(header, ","), tag = strcspn(header, ",; \t");
    int lang = language_parse(header, tag), q = quality(header, length);
    if (lang >= 0 && q > best) {
      best = q;
      choice = (enum language)lang;
    }
    header += length;
  }
  return choice;
}

/* The next field of "a | b | c", without its blanks; cuts the line in place. */
static char *next_field(char **line) {
  char *field = strsep(line, "|");
  if (!field) return NULL;
  while (isspace((unsigned char)*field)) field++;
  size_t n = strlen(field);
  while (n && isspace((unsigned char)field[n - 1])) field[--n] = 0;
  return field;
}

/* words.txt as one object a language. */
static int words_read(json_t *out[LANG_COUNT]) {
  const struct embedded_file *file = embedded_find("words.txt");
  char *text = file ? strndup((const char *)file->data, file->size) : NULL;
  if (!text) return CAD_ENOMEM;
  int rc = CAD_OK;
  char *rest = text, *line;
  while ((line = strsep(&rest, "\n"))) {
    if (line[0] == '#' || line[strspn(line, " \t\r")] == 0) continue;
    const char *key = next_field(&line);
    for (int i = 0; i < LANG_COUNT; i++) {
      const char *word = next_field(&line);
      if (!word || !*word || json_object_get(out[i], key) || json_object_set_new(out[i], key, json_string(word)) < 0) rc = CAD_EFORMAT;
    }
  }
  free(text);
  return rc;
}

/* index.html with its {{keys}} replaced; a new string, NULL: a key without a text, or no memory. */
static char *fill(const struct embedded_file *file, const json_t *words) {
  char *out = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&out, &size);
  if (!f) return NULL;
  const char *p = (const char *)file->data, *end = p + file->size;
  bool good = true;
  while (p < end) {
    const char *open = memmem(p, (size_t)(end - p), "{{", 2), *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
    if (!close) break;
    fwrite(p, 1, (size_t)(open - p), f);
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)(close - open - 2), open + 2);
    const char *word = json_string_value(json_object_get(words, key));
    if (word) fputs(word, f);
    good = good && word;
    p = close + 2;
  }
  fwrite(p, 1, (size_t)(end - p), f);
  if (fclose(f) == 0 && good) return out;
  free(out);
  return NULL;
}

static char *words_script(const json_t *words) {
  char *json = json_dumps(words, JSON_COMPACT), *out = NULL;
  if (!json || asprintf(&out, "\"use strict\";\nconst WORDS = %s;\n", json) < 0) out = NULL;
  free(json);
  return out;
}

int pages_init(struct pages *out) {
  *out = (struct pages){0};
  json_t *words[LANG_COUNT];
  for (int i = 0; i < LANG_COUNT; i++) {
    words[i] = json_object();
    json_object_set_new(words[i], "lang", json_string(CODES[i]));
    json_object_set_new(words[i], "version", json_string(CADENCIA_VERSION));
  }
  static const char *const files[PAGE_COUNT] = {"index.html", "desk.html", "sign-in.html"};
  int rc = words_read(words);
  for (int i = 0; i < LANG_COUNT && rc == CAD_OK; i++) {
    if (!(out->words[i] = words_script(words[i]))) rc = CAD_EFORMAT;
    for (int p = 0; p < PAGE_COUNT && rc == CAD_OK; p++) {
      const struct embedded_file *file = embedded_find(files[p]);
      if (!file || !(out->html[p][i] = fill(file, words[i]))) rc = CAD_EFORMAT;
    }
  }
  for (int i = 0; i < LANG_COUNT; i++) json_decref(words[i]);
  if (rc < 0) pages_clear(out);
  return rc;
}

void pages_clear(struct pages *pages) {
  for (int i = 0; i < LANG_COUNT; i++) {
    for (int p = 0; p < PAGE_COUNT; p++) free(pages->html[p][i]);
    free(pages->words[i]);
  }
  *pages = (struct pages){0};
}
