/* simulate.h — what the files of `cadencia simulate` share: the days asked for and what came of them.
 * Owner: the command. Sources: simulate.c simulate_show.c simulate_plot.c simulate_replay.c */
#ifndef CADENCIA_SIMULATE_H
#define CADENCIA_SIMULATE_H

#include "dialer/sim/world.h"
#include <stdio.h>

enum { SIMULATE_DAYS_MAX = 1000, SIMULATE_MINUTES = 24 * 60 + 1 };

struct simulated {
  struct world_params params;
  const char *policy; /* as it was asked for */
  unsigned days;
  struct world_result *results; /* one a day */
  struct world_minute *minutes; /* SIMULATE_MINUTES a day; NULL: not wanted */
  double seconds;               /* of CPU for all of it */
};

/* simulate_show.c */
void simulate_table(const struct simulated *s, FILE *out);
void simulate_json(const struct simulated *s, FILE *out);
/* By the law's own count of that day's log: abandoned calls over live answers. */
bool simulate_breach(const struct simulated *s, unsigned day);

/* simulate_plot.c: a page of its own, or a bare SVG when path ends in ".svg". CAD_OK or CAD_EIO. */
int simulate_plot(const struct simulated *s, const char *path);

/* simulate_replay.c: fills the day with what a campaign's log shows. CAD_OK; else the reason is in err. */
int simulate_replay(const char *config_path, const char *campaign, struct scenario *day, FILE *err);

#endif
