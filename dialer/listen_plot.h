/* listen_plot.h — one SVG picture of a call: waveform, level, what was heard, the verdict.
 *
 * Thread: any; allocates. Source: listen_plot.c */
#ifndef CADENCIA_LISTEN_PLOT_H
#define CADENCIA_LISTEN_PLOT_H

#include <dsp/screen.h>
#include <stddef.h>
#include <stdint.h>

struct plot;
/* samples must outlive the plot. NULL when memory cannot be had. */
struct plot *plot_create(const int16_t *samples, size_t count);
void plot_event(struct plot *plot, const struct screen_event *event);
int plot_write(const struct plot *plot, const char *path, const char *title, const char *decision, long decision_ms);
struct plot *plot_destroy(struct plot *plot);

#endif
