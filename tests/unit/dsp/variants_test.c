/* A thousand variants of every tone: level, frequency, twist, noise, rhythm, lost packets, G.711. */
#include "sounds.h"
#include <check.h>
#include <spandsp.h>
#include <stdio.h>

enum { VARIANTS = 1000 };
static struct sound sound;
static int16_t line[SOUND_MAX];
static struct heard heard;
static struct screen_params params;

struct twist {
  double off;      /* of all frequencies */
  double level;    /* dBm0 */
  double twist_db; /* of the second line over the first */
  double slack;    /* of all times */
};

static struct twist twist_of(uint32_t seed, double off) {
  dice_seed(seed);
  for (int i = 0; i < 4; i++) dice();
  return (struct twist){dice_between(1.0 - off, 1.0 + off), dice_between(-33, -9), dice_between(-4, 4), dice_between(0.93, 1.07)};
}

static void add_pair(const struct twist *t, int ms, double hz1, double hz2) {
  const int begin = sound.n;
  if (hz2 <= 0.0) {
    add_tone(&sound, ms, hz1 * t->off, 0, t->level);
    return;
  }
  const double a = amplitude(t->level) * 0.7071, b = a * pow(10.0, t->twist_db / 20.0);
  add_silence(&sound, ms);
  for (int i = begin; i < sound.n; i++) {
    const double w = 6.283185307179586 * t->off * (i - begin) / RATE;
    sound.x[i] = (float)(a * sin(w * hz1) + b * sin(w * hz2));
  }
}

/* Noise 18 to 45 dB under the tone and never above a bad line's, one call in four loses packets. */
static void through_a_line(const struct twist *t, uint32_t seed) {
  add_noise(&sound, 0, sound.n, fmin(t->level - dice_between(18, 45), -38.0));
  sound_line(&sound, dice() < 0.5 ? 0 : 8, seed % 4 == 0 ? dice_between(0.0, 0.03) : 0.0, line);
  listen_to(&heard, &params, line, sound.n, 160);
}

static bool is_network(enum screen_tone t) { return t >= SCREEN_TONE_BUSY && t <= SCREEN_TONE_SIT; }
static enum screen_tone first_tone(void) {
  const struct screen_event *e = first_of(&heard, SCREEN_TONE);
  return e ? (enum screen_tone)e->tone : SCREEN_TONE_NONE;
}

struct count {
  int right, beeps, people;
};

static void count_wrong(struct count *c) {
  const struct screen_event *d = first_of(&heard, SCREEN_DECISION);
  c->beeps += first_of(&heard, SCREEN_BEEP_END) != NULL;
  c->people += d && (d->verdict == VERDICT_PERSON || d->verdict == VERDICT_MACHINE);
}

static void judge_count(const char *name, const struct count *c, int least_per_mille, int voices_per_mille) {
  printf("%-14s %4d of %d, taken for a beep %d, for a voice %d\n", name, c->right, VARIANTS, c->beeps, c->people);
  ck_assert_msg(c->right * 1000 >= least_per_mille * VARIANTS, "%s: %d of %d", name, c->right, VARIANTS);
  ck_assert_msg(c->beeps * 1000 <= 5 * VARIANTS, "%s was taken for a beep %d times", name, c->beeps);
  ck_assert_msg(c->people * 1000 <= voices_per_mille * VARIANTS, "%s was taken for a voice %d times", name, c->people);
}

struct rhythm {
  double hz1, hz2;
  int on1, off1, on2, off2;
};
static const struct rhythm BUSY[] = {{480, 620, 500, 500, 500, 500}, {425, 0, 200, 200, 200, 200}, {425, 0, 480, 480, 480, 480},
                                     {400, 0, 375, 375, 375, 375},   {440, 0, 500, 500, 500, 500}, {425, 0, 250, 250, 250, 250},
                                     {425, 0, 300, 300, 300, 300},   {425, 0, 500, 500, 500, 500}, {480, 620, 250, 250, 250, 250},
                                     {400, 0, 400, 350, 225, 525},   {425, 0, 240, 240, 240, 240}, {480, 620, 300, 200, 300, 200}};
static const struct rhythm RING[] = {{440, 480, 2000, 4000, 0, 0},    {425, 0, 1000, 4000, 0, 0},  {425, 0, 1500, 3000, 0, 0},
                                     {400, 450, 400, 200, 400, 2000}, {440, 0, 1500, 3500, 0, 0},  {400, 0, 1500, 3000, 0, 0},
                                     {425, 0, 1000, 5000, 0, 0},      {400, 450, 1000, 2000, 0, 0}};
static const double DIAL[][2] = {{350, 440}, {425, 0}, {440, 0}, {350, 450}, {400, 0}, {425, 400}};
enum { BUSY_COUNT = sizeof BUSY / sizeof BUSY[0], RING_COUNT = sizeof RING / sizeof RING[0], DIAL_COUNT = sizeof DIAL / sizeof DIAL[0] };

START_TEST(busy_and_reorder_are_known) {
  struct count c = {0};
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    const struct twist t = twist_of(seed, 0.015);
    const struct rhythm *r = &BUSY[seed % BUSY_COUNT];
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 1200));
    const int end = sound.n + 4200 * 8;
    while (sound.n < end) {
      add_pair(&t, (int)(r->on1 * t.slack), r->hz1, r->hz2);
      add_silence(&sound, (int)(r->off1 * t.slack));
      add_pair(&t, (int)(r->on2 * t.slack), r->hz1, r->hz2);
      add_silence(&sound, (int)(r->off2 * t.slack));
    }
    through_a_line(&t, seed);
    c.right += first_tone() == SCREEN_TONE_BUSY || first_tone() == SCREEN_TONE_REORDER;
    count_wrong(&c);
  }
  judge_count("busy, reorder", &c, 970, 10);
}
END_TEST

START_TEST(ringback_is_known) {
  struct count c = {0};
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    const struct twist t = twist_of(seed, 0.015);
    const struct rhythm *r = &RING[seed % RING_COUNT];
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 1200));
    for (int i = 0; i < 2; i++) {
      add_pair(&t, (int)(r->on1 * t.slack), r->hz1, r->hz2);
      add_silence(&sound, (int)(r->off1 * t.slack));
      add_pair(&t, (int)(r->on2 * t.slack), r->hz1, r->hz2);
      add_silence(&sound, (int)(r->off2 * t.slack));
    }
    through_a_line(&t, seed);
    c.right += first_tone() == SCREEN_TONE_RINGBACK;
    count_wrong(&c);
  }
  judge_count("ringback", &c, 950, 10);
}
END_TEST

START_TEST(dial_tone_is_known) {
  struct count c = {0};
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    const struct twist t = twist_of(seed, 0.015);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 1200));
    add_pair(&t, 3400, DIAL[seed % DIAL_COUNT][0], DIAL[seed % DIAL_COUNT][1]);
    through_a_line(&t, seed);
    c.right += first_tone() == SCREEN_TONE_DIAL;
    count_wrong(&c);
  }
  judge_count("dial tone", &c, 900, 10);
}
END_TEST

/* low or high first line, short or long, low or high second line, short or long */
static const double SIT[][5] = {{985.2, 380, 1370.6, 274, SCREEN_TONE_SIT_VACANT},
                                {913.8, 274, 1370.6, 274, SCREEN_TONE_SIT_INTERCEPT},
                                {985.2, 380, 1428.5, 380, SCREEN_TONE_SIT_NO_CIRCUIT},
                                {913.8, 274, 1428.5, 380, SCREEN_TONE_SIT_NO_CIRCUIT},
                                {950, 330, 1400, 330, SCREEN_TONE_SIT},
                                {985.2, 274, 1428.5, 274, SCREEN_TONE_SIT_NO_CIRCUIT}};

START_TEST(special_information_tones_are_known_and_classed) {
  struct count c = {0};
  int classed = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    struct twist t = twist_of(seed, 0.008);
    t.slack = dice_between(0.95, 1.05);
    const double *s = SIT[seed % 6];
    const int gap = (int)dice_between(0, 30); /* some exchanges leave one between the three */
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 1200));
    add_pair(&t, (int)(s[1] * t.slack), s[0], 0);
    add_silence(&sound, gap);
    add_pair(&t, (int)(s[3] * t.slack), s[2], 0);
    add_silence(&sound, gap);
    add_pair(&t, (int)((seed % 6 == 4 ? 330 : 380) * t.slack), seed % 6 == 4 ? 1800 : 1776.7, 0);
    add_silence(&sound, 1000);
    through_a_line(&t, seed);
    const enum screen_tone tone = first_tone();
    c.right += tone >= SCREEN_TONE_SIT_VACANT && tone <= SCREEN_TONE_SIT;
    classed += tone == (enum screen_tone)(int)s[4];
    count_wrong(&c);
  }
  printf("SIT classed    %4d of %d\n", classed, VARIANTS);
  ck_assert_int_ge(classed, VARIANTS * 95 / 100);
  judge_count("SIT", &c, 950, 10);
}
END_TEST

static void add_v21(int ms, const struct twist *t) {
  static const int flag[8] = {0, 1, 1, 1, 1, 1, 1, 0};
  double phase = 0.0, bit = dice_between(0, 8);
  for (int i = 0; i < ms * 8 && sound.n < SOUND_MAX; i++) {
    phase += 6.283185307 * (flag[(int)bit % 8] ? 1650.0 : 1850.0) / RATE;
    bit += 300.0 / RATE;
    sound.x[sound.n++] = (float)(amplitude(t->level) * sin(phase));
  }
}

/* 2100 Hz, its phase turned every 450 ms, its level swung by 15 Hz: T.30, V.8. */
static void add_answer(int ms, const struct twist *t, bool turns, bool swings) {
  for (int i = 0; i < ms * 8 && sound.n < SOUND_MAX; i++) {
    const double sign = turns && i / 3600 % 2 ? -1.0 : 1.0, swing = swings ? 1.0 + 0.2 * sin(6.283185307 * 15.0 * i / RATE) : 1.0;
    sound.x[sound.n++] = (float)(sign * swing * amplitude(t->level) * sin(6.283185307 * 2100.0 * i / RATE));
  }
}

START_TEST(fax_and_modem_are_known) {
  struct count c = {0};
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    const struct twist t = twist_of(seed, 0.02);
    enum screen_tone expected = SCREEN_TONE_FAX_CED;
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 2000));
    switch (seed % 4) {
    case 0:
      for (int i = 0; i < 2; i++) {
        add_pair(&t, (int)(500 * t.slack), 1100, 0);
        add_silence(&sound, (int)(3000 * t.slack));
      }
      expected = SCREEN_TONE_FAX_CNG;
      break;
    case 1: add_answer((int)dice_between(2600, 4000), &t, false, false); break;
    case 2: add_answer(3300, &t, true, dice() < 0.5); break;
    default: add_v21((int)dice_between(900, 1150), &t); expected = SCREEN_TONE_FAX_V21;
    }
    add_silence(&sound, 500);
    through_a_line(&t, seed);
    c.right += first_tone() == expected;
    count_wrong(&c);
  }
  judge_count("fax, modem", &c, 970, 10);
}
END_TEST

START_TEST(keypad_strings_are_read_exactly) {
  static const char keys[] = "0123456789*#ABCD";
  struct count c = {0};
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    struct twist t = twist_of(seed, 0.0);
    static const double low[] = {697, 770, 852, 941}, high[] = {1209, 1336, 1477, 1633};
    static const char grid[] = "123A456B789C*0#D";
    char digits[12] = "", read[64] = "";
    const int count = (int)dice_between(3, 10.99);
    t.level = dice_between(-26, -6);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(100, 900));
    for (int i = 0; i < count; i++) {
      digits[i] = keys[(int)dice_between(0, 15.99)];
      const int at = (int)(strchr(grid, digits[i]) - grid);
      t.off = dice_between(0.988, 1.012);
      t.twist_db = dice_between(-6, 3); /* the higher line is the louder one on most lines */
      add_pair(&t, (int)dice_between(55, 160), low[at / 4], high[at % 4]);
      add_silence(&sound, (int)dice_between(55, 200));
    }
    add_silence(&sound, 500);
    add_noise(&sound, 0, sound.n, t.level - dice_between(22, 45));
    sound_line(&sound, seed % 2 ? 0 : 8, 0.0, line);
    listen_to(&heard, &params, line, sound.n, 160);
    for (int i = 0, n = 0; i < heard.n; i++)
      if (heard.e[i].kind == SCREEN_DIGIT && n < 63) read[n++] = heard.e[i].digit;
    c.right += strcmp(read, digits) == 0;
    count_wrong(&c);
  }
  /* Keys in the rhythm of syllables: who answers so is released as a person sooner than the next key comes. */
  judge_count("keypad", &c, 970, 30);
}
END_TEST

/* A greeting, a pause, a beep of some kind at 80 to 1,000 ms. */
static double add_beep(const struct twist *t, uint32_t kind) {
  const double hz = dice_between(420, 2200);
  const int ms = (int)dice_between(100, 900), begin = sound.n;
  switch (kind) {
  case 0: add_pair(t, ms, hz, 0); break;
  case 1: add_pair(t, ms, hz, hz * dice_between(1.1, 1.6)); break;
  case 2: { /* dies away by 20 dB at most */
    const double fall = dice_between(6, 20) / ms;
    add_pair(t, ms, hz, 0);
    for (int i = begin; i < sound.n; i++) sound.x[i] *= (float)pow(10.0, -fall * (i - begin) / 8.0 / 20.0);
    break;
  }
  default:
    for (int i = 0; i < 3; i++) {
      if (i) add_silence(&sound, 90);
      add_pair(t, 120, hz, 0);
    }
  }
  return sound.n / 8.0;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

START_TEST(beeps_are_known_and_reported_just_after_they_end) {
  static const char *const names[] = {"single beep", "dual beep", "dying beep", "triple beep"};
  static double late[VARIANTS];
  int right = 0, early = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    const struct twist t = twist_of(seed, 0.0);
    sound_clear(&sound);
    add_silence(&sound, 300);
    add_speech(&sound, 1500, dice_between(90, 240), t.level - dice_between(-6, 6));
    add_silence(&sound, (int)dice_between(200, 900));
    const double begin = sound.n / 8.0, end = add_beep(&t, (uint32_t)_i);
    add_silence(&sound, 700);
    through_a_line(&t, seed);
    for (int i = 0; i < heard.n; i++) {
      const double at = (double)heard.e[i].at / 8.0;
      if (heard.e[i].kind != SCREEN_BEEP_END) continue;
      if (at < begin) {
        early++;
      } else if (at <= end + 600) {
        /* of a triple the last counts: each is told */
        if (_i == 3 && at < end) continue;
        late[right++] = at - end;
      }
      break;
    }
  }
  qsort(late, (size_t)right, sizeof late[0], by_size);
  printf("%-14s %4d of %d, early %d; told after %.0f ms (median), %.0f ms (95 %%)\n", names[_i], right, VARIANTS, early, late[right / 2],
         late[right * 95 / 100]);
  ck_assert_int_ge(right, VARIANTS * 97 / 100);
  ck_assert_int_le(early, VARIANTS * 5 / 1000);
  ck_assert(late[right / 2] <= 40.0 && late[right * 95 / 100] <= 80.0);
}
END_TEST

START_TEST(a_voice_is_never_a_tone_a_key_or_a_beep) {
  int tones = 0, beeps = 0, keys = 0;
  for (uint32_t seed = 1; seed <= VARIANTS; seed++) {
    const struct twist t = twist_of(seed, 0.0);
    sound_clear(&sound);
    add_silence(&sound, (int)dice_between(0, 800));
    for (int i = 0; i < 3; i++) {
      add_speech(&sound, (int)dice_between(300, 1600), dice_between(80, 320), t.level);
      add_silence(&sound, (int)dice_between(80, 700));
    }
    through_a_line(&t, seed);
    const struct screen_event *e = first_of(&heard, SCREEN_TONE);
    tones += e && (is_network((enum screen_tone)e->tone) || e->verdict == VERDICT_FAX);
    beeps += first_of(&heard, SCREEN_BEEP_END) != NULL;
    keys += first_of(&heard, SCREEN_DIGIT) != NULL;
  }
  printf("voices         taken for a tone %d, a beep %d, a key %d of %d\n", tones, beeps, keys, VARIANTS);
  ck_assert_int_eq(tones, 0);
  ck_assert_int_le(beeps, VARIANTS * 5 / 1000);
  ck_assert_int_eq(keys, 0);
}
END_TEST

static struct heard other;

static bool same_events(const struct heard *a, const struct heard *b, uint64_t until) {
  int n = 0;
  for (; n < a->n && a->e[n].at <= until; n++)
    if (n >= b->n || a->e[n].kind != b->e[n].kind || a->e[n].at != b->e[n].at || a->e[n].sample != b->e[n].sample ||
        a->e[n].tone != b->e[n].tone || a->e[n].digit != b->e[n].digit || a->e[n].verdict != b->e[n].verdict)
      return false;
  return n == b->n || b->e[n].at > until;
}

static void make_any(uint32_t seed) {
  const struct twist t = twist_of(seed, 0.01);
  const struct rhythm *r = &BUSY[seed % BUSY_COUNT];
  sound_clear(&sound);
  add_silence(&sound, (int)dice_between(0, 500));
  if (seed % 3 == 0) {
    for (int i = 0; i < 5; i++) {
      add_pair(&t, r->on1, r->hz1, r->hz2);
      add_silence(&sound, r->off1);
    }
  } else if (seed % 3 == 1) {
    add_speech(&sound, 1200, 160, t.level);
    add_silence(&sound, 400);
    add_beep(&t, seed % 4);
  } else {
    for (int i = 0; i < 5; i++) {
      add_pair(&t, 90, 770, 1336);
      add_silence(&sound, 90);
    }
  }
  add_silence(&sound, 800);
  add_noise(&sound, 0, sound.n, -50);
  sound_line(&sound, 8, 0.0, line);
}

START_TEST(the_size_of_blocks_changes_nothing) {
  static const int sizes[] = {1, 7, 80, 161, 333, 480, 960};
  for (uint32_t seed = 1; seed <= 30; seed++) {
    make_any(seed);
    listen_to(&heard, &params, line, sound.n, 160);
    ck_assert_int_gt(heard.n, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      listen_to(&other, &params, line, sound.n, sizes[i]);
      ck_assert_msg(same_events(&heard, &other, UINT64_MAX), "seed %u, blocks of %d", seed, sizes[i]);
    }
  }
}
END_TEST

START_TEST(what_was_heard_by_then_does_not_depend_on_what_comes_later) {
  for (uint32_t seed = 1; seed <= 60; seed++) {
    make_any(seed);
    listen_to(&heard, &params, line, sound.n, 160);
    for (int i = 0; i < heard.n; i++) {
      const int cut = (int)heard.e[i].at + 160; /* one block after */
      listen_to(&other, &params, line, cut < sound.n ? cut : sound.n, 160);
      ck_assert_msg(same_events(&heard, &other, heard.e[i].at), "seed %u, event %d", seed, i);
    }
  }
}
END_TEST

int main(void) {
  params = screen_defaults(SCREEN_BALANCED);
  Suite *s = suite_create("a thousand tones");
  TCase *c = tcase_create("variants");
  tcase_set_timeout(c, 300);
  tcase_add_test(c, busy_and_reorder_are_known);
  tcase_add_test(c, ringback_is_known);
  tcase_add_test(c, dial_tone_is_known);
  tcase_add_test(c, special_information_tones_are_known_and_classed);
  tcase_add_test(c, fax_and_modem_are_known);
  tcase_add_test(c, keypad_strings_are_read_exactly);
  tcase_add_loop_test(c, beeps_are_known_and_reported_just_after_they_end, 0, 4);
  tcase_add_test(c, the_size_of_blocks_changes_nothing);
  tcase_add_test(c, what_was_heard_by_then_does_not_depend_on_what_comes_later);
  tcase_add_test(c, a_voice_is_never_a_tone_a_key_or_a_beep);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
