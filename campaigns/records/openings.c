/* When the contacts of a bucket may be called: asked once, remembered until the answer changes. */
#include "store_internal.h"
#include <stdlib.h>

enum { CLOSED_FOR_LONG_MS = 3600000 };

static struct opening_memo *memo_of(struct campaign_mem *c, uint32_t set) {
  if (set >= c->opening_room) {
    uint32_t room = c->opening_room ? c->opening_room : 64;
    while (room <= set) room *= 2;
    struct opening_memo *bigger = realloc(c->openings, room * sizeof *bigger);
    if (!bigger) return NULL;
    for (uint32_t i = c->opening_room; i < room; i++) bigger[i] = (struct opening_memo){0};
    c->openings = bigger;
    c->opening_room = room;
  }
  return &c->openings[set];
}

static void look(struct store *s, const struct campaign_mem *c, uint32_t set, struct wall at, struct opening_memo *m) {
  const struct law_place *p = &s->sets[set].place;
  *m = (struct opening_memo){.from_ms = at.ms, .generation = s->law_generation};
  m->open = opening_allows(&c->def.gate, p, &s->law, at);
  struct wall changes = m->open ? opening_until(&c->def.gate, p, &s->law, at) : opening_next(&c->def.gate, p, &s->law, at);
  m->never = changes.ms == 0;
  m->until_ms = changes.ms > at.ms ? changes.ms : at.ms + CLOSED_FOR_LONG_MS;
}

static const struct opening_memo *remembered(struct store *s, struct campaign_mem *c, uint32_t set, struct wall at,
                                             struct opening_memo *spare) {
  struct opening_memo *m = memo_of(c, set);
  if (!m) m = spare; /* no memory: look each time */
  if (m->generation != s->law_generation || at.ms < m->from_ms || at.ms >= m->until_ms) look(s, c, set, at, m);
  return m;
}

bool set_opens(struct store *s, struct campaign_mem *c, uint32_t set, struct wall now) {
  struct opening_memo spare = {0};
  return remembered(s, c, set, now, &spare)->open;
}

struct wall set_opens_next(struct store *s, struct campaign_mem *c, uint32_t set, struct wall now, struct wall at) {
  struct opening_memo spare = {0};
  const struct opening_memo *m = remembered(s, c, set, now, &spare);
  if (at.ms >= m->from_ms && at.ms < m->until_ms) {
    if (m->open) return at;
    return m->never ? WALL_NONE : (struct wall){m->until_ms};
  }
  return opening_next(&c->def.gate, &s->sets[set].place, &s->law, at);
}

struct wall set_closes(struct store *s, struct campaign_mem *c, uint32_t set, struct wall now) {
  struct opening_memo spare = {0};
  const struct opening_memo *m = remembered(s, c, set, now, &spare);
  return m->open ? (struct wall){m->until_ms} : now;
}

enum refusal set_blocked_by(struct store *s, const struct campaign_mem *c, uint32_t set, struct wall now, const struct rule **rule) {
  const struct law_place *p = &s->sets[set].place;
  *rule = NULL;
  if (p->zone_count == 0) return REFUSAL_ZONE_UNKNOWN;
  for (int i = 0; s->law.rules && i < s->law.rules->count; i++) {
    const struct rule *r = &s->law.rules->rules[i];
    enum day_kind kind;
    if ((r->kind != RULE_HOURS && r->kind != RULE_BAN) || !rule_applies(r, &c->def.gate, p)) continue;
    if (opening_rule_allows(r, &c->def.gate, p, &s->law, now, &kind)) continue;
    if (hours_allow(&c->def.gate.hours, s->zones, p->zones, p->zone_count, now)) *rule = r;
    return !*rule ? REFUSAL_HOURS : kind == DAY_BAN ? REFUSAL_BAN : kind == DAY_HOLIDAY ? REFUSAL_HOLIDAY : REFUSAL_HOURS;
  }
  return REFUSAL_HOURS;
}
