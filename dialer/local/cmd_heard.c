/* cadencia fingerprint, cadencia label: what detection learned, and what people say of it. */
#include "dialer/base/clock.h"
#include "dialer/local/print_file.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- fingerprints ---- */

static enum verdict verdict_of(const char *word) {
  for (int v = VERDICT_PERSON; v < VERDICT_COUNT; v++)
    if (strcmp(word, verdict_name((enum verdict)v)) == 0) return (enum verdict)v;
  return VERDICT_NONE;
}

struct print_job {
  struct command_call *c;
  struct table *table; /* NULL: JSON lines */
  uint64_t id;
};

static int put_print(void *arg, const struct print_row *r) {
  struct print_job *j = arg;
  char first[25], last[25];
  clock_iso8601(r->first, first);
  clock_iso8601(r->last, last);
  if (j->table) {
    table_put(j->table, "%s", r->trunk);
    table_put(j->table, "%" PRIu64, r->id);
    table_put(j->table, "%s", verdict_name(r->what));
    table_put(j->table, "%u", r->calls);
    table_put(j->table, "%s", r->usable ? "in use" : "one number");
    table_put(j->table, "%s", first);
    table_put(j->table, "%s", last);
    return CAD_OK;
  }
  char hex[2 * sizeof r->print + 1];
  for (size_t i = 0; i < sizeof r->print; i++) snprintf(hex + 2 * i, 3, "%02x", ((const uint8_t *)&r->print)[i]);
  json_t *line = json_pack("{s:o, s:o, s:s, s:i, s:b, s:s, s:s, s:s}", "id", json_id(r->id), "trunk", json_text(r->trunk), "what",
                           verdict_name(r->what), "calls", (int)r->calls, "in_use", r->usable, "first", first, "last", last, "bits", hex);
  if (!line) return CAD_ENOMEM;
  const int bad = json_dumpf(line, j->c->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
  json_decref(line);
  fputc('\n', j->c->out);
  return bad || ferror(j->c->out) ? CAD_EIO : CAD_OK;
}

static int job_each(struct store *s, void *arg) { return store_print_each(s, NULL, put_print, arg); }
static int job_forget(struct store *s, void *arg) { return store_print_forget(s, ((struct print_job *)arg)->id); }

int cmd_fingerprint_list(struct command_call *c) {
  if (call_json(c)) return cmd_fingerprint_export(c);
  static const char *const HEADS[] = {"TRUNK", "ID", "WHAT", ">CALLS", "STATE", "FIRST", "LAST", NULL};
  struct print_job j = {.c = c, .table = table_create(HEADS)};
  const int r = c->backend->run(c->backend->self, job_each, &j, false);
  if (r >= 0)
    table_print(
        j.table, c->out,
        "no announcement is known yet; they are learned from calls that ended with a beep, and by: cadencia fingerprint learn FILE");
  table_destroy(j.table);
  return r < 0 ? call_refuse_store(c, r, "fingerprints") : EXIT_GOOD;
}

int cmd_fingerprint_export(struct command_call *c) {
  struct print_job j = {.c = c};
  const int r = c->backend->run(c->backend->self, job_each, &j, false);
  return r < 0 ? call_refuse_store(c, r, "fingerprints") : EXIT_GOOD;
}

static bool read_id(const char *word, uint64_t *id) {
  char *rest;
  *id = strtoull(word, &rest, 10);
  const char *end = rest;
  if (*end == '.' && strspn(end + 1, "0123456789") && strcmp(end + 1 + strspn(end + 1, "0123456789"), ".wav") == 0) end = ""; /* a sample */
  return word[0] >= '0' && word[0] <= '9' && *end == 0 && *id != 0;
}

int cmd_fingerprint_forget(struct command_call *c) {
  struct print_job j = {.c = c};
  const char *word = c->args->words[0];
  if (strcmp(word, "all") != 0 && !read_id(word, &j.id))
    return call_refuse(c, "\"%.40s\" is no id; cadencia fingerprint list shows them, or write: all", word);
  const int r = c->backend->run(c->backend->self, job_forget, &j, true);
  if (r < 0) return call_refuse_store(c, r, "fingerprints");
  if (r == 0 && j.id) return call_refuse(c, "there is no fingerprint %s; cadencia fingerprint list shows them", word);
  if (call_json(c))
    call_put_json(c, json_pack("{s:i}", "forgotten", r));
  else
    fprintf(c->out, "%d fingerprint%s forgotten\n", r, r == 1 ? "" : "s");
  return EXIT_GOOD;
}

struct learn_job {
  const struct config *config;
  const char *trunk; /* NULL: every one */
  struct fingerprint print;
  enum verdict what;
  struct wall at;
};

static int job_learn(struct store *s, void *arg) {
  const struct learn_job *j = arg;
  int err = CAD_OK, trunks = 0;
  for (unsigned i = 0; i < j->config->trunk_count && err >= 0; i++) {
    const char *name = j->config->trunks[i].name;
    if (j->trunk && strcmp(name, j->trunk) != 0) continue;
    err = store_print_learn(s, name, &j->print, j->what, j->at);
    trunks++;
  }
  return err < 0 ? err : trunks;
}

/* The daemon's ears learn of it. */
static void tell_daemon(struct command_call *c) {
  if (c->backend->daemon) (void)c->backend->announce(c->backend->self, NULL, NULL);
}

int cmd_fingerprint_learn(struct command_call *c) {
  const char *name = c->args->words[0], *as = call_option(c, OPT_AS);
  struct learn_job j = {.config = c->backend->config, .trunk = call_option(c, OPT_TRUNK), .what = VERDICT_MACHINE, .at = clock_wall()};
  if (as && (j.what = verdict_of(as)) != VERDICT_MACHINE && j.what != VERDICT_SCREENING)
    return call_refuse(c, "--as takes machine or screening, not \"%.20s\"", as);
  if (c->file < 0) return call_refuse(c, "%.200s cannot be read", name);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", c->file);
  int r = print_file_read(path, &j.print);
  if (r == CAD_EINVAL)
    return call_refuse(c, "%.200s has no two seconds of speech from its first word on without a pause of 1.2 s: nothing to know it by",
                       name);
  if (r < 0)
    return call_refuse(c, "%.200s is no sound file that can be read (%s); a WAV or FLAC of 8 or 16 kHz, at most ten minutes", name,
                       err_name(r));
  r = c->backend->run(c->backend->self, job_learn, &j, true);
  if (r < 0) return call_refuse_store(c, r, "fingerprints");
  if (r == 0) return call_refuse(c, "there is no trunk \"%.30s\"; cadencia trunk list shows them", j.trunk ? j.trunk : "");
  tell_daemon(c);
  if (call_json(c))
    call_put_json(c, json_pack("{s:i, s:s}", "trunks", r, "what", verdict_name(j.what)));
  else
    fprintf(c->out, "known on %d trunk%s: who begins so is %s\n", r, r == 1 ? "" : "s",
            j.what == VERDICT_SCREENING ? "a call-screening robot" : "a machine");
  return EXIT_GOOD;
}

/* ---- labels ---- */

struct label_job {
  uint64_t call;
  enum verdict truth;
  struct wall at;
  bool has_print; /* of the call's sample */
  struct fingerprint print;
  struct detector_estimate estimate;
};

static int job_label(struct store *s, void *arg) {
  const struct label_job *j = arg;
  int err = store_label_put(s, j->call, j->truth, "person", j->at);
  struct print_row row;
  bool fresh;
  if (err >= 0 && j->has_print) err = store_print_add(s, j->call, &j->print, j->truth, j->at, &row, &fresh);
  return err;
}

/* Whoever says what a kept call was also says what its first words are; a second number must have had them before that counts. */
static void hear_sample(struct command_call *c, struct label_job *j) {
  char dir[CONFIG_PATH_MAX + 16], path[CONFIG_PATH_MAX + 80];
  if (j->truth != VERDICT_MACHINE && j->truth != VERDICT_SCREENING) return;
  snprintf(dir, sizeof dir, "%s/samples", c->backend->config->state_dir);
  DIR *d = opendir(dir);
  for (struct dirent *e; d && !j->has_print && (e = readdir(d));) {
    uint64_t call = 0;
    if (strlen(e->d_name) > 60 || !read_id(e->d_name, &call) || call != j->call) continue;
    snprintf(path, sizeof path, "%s/%.60s", dir, e->d_name);
    j->has_print = print_file_read(path, &j->print) >= 0;
  }
  if (d) closedir(d);
}
static int job_estimate(struct store *s, void *arg) {
  struct label_job *j = arg;
  return store_detector_estimate(s, 0, j->at, true, &j->estimate);
}

void heard_print(FILE *out, const struct detector_estimate *e) {
  if (e->machines_labelled)
    fprintf(out,
            "detection: %" PRIu64 " of %" PRIu64 " labelled machines were people: %u.%02u %%, with 95 %% certainty %u.%02u to %u.%02u %%\n",
            e->machines_wrong, e->machines_labelled, e->share_bp / 100, e->share_bp % 100, e->low_bp / 100, e->low_bp % 100,
            e->high_bp / 100, e->high_bp % 100);
  if (e->lost_bp)
    fprintf(out, "           so %u.%02u %% of all people are taken for machines; the abandonment budget pays for them\n", e->lost_bp / 100,
            e->lost_bp % 100);
  if (e->people_labelled)
    fprintf(out, "           %" PRIu64 " of %" PRIu64 " people were machines, say agents and labels\n", e->people_wrong,
            e->people_labelled);
}

enum { SHOWN_MOST = 20 };
struct sample_job {
  const char *dir;
  char names[SHOWN_MOST][40];
  int count, waiting;
};

/* Samples that nobody has labelled yet, in no order. */
static int job_samples(struct store *s, void *arg) {
  struct sample_job *j = arg;
  DIR *d = opendir(j->dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    uint64_t call = 0;
    unsigned days;
    int end = 0;
    if (sscanf(e->d_name, "%" SCNu64 ".%u.wav%n", &call, &days, &end) != 2 || end == 0 || e->d_name[end]) continue;
    if (store_label_has(s, call) != 0) continue;
    if (j->count < SHOWN_MOST && end < (int)sizeof j->names[0]) memcpy(j->names[j->count++], e->d_name, (size_t)end + 1);
    j->waiting++;
  }
  if (d) closedir(d);
  return CAD_OK;
}

static void show_samples(struct command_call *c) {
  char dir[CONFIG_PATH_MAX + 16];
  snprintf(dir, sizeof dir, "%s/samples", c->backend->config->state_dir);
  struct sample_job j = {.dir = dir};
  if (call_json(c) || c->backend->run(c->backend->self, job_samples, &j, false) < 0 || !j.waiting) return;
  fprintf(c->out, "%d sample%s wait for a label; listen, then: cadencia label --file FILE --as person|machine|screening\n", j.waiting,
          j.waiting == 1 ? "" : "s");
  for (int i = 0; i < j.count; i++) fprintf(c->out, "  %s/%s\n", dir, j.names[i]);
}

static void show_estimate(struct command_call *c, const struct detector_estimate *e) {
  if (call_json(c)) {
    call_put_json(c, json_pack("{s:{s:I, s:I, s:I, s:i, s:i, s:i}, s:{s:I, s:I, s:I}, s:i}", "machines", "verdicts",
                               (json_int_t)e->machines, "labelled", (json_int_t)e->machines_labelled, "were_people",
                               (json_int_t)e->machines_wrong, "share_bp", (int)e->share_bp, "low_bp", (int)e->low_bp, "high_bp",
                               (int)e->high_bp, "people", "verdicts", (json_int_t)e->people, "labelled", (json_int_t)e->people_labelled,
                               "were_machines", (json_int_t)e->people_wrong, "people_lost_bp", (int)e->lost_bp));
    return;
  }
  fprintf(c->out, "so far %" PRIu64 " machines (%" PRIu64 " labelled in %d days), %" PRIu64 " people (%" PRIu64 " labelled or disposed)\n",
          e->machines, e->machines_labelled, ESTIMATE_DAYS, e->people, e->people_labelled);
  heard_print(c->out, e);
  if (e->machines_labelled < LABELS_LEAST)
    fprintf(c->out, "%" PRIu64 " more labelled machines and the estimate counts; cadencia label --file CALL --as person|machine\n",
            LABELS_LEAST - e->machines_labelled);
}

int cmd_label(struct command_call *c) {
  struct label_job j = {.at = clock_wall()};
  const char *file = call_option(c, OPT_FILE), *as = call_option(c, OPT_AS);
  if (!file != !as) return call_refuse(c, "say both the call and what it was: cadencia label --file CALL --as person|machine");
  if (file) {
    const char *slash = strrchr(file, '/');
    if (!read_id(slash ? slash + 1 : file, &j.call))
      return call_refuse(c, "\"%.60s\" names no call; cadencia export calls shows their ids", file);
    if ((j.truth = verdict_of(as)) == VERDICT_NONE)
      return call_refuse(c, "\"%.20s\" is not known; write person, machine, screening, fax, dead_air, busy_tone or sit", as);
    hear_sample(c, &j);
    const int r = c->backend->run(c->backend->self, job_label, &j, true);
    if (r == CAD_ENOENT) return call_refuse(c, "there is no call %" PRIu64 "; cadencia export calls shows their ids", j.call);
    if (r == CAD_EINVAL) return call_refuse(c, "call %" PRIu64 " had no verdict: there is nothing to label", j.call);
    if (r < 0) return call_refuse_store(c, r, "label");
    tell_daemon(c); /* the budget learns of it, too */
  }
  const int r = c->backend->run(c->backend->self, job_estimate, &j, false);
  if (r < 0) return call_refuse_store(c, r, "label");
  show_estimate(c, &j.estimate);
  show_samples(c);
  return EXIT_GOOD;
}
