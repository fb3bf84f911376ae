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

struct picture {
  struct live live;
  bool have;
  struct mono received;
  uint64_t taken, dropped; /* datagrams */
  struct series series;
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
