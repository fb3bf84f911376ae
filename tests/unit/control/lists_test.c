/* Leases, trunks, campaigns, the end of the day, told mail by mail. */
#include "harness.h"

static void four_agents(void) { floor_open(PACING_PROGRESSIVE, 4, 8, 100); }
static void one_agent(void) { floor_open(PACING_PROGRESSIVE, 1, 8, 100); }
static void two_channels(void) { floor_open(PACING_PROGRESSIVE, 4, 2, 100); }
static void two_a_second(void) { floor_open(PACING_PROGRESSIVE, 4, 8, 2); }

static void set_campaign(enum campaign_state state) {
  struct mail c = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, state);
  step(&c);
}
static struct party nth_open(unsigned n) { /* the n-th STORE_OPEN of this story, from 0 */
  for (unsigned i = 0; i < st.count; i++)
    if (st.sent[i].mail.kind == STORE_OPEN && n-- == 0) {
      const struct mail_store_open *o = &st.sent[i].mail.u.store_open;
      struct party p = {.leg = {LEG_CALL, o->slot, o->gen}, .attempt = o->attempt_id, .phone = o->lease.phone};
      p.session = call_of(&p)->session;
      return p;
    }
  ck_abort_msg("not so many attempts were asked for");
  return (struct party){0};
}

/* ---- permission ---- */

START_TEST(what_the_gate_refuses_is_not_dialed_and_costs_nothing) {
  uint32_t credit = the_floor()->credit_count;
  struct party p = asked();
  reply(STORE_REFUSED, &p, REFUSAL_DNC);
  ck_assert_uint_eq(said(SIP_INVITE), 0);
  ck_assert_uint_eq(said(STORE_CLOSE), 0);
  ck_assert_uint_eq(said(MEDIA_RELEASE), 0); /* media never heard of it */
  ck_assert_uint_eq(the_floor()->credit_count, credit);
  reply(STORE_REFUSED, &p, REFUSAL_DNC);
  ck_assert_uint_eq(the_floor()->credit_count, credit);
  all_is_back();
}
END_TEST

START_TEST(after_a_refusal_the_next_contact_is_asked_for_at_once) {
  struct party p = asked();
  lease_for(CAMPAIGN, 5);
  reply(STORE_REFUSED, &p, REFUSAL_DNC);
  pass(100);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.phone, 5);
}
END_TEST

START_TEST(a_campaign_that_paused_while_the_disk_wrote_dials_nobody) {
  struct party p = asked();
  set_campaign(CAMPAIGN_PAUSED);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  ck_assert_uint_eq(said(SIP_INVITE), 0);
  struct mail_store_close rec = closed(&p);
  ck_assert_int_eq(rec.outcome, OUTCOME_CANCELLED);
  ck_assert_int_eq(rec.ended_by, ENDED_BY_SYSTEM);
  all_is_back();
}
END_TEST

/* ---- leases ---- */

START_TEST(leases_of_a_number_that_must_not_be_called_are_dropped) {
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  for (uint64_t i = 1; i <= 5; i++) lease_for(CAMPAIGN, i == 4 ? 2 : i);
  struct mail m = make(STORE_DNC_ADDED);
  m.u.store_opt_out.phone = 2;
  step(&m);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 2);
  ck_assert_uint_eq(last(STORE_LEASE_DROP)->u.store_lease.phone, 2);
  ck_assert_uint_eq(the_floor()->campaigns[0].lease_count, 3);
}
END_TEST

START_TEST(a_lease_that_expired_is_given_back_and_not_dialed) {
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  lease_for(CAMPAIGN, 1);
  pass(61000);
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  pass(2000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 1);
}
END_TEST

START_TEST(a_wall_clock_that_steps_neither_dials_old_leases_nor_bends_a_talk) {
  struct party p = talking();
  lease_for(CAMPAIGN, 2);
  st.now.wall.ms += 3600000;
  pass(5000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_uint_eq(rec.talk_ms, 5000);
  ck_assert_int_eq(rec.ended.ms - rec.bridged.ms, 5000);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  pass(12000);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  ck_assert_uint_eq(last(STORE_LEASE_DROP)->u.store_lease.phone, 2);
  st.now.wall.ms -= 2 * 3600000;
  lease_for(CAMPAIGN, 3);
  pass(1100);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.phone, 3);
  ck_assert_uint_gt(last(STORE_OPEN)->u.store_open.attempt_id, p.attempt);
}
END_TEST

static void clock_is(bool trusted, bool stepped) {
  struct mail m = make(ORDER_CLOCK);
  m.u.order_clock.trusted = trusted;
  m.u.order_clock.stepped = stepped;
  step(&m);
}

START_TEST(a_clock_in_doubt_dials_nobody_and_leases_are_judged_afresh) {
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  lease_for(CAMPAIGN, 5);
  clock_is(false, true);
  ck_assert_uint_eq(last(STORE_LEASE_DROP)->u.store_lease.phone, 5);
  ck_assert_uint_eq(last(STORE_CLOCK)->u.order_clock.trusted, 0); /* the gate hears of it */
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  lease_for(CAMPAIGN, 6);
  pass(20000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  clock_is(true, false);
  ck_assert_uint_eq(last(STORE_CLOCK)->u.order_clock.trusted, 1);
  pass(2000);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

START_TEST(a_clock_that_steps_while_the_disk_writes_sends_no_invite) {
  struct party p = asked();
  clock_is(false, true);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  ck_assert_uint_eq(said(SIP_INVITE), 0);
  ck_assert_int_eq(last(STORE_CLOSE)->u.store_close.outcome, OUTCOME_CANCELLED); /* its row is there and is closed */
}
END_TEST

START_TEST(a_clock_that_steps_does_not_end_a_talk) {
  struct party p = talking();
  clock_is(false, true);
  pass(10000);
  ck_assert_int_eq(state_of(&p), CALL_TALKING);
}
END_TEST

START_TEST(a_stopped_campaign_gives_its_leases_back_and_takes_no_more) {
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  for (uint64_t i = 1; i <= 3; i++) lease_for(CAMPAIGN, i);
  set_campaign(CAMPAIGN_STOPPED);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 3);
  lease_for(CAMPAIGN, 4);
  lease_for(CAMPAIGN + 1, 5); /* nobody knows this one */
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 5);
  forget();
  pass(5000);
  ck_assert_uint_eq(said(STORE_LEASE_WANT), 0);
}
END_TEST

START_TEST(leases_are_asked_for_once_and_again_when_the_list_may_have_grown) {
  pass(10000);
  ck_assert_uint_eq(said(STORE_LEASE_WANT), 0); /* asked before the story began, not answered yet */
  struct mail end = make(STORE_LEASE_END);
  end.u.store_lease_end.campaign_id = CAMPAIGN;
  step(&end);
  pass(1500);
  ck_assert_uint_eq(said(STORE_LEASE_WANT), 0);
  pass(2000);
  ck_assert_uint_eq(said(STORE_LEASE_WANT), 1);
}
END_TEST

static enum pacer_bound bound(void) { return the_floor()->campaigns[0].bound; }

static void store_says(int err, uint32_t rest_ms) {
  struct mail m = make(STORE_TROUBLE);
  m.u.store_trouble = (struct mail_store_trouble){err, rest_ms};
  step(&m);
}

START_TEST(a_disk_that_takes_nothing_holds_the_box_is_named_and_is_tried_again) {
  store_says(CAD_EFULL, 4000);
  struct mail end = make(STORE_LEASE_END); /* the store did not look */
  end.u.store_lease_end.campaign_id = CAMPAIGN;
  step(&end);
  pass(3000);
  ck_assert_uint_eq(said(STORE_LEASE_WANT), 0);
  ck_assert_int_eq(bound(), PACER_BOUND_DISK);
  ck_assert(!the_floor()->campaigns[0].list_known);
  pass(1500);
  ck_assert_uint_eq(said(STORE_LEASE_WANT), 1);
  store_says(CAD_OK, 0);
  lease_for(CAMPAIGN, 7);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

START_TEST(leases_at_hand_wait_while_the_disk_takes_nothing) {
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  lease_for(CAMPAIGN, 7);
  store_says(CAD_EFULL, 5000);
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  pass(4000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  store_says(CAD_OK, 0);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

START_TEST(a_closed_list_an_empty_one_and_a_doubtful_clock_are_told_apart) {
  struct mail end = make(STORE_LEASE_END);
  end.u.store_lease_end = (struct mail_store_lease_end){.campaign_id = CAMPAIGN, .open = 9, .closed = 1};
  step(&end);
  pass(500);
  ck_assert_int_eq(bound(), PACER_BOUND_HOURS);
  end.u.store_lease_end.closed = 0;
  step(&end);
  pass(500);
  ck_assert_int_eq(bound(), PACER_BOUND_LIST);
  clock_is(false, true);
  pass(500);
  ck_assert_int_eq(bound(), PACER_BOUND_CLOCK);
}
END_TEST

START_TEST(more_leases_than_asked_for_are_given_back) {
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  for (uint64_t i = 1; i <= FLOOR_LEASES_MAX + 3; i++) lease_for(CAMPAIGN, i);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 3);
  forget();
  drain(0);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), FLOOR_LEASES_MAX);
}
END_TEST

/* ---- what a call needs ---- */

START_TEST(no_more_calls_than_the_trunk_has_channels_and_a_free_one_is_used_soon) {
  for (uint64_t i = 1; i <= 4; i++) lease_for(CAMPAIGN, i);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 2);
  ck_assert_uint_eq(the_floor()->trunks[0].used, 2);
  struct party p = nth_open(0);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  pass(2000);
  ck_assert_uint_eq(said(STORE_OPEN), 2);
  over(&p, 486, CAUSE_BUSY, 0);
  pass(100);
  ck_assert_uint_eq(said(STORE_OPEN), 3);
  ck_assert_uint_eq(the_floor()->trunks[0].used, 2);
}
END_TEST

START_TEST(no_more_calls_a_second_than_the_trunk_bears) {
  for (uint64_t i = 1; i <= 4; i++) lease_for(CAMPAIGN, i);
  pass(400);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  pass(600);
  ck_assert_uint_le(said(STORE_OPEN), 3);
  pass(1000);
  ck_assert_uint_eq(said(STORE_OPEN), 4);
}
END_TEST

START_TEST(without_a_free_port_nobody_is_dialed_and_phones_keep_theirs) {
  struct floor *f = the_floor();
  ck_assert_uint_eq(f->credit_count, CALLS);
  say_sip(SIP_ENDED, seat_leg(3), 200, CAUSE_NORMAL, 1); /* one phone is to be rung again */
  f->credit_count = 1;
  for (uint64_t i = 1; i <= 4; i++) lease_for(CAMPAIGN, i);
  pass(500);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  pass(1000);
  ck_assert_int_eq(agent_at(3)->seat, SEAT_DIALING);
  ck_assert_uint_eq(f->credit_count, 0);
  pass(5000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  credits(CALLS + AGENTS, CALLS + AGENTS + 1);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
}
END_TEST

START_TEST(pressure_stops_launches_and_nothing_else) {
  struct party p = talking();
  control_pressure(st.k, true);
  for (uint64_t i = 1; i <= 4; i++) lease_for(CAMPAIGN, i);
  pass(5000);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  over(&p, 200, CAUSE_NORMAL, 1);
  control_pressure(st.k, false);
  pass(1100);
  ck_assert_uint_gt(said(STORE_OPEN), 1);
}
END_TEST

START_TEST(the_pacer_gives_nobody_up_who_has_not_rung_for_fifteen_seconds) {
  struct party p = ringing();
  pass(16000);
  the_floor()->now = st.now;
  st.out.count = 0;
  call_event(the_floor(), call_of(&p), EV_GIVE_UP);
  ck_assert_int_eq(st.out.items[0].mail.kind, SIP_CANCEL);
  pass(30);
  struct mail_store_close rec = over(&p, 487, CAUSE_CANCELLED, 0);
  ck_assert_int_eq(rec.outcome, OUTCOME_NO_ANSWER);
  ck_assert_int_ge(rec.ended.ms - rec.ringing.ms, 15000);
}
END_TEST

/* ---- campaigns ---- */

START_TEST(another_trunk_takes_effect_for_the_next_call) {
  struct party p = ringing();
  struct mail up = make(SIP_UP);
  up.u.sip_up.worker = 1;
  step(&up);
  struct mail c = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  c.u.store_campaign.terms.trunk = 1;
  step(&c);
  struct party q = dialed();
  ck_assert_uint_eq(last(SIP_INVITE)->u.sip_invite.trunk, 1);
  ck_assert_uint_eq(st.sent[place_of(SIP_INVITE) - 1].listener, 1);
  over(&q, 486, CAUSE_BUSY, 0);
  forget();
  over(&p, 486, CAUSE_BUSY, 0);
  all_is_back();
}
END_TEST

START_TEST(a_campaign_that_was_stopped_long_ago_makes_room_for_the_next) {
  for (uint64_t id = 1; id <= FLOOR_CAMPAIGNS_MAX - 1; id++) {
    struct mail c = campaign_mail(id, PACING_PROGRESSIVE, CAMPAIGN_STOPPED);
    step(&c);
  }
  struct mail a = agent_mail(1, 3, true, AGENT_LOGGED_OUT); /* campaign 3 has an agent, though he is away */
  step(&a);
  for (uint64_t id = 1000; id < 1005; id++) {
    struct mail c = campaign_mail(id, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
    step(&c);
    ck_assert_uint_ne(campaign_find(the_floor(), id), NOBODY);
  }
  ck_assert_uint_ne(campaign_find(the_floor(), CAMPAIGN), NOBODY);
  ck_assert_uint_ne(campaign_find(the_floor(), 3), NOBODY);
  struct mail b = agent_mail(2, 1004, true, AGENT_READY);
  step(&b);
  seat_up(2);
  forget();
  lease_for(1004, 5);
  pass(1100);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.campaign_id, 1004);
}
END_TEST

START_TEST(a_stopped_campaign_pushes_nobody_out) {
  for (uint64_t id = 1; id <= 40; id++) {
    struct mail c = campaign_mail(id, PACING_PROGRESSIVE, CAMPAIGN_STOPPED);
    step(&c);
  }
  ck_assert_uint_ne(campaign_find(the_floor(), CAMPAIGN), NOBODY);
  ck_assert_uint_ne(campaign_find(the_floor(), 1), NOBODY);
}
END_TEST

START_TEST(an_agent_above_the_limit_is_left_out_and_the_rest_work) {
  struct mail a = agent_mail(AGENTS, CAMPAIGN, true, AGENT_READY);
  step(&a);
  ck_assert_uint_eq(the_floor()->agents_used, AGENTS);
  order(ORDER_AGENT, AGENTS, AGENT_READY, NULL);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_ENOENT);
}
END_TEST

START_TEST(who_asks_whether_all_was_heard_is_answered_and_nothing_else_happens) {
  struct mail m = make(ORDER_HEARD);
  m.u.order.ticket = 77;
  step(&m);
  ck_assert_uint_eq(last(ORDER_REPLY)->u.order_reply.ticket, 77);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_OK);
  ck_assert_uint_eq(the_floor()->refused_orders, 0);
  ck_assert(!the_floor()->draining);
}
END_TEST

START_TEST(terms_that_make_no_sense_are_not_taken) {
  struct mail c = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  c.u.store_campaign.terms.trunk = 9;
  step(&c);
  c = campaign_mail(CAMPAIGN, (enum pacing_mode)9, CAMPAIGN_RUNNING);
  step(&c);
  ck_assert_uint_eq(the_floor()->refused_orders, 2);
  ck_assert_uint_eq(the_floor()->campaigns[0].terms.trunk, 0);
}
END_TEST

START_TEST(three_idle_minutes_wake_nobody_more_than_needed) {
  unsigned steps = 0;
  for (int64_t end = st.now.mono.ms + 180000; st.now.mono.ms < end; steps++) {
    struct mono due = control_deadline(st.k);
    ck_assert_int_gt(due.ms, 0);
    pass(due.ms > st.now.mono.ms ? due.ms - st.now.mono.ms : 1);
  }
  ck_assert_uint_le(steps, 400);
  ck_assert_uint_eq(said(STORE_OPEN) + said(SIP_INVITE) + said(SIP_BYE), 0);
  ck_assert(agent_available(agent_at(0)));
}
END_TEST

/* ---- the end of the day ---- */

START_TEST(a_drain_lets_ringing_calls_and_talks_finish_and_waits_for_wrap_up) {
  struct party p = ringing();
  lease_for(CAMPAIGN, 2);
  drain(0);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_OK);
  ck_assert(!control_drained(st.k));
  pass(1000);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  pass(500);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(3000);
  over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  ck_assert(!control_drained(st.k)); /* the disposition is still to come */
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EREFUSED);
  say_media(MEDIA_DIGIT, agent_at(0)->session, seat_leg(0), VERDICT_NONE, '1');
  ck_assert_str_eq(last(STORE_DISPOSE)->u.store_dispose.code, "SALE");
  ck_assert(control_drained(st.k));
}
END_TEST

START_TEST(a_drain_that_does_not_wait_hangs_up_in_every_state_and_writes_every_row) {
  for (uint64_t i = 1; i <= 4; i++) lease_for(CAMPAIGN, i);
  pass(1100);
  ck_assert_uint_eq(said(STORE_OPEN), 4);
  struct party opening = nth_open(0), rings = nth_open(1), waits = nth_open(2), talks = nth_open(3);
  struct party *gone[] = {&rings, &waits, &talks};
  for (int i = 0; i < 3; i++) reply(STORE_OPENED, gone[i], REFUSAL_NONE);
  say_sip(SIP_PROGRESS, rings.leg, 180, CAUSE_NONE, 0);
  pass(500);
  say_sip(SIP_ANSWERED, waits.leg, 200, CAUSE_NONE, 0);
  say_sip(SIP_ANSWERED, talks.leg, 200, CAUSE_NONE, 0);
  pass(500);
  say_media(MEDIA_VERDICT, talks.session, talks.leg, VERDICT_PERSON, 0);
  say_media(MEDIA_BRIDGED, talks.session, talks.leg, VERDICT_NONE, 0);
  drain(0);
  pass(1000);
  forget();
  drain(1);
  ck_assert_uint_eq(said(SIP_CANCEL), 1);
  ck_assert_uint_eq(said(SIP_BYE), 2);
  ck_assert_uint_eq(said(STORE_DISPOSE), 1); /* wrap-up is not waited for either */
  reply(STORE_OPENED, &opening, REFUSAL_NONE);
  ck_assert_int_eq(closed(&opening).outcome, OUTCOME_CANCELLED);
  say_sip(SIP_ANSWERED, rings.leg, 200, CAUSE_NONE, 0); /* he picks up in this very moment */
  ck_assert_int_eq(state_of(&rings), CALL_ENDING);
  over(&rings, 200, CAUSE_NORMAL, 0);
  ck_assert_int_eq(over(&talks, 200, CAUSE_NORMAL, 0).outcome, OUTCOME_CONNECTED);
  over(&waits, 200, CAUSE_NORMAL, 0);
  ck_assert(control_drained(st.k));
  ck_assert_uint_eq(said(SIP_INVITE), 0);
  all_is_back();
}
END_TEST

int main(void) {
  Suite *s = suite_create("lists");
  TCase *t = tcase_create("one agent");
  tcase_add_checked_fixture(t, one_agent, floor_close);
  tcase_add_test(t, what_the_gate_refuses_is_not_dialed_and_costs_nothing);
  tcase_add_test(t, after_a_refusal_the_next_contact_is_asked_for_at_once);
  tcase_add_test(t, a_campaign_that_paused_while_the_disk_wrote_dials_nobody);
  tcase_add_test(t, leases_of_a_number_that_must_not_be_called_are_dropped);
  tcase_add_test(t, a_lease_that_expired_is_given_back_and_not_dialed);
  tcase_add_test(t, a_wall_clock_that_steps_neither_dials_old_leases_nor_bends_a_talk);
  tcase_add_test(t, a_clock_in_doubt_dials_nobody_and_leases_are_judged_afresh);
  tcase_add_test(t, a_clock_that_steps_while_the_disk_writes_sends_no_invite);
  tcase_add_test(t, a_clock_that_steps_does_not_end_a_talk);
  tcase_add_test(t, a_stopped_campaign_gives_its_leases_back_and_takes_no_more);
  tcase_add_test(t, leases_are_asked_for_once_and_again_when_the_list_may_have_grown);
  tcase_add_test(t, a_disk_that_takes_nothing_holds_the_box_is_named_and_is_tried_again);
  tcase_add_test(t, leases_at_hand_wait_while_the_disk_takes_nothing);
  tcase_add_test(t, a_closed_list_an_empty_one_and_a_doubtful_clock_are_told_apart);
  tcase_add_test(t, more_leases_than_asked_for_are_given_back);
  tcase_add_test(t, the_pacer_gives_nobody_up_who_has_not_rung_for_fifteen_seconds);
  tcase_add_test(t, a_campaign_that_was_stopped_long_ago_makes_room_for_the_next);
  tcase_add_test(t, a_stopped_campaign_pushes_nobody_out);
  tcase_add_test(t, who_asks_whether_all_was_heard_is_answered_and_nothing_else_happens);
  tcase_add_test(t, terms_that_make_no_sense_are_not_taken);
  tcase_add_test(t, three_idle_minutes_wake_nobody_more_than_needed);
  tcase_add_test(t, a_drain_lets_ringing_calls_and_talks_finish_and_waits_for_wrap_up);
  suite_add_tcase(s, t);
  TCase *four = tcase_create("four agents");
  tcase_add_checked_fixture(four, four_agents, floor_close);
  tcase_add_test(four, without_a_free_port_nobody_is_dialed_and_phones_keep_theirs);
  tcase_add_test(four, pressure_stops_launches_and_nothing_else);
  tcase_add_test(four, another_trunk_takes_effect_for_the_next_call);
  tcase_add_test(four, an_agent_above_the_limit_is_left_out_and_the_rest_work);
  tcase_add_test(four, a_drain_that_does_not_wait_hangs_up_in_every_state_and_writes_every_row);
  suite_add_tcase(s, four);
  TCase *channels = tcase_create("two channels");
  tcase_add_checked_fixture(channels, two_channels, floor_close);
  tcase_add_test(channels, no_more_calls_than_the_trunk_has_channels_and_a_free_one_is_used_soon);
  suite_add_tcase(s, channels);
  TCase *rate = tcase_create("two a second");
  tcase_add_checked_fixture(rate, two_a_second, floor_close);
  tcase_add_test(rate, no_more_calls_a_second_than_the_trunk_bears);
  suite_add_tcase(s, rate);
  return run_suite(s);
}
