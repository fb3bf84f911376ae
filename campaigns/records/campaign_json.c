#include "campaign_json.h"
#include <cadencia/err.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *hours_out(const struct hours *h) {
  json_t *days = json_array();
  for (int d = 0; d < 7; d++) json_array_append_new(days, json_pack("[ii]", (int)h->open[d], (int)h->close[d]));
  return days;
}

static json_t *retry_out(const struct retry_table *t) {
  json_t *rules = json_array();
  for (int i = 0; i < t->count; i++)
    json_array_append_new(rules, json_pack("{s:s,s:I,s:I,s:b}", "outcome", outcome_name(t->rules[i].outcome), "delay_ms",
                                           (json_int_t)t->rules[i].delay_ms, "max_tries", (json_int_t)t->rules[i].max_tries, "other_part",
                                           (t->other_part & (1u << t->rules[i].outcome)) != 0));
  return rules;
}

static json_t *words_out(const struct law_word *words, unsigned bits) {
  json_t *list = json_array();
  for (; words->word; words++)
    if (bits & words->bit) json_array_append_new(list, json_string(words->word));
  return list;
}

static json_t *countries_out(const struct gate_terms *g) {
  json_t *list = json_array();
  for (int i = 0; i < g->country_count; i++) {
    char text[REGION_TEXT_MAX];
    region_text(g->countries[i], text);
    json_array_append_new(list, json_string(text));
  }
  return list;
}

static json_t *windows_out(const struct abandon_rules *w) {
  json_t *list = json_array();
  for (int i = 0; i < w->count; i++)
    json_array_append_new(list, json_pack("[s,i,i]", abandon_window_name((enum abandon_window)w->rules[i].window), (int)w->rules[i].form,
                                          (int)w->rules[i].limit_bp));
  return list;
}

static json_t *record_out(const struct campaign_record *r) {
  return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "telemarketer", r->telemarketer, "good_or_service", r->good_or_service, "called_party",
                   r->called_party, "script", r->script, "caller_name", r->caller_name, "caller_id_proof", r->caller_id_proof);
}

char *campaign_to_json(const struct campaign_def *def) {
  const struct campaign_terms *t = &def->terms;
  char digit[2] = {(char)t->optout_digit, '\0'};
  json_t *codes = json_array();
  for (int i = 0; i < 10; i++) json_array_append_new(codes, json_string(t->dispositions[i]));
  json_t *root = json_pack("{s:s,s:b,s:i,s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:i,s:s,s:o,s:s,s:s,s:o,s:I,s:I,s:o}", "mode",
                           pacing_mode_name((enum pacing_mode)t->mode), "screening", (int)t->screening, "ratio_x100", (int)t->ratio_x100,
                           "trunk_index", (int)t->trunk, "limit_bp", (int)t->limit_bp, "ring_ms", (json_int_t)t->ring_ms, "max_wait_ms",
                           (json_int_t)t->max_wait_ms, "wrapup_ms", (json_int_t)t->wrapup_ms, "drain_ms", (json_int_t)t->drain_ms,
                           "caller_id", (json_int_t)t->caller_id, "prompt_index", (int)t->prompt_safe_harbour, "optout_digit", digit,
                           "dispositions", codes, "default_disposition", t->default_disposition, "prompt", def->prompt, "hours",
                           hours_out(&def->gate.hours), "attempts_max", (json_int_t)def->gate.attempts_max, "attempts_window_ms",
                           (json_int_t)def->gate.attempts_window_ms, "retry", retry_out(&def->retry));
  if (root) {
    json_object_set_new(root, "next_number_ms", json_integer((json_int_t)def->retry.next_number_ms));
    if (t->sample_days)
      json_object_set_new(
          root, "samples",
          json_pack("{s:i,s:i,s:s}", "share_bp", (int)t->sample_bp, "days", (int)t->sample_days, "basis", def->sample_basis));
    json_object_set_new(root, "machine_action", json_string(machine_action_name((enum machine_action)t->machine_action)));
    json_object_set_new(root, "screening_action", json_string(machine_action_name((enum machine_action)t->screening_action)));
    json_object_set_new(root, "message", json_string(def->message));
    json_object_set_new(root, "countries", countries_out(&def->gate));
    json_object_set_new(root, "sector", words_out(law_sectors, def->gate.sectors));
    json_object_set_new(root, "basis", words_out(law_bases, def->gate.bases));
    json_object_set_new(root, "technology", words_out(law_technologies, def->gate.technology));
    json_object_set_new(root, "windows", windows_out(&def->windows));
    json_object_set_new(root, "zone", json_string(def->zone));
    json_object_set_new(root, "record", record_out(&def->record));
    json_object_set_new(root, "fp_bp", json_integer(t->fp_bp));
    json_object_set_new(root, "priority", json_integer(t->priority));
    json_object_set_new(root, "skills", json_string(def->skills));
    json_object_set_new(root, "occupancy_bp", json_integer(t->occupancy_bp));
    json_object_set_new(root, "inbound_bp", json_integer(t->inbound_bp));
    json_object_set_new(root, "inbound_within_ms", json_integer(t->inbound_within_ms));
    json_object_set_new(root, "give_up_ms", json_integer(t->give_up_ms));
    json_object_set_new(root, "preview_ms", json_integer(t->preview_ms));
    json_object_set_new(root, "skip_again_ms", json_integer(t->skip_again_ms));
    json_object_set_new(root, "hand", json_integer(def->hand));
  }
  char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
  json_decref(root);
  return text;
}

struct reader {
  const json_t *root;
  int err;
};

static int64_t number(struct reader *r, const char *key, int64_t max) {
  const json_t *v = json_object_get(r->root, key);
  int64_t value = json_is_integer(v) ? json_integer_value(v) : -1;
  if (value >= 0 && value <= max) return value;
  r->err = CAD_EFORMAT;
  return 0;
}

static void text(struct reader *r, const json_t *v, char *out, size_t room) {
  const char *value = json_string_value(v);
  if (value && strlen(value) < room)
    strcpy(out, value);
  else
    r->err = CAD_EFORMAT;
}

static void hours_in(struct reader *r, struct hours *h) {
  const json_t *days = json_object_get(r->root, "hours");
  for (size_t d = 0; d < 7; d++) {
    const json_t *day = json_array_get(days, d);
    int64_t open = json_integer_value(json_array_get(day, 0)), close = json_integer_value(json_array_get(day, 1));
    if (!json_is_array(day) || open < 0 || close < open || close > 24 * 60)
      r->err = CAD_EFORMAT;
    else
      h->open[d] = (uint16_t)open, h->close[d] = (uint16_t)close;
  }
}

enum { NEXT_NUMBER_MS = 3600000, SKIP_AGAIN_MS = 3600000 }; /* older rows do not say */

static void retry_in(struct reader *r, struct retry_table *t) {
  const json_t *rules = json_object_get(r->root, "retry");
  size_t n = json_array_size(rules);
  if (!json_is_array(rules) || n > RETRY_RULES_MAX) {
    r->err = CAD_EFORMAT;
    return;
  }
  t->count = (int)n;
  for (size_t i = 0; i < n; i++) {
    struct reader rule = {json_array_get(rules, i), CAD_OK};
    const char *word = json_string_value(json_object_get(rule.root, "outcome"));
    int outcome = word ? outcome_parse(word) : -1;
    t->rules[i] = (struct retry_rule){(enum outcome)(outcome < 0 ? 0 : outcome), number(&rule, "delay_ms", INT64_MAX),
                                      (uint32_t)number(&rule, "max_tries", UINT32_MAX)};
    if (outcome < 0 || rule.err < 0) r->err = CAD_EFORMAT;
    if (outcome >= 0 && json_is_true(json_object_get(rule.root, "other_part"))) t->other_part |= 1u << outcome;
  }
  t->next_number_ms = json_object_get(r->root, "next_number_ms") ? number(r, "next_number_ms", INT64_MAX) : NEXT_NUMBER_MS;
}

/* Lists that older rows do not have. */
static uint8_t words_in(struct reader *r, const char *key, const struct law_word *words) {
  const json_t *list = json_object_get(r->root, key);
  unsigned bits = 0;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *word = json_string_value(json_array_get(list, i));
    unsigned bit = word ? law_word_bit(words, word) : 0;
    if (bit == 0) r->err = CAD_EFORMAT;
    bits |= bit;
  }
  return (uint8_t)bits;
}

static void law_in(struct reader *r, struct gate_terms *g) {
  const json_t *list = json_object_get(r->root, "countries");
  g->country_count = 0;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    uint64_t region = text ? region_parse(text) : 0;
    if (region == 0 || g->country_count == TERMS_COUNTRIES_MAX)
      r->err = CAD_EFORMAT;
    else
      g->countries[g->country_count++] = region;
  }
  g->sectors = words_in(r, "sector", law_sectors);
  g->bases = words_in(r, "basis", law_bases);
  g->technology = words_in(r, "technology", law_technologies);
}

/* Rows of an older Cadencia have none: then as the country has it. */
static void windows_in(struct reader *r, struct campaign_def *def) {
  const json_t *list = json_object_get(r->root, "windows"), *row;
  size_t i, n = json_array_size(list);
  if (n > ABANDON_RULES_MAX) r->err = CAD_EFORMAT;
  json_array_foreach(list, i, row) {
    if (i >= ABANDON_RULES_MAX) break;
    const char *word = json_string_value(json_array_get(row, 0));
    const int kind = word ? abandon_window_parse(word) : -1;
    const json_int_t form = json_integer_value(json_array_get(row, 1)), limit = json_integer_value(json_array_get(row, 2));
    if (kind < 0 || form < 0 || form >= FORM_COUNT || limit < 0 || limit > 10000)
      r->err = CAD_EFORMAT;
    else
      def->windows.rules[def->windows.count++] = (struct abandon_rule){(uint8_t)kind, (uint8_t)form, (uint16_t)limit};
  }
  if (json_object_get(r->root, "zone")) text(r, json_object_get(r->root, "zone"), def->zone, sizeof def->zone);
  if (json_object_get(r->root, "priority")) def->terms.priority = (uint8_t)number(r, "priority", 9);
  if (json_object_get(r->root, "skills")) text(r, json_object_get(r->root, "skills"), def->skills, sizeof def->skills);
  if (json_object_get(r->root, "occupancy_bp")) def->terms.occupancy_bp = (uint16_t)number(r, "occupancy_bp", 10000);
  if (json_object_get(r->root, "inbound_bp")) def->terms.inbound_bp = (uint16_t)number(r, "inbound_bp", 10000);
  if (json_object_get(r->root, "inbound_within_ms")) def->terms.inbound_within_ms = (uint32_t)number(r, "inbound_within_ms", 3600000);
  if (json_object_get(r->root, "give_up_ms")) def->terms.give_up_ms = (uint32_t)number(r, "give_up_ms", 3600000);
  if (json_object_get(r->root, "preview_ms")) def->terms.preview_ms = (uint32_t)number(r, "preview_ms", 3600000);
  def->terms.skip_again_ms = json_object_get(r->root, "skip_again_ms") ? (uint32_t)number(r, "skip_again_ms", 604800000) : SKIP_AGAIN_MS;
  def->hand = json_object_get(r->root, "hand") ? (uint8_t)number(r, "hand", HAND_COUNT - 1) : (uint8_t)HAND_CONTACTS;
  if (json_object_get(r->root, "fp_bp")) def->terms.fp_bp = (uint16_t)number(r, "fp_bp", 10000);
}

/* Older rows have none. */
static void record_in(struct reader *r, struct campaign_record *out) {
  struct reader o = {json_object_get(r->root, "record"), CAD_OK};
  *out = (struct campaign_record){0};
  if (!o.root) return;
  text(&o, json_object_get(o.root, "telemarketer"), out->telemarketer, sizeof out->telemarketer);
  text(&o, json_object_get(o.root, "good_or_service"), out->good_or_service, sizeof out->good_or_service);
  text(&o, json_object_get(o.root, "called_party"), out->called_party, sizeof out->called_party);
  text(&o, json_object_get(o.root, "script"), out->script, sizeof out->script);
  text(&o, json_object_get(o.root, "caller_name"), out->caller_name, sizeof out->caller_name);
  text(&o, json_object_get(o.root, "caller_id_proof"), out->caller_id_proof, sizeof out->caller_id_proof);
  if (o.err < 0) r->err = o.err;
}

/* Older rows have none; without a basis nothing is kept. */
static void samples_in(struct reader *r, struct campaign_def *def) {
  struct reader s = {json_object_get(r->root, "samples"), CAD_OK};
  def->terms.sample_bp = def->terms.sample_days = 0;
  def->sample_basis[0] = 0;
  if (!s.root) return;
  text(&s, json_object_get(s.root, "basis"), def->sample_basis, sizeof def->sample_basis);
  def->terms.sample_bp = (uint16_t)number(&s, "share_bp", 10000);
  def->terms.sample_days = (uint16_t)number(&s, "days", 365);
  if (s.err < 0 || !def->sample_basis[0]) r->err = CAD_EFORMAT;
}

/* Older rows do not say: hang up. */
static uint8_t action_in(struct reader *r, const char *key) {
  const char *word = json_string_value(json_object_get(r->root, key));
  const int action = word ? machine_action_parse(word) : (int)MACHINE_HANG_UP;
  if (action < 0) r->err = CAD_EFORMAT;
  return (uint8_t)(action < 0 ? 0 : action);
}

static void machines_in(struct reader *r, struct campaign_def *def) {
  def->terms.machine_action = action_in(r, "machine_action");
  def->terms.screening_action = action_in(r, "screening_action");
  def->message[0] = 0;
  if (json_object_get(r->root, "message")) text(r, json_object_get(r->root, "message"), def->message, sizeof def->message);
}

int campaign_from_json(const char *json, struct campaign_def *def) {
  json_t *root = json_loads(json, 0, NULL);
  if (!root) return CAD_EFORMAT;
  struct reader r = {root, CAD_OK};
  struct campaign_terms *t = &def->terms;
  const char *mode = json_string_value(json_object_get(root, "mode"));
  const char *digit = json_string_value(json_object_get(root, "optout_digit"));
  int parsed = mode ? pacing_mode_parse(mode) : -1;
  if (parsed < 0 || !digit) r.err = CAD_EFORMAT;
  t->mode = (uint8_t)(parsed < 0 ? 0 : parsed);
  t->optout_digit = digit ? (uint8_t)digit[0] : 0;
  t->screening = json_is_true(json_object_get(root, "screening"));
  t->ratio_x100 = (uint16_t)number(&r, "ratio_x100", UINT16_MAX);
  t->trunk = (uint16_t)number(&r, "trunk_index", UINT16_MAX);
  t->limit_bp = (uint16_t)number(&r, "limit_bp", 10000);
  t->ring_ms = (uint32_t)number(&r, "ring_ms", UINT32_MAX);
  t->max_wait_ms = (uint32_t)number(&r, "max_wait_ms", UINT32_MAX);
  t->wrapup_ms = (uint32_t)number(&r, "wrapup_ms", UINT32_MAX);
  t->drain_ms = (uint32_t)number(&r, "drain_ms", UINT32_MAX);
  t->caller_id = (uint64_t)number(&r, "caller_id", INT64_MAX);
  t->prompt_safe_harbour = (uint16_t)number(&r, "prompt_index", UINT16_MAX);
  for (size_t i = 0; i < 10; i++)
    text(&r, json_array_get(json_object_get(root, "dispositions"), i), t->dispositions[i], sizeof t->dispositions[i]);
  text(&r, json_object_get(root, "default_disposition"), t->default_disposition, sizeof t->default_disposition);
  text(&r, json_object_get(root, "prompt"), def->prompt, sizeof def->prompt);
  hours_in(&r, &def->gate.hours);
  def->gate.attempts_max = (uint32_t)number(&r, "attempts_max", UINT32_MAX);
  def->gate.attempts_window_ms = number(&r, "attempts_window_ms", INT64_MAX);
  retry_in(&r, &def->retry);
  windows_in(&r, def);
  law_in(&r, &def->gate);
  samples_in(&r, def);
  machines_in(&r, def);
  record_in(&r, &def->record);
  json_decref(root);
  return r.err;
}

static bool word(const char *text, size_t room, bool needed) {
  size_t length = strnlen(text, room);
  if (length == room || (needed && length == 0)) return false;
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) return false;
  return true;
}

int campaign_check(const struct campaign_def *d) {
  enum { RING_LEAST_MS = 15000, RING_MOST_MS = 180000, WAIT_MOST_MS = 2000, PAUSE_MOST_MS = 3600000 };
  const struct campaign_terms *t = &d->terms;
  if (!word(t->name, sizeof t->name, true) || !word(d->seller, sizeof d->seller, false) || !word(d->trunk, sizeof d->trunk, false) ||
      !word(d->country, sizeof d->country, true) || !word(d->purpose, sizeof d->purpose, true) ||
      !word(d->prompt, sizeof d->prompt, false) || !word(d->message, sizeof d->message, false))
    return CAD_EINVAL;
  if (t->mode >= PACING_COUNT || d->hand >= HAND_COUNT || d->state >= CAMPAIGN_STATE_COUNT || t->limit_bp > 10000) return CAD_EINVAL;
  /* 47 CFR 64.1200(a)(6): 15 seconds or four rings; (a)(7): two seconds. */
  if (t->ring_ms < RING_LEAST_MS || t->ring_ms > RING_MOST_MS || t->max_wait_ms == 0 || t->max_wait_ms > WAIT_MOST_MS) return CAD_EINVAL;
  if (t->machine_action >= MACHINE_ACTION_COUNT || t->screening_action >= MACHINE_ACTION_COUNT) return CAD_EINVAL;
  if ((t->machine_action == MACHINE_MESSAGE || t->screening_action == MACHINE_MESSAGE) && !d->message[0]) return CAD_EINVAL;
  if (t->sample_bp > 10000 || t->sample_days > 365 || (t->sample_days != 0 && !d->sample_basis[0])) return CAD_EINVAL;
  if (t->wrapup_ms > PAUSE_MOST_MS || t->drain_ms > PAUSE_MOST_MS || t->caller_id > INT64_MAX) return CAD_EINVAL;
  for (int i = 0; i < 10; i++)
    if (!word(t->dispositions[i], sizeof t->dispositions[i], false)) return CAD_EINVAL;
  if (!word(t->default_disposition, sizeof t->default_disposition, false)) return CAD_EINVAL;
  if (!hours_valid(&d->gate.hours) || d->gate.attempts_max == 0 || d->gate.attempts_window_ms <= 0) return CAD_EINVAL;
  if (d->gate.country_count < 0 || d->gate.country_count > TERMS_COUNTRIES_MAX) return CAD_EINVAL;
  if (d->retry.count < 0 || d->retry.count > RETRY_RULES_MAX) return CAD_EINVAL;
  for (int i = 0; i < d->retry.count; i++) {
    const struct retry_rule *r = &d->retry.rules[i];
    if (r->outcome <= OUTCOME_NONE || r->outcome >= OUTCOME_COUNT || r->delay_ms < 0 || r->delay_ms > (int64_t)366 * 86400000)
      return CAD_EINVAL;
  }
  return CAD_OK;
}
