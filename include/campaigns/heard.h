/* heard.h — what detection learned and what people say of it: fingerprints, labels, the estimate of its mistakes.
 *
 * A fingerprint is of one trunk and is used once calls to two different numbers had it. At
 * most PRINTS_A_TRUNK are kept for each; the least useful go first. A label is the truth of one
 * call, said by a person; agents' dispositions of machines (A, AA, LM) count as labels by themselves. Errors as store.h.
 * Thread: the store's, or any on a reader of its own. */
#ifndef CAMPAIGNS_HEARD_H
#define CAMPAIGNS_HEARD_H

#include <campaigns/store.h>
#include <dsp/fingerprint.h>

enum { PRINTS_A_TRUNK = 256, LABELS_LEAST = 30, ESTIMATE_DAYS = 90 };

struct print_row {
  uint64_t id;
  char trunk[MAIL_NAME_MAX];
  struct fingerprint print;
  uint32_t calls;    /* that had it */
  bool usable;       /* at least two numbers had it, or somebody vouched for it */
  enum verdict what; /* VERDICT_MACHINE or VERDICT_SCREENING */
  struct wall first, last;
};
/* A call that a beep (what: VERDICT_NONE, and one that is known keeps what it is) or a person proved a machine or a screening robot. *row:
 * the fingerprint it belongs to; *fresh: it has just become usable, or something else. CAD_ENOENT: no such attempt. */
int store_print_add(struct store *s, uint64_t attempt_id, const struct fingerprint *print, enum verdict what, struct wall at,
                    struct print_row *row, bool *fresh);
/* A recording that somebody vouches for: used at once on that trunk. */
int store_print_learn(struct store *s, const char *trunk, const struct fingerprint *print, enum verdict what, struct wall at);
/* trunk NULL: all. row() < 0 stops and is returned. */
int store_print_each(struct store *s, const char *trunk, int (*row)(void *arg, const struct print_row *r), void *arg);
/* id 0: all of them. Returns how many. */
int store_print_forget(struct store *s, uint64_t id);

/* truth: VERDICT_PERSON, VERDICT_MACHINE, ... CAD_ENOENT: no such call, CAD_EINVAL: it had no verdict. */
int store_label_put(struct store *s, uint64_t attempt_id, enum verdict truth, const char *source, struct wall at);

/* 1 labelled, 0 not. */
int store_label_has(struct store *s, uint64_t attempt_id);

/* Of machines that were labelled by people: how many were persons; and what that means for all people who answered. */
struct detector_estimate {
  uint64_t machines, machines_labelled, machines_wrong; /* so far; labelled in the window; persons among those */
  uint64_t people, people_labelled, people_wrong;       /* so far; labelled or disposed in the window; machines among those */
  uint32_t share_bp, low_bp, high_bp;                   /* persons among machine verdicts, Wilson 95 % */
  uint32_t lost_bp; /* people taken for machines, of all people; 0 while fewer than LABELS_LEAST labels are there */
};
/* campaign 0: all. agents: read their dispositions too, which takes its time; without, it takes none. */
int store_detector_estimate(struct store *s, uint64_t campaign, struct wall now, bool agents, struct detector_estimate *out);

#endif
