/* The groups and lists of a campaign template. */
#include "dialer/local/draft.h"
#include <cadencia/err.h>
#include <string.h>

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

void draft_hours(struct schema *sc, config_setting_t *s, void *base) {
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
  uint8_t other_part;
};
static const struct schema_key RETRY_KEYS[] = {{"outcome", SCHEMA_TEXT, true, PLACE(retry_text, outcome), 1, 0, "\"busy\"", NULL},
                                               {"after_s", SCHEMA_WHOLE, false, PLACE(retry_text, after_s), 1, 30 * 86400, "300", NULL},
                                               {"after_min", SCHEMA_WHOLE, false, PLACE(retry_text, after_min), 1, 30 * 1440, "5", NULL},
                                               {"tries", SCHEMA_WHOLE, true, PLACE(retry_text, tries), 1, 50, "3", NULL},
                                               {"other_part_of_day", SCHEMA_FLAG, false, PLACE(retry_text, other_part), 0, 0, "true", NULL},
                                               LAST_KEY};

/* Outcomes after which another call is not ours to make. */
static bool outcome_final(int o) { return o == OUTCOME_CONNECTED || o == OUTCOME_UNWANTED || o == OUTCOME_INVALID_NUMBER; }

void draft_retry(struct schema *sc, config_setting_t *s, void *base) {
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
    struct retry_text r = {{0}, 0, 0, 0, 0};
    unsigned before = sc->errors;
    schema_read(sc, group, RETRY_KEYS, &r);
    if (sc->errors != before) continue;
    int outcome = outcome_parse(r.outcome);
    bool twice = false;
    for (int j = 0; j < table->count; j++) twice |= (int)table->rules[j].outcome == outcome;
    if (outcome < 0)
      schema_error(sc, group,
                   "outcome \"%s\" is unknown; write one of busy, no_answer, machine, message_left, screening, congestion, failed, "
                   "cancelled, dead_air, "
                   "abandoned, early_hangup, rejected, blocked, fax",
                   r.outcome);
    else if (outcome_final(outcome))
      schema_error(sc, group, "outcome \"%s\" is never tried again; remove this rule", r.outcome);
    else if (twice)
      schema_error(sc, group, "outcome \"%s\" has a rule already; keep one", r.outcome);
    else if ((r.after_s == 0) == (r.after_min == 0))
      schema_error(sc, group, "one of after_s and after_min says how long to wait; write after_min = 5");
    else {
      if (r.other_part) table->other_part |= 1u << outcome;
      table->rules[table->count++] = (struct retry_rule){
          .outcome = (enum outcome)outcome, .delay_ms = 1000 * ((int64_t)r.after_s + 60 * (int64_t)r.after_min), .max_tries = r.tries};
    }
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

static void own_message(struct schema *sc, config_setting_t *s, void *base) {
  const struct draft *t = base;
  if (!plain_file(t->d.message))
    schema_error(sc, s, "message must be the name of a file in the prompts' folder, without a path; write message = \"message_en.wav\"");
}

static void own_action(struct schema *sc, config_setting_t *s, uint8_t *out) {
  const char *word = config_setting_get_string(s);
  const int action = word ? machine_action_parse(word) : CAD_EINVAL;
  if (action < 0)
    schema_error(sc, s, "%s must be \"hang_up\", \"message\" or \"agent\"; write %s = \"hang_up\"", config_setting_name(s),
                 config_setting_name(s));
  else
    *out = (uint8_t)action;
}
void draft_machine_action(struct schema *sc, config_setting_t *s, void *base) {
  own_action(sc, s, &((struct draft *)base)->d.terms.machine_action);
}
void draft_screening_action(struct schema *sc, config_setting_t *s, void *base) {
  own_action(sc, s, &((struct draft *)base)->d.terms.screening_action);
}

static const struct schema_key PROMPT_KEYS[] = {
    {"safe_harbour", SCHEMA_TEXT, false, PLACE(draft, d.prompt), 1, 0, "\"safe_harbour_en.wav\"", own_prompt},
    {"message", SCHEMA_TEXT, false, PLACE(draft, d.message), 1, 0, "\"message_en.wav\"", own_message},
    {"optout_digit", SCHEMA_TEXT, false, PLACE(draft, digit), 1, 1, "\"9\"", own_digit},
    LAST_KEY};
void draft_prompts(struct schema *sc, config_setting_t *s, void *base) { schema_read(sc, s, PROMPT_KEYS, base); }

struct disposition_text {
  char digit[2], code[8];
};
static bool code_good(const char *code) {
  return code[0] && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(code) && strspn(code, "-_") == 0;
}
static const struct schema_key DISPOSITION_KEYS[] = {{"digit", SCHEMA_TEXT, true, PLACE(disposition_text, digit), 1, 1, "\"1\"", NULL},
                                                     {"code", SCHEMA_TEXT, true, PLACE(disposition_text, code), 1, 7, "\"SALE\"", NULL},
                                                     LAST_KEY};

void draft_dispositions(struct schema *sc, config_setting_t *s, void *base) {
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

void draft_default_disposition(struct schema *sc, config_setting_t *s, void *base) {
  const struct draft *t = base;
  if (!code_good(t->d.terms.default_disposition))
    schema_error(sc, s, "default_disposition must be up to 7 capital letters, digits, '-' or '_'; write default_disposition = \"NI\"");
}

/* ---- samples: people's voices, so only with a reason in law ---- */

struct samples_text {
  uint32_t share_bp, days;
  char legal_basis[80];
};
enum { BASIS_LEAST = 10 };
static const struct schema_key SAMPLE_KEYS[] = {
    {"share_bp", SCHEMA_WHOLE, true, PLACE(samples_text, share_bp), 1, 10000, "100", NULL},
    {"days", SCHEMA_WHOLE, true, PLACE(samples_text, days), 1, 365, "30", NULL},
    {"legal_basis", SCHEMA_TEXT, true, PLACE(samples_text, legal_basis), BASIS_LEAST, 0, "\"consent, clause 7 of the contract\"", NULL},
    LAST_KEY};
void draft_samples(struct schema *sc, config_setting_t *s, void *base) {
  struct draft *t = base;
  struct samples_text a = {0};
  unsigned before = sc->errors;
  schema_read(sc, s, SAMPLE_KEYS, &a);
  if (sc->errors != before) return;
  t->d.terms.sample_bp = (uint16_t)a.share_bp;
  t->d.terms.sample_days = (uint16_t)a.days;
  memcpy(t->d.sample_basis, a.legal_basis, sizeof t->d.sample_basis);
}

struct attempts_text {
  uint32_t max, window_h;
};
static const struct schema_key ATTEMPT_KEYS[] = {{"max", SCHEMA_WHOLE, true, PLACE(attempts_text, max), 1, 100, "3", NULL},
                                                 {"window_h", SCHEMA_WHOLE, false, PLACE(attempts_text, window_h), 24, 24 * 60, "24", NULL},
                                                 LAST_KEY};
void draft_attempts(struct schema *sc, config_setting_t *s, void *base) {
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
