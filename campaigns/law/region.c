#include <campaigns/rules.h>
#include <string.h>

/* "US-FL" is the bytes U S F L, first byte highest, in 40 bits; "*" and "EU" are what they say. */
enum { ANY = '*' };

static bool upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool word(char c) { return upper(c) || (c >= '0' && c <= '9'); }

uint64_t region_parse(const char *text) {
  size_t n = strlen(text);
  if (strcmp(text, "*") == 0) return ANY;
  if (n < 2 || n > 6 || n == 3 || !upper(text[0]) || !upper(text[1]) || (n > 3 && text[2] != '-')) return 0;
  uint64_t region = (uint64_t)text[0] << 32 | (uint64_t)text[1] << 24;
  for (size_t i = 3; i < n; i++) {
    if (!word(text[i])) return 0;
    region |= (uint64_t)(unsigned char)text[i] << (8 * (5 - i));
  }
  return region;
}

void region_text(uint64_t region, char out[REGION_TEXT_MAX]) {
  size_t n = 0;
  if (region == ANY) {
    memcpy(out, "*", 2);
    return;
  }
  for (int i = 0; i < 5; i++) {
    char c = (char)(region >> (8 * (4 - i)) & 0xff);
    if (!c) break;
    if (i == 2) out[n++] = '-';
    out[n++] = c;
  }
  out[n] = '\0';
}

uint64_t region_country(uint64_t region) { return region & 0xffff000000u; }

static bool in_union(uint64_t country) {
  static const char MEMBERS[] = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK";
  for (const char *m = MEMBERS; *m; m += 2)
    if (country == ((uint64_t)m[0] << 32 | (uint64_t)m[1] << 24)) return true;
  return false;
}

bool region_covers(uint64_t wide, uint64_t candidate) {
  if (wide == ANY || wide == candidate) return true;
  if (wide == ((uint64_t)'E' << 32 | (uint64_t)'U' << 24)) return in_union(region_country(candidate));
  uint64_t country = region_country(wide);
  return country == region_country(candidate) && (wide == country || candidate == country);
}

static void remove_country(struct law_place *p, uint64_t country) {
  int kept = 0;
  for (int i = 0; i < p->region_count; i++)
    if (region_country(p->regions[i]) != country) p->regions[kept++] = p->regions[i];
  p->region_count = kept;
}

void place_add_region(struct law_place *p, uint64_t region) {
  uint64_t country = region_country(region);
  bool part = false;
  if (region == 0 || country == 0) return;
  for (int i = 0; i < p->region_count; i++) {
    if (p->regions[i] == region) return;
    part |= region_country(p->regions[i]) == country && p->regions[i] != country;
  }
  if (region == country && part) return; /* a part says more than the whole */
  if (region != country)
    for (int i = 0; i < p->region_count; i++)
      if (p->regions[i] == country) {
        p->regions[i] = region;
        return;
      }
  if (p->region_count == PLACE_REGIONS_MAX) { /* so many parts: the whole country, which is stricter */
    remove_country(p, country);
    region = country;
  }
  if (p->region_count < PLACE_REGIONS_MAX)
    p->regions[p->region_count++] = region;
  else
    p->region_count = 0; /* nobody is in so many countries: not known */
}
