#include "dialer/local/template.h"
#include "dialer/base/schema.h"
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <string.h>

#define PLACE(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)
#define LAST_KEY                                                                                                                           \
  { NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL }

enum { RING_LEAST_MS = 15000, RING_MOST_MS = 120000, LIMIT_MOST_BP = 300, ATTEMPTS_MOST = 3, DAY_MS = 86400000 };

struct draft {
  struct campaign_def d;
  char mode[16];
  char digit[2];
  bool has_hours, has_ring, has_limit, has_retry, has_dispositions;
  config_setting_t *hours_at;
};

/* ---- scalars with a meaning of their own ---- */

static void own_mode(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  int mode = pacing_mode_parse(t->mode);
  if (mode < 0)
    schema_error(sc, s, "mode \"%s\" is unknown; write mode = \"preview\", \"progressive\", \"ratio\" or \"predictive\"", t->mode);
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

/* ---- hours ---- */

struct hours_text {
  char days[24], open[8], close[8];
};
static const struct schema_key HOURS_KEYS[] = {{"days", SCHEMA_TEXT, true, PLACE(hours_text, days), 3, 0, "\"mon-fri\"", NULL},
                                               {"open", SCHEMA_TEXT, true, PLACE(hours_text, open), 4, 0, "\"09:00\"", NULL},
                                               {"close", SCHEMA_TEXT, true, PLACE(hours_text, close), 4, 0, "\"20:00\"", NULL},
                                               LAST_KEY};

static bool minutes_of(const char *text, uint16_t *out) {
  unsigned h, m;
  char end;
  if (strspn(text, "0123456789:") != strlen(text) || sscanf(text, "%2u:%2u%c", &h, &m, &end) != 2 || m > 59 || h * 60 + m > 1440)
    return false;
  *out = (uint16_t)(h * 60 + m);
  return true;
}

static int day_of(const char *text) {
  static const char *const DAYS[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  for (int i = 0; i < 7; i++)
    if (strncmp(text, DAYS[i], 3) == 0) return i;
  return -1;
}

/* "mon", "mon-fri", "sat-sun": bits by weekday; 0: not understood. */
static unsigned days_of(const char *text) {
  size_t n = strlen(text);
  int from = day_of(text), to = from;
  if (from < 0 || (n != 3 && !(n == 7 && text[3] == '-'))) return 0;
  if (n == 7) to = day_of(text + 4);
  if (to < 0) return 0;
  unsigned bits = 0;
  for (int i = from;; i = (i + 1) % 7) {
    bits |= 1u << i;
    if (i == to) return bits;
  }
}

static void own_hours(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  t->has_hours = true;
  t->hours_at = s;
  const char *fix = "write hours = ( { days = \"mon-fri\"; open = \"09:00\"; close = \"20:00\"; } );";
  if (!config_setting_is_list(s) || config_setting_length(s) < 1 || config_setting_length(s) > 7) {
    schema_error(sc, s, "hours must be a list of 1 to 7 groups; %s", fix);
    return;
  }
  unsigned named = 0;
  for (int i = 0; i < config_setting_length(s); i++) {
    config_setting_t *group = config_setting_get_elem(s, (unsigned)i);
    struct hours_text h = {{0}, {0}, {0}};
    unsigned before = sc->errors;
    schema_read(sc, group, HOURS_KEYS, &h);
    if (sc->errors != before) continue;
    unsigned days = days_of(h.days);
    uint16_t open, close;
    if (!days) {
      schema_error(sc, group, "days \"%s\" is not understood; write \"mon\", \"mon-fri\" or \"sat-sun\"", h.days);
    } else if (days & named) {
      schema_error(sc, group, "days \"%s\" are named twice; each day once", h.days);
    } else if (!minutes_of(h.open, &open) || !minutes_of(h.close, &close) || open >= close) {
      schema_error(sc, group, "open \"%s\" must be before close \"%s\", both as hours and minutes to \"24:00\"; %s", h.open, h.close, fix);
    } else {
      named |= days;
      for (int d = 0; d < 7; d++)
        if (days & (1u << d)) {
          t->d.gate.hours.open[d] = open;
          t->d.gate.hours.close[d] = close;
        }
    }
  }
}

/* ---- retry ---- */

struct retry_text {
  char outcome[24];
  uint32_t after_s, after_min, tries;
};
static const struct schema_key RETRY_KEYS[] = {{"outcome", SCHEMA_TEXT, true, PLACE(retry_text, outcome), 1, 0, "\"busy\"", NULL},
                                               {"after_s", SCHEMA_WHOLE, false, PLACE(retry_text, after_s), 1, 30 * 86400, "300", NULL},
                                               {"after_min", SCHEMA_WHOLE, false, PLACE(retry_text, after_min), 1, 30 * 1440, "5", NULL},
                                               {"tries", SCHEMA_WHOLE, true, PLACE(retry_text, tries), 1, 50, "3", NULL},
                                               LAST_KEY};

/* Outcomes after which another call is not ours to make. */
static bool outcome_final(int o) { return o == OUTCOME_CONNECTED || o == OUTCOME_UNWANTED || o == OUTCOME_INVALID_NUMBER; }

static void own_retry(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  struct retry_table *table = &t->d.retry;
  t->has_retry = true;
  if (!config_setting_is_list(s) || config_setting_length(s) > RETRY_RULES_MAX) {
    schema_error(sc, s, "retry must be a list of up to %d groups; write retry = ( { outcome = \"busy\"; after_min = 5; tries = 3; } );",
                 RETRY_RULES_MAX);
    return;
  }
  for (int i = 0; i < config_setting_length(s); i++) {
    config_setting_t *group = config_setting_get_elem(s, (unsigned)i);
    struct retry_text r = {{0}, 0, 0, 0};
    unsigned before = sc->errors;
    schema_read(sc, group, RETRY_KEYS, &r);
    if (sc->errors != before) continue;
    int outcome = outcome_parse(r.outcome);
    bool twice = false;
    for (int j = 0; j < table->count; j++) twice |= (int)table->rules[j].outcome == outcome;
    if (outcome < 0)
      schema_error(sc, group,
                   "outcome \"%s\" is unknown; write one of busy, no_answer, machine, screening, congestion, failed, cancelled, dead_air, "
                   "abandoned, early_hangup, rejected, blocked, fax",
                   r.outcome);
    else if (outcome_final(outcome))
      schema_error(sc, group, "outcome \"%s\" is never tried again; remove this rule", r.outcome);
    else if (twice)
      schema_error(sc, group, "outcome \"%s\" has a rule already; keep one", r.outcome);
    else if ((r.after_s == 0) == (r.after_min == 0))
      schema_error(sc, group, "one of after_s and after_min says how long to wait; write after_min = 5");
    else
      table->rules[table->count++] = (struct retry_rule){
          .outcome = (enum outcome)outcome, .delay_ms = 1000 * ((int64_t)r.after_s + 60 * (int64_t)r.after_min), .max_tries = r.tries};
  }
}

/* ---- prompts, dispositions, attempts ---- */

static bool plain_file(const char *name) { return name[0] && name[0] != '.' && !strpbrk(name, "/\\"); }

static void own_prompt(struct schema *sc, config_setting_t *s, void *base) {
  const struct draft *t = base;
  if (!plain_file(t->d.prompt))
    schema_error(
        sc, s,
        "safe_harbour must be the name of a file in the prompts' folder, without a path; write safe_harbour = \"safe_harbour_en.wav\"");
}

static void own_digit(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  if (!strchr("0123456789*#", t->digit[0]))
    schema_error(sc, s, "optout_digit must be one key; write optout_digit = \"9\"");
  else
    t->d.terms.optout_digit = (uint8_t)t->digit[0];
}

static const struct schema_key PROMPT_KEYS[] = {
    {"safe_harbour", SCHEMA_TEXT, false, PLACE(draft, d.prompt), 1, 0, "\"safe_harbour_en.wav\"", own_prompt},
    {"optout_digit", SCHEMA_TEXT, false, PLACE(draft, digit), 1, 1, "\"9\"", own_digit},
    LAST_KEY};
static void own_prompts(struct schema *sc, config_setting_t *s, void *base) { schema_read(sc, s, PROMPT_KEYS, base); }

struct disposition_text {
  char digit[2], code[8];
};
static bool code_good(const char *code) {
  return code[0] && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(code) && strspn(code, "-_") == 0;
}
static const struct schema_key DISPOSITION_KEYS[] = {{"digit", SCHEMA_TEXT, true, PLACE(disposition_text, digit), 1, 1, "\"1\"", NULL},
                                                     {"code", SCHEMA_TEXT, true, PLACE(disposition_text, code), 1, 7, "\"SALE\"", NULL},
                                                     LAST_KEY};

static void own_dispositions(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  t->has_dispositions = true;
  if (!config_setting_is_list(s) || config_setting_length(s) > 10) {
    schema_error(sc, s, "dispositions must be a list of up to 10 groups; write dispositions = ( { digit = \"1\"; code = \"SALE\"; } );");
    return;
  }
  for (int i = 0; i < config_setting_length(s); i++) {
    config_setting_t *group = config_setting_get_elem(s, (unsigned)i);
    struct disposition_text d = {{0}, {0}};
    unsigned before = sc->errors;
    schema_read(sc, group, DISPOSITION_KEYS, &d);
    if (sc->errors != before) continue;
    if (d.digit[0] < '0' || d.digit[0] > '9')
      schema_error(sc, group, "digit \"%s\" is no key from 0 to 9; write digit = \"1\"", d.digit);
    else if (!code_good(d.code))
      schema_error(sc, group, "code \"%s\" must be up to 7 capital letters, digits, '-' or '_'; write code = \"SALE\"", d.code);
    else if (t->d.terms.dispositions[d.digit[0] - '0'][0])
      schema_error(sc, group, "digit \"%s\" has a code already; keep one", d.digit);
    else
      memcpy(t->d.terms.dispositions[d.digit[0] - '0'], d.code, sizeof d.code);
  }
}

static void own_default_disposition(struct schema *sc, config_setting_t *s, void *base) {
  const struct draft *t = base;
  if (!code_good(t->d.terms.default_disposition))
    schema_error(sc, s, "default_disposition must be up to 7 capital letters, digits, '-' or '_'; write default_disposition = \"NI\"");
}

struct attempts_text {
  uint32_t max, window_h;
};
static const struct schema_key ATTEMPT_KEYS[] = {{"max", SCHEMA_WHOLE, true, PLACE(attempts_text, max), 1, 100, "3", NULL},
                                                 {"window_h", SCHEMA_WHOLE, false, PLACE(attempts_text, window_h), 24, 24 * 60, "24", NULL},
                                                 LAST_KEY};
static void own_attempts(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  struct attempts_text a = {ATTEMPTS_MOST, 24};
  unsigned before = sc->errors;
  schema_read(sc, s, ATTEMPT_KEYS, &a);
  if (sc->errors != before) return;
  if ((uint64_t)a.max * 24 > (uint64_t)ATTEMPTS_MOST * a.window_h) {
    schema_error(sc, s, "%u attempts in %u hours are more than %d a day to one number; write attempts = { max = %d; window_h = 24; }",
                 a.max, a.window_h, ATTEMPTS_MOST, ATTEMPTS_MOST);
    return;
  }
  t->d.gate.attempts_max = a.max;
  t->d.gate.attempts_window_ms = (int64_t)a.window_h * 3600000;
}

static const struct schema_key KEYS[] = {
    {"mode", SCHEMA_TEXT, true, PLACE(draft, mode), 1, 0, "\"predictive\"", own_mode},
    {"ratio", SCHEMA_OWN, false, 0, 0, 0, 0, "1.5", own_ratio},
    {"trunk", SCHEMA_TEXT, true, PLACE(draft, d.trunk), 1, 0, "\"carrier\"", NULL},
    {"caller_id", SCHEMA_OWN, false, 0, 0, 0, 0, "\"+12025550100\"", own_caller_id},
    {"ring_s", SCHEMA_OWN, false, 0, 0, 0, 0, "25", own_ring_s},
    {"ring_ms", SCHEMA_OWN, false, 0, 0, 0, 0, "25000", own_ring_ms},
    {"max_wait_ms", SCHEMA_WHOLE, false, PLACE(draft, d.terms.max_wait_ms), 500, 2000, "2000", NULL},
    {"screening", SCHEMA_FLAG, false, PLACE(draft, d.terms.screening), 0, 0, "true", NULL},
    {"abandonment_limit_pct", SCHEMA_OWN, false, 0, 0, 0, 0, "3.0", own_limit_pct},
    {"abandonment_limit_bp", SCHEMA_OWN, false, 0, 0, 0, 0, "300", own_limit_bp},
    {"wrapup_s", SCHEMA_WHOLE, false, PLACE(draft, d.terms.wrapup_ms), 0, 3600, "20", own_wrapup},
    {"country", SCHEMA_TEXT, true, PLACE(draft, d.country), 2, 2, "\"US\"", own_country},
    {"purpose", SCHEMA_TEXT, true, PLACE(draft, d.purpose), 1, 0, "\"telemarketing\"", own_purpose},
    {"seller", SCHEMA_TEXT, true, PLACE(draft, d.seller), 1, 0, "\"Example Ltd\"", NULL},
    {"hours", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_hours},
    {"retry", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_retry},
    {"attempts", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_attempts},
    {"prompts", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_prompts},
    {"dispositions", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_dispositions},
    {"default_disposition", SCHEMA_TEXT, false, PLACE(draft, d.terms.default_disposition), 1, 7, "\"NI\"", own_default_disposition},
    LAST_KEY};

/* ---- what a file need not say ---- */

static void defaults_before(struct draft *t) {
  memset(t, 0, sizeof *t);
  t->d.terms.ring_ms = 25000;
  t->d.terms.max_wait_ms = 2000;
  t->d.terms.screening = 1;
  t->d.terms.limit_bp = LIMIT_MOST_BP;
  t->d.terms.wrapup_ms = 20;
  t->d.terms.optout_digit = '9';
  t->d.gate.attempts_max = ATTEMPTS_MOST;
  t->d.gate.attempts_window_ms = DAY_MS;
  memcpy(t->d.terms.default_disposition, "NONE", 5);
}

static const struct retry_table RETRY_DEFAULT = {.rules = {{OUTCOME_BUSY, 5 * 60000, 4},
                                                           {OUTCOME_NO_ANSWER, 4 * 3600000, 6},
                                                           {OUTCOME_MACHINE, DAY_MS, 4},
                                                           {OUTCOME_SCREENING, DAY_MS, 3},
                                                           {OUTCOME_ABANDONED, 3 * DAY_MS, 2},
                                                           {OUTCOME_EARLY_HANGUP, DAY_MS, 2},
                                                           {OUTCOME_CONGESTION, 10 * 60000, 6},
                                                           {OUTCOME_DEAD_AIR, DAY_MS, 2},
                                                           {OUTCOME_CANCELLED, 30 * 60000, 4},
                                                           {OUTCOME_FAILED, 3600000, 3}},
                                                 .count = 10};

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

static void finish(struct schema *sc, config_setting_t *root, struct draft *t) {
  if (!config_setting_get_member(root, "wrapup_s")) t->d.terms.wrapup_ms *= 1000;
  if (!t->has_retry) t->d.retry = RETRY_DEFAULT;
  if (t->d.terms.mode == PACING_RATIO && t->d.terms.ratio_x100 == 0)
    schema_error(sc, root, "mode \"ratio\" needs the calls for each ready agent; write ratio = 1.5");
  if (t->d.terms.ratio_x100 == 0) t->d.terms.ratio_x100 = 100;
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
