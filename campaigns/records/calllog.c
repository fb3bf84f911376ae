#include "store_internal.h"

#define LOG_COLUMNS                                                                                                                        \
  "SELECT a.id, a.case_id, a.phone, c.name, a.trunk, g.name, coalesce(i.inbound,0), a.started, a.ringing, a.answered, a.greeting_end, "    \
  "a.bridged, a.ended,"                                                                                                                    \
  " a.sip_code, a.cause, a.outcome, a.verdict, a.verdict_reason, a.ended_by, a.abandoned, a.talk_ms, d.code, d.wrapup_ms, t.reason"        \
  " FROM attempt a JOIN campaign c ON c.id=a.campaign LEFT JOIN interaction i ON i.id=a.interaction LEFT JOIN agent g ON g.id=a.agent "    \
  "LEFT JOIN late t ON t.attempt=a.id"                                                                                                     \
  " LEFT JOIN disposition d ON d.id=(SELECT max(id) FROM disposition WHERE attempt=a.id)"

static void read_row(sqlite3_stmt *q, struct log_row *r) {
  *r = (struct log_row){.attempt_id = col_u64(q, 0),
                        .contact_id = col_u64(q, 1),
                        .phone = col_u64(q, 2),
                        .inbound = col_u64(q, 6) != 0,
                        .started = col_wall(q, 7),
                        .ringing = col_wall(q, 8),
                        .answered = col_wall(q, 9),
                        .greeting_end = col_wall(q, 10),
                        .bridged = col_wall(q, 11),
                        .ended = col_wall(q, 12),
                        .sip_code = (uint16_t)col_u64(q, 13),
                        .cause = (uint8_t)col_u64(q, 14),
                        .outcome = (uint8_t)col_u64(q, 15),
                        .verdict = (uint8_t)col_u64(q, 16),
                        .reason = (uint8_t)col_u64(q, 17),
                        .ended_by = (uint8_t)col_u64(q, 18),
                        .abandoned = (uint8_t)col_u64(q, 19),
                        .talk_ms = (uint32_t)col_u64(q, 20),
                        .wrapup_ms = (uint32_t)col_u64(q, 22),
                        .late_reason = (uint8_t)col_u64(q, 23)};
  col_text(q, 3, r->campaign, sizeof r->campaign);
  col_text(q, 4, r->trunk, sizeof r->trunk);
  col_text(q, 5, r->agent, sizeof r->agent);
  col_text(q, 21, r->disposition, sizeof r->disposition);
  r->open = r->ended.ms == 0;
}

int store_log_each(struct store *s, const struct log_filter *f, int (*row)(void *arg, const struct log_row *r), void *arg) {
  sqlite3_stmt *q = db_query(
      &s->db, Q_LOG,
      LOG_COLUMNS " WHERE (?1 IS NULL OR c.name=?1) AND (?2 IS NULL OR a.started>=?2) AND (?3 IS NULL OR a.started<?3) ORDER BY a.id",
      "tww", f->campaign, f->from, f->to);
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    struct log_row l;
    read_row(q, &l);
    if ((r = row(arg, &l)) < 0) break;
  }
  db_done(q);
  return r;
}
