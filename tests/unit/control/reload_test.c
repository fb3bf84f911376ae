/* What SIGHUP may change, and what waits for a restart. */
#include "dialer/reload.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config box(void) {
  struct config c;
  config_defaults(&c);
  c.trunk_count = 1;
  memset(&c.trunks[0], 0, sizeof c.trunks[0]);
  snprintf(c.trunks[0].name, sizeof c.trunks[0].name, "carrier");
  snprintf(c.trunks[0].proxy, sizeof c.trunks[0].proxy, "sip:192.0.2.1:5060");
  c.trunks[0].channels = 10;
  c.trunks[0].calls_per_s = 5;
  return c;
}

START_TEST(limits_of_a_trunk_change_at_once) {
  struct config a = box(), b = box();
  b.trunks[0].channels = 20;
  b.drain_s = a.drain_s + 1;
  char restart[256];
  ck_assert_int_eq(reload_merge(&a, &b, restart, sizeof restart), 2);
  ck_assert_uint_eq(a.trunks[0].channels, 20);
  ck_assert_uint_eq(a.drain_s, b.drain_s);
  ck_assert_str_eq(restart, "");
}
END_TEST

START_TEST(what_needs_a_restart_keeps_its_value_and_is_named) {
  struct config a = box(), b = box();
  b.limit_calls = a.limit_calls + 1;
  snprintf(b.trunks[0].name, sizeof b.trunks[0].name, "other");
  b.trunks[0].channels = 99;
  char restart[256];
  ck_assert_int_eq(reload_merge(&a, &b, restart, sizeof restart), 0);
  ck_assert_ptr_nonnull(strstr(restart, "limits"));
  ck_assert_ptr_nonnull(strstr(restart, "trunks"));
  ck_assert_uint_eq(a.trunks[0].channels, 10);
  ck_assert_str_eq(a.trunks[0].name, "carrier");
}
END_TEST

int main(void) {
  Suite *s = suite_create("reload");
  TCase *t = tcase_create("reload");
  tcase_add_test(t, limits_of_a_trunk_change_at_once);
  tcase_add_test(t, what_needs_a_restart_keeps_its_value_and_is_named);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
