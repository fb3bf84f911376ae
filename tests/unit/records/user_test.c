#include "fixture.h"
#include <campaigns/users.h>

static struct store *s;

static void setup(void) {
  s = store_at(NULL);
  struct campaign_def c = campaign_like("one");
  ck_assert_int_eq(store_campaign_put(s, &c), CAD_OK);
  struct agent_def a = {.a = {.name = "ana", .uri = "sip:ana@127.0.0.1:5080", .nailed = 1}, .campaign = "one"};
  ck_assert_int_eq(store_agent_put(s, &a), CAD_OK);
}
static void teardown(void) { s = store_close(s); }

static struct user_def user_like(const char *name, enum user_role role) {
  struct user_def d = {.role = (uint8_t)role, .hash = "$argon2id$v=19$x"};
  snprintf(d.name, sizeof d.name, "%s", name);
  if (role == ROLE_AGENT) strcpy(d.agent, "ana");
  return d;
}
static const unsigned char KEY[SESSION_KEY_BYTES] = {1, 2, 3}, OTHER[SESSION_KEY_BYTES] = {3, 2, 1};
static struct wall at(int64_t s_) { return (struct wall){1790000000000 + s_ * 1000}; }

START_TEST(a_user_comes_back_as_it_was_put) {
  struct user_def d = user_like("anna", ROLE_AGENT), back;
  ck_assert_int_eq(store_user_put(s, &d), CAD_OK);
  ck_assert_int_eq(store_user_get(s, "anna", &back), CAD_OK);
  ck_assert_uint_eq(back.id, d.id);
  ck_assert_uint_eq(back.role, ROLE_AGENT);
  ck_assert_str_eq(back.agent, "ana");
  ck_assert_str_eq(back.hash, d.hash);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused) {
  struct user_def d = user_like("boss", ROLE_SUPERVISOR), twice = d;
  strcpy(d.agent, "ana");
  ck_assert_int_eq(store_user_put(s, &d), CAD_EINVAL); /* a supervisor has no desk */
  d = user_like("x", ROLE_AGENT);
  d.agent[0] = 0;
  ck_assert_int_eq(store_user_put(s, &d), CAD_EINVAL);
  strcpy(d.agent, "nobody");
  ck_assert_int_eq(store_user_put(s, &d), CAD_ENOENT);
  ck_assert_int_eq(store_user_put(s, &twice), CAD_OK);
  twice.id = 0;
  ck_assert_int_eq(store_user_put(s, &twice), CAD_EEXIST);
  d = user_like("y", ROLE_SUPERVISOR);
  d.hash[0] = 0;
  ck_assert_int_eq(store_user_put(s, &d), CAD_EINVAL);
}
END_TEST

START_TEST(a_session_lives_until_its_time_and_no_longer_than_its_password) {
  struct user_def d = user_like("boss", ROLE_SUPERVISOR), who;
  ck_assert_int_eq(store_user_put(s, &d), CAD_OK);
  ck_assert_int_eq(store_session_put(s, KEY, d.id, at(0), at(100)), CAD_OK);
  ck_assert_int_eq(store_session_get(s, KEY, at(99), &who), CAD_OK);
  ck_assert_str_eq(who.name, "boss");
  ck_assert_int_eq(store_session_get(s, OTHER, at(99), &who), CAD_ENOENT);
  ck_assert_int_eq(store_session_get(s, KEY, at(100), &who), CAD_ENOENT);
  strcpy(d.hash, "$argon2id$another");
  ck_assert_int_eq(store_user_put(s, &d), CAD_OK);
  ck_assert_int_eq(store_session_get(s, KEY, at(50), &who), CAD_ENOENT);
  ck_assert_int_eq(store_session_put(s, OTHER, d.id, at(0), at(100)), CAD_OK);
  ck_assert_int_eq(store_session_end(s, OTHER), CAD_OK);
  ck_assert_int_eq(store_session_get(s, OTHER, at(50), &who), CAD_ENOENT);
  ck_assert_int_eq(store_session_put(s, KEY, d.id, at(0), at(100)), CAD_OK);
  ck_assert_int_eq(store_user_remove(s, "boss"), CAD_OK);
  ck_assert_int_eq(store_session_get(s, KEY, at(50), &who), CAD_ENOENT);
}
END_TEST

START_TEST(five_wrong_passwords_lock_for_a_minute_and_a_good_one_forgives) {
  struct user_def d = user_like("boss", ROLE_SUPERVISOR), back;
  ck_assert_int_eq(store_user_put(s, &d), CAD_OK);
  for (int i = 0; i < USER_FAILURES_MAX - 1; i++) ck_assert_int_ge(store_user_tried(s, "boss", false, at(i)), 0);
  ck_assert_int_eq(store_user_get(s, "boss", &back), CAD_OK);
  ck_assert_int_eq(back.locked_until.ms, 0);
  ck_assert_int_ge(store_user_tried(s, "boss", true, at(5)), 0);
  for (int i = 0; i < USER_FAILURES_MAX; i++) ck_assert_int_ge(store_user_tried(s, "boss", false, at(10)), 0);
  ck_assert_int_eq(store_user_get(s, "boss", &back), CAD_OK);
  ck_assert_int_eq(back.locked_until.ms, at(10).ms + USER_LOCK_MS);
}
END_TEST

START_TEST(a_note_belongs_to_its_attempt) {
  char text[USER_NOTE_MAX + 1];
  ck_assert_int_ge(store_note_put(s, 7, 100, "llama después de las 5", at(0)), 0);
  ck_assert_int_eq(store_note_get(s, 7, 100, text), CAD_OK);
  ck_assert_str_eq(text, "llama después de las 5");
  ck_assert_int_eq(store_note_get(s, 7, 101, text), CAD_OK);
  ck_assert_str_eq(text, "");
  ck_assert_int_ge(store_note_put(s, 7, 100, "", at(1)), 0);
  ck_assert_int_eq(store_note_get(s, 7, 100, text), CAD_OK);
  ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(an_agents_day_is_the_sum_of_its_log) {
  struct mail_store_agent_log l = {.agent_id = 9, .attempt_id = 5, .state = AGENT_TALKING, .from = at(10), .to = at(40)};
  ck_assert_int_ge(store_agent_log(s, &l), 0);
  l = (struct mail_store_agent_log){.agent_id = 9, .attempt_id = 6, .state = AGENT_TALKING, .from = at(50), .to = at(60)};
  ck_assert_int_ge(store_agent_log(s, &l), 0);
  l = (struct mail_store_agent_log){.agent_id = 9, .state = AGENT_PAUSED, .from = at(-100), .to = at(-50)};
  ck_assert_int_ge(store_agent_log(s, &l), 0);
  struct agent_day day;
  ck_assert_int_eq(store_agent_day(s, 9, at(0), &day), CAD_OK);
  ck_assert_uint_eq(day.ms[AGENT_TALKING], 40000);
  ck_assert_uint_eq(day.ms[AGENT_PAUSED], 0);
  ck_assert_uint_eq(day.calls, 2);
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("users");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, a_user_comes_back_as_it_was_put);
  tcase_add_test(tc, what_makes_no_sense_is_refused);
  tcase_add_test(tc, a_session_lives_until_its_time_and_no_longer_than_its_password);
  tcase_add_test(tc, five_wrong_passwords_lock_for_a_minute_and_a_good_one_forgives);
  tcase_add_test(tc, a_note_belongs_to_its_attempt);
  tcase_add_test(tc, an_agents_day_is_the_sum_of_its_log);
  Suite *suite = suite_create("records users");
  suite_add_tcase(suite, tc);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
