#include "phone_lib.h"
#include <cadencia/err.h>
#include <campaigns/intake.h>
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

/* Countries whose numbers may stand without '+'. lead: first digits that a national number can have, NULL for any. */
struct phone_home {
  char country[3];
  uint16_t code;
  const char *lead;
};
static const struct phone_home HOMES[] = {
    {"US", 1, "23456789"},   {"CA", 1, "23456789"},   {"PR", 1, "23456789"},   {"DO", 1, "23456789"},   {"JM", 1, "23456789"},
    {"MX", 52, "23456789"},  {"ES", 34, "6789"},      {"CO", 57, "36"},        {"AR", 54, "123456789"}, {"CL", 56, "23456789"},
    {"PE", 51, "1456789"},   {"BR", 55, "123456789"}, {"EC", 593, "2345679"},  {"VE", 58, "24"},        {"BO", 591, "234678"},
    {"PY", 595, NULL},       {"UY", 598, "249"},      {"GT", 502, NULL},       {"SV", 503, NULL},       {"HN", 504, NULL},
    {"NI", 505, NULL},       {"CR", 506, NULL},       {"PA", 507, NULL},       {"CU", 53, NULL},        {"GB", 44, "1235789"},
    {"IE", 353, "12456789"}, {"FR", 33, "12345679"},  {"DE", 49, NULL},        {"AT", 43, NULL},        {"CH", 41, NULL},
    {"IT", 39, "03"},        {"PT", 351, "2379"},     {"NL", 31, "123456789"}, {"BE", 32, NULL},        {"LU", 352, NULL},
    {"PL", 48, NULL},        {"SE", 46, NULL},        {"NO", 47, "23456789"},  {"DK", 45, "23456789"},  {"FI", 358, NULL},
    {"CZ", 420, NULL},       {"SK", 421, NULL},       {"HU", 36, NULL},        {"RO", 40, "237"},       {"BG", 359, NULL},
    {"GR", 30, "26"},        {"AD", 376, NULL},       {"AU", 61, "23478"},     {"NZ", 64, NULL},        {"ZA", 27, NULL},
    {"IN", 91, NULL},        {"PH", 63, NULL},        {"JP", 81, NULL},        {"MA", 212, "5678"},     {"GQ", 240, NULL}};

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

/* What is told of a number that is refused. */
struct refusal_text {
  enum phone_fault fault;
  char *reason;
};

static int fault(struct refusal_text *no, enum phone_fault what, const char *text) {
  no->fault = what;
  snprintf(no->reason, PHONE_REASON_MAX, "%s", text);
  return CAD_EFORMAT;
}

static int other_character(const char *p, struct refusal_text *no) {
  if (*p == '#' && isalpha((unsigned char)p[1])) /* #N/A, #REF! */
    return fault(no, PHONE_NOT_A_NUMBER, "an error of the spreadsheet, not a phone number");
  if ((*p == 'x' || *p == 'X' || strncasecmp(p, "ext", 3) == 0 || *p == '#') && p[1])
    return fault(no, PHONE_EXTENSION, "has an extension: a dialer cannot reach it, give the direct number");
  if (isalpha((unsigned char)*p)) return fault(no, PHONE_NOT_A_NUMBER, "holds letters: not a phone number");
  if (*p == ',' || *p == ';') return fault(no, PHONE_SEVERAL, "holds a comma or semicolon: one number a cell");
  if (*p == '+') return fault(no, PHONE_SEVERAL, "has '+' in the middle: one number a cell");
  return fault(no, PHONE_NOT_A_NUMBER, "holds a character that no phone number has");
}

static int read_written(const char *text, struct written *w, struct refusal_text *no) {
  size_t n = strlen(text);
  if (n > 64) return fault(no, PHONE_NOT_A_NUMBER, "longer than 64 characters: not a phone number");
  char copy[65];
  const char *p = strip_wrapping(text, &n);
  n -= decimal_zeros(p, n);
  memcpy(copy, p, n);
  copy[n] = 0;
  if (looks_scientific(copy))
    return fault(no, PHONE_SCIENTIFIC, "scientific notation from a spreadsheet: digits are lost, format the column as text and save again");
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
      if (w->count >= DIGITS_MAX) return fault(no, PHONE_SEVERAL, "more digits than two phone numbers: one number a cell");
      w->digits[w->count++] = *p;
    } else {
      return other_character(p, no);
    }
    p++;
  }
  w->digits[w->count] = 0;
  return w->count ? CAD_OK : fault(no, PHONE_NOT_A_NUMBER, "no digits: not a phone number");
}

/* ---- plans ---- */

/* First digits are the same for every home of a code: the first one with that code stands for all. */
static const struct phone_home *home_of_code(unsigned code) {
  for (size_t i = 0; i < sizeof HOMES / sizeof HOMES[0]; i++)
    if (HOMES[i].code == code) return &HOMES[i];
  return NULL;
}

/* The plan of a number's calling code; its length in digits to *length. */
static const struct code_plan *plan_of(const char *digits, size_t *length) {
  unsigned code = 0;
  for (size_t i = 0; i < 3 && digits[i]; i++) {
    code = code * 10 + (unsigned)(digits[i] - '0');
    const struct code_plan *plan = code ? code_find(code) : NULL;
    if (!plan) continue;
    *length = i + 1;
    return plan;
  }
  return NULL;
}

static int lead_fault(const struct phone_home *h, const char *d, struct refusal_text *no) {
  no->fault = PHONE_NOT_POSSIBLE;
  if (h && h->lead && !strchr(h->lead, d[0])) {
    snprintf(no->reason, PHONE_REASON_MAX, "not possible: no number of +%u begins with %c", h->code, d[0]);
    return CAD_EFORMAT;
  }
  /* NPA-NXX: 211 and the like are services, and no exchange begins with 0 or 1. */
  if (h && h->code == 1 && strlen(d) == 10 && (d[3] < '2' || (d[1] == '1' && d[2] == '1'))) {
    snprintf(no->reason, PHONE_REASON_MAX, "not possible: no such area code and exchange %.3s-%.3s", d, d + 3);
    return CAD_EFORMAT;
  }
  return CAD_OK;
}

static int length_fault(enum phone_lib_said said, const struct written *w, const struct phone_home *home, struct refusal_text *no) {
  size_t skip = 0, n = (size_t)w->count;
  const struct code_plan *plan = w->plus ? plan_of(w->digits, &skip) : home ? code_find(home->code) : NULL;
  bool is_short = said == PHONE_LIB_SHORT;
  char wanted[16] = "other lengths";
  if (plan && plan->min == plan->max)
    snprintf(wanted, sizeof wanted, "%u", plan->min);
  else if (plan)
    snprintf(wanted, sizeof wanted, "%u to %u", plan->min, plan->max);
  if (plan && n - skip > plan->max) is_short = false; /* "not of a possible length" is told as short */
  if (plan && !w->plus && plan->min == plan->max && n == 2 * (size_t)plan->max)
    return fault(no, PHONE_SEVERAL, "as many digits as two phone numbers have: one number a cell");
  no->fault = is_short ? PHONE_SHORT : PHONE_LONG;
  if (w->plus && plan)
    snprintf(no->reason, PHONE_REASON_MAX, "too %s: %zu digits after +%u, a number has %s there", is_short ? "short" : "long", n - skip,
             plan->code, wanted);
  else
    snprintf(no->reason, PHONE_REASON_MAX, "too %s: %zu digits, a number of %s has %s", is_short ? "short" : "long", n,
             home ? home->country : "this country", wanted);
  return CAD_EFORMAT;
}

static int country_fault(const struct written *w, struct refusal_text *no) {
  no->fault = PHONE_COUNTRY;
  if (w->plus)
    snprintf(no->reason, PHONE_REASON_MAX, "no country has calling code +%.3s", w->digits);
  else
    snprintf(no->reason, PHONE_REASON_MAX, "no country known for a number without '+': name one with --country");
  return CAD_EFORMAT;
}

/* Whatever libphonenumber takes for possible, if the number's country is one that lists may name and the first digits can be. */
static int by_library(const struct written *w, const struct phone_home *home, uint64_t *out, struct refusal_text *no) {
  char text[DIGITS_MAX + 2];
  uint64_t e164 = 0;
  size_t skip;
  if (!w->plus && !home) return country_fault(w, no);
  snprintf(text, sizeof text, "%s%s", w->plus ? "+" : "", w->digits);
  enum phone_lib_said said = phone_lib_parse(text, home ? home->country : "ZZ", &e164);
  if (said == PHONE_LIB_COUNTRY) return country_fault(w, no);
  if (said == PHONE_LIB_NO_NUMBER) return fault(no, PHONE_NOT_A_NUMBER, "not a phone number");
  if (said != PHONE_LIB_GOOD) return length_fault(said, w, home, no);
  snprintf(text, sizeof text, "%llu", (unsigned long long)e164);
  const struct code_plan *plan = plan_of(text, &skip);
  if (!plan) {
    no->fault = PHONE_COUNTRY;
    snprintf(no->reason, PHONE_REASON_MAX, "+%.3s is a service, a satellite or no country: nobody on a list has it", text);
    return CAD_EFORMAT;
  }
  int r = lead_fault(home_of_code(plan->code), text + skip, no);
  if (r == CAD_OK) *out = e164;
  return r;
}

/* ---- plain numbers: taken without the library, and a test proves that it would say the same ---- */

/* National numbers of that many digits, one of `lead` first, that need nothing taken away. */
struct plain_plan {
  uint16_t code;
  uint8_t length;
  const char *lead;
};
static const struct plain_plan PLAIN[] = {{1, 10, "23456789"},  {34, 9, "6789"},     {52, 10, "23456789"}, {57, 10, "36"},
                                          {54, 10, "2367"},     {56, 9, "23456789"}, {51, 9, "9"},         {55, 11, "12345678"},
                                          {55, 10, "12345678"}, {44, 10, "1235789"}, {61, 9, "23478"}};

static bool plain_national(unsigned code, const char *d, size_t n) {
  for (size_t i = 0; i < sizeof PLAIN / sizeof PLAIN[0]; i++) {
    const struct plain_plan *p = &PLAIN[i];
    if (p->code != code || p->length != n || !strchr(p->lead, d[0])) continue;
    if (code == 1 && (d[3] < '2' || (d[1] == '1' && d[2] == '1'))) return false;
    /* Argentina: "15" behind the area code marks a mobile number and is written otherwise abroad. */
    if (code == 54 && (strncmp(d + 2, "15", 2) == 0 || strncmp(d + 3, "15", 2) == 0 || strncmp(d + 4, "15", 2) == 0)) return false;
    return true;
  }
  return false;
}

bool phone_plain(const char *digits, bool plus, const struct phone_home *home, uint64_t *out) {
  size_t n = strlen(digits), skip = 0;
  unsigned code = home ? home->code : 0;
  const char *d = digits;
  if (plus) {
    const struct code_plan *plan = plan_of(digits, &skip);
    if (!plan) return false;
    code = plan->code;
    d += skip;
  } else if (code == 1 && n == 11 && d[0] == '1') {
    d++;
  }
  if (code == 0 || !plain_national(code, d, strlen(d))) return false;
  char own[8];
  snprintf(own, sizeof own, "%u", code);
  if (!plus && code != 1 && strncmp(d, own, strlen(own)) == 0) return false; /* the '+' may have been lost */
  uint64_t v = code;
  for (; *d; d++) v = v * 10 + (uint64_t)(*d - '0');
  *out = v;
  return true;
}

/* ---- both together ---- */

/* "00", "011" and "0011" before a number of another country, wherever the list comes from. */
static void read_dialed_abroad(struct written *w, const struct phone_home *home) {
  size_t skip = 0;
  if (w->plus) return;
  if (home && home->code == 61 && strncmp(w->digits, "0011", 4) == 0)
    skip = 4;
  else if (strncmp(w->digits, "00", 2) == 0 && w->count > 9)
    skip = 2;
  else if (home && home->code == 1 && strncmp(w->digits, "011", 3) == 0 && w->count > 10)
    skip = 3;
  if (!skip) return;
  memmove(w->digits, w->digits + skip, (size_t)w->count - skip + 1);
  w->count -= (int)skip;
  w->plus = true;
}

int phone_read(const char *text, const struct phone_home *home, uint64_t *out, enum phone_fault *what, char reason[PHONE_REASON_MAX]) {
  struct written w;
  struct refusal_text no = {PHONE_NOT_A_NUMBER, reason};
  int r = read_written(text, &w, &no);
  if (r == CAD_OK) {
    read_dialed_abroad(&w, home);
    if (phone_plain(w.digits, w.plus, home, out)) return CAD_OK;
    r = by_library(&w, home, out, &no);
  }
  if (r < 0 && what) *what = no.fault;
  return r;
}

int phone_parse(const char *text, const struct phone_home *home, uint64_t *out, char reason[PHONE_REASON_MAX]) {
  return phone_read(text, home, out, NULL, reason);
}

int phone_by_library(const char *digits, bool plus, const struct phone_home *home, uint64_t *out) {
  struct written w = {.count = (int)strlen(digits), .plus = plus};
  char reason[PHONE_REASON_MAX];
  struct refusal_text no = {PHONE_NOT_A_NUMBER, reason};
  if (w.count > DIGITS_MAX) return CAD_EINVAL;
  memcpy(w.digits, digits, (size_t)w.count + 1);
  return by_library(&w, home, out, &no);
}

const char *phone_home_country(const struct phone_home *home) { return home->country; }

const struct phone_home *phone_home_of_code(const char *calling_code, const struct phone_home *likely) {
  unsigned code = 0;
  for (const char *p = calling_code + (*calling_code == '+'); *p >= '0' && *p <= '9' && code < 1000; p++)
    code = code * 10 + (unsigned)(*p - '0');
  return likely && likely->code == code ? likely : home_of_code(code);
}

const struct phone_home *phone_home_named(const char *text) {
  static const struct {
    const char *name, *country;
  } NAMES[] = {{"usa", "US"},
               {"u.s.a.", "US"},
               {"u.s.", "US"},
               {"united states", "US"},
               {"united states of america", "US"},
               {"estados unidos", "US"},
               {"estados unidos de am\303\251rica", "US"},
               {"eeuu", "US"},
               {"ee.uu.", "US"},
               {"ee. uu.", "US"},
               {"can", "CA"},
               {"canada", "CA"},
               {"canad\303\241", "CA"},
               {"mex", "MX"},
               {"mexico", "MX"},
               {"m\303\251xico", "MX"},
               {"esp", "ES"},
               {"spain", "ES"},
               {"espa\303\261a", "ES"},
               {"espana", "ES"},
               {"col", "CO"},
               {"colombia", "CO"},
               {"arg", "AR"},
               {"argentina", "AR"},
               {"chl", "CL"},
               {"chile", "CL"},
               {"per", "PE"},
               {"peru", "PE"},
               {"per\303\272", "PE"},
               {"bra", "BR"},
               {"brazil", "BR"},
               {"brasil", "BR"},
               {"gbr", "GB"},
               {"uk", "GB"},
               {"united kingdom", "GB"},
               {"great britain", "GB"},
               {"reino unido", "GB"},
               {"england", "GB"},
               {"inglaterra", "GB"},
               {"scotland", "GB"},
               {"wales", "GB"},
               {"aus", "AU"},
               {"australia", "AU"},
               {"pri", "PR"},
               {"puerto rico", "PR"},
               {"dom", "DO"},
               {"dominican republic", "DO"},
               {"rep\303\272blica dominicana", "DO"},
               {"republica dominicana", "DO"},
               {"ecu", "EC"},
               {"ecuador", "EC"},
               {"ury", "UY"},
               {"uruguay", "UY"},
               {"pry", "PY"},
               {"paraguay", "PY"},
               {"bol", "BO"},
               {"bolivia", "BO"},
               {"ven", "VE"},
               {"venezuela", "VE"},
               {"gtm", "GT"},
               {"guatemala", "GT"},
               {"slv", "SV"},
               {"el salvador", "SV"},
               {"hnd", "HN"},
               {"honduras", "HN"},
               {"nic", "NI"},
               {"nicaragua", "NI"},
               {"cri", "CR"},
               {"costa rica", "CR"},
               {"pan", "PA"},
               {"panama", "PA"},
               {"panam\303\241", "PA"},
               {"cub", "CU"},
               {"cuba", "CU"},
               {"jam", "JM"},
               {"jamaica", "JM"},
               {"fra", "FR"},
               {"france", "FR"},
               {"francia", "FR"},
               {"deu", "DE"},
               {"germany", "DE"},
               {"alemania", "DE"},
               {"deutschland", "DE"},
               {"prt", "PT"},
               {"portugal", "PT"},
               {"ita", "IT"},
               {"italy", "IT"},
               {"italia", "IT"},
               {"irl", "IE"},
               {"ireland", "IE"},
               {"irlanda", "IE"},
               {"aut", "AT"},
               {"austria", "AT"},
               {"che", "CH"},
               {"switzerland", "CH"},
               {"suiza", "CH"},
               {"nld", "NL"},
               {"netherlands", "NL"},
               {"pa\303\255ses bajos", "NL"},
               {"holanda", "NL"},
               {"bel", "BE"},
               {"belgium", "BE"},
               {"b\303\251lgica", "BE"},
               {"and", "AD"},
               {"andorra", "AD"},
               {"mar", "MA"},
               {"morocco", "MA"},
               {"marruecos", "MA"},
               {"nzl", "NZ"},
               {"new zealand", "NZ"},
               {"nueva zelanda", "NZ"}};
  if (strlen(text) == 2) {
    char two[3] = {(char)toupper((unsigned char)text[0]), (char)toupper((unsigned char)text[1]), 0};
    const struct phone_home *home = phone_home_find(two);
    if (home) return home;
  }
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
    if (strcasecmp(NAMES[i].name, text) == 0) return phone_home_find(NAMES[i].country);
  return NULL;
}
