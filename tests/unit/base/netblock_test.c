/* Blocks of addresses: what they hold, and what is no block. */
#include "dialer/base/netblock.h"
#include <cadencia/err.h>
#include <check.h>

static bool holds(const char *block, const char *address) {
  struct netblock b;
  uint8_t bytes[16];
  ck_assert_msg(netblock_parse(block, &b) == CAD_OK, "%s", block);
  ck_assert_msg(netblock_address(address, bytes) == CAD_OK, "%s", address);
  return netblock_holds(&b, bytes);
}

START_TEST(a_block_holds_its_own_and_nobody_else) {
  ck_assert(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
  ck_assert(holds("192.0.2.128/25", "192.0.2.200") && !holds("192.0.2.128/25", "192.0.2.127"));
  ck_assert(holds("198.51.100.7", "198.51.100.7") && !holds("198.51.100.7", "198.51.100.6"));
  ck_assert(holds("2001:db8:1::/48", "[2001:db8:1:ffff::9]") && !holds("2001:db8:1::/48", "2001:db8:2::"));
  ck_assert(holds("10.0.0.0/8", "10.255.255.255") && !holds("10.0.0.0/8", "::10.1.1.1"));
  ck_assert_msg(holds("192.0.2.0/24", "::ffff:192.0.2.9"), "a mapped address is the IPv4 one");
}
END_TEST

START_TEST(what_is_no_block_is_refused) {
  static const char *const BAD[] = {"",           "carrier",         "192.0.2.0/",     "192.0.2.0/33",   "192.0.2.0/-1", "192.0.2.0/ 24",
                                    "192.0.2/24", "192.0.2.1/24",    "192.0.2.0/24x",  "2001:db8::/129", "[::1",         "2001:db8::1/48",
                                    "/24",        "192.0.2.0/24/24", "192.0.2.0/0x18", "192.0.2.0/+24"};
  static const char *const WIDE[] = {"0.0.0.0/0", "128.0.0.0/7", "::/0", "2000::/3"};
  struct netblock b;
  for (unsigned i = 0; i < sizeof BAD / sizeof *BAD; i++) ck_assert_msg(netblock_parse(BAD[i], &b) == CAD_EFORMAT, "%s", BAD[i]);
  for (unsigned i = 0; i < sizeof WIDE / sizeof *WIDE; i++) ck_assert_msg(netblock_parse(WIDE[i], &b) == CAD_EINVAL, "%s", WIDE[i]);
}
END_TEST

int main(void) {
  Suite *s = suite_create("netblock");
  TCase *c = tcase_create("netblock");
  tcase_add_test(c, a_block_holds_its_own_and_nobody_else);
  tcase_add_test(c, what_is_no_block_is_refused);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
