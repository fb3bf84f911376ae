#include "months.h"
#include "store_internal.h"
#include <campaigns/dump.h>
#include <stdlib.h>
#include <string.h>

/* ?1 campaign, ?2 from, ?3 to, ?4 number, ?5 the number's keyed hash, ?6 its calls as a JSON array, ?7 the hash of its opt-out; "@" before
 * a table that archives hold as well. A column's name says what it holds: _at a time, _id an id, phone a number. After an erasure the
 * number finds its rows by the hash: they tell the story, without the number. */
#define PERIOD(column) " AND (?2 IS NULL OR " column ">=?2) AND (?3 IS NULL OR " column "<?3)"
/* The ids that erasures of this number listed: "12 15" as a JSON array. */
#define ERASED(list) "SELECT j.value FROM erasure e, json_each('['||replace(e." list ",' ',',')||']') j WHERE e.subject=?5"
#define DECISION(table, list, which)                                                                                                       \
  "SELECT d.at AS at, d.id AS decision_id, CASE d.kind WHEN 0 THEN 'launch' WHEN 1 THEN 'lease' ELSE 'verdict' END AS kind, c.name AS "    \
  "campaign, d.case_id AS contact_id, d.phone AS phone, d.allowed AS allowed, d.rule AS rule, d.rule_version AS rule_version, d.next_at "  \
  "AS "                                                                                                                                    \
  "next_at, d.inputs AS inputs FROM @" table " d LEFT JOIN campaign c ON c.id=d.campaign WHERE " which " OR d.id IN (" ERASED(list) ")"

/* A registry is replaced by its next load; lists of one's own are kept for ever. */
#define REPLACED "(SELECT min(n.loaded) FROM dnc_list n WHERE n.name=d.name AND n.registry<>0 AND d.registry<>0 AND n.loaded>d.loaded)"
#define COVERS " p.since<=a.started AND a.started<p.until AND (p.seller=0 OR p.seller=a.seller) AND (p.campaign=0 OR p.campaign=a.campaign)"

static const struct dump {
  const char *name, *sql;
} DUMPS[] = {
    {"agents",
     "SELECT l.id AS row_id, g.name AS agent, c.name AS campaign, l.attempt AS attempt_id, CASE l.state WHEN 0 THEN 'logged_out' WHEN 1"
     " THEN 'paused' WHEN 2 THEN 'ready' WHEN 3 THEN 'reserved' WHEN 4 THEN 'talking' WHEN 5 THEN 'wrapup' END AS state, l.began AS "
     "from_at,"
     " l.ended AS to_at, (SELECT p.reason FROM pause_log p WHERE p.id=l.id) AS reason FROM @agent_log l LEFT JOIN agent g ON g.id=l.agent "
     "LEFT JOIN campaign c ON c.id=l.campaign"
     " WHERE (?1 IS NULL OR c.name=?1)" PERIOD("l.began") " ORDER BY l.id"},
    {"contacts",
     "SELECT s.case_id AS contact_id, c.name AS campaign, l.id AS list_id, l.file AS list, s.phone AS phone, CASE s.status WHEN 0 THEN"
     " 'waiting' WHEN 1 THEN 'dialing' ELSE 'done' END AS status, s.tries AS tries, CASE WHEN s.status=0 THEN s.next_at END AS next_at"
     " FROM list l JOIN bucket b ON b.list=l.id JOIN case_state s ON s.bucket=b.id JOIN campaign c ON c.id=s.campaign"
     " WHERE l.state=1 AND (?1 IS NULL OR c.name=?1)"},
    {"callers", /* what report queues counts */
     "SELECT v.attempt AS attempt_id, v.queue AS queue_id, coalesce(q.name,'(deleted)') AS queue, v.did AS did, v.at AS at, CASE v.ended "
     "WHEN "
     "1 THEN 'answered' WHEN 2 THEN 'abandoned' WHEN 3 THEN 'timed_out' WHEN 4 THEN 'full' WHEN 5 THEN 'closed' ELSE 'broken' END AS ended,"
     " v.wait_ms AS wait_ms, coalesce(json_extract(q.def,'$.service_ms'),20000) AS service_ms FROM arrival v LEFT JOIN queue q ON"
     " q.id=v.queue WHERE v.ended IS NOT NULL" PERIOD("v.at") " ORDER BY v.attempt"},
    {"wrapups",
     "SELECT u.attempt AS attempt_id, c.name AS campaign, a.case_id AS contact_id, a.phone AS phone, g.name AS agent, u.at AS at, (SELECT"
     " d.code FROM @disposition d WHERE d.attempt=u.attempt ORDER BY d.id DESC LIMIT 1) AS disposition, u.fields AS fields FROM wrapup u"
     " LEFT JOIN @attempt a ON a.id=u.attempt LEFT JOIN campaign c ON c.id=a.campaign LEFT JOIN agent g ON g.id=u.agent"
     " WHERE (?1 IS NULL OR c.name=?1)" PERIOD("u.at") " ORDER BY u.attempt"},
    {"audit", "SELECT at AS at, id AS row_id, actor, uid, door, verb, object, object_id, phone AS phone, detail FROM audit WHERE 1" PERIOD(
                  "at") " ORDER BY id"},
    {"rule_changes",
     "SELECT at AS at, id AS row_id, actor, uid, door, verb, object, object_id, detail FROM audit WHERE verb NOT LIKE 'dnc.add'"
     " AND verb NOT LIKE 'consent.%' AND phone=0" PERIOD("at") " ORDER BY id"},
    {"campaigns",
     "SELECT c.id AS campaign_id, c.name AS campaign, s.name AS seller, c.country, c.purpose, c.trunk, c.created AS created_at, c.started"
     " AS started_at, c.version, c.def FROM campaign c JOIN seller s ON s.id=c.seller WHERE (?1 IS NULL OR c.name=?1) ORDER BY c.id"},
    {"employees", "SELECT g.id AS agent_id, g.name AS agent, c.name AS campaign, g.created AS created_at FROM agent g LEFT JOIN campaign c "
                  "ON c.id=g.campaign ORDER BY g.id"},
    {"imports", "SELECT i.id AS import_id, c.name AS campaign, i.file, i.created AS created_at, i.rows, i.added, i.rejected, i.reasons "
                "FROM import_log i"
                " JOIN campaign c ON c.id=i.campaign WHERE (?1 IS NULL OR c.name=?1) ORDER BY i.id"},
    {"registries",
     "SELECT d.id AS list_id, d.name, d.registry, d.file, d.hash, d.as_of AS as_of_at, d.loaded AS loaded_at, " REPLACED " AS replaced_at,"
     " d.numbers, d.rejected, d.current FROM dnc_list d ORDER BY d.id"},
    /* Which files stood between the list and the number at that moment, and how old the oldest registry of them was. */
    {"registry_coverage",
     "WITH span AS MATERIALIZED (SELECT d.id, d.seller, d.campaign, d.as_of, d.registry, d.loaded AS since, coalesce(" REPLACED ",1<<62) AS"
     " until FROM dnc_list d)"
     " SELECT a.id AS attempt_id, c.name AS campaign, a.started AS started_at, (SELECT group_concat(p.id,' ') FROM span p WHERE" COVERS
     ") AS list_ids, (SELECT min(p.as_of) FROM span p WHERE p.registry<>0 AND" COVERS ") AS oldest_registry_as_of_at,"
     " i.inbound FROM @attempt a JOIN campaign c ON c.id=a.campaign LEFT JOIN @interaction i ON i.id=a.interaction"
     " WHERE (?1 IS NULL OR c.name=?1)" PERIOD("a.started") " ORDER BY a.id"},
    {"consent",
     "SELECT x.id AS consent_id, s.name AS seller, x.phone AS phone, x.bases, x.technologies, x.purposes, x.source, x.text, x.granted AS"
     " granted_at, x.expires AS expires_at, x.revoked AS revoked_at, x.revoked_by FROM consent x JOIN seller s ON s.id=x.seller"
     " WHERE (?4 IS NULL OR x.phone=?4) ORDER BY x.id"},
    {"do_not_call",
     "SELECT d.number AS phone, CASE WHEN d.campaign<>0 THEN 'campaign' WHEN d.seller<>0 THEN 'seller' ELSE 'global' END AS scope,"
     " s.name AS seller, c.name AS campaign, d.source, d.added AS added_at FROM dnc d LEFT JOIN seller s ON s.id=d.seller LEFT JOIN "
     "campaign"
     " c ON c.id=d.campaign UNION ALL SELECT NULL, CASE WHEN h.campaign<>0 THEN 'campaign' WHEN h.seller<>0 THEN 'seller' ELSE 'global' "
     "END,"
     " s.name, c.name, h.source||' (erased on request: kept as a keyed hash)', h.added FROM dnc_hashed h LEFT JOIN seller s ON "
     "s.id=h.seller"
     " LEFT JOIN campaign c ON c.id=h.campaign"},
    {"checkpoints", "SELECT number, at AS at, text FROM checkpoint ORDER BY number"},
    {"person_contact",
     "SELECT p.id AS person_id, p.name, h.number AS phone, p.zone, p.language, w.id AS contact_id, w.external_id, w.extra, l.file AS list,"
     " w.created AS created_at FROM phone h JOIN person p ON p.id=h.person LEFT JOIN work_case w ON w.person=p.id LEFT JOIN list l ON"
     " l.id=w.list WHERE h.seller IN (SELECT id FROM seller) AND h.number=?4"},
    {"person_standing", "SELECT s.case_id AS contact_id, c.name AS campaign, CASE s.status WHEN 0 THEN 'waiting' WHEN 1 THEN 'dialing' "
                        "ELSE 'done' END AS status, s.tries, CASE WHEN s.status=0 THEN s.next_at END AS next_at,"
                        " s.done_reason FROM case_state s JOIN campaign c ON c.id=s.campaign WHERE s.phone=?4"},
    {"person_decisions", /* A launch that was allowed bears its call's id. */
     DECISION("decision", "decisions", "(d.allowed=0 AND d.phone=?4) OR d.id IN (SELECT value FROM json_each(?6))") " UNION ALL " DECISION(
         "verdict", "verdicts", "d.phone=?4") " ORDER BY 1, 2"},
    {"person_calls",
     "SELECT a.id AS attempt_id, c.name AS campaign, a.phone AS phone, a.trunk, a.started AS started_at, a.answered AS answered_at, "
     "a.bridged AS"
     " bridged_at, a.ended AS ended_at, a.sip_code, a.outcome, a.abandoned, a.talk_ms, g.name AS agent FROM @attempt a JOIN campaign c ON"
     " c.id=a.campaign LEFT JOIN agent g ON g.id=a.agent WHERE a.id IN (SELECT value FROM json_each(?6)) ORDER BY a.id"},
    {"person_dispositions", "SELECT d.id AS row_id, d.attempt AS attempt_id, d.code, d.at AS at, g.name AS agent FROM @disposition d LEFT "
                            "JOIN agent g ON g.id=d.agent"
                            " WHERE d.attempt IN (SELECT value FROM json_each(?6)) ORDER BY d.id"},
    {"person_dnc", "SELECT d.number AS phone, CASE WHEN d.campaign<>0 THEN 'campaign' WHEN d.seller<>0 THEN 'seller' ELSE 'global' END AS "
                   "scope, d.source,"
                   " d.added AS added_at FROM dnc d WHERE d.number=?4"},
    {"person_suppressed", "SELECT CASE WHEN h.campaign<>0 THEN 'campaign' WHEN h.seller<>0 THEN 'seller' ELSE 'global' END AS scope, "
                          "h.source, h.added AS added_at,"
                          " 'kept as a keyed hash: it blocks as before' AS state FROM dnc_hashed h WHERE lower(hex(h.hash))=?7"},
    {"person_audit", "SELECT a.at AS at, a.id AS row_id, a.actor, a.door, a.verb, a.phone AS phone, a.detail FROM audit a WHERE a.phone=?4 "
                     "OR a.id IN (" ERASED("audits") ") ORDER BY a.id"},
    {"person_erasures", "SELECT id AS row_id, at AS at, actor, basis FROM erasure WHERE subject=?5 ORDER BY id"},
};

static const struct dump *find(const char *name) {
  for (size_t i = 0; i < sizeof DUMPS / sizeof DUMPS[0]; i++)
    if (strcmp(DUMPS[i].name, name) == 0) return &DUMPS[i];
  return NULL;
}

static bool ends(const char *name, const char *with) {
  size_t n = strlen(name), m = strlen(with);
  return n >= m && strcmp(name + n - m, with) == 0;
}

/* Codes are words where people read them. */
static const char *word_of(const char *column, int64_t code) {
  if (strcmp(column, "outcome") == 0) return outcome_name((enum outcome)code);
  if (strcmp(column, "done_reason") != 0) return NULL;
  return code == DONE_DNC           ? "do_not_call"
         : code == DONE_NUMBER      ? "number_gone"
         : code == DONE_DISPOSITION ? "disposition"
                                    : outcome_name((enum outcome)code);
}

static void read_cell(sqlite3_stmt *q, int i, struct dump_cell *c) {
  int type = sqlite3_column_type(q, i);
  *c = (struct dump_cell){
      .name = sqlite3_column_name(q, i), .text = "", .first = i == 0, .last = i + 1 == sqlite3_column_count(q), .kind = 'n'};
  if (type == SQLITE_NULL) return;
  if (type == SQLITE_TEXT) {
    c->kind = 't';
    c->text = (const char *)sqlite3_column_text(q, i);
    return;
  }
  c->number = sqlite3_column_int64(q, i);
  const char *word = word_of(c->name, c->number);
  if (word) {
    c->kind = 't';
    c->text = word;
    return;
  }
  c->kind = ends(c->name, "phone") ? 'p' : ends(c->name, "_id") ? 'd' : strcmp(c->name, "at") == 0 || ends(c->name, "_at") ? 'w' : 'i';
  if (c->number == 0 && c->kind != 'i') c->kind = 'n';
}

/* CAD_ENOSUP: a table is not there. */
static int prepare(struct store *s, const char *name, sqlite3_stmt **q) {
  const struct dump *d = find(name);
  if (!d) return CAD_ENOENT;
  char *sql = archive_sql(&s->db, NULL, d->sql);
  int r = !sql ? CAD_ENOMEM : sqlite3_prepare_v2(s->db.handle, sql, -1, q, NULL) == SQLITE_OK ? CAD_OK : CAD_ENOSUP;
  free(sql);
  return r;
}

int store_dump_columns(struct store *s, const char *name, dump_cell_fn *fn, void *arg) {
  sqlite3_stmt *q = NULL;
  int r = prepare(s, name, &q), n = r < 0 ? 0 : sqlite3_column_count(q);
  for (int i = 0; fn && r >= 0 && i < n; i++)
    r = fn(arg,
           &(struct dump_cell){
               .name = sqlite3_column_name(q, i), .kind = 't', .text = sqlite3_column_name(q, i), .first = i == 0, .last = i + 1 == n});
  sqlite3_finalize(q);
  return r;
}

struct dumping {
  const struct call_filter *f;
  dump_cell_fn *fn;
  void *arg;
  char *calls; /* of the number */
};

static int dump_part(void *arg, struct db *conn, const struct archive_part *p, sqlite3_stmt *q) {
  const struct dumping *d = arg;
  const struct call_filter *f = d->f;
  int r = CAD_OK, code = SQLITE_DONE;
  (void)conn, (void)p;
  sqlite3_bind_text(q, 1, f->campaign, -1, SQLITE_STATIC);
  if (f->from.ms) sqlite3_bind_int64(q, 2, f->from.ms);
  if (f->to.ms) sqlite3_bind_int64(q, 3, f->to.ms);
  if (f->phone) sqlite3_bind_int64(q, 4, (int64_t)f->phone);
  sqlite3_bind_text(q, 5, f->subject[0] ? f->subject : NULL, -1, SQLITE_STATIC);
  sqlite3_bind_text(q, 6, d->calls, -1, SQLITE_STATIC);
  sqlite3_bind_text(q, 7, f->suppressed[0] ? f->suppressed : NULL, -1, SQLITE_STATIC);
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW)
    for (int i = 0; r >= 0 && i < sqlite3_column_count(q); i++) {
      struct dump_cell c;
      read_cell(q, i, &c);
      r = d->fn(d->arg, &c);
    }
  return r < 0 ? r : code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

/* The number's calls, wherever they lie: a disposition may lie in a later file than its call. */
static int calls_part(void *arg, struct db *conn, const struct archive_part *p, sqlite3_stmt *q) {
  FILE *out = arg;
  int code;
  (void)conn, (void)p;
  while ((code = sqlite3_step(q)) == SQLITE_ROW) fprintf(out, ",%llu", (unsigned long long)col_u64(q, 0));
  return code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

static int calls_of(struct store *s, const struct call_filter *f, char **out) {
  char sql[700];
  size_t n = 0;
  FILE *text = open_memstream(out, &n);
  if (!text) return CAD_ENOMEM;
  snprintf(sql, sizeof sql,
           "SELECT id FROM @attempt WHERE phone=%lld OR id IN (SELECT j.value FROM erasure e, json_each(CASE e.calls WHEN "
           "'*' THEN '[]' ELSE '['||replace(e.calls,' ',',')||']' END) j WHERE e.subject='%.39s')",
           (long long)f->phone, f->subject);
  fputs("[0", text);
  int r = archives_each(&s->db, sql, calls_part, text);
  fputs("]", text);
  return fclose(text) == 0 ? r : CAD_ENOMEM;
}

int store_dump(struct store *s, const char *name, const struct call_filter *f, dump_cell_fn *fn, void *arg) {
  const struct dump *d = find(name);
  struct dumping dumping = {.f = f, .fn = fn, .arg = arg};
  if (!d) return CAD_ENOENT;
  int r = f->phone && strstr(d->sql, "?6") ? calls_of(s, f, &dumping.calls) : CAD_OK;
  sqlite3_stmt *q = NULL;
  if (r >= 0 && (r = prepare(s, name, &q)) >= 0) {
    sqlite3_finalize(q);
    r = strchr(d->sql, '@') ? archives_each(&s->db, d->sql, dump_part, &dumping) : prepare(s, name, &q);
    if (r >= 0 && !strchr(d->sql, '@')) {
      r = dump_part(&dumping, &s->db, NULL, q);
      sqlite3_finalize(q);
    }
  }
  free(dumping.calls);
  return r;
}
