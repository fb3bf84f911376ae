/* Campaign templates: what is good becomes a definition, what is wrong is named with its line. */
#include "dialer/local/template.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char *messages;
static struct campaign_def def;

static int read_template(const char *text) {
  FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
  size_t n;
  free(messages);
  messages = NULL;
  FILE *err = open_memstream(&messages, &n);
  int r = template_read(in, "t.conf", &def, err);
  fclose(in);
  fclose(err);
  return r;
}
#define HEAD "mode = \"predictive\"; trunk = \"carrier\"; country = \"US\"; purpose = \"telemarketing\"; seller = \"S\";\n"
#define SAYS(needle) ck_assert_msg(strstr(messages, needle) != NULL, "no \"%s\" in:\n%s", needle, messages)

START_TEST(a_message_at_machines_needs_screening_and_its_recording) {
  ck_assert_int_eq(read_template(HEAD "machine_action = \"message\"; prompts = { message = \"message_en.wav\"; };"), CAD_OK);
  ck_assert_int_eq(def.terms.machine_action, MACHINE_MESSAGE);
  ck_assert_int_eq(def.terms.screening_action, MACHINE_HANG_UP);
  ck_assert_str_eq(def.message, "message_en.wav");
  ck_assert_int_eq(read_template(HEAD "screening_action = \"agent\";"), CAD_OK);
  ck_assert_int_eq(def.terms.screening_action, MACHINE_AGENT);
  ck_assert_int_lt(read_template(HEAD "machine_action = \"message\";"), 0);
  ck_assert_int_lt(read_template(HEAD "machine_action = \"shout\";"), 0);
  ck_assert_int_lt(read_template(HEAD "machine_action = \"agent\"; screening = false;"), 0);
  ck_assert_int_lt(read_template(HEAD "prompts = { message = \"../secret.wav\"; };"), 0);
}
END_TEST

START_TEST(the_shipped_templates_are_good_and_mean_what_they_say) {
  static const struct {
    const char *file, *purpose;
    enum pacing_mode mode;
  } V[] = {{SOURCE_DIR "/etc/campaigns/sales.conf", "telemarketing", PACING_PREDICTIVE},
           {SOURCE_DIR "/etc/campaigns/collections.conf", "collections", PACING_PROGRESSIVE},
           {SOURCE_DIR "/etc/campaigns/survey.conf", "survey", PACING_RATIO}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    FILE *in = fopen(V[i].file, "r");
    ck_assert_ptr_nonnull(in);
    ck_assert_int_eq(template_read(in, V[i].file, &def, stderr), CAD_OK);
    fclose(in);
    ck_assert_str_eq(def.purpose, V[i].purpose);
    ck_assert_int_eq((int)def.terms.mode, (int)V[i].mode);
    ck_assert_uint_ge(def.terms.ring_ms, 15000);
    ck_assert_uint_le(def.terms.max_wait_ms, 2000);
    ck_assert_uint_le(def.terms.limit_bp, 300);
    ck_assert_str_eq(def.prompt, "safe_harbour_en.wav");
    ck_assert_int_gt(def.retry.count, 0);
    ck_assert_str_eq(def.terms.dispositions[9], "DNC");
  }
  ck_assert_uint_eq(def.terms.ratio_x100, 130); /* survey.conf */
}
END_TEST

START_TEST(what_a_template_leaves_out_has_a_lawful_default) {
  ck_assert_msg(read_template(HEAD) == CAD_OK, "%s", messages);
  ck_assert_uint_eq(def.terms.ring_ms, 25000);
  ck_assert_uint_eq(def.terms.max_wait_ms, 2000);
  ck_assert_uint_eq(def.terms.limit_bp, 300);
  ck_assert_uint_eq(def.terms.screening, 1);
  ck_assert_uint_eq(def.terms.wrapup_ms, 20000);
  ck_assert_uint_eq(def.terms.optout_digit, (unsigned)'9');
  ck_assert_uint_eq(def.gate.attempts_max, 3);
  ck_assert_int_eq(def.gate.attempts_window_ms, 86400000);
  ck_assert_uint_eq(def.gate.hours.open[3], 8 * 60); /* the country's */
  ck_assert_uint_eq(def.gate.hours.close[3], 21 * 60);
  ck_assert_int_gt(def.retry.count, 0);
  for (int i = 0; i < def.retry.count; i++) ck_assert(def.retry.rules[i].outcome != OUTCOME_UNWANTED);
}
END_TEST

START_TEST(a_campaign_says_what_speaks_to_people) {
  ck_assert_msg(read_template(HEAD) == CAD_OK, "%s", messages);
  ck_assert_uint_eq(def.gate.technology, 0); /* an agent */
  ck_assert_int_eq(read_template(HEAD "technology = \"prerecorded\";"), CAD_OK);
  ck_assert_uint_eq(def.gate.technology, TECH_PRERECORDED);
  ck_assert_int_eq(read_template(HEAD "technology = [\"agent\", \"message_drop\"];"), CAD_OK);
  ck_assert_uint_eq(def.gate.technology, TECH_AGENT | TECH_MESSAGE_DROP);
  ck_assert_int_lt(read_template(HEAD "technology = \"robot\";"), 0);
  SAYS("agent, prerecorded, message_drop");
}
END_TEST

START_TEST(samples_are_kept_only_with_a_legal_basis) {
  ck_assert_msg(read_template(HEAD) == CAD_OK, "%s", messages);
  ck_assert_uint_eq(def.terms.sample_days, 0);
  ck_assert_int_lt(read_template(HEAD "samples = { share_bp = 100; days = 30; };"), 0);
  SAYS("legal_basis");
  ck_assert_int_lt(read_template(HEAD "samples = { share_bp = 100; days = 30; legal_basis = \"yes\"; };"), 0);
  SAYS("t.conf:2");
  ck_assert_int_lt(read_template(HEAD "samples = { share_bp = 100; days = 900; legal_basis = \"consent, clause 7\"; };"), 0);
  SAYS("days");
  ck_assert_int_eq(read_template(HEAD "samples = { share_bp = 100; days = 30; legal_basis = \"consent, clause 7\"; };"), CAD_OK);
  ck_assert_uint_eq(def.terms.sample_bp, 100);
  ck_assert_uint_eq(def.terms.sample_days, 30);
  ck_assert_str_eq(def.sample_basis, "consent, clause 7");
}
END_TEST

START_TEST(every_key_is_read) {
  int r = read_template("mode = \"ratio\"; ratio = 2.25; trunk = \"t\"; caller_id = \"+34912345678\"; ring_ms = 15000; max_wait_ms = 1500; "
                        "screening = false;\n"
                        "abandonment_limit_bp = 150; wrapup_s = 7; country = \"ES\"; purpose = \"information\"; seller = \"Casa\";\n"
                        "hours = ( { days = \"mon-wed\"; open = \"10:00\"; close = \"14:30\"; }, { days = \"sat-sun\"; open = \"00:00\"; "
                        "close = \"24:00\"; } );\n"
                        "attempts = { max = 5; window_h = 48; };\n"
                        "retry = ( { outcome = \"busy\"; after_s = 90; tries = 2; } );\n"
                        "prompts = { safe_harbour = \"x.wav\"; optout_digit = \"#\"; };\n"
                        "dispositions = ( { digit = \"0\"; code = \"OK\"; } );\n"
                        "default_disposition = \"NADA\";\n");
  ck_assert_msg(r == CAD_OK, "%s", messages);
  ck_assert_uint_eq(def.terms.ratio_x100, 225);
  ck_assert(def.terms.caller_id == 34912345678u);
  ck_assert_uint_eq(def.terms.ring_ms, 15000);
  ck_assert_uint_eq(def.terms.max_wait_ms, 1500);
  ck_assert_uint_eq(def.terms.screening, 0);
  ck_assert_uint_eq(def.terms.limit_bp, 150);
  ck_assert_uint_eq(def.terms.wrapup_ms, 7000);
  ck_assert_uint_eq(def.gate.hours.open[1], 600);
  ck_assert_uint_eq(def.gate.hours.close[3], 870);
  ck_assert_uint_eq(def.gate.hours.close[4], 0);
  ck_assert_uint_eq(def.gate.hours.close[0], 1440);
  ck_assert_uint_eq(def.gate.attempts_max, 5);
  ck_assert_int_eq(def.retry.count, 1);
  ck_assert_int_eq(def.retry.rules[0].delay_ms, 90000);
  ck_assert_uint_eq(def.retry.rules[0].max_tries, 2);
  ck_assert_uint_eq(def.terms.optout_digit, (unsigned)'#');
  ck_assert_str_eq(def.terms.dispositions[0], "OK");
  ck_assert_str_eq(def.terms.default_disposition, "NADA");
}
END_TEST

START_TEST(whom_agents_may_call_by_hand_and_when_a_phone_is_given_up_are_said_there) {
  ck_assert_int_eq(read_template(HEAD), CAD_OK);
  ck_assert_uint_eq(def.hand, HAND_CONTACTS);
  ck_assert_uint_eq(def.terms.give_up_ms, 0);
  ck_assert_int_eq(read_template(HEAD "dial_by_hand = \"any\"; give_up_after_s = 18;"), CAD_OK);
  ck_assert_uint_eq(def.hand, HAND_ANY);
  ck_assert_uint_eq(def.terms.give_up_ms, 18000);
  ck_assert_int_eq(read_template(HEAD "dial_by_hand = \"everybody\";\ngive_up_after_s = 14;"), CAD_EFORMAT);
  SAYS("t.conf:2: dial_by_hand is \"no\", \"contacts\" or \"any\"");
  SAYS("give_up_after_s");
}
END_TEST

START_TEST(how_long_a_contact_is_shown_and_when_a_skipped_one_comes_again_are_said_there) {
  ck_assert_int_eq(read_template(HEAD), CAD_OK);
  ck_assert_uint_eq(def.terms.preview_ms, 0);
  ck_assert_uint_eq(def.terms.skip_again_ms, 3600000);
  ck_assert_int_eq(read_template(HEAD "preview_s = 45; skip_again_min = 1440;"), CAD_OK);
  ck_assert_uint_eq(def.terms.preview_ms, 45000);
  ck_assert_uint_eq(def.terms.skip_again_ms, 86400000);
  ck_assert_int_eq(read_template(HEAD "preview_s = 3601;\nskip_again_min = 0;"), CAD_EFORMAT);
  SAYS("preview_s");
  SAYS("skip_again_min");
}
END_TEST

START_TEST(windows_of_the_limit_are_words_and_carry_it) {
  ck_assert_msg(read_template(HEAD "abandonment_limit_pct = 2.5; abandonment_windows = ( \"day:machines\", \"calendar_month\" );\n"
                                   "zone = \"Europe/London\"; false_positives_pct = 0.75;") == CAD_OK,
                "%s", messages);
  ck_assert_int_eq(def.windows.count, 2);
  ck_assert_int_eq(def.windows.rules[0].window, WINDOW_DAY);
  ck_assert_int_eq(def.windows.rules[0].form, FORM_MACHINES);
  ck_assert_int_eq(def.windows.rules[1].window, WINDOW_MONTH);
  ck_assert_int_eq(def.windows.rules[1].limit_bp, 250);
  ck_assert_str_eq(def.zone, "Europe/London");
  ck_assert_uint_eq(def.terms.fp_bp, 75);
  ck_assert_int_eq(read_template(HEAD "abandonment_windows = ( \"week\" );\nzone = \"Mars/Olympus\";\nfalse_positives_pct = 3.0;"),
                   CAD_EFORMAT);
  SAYS("t.conf:2: window \"week\" is unknown");
  SAYS("t.conf:3: zone \"Mars/Olympus\" is not known");
  SAYS("t.conf:4: false_positives_pct is the estimated share");
  ck_assert_int_eq(read_template(HEAD "abandonment_windows = ( \"day\", \"day\" );"), CAD_EFORMAT);
  SAYS("stands here twice");
}
END_TEST

START_TEST(each_fault_is_named_with_its_line) {
  static const struct {
    const char *text, *says;
  } V[] = {{"ring_s = 14;", "t.conf:2: ring_s must be"},
           {"ring_ms = 14999;", "at least 15 seconds"},
           {"ring_s = 20; ring_ms = 20000;", "keep one"},
           {"max_wait_ms = 2001;", "t.conf:2: max_wait_ms = 2001 is out of range"},
           {"abandonment_limit_pct = 3.1;", "at most 3 percent"},
           {"abandonment_limit_pct = 0;", "above 0"},
           {"abandonment_limit_bp = 301;", "at most 3 percent"},
           {"ratio = 9.0;", "from 1.0 to 5.0"},
           {"screening = 1;", "true or false"},
           {"colour = 1;", "unknown key"},
           {"wrapup = 1;", "did you mean \"wrapup_s\""},
           {"caller_id = \"2025550100\";", "international number"},
           {"hours = ( { days = \"mon-fri\"; open = \"07:00\"; close = \"20:00\"; } );", "wider than US permits"},
           {"hours = ( { days = \"mon-fri\"; open = \"20:00\"; close = \"09:00\"; } );", "must be before"},
           {"hours = ( { days = \"monday\"; open = \"09:00\"; close = \"20:00\"; } );", "not understood"},
           {"hours = ( { days = \"mon\"; open = \"09:00\"; close = \"20:00\"; }, { days = \"sun-tue\"; open = \"09:00\"; close = "
            "\"20:00\"; } );",
            "named twice"},
           {"hours = ( { days = \"mon\"; open = \"9:0x\"; close = \"20:00\"; } );", "must be before"},
           {"attempts = { max = 4; };", "more than 3 a day"},
           {"attempts = { max = 1; window_h = 1; };", "window_h = 1 is out of range"},
           {"retry = ( { outcome = \"busy\"; tries = 3; } );", "one of after_s and after_min"},
           {"retry = ( { outcome = \"unwanted\"; after_s = 5; tries = 3; } );", "never tried again"},
           {"retry = ( { outcome = \"lazy\"; after_s = 5; tries = 3; } );", "outcome \"lazy\" is unknown"},
           {"retry = ( { outcome = \"busy\"; after_s = 5; tries = 3; }, { outcome = \"busy\"; after_s = 5; tries = 3; } );",
            "has a rule already"},
           {"prompts = { safe_harbour = \"../../etc/passwd\"; };", "without a path"},
           {"prompts = { optout_digit = \"x\"; };", "one key"},
           {"dispositions = ( { digit = \"1\"; code = \"sale\"; } );", "capital letters"},
           {"dispositions = ( { digit = \"*\"; code = \"SALE\"; } );", "no key from 0 to 9"},
           {"dispositions = ( { digit = \"1\"; code = \"A\"; }, { digit = \"1\"; code = \"B\"; } );", "has a code already"},
           {"default_disposition = \"TOOLONGCODE\";", "allowed are 1 to 7"},
           {"mode = \"ratio\";", "t.conf:2: duplicate"},
           {"ring_s = ;", "t.conf:2: syntax error"}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    char text[1024];
    struct campaign_def before = def;
    snprintf(text, sizeof text, "%s%s\n", HEAD, V[i].text);
    ck_assert_msg(read_template(text) == CAD_EFORMAT, "accepted %s", V[i].text);
    ck_assert_int_eq(memcmp(&before, &def, sizeof def), 0);
    SAYS(V[i].says);
  }
}
END_TEST

START_TEST(mandatory_keys_are_asked_for_all_at_once) {
  ck_assert_int_eq(read_template("ring_s = 20;\n"), CAD_EFORMAT);
  SAYS("\"mode\" is missing; write mode = \"predictive\"");
  SAYS("\"trunk\" is missing");
  SAYS("\"country\" is missing");
  SAYS("\"purpose\" is missing");
  SAYS("\"seller\" is missing");
  ck_assert_int_eq(read_template("mode = \"ratio\"; trunk = \"carrier\"; country = \"US\"; purpose = \"survey\"; seller = \"S\";\n"),
                   CAD_EFORMAT);
  SAYS("needs the calls for each ready agent");
}
END_TEST

START_TEST(a_survey_may_keep_hours_of_its_own) {
  ck_assert_msg(read_template("mode = \"progressive\"; trunk = \"t\"; country = \"US\"; purpose = \"survey\"; seller = \"S\";\n"
                              "hours = ( { days = \"mon-sun\"; open = \"00:00\"; close = \"24:00\"; } );\n") == CAD_OK,
                "%s", messages);
  ck_assert_uint_eq(def.gate.hours.close[6], 1440);
}
END_TEST

int main(void) {
  Suite *s = suite_create("template");
  TCase *t = tcase_create("campaign files");
  tcase_add_test(t, a_message_at_machines_needs_screening_and_its_recording);
  tcase_add_test(t, the_shipped_templates_are_good_and_mean_what_they_say);
  tcase_add_test(t, what_a_template_leaves_out_has_a_lawful_default);
  tcase_add_test(t, a_campaign_says_what_speaks_to_people);
  tcase_add_test(t, samples_are_kept_only_with_a_legal_basis);
  tcase_add_test(t, every_key_is_read);
  tcase_add_test(t, whom_agents_may_call_by_hand_and_when_a_phone_is_given_up_are_said_there);
  tcase_add_test(t, how_long_a_contact_is_shown_and_when_a_skipped_one_comes_again_are_said_there);
  tcase_add_test(t, windows_of_the_limit_are_words_and_carry_it);
  tcase_add_test(t, each_fault_is_named_with_its_line);
  tcase_add_test(t, mandatory_keys_are_asked_for_all_at_once);
  tcase_add_test(t, a_survey_may_keep_hours_of_its_own);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  free(messages);
  return failed != 0;
}
