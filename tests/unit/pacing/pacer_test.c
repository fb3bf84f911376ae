#include "dialer/pacing/pacer_state.h"
#include <check.h>
#include <malloc.h>
#include <math.h>
#include <pacing/pacer.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = 0xffff };

static struct pacer_params params_of(enum pacer_mode mode) {
  return (struct pacer_params){.mode = mode,
                               .ratio_x100 = 200,
                               .limit_bp = 300,
                               .min_ring_ms = 15000,
                               .max_ring_ms = 24000,
                               .max_wait_ms = 2000,
                               .max_agents = 32,
                               .max_calls = 256,
                               .screening = true};
}

static struct pacer_view view_at(int64_t now_ms) {
  return (struct pacer_view){.now_ms = now_ms, .lines_free = 100, .rate_free = 100, .contacts = 100, .hours_open = true};
}

static void tell(struct pacer *p, enum pacer_event_kind kind, int64_t at_ms, uint32_t call, uint32_t agent) {
  pacer_event(p, &(struct pacer_event){.kind = kind, .at_ms = at_ms, .call = call, .agent = agent});
}

static uint32_t ask(struct pacer *p, int64_t now_ms) {
  struct pacer_orders o;
  const struct pacer_view v = view_at(now_ms);
  pacer_decide(p, &v, &o);
  return o.launch;
}

static struct pacer *with_ready(enum pacer_mode mode, uint32_t agents) {
  const struct pacer_params q = params_of(mode);
  struct pacer *p = pacer_create(&q);
  ck_assert_ptr_nonnull(p);
  for (uint32_t a = 0; a < agents; a++) tell(p, PACER_AGENT_LOGIN, 0, 0, a), tell(p, PACER_AGENT_READY, 0, 0, a);
  return p;
}

/* One person answers, is connected with the agent, talks, and the agent is ready again. */
static int64_t one_talk(struct pacer *p, int64_t at_ms, uint32_t call, uint32_t agent) {
  tell(p, PACER_CALL_LAUNCHED, at_ms, call, 0);
  tell(p, PACER_CALL_RINGING, at_ms + 2000, call, 0);
  tell(p, PACER_CALL_ANSWERED, at_ms + 9000, call, 0);
  tell(p, PACER_CALL_PERSON, at_ms + 10500, call, 0);
  tell(p, PACER_CALL_CONNECTED, at_ms + 10600, call, agent);
  tell(p, PACER_AGENT_TALKING, at_ms + 10600, call, agent);
  tell(p, PACER_CALL_ENDED, at_ms + 70000, call, 0);
  tell(p, PACER_AGENT_WRAPUP, at_ms + 70000, 0, agent);
  tell(p, PACER_AGENT_READY, at_ms + 85000, 0, agent);
  return at_ms + 85000;
}

START_TEST(preview_and_manual_launch_nothing_by_themselves) {
  struct pacer *p = with_ready(PACER_PREVIEW, 10), *q = with_ready(PACER_MANUAL, 10);
  ck_assert_uint_eq(ask(p, 1000), 0);
  ck_assert_uint_eq(ask(q, 1000), 0);
  pacer_destroy(p);
  pacer_destroy(q);
}
END_TEST

START_TEST(progressive_keeps_calls_in_flight_at_ready_agents) {
  struct pacer *p = with_ready(PACER_PROGRESSIVE, 3);
  ck_assert_uint_eq(ask(p, 1000), 3);
  for (uint32_t c = 0; c < 3; c++) tell(p, PACER_CALL_LAUNCHED, 1000, c, 0);
  ck_assert_uint_eq(ask(p, 2000), 0);
  tell(p, PACER_CALL_ENDED, 2500, 0, 0); /* busy */
  ck_assert_uint_eq(ask(p, 3000), 1);
  tell(p, PACER_AGENT_PAUSED, 3000, 0, 2);
  ck_assert_uint_eq(ask(p, 3000), 0);
  pacer_destroy(p);
}
END_TEST

START_TEST(progressive_never_launches_without_a_ready_agent) {
  struct pacer *p = with_ready(PACER_PROGRESSIVE, 0);
  ck_assert_uint_eq(ask(p, 1000), 0);
  tell(p, PACER_AGENT_LOGIN, 1000, 0, 0);
  ck_assert_uint_eq(ask(p, 2000), 0);
  tell(p, PACER_AGENT_READY, 2000, 0, 0);
  tell(p, PACER_AGENT_TALKING, 2500, 0, 0);
  ck_assert_uint_eq(ask(p, 3000), 0);
  pacer_destroy(p);
}
END_TEST

START_TEST(ratio_dials_its_ratio_while_the_account_has_credit_and_progressive_after) {
  struct pacer *p = with_ready(PACER_RATIO, 4);
  pacer_set_account(p, 0, 1000);
  ck_assert_uint_eq(ask(p, 1000), 8);
  pacer_set_account(p, 30, 1000);
  ck_assert_uint_eq(ask(p, 2000), 4);
  pacer_destroy(p);
}
END_TEST

START_TEST(an_overspent_account_makes_predictive_progressive) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 8);
  pacer_set_account(p, 40, 1000);
  ck_assert_uint_eq(ask(p, 1000), 8);
  for (uint32_t c = 0; c < 8; c++) tell(p, PACER_CALL_LAUNCHED, 1000, c, 0);
  for (int64_t t = 2000; t < 20000; t += 1000) ck_assert_uint_eq(ask(p, t), 0);
  pacer_destroy(p);
}
END_TEST

START_TEST(with_credit_predictive_dials_more_than_it_has_agents) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 8);
  pacer_set_account(p, 0, 1000);
  ck_assert_uint_gt(ask(p, 1000), 8);
  pacer_destroy(p);
}
END_TEST

START_TEST(predictive_does_not_dial_into_a_floor_that_stays_busy) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 2);
  pacer_set_account(p, 0, 100000);
  for (uint32_t a = 0; a < 2; a++) tell(p, PACER_AGENT_TALKING, 500, 0, a);
  ck_assert_uint_eq(ask(p, 1000), 0);
  pacer_destroy(p);
}
END_TEST

START_TEST(nobody_logged_in_means_no_launch_in_any_mode) {
  for (int mode = PACER_PREVIEW; mode <= PACER_MANUAL; mode++) {
    struct pacer *p = with_ready((enum pacer_mode)mode, 0);
    pacer_set_account(p, 0, 100000);
    for (int64_t t = 1000; t < 60000; t += 1000) ck_assert_uint_eq(ask(p, t), 0);
    pacer_destroy(p);
  }
}
END_TEST

START_TEST(closed_hours_lines_rate_and_list_each_bind_and_are_named) {
  struct pacer *p = with_ready(PACER_PROGRESSIVE, 10);
  struct pacer_orders o;
  struct pacer_view v = view_at(1000);
  v.hours_open = false;
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.launch, 0);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_HOURS);
  v = view_at(1000), v.held = PACER_BOUND_DISK;
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.launch, 0);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_DISK);
  v = view_at(1000), v.lines_free = 4;
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.launch, 4);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_LINES);
  v = view_at(1000), v.rate_free = 3;
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.launch, 3);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_RATE);
  v = view_at(1000), v.contacts = 2;
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.launch, 2);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_LIST);
  v = view_at(1000), v.agents_reserved_inbound = 10;
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.launch, 0);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_INBOUND);
  pacer_destroy(p);
}
END_TEST

START_TEST(abandoned_calls_and_early_hang_ups_both_spend_the_budget) {
  const enum pacer_event_kind kinds[2] = {PACER_CALL_ABANDONED, PACER_CALL_EARLY_HANGUP};
  for (int k = 0; k < 2; k++) {
    struct pacer *p = with_ready(PACER_PREDICTIVE, 4);
    for (uint32_t c = 0; c < 3; c++) {
      tell(p, PACER_CALL_LAUNCHED, 1000, c, 0);
      tell(p, PACER_CALL_RINGING, 2000, c, 0);
      tell(p, PACER_CALL_ANSWERED, 8000, c, 0);
      tell(p, PACER_CALL_PERSON, 9000, c, 0);
      tell(p, kinds[k], 11000, c, 0);
      tell(p, PACER_CALL_ENDED, 15000, c, 0);
    }
    struct pacer_orders o;
    const struct pacer_view v = view_at(16000);
    pacer_decide(p, &v, &o);
    ck_assert_uint_eq(o.why.abandoned, k == 0 ? 3 : 0); /* whoever hangs up is shown apart from the legal rate */
    ck_assert_uint_eq(o.why.live, k == 0 ? 3 : 0);
    ck_assert_uint_eq(o.why.early, k == 0 ? 0 : 3);
    ck_assert_int_lt(o.why.credit_milli, -2500);
    ck_assert_uint_eq(o.why.dials, PACER_PROGRESSIVE);
    ck_assert_uint_eq(o.launch, 4); /* no credit: progressive */
    pacer_destroy(p);
  }
}
END_TEST

/* 1,000 calls, 200 people, 12 of them abandoned: 6 % of the people, not 1.2 % of the calls. */
START_TEST(calls_that_nobody_answers_do_not_thin_the_rate) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 4);
  struct pacer_orders o;
  int64_t at = 1000;
  for (int i = 0; i < 1000; i++, at += 1000) {
    ask(p, at);
    if (i % 5 == 0 && i / 5 >= 12) {
      at = one_talk(p, at, 0, 0);
      continue;
    }
    tell(p, PACER_CALL_LAUNCHED, at, 1, 0);
    if (i % 5 == 0) {
      tell(p, PACER_CALL_ANSWERED, at + 8000, 1, 0);
      tell(p, PACER_CALL_PERSON, at + 9000, 1, 0);
      tell(p, PACER_CALL_ABANDONED, at + 11000, 1, 0);
    }
    at += 24000;
    tell(p, PACER_CALL_ENDED, at, 1, 0);
  }
  const struct pacer_view v = view_at(at);
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.why.abandoned, 12);
  ck_assert_uint_eq(o.why.live, 200);
  ck_assert_int_lt(o.why.credit_milli, -6000); /* (0.03 * 200 - 12) / 0.97 */
  ck_assert_uint_eq(o.why.dials, PACER_PROGRESSIVE);
  pacer_destroy(p);
}
END_TEST

START_TEST(predictive_says_that_the_rate_the_lines_or_the_list_held_it_back) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 8);
  struct pacer_orders o;
  pacer_set_account(p, 0, 1000);
  struct pacer_view v = view_at(1000);
  v.rate_free = 1;
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.launch, 1);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_RATE);
  v = view_at(1100), v.lines_free = 2;
  pacer_decide(p, &v, &o);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_LINES);
  v = view_at(1200), v.contacts = 2;
  pacer_decide(p, &v, &o);
  ck_assert_int_eq(o.why.bound, PACER_BOUND_LIST);
  pacer_destroy(p);
}
END_TEST

START_TEST(windows_turn_and_classes_at_the_close_correct_the_account) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 4);
  struct pacer_window w[PACER_WINDOWS_MAX] = {{.limit_bp = 300, .ends_ms = 100000, .began = 7, .served = 50, .abandoned = 1}};
  ck_assert_int_eq(pacer_set_windows(p, w, 1), 0);
  ask(p, 1000);
  one_talk(p, 1000, 0, 0);
  pacer_windows(p, w);
  ck_assert_uint_eq(w[0].served, 51);
  tell(p, PACER_AGENT_LOGOUT, 90000, 0, 0); /* whom he met is forgotten with him */
  tell(p, PACER_AGENT_MACHINE, 90100, 0, 0);
  pacer_windows(p, w);
  ck_assert_uint_eq(w[0].served, 51);
  /* Connected, but the record says: too late. */
  tell(p, PACER_CALL_LAUNCHED, 91000, 1, 0);
  tell(p, PACER_CALL_ANSWERED, 92000, 1, 0);
  tell(p, PACER_CALL_PERSON, 93000, 1, 0);
  tell(p, PACER_CALL_CONNECTED, 93100, 1, 1);
  tell(p, PACER_AGENT_TALKING, 93100, 1, 1);
  pacer_event(p, &(struct pacer_event){.kind = PACER_CALL_ENDED, .at_ms = 94000, .call = 1, .closed = PACER_CLASS_ABANDONED});
  pacer_windows(p, w);
  ck_assert_uint_eq(w[0].served, 51);
  ck_assert_uint_eq(w[0].abandoned, 2);
  /* Launched before the turn, ended after it: of the old window. */
  tell(p, PACER_CALL_LAUNCHED, 99000, 2, 0);
  ask(p, 100000);
  tell(p, PACER_CALL_ANSWERED, 101000, 2, 0);
  tell(p, PACER_CALL_ABANDONED, 104000, 2, 0);
  tell(p, PACER_CALL_LAUNCHED, 104500, 3, 0);
  tell(p, PACER_CALL_ANSWERED, 105000, 3, 0);
  tell(p, PACER_CALL_ABANDONED, 109000, 3, 0);
  pacer_windows(p, w);
  ck_assert_uint_eq(w[0].served, 0);
  ck_assert_uint_eq(w[0].abandoned, 1);
  ck_assert_int_eq(w[0].began, 100007);
  ck_assert_uint_eq(pacer_wilson_bp(3, 100), 845);
  ck_assert_uint_eq(pacer_wilson_bp(0, 0), 10000);
  pacer_destroy(p);
}
END_TEST

START_TEST(more_inbound_callers_reserve_more_agents_and_none_reserve_none) {
  struct pacer_params q = params_of(PACER_PROGRESSIVE);
  q.inbound_bp = 9000, q.inbound_within_ms = 10000;
  uint32_t before = 0;
  for (int every_s = 600; every_s >= 10; every_s /= 3) {
    struct pacer *p = pacer_create(&q);
    struct pacer_orders o;
    for (uint32_t a = 0; a < 20; a++) tell(p, PACER_AGENT_LOGIN, 0, 0, a), tell(p, PACER_AGENT_READY, 0, 0, a);
    struct pacer_view v = view_at(1000);
    pacer_decide(p, &v, &o);
    ck_assert_uint_eq(o.why.reserved, 0); /* nobody has called yet */
    for (int64_t t = 2; t < 3600; t++) {
      if (t % every_s == 0) tell(p, PACER_INBOUND, t * 1000, 0, 0);
      v = view_at(t * 1000);
      pacer_decide(p, &v, &o);
    }
    ck_assert_uint_ge(o.why.reserved, before);
    ck_assert_uint_eq(o.launch, 20 - o.why.reserved);
    before = o.why.reserved;
    pacer_destroy(p);
  }
  ck_assert_uint_ge(before, 2);
  ck_assert_uint_lt(before, 20);
}
END_TEST

START_TEST(the_trace_tells_each_second_once_with_the_decision_that_launched) {
  struct pacer *p = with_ready(PACER_PROGRESSIVE, 2);
  struct pacer_second s;
  ck_assert(!pacer_trace(p, &s));
  ck_assert_uint_eq(ask(p, 5100), 2);
  for (uint32_t c = 0; c < 2; c++) tell(p, PACER_CALL_LAUNCHED, 5100, c, 0);
  ck_assert_uint_eq(ask(p, 5600), 0);
  ck_assert(!pacer_trace(p, &s)); /* it still runs */
  ck_assert_uint_eq(ask(p, 6100), 0);
  ck_assert(pacer_trace(p, &s));
  ck_assert_int_eq(s.at_ms, 5000);
  ck_assert_uint_eq(s.decisions, 2);
  ck_assert_uint_eq(s.ordered, 2);
  ck_assert_uint_eq(s.launched, 2);
  ck_assert_uint_eq(s.why.ready, 2);
  ck_assert_uint_eq(s.why.ringing, 0); /* as it was when they were ordered */
  ck_assert(!pacer_trace(p, &s));
  ck_assert_uint_eq(ask(p, 7000), 0);
  ck_assert(pacer_trace(p, &s));
  ck_assert_int_eq(s.at_ms, 6000);
  ck_assert_uint_eq(s.why.ringing, 2);
  ck_assert_uint_eq(s.why.bound, PACER_BOUND_AGENTS);
  pacer_destroy(p);
}
END_TEST

START_TEST(a_caller_whose_agent_was_lost_waits_again_and_is_one_live_answer) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 2);
  tell(p, PACER_CALL_LAUNCHED, 1000, 0, 0);
  tell(p, PACER_CALL_ANSWERED, 5000, 0, 0);
  tell(p, PACER_CALL_PERSON, 6000, 0, 0);
  tell(p, PACER_CALL_CONNECTED, 6100, 0, 0);
  tell(p, PACER_CALL_PERSON, 7000, 0, 0);
  struct pacer_orders o;
  const struct pacer_view v = view_at(8000);
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.why.waiting, 1);
  tell(p, PACER_CALL_ABANDONED, 9000, 0, 0);
  pacer_decide(p, &v, &o);
  ck_assert_uint_eq(o.why.live, 1);
  ck_assert_uint_eq(o.why.abandoned, 1);
  pacer_destroy(p);
}
END_TEST

START_TEST(unknown_duplicate_and_late_events_change_nothing_but_the_counter) {
  struct pacer *p = with_ready(PACER_PROGRESSIVE, 3);
  tell(p, PACER_CALL_LAUNCHED, 1000, 0, 0);
  tell(p, PACER_CALL_RINGING, 3000, 0, 0);
  ck_assert_uint_eq(ask(p, 4000), 2);
  ck_assert_uint_eq(pacer_ignored(p), 0);
  uint64_t expected = 0;
  tell(p, PACER_CALL_LAUNCHED, 4000, 0, 0), expected++;  /* already launched */
  tell(p, PACER_CALL_RINGING, 4000, 0, 0), expected++;   /* already ringing */
  tell(p, PACER_CALL_ANSWERED, 2000, 0, 0), expected++;  /* before it rang */
  tell(p, PACER_CALL_CONNECTED, 4000, 0, 0), expected++; /* not answered */
  tell(p, PACER_CALL_ABANDONED, 4000, 7, 0), expected++; /* no such call */
  tell(p, PACER_CALL_ENDED, 4000, 9, 0), expected++;     /* no such call */
  tell(p, PACER_CALL_ENDED, 4000, 256, 0), expected++;   /* out of bounds */
  tell(p, PACER_CALL_LAUNCHED, 4000, UINT32_MAX, 0), expected++;
  tell(p, PACER_AGENT_READY, 4000, 0, 2), expected++;   /* is ready */
  tell(p, PACER_AGENT_READY, 4000, 0, 20), expected++;  /* never logged in */
  tell(p, PACER_AGENT_LOGOUT, 4000, 0, 99), expected++; /* out of bounds */
  tell(p, PACER_AGENT_LOGIN, 4000, 0, 0), expected++;   /* is logged in */
  tell(p, PACER_AGENT_MACHINE, 4000, 0, 0), expected++; /* met nobody */
  tell(p, PACER_EVENT_COUNT, 4000, 0, 0), expected++;
  tell(p, (enum pacer_event_kind)1000000, 4000, 0, 0), expected++;
  tell(p, PACER_AGENT_PAUSED, -5, 0, 0), expected++;
  tell(p, PACER_AGENT_PAUSED, INT64_MAX, 0, 0), expected++; /* a stamp from another age */
  ck_assert_uint_eq(pacer_ignored(p), expected);
  ck_assert_uint_eq(ask(p, 4000), 2);
  ck_assert_uint_eq(ask(p, 1), 2); /* the clock stepped back */
  ck_assert_uint_eq(pacer_ignored(p), expected + 1);
  pacer_destroy(p);
}
END_TEST

START_TEST(no_call_is_given_up_before_it_rang_for_the_legal_time) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 2);
  pacer_set_account(p, 0, 100000);
  for (uint32_t c = 0; c < 6; c++) tell(p, PACER_CALL_LAUNCHED, 1000, c, 0);
  for (uint32_t c = 0; c < 5; c++) tell(p, PACER_CALL_RINGING, 6000 + 1000 * c, c, 0); /* call 5 never rings */
  for (uint32_t a = 0; a < 2; a++) tell(p, PACER_AGENT_TALKING, 12000, 0, a);
  uint32_t seen = 0;
  for (int64_t t = 12000; t < 60000; t += 500) {
    struct pacer_orders o;
    const struct pacer_view v = view_at(t);
    pacer_decide(p, &v, &o);
    for (uint32_t i = 0; i < o.give_up_count; i++) {
      const uint32_t c = o.give_up[i];
      ck_assert_uint_lt(c, 5);
      ck_assert_int_ge(t, 6000 + 1000 * c + 15000);
      seen++;
    }
  }
  ck_assert_uint_eq(seen, 5); /* each once */
  pacer_destroy(p);
}
END_TEST

START_TEST(a_call_that_was_given_up_says_nothing_of_when_calls_end_by_themselves) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 2);
  double before[2] = {0, 0}, after[2] = {0, 0};
  pacer_set_account(p, 0, 100000);
  for (uint32_t c = 0; c < 6; c++) tell(p, PACER_CALL_LAUNCHED, 1000, c, 0), tell(p, PACER_CALL_RINGING, 3000, c, 0);
  for (uint32_t a = 0; a < 2; a++) tell(p, PACER_AGENT_TALKING, 12000, 0, a);
  for (unsigned i = 0; i < EST_AGES; i++) before[0] += p->est.other[i], before[1] += p->est.at_risk[i];
  uint32_t seen = 0, gone = 0;
  for (int64_t t = 12000; t < 30000; t += 500) {
    struct pacer_orders o;
    const struct pacer_view v = view_at(t);
    pacer_decide(p, &v, &o);
    for (uint32_t i = 0; i < o.give_up_count; i++) tell(p, PACER_CALL_ENDED, t + 200, o.give_up[i], 0), seen++;
  }
  for (uint32_t c = 0; seen == 6 && c < 6; c++) gone += p->calls[c].state == PC_FREE;
  for (unsigned i = 0; i < EST_AGES; i++) after[0] += p->est.other[i], after[1] += p->est.at_risk[i];
  ck_assert_uint_eq(gone, 6);
  ck_assert_double_eq_tol(after[0], before[0], 1e-9); /* no end was seen, */
  ck_assert_double_gt(after[1], before[1] + 20);      /* and the time that passed without an answer counts */
  tell(p, PACER_CALL_LAUNCHED, 31000, 7, 0), tell(p, PACER_CALL_RINGING, 33000, 7, 0), tell(p, PACER_CALL_ENDED, 52000, 7, 0);
  after[0] = 0;
  for (unsigned i = 0; i < EST_AGES; i++) after[0] += p->est.other[i];
  ck_assert_double_gt(after[0], before[0] + 0.9); /* one that rang out is an end */
  pacer_destroy(p);
}
END_TEST

START_TEST(bad_params_are_refused) {
  struct pacer_params q = params_of(PACER_PREDICTIVE);
  q.limit_bp = 0;
  ck_assert_ptr_null(pacer_create(&q));
  q = params_of(PACER_RATIO), q.ratio_x100 = 0;
  ck_assert_ptr_null(pacer_create(&q));
  q = params_of(PACER_PREDICTIVE), q.min_ring_ms = 14999;
  ck_assert_ptr_null(pacer_create(&q));
  q = params_of(PACER_PREDICTIVE), q.max_agents = 0;
  ck_assert_ptr_null(pacer_create(&q));
  q = params_of((enum pacer_mode)9);
  ck_assert_ptr_null(pacer_create(&q));
  ck_assert_ptr_null(pacer_create(NULL));
  struct pacer *p = with_ready(PACER_PROGRESSIVE, 1);
  q = params_of(PACER_PREDICTIVE), q.limit_bp = 0;
  ck_assert_int_lt(pacer_set(p, &q), 0);
  q.limit_bp = 200;
  ck_assert_int_eq(pacer_set(p, &q), 0);
  ck_assert_ptr_null(pacer_destroy(p));
  ck_assert_ptr_null(pacer_destroy(NULL));
}
END_TEST

/* A stream of hostile events from a small generator of its own. */
static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static uint64_t storm(struct pacer *p, uint64_t seed, int steps) {
  uint64_t hash = 1469598103934665603u, state = seed;
  int64_t now = 0;
  for (int i = 0; i < steps; i++) {
    const uint32_t dice = next_random(&state);
    now += dice % 700;
    const int64_t jitter = dice % 50 == 0 ? -5000 : dice % 51 == 0 ? 100000 : 0;
    pacer_event(p, &(struct pacer_event){.kind = (enum pacer_event_kind)(next_random(&state) % (PACER_EVENT_COUNT + 1)),
                                         .at_ms = now + jitter,
                                         .call = next_random(&state) % 40,
                                         .agent = next_random(&state) % 40,
                                         .segment = (uint16_t)(next_random(&state) % 20),
                                         .inbound = dice % 3 == 0});
    if (dice % 4) continue;
    struct pacer_orders o;
    struct pacer_view v = view_at(now + (dice % 97 == 0 ? -90000 : 0));
    v.lines_free = next_random(&state) % 60;
    v.end_in_ms = dice % 5 ? (int64_t)(dice % 1000) * 1000 : 0;
    v.inbound_waiting = dice % 7 == 0 ? dice % 11 : 0;
    pacer_decide(p, &v, &o);
    ck_assert_uint_le(o.launch, v.lines_free);
    ck_assert_uint_le(o.launch, v.contacts);
    ck_assert_uint_le(o.give_up_count, PACER_GIVE_UP_MAX);
    ck_assert_uint_le(o.why.risk_bp, 10000);
    ck_assert_uint_le(o.why.answer_bp, 10000);
    ck_assert_uint_le(o.why.abandoned, o.why.live);
    ck_assert_uint_lt(o.why.bound, PACER_BOUND_COUNT);
    hash = (hash ^ o.launch ^ (uint64_t)o.why.risk_bp << 20 ^ (uint64_t)o.why.allowed_bp << 40) * 1099511628211u;
  }
  return hash;
}

START_TEST(a_storm_of_hostile_events_stays_bounded_and_is_repeatable) {
  for (int mode = PACER_PREVIEW; mode <= PACER_MANUAL; mode++) {
    uint64_t hashes[2];
    for (int i = 0; i < 2; i++) {
      struct pacer *p = with_ready((enum pacer_mode)mode, 12);
      hashes[i] = storm(p, 42 + (uint64_t)mode, 60000);
      ck_assert_uint_gt(pacer_ignored(p), 1000);
      pacer_destroy(p);
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
  }
}
END_TEST

START_TEST(after_create_nothing_is_allocated) {
  struct pacer *p = with_ready(PACER_PREDICTIVE, 12);
  const size_t before = mallinfo2().uordblks;
  storm(p, 7, 20000);
  ck_assert_uint_eq(mallinfo2().uordblks, before);
  pacer_destroy(p);
}
END_TEST

START_TEST(after_a_lost_caller_the_next_launch_may_risk_less_than_after_a_served_one) {
  uint32_t allowed[2];
  for (int lost = 0; lost < 2; lost++) {
    struct pacer *p = with_ready(PACER_PREDICTIVE, 4);
    pacer_set_account(p, 27, 1000);
    int64_t t = 1000;
    for (uint32_t i = 0; i < 20; i++) ask(p, t), t = one_talk(p, t, 0, 0);
    tell(p, PACER_CALL_LAUNCHED, t, 1, 0);
    tell(p, PACER_CALL_ANSWERED, t + 5000, 1, 0);
    tell(p, PACER_CALL_PERSON, t + 6000, 1, 0);
    tell(p, lost ? PACER_CALL_ABANDONED : PACER_CALL_CONNECTED, t + 8000, 1, NOBODY);
    tell(p, PACER_CALL_ENDED, t + 9000, 1, 0);
    struct pacer_orders o;
    const struct pacer_view v = view_at(t + 9000);
    pacer_decide(p, &v, &o);
    allowed[lost] = o.why.allowed_bp;
    pacer_destroy(p);
  }
  ck_assert_uint_lt(allowed[1], allowed[0]);
}
END_TEST

START_TEST(a_hundred_thousand_losses_under_another_mode_leave_the_forecast_sane) {
  struct pacer *p = with_ready(PACER_RATIO, 4);
  for (int64_t i = 0; i < 100000; i++) {
    tell(p, PACER_CALL_LAUNCHED, i, 0, 0);
    tell(p, PACER_CALL_ANSWERED, i, 0, 0);
    tell(p, PACER_CALL_ABANDONED, i, 0, NOBODY);
    tell(p, PACER_CALL_ENDED, i, 0, 0);
  }
  struct pacer_params q = params_of(PACER_PREDICTIVE);
  ck_assert_int_eq(pacer_set(p, &q), 0);
  pacer_set_account(p, 0, 100000);
  const uint32_t launches = ask(p, 100000);
  ck_assert_uint_ge(launches, 1); /* the first call beside a ready agent risks nothing */
  ck_assert_uint_lt(launches, 100);
  tell(p, PACER_CALL_LAUNCHED, 100000, 1, 0);
  struct pacer_orders o;
  const struct pacer_view v = view_at(101000);
  pacer_decide(p, &v, &o);
  ck_assert_uint_gt(o.why.allowed_bp, 0);
  ck_assert_uint_le(o.why.allowed_bp, 10000);
  pacer_destroy(p);
}
END_TEST

START_TEST(every_bound_has_a_name) {
  for (int b = 0; b < PACER_BOUND_COUNT; b++) ck_assert_str_ne(pacer_bound_name((enum pacer_bound)b), "unknown");
  ck_assert_str_eq(pacer_bound_name((enum pacer_bound)99), "unknown");
}
END_TEST

int main(void) {
  Suite *s = suite_create("pacer");
  TCase *t = tcase_create("modes");
  tcase_add_test(t, preview_and_manual_launch_nothing_by_themselves);
  tcase_add_test(t, progressive_keeps_calls_in_flight_at_ready_agents);
  tcase_add_test(t, progressive_never_launches_without_a_ready_agent);
  tcase_add_test(t, ratio_dials_its_ratio_while_the_account_has_credit_and_progressive_after);
  tcase_add_test(t, an_overspent_account_makes_predictive_progressive);
  tcase_add_test(t, with_credit_predictive_dials_more_than_it_has_agents);
  tcase_add_test(t, predictive_does_not_dial_into_a_floor_that_stays_busy);
  tcase_add_test(t, nobody_logged_in_means_no_launch_in_any_mode);
  tcase_add_test(t, closed_hours_lines_rate_and_list_each_bind_and_are_named);
  tcase_add_test(t, abandoned_calls_and_early_hang_ups_both_spend_the_budget);
  tcase_add_test(t, a_caller_whose_agent_was_lost_waits_again_and_is_one_live_answer);
  tcase_add_test(t, calls_that_nobody_answers_do_not_thin_the_rate);
  tcase_add_test(t, predictive_says_that_the_rate_the_lines_or_the_list_held_it_back);
  tcase_add_test(t, windows_turn_and_classes_at_the_close_correct_the_account);
  tcase_add_test(t, more_inbound_callers_reserve_more_agents_and_none_reserve_none);
  tcase_add_test(t, the_trace_tells_each_second_once_with_the_decision_that_launched);
  tcase_add_test(t, unknown_duplicate_and_late_events_change_nothing_but_the_counter);
  tcase_add_test(t, no_call_is_given_up_before_it_rang_for_the_legal_time);
  tcase_add_test(t, a_call_that_was_given_up_says_nothing_of_when_calls_end_by_themselves);
  tcase_add_test(t, bad_params_are_refused);
  tcase_add_test(t, a_storm_of_hostile_events_stays_bounded_and_is_repeatable);
  tcase_add_test(t, after_create_nothing_is_allocated);
  tcase_add_test(t, after_a_lost_caller_the_next_launch_may_risk_less_than_after_a_served_one);
  tcase_add_test(t, a_hundred_thousand_losses_under_another_mode_leave_the_forecast_sane);
  tcase_add_test(t, every_bound_has_a_name);
  tcase_set_timeout(t, 300);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
