#include "store_internal.h"
#include <campaigns/heard.h>
#include <campaigns/report.h>
#include <stdlib.h>
#include <string.h>

/* Abandonment as each rule counts it. Every rule sees the same rows: live, abandoned, and the machines that agents had.
 * Sources: 16 CFR 310.4(b)(4) (30-day periods of a campaign), Ofcom's formula with a reasoned estimate of machines among
 * abandoned calls (days of a campaign), CRTC (calendar months; the rate is the common reading). docs/kpi.md */

struct window {
  uint64_t campaign;
  char name[MAIL_NAME_MAX];
  int rule;
  struct wall from, to;
  int64_t live, abandoned, connected, machines, judged; /* machines: that agents had; judged: that screening dropped */
};
struct sheet {
  const struct zones *zones;
  struct window *windows;
  size_t count, room, last[4];
  struct {
    uint64_t id;
    struct wall started;
    uint32_t limit_bp;
    uint16_t zone;
    int64_t sample, sample_people; /* of machines that somebody listened to */
    int64_t declared_bp;           /* people taken for machines, of all people, as the campaign reasons; 0: it screens nobody */
  } campaigns[CAMPAIGNS_MAX];
  size_t campaign_count;
};
enum { US_TSR, UK_OFCOM, UK_AMD, CA_CRTC, RULES };
static const int64_t PERIOD_MS = 30ll * 86400000;
static const char *const RULE_NAMES[RULES] = {"US_TSR", "UK_OFCOM_2015", "UK_OFCOM_AMD", "CA_CRTC"};

/* By the very function that holds the limit while it dials (law/windows.c), in the campaign's zone. */
static struct window *window_of(struct sheet *s, const struct call_row *r, int rule) {
  static const enum abandon_window KIND[RULES] = {
      [US_TSR] = WINDOW_CAMPAIGN, [UK_OFCOM] = WINDOW_DAY, [UK_AMD] = WINDOW_DAY, [CA_CRTC] = WINDOW_MONTH};
  struct wall from, to, started = WALL_NONE;
  uint16_t zone = ZONE_NONE;
  for (size_t i = 0; i < s->campaign_count; i++)
    if (s->campaigns[i].id == r->campaign_id) started = s->campaigns[i].started, zone = s->campaigns[i].zone;
  abandon_window_at(KIND[rule], s->zones, zone, started, r->started, &from, &to);
  if (rule == US_TSR && (started.ms == 0 || r->started.ms < started.ms)) { /* before its noted start: thirty days on end backwards */
    const int64_t back = started.ms - r->started.ms;
    from = wall_add(started, back > 0 ? -((back + PERIOD_MS - 1) / PERIOD_MS) * PERIOD_MS : r->started.ms / PERIOD_MS * PERIOD_MS);
    to = wall_add(from, PERIOD_MS);
  }
  struct window *w = s->count ? &s->windows[s->last[rule]] : NULL;
  if (w && w->rule == rule && w->campaign == r->campaign_id && w->from.ms == from.ms) return w;
  for (size_t i = s->count; i > 0; i--) {
    w = &s->windows[i - 1];
    if (w->rule == rule && w->campaign == r->campaign_id && w->from.ms == from.ms) {
      s->last[rule] = i - 1;
      return w;
    }
  }
  if (s->count == s->room) {
    size_t room = s->room ? s->room * 2 : 128;
    struct window *bigger = realloc(s->windows, room * sizeof *bigger);
    if (!bigger) return NULL;
    s->windows = bigger;
    s->room = room;
  }
  s->last[rule] = s->count;
  w = &s->windows[s->count++];
  *w = (struct window){.campaign = r->campaign_id, .rule = rule, .from = from, .to = to};
  snprintf(w->name, sizeof w->name, "%s", r->campaign);
  return w;
}

static int fold(void *arg, const struct call_row *r) {
  struct sheet *s = arg;
  int64_t m[MEASURE_COUNT];
  if (r->inbound) return CAD_OK;
  measure_call(r, m);
  for (size_t i = 0; m[M_MACHINES_LABELLED] && i < s->campaign_count; i++)
    if (s->campaigns[i].id == r->campaign_id) s->campaigns[i].sample++, s->campaigns[i].sample_people += m[M_PEOPLE_LOST];
  const bool judged = m[M_MACHINE] || m[M_MESSAGE];
  for (int rule = 0; rule < RULES; rule++) {
    if (!m[M_LIVE] && !(judged && rule == UK_AMD)) continue;
    struct window *w = window_of(s, r, rule);
    if (!w) return CAD_ENOMEM;
    w->judged += judged;
    w->live += m[M_LIVE];
    w->abandoned += m[M_ABANDONED];
    w->connected += m[M_CONNECTED];
    w->machines += m[M_AGENT_MACHINES];
  }
  return CAD_OK;
}

static int order(const void *a, const void *b) {
  const struct window *x = a, *y = b;
  int c = strcmp(x->name, y->name);
  if (c) return c;
  if (x->rule != y->rule) return x->rule - y->rule;
  return x->from.ms < y->from.ms ? -1 : x->from.ms > y->from.ms;
}

/* Ofcom, with screening: abandoned calls and a reasoned estimate of people who were taken for machines, over these and the people
 * whom agents had. The estimate has the source that the budget has while it dials: the sample's share of the calls that screening
 * dropped once LABELS_LEAST were listened to, before that the share of all people that the campaign declares. All multiplied by
 * what makes whole numbers of them, which is returned. */
static int64_t with_false_positives(const struct sheet *s, const struct window *w, struct abandon_line *l) {
  const int64_t people = w->connected - w->machines, unit_bp = 10000;
  int64_t declared_bp = 0;
  l->machines = w->judged;
  for (size_t i = 0; i < s->campaign_count; i++) {
    if (s->campaigns[i].id != w->campaign) continue;
    l->sample = s->campaigns[i].sample, l->sample_people = s->campaigns[i].sample_people;
    declared_bp = s->campaigns[i].declared_bp;
  }
  if (l->sample >= LABELS_LEAST) {
    l->estimate = "sample";
    l->num = w->abandoned * l->sample + l->machines * l->sample_people;
    l->den = l->num + people * l->sample;
    return l->sample;
  }
  l->estimate = declared_bp ? "declared" : "none";
  l->num = w->abandoned * (unit_bp - declared_bp) + (w->abandoned + people) * declared_bp;
  l->den = (w->abandoned + people) * unit_bp;
  return unit_bp;
}

static int tell(const struct sheet *s, const struct window *w, int (*fn)(void *arg, const struct abandon_line *l), void *arg) {
  struct abandon_line l = {.rule = RULE_NAMES[w->rule],
                           .from = w->from,
                           .to = w->to,
                           .live = w->live,
                           .abandoned = w->abandoned,
                           .agent_machines = w->machines,
                           .num = w->abandoned,
                           .den = w->live,
                           .limit_bp = w->rule == CA_CRTC ? 500 : 300,
                           .estimate = ""};
  int64_t times = 1;
  memcpy(l.campaign, w->name, sizeof l.campaign);
  if (w->rule == UK_AMD) times = with_false_positives(s, w, &l);
  for (size_t i = 0; i < s->campaign_count && w->rule == US_TSR; i++)
    if (s->campaigns[i].id == w->campaign && s->campaigns[i].limit_bp) l.limit_bp = s->campaigns[i].limit_bp;
  if (w->rule == UK_OFCOM && w->connected > 0) {
    /* h humans and am machines that agents had, d drops: d' = d - d*am/(h+am) = d*h/(h+am); rate d'/(h+d'), as whole numbers */
    int64_t h = w->connected - w->machines, all = w->connected;
    l.num = w->abandoned * h;
    l.den = h * all + w->abandoned * h;
  }
  int64_t abandoned = w->abandoned, answers = w->live, low;
  const int64_t limit = l.limit_bp;
  if (w->rule == UK_OFCOM && w->connected > 0) answers = w->connected + w->abandoned;
  if (w->rule == UK_AMD) abandoned = (2 * l.num + times) / (2 * times), answers = (2 * l.den + times) / (2 * times);
  wilson_bp(abandoned, answers, &low, &l.up_to_bp);
  /* An abandoned call is one more live answer too. */
  if (limit < 10000) l.credit_milli = (limit * answers - 10000 * abandoned) * 1000 / (10000 - limit);
  l.within = abandon_within((uint64_t)l.num, (uint64_t)l.den, l.limit_bp);
  return fn(arg, &l);
}

static int know_campaigns(struct store *s, struct sheet *sheet) {
  sqlite3_stmt *q = NULL;
  if (sqlite3_prepare_v2(s->db.handle,
                         "SELECT id, started, json_extract(def,'$.limit_bp'), json_extract(def,'$.zone'), country,"
                         " json_extract(def,'$.screening')*coalesce(json_extract(def,'$.fp_bp'),0) FROM campaign ORDER BY id",
                         -1, &q, NULL) != SQLITE_OK)
    return CAD_EIO;
  while (sqlite3_step(q) == SQLITE_ROW && sheet->campaign_count < CAMPAIGNS_MAX) {
    size_t i = sheet->campaign_count++;
    sheet->campaigns[i].id = col_u64(q, 0);
    sheet->campaigns[i].started = col_wall(q, 1);
    sheet->campaigns[i].limit_bp = (uint32_t)sqlite3_column_int(q, 2);
    const char *zone = (const char *)sqlite3_column_text(q, 3), *country = (const char *)sqlite3_column_text(q, 4);
    sheet->campaigns[i].declared_bp = sqlite3_column_int(q, 5);
    if (!zone || !zone[0]) zone = abandon_zone_default(country ? country : "");
    sheet->campaigns[i].zone = s->zones ? zones_find(s->zones, zone) : (uint16_t)ZONE_NONE;
  }
  sqlite3_finalize(q);
  return CAD_OK;
}

int report_abandonment(struct store *s, const struct call_filter *f, int (*fn)(void *arg, const struct abandon_line *l), void *arg) {
  struct sheet *sheet = calloc(1, sizeof *sheet);
  if (!sheet) return CAD_ENOMEM;
  sheet->zones = s->zones;
  int r = know_campaigns(s, sheet);
  if (r >= 0) r = store_calls_each(s, f, fold, sheet);
  if (r >= 0 && sheet->count) qsort(sheet->windows, sheet->count, sizeof *sheet->windows, order);
  for (size_t i = 0; r >= 0 && i < sheet->count; i++) r = tell(sheet, &sheet->windows[i], fn, arg);
  free(sheet->windows);
  free(sheet);
  return r < 0 ? r : CAD_OK;
}
