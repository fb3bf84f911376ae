#include "row_consent.h"
#include <campaigns/rules.h>
#include <string.h>

enum { DAY_MS = 86400000 };

static bool says_no(const char *text) {
  static const char *const NO[] = {"no",    "n",     "0",      "false",   "falso",   "none", "ninguno",
                                   "never", "nunca", "denied", "revoked", "opt-out", "baja"};
  for (size_t i = 0; i < sizeof NO / sizeof NO[0]; i++)
    if (strcasecmp(NO[i], text) == 0) return true;
  return false;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* Digits at *p into *out; how many. */
static int number(const char **p, int *out) {
  int n = 0;
  for (*out = 0; n < 9 && digit(**p); (*p)++, n++) *out = *out * 10 + **p - '0';
  return n;
}

static struct wall day_of(int year, int month, int day) {
  char text[16];
  int64_t found;
  if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return WALL_NONE;
  snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
  return calendar_date(text, &found) ? (struct wall){found * DAY_MS} : WALL_NONE;
}

/* A date that begins here. */
static struct wall date_at(const char *p, bool month_first) {
  int a, b, c, na = number(&p, &a), nb, nc;
  if (na == 8 && !digit(*p)) return day_of(a / 10000, a / 100 % 100, a % 100);
  char separator = *p;
  if (na == 0 || na > 4 || !strchr("-/.", separator) || !separator) return WALL_NONE;
  p++;
  nb = number(&p, &b);
  if (nb == 0 || nb > 2 || *p != separator) return WALL_NONE;
  p++;
  nc = number(&p, &c);
  if (digit(*p)) return WALL_NONE;
  if (na == 4 && nc <= 2 && nc > 0) return day_of(a, b, c);
  if (na > 2 || nc != 4) return WALL_NONE; /* a year of two digits could be anything */
  bool swapped = b > 12 || (month_first && a <= 12);
  return swapped ? day_of(c, a, b) : day_of(c, b, a);
}

struct wall consent_date(const char *text, bool month_first) {
  for (const char *p = text; *p; p++) {
    if (!digit(*p) || (p > text && (digit(p[-1]) || strchr("-/.", p[-1])))) continue;
    struct wall found = date_at(p, month_first);
    if (found.ms) return found;
  }
  return WALL_NONE;
}

static unsigned basis_of(const char *text) {
  static const struct law_word MORE[] = {{"written", BASIS_WRITTEN},
                                         {"written consent", BASIS_WRITTEN},
                                         {"pewc", BASIS_WRITTEN},
                                         {"escrito", BASIS_WRITTEN},
                                         {"consentimiento", BASIS_CONSENT},
                                         {"consentimiento escrito", BASIS_WRITTEN},
                                         {"contrato", BASIS_CONTRACT},
                                         {"interes legitimo", BASIS_INTEREST},
                                         {"interés legítimo", BASIS_INTEREST},
                                         {"legitimate interest", BASIS_INTEREST},
                                         {"consulta", BASIS_INQUIRY},
                                         {"legal duty", BASIS_LEGAL},
                                         {NULL, 0}};
  char lower[48];
  size_t n = strnlen(text, sizeof lower - 1);
  for (size_t i = 0; i < n; i++) lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
  lower[n] = 0;
  unsigned bit = law_word_bit(law_bases, lower);
  return bit ? bit : law_word_bit(MORE, lower);
}

/* Whole characters only. */
static void copy_text(char *to, size_t size, const char *from) {
  size_t n = strnlen(from, size);
  if (n == size)
    for (n--; n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80;) n--;
  memcpy(to, from, n);
  to[n] = 0;
}

static bool month_first(const struct phone_home *home) { return home && strcmp(phone_home_country(home), "US") == 0; }

static bool of_consent(uint8_t role) { return role >= COLUMN_CONSENT && role <= COLUMN_CONSENT_EXPIRES; }

enum consent_said consent_of_row(const struct mapping *m, const struct csv_record *r, const struct phone_home *home, struct wall now,
                                 struct contact_consent *out) {
  const char *said = mapping_cell(m, r, COLUMN_CONSENT), *basis = mapping_cell(m, r, COLUMN_CONSENT_BASIS);
  const char *source = mapping_cell(m, r, COLUMN_CONSENT_SOURCE), *date = mapping_cell(m, r, COLUMN_CONSENT_DATE);
  const char *expires = mapping_cell(m, r, COLUMN_CONSENT_EXPIRES);
  bool any = false;
  for (int i = 0; i < r->count && i < m->count; i++) {
    if (!of_consent(m->role[i]) || !r->fields[i][0]) continue;
    if (m->role[i] == COLUMN_CONSENT && says_no(r->fields[i])) return CONSENT_NO;
    any = true;
  }
  if (!any) return CONSENT_NONE;
  struct wall granted = consent_date(date[0] ? date : said, month_first(home)), ends = consent_date(expires, month_first(home));
  unsigned bases = basis[0] ? basis_of(basis) : (unsigned)BASIS_CONSENT;
  /* What cannot be read is not guessed: an end that is no date would make the consent last for ever. */
  if (granted.ms == 0 || granted.ms > now.ms || bases == 0 || (expires[0] && ends.ms <= granted.ms)) return CONSENT_UNDATED;
  *out = (struct contact_consent){.bases = (uint8_t)bases, .granted = granted, .expires = ends};
  copy_text(out->source, sizeof out->source, source[0] ? source : said[0] ? said : "imported list");
  copy_text(out->text, sizeof out->text, mapping_cell(m, r, COLUMN_CONSENT_TEXT));
  return CONSENT_DATED;
}
