#include "pack.h"
#include <cadencia/err.h>
#include <string.h>

static const struct schema_key RULE_KEYS[] = {
    {"id", SCHEMA_TEXT, true, PLACE(rule_draft, rule.id), 3, 0, "\"US-HOURS\"", NULL},
    {"kind", SCHEMA_TEXT, true, PLACE(rule_draft, kind), 2, 0, "\"hours\"", NULL},
    {"region", SCHEMA_TEXT, false, PLACE(rule_draft, region), 1, 0, "\"US-FL\"", NULL},
    {"purpose", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"telemarketing\"]", draft_purposes},
    {"technology", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"prerecorded\"]", draft_technologies},
    {"sector", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"financial\"]", draft_sectors},
    {"from", SCHEMA_TEXT, false, PLACE(rule_draft, from), 10, 10, "\"2025-09-01\"", NULL},
    {"until", SCHEMA_TEXT, false, PLACE(rule_draft, until), 10, 10, "\"2027-01-31\"", NULL},
    {"citation", SCHEMA_TEXT, true, PLACE(rule_draft, rule.citation), 3, 0, "\"16 CFR 310.4(c)\"", NULL},
    {"level", SCHEMA_TEXT, true, PLACE(rule_draft, rule.level), 1, 2, "\"V2\"", NULL},
    {"on", SCHEMA_FLAG, true, PLACE(rule_draft, on), 0, 0, "true", NULL},
    {"text", SCHEMA_TEXT, false, PLACE(rule_draft, rule.text), 0, 0, "\"what people should know\"", NULL},
    {"hours", SCHEMA_OWN, false, 0, 0, 0, 0, "( { days = \"mon-fri\"; open = \"09:00\"; close = \"21:00\"; } )", draft_windows},
    {"holidays", SCHEMA_TEXT, false, PLACE(rule_draft, holidays), 3, 0, "\"off\"", NULL},
    {"calls", SCHEMA_WHOLE, false, PLACE(rule_draft, cap.calls), 1, 500, "3", NULL},
    {"window_h", SCHEMA_WHOLE, false, PLACE(rule_draft, cap.hours), 1, 24 * 366, "24", NULL},
    {"window_days", SCHEMA_WHOLE, false, PLACE(rule_draft, cap.days), 1, 366, "7", NULL},
    {"counts", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"attempts\"]", draft_counts},
    {"per", SCHEMA_TEXT, false, PLACE(rule_draft, per), 3, 0, "\"number\"", NULL},
    {"scope", SCHEMA_TEXT, false, PLACE(rule_draft, scope), 3, 0, "\"seller\"", NULL},
    {"unless_agent_waits", SCHEMA_FLAG, false, PLACE(rule_draft, cap.unless_guaranteed), 0, 0, "true", NULL},
    {"lists", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"TPS\", \"CTPS\"]", draft_lists},
    {"max_age_days", SCHEMA_WHOLE, false, PLACE(rule_draft, registry.max_age_days), 1, 3660, "31", NULL},
    {"basis", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"consent\"]", draft_bases},
    {"renew_months", SCHEMA_WHOLE, false, PLACE(rule_draft, consent.renew_months), 1, 600, "24", NULL},
    {"forbid", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"+346\"]", draft_forbid},
    {"require", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"+34400\"]", draft_require},
    {"needed", SCHEMA_FLAG, false, PLACE(rule_draft, caller.needed), 0, 0, "true", NULL},
    {"value", SCHEMA_WHOLE, false, PLACE(rule_draft, value), 0, INT64_C(1) << 40, "15000", NULL},
    LAST_KEY};

static const struct schema_key PACK_KEYS[] = {{"id", SCHEMA_TEXT, true, PLACE(pack, name), 2, 0, "\"us-federal\"", NULL},
                                              {"title", SCHEMA_TEXT, true, PLACE(pack, title), 3, 0, "\"United States, federal\"", NULL},
                                              {"jurisdiction", SCHEMA_TEXT, true, PLACE(pack, jurisdiction), 1, 0, "\"US\"", NULL},
                                              {"version", SCHEMA_WHOLE, true, PLACE(pack, version), 1, 99999999, "20261121", NULL},
                                              LAST_KEY};

/* What file-reading knows. */
struct reading {
  struct ruleset *out;
  struct pack pack;
};
struct reading_arg {
  struct reading *r;
};

static void read_rule(struct schema *sc, config_setting_t *group, struct reading *r) {
  struct rule_draft d = {.rule = {.purposes = PURPOSE_ALL, .from = INT64_MIN, .until = INT64_MAX}, .value = -1};
  unsigned before = sc->errors;
  memcpy(d.region, r->pack.jurisdiction, sizeof d.region);
  schema_read(sc, group, RULE_KEYS, &d);
  if (sc->errors != before) return;
  memcpy(d.rule.pack, r->pack.name, sizeof d.rule.pack);
  d.rule.version = r->pack.version;
  d.rule.on = d.on;
  draft_finish(sc, group, &d);
  if (sc->errors != before) return;
  switch (ruleset_add(r->out, &d.rule)) {
  case CAD_OK: r->pack.rules++; break;
  case CAD_EEXIST: schema_error(sc, group, "the rule \"%s\" is there already; give it an id of its own", d.rule.id); break;
  default: schema_error(sc, group, "there are more than %d rules; take packs out of the folder", RULES_MAX); break;
  }
}

static void own_pack(struct schema *sc, config_setting_t *s, void *base) {
  struct reading *r = ((struct reading_arg *)base)->r;
  schema_read(sc, s, PACK_KEYS, &r->pack);
  if (sc->errors == 0 && region_parse(r->pack.jurisdiction) == 0)
    schema_error(sc, s, "jurisdiction \"%s\" is no region; write \"US\", \"US-FL\", \"EU\" or \"*\"", r->pack.jurisdiction);
}

static void own_rules(struct schema *sc, config_setting_t *s, void *base) {
  struct reading *r = ((struct reading_arg *)base)->r;
  if (!config_setting_is_list(s)) {
    schema_error(sc, s, "rules must be a list of groups; write rules = ( { id = \"...\"; ... }, ... );");
    return;
  }
  if (!r->pack.name[0]) {
    schema_error(
        sc, s, "pack must stand before rules; write pack = { id = \"us\"; title = \"...\"; jurisdiction = \"US\"; version = 20261121; };");
    return;
  }
  for (int i = 0; i < config_setting_length(s); i++) read_rule(sc, config_setting_get_elem(s, (unsigned)i), r);
}

static void own_vectors(struct schema *sc, config_setting_t *s, void *base) {
  struct reading *r = ((struct reading_arg *)base)->r;
  bool texts = config_setting_is_array(s) || config_setting_is_list(s);
  for (int i = 0; texts && i < config_setting_length(s); i++) texts = config_setting_get_string_elem(s, i) != NULL;
  if (!texts || config_setting_length(s) > VECTORS_MAX)
    schema_error(sc, s,
                 "vectors must be a list of up to %d texts; write vectors = ( \"US-HOURS US-NY,America/New_York 2026-06-03T20:59 ok\" );",
                 VECTORS_MAX);
  else
    r->pack.vectors = config_setting_length(s);
}

static const struct schema_key FILE_KEYS[] = {{"pack", SCHEMA_OWN, true, 0, 0, 0, 0, NULL, own_pack},
                                              {"rules", SCHEMA_OWN, true, 0, 0, 0, 0, NULL, own_rules},
                                              {"vectors", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_vectors},
                                              LAST_KEY};

static uint64_t hash_of(FILE *in) {
  uint64_t h = 0xcbf29ce484222325u;
  for (int c; (c = getc(in)) != EOF;) h = (h ^ (uint64_t)c) * 0x100000001b3u;
  rewind(in);
  return h;
}

int pack_read(const char *path, struct ruleset *out, FILE *err) {
  struct schema sc = {.path = path, .err = err};
  struct reading r = {.out = out};
  struct reading_arg arg = {&r};
  config_t file;
  FILE *in = fopen(path, "rb");
  if (!in) {
    if (err) fprintf(err, "%s:1: the file cannot be read; look at its name and rights\n", path);
    return CAD_ENOENT;
  }
  r.pack.hash = hash_of(in);
  int e = schema_parse_file(&sc, in, &file);
  fclose(in);
  if (e == CAD_OK) {
    schema_read(&sc, config_root_setting(&file), FILE_KEYS, &arg);
    if (sc.errors == 0 && out->pack_count == PACKS_MAX)
      schema_error(&sc, NULL, "there are %d packs already; take some out of the folder", PACKS_MAX);
    if (sc.errors) e = CAD_EFORMAT;
  }
  config_destroy(&file);
  if (e == CAD_OK) out->packs[out->pack_count++] = r.pack;
  return e;
}
