/* What the gate must know of a number: its place, its past, its consents, the lists it is on. */
#include "store_internal.h"
#include <string.h>

/* The set that the import stored, and what the number itself says today. */
void facts_place(struct store *s, uint64_t phone, uint32_t set, struct law_place *out) {
  const char *by_number = s->regions ? numbering_find(s->regions, phone) : NULL;
  *out = set < s->set_count ? s->sets[set].place : (struct law_place){.zone_count = 0};
  while (by_number && *by_number) {
    char word[REGION_TEXT_MAX] = "";
    size_t n = strcspn(by_number, "&");
    if (n < sizeof word) memcpy(word, by_number, n);
    place_add_region(out, region_parse(word));
    by_number += n + (by_number[n] == '&');
  }
}

void facts_zones(struct store *s, uint64_t phone, struct law_place *out) {
  const char *zones = numbering_find(s->numbering, phone);
  for (; zones && *zones; zones += *zones == '&') {
    char name[64] = "";
    size_t n = strcspn(zones, "&");
    if (n < sizeof name) memcpy(name, zones, n);
    uint16_t zone = zones_find(s->zones, name);
    if (zone == ZONE_NONE || out->zone_count == LAW_ZONES_MAX) {
      out->zone_count = 0;
      return;
    }
    out->zones[out->zone_count++] = zone;
    zones += n;
  }
}

void facts_regions_text(struct store *s, uint64_t phone, char *out, size_t room) {
  struct law_place p;
  size_t used = 0;
  facts_place(s, phone, UINT32_MAX, &p);
  out[0] = '\0';
  for (int i = 0; i < p.region_count; i++) {
    char text[REGION_TEXT_MAX];
    region_text(p.regions[i], text);
    if (used + REGION_TEXT_MAX + 3 > room) {
      out[0] = '\0';
      return;
    }
    used += (size_t)snprintf(out + used, room - used, "&@%s", text);
  }
}

uint64_t facts_debt(const char *external_id) {
  uint64_t h = 0xcbf29ce484222325u;
  if (!external_id || !*external_id) return 0;
  for (; *external_id; external_id++) h = (h ^ (uint64_t)(unsigned char)*external_id) * 0x100000001b3u;
  return h ? h : 1;
}

static uint8_t purpose_of(struct store *s, uint64_t campaign) {
  const struct campaign_mem *c = store_campaign(s, campaign);
  return c ? c->def.gate.purpose : 0;
}

static void add_event(struct gate_facts *f, struct fact_room *room, const struct gate_event *e) {
  if (f->event_count == FACT_EVENTS_MAX)
    f->events_cut = true;
  else
    room->events[f->event_count++] = *e;
}

/* Calls to and from one number since `from`, by all sellers: whose they are is in each. A caller is no attempt of ours, but a
 * conversation once he was served. What becomes of a call that is not over nobody knows yet. */
static int attempts_to(struct store *s, uint64_t phone, uint64_t only_seller, struct wall from, struct gate_facts *f) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_EVENTS,
               "SELECT a.started, a.ended, a.seller, a.campaign, a.answered, a.bridged, a.abandoned, a.outcome, w.external_id, a.zone_set"
               " FROM attempt a LEFT JOIN work_case w ON w.id=a.case_id WHERE a.phone=?1 AND (?2=0 OR a.seller=?2) AND a.started>?3",
               "uui", phone, only_seller, from.ms);
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    f->on_the_line |= col_wall(q, 1).ms == 0;
    bool came = col_u64(q, 9) == 0;
    struct gate_event e = {.at = col_wall(q, 0), .ended = col_wall(q, 1), .phone = phone, .seller = col_u64(q, 2)};
    e.purpose = purpose_of(s, col_u64(q, 3));
    if (!came) e.what = COUNTS_ATTEMPTS;
    if (!came && col_wall(q, 4).ms) e.what |= COUNTS_ANSWERS;
    if (col_wall(q, 5).ms) e.what |= COUNTS_CONVERSATIONS;
    if (!came && col_u64(q, 6)) e.what |= COUNTS_ABANDONED;
    if (!came && (col_u64(q, 7) == OUTCOME_MACHINE || col_u64(q, 7) == OUTCOME_SCREENING || col_u64(q, 7) == OUTCOME_MESSAGE_LEFT))
      e.what |= COUNTS_MACHINES;
    e.debt = facts_debt((const char *)sqlite3_column_text(q, 8));
    if (e.what) add_event(f, s->fact_room, &e);
  }
  db_done(q);
  return r;
}

static void add_number(struct gate_facts *f, uint64_t number, uint64_t out[FACT_PHONES_MAX], int *n) {
  for (int i = 0; i < *n; i++)
    if (out[i] == number) return;
  if (number == f->phone) return;
  if (*n == FACT_PHONES_MAX)
    f->events_cut = true; /* what was said over the others is not known */
  else
    out[(*n)++] = number;
}

/* The other numbers by which the seller may reach this person: those of the person's row, and those that stand beside this one in any
 * contact, since a list may bring known numbers together with new ones. */
static int other_numbers(struct store *s, uint64_t phone_id, struct gate_facts *f, uint64_t out[FACT_PHONES_MAX], int *n) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_PERSON_PHONES,
               "SELECT o.number FROM phone p JOIN phone o ON o.person=p.person AND o.seller=p.seller WHERE p.id=?1 AND o.id<>p.id UNION ALL"
               " SELECT m.number FROM case_number n JOIN work_case k ON k.id=n.case_id AND k.seller=?3 JOIN case_number m"
               " ON m.case_id=n.case_id WHERE n.number=?2",
               "uuu", phone_id, f->phone, f->seller);
  int r;
  *n = 0;
  while ((r = db_step(&s->db, q)) > 0) add_number(f, col_u64(q, 0), out, n);
  db_done(q);
  return r;
}

static int external_id(struct store *s, uint64_t case_id, uint64_t *debt) {
  sqlite3_stmt *q = db_query(&s->db, Q_CASE_DEBT, "SELECT external_id FROM work_case WHERE id=?", "u", case_id);
  int r = db_step(&s->db, q);
  if (r > 0) *debt = facts_debt((const char *)sqlite3_column_text(q, 0));
  db_done(q);
  return r;
}

/* As far back as the longest window of any rule. */
struct wall facts_horizon(const struct store *s, struct wall now) {
  int64_t most = DAY_MS;
  for (int i = 0; s->law.rules && i < s->law.rules->count; i++) {
    const struct rule *r = &s->law.rules->rules[i];
    if (r->kind != RULE_CAP || !r->on) continue;
    int64_t hours = (int64_t)r->u.cap.hours * 3600000, days = ((int64_t)r->u.cap.days + 2) * DAY_MS;
    most = hours > most ? hours : most;
    most = days > most ? days : most;
  }
  return wall_add(now, -most - DAY_MS); /* an event is measured by its end, and may be a day long */
}

static int own_attempts(struct store *s, const struct campaign_mem *c, struct gate_facts *f) {
  struct wall from = wall_add(f->now, -c->def.gate.attempts_window_ms);
  sqlite3_stmt *q =
      db_query(&s->db, Q_CAP, "SELECT count(*), min(started) FROM attempt WHERE phone=? AND seller=? AND started>? AND zone_set>0", "uui",
               f->phone, c->seller, from.ms);
  int r = db_step(&s->db, q);
  if (r > 0) {
    f->attempts = (uint32_t)col_u64(q, 0);
    f->oldest_attempt = col_wall(q, 1);
  }
  db_done(q);
  return r;
}

int facts_gather(struct store *s, const struct campaign_mem *c, uint64_t case_id, uint64_t phone_id, struct gate_facts *f) {
  uint64_t others[FACT_PHONES_MAX];
  int n = 0, err = CAD_OK, r;
  f->seller = c->seller;
  f->events = s->fact_room->events;
  f->event_count = 0;
  f->dnc = dnc_listed(s, f->phone, c->seller, c->def.terms.id, &err);
  if (err < 0) return err;
  if ((r = own_attempts(s, c, f)) < 0) return r;
  if (!s->law.rules) return CAD_OK;
  struct wall from = facts_horizon(s, f->now);
  if ((r = external_id(s, case_id, &f->debt)) < 0) return r;
  if ((r = attempts_to(s, f->phone, 0, from, f)) < 0) return r;
  if ((r = other_numbers(s, phone_id, f, others, &n)) < 0) return r;
  for (int i = 0; i < n; i++)
    if ((r = attempts_to(s, others[i], c->seller, from, f)) < 0) return r;
  if ((r = consents_gather(s, f->phone, c->seller, f)) < 0) return r;
  f->registries = s->fact_room->registries;
  f->registry_count = store_registries(s, f->phone, s->fact_room->registries);
  return CAD_OK;
}
