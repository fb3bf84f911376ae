/* Two pacers live the same day; one also hears what cannot be: it must decide as the other does. */
#include <check.h>
#include <pacing/pacer.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 6, CALLS = 60 };

struct twins {
  struct pacer *quiet, *loud;
  uint64_t dice, lies;
  uint8_t call[CALLS],
      agent[AGENTS]; /* 0 free or paused, 1 launched or ready, 2 ringing or talking, 3 answered or wrap-up, 4 waiting, 5 connected */
  int64_t launched_ms[CALLS];
};

static uint32_t dice(struct twins *t, uint32_t below) {
  t->dice = t->dice * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(t->dice >> 33) % below;
}

static void both(struct twins *t, enum pacer_event_kind kind, int64_t at_ms, uint32_t call, uint32_t agent) {
  const struct pacer_event e = {.kind = kind, .at_ms = at_ms, .call = call, .agent = agent};
  pacer_event(t->quiet, &e);
  pacer_event(t->loud, &e);
}

/* An event that does not fit: unknown ids, wrong states, the past, a clock far ahead, kinds that are none. */
static void lie(struct twins *t, int64_t now_ms) {
  struct pacer_event e = {.at_ms = now_ms, .call = dice(t, CALLS), .agent = dice(t, AGENTS), .closed = (uint8_t)dice(t, 256)};
  switch (dice(t, 8)) {
  case 0: e.kind = (enum pacer_event_kind)dice(t, PACER_CALL_ENDED + 1), e.call = CALLS + dice(t, 1000000); break;
  case 1: e.kind = (enum pacer_event_kind)(PACER_AGENT_LOGIN + dice(t, 6)), e.agent = AGENTS + dice(t, 1000000); break;
  case 2: e.kind = (enum pacer_event_kind)(PACER_EVENT_COUNT + dice(t, 1000)); break;
  case 3: e.kind = (enum pacer_event_kind)dice(t, PACER_EVENT_COUNT), e.at_ms = now_ms + 700000 + dice(t, 1u << 30); break;
  case 4: e.kind = (enum pacer_event_kind)dice(t, PACER_EVENT_COUNT), e.at_ms = -1 - (int64_t)dice(t, 1000); break;
  case 5: /* an answered call cannot ring, a ringing one is launched already */
    e.kind = t->call[e.call] >= 3 ? PACER_CALL_RINGING : t->call[e.call] > 0 ? PACER_CALL_LAUNCHED : PACER_CALL_ANSWERED;
    break;
  case 6: e.kind = t->call[e.call] == 0 ? PACER_CALL_ENDED : PACER_CALL_LAUNCHED; break;
  default: e.kind = PACER_AGENT_LOGIN; break; /* everybody is logged in */
  }
  pacer_event(t->loud, &e);
  t->lies++;
}

static void live(struct twins *t, int64_t now_ms) {
  for (uint32_t c = 0; c < CALLS; c++) {
    if (t->call[c] == 1 && dice(t, 2) == 0)
      both(t, PACER_CALL_RINGING, now_ms, c, 0), t->call[c] = 2;
    else if (t->call[c] == 2 && dice(t, 30) == 0)
      both(t, PACER_CALL_ANSWERED, now_ms, c, 0), t->call[c] = 3;
    else if (t->call[c] == 2 && now_ms - t->launched_ms[c] > 22000)
      both(t, PACER_CALL_ENDED, now_ms, c, 0), t->call[c] = 0;
    else if (t->call[c] == 3)
      both(t, PACER_CALL_PERSON, now_ms, c, 0), t->call[c] = 4;
    else if (t->call[c] == 4) {
      uint32_t a = 0;
      while (a < AGENTS && t->agent[a] != 1) a++;
      if (a < AGENTS)
        both(t, PACER_CALL_CONNECTED, now_ms, c, a), both(t, PACER_AGENT_TALKING, now_ms, c, a), t->agent[a] = 2;
      else
        both(t, PACER_CALL_ABANDONED, now_ms, c, 0);
      both(t, PACER_CALL_ENDED, now_ms, c, 0);
      t->call[c] = 0;
    }
  }
  for (uint32_t a = 0; a < AGENTS; a++) {
    if (t->agent[a] == 2 && dice(t, 40) == 0)
      both(t, PACER_AGENT_WRAPUP, now_ms, 0, a), t->agent[a] = 3;
    else if (t->agent[a] == 3 && dice(t, 8) == 0)
      both(t, PACER_AGENT_READY, now_ms, 0, a), t->agent[a] = 1;
  }
}

START_TEST(what_cannot_be_changes_nothing_but_the_counter) {
  struct twins t = {.dice = (uint64_t)_i + 11};
  const struct pacer_params q = {.mode = PACER_PREDICTIVE,
                                 .limit_bp = 300,
                                 .min_ring_ms = 15000,
                                 .max_ring_ms = 24000,
                                 .max_wait_ms = 2000,
                                 .max_agents = AGENTS,
                                 .max_calls = CALLS,
                                 .screening = true};
  t.quiet = pacer_create(&q), t.loud = pacer_create(&q);
  for (uint32_t a = 0; a < AGENTS; a++) both(&t, PACER_AGENT_LOGIN, 0, 0, a), both(&t, PACER_AGENT_READY, 0, 0, a), t.agent[a] = 1;
  for (int64_t now_ms = 1000; now_ms < 1800000; now_ms += 1000) {
    live(&t, now_ms);
    for (uint32_t n = dice(&t, 6); n > 0; n--) lie(&t, now_ms);
    const struct pacer_view v = {
        .now_ms = now_ms, .lines_free = 40, .rate_free = 20, .contacts = 40, .hours_open = true, .end_in_ms = 3600000};
    struct pacer_orders a, b;
    pacer_decide(t.quiet, &v, &a);
    pacer_decide(t.loud, &v, &b);
    ck_assert_mem_eq(&a, &b, sizeof a);
    for (uint32_t i = 0; i < a.give_up_count; i++) both(&t, PACER_CALL_ENDED, now_ms, a.give_up[i], 0), t.call[a.give_up[i]] = 0;
    for (uint32_t c = 0; c < CALLS && a.launch > 0; c++)
      if (t.call[c] == 0) both(&t, PACER_CALL_LAUNCHED, now_ms, c, 0), t.call[c] = 1, t.launched_ms[c] = now_ms, a.launch--;
  }
  struct pacer_window x[PACER_WINDOWS_MAX], y[PACER_WINDOWS_MAX];
  ck_assert_uint_eq(pacer_windows(t.quiet, x), pacer_windows(t.loud, y));
  ck_assert_mem_eq(&x[0], &y[0], sizeof x[0]);
  ck_assert_uint_gt(x[0].served, 50);
  ck_assert_uint_eq(pacer_ignored(t.quiet), 0);
  ck_assert_uint_eq(pacer_ignored(t.loud), t.lies);
  pacer_destroy(t.quiet);
  pacer_destroy(t.loud);
}
END_TEST

int main(void) {
  Suite *s = suite_create("hostile");
  TCase *t = tcase_create("twins");
  tcase_add_loop_test(t, what_cannot_be_changes_nothing_but_the_counter, 0, 4);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
