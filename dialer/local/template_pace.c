/* What a template says of the pace: the windows of the abandonment limit. */
#include "dialer/local/draft.h"
#include <string.h>

static bool number_of(config_setting_t *s, double *out) {
  if (!config_setting_is_number(s)) return false;
  *out = config_setting_type(s) == CONFIG_TYPE_FLOAT ? config_setting_get_float(s) : (double)config_setting_get_int64(s);
  return true;
}

/* "day", "campaign_30_days", "calendar_month", each with ":machines" for the form that discounts machines. */
static bool window_of(const char *text, struct abandon_rule *out) {
  char word[32];
  const char *colon = strchr(text, ':');
  const size_t n = colon ? (size_t)(colon - text) : strlen(text);
  if (n >= sizeof word || (colon && strcmp(colon, ":machines") != 0)) return false;
  memcpy(word, text, n);
  word[n] = 0;
  const int kind = abandon_window_parse(word);
  if (kind < 0) return false;
  *out = (struct abandon_rule){.window = (uint8_t)kind, .form = colon ? FORM_MACHINES : FORM_PLAIN};
  return true;
}

void draft_abandonment_windows(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  const char *fix = "write abandonment_windows = ( \"day\", \"campaign_30_days\" );";
  const int n = config_setting_is_list(s) || config_setting_is_array(s) ? config_setting_length(s) : 0;
  if (n < 1 || n > ABANDON_RULES_MAX) {
    schema_error(sc, s, "abandonment_windows must be a list of 1 to %d words; %s", ABANDON_RULES_MAX, fix);
    return;
  }
  for (int i = 0; i < n; i++) {
    const char *text = config_setting_get_string_elem(s, i);
    struct abandon_rule rule;
    bool twice = false;
    if (!text || !window_of(text, &rule)) {
      schema_error(sc, s,
                   "window \"%s\" is unknown: \"day\", \"campaign_30_days\" or \"calendar_month\", with \":machines\" where machines are "
                   "discounted; %s",
                   text ? text : "", fix);
      return;
    }
    for (int j = 0; j < t->d.windows.count; j++)
      twice |= t->d.windows.rules[j].window == rule.window && t->d.windows.rules[j].form == rule.form;
    if (twice) {
      schema_error(sc, s, "window \"%s\" stands here twice; keep one", text);
      return;
    }
    t->d.windows.rules[t->d.windows.count++] = rule;
  }
}

void draft_limit_zone(struct schema *sc, config_setting_t *s, void *base) {
  const struct draft *t = base;
  struct zones *z = zones_create("/usr/share/zoneinfo");
  if (!z || zones_find(z, t->d.zone) == ZONE_NONE)
    schema_error(sc, s, "zone \"%s\" is not known; write an IANA name, as zone = \"Europe/Madrid\"", t->d.zone);
  zones_destroy(z);
}

void draft_limit_false_positives(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  double v = 0;
  if (!number_of(s, &v) || !(v >= 0.0 && v < 3.0))
    schema_error(
        sc, s,
        "false_positives_pct is the estimated share of people whom screening takes for machines, 0 to 3; write false_positives_pct = 0.5");
  else
    t->d.terms.fp_bp = (uint16_t)(v * 100.0 + 0.5);
}

void draft_by_hand(struct schema *sc, config_setting_t *s, void *base) {
  static const char *const WORDS[HAND_COUNT] = {[HAND_CONTACTS] = "contacts", [HAND_NO] = "no", [HAND_ANY] = "any"};
  struct draft *t = base;
  const char *text = config_setting_get_string(s);
  for (int i = 0; text && i < HAND_COUNT; i++)
    if (strcmp(text, WORDS[i]) == 0) {
      t->d.hand = (uint8_t)i;
      return;
    }
  schema_error(sc, s, "dial_by_hand is \"no\", \"contacts\" or \"any\"; write dial_by_hand = \"contacts\"");
}

void draft_occupancy(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  double v = 0;
  if (!number_of(s, &v) || !(v >= 50.0 && v <= 100.0))
    schema_error(sc, s, "occupancy_pct is the most of an agent's time that is talk and wrap-up, 50 to 100; write occupancy_pct = 85");
  else
    t->d.terms.occupancy_bp = v < 100.0 ? (uint16_t)(v * 100.0 + 0.5) : 0;
}

struct inbound_text {
  uint32_t answered_pct, within_s;
};
static const struct schema_key INBOUND_KEYS[] = {{"answered_pct", SCHEMA_WHOLE, true, PLACE(inbound_text, answered_pct), 1, 99, "80", NULL},
                                                 {"within_s", SCHEMA_WHOLE, true, PLACE(inbound_text, within_s), 1, 600, "20", NULL},
                                                 LAST_KEY};
void draft_inbound(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  struct inbound_text in = {0, 0};
  unsigned before = sc->errors;
  schema_read(sc, s, INBOUND_KEYS, &in);
  if (sc->errors != before) return;
  t->d.terms.inbound_bp = (uint16_t)(in.answered_pct * 100);
  t->d.terms.inbound_within_ms = in.within_s * 1000;
}

void draft_skills(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  const char *fix = "write skills = ( \"es\", \"vip\" ); a skill has small letters, digits, '-' or '_'";
  const int n = config_setting_is_list(s) || config_setting_is_array(s) ? config_setting_length(s) : 0;
  size_t used = 0;
  t->d.skills[0] = 0;
  for (int i = 0; i < n; i++) {
    const char *word = config_setting_get_string_elem(s, i);
    const size_t length = word ? strlen(word) : 0;
    if (length == 0 || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_") != length || used + length + 2 > sizeof t->d.skills) {
      schema_error(sc, s, "skill \"%.40s\" is not good; %s", word ? word : "", fix);
      return;
    }
    if (used) t->d.skills[used++] = ',';
    strcpy(t->d.skills + used, word);
    used += length;
  }
  if (n == 0) schema_error(sc, s, "skills must be a list of words; %s", fix);
}
