/* The call's table, the deadlines and the words of the outcome. */
#include "dialer/floor/floor.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reach[CALL_STATE_COUNT][CALL_STATE_COUNT];

static void close_reach(void) {
  memset(reach, 0, sizeof reach);
  enum call_state from, to;
  enum call_event e;
  int rows = call_fsm_row(-1, NULL, NULL, NULL);
  for (int i = 0; i < rows; i++) {
    call_fsm_row(i, &from, &e, &to);
    reach[from][to] = true;
  }
  for (int k = 0; k < CALL_STATE_COUNT; k++)
    for (int i = 0; i < CALL_STATE_COUNT; i++)
      for (int j = 0; j < CALL_STATE_COUNT; j++) reach[i][j] |= reach[i][k] && reach[k][j];
}

START_TEST(every_state_has_a_way_to_its_end_and_is_reached) {
  close_reach();
  for (int s = CALL_OPENING; s < CALL_STATE_COUNT; s++) {
    ck_assert_msg(reach[s][CALL_FREE], "no way out of %s", call_state_name((enum call_state)s));
    if (s != CALL_OPENING && s != CALL_OFFERED) /* a call begins as ours or as a caller's */
      ck_assert_msg(reach[CALL_OPENING][s] || reach[CALL_OFFERED][s], "%s is never reached", call_state_name((enum call_state)s));
  }
}
END_TEST

START_TEST(no_pair_of_state_and_event_is_listed_twice) {
  bool seen[CALL_STATE_COUNT][CALL_EVENT_COUNT] = {{false}};
  enum call_state from, to;
  enum call_event e;
  int rows = call_fsm_row(-1, NULL, NULL, NULL);
  for (int i = 0; i < rows; i++) {
    call_fsm_row(i, &from, &e, &to);
    ck_assert_msg(!seen[from][e], "%s on %s twice", call_state_name(from), call_event_name(e));
    seen[from][e] = true;
  }
}
END_TEST

START_TEST(every_state_with_a_dialog_ends_when_the_far_side_or_the_worker_goes) {
  for (int s = CALL_DIALING; s <= CALL_ENDING; s++) {
    if (s == CALL_OFFERED) continue; /* no dialog yet: the store's reply closes it, whoever gave up meanwhile */
    bool over = false, lost = false;
    enum call_state from, to;
    enum call_event e;
    int rows = call_fsm_row(-1, NULL, NULL, NULL);
    for (int i = 0; i < rows; i++) {
      call_fsm_row(i, &from, &e, &to);
      over |= (int)from == s && e == EV_OVER && to == CALL_CLOSING;
      lost |= (int)from == s && e == EV_WORKER_LOST;
    }
    ck_assert_msg(over && lost, "%s", call_state_name((enum call_state)s));
  }
}
END_TEST

START_TEST(the_page_of_states_is_printed_from_the_table) {
  FILE *page = fopen(SOURCE_DIR "/docs/call-states.md", "r");
  ck_assert_ptr_nonnull(page);
  char line[256], want[256];
  int row = 0, rows = call_fsm_row(-1, NULL, NULL, NULL);
  bool table = false;
  while (fgets(line, sizeof line, page)) {
    if (strncmp(line, "| --- ", 6) == 0) {
      table = true;
    } else if (table) {
      enum call_state from, to;
      enum call_event e;
      ck_assert_int_lt(row, rows);
      call_fsm_row(row++, &from, &e, &to);
      snprintf(want, sizeof want, "| %s | %s | %s |\n", call_state_name(from), call_event_name(e), call_state_name(to));
      ck_assert_str_eq(line, want);
    }
  }
  fclose(page);
  ck_assert_int_eq(row, rows);
}
END_TEST

START_TEST(deadlines_come_in_order_and_may_move) {
  enum { N = 200 };
  struct timers *t = timers_create(N);
  int64_t when[N];
  srand(42);
  for (uint32_t round = 0; round < 20; round++) {
    for (uint32_t i = 0; i < N; i++) {
      when[i] = 1 + rand() % 1000;
      timers_set(t, i, (struct mono){when[i]});
    }
    for (uint32_t i = 0; i < N; i += 3) {
      when[i] = 1 + rand() % 1000;
      timers_set(t, i, (struct mono){when[i]});
    }
    for (uint32_t i = 1; i < N; i += 7) timers_clear(t, i), when[i] = -1;
    int64_t last = 0;
    uint32_t owner, popped = 0, expected = 0;
    for (uint32_t i = 0; i < N; i++) expected += when[i] > 0 && when[i] <= 600;
    while (timers_pop(t, (struct mono){600}, &owner)) {
      ck_assert_int_ge(when[owner], last);
      last = when[owner];
      when[owner] = -1;
      popped++;
    }
    ck_assert_uint_eq(popped, expected);
    for (uint32_t i = 0; i < N; i++) ck_assert_int_eq(timers_armed(t, i), when[i] > 600);
    for (uint32_t i = 0; i < N; i++) timers_clear(t, i);
    ck_assert_int_eq(timers_next(t).ms, 0);
  }
  timers_destroy(t);
}
END_TEST

START_TEST(causes_become_the_words_of_the_log) {
  ck_assert_int_eq(outcome_of_cause(CAUSE_BUSY, false), OUTCOME_BUSY);
  ck_assert_int_eq(outcome_of_cause(CAUSE_CANCELLED, true), OUTCOME_NO_ANSWER);
  ck_assert_int_eq(outcome_of_cause(CAUSE_CANCELLED, false), OUTCOME_CANCELLED);
  ck_assert_int_eq(outcome_of_cause(CAUSE_UNWANTED, false), OUTCOME_UNWANTED);
  ck_assert_int_eq(outcome_of_cause(CAUSE_BLOCKED, false), OUTCOME_BLOCKED);
  ck_assert_int_eq(outcome_of_cause(CAUSE_REJECTED, false), OUTCOME_REJECTED);
  ck_assert_int_eq(outcome_of_cause(CAUSE_REDIRECTED, false), OUTCOME_FAILED);
  ck_assert_int_eq(outcome_of_cause(CAUSE_WORKER_LOST, false), OUTCOME_INTERRUPTED);
  ck_assert_int_eq(outcome_of_verdict(VERDICT_PERSON), OUTCOME_NONE);
  ck_assert_int_eq(outcome_of_verdict(VERDICT_SIT), OUTCOME_INVALID_NUMBER);
}
END_TEST

int main(void) {
  Suite *s = suite_create("floor");
  TCase *t = tcase_create("floor");
  tcase_add_test(t, every_state_has_a_way_to_its_end_and_is_reached);
  tcase_add_test(t, no_pair_of_state_and_event_is_listed_twice);
  tcase_add_test(t, every_state_with_a_dialog_ends_when_the_far_side_or_the_worker_goes);
  tcase_add_test(t, the_page_of_states_is_printed_from_the_table);
  tcase_add_test(t, deadlines_come_in_order_and_may_move);
  tcase_add_test(t, causes_become_the_words_of_the_log);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
