#include "fixture.h"

static struct store *s;
static uint64_t campaign;
static const int64_t HOUR_MS = 3600000;

static void setup(void) {
  s = store_at(NULL);
  campaign = with_campaign(s, "one");
}
static void teardown(void) { s = store_close(s); }

static uint8_t add_one(uint64_t job, uint64_t phone, const char *zone) {
  struct contact_row row = {.phone = phone, .name = "Eva", .external_id = "A-1", .extra = "{\"deuda\":\"12,50\"}"};
  uint8_t result = 99;
  snprintf(row.zone, sizeof row.zone, "%s", zone);
  ck_assert_int_eq(store_import_rows(s, job, &row, 1, &result), CAD_OK);
  return result;
}

START_TEST(a_list_is_invisible_until_its_flip) {
  uint64_t job, visible = 0;
  struct lease l[4];
  struct mail_store_lease_end end;
  struct store_counts n;
  ck_assert_int_eq(store_import_begin(s, "one", "a.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_uint_eq(add_one(job, 12025550101, ""), CONTACT_ADDED);
  ck_assert_uint_eq(add_one(job, 12025550102, ""), CONTACT_ADDED);
  ck_assert_int_eq(lease_some(s, campaign, 4, at_ms(0), l, &end), 0);
  ck_assert_uint_eq(end.open, 0);
  ck_assert_int_eq(end.next.ms, 0);
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.contacts, 0);
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_OK);
  ck_assert_uint_eq(visible, 2);
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_ENOENT);
  ck_assert_int_eq(store_import_abort(s, job), CAD_ENOENT); /* too late */
  ck_assert_int_eq(lease_some(s, campaign, 4, at_ms(1), l, &end), 2);
  ck_assert_uint_eq(l[0].phone, 12025550101); /* in the order of the file */
  ck_assert_uint_eq(l[1].phone, 12025550102);
  ck_assert_int_eq(store_counts(s, "one", &n), CAD_OK);
  ck_assert_uint_eq(n.contacts, 2);
  ck_assert_uint_eq(n.contacts_waiting, 2);
}
END_TEST

START_TEST(duplicates_listed_numbers_and_unknown_zones_are_told_apart) {
  uint64_t job, other, second = with_campaign(s, "two");
  (void)second;
  ck_assert_int_eq(store_dnc_add(s, 12025550109, "global", "test", at_ms(0).wall), CAD_OK);
  ck_assert_int_eq(store_dnc_add(s, 12025550108, "campaign:two", "test", at_ms(0).wall), CAD_OK);
  ck_assert_int_eq(store_dnc_add(s, 12025550107, "seller:acme", "test", at_ms(0).wall), CAD_OK);
  ck_assert_int_eq(store_dnc_add(s, 12025550106, "seller:nobody", "test", at_ms(0).wall), CAD_ENOENT);
  ck_assert_int_eq(store_dnc_add(s, 12025550106, "family", "test", at_ms(0).wall), CAD_EINVAL);
  ck_assert_int_eq(store_import_begin(s, "one", "a.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_uint_eq(add_one(job, 12025550101, ""), CONTACT_ADDED);
  ck_assert_uint_eq(add_one(job, 12025550101, ""), CONTACT_DUPLICATE);
  ck_assert_uint_eq(add_one(job, 12025550109, ""), CONTACT_DNC);
  ck_assert_uint_eq(add_one(job, 12025550107, ""), CONTACT_DNC);
  ck_assert_uint_eq(add_one(job, 12025550108, ""), CONTACT_ADDED); /* another campaign's list */
  ck_assert_uint_eq(add_one(job, 999123456789, ""), CONTACT_ZONE_UNKNOWN);
  ck_assert_uint_eq(add_one(job, 999123456788, "Europe/Madrid"), CONTACT_ADDED); /* the file knows it */
  ck_assert_uint_eq(add_one(job, 12025550105, "Mars/Olympus"), CONTACT_ZONE_WRONG);
  ck_assert_uint_eq(add_one(job, 12025550105, "../../etc/passwd"), CONTACT_ZONE_WRONG);
  ck_assert_int_eq(store_import_begin(s, "two", "b.csv", at_ms(0).wall, &other), CAD_OK);
  ck_assert_uint_eq(add_one(other, 12025550101, ""), CONTACT_ADDED); /* the same person in another campaign */
  ck_assert_uint_eq(add_one(other, 12025550108, ""), CONTACT_DNC);
  ck_assert_int_eq(store_import_begin(s, "none", "b.csv", at_ms(0).wall, &other), CAD_ENOENT);
}
END_TEST

START_TEST(an_aborted_list_leaves_nothing_and_other_lists_stay) {
  uint64_t job;
  struct lease l[4];
  with_contacts(s, "one", 12025550100, 2);
  ck_assert_int_eq(store_import_begin(s, "one", "b.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_uint_eq(add_one(job, 12025550150, ""), CONTACT_ADDED);
  ck_assert_int_eq(to_the_end(store_import_abort, s, job), CAD_OK);
  ck_assert_int_eq(lease_some(s, campaign, 4, at_ms(0), l, NULL), 2);
  with_contacts(s, "one", 12025550150, 1);
}
END_TEST

START_TEST(an_aborted_list_takes_nothing_away_from_a_list_that_shares_its_people) {
  uint64_t staged, visible = 0, job, two = with_campaign(s, "two");
  struct lease l[4];
  ck_assert_int_eq(store_import_begin(s, "one", "b.csv", at_ms(0).wall, &staged), CAD_OK);
  ck_assert_uint_eq(add_one(staged, 12025550150, ""), CONTACT_ADDED);
  ck_assert_uint_eq(add_one(staged, 12025550151, ""), CONTACT_ADDED);
  ck_assert_int_eq(store_import_begin(s, "two", "c.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_uint_eq(add_one(job, 12025550150, ""), CONTACT_ADDED);
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_OK);
  ck_assert_int_eq(to_the_end(store_import_abort, s, staged), CAD_OK);
  ck_assert_int_eq(lease_some(s, two, 4, at_ms(0), l, NULL), 1);
  ck_assert_str_eq(l[0].name, "Eva");
  with_contacts(s, "one", 12025550150, 2);
}
END_TEST

START_TEST(contacts_whose_zone_is_closed_are_not_leased_and_the_next_opening_is_told) {
  struct lease l[8];
  struct mail_store_lease_end end;
  with_contacts(s, "one", 18085550100, 3); /* Honolulu: 08:00 there is 18:00 UTC, an hour after noon in New York */
  with_contacts(s, "one", 12025550100, 1);
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(0), l, &end), 1);
  ck_assert_uint_eq(l[0].phone, 12025550100);
  ck_assert_int_eq(end.next.ms, NOON_MS + HOUR_MS);
  ck_assert_uint_eq(end.open, 4);
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(HOUR_MS - 1), l, &end), 1); /* the expired lease again */
  ck_assert_int_eq(lease_some(s, campaign, 8, at_ms(HOUR_MS), l, &end), 3);
}
END_TEST

START_TEST(a_number_of_several_zones_waits_until_all_allow) {
  struct lease l[2];
  struct mail_store_lease_end end;
  with_contacts(s, "one", 19075550100, 1); /* Alaska: the Aleutians' end and Hawaii are among its zones */
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(HOUR_MS - 1), l, &end), 0);
  ck_assert_int_eq(end.next.ms, NOON_MS + HOUR_MS);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(HOUR_MS), l, &end), 1);
  /* The gate says so too, when the hour has passed between lease and opening. */
  struct wall next;
  store_lease_drop(s, l);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(13 * HOUR_MS - 30000), l, &end), 1);
  ck_assert_int_eq(open_attempt(s, l, 5, at_ms(13 * HOUR_MS + 1000), &next), REFUSAL_HOURS); /* 21:00 in Juneau */
  ck_assert_int_eq(next.ms, NOON_MS + 25 * HOUR_MS);
  ck_assert_int_eq(lease_some(s, campaign, 1, at_ms(13 * HOUR_MS + 2000), l, &end), 0);
}
END_TEST

START_TEST(the_best_time_is_when_most_contacts_may_be_called) {
  uint64_t callable = 0;
  with_contacts(s, "one", 18085550100, 3);
  with_contacts(s, "one", 12025550100, 2);
  /* From midnight in New York on: both are open from 18:00 UTC, until 02:00 UTC for New York. */
  struct wall best = store_best_time(s, "one", (struct wall){NOON_MS - 12 * HOUR_MS}, HOUR_MS, &callable);
  ck_assert_uint_eq(callable, 5);
  ck_assert_int_eq(best.ms, NOON_MS + HOUR_MS);
  best = store_best_time(s, "one", (struct wall){NOON_MS + 2 * HOUR_MS}, HOUR_MS, &callable);
  ck_assert_int_eq(best.ms, NOON_MS + 2 * HOUR_MS);
  ck_assert_int_eq(store_best_time(s, "none", (struct wall){NOON_MS}, HOUR_MS, NULL).ms, 0);
}
END_TEST

START_TEST(the_limit_of_contacts_is_kept_and_told) {
  struct store_options opt = {.share_dir = SOURCE_DIR "/etc", .fast = true, .contacts_max = 2};
  uint64_t job;
  store_close(s);
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  with_campaign(s, "one");
  ck_assert_int_eq(store_import_begin(s, "one", "a.csv", at_ms(0).wall, &job), CAD_OK);
  ck_assert_uint_eq(add_one(job, 12025550101, ""), CONTACT_ADDED);
  ck_assert_uint_eq(add_one(job, 12025550102, ""), CONTACT_ADDED);
  ck_assert_uint_eq(add_one(job, 12025550103, ""), CONTACT_FULL);
}
END_TEST

/* Random days of a campaign against a model: each contact is at one place, and is never called while it must not be. */
enum { PEOPLE = 60 };
struct model {
  uint64_t leased, attempt;
  int64_t lease_until, not_before;
  bool done;
  struct lease lease;
};

START_TEST(random_days_never_lease_a_contact_twice_or_before_its_time) {
  static struct model people[PEOPLE];
  struct campaign_def d;
  uint64_t state = 99, next_id = 1, seen = 0, calls = 0;
#define RND(n) (state ^= state << 13, state ^= state >> 7, state ^= state << 17, state % (n))
  struct store_options opt = {.share_dir = SOURCE_DIR "/etc", .box = 3, .fast = true, .rules_dir = ""}; /* leases, not caps */
  store_close(s);
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  store_set_clock(s, at_ms(0).wall);
  campaign = with_campaign(s, "one");
  ck_assert_int_eq(store_campaign_get(s, "one", &d), CAD_OK);
  d.gate.attempts_max = 1000;
  d.retry.rules[0].max_tries = d.retry.rules[1].max_tries = 200;
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  with_contacts(s, "one", 12025550100, PEOPLE);
  memset(people, 0, sizeof people);
  int64_t t = 0;
  for (int step = 0; step < 20000; step++) {
    t += (int64_t)RND(4000);
    int64_t local = (NOON_MS + t - 5 * HOUR_MS) % 86400000; /* New York in winter */
    bool open_now = local >= 8 * HOUR_MS && local < 21 * HOUR_MS;
    if (!open_now && RND(20) == 0) t += 2 * HOUR_MS;
    struct model *m = &people[RND(PEOPLE)];
    switch (RND(5)) {
    case 0: {
      struct lease l[4];
      int n = lease_some(s, campaign, (uint16_t)(1 + RND(4)), at_ms(t), l, NULL);
      for (int i = 0; i < n; i++) {
        struct model *p = &people[l[i].phone - 12025550100];
        ck_assert(open_now);
        ck_assert_msg(p->attempt == 0 && !p->done && p->not_before <= NOON_MS + t, "%llu", (unsigned long long)l[i].phone);
        ck_assert(p->leased == 0 || p->lease_until <= t + 1000000);
        p->leased = 1, p->lease_until = t + 1000000 + 60000, p->lease = l[i];
        seen++;
      }
      break;
    }
    case 1:
    case 2:
      if (!m->leased || m->attempt) break;
      enum refusal r = open_attempt(s, &m->lease, next_id, at_ms(t), NULL);
      bool valid = m->lease_until > t + 1000000;
      if (r == REFUSAL_NONE)
        ck_assert(valid && open_now && !m->done), m->attempt = next_id, calls++;
      else if (r == REFUSAL_HOURS)
        ck_assert(!open_now);
      else
        ck_assert_msg(!valid && r == REFUSAL_LEASE_GONE, "%s", refusal_name(r));
      m->leased = 0;
      next_id++;
      break;
    case 3:
      if (!m->attempt) break;
      enum outcome o = RND(40) == 0 ? OUTCOME_CONNECTED : RND(2) ? OUTCOME_BUSY : OUTCOME_NO_ANSWER;
      ck_assert_int_eq(close_attempt(s, m->attempt, o, at_ms(t)), CAD_OK);
      m->attempt = 0;
      if (o == OUTCOME_CONNECTED) m->done = true;
      m->not_before = NOON_MS + t + (o == OUTCOME_BUSY ? 300000 : HOUR_MS);
      break;
    case 4:
      if (!m->leased || RND(4)) break;
      store_lease_drop(s, &m->lease);
      m->leased = 0;
      break;
    }
  }
  ck_assert_uint_gt(seen, 500);
  ck_assert_uint_gt(calls, 300);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("contacts");
  TCase *t = tcase_create("contacts");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_list_is_invisible_until_its_flip);
  tcase_add_test(t, duplicates_listed_numbers_and_unknown_zones_are_told_apart);
  tcase_add_test(t, an_aborted_list_leaves_nothing_and_other_lists_stay);
  tcase_add_test(t, an_aborted_list_takes_nothing_away_from_a_list_that_shares_its_people);
  tcase_add_test(t, contacts_whose_zone_is_closed_are_not_leased_and_the_next_opening_is_told);
  tcase_add_test(t, a_number_of_several_zones_waits_until_all_allow);
  tcase_add_test(t, the_best_time_is_when_most_contacts_may_be_called);
  tcase_add_test(t, the_limit_of_contacts_is_kept_and_told);
  tcase_add_test(t, random_days_never_lease_a_contact_twice_or_before_its_time);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
