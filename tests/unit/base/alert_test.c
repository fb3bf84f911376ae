/* Alerts: counted, not repeated; the newest first; at most six; in both languages. */
#include "dialer/base/alert.h"
#include <cadencia/err.h>
#include <check.h>
#include <string.h>

static struct live_alert alerts[LIVE_ALERTS_MAX];
static uint32_t count;

static void setup(void) { count = 0; }
static void raise(int64_t at, enum alert_kind kind, const char *who, const char *what) {
  alert_raise(alerts, &count, (struct wall){at}, kind, who, what);
}

START_TEST(the_same_alert_is_counted_and_comes_first) {
  raise(1, ALERT_WORKER_DIED, "main", "192.0.2.1");
  raise(2, ALERT_WORKER_DIED, "main", "192.0.2.2");
  raise(3, ALERT_WORKER_DIED, "main", "192.0.2.1");
  ck_assert_uint_eq(count, 2);
  ck_assert_str_eq(alerts[0].what, "192.0.2.1");
  ck_assert_uint_eq(alerts[0].times, 2);
  ck_assert_int_eq(alerts[0].at.ms, 3);
  ck_assert_uint_eq(alerts[1].times, 1);
}
END_TEST

START_TEST(the_oldest_makes_room) {
  const char *who[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  for (int i = 0; i < 8; i++) raise(i, ALERT_WORKER_LOOPS, who[i], "");
  ck_assert_uint_eq(count, LIVE_ALERTS_MAX);
  ck_assert_str_eq(alerts[0].who, "h");
  ck_assert_str_eq(alerts[LIVE_ALERTS_MAX - 1].who, "c");
}
END_TEST

START_TEST(a_disk_is_told_when_it_lasts_once_and_when_it_is_over) {
  bool told = false;
  struct mail_store_trouble bad = {CAD_EFULL, 50}, worse = {CAD_EFULL, 2000}, good = {CAD_OK, 0};
  ck_assert(!alert_store(alerts, &count, &told, "/var/lib/cadencia", &good));
  ck_assert(!alert_store(alerts, &count, &told, "/var/lib/cadencia", &bad));
  ck_assert(!alert_store(alerts, &count, &told, "/var/lib/cadencia", &good));
  ck_assert(alert_store(alerts, &count, &told, "/var/lib/cadencia", &worse));
  ck_assert(!alert_store(alerts, &count, &told, "/var/lib/cadencia", &worse));
  ck_assert_uint_eq(count, 1);
  char words[LIVE_ALERT_TEXT];
  ck_assert_str_eq(alert_words(&alerts[0], false, words),
                   "/var/lib/cadencia cannot be written (full): nobody is dialed until it can; see cadencia doctor");
  ck_assert(alert_store(alerts, &count, &told, "/var/lib/cadencia", &good));
  ck_assert(!alert_store(alerts, &count, &told, "/var/lib/cadencia", &good));
  ck_assert_str_eq(alert_words(&alerts[0], true, words), "ya se puede escribir en /var/lib/cadencia: se vuelve a llamar");
}
END_TEST

START_TEST(a_long_name_is_cut_between_two_characters) {
  char folder[120] = "/var/lib/";
  for (int i = 0; i < 40; i++) strcat(folder, "\xc3\xb1"); /* at an odd place: byte 63 is in the middle of one */
  raise(1, ALERT_DISK, folder, "");
  ck_assert_uint_eq(strlen(alerts[0].who), 63);
  raise(2, ALERT_DISK, folder + 1, "");
  ck_assert_uint_eq(strlen(alerts[0].who), 62);
  ck_assert_uint_eq((unsigned char)alerts[0].who[61], 0xb1);
}
END_TEST

START_TEST(every_kind_has_words_whatever_is_in_it) {
  for (int kind = 0; kind < ALERT_KIND_COUNT; kind++) {
    char en[LIVE_ALERT_TEXT], es[LIVE_ALERT_TEXT];
    struct live_alert a = {.kind = (uint8_t)kind};
    memset(a.who, 'w', sizeof a.who); /* a picture that was torn */
    memset(a.what, 'x', sizeof a.what);
    ck_assert_ptr_nonnull(strstr(alert_words(&a, false, en), "www"));
    ck_assert_ptr_nonnull(strstr(alert_words(&a, true, es), "www"));
    ck_assert_str_ne(en, es);
  }
  char words[LIVE_ALERT_TEXT];
  ck_assert_str_eq(alert_words(&(struct live_alert){.kind = 200}, true, words), "");
}
END_TEST

int main(void) {
  Suite *s = suite_create("alerts");
  TCase *c = tcase_create("alerts");
  tcase_add_checked_fixture(c, setup, NULL);
  tcase_add_test(c, the_same_alert_is_counted_and_comes_first);
  tcase_add_test(c, the_oldest_makes_room);
  tcase_add_test(c, a_disk_is_told_when_it_lasts_once_and_when_it_is_over);
  tcase_add_test(c, a_long_name_is_cut_between_two_characters);
  tcase_add_test(c, every_kind_has_words_whatever_is_in_it);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
