#include "rejects.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

const char *import_reason_name(enum import_reason r) {
  static const char *const NAMES[] = {[IMPORT_PHONE_EMPTY] = "phone_empty",
                                      [IMPORT_NOT_A_NUMBER] = "not_a_number",
                                      [IMPORT_SCIENTIFIC] = "scientific_notation",
                                      [IMPORT_EXTENSION] = "extension",
                                      [IMPORT_SEVERAL] = "several_numbers",
                                      [IMPORT_TOO_SHORT] = "too_short",
                                      [IMPORT_TOO_LONG] = "too_long",
                                      [IMPORT_NOT_POSSIBLE] = "not_possible",
                                      [IMPORT_COUNTRY] = "country_unknown",
                                      [IMPORT_CELLS] = "cells",
                                      [IMPORT_DUPLICATE_FILE] = "duplicate_in_file",
                                      [IMPORT_DUPLICATE] = "duplicate",
                                      [IMPORT_DUPLICATE_SYSTEM] = "duplicate_in_system",
                                      [IMPORT_DNC] = "do_not_call",
                                      [IMPORT_ZONE] = "zone_unknown",
                                      [IMPORT_ZONE_WRONG] = "zone_wrong",
                                      [IMPORT_CONSENT] = "consent_missing",
                                      [IMPORT_FULL] = "contacts_full",
                                      [IMPORT_STATUS] = "finished_before"};
  _Static_assert(sizeof NAMES / sizeof NAMES[0] == IMPORT_REASON_COUNT, "a word for every reason");
  return (unsigned)r < IMPORT_REASON_COUNT ? NAMES[r] : "?";
}

const char *import_reason_mend(enum import_reason r) {
  static const char *const MENDS[] = {
      [IMPORT_PHONE_EMPTY] = "write the number, or delete the row",
      [IMPORT_NOT_A_NUMBER] = "write the number in digits, or delete the row",
      [IMPORT_SCIENTIFIC] = "digits are lost: take the number from its source, format the column as text, save again",
      [IMPORT_EXTENSION] = "give the direct number without an extension",
      [IMPORT_SEVERAL] = "one number a cell: put further ones into columns phone2, phone3",
      [IMPORT_TOO_SHORT] = "complete the number; one of another country begins with '+'",
      [IMPORT_TOO_LONG] = "correct the number; one of another country begins with '+'",
      [IMPORT_NOT_POSSIBLE] = "correct the number; one of another country begins with '+'",
      [IMPORT_COUNTRY] = "begin the number with '+' and its country's code, or import with --country",
      [IMPORT_CELLS] = "look for a separator or a quote too many in the row",
      [IMPORT_DUPLICATE_FILE] = "nothing to do: the first row with the number counts",
      [IMPORT_DUPLICATE] = "nothing to do: the campaign has the number",
      [IMPORT_DUPLICATE_SYSTEM] = "import without --duplicates system if it shall be called for this campaign too",
      [IMPORT_DNC] = "do not call it: delete the row",
      [IMPORT_ZONE] = "add a column zone, as America/New_York, or a postcode or state with the country",
      [IMPORT_ZONE_WRONG] = "write the zone as America/New_York or leave the cell empty",
      [IMPORT_CONSENT] = "fill the column consent once the person has agreed, else delete the row",
      [IMPORT_FULL] = "raise limits.contacts in cadencia.conf, or take old imports back",
      [IMPORT_STATUS] = "empty the status if it shall be called again, or import with --map \"status=field\""};
  _Static_assert(sizeof MENDS / sizeof MENDS[0] == IMPORT_REASON_COUNT, "a way out of every reason");
  return (unsigned)r < IMPORT_REASON_COUNT ? MENDS[r] : "";
}

int64_t raw_keep(struct raw_rows *r, const struct csv_record *record) {
  size_t at = r->used;
  for (int i = 0; i < record->count; i++) {
    size_t n = strlen(record->fields[i]) + 1;
    if (r->used + n > r->room) {
      size_t room = r->room ? r->room * 2 : 65536;
      while (room < r->used + n) room *= 2;
      char *bigger = realloc(r->bytes, room);
      if (!bigger) return CAD_ENOMEM;
      r->bytes = bigger;
      r->room = room;
    }
    memcpy(r->bytes + r->used, record->fields[i], n);
    r->used += n;
  }
  return (int64_t)at;
}

/* The place comes first: what is read first, and what the next import passes over (mapping.c knows these three names). */
void rejects_header(FILE *out, const struct mapping *m, char separator, bool accents) {
  if (accents) fputs("\357\273\277", out); /* so that spreadsheets read UTF-8 */
  fprintf(out, "line%creason%chow_to_mend", separator, separator);
  for (int i = 0; i < m->count; i++) {
    fputc(separator, out);
    csv_put(out, m->names[i]);
  }
  fputc('\n', out);
}

void rejects_put(FILE *out, const struct mapping *m, char separator, const char *cells, int count, uint64_t line, const char *reason,
                 enum import_reason why) {
  fprintf(out, "%llu%c", (unsigned long long)line, separator);
  csv_put(out, reason);
  fputc(separator, out);
  csv_put(out, import_reason_mend(why));
  for (int i = 0; i < m->count || i < count; i++) { /* cells beyond the header too: nothing of the row is lost */
    fputc(separator, out);
    if (i >= count) continue;
    csv_put(out, cells);
    cells += strlen(cells) + 1;
  }
  fputc('\n', out);
}
