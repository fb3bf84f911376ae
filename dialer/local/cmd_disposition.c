/* cadencia disposition, and what goes with a disposition: a promised call, a note. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include "dialer/local/wrapup_fields.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

/* ---- list ---- */

struct show {
  const char *campaign;
  struct table *table;
  json_t *array;
};

static int take(void *arg, const struct disposition_def *d, bool own) {
  struct show *s = arg;
  const char *category = disposition_category_name((enum disposition_category)d->category);
  char effect[48];
  const char *word = disposition_effect_name((enum disposition_effect)d->effect);
  snprintf(effect, sizeof effect, "%s%s%s", word, d->effect == EFFECT_RETRIES || d->effect == EFFECT_OPTS_OUT ? ":" : "",
           d->effect == EFFECT_RETRIES    ? outcome_name((enum outcome)d->as)
           : d->effect == EFFECT_OPTS_OUT ? opt_out_scope_name((enum opt_out_scope)d->scope)
                                          : "");
  if (s->array) {
    json_array_append_new(s->array,
                          json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:b, s:b, s:b, s:b, s:b}", "code", json_text(d->code), "name",
                                    json_text(d->name), "category", category, "effect", effect, "vicidial",
                                    json_text(d->alias[0] ? d->alias : d->code), "fields", json_text(d->fields), "own", own, "agents",
                                    d->agents, "human", d->human, "right_party", d->right_party, "conversion", d->conversion));
    return CAD_OK;
  }
  table_put(s->table, "%s", d->code);
  table_put(s->table, "%s", d->name);
  table_put(s->table, "%s", category);
  table_put(s->table, "%s", effect);
  table_put(s->table, "%s", d->alias[0] ? d->alias : d->code);
  table_put(s->table, "%s%s", d->agents ? "agents" : "system", own ? ", own" : "");
  return CAD_OK;
}
static int job_list(struct store *st, void *arg) { return store_disposition_each(st, ((struct show *)arg)->campaign, take, arg); }

int cmd_disposition_list(struct command_call *c) {
  static const char *const HEADS[] = {"CODE", "MEANING", "CATEGORY", "EFFECT", "VICIDIAL", "SET BY", NULL};
  struct show s = {call_option(c, OPT_CAMPAIGN), call_json(c) ? NULL : table_create(HEADS), call_json(c) ? json_array() : NULL};
  int r = c->backend->run(c->backend->self, job_list, &s, false), status = EXIT_GOOD;
  if (r < 0) {
    status = r == CAD_ENOENT ? call_refuse(c, "there is no campaign \"%.40s\"", s.campaign) : call_refuse_store(c, r, "dispositions");
    json_decref(s.array);
  } else if (s.array) {
    call_put_json(c, json_pack("{s:o}", "dispositions", s.array));
  } else {
    table_print(s.table, c->out, "no codes");
  }
  table_destroy(s.table);
  return status;
}

/* ---- add ---- */

struct add_job {
  const char *campaign;
  struct disposition_def d;
};
static int job_add(struct store *st, void *arg) {
  struct add_job *j = arg;
  return store_disposition_put(st, j->campaign, &j->d);
}

/* "retries:busy", "opts_out:campaign", "finishes" */
static bool read_effect(const char *text, struct disposition_def *d) {
  char word[32];
  snprintf(word, sizeof word, "%.31s", text);
  char *more = strchr(word, ':');
  if (more) *more++ = 0;
  int effect = disposition_effect_parse(word), outcome = more ? outcome_parse(more) : -1, scope = more ? opt_out_scope_parse(more) : 0;
  if (effect < 0 || (effect == EFFECT_RETRIES && outcome <= 0) || (effect == EFFECT_OPTS_OUT && scope < 0)) return false;
  d->effect = (uint8_t)effect;
  d->as = (uint8_t)(effect == EFFECT_RETRIES ? outcome : 0);
  d->scope = (uint8_t)(effect == EFFECT_OPTS_OUT ? scope : 0);
  return true;
}

int cmd_disposition_add(struct command_call *c) {
  struct add_job j = {.campaign = call_option(c, OPT_CAMPAIGN)};
  int category = disposition_category_parse(call_option(c, OPT_CATEGORY));
  const char *code = c->args->words[0], *alias = call_option(c, OPT_MAP);
  if (strlen(code) > 7 || (alias && strlen(alias) > 7)) return call_refuse(c, "a code has up to 7 capital letters, digits, '-' or '_'");
  const char *fields = call_option(c, OPT_FIELDS);
  char why[WRAPUP_WHY_MAX];
  if (fields && strlen(fields) >= sizeof j.d.fields) return call_refuse(c, "--fields holds %zu bytes at most", sizeof j.d.fields - 1);
  if (fields && !fields_described(fields, why)) return call_refuse(c, "--fields: %s", why);
  snprintf(j.d.fields, sizeof j.d.fields, "%s", fields ? fields : "");
  if (category < 0) return call_refuse(c, "\"%.30s\" is no category; --help lists them", call_option(c, OPT_CATEGORY));
  if (!read_effect(call_option(c, OPT_EFFECT), &j.d))
    return call_refuse(c, "\"%.40s\" is no effect; --help lists them", call_option(c, OPT_EFFECT));
  snprintf(j.d.code, sizeof j.d.code, "%s", code);
  snprintf(j.d.alias, sizeof j.d.alias, "%s", alias ? alias : "");
  snprintf(j.d.name, sizeof j.d.name, "%.47s", call_option(c, OPT_NAME));
  j.d.category = (uint8_t)category;
  j.d.agents = true;
  j.d.human = category != CATEGORY_NO_CONTACT && category != CATEGORY_MACHINE && category != CATEGORY_TECHNICAL;
  j.d.right_party = category == CATEGORY_RIGHT_PARTY || category == CATEGORY_CONVERSION || category == CATEGORY_CALLBACK;
  j.d.conversion = category == CATEGORY_CONVERSION;
  int r = c->backend->run(c->backend->self, job_add, &j, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no campaign \"%.40s\"", j.campaign);
  if (r == CAD_EINVAL) return call_refuse(c, "the code must be up to 7 capital letters, digits, '-' or '_', as VENTA");
  if (r < 0) return call_refuse_store(c, r, "disposition");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:o}", "code", json_text(j.d.code), "campaign", j.campaign ? json_text(j.campaign) : json_null()));
  else
    fprintf(c->out, "disposition %s holds for %s\n", j.d.code, j.campaign ? j.campaign : "every campaign");
  return EXIT_GOOD;
}

/* ---- with a disposition ---- */

static int64_t days_of(int64_t y, int64_t m, int64_t d) { /* days since 1970-01-01 of the proleptic Gregorian calendar */
  y -= m <= 2;
  int64_t era = y / 400, yoe = y - era * 400, doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool read_time(const char *text, struct callback *out) {
  int y, mo, d, h, mi, used = 0;
  unsigned n;
  char unit;
  if (sscanf(text, "+%5u%c%n", &n, &unit, &used) == 2 && text[used] == 0 && strchr("mhd", unit)) {
    int64_t each = unit == 'm' ? 60000 : unit == 'h' ? 3600000 : 86400000;
    out->wanted = wall_add(clock_wall(), (int64_t)n * each);
    return true;
  }
  used = 0;
  if (sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d%n", &y, &mo, &d, &h, &mi, &used) != 5 || text[used]) return false;
  if (y < 2000 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 || mi < 0 || mi > 59) return false;
  out->local_day = days_of(y, mo, d);
  out->local_minutes = h * 60 + mi;
  return true;
}

struct code_job {
  struct agent_def agent;
  const char *name, *code;
  struct disposition_def d;
};
static int job_code(struct store *st, void *arg) {
  struct code_job *j = arg;
  int r = store_agent_get(st, j->name, &j->agent);
  return r < 0 ? r : store_disposition_get(st, j->agent.campaign, j->code, &j->d);
}

/* What is given, as the code asks for it; NULL and told why. A code that nobody knows is refused elsewhere. */
static json_t *fields_of_call(struct command_call *c) {
  struct code_job j = {.name = c->args->words[0], .code = c->args->words[1]};
  char why[WRAPUP_WHY_MAX];
  if (c->backend->run(c->backend->self, job_code, &j, false) < 0) j.d.fields[0] = 0;
  json_t *given = fields_given(j.d.fields, call_option(c, OPT_FIELDS), why);
  if (!given) (void)call_refuse(c, "%.7s: %s", j.code, why);
  return given;
}

/* Before anything is set. */
static bool fields_good(struct command_call *c) {
  json_t *given = fields_of_call(c);
  json_decref(given);
  return given != NULL;
}

bool dispose_options_good(struct command_call *c) {
  struct callback unused = {0};
  const char *when = call_option(c, OPT_CALLBACK);
  if (!fields_good(c)) return false;
  if (!when || read_time(when, &unused)) return true;
  (void)call_refuse(c, "\"%.40s\" is no time; write \"2026-05-04 10:30\" in the customer's time, or +2h", when);
  return false;
}

struct more {
  struct callback callback;
  char *fields;
  int result;
};
static int job_callback(struct store *st, void *arg) { return store_callback_put(st, &((struct more *)arg)->callback); }
static int job_note(struct store *st, void *arg) {
  struct more *m = arg;
  return store_wrapup_put(st, m->callback.attempt_id, m->callback.agent_id, m->fields);
}

static int keep_callback(struct command_call *c, struct more *m, json_t **promised) {
  int r = c->backend->run(c->backend->self, job_callback, m, true);
  if (r == CAD_EREFUSED) return call_refuse(c, "disposed, but no call back: the number may not be called again");
  if (r == CAD_EINVAL) return call_refuse(c, "disposed, but no call back: the time is past or over a year away");
  if (r < 0) return call_refuse_store(c, r, "promised call");
  char due[25];
  clock_iso8601(m->callback.due, due);
  if (call_json(c) && promised)
    *promised = json_pack("{s:o, s:o, s:o, s:b}", "due", json_time(m->callback.due), "zone", json_text(m->callback.zone), "moved_by",
                          m->callback.moved_why[0] ? json_text(m->callback.moved_why) : json_null(), "mine", (int)m->callback.mine);
  if (!call_json(c))
    fprintf(c->out, "call back at %s (customer's zone %s)%s%s\n", due, m->callback.zone,
            m->callback.moved_why[0] ? ", moved there by " : "", m->callback.moved_why);
  return EXIT_GOOD;
}

int dispose_more(struct command_call *c, uint64_t attempt, uint64_t agent, json_t **promised) {
  struct more m = {.callback = {.attempt_id = attempt, .agent_id = agent, .mine = call_option(c, OPT_MINE) != NULL}};
  const char *note = call_option(c, OPT_NOTE), *when = call_option(c, OPT_CALLBACK);
  int status = EXIT_GOOD;
  if (note || call_option(c, OPT_FIELDS)) {
    json_t *j = fields_of_call(c);
    if (j && note) json_object_set_new(j, "note", json_text(note));
    m.fields = j ? json_dumps(j, JSON_COMPACT) : NULL;
    json_decref(j);
    int r = m.fields ? c->backend->run(c->backend->self, job_note, &m, true) : CAD_ENOMEM;
    free(m.fields);
    if (r < 0) status = call_refuse_store(c, r, "note");
  }
  if (!when) return status;
  (void)read_time(when, &m.callback);
  int kept = keep_callback(c, &m, promised);
  return kept == EXIT_GOOD ? status : kept;
}
