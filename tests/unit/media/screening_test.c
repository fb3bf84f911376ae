/* With the real detector: media and dsp together keep the legal wait. And many sessions at once. */
#include "harness.h"

enum { PAIRS = 100 };
static struct phone person;
static struct phone *const all[] = {&person};

static void setup(void) { harness_start(256, 220); }
static void teardown(void) { harness_stop(); }

/* Waits for the k-th frame's moment: a phone's clock does not run slow because this machine is busy. */
static void until(int64_t start_us, int k) {
  int64_t left_us = start_us + (int64_t)k * 20000 - clock_mono_us();
  run_ms(all, 1, left_us > 0 ? (int)(left_us / 1000) : 0);
}

/* Something like a voice: harmonics of 140 Hz with syllables of 180 ms. */
static void speak(struct phone *p, int ms) {
  int64_t start_us = clock_mono_us();
  for (int k = 0; k < ms / 20; k++) {
    int16_t pcm[160];
    uint8_t payload[160];
    for (int i = 0; i < 160; i++) {
      double t = (double)(p->ts + (uint32_t)i - 0xffffff00u) / 8000, sum = 0;
      for (int h = 1; h < 18; h++) sum += sin(2 * M_PI * 140 * h * t + h * h) / h;
      double syllable = 0.25 + 0.75 * fabs(sin(M_PI * t / 0.18));
      pcm[i] = (int16_t)lrint(2500 * syllable * sum);
    }
    codec_encode(p->pt, pcm, 160, payload);
    phone_send(p, p->pt, false, p->ts, payload, 160);
    p->ts += 160;
    until(start_us, k + 1);
  }
}

START_TEST(two_seconds_after_a_hello_nobody_answered_the_prompt_speaks) {
  int prompt = make_prompt("sorry.wav", 1500, 5000, 300);
  phone_open(&person, CODEC_PCMU, 500, 0);
  struct session s = connect_phone(&person, LEG_CALL);
  tell_screen(s, _i == 1, 2000, (uint16_t)prompt);
  person.sending = true;
  run_ms(all, 1, 500);
  person.sending = false;
  speak(&person, 700);
  int64_t end = clock_mono().ms;
  person.sending = true;
  run_ms(all, 1, 2300);
  ck_assert_int_eq(mails_of(MEDIA_GREETING_END), 1);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 1);
  int64_t greeting_end = mail_of(MEDIA_GREETING_END, 0)->at.ms;
  ck_assert_msg(!IN_TIME || llabs(greeting_end - end) <= 100, "the greeting ended at %lld, media says %lld", (long long)end,
                (long long)greeting_end);
  ck_assert_int_le(llabs(mail_of(MEDIA_DEADLINE, 0)->at.ms - greeting_end - 2000), 60);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), _i);
  if (_i) ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.verdict, VERDICT_PERSON);
  phone_close(&person);
}
END_TEST

/* 480 and 620 Hz, half a second on and half a second off: busy in North America. */
START_TEST(a_busy_tone_before_the_answer_is_heard_as_one) {
  phone_open(&person, CODEC_PCMU, 0, 0);
  struct session s = take_credit(&person.to_port);
  tell_remote(s, &person, LEG_CALL, true, EVENT_PT);
  run_ms(all, 1, 40);
  int64_t start_us = clock_mono_us();
  for (int k = 0; k < 300 && mails_of(MEDIA_VERDICT) == 0; k++) {
    int16_t pcm[160];
    uint8_t payload[160];
    for (int i = 0; i < 160; i++) {
      double t = (double)(k * 160 + i) / 8000;
      double on = k / 25 % 2 == 0 ? 3500 : 0;
      pcm[i] = (int16_t)lrint(on * (sin(2 * M_PI * 480 * t) + sin(2 * M_PI * 620 * t)));
    }
    codec_encode(person.pt, pcm, 160, payload);
    phone_send(&person, person.pt, false, person.ts, payload, 160);
    person.ts += 160;
    until(start_us, k + 1);
  }
  ck_assert(!IN_TIME || mails_of(MEDIA_VERDICT) == 1);
  if (IN_TIME) ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.verdict, VERDICT_BUSY_TONE);
  ck_assert_int_eq(person.packets, 0);
  phone_close(&person);
}
END_TEST

START_TEST(a_hundred_calls_reach_their_own_agents_and_nobody_else) {
  struct phone *phones[2 * PAIRS];
  struct session ids[2 * PAIRS];
  for (int i = 0; i < 2 * PAIRS; i++) {
    phones[i] = malloc(sizeof **phones);
    phone_open(phones[i], i % 3 ? CODEC_PCMU : CODEC_PCMA, 300 + 15.5 * i, 6000);
    ids[i] = connect_phone(phones[i], i % 2 ? LEG_SEAT : LEG_CALL);
    phones[i]->sending = true;
  }
  run_ms(phones, 2 * PAIRS, 200);
  for (int i = 0; i < 2 * PAIRS; i += 2) tell_bridge(ids[i], ids[i + 1], false);
  run_ms(phones, 2 * PAIRS, 1500);
  ck_assert_int_eq(mails_of(MEDIA_BRIDGED), PAIRS);
  ck_assert_uint_eq(counters().sessions_open, 2 * PAIRS);
  for (int i = 0; i < 2 * PAIRS; i++) {
    double hz = phones[i ^ 1]->hz;
    ck_assert_msg(!IN_TIME || fabs(heard_level(phones[i], hz, 4000) - 6000) < 200, "phone %d hears %.0f Hz at %.0f", i, hz,
                  heard_level(phones[i], hz, 4000));
  }
  for (int i = 0; i < 2 * PAIRS; i++) tell_session(MEDIA_RELEASE, ids[i]);
  run_ms(phones, 2 * PAIRS, 300);
  ck_assert_int_eq(mails_of(MEDIA_STATS), 2 * PAIRS);
  ck_assert_uint_eq(counters().sessions_open, 0);
  ck_assert_uint_eq(counters().strangers + counters().malformed + counters().lost_events, 0);
  for (int i = 0; i < 2 * PAIRS; i++) {
    phone_close(phones[i]);
    free(phones[i]);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("screening");
  TCase *tc = tcase_create("screening");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, two_seconds_after_a_hello_nobody_answered_the_prompt_speaks, 0, 2);
  tcase_add_test(tc, a_busy_tone_before_the_answer_is_heard_as_one);
  tcase_add_test(tc, a_hundred_calls_reach_their_own_agents_and_nobody_else);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
