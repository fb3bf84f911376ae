/* The callees file, and the cast that is invented. */
#include "dialer/sim/callees.h"
#include "dialer/sim/cast.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <check.h>
#include <dsp/wav.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sound_bank *bank;

static void begin(void) { bank = sound_bank_create(); }
static void end(void) {
  bank = sound_bank_destroy(bank);
  scratch_remove();
}

static int load(const char *text, struct callees **out, char *errors, size_t size) {
  scratch_write("c.csv", text);
  FILE *err = fmemopen(errors, size, "w");
  int rc = callees_load(scratch_path("c.csv"), bank, err, out);
  fclose(err);
  return rc;
}

START_TEST(rows_are_read_with_their_defaults_and_a_wav_beside_the_file) {
  int16_t tone[8000] = {0};
  tone_add(tone, 8000, 0, 400, -20);
  ck_assert_int_eq(wav_write(scratch_path("hi.wav"), tone, 8000), CAD_OK);
  struct callees *c = NULL;
  char errors[500] = "";
  int rc = load("\xef\xbb\xbfphone,behaviour,wav,ring_ms,answer_delay_ms,hangup_ms,sip_code\r\n"
                "+1 (202) 555-0100,Person,hi.wav,8000,300,12000,\r\n"
                "\r\n"
                "12025550101,no-answer,,,,,\n"
                "\"12025550102\",fail,,,,,404\n",
                &c, errors, sizeof errors);
  ck_assert_msg(rc == CAD_OK, "%s", errors);
  ck_assert_uint_eq(callees_count(c), 3);
  const struct callee *a = callees_row(c, 0);
  ck_assert_uint_eq(a->phone, 12025550100u);
  ck_assert_int_eq(a->behaviour, CALLEE_PERSON);
  ck_assert_uint_eq(a->ring_ms, 8000);
  ck_assert_uint_eq(a->hangup_ms, 12000);
  ck_assert_uint_eq(sound_get(bank, a->wav)->speech_end, 8000);
  ck_assert_uint_eq(callees_row(c, 1)->ring_ms, 0);
  ck_assert_uint_eq(callees_row(c, 2)->sip_code, 404);
  callees_free(c);
}
END_TEST

START_TEST(every_wrong_row_is_named_with_file_and_line) {
  struct callees *c = NULL;
  char errors[2000] = "";
  int rc = load("phone,behaviour,wav,ring_ms,answer_delay_ms,hangup_ms,sip_code\n"
                "12025550100,dragon,,,,,\n"
                "nobody,person,,,,,\n"
                "12025550101,person,missing.wav,,,,\n"
                "12025550102,person,,soon,,,\n"
                "12025550103,fail,,,,,99\n"
                "12025550104,busy,,,,,\"486\n",
                &c, errors, sizeof errors);
  ck_assert_int_eq(rc, CAD_EFORMAT);
  ck_assert_ptr_null(c);
  for (int line = 2; line <= 7; line++) {
    char where[32];
    snprintf(where, sizeof where, "c.csv:%d: ", line);
    ck_assert_msg(strstr(errors, where) != NULL, "no complaint about line %d in:\n%s", line, errors);
  }
}
END_TEST

START_TEST(a_file_without_the_two_needed_columns_is_refused) {
  struct callees *c = NULL;
  char errors[500] = "";
  ck_assert_int_eq(load("number,behaviour\n1,person\n", &c, errors, sizeof errors), CAD_EFORMAT);
  ck_assert_ptr_nonnull(strstr(errors, "\"phone\""));
  ck_assert_int_eq(load("", &c, errors, sizeof errors), CAD_EFORMAT);
  ck_assert_int_eq(callees_load("/nowhere/c.csv", bank, NULL, &c), CAD_ENOENT);
}
END_TEST

START_TEST(rows_of_one_number_serve_in_turn_and_a_star_serves_the_rest) {
  struct callees *c = NULL;
  char errors[500] = "";
  ck_assert_int_eq(
      load("phone,note,behaviour\n12025550100,x,busy\n2025550101,,machine\n12025550100,,person\n*,,no_answer\n", &c, errors, sizeof errors),
      CAD_OK);
  ck_assert_int_eq(callees_take(c, 12025550100u)->behaviour, CALLEE_BUSY);
  ck_assert_int_eq(callees_take(c, 12025550100u)->behaviour, CALLEE_PERSON);
  ck_assert_int_eq(callees_take(c, 12025550100u)->behaviour, CALLEE_PERSON);
  ck_assert_int_eq(callees_take(c, 12025550101u)->behaviour, CALLEE_MACHINE); /* listed without country code */
  ck_assert_int_eq(callees_take(c, 12025550109u)->behaviour, CALLEE_NO_ANSWER);
  callees_free(c);
}
END_TEST

static void make_greetings(void) {
  int16_t tone[4000] = {0};
  tone_add(tone, 4000, 0, 400, -20);
  ck_assert_int_eq(mkdir(scratch_path("greetings"), 0700), 0);
  ck_assert_int_eq(wav_write(scratch_path("greetings/person_short_1.wav"), tone, 4000), CAD_OK);
  ck_assert_int_eq(wav_write(scratch_path("greetings/person_medium_1.wav"), tone, 4000), CAD_OK);
  ck_assert_int_eq(wav_write(scratch_path("greetings/person_business_1.wav"), tone, 4000), CAD_OK);
  ck_assert_int_eq(wav_write(scratch_path("greetings/person_double_1.wav"), tone, 4000), CAD_OK);
  ck_assert_int_eq(wav_write(scratch_path("greetings/machine_1.wav"), tone, 4000), CAD_OK);
}

static void slurp(const char *name, char *out, size_t size) {
  FILE *f = fopen(scratch_path(name), "r");
  out[fread(out, 1, size - 1, f)] = 0;
  fclose(f);
}

START_TEST(an_invented_cast_has_fictional_numbers_once_each_and_fair_shares) {
  make_greetings();
  struct cast_options o = {.share = scratch_dir(), .seed = 3, .count = 500};
  ck_assert_int_eq(cast_write(&o, scratch_path("contacts.csv"), scratch_path("callees.csv")), CAD_OK);
  struct callees *c = NULL;
  ck_assert_int_eq(callees_load(scratch_path("callees.csv"), bank, stderr, &c), CAD_OK);
  ck_assert_uint_eq(callees_count(c), 500);
  unsigned people = 0, machines = 0, delay = 0;
  for (unsigned i = 0; i < 500; i++) {
    const struct callee *a = callees_row(c, i);
    ck_assert_uint_eq(a->phone / 10000000000u, 1);
    ck_assert_uint_eq(a->phone % 10000000u / 100u, 55501);
    for (unsigned k = 0; k < i; k++) ck_assert_uint_ne(callees_row(c, k)->phone, a->phone);
    people += a->behaviour == CALLEE_PERSON || a->behaviour == CALLEE_EARLY_HANGUP;
    machines += a->behaviour == CALLEE_MACHINE;
    delay += a->answer_delay_ms;
  }
  ck_assert_uint_ge(people, 125);
  ck_assert_uint_le(people, 150);
  ck_assert_uint_ge(machines, 100);
  ck_assert_uint_gt(delay / 500, 600);
  callees_free(c);
}
END_TEST

START_TEST(most_people_say_a_word_some_speak_late_and_some_stand_in_noise) {
  make_greetings();
  struct cast_options o = {.share = scratch_dir(), .seed = 7, .count = 2000, .own_shares = true, .answer_bp = 10000};
  ck_assert_int_eq(cast_write(&o, scratch_path("contacts.csv"), scratch_path("callees.csv")), CAD_OK);
  struct callees *c = NULL;
  ck_assert_int_eq(callees_load(scratch_path("callees.csv"), bank, stderr, &c), CAD_OK);
  static const char *const kinds[] = {"short", "medium", "business", "double"};
  unsigned people = 0, of[4] = {0}, late = 0, noisy = 0;
  for (unsigned i = 0; i < 2000; i++) {
    const struct callee *a = callees_row(c, i);
    if (a->behaviour != CALLEE_PERSON) continue;
    people++;
    for (int k = 0; k < 4; k++) of[k] += strstr(sound_get(bank, a->wav)->path, kinds[k]) != NULL;
    late += a->answer_delay_ms > 2000;
    noisy += a->noise_dbm0 != 0 && a->noise_dbm0 > a->level_dbm0 - 15;
  }
  ck_assert_uint_gt(people, 1500);
  ck_assert_uint_ge(of[0] * 100, people * 73); /* late and noisy ones say as little */
  ck_assert_uint_le(of[0] * 100, people * 81);
  ck_assert_uint_ge(of[1] * 100, people * 9);
  ck_assert_uint_ge(of[2] * 100, people * 6);
  ck_assert_uint_ge(of[3] * 100, people * 1);
  ck_assert_uint_eq(of[0] + of[1] + of[2] + of[3], people);
  ck_assert_uint_ge(late * 100, people * 2);
  ck_assert_uint_le(late * 100, people * 6);
  ck_assert_uint_ge(noisy * 200, people);
  ck_assert_uint_le(noisy * 100, people * 3);
  callees_free(c);
}
END_TEST

START_TEST(shares_and_talk_are_as_asked_for) {
  make_greetings();
  struct cast_options o = {.share = scratch_dir(),
                           .seed = 5,
                           .count = 1000,
                           .own_shares = true,
                           .answer_bp = 3000,
                           .machines_bp = 2000,
                           .talk = {.mean = 30.5, .count = 2, .quantile = {30, 31}}};
  ck_assert_int_eq(cast_write(&o, scratch_path("contacts.csv"), scratch_path("callees.csv")), CAD_OK);
  struct callees *c = NULL;
  ck_assert_int_eq(callees_load(scratch_path("callees.csv"), bank, stderr, &c), CAD_OK);
  unsigned people = 0, machines = 0, leave = 0;
  for (unsigned i = 0; i < 1000; i++) {
    const struct callee *a = callees_row(c, i);
    people += a->behaviour == CALLEE_PERSON || a->behaviour == CALLEE_EARLY_HANGUP;
    machines += a->behaviour == CALLEE_MACHINE;
    if (a->behaviour != CALLEE_PERSON || a->hangup_ms == 0) continue;
    leave++;
    ck_assert_uint_ge(a->hangup_ms, 30000);
    ck_assert_uint_lt(a->hangup_ms, 45000);
  }
  ck_assert_uint_ge(people, 238);
  ck_assert_uint_le(people, 242);
  ck_assert_uint_ge(machines, 58);
  ck_assert_uint_le(machines, 62);
  ck_assert_uint_gt(leave, people / 3);
  ck_assert_uint_lt(leave, people * 2 / 3);
  callees_free(c);
  o.answer_bp = 10000, o.machines_bp = 0; /* everybody */
  ck_assert_int_eq(cast_write(&o, scratch_path("contacts.csv"), scratch_path("callees.csv")), CAD_OK);
  ck_assert_int_eq(callees_load(scratch_path("callees.csv"), bank, stderr, &c), CAD_OK);
  for (unsigned i = 0; i < 1000; i++) ck_assert_uint_le(callees_row(c, i)->behaviour, CALLEE_EARLY_HANGUP);
  callees_free(c);
}
END_TEST

START_TEST(the_same_seed_invents_the_same_world_and_another_seed_another) {
  make_greetings();
  static char first[200000], again[200000];
  struct cast_options o = {.share = scratch_dir(), .seed = 11, .count = 200};
  ck_assert_int_eq(cast_write(&o, scratch_path("a.csv"), scratch_path("b.csv")), CAD_OK);
  slurp("b.csv", first, sizeof first);
  ck_assert_int_eq(cast_write(&o, scratch_path("a.csv"), scratch_path("b.csv")), CAD_OK);
  slurp("b.csv", again, sizeof again);
  ck_assert_str_eq(first, again);
  o.seed = 12;
  ck_assert_int_eq(cast_write(&o, scratch_path("a.csv"), scratch_path("b.csv")), CAD_OK);
  slurp("b.csv", again, sizeof again);
  ck_assert_str_ne(first, again);
  o.count = cast_most() + 1;
  ck_assert_int_eq(cast_write(&o, scratch_path("a.csv"), scratch_path("b.csv")), CAD_EFULL);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("callees");
  TCase *c = tcase_create("callees");
  tcase_add_checked_fixture(c, begin, end);
  tcase_add_test(c, rows_are_read_with_their_defaults_and_a_wav_beside_the_file);
  tcase_add_test(c, every_wrong_row_is_named_with_file_and_line);
  tcase_add_test(c, a_file_without_the_two_needed_columns_is_refused);
  tcase_add_test(c, rows_of_one_number_serve_in_turn_and_a_star_serves_the_rest);
  tcase_add_test(c, an_invented_cast_has_fictional_numbers_once_each_and_fair_shares);
  tcase_add_test(c, most_people_say_a_word_some_speak_late_and_some_stand_in_noise);
  tcase_add_test(c, shares_and_talk_are_as_asked_for);
  tcase_add_test(c, the_same_seed_invents_the_same_world_and_another_seed_another);
  suite_add_tcase(suite, c);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
