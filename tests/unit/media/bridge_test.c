#include "harness.h"
#include "screen_double.h"

static struct phone customer, agent, stranger;
static struct phone *const all[] = {&customer, &agent, &stranger};
static struct session cs, as;

static void setup(void) { harness_start(64, 8); }
static void teardown(void) { harness_stop(); }

static void join(uint8_t customer_pt, uint8_t agent_pt, bool tone) {
  phone_open(&customer, customer_pt, 1013, 8000);
  phone_open(&agent, agent_pt, 707, 4000);
  phone_open(&stranger, customer_pt, 2207, 12000);
  cs = connect_phone(&customer, LEG_CALL);
  as = connect_phone(&agent, LEG_SEAT);
  customer.sending = agent.sending = true;
  run_ms(all, 2, 100);
  tell_bridge(cs, as, tone);
}
static void part(void) {
  phone_close(&customer);
  phone_close(&agent);
  phone_close(&stranger);
}

START_TEST(a_tone_arrives_at_its_level_both_ways_whatever_the_laws) {
  join(_i & 1 ? CODEC_PCMA : CODEC_PCMU, _i & 2 ? CODEC_PCMA : CODEC_PCMU, false);
  run_ms(all, 2, 1200);
  ck_assert_double_eq_tol(heard_level(&agent, 1013, 6400), 8000, 80);
  ck_assert_double_eq_tol(heard_level(&customer, 707, 6400), 4000, 40);
  ck_assert_double_lt(heard_level(&agent, 707, 6400), 20);
  ck_assert_int_eq(agent.other_pt + customer.other_pt, 0);
  ck_assert_int_le(agent.gaps + customer.gaps, 0);
  ck_assert_int_eq(mails_of(MEDIA_BRIDGED), 1);
  ck_assert(session_eq(mail_of(MEDIA_BRIDGED, 0)->u.media_event.session, cs));
  ck_assert_uint_eq(mail_of(MEDIA_BRIDGED, 0)->u.media_event.owner.slot, cs.slot + 1000);
  part();
}
END_TEST

START_TEST(a_stranger_is_counted_and_heard_by_nobody_nor_sent_anything) {
  join(CODEC_PCMU, CODEC_PCMU, false);
  stranger.to_port = customer.to_port;
  stranger.sending = true;
  run_ms(all, 3, 600);
  stranger.ssrc = customer.ssrc; /* it even guesses the stream */
  run_ms(all, 3, 600);
  ck_assert_double_lt(heard_level(&agent, 2207, 8000), 40);
  ck_assert_double_eq_tol(heard_level(&agent, 1013, 6400), 8000, 80);
  ck_assert_int_eq(stranger.packets, 0);
  part();
}
END_TEST

START_TEST(a_stranger_who_comes_first_gains_nothing) {
  phone_open(&customer, CODEC_PCMU, 1013, 8000);
  phone_open(&agent, CODEC_PCMU, 707, 4000);
  phone_open(&stranger, CODEC_PCMU, 2207, 12000);
  cs = connect_phone(&customer, LEG_CALL);
  as = connect_phone(&agent, LEG_SEAT);
  stranger.to_port = customer.to_port;
  stranger.sending = agent.sending = true;
  run_ms(all, 3, 200);
  tell_bridge(cs, as, false);
  run_ms(all, 3, 800);
  ck_assert_uint_ge(counters().strangers, 30);
  ck_assert_double_lt(heard_level(&agent, 2207, 8000), 40);
  ck_assert_int_eq(stranger.packets, 0);
  customer.sending = true;
  run_ms(all, 3, 800);
  ck_assert_double_eq_tol(heard_level(&agent, 1013, 4000), 8000, 80);
  ck_assert_double_lt(heard_level(&agent, 2207, 4000), 40);
  tell_session(MEDIA_RELEASE, cs);
  run_ms(all, 3, 60);
  ck_assert_uint_ge(mail_of(MEDIA_STATS, 0)->u.media_stats.strangers, 30);
  part();
}
END_TEST

START_TEST(a_key_reaches_the_other_side_and_is_reported_once) {
  join(CODEC_PCMU, CODEC_PCMA, false);
  run_ms(all, 2, 100);
  phone_key(&customer, 5);
  run_ms(all, 2, 100);
  phone_key(&agent, 11);
  run_ms(all, 2, 100);
  ck_assert_int_eq(mails_of(MEDIA_DIGIT), 2);
  ck_assert_int_eq(mail_of(MEDIA_DIGIT, 0)->u.media_event.digit, '5');
  ck_assert(session_eq(mail_of(MEDIA_DIGIT, 0)->u.media_event.session, cs));
  ck_assert_int_eq(mail_of(MEDIA_DIGIT, 1)->u.media_event.digit, '#');
  ck_assert(session_eq(mail_of(MEDIA_DIGIT, 1)->u.media_event.session, as));
  ck_assert_int_eq(agent.events, 6);
  ck_assert_int_eq(agent.event_code, 5);
  ck_assert_int_eq(customer.events, 6);
  ck_assert_int_eq(customer.gaps + agent.gaps, 0);
  part();
}
END_TEST

START_TEST(the_agent_hears_a_short_tone_over_the_first_words) {
  join(CODEC_PCMU, CODEC_PCMA, true);
  customer.sending = _i == 0; /* and also when the customer sends nothing at all */
  agent.heard_count = 0;
  run_ms(all, 2, 500);
  ck_assert_double_eq_tol(heard_best(&agent, 440, 640), 3600, 250);
  if (_i == 0) ck_assert_double_gt(heard_best(&agent, 1013, 640), 7500);
  customer.heard_count = 0;
  agent.heard_count = 0;
  run_ms(all, 2, 600);
  ck_assert_int_gt(agent.heard_count, 100);
  ck_assert_double_lt(heard_level(&agent, 440, 1600), 60);
  ck_assert_double_lt(heard_level(&customer, 440, 1600), 60);
  part();
}
END_TEST

START_TEST(releasing_one_side_leaves_the_other_open) {
  join(CODEC_PCMU, CODEC_PCMU, false);
  run_ms(all, 2, 200);
  tell_session(MEDIA_RELEASE, cs);
  run_ms(all, 2, 200);
  const struct mail *stats = mail_of(MEDIA_STATS, 0);
  ck_assert_ptr_nonnull(stats);
  ck_assert(session_eq(stats->u.media_stats.session, cs));
  ck_assert_uint_ge(stats->u.media_stats.rx_packets, 12);
  ck_assert_uint_ge(stats->u.media_stats.tx_packets, 8);
  ck_assert_uint_eq(stats->u.media_stats.lost, 0);
  int heard = customer.packets;
  agent.heard_count = 0;
  run_ms(all, 2, 200);
  ck_assert_int_eq(customer.packets, heard);
  phone_key(&agent, 3);
  run_ms(all, 2, 60);
  ck_assert_int_eq(mails_of(MEDIA_DIGIT), 1);
  phone_close(&customer);
  phone_open(&customer, CODEC_PCMA, 1213, 6000); /* the next call to the same agent */
  cs = connect_phone(&customer, LEG_CALL);
  customer.sending = true;
  tell_bridge(cs, as, false);
  run_ms(all, 2, 600);
  ck_assert_double_eq_tol(heard_level(&agent, 1213, 3200), 6000, 60);
  ck_assert_double_lt(heard_level(&agent, 1013, 3200), 10);
  ck_assert_int_eq(agent.gaps, 0);
  part();
}
END_TEST

START_TEST(taken_apart_both_hear_nothing_and_stay) {
  join(CODEC_PCMU, CODEC_PCMU, false);
  run_ms(all, 2, 200);
  tell_session(MEDIA_UNBRIDGE, cs);
  run_ms(all, 2, 100);
  agent.heard_count = customer.heard_count = agent.packets = 0;
  run_ms(all, 2, 1200);
  ck_assert_int_ge(agent.packets, 2); /* something now and then keeps phones and translators awake */
  ck_assert_int_le(agent.packets, 4);
  ck_assert_double_lt(heard_level(&agent, 1013, 8000), 5);
  ck_assert_double_lt(heard_level(&customer, 707, 8000), 5);
  tell_bridge(cs, as, false);
  run_ms(all, 2, 400);
  ck_assert_double_eq_tol(heard_level(&agent, 1013, 1600), 8000, 120);
  part();
}
END_TEST

START_TEST(a_far_side_on_hold_is_not_sent_to) {
  join(CODEC_PCMU, CODEC_PCMU, false);
  run_ms(all, 2, 100);
  struct mail m = mail_make(MEDIA_REMOTE, clock_mono());
  m.u.media_remote = (struct mail_media_remote){
      .session = cs,
      .owner = {.role = LEG_CALL, .slot = 1, .gen = 1},
      .desc = {.family = 4, .addr = {127, 0, 0, 1}, .port = customer.port, .ptime_ms = 20, .dir = MEDIA_SENDONLY}};
  tell(&m);
  run_ms(all, 2, 60);
  int before = customer.packets;
  run_ms(all, 2, 700);
  ck_assert_int_eq(customer.packets, before);
  m.u.media_remote.desc.dir = MEDIA_SENDRECV;
  tell(&m);
  run_ms(all, 2, 300);
  ck_assert_int_ge(customer.packets, before + 10);
  part();
}
END_TEST

START_TEST(a_new_address_in_a_new_sdp_is_followed_and_the_old_one_forgotten) {
  join(CODEC_PCMU, CODEC_PCMU, false);
  run_ms(all, 2, 200);
  stranger.to_port = customer.to_port; /* the call moves to this phone */
  tell_remote(cs, &stranger, LEG_CALL, false, EVENT_PT);
  run_ms(all, 2, 40);
  int before = customer.packets;
  stranger.sending = true;
  run_ms(all, 3, 800);
  ck_assert_int_le(customer.packets, before + 1);
  ck_assert_double_eq_tol(heard_level(&agent, 2207, 4000), 12000, 120);
  ck_assert_double_lt(heard_level(&agent, 1013, 4000), 60);
  ck_assert_double_eq_tol(heard_level(&stranger, 707, 4000), 4000, 40);
  part();
}
END_TEST

START_TEST(nobody_can_aim_a_session_at_another_one) {
  uint16_t port_a, port_b;
  struct session a = take_credit(&port_a), b = take_credit(&port_b);
  phone_open(&customer, CODEC_PCMU, 0, 0);
  customer.port = port_b;
  tell_remote(a, &customer, LEG_CALL, false, EVENT_PT);
  customer.port = port_a;
  tell_remote(b, &customer, LEG_CALL, false, EVENT_PT);
  tell_bridge(a, b, false);
  run_ms(NULL, 0, 1200);
  ck_assert_uint_eq(counters().tx_packets, 0);
  phone_close(&customer);
}
END_TEST

START_TEST(a_flood_is_not_passed_on) {
  join(CODEC_PCMU, CODEC_PCMU, false);
  customer.sending = false;
  run_ms(all, 2, 200);
  agent.packets = 0;
  for (int i = 0; i < 20; i++) {
    for (int k = 0; k < 200; k++) phone_frame(&customer);
    run_ms(all, 2, 20);
  }
  run_ms(all, 2, 200);
  ck_assert_int_le(agent.packets, 300 + 250); /* 4,000 were sent */
  part();
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bridge");
  TCase *tc = tcase_create("bridge");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, a_tone_arrives_at_its_level_both_ways_whatever_the_laws, 0, 4);
  tcase_add_test(tc, a_stranger_is_counted_and_heard_by_nobody_nor_sent_anything);
  tcase_add_test(tc, a_stranger_who_comes_first_gains_nothing);
  tcase_add_test(tc, a_key_reaches_the_other_side_and_is_reported_once);
  tcase_add_loop_test(tc, the_agent_hears_a_short_tone_over_the_first_words, 0, 2);
  tcase_add_test(tc, releasing_one_side_leaves_the_other_open);
  tcase_add_test(tc, taken_apart_both_hear_nothing_and_stay);
  tcase_add_test(tc, a_far_side_on_hold_is_not_sent_to);
  tcase_add_test(tc, a_new_address_in_a_new_sdp_is_followed_and_the_old_one_forgotten);
  tcase_add_test(tc, nobody_can_aim_a_session_at_another_one);
  tcase_add_test(tc, a_flood_is_not_passed_on);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
