#include "dialer/local/report_queues.h"
#include "dialer/local/report_rows.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <campaigns/queues.h>
#include <inttypes.h>
#include <string.h>

enum { COUNTS = 8, FIGURES = COUNTS + 4 };
static const struct {
  const char *id, *en, *es;
} HEADS[FIGURES] = {{"offered", ">Offered", ">Ofrecidas"},
                    {"answered", ">Answered", ">Atendidas"},
                    {"in_time", ">In time", ">A tiempo"},
                    {"abandoned", ">Hung up", ">Colgaron"},
                    {"timed_out", ">Timed out", ">Esperaron de más"},
                    {"full", ">No place", ">Sin lugar"},
                    {"closed", ">Closed", ">Cerrado"},
                    {"broken", ">Broken off", ">Cortadas"},
                    {"service_level", ">Service level", ">Nivel de servicio"},
                    {"wait_answered_ms", ">Wait of answered ms", ">Espera de atendidas ms"},
                    {"wait_abandoned_ms", ">Wait of hung up ms", ">Espera de colgadas ms"},
                    {"longest_wait_ms", ">Longest wait ms", ">Espera más larga ms"}};

struct lines {
  struct command_call *c;
  struct table *table;
  json_t *array;
  struct queue_sums total;
};

static void counts_of(const struct queue_sums *q, uint64_t out[COUNTS]) {
  out[0] = q->offered, out[1] = q->served, out[2] = q->in_time;
  for (int i = QUEUE_END_LEFT; i < QUEUE_END_COUNT; i++) out[1 + i] = q->ended[i];
}

/* The four figures that are one sum over another: docs/inbound.md. */
static void shares_of(const struct queue_sums *q, struct kpi_value out[FIGURES - COUNTS]) {
  const uint64_t could = q->served + q->ended[QUEUE_END_LEFT] + q->ended[QUEUE_END_TIMEOUT] + q->ended[QUEUE_END_FULL];
  out[0] = (struct kpi_value){(int64_t)q->in_time, (int64_t)could};
  out[1] = (struct kpi_value){(int64_t)q->served_wait_ms, (int64_t)q->served};
  out[2] = (struct kpi_value){(int64_t)q->left_wait_ms, (int64_t)q->ended[QUEUE_END_LEFT]};
  out[3] = (struct kpi_value){(int64_t)q->longest_ms, 1};
}

static void share_text(int i, struct kpi_value v, char out[KPI_TEXT_BYTES]) {
  kpi_text(&(struct kpi){.unit = i == 0 ? KPI_SHARE : KPI_MS}, v, out);
}

static json_t *line_json(const char *key, const struct queue_sums *q) {
  uint64_t counts[COUNTS];
  struct kpi_value shares[FIGURES - COUNTS];
  char text[KPI_TEXT_BYTES];
  json_t *figures = json_object();
  counts_of(q, counts);
  shares_of(q, shares);
  for (int i = 0; i < COUNTS; i++)
    json_object_set_new(
        figures, HEADS[i].id,
        json_pack("{s:I, s:I, s:o}", "num", (json_int_t)counts[i], "den", (json_int_t)1, "value", json_sprintf("%" PRIu64, counts[i])));
  for (int i = 0; i < FIGURES - COUNTS; i++) {
    share_text(i, shares[i], text);
    json_object_set_new(figures, HEADS[COUNTS + i].id,
                        json_pack("{s:I, s:I, s:s}", "num", (json_int_t)shares[i].num, "den", (json_int_t)shares[i].den, "value", text));
  }
  return json_pack("{s:s, s:o}", "key", key, "figures", figures);
}

static void put_cells(const struct lines *l, const char *key, const struct queue_sums *q) {
  uint64_t counts[COUNTS];
  struct kpi_value shares[FIGURES - COUNTS];
  FILE *o = l->c->out;
  counts_of(q, counts);
  shares_of(q, shares);
  if (l->table)
    table_put(l->table, "%s", key);
  else
    csv_put(o, key);
  for (int i = 0; i < FIGURES; i++) {
    char text[KPI_TEXT_BYTES];
    if (i < COUNTS)
      snprintf(text, sizeof text, "%" PRIu64, counts[i]);
    else
      share_text(i - COUNTS, shares[i - COUNTS], text);
    const bool none = strcmp(text, "-") == 0;
    if (l->table)
      table_put(l->table, "%s%s", text, i == COUNTS && !none ? " %" : "");
    else
      fprintf(o, ",%s", none ? "" : text);
  }
  if (!l->table) fputc('\n', o);
}

static int put_line(void *arg, const struct queue_sums *q) {
  struct lines *l = arg;
  struct queue_sums *t = &l->total;
  t->offered += q->offered, t->served += q->served, t->in_time += q->in_time;
  t->served_wait_ms += q->served_wait_ms, t->left_wait_ms += q->left_wait_ms;
  for (int i = 0; i < QUEUE_END_COUNT; i++) t->ended[i] += q->ended[i];
  if (q->longest_ms > t->longest_ms) t->longest_ms = q->longest_ms;
  if (l->array)
    json_array_append_new(l->array, line_json(q->queue, q));
  else
    put_cells(l, q->queue, q);
  return CAD_OK;
}

static struct table *head_table(bool es) {
  const char *heads[FIGURES + 2] = {es ? "Cola" : "Queue"};
  for (int i = 0; i < FIGURES; i++) heads[i + 1] = es ? HEADS[i].es : HEADS[i].en;
  return table_create(heads);
}

static void head_csv(FILE *out, bool es) {
  fputs(es ? "Cola" : "Queue", out);
  for (int i = 0; i < FIGURES; i++) {
    fputc(',', out);
    csv_put(out, (es ? HEADS[i].es : HEADS[i].en) + 1);
  }
  fputc('\n', out);
}

int report_queues(struct command_call *c, struct store *s, const struct call_filter *f, enum report_style style, bool es) {
  if (f->campaign || f->agent || f->trunk || f->phone || call_option(c, OPT_ROWS) || call_option(c, OPT_GROUP))
    return call_refuse(c, "the report \"queues\" takes --since and --until alone; cadencia export callers has its rows, cadencia report "
                          "inbound --campaign NAME has the others");
  struct lines l = {.c = c};
  if (style == STYLE_TABLE) l.table = head_table(es);
  if (style == STYLE_JSON) l.array = json_array();
  if (style == STYLE_CSV) head_csv(c->out, es);
  int r = store_queue_sums(s, f->from, f->to, put_line, &l);
  if (r >= 0 && l.array) {
    call_put_json(c, json_pack("{s:s, s:O, s:o}", "report", "queues", "lines", l.array, "total", line_json("", &l.total)));
  } else if (r >= 0) {
    if (l.table) fputs("Callers by queue · Llamantes por cola\n\n", c->out);
    if (l.total.offered || !l.table) put_cells(&l, "TOTAL", &l.total);
    if (l.table) table_print(l.table, c->out, es ? "Sin llamantes." : "No callers.");
  }
  json_decref(l.array);
  table_destroy(l.table);
  return r < 0 ? call_refuse(c, "the report \"queues\": %s", err_name(r)) : EXIT_GOOD;
}
