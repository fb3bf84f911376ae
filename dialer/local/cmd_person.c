/* cadencia person erase, retention: what is taken away, and what stays of it. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include <cadencia/err.h>
#include <campaigns/months.h>
#include <campaigns/person.h>
#include <campaigns/report.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_MS = 86400000, NUMBERS_MOST = 16 };

/* All numbers of one person go in one transaction. */
struct erase_job {
  const char *basis;
  int count;
  uint64_t phones[NUMBERS_MOST];
  char subjects[NUMBERS_MOST][SUBJECT_BYTES];
  struct person_rows rows[NUMBERS_MOST];
};
static int job_erase(struct store *s, void *arg) {
  struct erase_job *j = arg;
  int r = CAD_OK;
  for (int i = 0; i < j->count && r >= 0; i++) r = store_person_erase(s, j->phones[i], j->subjects[i], j->basis, &j->rows[i]);
  return r;
}
static int job_settled(struct store *s, void *arg) {
  (void)arg;
  return store_archive_settled(s);
}

static int said_why(struct command_call *c, int r) {
  if (r == CAD_EBUSY) return call_refuse(c, "a call to the number is going on; try again when it has ended");
  if (r == CAD_EREFUSED) return call_refuse(c, "a legal hold is on: nothing is erased; cadencia retention --hold off ends it");
  return call_refuse_store(c, r, "erasure");
}

/* What the transaction said is done in archives and files of voices; a crash before it is mended by the next start. */
static int settle(struct command_call *c, const char *db_path) {
  int r = archive_settle(db_path, c->err);
  if (r >= 0) r = c->backend->run(c->backend->self, job_settled, NULL, true);
  return r < 0 ? call_refuse(c, "it is erased here, and waits in an archive: cadencia doctor; the next start tries again") : EXIT_GOOD;
}

int call_evidence_lock(struct command_call *c, const char *db_path, int *fd) {
  int r = archive_lock(db_path, fd);
  if (r == CAD_EBUSY) return call_refuse(c, "archiving, a backup or another erasure is going on; try again when it is done");
  return r < 0 ? call_refuse(c, "evidence.lock beside %s cannot be written", db_path) : EXIT_GOOD;
}

static int erase_find(struct command_call *c, struct store *reader, const char *db_path, struct erase_job *j) {
  int r = CAD_OK;
  for (int i = 0; i < j->count && r >= 0; i++) {
    if (person_subject(db_path, j->phones[i], j->subjects[i]) < 0)
      return call_refuse(c, "the box's key file beside %s cannot be read", db_path);
    r = person_find(reader, j->phones[i], &j->rows[i]);
  }
  return r < 0 ? call_refuse_store(c, r, "erasure") : EXIT_GOOD;
}

static void erase_say(struct command_call *c, const struct erase_job *j, bool done) {
  unsigned contacts = 0, calls = 0, decisions = 0;
  for (int i = 0; i < j->count; i++)
    contacts += j->rows[i].contacts, calls += j->rows[i].call_count, decisions += j->rows[i].decision_count;
  if (call_json(c))
    call_put_json(c, json_pack("{s:b, s:i, s:i, s:i, s:i}", "erased", done, "numbers", j->count, "contacts", (int)contacts, "calls",
                               (int)calls, "decisions", (int)decisions));
  else
    fprintf(c->out, "%s: %u contact%s, %u calls, %u decisions%s%s\n", done ? "Erased" : "Would erase", contacts, contacts == 1 ? "" : "s",
            calls, decisions, j->count > 1 ? ", under all numbers of the person" : "",
            done ? ". The rows stay without the number; an opt-out stays as a keyed hash." : "; do it with --yes");
}

static int erase_all(struct command_call *c, const char *db_path, struct erase_job *j) {
  const bool yes = call_option(c, OPT_YES) != NULL;
  int r = CAD_OK, status = EXIT_GOOD;
  if (yes) r = c->backend->run(c->backend->self, job_erase, j, true);
  if (r < 0) return said_why(c, r);
  if (yes) status = settle(c, db_path);
  if (status == EXIT_GOOD) erase_say(c, j, yes);
  return status;
}

int cmd_person_erase(struct command_call *c) {
  struct call_filter f;
  char db_path[CONFIG_PATH_MAX + 16];
  int lock = -1, status = call_filter_options(c, &f);
  if (status != EXIT_GOOD) return status;
  if (call_database(c, db_path, sizeof db_path) != EXIT_GOOD || call_evidence_lock(c, db_path, &lock) != EXIT_GOOD) return EXIT_REFUSED;
  struct store *reader = call_reader(c);
  struct erase_job *j = calloc(1, sizeof *j);
  status = EXIT_REFUSED;
  if (reader && j) {
    j->basis = call_option(c, OPT_BASIS);
    j->count = person_numbers(reader, f.phone, j->phones, NUMBERS_MOST);
    if (j->count < 1) j->phones[0] = f.phone, j->count = 1;
    status = erase_find(c, reader, db_path, j);
    if (status == EXIT_GOOD) status = erase_all(c, db_path, j);
    for (int i = 0; i < j->count; i++) person_rows_free(&j->rows[i]);
  }
  store_close(reader);
  free(j);
  close(lock);
  return status;
}

static int job_step(struct store *s, void *arg) { return store_retention_step(s, arg); }
static int job_hold(struct store *s, void *arg) { return store_hold_set(s, *(bool *)arg); }

static int set_hold(struct command_call *c, const char *word) {
  bool on = strcmp(word, "on") == 0;
  if (!on && strcmp(word, "off") != 0) return call_refuse(c, "--hold is on or off");
  int r = c->backend->run(c->backend->self, job_hold, &on, true);
  if (r < 0) return call_refuse_store(c, r, "legal hold");
  fprintf(c->out, on ? "Legal hold is on: nothing is erased until it is off.\n" : "Legal hold is off.\n");
  return EXIT_GOOD;
}

static const char *what_goes(enum retention_kind k) {
  switch (k) {
  case RETAIN_CALLS: return "the numbers of calls";
  case RETAIN_DECISIONS: return "the numbers of decisions";
  case RETAIN_AUDIT: return "the numbers of audit rows";
  case RETAIN_CONTACTS: return "names, fields and numbers of people whose contacts are all finished";
  default: return "the numbers of all calls, decisions and audit rows, and the people whose contacts are all finished";
  }
}

int cmd_retention(struct command_call *c) {
  const char *days = call_option(c, OPT_DAYS), *hold = call_option(c, OPT_HOLD), *word = c->args->word_count ? c->args->words[0] : "all";
  if (hold) return set_hold(c, hold);
  char db_path[CONFIG_PATH_MAX + 16], at[25];
  long n = days ? strtol(days, NULL, 10) : 0;
  int kind = retention_kind_parse(word), lock = -1;
  if (kind < 0) return call_refuse(c, "\"%.20s\" is none of all, calls, decisions, audit, contacts", word);
  if (n < 90 || n > 36500) return call_refuse(c, "--days must be 90 to 36500: legal windows look back that far");
  struct retention j = {.kind = (enum retention_kind)kind, .before = {clock_wall().ms - n * (int64_t)DAY_MS}, .basis = "retention"};
  clock_iso8601(j.before, at);
  if (!call_option(c, OPT_YES)) {
    fprintf(c->out, "Would take away, before %s: %s; do it with --yes\n", at, what_goes(j.kind));
    return EXIT_GOOD;
  }
  if (call_database(c, db_path, sizeof db_path) != EXIT_GOOD || call_evidence_lock(c, db_path, &lock) != EXIT_GOOD) return EXIT_REFUSED;
  int r;
  while ((r = c->backend->run(c->backend->self, job_step, &j, true)) > 0) continue; /* calls come in between */
  int status = r < 0 ? said_why(c, r) : settle(c, db_path);
  if (status == EXIT_GOOD)
    fprintf(c->out, "Gone from before %s: %s, %" PRIu64 " live rows and what archives held; the rows stay, and the chain holds.\n", at,
            what_goes(j.kind), j.went);
  close(lock);
  return status;
}
