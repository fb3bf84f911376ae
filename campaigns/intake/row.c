#include "row.h"
#include "row_consent.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_FIRST = 1 << 12, SEEN_MOST = 1 << 22 };

/* ---- numbers seen in this file: an open hash set ---- */

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

static bool cells_beyond_header(const struct row_reader *im, const struct csv_record *r) {
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

static int refuse(struct spooled *t, enum import_reason why, const char *text) {
  t->why = (int)why;
  snprintf(t->reason, sizeof t->reason, "%s", text);
  return CAD_EREFUSED;
}

/* "-", "0" and the like name no country at all. */
static bool says_something(const char *cell) {
  while (*cell && strchr("-.?0+ ", *cell)) cell++;
  return *cell != '\0';
}

/* The country by which this row's national numbers are read. A row that names one which nobody knows has none: read as the
 * campaign's own, its number would be somebody else's. */
static const struct phone_home *row_home(const struct row_reader *im, const struct csv_record *r, const char **unknown) {
  const char *country = mapping_cell(&im->map, r, COLUMN_COUNTRY), *code = mapping_cell(&im->map, r, COLUMN_CALLING_CODE);
  const struct phone_home *home = im->home;
  *unknown = NULL;
  if (says_something(country)) {
    bool digits = country[strspn(country, "+0123456789")] == '\0';
    home = digits ? phone_home_of_code(country, im->home) : phone_home_named(country);
    if (!home) *unknown = country;
  }
  if (says_something(code)) {
    home = phone_home_of_code(code, home ? home : im->home);
    *unknown = home ? NULL : code;
  }
  return home;
}

/* All numbers of the row in their order; the first good one is tried first. */
static int read_numbers(struct row_reader *im, const struct csv_record *r, const struct phone_home *home, const char *unknown,
                        struct spooled *t, struct contact_row *row) {
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
      if (fault == PHONE_COUNTRY && unknown)
        snprintf(reason, sizeof reason, "the row's country \"%.24s\" is not known: write its two letters, as ES, or the number with '+'",
                 unknown);
      if (!faulty) (void)refuse(t, reason_of(fault), reason);
      faulty = true;
      im->numbers_left_out++;
    } else if (!row->phone) {
      row->phone = number;
    } else if (more < CONTACT_NUMBERS_MAX - 1) {
      row->others[more++] = number;
    }
  }
  if (row->phone) return CAD_OK;
  im->numbers_left_out -= faulty; /* the row is rejected for it */
  return any ? CAD_EREFUSED : refuse(t, IMPORT_PHONE_EMPTY, "the phone cell is empty");
}

/* Postcodes and states are looked up in the country by which the row's numbers are read. */
static void row_place(const struct row_reader *im, const struct csv_record *r, const struct phone_home *home, struct contact_row *row) {
  if (!im->places || !home) return;
  const char *country = phone_home_country(home), *postcode = mapping_cell(&im->map, r, COLUMN_POSTCODE);
  const char *state = mapping_cell(&im->map, r, COLUMN_STATE);
  if (postcode[0]) row->place = places_by_postcode(im->places, country, postcode);
  if (state[0]) row->state = places_by_state(im->places, country, state);
  if (row->place && row->place[0] == '~') { /* as wide as a state */
    if (!row->state) row->state = row->place + 1;
    row->place = NULL;
  }
}

/* What the list says of the last call: who opted out or was finished is not taken. Words that are no code say nothing. */
static int judge_status(const struct row_reader *im, const struct csv_record *r, struct spooled *t) {
  const char *said = mapping_cell(&im->map, r, COLUMN_STATUS);
  char text[PHONE_REASON_MAX];
  for (int i = 0; said[0] && i < im->status_count; i++) {
    const struct status_word *w = &im->statuses[i];
    if (strcasecmp(w->code, said) != 0) continue;
    snprintf(text, sizeof text,
             w->opted_out ? "its status %s says that the person does not want to be called" : "its status %s says that it was finished",
             w->code);
    return refuse(t, w->opted_out ? IMPORT_DNC : IMPORT_STATUS, text);
  }
  return CAD_OK;
}

/* Is the row good by what it says? Then row holds it. */
static int read_row(struct row_reader *im, const struct csv_record *r, struct spooled *t) {
  struct contact_row *row = &t->row;
  if (cells_beyond_header(im, r)) {
    char text[PHONE_REASON_MAX];
    snprintf(text, sizeof text, "%d cells, the header has %d: a separator or quote in the row is wrong", r->count, im->map.count);
    return refuse(t, IMPORT_CELLS, text);
  }
  const char *unknown;
  const struct phone_home *home = row_home(im, r, &unknown);
  int dropped = mapping_row(&im->map, r, row);
  int said = read_numbers(im, r, home, unknown, t, row);
  if (said < 0) return said;
  if ((said = judge_status(im, r, t)) < 0) return said;
  enum consent_said consent = consent_of_row(&im->map, r, home, im->opt->at, &row->consent);
  if (im->opt->require_consent && (consent == CONSENT_NONE || consent == CONSENT_NO))
    return refuse(t, IMPORT_CONSENT, "no consent: the column consent is empty, says no or is not there");
  if (seen_before(&im->seen, row->phone)) return refuse(t, IMPORT_DUPLICATE_FILE, "duplicate: the number stands in this file above");
  row_place(im, r, home, row);
  im->extra_dropped += (uint64_t)dropped;
  t->consent_undated = consent == CONSENT_UNDATED;
  return CAD_OK;
}

void row_read(struct row_reader *r, const struct csv_record *record, struct spooled *out) {
  out->why = IMPORT_NOT_A_NUMBER;
  if (read_row(r, record, out) == CAD_OK) out->why = -1;
}
