#include "dialer/local/template_queue.h"
#include "dialer/local/draft.h"
#include <cadencia/err.h>
#include <string.h>

/* What a file says before it becomes a definition. */
struct queue_draft {
  struct queue_def d;
  uint32_t timeout_s, say_every_s, service_s;
  struct draft shared; /* the readers of hours and skills are those of campaigns */
};

static void own_hours(struct schema *sc, config_setting_t *s, void *base) {
  struct queue_draft *t = base;
  draft_hours(sc, s, &t->shared);
  t->d.hours = t->shared.d.gate.hours;
  t->d.has_hours = true;
}
static void own_skills(struct schema *sc, config_setting_t *s, void *base) {
  struct queue_draft *t = base;
  draft_skills(sc, s, &t->shared);
  memcpy(t->d.skills, t->shared.d.skills, sizeof t->d.skills);
}
static void own_language(struct schema *sc, config_setting_t *s, void *base) {
  const struct queue_draft *t = base;
  if (strcmp(t->d.language, "en") != 0 && strcmp(t->d.language, "es") != 0)
    schema_error(sc, s, "language \"%s\" is not spoken here; write language = \"en\" or \"es\"", t->d.language);
}
static void own_prompt(struct schema *sc, config_setting_t *s, void *base) {
  const char *file = config_setting_get_string(s);
  (void)base;
  if (file && strchr(file, '/')) schema_error(sc, s, "%s names a file in prompt_dir, without a folder", config_setting_name(s));
}

static const struct schema_key KEYS[] = {
    {"campaign", SCHEMA_TEXT, true, PLACE(queue_draft, d.campaign), 1, 0, "\"spring\"", NULL},
    {"priority", SCHEMA_WHOLE, false, PLACE(queue_draft, d.terms.priority), 0, 9, "5", NULL},
    {"skills", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_skills},
    {"hello", SCHEMA_TEXT, false, PLACE(queue_draft, d.hello), 0, 0, "\"queue_hello_en.wav\"", own_prompt},
    {"music", SCHEMA_TEXT, false, PLACE(queue_draft, d.music), 0, 0, "\"queue_music.wav\"", own_prompt},
    {"sorry", SCHEMA_TEXT, false, PLACE(queue_draft, d.sorry), 0, 0, "\"queue_sorry_en.wav\"", own_prompt},
    {"closed", SCHEMA_TEXT, false, PLACE(queue_draft, d.closed), 0, 0, "\"queue_closed_en.wav\"", own_prompt},
    {"language", SCHEMA_TEXT, false, PLACE(queue_draft, d.language), 2, 2, "\"en\"", own_language},
    {"say_place", SCHEMA_FLAG, false, PLACE(queue_draft, d.terms.say_place), 0, 0, "true", NULL},
    {"say_wait", SCHEMA_FLAG, false, PLACE(queue_draft, d.terms.say_wait), 0, 0, "false", NULL},
    {"say_every_s", SCHEMA_WHOLE, false, PLACE(queue_draft, say_every_s), 0, 3600, "60", NULL},
    {"timeout_s", SCHEMA_WHOLE, false, PLACE(queue_draft, timeout_s), 0, 7200, "300", NULL},
    {"places", SCHEMA_WHOLE, false, PLACE(queue_draft, d.terms.places), 0, 10000, "50", NULL},
    {"overflow", SCHEMA_TEXT, false, PLACE(queue_draft, d.overflow), 0, 0, "\"second\"", NULL},
    {"service_s", SCHEMA_WHOLE, false, PLACE(queue_draft, service_s), 1, 3600, "20", NULL},
    {"hours", SCHEMA_OWN, false, 0, 0, 0, 0, NULL, own_hours},
    {"zone", SCHEMA_TEXT, false, PLACE(queue_draft, d.zone), 3, 39, "\"America/New_York\"", NULL},
    LAST_KEY};

int template_queue_read(FILE *in, const char *path, struct queue_def *out, FILE *err) {
  struct schema sc = {.path = path, .err = err};
  struct queue_draft t = {.timeout_s = 300, .say_every_s = 60, .service_s = 20};
  config_t file;
  t.d.terms.priority = 5;
  t.d.terms.places = 50;
  t.d.terms.say_place = 1;
  strcpy(t.d.language, "en");
  int r = schema_parse_file(&sc, in, &file);
  if (r == CAD_OK) {
    config_setting_t *root = config_root_setting(&file);
    schema_read(&sc, root, KEYS, &t);
    if (t.d.has_hours && !t.d.zone[0])
      schema_error(&sc, root, "hours need the zone that they are meant in; write zone = \"Europe/Madrid\"");
    if (sc.errors) r = CAD_EFORMAT;
  }
  config_destroy(&file);
  t.d.terms.timeout_ms = t.timeout_s * 1000;
  t.d.terms.say_every_ms = t.say_every_s * 1000;
  t.d.terms.service_ms = t.service_s * 1000;
  if (r == CAD_OK) *out = t.d;
  return r;
}
