/* Agents who serve several campaigns, their rest, and the windows of the limit, told mail by mail. */
#include "harness.h"

enum { OTHER = 88 };

static void two_agents(void) { floor_open(PACING_PROGRESSIVE, 2, 8, 100); }

static void other_campaign(uint8_t priority, uint32_t skills) {
  struct mail m = campaign_mail(OTHER, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  m.u.store_campaign.terms.priority = priority;
  m.u.store_campaign.terms.skills = skills;
  step(&m);
}

static void serves_both(uint32_t agent, uint32_t skills) {
  struct mail m = agent_mail(agent, CAMPAIGN, true, AGENT_READY);
  m.u.store_agent.also_count = 1;
  m.u.store_agent.also[0] = OTHER;
  m.u.store_agent.skills = skills;
  step(&m);
}

static uint64_t works_for(uint32_t agent) { return the_floor()->campaigns[agent_at(agent)->campaign].terms.id; }

static uint32_t one_call(void) {
  struct party p = talking();
  const uint32_t who = call_of(&p)->agent;
  pass(1000);
  over(&p, 200, CAUSE_NORMAL, 1);
  return who;
}

START_TEST(after_his_call_an_agent_goes_to_the_campaign_with_the_higher_priority_that_has_work) {
  other_campaign(9, 0);
  serves_both(0, 0);
  serves_both(1, 0);
  const uint32_t who = one_call();
  lease_for(CAMPAIGN, 12025559002); /* there is work at home too */
  lease_for(OTHER, 12025559001);
  unsigned before = said(STORE_OPEN);
  pass(10100); /* the wrap-up is over */
  ck_assert_uint_eq(works_for(who), OTHER);
  ck_assert_uint_eq(works_for(1 - who), CAMPAIGN); /* a phone rings for him, he stays */
  ck_assert_uint_gt(said(STORE_OPEN), before);
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.campaign_id, OTHER);
}
END_TEST

START_TEST(a_lower_priority_takes_nobody_away) {
  other_campaign(0, 0);
  struct mail mine = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  mine.u.store_campaign.terms.priority = 5;
  step(&mine);
  serves_both(0, 0);
  serves_both(1, 0);
  struct party p = talking();
  lease_for(OTHER, 12025559001);
  lease_for(CAMPAIGN, 12025559002);
  lease_for(CAMPAIGN, 12025559003);
  lease_for(CAMPAIGN, 12025559004);
  over(&p, 200, CAUSE_NORMAL, 1);
  pass(10100);
  ck_assert_uint_eq(works_for(0), CAMPAIGN);
  ck_assert_uint_eq(works_for(1), CAMPAIGN);
}
END_TEST

START_TEST(idle_agents_of_a_campaign_without_work_go_where_there_is_some) {
  other_campaign(0, 0);
  serves_both(0, 0);
  lease_for(OTHER, 12025559001);
  pass(3000);
  ck_assert_uint_eq(works_for(0), OTHER);
  ck_assert_uint_eq(works_for(1), CAMPAIGN); /* he serves it alone */
  ck_assert_uint_eq(last(STORE_OPEN)->u.store_open.lease.campaign_id, OTHER);
}
END_TEST

START_TEST(without_the_skill_nobody_is_lent) {
  other_campaign(9, 2);
  serves_both(0, 1);
  serves_both(1, 3);
  lease_for(OTHER, 12025559001);
  pass(3000);
  ck_assert_uint_eq(works_for(0), CAMPAIGN);
  ck_assert_uint_eq(works_for(1), OTHER);
}
END_TEST

START_TEST(a_caller_without_an_agent_of_his_campaign_gets_any_who_serves_it) {
  other_campaign(0, 0);
  struct party p = answered();
  struct mail away = agent_mail(0, CAMPAIGN, true, AGENT_PAUSED);
  step(&away);
  away = agent_mail(1, CAMPAIGN, true, AGENT_PAUSED);
  step(&away);
  struct mail lent = agent_mail(2, OTHER, true, AGENT_READY);
  lent.u.store_agent.also_count = 1;
  lent.u.store_agent.also[0] = CAMPAIGN;
  step(&lent);
  seat_up(2);
  ck_assert_uint_eq(works_for(2), CAMPAIGN); /* where a call is in flight, and nothing at home */
  pass(1200);
  say_media(MEDIA_VERDICT, p.session, p.leg, VERDICT_PERSON, 0);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  ck_assert_uint_eq(call_of(&p)->agent, 2);
}
END_TEST

static struct wall seen_to_rest_until(uint32_t agent) {
  struct live *live = calloc(1, sizeof *live);
  ck_assert_ptr_nonnull(live);
  control_live(st.k, st.now, live);
  struct wall until = live->agents[agent].rests_until;
  free(live);
  return until;
}

START_TEST(above_the_ceiling_of_occupancy_an_agent_rests_before_the_next_call) {
  struct mail m = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  m.u.store_campaign.terms.occupancy_bp = 8000;
  step(&m);
  struct party p = talking();
  const uint32_t who = call_of(&p)->agent;
  pass(90000);
  over(&p, 200, CAUSE_NORMAL, 1);
  pass(10100);
  ck_assert_int_eq(agent_at(who)->state, AGENT_READY);
  ck_assert(!agent_available(agent_at(who))); /* 100 s of work need 25 s without, of which some were before */
  const struct wall until = seen_to_rest_until(who);
  ck_assert(until.ms > st.now.wall.ms && until.ms <= st.now.wall.ms + 25000);
  ck_assert_int_eq(seen_to_rest_until(1 - who).ms, WALL_NONE.ms);
  pass(25000);
  ck_assert(agent_available(agent_at(who)));
  ck_assert_int_eq(seen_to_rest_until(who).ms, WALL_NONE.ms);
  order(ORDER_AGENT, who, AGENT_PAUSED, NULL);
  pass(1000);
  ck_assert_int_eq(agent_at(who)->state, AGENT_PAUSED);
}
END_TEST

START_TEST(a_window_that_is_over_is_asked_for_and_its_account_begins_anew) {
  struct mail m = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
  struct campaign_terms *t = &m.u.store_campaign.terms;
  t->window_count = 1;
  t->windows[0] =
      (struct campaign_window){.limit_bp = 300, .begins = wall_add(st.now.wall, -3600000), .ends = wall_add(st.now.wall, 60000)};
  t->windows[0].served = 40;
  t->windows[0].abandoned = 1;
  step(&m);
  struct pacer_window w[PACER_WINDOWS_MAX];
  const struct pacer *pacer = the_floor()->campaigns[0].pacer;
  ck_assert_uint_eq(pacer_windows(pacer, w), 1);
  ck_assert_uint_eq(w[0].served, 40);
  one_call();
  pacer_windows(pacer, w);
  ck_assert_uint_eq(w[0].served, 41);
  t->windows[0].served = 40; /* an edit of the campaign says the old figures again */
  step(&m);
  pacer_windows(pacer, w);
  ck_assert_uint_eq(w[0].served, 41);
  ck_assert_uint_eq(said(STORE_WINDOWS_WANT), 0);
  pass(61000);
  ck_assert_uint_ge(said(STORE_WINDOWS_WANT), 1);
  pacer_windows(pacer, w);
  ck_assert_uint_eq(w[0].served + w[0].abandoned, 0);
  ck_assert_int_eq(w[0].ends_ms, 0);
  struct mail next = make(STORE_WINDOWS);
  next.u.store_windows = (struct mail_store_windows){.campaign_id = CAMPAIGN, .window_count = 1};
  next.u.store_windows.windows[0] =
      (struct campaign_window){.limit_bp = 300, .begins = t->windows[0].ends, .ends = wall_add(t->windows[0].ends, 86400000)};
  one_call();
  step(&next);
  pacer_windows(pacer, w);
  ck_assert_uint_eq(w[0].served, 1); /* the store may not have it yet: the pacer's own account stays */
  ck_assert_int_gt(w[0].ends_ms, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("share");
  TCase *t = tcase_create("two agents");
  tcase_add_checked_fixture(t, two_agents, floor_close);
  tcase_add_test(t, after_his_call_an_agent_goes_to_the_campaign_with_the_higher_priority_that_has_work);
  tcase_add_test(t, a_lower_priority_takes_nobody_away);
  tcase_add_test(t, idle_agents_of_a_campaign_without_work_go_where_there_is_some);
  tcase_add_test(t, without_the_skill_nobody_is_lent);
  tcase_add_test(t, a_caller_without_an_agent_of_his_campaign_gets_any_who_serves_it);
  tcase_add_test(t, above_the_ceiling_of_occupancy_an_agent_rests_before_the_next_call);
  tcase_add_test(t, a_window_that_is_over_is_asked_for_and_its_account_begins_anew);
  suite_add_tcase(s, t);
  return run_suite(s);
}
