/* Taking an import back: the contact tables are as before, and what was dialed stays. */
#include "fixture.h"
#include "tests/support/scratch.h"
#include <sqlite3.h>

static struct store *s;
static uint64_t one;
static char path[256];

static void setup(void) {
  strcpy(path, scratch_path("cadencia.db"));
  s = store_at(path);
  one = with_campaign(s, "one");
}
static void teardown(void) {
  s = store_close(s);
  scratch_remove();
}

/* Every row of the tables of contacts, as one text. */
static char *contents(void) {
  static const char *const TABLES[] = {"person", "phone", "work_case", "case_state", "case_number", "list", "bucket"};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  sqlite3 *db = NULL;
  ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
    char sql[64];
    sqlite3_stmt *q = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", TABLES[i]);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
      fprintf(out, "%s", TABLES[i]);
      for (int c = 0; c < sqlite3_column_count(q); c++)
        fprintf(out, "|%s", sqlite3_column_text(q, c) ? (const char *)sqlite3_column_text(q, c) : "");
      fputc('\n', out);
    }
    sqlite3_finalize(q);
  }
  sqlite3_close(db);
  fclose(out);
  return text;
}

static uint64_t load(const char *campaign, uint64_t first, int n, uint64_t other) {
  uint64_t job, visible = 0;
  ck_assert_int_eq(store_import_begin(s, campaign, "more.csv", at_ms(1000).wall, &job), CAD_OK);
  for (int i = 0; i < n; i++) {
    struct contact_row row = {.phone = first + (uint64_t)i, .name = "Ana", .others = {other ? other + (uint64_t)i : 0}};
    uint8_t result = 99;
    ck_assert_int_eq(store_import_rows(s, job, &row, 1, &result), CAD_OK);
    ck_assert_int_eq(result, CONTACT_ADDED);
  }
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_OK);
  return job;
}

START_TEST(an_import_that_is_taken_back_leaves_the_tables_as_they_were) {
  struct store_counts before, after;
  struct lease l[8];
  load("one", 12025550100, 700, 0);
  char *was = contents();
  ck_assert_int_eq(store_counts(s, "one", &before), CAD_OK);
  uint64_t job = load("one", 13125550100, 900, 16465550100); /* with a second number each */
  ck_assert_int_eq(lease_some(s, one, 8, at_ms(0), l, NULL), 8);
  ck_assert_int_eq(to_the_end(store_import_undo, s, job), CAD_OK);
  char *is = contents();
  ck_assert_str_eq(was, is);
  free(was);
  free(is);
  ck_assert_int_eq(store_counts(s, "one", &after), CAD_OK);
  ck_assert_mem_eq(&before, &after, sizeof before);
  ck_assert_int_eq(store_import_undo(s, job), CAD_ENOENT); /* once */
  load("one", 13125550100, 5, 0);
}
END_TEST

START_TEST(what_was_dialed_cannot_be_taken_back) {
  struct lease l[1];
  uint64_t job = load("one", 12025550100, 3, 0);
  ck_assert_int_eq(lease_some(s, one, 1, at_ms(0), l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, l, 5, at_ms(10), NULL), REFUSAL_NONE);
  ck_assert_int_eq(store_import_undo(s, job), CAD_EREFUSED);
  ck_assert_int_eq(close_attempt(s, 5, OUTCOME_BUSY, at_ms(20000)), CAD_OK);
  s = store_close(s);
  s = store_at(path); /* a restart does not forget it */
  ck_assert_int_eq(store_import_undo(s, job), CAD_EREFUSED);
}
END_TEST

START_TEST(a_person_of_two_lists_stays_until_both_are_gone) {
  char *was = contents();
  with_campaign(s, "two");
  uint64_t first = load("one", 12025550100, 2, 12025550200), second = load("two", 12025550100, 1, 12025550300);
  ck_assert_int_eq(to_the_end(store_import_undo, s, first), CAD_OK);
  struct lease l[4];
  ck_assert_int_eq(lease_some(s, one, 4, at_ms(0), l, NULL), 0);
  s = store_close(s);
  s = store_at(path);
  char *between = contents();
  ck_assert_ptr_nonnull(strstr(between, "12025550100"));
  ck_assert_ptr_null(strstr(between, "12025550101"));
  ck_assert_ptr_null(strstr(between, "12025550200"));
  free(between);
  ck_assert_int_eq(to_the_end(store_import_undo, s, second), CAD_OK);
  char *is = contents();
  ck_assert_str_eq(was, is);
  free(was);
  free(is);
}
END_TEST

START_TEST(a_crash_while_taking_back_ends_with_nothing_of_it) {
  char *was = contents();
  uint64_t job = load("one", 12025550100, 2000, 0);
  ck_assert_int_eq(store_import_undo(s, job), 1);
  ck_assert_int_eq(store_import_undo(s, job), 1);
  struct lease l[1];
  ck_assert_int_eq(lease_some(s, one, 1, at_ms(0), l, NULL), 0); /* invisible at once */
  s = store_close(s);
  s = store_at(path);
  char *is = contents();
  ck_assert_str_eq(was, is);
  free(was);
  free(is);
}
END_TEST

static int seen_state;
static int see(void *arg, const struct import_row *r) {
  if (r->id == *(uint64_t *)arg) seen_state = r->state;
  return CAD_OK;
}

START_TEST(the_log_of_imports_remembers_what_was_taken_back) {
  uint64_t kept = load("one", 12025550100, 1, 0), gone = load("one", 12025550200, 1, 0);
  ck_assert_int_eq(to_the_end(store_import_undo, s, gone), CAD_OK);
  ck_assert_int_eq(store_import_each(s, see, &kept), CAD_OK);
  ck_assert_int_eq(seen_state, IMPORT_VISIBLE);
  ck_assert_int_eq(store_import_each(s, see, &gone), CAD_OK);
  ck_assert_int_eq(seen_state, IMPORT_UNDONE);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("undo");
  TCase *t = tcase_create("undo");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, an_import_that_is_taken_back_leaves_the_tables_as_they_were);
  tcase_add_test(t, what_was_dialed_cannot_be_taken_back);
  tcase_add_test(t, a_person_of_two_lists_stays_until_both_are_gone);
  tcase_add_test(t, a_crash_while_taking_back_ends_with_nothing_of_it);
  tcase_add_test(t, the_log_of_imports_remembers_what_was_taken_back);
  suite_add_tcase(suite, t);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed == 0 ? 0 : 1;
}
