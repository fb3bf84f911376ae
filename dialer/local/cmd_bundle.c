/* cadencia export KIND: bundles for people outside, each a signed zip; and single tables as CSV or JSON lines. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/report_rows.h"
#include "dialer/local/telemarketing.h"
#include <cadencia/err.h>
#include <campaigns/bundle.h>
#include <campaigns/dump.h>
#include <campaigns/evidence.h>
#include <campaigns/person.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARTS_MAX = 14 };
/* What a bundle holds: "calls" and "abandonment" are made here, "chain" is the proof, every other word is a dump. */
static const struct kind {
  const char *name, *what;
  const char *parts[PARTS_MAX];
} KINDS[] = {
    {"tsr",
     "Records of telemarketing calls as 16 CFR 310.5 asks for them: calls, worksheets of abandonment, lists, consent, people, changes.",
     {"telemarketing_calls", "calls", "campaigns", "employees", "abandonment", "registries", "registry_coverage", "do_not_call", "consent",
      "imports", "rule_changes"}},
    {"ofcom", "Abandoned calls by campaign and day with the estimate of machines, for Ofcom.", {"abandonment", "detector", "campaigns"}},
    {"dossier",
     "Everything about one number: contact, decisions that allowed or blocked it, calls, opt-outs, erasures.",
     {"person_contact", "person_standing", "person_decisions", "person_calls", "person_dispositions", "person_dnc", "person_suppressed",
      "consent", "person_audit", "person_erasures"}},
    {"registry",
     "Proof that do-not-call files were loaded in time: each file's hash and dates, and which one covered each call.",
     {"registries", "registry_coverage", "imports"}},
    {"rules", "Who changed which rule, campaign, list or disposition, and when.", {"rule_changes", "campaigns"}},
    {"chain", "The proof of the logs: what verification found, and every signed checkpoint.", {"verification", "checkpoints"}},
};

struct writer {
  struct rows_out rows;
  struct bundle *bundle;
  bool csv;
};

static int put_cell(void *arg, const struct dump_cell *c) {
  struct rows_out *o = arg;
  switch (c->kind) {
  case 'i': out_number(o, c->name, c->number, c->last); break;
  case 'd': out_id(o, c->name, (uint64_t)c->number, c->last); break;
  case 'w': out_time(o, c->name, (struct wall){c->number}, c->last); break;
  case 'p': out_phone(o, c->name, c->number > 0 ? (uint64_t)c->number : 0, c->last); break;
  default: out_cell(o, c->name, c->text, c->last);
  }
  return c->last ? out_line(o) : o->err;
}
static int put_call(void *arg, const struct call_row *r) { return rows_put(arg, r); }

static int put_window(void *arg, const struct abandon_line *l) {
  static const struct kpi SHARE = {.unit = KPI_SHARE};
  struct rows_out *o = arg;
  char rate[KPI_TEXT_BYTES];
  kpi_text(&SHARE, (struct kpi_value){l->num, l->den}, rate);
  out_cell(o, "campaign", l->campaign, false);
  out_cell(o, "rule", l->rule, false);
  out_time(o, "from", l->from, false);
  out_time(o, "to", l->to, false);
  out_number(o, "live", l->live, false);
  out_number(o, "abandoned", l->abandoned, false);
  out_number(o, "agent_machines", l->agent_machines, false);
  out_number(o, "num", l->num, false);
  out_number(o, "den", l->den, false);
  out_cell(o, "rate_pct", rate, false);
  out_number(o, "limit_bp", l->limit_bp, false);
  out_flag(o, "within", l->within, false);
  out_number(o, "machines", l->machines, false);
  out_number(o, "sample", l->sample, false);
  out_number(o, "sample_people", l->sample_people, true);
  return out_line(o);
}

static int put_detector(struct rows_out *o, struct store *s, const struct call_filter *f) {
  struct report r;
  int err = report_make(s, "detector", f, &r);
  for (size_t i = 0; err >= 0 && i + 1 < r.count; i++) {
    const struct kpi_value v = kpi_value(kpi_find("agent_machine_rate"), r.lines[i].m),
                           lost = kpi_value(kpi_find("people_lost_rate"), r.lines[i].m);
    int64_t low, high, lost_low, lost_high;
    wilson_bp(v.num, v.den, &low, &high);
    wilson_bp(lost.num, lost.den, &lost_low, &lost_high);
    out_cell(o, "campaign", r.lines[i].key, false);
    out_number(o, "agent_machines", v.num, false);
    out_number(o, "connected", v.den, false);
    out_number(o, "low_bp", low, false);
    out_number(o, "high_bp", high, false);
    out_number(o, "machines", r.lines[i].m[M_MACHINE] + r.lines[i].m[M_MESSAGE], false);
    out_number(o, "machines_labelled", lost.den, false);
    out_number(o, "people_lost", lost.num, false);
    out_number(o, "lost_low_bp", lost_low, false);
    out_number(o, "lost_high_bp", lost_high, true);
    err = out_line(o);
  }
  if (err >= 0) report_free(&r);
  return err;
}

/* One file of the bundle, or standard output. CAD_ENOSUP: this database does not keep it. */
static int put_part(struct writer *w, struct store *s, const char *part, const struct call_filter *f) {
  struct rows_out *o = &w->rows;
  if (strcmp(part, "calls") == 0) {
    if (o->csv) rows_head(o);
    return store_calls_each(s, f, put_call, o);
  }
  if (strcmp(part, "telemarketing_calls") == 0) return put_telemarketing(o, s, f);
  if (strcmp(part, "abandonment") == 0) {
    if (o->csv)
      out_text(o, "campaign,rule,from,to,live,abandoned,agent_machines,num,den,rate_pct,limit_bp,within,machines,sample,sample_people\n");
    return report_abandonment(s, f, put_window, o);
  }
  if (strcmp(part, "detector") == 0) {
    if (o->csv)
      out_text(o, "campaign,agent_machines,connected,low_bp,high_bp,machines,machines_labelled,people_lost,lost_low_bp,lost_high_bp\n");
    return put_detector(o, s, f);
  }
  int r = CAD_OK;
  if (o->csv) r = store_dump_columns(s, part, put_cell, o);
  return r < 0 ? r : store_dump(s, part, f, put_cell, o);
}

static int verification(struct writer *w, const char *db_path) {
  struct verify_report *r = calloc(1, sizeof *r);
  int err = r ? evidence_verify(db_path, NULL, r, NULL) : CAD_ENOMEM;
  if (err >= 0) {
    char line[400];
    snprintf(line, sizeof line,
             "%s\ncalls and dispositions %" PRIu64 "\ndecisions %" PRIu64 "\naudit rows %" PRIu64 "\ncheckpoints %" PRIu64 "\nkey %s\n",
             r->count ? "NOT INTACT" : "INTACT", r->rows[0], r->rows[1], r->rows[2], r->checkpoints, r->key);
    out_text(&w->rows, line);
    for (int i = 0; i < r->count; i++) {
      snprintf(line, sizeof line, "%s %s %" PRIu64 ": %s\n", r->findings[i].stream, r->findings[i].kind, r->findings[i].row,
               r->findings[i].what);
      out_text(&w->rows, line);
    }
    snprintf(line, sizeof line, "and %" PRIu64 " more of the same sorts\n", r->unlisted);
    if (r->unlisted) out_text(&w->rows, line);
  }
  free(r);
  return err;
}

static int put_file(struct writer *w, struct store *s, const char *db_path, const char *part, const struct call_filter *f) {
  char name[96];
  bool text = strcmp(part, "verification") == 0;
  if (strncmp(part, "consent", 7) != 0 && strncmp(part, "regist", 6) != 0)
    ; /* always there */
  else if (store_dump_columns(s, part, NULL, NULL) == CAD_ENOSUP)
    return CAD_OK; /* this database has no such table: its absence is said in the list of files */
  snprintf(name, sizeof name, "%s.%s", part, text ? "txt" : w->csv ? "csv" : "jsonl");
  int r = bundle_open_file(w->bundle, name);
  rows_begin_sink(&w->rows, bundle_write, w->bundle, w->csv, false);
  if (r >= 0) r = text ? verification(w, db_path) : put_part(w, s, part, f);
  int ended = rows_end(&w->rows);
  return r < 0 ? r : ended;
}

static int put_zip(struct command_call *c, struct store *s, const char *db_path, const struct kind *k, const struct call_filter *f,
                   bool csv) {
  struct writer *w = calloc(1, sizeof *w);
  char path[512], at[25];
  const char *out = call_option(c, OPT_OUT);
  clock_iso8601(clock_wall(), at);
  if (out)
    snprintf(path, sizeof path, "%s", out);
  else
    snprintf(path, sizeof path, "cadencia-%s-%.10s.zip", k->name, at);
  int r = w ? bundle_create(path, db_path, &w->bundle, c->err) : CAD_ENOMEM;
  if (w) w->csv = csv;
  for (int i = 0; r >= 0 && i < PARTS_MAX && k->parts[i]; i++) r = put_file(w, s, db_path, k->parts[i], f);
  if (r >= 0)
    r = bundle_finish(w->bundle, k->what, c->err);
  else if (w)
    bundle_drop(w->bundle);
  free(w);
  if (r < 0) return call_refuse(c, "%s: %s", path, err_name(r));
  if (call_json(c))
    call_put_json(c, json_pack("{s:s, s:o}", "kind", k->name, "file", json_text(path)));
  else
    fprintf(c->out, "%s: %s\nREADME.txt in it says how to check it with sha256sum and openssl.\n", path, k->what);
  return EXIT_GOOD;
}

static int run_kind(struct command_call *c, const struct kind *k, struct call_filter *f) {
  char db_path[CONFIG_PATH_MAX + 16];
  const char *format = call_option(c, OPT_FORMAT);
  if (call_database(c, db_path, sizeof db_path) != EXIT_GOOD) return EXIT_REFUSED;
  struct store *s = call_reader(c);
  if (!s) return EXIT_REFUSED;
  if (f->phone) (void)person_subject(db_path, f->phone, f->subject);
  if (f->phone) (void)person_suppressed(db_path, f->phone, f->suppressed);
  int status = put_zip(c, s, db_path, k, f, !(format && strcmp(format, "jsonl") == 0));
  store_close(s);
  return status;
}

static int run_named(struct command_call *c, const char *name) {
  struct call_filter f;
  int status = call_filter_options(c, &f);
  if (status != EXIT_GOOD) return status;
  for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
    if (strcmp(KINDS[i].name, name) == 0) return run_kind(c, &KINDS[i], &f);
  return EXIT_USAGE;
}

int cmd_export_bundle(struct command_call *c) { return run_named(c, c->args->command->sub); }
int cmd_person_access(struct command_call *c) { return run_named(c, "dossier"); }

/* One table on standard output. */
int cmd_export_table(struct command_call *c) {
  const char *format = call_option(c, OPT_FORMAT);
  bool csv = !(format && strcmp(format, "jsonl") == 0) && !call_json(c);
  struct call_filter f;
  int status = call_filter_options(c, &f);
  if (status != EXIT_GOOD) return status;
  struct store *s = call_reader(c);
  if (!s) return EXIT_REFUSED;
  struct writer *w = calloc(1, sizeof *w);
  int r = CAD_ENOMEM;
  if (w) {
    rows_begin_stream(&w->rows, c->out, csv, call_option(c, OPT_MASK) != NULL);
    r = put_part(w, s, c->args->command->sub, &f);
    int ended = rows_end(&w->rows);
    if (r >= 0) r = ended;
  }
  free(w);
  store_close(s);
  if (r >= 0 && fflush(c->out) != 0) r = CAD_EIO;
  return r < 0 ? call_refuse(c, "%s: %s", c->args->command->sub, err_name(r)) : EXIT_GOOD;
}
