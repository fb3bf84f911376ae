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

static int64_t ask(const char *sql) {
  struct db db;
  sqlite3_stmt *q = NULL;
  ck_assert_int_eq(db_open(&db, path, true, false, stderr), CAD_OK);
  ck_assert_msg(sqlite3_prepare_v2(db.handle, sql, -1, &q, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db.handle));
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  const int64_t v = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  db_close(&db);
  return v;
}

/* In a process of its own, shot after so long (< 0: never). Tells whether it died of it. */
static bool migrate_and_die(int64_t after_us) {
  int status = 0;
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    store_close(store_at(path));
    _exit(0);
  }
  if (after_us >= 0) {
    usleep((useconds_t)after_us);
    kill(child, SIGKILL);
  }
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status);
}

static void put_back(const char *from) {
  char command[400];
  snprintf(command, sizeof command, "rm -f %s*; rm -f %s/*.key; cp %s %s", path, dir, from, path);
  ck_assert_int_eq(system(command), 0);
}

/* The moments are spread over how long it takes when nobody shoots. CADENCIA_SHOTS: how many of each, CADENCIA_SEED: other moments. */
START_TEST(killed_at_any_moment_of_a_migration_it_is_of_one_schema_or_the_next_and_goes_on) {
  static const int FROM[] = {1, 2, 7, 13};
  const char *shots = getenv("CADENCIA_SHOTS"), *own = getenv("CADENCIA_SEED");
  const int most = shots ? atoi(shots) : 3;
  uint64_t seed = 88172645463325252ull ^ (own ? strtoull(own, NULL, 10) * 0x9e3779b97f4a7c15ull : 0);
  char base[160];
  int died = 0;
  snprintf(base, sizeof base, "%s/base", dir);
  for (size_t f = 0; f < sizeof FROM / sizeof FROM[0]; f++) {
    char command[320];
    snprintf(command, sizeof command, "rm -f %s/*", dir);
    ck_assert_int_eq(system(command), 0);
    make(FROM[f], MANY);
    snprintf(command, sizeof command, "mv %s %s", path, base);
    ck_assert_int_eq(system(command), 0);
    put_back(base);
    const int64_t began = clock_mono_us();
    migrate_and_die(-1);
    const int64_t takes = clock_mono_us() - began;
    for (int i = 0; i < most; i++) {
      put_back(base);
      seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
      died += migrate_and_die((int64_t)(seed % (uint64_t)(takes + 1)));
      const int64_t schema = ask("PRAGMA user_version");
      ck_assert_msg(schema >= FROM[f] && schema <= schema_newest(), "schema %d from %d", (int)schema, FROM[f]);
      ck_assert_int_eq(ask("SELECT count(*) FROM pragma_quick_check WHERE quick_check='ok'"), 1);
      ck_assert_int_eq(ask("SELECT count(*) FROM attempt WHERE phone=12025550101"), MANY);
      all_there(FROM[f], MANY);
    }
  }
  printf("%d of %d shots hit\n", died, most * (int)(sizeof FROM / sizeof FROM[0]));
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
  tcase_set_timeout(t, getenv("CADENCIA_SHOTS") ? 3600 : 600);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, every_earlier_schema_comes_up_with_all_that_it_holds);
  tcase_add_test(t, killed_at_any_moment_of_a_migration_it_is_of_one_schema_or_the_next_and_goes_on);
  tcase_add_test(t, an_opening_that_lasts_says_what_it_does_and_for_how_long);
  tcase_add_test(t, a_readers_eye_on_an_older_schema_does_no_harm);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
