/* What the pacers saw and decided, second by second, for the days that people may ask about.
 *
 * A minute of a campaign is one row: its seconds, each as what differs from the one before, in integers of variable
 * length. The running minutes are in memory; a minute is written when it is over, by store_paced_flush, which the
 * store thread calls when no call waits for it. A crash loses the running minute: nothing is decided by it. */
#include "store_internal.h"
#include <stdlib.h>
#include <string.h>

enum { PAGES = 32, PAGE_SECONDS = 60, FORMAT = 1, SECOND_BYTES_MAX = 512, DROP_AT_ONCE = 16 };
static const int64_t MINUTE_MS = 60000, KEPT_MS = (int64_t)PACED_DAYS * 86400000;

struct paced_page {
  uint64_t campaign;
  int64_t minute; /* since 1970; 0: free */
  unsigned count;
  bool dirty;
  struct mail_store_paced rows[PAGE_SECONDS];
};
struct paced_book {
  struct paced_page pages[PAGES];
};

/* ---- a second as bytes ---- */

#define SECOND(m)                                                                                                                          \
  { offsetof(struct pacer_second, m), sizeof(((struct pacer_second *)0)->m) }
#define WHY(m)                                                                                                                             \
  { offsetof(struct pacer_second, why.m), sizeof(((struct pacer_second *)0)->why.m) }
/* The order is the format: add at the end, and take another FORMAT when one goes. */
static const struct {
  size_t offset, size;
} FIELDS[] = {
    SECOND(decisions),  SECOND(ordered),   SECOND(launched),     SECOND(given_up), SECOND(connected), SECOND(abandoned),  SECOND(early),
    WHY(ready),         WHY(reserved),     WHY(talking),         WHY(wrapup),      WHY(paused),       WHY(ringing),       WHY(dialing),
    WHY(waiting),       WHY(screening),    WHY(inbound_waiting), WHY(answer_bp),   WHY(people_milli), WHY(freeing_milli), WHY(risk_bp),
    WHY(allowed_bp),    WHY(target_bp100), WHY(abandoned),       WHY(live),        WHY(early),        WHY(credit_milli),  WHY(debt_milli),
    WHY(pending_milli), WHY(limit_bp),     WHY(window),          WHY(lines_free),  WHY(rate_free),    WHY(contacts),      WHY(mode),
    WHY(dials),         WHY(bound),        WHY(window_kind)};
enum { FIELD_COUNT = sizeof FIELDS / sizeof FIELDS[0], MAP_BYTES = (FIELD_COUNT + 7) / 8 };

static int64_t field_get(const struct pacer_second *s, unsigned i) {
  uint64_t v = 0;
  const char *at = (const char *)s + FIELDS[i].offset;
  switch (FIELDS[i].size) {
  case 1: v = *(const uint8_t *)at; break;
  case 2: {
    uint16_t x;
    memcpy(&x, at, sizeof x);
    v = x;
    break;
  }
  case 4: {
    uint32_t x;
    memcpy(&x, at, sizeof x);
    v = x;
    break;
  }
  default: memcpy(&v, at, sizeof v); break;
  }
  return (int64_t)v;
}

static void field_set(struct pacer_second *s, unsigned i, int64_t value) {
  char *at = (char *)s + FIELDS[i].offset;
  uint8_t a = (uint8_t)value;
  uint16_t b = (uint16_t)value;
  uint32_t c = (uint32_t)value;
  switch (FIELDS[i].size) {
  case 1: memcpy(at, &a, sizeof a); break;
  case 2: memcpy(at, &b, sizeof b); break;
  case 4: memcpy(at, &c, sizeof c); break;
  default: memcpy(at, &value, sizeof value); break;
  }
}

static size_t put_number(uint8_t *out, uint64_t v) {
  size_t n = 0;
  for (; v >= 0x80; v >>= 7) out[n++] = (uint8_t)(v | 0x80);
  out[n++] = (uint8_t)v;
  return n;
}

static bool get_number(const uint8_t *in, size_t size, size_t *at, uint64_t *out) {
  *out = 0;
  for (unsigned shift = 0; *at < size && shift < 64; shift += 7) {
    uint8_t byte = in[(*at)++];
    *out |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/* Its offset in the minute, the map of what differs from the second before, the differences. */
static size_t second_encode(uint8_t *out, unsigned offset, const struct pacer_second *s, const struct pacer_second *before) {
  uint8_t *map = out + 1;
  size_t n = 1 + MAP_BYTES;
  out[0] = (uint8_t)offset;
  memset(map, 0, MAP_BYTES);
  for (unsigned i = 0; i < FIELD_COUNT; i++) {
    uint64_t d = (uint64_t)field_get(s, i) - (uint64_t)field_get(before, i);
    if (d == 0) continue;
    map[i / 8] = (uint8_t)(map[i / 8] | 1u << i % 8);
    n += put_number(out + n, d << 1 ^ (d >> 63 ? UINT64_MAX : 0)); /* small either way */
  }
  return n;
}

static bool second_decode(const uint8_t *in, size_t size, size_t *at, unsigned *offset, struct pacer_second *s) {
  if (size - *at < 1 + MAP_BYTES) return false;
  const uint8_t *map = in + *at + 1;
  *offset = in[*at];
  *at += 1 + MAP_BYTES;
  for (unsigned i = 0; i < FIELD_COUNT; i++) {
    uint64_t z;
    if (!(map[i / 8] >> i % 8 & 1)) continue;
    if (!get_number(in, size, at, &z)) return false;
    field_set(s, i, (int64_t)((uint64_t)field_get(s, i) + (z >> 1 ^ (z & 1 ? UINT64_MAX : 0))));
  }
  return *offset < PAGE_SECONDS;
}

/* Bytes used; out has PAGE_SECONDS * SECOND_BYTES_MAX. */
static size_t page_encode(const struct paced_page *p, uint8_t *out) {
  struct pacer_second zero = {0};
  const struct pacer_second *before = &zero;
  size_t n = 1;
  out[0] = FORMAT;
  for (unsigned i = 0; i < p->count; i++) {
    n += second_encode(out + n, (unsigned)(p->rows[i].at.ms / 1000 % 60), &p->rows[i].second, before);
    before = &p->rows[i].second;
  }
  return n;
}

static void page_decode(struct paced_page *p, const uint8_t *in, size_t size) {
  struct pacer_second s = {0};
  size_t at = 1;
  unsigned offset;
  p->count = 0;
  if (size < 1 || in[0] != FORMAT) return;
  while (at < size && p->count < PAGE_SECONDS && second_decode(in, size, &at, &offset, &s)) {
    s.at_ms = 0;
    p->rows[p->count++] = (struct mail_store_paced){p->campaign, {p->minute * MINUTE_MS + (int64_t)offset * 1000}, s};
  }
}

/* ---- pages ---- */

static int page_write(struct store *s, struct paced_page *p) {
  uint8_t *bytes = malloc(1 + PAGE_SECONDS * SECOND_BYTES_MAX);
  if (!bytes) return CAD_ENOMEM;
  size_t n = page_encode(p, bytes);
  int err =
      db_run(&s->db, Q_PACED_PUT, "INSERT INTO paced(campaign, minute, seconds) VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET seconds=?3",
             "uib", p->campaign, p->minute, (const void *)bytes, (int)n);
  free(bytes);
  return err;
}

/* What an earlier life of this minute left in the file. */
static void page_read(struct store *s, struct paced_page *p) {
  sqlite3_stmt *q = db_query(&s->db, Q_PACED_GET, "SELECT seconds FROM paced WHERE campaign=? AND minute=?", "ui", p->campaign, p->minute);
  if (db_step(&s->db, q) > 0) page_decode(p, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
  db_done(q);
}

static struct paced_page *page_find(struct store *s, uint64_t campaign, int64_t minute) {
  for (unsigned i = 0; i < PAGES; i++)
    if (s->paced->pages[i].minute == minute && s->paced->pages[i].campaign == campaign) return &s->paced->pages[i];
  return NULL;
}

/* A free page, a written one, or the oldest of all: a disk that takes nothing for so long loses reasons, not calls. */
static struct paced_page *page_new(struct store *s, uint64_t campaign, int64_t minute) {
  struct paced_page *best = &s->paced->pages[0];
  for (unsigned i = 1; i < PAGES; i++) {
    struct paced_page *p = &s->paced->pages[i];
    if (p->dirty != best->dirty ? !p->dirty : p->minute < best->minute) best = p;
  }
  *best = (struct paced_page){.campaign = campaign, .minute = minute};
  page_read(s, best);
  return best;
}

int store_paced_add(struct store *s, const struct mail_store_paced *row) {
  if (row->at.ms <= 0) return CAD_EINVAL;
  if (!s->paced && !(s->paced = calloc(1, sizeof *s->paced))) return CAD_ENOMEM;
  int64_t minute = row->at.ms / MINUTE_MS, second = row->at.ms / 1000;
  struct paced_page *p = page_find(s, row->campaign_id, minute);
  if (!p) p = page_new(s, row->campaign_id, minute);
  if (p->count && p->rows[p->count - 1].at.ms / 1000 >= second) return CAD_OK; /* a clock that went back: what is told stays told */
  if (p->count == PAGE_SECONDS) return CAD_EFULL;
  p->rows[p->count] = *row;
  p->rows[p->count++].at.ms = second * 1000;
  p->dirty = true;
  return CAD_OK;
}

bool store_paced_due(struct store *s) {
  int64_t minute = store_now(s).ms / MINUTE_MS;
  for (unsigned i = 0; s->paced && i < PAGES; i++)
    if (s->paced->pages[i].dirty && s->paced->pages[i].minute != minute) return true;
  return false;
}

int store_paced_flush(struct store *s, bool all) {
  int64_t minute = store_now(s).ms / MINUTE_MS;
  bool own;
  if (!s->paced) return CAD_OK;
  int err = store_enter(s, &own);
  for (unsigned i = 0; err >= 0 && i < PAGES; i++) {
    struct paced_page *p = &s->paced->pages[i];
    if (p->dirty && (all || p->minute != minute)) err = page_write(s, p);
  }
  if (err >= 0)
    err = db_run(&s->db, Q_PACED_DROP, "DELETE FROM paced WHERE id IN (SELECT id FROM paced WHERE minute<? LIMIT ?)", "id",
                 (store_now(s).ms - KEPT_MS) / MINUTE_MS, DROP_AT_ONCE);
  err = store_leave(s, own, err);
  for (unsigned i = 0; err >= 0 && i < PAGES; i++)
    if (all || s->paced->pages[i].minute != minute) s->paced->pages[i].dirty = false;
  return err < 0 ? err : CAD_OK;
}

/* ---- asking ---- */

static int page_tell(const struct paced_page *p, struct wall from, struct wall to, int (*row)(void *, const struct mail_store_paced *),
                     void *arg) {
  for (unsigned i = 0; i < p->count; i++) {
    if (p->rows[i].at.ms < from.ms || p->rows[i].at.ms >= to.ms) continue;
    int err = row(arg, &p->rows[i]);
    if (err < 0) return err;
  }
  return CAD_OK;
}

int store_paced_each(struct store *s, uint64_t campaign_id, struct wall from, struct wall to,
                     int (*row)(void *arg, const struct mail_store_paced *r), void *arg) {
  struct paced_page *p = calloc(1, sizeof *p);
  if (!p) return CAD_ENOMEM;
  int err = CAD_OK;
  for (int64_t minute = from.ms / MINUTE_MS; err >= 0 && minute * MINUTE_MS < to.ms; minute++) {
    const struct paced_page *have = s->paced ? page_find(s, campaign_id, minute) : NULL;
    if (!have) {
      *p = (struct paced_page){.campaign = campaign_id, .minute = minute};
      page_read(s, p);
      have = p;
    }
    err = page_tell(have, from, to, row, arg);
  }
  free(p);
  return err;
}

void paced_free(struct store *s) {
  free(s->paced);
  s->paced = NULL;
}
