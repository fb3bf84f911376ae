/* Figures: one place, one formula, the documented one; and they add up. */
#include "dialer/local/local.h"
#include "harness.h"
#include <cadencia/err.h>
#include <campaigns/report.h>
#include <campaigns/store.h>
#include <jansson.h>

static void setup(void) { home_make(); }
static void teardown(void) { home_remove(); }

START_TEST(the_page_of_formulas_is_what_the_code_computes) {
  char path[256], *page = calloc(1, 1 << 17);
  snprintf(path, sizeof path, "%s/docs/kpi.md", SOURCE_DIR);
  FILE *f = fopen(path, "r");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_gt(fread(page, 1, (1 << 17) - 1, f), 1000);
  fclose(f);
  EXPECT(0, "report", "dictionary");
  ck_assert_msg(strstr(page, said_out) != NULL, "docs/kpi.md differs from: cadencia report dictionary");
  free(page);
}
END_TEST

START_TEST(shares_round_half_up_and_nothing_over_nothing_is_a_dash) {
  const struct kpi share = {.unit = KPI_SHARE}, ms = {.unit = KPI_MS}, hour = {.unit = KPI_PER_HOUR};
  char text[KPI_TEXT_BYTES];
  static const struct {
    int64_t num, den;
    const char *text;
  } CASES[] = {{3, 100, "3.00"}, {4, 133, "3.01"}, {1, 3, "33.33"}, {2, 3, "66.67"},  {1, 80000, "0.00"}, {1, 20000, "0.01"},
               {0, 5, "0.00"},   {0, 0, "-"},      {5, 0, "-"},     {7, 7, "100.00"}, {261, 405, "64.44"}};
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    kpi_text(&share, (struct kpi_value){CASES[i].num, CASES[i].den}, text);
    ck_assert_str_eq(text, CASES[i].text);
  }
  kpi_text(&ms, (struct kpi_value){5, 2}, text);
  ck_assert_str_eq(text, "3");
  kpi_text(&hour, (struct kpi_value){3, 7200000}, text);
  ck_assert_str_eq(text, "1.50");
  kpi_text(&hour, (struct kpi_value){1000000, 900000000000000}, text); /* no overflow on the way */
  ck_assert_str_eq(text, "0.00");
}
END_TEST

START_TEST(every_figure_of_every_report_exists_and_every_outcome_is_counted_once) {
  size_t n;
  const struct report_kind *kinds = report_kinds(&n);
  for (size_t i = 0; i < n; i++) {
    char words[1024], *save = NULL;
    snprintf(words, sizeof words, "%s", kinds[i].kpis);
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
      ck_assert_msg(kpi_find(w) != NULL, "%s: %s", kinds[i].name, w);
  }
  for (int outcome = 1; outcome < OUTCOME_COUNT; outcome++) {
    struct call_row r = {.campaign = "c",
                         .seller = "s",
                         .trunk = "t",
                         .agent = "",
                         .category = "",
                         .party = "",
                         .outcome = (uint8_t)outcome,
                         .abandoned = outcome == OUTCOME_ABANDONED};
    int64_t m[MEASURE_COUNT], sum;
    measure_call(&r, m);
    sum = m[M_CONNECTED] + m[M_ABANDONED] + m[M_EARLY] + m[M_MACHINE] + m[M_SCREENING] + m[M_FAX] + m[M_DEAD_AIR] + m[M_NO_ANSWER] +
          m[M_BUSY] + m[M_REJECTED] + m[M_UNWANTED] + m[M_BLOCKED] + m[M_INVALID] + m[M_CONGESTION] + m[M_CANCELLED] + m[M_FAILED] +
          m[M_INTERRUPTED] + m[M_MESSAGE];
    ck_assert_msg(sum == m[M_DIALS] && sum == 1, "outcome %d counts %d times", outcome, (int)sum);
  }
}
END_TEST

START_TEST(an_inbound_call_is_offered_and_never_a_dial) {
  struct call_row r = {.campaign = "c",
                       .seller = "s",
                       .trunk = "t",
                       .agent = "a",
                       .category = "",
                       .party = "",
                       .inbound = true,
                       .started = {100000},
                       .bridged = {120000},
                       .ended = {200000},
                       .outcome = OUTCOME_CONNECTED};
  int64_t m[MEASURE_COUNT];
  measure_call(&r, m);
  ck_assert(m[M_OFFERED] == 1 && m[M_DIALS] == 0 && m[M_IN_ANSWERED_FAST] == 1 && m[M_IN_WAIT_MS] == 20000);
  r.bridged.ms = 0, r.ended.ms = 104999;
  measure_call(&r, m);
  ck_assert(m[M_IN_ABANDONED] == 1 && m[M_IN_ABANDONED_LONG] == 0 && m[M_IN_OFFERED_LONG] == 0);
  r.ended.ms = 105001;
  measure_call(&r, m);
  ck_assert(m[M_IN_ABANDONED_LONG] == 1 && m[M_IN_OFFERED_LONG] == 1);
}
END_TEST

START_TEST(a_wilson_interval_is_the_published_one) {
  int64_t low, high;
  wilson_bp(10, 100, &low, &high); /* Wilson 1927: 5.52 % to 17.44 % */
  ck_assert_int_eq(low, 552);
  ck_assert_int_eq(high, 1744);
  wilson_bp(0, 0, &low, &high);
  ck_assert(low == 0 && high == 10000);
  wilson_bp(0, 10, &low, &high);
  ck_assert(low == 0 && high == 2775);
}
END_TEST

static const struct wall NOON = {1795276800000}; /* 2026-11-21T16:00:00Z */

START_TEST(a_table_of_many_lines_has_them_all) {
  enum { AGENTS = 25 };
  char name[32];
  ck_assert_int_eq(mkdir(scratch_path("state"), 0700), 0);
  struct store_options opt = {.path = scratch_path("state/cadencia.db"), .share_dir = SOURCE_DIR "/etc", .fast = true};
  struct store *s = NULL;
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  store_set_clock(s, NOON);
  struct campaign_def d = {.country = "US", .purpose = "survey", .trunk = "carrier", .seller = "acme"};
  snprintf(d.terms.name, sizeof d.terms.name, "spring");
  d.terms.mode = PACING_PROGRESSIVE;
  d.terms.ring_ms = 20000;
  d.terms.max_wait_ms = 2000;
  d.terms.limit_bp = 300;
  d.terms.caller_id = 12025550100;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  ck_assert_int_ge(store_campaign_put(s, &d), 0);
  for (int i = 0; i < AGENTS; i++) {
    struct agent_def a = {.campaign = "spring"};
    snprintf(a.a.name, sizeof a.a.name, "agent%02d", i);
    snprintf(a.a.uri, sizeof a.a.uri, "sip:a%d@127.0.0.1", i);
    ck_assert_int_ge(store_agent_put(s, &a), 0);
    struct mail_store_agent_log l = {.agent_id = a.a.agent_id, .state = AGENT_READY, .from = NOON, .to = wall_add(NOON, 1000 + i)};
    ck_assert_int_ge(store_agent_log(s, &l), 0);
  }
  store_close(s);
  EXPECT(0, "report", "agents");
  for (int i = 0; i < AGENTS; i++) {
    snprintf(name, sizeof name, "agent%02d", i);
    SAYS(said_out, name);
  }
  SAYS(said_out, "TOTAL");
}
END_TEST

int main(void) {
  Suite *s = suite_create("report");
  TCase *t = tcase_create("figures");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, the_page_of_formulas_is_what_the_code_computes);
  tcase_add_test(t, shares_round_half_up_and_nothing_over_nothing_is_a_dash);
  tcase_add_test(t, every_figure_of_every_report_exists_and_every_outcome_is_counted_once);
  tcase_add_test(t, an_inbound_call_is_offered_and_never_a_dial);
  tcase_add_test(t, a_wilson_interval_is_the_published_one);
  tcase_add_test(t, a_table_of_many_lines_has_them_all);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
