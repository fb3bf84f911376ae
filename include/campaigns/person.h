/* person.h — what one person may ask for: everything about a number, and its erasure; and retention for everybody.
 *
 * An erasure takes the number, its salts and the contact's rows away; calls, decisions and audit rows stay without them, and
 * a chained row says which. Opt-outs stay as a keyed hash. Source: campaigns/records/person.c, retention.c */
#ifndef CAMPAIGNS_PERSON_H
#define CAMPAIGNS_PERSON_H

#include <campaigns/store.h>

/* The keyed hash of a number, hex, under which erasures know it. CAD_EIO without the key file. */
enum { SUBJECT_BYTES = 40 };
int person_subject(const char *db_path, uint64_t phone, char out[SUBJECT_BYTES]);

/* The keyed hash, hex, under which the opt-out of an erased number stays. CAD_EIO without its key file. */
enum { SUPPRESSED_BYTES = 72 };
int person_suppressed(const char *db_path, uint64_t phone, char out[SUPPRESSED_BYTES]);

struct person_rows {
  uint64_t *calls, *decisions, *verdicts, *audits; /* ids, each list ends with 0 */
  unsigned contacts, call_count, decision_count;   /* how many */
};
/* By a read-only store: the logs may be long, and nobody waits for this. */
int person_find(struct store *reader, uint64_t phone, struct person_rows *out);
/* All numbers of the person who has this one, itself first; how many. */
int person_numbers(struct store *reader, uint64_t phone, uint64_t *out, int most);
void person_rows_free(struct person_rows *r);
/* One transaction by the writing store. CAD_EBUSY: a call to the number is going on; CAD_EREFUSED: a legal hold is on. */
int store_person_erase(struct store *s, uint64_t phone, const char *subject, const char *basis, const struct person_rows *rows);

enum retention_kind { RETAIN_ALL = 0, RETAIN_CALLS, RETAIN_DECISIONS, RETAIN_AUDIT, RETAIN_CONTACTS, RETAIN_COUNT };
const char *retention_kind_name(enum retention_kind k);
int retention_kind_parse(const char *word); /* < 0: unknown */
/* Numbers in logs older than `before` go, and people whose contacts are all finished, some ms a call; 1: there is more, 0: done. The
 * first call writes the chained row. The caller sets the first three or four and leaves the rest at 0. CAD_EREFUSED: a legal hold is on. */
enum { RETENTION_TABLES = 5 };
struct retention {
  enum retention_kind kind;
  struct wall before;
  const char *basis;
  int most; /* stretches of a table a call, 0: as many as fit into its time */
  bool marked;
  int table;      /* at which it is, */
  uint64_t after; /* behind which row; */
  uint64_t went;  /* rows that lost their number, and people */
};
int store_retention_step(struct store *s, struct retention *r);
/* Who took what: a row of the audit log before anything leaves. phone 0: not about one number. detail: JSON. */
int store_export_note(struct store *s, const char *kind, uint64_t phone, const char *detail);
int store_hold_set(struct store *s, bool on);
int store_hold(struct store *s); /* 1 on, 0 off */

#endif
