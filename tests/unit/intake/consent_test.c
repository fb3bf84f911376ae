/* Consent columns: dates as people write them, and rows that bring consents into the ledger. */
#include "on_store.h"
#include "campaigns/intake/row_consent.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store *store;
static const int64_t NOW_MS = 1794330000000; /* 2026-11-10 */

static int run(void *self, int (*fn)(struct store *, void *), void *arg, bool tx) {
  (void)self;
  return run_on_store(store, fn, arg, tx);
}

static void setup(void) {
  struct store_options opt = {.share_dir = SOURCE_DIR "/etc", .fast = true};
  ck_assert_int_eq(store_open(&opt, &store, stderr), CAD_OK);
  store_set_clock(store, (struct wall){NOW_MS});
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .country = "PE", .purpose = "telemarketing", .trunk = "t", .seller = "Casa"};
  snprintf(d.terms.name, sizeof d.terms.name, "spring");
  d.terms.mode = PACING_PROGRESSIVE;
  d.terms.ring_ms = 20000;
  d.terms.max_wait_ms = 2000;
  d.terms.limit_bp = 300;
  d.terms.caller_id = 5116000000;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  d.gate.countries[d.gate.country_count++] = region_parse("PE");
  ck_assert_int_ge(store_campaign_put(store, &d), 0);
}
static void teardown(void) { store = store_close(store); }

static struct import_result import(const char *text, bool require) {
  char why[INTAKE_ERROR_MAX];
  struct import_result r;
  int fd = scratch_fd(text, strlen(text));
  struct import_options opt = {.fd = fd, .file = "x.csv", .campaign = "spring", .at = {NOW_MS}, .require_consent = require};
  struct import_sink sink = {NULL, run, NULL};
  ck_assert_msg(import_run(&opt, &sink, &r, why) == CAD_OK, "%s", why);
  close(fd);
  return r;
}

START_TEST(dates_are_read_as_people_write_them_and_never_guessed) {
  static const struct {
    const char *text;
    bool month_first;
    const char *day; /* NULL: none */
  } V[] = {{"2026-05-02", false, "2026-05-02"},
           {"2026-05-02T10:31:07Z", true, "2026-05-02"},
           {"web form 2026-05-01, page 3", false, "2026-05-01"},
           {"02/05/2026", false, "2026-05-02"},
           {"02/05/2026 09:15", true, "2026-02-05"},
           {"25/12/2025", true, "2025-12-25"},
           {"12/25/2025", false, "2025-12-25"},
           {"2.5.2026", false, "2026-05-02"},
           {"20260502", false, "2026-05-02"},
           {"31/02/2026", false, NULL},
           {"02/05/26", false, NULL},
           {"5 May", false, NULL},
           {"12345678901", false, NULL},
           {"192.168.10.2026", false, NULL},
           {"", false, NULL}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    struct wall t = consent_date(V[i].text, V[i].month_first);
    char day[16] = "none";
    if (t.ms) calendar_date_text(t.ms / 86400000, day);
    ck_assert_msg(strcmp(day, V[i].day ? V[i].day : "none") == 0, "\"%s\": %s", V[i].text, day);
  }
}
END_TEST

static enum refusal asked(uint64_t phone, const char **rule) {
  static struct why_contact w;
  ck_assert_int_eq(store_why_contact(store, phone, "spring", (struct wall){NOW_MS}, &w), CAD_OK);
  *rule = w.verdict.rule ? w.verdict.rule->id : "";
  return w.verdict.reason;
}

START_TEST(dated_consents_go_to_the_ledger_and_carry_the_call) {
  const char *rule;
  struct import_result r = import("telefono,telefono2,consentimiento,fecha_consentimiento,consent_source,consent_basis,consent_expires\n"
                                  "+51987654321,+51987654322,si,01/10/2026,formulario web,,\n" /* good, both numbers */
                                  "+51987654323,,si,,web,,\n"                                  /* no date */
                                  "+51987654324,,si,01/10/2030,web,,\n"                        /* of the future */
                                  "+51987654325,,si,01/10/2026,web,quizas,\n"                  /* no such basis */
                                  "+51987654326,,si,01/10/2025,web,,01/10/2026\n"              /* over */
                                  "+51987654327,,no,01/10/2026,web,,\n"
                                  "+51987654328,,,,,,\n",
                                  false);
  ck_assert_uint_eq(r.accepted, 7);
  ck_assert_uint_eq(r.consents, 3);
  ck_assert_uint_eq(r.consents_undated, 3);
  ck_assert_int_eq(asked(51987654321, &rule), REFUSAL_NONE);
  for (uint64_t phone = 51987654323; phone <= 51987654328; phone++) {
    ck_assert_msg(asked(phone, &rule) == REFUSAL_CONSENT, "%llu", (unsigned long long)phone);
    ck_assert_str_eq(rule, "PE-32323");
  }
}
END_TEST

static int count_standing(void *arg, const struct consent_row *c) {
  *(int *)arg += c->standing;
  return CAD_OK;
}

START_TEST(consents_hold_while_their_import_stands) {
  const char *rule;
  int standing = 0, more;
  struct import_result r = import("telefono,consent_date,consent_source\n+51987654321,2026-10-01,web\n", true);
  ck_assert_uint_eq(r.accepted, 1);
  ck_assert_int_eq(asked(51987654321, &rule), REFUSAL_NONE);
  do more = store_import_undo(store, r.job);
  while (more > 0);
  ck_assert_int_eq(more, 0);
  ck_assert_int_eq(asked(51987654321, &rule), REFUSAL_CONSENT);
  ck_assert_int_eq(store_consent_each(store, 0, count_standing, &standing), CAD_OK);
  ck_assert_int_eq(standing, 0);
  r = import("telefono,consent_date,consent_source\n+51987654321,2026-10-01,web\n", true);
  ck_assert_int_eq(asked(51987654321, &rule), REFUSAL_NONE);
  ck_assert_int_eq(store_consent_revoke(store, 51987654321, "Casa", "letter", WALL_NONE), 2);
  ck_assert_int_eq(asked(51987654321, &rule), REFUSAL_CONSENT);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("consent");
  TCase *t = tcase_create("consent");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, dates_are_read_as_people_write_them_and_never_guessed);
  tcase_add_test(t, dated_consents_go_to_the_ledger_and_carry_the_call);
  tcase_add_test(t, consents_hold_while_their_import_stands);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
