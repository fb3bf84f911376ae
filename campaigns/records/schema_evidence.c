/* The tables and triggers of the chain; the order of migrations is in schema.c. */
#include "store_internal.h"

/* The chain: docs/data.md. Numbers in rows of the logs have a salt beside them; both go when the person is erased. */
const char SCHEMA_CHAIN[] =
    "ALTER TABLE decision ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE decision ADD COLUMN salt BLOB;"
    "ALTER TABLE attempt ADD COLUMN salt BLOB;"
    "CREATE TABLE chain(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,"
    " at INTEGER NOT NULL, head BLOB NOT NULL, entries BLOB NOT NULL, UNIQUE(stream, first)) STRICT;"
    "CREATE TABLE checkpoint(number INTEGER PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"
    "CREATE TABLE evidence_key(public BLOB PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    /* Who changed what. Triggers note each change of what people edit; the commit gives it an author, a time and a link. A
     * change by other hands than ours stays unsigned in audit_new until the next start, and is then signed as such. */
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, uid INTEGER NOT NULL, door TEXT NOT NULL,"
    " verb TEXT NOT NULL, object TEXT NOT NULL, object_id INTEGER NOT NULL, phone INTEGER NOT NULL, salt BLOB,"
    " detail TEXT NOT NULL CHECK(json_valid(detail))) STRICT;"
    "CREATE INDEX audit_phone ON audit(phone) WHERE phone<>0;"
    "CREATE TABLE audit_new(id INTEGER PRIMARY KEY, verb TEXT NOT NULL, object TEXT NOT NULL, object_id INTEGER NOT NULL,"
    " phone INTEGER NOT NULL, detail TEXT NOT NULL) STRICT;"
    "CREATE TABLE erasure(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, uid INTEGER NOT NULL, basis TEXT NOT NULL,"
    " before INTEGER, calls TEXT NOT NULL, decisions TEXT NOT NULL, audits TEXT NOT NULL) STRICT;";

const char SCHEMA_AUDIT[] =
    "CREATE TRIGGER audit_campaign_new AFTER INSERT ON campaign BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('campaign.create',new.name,new.id,0,json_object('state',new.state,'country',new.country,'purpose',new.purpose,"
    "'trunk',new.trunk,'def',json(new.def))); END;"
    "CREATE TRIGGER audit_campaign_state AFTER UPDATE OF state ON campaign WHEN old.state<>new.state BEGIN"
    " INSERT INTO audit_new(verb,object,object_id,phone,detail) VALUES('campaign.state',new.name,new.id,0,"
    "json_object('before',old.state,'after',new.state)); END;"
    "CREATE TRIGGER audit_campaign_edit AFTER UPDATE OF name,country,purpose,trunk,def ON campaign WHEN old.name<>new.name OR"
    " old.country<>new.country OR old.purpose<>new.purpose OR old.trunk<>new.trunk OR old.def<>new.def BEGIN"
    " INSERT INTO audit_new(verb,object,object_id,phone,detail) VALUES('campaign.change',new.name,new.id,0,json_object("
    "'before',json_object('name',old.name,'country',old.country,'purpose',old.purpose,'trunk',old.trunk,'def',json(old.def)),"
    "'after',json_object('name',new.name,'country',new.country,'purpose',new.purpose,'trunk',new.trunk,'def',json(new.def)))); END;"
    "CREATE TRIGGER audit_campaign_gone AFTER DELETE ON campaign BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('campaign.delete',old.name,old.id,0,json_object('def',json(old.def))); END;"
    "CREATE TRIGGER audit_agent_new AFTER INSERT ON agent BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('agent.create',new.name,new.id,0,json_object('campaign',new.campaign,'uri',new.uri,'nailed',new.nailed)); END;"
    "CREATE TRIGGER audit_agent_edit AFTER UPDATE OF name,campaign,uri,nailed ON agent WHEN old.name<>new.name OR"
    " old.campaign<>new.campaign OR old.uri<>new.uri OR old.nailed<>new.nailed BEGIN"
    " INSERT INTO audit_new(verb,object,object_id,phone,detail) VALUES('agent.change',new.name,new.id,0,json_object("
    "'before',json_object('name',old.name,'campaign',old.campaign,'uri',old.uri,'nailed',old.nailed),"
    "'after',json_object('name',new.name,'campaign',new.campaign,'uri',new.uri,'nailed',new.nailed))); END;"
    "CREATE TRIGGER audit_agent_gone AFTER DELETE ON agent BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('agent.delete',old.name,old.id,0,'{}'); END;"
    "CREATE TRIGGER audit_seller_new AFTER INSERT ON seller BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('seller.create',new.name,new.id,0,'{}'); END;"
    "CREATE TRIGGER audit_list_state AFTER UPDATE OF state ON list WHEN old.state<>new.state BEGIN"
    " INSERT INTO audit_new(verb,object,object_id,phone,detail) VALUES(CASE new.state WHEN 1 THEN 'list.visible' WHEN 2 THEN"
    " 'list.aborted' ELSE 'list.state' END,new.file,new.id,0,json_object('campaign',new.campaign,'added',new.added,"
    "'duplicates',new.duplicates,'dnc',new.dnc,'zone_unknown',new.zone_unknown)); END;"
    "CREATE TRIGGER audit_key_new AFTER INSERT ON evidence_key BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('key.new',lower(hex(new.public)),0,0,'{}'); END;";

const char SCHEMA_AUDIT_LISTS[] =
    "CREATE TRIGGER audit_dnc_new AFTER INSERT ON dnc BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('dnc.add','',0,new.number,json_object('seller',new.seller,'campaign',new.campaign)); END;"
    "CREATE TRIGGER audit_dnc_gone AFTER DELETE ON dnc BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('dnc.remove','',0,old.number,json_object('seller',old.seller,'campaign',old.campaign)); END;"
    "CREATE TRIGGER audit_dnc_edit AFTER UPDATE ON dnc BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('dnc.change','',0,new.number,json_object('seller',new.seller,'campaign',new.campaign,'from_seller',old.seller,"
    "'from_campaign',old.campaign,'number_changed',old.number<>new.number)); END;"
    "CREATE TRIGGER audit_code_new AFTER INSERT ON disposition_code BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('disposition.create',new.code,new.campaign,0,json_object('def',json(new.def))); END;"
    "CREATE TRIGGER audit_code_edit AFTER UPDATE ON disposition_code BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('disposition.change',new.code,new.campaign,0,json_object('before',json(old.def),'after',json(new.def))); END;"
    "CREATE TRIGGER audit_code_gone AFTER DELETE ON disposition_code BEGIN INSERT INTO audit_new(verb,object,object_id,phone,detail)"
    " VALUES('disposition.delete',old.code,old.campaign,0,json_object('def',json(old.def))); END;"
    "CREATE TRIGGER audit_list_edit AFTER UPDATE OF priority,share ON list WHEN old.priority<>new.priority OR old.share<>new.share BEGIN"
    " INSERT INTO audit_new(verb,object,object_id,phone,detail) VALUES('list.change',new.file,new.id,0,json_object("
    "'before',json_object('priority',old.priority,'share',old.share),'after',json_object('priority',new.priority,'share',new.share))); "
    "END;";

/* What was decided without a launch: a lease, and a contact or a set of zones whose verdict changed. */
const char SCHEMA_VERDICT[] =
    "ALTER TABLE erasure ADD COLUMN verdicts TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE erasure ADD COLUMN subject TEXT;"
    "CREATE TABLE verdict(id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, campaign INTEGER NOT NULL, case_id INTEGER NOT NULL,"
    " phone INTEGER NOT NULL, at INTEGER NOT NULL, allowed INTEGER NOT NULL, rule TEXT NOT NULL, rule_version INTEGER NOT NULL,"
    " reason INTEGER NOT NULL, next_at INTEGER, inputs TEXT NOT NULL, kind INTEGER NOT NULL, salt BLOB) STRICT;";
