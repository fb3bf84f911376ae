/* The lists of a rule, and what each kind of rule must hold. */
#include "pack.h"
#include <stdlib.h>
#include <string.h>

unsigned days_parse(const char *text) {
  static const char *const DAYS[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  size_t n = strlen(text);
  int from = -1, to = -1;
  if (n != 3 && !(n == 7 && text[3] == '-')) return 0;
  for (int i = 0; i < 7; i++) {
    if (strncmp(text, DAYS[i], 3) == 0) from = i;
    if (strncmp(text + n - 3, DAYS[i], 3) == 0) to = i;
  }
  if (from < 0 || to < 0) return 0;
  unsigned bits = 0;
  for (int i = from;; i = (i + 1) % 7) {
    bits |= 1u << i;
    if (i == to) return bits;
  }
}

bool minutes_parse(const char *text, uint16_t *out) {
  unsigned h, m;
  char end;
  if (strspn(text, "0123456789:") != strlen(text) || sscanf(text, "%2u:%2u%c", &h, &m, &end) != 2 || m > 59 || h * 60 + m > 1440)
    return false;
  *out = (uint16_t)(h * 60 + m);
  return true;
}

static const char *elem(const config_setting_t *s, int i) {
  return config_setting_is_array(s) || config_setting_is_list(s) ? config_setting_get_string_elem(s, i) : NULL;
}

/* A list of words into bits. */
static unsigned bits_of(struct schema *sc, config_setting_t *s, const struct law_word *words) {
  unsigned bits = 0;
  char known[160] = "";
  for (const struct law_word *w = words; w->word; w++)
    snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", known[0] ? ", " : "", w->word);
  if (config_setting_length(s) < 1) schema_error(sc, s, "%s must be a list of words of: %s", config_setting_name(s), known);
  for (int i = 0; i < config_setting_length(s); i++) {
    const char *word = elem(s, i);
    unsigned bit = word ? law_word_bit(words, word) : 0;
    if (bit == 0) schema_error(sc, s, "%s: \"%.40s\" is unknown; write one of: %s", config_setting_name(s), word ? word : "?", known);
    bits |= bit;
  }
  return bits;
}

void draft_purposes(struct schema *sc, config_setting_t *s, void *base) {
  ((struct rule_draft *)base)->rule.purposes = (uint8_t)bits_of(sc, s, law_purposes);
}
void draft_technologies(struct schema *sc, config_setting_t *s, void *base) {
  ((struct rule_draft *)base)->rule.technologies = (uint8_t)bits_of(sc, s, law_technologies);
}
void draft_sectors(struct schema *sc, config_setting_t *s, void *base) {
  ((struct rule_draft *)base)->rule.sectors = (uint8_t)bits_of(sc, s, law_sectors);
}
void draft_bases(struct schema *sc, config_setting_t *s, void *base) {
  ((struct rule_draft *)base)->bases = (uint8_t)bits_of(sc, s, law_bases);
}

void draft_counts(struct schema *sc, config_setting_t *s, void *base) {
  static const struct law_word COUNTS[] = {{"attempts", COUNTS_ATTEMPTS},           {"answers", COUNTS_ANSWERS},
                                           {"conversations", COUNTS_CONVERSATIONS}, {"abandoned", COUNTS_ABANDONED},
                                           {"machines", COUNTS_MACHINES},           {NULL, 0}};
  ((struct rule_draft *)base)->cap.counts = (uint8_t)bits_of(sc, s, COUNTS);
}

void draft_lists(struct schema *sc, config_setting_t *s, void *base) {
  struct rule_registry *r = &((struct rule_draft *)base)->registry;
  for (int i = 0; i < config_setting_length(s); i++) {
    const char *name = elem(s, i);
    size_t n = name ? strlen(name) : 0;
    if (n < 2 || n >= RULE_LIST_NAME_MAX || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != n || r->count == RULE_LISTS_MAX)
      schema_error(sc, s, "lists holds up to %d names of capital letters, digits, '-' and '_', up to %d long; write lists = [\"TPS\"]",
                   RULE_LISTS_MAX, RULE_LIST_NAME_MAX - 1);
    else
      memcpy(r->names[r->count++], name, n + 1);
  }
}

static int prefixes(struct schema *sc, config_setting_t *s, uint64_t out[RULE_PREFIXES_MAX]) {
  int count = 0;
  for (int i = 0; i < config_setting_length(s); i++) {
    const char *text = elem(s, i);
    size_t n = text ? strlen(text) : 0;
    if (n < 2 || n > 13 || text[0] != '+' || strspn(text + 1, "0123456789") != n - 1 || text[1] == '0' || count == RULE_PREFIXES_MAX)
      schema_error(sc, s, "%s holds up to %d beginnings of international numbers; write [\"+34400\"]", config_setting_name(s),
                   RULE_PREFIXES_MAX);
    else
      out[count++] = strtoull(text + 1, NULL, 10);
  }
  return count;
}
void draft_forbid(struct schema *sc, config_setting_t *s, void *base) {
  struct rule_caller *c = &((struct rule_draft *)base)->caller;
  c->forbid_count = prefixes(sc, s, c->forbid);
}
void draft_require(struct schema *sc, config_setting_t *s, void *base) {
  struct rule_caller *c = &((struct rule_draft *)base)->caller;
  c->require_count = prefixes(sc, s, c->require);
}

/* ---- hours: up to two windows a day, days that are not named are closed ---- */

struct window_text {
  char days[12], open[8], close[8];
};
static const struct schema_key WINDOW_KEYS[] = {{"days", SCHEMA_TEXT, true, PLACE(window_text, days), 3, 0, "\"mon-fri\"", NULL},
                                                {"open", SCHEMA_TEXT, true, PLACE(window_text, open), 4, 0, "\"09:00\"", NULL},
                                                {"close", SCHEMA_TEXT, true, PLACE(window_text, close), 4, 0, "\"20:00\"", NULL},
                                                LAST_KEY};

static void add_window(struct schema *sc, config_setting_t *group, struct rule_hours *h) {
  struct window_text w = {{0}, {0}, {0}};
  unsigned before = sc->errors;
  uint16_t open, close;
  schema_read(sc, group, WINDOW_KEYS, &w);
  if (sc->errors != before) return;
  unsigned days = days_parse(w.days);
  if (!days) {
    schema_error(sc, group, "days \"%s\" is not understood; write \"mon\", \"mon-fri\" or \"sat-sun\"", w.days);
  } else if (!minutes_parse(w.open, &open) || !minutes_parse(w.close, &close) || open >= close) {
    schema_error(sc, group, "open \"%s\" must be before close \"%s\", both as hours and minutes to \"24:00\"", w.open, w.close);
  } else {
    for (int d = 0; d < 7; d++) {
      if (!(days & (1u << d))) continue;
      int i = h->open[d][0] == h->close[d][0] ? 0 : 1;
      if (h->open[d][i] != h->close[d][i]) {
        schema_error(sc, group, "a day has more than %d windows; put them together", RULE_WINDOWS);
        return;
      }
      h->open[d][i] = open;
      h->close[d][i] = close;
    }
  }
}

void draft_windows(struct schema *sc, config_setting_t *s, void *base) {
  struct rule_draft *d = base;
  d->has_hours = true;
  if (!config_setting_is_list(s)) {
    schema_error(sc, s, "hours must be a list of groups; write hours = ( { days = \"mon-fri\"; open = \"09:00\"; close = \"21:00\"; } )");
    return;
  }
  for (int i = 0; i < config_setting_length(s); i++) add_window(sc, config_setting_get_elem(s, (unsigned)i), &d->hours);
}

/* ---- what each kind must hold ---- */

static int word_of(const char *const *words, const char *word) {
  for (int i = 0; words[i]; i++)
    if (strcmp(words[i], word) == 0) return i;
  return -1;
}

static void finish_hours(struct schema *sc, config_setting_t *at, struct rule_draft *d) {
  static const char *const HOLIDAYS[] = {"as_day", "off", "as_sunday", NULL};
  int h = d->holidays[0] ? word_of(HOLIDAYS, d->holidays) : HOLIDAYS_AS_DAY;
  if (!d->has_hours)
    schema_error(sc, at, "a rule of kind hours needs hours = ( { days = \"mon-fri\"; open = \"09:00\"; close = \"21:00\"; } )");
  if (h < 0) schema_error(sc, at, "holidays \"%s\" is unknown; write \"as_day\", \"off\" or \"as_sunday\"", d->holidays);
  d->hours.holidays = (uint8_t)(h < 0 ? 0 : h);
  d->rule.u.hours = d->hours;
}

static void finish_cap(struct schema *sc, config_setting_t *at, struct rule_draft *d) {
  static const char *const PER[] = {"number", "person", "debt", "subject", NULL}, *const SCOPE[] = {"seller", "box", NULL};
  int per = d->per[0] ? word_of(PER, d->per) : PER_NUMBER, scope = d->scope[0] ? word_of(SCOPE, d->scope) : 0;
  if (d->cap.calls == 0 || d->cap.counts == 0 || (d->cap.hours == 0 && d->cap.days == 0))
    schema_error(sc, at, "a rule of kind cap needs calls = 3; counts = [\"attempts\"]; and window_h = 24; or window_days = 7;");
  if (per < 0) schema_error(sc, at, "per \"%s\" is unknown; write \"number\", \"person\", \"debt\" or \"subject\"", d->per);
  if (scope < 0) schema_error(sc, at, "scope \"%s\" is unknown; write \"seller\" or \"box\"", d->scope);
  d->cap.per = (uint8_t)(per < 0 ? 0 : per);
  d->cap.whole_box = scope == 1;
  d->rule.u.cap = d->cap;
}

static void finish_value(struct schema *sc, config_setting_t *at, struct rule_draft *d, bool needed) {
  if (needed && d->value < 0)
    schema_error(sc, at, "a rule of kind %s needs value = NUMBER (ring and wait: ms; abandon: hundredths of a percent; retention: years)",
                 d->kind);
  d->rule.u.value = d->value < 0 ? 0 : d->value;
}

static void finish_kind(struct schema *sc, config_setting_t *at, struct rule_draft *d) {
  switch ((enum rule_kind)d->rule.kind) {
  case RULE_HOURS: finish_hours(sc, at, d); break;
  case RULE_CAP: finish_cap(sc, at, d); break;
  case RULE_REGISTRY:
    if (d->registry.count == 0 || d->registry.max_age_days == 0)
      schema_error(sc, at, "a rule of kind registry needs lists = [\"NAME\"] and max_age_days = 31;");
    d->registry.unless = d->bases;
    d->rule.u.registry = d->registry;
    break;
  case RULE_CONSENT:
    if (d->bases == 0) schema_error(sc, at, "a rule of kind consent needs basis = [\"consent\"]");
    d->consent.bases = d->bases;
    d->consent.technologies = d->rule.technologies ? d->rule.technologies : (uint8_t)TECH_ALL;
    d->rule.u.consent = d->consent;
    break;
  case RULE_CALLER_ID:
    if (!d->caller.needed && d->caller.forbid_count + d->caller.require_count == 0)
      schema_error(sc, at, "a rule of kind caller_id needs needed = true, forbid = [\"+346\"] or require = [\"+34400\"]");
    d->rule.u.caller = d->caller;
    break;
  case RULE_RING:
  case RULE_WAIT:
  case RULE_ABANDON:
  case RULE_RETENTION: finish_value(sc, at, d, true); break;
  case RULE_MESSAGE:
  case RULE_SCRIPT:
  case RULE_NOTE: finish_value(sc, at, d, false); break;
  default: break;
  }
}

void draft_finish(struct schema *sc, config_setting_t *at, struct rule_draft *d) {
  static const char *const LEVELS[] = {"V1", "V2", "V3", "R", "P", NULL};
  int kind = rule_kind_parse(d->kind);
  if (kind < 0) {
    schema_error(sc, at,
                 "kind \"%s\" is unknown; write hours, ban, cap, dnc, registry, consent, caller_id, ring, wait, abandon, message, script, "
                 "retention or note",
                 d->kind);
    return;
  }
  d->rule.kind = (uint8_t)kind;
  d->rule.region = region_parse(d->region);
  if (d->rule.region == 0) schema_error(sc, at, "region \"%s\" is none; write \"US\", \"US-FL\", \"EU\" or \"*\"", d->region);
  if (d->from[0] && !calendar_date(d->from, &d->rule.from)) schema_error(sc, at, "from \"%s\" is no date; write \"2025-09-01\"", d->from);
  if (d->until[0] && !calendar_date(d->until, &d->rule.until))
    schema_error(sc, at, "until \"%s\" is no date; write \"2027-01-31\"", d->until);
  if (d->rule.from >= d->rule.until) schema_error(sc, at, "from must be before until");
  if (word_of(LEVELS, d->rule.level) < 0) schema_error(sc, at, "level \"%s\" is unknown; write V1, V2, V3, R or P", d->rule.level);
  finish_kind(sc, at, d);
}
