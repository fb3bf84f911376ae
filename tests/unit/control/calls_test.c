/* Lives of a call, told mail by mail. */
#include "harness.h"

static void one_agent(void) { floor_open(PACING_PROGRESSIVE, 1, 8, 100); }
static void agent_pauses(void) { order(ORDER_AGENT, 0, AGENT_PAUSED, NULL); }

START_TEST(a_person_talks_to_the_agent_and_hangs_up) {
  struct party p = talking();
  struct mono bridged = st.now.mono;
  ck_assert_int_eq(agent_at(0)->state, AGENT_TALKING);
  pass(30000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.cause, CAUSE_NORMAL);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_CALLEE);
  ck_assert_int_eq(rec.abandoned, 0);
  ck_assert_uint_eq(rec.agent_id, 100);
  ck_assert_uint_eq(rec.talk_ms, 30000);
  ck_assert_int_eq(rec.bridged.ms, wall_of(st.now, bridged).ms);
  ck_assert_int_eq(rec.ended.ms, st.now.wall.ms);
  ck_assert(rec.ringing.ms < rec.answered.ms && rec.answered.ms < rec.greeting_end.ms && rec.greeting_end.ms < rec.bridged.ms);
  ck_assert_uint_lt(place_of(MEDIA_UNBRIDGE), place_of(MEDIA_RELEASE));
  ck_assert_uint_eq(said(SIP_BYE), 0);
  ck_assert_int_eq(agent_at(0)->state, AGENT_WRAPUP);
  all_is_back();
}
END_TEST

START_TEST(a_machine_that_shows_late_is_told_to_the_agent_and_kept_in_the_log) {
  static struct live live;
  struct party p = talking();
  struct mail m = make(MEDIA_LATE);
  m.u.media_event = (struct mail_media_event){.session = p.session, .owner = p.leg, .verdict = VERDICT_MACHINE, .reason = REASON_BEEP};
  step(&m);
  control_live(st.k, st.now, &live);
  ck_assert_int_eq(live.agents[0].late_machine, REASON_BEEP);
  ck_assert_uint_eq(live.campaigns[0].late_machines, 1);
  ck_assert_int_eq(state_of(&p), CALL_TALKING); /* the agent decides */
  m.u.media_event.reason = REASON_LONG_GREETING;
  step(&m);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.late_reason, REASON_BEEP);
  ck_assert_int_eq(rec.verdict, VERDICT_PERSON);
  control_live(st.k, st.now, &live);
  ck_assert_int_eq(live.agents[0].late_machine, REASON_NONE);
  ck_assert_uint_eq(live.campaigns[0].late_machines, 1);
}
END_TEST

START_TEST(the_agent_hangs_up_with_the_star_key) {
  struct party p = talking();
  pass(5000);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '*');
  ck_assert_int_eq(state_of(&p), CALL_ENDING);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_AGENT);
  ck_assert_uint_eq(rec.talk_ms, 5000);
}
END_TEST

START_TEST(a_machine_never_reaches_the_agent) {
  struct party p = answered();
  pass(3000);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_MACHINE, 0);
  ck_assert_uint_eq(said(MEDIA_BRIDGE), 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_MACHINE);
  ck_assert_int_eq(rec.verdict, VERDICT_MACHINE);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_SYSTEM);
  ck_assert_int_eq(rec.abandoned, 0);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
}
END_TEST

/* A campaign that leaves messages; the store's gate says whether this one may be. */
static struct party machine_answers(enum machine_action action, enum refusal message) {
  struct mail c = campaign_mail(CAMPAIGN, PACING_RATIO, CAMPAIGN_RUNNING);
  c.u.store_campaign.terms.machine_action = (uint8_t)action;
  c.u.store_campaign.terms.prompt_message = 2;
  step(&c);
  struct party p = asked();
  struct mail m = make(STORE_OPENED);
  m.u.store_opened = (struct mail_store_opened){p.leg.slot, p.leg.gen, p.attempt, (uint8_t)REFUSAL_NONE, WALL_NONE, (uint8_t)message};
  step(&m);
  say_sip(SIP_PROGRESS, p.leg, 180, CAUSE_NONE, 0);
  pass(4000);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  pass(5000);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_MACHINE, 0);
  return p;
}

START_TEST(a_machine_gets_the_message_that_the_gate_permits) {
  struct party p = machine_answers(MACHINE_MESSAGE, REFUSAL_NONE);
  ck_assert_int_eq(state_of(&p), CALL_LEAVING);
  ck_assert_uint_eq(last(MEDIA_LEAVE)->u.media_play.prompt, 2);
  ck_assert_uint_eq(said(SIP_BYE), 0);
  pass(9000);
  say_media(MEDIA_MESSAGE, p.session, p.leg, VERDICT_NONE, 0);
  say_media(MEDIA_DEAD, p.session, p.leg, VERDICT_NONE, 0); /* a machine that records may send nothing */
  pass(70000);
  ck_assert_int_eq(state_of(&p), CALL_LEAVING);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_MESSAGE_LEFT);
  ck_assert_int_eq(rec.verdict, VERDICT_MACHINE);
  ck_assert_int_eq(rec.abandoned, 0);
  ck_assert_int_eq(rec.message, 2);
  ck_assert_uint_eq(rec.message_ms, 70000);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
}
END_TEST

START_TEST(without_consent_for_a_recorded_voice_it_hangs_up) {
  struct party p = machine_answers(MACHINE_MESSAGE, REFUSAL_CONSENT);
  ck_assert_uint_eq(said(MEDIA_LEAVE), 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_MACHINE);
  ck_assert_int_eq(rec.message, 0);
}
END_TEST

START_TEST(who_picks_up_in_the_message_is_a_person_like_any_other) {
  struct party p = machine_answers(MACHINE_MESSAGE, REFUSAL_NONE);
  pass(3000);
  say_media(MEDIA_MESSAGE, p.session, p.leg, VERDICT_NONE, 0);
  pass(4000);
  say_media(MEDIA_PICKED_UP, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_LEAVING);
  pass(800);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  pass(20);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_TALKING);
  pass(20000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.reason, REASON_PICKED_UP);
  ck_assert_int_eq(rec.message, 1);
  ck_assert_uint_eq(rec.message_ms, 4000);
}
END_TEST

START_TEST(who_picks_up_and_meets_nobody_is_abandoned) {
  struct party p = machine_answers(MACHINE_MESSAGE, REFUSAL_NONE);
  agent_pauses();
  say_media(MEDIA_MESSAGE, p.session, p.leg, VERDICT_NONE, 0);
  pass(4000);
  say_media(MEDIA_PICKED_UP, p.session, p.leg, VERDICT_NONE, 0);
  pass(800);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  ck_assert_int_eq(state_of(&p), CALL_WAITING);
  pass(1900);
  say_media(MEDIA_DEADLINE, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_ABANDONED);
  ck_assert_int_eq(rec.abandoned, 1);
}
END_TEST

START_TEST(a_machine_that_never_beeps_and_never_falls_silent_is_given_up) {
  struct party p = machine_answers(MACHINE_MESSAGE, REFUSAL_NONE);
  pass(61000);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_MACHINE);
}
END_TEST

START_TEST(a_machine_goes_to_an_agent_where_the_campaign_wants_it_and_one_is_free) {
  struct party p = machine_answers(MACHINE_AGENT, REFUSAL_NONE);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  pass(20);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(20000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.outcome, OUTCOME_MACHINE);
  ck_assert_int_eq(rec.abandoned, 0);
  ck_assert_uint_eq(rec.agent_id, 100);
}
END_TEST

START_TEST(a_machine_waits_in_no_queue) {
  struct mail c = campaign_mail(CAMPAIGN, PACING_RATIO, CAMPAIGN_RUNNING);
  c.u.store_campaign.terms.machine_action = MACHINE_AGENT;
  step(&c);
  struct party p = answered();
  agent_pauses();
  pass(5000);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_MACHINE, 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_MACHINE);
}
END_TEST

START_TEST(nobody_comes_in_time_and_the_message_plays_and_he_opts_out) {
  struct party p = ringing();
  agent_pauses();
  pass(2000);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_uint_eq(last(MEDIA_SCREEN)->u.media_screen.max_wait_ms, 2000);
  ck_assert_uint_eq(last(MEDIA_SCREEN)->u.media_screen.prompt, 1);
  pass(1200);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  ck_assert_int_eq(state_of(&p), CALL_WAITING);
  pass(1600);
  say_media(MEDIA_DEADLINE, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  ck_assert_uint_eq(said(MEDIA_PLAY), 0); /* media began it by itself */
  pass(1000);
  say_media(MEDIA_DIGIT, p.session, p.leg, VERDICT_NONE, '1');
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  say_media(MEDIA_DIGIT, p.session, p.leg, VERDICT_NONE, '9');
  ck_assert_uint_eq(last(STORE_OPT_OUT)->u.store_opt_out.phone, p.phone);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_ABANDONED);
  ck_assert_int_eq(rec.abandoned, 1);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_CALLEE);
  ck_assert_uint_eq(rec.agent_id, 0);
}
END_TEST

START_TEST(the_opt_out_key_counts_even_when_the_message_has_just_ended) {
  struct party p = ringing();
  agent_pauses();
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  pass(3000);
  say_media(MEDIA_DEADLINE, p.session, p.leg, VERDICT_NONE, 0);
  pass(6000);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_ENDING);
  pass(30);
  say_media(MEDIA_DIGIT, p.session, p.leg, VERDICT_NONE, '9');
  say_media(MEDIA_DIGIT, p.session, p.leg, VERDICT_NONE, '9');
  ck_assert_uint_eq(said(STORE_OPT_OUT), 1);
  ck_assert_uint_eq(said(SIP_BYE), 1);
  byed(&p);
}
END_TEST

START_TEST(he_hangs_up_within_the_two_seconds) {
  struct party p = ringing();
  agent_pauses();
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  pass(1200);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  pass(700);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.outcome, OUTCOME_EARLY_HANGUP);
  ck_assert_int_eq(rec.early_hangup, 1);
  ck_assert_int_eq(rec.abandoned, 0);
}
END_TEST

START_TEST(an_agent_comes_too_late_for_the_message_that_has_begun) {
  struct party p = ringing();
  agent_pauses();
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  pass(3000);
  say_media(MEDIA_DEADLINE, p.session, p.leg, VERDICT_NONE, 0);
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  ck_assert_uint_eq(said(MEDIA_BRIDGE), 0);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  say_sip(SIP_ENDED, p.leg, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(closed(&p).outcome, OUTCOME_ABANDONED);
}
END_TEST

START_TEST(final_responses_become_outcomes_with_their_code) {
  static const struct {
    uint16_t status;
    enum cause cause;
    enum outcome outcome;
    enum ended_by by;
  } CASES[] = {{486, CAUSE_BUSY, OUTCOME_BUSY, ENDED_BY_CALLEE},
               {404, CAUSE_INVALID_NUMBER, OUTCOME_INVALID_NUMBER, ENDED_BY_NETWORK},
               {503, CAUSE_CONGESTION, OUTCOME_CONGESTION, ENDED_BY_NETWORK},
               {603, CAUSE_REJECTED, OUTCOME_REJECTED, ENDED_BY_CALLEE},
               {607, CAUSE_UNWANTED, OUTCOME_UNWANTED, ENDED_BY_CALLEE},
               {608, CAUSE_BLOCKED, OUTCOME_BLOCKED, ENDED_BY_NETWORK},
               {302, CAUSE_REDIRECTED, OUTCOME_FAILED, ENDED_BY_NETWORK},
               {408, CAUSE_TIMEOUT, OUTCOME_FAILED, ENDED_BY_NETWORK}};
  for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    struct party p = dialed();
    pass(100);
    struct mail_store_close rec = over(&p, CASES[i].status, CASES[i].cause, 0);
    ck_assert_uint_eq(rec.sip_code, CASES[i].status);
    ck_assert_int_eq(rec.outcome, CASES[i].outcome);
    ck_assert_int_eq(rec.ended_by, CASES[i].by);
    ck_assert_int_eq(rec.answered.ms, 0);
    forget();
  }
  all_is_back();
}
END_TEST

START_TEST(nobody_picks_up_and_the_ring_time_is_over) {
  struct party p = ringing();
  pass(21900);
  ck_assert_int_eq(state_of(&p), CALL_RINGING);
  pass(200);
  ck_assert_int_eq(state_of(&p), CALL_CANCELLING);
  ck_assert(leg_eq(last(SIP_CANCEL)->u.sip_leg.leg, p.leg));
  pass(50);
  struct mail_store_close rec = over(&p, 487, CAUSE_CANCELLED, 0);
  ck_assert_int_eq(rec.outcome, OUTCOME_NO_ANSWER);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_SYSTEM);
}
END_TEST

START_TEST(the_answer_that_crosses_our_cancel_is_served) {
  struct party p = ringing();
  pass(22100);
  ck_assert_int_eq(state_of(&p), CALL_CANCELLING);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_SCREENING);
  pass(1000);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  pass(10);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(5000);
  ck_assert_int_eq(over(&p, 200, CAUSE_NORMAL, 1).outcome, OUTCOME_CONNECTED);
}
END_TEST

START_TEST(a_busy_tone_in_early_media_cancels_and_an_answer_that_crosses_is_hung_up) {
  struct party p = ringing();
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_BUSY_TONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_CANCELLING);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_BUSY);
  ck_assert_int_eq(rec.cause, CAUSE_IN_BAND_BUSY);
}
END_TEST

START_TEST(an_answer_after_the_call_was_closed_is_hung_up_at_once) {
  struct party p = ringing();
  pass(22100 + 40100); /* CANCEL, and never an end */
  ck_assert_int_eq(state_of(&p), CALL_CLOSING);
  forget();
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0); /* while the store is slow */
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, p.leg));
  ck_assert_uint_eq(said(MEDIA_REMOTE), 0);
  ck_assert_uint_eq(said(MEDIA_SCREEN), 0);
  reply(STORE_CLOSED, &p, REFUSAL_NONE);
  forget();
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0); /* and after */
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, p.leg));
  all_is_back();
}
END_TEST

START_TEST(an_answer_without_media_ends_even_where_nobody_screens) {
  struct mail c = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  c.u.store_campaign.terms.screening = 0;
  step(&c);
  struct party p = ringing();
  struct mail m = make(SIP_ANSWERED);
  m.u.sip_event.leg = p.leg;
  m.u.sip_event.status = 200;
  step(&m);
  ck_assert_int_eq(state_of(&p), CALL_ENDING);
  ck_assert_uint_eq(said(MEDIA_BRIDGE), 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.cause, CAUSE_MEDIA);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_SYSTEM);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
}
END_TEST

START_TEST(without_screening_the_agent_comes_at_the_answer) {
  struct mail c = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  c.u.store_campaign.terms.screening = 0;
  step(&c);
  struct party p = answered();
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  ck_assert_uint_lt(place_of(MEDIA_SCREEN), place_of(MEDIA_BRIDGE));
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(4000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.reason, REASON_SCREENING_OFF);
}
END_TEST

START_TEST(a_bridge_that_media_never_confirms_is_taken_apart) {
  struct party p = person();
  struct session agent = agent_at(0)->session;
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  forget();
  pass(3100);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  const struct session apart = last(MEDIA_UNBRIDGE)->u.media_session.session;
  ck_assert(session_eq(apart, agent) || session_eq(apart, p.session));
  ck_assert_uint_lt(place_of(MEDIA_UNBRIDGE), place_of(MEDIA_PLAY));
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0); /* too late */
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  pass(5000);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(byed(&p).outcome, OUTCOME_ABANDONED);
}
END_TEST

START_TEST(rtp_that_is_dead_ends_the_talk_with_that_reason) {
  struct party p = talking();
  pass(20000);
  say_media(MEDIA_DEAD, p.session, p.leg, VERDICT_NONE, 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.cause, CAUSE_RTP_DEAD);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_SYSTEM);
}
END_TEST

START_TEST(a_bye_that_nobody_confirms_does_not_hold_the_call_for_ever) {
  struct party p = talking();
  pass(5000);
  struct mono ended = st.now.mono;
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '*');
  pass(40100);
  struct mail_store_close rec = closed(&p);
  ck_assert_int_eq(rec.ended.ms, wall_of(st.now, ended).ms);
  ck_assert_int_eq(rec.cause, CAUSE_NORMAL);
  all_is_back();
}
END_TEST

START_TEST(late_and_doubled_mail_changes_nothing) {
  struct party p = talking();
  say_sip(SIP_PROGRESS, p.leg, 183, CAUSE_NONE, 0);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_MACHINE, 0);
  say_media(MEDIA_DEADLINE, p.session, p.leg, VERDICT_NONE, 0);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  reply(STORE_REFUSED, &p, REFUSAL_DNC);
  reply(STORE_CLOSED, &p, REFUSAL_NONE);
  ck_assert_int_eq(state_of(&p), CALL_TALKING);
  pass(3000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_uint_eq(rec.sip_code, 200);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  uint64_t late = the_floor()->late_mail;
  unsigned before = st.count;
  say_sip(SIP_ENDED, p.leg, 200, CAUSE_NORMAL, 1);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  reply(STORE_CLOSED, &p, REFUSAL_NONE);
  ck_assert_uint_eq(the_floor()->late_mail, late + 3);
  ck_assert_uint_eq(st.count, before);
  all_is_back();
}
END_TEST

int main(void) {
  Suite *s = suite_create("calls");
  TCase *t = tcase_create("lives");
  tcase_add_checked_fixture(t, one_agent, floor_close);
  tcase_add_test(t, a_person_talks_to_the_agent_and_hangs_up);
  tcase_add_test(t, a_machine_that_shows_late_is_told_to_the_agent_and_kept_in_the_log);
  tcase_add_test(t, the_agent_hangs_up_with_the_star_key);
  tcase_add_test(t, a_machine_never_reaches_the_agent);
  tcase_add_test(t, a_machine_gets_the_message_that_the_gate_permits);
  tcase_add_test(t, without_consent_for_a_recorded_voice_it_hangs_up);
  tcase_add_test(t, who_picks_up_in_the_message_is_a_person_like_any_other);
  tcase_add_test(t, who_picks_up_and_meets_nobody_is_abandoned);
  tcase_add_test(t, a_machine_that_never_beeps_and_never_falls_silent_is_given_up);
  tcase_add_test(t, a_machine_goes_to_an_agent_where_the_campaign_wants_it_and_one_is_free);
  tcase_add_test(t, a_machine_waits_in_no_queue);
  tcase_add_test(t, nobody_comes_in_time_and_the_message_plays_and_he_opts_out);
  tcase_add_test(t, the_opt_out_key_counts_even_when_the_message_has_just_ended);
  tcase_add_test(t, he_hangs_up_within_the_two_seconds);
  tcase_add_test(t, an_agent_comes_too_late_for_the_message_that_has_begun);
  tcase_add_test(t, final_responses_become_outcomes_with_their_code);
  tcase_add_test(t, nobody_picks_up_and_the_ring_time_is_over);
  tcase_add_test(t, the_answer_that_crosses_our_cancel_is_served);
  tcase_add_test(t, a_busy_tone_in_early_media_cancels_and_an_answer_that_crosses_is_hung_up);
  tcase_add_test(t, an_answer_after_the_call_was_closed_is_hung_up_at_once);
  tcase_add_test(t, an_answer_without_media_ends_even_where_nobody_screens);
  tcase_add_test(t, without_screening_the_agent_comes_at_the_answer);
  tcase_add_test(t, a_bridge_that_media_never_confirms_is_taken_apart);
  tcase_add_test(t, rtp_that_is_dead_ends_the_talk_with_that_reason);
  tcase_add_test(t, a_bye_that_nobody_confirms_does_not_hold_the_call_for_ever);
  tcase_add_test(t, late_and_doubled_mail_changes_nothing);
  suite_add_tcase(s, t);
  return run_suite(s);
}
