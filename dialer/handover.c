#include "dialer/handover.h"
#include "dialer/base/log.h"
#include "dialer/slots.h"
#include <stdlib.h>
#include <string.h>

enum { HANDOVER_MAGIC = 0x43414431, CHECK_SEED = 0x5bd1e995 };

struct record {
  uint32_t check; /* over what follows; 0: free */
  uint16_t listener, unused;
  struct wide_dialog dialog;
};
struct head {
  uint32_t magic, record_bytes, places, unused;
};
/* What is known of a record without reading it. */
struct place {
  bool used;
  uint8_t state; /* enum dialog_state */
  uint16_t listener;
  uint32_t gen;
};
/* The first `count` records belong to calls and seats, by slot; as many follow for orphans. */
struct handover {
  uint32_t calls_max, count, orphans;
  struct slots file;
  struct place *places; /* 2 * count */
};

static uint32_t check_of(const struct record *r) {
  const unsigned char *p = (const unsigned char *)r + sizeof r->check;
  uint32_t sum = CHECK_SEED;
  for (size_t i = 0; i < sizeof *r - sizeof r->check; i++) sum = (sum ^ p[i]) * 16777619u;
  return sum ? sum : 1;
}

/* What another layout, another program or a torn page left is not believed. */
static bool believed(const struct record *r) { return r->check != 0 && r->check == check_of(r) && wide_dialog_valid(&r->dialog); }

static bool fetch(const struct handover *h, uint32_t i, struct record *r) { return slots_get(&h->file, i, r) && believed(r); }

static void note(struct handover *h, uint32_t i, const struct record *r) {
  h->places[i] = (struct place){true, r->dialog.state, r->listener, r->dialog.leg.gen};
}

/* Whoever dies in the middle leaves a record whose check is wrong. */
static void store(struct handover *h, uint32_t i, struct record *r) {
  r->check = check_of(r);
  slots_put(&h->file, i, r, sizeof *r);
  note(h, i, r);
}

static void clear(struct handover *h, uint32_t i) {
  static const uint32_t FREE;
  slots_put(&h->file, i, &FREE, sizeof FREE);
  h->places[i] = (struct place){0};
}

static void orphan_add(struct handover *h, struct record *r) {
  for (uint32_t i = 0; i < h->count; i++) {
    if (h->places[h->count + i].used) continue;
    r->dialog.leg = (struct leg){LEG_ORPHAN, i, r->dialog.leg.gen};
    store(h, h->count + i, r);
    h->orphans++;
    return;
  }
}

/* The dialogs of another life: ended ones excepted, nobody holds them any more. */
static void read_old(struct handover *h) {
  struct head head;
  struct record r;
  slots_head(&h->file, &head);
  bool ours = head.magic == HANDOVER_MAGIC && head.record_bytes == sizeof r && head.places == h->count;
  for (uint32_t i = 2 * h->count; i-- > 0;) { /* orphans first, so that the free places among them are known */
    uint32_t check = 0;
    bool read = slots_get(&h->file, i, &r);
    if (read) check = r.check;
    if (ours && read && believed(&r)) {
      if (i < h->count) {
        orphan_add(h, &r);
      } else {
        note(h, i, &r);
        h->orphans++;
        continue;
      }
    }
    if (!read || check) clear(h, i);
  }
  head = (struct head){HANDOVER_MAGIC, sizeof r, h->count, 0};
  slots_head_put(&h->file, &head);
}

struct handover *handover_open(const char *path, uint32_t calls_max, uint32_t agents_max) {
  struct handover *h = calloc(1, sizeof *h);
  if (!h) return NULL;
  h->calls_max = calls_max;
  h->count = calls_max + agents_max;
  h->places = calloc((size_t)h->count * 2, sizeof *h->places);
  if (!h->places || slots_open(&h->file, "dialogs", path, sizeof(struct head), sizeof(struct record), 2 * h->count) < 0) {
    free(h->places);
    free(h);
    return NULL;
  }
  read_old(h);
  if (h->orphans) log_warn("daemon", "%u dialogs of before are still open at the far side; they are ended now", h->orphans);
  return h;
}

struct handover *handover_close(struct handover *h) {
  if (!h) return NULL;
  slots_close(&h->file);
  free(h->places);
  free(h);
  return NULL;
}

/* The index of its record; negative: none. */
static int64_t place_of(const struct handover *h, struct leg leg) {
  uint32_t i = leg.role == LEG_CALL ? leg.slot : leg.role == LEG_SEAT ? h->calls_max + leg.slot : h->count + leg.slot;
  bool good = leg.role == LEG_CALL     ? leg.slot < h->calls_max
              : leg.role == LEG_SEAT   ? leg.slot < h->count - h->calls_max
              : leg.role == LEG_ORPHAN ? leg.slot < h->count
                                       : false;
  return good ? (int64_t)i : -1;
}

static void make_orphan(struct handover *h, uint32_t i) {
  struct record r;
  if (fetch(h, i, &r)) orphan_add(h, &r);
  clear(h, i);
}

void handover_keep(struct handover *h, uint16_t listener, const struct wide_dialog *dialog) {
  int64_t at = dialog->leg.role == LEG_ORPHAN ? -1 : place_of(h, dialog->leg);
  if (at < 0) return;
  uint32_t i = (uint32_t)at;
  if (h->places[i].used && h->places[i].gen != dialog->leg.gen) make_orphan(h, i); /* its end was never heard of */
  struct record r;
  memset(&r, 0, sizeof r);
  r.listener = listener;
  r.dialog = *dialog;
  store(h, i, &r);
}

void handover_forget(struct handover *h, struct leg leg) {
  int64_t at = place_of(h, leg);
  if (at < 0 || !h->places[at].used || h->places[at].gen != leg.gen) return;
  clear(h, (uint32_t)at);
  if (leg.role == LEG_ORPHAN) h->orphans--;
}

uint32_t handover_return(struct handover *h, uint16_t listener, const struct handover_calls *calls) {
  struct record r;
  uint32_t sent = 0;
  for (uint32_t i = 0; i < h->count; i++) {
    const struct place *p = &h->places[i];
    if (!p->used || p->listener != listener || !fetch(h, i, &r)) continue;
    if (p->state != DIALOG_CONFIRMED || !calls->wanted(calls->arg, r.dialog.leg)) make_orphan(h, i);
  }
  for (uint32_t i = h->count; h->orphans && i < 2 * h->count; i++)
    if (h->places[i].used && h->places[i].listener == listener && fetch(h, i, &r)) {
      calls->each(calls->arg, SIP_ORPHAN, &r.dialog);
      sent++;
    }
  for (uint32_t i = 0; i < h->count; i++)
    if (h->places[i].used && h->places[i].listener == listener && fetch(h, i, &r)) calls->each(calls->arg, SIP_RESUME, &r.dialog);
  return sent;
}

uint32_t handover_orphans(const struct handover *h) { return h->orphans; }
