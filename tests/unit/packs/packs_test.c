/* The shipped packs: read without a word of complaint, and their own vectors agree. */
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <campaigns/packs.h>
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct zones *z;
static struct ruleset *rules;
static struct calendar *calendar;

static void setup(void) {
  z = zones_create("/usr/share/zoneinfo");
  rules = ruleset_create();
  calendar = calendar_create();
}
static void teardown(void) {
  zones_destroy(z);
  ruleset_destroy(rules);
  calendar_destroy(calendar);
}

static void load_all(void) {
  ck_assert_int_eq(packs_load(SOURCE_DIR "/etc/rules", rules, stderr), CAD_OK);
  ck_assert_int_eq(calendars_load(SOURCE_DIR "/etc/calendars", false, calendar, stderr), CAD_OK);
  calendar_ready(calendar);
}

START_TEST(every_vector_of_every_pack_agrees) {
  int ran = 0, failed = 0;
  load_all();
  struct law law = {z, rules, calendar};
  DIR *d = opendir(SOURCE_DIR "/etc/rules");
  ck_assert_ptr_nonnull(d);
  for (struct dirent *e; (e = readdir(d));) {
    char path[512];
    if (!strstr(e->d_name, ".conf")) continue;
    snprintf(path, sizeof path, SOURCE_DIR "/etc/rules/%s", e->d_name);
    int n = pack_test(path, &law, z, &ran, stderr);
    ck_assert_int_ge(n, 0);
    failed += n;
  }
  closedir(d);
  ck_assert_int_eq(failed, 0);
  ck_assert_int_ge(ran, 9);
}
END_TEST

START_TEST(a_vector_that_is_wrong_is_told) {
  struct vector_result r;
  load_all();
  struct law law = {z, rules, calendar};
  vector_run("GEN-ATTEMPT-CAP US-NY,America/New_York 2026-06-03T12:00 calls=-1h,-2h,-23h ok", &law, z, &r);
  ck_assert(!r.good);
  ck_assert_ptr_nonnull(strstr(r.said, "attempt_cap by GEN-ATTEMPT-CAP"));
  static const char *const BAD[] = {"",
                                    "NO-SUCH US-NY,America/New_York 2026-06-03T12:00 ok",
                                    "GEN-ATTEMPT-CAP US-NY,America/Nowhere 2026-06-03T12:00 ok",
                                    "GEN-ATTEMPT-CAP US-NY,America/New_York 2026-02-30T12:00 ok",
                                    "GEN-ATTEMPT-CAP US-NY,America/New_York 2026-06-03T12:00 calls=yesterday ok",
                                    "GEN-ATTEMPT-CAP US-NY,America/New_York 2026-06-03T12:00 what=1 ok",
                                    "GEN-ATTEMPT-CAP US-NY,America/New_York 2026-06-03T12:00 fine"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    vector_run(BAD[i], &law, z, &r);
    ck_assert_msg(!r.good && r.said[0], "%s", BAD[i]);
  }
}
END_TEST

/* Writes text as a pack and reads it; what was said is in *said. */
static int read_text(const char *text, char **said) {
  size_t n = 0;
  FILE *err = open_memstream(said, &n);
  int r = pack_read(scratch_write("pack.conf", text), rules, err);
  fclose(err);
  return r;
}

#define HEAD "pack = { id = \"test\"; title = \"A test\"; jurisdiction = \"US\"; version = 1; };\n"
#define RULE(more) HEAD "rules = ( { id = \"T-1\"; citation = \"none\"; level = \"P\"; on = true; " more " } );\n"

START_TEST(errors_name_the_line_and_the_fix) {
  static const struct {
    const char *text, *says;
  } BAD[] = {
      {"rules = ();", "pack"},
      {HEAD "rules = 3;", "list of groups"},
      {RULE("kind = \"hour\";"), "kind \"hour\" is unknown"},
      {RULE("kind = \"hours\";"), "needs hours"},
      {RULE("kind = \"hours\"; hours = ( { days = \"mon\"; open = \"09:00\"; close = \"08:00\"; } );"), "before close"},
      {RULE("kind = \"hours\"; hours = ( { days = \"weekdays\"; open = \"09:00\"; close = \"18:00\"; } );"), "not understood"},
      {RULE("kind = \"hours\"; hours = ( { days = \"mon\"; open = \"09:00\"; close = \"18:00\"; } ); holidays = \"maybe\";"), "as_sunday"},
      {RULE("kind = \"cap\"; calls = 3;"), "needs calls"},
      {RULE("kind = \"cap\"; calls = 3; window_h = 24; counts = [\"tries\"];"), "\"tries\" is unknown"},
      {RULE("kind = \"cap\"; calls = 3; window_h = 24; counts = [\"attempts\"]; per = \"family\";"), "\"family\" is unknown"},
      {RULE("kind = \"registry\"; lists = [\"tps\"];"), "capital letters"},
      {RULE("kind = \"registry\"; lists = [\"TPS\"];"), "max_age_days"},
      {RULE("kind = \"consent\";"), "needs basis"},
      {RULE("kind = \"caller_id\"; forbid = [\"346\"];"), "international"},
      {RULE("kind = \"ring\";"), "needs value"},
      {RULE("kind = \"note\"; region = \"Florida\";"), "is none"},
      {RULE("kind = \"note\"; region = \"usa\";"), "is none"},
      {RULE("kind = \"note\"; from = \"2026-02-30\";"), "no date"},
      {RULE("kind = \"note\"; from = \"2026-02-20\"; until = \"2026-02-20\";"), "before until"},
      {RULE("kind = \"note\"; purpose = [\"sales\"];"), "telemarketing"},
      {RULE("kind = \"note\"; level = \"V9\";"), "V1, V2"},
      {RULE("kind = \"note\"; hour = 3;"), "unknown key"},
      {HEAD "rules = ( { id = \"T-1\"; citation = \"none\"; level = \"P\"; on = true; kind = \"note\"; },\n { id = \"T-1\"; citation = "
            "\"none\"; level "
            "= \"P\"; on = true; kind = \"note\"; } );",
       "there already"},
      {HEAD "rules = ( );\nvectors = ( 3 );", "list of up to"}};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    char *said = NULL;
    rules = ruleset_destroy(rules);
    rules = ruleset_create();
    int r = read_text(BAD[i].text, &said);
    ck_assert_msg(r == CAD_EFORMAT, "case %zu was accepted", i);
    bool level_twice = strstr(BAD[i].text, "V9") != NULL; /* the same key twice is libconfig's own complaint */
    ck_assert_msg(level_twice || strstr(said, BAD[i].says), "case %zu says: %s", i, said);
    ck_assert_ptr_nonnull(strstr(said, ":"));
    free(said);
  }
}
END_TEST

START_TEST(a_calendar_line_that_is_wrong_is_told_by_number) {
  static const char *const BAD[] = {
      "2026-13-01,US,holiday,x\n", "2026-12-25,usa,holiday,x\n",        "2026-12-25,US,party,x\n",  "2026-12-25\n",
      "covers,US,2026-01-01\n",    "covers,US,2027-01-01,2026-01-01\n", "2026-02-29,US,holiday,x\n"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    char text[200];
    int line = 0;
    snprintf(text, sizeof text, "# comment\n2026-12-25,US,holiday,Christmas\n%s", BAD[i]);
    ck_assert_int_eq(calendar_add(calendar, text, &line), CAD_EFORMAT);
    ck_assert_int_eq(line, 3);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("packs");
  TCase *t = tcase_create("packs");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, every_vector_of_every_pack_agrees);
  tcase_add_test(t, a_vector_that_is_wrong_is_told);
  tcase_add_test(t, errors_name_the_line_and_the_fix);
  tcase_add_test(t, a_calendar_line_that_is_wrong_is_told_by_number);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
