/* The tone plans that ship: every one is good, and each of its tones is told by its own word. */
#include "../dsp/sounds.h"
#include "dialer/base/tone_file.h"
#include <check.h>
#include <dirent.h>
#include <stdio.h>

enum { VARIANTS = 12, PLANS_LEAST = 15 };
static struct sound sound;
static int16_t line[SOUND_MAX];
static struct heard heard;

static bool same_rhythm(const struct plan_tone *a, const struct plan_tone *b) {
  return a->steps == b->steps && a->hz1 == b->hz1 && a->hz2 == b->hz2 && memcmp(a->step, b->step, sizeof a->step) == 0;
}

static void play(const struct plan_tone *t, double level, double off, double slack) {
  sound_clear(&sound);
  add_silence(&sound, (int)dice_between(50, 900));
  const int end = sound.n + 8 * 7000;
  while (sound.n < end) {
    if (t->steps == 0) add_tone(&sound, 3600, t->hz1 * off, t->hz2 * off, level);
    if (t->steps == 0) break;
    for (int i = 0; i < t->steps; i++) {
      add_tone(&sound, (int)(t->step[i].on_ms * slack), t->hz1 * off, t->hz2 * off, level);
      add_silence(&sound, (int)(t->step[i].off_ms * slack));
    }
  }
  add_noise(&sound, 0, sound.n, fmin(level - dice_between(22, 45), -42));
  sound_line(&sound, dice() < 0.5 ? 0 : 8, 0.0, line);
}

static void check_tone(const char *country, const struct tone_plan *plan, const struct plan_tone *t) {
  struct screen_params params = screen_defaults(SCREEN_BALANCED);
  params.plan = plan;
  int right = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    dice_seed(seed);
    const double level = dice_between(-30, -10), off = dice_between(0.99, 1.01), slack = dice_between(0.97, 1.03);
    play(t, level, off, slack);
    listen_to(&heard, &params, line, sound.n, 160);
    const enum screen_tone said = tone_of(&heard);
    bool good = said == (enum screen_tone)t->tone;
    for (int i = 0; i < plan->count; i++) good |= same_rhythm(t, &plan->tones[i]) && said == (enum screen_tone)plan->tones[i].tone;
    right += good;
  }
  ck_assert_msg(right >= VARIANTS - 1, "%s: %s, %u/%u: %d of %d", country, screen_tone_name(t->tone), t->step[0].on_ms, t->step[0].off_ms,
                right, VARIANTS);
}

START_TEST(every_country_s_tones_are_told_by_its_own_words) {
  DIR *dir = opendir(SOURCE_DIR "/etc/tones");
  ck_assert_ptr_nonnull(dir);
  int plans = 0;
  for (struct dirent *e; (e = readdir(dir));) {
    const size_t n = strlen(e->d_name);
    if (n != 7 || strcmp(e->d_name + 2, ".conf") != 0) continue;
    char country[3] = {e->d_name[0], e->d_name[1], 0};
    struct tone_plan plan;
    ck_assert_int_eq(tone_file_country(SOURCE_DIR "/etc", country, &plan, stderr), 0);
    ck_assert_str_eq(plan.country, country);
    for (int i = 0; i < plan.count; i++) check_tone(country, &plan, &plan.tones[i]);
    plans++;
  }
  closedir(dir);
  ck_assert_int_ge(plans, PLANS_LEAST);
}
END_TEST

START_TEST(spain_s_busy_is_busy_only_with_its_plan) {
  struct tone_plan plan;
  ck_assert_int_eq(tone_file_country(SOURCE_DIR "/etc", "ES", &plan, stderr), 0);
  const struct plan_tone busy = {.tone = SCREEN_TONE_BUSY, .steps = 1, .hz1 = 425, .step = {{200, 200}}};
  struct screen_params params = screen_defaults(SCREEN_BALANCED);
  dice_seed(3);
  play(&busy, -15, 1.0, 1.0);
  listen_to(&heard, &params, line, sound.n, 160);
  ck_assert_int_eq(tone_of(&heard), SCREEN_TONE_REORDER);
  params.plan = &plan;
  listen_to(&heard, &params, line, sound.n, 160);
  ck_assert_int_eq(tone_of(&heard), SCREEN_TONE_BUSY);
}
END_TEST

START_TEST(a_bad_plan_is_refused_with_the_line_and_the_fix) {
  static const struct {
    const char *text, *says;
  } bad[] = {
      {"country = \"ES\"; name = \"x\"; source = \"y\"; tones = ();", "tones must be a list of 1"},
      {"country = \"es\"; name = \"x\"; source = \"y\"; tones = ({tone=\"busy\"; hz=[425]; cadence=[500,500];});", "two capital letters"},
      {"country = \"ES\"; name = \"x\"; source = \"y\"; tones = ({tone=\"busi\"; hz=[425]; cadence=[500,500];});", "\"busi\" is not known"},
      {"country = \"ES\"; name = \"x\"; source = \"y\"; tones = ({tone=\"busy\"; hz=[9000]; cadence=[500,500];});", "hz must be"},
      {"country = \"ES\"; name = \"x\"; source = \"y\"; tones = ({tone=\"busy\"; hz=[425]; cadence=[500];});", "cadence must be"},
      {"country = \"ES\"; name = \"x\"; tones = ({tone=\"busy\"; hz=[425]; cadence=[500,500];});", "\"source\" is missing"},
      {"country = \"ES\"; volume = 3;", "unknown key"}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *path = BUILD_DIR "/bad_plan.conf";
    FILE *f = fopen(path, "w");
    fputs(bad[i].text, f);
    fclose(f);
    char *text = NULL;
    size_t size = 0;
    FILE *err = open_memstream(&text, &size);
    struct tone_plan plan;
    ck_assert_int_lt(tone_file_read(path, &plan, err), 0);
    fclose(err);
    ck_assert_msg(strstr(text, bad[i].says) && strstr(text, "bad_plan.conf:1:"), "%s", text);
    free(text);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("tone plans");
  TCase *c = tcase_create("plans");
  tcase_set_timeout(c, 120);
  tcase_add_test(c, every_country_s_tones_are_told_by_its_own_words);
  tcase_add_test(c, spain_s_busy_is_busy_only_with_its_plan);
  tcase_add_test(c, a_bad_plan_is_refused_with_the_line_and_the_fix);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
