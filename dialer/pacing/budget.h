/* budget.h — the abandonment limit as an account of calls, integers only.
 *
 * Live answers earn, abandoned calls and early hang-ups spend. With a reasoned
 * estimate f of people lost to the detector the measure is a(1-f) + f <= limit
 * (47 CFR 64.1200(a)(7) counts calls; the f term is Ofcom's form). Amounts are
 * milli-calls, so that a rule may count a call in part (A*(1-m)). Thread: the owner's. */
#ifndef PACING_BUDGET_H
#define PACING_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
  int64_t limit_bp, fp_bp;
  int64_t abandoned_milli, live_milli;
};

void budget_init(struct budget *b, uint32_t limit_bp, uint32_t fp_bp);
/* The account so far, in calls. */
void budget_set(struct budget *b, uint64_t abandoned, uint64_t live);
/* A live answer that met its agent. */
void budget_connected(struct budget *b);
/* A connected party turned out to be a machine: it was no live answer. */
void budget_not_live(struct budget *b);
/* A live answer that met nobody; person_milli of it counts as a person (1000: all). */
void budget_abandoned(struct budget *b, uint32_t person_milli);
/* How many milli-calls more may be abandoned now within the limit; < 0: overspent. */
int64_t budget_credit_milli(const struct budget *b);
/* What each further connected answer adds to the credit, in micro-calls. */
int64_t budget_earn_micro(const struct budget *b);
/* True when the account, as it stands, keeps the limit. */
bool budget_kept(const struct budget *b);

#endif
