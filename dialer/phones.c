#include "dialer/phones.h"
#include "dialer/base/clock.h"
#include "dialer/slots.h"
#include <stdlib.h>
#include <string.h>

struct record {
  uint32_t used; /* the magic of this layout, 0: free */
  uint16_t listener, unused;
  struct wide_binding b;
};
enum { RECORD_MAGIC = 0x50480001 };
/* What is known of a record without reading it. */
struct place {
  uint64_t agent_id; /* 0: free */
  struct wall expires;
  uint16_t listener;
  bool answers;
};
struct phones {
  uint32_t accounts_max, count;
  struct wide_account *accounts;
  uint32_t places_max;
  struct place *places;
  struct slots file;
};

static void note(struct phones *p, uint32_t i, const struct record *r) {
  p->places[i] = (struct place){r->b.agent_id, r->b.expires, r->listener, r->b.answers};
}

static void clear(struct phones *p, uint32_t i) {
  static const uint32_t FREE;
  slots_put(&p->file, i, &FREE, sizeof FREE);
  p->places[i] = (struct place){0};
}

static bool fetch(const struct phones *p, uint32_t i, struct record *r) {
  struct wide w;
  if (!slots_get(&p->file, i, r) || r->used != RECORD_MAGIC) return false;
  wide_make(&w, SIP_BINDING, MONO_NONE)->u.binding = r->b;
  return wide_valid(&w, wide_size(SIP_BINDING)) >= 0;
}

struct phones *phones_open(const char *path, uint32_t agents_max) {
  struct phones *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->accounts_max = agents_max;
  p->places_max = agents_max * PHONES_CONTACTS;
  p->accounts = calloc(agents_max, sizeof *p->accounts);
  p->places = calloc(p->places_max, sizeof *p->places);
  if (!p->accounts || !p->places || slots_open(&p->file, "phones", path, 0, sizeof(struct record), p->places_max) < 0) {
    free(p->accounts);
    free(p->places);
    free(p);
    return NULL;
  }
  for (uint32_t i = 0; i < p->places_max; i++) { /* what another layout left is not believed */
    struct record r = {0};
    if (fetch(p, i, &r))
      note(p, i, &r);
    else if (r.used)
      clear(p, i);
  }
  return p;
}

struct phones *phones_close(struct phones *p) {
  if (!p) return NULL;
  slots_close(&p->file);
  free(p->accounts);
  free(p->places);
  free(p);
  return NULL;
}

bool phones_account(struct phones *p, const struct mail_store_phone *m, struct wide_account *out) {
  uint32_t i = 0;
  while (i < p->count && p->accounts[i].agent_id != m->agent_id) i++;
  memset(out, 0, sizeof *out);
  out->agent_id = m->agent_id;
  out->gone = m->gone;
  memcpy(out->user, m->user, sizeof m->user);
  memcpy(out->ha1_md5, m->ha1_md5, sizeof m->ha1_md5);
  memcpy(out->ha1_sha256, m->ha1_sha256, sizeof m->ha1_sha256);
  if (m->gone) {
    if (i < p->count) p->accounts[i] = p->accounts[--p->count];
    return true;
  }
  if (i == p->accounts_max) return false;
  if (i == p->count) p->count++;
  p->accounts[i] = *out;
  return true;
}

/* Where this contact is kept, else a free place; negative: there is none. */
static int64_t place_of(const struct phones *p, uint16_t listener, const struct wide_binding *b) {
  int64_t place = -1, now = clock_wall().ms;
  struct record r;
  for (uint32_t i = 0; i < p->places_max; i++) {
    const struct place *q = &p->places[i];
    if (q->agent_id && q->agent_id == b->agent_id && q->listener == listener && fetch(p, i, &r) && strcmp(r.b.contact, b->contact) == 0)
      return i;
    if (place < 0 && (q->agent_id == 0 || q->expires.ms <= now)) place = i;
  }
  return place;
}

void phones_bound(struct phones *p, uint16_t listener, const struct wide_binding *b) {
  int64_t place = place_of(p, listener, b);
  if (place < 0) return;
  clear(p, (uint32_t)place); /* whoever dies in the middle leaves nothing half */
  if (b->expires.ms == 0 || b->agent_id == 0) return;
  struct record r;
  memset(&r, 0, sizeof r);
  r.listener = listener;
  r.b = *b;
  slots_put(&p->file, (uint32_t)place, &r, sizeof r);
  r.used = RECORD_MAGIC;
  slots_put(&p->file, (uint32_t)place, &r.used, sizeof r.used);
  note(p, (uint32_t)place, &r);
}

int phones_where(const struct phones *p, uint64_t agent_id, struct wall now) {
  const struct place *best = NULL;
  for (uint32_t i = 0; i < p->places_max; i++) {
    const struct place *q = &p->places[i];
    if (q->agent_id == 0 || q->agent_id != agent_id || !q->answers || q->expires.ms <= now.ms) continue;
    if (!best || q->expires.ms > best->expires.ms) best = q;
  }
  return best ? best->listener : -1;
}

void phones_return(const struct phones *p, uint16_t listener, uint64_t agent_id, struct wall now,
                   void (*each)(void *arg, const struct wide *w), void *arg) {
  struct wide w;
  for (uint32_t i = 0; i < p->count; i++) {
    if (agent_id && p->accounts[i].agent_id != agent_id) continue;
    wide_make(&w, SIP_ACCOUNT, MONO_NONE)->u.account = p->accounts[i];
    each(arg, &w);
  }
  struct record r;
  for (uint32_t i = 0; i < p->places_max; i++) {
    const struct place *q = &p->places[i];
    if (q->agent_id == 0 || q->listener != listener || (agent_id && q->agent_id != agent_id) || q->expires.ms <= now.ms) continue;
    if (!fetch(p, i, &r)) continue;
    wide_make(&w, SIP_BINDING, MONO_NONE)->u.binding = r.b;
    each(arg, &w);
  }
}
