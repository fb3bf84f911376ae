#include <campaigns/intake.h>
#include <cadencia/err.h>
#include <ctype.h>
#include <string.h>

/* Lengths of national significant numbers by calling code, as the national plans have them. Codes of satellites,
 * international freephone and premium services are left out on purpose: nobody's list should dial them. */
struct code_plan {
  uint16_t code;
  uint8_t min, max;
};
static const struct code_plan CODES[] = {
    {1, 10, 10},  {7, 10, 10},  {20, 8, 10},   {27, 9, 9},   {30, 10, 10}, {31, 9, 9},   {32, 8, 9},   {33, 9, 9},   {34, 9, 9},
    {36, 8, 9},   {39, 6, 12},  {40, 9, 9},    {41, 9, 9},   {43, 4, 12},  {44, 9, 10},  {45, 8, 8},   {46, 7, 10},  {47, 8, 8},
    {48, 9, 9},   {49, 5, 12},  {51, 8, 9},    {52, 10, 10}, {53, 6, 10},  {54, 10, 11}, {55, 10, 11}, {56, 9, 9},   {57, 10, 10},
    {58, 10, 10}, {60, 8, 10},  {61, 9, 9},    {62, 7, 12},  {63, 8, 10},  {64, 8, 10},  {65, 8, 8},   {66, 8, 9},   {81, 9, 10},
    {82, 8, 11},  {84, 9, 10},  {86, 9, 12},   {90, 10, 10}, {91, 10, 10}, {92, 9, 10},  {93, 9, 9},   {94, 9, 9},   {95, 6, 10},
    {98, 10, 10}, {211, 9, 9},  {212, 9, 9},   {213, 8, 9},  {216, 8, 8},  {218, 8, 9},  {220, 7, 7},  {221, 9, 9},  {222, 8, 8},
    {223, 8, 8},  {224, 8, 9},  {225, 10, 10}, {226, 8, 8},  {227, 8, 8},  {228, 8, 8},  {229, 8, 10}, {230, 7, 8},  {231, 7, 9},
    {232, 8, 8},  {233, 9, 9},  {234, 8, 10},  {235, 8, 8},  {236, 8, 8},  {237, 8, 9},  {238, 7, 7},  {239, 7, 7},  {240, 9, 9},
    {241, 7, 8},  {242, 9, 9},  {243, 7, 9},   {244, 9, 9},  {245, 7, 9},  {246, 7, 7},  {247, 4, 6},  {248, 7, 7},  {249, 9, 9},
    {250, 8, 9},  {251, 9, 9},  {252, 6, 9},   {253, 8, 8},  {254, 7, 10}, {255, 9, 9},  {256, 9, 9},  {257, 8, 8},  {258, 8, 9},
    {260, 9, 9},  {261, 9, 9},  {262, 9, 9},   {263, 5, 10}, {264, 6, 9},  {265, 7, 9},  {266, 8, 8},  {267, 7, 8},  {268, 8, 8},
    {269, 7, 7},  {290, 4, 5},  {291, 7, 7},   {297, 7, 7},  {298, 6, 6},  {299, 6, 6},  {350, 8, 8},  {351, 9, 9},  {352, 4, 11},
    {353, 7, 10}, {354, 7, 9},  {355, 6, 9},   {356, 8, 8},  {357, 8, 8},  {358, 5, 12}, {359, 6, 9},  {370, 8, 8},  {371, 8, 8},
    {372, 7, 8},  {373, 8, 8},  {374, 8, 8},   {375, 9, 9},  {376, 6, 9},  {377, 8, 9},  {378, 6, 10}, {380, 9, 9},  {381, 6, 12},
    {382, 8, 9},  {383, 8, 9},  {385, 8, 9},   {386, 8, 8},  {387, 8, 9},  {389, 8, 8},  {420, 9, 9},  {421, 9, 9},  {423, 7, 9},
    {500, 5, 5},  {501, 7, 7},  {502, 8, 8},   {503, 8, 8},  {504, 8, 8},  {505, 8, 8},  {506, 8, 8},  {507, 7, 8},  {508, 6, 6},
    {509, 8, 8},  {590, 9, 9},  {591, 8, 8},   {592, 7, 7},  {593, 8, 9},  {594, 9, 9},  {595, 7, 9},  {596, 9, 9},  {597, 6, 7},
    {598, 8, 8},  {599, 7, 8},  {670, 7, 8},   {672, 6, 6},  {673, 7, 7},  {674, 7, 7},  {675, 7, 8},  {676, 5, 7},  {677, 5, 7},
    {678, 5, 7},  {679, 7, 7},  {680, 7, 7},   {681, 6, 6},  {682, 5, 5},  {683, 4, 7},  {685, 5, 7},  {686, 5, 8},  {687, 6, 6},
    {688, 5, 7},  {689, 6, 8},  {690, 4, 7},   {691, 7, 7},  {692, 7, 7},  {850, 8, 10}, {852, 8, 8},  {853, 8, 8},  {855, 8, 9},
    {856, 8, 10}, {880, 6, 10}, {886, 8, 9},   {960, 7, 7},  {961, 7, 8},  {962, 8, 9},  {963, 8, 9},  {964, 8, 10}, {965, 8, 8},
    {966, 9, 9},  {967, 7, 9},  {968, 8, 8},   {970, 8, 9},  {971, 8, 9},  {972, 8, 9},  {973, 8, 8},  {974, 8, 8},  {975, 8, 8},
    {976, 8, 8},  {977, 8, 10}, {992, 9, 9},   {993, 8, 8},  {994, 9, 9},  {995, 9, 9},  {996, 9, 9},  {998, 9, 9}};

/* How numbers are written at home. trunk: what people dial first inside the country; lead: first digits that a
 * national number can have, NULL for any. */
struct phone_home {
  char country[3];
  uint16_t code;
  const char *trunk, *lead;
};
static const struct phone_home HOMES[] = {
    {"US", 1, "1", "23456789"},   {"CA", 1, "1", "23456789"},   {"PR", 1, "1", "23456789"},  {"DO", 1, "1", "23456789"},
    {"JM", 1, "1", "23456789"},   {"MX", 52, "", "23456789"},   {"ES", 34, "", "6789"},      {"CO", 57, "", "36"},
    {"AR", 54, "0", "123456789"}, {"CL", 56, "", "23456789"},   {"PE", 51, "0", "1456789"},  {"BR", 55, "0", "123456789"},
    {"EC", 593, "0", "2345679"},  {"VE", 58, "0", "24"},        {"BO", 591, "0", "234678"},  {"PY", 595, "0", NULL},
    {"UY", 598, "0", "249"},      {"GT", 502, "", NULL},        {"SV", 503, "", NULL},       {"HN", 504, "", NULL},
    {"NI", 505, "", NULL},        {"CR", 506, "", NULL},        {"PA", 507, "", NULL},       {"CU", 53, "0", NULL},
    {"GB", 44, "0", "1235789"},   {"IE", 353, "0", "12456789"}, {"FR", 33, "0", "12345679"}, {"DE", 49, "0", NULL},
    {"AT", 43, "0", NULL},        {"CH", 41, "0", NULL},        {"IT", 39, "", "03"},        {"PT", 351, "", "2379"},
    {"NL", 31, "0", "123456789"}, {"BE", 32, "0", NULL},        {"LU", 352, "", NULL},       {"PL", 48, "", NULL},
    {"SE", 46, "0", NULL},        {"NO", 47, "", "23456789"},   {"DK", 45, "", "23456789"},  {"FI", 358, "0", NULL},
    {"CZ", 420, "", NULL},        {"SK", 421, "0", NULL},       {"HU", 36, "06", NULL},      {"RO", 40, "0", "237"},
    {"BG", 359, "0", NULL},       {"GR", 30, "", "26"},         {"AD", 376, "", NULL},       {"AU", 61, "0", "23478"},
    {"NZ", 64, "0", NULL},        {"ZA", 27, "0", NULL},        {"IN", 91, "0", NULL},       {"PH", 63, "0", NULL},
    {"JP", 81, "0", NULL},        {"MA", 212, "0", "5678"},     {"GQ", 240, "", NULL}};

const struct phone_home *phone_home_find(const char *country) {
  for (size_t i = 0; i < sizeof HOMES / sizeof HOMES[0]; i++)
    if (strcmp(HOMES[i].country, country) == 0) return &HOMES[i];
  return NULL;
}

static const struct code_plan *code_find(unsigned code) {
  for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
    if (CODES[i].code == code) return &CODES[i];
  return NULL;
}

/* ---- what people write ---- */

enum { DIGITS_MAX = 24 };
struct written {
  char digits[DIGITS_MAX + 1];
  int count;
  bool plus;
};

/* "6,34E+08", "6.34e8": what a spreadsheet makes of a number. */
static bool looks_scientific(const char *p) {
  if (*p == '+') p++;
  if (!isdigit((unsigned char)*p)) return false;
  p += strspn(p, "0123456789.,");
  if (*p != 'e' && *p != 'E') return false;
  p++;
  if (*p == '+' || *p == '-') p++;
  if (!isdigit((unsigned char)*p)) return false;
  p += strspn(p, "0123456789");
  return *p == 0;
}

/* Bytes of a separator at p, 0 when it is none: ASCII ones, and the blanks, dashes and marks of direction that word
 * processors and phones put in. */
static size_t separator_length(const unsigned char *p) {
  if (*p && strchr(" -.()/\t", (char)*p)) return 1;
  if (p[0] == 0xc2 && (p[1] == 0xa0 || p[1] == 0xad)) return 2;
  if (p[0] == 0xe2 && p[1] == 0x80 && ((p[2] >= 0x80 && p[2] <= 0x95) || (p[2] >= 0xaa && p[2] <= 0xaf))) return 3;
  if (p[0] == 0xe2 && p[1] == 0x81 && p[2] == 0xa0) return 3;
  if (p[0] == 0xe2 && p[1] == 0x88 && p[2] == 0x92) return 3; /* minus sign */
  if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf) return 3;
  return 0;
}

/* Length of a trailing ".0" or ",00" that an export of numbers added. */
static size_t decimal_zeros(const char *p, size_t n) {
  size_t z = 0;
  while (z < n && p[n - 1 - z] == '0') z++;
  if (z == 0 || z > 2 || z + 1 >= n || (p[n - 1 - z] != '.' && p[n - 1 - z] != ',')) return 0;
  return strspn(p, "0123456789") == n - z - 1 && n - z - 1 >= 7 ? z + 1 : 0;
}

/* Quotes, apostrophes, ="..." and tel: around it. */
static const char *strip_wrapping(const char *p, size_t *n) {
  while (*n && (*p == ' ' || *p == '\'' || *p == '=' || *p == '"')) {
    p++;
    --*n;
  }
  while (*n && (p[*n - 1] == ' ' || p[*n - 1] == '"' || p[*n - 1] == '\'')) --*n;
  if (*n > 4 && strncasecmp(p, "tel:", 4) == 0) {
    p += 4;
    *n -= 4;
  }
  return p;
}

static int fault(char reason[PHONE_REASON_MAX], const char *text) {
  snprintf(reason, PHONE_REASON_MAX, "%s", text);
  return CAD_EFORMAT;
}

static int other_character(const char *p, char reason[PHONE_REASON_MAX]) {
  if ((*p == 'x' || *p == 'X' || strncasecmp(p, "ext", 3) == 0 || *p == '#') && p[1])
    return fault(reason, "has an extension: a dialer cannot reach it, give the direct number");
  if (isalpha((unsigned char)*p)) return fault(reason, "holds letters: not a phone number");
  if (*p == ',' || *p == ';') return fault(reason, "holds a comma or semicolon: one number a cell");
  if (*p == '+') return fault(reason, "has '+' in the middle: one number a cell");
  return fault(reason, "holds a character that no phone number has");
}

static int read_written(const char *text, struct written *w, char reason[PHONE_REASON_MAX]) {
  size_t n = strlen(text);
  if (n > 64) return fault(reason, "longer than 64 characters: not a phone number");
  char copy[65];
  const char *p = strip_wrapping(text, &n);
  n -= decimal_zeros(p, n);
  memcpy(copy, p, n);
  copy[n] = 0;
  if (looks_scientific(copy))
    return fault(reason, "scientific notation from a spreadsheet: digits are lost, format the column as text and save again");
  *w = (struct written){.count = 0};
  for (p = copy; *p;) {
    if (w->plus && strncmp(p, "(0)", 3) == 0) { /* +44 (0)20: the zero is for callers inside the country */
      p += 3;
      continue;
    }
    size_t skip = separator_length((const unsigned char *)p);
    if (skip) {
      p += skip;
      continue;
    }
    if (*p == '+' && w->count == 0 && !w->plus) {
      w->plus = true;
    } else if (isdigit((unsigned char)*p)) {
      if (w->count >= DIGITS_MAX) return fault(reason, "more digits than two phone numbers: one number a cell");
      w->digits[w->count++] = *p;
    } else {
      return other_character(p, reason);
    }
    p++;
  }
  w->digits[w->count] = 0;
  return w->count ? CAD_OK : fault(reason, "no digits: not a phone number");
}

/* ---- plans ---- */

/* Same first digits for every home of a code: the first one with that code stands for all. */
static const struct phone_home *home_of_code(unsigned code) {
  for (size_t i = 0; i < sizeof HOMES / sizeof HOMES[0]; i++)
    if (HOMES[i].code == code) return &HOMES[i];
  return NULL;
}

static int check_lead(unsigned code, const char *d, char reason[PHONE_REASON_MAX]) {
  const struct phone_home *h = home_of_code(code);
  if (h && h->lead && !strchr(h->lead, d[0])) {
    snprintf(reason, PHONE_REASON_MAX, "not possible: no number of +%u begins with %c", code, d[0]);
    return CAD_EFORMAT;
  }
  if (code == 1 && (d[3] < '2' || (d[1] == '1' && d[2] == '1'))) {
    snprintf(reason, PHONE_REASON_MAX, "not possible: no such area code and exchange %.3s-%.3s", d, d + 3);
    return CAD_EFORMAT;
  }
  return CAD_OK;
}

static void range_text(const struct code_plan *plan, char out[16]) {
  if (plan->min == plan->max)
    snprintf(out, 16, "%u", plan->min);
  else
    snprintf(out, 16, "%u to %u", plan->min, plan->max);
}

/* d: digits after the calling code. */
static int accept_digits(const struct code_plan *plan, const char *d, uint64_t *out, char reason[PHONE_REASON_MAX]) {
  size_t n = strlen(d);
  if (plan->code == 52 && n == 11 && d[0] == '1') { /* the mobile mark that Mexico dropped in 2019 */
    d++;
    n--;
  }
  if (n < plan->min || n > plan->max) {
    char wanted[16];
    range_text(plan, wanted);
    snprintf(reason, PHONE_REASON_MAX, "too %s: %zu digits after +%u, a number has %s there", n < plan->min ? "short" : "long", n,
             plan->code, wanted);
    return CAD_EFORMAT;
  }
  int r = check_lead(plan->code, d, reason);
  if (r < 0) return r;
  uint64_t v = plan->code;
  for (; *d; d++) v = v * 10 + (uint64_t)(*d - '0');
  *out = v;
  return CAD_OK;
}

static int accept_international(const char *d, uint64_t *out, char reason[PHONE_REASON_MAX]) {
  unsigned code = 0;
  for (int i = 0; i < 3 && d[i]; i++) {
    code = code * 10 + (unsigned)(d[i] - '0');
    const struct code_plan *plan = code ? code_find(code) : NULL;
    if (plan) return accept_digits(plan, d + i + 1, out, reason);
  }
  snprintf(reason, PHONE_REASON_MAX, "no country has calling code +%.3s", d);
  return CAD_EFORMAT;
}

static bool fits(const struct code_plan *plan, const char *d) { return strlen(d) >= plan->min && strlen(d) <= plan->max; }

static int accept_national(const struct phone_home *home, const char *d, uint64_t *out, char reason[PHONE_REASON_MAX]) {
  const struct code_plan *plan = code_find(home->code);
  size_t n = strlen(d), trunk = strlen(home->trunk);
  if (home->code == 52 && n > 10) { /* prefixes of before 2019 */
    if (n == 12 && strncmp(d, "01", 2) == 0) return accept_digits(plan, d + 2, out, reason);
    if (n == 13 && (strncmp(d, "044", 3) == 0 || strncmp(d, "045", 3) == 0)) return accept_digits(plan, d + 3, out, reason);
  }
  if (trunk && strncmp(d, home->trunk, trunk) == 0 && fits(plan, d + trunk)) return accept_digits(plan, d + trunk, out, reason);
  if (fits(plan, d)) return accept_digits(plan, d, out, reason);
  char code[8];
  snprintf(code, sizeof code, "%u", home->code);
  size_t k = strlen(code);
  /* The '+' was lost on the way: Excel drops it. */
  if (strncmp(d, code, k) == 0 && (fits(plan, d + k) || (home->code == 52 && n == 13))) return accept_digits(plan, d + k, out, reason);
  char wanted[16];
  range_text(plan, wanted);
  snprintf(reason, PHONE_REASON_MAX, "too %s: %zu digits, a number of %s has %s", n < plan->min ? "short" : "long", n, home->country,
           wanted);
  return CAD_EFORMAT;
}

int phone_parse(const char *text, const struct phone_home *home, uint64_t *out, char reason[PHONE_REASON_MAX]) {
  struct written w;
  int r = read_written(text, &w, reason);
  if (r < 0) return r;
  const char *d = w.digits;
  if (w.plus) return accept_international(d, out, reason);
  if (home && home->code == 61 && strncmp(d, "0011", 4) == 0) return accept_international(d + 4, out, reason);
  if (strncmp(d, "00", 2) == 0 && w.count > 9) return accept_international(d + 2, out, reason);
  if (home && home->code == 1 && strncmp(d, "011", 3) == 0 && w.count > 10) return accept_international(d + 3, out, reason);
  if (!home) return fault(reason, "no country known for a number without '+': name one with --country");
  return accept_national(home, d, out, reason);
}
