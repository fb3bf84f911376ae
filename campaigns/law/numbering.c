#include <cadencia/err.h>
#include <campaigns/law.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_DIGITS_MAX = 12, NUMBER_MAX_DIGITS = 15, ENTRIES_MAX = 1 << 20, ZONES_TEXT_MAX = 4096 };

/* Open-addressed table by prefix; a look-up tries the longest prefix first. */
struct entry {
  uint64_t key; /* the digits behind a leading 1, so that "1" and "01" differ; 0: free */
  char *zones;
};
struct numbering {
  struct entry *table;
  size_t capacity, count; /* capacity: a power of two */
  int longest;
};

struct numbering *numbering_create(void) {
  struct numbering *n = calloc(1, sizeof *n);
  if (!n) return NULL;
  n->capacity = 1 << 13;
  n->table = calloc(n->capacity, sizeof *n->table);
  return n->table ? n : numbering_destroy(n);
}

struct numbering *numbering_destroy(struct numbering *n) {
  if (!n) return NULL;
  for (size_t i = 0; n->table && i < n->capacity; i++) free(n->table[i].zones);
  free(n->table);
  free(n);
  return NULL;
}

static struct entry *slot(struct entry *table, size_t capacity, uint64_t key) {
  size_t i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (capacity - 1);
  while (table[i].key != 0 && table[i].key != key) i = (i + 1) & (capacity - 1);
  return &table[i];
}

static int grow(struct numbering *n) {
  if (n->count * 2 < n->capacity) return CAD_OK;
  if (n->count >= ENTRIES_MAX) return CAD_EFULL;
  struct entry *bigger = calloc(n->capacity * 2, sizeof *bigger);
  if (!bigger) return CAD_ENOMEM;
  for (size_t i = 0; i < n->capacity; i++)
    if (n->table[i].key) *slot(bigger, n->capacity * 2, n->table[i].key) = n->table[i];
  free(n->table);
  n->table = bigger;
  n->capacity *= 2;
  return CAD_OK;
}

/* Old zones and the new ones after them; a zone named twice does no harm, the reader of sets drops it. */
static int put(struct numbering *n, uint64_t key, const char *zones, size_t length) {
  if (grow(n) < 0) return CAD_ENOMEM;
  struct entry *e = slot(n->table, n->capacity, key);
  size_t old = e->zones ? strlen(e->zones) + 1 : 0;
  if (old + length >= ZONES_TEXT_MAX) return CAD_EFORMAT;
  char *text = malloc(old + length + 1);
  if (!text) return CAD_ENOMEM;
  if (old) {
    memcpy(text, e->zones, old - 1);
    text[old - 1] = '&';
  } else {
    n->count++;
  }
  memcpy(text + old, zones, length);
  text[old + length] = '\0';
  free(e->zones);
  *e = (struct entry){key, text};
  return CAD_OK;
}

static int add_line(struct numbering *n, const char *line, size_t length) {
  uint64_t key = 1;
  size_t digits = 0;
  while (digits < length && digits <= PREFIX_DIGITS_MAX && line[digits] >= '0' && line[digits] <= '9')
    key = key * 10 + (uint64_t)(line[digits++] - '0');
  if (digits == 0 || digits > PREFIX_DIGITS_MAX || digits + 1 >= length || line[digits] != ',') return CAD_EFORMAT;
  if ((int)digits > n->longest) n->longest = (int)digits;
  return put(n, key, line + digits + 1, length - digits - 1);
}

int numbering_add(struct numbering *n, const char *text, int *line) {
  for (*line = 1; *text; (*line)++) {
    size_t length = strcspn(text, "\n"), used = length;
    if (used > 0 && text[used - 1] == '\r') used--;
    int err = used == 0 || text[0] == '#' ? CAD_OK : add_line(n, text, used);
    if (err < 0) return err;
    text += length + (text[length] == '\n');
  }
  return CAD_OK;
}

const char *numbering_find(const struct numbering *n, uint64_t phone) {
  uint64_t prefixes[20];
  int digits = 0;
  for (uint64_t rest = phone; rest > 0 && digits < 20; rest /= 10) prefixes[digits++] = rest; /* [i]: without the last i digits */
  if (digits > NUMBER_MAX_DIGITS) return NULL;                                                /* E.164 */
  for (int length = digits < n->longest ? digits : n->longest; length > 0; length--) {
    uint64_t lead = 1;
    for (int i = 0; i < length; i++) lead *= 10;
    const struct entry *e = slot(n->table, n->capacity, lead + prefixes[digits - length]);
    if (e->key) return e->zones;
  }
  return NULL;
}
