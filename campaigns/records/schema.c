#include "store_internal.h"

/* Numbered, forward, each in one transaction. `oldest` names the oldest schema number that a binary must
 * know to open the file; a binary that knows less refuses. Times are UTC in ms; ids are ours (ids.h). */
struct migration {
  int number, oldest;
  const char *sql[4]; /* in parts: compilers need not take longer texts */
};

static const char *const FIRST_WHO =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE seller(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE campaign(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL REFERENCES seller, name TEXT NOT NULL UNIQUE,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL, started INTEGER, version INTEGER NOT NULL,"
    " country TEXT NOT NULL, purpose TEXT NOT NULL, trunk TEXT NOT NULL, def TEXT NOT NULL CHECK(json_valid(def))) STRICT;"
    "CREATE TABLE agent(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL REFERENCES seller, name TEXT NOT NULL UNIQUE,"
    " campaign INTEGER NOT NULL REFERENCES campaign, uri TEXT NOT NULL, listener INTEGER NOT NULL, nailed INTEGER NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE agent_log(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, agent INTEGER NOT NULL, campaign INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, state INTEGER NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL) STRICT;"
    "CREATE INDEX agent_log_agent ON agent_log(agent, began);"
    /* Who may be called: a person has phones, a case (a debt, an order) belongs to a person, a list brings cases. */
    "CREATE TABLE zone_set(id INTEGER PRIMARY KEY, zones TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE list(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL REFERENCES seller, campaign INTEGER NOT NULL REFERENCES campaign,"
    " file TEXT NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL, finished INTEGER,"
    " added INTEGER NOT NULL, duplicates INTEGER NOT NULL, dnc INTEGER NOT NULL, zone_unknown INTEGER NOT NULL) STRICT;"
    "CREATE INDEX list_state ON list(state);"
    "CREATE TABLE bucket(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL REFERENCES seller,"
    " campaign INTEGER NOT NULL REFERENCES campaign, list INTEGER NOT NULL REFERENCES list,"
    " zone_set INTEGER NOT NULL REFERENCES zone_set, class INTEGER NOT NULL, UNIQUE(list, zone_set, class)) STRICT;"
    "CREATE TABLE person(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, list INTEGER NOT NULL, name TEXT NOT NULL,"
    " language TEXT, zone TEXT, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE phone(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, person INTEGER NOT NULL, list INTEGER NOT NULL,"
    " number INTEGER NOT NULL, UNIQUE(seller, number)) STRICT;"
    "CREATE TABLE work_case(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, person INTEGER NOT NULL, list INTEGER NOT NULL,"
    " external_id TEXT, extra TEXT CHECK(extra IS NULL OR json_valid(extra)), created INTEGER NOT NULL) STRICT;"
    /* Where a case stands in a campaign; case_due is the hopper. tries_by: one byte an outcome. */
    "CREATE TABLE case_state(case_id INTEGER NOT NULL, campaign INTEGER NOT NULL, seller INTEGER NOT NULL, phone_id INTEGER NOT NULL,"
    " phone INTEGER NOT NULL, bucket INTEGER NOT NULL, status INTEGER NOT NULL, next_at INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " tries_by BLOB, last_attempt INTEGER, done_reason INTEGER, PRIMARY KEY(case_id, campaign)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX case_due ON case_state(bucket, next_at) WHERE status = 0;"
    "CREATE UNIQUE INDEX case_phone ON case_state(phone, campaign);";

static const char *const FIRST_DONE =
    "CREATE TABLE dnc(number INTEGER NOT NULL, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, source TEXT NOT NULL,"
    " added INTEGER NOT NULL, PRIMARY KEY(number, seller, campaign)) STRICT, WITHOUT ROWID;"
    /* What was done: rows are written once; an attempt is completed once, at its close. */
    "CREATE TABLE decision(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, case_id INTEGER NOT NULL,"
    " phone INTEGER NOT NULL, at INTEGER NOT NULL, allowed INTEGER NOT NULL, rule TEXT NOT NULL, rule_version INTEGER NOT NULL,"
    " reason INTEGER NOT NULL, next_at INTEGER, inputs TEXT NOT NULL) STRICT;"
    "CREATE TABLE interaction(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, case_id INTEGER NOT NULL,"
    " channel TEXT NOT NULL, inbound INTEGER NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL, outcome INTEGER NOT NULL, agent "
    "INTEGER) STRICT;"
    "CREATE TABLE attempt(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, interaction INTEGER NOT NULL,"
    " case_id INTEGER NOT NULL, phone_id INTEGER NOT NULL, phone INTEGER NOT NULL, trunk TEXT NOT NULL, caller_id INTEGER NOT NULL,"
    " zone_set INTEGER NOT NULL, started INTEGER NOT NULL, ringing INTEGER, answered INTEGER, greeting_end INTEGER, bridged INTEGER,"
    " agent_end INTEGER, ended INTEGER, sip_code INTEGER, q850 INTEGER, cause INTEGER, outcome INTEGER, verdict INTEGER,"
    " verdict_reason INTEGER, ended_by INTEGER, abandoned INTEGER, early_hangup INTEGER, live INTEGER, agent INTEGER,"
    " talk_ms INTEGER) STRICT;"
    "CREATE INDEX attempt_phone ON attempt(phone, seller, started);"
    "CREATE INDEX attempt_open ON attempt(id) WHERE ended IS NULL;"
    "CREATE INDEX attempt_live ON attempt(campaign, started, abandoned) WHERE live = 1;"
    "CREATE TABLE standing(campaign INTEGER PRIMARY KEY, open INTEGER NOT NULL) STRICT;"
    "CREATE TABLE tally(campaign INTEGER NOT NULL, outcome INTEGER NOT NULL, attempts INTEGER NOT NULL, abandoned INTEGER NOT NULL,"
    " live INTEGER NOT NULL, PRIMARY KEY(campaign, outcome)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE disposition(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, attempt INTEGER NOT NULL, agent INTEGER NOT NULL,"
    " code TEXT NOT NULL, wrapup_ms INTEGER NOT NULL, at INTEGER NOT NULL, UNIQUE(attempt, at, code)) STRICT;";

/* Lists keep their own counts, so that penetration is read and not counted; a case may have several numbers, tried in order;
 * buckets are told apart by segment as well. */
static const char *const LISTS =
    "ALTER TABLE list ADD COLUMN dialed INTEGER;"
    "ALTER TABLE list ADD COLUMN priority INTEGER NOT NULL DEFAULT 50;"
    "ALTER TABLE list ADD COLUMN share INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE list ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE list ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE list ADD COLUMN reached INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE list ADD COLUMN done INTEGER NOT NULL DEFAULT 0;"
    "CREATE TEMP TABLE standing_of AS SELECT b.list AS list, sum(c.tries) AS attempts, sum(c.tries>0) AS tried, sum(c.status=2) AS done,"
    " sum(c.last_attempt IS NOT NULL) AS begun FROM case_state c JOIN bucket b ON b.id=c.bucket GROUP BY b.list;"
    "UPDATE list SET attempts=o.attempts, tried=o.tried, done=o.done, dialed=CASE WHEN o.begun>0 THEN list.created END"
    " FROM standing_of o WHERE o.list=list.id;"
    "DROP TABLE standing_of;"
    "CREATE TABLE bucket_new(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL REFERENCES seller,"
    " campaign INTEGER NOT NULL REFERENCES campaign, list INTEGER NOT NULL REFERENCES list,"
    " zone_set INTEGER NOT NULL REFERENCES zone_set, class INTEGER NOT NULL, segment INTEGER NOT NULL,"
    " UNIQUE(list, zone_set, class, segment)) STRICT;"
    "INSERT INTO bucket_new SELECT id, seller, campaign, list, zone_set, class, 0 FROM bucket;"
    "DROP TABLE bucket;"
    "ALTER TABLE bucket_new RENAME TO bucket;"
    "ALTER TABLE case_state ADD COLUMN numbers INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE case_state ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE case_state ADD COLUMN owner INTEGER;"
    "CREATE TABLE case_number(case_id INTEGER NOT NULL, rank INTEGER NOT NULL, phone_id INTEGER NOT NULL, number INTEGER NOT NULL,"
    " zone_set INTEGER NOT NULL, dead INTEGER NOT NULL, PRIMARY KEY(case_id, rank)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX case_number_phone ON case_number(number);"
    "CREATE INDEX phone_person ON phone(person);";

/* What was imported and how it went stays, also when the rows were taken back. */
static const char *const IMPORTS =
    "CREATE TABLE import_log(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, file TEXT NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL, ended INTEGER, rows INTEGER NOT NULL, added INTEGER NOT NULL,"
    " rejected INTEGER NOT NULL, reasons TEXT NOT NULL CHECK(json_valid(reasons))) STRICT;"
    "INSERT INTO import_log SELECT id, seller, campaign, file, CASE state WHEN 1 THEN 1 ELSE 2 END, created, finished,"
    " added+duplicates+dnc+zone_unknown, added, duplicates+dnc+zone_unknown,"
    " json_object('duplicate', duplicates, 'do_not_call', dnc, 'zone_unknown', zone_unknown) FROM list;"
    "CREATE TABLE import_mapping(name TEXT PRIMARY KEY, def TEXT NOT NULL CHECK(json_valid(def)), changed INTEGER NOT NULL) STRICT,"
    " WITHOUT ROWID;"
    /* Dispositions of a campaign's own (campaign 0: of the box); promised calls; what agents wrote down. */
    "CREATE TABLE disposition_code(campaign INTEGER NOT NULL, code TEXT NOT NULL, def TEXT NOT NULL CHECK(json_valid(def)),"
    " changed INTEGER NOT NULL, PRIMARY KEY(campaign, code)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE callback(attempt INTEGER PRIMARY KEY, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, case_id INTEGER NOT NULL,"
    " agent INTEGER NOT NULL, mine INTEGER NOT NULL, wanted INTEGER NOT NULL, due INTEGER NOT NULL, zone TEXT NOT NULL,"
    " moved_why TEXT, set_at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX callback_case ON callback(case_id, campaign);"
    "CREATE TABLE wrapup(attempt INTEGER PRIMARY KEY, seller INTEGER NOT NULL, agent INTEGER NOT NULL,"
    " fields TEXT NOT NULL CHECK(json_valid(fields)), at INTEGER NOT NULL) STRICT;";

/* What the account of the abandonment limit is folded from; agents who serve several campaigns, and what they can do. */
static const char *const PACING =
    "CREATE INDEX attempt_early ON attempt(campaign, started) WHERE early_hangup = 1;"
    "CREATE INDEX disposition_machine ON disposition(at, attempt) WHERE code IN ('A','AA','AM','AL','LM');"
    "CREATE TABLE agent_campaign(agent INTEGER NOT NULL REFERENCES agent, campaign INTEGER NOT NULL REFERENCES campaign,"
    " PRIMARY KEY(agent, campaign)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE skill(bit INTEGER PRIMARY KEY CHECK(bit BETWEEN 0 AND 31), name TEXT NOT NULL UNIQUE) STRICT;"
    "ALTER TABLE agent ADD COLUMN skills INTEGER NOT NULL DEFAULT 0;";

/* What pacers saw and decided: a minute of a campaign a row, in bytes of paced.c; kept for some days. */
static const char *const PACED =
    "CREATE TABLE paced(id INTEGER PRIMARY KEY, campaign INTEGER NOT NULL, minute INTEGER NOT NULL, seconds BLOB NOT NULL,"
    " UNIQUE(campaign, minute)) STRICT;"
    "CREATE INDEX paced_minute ON paced(minute);";

/* What detection learns from itself: late machines, labels, fingerprints of announcements. */
static const char *const DETECTION =
    "CREATE TABLE late(attempt INTEGER PRIMARY KEY, reason INTEGER NOT NULL) STRICT;"
    "CREATE TABLE label(attempt INTEGER PRIMARY KEY, campaign INTEGER NOT NULL, verdict INTEGER NOT NULL, truth INTEGER NOT NULL,"
    " source TEXT NOT NULL, at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX label_campaign ON label(campaign, at);"
    "CREATE TABLE fingerprint(id INTEGER PRIMARY KEY, trunk TEXT NOT NULL, bits BLOB NOT NULL, number1 INTEGER NOT NULL,"
    " number2 INTEGER NOT NULL, calls INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;"
    "CREATE INDEX fingerprint_trunk ON fingerprint(trunk, last);";

/* What a known announcement is: a machine (2) or a call-screening robot; names.h. */
static const char *const ROBOTS = "ALTER TABLE fingerprint ADD COLUMN what INTEGER NOT NULL DEFAULT 2;";

/* Our recorded messages at machines: how much was played, and whether after a beep. */
static const char *const MESSAGES =
    "CREATE TABLE message(attempt INTEGER PRIMARY KEY, ms INTEGER NOT NULL, whole INTEGER NOT NULL, after INTEGER NOT NULL) STRICT;";

/* What was decided about a number: an erasure and a dossier ask. Launches that were allowed bear the id of their call. */
static const char *const OF_A_NUMBER = "CREATE INDEX decision_refused ON decision(phone) WHERE allowed=0;"
                                       "CREATE INDEX verdict_phone ON verdict(phone);";

static const struct migration MIGRATIONS[] = {{1, 1, {FIRST_WHO, FIRST_DONE}},
                                              {2, 2, {LISTS, IMPORTS}},
                                              {3, 3, {SCHEMA_CHAIN, SCHEMA_AUDIT, SCHEMA_AUDIT_LISTS}},
                                              {4, 4, {SCHEMA_USERS}},
                                              {5, 4, {PACING}},
                                              {6, 4, {PACED}},
                                              {7, 7, {SCHEMA_VERDICT}},
                                              {8, 8, {SCHEMA_COMPLIANCE, SCHEMA_COMPLIANCE_AUDIT}},
                                              {9, 8, {SCHEMA_PHONES}},
                                              {10, 9, {DETECTION}},
                                              {11, 11, {SCHEMA_ARCHIVE}},
                                              {12, 12, {SCHEMA_CONSENT_IMPORT}},
                                              {13, 13, {SCHEMA_QUEUES, SCHEMA_QUEUES_AUDIT}},
                                              {14, 13, {SCHEMA_PAUSES}},
                                              {15, 13, {MESSAGES}},
                                              {16, 13, {OF_A_NUMBER}},
                                              {17, 17, {ROBOTS}}};
enum { SCHEMA = sizeof MIGRATIONS / sizeof MIGRATIONS[0] };

static int read_number(struct db *db, const char *sql, int fallback) {
  sqlite3_stmt *q = NULL;
  int value = fallback;
  if (sqlite3_prepare_v2(db->handle, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) value = sqlite3_column_int(q, 0);
  sqlite3_finalize(q);
  return value;
}

static int apply(struct db *db, const struct migration *m) {
  char stamp[256];
  snprintf(stamp, sizeof stamp,
           "INSERT OR REPLACE INTO meta VALUES('schema','%d'),('oldest_schema','%d'),('written_by','cadencia %s');"
           "PRAGMA user_version=%d; PRAGMA application_id=1128350787;",
           m->number, m->oldest, CADENCIA_VERSION, m->number);
  int err = db_begin(db);
  if (err < 0) return err;
  for (size_t i = 0; i < sizeof m->sql / sizeof m->sql[0] && m->sql[i] && err >= 0; i++) err = db_exec(db, m->sql[i]);
  if (err >= 0) err = db_exec(db, stamp);
  int committed = db_commit(db); /* rolls back when something failed */
  return err < 0 ? err : committed;
}

int schema_newest(void) { return SCHEMA; }

int schema_migrate(struct db *db, FILE *err) { return schema_migrate_to(db, SCHEMA, err); }

int schema_migrate_to(struct db *db, int number, FILE *err) {
  int have = read_number(db, "PRAGMA user_version", -1);
  if (have < 0) {
    if (err) fprintf(err, "the database cannot be read: %s\n", sqlite3_errmsg(db->handle));
    return CAD_EFORMAT;
  }
  if (have > SCHEMA) {
    int oldest = read_number(db, "SELECT CAST(value AS INTEGER) FROM meta WHERE key='oldest_schema'", have);
    if (oldest > SCHEMA) {
      if (err) fprintf(err, "the database has schema %d; this Cadencia knows up to %d: use the newer one\n", have, SCHEMA);
      return CAD_EVERSION;
    }
    return CAD_OK;
  }
  for (int i = 0; i < SCHEMA; i++) {
    if (MIGRATIONS[i].number <= have || MIGRATIONS[i].number > number) continue;
    char what[64];
    snprintf(what, sizeof what, "the database is brought from schema %d to %d, step %d", have, number, MIGRATIONS[i].number);
    db_slow(db, what);
    int r = apply(db, &MIGRATIONS[i]);
    db_slow(db, NULL);
    if (r < 0) {
      if (err) fprintf(err, "migration %d failed: %s\n", MIGRATIONS[i].number, sqlite3_errmsg(db->handle));
      return r;
    }
  }
  return CAD_OK;
}
