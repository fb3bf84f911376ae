/* intake.h — rows in, reasons out: lists that people bring, made into contacts.
 *
 * csv reads records of any common dialect with bounded memory; phone makes E.164
 * integers; mapping knows what columns are called; import joins them and writes
 * through the store in chunks under a job that one flip makes visible. Every input
 * is hostile. Thread: any; one struct each. Source: csv.c phone.c mapping.c import.c */
#ifndef CAMPAIGNS_INTAKE_H
#define CAMPAIGNS_INTAKE_H

#include <campaigns/store.h>
#include <stddef.h>
#include <stdio.h>

enum { INTAKE_ERROR_MAX = 240 }; /* bytes of a readable error line */

/* ---- csv.c: RFC 4180 and its relatives: , ; tab |, quotes, BOM, CRLF, "sep=;", UTF-8 or Windows-1252 ---- */
enum { CSV_RECORD_MAX = 65536, CSV_FIELDS_MAX = 256 };
struct csv;
struct csv_record {
  uint64_t line;             /* where it begins, 1 .. */
  int count;                 /* fields, >= 1 */
  const char *const *fields; /* UTF-8, NUL-terminated, trimmed of blanks; valid until the next csv_next */
};
/* Looks at the first bytes of fd (not closed by csv). CAD_EFORMAT: no text table (a workbook, an archive, UTF-16, a
 * binary file), why is in err; CAD_EIO, CAD_ENOMEM. */
int csv_create(int fd, struct csv **out, char err[INTAKE_ERROR_MAX]);
struct csv *csv_destroy(struct csv *c);
/* 1: a record; 0: the end; CAD_EFORMAT: a record over 64 kB, a quote that never closes, a NUL byte; CAD_EIO. Empty lines are
 * passed over. */
int csv_next(struct csv *c, struct csv_record *out, char err[INTAKE_ERROR_MAX]);
/* Reads the last record again at the next csv_next. */
void csv_unread(struct csv *c);
char csv_separator(const struct csv *c);
uint64_t csv_bytes(const struct csv *c); /* read so far */

/* One cell of a file that a spreadsheet may open: quoted if it must be, and with an apostrophe before what would be
 * taken for a formula (= + - @ tab CR at its begin). */
void csv_put(FILE *out, const char *text);

/* ---- phone.c ---- */
struct phone_home;
/* Numbering plan of a country by its ISO 3166 code ("US"); NULL: not known here. */
const struct phone_home *phone_home_find(const char *country);
/* A number as people write it into E.164 digits. home NULL: only international forms. CAD_OK or CAD_EFORMAT with the
 * reason. Possible lengths by calling code are checked, not whether the number is in use.
 * Source: ITU-T E.164, E.123 and the national numbering plans. */
enum { PHONE_REASON_MAX = 128 };
int phone_parse(const char *text, const struct phone_home *home, uint64_t *out, char reason[PHONE_REASON_MAX]);

/* ---- mapping.c: which column is what, in English and Spanish ---- */
enum column_role {
  COLUMN_EXTRA = 0,
  COLUMN_PHONE,
  COLUMN_NAME,
  COLUMN_FIRST_NAME,
  COLUMN_LAST_NAME,
  COLUMN_EXTERNAL_ID,
  COLUMN_ZONE,
  COLUMN_SKIP
};
struct mapping {
  int count;
  uint8_t role[CSV_FIELDS_MAX];
  char names[CSV_FIELDS_MAX][48]; /* as the header says, for extra */
  int phone;                      /* its column */
};
/* phone_column NULL: by its usual names. CAD_OK; CAD_ENOENT: no phone column (err names the columns seen); CAD_EEXIST: two
 * columns of the same name. */
int mapping_from_header(const struct csv_record *header, const char *phone_column, struct mapping *out, char err[INTAKE_ERROR_MAX]);
/* ViciDial's standard order, which has no header; true when the record looks like it. */
bool mapping_vicidial(const struct csv_record *first, struct mapping *out);
/* Fills all but row->phone. Returns how many extra columns found no room (0: all kept). */
int mapping_row(const struct mapping *m, const struct csv_record *r, struct contact_row *row);

/* ---- import.c ---- */
enum import_reason {
  IMPORT_PHONE_EMPTY = 0, /* the phone cell is empty */
  IMPORT_PHONE_WRONG,     /* phone_parse says why */
  IMPORT_SCIENTIFIC,      /* a spreadsheet spoiled it: 6,34E+08 */
  IMPORT_CELLS,           /* more cells than the header has */
  IMPORT_DUPLICATE_FILE,
  IMPORT_DUPLICATE, /* the store has it already */
  IMPORT_DNC,
  IMPORT_ZONE,
  IMPORT_FULL,
  IMPORT_REASON_COUNT
};
const char *import_reason_name(enum import_reason r); /* "duplicate_in_file", ... */

struct import_progress {
  uint64_t rows, accepted, rejected, bytes, bytes_total; /* total 0: not known */
};
/* How import reaches the store: directly, or by jobs on the store thread. */
struct import_sink {
  void *self;
  int (*run)(void *self, int (*fn)(struct store *s, void *arg), void *arg, bool in_transaction);
  int (*progress)(void *self, const struct import_progress *p); /* < 0: stop, nothing becomes visible; may be NULL */
};
struct import_options {
  int fd;           /* the file, at its begin */
  const char *file; /* its name, for messages and the job */
  const char *campaign;
  const char *country;      /* NULL: the campaign's */
  const char *phone_column; /* NULL: by its usual names */
  FILE *rejects;            /* line,phone,reason; may be NULL */
  struct wall at;
  bool preview; /* check the file alone; writes nothing, asks the store only for the campaign */
};
struct import_result {
  uint64_t job, rows, accepted, rejected, visible;
  uint64_t reasons[IMPORT_REASON_COUNT];
  uint64_t extra_dropped; /* cells that found no room in extra */
  char phone_column[48];
  char separator;
};
/* CAD_OK, else nothing of it is visible and err says why: CAD_ENOENT (campaign), CAD_EFORMAT (the file), CAD_EIO,
 * CAD_EREFUSED (progress said stop), what the store said. */
int import_run(const struct import_options *opt, const struct import_sink *sink, struct import_result *out, char err[INTAKE_ERROR_MAX]);

#endif
