#include <cadencia/err.h>
#include <campaigns/rules.h>
#include <stdlib.h>
#include <string.h>

const struct law_word law_purposes[] = {{"telemarketing", PURPOSE_TELEMARKETING},
                                        {"collections", PURPOSE_COLLECTIONS},
                                        {"survey", PURPOSE_SURVEY},
                                        {"information", PURPOSE_INFORMATION},
                                        {NULL, 0}};
const struct law_word law_technologies[] = {
    {"agent", TECH_AGENT}, {"prerecorded", TECH_PRERECORDED}, {"message_drop", TECH_MESSAGE_DROP}, {NULL, 0}};
const struct law_word law_bases[] = {{"consent", BASIS_CONSENT},
                                     {"written_consent", BASIS_WRITTEN},
                                     {"contract", BASIS_CONTRACT},
                                     {"inquiry", BASIS_INQUIRY},
                                     {"legitimate_interest", BASIS_INTEREST},
                                     {"legal_duty", BASIS_LEGAL},
                                     {NULL, 0}};
const struct law_word law_sectors[] = {{"general", SECTOR_GENERAL},      {"financial", SECTOR_FINANCIAL}, {"telecom", SECTOR_TELECOM},
                                       {"basic_services", SECTOR_BASIC}, {"large", SECTOR_LARGE},         {NULL, 0}};

unsigned law_word_bit(const struct law_word *words, const char *word) {
  for (; words->word; words++)
    if (strcmp(words->word, word) == 0) return words->bit;
  return 0;
}

const char *law_word_text(const struct law_word *words, unsigned bit) {
  for (; words->word; words++)
    if (words->bit & bit) return words->word;
  return "";
}

static const char *const KINDS[RULE_KIND_COUNT] = {"hours", "ban",  "cap",     "dnc",     "registry", "consent",   "caller_id",
                                                   "ring",  "wait", "abandon", "message", "script",   "retention", "note"};

const char *rule_kind_name(enum rule_kind k) { return k >= 0 && k < RULE_KIND_COUNT ? KINDS[k] : "?"; }

int rule_kind_parse(const char *word) {
  for (int i = 0; i < RULE_KIND_COUNT; i++)
    if (strcmp(KINDS[i], word) == 0) return i;
  return CAD_EINVAL;
}

struct ruleset *ruleset_create(void) {
  return calloc(1, sizeof(struct ruleset));
}

struct ruleset *ruleset_destroy(struct ruleset *r) {
  if (r) free(r->rules);
  free(r);
  return NULL;
}

int ruleset_add(struct ruleset *r, const struct rule *rule) {
  if (ruleset_find(r, rule->id)) return CAD_EEXIST;
  if (r->count == RULES_MAX) return CAD_EFULL;
  if (r->count == r->room) {
    int room = r->room ? r->room * 2 : 64;
    struct rule *bigger = realloc(r->rules, (size_t)room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    r->rules = bigger;
    r->room = room;
  }
  r->rules[r->count++] = *rule;
  return CAD_OK;
}

const struct rule *ruleset_find(const struct ruleset *r, const char *id) {
  for (int i = 0; i < r->count; i++)
    if (strcmp(r->rules[i].id, id) == 0) return &r->rules[i];
  return NULL;
}

bool ruleset_knows(const struct ruleset *r, uint64_t country) {
  for (int i = 0; i < r->pack_count; i++)
    if (region_country(region_parse(r->packs[i].jurisdiction)) == country) return true;
  return false;
}
