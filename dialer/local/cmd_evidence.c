/* cadencia verify: is every row of the logs as it was written. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <campaigns/bundle.h>
#include <campaigns/evidence.h>
#include <cadencia/err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int call_database(struct command_call *c, char *path, size_t room) {
  snprintf(path, room, "%s/cadencia.db", c->backend->config->state_dir);
  if (access(path, F_OK) == 0) return EXIT_GOOD;
  return call_refuse(c, "there is no database at %s yet; it is made by the first campaign create, import or serve", path);
}

static json_t *findings_json(const struct verify_report *r) {
  json_t *array = json_array();
  for (int i = 0; i < r->count; i++) {
    const struct verify_finding *f = &r->findings[i];
    json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:I, s:o, s:s}", "archive", f->file, "stream", f->stream, "kind", f->kind,
                                           "link", (json_int_t)f->number, "row", f->row ? json_id(f->row) : json_null(), "what", f->what));
  }
  return array;
}

static void print_json(struct command_call *c, const struct verify_report *r) {
  call_put_json(c, json_pack("{s:b, s:{s:I, s:I, s:I}, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:s, s:o, s:o, s:I}", "intact", r->count == 0,
                             "rows", "call", (json_int_t)r->rows[0], "decision", (json_int_t)r->rows[1], "audit", (json_int_t)r->rows[2],
                             "files", (json_int_t)r->files, "checkpoints", (json_int_t)r->checkpoints, "last_checkpoint",
                             (json_int_t)r->last_number, "last_checkpoint_at", json_time(r->last_checkpoint), "unsigned_rows",
                             (json_int_t)r->unsigned_rows, "erased", (json_int_t)r->erased, "other_hands", (json_int_t)r->other_hands,
                             "key", r->key, "against", r->against ? json_time(r->against_at) : json_null(), "findings", findings_json(r),
                             "unlisted", (json_int_t)r->unlisted));
}

static void print_text(struct command_call *c, const struct verify_report *r) {
  char at[25];
  clock_iso8601(r->last_checkpoint, at);
  fprintf(c->out, "Links that hold: %" PRIu64 " calls and dispositions, %" PRIu64 " decisions, %" PRIu64 " audit rows.\n", r->rows[0],
          r->rows[1], r->rows[2]);
  if (r->checkpoints)
    fprintf(c->out, "Checkpoints: %" PRIu64 ", the last is number %" PRIu64 " of %s; %" PRIu64 " rows came after it.\nSigned by key %s.\n",
            r->checkpoints, r->last_number, at, r->unsigned_rows, r->key);
  if (r->erased) fprintf(c->out, "Numbers erased on purpose, each with its mark: %" PRIu64 " rows.\n", r->erased);
  if (r->other_hands)
    fprintf(c->out,
            "Changes by other hands than Cadencia's, on record: %" PRIu64 "; cadencia export audit has them (door \"not cadencia\").\n",
            r->other_hands);
  if (r->count == 0) {
    fprintf(c->out, "Intact: no row was altered, taken out, put in or moved%s.\n",
            r->against ? ", and what the outside checkpoint signed is all here" : "; a tail that was cut off shows only with --against");
    return;
  }
  fputs("\n", c->out);
  static const char *const HEADS[] = {"Log", ">Link", "Row", "What is wrong", NULL};
  struct table *t = table_create(HEADS);
  for (int i = 0; i < r->count; i++) {
    const struct verify_finding *f = &r->findings[i];
    char row[48] = "";
    if (f->row) snprintf(row, sizeof row, "%s %" PRIu64, f->kind, f->row);
    table_put(t, "%s%s%s", f->stream[0] ? f->stream : "checkpoint", f->file[0] ? " " : "", f->file);
    table_put(t, f->number ? "%" PRIu64 : "", f->number);
    table_put(t, "%s", row);
    table_put(t, "%s", f->what);
  }
  table_print(t, c->out, "");
  table_destroy(t);
  if (r->unlisted) fprintf(c->out, "And %" PRIu64 " more of the same sorts.\n", r->unlisted);
  fputs("\nNot intact. Of each log the first fault is named; what follows it cannot be judged. Keep the file as it is, and compare it with "
        "a\n"
        "backup and with the checkpoints that left the box.\n",
        c->out);
}

/* The text of a checkpoint; of a bundle, the checkpoint in it. */
static char *read_outside(struct command_call *c, const char *path) {
  char *text = calloc(1, EVIDENCE_TEXT_BYTES + 1);
  if (text && bundle_read(path, "checkpoint.txt", text, EVIDENCE_TEXT_BYTES) == CAD_OK) return text;
  FILE *f = fopen(path, "re");
  size_t n = f && text ? fread(text, 1, EVIDENCE_TEXT_BYTES, f) : 0;
  if (f) fclose(f);
  if (n > 0) return text;
  free(text);
  call_refuse(c, "%s cannot be read", path);
  return NULL;
}

int cmd_verify(struct command_call *c) {
  char path[CONFIG_PATH_MAX + 16];
  const char *against = call_option(c, OPT_AGAINST);
  char *outside = NULL, *why = NULL;
  size_t n = 0;
  if (call_database(c, path, sizeof path) != EXIT_GOOD) return EXIT_REFUSED;
  if (against && !(outside = read_outside(c, against))) return EXIT_REFUSED;
  struct verify_report *report = calloc(1, sizeof *report);
  FILE *err = open_memstream(&why, &n);
  int r = report ? evidence_verify(path, outside, report, err) : CAD_ENOMEM, status = EXIT_REFUSED;
  if (err) fclose(err);
  if (r < 0) {
    if (n > 0 && why[n - 1] == '\n') why[n - 1] = '\0';
    call_refuse(c, "%s", why && why[0] ? why : err_name(r));
  } else {
    if (call_json(c))
      print_json(c, report);
    else
      print_text(c, report);
    status = report->count == 0 ? EXIT_GOOD : EXIT_REFUSED;
  }
  free(why);
  free(report);
  free(outside);
  return status;
}
