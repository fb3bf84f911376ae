/* cadencia campaign: create, start, pause, stop, list, show. */
#include "dialer/local/campaign_law.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include "dialer/local/template.h"
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct campaign_job {
  const char *name;
  struct campaign_def def;
  struct store_counts counts;
  enum campaign_state state;
};

static int job_get(struct store *s, void *arg) {
  struct campaign_job *j = arg;
  int r = store_campaign_get(s, j->name, &j->def);
  return r < 0 ? r : store_counts(s, j->name, &j->counts);
}
static int job_put(struct store *s, void *arg) {
  struct campaign_job *j = arg;
  return store_campaign_put(s, &j->def);
}
static int job_state(struct store *s, void *arg) {
  struct campaign_job *j = arg;
  return store_campaign_state(s, j->name, j->state);
}

static int do_job(struct command_call *c, int (*fn)(struct store *, void *), void *arg, bool tx) {
  return c->backend->run(c->backend->self, fn, arg, tx);
}

/* The daemon hears of the change; its absence is said, not a fault. */
static int announce(struct command_call *c, const char *campaign) {
  if (!c->backend->daemon) return EXIT_GOOD;
  int r = c->backend->announce(c->backend->self, campaign, NULL);
  return r < 0 ? call_refuse(c, "kept in the database, but the daemon did not take it (%s); look at its log", err_name(r)) : EXIT_GOOD;
}

static bool name_good(const char *name) {
  size_t n = strlen(name);
  return n > 0 && n < MAIL_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n &&
         name[0] != '-' && name[0] != '.';
}

static const struct config_trunk *find_trunk(const struct config *config, const char *name, unsigned *index) {
  for (unsigned i = 0; i < config->trunk_count; i++)
    if (strcmp(config->trunks[i].name, name) == 0) {
      if (index) *index = i;
      return &config->trunks[i];
    }
  return NULL;
}

static json_t *json_phone(uint64_t phone) {
  char text[24];
  snprintf(text, sizeof text, "+%llu", (unsigned long long)phone);
  return phone ? json_string(text) : json_null();
}

int cmd_campaign_create(struct command_call *c) {
  struct campaign_job j = {.name = c->args->words[0]};
  const char *path = call_option(c, OPT_FROM);
  if (!name_good(j.name))
    return call_refuse(c, "the name \"%.40s\" must be up to %d letters, digits, '.', '_' or '-'", j.name, MAIL_NAME_MAX - 1);
  int fd = c->file < 0 ? -1 : dup(c->file);
  FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
  if (!in) {
    if (fd >= 0) close(fd);
    return call_refuse(c, "%s cannot be read", path);
  }
  char *errors = NULL;
  size_t size = 0;
  FILE *err = open_memstream(&errors, &size);
  int r = template_read(in, path, &j.def, err);
  fclose(in);
  if (err) fclose(err);
  if (r < 0) {
    fputs(errors ? errors : "", c->err);
    free(errors);
    return call_refuse(c, "%s was not accepted; mend the lines named and try again", path);
  }
  free(errors);
  snprintf(j.def.terms.name, sizeof j.def.terms.name, "%s", j.name);
  j.def.state = CAMPAIGN_STOPPED;
  unsigned index = 0;
  bool trunk = find_trunk(c->backend->config, j.def.trunk, &index) != NULL;
  j.def.terms.trunk = (uint16_t)index;
  r = do_job(c, job_put, &j, true);
  if (r == CAD_EEXIST) return call_refuse(c, "campaign \"%s\" is there already; choose another name", j.name);
  if (r < 0) return call_refuse_store(c, r, "campaign");
  int status = announce(c, j.name);
  if (status != EXIT_GOOD) return status;
  if (!trunk)
    fprintf(c->err, "cadencia campaign: note: trunk \"%s\" is not in %s yet; the campaign does not start before it is\n", j.def.trunk,
            c->backend->config->path);
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:o, s:s}", "campaign", json_text(j.name), "id", json_id(j.def.terms.id), "state",
                               campaign_state_name(CAMPAIGN_STOPPED)));
  else
    fprintf(c->out, "campaign %s made, stopped. Next: cadencia import --campaign %s FILE.csv, then cadencia campaign start %s\n", j.name,
            j.name, j.name);
  return EXIT_GOOD;
}

/* ---- what must be there before it may dial ---- */

static int prompt_missing(const struct config *config, const struct campaign_def *d, char path[2 * CONFIG_PATH_MAX]) {
  const char *dir = config->prompt_dir[0] ? config->prompt_dir : config->share_dir;
  snprintf(path, 2 * CONFIG_PATH_MAX, "%s%s/%s", dir, config->prompt_dir[0] ? "" : "/prompts", d->prompt);
  return access(path, R_OK) != 0;
}

enum { NEEDS_MAX = 24 };
struct needs_job {
  const struct campaign_def *def;
  uint64_t trunk_caller_id;
  bool message;
  struct gate_need needs[NEEDS_MAX];
  int count;
};

static int job_needs(struct store *s, void *arg) {
  struct needs_job *j = arg;
  j->count = store_campaign_needs(s, j->def, j->trunk_caller_id, j->message, j->needs, NEEDS_MAX);
  return CAD_OK;
}

/* Everything that is missing, told at once: whoever mends one thing must not meet the next only then. */
struct missing {
  struct command_call *c;
  json_t *list;
  char first[400];
};

static void miss(struct missing *m, const char *rule, const char *what, const char *fix) {
  if (json_array_size(m->list) == 0) snprintf(m->first, sizeof m->first, "%.160s (%s); %.200s", what, rule, fix);
  json_array_append_new(m->list, json_pack("{s:o, s:o, s:o}", "rule", json_text(rule), "what", json_text(what), "fix", json_text(fix)));
}

/* What the box lacks, whatever the rules say. */
static void miss_of_box(struct missing *m, const struct campaign_def *d, const struct config_trunk *trunk) {
  const struct config *config = m->c->backend->config;
  bool ahead = d->terms.mode == PACING_PREDICTIVE || d->terms.mode == PACING_RATIO;
  char path[2 * CONFIG_PATH_MAX], what[2 * CONFIG_PATH_MAX + 80], fix[2 * CONFIG_PATH_MAX];
  if (!trunk) {
    snprintf(what, sizeof what, "its trunk \"%s\" is not in %s", d->trunk, config->path);
    miss(m, "box", what, "add the trunk there and restart the daemon");
  }
  if (d->terms.caller_id == 0 && trunk && trunk->caller_id == 0) {
    snprintf(fix, sizeof fix, "set caller_id of the campaign, or of trunk \"%s\" in %s", d->trunk, config->path);
    miss(m, "box", "it has no caller id", fix);
  }
  if (ahead && !d->prompt[0]) {
    snprintf(what, sizeof what, "mode %s may answer people when no agent is free, and it has no safe-harbour message",
             pacing_mode_name((enum pacing_mode)d->terms.mode));
    miss(m, "box", what, "make it again from a template with prompts = { safe_harbour = \"safe_harbour_en.wav\"; optout_digit = \"9\"; }");
  }
  if (d->prompt[0] && prompt_missing(config, d, path)) {
    snprintf(what, sizeof what, "its safe-harbour message %s is not there or cannot be read", path);
    miss(m, "box", what, "put the WAV file there");
  }
}

/* A rule that asks for what the box lacks already says nothing new. */
static bool told_already(const struct needs_job *j, const struct gate_need *n) {
  bool ahead = j->def->terms.mode == PACING_PREDICTIVE || j->def->terms.mode == PACING_RATIO;
  if (!n->rule) return false;
  if (n->rule->kind == RULE_CALLER_ID) return j->def->terms.caller_id == 0 && j->trunk_caller_id == 0;
  return n->rule->kind == RULE_MESSAGE && ahead && !j->message;
}

static int tell_missing(struct missing *m, const struct campaign_def *d, size_t n) {
  json_t *one;
  size_t i;
  if (n == 1) return call_refuse(m->c, "%s cannot start: %s", d->terms.name, m->first);
  json_array_foreach(m->list, i, one)
      fprintf(m->c->err, "cadencia campaign: missing (%s): %s; %s\n", json_string_value(json_object_get(one, "rule")),
              json_string_value(json_object_get(one, "what")), json_string_value(json_object_get(one, "fix")));
  return call_refuse(m->c, "%s cannot start: %zu things are missing, see above", d->terms.name, n);
}

static int refuse_start(struct command_call *c, const struct campaign_def *d) {
  const struct config_trunk *trunk = find_trunk(c->backend->config, d->trunk, NULL);
  struct missing m = {.c = c, .list = json_array()};
  struct needs_job j = {.def = d, .trunk_caller_id = trunk ? trunk->caller_id : 0, .message = d->prompt[0] != '\0'};
  int r = do_job(c, job_needs, &j, false);
  if (r < 0) {
    json_decref(m.list);
    return call_refuse_store(c, r, "rules");
  }
  miss_of_box(&m, d, trunk);
  for (int i = 0; i < j.count; i++)
    if (!told_already(&j, &j.needs[i])) miss(&m, j.needs[i].rule ? j.needs[i].rule->id : "rules", j.needs[i].what, j.needs[i].fix);
  size_t n = json_array_size(m.list);
  if (n == 0) {
    json_decref(m.list);
    return EXIT_GOOD;
  }
  int status = call_json(c) ? EXIT_REFUSED : tell_missing(&m, d, n);
  if (call_json(c)) {
    char error[480];
    snprintf(error, sizeof error, "%s cannot start: %s", d->terms.name, m.first);
    call_put_json(c, json_pack("{s:o, s:O}", "error", json_text(error), "missing", m.list));
  }
  json_decref(m.list);
  return status;
}

static int set_state(struct command_call *c, enum campaign_state state) {
  struct campaign_job j = {.name = c->args->words[0], .state = state};
  int r = do_job(c, job_get, &j, false);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", j.name);
  if (r < 0) return call_refuse_store(c, r, "campaign");
  if (state == CAMPAIGN_PAUSED && j.def.state == CAMPAIGN_STOPPED)
    return call_refuse(c, "%s is stopped; there is nothing to pause", j.name);
  int status = state == CAMPAIGN_RUNNING ? refuse_start(c, &j.def) : EXIT_GOOD;
  if (status != EXIT_GOOD) return status;
  r = do_job(c, job_state, &j, true);
  if (r < 0) return call_refuse_store(c, r, "campaign");
  status = announce(c, j.name);
  if (status != EXIT_GOOD) return status;
  uint64_t waiting = j.counts.contacts_waiting;
  if (call_json(c)) {
    call_put_json(c, json_pack("{s:o, s:s, s:b, s:I}", "campaign", json_text(j.name), "state", campaign_state_name(state), "daemon",
                               c->backend->daemon, "contacts_waiting", (json_int_t)waiting));
    return EXIT_GOOD;
  }
  fprintf(c->out, "campaign %s is %s", j.name, campaign_state_name(state));
  if (state == CAMPAIGN_RUNNING) fprintf(c->out, ", %llu contact%s waiting", (unsigned long long)waiting, waiting == 1 ? "" : "s");
  if (state == CAMPAIGN_RUNNING && waiting == 0) fprintf(c->out, "; load some with cadencia import --campaign %s FILE.csv", j.name);
  fprintf(c->out, "%s\n", c->backend->daemon ? "" : "; no daemon runs here, so it takes effect when cadencia serve starts");
  return EXIT_GOOD;
}

int cmd_campaign_start(struct command_call *c) { return set_state(c, CAMPAIGN_RUNNING); }
int cmd_campaign_pause(struct command_call *c) { return set_state(c, CAMPAIGN_PAUSED); }
int cmd_campaign_stop(struct command_call *c) { return set_state(c, CAMPAIGN_STOPPED); }

/* ---- looking ---- */

enum { LIST_MOST = 1024 };
struct list_job {
  struct campaign_job *items;
  int count, room;
};

static int take_def(void *arg, const struct campaign_def *d) {
  struct list_job *l = arg;
  if (l->count == l->room) {
    int room = l->room ? l->room * 2 : 16;
    void *more = room > LIST_MOST ? NULL : realloc(l->items, (size_t)room * sizeof *l->items);
    if (!more) return CAD_EFULL;
    l->items = more;
    l->room = room;
  }
  memset(&l->items[l->count], 0, sizeof l->items[0]);
  l->items[l->count++].def = *d;
  return CAD_OK;
}

static int job_list(struct store *s, void *arg) {
  struct list_job *l = arg;
  int r = store_campaign_list(s, take_def, l);
  for (int i = 0; r >= 0 && i < l->count; i++) r = store_counts(s, l->items[i].def.terms.name, &l->items[i].counts);
  return r;
}

static json_t *counts_json(const struct store_counts *n) {
  json_t *outcomes = json_object();
  for (int o = 1; o < OUTCOME_COUNT; o++)
    if (n->by_outcome[o]) json_object_set_new(outcomes, outcome_name((enum outcome)o), json_integer((json_int_t)n->by_outcome[o]));
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:o}", "attempts", (json_int_t)n->attempts, "open_attempts",
                   (json_int_t)n->open_attempts, "contacts", (json_int_t)n->contacts, "contacts_done", (json_int_t)n->contacts_done,
                   "contacts_waiting", (json_int_t)n->contacts_waiting, "abandonment", "num", (json_int_t)n->abandoned, "den",
                   (json_int_t)n->live, "outcomes", outcomes);
}

static json_t *campaign_json(const struct campaign_job *j) {
  const struct campaign_def *d = &j->def;
  return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:I, s:i, s:b, s:i, s:I, s:o, s:o}", "name", json_text(d->terms.name),
                   "id", json_id(d->terms.id), "state", campaign_state_name((enum campaign_state)d->state), "mode",
                   pacing_mode_name((enum pacing_mode)d->terms.mode), "trunk", json_text(d->trunk), "caller_id",
                   json_phone(d->terms.caller_id), "seller", json_text(d->seller), "country", d->country, "purpose", d->purpose, "ring_ms",
                   (json_int_t)d->terms.ring_ms, "max_wait_ms", (int)d->terms.max_wait_ms, "screening", d->terms.screening,
                   "abandonment_limit_bp", (int)d->terms.limit_bp, "wrapup_ms", (json_int_t)d->terms.wrapup_ms, "safe_harbour",
                   d->prompt[0] ? json_text(d->prompt) : json_null(), "counts", counts_json(&j->counts));
}

/* What only the look at one campaign shows. */
static void add_terms(json_t *out, const struct campaign_def *d) {
  static const char *const DAYS[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  json_t *hours = json_object(), *retry = json_array(), *dispositions = json_object();
  for (int i = 0; i < 7; i++) {
    unsigned o = d->gate.hours.open[i], e = d->gate.hours.close[i];
    char text[16];
    snprintf(text, sizeof text, "%02u:%02u-%02u:%02u", (o / 60) % 100, o % 60, (e / 60) % 100, e % 60);
    json_object_set_new(hours, DAYS[i], o == e ? json_null() : json_string(text));
  }
  for (int i = 0; i < d->retry.count; i++)
    json_array_append_new(retry, json_pack("{s:s, s:I, s:i}", "outcome", outcome_name(d->retry.rules[i].outcome), "after_s",
                                           (json_int_t)(d->retry.rules[i].delay_ms / 1000), "tries", (int)d->retry.rules[i].max_tries));
  for (int i = 0; i < 10; i++)
    if (d->terms.dispositions[i][0]) json_object_set_new(dispositions, (char[]){(char)('0' + i), 0}, json_text(d->terms.dispositions[i]));
  json_object_set_new(out, "hours", hours);
  json_object_set_new(
      out, "attempts",
      json_pack("{s:i, s:I}", "max", (int)d->gate.attempts_max, "window_h", (json_int_t)(d->gate.attempts_window_ms / 3600000)));
  campaign_law_json(out, &d->gate);
  json_object_set_new(out, "retry", retry);
  json_object_set_new(out, "dispositions", dispositions);
  json_object_set_new(out, "default_disposition", json_text(d->terms.default_disposition));
}

int cmd_campaign_list(struct command_call *c) {
  struct list_job l = {NULL, 0, 0};
  int r = do_job(c, job_list, &l, false);
  if (r < 0) {
    free(l.items);
    return call_refuse_store(c, r, "campaigns");
  }
  if (call_json(c)) {
    json_t *array = json_array();
    for (int i = 0; i < l.count; i++) json_array_append_new(array, campaign_json(&l.items[i]));
    call_put_json(c, json_pack("{s:o}", "campaigns", array));
  } else {
    static const char *const HEADS[] = {"NAME",     "STATE",     "MODE",       "TRUNK",      ">CONTACTS",
                                        ">WAITING", ">ATTEMPTS", ">CONNECTED", ">ABANDONED", NULL};
    struct table *t = table_create(HEADS);
    for (int i = 0; i < l.count; i++) {
      const struct campaign_def *d = &l.items[i].def;
      const struct store_counts *n = &l.items[i].counts;
      table_put(t, "%s", d->terms.name);
      table_put(t, "%s", campaign_state_name((enum campaign_state)d->state));
      table_put(t, "%s", pacing_mode_name((enum pacing_mode)d->terms.mode));
      table_put(t, "%s", d->trunk);
      table_put(t, "%llu", (unsigned long long)n->contacts);
      table_put(t, "%llu", (unsigned long long)n->contacts_waiting);
      table_put(t, "%llu", (unsigned long long)n->attempts);
      table_put(t, "%llu", (unsigned long long)n->by_outcome[OUTCOME_CONNECTED]);
      table_put(t, "%llu/%llu", (unsigned long long)n->abandoned, (unsigned long long)n->live);
    }
    table_print(t, c->out, "no campaigns yet; make one with cadencia campaign create NAME --from etc/campaigns/sales.conf");
    table_destroy(t);
  }
  free(l.items);
  return EXIT_GOOD;
}

static void print_hours(FILE *out, const struct hours *h) {
  static const char *const DAYS[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  fputs("hours         ", out);
  for (int i = 1; i <= 7; i++) {
    int d = i % 7;
    if (h->open[d] == h->close[d])
      fprintf(out, "%s closed", DAYS[d]);
    else
      fprintf(out, "%s %02u:%02u-%02u:%02u", DAYS[d], h->open[d] / 60u, h->open[d] % 60u, h->close[d] / 60u, h->close[d] % 60u);
    fputs(i == 7 ? "\n" : i == 4 ? ",\n              " : ", ", out);
  }
}

static void print_campaign(FILE *out, const struct campaign_job *j) {
  const struct campaign_def *d = &j->def;
  const struct store_counts *n = &j->counts;
  fprintf(out, "campaign      %s (%llu), %s\n", d->terms.name, (unsigned long long)d->terms.id,
          campaign_state_name((enum campaign_state)d->state));
  fprintf(out, "purpose       %s for %s, country %s\n", d->purpose, d->seller, d->country);
  campaign_law_print(out, &d->gate);
  fprintf(out, "pace          %s, screening %s, abandonment at most %u.%02u %%\n", pacing_mode_name((enum pacing_mode)d->terms.mode),
          d->terms.screening ? "on" : "off", d->terms.limit_bp / 100u, d->terms.limit_bp % 100u);
  fprintf(out, "trunk         %s, caller id %s%.0llu\n", d->trunk, d->terms.caller_id ? "+" : "of the trunk",
          (unsigned long long)d->terms.caller_id);
  fprintf(out, "times         ring %u ms, wait %u ms, wrap-up %u ms\n", d->terms.ring_ms, d->terms.max_wait_ms, d->terms.wrapup_ms);
  fprintf(out, "safe harbour  %s, opt-out key %c\n", d->prompt[0] ? d->prompt : "none",
          d->terms.optout_digit ? d->terms.optout_digit : '-');
  print_hours(out, &d->gate.hours);
  fprintf(out, "attempts      at most %u in %lld h to one number\n", d->gate.attempts_max,
          (long long)(d->gate.attempts_window_ms / 3600000));
  for (int i = 0; i < d->retry.count; i++)
    fprintf(out, "%s%s after %lld min, %u tries\n", i ? "              " : "retry         ", outcome_name(d->retry.rules[i].outcome),
            (long long)(d->retry.rules[i].delay_ms / 60000), d->retry.rules[i].max_tries);
  fprintf(out, "contacts      %llu, waiting %llu, done %llu\n", (unsigned long long)n->contacts, (unsigned long long)n->contacts_waiting,
          (unsigned long long)n->contacts_done);
  fprintf(out, "attempts made %llu, now %llu; abandoned %llu of %llu answers by people\n", (unsigned long long)n->attempts,
          (unsigned long long)n->open_attempts, (unsigned long long)n->abandoned, (unsigned long long)n->live);
  for (int o = 1; o < OUTCOME_COUNT; o++)
    if (n->by_outcome[o]) fprintf(out, "  %-14s %llu\n", outcome_name((enum outcome)o), (unsigned long long)n->by_outcome[o]);
}

int cmd_campaign_show(struct command_call *c) {
  struct campaign_job j = {.name = c->args->words[0]};
  int r = do_job(c, job_get, &j, false);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", j.name);
  if (r < 0) return call_refuse_store(c, r, "campaign");
  if (!call_json(c)) {
    print_campaign(c->out, &j);
    return EXIT_GOOD;
  }
  json_t *json = campaign_json(&j);
  if (json) add_terms(json, &j.def);
  call_put_json(c, json);
  return EXIT_GOOD;
}
