#include <campaigns/intake.h>
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 8 << 20, KEY_MAX = 64, PREFIX_MOST = 10 };

struct place {
  const char *key; /* "US P 902" or "US S NEW YORK" */
  const char *zones;
};
struct places {
  struct place *all;
  size_t count, room;
  char *texts[2];
};

static int by_key(const void *a, const void *b) { return strcmp(((const struct place *)a)->key, ((const struct place *)b)->key); }

/* Capital letters without accents, digits; runs of anything else become one blank, or nothing. */
static void fold(const char *text, char blank, char *out, size_t size) {
  static const char LETTERS[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTSAAAAAAACEEEEIIIIDNOOOOO OUUUUYTY";
  size_t n = 0;
  for (const unsigned char *p = (const unsigned char *)text; *p && n + 1 < size; p++) {
    char c = ' ';
    if (*p == 0xc3 && p[1] >= 0x80 && p[1] <= 0xbf)
      c = LETTERS[*++p & 0x3f];
    else if (*p >= 'a' && *p <= 'z')
      c = (char)(*p - 'a' + 'A');
    else if ((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'))
      c = (char)*p;
    if (c == ' ' && (!blank || n == 0 || out[n - 1] == blank)) continue;
    out[n++] = c == ' ' ? blank : c;
  }
  while (n > 0 && out[n - 1] == blank) n--;
  out[n] = 0;
}

static int add(struct places *p, char *key, char *zones) {
  if (p->count == p->room) {
    size_t room = p->room ? p->room * 2 : 4096;
    struct place *bigger = realloc(p->all, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    p->all = bigger;
    p->room = room;
  }
  p->all[p->count++] = (struct place){key, zones};
  return CAD_OK;
}

/* Lines "CC P PREFIX,Zone&Zone" and "CC S NAME,Zone"; '#' begins a comment. */
static int read_file(struct places *p, const char *path, char **text, char err[INTAKE_ERROR_MAX]) {
  FILE *f = fopen(path, "rb");
  if (!f) return CAD_OK; /* without the table an address tells nothing: numbers and zone columns still do */
  *text = malloc(FILE_MAX_BYTES + 1);
  size_t n = *text ? fread(*text, 1, FILE_MAX_BYTES, f) : 0;
  fclose(f);
  if (!*text) return CAD_ENOMEM;
  (*text)[n] = 0;
  int number = 0;
  for (char *line = *text, *next; line; line = next) {
    number++;
    if ((next = strchr(line, '\n'))) *next++ = 0;
    if (!line[0] || line[0] == '#') continue;
    char *comma = strchr(line, ',');
    if (!comma || comma - line < 6 || comma - line >= KEY_MAX || line[2] != ' ' || line[4] != ' ' || !comma[1]) {
      snprintf(err, INTAKE_ERROR_MAX, "%.150s:%d: a line must be \"CC P PREFIX,Zone\" or \"CC S STATE,Zone\"", path, number);
      return CAD_EFORMAT;
    }
    *comma = 0;
    if (add(p, line, comma + 1) < 0) return CAD_ENOMEM;
  }
  return CAD_OK;
}

int places_create(const char *share_dir, struct places **out, char err[INTAKE_ERROR_MAX]) {
  static const char *const FILES[] = {"postcode_zones.csv", "state_zones.csv"};
  struct places *p = calloc(1, sizeof *p);
  int r = p ? CAD_OK : CAD_ENOMEM;
  if (r < 0) snprintf(err, INTAKE_ERROR_MAX, "out of memory");
  for (size_t i = 0; i < 2 && r == CAD_OK; i++) {
    char path[512];
    snprintf(path, sizeof path, "%s/numbering/%s", share_dir, FILES[i]);
    r = read_file(p, path, &p->texts[i], err);
  }
  if (r < 0) {
    places_destroy(p);
    return r;
  }
  if (p->count) qsort(p->all, p->count, sizeof *p->all, by_key);
  *out = p;
  return CAD_OK;
}

struct places *places_destroy(struct places *p) {
  if (!p) return NULL;
  free(p->all);
  free(p->texts[0]);
  free(p->texts[1]);
  free(p);
  return NULL;
}

static const char *find(const struct places *p, const char *key) {
  struct place wanted = {key, NULL};
  const struct place *hit = p->count ? bsearch(&wanted, p->all, p->count, sizeof wanted, by_key) : NULL;
  return hit ? hit->zones : NULL;
}

/* Spreadsheets drop leading zeros: "2134" of Boston, "601" of Puerto Rico, "8001" of Barcelona. false: no postcode has so many
 * digits. Countries that write letters are as they are. */
static bool give_zeros_back(const char *country, char *digits, size_t room) {
  size_t n = strlen(digits), whole = strcmp(country, "BR") == 0 ? 8 : 5, extra = 0;
  bool us = strcmp(country, "US") == 0 || strcmp(country, "PR") == 0;
  if (!us && whole == 5 && strcmp(country, "ES") != 0 && strcmp(country, "MX") != 0) return true;
  if (strspn(digits, "0123456789") != n) return false;
  if (us && n > 5) extra = 4; /* ZIP+4 */
  if (n > whole + extra || n + (us ? 2 : 1) < whole + extra) return false;
  size_t zeros = whole + extra - n;
  if (n + zeros >= room) return false;
  memmove(digits + zeros, digits, n + 1);
  memset(digits, '0', zeros);
  return true;
}

const char *places_by_postcode(const struct places *p, const char *country, const char *postcode) {
  char folded[PREFIX_MOST + 1], key[KEY_MAX];
  fold(postcode, 0, folded, sizeof folded);
  if (!give_zeros_back(country, folded, sizeof folded)) return NULL;
  for (size_t n = strlen(folded); n > 0; n--) {
    snprintf(key, sizeof key, "%.2s P %.*s", country, (int)n, folded);
    const char *zones = find(p, key);
    if (zones) return zones;
  }
  return NULL;
}

const char *places_by_state(const struct places *p, const char *country, const char *state) {
  char folded[48], key[KEY_MAX];
  fold(state, ' ', folded, sizeof folded);
  if (!folded[0]) return NULL;
  snprintf(key, sizeof key, "%.2s S %s", country, folded);
  return find(p, key);
}
