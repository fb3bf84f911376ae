#include "spool.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAIL_BYTES = 1 << 20, NO_NUMBER = 0 };

struct key {
  uint64_t number; /* NO_NUMBER: not a good row */
  uint32_t index;
};
struct spool {
  FILE *file;           /* NULL until memory does not do */
  uint64_t flushed;     /* bytes that are in the file */
  char *tail, *scratch; /* what comes after them; one row that is read */
  size_t tail_used, tail_room, scratch_room;
  uint32_t count;
  uint64_t *offsets; /* [SPOOL_ROWS + 1] */
  uint64_t *numbers; /* [SPOOL_ROWS] */
};

/* What is written of a row, then its texts and cells. */
struct head {
  uint64_t line, phone, others[CONTACT_NUMBERS_MAX - 1];
  const char *place, *state; /* live longer than the spool */
  uint32_t order, raw_bytes;
  int32_t why, cells;
  struct wall granted, expires;
  uint16_t name, external_id, zone, extra, reason, source, text;
  uint8_t segment, bases, undated;
};

int spool_create(struct spool **out) {
  struct spool *s = calloc(1, sizeof *s);
  if (s) {
    s->offsets = calloc(SPOOL_ROWS + 1, sizeof *s->offsets);
    s->numbers = calloc(SPOOL_ROWS, sizeof *s->numbers);
    s->tail = malloc(TAIL_BYTES);
    s->tail_room = TAIL_BYTES;
  }
  if (!s || !s->offsets || !s->numbers || !s->tail) {
    spool_destroy(s);
    return CAD_ENOMEM;
  }
  *out = s;
  return CAD_OK;
}

struct spool *spool_destroy(struct spool *s) {
  if (!s) return NULL;
  if (s->file) fclose(s->file);
  free(s->offsets);
  free(s->numbers);
  free(s->tail);
  free(s->scratch);
  free(s);
  return NULL;
}

void spool_clear(struct spool *s) {
  s->count = 0;
  s->flushed = 0;
  s->tail_used = 0;
}

uint32_t spool_count(const struct spool *s) { return s->count; }

static int write_all(int fd, const char *data, size_t n, uint64_t at) {
  while (n > 0) {
    ssize_t k = pwrite(fd, data, n, (off_t)at);
    if (k <= 0) return CAD_EIO;
    data += k;
    n -= (size_t)k;
    at += (uint64_t)k;
  }
  return CAD_OK;
}

static int flush(struct spool *s) {
  if (!s->file && !(s->file = tmpfile())) return CAD_EIO;
  int r = write_all(fileno(s->file), s->tail, s->tail_used, s->flushed);
  if (r < 0) return r;
  s->flushed += s->tail_used;
  s->tail_used = 0;
  return CAD_OK;
}

static int need(char **buffer, size_t *room, size_t bytes) {
  if (bytes <= *room) return CAD_OK;
  char *bigger = realloc(*buffer, bytes);
  if (!bigger) return CAD_ENOMEM;
  *buffer = bigger;
  *room = bytes;
  return CAD_OK;
}

int spool_put(struct spool *s, const struct spooled *row) {
  const struct contact_row *c = &row->row;
  bool good = row->why < 0;
  struct head h = {.line = row->line, .why = row->why, .cells = row->cells, .raw_bytes = (uint32_t)(row->raw ? row->raw_bytes : 0)};
  if (good) {
    h.phone = c->phone;
    memcpy(h.others, c->others, sizeof h.others);
    h.place = c->place;
    h.state = c->state;
    h.order = c->order;
    h.segment = c->segment;
    h.name = (uint16_t)strlen(c->name);
    h.external_id = (uint16_t)strlen(c->external_id);
    h.zone = (uint16_t)strlen(c->zone);
    h.extra = (uint16_t)strlen(c->extra);
    h.undated = row->consent_undated;
    h.bases = c->consent.bases;
    h.granted = c->consent.granted;
    h.expires = c->consent.expires;
    h.source = (uint16_t)(h.bases ? strlen(c->consent.source) : 0);
    h.text = (uint16_t)(h.bases ? strlen(c->consent.text) : 0);
  } else {
    h.reason = (uint16_t)strlen(row->reason);
  }
  size_t bytes = sizeof h + h.name + h.external_id + h.zone + h.extra + h.reason + h.source + h.text + h.raw_bytes;
  if (s->count == SPOOL_ROWS) return CAD_EFULL;
  int r = s->tail_used + bytes > TAIL_BYTES ? flush(s) : CAD_OK;
  if (r >= 0) r = need(&s->tail, &s->tail_room, s->tail_used + bytes);
  if (r < 0) return r;
  s->offsets[s->count] = s->flushed + s->tail_used;
  s->numbers[s->count++] = h.phone;
  const struct {
    const void *data;
    size_t n;
  } PARTS[] = {{&h, sizeof h},         {c->name, h.name},       {c->external_id, h.external_id}, {c->zone, h.zone},
               {c->extra, h.extra},    {row->reason, h.reason}, {c->consent.source, h.source},   {c->consent.text, h.text},
               {row->raw, h.raw_bytes}};
  for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
    if (PARTS[i].n) memcpy(s->tail + s->tail_used, PARTS[i].data, PARTS[i].n);
    s->tail_used += PARTS[i].n;
  }
  s->offsets[s->count] = s->flushed + s->tail_used;
  return CAD_OK;
}

static const char *text(const char *from, size_t n, char *to) {
  memcpy(to, from, n);
  to[n] = 0;
  return from + n;
}

int spool_get(struct spool *s, uint32_t index, struct spooled *out) {
  uint64_t at = s->offsets[index];
  size_t bytes = (size_t)(s->offsets[index + 1] - at);
  const char *p = s->tail + (at - s->flushed);
  if (at < s->flushed) {
    int r = need(&s->scratch, &s->scratch_room, bytes);
    if (r < 0) return r;
    if (pread(fileno(s->file), s->scratch, bytes, (off_t)at) != (ssize_t)bytes) return CAD_EIO;
    p = s->scratch;
  }
  struct head h;
  memcpy(&h, p, sizeof h);
  p += sizeof h;
  struct contact_row *c = &out->row;
  out->line = h.line;
  out->why = h.why;
  out->cells = h.cells;
  c->phone = h.phone;
  memcpy(c->others, h.others, sizeof c->others);
  c->place = h.place;
  c->state = h.state;
  c->order = h.order;
  c->segment = h.segment;
  p = text(p, h.name, c->name);
  p = text(p, h.external_id, c->external_id);
  p = text(p, h.zone, c->zone);
  p = text(p, h.extra, c->extra);
  p = text(p, h.reason, out->reason);
  p = text(p, h.source, c->consent.source);
  p = text(p, h.text, c->consent.text);
  out->consent_undated = h.undated;
  c->consent.bases = h.bases;
  c->consent.granted = h.granted;
  c->consent.expires = h.expires;
  out->raw = h.raw_bytes ? p : NULL;
  out->raw_bytes = h.raw_bytes;
  return CAD_OK;
}

static int by_number(const void *a, const void *b) {
  const struct key *x = a, *y = b;
  if (x->number != y->number) return x->number < y->number ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

uint32_t spool_by_number(const struct spool *s, uint32_t *out) {
  struct key *keys = malloc((s->count + 1) * sizeof *keys);
  uint32_t n = 0;
  if (!keys) { /* without memory in the order of the file: slower, the same */
    for (uint32_t i = 0; i < s->count; i++)
      if (s->numbers[i] != NO_NUMBER) out[n++] = i;
    return n;
  }
  for (uint32_t i = 0; i < s->count; i++)
    if (s->numbers[i] != NO_NUMBER) keys[n++] = (struct key){s->numbers[i], i};
  qsort(keys, n, sizeof *keys, by_number);
  for (uint32_t i = 0; i < n; i++) out[i] = keys[i].index;
  free(keys);
  return n;
}
