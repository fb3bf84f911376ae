#include "store_internal.h"

/* Queues of callers, the numbers that lead there, and what became of each call that came. */
const char SCHEMA_QUEUES[] =
    "CREATE TABLE queue(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL REFERENCES seller, name TEXT NOT NULL UNIQUE,"
    " campaign INTEGER NOT NULL REFERENCES campaign, def TEXT NOT NULL CHECK(json_valid(def)), created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE did(number INTEGER PRIMARY KEY, queue INTEGER NOT NULL REFERENCES queue, added INTEGER NOT NULL) STRICT;"
    "CREATE TABLE arrival(attempt INTEGER PRIMARY KEY, seller INTEGER NOT NULL, queue INTEGER NOT NULL, did INTEGER NOT NULL,"
    " at INTEGER NOT NULL, case_campaign INTEGER, case_next INTEGER, ended INTEGER, wait_ms INTEGER) STRICT;"
    "CREATE INDEX arrival_queue ON arrival(queue, at);"
    "CREATE INDEX attempt_caller ON attempt(started) WHERE zone_set=0;";

const char SCHEMA_QUEUES_AUDIT[] =
    "CREATE TRIGGER audit_queue_new AFTER INSERT ON queue BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('queue.create',new.name,new.id,0,json_object('campaign',new.campaign,'def',json(new.def))); END;"
    "CREATE TRIGGER audit_queue_edit AFTER UPDATE ON queue WHEN old.name<>new.name OR old.campaign<>new.campaign OR old.def<>new.def"
    " BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail) VALUES('queue.change',new.name,new.id,0,json_object("
    "'before',json_object('campaign',old.campaign,'def',json(old.def)),'after',json_object('campaign',new.campaign,'def',"
    "json(new.def)))); END;"
    "CREATE TRIGGER audit_queue_gone AFTER DELETE ON queue BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('queue.delete',old.name,old.id,0,json_object('def',json(old.def))); END;"
    "CREATE TRIGGER audit_did_new AFTER INSERT ON did BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('did.add',CAST(new.number AS TEXT),new.queue,0,'{}'); END;"
    "CREATE TRIGGER audit_did_edit AFTER UPDATE ON did WHEN old.queue<>new.queue BEGIN"
    " INSERT INTO audit_new(verb,object,object_id,phone,detail) VALUES('did.change',CAST(new.number AS TEXT),new.queue,0,"
    "json_object('before',old.queue)); END;"
    "CREATE TRIGGER audit_did_gone AFTER DELETE ON did BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('did.remove',CAST(old.number AS TEXT),old.queue,0,'{}'); END;";

/* Why agents pause: the codes of a campaign or of the box (campaign 0), and what a pause was for, by its row in agent_log. */
const char SCHEMA_PAUSES[] =
    "CREATE TABLE pause_log(id INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT;"
    "CREATE TABLE pause_code(campaign INTEGER NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY(campaign, code)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TRIGGER audit_pause_new AFTER INSERT ON pause_code BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('pause.add',new.code,new.campaign,0,json_object('name',new.name)); END;"
    "CREATE TRIGGER audit_pause_edit AFTER UPDATE ON pause_code BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('pause.change',new.code,new.campaign,0,json_object('before',old.name,'after',new.name)); END;"
    "CREATE TRIGGER audit_pause_gone AFTER DELETE ON pause_code BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('pause.remove',old.code,old.campaign,0,json_object('name',old.name)); END;";
