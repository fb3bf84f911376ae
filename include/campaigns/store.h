/* store.h — the records: campaigns, contacts, attempts, the call log. SQLite behind it.
 *
 * One struct store is one write connection and belongs to one thread at a time (the
 * store thread in the daemon; the caller in tools and simulation). It keeps leases in
 * memory: they expire, are never counted and are gone after a restart. Everything is
 * idempotent by id. store_begin/store_commit bracket a group commit; what was written
 * is durable, and may be answered, after store_commit returned CAD_OK. */
#ifndef CAMPAIGNS_STORE_H
#define CAMPAIGNS_STORE_H

#include "dialer/base/mail.h"
#include <campaigns/gate.h>
#include <stdio.h>

struct store;
struct campaign_def;
struct store_options {
  const char *path;      /* NULL: in memory */
  const char *share_dir; /* etc/: numbering/, rules/ */
  uint16_t box;
  bool fast;                                 /* synchronous = OFF: simulation and tests only */
  uint64_t contacts_max;                     /* 0: no limit; more are CONTACT_FULL */
  const char *zone_dir;                      /* NULL: /usr/share/zoneinfo */
  uint32_t checkpoint_rows;                  /* sign the chain after so many rows; 0: 1,000 */
  const unsigned char *key_seed;             /* 32 bytes: the box's keys are made of it and lie in no file (simulated disks); NULL: files */
  void (*slow)(void *arg, const char *text); /* store_open lasts: told every two seconds what it does; may be NULL */
  void *slow_arg;
  const char *rules_dir; /* NULL: share_dir/rules; "": no packs, the campaign's own terms alone (tests) */
};
/* Opens or creates, migrates, and closes attempts that a crash left open as "interrupted"
 * (they count as made). err (may be NULL) gets one readable line on failure.
 * CAD_EVERSION: made by a newer Cadencia. */
int store_open(const struct store_options *opt, struct store **out, FILE *err);
struct store *store_close(struct store *s);
/* From now on a thread copies the write-ahead log into the database, so that no commit waits for that; until store_close. */
int store_wal_apart(struct store *s);
/* It would be done soon if bulk work rested for a moment. */
bool store_wal_calm(const struct store *s);
/* Simulation: the instant for rows whose call names none. Without it the system's clock is read. */
void store_set_clock(struct store *s, struct wall now);
/* false: the gate refuses everything with REFUSAL_CLOCK. True after open. */
void store_clock_trusted(struct store *s, bool trusted);
/* Who does what follows, for the audit log; NULL: the box itself. Set around a job. */
struct store_actor {
  char name[32]; /* the user's name on this machine or in the console */
  uint32_t uid;
  char door[16]; /* "command", "socket", "console" */
};
void store_set_actor(struct store *s, const struct store_actor *who);
/* The greatest id in the file: id makers of this box start behind it, so that a clock set back repeats none. */
uint64_t store_last_id(struct store *s);

/* ---- group commit ---- */
int store_begin(struct store *s);
/* After a failure everything since store_begin is undone, in the file and in memory, and may be tried again;
 * leases that were opened in the group went back to their list. */
int store_commit(struct store *s);
/* The last commit changed rows: one that did not says nothing about the disk. */
bool store_wrote(const struct store *s);
void store_rollback(struct store *s);

/* ---- the call path; the replies are mail made by these functions ---- */
/* Give up to `count` leases; returns how many. *end says when to ask again. */
int store_lease(struct store *s, const struct mail_store_want *want, struct now now, struct lease *out, struct mail_store_lease_end *end);
void store_lease_drop(struct store *s, const struct lease *lease);
/* Preview: an agent still looks at it; the lease lasts on. */
void store_lease_keep(struct store *s, const struct lease *lease, struct mono now);
/* He skipped it: it waits for skip_again, and the decision says by whom and why. CAD_ENOENT: it does not wait (any more). */
int store_skip(struct store *s, const struct mail_store_skip *k);
/* A contact whom an agent wants to call now, whatever its turn: leased to him, judged beforehand as the gate will at the open. */
struct hand_want {
  const char *campaign;
  uint64_t agent_id;
  uint64_t phone, case_id;       /* any number of the contact; 0: by its id */
  const struct contact_row *row; /* not NULL: a number that is no contact yet becomes this one */
};
struct hand_lease {
  struct lease lease;
  uint8_t reason;         /* enum refusal: REFUSAL_NONE, or why there is no lease */
  char rule[RULE_ID_MAX]; /* the rule that says no; "": the gate itself */
  struct wall next;       /* when it may be called; WALL_NONE: not foreseeable */
  uint16_t zone;          /* of the person called: the first that is known */
  uint8_t added;          /* it became a contact by this */
  uint8_t result;         /* CAD_EREFUSED: enum contact_result, why it could not become one */
};
/* CAD_OK (look at reason), CAD_ENOENT (campaign or contact), CAD_EBUSY (is being called), CAD_EEXIST (finished), CAD_EREFUSED (result),
 * CAD_EFULL. */
int store_hand_lease(struct store *s, const struct hand_want *want, struct now now, struct hand_lease *out);
/* Fresh facts, the gate, decision and attempt rows. reply: kind STORE_OPENED or STORE_REFUSED. */
int store_attempt_open(struct store *s, const struct mail_store_open *req, struct now now, struct mail_store_opened *reply, bool *opened);
/* Outcome, call log, next try: all or nothing. A second close of the same attempt changes nothing. */
int store_attempt_close(struct store *s, const struct mail_store_close *rec);
/* The trunk of an attempt that is not closed yet: it was taken over by another than its campaign's own. CAD_OK also when there is none. */
int store_attempt_trunk(struct store *s, uint64_t attempt_id, const char *trunk);
int store_dispose(struct store *s, const struct mail_store_dispose *d);
/* The number that the last store_dispose or store_attempt_close (607) put on the do-not-call list, 0: none. */
uint64_t store_opted_out(const struct store *s);
int store_opt_out(struct store *s, const struct mail_store_opt_out *o);
int store_agent_log(struct store *s, const struct mail_store_agent_log *a);

/* ---- what pacers saw and decided, second by second, kept for PACED_DAYS; the running minute is in memory only ---- */
enum { PACED_DAYS = 7 };
int store_paced_add(struct store *s, const struct mail_store_paced *row);
/* A minute is over and not written yet: call store_paced_flush when nothing else waits. all: the running one too. */
bool store_paced_due(struct store *s);
int store_paced_flush(struct store *s, bool all);
/* Seconds from <= at < to, in order; at most a few minutes at once. row() < 0 stops and is returned. */
int store_paced_each(struct store *s, uint64_t campaign_id, struct wall from, struct wall to,
                     int (*row)(void *arg, const struct mail_store_paced *r), void *arg);

/* ---- what people edit ---- */
enum hand_numbers { HAND_CONTACTS = 0, HAND_NO, HAND_ANY, HAND_COUNT }; /* whom agents may call by hand */
/* What records of telemarketing must say of a campaign beside its calls (16 CFR 310.5); "": not said. */
struct campaign_record {
  char telemarketer[64];     /* who places the calls, when that is not the seller */
  char good_or_service[96];  /* what is offered */
  char called_party[10];     /* consumer, business */
  char script[96];           /* name and version of the script that agents read */
  char caller_name[32];      /* transmitted beside the number */
  char caller_id_proof[120]; /* by what right number and name are used, and for which time */
};
struct campaign_def {
  struct campaign_terms terms; /* terms.id 0: new; trunk index resolved by the caller */
  uint8_t state;
  char seller[MAIL_NAME_MAX];
  char trunk[MAIL_NAME_MAX];
  char country[4];       /* "US" */
  char purpose[20];      /* telemarketing collections survey information */
  char prompt[64];       /* file name of the safe-harbour message */
  char message[64];      /* file name of what is left at machines; "": nothing */
  char sample_basis[80]; /* why first seconds of calls may be kept; "": none are */
  struct gate_terms gate;
  struct retry_table retry;
  uint8_t hand;                 /* enum hand_numbers */
  struct abandon_rules windows; /* count 0: as the country has it */
  char skills[120];             /* "es,vip": words that an agent must have */
  char zone[40];                /* whose midnight ends a day or month of the limit; "": the country's */
  struct campaign_record record;
};
struct agent_def {
  struct mail_store_agent a;
  char campaign[MAIL_NAME_MAX];
  char also[MAIL_ALSO_MAX][MAIL_NAME_MAX]; /* a.also_count campaigns beside it */
  char skills[120];                        /* "es,vip" */
};
/* terms.id 0: makes it, sets terms.id; else replaces the definition. CAD_EEXIST (name), CAD_EINVAL (out of bounds). */
int store_campaign_put(struct store *s, struct campaign_def *def);
int store_campaign_get(struct store *s, const char *name, struct campaign_def *out);
int store_campaign_list(struct store *s, int (*row)(void *arg, const struct campaign_def *d), void *arg);
/* The legal windows that hold now and their accounts. CAD_ENOENT. */
int store_campaign_windows(struct store *s, uint64_t campaign, struct mail_store_windows *out);
int store_campaign_state(struct store *s, const char *name, enum campaign_state state);
/* agent_id 0: makes it, sets agent_id; else replaces it. CAD_EEXIST, CAD_ENOENT (campaign). */
int store_agent_put(struct store *s, struct agent_def *def);
int store_agent_get(struct store *s, const char *name, struct agent_def *out);
int store_agent_list(struct store *s, int (*row)(void *arg, const struct agent_def *d), void *arg);
int store_agent_state(struct store *s, const char *name, enum agent_state wanted);
/* The account of an agent's phone. CAD_EEXIST: another agent's phone has this name. */
int store_phone_put(struct store *s, const char *realm, const struct mail_store_phone *phone);
int store_phone_get(struct store *s, uint64_t agent_id, struct mail_store_phone *out); /* CAD_ENOENT */
int store_phone_named(struct store *s, const char *user, struct mail_store_phone *out);
/* scope: "global" (or NULL), "seller:NAME", "campaign:NAME". Contacts that wait with this number are finished. */
int store_dnc_add(struct store *s, uint64_t phone, const char *scope, const char *source, struct wall at);
/* 1 listed for that campaign (its seller and the global list included), 0 not; campaign_id 0: the global list alone. */
int store_dnc_has(struct store *s, uint64_t phone, uint64_t campaign_id);
struct dnc_row {
  uint64_t phone;
  char scope[MAIL_NAME_MAX + 12]; /* as store_dnc_add takes it */
  char source[120];
  struct wall added;
};
/* In order of number. row() < 0 stops and is returned. */
int store_dnc_each(struct store *s, int (*row)(void *arg, const struct dnc_row *r), void *arg);

/* ---- contacts: an import is a job whose rows become visible by one flip ---- */
enum { CONTACT_NUMBERS_MAX = 5, CONTACT_SEGMENTS = 10, LIST_PRIORITY = 50 };
/* What the row says of the person's consent. */
struct contact_consent {
  uint8_t bases;                /* basis bits; 0: it says nothing that the ledger could keep */
  struct wall granted, expires; /* expires WALL_NONE: never */
  char source[120], text[400];  /* where it came from; what the person was shown or told */
};
struct contact_row {
  uint64_t phone;                           /* E.164, the one that is tried first */
  uint64_t others[CONTACT_NUMBERS_MAX - 1]; /* further ones in the order of trial; 0 ends */
  char name[64];
  char external_id[40];
  char zone[40]; /* IANA name from the file, "" : by place and number */
  /* Where its postcode and its state may be, "A&B&@US-CA": zones and regions; NULL: not known. Live until the call returns. */
  const char *place, *state;
  uint8_t segment;                /* 0 .. 9; the greater are called sooner */
  uint32_t order;                 /* place in the file: fresh contacts are called in this order; 0: as they come */
  char extra[512];                /* JSON object of the columns we do not know */
  struct contact_consent consent; /* goes to the ledger for each number of the row, in force while the list is visible */
};
enum contact_result {
  CONTACT_ADDED = 0,
  CONTACT_DUPLICATE, /* the campaign has the number */
  CONTACT_DNC,
  CONTACT_ZONE_UNKNOWN,
  CONTACT_FULL,
  CONTACT_KNOWN,     /* the seller has it, in another campaign */
  CONTACT_ZONE_WRONG /* there is no zone of that name */
};
int store_import_begin(struct store *s, const char *campaign, const char *file, struct wall at, uint64_t *job);
/* Numbers that the seller has in any campaign are CONTACT_KNOWN in this job. */
int store_import_refuse_known(struct store *s, uint64_t job);
/* result: one enum contact_result a row. Call within store_begin/store_commit, a few hundred rows at a time. */
int store_import_rows(struct store *s, uint64_t job, const struct contact_row *rows, int n, uint8_t *result);
/* As many of them as a few ms allow, in a transaction of its own that does not wait for the disk (the flip does): how many. */
int store_import_some(struct store *s, uint64_t job, const struct contact_row *rows, int n, uint8_t *result);
/* What store_import_rows would say now; writes nothing and does not compare the rows with one another. */
int store_import_check(struct store *s, const char *campaign, bool refuse_known, const struct contact_row *rows, int n, uint8_t *result);
/* Further numbers that were left out so far: on a do-not-call list, or nobody knows where they are. */
uint64_t store_import_left_out(struct store *s, uint64_t job);
/* Consents that the job brought into the ledger, one a number. */
uint64_t store_import_consents(struct store *s, uint64_t job);
/* What the log of imports keeps of the job. reasons: a JSON object, reason to count. */
int store_import_note(struct store *s, uint64_t job, uint64_t rows, uint64_t rejected, const char *reasons);
int store_import_finish(struct store *s, uint64_t job, uint64_t *visible); /* the flip */
/* Gives a job up that is not finished: 1 there is more to do, call again; 0 nothing of it is left. */
int store_import_abort(struct store *s, uint64_t job);
/* Takes an import back, rows, phones and persons that came with it: 1 there is more to do, call again; 0 all gone.
 * At once it is visible no more. CAD_EREFUSED: it was dialed; CAD_ENOENT: no such visible import. A few ms each. */
int store_import_undo(struct store *s, uint64_t job);
enum import_state { IMPORT_STAGED = 0, IMPORT_VISIBLE, IMPORT_ABORTED, IMPORT_UNDONE };
struct import_row {
  uint64_t id, rows, added, rejected;
  char campaign[MAIL_NAME_MAX], file[128], reasons[1024];
  struct wall created, ended, dialed; /* dialed WALL_NONE: may be undone */
  uint8_t state;
};
/* In order of time. row() < 0 stops and is returned. */
int store_import_each(struct store *s, int (*row)(void *arg, const struct import_row *r), void *arg);

/* ---- lists: what imports brought, and how far each came ---- */
struct list_row {
  uint64_t id;
  char campaign[MAIL_NAME_MAX], file[128];
  struct wall created, dialed; /* dialed WALL_NONE: not yet */
  uint8_t priority, share;
  uint64_t contacts, tried, reached, done, attempts; /* tried: contacts called at least once; reached: to a person */
};
/* Visible lists in order of time; campaign NULL: all. row() < 0 stops and is returned. Reads counts, scans nothing. */
int store_list_each(struct store *s, const char *campaign, int (*row)(void *arg, const struct list_row *r), void *arg);
/* priority 1 .. 100, the greater is called first; share 1 .. 100, of the leases among lists of the same priority. CAD_ENOENT. */
int store_list_tune(struct store *s, uint64_t list, uint8_t priority, uint8_t share);

/* ---- dispositions: how people and the system name the end of a call ---- */
enum disposition_category {
  CATEGORY_NO_CONTACT = 0,
  CATEGORY_MACHINE,
  CATEGORY_CONTACT, /* somebody, not the right party */
  CATEGORY_RIGHT_PARTY,
  CATEGORY_CONVERSION,
  CATEGORY_CALLBACK,
  CATEGORY_OPT_OUT,
  CATEGORY_UNWORKABLE,
  CATEGORY_ABANDONED,
  CATEGORY_TECHNICAL,
  CATEGORY_COUNT
};
const char *disposition_category_name(enum disposition_category c); /* "no_contact", ... */
int disposition_category_parse(const char *word);                   /* < 0: unknown */
enum disposition_effect { EFFECT_LABELS = 0, EFFECT_FINISHES, EFFECT_OPTS_OUT, EFFECT_CALLS_BACK, EFFECT_RETRIES, EFFECT_COUNT };
const char *disposition_effect_name(enum disposition_effect e); /* "labels", ... */
int disposition_effect_parse(const char *word);
enum opt_out_scope { OPT_OUT_SELLER = 0, OPT_OUT_CAMPAIGN, OPT_OUT_GLOBAL, OPT_OUT_SCOPE_COUNT };
const char *opt_out_scope_name(enum opt_out_scope s);
int opt_out_scope_parse(const char *word);
struct disposition_def {
  char code[8], alias[8]; /* alias: ViciDial's letters for it, "": its own */
  char name[48];
  char fields[160];                    /* what agents write down with it: "amount=number!,due=date,remark=text"; '!': must be there */
  uint8_t category, effect, as, scope; /* as: EFFECT_RETRIES, by the rule of this outcome; scope: EFFECT_OPTS_OUT */
  bool agents;                         /* agents may set it; else the system alone */
  bool human, right_party, conversion; /* a person answered; the one who was meant; it was what the campaign is for */
};
/* campaign NULL: for all campaigns. A code of that name is replaced; one of the field's own is hidden by it. CAD_EINVAL (letters
 * of the code, an effect without its outcome), CAD_ENOENT (campaign). */
int store_disposition_put(struct store *s, const char *campaign, const struct disposition_def *def);
/* Every code that holds for the campaign (NULL: the field's and the box's), own ones first. row() < 0 stops and is returned. */
int store_disposition_each(struct store *s, const char *campaign, int (*row)(void *arg, const struct disposition_def *d, bool own),
                           void *arg);
/* By its letters or those of ViciDial. CAD_ENOENT. */
int store_disposition_get(struct store *s, const char *campaign, const char *code, struct disposition_def *out);
/* How ViciDial writes the end of a call: the alias of the code the agent set, without one what the system saw. Any connection. */
int store_disposition_letters(struct store *s, const char *campaign, const char *code, enum outcome outcome, char out[8]);
/* The letters that ViciDial has for what the system saw: "AB" for busy, ... */
const char *disposition_of_outcome(enum outcome o);

/* ---- promised calls and what agents write down at wrap-up ---- */
struct callback {
  uint64_t attempt_id, agent_id, case_id, phone;
  bool mine;          /* this agent alone, as long as they take calls */
  struct wall wanted; /* WALL_NONE on input: local_minutes says when */
  int64_t local_day;  /* input: days since 1970-01-01 in the callee's own calendar, with local_minutes; 0: wanted is an instant */
  int local_minutes;  /* after local midnight */
  struct wall due;    /* wanted, moved to the next permitted time */
  char zone[40];      /* of the callee, by which local times are read: of several the one where it is earliest */
  char moved_why[64]; /* "": not moved; else the rule */
  char campaign[MAIL_NAME_MAX], name[64];
};
/* Keeps the promise of that attempt's agent and lets the contact wait for it; at once or when the call is closed. Fills due, zone,
 * wanted and moved_why. CAD_ENOENT (attempt), CAD_EINVAL (a time that is past or over a year away), CAD_EREFUSED: it may never be
 * called again (do-not-call, no permitted time). */
int store_callback_put(struct store *s, struct callback *c);
/* Those that wait, the earliest first; campaign, agent NULL: all. */
int store_callback_each(struct store *s, const char *campaign, const char *agent, int (*row)(void *arg, const struct callback *c),
                        void *arg);
/* fields: a JSON object of what the agent wrote down; replaces what was there. CAD_ENOENT (attempt). */
int store_wrapup_put(struct store *s, uint64_t attempt_id, uint64_t agent_id, const char *fields);
/* malloc'ed; CAD_ENOENT. */
int store_wrapup_get(struct store *s, uint64_t attempt_id, char **fields);

/* ---- kept mappings of columns ---- */
/* def: JSON. A mapping of that name is replaced. */
int store_mapping_put(struct store *s, const char *name, const char *def);
/* malloc'ed; CAD_ENOENT. */
int store_mapping_get(struct store *s, const char *name, char **def);
int store_mapping_each(struct store *s, int (*row)(void *arg, const char *name, const char *def), void *arg);
int store_mapping_drop(struct store *s, const char *name); /* CAD_ENOENT */

/* Instant >= at, within seven days, at which most waiting contacts of the campaign may be called for the next
 * for_ms; the earliest of the best. WALL_NONE: none may. *callable (may be NULL): how many. */
struct wall store_best_time(struct store *s, const char *campaign, struct wall at, int64_t for_ms, uint64_t *callable);

/* ---- the call log ---- */
struct log_row {
  uint64_t attempt_id, contact_id, phone;
  char campaign[MAIL_NAME_MAX], trunk[MAIL_NAME_MAX], agent[MAIL_NAME_MAX], disposition[8];
  bool inbound;
  struct wall started, ringing, answered, greeting_end, bridged, ended;
  uint16_t sip_code;
  uint8_t cause, outcome, verdict, reason, ended_by, abandoned;
  uint8_t late_reason; /* enum verdict_reason: a person, it was said, and yet a machine */
  uint32_t talk_ms, wrapup_ms;
  bool open; /* still going on */
};
struct log_filter {
  const char *campaign; /* NULL: all */
  struct wall from, to; /* by start; WALL_NONE: unbounded */
};
/* In order of attempt id. row() < 0 stops and is returned. One statement: it sees one snapshot. */
int store_log_each(struct store *s, const struct log_filter *f, int (*row)(void *arg, const struct log_row *r), void *arg);
/* A second, read-only connection to the same file for exports and pages (not for in-memory stores). */
int store_open_reader(const char *path, struct store **out, FILE *err);

struct store_counts {
  uint64_t attempts, open_attempts, by_outcome[OUTCOME_COUNT];
  uint64_t contacts, contacts_done, contacts_waiting, abandoned, live;
};
int store_counts(struct store *s, const char *campaign /* NULL: all */, struct store_counts *out);

#endif
