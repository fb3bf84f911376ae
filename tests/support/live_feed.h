/* live_feed.h — an invented floor in motion, for looking at the console without a daemon.
 * The same step always gives the same picture. Source: live_feed.c */
#ifndef CADENCIA_TESTS_LIVE_FEED_H
#define CADENCIA_TESTS_LIVE_FEED_H

#include "dialer/base/live.h"

/* Picture number `step` of a floor with that many agents, a quarter second apart. */
void live_feed(struct live *out, unsigned step, unsigned agents, struct wall at);

#endif
