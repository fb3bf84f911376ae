#include "dialer/phones.h"
#include "dialer/base/clock.h"
#include "dialer/handover.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct record {
  uint32_t used; /* the magic of this layout, 0: free */
  uint16_t listener, unused;
  struct wide_binding b;
};
enum { RECORD_MAGIC = 0x50480001 };
struct phones {
  uint32_t accounts_max, places, count;
  struct wide_account *accounts;
  struct record *records;
  size_t bytes;
};

struct phones *phones_open(const char *path, uint32_t agents_max) {
  struct phones *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->accounts_max = agents_max;
  p->places = agents_max * PHONES_CONTACTS;
  p->bytes = (size_t)p->places * sizeof(struct record);
  p->accounts = calloc(agents_max, sizeof *p->accounts);
  p->records = p->accounts ? handover_map(path, p->bytes) : NULL;
  if (!p->records) {
    free(p->accounts);
    free(p);
    return NULL;
  }
  for (uint32_t i = 0; i < p->places; i++) { /* what another layout left is not believed */
    struct wide w;
    struct record *r = &p->records[i];
    if (r->used == 0) continue;
    wide_make(&w, SIP_BINDING, MONO_NONE)->u.binding = r->b;
    if (r->used != RECORD_MAGIC || wide_valid(&w, wide_size(SIP_BINDING)) < 0) r->used = 0;
  }
  return p;
}

struct phones *phones_close(struct phones *p) {
  if (!p) return NULL;
  munmap(p->records, p->bytes);
  free(p->accounts);
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

void phones_bound(struct phones *p, uint16_t listener, const struct wide_binding *b) {
  struct record *place = NULL;
  int64_t now = clock_wall().ms;
  for (uint32_t i = 0; i < p->places; i++) {
    struct record *r = &p->records[i];
    bool same = r->used && r->b.agent_id == b->agent_id && r->listener == listener && strcmp(r->b.contact, b->contact) == 0;
    if (same) {
      place = r;
      break;
    }
    if (!place && (!r->used || r->b.expires.ms <= now)) place = r;
  }
  if (!place) return;
  place->used = 0;
  if (b->expires.ms == 0) return;
  place->listener = listener;
  place->b = *b;
  place->used = RECORD_MAGIC;
}

int phones_where(const struct phones *p, uint64_t agent_id, struct wall now) {
  const struct record *best = NULL;
  for (uint32_t i = 0; i < p->places; i++) {
    const struct record *r = &p->records[i];
    if (!r->used || r->b.agent_id != agent_id || !r->b.answers || r->b.expires.ms <= now.ms) continue;
    if (!best || r->b.expires.ms > best->b.expires.ms) best = r;
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
  for (uint32_t i = 0; i < p->places; i++) {
    const struct record *r = &p->records[i];
    if (!r->used || r->listener != listener || (agent_id && r->b.agent_id != agent_id) || r->b.expires.ms <= now.ms) continue;
    wide_make(&w, SIP_BINDING, MONO_NONE)->u.binding = r->b;
    each(arg, &w);
  }
}
