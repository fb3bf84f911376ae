/* Every figure of every report, counted again by a script that shares no code with the product, from exported JSON lines
 * alone, over months of random calls: before and after the months are archived; and identities between the reports. */
#include "harness.h"
#include <cadencia/err.h>
#include <cadencia/ids.h>
#include <campaigns/heard.h>
#include <campaigns/queues.h>
#include <campaigns/report.h>
#include <campaigns/store.h>
#include <jansson.h>
#include <stdlib.h>

enum { PEOPLE = 500, AGENTS = 3, STEPS = 70, BATCH = 12 };
static const int64_t BEGAN_MS = 1735740000000; /* 2025-01-01T14:00Z, months ago whenever this runs */
static uint64_t seed = 88172645463325252ull, agents[AGENTS], campaigns[2], queues[2];
static struct id_maker ids;

static unsigned below(unsigned n) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (unsigned)(seed % n);
}

static void campaign(struct store *s, int i, const char *name, const char *country) {
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .purpose = "survey", .trunk = "carrier", .seller = "acme"};
  snprintf(d.country, sizeof d.country, "%s", country);
  snprintf(d.terms.name, sizeof d.terms.name, "%s", name);
  d.terms.mode = PACING_PREDICTIVE;
  d.terms.limit_bp = 300;
  d.terms.ring_ms = 25000;
  d.terms.max_wait_ms = 2000;
  d.terms.caller_id = 12025550100;
  for (int k = 0; k < 7; k++) d.gate.hours.close[k] = 1440;
  d.gate.attempts_max = 8;
  d.gate.attempts_window_ms = 86400000;
  d.retry = (struct retry_table){.rules = {{OUTCOME_BUSY, 300000, 30}, {OUTCOME_NO_ANSWER, 3600000, 30}}, .count = 2};
  ck_assert_int_ge(store_campaign_put(s, &d), 0);
  campaigns[i] = d.terms.id;
  uint64_t job, seen;
  ck_assert_int_ge(store_import_begin(s, name, "list.csv", (struct wall){BEGAN_MS}, &job), 0);
  for (uint64_t k = 0; k < PEOPLE; k++) {
    struct contact_row row = {.phone = 12025000000 + 1000003 * k % 9999999, .name = "Ana"};
    uint8_t result;
    ck_assert_int_ge(store_import_rows(s, job, &row, 1, &result), 0);
  }
  ck_assert_int_ge(store_import_finish(s, job, &seen), 0);
}

static void agent_row(struct store *s, uint64_t agent, uint64_t attempt, uint8_t state, struct wall from, int64_t ms) {
  static const char *const REASONS[] = {"", "BREAK", "LUNCH"};
  struct mail_store_agent_log a = {.agent_id = agent, .attempt_id = attempt, .state = state, .from = from, .to = wall_add(from, ms)};
  if (state == AGENT_PAUSED) snprintf(a.reason, sizeof a.reason, "%s", REASONS[below(3)]);
  ck_assert_int_ge(store_agent_log(s, &a), 0);
}

static void close_one(struct store *s, uint64_t id, struct wall at) {
  static const uint8_t PLAIN[] = {OUTCOME_NO_ANSWER, OUTCOME_BUSY,           OUTCOME_REJECTED,   OUTCOME_UNWANTED,
                                  OUTCOME_BLOCKED,   OUTCOME_INVALID_NUMBER, OUTCOME_CONGESTION, OUTCOME_CANCELLED,
                                  OUTCOME_FAILED,    OUTCOME_MACHINE,        OUTCOME_SCREENING,  OUTCOME_FAX,
                                  OUTCOME_DEAD_AIR,  OUTCOME_EARLY_HANGUP,   OUTCOME_ABANDONED,  OUTCOME_MESSAGE_LEFT};
  static const char *const CODES[] = {"SALE", "NI", "CALLBK", "A", "LM", "DNC", "WN", "BK", "ATTY", "VENTA", "ZZZ", "DC", "DAIR"};
  struct mail_store_close c = {.attempt_id = id, .ended_by = ENDED_BY_CALLEE, .sip_code = 480, .q850 = 19};
  uint64_t agent = agents[below(AGENTS)];
  if (below(8)) c.ringing = wall_add(at, 300 + below(4000));
  if (below(100) < 45) {
    c.outcome = PLAIN[below(sizeof PLAIN)];
    const bool judged = c.outcome == OUTCOME_MACHINE || c.outcome == OUTCOME_MESSAGE_LEFT;
    bool answered = judged || c.outcome == OUTCOME_SCREENING || c.outcome == OUTCOME_FAX || c.outcome == OUTCOME_DEAD_AIR ||
                    c.outcome == OUTCOME_ABANDONED || c.outcome == OUTCOME_EARLY_HANGUP;
    if (answered) c.answered = wall_add(at, 5000 + below(9000)), c.sip_code = 200;
    if (judged) c.verdict = VERDICT_MACHINE;
    if (answered && below(2)) c.greeting_end = wall_add(c.answered, 400 + below(900));
    c.abandoned = c.outcome == OUTCOME_ABANDONED, c.early_hangup = c.outcome == OUTCOME_EARLY_HANGUP;
    c.ended = wall_add(at, 20000 + below(9000));
  } else {
    c.outcome = OUTCOME_CONNECTED, c.sip_code = 200, c.agent_id = agent;
    c.answered = wall_add(at, 5000 + below(9000));
    if (below(4)) c.greeting_end = wall_add(c.answered, 400 + below(900));
    c.bridged = wall_add(c.answered, 500 + below(2500));
    c.talk_ms = 3000 + below(90000);
    c.ended = c.agent_end = wall_add(c.bridged, c.talk_ms);
  }
  store_set_clock(s, c.ended);
  ck_assert_int_ge(store_attempt_close(s, &c), 0);
  if (c.verdict == VERDICT_MACHINE && below(3) == 0)
    ck_assert_int_ge(store_label_put(s, id, below(5) ? VERDICT_MACHINE : VERDICT_PERSON, "person", c.ended), 0);
  if (c.outcome != OUTCOME_CONNECTED) return;
  agent_row(s, agent, 0, AGENT_READY, wall_add(at, -9000), 9000 + below(4000));
  agent_row(s, agent, id, AGENT_RESERVED, wall_add(c.bridged, -700), 700);
  agent_row(s, agent, id, AGENT_TALKING, c.bridged, c.talk_ms);
  agent_row(s, agent, id, AGENT_WRAPUP, c.ended, 2000 + below(9000));
  if (below(6) == 0) agent_row(s, agent, 0, AGENT_PAUSED, c.ended, 60000);
  for (unsigned n = below(3); n > 0; n--) {
    struct mail_store_dispose d = {
        .attempt_id = id, .agent_id = agent, .wrapup_ms = 1000 + below(20000), .at = wall_add(c.ended, 4000 + n)};
    const char *code = CODES[below(sizeof CODES / sizeof CODES[0])];
    memcpy(d.code, code, strlen(code));
    ck_assert_int_ge(store_dispose(s, &d), 0);
  }
}

/* Somebody calls us: served after a while, or gone before. */
static void come_in(struct store *s, uint64_t queue, struct now now) {
  struct mail_store_arrive req = {
      .attempt_id = id_next(&ids, now.wall), .queue_id = queue, .from = 12025000000 + below(9999999), .did = 12025550188, .at = now.wall};
  struct mail_store_arrived in;
  store_set_clock(s, now.wall);
  ck_assert_int_ge(store_arrive(s, &req, "carrier", now, &in), 0);
  struct mail_store_close c = {.attempt_id = req.attempt_id, .queue_id = queue, .sip_code = 200, .ended_by = ENDED_BY_CALLEE};
  c.answered = now.wall;
  c.queued_ms = below(40000);
  c.ended = wall_add(now.wall, c.queued_ms);
  c.outcome = OUTCOME_EARLY_HANGUP, c.queue_end = QUEUE_END_LEFT;
  if (below(3)) {
    c.outcome = OUTCOME_CONNECTED, c.queue_end = QUEUE_END_SERVED, c.agent_id = agents[below(AGENTS)];
    c.bridged = c.ended, c.talk_ms = 5000 + below(60000);
    c.ended = c.agent_end = wall_add(c.bridged, c.talk_ms);
  }
  store_set_clock(s, c.ended);
  ck_assert_int_ge(store_attempt_close(s, &c), 0);
}

static void records(struct store *s) {
  campaign(s, 1, "otoño", "GB"); /* noted as started after its calls */
  store_set_clock(s, (struct wall){BEGAN_MS});
  campaign(s, 0, "spring", "US");
  struct disposition_def own = {.code = "VENTA",
                                .name = "venta",
                                .category = CATEGORY_CONVERSION,
                                .effect = EFFECT_FINISHES,
                                .human = true,
                                .right_party = true,
                                .conversion = true,
                                .agents = true};
  ck_assert_int_ge(store_disposition_put(s, "spring", &own), 0);
  for (int i = 0; i < AGENTS; i++) {
    struct agent_def a = {.campaign = "spring"};
    snprintf(a.a.name, sizeof a.a.name, "agent%d", i);
    snprintf(a.a.uri, sizeof a.a.uri, "sip:a%d@127.0.0.1", i);
    ck_assert_int_ge(store_agent_put(s, &a), 0);
    agents[i] = a.a.agent_id;
  }
  for (int k = 0; k < 2; k++) {
    struct queue_def q = {.terms = {.timeout_ms = 60000, .places = 5, .service_ms = 20000}};
    snprintf(q.terms.name, sizeof q.terms.name, "queue%d", k);
    snprintf(q.campaign, sizeof q.campaign, "%s", k ? "otoño" : "spring");
    snprintf(q.language, sizeof q.language, "en");
    ck_assert_int_ge(store_queue_put(s, &q), 0);
    queues[k] = q.terms.id;
  }
  for (int step = 0; step < STEPS; step++)
    for (int k = 0; k < 2; k++) {
      struct now now = {{1000000 + step * 5000000ll}, {BEGAN_MS + step * 130000000ll}};
      struct lease l[BATCH];
      struct mail_store_want want = {campaigns[k], BATCH};
      struct mail_store_lease_end end;
      store_set_clock(s, now.wall);
      int n = store_lease(s, &want, now, l, &end);
      for (int i = 0; i < n; i++) {
        struct mail_store_open o = {
            .attempt_id = id_next(&ids, now.wall), .lease = l[i], .caller_id = 12025550100 + below(3), .started = now.wall};
        struct mail_store_opened reply;
        bool opened = false;
        store_set_clock(s, now.wall);
        ck_assert_int_ge(store_attempt_open(s, &o, now, &reply, &opened), 0);
        if (opened) close_one(s, o.attempt_id, now.wall);
      }
      for (unsigned i = below(4); i > 0; i--) come_in(s, queues[k], (struct now){{now.mono.ms + 900000}, wall_add(now.wall, 900000 + i)});
    }
}

static int shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *fmt, ...) {
  char command[1500];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(command, sizeof command, fmt, ap);
  va_end(ap);
  return system(command);
}

static void setup(void) {
  home_make();
  ck_assert_int_eq(mkdir(scratch_path("state"), 0700), 0);
  struct store_options opt = {.path = scratch_path("state/cadencia.db"), .share_dir = SOURCE_DIR "/etc", .fast = true, .rules_dir = ""};
  struct store *s = NULL;
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  ids = (struct id_maker){0, store_last_id(s)};
  records(s);
  store_close(s);
}
static void teardown(void) { home_remove(); }

static void save(const char *name) { write_text(name, said_out); }

/* All reports as JSON, all rows as JSON lines; then the witness. */
static void recount(void) {
  static const char *const KINDS[] = {"outbound", "hourly", "best_time", "trunks", "numbers",     "detector",
                                      "inbound",  "agents", "pauses",    "lists",  "abandonment", "queues"};
  static const char *const ROWS[] = {"calls", "agents", "contacts", "campaigns", "callers"};
  char name[64];
  for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    EXPECT(0, "export", ROWS[i], "--format", "jsonl");
    snprintf(name, sizeof name, "%s.jsonl", ROWS[i]);
    save(name);
  }
  for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
    EXPECT(0, "report", KINDS[i], "--json");
    snprintf(name, sizeof name, "%s.json", KINDS[i]);
    save(name);
  }
  ck_assert_int_eq(shell("python3 -B %s/tests/support/recount.py %s", SOURCE_DIR, home_dir), 0);
  ck_assert_int_eq(shell("python3 -B %s/tests/support/identities.py %s", SOURCE_DIR, home_dir), 0);
}

/* Every kind of report is among those that are counted again. */
START_TEST(no_report_is_left_out) {
  size_t n;
  const struct report_kind *k = report_kinds(&n);
  ck_assert_uint_eq(n, 10);
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(shell("grep -q '^KINDS = .*\"%s\"' %s/tests/support/recount.py", k[i].name, SOURCE_DIR) == 0, "%s", k[i].name);
}
END_TEST

START_TEST(the_columns_of_the_call_log_are_those_of_the_documentation) {
  EXPECT(0, "export", "calls", "--until", "2020-01-01");
  said_out[strcspn(said_out, "\n")] = '\0';
  ck_assert_int_eq(shell("grep -qxF '`%s`' %s/docs/commands.md", said_out, SOURCE_DIR), 0);
}
END_TEST

START_TEST(every_figure_is_what_the_rows_say_also_when_months_are_archived) {
  recount();
  ck_assert_int_eq(shell("cd %s && test $(wc -l < calls.jsonl) -gt 500 && cp calls.jsonl before.jsonl", home_dir), 0);
  EXPECT(0, "archive", "--days", "150", "--yes");
  SAYS(said_out, "2025-01:");
  EXPECT(0, "verify");
  recount();
  ck_assert_int_eq(shell("cd %s && sort before.jsonl > a && sort calls.jsonl > b && cmp a b", home_dir), 0);
  EXPECT(0, "archive");
  SAYS(said_out, "whole");
  static const char *const LIES[] = {"s/\"outcome\":\"busy\"/\"outcome\":\"connected\"/", "s/\"live\":true/\"live\":false/",
                                     "s/\"talk_ms\":./\"talk_ms\":9/", "s/\"label\":\"person\"/\"label\":\"machine\"/"};
  for (int i = 0; i < 4; i++) /* the witness can say no */
    ck_assert_int_ne(shell("cd %s && sed '%s' calls.jsonl > lie.jsonl && python3 -B %s/tests/support/recount.py . lie.jsonl >/dev/null",
                           home_dir, LIES[i], SOURCE_DIR),
                     0);
  ck_assert_int_ne(shell("cd %s && sed -i '0,/\"num\": [1-9]/s//\"num\": 9/' hourly.json && python3 -B %s/tests/support/identities.py . "
                         ">/dev/null",
                         home_dir, SOURCE_DIR),
                   0);
}
END_TEST

START_TEST(callers_by_queue_in_three_forms) {
  EXPECT(0, "report", "queues", "--language", "en");
  SAYS(said_out, "Service level");
  SAYS(said_out, "queue0");
  SAYS(said_out, "TOTAL");
  EXPECT(0, "report", "queues", "--format", "csv", "--language", "es");
  SAYS(said_out, "Cola,Ofrecidas,Atendidas,A tiempo,Colgaron");
  SAYS(said_out, "queue1,");
  EXPECT(0, "report", "queues", "--until", "2001-01-01", "--language", "es");
  SAYS(said_out, "Sin llamantes.");
  EXPECT(1, "report", "queues", "--trunk", "carrier");
  SAYS(said_err, "--since and --until alone");
}
END_TEST

static size_t lines_masked(const char *text) {
  size_t n = 0;
  for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++) n++;
  for (const char *p = text; (p = strstr(p, "\"phone\":\"")) != NULL; p += 9)
    ck_assert_msg(strncmp(p + strcspn(p + 9, "\"") + 9 - 4, "xxxx", 4) == 0, "%.40s", p);
  return n;
}

/* Each figure of each report leads to rows: as many as it counts, none where it counts nothing. */
START_TEST(any_figure_leads_to_its_rows_and_they_are_masked) {
  size_t n, figures = 0, with_rows = 0;
  const struct report_kind *kinds = report_kinds(&n);
  for (size_t i = 0; i < n; i++) {
    char words[1024], *save = NULL;
    EXPECT(0, "report", kinds[i].name, "--json");
    json_t *report = json_loads(said_out, 0, NULL);
    ck_assert_ptr_nonnull(report);
    const json_t *total = json_object_get(json_object_get(report, "total"), "figures");
    snprintf(words, sizeof words, "%s", kinds[i].kpis);
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save), figures++) {
      const json_int_t num = json_integer_value(json_object_get(json_object_get(total, w), "num"));
      const struct kpi *k = kpi_find(w);
      const bool ones = k->num[1] < 0 && !strstr(measure_row((enum measure)k->num[0])->word, "_ms") && k->num[0] != M_LIST_ATTEMPTS;
      EXPECT(0, "report", kinds[i].name, "--rows", w, "--json");
      const size_t rows = lines_masked(said_out);
      with_rows += rows > 0;
      if (ones)
        ck_assert_msg(rows == (size_t)num, "%s %s: %zu rows, %lld counted", kinds[i].name, w, rows, (long long)num);
      else
        ck_assert_msg((rows > 0) == (num > 0), "%s %s: %zu rows of %lld", kinds[i].name, w, rows, (long long)num);
    }
    json_decref(report);
  }
  ck_assert_uint_gt(figures, 100);
  ck_assert_uint_gt(with_rows * 10, figures * 7);
  EXPECT(0, "report", "agents", "--rows", "talking_ms", "--group", "agent1");
  ck_assert_ptr_nonnull(strstr(said_out, ",agent1,"));
  ck_assert_ptr_null(strstr(said_out, ",agent0,"));
}
END_TEST

int main(void) {
  Suite *s = suite_create("figures");
  TCase *t = tcase_create("figures");
  tcase_set_timeout(t, 300);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, no_report_is_left_out);
  tcase_add_test(t, the_columns_of_the_call_log_are_those_of_the_documentation);
  tcase_add_test(t, callers_by_queue_in_three_forms);
  tcase_add_test(t, any_figure_leads_to_its_rows_and_they_are_masked);
  tcase_add_test(t, every_figure_is_what_the_rows_say_also_when_months_are_archived);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
