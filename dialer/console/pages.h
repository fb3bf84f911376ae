/* pages.h — the files of the page, embedded at build time, and its texts in two languages.
 *
 * pages/words.txt holds every text as "key | English | Spanish"; index.html names
 * them as {{key}}. Both languages' pages are made once, at the start.
 * Owner: the console's only thread. Source: pages.c */
#ifndef CADENCIA_CONSOLE_PAGES_H
#define CADENCIA_CONSOLE_PAGES_H

#include <stddef.h>

struct embedded_file {
  const char *name;
  const unsigned char *data;
  size_t size;
};
extern const struct embedded_file embedded_files[]; /* generated */
extern const unsigned embedded_file_count;
const struct embedded_file *embedded_find(const char *name); /* NULL: no such file */

enum language { LANG_EN = 0, LANG_ES, LANG_COUNT };
const char *language_code(enum language lang); /* "en", "es" */
/* "es", "es-MX", "ES_mx" → LANG_ES; < 0 for one that we do not speak. */
int language_parse(const char *tag, size_t length);
/* The best of ours in an Accept-Language header; English when it names none. NULL is allowed. */
enum language language_accept(const char *header);

enum page { PAGE_NONE = -1, PAGE_FLOOR, PAGE_DESK, PAGE_SIGN_IN, PAGE_COUNT };
struct pages {
  char *html[PAGE_COUNT][LANG_COUNT], *words[LANG_COUNT]; /* words.js */
};
/* CAD_OK, CAD_ENOMEM, CAD_EFORMAT (a text is missing). On failure out needs no pages_clear. */
int pages_init(struct pages *out);
void pages_clear(struct pages *pages);

#endif
