/* The chain: whatever hands that are not ours do to a row of the logs is named. */
#include "fixture.h"
#include "tests/support/scratch.h"
#include <campaigns/evidence.h>
#include <dirent.h>
#include <sqlite3.h>
#include <sys/stat.h>

static char dir[64], path[128];
static struct verify_report report;

static void setup(void) {
  strcpy(dir, scratch_dir());
  snprintf(path, sizeof path, "%s/cadencia.db", dir);
}
static void teardown(void) { scratch_remove(); }

static void by_hand(const char *sql) {
  sqlite3 *db = NULL;
  char *why = NULL;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
  if (strncmp(sql, "CREATE", 6) != 0) ck_assert_int_gt(sqlite3_total_changes(db), 0);
  sqlite3_close(db);
}

/* Attempts first..first+n-1 opened, closed and disposed of, in groups. */
static void calls(struct store *s, uint64_t campaign, uint64_t first, int n, int64_t t) {
  struct lease l[64];
  ck_assert_int_eq(lease_some(s, campaign, (uint16_t)n, at_ms(t), l, NULL), n);
  for (int i = 0; i < n; i++) {
    ck_assert_int_eq(store_begin(s), CAD_OK);
    open_attempt(s, &l[i], first + (uint64_t)i, at_ms(t), NULL);
    ck_assert_int_eq(store_commit(s), CAD_OK);
  }
  ck_assert_int_eq(store_begin(s), CAD_OK);
  for (int i = n - 1; i >= 0; i--) close_attempt(s, first + (uint64_t)i, i % 3 ? OUTCOME_NO_ANSWER : OUTCOME_CONNECTED, at_ms(t + 5000));
  ck_assert_int_eq(store_commit(s), CAD_OK);
  for (int i = 0; i < n; i += 3) {
    struct mail_store_dispose d = {.attempt_id = first + (uint64_t)i, .code = "NI", .wrapup_ms = 4000, .at = at_ms(t + 9000).wall};
    ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
  }
}

static void history(void) {
  struct store *s = store_at(path);
  uint64_t c = with_campaign(s, "one");
  with_contacts(s, "one", 12025550100, 60);
  calls(s, c, 1000, 20, 0);
  store_close(s); /* a checkpoint */
  s = store_at(path);
  calls(s, c, 2000, 20, 10000);
  store_dnc_add(s, 12025550199, "global", "test", at_ms(0).wall);
  store_close(s);
}

static void look(const char *outside) { ck_assert_int_eq(evidence_verify(path, outside, &report, stderr), CAD_OK); }
static void names(const char *stream, const char *kind, uint64_t row, const char *what) {
  look(NULL);
  ck_assert_int_ge(report.count, 1);
  const struct verify_finding *f = &report.findings[0];
  ck_assert_str_eq(f->stream, stream);
  ck_assert_str_eq(f->kind, kind);
  if (row) ck_assert_msg(f->row == row, "row %llu: %s", (unsigned long long)f->row, f->what);
  ck_assert_msg(strstr(f->what, what) != NULL, "%s", f->what);
}
static uint64_t ask(const char *sql) {
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  uint64_t v = (uint64_t)sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  sqlite3_close(db);
  return v;
}

START_TEST(what_nobody_touched_is_intact_and_signed_to_its_last_row) {
  history();
  look(NULL);
  ck_assert_msg(report.count == 0, "%s", report.findings[0].what);
  ck_assert_uint_eq(report.rows[0], 40 + 14);
  ck_assert_uint_ge(report.rows[1], 80); /* a lease and a launch each */
  ck_assert_uint_ge(report.rows[2], 4);  /* campaign, its list, the number, the key */
  ck_assert_uint_ge(report.checkpoints, 2);
  ck_assert_uint_eq(report.unsigned_rows, 0);
}
END_TEST

START_TEST(every_column_of_every_log_is_guarded) {
  static const struct {
    const char *table, *stream, *kind;
  } LOGS[] = {{"attempt", "call", "call"},
              {"disposition", "call", "disposition"},
              {"decision", "decision", "decision"},
              {"audit", "audit", "audit"}};
  history();
  for (size_t i = 0; i < 4; i++) {
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    char sql[2048], columns[40][32];
    int n = 0;
    snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s') WHERE name<>'id'", LOGS[i].table);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW && n < 40) snprintf(columns[n++], 32, "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    sqlite3_close(db);
    ck_assert_int_ge(n, 5);
    for (int k = 0; k < n; k++) {
      const char *c = columns[k];
      snprintf(sql, sizeof sql, "SELECT id FROM %s WHERE %s ORDER BY id LIMIT 1 OFFSET 3", LOGS[i].table,
               strcmp(c, "phone") == 0 || strcmp(c, "salt") == 0 ? "phone<>0" : "1");
      if (i == 3) sql[strlen(sql) - 1] = '0';
      uint64_t row = ask(sql);
      snprintf(sql, sizeof sql, "CREATE TABLE keep AS SELECT %s AS v FROM %s WHERE id=%llu", c, LOGS[i].table, (unsigned long long)row);
      by_hand(sql);
      const char *other = strcmp(c, "salt") == 0 ? "randomblob(16)"
                          : strcmp(c, "detail") == 0 || strcmp(c, "inputs") == 0
                              ? "'{\"x\":1}'"
                              : "CASE WHEN v IS NULL THEN 7 WHEN typeof(v)='text' THEN v||'x' ELSE v+1 END";
      snprintf(sql, sizeof sql, "UPDATE %s SET %s=(SELECT %s FROM keep) WHERE id=%llu", LOGS[i].table, c, other, (unsigned long long)row);
      by_hand(sql);
      names(LOGS[i].stream, LOGS[i].kind, row, "altered");
      snprintf(sql, sizeof sql, "UPDATE %s SET %s=(SELECT v FROM keep) WHERE id=%llu; DROP TABLE keep", LOGS[i].table, c,
               (unsigned long long)row);
      by_hand(sql);
    }
  }
  look(NULL);
  ck_assert_int_eq(report.count, 0);
}
END_TEST

START_TEST(rows_that_were_taken_out_put_in_or_swapped_are_named) {
  history();
  by_hand("CREATE TABLE keep AS SELECT * FROM attempt; DELETE FROM attempt WHERE id=1007");
  names("call", "call", 1007, "missing");
  by_hand("INSERT INTO attempt SELECT * FROM keep WHERE id=1007");
  look(NULL);
  ck_assert_int_eq(report.count, 0);
  by_hand("UPDATE keep SET id=5000 WHERE id=1007; INSERT INTO attempt SELECT * FROM keep WHERE id=5000");
  names("call", "call", 5000, "inserted");
  by_hand("DELETE FROM attempt WHERE id=5000");
  by_hand("UPDATE attempt SET id=9 WHERE id=2003; UPDATE attempt SET id=2003 WHERE id=2004; UPDATE attempt SET id=2004 WHERE id=9");
  names("call", "call", 2004, "altered");
  by_hand("UPDATE attempt SET id=9 WHERE id=2003; UPDATE attempt SET id=2003 WHERE id=2004; UPDATE attempt SET id=2004 WHERE id=9");
  by_hand("UPDATE attempt SET ended=NULL, outcome=NULL WHERE id=1003");
  names("call", "call", 1003, "altered");
}
END_TEST

START_TEST(a_call_and_what_it_was_for_the_person_must_say_the_same) {
  static const char *const CHANGES[] = {"inbound=1", "outcome=outcome+1", "began=began-1", "ended=ended+1", "campaign=campaign+1",
                                        "agent=77",  "seller=seller+1",   "case_id=1",     "channel='sms'"};
  char sql[200];
  history();
  by_hand("CREATE TABLE keep AS SELECT * FROM interaction");
  for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
    snprintf(sql, sizeof sql, "UPDATE interaction SET %s WHERE id=1005", CHANGES[i]);
    by_hand(sql);
    names("call", "call", 1005, "interaction was altered");
    by_hand("DELETE FROM interaction; INSERT INTO interaction SELECT * FROM keep");
  }
  by_hand("DELETE FROM interaction WHERE id=2019");
  names("call", "call", 2019, "interaction is missing");
  by_hand("INSERT INTO interaction SELECT * FROM keep WHERE id=2019; UPDATE keep SET id=77 WHERE id=2019;"
          "INSERT INTO interaction SELECT * FROM keep WHERE id=77");
  names("call", "call", 77, "inserted");
  by_hand("DELETE FROM interaction WHERE id=77");
  look(NULL);
  ck_assert_int_eq(report.count, 0);
}
END_TEST

START_TEST(a_change_by_hand_of_what_people_edit_is_named_and_so_is_a_trigger_that_would_have_seen_it) {
  history();
  by_hand("DELETE FROM dnc WHERE number=12025550199");
  names("audit", "audit", 0, "dnc.remove");
  store_close(store_at(path)); /* signs it as what it is */
  look(NULL);
  ck_assert_int_eq(report.count, 0);
  ck_assert_uint_eq(report.other_hands, 1);
  by_hand("CREATE TABLE keep AS SELECT sql FROM sqlite_schema WHERE name='audit_dnc_gone'; DROP TRIGGER audit_dnc_gone");
  look(NULL);
  ck_assert_int_eq(report.count, 1);
  ck_assert_ptr_nonnull(strstr(report.findings[0].what, "audit_dnc_gone of the table dnc is not as it was made"));
  by_hand("CREATE TRIGGER audit_dnc_gone AFTER DELETE ON dnc BEGIN SELECT 1; END");
  look(NULL);
  ck_assert_int_eq(report.count, 2);
  by_hand("CREATE TRIGGER hide AFTER INSERT ON audit_new BEGIN DELETE FROM audit_new; END");
  look(NULL);
  ck_assert_int_eq(report.count, 3);
  ck_assert_ptr_nonnull(strstr(report.findings[2].what, "by other hands"));
}
END_TEST

START_TEST(the_table_of_links_guards_itself) {
  history();
  by_hand("CREATE TABLE keep AS SELECT * FROM chain; CREATE TABLE marks AS SELECT * FROM checkpoint");
#define RESTORE()                                                                                                                          \
  by_hand("DELETE FROM chain; INSERT INTO chain SELECT * FROM keep; DELETE FROM checkpoint; INSERT INTO checkpoint SELECT * FROM marks")
  by_hand("DELETE FROM chain WHERE stream=1 AND first=(SELECT first FROM chain WHERE stream=1 ORDER BY first LIMIT 1 OFFSET 5)");
  names("decision", "", 0, "missing from the table chain");
  RESTORE();
  by_hand("UPDATE chain SET entries=CAST(substr(entries,42)||substr(entries,1,41) AS BLOB) WHERE stream=0 AND count>2");
  names("call", "call", 0, "altered");
  RESTORE();
  by_hand("UPDATE chain SET head=randomblob(32) WHERE stream=1 AND first=1");
  names("decision", "", 0, "altered");
  RESTORE();
  by_hand("UPDATE checkpoint SET text=replace(text,'box 3','box 4') WHERE number=1");
  names("", "", 0, "not signed");
  RESTORE();
  by_hand("DELETE FROM checkpoint WHERE number=1");
  names("", "", 0, "missing");
  RESTORE();
  look(NULL);
  ck_assert_int_eq(report.count, 0);
}
END_TEST

/* Cuts the newest rows, links and checkpoints away, as one who knows the format would. */
START_TEST(a_cut_tail_is_named_by_a_checkpoint_that_left_the_box) {
  char outside[EVIDENCE_TEXT_BYTES];
  history();
  ck_assert_int_eq(evidence_checkpoint(path, outside, stderr), CAD_OK);
  look(outside);
  ck_assert_int_eq(report.count, 0);
  ck_assert(report.against);
  by_hand("DELETE FROM chain WHERE stream=0 AND at>=0 AND first>(SELECT max(first) FROM chain WHERE stream=0)-4;"
          "DELETE FROM disposition WHERE id NOT IN (SELECT id FROM disposition ORDER BY id LIMIT 10);"
          "DELETE FROM checkpoint WHERE number>1");
  look(outside);
  ck_assert_int_ge(report.count, 1);
  bool cut = false;
  for (int i = 0; i < report.count; i++) cut = cut || strstr(report.findings[i].what, "tail was cut") != NULL;
  ck_assert(cut);
}
END_TEST

START_TEST(many_faults_of_a_sort_hide_none_of_another) {
  char outside[EVIDENCE_TEXT_BYTES];
  history();
  ck_assert_int_eq(evidence_checkpoint(path, outside, stderr), CAD_OK);
  by_hand("DELETE FROM chain WHERE stream=1 AND first>(SELECT max(first) FROM chain WHERE stream=1)-4;"
          "DELETE FROM checkpoint WHERE number>1;"
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200) "
          "INSERT INTO disposition SELECT (SELECT max(id) FROM disposition)+i, seller, attempt, agent, code, wrapup_ms, at+i FROM n, "
          "(SELECT * FROM disposition LIMIT 1)");
  look(outside);
  int cut = 0, strangers = 0;
  for (int i = 0; i < report.count; i++) {
    cut += strstr(report.findings[i].what, "tail was cut") != NULL;
    strangers += strstr(report.findings[i].what, "inserted by other hands") != NULL && strcmp(report.findings[i].kind, "disposition") == 0;
  }
  ck_assert_int_eq(cut, 1);
  ck_assert_int_eq(strangers, VERIFY_ALIKE_MAX);
  ck_assert_int_ge((int)report.unlisted, 200 - VERIFY_ALIKE_MAX);
}
END_TEST

START_TEST(a_tail_that_was_written_anew_by_one_who_has_the_key_is_named) {
  char outside[EVIDENCE_TEXT_BYTES];
  struct store *s = store_at(path);
  uint64_t c = with_campaign(s, "one");
  with_contacts(s, "one", 12025550100, 60);
  calls(s, c, 1000, 20, 0);
  store_close(s);
  char command[512];
  snprintf(command, sizeof command, "cp %s %s/old.db", path, dir);
  ck_assert_int_eq(system(command), 0);
  s = store_at(path);
  calls(s, c, 2000, 20, 10000);
  store_close(s);
  ck_assert_int_eq(evidence_checkpoint(path, outside, stderr), CAD_OK);
  snprintf(command, sizeof command, "rm -f %s*-wal %s*-shm; cp %s/old.db %s", path, path, dir,
           path); /* back in time, then on with our own key */
  ck_assert_int_eq(system(command), 0);
  s = store_at(path);
  calls(s, c, 2000, 19, 10000);
  calls(s, c, 3000, 20, 20000);
  store_close(s);
  look(NULL);
  ck_assert_msg(report.count == 0, "%s", report.findings[0].what); /* nothing inside can tell */
  look(outside);
  ck_assert_int_ge(report.count, 1);
  ck_assert_ptr_nonnull(strstr(report.findings[0].what, "written anew"));
}
END_TEST

START_TEST(an_altered_checkpoint_is_no_witness) {
  char outside[EVIDENCE_TEXT_BYTES];
  history();
  ck_assert_int_eq(evidence_checkpoint(path, outside, stderr), CAD_OK);
  char *digit = strstr(outside, "\ncall ") + 6;
  *digit = *digit == '9' ? '8' : '9';
  ck_assert_int_eq(evidence_verify(path, outside, &report, NULL), CAD_EREFUSED);
  ck_assert_int_eq(evidence_verify(path, "cadencia", &report, NULL), CAD_EFORMAT);
  ck_assert_int_eq(evidence_verify(path, "", &report, NULL), CAD_EFORMAT);
}
END_TEST

START_TEST(checkpoints_are_dropped_once_each_into_a_folder) {
  char folder[96];
  history();
  snprintf(folder, sizeof folder, "%s/notary", dir);
  int n = evidence_drop(path, folder, stderr);
  ck_assert_int_ge(n, 2);
  ck_assert_int_eq(evidence_drop(path, folder, stderr), 0);
  DIR *d = opendir(folder);
  int files = 0;
  for (struct dirent *e; (e = readdir(d)) != NULL;) files += strncmp(e->d_name, "checkpoint-3-", 13) == 0;
  closedir(d);
  ck_assert_int_eq(files, n);
}
END_TEST

START_TEST(a_change_by_other_hands_gets_a_row_that_says_so) {
  history();
  by_hand("UPDATE campaign SET country='GB'");
  store_close(store_at(path));
  ck_assert_uint_eq(ask("SELECT count(*) FROM audit WHERE verb='campaign.change' AND actor='unknown'"), 1);
  look(NULL);
  ck_assert_int_eq(report.count, 0);
}
END_TEST

START_TEST(what_an_actor_changes_bears_his_name_and_no_number) {
  struct store *s = store_at(path);
  struct store_actor who = {.name = "maria", .uid = 1234, .door = "socket"};
  store_set_actor(s, &who);
  with_campaign(s, "one");
  store_dnc_add(s, 12025550142, "global", "Mrs Smith called", at_ms(0).wall);
  store_set_actor(s, NULL);
  store_close(s);
  ck_assert_uint_eq(ask("SELECT count(*) FROM audit WHERE actor='maria' AND uid=1234 AND door='socket' AND verb='campaign.create'"), 1);
  ck_assert_uint_eq(ask("SELECT count(*) FROM audit WHERE verb='dnc.add' AND phone=12025550142 AND length(salt)=16 AND actor='maria'"), 1);
  ck_assert_uint_eq(ask("SELECT count(*) FROM audit WHERE detail LIKE '%5550142%' OR detail LIKE '%Smith%'"), 0);
}
END_TEST

START_TEST(rows_from_before_the_chain_are_its_first) {
  history();
  by_hand("DELETE FROM chain; DELETE FROM checkpoint; DELETE FROM meta WHERE key LIKE 'chain%'; DELETE FROM audit; DELETE FROM erasure;"
          "UPDATE attempt SET salt=NULL; UPDATE decision SET salt=NULL");
  store_close(store_at(path));
  look(NULL);
  ck_assert_msg(report.count == 0, "%s", report.findings[0].what);
  ck_assert_uint_eq(report.rows[0], 40 + 14);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("verify");
  TCase *t = tcase_create("verify");
  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, what_nobody_touched_is_intact_and_signed_to_its_last_row);
  tcase_add_test(t, every_column_of_every_log_is_guarded);
  tcase_add_test(t, rows_that_were_taken_out_put_in_or_swapped_are_named);
  tcase_add_test(t, a_call_and_what_it_was_for_the_person_must_say_the_same);
  tcase_add_test(t, a_change_by_hand_of_what_people_edit_is_named_and_so_is_a_trigger_that_would_have_seen_it);
  tcase_add_test(t, the_table_of_links_guards_itself);
  tcase_add_test(t, a_cut_tail_is_named_by_a_checkpoint_that_left_the_box);
  tcase_add_test(t, many_faults_of_a_sort_hide_none_of_another);
  tcase_add_test(t, a_tail_that_was_written_anew_by_one_who_has_the_key_is_named);
  tcase_add_test(t, an_altered_checkpoint_is_no_witness);
  tcase_add_test(t, checkpoints_are_dropped_once_each_into_a_folder);
  tcase_add_test(t, a_change_by_other_hands_gets_a_row_that_says_so);
  tcase_add_test(t, what_an_actor_changes_bears_his_name_and_no_number);
  tcase_add_test(t, rows_from_before_the_chain_are_its_first);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
