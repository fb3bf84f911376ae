/* Databases of every earlier schema come up to the newest with all that they hold, also when the box dies in between. */
#include "campaigns/records/store_internal.h"
#include "dialer/base/clock.h"
#include "fixture.h"
#include "tests/support/scratch.h"
#include <campaigns/evidence.h>
#include <campaigns/report.h>
#include <signal.h>
#include <sys/wait.h>

static char dir[64], path[128];
static struct verify_report report;
enum { CALLS = 40, MANY = 6000 };

static void setup(void) {
  strcpy(dir, scratch_dir());
  snprintf(path, sizeof path, "%s/cadencia.db", dir);
}
static void teardown(void) { scratch_remove(); }

/* How a campaign looks in the file, from a database of today. */
static void campaign_text(char *out, size_t room) {
  char other[96];
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  snprintf(other, sizeof other, "%s/today.db", dir);
  struct store *s = store_at(other);
  with_campaign(s, "one");
  store_close(s);
  ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
  ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT def FROM campaign", -1, &q, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  snprintf(out, room, "%s", (const char *)sqlite3_column_text(q, 0));
  sqlite3_finalize(q);
  sqlite3_close(db);
}

static void fill(struct db *db, int number, int calls) {
  static const char START[] =
      "INSERT INTO agent(id,seller,name,campaign,uri,listener,nailed,state,created) VALUES(3,1,'anna',2,'sip:a@127.0.0.1',0,1,0,1);"
      "INSERT INTO zone_set(id,zones) VALUES(1,'America/New_York');"
      "INSERT INTO list(id,seller,campaign,file,state,created,finished,added,duplicates,dnc,zone_unknown) "
      "VALUES(4,1,2,'l.csv',1,1,1,1,0,0,0);"
      "INSERT INTO person(id,seller,list,name,created) VALUES(5,1,4,'Ana',1);"
      "INSERT INTO phone(id,seller,person,list,number) VALUES(6,1,5,4,12025550101);"
      "INSERT INTO work_case(id,seller,person,list,created) VALUES(7,1,5,4,1);"
      "INSERT INTO case_state(case_id,campaign,seller,phone_id,phone,bucket,status,next_at,tries) VALUES(7,2,1,6,12025550101,1,0,5,1);"
      "INSERT INTO dnc(number,seller,campaign,source,added) VALUES(12025550199,0,0,'letter',1);";
  char def[8192], sql[9000];
  campaign_text(def, sizeof def);
  ck_assert_int_eq(db_begin(db), CAD_OK);
  snprintf(sql, sizeof sql,
           "INSERT INTO seller(id,name,created) VALUES(1,'acme',1); INSERT INTO "
           "campaign(id,seller,name,state,created,started,version,country,purpose,trunk,def) VALUES(2,1,'one',1,1,1,1,"
           "'US','survey','carrier','%s')",
           def);
  ck_assert_int_eq(db_exec(db, sql), CAD_OK);
  ck_assert_msg(db_exec(db, START) == CAD_OK, "schema %d: %s", number, sqlite3_errmsg(db->handle));
  ck_assert_int_eq(db_exec(db, number < 2 ? "INSERT INTO bucket(id,seller,campaign,list,zone_set,class) VALUES(1,1,2,4,1,2)"
                                          : "INSERT INTO bucket(id,seller,campaign,list,zone_set,class,segment) VALUES(1,1,2,4,1,2,0)"),
                   CAD_OK);
  for (int i = 0; i < calls; i++) {
    snprintf(
        sql, sizeof sql,
        "INSERT INTO decision(id,seller,campaign,case_id,phone,at,allowed,rule,rule_version,reason,inputs) "
        "VALUES(%d,1,2,7,12025550101,%d,1,"
        "'gate.all',1,0,'{}');"
        "INSERT INTO attempt(id,seller,campaign,interaction,case_id,phone_id,phone,trunk,caller_id,zone_set,started,ended,sip_code,q850,"
        "cause,outcome,verdict,verdict_reason,ended_by,abandoned,early_hangup,live,agent,talk_ms) "
        "VALUES(%d,1,2,%d,7,6,12025550101,'carrier',"
        "12025550100,1,%d,%d,486,0,1,%d,0,0,1,0,0,0,0,0);"
        "INSERT INTO interaction(id,seller,campaign,case_id,channel,inbound,began,ended,outcome) VALUES(%d,1,2,7,'voice',0,%d,%d,%d);",
        1000 + i, 100 + i, 1000 + i, 1000 + i, 100 + i, 200 + i, OUTCOME_BUSY, 1000 + i, 100 + i, 200 + i, OUTCOME_BUSY);
    ck_assert_msg(db_exec(db, sql) == CAD_OK, "schema %d: %s", number, sqlite3_errmsg(db->handle));
  }
  ck_assert_int_eq(db_exec(db, "INSERT INTO disposition(id,seller,attempt,agent,code,wrapup_ms,at) VALUES(9000,1,1000,3,'NI',1000,300)"),
                   CAD_OK);
  ck_assert_int_eq(db_commit(db), CAD_OK);
}

static void make(int number, int calls) {
  struct db db;
  ck_assert_int_eq(db_open(&db, path, false, true, stderr), CAD_OK);
  ck_assert_int_eq(schema_migrate_to(&db, number, stderr), CAD_OK);
  fill(&db, number, calls);
  db_close(&db);
}

static int count_call(void *arg, const struct call_row *r) {
  ck_assert_uint_eq(r->phone, 12025550101);
  ck_assert_str_eq(r->campaign, "one");
  if (r->attempt_id == 1000) ck_assert_str_eq(r->party, "right_party");
  ++*(int *)arg;
  return CAD_OK;
}

static int count_any(void *arg, const struct call_row *r) {
  ck_assert_uint_eq(r->phone, 12025550101);
  ++*(int *)arg;
  return CAD_OK;
}

static void all_there(int number, int calls) {
  struct call_filter all = {0};
  int seen = 0;
  struct store *s = store_at(path);
  ck_assert_int_eq(store_calls_each(s, &all, count_call, &seen), CAD_OK);
  ck_assert_msg(seen == calls, "schema %d: %d of %d calls", number, seen, calls);
  ck_assert_int_eq(store_dnc_has(s, 12025550199, 0), 1);
  struct store_counts counts;
  ck_assert_int_eq(store_counts(s, "one", &counts), CAD_OK);
  ck_assert_uint_eq(counts.contacts, 1);
  store_close(s);
  ck_assert_int_eq(evidence_verify(path, NULL, &report, stderr), CAD_OK);
  ck_assert_msg(report.count == 0, "schema %d: %s", number, report.findings[0].what);
  ck_assert_uint_eq(report.rows[0], (unsigned)calls + 1);
  ck_assert_uint_ge(report.rows[1], (unsigned)calls);
}

START_TEST(every_earlier_schema_comes_up_with_all_that_it_holds) {
  /* A chain came with schema 3: what the tests write by hand after that would be rows of other hands. */
  for (int number = 1; number < schema_newest(); number++) {
    char command[128];
    make(number, CALLS);
    all_there(number, CALLS);
    snprintf(command, sizeof command, "rm -f %s/*", dir);
    ck_assert_int_eq(system(command), 0);
  }
}
END_TEST

START_TEST(killed_at_any_moment_of_a_migration_it_goes_on_where_it_was) {
  make(1, MANY);
  for (int round = 0; round < 14; round++) {
    pid_t child = fork();
    if (child == 0) {
      store_close(store_at(path));
      _exit(0);
    }
    usleep((useconds_t)(2000 + round * 9000));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
  }
  all_there(1, MANY);
}
END_TEST

START_TEST(a_readers_eye_on_an_older_schema_does_no_harm) {
  struct store *s = NULL;
  struct call_filter all = {0};
  int seen = 0;
  make(1, CALLS);
  ck_assert_int_eq(store_open_reader(path, &s, stderr), CAD_OK);
  ck_assert_int_eq(store_calls_each(s, &all, count_any, &seen), CAD_OK);
  ck_assert_int_eq(seen, CALLS);
  store_close(s);
  all_there(1, CALLS);
}
END_TEST

static char heard[200];
static void hear(void *arg, const char *text) {
  snprintf(heard, sizeof heard, "%s", text);
  ++*(int *)arg;
}

START_TEST(an_opening_that_lasts_says_what_it_does_and_for_how_long) {
  struct db db;
  int times = 0;
  ck_assert_int_eq(db_open(&db, NULL, false, true, stderr), CAD_OK);
  db.slow = (struct db_slow){.say = hear, .arg = &times};
  const int64_t from = clock_mono().ms;
  db_slow(&db, "step 12");
  while (times < 1 && clock_mono().ms < from + 60000)
    ck_assert_int_eq(db_exec(&db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200000) SELECT sum(i) FROM n"),
                     CAD_OK);
  ck_assert_int_eq(times, 1);
  ck_assert_int_eq(strncmp(heard, "step 12: ", 9), 0);
  ck_assert_int_ge(atoi(heard + 9), 2);
  db_slow(&db, NULL);
  while (clock_mono().ms < from + 4500) ck_assert_int_eq(db_exec(&db, "SELECT 1"), CAD_OK);
  ck_assert_int_eq(times, 1);
  db_close(&db);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("migrate");
  TCase *t = tcase_create("migrate");
  tcase_set_timeout(t, 200);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, every_earlier_schema_comes_up_with_all_that_it_holds);
  tcase_add_test(t, killed_at_any_moment_of_a_migration_it_goes_on_where_it_was);
  tcase_add_test(t, an_opening_that_lasts_says_what_it_does_and_for_how_long);
  tcase_add_test(t, a_readers_eye_on_an_older_schema_does_no_harm);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
