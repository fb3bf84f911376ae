#include "tzif.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 44, TIMES_MAX = 4096, TYPES_MAX = 256, OFFSET_MAX_S = 26 * 3600 };

struct header {
  uint32_t isutc, isstd, leap, times, types, chars;
  uint8_t version;
};

static uint32_t be32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static uint64_t be64(const uint8_t *p) { return (uint64_t)be32(p) << 32 | be32(p + 4); }

static int header_parse(const uint8_t *data, size_t bytes, struct header *h) {
  if (bytes < HEADER_BYTES || memcmp(data, "TZif", 4) != 0) return CAD_EFORMAT;
  *h = (struct header){be32(data + 20), be32(data + 24), be32(data + 28), be32(data + 32), be32(data + 36), be32(data + 40), data[4]};
  if (h->times > TIMES_MAX || h->types == 0 || h->types > TYPES_MAX || h->leap > 1024 || h->chars > 4096 || h->isutc > TYPES_MAX ||
      h->isstd > TYPES_MAX)
    return CAD_EFORMAT;
  return CAD_OK;
}

static size_t body_bytes(const struct header *h, size_t time_bytes) {
  return h->times * time_bytes + h->times + h->types * 6 + h->chars + h->leap * (time_bytes + 4) + h->isstd + h->isutc;
}

static int transitions_parse(const uint8_t *body, const struct header *h, struct tzif *t) {
  const uint8_t *kinds = body + h->times * 8, *types = kinds + h->times;
  t->count = (int)h->times;
  t->times = calloc(h->times + 1, sizeof *t->times);
  t->offsets_s = calloc(h->times + 1, sizeof *t->offsets_s);
  if (!t->times || !t->offsets_s) return CAD_ENOMEM;
  for (uint32_t i = 0; i < h->types; i++) {
    int32_t offset = (int32_t)be32(types + i * 6);
    if (offset < -OFFSET_MAX_S || offset > OFFSET_MAX_S) return CAD_EFORMAT;
  }
  t->first_offset_s = (int32_t)be32(types); /* type 0 rules before the first change, RFC 8536 §3.2 */
  for (uint32_t i = 0; i < h->times; i++) {
    t->times[i] = (int64_t)be64(body + i * 8);
    if ((i > 0 && t->times[i] <= t->times[i - 1]) || kinds[i] >= h->types) return CAD_EFORMAT;
    t->offsets_s[i] = (int32_t)be32(types + kinds[i] * 6);
  }
  return CAD_OK;
}

int tzif_parse(const uint8_t *data, size_t bytes, struct tzif *out) {
  struct header h;
  struct tzif t = {0};
  if (header_parse(data, bytes, &h) < 0 || h.version < '2') return CAD_EFORMAT;
  size_t skip = HEADER_BYTES + body_bytes(&h, 4);
  if (skip >= bytes || header_parse(data + skip, bytes - skip, &h) < 0) return CAD_EFORMAT;
  data += skip + HEADER_BYTES, bytes -= skip + HEADER_BYTES;
  size_t body = body_bytes(&h, 8);
  if (body + 2 > bytes || data[body] != '\n') return CAD_EFORMAT;
  const char *footer = (const char *)data + body + 1;
  const char *end = memchr(footer, '\n', bytes - body - 1);
  if (!end || tz_rule_parse(footer, (size_t)(end - footer), &t.rule) < 0) return CAD_EFORMAT;
  int err = transitions_parse(data, &h, &t);
  if (err < 0) {
    tzif_clear(&t);
    return err;
  }
  *out = t;
  return CAD_OK;
}

void tzif_clear(struct tzif *t) {
  free(t->times);
  free(t->offsets_s);
  *t = (struct tzif){0};
}

/* Index of the last transition not after utc_s, -1 before the first. */
static int last_before(const struct tzif *t, int64_t utc_s) {
  int low = 0, high = t->count; /* times[low - 1] <= utc_s < times[high] */
  while (low < high) {
    int mid = low + (high - low) / 2;
    if (t->times[mid] <= utc_s)
      low = mid + 1;
    else
      high = mid;
  }
  return low - 1;
}

int32_t tzif_offset_s(const struct tzif *t, int64_t utc_s) {
  int i = last_before(t, utc_s);
  if (i == t->count - 1 && t->rule.present) return tz_rule_offset_s(&t->rule, utc_s);
  return i < 0 ? t->first_offset_s : t->offsets_s[i];
}

int64_t tzif_change_s(const struct tzif *t, int64_t utc_s) {
  int i = last_before(t, utc_s);
  if (i < t->count - 1) return t->times[i + 1];
  return t->rule.present ? tz_rule_change_s(&t->rule, utc_s) : INT64_MAX;
}
