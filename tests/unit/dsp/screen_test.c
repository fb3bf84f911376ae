/* The whole engine: the promises of dsp/screen.h. */
#include "sounds.h"
#include <check.h>

static struct sound sound;
static int16_t line[SOUND_MAX];
static struct heard heard, other;

static void person_says(int ms, double pitch_hz, double dbm0) {
  sound_clear(&sound);
  add_silence(&sound, 600);
  add_speech(&sound, ms, pitch_hz, dbm0);
  add_silence(&sound, 4000);
  add_noise(&sound, 0, sound.n, -70);
}

static void machine_says(double beep_hz, double beep2_hz, int beep_ms, double dbm0) {
  sound_clear(&sound);
  add_silence(&sound, 700);
  for (int phrase = 0; phrase < 3; phrase++) {
    add_speech(&sound, 1900, 120, dbm0);
    add_silence(&sound, 160);
  }
  add_silence(&sound, 500);
  add_tone(&sound, beep_ms, beep_hz, beep2_hz, dbm0 + 3);
  add_silence(&sound, 2500);
  add_noise(&sound, 0, sound.n, -65);
}

static void hear(enum screen_preset preset) {
  const struct screen_params params = screen_defaults(preset);
  sound_line(&sound, 0, 0.0, line);
  listen_to(&heard, &params, line, sound.n, 160);
}

START_TEST(the_state_is_small) {
  ck_assert_uint_le(screen_size(), 16384);
  ck_assert_uint_le(screen_size(), 8192);
}
END_TEST

START_TEST(somebody_who_speaks_briefly_and_waits_is_a_person_soon) {
  for (uint32_t seed = 1; seed <= 20; seed++) {
    dice_seed(seed);
    person_says((int)dice_between(350, 900), dice_between(90, 240), dice_between(-30, -10));
    hear(SCREEN_BALANCED);
    const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
    ck_assert_msg(d && d->verdict == VERDICT_PERSON, "seed %u: %s", seed, d ? verdict_name(d->verdict) : "no verdict");
    const struct screen_event *g = first_of(&heard, SCREEN_GREETING_END);
    ck_assert(g != NULL);
    ck_assert_uint_lt(d->at - g->sample, 1500 * 8);
  }
}
END_TEST

START_TEST(the_end_of_the_greeting_is_stamped_where_the_silence_began) {
  for (uint32_t seed = 1; seed <= 20; seed++) {
    dice_seed(seed);
    const int ms = (int)dice_between(400, 1500);
    person_says(ms, 150, -20);
    hear(SCREEN_BALANCED);
    const struct screen_event *g = first_of(&heard, SCREEN_GREETING_END), *s = first_of(&heard, SCREEN_SPEECH_START);
    ck_assert(g != NULL && s != NULL);
    ck_assert_msg(llabs((long long)s->sample / 8 - 600) <= 60, "seed %u: speech at %llu", seed, (unsigned long long)s->sample / 8);
    ck_assert_msg(llabs((long long)g->sample / 8 - 600 - ms) <= 120, "seed %u: end at %llu, not %d", seed,
                  (unsigned long long)g->sample / 8, 600 + ms);
    ck_assert_uint_ge(g->at - g->sample, 400 * 8);
  }
}
END_TEST

START_TEST(a_long_greeting_with_a_beep_is_a_machine_and_the_beep_is_reported_just_after_its_end) {
  static const double beeps[][3] = {{1000, 0, 300}, {440, 0, 400}, {1400, 0, 120}, {800, 1200, 500}, {2000, 0, 250}};
  machine_says(beeps[_i][0], beeps[_i][1], (int)beeps[_i][2], -18);
  hear(SCREEN_BALANCED);
  const struct screen_event *b = first_of(&heard, SCREEN_BEEP_END), *d = first_of(&heard, SCREEN_DECISION);
  const int end_ms = 700 + 3 * (1900 + 160) + 500 + (int)beeps[_i][2];
  ck_assert(b != NULL);
  ck_assert_msg(llabs((long long)b->at / 8 - end_ms) <= 80, "reported at %llu, ended at %d", (unsigned long long)b->at / 8, end_ms);
  ck_assert_int_le(abs((int)b->tone_hz - (int)beeps[_i][0]), 15);
  ck_assert(d != NULL);
  const struct screen_event *late = first_of(&heard, SCREEN_LATE_MACHINE);
  ck_assert_msg(d->verdict == VERDICT_MACHINE || late, "%s and never corrected", verdict_name(d->verdict));
}
END_TEST

START_TEST(a_beep_before_any_speech_is_no_beep) {
  sound_clear(&sound);
  add_silence(&sound, 500);
  add_tone(&sound, 400, 1000, 0, -15);
  add_silence(&sound, 3000);
  add_noise(&sound, 0, sound.n, -65);
  hear(SCREEN_BALANCED);
  ck_assert(first_of(&heard, SCREEN_BEEP_END) == NULL);
  ck_assert(first_of(&heard, SCREEN_DECISION) == NULL);
}
END_TEST

START_TEST(silence_is_dead_air_after_eight_seconds_and_not_before) {
  sound_clear(&sound);
  add_silence(&sound, 12000);
  if (_i) add_noise(&sound, 0, sound.n, -55);
  hear(SCREEN_BALANCED);
  const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
  ck_assert(d != NULL);
  ck_assert_int_eq(d->verdict, VERDICT_DEAD_AIR);
  ck_assert_int_eq(d->reason, REASON_NO_SOUND);
  ck_assert_uint_ge(d->at, 7900 * 8);
  ck_assert_uint_le(d->at, 8000 * 8);
}
END_TEST

static bool same_event(const struct screen_event *a, const struct screen_event *b) {
  return a->kind == b->kind && a->sample == b->sample && a->at == b->at && a->verdict == b->verdict && a->reason == b->reason &&
         a->score_bp == b->score_bp && a->tone == b->tone && a->digit == b->digit && a->quiet_since == b->quiet_since;
}

static void random_call(uint32_t seed) {
  dice_seed(seed);
  sound_clear(&sound);
  while (sound.n < RATE * 12) {
    const double what = dice(), level = dice_between(-45, -3);
    const int ms = (int)dice_between(20, 1500);
    if (what < 0.4)
      add_speech(&sound, ms, dice_between(70, 350), level);
    else if (what < 0.7)
      add_silence(&sound, ms);
    else if (what < 0.85)
      add_tone(&sound, ms, dice_between(200, 3400), dice() < 0.4 ? dice_between(200, 3400) : 0.0, level);
    else {
      const int from = sound.n;
      add_silence(&sound, ms);
      add_noise(&sound, from, sound.n, level);
    }
  }
  add_noise(&sound, 0, sound.n, dice_between(-80, -30));
  sound_line(&sound, (int)(dice() * 2) * 8, dice() < 0.5 ? dice_between(0, 0.1) : 0.0, line);
}

START_TEST(blocks_of_any_size_give_the_same_events) {
  static const int sizes[] = {1, 7, 80, 159, 240, 333, 480, 960};
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  for (uint32_t seed = 1; seed <= 5; seed++) {
    random_call(seed);
    listen_to(&heard, &params, line, sound.n, 160);
    ck_assert_int_gt(heard.n, 0);
    for (unsigned k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
      listen_to(&other, &params, line, sound.n, sizes[k]);
      ck_assert_msg(other.n == heard.n, "seed %u, block %d: %d events, not %d", seed, sizes[k], other.n, heard.n);
      for (int i = 0; i < heard.n; i++)
        ck_assert_msg(same_event(&heard.e[i], &other.e[i]), "seed %u, block %d, event %d", seed, sizes[k], i);
    }
  }
}
END_TEST

START_TEST(nothing_that_comes_later_changes_what_was_said) {
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  for (uint32_t seed = 11; seed <= 25; seed++) {
    random_call(seed);
    listen_to(&heard, &params, line, sound.n, 160);
    const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
    if (!d) continue;
    const int cut = (int)d->at + 160;
    listen_to(&other, &params, line, cut < sound.n ? cut : sound.n, 160);
    const struct screen_event *again = first_of(&other, SCREEN_DECISION);
    ck_assert_msg(again && same_event(d, again), "seed %u", seed);
  }
}
END_TEST

START_TEST(whatever_the_audio_nobody_is_held_beyond_the_two_limits) {
  const enum screen_preset preset = (enum screen_preset)_i;
  const struct screen_params params = screen_defaults(preset);
  int decided = 0;
  for (uint32_t seed = 100; seed < 220; seed++) {
    random_call(seed);
    listen_to(&heard, &params, line, sound.n, 160);
    const struct screen_event *d = first_of(&heard, SCREEN_DECISION), *s = first_of(&heard, SCREEN_SPEECH_START);
    const struct screen_event *g = first_of(&heard, SCREEN_GREETING_END);
    const uint64_t at = d ? d->at : (uint64_t)sound.n;
    decided += d != NULL;
    if (s)
      ck_assert_msg(at <= s->sample + 6000 * 8, "seed %u: %llu ms after the first speech", seed, (unsigned long long)(at - s->sample) / 8);
    if (g && g->sample < at)
      ck_assert_msg(at <= g->sample + 2000 * 8, "seed %u: %llu ms after the greeting", seed, (unsigned long long)(at - g->sample) / 8);
  }
  ck_assert_int_gt(decided, 100);
}
END_TEST

START_TEST(level_offset_and_clipping_do_not_change_the_verdict) {
  dice_seed(5);
  person_says(700, 130, -20);
  static float clean[SOUND_MAX];
  memcpy(clean, sound.x, sizeof clean);
  for (double gain_db = -20; gain_db <= 15; gain_db += 5)
    for (int offset = -600; offset <= 600; offset += 600) {
      for (int i = 0; i < sound.n; i++) sound.x[i] = clean[i] * (float)pow(10, gain_db / 20) + (float)offset;
      hear(SCREEN_BALANCED);
      const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
      ck_assert_msg(d && d->verdict == VERDICT_PERSON, "%g dB, offset %d: %s", gain_db, offset, d ? verdict_name(d->verdict) : "nothing");
    }
}
END_TEST

START_TEST(how_late_the_first_word_comes_makes_nobody_a_machine) {
  for (uint32_t seed = 1; seed <= 6; seed++)
    for (int lead_ms = 100; lead_ms <= 6100; lead_ms += 1000) {
      dice_seed(seed);
      sound_clear(&sound);
      add_silence(&sound, lead_ms);
      add_speech(&sound, (int)dice_between(350, 1500), dice_between(90, 240), dice_between(-30, -10));
      add_silence(&sound, 3000);
      add_noise(&sound, 0, sound.n, -70);
      hear(SCREEN_BALANCED);
      const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
      ck_assert_msg(d && d->verdict == VERDICT_PERSON, "seed %u, %d ms: %s", seed, lead_ms, d ? verdict_name(d->verdict) : "no verdict");
    }
}
END_TEST

START_TEST(losses_reported_as_losses_do_not_end_a_word) {
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  static _Alignas(16) unsigned char memory[16384];
  dice_seed(9);
  person_says(1200, 140, -20);
  sound_line(&sound, 0, 0.0, line);
  struct screen *screen = screen_init(memory, &params, true);
  struct screen_event events[SCREEN_EVENTS_MAX];
  heard.n = 0;
  for (int at = 0; at + 160 <= sound.n; at += 160) {
    const bool lost = at / 160 % 12 == 5;
    heard_take(&heard, events, lost ? screen_loss(screen, 160, events) : screen_feed(screen, line + at, 160, events));
  }
  screen_release(screen);
  const struct screen_event *g = first_of(&heard, SCREEN_GREETING_END), *d = first_of(&heard, SCREEN_DECISION);
  ck_assert(g != NULL && d != NULL);
  ck_assert_msg(llabs((long long)g->sample / 8 - 1800) <= 140, "end of greeting at %llu", (unsigned long long)g->sample / 8);
  ck_assert_int_eq(d->verdict, VERDICT_PERSON);
}
END_TEST

START_TEST(before_the_answer_tones_are_reported_but_nothing_is_decided) {
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  static _Alignas(16) unsigned char memory[16384];
  sound_clear(&sound);
  for (int i = 0; i < 4; i++) {
    add_tone(&sound, 500, 480, 620, -18);
    add_silence(&sound, 500);
  }
  add_speech(&sound, 3000, 150, -18);
  add_noise(&sound, 0, sound.n, -65);
  sound_line(&sound, 8, 0.0, line);
  struct screen *screen = screen_init(memory, &params, false);
  struct screen_event events[SCREEN_EVENTS_MAX];
  heard.n = 0;
  for (int at = 0; at + 160 <= sound.n; at += 160) heard_take(&heard, events, screen_feed(screen, line + at, 160, events));
  ck_assert_int_eq(tone_of(&heard), SCREEN_TONE_BUSY);
  ck_assert_int_eq(first_of(&heard, SCREEN_TONE)->verdict, VERDICT_BUSY_TONE);
  ck_assert(first_of(&heard, SCREEN_DECISION) == NULL);
  screen_answered(screen);
  person_says(600, 150, -18);
  sound_line(&sound, 8, 0.0, line);
  heard.n = 0;
  for (int at = 0; at + 160 <= sound.n; at += 160) heard_take(&heard, events, screen_feed(screen, line + at, 160, events));
  screen_release(screen);
  const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
  ck_assert(d != NULL);
  ck_assert_int_eq(d->verdict, VERDICT_PERSON);
}
END_TEST

START_TEST(without_screening_only_the_end_of_the_greeting_is_timed) {
  struct screen_params params = screen_defaults(SCREEN_BALANCED);
  params.decide = false;
  machine_says(1000, 0, 300, -18);
  sound_line(&sound, 0, 0.0, line);
  listen_to(&heard, &params, line, sound.n, 160);
  ck_assert(first_of(&heard, SCREEN_DECISION) == NULL && first_of(&heard, SCREEN_LATE_MACHINE) == NULL);
  ck_assert(first_of(&heard, SCREEN_GREETING_END) != NULL);
  ck_assert(first_of(&heard, SCREEN_BEEP_END) != NULL);
}
END_TEST

START_TEST(a_verdict_is_not_lost_when_nobody_reads_for_long) {
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  static _Alignas(16) unsigned char memory[16384];
  random_call(33);
  listen_to(&heard, &params, line, sound.n, 160);
  const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
  ck_assert(d != NULL);
  struct screen *screen = screen_init(memory, &params, true);
  struct screen_event events[SCREEN_EVENTS_MAX];
  other.n = 0;
  heard_take(&other, events, screen_feed(screen, line, sound.n, events));
  for (int got; (got = screen_feed(screen, NULL, 0, events)) > 0;) heard_take(&other, events, got);
  screen_release(screen);
  const struct screen_event *again = first_of(&other, SCREEN_DECISION);
  ck_assert(again && same_event(d, again));
}
END_TEST

int main(void) {
  Suite *s = suite_create("screen");
  TCase *c = tcase_create("engine");
  tcase_set_timeout(c, 120);
  tcase_add_test(c, the_state_is_small);
  tcase_add_test(c, somebody_who_speaks_briefly_and_waits_is_a_person_soon);
  tcase_add_test(c, the_end_of_the_greeting_is_stamped_where_the_silence_began);
  tcase_add_loop_test(c, a_long_greeting_with_a_beep_is_a_machine_and_the_beep_is_reported_just_after_its_end, 0, 5);
  tcase_add_test(c, a_beep_before_any_speech_is_no_beep);
  tcase_add_loop_test(c, silence_is_dead_air_after_eight_seconds_and_not_before, 0, 2);
  tcase_add_test(c, blocks_of_any_size_give_the_same_events);
  tcase_add_test(c, nothing_that_comes_later_changes_what_was_said);
  tcase_add_loop_test(c, whatever_the_audio_nobody_is_held_beyond_the_two_limits, 0, 3);
  tcase_add_test(c, level_offset_and_clipping_do_not_change_the_verdict);
  tcase_add_test(c, how_late_the_first_word_comes_makes_nobody_a_machine);
  tcase_add_test(c, losses_reported_as_losses_do_not_end_a_word);
  tcase_add_test(c, before_the_answer_tones_are_reported_but_nothing_is_decided);
  tcase_add_test(c, without_screening_only_the_end_of_the_greeting_is_timed);
  tcase_add_test(c, a_verdict_is_not_lost_when_nobody_reads_for_long);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
