/* cadencia report: every figure, its table, and the rows behind it. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/report_drill.h"
#include "dialer/local/report_queues.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/evidence.h>
#include <campaigns/report.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIGURES_MAX = 40 };
struct view {
  struct command_call *c;
  enum report_style style;
  bool es;
  const struct kpi *kpis[FIGURES_MAX];
  int count;
};

int call_instant(struct command_call *c, enum option o, struct wall *out) {
  const char *text = call_option(c, o);
  *out = WALL_NONE;
  if (!text) return EXIT_GOOD;
  *out = clock_parse(text, strlen(text));
  if (out->ms) return EXIT_GOOD;
  fprintf(c->err, "cadencia %s: \"%.40s\" is no time; write 2026-11-21 or 2026-11-21T16:00Z (UTC)\n", c->args->command->verb, text);
  return EXIT_USAGE;
}

int call_filter_options(struct command_call *c, struct call_filter *f) {
  *f = (struct call_filter){
      .campaign = call_option(c, OPT_CAMPAIGN), .agent = call_option(c, OPT_AGENT), .trunk = call_option(c, OPT_TRUNK)};
  int r = call_instant(c, OPT_SINCE, &f->from);
  if (r == EXIT_GOOD) r = call_instant(c, OPT_UNTIL, &f->to);
  const char *number = call_option(c, OPT_NUMBER);
  if (r == EXIT_GOOD && number) {
    f->phone = strtoull(number[0] == '+' ? number + 1 : number, NULL, 10);
    if (f->phone < 1000000) r = call_refuse(c, "\"%.30s\" is no number; write it as +12025550142", number);
  }
  return r;
}

static void split_figures(struct view *v, const char *words) {
  char text[1024];
  char *save = NULL;
  snprintf(text, sizeof text, "%s", words);
  for (char *w = strtok_r(text, " ", &save); w && v->count < FIGURES_MAX; w = strtok_r(NULL, " ", &save))
    if (kpi_find(w)) v->kpis[v->count++] = kpi_find(w);
}

static const char *heading(const struct view *v, const struct kpi *k) { return v->es ? k->es : k->en; }

/* What a share of few rows is worth: its 95 % Wilson interval, where the report says so. */
static bool interval_of(const struct report *r, const struct kpi *k, struct kpi_value value, int64_t *low, int64_t *high) {
  const char *at = r->kind->intervals ? strstr(r->kind->intervals, k->id) : NULL;
  const size_t n = strlen(k->id);
  if (!at || (at[n] && at[n] != ' ') || value.den == 0) return false;
  wilson_bp(value.num, value.den, low, high);
  return true;
}

/* ---- three forms of the same lines ---- */

static json_t *line_json(const struct view *v, const struct report *r, const struct report_line *l) {
  json_t *figures = json_object();
  for (int i = 0; i < v->count; i++) {
    char text[KPI_TEXT_BYTES];
    struct kpi_value value = kpi_value(v->kpis[i], l->m);
    kpi_text(v->kpis[i], value, text);
    json_t *figure = json_pack("{s:I, s:I, s:s}", "num", (json_int_t)value.num, "den", (json_int_t)value.den, "value", text);
    int64_t low, high;
    if (figure && interval_of(r, v->kpis[i], value, &low, &high)) {
      json_object_set_new(figure, "low_bp", json_integer(low));
      json_object_set_new(figure, "high_bp", json_integer(high));
    }
    json_object_set_new(figures, v->kpis[i]->id, figure);
  }
  return json_pack("{s:s, s:o}", "key", l->key, "figures", figures);
}

static void put_csv(const struct view *v, const struct report *r) {
  FILE *o = v->c->out;
  csv_put(o, v->es ? r->kind->group_es : r->kind->group_en);
  for (int i = 0; i < v->count; i++) {
    fputc(',', o);
    csv_put(o, heading(v, v->kpis[i]));
    if (r->kind->intervals && strstr(r->kind->intervals, v->kpis[i]->id))
      fputs(v->es ? ",desde (95 %),hasta (95 %)" : ",from (95 %),to (95 %)", o);
  }
  fputc('\n', o);
  for (size_t i = 0; i < r->count; i++) {
    csv_put(o, i + 1 == r->count ? "TOTAL" : r->lines[i].key);
    for (int k = 0; k < v->count; k++) {
      char text[KPI_TEXT_BYTES];
      int64_t low, high;
      const struct kpi_value value = kpi_value(v->kpis[k], r->lines[i].m);
      kpi_text(v->kpis[k], value, text);
      fprintf(o, ",%s", strcmp(text, "-") == 0 ? "" : text);
      if (interval_of(r, v->kpis[k], value, &low, &high))
        fprintf(o, ",%" PRId64 ".%02d,%" PRId64 ".%02d", low / 100, (int)(low % 100), high / 100, (int)(high % 100));
      else if (r->kind->intervals && strstr(r->kind->intervals, v->kpis[k]->id))
        fputs(",,", o);
    }
    fputc('\n', o);
  }
}

static const char *unit_mark(const struct kpi *k) { return k->unit == KPI_SHARE ? " %" : ""; }

static void put_cell(struct table *t, const struct report *r, const struct report_line *l, const struct kpi *k) {
  char text[KPI_TEXT_BYTES], range[64] = "";
  int64_t low, high;
  const struct kpi_value value = kpi_value(k, l->m);
  kpi_text(k, value, text);
  if (interval_of(r, k, value, &low, &high)) snprintf(range, sizeof range, " (%.2f–%.2f)", (double)low / 100, (double)high / 100);
  table_put(t, "%s%s%s", text, strcmp(text, "-") == 0 ? "" : unit_mark(k), range);
}

static const char *name_of_line(const struct report *r, size_t i) { return i + 1 == r->count ? "TOTAL" : r->lines[i].key; }

static void put_rows_table(const struct view *v, const struct report *r) {
  const char *heads[TABLE_COLUMNS_MAX + 1] = {v->es ? r->kind->group_es : r->kind->group_en};
  char marks[FIGURES_MAX][64];
  for (int i = 0; i < v->count; i++) {
    snprintf(marks[i], sizeof marks[i], ">%.60s", heading(v, v->kpis[i]));
    heads[i + 1] = marks[i];
  }
  struct table *t = table_create(heads);
  for (size_t line = 0; line < r->count; line++) {
    table_put(t, "%s", name_of_line(r, line));
    for (int i = 0; i < v->count; i++) put_cell(t, r, &r->lines[line], v->kpis[i]);
  }
  table_print(t, v->c->out, v->es ? "Sin llamadas." : "No calls.");
  table_destroy(t);
}

/* A column a line, a row a figure; that is how people compare campaigns. More lines than fit go into a table below. */
static void put_aside_table(const struct view *v, const struct report *r, size_t from, size_t to) {
  const char *heads[TABLE_COLUMNS_MAX + 1] = {v->es ? "Indicador" : "Figure"};
  char marks[TABLE_COLUMNS_MAX][64];
  for (size_t i = from; i < to; i++) {
    snprintf(marks[i - from], sizeof marks[0], ">%.60s", name_of_line(r, i));
    heads[i - from + 1] = marks[i - from];
  }
  struct table *t = table_create(heads);
  for (int k = 0; k < v->count; k++) {
    table_put(t, "%s", heading(v, v->kpis[k]));
    for (size_t i = from; i < to; i++) put_cell(t, r, &r->lines[i], v->kpis[k]);
  }
  table_print(t, v->c->out, v->es ? "Sin llamadas." : "No calls.");
  table_destroy(t);
}

static void put_table(const struct view *v, const struct report *r) {
  enum { ASIDE_MOST = 6, ASIDE_COLUMNS = 8 };
  fprintf(v->c->out, "%s · %s\n\n", r->kind->en, r->kind->es);
  if (r->count > ASIDE_MOST && v->count + 1 <= TABLE_COLUMNS_MAX) {
    put_rows_table(v, r);
    return;
  }
  for (size_t from = 0; from < r->count; from += ASIDE_COLUMNS) {
    if (from) fputc('\n', v->c->out);
    put_aside_table(v, r, from, from + ASIDE_COLUMNS < r->count ? from + ASIDE_COLUMNS : r->count);
  }
}

/* ---- calling numbers ---- */

/* A calling number whose answers are surely below those of all others, or that networks block: it wants rest. */
struct alerts {
  bool fewer, blocked;
  int64_t low, high, stopped, dials;
};
static struct alerts alerts_of(const struct report *r, size_t line) {
  const struct kpi *answer = kpi_find("answer_rate"), *blocked = kpi_find("blocked_rate");
  const struct kpi_value all = kpi_value(answer, r->lines[r->count - 1].m), here = kpi_value(answer, r->lines[line].m),
                         stop = kpi_value(blocked, r->lines[line].m);
  struct alerts a = {.stopped = stop.num, .dials = stop.den};
  int64_t other_low, other_high;
  wilson_bp(here.num, here.den, &a.low, &a.high);
  wilson_bp(all.num - here.num, all.den - here.den, &other_low, &other_high);
  a.fewer = here.den >= 50 && all.den > here.den && a.high < other_low;
  a.blocked = stop.num >= 3 && stop.num * 100 >= stop.den;
  return a;
}

static void put_alerts(const struct view *v, const struct report *r) {
  const char *word = v->es ? "AVISO" : "ALERT";
  for (size_t i = 0; i + 1 < r->count; i++) {
    const struct alerts a = alerts_of(r, i);
    if (a.fewer)
      fprintf(v->c->out, "%s %s: %s (%" PRId64 ".%02d %% – %" PRId64 ".%02d %%)\n", word, r->lines[i].key,
              v->es ? "contestan menos que a los demás números" : "answered less than the other numbers", a.low / 100, (int)(a.low % 100),
              a.high / 100, (int)(a.high % 100));
    if (a.blocked)
      fprintf(v->c->out, "%s %s: %s %" PRId64 "/%" PRId64 "\n", word, r->lines[i].key,
              v->es ? "las redes la bloquean" : "networks block it", a.stopped, a.dials);
  }
}

static json_t *alerts_json(const struct report *r) {
  json_t *array = json_array();
  for (size_t i = 0; i + 1 < r->count; i++) {
    const struct alerts a = alerts_of(r, i);
    if (a.fewer || a.blocked)
      json_array_append_new(array, json_pack("{s:s, s:b, s:b, s:I, s:I}", "key", r->lines[i].key, "answered_less", a.fewer, "blocked",
                                             a.blocked, "blocked_calls", (json_int_t)a.stopped, "dials", (json_int_t)a.dials));
  }
  return array;
}

static void put_json(const struct view *v, const struct report *r) {
  json_t *lines = json_array();
  for (size_t i = 0; i + 1 < r->count; i++) json_array_append_new(lines, line_json(v, r, &r->lines[i]));
  json_t *j = json_pack("{s:s, s:o, s:o}", "report", r->kind->name, "lines", lines, "total", line_json(v, r, &r->lines[r->count - 1]));
  if (j && strcmp(r->kind->name, "numbers") == 0) json_object_set_new(j, "alerts", alerts_json(r));
  call_put_json(v->c, j);
}

static int show(struct view *v, struct store *s, const char *kind, const struct call_filter *f) {
  struct report r;
  int err = report_make(s, kind, f, &r);
  if (err < 0) return call_refuse(v->c, "the report \"%.20s\": %s", kind, err_name(err));
  split_figures(v, r.kind->kpis);
  if (v->style == STYLE_JSON) {
    put_json(v, &r);
  } else if (v->style == STYLE_CSV) {
    put_csv(v, &r);
  } else {
    put_table(v, &r);
    if (r.kind->intervals)
      fputs(v->es ? "\nEntre paréntesis, el intervalo de Wilson del 95 %.\n" : "\nIn brackets, the 95 % Wilson interval.\n", v->c->out);
    if (strcmp(kind, "numbers") == 0) put_alerts(v, &r);
  }
  report_free(&r);
  return EXIT_GOOD;
}

/* ---- the worksheet ---- */

struct sheet {
  struct view *v;
  struct table *table;
  json_t *array;
};

static int put_window(void *arg, const struct abandon_line *l) {
  struct sheet *x = arg;
  static const struct kpi SHARE = {.unit = KPI_SHARE};
  char text[KPI_TEXT_BYTES], from[25], to[25];
  kpi_text(&SHARE, (struct kpi_value){l->num, l->den}, text);
  clock_iso8601(l->from, from);
  clock_iso8601(l->to, to);
  if (x->array) {
    json_array_append_new(x->array, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:i, s:I, s:I, s:b, s:s}",
                                              "campaign", l->campaign, "rule", l->rule, "from", from, "to", to, "live", (json_int_t)l->live,
                                              "abandoned", (json_int_t)l->abandoned, "agent_machines", (json_int_t)l->agent_machines,
                                              "machines", (json_int_t)l->machines, "sample", (json_int_t)l->sample, "sample_people",
                                              (json_int_t)l->sample_people, "num", (json_int_t)l->num, "den", (json_int_t)l->den, "rate",
                                              text, "limit_bp", (int)l->limit_bp, "up_to_bp", (json_int_t)l->up_to_bp, "credit_milli",
                                              (json_int_t)l->credit_milli, "within", l->within, "estimate", l->estimate));
  } else if (x->table) {
    const char *cells[] = {l->campaign, l->rule, from, to};
    for (int i = 0; i < 4; i++) table_put(x->table, "%.*s", i < 2 ? 60 : 10, cells[i]);
    table_put(x->table, "%" PRId64, l->live);
    table_put(x->table, "%" PRId64, l->abandoned);
    table_put(x->table, "%" PRId64, l->agent_machines);
    if (strcmp(l->estimate, "sample") == 0)
      table_put(x->table, "%" PRId64 "/%" PRId64 " × %" PRId64, l->sample_people, l->sample, l->machines);
    else if (strcmp(l->estimate, "declared") == 0)
      table_put(x->table, "%s", x->v->es ? "declaradas" : "declared");
    else
      table_put(x->table, "%s", "");
    table_put(x->table, "%" PRId64 " / %" PRId64, l->num, l->den);
    table_put(x->table, "%s %%", text);
    table_put(x->table, "%.2f %%", (double)l->up_to_bp / 100);
    table_put(x->table, "%u.%02u %%", l->limit_bp / 100, l->limit_bp % 100);
    table_put(x->table, "%.1f", (double)l->credit_milli / 1000);
    table_put(x->table, "%s", x->v->es ? (l->within ? "sí" : "NO") : l->within ? "yes" : "NO");
  } else {
    FILE *o = x->v->c->out;
    csv_put(o, l->campaign);
    fprintf(o,
            ",%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,%u,%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
            ",%" PRId64 ",%s\n",
            l->rule, from, to, l->live, l->abandoned, l->agent_machines, l->num, l->den, text, l->limit_bp, l->within, l->up_to_bp,
            l->credit_milli, l->machines, l->sample, l->sample_people, l->estimate);
  }
  return CAD_OK;
}

static int show_abandonment(struct view *v, struct store *s, const struct call_filter *f) {
  static const char *const EN[] = {
      "Campaign", "Rule",  "From",   "To",      ">Live",  ">Abandoned", ">Machines", ">People × machines", ">Numerator / denominator",
      ">Rate",    ">95 %", ">Limit", ">Credit", "Within", NULL};
  static const char *const ES[] = {"Campaña",
                                   "Regla",
                                   "Desde",
                                   "Hasta",
                                   ">Vivas",
                                   ">Abandonadas",
                                   ">Contestadores",
                                   ">Personas × contestadores",
                                   ">Numerador / denominador",
                                   ">Tasa",
                                   ">95 %",
                                   ">Límite",
                                   ">Crédito",
                                   "Dentro",
                                   NULL};
  struct sheet x = {.v = v};
  if (v->style == STYLE_JSON) x.array = json_array();
  if (v->style == STYLE_TABLE) x.table = table_create(v->es ? ES : EN);
  if (v->style == STYLE_CSV)
    fputs("campaign,rule,from,to,live,abandoned,agent_machines,num,den,rate_pct,limit_bp,within,up_to_bp,credit_milli,machines,sample,"
          "sample_people,estimate\n",
          v->c->out);
  int r = report_abandonment(s, f, put_window, &x);
  if (x.array) call_put_json(v->c, json_pack("{s:s, s:o}", "report", "abandonment", "lines", x.array));
  if (x.table) {
    fputs("Abandonment by legal window · Abandono por ventana legal\n\n", v->c->out);
    table_print(x.table, v->c->out, v->es ? "Sin respuestas vivas." : "No live answers.");
    fputs(
        v->es
            ? "\nLa tasa se compara con exactitud, no como se redondea aquí; con menos de 100 respuestas vivas dice poco. UK_OFCOM_AMD "
              "suma a las\n"
              "personas tomadas por contestador: lo que dice la muestra revisada, o lo que la campaña declara. docs/kpi.md tiene las "
              "fórmulas.\n"
            : "\nThe rate is compared exactly, not as it is rounded here; below 100 live answers it says little. UK_OFCOM_AMD adds "
              "people\n"
              "who were taken for machines: as the labelled sample says, or else as the campaign declares. docs/kpi.md has the formulas.\n",
        v->c->out);
  }
  table_destroy(x.table);
  return r < 0 ? call_refuse(v->c, "the worksheet: %s", err_name(r)) : EXIT_GOOD;
}

/* ---- the rows behind a figure ---- */

static int show_rows(struct view *v, struct store *s, const char *kind, const struct call_filter *f) {
  const char *figure = call_option(v->c, OPT_ROWS);
  const struct kpi *k = kpi_find(figure);
  if (!k) return call_refuse(v->c, "there is no figure \"%.40s\"; cadencia report dictionary lists them", figure);
  int r = report_drill(s, kind, k, call_option(v->c, OPT_GROUP), f, v->style != STYLE_JSON, v->c->out);
  return r < 0 ? call_refuse(v->c, "the rows: %s", err_name(r)) : EXIT_GOOD;
}

static int list_kinds(struct command_call *c) {
  size_t n;
  const struct report_kind *k = report_kinds(&n);
  for (size_t i = 0; i < n; i++) fprintf(c->out, "%-12s %s · %s\n             %s\n", k[i].name, k[i].en, k[i].es, k[i].text);
  fprintf(c->out, "%-12s %s\n             %s\n", "abandonment", "Abandonment by legal window · Abandono por ventana legal",
          "For compliance: live answers and abandoned calls as each rule counts them.");
  fprintf(c->out, "%-12s %s\n             %s\n", "queues", "Callers by queue · Llamantes por cola",
          "For the supervisor: how the waits of each queue ended.");
  fprintf(c->out, "%-12s %s\n", "dictionary", "Every figure and its formula · Cada indicador y su fórmula");
  fprintf(c->out, "%-12s %s\n", "schema", "The tables of the database · Las tablas de la base de datos");
  fprintf(c->out, "%-12s %s\n", "chain", "What each link of the logs is made of · De qué está hecho cada eslabón");
  return EXIT_GOOD;
}

int cmd_report(struct command_call *c) {
  const char *kind = c->args->word_count ? c->args->words[0] : NULL, *format = call_option(c, OPT_FORMAT);
  struct view v = {.c = c,
                   .style = call_json(c) || (format && strncmp(format, "json", 4) == 0) ? STYLE_JSON
                            : format && strcmp(format, "csv") == 0                      ? STYLE_CSV
                                                                                        : STYLE_TABLE};
  const char *language = call_option(c, OPT_LANGUAGE), *system = getenv("LANG");
  v.es = language ? strncmp(language, "es", 2) == 0 : system && strncmp(system, "es", 2) == 0;
  struct call_filter f;
  if (!kind) return list_kinds(c);
  if (strcmp(kind, "dictionary") == 0) {
    kpi_print(c->out);
    return EXIT_GOOD;
  }
  if (strcmp(kind, "chain") == 0) {
    evidence_print_kinds(c->out);
    return EXIT_GOOD;
  }
  if (strcmp(kind, "schema") == 0) return evidence_print_schema(c->out) < 0 ? EXIT_REFUSED : EXIT_GOOD;
  size_t n;
  const struct report_kind *kinds = report_kinds(&n);
  const bool queues = strcmp(kind, "queues") == 0;
  bool known = queues || strcmp(kind, "abandonment") == 0;
  for (size_t i = 0; i < n; i++) known = known || strcmp(kinds[i].name, kind) == 0;
  if (!known) return call_refuse(c, "there is no report \"%.20s\"; cadencia report lists them", kind);
  int status = call_filter_options(c, &f);
  if (status != EXIT_GOOD) return status;
  struct store *s = call_reader(c);
  if (!s) return EXIT_REFUSED;
  status = queues                             ? report_queues(c, s, &f, v.style, v.es)
           : call_option(c, OPT_ROWS)         ? show_rows(&v, s, kind, &f)
           : strcmp(kind, "abandonment") == 0 ? show_abandonment(&v, s, &f)
                                              : show(&v, s, kind, &f);
  store_close(s);
  return status;
}
