/* Vectors: a line of words becomes terms, facts and an expectation. */
#include "pack.h"
#include <cadencia/err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000, HOUR_MS = 3600000, MINUTE_MS = 60000, LINE_BYTES = 600, EVENTS = 64, LISTS = 8, CONSENTS = 8 };

struct vector {
  struct gate_terms terms;
  struct gate_facts facts;
  struct gate_event events[EVENTS];
  struct gate_consent consents[CONSENTS];
  struct gate_registry registries[GATE_REGISTRIES_MAX];
  char rule[RULE_ID_MAX];
  enum refusal expected;
  bool has_next;
  struct wall next;
  struct zones *zones;
  struct vector_result *out;
};

static bool wrong(struct vector *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct vector *v, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(v->out->said, sizeof v->out->said, fmt, ap);
  va_end(ap);
  return false;
}

/* "2026-06-03T19:59" in the first zone of the place, with Z in UTC. */
static bool moment(struct vector *v, const char *text, struct wall *out) {
  char date[11], rest[8] = "";
  int64_t day;
  uint16_t minutes;
  size_t n = strlen(text);
  if (n < 16 || text[10] != 'T' || n > 17 || (n == 17 && text[16] != 'Z'))
    return wrong(v, "\"%.30s\" is no time; write 2026-06-03T19:59", text);
  memcpy(date, text, 10), date[10] = '\0';
  memcpy(rest, text + 11, 5), rest[5] = '\0';
  if (!calendar_date(date, &day) || !minutes_parse(rest, &minutes)) return wrong(v, "\"%.30s\" is no time; write 2026-06-03T19:59", text);
  struct wall local = {day * DAY_MS + (int64_t)minutes * MINUTE_MS};
  if (n == 17 || v->facts.place.zone_count == 0) {
    *out = local;
    return true;
  }
  /* The offset before the instant, then the one at it: right but within an hour that the clock shows twice (its first) or never. */
  struct wall guess = wall_add(local, -(int64_t)zones_offset_s(v->zones, v->facts.place.zones[0], wall_add(local, -DAY_MS)) * 1000);
  *out = guess;
  int32_t at = zones_offset_s(v->zones, v->facts.place.zones[0], guess);
  struct wall again = {local.ms - (int64_t)at * 1000};
  if (again.ms != guess.ms && zones_offset_s(v->zones, v->facts.place.zones[0], again) == at) *out = again;
  return true;
}

/* "-3h", "-2d", "-90m" from now, or a time. */
static bool when(struct vector *v, const char *text, struct wall *out) {
  char *end;
  if (text[0] != '-') return moment(v, text, out);
  long n = strtol(text + 1, &end, 10);
  int64_t unit = end[0] == 'h' ? HOUR_MS : end[0] == 'd' ? DAY_MS : end[0] == 'm' ? MINUTE_MS : end[0] == 's' ? 1000 : 0;
  if (unit == 0 || end[1] || n < 0 || n > 100000) return wrong(v, "\"%.30s\" is no moment; write -3h, -2d, -90m, -5s or a time", text);
  *out = wall_add(v->facts.now, -(int64_t)n * unit);
  return true;
}

static bool place(struct vector *v, char *text) {
  char *rest = NULL;
  for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
    struct law_place *p = &v->facts.place;
    if (strchr(word, '/')) {
      uint16_t zone = zones_find(v->zones, word);
      if (zone == ZONE_NONE || p->zone_count == LAW_ZONES_MAX) return wrong(v, "there is no zone \"%.40s\"", word);
      p->zones[p->zone_count++] = zone;
    } else if (strcmp(word, "nowhere") != 0) {
      if (region_parse(word) == 0) return wrong(v, "\"%.20s\" is no region", word);
      place_add_region(p, region_parse(word));
    }
  }
  return true;
}

static bool add_events(struct vector *v, char *list, uint8_t what) {
  char *rest = NULL;
  for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
    struct gate_event e = {.phone = v->facts.phone, .debt = v->facts.debt, .seller = v->facts.seller, .what = what};
    if (v->facts.event_count == EVENTS) return wrong(v, "more than %d events", EVENTS);
    if (!when(v, word, &e.at)) return false;
    e.ended = e.at;
    e.purpose = v->terms.purpose;
    v->events[v->facts.event_count++] = e;
  }
  return true;
}

static bool bit_of(struct vector *v, const struct law_word *words, const char *word, uint8_t *out) {
  unsigned bit = law_word_bit(words, word);
  if (bit == 0) return wrong(v, "\"%.30s\" is unknown", word);
  *out = (uint8_t)bit;
  return true;
}

/* "NAME:DAYS[:listed]", "BASIS:DAYS[:revoked]": days old. */
static bool aged(struct vector *v, char *text, const char *flag, char **name, struct wall *at, bool *flagged) {
  char *rest = NULL, *word = strtok_r(text, ":", &rest), *days = strtok_r(NULL, ":", &rest), *more = strtok_r(NULL, ":", &rest);
  char *end = NULL;
  long n = days ? strtol(days, &end, 10) : -1;
  if (!word || !days || *end || n < 0 || n > 100000 || (more && strcmp(more, flag) != 0))
    return wrong(v, "write NAME:DAYS or NAME:DAYS:%s", flag);
  *name = word;
  *at = wall_add(v->facts.now, -(int64_t)n * DAY_MS);
  *flagged = more != NULL;
  return true;
}

static bool add_registry(struct vector *v, char *text) {
  struct wall at;
  bool listed;
  char *name;
  if (!aged(v, text, "listed", &name, &at, &listed)) return false;
  if (v->facts.registry_count == GATE_REGISTRIES_MAX) return wrong(v, "too many registries");
  struct gate_registry *g = &v->registries[v->facts.registry_count++];
  *g = (struct gate_registry){.as_of = at, .listed = listed};
  snprintf(g->name, sizeof g->name, "%s", name);
  return true;
}

static bool add_consent(struct vector *v, char *text) {
  struct gate_consent c = {.technologies = TECH_ALL, .purposes = PURPOSE_ALL};
  bool revoked;
  char *name;
  if (!aged(v, text, "revoked", &name, &c.granted, &revoked) || !bit_of(v, law_bases, name, &c.bases)) return false;
  if (v->facts.consent_count == CONSENTS) return wrong(v, "too many consents");
  if (revoked) c.revoked = wall_add(v->facts.now, -HOUR_MS);
  v->consents[v->facts.consent_count++] = c;
  return true;
}

static bool key(struct vector *v, const char *name, char *value) {
  static const struct law_word EVENT[] = {{"calls", COUNTS_ATTEMPTS},
                                          {"answers", COUNTS_ATTEMPTS | COUNTS_ANSWERS},
                                          {"talks", COUNTS_ATTEMPTS | COUNTS_ANSWERS | COUNTS_CONVERSATIONS},
                                          {"inbound", COUNTS_CONVERSATIONS},
                                          {"abandoned", COUNTS_ATTEMPTS | COUNTS_ANSWERS | COUNTS_ABANDONED},
                                          {"machines", COUNTS_ATTEMPTS | COUNTS_ANSWERS | COUNTS_MACHINES},
                                          {NULL, 0}};
  unsigned what = law_word_bit(EVENT, name);
  if (what) return add_events(v, value, (uint8_t)what);
  if (strcmp(name, "purpose") == 0) return bit_of(v, law_purposes, value, &v->terms.purpose);
  if (strcmp(name, "tech") == 0) return bit_of(v, law_technologies, value, &v->terms.technology);
  if (strcmp(name, "sector") == 0) return bit_of(v, law_sectors, value, &v->terms.sectors);
  if (strcmp(name, "claim") == 0) return bit_of(v, law_bases, value, &v->terms.bases);
  if (strcmp(name, "registry") == 0) return add_registry(v, value);
  if (strcmp(name, "consent") == 0) return add_consent(v, value);
  if (strcmp(name, "guaranteed") == 0) return (v->terms.guaranteed = value[0] == '1'), true;
  if (strcmp(name, "dnc") == 0) return (v->facts.dnc = value[0] == '1'), true;
  if (strcmp(name, "cli") == 0 && (value[0] == '+' || strcmp(value, "none") == 0))
    return (v->terms.caller_id = value[0] == '+' ? strtoull(value + 1, NULL, 10) : 0), true;
  if (strcmp(name, "next") == 0) return (v->has_next = true), moment(v, value, &v->next);
  /* What follows belongs to another debt, number or seller; "same" goes back. */
  if (strcmp(name, "debt") == 0) return (v->facts.debt = strcmp(value, "other") == 0 ? 8 : 7), true;
  if (strcmp(name, "number") == 0) return (v->facts.phone = strcmp(value, "other") == 0 ? 12025550198 : 12025550199), true;
  if (strcmp(name, "seller") == 0) return (v->facts.seller = strcmp(value, "other") == 0 ? 2 : 1), true;
  return wrong(v, "the key \"%.20s\" is unknown", name);
}

static bool expectation(struct vector *v, const char *word) {
  v->expected = REFUSAL_COUNT;
  if (strcmp(word, "ok") == 0) v->expected = REFUSAL_NONE;
  for (int r = 1; r < REFUSAL_COUNT; r++)
    if (strcmp(refusal_name((enum refusal)r), word) == 0) v->expected = (enum refusal)r;
  return v->expected != REFUSAL_COUNT || wrong(v, "\"%.30s\" is neither ok nor the word of a refusal", word);
}

static void defaults(struct vector *v, struct zones *zones, struct vector_result *out) {
  memset(v, 0, sizeof *v);
  v->zones = zones;
  v->out = out;
  for (int d = 0; d < 7; d++) v->terms.hours.close[d] = 1440;
  v->terms.attempts_max = 1000;
  v->terms.attempts_window_ms = DAY_MS;
  v->terms.purpose = PURPOSE_TELEMARKETING;
  v->terms.caller_id = 12025550100;
  v->facts = (struct gate_facts){.number_good = true, .clock_trusted = true, .campaign_running = true, .lease_valid = true};
  v->facts.phone = 12025550199, v->facts.debt = 7, v->facts.seller = 1;
  v->facts.events = v->events;
  v->facts.consents = v->consents;
  v->facts.registries = v->registries;
}

static bool parse(struct vector *v, const char *line) {
  char copy[LINE_BYTES], *words[40], *rest = NULL;
  int n = 0;
  if (strlen(line) >= sizeof copy) return wrong(v, "the line is too long");
  strcpy(copy, line);
  for (char *word = strtok_r(copy, " \t", &rest); word && n < 40; word = strtok_r(NULL, " \t", &rest)) words[n++] = word;
  if (n < 4) return wrong(v, "a vector is RULE PLACE TIME [key=value]... EXPECTED");
  snprintf(v->rule, sizeof v->rule, "%s", words[0]);
  if (!place(v, words[1]) || !moment(v, words[2], &v->facts.now)) return false;
  /* The purpose comes first wherever it stands: events are made of it. */
  for (int pass = 0; pass < 2; pass++)
    for (int i = 3; i < n - 1; i++) {
      char *equals = strchr(words[i], '=');
      if (!equals) return wrong(v, "\"%.30s\" must be key=value", words[i]);
      if ((strncmp(words[i], "purpose=", 8) == 0) != (pass == 0)) continue;
      *equals = '\0';
      bool good = key(v, words[i], equals + 1);
      *equals = '=';
      if (!good) return false;
    }
  v->facts.debt = 7, v->facts.phone = 12025550199, v->facts.seller = 1;
  return expectation(v, words[n - 1]);
}

void vector_run(const char *line, const struct law *law, struct zones *zones, struct vector_result *out) {
  struct vector *v = malloc(sizeof *v);
  struct ruleset one = {.generation = 1};
  struct rule alone;
  struct law with = *law;
  *out = (struct vector_result){.good = false};
  if (!v) return;
  defaults(v, zones, out);
  if (!parse(v, line)) goto end;
  if (strcmp(v->rule, "*") != 0) {
    const struct rule *r = ruleset_find(law->rules, v->rule);
    if (!r) {
      wrong(v, "there is no rule \"%s\"", v->rule);
      goto end;
    }
    alone = *r;
    alone.on = 1;
    one.rules = &alone, one.count = 1;
    with.rules = &one;
  }
  struct gate_verdict said = gate_decide(&v->terms, &v->facts, &with);
  out->good = said.reason == v->expected && (!v->has_next || said.next.ms == v->next.ms);
  if (!out->good)
    wrong(v, "said %s%s%s%s, next %lld", said.reason ? refusal_name(said.reason) : "ok", said.rule ? " by " : "",
          said.rule ? said.rule->id : "", v->has_next && said.next.ms != v->next.ms ? " at another time" : "", (long long)said.next.ms);
end:
  free(v);
}

int pack_test(const char *path, const struct law *law, struct zones *zones, int *ran, FILE *err) {
  struct schema sc = {.path = path, .err = err};
  config_t file;
  FILE *in = fopen(path, "rb");
  if (!in) return CAD_ENOENT;
  int failed = schema_parse_file(&sc, in, &file);
  fclose(in);
  const config_setting_t *list = failed == CAD_OK ? config_lookup(&file, "vectors") : NULL;
  for (int i = 0; list && i < config_setting_length(list); i++) {
    const char *line = config_setting_get_string_elem(list, i);
    struct vector_result result;
    vector_run(line ? line : "", law, zones, &result);
    ++*ran;
    if (result.good) continue;
    failed++;
    schema_error(&sc, config_setting_get_elem(list, (unsigned)i), "vector \"%s\": %s", line ? line : "", result.said);
  }
  config_destroy(&file);
  return failed;
}
