/* The commands without a daemon: on the database, under its lock. */
#include "dialer/base/clock.h"
#include "dialer/local/local.h"
#include "harness.h"
#include <campaigns/intake.h>
#include <cadencia/err.h>
#include <campaigns/law.h>
#include <campaigns/store.h>

#define SALES SOURCE_DIR "/etc/campaigns/sales.conf"

START_TEST(a_campaign_is_made_listed_shown_started_paused_and_stopped) {
  EXPECT(0, "campaign", "list");
  SAYS(said_out, "no campaigns yet");
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  EXPECT(1, "campaign", "create", "spring", "--from", SALES);
  SAYS(said_err, "there already");
  EXPECT(0, "campaign", "list");
  SAYS(said_out, "spring  stopped  predictive  carrier");
  EXPECT(1, "campaign", "pause", "spring");
  EXPECT(1, "campaign", "start", "spring");
  SAYS(said_err, "the registry US-DNC is not loaded (US-DNC-31); cadencia dnc load FILE --registry US-DNC");
  load_registry();
  EXPECT(0, "campaign", "start", "spring");
  SAYS(said_out, "no daemon runs here");
  EXPECT(0, "campaign", "show", "spring", "--json");
  SAYS(said_out, "\"state\": \"running\"");
  SAYS(said_out, "\"caller_id\": \"+12025550100\"");
  EXPECT(0, "campaign", "pause", "spring");
  EXPECT(0, "campaign", "stop", "spring");
  EXPECT(0, "campaign", "show", "spring");
  SAYS(said_out, "stopped");
  SAYS(said_out, "mon 09:00-20:30");
  EXPECT(1, "campaign", "start", "winter");
  SAYS(said_err, "there is no campaign \"winter\"");
}
END_TEST

START_TEST(a_campaign_does_not_start_while_something_mandatory_is_missing) {
  write_text("trunk.conf", "mode = \"progressive\"; trunk = \"elsewhere\"; country = \"US\"; purpose = \"survey\"; seller = \"S\";");
  EXPECT(0, "campaign", "create", "a", "--from", scratch_path("trunk.conf"));
  SAYS(said_err, "trunk \"elsewhere\" is not in");
  EXPECT(1, "campaign", "start", "a");
  SAYS(said_err, "its trunk \"elsewhere\" is not in");
  write_text("mute.conf", "mode = \"predictive\"; trunk = \"carrier\"; country = \"US\"; purpose = \"survey\"; seller = \"S\";");
  EXPECT(0, "campaign", "create", "b", "--from", scratch_path("mute.conf"));
  EXPECT(1, "campaign", "start", "b");
  SAYS(said_err, "no safe-harbour message");
  EXPECT(0, "campaign", "create", "c", "--from", SALES);
  unlink(scratch_path("safe_harbour_en.wav"));
  EXPECT(1, "campaign", "start", "c");
  SAYS(said_err, "safe_harbour_en.wav is not there");
  write_text("safe_harbour_en.wav", "RIFF");
  EXPECT(1, "campaign", "start", "c");
  load_registry();
  EXPECT(0, "campaign", "start", "c");
}
END_TEST

START_TEST(a_start_names_everything_that_is_missing_at_once) {
  write_text("bare.conf", "mode = \"predictive\"; trunk = \"elsewhere\"; country = \"US\"; countries = [\"US\", \"ES\"]; purpose = "
                          "\"telemarketing\"; seller = \"S\";");
  EXPECT(0, "campaign", "create", "d", "--from", scratch_path("bare.conf"));
  EXPECT(1, "campaign", "start", "d");
  SAYS(said_err, "missing (box): its trunk \"elsewhere\" is not in");
  SAYS(said_err, "no safe-harbour message");
  SAYS(said_err, "missing (US-DNC-31): the registry US-DNC is not loaded; cadencia dnc load FILE --registry US-DNC");
  SAYS(said_err, "missing (ES-ROBINSON): the registry ROBINSON is not loaded");
  SAYS(said_err, "things are missing, see above");
  EXPECT(1, "campaign", "start", "d", "--json");
  SAYS(said_out, "\"missing\": [");
  SAYS(said_out, "\"rule\": \"US-DNC-31\"");
  SAYS(said_out, "\"error\": \"d cannot start: its trunk");
}
END_TEST

/* One second of a campaign's pacer, put into the records as the daemon does. */
static void remember_a_second(int64_t ms) {
  char path[512];
  struct store *s = NULL;
  snprintf(path, sizeof path, "%s/cadencia.db", scratch_path("state"));
  struct store_options opt = {.path = path, .share_dir = SOURCE_DIR "/etc"};
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  struct campaign_def d;
  ck_assert_int_eq(store_campaign_get(s, "spring", &d), CAD_OK);
  struct mail_store_paced r = {.campaign_id = d.terms.id, .at = {ms}};
  r.second = (struct pacer_second){.decisions = 3, .launched = 2, .ordered = 2};
  r.second.why = (struct pacer_why){.ready = 1,
                                    .talking = 4,
                                    .freeing_milli = 300,
                                    .people_milli = 1900,
                                    .credit_milli = 400,
                                    .live = 1290,
                                    .abandoned = 37,
                                    .limit_bp = 300,
                                    .window_kind = WINDOW_CAMPAIGN,
                                    .risk_bp = 900,
                                    .allowed_bp = 800,
                                    .mode = PACING_PREDICTIVE,
                                    .dials = PACING_PREDICTIVE,
                                    .bound = PACER_BOUND_BUDGET};
  ck_assert_int_eq(store_paced_add(s, &r), CAD_OK);
  store_close(s);
}

START_TEST(why_dial_tells_what_the_pacer_saw_and_what_held_it_back) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  int64_t second = clock_wall().ms / 1000 * 1000 - 600000;
  char then[25], later[25], elsewhere[25];
  clock_iso8601((struct wall){second}, then);
  clock_iso8601((struct wall){second + 20000}, later);
  clock_iso8601((struct wall){second - 4020000}, elsewhere);
  remember_a_second(second);
  EXPECT(0, "why", "dial", "--campaign", "spring", "--at", then);
  SAYS(said_out, "2 calls placed");
  SAYS(said_out, "1.3 agents free and 1.9 people answering within 10 s");
  SAYS(said_out, "allows 0.4 calls more to be abandoned in these 30 days (37 of 1290");
  SAYS(said_out, "the true rate is below 3.9 %");
  SAYS(said_out, "bound     budget");
  EXPECT(0, "why", "dial", "--campaign", "spring", "--at", later, "--lang", "es");
  SAYS(said_out, "2 llamadas hechas");
  SAYS(said_out, "freno     cupo");
  SAYS(said_out, "en estos 30 días");
  EXPECT(0, "why", "dial", "--campaign", "spring", "--at", then, "--json");
  SAYS(said_out, "\"bound\": \"budget\"");
  SAYS(said_out, "\"credit_milli\": 400");
  SAYS(said_out, "\"window\": \"campaign_30_days\"");
  SAYS(said_out, "\"up_to_bp\": 393");
  EXPECT(1, "why", "dial", "--campaign", "spring", "--at", elsewhere);
  SAYS(said_err, "no decision");
  elsewhere[16] = 0; /* to the minute, in the box's own time */
  EXPECT(1, "why", "dial", "--campaign", "spring", "--at", elsewhere);
  SAYS(said_err, "no decision");
  static const char *const NO_TIMES[] = {"10:61", "24:00", "2026-11-21T25:00", "2026-11-21T10:31:", "2026-11-21", "2026-11-21T10:31x", ""};
  for (size_t i = 0; i < sizeof NO_TIMES / sizeof NO_TIMES[0]; i++) EXPECT(2, "why", "dial", "--campaign", "spring", "--at", NO_TIMES[i]);
  EXPECT(1, "why", "dial", "--campaign", "winter");
  SAYS(said_err, "there is no campaign \"winter\"");
  EXPECT(2, "why", "dial", "--campaign", "spring", "--at", "noon");
  SAYS(said_err, "write 10:31:07");
  EXPECT(2, "why", "dial");
}
END_TEST

START_TEST(a_registry_is_loaded_listed_and_replaced_and_the_reasons_are_told) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  load_registry();
  SAYS(said_out, "4 numbers from 5 lines");
  SAYS(said_out, "1 lines hold no number: 5");
  EXPECT(0, "dnc", "lists");
  SAYS(said_out, "US-DNC  registry");
  EXPECT(1, "dnc", "load", scratch_path("registry.txt"), "--registry", "US-DNC");
  SAYS(said_err, "--date");
  EXPECT(1, "dnc", "load", scratch_path("registry.txt"), "--registry", "us-dnc", "--date", "2026-01-02");
  SAYS(said_err, "capital letters");
  EXPECT(0, "why", "contact", "+12025550171", "--campaign", "spring", "--at", "2026-11-24T17:00");
  SAYS(said_out, "NO, on a public exclusion registry (US-DNC-31)");
  EXPECT(0, "why", "contact", "+12025550171", "--campaign", "spring", "--at", "2026-11-24T17:00", "--lang", "es");
  SAYS(said_out, "en un registro público de exclusión");
  write_text("registry.txt", "2025550199\n");
  EXPECT(0, "dnc", "load", scratch_path("registry.txt"), "--registry", "US-DNC", "--date", "2026-11-20", "--country", "US");
  EXPECT(0, "why", "contact", "+12025550171", "--campaign", "spring", "--at", "2026-11-24T17:00");
  SAYS(said_out, "YES");
  EXPECT(0, "why", "contact", "+12025550171", "--campaign", "spring", "--at", "2026-11-24T02:30-05:00", "--json");
  SAYS(said_out, "\"rule\": \"gate.hours\"");
  EXPECT(0, "why", "contact", "+12025550171", "--campaign", "spring", "--at", "2027-01-24T17:00");
  SAYS(said_out, "registry_stale");
  EXPECT(0, "dnc", "add", "+12025550171", "--scope", "campaign:spring");
  EXPECT(0, "dnc", "erase", "+12025550171");
  EXPECT(0, "dnc", "list");
  ck_assert_ptr_null(strstr(said_out, "2025550171"));
  EXPECT(1, "dnc", "check", "+12025550171", "--campaign", "spring");
  SAYS(said_out, "on a do-not-call list");
  write_text("old.csv", "phone\n2025550144\n");
  EXPECT(0, "dnc", "load", scratch_path("old.csv"), "--scope", "seller:Example Sales Company", "--name", "OLD", "--country", "US");
  EXPECT(1, "dnc", "check", "+12025550144", "--campaign", "spring");
}
END_TEST

START_TEST(what_is_no_registry_is_never_taken_for_one) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  load_registry();
  write_text("empty.txt", "");
  EXPECT(1, "dnc", "load", scratch_path("empty.txt"), "--registry", "US-DNC", "--date", "2026-11-20", "--country", "US");
  SAYS(said_err, "is empty; what was loaded before stays in force");
  write_text("page.txt", "<html>\n<body>\nPlease sign in, or call 2025550100\n202 555 0101\n</html>\n");
  EXPECT(1, "dnc", "load", scratch_path("page.txt"), "--registry", "US-DNC", "--date", "2026-11-20", "--country", "US");
  SAYS(said_err, "of 5 lines hold a number that could be read");
  write_text("spain.txt", "612345678\n612345679\n+12025550144\n");
  EXPECT(1, "dnc", "load", scratch_path("spain.txt"), "--registry", "US-DNC", "--date", "2026-11-20");
  SAYS(said_err, "only 1 of 3 lines hold a number");
  EXPECT(0, "why", "contact", "+12025550171", "--campaign", "spring", "--at", "2026-11-24T17:00");
  SAYS(said_out, "NO, on a public exclusion registry (US-DNC-31)"); /* of the first load */
  write_text("wrong.csv", "2026-13-01,ES,holiday,x\n");
  EXPECT(1, "calendar", "load", scratch_path("wrong.csv"));
  SAYS(said_err, "wrong.csv:1: a line must be");
  ck_assert_ptr_null(strstr(said_err, "/proc/"));
  write_text("wrong.conf", "pack = ;\n");
  EXPECT(1, "rules", "diff", scratch_path("wrong.conf"));
  SAYS(said_err, "wrong.conf:1");
  ck_assert_ptr_null(strstr(said_err, "/proc/"));
}
END_TEST

START_TEST(consent_rules_and_calendars_are_kept_and_shown) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  EXPECT(1, "consent", "add", "+12025550171", "--seller", "Nobody", "--basis", "consent", "--source", "form", "--date", "2026-05-02");
  SAYS(said_err, "there is no seller");
  EXPECT(1, "consent", "add", "+12025550171", "--seller", "Example Sales Company", "--basis", "maybe", "--source", "form", "--date",
         "2026-05-02");
  EXPECT(0, "consent", "add", "+12025550171", "--seller", "Example Sales Company", "--basis", "consent", "--source", "form", "--date",
         "2026-05-02", "--text", "I agree");
  EXPECT(0, "consent", "list", "+12025550171");
  SAYS(said_out, "2026-05-02");
  EXPECT(0, "consent", "revoke", "+12025550171");
  SAYS(said_out, "1 consent of");
  EXPECT(0, "rules", "list", "--region", "US-FL");
  SAYS(said_out, "US-FL-CAP");
  ck_assert_ptr_null(strstr(said_out, "US-KY-HOURS"));
  EXPECT(0, "rules", "show", "US-REGF-7");
  SAYS(said_out, "12 CFR 1006.14");
  EXPECT(1, "rules", "show", "NONE");
  EXPECT(0, "rules", "test");
  SAYS(said_out, "0 failed");
  EXPECT(0, "rules", "diff", SOURCE_DIR "/etc/rules/gb.conf");
  SAYS(said_out, "0 changes");
  write_text("bans.csv", "2026-11-24,US-DC,ban,Snow\n");
  EXPECT(0, "calendar", "load", scratch_path("bans.csv"));
  EXPECT(0, "calendar", "list", "--region", "US-DC", "--date", "2026-11-24");
  SAYS(said_out, "Snow");
  EXPECT(0, "why", "contact", "+12025550171", "--campaign", "spring", "--at", "2026-11-24T17:00", "--json");
  SAYS(said_out, "GEN-BANS");
  SAYS(said_out, "\"reason\": \"ban\"");
  write_text("wrong.csv", "tomorrow,US,ban,x\n");
  EXPECT(1, "calendar", "load", scratch_path("wrong.csv"));
  EXPECT(0, "why", "campaign", "spring", "--lang", "es");
  SAYS(said_out, "campaña spring");
  EXPECT(0, "why", "campaign", "spring", "--json");
  SAYS(said_out, "\"needs\"");
}
END_TEST

START_TEST(a_template_with_faults_makes_no_campaign) {
  write_text("bad.conf", "mode = \"fast\";\nring_s = 10;\n");
  EXPECT(1, "campaign", "create", "x", "--from", scratch_path("bad.conf"));
  SAYS(said_err, "bad.conf:1: mode \"fast\" is unknown");
  SAYS(said_err, "bad.conf:2: ring_s must be");
  EXPECT(0, "campaign", "list");
  SAYS(said_out, "no campaigns yet");
  EXPECT(1, "campaign", "create", "x", "--from", "/nonexistent");
  EXPECT(1, "campaign", "create", "../x", "--from", SALES);
}
END_TEST

START_TEST(agents_are_made_with_a_phone_that_can_be_rung) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  EXPECT(2, "agent", "add", "anna", "--seat", "sip:anna@127.0.0.1:6001", "--campaign", "spring");
  SAYS(said_err, "--nailed");
  EXPECT(1, "agent", "add", "anna", "--seat", "sip:anna@phone.example", "--nailed", "--campaign", "spring");
  SAYS(said_err, "numeric address");
  EXPECT(1, "agent", "add", "anna", "--seat", "sip:a b@127.0.0.1", "--nailed", "--campaign", "spring");
  EXPECT(1, "agent", "add", "anna", "--seat", "sip:a@127.0.0.1:99999", "--nailed", "--campaign", "spring");
  EXPECT(1, "agent", "add", "anna", "--seat", "sip:a@127.0.0.1", "--nailed", "--campaign", "winter");
  EXPECT(0, "agent", "add", "anna", "--seat", "sip:anna@localhost:6001", "--nailed", "--campaign", "spring");
  EXPECT(1, "agent", "add", "anna", "--seat", "sip:anna@127.0.0.1:6001", "--nailed", "--campaign", "spring");
  EXPECT(1, "agent", "pause", "anna");
  EXPECT(0, "agent", "login", "anna");
  EXPECT(0, "agent", "ready", "anna");
  EXPECT(0, "agent", "list", "--json");
  SAYS(said_out, "\"seat\": \"sip:anna@127.0.0.1:6001\"");
  SAYS(said_out, "\"wanted\": \"ready\"");
  EXPECT(0, "agent", "logout", "anna");
  EXPECT(1, "dispose", "anna", "SALE");
  EXPECT(1, "dispose", "anna", "sale");
  EXPECT(1, "agent", "ready", "bob");
}
END_TEST

START_TEST(an_import_says_what_it_rejected_and_why) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  EXPECT(0, "dnc", "add", "+12025550102");
  write_text("l.csv", "Tel\303\251fono;Nombre;Zona\n2025550101;Ana;\n2025550102;Bea;\n2,02E+09;Sci;\n2025550101;Dup;\n12;x;\n2025550103;"
                      "Mars;Mars/Base\n");
  EXPECT(0, "import", "--campaign", "spring", scratch_path("l.csv"), "--json");
  SAYS(said_out, "\"rows\": 6");
  SAYS(said_out, "\"accepted\": 1");
  SAYS(said_out, "\"rejected\": 5");
  char *rejects = read_text("l.csv.rejected.csv");
  ck_assert_ptr_nonnull(rejects);
  ck_assert_int_eq(strncmp(rejects, "\357\273\277line;reason;how_to_mend;Tel", 30), 0);
  SAYS(rejects, "3;on a do-not-call list;");
  SAYS(rejects, "4;\"scientific notation");
  SAYS(rejects, "5;duplicate");
  SAYS(rejects, ";2025550101;Dup;\n");
  SAYS(rejects, "6;\"too short");
  SAYS(rejects, "7;\"there is no time zone \"\"Mars/Base\"\"\"");
  free(rejects);
  EXPECT(1, "import", "--campaign", "spring", scratch_path("l.csv"));
  SAYS(said_out, "duplicate                   1");
  EXPECT(0, "campaign", "list", "--json");
  SAYS(said_out, "\"contacts\": 1,");
  EXPECT(1, "import", "--campaign", "winter", scratch_path("l.csv"));
  EXPECT(1, "import", "--campaign", "spring", scratch_path("none.csv"));
}
END_TEST

START_TEST(a_clean_import_leaves_no_reject_file) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  write_text("l.csv", "phone,name\n2025550101,Ana\n2025550102,Bea\n");
  EXPECT(0, "import", "--campaign", "spring", scratch_path("l.csv"));
  SAYS(said_out, "2 rows");
  ck_assert_int_ne(access(scratch_path("l.csv.rejected.csv"), F_OK), 0);
}
END_TEST

START_TEST(a_reject_file_never_overwrites_the_list) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  write_text("l.csv", "phone\n2025550101\n");
  EXPECT(1, "import", "--campaign", "spring", scratch_path("l.csv"), "--rejects", scratch_path("l.csv"));
  SAYS(said_err, "the list itself");
  char *list = read_text("l.csv");
  ck_assert_str_eq(list, "phone\n2025550101\n");
  free(list);
}
END_TEST

START_TEST(nothing_of_a_hostile_file_becomes_visible) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  /* 2000 good rows, seven chunks of which are in the database, before the fault. */
  char *text = malloc(1 << 20);
  size_t n = (size_t)sprintf(text, "phone\n");
  for (int i = 0; i < 2000; i++) n += (size_t)sprintf(text + n, "202555%04d\n", i);
  size_t good = n;
  n += (size_t)sprintf(text + n, "\"2025559999\n");
  write_file("open.csv", text, n);
  text[good] = 0;
  write_file("nul.csv", text, good + 1);
  memset(text + good, '7', 200000);
  write_file("long.csv", text, good + 200000);
  write_file("zip.csv", "PK\003\004aaaa", 8);
  write_file("utf16.csv", "\377\376p\0h\0o\0n\0e\0", 12);
  write_text("noheader.csv", "a,b\n1,2\n");
  static const char *const FILES[] = {"open.csv", "nul.csv", "long.csv", "zip.csv", "utf16.csv", "noheader.csv"};
  static const char *const WHY[] = {"quote", "NUL", "64 kB", "zip", "UTF-16", "no phone column"};
  for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
    EXPECT(1, "import", "--campaign", "spring", scratch_path(FILES[i]));
    SAYS(said_err, WHY[i]);
    EXPECT(0, "campaign", "list", "--json");
    SAYS(said_out, "\"contacts\": 0,");
  }
  text[good] = 0;
  write_file("good.csv", text, good);
  EXPECT(0, "import", "--campaign", "spring", scratch_path("good.csv"));
  EXPECT(0, "campaign", "list", "--json");
  SAYS(said_out, "\"contacts\": 2000,");
  free(text);
}
END_TEST

START_TEST(a_preview_writes_nothing) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  write_text("l.csv", "phone,name\n2025550101,Ana\n");
  EXPECT(0, "import", "--campaign", "spring", scratch_path("l.csv"), "--preview");
  EXPECT(0, "campaign", "list", "--json");
  SAYS(said_out, "\"contacts\": 0,");
}
END_TEST

START_TEST(do_not_call_numbers_are_added_checked_and_listed) {
  EXPECT(0, "campaign", "create", "spring", "--from", SALES);
  EXPECT(0, "dnc", "list");
  ck_assert_str_eq(said_out, "");
  EXPECT(0, "dnc", "check", "+12025550123");
  EXPECT(0, "dnc", "add", "+12025550123", "(202) 555-0124", "--country", "US", "--source", "letter");
  EXPECT(0, "dnc", "add", "+12025550125", "--scope", "campaign:spring");
  EXPECT(1, "dnc", "check", "+12025550124");
  EXPECT(0, "dnc", "check", "+12025550125");
  EXPECT(1, "dnc", "check", "+12025550125", "--campaign", "spring");
  EXPECT(0, "dnc", "list");
  SAYS(said_out, "+12025550123");
  SAYS(said_out, "letter");
  SAYS(said_out, "campaign:spring");
  EXPECT(1, "dnc", "add", "+12025550125", "--scope", "campaign:winter");
  EXPECT(1, "dnc", "add", "+12025550125", "--scope", "moon");
  EXPECT(1, "dnc", "add", "123");
}
END_TEST

START_TEST(usage_faults_are_status_2_and_help_is_status_0) {
  EXPECT(2, "campaign");
  EXPECT(2, "campaign", "fly");
  EXPECT(2, "campaign", "start");
  EXPECT(2, "campaign", "create", "x");
  EXPECT(2, "campaign", "list", "--colour");
  EXPECT(2, "campaign", "list", "--json", "--json");
  EXPECT(2, "campaign", "list", "--json=1");
  EXPECT(2, "campaign", "list", "more");
  EXPECT(2, "import", "x.csv");
  EXPECT(2, "export", "calls", "--format", "xml");
  EXPECT(0, "campaign", "--help");
  SAYS(said_out, "Examples:");
  static const char *const VERBS[] = {"agent", "import", "export", "dnc", "dispose", "status", "check"};
  for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++) {
    EXPECT(0, VERBS[i], "--help");
    SAYS(said_out, "Examples:");
    SAYS(said_out, VERBS[i]);
  }
}
END_TEST

START_TEST(check_prints_ok_or_every_error) {
  EXPECT(0, "check", conf_path);
  SAYS(said_out, "ok");
  write_text("bad.conf", "listeners = ( { name = \"main\"; bind = \"x\"; } );\nbox = 5000;\n");
  EXPECT(1, "check", scratch_path("bad.conf"));
  SAYS(said_err, "bad.conf:1: bind");
  SAYS(said_err, "bad.conf:2: box = 5000 is out of range 0 to 1023");
  EXPECT(1, "check", scratch_path("bad.conf"), "--json");
  SAYS(said_out, "\"ok\": false");
}
END_TEST

START_TEST(two_writers_never_meet_the_lock_is_one) {
  ck_assert_int_eq(mkdir(scratch_path("state"), 0700), 0);
  int first = -1, second = -1;
  ck_assert_int_eq(local_lock(scratch_path("state"), &first), CAD_OK);
  ck_assert_int_eq(local_lock(scratch_path("state"), &second), CAD_EBUSY);
  EXPECT(1, "campaign", "list");
  SAYS(said_err, "holds");
  close(first);
  ck_assert_int_eq(local_lock(scratch_path("state"), &second), CAD_OK);
  close(second);
  EXPECT(0, "campaign", "list");
}
END_TEST

static void setup(void) { home_make(); }
static void teardown(void) { home_remove(); }

int main(void) {
  char reason[PHONE_REASON_MAX];
  uint64_t phone; /* loads the module: the C++ library under it must see the true stdout, and tests put others in its place */
  (void)phone_parse("+49 30 1234567", NULL, &phone, reason);
  Suite *s = suite_create("commands");
  TCase *t = tcase_create("without a daemon");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, a_campaign_is_made_listed_shown_started_paused_and_stopped);
  tcase_add_test(t, a_campaign_does_not_start_while_something_mandatory_is_missing);
  tcase_add_test(t, a_start_names_everything_that_is_missing_at_once);
  tcase_add_test(t, what_is_no_registry_is_never_taken_for_one);
  tcase_add_test(t, a_registry_is_loaded_listed_and_replaced_and_the_reasons_are_told);
  tcase_add_test(t, consent_rules_and_calendars_are_kept_and_shown);
  tcase_add_test(t, a_template_with_faults_makes_no_campaign);
  tcase_add_test(t, why_dial_tells_what_the_pacer_saw_and_what_held_it_back);
  tcase_add_test(t, agents_are_made_with_a_phone_that_can_be_rung);
  tcase_add_test(t, an_import_says_what_it_rejected_and_why);
  tcase_add_test(t, a_clean_import_leaves_no_reject_file);
  tcase_add_test(t, a_reject_file_never_overwrites_the_list);
  tcase_add_test(t, nothing_of_a_hostile_file_becomes_visible);
  tcase_add_test(t, a_preview_writes_nothing);
  tcase_add_test(t, do_not_call_numbers_are_added_checked_and_listed);
  tcase_add_test(t, usage_faults_are_status_2_and_help_is_status_0);
  tcase_add_test(t, check_prints_ok_or_every_error);
  tcase_add_test(t, two_writers_never_meet_the_lock_is_one);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
