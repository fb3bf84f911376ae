/* What a campaign template says for the law: countries, trade, technology, basis. */
#include "dialer/local/draft.h"
#include <campaigns/intake.h>
#include <string.h>

static const char *elem(const config_setting_t *s, int i) {
  if (config_setting_type(s) == CONFIG_TYPE_STRING) return i == 0 ? config_setting_get_string(s) : NULL;
  return config_setting_is_array(s) || config_setting_is_list(s) ? config_setting_get_string_elem(s, i) : NULL;
}

static int elems(const config_setting_t *s) { return config_setting_type(s) == CONFIG_TYPE_STRING ? 1 : config_setting_length(s); }

void draft_countries(struct schema *sc, config_setting_t *s, void *base) {
  struct gate_terms *g = &((struct draft *)base)->d.gate;
  for (int i = 0; i < elems(s); i++) {
    const char *text = elem(s, i);
    uint64_t region = text && strlen(text) == 2 ? region_parse(text) : 0;
    if (region == 0 || !phone_home_find(text) || g->country_count == TERMS_COUNTRIES_MAX)
      schema_error(sc, s, "countries holds up to %d countries that are known, two capital letters each; write countries = [\"US\", \"CA\"]",
                   TERMS_COUNTRIES_MAX);
    else
      g->countries[g->country_count++] = region;
  }
}

static uint8_t bits_of(struct schema *sc, config_setting_t *s, const struct law_word *words) {
  unsigned bits = 0;
  char known[200] = "";
  for (const struct law_word *w = words; w->word; w++)
    snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", known[0] ? ", " : "", w->word);
  for (int i = 0; i < elems(s); i++) {
    const char *text = elem(s, i);
    unsigned bit = text ? law_word_bit(words, text) : 0;
    if (bit == 0)
      schema_error(sc, s, "%s: \"%.40s\" is unknown; write one or more of: %s", config_setting_name(s), text ? text : "?", known);
    bits |= bit;
  }
  return (uint8_t)bits;
}

void draft_sector(struct schema *sc, config_setting_t *s, void *base) {
  ((struct draft *)base)->d.gate.sectors = bits_of(sc, s, law_sectors);
}

void draft_technology(struct schema *sc, config_setting_t *s, void *base) {
  ((struct draft *)base)->d.gate.technology = bits_of(sc, s, law_technologies);
}

void draft_basis(struct schema *sc, config_setting_t *s, void *base) {
  uint8_t bits = bits_of(sc, s, law_bases);
  if (bits & (BASIS_CONSENT | BASIS_WRITTEN))
    schema_error(sc, s,
                 "consent is given by each person and stands in the consent ledger; here write contract, inquiry, legitimate_interest or "
                 "legal_duty");
  ((struct draft *)base)->d.gate.bases = bits;
}
