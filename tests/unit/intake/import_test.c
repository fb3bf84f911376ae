/* import: joined to a real store; all of a file or nothing. */
#include "on_store.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store *store;
static int runs, fail_at, progress_calls, stop_at;

static int run(void *self, int (*fn)(struct store *, void *), void *arg, bool tx) {
  (void)self;
  if (++runs == fail_at) return CAD_EIO; /* the disk */
  return run_on_store(store, fn, arg, tx);
}
static int progress(void *self, const struct import_progress *p) {
  (void)self;
  ck_assert(p->accepted + p->rejected <= p->rows);
  return ++progress_calls == stop_at ? CAD_EREFUSED : CAD_OK;
}

static void setup(void) {
  struct store_options opt = {.share_dir = SOURCE_DIR "/etc", .fast = true, .contacts_max = 30000};
  ck_assert_int_eq(store_open(&opt, &store, stderr), CAD_OK);
  struct campaign_def d = {.state = CAMPAIGN_STOPPED};
  snprintf(d.terms.name, sizeof d.terms.name, "spring");
  snprintf(d.trunk, sizeof d.trunk, "t");
  snprintf(d.seller, sizeof d.seller, "S");
  snprintf(d.country, sizeof d.country, "US");
  snprintf(d.purpose, sizeof d.purpose, "survey");
  d.terms.mode = PACING_PROGRESSIVE;
  d.terms.ring_ms = 20000;
  d.terms.max_wait_ms = 2000;
  d.terms.limit_bp = 300;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  ck_assert_int_ge(store_campaign_put(store, &d), 0);
  runs = fail_at = progress_calls = stop_at = 0;
}
static void teardown(void) { store = store_close(store); }

static uint64_t contacts(void) {
  struct store_counts n;
  ck_assert_int_ge(store_counts(store, "spring", &n), 0);
  return n.contacts;
}

/* rows good numbers; then `tail` as it is. */
static int import(int rows, const char *tail, bool preview, struct import_result *out, char why[INTAKE_ERROR_MAX]) {
  int fd = scratch_fd("", 0);
  FILE *f = fdopen(fd, "w+");
  fputs("phone,name\n", f);
  for (int i = 0; i < rows; i++) fprintf(f, "202%07d,N%d\n", 2000000 + i, i);
  fputs(tail, f);
  fflush(f);
  lseek(fd, 0, SEEK_SET);
  struct import_options opt = {.fd = fd, .file = "x.csv", .campaign = "spring", .at = {1795276800000}, .preview = preview};
  struct import_sink sink = {NULL, run, progress};
  int r = import_run(&opt, &sink, out, why);
  fclose(f);
  return r;
}

START_TEST(a_whole_file_becomes_visible_with_one_flip) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_msg(import(5000, "123,short\n2022000000,again\n", false, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.rows, 5002);
  ck_assert_uint_eq(r.accepted, 5000);
  ck_assert_uint_eq(r.visible, 5000);
  ck_assert_uint_eq(r.reasons[IMPORT_TOO_SHORT], 1);
  ck_assert_uint_eq(r.reasons[IMPORT_DUPLICATE_FILE], 1);
  ck_assert_uint_eq(contacts(), 5000);
  ck_assert_msg(import(10, "", false, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.reasons[IMPORT_DUPLICATE], 10);
  ck_assert_uint_eq(contacts(), 5000);
}
END_TEST

START_TEST(whatever_fails_in_the_middle_leaves_nothing_visible) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  for (int at = 1; at < 5000; at += 1 + at / 8) { /* chunks are as many as the time makes them: sooner or later none fails */
    runs = 0;
    fail_at = at;
    int got = import(5000, "", false, &r, why);
    if (got == CAD_OK) {
      ck_assert_int_gt(at, 9); /* 512 rows are the most at once */
      break;
    }
    ck_assert_int_gt((int)strlen(why), 0);
    ck_assert_uint_eq(contacts(), 0);
  }
  ck_assert_uint_eq(contacts(), 5000);
}
END_TEST

START_TEST(a_caller_who_stops_leaves_nothing_visible) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  stop_at = 2;
  ck_assert_int_eq(import(9000, "", false, &r, why), CAD_EREFUSED);
  ck_assert_ptr_nonnull(strstr(why, "nothing of the file was kept"));
  ck_assert_uint_eq(contacts(), 0);
}
END_TEST

START_TEST(a_file_with_a_fault_at_its_end_leaves_nothing_visible) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_int_eq(import(9000, "2023333333,\"open\n", false, &r, why), CAD_EFORMAT);
  ck_assert_ptr_nonnull(strstr(why, "line 9002"));
  ck_assert_uint_eq(contacts(), 0);
}
END_TEST

START_TEST(a_preview_counts_and_writes_nothing) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_int_eq(import(1000, "x,y\n", true, &r, why), CAD_OK);
  ck_assert_uint_eq(r.accepted, 1000);
  ck_assert_uint_eq(r.rejected, 1);
  ck_assert_uint_eq(contacts(), 0);
}
END_TEST

/* ---- every kind of bad row ---- */

static char reject_text[65536];

/* The text as a file, with a reject file that is read back into reject_text. */
static int import_text(const char *text, struct import_options *opt, struct import_result *out, char why[INTAKE_ERROR_MAX]) {
  FILE *f = tmpfile(), *rejects = tmpfile();
  fputs(text, f);
  fflush(f);
  lseek(fileno(f), 0, SEEK_SET);
  opt->fd = fileno(f);
  opt->file = "x.csv";
  opt->campaign = opt->campaign ? opt->campaign : "spring";
  opt->rejects = rejects;
  opt->share_dir = SOURCE_DIR "/etc";
  opt->at = (struct wall){1795276800000};
  struct import_sink sink = {NULL, run, progress};
  int r = import_run(opt, &sink, out, why);
  rewind(rejects);
  reject_text[fread(reject_text, 1, sizeof reject_text - 1, rejects)] = 0;
  fclose(rejects);
  fclose(f);
  return r;
}

static const struct {
  const char *cells; /* phone,zone,consent */
  enum import_reason why;
} BAD[] = {{",,yes", IMPORT_PHONE_EMPTY},
           {"call me,,yes", IMPORT_NOT_A_NUMBER},
           {"#N/A,,yes", IMPORT_NOT_A_NUMBER},
           {"#REF!,,yes", IMPORT_NOT_A_NUMBER},
           {"\"2,02555E+09\",,yes", IMPORT_SCIENTIFIC},
           {"2022000001 ext 12,,yes", IMPORT_EXTENSION},
           {"2022000001;2022000002,,yes", IMPORT_SEVERAL},
           {"202 200 0001 / 202 200 0002,,yes", IMPORT_SEVERAL},
           {"5550123,,yes", IMPORT_TOO_SHORT},
           {"202200000111,,yes", IMPORT_TOO_LONG},
           {"1112000001,,yes", IMPORT_NOT_POSSIBLE},
           {"+999 1234567,,yes", IMPORT_COUNTRY},
           {"2022000009,,yes,one,too many", IMPORT_CELLS},
           {"2022000000,,yes", IMPORT_DUPLICATE_FILE},
           {"2023000000,,yes", IMPORT_DUPLICATE},
           {"2024000000,,yes", IMPORT_DUPLICATE_SYSTEM},
           {"2025000000,,yes", IMPORT_DNC},
           {"+883510012345678,,yes", IMPORT_COUNTRY},
           {"2022000010,Mars/Olympus,yes", IMPORT_ZONE_WRONG},
           {"2022000011,,", IMPORT_CONSENT},
           {"2022000012,,NO", IMPORT_CONSENT}};
enum { BAD_COUNT = sizeof BAD / sizeof BAD[0] };

static void stage(void) {
  struct import_result r;
  struct campaign_def d;
  char why[INTAKE_ERROR_MAX];
  struct import_options opt = {0};
  ck_assert_msg(import_text("phone\n2023000000\n", &opt, &r, why) == CAD_OK, "%s", why);
  ck_assert_int_ge(store_campaign_get(store, "spring", &d), 0);
  d.terms.id = 0;
  snprintf(d.terms.name, sizeof d.terms.name, "autumn");
  ck_assert_int_ge(store_campaign_put(store, &d), 0);
  opt = (struct import_options){.campaign = "autumn"};
  ck_assert_msg(import_text("phone\n2024000000\n", &opt, &r, why) == CAD_OK, "%s", why);
  ck_assert_int_ge(store_dnc_add(store, 12025000000, NULL, "test", (struct wall){1795276800000}), 0);
}

START_TEST(every_kind_of_bad_row_is_told_with_its_line_its_reason_and_a_way_out) {
  for (int preview = 1; preview >= 0; preview--) {
    struct import_result r;
    char why[INTAKE_ERROR_MAX], text[4096] = "phone,zone,consent\n2022000000,,yes\n", place[64];
    if (preview) stage();
    for (int i = 0; i < BAD_COUNT; i++) strcat(strcat(text, BAD[i].cells), "\n");
    struct import_options opt = {.preview = preview, .refuse_known = true, .require_consent = true};
    ck_assert_msg(import_text(text, &opt, &r, why) == CAD_OK, "%s", why);
    ck_assert_uint_eq(r.rejected, BAD_COUNT);
    ck_assert_uint_eq(r.accepted, 1);
    ck_assert_int_eq(strncmp(reject_text, "line,reason,how_to_mend,phone,zone,consent\n", 43), 0);
    uint64_t kinds[IMPORT_REASON_COUNT] = {0};
    for (int i = 0; i < BAD_COUNT; i++) {
      kinds[BAD[i].why]++;
      snprintf(place, sizeof place, "\n%d,", i + 3);
      char *row = strstr(reject_text, place);
      ck_assert_msg(row != NULL, "line %d is not told: %s", i + 3, reject_text);
      char *end = strchr(++row, '\n');
      ck_assert_ptr_nonnull(end);
      *end = 0;
      ck_assert_msg(strstr(row, import_reason_mend(BAD[i].why)) != NULL, "%s: %s", BAD[i].cells, row);
      *end = '\n';
    }
    for (int i = 0; i < IMPORT_REASON_COUNT; i++)
      ck_assert_msg(r.reasons[i] == kinds[i], "%s: %llu", import_reason_name((enum import_reason)i), (unsigned long long)r.reasons[i]);
    ck_assert_uint_eq(contacts(), preview ? 1 : 2);
  }
}
END_TEST

START_TEST(a_reject_file_keeps_its_separator_and_lets_no_formula_out) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  struct import_options opt = {0};
  ck_assert_msg(import_text("tel\303\251fono;nombre\n123;=HYPERLINK(\"\"http://x\"\")\n124;@sum(a1)\n125;-2+3\n126;\tx\n", &opt, &r, why) ==
                    CAD_OK,
                "%s", why);
  ck_assert_int_eq(strncmp(reject_text, "\357\273\277line;reason;how_to_mend;tel\303\251fono;nombre\n", 42), 0);
  for (char *line = strtok(reject_text, "\n"); line; line = strtok(NULL, "\n")) {
    bool quoted = false;
    for (char *p = line; *p; p++) { /* no cell begins with a sign of a formula */
      if (*p == '"') quoted = !quoted;
      bool begins = p == line || (!quoted && p[-1] == ';') || (quoted && *p == '"' && (p == line || p[-1] == ';'));
      if (begins) ck_assert_msg(!strchr("=+-@\t", *p) && !(*p == '"' && strchr("=+-@\t", p[1])), "%s", line);
    }
  }
}
END_TEST

START_TEST(a_mended_reject_file_is_imported_as_it_is) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX], mended[4096];
  struct import_options opt = {0};
  ck_assert_int_eq(import_text("phone,name\n123,Ana\n", &opt, &r, why), CAD_OK);
  snprintf(mended, sizeof mended, "%.4000s", reject_text);
  char right[8192], *cell = strstr(mended, ",123,Ana");
  ck_assert_ptr_nonnull(cell);
  snprintf(right, sizeof right, "%.*s,2022345678,Ana\n", (int)(cell - mended), mended);
  ck_assert_msg(import_text(right, &opt, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.accepted, 1);
}
END_TEST

static struct contact_row seen;
START_TEST(several_numbers_a_person_are_kept_in_their_order) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  struct import_options opt = {.preview = true};
  ck_assert_msg(import_text("phone,alt_phone,phone3,name\n2022000001,2022000002,+34612345678,Ana\n,2022000003,n/a,Eva\n12,2022000004,,Lu\n",
                            &opt, &r, why) == CAD_OK,
                "%s", why);
  ck_assert_uint_eq(r.accepted, 3);
  seen = r.samples[0].row;
  ck_assert_uint_eq(seen.phone, 12022000001);
  ck_assert_uint_eq(seen.others[0], 12022000002);
  ck_assert_uint_eq(seen.others[1], 34612345678);
  ck_assert_uint_eq(r.samples[1].row.phone, 12022000003);
  ck_assert_uint_eq(r.samples[2].row.phone, 12022000004);
  ck_assert_uint_eq(r.numbers_left_out, 2); /* "n/a" and "12" */
}
END_TEST

START_TEST(columns_may_be_named_kept_and_used_again) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  struct import_options opt = {.map = "Contacto A=phone,Contacto B=phone2,Expediente=id,Nota=skip"};
  ck_assert_msg(import_text("Contacto A,Contacto B,Expediente,Nota\n2022000001,2022000002,E1,x\n", &opt, &r, why) == CAD_OK, "%s", why);
  ck_assert_str_eq(r.samples[0].row.external_id, "E1");
  ck_assert_str_eq(r.samples[0].row.extra, "");
  char *kept = mapping_to_json(&r.map);
  opt = (struct import_options){.saved = kept};
  ck_assert_msg(import_text("Expediente,Contacto A,Contacto B\nE2,2022000003,2022000004\n", &opt, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.samples[0].row.phone, 12022000003);
  ck_assert_uint_eq(r.samples[0].row.others[0], 12022000004);
  ck_assert_int_eq(import_text("Expediente,Contacto B\nE2,2022000003\n", &opt, &r, why), CAD_EFORMAT); /* the phone is missing */
  ck_assert_ptr_nonnull(strstr(why, "Contacto A"));
  free(kept);
  opt = (struct import_options){.columns = "id,phone,name"};
  ck_assert_msg(import_text("7,2022000007,Ana\n8,2022000008,Eva\n", &opt, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.accepted, 2);
  ck_assert_str_eq(r.samples[0].row.name, "Ana");
}
END_TEST

START_TEST(the_country_of_a_row_reads_its_number) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  struct import_options opt = {.preview = true};
  ck_assert_msg(import_text("phone,country,phone_code\n612345678,ESP,\n612345679,,34\n2022000001,USA,1\n5512345678,M\303\251xico,52\n",
                            &opt, &r, why) == CAD_OK,
                "%s", why);
  ck_assert_uint_eq(r.accepted, 4);
  ck_assert_uint_eq(r.samples[0].row.phone, 34612345678);
  ck_assert_uint_eq(r.samples[1].row.phone, 34612345679);
  ck_assert_uint_eq(r.samples[3].row.phone, 525512345678);
}
END_TEST

START_TEST(a_row_of_a_country_that_nobody_knows_is_not_read_as_the_campaigns_own) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  struct import_options opt = {.preview = true};
  ck_assert_msg(import_text("phone,country,phone_code\n2022000001,Narnia,\n2022000002,,999\n2022000003,Narnia,1\n+12022000004,Narnia,\n"
                            "2022000005,-,0\n3022000006,Alemania,\n612345678,34,\n2022000008,ee. uu.,\n",
                            &opt, &r, why) == CAD_OK,
                "%s", why);
  ck_assert_uint_eq(r.reasons[IMPORT_COUNTRY], 2);
  ck_assert_uint_eq(r.accepted, 6);
  ck_assert_ptr_nonnull(strstr(reject_text, "\n2,\"the row's country \"\"Narnia\"\" is not known"));
  ck_assert_ptr_nonnull(strstr(reject_text, "\n3,\"the row's country \"\"999\"\" is not known"));
  ck_assert_uint_eq(r.samples[3].row.phone, 493022000006);
  ck_assert_uint_eq(r.samples[4].row.phone, 34612345678);
}
END_TEST

START_TEST(who_was_finished_in_the_old_system_is_not_taken) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  struct disposition_def own = {
      .code = "VENTA", .alias = "VTA", .name = "venta", .category = CATEGORY_CONVERSION, .effect = EFFECT_FINISHES};
  ck_assert_int_eq(store_disposition_put(store, "spring", &own), CAD_OK);
  static const char LIST[] = "phone,status\n2022000001,NEW\n2022000002,SALE\n2022000003,DNC\n2022000004,NA\n2022000005,vta\n2022000006,\n"
                             "2022000007,ADC\n2022000008,active customer\n2022000009,DNCL\n2022000010,CALLBK\n";
  int fd = scratch_fd(LIST, sizeof LIST - 1);
  struct import_options opt = {.fd = fd, .file = "x.csv", .campaign = "spring", .at = {1795276800000}};
  struct import_sink sink = {NULL, run, NULL};
  ck_assert_msg(import_run(&opt, &sink, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.accepted, 5);
  ck_assert_uint_eq(r.reasons[IMPORT_STATUS], 3); /* SALE, vta, ADC */
  ck_assert_uint_eq(r.reasons[IMPORT_DNC], 2);
  lseek(fd, 0, SEEK_SET);
  opt.map = "status=field"; /* it means something else */
  opt.preview = true;
  ck_assert_msg(import_run(&opt, &sink, &r, why) == CAD_OK, "%s", why);
  ck_assert_uint_eq(r.accepted, 5);
  ck_assert_uint_eq(r.reasons[IMPORT_DUPLICATE], 5);
  close(fd);
}
END_TEST

START_TEST(the_limit_of_contacts_is_a_reason_not_a_crash) {
  struct import_result r;
  char why[INTAKE_ERROR_MAX];
  ck_assert_int_eq(import(30010, "", false, &r, why), CAD_OK);
  ck_assert_uint_eq(r.accepted, 30000);
  ck_assert_uint_eq(r.reasons[IMPORT_FULL], 10);
}
END_TEST

int main(void) {
  Suite *s = suite_create("import");
  TCase *t = tcase_create("jobs");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, a_whole_file_becomes_visible_with_one_flip);
  tcase_add_test(t, whatever_fails_in_the_middle_leaves_nothing_visible);
  tcase_add_test(t, a_caller_who_stops_leaves_nothing_visible);
  tcase_add_test(t, a_file_with_a_fault_at_its_end_leaves_nothing_visible);
  tcase_add_test(t, a_preview_counts_and_writes_nothing);
  tcase_add_test(t, a_row_of_a_country_that_nobody_knows_is_not_read_as_the_campaigns_own);
  tcase_add_test(t, who_was_finished_in_the_old_system_is_not_taken);
  tcase_add_test(t, the_limit_of_contacts_is_a_reason_not_a_crash);
  tcase_add_test(t, every_kind_of_bad_row_is_told_with_its_line_its_reason_and_a_way_out);
  tcase_add_test(t, a_reject_file_keeps_its_separator_and_lets_no_formula_out);
  tcase_add_test(t, a_mended_reject_file_is_imported_as_it_is);
  tcase_add_test(t, several_numbers_a_person_are_kept_in_their_order);
  tcase_add_test(t, columns_may_be_named_kept_and_used_again);
  tcase_add_test(t, the_country_of_a_row_reads_its_number);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
