/* cadencia export calls, dnc list: read the records directly, beside a running daemon, row by row. */
#include "dialer/base/clock.h"
#include "dialer/base/tone_file.h"
#include "dialer/local/command.h"
#include "dialer/local/report_rows.h"
#include <cadencia/err.h>
#include <campaigns/person.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store *call_reader(struct command_call *c) {
  char path[CONFIG_PATH_MAX + 16];
  struct store *s = NULL;
  snprintf(path, sizeof path, "%s/cadencia.db", c->backend->config->state_dir);
  if (access(path, F_OK) != 0) {
    call_refuse(c, "there is no database at %s yet; it is made by the first campaign create, import or serve", path);
    return NULL;
  }
  int r = store_open_reader(path, &s, c->err);
  if (r < 0) call_refuse(c, "%s cannot be read: %s", path, err_name(r));
  return r < 0 ? NULL : s;
}

struct calls_out {
  struct rows_out rows;
  struct store *store;
  bool letters; /* ViciDial's instead of ours */
};
static int put_call(void *arg, const struct call_row *r) {
  struct calls_out *o = arg;
  if (!o->letters) return rows_put(&o->rows, r);
  struct call_row copy = *r;
  char letters[8];
  int err = store_disposition_letters(o->store, r->campaign, r->disposition, (enum outcome)r->outcome, letters);
  snprintf(copy.disposition, sizeof copy.disposition, "%s", letters);
  return err < 0 ? err : rows_put(&o->rows, &copy);
}

int cmd_export_calls(struct command_call *c) {
  const char *format = call_option(c, OPT_FORMAT) ? call_option(c, OPT_FORMAT) : call_json(c) ? "jsonl" : "csv";
  bool csv = strcmp(format, "csv") == 0;
  if (!csv && strcmp(format, "jsonl") != 0) {
    fprintf(c->err, "cadencia export calls: the format \"%.20s\" must be csv or jsonl\n", format);
    return EXIT_USAGE;
  }
  const char *as = call_option(c, OPT_AS);
  if (as && strcmp(as, "vicidial") != 0) return call_refuse(c, "--as %.20s: it must be vicidial", as);
  struct call_filter f;
  int status = call_filter_options(c, &f);
  if (status != EXIT_GOOD) return status;
  struct store *s = call_reader(c);
  if (!s) return EXIT_REFUSED;
  struct campaign_def def;
  if (f.campaign && store_campaign_get(s, f.campaign, &def) < 0) {
    store_close(s);
    return call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", f.campaign);
  }
  struct calls_out *o = malloc(sizeof *o);
  int r = o ? CAD_OK : CAD_ENOMEM;
  if (o) {
    o->store = s;
    o->letters = as != NULL;
    rows_begin(&o->rows, c->out, csv, call_option(c, OPT_MASK) != NULL);
    r = store_calls_each(s, &f, put_call, o);
    int ended = rows_end(&o->rows);
    if (r >= 0) r = ended;
  }
  store_close(s);
  if (r >= 0 && fflush(c->out) != 0) r = CAD_EIO;
  if (r < 0) {
    fprintf(c->err, "cadencia export calls: stopped after %" PRIu64 " rows: %s\n", o ? o->rows.rows : 0, err_name(r));
    status = EXIT_REFUSED;
  }
  free(o);
  return status;
}

/* ---- who took what: noted before anything leaves ---- */

struct export_note {
  const char *kind, *detail;
  uint64_t phone;
};
static int job_note(struct store *s, void *arg) {
  const struct export_note *n = arg;
  return store_export_note(s, n->kind, n->phone, n->detail);
}

int cmd_export_note(struct command_call *c) {
  const char *number = call_option(c, OPT_NUMBER);
  struct export_note n = {c->args->words[0], c->args->words[1], number ? strtoull(number + (number[0] == '+'), NULL, 10) : 0};
  json_t *j = json_loads(n.detail, JSON_REJECT_DUPLICATES, NULL);
  const bool good = json_is_object(j) && strlen(n.detail) < 1000;
  json_decref(j);
  if (!good) return EXIT_USAGE;
  int r = c->backend->run(c->backend->self, job_note, &n, true);
  return r < 0 ? call_refuse_store(c, r, "audit log") : EXIT_GOOD;
}

static int put_dnc(void *arg, const struct dnc_row *r) {
  const struct command_call *c = arg;
  char at[25], phone[24];
  clock_iso8601(r->added, at);
  snprintf(phone, sizeof phone, "+%" PRIu64, r->phone);
  if (call_json(c)) {
    json_t *j =
        json_pack("{s:s, s:o, s:o, s:s}", "phone", phone, "scope", json_text(r->scope), "source", json_text(r->source), "added", at);
    if (!j) return CAD_ENOMEM;
    (void)json_dumpf(j, c->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(j);
    fputc('\n', c->out);
  } else {
    fprintf(c->out, "%-16s  %s  %-28s  %s\n", phone, at, r->scope, r->source);
  }
  return ferror(c->out) ? CAD_EIO : CAD_OK;
}

int cmd_dnc_list(struct command_call *c) {
  struct store *s = call_reader(c);
  if (!s) return EXIT_REFUSED;
  int r = store_dnc_each(s, put_dnc, c);
  store_close(s);
  return r < 0 ? call_refuse_store(c, r, "do-not-call list") : EXIT_GOOD;
}

int cmd_check(struct command_call *c) {
  static struct config config;
  const char *path = c->args->word_count ? c->args->words[0] : c->backend->config->path;
  char *errors = NULL;
  size_t size = 0;
  FILE *err = open_memstream(&errors, &size);
  struct tone_plan plan = {0};
  const bool tones = tone_file_is(path);
  int r = tones ? tone_file_read(path, &plan, err) : config_load(path, &config, err);
  if (err) fclose(err);
  if (call_json(c)) {
    json_t *array = json_array();
    char *save = NULL;
    for (char *line = strtok_r(errors ? errors : (char[]){""}, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
      json_array_append_new(array, json_text(line));
    call_put_json(c, json_pack("{s:b, s:o, s:o}", "ok", r >= 0, "file", json_text(path), "errors", array));
  } else if (r < 0) {
    fputs(errors ? errors : "", c->err);
  } else if (tones) {
    fprintf(c->out, "%s: ok: %u tones of %s\n", path, plan.count, plan.country);
  } else {
    fprintf(c->out, "%s: ok: %u listener%s, %u trunk%s, state in %s, data in %s\n", path, config.listener_count,
            config.listener_count == 1 ? "" : "s", config.trunk_count, config.trunk_count == 1 ? "" : "s", config.state_dir,
            config.share_dir);
  }
  free(errors);
  return r < 0 ? EXIT_REFUSED : EXIT_GOOD;
}
