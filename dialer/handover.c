#include "dialer/handover.h"
#include "dialer/base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HANDOVER_MAGIC = 0x43414431, CHECK_SEED = 0x5bd1e995 };

struct record {
  uint32_t check; /* over what follows; 0: free */
  uint16_t listener, unused;
  struct wide_dialog dialog;
};
struct head {
  uint32_t magic, record_bytes, places, unused;
};
/* The first `places` records belong to calls and seats, by slot; as many follow for orphans. */
struct handover {
  uint32_t calls_max, places, orphans;
  struct head *head;
  struct record *records;
  size_t bytes;
};

static uint32_t check_of(const struct record *r) {
  const unsigned char *p = (const unsigned char *)r + sizeof r->check;
  uint32_t sum = CHECK_SEED;
  for (size_t i = 0; i < sizeof *r - sizeof r->check; i++) sum = (sum ^ p[i]) * 16777619u;
  return sum ? sum : 1;
}

static size_t bytes_for(uint32_t places) { return sizeof(struct head) + (size_t)places * 2 * sizeof(struct record); }

static void *map_file(const char *path, size_t bytes) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return MAP_FAILED;
  int err = ftruncate(fd, (off_t)bytes) < 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes);
  void *at = err == 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (err) {
    log_warn("daemon", "%s cannot be reserved (%s): what it keeps would not outlive the daemon", path, strerror(err));
    unlink(path);
  }
  close(fd);
  return at;
}

/* What another layout, another program or a torn page left is not believed. */
static bool believed(const struct record *r) { return r->check != 0 && r->check == check_of(r) && wide_dialog_valid(&r->dialog); }

static void orphan_add(struct handover *h, const struct record *from) {
  for (uint32_t i = 0; i < h->places; i++) {
    struct record *to = &h->records[h->places + i];
    if (to->check) continue;
    *to = *from;
    to->dialog.leg = (struct leg){LEG_ORPHAN, i, from->dialog.leg.gen};
    to->check = check_of(to);
    h->orphans++;
    return;
  }
}

/* The dialogs of another life: ended ones excepted, nobody holds them any more. */
static void read_old(struct handover *h) {
  bool ours = h->head->magic == HANDOVER_MAGIC && h->head->record_bytes == sizeof(struct record) && h->head->places == h->places;
  if (!ours) memset(h->records, 0, h->bytes - sizeof *h->head);
  *h->head = (struct head){HANDOVER_MAGIC, sizeof(struct record), h->places, 0};
  for (uint32_t i = h->places; i < 2 * h->places; i++) {
    struct record *r = &h->records[i];
    if (r->check && !believed(r)) r->check = 0;
    h->orphans += r->check != 0;
  }
  for (uint32_t i = 0; i < h->places; i++) {
    if (believed(&h->records[i])) orphan_add(h, &h->records[i]);
    h->records[i].check = 0;
  }
}

void *handover_map(const char *path, size_t bytes) {
  void *at = path ? map_file(path, bytes) : MAP_FAILED;
  if (at == MAP_FAILED) at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

struct handover *handover_open(const char *path, uint32_t calls_max, uint32_t agents_max) {
  struct handover *h = calloc(1, sizeof *h);
  if (!h) return NULL;
  h->calls_max = calls_max;
  h->places = calls_max + agents_max;
  h->bytes = bytes_for(h->places);
  void *at = handover_map(path, h->bytes);
  if (!at) {
    free(h);
    return NULL;
  }
  h->head = at;
  h->records = (struct record *)(h->head + 1);
  read_old(h);
  if (h->orphans) log_warn("daemon", "%u dialogs of before are still open at the far side; they are ended now", h->orphans);
  return h;
}

struct handover *handover_close(struct handover *h) {
  if (!h) return NULL;
  munmap(h->head, h->bytes);
  free(h);
  return NULL;
}

static struct record *place_of(struct handover *h, struct leg leg) {
  uint32_t i = leg.role == LEG_CALL ? leg.slot : leg.role == LEG_SEAT ? h->calls_max + leg.slot : h->places + leg.slot;
  bool good = leg.role == LEG_CALL     ? leg.slot < h->calls_max
              : leg.role == LEG_SEAT   ? leg.slot < h->places - h->calls_max
              : leg.role == LEG_ORPHAN ? leg.slot < h->places
                                       : false;
  return good ? &h->records[i] : NULL;
}

void handover_keep(struct handover *h, uint16_t listener, const struct wide_dialog *dialog) {
  struct record *r = dialog->leg.role == LEG_ORPHAN ? NULL : place_of(h, dialog->leg);
  if (!r) return;
  if (r->check && r->dialog.leg.gen != dialog->leg.gen) orphan_add(h, r); /* its end was never heard of */
  r->check = 0;                                                           /* whoever dies in the middle leaves nothing half */
  r->listener = listener;
  r->dialog = *dialog;
  r->check = check_of(r);
}

void handover_forget(struct handover *h, struct leg leg) {
  struct record *r = place_of(h, leg);
  if (!r || r->check == 0 || r->dialog.leg.gen != leg.gen) return;
  r->check = 0;
  if (leg.role == LEG_ORPHAN) h->orphans--;
}

uint32_t handover_return(struct handover *h, uint16_t listener, const struct handover_calls *calls) {
  uint32_t sent = 0;
  for (uint32_t i = 0; i < h->places; i++) {
    struct record *r = &h->records[i];
    if (r->check == 0 || r->listener != listener) continue;
    if (r->dialog.state == DIALOG_CONFIRMED && calls->wanted(calls->arg, r->dialog.leg)) continue;
    orphan_add(h, r);
    r->check = 0;
  }
  for (uint32_t i = h->places; h->orphans && i < 2 * h->places; i++)
    if (h->records[i].check && h->records[i].listener == listener) {
      calls->each(calls->arg, SIP_ORPHAN, &h->records[i].dialog);
      sent++;
    }
  for (uint32_t i = 0; i < h->places; i++)
    if (h->records[i].check && h->records[i].listener == listener) calls->each(calls->arg, SIP_RESUME, &h->records[i].dialog);
  return sent;
}

uint32_t handover_orphans(const struct handover *h) { return h->orphans; }
