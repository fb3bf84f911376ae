/* Archives by month: nothing is lost, nothing is counted twice, whatever moment the box dies at, and every row is guarded. */
#include "fixture.h"
#include "tests/support/scratch.h"
#include <cadencia/ids.h>
#include <campaigns/months.h>
#include <campaigns/dump.h>
#include <campaigns/evidence.h>
#include <campaigns/person.h>
#include <campaigns/report.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>

static char dir[64], path[128];
static struct verify_report report;
static struct id_maker ids;
static uint64_t agent;
enum { MONTHS = 4, A_DAY = 5, DAYS = 6 };
static const int64_t DAY = 86400000, FIRST_MS = 1767286800000, /* 2026-01-01T17:00Z */ TODAY_MS = 1798822800000; /* 2027-01-01T17:00Z */

static void setup(void) {
  strcpy(dir, scratch_dir());
  snprintf(path, sizeof path, "%s/cadencia.db", dir);
  ids = (struct id_maker){0};
}
static void teardown(void) { scratch_remove(); }

static struct store *open_at(int64_t ms) {
  struct store *s = store_at(path);
  store_set_clock(s, (struct wall){ms});
  return s;
}

static void by_hand(const char *file, const char *sql) {
  char where[128], *why = NULL;
  sqlite3 *db = NULL;
  snprintf(where, sizeof where, "%s/%s", dir, file);
  ck_assert_int_eq(sqlite3_open_v2(where, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
  ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
  ck_assert_int_gt(sqlite3_total_changes(db), 0);
  sqlite3_close(db);
}
static int64_t ask(const char *file, const char *sql) {
  char where[128];
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  snprintf(where, sizeof where, "%s/%s", dir, file);
  ck_assert_int_eq(sqlite3_open_v2(where, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  int64_t v = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  sqlite3_close(db);
  return v;
}

static uint64_t connected[64];
static int connected_count;

static void dispose(struct store *s, uint64_t id, const char *code, int64_t ms) {
  struct mail_store_dispose d = {.attempt_id = id, .agent_id = agent, .wrapup_ms = 1000, .at = {ms}};
  memcpy(d.code, code, strlen(code));
  store_set_clock(s, d.at);
  ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
}

static void one_call(struct store *s, const struct lease *l, int64_t ms, bool connect) {
  struct now now = {{1000000 + (ms - FIRST_MS)}, {ms}};
  uint64_t id = id_next(&ids, now.wall);
  ck_assert_int_eq(open_attempt(s, l, id, now, NULL), REFUSAL_NONE);
  struct mail_store_close c = {.attempt_id = id, .ended = wall_add(now.wall, 9000), .sip_code = 486, .outcome = OUTCOME_BUSY};
  if (connect) {
    c.outcome = OUTCOME_CONNECTED, c.sip_code = 200, c.agent_id = agent, c.talk_ms = 4000;
    c.answered = wall_add(now.wall, 3000), c.bridged = wall_add(now.wall, 5000);
  }
  store_set_clock(s, c.ended);
  ck_assert_int_eq(store_attempt_close(s, &c), CAD_OK);
  if (!connect) return;
  dispose(s, id, "NI", wall_add(c.ended, 2000).ms);
  connected[connected_count++] = id;
  struct mail_store_agent_log a = {.agent_id = agent, .attempt_id = id, .state = AGENT_TALKING, .from = c.bridged, .to = c.ended};
  store_set_clock(s, c.ended);
  ck_assert_int_eq(store_agent_log(s, &a), CAD_OK);
}

/* Four months, and a little of the last year's end so that the logs go on. */
static void history(void) {
  struct store *s = open_at(FIRST_MS);
  uint64_t c = with_campaign(s, "one");
  struct agent_def a = {.campaign = "one"};
  snprintf(a.a.name, sizeof a.a.name, "anna");
  snprintf(a.a.uri, sizeof a.a.uri, "sip:a@127.0.0.1");
  ck_assert_int_eq(store_agent_put(s, &a), CAD_OK);
  agent = a.a.agent_id;
  with_contacts(s, "one", 12025550100, 200);
  connected_count = 0;
  for (int m = 0; m <= MONTHS; m++) {
    /* The agent takes the last month's codes back: they lie in a later file than their calls. */
    for (int i = 0; i < connected_count && m < MONTHS; i++) dispose(s, connected[i], "SALE", FIRST_MS + m * 31 * DAY);
    connected_count = 0;
    for (int d = 0; d < DAYS; d++) {
      int64_t ms = m == MONTHS ? TODAY_MS - (DAYS - d) * DAY : FIRST_MS + m * 31 * DAY + d * 5 * DAY;
      struct lease l[A_DAY];
      store_set_clock(s, (struct wall){ms});
      int n = lease_some(s, c, A_DAY, (struct now){{1000000 + (ms - FIRST_MS)}, {ms}}, l, NULL);
      ck_assert_int_eq(n, A_DAY);
      for (int i = 0; i < n; i++) one_call(s, &l[i], ms, i == 0);
    }
  }
  store_set_clock(s, (struct wall){TODAY_MS});
  store_close(s);
}

static int put_call(void *arg, const struct call_row *r) {
  fprintf(arg, "%llu %llu %s %s %lld %lld %lld %d %u %u %s %s %s %d\n", (unsigned long long)r->attempt_id, (unsigned long long)r->phone,
          r->campaign, r->agent, (long long)r->started.ms, (long long)r->answered.ms, (long long)r->ended.ms, r->outcome, r->talk_ms,
          r->wrapup_ms, r->disposition, r->category, r->party, r->inbound);
  return CAD_OK;
}
static int put_agent(void *arg, const struct agent_row *r) {
  fprintf(arg, "%llu %s %s %d %lld\n", (unsigned long long)r->id, r->agent, r->campaign, r->state, (long long)r->to.ms);
  return CAD_OK;
}
static int put_cell(void *arg, const struct dump_cell *c);

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Its lines, sorted: while a month moves, rows of one millisecond lie in two files and may change places. */
static char *sorted(char *text) {
  enum { LINES = 4096 };
  char *line[LINES], *out = NULL, *save = NULL;
  size_t n = 0, bytes = 0;
  for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
    ck_assert_uint_lt(n, LINES);
    line[n++] = l;
  }
  ck_assert_uint_gt(n, 0);
  qsort(line, n, sizeof *line, by_text);
  FILE *f = open_memstream(&out, &bytes);
  for (size_t i = 0; i < n; i++) fprintf(f, "%s\n", line[i]);
  fclose(f);
  free(text);
  return out;
}

/* The first line that differs is all that a message can hold. */
static void same(const char *before, const char *now, const char *when, int number) {
  size_t at = 0;
  for (size_t i = 0; before[i] == now[i] && before[i]; i++)
    if (before[i] == '\n') at = i + 1;
  ck_assert_msg(strcmp(before, now) == 0, "%s %d: %.*s\nwas %.*s", when, number, (int)strcspn(now + at, "\n"), now + at,
                (int)strcspn(before + at, "\n"), before + at);
}

/* All that reports and exports are made of, as text. */
static char *rows(uint64_t phone) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  struct store *s = NULL;
  struct call_filter f = {.phone = phone}, all = {0};
  static const char *const DUMPS[] = {"person_decisions", "person_calls", "person_dispositions"};
  ck_assert_int_eq(store_open_reader(path, &s, stderr), CAD_OK);
  ck_assert_int_eq(store_calls_each(s, &all, put_call, out), CAD_OK);
  ck_assert_int_eq(store_agent_rows_each(s, &all, put_agent, out), CAD_OK);
  for (int i = 0; i < 3; i++) ck_assert_int_eq(store_dump(s, DUMPS[i], &f, put_cell, out), CAD_OK);
  store_close(s);
  fclose(out);
  return sorted(text);
}
static int put_cell(void *arg, const struct dump_cell *c) {
  fprintf(arg, "%s=%lld%s%c", c->name, c->kind == 't' ? 0 : (long long)c->number, c->kind == 't' ? c->text : "", c->last ? '\n' : ' ');
  return CAD_OK;
}

static void intact(void) {
  ck_assert_int_eq(evidence_verify(path, NULL, &report, stderr), CAD_OK);
  ck_assert_msg(report.count == 0, "%s: %s", report.findings[0].file, report.findings[0].what);
}
static void names(const char *file, const char *stream, const char *what) {
  ck_assert_int_eq(evidence_verify(path, NULL, &report, stderr), CAD_OK);
  ck_assert_int_ge(report.count, 1);
  const struct verify_finding *f = &report.findings[0];
  ck_assert_str_eq(f->file, file);
  ck_assert_str_eq(f->stream, stream);
  ck_assert_msg(strstr(f->what, what) != NULL, "%s", f->what);
}

static struct archive_draft copied(void) {
  struct archive_draft d;
  ck_assert_int_eq(archive_next(path, (struct wall){TODAY_MS - 150 * DAY}, &d, stderr), CAD_OK);
  ck_assert_int_eq(archive_copy(path, &d, stderr), CAD_OK);
  return d;
}
static int archive_all(struct store *s) {
  struct archive_draft d;
  int r = CAD_OK, months = 0;
  while ((r = archive_next(path, (struct wall){TODAY_MS - 150 * DAY}, &d, stderr)) >= 0) {
    ck_assert_int_eq(archive_copy(path, &d, stderr), CAD_OK);
    ck_assert_int_eq(store_archive_register(s, &d), CAD_OK);
    while ((r = store_archive_step(s, ARCHIVE_STEP_BLOCKS)) > 0)
      ;
    ck_assert_int_eq(r, 0);
    months++;
  }
  ck_assert_int_eq(r, CAD_EMPTY);
  return months;
}
static void archived(void) {
  struct store *s = open_at(TODAY_MS);
  ck_assert_int_ge(archive_all(s), MONTHS);
  store_close(s);
}

START_TEST(reports_see_the_same_rows_before_and_after) {
  history();
  char *before = rows(12025550103);
  ck_assert_ptr_nonnull(strstr(before, "SALE conversion"));
  ck_assert_ptr_nonnull(strstr(before, "kind=0launch"));
  archived();
  ck_assert_int_eq(ask("cadencia.db", "SELECT count(*) FROM attempt"), DAYS * A_DAY);
  ck_assert_int_eq(ask("archive/2026-01.db", "SELECT count(*) FROM attempt"), DAYS * A_DAY);
  char *after = rows(12025550103);
  same(before, after, "after all", 0);
  intact();
  ck_assert_uint_ge(report.files, MONTHS + 1);
  free(before);
  free(after);
}
END_TEST

START_TEST(at_every_moment_of_the_move_each_row_is_there_once) {
  history();
  char *before = rows(12025550103);
  struct archive_draft d = copied();
  int steps = 0, r = 1;
  struct store *s = open_at(TODAY_MS);
  ck_assert_int_eq(store_archive_register(s, &d), CAD_OK);
  do {
    char *now = rows(12025550103);
    same(before, now, "after steps", steps);
    free(now);
    if (steps % 8 == 0) {
      intact();
      store_close(s);
      s = open_at(TODAY_MS); /* as after a crash */
    }
    steps++;
  } while ((r = store_archive_step(s, 1)) > 0); /* each block by itself: how many fit into a step is the machine's affair */
  ck_assert_int_eq(r, 0);
  ck_assert_int_gt(steps, 40);
  intact();
  store_close(s);
  free(before);
}
END_TEST

START_TEST(every_row_of_an_archive_is_guarded_and_the_archive_is_named) {
  history();
  archived();
  char command[160];
  snprintf(command, sizeof command, "cp %s/archive/2026-02.db %s/keep.db", dir, dir);
  ck_assert_int_eq(system(command), 0);
  static const struct {
    const char *sql, *stream, *what;
  } DEEDS[] = {
      {"UPDATE attempt SET outcome=1 WHERE id=(SELECT id FROM attempt LIMIT 1 OFFSET 7)", "call", "altered"},
      {"DELETE FROM attempt WHERE id=(SELECT id FROM attempt LIMIT 1 OFFSET 7)", "call", "missing"},
      {"DELETE FROM verdict WHERE id=(SELECT id FROM verdict LIMIT 1 OFFSET 7)", "decision", "missing"},
      {"UPDATE decision SET reason=3 WHERE id=(SELECT id FROM decision LIMIT 1 OFFSET 7)", "decision", "altered"},
      {"UPDATE disposition SET code='NI' WHERE code='SALE'", "call", "altered"},
      {"UPDATE attempt SET phone=0, salt=NULL WHERE id=(SELECT id FROM attempt LIMIT 1)", "call", "without an erasure"},
      {"INSERT INTO attempt SELECT id+7,seller,campaign,interaction,case_id,phone_id,phone,trunk,caller_id,zone_set,started,ringing,"
       "answered,greeting_end,bridged,agent_end,ended,sip_code,q850,cause,outcome,verdict,verdict_reason,ended_by,abandoned,"
       "early_hangup,live,agent,talk_ms,salt,link FROM attempt LIMIT 1",
       "call", "inserted"},
      {"DELETE FROM chain WHERE id=(SELECT id FROM chain LIMIT 1 OFFSET 5)", "", "missing"},
      {"UPDATE chain SET entries=CAST(substr(entries,1,40)||x'00' AS BLOB) WHERE stream=0 AND first=(SELECT max(first) FROM chain"
       " WHERE stream=0)",
       "call", "altered"}};
  for (size_t i = 0; i < sizeof DEEDS / sizeof DEEDS[0]; i++) {
    by_hand("archive/2026-02.db", DEEDS[i].sql);
    if (DEEDS[i].stream[0]) {
      names("2026-02", DEEDS[i].stream, DEEDS[i].what);
    } else {
      ck_assert_int_eq(evidence_verify(path, NULL, &report, stderr), CAD_OK);
      ck_assert_ptr_nonnull(strstr(report.findings[0].what, DEEDS[i].what));
    }
    snprintf(command, sizeof command, "cp %s/keep.db %s/archive/2026-02.db", dir, dir);
    ck_assert_int_eq(system(command), 0);
  }
  intact();
  snprintf(command, sizeof command, "mv %s/archive/2026-02.db %s/away.db", dir, dir);
  ck_assert_int_eq(system(command), 0);
  names("", "", "the archive 2026-02 is missing");
}
END_TEST

static void write_main(const char *form, long long id) {
  sqlite3 *db = NULL;
  char sql[160];
  snprintf(sql, sizeof sql, form, id);
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
  sqlite3_close(db);
}

START_TEST(an_archived_number_is_erased_in_its_archive_too_also_after_a_crash) {
  history();
  archived();
  const uint64_t phone = (uint64_t)ask("archive/2026-01.db", "SELECT phone FROM attempt LIMIT 1");
  char sql[96], note[96], subject[SUBJECT_BYTES];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM attempt WHERE phone=%llu", (unsigned long long)phone);
  ck_assert_int_ge(ask("archive/2026-01.db", sql), 1);
  snprintf(note, sizeof note, "SELECT id FROM attempt WHERE phone=%llu", (unsigned long long)phone);
  const long long call = ask("archive/2026-01.db", note);
  write_main("INSERT INTO message(attempt,ms,whole,after) VALUES(%lld,4000,1,1)", call);
  write_main("INSERT INTO late(attempt,reason) VALUES(%lld,1)", call);
  struct store *s = open_at(TODAY_MS), *reader = NULL;
  struct person_rows found;
  ck_assert_int_eq(person_subject(path, phone, subject), CAD_OK);
  ck_assert_int_eq(store_open_reader(path, &reader, stderr), CAD_OK);
  ck_assert_int_eq(person_find(reader, phone, &found), CAD_OK);
  ck_assert_uint_ge(found.call_count, 1);
  store_close(reader);
  ck_assert_int_eq(store_person_erase(s, phone, subject, "request", &found), CAD_OK);
  person_rows_free(&found);
  ck_assert_int_eq(store_archive_waiting(s), 1);
  store_close(s); /* it died before the archives heeded it */
  intact();
  store_close(open_at(TODAY_MS));
  ck_assert_int_eq(ask("archive/2026-01.db", sql), 0);
  ck_assert_int_eq(ask("cadencia.db", "SELECT count(*) FROM archive_work"), 0);
  ck_assert_int_eq(ask("cadencia.db", "SELECT (SELECT count(*) FROM message)+(SELECT count(*) FROM late)"), 0);
  intact();
  ck_assert_uint_ge(report.erased, 2); /* its call and its decisions */
  struct call_filter f = {.phone = phone};
  memcpy(f.subject, subject, sizeof subject);
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  ck_assert_int_eq(store_open_reader(path, &reader, stderr), CAD_OK);
  ck_assert_int_eq(store_dump(reader, "person_calls", &f, put_cell, out), CAD_OK);
  ck_assert_int_eq(store_dump(reader, "person_decisions", &f, put_cell, out), CAD_OK);
  ck_assert_int_eq(store_dump(reader, "person_dispositions", &f, put_cell, out), CAD_OK);
  fclose(out);
  store_close(reader);
  ck_assert_ptr_nonnull(strstr(text, "trunk=0carrier")); /* the story is there without the number */
  ck_assert_ptr_nonnull(strstr(text, "kind=0launch"));
  free(text);
}
END_TEST

START_TEST(retention_of_calls_reaches_archives_and_leaves_decisions) {
  history();
  archived();
  struct store *s = open_at(TODAY_MS);
  struct retention job = {.kind = RETAIN_CALLS, .before = {FIRST_MS + 45 * DAY}, .basis = "retention"};
  int r;
  while ((r = store_retention_step(s, &job)) > 0) continue;
  ck_assert_int_eq(r, 0);
  ck_assert_int_ge(archive_settle(path, stderr), 1);
  ck_assert_int_eq(store_archive_settled(s), CAD_OK);
  store_close(s);
  ck_assert_int_eq(ask("archive/2026-01.db", "SELECT count(*) FROM attempt WHERE phone<>0 OR salt IS NOT NULL"), 0);
  ck_assert_int_gt(ask("archive/2026-01.db", "SELECT count(*) FROM decision WHERE phone<>0"), 0);
  ck_assert_int_gt(ask("archive/2026-04.db", "SELECT count(*) FROM attempt WHERE phone<>0"), 0);
  intact();
  by_hand("archive/2026-01.db", "UPDATE decision SET phone=0, salt=NULL");
  names("2026-01", "decision", "without an erasure");
}
END_TEST

START_TEST(retention_that_was_cut_off_goes_on_and_takes_each_row_once) {
  history();
  const struct retention asked = {.kind = RETAIN_ALL, .before = {FIRST_MS + 45 * DAY}, .basis = "retention"};
  struct retention cut = {.kind = asked.kind, .before = asked.before, .basis = asked.basis, .most = 1}, again = asked, nothing = asked;
  struct store *s = open_at(TODAY_MS);
  ck_assert_int_eq(store_retention_step(s, &cut), 1);
  ck_assert_uint_gt(cut.went, 0);
  store_close(s); /* as in a crash: how far it was is not kept */
  intact();
  s = open_at(TODAY_MS);
  while (store_retention_step(s, &again) > 0) continue;
  while (store_retention_step(s, &nothing) > 0) continue;
  store_close(s);
  ck_assert_uint_eq(nothing.went, 0);
  char sql[200];
  const long long end = (long long)((asked.before.ms - 1704067200000) << 22);
  for (int i = 0; i < 3; i++) {
    const char *table = (const char *[]){"attempt", "decision", "verdict"}[i];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE id<%lld AND (phone<>0 OR salt IS NOT NULL)", table, end);
    ck_assert_int_eq(ask("cadencia.db", sql), 0);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE id>=%lld AND phone<>0", table, end);
    ck_assert_int_gt(ask("cadencia.db", sql), 0);
  }
  intact();
}
END_TEST

START_TEST(what_the_law_needs_and_what_was_erased_meanwhile_is_not_archived) {
  history();
  struct archive_draft d = copied(), again;
  struct store *s = open_at(TODAY_MS);
  struct archive_draft young = d;
  young.ends.ms = TODAY_MS - 100 * DAY;
  ck_assert_int_eq(store_archive_register(s, &young), CAD_EREFUSED);
  ck_assert_int_eq(store_retention_step(s, &(struct retention){RETAIN_CALLS, {FIRST_MS}, "retention", 0, 0, 0, 0, 0}), 0);
  ck_assert_int_eq(store_archive_register(s, &d), CAD_EBUSY);
  again = copied();
  ck_assert_int_eq(store_archive_register(s, &again), CAD_OK);
  ck_assert_int_eq(store_archive_register(s, &again), CAD_EINVAL); /* once */
  store_close(s);
}
END_TEST

START_TEST(a_month_with_a_missing_row_is_not_archived) {
  history();
  by_hand("cadencia.db", "DELETE FROM disposition WHERE id=(SELECT min(id) FROM disposition)");
  struct archive_draft d;
  ck_assert_int_eq(archive_next(path, (struct wall){TODAY_MS - 150 * DAY}, &d, NULL), CAD_OK);
  ck_assert_int_eq(archive_copy(path, &d, NULL), CAD_EFORMAT);
  ck_assert_int_ne(access(d.path, F_OK), 0);
  ck_assert_int_ne(access(d.part, F_OK), 0);
}
END_TEST

/* Shot at many moments; whoever comes after finds every row once, the chain whole, and goes on. */
START_TEST(killed_at_any_moment_of_archiving_nothing_is_lost) {
  history();
  char *before = rows(12025550103);
  unsigned killed = 0;
  for (int round = 0; round < 24; round++) {
    pid_t child = fork();
    if (child == 0) {
      struct store *s = open_at(TODAY_MS);
      archive_all(s);
      store_close(s);
      _exit(0);
    }
    int status = 0;
    usleep((useconds_t)(4000 + round * 2500 + round * 7919 % 9000));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) != 0;
    char *now = rows(12025550103);
    same(before, now, "round", round);
    free(now);
    intact();
  }
  ck_assert_uint_ge(killed, 3);
  struct store *s = open_at(TODAY_MS);
  while (store_archive_step(s, ARCHIVE_STEP_BLOCKS) > 0)
    ;
  archive_all(s);
  store_close(s);
  char *after = rows(12025550103);
  same(before, after, "after all", 0);
  intact();
  ck_assert_int_eq(ask("cadencia.db", "SELECT count(*) FROM archive"), MONTHS);
  free(before);
  free(after);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("archive");
  TCase *t = tcase_create("archive");
  tcase_set_timeout(t, 600);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, reports_see_the_same_rows_before_and_after);
  tcase_add_test(t, at_every_moment_of_the_move_each_row_is_there_once);
  tcase_add_test(t, every_row_of_an_archive_is_guarded_and_the_archive_is_named);
  tcase_add_test(t, an_archived_number_is_erased_in_its_archive_too_also_after_a_crash);
  tcase_add_test(t, retention_of_calls_reaches_archives_and_leaves_decisions);
  tcase_add_test(t, retention_that_was_cut_off_goes_on_and_takes_each_row_once);
  tcase_add_test(t, what_the_law_needs_and_what_was_erased_meanwhile_is_not_archived);
  tcase_add_test(t, a_month_with_a_missing_row_is_not_archived);
  tcase_add_test(t, killed_at_any_moment_of_archiving_nothing_is_lost);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
