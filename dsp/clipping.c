#include "dsp/clipping.h"
#include <math.h>
#include <stdlib.h>

enum { RUN = 3, HOPS_MIN = 15 };
#define NEAR_TOP 0.955f   /* G.711 knows levels of 3 % up there */
#define TOP_FADES 0.9993f /* a hop; by half in ten seconds */
#define TOP_LEAST 60.0f

void clipping_init(struct clipping *c) { *c = (struct clipping){.top = TOP_LEAST}; }

void clipping_step(struct clipping *c, const int16_t *samples, int n, bool active) {
  int peak = 0;
  for (int i = 0; i < n; i++)
    if (abs(samples[i]) > peak) peak = abs(samples[i]);
  c->top = fmaxf(c->top * TOP_FADES, TOP_LEAST);
  if ((float)peak > c->top) c->top = (float)peak;
  if (!active || c->hops == UINT16_MAX) return;
  c->hops++;
  const int near = (int)(c->top * NEAR_TOP);
  if (peak < near) return;
  int run = 0, longest = 0, sign = 0;
  for (int i = 0; i < n; i++) {
    const int now = samples[i] >= near ? 1 : samples[i] <= -near ? -1 : 0;
    run = now == 0 ? 0 : now == sign ? run + 1 : 1;
    sign = now;
    if (run > longest) longest = run;
  }
  if (longest >= RUN) c->flat_hops++;
}

float clipping_share(const struct clipping *c) { return c->hops < HOPS_MIN ? 0.0f : (float)c->flat_hops / (float)c->hops; }
