/* A scenario file: libconfig, numbers with or without a point, times as "H:MM" or "H:MM:SS" since the shift began. */
#include "dialer/base/schema.h"
#include "dialer/sim/scenario.h"
#include <cadencia/err.h>
#include <string.h>

#define NUMBER(key, least, most, example)                                                                                                  \
  { #key, offsetof(struct scenario, key), least, most, example }
#define NUMBER_AT(key, member, least, most, example)                                                                                       \
  { #key, offsetof(struct scenario, member), least, most, example }

static const struct number {
  const char *name;
  size_t offset;
  double least, most;
  const char *example;
} NUMBERS[] = {
    NUMBER(hours, 0.01, 24, "8.0"),
    NUMBER(limit_pct, 0.1, 20, "3.0"),
    NUMBER(answer_pct, 0, 90, "25.0"),
    NUMBER(machine_pct, 0, 100, "35.0"),
    NUMBER(busy_pct, 0, 100, "8.0"),
    NUMBER(fail_pct, 0, 100, "7.0"),
    NUMBER_AT(delay_s, delay.mean, 0, 30, "1.2"),
    NUMBER(delay_least_s, 0, 30, "1.0"),
    NUMBER_AT(ring_s, ring.mean, 0.4, 60, "8.5"),
    NUMBER_AT(ring_cv, ring.cv, 0, 3, "0.55"),
    NUMBER(ring_limit_s, 15, 120, "24.0"),
    NUMBER(give_up_s, 0, 120, "0.0"),
    NUMBER(machine_fast_pct, 0, 100, "35.0"),
    NUMBER_AT(talk_s, talk.mean, 1, 7200, "120.0"),
    NUMBER_AT(talk_cv, talk.cv, 0, 4, "1.0"),
    NUMBER(short_talk_pct, 0, 100, "50.0"),
    NUMBER(short_talk_s, 1, 3600, "18.0"),
    NUMBER_AT(wrap_s, wrap.mean, 0.1, 3600, "15.0"),
    NUMBER_AT(wrap_cv, wrap.cv, 0, 4, "0.5"),
    NUMBER_AT(greeting_s, greeting.mean, 0.1, 10, "1.0"),
    NUMBER(verdict_least_s, 0, 10, "0.2"),
    NUMBER(verdict_most_s, 0, 10, "0.7"),
    NUMBER(mistaken_pct, 0, 20, "0.5"),
    NUMBER(missed_pct, 0, 100, "5.0"),
    NUMBER(early_hangup_pct, 0, 100, "15.0"),
    NUMBER(hasty_pct, 0, 100, "3.0"),
    NUMBER(machine_talk_s, 1, 120, "7.0"),
    NUMBER(machine_wrap_s, 0.1, 120, "2.0"),
    NUMBER(login_spread_s, 0, 7200, "300.0"),
    NUMBER(breaks_per_hour, 0, 10, "0.35"),
    NUMBER(break_s, 1, 7200, "300.0"),
    NUMBER(inbound_per_hour, 0, 5000, "90.0"),
    NUMBER(inbound_talk_s, 1, 3600, "150.0"),
    NUMBER(inbound_patience_s, 1, 3600, "60.0"),
};
enum { NUMBER_COUNT = sizeof NUMBERS / sizeof NUMBERS[0] };

static bool number_of(const config_setting_t *s, double *out) {
  if (!config_setting_is_number(s)) return false;
  *out = config_setting_type(s) == CONFIG_TYPE_FLOAT ? config_setting_get_float(s) : (double)config_setting_get_int64(s);
  return true;
}

static void own_number(struct schema *sc, config_setting_t *s, void *base) {
  const struct number *n = NUMBERS;
  while (strcmp(n->name, config_setting_name(s)) != 0) n++;
  double v;
  if (!number_of(s, &v))
    schema_error(sc, s, "%s must be a number without quotes; write %s = %s", n->name, n->name, n->example);
  else if (!(v >= n->least && v <= n->most))
    schema_error(sc, s, "%s = %g is out of range %g to %g; write %s = %s", n->name, v, n->least, n->most, n->name, n->example);
  else
    memcpy((char *)base + n->offset, &v, sizeof v);
}

/* "2:30" or "2:30:15" */
static bool time_of(const config_setting_t *s, double *out) {
  const char *text = s ? config_setting_get_string(s) : NULL;
  unsigned h, m, sec = 0;
  int used = 0;
  if (!text || sscanf(text, "%2u:%2u%n", &h, &m, &used) != 2) return false;
  if (text[used] == ':') {
    int more = 0;
    if (sscanf(text + used, ":%2u%n", &sec, &more) != 1) return false;
    used += more;
  }
  if (text[used] || h > 24 || m > 59 || sec > 59) return false;
  *out = h * 3600.0 + m * 60.0 + sec;
  return true;
}

static void read_steps(struct schema *sc, config_setting_t *s, struct steps *out, double most) {
  const char *name = config_setting_name(s);
  int n = config_setting_length(s);
  if (!config_setting_is_list(s) || n > STEPS_MAX) {
    schema_error(sc, s, "%s is a list of up to %d times and values; write %s = ( (\"0:00\", 1.0), (\"2:30\", 0.5) )", name, STEPS_MAX,
                 name);
    return;
  }
  *out = (struct steps){0};
  for (int i = 0; i < n; i++) {
    const config_setting_t *pair = config_setting_get_elem(s, (unsigned)i);
    double at, v;
    if (!config_setting_is_list(pair) || config_setting_length(pair) != 2 || !time_of(config_setting_get_elem(pair, 0), &at) ||
        !number_of(config_setting_get_elem(pair, 1), &v) || !(v >= 0 && v <= most)) {
      schema_error(sc, pair, "%s holds a time \"H:MM\" and a number from 0 to %g in each pair; write (\"2:30\", 0.5)", name, most);
      return;
    }
    if (out->count && at <= out->at_s[out->count - 1]) {
      schema_error(sc, pair, "%s: the times must rise; put the pairs in order", name);
      return;
    }
    out->at_s[out->count] = at;
    out->value[out->count++] = v;
  }
}

static void own_steps(struct schema *sc, config_setting_t *s, void *base) {
  struct scenario *sn = base;
  const char *name = config_setting_name(s);
  if (strcmp(name, "answer_by_hour") == 0) read_steps(sc, s, &sn->answer_by_hour, 20);
  if (strcmp(name, "answer_by_time") == 0) read_steps(sc, s, &sn->answer_by_time, 20);
  if (strcmp(name, "talk_by_time") == 0) read_steps(sc, s, &sn->talk_by_time, 20);
  if (strcmp(name, "staff") == 0) read_steps(sc, s, &sn->staff, 1);
  if (strcmp(name, "inbound_by_time") == 0) read_steps(sc, s, &sn->inbound_by_time, 20);
}

static void own_classes(struct schema *sc, config_setting_t *s, void *base) {
  struct scenario *sn = base;
  bool share = strcmp(config_setting_name(s), "class_share") == 0;
  double *to = share ? sn->class_share : sn->class_factor;
  int n = config_setting_length(s);
  bool good = config_setting_is_array(s) && n >= 1 && n <= CLASSES_MAX;
  for (int i = 0; good && i < n; i++) good = number_of(config_setting_get_elem(s, (unsigned)i), &to[i]) && to[i] >= 0 && to[i] <= 20;
  if (!good) {
    schema_error(sc, s, "%s is an array of 1 to %d numbers from 0 to 20, one for each score class; write %s = %s", config_setting_name(s),
                 CLASSES_MAX, config_setting_name(s), share ? "[ 0.5, 0.5 ]" : "[ 0.4, 1.6 ]");
    return;
  }
  config_setting_t *other = config_setting_get_member(config_setting_parent(s), share ? "class_factor" : "class_share");
  if (!other || config_setting_length(other) != n)
    schema_error(sc, s, "class_share and class_factor go together, one number for each class in both");
  else
    sn->classes = (unsigned)n;
}

static void own_waves(struct schema *sc, config_setting_t *s, void *base) {
  struct scenario *sn = base;
  int n = config_setting_length(s);
  if (!config_setting_is_list(s) || n > WAVES_MAX) {
    schema_error(sc, s, "break_waves is a list of up to %d breaks; write break_waves = ( (\"2:00\", 0.4, 900.0) )", WAVES_MAX);
    return;
  }
  sn->wave_count = 0;
  for (int i = 0; i < n; i++) {
    const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
    struct wave w;
    if (!config_setting_is_list(e) || config_setting_length(e) != 3 || !time_of(config_setting_get_elem(e, 0), &w.at_s) ||
        !number_of(config_setting_get_elem(e, 1), &w.share) || !number_of(config_setting_get_elem(e, 2), &w.for_s) ||
        !(w.share >= 0 && w.share <= 1) || !(w.for_s > 0 && w.for_s <= 14400)) {
      schema_error(sc, e, "a break wave is a time, the share of agents (0 to 1) and its seconds; write (\"2:00\", 0.4, 900.0)");
      return;
    }
    sn->waves[sn->wave_count++] = w;
  }
}

enum { OTHERS = 15 };
static const struct schema_key OTHER_KEYS[OTHERS] = {
    {"name", SCHEMA_TEXT, false, offsetof(struct scenario, name), 64, 1, 63, "\"an ordinary day\"", NULL},
    {"agents", SCHEMA_WHOLE, false, offsetof(struct scenario, agents), 4, 1, SCENARIO_AGENTS_MAX, "10", NULL},
    {"contacts", SCHEMA_WHOLE, false, offsetof(struct scenario, contacts), 4, 0, 10000000, "5000", NULL},
    {"block", SCHEMA_WHOLE, false, offsetof(struct scenario, block), 4, 1, 1000000, "1", NULL},
    {"lines", SCHEMA_WHOLE, false, offsetof(struct scenario, lines), 4, 0, 10000, "110", NULL},
    {"calls_per_s", SCHEMA_WHOLE, false, offsetof(struct scenario, calls_per_s), 4, 0, 1000, "6", NULL},
    {"screening", SCHEMA_FLAG, false, offsetof(struct scenario, screening), 1, 0, 0, "true", NULL},
    {"hours_end", SCHEMA_FLAG, false, offsetof(struct scenario, hours_end), 1, 0, 0, "true", NULL},
    {"answer_by_hour", SCHEMA_OWN, false, 0, 0, 0, 0, "( (\"0:00\", 1.0), (\"4:00\", 0.85) )", own_steps},
    {"answer_by_time", SCHEMA_OWN, false, 0, 0, 0, 0, "( (\"3:00\", 2.0), (\"4:30\", 1.0) )", own_steps},
    {"talk_by_time", SCHEMA_OWN, false, 0, 0, 0, 0, "( (\"3:00\", 2.0), (\"4:30\", 1.0) )", own_steps},
    {"staff", SCHEMA_OWN, false, 0, 0, 0, 0, "( (\"0:00\", 0.4), (\"2:00\", 1.0) )", own_steps},
    {"inbound_by_time", SCHEMA_OWN, false, 0, 0, 0, 0, "( (\"4:00\", 2.5), (\"4:30\", 1.0) )", own_steps},
    {"class_share", SCHEMA_OWN, false, 0, 0, 0, 0, "[ 0.5, 0.5 ]", own_classes},
    {"class_factor", SCHEMA_OWN, false, 0, 0, 0, 0, "[ 0.4, 1.6 ]", own_classes},
};

int scenario_load(const char *path, struct scenario *s, FILE *err) {
  struct schema_key keys[NUMBER_COUNT + OTHERS + 2];
  unsigned n = 0;
  for (; n < OTHERS; n++) keys[n] = OTHER_KEYS[n];
  for (unsigned i = 0; i < NUMBER_COUNT; i++)
    keys[n++] = (struct schema_key){NUMBERS[i].name, SCHEMA_OWN, false, 0, 0, 0, 0, NUMBERS[i].example, own_number};
  keys[n++] = (struct schema_key){"break_waves", SCHEMA_OWN, false, 0, 0, 0, 0, "( (\"2:00\", 0.4, 900.0) )", own_waves};
  keys[n] = (struct schema_key){.name = NULL};
  scenario_defaults(s);
  FILE *in = fopen(path, "re");
  if (!in) {
    if (err) fprintf(err, "%s: there is no such file; etc/scenarios/ holds some to begin with\n", path);
    return CAD_ENOENT;
  }
  config_t cfg;
  struct schema sc = {.path = path, .err = err};
  int r = schema_parse_file(&sc, in, &cfg);
  fclose(in);
  if (r == CAD_OK) {
    schema_read(&sc, config_root_setting(&cfg), keys, s);
    const char *fault = sc.errors ? NULL : scenario_fault(s);
    if (fault) schema_error(&sc, NULL, "%s", fault);
    if (sc.errors) r = CAD_EFORMAT;
  }
  config_destroy(&cfg);
  return r;
}

void scenario_help(FILE *out) {
  struct scenario s;
  scenario_defaults(&s);
  fputs("# Keys of a scenario file, with what holds when a file is silent. Shares are percent, durations seconds (keys in _s),\n"
        "# times of the day \"H:MM\" since the shift began.\n"
        "name = \"a day\";\nagents = 10;\nscreening = true;      # false: machines reach the agents\n"
        "hours_end = true;      # the permitted hours end with the shift and the pacer plans for it; false: it is ended by hand\n"
        "lines = 0;             # trunk channels; 0: 6 an agent and 10\n"
        "calls_per_s = 0;       # 0: a quarter of a call for each agent, at least 10\n"
        "contacts = 0;          # of the list; 0: it never ends\n"
        "block = 1;             # so many contacts in a row are of one score class\n"
        "class_share = [ 0.25, 0.25, 0.25, 0.25 ];    # score classes of the list, which the pacer sees\n"
        "class_factor = [ 0.4, 0.8, 1.2, 1.6 ];       # of answer_pct, in each class\n"
        "# answer_by_hour = ( (\"0:00\", 1.0), (\"4:00\", 0.85) );    factors of answer_pct from a time on\n"
        "# answer_by_time = ( (\"3:00\", 2.0), (\"4:30\", 1.0) );     another such row: shocks\n"
        "# talk_by_time = ( (\"3:00\", 2.0), (\"4:30\", 1.0) );       factors of the talk time\n"
        "# staff = ( (\"0:00\", 0.4), (\"2:00\", 1.0) );              share of the agents on shift\n"
        "# break_waves = ( (\"2:00\", 0.4, 900.0) );                share of the agents who leave within two minutes, for how long\n"
        "# inbound_by_time = ( (\"4:00\", 2.5), (\"4:30\", 1.0) );    factors of inbound_per_hour\n",
        out);
  for (unsigned i = 0; i < NUMBER_COUNT; i++) {
    double v;
    memcpy(&v, (const char *)&s + NUMBERS[i].offset, sizeof v);
    fprintf(out, "%s = %g;    # %g to %g\n", NUMBERS[i].name, v, NUMBERS[i].least, NUMBERS[i].most);
  }
}
