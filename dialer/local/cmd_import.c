/* cadencia import: a list becomes contacts. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include <cadencia/err.h>
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

static void print_result(struct command_call *c, const char *file, const struct import_result *r, const char *rejects, bool preview) {
  if (call_json(c)) {
    json_t *reasons = json_object();
    for (int i = 0; i < IMPORT_REASON_COUNT; i++)
      if (r->reasons[i]) json_object_set_new(reasons, import_reason_name((enum import_reason)i), json_integer((json_int_t)r->reasons[i]));
    call_put_json(c, json_pack("{s:o, s:o, s:b, s:o, s:I, s:I, s:I, s:o, s:o, s:I}", "job", preview ? json_null() : json_id(r->job), "file",
                               json_text(file), "preview", preview, "phone_column", json_text(r->phone_column), "rows", (json_int_t)r->rows,
                               "accepted", (json_int_t)r->accepted, "rejected", (json_int_t)r->rejected, "reasons", reasons, "reject_file",
                               r->rejected && rejects ? json_text(rejects) : json_null(), "extra_cells_dropped",
                               (json_int_t)r->extra_dropped));
    return;
  }
  const char *sep = r->separator == '\t' ? "tab" : (const char[]){r->separator, 0};
  fprintf(c->out, "%s: %llu rows (separator %s, phone column \"%s\"): %llu %s, %llu rejected\n", file, (unsigned long long)r->rows, sep,
          r->phone_column, (unsigned long long)r->accepted, preview ? "would be accepted before the database looks" : "accepted",
          (unsigned long long)r->rejected);
  for (int i = 0; i < IMPORT_REASON_COUNT; i++)
    if (r->reasons[i]) fprintf(c->out, "  %-20s %llu\n", import_reason_name((enum import_reason)i), (unsigned long long)r->reasons[i]);
  if (r->rejected && rejects) fprintf(c->out, "lines and reasons are in %s\n", rejects);
  if (r->extra_dropped)
    fprintf(c->out, "note: %llu cells of further columns found no room (512 bytes a contact)\n", (unsigned long long)r->extra_dropped);
}

int cmd_import(struct command_call *c) {
  const char *file = c->args->words[0];
  const char *country = call_option(c, OPT_COUNTRY);
  char rejects_name[512];
  if (call_option(c, OPT_REJECTS))
    snprintf(rejects_name, sizeof rejects_name, "%s", call_option(c, OPT_REJECTS));
  else
    snprintf(rejects_name, sizeof rejects_name, "%.490s.rejected.csv", file);
  if (country && !phone_home_find(country))
    return call_refuse(c, "country \"%.8s\" is not known; write two capital letters, as US, ES or MX", country);
  if (c->file < 0) return call_refuse(c, "%s cannot be read", file);
  int fd = c->rejects < 0 ? -1 : dup(c->rejects);
  FILE *rejects = fd < 0 ? NULL : fdopen(fd, "w");
  if (fd >= 0 && !rejects) close(fd);
  const char *base = strrchr(file, '/');
  struct import_options opt = {.fd = c->file,
                               .file = base ? base + 1 : file,
                               .campaign = call_option(c, OPT_CAMPAIGN),
                               .country = country,
                               .phone_column = call_option(c, OPT_PHONE_COLUMN),
                               .rejects = rejects,
                               .at = clock_wall(),
                               .preview = call_option(c, OPT_PREVIEW) != NULL};
  struct import_sink sink = {c, sink_run, sink_progress};
  struct import_result result;
  char err[INTAKE_ERROR_MAX];
  int r = import_run(&opt, &sink, &result, err);
  if (rejects) fclose(rejects);
  if (r < 0) return call_refuse(c, "%s: %s", file, err);
  /* The floor may have slept because no contact was left: it hears that there are some now. */
  if (!opt.preview && c->backend->daemon && result.accepted) (void)c->backend->announce(c->backend->self, opt.campaign, NULL);
  print_result(c, file, &result, rejects ? rejects_name : NULL, opt.preview);
  return result.accepted || result.rows == 0 ? EXIT_GOOD : EXIT_REFUSED;
}
