#include <campaigns/intake.h>
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_ROWS = 256, PROGRESS_ROWS = 4096, SEEN_FIRST = 1 << 12, SEEN_MOST = 1 << 22 };

const char *import_reason_name(enum import_reason r) {
  static const char *const NAMES[] = {"phone_empty", "phone_wrong", "scientific_notation", "cells",        "duplicate_in_file",
                                      "duplicate",   "do_not_call", "zone_unknown",        "contacts_full"};
  _Static_assert(sizeof NAMES / sizeof NAMES[0] == IMPORT_REASON_COUNT, "a word for every reason");
  return (unsigned)r < IMPORT_REASON_COUNT ? NAMES[r] : "?";
}

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
  char phone[72];
  char reason[PHONE_REASON_MAX];
};

struct import {
  const struct import_options *opt;
  const struct import_sink *sink;
  struct import_result *result;
  const struct phone_home *home;
  struct csv *csv;
  struct mapping map;
  struct seen seen;
  struct campaign_def campaign;
  uint64_t bytes_total;
  int taken_count, pending;
  struct taken taken[CHUNK_ROWS];
  struct contact_row rows[CHUNK_ROWS];
  uint8_t results[CHUNK_ROWS];
};

static int job_campaign(struct store *s, void *arg) {
  struct import *im = arg;
  return store_campaign_get(s, im->opt->campaign, &im->campaign);
}
static int job_begin(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_begin(s, im->opt->campaign, im->opt->file, im->opt->at, &im->result->job);
}
static int job_rows(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_rows(s, im->result->job, im->rows, im->pending, im->results);
}
static int job_finish(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_finish(s, im->result->job, &im->result->visible);
}
static int job_abort(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_abort(s, im->result->job);
}

static void put_reject(struct import *im, const struct taken *t) {
  im->result->rejected++;
  im->result->reasons[t->why]++;
  FILE *out = im->opt->rejects;
  if (!out) return;
  fprintf(out, "%llu,", (unsigned long long)t->line);
  csv_put(out, t->phone);
  fputc(',', out);
  csv_put(out, t->reason);
  fputc('\n', out);
}

/* What the store said of a row. */
static bool refused_by_store(const struct import *im, struct taken *t) {
  static const struct {
    enum import_reason why;
    const char *text;
  } SAID[] = {[CONTACT_DUPLICATE] = {IMPORT_DUPLICATE, "duplicate: this campaign has the number already"},
              [CONTACT_DNC] = {IMPORT_DNC, "on a do-not-call list"},
              [CONTACT_ZONE_UNKNOWN] = {IMPORT_ZONE, "time zone unknown: neither the number nor a zone column tells where it is"},
              [CONTACT_FULL] = {IMPORT_FULL, "the limit of contacts is reached: raise limits.contacts or remove old lists"},
              [CONTACT_KNOWN] = {IMPORT_DUPLICATE, "duplicate: another campaign of the seller has the number already"},
              [CONTACT_ZONE_WRONG] = {IMPORT_ZONE, "time zone unknown"}};
  uint8_t said = im->results[t->row];
  if (said == CONTACT_ADDED) return false;
  if (said >= sizeof SAID / sizeof SAID[0]) said = CONTACT_FULL;
  t->why = SAID[said].why;
  if (im->results[t->row] == CONTACT_ZONE_WRONG)
    snprintf(t->reason, sizeof t->reason, "time zone \"%s\" unknown: write it as America/New_York or leave the cell empty",
             im->rows[t->row].zone);
  else
    snprintf(t->reason, sizeof t->reason, "%s", SAID[said].text);
  return true;
}

static int flush_chunk(struct import *im) {
  memset(im->results, CONTACT_ADDED, sizeof im->results);
  int r = im->opt->preview || im->pending == 0 ? CAD_OK : im->sink->run(im->sink->self, job_rows, im, true);
  if (r < 0) return r;
  for (int i = 0; i < im->taken_count; i++) { /* in the order of the file */
    if (im->taken[i].row < 0 || refused_by_store(im, &im->taken[i]))
      put_reject(im, &im->taken[i]);
    else
      im->result->accepted++;
  }
  im->taken_count = im->pending = 0;
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

/* Is the row refused for what it says? The number of a good one goes to *phone. */
static bool refused_here(struct import *im, const struct csv_record *r, const char *text, struct taken *t, uint64_t *phone) {
  if (cells_beyond_header(im, r)) {
    t->why = IMPORT_CELLS;
    snprintf(t->reason, sizeof t->reason, "%d cells, the header has %d: a separator or quote in the row is wrong", r->count, im->map.count);
    return true;
  }
  if (!text[0]) {
    t->why = IMPORT_PHONE_EMPTY;
    snprintf(t->reason, sizeof t->reason, "the phone cell is empty");
    return true;
  }
  if (phone_parse(text, im->home, phone, t->reason) < 0) {
    t->why = strncmp(t->reason, "scientific", 10) == 0 ? IMPORT_SCIENTIFIC : IMPORT_PHONE_WRONG;
    return true;
  }
  if (!seen_before(&im->seen, *phone)) return false;
  t->why = IMPORT_DUPLICATE_FILE;
  snprintf(t->reason, sizeof t->reason, "duplicate: the number stands in this file above");
  return true;
}

static int take_row(struct import *im, const struct csv_record *r) {
  struct taken *t = &im->taken[im->taken_count++];
  const char *text = im->map.phone < r->count ? r->fields[im->map.phone] : "";
  uint64_t phone = 0;
  *t = (struct taken){.line = r->line, .row = -1};
  size_t n = strnlen(text, 64);
  while (n >= 60 && ((unsigned char)text[n] & 0xc0) == 0x80) n--; /* whole characters */
  memcpy(t->phone, text, n);
  im->result->rows++;
  if (!refused_here(im, r, text, t, &phone)) {
    t->row = im->pending++;
    im->result->extra_dropped += (uint64_t)mapping_row(&im->map, r, &im->rows[t->row]);
    im->rows[t->row].phone = phone;
  }
  int err = im->taken_count == CHUNK_ROWS ? flush_chunk(im) : CAD_OK;
  if (err == CAD_OK && im->result->rows % PROGRESS_ROWS == 0) err = tell(im);
  return err;
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
  if (!im->opt->phone_column && mapping_vicidial(&header, &im->map)) {
    csv_unread(im->csv);
  } else {
    r = mapping_from_header(&header, im->opt->phone_column, &im->map, err);
    if (r < 0) return CAD_EFORMAT;
  }
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

static int run_job(struct import *im, char err[INTAKE_ERROR_MAX]) {
  bool preview = im->opt->preview;
  int r = preview ? CAD_OK : im->sink->run(im->sink->self, job_begin, im, true);
  if (r < 0) {
    snprintf(err, INTAKE_ERROR_MAX, "the database refused the import: %s", err_name(r));
    return r;
  }
  if (im->opt->rejects) fputs("line,phone,reason\n", im->opt->rejects);
  r = read_rows(im, err);
  if (preview) return r;
  if (r == CAD_OK) {
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
  if (r == CAD_OK) r = csv_create(opt->fd, &im->csv, err);
  if (r == CAD_OK) r = read_header(im, err);
  if (r == CAD_OK) r = run_job(im, err);
  csv_destroy(im->csv);
  free(im->seen.slots);
  free(im);
  if (r == CAD_OK) *out = result;
  return r;
}
