/* Callers in the records: who they are, what they count for and what they do not. */
#include "campaigns/records/store_internal.h"
#include "fixture.h"
#include "tests/support/scratch.h"
#include <campaigns/queues.h>

static struct store *s;
static uint64_t campaign, queue;

static struct queue_def queue_like(const char *name, const char *of) {
  struct queue_def d = {.terms = {.timeout_ms = 60000, .places = 5, .service_ms = 20000}};
  snprintf(d.terms.name, sizeof d.terms.name, "%s", name);
  snprintf(d.campaign, sizeof d.campaign, "%s", of);
  strcpy(d.language, "en");
  return d;
}

static void setup(void) {
  s = store_at(NULL);
  campaign = with_campaign(s, "one");
  struct queue_def d = queue_like("help", "one");
  ck_assert_int_eq(store_queue_put(s, &d), CAD_OK);
  queue = d.terms.id;
}
static void teardown(void) { s = store_close(s); }

static struct mail_store_arrived arrive(uint64_t attempt, uint64_t from, struct now now) {
  struct mail_store_arrive req = {.slot = 1, .gen = 2, .attempt_id = attempt, .queue_id = queue, .from = from, .did = 4711, .at = now.wall};
  struct mail_store_arrived out = {0};
  ck_assert_int_eq(store_arrive(s, &req, "carrier", now, &out), CAD_OK);
  ck_assert_uint_eq(out.attempt_id, attempt);
  return out;
}
static int leave(uint64_t attempt, enum queue_end end, uint64_t agent, struct now now) {
  struct mail_store_close rec = {.attempt_id = attempt, .answered = wall_add(now.wall, -30000), .ended = now.wall, .agent_id = agent};
  rec.outcome = end == QUEUE_END_SERVED ? OUTCOME_CONNECTED : OUTCOME_EARLY_HANGUP;
  if (agent) rec.bridged = wall_add(now.wall, -20000);
  rec.queue_id = queue, rec.queue_end = (uint8_t)end, rec.queued_ms = 10000;
  return store_attempt_close(s, &rec);
}
static int64_t number(const char *sql) {
  sqlite3_stmt *q = NULL;
  ck_assert_int_eq(sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  return n;
}

START_TEST(a_caller_we_know_is_named_and_not_dialed_while_he_is_on_the_line) {
  struct lease l;
  with_contacts(s, "one", 12025550101, 1);
  struct mail_store_arrived a = arrive(71, 12025550101, at_ms(0));
  ck_assert_uint_ne(a.contact.case_id, 0);
  ck_assert_str_eq(a.contact.name, "Ana");
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(1000), &l, NULL), 0);
  ck_assert_int_eq(leave(71, QUEUE_END_LEFT, 0, at_ms(40000)), CAD_OK);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(41000), &l, NULL), 1); /* as if he had not called */
}
END_TEST

START_TEST(a_lease_of_the_caller_opens_nothing) {
  struct lease l;
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(0), &l, NULL), 1);
  arrive(71, 12025550101, at_ms(100));
  ck_assert_int_eq(open_attempt(s, &l, 72, at_ms(200), NULL), REFUSAL_LEASE_GONE);
}
END_TEST

START_TEST(numbers_are_known_as_trunks_write_them_and_strangers_are_nobody) {
  with_contacts(s, "one", 12025550101, 1);
  ck_assert_uint_ne(arrive(71, 2025550101, at_ms(0)).contact.case_id, 0); /* national */
  struct mail_store_arrived a = arrive(72, 12025550199, at_ms(0));
  ck_assert_uint_eq(a.contact.case_id, 0);
  ck_assert_uint_eq(a.contact.phone, 12025550199);
  ck_assert_uint_eq(arrive(73, 0, at_ms(0)).contact.phone, 0); /* withheld */
  ck_assert_int_eq(leave(73, QUEUE_END_SERVED, 9, at_ms(40000)), CAD_OK);
  struct mail_store_dispose d = {.attempt_id = 73, .agent_id = 9, .code = "DNC", .at = at_ms(41000).wall};
  ck_assert_int_eq(store_dispose(s, &d), CAD_OK); /* nobody to put on a list */
  ck_assert_int_eq(number("SELECT count(*) FROM dnc"), 0);
}
END_TEST

START_TEST(a_call_that_came_is_no_attempt_of_ours_and_no_answer_of_the_limit) {
  struct store_counts n;
  struct campaign_def d;
  with_contacts(s, "one", 12025550101, 1);
  for (uint64_t i = 0; i < 5; i++) {
    arrive(71 + i, 12025550101, at_ms(1000 * (int64_t)i));
    ck_assert_int_eq(leave(71 + i, i == 4 ? QUEUE_END_SERVED : QUEUE_END_LEFT, i == 4 ? 9 : 0, at_ms(60000)), CAD_OK);
  }
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.attempts + n.live + n.abandoned + n.open_attempts, 0);
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  for (int i = 0; i < d.terms.window_count; i++) ck_assert_uint_eq(d.terms.windows[i].served + d.terms.windows[i].early, 0);
  struct lease l;
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(3 * 3600000), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 90, at_ms(3 * 3600000 + 1), NULL), REFUSAL_NONE); /* five calls are not three attempts */
  ck_assert_int_eq(number("SELECT sum(inbound) FROM interaction"), 5);
}
END_TEST

START_TEST(an_agent_moves_the_contact_that_called) {
  with_contacts(s, "one", 12025550101, 1);
  arrive(71, 12025550101, at_ms(0));
  ck_assert_int_eq(leave(71, QUEUE_END_SERVED, 9, at_ms(40000)), CAD_OK);
  struct mail_store_dispose d = {.attempt_id = 71, .agent_id = 9, .code = "SALE", .at = at_ms(41000).wall};
  ck_assert_int_eq(store_dispose(s, &d), CAD_OK);
  struct store_counts n;
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.contacts_done, 1);
}
END_TEST

START_TEST(only_conversations_count_as_such) {
  struct gate_facts f = {.now = at_ms(600000).wall, .phone = 12025550101};
  with_contacts(s, "one", 12025550101, 1);
  struct lease who = arrive(71, 12025550101, at_ms(0)).contact;
  ck_assert_int_eq(leave(71, QUEUE_END_LEFT, 0, at_ms(40000)), CAD_OK);
  arrive(72, 12025550101, at_ms(50000));
  ck_assert_int_eq(leave(72, QUEUE_END_SERVED, 9, at_ms(90000)), CAD_OK);
  ck_assert_int_ge(facts_gather(s, store_campaign(s, campaign), who.case_id, who.phone_id, &f), 0);
  int conversations = 0, attempts = 0;
  for (int i = 0; i < f.event_count; i++) {
    conversations += (f.events[i].what & COUNTS_CONVERSATIONS) != 0;
    attempts += (f.events[i].what & COUNTS_ATTEMPTS) != 0;
  }
  ck_assert_int_eq(conversations, 1);
  ck_assert_int_eq(attempts, 0);
}
END_TEST

START_TEST(a_caller_is_the_same_person_in_every_campaign) {
  struct gate_facts f = {.now = at_ms(600000).wall, .phone = 12025550102};
  struct lease l;
  struct wall next;
  uint64_t job, visible, other = with_campaign(s, "two");
  with_contacts(s, "one", 12025550101, 1);
  struct contact_row row = {.phone = 12025550102, .others = {12025550101}, .name = "Ana", .external_id = "D-1"};
  uint8_t result;
  ck_assert_int_eq(store_import_begin(s, "two", "b.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_int_eq(store_import_rows(s, job, &row, 1, &result), CAD_OK);
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_OK);
  ck_assert_int_eq(lease_some(s, other, 1, at_ms(0), &l, NULL), 1);
  ck_assert_uint_eq(l.phone, 12025550102);
  arrive(71, 12025550101, at_ms(100)); /* taken for the contact of campaign one */
  ck_assert_int_eq(open_attempt(s, &l, 72, at_ms(200), &next), REFUSAL_ON_THE_LINE);
  ck_assert_int_eq(next.ms, at_ms(60200).wall.ms);
  ck_assert_int_eq(leave(71, QUEUE_END_SERVED, 9, at_ms(40000)), CAD_OK);
  ck_assert_int_ge(facts_gather(s, store_campaign(s, other), l.case_id, l.phone_id, &f), 0);
  ck_assert(!f.on_the_line);
  ck_assert_int_eq(f.event_count, 1);
  ck_assert_uint_eq(f.events[0].what, COUNTS_CONVERSATIONS);
  ck_assert_uint_eq(f.events[0].debt, 0); /* that contact names none: it may be this one */
  ck_assert_int_eq(lease_some(s, other, 1, at_ms(60200), &l, NULL), 1);
  ck_assert_int_eq(open_attempt(s, &l, 73, at_ms(60300), NULL), REFUSAL_NONE);
}
END_TEST

START_TEST(what_a_crash_left_open_is_closed_and_its_contact_goes_on) {
  const char *path = scratch_path("cadencia.db");
  struct lease l;
  store_close(s);
  s = store_at(path);
  campaign = with_campaign(s, "one");
  struct queue_def d = queue_like("help", "one");
  ck_assert_int_eq(store_queue_put(s, &d), CAD_OK);
  queue = d.terms.id;
  with_contacts(s, "one", 12025550101, 1);
  arrive(71, 12025550101, at_ms(0));
  store_close(s);
  s = store_at(path);
  ck_assert_int_eq(number("SELECT ended FROM arrival"), QUEUE_END_BROKEN);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(41000), &l, NULL), 1);
}
END_TEST

START_TEST(hours_are_those_of_the_queue) {
  struct queue_def d;
  ck_assert_int_eq(store_queue_get(s, "help", &d), CAD_OK);
  d.has_hours = true;
  strcpy(d.zone, "America/New_York");
  d.hours.open[3] = 9 * 60, d.hours.close[3] = 12 * 60 + 30; /* Wednesday */
  ck_assert_int_eq(store_queue_put(s, &d), CAD_OK);
  ck_assert_int_eq(arrive(71, 0, at_ms(0)).closed, 0);
  ck_assert_int_eq(arrive(72, 0, at_ms(3600000)).closed, 1);
  strcpy(d.zone, "Nowhere/Else");
  ck_assert_int_eq(store_queue_put(s, &d), CAD_EINVAL);
}
END_TEST

static int take_sums(void *arg, const struct queue_sums *q) {
  *(struct queue_sums *)arg = *q;
  return CAD_OK;
}

START_TEST(queues_and_numbers_are_kept_told_and_not_lost_while_in_use) {
  struct queue_def d = queue_like("second", "one");
  uint64_t id = 0;
  strcpy(d.overflow, "second");
  ck_assert_int_eq(store_queue_put(s, &d), CAD_EINVAL); /* into itself */
  strcpy(d.overflow, "help");
  ck_assert_int_eq(store_queue_put(s, &d), CAD_OK);
  ck_assert_int_eq(store_queue_delete(s, "help", &id), CAD_EBUSY);
  ck_assert_int_eq(store_did_put(s, 4711, "second"), CAD_OK);
  ck_assert_int_eq(store_queue_delete(s, "second", &id), CAD_EBUSY);
  ck_assert_int_eq(store_did_put(s, 4711, "help"), CAD_OK); /* moved */
  ck_assert_int_eq(store_queue_delete(s, "second", &id), CAD_OK);
  ck_assert_uint_eq(id, d.terms.id);
  ck_assert_int_eq(store_did_put(s, 12, "help"), CAD_EINVAL);
  ck_assert_int_eq(store_did_remove(s, 4712), CAD_ENOENT);
  ck_assert_int_eq(store_did_remove(s, 4711), CAD_OK);
  arrive(71, 12025550101, at_ms(0));
  ck_assert_int_eq(leave(71, QUEUE_END_SERVED, 9, at_ms(40000)), CAD_OK);
  arrive(72, 12025550101, at_ms(50000));
  ck_assert_int_eq(leave(72, QUEUE_END_LEFT, 0, at_ms(60000)), CAD_OK);
  struct queue_sums sums = {0};
  ck_assert_int_eq(store_queue_sums(s, WALL_NONE, WALL_NONE, take_sums, &sums), CAD_OK);
  ck_assert_uint_eq(sums.offered, 2);
  ck_assert_uint_eq(sums.in_time, 1);
  ck_assert_uint_eq(sums.ended[QUEUE_END_LEFT], 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("arrival");
  TCase *t = tcase_create("arrival");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_caller_we_know_is_named_and_not_dialed_while_he_is_on_the_line);
  tcase_add_test(t, a_lease_of_the_caller_opens_nothing);
  tcase_add_test(t, numbers_are_known_as_trunks_write_them_and_strangers_are_nobody);
  tcase_add_test(t, a_call_that_came_is_no_attempt_of_ours_and_no_answer_of_the_limit);
  tcase_add_test(t, an_agent_moves_the_contact_that_called);
  tcase_add_test(t, only_conversations_count_as_such);
  tcase_add_test(t, a_caller_is_the_same_person_in_every_campaign);
  tcase_add_test(t, what_a_crash_left_open_is_closed_and_its_contact_goes_on);
  tcase_add_test(t, hours_are_those_of_the_queue);
  tcase_add_test(t, queues_and_numbers_are_kept_told_and_not_lost_while_in_use);
  suite_add_tcase(suite, t);
  SRunner *r = srunner_create(suite);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
