/* SIP workers that die and come back, told mail by mail. */
#include "harness.h"

static void one_agent(void) { floor_open(PACING_PROGRESSIVE, 1, 8, 100); }

static void worker_dies_and_comes_back(void) {
  say_worker(SIP_LOST);
  pass(300);
  say_worker(SIP_UP);
}

START_TEST(calls_that_ring_or_wait_are_interrupted_with_their_worker) {
  struct party p = ringing();
  say_worker(SIP_LOST);
  struct mail_store_close rec = closed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_INTERRUPTED);
  ck_assert_int_eq(rec.cause, CAUSE_WORKER_LOST);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DOWN);
  forget();
  pass(300);
  say_worker(SIP_UP);
  pass(1100);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DIALING);
  all_is_back();
}
END_TEST

START_TEST(a_talk_outlives_the_worker_and_ends_by_the_star_key) {
  struct party p = talking();
  worker_dies_and_comes_back();
  ck_assert_int_eq(state_of(&p), CALL_TALKING);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_UP);
  forget();
  pass(5000);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '*');
  struct mail_store_close rec = closed(&p); /* no worker holds its dialog: nothing to wait for */
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_AGENT);
  ck_assert_uint_lt(place_of(MEDIA_UNBRIDGE), place_of(MEDIA_RELEASE));
  pass(21000); /* his own dialog was never taken up: the phone is rung anew */
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DIALING);
}
END_TEST

START_TEST(a_talk_whose_dialog_is_taken_up_ends_over_the_wire_again) {
  struct party p = talking();
  worker_dies_and_comes_back();
  ck_assert(control_keeps_leg(st.k, p.leg));
  ck_assert(control_keeps_leg(st.k, seat_leg(0)));
  say_sip(SIP_RESUMED, p.leg, 200, CAUSE_NONE, 0);
  say_sip(SIP_RESUMED, seat_leg(0), 200, CAUSE_NONE, 0);
  forget();
  pass(5000);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '*');
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, p.leg));
  ck_assert_int_eq(state_of(&p), CALL_ENDING);
  over(&p, 200, CAUSE_NORMAL, 0);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_UP);
  pass(30000);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_UP);
  ck_assert(agent_available(agent_at(0)));
}
END_TEST

START_TEST(the_far_side_may_end_a_talk_after_the_worker_came_back) {
  struct party p = talking();
  worker_dies_and_comes_back();
  say_sip(SIP_RESUMED, seat_leg(0), 200, CAUSE_NONE, 0);
  pass(1000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_CALLEE);
}
END_TEST

START_TEST(a_dialog_taken_up_for_a_call_that_ended_meanwhile_is_hung_up) {
  struct party p = talking();
  say_worker(SIP_LOST);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '*');
  closed(&p);
  ck_assert(!control_keeps_leg(st.k, p.leg));
  say_worker(SIP_UP);
  forget();
  say_sip(SIP_RESUMED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, p.leg));
}
END_TEST

START_TEST(who_had_picked_up_is_not_lost_with_the_worker) {
  struct party p = answered();
  pass(500);
  worker_dies_and_comes_back();
  ck_assert_int_eq(state_of(&p), CALL_SCREENING);
  seat_up(0); /* idle phones are rung at once */
  say_sip(SIP_RESUMED, p.leg, 200, CAUSE_NONE, 0);
  pass(500);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
}
END_TEST

START_TEST(what_was_known_before_the_worker_died_stays_so) {
  struct party p = answered();
  pass(3000);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_MACHINE, 0);
  ck_assert_int_eq(state_of(&p), CALL_ENDING);
  say_worker(SIP_LOST);
  ck_assert_int_eq(closed(&p).outcome, OUTCOME_MACHINE);
  forget();
  say_worker(SIP_UP);
  pass(1100);
  seat_up(0);
  p = ringing();
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  pass(3000);
  say_media(MEDIA_DEADLINE, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  say_worker(SIP_LOST);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE); /* he hears it to its end */
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  struct mail_store_close rec = closed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_ABANDONED);
  ck_assert_int_eq(rec.abandoned, 1);
}
END_TEST

START_TEST(the_floor_counts_abandoned_calls_as_the_records_do) {
  struct party p = answered();
  pass(500);
  say_worker(SIP_LOST);                                          /* he had picked up */
  struct mail_store_close rec = over(&p, 200, CAUSE_TIMEOUT, 0); /* and was not there any more when the next worker asked */
  struct live *live = calloc(1, sizeof *live);
  control_live(st.k, st.now, live);
  ck_assert_uint_eq(live->campaigns[0].abandoned, rec.abandoned);
  ck_assert_uint_eq(live->campaigns[0].live_answers, rec.abandoned);
  free(live);
}
END_TEST

START_TEST(a_permission_that_comes_while_the_worker_is_down_dials_nobody) {
  struct party p = asked();
  say_worker(SIP_LOST);
  unsigned invites = said(SIP_INVITE);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  ck_assert_uint_eq(said(SIP_INVITE), invites);
  struct mail_store_close rec = closed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_CANCELLED);
  all_is_back();
}
END_TEST

START_TEST(a_worker_lost_while_our_bye_is_on_its_way_ends_the_call) {
  struct party p = talking();
  pass(1000);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '*');
  ck_assert_int_eq(state_of(&p), CALL_ENDING);
  say_worker(SIP_LOST);
  struct mail_store_close rec = closed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.cause, CAUSE_NORMAL);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_AGENT);
}
END_TEST

START_TEST(twenty_dead_workers_leave_nothing_behind) {
  for (int i = 0; i < 20; i++) {
    struct party p = i % 2 ? ringing() : talking();
    say_worker(SIP_LOST);
    if (i % 2 == 0) {
      pass(100);
      say_media(MEDIA_DEAD, p.session, p.leg, VERDICT_NONE, 0);
    }
    closed(&p);
    pass(10500);
    say_worker(SIP_UP);
    if (i % 2 == 0) say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
    pass(61000);
    seat_up(0);
    /* media rests what was given back and announces it again */
    unsigned back = 0;
    for (unsigned j = 0; j < st.count; j++)
      if (st.sent[j].mail.kind == MEDIA_RELEASE) {
        struct mail m = make(MEDIA_CREDIT);
        m.u.media_credit.session = st.sent[j].mail.u.media_session.session;
        m.u.media_credit.port = (uint16_t)(FIRST_PORT + 2 * m.u.media_credit.session.slot);
        step(&m);
        back++;
      }
    ck_assert_uint_eq(back, 2);
    ck_assert_uint_eq(the_floor()->credit_count, CALLS + AGENTS - 1);
    forget();
  }
  all_is_back();
}
END_TEST

int main(void) {
  Suite *s = suite_create("workers");
  TCase *t = tcase_create("one agent");
  tcase_add_checked_fixture(t, one_agent, floor_close);
  tcase_add_test(t, calls_that_ring_or_wait_are_interrupted_with_their_worker);
  tcase_add_test(t, a_talk_outlives_the_worker_and_ends_by_the_star_key);
  tcase_add_test(t, a_talk_whose_dialog_is_taken_up_ends_over_the_wire_again);
  tcase_add_test(t, the_far_side_may_end_a_talk_after_the_worker_came_back);
  tcase_add_test(t, a_dialog_taken_up_for_a_call_that_ended_meanwhile_is_hung_up);
  tcase_add_test(t, who_had_picked_up_is_not_lost_with_the_worker);
  tcase_add_test(t, what_was_known_before_the_worker_died_stays_so);
  tcase_add_test(t, the_floor_counts_abandoned_calls_as_the_records_do);
  tcase_add_test(t, a_permission_that_comes_while_the_worker_is_down_dials_nobody);
  tcase_add_test(t, a_worker_lost_while_our_bye_is_on_its_way_ends_the_call);
  tcase_add_test(t, twenty_dead_workers_leave_nothing_behind);
  suite_add_tcase(s, t);
  return run_suite(s);
}
