#include "months.h"
#include "store_internal.h"
#include <campaigns/law.h>
#include <campaigns/report.h>
#include <stdlib.h>
#include <string.h>

/* ---- names: looked up by id in small sorted tables, not joined a million times ---- */

struct name {
  uint64_t id;
  char text[MAIL_NAME_MAX], seller[MAIL_NAME_MAX];
};
struct names {
  struct name *rows;
  size_t count, room;
  const struct name *last;
};

static int names_load(struct store *s, const char *sql, struct names *out) {
  sqlite3_stmt *q = NULL;
  *out = (struct names){0};
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) != SQLITE_OK) return CAD_EIO;
  while (sqlite3_step(q) == SQLITE_ROW) {
    if (out->count == out->room) {
      size_t room = out->room ? out->room * 2 : 64;
      struct name *bigger = realloc(out->rows, room * sizeof *bigger);
      if (!bigger) break;
      out->rows = bigger;
      out->room = room;
    }
    struct name *n = &out->rows[out->count++];
    n->id = col_u64(q, 0);
    col_text(q, 1, n->text, sizeof n->text);
    col_text(q, 2, n->seller, sizeof n->seller);
  }
  sqlite3_finalize(q);
  return CAD_OK;
}

static const struct name *name_of(struct names *n, uint64_t id) {
  static const struct name NONE;
  if (n->last && n->last->id == id) return n->last;
  size_t low = 0, high = n->count;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (n->rows[mid].id < id)
      low = mid + 1;
    else
      high = mid;
  }
  return low < n->count && n->rows[low].id == id ? (n->last = &n->rows[low]) : &NONE;
}

#define CAMPAIGN_NAMES "SELECT c.id, c.name, s.name FROM campaign c JOIN seller s ON s.id=c.seller ORDER BY c.id"
#define AGENT_NAMES "SELECT id, name, '' FROM agent ORDER BY id"

/* ---- what a code says, by the one table of codes (dispositions.c): looked up once a campaign and code ---- */

struct meaning {
  uint64_t campaign;
  char code[9];
  const char *category, *party;
};
struct meanings {
  struct store *store;
  struct meaning rows[128];
  size_t count;
};

static void meaning_find(struct store *s, struct meaning *m) {
  struct disposition_def d;
  m->category = m->party = "";
  if (disposition_find(s, m->campaign, m->code, &d) > 0) {
    m->category = disposition_category_name((enum disposition_category)d.category);
    m->party = d.conversion ? "conversion" : d.right_party ? "right_party" : d.human ? "person" : "nobody";
  } else if (abandon_disposed_machine(m->code)) { /* letters that other dialers left behind */
    m->category = disposition_category_name(CATEGORY_MACHINE);
    m->party = "nobody";
  }
}

static void meaning_apply(struct meanings *k, struct call_row *r) {
  struct meaning own = {.campaign = r->campaign_id}, *m = &own;
  r->category = r->party = "";
  if (!r->disposition[0]) return;
  memcpy(own.code, r->disposition, sizeof own.code);
  for (size_t i = 0; i < k->count && m == &own; i++)
    if (k->rows[i].campaign == own.campaign && strcmp(k->rows[i].code, own.code) == 0) m = &k->rows[i];
  if (m == &own) {
    meaning_find(k->store, &own);
    if (k->count < sizeof k->rows / sizeof k->rows[0]) k->rows[k->count++] = own;
  }
  r->category = m->category;
  r->party = m->party;
}

/* ---- rows ---- */

#define CALL_ROWS                                                                                                                          \
  "SELECT a.id, a.case_id, a.phone, a.caller_id, a.campaign, a.agent, a.trunk, a.started, a.ringing, a.answered, a.greeting_end,"          \
  " a.bridged, a.agent_end, a.ended, a.sip_code, a.q850, a.cause, a.outcome, a.verdict, a.verdict_reason, a.ended_by, a.abandoned,"        \
  " a.early_hangup, a.live, a.talk_ms, d.code, d.wrapup_ms, i.inbound, %s FROM @attempt a"                                                 \
  " LEFT JOIN @interaction i ON i.id=a.interaction"                                                                                        \
  " LEFT JOIN @disposition d ON d.id=(SELECT max(id) FROM @disposition WHERE attempt=a.id)"

static void read_row(sqlite3_stmt *q, struct names *campaigns, struct names *agents, struct call_row *r) {
  const struct name *campaign = name_of(campaigns, col_u64(q, 4));
  const char *trunk = (const char *)sqlite3_column_text(q, 6);
  *r = (struct call_row){.attempt_id = col_u64(q, 0),
                         .contact_id = col_u64(q, 1),
                         .phone = col_u64(q, 2),
                         .caller_id = col_u64(q, 3),
                         .campaign_id = col_u64(q, 4),
                         .agent_id = col_u64(q, 5),
                         .campaign = campaign->text,
                         .seller = campaign->seller,
                         .trunk = trunk ? trunk : "",
                         .agent = "",
                         .started = col_wall(q, 7),
                         .ringing = col_wall(q, 8),
                         .answered = col_wall(q, 9),
                         .greeting_end = col_wall(q, 10),
                         .bridged = col_wall(q, 11),
                         .agent_end = col_wall(q, 12),
                         .ended = col_wall(q, 13),
                         .sip_code = (uint16_t)col_u64(q, 14),
                         .q850 = (uint16_t)col_u64(q, 15),
                         .cause = (uint8_t)col_u64(q, 16),
                         .outcome = (uint8_t)col_u64(q, 17),
                         .verdict = (uint8_t)col_u64(q, 18),
                         .reason = (uint8_t)col_u64(q, 19),
                         .ended_by = (uint8_t)col_u64(q, 20),
                         .abandoned = col_u64(q, 21) != 0,
                         .early_hangup = col_u64(q, 22) != 0,
                         .live = col_u64(q, 23) != 0,
                         .talk_ms = (uint32_t)col_u64(q, 24),
                         .inbound = col_u64(q, 27) != 0,
                         .label = (uint8_t)col_u64(q, 28)};
  r->open = r->ended.ms == 0;
  if (r->agent_id) r->agent = name_of(agents, r->agent_id)->text;
  if (sqlite3_column_type(q, 25) != SQLITE_NULL) {
    col_text(q, 25, r->disposition, sizeof r->disposition);
    r->wrapup_ms = (uint32_t)col_u64(q, 26);
  }
}

/* ---- dispositions that came after their call had moved to an archive: they lie in a later file than the call ---- */

struct later {
  uint64_t attempt, id;
  uint32_t wrapup_ms;
  char code[9];
};
struct laters {
  struct later *rows;
  size_t count, room;
  uint64_t upto; /* the greatest call of the files before */
};

static int by_call(const void *a, const void *b) {
  const struct later *x = a, *y = b;
  if (x->attempt != y->attempt) return x->attempt < y->attempt ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
}

static int laters_take(void *arg, struct db *conn, const struct archive_part *p, sqlite3_stmt *q) {
  struct laters *l = arg;
  int code = SQLITE_DONE;
  sqlite3_bind_int64(q, 1, (int64_t)l->upto);
  while (l->upto && (code = sqlite3_step(q)) == SQLITE_ROW) {
    if (l->count == l->room) {
      size_t room = l->room ? l->room * 2 : 64;
      struct later *bigger = realloc(l->rows, room * sizeof *bigger);
      if (!bigger) return CAD_ENOMEM;
      l->rows = bigger;
      l->room = room;
    }
    struct later *r = &l->rows[l->count++];
    *r = (struct later){.attempt = col_u64(q, 0), .id = col_u64(q, 1), .wrapup_ms = (uint32_t)col_u64(q, 3)};
    col_text(q, 2, r->code, sizeof r->code);
  }
  sqlite3_stmt *most = NULL;
  if (p && sqlite3_prepare_v2(conn->handle, "SELECT max(id) FROM arc.attempt", -1, &most, NULL) == SQLITE_OK &&
      sqlite3_step(most) == SQLITE_ROW && col_u64(most, 0) > l->upto)
    l->upto = col_u64(most, 0);
  sqlite3_finalize(most);
  return code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

static int laters_load(struct store *s, struct laters *out) {
  static const char SQL[] = "SELECT d.attempt, d.id, d.code, d.wrapup_ms FROM @disposition d WHERE d.attempt<=?1 AND NOT EXISTS(SELECT 1"
                            " FROM @attempt a WHERE a.id=d.attempt)";
  *out = (struct laters){0};
  int r = archives_each(&s->db, SQL, laters_take, out);
  if (out->count) qsort(out->rows, out->count, sizeof *out->rows, by_call);
  return r;
}

static void laters_apply(const struct laters *l, struct call_row *r) {
  size_t low = 0, high = l->count;
  while (low < high) { /* behind the last of this call */
    size_t mid = (low + high) / 2;
    if (l->rows[mid].attempt <= r->attempt_id)
      low = mid + 1;
    else
      high = mid;
  }
  if (low == 0 || l->rows[low - 1].attempt != r->attempt_id) return;
  memcpy(r->disposition, l->rows[low - 1].code, sizeof r->disposition);
  r->wrapup_ms = l->rows[low - 1].wrapup_ms;
}

/* ---- all of them ---- */

struct visit {
  const struct call_filter *f;
  struct names campaigns, agents;
  struct laters laters;
  struct meanings meanings;
  call_row_fn *fn;
  int (*agent_fn)(void *arg, const struct agent_row *r);
  void *arg;
};

static void bind_filter(sqlite3_stmt *q, const struct call_filter *f) {
  sqlite3_bind_text(q, 1, f->campaign, -1, SQLITE_STATIC);
  sqlite3_bind_text(q, 2, f->agent, -1, SQLITE_STATIC);
  if (f->phone) sqlite3_bind_int64(q, 3, (int64_t)f->phone);
  if (f->from.ms) sqlite3_bind_int64(q, 4, f->from.ms);
  if (f->to.ms) sqlite3_bind_int64(q, 5, f->to.ms);
  sqlite3_bind_text(q, 6, f->trunk, -1, SQLITE_STATIC);
}

static int visit_calls(void *arg, struct db *conn, const struct archive_part *p, sqlite3_stmt *q) {
  struct visit *v = arg;
  struct call_row row;
  int r = CAD_OK, code = SQLITE_DONE;
  (void)conn;
  bind_filter(q, v->f);
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    read_row(q, &v->campaigns, &v->agents, &row);
    if (p && v->laters.count) laters_apply(&v->laters, &row);
    meaning_apply(&v->meanings, &row);
    r = v->fn(v->arg, &row);
  }
  return r < 0 ? r : code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

static int visit_begin(struct store *s, const struct call_filter *f, void *arg, struct visit *v) {
  memset(v, 0, sizeof *v);
  v->f = f, v->arg = arg, v->meanings.store = s;
  int r = names_load(s, CAMPAIGN_NAMES, &v->campaigns);
  return r < 0 ? r : names_load(s, AGENT_NAMES, &v->agents);
}

static void visit_end(struct visit *v) {
  free(v->campaigns.rows);
  free(v->agents.rows);
  free(v->laters.rows);
}

/* The columns that the filter asks for, so that the index of numbers is used where one number is meant. */
int store_calls_each(struct store *s, const struct call_filter *f, call_row_fn *fn, void *arg) {
  char sql[1400];
  struct visit v;
  const bool labels = sqlite3_table_column_metadata(s->db.handle, "main", "label", NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
  snprintf(sql, sizeof sql,
           CALL_ROWS
           " WHERE %s AND %s AND %s AND (?4 IS NULL OR a.started>=?4) AND (?5 IS NULL OR a.started<?5) AND (?6 IS NULL OR a.trunk=?6)"
           " ORDER BY a.id",
           labels ? "(SELECT y.truth FROM @label y WHERE y.attempt=a.id)" : "0",
           f->campaign ? "a.campaign=(SELECT id FROM campaign WHERE name=?1)" : "?1 IS NULL",
           f->agent ? "a.agent=(SELECT id FROM agent WHERE name=?2)" : "?2 IS NULL", f->phone ? "a.phone=?3" : "?3 IS NULL");
  int r = visit_begin(s, f, arg, &v);
  v.fn = fn;
  const bool own = s->reader && sqlite3_get_autocommit(s->db.handle);
  if (r >= 0 && own) r = db_exec(&s->db, "BEGIN"); /* names of later dispositions and calls of one instant */
  if (r >= 0) r = laters_load(s, &v.laters);
  if (r >= 0) r = archives_each(&s->db, sql, visit_calls, &v);
  if (own) (void)sqlite3_exec(s->db.handle, "COMMIT", NULL, NULL, NULL);
  visit_end(&v);
  return r;
}

static int visit_agents(void *arg, struct db *conn, const struct archive_part *p, sqlite3_stmt *q) {
  struct visit *v = arg;
  int r = CAD_OK, code = SQLITE_DONE;
  (void)conn, (void)p;
  bind_filter(q, v->f);
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    struct agent_row a = {.id = col_u64(q, 0),
                          .agent_id = col_u64(q, 1),
                          .attempt_id = col_u64(q, 3),
                          .agent = name_of(&v->agents, col_u64(q, 1))->text,
                          .campaign = name_of(&v->campaigns, col_u64(q, 2))->text,
                          .state = (uint8_t)col_u64(q, 4),
                          .from = col_wall(q, 5),
                          .to = col_wall(q, 6)};
    col_text(q, 7, a.reason, sizeof a.reason);
    r = v->agent_fn(v->arg, &a);
  }
  return r < 0 ? r : code == SQLITE_DONE ? CAD_OK : CAD_EIO;
}

int store_agent_rows_each(struct store *s, const struct call_filter *f, int (*fn)(void *arg, const struct agent_row *r), void *arg) {
  struct visit v;
  int r = visit_begin(s, f, arg, &v);
  v.agent_fn = fn;
  if (r >= 0)
    r = archives_each(&s->db,
                      "SELECT l.id, agent, campaign, attempt, state, began, ended, (SELECT p.reason FROM pause_log p WHERE p.id=l.id) FROM "
                      "@agent_log l WHERE"
                      " (?1 IS NULL OR campaign=(SELECT id FROM campaign WHERE name=?1)) AND"
                      " (?2 IS NULL OR agent=(SELECT id FROM agent WHERE name=?2)) AND (?4 IS NULL OR began>=?4) AND"
                      " (?5 IS NULL OR began<?5) ORDER BY l.id",
                      visit_agents, &v);
  visit_end(&v);
  return r;
}
