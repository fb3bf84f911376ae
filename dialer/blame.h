/* blame.h — whom a dying SIP worker heard last, and who is therefore not heard for a while.
 *
 * One death proves nothing: the last one heard may have been anybody. Two deaths within a minute after the same
 * source do: it is blocked for ten minutes. A carrier's own address is never blocked, a person is told instead.
 * Owner: the control thread. Source: blame.c */
#ifndef CADENCIA_BLAME_H
#define CADENCIA_BLAME_H

#include "dialer/base/config.h"
#include "dialer/base/live.h"
#include "dialer/base/wide.h"

enum { BLAME_SUSPECTS = 16, BLAME_WINDOW_MS = 60000, BLAME_BLOCK_MS = 600000 };
struct suspect {
  struct wide_source source;
  struct mono last, blocked_until; /* MONO_NONE: not blocked */
  uint32_t deaths;
};
struct blame {
  struct suspect suspects[BLAME_SUSPECTS];
};
/* A death after this source. Returns true when it became blocked by it. */
bool blame_death(struct blame *b, const struct wide_source *source, bool carrier, struct mono now);
/* The blocked ones, joined by '+'. */
void blame_list(const struct blame *b, struct mono now, char *out, size_t size);
/* "192.0.2.1"; never NULL. */
const char *blame_name(const struct wide_source *source, char out[64]);
/* Is it the numeric address of a trunk's proxy? */
bool blame_is_carrier(const struct config_trunk *trunks, unsigned count, const struct wide_source *source);

#endif
