/* cadencia person erase, retention: what is taken away, and what stays of it. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include <cadencia/err.h>
#include <campaigns/person.h>
#include <campaigns/report.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_MS = 86400000, NUMBERS_MOST = 16 };

struct erase_job {
  uint64_t phone;
  const char *basis;
  char subject[SUBJECT_BYTES];
  struct person_rows rows;
};
static int job_erase(struct store *s, void *arg) {
  struct erase_job *j = arg;
  return store_person_erase(s, j->phone, j->subject, j->basis, &j->rows);
}

static int said_why(struct command_call *c, int r) {
  if (r == CAD_EBUSY) return call_refuse(c, "a call to the number is going on; try again when it has ended");
  if (r == CAD_EREFUSED) return call_refuse(c, "a legal hold is on: nothing is erased; cadencia retention --hold off ends it");
  return call_refuse_store(c, r, "erasure");
}

static int erase_one(struct command_call *c, struct store *reader, const char *db_path, uint64_t phone) {
  struct erase_job j = {.phone = phone, .basis = call_option(c, OPT_BASIS)};
  if (person_subject(db_path, phone, j.subject) < 0) return call_refuse(c, "the box's key file beside %s cannot be read", db_path);
  int r = person_find(reader, phone, &j.rows), status = EXIT_GOOD;
  if (r >= 0 && call_option(c, OPT_YES)) r = c->backend->run(c->backend->self, job_erase, &j, true);
  if (r < 0)
    status = said_why(c, r);
  else if (call_json(c))
    call_put_json(c, json_pack("{s:b, s:i, s:i, s:i}", "erased", call_option(c, OPT_YES) != NULL, "contacts", (int)j.rows.contacts, "calls",
                               (int)j.rows.call_count, "decisions", (int)j.rows.decision_count));
  else
    fprintf(c->out, "%s: %u contact%s, %u calls, %u decisions%s\n", call_option(c, OPT_YES) ? "Erased" : "Would erase", j.rows.contacts,
            j.rows.contacts == 1 ? "" : "s", j.rows.call_count, j.rows.decision_count,
            call_option(c, OPT_YES) ? ". The rows stay without the number; an opt-out stays as a keyed hash." : "; do it with --yes");
  person_rows_free(&j.rows);
  return status;
}

int cmd_person_erase(struct command_call *c) {
  struct call_filter f;
  char db_path[CONFIG_PATH_MAX + 16];
  int status = call_filter_options(c, &f);
  if (status != EXIT_GOOD) return status;
  if (call_database(c, db_path, sizeof db_path) != EXIT_GOOD) return EXIT_REFUSED;
  struct store *reader = call_reader(c);
  if (!reader) return EXIT_REFUSED;
  uint64_t numbers[NUMBERS_MOST] = {f.phone};
  int n = person_numbers(reader, f.phone, numbers, NUMBERS_MOST);
  if (n < 1) n = 1;
  for (int i = 0; i < n && status == EXIT_GOOD; i++) status = erase_one(c, reader, db_path, numbers[i]);
  store_close(reader);
  return status;
}

struct retention_job {
  struct wall before;
  bool mark, on;
};
static int job_step(struct store *s, void *arg) {
  struct retention_job *j = arg;
  return store_retention_step(s, j->before, "retention", j->mark);
}
static int job_hold(struct store *s, void *arg) { return store_hold_set(s, ((struct retention_job *)arg)->on); }

static int set_hold(struct command_call *c, const char *word) {
  struct retention_job j = {.on = strcmp(word, "on") == 0};
  if (!j.on && strcmp(word, "off") != 0) return call_refuse(c, "--hold is on or off");
  int r = c->backend->run(c->backend->self, job_hold, &j, true);
  if (r < 0) return call_refuse_store(c, r, "legal hold");
  fprintf(c->out, j.on ? "Legal hold is on: nothing is erased until it is off.\n" : "Legal hold is off.\n");
  return EXIT_GOOD;
}

int cmd_retention(struct command_call *c) {
  const char *days = call_option(c, OPT_DAYS), *hold = call_option(c, OPT_HOLD);
  if (hold) return set_hold(c, hold);
  long n = days ? strtol(days, NULL, 10) : 0;
  if (n < 90 || n > 36500) return call_refuse(c, "--days must be 90 to 36500: legal windows look back that far");
  struct retention_job j = {.before = {clock_wall().ms - n * (int64_t)DAY_MS}, .mark = true};
  char at[25];
  clock_iso8601(j.before, at);
  if (!call_option(c, OPT_YES)) {
    fprintf(c->out, "Would take the numbers out of all calls, decisions and audit rows before %s; do it with --yes\n", at);
    return EXIT_GOOD;
  }
  uint64_t went = 0;
  int r;
  while ((r = c->backend->run(c->backend->self, job_step, &j, true)) > 0) went += (uint64_t)r, j.mark = false; /* calls come in between */
  if (r < 0) return said_why(c, r);
  fprintf(c->out, "Numbers are gone from %" PRIu64 " rows before %s; the rows stay, and the chain holds.\n", went, at);
  return EXIT_GOOD;
}
