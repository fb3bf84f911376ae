#include "dialer/base/clock_watch.h"
#include <sys/timex.h>

bool clock_watch_look(struct clock_watch *c, struct now now, bool kept, struct clock_news *out) {
  int64_t offset = now.wall.ms - now.mono.ms, moved = c->started ? offset - c->offset_ms : 0;
  bool first = !c->started, was = c->trusted, stepped = moved >= CLOCK_STEP_MS || moved <= -CLOCK_STEP_MS;
  c->started = true;
  c->offset_ms = offset;
  if (stepped) {
    c->doubt = now.mono;
    c->stepped_ms = moved;
  }
  bool even = c->doubt.ms == 0 || mono_since(now.mono, c->doubt) >= CLOCK_EVEN_MS;
  c->trusted = kept && even;
  *out = (struct clock_news){.trusted = c->trusted, .stepped = stepped};
  return first ? !c->trusted : stepped || c->trusted != was;
}

bool clock_synchronised(void) {
  struct timex t = {.modes = 0};
  int state = adjtimex(&t);
  return state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC);
}
