#include "dialer/listen_plot.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 1200, HEIGHT = 320, MIDDLE = 150, HALF_HEIGHT = 110, EVENTS_MAX = 256 };

struct plot {
  const int16_t *samples;
  size_t count;
  struct screen_event events[EVENTS_MAX];
  int event_count;
};

struct plot *plot_create(const int16_t *samples, size_t count) {
  struct plot *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->samples = samples;
  p->count = count;
  return p;
}

struct plot *plot_destroy(struct plot *p) {
  free(p);
  return NULL;
}

void plot_event(struct plot *p, const struct screen_event *e) {
  if (p->event_count < EVENTS_MAX) p->events[p->event_count++] = *e;
}

static double x_of(const struct plot *p, uint64_t sample) { return (double)sample * WIDTH / (double)(p->count ? p->count : 1); }

static void escaped(FILE *f, const char *text) {
  for (; *text; text++) {
    if (*text == '<' || *text == '>' || *text == '&')
      fprintf(f, "&#%d;", *text);
    else
      fputc(*text, f);
  }
}

static void waveform(FILE *f, const struct plot *p) {
  fprintf(f, "<path fill=\"none\" stroke=\"#4a6785\" d=\"");
  for (int x = 0; x < WIDTH; x++) {
    const size_t from = p->count * (size_t)x / WIDTH, to = p->count * ((size_t)x + 1) / WIDTH;
    int low = 0, high = 0;
    for (size_t i = from; i < to; i++) {
      if (p->samples[i] < low) low = p->samples[i];
      if (p->samples[i] > high) high = p->samples[i];
    }
    fprintf(f, "M%d %dV%d", x, MIDDLE - high * HALF_HEIGHT / 32768, MIDDLE - low * HALF_HEIGHT / 32768 + 1);
  }
  fprintf(f, "\"/>\n");
}

static void mark(FILE *f, const struct plot *p, const struct screen_event *e, int row) {
  static const char *const colours[] = {"#000", "#2a8f4a", "#b07a00", "#c01818", "#c01818", "#7a2fb0", "#7a2fb0", "#606060"};
  static const char *const words[] = {"", "speech", "end of greeting", "", "late: ", "beep", "", ""};
  const double x = x_of(p, e->sample);
  const int y = 52 + 14 * (row % 4);
  fprintf(f, "<path stroke=\"%s\" d=\"M%.1f 40V%d\"/><text x=\"%.1f\" y=\"%d\" fill=\"%s\">%s", colours[e->kind], x, HEIGHT - 40, x + 3, y,
          colours[e->kind], words[e->kind]);
  if (e->kind == SCREEN_TONE) fprintf(f, "%s", screen_tone_name(e->tone));
  if (e->kind == SCREEN_DIGIT) fprintf(f, "%c", e->digit);
  if (e->kind == SCREEN_DECISION || e->kind == SCREEN_LATE_MACHINE)
    fprintf(f, "%s (%s)", verdict_name(e->verdict), verdict_reason_name(e->reason));
  fprintf(f, "</text>\n");
}

int plot_write(const struct plot *p, const char *path, const char *title, const char *decision, long decision_ms) {
  FILE *f = fopen(path, "w");
  if (!f) return CAD_EIO;
  fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", WIDTH,
          HEIGHT);
  fprintf(f, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<text x=\"8\" y=\"22\" font-size=\"15\">", WIDTH, HEIGHT);
  escaped(f, title);
  fprintf(f, ": %s", decision);
  if (decision_ms >= 0) fprintf(f, " at %.2f s", (double)decision_ms / 1000.0);
  fprintf(f, "</text>\n");
  waveform(f, p);
  for (uint64_t second = 0; second * 8000 < p->count; second++)
    fprintf(f, "<path stroke=\"#bbb\" d=\"M%.1f %dv8\"/><text x=\"%.1f\" y=\"%d\" fill=\"#777\">%u s</text>\n", x_of(p, second * 8000),
            HEIGHT - 40, x_of(p, second * 8000) + 2, HEIGHT - 22, (unsigned)second);
  for (int i = 0; i < p->event_count; i++) mark(f, p, &p->events[i], i);
  fprintf(f, "</svg>\n");
  const int bad = ferror(f);
  return fclose(f) != 0 || bad ? CAD_EIO : CAD_OK;
}
