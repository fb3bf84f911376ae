#include "store_internal.h"

/* Do-not-call lists from files, erased opt-outs, consent, and which rules were in force. */
const char SCHEMA_COMPLIANCE[] =
    "CREATE TABLE dnc_list(id INTEGER PRIMARY KEY, name TEXT NOT NULL, registry INTEGER NOT NULL, seller INTEGER NOT NULL,"
    " campaign INTEGER NOT NULL, file TEXT NOT NULL, hash TEXT NOT NULL, as_of INTEGER NOT NULL, loaded INTEGER NOT NULL,"
    " numbers INTEGER NOT NULL, rejected INTEGER NOT NULL, set_file TEXT NOT NULL, current INTEGER NOT NULL) STRICT;"
    "CREATE TABLE dnc_hashed(hash BLOB NOT NULL, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, source TEXT NOT NULL,"
    " added INTEGER NOT NULL, PRIMARY KEY(hash, seller, campaign)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE consent(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, phone INTEGER NOT NULL, bases INTEGER NOT NULL,"
    " technologies INTEGER NOT NULL, purposes INTEGER NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL, granted INTEGER NOT NULL,"
    " expires INTEGER, revoked INTEGER, revoked_by TEXT, added INTEGER NOT NULL) STRICT;"
    "CREATE INDEX consent_phone ON consent(phone, seller);"
    "CREATE TABLE rule_pack(name TEXT NOT NULL, hash INTEGER NOT NULL, version INTEGER NOT NULL, rules INTEGER NOT NULL,"
    " loaded INTEGER NOT NULL, PRIMARY KEY(name, hash)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX interaction_inbound ON interaction(case_id, began) WHERE inbound=1;";

const char SCHEMA_COMPLIANCE_AUDIT[] =
    "CREATE TRIGGER audit_dnc_list AFTER INSERT ON dnc_list BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('dnc.load',new.name,new.id,0,json_object('registry',new.registry,'file',new.file,'hash',new.hash,'as_of',new.as_of,"
    "'numbers',new.numbers,'rejected',new.rejected)); END;"
    "CREATE TRIGGER audit_consent_new AFTER INSERT ON consent BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('consent.add','',new.id,new.phone,json_object('seller',new.seller,'bases',new.bases,'granted',new.granted)); END;"
    "CREATE TRIGGER audit_consent_edit AFTER UPDATE ON consent BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('consent.revoke','',new.id,new.phone,json_object('seller',new.seller,'revoked',new.revoked)); END;"
    "CREATE TRIGGER audit_pack_new AFTER INSERT ON rule_pack BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('rules.load',new.name,0,0,json_object('version',new.version,'hash',printf('%016x',new.hash),'rules',new.rules)); END;";

/* Consents that an import brought hold while it stands: a row less in the audit log for each, since the import is in it. */
const char SCHEMA_CONSENT_IMPORT[] =
    "ALTER TABLE consent ADD COLUMN list INTEGER NOT NULL DEFAULT 0;"
    /* Leases and why campaign read these two and not the rows themselves: the status is in them for that reason alone. */
    "DROP INDEX case_due;"
    "CREATE INDEX case_due ON case_state(bucket, next_at, case_id, status) WHERE status=0;"
    "CREATE INDEX case_done ON case_state(campaign, done_reason, status) WHERE status=2;"
    "DROP TRIGGER audit_consent_new;"
    "CREATE TRIGGER audit_consent_new AFTER INSERT ON consent WHEN new.list=0 BEGIN INSERT INTO "
    "audit_new(verb,object,object_id,phone,detail)"
    " VALUES('consent.add','',new.id,new.phone,json_object('seller',new.seller,'bases',new.bases,'granted',new.granted)); END;";
