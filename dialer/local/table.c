#include "dialer/local/table.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_MAX = 128 };
struct table {
  int columns;
  const char *heads[TABLE_COLUMNS_MAX];
  size_t width[TABLE_COLUMNS_MAX];
  size_t count, room; /* cells */
  char (*cells)[CELL_MAX];
};

/* Characters, not bytes. */
static size_t text_width(const char *s) {
  size_t n = 0;
  for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

struct table *table_create(const char *const *heads) {
  struct table *t = calloc(1, sizeof *t);
  for (; t && t->columns < TABLE_COLUMNS_MAX && heads[t->columns]; t->columns++) {
    t->heads[t->columns] = heads[t->columns];
    t->width[t->columns] = text_width(heads[t->columns]) - (heads[t->columns][0] == '>');
  }
  return t;
}

struct table *table_destroy(struct table *t) {
  if (t) free(t->cells);
  free(t);
  return NULL;
}

void table_put(struct table *t, const char *fmt, ...) {
  if (!t) return;
  if (t->count == t->room) {
    size_t room = t->room ? t->room * 2 : 64;
    void *cells = realloc(t->cells, room * CELL_MAX);
    if (!cells) return;
    t->cells = cells;
    t->room = room;
  }
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(t->cells[t->count], CELL_MAX, fmt, ap);
  va_end(ap);
  size_t w = text_width(t->cells[t->count]), column = t->count % (size_t)t->columns;
  if (w > t->width[column]) t->width[column] = w;
  t->count++;
}

static void print_cell(const struct table *t, FILE *out, int column, const char *text) {
  bool right = t->heads[column][0] == '>', last = column + 1 == t->columns;
  size_t pad = t->width[column] - text_width(text);
  if (right) fprintf(out, "%*s", (int)pad, "");
  fputs(text, out);
  if (!right && !last) fprintf(out, "%*s", (int)pad, "");
  fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *t, FILE *out, const char *empty) {
  if (!t || t->count < (size_t)t->columns) {
    fprintf(out, "%s\n", empty);
    return;
  }
  for (int i = 0; i < t->columns; i++) print_cell(t, out, i, t->heads[i] + (t->heads[i][0] == '>'));
  for (size_t i = 0; i + (size_t)t->columns <= t->count; i += (size_t)t->columns)
    for (int k = 0; k < t->columns; k++) print_cell(t, out, k, t->cells[i + (size_t)k]);
}
