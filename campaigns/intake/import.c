#include "rejects.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_ROWS = 256, PROGRESS_ROWS = 4096, SEEN_FIRST = 1 << 12, SEEN_MOST = 1 << 22, RAW_BYTES = 1 << 20 };

/* ---- numbers seen in this file: an open hash set with a bound; past it the store still finds duplicates ---- */

struct seen {
  uint64_t *slots; /* 0: free */
  size_t size, count;
};

static size_t seen_slot(const struct seen *s, uint64_t phone) {
  size_t i = (size_t)((phone * 0x9e3779b97f4a7c15u) >> 32) & (s->size - 1);
  while (s->slots[i] && s->slots[i] != phone) i = (i + 1) & (s->size - 1);
  return i;
}

static bool seen_grow(struct seen *s) {
  struct seen bigger = {.size = s->size ? s->size * 2 : SEEN_FIRST, .count = s->count};
  if (bigger.size > SEEN_MOST) return false;
  bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
  if (!bigger.slots) return false;
  for (size_t i = 0; i < s->size; i++)
    if (s->slots[i]) bigger.slots[seen_slot(&bigger, s->slots[i])] = s->slots[i];
  free(s->slots);
  *s = bigger;
  return true;
}

/* Was it there already? Remembers it if there is room. */
static bool seen_before(struct seen *s, uint64_t phone) {
  bool room = s->count * 2 < s->size || seen_grow(s);
  if (!s->size) return false;
  size_t i = seen_slot(s, phone);
  if (s->slots[i] == phone) return true;
  if (room) {
    s->slots[i] = phone;
    s->count++;
  }
  return false;
}

/* ---- the job ---- */

/* One row of a chunk: refused here, or at place `row` of what the store is given. */
struct taken {
  uint64_t line;
  int row; /* -1: refused here */
  enum import_reason why;
  int64_t raw; /* its cells */
  int cells;
  char reason[PHONE_REASON_MAX];
};

struct import {
  const struct import_options *opt;
  const struct import_sink *sink;
  struct import_result *result;
  const struct phone_home *home;
  struct places *places;
  struct csv *csv;
  struct mapping map;
  struct seen seen;
  struct raw_rows raw;
  struct campaign_def campaign;
  uint64_t bytes_total;
  int taken_count, pending;
  struct taken taken[CHUNK_ROWS];
  struct contact_row rows[CHUNK_ROWS];
  uint8_t results[CHUNK_ROWS];
  char note[1024];
};

static int job_campaign(struct store *s, void *arg) {
  struct import *im = arg;
  return store_campaign_get(s, im->opt->campaign, &im->campaign);
}
static int job_begin(struct store *s, void *arg) {
  struct import *im = arg;
  int r = store_import_begin(s, im->opt->campaign, im->opt->file, im->opt->at, &im->result->job);
  return r >= 0 && im->opt->refuse_known ? store_import_refuse_known(s, im->result->job) : r;
}
static int job_rows(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_rows(s, im->result->job, im->rows, im->pending, im->results);
}
static int job_check(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_check(s, im->opt->campaign, im->opt->refuse_known, im->rows, im->pending, im->results);
}
static int job_finish(struct store *s, void *arg) {
  struct import *im = arg;
  struct import_result *r = im->result;
  r->numbers_left_out += store_import_left_out(s, r->job);
  int err = store_import_note(s, r->job, r->rows, r->rejected, im->note);
  return err < 0 ? err : store_import_finish(s, r->job, &r->visible);
}
static int job_abort(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_abort(s, im->result->job);
}

static void put_reject(struct import *im, const struct taken *t) {
  im->result->rejected++;
  im->result->reasons[t->why]++;
  if (im->opt->rejects)
    rejects_put(im->opt->rejects, &im->map, im->result->separator, im->raw.bytes + t->raw, t->cells, t->line, t->reason, t->why);
}

/* What the store said of a row. */
static bool refused_by_store(const struct import *im, struct taken *t) {
  static const struct {
    enum import_reason why;
    const char *text;
  } SAID[] = {[CONTACT_DUPLICATE] = {IMPORT_DUPLICATE, "duplicate: this campaign has the number already"},
              [CONTACT_DNC] = {IMPORT_DNC, "on a do-not-call list"},
              [CONTACT_ZONE_UNKNOWN] = {IMPORT_ZONE, "time zone unknown: neither the number nor an address tells where it is"},
              [CONTACT_FULL] = {IMPORT_FULL, "the limit of contacts is reached"},
              [CONTACT_KNOWN] = {IMPORT_DUPLICATE_SYSTEM, "duplicate: another campaign of the seller has the number already"},
              [CONTACT_ZONE_WRONG] = {IMPORT_ZONE_WRONG, ""}};
  uint8_t said = im->results[t->row];
  if (said == CONTACT_ADDED) return false;
  if (said >= sizeof SAID / sizeof SAID[0]) said = CONTACT_FULL;
  t->why = SAID[said].why;
  if (said == CONTACT_ZONE_WRONG)
    snprintf(t->reason, sizeof t->reason, "there is no time zone \"%s\"", im->rows[t->row].zone);
  else
    snprintf(t->reason, sizeof t->reason, "%s", SAID[said].text);
  return true;
}

static void keep_sample(struct import *im, const struct taken *t) {
  struct import_result *r = im->result;
  if (r->sample_count == IMPORT_SAMPLES) return;
  r->samples[r->sample_count] = (struct import_sample){t->line, im->rows[t->row]};
  r->samples[r->sample_count++].row.place = NULL;
}

static int flush_chunk(struct import *im) {
  memset(im->results, CONTACT_ADDED, sizeof im->results);
  bool preview = im->opt->preview;
  int r = im->pending == 0 ? CAD_OK : im->sink->run(im->sink->self, preview ? job_check : job_rows, im, !preview);
  if (r < 0) return r;
  for (int i = 0; i < im->taken_count; i++) { /* in the order of the file */
    if (im->taken[i].row < 0 || refused_by_store(im, &im->taken[i])) {
      put_reject(im, &im->taken[i]);
    } else {
      keep_sample(im, &im->taken[i]);
      im->result->accepted++;
    }
  }
  im->taken_count = im->pending = 0;
  im->raw.used = 0;
  return CAD_OK;
}

static int tell(struct import *im) {
  if (!im->sink->progress) return CAD_OK;
  struct import_progress p = {im->result->rows, im->result->accepted, im->result->rejected, csv_bytes(im->csv), im->bytes_total};
  return im->sink->progress(im->sink->self, &p) < 0 ? CAD_EREFUSED : CAD_OK;
}

static bool cells_beyond_header(const struct import *im, const struct csv_record *r) {
  for (int i = im->map.count; i < r->count; i++)
    if (r->fields[i][0]) return true;
  return false;
}

static enum import_reason reason_of(enum phone_fault fault) {
  static const enum import_reason REASONS[] = {
      [PHONE_NOT_A_NUMBER] = IMPORT_NOT_A_NUMBER, [PHONE_SCIENTIFIC] = IMPORT_SCIENTIFIC, [PHONE_EXTENSION] = IMPORT_EXTENSION,
      [PHONE_SEVERAL] = IMPORT_SEVERAL,           [PHONE_SHORT] = IMPORT_TOO_SHORT,       [PHONE_LONG] = IMPORT_TOO_LONG,
      [PHONE_NOT_POSSIBLE] = IMPORT_NOT_POSSIBLE, [PHONE_COUNTRY] = IMPORT_COUNTRY};
  return REASONS[fault];
}

static int refuse(struct taken *t, enum import_reason why, const char *text) {
  t->why = why;
  snprintf(t->reason, sizeof t->reason, "%s", text);
  return CAD_EREFUSED;
}

/* The country by which this row's national numbers are read. */
static const struct phone_home *row_home(const struct import *im, const struct csv_record *r) {
  const char *country = mapping_cell(&im->map, r, COLUMN_COUNTRY), *code = mapping_cell(&im->map, r, COLUMN_CALLING_CODE);
  const struct phone_home *home = country[0] ? phone_home_named(country) : NULL;
  if (!home) home = im->home;
  const struct phone_home *by_code = code[0] ? phone_home_of_code(code, home) : NULL;
  return by_code ? by_code : home;
}

/* All numbers of the row in their order; the first good one is tried first. */
static int read_numbers(struct import *im, const struct csv_record *r, const struct phone_home *home, struct taken *t,
                        struct contact_row *row) {
  bool any = false, faulty = false;
  int more = 0;
  for (int i = -1; i < im->map.more_count; i++) {
    int column = i < 0 ? im->map.phone : im->map.more[i];
    const char *text = column < r->count ? r->fields[column] : "";
    char reason[PHONE_REASON_MAX];
    enum phone_fault fault = PHONE_NOT_A_NUMBER;
    uint64_t number = 0;
    if (!text[0]) continue;
    any = true;
    if (phone_read(text, home, &number, &fault, reason) < 0) {
      if (!faulty) (void)refuse(t, reason_of(fault), reason);
      faulty = true;
      im->result->numbers_left_out++;
    } else if (!row->phone) {
      row->phone = number;
    } else if (more < CONTACT_NUMBERS_MAX - 1) {
      row->others[more++] = number;
    }
  }
  if (row->phone) return CAD_OK;
  im->result->numbers_left_out -= faulty; /* the row is rejected for it */
  return any ? CAD_EREFUSED : refuse(t, IMPORT_PHONE_EMPTY, "the phone cell is empty");
}

static bool says_no(const char *text) {
  static const char *const NO[] = {"no", "n", "0", "false", "falso", "none", "ninguno"};
  for (size_t i = 0; i < sizeof NO / sizeof NO[0]; i++)
    if (strcasecmp(NO[i], text) == 0) return true;
  return false;
}

static bool consents(const struct mapping *m, const struct csv_record *r) {
  bool yes = false;
  for (int i = 0; i < r->count && i < m->count; i++) {
    if (m->role[i] != COLUMN_CONSENT || !r->fields[i][0]) continue;
    if (says_no(r->fields[i])) return false;
    yes = true;
  }
  return yes;
}

static const char *row_place(const struct import *im, const struct csv_record *r, const struct phone_home *home) {
  if (!im->places || !home) return NULL;
  const char *postcode = mapping_cell(&im->map, r, COLUMN_POSTCODE), *state = mapping_cell(&im->map, r, COLUMN_STATE);
  const char *zones = postcode[0] ? places_by_postcode(im->places, phone_home_country(home), postcode) : NULL;
  return zones || !state[0] ? zones : places_by_state(im->places, phone_home_country(home), state);
}

/* Is the row good by what it says? Then row holds it. */
static int read_row(struct import *im, const struct csv_record *r, struct taken *t, struct contact_row *row) {
  if (cells_beyond_header(im, r)) {
    char text[PHONE_REASON_MAX];
    snprintf(text, sizeof text, "%d cells, the header has %d: a separator or quote in the row is wrong", r->count, im->map.count);
    return refuse(t, IMPORT_CELLS, text);
  }
  const struct phone_home *home = row_home(im, r);
  int dropped = mapping_row(&im->map, r, row);
  int said = read_numbers(im, r, home, t, row);
  if (said < 0) return said;
  if (im->opt->require_consent && !consents(&im->map, r))
    return refuse(t, IMPORT_CONSENT, "no consent: the column consent is empty, says no or is not there");
  if (seen_before(&im->seen, row->phone)) return refuse(t, IMPORT_DUPLICATE_FILE, "duplicate: the number stands in this file above");
  row->place = row_place(im, r, home);
  im->result->extra_dropped += (uint64_t)dropped;
  return CAD_OK;
}

static int take_row(struct import *im, const struct csv_record *r) {
  struct taken *t = &im->taken[im->taken_count++];
  *t = (struct taken){.line = r->line, .row = -1, .cells = r->count};
  im->result->rows++;
  if (im->opt->rejects && (t->raw = raw_keep(&im->raw, r)) < 0) return CAD_ENOMEM;
  if (read_row(im, r, t, &im->rows[im->pending]) == CAD_OK) t->row = im->pending++;
  int err = im->taken_count == CHUNK_ROWS || im->raw.used > RAW_BYTES ? flush_chunk(im) : CAD_OK;
  if (err == CAD_OK && im->result->rows % PROGRESS_ROWS == 0) err = tell(im);
  return err;
}

/* Columns that were named on the command line stand for a header. */
static int named_columns(struct import *im, char err[INTAKE_ERROR_MAX]) {
  char copy[4096], *p = copy;
  const char *fields[CSV_FIELDS_MAX];
  struct csv_record header = {1, 0, fields};
  snprintf(copy, sizeof copy, "%s", im->opt->columns);
  while (p && header.count < CSV_FIELDS_MAX) {
    char *comma = strchr(p, ',');
    if (comma) *comma++ = 0;
    while (*p == ' ') p++;
    fields[header.count++] = p;
    p = comma;
  }
  csv_unread(im->csv);
  return mapping_from_header(&header, im->opt->phone_column, &im->map, err);
}

static int read_header(struct import *im, char err[INTAKE_ERROR_MAX]) {
  struct csv_record header;
  int r = csv_next(im->csv, &header, err);
  if (r < 0) return r;
  if (r == 0) {
    snprintf(err, INTAKE_ERROR_MAX, "the file holds no rows; give a CSV file with a header row");
    return CAD_EFORMAT;
  }
  im->result->separator = csv_separator(im->csv);
  if (im->opt->columns) {
    r = named_columns(im, err);
  } else if (!im->opt->phone_column && mapping_vicidial(&header, &im->map)) {
    csv_unread(im->csv);
  } else {
    r = mapping_from_header(&header, im->opt->phone_column, &im->map, err);
    if (r == CAD_ENOENT && (im->opt->map || im->opt->saved)) r = CAD_OK, err[0] = 0; /* the mapping may name it */
  }
  if (r >= 0 && im->opt->saved) r = mapping_set_json(&im->map, im->opt->saved, err);
  if (r >= 0 && im->opt->map) r = mapping_set_all(&im->map, im->opt->map, err);
  if (r < 0) return CAD_EFORMAT;
  im->result->map = im->map;
  snprintf(im->result->phone_column, sizeof im->result->phone_column, "%s", im->map.names[im->map.phone]);
  return CAD_OK;
}

static int read_rows(struct import *im, char err[INTAKE_ERROR_MAX]) {
  struct csv_record r;
  int got, done = CAD_OK;
  while (done == CAD_OK && (got = csv_next(im->csv, &r, err)) != 0) {
    if (got < 0) return got;
    done = take_row(im, &r);
  }
  if (done == CAD_OK) done = flush_chunk(im);
  if (done == CAD_OK) done = tell(im);
  if (done == CAD_EREFUSED)
    snprintf(err, INTAKE_ERROR_MAX, "stopped before the end; nothing of the file was kept");
  else if (done < 0)
    snprintf(err, INTAKE_ERROR_MAX, "the database refused the rows (%s); nothing of the file was kept", err_name(done));
  if (done == CAD_OK && im->opt->rejects && fflush(im->opt->rejects) != 0) {
    snprintf(err, INTAKE_ERROR_MAX, "the reject file could not be written; nothing of the file was kept");
    done = CAD_EIO;
  }
  return done;
}

static int find_campaign(struct import *im, char err[INTAKE_ERROR_MAX]) {
  int r = im->sink->run(im->sink->self, job_campaign, im, false);
  if (r < 0) {
    if (r == CAD_ENOENT)
      snprintf(err, INTAKE_ERROR_MAX, "there is no campaign \"%.40s\"; make it with cadencia campaign create", im->opt->campaign);
    else
      snprintf(err, INTAKE_ERROR_MAX, "the database cannot be read: %s", err_name(r));
    return r;
  }
  const char *country = im->opt->country ? im->opt->country : im->campaign.country;
  im->home = country[0] ? phone_home_find(country) : NULL;
  if (!im->home && country[0]) {
    snprintf(err, INTAKE_ERROR_MAX,
             "the numbering plan of country \"%.8s\" is not known; write the numbers with '+' and leave --country away", country);
    if (im->opt->country) return CAD_EINVAL;
  }
  return CAD_OK;
}

/* What the log of imports keeps: reason to count. */
static void put_note(struct import *im) {
  size_t used = (size_t)snprintf(im->note, sizeof im->note, "{");
  for (int i = 0; i < IMPORT_REASON_COUNT; i++)
    if (im->result->reasons[i])
      used += (size_t)snprintf(im->note + used, sizeof im->note - used, "%s\"%s\":%llu", used > 1 ? "," : "",
                               import_reason_name((enum import_reason)i), (unsigned long long)im->result->reasons[i]);
  snprintf(im->note + used, sizeof im->note - used, "}");
}

static int run_job(struct import *im, char err[INTAKE_ERROR_MAX]) {
  bool preview = im->opt->preview;
  int r = preview ? CAD_OK : im->sink->run(im->sink->self, job_begin, im, true);
  if (r < 0) {
    snprintf(err, INTAKE_ERROR_MAX, "the database refused the import: %s", err_name(r));
    return r;
  }
  if (im->opt->rejects) rejects_header(im->opt->rejects, &im->map, im->result->separator, csv_accents(im->csv));
  r = read_rows(im, err);
  if (preview) return r;
  if (r == CAD_OK) {
    put_note(im);
    r = im->sink->run(im->sink->self, job_finish, im, true);
    if (r >= 0) return CAD_OK;
    snprintf(err, INTAKE_ERROR_MAX, "the database could not make the rows visible: %s", err_name(r));
  }
  while (im->sink->run(im->sink->self, job_abort, im, true) > 0) continue; /* a few ms each */
  return r;
}

int import_run(const struct import_options *opt, const struct import_sink *sink, struct import_result *out, char err[INTAKE_ERROR_MAX]) {
  struct import_result result = {0};
  struct import *im = calloc(1, sizeof *im);
  err[0] = 0;
  if (!im) {
    snprintf(err, INTAKE_ERROR_MAX, "out of memory");
    return CAD_ENOMEM;
  }
  im->opt = opt;
  im->sink = sink;
  im->result = &result;
  struct stat st;
  if (fstat(opt->fd, &st) == 0 && S_ISREG(st.st_mode)) im->bytes_total = (uint64_t)st.st_size;
  int r = find_campaign(im, err);
  if (r == CAD_OK && opt->share_dir) r = places_create(opt->share_dir, &im->places, err);
  if (r == CAD_OK) r = csv_create(opt->fd, &im->csv, err);
  if (r == CAD_OK) r = read_header(im, err);
  if (r == CAD_OK) r = run_job(im, err);
  csv_destroy(im->csv);
  places_destroy(im->places);
  free(im->raw.bytes);
  free(im->seen.slots);
  free(im);
  if (r == CAD_OK) *out = result;
  return r;
}
