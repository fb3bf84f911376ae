/* cadencia.conf: what is good is read, what is wrong is named with file and line. */
#include "dialer/base/config.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file_path[256];
static char *messages;

static int load(const char *text, struct config *out) {
  strcpy(file_path, scratch_write("cadencia.conf", text));
  free(messages);
  messages = NULL;
  size_t n;
  FILE *err = open_memstream(&messages, &n);
  int r = config_load(file_path, out, err);
  fclose(err);
  return r;
}

static void expect_line(int line, const char *needle) {
  char start[272];
  snprintf(start, sizeof start, "%s:%d: ", file_path, line);
  const char *p = messages;
  while ((p = strstr(p, start)) != NULL) {
    const char *end = strchr(p, '\n');
    const char *hit = strstr(p, needle);
    if (hit && hit < end) return;
    p += strlen(start);
  }
  ck_abort_msg("no message at line %d with \"%s\" in:\n%s", line, needle, messages);
}

static const char GOOD[] =
    "state_dir = \"/var/lib/cadencia\";\n"
    "listeners = ( { name = \"main\"; bind = \"127.0.0.1:5060\"; transport = \"udp\"; advertise = \"\"; media_ports = [20000, 29999]; } "
    ");\n"
    "trunks = ( { name = \"carrier\"; listener = \"main\"; proxy = \"sip:127.0.0.1:5070;transport=udp\"; caller_id = \"+12025550100\";\n"
    "            channels = 200; calls_per_s = 50; codecs = [\"PCMU\", \"PCMA\"]; } );\n"
    "console = { bind = \"127.0.0.1:8080\"; };\n"
    "limits = { calls = 2000; contacts = 10000000; };\n";

START_TEST(the_sample_of_the_manual_is_read_field_by_field) {
  struct config c;
  ck_assert_msg(load(GOOD, &c) == CAD_OK, "%s", messages);
  ck_assert_str_eq(messages, "");
  ck_assert_str_eq(c.state_dir, "/var/lib/cadencia");
  ck_assert_uint_eq(c.listener_count, 1);
  ck_assert_str_eq(c.listeners[0].name, "main");
  ck_assert_str_eq(c.listeners[0].bind_host, "127.0.0.1");
  ck_assert_uint_eq(c.listeners[0].bind_port, 5060);
  ck_assert_uint_eq(c.listeners[0].media_port_min, 20000);
  ck_assert_uint_eq(c.listeners[0].media_port_max, 29999);
  ck_assert_uint_eq(c.trunk_count, 1);
  ck_assert_uint_eq(c.trunks[0].listener, 0);
  ck_assert_str_eq(c.trunks[0].proxy, "sip:127.0.0.1:5070;transport=udp");
  ck_assert(c.trunks[0].caller_id == 12025550100u);
  ck_assert_uint_eq(c.trunks[0].channels, 200);
  ck_assert_uint_eq(c.trunks[0].calls_per_s, 50);
  ck_assert_uint_eq(c.trunks[0].codec_count, 2);
  ck_assert_uint_eq(c.trunks[0].codecs[0], CODEC_PCMU);
  ck_assert_uint_eq(c.trunks[0].codecs[1], CODEC_PCMA);
  ck_assert_str_eq(c.console_host, "127.0.0.1");
  ck_assert_uint_eq(c.console_port, 8080);
  ck_assert_uint_eq(c.limit_calls, 2000);
  ck_assert(c.limit_contacts == 10000000);
}
END_TEST

START_TEST(the_shipped_sample_file_is_good) {
  struct config c;
  char *text;
  size_t n;
  FILE *err = open_memstream(&text, &n);
  int r = config_load(SOURCE_DIR "/etc/cadencia.conf", &c, err);
  fclose(err);
  ck_assert_msg(r == CAD_OK, "%s", text);
  free(text);
}
END_TEST

START_TEST(console_and_trunks_are_optional) {
  struct config c;
  ck_assert_int_eq(load("listeners = ( { name = \"main\"; bind = \"[::1]:5060\"; } );\n", &c), CAD_OK);
  ck_assert_str_eq(c.listeners[0].bind_host, "::1");
  ck_assert_str_eq(c.console_host, "");
  ck_assert_uint_eq(c.trunk_count, 0);
}
END_TEST

START_TEST(trunks_may_stand_above_their_listeners) {
  struct config c;
  ck_assert_int_eq(load("trunks = ( { name = \"t\"; listener = \"b\"; proxy = \"sip:192.0.2.1\"; caller_id = \"+34912345678\"; } );\n"
                        "listeners = ( { name = \"a\"; bind = \"127.0.0.1:5060\"; }, { name = \"b\"; bind = \"127.0.0.2:5060\"; } );\n",
                        &c),
                   CAD_OK);
  ck_assert_uint_eq(c.trunks[0].listener, 1);
}
END_TEST

START_TEST(every_error_is_reported_with_its_line_and_the_fix) {
  struct config c = {.limit_calls = 77};
  int r = load("state_dir = 5;\n"
               "lisetners = ();\n"
               "listeners = ( { name = \"main\"; bind = \"localhost:5060\"; media_ports = [29999, 20000]; },\n"
               "  { name = \"two\"; bind = \"127.0.0.1:5061\"; transport = \"sctp\"; colour = 1; } );\n"
               "trunks = ( { name = \"carrier\"; listener = \"mian\";\n"
               "  proxy = \"sip:carrier_example\";\n"
               "  caller_id = \"2025550100\";\n"
               "  channels = 0;\n"
               "  calls_per_s = \"50\";\n"
               "  codecs = [\"G729\"]; sources = [\"192.0.2.0/24\", \"192.0.2.1/24\"]; } );\n"
               "console = { bind = \"127.0.0.1\"; };\n"
               "limits = { calls = true; };\n",
               &c);
  ck_assert_int_eq(r, CAD_EFORMAT);
  expect_line(1, "state_dir must be a text in quotes; write state_dir = \"/var/lib/cadencia\"");
  expect_line(2, "did you mean \"listeners\"?");
  expect_line(3, "bind must be a numeric address and a port");
  expect_line(3, "media_ports 29999 to 20000");
  expect_line(4, "\"sctp\" is unknown");
  expect_line(4, "unknown key \"colour\"");
  expect_line(5, "names listener \"mian\"");
  expect_line(6, "proxy must name an address");
  expect_line(7, "write caller_id = \"+12025550100\"");
  expect_line(8, "channels = 0 is out of range 1 to 65535");
  expect_line(9, "calls_per_s must be a whole number without quotes");
  expect_line(10, "neither PCMU nor PCMA");
  expect_line(10, "source 2, \"192.0.2.1/24\", is neither an address nor a block");
  expect_line(11, "write bind = \"127.0.0.1:8080\"");
  expect_line(12, "calls must be a whole number");
  ck_assert_uint_eq(c.limit_calls, 77); /* untouched on failure */
}
END_TEST

START_TEST(a_syntax_error_names_its_line) {
  struct config c;
  ck_assert_int_eq(load("state_dir = \"/x\";\nlisteners = ( { name = \"main\" bind } );\n", &c), CAD_EFORMAT);
  expect_line(2, "syntax error");
}
END_TEST

START_TEST(missing_keys_are_named_with_a_value_to_write) {
  struct config c;
  ck_assert_int_eq(load("listeners = (\n{ name = \"main\"; } );\n", &c), CAD_EFORMAT);
  expect_line(2, "key \"bind\" is missing; write bind = \"192.0.2.10:5060\"");
  ck_assert_int_eq(load("", &c), CAD_EFORMAT);
  expect_line(1, "key \"listeners\" is missing");
}
END_TEST

START_TEST(listeners_that_would_fight_are_refused) {
  struct config c;
  ck_assert_int_eq(load("listeners = ( { name = \"a\"; bind = \"127.0.0.1:5060\"; media_ports = [20000, 20099]; },\n"
                        "{ name = \"a\"; bind = \"127.0.0.1:5060\"; media_ports = [20050, 20200]; },\n"
                        "{ name = \"c\"; bind = \"127.0.0.1:30000\"; media_ports = [29000, 30100]; },\n"
                        "{ name = \"d\"; bind = \"0.0.0.0:7000\"; media_ports = [40000, 40100]; } );\n",
                        &c),
                   CAD_EFORMAT);
  expect_line(2, "used twice");
  expect_line(2, "bind the same port 5060");
  expect_line(2, "overlap");
  expect_line(3, "inside its own media_ports");
  expect_line(4, "binds every address");
}
END_TEST

START_TEST(hosts_that_only_look_numeric_are_refused) {
  static const char *const BAD[] = {"127.0.0.1", "127.0.0.1:",       "127.0.0.1:0",   "127.0.0.1:65536", "127.0.0.1:50x",
                                    "::1:5060",  "[127.0.0.1]:5060", "127.0.1:5060x", "999.0.0.1:5060",  ":5060",
                                    "",          "[::1:5060"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    char text[200];
    struct config c;
    snprintf(text, sizeof text, "listeners = ( { name = \"main\"; bind = \"%s\"; } );\n", BAD[i]);
    ck_assert_msg(load(text, &c) == CAD_EFORMAT, "accepted %s", BAD[i]);
  }
}
END_TEST

START_TEST(proxies_that_this_version_cannot_use_are_refused) {
  static const char *const BAD[] = {"sips:192.0.2.1",    "sip:me@192.0.2.1", "192.0.2.1", "sip:192.0.2.1;transport=tcp",
                                    "sip:192.0.2.1?x=y", "sip:[192.0.2.1]",  "sip:",      "tel:+1202"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
    char text[400];
    struct config c;
    snprintf(text, sizeof text,
             "listeners = ( { name = \"main\"; bind = \"127.0.0.1:5060\"; } );\n"
             "trunks = ( { name = \"t\"; listener = \"main\"; caller_id = \"+12025550100\"; proxy = \"%s\"; } );\n",
             BAD[i]);
    ck_assert_msg(load(text, &c) == CAD_EFORMAT, "accepted %s", BAD[i]);
  }
}
END_TEST

START_TEST(the_page_stays_on_loopback) {
  struct config c;
  ck_assert_int_eq(load("listeners = ( { name = \"main\"; bind = \"127.0.0.1:5060\"; } );\nconsole = { bind = \"0.0.0.0:8080\"; };\n", &c),
                   CAD_EFORMAT);
  expect_line(2, "loopback only");
}
END_TEST

START_TEST(a_file_that_is_not_there_or_not_text_is_said_so) {
  struct config c;
  char *text;
  size_t n;
  FILE *err = open_memstream(&text, &n);
  ck_assert_int_eq(config_load("/nonexistent/cadencia.conf", &c, err), CAD_ENOENT);
  ck_assert_int_lt(config_load("/tmp", &c, err), 0);
  fclose(err);
  ck_assert_ptr_nonnull(strstr(text, "/nonexistent/cadencia.conf: No such file"));
  free(text);
}
END_TEST

START_TEST(the_environment_names_the_data_folder) {
  struct config c;
  setenv("CADENCIA_SHARE", "/some/where", 1);
  config_defaults(&c);
  ck_assert_str_eq(c.share_dir, "/some/where");
  unsetenv("CADENCIA_SHARE");
  config_defaults(&c);
  ck_assert(c.share_dir[0] == '/');
}
END_TEST

int main(void) {
  Suite *s = suite_create("config");
  TCase *t = tcase_create("cadencia.conf");
  tcase_add_test(t, the_sample_of_the_manual_is_read_field_by_field);
  tcase_add_test(t, the_shipped_sample_file_is_good);
  tcase_add_test(t, console_and_trunks_are_optional);
  tcase_add_test(t, trunks_may_stand_above_their_listeners);
  tcase_add_test(t, every_error_is_reported_with_its_line_and_the_fix);
  tcase_add_test(t, a_syntax_error_names_its_line);
  tcase_add_test(t, missing_keys_are_named_with_a_value_to_write);
  tcase_add_test(t, listeners_that_would_fight_are_refused);
  tcase_add_test(t, hosts_that_only_look_numeric_are_refused);
  tcase_add_test(t, proxies_that_this_version_cannot_use_are_refused);
  tcase_add_test(t, the_page_stays_on_loopback);
  tcase_add_test(t, a_file_that_is_not_there_or_not_text_is_said_so);
  tcase_add_test(t, the_environment_names_the_data_folder);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  free(messages);
  return failed != 0;
}
