#include "dialer/console/console.h"
#include "dialer/console/pages.h"
#include "dialer/console/series.h"
#include "dialer/console/server.h"
#include <cadencia/err.h>
#include <cadencia/names.h>
#include <check.h>
#include <pacing/pacer.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(the_series_keeps_the_highest_of_each_second_and_the_last_fifteen_minutes) {
  static struct series s;
  for (int64_t ms = 0; ms < 1000000; ms += 250)
    series_add(&s, (struct wall){ms}, (struct point){.calls = (uint32_t)(ms / 250 % 4), .waiting = ms % 1000 == 250});
  ck_assert_uint_eq(s.count, SERIES_POINTS);
  ck_assert_int_eq(series_last(&s)->second, 999);
  ck_assert_int_eq(series_at(&s, 0)->second, 100);
  ck_assert_uint_eq(series_at(&s, 0)->calls, 3);
  ck_assert_uint_eq(series_at(&s, 0)->waiting, 1);
}
END_TEST

START_TEST(who_dawdles_over_head_or_body_is_late_and_a_long_answer_is_not) {
  static struct hurry h;
  struct mono t = {1000};
  struct hurry_place *p = hurry_enter(&h, -1, t);
  ck_assert(p && !hurry_late(p, mono_add(t, HURRY_HEAD_MS)));
  ck_assert(hurry_late(p, mono_add(t, HURRY_HEAD_MS + 1)));
  hurry_body(p, 0, t);
  hurry_body(p, 50 * HURRY_BYTES_PER_S, t);
  ck_assert(!hurry_late(p, mono_add(t, HURRY_BODY_MS + 50000)));
  ck_assert(hurry_late(p, mono_add(t, HURRY_BODY_MS + 50001)));
  hurry_answer(p);
  ck_assert(!hurry_late(p, mono_add(t, 86400000)));
  hurry_head(p, mono_add(t, 100000)); /* the next request on the same connection */
  ck_assert(!hurry_late(p, mono_add(t, 100000 + HURRY_HEAD_MS)));
  ck_assert_uint_eq(hurry_check(&h, mono_add(t, 100001 + HURRY_HEAD_MS)), 1);
  ck_assert_uint_eq(hurry_check(&h, mono_add(t, 200000)), 0);
  hurry_leave(p);
  for (int i = 0; i < HURRY_PLACES; i++) ck_assert_ptr_nonnull(hurry_enter(&h, -1, t));
  ck_assert_ptr_null(hurry_enter(&h, -1, t));
  hurry_leave(NULL);
}
END_TEST

START_TEST(a_clock_that_steps_back_begins_a_new_series) {
  static struct series s;
  series_add(&s, (struct wall){50000}, (struct point){.calls = 1});
  series_add(&s, (struct wall){20000}, (struct point){.calls = 2});
  ck_assert_uint_eq(s.count, 1);
  ck_assert_uint_eq(series_last(&s)->calls, 2);
}
END_TEST

START_TEST(the_accepted_language_with_the_highest_quality_wins) {
  ck_assert_int_eq(language_accept(NULL), LANG_EN);
  ck_assert_int_eq(language_accept(""), LANG_EN);
  ck_assert_int_eq(language_accept("es"), LANG_ES);
  ck_assert_int_eq(language_accept("de-DE, es-419;q=0.7, en;q=0.3"), LANG_ES);
  ck_assert_int_eq(language_accept("es;q=0.3,en;q=0.301"), LANG_EN);
  ck_assert_int_eq(language_accept("es;q=0, fr"), LANG_EN);
  ck_assert_int_eq(language_accept("est, eno, *"), LANG_EN);
  ck_assert_int_eq(language_accept(",,;;=,;q=9"), LANG_EN);
}
END_TEST

static bool has_word(const struct pages *pages, const char *prefix, const char *name) {
  char key[80];
  snprintf(key, sizeof key, "\"%s%s\":", prefix, name);
  return strstr(pages->words[LANG_EN], key) && strstr(pages->words[LANG_ES], key);
}

START_TEST(every_state_that_the_floor_can_show_has_a_text_in_both_languages) {
  struct pages pages;
  ck_assert_int_eq(pages_init(&pages), CAD_OK);
  for (int i = 0; i < AGENT_STATE_COUNT; i++) ck_assert(has_word(&pages, "state_", agent_state_name((enum agent_state)i)));
  for (int i = 0; i < CAMPAIGN_STATE_COUNT; i++) ck_assert(has_word(&pages, "campaign_", campaign_state_name((enum campaign_state)i)));
  for (int i = 0; i < PACING_COUNT; i++) ck_assert(has_word(&pages, "mode_", pacing_mode_name((enum pacing_mode)i)));
  static const char *const PAUSES[] = {"BREAK", "LUNCH", "TRAIN", "MEET", "ADMIN", "TECH"};
  for (size_t i = 0; i < sizeof PAUSES / sizeof PAUSES[0]; i++) ck_assert_msg(has_word(&pages, "pause_", PAUSES[i]), "%s", PAUSES[i]);
  for (int i = 0; i < PACER_BOUND_COUNT; i++)
    ck_assert_msg(has_word(&pages, "bound_", pacer_bound_name((enum pacer_bound)i)), "%s", pacer_bound_name((enum pacer_bound)i));
  pages_clear(&pages);
}
END_TEST

/* Every WORDS.key of the scripts must be in words.txt. */
static void check_words_of(const char *name, const struct pages *pages) {
  const struct embedded_file *file = embedded_find(name);
  ck_assert_ptr_nonnull(file);
  char *text = strndup((const char *)file->data, file->size);
  unsigned seen = 0;
  for (char *p = strstr(text, "WORDS."); p; p = strstr(p, "WORDS.")) {
    p += strlen("WORDS.");
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strspn(p, "abcdefghijklmnopqrstuvwxyz_"), p);
    ck_assert_msg(has_word(pages, "", key), "%s: WORDS.%s", name, key);
    seen++;
  }
  ck_assert_uint_gt(seen, 1);
  free(text);
}
START_TEST(every_text_that_the_scripts_ask_for_exists) {
  struct pages pages;
  ck_assert_int_eq(pages_init(&pages), CAD_OK);
  check_words_of("console.js", &pages);
  check_words_of("chart.js", &pages);
  check_words_of("desk.js", &pages);
  check_words_of("lead.js", &pages);
  check_words_of("ask.js", &pages);
  check_words_of("sign-in.js", &pages);
  pages_clear(&pages);
}
END_TEST

START_TEST(texts_hold_nothing_that_would_be_markup) {
  const struct embedded_file *file = embedded_find("words.txt");
  ck_assert_ptr_nonnull(file);
  for (size_t i = 0; i < file->size; i++) ck_assert(file->data[i] != '<' && file->data[i] != '&' && file->data[i] != '"');
}
END_TEST

START_TEST(only_loopback_addresses_are_served) {
  ck_assert_int_eq(server_listen("0.0.0.0", 0), CAD_EINVAL);
  ck_assert_int_eq(server_listen("192.0.2.1", 0), CAD_EINVAL);
  ck_assert_int_eq(server_listen("::", 0), CAD_EINVAL);
  ck_assert_int_eq(server_listen("example", 0), CAD_EINVAL);
  ck_assert_int_eq(server_listen("127.0.0.1", 65536), CAD_EINVAL);
  int fd = server_listen("localhost", 0);
  ck_assert_int_ge(fd, 0);
  close(fd);
}
END_TEST

START_TEST(a_taken_port_ends_the_child_with_status_three) {
  int fd = server_listen("127.0.0.1", 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(server_listen("127.0.0.1", server_port(fd)), CAD_EBUSY);
  char port[16];
  snprintf(port, sizeof port, "%u", server_port(fd));
  char verb[] = "console-worker", host[] = "127.0.0.1";
  char *argv[] = {verb, host, port, NULL};
  ck_assert_int_eq(console_worker_main(3, argv), 3);
  close(fd);
}
END_TEST

START_TEST(wrong_arguments_are_a_usage_error) {
  char verb[] = "console-worker", host[] = "127.0.0.1", words[] = "80x", outside[] = "192.0.2.1", port[] = "0";
  char *no_port[] = {verb, host, NULL}, *bad_port[] = {verb, host, words, NULL}, *not_ours[] = {verb, outside, port, NULL};
  ck_assert_int_eq(console_worker_main(2, no_port), 2);
  ck_assert_int_eq(console_worker_main(3, bad_port), 2);
  ck_assert_int_eq(console_worker_main(3, not_ours), 2);
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("parts");
  tcase_add_test(tc, who_dawdles_over_head_or_body_is_late_and_a_long_answer_is_not);
  tcase_add_test(tc, the_series_keeps_the_highest_of_each_second_and_the_last_fifteen_minutes);
  tcase_add_test(tc, a_clock_that_steps_back_begins_a_new_series);
  tcase_add_test(tc, the_accepted_language_with_the_highest_quality_wins);
  tcase_add_test(tc, every_state_that_the_floor_can_show_has_a_text_in_both_languages);
  tcase_add_test(tc, every_text_that_the_scripts_ask_for_exists);
  tcase_add_test(tc, texts_hold_nothing_that_would_be_markup);
  tcase_add_test(tc, only_loopback_addresses_are_served);
  tcase_add_test(tc, a_taken_port_ends_the_child_with_status_three);
  tcase_add_test(tc, wrong_arguments_are_a_usage_error);
  Suite *s = suite_create("parts of the console");
  suite_add_tcase(s, tc);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
