#include "rejects.h"
#include "row.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_ROWS = 512, PROGRESS_ROWS = 4096 };

/* A file is read in runs of half a million rows. The rows of a run go to the store in the order of their numbers, so that
 * neighbours in its indexes are written together, and are told of in the order of the file. */
struct import {
  const struct import_options *opt;
  const struct import_sink *sink;
  struct import_result *result;
  struct places *places;
  struct csv *csv;
  struct row_reader reader;
  struct spool *spool;
  struct raw_rows raw;
  struct spooled now; /* the row at hand */
  struct campaign_def campaign;
  bool begun; /* the job is there */
  uint64_t bytes_total, bytes_settled, told;
  uint32_t *order, settled;
  uint8_t *said;        /* of the run's rows, enum contact_result; SAID_NOTHING: not asked */
  int pending, written; /* rows of the chunk; those that the store has */
  uint32_t indexes[CHUNK_ROWS];
  struct contact_row rows[CHUNK_ROWS];
  uint8_t results[CHUNK_ROWS];
  bool undated[CHUNK_ROWS]; /* consents */
  uint64_t left_out;
  char note[1024];
};

enum { SAID_NOTHING = 0xff };

static void add_status(struct row_reader *r, const char *code, bool opted_out) {
  if (!code[0] || r->status_count == STATUS_WORDS_MAX) return;
  struct status_word *w = &r->statuses[r->status_count++];
  snprintf(w->code, sizeof w->code, "%s", code);
  w->opted_out = opted_out;
}
static int take_status(void *arg, const struct disposition_def *d, bool own) {
  struct import *im = arg;
  bool opted_out = d->effect == EFFECT_OPTS_OUT || d->category == CATEGORY_OPT_OUT;
  (void)own;
  if (!opted_out && d->effect != EFFECT_FINISHES && d->category != CATEGORY_UNWORKABLE) return CAD_OK;
  add_status(&im->reader, d->code, opted_out);
  add_status(&im->reader, d->alias, opted_out);
  return CAD_OK;
}
static int job_campaign(struct store *s, void *arg) {
  struct import *im = arg;
  int r = store_campaign_get(s, im->opt->campaign, &im->campaign);
  return r < 0 ? r : store_disposition_each(s, im->opt->campaign, take_status, im);
}
static int job_begin(struct store *s, void *arg) {
  struct import *im = arg;
  int r = store_import_begin(s, im->opt->campaign, im->opt->file, im->opt->at, &im->result->job);
  return r >= 0 && im->opt->refuse_known ? store_import_refuse_known(s, im->result->job) : r;
}
static int job_rows(struct store *s, void *arg) {
  struct import *im = arg;
  int done = store_import_some(s, im->result->job, im->rows + im->written, im->pending - im->written, im->results + im->written);
  if (done > 0) im->written += done;
  return done;
}
static int job_check(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_check(s, im->opt->campaign, im->opt->refuse_known, im->rows, im->pending, im->results);
}
static int job_finish(struct store *s, void *arg) {
  struct import *im = arg;
  struct import_result *r = im->result;
  im->left_out = store_import_left_out(s, r->job);
  r->consents = store_import_consents(s, r->job);
  int err = store_import_note(s, r->job, r->rows, r->rejected, im->note);
  return err < 0 ? err : store_import_finish(s, r->job, &r->visible);
}
static int job_abort(struct store *s, void *arg) {
  struct import *im = arg;
  return store_import_abort(s, im->result->job);
}

static int tell(struct import *im, bool always) {
  const struct import_result *r = im->result;
  if (!im->sink->progress || (!always && im->told / PROGRESS_ROWS == (r->rows + im->settled) / PROGRESS_ROWS)) return CAD_OK;
  im->told = r->rows + im->settled;
  /* Reading is half the way, writing the other half. */
  uint64_t read = csv_bytes(im->csv), run = read - im->bytes_settled, count = spool_count(im->spool);
  uint64_t written = im->bytes_settled + (count ? run * im->settled / count : 0);
  struct import_progress p = {r->rows, r->accepted, r->rejected, (read + written) / 2, im->bytes_total};
  return im->sink->progress(im->sink->self, &p) < 0 ? CAD_EREFUSED : CAD_OK;
}

/* ---- a run: rows that are understood go to the store ---- */

static int begin_job(struct import *im) {
  if (im->begun || im->opt->preview) return CAD_OK;
  int r = im->sink->run(im->sink->self, job_begin, im, true);
  im->begun = r >= 0;
  return r;
}

static int flush_chunk(struct import *im) {
  if (im->pending == 0) return CAD_OK;
  bool preview = im->opt->preview;
  int r = CAD_OK;
  im->written = 0;
  if (preview)
    r = im->sink->run(im->sink->self, job_check, im, false);
  else
    while (r >= 0 && im->written < im->pending) r = im->sink->run(im->sink->self, job_rows, im, false);
  for (int i = 0; r >= 0 && i < im->pending; i++) {
    im->said[im->indexes[i]] = im->results[i];
    im->result->accepted += im->results[i] == CONTACT_ADDED;
    im->result->consents_undated += im->results[i] == CONTACT_ADDED && im->undated[i];
  }
  im->settled += (uint32_t)im->pending;
  im->pending = 0;
  return r < 0 ? r : tell(im, false);
}

static int write_run(struct import *im) {
  uint32_t n = spool_by_number(im->spool, im->order);
  int r = begin_job(im);
  im->settled = 0;
  for (uint32_t i = 0; i < n && r >= 0; i++) {
    r = spool_get(im->spool, im->order[i], &im->now);
    im->indexes[im->pending] = im->order[i];
    im->undated[im->pending] = im->now.consent_undated;
    im->rows[im->pending++] = im->now.row;
    if (r >= 0 && im->pending == CHUNK_ROWS) r = flush_chunk(im);
  }
  return r < 0 ? r : flush_chunk(im);
}

/* What the store said of a row. */
static void refused_by_store(uint8_t said, struct spooled *row) {
  static const struct {
    enum import_reason why;
    const char *text;
  } SAID[] = {[CONTACT_DUPLICATE] = {IMPORT_DUPLICATE, "duplicate: this campaign has the number already"},
              [CONTACT_DNC] = {IMPORT_DNC, "on a do-not-call list"},
              [CONTACT_ZONE_UNKNOWN] = {IMPORT_ZONE, "time zone unknown: neither the number nor an address tells where it is"},
              [CONTACT_FULL] = {IMPORT_FULL, "the limit of contacts is reached"},
              [CONTACT_KNOWN] = {IMPORT_DUPLICATE_SYSTEM, "duplicate: another campaign of the seller has the number already"},
              [CONTACT_ZONE_WRONG] = {IMPORT_ZONE_WRONG, ""}};
  if (said >= sizeof SAID / sizeof SAID[0]) said = CONTACT_FULL;
  row->why = (int)SAID[said].why;
  if (said == CONTACT_ZONE_WRONG)
    snprintf(row->reason, sizeof row->reason, "there is no time zone \"%s\"", row->row.zone);
  else
    snprintf(row->reason, sizeof row->reason, "%s", SAID[said].text);
}

static void keep_sample(struct import *im, const struct spooled *row) {
  struct import_result *r = im->result;
  r->samples[r->sample_count] = (struct import_sample){row->line, row->row};
  r->samples[r->sample_count].row.place = NULL;
  r->samples[r->sample_count++].row.state = NULL;
}

/* Rejects and samples, in the order of the file. */
static int tell_of_run(struct import *im) {
  struct import_result *result = im->result;
  for (uint32_t i = 0; i < spool_count(im->spool); i++) {
    bool good = im->said[i] == CONTACT_ADDED;
    if (good && result->sample_count == IMPORT_SAMPLES) continue;
    int r = spool_get(im->spool, i, &im->now);
    if (r < 0) return r;
    struct spooled *row = &im->now;
    if (good) {
      keep_sample(im, row);
      continue;
    }
    if (row->why < 0) refused_by_store(im->said[i], row);
    result->rejected++;
    result->reasons[row->why]++;
    if (im->opt->rejects)
      rejects_put(im->opt->rejects, &im->reader.map, result->separator, row->raw ? row->raw : "", row->raw ? row->cells : 0, row->line,
                  row->reason, (enum import_reason)row->why);
  }
  return CAD_OK;
}

static int end_run(struct import *im) {
  int r = write_run(im);
  if (r >= 0) r = tell_of_run(im);
  im->bytes_settled = csv_bytes(im->csv);
  im->settled = 0;
  spool_clear(im->spool);
  memset(im->said, SAID_NOTHING, SPOOL_ROWS);
  return r < 0 ? r : CAD_OK;
}

static int take_row(struct import *im, const struct csv_record *r) {
  struct spooled *row = &im->now;
  im->result->rows++;
  row_read(&im->reader, r, row);
  row->line = r->line;
  row->row.order = im->result->rows < UINT32_MAX ? (uint32_t)im->result->rows : UINT32_MAX;
  row->cells = r->count;
  row->raw = NULL;
  if (im->opt->rejects) {
    im->raw.used = 0;
    if (raw_keep(&im->raw, r) < 0) return CAD_ENOMEM;
    row->raw = im->raw.bytes;
    row->raw_bytes = im->raw.used;
  }
  int err = spool_put(im->spool, row);
  if (err >= 0 && spool_count(im->spool) == SPOOL_ROWS) err = end_run(im);
  return err < 0 ? err : tell(im, false);
}

/* ---- the file ---- */

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
  return mapping_from_header(&header, im->opt->phone_column, &im->reader.map, err);
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
  } else if (!im->opt->phone_column && mapping_vicidial(&header, &im->reader.map)) {
    csv_unread(im->csv);
  } else {
    r = mapping_from_header(&header, im->opt->phone_column, &im->reader.map, err);
    if (r == CAD_ENOENT && (im->opt->map || im->opt->saved)) r = CAD_OK, err[0] = 0; /* the mapping may name it */
  }
  if (r >= 0 && im->opt->saved) r = mapping_set_json(&im->reader.map, im->opt->saved, err);
  if (r >= 0 && im->opt->map) r = mapping_set_all(&im->reader.map, im->opt->map, err);
  if (r < 0) return CAD_EFORMAT;
  im->result->map = im->reader.map;
  snprintf(im->result->phone_column, sizeof im->result->phone_column, "%s", im->reader.map.names[im->reader.map.phone]);
  return CAD_OK;
}

static int read_rows(struct import *im, char err[INTAKE_ERROR_MAX]) {
  struct csv_record r;
  int got, done = CAD_OK;
  while (done == CAD_OK && (got = csv_next(im->csv, &r, err)) != 0) {
    if (got < 0) return got;
    done = take_row(im, &r);
  }
  if (done == CAD_OK) done = end_run(im);
  if (done == CAD_OK) done = tell(im, true);
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
  im->reader.home = country[0] ? phone_home_find(country) : NULL;
  if (!im->reader.home && country[0]) {
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
  if (im->opt->rejects) rejects_header(im->opt->rejects, &im->reader.map, im->result->separator, csv_accents(im->csv));
  int r = read_rows(im, err);
  if (preview) return r;
  if (r == CAD_OK) {
    put_note(im);
    r = im->sink->run(im->sink->self, job_finish, im, true);
    if (r >= 0) return CAD_OK;
    snprintf(err, INTAKE_ERROR_MAX, "the database could not make the rows visible: %s", err_name(r));
  }
  while (im->begun && im->sink->run(im->sink->self, job_abort, im, false) > 0) continue; /* a few ms each */
  return r;
}

static int make_room(struct import *im) {
  im->order = calloc(SPOOL_ROWS, sizeof *im->order);
  im->said = malloc(SPOOL_ROWS);
  if (!im->order || !im->said) return CAD_ENOMEM;
  memset(im->said, SAID_NOTHING, SPOOL_ROWS);
  return spool_create(&im->spool);
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
  im->reader.opt = opt;
  struct stat st;
  if (fstat(opt->fd, &st) == 0 && S_ISREG(st.st_mode)) im->bytes_total = (uint64_t)st.st_size;
  int r = find_campaign(im, err);
  if (r == CAD_OK && opt->share_dir) r = places_create(opt->share_dir, &im->places, err);
  im->reader.places = im->places;
  if (r == CAD_OK && (r = make_room(im)) < 0) snprintf(err, INTAKE_ERROR_MAX, "out of memory");
  if (r == CAD_OK) r = csv_create(opt->fd, &im->csv, err);
  if (r == CAD_OK) r = read_header(im, err);
  if (r == CAD_OK) r = run_job(im, err);
  result.extra_dropped = im->reader.extra_dropped;
  result.numbers_left_out = im->reader.numbers_left_out + im->left_out;
  csv_destroy(im->csv);
  places_destroy(im->places);
  spool_destroy(im->spool);
  free(im->order);
  free(im->said);
  free(im->raw.bytes);
  free(im->reader.seen.slots);
  free(im);
  if (r == CAD_OK) *out = result;
  return r;
}
