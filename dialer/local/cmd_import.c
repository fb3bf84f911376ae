/* cadencia import: a list becomes contacts, or is taken back. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int sink_run(void *self, int (*fn)(struct store *, void *), void *arg, bool tx) {
  struct command_call *c = self;
  return c->backend->run(c->backend->self, fn, arg, tx);
}
static int sink_progress(void *self, const struct import_progress *p) {
  struct command_call *c = self;
  return c->progress ? c->progress(c->progress_self, p) : 0;
}

/* ---- what came out ---- */

static json_t *sample_json(const struct import_sample *s) {
  json_t *phones = json_array(), *fields = s->row.extra[0] ? json_loads(s->row.extra, 0, NULL) : json_object();
  for (int i = -1; i < CONTACT_NUMBERS_MAX - 1; i++) {
    uint64_t number = i < 0 ? s->row.phone : s->row.others[i];
    char text[24];
    snprintf(text, sizeof text, "+%llu", (unsigned long long)number);
    if (number) json_array_append_new(phones, json_string(text));
  }
  return json_pack("{s:I, s:o, s:o, s:o, s:o, s:i, s:o}", "line", (json_int_t)s->line, "phones", phones, "name", json_text(s->row.name),
                   "external_id", json_text(s->row.external_id), "zone", json_text(s->row.zone), "priority", (int)s->row.segment, "fields",
                   fields ? fields : json_object());
}

static void print_json(struct command_call *c, const char *file, const struct import_result *r, const char *rejects, bool preview) {
  json_t *reasons = json_object(), *columns = json_object(), *samples = json_array();
  for (int i = 0; i < IMPORT_REASON_COUNT; i++)
    if (r->reasons[i]) json_object_set_new(reasons, import_reason_name((enum import_reason)i), json_integer((json_int_t)r->reasons[i]));
  for (int i = 0; i < r->map.count; i++)
    json_object_set_new(columns, r->map.names[i], json_string(column_role_name((enum column_role)r->map.role[i])));
  for (int i = 0; preview && i < r->sample_count; i++) json_array_append_new(samples, sample_json(&r->samples[i]));
  call_put_json(c, json_pack("{s:o, s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:o}", "job",
                             preview ? json_null() : json_id(r->job), "file", json_text(file), "preview", preview, "phone_column",
                             json_text(r->phone_column), "columns", columns, "rows", (json_int_t)r->rows, "accepted",
                             (json_int_t)r->accepted, "rejected", (json_int_t)r->rejected, "reasons", reasons, "reject_file",
                             r->rejected && rejects ? json_text(rejects) : json_null(), "extra_cells_dropped", (json_int_t)r->extra_dropped,
                             "numbers_left_out", (json_int_t)r->numbers_left_out, "consents", (json_int_t)r->consents, "consents_undated",
                             (json_int_t)r->consents_undated, "samples", samples));
}

static void print_samples(struct command_call *c, const struct import_result *r) {
  static const char *const HEADS[] = {">LINE", "PHONES", "NAME", "ID", "ZONE", ">PRIORITY", "FIELDS", NULL};
  struct table *t = table_create(HEADS);
  for (int i = 0; i < r->sample_count; i++) {
    const struct contact_row *row = &r->samples[i].row;
    char phones[128];
    size_t n = (size_t)snprintf(phones, sizeof phones, "+%llu", (unsigned long long)row->phone);
    for (int k = 0; k < CONTACT_NUMBERS_MAX - 1 && row->others[k] && n + 20 < sizeof phones; k++)
      n += (size_t)snprintf(phones + n, sizeof phones - n, " +%llu", (unsigned long long)row->others[k]);
    table_put(t, "%llu", (unsigned long long)r->samples[i].line);
    table_put(t, "%s", phones);
    table_put(t, "%s", row->name);
    table_put(t, "%s", row->external_id);
    table_put(t, "%s", row->zone[0] ? row->zone : "by number and address");
    table_put(t, "%u", row->segment);
    table_put(t, "%.60s", row->extra);
  }
  fputs("\nThe first good rows as they are understood:\n", c->out);
  table_print(t, c->out, "no row is good");
  table_destroy(t);
  fputs("\nColumns:", c->out);
  for (int i = 0; i < r->map.count; i++)
    fprintf(c->out, "%s %s=%s", i ? "," : "", r->map.names[i], column_role_name((enum column_role)r->map.role[i]));
  fputs("\nNothing was written.\n", c->out);
}

static void print_result(struct command_call *c, const char *file, const struct import_result *r, const char *rejects, bool preview) {
  const char *sep = r->separator == '\t' ? "tab" : r->separator == ';' ? "semicolon" : r->separator == '|' ? "bar" : "comma";
  fprintf(c->out, "%s: %llu rows (separator: %s, phone column \"%s\"): %llu %s, %llu rejected\n", file, (unsigned long long)r->rows, sep,
          r->phone_column, (unsigned long long)r->accepted, preview ? "would be accepted" : "accepted", (unsigned long long)r->rejected);
  for (int i = 0; i < IMPORT_REASON_COUNT; i++)
    if (r->reasons[i])
      fprintf(c->out, "  %-20s %8llu  %s\n", import_reason_name((enum import_reason)i), (unsigned long long)r->reasons[i],
              import_reason_mend((enum import_reason)i));
  if (r->rejected && rejects) fprintf(c->out, "lines, reasons and how to mend them are in %s\n", rejects);
  if (r->extra_dropped)
    fprintf(c->out, "note: %llu cells of further columns found no room (512 bytes a contact)\n", (unsigned long long)r->extra_dropped);
  if (r->consents) fprintf(c->out, "%llu consents went to the ledger (cadencia consent list)\n", (unsigned long long)r->consents);
  if (r->consents_undated)
    fprintf(c->out, "note: %llu consents did not go to the ledger: no date of the past, or a basis or an end that cannot be read\n",
            (unsigned long long)r->consents_undated);
  if (r->numbers_left_out)
    fprintf(c->out, "note: %llu further numbers of accepted rows were left out: no number, on a do-not-call list, or of no known place\n",
            (unsigned long long)r->numbers_left_out);
  if (preview)
    print_samples(c, r);
  else if (r->accepted)
    fprintf(c->out, "import %llu; until its first dial, cadencia import undo %llu takes it back\n", (unsigned long long)r->job,
            (unsigned long long)r->job);
}

/* ---- kept mappings ---- */

struct mapping_job {
  const char *name;
  char *def;
};
static int job_mapping_get(struct store *s, void *arg) {
  struct mapping_job *j = arg;
  return store_mapping_get(s, j->name, &j->def);
}
static int job_mapping_put(struct store *s, void *arg) {
  struct mapping_job *j = arg;
  return store_mapping_put(s, j->name, j->def);
}

static void save_mapping(struct command_call *c, const struct import_result *r) {
  struct mapping_job j = {.name = call_option(c, OPT_SAVE_MAPPING), .def = mapping_to_json(&r->map)};
  int err = j.def ? c->backend->run(c->backend->self, job_mapping_put, &j, true) : CAD_ENOMEM;
  if (err < 0)
    fprintf(c->err, "cadencia import: the mapping \"%.60s\" was not kept: %s\n", j.name, err_name(err));
  else if (!call_json(c))
    fprintf(c->out, "columns kept as mapping \"%.60s\"\n", j.name);
  free(j.def);
}

/* ---- import ---- */

static int check_options(struct command_call *c) {
  const char *country = call_option(c, OPT_COUNTRY), *duplicates = call_option(c, OPT_DUPLICATES), *name = call_option(c, OPT_SAVE_MAPPING);
  if (country && !phone_home_find(country))
    return call_refuse(c, "country \"%.8s\" is not known; write two capital letters, as US, ES or MX", country);
  if (duplicates && strcmp(duplicates, "campaign") != 0 && strcmp(duplicates, "system") != 0)
    return call_refuse(c, "--duplicates %.20s: it must be campaign or system", duplicates);
  if (name && strlen(name) > 60) return call_refuse(c, "the name of a mapping has up to 60 letters");
  if (c->file < 0) return call_refuse(c, "%s cannot be read", c->args->words[0]);
  return EXIT_GOOD;
}

static int run_import(struct command_call *c, const char *file, const char *saved) {
  char rejects_name[512], err[INTAKE_ERROR_MAX];
  const char *duplicates = call_option(c, OPT_DUPLICATES), *base = strrchr(file, '/');
  if (call_option(c, OPT_REJECTS))
    snprintf(rejects_name, sizeof rejects_name, "%s", call_option(c, OPT_REJECTS));
  else
    snprintf(rejects_name, sizeof rejects_name, "%.490s.rejected.csv", file);
  int fd = c->rejects < 0 ? -1 : dup(c->rejects);
  FILE *rejects = fd < 0 ? NULL : fdopen(fd, "w");
  if (fd >= 0 && !rejects) close(fd);
  struct import_options opt = {.fd = c->file,
                               .file = base ? base + 1 : file,
                               .campaign = call_option(c, OPT_CAMPAIGN),
                               .country = call_option(c, OPT_COUNTRY),
                               .phone_column = call_option(c, OPT_PHONE_COLUMN),
                               .columns = call_option(c, OPT_COLUMNS),
                               .map = call_option(c, OPT_MAP),
                               .saved = saved,
                               .share_dir = c->backend->config ? c->backend->config->share_dir : NULL,
                               .rejects = rejects,
                               .at = clock_wall(),
                               .preview = call_option(c, OPT_PREVIEW) != NULL,
                               .refuse_known = duplicates && strcmp(duplicates, "system") == 0,
                               .require_consent = call_option(c, OPT_REQUIRE_CONSENT) != NULL};
  struct import_sink sink = {c, sink_run, sink_progress};
  struct import_result result;
  int r = import_run(&opt, &sink, &result, err);
  if (rejects) fclose(rejects);
  if (r < 0) return call_refuse(c, "%s: %s", file, err);
  /* The floor may have slept because no contact was left: it hears that there are some now. */
  if (!opt.preview && c->backend->daemon && result.accepted) (void)c->backend->announce(c->backend->self, opt.campaign, NULL);
  (call_json(c) ? print_json : print_result)(c, file, &result, rejects ? rejects_name : NULL, opt.preview);
  if (call_option(c, OPT_SAVE_MAPPING) && !opt.preview) save_mapping(c, &result);
  return result.accepted || result.rows == 0 ? EXIT_GOOD : EXIT_REFUSED;
}

static int undo(struct command_call *c, const char *text);

int cmd_import(struct command_call *c) {
  if (call_option(c, OPT_UNDO)) return undo(c, call_option(c, OPT_UNDO));
  int status = check_options(c);
  if (status != EXIT_GOOD) return status;
  struct mapping_job kept = {.name = call_option(c, OPT_MAPPING)};
  int r = kept.name ? c->backend->run(c->backend->self, job_mapping_get, &kept, false) : CAD_OK;
  if (r == CAD_ENOENT) return call_refuse(c, "there is no mapping \"%.60s\"; cadencia import mappings shows them", kept.name);
  if (r < 0) return call_refuse_store(c, r, "mapping");
  status = run_import(c, c->args->words[0], kept.def);
  free(kept.def);
  return status;
}

/* ---- undo ---- */

struct undo_job {
  uint64_t id;
};
static int job_undo(struct store *s, void *arg) { return store_import_undo(s, ((struct undo_job *)arg)->id); }

static int undo(struct command_call *c, const char *text) {
  char *end;
  struct undo_job j = {strtoull(text, &end, 10)};
  if (*end || j.id == 0) return call_refuse(c, "\"%.40s\" is no import; cadencia import list shows their numbers", text);
  int more, steps = 0;
  do more = c->backend->run(c->backend->self, job_undo, &j, false); /* a few ms each: calls come in between */
  while (more > 0 && ++steps);
  if (more == CAD_EREFUSED) return call_refuse(c, "import %.40s was dialed already: its contacts are part of the call log and stay", text);
  if (more == CAD_ENOENT) return call_refuse(c, "there is no import %.40s to take back; cadencia import list shows them", text);
  if (more < 0) return call_refuse_store(c, more, "import");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:s}", "job", json_id(j.id), "state", "undone"));
  else
    fprintf(c->out, "import %llu is taken back: nothing of it is left\n", (unsigned long long)j.id);
  return EXIT_GOOD;
}

int cmd_import_undo(struct command_call *c) { return undo(c, c->args->words[0]); }

/* ---- list ---- */

struct rows {
  struct command_call *call;
  struct table *table;
  json_t *array;
};

static const char *state_text(const struct import_row *r) {
  static const char *const STATES[] = {"running", "loaded", "given up", "taken back"};
  return r->state == IMPORT_VISIBLE && r->dialed.ms ? "dialed" : r->state < 4 ? STATES[r->state] : "?";
}

static int take_import(void *arg, const struct import_row *r) {
  struct rows *rows = arg;
  bool undoable = r->state == IMPORT_VISIBLE && r->dialed.ms == 0;
  if (rows->array) {
    json_t *reasons = json_loads(r->reasons, 0, NULL);
    json_array_append_new(rows->array, json_pack("{s:o, s:o, s:o, s:s, s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "job", json_id(r->id),
                                                 "campaign", json_text(r->campaign), "file", json_text(r->file), "state", state_text(r),
                                                 "undoable", undoable, "created", json_time(r->created), "ended", json_time(r->ended),
                                                 "rows", (json_int_t)r->rows, "accepted", (json_int_t)r->added, "rejected",
                                                 (json_int_t)r->rejected, "reasons", reasons ? reasons : json_object()));
    return CAD_OK;
  }
  char when[25];
  clock_iso8601(r->created, when);
  table_put(rows->table, "%llu", (unsigned long long)r->id);
  table_put(rows->table, "%s", when);
  table_put(rows->table, "%s", r->campaign);
  table_put(rows->table, "%s", r->file);
  table_put(rows->table, "%llu", (unsigned long long)r->rows);
  table_put(rows->table, "%llu", (unsigned long long)r->added);
  table_put(rows->table, "%llu", (unsigned long long)r->rejected);
  table_put(rows->table, "%s", state_text(r));
  table_put(rows->table, "%s", undoable ? "yes" : "no");
  return CAD_OK;
}
static int job_imports(struct store *s, void *arg) { return store_import_each(s, take_import, arg); }

static int take_mapping(void *arg, const char *name, const char *def) {
  struct rows *rows = arg;
  json_t *j = json_loads(def, 0, NULL), *columns = json_object_get(j, "columns"), *role;
  const char *column;
  if (rows->array) {
    json_array_append_new(rows->array, json_pack("{s:o, s:O}", "mapping", json_text(name), "columns", columns ? columns : json_object()));
  } else {
    char text[400] = "";
    size_t n = 0;
    json_object_foreach(columns, column, role) {
      if (n + 80 < sizeof text)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.40s=%s", n ? ", " : "", column, json_string_value(role));
    }
    table_put(rows->table, "%s", name);
    table_put(rows->table, "%s", text);
  }
  json_decref(j);
  return CAD_OK;
}
static int job_mappings(struct store *s, void *arg) { return store_mapping_each(s, take_mapping, arg); }

/* Runs the job that fills rows, and prints them. */
static int show(struct command_call *c, int (*job)(struct store *, void *), const char *const *heads, const char *key, const char *empty) {
  struct rows rows = {c, call_json(c) ? NULL : table_create(heads), call_json(c) ? json_array() : NULL};
  int r = c->backend->run(c->backend->self, job, &rows, false);
  if (r < 0) {
    json_decref(rows.array);
    table_destroy(rows.table);
    return call_refuse_store(c, r, key);
  }
  if (rows.array)
    call_put_json(c, json_pack("{s:o}", key, rows.array));
  else
    table_print(rows.table, c->out, empty);
  table_destroy(rows.table);
  return EXIT_GOOD;
}

int cmd_import_list(struct command_call *c) {
  static const char *const HEADS[] = {"IMPORT", "WHEN", "CAMPAIGN", "FILE", ">ROWS", ">TAKEN", ">REJECTED", "STATE", "UNDO", NULL};
  return show(c, job_imports, HEADS, "imports", "nothing was imported yet");
}

int cmd_import_mappings(struct command_call *c) {
  static const char *const HEADS[] = {"MAPPING", "COLUMNS", NULL};
  return show(c, job_mappings, HEADS, "mappings", "no mapping is kept; cadencia import --save-mapping NAME keeps one");
}
