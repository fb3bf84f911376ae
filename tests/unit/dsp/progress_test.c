/* Network tones of many countries, levels, lines and losses; none of them is ever a person. */
#include "sounds.h"
#include <check.h>
#include <spandsp.h>

enum { VARIANTS = 48 };
static struct sound sound;
static int16_t line[SOUND_MAX];
static struct heard heard;

struct cadence {
  const char *name;
  double hz1, hz2;
  int on1, off1, on2, off2, repeats;
  enum screen_tone tone, or_tone;
};
static const struct cadence CADENCES[] = {
    {"busy, North America", 480, 620, 500, 500, 500, 500, 3, SCREEN_TONE_BUSY, SCREEN_TONE_BUSY},
    {"busy, Spain", 425, 0, 200, 200, 200, 200, 8, SCREEN_TONE_REORDER, SCREEN_TONE_BUSY},
    {"busy, Germany", 425, 0, 480, 480, 480, 480, 3, SCREEN_TONE_BUSY, SCREEN_TONE_BUSY},
    {"busy, United Kingdom", 400, 0, 375, 375, 375, 375, 4, SCREEN_TONE_BUSY, SCREEN_TONE_BUSY},
    {"busy, France", 440, 0, 500, 500, 500, 500, 3, SCREEN_TONE_BUSY, SCREEN_TONE_BUSY},
    {"reorder, North America", 480, 620, 250, 250, 250, 250, 5, SCREEN_TONE_REORDER, SCREEN_TONE_REORDER},
    {"reorder, United Kingdom", 400, 0, 400, 350, 225, 525, 3, SCREEN_TONE_REORDER, SCREEN_TONE_REORDER},
    {"congestion, Europe", 425, 0, 240, 240, 240, 240, 6, SCREEN_TONE_REORDER, SCREEN_TONE_REORDER},
    {"ringback, North America", 440, 480, 2000, 2000, 0, 0, 1, SCREEN_TONE_RINGBACK, SCREEN_TONE_RINGBACK},
    {"ringback, Europe", 425, 0, 1000, 3000, 0, 0, 1, SCREEN_TONE_RINGBACK, SCREEN_TONE_RINGBACK},
    {"ringback, Spain", 425, 0, 1500, 3000, 0, 0, 1, SCREEN_TONE_RINGBACK, SCREEN_TONE_RINGBACK},
    {"ringback, United Kingdom", 400, 450, 400, 200, 400, 2000, 1, SCREEN_TONE_RINGBACK, SCREEN_TONE_RINGBACK},
    {"dial tone, North America", 350, 440, 3200, 0, 0, 0, 1, SCREEN_TONE_DIAL, SCREEN_TONE_DIAL},
    {"dial tone, Europe", 425, 0, 3200, 0, 0, 0, 1, SCREEN_TONE_DIAL, SCREEN_TONE_DIAL},
};
enum { CADENCE_COUNT = sizeof CADENCES / sizeof CADENCES[0] };

static void through_a_line(double noise_dbm0, double loss) {
  add_noise(&sound, 0, sound.n, noise_dbm0);
  sound_line(&sound, dice() < 0.5 ? 0 : 8, loss, line);
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  listen_to(&heard, &params, line, sound.n, 160);
}

static void nobody_there(const char *name, uint32_t seed) {
  const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
  ck_assert_msg(!d || (d->verdict != VERDICT_PERSON && d->verdict != VERDICT_MACHINE), "%s (seed %u) was taken for %s", name, seed,
                d ? verdict_name(d->verdict) : "");
  ck_assert_msg(!first_of(&heard, SCREEN_BEEP_END), "%s (seed %u) was taken for a beep", name, seed);
}

START_TEST(cadenced_tones_are_known_at_any_level_and_never_taken_for_a_person) {
  const struct cadence *c = &CADENCES[_i];
  int right = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    dice_seed(seed);
    const double level = dice_between(-32, -9), off = dice_between(0.99, 1.01), slack = dice_between(0.95, 1.05);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 1500));
    for (int r = 0; r < c->repeats; r++) {
      add_tone(&sound, (int)(c->on1 * slack), c->hz1 * off, c->hz2 * off, level);
      add_silence(&sound, (int)(c->off1 * slack));
      add_tone(&sound, (int)(c->on2 * slack), c->hz1 * off, c->hz2 * off, level);
      add_silence(&sound, (int)(c->off2 * slack));
    }
    through_a_line(dice_between(-75, fmin(level - 25.0, -50.0)), seed % 4 == 0 ? 0.02 : 0.0);
    nobody_there(c->name, seed);
    const enum screen_tone t = tone_of(&heard);
    right += t == c->tone || t == c->or_tone;
  }
  ck_assert_msg(right * 100 >= 95 * VARIANTS, "%s: %d of %d", c->name, right, VARIANTS);
}
END_TEST

struct sit {
  const char *name;
  double hz1, hz2;
  int ms1, ms2;
  enum screen_tone tone;
};
static const struct sit SITS[] = {{"vacant", 985.2, 1370.6, 380, 274, SCREEN_TONE_SIT_VACANT},
                                  {"intercept", 913.8, 1370.6, 274, 274, SCREEN_TONE_SIT_INTERCEPT},
                                  {"reorder", 913.8, 1428.5, 274, 380, SCREEN_TONE_SIT_NO_CIRCUIT},
                                  {"no circuit", 985.2, 1428.5, 380, 380, SCREEN_TONE_SIT_NO_CIRCUIT},
                                  {"E.180", 950, 1400, 330, 330, SCREEN_TONE_SIT}};

START_TEST(special_information_tones_are_classed) {
  const struct sit *s = &SITS[_i];
  int right = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    dice_seed(seed);
    const double level = dice_between(-30, -10), off = dice_between(0.997, 1.003);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 1500));
    add_tone(&sound, s->ms1, s->hz1 * off, 0, level);
    add_tone(&sound, s->ms2, s->hz2 * off, 0, level);
    add_tone(&sound, 380, (s->tone == SCREEN_TONE_SIT ? 1800 : 1776.7) * off, 0, level);
    add_silence(&sound, 600);
    add_speech(&sound, 2500, 180, level);
    through_a_line(fmin(level - 25.0, -50.0), seed % 4 == 0 ? 0.02 : 0.0);
    const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
    ck_assert_msg(d && d->verdict == VERDICT_SIT, "%s, seed %u: %s", s->name, seed, d ? verdict_name(d->verdict) : "nothing");
    /* Whoever acts at the first word of it needs its class as well. */
    ck_assert_int_eq(first_of(&heard, SCREEN_TONE)->reason, d->reason);
    ck_assert_int_ne(d->reason, REASON_NONE);
    right += tone_of(&heard) == s->tone;
  }
  ck_assert_msg(right * 100 >= 95 * VARIANTS, "%s: %d of %d", s->name, right, VARIANTS);
}
END_TEST

static void add_v21(int ms, double dbm0) {
  static const int flag[8] = {0, 1, 1, 1, 1, 1, 1, 0};
  double phase = 0.0, bit = 0.0;
  for (int i = 0; i < ms * 8 && sound.n < SOUND_MAX; i++) {
    phase += 6.283185307 * (flag[(int)bit % 8] ? 1650.0 : 1850.0) / RATE;
    bit += 300.0 / RATE;
    sound.x[sound.n++] = (float)(amplitude(dbm0) * sin(phase));
  }
}

START_TEST(fax_machines_are_known_by_their_tones) {
  static const enum screen_tone expected[] = {SCREEN_TONE_FAX_CNG, SCREEN_TONE_FAX_CED, SCREEN_TONE_FAX_V21};
  int right = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    dice_seed(seed);
    const double level = dice_between(-34, -10);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 2000));
    if (_i == 0) add_tone(&sound, 500, 1100 * dice_between(0.985, 1.015), 0, level);
    if (_i == 1) add_tone(&sound, 2600, 2100 * dice_between(0.994, 1.006), 0, level);
    if (_i == 2) add_v21(1000, level);
    add_silence(&sound, 3000);
    through_a_line(fmin(level - 25.0, -50.0), seed % 4 == 0 ? 0.02 : 0.0);
    nobody_there(screen_tone_name(expected[_i]), seed);
    right += tone_of(&heard) == expected[_i];
  }
  ck_assert_msg(right * 100 >= 97 * VARIANTS, "%s: %d of %d", screen_tone_name(expected[_i]), right, VARIANTS);
}
END_TEST

START_TEST(keypad_strings_are_read_exactly_and_are_no_person) {
  static const char keys[] = "0123456789*#";
  int right = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    dice_seed(seed);
    char digits[9] = "", read[64] = "";
    const int count = (int)dice_between(3, 8.99);
    for (int i = 0; i < count; i++) digits[i] = keys[(int)dice_between(0, 11.99)];
    dtmf_tx_state_t *tx = dtmf_tx_init(NULL);
    ck_assert_int_eq(dtmf_tx_put(tx, digits, -1), 0);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(100, 900));
    int16_t block[160];
    for (int got; (got = dtmf_tx(tx, block, 160)) > 0;)
      for (int i = 0; i < got; i++) sound.x[sound.n++] = (float)block[i] * 0.6f;
    dtmf_tx_free(tx);
    add_silence(&sound, 1000);
    through_a_line(-60, 0.0);
    nobody_there(digits, seed);
    for (int i = 0, n = 0; i < heard.n; i++)
      if (heard.e[i].kind == SCREEN_DIGIT && n < 63) read[n++] = heard.e[i].digit;
    right += strcmp(read, digits) == 0;
  }
  ck_assert_msg(right * 100 >= 97 * VARIANTS, "%d of %d", right, VARIANTS);
}
END_TEST

int main(void) {
  Suite *s = suite_create("network tones");
  TCase *c = tcase_create("tones");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, cadenced_tones_are_known_at_any_level_and_never_taken_for_a_person, 0, CADENCE_COUNT);
  tcase_add_loop_test(c, special_information_tones_are_classed, 0, 5);
  tcase_add_loop_test(c, fax_machines_are_known_by_their_tones, 0, 3);
  tcase_add_test(c, keypad_strings_are_read_exactly_and_are_no_person);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
