/* cadencia report KIND --rows FIGURE: the rows that make a figure's numerator; calls, agents' states or contacts, whichever it is made of.
 * Numbers are masked: whoever needs them exports, and that is noted in the audit log. */
#include "dialer/local/report_drill.h"
#include "dialer/local/report_rows.h"
#include <cadencia/err.h>
#include <string.h>

static const char AGENT_HEADER[] = "row_id,agent,campaign,attempt_id,state,from_at,to_at,reason\n",
                  CONTACT_HEADER[] = "contact_id,campaign,list_id,list,phone,status,tries,reached\n";

struct drill {
  struct rows_out rows;
  const char *kind, *group;
  const struct kpi *kpi;
};

static bool of_group(const struct drill *d, const char *key) { return !d->group || strcmp(d->group, key) == 0; }

static int drill_call(void *arg, const struct call_row *r) {
  struct drill *d = arg;
  char key[96];
  int64_t m[MEASURE_COUNT];
  if (!report_key(d->kind, r, key) || !of_group(d, key)) return CAD_OK;
  measure_call(r, m);
  return kpi_counts(d->kpi, m) ? rows_put(&d->rows, r) : CAD_OK;
}

static int drill_agent(void *arg, const struct agent_row *r) {
  struct drill *d = arg;
  char key[96];
  int64_t m[MEASURE_COUNT];
  if (!report_agent_key(d->kind, r, key) || !of_group(d, key)) return CAD_OK;
  measure_agent(r, m);
  return kpi_counts(d->kpi, m) ? rows_put_agent(&d->rows, r) : CAD_OK;
}

static int drill_contact(void *arg, const struct contact_line *l) {
  struct drill *d = arg;
  char key[96];
  int64_t m[MEASURE_COUNT];
  report_contact_key(l, key);
  if (!of_group(d, key)) return CAD_OK;
  measure_contact(l, m);
  return kpi_counts(d->kpi, m) ? rows_put_contact(&d->rows, l) : CAD_OK;
}

int report_drill(struct store *s, const char *kind, const struct kpi *figure, const char *group, const struct call_filter *f, bool csv,
                 FILE *out) {
  struct drill d = {.kind = kind, .group = group, .kpi = figure};
  const enum kpi_source source = kpi_source(figure);
  int r;
  rows_begin_stream(&d.rows, out, csv, true);
  if (csv && source == KPI_OF_CALLS) rows_head(&d.rows);
  if (csv && source != KPI_OF_CALLS) out_text(&d.rows, source == KPI_OF_AGENTS ? AGENT_HEADER : CONTACT_HEADER);
  switch (source) {
  case KPI_OF_AGENTS: r = store_agent_rows_each(s, f, drill_agent, &d); break;
  case KPI_OF_CONTACTS: r = report_contacts_each(s, f, drill_contact, &d); break;
  default: r = store_calls_each(s, f, drill_call, &d);
  }
  int ended = rows_end(&d.rows);
  return r < 0 ? r : ended;
}
