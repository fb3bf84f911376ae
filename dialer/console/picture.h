/* picture.h — the newest live picture, checked on arrival, and its JSON.
 *
 * The JSON is made once for each picture and only when somebody looks; all viewers
 * share it. Numbers on the line are masked here. Owner: the console's only thread.
 * Source: picture.c */
#ifndef CADENCIA_CONSOLE_PICTURE_H
#define CADENCIA_CONSOLE_PICTURE_H

#include "dialer/base/live.h"
#include "dialer/console/blob.h"
#include "dialer/console/series.h"

/* What held each pacer back, second by second. */
enum { REASONS_SECONDS = 300 };
struct reason {
  int64_t second; /* since 1970; 0: none */
  uint16_t launched;
  uint8_t bound; /* enum pacer_bound */
};
struct reasons {
  uint64_t id[LIVE_CAMPAIGNS_MAX];
  int64_t last_ms[LIVE_CAMPAIGNS_MAX];
  unsigned next[LIVE_CAMPAIGNS_MAX];
  struct reason of[LIVE_CAMPAIGNS_MAX][REASONS_SECONDS];
};
struct picture {
  struct live live;
  bool have;
  struct mono received;
  uint64_t taken, dropped; /* datagrams */
  struct series series;
  struct reasons reasons;
  struct blob *event; /* "event: live" frame of this picture, NULL: not made yet */
};

/* One datagram. CAD_OK; CAD_EFORMAT, CAD_EVERSION: dropped and counted. */
int picture_take(struct picture *picture, const void *bytes, size_t size, struct mono now);
/* The frame for this picture, owned by it; NULL: no picture yet, or no memory. */
struct blob *picture_event(struct picture *picture);
/* The series as JSON, a new string of the caller's; NULL: no memory. */
char *picture_series_json(const struct picture *picture);
void picture_clear(struct picture *picture);

#endif
