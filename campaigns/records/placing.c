/* Where the person of a row may be: what the address says and what the number says, as one set of zones and regions.
 *
 * A zone column or a postcode settles a number that may be in several places, these among them; where the number contradicts it
 * the zones of both hold. A state alone is wide: what number and state have in common holds, or, when they have nothing in common,
 * both. Regions are those of the number and those of the address: the rules of both are kept.
 * Source: 12 CFR 1006.6(b)(1), comment 1: conflicting or ambiguous places, a time that is convenient in all of them. */
#include "store_internal.h"
#include <string.h>

enum { ZONES_BYTES = 1400 };

/* The next word of "A&B"; NULL: no more. */
static const char *next_word(const char **rest, char word[64]) {
  const char *p = *rest;
  while (p && *p) {
    size_t n = strcspn(p, "&");
    *rest = p + n + (p[n] == '&');
    if (n > 0 && n < 64) {
      memcpy(word, p, n);
      word[n] = '\0';
      return word;
    }
    p = *rest;
  }
  return NULL;
}

/* Zones of other names may keep the same clock: America/Boise and America/Denver. */
static bool has_zone(struct store *s, const char *list, const char *zone) {
  char word[64];
  uint16_t wanted = zones_find(s->zones, zone);
  for (const char *rest = list; next_word(&rest, word);) {
    if (strcmp(word, zone) == 0) return true;
    uint16_t other = word[0] == '@' ? ZONE_NONE : zones_find(s->zones, word);
    if (wanted != ZONE_NONE && other != ZONE_NONE && zones_alike(s->zones, wanted, other, store_now(s))) return true;
  }
  return false;
}

static bool put(char *to, size_t room, const char *word) {
  size_t used = strlen(to);
  int n = snprintf(to + used, room - used, "%s%s", used ? "&" : "", word);
  return n >= 0 && (size_t)n < room - used;
}

/* Adds the zones of `from`, or its regions. */
static bool put_all(char *to, size_t room, const char *from, bool regions) {
  char word[64];
  bool good = true;
  for (const char *rest = from; good && next_word(&rest, word);)
    if ((word[0] == '@') == regions) good = put(to, room, word);
  return good;
}

static bool within(struct store *s, const char *inner, const char *outer) {
  char word[64];
  for (const char *rest = inner; next_word(&rest, word);)
    if (!has_zone(s, outer, word)) return false;
  return true;
}

static bool put_common(struct store *s, char *to, size_t room, const char *of, const char *with) {
  char word[64];
  bool good = true;
  for (const char *rest = of; good && next_word(&rest, word);)
    if (word[0] != '@' && has_zone(s, with, word)) good = put(to, room, word);
  return good;
}

static bool zones_of(struct store *s, const struct contact_row *row, const char *by_number, char *out, size_t room) {
  char fine[ZONES_BYTES] = "", wide[ZONES_BYTES] = "";
  if (!put_all(fine, sizeof fine, row->zone, false) || !put_all(fine, sizeof fine, row->place, false)) return false;
  if (!put_all(wide, sizeof wide, row->state, false)) return false;
  if (fine[0] && wide[0] && !within(s, fine, wide) && !put_all(fine, sizeof fine, wide, false)) return false; /* they contradict */
  if (fine[0]) {
    bool settled = !by_number || within(s, fine, by_number);
    return put_all(out, room, fine, false) && (settled || put_all(out, room, by_number, false));
  }
  if (wide[0] && by_number) {
    if (!put_common(s, out, room, by_number, wide)) return false;
    if (out[0]) return true;
  }
  return put_all(out, room, wide, false) && put_all(out, room, by_number, false);
}

static uint64_t text_hash(uint64_t h, const char *text) {
  for (; text && *text; text++) h = (h ^ (uint64_t)(unsigned char)*text) * 0x100000001b3u;
  return (h ^ 0xff) * 0x100000001b3u;
}

void placing_forget(struct store *s) { memset(s->placed, 0, sizeof s->placed); }

int place_row(struct store *s, const struct contact_row *row, uint64_t phone, uint32_t *set) {
  char text[2 * ZONES_BYTES] = "";
  const char *by_number = numbering_find(s->numbering, phone), *by_region = s->regions ? numbering_find(s->regions, phone) : NULL;
  if (strchr(row->zone, '&') || strchr(row->zone, '@')) return CAD_EINVAL;
  if (!by_number && !row->zone[0] && !row->place && !row->state) return CAD_ENOENT;
  /* Rows of a list say the same few things again and again. */
  uint64_t key = text_hash(text_hash(text_hash(0xcbf29ce484222325u, row->zone), row->place), row->state);
  struct placed *memo = &s->placed[(key ^ (uintptr_t)by_number >> 4 ^ (uintptr_t)by_region >> 3) % PLACED_MAX];
  if (memo->set_plus_one && memo->key == key && memo->by_number == by_number && memo->by_region == by_region && !row->zone[0]) {
    *set = memo->set_plus_one - 1;
    return CAD_OK;
  }
  if (!zones_of(s, row, by_number, text, sizeof text)) return CAD_EINVAL;
  if (!put_all(text, sizeof text, row->place, true) || !put_all(text, sizeof text, row->state, true)) return CAD_EINVAL;
  size_t used = strlen(text);
  facts_regions_text(s, phone, text + used, sizeof text - used);
  int err = set_find(s, text, set);
  if (err >= 0) *memo = (struct placed){key, by_number, by_region, *set + 1};
  return err;
}
