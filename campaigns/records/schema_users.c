#include "store_internal.h"

const char SCHEMA_USERS[] =
    "CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role INTEGER NOT NULL, agent TEXT NOT NULL,"
    " hash TEXT NOT NULL, created INTEGER NOT NULL, failures INTEGER NOT NULL, locked_until INTEGER) STRICT;"
    "CREATE TABLE session(key BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user, began INTEGER NOT NULL,"
    " until INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX session_user ON session(user);"
    "CREATE TABLE desk_note(agent INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL) STRICT;"
    /* Passwords stay out of the audit log; that they changed does not. */
    "CREATE TRIGGER audit_user_new AFTER INSERT ON user BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('user.create',new.name,new.id,0,json_object('role',new.role,'agent',new.agent)); END;"
    "CREATE TRIGGER audit_user_edit AFTER UPDATE OF role,agent,hash ON user BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('user.change',new.name,new.id,0,json_object('role',new.role,'agent',new.agent,'password',old.hash<>new.hash)); END;"
    "CREATE TRIGGER audit_user_gone AFTER DELETE ON user BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('user.delete',old.name,old.id,0,'{}'); END;";
