/* Agents and their phones, told mail by mail. */
#include "harness.h"

static void one_agent(void) { floor_open(PACING_PROGRESSIVE, 1, 8, 100); }
static void two_agents(void) { floor_open(PACING_PROGRESSIVE, 2, 8, 100); }
static void preview(void) { floor_open(PACING_PREVIEW, 1, 8, 100); }
static void by_hand_only(void) { floor_open(PACING_MANUAL, 1, 8, 100); }
static void nobody_yet(void) { floor_open(PACING_PROGRESSIVE, 0, 8, 100); }

/* ---- wrap-up and dispositions ---- */

START_TEST(a_digit_in_wrap_up_is_the_disposition_and_makes_him_ready) {
  struct party p = talking();
  pass(4000);
  over(&p, 200, CAUSE_NORMAL, 1);
  pass(3000);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '7'); /* no such disposition */
  ck_assert_uint_eq(said(STORE_DISPOSE), 0);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '1');
  ck_assert_str_eq(last(STORE_DISPOSE)->u.store_dispose.code, "SALE");
  ck_assert_uint_eq(last(STORE_DISPOSE)->u.store_dispose.attempt_id, p.attempt);
  ck_assert_uint_eq(last(STORE_DISPOSE)->u.store_dispose.wrapup_ms, 3000);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
}
END_TEST

START_TEST(a_disposition_ordered_during_the_talk_leaves_no_wrap_up) {
  struct party p = talking();
  order(ORDER_DISPOSE, 0, AGENT_READY, "SALE");
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_OK);
  pass(1000);
  over(&p, 200, CAUSE_NORMAL, 1);
  pass(1);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  ck_assert_uint_eq(said(STORE_DISPOSE), 1);
  order(ORDER_DISPOSE, 0, AGENT_READY, "NI");
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EREFUSED);
}
END_TEST

START_TEST(wrap_up_ends_by_itself_with_the_default_disposition) {
  struct party p = talking();
  pass(1000);
  over(&p, 200, CAUSE_NORMAL, 1);
  pass(9900);
  ck_assert_int_eq(agent_at(0)->state, AGENT_WRAPUP);
  pass(200);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  ck_assert_str_eq(last(STORE_DISPOSE)->u.store_dispose.code, "N");
  ck_assert_uint_eq(last(STORE_DISPOSE)->u.store_dispose.wrapup_ms, 10000);
}
END_TEST

START_TEST(reading_the_agents_again_ends_nobodys_wrap_up) {
  struct party p = talking();
  pass(1000);
  over(&p, 200, CAUSE_NORMAL, 1);
  pass(2000);
  struct mail again = agent_mail(0, CAMPAIGN, true, AGENT_READY);
  step(&again);
  ck_assert_int_eq(agent_at(0)->state, AGENT_WRAPUP);
  ck_assert_uint_eq(said(STORE_DISPOSE), 0);
}
END_TEST

START_TEST(a_pause_during_the_talk_takes_effect_after_wrap_up) {
  struct party p = talking();
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  ck_assert_int_eq(agent_at(0)->state, AGENT_TALKING);
  pass(1000);
  over(&p, 200, CAUSE_NORMAL, 1);
  pass(10100);
  ck_assert_int_eq(agent_at(0)->state, AGENT_PAUSED);
  lease_for(CAMPAIGN, 1);
  pass(3000);
  ck_assert_uint_eq(said(STORE_OPEN), 1); /* only the first call's */
}
END_TEST

START_TEST(an_agent_who_logs_out_in_wrap_up_keeps_his_phone_until_it_is_over) {
  struct party p = talking();
  pass(1000);
  over(&p, 200, CAUSE_NORMAL, 1);
  order(ORDER_AGENT, 0, AGENT_LOGGED_OUT, NULL);
  ck_assert_uint_eq(said(SIP_BYE), 0);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '1');
  ck_assert_int_eq(agent_at(0)->state, AGENT_LOGGED_OUT);
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, seat_leg(0)));
}
END_TEST

/* ---- phones ---- */

START_TEST(a_phone_that_vanishes_sends_its_customer_to_the_next_agent) {
  struct party p = talking();
  uint32_t first = call_of(&p)->agent, second = 1 - first;
  pass(5000);
  forget();
  say_sip(SIP_ENDED, seat_leg(first), 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  ck_assert_uint_eq(call_of(&p)->agent, second);
  ck_assert_uint_lt(place_of(MEDIA_RELEASE), place_of(MEDIA_BRIDGE));
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(2000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_uint_eq(rec.agent_id, 100 + second);
  ck_assert_uint_eq(rec.talk_ms, 7000);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
}
END_TEST

START_TEST(a_customer_whose_only_agent_vanishes_hears_the_message_and_stays_connected_in_the_log) {
  struct party p = talking();
  pass(5000);
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(state_of(&p), CALL_WAITING);
  forget();
  pass(2100);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  ck_assert(session_eq(last(MEDIA_PLAY)->u.media_play.session, p.session));
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(rec.abandoned, 0);
  ck_assert_uint_eq(rec.agent_id, 100);
  ck_assert_uint_eq(rec.talk_ms, 5000);
}
END_TEST

START_TEST(a_phone_lost_while_the_bridge_is_ordered_leaves_nobody_in_silence_for_long) {
  struct party p = person();
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(state_of(&p), CALL_WAITING);
  pass(2100); /* media's own deadline may have ended with the bridge */
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  say_sip(SIP_ENDED, p.leg, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(closed(&p).outcome, OUTCOME_ABANDONED);
}
END_TEST

START_TEST(a_phone_that_hung_up_is_rung_again_after_a_while_and_not_at_once) {
  struct party p = person();
  forget();
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
  ck_assert_uint_eq(said(SIP_INVITE), 0);
  pass(1100);
  ck_assert_uint_eq(last(SIP_INVITE)->u.sip_invite.leg.role, LEG_SEAT);
  say_sip(SIP_ENDED, p.leg, 200, CAUSE_NORMAL, 1);
  closed(&p);
}
END_TEST

START_TEST(a_phone_whose_audio_died_is_hung_up_and_late_mail_of_it_ignored) {
  struct leg old = seat_leg(0);
  struct session s = agent_at(0)->session;
  say_media(MEDIA_DEAD, s, old, VERDICT_NONE, 0);
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, old));
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DOWN);
  pass(1100);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DIALING);
  ck_assert(!session_eq(agent_at(0)->session, s));
  say_sip(SIP_ENDED, old, 200, CAUSE_NORMAL, 0);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DIALING);
  seat_up(0);
  ck_assert(agent_available(agent_at(0)));
}
END_TEST

START_TEST(an_agent_who_moves_to_another_phone_is_hung_up_on_the_old_and_rung_on_the_new) {
  say_worker(SIP_UP);
  struct mail up = make(SIP_UP);
  up.u.sip_up.worker = 1;
  step(&up);
  struct leg old = seat_leg(0);
  struct mail moved = agent_mail(0, CAMPAIGN, true, AGENT_READY);
  moved.u.store_agent.listener = 1;
  memcpy(moved.u.store_agent.uri, "sip:b@127.0.0.1", 16);
  step(&moved);
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, old));
  ck_assert_uint_eq(st.sent[place_of(SIP_BYE) - 1].listener, 0);
  say_sip(SIP_ENDED, old, 200, CAUSE_NORMAL, 0);
  pass(1100);
  ck_assert_uint_eq(st.sent[place_of(SIP_INVITE) - 1].listener, 1);
  ck_assert_str_eq(last(SIP_INVITE)->u.sip_invite.uri, "sip:b@127.0.0.1");
}
END_TEST

START_TEST(an_on_demand_phone_rings_when_there_is_work_before_anybody_is_dialed) {
  struct mail a = agent_mail(0, CAMPAIGN, false, AGENT_READY);
  step(&a);
  pass(3000);
  ck_assert_uint_eq(said(SIP_INVITE), 0);
  lease_for(CAMPAIGN, 1);
  pass(1100);
  ck_assert_uint_eq(last(SIP_INVITE)->u.sip_invite.leg.role, LEG_SEAT);
  pass(3000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  seat_up(0);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

START_TEST(an_on_demand_phone_is_let_go_when_work_ends_and_no_call_is_placed_before_it_rings_again) {
  struct mail a = agent_mail(0, CAMPAIGN, false, AGENT_READY);
  step(&a);
  lease_for(CAMPAIGN, 1);
  pass(1100);
  seat_up(0);
  pass(1100);
  const struct mail_store_open *o = &last(STORE_OPEN)->u.store_open;
  struct party p = {.leg = {LEG_CALL, o->slot, o->gen}, .attempt = o->attempt_id};
  reply(STORE_REFUSED, &p, REFUSAL_DNC);
  pass(1100);
  ck_assert(leg_eq(last(SIP_BYE)->u.sip_leg.leg, seat_leg(0)));
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 0);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DOWN);
  forget();
  lease_for(CAMPAIGN, 2);
  pass(5000);
  ck_assert_uint_eq(said(STORE_OPEN), 0); /* his phone still rings */
  ck_assert_uint_ge(said(SIP_INVITE), 1);
  seat_up(0);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

START_TEST(an_on_demand_phone_is_let_go_when_the_campaign_pauses) {
  struct mail a = agent_mail(0, CAMPAIGN, false, AGENT_READY);
  step(&a);
  lease_for(CAMPAIGN, 1);
  pass(1100);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_DIALING);
  struct mail c = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_PAUSED);
  step(&c);
  pass(1100);
  ck_assert_int_eq(agent_at(0)->seat, SEAT_ENDING);
  ck_assert_uint_eq(said(SIP_BYE), 1);
}
END_TEST

/* ---- a call that one agent promised ---- */

static void promised_lease(uint64_t phone, uint64_t agent_id) {
  struct mail m = make(STORE_LEASED);
  m.u.store_lease = (struct lease){.campaign_id = CAMPAIGN, .case_id = phone, .phone_id = phone, .phone = phone, .agent_id = agent_id};
  m.u.store_lease.expires = wall_add(st.now.wall, 60000);
  step(&m);
}

START_TEST(a_promised_call_is_dialed_first_and_for_the_agent_who_promised_it) {
  order(ORDER_AGENT, 1, AGENT_PAUSED, NULL);
  pass(200);
  order(ORDER_AGENT, 1, AGENT_READY, NULL); /* the other one has been idle for longer */
  forget();
  promised_lease(12025559001, 101);
  lease_for(CAMPAIGN, 12025559002);
  for (int i = 0; i < 40 && said(STORE_OPEN) == 0; i++) pass(50);
  const struct mail_store_open *o = NULL;
  for (unsigned i = 0; i < st.count && !o; i++)
    if (st.sent[i].mail.kind == STORE_OPEN) o = &st.sent[i].mail.u.store_open;
  ck_assert_ptr_nonnull(o);
  ck_assert_uint_eq(o->lease.phone, 12025559001);
  ck_assert_int_eq(agent_at(1)->state, AGENT_RESERVED);
  struct party p = {.leg = {LEG_CALL, o->slot, o->gen}, .attempt = o->attempt_id, .phone = o->lease.phone};
  p.session = call_of(&p)->session;
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  say_sip(SIP_PROGRESS, p.leg, 180, CAUSE_NONE, 0);
  pass(2000);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(agent_at(1)->state, AGENT_TALKING);
  ck_assert_uint_eq(agent_at(1)->call, p.leg.slot);
}
END_TEST

START_TEST(a_promised_call_waits_for_its_agent_and_others_are_dialed_meanwhile) {
  order(ORDER_AGENT, 1, AGENT_PAUSED, NULL);
  forget();
  promised_lease(12025559001, 101);
  lease_for(CAMPAIGN, 12025559002);
  pass(3000);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.phone, 12025559002);
  order(ORDER_AGENT, 1, AGENT_READY, NULL);
  pass(2000);
  ck_assert_uint_eq(said(STORE_OPEN), 2);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.phone, 12025559001);
  ck_assert_int_eq(agent_at(1)->state, AGENT_RESERVED);
}
END_TEST

START_TEST(a_promised_call_expires_with_its_lease_and_goes_back) {
  order(ORDER_AGENT, 1, AGENT_PAUSED, NULL);
  forget();
  promised_lease(12025559001, 101);
  pass(61000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  order(ORDER_AGENT, 1, AGENT_READY, NULL);
  lease_for(CAMPAIGN, 12025559002);
  pass(2000);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 1);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

/* ---- by hand ---- */

static struct mail dial_mail(uint32_t agent, uint64_t phone) {
  struct mail m = make(ORDER_DIAL);
  m.u.order_dial.ticket = 9;
  m.u.order_dial.agent_id = 100 + agent;
  m.u.order_dial.lease = (struct lease){.campaign_id = CAMPAIGN, .case_id = phone, .phone = phone, .agent_id = 100 + agent};
  m.u.order_dial.lease.expires = wall_add(st.now.wall, 60000);
  return m;
}
static int dials(uint32_t agent, uint64_t phone) {
  const struct mail m = dial_mail(agent, phone);
  step(&m);
  return last(ORDER_REPLY)->u.order_reply.err;
}
START_TEST(nobody_calls_by_hand_while_the_disk_takes_nothing) {
  struct mail m = make(STORE_TROUBLE);
  m.u.store_trouble = (struct mail_store_trouble){CAD_EFULL, 2000};
  step(&m);
  ck_assert_int_eq(dials(0, 12025559003), CAD_EREFUSED);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  m.u.store_trouble = (struct mail_store_trouble){CAD_OK, 0};
  step(&m);
  ck_assert_int_eq(dials(0, 12025559003), CAD_OK);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

static struct party dialed_by_hand(void) {
  const struct mail_store_open *o = &last(STORE_OPEN)->u.store_open;
  struct party p = {.leg = {LEG_CALL, o->slot, o->gen}, .attempt = o->attempt_id, .phone = o->lease.phone};
  p.session = call_of(&p)->session;
  return p;
}

START_TEST(an_agent_calls_by_hand_in_every_mode_and_is_as_before_afterwards) {
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL); /* a paused one too: nobody else gets him */
  forget();
  ck_assert_int_eq(dials(0, 4711), CAD_OK);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  ck_assert_int_eq(agent_at(0)->state, AGENT_RESERVED);
  struct party p = dialed_by_hand();
  ck_assert_int_eq(dials(0, 4712), CAD_EREFUSED); /* one at a time; the second contact goes back */
  ck_assert_uint_eq(last(STORE_LEASE_DROP)->u.store_lease.case_id, 4712);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  say_sip(SIP_PROGRESS, p.leg, 180, CAUSE_NONE, 0);
  pass(2000);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING); /* not screened: he is there already */
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(1000);
  ck_assert_int_eq(over(&p, 200, CAUSE_NORMAL, 1).outcome, OUTCOME_CONNECTED);
  order(ORDER_DISPOSE, 0, AGENT_READY, "SALE");
  ck_assert_int_eq(agent_at(0)->state, AGENT_PAUSED);
}
END_TEST

START_TEST(in_manual_mode_nothing_is_leased_or_dialed_by_itself) {
  pass(10000);
  ck_assert_uint_eq(said(STORE_LEASE_WANT), 0);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  ck_assert_int_eq(dials(0, 4711), CAD_OK);
  struct party p = dialed_by_hand();
  reply(STORE_REFUSED, &p, REFUSAL_HOURS);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  all_is_back();
}
END_TEST

START_TEST(the_pacers_own_lease_of_that_contact_is_forgotten_not_given_back) {
  lease_for(CAMPAIGN, 4711);
  forget();
  ck_assert_int_eq(dials(0, 4711), CAD_OK);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 0);
  struct party p = dialed_by_hand();
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  over(&p, 486, CAUSE_BUSY, 0);
  forget();
  order(ORDER_PREVIEW, 0, AGENT_READY, NULL);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EMPTY);
}
END_TEST

START_TEST(a_phone_that_is_down_rings_first_and_the_contact_waits_at_most_for_its_lease) {
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
  forget();
  ck_assert_int_eq(dials(0, 4711), CAD_OK);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  pass(1500);
  seat_up(0);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  struct party p = dialed_by_hand();
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  over(&p, 486, CAUSE_BUSY, 0);
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(dials(0, 4712), CAD_OK);
  forget();
  pass(61500);
  ck_assert_uint_eq(last(STORE_LEASE_DROP)->u.store_lease.case_id, 4712);
  seat_up(0);
  pass(2000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
}
END_TEST

START_TEST(a_phone_that_hangs_up_whenever_it_is_rung_is_rung_ever_more_rarely) {
  unsigned rung = 0;
  forget();
  for (int s = 0; s < 600; s++) {
    if (agent_at(0)->seat == SEAT_DIALING) {
      seat_up(0);
      rung++;
    }
    if (agent_at(0)->seat == SEAT_UP) say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
    pass(1000);
  }
  ck_assert_uint_ge(rung, 8);
  ck_assert_uint_le(rung, 20);
}
END_TEST

int main(void) {
  Suite *s = suite_create("agents");
  TCase *t = tcase_create("one agent");
  tcase_add_checked_fixture(t, one_agent, floor_close);
  tcase_add_test(t, a_digit_in_wrap_up_is_the_disposition_and_makes_him_ready);
  tcase_add_test(t, a_disposition_ordered_during_the_talk_leaves_no_wrap_up);
  tcase_add_test(t, wrap_up_ends_by_itself_with_the_default_disposition);
  tcase_add_test(t, reading_the_agents_again_ends_nobodys_wrap_up);
  tcase_add_test(t, a_pause_during_the_talk_takes_effect_after_wrap_up);
  tcase_add_test(t, an_agent_who_logs_out_in_wrap_up_keeps_his_phone_until_it_is_over);
  tcase_add_test(t, a_customer_whose_only_agent_vanishes_hears_the_message_and_stays_connected_in_the_log);
  tcase_add_test(t, a_phone_lost_while_the_bridge_is_ordered_leaves_nobody_in_silence_for_long);
  tcase_add_test(t, a_phone_that_hung_up_is_rung_again_after_a_while_and_not_at_once);
  tcase_add_test(t, a_phone_whose_audio_died_is_hung_up_and_late_mail_of_it_ignored);
  tcase_add_test(t, an_agent_who_moves_to_another_phone_is_hung_up_on_the_old_and_rung_on_the_new);
  tcase_add_test(t, a_phone_that_hangs_up_whenever_it_is_rung_is_rung_ever_more_rarely);
  suite_add_tcase(s, t);
  TCase *two = tcase_create("two agents");
  tcase_add_checked_fixture(two, two_agents, floor_close);
  tcase_add_test(two, a_promised_call_is_dialed_first_and_for_the_agent_who_promised_it);
  tcase_add_test(two, a_promised_call_waits_for_its_agent_and_others_are_dialed_meanwhile);
  tcase_add_test(two, a_promised_call_expires_with_its_lease_and_goes_back);
  tcase_add_test(two, a_phone_that_vanishes_sends_its_customer_to_the_next_agent);
  suite_add_tcase(s, two);
  TCase *d = tcase_create("on demand");
  tcase_add_checked_fixture(d, nobody_yet, floor_close);
  tcase_add_test(d, an_on_demand_phone_rings_when_there_is_work_before_anybody_is_dialed);
  tcase_add_test(d, an_on_demand_phone_is_let_go_when_work_ends_and_no_call_is_placed_before_it_rings_again);
  tcase_add_test(d, an_on_demand_phone_is_let_go_when_the_campaign_pauses);
  suite_add_tcase(s, d);
  TCase *v = tcase_create("preview");
  tcase_add_checked_fixture(v, preview, floor_close);
  tcase_add_test(v, the_pacers_own_lease_of_that_contact_is_forgotten_not_given_back);
  suite_add_tcase(s, v);
  TCase *h = tcase_create("by hand");
  tcase_add_checked_fixture(h, by_hand_only, floor_close);
  tcase_add_test(h, nobody_calls_by_hand_while_the_disk_takes_nothing);
  tcase_add_test(h, an_agent_calls_by_hand_in_every_mode_and_is_as_before_afterwards);
  tcase_add_test(h, in_manual_mode_nothing_is_leased_or_dialed_by_itself);
  tcase_add_test(h, a_phone_that_is_down_rings_first_and_the_contact_waits_at_most_for_its_lease);
  suite_add_tcase(s, h);
  return run_suite(s);
}
