/* Preview: an agent sees the contact first, and has it dialed, skips it, or lets the campaign's time dial it. */
#include "harness.h"

static void preview(void) { floor_open(PACING_PREVIEW, 1, 8, 100); }

static struct party previewed(void) {
  uint64_t phone = st.next_phone++;
  lease_for(CAMPAIGN, phone);
  pass(3000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  order(ORDER_PREVIEW, 0, AGENT_READY, NULL);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_OK);
  const struct mail_store_open *o = &last(STORE_OPEN)->u.store_open;
  struct party p = {.leg = {LEG_CALL, o->slot, o->gen}, .attempt = o->attempt_id, .phone = phone};
  p.session = call_of(&p)->session;
  ck_assert_int_eq(agent_at(0)->state, AGENT_RESERVED);
  return p;
}

START_TEST(a_previewed_contact_is_dialed_for_the_agent_who_accepts_it) {
  order(ORDER_PREVIEW, 0, AGENT_READY, NULL);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EMPTY);
  struct party p = previewed();
  order(ORDER_PREVIEW, 0, AGENT_READY, NULL); /* one at a time */
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EREFUSED);
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  say_sip(SIP_PROGRESS, p.leg, 180, CAUSE_NONE, 0);
  pass(2000);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(1000);
  ck_assert_int_eq(over(&p, 200, CAUSE_NORMAL, 1).outcome, OUTCOME_CONNECTED);
  ck_assert_int_eq(agent_at(0)->state, AGENT_WRAPUP);
}
END_TEST

START_TEST(a_previewed_contact_that_does_not_answer_or_is_refused_frees_the_agent) {
  struct party p = previewed();
  reply(STORE_REFUSED, &p, REFUSAL_HOURS);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  forget();
  p = previewed();
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  pass(300);
  ck_assert_int_eq(over(&p, 486, CAUSE_BUSY, 0).outcome, OUTCOME_BUSY);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  all_is_back();
}
END_TEST

/* ---- shown first, then dialed, skipped, or dialed by the campaign's time ---- */

static void order_about(enum mail_kind kind, uint64_t case_id, enum skip_reason reason) {
  struct mail m = make(kind);
  m.u.order_agent.ticket = 1;
  m.u.order_agent.agent_id = 100;
  m.u.order_agent.case_id = case_id;
  m.u.order_agent.reason = (uint8_t)reason;
  step(&m);
}
static void preview_for(uint32_t ms) {
  struct mail m = campaign_mail(CAMPAIGN, PACING_PREVIEW, CAMPAIGN_RUNNING);
  m.u.store_campaign.terms.preview_ms = ms;
  m.u.store_campaign.terms.skip_again_ms = 600000;
  step(&m);
}

START_TEST(an_idle_agent_is_shown_the_next_contact_and_nothing_is_dialed) {
  const uint64_t phone = st.next_phone++;
  lease_for(CAMPAIGN, phone);
  pass(1100);
  ck_assert_uint_eq(agent_at(0)->shown.phone, phone);
  struct live *l = calloc(1, sizeof *l);
  control_live(st.k, st.now, l);
  ck_assert_uint_eq(l->agents[0].shown_phone, phone);
  ck_assert_int_eq(l->agents[0].dials_at.ms, WALL_NONE.ms);
  free(l);
  pass(300000); /* as long as he likes: the store is told that the contact is still looked at */
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  ck_assert_uint_ge(said(STORE_LEASE_KEEP), 12);
  ck_assert_uint_eq(agent_at(0)->shown.phone, phone);
  ck_assert_int_gt(agent_at(0)->shown.expires.ms, st.now.wall.ms);
  order_about(ORDER_PREVIEW, agent_at(0)->shown.case_id + 1, SKIP_OTHER); /* his page was late */
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EBUSY);
  order_about(ORDER_PREVIEW, agent_at(0)->shown.case_id, SKIP_OTHER);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_OK);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.phone, phone);
  ck_assert_uint_eq(agent_at(0)->shown.case_id, 0);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 0);
}
END_TEST

START_TEST(a_skipped_contact_waits_with_its_reason_and_the_next_one_is_shown) {
  preview_for(0);
  const uint64_t first = st.next_phone++, second = st.next_phone++;
  order_about(ORDER_SKIP, 0, SKIP_DATA);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EMPTY); /* nobody is shown */
  lease_for(CAMPAIGN, first);
  lease_for(CAMPAIGN, second);
  pass(1100);
  const uint64_t case_id = agent_at(0)->shown.case_id;
  order_about(ORDER_SKIP, case_id, SKIP_SPOKEN);
  const struct mail_store_skip *k = &last(STORE_SKIP)->u.store_skip;
  ck_assert_uint_eq(k->case_id, case_id);
  ck_assert_uint_eq(k->agent_id, 100);
  ck_assert_uint_eq(k->reason, SKIP_SPOKEN);
  ck_assert_uint_eq(k->again_ms, 600000);
  pass(50);
  ck_assert_uint_eq(agent_at(0)->shown.phone, second);
  order_about(ORDER_SKIP, case_id, SKIP_SPOKEN); /* clicked twice: the second contact is not skipped */
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_EBUSY);
  ck_assert_uint_eq(said(STORE_SKIP), 1);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
}
END_TEST

START_TEST(the_campaigns_time_dials_what_is_shown_through_the_gate) {
  preview_for(10000);
  const uint64_t phone = st.next_phone++;
  lease_for(CAMPAIGN, phone);
  pass(1100);
  ck_assert_uint_eq(agent_at(0)->shown.phone, phone);
  pass(8000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  pass(3000);
  ck_assert_uint_eq(said(STORE_OPEN), 1);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.phone, phone);
  ck_assert_int_eq(agent_at(0)->state, AGENT_RESERVED);
  const struct mail_store_open *o = &last(STORE_OPEN)->u.store_open;
  struct party p = {.leg = {LEG_CALL, o->slot, o->gen}, .attempt = o->attempt_id, .phone = phone};
  p.session = call_of(&p)->session;
  reply(STORE_REFUSED, &p, REFUSAL_HOURS); /* the gate is asked as ever */
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
}
END_TEST

START_TEST(who_is_not_there_to_look_gives_the_contact_back) {
  preview_for(10000);
  lease_for(CAMPAIGN, st.next_phone++);
  pass(1100);
  ck_assert_uint_ne(agent_at(0)->shown.case_id, 0);
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  ck_assert_uint_eq(agent_at(0)->shown.case_id, 0);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 1);
  pass(60000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  const uint64_t listed = st.next_phone++;
  lease_for(CAMPAIGN, listed);
  pass(1100);
  ck_assert_uint_eq(agent_at(0)->shown.phone, listed);
  struct mail m = make(STORE_DNC_ADDED); /* the number went on a do-not-call list while he looked */
  m.u.store_opt_out.phone = listed;
  step(&m);
  ck_assert_uint_eq(agent_at(0)->shown.case_id, 0);
  lease_for(CAMPAIGN, st.next_phone++);
  pass(1100);
  ck_assert_uint_ne(agent_at(0)->shown.case_id, 0);
  m = campaign_mail(CAMPAIGN, PACING_PREVIEW, CAMPAIGN_PAUSED);
  step(&m);
  pass(1100);
  ck_assert_uint_eq(agent_at(0)->shown.case_id, 0);
}
END_TEST

START_TEST(who_looks_at_the_last_contact_is_not_sent_to_another_campaign) {
  enum { OTHER = 88 };
  struct mail m = campaign_mail(OTHER, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  step(&m);
  m = agent_mail(0, CAMPAIGN, true, AGENT_READY);
  m.u.store_agent.also_count = 1;
  m.u.store_agent.also[0] = OTHER;
  step(&m);
  const uint64_t phone = st.next_phone++;
  lease_for(CAMPAIGN, phone);
  pass(1100);
  ck_assert_uint_eq(agent_at(0)->shown.phone, phone);
  lease_for(OTHER, st.next_phone++);
  pass(5000);
  ck_assert_uint_eq(agent_at(0)->shown.phone, phone);
  ck_assert_uint_eq(the_floor()->campaigns[agent_at(0)->campaign].terms.id, CAMPAIGN);
}
END_TEST

START_TEST(what_another_calls_by_hand_is_on_no_screen) {
  const uint64_t phone = st.next_phone++;
  lease_for(CAMPAIGN, phone);
  pass(1100);
  const struct lease shown = agent_at(0)->shown;
  ck_assert_uint_eq(shown.phone, phone);
  struct mail m = make(ORDER_DIAL);
  m.u.order_dial.ticket = 3;
  m.u.order_dial.agent_id = 100;
  m.u.order_dial.lease = shown;
  step(&m);
  ck_assert_int_eq(last(ORDER_REPLY)->u.order_reply.err, CAD_OK);
  ck_assert_uint_eq(agent_at(0)->shown.case_id, 0);
  ck_assert_uint_eq(said(STORE_LEASE_DROP), 0); /* the lease is the call's now */
}
END_TEST

START_TEST(a_preview_agent_whose_phone_vanished_while_it_rang_is_not_kept_for_ever) {
  struct party p = previewed();
  reply(STORE_OPENED, &p, REFUSAL_NONE);
  say_sip(SIP_PROGRESS, p.leg, 180, CAUSE_NONE, 0);
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
  pass(500);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_WAITING);
  ck_assert_int_eq(agent_at(0)->state, AGENT_READY);
  pass(700);
  seat_up(0);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING); /* he is back in time */
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  pass(1000);
  over(&p, 200, CAUSE_NORMAL, 1);
}
END_TEST

int main(void) {
  Suite *s = suite_create("preview");
  TCase *v = tcase_create("preview");
  tcase_add_checked_fixture(v, preview, floor_close);
  tcase_add_test(v, a_previewed_contact_is_dialed_for_the_agent_who_accepts_it);
  tcase_add_test(v, an_idle_agent_is_shown_the_next_contact_and_nothing_is_dialed);
  tcase_add_test(v, a_skipped_contact_waits_with_its_reason_and_the_next_one_is_shown);
  tcase_add_test(v, the_campaigns_time_dials_what_is_shown_through_the_gate);
  tcase_add_test(v, who_is_not_there_to_look_gives_the_contact_back);
  tcase_add_test(v, who_looks_at_the_last_contact_is_not_sent_to_another_campaign);
  tcase_add_test(v, what_another_calls_by_hand_is_on_no_screen);
  tcase_add_test(v, a_previewed_contact_that_does_not_answer_or_is_refused_frees_the_agent);
  tcase_add_test(v, a_preview_agent_whose_phone_vanished_while_it_rang_is_not_kept_for_ever);
  suite_add_tcase(s, v);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
