#include "store_internal.h"

/* Months of the logs that moved into files of their own. `archived` counts what is gone from the live tables: links of the
 * call and decision logs, and the id up to which agent rows are; a reader takes so much from the archives and the rest from
 * here, whatever a crash left half moved. archive_work: erasures that archives have not heeded yet. */
const char SCHEMA_ARCHIVE[] =
    "CREATE TABLE archive(month TEXT PRIMARY KEY, file TEXT NOT NULL, created INTEGER NOT NULL, call_first INTEGER NOT NULL,"
    " call_last INTEGER NOT NULL, decision_first INTEGER NOT NULL, decision_last INTEGER NOT NULL, agent_last INTEGER NOT NULL,"
    " last_id INTEGER NOT NULL, calls INTEGER NOT NULL, decisions INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE archived(id INTEGER PRIMARY KEY CHECK(id=1), call INTEGER NOT NULL, decision INTEGER NOT NULL,"
    " agent INTEGER NOT NULL) STRICT;"
    "INSERT INTO archived VALUES(1,0,0,0);"
    "CREATE TABLE archive_work(erasure INTEGER PRIMARY KEY) STRICT;"
    "CREATE TRIGGER audit_archive_new AFTER INSERT ON archive BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('archive.make',new.month,0,0,json_object('file',new.file,'call_first',new.call_first,'call_last',new.call_last,"
    "'decision_first',new.decision_first,'decision_last',new.decision_last)); END;";
