/* budget.h — the abandonment limit as accounts of calls, integers only: one account a legal window.
 *
 * The legal measure is a fold over closed calls: served ones, abandoned ones, and parties that their
 * agent found to be machines. A call belongs to the window in which it was launched. With a reasoned
 * estimate f of people lost to the detector the measure is A(1-f) + f*L <= limit*L; a window that counts
 * machines has them in L (d' = d*h/(h+am) over h + d' is d over h + am + d). Callers who hang up while
 * waiting spend the account like abandoned ones and stand apart. Several windows hold at once: the one
 * with the least credit binds. Times come from outside. Thread: the owner's. Source: budget.c */
#ifndef PACING_BUDGET_H
#define PACING_BUDGET_H

#include <pacing/pacer.h>
#include <stdbool.h>
#include <stdint.h>

enum budget_kind { BUDGET_NOTHING = 0, BUDGET_SERVED, BUDGET_ABANDONED, BUDGET_EARLY, BUDGET_MACHINE };
struct budget {
  struct pacer_window windows[PACER_WINDOWS_MAX];
  unsigned count;
};

/* One window without end. */
void budget_init(struct budget *b, uint32_t limit_bp, uint32_t fp_bp);
/* CAD_OK, or CAD_EINVAL: none or too many, a rate above one. Amounts are bounded. A window that is there already (same
 * kind and begin) keeps its account, which knows the calls that are not closed yet. */
int budget_set(struct budget *b, const struct pacer_window *windows, unsigned count);
/* A call launched then is counted as kind, or no longer. */
void budget_book(struct budget *b, int64_t launched_ms, enum budget_kind kind);
void budget_unbook(struct budget *b, int64_t launched_ms, enum budget_kind kind);
/* Windows that are over begin anew, their next end unknown. */
void budget_turn(struct budget *b, int64_t now_ms);
/* How many milli-calls more may be abandoned now within every limit; < 0: overspent. which (may be NULL): the window that binds. */
int64_t budget_credit_milli(const struct budget *b, unsigned *which);
/* What each further served answer adds at least to the credit, in micro-calls. */
int64_t budget_earn_micro(const struct budget *b);
/* True when every window keeps its limit: the legal measure, early hang-ups aside. */
bool budget_kept(const struct budget *b);
/* Live answers of a window as its rule counts them. */
uint64_t budget_live(const struct pacer_window *w);
/* The legal rate of a window in hundredths of a percent of its live answers, rounded up; 0 without answers. */
uint32_t budget_rate_bp(const struct pacer_window *w);

#endif
