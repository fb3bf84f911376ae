#include "store_internal.h"
#include <string.h>

/* Calls that were launched in the window, by what the law calls them. Of those that seemed served, the ones whose last
 * disposition says machine (codes as abandon_disposed_machine() has them; a partial index names them too).
 * Whoever hangs up in the middle of his own greeting waited for nobody: that spends nothing. */
static void fold(struct store *s, uint64_t campaign, struct campaign_window *w) {
  sqlite3_stmt *q = db_query(&s->db, Q_CAMPAIGN_BUDGET,
                             "SELECT count(*), total(abandoned) FROM attempt WHERE live=1 AND campaign=? AND started>=? AND started<?",
                             "uii", campaign, w->begins.ms, w->ends.ms);
  if (db_step(&s->db, q) > 0) {
    w->abandoned = col_u64(q, 1);
    w->served = col_u64(q, 0) - w->abandoned;
  }
  db_done(q);
  q = db_query(&s->db, Q_BUDGET_EARLY,
               "SELECT count(*) FROM attempt WHERE early_hangup=1 AND campaign=? AND started>=? AND started<?"
               " AND (greeting_end IS NOT NULL OR verdict<>0)",
               "uii", campaign, w->begins.ms, w->ends.ms);
  if (db_step(&s->db, q) > 0) w->early = col_u64(q, 0);
  db_done(q);
  q = db_query(&s->db, Q_BUDGET_MACHINES,
               "SELECT count(*) FROM disposition d JOIN attempt a ON a.id=d.attempt WHERE d.code IN ('A','AA','AM','AL','LM') AND d.at>=?2"
               " AND a.live=1 AND a.abandoned=0 AND a.campaign=?1 AND a.started>=?2 AND a.started<?3"
               " AND d.id=(SELECT max(id) FROM disposition WHERE attempt=a.id)",
               "uii", campaign, w->begins.ms, w->ends.ms);
  if (db_step(&s->db, q) > 0) {
    w->machines = col_u64(q, 0) < w->served ? col_u64(q, 0) : w->served;
    w->served -= w->machines;
  }
  db_done(q);
}

void budget_fill(struct store *s, const struct campaign_mem *c, struct campaign_def *out) {
  struct abandon_rules rules = out->windows;
  struct campaign_terms *t = &out->terms;
  if (rules.count == 0) abandon_rules_default(out->country, t->screening, t->limit_bp, &rules);
  const char *name = out->zone[0] ? out->zone : abandon_zone_default(out->country);
  const uint16_t zone = s->zones ? zones_find(s->zones, name) : (uint16_t)ZONE_NONE;
  t->window_count = 0;
  for (int i = 0; i < rules.count && i < MAIL_WINDOWS_MAX; i++) {
    const struct abandon_rule *r = &rules.rules[i];
    struct campaign_window *w = &t->windows[t->window_count++];
    *w = (struct campaign_window){.kind = r->window, .form = r->form, .limit_bp = r->limit_bp < t->limit_bp ? r->limit_bp : t->limit_bp};
    abandon_window_at((enum abandon_window)r->window, s->zones, zone, c->started, store_now(s), &w->begins, &w->ends);
    if (c->started.ms != 0) fold(s, t->id, w);
  }
}

int store_campaign_windows(struct store *s, uint64_t campaign, struct mail_store_windows *out) {
  const struct campaign_mem *c = store_campaign(s, campaign);
  if (!c) return CAD_ENOENT;
  struct campaign_def def;
  campaign_fill(s, c, &def);
  *out = (struct mail_store_windows){.campaign_id = campaign, .window_count = def.terms.window_count};
  memcpy(out->windows, def.terms.windows, sizeof out->windows);
  return CAD_OK;
}
