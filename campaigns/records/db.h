/* db.h — the thin layer over SQLite: cached statements, typed binding, one place for errors.
 * Any failed statement spoils the transaction: db_commit then rolls back. Owner: struct store. Source: db.c */
#ifndef RECORDS_DB_H
#define RECORDS_DB_H

#include <cadencia/time.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* One slot for each statement that is prepared once and kept. */
enum db_slot {
  Q_BEGIN,
  Q_COMMIT,
  Q_ROLLBACK,
  Q_SELLER_GET,
  Q_SELLER_PUT,
  Q_CAMPAIGN_PUT,
  Q_CAMPAIGN_EDIT,
  Q_CAMPAIGN_STATE,
  Q_CAMPAIGN_BUDGET,
  Q_BUDGET_EARLY,
  Q_SKILL_GET,
  Q_SKILL_NEXT,
  Q_SKILL_PUT,
  Q_SKILL_ALL,
  Q_AGENT_ALSO,
  Q_AGENT_ALSO_DROP,
  Q_AGENT_ALSO_PUT,
  Q_AGENT_SKILLS,
  Q_BUDGET_MACHINES,
  Q_CAMPAIGN_ALL,
  Q_AGENT_PUT,
  Q_AGENT_EDIT,
  Q_AGENT_GET,
  Q_AGENT_ALL,
  Q_AGENT_STATE,
  Q_AGENT_LOG,
  Q_SEAT_PHONE_PUT,
  Q_SEAT_PHONE_GET,
  Q_SEAT_PHONE_NAMED,
  Q_SET_PUT,
  Q_SET_ALL,
  Q_BUCKET_PUT,
  Q_BUCKET_ALL,
  Q_BUCKET_COUNTS,
  Q_CONTACTS,
  Q_DUE,
  Q_DUE_DETAIL,
  Q_CASE_GET,
  Q_CASE_DIALING,
  Q_CASE_WAIT,
  Q_CASE_FINISH,
  Q_CASE_TRIES,
  Q_CASES_OF_PHONE,
  Q_CASE_OF_PHONE,
  Q_DECISION_PUT,
  Q_DECISION_GET,
  Q_CAP,
  Q_INTERACTION_PUT,
  Q_ATTEMPT_PUT,
  Q_ATTEMPT_GET,
  Q_ATTEMPT_CLOSE,
  Q_ATTEMPT_TRUNK,
  Q_OPEN_ATTEMPTS,
  Q_LAST_STAMP,
  Q_DISPOSE,
  Q_DISPOSED,
  Q_LAST_CODE,
  Q_DNC_HAS,
  Q_DNC_PUT,
  Q_DNC_ALL,
  Q_LIST_PUT,
  Q_LIST_STATE,
  Q_LIST_GET,
  Q_LIST_STAGED,
  Q_LIST_ALL,
  Q_LIST_WRITE,
  Q_LIST_GONE,
  Q_LIST_TUNE,
  Q_LIST_SHOW,
  Q_BUCKET_GONE,
  Q_DROP_CASES,
  Q_DROP_STATE,
  Q_DROP_NUMBERS,
  Q_DROP_CASE,
  Q_DROP_PHONES,
  Q_DROP_PHONES_OF,
  Q_PHONE_USED,
  Q_PHONE_MOVE,
  Q_PERSON_MOVE,
  Q_DROP_PHONE,
  Q_PERSON_HAS,
  Q_DROP_PERSON,
  Q_IMPORT_PUT,
  Q_IMPORT_END,
  Q_IMPORT_STATE,
  Q_IMPORT_ALL,
  Q_MAPPING_PUT,
  Q_MAPPING_GET,
  Q_MAPPING_ALL,
  Q_MAPPING_DROP,
  Q_PHONE_ANY,
  Q_NUMBER_PUT,
  Q_NUMBER_ALL,
  Q_NUMBER_DEAD,
  Q_NUMBER_FREE,
  Q_CASE_MOVE,
  Q_AGENT_WANTS,
  Q_CASE_OWNER,
  Q_CALLBACK_CASE,
  Q_WRAPUP_GET,
  Q_CODE_PUT,
  Q_CODE_GET,
  Q_CODE_LETTERS,
  Q_CODE_ALL,
  Q_CALLBACK_PUT,
  Q_CALLBACK_GET,
  Q_CALLBACK_ALL,
  Q_WRAPUP_PUT,
  Q_PERSON_PUT,
  Q_PHONE_GET,
  Q_PHONE_PUT,
  Q_WORK_PUT,
  Q_STATE_PUT,
  Q_TALLY,
  Q_STANDING,
  Q_STANDING_ALL,
  Q_COUNT_ATTEMPTS,
  Q_COUNT_OPEN,
  Q_COUNT_LISTS,
  Q_COUNT_WAITING,
  Q_LOG,
  Q_PRINT_ALL,
  Q_PRINT_DROP,
  Q_PRINT_FIND,
  Q_PRINT_PUT,
  Q_PRINT_TRIM,
  Q_PRINT_SEEN,
  Q_PRINT_VOUCH,
  Q_PRINT_CALL,
  Q_LABEL_CALL,
  Q_LABEL_PUT,
  Q_LABEL_HAS,
  Q_ESTIMATE,
  Q_ESTIMATE_TALLY,
  Q_ESTIMATE_AGENTS,
  Q_CHAIN_PUT,
  Q_CHAIN_LAST,
  Q_CHAIN_META,
  Q_CHAIN_ID,
  Q_CHAIN_KEY,
  Q_CHAIN_ROW, /* and one more for each kind */
  Q_CHAIN_ROW_LAST = Q_CHAIN_ROW + 8,
  Q_CHECKPOINT_LAST,
  Q_CHECKPOINT_PUT,
  Q_AUDIT_NEW,
  Q_AUDIT_PUT,
  Q_AUDIT_TAKEN,
  Q_VERDICT_PUT,
  Q_ERASURE_PUT,
  Q_HOLD_GET,
  Q_HOLD_PUT,
  Q_EVENTS,
  Q_PERSON_PHONES,
  Q_CASE_DEBT,
  Q_USER_GET,
  Q_USER_ALL,
  Q_USER_PUT,
  Q_USER_EDIT,
  Q_USER_GONE,
  Q_USER_GOOD,
  Q_USER_BAD,
  Q_SESSIONS_OF,
  Q_SESSION_OLD,
  Q_SESSION_PUT,
  Q_SESSION_GET,
  Q_SESSION_GONE,
  Q_NOTE_PUT,
  Q_NOTE_GET,
  Q_NOTE_GONE,
  Q_CARD,
  Q_AGENT_DAY,
  Q_PACED_GET,
  Q_PACED_PUT,
  Q_PACED_DROP,
  Q_DNC_LOAD,
  Q_DNC_ERASE,
  Q_DNC_LIST_OLD,
  Q_DNC_LIST_PUT,
  Q_DNC_LIST_CURRENT,
  Q_DNC_LIST_ALL,
  Q_HASHED_COUNT,
  Q_HASHED_HAS,
  Q_HASHED_PUT,
  Q_CONSENT_PUT,
  Q_CONSENT_REVOKE,
  Q_CONSENT_ALL,
  Q_CONSENT_OF,
  Q_PACK_LOG,
  Q_WHY_CASE,
  Q_WHY_NUMBER,
  Q_WHY_DUE,
  Q_WHY_BUCKET,
  Q_WHY_NOW,
  Q_WHY_CALLING,
  Q_WHY_DONE,
  Q_WHY_SOME,
  Q_LATE_PUT,
  Q_ARCHIVE_PUT,
  Q_ARCHIVE_BLOCK,
  Q_ARCHIVE_LINKS,
  Q_ARCHIVE_CALLS,
  Q_ARCHIVE_DECISIONS,
  Q_ARCHIVE_AGENTS,
  Q_ARCHIVE_AGENT_ROWS,
  Q_ARCHIVE_SETTLED,
  Q_ARCHIVE_WORK,
  Q_ARCHIVE_DROP, /* and one more for each kind */
  Q_ARCHIVE_DROP_LAST = Q_ARCHIVE_DROP + 16,
  Q_PAUSE_LOG,
  Q_PAUSE_PUT,
  Q_PAUSE_GONE,
  Q_PAUSE_ALL,
  Q_QUEUE_ID,
  Q_QUEUE_GET,
  Q_QUEUE_ALL,
  Q_QUEUE_COUNT,
  Q_QUEUE_PUT,
  Q_QUEUE_EDIT,
  Q_QUEUE_LEADS,
  Q_QUEUE_GONE,
  Q_DID_COUNT,
  Q_DID_PUT,
  Q_DID_GONE,
  Q_DID_ALL,
  Q_CALLER_AT_HAND,
  Q_CALLER_OTHER,
  Q_CALLER_HOLD,
  Q_ARRIVAL_PUT,
  Q_ARRIVAL_HAS,
  Q_ARRIVAL_GET,
  Q_ARRIVAL_CLOSE,
  Q_MESSAGE_PUT,
  Q_MESSAGE_TALLY,
  Q_HAND_AT_HAND,
  Q_HAND_OTHER,
  Q_HAND_LIST,
  Q_HAND_ADDED,
  Q_LIST_ONE_MORE,
  Q_IMPORT_ONE_MORE,
  Q_COUNT
};

struct content; /* chain.h */

/* Who hears that work at opening lasts. */
struct db_slow {
  void (*say)(void *arg, const char *text); /* NULL: nobody */
  void *arg;
  char text[100]; /* what is being done */
  int64_t from_ms, said_ms;
};
struct db {
  sqlite3 *handle;
  sqlite3_stmt *cache[Q_COUNT];
  bool in_tx, spoiled;
  bool fast, lax; /* fast: no commit waits for the disk; lax: those of this moment do not */
  struct db_slow slow;
  int last_code; /* SQLite's code of the last failure */
};

/* Opens the file (NULL: in memory) with our pragmas. */
int db_open(struct db *db, const char *path, bool reader, bool fast, FILE *err);
void db_close(struct db *db);
int db_exec(struct db *db, const char *sql);
/* From now on, once two seconds have passed, db->slow hears every two seconds that this goes on and for how long. NULL: it is over. */
void db_slow(struct db *db, const char *text);
int db_begin(struct db *db);
/* Its commit does not wait for the disk: a crash of the machine may take it back, unless a usual commit came after it. */
int db_begin_lax(struct db *db);
int db_commit(struct db *db); /* rolls back and fails when anything failed since db_begin */
void db_rollback(struct db *db);

/* types, one letter an argument: i int64_t, u uint64_t, d int, t const char * (NULL: null), w struct wall
 * (WALL_NONE: null), b const void * and int. Texts must live until the statement is done. */
int db_run(struct db *db, enum db_slot slot, const char *sql, const char *types, ...);
/* The same, and what it binds also goes into `content`, but for U (uint64_t, a person's number: 0 is null) and S (a salt,
 * NULL: null), which are personal. */
int db_run_into(struct db *db, struct content *content, enum db_slot slot, const char *sql, const char *types, ...);
/* The running transaction must not be committed; the code says why. */
void db_spoil(struct db *db, int code);
/* Prepared, bound, not yet stepped; NULL on failure. Finish with db_done. */
sqlite3_stmt *db_query(struct db *db, enum db_slot slot, const char *sql, const char *types, ...);
int db_step(struct db *db, sqlite3_stmt *q); /* 1 a row, 0 no more, < 0 (q NULL: CAD_EIO) */
void db_done(sqlite3_stmt *q);
int db_changes(const struct db *db);
int64_t db_changes_in_all(const struct db *db); /* since it was opened */

uint64_t col_u64(sqlite3_stmt *q, int i);
struct wall col_wall(sqlite3_stmt *q, int i); /* null: WALL_NONE */
void col_text(sqlite3_stmt *q, int i, char *out, size_t room);

#endif
