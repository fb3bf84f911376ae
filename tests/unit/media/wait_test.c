#include "harness.h"
#include "screen_double.h"

static struct phone person;
static struct phone *const all[] = {&person};
static struct session s;
static int prompt;

static void setup(void) {
  harness_start(16, 4);
  prompt = make_prompt("sorry.wav", 1500, 5000, 400);
}
static void teardown(void) { harness_stop(); }

static void answer(uint8_t pt) {
  phone_open(&person, pt, 517, 4000);
  s = connect_phone(&person, LEG_CALL);
  person.sending = true;
}

/* Speaks for some time, then is quiet. Returns the monotonic ms at which the last word ended. */
static int64_t greet(int ms) {
  person.level = 4000;
  run_ms(all, 1, ms);
  person.level = 0;
  return clock_mono().ms;
}

START_TEST(the_end_of_the_greeting_is_stamped_back_and_a_person_is_told) {
  answer(CODEC_PCMU);
  tell_screen(s, true, 2000, 0);
  int64_t end = greet(500);
  run_ms(all, 1, 700);
  ck_assert_int_eq(mails_of(MEDIA_GREETING_END), 1);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), 1);
  const struct mail *g = mail_of(MEDIA_GREETING_END, 0), *v = mail_of(MEDIA_VERDICT, 0);
  ck_assert_int_le(llabs(g->at.ms - end), 60);
  ck_assert_int_eq(v->u.media_event.verdict, VERDICT_PERSON);
  ck_assert_int_eq(v->u.media_event.reason, REASON_SHORT_GREETING);
  ck_assert_int_eq(v->u.media_event.greeting_end.ms, g->at.ms);
  ck_assert_int_ge(v->at.ms - g->at.ms, 380);
  ck_assert(leg_eq(v->u.media_event.owner, (struct leg){LEG_CALL, s.slot + 1000, 1}));
  phone_close(&person);
}
END_TEST

START_TEST(nobody_comes_and_at_the_deadline_the_prompt_speaks) {
  bool screening = _i == 1;
  answer(_i == 1 ? CODEC_PCMA : CODEC_PCMU);
  tell_screen(s, screening, 1000, (uint16_t)prompt);
  int64_t end = greet(300);
  run_ms(all, 1, 900);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 0);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), screening ? 1 : 0);
  person.heard_count = 0;
  run_ms(all, 1, 300);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 1);
  const struct mail *d = mail_of(MEDIA_DEADLINE, 0);
  ck_assert_int_eq(mail_of(MEDIA_GREETING_END, 0)->at.ms, d->u.media_event.greeting_end.ms);
  ck_assert_int_le(llabs(d->at.ms - end - 1000), 60);
  ck_assert_double_eq_tol(heard_level(&person, 1500, 800), 5000, 100);
  run_ms(all, 1, 400);
  ck_assert_int_eq(mails_of(MEDIA_PLAYED), 1);
  ck_assert_int_eq(mail_of(MEDIA_PLAYED, 0)->u.media_event.prompt, prompt);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 1);
  phone_close(&person);
}
END_TEST

START_TEST(a_bridge_before_the_deadline_prevents_it_and_one_after_it_is_too_late) {
  bool in_time = _i == 0;
  static struct phone agent;
  struct phone *const both[] = {&person, &agent};
  answer(CODEC_PCMU);
  phone_open(&agent, CODEC_PCMU, 911, 3000);
  struct session as = connect_phone(&agent, LEG_SEAT);
  agent.sending = true;
  tell_screen(s, true, 800, (uint16_t)prompt);
  greet(200);
  run_ms(both, 2, in_time ? 600 : 900);
  tell_bridge(s, as, false);
  person.heard_count = 0;
  run_ms(both, 2, 700);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), in_time ? 0 : 1);
  ck_assert_int_eq(mails_of(MEDIA_BRIDGED), in_time ? 1 : 0);
  if (in_time)
    ck_assert_double_eq_tol(heard_level(&person, 911, 3200), 3000, 45);
  else
    ck_assert_double_lt(heard_level(&person, 911, 3200), 45);
  phone_close(&agent);
  phone_close(&person);
}
END_TEST

START_TEST(after_the_bridge_a_beep_is_told_once_and_then_nobody_listens) {
  static struct phone agent;
  struct phone *const both[] = {&person, &agent};
  answer(CODEC_PCMU);
  phone_open(&agent, CODEC_PCMU, 911, 3000);
  struct session as = connect_phone(&agent, LEG_SEAT);
  agent.sending = true;
  tell_screen(s, _i == 0, 2000, (uint16_t)prompt);
  greet(200);
  run_ms(both, 2, 600);
  tell_bridge(s, as, false);
  run_ms(both, 2, 300);
  ck_assert_int_eq(mails_of(MEDIA_LATE), 0);
  person.sending = false;
  for (int k = 0; k < 30; k++) { /* full scale: the beep of the stand-in */
    uint8_t loud[160];
    memset(loud, 0x80, sizeof loud);
    phone_send(&person, CODEC_PCMU, false, person.ts, loud, 160);
    person.ts += 160;
    run_ms(both, 2, 20);
  }
  run_ms(both, 2, 200);
  ck_assert_int_eq(mails_of(MEDIA_LATE), _i == 0 ? 1 : 0); /* without screening nobody was told that it is a person */
  if (_i == 0) ck_assert_int_eq(mail_of(MEDIA_LATE, 0)->u.media_event.reason, REASON_BEEP);
  phone_close(&agent);
  phone_close(&person);
}
END_TEST

START_TEST(a_machine_is_not_owed_the_prompt) {
  answer(CODEC_PCMU);
  tell_screen(s, true, 500, (uint16_t)prompt);
  person.hz = 0;
  person.level = 4000;
  greet(200);
  uint8_t loud[160];
  memset(loud, 0x80, sizeof loud); /* full scale: the beep of the stand-in */
  person.sending = false;
  for (int i = 0; i < 10; i++) {
    phone_send(&person, CODEC_PCMU, false, person.ts, loud, 160);
    person.ts += 160;
    run_ms(all, 1, 20);
  }
  person.sending = true;
  run_ms(all, 1, 1500);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), 1);
  ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.verdict, VERDICT_MACHINE);
  ck_assert_int_eq(mails_of(MEDIA_PRINT), 1); /* a beep proves it: worth knowing again */
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 0);
  phone_close(&person);
}
END_TEST

START_TEST(a_busy_tone_before_the_answer_is_told_and_nothing_is_sent) {
  phone_open(&person, CODEC_PCMA, 0, 0);
  s = take_credit(&person.to_port);
  tell_remote(s, &person, LEG_CALL, true, EVENT_PT);
  run_ms(all, 1, 40);
  int16_t pcm[160];
  uint8_t busy[160];
  for (int i = 0; i < 160; i++) pcm[i] = i % 2 ? 20000 : -20000;
  codec_encode(CODEC_PCMA, pcm, 160, busy);
  for (int i = 0; i < 20; i++) {
    phone_send(&person, CODEC_PCMA, false, person.ts, busy, 160);
    person.ts += 160;
    run_ms(all, 1, 20);
  }
  run_ms(all, 1, 700);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), 1);
  ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.verdict, VERDICT_BUSY_TONE);
  ck_assert_int_eq(person.packets, 0);
  phone_close(&person);
}
END_TEST

START_TEST(a_key_during_the_prompt_is_told) {
  answer(CODEC_PCMU);
  tell_play(s, prompt, true);
  run_ms(all, 1, 900); /* longer than the prompt: it loops */
  phone_key(&person, 9);
  run_ms(all, 1, 60);
  ck_assert_int_eq(mails_of(MEDIA_DIGIT), 1);
  ck_assert_int_eq(mail_of(MEDIA_DIGIT, 0)->u.media_event.digit, '9');
  ck_assert_int_eq(mails_of(MEDIA_PLAYED), 0);
  ck_assert_double_eq_tol(heard_level(&person, 1500, 800), 5000, 200);
  tell_session(MEDIA_STOP, s);
  run_ms(all, 1, 100);
  person.packets = 0;
  run_ms(all, 1, 200);
  ck_assert_int_le(person.packets, 1);
  ck_assert_int_eq(person.gaps, 0);
  phone_close(&person);
}
END_TEST

START_TEST(a_prompt_that_is_not_there_ends_at_once) {
  answer(CODEC_PCMU);
  tell_play(s, 77, false);
  run_ms(all, 1, 60);
  ck_assert_int_eq(mails_of(MEDIA_PLAYED), 1);
  ck_assert_int_eq(media_prompt(media, "nothing.wav"), CAD_ENOENT);
  ck_assert_int_eq(media_prompt(media, "../sorry.wav"), CAD_EINVAL);
  ck_assert_int_eq(media_prompt(media, "sorry.wav"), prompt);
  phone_close(&person);
}
END_TEST

START_TEST(lost_audio_keeps_the_clock_of_the_greeting_right) {
  answer(CODEC_PCMU);
  tell_screen(s, true, 2000, 0);
  person.level = 4000;
  for (int i = 0; i < 40; i++) { /* every fifth packet is lost */
    if (i % 5 == 4)
      person.ts += 160, person.seq++;
    else
      phone_frame(&person);
    person.sending = false;
    run_ms(all, 1, 20);
  }
  int64_t end = clock_mono().ms;
  run_ms(all, 1, 800); /* and then nothing comes at all */
  ck_assert_int_eq(mails_of(MEDIA_GREETING_END), 1);
  ck_assert(!IN_TIME || llabs(mail_of(MEDIA_GREETING_END, 0)->at.ms - end) <= 100);
  phone_close(&person);
}
END_TEST

/* Takes every session that media gives; the stand-in for 16 calls. */
static void use_up(struct session *seen) {
  for (int i = 0; i < 16; i++) {
    seen[i] = take_credit(NULL);
    tell_session(MEDIA_STOP, seen[i]);
    run_ms(NULL, 0, 25);
  }
  run_ms(NULL, 0, 60);
  ck_assert_int_eq(credits_waiting, 0);
}

/* Until media has announced as many sessions as it does ahead. */
static void until_credits_are_ahead(void) {
  for (int i = 0; i < 500 && credits_waiting < 4; i++) run_ms(NULL, 0, 20);
  run_ms(NULL, 0, 60);
  ck_assert_int_eq(credits_waiting, 4);
}

START_TEST(a_released_session_rests_and_comes_back_as_another) {
  uint16_t port, other_port;
  struct session seen[16];
  until_credits_are_ahead();
  s = take_credit(&port);
  tell_session(MEDIA_RELEASE, s);
  for (int i = 0; i < 500 && mails_of(MEDIA_STATS) == 0; i++) run_ms(NULL, 0, 20);
  ck_assert_int_eq(mails_of(MEDIA_STATS), 1);
  until_credits_are_ahead(); /* another one was announced in its place */
  use_up(seen);
  for (int i = 0; i < 16; i++) ck_assert_uint_ne(seen[i].slot, s.slot);
  while (clock_mono().ms - mail_of(MEDIA_STATS, 0)->at.ms < 2800) run_ms(NULL, 0, 20);
  tell_session(MEDIA_RELEASE, seen[0]);
  run_ms(NULL, 0, 60);
  struct session other = take_credit(&other_port);
  if (clock_mono().ms - mail_of(MEDIA_STATS, 0)->at.ms > 2950) return; /* this machine stood still: it rests no more */
  ck_assert_uint_ne(other.slot, s.slot);                               /* it still rests */
  ck_assert_uint_ne(other_port, port);
  while (clock_mono().ms - mail_of(MEDIA_STATS, 0)->at.ms < 3100) run_ms(NULL, 0, 20);
  tell_session(MEDIA_RELEASE, seen[1]);
  run_ms(NULL, 0, 60);
  struct session again = take_credit(&other_port);
  ck_assert_uint_eq(again.slot, s.slot);
  ck_assert_uint_ne(again.gen, s.gen);
  ck_assert_uint_eq(other_port, port);
  uint64_t late = counters().late_mail;
  int stats = mails_of(MEDIA_STATS);
  tell_session(MEDIA_RELEASE, s);
  run_ms(NULL, 0, 40);
  ck_assert_int_eq(mails_of(MEDIA_STATS), stats);
  ck_assert_uint_eq(counters().late_mail, late + 1);
}
END_TEST

START_TEST(ports_are_even_in_range_and_no_two_alike) {
  run_ms(NULL, 0, 60);
  for (int i = 0; i < credits_waiting; i++) {
    ck_assert(credit_ports[i] % 2 == 0 && credit_ports[i] >= 21000 && credit_ports[i] <= 28999);
    for (int k = 0; k < i; k++) ck_assert_uint_ne(credit_ports[i], credit_ports[k]);
  }
}
END_TEST

START_TEST(a_wrong_address_or_a_full_range_is_said_at_start) {
  char err[160];
  struct media *m = NULL;
  struct media_options opt = {.bind_host = "192.0.2.1", .port_min = 21000, .port_max = 21999, .sessions_max = 4, .credits = 2};
  ck_assert_int_eq(media_start(&opt, control, &m, err), CAD_ENET);
  ck_assert_uint_gt(strlen(err), 20);
  opt.bind_host = "somewhere";
  ck_assert_int_eq(media_start(&opt, control, &m, err), CAD_EINVAL);
  opt.bind_host = "127.0.0.1";
  opt.port_max = opt.port_min = 21001;
  ck_assert_int_eq(media_start(&opt, control, &m, err), CAD_EINVAL);
  ck_assert_ptr_null(m);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wait");
  TCase *tc = tcase_create("wait");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, the_end_of_the_greeting_is_stamped_back_and_a_person_is_told);
  tcase_add_loop_test(tc, nobody_comes_and_at_the_deadline_the_prompt_speaks, 0, 2);
  tcase_add_loop_test(tc, a_bridge_before_the_deadline_prevents_it_and_one_after_it_is_too_late, 0, 2);
  tcase_add_loop_test(tc, after_the_bridge_a_beep_is_told_once_and_then_nobody_listens, 0, 2);
  tcase_add_test(tc, a_machine_is_not_owed_the_prompt);
  tcase_add_test(tc, a_busy_tone_before_the_answer_is_told_and_nothing_is_sent);
  tcase_add_test(tc, a_key_during_the_prompt_is_told);
  tcase_add_test(tc, a_prompt_that_is_not_there_ends_at_once);
  tcase_add_test(tc, lost_audio_keeps_the_clock_of_the_greeting_right);
  tcase_add_test(tc, a_released_session_rests_and_comes_back_as_another);
  tcase_add_test(tc, ports_are_even_in_range_and_no_two_alike);
  tcase_add_test(tc, a_wrong_address_or_a_full_range_is_said_at_start);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
