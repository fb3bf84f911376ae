/* The numbers of a person, tried in their order. */
#include "store_internal.h"

struct number {
  uint64_t phone_id, number;
  uint32_t set;
  uint8_t rank;
  bool dead;
};

static int numbers_of(struct store *s, uint64_t case_id, struct number out[CONTACT_NUMBERS_MAX]) {
  int n = 0, r = 0;
  sqlite3_stmt *q = db_query(&s->db, Q_NUMBER_ALL,
                             "SELECT rank, phone_id, number, zone_set, dead FROM case_number WHERE case_id=? ORDER BY rank", "u", case_id);
  while (n < CONTACT_NUMBERS_MAX && (r = db_step(&s->db, q)) > 0)
    out[n++] = (struct number){.rank = (uint8_t)col_u64(q, 0),
                               .phone_id = col_u64(q, 1),
                               .number = col_u64(q, 2),
                               .set = (uint32_t)col_u64(q, 3) - 1,
                               .dead = col_u64(q, 4) != 0};
  db_done(q);
  return r < 0 ? r : n;
}

/* May it become the number at hand? Not when it is on a list or is the number at hand of somebody else in the campaign. */
static int usable(struct store *s, const struct case_row *c, const struct number *n) {
  const struct campaign_mem *campaign = store_campaign(s, c->campaign);
  int err = CAD_OK;
  if (n->dead || n->set >= s->set_count || !campaign) return 0;
  if (dnc_listed(s, n->number, campaign->seller, c->campaign, &err)) return err;
  sqlite3_stmt *q = db_query(&s->db, Q_NUMBER_FREE, "SELECT 1 FROM case_state WHERE phone=? AND campaign=? AND case_id<>?", "uuu",
                             n->number, c->campaign, c->case_id);
  int r = db_step(&s->db, q);
  db_done(q);
  return r < 0 ? r : r == 0;
}

static int turn_to(struct store *s, struct case_row *c, const struct number *n) {
  uint32_t bucket = c->bucket;
  int err = bucket_for_set(s, c->bucket, n->set, &bucket);
  if (err < 0) return err;
  c->bucket = bucket;
  c->rank = n->rank;
  c->phone = n->number;
  c->phone_id = n->phone_id;
  return db_run(&s->db, Q_CASE_MOVE, "UPDATE case_state SET phone=?, phone_id=?, rank=?, bucket=? WHERE case_id=? AND campaign=?", "uudiuu",
                n->number, n->phone_id, (int)n->rank, (int64_t)bucket, c->case_id, c->campaign);
}

int case_next_number(struct store *s, struct case_row *c, bool dead, struct next_number *out) {
  struct number all[CONTACT_NUMBERS_MAX];
  int good[CONTACT_NUMBERS_MAX], first = -1, after = -1, n, r;
  *out = (struct next_number){.alive = 1, .again = true};
  if (c->numbers <= 1) return CAD_OK;
  if (dead &&
      (r = db_run(&s->db, Q_NUMBER_DEAD, "UPDATE case_number SET dead=1 WHERE case_id=? AND rank=?", "ud", c->case_id, (int)c->rank)) < 0)
    return r;
  if ((n = numbers_of(s, c->case_id, all)) < 0) return n;
  out->alive = 0;
  for (int i = 0; i < n; i++) {
    if ((good[i] = usable(s, c, &all[i])) < 0) return good[i];
    out->alive += good[i];
    if (good[i] && first < 0) first = i;
    if (good[i] && after < 0 && all[i].rank > c->rank) after = i;
  }
  out->again = after < 0;
  const struct number *next = after >= 0 ? &all[after] : first >= 0 ? &all[first] : NULL;
  return next && next->rank != c->rank ? turn_to(s, c, next) : CAD_OK;
}

int case_turn_to(struct store *s, struct case_row *c, uint64_t phone) {
  struct number all[CONTACT_NUMBERS_MAX];
  if (c->phone == phone) return CAD_OK;
  const int n = numbers_of(s, c->case_id, all);
  for (int i = 0; i < n; i++)
    if (all[i].number == phone) {
      const int good = usable(s, c, &all[i]);
      return good < 0 ? good : good ? turn_to(s, c, &all[i]) : CAD_EREFUSED;
    }
  return n < 0 ? n : CAD_ENOENT;
}
