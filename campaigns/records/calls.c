#include "store_internal.h"
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

const char *disposition_category(const char *code) {
  static const struct {
    const char *code, *category;
  } KNOWN[] = {{"SALE", "conversion"}, {"PTP", "conversion"},  {"PAID", "conversion"}, {"COMPLETE", "conversion"},
               {"NI", "rpc"},          {"DEC", "rpc"},         {"DISP", "rpc"},        {"XFER", "rpc"},
               {"BPTP", "rpc"},        {"RPC-NP", "rpc"},      {"BK", "rpc"},          {"ATTY", "contact"},
               {"CALLBK", "callback"}, {"CBHOLD", "callback"}, {"DNC", "opt_out"},     {"NP", "contact"},
               {"WN", "contact"},      {"TPC", "contact"},     {"A", "machine"},       {"AA", "machine"},
               {"AM", "machine"},      {"AL", "machine"},      {"LM", "machine"},      {"B", "no_contact"},
               {"N", "no_contact"},    {"NA", "no_contact"},   {"AB", "no_contact"},   {"DC", "unworkable"},
               {"ADC", "unworkable"},  {"FAX", "unworkable"},  {"AFAX", "unworkable"}, {"DAIR", "technical"},
               {"ADAIR", "technical"}};
  for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
    if (strcmp(KNOWN[i].code, code) == 0) return KNOWN[i].category;
  return "";
}

/* ---- rows ---- */

#define CALL_ROWS                                                                                                                          \
  "SELECT a.id, a.case_id, a.phone, a.caller_id, a.campaign, a.agent, a.trunk, a.started, a.ringing, a.answered, a.greeting_end,"          \
  " a.bridged, a.agent_end, a.ended, a.sip_code, a.q850, a.cause, a.outcome, a.verdict, a.verdict_reason, a.ended_by, a.abandoned,"        \
  " a.early_hangup, a.live, a.talk_ms, d.code, d.wrapup_ms, i.inbound FROM attempt a"                                                      \
  " LEFT JOIN interaction i ON i.id=a.interaction"                                                                                         \
  " LEFT JOIN disposition d ON d.id=(SELECT max(id) FROM disposition WHERE attempt=a.id)"

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
                         .inbound = col_u64(q, 27) != 0};
  r->open = r->ended.ms == 0;
  if (r->agent_id) r->agent = name_of(agents, r->agent_id)->text;
  if (sqlite3_column_type(q, 25) != SQLITE_NULL) {
    col_text(q, 25, r->disposition, sizeof r->disposition);
    r->wrapup_ms = (uint32_t)col_u64(q, 26);
  }
  r->category = disposition_category(r->disposition);
}

/* The columns that the filter asks for, so that the index of numbers is used where one number is meant. */
static int prepare(struct store *s, const struct call_filter *f, sqlite3_stmt **q) {
  char sql[1400];
  snprintf(sql, sizeof sql,
           CALL_ROWS
           " WHERE %s AND %s AND %s AND (?4 IS NULL OR a.started>=?4) AND (?5 IS NULL OR a.started<?5) AND (?6 IS NULL OR a.trunk=?6)"
           " ORDER BY a.id",
           f->campaign ? "a.campaign=(SELECT id FROM campaign WHERE name=?1)" : "?1 IS NULL",
           f->agent ? "a.agent=(SELECT id FROM agent WHERE name=?2)" : "?2 IS NULL", f->phone ? "a.phone=?3" : "?3 IS NULL");
  if (sqlite3_prepare_v2(s->db.handle, sql, -1, q, NULL) != SQLITE_OK) return CAD_EIO;
  sqlite3_bind_text(*q, 1, f->campaign, -1, SQLITE_STATIC);
  sqlite3_bind_text(*q, 2, f->agent, -1, SQLITE_STATIC);
  if (f->phone) sqlite3_bind_int64(*q, 3, (int64_t)f->phone);
  if (f->from.ms) sqlite3_bind_int64(*q, 4, f->from.ms);
  if (f->to.ms) sqlite3_bind_int64(*q, 5, f->to.ms);
  sqlite3_bind_text(*q, 6, f->trunk, -1, SQLITE_STATIC);
  return CAD_OK;
}

static int each_here(struct store *s, const struct call_filter *f, struct names *campaigns, struct names *agents, call_row_fn *fn,
                     void *arg) {
  sqlite3_stmt *q = NULL;
  int r = prepare(s, f, &q), code = SQLITE_DONE;
  struct call_row row;
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    read_row(q, campaigns, agents, &row);
    r = fn(arg, &row);
  }
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  sqlite3_finalize(q);
  return r < 0 ? r : CAD_OK;
}

int store_calls_each(struct store *s, const struct call_filter *f, call_row_fn *fn, void *arg) {
  struct names campaigns = {0}, agents = {0};
  int r = names_load(s, CAMPAIGN_NAMES, &campaigns);
  if (r >= 0) r = names_load(s, AGENT_NAMES, &agents);
  if (r >= 0) r = each_here(s, f, &campaigns, &agents, fn, arg);
  free(campaigns.rows);
  free(agents.rows);
  return r;
}

int store_agent_rows_each(struct store *s, const struct call_filter *f, int (*fn)(void *arg, const struct agent_row *r), void *arg) {
  struct names campaigns = {0}, agents = {0};
  sqlite3_stmt *q = NULL;
  int r = names_load(s, CAMPAIGN_NAMES, &campaigns), code = SQLITE_DONE;
  if (r >= 0) r = names_load(s, AGENT_NAMES, &agents);
  if (r >= 0 && sqlite3_prepare_v2(s->db.handle,
                                   "SELECT id, agent, campaign, attempt, state, began, ended FROM agent_log WHERE"
                                   " (?1 IS NULL OR campaign=(SELECT id FROM campaign WHERE name=?1)) AND"
                                   " (?2 IS NULL OR agent=(SELECT id FROM agent WHERE name=?2)) AND (?3 IS NULL OR began>=?3) AND"
                                   " (?4 IS NULL OR began<?4) ORDER BY id",
                                   -1, &q, NULL) != SQLITE_OK)
    r = CAD_EIO;
  if (r >= 0) {
    sqlite3_bind_text(q, 1, f->campaign, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, f->agent, -1, SQLITE_STATIC);
    if (f->from.ms) sqlite3_bind_int64(q, 3, f->from.ms);
    if (f->to.ms) sqlite3_bind_int64(q, 4, f->to.ms);
  }
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    struct agent_row a = {.id = col_u64(q, 0),
                          .agent_id = col_u64(q, 1),
                          .attempt_id = col_u64(q, 3),
                          .agent = name_of(&agents, col_u64(q, 1))->text,
                          .campaign = name_of(&campaigns, col_u64(q, 2))->text,
                          .state = (uint8_t)col_u64(q, 4),
                          .from = col_wall(q, 5),
                          .to = col_wall(q, 6)};
    r = fn(arg, &a);
  }
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  sqlite3_finalize(q);
  free(campaigns.rows);
  free(agents.rows);
  return r < 0 ? r : CAD_OK;
}
