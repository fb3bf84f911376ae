/* rivals.h — the rules by which other dialers place calls, as their manuals and sources describe them, to be measured
 * beside ours in the same world. They see what those dialers see: counts of agents and calls, and the day's drops.
 *
 * FIXED: calls in flight = lines for each ready agent; 1 is progressive without an account.
 * VICIDIAL_*: lines = level x agents, every 2.5 s; the level follows a 15 s adaptation and the day's drop
 * percentage (RATIO: fixed level; HARD_LIMIT, TAPERED, AVERAGE: how it falls above the limit).
 * Thread: the owner's. Source: rivals.c */
#ifndef SIM_RIVALS_H
#define SIM_RIVALS_H

#include <stdbool.h>
#include <stdint.h>

struct pacer_view;
struct pacer_orders;

enum rival_kind {
  RIVAL_NONE = 0,
  RIVAL_FIXED,
  RIVAL_VICIDIAL_RATIO,
  RIVAL_VICIDIAL_HARD_LIMIT,
  RIVAL_VICIDIAL_TAPERED,
  RIVAL_VICIDIAL_AVERAGE
};
struct rival {
  enum rival_kind kind;
  double level, level_most; /* lines for an agent at the start and at most */
  double dropped_pct;       /* what the adaptation holds the day against */
  double target;            /* ready agents wanted (negative: callers wanted) */
  double intensity;         /* percent: how hard the level moves */
  bool available_only;      /* level x ready agents instead of x all in calls */
};
/* "fixed:2.5", "vicidial:hard_limit" and "vicidial:tapered,level=1.5,max=3,pct=3,target=-1,intensity=0,available";
 * false: not understood. */
bool rival_parse(const char *text, struct rival *out);
const char *rival_name(const struct rival *r); /* static text */

struct rival_state {
  struct rival rival;
  int64_t begin_ms, next_ms, adapt_ms, drop_ms, sample_ms;
  double level, ready[15], waiting[15], agents[15];
  unsigned samples;
  double drop_pct, day_calls, minute_calls, minute_drop_pct, calls_before, drops_before;
  uint64_t calls;
  uint32_t owed; /* calls still to be placed of those wanted last */
};
void rival_begin(struct rival_state *s, const struct rival *r, int64_t now_ms);
/* Replaces the launches in *orders. drops and answers: of the day, calls dropped and calls that reached an agent or were
 * dropped. inbound: agents with inbound callers and inbound callers waiting, together. */
void rival_decide(struct rival_state *s, const struct pacer_view *view, uint64_t drops, uint64_t answers, uint32_t inbound,
                  struct pacer_orders *orders);

#endif
