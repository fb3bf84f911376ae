/* compliance.h — the records' side of the law: lists that are loaded as files, the consent ledger, suppression that survives an
 * erasure, and why a contact or a campaign is not dialed. Owner, transactions and errors as in store.h.
 * Source: records/dnc.c dnc_list.c suppression.c consent.c why.c rulebook.c */
#ifndef CAMPAIGNS_COMPLIANCE_H
#define CAMPAIGNS_COMPLIANCE_H

#include <campaigns/store.h>

/* ---- do-not-call lists that are loaded as files ---- */
enum { DNC_REGISTRIES_MAX = GATE_REGISTRIES_MAX, DNC_OWN_LISTS_MAX = 64 };
struct dnc_list {
  uint64_t id;
  char name[RULE_LIST_NAME_MAX];  /* "US-DNC", "TPS"; capital letters, digits, '-', '_' */
  bool registry;                  /* a public registry: the next load of that name replaces it. Else our own: kept for ever */
  char scope[MAIL_NAME_MAX + 12]; /* own lists: as store_dnc_add takes it */
  char file[160], hash[72];       /* the file as it was given, BLAKE2b of its bytes in hex */
  struct wall as_of, loaded;      /* the day the list was true; when it was loaded */
  uint64_t numbers, rejected;     /* different numbers in it; lines that hold none */
  bool current;
};
/* The folder where set files must lie before they are adopted; made when it is not there. CAD_ENOSUP in memory. */
int store_dnc_list_folder(struct store *s, char out[512]);
/* set_path: a file of number_set_write in that folder; it becomes the store's. In force with the return: also for leases in flight,
 * since the gate asks at each opening. Not within a transaction. CAD_EINVAL (name), CAD_EFULL, CAD_ENOENT (scope), CAD_EFORMAT. */
int store_dnc_list_adopt(struct store *s, struct dnc_list *list, const char *set_path);
/* BLAKE2b of a file as it is read; finish frees and writes 64 hex digits. */
struct list_hash;
struct list_hash *list_hash_create(void);
void list_hash_add(struct list_hash *h, const void *bytes, size_t n);
void list_hash_finish(struct list_hash *h, char out[72]);
/* All loads, the newest last. row() < 0 stops and is returned. */
int store_dnc_list_each(struct store *s, int (*row)(void *arg, const struct dnc_list *l), void *arg);
/* Writes the numbers, sorted and each once, to a set file. How many, or < 0. Any thread. */
int64_t store_dnc_list_write(uint64_t *numbers, size_t n, const char *path);
/* The registries as the gate sees them; listed is asked of the phone, 0: none. Returns how many. */
int store_registries(struct store *s, uint64_t phone, struct gate_registry out[GATE_REGISTRIES_MAX]);
/* The number's entries go, a keyed hash of it stays and blocks as they did. */
int store_dnc_erase(struct store *s, uint64_t phone);

/* ---- the consent ledger: rows are added, never changed but for their revocation ---- */
struct consent_row {
  uint64_t id, phone;
  char seller[MAIL_NAME_MAX];
  uint8_t bases, technologies, purposes; /* bits; 0 technologies or purposes: all */
  char source[120], text[400];           /* where it came from; what the person was shown or told */
  struct wall granted, expires, revoked, added;
  char revoked_by[60];
  uint64_t import; /* the import that brought it: in force while that stands; 0: none */
  bool standing;   /* output: that import is there and visible */
};
/* CAD_EINVAL: no basis, no source, no time, granted in the future. CAD_ENOENT: no such seller. */
int store_consent_add(struct store *s, struct consent_row *row);
/* Revokes all that stand of that number and seller ("" : every seller). How many. */
int store_consent_revoke(struct store *s, uint64_t phone, const char *seller, const char *by, struct wall at);
int store_consent_each(struct store *s, uint64_t phone /* 0: all */, int (*row)(void *arg, const struct consent_row *r), void *arg);

/* ---- the law as this box has it ---- */
const struct law *store_law(const struct store *s);
/* NULL, or the box's zones for vectors. */
struct zones *store_zones(struct store *s);
/* Reads packs and calendars anew; all or nothing. CAD_EFORMAT: err says where. */
int store_law_reload(struct store *s, FILE *err);
/* What is missing before it may start. */
int store_campaign_needs(struct store *s, const struct campaign_def *def, uint64_t trunk_caller_id, bool message_there,
                         struct gate_need *out, int max);

/* ---- why ---- */
struct why_contact {
  uint64_t phone, case_id;
  struct campaign_def def;
  struct law_place place;
  struct wall at, due; /* due: when the list says it is its turn, WALL_NONE: never again */
  uint8_t status;      /* 0 waiting, 1 being called, 2 finished */
  int done_reason;
  bool known, leased; /* known: a contact of that campaign */
  struct gate_finding findings[FINDINGS_MAX];
  int count;
  struct gate_verdict verdict;
};
/* `key`: a phone number or the id of a contact; campaign NULL: the one that has it (the youngest of several). at WALL_NONE: now.
 * A number that no campaign has is judged too, if a campaign is named. CAD_ENOENT. */
int store_why_contact(struct store *s, uint64_t key, const char *campaign, struct wall at, struct why_contact *out);

enum { WHY_HOURS = 24, WHY_REASONS_MAX = 48 };
struct why_reason {
  char word[RULE_ID_MAX]; /* a rule's id, or "callback_later", "retry_later", "being_called", "finished: no_answer" ... */
  enum refusal refusal;   /* REFUSAL_NONE: not by the law */
  uint64_t contacts;
  struct wall next; /* when the first of them may be called */
};
struct why_campaign {
  struct campaign_def def;
  struct wall at;
  uint64_t contacts, dialable; /* all of visible lists; may be called now as far as hours and turn say */
  uint64_t by_hour[WHY_HOURS]; /* of those that wait: how many may be called at at + (i + 1) h, turn included */
  struct why_reason reasons[WHY_REASONS_MAX];
  int reason_count;
  uint64_t sampled, sample_refused; /* of the dialable: so many were put to the whole gate, so many of them refused */
};
int store_why_campaign(struct store *s, const char *campaign, struct wall at, struct why_campaign *out);
/* The same in three steps, so that no long count holds the store thread: begin and end on it, some ms each; count on any connection
 * (store_open_reader). CAD_ENOENT, CAD_ENOMEM. */
struct why_work;
int store_why_begin(struct store *s, const char *campaign, struct wall at, struct why_work **out);
int store_why_count(struct store *reader, struct why_work *w);
int store_why_end(struct store *s, const struct why_work *w, struct why_campaign *out);
struct why_work *store_why_free(struct why_work *w);

#endif
