#include "dialer/local/template.h"
#include "dialer/local/draft.h"
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <string.h>

enum { RING_LEAST_MS = 15000, RING_MOST_MS = 120000, LIMIT_MOST_BP = 300, DAY_MS = 86400000 };

/* ---- scalars with a meaning of their own ---- */

static void own_mode(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  int mode = pacing_mode_parse(t->mode);
  if (mode < 0)
    schema_error(sc, s, "mode \"%s\" is unknown; write mode = \"preview\", \"progressive\", \"ratio\", \"predictive\" or \"manual\"",
                 t->mode);
  else
    t->d.terms.mode = (uint8_t)mode;
}

static bool number_of(config_setting_t *s, double *out) {
  if (!config_setting_is_number(s)) return false;
  *out = config_setting_type(s) == CONFIG_TYPE_FLOAT ? config_setting_get_float(s) : (double)config_setting_get_int64(s);
  return true;
}

static void own_ratio(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  double v;
  if (!number_of(s, &v) || !(v >= 1.0 && v <= 5.0))
    schema_error(sc, s, "ratio is the calls for each ready agent, from 1.0 to 5.0; write ratio = 1.5");
  else
    t->d.terms.ratio_x100 = (uint16_t)(v * 100.0 + 0.5);
}

static void set_ring(struct schema *sc, config_setting_t *s, struct draft *t, int64_t unit_ms) {
  int64_t v;
  if (t->has_ring) {
    schema_error(sc, s, "ring_s and ring_ms both stand here; keep one");
  } else if (!schema_whole(s, &v) || v < RING_LEAST_MS / unit_ms || v > RING_MOST_MS / unit_ms) {
    schema_error(sc, s, "%s must be a whole number, at least 15 seconds (16 CFR 310.4(b)(4)(ii)) and at most 120; write ring_s = 25",
                 config_setting_name(s));
  } else {
    t->d.terms.ring_ms = (uint32_t)(v * unit_ms);
  }
  t->has_ring = true;
}
static void own_ring_s(struct schema *sc, config_setting_t *s, void *base) { set_ring(sc, s, base, 1000); }
static void own_ring_ms(struct schema *sc, config_setting_t *s, void *base) { set_ring(sc, s, base, 1); }

static void own_give_up(struct schema *sc, config_setting_t *s, void *base) {
  (void)sc, (void)s;
  ((struct draft *)base)->d.terms.give_up_ms *= 1000;
}

static void own_preview(struct schema *sc, config_setting_t *s, void *base) {
  (void)sc, (void)s;
  ((struct draft *)base)->d.terms.preview_ms *= 1000;
}
static void own_skip_again(struct schema *sc, config_setting_t *s, void *base) {
  (void)sc, (void)s;
  ((struct draft *)base)->d.terms.skip_again_ms *= 60000;
}

static void set_limit(struct schema *sc, config_setting_t *s, struct draft *t, double bp, bool good) {
  if (t->has_limit)
    schema_error(sc, s, "abandonment_limit_pct and abandonment_limit_bp both stand here; keep one");
  else if (!good || !(bp >= 1.0 && bp <= LIMIT_MOST_BP))
    schema_error(sc, s,
                 "the abandonment limit is above 0 and at most 3 percent of answers by people (16 CFR 310.4(b)(4)(i)); write "
                 "abandonment_limit_pct = 3.0");
  else
    t->d.terms.limit_bp = (uint16_t)(bp + 0.5);
  t->has_limit = true;
}
static void own_limit_pct(struct schema *sc, config_setting_t *s, void *base) {
  double v = 0;
  bool good = number_of(s, &v);
  set_limit(sc, s, base, v * 100.0, good);
}
static void own_limit_bp(struct schema *sc, config_setting_t *s, void *base) {
  int64_t v = 0;
  bool good = schema_whole(s, &v);
  set_limit(sc, s, base, (double)v, good);
}

static void own_wrapup(struct schema *sc, config_setting_t *s, void *base) {
  (void)sc;
  (void)s;
  ((struct draft *)base)->d.terms.wrapup_ms *= 1000;
}

static void own_next_number(struct schema *sc, config_setting_t *s, void *base) {
  (void)sc;
  (void)s;
  ((struct draft *)base)->d.retry.next_number_ms *= 60000;
}

static void own_caller_id(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  const char *text = config_setting_get_string(s);
  if (!text || (text[0] && !schema_phone(text, &t->d.terms.caller_id)))
    schema_error(sc, s, "caller_id must be an international number in quotes; write caller_id = \"+12025550100\", or \"\" for the trunk's");
}

static void own_country(struct schema *sc, config_setting_t *s, void *base) {
  const struct draft *t = base;
  if (!phone_home_find(t->d.country))
    schema_error(sc, s, "country \"%s\" is not known; write its two capital letters, as \"US\", \"ES\" or \"MX\"", t->d.country);
}

static void own_purpose(struct schema *sc, config_setting_t *s, void *base) {
  static const char *const WORDS[] = {"telemarketing", "collections", "survey", "information"};
  const struct draft *t = base;
  for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
    if (strcmp(t->d.purpose, WORDS[i]) == 0) return;
  schema_error(sc, s, "purpose \"%s\" is unknown; write \"telemarketing\", \"collections\", \"survey\" or \"information\"", t->d.purpose);
}

static void own_called_party(struct schema *sc, config_setting_t *s, void *base) {
  const struct draft *t = base;
  if (strcmp(t->d.record.called_party, "consumer") != 0 && strcmp(t->d.record.called_party, "business") != 0)
    schema_error(sc, s, "called_party \"%s\" is unknown; write \"consumer\" or \"business\"", t->d.record.called_party);
}

static const struct schema_key KEYS[] = {
    {"mode", SCHEMA_TEXT, true, PLACE(draft, mode), 1, 0, "\"predictive\"", own_mode},
    {"ratio", SCHEMA_OWN, false, 0, 0, 0, 0, "1.5", own_ratio},
    {"trunk", SCHEMA_TEXT, true, PLACE(draft, d.trunk), 1, 0, "\"carrier\"", NULL},
    {"caller_id", SCHEMA_OWN, false, 0, 0, 0, 0, "\"+12025550100\"", own_caller_id},
    {"ring_s", SCHEMA_OWN, false, 0, 0, 0, 0, "25", own_ring_s},
    {"ring_ms", SCHEMA_OWN, false, 0, 0, 0, 0, "25000", own_ring_ms},
    {"give_up_after_s", SCHEMA_WHOLE, false, PLACE(draft, d.terms.give_up_ms), 15, 120, "15", own_give_up},
    {"max_wait_ms", SCHEMA_WHOLE, false, PLACE(draft, d.terms.max_wait_ms), 500, 2000, "2000", NULL},
    {"screening", SCHEMA_FLAG, false, PLACE(draft, d.terms.screening), 0, 0, "true", NULL},
    {"machine_action", SCHEMA_OWN, false, 0, 0, 0, 0, "\"hang_up\"", draft_machine_action},
    {"screening_action", SCHEMA_OWN, false, 0, 0, 0, 0, "\"hang_up\"", draft_screening_action},
    {"abandonment_limit_pct", SCHEMA_OWN, false, 0, 0, 0, 0, "3.0", own_limit_pct},
    {"abandonment_limit_bp", SCHEMA_OWN, false, 0, 0, 0, 0, "300", own_limit_bp},
    {"abandonment_windows", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_abandonment_windows},
    {"zone", SCHEMA_TEXT, false, PLACE(draft, d.zone), 3, 39, "\"Europe/Madrid\"", draft_limit_zone},
    {"false_positives_pct", SCHEMA_OWN, false, 0, 0, 0, 0, "0.5", draft_limit_false_positives},
    {"preview_s", SCHEMA_WHOLE, false, PLACE(draft, d.terms.preview_ms), 0, 3600, "30", own_preview},
    {"skip_again_min", SCHEMA_WHOLE, false, PLACE(draft, d.terms.skip_again_ms), 1, 10080, "60", own_skip_again},
    {"priority", SCHEMA_WHOLE, false, PLACE(draft, d.terms.priority), 0, 9, "5", NULL},
    {"skills", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_skills},
    {"occupancy_pct", SCHEMA_OWN, false, 0, 0, 0, 0, "85", draft_occupancy},
    {"dial_by_hand", SCHEMA_OWN, false, 0, 0, 0, 0, "\"contacts\"", draft_by_hand},
    {"inbound_reserve", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_inbound},
    {"wrapup_s", SCHEMA_WHOLE, false, PLACE(draft, d.terms.wrapup_ms), 0, 3600, "20", own_wrapup},
    {"country", SCHEMA_TEXT, true, PLACE(draft, d.country), 2, 2, "\"US\"", own_country},
    {"purpose", SCHEMA_TEXT, true, PLACE(draft, d.purpose), 1, 0, "\"telemarketing\"", own_purpose},
    {"seller", SCHEMA_TEXT, true, PLACE(draft, d.seller), 1, 0, "\"Example Ltd\"", NULL},
    {"telemarketer", SCHEMA_TEXT, false, PLACE(draft, d.record.telemarketer), 1, 63, "\"Example Calls Ltd\"", NULL},
    {"good_or_service", SCHEMA_TEXT, false, PLACE(draft, d.record.good_or_service), 1, 95, "\"home insurance\"", NULL},
    {"called_party", SCHEMA_TEXT, false, PLACE(draft, d.record.called_party), 1, 9, "\"consumer\"", own_called_party},
    {"script", SCHEMA_TEXT, false, PLACE(draft, d.record.script), 1, 95, "\"spring-2026 v3\"", NULL},
    {"caller_name", SCHEMA_TEXT, false, PLACE(draft, d.record.caller_name), 1, 31, "\"EXAMPLE LTD\"", NULL},
    {"caller_id_proof", SCHEMA_TEXT, false, PLACE(draft, d.record.caller_id_proof), 1, 119,
     "\"carrier's letter of 2026-01-05, until 2027-01-05\"", NULL},
    {"countries", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"US\", \"CA\"]", draft_countries},
    {"sector", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"general\"]", draft_sector},
    {"technology", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"agent\"]", draft_technology},
    {"basis", SCHEMA_OWN, false, 0, 0, 0, 0, "[\"contract\"]", draft_basis},
    {"hours", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_hours},
    {"retry", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_retry},
    {"next_number_after_min", SCHEMA_WHOLE, false, PLACE(draft, d.retry.next_number_ms), 1, 30 * 1440, "60", own_next_number},
    {"samples", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_samples},
    {"attempts", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_attempts},
    {"prompts", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_prompts},
    {"dispositions", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, draft_dispositions},
    {"default_disposition", SCHEMA_TEXT, false, PLACE(draft, d.terms.default_disposition), 1, 7, "\"NI\"", draft_default_disposition},
    LAST_KEY};

/* ---- what a file need not say ---- */

static void defaults_before(struct draft *t) {
  memset(t, 0, sizeof *t);
  t->d.terms.ring_ms = 25000;
  t->d.terms.max_wait_ms = 2000;
  t->d.terms.screening = 1;
  t->d.terms.priority = 5;
  t->d.terms.skip_again_ms = 3600000;
  t->d.terms.limit_bp = LIMIT_MOST_BP;
  t->d.terms.wrapup_ms = 20;
  t->d.terms.optout_digit = '9';
  t->d.retry.next_number_ms = 3600000;
  t->d.gate.attempts_max = ATTEMPTS_MOST;
  t->d.gate.attempts_window_ms = DAY_MS;
  memcpy(t->d.terms.default_disposition, "NONE", 5);
}

static const struct retry_table RETRY_DEFAULT = {.rules = {{OUTCOME_BUSY, 5 * 60000, 4},
                                                           {OUTCOME_NO_ANSWER, 4 * 3600000, 6},
                                                           {OUTCOME_MACHINE, DAY_MS, 4},
                                                           {OUTCOME_SCREENING, DAY_MS, 3},
                                                           {OUTCOME_MESSAGE_LEFT, 3 * DAY_MS, 2},
                                                           {OUTCOME_ABANDONED, 3 * DAY_MS, 2},
                                                           {OUTCOME_EARLY_HANGUP, DAY_MS, 2},
                                                           {OUTCOME_CONGESTION, 10 * 60000, 6},
                                                           {OUTCOME_DEAD_AIR, DAY_MS, 2},
                                                           {OUTCOME_CANCELLED, 30 * 60000, 4},
                                                           {OUTCOME_FAILED, 3600000, 3}},
                                                 .count = 11};

/* Sales and collections keep within the country's hours; a survey or information call may say its own. */
static void check_hours(struct schema *sc, config_setting_t *root, struct draft *t) {
  struct hours law;
  bool known = hours_default(t->d.country, &law) == CAD_OK;
  if (!t->has_hours) {
    if (known)
      t->d.gate.hours = law;
    else
      schema_error(sc, root,
                   "hours are missing and none are known for country \"%s\"; write hours = ( { days = \"mon-fri\"; open = \"09:00\"; close "
                   "= \"20:00\"; } );",
                   t->d.country);
    return;
  }
  if (!known || strcmp(t->d.purpose, "survey") == 0 || strcmp(t->d.purpose, "information") == 0) return;
  static const char *const DAYS[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  for (int d = 0; d < 7; d++) {
    unsigned o = t->d.gate.hours.open[d], c = t->d.gate.hours.close[d];
    if (o == c || (o >= law.open[d] && c <= law.close[d])) continue;
    if (law.open[d] == law.close[d])
      schema_error(sc, t->hours_at, "%s: calls for %s are not permitted on that day in %s; leave it out", DAYS[d], t->d.purpose,
                   t->d.country);
    else
      schema_error(sc, t->hours_at, "%s %02u:%02u-%02u:%02u is wider than %s permits for %s; stay within %02u:%02u-%02u:%02u", DAYS[d],
                   o / 60, o % 60, c / 60, c % 60, t->d.country, t->d.purpose, law.open[d] / 60, law.open[d] % 60, law.close[d] / 60,
                   law.close[d] % 60);
  }
}

/* A message needs its recording, and somebody who says what a machine is. */
static void check_message(struct schema *sc, config_setting_t *root, const struct draft *t) {
  const struct campaign_terms *a = &t->d.terms;
  const bool leaves = a->machine_action == MACHINE_MESSAGE || a->screening_action == MACHINE_MESSAGE;
  if (leaves && !t->d.message[0])
    schema_error(sc, root, "a message is to be left, but there is none; write prompts = { ...; message = \"message_en.wav\"; }");
  if ((leaves || a->machine_action == MACHINE_AGENT || a->screening_action == MACHINE_AGENT) && !a->screening)
    schema_error(sc, root, "machine_action and screening_action need screening = true: without it nobody is known for a machine");
}

static void finish(struct schema *sc, config_setting_t *root, struct draft *t) {
  for (int i = 0; i < t->d.windows.count; i++) t->d.windows.rules[i].limit_bp = t->d.terms.limit_bp;
  if (!config_setting_get_member(root, "wrapup_s")) t->d.terms.wrapup_ms *= 1000;
  int64_t next_number_ms = t->d.retry.next_number_ms;
  if (!t->has_retry) t->d.retry = RETRY_DEFAULT;
  t->d.retry.next_number_ms = next_number_ms;
  if (t->d.terms.mode == PACING_RATIO && t->d.terms.ratio_x100 == 0)
    schema_error(sc, root, "mode \"ratio\" needs the calls for each ready agent; write ratio = 1.5");
  if (t->d.terms.ratio_x100 == 0) t->d.terms.ratio_x100 = 100;
  if (sc->errors == 0) check_message(sc, root, t);
  if (sc->errors == 0) check_hours(sc, root, t);
}

int template_read(FILE *in, const char *path, struct campaign_def *out, FILE *err) {
  struct schema sc = {.path = path, .err = err};
  struct draft t;
  config_t file;
  defaults_before(&t);
  int r = schema_parse_file(&sc, in, &file);
  if (r == CAD_OK) {
    config_setting_t *root = config_root_setting(&file);
    schema_read(&sc, root, KEYS, &t);
    finish(&sc, root, &t);
    if (sc.errors) r = CAD_EFORMAT;
  }
  config_destroy(&file);
  if (r == CAD_OK) *out = t.d;
  return r;
}
