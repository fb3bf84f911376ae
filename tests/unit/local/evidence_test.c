/* What leaves the box proves itself, what a person asks for is done whole, what is backed up comes back. */
#include "dialer/local/local.h"
#include "harness.h"
#include <cadencia/err.h>
#include <cadencia/ids.h>
#include <campaigns/bundle.h>
#include <campaigns/evidence.h>
#include <jansson.h>
#include <sys/wait.h>

static const struct wall NOON = {1795276800000}; /* 2026-11-21T16:00:00Z */
static const uint64_t FIRST = 12025550101, SECOND = 12025550102;

static void records(struct store *s) {
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .country = "US", .purpose = "survey", .trunk = "carrier", .seller = "acme"};
  snprintf(d.terms.name, sizeof d.terms.name, "spring");
  d.terms.mode = PACING_PROGRESSIVE;
  d.terms.ring_ms = 20000;
  d.terms.max_wait_ms = 2000;
  d.terms.limit_bp = 300;
  d.terms.caller_id = 12025550100;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  d.retry = (struct retry_table){.rules = {{OUTCOME_BUSY, 3600000, 5}}, .count = 1};
  d.record = (struct campaign_record){"Example Callers Inc", "a survey", "consumer", "", "ACME", "letter of 2026-01-02"};
  ck_assert_int_ge(store_campaign_put(s, &d), 0);
  struct contact_row rows[2] = {{.phone = FIRST, .name = "Ana Perez", .external_id = "A-1"}, {.phone = SECOND, .name = "Bob Stone"}};
  uint8_t result[2];
  uint64_t job, visible;
  ck_assert_int_ge(store_import_begin(s, "spring", "list.csv", NOON, &job), 0);
  ck_assert_int_ge(store_import_rows(s, job, rows, 2, result), 0);
  ck_assert_int_ge(store_import_finish(s, job, &visible), 0);
  struct mail_store_want want = {d.terms.id, 2};
  struct mail_store_lease_end end;
  struct lease lease[2];
  struct now now = {{1000}, NOON};
  ck_assert_int_eq(store_lease(s, &want, now, lease, &end), 2);
  struct id_maker ids = {0, store_last_id(s)};
  for (int i = 0; i < 2; i++) {
    struct mail_store_open o = {.attempt_id = id_next(&ids, NOON), .lease = lease[i], .caller_id = 12025550100, .started = NOON};
    struct mail_store_opened reply;
    bool opened = false;
    ck_assert_int_ge(store_attempt_open(s, &o, now, &reply, &opened), 0);
    ck_assert_msg(opened, "refused: %s", refusal_name((enum refusal)reply.reason));
    struct mail_store_close c = {.attempt_id = o.attempt_id,
                                 .ended = wall_add(NOON, 20000),
                                 .sip_code = 486,
                                 .cause = CAUSE_BUSY,
                                 .outcome = OUTCOME_BUSY,
                                 .ended_by = ENDED_BY_CALLEE};
    ck_assert_int_ge(store_attempt_close(s, &c), 0);
  }
}

static void setup(void) {
  home_make();
  ck_assert_int_eq(mkdir(scratch_path("state"), 0700), 0);
  struct store_options opt = {.path = scratch_path("state/cadencia.db"), .share_dir = SOURCE_DIR "/etc", .fast = true};
  struct store *s = NULL;
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  store_set_clock(s, NOON);
  records(s);
  store_close(s);
}
static void teardown(void) { home_remove(); }

static int shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *fmt, ...) {
  char command[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(command, sizeof command, fmt, ap);
  va_end(ap);
  return system(command);
}

START_TEST(a_stranger_can_check_a_bundle_with_public_tools) {
  EXPECT(0, "export", "tsr", "--out", scratch_path("t.zip"));
  ck_assert_int_eq(shell("cd %s && mkdir t && cd t && python3 -m zipfile -e ../t.zip . && sha256sum --quiet -c SHA256SUMS && openssl "
                         "pkeyutl -verify -pubin "
                         "-inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null",
                         home_dir),
                   0);
  char *calls = read_text("t/calls.csv");
  ck_assert_ptr_nonnull(calls);
  SAYS(calls, "12025550101");
  free(calls);
  char *rows = read_text("t/telemarketing_calls.csv");
  ck_assert_ptr_nonnull(rows);
  SAYS(rows, ",Example Callers Inc,acme,spring,a survey,survey,consumer,outbound,0,,,12025550100,ACME,letter of 2026-01-02,12025550101,"
             "2026-11-21T16:00:00.000Z,,2026-11-21T16:00:20.000Z,0,not answered,busy,,\n");
  free(rows);
  ck_assert_int_ne(shell("cd %s/t && echo x >> calls.csv && sha256sum --quiet -c SHA256SUMS 2>/dev/null", home_dir), 0);
  ck_assert_int_ne(
      shell(
          "cd %s/t && echo x >> SHA256SUMS && openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig "
          ">/dev/null 2>&1",
          home_dir),
      0);
  EXPECT(0, "verify", "--against", scratch_path("t.zip"));
  SAYS(said_out, "what the outside checkpoint signed is all here");
}
END_TEST

START_TEST(a_dossier_tells_one_story_and_nothing_of_anybody_else) {
  EXPECT(0, "export", "dossier", "--number", "+12025550101", "--out", scratch_path("d.zip"));
  ck_assert_int_eq(
      shell("cd %s && mkdir d && cd d && python3 -m zipfile -e ../d.zip . && grep -q 'Ana Perez' person_contact.csv && grep -q lease "
            "person_decisions.csv "
            "&& grep -q ',486,busy,' person_calls.csv && grep -q waiting person_standing.csv "
            "&& grep -q launch person_decisions.csv && ! grep -q -e 5550102 -e Stone *.csv && test $(wc -l < person_calls.csv) = 2",
            home_dir),
      0);
}
END_TEST

START_TEST(an_erased_person_is_in_no_row_and_the_chain_and_the_story_hold) {
  EXPECT(0, "person", "erase", "--number", "+12025550101", "--basis", "request 7");
  SAYS(said_out, "Would erase: 1 contact, 1 calls");
  EXPECT(0, "person", "erase", "--number", "+12025550101", "--basis", "request 7", "--yes");
  EXPECT(0, "verify");
  SAYS(said_out, "Intact");
  SAYS(said_out, "erased on purpose");
  ck_assert_int_ne(shell("sqlite3 %s/state/cadencia.db .dump 2>/dev/null | grep -q -e 2025550101 -e 'Ana Perez' -e 'A-1'", home_dir), 0);
  EXPECT(0, "export", "dossier", "--number", "+12025550101", "--out", scratch_path("e.zip"));
  ck_assert_int_eq(shell("cd %s && mkdir e && cd e && python3 -m zipfile -e ../e.zip . && grep -q 'request 7' person_erasures.csv && grep "
                         "-q launch person_decisions.csv && "
                         "test $(wc -l < person_calls.csv) = 2 && ! grep -q -e 555010 *.csv",
                         home_dir),
                   0);
  EXPECT(0, "export", "calls");
  SAYS(said_out, "12025550102");
}
END_TEST

START_TEST(called_opted_out_blocked_and_erased_the_dossier_tells_it_all_and_nothing_else) {
  EXPECT(0, "dnc", "add", "+12025550101", "--source", "letter of 3 May");
  EXPECT(0, "dnc", "add", "+12025550102", "--source", "somebody else");
  EXPECT(0, "person", "erase", "--number", "+12025550101", "--basis", "request 9", "--yes");
  EXPECT(0, "export", "dossier", "--number", "+12025550101", "--out", scratch_path("s.zip"));
  ck_assert_int_eq(
      shell(
          "cd %s && mkdir s && cd s && python3 -m zipfile -e ../s.zip . && test $(wc -l < person_calls.csv) = 2 && grep -q launch "
          "person_decisions.csv && grep -q 'verdict.*gate.dnc' person_decisions.csv && grep -q 'letter of 3 May' person_suppressed.csv && "
          "grep -q dnc.add person_audit.csv && grep -q 'request 9' person_erasures.csv && ! grep -q -e 'somebody else' -e 5550102 -e Stone "
          "-e 'Ana Perez' -e 2025550101 *.csv",
          home_dir),
      0);
  EXPECT(0, "verify");
}
END_TEST

START_TEST(a_number_that_was_taken_out_by_hand_has_no_mark_and_is_named) {
  ck_assert_int_eq(shell("python3 -c \"import sqlite3;c=sqlite3.connect('%s/state/cadencia.db');c.execute('UPDATE attempt SET "
                         "phone=0,salt=NULL WHERE phone=12025550101');c.commit()\"",
                         home_dir),
                   0);
  EXPECT(1, "verify");
  SAYS(said_out, "without an erasure");
}
END_TEST

START_TEST(a_legal_hold_stops_every_erasure) {
  EXPECT(0, "retention", "--hold", "on");
  EXPECT(1, "person", "erase", "--number", "+12025550101", "--basis", "request 7", "--yes");
  SAYS(said_err, "legal hold");
  EXPECT(0, "retention", "--hold", "off");
  EXPECT(1, "retention", "--days", "1");
  EXPECT(0, "person", "erase", "--number", "+12025550101", "--basis", "request 7", "--yes");
}
END_TEST

START_TEST(a_backup_comes_back_whole_or_not_at_all) {
  write_text("pw", "a long password\n");
  load_registry();
  ck_assert_int_eq(
      shell("cd %s/state && mkdir -p samples archive && echo voice > samples/12.30.wav && echo half > archive/2020-01.part && ls "
            "dnc | grep -q .",
            home_dir),
      0);
  write_text("wrong", "another password\n");
  EXPECT(0, "backup", scratch_path("b.backup"), "--password-file", scratch_path("pw"));
  EXPECT(1, "restore", scratch_path("b.backup"), "--password-file", scratch_path("pw"));
  SAYS(said_err, "there already");
  ck_assert_int_ne(shell("grep -q -a -e 'Ana Perez' -e 'SQLite format' %s/b.backup", home_dir), 0);
  ck_assert_int_eq(shell("mv %s/state %s/old && mkdir %s/state", home_dir, home_dir, home_dir), 0);
  EXPECT(1, "restore", scratch_path("b.backup"), "--password-file", scratch_path("wrong"));
  SAYS(said_err, "password is wrong");
  ck_assert_int_eq(shell("head -c 9000 %s/b.backup > %s/cut.backup", home_dir, home_dir), 0);
  EXPECT(1, "restore", scratch_path("cut.backup"), "--password-file", scratch_path("pw"));
  ck_assert_int_eq(shell("test ! -e %s/state/cadencia.db && test ! -e %s/state/cadencia.key", home_dir, home_dir), 0);
  EXPECT(0, "restore", scratch_path("b.backup"), "--password-file", scratch_path("pw"));
  ck_assert_int_eq(shell("cmp %s/old/cadencia.key %s/state/cadencia.key", home_dir, home_dir), 0);
  ck_assert_int_eq(shell("cd %s && diff -r old/dnc state/dnc && cmp old/samples/12.30.wav state/samples/12.30.wav && cmp "
                         "old/suppression.key state/suppression.key && test ! -e state/archive/2020-01.part && ! ls -a state/* | grep -q "
                         "restore",
                         home_dir),
                   0);
  EXPECT(0, "verify");
  EXPECT(0, "dnc", "lists");
  SAYS(said_out, "US-DNC");
  EXPECT(0, "export", "calls");
  SAYS(said_out, "12025550101");
}
END_TEST

START_TEST(who_takes_what_is_noted_before_it_leaves) {
  EXPECT(0, "export", "dossier", "--number", "+12025550101", "--out", scratch_path("n.zip"));
  EXPECT(0, "export", "calls", "--campaign", "spring", "--mask");
  EXPECT(0, "export", "audit", "--format", "jsonl");
  SAYS(said_out, "export.dossier");
  SAYS(said_out, "\"phone\":\"+12025550101\"");
  SAYS(said_out, "export.calls");
  SAYS(said_out, "\\\"campaign\\\":\\\"spring\\\"");
  EXPECT(0, "verify");
}
END_TEST

START_TEST(voices_notes_and_labels_go_with_the_person) {
  EXPECT(0, "export", "calls", "--number", "+12025550101", "--format", "jsonl");
  char id[32] = "";
  ck_assert_int_eq(sscanf(said_out, "{\"attempt_id\":\"%31[0-9]", id), 1);
  ck_assert_int_eq(
      shell("cd %s/state && mkdir -p samples recordings && touch samples/%s.30.wav recordings/%s.flac samples/77.30.wav", home_dir, id, id),
      0);
  ck_assert_int_eq(shell("python3 -c \"import sqlite3;c=sqlite3.connect('%s/state/cadencia.db');c.execute('INSERT INTO label "
                         "VALUES(%s,1,1,1,\\'agent\\',1)');c.commit()\"",
                         home_dir, id),
                   0);
  EXPECT(0, "person", "erase", "--number", "+12025550101", "--basis", "request 8", "--yes");
  ck_assert_int_eq(shell("cd %s/state && test -e samples/77.30.wav && ! ls samples recordings | grep -q %s", home_dir, id), 0);
  ck_assert_int_eq(shell("python3 -c \"import sqlite3;c=sqlite3.connect('%s/state/cadencia.db');assert c.execute('SELECT count(*) FROM "
                         "label').fetchone()[0]==0;assert c.execute('SELECT count(*) FROM archive_work').fetchone()[0]==0\"",
                         home_dir),
                   0);
  EXPECT(0, "verify");
}
END_TEST

START_TEST(doctor_says_what_is_wrong_and_what_to_do) {
  cadencia("doctor", NULL);
  SAYS(said_out, "database");
  SAYS(said_out, "intact");
  ck_assert_int_eq(shell("chmod 644 %s/state/cadencia.key", home_dir), 0);
  cadencia("doctor", NULL);
  SAYS(said_out, "others can read it");
}
END_TEST

START_TEST(the_page_of_the_chain_is_what_the_code_hashes) {
  char path[256], *page = calloc(1, 1 << 17);
  snprintf(path, sizeof path, "%s/docs/data.md", SOURCE_DIR);
  FILE *f = fopen(path, "r");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_gt(fread(page, 1, (1 << 17) - 1, f), 1000);
  fclose(f);
  EXPECT(0, "report", "chain");
  ck_assert_msg(strstr(page, said_out) != NULL, "docs/data.md differs from: cadencia report chain");
  EXPECT(0, "report", "schema");
  ck_assert_ptr_nonnull(strstr(said_out, "attempt(*id,"));
  ck_assert_msg(strstr(page, said_out) != NULL, "docs/data.md differs from: cadencia report schema");
  free(page);
}
END_TEST

/* Shot again and again in mid-erasure and mid-backup: the chain holds, and there is never half of anything. */
START_TEST(killed_at_any_moment_nothing_is_half_done) {
  write_text("pw", "a long password\n");
  for (int round = 0; round < 6; round++) {
    char number[24];
    snprintf(number, sizeof number, "+%llu", (unsigned long long)(round % 2 ? FIRST : SECOND));
    pid_t child = fork();
    if (child == 0) {
      if (round % 3 == 2)
        cadencia("export", "tsr", "--out", scratch_path("k.zip"), NULL);
      else if (round % 3 == 1)
        cadencia("backup", scratch_path("k.backup"), "--password-file", scratch_path("pw"), NULL);
      else
        cadencia("person", "erase", "--number", number, "--basis", "x", "--yes", NULL);
      _exit(0);
    }
    usleep((useconds_t)(2000 + round * 7919 % 30000));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    EXPECT(0, "verify");
    ck_assert_int_eq(shell("cd %s && if test -e k.zip; then python3 -m zipfile -t k.zip >/dev/null; fi", home_dir), 0);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("evidence");
  TCase *t = tcase_create("out of the box");
  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_stranger_can_check_a_bundle_with_public_tools);
  tcase_add_test(t, a_dossier_tells_one_story_and_nothing_of_anybody_else);
  tcase_add_test(t, an_erased_person_is_in_no_row_and_the_chain_and_the_story_hold);
  tcase_add_test(t, called_opted_out_blocked_and_erased_the_dossier_tells_it_all_and_nothing_else);
  tcase_add_test(t, a_number_that_was_taken_out_by_hand_has_no_mark_and_is_named);
  tcase_add_test(t, a_legal_hold_stops_every_erasure);
  tcase_add_test(t, a_backup_comes_back_whole_or_not_at_all);
  tcase_add_test(t, who_takes_what_is_noted_before_it_leaves);
  tcase_add_test(t, voices_notes_and_labels_go_with_the_person);
  tcase_add_test(t, doctor_says_what_is_wrong_and_what_to_do);
  tcase_add_test(t, the_page_of_the_chain_is_what_the_code_hashes);
  tcase_add_test(t, killed_at_any_moment_nothing_is_half_done);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
