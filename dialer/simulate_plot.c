/* Four panels through the day: utilisation, people lost so far, idle agents, credit. The mean of the days is drawn thick,
 * the span of the days as a band. No script, no fonts, nothing from elsewhere. */
#include "dialer/simulate.h"
#include <cadencia/err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 5, POINTS_MAX = SIMULATE_MINUTES / STEP + 1, WIDE = 960, LEFT = 70, RIGHT = 20, HIGH = 150, GAP = 50, TOP = 64, PANELS = 4 };

struct line {
  double mean[POINTS_MAX], low[POINTS_MAX], high[POINTS_MAX];
  bool known[POINTS_MAX];
};
struct panel {
  const char *title, *unit;
  double limit; /* a mark; NAN: none */
  double least, most;
  struct line line;
};

/* Value of a panel at the end of a step of one day; NAN: nothing to say. Sums run through the day. */
struct sums {
  double busy, staffed, idle, people, lost, credit;
};
static double value_of(unsigned panel, const struct sums *step, const struct sums *day) {
  switch (panel) {
  case 0: return step->staffed > 0 ? 100 * step->busy / step->staffed : NAN;
  case 1: return day->people + day->lost > 0 ? 100 * day->lost / (day->people + day->lost) : NAN;
  case 2: return step->idle / (STEP * 60000.0);
  default: return day->credit;
  }
}

static void add_point(struct line *l, unsigned at, unsigned *n, double v) {
  if (isnan(v)) return;
  if (!l->known[at] || v < l->low[at]) l->low[at] = v;
  if (!l->known[at] || v > l->high[at]) l->high[at] = v;
  l->known[at] = true;
  l->mean[at] += v;
  n[at]++;
}

static unsigned collect(const struct simulated *s, struct panel *panels) {
  unsigned points = (unsigned)(s->params.day.hours * 60 / STEP), n[PANELS][POINTS_MAX] = {{0}};
  if (points >= POINTS_MAX) points = POINTS_MAX - 1;
  if (points < 1) points = 1;
  for (unsigned d = 0; d < s->days; d++) {
    struct sums day = {0};
    for (unsigned p = 0; p < points; p++) {
      struct sums step = {0};
      for (unsigned m = p * STEP; m < (p + 1) * STEP && m < SIMULATE_MINUTES; m++) {
        const struct world_minute *minute = &s->minutes[(size_t)d * SIMULATE_MINUTES + m];
        step.busy += minute->busy_ms;
        step.idle += minute->idle_ms;
        step.staffed += (double)minute->busy_ms + minute->wasted_ms + minute->idle_ms;
        day.people += minute->people;
        day.lost += minute->lost;
        if (minute->people || minute->lost) day.credit = minute->credit_milli / 1000.0;
      }
      for (unsigned i = 0; i < PANELS; i++) add_point(&panels[i].line, p, n[i], value_of(i, &step, &day));
    }
  }
  for (unsigned i = 0; i < PANELS; i++)
    for (unsigned p = 0; p < points; p++)
      if (n[i][p]) panels[i].line.mean[p] /= n[i][p];
  return points;
}

/* 1, 2 or 5 times a power of ten, so that four or five marks fit. */
static double nice_step(double span) {
  double rough = span / 4, ten = pow(10, floor(log10(rough > 0 ? rough : 1))), x = rough / ten;
  return ten * (x <= 1 ? 1 : x <= 2 ? 2 : x <= 5 ? 5 : 10);
}

static void bounds(struct panel *p, unsigned points) {
  double low = isnan(p->limit) ? 0 : p->limit, high = low;
  for (unsigned i = 0; i < points; i++) {
    if (!p->line.known[i]) continue;
    if (p->line.low[i] < low) low = p->line.low[i];
    if (p->line.high[i] > high) high = p->line.high[i];
  }
  if (low > 0 && (low < 0.5 * high || !isnan(p->limit))) low = 0;
  if (high - low < 1e-9) high = low + 1;
  double step = nice_step(high - low);
  p->least = floor(low / step) * step;
  p->most = ceil(high / step) * step;
}

static double x_of(unsigned at, unsigned points) { return LEFT + (double)(WIDE - LEFT - RIGHT) * (at + 1) / points; }
static double y_of(const struct panel *p, double top, double v) { return top + HIGH * (p->most - v) / (p->most - p->least); }

static void draw_axes(FILE *f, const struct panel *p, double top, double hours) {
  double step = nice_step(p->most - p->least);
  fprintf(f, "<text x=\"%d\" y=\"%.0f\" class=\"t\">%s</text>\n", LEFT, top - 10, p->title);
  for (double v = p->least; v <= p->most + step / 2; v += step)
    fprintf(f, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"g\"/><text x=\"%d\" y=\"%.1f\" class=\"n\">%g%s</text>\n", LEFT,
            WIDE - RIGHT, y_of(p, top, v), y_of(p, top, v), LEFT - 8, y_of(p, top, v) + 4, fabs(v) < step / 100 ? 0 : v, p->unit);
  double every = hours <= 2 ? 0.25 : hours <= 12 ? 1 : 2;
  for (double h = 0; h <= hours + 1e-9; h += every)
    fprintf(f, "<text x=\"%.1f\" y=\"%.0f\" class=\"h\">%d:%02d</text>\n", LEFT + (WIDE - LEFT - RIGHT) * h / hours, top + HIGH + 16,
            (int)h, (int)((h - (int)h) * 60 + 0.5));
}

static void draw_panel(FILE *f, const struct panel *p, double top, unsigned points, const struct simulated *s) {
  draw_axes(f, p, top, s->params.day.hours);
  if (!isnan(p->limit))
    fprintf(f, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"l\"/>\n", LEFT, WIDE - RIGHT, y_of(p, top, p->limit),
            y_of(p, top, p->limit));
  if (s->days > 1) {
    fputs("<path class=\"b\" d=\"", f);
    char c = 'M';
    for (unsigned i = 0; i < points; i++)
      if (p->line.known[i]) fprintf(f, "%c%.1f %.1f", c, x_of(i, points), y_of(p, top, p->line.high[i])), c = 'L';
    for (unsigned i = points; i-- > 0;)
      if (p->line.known[i]) fprintf(f, "L%.1f %.1f", x_of(i, points), y_of(p, top, p->line.low[i]));
    fputs(c == 'L' ? "Z\"/>\n" : "\"/>\n", f);
  }
  fputs("<path class=\"m\" d=\"", f);
  char c = 'M';
  for (unsigned i = 0; i < points; i++)
    if (p->line.known[i]) fprintf(f, "%c%.1f %.1f", c, x_of(i, points), y_of(p, top, p->line.mean[i])), c = 'L';
  fputs("\"/>\n", f);
}

static void put_escaped(FILE *f, const char *text) {
  for (; *text; text++) {
    if (*text == '<')
      fputs("&lt;", f);
    else if (*text == '&')
      fputs("&amp;", f);
    else
      fputc(*text, f);
  }
}

static void put_heading(FILE *f, const struct simulated *s) {
  put_escaped(f, s->params.day.name);
  fprintf(f, " · %u agents · ", s->params.day.agents);
  put_escaped(f, s->policy);
  if (s->days > 1) fprintf(f, " · %u days from", s->days);
  fprintf(f, " seed %llu", (unsigned long long)s->params.seed);
}

static void put_svg(FILE *f, const struct simulated *s, const struct panel *panels, unsigned points) {
  int high = TOP + PANELS * (HIGH + GAP);
  fprintf(
      f,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"system-ui, sans-serif\">\n<style>"
      ".t{font-size:14px;font-weight:600;fill:#222}.n{font-size:11px;text-anchor:end;fill:#555}.h{font-size:11px;text-anchor:middle;fill:"
      "#555}.g{stroke:#ddd}.l{stroke:#b3261e;stroke-dasharray:6 4}.m{fill:none;stroke:#1b5faa;stroke-width:2}.b{fill:#1b5faa;opacity:.15}"
      ".s{font-size:15px;fill:#222}</style>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<text x=\"%d\" y=\"26\" class=\"s\">",
      WIDE, high, WIDE, high, LEFT);
  put_heading(f, s);
  fputs("</text>\n", f);
  for (unsigned i = 0; i < PANELS; i++) draw_panel(f, &panels[i], TOP + i * (HIGH + GAP), points, s);
  fputs("</svg>\n", f);
}

static void put_page(FILE *f, const struct simulated *s, const struct panel *panels, unsigned points) {
  fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n<title>",
        f);
  put_heading(f, s);
  fputs("</title>\n<style>body{margin:0 auto;max-width:1000px;padding:1rem;font-family:system-ui,sans-serif;color:#222}"
        "td,th{padding:.2rem .8rem;text-align:right}th{text-align:left;font-weight:normal}</style></head><body>\n",
        f);
  put_svg(f, s, panels, points);
  fputs("<p>Thick: the mean of the days; band: from the lowest to the highest day; dashed: the limit. Each point stands for five minutes; "
        "people lost and credit run from the day's begin.</p>\n<table>\n<tr><th>day</th><td>utilisation</td><td>people lost</td></tr>\n",
        f);
  for (unsigned i = 0; i < s->days; i++)
    fprintf(f, "<tr><th>seed %llu</th><td>%.1f %%</td><td>%.2f %%%s</td></tr>\n", (unsigned long long)(s->params.seed + i),
            world_utilisation_bp(&s->results[i]) / 100.0, world_abandonment_pct(&s->results[i], &s->params.day),
            simulate_breach(s, i) ? " over the limit" : "");
  fputs("</table></body></html>\n", f);
}

int simulate_plot(const struct simulated *s, const char *path) {
  struct panel *panels = calloc(PANELS, sizeof *panels);
  if (!panels) return CAD_ENOMEM;
  static const char *const titles[PANELS] = {"Utilisation of agents", "People lost so far", "Idle agents",
                                             "Credit: calls that may be abandoned"};
  static const char *const units[PANELS] = {" %", " %", "", ""};
  for (unsigned i = 0; i < PANELS; i++) {
    panels[i].title = titles[i];
    panels[i].unit = units[i];
    panels[i].limit = i == 1 ? s->params.day.limit_pct : i == 3 ? 0 : NAN;
  }
  unsigned points = collect(s, panels);
  for (unsigned i = 0; i < PANELS; i++) bounds(&panels[i], points);
  FILE *f = fopen(path, "we");
  if (f) {
    size_t n = strlen(path);
    if (n > 4 && strcmp(path + n - 4, ".svg") == 0)
      put_svg(f, s, panels, points);
    else
      put_page(f, s, panels, points);
  }
  free(panels);
  bool bad = !f || ferror(f);
  if (f && fclose(f) != 0) bad = true;
  return bad ? CAD_EIO : CAD_OK;
}
