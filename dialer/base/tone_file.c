#include "dialer/base/tone_file.h"
#include "dialer/base/schema.h"
#include <cadencia/err.h>
#include <dsp/screen.h>
#include <errno.h>
#include <string.h>

enum { HZ_MIN = 200, HZ_MAX = 3700, STEP_MS_MIN = 40 };

/* A tone before its parts are checked together. */
struct tone_text {
  char tone[16];
  struct plan_tone t;
};
struct file_text {
  char country[8], name[64], source[200];
  struct tone_plan plan;
};

static const struct {
  const char *word;
  enum screen_tone tone;
} WORDS[] = {{"busy", SCREEN_TONE_BUSY}, {"reorder", SCREEN_TONE_REORDER}, {"ringback", SCREEN_TONE_RINGBACK}, {"dial", SCREEN_TONE_DIAL}};

static int numbers(const config_setting_t *s, int64_t out[], int max) {
  const int n = config_setting_is_aggregate(s) ? config_setting_length(s) : -1;
  if (n < 0 || n > max) return -1;
  for (int i = 0; i < n; i++)
    if (!schema_whole(config_setting_get_elem(s, (unsigned)i), &out[i])) return -1;
  return n;
}

static void own_hz(struct schema *sc, config_setting_t *s, void *base) {
  struct plan_tone *t = &((struct tone_text *)base)->t;
  int64_t hz[2] = {0, 0};
  const int n = numbers(s, hz, 2);
  if (n < 1 || hz[0] < HZ_MIN || hz[0] > HZ_MAX || (n == 2 && (hz[1] < hz[0] || hz[1] > HZ_MAX))) {
    schema_error(sc, s, "hz must be one or two frequencies of %d to %d, the lower one first; write hz = [480, 620]", HZ_MIN, HZ_MAX);
    return;
  }
  t->hz1 = (uint16_t)hz[0];
  t->hz2 = (uint16_t)hz[1];
}

static void own_cadence(struct schema *sc, config_setting_t *s, void *base) {
  struct plan_tone *t = &((struct tone_text *)base)->t;
  int64_t ms[2 * PLAN_STEPS_MAX];
  const int n = numbers(s, ms, 2 * PLAN_STEPS_MAX);
  bool good = n >= 0 && n % 2 == 0;
  for (int i = 0; good && i < n; i++) good = ms[i] >= STEP_MS_MIN && ms[i] <= PLAN_MS_MAX;
  if (!good) {
    schema_error(sc, s,
                 "cadence must be up to %d pairs of on and off in ms, each %d to %d, or empty for a tone without a break; write cadence = "
                 "[500, 500]",
                 PLAN_STEPS_MAX, STEP_MS_MIN, PLAN_MS_MAX);
    return;
  }
  t->steps = (uint8_t)(n / 2);
  for (int i = 0; i < t->steps; i++) t->step[i] = (struct plan_step){(uint16_t)ms[2 * i], (uint16_t)ms[2 * i + 1]};
}

static void own_word(struct schema *sc, config_setting_t *s, void *base) {
  struct tone_text *text = base;
  for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
    if (strcmp(text->tone, WORDS[i].word) == 0) {
      text->t.tone = (uint8_t)WORDS[i].tone;
      return;
    }
  schema_error(sc, s, "tone \"%s\" is not known; write busy, reorder, ringback or dial", text->tone);
}

#define PLACE(type, field) offsetof(struct type, field), sizeof((struct type *)0)->field
static const struct schema_key TONE_KEYS[] = {{"tone", SCHEMA_TEXT, true, PLACE(tone_text, tone), 1, 0, "\"busy\"", own_word},
                                              {"hz", SCHEMA_OWN, true, 0, 0, 0, 0, "[480, 620]", own_hz},
                                              {"cadence", SCHEMA_OWN, true, 0, 0, 0, 0, "[500, 500]", own_cadence},
                                              {NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL}};

static void own_tones(struct schema *sc, config_setting_t *s, void *base) {
  struct tone_plan *plan = &((struct file_text *)base)->plan;
  const int n = config_setting_is_list(s) ? config_setting_length(s) : -1;
  if (n < 1 || n > PLAN_TONES_MAX) {
    schema_error(sc, s, "tones must be a list of 1 to %d groups; write tones = ( { tone = \"busy\"; hz = [425]; cadence = [500, 500]; } );",
                 PLAN_TONES_MAX);
    return;
  }
  for (int i = 0; i < n; i++) {
    struct tone_text text = {0};
    schema_read(sc, config_setting_get_elem(s, (unsigned)i), TONE_KEYS, &text);
    plan->tones[i] = text.t;
  }
  plan->count = (uint8_t)n;
}

static void own_country(struct schema *sc, config_setting_t *s, void *base) {
  struct file_text *f = base;
  const char *c = f->country;
  if (strlen(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z') {
    schema_error(sc, s, "country must be two capital letters as in ISO 3166; write country = \"ES\"");
    return;
  }
  memcpy(f->plan.country, c, 3);
}

static const struct schema_key FILE_KEYS[] = {
    {"country", SCHEMA_TEXT, true, PLACE(file_text, country), 1, 0, "\"ES\"", own_country},
    {"name", SCHEMA_TEXT, true, PLACE(file_text, name), 1, 0, "\"Spain\"", NULL},
    {"source", SCHEMA_TEXT, true, PLACE(file_text, source), 1, 0, "\"ITU-T E.180 Supplement 2, read 2026-11-21\"", NULL},
    {"tones", SCHEMA_OWN, true, 0, 0, 0, 0, "( { tone = \"busy\"; hz = [425]; cadence = [500, 500]; } )", own_tones},
    {NULL, SCHEMA_OWN, false, 0, 0, 0, 0, NULL, NULL}};

int tone_file_read(const char *path, struct tone_plan *out, FILE *err) {
  struct schema sc = {.path = path, .err = err};
  FILE *in = fopen(path, "re");
  if (!in) {
    if (err) fprintf(err, "%s: %s\n", path, strerror(errno));
    return CAD_ENOENT;
  }
  config_t config;
  int code = schema_parse_file(&sc, in, &config);
  fclose(in);
  struct file_text text = {0};
  if (code == CAD_OK) {
    schema_read(&sc, config_root_setting(&config), FILE_KEYS, &text);
    if (sc.errors) code = CAD_EFORMAT;
  }
  config_destroy(&config);
  if (code == CAD_OK) *out = text.plan;
  return code;
}

int tone_file_country(const char *share_dir, const char *country, struct tone_plan *out, FILE *err) {
  char path[512];
  const int n = snprintf(path, sizeof path, "%s/tones/%s.conf", share_dir, country);
  if (n < 0 || n >= (int)sizeof path) return CAD_EINVAL;
  return tone_file_read(path, out, err);
}

bool tone_file_is(const char *path) {
  struct schema sc = {.path = path};
  FILE *in = fopen(path, "re");
  if (!in) return false;
  config_t config;
  bool is = false;
  if (schema_parse_file(&sc, in, &config) == CAD_OK)
    is = config_lookup(&config, "country") && config_lookup(&config, "tones") && !config_lookup(&config, "trunks");
  fclose(in);
  config_destroy(&config);
  return is;
}
