/* Whole days of a small invented floor: ten agents, a second at a time. */
#include <check.h>
#include <pacing/pacer.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 10, CALLS = 120, DAY_S = 8 * 3600, SCREEN_S = 1, PATIENCE_S = 2, WRAP_S = 15 };

struct world_call {
  bool used, person, offered;
  int answer_s, over_s; /* < 0: is never answered; rings out or fails */
  int rang_s;
};
struct world_agent {
  int state; /* 0 ready, 1 talking, 2 wrap-up */
  int until_s, call;
};
struct day {
  uint64_t state;
  struct pacer *pacer;
  struct world_call calls[CALLS];
  struct world_agent agents[AGENTS];
  int now_s;
  uint64_t live, abandoned, busy_s, early_give_ups;
};

static uint32_t dice(struct day *d, uint32_t below) {
  d->state = d->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(d->state >> 33) % below;
}

static void tell(struct day *d, enum pacer_event_kind kind, int call, int agent) {
  pacer_event(d->pacer,
              &(struct pacer_event){.kind = kind, .at_ms = d->now_s * INT64_C(1000), .call = (uint32_t)call, .agent = (uint32_t)agent});
}

/* A quarter are people who answer after 4 to 16 s, a fifth busy after 2 s, the rest ring out. */
static void launch(struct day *d, uint32_t people_of_1000) {
  for (int i = 0; i < CALLS; i++) {
    struct world_call *c = &d->calls[i];
    if (c->used) continue;
    const uint32_t fate = dice(d, 1000);
    *c = (struct world_call){.used = true, .answer_s = -1, .rang_s = d->now_s + 1};
    if (fate < people_of_1000) c->person = true, c->answer_s = d->now_s + 4 + (int)(dice(d, 7) + dice(d, 7));
    c->over_s = d->now_s + (fate > 800 ? 2 : 24);
    tell(d, PACER_CALL_LAUNCHED, i, 0);
    return;
  }
}

static void end_call(struct day *d, int i) {
  d->calls[i].used = false;
  tell(d, PACER_CALL_ENDED, i, 0);
}

static void step_call(struct day *d, int i) {
  struct world_call *c = &d->calls[i];
  if (!c->used) return;
  if (d->now_s == c->rang_s) tell(d, PACER_CALL_RINGING, i, 0);
  if (!c->person) {
    if (d->now_s >= c->over_s) end_call(d, i);
    return;
  }
  if (d->now_s == c->answer_s) tell(d, PACER_CALL_ANSWERED, i, 0);
  if (d->now_s < c->answer_s + SCREEN_S) return;
  if (!c->offered) tell(d, PACER_CALL_PERSON, i, 0), c->offered = true;
  for (int a = 0; a < AGENTS; a++) {
    if (d->agents[a].state != 0) continue;
    d->live++;
    tell(d, PACER_CALL_CONNECTED, i, a);
    tell(d, PACER_AGENT_TALKING, i, a);
    d->agents[a] = (struct world_agent){.state = 1, .until_s = d->now_s + 20 + (int)(dice(d, 100) + dice(d, 100)), .call = i};
    end_call(d, i);
    return;
  }
  if (d->now_s < c->answer_s + SCREEN_S + PATIENCE_S) return;
  d->live++, d->abandoned++;
  tell(d, PACER_CALL_ABANDONED, i, 0);
  end_call(d, i);
}

static void step_agents(struct day *d) {
  for (int i = 0; i < AGENTS; i++) {
    struct world_agent *a = &d->agents[i];
    if (a->state != 0) d->busy_s++;
    if (a->state == 0 || d->now_s < a->until_s) continue;
    if (a->state == 1) {
      a->state = 2, a->until_s = d->now_s + WRAP_S;
      tell(d, PACER_AGENT_WRAPUP, 0, i);
    } else {
      a->state = 0;
      tell(d, PACER_AGENT_READY, 0, i);
    }
  }
}

static void run_day(struct day *d, enum pacer_mode mode, uint64_t seed, bool end_known) {
  memset(d, 0, sizeof *d);
  d->state = seed * 977 + 5;
  d->pacer = pacer_create(&(struct pacer_params){.mode = mode,
                                                 .limit_bp = 300,
                                                 .min_ring_ms = 15000,
                                                 .max_ring_ms = 24000,
                                                 .max_wait_ms = 2000,
                                                 .max_agents = AGENTS,
                                                 .max_calls = CALLS,
                                                 .screening = true});
  ck_assert_ptr_nonnull(d->pacer);
  for (int a = 0; a < AGENTS; a++) tell(d, PACER_AGENT_LOGIN, 0, a), tell(d, PACER_AGENT_READY, 0, a);
  for (d->now_s = 1; d->now_s < DAY_S; d->now_s++) {
    step_agents(d);
    for (int i = 0; i < CALLS; i++) step_call(d, i);
    /* The answer rate doubles after three hours and halves after five. */
    const uint32_t people = d->now_s < 3 * 3600 ? 250 : d->now_s < 5 * 3600 ? 500 : 125;
    uint32_t in_use = 0;
    for (int i = 0; i < CALLS; i++) in_use += d->calls[i].used;
    struct pacer_orders o;
    pacer_decide(d->pacer,
                 &(struct pacer_view){.now_ms = d->now_s * INT64_C(1000),
                                      .lines_free = CALLS - in_use,
                                      .rate_free = 20,
                                      .contacts = 100,
                                      .hours_open = true,
                                      .end_in_ms = end_known ? (DAY_S - d->now_s) * INT64_C(1000) : 0},
                 &o);
    for (uint32_t i = 0; i < o.give_up_count; i++) {
      struct world_call *c = &d->calls[o.give_up[i]];
      if (d->now_s - c->rang_s < 15) d->early_give_ups++;
      if (c->used) end_call(d, (int)o.give_up[i]);
    }
    while (o.launch--) launch(d, people);
  }
  ck_assert_uint_eq(pacer_ignored(d->pacer), 0);
  d->pacer = pacer_destroy(d->pacer);
}

START_TEST(every_day_keeps_three_percent_through_two_shocks) {
  struct day d;
  run_day(&d, PACER_PREDICTIVE, (uint64_t)_i + 1, true);
  ck_assert_uint_gt(d.live, 1000);
  ck_assert_uint_gt(d.abandoned, d.live / 100); /* and the budget is used, not hoarded */
  ck_assert_uint_le(100 * d.abandoned, 3 * d.live);
  ck_assert_uint_eq(d.early_give_ups, 0);
}
END_TEST

START_TEST(a_day_whose_end_is_unknown_keeps_it_too) {
  struct day d;
  run_day(&d, PACER_PREDICTIVE, (uint64_t)_i + 1, false);
  ck_assert_uint_le(100 * d.abandoned, 3 * d.live);
}
END_TEST

START_TEST(predictive_keeps_agents_busier_than_progressive) {
  struct day predictive, progressive;
  run_day(&predictive, PACER_PREDICTIVE, (uint64_t)_i + 1, true);
  run_day(&progressive, PACER_PROGRESSIVE, (uint64_t)_i + 1, true);
  ck_assert_uint_gt(predictive.busy_s * 100, progressive.busy_s * 115);
}
END_TEST

START_TEST(the_same_day_is_the_same_run) {
  struct day a, b;
  run_day(&a, PACER_PREDICTIVE, 9, true);
  run_day(&b, PACER_PREDICTIVE, 9, true);
  ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

int main(void) {
  Suite *s = suite_create("day");
  TCase *t = tcase_create("floor");
  tcase_add_loop_test(t, every_day_keeps_three_percent_through_two_shocks, 0, 4);
  tcase_add_loop_test(t, a_day_whose_end_is_unknown_keeps_it_too, 0, 2);
  tcase_add_loop_test(t, predictive_keeps_agents_busier_than_progressive, 0, 2);
  tcase_add_test(t, the_same_day_is_the_same_run);
  tcase_set_timeout(t, 400);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
