#include <campaigns/intake.h>
#include <cadencia/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 65536, SNIFF_BYTES = 8192 };

struct csv {
  int fd;
  char separator;
  bool ended, unread, accents;
  uint64_t line, bytes;
  size_t at, have; /* in buffer */
  size_t used;     /* in record */
  int count;
  uint64_t record_line;
  size_t starts[CSV_FIELDS_MAX + 1];
  const char *fields[CSV_FIELDS_MAX];
  unsigned char buffer[READ_BYTES];
  char record[CSV_RECORD_MAX + CSV_FIELDS_MAX + 1];
  char converted[3 * CSV_RECORD_MAX + CSV_FIELDS_MAX + 1]; /* Windows-1252 grows up to threefold */
};

static int fill(struct csv *c) {
  if (c->at < c->have) return 1;
  if (c->ended) return 0;
  ssize_t n;
  do n = read(c->fd, c->buffer, sizeof c->buffer);
  while (n < 0 && errno == EINTR);
  if (n < 0) return CAD_EIO;
  c->at = 0;
  c->have = (size_t)n;
  c->bytes += (uint64_t)n;
  if (n == 0) c->ended = true;
  return n > 0;
}

/* ---- what the first bytes say ---- */

static const char *foreign_format(const unsigned char *b, size_t n) {
  static const struct {
    const char *magic;
    size_t size;
    const char *what;
  } KNOWN[] = {{"PK\003\004", 4, "an Excel workbook (.xlsx) or a zip archive; open it in the spreadsheet and save it as CSV (UTF-8)"},
               {"PK\005\006", 4, "an empty zip archive; give a CSV file"},
               {"\320\317\021\340", 4, "an old Excel workbook (.xls); open it in the spreadsheet and save it as CSV (UTF-8)"},
               {"\037\213", 2, "a gzip archive; unpack it first"},
               {"BZh", 3, "a bzip2 archive; unpack it first"},
               {"\375"
                "7zXZ",
                5, "an xz archive; unpack it first"},
               {"7z\274\257", 4, "a 7-Zip archive; unpack it first"},
               {"Rar!", 4, "a rar archive; unpack it first"},
               {"%PDF", 4, "a PDF document; give a CSV file"},
               {"{\\rtf", 5, "a text document (RTF); save it as CSV"},
               {"<?xml", 5, "an XML document; save it as CSV"},
               {"<html", 5, "a web page; save it as CSV"},
               {"<!DOCTYPE", 9, "a web page; save it as CSV"},
               {"\177ELF", 4, "a program; give a CSV file"},
               {"SQLite format 3", 15, "a database; give a CSV file"},
               {"\377\376", 2, "in UTF-16 (\"Unicode text\"); save it as CSV (UTF-8)"},
               {"\376\377", 2, "in UTF-16; save it as CSV (UTF-8)"}};
  for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
    if (n >= KNOWN[i].size && memcmp(b, KNOWN[i].magic, KNOWN[i].size) == 0) return KNOWN[i].what;
  size_t odd[2] = {0, 0}, control = 0, look = n < SNIFF_BYTES ? n : SNIFF_BYTES;
  for (size_t i = 0; i < look; i++) {
    if (b[i] == 0) odd[i & 1]++;
    if (b[i] < 0x20 && b[i] != '\t' && b[i] != '\r' && b[i] != '\n') control++;
  }
  if ((odd[0] > look / 4 && odd[1] == 0) || (odd[1] > look / 4 && odd[0] == 0)) return "in UTF-16; save it as CSV (UTF-8)";
  if (odd[0] + odd[1] > 0 || control > look / 20) return "a binary file, not text; give a CSV file";
  return NULL;
}

/* The candidate that stands most often in the first line, outside quotes. */
static char find_separator(const unsigned char *b, size_t n) {
  static const char CANDIDATES[] = ",;\t|";
  size_t seen[4] = {0};
  bool quoted = false;
  for (size_t i = 0; i < n && (quoted || (b[i] != '\n' && b[i] != '\r')); i++) {
    if (b[i] == '"') quoted = !quoted;
    const char *hit = quoted || b[i] == 0 ? NULL : strchr(CANDIDATES, b[i]);
    if (hit) seen[hit - CANDIDATES]++;
  }
  size_t best = 0;
  for (size_t i = 1; i < 4; i++)
    if (seen[i] > seen[best]) best = i;
  return CANDIDATES[best];
}

int csv_create(int fd, struct csv **out, char err[INTAKE_ERROR_MAX]) {
  struct csv *c = calloc(1, sizeof *c);
  if (!c) {
    snprintf(err, INTAKE_ERROR_MAX, "out of memory");
    return CAD_ENOMEM;
  }
  c->fd = fd;
  c->line = 1;
  int r = fill(c);
  const char *foreign = r > 0 ? foreign_format(c->buffer, c->have) : NULL;
  if (r <= 0 || foreign) {
    if (r < 0)
      snprintf(err, INTAKE_ERROR_MAX, "the file cannot be read: %s", strerror(errno));
    else
      snprintf(err, INTAKE_ERROR_MAX, "the file is %s", r == 0 ? "empty; give a CSV file with a header row" : foreign);
    csv_destroy(c);
    return r < 0 ? CAD_EIO : CAD_EFORMAT;
  }
  if (c->have >= 3 && memcmp(c->buffer, "\357\273\277", 3) == 0) c->at = 3;
  for (size_t i = 0; i < c->have && !c->accents; i++) c->accents = c->buffer[i] >= 0x80;
  if (c->have >= c->at + 6 && strncasecmp((char *)c->buffer + c->at, "sep=", 4) == 0 &&
      (c->buffer[c->at + 5] == '\r' || c->buffer[c->at + 5] == '\n')) {
    c->separator = (char)c->buffer[c->at + 4];
    c->at += 5;
  } else {
    c->separator = find_separator(c->buffer + c->at, c->have - c->at);
  }
  *out = c;
  return CAD_OK;
}

struct csv *csv_destroy(struct csv *c) {
  free(c);
  return NULL;
}

/* ---- text ---- */

/* Length of the well-formed UTF-8 sequence at s, 0 when it is none. Source: RFC 3629. */
static size_t utf8_length(const unsigned char *s, size_t n) {
  if (s[0] < 0x80) return 1;
  size_t want = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
  if (want == 0 || want > n) return 0;
  for (size_t i = 1; i < want; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;
  return want;
}

static bool utf8_good(const char *text, size_t n) {
  const unsigned char *s = (const unsigned char *)text;
  for (size_t i = 0; i < n;) {
    size_t k = utf8_length(s + i, n - i);
    if (k == 0) return false;
    i += k;
  }
  return true;
}

/* Code points of 0x80..0x9f in Windows-1252; holes become the replacement character. */
static const uint16_t CP1252[32] = {0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
                                    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
                                    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};

static size_t put_utf8(char *to, unsigned code) {
  if (code < 0x80) {
    to[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    to[0] = (char)(0xc0 | (code >> 6));
    to[1] = (char)(0x80 | (code & 0x3f));
    return 2;
  }
  to[0] = (char)(0xe0 | (code >> 12));
  to[1] = (char)(0x80 | ((code >> 6) & 0x3f));
  to[2] = (char)(0x80 | (code & 0x3f));
  return 3;
}

static size_t from_cp1252(const char *text, size_t n, char *to) {
  size_t used = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned char b = (unsigned char)text[i];
    used += put_utf8(to + used, b >= 0x80 && b <= 0x9f ? CP1252[b - 0x80] : b);
  }
  to[used] = 0;
  return used;
}

static char *trim(char *text, size_t *n) {
  while (*n > 0 && (text[*n - 1] == ' ' || text[*n - 1] == '\t')) text[--*n] = 0;
  while (*n > 0 && (*text == ' ' || *text == '\t')) {
    text++;
    --*n;
  }
  return text;
}

/* ---- records ---- */

/* Where the reader is inside a record. */
enum place { FIELD_BEGIN = 0, PLAIN, QUOTED, QUOTE_SEEN };

static int put(struct csv *c, unsigned char b) {
  if (c->used >= CSV_RECORD_MAX) return CAD_EFULL;
  c->record[c->used++] = (char)(b >= 0x20 || b == '\n' || b == '\t' ? b : ' ');
  return CAD_OK;
}

static int end_field(struct csv *c) {
  if (c->count >= CSV_FIELDS_MAX) return CAD_ENOSUP;
  c->record[c->used++] = 0;
  c->count++;
  return CAD_OK;
}

static void begin_field(struct csv *c) { c->starts[c->count] = c->used; }

/* One byte of a record. 1: the record is complete; < 0: out of bounds. */
static int take(struct csv *c, unsigned char b, enum place *place) {
  if (*place == QUOTED) {
    if (b == '"')
      *place = QUOTE_SEEN;
    else
      return put(c, b);
    return CAD_OK;
  }
  if (*place == QUOTE_SEEN && b == '"') {
    *place = QUOTED;
    return put(c, b);
  }
  if (b == '\r' || b == '\n') {
    int r = end_field(c);
    return r < 0 ? r : 1;
  }
  if ((char)b == c->separator) {
    int r = end_field(c);
    if (r == CAD_OK) begin_field(c);
    *place = FIELD_BEGIN;
    return r;
  }
  if (b == '"' && *place == FIELD_BEGIN) {
    c->used = c->starts[c->count]; /* blanks before the quote */
    *place = QUOTED;
    return CAD_OK;
  }
  if (*place != FIELD_BEGIN || (b != ' ' && b != '\t')) *place = PLAIN;
  return put(c, b);
}

static void finish_record(struct csv *c) {
  size_t out = 0;
  for (int i = 0; i < c->count; i++) {
    char *text = c->record + c->starts[i];
    size_t n = strlen(text);
    if (!utf8_good(text, n)) {
      char *to = c->converted + out;
      n = from_cp1252(text, n, to);
      out += n + 1;
      text = to;
    }
    c->fields[i] = trim(text, &n);
  }
}

static int csv_fault(char err[INTAKE_ERROR_MAX], int r, uint64_t line, enum place place) {
  unsigned long long at = (unsigned long long)line;
  if (place == QUOTED)
    snprintf(err, INTAKE_ERROR_MAX, "line %llu: a quote opens in this row and does not close; mend the quote or remove it", at);
  else if (r == CAD_EFULL)
    snprintf(err, INTAKE_ERROR_MAX, "line %llu is longer than 64 kB; no list of contacts has such rows, check the file", at);
  else
    snprintf(err, INTAKE_ERROR_MAX, "line %llu has more than %d columns; check the file", at, CSV_FIELDS_MAX);
  return CAD_EFORMAT;
}

/* Bytes up to the end of the record. 1: it is there; 0: the end of the file, with or without a last field. */
static int read_record(struct csv *c, enum place *place, char err[INTAKE_ERROR_MAX]) {
  bool began = false;
  for (;;) {
    int r = fill(c);
    if (r < 0) {
      snprintf(err, INTAKE_ERROR_MAX, "the file cannot be read: %s", strerror(errno));
      return r;
    }
    if (r == 0) {
      if (*place == QUOTED) return csv_fault(err, CAD_EFORMAT, c->record_line, *place);
      if (!began) return 0;
      r = end_field(c);
      return r < 0 ? csv_fault(err, r, c->record_line, *place) : 1;
    }
    unsigned char b = c->buffer[c->at++];
    if (b == 0x1a && c->at == c->have && c->have < sizeof c->buffer) continue; /* the end mark of old systems */
    if (b == 0) {
      snprintf(err, INTAKE_ERROR_MAX, "line %llu holds a NUL byte: this is a binary or damaged file", (unsigned long long)c->line);
      return CAD_EFORMAT;
    }
    began = true;
    r = take(c, b, place);
    if (b == '\n') c->line++;
    if (b == '\r') { /* CR LF, or CR alone as old Macs wrote it */
      if (fill(c) > 0 && c->buffer[c->at] == '\n') {
        c->at++;
        if (*place == QUOTED) (void)put(c, '\n');
      }
      c->line++;
    }
    if (r < 0) return csv_fault(err, r, c->record_line, *place);
    if (r > 0) return 1;
  }
}

int csv_next(struct csv *c, struct csv_record *out, char err[INTAKE_ERROR_MAX]) {
  while (!c->unread) {
    enum place place = FIELD_BEGIN;
    c->used = 0;
    c->count = 0;
    c->record_line = c->line;
    begin_field(c);
    int r = read_record(c, &place, err);
    if (r <= 0) return r;
    finish_record(c);
    bool empty = true;
    for (int i = 0; empty && i < c->count; i++) empty = c->fields[i][0] == 0;
    if (!empty) break;
  }
  c->unread = false;
  *out = (struct csv_record){c->record_line, c->count, c->fields};
  return 1;
}

void csv_unread(struct csv *c) { c->unread = true; }
bool csv_accents(const struct csv *c) { return c->accents; }
char csv_separator(const struct csv *c) { return c->separator; }
uint64_t csv_bytes(const struct csv *c) { return c->bytes - (c->have - c->at); }

void csv_put(FILE *out, const char *text) {
  const char *first = text + strspn(text, " ");
  bool formula = *first && strchr("=+-@\t\r\n", *first) != NULL;
  if (!formula && !strpbrk(text, ",;|\"\t\r\n")) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  if (formula) fputc('\'', out);
  for (const char *p = text; *p; p++) {
    if (*p == '"') fputc('"', out);
    fputc(*p, out);
  }
  fputc('"', out);
}
