/* store_internal.h — what the files of records/ share. Owner: the thread that owns the store.
 *
 * A contact waits in a *bucket*: campaign x list x zone set x class. All contacts of a bucket share
 * their hours, so a closed bucket is skipped whole, however many contacts it holds; a list that is
 * not yet visible is a set of buckets that the lease does not look at. */
#ifndef RECORDS_STORE_INTERNAL_H
#define RECORDS_STORE_INTERNAL_H

#include "chain.h"
#include "db.h"
#include "dnc_memory.h"
#include "lease_set.h"
#include "number_set.h"
#include <cadencia/err.h>
#include <cadencia/ids.h>
#include <campaigns/compliance.h>

enum case_status { CASE_WAITING = 0, CASE_DIALING = 1, CASE_DONE = 2 };
/* The database keeps these numbers. MINE: a call back that one agent promised. Leased in the order of hopper.c. */
enum case_class { CLASS_CALLBACK = 0, CLASS_RETRY, CLASS_FRESH, CLASS_MINE, CLASS_COUNT };
enum list_state { LIST_STAGED = 0, LIST_VISIBLE, LIST_ABORTED, LIST_UNDOING };
/* Why a contact is finished: an enum outcome below 100, else one of these. */
enum case_done { DONE_DNC = 100, DONE_NUMBER, DONE_DISPOSITION };
enum { GATE_RULE_VERSION = 1, LEASE_MS = 60000, DAY_MS = 86400000 };
static const int64_t NEVER_MS = INT64_MAX;

struct zone_set {         /* where numbers may be: zones, and regions as "@US-FL" */
  struct law_place place; /* zone_count 0: holds a zone that this box does not know, which blocks */
  char text[1024];
};
/* A list and its standing; what changed is written at the commit. */
struct list_mem {
  uint64_t id;
  uint32_t campaign; /* index into campaigns */
  uint8_t state, priority, share;
  bool dirty;
  int64_t dialed_ms; /* first attempt; 0: none */
  uint64_t added, attempts, tried, reached, done;
  uint64_t turn; /* grows with each lease, the slower the greater the share: the smallest is next */
};
struct bucket {
  uint64_t list;     /* 0: its list was taken back */
  uint32_t campaign; /* index into campaigns */
  uint32_t set;      /* index into sets */
  uint8_t class, visible, segment;
  bool skipped;                  /* something due waits for its agent */
  uint32_t sibling[CLASS_COUNT]; /* ids of the same list, set and segment; 0: not made yet */
  int64_t earliest_ms;           /* nothing is due before; NEVER_MS: empty */
  uint32_t leased;
  uint64_t last_used;
};
/* Closed attempts of the running group, added to the table `tally` at its commit. */
struct tally {
  uint32_t attempts, abandoned, live;
};
/* Whether a zone set is open for a campaign, from when until when that is so. */
struct opening_memo {
  int64_t from_ms, until_ms;
  uint32_t generation;
  bool open, never;
};
struct campaign_mem {
  struct campaign_def def;
  struct opening_memo *openings; /* by set */
  uint32_t opening_room;
  uint64_t seller;
  struct wall started;
  uint32_t *buckets; /* ids */
  uint32_t bucket_count, bucket_room;
  uint64_t open, open_at_begin, open_written; /* contacts not finished, visible lists only */
  struct tally tally[OUTCOME_COUNT];
  bool tallied;
  uint8_t *set_verdicts; /* by set, what the decision log last said: 0 nothing, 1 open, 2 closed */
  uint32_t set_verdict_room;
};
struct import_job {
  uint64_t list;
  uint32_t campaign;
  uint64_t added, duplicates, dnc, zone_unknown, full, left_out, consents;
  bool refuse_known;
};
/* Rows of a list that is being taken back: how far the deletion came. */
struct drop_job {
  uint64_t list, last_case;
};
enum { CAMPAIGNS_MAX = 1024, JOBS_MAX = 8, SETS_MAX = 4096, BUCKETS_MAX = 1 << 20 };

enum { FACT_EVENTS_MAX = 1024, FACT_PHONES_MAX = 32, FACT_CONSENTS_MAX = 64 };
/* Room for one gathering of facts. */
struct fact_room {
  struct gate_event events[FACT_EVENTS_MAX];
  struct gate_consent consents[FACT_CONSENTS_MAX];
  struct gate_registry registries[GATE_REGISTRIES_MAX];
};

/* What was placed before (placing.c): the words of an address and of a number's prefix, and their set. */
struct placed {
  uint64_t key;
  const char *by_number, *by_region;
  uint32_t set_plus_one; /* 0: free */
};
enum { PLACED_MAX = 4096 };

struct paced_book; /* paced.c */
/* A do-not-call list that was loaded as a file. */
struct loaded_list {
  char name[RULE_LIST_NAME_MAX], file[64]; /* file: in lists_dir */
  bool registry;
  uint64_t seller, campaign; /* own lists; 0: all */
  struct wall as_of;
  struct number_set *set;
};

struct wal_keeper;
struct store {
  struct db db;
  struct wal_keeper *keeper; /* NULL: SQLite copies its log by itself, at commits */
  struct paced_book *paced;  /* the running minutes of the pacers; NULL: none yet */
  bool reader, clock_trusted, memory_stale;
  bool wrote; /* the last commit changed rows */
  int64_t changes_at_begin;
  struct id_maker ids;
  struct wall clock; /* simulation's; WALL_NONE: the system's */
  struct zones *zones;
  struct numbering *numbering, *regions; /* prefix to zones, prefix to regions */
  struct ruleset *rules;
  struct calendar *calendar;
  struct law law;          /* the three above as the gate wants them */
  uint32_t law_generation; /* grows with every change of rules, calendars or campaigns: what was computed before is stale */
  struct fact_room *fact_room;
  struct dnc_memory dnc; /* the table dnc */
  struct loaded_list loaded[DNC_REGISTRIES_MAX + DNC_OWN_LISTS_MAX];
  int loaded_count;
  char lists_dir[512], state_dir[500]; /* "" in memory */
  unsigned char suppression_key[32];
  uint64_t hashed_count;
  char rules_dir[512], share_dir[512], db_path[512]; /* as the options gave them */
  bool rules_given;
  struct campaign_mem *campaigns;
  uint32_t campaign_count;
  struct placed placed[PLACED_MAX];
  struct zone_set *sets;
  uint32_t set_count, set_room;
  struct list_mem *lists; /* by id */
  uint32_t list_count, list_room;
  struct bucket *buckets; /* [id - 1] */
  uint32_t bucket_count, bucket_room;
  struct lease_set leases;
  struct import_job jobs[JOBS_MAX], jobs_at_begin[JOBS_MAX];
  struct drop_job drop;
  uint64_t contacts, contacts_at_begin, contacts_max, uses, opted_out;
  struct chain chain;
  struct store_actor actor; /* who is at work; name "": the box itself */
};

/* schema_evidence.c: parts of migrations */
extern const char SCHEMA_VERDICT[], SCHEMA_CHAIN[], SCHEMA_AUDIT[], SCHEMA_AUDIT_LISTS[];

/* schema_archive.c */
extern const char SCHEMA_ARCHIVE[];
/* schema_users.c */
extern const char SCHEMA_USERS[];
/* schema_compliance.c */
extern const char SCHEMA_COMPLIANCE[], SCHEMA_COMPLIANCE_AUDIT[], SCHEMA_CONSENT_IMPORT[];
extern const char SCHEMA_PHONES[];
extern const char SCHEMA_QUEUES[], SCHEMA_QUEUES_AUDIT[], SCHEMA_PAUSES[];

/* schema.c: creates or migrates; CAD_EVERSION. The one readable line goes to err. */
int schema_migrate(struct db *db, FILE *err);
int schema_migrate_to(struct db *db, int number, FILE *err); /* tests: as an older version made it */
int schema_newest(void);

/* store.c */
uint64_t store_id(struct store *s, struct wall at); /* WALL_NONE: now */
struct wall store_now(const struct store *s);
/* Own transaction when the caller has none: enter, work, then leave with the result. */
int store_enter(struct store *s, bool *own);
int store_leave(struct store *s, bool own, int err);
/* As store_enter, for work that is worth nothing before its last commit: a crash of the machine may take its newest commits
 * back, in order, unless a usual commit came after them. The disk is not waited for. */
int store_enter_bulk(struct store *s, bool *own);

/* wal.c */
void wal_close(struct store *s);
struct campaign_mem *store_campaign(struct store *s, uint64_t id);
struct campaign_mem *store_campaign_named(struct store *s, const char *name);

/* person.c: the chained row of an erasure, its lists; ERASED_EVERY as a list: all rows before that instant. erasure_run: a statement with
 * one value; a table that this schema does not have is no error. */
struct person_rows;
extern const uint64_t ERASED_EVERY[1];
int erasure_mark(struct store *s, struct wall before, const char *subject, const char *basis, const struct person_rows *rows);
int erasure_run(struct store *s, const char *sql, uint64_t about);

/* audit.c: what triggers noted in this transaction gets its author and its link. */
int audit_write(struct store *s);
/* At the start: changes that somebody made past us, since nobody gave them an author. */
int audit_strangers(struct store *s);
/* A note that is not a change of a row: an export, a look at somebody's data. phone 0: nobody's. detail: JSON. */
int audit_note(struct store *s, const char *verb, const char *object, uint64_t object_id, uint64_t phone, const char *detail);

/* decision.c */
enum decision_kind { DECISION_LAUNCH = 0, DECISION_LEASE, DECISION_BLOCK };
struct decision {
  uint64_t id, seller, campaign, case_id, phone; /* id: a launch's is that of its attempt; others get one */
  struct wall at, next;
  enum decision_kind kind;
  enum refusal reason;
  const char *rule, *inputs; /* inputs: JSON, nothing personal in it */
  uint32_t rule_version;     /* 0: the gate's own */
};
/* salt (may be NULL) gets the salt that was used. */
int decision_put(struct store *s, const struct decision *d, unsigned char *salt);

/* tally.c */
void tally_add(struct campaign_mem *c, enum outcome outcome, bool abandoned, bool live);
int tally_write(struct store *s);
void tally_forget(struct store *s);

/* campaign.c */
int campaigns_load(struct store *s);
void campaign_fill(struct store *s, const struct campaign_mem *c, struct campaign_def *out);

/* lists.c */
int lists_load(struct store *s);
int lists_write(struct store *s);   /* what changed, at the commit */
void lists_forget(struct store *s); /* after a rollback */
struct list_mem *list_find(struct store *s, uint64_t id);
int list_append(struct store *s, const struct list_mem *l);
/* The list of a bucket, marked as changed; NULL without. */
struct list_mem *list_of_bucket(struct store *s, uint32_t bucket);

/* undo.c: takes rows of a list away, some hundred a call, within the caller's group. 1: there are more; 0: all gone, the list too. */
int list_drop_some(struct store *s, uint64_t list);

/* bucket.c */
void buckets_drop(struct store *s, uint64_t list);
int buckets_load(struct store *s);
void buckets_free(struct store *s);
/* Index of the set, made on first use. "A&B", any order, doubles allowed. */
int set_find(struct store *s, const char *zones, uint32_t *out);
/* Id of the bucket, made on first use. */
int bucket_find(struct store *s, uint32_t campaign, uint64_t list, uint32_t set, uint8_t segment, enum case_class class, uint32_t *out);
/* The bucket of the same list, segment and class for another zone set. */
int bucket_for_set(struct store *s, uint32_t bucket, uint32_t set, uint32_t *out);
int bucket_sibling(struct store *s, uint32_t bucket, enum case_class class, uint32_t *out);
struct bucket *bucket_at(struct store *s, uint64_t id);
/* A contact became due at that time in that bucket. */
void bucket_touch(struct store *s, uint32_t bucket, struct wall next);

/* dnc.c */
bool dnc_listed(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign, int *err);
int dnc_insert(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign, const char *source, struct wall at);
int dnc_load(struct store *s);
int dnc_scope_parse(struct store *s, const char *scope, uint64_t *seller, uint64_t *campaign);
/* dnc_list.c, suppression.c, consent.c */
int dnc_lists_load(struct store *s, FILE *err);
void dnc_lists_free(struct store *s);
bool dnc_lists_have(const struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign);
int suppression_load(struct store *s, const char *state_dir, const unsigned char *seed, FILE *err);
bool suppression_has(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign, int *err);
/* The ledger's row of an imported consent. */
int import_add_one(struct store *s, const struct campaign_mem *c, uint64_t list, const struct contact_row *row, uint8_t *result);
int consent_import(struct store *s, uint64_t seller, uint64_t phone, uint64_t list, const struct contact_consent *c);
int consents_gather(struct store *s, uint64_t phone, uint64_t seller, struct gate_facts *f);
/* Finishes the waiting and running contacts of this number; seller and campaign 0: all. */
int dnc_finish_cases(struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign);

/* rulebook.c: rules, calendars and the regions of prefixes, from share_dir and the site's folders beside the database. */
int load_numbering(struct numbering *n, const char *share_dir, const char *name, bool needed, FILE *err);
int rulebook_load(struct store *s, const struct store_options *opt, FILE *err);
int rulebook_log(struct store *s);
void rulebook_free(struct store *s);

/* openings.c: when the contacts of a zone set may be called by this campaign */
bool set_opens(struct store *s, struct campaign_mem *c, uint32_t set, struct wall now);
/* Earliest instant >= at; WALL_NONE: not within 40 days. `now` is the clock of the call. */
struct wall set_opens_next(struct store *s, struct campaign_mem *c, uint32_t set, struct wall now, struct wall at);
/* Why it is closed; *rule NULL: by the campaign's own hours or an unknown zone. */
enum refusal set_blocked_by(struct store *s, const struct campaign_mem *c, uint32_t set, struct wall now, const struct rule **rule);
struct wall set_closes(struct store *s, struct campaign_mem *c, uint32_t set, struct wall now);

/* facts.c: what the gate must know. facts_gather fills do-not-call, attempts, events, consents and registries; f->now,
 * f->phone and f->place must be there. The arrays live in the store until the next gathering. */
void facts_place(struct store *s, uint64_t phone, uint32_t set, struct law_place *out); /* set UINT32_MAX: the number alone */
/* The zones that the number's own prefix tells. */
void facts_zones(struct store *s, uint64_t phone, struct law_place *out);
/* "&@US-NY&@US-NJ": the regions of a number as a zone set carries them. "" when there is no room: the gate looks anyway. */
void facts_regions_text(struct store *s, uint64_t phone, char *out, size_t room);
uint64_t facts_debt(const char *external_id);
/* As far back as any rule looks. */
struct wall facts_horizon(const struct store *s, struct wall now);
int facts_gather(struct store *s, const struct campaign_mem *c, uint64_t case_id, uint64_t phone_id, struct gate_facts *f);

/* placing.c: the set of zones and regions where the row's person may be by this number. CAD_ENOENT: nobody knows; CAD_EINVAL: no such
 * zone. Sets have other places after a rollback: forget. */
int place_row(struct store *s, const struct contact_row *row, uint64_t phone, uint32_t *set);
void placing_forget(struct store *s);

/* casestate.c */
struct case_row {
  uint64_t case_id, campaign, phone_id, phone, last_attempt, owner;
  uint32_t bucket, tries;
  uint8_t status, numbers, rank;
  uint8_t tries_by[OUTCOME_COUNT];
};
int case_get(struct store *s, uint64_t case_id, uint64_t campaign, struct case_row *out); /* 1 found, 0 not, < 0 */
/* numbers.c: turns to the person's next number, c with it; a dead one is not tried again. */
struct next_number {
  int alive;  /* how many may be tried at all; 0: none is left */
  bool again; /* all had their turn: from the first again */
};
/* Makes this one of its numbers the number at hand. CAD_ENOENT: it is none of them; CAD_EREFUSED: it must not be. */
int case_turn_to(struct store *s, struct case_row *c, uint64_t phone);
int case_next_number(struct store *s, struct case_row *c, bool dead, struct next_number *out);
int case_dialing(struct store *s, const struct case_row *c, uint64_t attempt);
int case_wait(struct store *s, const struct case_row *c, enum case_class class, struct wall next);
int case_finish(struct store *s, const struct case_row *c, int reason);

/* dispositions.c: by its letters, the campaign's own first, then the box's, then the field's. 1 found, 0 not, < 0. */
int disposition_find(struct store *s, uint64_t campaign, const char *code, struct disposition_def *out);

/* callbacks.c: when the attempt promised another call, moved into the permitted hours; CAD_ENOENT: it promised none. */
int callback_due(struct store *s, uint64_t attempt, struct wall *due, uint64_t *owner);

/* amend.c: a disposition that came during the call takes effect when the call is closed. */
int amend_after_close(struct store *s, uint64_t attempt_id);

/* queue.c: 1 found, 0 not, < 0. arrival.c: what became of a caller; his contact goes on. */
struct queue_def;
int queue_by_id(struct store *s, uint64_t id, struct queue_def *out);
int arrival_close(struct store *s, const struct mail_store_close *rec, uint64_t case_id);

/* recover.c: attempts that a crash left open, lists that were never finished. */
int store_recover(struct store *s);

/* ---- skill.c ---- */
/* "es,vip" to bits; CAD_ENOENT: a word that nobody has and make is false; CAD_EFULL: 32 are known. */
int skills_bits(struct store *s, const char *words, bool make, uint32_t *out);
int skills_words(struct store *s, uint32_t bits, char *out, size_t room);

/* ---- budget.c ---- */
/* The legal windows that hold now and their accounts: a fold over the closed calls of each. */
void budget_fill(struct store *s, const struct campaign_mem *c, struct campaign_def *out);

/* paced.c */
void paced_free(struct store *s);

#endif
