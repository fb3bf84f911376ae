/* The gate against an independent, naive re-evaluation: the C library's calendar, minute by minute. */
#include <cadencia/err.h>
#include <campaigns/gate.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ZONES = 12, MINUTE_MS = 60000 };
static const char *const NAMES[ZONES] = {"America/New_York", "America/Chicago",     "America/Phoenix", "America/Adak",
                                         "Europe/Madrid",    "Atlantic/Canary",     "Asia/Kolkata",    "Pacific/Apia",
                                         "America/St_Johns", "Australia/Lord_Howe", "America/Tijuana", "America/Santiago"};
static struct zones *z;
static uint16_t index_of[ZONES];

static uint64_t state = 88172645463325252u;
static uint64_t rnd(uint64_t below) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state % below;
}

static void setup(void) {
  z = zones_create("/usr/share/zoneinfo");
  for (int i = 0; i < ZONES; i++) index_of[i] = zones_find(z, NAMES[i]);
}
static void teardown(void) { z = zones_destroy(z); }

static int current_zone = -1;
static void use_zone(int i) {
  if (i == current_zone) return;
  setenv("TZ", NAMES[current_zone = i], 1);
  tzset();
}

static bool naive_allow(const struct hours *h, const int *which, int n, int64_t ms) {
  for (int i = 0; i < n; i++) {
    time_t at = ms / 1000;
    struct tm tm;
    use_zone(which[i]);
    localtime_r(&at, &tm);
    int minute = tm.tm_hour * 60 + tm.tm_min;
    if (minute < h->open[tm.tm_wday] || minute >= h->close[tm.tm_wday]) return false;
  }
  return n > 0;
}

static struct hours random_hours(void) {
  struct hours h;
  for (int d = 0; d < 7; d++) {
    h.open[d] = (uint16_t)rnd(1440);
    h.close[d] = (uint16_t)(h.open[d] + rnd(1441u - h.open[d]));
    if (rnd(6) == 0) h.close[d] = h.open[d];
    if (rnd(6) == 0) h.open[d] = 0, h.close[d] = 1440;
  }
  return h;
}

static enum refusal naive_gate(const struct gate_terms *t, const struct gate_facts *f, const int *which, bool zone_known) {
  if (!f->number_good) return REFUSAL_NUMBER;
  if (!f->campaign_running) return REFUSAL_CAMPAIGN;
  if (!f->lease_valid) return REFUSAL_LEASE_GONE;
  if (!f->clock_trusted) return REFUSAL_CLOCK;
  if (f->dnc) return REFUSAL_DNC;
  if (f->attempts >= t->attempts_max) return REFUSAL_ATTEMPT_CAP;
  if (!zone_known) return REFUSAL_ZONE_UNKNOWN;
  return naive_allow(&t->hours, which, f->place.zone_count, f->now.ms) ? REFUSAL_NONE : REFUSAL_HOURS;
}

START_TEST(one_hundred_thousand_random_facts_get_the_naive_verdict) {
  int seen[REFUSAL_COUNT] = {0};
  for (int k = 0; k < 100000; k++) {
    struct gate_terms t = {.hours = random_hours(), .attempts_max = (uint32_t)rnd(5), .attempts_window_ms = (int64_t)(1 + rnd(172800000))};
    int which[3], n = (int)rnd(4), base = (int)rnd(ZONES);
    struct gate_facts f = {.now = {(int64_t)rnd(4000000000u) * 1000 + (int64_t)rnd(1000)}};
    bool zone_known = n > 0;
    f.number_good = rnd(20) != 0, f.campaign_running = rnd(20) != 0, f.lease_valid = rnd(20) != 0, f.clock_trusted = rnd(20) != 0;
    f.dnc = rnd(10) == 0, f.attempts = (uint32_t)rnd(4), f.place.zone_count = n;
    f.oldest_attempt.ms = f.attempts ? f.now.ms - (int64_t)rnd((uint64_t)t.attempts_window_ms) : 0;
    for (int i = 0; i < n; i++) {
      which[i] = (base + i) % ZONES;
      f.place.zones[i] = index_of[which[i]];
      if (rnd(50) == 0) f.place.zones[i] = ZONE_NONE, zone_known = false;
    }
    struct gate_verdict v = gate_decide(&t, &f, &(struct law){.zones = z});
    enum refusal expected = naive_gate(&t, &f, which, zone_known);
    ck_assert_msg(v.reason == expected, "case %d: %s, naive %s", k, refusal_name(v.reason), refusal_name(expected));
    seen[v.reason]++;
    if (v.next.ms != 0) { /* what is promised is later than now, and open */
      ck_assert_int_ge(v.next.ms, f.now.ms);
      ck_assert(v.reason == REFUSAL_HOURS || v.reason == REFUSAL_ATTEMPT_CAP);
      ck_assert(naive_allow(&t.hours, which, n, v.next.ms));
      if (v.reason == REFUSAL_ATTEMPT_CAP) ck_assert_int_ge(v.next.ms, f.oldest_attempt.ms + t.attempts_window_ms);
    }
  }
  for (int r = 0; r <= REFUSAL_NUMBER; r++)
    if (r != REFUSAL_STORE) ck_assert_msg(seen[r] > 50, "%s was tried only %d times", refusal_name((enum refusal)r), seen[r]);
}
END_TEST

START_TEST(the_next_time_is_the_first_minute_that_the_naive_walk_finds) {
  int none = 0;
  for (int k = 0; k < 400; k++) {
    struct hours h = random_hours();
    int which[2], n = 1 + (int)rnd(2);
    uint16_t set[2];
    for (int i = 0; i < n; i++) which[i] = (int)rnd(ZONES), set[i] = index_of[which[i]];
    /* half of the walks begin within two days before a change of the clock */
    struct wall at = {(int64_t)(1000000000 + rnd(2000000000)) / 60 * MINUTE_MS};
    struct wall change = zones_change(z, set[0], at);
    if (rnd(2) && change.ms) at.ms = (change.ms / MINUTE_MS - (int64_t)rnd(2880)) * MINUTE_MS;
    struct wall next = hours_next(&h, z, set, n, at);
    int64_t t = at.ms, end = at.ms + (int64_t)8 * 86400000;
    while (t < end && !naive_allow(&h, which, n, t)) t += MINUTE_MS;
    if (t >= end) none++;
    ck_assert_msg(t >= end ? next.ms == 0 : next.ms == t, "case %d: %lld, naive %lld", k, (long long)next.ms, (long long)t);
  }
  ck_assert_int_lt(none, 200);
}
END_TEST

START_TEST(unknown_data_blocks) {
  struct gate_terms t = {.attempts_max = 3, .attempts_window_ms = 86400000};
  hours_default("US", &t.hours);
  struct gate_facts nothing;
  memset(&nothing, 0, sizeof nothing);
  ck_assert_int_ne(gate_decide(&t, &nothing, &(struct law){.zones = z}).reason, REFUSAL_NONE);
  struct gate_facts f = {.now = {1768417200000}, .number_good = true, .campaign_running = true, .lease_valid = true, .clock_trusted = true};
  f.place.zone_count = 1, f.place.zones[0] = index_of[0];
  ck_assert_int_eq(gate_decide(&t, &f, &(struct law){.zones = z}).reason, REFUSAL_NONE);
  f.place.zone_count = 0;
  ck_assert_int_eq(gate_decide(&t, &f, &(struct law){.zones = z}).reason, REFUSAL_ZONE_UNKNOWN);
  f.place.zone_count = 2, f.place.zones[1] = ZONE_NONE;
  ck_assert_int_eq(gate_decide(&t, &f, &(struct law){.zones = z}).reason, REFUSAL_ZONE_UNKNOWN);
  f.place.zone_count = LAW_ZONES_MAX + 1;
  ck_assert_int_eq(gate_decide(&t, &f, &(struct law){.zones = z}).reason, REFUSAL_ZONE_UNKNOWN);
  f.place.zone_count = 1, t.attempts_max = 0; /* terms that nobody filled in allow nothing */
  ck_assert_int_eq(gate_decide(&t, &f, &(struct law){.zones = z}).reason, REFUSAL_ATTEMPT_CAP);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("gate");
  TCase *t = tcase_create("gate");
  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, one_hundred_thousand_random_facts_get_the_naive_verdict);
  tcase_add_test(t, the_next_time_is_the_first_minute_that_the_naive_walk_finds);
  tcase_add_test(t, unknown_data_blocks);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
