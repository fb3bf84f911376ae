#include "dialer/local/campaign_law.h"

static json_t *words_json(const struct law_word *words, unsigned bits) {
  json_t *list = json_array();
  for (; words->word; words++)
    if (bits & words->bit) json_array_append_new(list, json_string(words->word));
  return list;
}

void campaign_law_json(json_t *out, const struct gate_terms *g) {
  json_t *countries = json_array();
  for (int i = 0; i < g->country_count; i++) {
    char text[REGION_TEXT_MAX];
    region_text(g->countries[i], text);
    json_array_append_new(countries, json_string(text));
  }
  json_object_set_new(out, "countries", countries);
  json_object_set_new(out, "sector", words_json(law_sectors, g->sectors));
  json_object_set_new(out, "technology", words_json(law_technologies, g->technology ? g->technology : TECH_AGENT));
  json_object_set_new(out, "basis", words_json(law_bases, g->bases));
}

static void print_words(FILE *out, const char *head, const struct law_word *words, unsigned bits, const char *none) {
  fprintf(out, "%s", head);
  const char *before = " ";
  for (; words->word; words++)
    if (bits & words->bit) fprintf(out, "%s%s", before, words->word), before = "+";
  if (*before == ' ') fprintf(out, " %s", none);
}

void campaign_law_print(FILE *out, const struct gate_terms *g) {
  fputs("law           countries", out);
  for (int i = 0; i < g->country_count; i++) {
    char text[REGION_TEXT_MAX];
    region_text(g->countries[i], text);
    fprintf(out, " %s", text);
  }
  print_words(out, "; what speaks", law_technologies, g->technology ? g->technology : TECH_AGENT, "");
  print_words(out, "; trade", law_sectors, g->sectors, "not said");
  print_words(out, "; basis", law_bases, g->bases, "the ledger's consents alone");
  fputc('\n', out);
}
