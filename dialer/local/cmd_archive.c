/* cadencia archive: months of the logs into files of their own, while it dials. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/months.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DAY_MS = 86400000, COPIES_MOST = 3 };

struct show {
  struct table *table;
  json_t *array;
};

static int show_one(void *arg, const struct archive_row *a) {
  struct show *v = arg;
  char at[25];
  clock_iso8601(a->created, at);
  const char *state = a->bytes == 0 ? "MISSING" : a->moving ? "moving" : "whole";
  json_array_append_new(v->array, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "month", a->month, "file", a->file, "state", state,
                                            "call_links", (json_int_t)a->calls, "decision_links", (json_int_t)a->decisions, "bytes",
                                            (json_int_t)a->bytes, "made", at));
  table_put(v->table, "%s", a->month);
  table_put(v->table, "%s", state);
  table_put(v->table, "%" PRIu64, a->calls);
  table_put(v->table, "%" PRIu64, a->decisions);
  table_put(v->table, "%" PRIu64, a->bytes / 1000000);
  table_put(v->table, "%.10s", at);
  return CAD_OK;
}

static int show_all(struct command_call *c) {
  static const char *const HEADS[] = {"Month", "State", ">Call links", ">Decision links", ">MB", "Made", NULL};
  struct store *s = call_reader(c);
  if (!s) return EXIT_REFUSED;
  struct show v = {table_create(HEADS), json_array()};
  int r = store_archive_each(s, show_one, &v);
  store_close(s);
  if (call_json(c)) {
    call_put_json(c, v.array);
  } else {
    json_decref(v.array);
    table_print(v.table, c->out, "No month is archived; cadencia archive --days 400 --yes archives those that ended longer ago.");
  }
  table_destroy(v.table);
  return r < 0 ? call_refuse_store(c, r, "archives") : EXIT_GOOD;
}

static int job_register(struct store *s, void *arg) { return store_archive_register(s, arg); }
static int job_step(struct store *s, void *arg) {
  (void)arg;
  return store_archive_step(s, ARCHIVE_STEP_BLOCKS);
}

/* Live rows that archives hold go in small steps; calls come in between. */
static int let_go(struct command_call *c) {
  static const struct timespec PAUSE = {.tv_nsec = 10000000};
  int r;
  while ((r = c->backend->run(c->backend->self, job_step, NULL, true)) > 0)
    if (c->backend->daemon) nanosleep(&PAUSE, NULL);
  return r;
}

static int one_month(struct command_call *c, const char *db_path, struct wall before, struct archive_draft *d) {
  int r = CAD_EBUSY;
  for (int i = 0; i < COPIES_MOST && r == CAD_EBUSY; i++) {
    if ((r = archive_next(db_path, before, d, c->err)) < 0) return r;
    if (!call_option(c, OPT_YES)) return CAD_OK;
    r = archive_copy(db_path, d, c->err);
    if (r >= 0) r = c->backend->run(c->backend->self, job_register, d, true);
  }
  return r < 0 ? r : let_go(c);
}

static int archive_months(struct command_call *c, const char *db_path, struct wall before) {
  struct archive_draft d;
  int r = call_option(c, OPT_YES) ? let_go(c) : CAD_OK, months = 0; /* what a crash left half moved */
  while (r >= 0 && (r = one_month(c, db_path, before, &d)) >= 0) {
    months++;
    if (!call_option(c, OPT_YES)) {
      fprintf(c->out, "Would archive %s and what follows it up to the date; do it with --yes\n", d.month);
      return EXIT_GOOD;
    }
    if (!call_json(c))
      fprintf(c->out, "%s: %" PRIu64 " call links, %" PRIu64 " decision links, in %s\n", d.month, d.rows[0], d.rows[1], d.path);
  }
  if (r == CAD_EREFUSED) return call_refuse(c, "%s is needed: the rules in force look back further; choose more --days", d.month);
  if (r < 0 && r != CAD_EMPTY) return call_refuse(c, "stopped: %s; what is archived is whole, and the next run goes on", err_name(r));
  if (call_json(c)) return show_all(c);
  if (!months) fputs("Nothing to archive: no whole month that is older is left.\n", c->out);
  return EXIT_GOOD;
}

int cmd_archive(struct command_call *c) {
  const char *days = call_option(c, OPT_DAYS);
  char db_path[CONFIG_PATH_MAX + 16];
  int lock = -1;
  if (call_database(c, db_path, sizeof db_path) != EXIT_GOOD) return EXIT_REFUSED;
  if (!days) return show_all(c);
  long n = strtol(days, NULL, 10);
  if (n < ARCHIVE_DAYS_LEAST || n > 36500) return call_refuse(c, "--days must be %d to 36500: laws look back that far", ARCHIVE_DAYS_LEAST);
  if (call_evidence_lock(c, db_path, &lock) != EXIT_GOOD) return EXIT_REFUSED;
  int status = archive_months(c, db_path, (struct wall){clock_wall().ms - n * (int64_t)DAY_MS});
  close(lock);
  return status;
}
