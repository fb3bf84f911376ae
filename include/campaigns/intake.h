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
bool csv_accents(const struct csv *c);   /* the first bytes hold letters beyond ASCII */

/* One cell of a file that a spreadsheet may open: quoted if it must be, and with an apostrophe before what would be
 * taken for a formula (= + - @ tab CR at its begin). */
void csv_put(FILE *out, const char *text);

/* ---- phone.c ---- */
struct phone_home;
/* Numbering plan of a country by its ISO 3166 code ("US"); NULL: not known here. */
const struct phone_home *phone_home_find(const char *country);
/* By a country column: "US", "usa", "España"; NULL: not known. */
const struct phone_home *phone_home_named(const char *text);
const char *phone_home_country(const struct phone_home *home); /* "US" */
/* By calling code ("34", "+1"); likely: the one to take when several countries share it, may be NULL. NULL: not known. */
const struct phone_home *phone_home_of_code(const char *calling_code, const struct phone_home *likely);
/* A number as people write it into E.164 digits. home NULL: only international forms. CAD_OK or CAD_EFORMAT with the
 * reason. Possible lengths and first digits are checked, not whether the number is in use: plain numbers of the shipped
 * countries here, all others by libphonenumber. Source: ITU-T E.164, E.123 and the national numbering plans. */
enum { PHONE_REASON_MAX = 128 };
enum phone_fault {
  PHONE_NOT_A_NUMBER = 0, /* letters, signs, nothing */
  PHONE_SCIENTIFIC,       /* 6,34E+08: a spreadsheet lost its digits */
  PHONE_EXTENSION,
  PHONE_SEVERAL, /* more than one number in the cell */
  PHONE_SHORT,
  PHONE_LONG,
  PHONE_NOT_POSSIBLE, /* no number begins so */
  PHONE_COUNTRY       /* no such calling code, or none is known for a national number */
};
int phone_parse(const char *text, const struct phone_home *home, uint64_t *out, char reason[PHONE_REASON_MAX]);
/* The same; *what (may be NULL) says in which way it is none. */
int phone_read(const char *text, const struct phone_home *home, uint64_t *out, enum phone_fault *what, char reason[PHONE_REASON_MAX]);
/* The two ways of phone_read, for the proof that they agree: digits alone, plus: they began with '+'. */
bool phone_plain(const char *digits, bool plus, const struct phone_home *home, uint64_t *out); /* false: not plain */
int phone_by_library(const char *digits, bool plus, const struct phone_home *home, uint64_t *out);

/* ---- mapping.c: which column is what, in English and Spanish ---- */
enum column_role {
  COLUMN_EXTRA = 0,
  COLUMN_PHONE,
  COLUMN_NAME,
  COLUMN_FIRST_NAME,
  COLUMN_LAST_NAME,
  COLUMN_EXTERNAL_ID,
  COLUMN_ZONE,
  COLUMN_SKIP,
  COLUMN_PHONE_MORE, /* a further number of the same person, tried after the first */
  COLUMN_POSTCODE,
  COLUMN_STATE,
  COLUMN_COUNTRY,
  COLUMN_CALLING_CODE, /* "34": how to read a number without '+' */
  COLUMN_SEGMENT,      /* 0 .. 9, or a score of 0 .. 100: the greater are called sooner */
  COLUMN_CONSENT,      /* anything but "no" says that the person agreed */
  COLUMN_CONSENT_DATE, /* when; without a date the ledger keeps nothing */
  COLUMN_CONSENT_SOURCE,
  COLUMN_CONSENT_TEXT, /* what the person was shown or told */
  COLUMN_CONSENT_BASIS,
  COLUMN_CONSENT_EXPIRES,
  COLUMN_STATUS, /* how the last call ended, by our codes or ViciDial's letters: who is finished is not taken */
  COLUMN_ROLE_COUNT
};
const char *column_role_name(enum column_role role); /* "phone", ... as mapping_set takes it */
struct mapping {
  int count;
  uint8_t role[CSV_FIELDS_MAX];
  char names[CSV_FIELDS_MAX][48]; /* as the header says, for extra */
  int phone;                      /* its column */
  int more[CONTACT_NUMBERS_MAX - 1], more_count;
};
/* phone_column NULL: by its usual names. CAD_OK; CAD_ENOENT: no phone column (err names the columns seen); CAD_EEXIST: two
 * columns of the same name. */
int mapping_from_header(const struct csv_record *header, const char *phone_column, struct mapping *out, char err[INTAKE_ERROR_MAX]);
/* "This column is that": role as column_role_name prints it. CAD_EINVAL (role), CAD_ENOENT (column). mapping_settle after the last. */
int mapping_set(struct mapping *m, const char *column, const char *role, char err[INTAKE_ERROR_MAX]);
void mapping_settle(struct mapping *m);
/* "Tel 1=phone,Cod=id", settled. CAD_ENOENT also when no phone column is left. */
int mapping_set_all(struct mapping *m, const char *pairs, char err[INTAKE_ERROR_MAX]);
/* A mapping to keep, malloc'ed JSON (NULL: no memory), and its use on another file with such columns, settled. CAD_ENOENT when a
 * column is not there that the mapping needs. */
char *mapping_to_json(const struct mapping *m);
int mapping_set_json(struct mapping *m, const char *text, char err[INTAKE_ERROR_MAX]);
/* The first cell of that role that is not empty, "" without. */
const char *mapping_cell(const struct mapping *m, const struct csv_record *r, enum column_role role);
/* ViciDial's standard order, which has no header; true when the record looks like it. */
bool mapping_vicidial(const struct csv_record *first, struct mapping *out);
/* Fills all but row->phone. Returns how many extra columns found no room (0: all kept). */
int mapping_row(const struct mapping *m, const struct csv_record *r, struct contact_row *row);

/* ---- places.c: postcodes and states to time zones, from share_dir/numbering/{postcode,state}_zones.csv ---- */
struct places;
/* A table that is not there is empty. CAD_OK; CAD_EFORMAT with file and line in err; CAD_ENOMEM. */
int places_create(const char *share_dir, struct places **out, char err[INTAKE_ERROR_MAX]);
struct places *places_destroy(struct places *p);
/* Every zone and region where such an address may be, "A&B&@US-CA"; NULL: not known. country: "US"; state: code or name, any case,
 * accents or not; a postcode by its longest known beginning, with or without the zeros that spreadsheets drop. A postcode's answer that
 * begins with '~' is as wide as a state. */
const char *places_by_postcode(const struct places *p, const char *country, const char *postcode);
const char *places_by_state(const struct places *p, const char *country, const char *state);

/* ---- import.c ---- */
enum import_reason {
  IMPORT_PHONE_EMPTY = 0, /* no phone cell is filled */
  IMPORT_NOT_A_NUMBER,
  IMPORT_SCIENTIFIC, /* a spreadsheet spoiled it: 6,34E+08 */
  IMPORT_EXTENSION,
  IMPORT_SEVERAL, /* two numbers in one cell */
  IMPORT_TOO_SHORT,
  IMPORT_TOO_LONG,
  IMPORT_NOT_POSSIBLE,
  IMPORT_COUNTRY, /* no such calling code, or no country known */
  IMPORT_CELLS,   /* more cells than the header has */
  IMPORT_DUPLICATE_FILE,
  IMPORT_DUPLICATE,        /* the campaign has it already */
  IMPORT_DUPLICATE_SYSTEM, /* the seller has it, in another campaign */
  IMPORT_DNC,
  IMPORT_ZONE,       /* neither number nor address tells where it is */
  IMPORT_ZONE_WRONG, /* the zone column names none */
  IMPORT_CONSENT,
  IMPORT_FULL,
  IMPORT_STATUS, /* its status says that it was finished before */
  IMPORT_REASON_COUNT
};
const char *import_reason_name(enum import_reason r); /* "duplicate_in_file", ... */
const char *import_reason_mend(enum import_reason r); /* what to do about it */

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
  const char *columns;      /* "phone,name,zone": the file has no header row, these are its columns; NULL: it has one */
  const char *map;          /* "Tel 1=phone,Cod=id": what columns are, beside what their names say; may be NULL */
  const char *saved;        /* the same as mapping_to_json wrote it, before `map`; may be NULL */
  const char *share_dir;    /* for postcodes and states; NULL: these tell nothing */
  FILE *rejects;            /* as rejects.h says; may be NULL */
  struct wall at;
  bool preview;         /* every check, duplicates and do-not-call lists included; writes nothing */
  bool refuse_known;    /* numbers that the seller has in any campaign are rejected */
  bool require_consent; /* rows without a consent are rejected */
};
enum { IMPORT_SAMPLES = 5 };
struct import_sample {
  uint64_t line;
  struct contact_row row; /* place and state are NULL */
};
struct import_result {
  uint64_t job, rows, accepted, rejected, visible;
  uint64_t reasons[IMPORT_REASON_COUNT];
  uint64_t extra_dropped;    /* cells that found no room in extra */
  uint64_t consents;         /* that went to the ledger, one a number */
  uint64_t consents_undated; /* of accepted rows: consents without a date of the past, which the ledger cannot keep */
  uint64_t numbers_left_out; /* of accepted rows: further numbers that cannot or must not be called */
  char phone_column[48];
  char separator;
  struct mapping map;
  struct import_sample samples[IMPORT_SAMPLES]; /* the first rows that are good, as they were understood */
  int sample_count;
};
/* CAD_OK, else nothing of it is visible and err says why: CAD_ENOENT (campaign), CAD_EFORMAT (the file), CAD_EIO,
 * CAD_EREFUSED (progress said stop), what the store said. */
int import_run(const struct import_options *opt, const struct import_sink *sink, struct import_result *out, char err[INTAKE_ERROR_MAX]);

#endif
